/*
 * One page of a delta query of Graph: its entries, and the link to what follows. Pure.
 */
#ifndef CMG_DEPLOY_DELTA_H
#define CMG_DEPLOY_DELTA_H

#include <cmg/discover.h>
#include "base/error.h"
#include "base/json.h"

/* Who is told the entries; each function may end the walk with an error. */
struct cmg__delta_visitor {
    void *user;
    cmg_status (*on_user)(void *user, const cmg_directory_user *entry, cmg_error **err);
    cmg_status (*on_group)(void *user, const cmg_directory_group *entry, cmg_error **err);
    cmg_status (*on_member)(void *user, const cmg_directory_member *entry,
                            cmg_error **err);
    cmg_status (*on_removed)(void *user, const char *id, cmg_error **err);
};

struct cmg__delta_link {
    const char *url; /* borrowed from the page */
    bool is_last;
};

/* Does a link lead to that endpoint of Graph, by https? No token goes anywhere else. */
bool cmg__delta_link_is_good(const char *url, const char *graph);

/* Walks the entries in order and finds the link. CMG_E_PROTO when the page is not one, or
   its link leads elsewhere; that is seen before the first entry is told. */
cmg_status cmg__delta_read(const struct cmg__alloc *alloc, const struct cmg__json *page,
                           cmg_discovery_kind kind, const char *graph,
                           const struct cmg__delta_visitor *visitor,
                           struct cmg__delta_link *out, cmg_error **err);

#endif
