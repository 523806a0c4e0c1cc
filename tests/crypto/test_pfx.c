/*
 * PKCS#12: what is written is read by openssl, what openssl writes is read here, and each
 * kind of fault has its own status.
 */
#include "crypto/maker.h"

#include "base/secret.h"
#include "crypto/pfx.h"
#include "crypto/pfx_info.h"
#include "crypto/x509_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

static void write_pfx(struct pki *pki, enum cmg__pfx_profile profile, const char *name,
                      const char *password, struct cmg__buf *out)
{
    struct cmg__x509 *const chain[] = { pki->leaf, pki->root };
    cmg_error *err = NULL;

    cmg__buf_init_secret(out, &pki->a.alloc, 1 << 20);
    const struct cmg__pfx_options options = { .profile = profile,
                                              .friendly_name = name,
                                              .include_root = true };
    ck_ok(cmg__pfx_write(&pki->a.alloc, &pki->e.env, &options, pki->leaf_key, chain, 2,
                         password, out, &err),
          err);
}

static const struct write_case {
    enum cmg__pfx_profile profile;
    const char *name;
    const char *password;
    const char *mac; /* as openssl prints it */
    const char *cipher;
} write_cases[] = {
    { CMG__PFX_COMPAT, "gw", "secret", "MAC: sha1, Iteration 100000",
      "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 100000" },
    { CMG__PFX_MODERN, "gw", "secret", "MAC: sha256, Iteration 100000",
      "PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256" },
    { CMG__PFX_COMPAT, "a name that is longer than the key identifier is",
      "a password of more than thirty-one characters", "MAC: sha1", "TripleDES" },
    { CMG__PFX_MODERN, NULL, "a password of more than thirty-one characters", "sha256",
      "AES-256-CBC" },
};

START_TEST(openssl_reads_what_is_written)
{
    const struct write_case *c = &write_cases[_i];
    struct pki pki;
    struct cmg__buf pfx;
    char *out = NULL;
    char pass[128];

    pki_init(&pki, CMG__PROFILE_WEB_SERVER);
    write_pfx(&pki, c->profile, c->name, c->password, &pfx);
    const char *path = support_path("gw.pfx");
    support_write_file(path, pfx.data, pfx.len);
    (void)snprintf(pass, sizeof pass, "pass:%s", c->password);
    const char *const read[] = { "openssl", "pkcs12", "-in",   path, "-passin",
                                 pass,      "-nodes", "-info", NULL };
    const int status = support_command(read, &out);
    ck_assert_msg(status == 0, "openssl says %s", out);
    ck_assert_ptr_nonnull(strstr(out, c->mac));
    ck_assert_ptr_nonnull(strstr(out, c->cipher));
    ck_assert_ptr_nonnull(strstr(out, "BEGIN PRIVATE KEY"));
    ck_assert_ptr_nonnull(strstr(out, "subject=CN = granitefalls.contoso.com"));
    ck_assert_ptr_nonnull(strstr(out, "subject=CN = Test Root"));
    ck_assert_ptr_nonnull(strstr(out, "localKeyID: "));
    if (c->name != NULL)
        ck_assert_ptr_nonnull(strstr(out, c->name));
    free(out);
    cmg__buf_done(&pfx);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

/* ---- reading ---- */

static const struct openssl_case {
    const char *password;
    const char *arguments[12];
    size_t certs;
    bool key;
} openssl_cases[] = {
    { "secret", { NULL }, 2, true },
    { "secret", { "-legacy" }, 2, true },
    { "secret", { "-descert", "-legacy" }, 2, true },
    { "", { NULL }, 2, true },
    { "", { "-legacy" }, 2, true },
    { "p\xc3\xa4sswort \xe2\x82\xac", { NULL }, 2, true },
    { "p\xc3\xa4sswort \xe2\x82\xac", { "-legacy" }, 2, true },
    { "forty characters xxxxxxxxxxxxxxxxxxxxxxx", { "-legacy" }, 2, true },
    { "secret",
      { "-certpbe", "PBE-SHA1-RC2-128", "-keypbe", "PBE-SHA1-2DES", "-legacy" },
      2,
      true },
    { "secret", { "-certpbe", "AES-128-CBC", "-keypbe", "AES-192-CBC" }, 2, true },
    { "secret", { "-certpbe", "NONE", "-keypbe", "NONE" }, 2, true },
    { "secret", { "-macalg", "sha384" }, 2, true },
    { "secret", { "-macalg", "sha512" }, 2, true },
    { "secret", { "-macalg", "sha1" }, 2, true },
    { "secret", { "-nomaciter" }, 2, true },
    { "secret", { "-noiter", "-nomaciter" }, 2, true },
    { "secret", { "-iter", "50000" }, 2, true },
    { "secret", { "-keyex" }, 2, true },
    { "secret", { "-CSP", "Microsoft Software Key Storage Provider", "-LMK" }, 2, true },
    { "secret", { "-nokeys" }, 2, false },
};

static void make_with_openssl(struct pki *pki, const struct openssl_case *c, char **data,
                              size_t *n)
{
    maker_openssl(pki, "openssl.pfx", c->password, c->arguments);
    *data = support_read_file(support_path("openssl.pfx"), n);
    ck_assert_ptr_nonnull(*data);
}

START_TEST(what_openssl_writes_is_read)
{
    const struct openssl_case *c = &openssl_cases[_i];
    struct pki pki;
    struct got got;
    struct cmg__x509_info info;
    char *data = NULL;
    size_t n = 0;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    make_with_openssl(&pki, c, &data, &n);
    ck_assert_int_eq(maker_read(&pki, data, n, c->password, &got), CMG_OK);
    ck_assert_int_eq(got.key != NULL, c->key);
    ck_assert_uint_eq(got.count, c->certs);
    if (got.count > 0) {
        cmg__x509_info(got.certs[0], &info);
        ck_assert_str_eq(info.common_name, "granitefalls.contoso.com");
        cmg__x509_info(got.certs[1], &info);
        ck_assert_str_eq(info.common_name, "Test Root");
    }
    if (got.key != NULL)
        ck_assert(cmg__x509_matches_key(pki.leaf, got.key));
    got_done(&pki, &got);
    free(data);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

START_TEST(no_password_and_an_empty_one_are_both_tried)
{
    struct pki pki;
    struct got got;
    char *data = NULL;
    size_t n = 0;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    make_with_openssl(&pki, &openssl_cases[4], &data, &n);
    ck_assert_int_eq(maker_read(&pki, data, n, NULL, &got), CMG_OK);
    got_done(&pki, &got);
    free(data);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

START_TEST(indefinite_lengths_are_read)
{
    struct pki pki;
    struct got got;
    struct cmg__buf pfx;
    struct cmg__buf ber;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    write_pfx(&pki, CMG__PFX_MODERN, "gw", "secret", &pfx);
    /* The outer header takes four bytes: 30 82 and the length. */
    cmg__buf_init(&ber, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(cmg__buf_add(&ber, "\x30\x80", 2), CMG_OK);
    ck_assert_int_eq(cmg__buf_add(&ber, pfx.data + 4, pfx.len - 4), CMG_OK);
    ck_assert_int_eq(maker_read(&pki, ber.data, ber.len, "secret", &got), CMG_E_PARSE);
    ck_assert_int_eq(cmg__buf_add(&ber, "\0\0", 2), CMG_OK);
    ck_assert_int_eq(maker_read(&pki, ber.data, ber.len, "secret", &got), CMG_OK);
    ck_assert_uint_eq(got.count, 2);
    got_done(&pki, &got);
    cmg__buf_done(&ber);
    cmg__buf_done(&pfx);
    pki_done(&pki);
}
END_TEST

START_TEST(a_file_without_a_mac_is_opened_by_its_password_only)
{
    static const struct openssl_case nomac = { "secret", { "-nomac" }, 2, true };
    struct pki pki;
    struct got got;
    char *data = NULL;
    size_t n = 0;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    make_with_openssl(&pki, &nomac, &data, &n);
    ck_assert_int_eq(maker_read(&pki, data, n, "Secret", &got), CMG_E_AUTH);
    ck_assert_int_eq(maker_read(&pki, data, n, NULL, &got), CMG_E_AUTH);
    ck_assert_int_eq(maker_read(&pki, data, n, "secret", &got), CMG_OK);
    ck_assert_uint_eq(got.count, 2);
    ck_assert_ptr_nonnull(got.key);
    got_done(&pki, &got);
    free(data);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

START_TEST(a_cipher_that_is_not_read_is_unsupported)
{
    static const struct openssl_case camellia = {
        "secret", { "-certpbe", "camellia-128-cbc" }, 2, true
    };
    struct pki pki;
    struct got got;
    char *data = NULL;
    size_t n = 0;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    make_with_openssl(&pki, &camellia, &data, &n);
    ck_assert_int_eq(maker_read(&pki, data, n, "secret", &got), CMG_E_UNSUPPORTED);
    free(data);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

START_TEST(a_wrong_password_is_told_from_a_damaged_file)
{
    struct pki pki;
    struct got got;
    struct cmg__buf pfx;
    const enum cmg__pfx_profile profile = (enum cmg__pfx_profile)_i;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    write_pfx(&pki, profile, "gw", "secret", &pfx);
    ck_assert_int_eq(maker_read(&pki, pfx.data, pfx.len, "Secret", &got), CMG_E_AUTH);
    ck_assert_int_eq(maker_read(&pki, pfx.data, pfx.len, "", &got), CMG_E_AUTH);
    ck_assert_int_eq(maker_read(&pki, pfx.data, pfx.len, NULL, &got), CMG_E_AUTH);
    /* The MAC's value, the last certificate's bytes, the key's bytes. */
    const size_t places[] = { pfx.len - 40, pfx.len / 3, pfx.len * 4 / 5 };
    for (size_t i = 0; i < CMG__ARRAY_LEN(places); i++) {
        pfx.data[places[i]] ^= 1;
        ck_assert_int_eq(maker_read(&pki, pfx.data, pfx.len, "secret", &got),
                         CMG_E_PARSE);
        pfx.data[places[i]] ^= 1;
    }
    ck_assert_int_eq(maker_read(&pki, pfx.data, pfx.len, "secret", &got), CMG_OK);
    got_done(&pki, &got);
    cmg__buf_done(&pfx);
    pki_done(&pki);
}
END_TEST

START_TEST(every_truncation_is_damage)
{
    struct pki pki;
    struct got got;
    struct cmg__buf pfx;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    write_pfx(&pki, CMG__PFX_MODERN, "gw", "secret", &pfx);
    for (size_t n = 0; n < pfx.len; n += n < 64 ? 1 : 97)
        ck_assert_int_eq(maker_read(&pki, pfx.data, n, "secret", &got), CMG_E_PARSE);
    cmg__buf_done(&pfx);
    pki_done(&pki);
}
END_TEST

START_TEST(too_much_is_refused_before_any_work)
{
    static const uint8_t huge[1024 * 1024 + 1];
    struct pki pki;
    struct got got;
    struct cmg__buf pfx;
    uint8_t deep[64];

    pki_init(&pki, CMG__PROFILE_CLIENT);
    ck_assert_int_eq(maker_read(&pki, huge, sizeof huge, "x", &got), CMG_E_LIMIT);
    for (size_t i = 0; i < sizeof deep; i += 2) {
        deep[i] = 0x30;
        deep[i + 1] = (uint8_t)(sizeof deep - 2 - i);
    }
    ck_assert_int_eq(maker_read(&pki, deep, sizeof deep, "x", &got), CMG_E_LIMIT);
    /* The MAC's iterations stand in the last three bytes: 100,000 to 8,000,000. */
    write_pfx(&pki, CMG__PFX_MODERN, "gw", "secret", &pfx);
    memcpy(pfx.data + pfx.len - 3, "\x7a\x12\x00", 3);
    ck_assert_int_eq(maker_read(&pki, pfx.data, pfx.len, "secret", &got), CMG_E_LIMIT);
    cmg__buf_done(&pfx);
    pki_done(&pki);
}
END_TEST

START_TEST(a_key_of_another_certificate_is_not_written)
{
    struct pki pki;
    struct cmg__buf out;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    struct cmg__x509 *const chain[] = { pki.root };
    cmg__buf_init_secret(&out, &pki.a.alloc, 1 << 20);
    const struct cmg__pfx_options options = { .profile = CMG__PFX_COMPAT };
    ck_assert_int_eq(cmg__pfx_write(&pki.a.alloc, &pki.e.env, &options, pki.leaf_key,
                                    chain, 1, "secret", &out, NULL),
                     CMG_E_CERT);
    cmg__buf_done(&out);
    pki_done(&pki);
}
END_TEST

/* ---- memory ---- */

struct torture {
    struct pki *pki;
    struct cmg__pfx_options options;
    const char *data;
    size_t n;
};

static cmg_status read_once(struct support_alloc *a, void *user)
{
    const struct torture *t = user;
    struct cmg__key *key = NULL;
    struct cmg__x509 **certs = NULL;
    size_t count = 0;
    const cmg_status rc = cmg__pfx_read(&a->alloc, &t->pki->e.env, t->data, t->n,
                                        "secret", &key, &certs, &count, NULL);

    cmg__x509_free_list(&a->alloc, certs, count);
    cmg__key_free(key);
    return rc;
}

static cmg_status write_once(struct support_alloc *a, void *user)
{
    const struct torture *t = user;
    struct cmg__x509 *const chain[] = { t->pki->leaf, t->pki->root };
    struct cmg__buf out;

    cmg__buf_init_secret(&out, &a->alloc, 1 << 20);
    const cmg_status rc =
        cmg__pfx_write(&a->alloc, &t->pki->e.env, &t->options, t->pki->leaf_key, chain, 2,
                       "secret", &out, NULL);
    cmg__buf_done(&out);
    return rc;
}

START_TEST(reading_survives_every_failed_allocation)
{
    static const struct openssl_case quick[] = {
        { "secret", { "-noiter", "-nomaciter" }, 2, true },
        { "secret", { "-noiter", "-nomaciter", "-legacy" }, 2, true },
        { "secret", { "-noiter", "-nomac" }, 2, true },
    };
    struct pki pki;
    char *data = NULL;
    size_t n = 0;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    make_with_openssl(&pki, &quick[_i], &data, &n);
    struct torture t = { .pki = &pki, .data = data, .n = n };
    support_torture(read_once, &t, 1);
    free(data);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

START_TEST(writing_survives_every_failed_allocation)
{
    struct pki pki;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    struct torture t = { .pki = &pki,
                         .options = { .profile = (enum cmg__pfx_profile)_i,
                                      .friendly_name = "gw",
                                      .include_root = true,
                                      .iterations = 1 } };
    support_torture(write_once, &t, 1);
    pki_done(&pki);
}
END_TEST

static void look(struct pki *pki, const struct cmg__buf *pfx, const char *password)
{
    struct cmg__pfx_info *info = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg__pfx_info_read(&pki->a.alloc, &pki->e.env, pfx->data, pfx->len, password,
                             &info, &err),
          err);
    cmg__pfx_info_free(info);
}

START_TEST(password_and_key_are_wiped_before_memory_goes_back)
{
    struct pki pki;
    struct got got;
    struct cmg__buf pfx;
    struct cmg__buf key;
    char part[9];

    pki_init(&pki, CMG__PROFILE_CLIENT);
    /* First the password, then eight letters of the key as PEM writes it. */
    pki.a.canary = "canary-password";
    write_pfx(&pki, CMG__PFX_COMPAT, "gw", "canary-password", &pfx);
    ck_assert_int_eq(maker_read(&pki, pfx.data, pfx.len, "canary-password", &got),
                     CMG_OK);
    look(&pki, &pfx, "canary-password");
    ck_assert(!pki.a.canary_seen);
    cmg__buf_init_secret(&key, &pki.a.alloc, 1 << 16);
    ck_assert_int_eq(cmg__key_write_der(got.key, &key), CMG_OK);
    const char *inside = NULL; /* eight bytes of the private exponent without a zero */
    for (size_t i = 700; i + 8 < key.len && inside == NULL; i++) {
        if (memchr(key.data + i, 0, 8) == NULL)
            inside = key.data + i;
    }
    ck_assert_ptr_nonnull(inside);
    memcpy(part, inside, 8);
    part[8] = '\0';
    pki.a.canary = part;
    cmg__buf_done(&key);
    got_done(&pki, &got);
    cmg__buf_done(&pfx);
    write_pfx(&pki, CMG__PFX_MODERN, "gw", "x", &pfx);
    ck_assert_int_eq(maker_read(&pki, pfx.data, pfx.len, "x", &got), CMG_OK);
    got_done(&pki, &got);
    look(&pki, &pfx, "x");
    cmg__buf_done(&pfx);
    ck_assert(!pki.a.canary_seen);
    pki.a.canary = NULL;
    pki_done(&pki);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pfx");
    TCase *peer = tcase_create("openssl");
    TCase *bad = tcase_create("refused");
    TCase *memory = tcase_create("memory");

    tcase_set_timeout(peer, 60);
    tcase_set_timeout(bad, 60);
    tcase_set_timeout(memory, 110);
    tcase_add_loop_test(peer, openssl_reads_what_is_written, 0,
                        (int)CMG__ARRAY_LEN(write_cases));
    tcase_add_loop_test(peer, what_openssl_writes_is_read, 0,
                        (int)CMG__ARRAY_LEN(openssl_cases));
    tcase_add_test(peer, no_password_and_an_empty_one_are_both_tried);
    tcase_add_test(peer, indefinite_lengths_are_read);
    tcase_add_test(peer, a_file_without_a_mac_is_opened_by_its_password_only);
    tcase_add_test(peer, a_cipher_that_is_not_read_is_unsupported);
    tcase_add_loop_test(bad, a_wrong_password_is_told_from_a_damaged_file, 0, 2);
    tcase_add_test(bad, every_truncation_is_damage);
    tcase_add_test(bad, too_much_is_refused_before_any_work);
    tcase_add_test(bad, a_key_of_another_certificate_is_not_written);
    tcase_add_loop_test(memory, reading_survives_every_failed_allocation, 0, 3);
    tcase_add_loop_test(memory, writing_survives_every_failed_allocation, 0, 2);
    tcase_add_test(memory, password_and_key_are_wiped_before_memory_goes_back);
    suite_add_tcase(suite, peer);
    suite_add_tcase(suite, bad);
    suite_add_tcase(suite, memory);
    return support_run((Suite *const[]){ suite, NULL });
}
