/*
 * One server connection over any stream: strict parsing, one request at a time, bodies as
 * they come with back-pressure, timeouts for the head and idleness. Used by the gateway
 * service's front end and by the sandbox.
 */
#ifndef CMG_NET_HTTP1_SERVER_H
#define CMG_NET_HTTP1_SERVER_H

#include "net/http1.h"
#include "net/stream.h"

struct cmg__http1_conn;

struct cmg__http1_server_events {
    /* The head is complete. Answer any time from now on, also before the body ended.
       head is borrowed until on_end or on_abort. */
    void (*on_request)(struct cmg__http1_conn *conn, const struct cmg__http1_head *head,
                       void *user);
    /* Body bytes. Return how many were taken; fewer than n pauses the connection until
       cmg__http1_conn_resume. */
    size_t (*on_body)(struct cmg__http1_conn *conn, const char *data, size_t n,
                      void *user);
    /* Request complete. Neither on_body nor on_end come once the answer has ended. */
    void (*on_end)(struct cmg__http1_conn *conn, void *user);
    /* After a write queue was above its limit and fell below half of it. */
    void (*on_writable)(struct cmg__http1_conn *conn, void *user);
    /* The response is out; the connection takes the next request or closes. May be NULL.
     */
    void (*on_done)(struct cmg__http1_conn *conn, void *user);
    /* Exactly once: the connection is gone (peer left, error, timeout or closed after the
       last response). Free what belongs to it; conn is invalid afterwards. */
    void (*on_close)(struct cmg__http1_conn *conn, const cmg_error *why, void *user);
};

struct cmg__http1_server_limits {
    struct cmg__http1_limits http1;
    int64_t handshake_ms;  /* 10 s */
    int64_t head_ms;       /* 10 s, absolute */
    int64_t idle_ms;       /* 75 s between requests; 20 s for the first byte */
    int64_t body_ms;       /* 60 s without progress */
    size_t write_queue;    /* 64 KiB: on reaching it, writers should pause */
    uint32_t max_requests; /* 1000 per connection */
};
extern const struct cmg__http1_server_limits cmg__http1_server_default_limits;

/* Takes the stream (open or still handshaking) over, also on failure. */
cmg_status cmg__http1_conn_new(struct cmg__stream *stream,
                               const struct cmg__http1_server_limits *limits,
                               const struct cmg__http1_server_events *events, void *user,
                               struct cmg__http1_conn **out, cmg_error **err);
struct cmg__stream *cmg__http1_conn_stream(struct cmg__http1_conn *conn);
void *cmg__http1_conn_user(struct cmg__http1_conn *conn);
void cmg__http1_conn_resume(struct cmg__http1_conn *conn);
/* 100-continue, once, when the request expects it. */
void cmg__http1_conn_continue(struct cmg__http1_conn *conn);
/* Head of the answer. framing LENGTH (with length), CHUNKED or NO_BODY. For an HTTP/1.0
   client CHUNKED becomes until-close. */
cmg_status cmg__http1_conn_respond(struct cmg__http1_conn *conn, int status,
                                   const char *reason, const struct cmg__headers *headers,
                                   enum cmg__http1_framing framing, uint64_t length);
/* Body bytes are queued whole; *full tells that the queue is above its limit. */
cmg_status cmg__http1_conn_write(struct cmg__http1_conn *conn, const void *data, size_t n,
                                 bool *full);
cmg_status cmg__http1_conn_end(struct cmg__http1_conn *conn); /* answer complete */
/* A whole small answer in one call. */
cmg_status cmg__http1_conn_reply(struct cmg__http1_conn *conn, int status,
                                 const struct cmg__headers *headers, const void *body,
                                 size_t n);
/* No further request on this connection. */
void cmg__http1_conn_set_close(struct cmg__http1_conn *conn);
/* Drops the connection now; on_close comes from the loop. */
void cmg__http1_conn_abort(struct cmg__http1_conn *conn);
/* Drops the connection without on_close, at once or, inside one of its callbacks, when
   that returns. NULL is allowed. */
void cmg__http1_conn_free(struct cmg__http1_conn *conn);

#endif
