/*
 * Private keys: made, written, read by openssl and again by us, refused when weak,
 * encrypted or damaged; signatures that openssl verifies.
 */
#include "crypto/pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct make_case {
    enum cmg__key_kind kind;
    unsigned bits;
    const char *text; /* as openssl prints it */
} make_cases[] = {
    { CMG__KEY_RSA, 2048, "(2048 bit" },
    { CMG__KEY_RSA, 3072, "(3072 bit" },
    { CMG__KEY_EC, 256, "P-256" },
    { CMG__KEY_EC, 384, "P-384" },
};

START_TEST(a_made_key_is_read_by_openssl_and_again_by_us)
{
    const struct make_case *c = &make_cases[_i];
    struct support_alloc a;
    struct cmg__key *key = NULL;
    struct cmg__key *again = NULL;
    struct cmg__buf pem;
    struct cmg__buf der[3];
    char *out = NULL;
    cmg_error *err = NULL;

    support_alloc_init(&a);
    ck_ok(cmg__key_generate(&a.alloc, &cmg__env_system, c->kind, c->bits, &key, &err),
          err);
    ck_assert_int_eq(cmg__key_kind(key), c->kind);
    ck_assert_uint_eq(cmg__key_bits(key), c->bits);
    cmg__buf_init_secret(&pem, &a.alloc, 1 << 16);
    ck_assert_int_eq(cmg__key_write_pem(key, &pem), CMG_OK);
    const char *path = support_path("a.key");
    support_write_file(path, pem.data, pem.len);
    const char *const print[] = { "openssl", "pkey",   "-in",   path,
                                  "-check",  "-noout", "-text", NULL };
    ck_assert_msg(support_command(print, &out) == 0, "openssl says %s", out);
    ck_assert_ptr_nonnull(strstr(out, c->text));
    free(out);
    ck_ok(cmg__key_parse(&a.alloc, &cmg__env_system, pem.data, pem.len, &again, &err),
          err);
    for (size_t i = 0; i < 3; i++)
        cmg__buf_init_secret(&der[i], &a.alloc, 1 << 16);
    ck_assert_int_eq(cmg__key_write_der(key, &der[0]), CMG_OK);
    ck_assert_int_eq(cmg__key_write_der(again, &der[1]), CMG_OK);
    ck_assert_uint_eq(der[0].len, der[1].len);
    ck_assert_mem_eq(der[0].data, der[1].data, der[0].len);
    for (size_t i = 0; i < 3; i++)
        cmg__buf_done(&der[i]);
    cmg__buf_done(&pem);
    cmg__key_free(again);
    cmg__key_free(key);
    ck_assert_uint_eq(a.live, 0);
    support_dir_done();
}
END_TEST

static const struct read_case {
    const char *command; /* argument of sh -c; writes a file named "key" */
    cmg_status status;
} read_cases[] = {
    { "openssl genrsa -traditional -out key 2048", CMG_OK },
    { "openssl genrsa -out key 2048", CMG_OK },
    { "openssl genrsa 2048 | openssl pkey -outform DER -out key", CMG_OK },
    { "openssl genrsa 2048 | openssl rsa -traditional -outform DER -out key", CMG_OK },
    { "openssl ecparam -name prime256v1 -genkey -noout -out key", CMG_OK },
    { "openssl ecparam -name secp384r1 -genkey -out key", CMG_OK },
    { "openssl ecparam -name prime256v1 -genkey -noout | openssl ec -outform DER -out "
      "key",
      CMG_OK },
    { "openssl genrsa -out key 1024", CMG_E_CERT },
    { "openssl ecparam -name secp224r1 -genkey -noout -out key", CMG_E_CERT },
    /* as many bits as P-256 and P-384 have */
    { "openssl ecparam -name secp256k1 -genkey -noout -out key", CMG_E_CERT },
    { "openssl ecparam -name brainpoolP256r1 -genkey -noout -out key", CMG_E_CERT },
    { "openssl ecparam -name brainpoolP384r1 -genkey -noout -out key", CMG_E_CERT },
    { "openssl ecparam -name secp521r1 -genkey -noout -out key", CMG_E_CERT },
    { "openssl ecparam -name prime256v1 -genkey -noout | openssl ec -conv_form "
      "compressed "
      "-out key",
      CMG_OK },
    { "openssl ecparam -name secp384r1 -genkey -noout | openssl ec -conv_form compressed "
      "| "
      "openssl pkcs8 -topk8 -nocrypt -out key",
      CMG_OK },
    { "openssl ecparam -name prime256v1 -genkey -noout | openssl ec -no_public -out key",
      CMG_OK },
    { "openssl genpkey -algorithm ED25519 -out key", CMG_E_PARSE },
    { "openssl genrsa 2048 | openssl pkcs8 -topk8 -passout pass:x -out key", CMG_E_AUTH },
    { "openssl genrsa -traditional -aes128 -passout pass:x -out key 2048",
      CMG_E_UNSUPPORTED },
    { "openssl genrsa 2048 | head -c 900 > key", CMG_E_PARSE },
    { "openssl genrsa 2048 | openssl pkey -pubout -out key", CMG_E_PARSE },
    { "printf '0' > key", CMG_E_PARSE },
    { ": > key", CMG_E_PARSE },
};

START_TEST(keys_of_others_are_read_or_refused)
{
    const struct read_case *c = &read_cases[_i];
    struct support_alloc a;
    struct cmg__key *key = NULL;
    cmg_error *err = NULL;
    char command[400];
    char *out = NULL;
    size_t n = 0;

    support_alloc_init(&a);
    (void)snprintf(command, sizeof command, "cd %s && (%s) 2>&1", support_dir(),
                   c->command);
    const char *const argv[] = { "sh", "-c", command, NULL };
    ck_assert_msg(support_command(argv, &out) == 0, "%s", out);
    free(out);
    char *text = support_read_file(support_path("key"), &n);
    const cmg_status rc = cmg__key_parse(&a.alloc, &cmg__env_system, text, n, &key, &err);
    ck_assert_msg(rc == c->status, "%s gave %s: %s", c->command, cmg_status_name(rc),
                  cmg_error_message(err));
    ck_assert_int_eq(key != NULL, c->status == CMG_OK);
    cmg_error_unref(err);
    cmg__key_free(key);
    free(text);
    ck_assert_uint_eq(a.live, 0);
    support_dir_done();
}
END_TEST

START_TEST(sizes_that_are_not_offered_are_refused)
{
    static const struct {
        enum cmg__key_kind kind;
        unsigned bits;
    } cases[] = { { CMG__KEY_RSA, 1024 }, { CMG__KEY_RSA, 2049 }, { CMG__KEY_RSA, 0 },
                  { CMG__KEY_RSA, 8192 }, { CMG__KEY_EC, 521 },   { CMG__KEY_EC, 2048 } };
    struct cmg__key *key = NULL;

    for (size_t i = 0; i < CMG__ARRAY_LEN(cases); i++)
        ck_assert_int_eq(cmg__key_generate(&cmg__alloc_libc, &cmg__env_system,
                                           cases[i].kind, cases[i].bits, &key, NULL),
                         CMG_E_INVAL);
    ck_assert_ptr_null(key);
}
END_TEST

START_TEST(openssl_verifies_a_signature)
{
    struct support_alloc a;
    struct cmg__key *key = NULL;
    struct cmg__buf signature;
    struct cmg__buf spki;
    char *out = NULL;
    cmg_error *err = NULL;

    support_alloc_init(&a);
    ck_ok(cmg__key_generate(&a.alloc, &cmg__env_system, make_cases[_i].kind,
                            make_cases[_i].bits, &key, &err),
          err);
    cmg__buf_init(&signature, &a.alloc, 1024);
    cmg__buf_init(&spki, &a.alloc, 1024);
    ck_ok(cmg__key_sign(key, &cmg__env_system, CMG__OID_SHA256, "text", 4, &signature,
                        &err),
          err);
    ck_assert_int_eq(cmg__key_write_public_der(key, &spki), CMG_OK);
    const char *pub = support_path("pub");
    const char *sig = support_path("sig");
    const char *data = support_path("data");
    support_write_file(pub, spki.data, spki.len);
    support_write_file(sig, signature.data, signature.len);
    support_write_file(data, "text", 4);
    const char *const verify[] = { "openssl", "dgst",     "-sha256", "-verify",
                                   pub,       "-keyform", "DER",     "-signature",
                                   sig,       data,       NULL };
    ck_assert_msg(support_command(verify, &out) == 0, "openssl says %s", out);
    free(out);
    cmg__buf_done(&signature);
    cmg__buf_done(&spki);
    cmg__key_free(key);
    ck_assert_uint_eq(a.live, 0);
    support_dir_done();
}
END_TEST

START_TEST(the_public_numbers_are_those_of_the_key)
{
    struct pki pki;
    struct cmg__buf n;
    struct cmg__buf e;
    struct cmg__key *ec = NULL;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    cmg__buf_init(&n, &pki.a.alloc, 1024);
    cmg__buf_init(&e, &pki.a.alloc, 1024);
    ck_assert_int_eq(cmg__key_rsa_public(pki.leaf_key, &n, &e), CMG_OK);
    ck_assert_uint_eq(n.len, 256);
    ck_assert_uint_eq(e.len, 3);
    ck_assert_mem_eq(e.data, "\x01\x00\x01", 3);
    ck_assert_int_eq(
        cmg__key_generate(&pki.a.alloc, &pki.e.env, CMG__KEY_EC, 256, &ec, NULL), CMG_OK);
    ck_assert_int_eq(cmg__key_rsa_public(ec, &n, &e), CMG_E_UNSUPPORTED);
    cmg__key_free(ec);
    cmg__buf_done(&n);
    cmg__buf_done(&e);
    pki_done(&pki);
}
END_TEST

static cmg_status use_once(struct support_alloc *a, void *user)
{
    struct pki *pki = user;
    struct cmg__key *key = NULL;
    struct cmg__buf pem;
    struct cmg__buf again;

    cmg__buf_init_secret(&pem, &cmg__alloc_libc, 1 << 16);
    cmg__buf_init_secret(&again, &a->alloc, 1 << 16);
    ck_assert_int_eq(cmg__key_write_pem(pki->leaf_key, &pem), CMG_OK);
    cmg_status rc = cmg__key_parse(&a->alloc, &pki->e.env, pem.data, pem.len, &key, NULL);
    if (rc == CMG_OK)
        rc = cmg__key_write_pem(key, &again);
    cmg__key_free(key);
    cmg__buf_done(&again);
    cmg__buf_done(&pem);
    return rc;
}

START_TEST(reading_and_writing_survive_every_failed_allocation)
{
    struct pki pki;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    support_torture(use_once, &pki, 1);
    pki_done(&pki);
}
END_TEST

#define LOOP(tc, test, table) tcase_add_loop_test(tc, test, 0, (int)CMG__ARRAY_LEN(table))

int main(void)
{
    Suite *suite = suite_create("key");
    TCase *peer = tcase_create("openssl");
    TCase *own = tcase_create("own");

    tcase_set_timeout(peer, 60);
    tcase_set_timeout(own, 60);
    LOOP(peer, a_made_key_is_read_by_openssl_and_again_by_us, make_cases);
    LOOP(peer, keys_of_others_are_read_or_refused, read_cases);
    LOOP(peer, openssl_verifies_a_signature, make_cases);
    tcase_add_test(own, sizes_that_are_not_offered_are_refused);
    tcase_add_test(own, the_public_numbers_are_those_of_the_key);
    tcase_add_test(own, reading_and_writing_survive_every_failed_allocation);
    suite_add_tcase(suite, peer);
    suite_add_tcase(suite, own);
    return support_run((Suite *const[]){ suite, NULL });
}
