/*
 * What a deployment discovers, where it stands, and the host's callbacks about it. Only
 * the links are kept, one for each kind, however many entries there are.
 */
#ifndef CMG_DEPLOY_DISCOVER_H
#define CMG_DEPLOY_DISCOVER_H

#include "deploy/delta.h"

struct cmg__run;

struct cmg__discovery {
    cmg_deploy *deploy;  /* whose it is, for the callbacks */
    cmg_discovery table; /* its texts are the members below */
    char *links[2];      /* users, groups: what is asked for next; NULL: everything */
    char *filter;        /* of groups; NULL: all */
};

void cmg__discovery_done(struct cmg__discovery *discovery,
                         const struct cmg__alloc *alloc);
/* Checks and copies; the old one is kept on failure. */
cmg_status cmg__discovery_set(struct cmg__discovery *discovery,
                              const struct cmg__alloc *alloc, const char *graph,
                              const cmg_discovery *table, cmg_error **err);

bool cmg__discovery_wants(const struct cmg__run *run, cmg_discovery_kind kind);
/* The link that is asked for next, or NULL. */
const char *cmg__discovery_link(const struct cmg__run *run, cmg_discovery_kind kind);
/* Tells the entries of a page and its link, which is kept. */
cmg_status cmg__discovery_page(struct cmg__run *run, cmg_discovery_kind kind,
                               const struct cmg__json *page, bool *out_last,
                               cmg_error **err);
/* Tells that everything comes again, from that link on; NULL: from the beginning. */
cmg_status cmg__discovery_restart(struct cmg__run *run, cmg_discovery_kind kind,
                                  const char *link, cmg_error **err);

#endif
