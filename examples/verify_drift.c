/*
 * Compares the gateway that is there with its specification: a table of what differs.
 * Ends with 3 when something does. With --correct it mends what can be mended, and looks
 * again.
 *
 *   verify_drift [--sandbox] [--correct] DIRECTORY
 */
#include "difference.h"
#include "session.h"

enum { DIFFERS = 3 };

static cmg_status of_gateway(cmg_gateway *gateway, size_t index, cmg_difference *out,
                             cmg_error **err)
{
    return cmg_gateway_difference(gateway, index, out, err);
}

static cmg_status verify(struct session *s, size_t *differing, cmg_error **err)
{
    cmg_status rc = session_run(s, CMG_DEPLOY_VERIFY_GATEWAY, "verify", err);

    *differing = cmg_gateway_difference_count(s->gateway);
    if (rc == CMG_OK && *differing > 0)
        difference_print_head();
    if (rc == CMG_OK)
        rc = difference_print_all(s->gateway, "gateway", *differing, of_gateway, err);
    if (rc == CMG_OK)
        printf("%zu difference%s\n", *differing, *differing == 1 ? "" : "s");
    return rc;
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY",
                                                .flag = "correct",
                                                .has_authority = true };
    struct session s = { 0 };
    size_t differing = 0;
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK)
        rc = verify(&s, &differing, &err);
    if (rc == CMG_OK && s.flag && differing > 0) {
        rc = session_run(&s, CMG_DEPLOY_CORRECT_GATEWAY, "correct", &err);
        if (rc == CMG_OK)
            rc = verify(&s, &differing, &err);
    }
    int code = session_close(&s, rc, err);

    return code == 0 && differing > 0 ? DIFFERS : code;
}
