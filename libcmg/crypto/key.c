/*
 * Private keys over mbedtls_pk. mbedTLS writes PKCS#1 and SEC1 only, so the PKCS#8
 * wrapping is composed here; it keeps its numbers in memory of its own (calloc) and wipes
 * them.
 */
#include "crypto/key.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/der_read.h"
#include "crypto/der_write.h"
#include "crypto/hash.h"
#include "crypto/key_data.h"
#include "crypto/pem.h"

#include <mbedtls/ecp.h>
#include <mbedtls/rsa.h>

/* A 4096 bit RSA key takes 2.4 KiB. */
#define KEY_DER_MAX  ((size_t)8 * 1024)
#define RSA_EXPONENT 65537

static const struct curve {
    unsigned bits;
    enum cmg__oid oid;
    mbedtls_ecp_group_id id;
} curves[] = {
    { 256, CMG__OID_P256, MBEDTLS_ECP_DP_SECP256R1 },
    { 384, CMG__OID_P384, MBEDTLS_ECP_DP_SECP384R1 },
};
static const unsigned rsa_sizes[] = { 2048, 3072, 4096 };

struct cmg__key *cmg__key_new(const struct cmg__alloc *alloc)
{
    struct cmg__key *key = cmg__alloc0(alloc, sizeof *key);

    if (key != NULL) {
        key->alloc = alloc;
        key->refs = 1;
        key->pk = &key->storage;
        mbedtls_pk_init(key->pk);
    }
    return key;
}

struct cmg__key *cmg__key_ref(struct cmg__key *key)
{
    if (key != NULL)
        key->refs++;
    return key;
}

void cmg__key_free(struct cmg__key *key)
{
    if (key == NULL || --key->refs > 0)
        return;
    const struct cmg__alloc *alloc = key->alloc;
    const struct cmg__key_holder holder = key->holder;
    mbedtls_pk_free(key->pk);
    cmg__wipe(key, sizeof *key);
    cmg__free(alloc, key);
    /* Last, since it may take the allocator with it. */
    if (holder.release != NULL)
        holder.release(holder.user);
}

cmg_status cmg__key_fail(cmg_error **err, const struct cmg__alloc *alloc, int ret,
                         cmg_status otherwise, const char *what)
{
    const cmg_status rc = cmg__mbed_status(ret, otherwise);

    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    if (rc == CMG_E_IO)
        return cmg__fail(err, alloc, rc, "random source", NULL,
                         "%s: the system gave no random bytes", what);
    return cmg__fail(err, alloc, rc, "key", NULL, "%s failed (mbedTLS -0x%04x)", what,
                     (unsigned)-ret);
}

static bool rsa_size_is_allowed(unsigned bits)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(rsa_sizes); i++) {
        if (rsa_sizes[i] == bits)
            return true;
    }
    return false;
}

static const struct curve *curve_of_bits(unsigned bits)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(curves); i++) {
        if (curves[i].bits == bits)
            return &curves[i];
    }
    return NULL;
}

static int generate(struct cmg__key *key, const struct cmg__env *env,
                    const struct curve *curve)
{
    struct cmg__env rng = *env;
    const mbedtls_pk_type_t type = curve != NULL ? MBEDTLS_PK_ECKEY : MBEDTLS_PK_RSA;
    const int ret = mbedtls_pk_setup(key->pk, mbedtls_pk_info_from_type(type));

    if (ret != 0)
        return ret;
    if (curve != NULL)
        return mbedtls_ecp_gen_key(curve->id, mbedtls_pk_ec(*key->pk), cmg__crypto_rng,
                                   &rng);
    return mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key->pk), cmg__crypto_rng, &rng, key->bits,
                               RSA_EXPONENT);
}

cmg_status cmg__key_generate(const struct cmg__alloc *alloc, const struct cmg__env *env,
                             enum cmg__key_kind kind, unsigned bits,
                             struct cmg__key **out, cmg_error **err)
{
    const struct curve *curve = kind == CMG__KEY_EC ? curve_of_bits(bits) : NULL;

    if (kind == CMG__KEY_EC ? curve == NULL : !rsa_size_is_allowed(bits))
        return cmg__fail(err, alloc, CMG_E_INVAL, "bits",
                         "use RSA 2048, 3072 or 4096, or EC 256 or 384",
                         "a key of %u bits cannot be made", bits);
    struct cmg__key *key = cmg__key_new(alloc);
    if (key == NULL)
        return cmg__fail_nomem(err);
    key->kind = kind;
    key->bits = bits;
    key->curve = curve != NULL ? curve->oid : CMG__OID_UNKNOWN;
    const int ret = generate(key, env, curve);
    if (ret != 0) {
        cmg__key_free(key);
        return cmg__key_fail(err, alloc, ret, CMG_E_INTERNAL, "making a key");
    }
    *out = key;
    return CMG_OK;
}

bool cmg__key_classify(struct cmg__key *key)
{
    key->bits = (unsigned)mbedtls_pk_get_bitlen(key->pk);
    if (mbedtls_pk_get_type(key->pk) == MBEDTLS_PK_RSA) {
        key->kind = CMG__KEY_RSA;
        return key->bits >= 2048 && key->bits <= 4096;
    }
    const struct curve *curve = curve_of_bits(key->bits);
    /* Other curves have as many bits. */
    if (mbedtls_pk_get_type(key->pk) != MBEDTLS_PK_ECKEY || curve == NULL ||
        cmg__mbed_group(key->pk) != curve->id)
        return false;
    key->kind = CMG__KEY_EC;
    key->curve = curve->oid;
    return true;
}

/* PKCS#8 with attributes, which mbedTLS 3 refuses and Windows writes (the key's use), is
   copied without them; copy stays empty for anything else. */
static cmg_status cut_attributes(const void *der, size_t n, struct cmg__buf *copy)
{
    struct cmg__span in = cmg__span_of(der, n);
    struct cmg__span body;
    struct cmg__der_item part[3];

    if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &body))
        return CMG_OK;
    for (size_t i = 0; i < CMG__ARRAY_LEN(part); i++) {
        if (!cmg__der_next(&body, &part[i]))
            return CMG_OK;
    }
    if (part[0].tag != CMG__DER_INTEGER || part[1].tag != CMG__DER_SEQUENCE ||
        part[2].tag != CMG__DER_OCTET_STRING ||
        cmg__der_peek(&body) != CMG__DER_CONTEXT_CONS + 0)
        return CMG_OK;
    struct cmg__der_writer w;

    cmg__der_write_init(&w, copy);
    const size_t mark = cmg__der_open(&w, CMG__DER_SEQUENCE);

    for (size_t i = 0; i < CMG__ARRAY_LEN(part); i++)
        cmg__der_put_raw(&w, part[i].whole.p, part[i].whole.n);
    cmg__der_close(&w, mark);
    return w.rc;
}

/* 0, or what mbedTLS says of the key. */
static int parse_pk(struct cmg__key *key, const struct cmg__env *env, const void *der,
                    size_t n, cmg_status *rc)
{
    struct cmg__buf copy;

    cmg__buf_init_secret(&copy, key->alloc, n);
    *rc = cut_attributes(der, n, &copy);
    int ret = 0;

    if (*rc == CMG_OK && copy.len > 0)
        ret = cmg__mbed_parse_key(key->pk, copy.data, copy.len, env);
    else if (*rc == CMG_OK)
        ret = cmg__mbed_parse_key(key->pk, der, n, env);
    cmg__buf_done(&copy);
    return ret;
}

/* The SEC1 structure of an EC key, whether PKCS#8 is around it or not. */
static bool find_sec1(struct cmg__span der, struct cmg__span *sec1)
{
    struct cmg__span body;
    struct cmg__span parameters;
    enum cmg__oid oid;
    uint32_t version;

    *sec1 = der;
    if (!cmg__der_take(&der, CMG__DER_SEQUENCE, &body) || der.n != 0 ||
        !cmg__der_take_uint(&body, 1, &version))
        return false;
    return version == 1 || (cmg__der_take_algorithm(&body, &oid, &parameters) &&
                            cmg__der_take(&body, CMG__DER_OCTET_STRING, sec1));
}

/* A public point beside the number must be the number's own: mbedTLS puts a point that it
   cannot read or that is not on the curve right by itself, so a damaged key would become
   another one. */
static bool sec1_is_whole(struct cmg__span sec1, struct cmg__span own)
{
    struct cmg__span body;
    struct cmg__span wrapped;
    struct cmg__span point;
    uint32_t version;

    if (!cmg__der_take(&sec1, CMG__DER_SEQUENCE, &body) || sec1.n != 0 ||
        !cmg__der_take_uint(&body, 1, &version) ||
        !cmg__der_take(&body, CMG__DER_OCTET_STRING, NULL))
        return false;
    cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 0, NULL);
    if (!cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 1, &wrapped))
        return body.n == 0;
    if (body.n != 0 || !cmg__der_take_bits(&wrapped, &point) || wrapped.n != 0)
        return false;
    if (point.n == own.n / 2 + 1) /* compressed: x, and whether y is odd */
        return point.p[0] == (0x02 | (own.p[own.n - 1] & 1)) &&
               memcmp(point.p + 1, own.p + 1, point.n - 1) == 0;
    return cmg__span_eq(point, own);
}

static cmg_status check_sec1(const struct cmg__key *key, struct cmg__span der)
{
    struct cmg__buf spki;
    struct cmg__span sec1;
    struct cmg__span body;
    struct cmg__span parameters;
    struct cmg__span own;
    enum cmg__oid oid;

    cmg__buf_init(&spki, key->alloc, KEY_DER_MAX);
    cmg_status rc = cmg__key_write_public_der(key, &spki);
    if (rc == CMG_OK) {
        struct cmg__span in = cmg__span_of(spki.data, spki.len);

        if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &body) ||
            !cmg__der_take_algorithm(&body, &oid, &parameters) ||
            !cmg__der_take_bits(&body, &own) || !find_sec1(der, &sec1) ||
            !sec1_is_whole(sec1, own))
            rc = CMG_E_PARSE;
    }
    cmg__buf_done(&spki);
    return rc;
}

/* What mbedTLS does not look at. */
static cmg_status check_rest(struct cmg__key *key, struct cmg__span der, cmg_error **err)
{
    if (!cmg__key_classify(key))
        return cmg__fail(err, key->alloc, CMG_E_CERT, "key", CMG__KEY_KINDS,
                         "a private key of %u bits of this kind is not allowed",
                         key->bits);
    const cmg_status rc = key->kind == CMG__KEY_EC ? check_sec1(key, der) : CMG_OK;
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    if (rc != CMG_OK)
        return cmg__fail(err, key->alloc, rc, "key", "export the key again",
                         "the private key is damaged: its public half is not its own");
    return CMG_OK;
}

cmg_status cmg__key_parse_der(const struct cmg__alloc *alloc, const struct cmg__env *env,
                              const void *der, size_t n, struct cmg__key **out,
                              cmg_error **err)
{
    struct cmg__key *key = cmg__key_new(alloc);
    cmg_status rc = CMG_OK;

    if (key == NULL)
        return cmg__fail_nomem(err);
    int ret = parse_pk(key, env, der, n, &rc);
    if (rc != CMG_OK) {
        cmg__key_free(key);
        return cmg__fail_nomem(err);
    }
    if (ret == 0)
        ret = cmg__mbed_check_pair(key->pk, key->pk, env);
    if (ret != 0)
        rc = cmg__key_fail(err, alloc, ret, CMG_E_PARSE, "reading a private key");
    else
        rc = check_rest(key, cmg__span_of(der, n), err);
    if (rc == CMG_OK)
        *out = key;
    else
        cmg__key_free(key);
    return rc;
}

enum cmg__key_kind cmg__key_kind(const struct cmg__key *key)
{
    return key->kind;
}

unsigned cmg__key_bits(const struct cmg__key *key)
{
    return key->bits;
}

void cmg__key_describe(const struct cmg__key *key, char out[CMG__KEY_TEXT_SIZE])
{
    if (key->kind == CMG__KEY_RSA)
        (void)snprintf(out, CMG__KEY_TEXT_SIZE, "RSA %u", key->bits);
    else
        (void)snprintf(out, CMG__KEY_TEXT_SIZE, "EC %s", cmg__oid_name(key->curve));
}

static void put_key_algorithm(struct cmg__der_writer *w, const struct cmg__key *key)
{
    if (key->kind == CMG__KEY_RSA) {
        cmg__der_put_algorithm(w, CMG__OID_RSA, true);
        return;
    }
    const size_t mark = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put_oid(w, CMG__OID_EC);
    cmg__der_put_oid(w, key->curve);
    cmg__der_close(w, mark);
}

/* SEC1 as PKCS#8 wants it: the curve is named outside, so it is left out inside. */
static void put_sec1(struct cmg__der_writer *w, struct cmg__span sec1)
{
    struct cmg__span body;
    struct cmg__span number = { NULL, 0 };
    struct cmg__span point = { NULL, 0 };
    uint32_t version;

    if (!cmg__der_take(&sec1, CMG__DER_SEQUENCE, &body) ||
        !cmg__der_take_uint(&body, 1, &version) ||
        !cmg__der_take(&body, CMG__DER_OCTET_STRING, &number)) {
        w->rc = CMG_E_INTERNAL;
        return;
    }
    cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 0, NULL);
    const size_t mark = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put_uint(w, 1);
    cmg__der_put(w, CMG__DER_OCTET_STRING, number.p, number.n);
    if (cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 1, &point))
        cmg__der_put(w, CMG__DER_CONTEXT_CONS + 1, point.p, point.n);
    cmg__der_close(w, mark);
}

/* mbedTLS writes to the end of the buffer it is given. */
static cmg_status native_der(const struct cmg__key *key, struct cmg__buf *scratch,
                             struct cmg__span *out)
{
    const cmg_status rc = cmg__buf_reserve(scratch, KEY_DER_MAX);

    if (rc != CMG_OK)
        return rc;
    uint8_t *bytes = (uint8_t *)scratch->data;
    const int n = mbedtls_pk_write_key_der(key->pk, bytes, KEY_DER_MAX);
    if (n < 0)
        return cmg__mbed_status(n, CMG_E_INTERNAL);
    scratch->len = KEY_DER_MAX;
    *out = cmg__span_of(bytes + KEY_DER_MAX - (size_t)n, (size_t)n);
    return CMG_OK;
}

cmg_status cmg__key_write_der(const struct cmg__key *key, struct cmg__buf *out)
{
    struct cmg__buf scratch;
    struct cmg__der_writer w;
    struct cmg__span native;

    if (key->is_held)
        return CMG_E_UNSUPPORTED;
    cmg__buf_init_secret(&scratch, key->alloc, KEY_DER_MAX + 1);
    cmg__der_write_init(&w, out);
    w.rc = native_der(key, &scratch, &native);
    if (w.rc == CMG_OK) {
        const size_t outer = cmg__der_open(&w, CMG__DER_SEQUENCE);
        cmg__der_put_uint(&w, 0);
        put_key_algorithm(&w, key);
        const size_t inner = cmg__der_open(&w, CMG__DER_OCTET_STRING);
        if (key->kind == CMG__KEY_RSA)
            cmg__der_put_raw(&w, native.p, native.n);
        else
            put_sec1(&w, native);
        cmg__der_close(&w, inner);
        cmg__der_close(&w, outer);
    }
    cmg__buf_done(&scratch);
    return w.rc;
}

cmg_status cmg__key_write_pem(const struct cmg__key *key, struct cmg__buf *out)
{
    struct cmg__buf der;

    cmg__buf_init_secret(&der, key->alloc, KEY_DER_MAX);
    cmg_status rc = cmg__key_write_der(key, &der);
    if (rc == CMG_OK)
        rc = cmg__pem_write(out, "PRIVATE KEY", der.data, der.len);
    cmg__buf_done(&der);
    return rc;
}

cmg_status cmg__key_fail_write(cmg_error **err, const struct cmg__key *key, cmg_status rc)
{
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    if (rc == CMG_E_UNSUPPORTED)
        return cmg__fail(err, key->alloc, rc, "key",
                         "export it with the means of the key store, or use a key that "
                         "the library holds",
                         "the host holds the private key, so it cannot be written");
    return cmg__fail(err, key->alloc, rc, "key", NULL, "writing the key failed");
}

cmg_status cmg__key_write_public_der(const struct cmg__key *key, struct cmg__buf *out)
{
    uint8_t bytes[1024];
    const int n = mbedtls_pk_write_pubkey_der(key->pk, bytes, sizeof bytes);

    if (n < 0)
        return cmg__mbed_status(n, CMG_E_INTERNAL);
    return cmg__buf_add(out, bytes + sizeof bytes - (size_t)n, (size_t)n);
}

cmg_status cmg__key_rsa_public(const struct cmg__key *key, struct cmg__buf *n,
                               struct cmg__buf *e)
{
    uint8_t modulus[512];
    uint8_t exponent[8];
    const size_t size = (key->bits + 7) / 8;

    if (key->kind != CMG__KEY_RSA)
        return CMG_E_UNSUPPORTED;
    const int ret =
        mbedtls_rsa_export_raw(mbedtls_pk_rsa(*key->pk), modulus, size, NULL, 0, NULL, 0,
                               NULL, 0, exponent, sizeof exponent);
    if (ret != 0)
        return cmg__mbed_status(ret, CMG_E_INTERNAL);
    size_t zeros = 0;
    while (zeros < sizeof exponent - 1 && exponent[zeros] == 0)
        zeros++;
    cmg_status rc = cmg__buf_add(n, modulus, size);
    if (rc == CMG_OK)
        rc = cmg__buf_add(e, exponent + zeros, sizeof exponent - zeros);
    return rc;
}
