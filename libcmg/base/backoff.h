/*
 * How long to wait before a request is sent again: doubled each time, jittered, capped.
 */
#ifndef CMG_BASE_BACKOFF_H
#define CMG_BASE_BACKOFF_H

#include "base/env.h"

#define CMG__BACKOFF_BASE_MS 1000
#define CMG__BACKOFF_CAP_MS  30000
/* Delay before repeat number attempt (0 first): doubled each time up to the cap, of which
   random (0 to 255) picks a point in the upper half. A hint of the peer wins. */
int64_t cmg__backoff_ms(unsigned attempt, uint8_t random, int64_t hint_ms);
/* One random byte for it; without randomness the middle will do. */
uint8_t cmg__backoff_jitter(const struct cmg__env *env);

#endif
