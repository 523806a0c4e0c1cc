/*
 * A small keep-alive HTTP/1.1 client for the connector's upstreams: streaming bodies both
 * ways with back-pressure, a pool of idle connections per upstream. HTTPS or HTTP.
 */
#ifndef CMG_NET_HTTP1_CLIENT_H
#define CMG_NET_HTTP1_CLIENT_H

#include "net/http1.h"
#include "net/stream.h"
#include "net/tls.h"

/* One upstream origin with its pool. */
struct cmg__http1_pool;
struct cmg__http1_pool_settings {
    const char *host; /* also Host and server name; copied */
    uint16_t port;
    struct cmg__tls_config *tls; /* NULL for plain HTTP; a reference is taken */
    int64_t connect_ms;          /* 0: 10 s */
    int64_t first_byte_ms;       /* 0: 120 s */
    int64_t idle_ms;             /* 0: 60 s: how long an unused connection is kept */
    size_t max_idle;             /* 0: 32 */
};
cmg_status cmg__http1_pool_new(struct cmg__loop *loop,
                               const struct cmg__http1_pool_settings *settings,
                               struct cmg__http1_pool **out, cmg_error **err);
/* Ends idle connections and aborts exchanges without callbacks. */
void cmg__http1_pool_free(struct cmg__http1_pool *pool);

struct cmg__http1_exchange;
struct cmg__http1_exchange_events {
    void (*on_head)(struct cmg__http1_exchange *x, const struct cmg__http1_head *head,
                    void *user); /* final answer only; 1xx are swallowed */
    /* Returns how many bytes were taken; fewer pauses until _resume. */
    size_t (*on_body)(struct cmg__http1_exchange *x, const char *data, size_t n,
                      void *user);
    void (*on_writable)(struct cmg__http1_exchange *x, void *user);
    /* Exactly once unless aborted; err NULL when the answer is complete. x is gone. */
    void (*on_done)(struct cmg__http1_exchange *x, const cmg_error *err, void *user);
};
/* A request that found a kept connection closed before any answer byte is sent again on a
   fresh one only if it has no body and its method is GET, HEAD, OPTIONS or PROPFIND. */
cmg_status cmg__http1_exchange_start(struct cmg__http1_pool *pool, const char *method,
                                     const char *target,
                                     const struct cmg__headers *headers,
                                     enum cmg__http1_framing framing, uint64_t length,
                                     const struct cmg__http1_exchange_events *events,
                                     void *user, struct cmg__http1_exchange **out,
                                     cmg_error **err);
cmg_status cmg__http1_exchange_write(struct cmg__http1_exchange *x, const void *data,
                                     size_t n, bool *full);
cmg_status cmg__http1_exchange_end(struct cmg__http1_exchange *x);
void cmg__http1_exchange_resume(struct cmg__http1_exchange *x);
void cmg__http1_exchange_abort(struct cmg__http1_exchange *x); /* no callback follows */

#endif
