/*
 * Keys that the host holds: openssl stands for the hardware module. What it signs is
 * used, what is wrong is not; the private half never is here, so it cannot be written.
 */
#include "crypto/pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crl_write.h"
#include "crypto/csr.h"
#include "crypto/jwt.h"

/* The module: a key file in the directory of the test. */
struct module {
    unsigned signatures;
    unsigned released;
    int64_t answer; /* negative: fail with it */
    bool wrong;     /* signs something else */
    bool pkcs1;     /* what is asked for as RSASSA-PSS is not */
    size_t size;    /* of the answer when it is not the signature's; 0: as it is */
};

static char *shell(const char *command)
{
    char line[1200];
    char *out = NULL;

    (void)snprintf(line, sizeof line, "cd %s && (%s) 2>&1", support_dir(), command);
    const char *const argv[] = { "sh", "-c", line, NULL };
    ck_assert_msg(support_command(argv, &out) == 0, "%s: %s", command, out);
    return out;
}

static int64_t sign_by(struct module *m, const char *padding, enum cmg__oid hash,
                       const uint8_t *digest, size_t n, uint8_t *signature, size_t max)
{
    char command[300];
    uint8_t copy[64];
    size_t len = 0;

    m->signatures++;
    if (m->answer < 0)
        return m->answer;
    memcpy(copy, digest, n);
    copy[0] ^= m->wrong;
    support_write_file(support_path("digest"), copy, n);
    (void)snprintf(
        command, sizeof command,
        "openssl pkeyutl -sign -inkey k %s -pkeyopt digest:%s -in digest -out s", padding,
        cmg__oid_name(hash));
    free(shell(command));
    char *bytes = support_read_file(support_path("s"), &len);
    ck_assert_uint_le(len, max);
    memcpy(signature, bytes, len);
    free(bytes);
    return m->size != 0 ? (int64_t)m->size : (int64_t)len;
}

static int64_t sign(void *user, enum cmg__oid hash, const uint8_t *digest, size_t n,
                    uint8_t *signature, size_t max)
{
    return sign_by(user, "", hash, digest, n, signature, max);
}

static int64_t sign_pss(void *user, enum cmg__oid hash, const uint8_t *digest, size_t n,
                        uint8_t *signature, size_t max)
{
    struct module *m = user;

    return sign_by(m,
                   m->pkcs1 ? ""
                            : "-pkeyopt rsa_padding_mode:pss -pkeyopt "
                              "rsa_pss_saltlen:digest",
                   hash, digest, n, signature, max);
}

static void release(void *user)
{
    struct module *m = user;

    m->released++;
}

static const char *const make_key[] = {
    "openssl genrsa -out k 2048",
    "openssl genrsa -out k 3072",
    "openssl ecparam -name prime256v1 -genkey -noout -out k",
    "openssl ecparam -name secp384r1 -genkey -noout -out k",
};

/* A held key for the module's, from the given form of its public half. */
static cmg_status hold(const struct cmg__alloc *alloc, struct module *m, const char *path,
                       struct cmg__key **out, cmg_error **err)
{
    const struct cmg__key_holder holder = { .user = m, .sign = sign, .release = release };
    struct cmg__buf spki;
    size_t n = 0;
    char *text = support_read_file(support_path(path), &n);

    ck_assert_ptr_nonnull(text);
    cmg__buf_init(&spki, alloc, 1 << 16);
    cmg_status rc = cmg__key_find_public(alloc, text, n, &spki, err);
    if (rc == CMG_OK)
        rc = cmg__key_new_held(alloc, cmg__span_of(spki.data, spki.len), &holder, out,
                               err);
    cmg__buf_done(&spki);
    free(text);
    return rc;
}

START_TEST(a_held_key_signs_with_every_hash)
{
    struct support_alloc a;
    struct module m = { .answer = 0 };
    struct cmg__key *key = NULL;
    struct cmg__buf signature;
    cmg_error *err = NULL;
    char command[200];

    support_alloc_init(&a);
    free(shell(make_key[_i]));
    free(shell("openssl pkey -in k -pubout -out p.pem; printf text > text"));
    ck_ok(hold(&a.alloc, &m, "p.pem", &key, &err), err);
    ck_assert(cmg__key_is_held(key));
    cmg__buf_init(&signature, &a.alloc, 1024);
    for (int hash = CMG__OID_SHA256; hash <= CMG__OID_SHA512; hash++) {
        cmg__buf_clear(&signature);
        ck_ok(cmg__key_sign(key, &cmg__env_system, (enum cmg__oid)hash, "text", 4,
                            &signature, &err),
              err);
        support_write_file(support_path("sig"), signature.data, signature.len);
        (void)snprintf(command, sizeof command,
                       "openssl dgst -%s -verify p.pem -signature sig text",
                       cmg__oid_name((enum cmg__oid)hash));
        free(shell(command));
    }
    ck_assert_uint_eq(m.signatures, 3);
    cmg__buf_done(&signature);
    ck_assert_uint_eq(m.released, 0);
    cmg__key_free(key);
    ck_assert_uint_eq(m.released, 1);
    ck_assert_uint_eq(a.live, 0);
    support_dir_done();
}
END_TEST

/* Both paddings in turn by one key: neither disturbs the other. */
static void check_pss(const struct cmg__key *key)
{
    struct cmg__buf signature;
    cmg_error *err = NULL;
    char command[300];

    ck_assert(cmg__key_signs_pss(key));
    cmg__buf_init(&signature, &cmg__alloc_libc, 1024);
    for (int i = 0; i < 6; i++) {
        const enum cmg__oid hash = (enum cmg__oid)(CMG__OID_SHA256 + i / 2);
        const bool pss = i % 2 == 0;

        cmg__buf_clear(&signature);
        ck_ok((pss ? cmg__key_sign_pss : cmg__key_sign)(key, &cmg__env_system, hash,
                                                        "text", 4, &signature, &err),
              err);
        support_write_file(support_path("sig"), signature.data, signature.len);
        (void)snprintf(
            command, sizeof command,
            "openssl dgst -%s %s -verify p.pem -signature sig text", cmg__oid_name(hash),
            pss ? "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest" : "");
        free(shell(command));
    }
    cmg__buf_done(&signature);
}

START_TEST(rsa_keys_sign_with_pss_ours_and_the_hosts)
{
    struct module m = { .answer = 0 };
    struct cmg__key_holder holder = { .user = &m, .sign = sign, .sign_pss = sign_pss };
    struct cmg__key *ours = NULL;
    struct cmg__key *held = NULL;
    struct cmg__buf spki;
    cmg_error *err = NULL;
    size_t n = 0;

    free(shell(make_key[_i]));
    free(shell("openssl pkey -in k -pubout -out p.pem; printf text > text"));
    char *pem = support_read_file(support_path("k"), &n);
    ck_ok(cmg__key_parse(&cmg__alloc_libc, &cmg__env_system, pem, n, &ours, &err), err);
    free(pem);
    check_pss(ours);
    cmg__buf_init(&spki, &cmg__alloc_libc, 4096);
    ck_assert_int_eq(cmg__key_write_public_der(ours, &spki), CMG_OK);
    ck_ok(cmg__key_new_held(&cmg__alloc_libc, cmg__span_of(spki.data, spki.len), &holder,
                            &held, &err),
          err);
    check_pss(held);
    m.pkcs1 = true; /* not what was asked for */
    cmg__buf_clear(&spki);
    ck_assert_int_eq(cmg__key_sign_pss(held, &cmg__env_system, CMG__OID_SHA256, "text", 4,
                                       &spki, NULL),
                     CMG_E_CERT);
    ck_assert_uint_eq(spki.len, 0);
    cmg__buf_done(&spki);
    cmg__key_free(held);
    cmg__key_free(ours);
    support_dir_done();
}
END_TEST

START_TEST(the_public_half_is_found_in_every_form)
{
    static const char *const files[] = { "p.pem", "p.der", "c.pem", "c.der", "both.pem" };
    struct module m = { .answer = 0 };
    struct cmg__buf spki;

    free(shell(make_key[_i]));
    free(shell("openssl pkey -in k -pubout -out p.pem && "
               "openssl pkey -in k -pubout -outform DER -out p.der && "
               "openssl req -new -x509 -key k -subj /CN=held -out c.pem && "
               "openssl x509 -in c.pem -outform DER -out c.der && "
               "cat k c.pem > both.pem"));
    size_t n = 0;
    char *wanted = support_read_file(support_path("p.der"), &n);
    for (size_t i = 0; i < CMG__ARRAY_LEN(files); i++) {
        struct cmg__key *key = NULL;
        cmg_error *err = NULL;

        ck_ok(hold(&cmg__alloc_libc, &m, files[i], &key, &err), err);
        cmg__buf_init(&spki, &cmg__alloc_libc, 1 << 16);
        ck_assert_int_eq(cmg__key_write_public_der(key, &spki), CMG_OK);
        ck_assert_uint_eq(spki.len, n);
        ck_assert_mem_eq(spki.data, wanted, n);
        cmg__buf_done(&spki);
        cmg__key_free(key);
    }
    ck_assert_uint_eq(m.released, CMG__ARRAY_LEN(files));
    free(wanted);
    support_dir_done();
}
END_TEST

static const struct refusal {
    const char *command; /* writes the public half into "p" */
    cmg_status status;
} refusals[] = {
    { "openssl genrsa 1024 | openssl pkey -pubout -out p", CMG_E_CERT },
    { "openssl ecparam -name secp521r1 -genkey -noout | openssl pkey -pubout -out p",
      CMG_E_CERT },
    { "openssl genpkey -algorithm ED25519 | openssl pkey -pubout -out p", CMG_E_CERT },
    { "openssl genpkey -algorithm RSA-PSS | openssl pkey -pubout -out p", CMG_E_CERT },
    { "openssl genrsa -out p 2048", CMG_E_PARSE },
    { "openssl genrsa 2048 | openssl pkey -pubout -outform DER | head -c 100 > p",
      CMG_E_PARSE },
    { "openssl genrsa 2048 | openssl pkey -pubout | head -n 3 > p", CMG_E_PARSE },
    { ": > p", CMG_E_PARSE },
};

START_TEST(a_public_half_that_is_not_used_is_refused)
{
    struct module m = { .answer = 0 };
    struct cmg__key *key = NULL;
    cmg_error *err = NULL;

    free(shell(refusals[_i].command));
    const cmg_status rc = hold(&cmg__alloc_libc, &m, "p", &key, &err);
    ck_assert_msg(rc == refusals[_i].status, "%s gave %s", refusals[_i].command,
                  cmg_status_name(rc));
    ck_assert_ptr_null(key);
    ck_assert_uint_eq(m.released, 0);
    cmg_error_unref(err);
    support_dir_done();
}
END_TEST

static const struct fault {
    struct module module;
    cmg_status status;
    int64_t number;
} faults[] = {
    { { .answer = -42 }, CMG_E_CALLBACK, -42 },
    { { .answer = INT64_MIN }, CMG_E_CALLBACK, INT64_MIN },
    { { .size = 2000 }, CMG_E_CALLBACK, 2000 },
    { { .wrong = true }, CMG_E_CERT, 0 },
    { { .size = 10 }, CMG_E_CERT, 0 },
};

START_TEST(a_signature_that_is_not_right_is_not_used)
{
    struct module m = faults[_i].module;
    struct cmg__key *key = NULL;
    struct cmg__buf signature;
    cmg_error *err = NULL;

    free(shell(make_key[2]));
    free(shell("openssl pkey -in k -pubout -out p"));
    ck_ok(hold(&cmg__alloc_libc, &m, "p", &key, &err), err);
    cmg__buf_init(&signature, &cmg__alloc_libc, 1024);
    ck_assert_int_eq(cmg__key_sign(key, &cmg__env_system, CMG__OID_SHA256, "text", 4,
                                   &signature, &err),
                     faults[_i].status);
    ck_assert_int_eq(cmg_error_origin_number(err), faults[_i].number);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    ck_assert_uint_eq(signature.len, 0);
    cmg_error_unref(err);
    cmg__buf_done(&signature);
    cmg__key_free(key);
    support_dir_done();
}
END_TEST

START_TEST(a_held_key_is_not_written)
{
    struct module m = { .answer = 0 };
    struct cmg__key *key = NULL;
    struct cmg__buf out;
    cmg_error *err = NULL;

    free(shell(make_key[2]));
    free(shell("openssl pkey -in k -pubout -out p"));
    ck_ok(hold(&cmg__alloc_libc, &m, "p", &key, &err), err);
    cmg__buf_init_secret(&out, &cmg__alloc_libc, 1 << 16);
    ck_assert_int_eq(cmg__key_write_der(key, &out), CMG_E_UNSUPPORTED);
    ck_assert_int_eq(cmg__key_write_pem(key, &out), CMG_E_UNSUPPORTED);
    ck_assert_int_eq(
        cmg__key_write_encrypted_pem(key, &cmg__env_system, "secret", 1, &out, &err),
        CMG_E_UNSUPPORTED);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    ck_assert_uint_eq(out.len, 0);
    cmg_error_unref(err);
    cmg__buf_done(&out);
    cmg__key_free(key);
    support_dir_done();
}
END_TEST

START_TEST(a_certificate_is_issued_with_a_held_key)
{
    static const char *const names[] = { "held.contoso.com", NULL };
    struct module m = { .answer = 0 };
    struct pki pki;
    struct cmg__key *key = NULL;
    struct cmg__x509 *root = NULL;
    cmg_error *err = NULL;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    free(shell(make_key[_i]));
    free(shell("openssl pkey -in k -pubout -out p"));
    ck_ok(hold(&pki.a.alloc, &m, "p", &key, &err), err);
    const struct cmg__x509_request request = {
        .profile = CMG__PROFILE_ROOT,
        .common_name = names[0],
        .not_before_unix_s = cmg__env_unix_s(&pki.e.env),
        .not_after_unix_s = cmg__env_unix_s(&pki.e.env) + 86400,
        .key = key,
    };
    ck_ok(cmg__x509_issue(&pki.a.alloc, &pki.e.env, &request, NULL, NULL, &root, &err),
          err);
    ck_assert_uint_eq(m.signatures, 1);
    ck_assert(cmg__x509_matches_key(root, key));
    struct cmg__buf pem;
    cmg__buf_init(&pem, &pki.a.alloc, 1 << 16);
    ck_assert_int_eq(cmg__x509_write_pem(root, &pem), CMG_OK);
    support_write_file(support_path("root"), pem.data, pem.len);
    free(shell("openssl verify -no_check_time -check_ss_sig -CAfile root root"));
    cmg__buf_done(&pem);
    m.answer = -7;
    cmg__x509_free(root);
    root = NULL;
    ck_assert_int_eq(
        cmg__x509_issue(&pki.a.alloc, &pki.e.env, &request, NULL, NULL, &root, &err),
        CMG_E_CALLBACK);
    ck_assert_ptr_null(root);
    ck_assert_int_eq(cmg_error_origin_number(err), -7);
    cmg_error_unref(err);
    cmg__key_free(key);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

/* Writes bytes for openssl. */
static void keep(const char *name, const struct cmg__buf *bytes)
{
    support_write_file(support_path(name), bytes->data, bytes->len);
}

static struct cmg__x509 *issue_root(struct pki *pki, const struct cmg__key *key)
{
    struct cmg__x509 *root = NULL;
    cmg_error *err = NULL;
    const struct cmg__x509_request request = {
        .profile = CMG__PROFILE_ROOT,
        .common_name = "Held CA",
        .not_before_unix_s = cmg__env_unix_s(&pki->e.env),
        .not_after_unix_s = cmg__env_unix_s(&pki->e.env) + 86400,
        .key = key,
    };

    ck_ok(cmg__x509_issue(&pki->a.alloc, &pki->e.env, &request, NULL, NULL, &root, &err),
          err);
    return root;
}

START_TEST(requests_and_lists_are_signed_with_a_held_key)
{
    struct module m = { .answer = 0 };
    struct pki pki;
    struct cmg__key *key = NULL;
    struct cmg__buf out;
    struct cmg__buf pem;
    cmg_error *err = NULL;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    free(shell(make_key[_i]));
    free(shell("openssl pkey -in k -pubout -out p"));
    ck_ok(hold(&pki.a.alloc, &m, "p", &key, &err), err);
    cmg__buf_init(&out, &pki.a.alloc, 1 << 16);
    cmg__buf_init(&pem, &pki.a.alloc, 1 << 16);
    struct cmg__x509 *root = issue_root(&pki, key);
    ck_assert_int_eq(cmg__x509_write_pem(root, &pem), CMG_OK);
    keep("root", &pem);

    const struct cmg__csr_request request = {
        .template = cmg__x509_builtin(CMG__PROFILE_CLIENT),
        .names = { .common_name = "held" },
        .key = key,
    };
    ck_ok(cmg__csr_write(&pki.a.alloc, &pki.e.env, &request, &out, &err), err);
    keep("csr", &out);
    free(shell("openssl req -in csr -inform DER -noout -verify"));

    const struct cmg__crl_content content = {
        .this_update_unix_s = cmg__env_unix_s(&pki.e.env),
        .next_update_unix_s = cmg__env_unix_s(&pki.e.env) + 3600,
        .number = 1,
    };
    cmg__buf_clear(&out);
    ck_ok(cmg__crl_write(&pki.a.alloc, &pki.e.env, &content, root, key, &out, &err), err);
    keep("crl", &out);
    free(shell("openssl crl -in crl -inform DER -noout -CAfile root 2>&1 | "
               "grep -q 'verify OK'"));
    ck_assert_uint_ge(m.signatures, 3);
    m.answer = -5;
    cmg__buf_clear(&out);
    ck_assert_int_eq(cmg__csr_write(&pki.a.alloc, &pki.e.env, &request, &out, &err),
                     CMG_E_CALLBACK);
    ck_assert_int_eq(
        cmg__crl_write(&pki.a.alloc, &pki.e.env, &content, root, key, &out, &err),
        CMG_E_CALLBACK);
    ck_assert_uint_eq(out.len, 0);
    cmg_error_unref(err);
    cmg__x509_free(root);
    cmg__buf_done(&pem);
    cmg__buf_done(&out);
    cmg__key_free(key);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

START_TEST(a_token_is_signed_with_a_held_key)
{
    struct module m = { .answer = 0 };
    struct cmg__key *key = NULL;
    struct cmg__json *payload = cmg__json_pack("{s:s}", "sub", "held");
    struct cmg__buf token;
    cmg_error *err = NULL;

    free(shell(make_key[0]));
    free(shell("openssl pkey -in k -pubout -out p"));
    ck_ok(hold(&cmg__alloc_libc, &m, "p", &key, &err), err);
    cmg__buf_init(&token, &cmg__alloc_libc, 1 << 16);
    ck_ok(cmg__jwt_make(&cmg__alloc_libc, &cmg__env_system, key, "kid", payload, &token,
                        &err),
          err);
    keep("token", &token);
    free(shell("printf %s \"$(cut -d. -f1,2 token)\" > signed && "
               "(cut -d. -f3 token | tr -- -_ +/; printf ==) | tr -d '\\n' | "
               "openssl base64 -d -A > sig && "
               "openssl dgst -sha256 -verify p -signature sig signed"));
    cmg__buf_clear(&token);
    m.answer = -6;
    ck_assert_int_eq(cmg__jwt_make(&cmg__alloc_libc, &cmg__env_system, key, "kid",
                                   payload, &token, &err),
                     CMG_E_CALLBACK);
    cmg_error_unref(err);
    cmg__json_unref(payload);
    cmg__buf_done(&token);
    cmg__key_free(key);
    support_dir_done();
}
END_TEST

struct torture {
    struct module m;
};

static cmg_status use_once(struct support_alloc *a, void *user)
{
    struct torture *t = user;
    struct cmg__key *key = NULL;
    struct cmg__buf signature;
    cmg_status rc = hold(&a->alloc, &t->m, "c", &key, NULL);

    cmg__buf_init(&signature, &a->alloc, 1024);
    if (rc == CMG_OK)
        rc = cmg__key_sign(key, &cmg__env_system, CMG__OID_SHA256, "text", 4, &signature,
                           NULL);
    cmg__key_free(key);
    cmg__buf_done(&signature);
    return rc;
}

START_TEST(a_held_key_survives_every_failed_allocation)
{
    struct torture t = { .m = { .answer = 0 } };

    free(shell(make_key[2]));
    free(shell("openssl req -new -x509 -key k -subj /CN=held -out c"));
    support_torture(use_once, &t, 1);
    support_dir_done();
}
END_TEST

#define LOOP(tc, test, table) tcase_add_loop_test(tc, test, 0, (int)CMG__ARRAY_LEN(table))

int main(void)
{
    Suite *suite = suite_create("key_held");
    TCase *peer = tcase_create("module");

    tcase_set_timeout(peer, 60);
    LOOP(peer, a_held_key_signs_with_every_hash, make_key);
    tcase_add_loop_test(peer, rsa_keys_sign_with_pss_ours_and_the_hosts, 0, 2);
    LOOP(peer, the_public_half_is_found_in_every_form, make_key);
    LOOP(peer, a_public_half_that_is_not_used_is_refused, refusals);
    LOOP(peer, a_signature_that_is_not_right_is_not_used, faults);
    tcase_add_test(peer, a_held_key_is_not_written);
    LOOP(peer, a_certificate_is_issued_with_a_held_key, make_key);
    LOOP(peer, requests_and_lists_are_signed_with_a_held_key, make_key);
    tcase_add_test(peer, a_token_is_signed_with_a_held_key);
    tcase_add_test(peer, a_held_key_survives_every_failed_allocation);
    suite_add_tcase(suite, peer);
    return support_run((Suite *const[]){ suite, NULL });
}
