/*
 * What an enrolment signs in with: a user and a password, the tickets of the process, a
 * client certificate. They go to the server they were given for and nowhere else.
 */
#ifndef CMG_ENROL_CREDENTIALS_H
#define CMG_ENROL_CREDENTIALS_H

#include <cmg/enrol.h>
#include "base/secret.h"
#include "net/http_client.h"

struct cmg__enrol_credentials {
    const struct cmg__alloc *alloc;
    enum cmg__http_auth auth;
    char *user;
    struct cmg__secret password;
    cmg_certificate *certificate; /* with its key, or NULL */
};

/* Texts that options borrow while a call is started. */
struct cmg__enrol_signed_in {
    struct cmg__buf cert;
    struct cmg__buf key;
};

void cmg__enrol_credentials_init(struct cmg__enrol_credentials *c,
                                 const struct cmg__alloc *alloc);
void cmg__enrol_credentials_done(struct cmg__enrol_credentials *c);

void cmg__enrol_signed_in_init(struct cmg__enrol_signed_in *kept,
                               const struct cmg__alloc *alloc);
void cmg__enrol_signed_in_done(struct cmg__enrol_signed_in *kept);
/* Adds to options what there is, when url is of origin ("https://host:port"). */
cmg_status cmg__enrol_sign_in(const struct cmg__enrol_credentials *c, const char *origin,
                              const char *url, struct cmg__http_options *options,
                              struct cmg__enrol_signed_in *kept, cmg_error **err);
/* "https://host:port" of a URL, lower case; NULL: not a URL, or memory ran out. */
char *cmg__enrol_origin(const struct cmg__alloc *alloc, const char *url);

#endif
