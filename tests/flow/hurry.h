/*
 * Deployments that do not wait: where only a timer of a step could go on, the clock is
 * put forward to it. What the network takes is waited for as it is.
 */
#ifndef TESTS_FLOW_HURRY_H
#define TESTS_FLOW_HURRY_H

#include "deploy/engine.h"

/* The environment's clocks are put forward from now on, all by the same; the wall clock
   only when it is wanted: who else looks at it then must have been given it, too. */
void hurry_clock(struct cmg__env *env, bool wall);
/* So much time passes, and nothing happens. */
void hurry_past(int64_t ms);
/* cmg_deploy_run of a deployment whose context has that clock. */
cmg_status hurry_run(cmg_deploy *deploy, cmg_error **err);

#endif
