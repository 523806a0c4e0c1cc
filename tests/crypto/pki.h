/*
 * A small public key infrastructure for the tests of this room: keys are read from text
 * (making them takes long), certificates are issued on the spot.
 */
#ifndef TESTS_CRYPTO_PKI_H
#define TESTS_CRYPTO_PKI_H

#include "support/support.h"

#include "crypto/key.h"
#include "crypto/x509.h"

/* 2026-11-23T00:00:00Z, the clock of support_env. */
#define PKI_NOW INT64_C(1795392000)
#define PKI_DAY INT64_C(86400)

struct pki {
    struct support_alloc a;
    struct support_env e;
    struct cmg__key *root_key;
    struct cmg__key *leaf_key;
    struct cmg__x509 *root;
    struct cmg__x509 *leaf;
};

/* Root "Test Root" and a leaf of the profile for "granitefalls.contoso.com". */
void pki_init(struct pki *pki, enum cmg__x509_profile profile);
void pki_done(struct pki *pki);

/* The RSA 2048 key number 0 or 1 of the test data. */
struct cmg__key *pki_key(const struct cmg__alloc *alloc, const struct cmg__env *env,
                         unsigned number);
/* PEM of a certificate as a C string; the caller frees. */
char *pki_pem(const struct cmg__x509 *cert);
void pki_write_pem(const char *path, const struct cmg__x509 *cert);

#endif
