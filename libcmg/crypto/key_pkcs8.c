/*
 * Private keys under a password: EncryptedPrivateKeyInfo (RFC 5958) in PEM or DER, with
 * the schemes of crypto/pbe.h. One is written: PBES2 with AES-256-CBC and PBKDF2 over
 * HMAC-SHA-256. A wrong password and damage inside of the encryption look alike, since
 * the scheme has no checksum: both are told as a wrong password; damage outside of it and
 * inside of a key that was decrypted is told as such.
 */
#include <string.h>

#include "base/secret.h"
#include "crypto/key_data.h"
#include "crypto/pbe.h"
#include "crypto/pem.h"

#define FILE_MAX     ((size_t)1024 * 1024)
#define DER_MAX      ((size_t)16 * 1024)
#define SALT_SIZE    16
#define IV_SIZE      16
#define PASSWORD_MAX 1023
/* Iterations of one file; some seconds of work. */
#define WORK_MAX 5000000U

struct intake {
    const struct cmg__alloc *alloc;
    const struct cmg__env *env;
    const char *password;
    cmg_error **err;
};

static cmg_status fail(const struct intake *in, cmg_status rc)
{
    static const struct {
        cmg_status code;
        const char *remedy;
        const char *text;
    } texts[] = {
        { CMG_E_AUTH, "give the password that the key was encrypted with",
          "the password does not open the private key" },
        { CMG_E_PARSE, "export the key again", "the encrypted private key is damaged" },
        { CMG_E_UNSUPPORTED,
          "encrypt it with PBES2 and AES, as \"openssl pkcs8 -topk8 -v2 aes-256-cbc\" "
          "does",
          "the private key is encrypted with an algorithm that is not read here" },
        { CMG_E_LIMIT, "encrypt it with at most 5,000,000 iterations",
          "the private key's password takes too many iterations" },
    };

    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(in->err);
    for (size_t i = 0; i < CMG__ARRAY_LEN(texts); i++) {
        if (texts[i].code == rc)
            return cmg__fail(in->err, in->alloc, rc, "key", texts[i].remedy, "%s",
                             texts[i].text);
    }
    return cmg__fail(in->err, in->alloc, rc, "key", NULL,
                     "decrypting the private key failed");
}

/* Whether it begins as PrivateKeyInfo and ends where it says; what a wrong password
   leaves behind hardly ever does. */
static bool is_private_key_info(const struct cmg__buf *der)
{
    struct cmg__span in = cmg__span_of(der->data, der->len);
    struct cmg__span body;
    struct cmg__span parameters;
    enum cmg__oid oid;
    uint32_t version;

    return cmg__der_take(&in, CMG__DER_SEQUENCE, &body) && in.n == 0 &&
           cmg__der_take_uint(&body, 1, &version) &&
           cmg__der_take_algorithm(&body, &oid, &parameters);
}

/* One try for each form that a password may have. */
static cmg_status decrypt(const struct intake *in, const struct cmg__pbe *pbe,
                          struct cmg__span secret, struct cmg__buf *plain)
{
    struct cmg__pbe_budget budget = { .left = WORK_MAX };
    cmg_status rc = CMG_E_AUTH;

    for (unsigned i = 0; i < CMG__PBE_VARIANTS && rc == CMG_E_AUTH; i++) {
        struct cmg__pbe_password password;
        const bool used = cmg__pbe_password_init(&password, in->alloc, in->password,
                                                 (enum cmg__pbe_variant)i, &rc);

        cmg__buf_clear(plain);
        if (rc == CMG_OK)
            rc = used ? cmg__pbe_decrypt(pbe, &password, &budget, secret, plain)
                      : CMG_E_AUTH;
        if (rc == CMG_OK && !is_private_key_info(plain))
            rc = CMG_E_AUTH;
        cmg__pbe_password_done(&password);
        if (rc == CMG_E_AUTH && used && pbe->scheme == CMG__OID_PBES2)
            break; /* the forms are one here */
    }
    return rc;
}

static cmg_status parse_encrypted(const struct intake *in, struct cmg__span der,
                                  struct cmg__key **out)
{
    struct cmg__span body;
    struct cmg__span secret = { NULL, 0 };
    struct cmg__pbe pbe;
    struct cmg__buf plain;

    if (!cmg__der_take(&der, CMG__DER_SEQUENCE, &body) || der.n != 0)
        return fail(in, CMG_E_PARSE);
    cmg_status rc = cmg__pbe_take(&body, &pbe);
    if (rc == CMG_OK &&
        (!cmg__der_take(&body, CMG__DER_OCTET_STRING, &secret) || body.n != 0))
        rc = CMG_E_PARSE;
    if (rc == CMG_OK && in->password == NULL)
        return cmg__fail(in->err, in->alloc, CMG_E_AUTH, "key", "give the password",
                         "the private key is encrypted with a password");
    if (rc != CMG_OK)
        return fail(in, rc);
    cmg__buf_init_secret(&plain, in->alloc, FILE_MAX);
    rc = decrypt(in, &pbe, secret, &plain);
    if (rc == CMG_OK)
        rc = cmg__key_parse_der(in->alloc, in->env, plain.data, plain.len, out, in->err);
    else
        rc = fail(in, rc);
    cmg__buf_done(&plain);
    return rc;
}

/* PrivateKeyInfo begins with a number, EncryptedPrivateKeyInfo with an algorithm. */
static cmg_status parse_der(const struct intake *in, struct cmg__span der,
                            struct cmg__key **out)
{
    struct cmg__span copy = der;
    struct cmg__der_item outer;

    if (cmg__der_next(&copy, &outer) &&
        cmg__der_peek(&outer.content) == CMG__DER_SEQUENCE)
        return parse_encrypted(in, der, out);
    return cmg__key_parse_der(in->alloc, in->env, der.p, der.n, out, in->err);
}

/* The first private key of a PEM text into der. */
static cmg_status find_pem_key(const struct intake *in, const void *text, size_t n,
                               struct cmg__buf *der)
{
    static const char *const labels[] = { "PRIVATE KEY", "RSA PRIVATE KEY",
                                          "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY" };
    struct cmg__pem_reader reader = { .text = text, .left = n };
    struct cmg__pem_block block;
    cmg_status rc;

    for (rc = cmg__pem_next(&reader, &block, der); rc == CMG_OK;
         rc = cmg__pem_next(&reader, &block, der)) {
        if (block.encrypted)
            return cmg__fail(in->err, in->alloc, CMG_E_UNSUPPORTED, "key",
                             "convert it with \"openssl pkcs8 -topk8\"",
                             "the private key is encrypted in the old form of PEM "
                             "(\"Proc-Type: 4,ENCRYPTED\")");
        for (size_t i = 0; i < CMG__ARRAY_LEN(labels); i++) {
            if (cmg__pem_is(&block, labels[i]))
                return CMG_OK;
        }
    }
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(in->err);
    if (rc == CMG_E_LIMIT)
        return cmg__fail(in->err, in->alloc, rc, "key", NULL, "a PEM block is too large");
    return cmg__fail(in->err, in->alloc, CMG_E_PARSE, "key",
                     "give a PKCS#8, PKCS#1 or SEC1 key as PEM or DER",
                     "there is no readable private key in the text");
}

cmg_status cmg__key_parse_encrypted(const struct cmg__alloc *alloc,
                                    const struct cmg__env *env, const void *data,
                                    size_t n, const char *password, struct cmg__key **out,
                                    cmg_error **err)
{
    const struct intake in = {
        .alloc = alloc, .env = env, .password = password, .err = err
    };
    struct cmg__buf der;

    if (n > FILE_MAX)
        return cmg__fail(err, alloc, CMG_E_LIMIT, "key", NULL,
                         "a key file of %zu bytes is too large", n);
    if (n > 0 && *(const uint8_t *)data == CMG__DER_SEQUENCE)
        return parse_der(&in, cmg__span_of(data, n), out);
    cmg__buf_init_secret(&der, alloc, FILE_MAX);
    cmg_status rc = find_pem_key(&in, data, n, &der);
    if (rc == CMG_OK)
        rc = parse_der(&in, cmg__span_of(der.data, der.len), out);
    cmg__buf_done(&der);
    return rc;
}

cmg_status cmg__key_parse(const struct cmg__alloc *alloc, const struct cmg__env *env,
                          const void *data, size_t n, struct cmg__key **out,
                          cmg_error **err)
{
    return cmg__key_parse_encrypted(alloc, env, data, n, NULL, out, err);
}

/* ---- writing ---- */

static cmg_status encrypt(const struct cmg__alloc *alloc, const char *password,
                          const struct cmg__pbe *pbe, const struct cmg__buf *plain,
                          struct cmg__buf *out)
{
    struct cmg__pbe_password p;
    struct cmg__buf secret;
    struct cmg__der_writer w;
    cmg_status rc;

    /* PBES2 takes the bytes as they are, whatever the variant. */
    if (!cmg__pbe_password_init(&p, alloc, password, CMG__PBE_UTF16, &rc))
        rc = CMG_E_INVAL;
    cmg__buf_init(&secret, alloc, DER_MAX);
    if (rc == CMG_OK)
        rc = cmg__pbe_encrypt(pbe, &p, cmg__span_of(plain->data, plain->len), &secret);
    cmg__pbe_password_done(&p);
    if (rc == CMG_OK) {
        cmg__der_write_init(&w, out);
        const size_t mark = cmg__der_open(&w, CMG__DER_SEQUENCE);
        cmg__pbe_put(&w, pbe);
        cmg__der_put(&w, CMG__DER_OCTET_STRING, secret.data, secret.len);
        cmg__der_close(&w, mark);
        rc = w.rc;
    }
    cmg__buf_done(&secret);
    return rc;
}

cmg_status cmg__key_write_encrypted_der(const struct cmg__key *key,
                                        const struct cmg__env *env, const char *password,
                                        uint32_t iterations, struct cmg__buf *out,
                                        cmg_error **err)
{
    uint8_t random[SALT_SIZE + IV_SIZE];
    struct cmg__buf plain;
    const struct cmg__pbe pbe = {
        .scheme = CMG__OID_PBES2,
        .cipher = CMG__OID_AES256_CBC,
        .kdf = { .salt = { random, SALT_SIZE },
                 .iterations = iterations,
                 .prf = CMG__OID_HMAC_SHA256 },
        .iv = { random + SALT_SIZE, IV_SIZE },
    };

    if (strlen(password) > PASSWORD_MAX)
        return cmg__fail(err, key->alloc, CMG_E_LIMIT, "password", NULL,
                         "a password has at most %d bytes", PASSWORD_MAX);
    if (env->random(env->user, random, sizeof random) != 0)
        return cmg__fail(err, key->alloc, CMG_E_IO, "random source", NULL,
                         "encrypting a key: the system gave no random bytes");
    cmg__buf_init_secret(&plain, key->alloc, DER_MAX);
    cmg_status rc = cmg__key_write_der(key, &plain);
    if (rc == CMG_OK)
        rc = encrypt(key->alloc, password, &pbe, &plain, out);
    cmg__buf_done(&plain);
    if (rc == CMG_E_INVAL)
        return cmg__fail(err, key->alloc, rc, "password", "give it as UTF-8",
                         "the password is not valid UTF-8");
    return rc == CMG_OK ? rc : cmg__key_fail_write(err, key, rc);
}

cmg_status cmg__key_write_encrypted_pem(const struct cmg__key *key,
                                        const struct cmg__env *env, const char *password,
                                        uint32_t iterations, struct cmg__buf *out,
                                        cmg_error **err)
{
    struct cmg__buf der;

    cmg__buf_init(&der, key->alloc, DER_MAX);
    cmg_status rc =
        cmg__key_write_encrypted_der(key, env, password, iterations, &der, err);
    if (rc == CMG_OK &&
        cmg__pem_write(out, "ENCRYPTED PRIVATE KEY", der.data, der.len) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&der);
    return rc;
}
