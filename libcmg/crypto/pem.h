/*
 * PEM text (RFC 7468): walking the blocks of a bundle and writing one. Text outside of
 * blocks is skipped; the base64 inside is strict except for white space.
 */
#ifndef CMG_CRYPTO_PEM_H
#define CMG_CRYPTO_PEM_H

#include "base/buf.h"

struct cmg__pem_reader {
    const char *text;
    size_t left;
};
struct cmg__pem_block {
    const char *label; /* "CERTIFICATE", not zero-terminated */
    size_t label_len;
    bool encrypted; /* the block has a Proc-Type header */
};

/* Decodes the next block into der (cleared first). CMG_OK, CMG_E_NOTFOUND at the end of
   the text, CMG_E_PARSE, CMG_E_LIMIT, CMG_E_NOMEM. */
cmg_status cmg__pem_next(struct cmg__pem_reader *in, struct cmg__pem_block *block,
                         struct cmg__buf *der);
/* The base64 of a body, white space allowed, appended to der (a secret buffer). */
cmg_status cmg__pem_decode_body(const char *text, size_t n, struct cmg__buf *der);
bool cmg__pem_is(const struct cmg__pem_block *block, const char *label);
cmg_status cmg__pem_write(struct cmg__buf *out, const char *label, const void *der,
                          size_t n);

#endif
