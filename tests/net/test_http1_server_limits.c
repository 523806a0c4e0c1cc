/*
 * What a server connection does not put up with: refusals of malformed requests, time
 * limits by a fake clock, every allocation that may fail.
 */
#include "net/h1_app.h"

#include <string.h>

/* ---- refusals ---- */

static const struct {
    const char *input;
    const char *answer;
} refusals[] = {
    { "GET / HTTP/1.1\nHost: a\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n" },
    { "GET / HTTP/3.0\r\nHost: a\r\n\r\n",
      "HTTP/1.1 505 HTTP Version Not Supported\r\n" },
    { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 501 Not Implemented\r\n" },
    { "POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n",
      "HTTP/1.1 417 Expectation Failed\r\n" },
    { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
      "HTTP/1.1 400 Bad Request\r\n" },
    { "GET /<script> HTTP/1.1\r\nHost: \x01\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n" },
};

START_TEST(malformed_requests_get_their_status_and_the_end)
{
    app_start(NULL);
    pair_send_str(refusals[_i].input);
    app_expect_text(refusals[_i].answer);
    ck_assert_uint_eq(app_count_of("Connection: close\r\n"), 1);
    ck_assert_uint_eq(app_count_of("script"), 0);
    pair_send_str("GET /after HTTP/1.1\r\nHost: a\r\n\r\n");
    pair_turns(20);
    ck_assert_ptr_null(strstr(app.log, "after"));
    ck_assert(pair_at_eof());
    pair_far_close();
    app_expect_close(CMG_E_PROTO);
    ck_assert_ptr_null(strstr(app.log, "E"));
}
END_TEST

START_TEST(long_targets_and_sections_have_their_own_status)
{
    static char junk[40000];
    memset(junk, 'a', sizeof junk);
    app_start(NULL);
    pair_send_str(_i == 0 ? "GET /" : "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    pair_send(junk, sizeof junk);
    app_expect_text(_i == 0 ? "HTTP/1.1 414 " : "HTTP/1.1 431 ");
    pair_far_close();
    app_expect_close(CMG_E_PROTO);
}
END_TEST

START_TEST(a_malformed_body_after_the_answer_began_cuts_it)
{
    app_start(NULL);
    pair_send_str("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    pair_turns(5);
    ck_assert_int_eq(
        cmg__http1_conn_respond(app.conn, 200, NULL, NULL, CMG__HTTP1_CHUNKED, 0),
        CMG_OK);
    pair_turns(5);
    pair_send_str("nonsense\r\n");
    app_expect_close(CMG_E_PROTO);
    ck_assert_uint_eq(app_count_of("HTTP/1.1 "), 1);
}
END_TEST

/* ---- time ---- */

START_TEST(a_silent_client_is_dropped)
{
    app_start(NULL);
    pair_turns(3);
    pair_advance_ms(19000);
    pair_turns(3);
    ck_assert(!app.closed);
    pair_advance_ms(1001);
    app_expect_close(CMG_E_TIMEOUT);
    ck_assert_uint_eq(pair_received()->len, 0);
}
END_TEST

START_TEST(an_idle_connection_is_kept_for_its_time)
{
    app_start(NULL);
    pair_send_str("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    app_expect_text("got 0");
    pair_advance_ms(74000);
    pair_turns(3);
    ck_assert(!app.closed);
    pair_advance_ms(1001);
    app_expect_close(CMG_E_TIMEOUT);
}
END_TEST

START_TEST(dripping_a_head_does_not_extend_its_time)
{
    static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\nX: 1234567890";
    app_start(NULL);
    for (size_t i = 0; i < sizeof head - 1 && !app.closed; i++) {
        pair_send(head + i, 1);
        pair_advance_ms(500);
        pair_turns(2);
        if (strstr(cmg__buf_cstr(pair_received()), "408") != NULL)
            break;
        ck_assert_uint_lt(i, 24);
    }
    app_expect_text("HTTP/1.1 408 ");
    pair_advance_ms(3000);
    app_expect_close(CMG_E_TIMEOUT);
}
END_TEST

START_TEST(a_body_must_make_progress)
{
    app_start(NULL);
    pair_send_str("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
    for (int i = 0; i < 3; i++) {
        pair_turns(3);
        pair_advance_ms(50000);
        pair_send_str("x");
        pair_turns(3);
        ck_assert(!app.closed);
    }
    pair_advance_ms(60001);
    app_expect_text("HTTP/1.1 408 ");
    pair_far_close();
    app_expect_close(CMG_E_TIMEOUT);
}
END_TEST

START_TEST(a_paused_body_costs_the_client_no_time)
{
    app_start(NULL);
    app.take_most = 0;
    pair_send_str("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx");
    pair_turns(3);
    pair_advance_ms(600000);
    pair_turns(3);
    ck_assert(!app.closed);
    app.take_most = SIZE_MAX;
    cmg__http1_conn_resume(app.conn);
    pair_turns(3);
    pair_send_str("y");
    app_expect_text("got 2");
}
END_TEST

START_TEST(a_client_that_takes_no_bytes_is_dropped)
{
    app_start(NULL);
    app.answer_at_end = false;
    pair_send_str("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    pair_turns(5);
    ck_assert_int_eq(
        cmg__http1_conn_respond(app.conn, 200, NULL, NULL, CMG__HTTP1_CHUNKED, 0),
        CMG_OK);
    app.produce_left = 8 * APP_MIB;
    app_produce();
    pair_turns(50);
    pair_advance_ms(59000);
    pair_turns(5);
    ck_assert(!app.closed);
    pair_advance_ms(1001);
    pair_turns(5);
    ck_assert(app.closed);
    ck_assert_int_eq(app.why, CMG_E_TIMEOUT);
}
END_TEST

/* ---- memory ---- */

static cmg_status serve_one(struct support_alloc *a, void *user)
{
    (void)user;
    memset(&app, 0, sizeof app);
    cmg_status rc = pair_open(&a->alloc.table);
    if (rc != CMG_OK)
        return rc;
    app.take_most = SIZE_MAX;
    cmg__buf_init(&app.body, &cmg__alloc_libc, 64 * APP_MIB);
    struct cmg__stream *stream = pair_half();
    rc = CMG_E_NOMEM;
    if (stream != NULL)
        rc = cmg__http1_conn_new(stream, NULL, &app_events, &app, &app.conn, NULL);
    if (rc == CMG_OK) {
        pair_send_str(
            "PUT /a HTTP/1.1\r\nHost: a\r\nX-A: b\r\nContent-Length: 2\r\n\r\nxy");
        pair_turns(5);
        if (!app.closed)
            (void)cmg__http1_conn_reply(app.conn, 200, NULL, "x", 1);
        pair_turns(5);
        pair_far_close();
        pair_turns(5);
        ck_assert(app.closed || a->fail_at > 0);
        rc = strstr(app.log, "D") != NULL ? CMG_OK : CMG_E_NOMEM;
        if (!app.closed)
            cmg__http1_conn_free(app.conn);
    }
    cmg__buf_done(&app.body);
    pair_close();
    return rc;
}

START_TEST(running_out_of_memory_leaks_nothing)
{
    support_torture(serve_one, NULL, 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http1_server_limits");
    TCase *tc = app_case(s, "refusals");
    tcase_add_loop_test(tc, malformed_requests_get_their_status_and_the_end, 0,
                        (int)CMG__ARRAY_LEN(refusals));
    tcase_add_loop_test(tc, long_targets_and_sections_have_their_own_status, 0, 2);
    tcase_add_test(tc, a_malformed_body_after_the_answer_began_cuts_it);
    tc = app_case(s, "time");
    tcase_add_test(tc, a_silent_client_is_dropped);
    tcase_add_test(tc, an_idle_connection_is_kept_for_its_time);
    tcase_add_test(tc, dripping_a_head_does_not_extend_its_time);
    tcase_add_test(tc, a_body_must_make_progress);
    tcase_add_test(tc, a_paused_body_costs_the_client_no_time);
    tcase_add_test(tc, a_client_that_takes_no_bytes_is_dropped);
    TCase *memory = tcase_create("memory");
    tcase_set_timeout(memory, 30);
    tcase_add_test(memory, running_out_of_memory_leaks_nothing);
    suite_add_tcase(s, memory);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
