/*
 * Signing. Every signature is verified with the public half before it leaves: mbedTLS
 * 2.28 may produce a wrong one when memory runs out.
 */
#include "crypto/key_data.h"

struct cmg__signature_algorithm cmg__key_signature_algorithm(enum cmg__key_kind kind,
                                                             enum cmg__oid hash)
{
    const enum cmg__oid first =
        kind == CMG__KEY_RSA ? CMG__OID_RSA_SHA1 : CMG__OID_ECDSA_SHA1;

    /* Hashes and both kinds of signatures stand in the same order. */
    return (struct cmg__signature_algorithm){
        .algorithm = (enum cmg__oid)(first + (hash - CMG__OID_SHA1)), .hash = hash
    };
}

static cmg_status make(const struct cmg__key *key, const struct cmg__env *env,
                       const struct cmg__signature_algorithm *algorithm,
                       struct cmg__span data,
                       uint8_t bytes[MBEDTLS_PK_SIGNATURE_MAX_SIZE], size_t *len,
                       cmg_error **err)
{
    const mbedtls_md_type_t type = cmg__mbed_md(algorithm->hash);
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(type);
    uint8_t digest[MBEDTLS_MD_MAX_SIZE];
    const size_t max = MBEDTLS_PK_SIGNATURE_MAX_SIZE;
    int ret = mbedtls_md(md, data.p, data.n, digest);

    if (ret == 0 && key->is_held)
        return cmg__key_ask_holder(key, algorithm,
                                   cmg__span_of(digest, mbedtls_md_get_size(md)), bytes,
                                   max, len, err);
    if (ret == 0)
        ret = algorithm->algorithm == CMG__OID_RSA_PSS
                  ? cmg__mbed_sign_pss(key->pk, type, digest, bytes, max, len, env)
                  : cmg__mbed_sign(key->pk, type, digest, bytes, max, len, env);
    return ret == 0 ? CMG_OK
                    : cmg__key_fail(err, key->alloc, ret, CMG_E_INTERNAL, "signing");
}

static cmg_status fail_wrong(const struct cmg__key *key, cmg_error **err)
{
    if (key->is_held)
        return cmg__fail(err, key->alloc, CMG_E_CERT, "key",
                         "sign with the private half of this key: PKCS#1 v1.5 with the "
                         "hash named in it, RSASSA-PSS with a salt as long as the hash "
                         "where that is asked for, or ECDSA as DER",
                         "the signature that the host gave does not verify");
    return cmg__fail(err, key->alloc, CMG_E_INTERNAL, "key", NULL,
                     "the new signature does not verify");
}

static cmg_status sign(const struct cmg__key *key, const struct cmg__env *env,
                       const struct cmg__signature_algorithm *algorithm,
                       struct cmg__span data, struct cmg__buf *signature, cmg_error **err)
{
    uint8_t bytes[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    size_t len = 0;
    cmg_status rc = make(key, env, algorithm, data, bytes, &len, err);

    if (rc != CMG_OK)
        return rc;
    rc = cmg__pk_verify(key->pk, algorithm, data, cmg__span_of(bytes, len));
    if (rc == CMG_OK)
        rc = cmg__buf_add(signature, bytes, len);
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    return rc == CMG_OK ? CMG_OK : fail_wrong(key, err);
}

cmg_status cmg__key_sign(const struct cmg__key *key, const struct cmg__env *env,
                         enum cmg__oid hash, const void *data, size_t n,
                         struct cmg__buf *signature, cmg_error **err)
{
    const struct cmg__signature_algorithm algorithm =
        cmg__key_signature_algorithm(key->kind, hash);

    return sign(key, env, &algorithm, cmg__span_of(data, n), signature, err);
}

cmg_status cmg__key_sign_pss(const struct cmg__key *key, const struct cmg__env *env,
                             enum cmg__oid hash, const void *data, size_t n,
                             struct cmg__buf *signature, cmg_error **err)
{
    const struct cmg__signature_algorithm algorithm = {
        .algorithm = CMG__OID_RSA_PSS,
        .hash = hash,
        .salt_len = mbedtls_md_get_size(mbedtls_md_info_from_type(cmg__mbed_md(hash))),
    };

    return sign(key, env, &algorithm, cmg__span_of(data, n), signature, err);
}
