/*
 * The server connection: life of requests and answers, back-pressure both ways, endings
 * inside every callback.
 */
#include "net/h1_app.h"

#include <string.h>

/* ---- requests and answers ---- */

START_TEST(one_connection_serves_one_request_after_the_other)
{
    app_start(NULL);
    pair_send_str("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    app_expect_text("got 0");
    pair_send_str("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    app_expect_text("got 5");
    pair_send_str("POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "4\r\nabcd\r\n2;x\r\nef\r\n0\r\n\r\n");
    app_expect_text("got 6");
    ck_assert_str_eq(app.log, "R(GET /1)EDR(POST /2)EDR(POST /3)ED");
    ck_assert_uint_eq(app_count_of("HTTP/1.1 200 OK\r\n"), 3);
    ck_assert_uint_eq(app_count_of("Connection: close"), 0);
    pair_far_close();
    app_expect_close(CMG_OK);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
    app_start(NULL);
    app.answer_at_end = false;
    pair_send_str("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
                  "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    pair_turns(10);
    ck_assert_str_eq(app.log, "R(GET /1)E");
    ck_assert_int_eq(cmg__http1_conn_reply(app.conn, 200, NULL, "one", 3), CMG_OK);
    ck_assert_int_eq(cmg__http1_conn_reply(app.conn, 200, NULL, "again", 5), CMG_E_STATE);
    pair_turns(10);
    ck_assert_str_eq(app.log, "R(GET /1)EDR(GET /2)E");
    ck_assert_int_eq(cmg__http1_conn_reply(app.conn, 404, NULL, NULL, 0), CMG_OK);
    pair_turns(10);
    ck_assert_str_eq(app.log, "R(GET /1)EDR(GET /2)EDR(GET /3)E");
    ck_assert_int_eq(cmg__http1_conn_reply(app.conn, 204, NULL, NULL, 0), CMG_OK);
    app_expect_close(CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(pair_received()),
                     "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none"
                     "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
                     "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}
END_TEST

static const struct {
    const char *request;
    int status;
    enum cmg__http1_framing framing;
    const char *answer;
} answers[] = {
    { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200, CMG__HTTP1_CHUNKED,
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n" },
    { "GET / HTTP/1.0\r\n\r\n", 200, CMG__HTTP1_CHUNKED,
      "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody" },
    { "GET / HTTP/1.0\r\n\r\n", 200, CMG__HTTP1_LENGTH,
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody" },
    { "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", 200, CMG__HTTP1_LENGTH,
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" },
    { "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", 200, CMG__HTTP1_CHUNKED,
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" },
    { "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", 404, CMG__HTTP1_NO_BODY,
      "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n" },
    { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 304, CMG__HTTP1_LENGTH,
      "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n" },
};

START_TEST(answers_are_framed_for_the_client_that_asked)
{
    app_start(NULL);
    app.answer_at_end = false;
    pair_send_str(answers[_i].request);
    pair_turns(5);
    ck_assert_int_eq(cmg__http1_conn_respond(app.conn, answers[_i].status, NULL, NULL,
                                             answers[_i].framing, 4),
                     CMG_OK);
    if (answers[_i].framing != CMG__HTTP1_NO_BODY)
        ck_assert_int_eq(cmg__http1_conn_write(app.conn, "body", 4, NULL), CMG_OK);
    ck_assert_int_eq(cmg__http1_conn_end(app.conn), CMG_OK);
    pair_turns(10);
    ck_assert_str_eq(cmg__buf_cstr(pair_received()), answers[_i].answer);
    ck_assert_int_eq(pair_at_eof(), strstr(answers[_i].answer, "close") != NULL);
}
END_TEST

START_TEST(expectation_is_met_only_when_the_owner_says_so)
{
    app_start(NULL);
    pair_send_str("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                  "Content-Length: 4\r\n\r\n");
    pair_turns(10);
    ck_assert_uint_eq(pair_received()->len, 0);
    cmg__http1_conn_continue(app.conn);
    cmg__http1_conn_continue(app.conn);
    app_expect_text("HTTP/1.1 100 Continue\r\n\r\n");
    pair_send_str("body");
    app_expect_text("got 4");
    ck_assert_uint_eq(app_count_of("100 Continue"), 1);
    ck_assert_uint_eq(app_count_of("Connection: close"), 0);
}
END_TEST

START_TEST(a_final_answer_instead_of_continue_closes)
{
    app_start(NULL);
    app.answer_at_head = true;
    pair_send_str("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                  "Content-Length: 4\r\n\r\n");
    app_expect_text("early");
    ck_assert_uint_eq(app_count_of("Connection: close"), 1);
    pair_far_close();
    app_expect_close(CMG_OK);
    ck_assert_str_eq(app.log, "R(POST /)DC");
}
END_TEST

START_TEST(a_short_rest_of_the_body_is_read_past)
{
    static char block[60000];
    app_start(NULL);
    app.answer_at_head = true;
    pair_send_str("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
    app_expect_text("early");
    ck_assert_str_eq(app.log, "R(POST /1)");
    pair_send(block, sizeof block);
    pair_send_str("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    pair_turns(20);
    ck_assert_str_eq(app.log, "R(POST /1)DR(GET /2)D");
    ck_assert_uint_eq(app.body.len, 0);
}
END_TEST

START_TEST(a_long_rest_of_the_body_closes)
{
    app_start(NULL);
    app.answer_at_head = true;
    if (_i == 0) {
        pair_send_str("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n");
    } else {
        static const char zeros[40000];
        pair_send_str("POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "20000\r\n");
        pair_send(zeros, sizeof zeros);
        pair_send(zeros, sizeof zeros);
    }
    app_expect_text("early");
    pair_turns(20);
    ck_assert(pair_at_eof());
    pair_far_close();
    app_expect_close(CMG_OK);
    ck_assert_str_eq(app.log, "R(POST /1)DC");
}
END_TEST

START_TEST(an_answer_shorter_than_announced_is_cut)
{
    app_start(NULL);
    app.answer_at_end = false;
    pair_send_str("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    pair_turns(5);
    ck_assert_int_eq(
        cmg__http1_conn_respond(app.conn, 200, NULL, NULL, CMG__HTTP1_LENGTH, 10),
        CMG_OK);
    ck_assert_int_eq(cmg__http1_conn_write(app.conn, "12345678901", 11, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg__http1_conn_write(app.conn, "123", 3, NULL), CMG_OK);
    ck_assert_int_eq(cmg__http1_conn_end(app.conn), CMG_E_STATE);
    app_expect_close(CMG_OK);
    ck_assert_uint_eq(app_count_of("DC"), 0);
}
END_TEST

START_TEST(answers_out_of_turn_are_refused)
{
    app_start(NULL);
    pair_turns(5);
    ck_assert_int_eq(cmg__http1_conn_reply(app.conn, 200, NULL, "x", 1), CMG_E_STATE);
    app.answer_at_end = false;
    pair_send_str("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    pair_turns(5);
    ck_assert_int_eq(cmg__http1_conn_write(app.conn, "x", 1, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg__http1_conn_end(app.conn), CMG_E_STATE);
    ck_assert_int_eq(
        cmg__http1_conn_respond(app.conn, 100, NULL, NULL, CMG__HTTP1_NO_BODY, 0),
        CMG_E_INVAL);
    ck_assert_int_eq(
        cmg__http1_conn_respond(app.conn, 200, "a\r\nb", NULL, CMG__HTTP1_NO_BODY, 0),
        CMG_E_INVAL);
    ck_assert_int_eq(cmg__http1_conn_reply(app.conn, 200, NULL, "x", 1), CMG_OK);
    app_expect_text("\r\n\r\nx");
}
END_TEST

START_TEST(the_last_allowed_request_closes)
{
    struct cmg__http1_server_limits limits = cmg__http1_server_default_limits;
    limits.max_requests = 2;
    app_start(&limits);
    pair_send_str("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    app_expect_text("got 0");
    ck_assert_uint_eq(app_count_of("Connection: close"), 0);
    pair_send_str("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    app_expect_close(CMG_OK);
    ck_assert_uint_eq(app_count_of("Connection: close"), 1);
}
END_TEST

START_TEST(closing_ends_an_idle_connection_and_spares_one_at_work)
{
    app_start(NULL);
    app.answer_at_end = false;
    pair_send_str("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    pair_turns(5);
    if (_i == 0)
        cmg__http1_conn_set_close(app.conn);
    pair_turns(5);
    ck_assert(!app.closed);
    ck_assert_int_eq(cmg__http1_conn_reply(app.conn, 200, NULL, "x", 1), CMG_OK);
    if (_i == 1) {
        pair_turns(5);
        ck_assert(!app.closed);
        cmg__http1_conn_set_close(app.conn);
    }
    app_expect_close(CMG_OK);
    ck_assert(pair_at_eof());
}
END_TEST

/* ---- back-pressure ---- */

static bool body_is_whole(void *user)
{
    (void)pair_received();
    return app.body.len == *(const size_t *)user;
}

START_TEST(a_large_body_arrives_unharmed)
{
    static char block[APP_MIB];
    size_t total = 4 * APP_MIB;
    app_start(NULL);
    pair_send_str("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4194304\r\n\r\n");
    for (size_t at = 0; at < total; at += sizeof block) {
        pair_fill_pattern(block, at, sizeof block, 7);
        pair_send(block, sizeof block);
    }
    ck_assert(pair_spin(body_is_whole, &total));
    for (size_t i = 0; i < total; i++)
        if (app.body.data[i] != pair_pattern(i, 7))
            ck_abort_msg("byte %zu differs", i);
    app_expect_text("got 4194304");
}
END_TEST

START_TEST(a_paused_owner_holds_the_client_back)
{
    static char block[4096];
    size_t total = 200000;
    size_t sent = 0;
    app_start(NULL);
    app.take_most = 1000;
    pair_send_str("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");
    while (sent < total) {
        size_t n = total - sent < sizeof block ? total - sent : sizeof block;
        pair_fill_pattern(block, sent, n, 3);
        pair_send(block, n);
        sent += n;
        pair_turns(2);
        /* Nothing is taken beyond the one delivery until it is resumed. */
        ck_assert_uint_le(app.body.len, 1000);
        if (sent >= 100000)
            break;
    }
    for (int i = 0; i < 3; i++) {
        size_t before = app.body.len;
        cmg__http1_conn_resume(app.conn);
        pair_turns(3);
        ck_assert_uint_gt(app.body.len, before);
        ck_assert_uint_le(app.body.len, before + 1000);
    }
    app.take_most = SIZE_MAX;
    cmg__http1_conn_resume(app.conn);
    while (sent < total) {
        size_t n = total - sent < sizeof block ? total - sent : sizeof block;
        pair_fill_pattern(block, sent, n, 3);
        pair_send(block, n);
        sent += n;
    }
    app_expect_text("got 200000");
    for (size_t i = 0; i < total; i++)
        ck_assert_int_eq(app.body.data[i], pair_pattern(i, 3));
}
END_TEST

static bool answer_is_whole(void *user)
{
    (void)user;
    (void)pair_received();
    return strstr(app.log, "D") != NULL;
}

START_TEST(a_slow_reader_holds_the_owner_back)
{
    size_t total = 5 * APP_MIB;
    app_start(NULL);
    app.answer_at_end = false;
    pair_send_str("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    pair_turns(5);
    ck_assert_int_eq(
        cmg__http1_conn_respond(app.conn, 200, NULL, NULL, CMG__HTTP1_LENGTH, total),
        CMG_OK);
    app.produce_left = total;
    app_produce();
    pair_turns(200);
    /* What the socket takes, the queue, one block: far from all. */
    ck_assert_uint_gt(app.produce_left, 3 * APP_MIB);
    ck_assert(pair_spin(answer_is_whole, NULL));
    const char *body = strstr(pair_received()->data, "\r\n\r\n") + 4;
    (void)pair_received();
    size_t head = (size_t)(body - pair_received()->data);
    ck_assert_uint_eq(pair_received()->len, head + total);
    for (size_t i = 0; i < total; i++)
        if (pair_received()->data[head + i] != pair_pattern(i, 1))
            ck_abort_msg("byte %zu differs", i);
}
END_TEST

/* ---- endings ---- */

START_TEST(a_client_that_leaves_is_noticed)
{
    static const char *const inputs[] = {
        "GET / HTTP/1.1\r\nHo",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", /* while the answer is awaited */
    };
    app_start(NULL);
    app.answer_at_end = false;
    pair_send_str(inputs[_i]);
    pair_turns(5);
    pair_far_close();
    app_expect_close(CMG_E_IO);
}
END_TEST

static const struct {
    char where;
    enum app_action action;
} endings[] = {
    { 'R', APP_ABORT },     { 'B', APP_ABORT },     { 'E', APP_ABORT },
    { 'W', APP_ABORT },     { 'D', APP_ABORT },     { 'R', APP_FREE },
    { 'B', APP_FREE },      { 'E', APP_FREE },      { 'W', APP_FREE },
    { 'D', APP_FREE },      { 'R', APP_SET_CLOSE }, { 'B', APP_SET_CLOSE },
    { 'E', APP_SET_CLOSE }, { 'D', APP_SET_CLOSE },
};

START_TEST(the_owner_may_end_it_inside_any_callback)
{
    app_start(NULL);
    app.action_at = endings[_i].where;
    app.action = endings[_i].action;
    if (app.action_at == 'W') {
        app.answer_at_end = false;
        pair_send_str("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        pair_turns(5);
        ck_assert_int_eq(
            cmg__http1_conn_respond(app.conn, 200, NULL, NULL, CMG__HTTP1_CHUNKED, 0),
            CMG_OK);
        app.produce_left = APP_MIB;
        app_produce();
    } else {
        pair_send_str("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy");
    }
    ck_assert(pair_spin(app_is_closed, NULL));
    pair_turns(5);
    ck_assert_int_eq(strchr(app.log, 'C') == NULL, app.action == APP_FREE);
    ck_assert_int_eq(app.why, CMG_OK);
}
END_TEST

START_TEST(abort_from_outside_is_reported_by_the_loop)
{
    app_start(NULL);
    pair_turns(2);
    cmg__http1_conn_abort(app.conn);
    cmg__http1_conn_abort(app.conn);
    ck_assert(!app.closed);
    app_expect_close(CMG_OK);
    ck_assert_str_eq(app.log, "C");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("http1_server");
    TCase *tc = app_case(s, "answers");
    tcase_add_test(tc, one_connection_serves_one_request_after_the_other);
    tcase_add_test(tc, pipelined_requests_are_answered_in_order);
    tcase_add_loop_test(tc, answers_are_framed_for_the_client_that_asked, 0,
                        (int)CMG__ARRAY_LEN(answers));
    tcase_add_test(tc, expectation_is_met_only_when_the_owner_says_so);
    tcase_add_test(tc, a_final_answer_instead_of_continue_closes);
    tcase_add_test(tc, a_short_rest_of_the_body_is_read_past);
    tcase_add_loop_test(tc, a_long_rest_of_the_body_closes, 0, 2);
    tcase_add_test(tc, an_answer_shorter_than_announced_is_cut);
    tcase_add_test(tc, answers_out_of_turn_are_refused);
    tcase_add_test(tc, the_last_allowed_request_closes);
    tcase_add_loop_test(tc, closing_ends_an_idle_connection_and_spares_one_at_work, 0, 2);
    tc = app_case(s, "back-pressure");
    tcase_add_test(tc, a_large_body_arrives_unharmed);
    tcase_add_test(tc, a_paused_owner_holds_the_client_back);
    tcase_add_test(tc, a_slow_reader_holds_the_owner_back);
    tc = app_case(s, "endings");
    tcase_add_loop_test(tc, a_client_that_leaves_is_noticed, 0, 3);
    tcase_add_loop_test(tc, the_owner_may_end_it_inside_any_callback, 0,
                        (int)CMG__ARRAY_LEN(endings));
    tcase_add_test(tc, abort_from_outside_is_reported_by_the_loop);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
