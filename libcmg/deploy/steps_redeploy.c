/*
 * A gateway made anew: instances and network are removed and deployed again, while its
 * name, storage, vault, certificate and applications stay. How far a redeployment has got
 * is a fact of the journal, so that one that was cut off goes on and does not begin
 * again: "removing" from before the first removal, "making" from before the new
 * deployment, and nothing once the gateway serves.
 */
#include "base/error.h"
#include "deploy/steps.h"

#define BIT(state) (UINT32_C(1) << CMG_GATEWAY_##state)

static bool is_under_way(const struct cmg__run *run)
{
    return cmg__fact(run->work, CMG__REDEPLOY)[0] != '\0';
}

/* ---- precondition ---- */

static cmg_status check_redeployable(struct cmg__run *run,
                                     const struct cmg__answer *answer,
                                     struct cmg__next *next, cmg_error **err)
{
    const uint32_t states = BIT(READY) | BIT(STARTING) | BIT(STOPPING) | BIT(STOPPED) |
                            BIT(DEGRADED) | BIT(ERROR);
    cmg_status rc = CMG_OK;

    (void)answer;
    if (!is_under_way(run))
        rc = cmg__gateway_require(run, states, "redeploy", err);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange redeployable_exchanges[] = {
    { .name = "check", .call = CMG__CALL_LOCAL, .read = check_redeployable },
};

const struct cmg__step cmg__step_redeployable = {
    .name = "redeployable",
    .title = "gateway can be made anew",
    .phase = CMG__PHASE_APPLY,
    .needs = { "gateway" },
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(redeployable_exchanges),
};

/* ---- from removing to making ---- */

/* The deployment of this name has succeeded before; the fact has it sent once more. */
static cmg_status begin_making(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    if (cmg__fact_set(run->work, CMG__REDEPLOY, CMG__REDEPLOY_MAKING) != CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__next_done(next);
}

static const struct cmg__exchange making_exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .effect = true, .read = begin_making },
};

const struct cmg__step cmg__step_making = {
    .name = "making",
    .title = "way free for the new ones",
    .phase = CMG__PHASE_APPLY,
    .needs = { "parts_gone" },
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(making_exchanges),
};

/* ---- the end ---- */

/* Also that of a create or a change, which do what a redeployment has left undone. */
static cmg_status end_making(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    if (cmg__fact_set(run->work, CMG__REDEPLOY, NULL) != CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__next_done(next);
}

static const struct cmg__exchange made_exchanges[] = {
    { .name = "end", .call = CMG__CALL_LOCAL, .effect = true, .read = end_making },
};

const struct cmg__step cmg__step_made = {
    .name = "made",
    .title = "gateway made",
    .phase = CMG__PHASE_VERIFY,
    .needs = { "endpoint", "instances", "answer", "package_reader" },
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(made_exchanges),
};
