/*
 * The server connection: life of requests and answers, refusals, back-pressure both ways,
 * time limits by a fake clock, endings inside every callback.
 */
#include "net/http1_server.h"
#include "net/pair.h"
#include "support/support.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MIB ((size_t)1024 * 1024)

enum action { NOTHING, ABORT, FREE, SET_CLOSE };

/* The owner of a connection: writes down what it is told. */
static struct app {
    struct cmg__http1_conn *conn;
    char log[512];
    struct cmg__buf body;
    bool answer_at_end;  /* 200 with the method, path and body length */
    bool answer_at_head; /* the same without waiting */
    size_t take_most;    /* of each delivery; SIZE_MAX: all */
    size_t produce_left; /* answer bytes still to write */
    size_t produced;
    enum action action;
    char action_at; /* letter of the callback */
    cmg_status why;
    bool closed;
} app;

static void note(const char *what)
{
    size_t n = strlen(app.log);
    snprintf(app.log + n, sizeof app.log - n, "%s", what);
}

static void act(char where)
{
    if (app.action_at != where)
        return;
    if (app.action == ABORT)
        cmg__http1_conn_abort(app.conn);
    if (app.action == FREE) {
        cmg__http1_conn_free(app.conn);
        app.closed = true;
    }
    if (app.action == SET_CLOSE)
        cmg__http1_conn_set_close(app.conn);
}

static void produce(void)
{
    static char block[20000];
    bool full = false;
    while (app.produce_left > 0 && !full) {
        size_t n = app.produce_left < sizeof block ? app.produce_left : sizeof block;
        pair_fill_pattern(block, app.produced, n, 1);
        ck_assert_int_eq(cmg__http1_conn_write(app.conn, block, n, &full), CMG_OK);
        app.produce_left -= n;
        app.produced += n;
    }
    if (app.produce_left == 0)
        ck_assert_int_eq(cmg__http1_conn_end(app.conn), CMG_OK);
}

static void on_request(struct cmg__http1_conn *conn, const struct cmg__http1_head *head,
                       void *user)
{
    char line[100];
    ck_assert_ptr_eq(user, &app);
    snprintf(line, sizeof line, "R(%s %s)", head->method, cmg__buf_cstr(&head->target));
    note(line);
    cmg__buf_clear(&app.body);
    if (app.answer_at_head)
        ck_assert_int_eq(cmg__http1_conn_reply(conn, 200, NULL, "early", 5), CMG_OK);
    act('R');
}

static size_t on_body(struct cmg__http1_conn *conn, const char *data, size_t n,
                      void *user)
{
    (void)conn;
    (void)user;
    size_t took = n < app.take_most ? n : app.take_most;
    ck_assert_int_eq(cmg__buf_add(&app.body, data, took), CMG_OK);
    act('B');
    return took;
}

static void on_end(struct cmg__http1_conn *conn, void *user)
{
    (void)user;
    char text[40];
    note("E");
    if (app.answer_at_end) {
        int n = snprintf(text, sizeof text, "got %zu", app.body.len);
        ck_assert_int_eq(cmg__http1_conn_reply(conn, 200, NULL, text, (size_t)n), CMG_OK);
    }
    act('E');
}

static void on_writable(struct cmg__http1_conn *conn, void *user)
{
    (void)conn;
    (void)user;
    act('W');
    if (!app.closed && app.action_at != 'W')
        produce();
}

static void on_done(struct cmg__http1_conn *conn, void *user)
{
    (void)conn;
    (void)user;
    note("D");
    act('D');
}

static void on_close(struct cmg__http1_conn *conn, const cmg_error *why, void *user)
{
    (void)user;
    note("C");
    ck_assert(!app.closed);
    app.why = cmg_error_code(why);
    app.closed = true;
    /* Dead, but not yet gone: calls are refused and harmless. */
    ck_assert_int_eq(cmg__http1_conn_end(conn), CMG_E_STATE);
    ck_assert_int_eq(cmg__http1_conn_write(conn, "x", 1, NULL), CMG_E_STATE);
    cmg__http1_conn_abort(conn);
}

static const struct cmg__http1_server_events events = {
    .on_request = on_request,
    .on_body = on_body,
    .on_end = on_end,
    .on_writable = on_writable,
    .on_done = on_done,
    .on_close = on_close,
};

static void start(const struct cmg__http1_server_limits *limits)
{
    cmg_error *err = NULL;
    ck_ok(cmg__http1_conn_new(pair_half(), limits, &events, &app, &app.conn, &err), err);
    ck_assert_ptr_eq(cmg__http1_conn_user(app.conn), &app);
    ck_assert_ptr_nonnull(cmg__http1_conn_stream(app.conn));
}

static void setup(void)
{
    pair_setup();
    memset(&app, 0, sizeof app);
    app.answer_at_end = true;
    app.take_most = SIZE_MAX;
    cmg__buf_init(&app.body, &cmg__alloc_libc, 64 * MIB);
}

static void teardown(void)
{
    if (app.conn != NULL && !app.closed)
        cmg__http1_conn_free(app.conn);
    app.conn = NULL;
    cmg__buf_done(&app.body);
    pair_teardown();
}

static bool is_closed(void *user)
{
    (void)user;
    (void)pair_received();
    return app.closed;
}

static bool has_text(void *user)
{
    return strstr(cmg__buf_cstr(pair_received()), user) != NULL;
}

static void expect_text(const char *text)
{
    char copy[100];
    snprintf(copy, sizeof copy, "%s", text);
    ck_assert_msg(pair_spin(has_text, copy), "no <%s> in <%s>", text,
                  cmg__buf_cstr(pair_received()));
}

static void expect_close(cmg_status why)
{
    ck_assert(pair_spin(is_closed, NULL));
    ck_assert_int_eq(app.why, why);
}

static size_t count_of(const char *text)
{
    size_t n = 0;
    for (const char *at = strstr(cmg__buf_cstr(pair_received()), text); at != NULL;
         at = strstr(at + 1, text))
        n++;
    return n;
}

/* ---- requests and answers ---- */

START_TEST(one_connection_serves_one_request_after_the_other)
{
    start(NULL);
    pair_send_str("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_text("got 0");
    pair_send_str("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    expect_text("got 5");
    pair_send_str("POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "4\r\nabcd\r\n2;x\r\nef\r\n0\r\n\r\n");
    expect_text("got 6");
    ck_assert_str_eq(app.log, "R(GET /1)EDR(POST /2)EDR(POST /3)ED");
    ck_assert_uint_eq(count_of("HTTP/1.1 200 OK\r\n"), 3);
    ck_assert_uint_eq(count_of("Connection: close"), 0);
    pair_far_close();
    expect_close(CMG_OK);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
    start(NULL);
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
    expect_close(CMG_OK);
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
    start(NULL);
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
    start(NULL);
    pair_send_str("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                  "Content-Length: 4\r\n\r\n");
    pair_turns(10);
    ck_assert_uint_eq(pair_received()->len, 0);
    cmg__http1_conn_continue(app.conn);
    cmg__http1_conn_continue(app.conn);
    expect_text("HTTP/1.1 100 Continue\r\n\r\n");
    pair_send_str("body");
    expect_text("got 4");
    ck_assert_uint_eq(count_of("100 Continue"), 1);
    ck_assert_uint_eq(count_of("Connection: close"), 0);
}
END_TEST

START_TEST(a_final_answer_instead_of_continue_closes)
{
    start(NULL);
    app.answer_at_head = true;
    pair_send_str("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                  "Content-Length: 4\r\n\r\n");
    expect_text("early");
    ck_assert_uint_eq(count_of("Connection: close"), 1);
    pair_far_close();
    expect_close(CMG_OK);
    ck_assert_str_eq(app.log, "R(POST /)DC");
}
END_TEST

START_TEST(a_short_rest_of_the_body_is_read_past)
{
    static char block[60000];
    start(NULL);
    app.answer_at_head = true;
    pair_send_str("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
    expect_text("early");
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
    start(NULL);
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
    expect_text("early");
    pair_turns(20);
    ck_assert(pair_at_eof());
    pair_far_close();
    expect_close(CMG_OK);
    ck_assert_str_eq(app.log, "R(POST /1)DC");
}
END_TEST

START_TEST(an_answer_shorter_than_announced_is_cut)
{
    start(NULL);
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
    expect_close(CMG_OK);
    ck_assert_uint_eq(count_of("DC"), 0);
}
END_TEST

START_TEST(answers_out_of_turn_are_refused)
{
    start(NULL);
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
    expect_text("\r\n\r\nx");
}
END_TEST

START_TEST(the_last_allowed_request_closes)
{
    struct cmg__http1_server_limits limits = cmg__http1_server_default_limits;
    limits.max_requests = 2;
    start(&limits);
    pair_send_str("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_text("got 0");
    ck_assert_uint_eq(count_of("Connection: close"), 0);
    pair_send_str("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_close(CMG_OK);
    ck_assert_uint_eq(count_of("Connection: close"), 1);
}
END_TEST

START_TEST(closing_ends_an_idle_connection_and_spares_one_at_work)
{
    start(NULL);
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
    expect_close(CMG_OK);
    ck_assert(pair_at_eof());
}
END_TEST

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
    start(NULL);
    pair_send_str(refusals[_i].input);
    expect_text(refusals[_i].answer);
    ck_assert_uint_eq(count_of("Connection: close\r\n"), 1);
    ck_assert_uint_eq(count_of("script"), 0);
    pair_send_str("GET /after HTTP/1.1\r\nHost: a\r\n\r\n");
    pair_turns(20);
    ck_assert_ptr_null(strstr(app.log, "after"));
    ck_assert(pair_at_eof());
    pair_far_close();
    expect_close(CMG_E_PROTO);
    ck_assert_ptr_null(strstr(app.log, "E"));
}
END_TEST

START_TEST(long_targets_and_sections_have_their_own_status)
{
    static char junk[40000];
    memset(junk, 'a', sizeof junk);
    start(NULL);
    pair_send_str(_i == 0 ? "GET /" : "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    pair_send(junk, sizeof junk);
    expect_text(_i == 0 ? "HTTP/1.1 414 " : "HTTP/1.1 431 ");
    pair_far_close();
    expect_close(CMG_E_PROTO);
}
END_TEST

START_TEST(a_malformed_body_after_the_answer_began_cuts_it)
{
    start(NULL);
    pair_send_str("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    pair_turns(5);
    ck_assert_int_eq(
        cmg__http1_conn_respond(app.conn, 200, NULL, NULL, CMG__HTTP1_CHUNKED, 0),
        CMG_OK);
    pair_turns(5);
    pair_send_str("nonsense\r\n");
    expect_close(CMG_E_PROTO);
    ck_assert_uint_eq(count_of("HTTP/1.1 "), 1);
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
    static char block[MIB];
    size_t total = 4 * MIB;
    start(NULL);
    pair_send_str("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4194304\r\n\r\n");
    for (size_t at = 0; at < total; at += sizeof block) {
        pair_fill_pattern(block, at, sizeof block, 7);
        pair_send(block, sizeof block);
    }
    ck_assert(pair_spin(body_is_whole, &total));
    for (size_t i = 0; i < total; i++)
        if (app.body.data[i] != pair_pattern(i, 7))
            ck_abort_msg("byte %zu differs", i);
    expect_text("got 4194304");
}
END_TEST

START_TEST(a_paused_owner_holds_the_client_back)
{
    static char block[4096];
    size_t total = 200000;
    size_t sent = 0;
    start(NULL);
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
    expect_text("got 200000");
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
    size_t total = 5 * MIB;
    start(NULL);
    app.answer_at_end = false;
    pair_send_str("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    pair_turns(5);
    ck_assert_int_eq(
        cmg__http1_conn_respond(app.conn, 200, NULL, NULL, CMG__HTTP1_LENGTH, total),
        CMG_OK);
    app.produce_left = total;
    produce();
    pair_turns(200);
    /* What the socket takes, the queue, one block: far from all. */
    ck_assert_uint_gt(app.produce_left, 3 * MIB);
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

/* ---- time ---- */

START_TEST(a_silent_client_is_dropped)
{
    start(NULL);
    pair_turns(3);
    pair_advance_ms(19000);
    pair_turns(3);
    ck_assert(!app.closed);
    pair_advance_ms(1001);
    expect_close(CMG_E_TIMEOUT);
    ck_assert_uint_eq(pair_received()->len, 0);
}
END_TEST

START_TEST(an_idle_connection_is_kept_for_its_time)
{
    start(NULL);
    pair_send_str("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_text("got 0");
    pair_advance_ms(74000);
    pair_turns(3);
    ck_assert(!app.closed);
    pair_advance_ms(1001);
    expect_close(CMG_E_TIMEOUT);
}
END_TEST

START_TEST(dripping_a_head_does_not_extend_its_time)
{
    static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\nX: 1234567890";
    start(NULL);
    for (size_t i = 0; i < sizeof head - 1 && !app.closed; i++) {
        pair_send(head + i, 1);
        pair_advance_ms(500);
        pair_turns(2);
        if (strstr(cmg__buf_cstr(pair_received()), "408") != NULL)
            break;
        ck_assert_uint_lt(i, 24);
    }
    expect_text("HTTP/1.1 408 ");
    pair_advance_ms(3000);
    expect_close(CMG_E_TIMEOUT);
}
END_TEST

START_TEST(a_body_must_make_progress)
{
    start(NULL);
    pair_send_str("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
    for (int i = 0; i < 3; i++) {
        pair_turns(3);
        pair_advance_ms(50000);
        pair_send_str("x");
        pair_turns(3);
        ck_assert(!app.closed);
    }
    pair_advance_ms(60001);
    expect_text("HTTP/1.1 408 ");
    pair_far_close();
    expect_close(CMG_E_TIMEOUT);
}
END_TEST

START_TEST(a_paused_body_costs_the_client_no_time)
{
    start(NULL);
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
    expect_text("got 2");
}
END_TEST

START_TEST(a_client_that_takes_no_bytes_is_dropped)
{
    start(NULL);
    app.answer_at_end = false;
    pair_send_str("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    pair_turns(5);
    ck_assert_int_eq(
        cmg__http1_conn_respond(app.conn, 200, NULL, NULL, CMG__HTTP1_CHUNKED, 0),
        CMG_OK);
    app.produce_left = 8 * MIB;
    produce();
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

/* ---- endings ---- */

START_TEST(a_client_that_leaves_is_noticed)
{
    static const char *const inputs[] = {
        "GET / HTTP/1.1\r\nHo",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", /* while the answer is awaited */
    };
    start(NULL);
    app.answer_at_end = false;
    pair_send_str(inputs[_i]);
    pair_turns(5);
    pair_far_close();
    expect_close(CMG_E_IO);
}
END_TEST

static const struct {
    char where;
    enum action action;
} endings[] = {
    { 'R', ABORT },     { 'B', ABORT },     { 'E', ABORT },     { 'W', ABORT },
    { 'D', ABORT },     { 'R', FREE },      { 'B', FREE },      { 'E', FREE },
    { 'W', FREE },      { 'D', FREE },      { 'R', SET_CLOSE }, { 'B', SET_CLOSE },
    { 'E', SET_CLOSE }, { 'D', SET_CLOSE },
};

START_TEST(the_owner_may_end_it_inside_any_callback)
{
    start(NULL);
    app.action_at = endings[_i].where;
    app.action = endings[_i].action;
    if (app.action_at == 'W') {
        app.answer_at_end = false;
        pair_send_str("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        pair_turns(5);
        ck_assert_int_eq(
            cmg__http1_conn_respond(app.conn, 200, NULL, NULL, CMG__HTTP1_CHUNKED, 0),
            CMG_OK);
        app.produce_left = MIB;
        produce();
    } else {
        pair_send_str("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy");
    }
    ck_assert(pair_spin(is_closed, NULL));
    pair_turns(5);
    ck_assert_int_eq(strchr(app.log, 'C') == NULL, app.action == FREE);
    ck_assert_int_eq(app.why, CMG_OK);
}
END_TEST

START_TEST(abort_from_outside_is_reported_by_the_loop)
{
    start(NULL);
    pair_turns(2);
    cmg__http1_conn_abort(app.conn);
    cmg__http1_conn_abort(app.conn);
    ck_assert(!app.closed);
    expect_close(CMG_OK);
    ck_assert_str_eq(app.log, "C");
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
    cmg__buf_init(&app.body, &cmg__alloc_libc, 64 * MIB);
    struct cmg__stream *stream = pair_half();
    rc = CMG_E_NOMEM;
    if (stream != NULL)
        rc = cmg__http1_conn_new(stream, NULL, &events, &app, &app.conn, NULL);
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

static TCase *themed(Suite *s, const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 30);
    suite_add_tcase(s, tc);
    return tc;
}

static Suite *suite(void)
{
    Suite *s = suite_create("http1_server");
    TCase *tc = themed(s, "answers");
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
    tc = themed(s, "refusals");
    tcase_add_loop_test(tc, malformed_requests_get_their_status_and_the_end, 0,
                        (int)CMG__ARRAY_LEN(refusals));
    tcase_add_loop_test(tc, long_targets_and_sections_have_their_own_status, 0, 2);
    tcase_add_test(tc, a_malformed_body_after_the_answer_began_cuts_it);
    tc = themed(s, "back-pressure");
    tcase_add_test(tc, a_large_body_arrives_unharmed);
    tcase_add_test(tc, a_paused_owner_holds_the_client_back);
    tcase_add_test(tc, a_slow_reader_holds_the_owner_back);
    tc = themed(s, "time");
    tcase_add_test(tc, a_silent_client_is_dropped);
    tcase_add_test(tc, an_idle_connection_is_kept_for_its_time);
    tcase_add_test(tc, dripping_a_head_does_not_extend_its_time);
    tcase_add_test(tc, a_body_must_make_progress);
    tcase_add_test(tc, a_paused_body_costs_the_client_no_time);
    tcase_add_test(tc, a_client_that_takes_no_bytes_is_dropped);
    tc = themed(s, "endings");
    tcase_add_loop_test(tc, a_client_that_leaves_is_noticed, 0, 3);
    tcase_add_loop_test(tc, the_owner_may_end_it_inside_any_callback, 0,
                        (int)CMG__ARRAY_LEN(endings));
    tcase_add_test(tc, abort_from_outside_is_reported_by_the_loop);
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
