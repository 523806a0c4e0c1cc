/*
 * An HTTP/2 session over a stream with nghttp2, for the reverse channel: the dialler is
 * the HTTP server, the acceptor the HTTP client. Flow control is accounted by hand:
 * connection credit at once, stream credit only when the far side took the bytes. PING
 * both ways; limits against floods on both sides.
 */
#ifndef CMG_NET_HTTP2_H
#define CMG_NET_HTTP2_H

#include "base/http.h"
#include "net/stream.h"

struct cmg__h2;
struct cmg__h2_stream;

struct cmg__h2_events {
    /* The session is usable: TLS is up and the peer's SETTINGS came. */
    void (*on_ready)(struct cmg__h2 *h2, void *user);
    /* HTTP server side: a request head came. Pseudo fields are given apart. With end no
       body follows and on_end does not come; the same for on_response. */
    void (*on_request)(struct cmg__h2_stream *s, const char *method, const char *path,
                       const char *authority, const struct cmg__headers *headers,
                       bool end, void *user);
    /* HTTP client side: the answer's head. */
    void (*on_response)(struct cmg__h2_stream *s, int status,
                        const struct cmg__headers *headers, bool end, void *user);
    /* Body bytes. All are taken; call cmg__h2_consume when they have gone on. */
    void (*on_data)(struct cmg__h2_stream *s, const char *data, size_t n, void *user);
    void (*on_end)(struct cmg__h2_stream *s, void *user); /* peer's direction complete */
    void (*on_writable)(struct cmg__h2_stream *s, void *user);
    /* Exactly once per stream, also when the session dies (before on_close). code is the
       RST or 0; s is invalid afterwards. refused: certainly not processed, may be sent
       elsewhere. */
    void (*on_stream_close)(struct cmg__h2_stream *s, uint32_t code, bool refused,
                            void *user);
    void (*on_goaway)(struct cmg__h2 *h2, void *user); /* peer drains */
    void (*on_close)(struct cmg__h2 *h2, const cmg_error *why, void *user); /* once */
};

struct cmg__h2_settings {
    bool http_server;        /* the dialler */
    uint32_t max_streams;    /* 0: 256 */
    uint32_t stream_window;  /* 0: 1 MiB */
    uint32_t session_window; /* 0: 8 MiB */
    int64_t ping_ms;         /* 0: 20 s without received bytes */
    int64_t ping_timeout_ms; /* 0: 10 s */
    size_t write_queue;      /* 0: 64 KiB per stream before "full" */
};

/* Takes the stream (open or still handshaking) over, also on failure. */
cmg_status cmg__h2_new(struct cmg__stream *stream,
                       const struct cmg__h2_settings *settings,
                       const struct cmg__h2_events *events, void *user,
                       struct cmg__h2 **out, cmg_error **err);
struct cmg__stream *cmg__h2_transport(struct cmg__h2 *h2);
void *cmg__h2_user(struct cmg__h2 *h2);
/* HTTP client side: false once the session dies, drains or was told to go away. */
bool cmg__h2_takes_requests(const struct cmg__h2 *h2);
size_t cmg__h2_stream_count(const struct cmg__h2 *h2);
uint32_t cmg__h2_peer_max_streams(const struct cmg__h2 *h2);
/* Milliseconds of the last PING's round trip; -1 before the first. */
int64_t cmg__h2_rtt_ms(const struct cmg__h2 *h2);

cmg_status cmg__h2_request(struct cmg__h2 *h2, const char *method, const char *path,
                           const char *authority, const struct cmg__headers *headers,
                           bool end, void *stream_user, struct cmg__h2_stream **out,
                           cmg_error **err);
cmg_status cmg__h2_respond(struct cmg__h2_stream *s, int status,
                           const struct cmg__headers *headers, bool end);
cmg_status cmg__h2_write(struct cmg__h2_stream *s, const void *data, size_t n,
                         bool *full);
cmg_status cmg__h2_end(struct cmg__h2_stream *s);
void cmg__h2_consume(struct cmg__h2_stream *s, size_t n);
void cmg__h2_reset(struct cmg__h2_stream *s, uint32_t code); /* on_stream_close follows */
void cmg__h2_stream_set_user(struct cmg__h2_stream *s, void *stream_user);
void *cmg__h2_stream_user(struct cmg__h2_stream *s);
struct cmg__h2 *cmg__h2_stream_session(struct cmg__h2_stream *s);
int32_t cmg__h2_stream_id(const struct cmg__h2_stream *s);
/* GOAWAY, then closes when the last stream is done or after grace_ms. */
void cmg__h2_drain(struct cmg__h2 *h2, int64_t grace_ms);
/* Closes at once; on_close comes from the loop. */
void cmg__h2_abort(struct cmg__h2 *h2);
/* Ends it at once, or inside one of its callbacks when that returns; no callback follows,
   none for its streams either. NULL is allowed. */
void cmg__h2_free(struct cmg__h2 *h2);

#endif
