/*
 * Signed messages (RFC 7515) in the flattened form that ACME speaks, and public keys as
 * JSON (RFC 7517) with their thumbprint (RFC 7638). ES256, ES384 and RS256 by private
 * key, HS256 by a shared secret. Nothing is verified here: crypto/jwt.h does that.
 */
#ifndef CMG_CRYPTO_JWS_H
#define CMG_CRYPTO_JWS_H

#include "base/json.h"
#include "crypto/key.h"

/* Hands over {"e","kty","n"} or {"crv","kty","x","y"}: the members that the thumbprint
   covers, and no other. Written with CMG__JSON_SORTED it is what the thumbprint hashes.
 */
cmg_status cmg__jwk_new(const struct cmg__alloc *alloc, const struct cmg__key *key,
                        struct cmg__json **out, cmg_error **err);
/* Appends the SHA-256 thumbprint of such a value as base64url. */
CMG__NODISCARD cmg_status cmg__jwk_thumbprint(const struct cmg__json *jwk,
                                              struct cmg__buf *out);

/* What the header of a message signed by this key names: "RS256", "ES256", "ES384". */
const char *cmg__jws_algorithm(const struct cmg__key *key);

/* The protected header and the payload, each as it is to be signed. */
struct cmg__jws {
    const char *header; /* JSON text */
    size_t header_len;
    const char *payload; /* "" where the protocol wants an empty one */
    size_t payload_len;
};
/* Append {"payload","protected","signature"}. */
cmg_status cmg__jws_sign(const struct cmg__jws *jws, const struct cmg__key *key,
                         const struct cmg__env *env, struct cmg__buf *out,
                         cmg_error **err);
CMG__NODISCARD cmg_status cmg__jws_mac(const struct cmg__jws *jws, const void *secret,
                                       size_t n, struct cmg__buf *out);

#endif
