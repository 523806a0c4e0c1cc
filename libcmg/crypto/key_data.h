/* What a key is made of; for the files of this room. */
#ifndef CMG_CRYPTO_KEY_DATA_H
#define CMG_CRYPTO_KEY_DATA_H

#include "crypto/key.h"
#include "crypto/mbed_compat.h"
#include "crypto/oid.h"

struct cmg__key {
    const struct cmg__alloc *alloc;
    unsigned refs;
    mbedtls_pk_context *pk; /* points to storage: signing wants it without const */
    mbedtls_pk_context storage;
    enum cmg__key_kind kind;
    unsigned bits;
    enum cmg__oid curve; /* EC only */
};

/* One PKCS#8, PKCS#1 or SEC1 structure. */
cmg_status cmg__key_parse_der(const struct cmg__alloc *alloc, const struct cmg__env *env,
                              const void *der, size_t n, struct cmg__key **out,
                              cmg_error **err);

#endif
