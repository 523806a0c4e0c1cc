/*
 * Hashes, HMAC and the RNG adapter. One way into mbedTLS (mbedtls_md), which has the same
 * form in every line.
 */
#include "crypto/hash.h"

#include "base/str.h"
#include "crypto/mbed_compat.h"

#include <mbedtls/entropy.h>

static cmg_status hash(mbedtls_md_type_t type, const void *data, size_t n, uint8_t *out)
{
    static const uint8_t nothing = 0;
    const void *bytes = data != NULL ? data : &nothing;

    return cmg__mbed_status(mbedtls_md(mbedtls_md_info_from_type(type), bytes, n, out),
                            CMG_E_INTERNAL);
}

cmg_status cmg__sha256(const void *data, size_t n, uint8_t out[32])
{
    return hash(MBEDTLS_MD_SHA256, data, n, out);
}

cmg_status cmg__sha1(const void *data, size_t n, uint8_t out[20])
{
    return hash(MBEDTLS_MD_SHA1, data, n, out);
}

cmg_status cmg__sha256_hex(const void *data, size_t n, char out[65])
{
    uint8_t digest[32];
    const cmg_status rc = cmg__sha256(data, n, digest);

    out[0] = '\0';
    if (rc == CMG_OK)
        cmg__hex_format(digest, sizeof digest, out);
    return rc;
}

cmg_status cmg__hmac_sha256(const void *key, size_t key_len, const void *data, size_t n,
                            uint8_t out[32])
{
    static const uint8_t nothing = 0;
    const int ret = mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
                                    key != NULL ? key : &nothing, key_len,
                                    data != NULL ? data : &nothing, n, out);

    return cmg__mbed_status(ret, CMG_E_INTERNAL);
}

int cmg__crypto_rng(void *env, unsigned char *out, size_t n)
{
    const struct cmg__env *source = env;

    if (source->random(source->user, out, n) != 0)
        return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
    return 0;
}
