/*
 * JSON as Resource Manager's own parser takes it: comments and unquoted member names are
 * allowed (Azure CLI sends template deployments so). Pure.
 */
#ifndef CMG_SANDBOX_RELAXED_H
#define CMG_SANDBOX_RELAXED_H

#include "base/json.h"

cmg_status cmg__sb_relaxed_parse(const struct cmg__alloc *alloc, const char *text,
                                 size_t n, struct cmg__json **out);

#endif
