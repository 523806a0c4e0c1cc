/*
 * Signed messages. Public keys are read from their SubjectPublicKeyInfo, so that a key
 * that the host holds is as good as one of ours. ECDSA signatures come as DER and leave
 * as two numbers of fixed width (RFC 7518, 3.4).
 */
#include "crypto/jws.h"

#include <string.h>

#include "base/base64.h"
#include "crypto/der_read.h"
#include "crypto/hash.h"

#define TEXT_MAX      ((size_t)256 * 1024)
#define KEY_MAX       ((size_t)2 * 1024)
#define SIGNATURE_MAX ((size_t)1024)

/* How keys of a kind and size sign. */
static const struct algorithm {
    const char *name;
    enum cmg__key_kind kind;
    unsigned bits; /* 0: any */
    const char *curve;
    size_t number_size; /* of a coordinate and of half a signature */
    enum cmg__oid hash;
} algorithms[] = {
    { "RS256", CMG__KEY_RSA, 0, NULL, 0, CMG__OID_SHA256 },
    { "ES256", CMG__KEY_EC, 256, "P-256", 32, CMG__OID_SHA256 },
    { "ES384", CMG__KEY_EC, 384, "P-384", 48, CMG__OID_SHA384 },
};

/* Keys have no other kind or size than those of the table. */
static const struct algorithm *algorithm_of(const struct cmg__key *key)
{
    size_t i = 0;

    while (i + 1 < CMG__ARRAY_LEN(algorithms) &&
           (algorithms[i].kind != cmg__key_kind(key) ||
            (algorithms[i].bits != 0 && algorithms[i].bits != cmg__key_bits(key))))
        i++;
    return &algorithms[i];
}

const char *cmg__jws_algorithm(const struct cmg__key *key)
{
    return algorithm_of(key)->name;
}

/* ---- public keys ---- */

/* A new JSON string of the bytes as base64url; NULL when memory ran out. */
static struct cmg__json *base64url(const struct cmg__alloc *alloc, const void *data,
                                   size_t n)
{
    struct cmg__json *string = NULL;
    struct cmg__buf text;

    cmg__buf_init(&text, alloc, TEXT_MAX);
    if (cmg__base64url_encode(&text, data, n) == CMG_OK)
        string = cmg__json_string(cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    return string;
}

/* The bits of a SubjectPublicKeyInfo. */
static bool key_bits(struct cmg__span spki, struct cmg__span *bits)
{
    struct cmg__span body;
    struct cmg__span parameters;
    enum cmg__oid oid;

    return cmg__der_take(&spki, CMG__DER_SEQUENCE, &body) &&
           cmg__der_take_algorithm(&body, &oid, &parameters) &&
           cmg__der_take_bits(&body, bits);
}

static cmg_status rsa_members(const struct cmg__alloc *alloc, struct cmg__span bits,
                              struct cmg__json *jwk)
{
    struct cmg__span body;
    struct cmg__span n;
    struct cmg__span e;

    if (!cmg__der_take(&bits, CMG__DER_SEQUENCE, &body) ||
        !cmg__der_take_number(&body, &n) || !cmg__der_take_number(&body, &e))
        return CMG_E_INTERNAL;
    if (cmg__json_set_str(jwk, "kty", "RSA") != CMG_OK ||
        cmg__json_set(jwk, "n", base64url(alloc, n.p, n.n)) != CMG_OK ||
        cmg__json_set(jwk, "e", base64url(alloc, e.p, e.n)) != CMG_OK)
        return CMG_E_NOMEM;
    return CMG_OK;
}

/* A point: 4, then both coordinates in full width. */
static cmg_status ec_members(const struct cmg__alloc *alloc,
                             const struct algorithm *algorithm, struct cmg__span bits,
                             struct cmg__json *jwk)
{
    const size_t size = algorithm->number_size;

    if (bits.n != 1 + 2 * size || bits.p[0] != 4)
        return CMG_E_INTERNAL;
    if (cmg__json_set_str(jwk, "kty", "EC") != CMG_OK ||
        cmg__json_set_str(jwk, "crv", algorithm->curve) != CMG_OK ||
        cmg__json_set(jwk, "x", base64url(alloc, bits.p + 1, size)) != CMG_OK ||
        cmg__json_set(jwk, "y", base64url(alloc, bits.p + 1 + size, size)) != CMG_OK)
        return CMG_E_NOMEM;
    return CMG_OK;
}

cmg_status cmg__jwk_new(const struct cmg__alloc *alloc, const struct cmg__key *key,
                        struct cmg__json **out, cmg_error **err)
{
    const struct algorithm *algorithm = algorithm_of(key);
    struct cmg__json *jwk = cmg__json_object();
    struct cmg__span bits = { NULL, 0 };
    struct cmg__buf spki;

    cmg__buf_init(&spki, alloc, KEY_MAX);
    cmg_status rc = jwk != NULL ? cmg__key_write_public_der(key, &spki) : CMG_E_NOMEM;
    if (rc == CMG_OK && !key_bits(cmg__span_of(spki.data, spki.len), &bits))
        rc = CMG_E_INTERNAL;
    if (rc == CMG_OK)
        rc = algorithm->curve == NULL ? rsa_members(alloc, bits, jwk)
                                      : ec_members(alloc, algorithm, bits, jwk);
    cmg__buf_done(&spki);
    if (rc == CMG_OK) {
        *out = jwk;
        return CMG_OK;
    }
    cmg__json_unref(jwk);
    return rc == CMG_E_NOMEM ? cmg__fail_nomem(err)
                             : cmg__fail(err, alloc, rc, "key", NULL,
                                         "the public key is not in the form expected");
}

cmg_status cmg__jwk_thumbprint(const struct cmg__json *jwk, struct cmg__buf *out)
{
    struct cmg__buf text;
    uint8_t hash[32];

    cmg__buf_init(&text, out->alloc, KEY_MAX);
    cmg_status rc = cmg__json_format(jwk, CMG__JSON_SORTED, &text);
    if (rc == CMG_OK)
        rc = cmg__sha256(text.data, text.len, hash);
    if (rc == CMG_OK)
        rc = cmg__base64url_encode(out, hash, sizeof hash);
    cmg__buf_done(&text);
    return rc;
}

/* ---- messages ---- */

/* "<header>.<payload>", both as base64url: what is signed. */
static cmg_status add_input(struct cmg__buf *input, const struct cmg__jws *jws)
{
    cmg_status rc = cmg__base64url_encode(input, jws->header, jws->header_len);

    if (rc == CMG_OK)
        rc = cmg__buf_add_char(input, '.');
    if (rc == CMG_OK)
        rc = cmg__base64url_encode(input, jws->payload, jws->payload_len);
    return rc;
}

static cmg_status add_message(struct cmg__buf *out, const struct cmg__buf *input,
                              const void *signature, size_t n)
{
    const char *text = cmg__buf_cstr(input);
    const int dot = (int)strcspn(text, ".");
    struct cmg__buf end;

    cmg__buf_init(&end, out->alloc, 2 * SIGNATURE_MAX);
    cmg_status rc = cmg__base64url_encode(&end, signature, n);
    if (rc == CMG_OK)
        rc = cmg__buf_addf(
            out, "{\"payload\":\"%s\",\"protected\":\"%.*s\",\"signature\":\"%s\"}",
            text + dot + 1, dot, text, cmg__buf_cstr(&end));
    cmg__buf_done(&end);
    return rc;
}

/* A number in full width, zeros in front. */
static bool put_number(struct cmg__span number, size_t size, uint8_t *out)
{
    if (number.n > size)
        return false;
    memset(out, 0, size - number.n);
    memcpy(out + size - number.n, number.p, number.n);
    return true;
}

/* ECDSA's SEQUENCE of two INTEGERs becomes both numbers side by side. */
static bool flatten(const struct cmg__buf *der, size_t size, uint8_t *out)
{
    struct cmg__span in = cmg__span_of(der->data, der->len);
    struct cmg__span body;
    struct cmg__span r;
    struct cmg__span s;

    return cmg__der_take(&in, CMG__DER_SEQUENCE, &body) &&
           cmg__der_take_number(&body, &r) && cmg__der_take_number(&body, &s) &&
           put_number(r, size, out) && put_number(s, size, out + size);
}

static cmg_status add_signed(const struct algorithm *algorithm,
                             const struct cmg__buf *input,
                             const struct cmg__buf *signature, struct cmg__buf *out)
{
    const size_t size = algorithm->number_size;
    uint8_t numbers[96];

    if (size == 0)
        return add_message(out, input, signature->data, signature->len);
    if (!flatten(signature, size, numbers))
        return CMG_E_INTERNAL;
    return add_message(out, input, numbers, 2 * size);
}

/* Running out of memory and of room, in words. */
static cmg_status fail(cmg_error **err, const struct cmg__alloc *alloc, cmg_status rc)
{
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    return cmg__fail(err, alloc, rc, "signed message", NULL,
                     rc == CMG_E_LIMIT ? "the message would be too large"
                                       : "the signature is not in the form expected");
}

cmg_status cmg__jws_sign(const struct cmg__jws *jws, const struct cmg__key *key,
                         const struct cmg__env *env, struct cmg__buf *out,
                         cmg_error **err)
{
    const struct algorithm *algorithm = algorithm_of(key);
    struct cmg__buf input;
    struct cmg__buf signature;

    cmg__buf_init(&input, out->alloc, TEXT_MAX);
    cmg__buf_init(&signature, out->alloc, SIGNATURE_MAX);
    cmg_status rc = add_input(&input, jws);
    if (rc != CMG_OK) {
        rc = fail(err, out->alloc, rc);
    } else {
        rc = cmg__key_sign(key, env, algorithm->hash, input.data, input.len, &signature,
                           err);
        if (rc == CMG_OK) {
            rc = add_signed(algorithm, &input, &signature, out);
            if (rc != CMG_OK)
                rc = fail(err, out->alloc, rc);
        }
    }
    cmg__buf_done(&signature);
    cmg__buf_done(&input);
    return rc;
}

cmg_status cmg__jws_mac(const struct cmg__jws *jws, const void *secret, size_t n,
                        struct cmg__buf *out)
{
    struct cmg__buf input;
    uint8_t mac[32];

    cmg__buf_init(&input, out->alloc, TEXT_MAX);
    cmg_status rc = add_input(&input, jws);
    if (rc == CMG_OK)
        rc = cmg__hmac_sha256(secret, n, input.data, input.len, mac);
    if (rc == CMG_OK)
        rc = add_message(out, &input, mac, sizeof mac);
    cmg__buf_done(&input);
    return rc;
}
