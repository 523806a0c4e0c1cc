/* How long to wait before trying again: full jitter, so that many do not come at once. */
#ifndef CMG_RELAY_BACKOFF_H
#define CMG_RELAY_BACKOFF_H

#include "base/env.h"
#include "relay/limits.h"

/* Uniform in [0, min(cap, base * 2^failures)]. */
int64_t cmg__relay_backoff_ms(const struct cmg__env *env,
                              const struct cmg__relay_limits *limits, unsigned failures);

#endif
