/*
 * The host's memory functions, and those of the C library as the default. The only file
 * that calls malloc, realloc and free.
 */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *libc_alloc(size_t size, void *user)
{
    (void)user;
    return malloc(size);
}

static void *libc_realloc(void *block, size_t size, void *user)
{
    (void)user;
    return realloc(block, size);
}

static void libc_free(void *block, void *user)
{
    (void)user;
    free(block);
}

const struct cmg__alloc cmg__alloc_libc = {
    .table = { .size = sizeof(cmg_allocator),
               .alloc = libc_alloc,
               .realloc = libc_realloc,
               .free = libc_free },
};

void *cmg__alloc(const struct cmg__alloc *alloc, size_t n)
{
    return n == 0 ? NULL : alloc->table.alloc(n, alloc->table.user);
}

void *cmg__alloc0(const struct cmg__alloc *alloc, size_t n)
{
    void *block = cmg__alloc(alloc, n);

    if (block != NULL)
        memset(block, 0, n);
    return block;
}

void *cmg__alloc_array(const struct cmg__alloc *alloc, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    return cmg__alloc0(alloc, count * size);
}

void *cmg__realloc(const struct cmg__alloc *alloc, void *block, size_t n)
{
    return n == 0 ? NULL : alloc->table.realloc(block, n, alloc->table.user);
}

void cmg__free(const struct cmg__alloc *alloc, void *block)
{
    if (block != NULL)
        alloc->table.free(block, alloc->table.user);
}
