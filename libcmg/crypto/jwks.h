/* What a key set is made of; for the files of this room. */
#ifndef CMG_CRYPTO_JWKS_H
#define CMG_CRYPTO_JWKS_H

#include "crypto/jwt.h"
#include "crypto/key_data.h"

#define CMG__JWKS_MAX      32
#define CMG__JWKS_KID_SIZE 129

struct cmg__jwk {
    char kid[CMG__JWKS_KID_SIZE];
    char *issuer; /* may hold "{tenantid}"; NULL: any */
    mbedtls_pk_context pk;
};
struct cmg__jwks {
    const struct cmg__alloc *alloc;
    size_t count;
    struct cmg__jwk keys[CMG__JWKS_MAX];
};

/* 1 to 128 letters, digits, '-' and '_'. */
bool cmg__jwks_kid_is_valid(const char *kid);
const struct cmg__jwk *cmg__jwks_find(const struct cmg__jwks *jwks, const char *kid);
/* RS256 over data: CMG_OK, CMG_E_AUTH, CMG_E_NOMEM. */
cmg_status cmg__jwk_verify(const struct cmg__jwk *key, const void *data, size_t n,
                           const void *signature, size_t signature_len);

#endif
