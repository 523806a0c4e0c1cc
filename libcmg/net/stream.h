/*
 * Byte streams as a chain of filters (socket, proxy, TLS): the same operations at each
 * level. Pull model: read and write never block and say CMG__IO_AGAIN; the owner sets
 * what it wants and is called back when it may go on. A filter owns the one beneath it.
 *
 * State of a stream: connecting -> open -> (eof | failed) -> freed.
 */
#ifndef CMG_NET_STREAM_H
#define CMG_NET_STREAM_H

#include "net/loop.h"

enum cmg__io {
    CMG__IO_OK = 0,    /* *got / *put bytes moved, at least one */
    CMG__IO_AGAIN = 1, /* nothing now; an event will tell */
    CMG__IO_EOF = 2,   /* clean end (close_notify under TLS) */
    CMG__IO_ERROR = 3  /* see cmg__stream_error */
};

struct cmg__stream;

/* Called from the loop when a wanted direction is ready, when connecting finished, or
   when the stream failed; the owner then calls read/write and learns which. It is legal
   to free the stream inside. */
typedef void (*cmg__stream_event_fn)(struct cmg__stream *stream, void *user);

struct cmg__stream_ops {
    enum cmg__io (*connect)(struct cmg__stream *s); /* OK when open */
    enum cmg__io (*read)(struct cmg__stream *s, void *out, size_t n, size_t *got);
    enum cmg__io (*write)(struct cmg__stream *s, const void *data, size_t n, size_t *put);
    /* Bytes already decrypted that a read would give without waiting. */
    size_t (*pending)(struct cmg__stream *s);
    void (*want)(struct cmg__stream *s, unsigned wanted); /* CMG__READABLE | _WRITABLE */
    enum cmg__io (*shutdown)(struct cmg__stream *s); /* orderly end of our direction */
    void (*destroy)(struct cmg__stream *s);
};

struct cmg__stream {
    const struct cmg__stream_ops *ops;
    struct cmg__loop *loop;
    struct cmg__stream *below;
    cmg__stream_event_fn on_event;
    void *user;
    cmg_error *error; /* owned; why CMG__IO_ERROR */
    bool open;
};

/* Plain TCP. host may be a name (resolved through the context's address table, its
   resolver callback, then DNS) or an address. Connecting starts at the first event turn;
   timeout covers resolving and connecting. */
cmg_status cmg__tcp_connect(struct cmg__loop *loop, const char *host, uint16_t port,
                            int64_t timeout_ms, struct cmg__stream **out,
                            cmg_error **err);
/* Takes the descriptor over. */
cmg_status cmg__tcp_adopt(struct cmg__loop *loop, int fd, struct cmg__stream **out,
                          cmg_error **err);

/* Whether what carries this stream is open: TCP, or the way through a proxy. */
bool cmg__stream_is_carried(const struct cmg__stream *s);
void cmg__stream_set_events(struct cmg__stream *s, cmg__stream_event_fn fn, void *user);
enum cmg__io cmg__stream_connect(struct cmg__stream *s);
enum cmg__io cmg__stream_read(struct cmg__stream *s, void *out, size_t n, size_t *got);
enum cmg__io cmg__stream_write(struct cmg__stream *s, const void *data, size_t n,
                               size_t *put);
size_t cmg__stream_pending(struct cmg__stream *s);
/* READABLE with pending bytes posts an event for the next turn. */
void cmg__stream_want(struct cmg__stream *s, unsigned wanted);
enum cmg__io cmg__stream_shutdown(struct cmg__stream *s);
/* Closes at once; NULL is allowed. */
void cmg__stream_free(struct cmg__stream *s);
const cmg_error *
cmg__stream_error(const struct cmg__stream *s); /* borrowed, may be NULL */

/* Listening. port 0 takes any free one. on_accept receives the descriptor (yours). */
struct cmg__listener;
cmg_status cmg__listener_new(struct cmg__loop *loop, const char *address, uint16_t port,
                             void (*on_accept)(void *user, int fd, const char *peer),
                             void *user, struct cmg__listener **out, cmg_error **err);
uint16_t cmg__listener_port(const struct cmg__listener *listener);
void cmg__listener_free(struct cmg__listener *listener);
/* How many descriptors this process may have open at a time. */
size_t cmg__listener_max_descriptors(void);

#endif
