/*
 * The number of instances. It is asked for as a goal, never as so many more, so that a
 * request whose answer was lost can be sent again. Azure chooses who goes: the highest
 * numbers, without zones.
 */
#include "base/error.h"
#include "deploy/steps.h"

#define BIT(state) (UINT32_C(1) << CMG_GATEWAY_##state)

/* The change has been asked for in this run. */
enum { SENT = 1 };

/* A change under way is perhaps what an interrupted run has sent: it is waited for. */
static cmg_status begin(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    cmg_status rc = cmg__gateway_require(
        run, BIT(READY) | BIT(DEGRADED) | BIT(STARTING) | BIT(PROVISIONING),
        run->step->title, err);

    return rc == CMG_OK ? cmg__next_go(next, "inspect") : rc;
}

/* Azure shows the number that is wanted while it is being made, too. */
static bool is_at_work(const struct cmg__json *set)
{
    const char *state = cmg__json_str(set, "/properties/provisioningState");

    return state != NULL && !cmg__str_ieq(state, "Succeeded");
}

static cmg_status inspect(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    const int64_t is = cmg__json_int(answer->json, "/sku/capacity", -1);
    const int64_t wanted = run->work->gateway->instance_count;

    if (is < 0)
        return cmg__answer_lacks(run, "/sku/capacity", err);
    const bool broken = cmg__resource_is_broken(answer->json);
    if (broken && (run->bits & SENT) != 0)
        return cmg__fail(err, run->work->alloc, CMG_E_IO, run->work->gateway->name,
                         "look at the scale set's activity log, then start again with "
                         "the same journal",
                         "the scale set did not take %lld instances", (long long)wanted);
    if (is == wanted && !broken && is_at_work(answer->json)) {
        cmg__run_say(run, "waiting: a change is under way");
        return cmg__next_again(next, -1);
    }
    if (is == wanted && !broken) {
        if (run->plan == CMG__PLAN_UNKNOWN)
            run->plan = CMG__PLAN_KEEP;
        cmg__run_say(run, "%lld instances", (long long)wanted);
        return cmg__next_done(next);
    }
    run->plan = CMG__PLAN_CHANGE;
    cmg__run_say(run, "from %lld to %lld%s%s", (long long)is, (long long)wanted,
                 is > wanted ? ": the instances with the highest numbers go" : "",
                 broken ? ": the last change had failed" : "");
    cmg_status rc = cmg__answer_keep(run, answer->json, "/sku/name", "sku_name", err);
    return rc == CMG_OK ? cmg__next_go(next, "patch") : rc;
}

static cmg_status build_patch(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    ask->body = cmg__json_pack("{s:{s:s, s:s, s:I}}", "sku", "name",
                               cmg__run_fact(run, "sku_name"), "tier", "Standard",
                               "capacity", (int64_t)run->work->gateway->instance_count);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status read_patch(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    if (answer->status != 409) {
        run->bits |= SENT;
        return cmg__lro_start(run, answer, next, err);
    }
    /* A quota that is exhausted is a conflict, too, and waiting does not help. */
    if (!cmg__str_istarts(cmg_error_service_code(answer->error), "OperationNotAllowed") ||
        cmg_error_code(answer->error) == CMG_E_LIMIT)
        return cmg__answer_fail(run, answer, err);
    cmg__run_say(run, "waiting: another operation is under way");
    return cmg__next_again(next, -1);
}

static const struct cmg__exchange exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin },
    { .name = "inspect",
      .call = CMG__CALL_SCALE_SET_GET,
      .bind = { { "name", "label" } },
      .read = inspect },
    { .name = "patch",
      .call = CMG__CALL_SCALE_SET_PATCH,
      .effect = true,
      .also = { 409 },
      .then = "inspect",
      .bind = { { "name", "label" } },
      .build = build_patch,
      .read = read_patch },
    CMG__POLL_EXCHANGE,
};

const struct cmg__step cmg__step_scale = {
    .name = "scale",
    .title = "scale",
    .phase = CMG__PHASE_APPLY,
    .what = "number of instances",
    .needs = { "gateway" },
    .budget_ms = 40 * CMG__MINUTE_MS,
    .usual_ms = 4 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(exchanges),
};
