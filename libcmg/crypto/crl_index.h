/*
 * The entries of a revocation list, packed: one block of records and one of their places,
 * sorted by serial number. At most 37 bytes an entry, and a search touches one record a
 * step. Filled once, then fixed; knows no DER.
 */
#ifndef CMG_CRYPTO_CRL_INDEX_H
#define CMG_CRYPTO_CRL_INDEX_H

#include "crypto/der_read.h"

#define CMG__SERIAL_MAX 20

struct cmg__crl_serial {
    struct cmg__span
        bytes;     /* at most CMG__SERIAL_MAX; no leading zero but in zero itself */
    bool negative; /* two's complement then */
};

struct cmg__crl_record {
    struct cmg__crl_serial serial;
    int64_t date;
    bool has_invalidity;
    int64_t invalidity;
    uint8_t reason;
    uint8_t issuer; /* number of the certificate's issuer; 0: the list's own */
};

struct cmg__crl_index {
    const struct cmg__alloc *alloc;
    struct cmg__buf filling;
    size_t added;
    uint8_t *records;
    size_t records_size;
    uint32_t *order; /* where the records stand, ascending by serial */
    size_t count;
    size_t repeated; /* entries left out: serial and issuer were there already */
};

/* max_bytes bounds the records. */
void cmg__crl_index_init(struct cmg__crl_index *index, const struct cmg__alloc *alloc,
                         size_t max_bytes);
void cmg__crl_index_done(struct cmg__crl_index *index);
cmg_status cmg__crl_index_add(struct cmg__crl_index *index,
                              const struct cmg__crl_record *record);
/* Sorts; nothing is added afterwards. Of entries with one serial and issuer the gravest
   stays: neither released nor on hold, then on hold, and of equal ones the first. */
cmg_status cmg__crl_index_finish(struct cmg__crl_index *index);

/* The i-th of index->count in ascending order of serials. */
void cmg__crl_index_get(const struct cmg__crl_index *index, size_t i,
                        struct cmg__crl_record *out);
/* The first place whose serial is not less; *steps counts comparisons, may be NULL. */
size_t cmg__crl_index_lower(const struct cmg__crl_index *index,
                            const struct cmg__crl_serial *serial, unsigned *steps);
bool cmg__crl_index_has(const struct cmg__crl_index *index, size_t i,
                        const struct cmg__crl_serial *serial);
/* What the sorted index holds in memory. */
size_t cmg__crl_index_bytes(const struct cmg__crl_index *index);
/* 0: revoked for good, 1: on hold, 2: released. */
unsigned cmg__crl_reason_rank(unsigned reason);

#endif
