/*
 * The intake of private keys on any bytes, with the password of the corpus and without
 * one, and of public halves. A key that is read must be the same after each way of
 * writing it.
 */
#include "crypto/key.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_same(const struct cmg__buf *der, const void *again, size_t n,
                         const char *password)
{
    struct cmg__key *key = NULL;
    struct cmg__buf out;

    cmg__buf_init_secret(&out, &cmg__alloc_libc, 1 << 16);
    require(cmg__key_parse_encrypted(&cmg__alloc_libc, &cmg__env_system, again, n,
                                     password, &key, NULL) == CMG_OK);
    require(cmg__key_write_der(key, &out) == CMG_OK);
    require(out.len == der->len && memcmp(out.data, der->data, der->len) == 0);
    cmg__buf_done(&out);
    cmg__key_free(key);
}

static void write_again(const struct cmg__key *key)
{
    struct cmg__buf der;
    struct cmg__buf pem;
    struct cmg__buf secret;

    cmg__buf_init_secret(&der, &cmg__alloc_libc, 1 << 16);
    cmg__buf_init_secret(&pem, &cmg__alloc_libc, 1 << 16);
    cmg__buf_init_secret(&secret, &cmg__alloc_libc, 1 << 16);
    require(cmg__key_write_der(key, &der) == CMG_OK);
    require(cmg__key_write_pem(key, &pem) == CMG_OK);
    require(cmg__key_write_encrypted_pem(key, &cmg__env_system, "secret", 1, &secret,
                                         NULL) == CMG_OK);
    require_same(&der, pem.data, pem.len, NULL);
    require_same(&der, secret.data, secret.len, "secret");
    cmg__buf_done(&secret);
    cmg__buf_done(&pem);
    cmg__buf_done(&der);
}

static int64_t sign(void *user, enum cmg__oid hash, const uint8_t *digest, size_t n,
                    uint8_t *signature, size_t max)
{
    (void)user;
    (void)hash;
    (void)digest;
    memset(signature, 0x30, max);
    return n > max ? -1 : (int64_t)max;
}

static void read_public(const uint8_t *data, size_t size)
{
    const struct cmg__key_holder holder = { .sign = sign };
    struct cmg__key *key = NULL;
    struct cmg__buf spki;
    struct cmg__buf out;

    cmg__buf_init(&spki, &cmg__alloc_libc, 1 << 20);
    cmg__buf_init(&out, &cmg__alloc_libc, 1 << 20);
    if (cmg__key_find_public(&cmg__alloc_libc, data, size, &spki, NULL) == CMG_OK &&
        cmg__key_new_held(&cmg__alloc_libc, cmg__span_of(spki.data, spki.len), &holder,
                          &key, NULL) == CMG_OK) {
        require(cmg__key_write_der(key, &out) == CMG_E_UNSUPPORTED);
        require(cmg__key_sign(key, &cmg__env_system, CMG__OID_SHA256, "x", 1, &out,
                              NULL) == CMG_E_CERT);
        require(cmg__key_write_public_der(key, &out) == CMG_OK);
        require(out.len == spki.len && memcmp(out.data, spki.data, out.len) == 0);
    }
    cmg__key_free(key);
    cmg__buf_done(&out);
    cmg__buf_done(&spki);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const passwords[] = { "secret", NULL };

    for (size_t i = 0; i < CMG__ARRAY_LEN(passwords); i++) {
        struct cmg__key *key = NULL;
        cmg_error *err = NULL;
        const cmg_status rc = cmg__key_parse_encrypted(
            &cmg__alloc_libc, &cmg__env_system, data, size, passwords[i], &key, &err);

        require(rc == cmg_error_code(err));
        require((rc == CMG_OK) == (key != NULL));
        if (key != NULL)
            write_again(key);
        cmg__key_free(key);
        cmg_error_unref(err);
    }
    read_public(data, size);
    return 0;
}
