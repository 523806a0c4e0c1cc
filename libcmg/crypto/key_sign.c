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

cmg_status cmg__key_sign(const struct cmg__key *key, const struct cmg__env *env,
                         enum cmg__oid hash, const void *data, size_t n,
                         struct cmg__buf *signature, cmg_error **err)
{
    const struct cmg__signature_algorithm algorithm =
        cmg__key_signature_algorithm(key->kind, hash);
    const mbedtls_md_type_t type = cmg__mbed_md(hash);
    uint8_t digest[MBEDTLS_MD_MAX_SIZE];
    uint8_t bytes[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    size_t len = 0;
    int ret = mbedtls_md(mbedtls_md_info_from_type(type), data, n, digest);

    if (ret == 0)
        ret = cmg__mbed_sign(key->pk, type, digest, bytes, sizeof bytes, &len, env);
    if (ret != 0)
        return cmg__key_fail(err, key->alloc, ret, CMG_E_INTERNAL, "signing");
    const cmg_status rc = cmg__pk_verify(key->pk, &algorithm, cmg__span_of(data, n),
                                         cmg__span_of(bytes, len));
    if (rc == CMG_E_NOMEM || (rc == CMG_OK && cmg__buf_add(signature, bytes, len) != rc))
        return cmg__fail_nomem(err);
    if (rc != CMG_OK)
        return cmg__fail(err, key->alloc, CMG_E_INTERNAL, "key", NULL,
                         "the new signature does not verify");
    return CMG_OK;
}
