/*
 * Brings a gateway to another number of instances, and then its specification, which
 * goes on saying what is wanted.
 *
 *   scale_gateway [--sandbox] DIRECTORY NUMBER
 */
#include "session.h"

#include <stdlib.h>

enum { MOST = 16 };

static cmg_status check_number(const char *text)
{
    char *end = NULL;
    const long number = strtol(text, &end, 10);

    if (*text >= '0' && *text <= '9' && *end == '\0' && number >= 1 && number <= MOST)
        return CMG_OK;
    host_complain("a gateway has 1 to 16 of them", "pass a number of that range",
                  "%s is no number of instances", text);
    return CMG_E_INVAL;
}

/* The specification with another number; NULL when there is no memory. */
static char *with_instances(const cmg_bytes *json, const char *number)
{
    static const char member[] = "\"instances\":";
    const char *text = cmg_bytes_data(json);
    int size = (int)cmg_bytes_size(json);
    const char *at = memmem(text, (size_t)size, member, sizeof member - 1);
    char *changed = NULL;

    if (at == NULL)
        return NULL;
    at += sizeof member - 1;
    const char *rest = at + strspn(at, " 0123456789");

    if (asprintf(&changed, "%.*s %s%.*s", (int)(at - text), text, number,
                 (int)(text + size - rest), rest) < 0)
        return NULL;
    return changed;
}

static cmg_status print_instances(struct session *s, cmg_error **err)
{
    cmg_gateway_status status = { .size = sizeof status };
    cmg_status rc = session_look(s, CMG_DEPLOY_INSPECT_GATEWAY, "inspect", err);

    if (rc == CMG_OK)
        rc = cmg_gateway_get_status(s->gateway, &status, err);
    if (rc == CMG_OK)
        printf("%s has %u instances, %u healthy\n", cmg_gateway_name(s->gateway),
               (unsigned)status.instances, (unsigned)status.healthy);
    return rc;
}

/* The number is kept when the gateway has it: what was refused is not wanted. */
static cmg_status scale(struct session *s, cmg_error **err)
{
    cmg_bytes *json = NULL;
    char *changed = NULL;
    cmg_status rc = cmg_gateway_to_json(s->gateway, &json, err);

    if (rc == CMG_OK) {
        changed = with_instances(json, s->arguments[0]);
        rc = changed == NULL ? CMG_E_NOMEM
                             : session_load(s, changed, strlen(changed), err);
    }
    if (rc == CMG_OK)
        rc = session_run(s, CMG_DEPLOY_SCALE_GATEWAY, "scale", err);
    if (rc == CMG_OK &&
        !host_write_file(session_path(s, "specification.json"), changed, strlen(changed)))
        rc = CMG_E_IO;
    free(changed);
    cmg_bytes_unref(json);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY NUMBER",
                                                .least = 1,
                                                .most = 1 };
    struct session s = { 0 };
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK)
        rc = check_number(s.arguments[0]);
    if (rc == CMG_OK)
        rc = scale(&s, &err);
    if (rc == CMG_OK)
        rc = print_instances(&s, &err);
    return session_close(&s, rc, err);
}
