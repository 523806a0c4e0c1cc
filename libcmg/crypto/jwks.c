/*
 * Key sets. Keys that this library would not use (other kinds, other uses, odd sizes) are
 * left out when the set is read, so that a look-up finds only keys fit for RS256.
 * mbedTLS's own checks would pass a modulus of 512 bits; the sizes are held here.
 */
#include "crypto/jwks.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"

#define DOCUMENT_MAX ((size_t)256 * 1024)
#define MODULUS_MIN  256
#define MODULUS_MAX  512

bool cmg__jwks_kid_is_valid(const char *kid)
{
    size_t n = 0;

    for (; kid[n] != '\0'; n++) {
        if (!cmg__is_alnum(kid[n]) && kid[n] != '-' && kid[n] != '_')
            return false;
    }
    return n >= 1 && n < CMG__JWKS_KID_SIZE;
}

static cmg_status decode(const struct cmg__json *key, const char *member,
                         struct cmg__buf *out)
{
    const char *text = cmg__json_str(key, member);

    if (text == NULL)
        return CMG_E_PARSE;
    return cmg__base64url_decode(out, text, strlen(text));
}

static bool numbers_are_fit(const struct cmg__buf *n, const struct cmg__buf *e)
{
    static const uint8_t exponent[3] = { 1, 0, 1 };

    return n->len >= MODULUS_MIN && n->len <= MODULUS_MAX &&
           ((uint8_t)n->data[0] & 0x80U) != 0 &&
           ((uint8_t)n->data[n->len - 1] & 1U) != 0 && e->len == sizeof exponent &&
           memcmp(e->data, exponent, sizeof exponent) == 0;
}

static bool is_absent_or(const struct cmg__json *key, const char *member,
                         const char *wanted)
{
    const struct cmg__json *value = cmg__json_at(key, member);
    const char *text = cmg__json_str(key, member);

    return value == NULL || (text != NULL && strcmp(text, wanted) == 0);
}

/* Whether the members other than the numbers make it a key for RS256 signatures. */
static bool is_candidate(const struct cmg__json *key)
{
    const char *kty = cmg__json_str(key, "/kty");
    const char *kid = cmg__json_str(key, "/kid");

    return kty != NULL && strcmp(kty, "RSA") == 0 && kid != NULL &&
           cmg__jwks_kid_is_valid(kid) && is_absent_or(key, "/use", "sig") &&
           is_absent_or(key, "/alg", "RS256");
}

/* CMG_OK also when the key was left out. */
static cmg_status add_key(struct cmg__jwks *jwks, const struct cmg__json *json)
{
    struct cmg__jwk *key = &jwks->keys[jwks->count];
    struct cmg__buf n;
    struct cmg__buf e;

    if (!is_candidate(json))
        return CMG_OK;
    cmg__buf_init(&n, jwks->alloc, 2 * MODULUS_MAX);
    cmg__buf_init(&e, jwks->alloc, 64);
    cmg_status rc = decode(json, "/n", &n);
    if (rc == CMG_OK)
        rc = decode(json, "/e", &e);
    if (rc == CMG_OK && !numbers_are_fit(&n, &e))
        rc = CMG_E_PARSE;
    if (rc == CMG_OK) {
        rc = cmg__mbed_status(cmg__pk_init_rsa(&key->pk, cmg__span_of(n.data, n.len),
                                               cmg__span_of(e.data, e.len)),
                              CMG_E_PARSE);
        if (rc == CMG_OK && cmg__json_str(json, "/issuer") != NULL)
            rc = cmg__str_assign(jwks->alloc, &key->issuer,
                                 cmg__json_str(json, "/issuer"));
        if (rc != CMG_OK)
            mbedtls_pk_free(&key->pk);
    }
    if (rc == CMG_OK) {
        memcpy(key->kid, cmg__json_str(json, "/kid"),
               strlen(cmg__json_str(json, "/kid")) + 1);
        jwks->count++;
    }
    cmg__buf_done(&n);
    cmg__buf_done(&e);
    return rc == CMG_E_NOMEM ? rc : CMG_OK;
}

static cmg_status add_keys(struct cmg__jwks *jwks, const struct cmg__json *document,
                           cmg_error **err)
{
    const struct cmg__json *keys = cmg__json_at(document, "/keys");
    const size_t count = cmg__json_size(keys);

    if (cmg__json_type(keys) != CMG__JSON_ARRAY)
        return cmg__fail(err, jwks->alloc, CMG_E_PARSE, "/keys", NULL,
                         "the key set has no list of keys");
    if (count > CMG__JWKS_MAX)
        return cmg__fail(err, jwks->alloc, CMG_E_LIMIT, "/keys", NULL,
                         "the key set has %zu keys, at most %d are read", count,
                         CMG__JWKS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (add_key(jwks, cmg__json_item(keys, i)) != CMG_OK)
            return cmg__fail_nomem(err);
    }
    if (jwks->count == 0)
        return cmg__fail(err, jwks->alloc, CMG_E_PARSE, "/keys",
                         "check the address that the key set was read from",
                         "none of the %zu keys is an RSA key fit for signatures", count);
    return CMG_OK;
}

cmg_status cmg__jwks_parse(const struct cmg__alloc *alloc, const char *json, size_t n,
                           struct cmg__jwks **out, cmg_error **err)
{
    struct cmg__json *document = NULL;

    if (n > DOCUMENT_MAX)
        return cmg__fail(err, alloc, CMG_E_LIMIT, "key set", NULL,
                         "a key set of %zu bytes is too large", n);
    cmg_status rc = cmg__json_parse(alloc, "key set", json, n, &document, err);
    if (rc != CMG_OK)
        return rc;
    struct cmg__jwks *jwks = cmg__alloc0(alloc, sizeof *jwks);
    if (jwks == NULL) {
        cmg__json_unref(document);
        return cmg__fail_nomem(err);
    }
    jwks->alloc = alloc;
    rc = add_keys(jwks, document, err);
    cmg__json_unref(document);
    if (rc == CMG_OK)
        *out = jwks;
    else
        cmg__jwks_free(jwks);
    return rc;
}

void cmg__jwks_free(struct cmg__jwks *jwks)
{
    if (jwks == NULL)
        return;
    for (size_t i = 0; i < jwks->count; i++) {
        mbedtls_pk_free(&jwks->keys[i].pk);
        cmg__free(jwks->alloc, jwks->keys[i].issuer);
    }
    cmg__free(jwks->alloc, jwks);
}

const struct cmg__jwk *cmg__jwks_find(const struct cmg__jwks *jwks, const char *kid)
{
    for (size_t i = 0; i < jwks->count; i++) {
        if (strcmp(jwks->keys[i].kid, kid) == 0)
            return &jwks->keys[i];
    }
    return NULL;
}

bool cmg__jwks_has(const struct cmg__jwks *jwks, const char *kid)
{
    return cmg__jwks_find(jwks, kid) != NULL;
}

cmg_status cmg__jwk_verify(const struct cmg__jwk *key, const void *data, size_t n,
                           const void *signature, size_t signature_len)
{
    static const struct cmg__signature_algorithm rs256 = { .algorithm =
                                                               CMG__OID_RSA_SHA256,
                                                           .hash = CMG__OID_SHA256 };
    mbedtls_pk_context pk = key->pk; /* verifying wants it without const; nothing moves */
    const cmg_status rc = cmg__pk_verify(&pk, &rs256, cmg__span_of(data, n),
                                         cmg__span_of(signature, signature_len));

    return rc == CMG_E_CERT ? CMG_E_AUTH : rc;
}

cmg_status cmg__jwks_append(struct cmg__json *keys, const struct cmg__key *key,
                            const char *kid)
{
    const struct cmg__alloc *alloc = &cmg__alloc_libc;
    struct cmg__buf numbers[2];
    struct cmg__buf texts[2];
    cmg_status rc;

    for (size_t i = 0; i < 2; i++) {
        cmg__buf_init(&numbers[i], alloc, MODULUS_MAX);
        cmg__buf_init(&texts[i], alloc, 2 * MODULUS_MAX);
    }
    rc = cmg__key_rsa_public(key, &numbers[0], &numbers[1]);
    for (size_t i = 0; i < 2 && rc == CMG_OK; i++)
        rc = cmg__base64url_encode(&texts[i], numbers[i].data, numbers[i].len);
    if (rc == CMG_OK)
        rc =
            cmg__json_append(keys, cmg__json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "kty",
                                                  "RSA", "use", "sig", "kid", kid, "x5t",
                                                  kid, "n", cmg__buf_cstr(&texts[0]), "e",
                                                  cmg__buf_cstr(&texts[1])));
    for (size_t i = 0; i < 2; i++) {
        cmg__buf_done(&numbers[i]);
        cmg__buf_done(&texts[i]);
    }
    return rc;
}
