/*
 * The applications as they are, for operations that work with them and make none.
 */
#include "deploy/app_view.h"

static cmg_status found(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    struct cmg__json *app = cmg__seen(run, "application");

    (void)answer;
    if (app == NULL)
        return cmg__app_fail_absent(run, err);
    cmg_status rc = cmg__app_take_ours(run, app, err);
    if (rc != CMG_OK)
        return rc;
    cmg__run_say(run, "found, %s", cmg__run_fact(run, ".app_id"));
    return cmg__next_done(next);
}

static const struct cmg__exchange find_exchanges[] = {
    CMG__FIND_EXCHANGES("found"),
    { .name = "found", .call = CMG__CALL_LOCAL, .read = found },
};

const struct cmg__step cmg__step_server_found = {
    .name = "server_found",
    .title = "server app",
    .phase = CMG__PHASE_APPLY,
    .prefix = "server",
    .needs = { "tenant", "rights" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(find_exchanges),
};

/* The same for those that only have to know them. */
const struct cmg__step cmg__step_server_known = {
    .name = "server_known",
    .title = "server app",
    .phase = CMG__PHASE_APPLY,
    .prefix = "server",
    .needs = { "tenant", "rights", "synchronisable", "upgradable" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(find_exchanges),
};

const struct cmg__step cmg__step_client_known = {
    .name = "client_known",
    .title = "client app",
    .phase = CMG__PHASE_APPLY,
    .prefix = "client",
    .needs = { "tenant", "rights", "synchronisable", "upgradable" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(find_exchanges),
};
