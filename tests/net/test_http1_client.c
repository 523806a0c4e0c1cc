/*
 * The upstream client against a real server connection and against a peer that plays a
 * script: keeping connections, streaming, stale connections, malformed answers, time.
 */
#include "net/http1_client.h"
#include "net/http1_server.h"
#include "net/pair.h"
#include "support/support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MIB   ((size_t)1024 * 1024)
#define LINES 8

/* ---- the upstream ---- */

static struct cmg__listener *listener;
static struct cmg__http1_pool *pool;
static unsigned accepted;

/* The scripted peer: what connection c answers to its request r; NULL closes. */
static const char *script[LINES][LINES];
static struct raw {
    int fd;
    struct cmg__buf in;
    size_t requests;
} raws[LINES];

/* The real one: answers with what it got. */
static struct served {
    struct cmg__http1_conn *conn;
    struct cmg__buf body;
    size_t sent;
} served[LINES];

static void on_raw_accept(void *user, int fd, const char *peer)
{
    (void)user;
    (void)peer;
    ck_assert_uint_lt(accepted, LINES);
    raws[accepted].fd = fd;
    cmg__buf_init(&raws[accepted].in, &cmg__alloc_libc, 16 * MIB);
    accepted++;
}

static void raw_close(struct raw *raw)
{
    if (raw->fd >= 0)
        close(raw->fd);
    raw->fd = -1;
}

/* Reads what came; each whole head gets the next answer of the script. */
static void raw_turn(size_t c)
{
    static char block[65536];
    struct raw *raw = &raws[c];
    ssize_t n = raw->fd >= 0 ? recv(raw->fd, block, sizeof block, MSG_DONTWAIT) : 0;
    if (n > 0)
        ck_assert_int_eq(cmg__buf_add(&raw->in, block, (size_t)n), CMG_OK);
    const char *end = strstr(cmg__buf_cstr(&raw->in), "\r\n\r\n");
    if (raw->fd < 0 || end == NULL)
        return;
    const char *answer = script[c][raw->requests++];
    cmg__buf_clear(&raw->in);
    if (answer == NULL)
        raw_close(raw);
    else
        ck_assert_int_eq(send(raw->fd, answer, strlen(answer), MSG_NOSIGNAL),
                         (ssize_t)strlen(answer));
}

static void served_produce(struct served *x)
{
    bool full = false;
    while (x->sent < x->body.len && !full) {
        size_t n = x->body.len - x->sent < 20000 ? x->body.len - x->sent : 20000;
        ck_assert_int_eq(cmg__http1_conn_write(x->conn, x->body.data + x->sent, n, &full),
                         CMG_OK);
        x->sent += n;
    }
    if (x->sent == x->body.len)
        ck_assert_int_eq(cmg__http1_conn_end(x->conn), CMG_OK);
}

static void on_request(struct cmg__http1_conn *conn, const struct cmg__http1_head *head,
                       void *user)
{
    (void)conn;
    struct served *x = user;
    cmg__buf_clear(&x->body);
    x->sent = 0;
    ck_assert_ptr_nonnull(cmg__headers_get(&head->headers, "Host"));
}

static size_t on_server_body(struct cmg__http1_conn *conn, const char *data, size_t n,
                             void *user)
{
    (void)conn;
    struct served *x = user;
    ck_assert_int_eq(cmg__buf_add(&x->body, data, n), CMG_OK);
    return n;
}

static void on_server_end(struct cmg__http1_conn *conn, void *user)
{
    struct served *x = user;
    ck_assert_int_eq(
        cmg__http1_conn_respond(conn, 200, NULL, NULL, CMG__HTTP1_CHUNKED, 0), CMG_OK);
    served_produce(x);
}

static void on_server_writable(struct cmg__http1_conn *conn, void *user)
{
    (void)conn;
    served_produce(user);
}

static void on_server_close(struct cmg__http1_conn *conn, const cmg_error *why,
                            void *user)
{
    (void)conn;
    (void)why;
    struct served *x = user;
    x->conn = NULL;
}

static void on_real_accept(void *user, int fd, const char *peer)
{
    static const struct cmg__http1_server_events events = {
        .on_request = on_request,
        .on_body = on_server_body,
        .on_end = on_server_end,
        .on_writable = on_server_writable,
        .on_close = on_server_close,
    };
    (void)user;
    (void)peer;
    struct cmg__stream *stream = NULL;
    cmg_error *err = NULL;
    ck_assert_uint_lt(accepted, LINES);
    struct served *x = &served[accepted++];
    cmg__buf_init(&x->body, &cmg__alloc_libc, 16 * MIB);
    ck_ok(cmg__tcp_adopt(pair_loop(), fd, &stream, &err), err);
    ck_ok(cmg__http1_conn_new(stream, NULL, &events, x, &x->conn, &err), err);
}

/* ---- the client's owner ---- */

enum action { NOTHING, ABORT, FREE_POOL };

static struct got {
    struct cmg__http1_exchange *x;
    int status;
    struct cmg__buf body;
    size_t take_most;
    size_t produce_left, produced;
    bool writable;
    bool done;
    cmg_status why;
    cmg_retry retry;
    enum action action;
    char action_at;
} got[LINES];

static void act(struct got *g, char where)
{
    if (g->action_at != where)
        return;
    if (g->action == ABORT)
        cmg__http1_exchange_abort(g->x);
    if (g->action == FREE_POOL) {
        cmg__http1_pool_free(pool);
        pool = NULL;
    }
    g->x = NULL;
}

static void produce(struct got *g)
{
    static char block[30000];
    bool full = false;
    while (g->produce_left > 0 && !full) {
        size_t n = g->produce_left < sizeof block ? g->produce_left : sizeof block;
        pair_fill_pattern(block, g->produced, n, 4);
        ck_assert_int_eq(cmg__http1_exchange_write(g->x, block, n, &full), CMG_OK);
        g->produce_left -= n;
        g->produced += n;
    }
    if (g->produce_left == 0)
        ck_assert_int_eq(cmg__http1_exchange_end(g->x), CMG_OK);
}

static void on_head(struct cmg__http1_exchange *x, const struct cmg__http1_head *head,
                    void *user)
{
    (void)x;
    struct got *g = user;
    ck_assert_int_eq(g->status, 0);
    g->status = head->status;
    act(g, 'H');
}

static size_t on_body(struct cmg__http1_exchange *x, const char *data, size_t n,
                      void *user)
{
    (void)x;
    struct got *g = user;
    size_t took = n < g->take_most ? n : g->take_most;
    ck_assert_int_eq(cmg__buf_add(&g->body, data, took), CMG_OK);
    act(g, 'B');
    return took;
}

static void on_writable(struct cmg__http1_exchange *x, void *user)
{
    (void)x;
    struct got *g = user;
    g->writable = true;
    produce(g);
}

static void on_done(struct cmg__http1_exchange *x, const cmg_error *err, void *user)
{
    (void)x;
    struct got *g = user;
    ck_assert(!g->done);
    g->done = true;
    g->why = cmg_error_code(err);
    g->retry = cmg_error_retry(err);
    act(g, 'D');
    g->x = NULL;
}

static const struct cmg__http1_exchange_events events = {
    .on_head = on_head,
    .on_body = on_body,
    .on_writable = on_writable,
    .on_done = on_done,
};

static void setup(void)
{
    pair_setup();
    memset(served, 0, sizeof served);
    memset(got, 0, sizeof got);
    memset(script, 0, sizeof script);
    for (size_t i = 0; i < LINES; i++) {
        raws[i] = (struct raw){ .fd = -1 };
        got[i].take_most = SIZE_MAX;
        cmg__buf_init(&got[i].body, &cmg__alloc_libc, 16 * MIB);
    }
    accepted = 0;
    pool = NULL;
    listener = NULL;
}

static void teardown(void)
{
    cmg__http1_pool_free(pool);
    cmg__listener_free(listener);
    for (size_t i = 0; i < LINES; i++) {
        cmg__http1_conn_free(served[i].conn);
        cmg__buf_done(&served[i].body);
        raw_close(&raws[i]);
        cmg__buf_done(&raws[i].in);
        cmg__buf_done(&got[i].body);
    }
    pair_teardown();
}

static void listen_with(void (*on_accept)(void *user, int fd, const char *peer))
{
    cmg_error *err = NULL;
    ck_ok(
        cmg__listener_new(pair_loop(), "127.0.0.1", 0, on_accept, NULL, &listener, &err),
        err);
    const struct cmg__http1_pool_settings settings = {
        .host = "127.0.0.1", .port = cmg__listener_port(listener), .max_idle = 2
    };
    ck_ok(cmg__http1_pool_new(pair_loop(), &settings, &pool, &err), err);
}

static struct got *ask(size_t i, const char *method, enum cmg__http1_framing framing,
                       uint64_t length)
{
    cmg_error *err = NULL;
    ck_ok(cmg__http1_exchange_start(pool, method, "/x", NULL, framing, length, &events,
                                    &got[i], &got[i].x, &err),
          err);
    return &got[i];
}

static struct got *get(size_t i)
{
    return ask(i, "GET", CMG__HTTP1_NO_BODY, 0);
}

static bool is_done(void *user)
{
    for (size_t c = 0; c < accepted; c++)
        raw_turn(c);
    return ((struct got *)user)->done;
}

static bool never(void *user)
{
    (void)is_done(user);
    return false;
}

/* Some turns in which the script goes on. */
static void play(struct got *g, int turns)
{
    for (int i = 0; i < turns; i++) {
        (void)never(g);
        cmg__loop_wait(pair_loop(), 1);
    }
}

static void expect_answer(struct got *g, int status, const char *body)
{
    ck_assert(pair_spin(is_done, g));
    ck_assert_int_eq(g->why, CMG_OK);
    ck_assert_int_eq(g->status, status);
    ck_assert_str_eq(cmg__buf_cstr(&g->body), body);
}

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* ---- connections ---- */

START_TEST(a_connection_is_kept_and_used_again)
{
    listen_with(on_raw_accept);
    script[0][0] = script[0][1] = script[0][2] = OK_ANSWER;
    for (size_t i = 0; i < 3; i++)
        expect_answer(get(i), 200, "ok");
    ck_assert_uint_eq(accepted, 1);
    ck_assert_uint_eq(raws[0].requests, 3);
}
END_TEST

START_TEST(concurrent_requests_have_connections_of_their_own)
{
    listen_with(on_raw_accept);
    for (size_t c = 0; c < 4; c++)
        script[c][0] = script[c][1] = OK_ANSWER;
    for (size_t i = 0; i < 3; i++)
        (void)get(i);
    for (size_t i = 0; i < 3; i++)
        expect_answer(&got[i], 200, "ok");
    ck_assert_uint_eq(accepted, 3);
    /* Two are kept, the third was closed. */
    for (size_t i = 3; i < 6; i++)
        (void)get(i);
    for (size_t i = 3; i < 6; i++)
        expect_answer(&got[i], 200, "ok");
    ck_assert_uint_eq(accepted, 4);
}
END_TEST

static const char *const unkept[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    OK_ANSWER "HTTP/1.1 200 OK\r\n", /* more than was asked for */
};

START_TEST(a_connection_in_doubt_is_not_kept)
{
    listen_with(on_raw_accept);
    script[0][0] = unkept[_i];
    script[1][0] = OK_ANSWER;
    expect_answer(get(0), 200, "ok");
    expect_answer(get(1), 200, "ok");
    ck_assert_uint_eq(accepted, 2);
}
END_TEST

START_TEST(an_idle_connection_ends_after_its_time)
{
    char c;
    listen_with(on_raw_accept);
    script[0][0] = OK_ANSWER;
    expect_answer(get(0), 200, "ok");
    pair_advance_ms(59000);
    pair_turns(3);
    ck_assert_int_eq(recv(raws[0].fd, &c, 1, MSG_DONTWAIT), -1);
    pair_advance_ms(1001);
    pair_turns(3);
    ck_assert_int_eq(recv(raws[0].fd, &c, 1, MSG_DONTWAIT), 0);
}
END_TEST

START_TEST(a_connection_closed_while_idle_is_not_used)
{
    listen_with(on_raw_accept);
    script[0][0] = script[1][0] = OK_ANSWER;
    expect_answer(get(0), 200, "ok");
    raw_close(&raws[0]);
    if (_i == 0)
        pair_turns(5); /* noticed by the loop; else when it is taken */
    expect_answer(ask(1, "POST", CMG__HTTP1_NO_BODY, 0), 200, "ok");
    ck_assert_uint_eq(accepted, 2);
}
END_TEST

static const struct {
    const char *method;
    bool body;
    bool again;
} stale[] = {
    { "GET", false, true },      { "HEAD", false, true },    { "OPTIONS", false, true },
    { "PROPFIND", false, true }, { "GET", true, false },     { "POST", false, false },
    { "CCM_POST", true, false }, { "DELETE", false, false },
};

START_TEST(only_harmless_requests_are_sent_again)
{
    listen_with(on_raw_accept);
    script[0][0] = OK_ANSWER;
    script[0][1] = NULL; /* closes as the second request comes */
    script[1][0] = "HTTP/1.1 204 No Content\r\n\r\n";
    expect_answer(get(0), 200, "ok");
    struct got *g = ask(1, stale[_i].method,
                        stale[_i].body ? CMG__HTTP1_LENGTH : CMG__HTTP1_NO_BODY, 1);
    if (stale[_i].body) {
        ck_assert_int_eq(cmg__http1_exchange_write(g->x, "b", 1, NULL), CMG_OK);
        ck_assert_int_eq(cmg__http1_exchange_end(g->x), CMG_OK);
    }
    ck_assert(pair_spin(is_done, g));
    ck_assert_int_eq(g->why, stale[_i].again ? CMG_OK : CMG_E_IO);
    ck_assert_int_eq(g->status, stale[_i].again ? 204 : 0);
    ck_assert_uint_eq(accepted, stale[_i].again ? 2 : 1);
    if (!stale[_i].again)
        ck_assert_int_eq(g->retry, CMG_RETRY_TRANSIENT);
}
END_TEST

START_TEST(a_fresh_connection_is_tried_once)
{
    listen_with(on_raw_accept);
    struct got *g = get(0);
    ck_assert(pair_spin(is_done, g));
    ck_assert_int_eq(g->why, CMG_E_IO);
    ck_assert_uint_eq(accepted, 1);
}
END_TEST

/* ---- answers ---- */

static const struct {
    const char *answer;
    const char *body;
    cmg_status why;
    bool close;
} answers[] = {
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok",
      CMG_OK, false },
    { "HTTP/1.1 200 OK\r\n\r\nuntil close", "until close", CMG_OK, true },
    { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: "
      "x\r\n\r\n" OK_ANSWER,
      "ok", CMG_OK, false },
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", "ok", CMG_E_PROTO, true },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "ok",
      CMG_E_PROTO, true },
    { "HTTP/1.1 200 OK\r\nContent-Le", "", CMG_E_PROTO, true },
    { "HTTP/1.1 100 Continue\r\n\r\n", "", CMG_E_PROTO, true },
    { "HTTP/1.1 101 Switching Protocols\r\n\r\n", "", CMG_E_PROTO, false },
    { "HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok", "", CMG_E_PROTO, false },
    { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", "",
      CMG_E_PROTO, false },
    { "SSH-2.0-OpenSSH\r\n", "", CMG_E_PROTO, false },
};

START_TEST(answers_are_taken_whole_or_not_at_all)
{
    listen_with(on_raw_accept);
    script[0][0] = answers[_i].answer;
    struct got *g = get(0);
    play(g, 20);
    if (answers[_i].close)
        raw_close(&raws[0]);
    ck_assert(pair_spin(is_done, g));
    ck_assert_int_eq(g->why, answers[_i].why);
    ck_assert_str_eq(cmg__buf_cstr(&g->body), answers[_i].body);
}
END_TEST

START_TEST(endless_interim_answers_are_refused)
{
    static char many[40 * 30];
    for (int i = 0; i < 40; i++)
        strncat(many, "HTTP/1.1 102 Processing\r\n\r\n", 30);
    listen_with(on_raw_accept);
    script[0][0] = many;
    struct got *g = get(0);
    ck_assert(pair_spin(is_done, g));
    ck_assert_int_eq(g->why, CMG_E_PROTO);
}
END_TEST

START_TEST(an_answer_before_the_request_ended_is_taken)
{
    listen_with(on_raw_accept);
    script[0][0] = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
    script[1][0] = OK_ANSWER;
    struct got *g = ask(0, "PUT", CMG__HTTP1_LENGTH, 1000);
    ck_assert_int_eq(cmg__http1_exchange_write(g->x, "abc", 3, NULL), CMG_OK);
    ck_assert_int_eq(cmg__http1_exchange_end(g->x), CMG_E_STATE);
    expect_answer(g, 413, "");
    expect_answer(get(1), 200, "ok");
    ck_assert_uint_eq(accepted, 2);
}
END_TEST

/* ---- streaming ---- */

START_TEST(large_bodies_pass_both_ways)
{
    size_t total = 3 * MIB;
    listen_with(on_real_accept);
    struct got *g =
        ask(0, "PUT", _i == 0 ? CMG__HTTP1_LENGTH : CMG__HTTP1_CHUNKED, total);
    g->produce_left = total;
    produce(g);
    ck_assert_uint_gt(g->produce_left, 2 * MIB);
    ck_assert(pair_spin(is_done, g));
    ck_assert_int_eq(g->why, CMG_OK);
    ck_assert(g->writable);
    ck_assert_uint_eq(g->body.len, total);
    for (size_t i = 0; i < total; i++)
        if (g->body.data[i] != pair_pattern(i, 4))
            ck_abort_msg("byte %zu differs", i);
}
END_TEST

START_TEST(a_paused_owner_holds_the_upstream_back)
{
    size_t total = 4 * MIB;
    listen_with(on_real_accept);
    struct got *g = ask(0, "PUT", CMG__HTTP1_LENGTH, total);
    g->produce_left = total;
    g->take_most = 10;
    produce(g);
    for (int i = 0; i < 2000 && g->body.len == 0; i++)
        pair_turns(1);
    pair_turns(100);
    ck_assert_uint_eq(g->body.len, 10);
    pair_advance_ms(50000); /* waiting is no fault of the upstream's */
    pair_turns(5);
    cmg__http1_exchange_resume(g->x);
    pair_turns(5);
    ck_assert_uint_eq(g->body.len, 20);
    g->take_most = SIZE_MAX;
    cmg__http1_exchange_resume(g->x);
    ck_assert(pair_spin(is_done, g));
    ck_assert_uint_eq(g->body.len, total);
}
END_TEST

/* ---- time and faults ---- */

START_TEST(an_upstream_without_an_answer_times_out)
{
    listen_with(on_raw_accept);
    script[0][0] = "";
    struct got *g = get(0);
    play(g, 10);
    pair_advance_ms(119000);
    play(g, 3);
    ck_assert(!g->done);
    pair_advance_ms(1001);
    ck_assert(pair_spin(is_done, g));
    ck_assert_int_eq(g->why, CMG_E_TIMEOUT);
}
END_TEST

START_TEST(a_port_without_a_listener_fails)
{
    listen_with(on_raw_accept);
    cmg__listener_free(listener);
    listener = NULL;
    struct got *g = get(0);
    ck_assert(pair_spin(is_done, g));
    ck_assert_int_eq(g->why, CMG_E_IO);
    ck_assert_int_eq(g->retry, CMG_RETRY_TRANSIENT);
}
END_TEST

START_TEST(malformed_requests_are_refused_at_once)
{
    struct cmg__http1_exchange *x = NULL;
    cmg_error *err = NULL;
    listen_with(on_raw_accept);
    ck_assert_int_eq(cmg__http1_exchange_start(pool, "GET", "/a b", NULL,
                                               CMG__HTTP1_NO_BODY, 0, &events, &got[0],
                                               &x, &err),
                     CMG_E_INVAL);
    ck_assert_ptr_null(x);
    cmg_error_unref(err);
    err = NULL;
    const struct cmg__http1_pool_settings settings = { .host = "a b", .port = 1 };
    struct cmg__http1_pool *other = NULL;
    ck_assert_int_eq(cmg__http1_pool_new(pair_loop(), &settings, &other, &err),
                     CMG_E_INVAL);
    ck_assert_ptr_null(other);
    cmg_error_unref(err);
}
END_TEST

/* ---- endings ---- */

static const struct {
    char where;
    enum action action;
} endings[] = {
    { 'H', ABORT },     { 'B', ABORT },     { 'H', FREE_POOL },
    { 'B', FREE_POOL }, { 'D', FREE_POOL },
};

START_TEST(the_owner_may_end_it_inside_any_callback)
{
    listen_with(on_raw_accept);
    script[0][0] = OK_ANSWER;
    struct got *g = get(0);
    g->action = endings[_i].action;
    g->action_at = endings[_i].where;
    play(g, 30);
    ck_assert_int_eq(g->done, endings[_i].where == 'D');
    ck_assert_int_eq(pool == NULL, endings[_i].action == FREE_POOL);
}
END_TEST

START_TEST(ending_the_pool_ends_its_exchanges_without_a_word)
{
    listen_with(on_raw_accept);
    struct got *connecting = get(0);
    script[0][0] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart";
    play(connecting, 10);
    struct got *fresh = get(1);
    cmg__http1_pool_free(pool);
    pool = NULL;
    pair_turns(5);
    ck_assert(!connecting->done && !fresh->done);
}
END_TEST

START_TEST(an_aborted_exchange_closes_its_connection)
{
    char c;
    listen_with(on_raw_accept);
    script[0][0] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart";
    struct got *g = get(0);
    play(g, 10);
    ck_assert_str_eq(cmg__buf_cstr(&g->body), "part");
    cmg__http1_exchange_abort(g->x);
    pair_turns(3);
    ck_assert_int_eq(recv(raws[0].fd, &c, 1, MSG_DONTWAIT), 0);
    ck_assert(!g->done);
}
END_TEST

static TCase *themed(Suite *s, const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(s, tc);
    return tc;
}

static Suite *suite(void)
{
    Suite *s = suite_create("http1_client");
    TCase *tc = themed(s, "connections");
    tcase_add_test(tc, a_connection_is_kept_and_used_again);
    tcase_add_test(tc, concurrent_requests_have_connections_of_their_own);
    tcase_add_loop_test(tc, a_connection_in_doubt_is_not_kept, 0,
                        (int)CMG__ARRAY_LEN(unkept));
    tcase_add_test(tc, an_idle_connection_ends_after_its_time);
    tcase_add_loop_test(tc, a_connection_closed_while_idle_is_not_used, 0, 2);
    tcase_add_loop_test(tc, only_harmless_requests_are_sent_again, 0,
                        (int)CMG__ARRAY_LEN(stale));
    tcase_add_test(tc, a_fresh_connection_is_tried_once);
    tc = themed(s, "answers");
    tcase_add_loop_test(tc, answers_are_taken_whole_or_not_at_all, 0,
                        (int)CMG__ARRAY_LEN(answers));
    tcase_add_test(tc, endless_interim_answers_are_refused);
    tcase_add_test(tc, an_answer_before_the_request_ended_is_taken);
    tc = themed(s, "streaming");
    tcase_add_loop_test(tc, large_bodies_pass_both_ways, 0, 2);
    tcase_add_test(tc, a_paused_owner_holds_the_upstream_back);
    tc = themed(s, "time and faults");
    tcase_add_test(tc, an_upstream_without_an_answer_times_out);
    tcase_add_test(tc, a_port_without_a_listener_fails);
    tcase_add_test(tc, malformed_requests_are_refused_at_once);
    tc = themed(s, "endings");
    tcase_add_loop_test(tc, the_owner_may_end_it_inside_any_callback, 0,
                        (int)CMG__ARRAY_LEN(endings));
    tcase_add_test(tc, ending_the_pool_ends_its_exchanges_without_a_word);
    tcase_add_test(tc, an_aborted_exchange_closes_its_connection);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
