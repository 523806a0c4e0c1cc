/*
 * Stops a gateway, which releases its machines and cuts its clients off, or starts it
 * again and waits until its instances serve.
 *
 *   stop_start [--sandbox] DIRECTORY stop|start
 */
#include "session.h"

static const struct {
    const char *word;
    cmg_deploy_operation operation;
} words[] = {
    { "stop", CMG_DEPLOY_STOP_GATEWAY },
    { "start", CMG_DEPLOY_START_GATEWAY },
};

static cmg_status stop_or_start(struct session *s, cmg_error **err)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(s->arguments[0], words[i].word) == 0)
            return session_run(s, words[i].operation, words[i].word, err);
    fprintf(stderr, "error: %s is neither stop nor start\n", s->arguments[0]);
    return CMG_E_INVAL;
}

static cmg_status print_status(struct session *s, cmg_error **err)
{
    cmg_gateway_status status = { .size = sizeof status };
    cmg_status rc = session_look(s, CMG_DEPLOY_INSPECT_GATEWAY, "inspect", err);

    if (rc == CMG_OK)
        rc = cmg_gateway_get_status(s->gateway, &status, err);
    if (rc == CMG_OK)
        printf("%s is %s: %u of %u instances run\n", cmg_gateway_name(s->gateway),
               cmg_gateway_state_name((cmg_gateway_state)status.state),
               (unsigned)status.running, (unsigned)status.instances);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY stop|start",
                                                .least = 1,
                                                .most = 1 };
    struct session s = { 0 };
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK)
        rc = stop_or_start(&s, &err);
    if (rc == CMG_OK)
        rc = print_status(&s, &err);
    return session_close(&s, rc, err);
}
