/* Faults that a host orders. */
#include <stdio.h>
#include <stdlib.h>

#include "sandbox/live.h"
#include "sandbox/sandbox.h"

#define APPS  "https://graph.microsoft.com/v1.0/applications"
#define GROUP "/resourcegroups/by-fault"

static struct live l;

static void setup(void)
{
    live_init(&l, NULL);
}

static void teardown(void)
{
    live_done(&l);
}

static char *make_app(const char *name)
{
    char body[128];

    snprintf(body, sizeof body, "{\"displayName\":\"%s\"}", name);
    return live_need(&l, 201, "POST", APPS, l.graph_token, body, "/id");
}

START_TEST(the_nth_match_gets_the_status_and_does_nothing)
{
    struct live_reply r;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_inject(l.sandbox, "POST", "/applications", 2,
                             CMG_SANDBOX_FAULT_STATUS, 503, &err),
          err);
    free(make_app("first"));
    live_ask(&l, "POST", APPS, l.graph_token, "{\"displayName\":\"second\"}", &r);
    ck_assert_int_eq(r.status, 503);
    live_reply_done(&r);
    ck_assert_uint_eq(cmg_sandbox_count(l.sandbox, CMG_SANDBOX_APPLICATIONS), 1);
    free(make_app("third"));
    ck_assert_uint_eq(cmg_sandbox_count(l.sandbox, CMG_SANDBOX_APPLICATIONS), 2);
}
END_TEST

static const struct {
    cmg_sandbox_fault fault;
    uint64_t applications;
} cuts[] = {
    { CMG_SANDBOX_FAULT_CUT, 0 },
    { CMG_SANDBOX_FAULT_LOST_ANSWER, 1 },
    { CMG_SANDBOX_FAULT_HALF_ANSWER, 1 },
};

START_TEST(a_cut_connection_tells_nothing_about_the_work)
{
    struct live_reply r;
    cmg_error *err = NULL;

    ck_ok(
        cmg_sandbox_inject(l.sandbox, NULL, "/applications", 1, cuts[_i].fault, 0, &err),
        err);
    live_ask(&l, "POST", APPS, l.graph_token, "{\"displayName\":\"x\"}", &r);
    ck_assert_int_eq(r.status, 0);
    ck_assert_int_eq(r.retry, CMG_RETRY_TRANSIENT);
    live_reply_done(&r);
    ck_assert_uint_eq(cmg_sandbox_count(l.sandbox, CMG_SANDBOX_APPLICATIONS),
                      cuts[_i].applications);
}
END_TEST

static const struct {
    cmg_sandbox_fault fault;
    bool begins; /* the request begins a long-running operation */
    uint64_t met;
} meetings[] = {
    { CMG_SANDBOX_FAULT_STATUS, false, 1 },
    { CMG_SANDBOX_FAULT_LOST_ANSWER, false, 1 },
    { CMG_SANDBOX_FAULT_HALF_ANSWER, false, 1 },
    { CMG_SANDBOX_FAULT_HALF_ANSWER, true, 0 }, /* an answer without a body */
    { CMG_SANDBOX_FAULT_CHALLENGE, false, 1 },
    { CMG_SANDBOX_FAULT_ELSEWHERE, false, 0 },
    { CMG_SANDBOX_FAULT_ELSEWHERE, true, 1 },
    { CMG_SANDBOX_FAULT_OPERATION_FAILS, false, 0 },
    { CMG_SANDBOX_FAULT_OPERATION_FAILS, true, 1 },
    { CMG_SANDBOX_FAULT_OPERATION_STUCK, true, 1 },
};

START_TEST(a_fault_without_effect_is_not_counted_as_met)
{
    const bool begins = meetings[_i].begins;
    struct live_reply r;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_set(l.sandbox, "duration/delete_group", "60000", &err), err);
    free(live_need(&l, 201, "PUT", live_arm(&l, GROUP), l.arm_token,
                   "{\"location\":\"westeurope\"}", NULL));
    ck_ok(cmg_sandbox_inject(l.sandbox, NULL, NULL, 1, meetings[_i].fault,
                             meetings[_i].fault == CMG_SANDBOX_FAULT_STATUS ? 500 : 0,
                             &err),
          err);
    live_ask(&l, begins ? "DELETE" : "GET", begins ? live_arm(&l, GROUP) : APPS,
             begins ? l.arm_token : l.graph_token, NULL, &r);
    live_reply_done(&r);
    ck_assert_uint_eq(atomic_load(&l.sandbox->met), meetings[_i].met);
}
END_TEST

START_TEST(sixty_four_faults_can_wait)
{
    for (int i = 0; i < 64; i++)
        ck_assert_int_eq(cmg_sandbox_inject(l.sandbox, "GET", "/never", 1,
                                            CMG_SANDBOX_FAULT_CUT, 0, NULL),
                         CMG_OK);
    ck_assert_int_eq(
        cmg_sandbox_inject(l.sandbox, "GET", "/never", 1, CMG_SANDBOX_FAULT_CUT, 0, NULL),
        CMG_E_LIMIT);
}
END_TEST

static const struct {
    uint32_t nth;
    int fault;
    int32_t status;
} bad_faults[] = {
    { 0, CMG_SANDBOX_FAULT_CUT, 0 },
    { 1, 0, 500 },
    { 1, 99, 500 },
    { 1, CMG_SANDBOX_FAULT_STATUS, 200 },
    { 1, CMG_SANDBOX_FAULT_STATUS, 600 },
};

START_TEST(a_fault_that_makes_no_sense_is_refused)
{
    ck_assert_int_eq(cmg_sandbox_inject(l.sandbox, NULL, NULL, bad_faults[_i].nth,
                                        (cmg_sandbox_fault)bad_faults[_i].fault,
                                        bad_faults[_i].status, NULL),
                     CMG_E_INVAL);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("inject");
    TCase *live = tcase_create("live");

    tcase_add_checked_fixture(live, setup, teardown);
    tcase_set_timeout(live, 60);
    tcase_add_test(live, the_nth_match_gets_the_status_and_does_nothing);
    tcase_add_loop_test(live, a_cut_connection_tells_nothing_about_the_work, 0,
                        CMG__ARRAY_LEN(cuts));
    tcase_add_loop_test(live, a_fault_without_effect_is_not_counted_as_met, 0,
                        CMG__ARRAY_LEN(meetings));
    tcase_add_test(live, sixty_four_faults_can_wait);
    tcase_add_loop_test(live, a_fault_that_makes_no_sense_is_refused, 0,
                        CMG__ARRAY_LEN(bad_faults));
    suite_add_tcase(s, live);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
