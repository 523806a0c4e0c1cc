/*
 * Users and groups of the tenant, beside the tree: they last as long as the sandbox runs.
 * Any number of users can be there without being kept: they follow from their number.
 * What was added or changed is kept, with the number of its last change: that is what the
 * directory can be asked for since.
 */
#ifndef CMG_SANDBOX_PEOPLE_H
#define CMG_SANDBOX_PEOPLE_H

#include "base/json.h"

struct cmg__sb_cloud;

enum cmg__sb_kind { CMG__SB_USERS, CMG__SB_GROUPS };

struct cmg__sb_people {
    uint64_t computed;         /* users that are not kept */
    struct cmg__json *kept[2]; /* by ID; "_seq" is their last change */
    int64_t seq;               /* of the last change */
    int64_t epoch;             /* links of former ones have expired */
};

/* Where a walk stands; starts as zeros. */
struct cmg__sb_walk {
    uint64_t at;   /* computed users that have passed */
    int64_t after; /* the change that was seen last */
};

void cmg__sb_people_done(struct cmg__sb_people *people);
/* The next of that kind, removed ones included ("_removed"), or NULL at the end;
   cmg__json_unref. */
struct cmg__json *cmg__sb_people_next(const struct cmg__sb_cloud *cloud,
                                      enum cmg__sb_kind kind, struct cmg__sb_walk *walk);
/* By ID; NULL: there is none. cmg__json_unref. */
struct cmg__json *cmg__sb_people_find(const struct cmg__sb_cloud *cloud,
                                      enum cmg__sb_kind kind, const char *id);

/* Sets properties, or removes (NULL): CMG_E_NOTFOUND when there is nothing to remove,
   CMG_E_LIMIT, CMG_E_NOMEM. */
cmg_status cmg__sb_people_set(struct cmg__sb_cloud *cloud, enum cmg__sb_kind kind,
                              const char *id, const struct cmg__json *properties);
cmg_status cmg__sb_people_set_member(struct cmg__sb_cloud *cloud, const char *group,
                                     const char *user, bool is_member);

#endif
