/* See h2_ends.h. */
#include "net/h2_ends.h"

#include <stdio.h>
#include <string.h>

struct h2_end dialler, acceptor;
const struct cmg__h2_settings h2_defaults;

static struct h2_seen *seen_of(struct cmg__h2_stream *s)
{
    return cmg__h2_stream_user(s);
}

static struct h2_end *end_of(struct cmg__h2_stream *s)
{
    return cmg__h2_user(cmg__h2_stream_session(s));
}

static struct h2_seen *seen_new(struct h2_end *e)
{
    ck_assert_uint_lt(e->count, H2_MAX);
    struct h2_seen *x = &e->seen[e->count++];
    cmg__buf_init(&x->body, &cmg__alloc_libc, 32 * H2_MIB);
    x->hold = e->hold;
    return x;
}

static void act(struct h2_end *e, struct cmg__h2_stream *s, char where)
{
    if (e->action_at != where)
        return;
    if (e->action == H2_ABORT)
        cmg__h2_abort(e->h2);
    if (e->action == H2_FREE) {
        cmg__h2_free(e->h2);
        e->closed = true;
    }
    if (e->action == H2_RESET && s != NULL)
        cmg__h2_reset(s, 8);
}

void h2_produce(struct h2_seen *x)
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
    struct h2_end *e = user;
    ck_assert(!e->ready);
    e->ready = true;
    act(e, NULL, 'Y');
}

static void answer(struct h2_seen *x)
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
    h2_produce(x);
}

static void on_request(struct cmg__h2_stream *s, const char *method, const char *path,
                       const char *authority, const struct cmg__headers *headers,
                       bool end, void *user)
{
    struct h2_end *e = user;
    ck_assert(e->server);
    struct h2_seen *x = seen_new(e);
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
    struct h2_end *e = user;
    struct h2_seen *x = seen_of(s);
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
    struct h2_seen *x = seen_of(s);
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
    struct h2_end *e = user;
    struct h2_seen *x = seen_of(s);
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
        h2_produce(seen_of(s));
}

static void on_stream_close(struct cmg__h2_stream *s, uint32_t code, bool refused,
                            void *user)
{
    struct h2_end *e = user;
    struct h2_seen *x = seen_of(s);
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
    struct h2_end *e = user;
    ck_assert(!e->goaway);
    e->goaway = true;
}

static void on_close(struct cmg__h2 *h2, const cmg_error *why, void *user)
{
    struct h2_end *e = user;
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

const struct cmg__h2_events h2_events = {
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

void h2_setup(void)
{
    pair_setup();
    memset(&dialler, 0, sizeof dialler);
    memset(&acceptor, 0, sizeof acceptor);
    dialler.server = dialler.answer = true;
}

void h2_end_done(struct h2_end *e)
{
    if (e->h2 != NULL && !e->closed)
        cmg__h2_free(e->h2);
    e->h2 = NULL;
    for (size_t i = 0; i < e->count; i++)
        cmg__buf_done(&e->seen[i].body);
    e->count = 0;
}

void h2_teardown(void)
{
    h2_end_done(&dialler);
    h2_end_done(&acceptor);
    pair_teardown();
}

void h2_open(struct h2_end *e, struct cmg__stream *stream,
             struct cmg__h2_settings settings)
{
    cmg_error *err = NULL;
    settings.http_server = e->server;
    ck_ok(cmg__h2_new(stream, &settings, &h2_events, e, &e->h2, &err), err);
    ck_assert_ptr_eq(cmg__h2_user(e->h2), e);
    ck_assert_ptr_eq(cmg__h2_transport(e->h2), stream);
}

bool h2_both_ready(void *user)
{
    (void)user;
    return dialler.ready && acceptor.ready && cmg__h2_rtt_ms(dialler.h2) >= 0 &&
           cmg__h2_rtt_ms(acceptor.h2) >= 0;
}

void h2_connect(struct cmg__h2_settings settings)
{
    struct cmg__stream *a, *b;
    pair_streams(&a, &b);
    h2_open(&dialler, a, settings);
    h2_open(&acceptor, b, settings);
    ck_assert_int_eq(cmg__h2_rtt_ms(acceptor.h2), -1);
    ck_assert(pair_spin(h2_both_ready, NULL));
}

struct h2_seen *h2_ask_with(const char *method, const struct cmg__headers *headers,
                            bool end)
{
    cmg_error *err = NULL;
    struct h2_seen *x = seen_new(&acceptor);
    ck_ok(cmg__h2_request(acceptor.h2, method, "/p?q", "mp.internal", headers, end, x,
                          &x->s, &err),
          err);
    return x;
}

struct h2_seen *h2_ask(const char *method, bool end)
{
    return h2_ask_with(method, NULL, end);
}

bool h2_is_closed(void *user)
{
    return ((struct h2_seen *)user)->closed;
}

bool h2_has_ended(void *user)
{
    return ((struct h2_end *)user)->closed;
}

void h2_check_body(const struct h2_seen *x, size_t total, unsigned seed)
{
    ck_assert_uint_eq(x->body.len, total);
    for (size_t i = 0; i < total; i++)
        if (x->body.data[i] != pair_pattern(i, seed))
            ck_abort_msg("byte %zu differs", i);
}

bool h2_all_closed(void *user)
{
    (void)user;
    for (size_t i = 0; i < acceptor.count; i++)
        if (!acceptor.seen[i].closed)
            return false;
    return true;
}

void h2_send_frame(uint8_t type, uint8_t flags, uint32_t id, const void *body, size_t n)
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

void h2_open_raw(void)
{
    struct cmg__h2_settings settings = { 0 };
    h2_open(&dialler, pair_half(), settings);
    pair_send(H2_PREFACE, sizeof H2_PREFACE - 1);
    h2_send_frame(4, 0, 0, NULL, 0);
    ck_assert(pair_spin(dialler_ready, NULL));
    h2_send_frame(4, 1, 0, NULL, 0);
    pair_turns(5);
}

TCase *h2_case(Suite *s, const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, h2_setup, h2_teardown);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(s, tc);
    return tc;
}
