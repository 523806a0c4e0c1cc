/*
 * The engine with steps of our own and a scripted transport: order and concurrency,
 * repeats, unknown outcomes, budgets, stopping, and the edges of the state machine.
 */
#include "deploy/steps.h"
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct world w;

/* ---- steps of our own ---- */

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

static const struct cmg__step step_a = STEP("a", named, "sign_in");
static const struct cmg__step step_b = STEP("b", named, "sign_in");
static const struct cmg__step step_c = STEP("c", named, "a", "b");
static const struct cmg__step step_once = STEP("once", once, "sign_in");
static const struct cmg__step step_watch = STEP("watch", watching, "sign_in");

#define TOKEN_RULE                                                                       \
    {                                                                                    \
        .path = "/oauth2/v2.0/token", .status = 200,                                     \
        .body = "{\"access_token\":\"tok\",\"expires_in\":3600}"                         \
    }
#define GROUP "/resourceGroups/cmg-granitefalls?"

static void run_with(struct rule *rules, const struct cmg__step *const *steps, size_t n)
{
    world_init(&w, CMG_DEPLOY_DELETE, rules);
    world_table(&w, steps, n);
}

#define RUN(rules, ...)                                                                  \
    static const struct cmg__step *const steps[] = { &cmg__step_sign_in, __VA_ARGS__ };  \
    run_with((rules), steps, CMG__ARRAY_LEN(steps))

/* ---- order and concurrency ---- */

START_TEST(steps_without_mutual_needs_run_at_the_same_time)
{
    struct rule rules[] = { TOKEN_RULE,
                            { "GET", GROUP, 0, 404, NULL, "{}", false, 0 },
                            { "PUT", GROUP, 0, 201, NULL, "{}", false, 0 },
                            { 0 } };
    RUN(rules, &step_a, &step_b, &step_c);

    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(w.most_open_calls, 2);
    /* Three looks and three effects; c comes last. */
    ck_assert_uint_eq(world_count(&w, "GET https://management"), 3);
    ck_assert_uint_eq(world_count(&w, "PUT https://management"), 3);
    ck_assert_ptr_nonnull(strstr(w.steps, "a:2 "));
    ck_assert(strstr(w.steps, "c:1 ") > strstr(w.steps, "a:2 "));
    ck_assert(strstr(w.steps, "c:1 ") > strstr(w.steps, "b:2 "));
    ck_assert_uint_eq(w.done_count, 1);
    world_done(&w);
}
END_TEST

START_TEST(effects_wait_for_the_confirmation_and_the_plan_names_them)
{
    struct rule rules[] = { TOKEN_RULE,
                            { "GET", GROUP, 1, 404, NULL, "{}", false, 0 },
                            { "GET", GROUP, 0, 200, NULL, "{}", false, 0 },
                            { "PUT", GROUP, 0, 201, NULL, "{}", false, 0 },
                            { 0 } };

    w.with_confirm = true;
    w.answer_confirm = 7;
    RUN(rules, &step_a, &step_b, &step_c);
    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_CALLBACK);
    ck_assert_ptr_nonnull(strstr(w.end_message, "on_confirm returned 7"));
    ck_assert_uint_eq(world_count(&w, "PUT"), 0);
    ck_assert_str_eq(w.plan, "create a\nkeep b\nremove if present c\n");
    ck_assert_str_eq(w.states, "PREFLIGHT SIGN_IN PLAN CONFIRM FAILED ");
    world_done(&w);
}
END_TEST

START_TEST(nothing_is_called_back_from_inside_start)
{
    struct rule rules[] = { TOKEN_RULE,
                            { "GET", GROUP, 0, 200, NULL, "{}", false, 0 },
                            { 0 } };
    RUN(rules, &step_a);

    world_start(&w); /* asserts that no state was told */
    ck_assert_uint_eq(w.sent, 0);
    world_drive(&w);
    ck_assert_str_eq(w.states, "PREFLIGHT SIGN_IN PLAN APPLY DELETED ");
    world_done(&w);
}
END_TEST

/* ---- repeats ---- */

static const struct {
    int status;
    const char *header;
    int64_t least_ms;
    int64_t most_ms;
} faults[] = {
    { 429, "Retry-After: 17", 17000, 17000 },
    { 503, "Retry-After: 3", 3000, 3000 },
    { 429, NULL, 500, 1000 },
    { 500, NULL, 500, 1000 },
    { 504, NULL, 500, 1000 },
    { 0, NULL, 500, 1000 },
};

START_TEST(named_call_is_sent_again_after_its_delay)
{
    struct rule rules[] = { TOKEN_RULE,
                            { "GET", GROUP, 0, 404, NULL, "{}", false, 0 },
                            { "PUT", GROUP, 1, faults[_i].status, faults[_i].header, "{}",
                              false, 0 },
                            { "PUT", GROUP, 0, 200, NULL, "{}", false, 0 },
                            { 0 } };
    RUN(rules, &step_a);
    int64_t began = w.env.now_ns;

    world_start(&w);
    world_drive(&w);
    int64_t took = (w.env.now_ns - began) / 1000000;
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "PUT"), 2);
    ck_assert_int_ge(took, faults[_i].least_ms);
    ck_assert_int_le(took, faults[_i].most_ms + 10);
    world_done(&w);
}
END_TEST

#define GRANTS "appRoleAssignments"
#define GRANT  "appRoleAssignedTo"

START_TEST(lost_answer_is_looked_up_before_anything_is_doubled)
{
    struct rule rules[] = { TOKEN_RULE,
                            { "GET", GRANTS, 2, 200, NULL, "{\"value\":[]}", false, 0 },
                            { "GET", GRANTS, 0, 200, NULL, "{\"value\":[1]}", false, 0 },
                            { "POST", GRANT, 0, 0, NULL, NULL, true, 0 },
                            { 0 } };
    RUN(rules, &step_once);

    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "POST https://graph"), 1);
    ck_assert_uint_eq(world_count(&w, "GET https://graph"), 3);
    world_done(&w);
}
END_TEST

START_TEST(request_that_never_arrived_is_sent_again_after_several_looks)
{
    struct rule rules[] = { TOKEN_RULE,
                            { "GET", GRANTS, 0, 200, NULL, "{\"value\":[]}", false, 0 },
                            { "POST", GRANT, 1, 0, NULL, NULL, false, 0 },
                            { "POST", GRANT, 0, 201, NULL, "{}", false, 0 },
                            { 0 } };
    RUN(rules, &step_once);

    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "POST https://graph"), 2);
    ck_assert_uint_eq(world_count(&w, "GET https://graph"), 2 + CMG__EXEC_LOOKS);
    world_done(&w);
}
END_TEST

START_TEST(refused_token_is_renewed_once)
{
    struct rule rules[] = { TOKEN_RULE,
                            { "GET", GROUP, 1, 401, NULL, "{}", false, 0 },
                            { "GET", GROUP, 0, 200, NULL, "{}", false, 0 },
                            { 0 } };
    RUN(rules, &step_a);

    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "/oauth2/v2.0/token"), 4);
    world_done(&w);
}
END_TEST

START_TEST(token_refused_twice_fails_with_cause)
{
    struct rule rules[] = {
        TOKEN_RULE,
        { "GET", GROUP, 0, 401, NULL,
          "{\"error\":{\"code\":\"InvalidAuthenticationToken\",\"message\":\"bad\"}}",
          false, 0 },
        { 0 }
    };
    RUN(rules, &step_a);

    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_AUTH);
    ck_assert_uint_eq(world_count(&w, "GET https://management"), 2);
    ck_assert_str_ne(w.end_remedy, "");
    world_done(&w);
}
END_TEST

START_TEST(expired_token_is_renewed_before_the_next_request)
{
    struct rule rules[] = {
        { .path = "/oauth2/v2.0/token",
          .status = 200,
          .body = "{\"access_token\":\"tok\",\"expires_in\":\"60\"}" },
        { "GET", "/vaults/", 10, 200, "Retry-After: 5", "{}", false, 0 },
        { "GET", "/vaults/", 0, 200, NULL, "{\"done\":\"yes\"}", false, 0 },
        { 0 }
    };
    RUN(rules, &step_watch);

    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    /* 50 s of polling with tokens that are used for 30 s. */
    ck_assert_uint_eq(world_count(&w, "/oauth2/v2.0/token"), 4);
    world_done(&w);
}
END_TEST

START_TEST(step_without_end_fails_when_its_budget_is_spent)
{
    struct rule rules[] = { TOKEN_RULE,
                            { "GET", "/vaults/", 0, 200, NULL, "{}", false, 0 },
                            { 0 } };
    RUN(rules, &step_watch);
    int64_t began = w.env.now_ns;

    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_TIMEOUT);
    ck_assert_ptr_nonnull(strstr(w.end_message, "watch was not done within 60 seconds"));
    ck_assert_str_ne(w.end_remedy, "");
    int64_t took = (w.env.now_ns - began) / 1000000;
    ck_assert(took > 50000 && took <= 60000);
    world_done(&w);
}
END_TEST

START_TEST(first_failure_lets_what_is_under_way_come_to_its_end)
{
    struct rule rules[] = { TOKEN_RULE,
                            { "GET", "/vaults/", 0, 403, NULL, "{}", false, 0 },
                            { "GET", GROUP, 0, 404, NULL, "{}", false, 0 },
                            { 0 } };
    RUN(rules, &step_watch, &step_a);

    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_DENIED);
    ck_assert_uint_eq(w.cancelled, 0);
    ck_assert_uint_eq(w.open_calls, 0);
    ck_assert_uint_eq(world_count(&w, "PUT"), 0);
    ck_assert_ptr_nonnull(strstr(w.steps, "watch:3 "));
    world_done(&w);
}
END_TEST

/* ---- the journal ---- */

START_TEST(intent_is_durable_before_the_request_and_closed_after_it)
{
    struct rule rules[] = { TOKEN_RULE,
                            { "GET", GRANTS, 0, 200, NULL, "{\"value\":[]}", false, 0 },
                            { "POST", GRANT, 0, 201, NULL, "{}", false, 0 },
                            { 0 } };
    RUN(rules, &step_once);

    world_start(&w);
    for (unsigned i = 0; i < 200 && world_count(&w, "POST https://graph") == 0; i++) {
        int wait = cmg_context_get_timeout_ms(w.ctx);
        support_env_advance_ms(&w.env, wait < 0 ? 0 : wait);
        w.hold = world_count(&w, "GET https://graph") > 0 && w.open_calls == 0;
        world_turns(&w, 1);
    }
    w.journal[w.journal_len] = '\0';
    ck_assert_ptr_nonnull(strstr(w.journal, "\"t\":\"intent\",\"step\":\"once\""));
    ck_assert_ptr_null(strstr(w.journal, "\"t\":\"result\""));
    /* A process that dies here looks several times when it comes back. */
    cmg_deploy_unref(w.deploy);
    w.deploy = NULL;
    w.hold = false;
    world_again(&w, CMG_DEPLOY_DELETE);
    static const struct cmg__step *const same[] = { &cmg__step_sign_in, &step_once };
    world_table(&w, same, 2);
    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "GET https://graph"), 1 + CMG__EXEC_LOOKS);
    ck_assert_uint_eq(world_count(&w, "POST https://graph"), 1);
    world_done(&w);
}
END_TEST

START_TEST(full_disk_fails_the_deployment_by_name)
{
    struct rule rules[] = { TOKEN_RULE,
                            { "GET", GROUP, 0, 404, NULL, "{}", false, 0 },
                            { "PUT", GROUP, 0, 201, NULL, "{}", false, 0 },
                            { 0 } };
    RUN(rules, &step_a);

    world_start(&w);
    w.fail_save_at = w.saves + 1;
    w.fail_save_errno = ENOSPC;
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_IO);
    ck_assert_ptr_nonnull(strstr(w.end_message, "write journal"));
    ck_assert_str_ne(w.end_remedy, "");
    /* With room again the same deployment goes on. */
    w.fail_save_at = 0;
    w.states[0] = '\0';
    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(w.journal_len, 0);
    world_done(&w);
}
END_TEST

/* ---- stopping ---- */

static const cmg_deploy_state stations[] = { CMG_DEPLOY_PREFLIGHT, CMG_DEPLOY_SIGN_IN,
                                             CMG_DEPLOY_PLAN, CMG_DEPLOY_CONFIRM,
                                             CMG_DEPLOY_APPLY };

static struct rule life_rules[] = { TOKEN_RULE,
                                    { "GET", GROUP, 0, 404, NULL, "{}", false, 0 },
                                    { "PUT", GROUP, 0, 201, NULL, "{}", false, 0 },
                                    { 0 } };

START_TEST(cancel_is_possible_in_every_state_and_the_journal_goes_on)
{
    w.with_confirm = true;
    RUN(life_rules, &step_a, &step_c);

    w.cancel_in = stations[_i];
    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_PAUSED);
    ck_assert_int_eq(w.end_code, CMG_E_CANCELED);
    ck_assert_uint_eq(w.done_count, 1);
    const char *tail = strstr(w.states, "CANCELLING PAUSED ");
    ck_assert_ptr_nonnull(tail);
    ck_assert_str_eq(tail, "CANCELLING PAUSED ");
    ck_assert_int_eq(cmg_deploy_cancel(w.deploy, NULL), CMG_E_STATE);
    ck_assert(!w.locked);
    w.cancel_in = CMG_DEPLOY_IDLE;
    w.states[0] = '\0';
    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(w.done_count, 2);
    world_done(&w);
}
END_TEST

START_TEST(unref_in_a_callback_ends_everything_at_once)
{
    w.with_confirm = true;
    RUN(life_rules, &step_a, &step_c);

    w.unref_in = stations[_i];
    world_start(&w);
    world_drive(&w);
    ck_assert_ptr_null(w.deploy);
    ck_assert_uint_eq(w.done_count, 0);
    ck_assert_uint_eq(w.gateway->deployments_running, 0);
    world_turns(&w, 20);
    ck_assert_uint_eq(w.open_calls, 0);
    world_done(&w);
}
END_TEST

START_TEST(unref_while_requests_are_under_way_cancels_them)
{
    RUN(life_rules, &step_a, &step_b);

    world_start(&w);
    ck_assert_uint_eq(w.gateway->deployments_running, 1);
    for (unsigned i = 0; i < 100 && world_count(&w, "GET https://management") < 2; i++) {
        support_env_advance_ms(&w.env, 1);
        w.hold = strstr(w.states, "PLAN") != NULL;
        world_turns(&w, 1);
    }
    ck_assert_uint_eq(w.open_calls, 2);
    cmg_deploy_unref(w.deploy);
    w.deploy = NULL;
    ck_assert_uint_eq(w.cancelled, 2);
    world_done(&w);
}
END_TEST

static const struct {
    int *answer;
    const char *name;
} callbacks[] = {
    { &w.answer_state, "on_state" },
    { &w.answer_step, "on_step" },
    { &w.answer_confirm, "on_confirm" },
};

START_TEST(callback_that_returns_a_number_fails_the_deployment)
{
    w.with_confirm = true;
    RUN(life_rules, &step_a);

    *callbacks[_i].answer = -42;
    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_CALLBACK);
    ck_assert_ptr_nonnull(strstr(w.end_message, callbacks[_i].name));
    ck_assert_ptr_nonnull(strstr(w.end_message, "-42"));
    world_done(&w);
}
END_TEST

START_TEST(callback_that_passes_is_as_if_it_was_not_there)
{
    w.with_confirm = true;
    RUN(life_rules, &step_a);

    *callbacks[_i].answer = CMG_CALLBACK_PASS;
    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    world_done(&w);
}
END_TEST

START_TEST(steps_that_wait_for_one_another_are_an_internal_error)
{
    static const struct cmg__step x = STEP("x", named, "y");
    static const struct cmg__step y = STEP("y", named, "x");
    RUN(life_rules, &x, &y);

    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_INTERNAL);
    world_done(&w);
}
END_TEST

/* Every edge that was gone in these lives stands in the public table. */
static const struct {
    const char *from, *to;
} edges[] = {
    { "PREFLIGHT", "SIGN_IN" },  { "SIGN_IN", "PLAN" },
    { "PLAN", "CONFIRM" },       { "PLAN", "APPLY" },
    { "CONFIRM", "APPLY" },      { "CONFIRM", "CANCELLING" },
    { "APPLY", "VERIFY" },       { "APPLY", "DELETED" },
    { "VERIFY", "READY" },       { "PREFLIGHT", "CANCELLING" },
    { "SIGN_IN", "CANCELLING" }, { "PLAN", "CANCELLING" },
    { "APPLY", "CANCELLING" },   { "VERIFY", "CANCELLING" },
    { "PREFLIGHT", "FAILED" },   { "SIGN_IN", "FAILED" },
    { "PLAN", "FAILED" },        { "CONFIRM", "FAILED" },
    { "APPLY", "FAILED" },       { "VERIFY", "FAILED" },
    { "CANCELLING", "PAUSED" },
};

static void check_edges(const char *states)
{
    char from[32] = "", to[32];

    for (const char *p = states; *p != '\0'; p += strcspn(p, " ") + 1) {
        bool known = from[0] == '\0';
        (void)snprintf(to, sizeof to, "%.*s", (int)strcspn(p, " "), p);
        for (size_t i = 0; i < CMG__ARRAY_LEN(edges); i++)
            known = known ||
                    (strcmp(edges[i].from, from) == 0 && strcmp(edges[i].to, to) == 0);
        ck_assert_msg(known, "edge %s -> %s", from, to);
        memcpy(from, to, sizeof from);
    }
}

/* Faults, cancels and confirmations at random places of a small life, seeded. */
START_TEST(random_lives_take_only_legal_edges_and_end_once)
{
    static const int statuses[] = { 404, 200, 429, 500, 0, 403, 404, 404 };
    uint64_t seed = 0x9e3779b97f4a7c15u * (uint64_t)(_i + 1);
    struct rule rules[] = {
        TOKEN_RULE,
        { "GET", GROUP, 1, statuses[seed >> 61], NULL, "{}", false, 0 },
        { "GET", GROUP, 0, 404, NULL, "{}", false, 0 },
        { "PUT", GROUP, 1, statuses[(seed >> 58) & 7], NULL, "{}", false, 0 },
        { "PUT", GROUP, 0, 201, NULL, "{}", false, 0 },
        { 0 }
    };

    w.with_confirm = ((seed >> 57) & 1) != 0;
    RUN(rules, &step_a, &step_b, &step_c);
    unsigned cancel_at = (seed >> 50) & 63;
    world_start(&w);
    for (unsigned i = 0; i < 4000 && w.deploy->running; i++) {
        int wait = cmg_context_get_timeout_ms(w.ctx);
        support_env_advance_ms(&w.env, wait < 0 ? 0 : wait);
        if (i == cancel_at)
            ck_assert_int_eq(cmg_deploy_cancel(w.deploy, NULL), CMG_OK);
        world_turns(&w, 1);
    }
    ck_assert(!w.deploy->running);
    ck_assert_uint_eq(w.done_count, 1);
    check_edges(w.states);
    world_done(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("engine");
    TCase *order = tcase_create("order");
    TCase *repeats = tcase_create("repeats");
    TCase *journal = tcase_create("journal");
    TCase *stopping = tcase_create("stopping");

    tcase_add_test(order, steps_without_mutual_needs_run_at_the_same_time);
    tcase_add_test(order, effects_wait_for_the_confirmation_and_the_plan_names_them);
    tcase_add_test(order, nothing_is_called_back_from_inside_start);
    tcase_add_test(order, steps_that_wait_for_one_another_are_an_internal_error);
    suite_add_tcase(suite, order);
    tcase_add_loop_test(repeats, named_call_is_sent_again_after_its_delay, 0,
                        CMG__ARRAY_LEN(faults));
    tcase_add_test(repeats, lost_answer_is_looked_up_before_anything_is_doubled);
    tcase_add_test(repeats, request_that_never_arrived_is_sent_again_after_several_looks);
    tcase_add_test(repeats, refused_token_is_renewed_once);
    tcase_add_test(repeats, token_refused_twice_fails_with_cause);
    tcase_add_test(repeats, expired_token_is_renewed_before_the_next_request);
    tcase_add_test(repeats, step_without_end_fails_when_its_budget_is_spent);
    tcase_add_test(repeats, first_failure_lets_what_is_under_way_come_to_its_end);
    suite_add_tcase(suite, repeats);
    tcase_add_test(journal, intent_is_durable_before_the_request_and_closed_after_it);
    tcase_add_test(journal, full_disk_fails_the_deployment_by_name);
    suite_add_tcase(suite, journal);
    tcase_add_loop_test(stopping,
                        cancel_is_possible_in_every_state_and_the_journal_goes_on, 0,
                        CMG__ARRAY_LEN(stations));
    tcase_add_loop_test(stopping, unref_in_a_callback_ends_everything_at_once, 0,
                        CMG__ARRAY_LEN(stations));
    tcase_add_test(stopping, unref_while_requests_are_under_way_cancels_them);
    tcase_add_loop_test(stopping, callback_that_returns_a_number_fails_the_deployment, 0,
                        CMG__ARRAY_LEN(callbacks));
    tcase_add_loop_test(stopping, callback_that_passes_is_as_if_it_was_not_there, 0,
                        CMG__ARRAY_LEN(callbacks));
    tcase_add_loop_test(stopping, random_lives_take_only_legal_edges_and_end_once, 0, 60);
    suite_add_tcase(suite, stopping);
    return support_run((Suite *[]){ suite, NULL });
}
