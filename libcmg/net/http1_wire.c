/*
 * Buffered stream ends. Offsets move instead of bytes; a buffer is emptied when all of it
 * was used, so that a connection at work allocates nothing.
 */
#include "net/http1_wire.h"

#include <string.h>

#define READ_SIZE ((size_t)16 * 1024)

void cmg__wire_init(struct cmg__wire *wire, const struct cmg__alloc *alloc,
                    struct cmg__stream *stream, size_t out_max)
{
    *wire = (struct cmg__wire){ .stream = stream };
    /* Tokens come in here; what goes out is a copy of what the caller holds anyway. */
    cmg__buf_init_secret(&wire->in, alloc, READ_SIZE);
    cmg__buf_init(&wire->out, alloc, out_max);
}

void cmg__wire_done(struct cmg__wire *wire)
{
    cmg__stream_free(wire->stream);
    wire->stream = NULL;
    cmg__buf_done(&wire->in);
    cmg__buf_done(&wire->out);
}

const char *cmg__wire_input(const struct cmg__wire *wire)
{
    return cmg__buf_cstr(&wire->in) + wire->in_at;
}

size_t cmg__wire_unread(const struct cmg__wire *wire)
{
    return wire->in.len - wire->in_at;
}

void cmg__wire_take(struct cmg__wire *wire, size_t n)
{
    wire->in_at += n;
    if (wire->in_at == wire->in.len) {
        cmg__buf_clear(&wire->in);
        wire->in_at = 0;
    }
}

enum cmg__io cmg__wire_fill(struct cmg__wire *wire)
{
    size_t got = 0;
    if (wire->in_at > 0) {
        cmg__buf_consume(&wire->in, wire->in_at);
        wire->in_at = 0;
    }
    size_t room = READ_SIZE - wire->in.len;
    if (room == 0)
        return CMG__IO_AGAIN;
    if (cmg__buf_reserve(&wire->in, room) != CMG_OK)
        return CMG__IO_ERROR;
    enum cmg__io io =
        cmg__stream_read(wire->stream, wire->in.data + wire->in.len, room, &got);
    if (io == CMG__IO_OK) {
        wire->in.len += got;
        wire->in.data[wire->in.len] = '\0';
    }
    return io;
}

size_t cmg__wire_unsent(const struct cmg__wire *wire)
{
    return wire->out.len - wire->out_at;
}

/* Keeps a queue that never runs empty from growing without end. */
static void drop_sent(struct cmg__wire *wire)
{
    if (wire->out_at < wire->out.len && wire->out_at < wire->out.len / 2)
        return;
    cmg__buf_consume(&wire->out, wire->out_at);
    wire->out_at = 0;
}

enum cmg__io cmg__wire_flush(struct cmg__wire *wire, size_t *sent)
{
    enum cmg__io io = CMG__IO_OK;
    *sent = 0;
    while (io == CMG__IO_OK && wire->out_at < wire->out.len) {
        size_t put = 0;
        io = cmg__stream_write(wire->stream, wire->out.data + wire->out_at,
                               wire->out.len - wire->out_at, &put);
        if (io == CMG__IO_OK) {
            wire->out_at += put;
            *sent += put;
        }
    }
    if (*sent > 0)
        drop_sent(wire);
    return io;
}
