/*
 * What a region has room for: VM sizes with their restrictions, quotas and how much of
 * each is used.
 */
#ifndef CMG_SANDBOX_CAPACITY_H
#define CMG_SANDBOX_CAPACITY_H

#include "sandbox/arm.h"

struct cmg__sb_size {
    const char *name;   /* "Standard_B2s" */
    const char *family; /* "standardBSFamily" */
    unsigned cores;
    unsigned memory_mb;
    const char *absent; /* a region that does not have it, or NULL */
};
extern const struct cmg__sb_size cmg__sb_sizes[];
extern const size_t cmg__sb_size_count;
const struct cmg__sb_size *cmg__sb_size_find(const char *name);
/* Why a size is not to be had in a region ("NotAvailableForSubscription" ...), or NULL.
 */
const char *cmg__sb_size_restriction(const struct cmg__sb_cloud *cloud,
                                     const struct cmg__sb_size *size, const char *region);
/* Size known and offered, cores within the quotas; old: the set as it is, or NULL. */
bool cmg__sb_capacity_admits(const struct cmg__sb_cloud *cloud,
                             const struct cmg__json *set, const struct cmg__json *old,
                             struct cmg__sb_fault *fault);
/* Is there room for one more resource of the type in its region? */
bool cmg__sb_quota_admits(const struct cmg__sb_cloud *cloud, const char *type,
                          const char *region, struct cmg__sb_fault *fault);

#endif
