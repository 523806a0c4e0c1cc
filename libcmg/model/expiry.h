/* How near the end of something is: thresholds and arithmetic, shared by certificates,
   client secrets and applications. */
#ifndef CMG_MODEL_EXPIRY_H
#define CMG_MODEL_EXPIRY_H

#include <cmg/names.h>

/* Fills everything but the size; begin is only needed for when to renew. */
void cmg__expiry_judge(int64_t begin, int64_t end, int64_t at, cmg_expiry *out);

#endif
