/*
 * A stream with a buffer on each side, as server and client of HTTP/1.1 use it: input
 * that was read but not yet parsed, output that was written but not yet sent. Knows
 * nothing of HTTP and calls nobody.
 */
#ifndef CMG_NET_HTTP1_WIRE_H
#define CMG_NET_HTTP1_WIRE_H

#include "base/buf.h"
#include "net/stream.h"

struct cmg__wire {
    struct cmg__stream *stream; /* owned */
    struct cmg__buf in;
    size_t in_at; /* what lies before was taken */
    struct cmg__buf out;
    size_t out_at; /* what lies before was sent */
};

void cmg__wire_init(struct cmg__wire *wire, const struct cmg__alloc *alloc,
                    struct cmg__stream *stream, size_t out_max);
void cmg__wire_done(struct cmg__wire *wire);

const char *cmg__wire_input(const struct cmg__wire *wire);
size_t cmg__wire_unread(const struct cmg__wire *wire);
void cmg__wire_take(struct cmg__wire *wire, size_t n);
/* One read of at most 16 KiB. CMG__IO_ERROR without a stream error: out of memory. */
enum cmg__io cmg__wire_fill(struct cmg__wire *wire);

size_t cmg__wire_unsent(const struct cmg__wire *wire);
/* Sends until nothing is left (OK) or the stream takes no more (AGAIN); *sent counts. */
enum cmg__io cmg__wire_flush(struct cmg__wire *wire, size_t *sent);

#endif
