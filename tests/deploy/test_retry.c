/* The retry policy as a table, and the delays. */
#include "deploy/retry.h"
#include "support/support.h"

static cmg_status nothing(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    (void)run;
    (void)answer;
    (void)err;
    return cmg__next_done(next);
}

static const struct cmg__exchange read_call = {
    .name = "r", .call = CMG__CALL_GROUP_GET, .also = { 404 }, .read = nothing
};
static const struct cmg__exchange named_call = { .name = "p",
                                                 .call = CMG__CALL_GROUP_PUT,
                                                 .read = nothing };
static const struct cmg__exchange look_call = {
    .name = "l", .call = CMG__CALL_ROLE_GRANT, .look = "r", .read = nothing
};
static const struct cmg__exchange once_call = { .name = "o",
                                                .call = CMG__CALL_APP_ADD_PASSWORD,
                                                .look = "r",
                                                .replicates = true,
                                                .read = nothing };
static const struct cmg__exchange blind_call = { .name = "b",
                                                 .call = CMG__CALL_ROLE_GRANT,
                                                 .read = nothing };

static const struct {
    const struct cmg__exchange *exchange;
    int status;
    cmg_status code;
    cmg_retry retry;
    bool renewed;
    enum cmg__verdict expected;
} rows[] = {
    { &read_call, 200, CMG_OK, CMG_RETRY_NEVER, false, CMG__VERDICT_READ },
    { &read_call, 404, CMG_E_NOTFOUND, CMG_RETRY_NEVER, false, CMG__VERDICT_READ },
    { &read_call, 401, CMG_E_AUTH, CMG_RETRY_NEVER, false, CMG__VERDICT_TOKEN },
    { &read_call, 401, CMG_E_AUTH, CMG_RETRY_NEVER, true, CMG__VERDICT_FAIL },
    { &read_call, 403, CMG_E_DENIED, CMG_RETRY_NEVER, false, CMG__VERDICT_FAIL },
    { &read_call, 429, CMG_E_LIMIT, CMG_RETRY_LATER, false, CMG__VERDICT_AGAIN },
    { &read_call, 500, CMG_E_IO, CMG_RETRY_TRANSIENT, false, CMG__VERDICT_AGAIN },
    { &read_call, 0, CMG_E_IO, CMG_RETRY_TRANSIENT, false, CMG__VERDICT_AGAIN },
    { &read_call, 0, CMG_E_CERT, CMG_RETRY_NEVER, false, CMG__VERDICT_FAIL },
    { &read_call, 0, CMG_E_NOMEM, CMG_RETRY_TRANSIENT, false, CMG__VERDICT_FAIL },
    { &named_call, 201, CMG_OK, CMG_RETRY_NEVER, false, CMG__VERDICT_READ },
    { &named_call, 404, CMG_E_NOTFOUND, CMG_RETRY_NEVER, false, CMG__VERDICT_FAIL },
    { &named_call, 504, CMG_E_TIMEOUT, CMG_RETRY_TRANSIENT, false, CMG__VERDICT_AGAIN },
    { &named_call, 0, CMG_E_IO, CMG_RETRY_TRANSIENT, false, CMG__VERDICT_AGAIN },
    { &look_call, 503, CMG_E_IO, CMG_RETRY_LATER, false, CMG__VERDICT_AGAIN },
    { &look_call, 502, CMG_E_IO, CMG_RETRY_TRANSIENT, false, CMG__VERDICT_LOOK },
    { &look_call, 0, CMG_E_IO, CMG_RETRY_TRANSIENT, false, CMG__VERDICT_LOOK },
    { &once_call, 0, CMG_E_TIMEOUT, CMG_RETRY_TRANSIENT, false, CMG__VERDICT_LOOK },
    { &once_call, 404, CMG_E_NOTFOUND, CMG_RETRY_NEVER, false, CMG__VERDICT_AGAIN },
    { &once_call, 429, CMG_E_LIMIT, CMG_RETRY_LATER, false, CMG__VERDICT_AGAIN },
    { &once_call, 400, CMG_E_INVAL, CMG_RETRY_NEVER, false, CMG__VERDICT_FAIL },
    { &blind_call, 500, CMG_E_IO, CMG_RETRY_TRANSIENT, false, CMG__VERDICT_FAIL },
};

START_TEST(outcome_and_class_decide)
{
    const struct cmg__error_info info = { .code = rows[_i].code,
                                          .retry = rows[_i].retry };
    struct cmg__outcome outcome = { .exchange = rows[_i].exchange,
                                    .status = rows[_i].status,
                                    .token_renewed = rows[_i].renewed };
    cmg_error *err = NULL;

    if (rows[_i].code != CMG_OK)
        (void)cmg__error_set(&err, &cmg__alloc_libc, &info, "no");
    outcome.error = err;
    ck_assert_int_eq(cmg__retry_judge(&outcome), rows[_i].expected);
    cmg_error_unref(err);
}
END_TEST

START_TEST(delay_doubles_up_to_the_cap_with_jitter_in_its_upper_half)
{
    for (unsigned attempt = 0; attempt < 40; attempt++) {
        int64_t full = attempt < 5 ? (int64_t)1000 << attempt : 30000;
        ck_assert_int_eq(cmg__backoff_ms(attempt, 0, -1), full / 2);
        ck_assert_int_eq(cmg__backoff_ms(attempt, 255, -1), full);
        int64_t middle = cmg__backoff_ms(attempt, 128, -1);
        ck_assert(middle > full / 2 && middle < full);
    }
}
END_TEST

START_TEST(hint_of_the_peer_wins)
{
    ck_assert_int_eq(cmg__backoff_ms(0, 0, 17000), 17000);
    ck_assert_int_eq(cmg__backoff_ms(9, 255, 2128), 2128);
    ck_assert_int_eq(cmg__poll_delay_ms(0, 15000), 15000);
}
END_TEST

START_TEST(polling_grows_and_has_a_floor_when_told)
{
    ck_assert_int_eq(cmg__poll_delay_ms(0, -1), 100);
    ck_assert_int_eq(cmg__poll_delay_ms(3, -1), 800);
    ck_assert_int_eq(cmg__poll_delay_ms(6, -1), 5000);
    ck_assert_int_eq(cmg__poll_delay_ms(900, -1), 5000);
    ck_assert_int_eq(cmg__poll_delay_ms(5, 0), 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retry");
    TCase *tc = tcase_create("policy");

    tcase_add_loop_test(tc, outcome_and_class_decide, 0, CMG__ARRAY_LEN(rows));
    tcase_add_test(tc, delay_doubles_up_to_the_cap_with_jitter_in_its_upper_half);
    tcase_add_test(tc, hint_of_the_peer_wins);
    tcase_add_test(tc, polling_grows_and_has_a_floor_when_told);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
