/*
 * The address on this machine that a browser is sent back to: http://localhost:PORT/ on
 * any free port of 127.0.0.1. One request with a query is the answer that is waited for;
 * who decides is asked. Everything else gets 404, 405 or 400. Connections are few, and
 * their heads small.
 */
#ifndef CMG_NET_LOOPBACK_H
#define CMG_NET_LOOPBACK_H

#include "net/loop.h"

struct cmg__loopback;

struct cmg__loopback_events {
    /* A query came, not zero-terminated. Returns the page (static HTML) of the answer
       that was waited for; NULL refuses the request. Asked no more once it gave a page.
     */
    const char *(*on_query)(void *user, const char *query, size_t n);
    /* Once, from the loop: the page has gone out, or its connection has. */
    void (*on_done)(void *user);
};

cmg_status cmg__loopback_new(struct cmg__loop *loop,
                             const struct cmg__loopback_events *events, void *user,
                             struct cmg__loopback **out, cmg_error **err);
uint16_t cmg__loopback_port(const struct cmg__loopback *loopback);
/* Closes everything; NULL is allowed. Not inside on_query. */
void cmg__loopback_free(struct cmg__loopback *loopback);

#endif
