/*
 * The only caller of the host's memory functions. Every object that allocates keeps a
 * pointer to the cmg__alloc of its context (or to cmg__alloc_libc). Sizes are checked;
 * blocks handed out by cmg__alloc0 are zeroed.
 */
#ifndef CMG_BASE_ALLOC_H
#define CMG_BASE_ALLOC_H

#include <cmg/context.h>
#include "base/compiler.h"

struct cmg__alloc {
    cmg_allocator table;
};

/* malloc, realloc and free of the C library. */
extern const struct cmg__alloc cmg__alloc_libc;

/* NULL when memory ran out or n is 0. */
void *cmg__alloc(const struct cmg__alloc *alloc, size_t n);
void *cmg__alloc0(const struct cmg__alloc *alloc, size_t n);
/* count * size, overflow checked, zeroed. */
void *cmg__alloc_array(const struct cmg__alloc *alloc, size_t count, size_t size);
void *cmg__realloc(const struct cmg__alloc *alloc, void *block, size_t n);
/* NULL is allowed. */
void cmg__free(const struct cmg__alloc *alloc, void *block);

#endif
