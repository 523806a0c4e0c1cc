/*
 * What the next deploy_gateway would make, change and adopt, as text or JSON. Nothing is
 * changed.
 *
 *   plan_gateway [--sandbox] [--json] [--package FILE] [--pfx FILE] DIRECTORY
 */
#include "session.h"

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY",
                                                .flag = "json",
                                                .has_authority = true,
                                                .has_pfx = true,
                                                .package = SESSION_PACKAGE_WANTED };
    struct session s = { 0 };
    cmg_bytes *plan = NULL;
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK)
        rc = session_look_ahead(&s, CMG_DEPLOY_PLAN_GATEWAY, "plan", &err);
    if (rc == CMG_OK)
        rc = cmg_deploy_export_plan(s.deploy, s.flag ? CMG_PLAN_JSON : CMG_PLAN_TEXT,
                                    &plan, &err);
    if (rc == CMG_OK)
        session_print(plan);
    return session_close(&s, rc, err);
}
