/*
 * Keys from passwords. The PKCS#12 derivation is written out here because mbedTLS's takes
 * 31 characters at most and widens bytes instead of decoding UTF-8.
 */
#include "crypto/pbe.h"

#include <string.h>

#include "base/secret.h"
#include "base/str.h"

#define SALT_MAX  1024
#define HASH_MAX  64
#define BLOCK_MAX 128

/* Decodes one code point of valid UTF-8. */
static uint32_t next_code_point(const char **p)
{
    const unsigned char *s = (const unsigned char *)*p;
    const unsigned extra = s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
    static const unsigned char masks[4] = { 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t c = s[0] & masks[extra];

    for (unsigned i = 1; i <= extra; i++)
        c = c << 6 | (s[i] & 0x3fU);
    *p += extra + 1;
    return c;
}

static cmg_status add_unit(struct cmg__buf *out, uint32_t unit)
{
    const uint8_t bytes[2] = { (uint8_t)(unit >> 8), (uint8_t)unit };

    return cmg__buf_add(out, bytes, sizeof bytes);
}

cmg_status cmg__pbe_add_utf16(struct cmg__buf *out, const char *utf8)
{
    cmg_status rc = CMG_OK;

    while (*utf8 != '\0' && rc == CMG_OK) {
        const uint32_t c = next_code_point(&utf8);

        if (c < 0x10000) {
            rc = add_unit(out, c);
            continue;
        }
        rc = add_unit(out, 0xd800U + ((c - 0x10000U) >> 10));
        if (rc == CMG_OK)
            rc = add_unit(out, 0xdc00U + (c & 0x3ffU));
    }
    return rc;
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x80)
            return false;
    }
    return true;
}

static cmg_status add_widened(struct cmg__buf *out, const char *bytes)
{
    cmg_status rc = CMG_OK;

    for (; *bytes != '\0' && rc == CMG_OK; bytes++)
        rc = add_unit(out, (unsigned char)*bytes);
    return rc;
}

bool cmg__pbe_password_init(struct cmg__pbe_password *p, const struct cmg__alloc *alloc,
                            const char *password, enum cmg__pbe_variant variant,
                            cmg_status *rc)
{
    const char *text = password != NULL ? password : "";
    const bool valid = cmg__utf8_is_valid(text, strlen(text));

    cmg__buf_init_secret(&p->utf8, alloc, CMG__PBE_PASSWORD_MAX);
    cmg__buf_init_secret(&p->wide, alloc, 2 * CMG__PBE_PASSWORD_MAX + 2);
    *rc = CMG_OK;
    if ((variant == CMG__PBE_UTF16 && !valid) ||
        (variant == CMG__PBE_WIDENED && is_ascii(text)) ||
        (variant == CMG__PBE_BARE && text[0] != '\0'))
        return false;
    *rc = cmg__buf_add_str(&p->utf8, text);
    if (*rc == CMG_OK && variant == CMG__PBE_UTF16)
        *rc = cmg__pbe_add_utf16(&p->wide, text);
    if (*rc == CMG_OK && variant == CMG__PBE_WIDENED)
        *rc = add_widened(&p->wide, text);
    if (*rc == CMG_OK && variant != CMG__PBE_BARE)
        *rc = add_unit(&p->wide, 0);
    return true;
}

void cmg__pbe_password_done(struct cmg__pbe_password *p)
{
    cmg__buf_done(&p->utf8);
    cmg__buf_done(&p->wide);
}

bool cmg__pbe_spend(struct cmg__pbe_budget *budget, uint32_t iterations)
{
    if (iterations > CMG__PBE_ITERATIONS_MAX || iterations > budget->left)
        return false;
    budget->left -= iterations;
    return true;
}

/* ---- PKCS#12 ---- */

/* Appends bytes repeated to the next multiple of block; nothing stays nothing. */
static cmg_status add_repeated(struct cmg__buf *out, struct cmg__span bytes, size_t block)
{
    cmg_status rc = CMG_OK;
    size_t left = (bytes.n + block - 1) / block * block;

    while (left > 0 && rc == CMG_OK) {
        const size_t n = left < bytes.n ? left : bytes.n;

        rc = cmg__buf_add(out, bytes.p, n);
        left -= n;
    }
    return rc;
}

/* Every block of data becomes (block + addend + 1) modulo its size. */
static void add_to_blocks(uint8_t *data, size_t n, const uint8_t *addend, size_t block)
{
    for (size_t start = 0; start < n; start += block) {
        unsigned carry = 1;

        for (size_t i = block; i-- > 0;) {
            carry += data[start + i] + (unsigned)addend[i];
            data[start + i] = (uint8_t)carry;
            carry >>= 8;
        }
    }
}

/* A = H(D | I), hashed again iterations - 1 times. */
static int hash_round(const mbedtls_md_info_t *md, uint8_t id,
                      const struct cmg__buf *data, uint32_t iterations,
                      uint8_t a[HASH_MAX])
{
    uint8_t diversifier[BLOCK_MAX];
    mbedtls_md_context_t ctx;
    const size_t size = mbedtls_md_get_size(md);
    const size_t block = size > 32 ? 128 : 64;

    memset(diversifier, id, block);
    mbedtls_md_init(&ctx);
    int ret = mbedtls_md_setup(&ctx, md, 0);
    if (ret == 0)
        ret = mbedtls_md_starts(&ctx);
    if (ret == 0)
        ret = mbedtls_md_update(&ctx, diversifier, block);
    if (ret == 0)
        ret = mbedtls_md_update(&ctx, (const uint8_t *)cmg__buf_cstr(data), data->len);
    if (ret == 0)
        ret = mbedtls_md_finish(&ctx, a);
    for (uint32_t i = 1; i < iterations && ret == 0; i++)
        ret = mbedtls_md(md, a, size, a);
    mbedtls_md_free(&ctx);
    return ret;
}

static int fill(const mbedtls_md_info_t *md, uint8_t id, struct cmg__buf *data,
                uint32_t iterations, struct cmg__buf *out)
{
    uint8_t a[HASH_MAX];
    uint8_t b[BLOCK_MAX];
    const size_t size = mbedtls_md_get_size(md);
    const size_t block = size > 32 ? 128 : 64;
    int ret = 0;

    while (out->len < out->max && ret == 0) {
        const size_t left = out->max - out->len;

        ret = hash_round(md, id, data, iterations, a);
        if (ret == 0 && cmg__buf_add(out, a, left < size ? left : size) != CMG_OK)
            ret = MBEDTLS_ERR_MD_ALLOC_FAILED;
        for (size_t i = 0; i < block; i++)
            b[i] = a[i % size];
        if (data->len > 0)
            add_to_blocks((uint8_t *)data->data, data->len, b, block);
    }
    cmg__wipe(a, sizeof a);
    cmg__wipe(b, sizeof b);
    return ret;
}

cmg_status cmg__pkcs12_derive(const struct cmg__pkcs12_kdf *kdf, unsigned id,
                              uint8_t *out, size_t n)
{
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(cmg__mbed_md(kdf->hash));
    const struct cmg__alloc *alloc = kdf->wide->alloc;
    struct cmg__buf data;
    struct cmg__buf key;

    if (md == NULL)
        return CMG_E_UNSUPPORTED;
    const size_t block = mbedtls_md_get_size(md) > 32 ? 128 : 64;
    cmg__buf_init_secret(&data, alloc, SALT_MAX + 4 * CMG__PBE_PASSWORD_MAX);
    cmg__buf_init_secret(&key, alloc, n);
    cmg_status rc = add_repeated(&data, kdf->salt, block);
    if (rc == CMG_OK)
        rc = add_repeated(&data, cmg__span_of(kdf->wide->data, kdf->wide->len), block);
    if (rc == CMG_OK)
        rc = cmg__mbed_status(fill(md, (uint8_t)id, &data, kdf->iterations, &key),
                              CMG_E_INTERNAL);
    if (rc == CMG_OK)
        memcpy(out, key.data, n);
    cmg__buf_done(&key);
    cmg__buf_done(&data);
    return rc;
}

/* ---- PBKDF2 ---- */

struct cmg__span cmg__pbe_next_oid(struct cmg__span in)
{
    struct cmg__span body;
    struct cmg__span oid;

    return cmg__der_take(&in, CMG__DER_SEQUENCE, &body) &&
                   cmg__der_take(&body, CMG__DER_OID, &oid)
               ? oid
               : cmg__span_of(NULL, 0);
}

cmg_status cmg__pbkdf2_take(struct cmg__span *in, struct cmg__pbkdf2 *kdf)
{
    struct cmg__span body;
    struct cmg__span unused;
    struct cmg__span inner;
    enum cmg__oid oid;

    kdf->key_len = 0;
    kdf->prf = CMG__OID_HMAC_SHA1;
    kdf->oid = cmg__pbe_next_oid(*in);
    if (!cmg__der_take_algorithm(in, &oid, &body))
        return CMG_E_PARSE;
    if (oid != CMG__OID_PBKDF2)
        return CMG_E_UNSUPPORTED;
    if (!cmg__der_take(&body, CMG__DER_SEQUENCE, &inner) ||
        !cmg__der_take(&inner, CMG__DER_OCTET_STRING, &kdf->salt) || kdf->salt.n == 0 ||
        kdf->salt.n > SALT_MAX ||
        !cmg__der_take_uint(&inner, INT32_MAX, &kdf->iterations) || kdf->iterations == 0)
        return CMG_E_PARSE;
    if (cmg__der_peek(&inner) == CMG__DER_INTEGER &&
        !cmg__der_take_uint(&inner, HASH_MAX, &kdf->key_len))
        return CMG_E_PARSE;
    if (inner.n > 0) {
        kdf->oid = cmg__pbe_next_oid(inner);
        if (!cmg__der_take_algorithm(&inner, &kdf->prf, &unused) ||
            !cmg__der_is_null_or_absent(unused))
            return CMG_E_PARSE;
    }
    if (inner.n != 0)
        return CMG_E_PARSE;
    return kdf->prf >= CMG__OID_HMAC_SHA1 && kdf->prf <= CMG__OID_HMAC_SHA512
               ? CMG_OK
               : CMG_E_UNSUPPORTED;
}

cmg_status cmg__pbkdf2_derive(const struct cmg__pbkdf2 *kdf, const struct cmg__buf *utf8,
                              uint8_t *out, size_t n)
{
    const int ret =
        cmg__mbed_pbkdf2(cmg__mbed_md(kdf->prf), cmg__buf_cstr(utf8), utf8->len,
                         kdf->salt.p, kdf->salt.n, kdf->iterations, out, n);

    return cmg__mbed_status(ret, CMG_E_INTERNAL);
}
