/*
 * The life of an enrolment: stopping it in every state and inside every callback, its
 * time, its checkpoint in the hands of others, whom credentials go to.
 */
#include "plain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RUN(script)                                                                      \
    struct desk d;                                                                       \
    desk_init(&d, script);                                                               \
    plain_use(&d)

#define SUBMIT(word) DESK_ANSWER("POST /submit", 0, 200, NULL, word)
#define POLL(word)   DESK_ANSWER("GET /poll", 0, 200, NULL, word)

static void again(struct desk *d)
{
    desk_again(d);
    plain_use(d);
}

/* ---- stopping ---- */

static const cmg_enrolment_state under_way[] = {
    CMG_ENROLMENT_SUBMITTING,
    CMG_ENROLMENT_CHALLENGE,
    CMG_ENROLMENT_PENDING,
};

START_TEST(cancelled_in_any_state_it_goes_on_later)
{
    struct desk_rule rules[] = { SUBMIT("prove"), POLL("issued"), { 0 } };
    RUN(rules);

    d.cancel_in = under_way[_i];
    desk_start(&d);
    desk_drive(&d);
    ck_assert_uint_eq(d.closed, 1);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_CANCELED);
    ck_assert_int_eq(d.end_code, CMG_E_CANCELED);
    ck_assert_int_eq(cmg_enrolment_cancel(d.e, NULL), CMG_E_STATE);
    d.cancel_in = CMG_ENROLMENT_IDLE;
    if (_i % 2 == 0)
        again(&d); /* another process */
    d.states[0] = '\0';
    ck_assert_int_eq(cmg_enrolment_start(d.e, NULL), CMG_OK);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_uint_eq(desk_count(&d, "POST"), 1);
    desk_done(&d);
}
END_TEST

START_TEST(request_under_way_is_waited_for_when_it_is_cancelled)
{
    struct desk_rule rules[] = { SUBMIT("pending"), POLL("issued"), { 0 } };
    RUN(rules);

    desk_start(&d);
    desk_drive_until_sent(&d, 1);
    ck_assert_int_eq(cmg_enrolment_cancel(d.e, NULL), CMG_OK);
    desk_turns(&d, 10);
    ck_assert_uint_eq(d.closed, 0);
    desk_release(&d);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_CANCELED);
    ck_assert_str_eq(cmg_enrolment_request_id(d.e), "7");
    desk_done(&d);
}
END_TEST

static const cmg_enrolment_state all[] = {
    CMG_ENROLMENT_SUBMITTING,
    CMG_ENROLMENT_CHALLENGE,
    CMG_ENROLMENT_PENDING,
    CMG_ENROLMENT_ISSUED,
};

START_TEST(dropped_in_any_callback_it_is_silent)
{
    struct desk_rule rules[] = { SUBMIT("prove"), POLL("issued"), { 0 } };
    RUN(rules);

    d.unref_in = all[_i];
    desk_start(&d);
    desk_drive(&d);
    ck_assert_ptr_null(d.e);
    desk_turns(&d, 20);
    ck_assert_uint_eq(d.closed, 0);
    desk_done(&d);
}
END_TEST

START_TEST(dropped_with_a_request_under_way_it_cancels_that)
{
    struct desk_rule rules[] = { SUBMIT("issued"), { 0 } };
    RUN(rules);

    desk_start(&d);
    desk_drive_until_sent(&d, 1);
    cmg_enrolment_unref(d.e);
    d.e = NULL;
    ck_assert_uint_eq(d.cancelled, 1);
    desk_turns(&d, 10);
    ck_assert_uint_eq(d.closed, 0);
    desk_done(&d);
}
END_TEST

START_TEST(callback_that_says_no_fails_it)
{
    struct desk_rule rules[] = { SUBMIT("issued"), { 0 } };
    RUN(rules);

    d.answer_state = 42;
    desk_start(&d);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_FAILED);
    ck_assert_int_eq(d.end_code, CMG_E_CALLBACK);
    ck_assert_uint_eq(d.sent, 0);
    desk_done(&d);
}
END_TEST

START_TEST(proof_without_anybody_to_ask_fails_it)
{
    struct desk_rule rules[] = { SUBMIT("prove"), { 0 } };
    struct desk d;

    desk_init(&d, rules);
    d.with_challenges = false;
    again(&d);
    desk_start(&d);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_FAILED);
    ck_assert_int_eq(d.end_code, CMG_E_STATE);
    ck_assert_str_eq(d.remedy, "install on_challenge");
    desk_done(&d);
}
END_TEST

START_TEST(callback_may_not_drive)
{
    struct desk_rule rules[] = { SUBMIT("issued"), { 0 } };
    RUN(rules);

    cmg__callback_enter(d.ctx);
    ck_assert_int_eq(cmg_enrolment_run(d.e, NULL), CMG_E_REENTRANT);
    cmg__callback_leave(d.ctx);
    desk_done(&d);
}
END_TEST

START_TEST(setters_wait_for_the_end)
{
    struct desk_rule rules[] = { SUBMIT("issued"), { 0 } };
    RUN(rules);

    desk_start(&d);
    ck_assert_int_eq(cmg_enrolment_start(d.e, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_enrolment_set_key(d.e, NULL, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_enrolment_set_checkpoint_file(d.e, "x", NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_enrolment_set_events(d.e, NULL, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_enrolment_set_budget_ms(d.e, 1, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_enrolment_set_poll_interval_ms(d.e, 1, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_enrolment_set_client_certificate(d.e, NULL, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_enrolment_use_est(d.e, "https://a", false, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_enrolment_accept(d.e, "x", 1, NULL), CMG_E_STATE);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    desk_done(&d);
}
END_TEST

START_TEST(without_a_way_it_does_not_start)
{
    struct desk_rule rules[] = { { 0 } };
    struct desk d;

    desk_init(&d, rules);
    ck_assert_int_eq(cmg_enrolment_start(d.e, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_enrolment_set_budget_ms(d.e, -2, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_enrolment_set_poll_interval_ms(d.e, -1, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_enrolment_set_poll_interval_ms(d.e, 86400001, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_enrolment_set_checkpoint_file(d.e, "", NULL), CMG_E_INVAL);
    ck_assert_str_eq(cmg_enrolment_state_name((cmg_enrolment_state)99), "UNKNOWN");
    desk_done(&d);
}
END_TEST

/* ---- time ---- */

START_TEST(budget_ends_a_run_that_is_pending)
{
    struct desk_rule rules[] = { SUBMIT("pending"), POLL("pending"), { 0 } };
    RUN(rules);
    const int64_t began = d.env.now_ns;

    ck_assert_int_eq(cmg_enrolment_set_budget_ms(d.e, 150000, NULL), CMG_OK);
    desk_start(&d);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_PENDING);
    ck_assert_int_eq(d.end_code, CMG_E_TIMEOUT);
    ck_assert_int_eq((d.env.now_ns - began) / 1000000, 150000);
    ck_assert_uint_eq(desk_count(&d, "GET"), 2);
    /* It goes on where it was, and the next run has its own time. */
    d.rules[1].body = "issued";
    d.states[0] = '\0';
    ck_assert_int_eq(cmg_enrolment_start(d.e, NULL), CMG_OK);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_uint_eq(desk_count(&d, "POST"), 1);
    desk_done(&d);
}
END_TEST

START_TEST(host_says_how_often_it_is_asked)
{
    struct desk_rule rules[] = { SUBMIT("pending"),
                                 DESK_ANSWER("GET /poll", 9, 200, NULL, "pending"),
                                 POLL("issued"),
                                 { 0 } };
    RUN(rules);
    const int64_t began = d.env.now_ns;

    ck_assert_int_eq(cmg_enrolment_set_poll_interval_ms(d.e, 500, NULL), CMG_OK);
    desk_start(&d);
    desk_drive(&d);
    ck_assert_int_eq((d.env.now_ns - began) / 1000000, 5000);
    desk_done(&d);
}
END_TEST

START_TEST(failures_in_a_row_are_borne_and_then_not)
{
    struct desk_rule rules[] = {
        SUBMIT("pending"),
        DESK_ANSWER("GET /poll", CMG__ENROL_ATTEMPTS - 1, 502, NULL, ""),
        DESK_ANSWER("GET /poll", 1, 200, NULL, "pending"),
        DESK_ANSWER("GET /poll", CMG__ENROL_ATTEMPTS, 502, NULL, ""),
        { 0 }
    };
    RUN(rules);

    desk_start(&d);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_FAILED);
    ck_assert_uint_eq(desk_count(&d, "GET"), 2 * CMG__ENROL_ATTEMPTS);
    ck_assert_uint_eq(cmg_enrolment_orphan_count(d.e), 0);
    desk_done(&d);
}
END_TEST

/* ---- the checkpoint ---- */

START_TEST(checkpoint_is_one_runs_at_a_time)
{
    struct desk_rule rules[] = { SUBMIT("issued"), { 0 } };
    RUN(rules);
    cmg_enrolment *other = NULL;
    cmg_error *err = NULL;

    desk_start(&d);
    ck_ok(desk_enrolment(d.ctx, desk_csr, &other, &err), err);
    ck_ok(cmg_enrolment_set_checkpoint_file(other, desk_checkpoint(), &err), err);
    ck_assert_int_eq(cmg_enrolment_accept(other, "x", 1, &err), CMG_E_CONFLICT);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "in use by another run"));
    cmg_error_unref(err);
    cmg_enrolment_unref(other);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    desk_done(&d);
}
END_TEST

START_TEST(checkpoint_of_another_is_refused)
{
    struct desk_rule rules[] = { SUBMIT("pending"), POLL("pending"), { 0 } };
    RUN(rules);
    cmg_enrolment *other = NULL;
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg_enrolment_set_budget_ms(d.e, 1000, NULL), CMG_OK);
    desk_start(&d);
    desk_drive(&d);
    /* another request */
    ck_ok(desk_enrolment(d.ctx, desk_other_csr, &other, &err), err);
    ck_ok(cmg_enrolment_set_checkpoint_file(other, desk_checkpoint(), &err), err);
    cmg_enrolment *mine = d.e;
    d.e = other;
    plain_use(&d);
    ck_assert_int_eq(cmg_enrolment_start(d.e, &err), CMG_E_CONFLICT);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "another request"));
    cmg_error_unref(err);
    err = NULL;
    cmg_enrolment_unref(other);
    /* another way */
    d.e = mine;
    ck_ok(cmg_enrolment_use_est(d.e, "https://ca.test", false, &err), err);
    ck_assert_int_eq(cmg_enrolment_start(d.e, &err), CMG_E_CONFLICT);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "another way"));
    cmg_error_unref(err);
    desk_done(&d);
}
END_TEST

static const struct {
    const char *find;
    const char *put; /* of the same length; NULL: the whole is cut after what is found */
    cmg_status code;
} damages[] = {
    { "\"stage\": \"poll\"", "\"stage\": \"polm\"", CMG_E_PARSE },
    { "\"orphans\": 0", "\"orphans\": 1", CMG_E_PARSE },
    { "\"announced\"", NULL, CMG_E_PARSE },
    { "{", NULL, CMG_E_PARSE },
    { "\"cmg_enrolment\": 1", "\"cmg_enrolment\": 2", CMG_E_UNSUPPORTED },
    { "\"cmg_enrolment\": 1", "\"cmg_enrolmenu\": 1", CMG_E_PARSE },
};

START_TEST(damaged_checkpoint_is_refused_and_untouched)
{
    struct desk_rule rules[] = { SUBMIT("pending"), POLL("pending"), { 0 } };
    RUN(rules);
    size_t n = 0;
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg_enrolment_set_budget_ms(d.e, 1000, NULL), CMG_OK);
    desk_start(&d);
    desk_drive(&d);
    char *text = support_read_file(desk_checkpoint(), &n);
    char *at = strstr(text, damages[_i].find);
    ck_assert_msg(at != NULL, "%s", text);
    if (damages[_i].put != NULL)
        memcpy(at, damages[_i].put, strlen(damages[_i].put));
    else
        n = (size_t)(at - text) + strlen(damages[_i].find);
    support_write_file(desk_checkpoint(), text, n);
    again(&d);
    ck_assert_int_eq(cmg_enrolment_start(d.e, &err), damages[_i].code);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
    size_t after = 0;
    char *kept = support_read_file(desk_checkpoint(), &after);
    ck_assert_uint_eq(after, n);
    ck_assert_int_eq(memcmp(kept, text, n), 0);
    free(kept);
    free(text);
    desk_done(&d);
}
END_TEST

START_TEST(answer_for_another_key_is_refused)
{
    struct desk_rule rules[] = { SUBMIT("issued"), { 0 } };
    RUN(rules);
    cmg_enrolment *other = NULL;
    cmg_error *err = NULL;

    ck_ok(desk_enrolment(d.ctx, desk_other_csr, &other, &err), err);
    cmg_enrolment_unref(d.e);
    d.e = other;
    desk_script(&d, other);
    plain_use(&d);
    ck_assert_int_eq(cmg_enrolment_start(other, NULL), CMG_OK);
    desk_drive(&d);
    ck_assert_int_eq(cmg_enrolment_get_state(other), CMG_ENROLMENT_FAILED);
    ck_assert_int_eq(cmg_error_code(other->error), CMG_E_CERT);
    ck_assert_ptr_null(cmg_enrolment_get_certificate(other));
    desk_done(&d);
}
END_TEST

/* ---- credentials ---- */

static const struct {
    const char *url;
    bool sent;
} targets[] = {
    { "https://ca.test/plain/x", true },     { "https://CA.TEST:443/", true },
    { "https://ca.test:444/plain", false },  { "http://ca.test/plain", false },
    { "https://ca.test.evil/plain", false }, { "https://evil/ca.test", false },
};

START_TEST(credentials_go_to_their_server_only)
{
    struct cmg__enrol_credentials c;
    struct cmg__enrol_signed_in kept;
    struct cmg__http_options options = { 0 };
    char user[] = "cmg";
    char *origin = cmg__enrol_origin(&cmg__alloc_libc, "https://ca.test/plain");

    ck_assert_str_eq(origin, "https://ca.test:443");
    cmg__enrol_credentials_init(&c, &cmg__alloc_libc);
    c.auth = CMG__HTTP_AUTH_BASIC;
    c.user = user;
    cmg__enrol_signed_in_init(&kept, &cmg__alloc_libc);
    ck_assert_int_eq(
        cmg__enrol_sign_in(&c, origin, targets[_i].url, &options, &kept, NULL), CMG_OK);
    ck_assert_int_eq(options.auth,
                     targets[_i].sent ? CMG__HTTP_AUTH_BASIC : CMG__HTTP_AUTH_NONE);
    ck_assert_int_eq(options.user != NULL, targets[_i].sent);
    cmg__enrol_signed_in_done(&kept);
    cmg__free(&cmg__alloc_libc, origin);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("engine life");
    TCase *life = tcase_create("life");
    TCase *kept = tcase_create("kept");

    tcase_add_loop_test(life, cancelled_in_any_state_it_goes_on_later, 0,
                        CMG__ARRAY_LEN(under_way));
    tcase_add_test(life, request_under_way_is_waited_for_when_it_is_cancelled);
    tcase_add_loop_test(life, dropped_in_any_callback_it_is_silent, 0,
                        CMG__ARRAY_LEN(all));
    tcase_add_test(life, dropped_with_a_request_under_way_it_cancels_that);
    tcase_add_test(life, callback_that_says_no_fails_it);
    tcase_add_test(life, proof_without_anybody_to_ask_fails_it);
    tcase_add_test(life, callback_may_not_drive);
    tcase_add_test(life, setters_wait_for_the_end);
    tcase_add_test(life, without_a_way_it_does_not_start);
    tcase_add_test(life, budget_ends_a_run_that_is_pending);
    tcase_add_test(life, host_says_how_often_it_is_asked);
    tcase_add_test(life, failures_in_a_row_are_borne_and_then_not);
    tcase_add_test(kept, checkpoint_is_one_runs_at_a_time);
    tcase_add_test(kept, checkpoint_of_another_is_refused);
    tcase_add_loop_test(kept, damaged_checkpoint_is_refused_and_untouched, 0,
                        CMG__ARRAY_LEN(damages));
    tcase_add_test(kept, answer_for_another_key_is_refused);
    tcase_add_loop_test(kept, credentials_go_to_their_server_only, 0,
                        CMG__ARRAY_LEN(targets));
    suite_add_tcase(s, life);
    suite_add_tcase(s, kept);
    return s;
}

int main(void)
{
    Suite *suites[] = { suite(), NULL };

    return support_run(suites);
}
