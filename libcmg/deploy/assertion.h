/*
 * A client assertion (RFC 7523): what an application that signs in with a certificate
 * sends instead of a secret. Entra ID finds the certificate by its thumbprint. Each is
 * good for ten minutes and has an identifier of its own. Pure: the clock is a parameter.
 */
#ifndef CMG_DEPLOY_ASSERTION_H
#define CMG_DEPLOY_ASSERTION_H

#include "base/env.h"
#include "model/gateway.h"

#define CMG__ASSERTION_SECONDS 600

struct cmg__assertion {
    const char *client_id;
    const char *audience; /* the URL of the token endpoint */
    const struct cmg__sign_in_certificate *certificate;
    int64_t now_unix_s;
};
/* Appends to a secret buffer. */
cmg_status cmg__assertion_make(const struct cmg__alloc *alloc, const struct cmg__env *env,
                               const struct cmg__assertion *assertion,
                               struct cmg__buf *out, cmg_error **err);

#endif
