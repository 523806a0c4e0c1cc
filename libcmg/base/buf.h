/*
 * A growable byte buffer with a hard maximum: reaching it is CMG_E_LIMIT. The bytes are
 * always followed by one zero byte. A failed append changes nothing. cmg__buf_init_secret
 * makes a buffer that wipes what it gives back to the allocator, growth included.
 */
#ifndef CMG_BASE_BUF_H
#define CMG_BASE_BUF_H

#include "base/alloc.h"

struct cmg__buf {
    const struct cmg__alloc *alloc;
    char *data; /* NULL while empty and never grown */
    size_t len;
    size_t cap;
    size_t max;
    bool secret;
};

void cmg__buf_init(struct cmg__buf *buf, const struct cmg__alloc *alloc, size_t max);
void cmg__buf_init_secret(struct cmg__buf *buf, const struct cmg__alloc *alloc,
                          size_t max);
/* Over n > 0 bytes of the caller's: never grows, never fails for want of memory. */
void cmg__buf_init_fixed(struct cmg__buf *buf, char *storage, size_t n);
void cmg__buf_done(struct cmg__buf *buf);
/* Empties, keeps the memory. */
void cmg__buf_clear(struct cmg__buf *buf);
/* The bytes as a C string; "" when empty. */
const char *cmg__buf_cstr(const struct cmg__buf *buf);
CMG__NODISCARD cmg_status cmg__buf_reserve(struct cmg__buf *buf, size_t more);
CMG__NODISCARD cmg_status cmg__buf_add(struct cmg__buf *buf, const void *data, size_t n);
CMG__NODISCARD cmg_status cmg__buf_add_str(struct cmg__buf *buf, const char *s);
CMG__NODISCARD cmg_status cmg__buf_add_char(struct cmg__buf *buf, char c);
CMG__NODISCARD cmg_status cmg__buf_addf(struct cmg__buf *buf, const char *fmt, ...)
    CMG__PRINTF(2, 3);
/* Drops n bytes from the front. */
void cmg__buf_consume(struct cmg__buf *buf, size_t n);
/* Hands the block (zero-terminated, cmg__free) to the caller; NULL when never grown. */
char *cmg__buf_steal(struct cmg__buf *buf);

/* The public counted byte string made of data; wiped when freed. */
cmg_status cmg__bytes_new(const struct cmg__alloc *alloc, const void *data, size_t n,
                          cmg_bytes **out);

#endif
