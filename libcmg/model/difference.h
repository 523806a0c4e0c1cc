/* A list of differences between an application, or a gateway, and what it should be. */
#ifndef CMG_MODEL_DIFFERENCE_H
#define CMG_MODEL_DIFFERENCE_H

#include <cmg/apps.h>
#include "base/alloc.h"

struct cmg__difference {
    cmg_app_part part;
    cmg_severity severity;
    cmg_correctable correctable;
    const char *path; /* of the table of expectations, as fix is; or own_path */
    const char *fix;
    char *own_path; /* NULL: path is a constant */
    char *found;
    char *should_be;
};

struct cmg__differences {
    struct cmg__difference *items;
    size_t count;
};

void cmg__differences_clear(const struct cmg__alloc *alloc,
                            struct cmg__differences *list);
/* Takes own_path, found and should_be over, also on failure. NULL for one of the latter,
   or for both paths: memory ran out. */
CMG__NODISCARD cmg_status cmg__differences_add(const struct cmg__alloc *alloc,
                                               struct cmg__differences *list,
                                               const struct cmg__difference *one);
/* The gravest first; those of one severity keep their order. */
void cmg__differences_sort(struct cmg__differences *list);
/* Fills a size-tagged struct of the caller. */
cmg_status cmg__differences_get(const struct cmg__alloc *alloc,
                                const struct cmg__differences *list, size_t index,
                                cmg_difference *out, cmg_error **err);

#endif
