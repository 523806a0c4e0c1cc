/*
 * The upstream of a client pool and the owner of its exchanges. The upstream is either a
 * peer that plays a script or a real server connection that answers with what it got.
 */
#ifndef TESTS_NET_H1_UPSTREAM_H
#define TESTS_NET_H1_UPSTREAM_H

#include "net/http1_client.h"
#include "net/http1_server.h"
#include "net/pair.h"
#include "support/support.h"

#define UP_MIB   ((size_t)1024 * 1024)
#define UP_LINES 8

#define UP_OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* A connection to the scripted peer. */
struct up_raw {
    int fd;
    struct cmg__buf in;
    size_t requests;
};

/* One to the real server. */
struct up_served {
    struct cmg__http1_conn *conn;
    struct cmg__buf body;
    size_t sent;
};

enum up_action { UP_NOTHING, UP_ABORT, UP_FREE_POOL };

/* What the owner of one exchange has got, and what it does. */
struct up_got {
    struct cmg__http1_exchange *x;
    int status;
    struct cmg__buf body;
    size_t take_most;
    size_t produce_left, produced;
    bool writable;
    bool done;
    cmg_status why;
    cmg_retry retry;
    enum up_action action;
    char action_at;
};

extern struct up {
    struct cmg__listener *listener;
    struct cmg__http1_pool *pool;
    unsigned accepted;
    /* What connection c answers to its request r; NULL closes. */
    const char *script[UP_LINES][UP_LINES];
    struct up_raw raws[UP_LINES];
    struct up_served served[UP_LINES];
    struct up_got got[UP_LINES];
} up;
extern const struct cmg__http1_exchange_events up_events;

/* A theme of a suite, each test in the checked fixture. */
TCase *up_case(Suite *s, const char *name);
void up_setup(void);
void up_teardown(void);
/* Opens the upstream and the pool of connections to it. */
void up_listen_scripted(void);
void up_listen_real(void);
void up_raw_close(struct up_raw *raw);

/* Starts exchange i. */
struct up_got *up_ask(size_t i, const char *method, enum cmg__http1_framing framing,
                      uint64_t length);
struct up_got *up_get(size_t i);
/* Writes what is left of the request until the exchange is full. */
void up_produce(struct up_got *g);

/* A condition for pair_spin that lets the script go on. */
bool up_is_done(void *user);
/* Some turns in which the script goes on. */
void up_play(struct up_got *g, int turns);
void up_expect(struct up_got *g, int status, const char *body);

#endif
