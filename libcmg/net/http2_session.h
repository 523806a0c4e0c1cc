/*
 * The inside of an HTTP/2 session, shared by the files that make it: http2.c (life, turn,
 * time), http2_stream.c (what goes out), http2_receive.c (what comes in). The only header
 * that shows nghttp2.
 *
 * nghttp2 calls back from mem_recv and mem_send, which only the turn calls; the owner may
 * do anything there but the session is freed after the turn alone. Calls of the owner
 * from elsewhere submit to nghttp2 and post a turn.
 */
#ifndef CMG_NET_HTTP2_SESSION_H
#define CMG_NET_HTTP2_SESSION_H

#include "net/http1_wire.h"
#include "net/http2.h"

#include <nghttp2/nghttp2.h>

#define CMG__H2_HEAD_MAX   ((size_t)64 * 1024) /* decoded, with 32 bytes a field */
#define CMG__H2_FIELDS_MAX 128
#define CMG__H2_METHOD_MAX 32

/* How often something may happen within a span of time. */
struct cmg__h2_rate {
    int64_t since_ms;
    unsigned count;
};

struct cmg__h2_stream {
    struct cmg__h2 *h2;
    struct cmg__list node;
    struct cmg__list writable; /* in h2->writable while the owner is to be told */
    void *user;
    int32_t id;

    /* in */
    char method[CMG__H2_METHOD_MAX + 1];
    struct cmg__buf path, authority;
    struct cmg__headers headers;
    int status;
    size_t head_bytes, head_fields;
    bool head_bad;  /* over a limit: counted on, never delivered */
    bool head_came; /* delivered; what comes as HEADERS now are trailers */
    bool remote_ended;
    size_t unconsumed;

    /* out */
    struct cmg__buf out;
    size_t out_at;
    bool head_queued, head_sent;
    bool out_ended;
    bool deferred; /* nghttp2 waits for resume_data */
    bool was_full;
    bool reset; /* by us */
};

struct cmg__h2 {
    struct cmg__wire wire;
    struct cmg__loop *loop;
    const struct cmg__alloc *alloc;
    nghttp2_session *session;
    struct cmg__h2_settings settings;
    struct cmg__h2_events events;
    void *user;
    struct cmg__task task;
    struct cmg__timer timer;
    struct cmg__list streams;
    struct cmg__list writable;
    size_t stream_count;

    bool open;  /* bytes may flow */
    bool ready; /* the peer's SETTINGS came */
    bool goaway_received;
    bool draining, drain_sealed; /* notice sent; final GOAWAY submitted */
    bool ending;                 /* all is sent, our direction is being closed */
    int64_t open_due, drain_due, write_due;
    int64_t received_ms;
    int64_t ping_sent_ms; /* -1: none is out */
    int64_t rtt_ms;

    size_t unconsumed; /* of all streams */
    size_t held;       /* connection credit not given back yet */
    struct cmg__h2_rate pings, own_resets, priorities;
    unsigned empty_data;

    bool running, again, dead, silent;
    cmg_error *why;
};

/* http2.c */
void cmg__h2_poke(struct cmg__h2 *h2);
/* GOAWAY with the code, then the end; the first reason stands. */
void cmg__h2_terminate(struct cmg__h2 *h2, uint32_t code, const char *reason);
void cmg__h2_ping(struct cmg__h2 *h2);
void cmg__h2_pong(struct cmg__h2 *h2);

/* http2_stream.c */
struct cmg__h2_stream *cmg__h2_stream_new(struct cmg__h2 *h2);
/* Tells the owner and frees. */
void cmg__h2_stream_end(struct cmg__h2_stream *s, uint32_t code);
void cmg__h2_release_credit(struct cmg__h2 *h2, size_t n);
void cmg__h2_tell_writable(struct cmg__h2 *h2);

/* http2_receive.c */
void cmg__h2_set_callbacks(nghttp2_session_callbacks *callbacks);

#endif
