/*
 * How far a deployment is and how long it still takes, were every step to take as long as
 * such a step usually does. Guesses for a display; nothing is decided by them. Pure.
 */
#ifndef CMG_DEPLOY_PROGRESS_H
#define CMG_DEPLOY_PROGRESS_H

#include "deploy/engine.h"

struct cmg__progress {
    int64_t remaining_ms; /* of the longest way through the steps that are left */
    int percent;          /* 100 when all are done */
};

/* How long a step usually takes when it has something to do. */
int64_t cmg__step_usual_ms(const struct cmg__step *step);
struct cmg__progress cmg__progress_see(const cmg_deploy *deploy, int64_t now_ms);

#endif
