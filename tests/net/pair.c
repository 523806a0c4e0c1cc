/* See pair.h. */
#include "net/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct support_env env;
static cmg_context *ctx;
static int descriptors;
static int far = -1;
static bool eof;
static struct cmg__buf received;

cmg_status pair_open(const cmg_allocator *allocator)
{
    cmg_status rc = cmg_context_new(allocator, &ctx, NULL);
    if (rc != CMG_OK)
        return rc;
    support_env_init(&env);
    ctx->env = env.env;
    far = -1;
    eof = false;
    cmg__buf_init(&received, &cmg__alloc_libc, (size_t)64 * 1024 * 1024);
    return CMG_OK;
}

void pair_close(void)
{
    pair_far_close();
    cmg_context_unref(ctx);
    ctx = NULL;
    cmg__buf_done(&received);
}

void pair_setup(void)
{
    cmg_context *first = NULL;
    /* libuv keeps descriptors per process from the first loop on. */
    ck_assert_int_eq(cmg_context_new(NULL, &first, NULL), CMG_OK);
    cmg_context_unref(first);
    descriptors = support_fd_count();
    ck_assert_int_eq(pair_open(NULL), CMG_OK);
}

void pair_teardown(void)
{
    pair_close();
    ck_assert_int_eq(support_fd_count(), descriptors);
}

cmg_context *pair_ctx(void)
{
    return ctx;
}

struct cmg__loop *pair_loop(void)
{
    return ctx->loop;
}

void pair_advance_ms(int64_t ms)
{
    support_env_advance_ms(&env, ms);
}

static void sockets(int fds[2])
{
    ck_assert_int_eq(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
}

struct cmg__stream *pair_half(void)
{
    int fds[2];
    struct cmg__stream *stream = NULL;
    sockets(fds);
    far = fds[1];
    if (cmg__tcp_adopt(ctx->loop, fds[0], &stream, NULL) != CMG_OK)
        return NULL;
    return stream;
}

int pair_far(void)
{
    return far;
}

void pair_far_close(void)
{
    if (far >= 0)
        close(far);
    far = -1;
}

void pair_streams(struct cmg__stream **a, struct cmg__stream **b)
{
    int fds[2];
    cmg_error *err = NULL;
    sockets(fds);
    ck_ok(cmg__tcp_adopt(ctx->loop, fds[0], a, &err), err);
    ck_ok(cmg__tcp_adopt(ctx->loop, fds[1], b, &err), err);
}

void pair_turns(int n)
{
    for (int i = 0; i < n; i++)
        cmg__loop_wait(ctx->loop, 0);
}

bool pair_spin(bool (*done)(void *user), void *user)
{
    for (int i = 0; i < 20000; i++) {
        if (done(user))
            return true;
        cmg__loop_wait(ctx->loop, i < 200 ? 0 : 1);
    }
    return false;
}

void pair_send(const void *data, size_t n)
{
    const char *at = data;
    for (int idle = 0; n > 0 && idle < 2000;) {
        ssize_t put = send(far, at, n, MSG_NOSIGNAL);
        if (put > 0) {
            at += put;
            n -= (size_t)put;
            idle = 0;
        } else {
            idle++;
        }
        pair_turns(1);
    }
    ck_assert_uint_eq(n, 0);
}

void pair_send_str(const char *text)
{
    pair_send(text, strlen(text));
}

struct cmg__buf *pair_received(void)
{
    static char block[65536];
    while (far >= 0 && !eof) {
        ssize_t n = recv(far, block, sizeof block, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            eof = true;
        if (n <= 0)
            break;
        ck_assert_int_eq(cmg__buf_add(&received, block, (size_t)n), CMG_OK);
    }
    return &received;
}

bool pair_at_eof(void)
{
    (void)pair_received();
    return eof;
}

char pair_pattern(size_t i, unsigned seed)
{
    return (char)((i * 31 + (i >> 8) * 7 + (i >> 16) + seed) & 0xff);
}

void pair_fill_pattern(char *out, size_t at, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        out[i] = pair_pattern(at + i, seed);
}
