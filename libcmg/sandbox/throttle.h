/* See throttle.c. */
#ifndef CMG_SANDBOX_THROTTLE_H
#define CMG_SANDBOX_THROTTLE_H

#include "sandbox/call.h"

/* May the call go on? Otherwise it is answered. */
bool cmg__sb_throttle_admits(struct cmg__sb_call *call);

#endif
