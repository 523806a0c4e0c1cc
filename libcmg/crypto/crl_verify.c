/*
 * The signature of a revocation list. What was signed is kept as a hash only; once a key
 * has been found to have made the signature, that key is known again by its own hash.
 */
#include "crypto/crl_data.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/signature.h"
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

cmg_status cmg__crl_verify(struct cmg__crl *crl, const struct cmg__x509 *issuer)
{
    uint8_t key[32];

    if (!may_have_signed(crl, issuer))
        return CMG_E_CERT;
    cmg_status rc = cmg__sha256(issuer->spki.p, issuer->spki.n, key);
    if (rc != CMG_OK || (crl->is_verified && memcmp(crl->verified_by, key, 32) == 0))
        return rc;
    /* SHA-1 proves nothing any more. */
    if (crl->hash_len == 0 || crl->algorithm.hash == CMG__OID_SHA1)
        return CMG_E_UNSUPPORTED;
    rc = cmg__key_verify_hash(issuer->spki, &crl->algorithm,
                              cmg__span_of(crl->hash, crl->hash_len), crl->signature);
    if (rc == CMG_OK) {
        memcpy(crl->verified_by, key, sizeof key);
        crl->is_verified = true;
    }
    return rc;
}
