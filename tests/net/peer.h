/* A scripted loopback HTTP server for the tests of the client engine: plain sockets in
   the test's own thread, moved by peer_turn between turns of the context. */
#ifndef TESTS_NET_PEER_H
#define TESTS_NET_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_MAX_REQUESTS 8

/* What is done with the n-th request that comes in, over all connections. */
struct peer_answer {
    const char *text; /* NULL: none */
    bool then_close;  /* after the text; without one: cut at once */
    bool silent;      /* neither: let the client wait */
};

struct peer {
    int listener;
    uint16_t port;
    int conns[PEER_MAX_REQUESTS];
    char buffers[PEER_MAX_REQUESTS][8192];
    size_t lens[PEER_MAX_REQUESTS];
    unsigned accepted;
    const struct peer_answer *script;
    unsigned served;                        /* requests seen so far */
    char requests[PEER_MAX_REQUESTS][8192]; /* as they came: head and body */
};

void peer_open(struct peer *p, const struct peer_answer *script);
void peer_turn(struct peer *p);
void peer_close(struct peer *p);
/* A port on which nobody listens. */
uint16_t peer_dead_port(void);

#endif
