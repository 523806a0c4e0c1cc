/* A web proxy in the test's own loop: hears CONNECT and does what it is told. */
#ifndef TESTS_RELAY_PROXY_H
#define TESTS_RELAY_PROXY_H

#include <cmg/context.h>
#include "base/list.h"
#include "net/stream.h"

struct proxy {
    cmg_context *ctx;
    struct cmg__listener *listener;
    struct cmg__stream *client; /* while its request comes */
    struct cmg__list pairs;
    char head[2048]; /* of the last request */
    size_t len;
    unsigned connections;
    const char *answer; /* "" says nothing, NULL hangs up */
    uint16_t leads_to;  /* where an answer of 2xx goes on to; 0: nowhere */
};

/* The context's proxy is this one. */
void proxy_open(struct proxy *proxy, cmg_context *ctx, const char *answer,
                uint16_t leads_to);
void proxy_close(struct proxy *proxy);

#endif
