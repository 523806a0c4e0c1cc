/*
 * Writing DER. A writer appends to a buffer; open and close bracket a constructed value,
 * whose length is filled in at close. The first failure sticks: check rc once, at the
 * end.
 */
#ifndef CMG_CRYPTO_DER_WRITE_H
#define CMG_CRYPTO_DER_WRITE_H

#include "base/buf.h"
#include "crypto/oid.h"

enum {
    CMG__DER_BOOLEAN = 0x01,
    CMG__DER_INTEGER = 0x02,
    CMG__DER_BIT_STRING = 0x03,
    CMG__DER_OCTET_STRING = 0x04,
    CMG__DER_NULL = 0x05,
    CMG__DER_OID = 0x06,
    CMG__DER_UTF8_STRING = 0x0c,
    CMG__DER_NUMERIC_STRING = 0x12,
    CMG__DER_PRINTABLE_STRING = 0x13,
    CMG__DER_T61_STRING = 0x14,
    CMG__DER_IA5_STRING = 0x16,
    CMG__DER_UTC_TIME = 0x17,
    CMG__DER_GENERALIZED_TIME = 0x18,
    CMG__DER_VISIBLE_STRING = 0x1a,
    CMG__DER_BMP_STRING = 0x1e,
    CMG__DER_SEQUENCE = 0x30,
    CMG__DER_SET = 0x31,
    CMG__DER_CONTEXT = 0x80,     /* + number: primitive */
    CMG__DER_CONTEXT_CONS = 0xa0 /* + number: constructed */
};

struct cmg__der_writer {
    struct cmg__buf *out;
    cmg_status rc;
};

void cmg__der_write_init(struct cmg__der_writer *w, struct cmg__buf *out);
/* The mark returned by open is given to the close that belongs to it. */
size_t cmg__der_open(struct cmg__der_writer *w, unsigned tag);
void cmg__der_close(struct cmg__der_writer *w, size_t mark);
void cmg__der_put(struct cmg__der_writer *w, unsigned tag, const void *data, size_t n);
/* Bytes that are DER already. */
void cmg__der_put_raw(struct cmg__der_writer *w, const void *data, size_t n);
void cmg__der_put_oid(struct cmg__der_writer *w, enum cmg__oid oid);
/* Unsigned big-endian number of any length. */
void cmg__der_put_number(struct cmg__der_writer *w, const uint8_t *bytes, size_t n);
void cmg__der_put_uint(struct cmg__der_writer *w, uint32_t value);
void cmg__der_put_true(struct cmg__der_writer *w);
void cmg__der_put_bits(struct cmg__der_writer *w, const void *data, size_t n);
/* UTCTime through 2049, GeneralizedTime from 2050. */
void cmg__der_put_time(struct cmg__der_writer *w, int64_t unix_s);
/* AlgorithmIdentifier, with a NULL parameter or none. */
void cmg__der_put_algorithm(struct cmg__der_writer *w, enum cmg__oid oid, bool null);

#endif
