/*
 * The engine with steps of our own and a scripted transport: order and concurrency,
 * repeats, unknown outcomes, budgets.
 */
#include "own_steps.h"

#include <string.h>

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

START_TEST(steps_that_wait_for_one_another_are_an_internal_error)
{
    struct rule rules[] = { TOKEN_RULE,
                            { "GET", GROUP, 0, 404, NULL, "{}", false, 0 },
                            { "PUT", GROUP, 0, 201, NULL, "{}", false, 0 },
                            { 0 } };
    RUN(rules, &step_x, &step_y);

    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_INTERNAL);
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
    /* A person sees why it takes so long, and nothing of it afterwards. */
    ck_assert_msg(strstr(w.waits, "again in ") != NULL && strstr(w.waits, " s: ") != NULL,
                  "said \"%s\"", w.waits);
    ck_assert_ptr_null(strstr(w.said, "again in"));
    world_done(&w);
}
END_TEST

/* But for what lets it look. */
START_TEST(nothing_is_made_before_everything_is_judged)
{
    struct rule rules[] = { TOKEN_RULE,
                            { "GET", "/vaults/", 0, _i == 0 ? 200 : 403, NULL,
                              "{\"done\":\"yes\"}", false, 0 },
                            { "GET", GROUP, 0, 404, NULL, "{}", false, 0 },
                            { "PUT", GROUP, 0, 200, NULL, "{}", false, 0 },
                            { 0 } };
    RUN(rules, &step_b, &step_enables, &step_judges);

    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, _i == 0 ? CMG_DEPLOY_DELETED : CMG_DEPLOY_FAILED);
    ck_assert_uint_eq(world_count(&w, "PUT"), _i == 0 ? 2 : 1);
    world_done(&w);
}
END_TEST

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

int main(void)
{
    Suite *suite = suite_create("engine");
    TCase *order = tcase_create("order");
    TCase *repeats = tcase_create("repeats");

    tcase_add_test(order, steps_without_mutual_needs_run_at_the_same_time);
    tcase_add_test(order, effects_wait_for_the_confirmation_and_the_plan_names_them);
    tcase_add_test(order, nothing_is_called_back_from_inside_start);
    tcase_add_test(order, steps_that_wait_for_one_another_are_an_internal_error);
    suite_add_tcase(suite, order);
    tcase_add_loop_test(repeats, named_call_is_sent_again_after_its_delay, 0,
                        CMG__ARRAY_LEN(faults));
    tcase_add_loop_test(repeats, nothing_is_made_before_everything_is_judged, 0, 2);
    tcase_add_test(repeats, lost_answer_is_looked_up_before_anything_is_doubled);
    tcase_add_test(repeats, request_that_never_arrived_is_sent_again_after_several_looks);
    tcase_add_test(repeats, refused_token_is_renewed_once);
    tcase_add_test(repeats, token_refused_twice_fails_with_cause);
    tcase_add_test(repeats, expired_token_is_renewed_before_the_next_request);
    tcase_add_test(repeats, step_without_end_fails_when_its_budget_is_spent);
    tcase_add_test(repeats, first_failure_lets_what_is_under_way_come_to_its_end);
    suite_add_tcase(suite, repeats);
    return support_run((Suite *[]){ suite, NULL });
}
