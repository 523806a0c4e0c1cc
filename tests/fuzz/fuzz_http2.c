/*
 * The HTTP/2 session on any bytes, as the dialler sees them: a stream in memory gives the
 * input behind a proper preface and swallows what is written. Every request is answered;
 * every stream must be closed exactly once before the session is.
 */
#include "net/http2.h"

#include <cmg/cmg.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";

struct memory {
    struct cmg__stream base;
    const uint8_t *data;
    size_t left, preface_left;
};

struct owner {
    size_t open;
    bool closed;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static enum cmg__io mem_connect(struct cmg__stream *s)
{
    s->open = true;
    return CMG__IO_OK;
}

static enum cmg__io mem_read(struct cmg__stream *s, void *out, size_t n, size_t *got)
{
    struct memory *m = (struct memory *)(void *)s;
    size_t *left = m->preface_left > 0 ? &m->preface_left : &m->left;
    const char *from = m->preface_left > 0 ? preface + sizeof preface - m->preface_left
                                           : (const char *)m->data;
    if (*left == 0)
        return CMG__IO_EOF;
    if (n > *left)
        n = *left;
    memcpy(out, from, n);
    if (left == &m->left)
        m->data += n;
    *left -= n;
    *got = n;
    return CMG__IO_OK;
}

static enum cmg__io mem_write(struct cmg__stream *s, const void *data, size_t n,
                              size_t *put)
{
    (void)s;
    (void)data;
    *put = n;
    return CMG__IO_OK;
}

static size_t mem_pending(struct cmg__stream *s)
{
    (void)s;
    return 0;
}

static void mem_want(struct cmg__stream *s, unsigned wanted)
{
    (void)s;
    (void)wanted;
}

static enum cmg__io mem_shutdown(struct cmg__stream *s)
{
    (void)s;
    return CMG__IO_OK;
}

static void mem_destroy(struct cmg__stream *s)
{
    free(s);
}

static const struct cmg__stream_ops mem_ops = {
    .connect = mem_connect,
    .read = mem_read,
    .write = mem_write,
    .pending = mem_pending,
    .want = mem_want,
    .shutdown = mem_shutdown,
    .destroy = mem_destroy,
};

static void answer(struct cmg__h2_stream *s)
{
    if (cmg__h2_respond(s, 200, NULL, false) == CMG_OK) {
        (void)cmg__h2_write(s, "answer", 6, NULL);
        (void)cmg__h2_end(s);
    }
}

static void on_request(struct cmg__h2_stream *s, const char *method, const char *path,
                       const char *authority, const struct cmg__headers *headers,
                       bool end, void *user)
{
    struct owner *o = user;
    o->open++;
    require(strlen(method) <= 32 && path != NULL && authority != NULL &&
            headers->count <= 128);
    if (end)
        answer(s);
}

static void on_data(struct cmg__h2_stream *s, const char *data, size_t n, void *user)
{
    (void)user;
    cmg__h2_consume(s, n);
    if (n > 0 && data[0] == 'r')
        cmg__h2_reset(s, 8);
}

static void on_end(struct cmg__h2_stream *s, void *user)
{
    (void)user;
    answer(s);
}

static void on_stream_close(struct cmg__h2_stream *s, uint32_t code, bool refused,
                            void *user)
{
    (void)s;
    (void)code;
    struct owner *o = user;
    require(!refused && !o->closed && o->open > 0);
    o->open--;
}

static void on_close(struct cmg__h2 *h2, const cmg_error *why, void *user)
{
    (void)h2;
    (void)why;
    struct owner *o = user;
    require(!o->closed && o->open == 0);
    o->closed = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct cmg__h2_events events = {
        .on_request = on_request,
        .on_data = on_data,
        .on_end = on_end,
        .on_stream_close = on_stream_close,
        .on_close = on_close,
    };
    static cmg_context *ctx;
    if (ctx == NULL && cmg_context_new(NULL, &ctx, NULL) != CMG_OK)
        abort();
    struct memory *m = calloc(1, sizeof *m);
    if (m == NULL)
        abort();
    m->base.ops = &mem_ops;
    m->base.loop = ctx->loop;
    m->data = data;
    m->left = size;
    m->preface_left = sizeof preface;
    struct owner owner = { 0 };
    struct cmg__h2_settings settings = { .http_server = true, .max_streams = 20 };
    struct cmg__h2 *h2 = NULL;
    if (cmg__h2_new(&m->base, &settings, &events, &owner, &h2, NULL) != CMG_OK)
        abort();
    for (size_t i = 0; i < 10 + size / 1000 && !owner.closed; i++)
        cmg__loop_turn(ctx->loop);
    require(owner.closed);
    return 0;
}
