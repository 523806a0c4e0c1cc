/*
 * Reading DER, bounded: a span is what is left to read, every step either takes one whole
 * value from its front or fails and changes nothing. Definite minimal lengths and
 * one-octet tags only; BER is brought into this form by crypto/ber.h first.
 */
#ifndef CMG_CRYPTO_DER_READ_H
#define CMG_CRYPTO_DER_READ_H

#include "base/buf.h"
#include "crypto/der_write.h"
#include "crypto/oid.h"

struct cmg__span {
    const uint8_t *p;
    size_t n;
};
struct cmg__der_item {
    unsigned tag;
    struct cmg__span content;
    struct cmg__span whole; /* with tag and length */
};

struct cmg__span cmg__span_of(const void *data, size_t n);
bool cmg__span_eq(struct cmg__span a, struct cmg__span b);

/* Tag of the next value; 0 at the end. */
unsigned cmg__der_peek(const struct cmg__span *in);
bool cmg__der_next(struct cmg__span *in, struct cmg__der_item *item);
/* The next value must have this tag; content may be NULL. */
bool cmg__der_take(struct cmg__span *in, unsigned tag, struct cmg__span *content);
/* True when the value was there; it may be absent, so false is no error. */
bool cmg__der_take_if(struct cmg__span *in, unsigned tag, struct cmg__span *content);
bool cmg__der_take_oid(struct cmg__span *in, enum cmg__oid *oid);
/* INTEGER from 0 to max. */
bool cmg__der_take_uint(struct cmg__span *in, uint32_t max, uint32_t *value);
/* Magnitude of a non-negative INTEGER, leading zero removed. */
bool cmg__der_take_number(struct cmg__span *in, struct cmg__span *magnitude);
/* BOOLEAN with DER's two values. */
bool cmg__der_take_bool(struct cmg__span *in, bool *value);
/* BIT STRING of whole octets. */
bool cmg__der_take_bits(struct cmg__span *in, struct cmg__span *bits);
/* UTCTime or GeneralizedTime, Zulu, with seconds. */
bool cmg__der_take_time(struct cmg__span *in, int64_t *unix_s);
/* AlgorithmIdentifier; parameters are what follows the OID (maybe nothing). */
bool cmg__der_take_algorithm(struct cmg__span *in, enum cmg__oid *oid,
                             struct cmg__span *parameters);
/* Whether such parameters are nothing or one NULL. */
bool cmg__der_is_null_or_absent(struct cmg__span parameters);
/* A string value as UTF-8, appended. False: not a string type or not well formed. */
bool cmg__der_text(const struct cmg__der_item *item, struct cmg__buf *out,
                   cmg_status *rc);

#endif
