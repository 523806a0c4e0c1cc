/*
 * Single steps of the real tables with canned answers: the fixture. A step runs alone
 * after the sign-in; what it needs from others is there as facts.
 */
#ifndef TESTS_DEPLOY_CANNED_H
#define TESTS_DEPLOY_CANNED_H

#include "deploy/steps.h"
#include "world.h"

#define TOKEN                                                                            \
    {                                                                                    \
        .path = "/oauth2/v2.0/token", .status = 200,                                     \
        .body = "{\"access_token\":\"tok\",\"expires_in\":3600}"                         \
    }
#define ANSWER(m, p, n, s, b)                                                            \
    {                                                                                    \
        .method = (m), .path = (p), .times = (n), .status = (s), .body = (b)             \
    }
#define NOT_FOUND                                                                        \
    "{\"error\":{\"code\":\"Request_ResourceNotFound\",\"message\":\"not there\"}}"

/* Starts; steps named in needs but not in the table count as done. */
void canned_begin(struct world *w, struct rule *rules, const struct cmg__step *step);
/* The same for applications that the specification names by their client IDs. */
void canned_begin_given(struct world *w, struct rule *rules, const struct cmg__step *step,
                        const char *server_app, const char *client_app);
/* Drives to the end, which comes exactly once. */
void canned_finish(struct world *w);
/* The allocation-failure run: begin makes the world and all but starts it; each run ends
   as the first one does, or with CMG_E_NOMEM, and leaves nothing. */
void canned_starve(struct world *w, void (*begin)(void), cmg_status end);
/* Each allocation of the step's run fails once: an error that says so, and nothing is
   lost. prepare (NULL: nothing) is called after the start. */
void canned_starve_step(struct world *w, struct rule *rules, const struct cmg__step *step,
                        void (*prepare)(struct world *w));
/* A text with each %s as the deployment's ID, which follows from the specification; valid
   until the fourth call after it. */
const char *canned_with_id(const char *format);

#endif
