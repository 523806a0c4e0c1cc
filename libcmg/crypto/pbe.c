/*
 * Ciphers under a password: CBC with PKCS#7 padding. The schemes are rows of a table; RC2
 * is only read.
 */
#include "crypto/pbe.h"

#include <string.h>

#include "base/secret.h"
#include "crypto/rc2.h"

#include <mbedtls/aes.h>
#include <mbedtls/des.h>

#define KEY_MAX   32
#define BLOCK_MAX 16

struct cipher {
    enum cmg__oid oid;
    size_t key_len;
    size_t block;
    /* Encrypts or decrypts whole blocks; iv is used up. */
    int (*crypt)(bool encrypt, size_t key_len, const uint8_t *key, uint8_t *iv,
                 struct cmg__span in, uint8_t *out);
};

static int crypt_aes(bool encrypt, size_t key_len, const uint8_t *key, uint8_t *iv,
                     struct cmg__span in, uint8_t *out)
{
    mbedtls_aes_context aes;
    const unsigned bits = (unsigned)key_len * 8;

    mbedtls_aes_init(&aes);
    int ret = encrypt ? mbedtls_aes_setkey_enc(&aes, key, bits)
                      : mbedtls_aes_setkey_dec(&aes, key, bits);
    if (ret == 0)
        ret = mbedtls_aes_crypt_cbc(&aes,
                                    encrypt ? MBEDTLS_AES_ENCRYPT : MBEDTLS_AES_DECRYPT,
                                    in.n, iv, in.p, out);
    mbedtls_aes_free(&aes);
    return ret;
}

static int crypt_des3(bool encrypt, size_t key_len, const uint8_t *key, uint8_t *iv,
                      struct cmg__span in, uint8_t *out)
{
    mbedtls_des3_context des;
    uint8_t three[24];

    /* With two keys the first is the third, too. */
    memcpy(three, key, key_len);
    if (key_len == 16)
        memcpy(three + 16, key, 8);
    mbedtls_des3_init(&des);
    int ret = encrypt ? mbedtls_des3_set3key_enc(&des, three)
                      : mbedtls_des3_set3key_dec(&des, three);
    cmg__wipe(three, sizeof three);
    if (ret == 0)
        ret = mbedtls_des3_crypt_cbc(&des,
                                     encrypt ? MBEDTLS_DES_ENCRYPT : MBEDTLS_DES_DECRYPT,
                                     in.n, iv, in.p, out);
    mbedtls_des3_free(&des);
    return ret;
}

static int crypt_rc2(bool encrypt, size_t key_len, const uint8_t *key, uint8_t *iv,
                     struct cmg__span in, uint8_t *out)
{
    if (encrypt)
        return -1;
    cmg__rc2_cbc_decrypt(key, key_len, (unsigned)key_len * 8, iv, in.p, in.n, out);
    return 0;
}

static const struct cipher ciphers[] = {
    { CMG__OID_AES128_CBC, 16, 16, crypt_aes },
    { CMG__OID_AES192_CBC, 24, 16, crypt_aes },
    { CMG__OID_AES256_CBC, 32, 16, crypt_aes },
    { CMG__OID_DES3_CBC, 24, 8, crypt_des3 },
    { CMG__OID_PBE_3DES, 24, 8, crypt_des3 },
    { CMG__OID_PBE_2DES, 16, 8, crypt_des3 },
    { CMG__OID_PBE_RC2_128, 16, 8, crypt_rc2 },
    { CMG__OID_PBE_RC2_40, 5, 8, crypt_rc2 },
};

static const struct cipher *cipher_of(enum cmg__oid oid)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(ciphers); i++) {
        if (ciphers[i].oid == oid)
            return &ciphers[i];
    }
    return NULL;
}

static enum cmg__oid cipher_oid(const struct cmg__pbe *pbe)
{
    return pbe->scheme == CMG__OID_PBES2 ? pbe->cipher : pbe->scheme;
}

static cmg_status take_pbes2(struct cmg__span parameters, struct cmg__pbe *pbe)
{
    struct cmg__span body;
    struct cmg__span cipher_parameters;

    if (!cmg__der_take(&parameters, CMG__DER_SEQUENCE, &body))
        return CMG_E_PARSE;
    const cmg_status rc = cmg__pbkdf2_take(&body, &pbe->kdf);
    pbe->oid = pbe->kdf.oid;
    if (rc != CMG_OK)
        return rc;
    pbe->oid = cmg__pbe_next_oid(body);
    if (!cmg__der_take_algorithm(&body, &pbe->cipher, &cipher_parameters) || body.n != 0)
        return CMG_E_PARSE;
    const struct cipher *cipher = cipher_of(pbe->cipher);
    if (cipher == NULL)
        return CMG_E_UNSUPPORTED;
    if (!cmg__der_take(&cipher_parameters, CMG__DER_OCTET_STRING, &pbe->iv) ||
        pbe->iv.n != cipher->block ||
        (pbe->kdf.key_len != 0 && pbe->kdf.key_len != cipher->key_len))
        return CMG_E_PARSE;
    return CMG_OK;
}

cmg_status cmg__pbe_take(struct cmg__span *in, struct cmg__pbe *pbe)
{
    struct cmg__span parameters;
    struct cmg__span body;

    *pbe = (struct cmg__pbe){ .scheme = CMG__OID_UNKNOWN };
    pbe->oid = cmg__pbe_next_oid(*in);
    if (!cmg__der_take_algorithm(in, &pbe->scheme, &parameters))
        return CMG_E_PARSE;
    if (pbe->scheme == CMG__OID_PBES2)
        return take_pbes2(parameters, pbe);
    if (pbe->scheme < CMG__OID_PBE_3DES || pbe->scheme > CMG__OID_PBE_RC2_40)
        return CMG_E_UNSUPPORTED;
    if (!cmg__der_take(&parameters, CMG__DER_SEQUENCE, &body) ||
        !cmg__der_take(&body, CMG__DER_OCTET_STRING, &pbe->kdf.salt) ||
        pbe->kdf.salt.n == 0 ||
        !cmg__der_take_uint(&body, INT32_MAX, &pbe->kdf.iterations) ||
        pbe->kdf.iterations == 0 || body.n != 0)
        return CMG_E_PARSE;
    return CMG_OK;
}

static void put_pbes2(struct cmg__der_writer *w, const struct cmg__pbe *pbe)
{
    const size_t both = cmg__der_open(w, CMG__DER_SEQUENCE);
    const size_t kdf = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__der_put_oid(w, CMG__OID_PBKDF2);
    const size_t parameters = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put(w, CMG__DER_OCTET_STRING, pbe->kdf.salt.p, pbe->kdf.salt.n);
    cmg__der_put_uint(w, pbe->kdf.iterations);
    cmg__der_put_algorithm(w, pbe->kdf.prf, true);
    cmg__der_close(w, parameters);
    cmg__der_close(w, kdf);
    const size_t cipher = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put_oid(w, pbe->cipher);
    cmg__der_put(w, CMG__DER_OCTET_STRING, pbe->iv.p, pbe->iv.n);
    cmg__der_close(w, cipher);
    cmg__der_close(w, both);
}

void cmg__pbe_put(struct cmg__der_writer *w, const struct cmg__pbe *pbe)
{
    const size_t mark = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__der_put_oid(w, pbe->scheme);
    if (pbe->scheme == CMG__OID_PBES2) {
        put_pbes2(w, pbe);
    } else {
        const size_t parameters = cmg__der_open(w, CMG__DER_SEQUENCE);
        cmg__der_put(w, CMG__DER_OCTET_STRING, pbe->kdf.salt.p, pbe->kdf.salt.n);
        cmg__der_put_uint(w, pbe->kdf.iterations);
        cmg__der_close(w, parameters);
    }
    cmg__der_close(w, mark);
}

static cmg_status derive(const struct cmg__pbe *pbe,
                         const struct cmg__pbe_password *password,
                         const struct cipher *cipher, uint8_t key[KEY_MAX],
                         uint8_t iv[BLOCK_MAX])
{
    if (pbe->scheme == CMG__OID_PBES2) {
        memcpy(iv, pbe->iv.p, cipher->block);
        return cmg__pbkdf2_derive(&pbe->kdf, &password->utf8, key, cipher->key_len);
    }
    const struct cmg__pkcs12_kdf kdf = { .hash = CMG__OID_SHA1,
                                         .wide = &password->wide,
                                         .salt = pbe->kdf.salt,
                                         .iterations = pbe->kdf.iterations };
    const cmg_status rc = cmg__pkcs12_derive(&kdf, 1, key, cipher->key_len);
    return rc == CMG_OK ? cmg__pkcs12_derive(&kdf, 2, iv, cipher->block) : rc;
}

/* Runs the cipher over whole blocks and appends what comes out. */
static cmg_status run(const struct cmg__pbe *pbe, const struct cipher *cipher,
                      const struct cmg__pbe_password *password, bool encrypt,
                      struct cmg__span in, struct cmg__buf *out)
{
    uint8_t key[KEY_MAX];
    uint8_t iv[BLOCK_MAX];
    cmg_status rc = cmg__buf_reserve(out, in.n);

    if (rc == CMG_OK)
        rc = derive(pbe, password, cipher, key, iv);
    if (rc == CMG_OK)
        rc = cmg__mbed_status(cipher->crypt(encrypt, cipher->key_len, key, iv, in,
                                            (uint8_t *)out->data + out->len),
                              CMG_E_INTERNAL);
    if (rc == CMG_OK) {
        out->len += in.n;
        out->data[out->len] = '\0';
    }
    cmg__wipe(key, sizeof key);
    cmg__wipe(iv, sizeof iv);
    return rc;
}

/* The length of the padding at the end, 0 when it is not well formed. */
static size_t padding_of(const uint8_t *data, size_t n, size_t block)
{
    const size_t count = data[n - 1];

    if (count == 0 || count > block)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (data[n - 1 - i] != count)
            return 0;
    }
    return count;
}

cmg_status cmg__pbe_decrypt(const struct cmg__pbe *pbe,
                            const struct cmg__pbe_password *password,
                            struct cmg__pbe_budget *budget, struct cmg__span in,
                            struct cmg__buf *out)
{
    const struct cipher *cipher = cipher_of(cipher_oid(pbe));
    const size_t start = out->len;

    if (cipher == NULL)
        return CMG_E_UNSUPPORTED;
    if (in.n == 0 || in.n % cipher->block != 0)
        return CMG_E_PARSE;
    if (!cmg__pbe_spend(budget, pbe->kdf.iterations))
        return CMG_E_LIMIT;
    const cmg_status rc = run(pbe, cipher, password, false, in, out);
    if (rc != CMG_OK)
        return rc;
    const size_t padding =
        padding_of((const uint8_t *)out->data + start, in.n, cipher->block);
    if (padding == 0)
        return CMG_E_AUTH;
    out->len -= padding;
    out->data[out->len] = '\0';
    return CMG_OK;
}

cmg_status cmg__pbe_encrypt(const struct cmg__pbe *pbe,
                            const struct cmg__pbe_password *password, struct cmg__span in,
                            struct cmg__buf *out)
{
    const struct cipher *cipher = cipher_of(cipher_oid(pbe));
    uint8_t bytes[BLOCK_MAX];
    struct cmg__buf padded;

    if (cipher == NULL)
        return CMG_E_UNSUPPORTED;
    const size_t padding = cipher->block - in.n % cipher->block;
    memset(bytes, (int)padding, padding);
    cmg__buf_init_secret(&padded, out->alloc, in.n + padding);
    cmg_status rc = cmg__buf_add(&padded, in.p, in.n);
    if (rc == CMG_OK)
        rc = cmg__buf_add(&padded, bytes, padding);
    if (rc == CMG_OK)
        rc = run(pbe, cipher, password, true, cmg__span_of(padded.data, padded.len), out);
    cmg__buf_done(&padded);
    return rc;
}
