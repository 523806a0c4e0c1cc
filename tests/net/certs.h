/* Certificates for the tests of TLS, issued when a test starts; by the fake clock. */
#ifndef TESTS_NET_CERTS_H
#define TESTS_NET_CERTS_H

#include "crypto/x509.h"

struct certs {
    const cmg_context *ctx;
    struct cmg__key *ca_key;
    struct cmg__x509 *ca;
    char *ca_pem;
};

struct pair {
    char *cert;
    char *key;
};

/* A root of its own, valid for a year. */
void certs_init(struct certs *c, const cmg_context *ctx, const char *name);
void certs_done(struct certs *c);
/* Issued by the root; days may be negative: it has expired that many days ago. */
struct pair certs_issue(const struct certs *c, enum cmg__x509_profile profile,
                        const char *name, int days);
void pair_done(const struct certs *c, struct pair *p);

#endif
