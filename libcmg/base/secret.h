/*
 * Bytes that must not be seen: wiped on change and free, never formatted, compared in
 * constant time. What cannot be wiped (libcurl's header list, jansson's scratch strings)
 * is written down in doc/security.md.
 */
#ifndef CMG_BASE_SECRET_H
#define CMG_BASE_SECRET_H

#include "base/alloc.h"

struct cmg__secret {
    const struct cmg__alloc *alloc;
    char *data; /* zero-terminated; NULL when unset */
    size_t len;
};

void cmg__wipe(void *data, size_t n);
void cmg__secret_init(struct cmg__secret *secret, const struct cmg__alloc *alloc);
CMG__NODISCARD cmg_status cmg__secret_set(struct cmg__secret *secret, const void *data,
                                          size_t n);
void cmg__secret_clear(struct cmg__secret *secret);
bool cmg__secret_is_set(const struct cmg__secret *secret);
bool cmg__memeq_const_time(const void *a, const void *b, size_t n);
/* Wipes and frees a zero-terminated text from the allocator; NULL is allowed. */
void cmg__wipe_free_str(const struct cmg__alloc *alloc, char *s);

#endif
