/*
 * The signature of a revocation list. What was signed is kept as a hash only; once a key
 * has been found to have made the signature, that key is known again by its own hash.
 */
#include "crypto/crl_data.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/mbed_compat.h"
#include "crypto/x509_name.h"

static bool may_have_signed(const struct cmg__crl *crl, const struct cmg__x509 *issuer)
{
    if (!cmg__x509_name_equal(crl->info.issuer_name, issuer->subject_name))
        return false;
    if (issuer->has_key_usage && (issuer->key_usage & CMG__KU_CRL_SIGN) == 0)
        return false;
    return crl->info.key_id.n == 0 || issuer->key_id.n == 0 ||
           cmg__span_eq(crl->info.key_id, issuer->key_id);
}

static enum cmg__oid key_of(enum cmg__oid algorithm)
{
    if (algorithm >= CMG__OID_RSA_SHA1 && algorithm <= CMG__OID_RSA_SHA512)
        return CMG__OID_RSA;
    return CMG__OID_EC;
}

static cmg_status verify(const struct cmg__crl *crl, const struct cmg__x509 *issuer)
{
    mbedtls_pk_context pk;
    const enum cmg__oid algorithm = crl->info.signature_algorithm;

    if (crl->hash_len == 0)
        return CMG_E_UNSUPPORTED;
    if (issuer->bits == 0 || issuer->key_algorithm != key_of(algorithm))
        return CMG_E_CERT;
    mbedtls_pk_init(&pk);
    unsigned char *p = issuer->der + (issuer->spki.p - issuer->der);
    int ret = mbedtls_pk_parse_subpubkey(&p, p + issuer->spki.n, &pk);
    if (ret == 0)
        ret = mbedtls_pk_verify(&pk, cmg__mbed_md(algorithm), crl->hash, crl->hash_len,
                                crl->signature.p, crl->signature.n);
    mbedtls_pk_free(&pk);
    return cmg__mbed_status(ret, CMG_E_CERT);
}

cmg_status cmg__crl_verify(struct cmg__crl *crl, const struct cmg__x509 *issuer)
{
    uint8_t key[32];

    if (!may_have_signed(crl, issuer))
        return CMG_E_CERT;
    cmg_status rc = cmg__sha256(issuer->spki.p, issuer->spki.n, key);
    if (rc != CMG_OK || (crl->is_verified && memcmp(crl->verified_by, key, 32) == 0))
        return rc;
    rc = verify(crl, issuer);
    if (rc == CMG_OK) {
        memcpy(crl->verified_by, key, sizeof key);
        crl->is_verified = true;
    }
    return rc;
}
