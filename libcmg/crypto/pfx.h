/*
 * PKCS#12: a writer with two profiles and a reader for what common tools write. Limits on
 * size, depth and iterations. Wrong password, damaged file and unsupported cipher are
 * three different errors (CMG_E_AUTH, CMG_E_PARSE, CMG_E_UNSUPPORTED).
 */
#ifndef CMG_CRYPTO_PFX_H
#define CMG_CRYPTO_PFX_H

#include "crypto/x509.h"

enum cmg__pfx_profile {
    CMG__PFX_COMPAT, /* 3DES and SHA-1: console, old Windows, vaults */
    CMG__PFX_MODERN  /* AES-256 and SHA-256 */
};
#define CMG__PFX_ITERATIONS     100000
#define CMG__PFX_ITERATIONS_MIN 1000
#define CMG__PFX_ITERATIONS_MAX 1000000

struct cmg__pfx_options {
    enum cmg__pfx_profile profile;
    uint32_t iterations;       /* of each derivation; 0: CMG__PFX_ITERATIONS */
    const char *friendly_name; /* of leaf and key; NULL or "": none */
    bool include_root;         /* self-issued certificates above the leaf, too */
};
/* certs[0] belongs to the key. out should be a secret buffer. */
cmg_status cmg__pfx_write(const struct cmg__alloc *alloc, const struct cmg__env *env,
                          const struct cmg__pfx_options *options,
                          const struct cmg__key *key, struct cmg__x509 *const *certs,
                          size_t cert_count, const char *password, struct cmg__buf *out,
                          cmg_error **err);
/* The leaf comes first. Any of key and certificates may be absent: NULL / 0. */
cmg_status cmg__pfx_read(const struct cmg__alloc *alloc, const struct cmg__env *env,
                         const void *data, size_t n, const char *password,
                         struct cmg__key **out_key, struct cmg__x509 ***out_certs,
                         size_t *out_cert_count, cmg_error **err);

#endif
