/* See difference.h. */
#include "model/difference.h"

#include <string.h>

#include "base/handle.h"

static void free_texts(const struct cmg__alloc *alloc, const struct cmg__difference *one)
{
    cmg__free(alloc, one->own_path);
    cmg__free(alloc, one->found);
    cmg__free(alloc, one->should_be);
}

void cmg__differences_clear(const struct cmg__alloc *alloc, struct cmg__differences *list)
{
    for (size_t i = 0; i < list->count; i++)
        free_texts(alloc, &list->items[i]);
    cmg__free(alloc, list->items);
    *list = (struct cmg__differences){ 0 };
}

cmg_status cmg__differences_add(const struct cmg__alloc *alloc,
                                struct cmg__differences *list,
                                const struct cmg__difference *one)
{
    struct cmg__difference *items = NULL;
    const char *path = one->own_path != NULL ? one->own_path : one->path;

    if (path != NULL && one->found != NULL && one->should_be != NULL)
        items = cmg__realloc(alloc, list->items, (list->count + 1) * sizeof *items);
    if (items == NULL) {
        free_texts(alloc, one);
        return CMG_E_NOMEM;
    }
    list->items = items;
    list->items[list->count] = *one;
    list->items[list->count++].path = path;
    return CMG_OK;
}

void cmg__differences_sort(struct cmg__differences *list)
{
    for (size_t i = 1; i < list->count; i++) {
        const struct cmg__difference moved = list->items[i];
        size_t to = i;

        for (; to > 0 && list->items[to - 1].severity < moved.severity; to--)
            list->items[to] = list->items[to - 1];
        list->items[to] = moved;
    }
}

cmg_status cmg__differences_get(const struct cmg__alloc *alloc,
                                const struct cmg__differences *list, size_t index,
                                cmg_difference *out, cmg_error **err)
{
    cmg_difference known;
    cmg_status rc =
        cmg__tagged_copy(&known, sizeof known, sizeof known, out, "cmg_difference", err);

    if (rc != CMG_OK)
        return rc;
    if (index >= list->count)
        return cmg__fail(err, alloc, CMG_E_NOTFOUND, "index", NULL,
                         "the last look found %zu differences", list->count);
    const struct cmg__difference *one = &list->items[index];
    known = (cmg_difference){
        .size = sizeof known,
        .part = one->part,
        .severity = one->severity,
        .correctable = one->correctable,
        .path = one->path,
        .found = one->found,
        .should_be = one->should_be,
        .fix = one->fix,
    };
    memcpy(out, &known, sizeof known);
    return CMG_OK;
}
