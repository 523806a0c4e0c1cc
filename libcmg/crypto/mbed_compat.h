/*
 * What differs between mbedTLS 2.28 and 3.6, and how its results become ours. Nothing
 * else in this room asks for a version of mbedTLS. Included by the .c files of this room
 * only.
 */
#ifndef CMG_CRYPTO_MBED_COMPAT_H
#define CMG_CRYPTO_MBED_COMPAT_H

#include "base/env.h"
#include "crypto/oid.h"

#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>

/* The hash that belongs to a hash, signature or HMAC identifier; NONE for others. */
mbedtls_md_type_t cmg__mbed_md(enum cmg__oid oid);

/* Private key of DER bytes: PKCS#1, SEC1 or PKCS#8, not encrypted. */
int cmg__mbed_parse_key(mbedtls_pk_context *pk, const void *der, size_t n,
                        const struct cmg__env *env);
/* The curve of an EC key. */
mbedtls_ecp_group_id cmg__mbed_group(const mbedtls_pk_context *pk);
/* 0 when both are halves of one key. */
int cmg__mbed_check_pair(mbedtls_pk_context *pub, mbedtls_pk_context *prv,
                         const struct cmg__env *env);
/* PKCS#1 v1.5 or ECDSA; size is at least MBEDTLS_PK_SIGNATURE_MAX_SIZE. */
int cmg__mbed_sign(mbedtls_pk_context *pk, mbedtls_md_type_t md, const uint8_t *digest,
                   uint8_t *sig, size_t size, size_t *sig_len,
                   const struct cmg__env *env);
/* RSASSA-PSS with MGF1 and a salt as long as the hash; size as above. The key stays one
   for PKCS#1 v1.5: padding is a property of mbedTLS's contexts, so a copy signs. */
int cmg__mbed_sign_pss(const mbedtls_pk_context *pk, mbedtls_md_type_t md,
                       const uint8_t *digest, uint8_t *sig, size_t size, size_t *sig_len,
                       const struct cmg__env *env);
/* RSASSA-PSS with MGF1 of the same hash; sig is as long as the modulus. Asked of the RSA
   module itself, since mbedtls_pk_verify_ext of a PSA build takes any salt. */
int cmg__mbed_verify_pss(mbedtls_pk_context *pk, mbedtls_md_type_t md,
                         const uint8_t *digest, size_t digest_len, unsigned salt_len,
                         const uint8_t *sig);
int cmg__mbed_pbkdf2(mbedtls_md_type_t md, const void *password, size_t password_len,
                     const uint8_t *salt, size_t salt_len, unsigned iterations,
                     uint8_t *out, size_t n);

/* CMG_OK, CMG_E_NOMEM, CMG_E_IO (no randomness) or otherwise. */
cmg_status cmg__mbed_status(int ret, cmg_status otherwise);

#endif
