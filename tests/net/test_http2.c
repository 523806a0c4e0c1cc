/*
 * HTTP/2 sessions in the roles of the reverse channel: two of them over a pair of
 * sockets, or one against a peer that writes its frames by hand.
 */
#include "net/http2.h"
#include "net/certs.h"
#include "net/pair.h"
#include "net/tls.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>

#define MIB ((size_t)1024 * 1024)
#define MAX 40

enum action { NOTHING, ABORT, FREE, RESET };

/* What one end saw of one stream. */
struct seen {
    struct cmg__h2_stream *s; /* NULL once closed */
    char head[200];
    struct cmg__buf body;
    size_t produce_left, produced; /* to be written by this end */
    unsigned seed;
    bool hold; /* bytes are not consumed */
    size_t held;
    bool ended, closed, refused;
    uint32_t code;
};

struct end {
    struct cmg__h2 *h2;
    bool server;
    struct seen seen[MAX];
    size_t count;
    bool ready, goaway, closed;
    cmg_status why;
    char why_text[200];
    bool answer; /* server: 200 with the echo of the body when it has ended */
    bool hold;   /* new streams hold what they get */
    enum action action;
    char action_at;
};

static struct end dialler, acceptor; /* HTTP server, HTTP client */

static struct seen *seen_of(struct cmg__h2_stream *s)
{
    return cmg__h2_stream_user(s);
}

static struct end *end_of(struct cmg__h2_stream *s)
{
    return cmg__h2_user(cmg__h2_stream_session(s));
}

static struct seen *seen_new(struct end *e)
{
    ck_assert_uint_lt(e->count, MAX);
    struct seen *x = &e->seen[e->count++];
    cmg__buf_init(&x->body, &cmg__alloc_libc, 32 * MIB);
    x->hold = e->hold;
    return x;
}

static void act(struct end *e, struct cmg__h2_stream *s, char where)
{
    if (e->action_at != where)
        return;
    if (e->action == ABORT)
        cmg__h2_abort(e->h2);
    if (e->action == FREE) {
        cmg__h2_free(e->h2);
        e->closed = true;
    }
    if (e->action == RESET && s != NULL)
        cmg__h2_reset(s, 8);
}

static void produce(struct seen *x)
{
    static char block[30000];
    bool full = false;
    while (x->produce_left > 0 && !full) {
        size_t n = x->produce_left < sizeof block ? x->produce_left : sizeof block;
        pair_fill_pattern(block, x->produced, n, x->seed);
        ck_assert_int_eq(cmg__h2_write(x->s, block, n, &full), CMG_OK);
        x->produce_left -= n;
        x->produced += n;
    }
    if (x->produce_left == 0)
        ck_assert_int_eq(cmg__h2_end(x->s), CMG_OK);
}

static void on_ready(struct cmg__h2 *h2, void *user)
{
    (void)h2;
    struct end *e = user;
    ck_assert(!e->ready);
    e->ready = true;
    act(e, NULL, 'Y');
}

static void answer(struct seen *x)
{
    struct cmg__headers headers;
    char length[32];
    cmg__headers_init(&headers, &cmg__alloc_libc);
    snprintf(length, sizeof length, "%zu", x->body.len);
    ck_assert_int_eq(cmg__headers_add(&headers, "X-Length", length), CMG_OK);
    ck_assert_int_eq(cmg__headers_add(&headers, "Connection", "x-dropped"), CMG_OK);
    ck_assert_int_eq(cmg__headers_add(&headers, "X-Dropped", "yes"), CMG_OK);
    ck_assert_int_eq(cmg__h2_respond(x->s, 200, &headers, false), CMG_OK);
    ck_assert_int_eq(cmg__h2_respond(x->s, 200, &headers, false), CMG_E_STATE);
    cmg__headers_done(&headers);
    x->produce_left = x->body.len;
    produce(x);
}

static void on_request(struct cmg__h2_stream *s, const char *method, const char *path,
                       const char *authority, const struct cmg__headers *headers,
                       bool end, void *user)
{
    struct end *e = user;
    ck_assert(e->server);
    struct seen *x = seen_new(e);
    x->s = s;
    cmg__h2_stream_set_user(s, x);
    const char *extra = cmg__headers_get(headers, "x-extra");
    snprintf(x->head, sizeof x->head, "%s %s %s %s", method, path, authority,
             extra != NULL ? extra : "-");
    x->seed = 5;
    x->ended = end;
    act(e, s, 'Q');
    if (end && e->answer && e->action_at != 'Q')
        answer(x);
}

static void on_response(struct cmg__h2_stream *s, int status,
                        const struct cmg__headers *headers, bool end, void *user)
{
    struct end *e = user;
    struct seen *x = seen_of(s);
    ck_assert(!e->server);
    const char *length = cmg__headers_get(headers, "x-length");
    ck_assert_ptr_null(cmg__headers_get(headers, "x-dropped"));
    ck_assert_ptr_null(cmg__headers_get(headers, "connection"));
    snprintf(x->head, sizeof x->head, "%d %s", status, length != NULL ? length : "-");
    x->ended = end;
    act(e, s, 'S');
}

static void on_data(struct cmg__h2_stream *s, const char *data, size_t n, void *user)
{
    struct seen *x = seen_of(s);
    ck_assert(!x->ended);
    ck_assert_int_eq(cmg__buf_add(&x->body, data, n), CMG_OK);
    if (x->hold)
        x->held += n;
    else
        cmg__h2_consume(s, n);
    act(user, s, 'B');
}

static void on_end(struct cmg__h2_stream *s, void *user)
{
    struct end *e = user;
    struct seen *x = seen_of(s);
    ck_assert(!x->ended);
    x->ended = true;
    act(e, s, 'E');
    if (e->server && e->answer && e->action_at != 'E')
        answer(x);
}

static void on_writable(struct cmg__h2_stream *s, void *user)
{
    act(user, s, 'W');
    if (end_of(s)->action_at != 'W')
        produce(seen_of(s));
}

static void on_stream_close(struct cmg__h2_stream *s, uint32_t code, bool refused,
                            void *user)
{
    struct end *e = user;
    struct seen *x = seen_of(s);
    ck_assert(!x->closed);
    ck_assert(!e->closed);
    x->closed = true;
    x->code = code;
    x->refused = refused;
    x->s = NULL;
    act(e, NULL, 'X');
}

static void on_goaway(struct cmg__h2 *h2, void *user)
{
    (void)h2;
    struct end *e = user;
    ck_assert(!e->goaway);
    e->goaway = true;
}

static void on_close(struct cmg__h2 *h2, const cmg_error *why, void *user)
{
    struct end *e = user;
    struct cmg__h2_stream *s = NULL;
    ck_assert(!e->closed);
    e->closed = true;
    e->why = cmg_error_code(why);
    snprintf(e->why_text, sizeof e->why_text, "%s", cmg_error_message(why));
    for (size_t i = 0; i < e->count; i++)
        ck_assert(e->seen[i].closed);
    /* Dead, but not yet gone. */
    ck_assert_int_eq(cmg__h2_request(h2, "GET", "/", "a", NULL, true, NULL, &s, NULL),
                     CMG_E_STATE);
    cmg__h2_abort(h2);
}

static const struct cmg__h2_events events = {
    .on_ready = on_ready,
    .on_request = on_request,
    .on_response = on_response,
    .on_data = on_data,
    .on_end = on_end,
    .on_writable = on_writable,
    .on_stream_close = on_stream_close,
    .on_goaway = on_goaway,
    .on_close = on_close,
};

/* ---- fixture ---- */

static void setup(void)
{
    pair_setup();
    memset(&dialler, 0, sizeof dialler);
    memset(&acceptor, 0, sizeof acceptor);
    dialler.server = dialler.answer = true;
}

static void end_done(struct end *e)
{
    if (e->h2 != NULL && !e->closed)
        cmg__h2_free(e->h2);
    e->h2 = NULL;
    for (size_t i = 0; i < e->count; i++)
        cmg__buf_done(&e->seen[i].body);
    e->count = 0;
}

static void teardown(void)
{
    end_done(&dialler);
    end_done(&acceptor);
    pair_teardown();
}

static void open_end(struct end *e, struct cmg__stream *stream,
                     struct cmg__h2_settings settings)
{
    cmg_error *err = NULL;
    settings.http_server = e->server;
    ck_ok(cmg__h2_new(stream, &settings, &events, e, &e->h2, &err), err);
    ck_assert_ptr_eq(cmg__h2_user(e->h2), e);
    ck_assert_ptr_eq(cmg__h2_transport(e->h2), stream);
}

static bool both_ready(void *user)
{
    (void)user;
    return dialler.ready && acceptor.ready && cmg__h2_rtt_ms(dialler.h2) >= 0 &&
           cmg__h2_rtt_ms(acceptor.h2) >= 0;
}

static void connect_both(struct cmg__h2_settings settings)
{
    struct cmg__stream *a, *b;
    pair_streams(&a, &b);
    open_end(&dialler, a, settings);
    open_end(&acceptor, b, settings);
    ck_assert_int_eq(cmg__h2_rtt_ms(acceptor.h2), -1);
    ck_assert(pair_spin(both_ready, NULL));
}

static struct seen *ask_with(const char *method, const struct cmg__headers *headers,
                             bool end)
{
    cmg_error *err = NULL;
    struct seen *x = seen_new(&acceptor);
    ck_ok(cmg__h2_request(acceptor.h2, method, "/p?q", "mp.internal", headers, end, x,
                          &x->s, &err),
          err);
    return x;
}

static struct seen *ask(const char *method, bool end)
{
    return ask_with(method, NULL, end);
}

static bool is_closed(void *user)
{
    return ((struct seen *)user)->closed;
}

static bool has_ended(void *user)
{
    return ((struct end *)user)->closed;
}

static void check_body(const struct seen *x, size_t total, unsigned seed)
{
    ck_assert_uint_eq(x->body.len, total);
    for (size_t i = 0; i < total; i++)
        if (x->body.data[i] != pair_pattern(i, seed))
            ck_abort_msg("byte %zu differs", i);
}

static const struct cmg__h2_settings defaults;

/* As on the real channel: the dialler is the TLS client and the HTTP server. */
static void connect_both_tls(void)
{
    static const char *const alpn[] = { "cmg-rev/1", NULL };
    struct certs ca;
    cmg_error *err = NULL;
    struct cmg__stream *a, *b;
    struct cmg__tls_config *client = NULL, *server = NULL;
    certs_init(&ca, pair_ctx(), "Contoso Root");
    struct pair own = certs_issue(&ca, CMG__PROFILE_WEB_SERVER, "gw.contoso.com", 30);
    const struct cmg__tls_settings dials = { .ca_pem = ca.ca_pem, .alpn = alpn };
    const struct cmg__tls_settings accepts = {
        .server = true, .cert_pem = own.cert, .key_pem = own.key, .alpn = alpn
    };
    ck_ok(cmg__tls_config_new(pair_ctx(), &dials, &client, &err), err);
    ck_ok(cmg__tls_config_new(pair_ctx(), &accepts, &server, &err), err);
    pair_streams(&a, &b);
    ck_ok(cmg__tls_stream_new(a, client, "gw.contoso.com", &a, &err), err);
    ck_ok(cmg__tls_stream_new(b, server, NULL, &b, &err), err);
    cmg__tls_config_unref(client);
    cmg__tls_config_unref(server);
    pair_done(&ca, &own);
    certs_done(&ca);
    open_end(&dialler, a, defaults);
    open_end(&acceptor, b, defaults);
    ck_assert(pair_spin(both_ready, NULL));
}

/* ---- requests ---- */

START_TEST(requests_go_from_the_acceptor_to_the_dialler)
{
    struct cmg__headers headers;
    connect_both(defaults);
    ck_assert_uint_eq(cmg__h2_peer_max_streams(acceptor.h2), 256);
    cmg__headers_init(&headers, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__headers_add(&headers, "X-Extra", "there"), CMG_OK);
    ck_assert_int_eq(cmg__headers_add(&headers, "Host", "elsewhere"), CMG_OK);
    ck_assert_int_eq(cmg__headers_add_secret(&headers, "Authorization", "Bearer t"),
                     CMG_OK);
    struct seen *x = ask_with("GET", &headers, true);
    cmg__headers_done(&headers);
    ck_assert_uint_eq(cmg__h2_stream_count(acceptor.h2), 1);
    ck_assert_int_eq(cmg__h2_stream_id(x->s), 1);
    ck_assert(pair_spin(is_closed, x));
    ck_assert_str_eq(dialler.seen[0].head, "GET /p?q mp.internal there");
    ck_assert_str_eq(x->head, "200 0");
    ck_assert(x->ended);
    ck_assert_uint_eq(x->code, 0);
    ck_assert(!x->refused);
    ck_assert_uint_eq(cmg__h2_stream_count(acceptor.h2), 0);
    ck_assert_uint_eq(cmg__h2_stream_count(dialler.h2), 0);
}
END_TEST

START_TEST(extension_methods_pass_with_their_bodies)
{
    connect_both(defaults);
    struct seen *x = ask("CCM_POST", false);
    ck_assert_int_eq(cmg__h2_write(x->s, "hello", 5, NULL), CMG_OK);
    pair_turns(5);
    ck_assert_int_eq(cmg__h2_write(x->s, " world", 6, NULL), CMG_OK);
    ck_assert_int_eq(cmg__h2_end(x->s), CMG_OK);
    ck_assert_int_eq(cmg__h2_end(x->s), CMG_E_STATE);
    ck_assert_int_eq(cmg__h2_write(x->s, "x", 1, NULL), CMG_E_STATE);
    ck_assert(pair_spin(is_closed, x));
    ck_assert_str_eq(dialler.seen[0].head, "CCM_POST /p?q mp.internal -");
    ck_assert_uint_eq(dialler.seen[0].body.len, 11);
    ck_assert_int_eq(memcmp(dialler.seen[0].body.data, "hello world", 11), 0);
    ck_assert_str_eq(x->head, "200 11");
    ck_assert_uint_eq(x->body.len, 11);
}
END_TEST

static bool all_closed(void *user)
{
    (void)user;
    for (size_t i = 0; i < acceptor.count; i++)
        if (!acceptor.seen[i].closed)
            return false;
    return true;
}

START_TEST(large_bodies_pass_both_ways_on_many_streams)
{
    size_t total = 3 * MIB / 2;
    if (_i == 0)
        connect_both(defaults);
    else
        connect_both_tls();
    for (size_t i = 0; i < 4; i++) {
        struct seen *x = ask("PUT", false);
        x->seed = 5;
        x->produce_left = total;
        produce(x);
        ck_assert_uint_gt(x->produce_left, MIB);
    }
    ck_assert(pair_spin(all_closed, NULL));
    for (size_t i = 0; i < 4; i++) {
        check_body(&dialler.seen[i], total, 5);
        check_body(&acceptor.seen[i], total, 5);
        ck_assert_uint_eq(acceptor.seen[i].code, 0);
    }
}
END_TEST

START_TEST(more_requests_than_streams_wait_their_turn)
{
    struct cmg__h2_settings settings = { .max_streams = 3 };
    connect_both(settings);
    ck_assert_uint_eq(cmg__h2_peer_max_streams(acceptor.h2), 3);
    for (int i = 0; i < 10; i++)
        (void)ask("GET", true);
    ck_assert(pair_spin(all_closed, NULL));
    for (size_t i = 0; i < 10; i++)
        ck_assert_str_eq(acceptor.seen[i].head, "200 0");
}
END_TEST

START_TEST(malformed_requests_are_refused_before_they_are_sent)
{
    static const struct {
        const char *method, *path, *authority, *name, *value;
    } rows[] = {
        { "GE T", "/", "a", "x", "y" },     { "GET", "/ x", "a", "x", "y" },
        { "GET", "", "a", "x", "y" },       { "GET", "/", "a b", "x", "y" },
        { "GET", "/", "a", "x y", "z" },    { "GET", "/", "a", "x", "a\r\nb: c" },
        { "GET", "/", "a", ":path", "/b" },
    };
    struct cmg__h2_stream *s = NULL;
    cmg_error *err = NULL;
    connect_both(defaults);
    for (size_t i = 0; i < CMG__ARRAY_LEN(rows); i++) {
        struct cmg__headers headers;
        cmg__headers_init(&headers, &cmg__alloc_libc);
        ck_assert_int_eq(cmg__headers_add(&headers, rows[i].name, rows[i].value), CMG_OK);
        ck_assert_int_eq(cmg__h2_request(acceptor.h2, rows[i].method, rows[i].path,
                                         rows[i].authority, &headers, true, NULL, &s,
                                         &err),
                         CMG_E_INVAL);
        cmg_error_unref(err);
        err = NULL;
        cmg__headers_done(&headers);
    }
    ck_assert_ptr_null(s);
    ck_assert_uint_eq(cmg__h2_stream_count(acceptor.h2), 0);
    ck_assert_int_eq(
        cmg__h2_request(dialler.h2, "GET", "/", "a", NULL, true, NULL, &s, NULL),
        CMG_E_STATE);
}
END_TEST

/* ---- back-pressure ---- */

START_TEST(a_stalled_stream_stalls_no_other)
{
    struct cmg__h2_settings settings = { .stream_window = 65536 * 2,
                                         .session_window = 65536 * 4 };
    size_t total = 2 * MIB;
    connect_both(settings);
    dialler.hold = true;
    struct seen *stalled[3];
    for (size_t i = 0; i < 3; i++) {
        stalled[i] = ask("PUT", false);
        stalled[i]->seed = 9;
        stalled[i]->produce_left = total;
        produce(stalled[i]);
    }
    pair_turns(300);
    dialler.hold = false;
    struct seen *free_one = ask("PUT", false);
    free_one->seed = 5;
    free_one->produce_left = total;
    produce(free_one);
    ck_assert(pair_spin(is_closed, free_one));
    check_body(free_one, total, 5);
    for (size_t i = 0; i < 3; i++) {
        struct seen *x = &dialler.seen[i];
        /* The window, and not a byte beyond, however long it takes. */
        ck_assert_uint_eq(x->held, 65536 * 2);
        ck_assert_uint_gt(stalled[i]->produce_left, MIB);
        x->hold = false;
        cmg__h2_consume(x->s, x->held);
    }
    ck_assert(pair_spin(all_closed, NULL));
    for (size_t i = 0; i < 3; i++)
        check_body(&dialler.seen[i], total, 9);
}
END_TEST

START_TEST(a_full_stream_says_so)
{
    static const char block[1000];
    struct cmg__h2_settings settings = { .write_queue = 4000 };
    bool full = false;
    connect_both(settings);
    struct seen *x = ask("PUT", false);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(cmg__h2_write(x->s, block, sizeof block, &full), CMG_OK);
        ck_assert(!full);
    }
    ck_assert_int_eq(cmg__h2_write(x->s, block, sizeof block, &full), CMG_OK);
    ck_assert(full);
}
END_TEST

/* ---- endings of streams ---- */

START_TEST(a_reset_reaches_the_other_side)
{
    dialler.answer = false;
    connect_both(defaults);
    struct seen *x = ask("PUT", false);
    struct seen *other = ask("GET", false);
    pair_turns(10);
    ck_assert_uint_eq(dialler.count, 2);
    if (_i == 0)
        cmg__h2_reset(x->s, 8);
    else
        cmg__h2_reset(dialler.seen[0].s, 8);
    ck_assert(!x->closed);
    ck_assert(pair_spin(is_closed, x));
    ck_assert(pair_spin(is_closed, &dialler.seen[0]));
    ck_assert_uint_eq(x->code, 8);
    ck_assert_uint_eq(dialler.seen[0].code, 8);
    ck_assert(!x->refused);
    ck_assert(!other->closed);
}
END_TEST

START_TEST(a_refused_stream_may_be_sent_elsewhere)
{
    dialler.answer = false;
    connect_both(defaults);
    struct seen *x = ask("POST", true);
    pair_turns(10);
    cmg__h2_reset(dialler.seen[0].s, 7);
    ck_assert(pair_spin(is_closed, x));
    ck_assert(x->refused);
    ck_assert_uint_eq(x->code, 7);
    ck_assert(!dialler.seen[0].refused);
}
END_TEST

START_TEST(a_stream_refused_after_its_answer_began_was_processed)
{
    dialler.answer = false;
    connect_both(defaults);
    struct seen *x = ask("POST", true);
    pair_turns(10);
    ck_assert_int_eq(cmg__h2_respond(dialler.seen[0].s, 200, NULL, false), CMG_OK);
    pair_turns(10);
    cmg__h2_reset(dialler.seen[0].s, 7);
    ck_assert(pair_spin(is_closed, x));
    ck_assert(!x->refused);
}
END_TEST

START_TEST(an_early_answer_stops_the_request_without_an_error)
{
    dialler.answer = false;
    connect_both(defaults);
    struct seen *x = ask("PUT", false);
    x->produce_left = 4 * MIB;
    dialler.hold = true;
    produce(x);
    pair_turns(20);
    ck_assert_int_eq(cmg__h2_respond(dialler.seen[0].s, 413, NULL, true), CMG_OK);
    ck_assert(pair_spin(is_closed, x));
    ck_assert_str_eq(x->head, "413 -");
    ck_assert(x->ended);
    ck_assert_uint_eq(x->code, 0);
    ck_assert(pair_spin(is_closed, &dialler.seen[0]));
    ck_assert_uint_eq(dialler.seen[0].code, 0);
    /* The credit of what was held came back: the channel works on. */
    dialler.hold = false;
    dialler.answer = true;
    struct seen *y = ask("GET", true);
    ck_assert(pair_spin(is_closed, y));
    ck_assert_str_eq(y->head, "200 0");
}
END_TEST

START_TEST(many_resets_do_not_end_the_channel)
{
    dialler.answer = false;
    connect_both(defaults);
    for (int i = 0; i < 3000; i++) {
        acceptor.count = dialler.count = 0;
        memset(acceptor.seen, 0, sizeof acceptor.seen[0]);
        memset(dialler.seen, 0, sizeof dialler.seen[0]);
        struct seen *x = ask("GET", false);
        pair_turns(3);
        cmg__h2_reset(x->s, 8);
        ck_assert(pair_spin(is_closed, x));
        ck_assert(pair_spin(is_closed, &dialler.seen[0]));
    }
    ck_assert(!acceptor.goaway);
    ck_assert(!acceptor.closed);
}
END_TEST

/* ---- endings of sessions ---- */

static const struct {
    bool server; /* whose callback */
    char where;
    enum action action;
} actions[] = {
    { true, 'Y', ABORT },  { true, 'Q', ABORT },  { true, 'B', ABORT },
    { true, 'E', ABORT },  { true, 'W', ABORT },  { true, 'X', ABORT },
    { true, 'Y', FREE },   { true, 'Q', FREE },   { true, 'B', FREE },
    { true, 'E', FREE },   { true, 'W', FREE },   { true, 'X', FREE },
    { false, 'Y', ABORT }, { false, 'S', ABORT }, { false, 'B', ABORT },
    { false, 'E', ABORT }, { false, 'W', ABORT }, { false, 'X', ABORT },
    { false, 'Y', FREE },  { false, 'S', FREE },  { false, 'B', FREE },
    { false, 'E', FREE },  { false, 'W', FREE },  { false, 'X', FREE },
    { true, 'Q', RESET },  { true, 'B', RESET },  { true, 'E', RESET },
    { true, 'W', RESET },  { false, 'S', RESET }, { false, 'B', RESET },
    { false, 'E', RESET }, { false, 'W', RESET },
};

START_TEST(the_owner_may_end_things_inside_any_callback)
{
    struct end *e = actions[_i].server ? &dialler : &acceptor;
    struct end *other = actions[_i].server ? &acceptor : &dialler;
    struct cmg__stream *a, *b;
    e->action = actions[_i].action;
    e->action_at = actions[_i].where;
    pair_streams(&a, &b);
    open_end(&dialler, a, defaults);
    open_end(&acceptor, b, defaults);
    struct seen *x = ask("PUT", false);
    x->produce_left = 2 * MIB;
    produce(x);
    if (e->action == RESET) {
        ck_assert(pair_spin(is_closed, x));
        ck_assert(!dialler.closed && !acceptor.closed);
        return;
    }
    ck_assert(pair_spin(has_ended, e));
    if (other->action_at == 0)
        ck_assert(pair_spin(has_ended, other));
    if (e->action == ABORT) {
        ck_assert_int_eq(e->why, CMG_OK);
        for (size_t i = 0; i < e->count; i++)
            ck_assert(e->seen[i].closed);
    }
}
END_TEST

START_TEST(a_lost_peer_ends_streams_then_the_session)
{
    dialler.answer = false;
    connect_both(defaults);
    struct seen *sent = ask("POST", true);
    pair_turns(10);
    ck_assert_uint_eq(dialler.count, 1);
    cmg__h2_free(dialler.h2);
    dialler.closed = true;
    struct seen *unsent = ask("POST", true);
    ck_assert(pair_spin(has_ended, &acceptor));
    ck_assert_int_eq(acceptor.why, CMG_E_IO);
    ck_assert(sent->closed);
    ck_assert(!sent->refused);
    ck_assert_uint_ne(sent->code, 0);
    ck_assert(unsent->closed);
}
END_TEST

START_TEST(draining_finishes_what_is_under_way)
{
    struct end *e = _i == 0 ? &dialler : &acceptor;
    dialler.answer = false;
    connect_both(defaults);
    struct seen *x = ask("POST", true);
    pair_turns(10);
    cmg__h2_drain(e->h2, 30000);
    pair_turns(20);
    ck_assert_int_eq(acceptor.goaway, _i == 0);
    ck_assert_int_eq(dialler.goaway, _i == 1);
    ck_assert(!acceptor.closed && !dialler.closed);
    struct cmg__h2_stream *s = NULL;
    ck_assert_int_eq(
        cmg__h2_request(acceptor.h2, "GET", "/", "a", NULL, true, NULL, &s, NULL),
        CMG_E_STATE);
    ck_assert_int_eq(cmg__h2_respond(dialler.seen[0].s, 204, NULL, true), CMG_OK);
    ck_assert(pair_spin(is_closed, x));
    ck_assert_str_eq(x->head, "204 -");
    ck_assert(pair_spin(has_ended, &acceptor));
    ck_assert(pair_spin(has_ended, &dialler));
    ck_assert_int_eq(acceptor.why, CMG_OK);
    ck_assert_int_eq(dialler.why, CMG_OK);
}
END_TEST

START_TEST(draining_has_an_end)
{
    dialler.answer = false;
    connect_both(defaults);
    (void)ask("POST", true);
    pair_turns(10);
    cmg__h2_drain(dialler.h2, 5000);
    pair_turns(20);
    ck_assert(!dialler.closed);
    pair_advance_ms(5001);
    ck_assert(pair_spin(has_ended, &dialler));
    ck_assert_int_eq(dialler.why, CMG_E_TIMEOUT);
    ck_assert(pair_spin(has_ended, &acceptor));
}
END_TEST

/* ---- time ---- */

START_TEST(a_quiet_channel_is_kept_alive_by_pings)
{
    connect_both(defaults);
    for (int i = 0; i < 10; i++) {
        pair_advance_ms(20001);
        pair_turns(10);
        ck_assert(!dialler.closed && !acceptor.closed);
        ck_assert_int_ge(cmg__h2_rtt_ms(acceptor.h2), 0);
    }
}
END_TEST

/* The client preface and an empty SETTINGS frame, then whatever a test adds. */
#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

static void send_frame(uint8_t type, uint8_t flags, uint32_t id, const void *body,
                       size_t n)
{
    const uint8_t head[9] = {
        (uint8_t)(n >> 16),  (uint8_t)(n >> 8),   (uint8_t)n,         type,       flags,
        (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id
    };
    char frame[9 + 16384];
    memcpy(frame, head, sizeof head);
    if (n > 0)
        memcpy(frame + sizeof head, body, n);
    if (!dialler.closed)
        pair_send(frame, sizeof head + n);
    (void)pair_received();
}

static bool dialler_ready(void *user)
{
    (void)user;
    return dialler.ready;
}

/* The dialler against a peer that the test plays itself. */
static void open_raw(void)
{
    struct cmg__h2_settings settings = { 0 };
    open_end(&dialler, pair_half(), settings);
    pair_send(PREFACE, sizeof PREFACE - 1);
    send_frame(4, 0, 0, NULL, 0);
    ck_assert(pair_spin(dialler_ready, NULL));
    send_frame(4, 1, 0, NULL, 0);
    pair_turns(5);
}

START_TEST(an_unanswered_ping_ends_the_channel)
{
    open_raw();
    pair_advance_ms(9999);
    pair_turns(5);
    ck_assert(!dialler.closed);
    pair_advance_ms(2);
    ck_assert(pair_spin(has_ended, &dialler));
    ck_assert_int_eq(dialler.why, CMG_E_TIMEOUT);
}
END_TEST

START_TEST(a_channel_that_is_not_set_up_ends)
{
    struct cmg__h2_settings settings = { 0 };
    open_end(&dialler, pair_half(), settings);
    pair_turns(5);
    pair_advance_ms(19999);
    pair_turns(5);
    ck_assert(!dialler.closed);
    pair_advance_ms(2);
    ck_assert(pair_spin(has_ended, &dialler));
    ck_assert_int_eq(dialler.why, CMG_E_TIMEOUT);
}
END_TEST

START_TEST(a_peer_that_takes_no_bytes_ends_the_channel)
{
    open_raw();
    dialler.answer = false;
    /* GET / of authority a, huge windows: HPACK indexed 2, 4, 7 and a literal. */
    static const uint8_t window[4] = { 0x7f, 0x00, 0x00, 0x00 };
    static const uint8_t initial[6] = { 0, 4, 0x7f, 0xff, 0xff, 0xff };
    static const uint8_t get[] = { 0x82, 0x84, 0x87, 0x41, 0x01, 'a' };
    send_frame(4, 0, 0, initial, sizeof initial);
    send_frame(8, 0, 0, window, sizeof window);
    send_frame(1, 5, 1, get, sizeof get);
    pair_turns(5);
    ck_assert_uint_eq(dialler.count, 1);
    ck_assert_str_eq(dialler.seen[0].head, "GET / a -");
    ck_assert_int_eq(cmg__h2_respond(dialler.seen[0].s, 200, NULL, false), CMG_OK);
    dialler.seen[0].produce_left = 8 * MIB;
    produce(&dialler.seen[0]);
    /* It goes on sending (a SETTINGS frame each time), so PINGs do not find it; but it
       never reads. */
    for (int i = 0; i < 13; i++) {
        pair_turns(50);
        pair_advance_ms(5000);
        const uint8_t frame[9] = { 0, 0, 0, 4, 1, 0, 0, 0, 0 };
        if (!dialler.closed)
            pair_send(frame, sizeof frame);
    }
    ck_assert(dialler.closed);
    ck_assert_int_eq(dialler.why, CMG_E_TIMEOUT);
    ck_assert_str_eq(dialler.why_text, "peer takes no bytes");
}
END_TEST

/* ---- hostile peers ---- */

static void flood_pings(void)
{
    static const uint8_t data[8];
    for (int i = 0; i < 11; i++)
        send_frame(6, 0, 0, data, sizeof data);
}

static void flood_empty_data(void)
{
    static const uint8_t put[] = { 0x83, 0x84, 0x87, 0x41, 0x01, 'a' };
    dialler.answer = false;
    send_frame(1, 4, 1, put, sizeof put);
    for (int i = 0; i < 1001; i++)
        send_frame(0, 0, 1, NULL, 0);
}

static void flood_priorities(void)
{
    static const uint8_t data[5] = { 0, 0, 0, 0, 16 };
    for (uint32_t i = 0; i < 1001; i++)
        send_frame(2, 0, 2 * i + 1, data, sizeof data);
}

/* A head whose upper-case name nghttp2 refuses stream by stream. */
static void flood_malformed(void)
{
    static const uint8_t bad[] = { 0x82, 0x84, 0x87, 0x41, 0x01, 'a',
                                   0x00, 0x01, 'X',  0x01, 'y' };
    for (uint32_t i = 0; i < 101; i++)
        send_frame(1, 5, 2 * i + 1, bad, sizeof bad);
}

static const struct {
    void (*flood)(void);
    const char *text;
} floods[] = {
    { flood_pings, "peer sent too many PINGs" },
    { flood_empty_data, "peer sent too many empty DATA frames" },
    { flood_priorities, "peer sent too many PRIORITY frames" },
    { flood_malformed, "peer made too many malformed streams" },
};

START_TEST(floods_end_the_channel)
{
    open_raw();
    floods[_i].flood();
    ck_assert(pair_spin(has_ended, &dialler));
    ck_assert_int_eq(dialler.why, CMG_E_LIMIT);
    ck_assert_str_eq(dialler.why_text, floods[_i].text);
}
END_TEST

START_TEST(pings_at_a_decent_rate_are_answered)
{
    static const uint8_t data[8] = "pingping";
    open_raw();
    for (int i = 0; i < 50; i++) {
        send_frame(6, 0, 0, data, sizeof data);
        send_frame(6, 1, 0, "\0\0\0\0\0\0\0", 8); /* ours is answered, too */
        if (i % 8 == 0)
            pair_advance_ms(1000);
    }
    pair_turns(5);
    ck_assert(!dialler.closed);
}
END_TEST

/* A field of 4 KiB put into the table once, then referenced: some bytes become many. */
static size_t build_bomb(uint8_t *out, size_t references)
{
    size_t n = 0;
    static const uint8_t start[] = { 0x82, 0x84, 0x87, 0x41, 0x01, 'a', 0x40, 0x01, 'b' };
    memcpy(out, start, sizeof start);
    n = sizeof start;
    out[n++] = 0x7f; /* length 127 + 3873 = 4000 */
    out[n++] = 0xa1;
    out[n++] = 0x1e;
    memset(out + n, 'x', 4000);
    n += 4000;
    for (size_t i = 0; i < references; i++)
        out[n++] = 0xbe; /* dynamic table, entry 62 */
    return n;
}

START_TEST(a_header_bomb_is_stopped)
{
    static uint8_t bomb[16384];
    open_raw();
    /* 20 references: over the limit of one head; 80: far over it. */
    size_t n = build_bomb(bomb, _i == 0 ? 20 : 80);
    send_frame(1, 5, 1, bomb, n);
    if (_i == 0) {
        pair_turns(10);
        ck_assert(!dialler.closed);
    } else {
        ck_assert(pair_spin(has_ended, &dialler));
        ck_assert_int_eq(dialler.why, CMG_E_LIMIT);
    }
    ck_assert_uint_eq(dialler.count, 0);
}
END_TEST

START_TEST(too_many_fields_reset_the_stream_alone)
{
    uint8_t head[6 + 200 * 5];
    static const uint8_t start[] = { 0x82, 0x84, 0x87, 0x41, 0x01, 'a' };
    static const uint8_t get[] = { 0x82, 0x84, 0x87, 0x41, 0x01, 'a' };
    memcpy(head, start, sizeof start);
    size_t n = sizeof start;
    for (int i = 0; i < 125; i++) {
        static const uint8_t field[] = { 0x00, 0x01, 'x', 0x01, 'y' };
        memcpy(head + n, field, sizeof field);
        n += sizeof field;
    }
    open_raw();
    send_frame(1, 5, 1, head, n);
    pair_turns(10);
    ck_assert_uint_eq(dialler.count, 0);
    send_frame(1, 5, 3, get, sizeof get);
    pair_turns(10);
    ck_assert_uint_eq(dialler.count, 1);
    ck_assert(!dialler.closed);
}
END_TEST

START_TEST(a_peer_that_speaks_something_else_is_dropped)
{
    struct cmg__h2_settings settings = { 0 };
    open_end(&dialler, pair_half(), settings);
    pair_send_str("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert(pair_spin(has_ended, &dialler));
    ck_assert_int_eq(dialler.why, CMG_E_PROTO);
}
END_TEST

START_TEST(a_broken_frame_ends_the_channel)
{
    open_raw();
    send_frame(8, 0, 0, "\0\0\0\0", 4); /* window update of nothing */
    ck_assert(pair_spin(has_ended, &dialler));
    ck_assert_int_eq(dialler.why, CMG_E_PROTO);
}
END_TEST

START_TEST(malformed_authority_resets_the_stream)
{
    static const uint8_t bad[] = { 0x82, 0x84, 0x87, 0x41, 0x03, 'a', '@', 'b' };
    open_raw();
    send_frame(1, 5, 1, bad, sizeof bad);
    pair_turns(10);
    ck_assert_uint_eq(dialler.count, 0);
    ck_assert(!dialler.closed);
}
END_TEST

/* ---- memory ---- */

static cmg_status talk_once(struct support_alloc *a, void *user)
{
    (void)user;
    memset(&dialler, 0, sizeof dialler);
    memset(&acceptor, 0, sizeof acceptor);
    dialler.server = true;
    cmg_status rc = pair_open(&a->alloc.table);
    if (rc != CMG_OK)
        return rc;
    struct cmg__h2_settings settings = { .http_server = true };
    struct cmg__stream *stream = pair_half();
    rc = stream == NULL
             ? CMG_E_NOMEM
             : cmg__h2_new(stream, &settings, &events, &dialler, &dialler.h2, NULL);
    if (rc == CMG_OK) {
        static const uint8_t get[] = { 0x82, 0x84, 0x87, 0x41, 0x01, 'a' };
        pair_send(PREFACE, sizeof PREFACE - 1);
        send_frame(4, 0, 0, NULL, 0);
        send_frame(1, 5, 1, get, sizeof get);
        pair_turns(5);
        rc = CMG_E_NOMEM;
        if (!dialler.closed && dialler.count > 0 && dialler.seen[0].s != NULL &&
            cmg__h2_respond(dialler.seen[0].s, 200, NULL, false) == CMG_OK &&
            cmg__h2_write(dialler.seen[0].s, "abc", 3, NULL) == CMG_OK &&
            cmg__h2_end(dialler.seen[0].s) == CMG_OK) {
            pair_turns(5);
            rc = dialler.closed ? CMG_E_NOMEM : CMG_OK;
        }
        if (!dialler.closed)
            cmg__h2_free(dialler.h2);
    }
    dialler.h2 = NULL;
    dialler.closed = true;
    end_done(&dialler);
    pair_close();
    return rc;
}

START_TEST(running_out_of_memory_leaks_nothing)
{
    support_torture(talk_once, NULL, 1);
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

static void add_endings(Suite *s)
{
    TCase *tc = themed(s, "endings of streams");
    tcase_add_loop_test(tc, a_reset_reaches_the_other_side, 0, 2);
    tcase_add_test(tc, a_refused_stream_may_be_sent_elsewhere);
    tcase_add_test(tc, a_stream_refused_after_its_answer_began_was_processed);
    tcase_add_test(tc, an_early_answer_stops_the_request_without_an_error);
    tcase_add_test(tc, many_resets_do_not_end_the_channel);
    tc = themed(s, "endings of sessions");
    tcase_add_loop_test(tc, the_owner_may_end_things_inside_any_callback, 0,
                        (int)CMG__ARRAY_LEN(actions));
    tcase_add_test(tc, a_lost_peer_ends_streams_then_the_session);
    tcase_add_loop_test(tc, draining_finishes_what_is_under_way, 0, 2);
    tcase_add_test(tc, draining_has_an_end);
}

static Suite *suite(void)
{
    Suite *s = suite_create("http2");
    TCase *tc = themed(s, "requests");
    tcase_add_test(tc, requests_go_from_the_acceptor_to_the_dialler);
    tcase_add_test(tc, extension_methods_pass_with_their_bodies);
    tcase_add_loop_test(tc, large_bodies_pass_both_ways_on_many_streams, 0, 2);
    tcase_add_test(tc, more_requests_than_streams_wait_their_turn);
    tcase_add_test(tc, malformed_requests_are_refused_before_they_are_sent);
    tc = themed(s, "back-pressure");
    tcase_add_test(tc, a_stalled_stream_stalls_no_other);
    tcase_add_test(tc, a_full_stream_says_so);
    add_endings(s);
    tc = themed(s, "time");
    tcase_add_test(tc, a_quiet_channel_is_kept_alive_by_pings);
    tcase_add_test(tc, an_unanswered_ping_ends_the_channel);
    tcase_add_test(tc, a_channel_that_is_not_set_up_ends);
    tcase_add_test(tc, a_peer_that_takes_no_bytes_ends_the_channel);
    tc = themed(s, "hostile peers");
    tcase_add_loop_test(tc, floods_end_the_channel, 0, (int)CMG__ARRAY_LEN(floods));
    tcase_add_test(tc, pings_at_a_decent_rate_are_answered);
    tcase_add_loop_test(tc, a_header_bomb_is_stopped, 0, 2);
    tcase_add_test(tc, too_many_fields_reset_the_stream_alone);
    tcase_add_test(tc, a_peer_that_speaks_something_else_is_dropped);
    tcase_add_test(tc, a_broken_frame_ends_the_channel);
    tcase_add_test(tc, malformed_authority_resets_the_stream);
    TCase *memory = tcase_create("memory");
    tcase_set_timeout(memory, 60);
    tcase_add_test(memory, running_out_of_memory_leaks_nothing);
    suite_add_tcase(s, memory);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
