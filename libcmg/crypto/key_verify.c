/*
 * Verifying. What mbedTLS 2.28 lets pass and is refused here first: RSA keys of any size
 * and exponent, ECDSA signatures in BER (long lengths, negative or padded numbers, bytes
 * behind the end), points in other forms than the uncompressed one. Lengths are those of
 * the key exactly; the salt of RSASSA-PSS is as long as the algorithm says.
 */
#include "crypto/signature.h"

#include <string.h>

#include "crypto/key_data.h"

#include <mbedtls/rsa.h>

#define RSA_MIN          2048
#define RSA_MAX          8192
#define RSA_EXPONENT_MAX 8 /* bytes */
#define EC_SPKI_MAX      160

static const struct curve {
    enum cmg__oid oid;
    size_t coordinate; /* bytes */
} curves[] = {
    { CMG__OID_P256, 32 },
    { CMG__OID_P384, 48 },
    { CMG__OID_P521, 66 },
};

/* ---- public keys ---- */

int cmg__pk_init_rsa(mbedtls_pk_context *pk, struct cmg__span n, struct cmg__span e)
{
    mbedtls_pk_init(pk);
    int ret = mbedtls_pk_setup(pk, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA));

    if (ret != 0)
        return ret;
    mbedtls_rsa_context *rsa = mbedtls_pk_rsa(*pk);
    ret = mbedtls_rsa_import_raw(rsa, n.p, n.n, NULL, 0, NULL, 0, NULL, 0, e.p, e.n);
    if (ret == 0)
        ret = mbedtls_rsa_complete(rsa);
    return ret == 0 ? mbedtls_rsa_check_pubkey(rsa) : ret;
}

static cmg_status read_rsa(mbedtls_pk_context *pk, struct cmg__span bits)
{
    struct cmg__span body;
    struct cmg__span n;
    struct cmg__span e;

    if (!cmg__der_take(&bits, CMG__DER_SEQUENCE, &body) || bits.n != 0 ||
        !cmg__der_take_number(&body, &n) || !cmg__der_take_number(&body, &e) ||
        body.n != 0)
        return CMG_E_CERT;
    /* 1 is the odd exponent that signs nothing. */
    if (n.n > RSA_MAX / 8 || e.n > RSA_EXPONENT_MAX || (n.p[n.n - 1] & 1U) == 0 ||
        (e.p[e.n - 1] & 1U) == 0 || (e.n == 1 && e.p[0] == 1))
        return CMG_E_CERT;
    return cmg__mbed_status(cmg__pk_init_rsa(pk, n, e), CMG_E_CERT);
}

static bool point_is_plain(enum cmg__oid oid, struct cmg__span point)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(curves); i++) {
        if (curves[i].oid == oid)
            return point.n == 1 + 2 * curves[i].coordinate && point.p[0] == 0x04;
    }
    return false;
}

static cmg_status read_ec(mbedtls_pk_context *pk, struct cmg__span parameters,
                          struct cmg__span bits, struct cmg__span spki)
{
    uint8_t copy[EC_SPKI_MAX]; /* mbedTLS wants it without const */
    unsigned char *p = copy;
    enum cmg__oid oid;

    if (!cmg__der_take_oid(&parameters, &oid) || parameters.n != 0 ||
        !point_is_plain(oid, bits) || spki.n > sizeof copy)
        return CMG_E_CERT;
    memcpy(copy, spki.p, spki.n);
    return cmg__mbed_status(mbedtls_pk_parse_subpubkey(&p, copy + spki.n, pk),
                            CMG_E_CERT);
}

/* A key that is only for RSASSA-PSS may narrow the algorithm (RFC 4055, 3.1). */
static bool pss_is_allowed(struct cmg__span identifier,
                           const struct cmg__signature_algorithm *wanted)
{
    struct cmg__signature_algorithm least;
    struct cmg__span copy = identifier;
    struct cmg__span parameters;
    enum cmg__oid oid;

    if (wanted->algorithm != CMG__OID_RSA_PSS)
        return false;
    if (cmg__der_take_algorithm(&copy, &oid, &parameters) && parameters.n == 0)
        return true;
    return cmg__signature_algorithm_take(&identifier, &least) &&
           least.hash == wanted->hash && least.salt_len <= wanted->salt_len;
}

static bool is_null(struct cmg__span parameters)
{
    return parameters.n == 2 && parameters.p[0] == CMG__DER_NULL && parameters.p[1] == 0;
}

cmg_status cmg__pk_init_public(mbedtls_pk_context *pk, struct cmg__span spki,
                               const struct cmg__signature_algorithm *algorithm)
{
    struct cmg__span in = spki;
    struct cmg__span body;
    struct cmg__span parameters;
    struct cmg__span bits;
    enum cmg__oid oid;

    mbedtls_pk_init(pk);
    if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &body) || in.n != 0)
        return CMG_E_CERT;
    const struct cmg__span identifier = body;
    if (!cmg__der_take_algorithm(&body, &oid, &parameters) ||
        !cmg__der_take_bits(&body, &bits) || body.n != 0)
        return CMG_E_CERT;
    if (oid == CMG__OID_EC)
        return read_ec(pk, parameters, bits, spki);
    if (oid == CMG__OID_RSA ? !is_null(parameters)
                            : oid != CMG__OID_RSA_PSS || algorithm == NULL ||
                                  !pss_is_allowed(identifier, algorithm))
        return CMG_E_CERT;
    return read_rsa(pk, bits);
}

/* ---- signatures ---- */

static bool take_half(struct cmg__span *in)
{
    struct cmg__span number;

    return cmg__der_take_number(in, &number) && !(number.n == 1 && number.p[0] == 0);
}

/* Whether it is r and s in DER, both above zero. */
static bool ecdsa_is_strict(struct cmg__span signature)
{
    struct cmg__span body;

    return cmg__der_take(&signature, CMG__DER_SEQUENCE, &body) && signature.n == 0 &&
           take_half(&body) && take_half(&body) && body.n == 0;
}

static bool is_for_rsa(enum cmg__oid algorithm)
{
    return algorithm == CMG__OID_RSA_PSS ||
           (algorithm >= CMG__OID_RSA_SHA1 && algorithm <= CMG__OID_RSA_SHA512);
}

static bool is_for_ec(enum cmg__oid algorithm)
{
    return algorithm >= CMG__OID_ECDSA_SHA1 && algorithm <= CMG__OID_ECDSA_SHA512;
}

/* The form that a signature of this algorithm by this key must have. */
static bool form_is_right(const mbedtls_pk_context *pk, enum cmg__oid algorithm,
                          struct cmg__span signature)
{
    if (mbedtls_pk_get_type(pk) == MBEDTLS_PK_RSA)
        return is_for_rsa(algorithm) && signature.n == mbedtls_pk_get_len(pk);
    return is_for_ec(algorithm) && ecdsa_is_strict(signature);
}

cmg_status cmg__signature_hash(const struct cmg__signature_algorithm *algorithm,
                               struct cmg__span data,
                               uint8_t out[CMG__SIGNATURE_HASH_MAX], size_t *n)
{
    const mbedtls_md_info_t *md =
        mbedtls_md_info_from_type(cmg__mbed_md(algorithm->hash));

    if (md == NULL)
        return CMG_E_CERT;
    *n = mbedtls_md_get_size(md);
    return cmg__mbed_status(mbedtls_md(md, data.p, data.n, out), CMG_E_CERT);
}

static cmg_status verify_hash(mbedtls_pk_context *pk,
                              const struct cmg__signature_algorithm *algorithm,
                              struct cmg__span hash, struct cmg__span signature)
{
    const mbedtls_md_type_t type = cmg__mbed_md(algorithm->hash);

    if (!form_is_right(pk, algorithm->algorithm, signature) ||
        hash.n != mbedtls_md_get_size(mbedtls_md_info_from_type(type)))
        return CMG_E_CERT;
    const int ret =
        algorithm->algorithm == CMG__OID_RSA_PSS
            ? cmg__mbed_verify_pss(pk, type, hash.p, hash.n, algorithm->salt_len,
                                   signature.p)
            : mbedtls_pk_verify(pk, type, hash.p, hash.n, signature.p, signature.n);
    return cmg__mbed_status(ret, CMG_E_CERT);
}

cmg_status cmg__pk_verify(mbedtls_pk_context *pk,
                          const struct cmg__signature_algorithm *algorithm,
                          struct cmg__span data, struct cmg__span signature)
{
    uint8_t hash[CMG__SIGNATURE_HASH_MAX];
    size_t n;
    const cmg_status rc = cmg__signature_hash(algorithm, data, hash, &n);

    if (rc != CMG_OK)
        return rc;
    return verify_hash(pk, algorithm, cmg__span_of(hash, n), signature);
}

static cmg_status verify(struct cmg__span spki,
                         const struct cmg__signature_algorithm *algorithm,
                         struct cmg__span hash, struct cmg__span signature,
                         size_t rsa_min)
{
    mbedtls_pk_context pk;
    cmg_status rc = cmg__pk_init_public(&pk, spki, algorithm);

    if (rc == CMG_OK && mbedtls_pk_get_type(&pk) == MBEDTLS_PK_RSA &&
        mbedtls_pk_get_bitlen(&pk) < rsa_min)
        rc = CMG_E_CERT;
    if (rc == CMG_OK)
        rc = verify_hash(&pk, algorithm, hash, signature);
    mbedtls_pk_free(&pk);
    return rc;
}

cmg_status cmg__key_verify_hash(struct cmg__span spki,
                                const struct cmg__signature_algorithm *algorithm,
                                struct cmg__span hash, struct cmg__span signature)
{
    if (algorithm->hash == CMG__OID_SHA1)
        return CMG_E_CERT;
    return verify(spki, algorithm, hash, signature, RSA_MIN);
}

cmg_status cmg__key_verify(struct cmg__span spki,
                           const struct cmg__signature_algorithm *algorithm,
                           struct cmg__span data, struct cmg__span signature)
{
    uint8_t hash[CMG__SIGNATURE_HASH_MAX];
    size_t n;
    const cmg_status rc = cmg__signature_hash(algorithm, data, hash, &n);

    if (rc != CMG_OK)
        return rc;
    return cmg__key_verify_hash(spki, algorithm, cmg__span_of(hash, n), signature);
}

cmg_status cmg__key_verify_weak(struct cmg__span spki,
                                const struct cmg__signature_algorithm *algorithm,
                                struct cmg__span data, struct cmg__span signature)
{
    uint8_t hash[CMG__SIGNATURE_HASH_MAX];
    size_t n;
    const cmg_status rc = cmg__signature_hash(algorithm, data, hash, &n);

    if (rc != CMG_OK)
        return rc;
    return verify(spki, algorithm, cmg__span_of(hash, n), signature, 0);
}
