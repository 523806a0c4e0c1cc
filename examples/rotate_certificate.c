/*
 * Gives a gateway that serves a new certificate, its authority's or the one of a PFX
 * file, whose password stands in the environment's CMG_PASSWORD.
 *
 *   rotate_certificate [--sandbox] DIRECTORY [PFX]
 */
#include "session.h"

static cmg_status rotate(struct session *s, cmg_error **err)
{
    cmg_status rc = session_await_machines(s, err);

    if (rc == CMG_OK)
        rc = session_run(s, CMG_DEPLOY_ROTATE_CERTIFICATE, "rotate", err);
    if (rc == CMG_OK)
        printf("%s has %s\n", cmg_gateway_name(s->gateway),
               cmg_certificate_sha256(cmg_gateway_certificate(s->gateway)));
    return rc;
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY [PFX]",
                                                .most = 1,
                                                .has_authority = true };
    struct session s = { 0 };
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK && s.arguments[0] != NULL)
        rc = session_give_pfx(&s, s.arguments[0], &err);
    if (rc == CMG_OK)
        rc = rotate(&s, &err);
    return session_close(&s, rc, err);
}
