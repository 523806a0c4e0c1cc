/*
 * Where a context's requests go: each endpoint is the cloud's own unless the host set it.
 * A deployment takes a copy at its start, so that its tokens and its requests belong to
 * the same places until its end.
 */
#ifndef CMG_AZURE_ENDPOINT_H
#define CMG_AZURE_ENDPOINT_H

#include "base/context.h"

/* All texts; "" where a custom cloud has none. URLs end without a slash. */
struct cmg__endpoints {
    char at[CMG__ENDPOINTS][CMG__ENDPOINT_SIZE];
};
void cmg__endpoints_get(const cmg_context *ctx, struct cmg__endpoints *out);
/* One of them, borrowed from the context; never NULL. */
const char *cmg__endpoint_get(const cmg_context *ctx, cmg_endpoint which);
/* "resource manager" */
const char *cmg__endpoint_name(cmg_endpoint which);
/* A custom cloud lacks one that is needed. */
cmg_status cmg__endpoint_lacks(const struct cmg__alloc *alloc, cmg_endpoint which,
                               cmg_error **err);
/* Whether a URL is https and on an endpoint's host and port, below its base path. */
bool cmg__endpoint_serves(const char *endpoint, const char *url);

#endif
