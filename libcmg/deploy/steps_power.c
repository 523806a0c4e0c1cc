/*
 * Stopping and starting all instances. Both follow one course, over a goal: look, ask for
 * it unless it is reached, follow the operation, look again until every instance is
 * there. Both requests are goals, not events: sent twice they do no harm. A stop at the
 * limit of traffic asks first whether it is reached.
 */
#include <string.h>

#include "deploy/steps.h"
#include "model/usage.h"

#define BIT(state) (UINT32_C(1) << CMG_GATEWAY_##state)

static const struct goal {
    const char *step;
    uint32_t from;          /* states it may begin in */
    cmg_gateway_state goal; /* nothing to do any more */
    const char *begun;      /* what is said while it goes on */
} goals[] = {
    { "stop", BIT(READY) | BIT(DEGRADED) | BIT(STARTING) | BIT(STOPPING) | BIT(ERROR),
      CMG_GATEWAY_STOPPED,
      "stopped: clients are cut off, storage and address still cost" },
    { "start", BIT(STOPPED) | BIT(STOPPING) | BIT(DEGRADED) | BIT(STARTING) | BIT(ERROR),
      CMG_GATEWAY_READY, "running" },
};

static const struct goal *goal_of(const struct cmg__run *run)
{
    return &goals[strcmp(run->step->name, "start") == 0];
}

static uint32_t there(const struct cmg__gateway_seen *seen, const struct goal *goal)
{
    return goal->goal == CMG_GATEWAY_READY ? seen->healthy : seen->stopped;
}

/* Instances that have not got there yet, after the request was answered. */
enum { SENT = 1 };

static cmg_status inspect(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    const struct goal *goal = goal_of(run);
    struct cmg__gateway_seen *seen = &run->work->gateway->seen;

    /* The first look was the step "gateway"; its word is the more complete one. */
    if (answer != NULL)
        cmg__gateway_see_instances(run, answer->json);
    if (seen->instances > 0)
        run->percent = (int)(100 * there(seen, goal) / seen->instances);
    if (seen->state == goal->goal && there(seen, goal) == seen->instances) {
        if (run->plan == CMG__PLAN_UNKNOWN)
            run->plan = CMG__PLAN_KEEP;
        cmg__run_say(run, "%u of %u instances %s", seen->instances, seen->instances,
                     goal->begun);
        return cmg__next_done(next);
    }
    if ((run->bits & SENT) != 0 || seen->state == goal->goal)
        return answer == NULL ? cmg__next_go(next, "inspect") : cmg__next_again(next, -1);
    cmg_status rc = cmg__gateway_require(run, goal->from, run->step->title, err);
    if (rc != CMG_OK)
        return rc;
    run->plan = CMG__PLAN_CHANGE;
    return cmg__next_go(next, "act");
}

static cmg_status read_act(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 409) {
        cmg__run_say(run, "waiting: another operation is under way");
        return cmg__next_again(next, -1);
    }
    run->bits |= SENT;
    return cmg__lro_start(run, answer, next, err);
}

#define POWER_EXCHANGES(CALL)                                                            \
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = inspect },                       \
        { .name = "act",                                                                 \
          .call = CALL,                                                                  \
          .effect = true,                                                                \
          .also = { 409 },                                                               \
          .then = "inspect",                                                             \
          .bind = { { "name", "label" } },                                               \
          .read = read_act },                                                            \
        CMG__POLL_EXCHANGE,                                                              \
    {                                                                                    \
        .name = "inspect", .call = CMG__CALL_SCALE_SET_INSTANCES,                        \
        .bind = { { "name", "label" } }, .read = inspect                                 \
    }

static const struct cmg__exchange stop_exchanges[] = { POWER_EXCHANGES(
    CMG__CALL_SCALE_SET_DEALLOCATE) };
static const struct cmg__exchange start_exchanges[] = { POWER_EXCHANGES(
    CMG__CALL_SCALE_SET_START) };

const struct cmg__step cmg__step_stop = {
    .name = "stop",
    .title = "stop",
    .phase = CMG__PHASE_APPLY,
    .what = "all instances: stop and release them",
    .needs = { "gateway" },
    .budget_ms = 30 * CMG__MINUTE_MS,
    .usual_ms = 3 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(stop_exchanges),
};

const struct cmg__step cmg__step_start = {
    .name = "start",
    .title = "start",
    .phase = CMG__PHASE_APPLY,
    .what = "all instances: start them",
    .needs = { "gateway" },
    .budget_ms = 30 * CMG__MINUTE_MS,
    .usual_ms = 3 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(start_exchanges),
};

/* ---- at the limit ---- */

/* What the measurement before it found; the plan says why. */
static cmg_status look_at_limit(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    const cmg_gateway *gateway = run->work->gateway;
    const struct cmg__alert *alert = &gateway->settings.traffic;
    const struct cmg__usage *usage = &gateway->usage[CMG_ALERT_TRAFFIC];

    (void)answer;
    (void)err;
    if (cmg__usage_level(usage, alert) == CMG_USAGE_CRITICAL) {
        cmg__run_say(run, "stop and release them: traffic is at %u %% of %u GB",
                     cmg__usage_percent(usage, alert), alert->gigabytes);
        return cmg__next_go(next, "begin");
    }
    run->plan = CMG__PLAN_KEEP;
    cmg__run_say(run, "traffic is not critical");
    return cmg__next_done(next);
}

static const struct cmg__exchange limit_exchanges[] = {
    { .name = "limit", .call = CMG__CALL_LOCAL, .read = look_at_limit },
    POWER_EXCHANGES(CMG__CALL_SCALE_SET_DEALLOCATE),
};

const struct cmg__step cmg__step_stop_at_limit = {
    .name = "stop",
    .title = "stop",
    .phase = CMG__PHASE_APPLY,
    .what = "all instances",
    .needs = { "usage" },
    .budget_ms = 30 * CMG__MINUTE_MS,
    .usual_ms = 3 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(limit_exchanges),
};
