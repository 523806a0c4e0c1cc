/*
 * The ways to sign in, one row each: which call gets a token, and what its form carries
 * to prove who asks. A person signs in once, by a step of the deployment, and a refresh
 * token gets the others; an application proves itself each time.
 */
#ifndef CMG_DEPLOY_SIGN_IN_H
#define CMG_DEPLOY_SIGN_IN_H

#include "deploy/step.h"
#include "net/transport.h"

struct cmg__sign_in_method {
    struct cmg__exchange exchange; /* what a request for a token is judged by */
    bool prompts;                  /* a person is asked first */
    bool browser;                  /* by a page to open here, not by a code */
    bool is_machine; /* an application, although its client ID may not be known */
    unsigned tries;  /* how often it asks; 0: as long as the step's budget lasts */
    /* Gets a token without a request; NULL for the others. */
    cmg_status (*ask)(struct cmg__work *work, enum cmg__token_kind kind, cmg_error **err);
    /* Adds to the form; endpoint is what Entra calls the URL it goes to. */
    cmg_status (*add_grant)(const struct cmg__work *work, const char *endpoint,
                            struct cmg__buf *form, cmg_error **err);
    /* Instead of a form: the whole request (initialised) and how it is sent. */
    cmg_status (*build)(const struct cmg__work *work, enum cmg__token_kind kind,
                        struct cmg__http_request *req, struct cmg__http_options *options,
                        cmg_error **err);
    /* What else an answer tells; NULL for nothing. */
    cmg_status (*note)(struct cmg__work *work, const struct cmg__json *answer,
                       cmg_error **err);
    /* Says of a final failure what it means for this way; NULL: it says so itself. */
    cmg_status (*explain)(const struct cmg__work *work, int status, cmg_error **err);
};

/* sign_in_identity.c */
extern const struct cmg__sign_in_method cmg__sign_in_identity;
/* How long to wait before a way with tries of its own asks again. */
int64_t cmg__sign_in_wait_ms(unsigned attempt);

/* That of the tenant. */
const struct cmg__sign_in_method *cmg__sign_in_method(const struct cmg__work *work);
/* Whether a person signs in, and not an application. */
bool cmg__sign_in_is_person(const struct cmg__work *work);

#endif
