/*
 * Compares server app and client app with what they should be: a table of what differs.
 * Ends with 3 when something does. With --correct it mends what can be mended, and looks
 * again.
 *
 *   verify_apps [--sandbox] [--correct] DIRECTORY
 */
#include "display.h"
#include "session.h"

enum { DIFFERS = 3 };

typedef cmg_status (*getter)(cmg_gateway *gateway, size_t index, cmg_difference *out,
                             cmg_error **err);

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

static void print_difference(const char *app, const cmg_difference *one)
{
    static const char *const severities[] = { "", "note", "warning", "refusal" };
    static const char *const parts[] = { "", "application", "principal", "consent" };
    static const char *const mended[] = { "by hand", "--correct", "on request" };

    printf("%-7s  %-8s  %-11s  %-10s  %s\n", app, severities[one->severity],
           parts[one->part], mended[one->correctable], one->path);
    const struct {
        const char *label, *text;
    } lines[] = { { "is", one->found },
                  { "should be", one->should_be },
                  { "fix", one->fix } };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        printf("%9s%-11s", "", lines[i].label);
        display_wrap(stdout, 20, lines[i].text);
    }
}

static cmg_status print_app(cmg_gateway *gateway, const char *app, size_t count,
                            getter get, cmg_error **err)
{
    cmg_difference one = { .size = sizeof one };
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < count; i++) {
        rc = get(gateway, i, &one, err);
        if (rc == CMG_OK)
            print_difference(app, &one);
    }
    return rc;
}

static cmg_status verify(struct session *s, size_t *differing, cmg_error **err)
{
    cmg_gateway *gateway = s->gateway;
    cmg_status rc = session_look(s, CMG_DEPLOY_VERIFY_APPS, "verify apps", err);
    size_t server = cmg_server_app_difference_count(cmg_gateway_server_app(gateway));
    size_t client = cmg_client_app_difference_count(cmg_gateway_client_app(gateway));

    *differing = server + client;
    if (rc == CMG_OK && *differing > 0)
        printf("app      severity  object       mended      property\n");
    if (rc == CMG_OK)
        rc = print_app(gateway, "server", server, of_server, err);
    if (rc == CMG_OK)
        rc = print_app(gateway, "client", client, of_client, err);
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
