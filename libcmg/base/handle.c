/* Heads of public objects: tag, count, fork generation; and size-tagged structs. */
#include "base/handle.h"

#include <pthread.h>
#include <string.h>

#include "base/context.h"
#include <cmg/version.h>

/* Counts forks: a handle made before one is refused in the child. */
static uint32_t fork_generation;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void on_fork_child(void)
{
    fork_generation++;
}

static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, on_fork_child);
}

/* Two builds whose heads or contexts differ in size must not share handles. */
static const uint32_t layout =
    (uint32_t)(CMG_VERSION_NUMBER * 4096 + sizeof(struct cmg_context));

void cmg__handle_init(struct cmg__handle *head, enum cmg__tag tag, cmg_context *ctx)
{
    (void)pthread_once(&fork_once, watch_forks);
    *head = (struct cmg__handle){ .tag = tag,
                                  .refs = 1,
                                  .fork_generation = fork_generation,
                                  .layout = layout,
                                  .ctx = cmg_context_ref(ctx) };
}

void cmg__handle_done(struct cmg__handle *head)
{
    cmg_context *ctx = head->ctx;

    head->tag = CMG__TAG_DEAD;
    head->ctx = NULL;
    cmg_context_unref(ctx);
}

void cmg__handle_ref(struct cmg__handle *head)
{
    head->refs++;
}

bool cmg__handle_unref(struct cmg__handle *head)
{
    return --head->refs == 0;
}

bool cmg__handle_is_foreign(const struct cmg__handle *head)
{
    return head->fork_generation != fork_generation;
}

cmg_status cmg__check(const struct cmg__handle *head, enum cmg__tag tag, cmg_error **err)
{
    const struct cmg__alloc *alloc = &cmg__alloc_libc;

    if (head == NULL || head->tag != tag)
        return cmg__fail(err, alloc, CMG_E_INVAL, "handle",
                         "pass a handle of the right kind that was not given back",
                         "the handle is %s", head == NULL ? "NULL" : "of another kind");
    if (head->layout != layout)
        return cmg__fail(err, alloc, CMG_E_ABI, "handle",
                         "install libcmg and libcmg-sandbox of the same release",
                         "the handle was made by another build of the library");
    if (cmg__handle_is_foreign(head))
        return cmg__fail(err, alloc, CMG_E_FORKED, "handle",
                         "make a context of its own in the child process",
                         "the handle was made before a fork");
    return CMG_OK;
}

/* Of any size-tagged struct, for ever. */
#define LARGEST ((size_t)4096)

cmg_status cmg__tagged_copy(void *dst, size_t known_size, size_t first_size,
                            const void *src, const char *what, cmg_error **err)
{
    const unsigned char *bytes = src;
    size_t size = 0;

    memset(dst, 0, known_size);
    if (src != NULL)
        memcpy(&size, src, sizeof size);
    bool fits = size >= first_size && size <= LARGEST;

    for (size_t i = known_size; fits && i < size; i++)
        fits = bytes[i] == 0;
    if (!fits)
        return cmg__fail(err, &cmg__alloc_libc, CMG_E_ABI, what,
                         "set its size member to the sizeof of the struct, zero the rest",
                         "%s has a size of %zu bytes, %zu to %zu are known", what, size,
                         first_size, known_size);
    memcpy(dst, src, size < known_size ? size : known_size);
    memcpy(dst, &known_size, sizeof known_size);
    return CMG_OK;
}

cmg_status cmg__tagged_room(const void *out, size_t known_size, const char *what,
                            cmg_error **err)
{
    size_t size = 0;

    if (out == NULL)
        return cmg__fail(err, &cmg__alloc_libc, CMG_E_INVAL, what, NULL,
                         "there is no room for the answer");
    memcpy(&size, out, sizeof size);
    if (size >= known_size && size <= LARGEST)
        return CMG_OK;
    return cmg__fail(err, &cmg__alloc_libc, CMG_E_ABI, what,
                     "set its size member to the sizeof of the struct",
                     "an answer of %zu bytes is not known", size);
}
