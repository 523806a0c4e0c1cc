/*
 * The target of a request, taken apart and normalised once; everything behind it works on
 * the result only. What two servers might read differently is refused, not mended:
 * encoded separators, dot segments, double encoding, empty segments.
 */
#ifndef CMG_RELAY_TARGET_H
#define CMG_RELAY_TARGET_H

#include "base/buf.h"

#define CMG__TARGET_MAX ((size_t)8 * 1024)
#define CMG__QUERY_MAX  ((size_t)4 * 1024)

struct cmg__target {
    struct cmg__buf path;  /* begins with '/'; only needed escapes, in upper case */
    struct cmg__buf query; /* as received, without '?' */
    bool has_query;
};

void cmg__target_init(struct cmg__target *target, const struct cmg__alloc *alloc);
void cmg__target_done(struct cmg__target *target);
/* host: the request's Host, which an absolute form must repeat; NULL refuses that form.
   CMG_OK; CMG_E_INVAL (400) and CMG_E_LIMIT (414) with a static *why; CMG_E_NOMEM. */
cmg_status cmg__target_parse(struct cmg__target *target, const char *text, size_t n,
                             const char *host, const char **why);

#endif
