/* See own_steps.h. */
#include "own_steps.h"

struct world w;

static cmg_status inspect(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    (void)err;
    if (answer->status == 404) {
        run->plan = CMG__PLAN_CREATE;
        return cmg__next_go(next, "make");
    }
    if (run->plan == CMG__PLAN_UNKNOWN)
        run->plan = CMG__PLAN_KEEP;
    return cmg__next_done(next);
}

static cmg_status remember(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    (void)err;
    ck_assert_int_lt(answer->status, 300);
    ck_assert_int_eq(cmg__fact_set(run->work, run->step->name, "made"), CMG_OK);
    return cmg__next_done(next);
}

static cmg_status again(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    (void)err;
    if (cmg__json_str(answer->json, "/done") != NULL)
        return cmg__next_done(next);
    cmg__run_say(run, "not yet");
    return cmg__next_again(next, -1);
}

/* Looks with a group, makes with a named call. */
static const struct cmg__exchange named[] = {
    { .name = "look", .call = CMG__CALL_GROUP_GET, .also = { 404 }, .read = inspect },
    { .name = "make", .call = CMG__CALL_GROUP_PUT, .effect = true, .read = remember },
};
/* Looks with a list, makes with a call that must not be doubled. */
static cmg_status inspect_list(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    (void)run;
    (void)err;
    if (cmg__json_size(cmg__json_at(answer->json, "/value")) == 0)
        return cmg__next_go(next, "make");
    return cmg__next_done(next);
}
static const struct cmg__exchange once[] = {
    { .name = "look",
      .call = CMG__CALL_ROLE_GRANTS,
      .bind = { { "sp_id", "subscription" } },
      .read = inspect_list },
    { .name = "make",
      .call = CMG__CALL_ROLE_GRANT,
      .effect = true,
      .look = "look",
      .bind = { { "resource_sp_id", "subscription" } },
      .read = remember },
};
static const struct cmg__exchange watching[] = {
    { .name = "watch", .call = CMG__CALL_VAULT_GET, .read = again },
};

#define STEP(id, ex, ...)                                                                \
    {                                                                                    \
        .name = id, .title = id, .what = id, .phase = CMG__PHASE_APPLY,                  \
        .budget_ms = CMG__MINUTE_MS, .needs = { __VA_ARGS__ }, CMG__STEP_EXCHANGES(ex)   \
    }

const struct cmg__step step_a = STEP("a", named, "sign_in");
const struct cmg__step step_b = STEP("b", named, "sign_in");
const struct cmg__step step_c = STEP("c", named, "a", "b");
const struct cmg__step step_once = STEP("once", once, "sign_in");
const struct cmg__step step_watch = STEP("watch", watching, "sign_in");
const struct cmg__step step_x = STEP("x", named, "y");
const struct cmg__step step_y = STEP("y", named, "x");

const struct cmg__step step_enables = {
    .name = "enables",
    .title = "enables",
    .phase = CMG__PHASE_APPLY,
    .needs = { "sign_in" },
    .enables = true,
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(named),
};
const struct cmg__step step_judges = {
    .name = "judges",
    .title = "judges",
    .phase = CMG__PHASE_APPLY,
    .needs = { "enables" },
    .judges = true,
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(watching),
};

void steps_run(struct rule *rules, const struct cmg__step *const *steps, size_t n)
{
    world_init(&w, CMG_DEPLOY_DELETE, rules);
    world_table(&w, steps, n);
}
