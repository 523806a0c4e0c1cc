/*
 * The life of a deployment with steps of our own: its journal, stopping in every state
 * and inside every callback, the edges of the state machine.
 */
#include "own_steps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

/* Another run claims the journal while this one is paused: what it had in mind stays
   undone, and what it learns is not written. */
START_TEST(run_that_lost_its_journal_changes_nothing_more)
{
    struct rule rules[] = { TOKEN_RULE,
                            { "GET", GROUP, 0, 404, NULL, "{}", false, 0 },
                            { "PUT", GROUP, 0, 201, NULL, "{}", false, 0 },
                            { 0 } };
    RUN(rules, &step_a);
    const bool while_looking = _i == 1;

    w.hold = while_looking;
    world_start(&w);
    if (while_looking)
        world_turns(&w, 8);
    w.owner++;
    w.hold = false;
    const size_t before = w.journal_len;
    if (while_looking)
        world_release(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_CONFLICT);
    ck_assert_ptr_nonnull(strstr(w.end_message, "taken over by another run"));
    ck_assert_str_ne(w.end_remedy, "");
    ck_assert_uint_eq(world_count(&w, "PUT " GROUP), 0);
    ck_assert_uint_eq(w.journal_len, before);
    world_done(&w);
}
END_TEST

/* A deletion that somebody thought better of is no deletion. */
START_TEST(refused_plan_binds_no_later_operation)
{
    struct rule rules[] = { TOKEN_RULE,
                            { "GET", GROUP, 0, 404, NULL, "{}", false, 0 },
                            { "PUT", GROUP, 0, 201, NULL, "{}", false, 0 },
                            { 0 } };
    static const struct cmg__step *const steps[] = { &cmg__step_sign_in, &step_a };
    cmg_error *err = NULL;

    world_init(&w, CMG_DEPLOY_DELETE, rules);
    w.with_confirm = true;
    w.answer_confirm = 1;
    world_again(&w, CMG_DEPLOY_DELETE);
    world_table(&w, steps, 2);
    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    world_again(&w, CMG_DEPLOY_REGISTER_APPS);
    world_table(&w, steps, 2);
    ck_ok(cmg_deploy_start(w.deploy, &err), err);
    /* Once it was confirmed only a deletion goes on. */
    w.answer_confirm = 0;
    world_again(&w, CMG_DEPLOY_DELETE);
    world_table(&w, steps, 2);
    w.cancel_in = CMG_DEPLOY_APPLY;
    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_PAUSED);
    w.answer_confirm = 1;
    w.cancel_in = CMG_DEPLOY_IDLE;
    world_again(&w, CMG_DEPLOY_DELETE);
    world_table(&w, steps, 2);
    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    world_again(&w, CMG_DEPLOY_REGISTER_APPS);
    world_table(&w, steps, 2);
    ck_assert_int_eq(cmg_deploy_start(w.deploy, &err), CMG_E_STATE);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "deletion"));
    cmg_error_unref(err);
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
    Suite *suite = suite_create("engine_life");
    TCase *journal = tcase_create("journal");
    TCase *stopping = tcase_create("stopping");

    tcase_add_test(journal, intent_is_durable_before_the_request_and_closed_after_it);
    tcase_add_test(journal, full_disk_fails_the_deployment_by_name);
    tcase_add_loop_test(journal, run_that_lost_its_journal_changes_nothing_more, 0, 2);
    tcase_add_test(journal, refused_plan_binds_no_later_operation);
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
