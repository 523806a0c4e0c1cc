/*
 * Makes the gateway, or what is missing of it, and says where it is. Kill it anywhere and
 * run it again: it goes on where it was. Its machines install the service package that
 * was built beside this program, or another one; its certificate comes from the
 * authority of the directory, or is given.
 *
 *   deploy_gateway [--sandbox] [--package FILE] [--pfx FILE] DIRECTORY
 */
#include "problem.h"
#include "session.h"

/* What did not stop it, but should be known. */
static cmg_status deploy(struct session *s, cmg_error **err)
{
    size_t counts[4] = { 0 };
    cmg_status rc = session_run(s, CMG_DEPLOY_CREATE, "deploy", err);

    return rc == CMG_OK
               ? problem_print_all(stderr, s->deploy, CMG_SEVERITY_WARNING, counts, err)
               : rc;
}

static cmg_status print_gateway(struct session *s, cmg_error **err)
{
    const cmg_gateway *gateway = s->gateway;
    cmg_gateway_status status = { .size = sizeof status };
    cmg_status rc = session_look(s, CMG_DEPLOY_INSPECT_GATEWAY, "inspect", err);

    if (rc == CMG_OK)
        rc = cmg_gateway_get_status(gateway, &status, err);
    if (rc != CMG_OK)
        return rc;
    printf("gateway    %s\n", cmg_gateway_service_name(gateway));
    printf("endpoint   %s\n", cmg_gateway_endpoint(gateway));
    printf("state      %s\n", cmg_gateway_state_name((cmg_gateway_state)status.state));
    printf("instances  %u of %s, %u healthy\n", (unsigned)status.instances,
           status.vm_size, (unsigned)status.healthy);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY",
                                                .has_authority = true,
                                                .has_pfx = true,
                                                .package = SESSION_PACKAGE_NEEDED };
    struct session s = { 0 };
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK)
        rc = deploy(&s, &err);
    if (rc == CMG_OK)
        rc = print_gateway(&s, &err);
    return session_close(&s, rc, err);
}
