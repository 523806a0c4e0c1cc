/*
 * A real ACME server: Debian's pebble with its challenge server (DNS and HTTP), as two
 * processes on free ports of loopback, trusted by nobody but the context under test. They
 * end with the test, whatever becomes of it.
 */
#ifndef TESTS_ENROL_PEBBLE_H
#define TESTS_ENROL_PEBBLE_H

#include <sys/types.h>

#include "support/support.h"
#include <cmg/enrol.h>

struct pebble {
    pid_t server;
    pid_t names; /* the challenge server */
    uint16_t ports[5];
    char directory[64];
};

/* What differs from pebble's usual ways. */
struct pebble_setup {
    const char *bad_nonces; /* percent; NULL: none */
    const char *reuse;      /* percent of authorizations that are used again */
    const char *roots;      /* alternate ones */
    bool external_account;  /* kid-1, see PEBBLE_EAB_KEY */
};

#define PEBBLE_EAB_KEY "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"

bool pebble_is_there(void);
void pebble_start(struct pebble *p, const struct pebble_setup *setup);
void pebble_stop(struct pebble *p);
/* Trusts the server's own certificate. */
void pebble_trust(cmg_context *ctx);
/* Puts it into DNS or on the web server, or takes it away. */
void pebble_show(const struct pebble *p, const cmg_challenge *challenge,
                 const char *value);
/* Writes root number n of the certificates issued. */
void pebble_write_root(const struct pebble *p, unsigned n, const char *path);
/* How many lines of the server's log contain the text. */
unsigned pebble_count(const char *text);

#endif
