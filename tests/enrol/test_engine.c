/*
 * The engine with the plainest of methods: its states, its patience, what it keeps and
 * finds again, how it ends.
 */
#include "plain.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define RUN(script)                                                                      \
    struct desk d;                                                                       \
    desk_init(&d, script);                                                               \
    plain_use(&d)

#define ISSUED DESK_ANSWER("POST /submit", 0, 200, NULL, "issued")

START_TEST(certificate_is_issued_with_its_chain_in_order)
{
    struct desk_rule rules[] = { ISSUED, { 0 } };
    RUN(rules);

    desk_start(&d);
    desk_drive(&d);
    ck_assert_str_eq(d.states, "SUBMITTING ISSUED ");
    ck_assert_uint_eq(d.closed, 1);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    cmg_certificate *cert = cmg_enrolment_get_certificate(d.e);
    ck_assert_ptr_nonnull(cert);
    ck_assert_str_eq(cmg_certificate_common_name(cert), "granitefalls.contoso.com");
    ck_assert(!cmg_certificate_has_key(cert));
    cmg_bytes *pem = NULL;
    ck_assert_int_eq(cmg_certificate_export_pem(cert, &pem, NULL), CMG_OK);
    ck_assert_ptr_nonnull(strstr((const char *)cmg_bytes_data(pem) + 30, "BEGIN CERT"));
    cmg_bytes_unref(pem);
    ck_assert_str_eq(cmg_enrolment_request_id(d.e), "7");
    ck_assert_str_eq(cmg_enrolment_message(d.e), "so be it");
    desk_done(&d);
}
END_TEST

START_TEST(pending_request_is_asked_for_until_it_is_decided)
{
    struct desk_rule rules[] = { DESK_ANSWER("POST /submit", 0, 200, NULL, "pending"),
                                 DESK_ANSWER("GET /poll", 3, 200, NULL, "pending"),
                                 DESK_ANSWER("GET /poll", 0, 200, NULL, "issued"),
                                 { 0 } };
    RUN(rules);
    int64_t began = d.env.now_ns;

    desk_start(&d);
    desk_drive(&d);
    ck_assert_str_eq(d.states, "SUBMITTING PENDING ISSUED ");
    ck_assert_uint_eq(desk_count(&d, "GET"), 4);
    ck_assert_int_ge(d.env.now_ns - began, INT64_C(240000) * 1000000);
    desk_done(&d);
}
END_TEST

START_TEST(challenges_are_shown_and_taken_away)
{
    struct desk_rule rules[] = { DESK_ANSWER("POST /submit", 0, 200, NULL, "prove"),
                                 DESK_ANSWER("GET /poll", 0, 200, NULL, "issued"),
                                 { 0 } };
    RUN(rules);

    desk_start(&d);
    desk_drive(&d);
    ck_assert_str_eq(d.states, "SUBMITTING CHALLENGE PENDING ISSUED ");
    ck_assert_str_eq(d.challenges, "+ dns-01 a.test _acme.a.test=x\n"
                                   "+ dns-01 b.test _acme.b.test=y\n"
                                   "- dns-01 a.test _acme.a.test=x\n");
    desk_done(&d);
}
END_TEST

START_TEST(slow_host_is_waited_for)
{
    struct desk_rule rules[] = { DESK_ANSWER("POST /submit", 0, 200, NULL, "prove"),
                                 DESK_ANSWER("GET /poll", 0, 200, NULL, "issued"),
                                 { 0 } };
    RUN(rules);

    d.slow_challenges = true;
    ck_assert_int_eq(cmg_enrolment_challenge_done(d.e, NULL), CMG_E_STATE);
    desk_start(&d);
    desk_drive(&d);
    desk_turns(&d, 20);
    ck_assert_str_eq(d.states, "SUBMITTING CHALLENGE ");
    ck_assert_int_eq(cmg_enrolment_challenge_done(d.e, NULL), CMG_OK);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    desk_done(&d);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("engine");
    TCase *states = tcase_create("states");

    tcase_add_test(states, certificate_is_issued_with_its_chain_in_order);
    tcase_add_test(states, pending_request_is_asked_for_until_it_is_decided);
    tcase_add_test(states, challenges_are_shown_and_taken_away);
    tcase_add_test(states, slow_host_is_waited_for);
    suite_add_tcase(s, states);
    return s;
}

int main(void)
{
    Suite *suites[] = { suite(), NULL };

    return support_run(suites);
}
