/*
 * The wrappers over both lines of mbedTLS. The random generator is passed as a private
 * copy of the environment's table because mbedTLS wants it without const.
 */
#include "crypto/mbed_compat.h"

#include "crypto/hash.h"

#include <mbedtls/asn1.h>
#include <mbedtls/bignum.h>
#include <mbedtls/cipher.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pkcs5.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>

#define IS_3 (MBEDTLS_VERSION_NUMBER >= 0x03000000)

mbedtls_md_type_t cmg__mbed_md(enum cmg__oid oid)
{
    static const uint8_t types[CMG__OID_COUNT] = {
        [CMG__OID_SHA1] = MBEDTLS_MD_SHA1,
        [CMG__OID_SHA256] = MBEDTLS_MD_SHA256,
        [CMG__OID_SHA384] = MBEDTLS_MD_SHA384,
        [CMG__OID_SHA512] = MBEDTLS_MD_SHA512,
        [CMG__OID_RSA_SHA1] = MBEDTLS_MD_SHA1,
        [CMG__OID_RSA_SHA256] = MBEDTLS_MD_SHA256,
        [CMG__OID_RSA_SHA384] = MBEDTLS_MD_SHA384,
        [CMG__OID_RSA_SHA512] = MBEDTLS_MD_SHA512,
        [CMG__OID_ECDSA_SHA1] = MBEDTLS_MD_SHA1,
        [CMG__OID_ECDSA_SHA256] = MBEDTLS_MD_SHA256,
        [CMG__OID_ECDSA_SHA384] = MBEDTLS_MD_SHA384,
        [CMG__OID_ECDSA_SHA512] = MBEDTLS_MD_SHA512,
        [CMG__OID_HMAC_SHA1] = MBEDTLS_MD_SHA1,
        [CMG__OID_HMAC_SHA256] = MBEDTLS_MD_SHA256,
        [CMG__OID_HMAC_SHA384] = MBEDTLS_MD_SHA384,
        [CMG__OID_HMAC_SHA512] = MBEDTLS_MD_SHA512,
    };
    return (mbedtls_md_type_t)types[oid];
}

int cmg__mbed_parse_key(mbedtls_pk_context *pk, const void *der, size_t n,
                        const struct cmg__env *env)
{
#if IS_3
    struct cmg__env rng = *env;

    return mbedtls_pk_parse_key(pk, der, n, NULL, 0, cmg__crypto_rng, &rng);
#else
    (void)env;
    return mbedtls_pk_parse_key(pk, der, n, NULL, 0);
#endif
}

mbedtls_ecp_group_id cmg__mbed_group(const mbedtls_pk_context *pk)
{
    const mbedtls_ecp_keypair *pair = mbedtls_pk_ec(*pk); /* NULL for other kinds */

    if (pair == NULL)
        return MBEDTLS_ECP_DP_NONE;
#if IS_3
    return mbedtls_ecp_keypair_get_group_id(pair);
#else
    return pair->grp.id;
#endif
}

int cmg__mbed_check_pair(mbedtls_pk_context *pub, mbedtls_pk_context *prv,
                         const struct cmg__env *env)
{
#if IS_3
    struct cmg__env rng = *env;

    return mbedtls_pk_check_pair(pub, prv, cmg__crypto_rng, &rng);
#else
    (void)env;
    return mbedtls_pk_check_pair(pub, prv);
#endif
}

int cmg__mbed_sign(mbedtls_pk_context *pk, mbedtls_md_type_t md, const uint8_t *digest,
                   uint8_t *sig, size_t size, size_t *sig_len, const struct cmg__env *env)
{
    const size_t n = mbedtls_md_get_size(mbedtls_md_info_from_type(md));
    struct cmg__env rng = *env;

#if IS_3
    return mbedtls_pk_sign(pk, md, digest, n, sig, size, sig_len, cmg__crypto_rng, &rng);
#else
    if (size < MBEDTLS_PK_SIGNATURE_MAX_SIZE)
        return MBEDTLS_ERR_PK_BAD_INPUT_DATA;
    return mbedtls_pk_sign(pk, md, digest, n, sig, sig_len, cmg__crypto_rng, &rng);
#endif
}

static int sign_pss(mbedtls_rsa_context *rsa, mbedtls_md_type_t md, const uint8_t *digest,
                    uint8_t *sig, const struct cmg__env *env)
{
    const unsigned n = mbedtls_md_get_size(mbedtls_md_info_from_type(md));
    struct cmg__env rng = *env;

#if IS_3
    const int ret = mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, md);

    if (ret != 0)
        return ret;
#else
    mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, (int)md);
#endif
    return mbedtls_rsa_rsassa_pss_sign_ext(rsa, cmg__crypto_rng, &rng, md, n, digest,
                                           (int)n, sig);
}

int cmg__mbed_sign_pss(const mbedtls_pk_context *pk, mbedtls_md_type_t md,
                       const uint8_t *digest, uint8_t *sig, size_t size, size_t *sig_len,
                       const struct cmg__env *env)
{
    const mbedtls_rsa_context *key = mbedtls_pk_rsa(*pk);
    mbedtls_rsa_context copy;

    if (size < mbedtls_rsa_get_len(key))
        return MBEDTLS_ERR_PK_BAD_INPUT_DATA;
#if IS_3
    mbedtls_rsa_init(&copy);
#else
    mbedtls_rsa_init(&copy, MBEDTLS_RSA_PKCS_V15, 0);
#endif
    int ret = mbedtls_rsa_copy(&copy, key);
    if (ret == 0)
        ret = sign_pss(&copy, md, digest, sig, env);
    if (ret == 0)
        *sig_len = mbedtls_rsa_get_len(&copy);
    mbedtls_rsa_free(&copy);
    return ret;
}

int cmg__mbed_verify_pss(mbedtls_pk_context *pk, mbedtls_md_type_t md,
                         const uint8_t *digest, size_t digest_len, unsigned salt_len,
                         const uint8_t *sig)
{
    mbedtls_rsa_context *rsa = mbedtls_pk_rsa(*pk);

#if IS_3
    return mbedtls_rsa_rsassa_pss_verify_ext(rsa, md, (unsigned)digest_len, digest, md,
                                             (int)salt_len, sig);
#else
    return mbedtls_rsa_rsassa_pss_verify_ext(rsa, NULL, NULL, MBEDTLS_RSA_PUBLIC, md,
                                             (unsigned)digest_len, digest, md,
                                             (int)salt_len, sig);
#endif
}

int cmg__mbed_pbkdf2(mbedtls_md_type_t md, const void *password, size_t password_len,
                     const uint8_t *salt, size_t salt_len, unsigned iterations,
                     uint8_t *out, size_t n)
{
#if IS_3
    return mbedtls_pkcs5_pbkdf2_hmac_ext(md, password, password_len, salt, salt_len,
                                         iterations, (uint32_t)n, out);
#else
    mbedtls_md_context_t ctx;

    mbedtls_md_init(&ctx);
    int ret = mbedtls_md_setup(&ctx, mbedtls_md_info_from_type(md), 1);
    if (ret == 0)
        ret = mbedtls_pkcs5_pbkdf2_hmac(&ctx, password, password_len, salt, salt_len,
                                        iterations, (uint32_t)n, out);
    mbedtls_md_free(&ctx);
    return ret;
#endif
}

/* Codes are the negative sum of a module's (multiples of 0x80) and a primitive's. */
static bool is_out_of_memory(int ret)
{
    static const int modules[] = {
        MBEDTLS_ERR_PK_ALLOC_FAILED,
        MBEDTLS_ERR_ECP_ALLOC_FAILED,
        MBEDTLS_ERR_MD_ALLOC_FAILED,
        MBEDTLS_ERR_CIPHER_ALLOC_FAILED,
    };
    const unsigned low = (unsigned)-ret & 0x7fU;
    const unsigned high = (unsigned)-ret & 0xff80U;

    if (low == (unsigned)-MBEDTLS_ERR_MPI_ALLOC_FAILED ||
        low == (unsigned)-MBEDTLS_ERR_ASN1_ALLOC_FAILED)
        return true;
    for (size_t i = 0; i < CMG__ARRAY_LEN(modules); i++) {
        if (high == (unsigned)-modules[i])
            return true;
    }
    return false;
}

cmg_status cmg__mbed_status(int ret, cmg_status otherwise)
{
    if (ret == 0)
        return CMG_OK;
    if (is_out_of_memory(ret))
        return CMG_E_NOMEM;
    if (((unsigned)-ret & 0x7fU) == (unsigned)-MBEDTLS_ERR_ENTROPY_SOURCE_FAILED)
        return CMG_E_IO;
    return otherwise;
}
