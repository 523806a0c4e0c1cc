/* See ends.h. */
#include "net/ends.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>

static char pattern(size_t i)
{
    return (char)((i * 31 + i / 251) & 0xff);
}

static void on_event(struct cmg__stream *s, void *user);

static bool send_some(struct end *end)
{
    char block[5000];
    size_t put = 0;
    size_t n = end->to_send - end->sent;
    if (n == 0)
        return false;
    if (n > sizeof block)
        n = sizeof block;
    for (size_t i = 0; i < n; i++)
        block[i] = pattern(end->sent + i);
    end->last = cmg__stream_write(end->s, block, n, &put);
    end->sent += put;
    return put > 0;
}

static bool read_some(struct end *end)
{
    char block[3000];
    size_t got = 0;
    if (end->hold || end->eof)
        return false;
    enum cmg__io io = cmg__stream_read(end->s, block, sizeof block, &got);
    if (io != CMG__IO_AGAIN)
        end->last = io;
    for (size_t i = 0; i < got; i++)
        end->intact = end->intact && block[i] == pattern(end->got + i);
    end->got += got;
    end->eof = io == CMG__IO_EOF;
    return got > 0;
}

static void on_event(struct cmg__stream *s, void *user)
{
    struct end *end = user;
    ck_assert_ptr_eq(s, end->s);
    end->events++;
    if (cmg__stream_connect(s) == CMG__IO_OK)
        end->open = true;
    /* A few moves per event only, as a fair owner does. */
    for (int i = 0; i < 4; i++) {
        bool moved = send_some(end);
        moved = read_some(end) || moved;
        if (!moved)
            break;
    }
    bool sent = end->open && end->sent == end->to_send && !end->keep_open;
    if (sent && !end->ended)
        end->ended = cmg__stream_shutdown(s) == CMG__IO_OK;
    unsigned wanted = 0;
    if (!end->hold && !end->eof)
        wanted |= CMG__READABLE;
    if (end->sent < end->to_send || (sent && !end->ended))
        wanted |= CMG__WRITABLE;
    cmg__stream_want(s, wanted);
}

void ends_drive(struct end *end)
{
    end->intact = true;
    cmg__stream_set_events(end->s, on_event, end);
    cmg__stream_want(end->s, CMG__READABLE | CMG__WRITABLE);
}

static void on_accept(void *user, int fd, const char *peer)
{
    struct ends *e = user;
    cmg_error *err = NULL;
    ck_assert_ptr_null(e->server.s);
    e->server_fd = fd;
    snprintf(e->peer, sizeof e->peer, "%s", peer);
    ck_ok(cmg__tcp_adopt(e->ctx->loop, fd, &e->server.s, &err), err);
    if (e->server_tls != NULL)
        ck_ok(cmg__tls_stream_new(e->server.s, e->server_tls, NULL, &e->server.s, &err),
              err);
    ends_drive(&e->server);
}

void ends_listen(struct ends *e, cmg_context *ctx)
{
    cmg_error *err = NULL;
    e->ctx = ctx;
    ck_ok(cmg__listener_new(ctx->loop, "127.0.0.1", 0, on_accept, e, &e->listener, &err),
          err);
    ck_assert_uint_ne(cmg__listener_port(e->listener), 0);
}

static bool is_done(const struct end *end)
{
    return end->last == CMG__IO_ERROR || (end->s != NULL && end->eof && end->ended);
}

void ends_run(struct ends *e)
{
    for (int i = 0; i < 20000; i++) {
        if (is_done(&e->client) && is_done(&e->server))
            return;
        if (e->client.s != NULL && cmg__stream_error(e->client.s) != NULL &&
            (e->server.s == NULL || is_done(&e->server)))
            return;
        ck_assert_int_eq(cmg_context_wait(e->ctx, 2, NULL), CMG_OK);
    }
    ck_abort_msg("the two ends do not come to an end");
}

void ends_free(struct ends *e)
{
    cmg__stream_free(e->client.s);
    cmg__stream_free(e->server.s);
    cmg__listener_free(e->listener);
    cmg__tls_config_unref(e->server_tls);
}
