/*
 * Makes a gateway anew: instances and network are removed and deployed again, its name,
 * storage, vault, certificate and applications stay. It is closed meanwhile.
 *
 *   redeploy_gateway [--sandbox] DIRECTORY
 */
#include "session.h"

static cmg_status redeploy(struct session *s, cmg_error **err)
{
    cmg_gateway_status status = { .size = sizeof status };
    cmg_status rc = session_run(s, CMG_DEPLOY_REDEPLOY_GATEWAY, "redeploy", err);

    if (rc == CMG_OK)
        rc = session_look(s, CMG_DEPLOY_INSPECT_GATEWAY, "inspect", err);
    if (rc == CMG_OK)
        rc = cmg_gateway_get_status(s->gateway, &status, err);
    if (rc == CMG_OK)
        printf("%s has been made anew: %u of %u instances healthy\n",
               cmg_gateway_name(s->gateway), (unsigned)status.healthy,
               (unsigned)status.instances);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY",
                                                .has_authority = true };
    struct session s = { 0 };
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK)
        rc = redeploy(&s, &err);
    return session_close(&s, rc, err);
}
