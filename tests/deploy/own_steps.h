/*
 * Steps of our own for tests of the engine, small enough to be told from what they do,
 * and a world that runs them.
 */
#ifndef TESTS_DEPLOY_OWN_STEPS_H
#define TESTS_DEPLOY_OWN_STEPS_H

#include "deploy/steps.h"
#include "world.h"

extern struct world w;

/* a and b look for a group and make it, c does so after them. */
extern const struct cmg__step step_a, step_b, step_c;
/* Looks with a list, makes with a call that must not be doubled. */
extern const struct cmg__step step_once;
/* Looks until the answer says that it is done. */
extern const struct cmg__step step_watch;
/* Makes a group, without which the next, which watches, cannot judge. */
extern const struct cmg__step step_enables, step_judges;
/* Each needs the other. */
extern const struct cmg__step step_x, step_y;

#define TOKEN_RULE                                                                       \
    {                                                                                    \
        .path = "/oauth2/v2.0/token", .status = 200,                                     \
        .body = "{\"access_token\":\"tok\",\"expires_in\":3600}"                         \
    }
#define GROUP "/resourceGroups/cmg-granitefalls?"

#define GRANTS "appRoleAssignments"
#define GRANT  "appRoleAssignedTo"

/* The world with sign-in and these steps alone. */
void steps_run(struct rule *rules, const struct cmg__step *const *steps, size_t n);

#define RUN(rules, ...)                                                                  \
    static const struct cmg__step *const steps[] = { &cmg__step_sign_in, __VA_ARGS__ };  \
    steps_run((rules), steps, CMG__ARRAY_LEN(steps))

#endif
