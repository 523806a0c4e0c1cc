/*
 * Signing in again in the middle of a deployment: a service demands more of the sign-in
 * than it brought (a claims challenge), or the refresh token is of no use any more. A
 * person is asked once more, while the steps that need tokens wait; an application cannot
 * be asked, so what is demanded is told.
 */
#ifndef CMG_DEPLOY_AGAIN_H
#define CMG_DEPLOY_AGAIN_H

#include "deploy/engine.h"

/* The step that signs in: others of its phase look without a token. */
bool cmg__again_is_sign_in(const struct cmg__exec *exec);
/* A person can be asked, and has not been too often. */
bool cmg__again_is_possible(cmg_deploy *deploy);
/* The step waits for the next sign-in, which begins unless it is under way. */
void cmg__again_wait(struct cmg__exec *exec);
/* Whether the step has to wait: it needs a token, and nobody is signed in. */
bool cmg__again_is_needed(const struct cmg__exec *exec);
/* The sign-in is done: who waited for it goes on. */
void cmg__again_done(cmg_deploy *deploy);
/* Rewords a final refusal by what was demanded; the error is kept when memory ran out. */
void cmg__again_explain(const struct cmg__work *work, const char *claims,
                        cmg_error **err);

#endif
