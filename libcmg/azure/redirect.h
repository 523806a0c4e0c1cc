/*
 * What Entra's redirect brings back to the loopback address: the query of a browser's
 * request, which anything on this machine can send as well. Strict, and pure.
 */
#ifndef CMG_AZURE_REDIRECT_H
#define CMG_AZURE_REDIRECT_H

#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"

#define CMG__REDIRECT_MAX ((size_t)8 * 1024) /* of a query */

struct cmg__redirect {
    struct cmg__secret code; /* set, unless an error came */
    struct cmg__json *error; /* as a token endpoint would answer it; NULL with a code */
};

void cmg__redirect_init(struct cmg__redirect *redirect, const struct cmg__alloc *alloc);
void cmg__redirect_done(struct cmg__redirect *redirect);
/* Reads the query for the sign-in that has this state. CMG_E_PARSE when it is not the
   answer to a sign-in: malformed, a value twice, neither code nor error or both;
   CMG_E_AUTH when it answers another one; CMG_E_NOMEM. Nothing is set then. */
cmg_status cmg__redirect_read(struct cmg__redirect *redirect,
                              const struct cmg__alloc *alloc, const char *query, size_t n,
                              const char *state);

#endif
