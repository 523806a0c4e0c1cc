/*
 * Compares server app and client app with what they should be: a table of what differs.
 * Ends with 3 when something does. With --correct it mends what can be mended, and looks
 * again.
 *
 *   verify_apps [--sandbox] [--correct] DIRECTORY
 */
#include "difference.h"
#include "session.h"

enum { DIFFERS = 3 };

static cmg_status of_server(cmg_gateway *gateway, size_t index, cmg_difference *out,
                            cmg_error **err)
{
    return cmg_server_app_difference(cmg_gateway_server_app(gateway), index, out, err);
}

static cmg_status of_client(cmg_gateway *gateway, size_t index, cmg_difference *out,
                            cmg_error **err)
{
    return cmg_client_app_difference(cmg_gateway_client_app(gateway), index, out, err);
}

static cmg_status verify(struct session *s, size_t *differing, cmg_error **err)
{
    cmg_gateway *gateway = s->gateway;
    cmg_status rc = session_look(s, CMG_DEPLOY_VERIFY_APPS, "verify apps", err);
    size_t server = cmg_server_app_difference_count(cmg_gateway_server_app(gateway));
    size_t client = cmg_client_app_difference_count(cmg_gateway_client_app(gateway));

    *differing = server + client;
    if (rc == CMG_OK && *differing > 0)
        difference_print_head();
    if (rc == CMG_OK)
        rc = difference_print_all(gateway, "server", server, of_server, err);
    if (rc == CMG_OK)
        rc = difference_print_all(gateway, "client", client, of_client, err);
    if (rc == CMG_OK)
        printf("%zu difference%s\n", *differing, *differing == 1 ? "" : "s");
    return rc;
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY", .flag = "correct" };
    struct session s = { 0 };
    size_t differing = 0;
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK)
        rc = verify(&s, &differing, &err);
    if (rc == CMG_OK && s.flag && differing > 0) {
        rc = session_run(&s, CMG_DEPLOY_CORRECT_APPS, "correct apps", &err);
        if (rc == CMG_OK)
            rc = verify(&s, &differing, &err);
    }
    int code = session_close(&s, rc, err);

    return code == 0 && differing > 0 ? DIFFERS : code;
}
