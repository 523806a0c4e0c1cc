/*
 * Brings a gateway to its specification after that was changed: its settings, its size,
 * its instances. Shows what that means, and asks before it does it. Instances keep their
 * service package unless another one is named.
 *
 *   modify_gateway [--sandbox] [--yes] [--package FILE] DIRECTORY
 */
#include "session.h"

static cmg_status modify(struct session *s, cmg_error **err)
{
    cmg_gateway_status status = { .size = sizeof status };
    cmg_status rc = session_run(s, CMG_DEPLOY_MODIFY_GATEWAY, "modify", err);

    if (rc == CMG_OK)
        rc = session_look(s, CMG_DEPLOY_INSPECT_GATEWAY, "inspect", err);
    if (rc == CMG_OK)
        rc = cmg_gateway_get_status(s->gateway, &status, err);
    if (rc == CMG_OK)
        printf("%s has %u instances of %s, %u healthy\n", cmg_gateway_name(s->gateway),
               (unsigned)status.instances, status.vm_size, (unsigned)status.healthy);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY",
                                                .has_authority = true,
                                                .package = SESSION_PACKAGE_KEPT };
    struct session s = { 0 };
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK)
        rc = modify(&s, &err);
    return session_close(&s, rc, err);
}
