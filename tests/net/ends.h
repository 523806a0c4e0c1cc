/* Two ends of a stream in one loop, for the tests of streams: each sends what it is told
   and gathers what comes, until both are done. */
#ifndef TESTS_NET_ENDS_H
#define TESTS_NET_ENDS_H

#include "net/stream.h"
#include "net/tls.h"

struct end {
    struct cmg__stream *s;
    size_t to_send; /* bytes of the pattern */
    size_t sent;
    size_t got;
    bool intact; /* what came is the pattern */
    bool hold;   /* do not read */
    bool open, eof, ended;
    bool keep_open; /* no shutdown after the last byte */
    enum cmg__io last;
    unsigned events;
};

struct ends {
    cmg_context *ctx;
    struct cmg__listener *listener;
    struct cmg__tls_config *server_tls; /* NULL: plain */
    struct end client, server;
    int server_fd;
    char peer[64];
};

void ends_listen(struct ends *e, cmg_context *ctx);
/* Lets an end send, read and finish by itself. */
void ends_drive(struct end *end);
/* Turns until both ends are done (closed or failed) or nothing happens for too long. */
void ends_run(struct ends *e);
/* Turns until cond or a limit; returns cond. */
#define ends_until(e, cond)                                                              \
    do {                                                                                 \
        for (int turns_ = 0; turns_ < 5000 && !(cond); turns_++)                         \
            ck_assert_int_eq(cmg_context_wait((e)->ctx, 2, NULL), CMG_OK);               \
        ck_assert(cond);                                                                 \
    } while (0)
void ends_free(struct ends *e);

#endif
