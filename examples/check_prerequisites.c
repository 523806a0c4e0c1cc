/*
 * Finds everything that a deployment would fail at, before anything is made: a table with
 * what is wrong, why, what to do, and whether a deployment mends it by itself. Ends with
 * 3 when a deployment would fail.
 *
 *   check_prerequisites [--sandbox] [--json] [--package FILE] [--pfx FILE] DIRECTORY
 */
#include "problem.h"
#include "session.h"

enum { REFUSED = 3 };

static cmg_status print_problems(const cmg_deploy *deploy, cmg_error **err)
{
    size_t counts[4] = { 0 };
    cmg_status rc = problem_print_all(stdout, deploy, CMG_SEVERITY_NOTE, counts, err);

    if (rc == CMG_OK)
        printf("%zu refusals, %zu warnings, %zu notes\n", counts[CMG_SEVERITY_REFUSAL],
               counts[CMG_SEVERITY_WARNING], counts[CMG_SEVERITY_NOTE]);
    return rc;
}

static bool is_refused(const cmg_deploy *deploy)
{
    cmg_problem problem = { .size = sizeof problem };

    for (size_t i = 0; i < cmg_deploy_problem_count(deploy); i++)
        if (cmg_deploy_problem(deploy, i, &problem, NULL) == CMG_OK &&
            problem.severity == CMG_SEVERITY_REFUSAL)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY",
                                                .flag = "json",
                                                .has_authority = true,
                                                .has_pfx = true,
                                                .package = SESSION_PACKAGE_WANTED };
    struct session s = { 0 };
    cmg_bytes *json = NULL;
    cmg_error *err = NULL;
    bool refused = false;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK)
        rc =
            session_look_ahead(&s, CMG_DEPLOY_CHECK_GATEWAY, "check prerequisites", &err);
    if (rc == CMG_OK)
        rc = s.flag ? cmg_deploy_export_problems(s.deploy, &json, &err)
                    : print_problems(s.deploy, &err);
    if (json != NULL)
        session_print(json);
    if (rc == CMG_OK)
        refused = is_refused(s.deploy);
    int code = session_close(&s, rc, err);

    return code == 0 && refused ? REFUSED : code;
}
