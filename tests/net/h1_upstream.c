/* See h1_upstream.h. */
#include "net/h1_upstream.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct up up;

static void on_raw_accept(void *user, int fd, const char *peer)
{
    (void)user;
    (void)peer;
    ck_assert_uint_lt(up.accepted, UP_LINES);
    up.raws[up.accepted].fd = fd;
    cmg__buf_init(&up.raws[up.accepted].in, &cmg__alloc_libc, 16 * UP_MIB);
    up.accepted++;
}

void up_raw_close(struct up_raw *raw)
{
    if (raw->fd >= 0)
        close(raw->fd);
    raw->fd = -1;
}

/* Reads what came; each whole head gets the next answer of the script. */
static void raw_turn(size_t c)
{
    static char block[65536];
    struct up_raw *raw = &up.raws[c];
    ssize_t n = raw->fd >= 0 ? recv(raw->fd, block, sizeof block, MSG_DONTWAIT) : 0;
    if (n > 0)
        ck_assert_int_eq(cmg__buf_add(&raw->in, block, (size_t)n), CMG_OK);
    const char *end = strstr(cmg__buf_cstr(&raw->in), "\r\n\r\n");
    if (raw->fd < 0 || end == NULL)
        return;
    const char *answer = up.script[c][raw->requests++];
    cmg__buf_clear(&raw->in);
    if (answer == NULL)
        up_raw_close(raw);
    else
        ck_assert_int_eq(send(raw->fd, answer, strlen(answer), MSG_NOSIGNAL),
                         (ssize_t)strlen(answer));
}

static void served_produce(struct up_served *x)
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
    struct up_served *x = user;
    cmg__buf_clear(&x->body);
    x->sent = 0;
    ck_assert_ptr_nonnull(cmg__headers_get(&head->headers, "Host"));
}

static size_t on_server_body(struct cmg__http1_conn *conn, const char *data, size_t n,
                             void *user)
{
    (void)conn;
    struct up_served *x = user;
    ck_assert_int_eq(cmg__buf_add(&x->body, data, n), CMG_OK);
    return n;
}

static void on_server_end(struct cmg__http1_conn *conn, void *user)
{
    struct up_served *x = user;
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
    struct up_served *x = user;
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
    ck_assert_uint_lt(up.accepted, UP_LINES);
    struct up_served *x = &up.served[up.accepted++];
    cmg__buf_init(&x->body, &cmg__alloc_libc, 16 * UP_MIB);
    ck_ok(cmg__tcp_adopt(pair_loop(), fd, &stream, &err), err);
    ck_ok(cmg__http1_conn_new(stream, NULL, &events, x, &x->conn, &err), err);
}

static void act(struct up_got *g, char where)
{
    if (g->action_at != where)
        return;
    if (g->action == UP_ABORT)
        cmg__http1_exchange_abort(g->x);
    if (g->action == UP_FREE_POOL) {
        cmg__http1_pool_free(up.pool);
        up.pool = NULL;
    }
    g->x = NULL;
}

void up_produce(struct up_got *g)
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
    struct up_got *g = user;
    ck_assert_int_eq(g->status, 0);
    g->status = head->status;
    act(g, 'H');
}

static size_t on_body(struct cmg__http1_exchange *x, const char *data, size_t n,
                      void *user)
{
    (void)x;
    struct up_got *g = user;
    size_t took = n < g->take_most ? n : g->take_most;
    ck_assert_int_eq(cmg__buf_add(&g->body, data, took), CMG_OK);
    act(g, 'B');
    return took;
}

static void on_writable(struct cmg__http1_exchange *x, void *user)
{
    (void)x;
    struct up_got *g = user;
    g->writable = true;
    up_produce(g);
}

static void on_done(struct cmg__http1_exchange *x, const cmg_error *err, void *user)
{
    (void)x;
    struct up_got *g = user;
    ck_assert(!g->done);
    g->done = true;
    g->why = cmg_error_code(err);
    g->retry = cmg_error_retry(err);
    act(g, 'D');
    g->x = NULL;
}

const struct cmg__http1_exchange_events up_events = {
    .on_head = on_head,
    .on_body = on_body,
    .on_writable = on_writable,
    .on_done = on_done,
};

void up_setup(void)
{
    pair_setup();
    memset(&up, 0, sizeof up);
    for (size_t i = 0; i < UP_LINES; i++) {
        up.raws[i] = (struct up_raw){ .fd = -1 };
        up.got[i].take_most = SIZE_MAX;
        cmg__buf_init(&up.got[i].body, &cmg__alloc_libc, 16 * UP_MIB);
    }
}

void up_teardown(void)
{
    cmg__http1_pool_free(up.pool);
    cmg__listener_free(up.listener);
    for (size_t i = 0; i < UP_LINES; i++) {
        cmg__http1_conn_free(up.served[i].conn);
        cmg__buf_done(&up.served[i].body);
        up_raw_close(&up.raws[i]);
        cmg__buf_done(&up.raws[i].in);
        cmg__buf_done(&up.got[i].body);
    }
    pair_teardown();
}

static void listen_with(void (*on_accept)(void *user, int fd, const char *peer))
{
    cmg_error *err = NULL;
    ck_ok(cmg__listener_new(pair_loop(), "127.0.0.1", 0, on_accept, NULL, &up.listener,
                            &err),
          err);
    const struct cmg__http1_pool_settings settings = {
        .host = "127.0.0.1", .port = cmg__listener_port(up.listener), .max_idle = 2
    };
    ck_ok(cmg__http1_pool_new(pair_loop(), &settings, &up.pool, &err), err);
}

void up_listen_scripted(void)
{
    listen_with(on_raw_accept);
}

void up_listen_real(void)
{
    listen_with(on_real_accept);
}

struct up_got *up_ask(size_t i, const char *method, enum cmg__http1_framing framing,
                      uint64_t length)
{
    cmg_error *err = NULL;
    ck_ok(cmg__http1_exchange_start(up.pool, method, "/x", NULL, framing, length,
                                    &up_events, &up.got[i], &up.got[i].x, &err),
          err);
    return &up.got[i];
}

struct up_got *up_get(size_t i)
{
    return up_ask(i, "GET", CMG__HTTP1_NO_BODY, 0);
}

bool up_is_done(void *user)
{
    for (size_t c = 0; c < up.accepted; c++)
        raw_turn(c);
    return ((struct up_got *)user)->done;
}

static bool never(void *user)
{
    (void)up_is_done(user);
    return false;
}

void up_play(struct up_got *g, int turns)
{
    for (int i = 0; i < turns; i++) {
        (void)never(g);
        cmg__loop_wait(pair_loop(), 1);
    }
}

void up_expect(struct up_got *g, int status, const char *body)
{
    ck_assert(pair_spin(up_is_done, g));
    ck_assert_int_eq(g->why, CMG_OK);
    ck_assert_int_eq(g->status, status);
    ck_assert_str_eq(cmg__buf_cstr(&g->body), body);
}

TCase *up_case(Suite *s, const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, up_setup, up_teardown);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(s, tc);
    return tc;
}
