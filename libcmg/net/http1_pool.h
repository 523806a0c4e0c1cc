/*
 * The inside of the HTTP/1.1 client: a pool's connections (http1_pool.c) and the
 * exchanges that borrow them (http1_client.c the owner's side, http1_exchange.c the
 * turns).
 */
#ifndef CMG_NET_HTTP1_POOL_H
#define CMG_NET_HTTP1_POOL_H

#include "net/http1_client.h"
#include "net/http1_wire.h"

/* A connection; belongs to the pool while idle, else to an exchange. */
struct cmg__http1_link {
    struct cmg__wire wire;
    const struct cmg__alloc *alloc;
    struct cmg__http1_pool *pool; /* while idle */
    struct cmg__list node;
    int64_t idle_due;
    bool reused;
};

struct cmg__http1_pool {
    struct cmg__loop *loop;
    const struct cmg__alloc *alloc;
    char *host;
    char *host_field; /* with the port unless it is the scheme's own */
    uint16_t port;
    struct cmg__tls_config *tls;
    int64_t connect_ms, first_byte_ms, idle_ms;
    size_t max_idle, idle_count;
    struct cmg__list idle; /* oldest first */
    struct cmg__list exchanges;
    struct cmg__timer timer;
};

struct cmg__http1_exchange {
    struct cmg__http1_pool *pool; /* NULL once the pool is gone */
    struct cmg__list node;
    struct cmg__http1_link *link;
    struct cmg__loop *loop;
    const struct cmg__alloc *alloc;
    struct cmg__http1_exchange_events events;
    void *user;
    struct cmg__http1_parser parser;
    struct cmg__task task;
    struct cmg__timer timer;
    int64_t open_due, read_due, write_due;
    int64_t first_byte_ms;

    struct cmg__buf head; /* the request head, to be sent again */
    bool replayable;
    bool opened;
    enum cmg__http1_framing framing;
    uint64_t out_left;
    bool out_ended;
    bool was_full;

    bool answer_began;
    bool interim; /* a 1xx head came; its END is not the answer's */
    unsigned interims;
    size_t body_left;
    bool paused;

    bool running, again;
    bool complete; /* all of the answer came */
    bool dead, silent;
    cmg_error *why;
};

/* An idle connection that still seems alive, else (or when fresh) a new one. */
cmg_status cmg__http1_link_take(struct cmg__http1_pool *pool, bool fresh,
                                struct cmg__http1_link **out, cmg_error **err);
/* Back into the pool; pool NULL or full: closed. */
void cmg__http1_link_keep(struct cmg__http1_pool *pool, struct cmg__http1_link *link);
void cmg__http1_link_free(struct cmg__http1_link *link);

/* Gives the exchange a connection and queues the head on it. */
cmg_status cmg__http1_exchange_connect(struct cmg__http1_exchange *x, bool fresh,
                                       cmg_error **err);
void cmg__http1_exchange_run(struct cmg__http1_exchange *x);
void cmg__http1_exchange_poke(struct cmg__http1_exchange *x);
/* Frees without a callback; while running, when the turn ends. */
void cmg__http1_exchange_drop(struct cmg__http1_exchange *x);
/* Something was added to what was unsent before. */
void cmg__http1_exchange_queued(struct cmg__http1_exchange *x, size_t before);

#define CMG__HTTP1_CLIENT_QUEUE ((size_t)64 * 1024) /* "full" from here on */

#endif
