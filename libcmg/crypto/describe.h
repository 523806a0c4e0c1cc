/*
 * Text about certificates, requests, lists and files for a person: a title, then lines of
 * a label and a value, the same columns everywhere. Control characters and what is not
 * UTF-8 are escaped, so that no content can forge a line.
 */
#ifndef CMG_CRYPTO_DESCRIBE_H
#define CMG_CRYPTO_DESCRIBE_H

#include "base/buf.h"
#include "crypto/der_read.h"

#define CMG__DESCRIBE_MAX ((size_t)4 * 1024 * 1024)

struct cmg__describe {
    struct cmg__buf *out;
    unsigned indent; /* in steps of two blanks */
    cmg_status rc;   /* the first failure sticks */
};

/* Appends text in the form it has in a description: what is no printable UTF-8, or would
   end a line or turn its direction, becomes \xNN. */
cmg_status cmg__describe_escape(struct cmg__buf *out, const void *text, size_t n);
void cmg__describe_init(struct cmg__describe *d, struct cmg__buf *out);
/* "Certificate\n"; what follows is indented until _end. */
void cmg__describe_title(struct cmg__describe *d, const char *fmt, ...) CMG__PRINTF(2, 3);
void cmg__describe_end(struct cmg__describe *d);
/* "  serial number        01ab...\n" */
void cmg__describe_line(struct cmg__describe *d, const char *label, const char *fmt, ...)
    CMG__PRINTF(3, 4);
/* Text that came from outside: escaped. */
void cmg__describe_text(struct cmg__describe *d, const char *label, const void *text,
                        size_t n);
/* Hexadecimal, pairs with colons, at most 64 bytes, then "... (N bytes)". */
void cmg__describe_hex(struct cmg__describe *d, const char *label,
                       struct cmg__span bytes);
/* "2026-11-23T10:00:00Z" */
void cmg__describe_time(struct cmg__describe *d, const char *label, int64_t unix_s);
/* The text as public bytes; the buffer is given back, on failure too. */
cmg_status cmg__describe_give(struct cmg__describe *d, cmg_bytes **out_text,
                              cmg_error **err);

#endif
