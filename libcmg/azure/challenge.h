/*
 * Claims challenges: a service refuses a token with what a better one must bring
 * (conditional access, revoked sessions). What it demands is passed on word for word with
 * the next request for a token; it is read only to tell a person of it. Pure.
 */
#ifndef CMG_AZURE_CHALLENGE_H
#define CMG_AZURE_CHALLENGE_H

#include "base/error.h"
#include "base/http.h"
#include "base/json.h"

#define CMG__CLAIMS_MAX ((size_t)8 * 1024)

/* The claims that an answer demands: of its WWW-Authenticate fields (Bearer, error
   "insufficient_claims", claims in base64), else of the body of a refused request for a
   token; NULL body for none. *out is yours, NULL when nothing is demanded. */
cmg_status cmg__challenge_read(const struct cmg__alloc *alloc,
                               const struct cmg__headers *headers,
                               const struct cmg__json *body, char **out);
/* What they are, for an error: "acrs (c1), nbf"; out is emptied first. */
cmg_status cmg__challenge_describe(const struct cmg__alloc *alloc, const char *claims,
                                   struct cmg__buf *out);

#endif
