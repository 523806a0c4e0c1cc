/*
 * Looking at the gateway: is it there, is it ours, how many instances does it have and
 * what do they do. What is seen stands on the handle beside what is wanted; operations
 * that need a certain state are refused by it before they change anything.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "deploy/steps.h"

static struct cmg__gateway_seen *seen_of(const struct cmg__run *run)
{
    return &run->work->gateway->seen;
}

static void see_state(struct cmg__run *run, cmg_gateway_state state)
{
    struct cmg__gateway_seen *seen = seen_of(run);

    seen->state = state;
    seen->looked_unix_s = cmg__env_unix_s(&run->work->ctx->env);
    cmg__run_say(run, "%s", cmg_gateway_state_name(state));
}

static cmg_status see_nothing(struct cmg__run *run, cmg_gateway_state state,
                              struct cmg__next *next)
{
    *seen_of(run) = (struct cmg__gateway_seen){ 0 };
    see_state(run, state);
    return cmg__next_done(next);
}

/* ---- instances ---- */

/* The power states of an instance view, and what they count as. */
enum power { RUNNING, STOPPED, STARTING, STOPPING, POWERS };

static const struct {
    const char *code;
    enum power power;
} powers[] = {
    { "PowerState/running", RUNNING },     { "PowerState/stopped", STOPPED },
    { "PowerState/deallocated", STOPPED }, { "PowerState/starting", STARTING },
    { "PowerState/stopping", STOPPING },   { "PowerState/deallocating", STOPPING },
};

/* An instance that says nothing of its power is on its way up. */
static enum power power_of(const struct cmg__json *vm)
{
    const struct cmg__json *list = cmg__json_at(vm, "/properties/instanceView/statuses");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const char *code =
            cmg__str_or(cmg__json_str(cmg__json_item(list, i), "/code"), "");
        for (size_t k = 0; k < CMG__ARRAY_LEN(powers); k++) {
            if (cmg__str_ieq(code, powers[k].code))
                return powers[k].power;
        }
    }
    return STARTING;
}

/* Without a health extension nothing is said, and running has to do. */
static bool is_healthy(const struct cmg__json *vm)
{
    const char *code = cmg__json_str(vm, "/properties/instanceView/vmHealth/status/code");

    return code == NULL || cmg__str_ieq(code, "HealthState/healthy");
}

static cmg_gateway_state state_of(const uint32_t counts[POWERS], uint32_t all)
{
    if (counts[STOPPING] > 0)
        return CMG_GATEWAY_STOPPING;
    if (counts[RUNNING] == all)
        return CMG_GATEWAY_READY;
    if (counts[STOPPED] == all)
        return CMG_GATEWAY_STOPPED;
    return counts[STOPPED] > 0 ? CMG_GATEWAY_DEGRADED : CMG_GATEWAY_STARTING;
}

void cmg__gateway_see_instances(struct cmg__run *run, const struct cmg__json *answer)
{
    const struct cmg__json *list = cmg__json_at(answer, "/value");
    struct cmg__gateway_seen *seen = seen_of(run);
    uint32_t counts[POWERS] = { 0 };

    seen->healthy = 0;
    seen->outdated = 0;
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *vm = cmg__json_item(list, i);
        const enum power power = power_of(vm);

        counts[power]++;
        seen->healthy += power == RUNNING && is_healthy(vm);
        seen->outdated += !cmg__json_bool(vm, "/properties/latestModelApplied", true);
    }
    seen->instances = (uint32_t)cmg__json_size(list);
    seen->running = counts[RUNNING];
    seen->stopped = counts[STOPPED];
    see_state(run, state_of(counts, seen->instances));
}

size_t cmg__instances_running(const struct cmg__json *answer)
{
    const struct cmg__json *list = cmg__json_at(answer, "/value");
    size_t running = 0;

    for (size_t i = 0; i < cmg__json_size(list); i++)
        running += power_of(cmg__json_item(list, i)) == RUNNING;
    return running;
}

/* It may have its part of the traffic, or is not to have one. */
static bool is_settled(const struct cmg__json *vm)
{
    const enum power power = power_of(vm);

    return power == STOPPED || (power == RUNNING && is_healthy(vm));
}

cmg_status cmg__gateway_next_outdated(const struct cmg__json *answer, char *out,
                                      size_t size)
{
    const struct cmg__json *list = cmg__json_at(answer, "/value");
    const struct cmg__json *chosen = NULL;

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *vm = cmg__json_item(list, i);
        const bool latest = cmg__json_bool(vm, "/properties/latestModelApplied", true);

        if (latest && !is_settled(vm))
            return CMG_E_STATE;
        if (!latest && (chosen == NULL || (is_settled(chosen) && !is_settled(vm))))
            chosen = vm;
    }
    (void)snprintf(out, size, "%s",
                   cmg__str_or(cmg__json_str(chosen, "/instanceId"), ""));
    return chosen == NULL ? CMG_E_NOTFOUND : CMG_OK;
}

/* ---- the step ---- */

static cmg_status read_group(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    const char *state = cmg__json_str(answer->json, "/properties/provisioningState");

    if (answer->status == 404)
        return see_nothing(run, CMG_GATEWAY_ABSENT, next);
    cmg_status rc = cmg__group_check_owner(run, answer->json, err);
    if (rc != CMG_OK)
        return rc;
    if (state != NULL && cmg__str_ieq(state, "Deleting"))
        return see_nothing(run, CMG_GATEWAY_DELETING, next);
    return cmg__next_go(next, "set");
}

/* What the set says of its last change; a failed one with all instances up is ready. */
static const struct {
    const char *provisioning;
    cmg_gateway_state state;
} changes[] = {
    { "Creating", CMG_GATEWAY_PROVISIONING },  { "Updating", CMG_GATEWAY_PROVISIONING },
    { "Migrating", CMG_GATEWAY_PROVISIONING }, { "Deleting", CMG_GATEWAY_DELETING },
    { "Failed", CMG_GATEWAY_ERROR },           { "Canceled", CMG_GATEWAY_ERROR },
};

bool cmg__resource_is_broken(const struct cmg__json *resource)
{
    const char *state = cmg__json_str(resource, "/properties/provisioningState");

    return state != NULL &&
           (cmg__str_ieq(state, "Failed") || cmg__str_ieq(state, "Canceled"));
}

static cmg_gateway_state change_of(const char *provisioning)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(changes); i++) {
        if (provisioning != NULL && cmg__str_ieq(provisioning, changes[i].provisioning))
            return changes[i].state;
    }
    return CMG_GATEWAY_UNKNOWN;
}

static cmg_status read_set(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    struct cmg__gateway_seen *seen = seen_of(run);

    (void)err;
    if (answer->status == 404)
        return see_nothing(run, CMG_GATEWAY_ABSENT, next);
    (void)snprintf(seen->vm_size, sizeof seen->vm_size, "%s",
                   cmg__str_or(cmg__json_str(answer->json, "/sku/name"), ""));
    run->number =
        (int64_t)change_of(cmg__json_str(answer->json, "/properties/provisioningState"));
    return cmg__next_go(next, "instances");
}

static cmg_status read_instances(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    const struct cmg__gateway_seen *seen = seen_of(run);
    const cmg_gateway_state change = (cmg_gateway_state)run->number;

    (void)err;
    if (answer->status == 404)
        return see_nothing(run, CMG_GATEWAY_ABSENT, next);
    cmg__gateway_see_instances(run, answer->json);
    if (change == CMG_GATEWAY_PROVISIONING || change == CMG_GATEWAY_DELETING ||
        (change == CMG_GATEWAY_ERROR && seen->state != CMG_GATEWAY_READY))
        see_state(run, change);
    cmg__run_say(run, "%s, %u of %u instances running",
                 cmg_gateway_state_name(seen->state), seen->running, seen->instances);
    return cmg__next_done(next);
}

static const struct cmg__exchange gateway_exchanges[] = {
    { .name = "group", .call = CMG__CALL_GROUP_GET, .also = { 404 }, .read = read_group },
    { .name = "set",
      .call = CMG__CALL_SCALE_SET_GET,
      .also = { 404 },
      .bind = { { "name", "label" } },
      .read = read_set },
    { .name = "instances",
      .call = CMG__CALL_SCALE_SET_INSTANCES,
      .also = { 404 },
      .bind = { { "name", "label" } },
      .read = read_instances },
};

const struct cmg__step cmg__step_gateway = {
    .name = "gateway",
    .title = "gateway",
    .phase = CMG__PHASE_APPLY,
    .needs = { "subscription" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(gateway_exchanges),
};

/* ---- preconditions ---- */

static const char *const remedies[] = {
    [CMG_GATEWAY_UNKNOWN] = "look at the gateway first",
    [CMG_GATEWAY_ABSENT] = "create the gateway first",
    [CMG_GATEWAY_PROVISIONING] =
        "wait until the change under way has ended, or let create go on with it",
    [CMG_GATEWAY_READY] = "it runs: there is nothing to do, or stop it first",
    [CMG_GATEWAY_STARTING] = "wait until it has started",
    [CMG_GATEWAY_STOPPING] = "wait until it has stopped",
    [CMG_GATEWAY_STOPPED] = "start it first",
    [CMG_GATEWAY_DEGRADED] = "start it first, so that all instances run",
    [CMG_GATEWAY_ERROR] = "create it again: what failed is made anew",
    [CMG_GATEWAY_DELETING] = "wait until it is gone",
};

cmg_status cmg__gateway_require(struct cmg__run *run, uint32_t states, const char *what,
                                cmg_error **err)
{
    const struct cmg__gateway_seen *seen = seen_of(run);

    if ((states & (UINT32_C(1) << seen->state)) != 0)
        return CMG_OK;
    return cmg__fail(err, run->work->alloc, CMG_E_STATE, run->work->gateway->name,
                     remedies[seen->state],
                     "%s: gateway \"%s\" is %s, %u of %u instances run", what,
                     run->work->gateway->name, cmg_gateway_state_name(seen->state),
                     seen->running, seen->instances);
}

#define CHANGEABLE                                                                       \
    ((UINT32_C(1) << CMG_GATEWAY_READY) | (UINT32_C(1) << CMG_GATEWAY_DEGRADED) |        \
     (UINT32_C(1) << CMG_GATEWAY_STARTING) | (UINT32_C(1) << CMG_GATEWAY_ERROR))

static cmg_status check_changeable(struct cmg__run *run, const struct cmg__answer *answer,
                                   struct cmg__next *next, cmg_error **err)
{
    /* A create that was cut off goes on with another specification, too. */
    const uint32_t absent = run->work->begun ? UINT32_C(1) << CMG_GATEWAY_ABSENT : 0;

    (void)answer;
    cmg_status rc = cmg__gateway_require(run, CHANGEABLE | absent, "change", err);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange changeable_exchanges[] = {
    { .name = "check", .call = CMG__CALL_LOCAL, .read = check_changeable },
};

/* Has no effect, so it is judged before any other step's effect is allowed. */
const struct cmg__step cmg__step_changeable = {
    .name = "changeable",
    .title = "gateway can be changed",
    .phase = CMG__PHASE_APPLY,
    .needs = { "gateway" },
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(changeable_exchanges),
};

/* A change under way is perhaps what an interrupted run has sent: it is waited for. */
static cmg_status check_correctable(struct cmg__run *run,
                                    const struct cmg__answer *answer,
                                    struct cmg__next *next, cmg_error **err)
{
    const uint32_t states = CHANGEABLE | (UINT32_C(1) << CMG_GATEWAY_PROVISIONING);

    (void)answer;
    cmg_status rc = cmg__gateway_require(run, states, "correct", err);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange correctable_exchanges[] = {
    { .name = "check", .call = CMG__CALL_LOCAL, .read = check_correctable },
};

const struct cmg__step cmg__step_correctable = {
    .name = "correctable",
    .title = "gateway can be corrected",
    .phase = CMG__PHASE_APPLY,
    .needs = { "gateway" },
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(correctable_exchanges),
};
