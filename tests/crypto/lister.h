/*
 * A writer of revocation lists for the tests, which can say everything that a list may
 * say and what none may: parts are given as hexadecimal DER where the writer has no word.
 */
#ifndef TESTS_CRYPTO_LISTER_H
#define TESTS_CRYPTO_LISTER_H

#include "crypto/pki.h"

#include "crypto/crl.h"

struct lister {
    struct cmg__buf entries;
    struct cmg__buf extensions;
    const char *issuer; /* common name */
    int version;        /* -1: none, as version 1 has it; else the INTEGER */
    int64_t this_update;
    int64_t next_update; /* 0: none */
    enum cmg__oid algorithm;
    const struct cmg__key *key; /* NULL: a signature of zeros */
};
/* Version 2 by "Test Root", today and for a week, RSA with SHA-256, without entries. */
void lister_init(struct lister *l);
void lister_done(struct lister *l);

struct listed {
    const char *serial; /* content of the INTEGER, hexadecimal */
    int reason;         /* -1: no extension */
    int64_t invalidity; /* 0: none */
    const char *issuer; /* common name in certificateIssuer; NULL: none */
    const char *extra;  /* hexadecimal: whole extensions more */
};
void lister_add(struct lister *l, const struct listed *entry);
/* count entries with serials of 20 random octets; seed tells which. */
void lister_add_many(struct lister *l, size_t count, uint64_t seed);
/* The i-th of them, as the list has it: a positive number of 20 octets. */
void lister_serial(uint64_t seed, size_t i, uint8_t out[20]);
/* value: the content of the OCTET STRING in hexadecimal. */
void lister_extend(struct lister *l, const char *oid_hex, bool critical,
                   const char *value);
/* The list in DER; the caller gives out back. */
void lister_write(const struct lister *l, struct cmg__buf *out);
/* Written and read. */
struct cmg__crl *lister_read(const struct lister *l, const struct cmg__alloc *alloc);

/* A certificate with a signature of zeros, for questions that need none. points: the
   value of cRLDistributionPoints in hexadecimal, NULL for none. */
struct cmg__x509 *lister_certificate(const struct cmg__alloc *alloc, const char *issuer,
                                     const char *serial, bool is_ca, const char *points);

/* The content of a Name of one common name. */
void lister_put_name(struct cmg__der_writer *w, const char *common_name);
/* Hexadecimal to bytes, appended as they are. */
void lister_put_hex(struct cmg__der_writer *w, const char *hex);

#define LISTER_NUMBER "551d14"
#define LISTER_DELTA  "551d1b"
#define LISTER_POINT  "551d1c"
#define LISTER_AKI    "551d23"

#endif
