/*
 * This machine's clock against a service's, as the Date of its answers tells it. A
 * refused sign-in is often nothing else than a wrong clock, and nobody looks there. Pure.
 */
#ifndef CMG_DEPLOY_CLOCK_H
#define CMG_DEPLOY_CLOCK_H

#include "base/error.h"
#include "base/http.h"

/* How far off a clock may be; Entra ID allows five minutes. */
#define CMG__CLOCK_SKEW_S ((int64_t)300)

/* Seconds by which this clock is ahead (negative: behind); 0 when the answer has no Date.
 */
int64_t cmg__clock_ahead_s(const struct cmg__http_response *resp, int64_t now_unix_s);
/* Replaces the error of an answer by one whose cause and remedy tell of the clock, when
   it is off by more than that. */
cmg_status cmg__clock_blame(const struct cmg__alloc *alloc, int64_t ahead_s,
                            cmg_error **err);

#endif
