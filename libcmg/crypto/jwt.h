/*
 * Entra tokens: check an RS256 JWT against a key set and a policy; make one (sandbox).
 * Parsing order, limits and refusals follow doc/tokens.md. Pure: the clock is a
 * parameter.
 */
#ifndef CMG_CRYPTO_JWT_H
#define CMG_CRYPTO_JWT_H

#include "base/json.h"
#include "crypto/key.h"

struct cmg__jwks; /* at most 32 RSA keys */
cmg_status cmg__jwks_parse(const struct cmg__alloc *alloc, const char *json, size_t n,
                           struct cmg__jwks **out, cmg_error **err);
void cmg__jwks_free(struct cmg__jwks *jwks);
bool cmg__jwks_has(const struct cmg__jwks *jwks, const char *kid);
/* Appends {"kty","use","kid","x5t","n","e"} of an RSA key to a JSON array. */
cmg_status cmg__jwks_append(struct cmg__json *keys, const struct cmg__key *key,
                            const char *kid);

struct cmg__jwt_policy {
    const char *tenant_id;
    const char *const *issuers;    /* exact; NULL-terminated */
    const char *const *audiences;  /* exact; NULL-terminated */
    const char *const *client_ids; /* appid/azp allow-list; NULL: any */
    const char *required_scope; /* token in scp, e.g. "user_impersonation"; NULL: none */
    int64_t now_unix_s;
    int64_t skew_s; /* at most 300 */
};
struct cmg__jwt_identity {
    char tenant_id[37];
    char object_id[37];
    char client_id[37];
    int64_t expires_unix_s;
};
/* CMG_OK, CMG_E_AUTH (with the reason; never the token), CMG_E_NOTFOUND when the kid is
   not in the set (refresh and try again). */
cmg_status cmg__jwt_check(const struct cmg__alloc *alloc, const char *token, size_t n,
                          const struct cmg__jwks *jwks,
                          const struct cmg__jwt_policy *policy,
                          struct cmg__jwt_identity *out, cmg_error **err);
/* Signature only, by a key of the set; hands over the claims, none of which is checked.
   Returns as cmg__jwt_check. */
cmg_status cmg__jwt_read(const struct cmg__alloc *alloc, const char *token, size_t n,
                         const struct cmg__jwks *jwks, struct cmg__json **out_claims,
                         cmg_error **err);
/* The claims of a token that nothing vouches for but the TLS connection it came by: no
   signature is checked. CMG_E_AUTH when it is not a token of three parts. */
cmg_status cmg__jwt_peek(const struct cmg__alloc *alloc, const char *token, size_t n,
                         struct cmg__json **out_claims, cmg_error **err);
/* Appends the token of a header and a payload, signed by an RSA key over SHA-256: RS256,
   or PS256 when pss. The header says which; out should be a secret buffer. */
cmg_status cmg__jwt_sign(const struct cmg__alloc *alloc, const struct cmg__env *env,
                         const struct cmg__key *key, bool pss,
                         const struct cmg__json *header, const struct cmg__json *payload,
                         struct cmg__buf *out, cmg_error **err);
/* Signs a payload: header {typ,alg,kid,x5t}. */
cmg_status cmg__jwt_make(const struct cmg__alloc *alloc, const struct cmg__env *env,
                         const struct cmg__key *key, const char *kid,
                         const struct cmg__json *payload, struct cmg__buf *out,
                         cmg_error **err);

#endif
