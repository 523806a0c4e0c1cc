/* What a key is made of; for the files of this room. */
#ifndef CMG_CRYPTO_KEY_DATA_H
#define CMG_CRYPTO_KEY_DATA_H

#include "crypto/key.h"
#include "crypto/mbed_compat.h"
#include "crypto/signature.h"

struct cmg__key {
    const struct cmg__alloc *alloc;
    unsigned refs;
    mbedtls_pk_context *pk; /* points to storage: signing wants it without const */
    mbedtls_pk_context storage;
    enum cmg__key_kind kind;
    unsigned bits;
    enum cmg__oid curve; /* EC only */
    bool is_held;        /* pk is the public half only */
    struct cmg__key_holder holder;
};

#define CMG__KEY_KINDS "use RSA 2048 to 4096, or EC P-256 or P-384"

/* An empty one, or NULL. */
struct cmg__key *cmg__key_new(const struct cmg__alloc *alloc);
/* Learns kind and size from pk; false when this library does not use such keys. */
bool cmg__key_classify(struct cmg__key *key);
/* A signature of a held key; not verified yet. CMG_E_CALLBACK with the function's number.
 */
cmg_status cmg__key_ask_holder(const struct cmg__key *key,
                               const struct cmg__signature_algorithm *algorithm,
                               struct cmg__span digest, uint8_t *signature, size_t max,
                               size_t *n, cmg_error **err);

/* One PKCS#8, PKCS#1 or SEC1 structure. */
cmg_status cmg__key_parse_der(const struct cmg__alloc *alloc, const struct cmg__env *env,
                              const void *der, size_t n, struct cmg__key **out,
                              cmg_error **err);

/* What mbedTLS answered, in words. */
cmg_status cmg__key_fail(cmg_error **err, const struct cmg__alloc *alloc, int ret,
                         cmg_status otherwise, const char *what);

/* Public keys: fill pk, which is to be freed in every case. CMG_E_CERT for a kind, a form
   or numbers that are not used here; algorithm, if given, allows a key for RSASSA-PSS. */
cmg_status cmg__pk_init_public(mbedtls_pk_context *pk, struct cmg__span spki,
                               const struct cmg__signature_algorithm *algorithm);
int cmg__pk_init_rsa(mbedtls_pk_context *pk, struct cmg__span n, struct cmg__span e);
/* CMG_OK, CMG_E_CERT or CMG_E_NOMEM. */
cmg_status cmg__pk_verify(mbedtls_pk_context *pk,
                          const struct cmg__signature_algorithm *algorithm,
                          struct cmg__span data, struct cmg__span signature);

#endif
