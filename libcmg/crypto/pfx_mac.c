/* Reading and computing the MAC of a PKCS#12 file. */
#include "crypto/pfx_mac.h"

#include "base/secret.h"

#define KEY_MAX 64

/* PBMAC1-params: the derivation (its key length is mandatory) and the HMAC. */
static cmg_status take_pbmac1(struct cmg__span parameters, struct cmg__pfx_mac *mac)
{
    struct cmg__span body;
    struct cmg__span unused;

    if (!cmg__der_take(&parameters, CMG__DER_SEQUENCE, &body))
        return CMG_E_PARSE;
    const cmg_status rc = cmg__pbkdf2_take(&body, &mac->kdf);
    mac->oid = mac->kdf.oid;
    if (rc != CMG_OK)
        return rc;
    mac->oid = cmg__pbe_next_oid(body);
    if (mac->kdf.key_len < 16 || !cmg__der_take_algorithm(&body, &mac->hmac, &unused) ||
        body.n != 0)
        return CMG_E_PARSE;
    return mac->hmac >= CMG__OID_HMAC_SHA1 && mac->hmac <= CMG__OID_HMAC_SHA512
               ? CMG_OK
               : CMG_E_UNSUPPORTED;
}

cmg_status cmg__pfx_mac_take(struct cmg__span *in, struct cmg__pfx_mac *mac)
{
    struct cmg__span body;
    struct cmg__span digest;
    struct cmg__span parameters;
    struct cmg__span salt;
    uint32_t iterations = 1;

    if (!cmg__der_take(in, CMG__DER_SEQUENCE, &body) ||
        !cmg__der_take(&body, CMG__DER_SEQUENCE, &digest))
        return CMG_E_PARSE;
    mac->oid = cmg__pbe_next_oid(digest);
    if (!cmg__der_take_algorithm(&digest, &mac->hash, &parameters) ||
        !cmg__der_take(&digest, CMG__DER_OCTET_STRING, &mac->value) || digest.n != 0 ||
        !cmg__der_take(&body, CMG__DER_OCTET_STRING, &salt))
        return CMG_E_PARSE;
    if (body.n > 0 && (!cmg__der_take_uint(&body, INT32_MAX, &iterations) ||
                       iterations == 0 || body.n != 0))
        return CMG_E_PARSE;
    if (mac->hash == CMG__OID_PBMAC1)
        return take_pbmac1(parameters, mac);
    mac->kdf = (struct cmg__pbkdf2){ .salt = salt, .iterations = iterations };
    if (salt.n == 0 || salt.n > 1024)
        return CMG_E_PARSE;
    return mac->hash >= CMG__OID_SHA1 && mac->hash <= CMG__OID_SHA512 ? CMG_OK
                                                                      : CMG_E_UNSUPPORTED;
}

cmg_status cmg__pfx_mac_compute(const struct cmg__pfx_mac *mac,
                                const struct cmg__pbe_password *password,
                                struct cmg__span content, uint8_t out[64], size_t *n)
{
    const bool modern = mac->hash == CMG__OID_PBMAC1;
    const mbedtls_md_info_t *md =
        mbedtls_md_info_from_type(cmg__mbed_md(modern ? mac->hmac : mac->hash));
    const struct cmg__pkcs12_kdf kdf = { .hash = mac->hash,
                                         .wide = &password->wide,
                                         .salt = mac->kdf.salt,
                                         .iterations = mac->kdf.iterations };
    uint8_t key[KEY_MAX];

    if (md == NULL)
        return CMG_E_UNSUPPORTED;
    *n = mbedtls_md_get_size(md);
    const size_t key_len = modern ? mac->kdf.key_len : *n;
    cmg_status rc = modern ? cmg__pbkdf2_derive(&mac->kdf, &password->utf8, key, key_len)
                           : cmg__pkcs12_derive(&kdf, 3, key, key_len);
    if (rc == CMG_OK)
        rc = cmg__mbed_status(
            mbedtls_md_hmac(md, key, key_len, content.p, content.n, out), CMG_E_INTERNAL);
    cmg__wipe(key, sizeof key);
    return rc;
}
