/*
 * The ways to sign in, one row each: which call gets a token, and what its form carries
 * to prove who asks. A person signs in once, by a step of the deployment, and a refresh
 * token gets the others; an application proves itself each time.
 */
#ifndef CMG_DEPLOY_SIGN_IN_H
#define CMG_DEPLOY_SIGN_IN_H

#include "deploy/step.h"

struct cmg__sign_in_method {
    struct cmg__exchange exchange; /* what a request for a token is judged by */
    bool prompts;                  /* a person is shown a code first */
    /* Gets a token without a request; NULL for the others. */
    cmg_status (*ask)(struct cmg__work *work, enum cmg__token_kind kind, cmg_error **err);
    /* Adds to the form; endpoint is the URL it goes to. */
    cmg_status (*add_grant)(const struct cmg__work *work, const char *endpoint,
                            struct cmg__buf *form, cmg_error **err);
};

/* That of the tenant. */
const struct cmg__sign_in_method *cmg__sign_in_method(const struct cmg__work *work);
/* Whether a person signs in, and not an application. */
bool cmg__sign_in_is_person(const struct cmg__work *work);

#endif
