/*
 * PFX files of others: those of Debian's package of vectors, every one of them, and forms
 * that no tool at hand writes, made by a script that shares no code with the library.
 */
#include "crypto/maker.h"

#include "crypto/pfx_info.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTORS "/usr/lib/python3/dist-packages/cryptography_vectors/pkcs12"

/* ---- the package ---- */

static const struct vector {
    const char *file;
    const char *password;
    size_t certs;
    bool key;
} vectors[] = {
    { "cert-aes256cbc-no-key.p12", "cryptography", 1, false },
    { "cert-key-aes256cbc.p12", "cryptography", 1, true },
    { "cert-none-key-none.p12", "cryptography", 1, true },
    { "cert-rc2-key-3des.p12", "cryptography", 1, true },
    { "no-cert-key-aes256cbc.p12", "cryptography", 0, true },
    { "no-password.p12", "", 1, true },
    { "name-1-no-pwd.p12", NULL, 3, true },
    { "name-1-pwd.p12", "password", 3, true },
    { "name-2-no-pwd.p12", NULL, 3, true },
    { "name-2-pwd.p12", "password", 3, true },
    { "name-3-no-pwd.p12", NULL, 3, true },
    { "name-3-pwd.p12", "password", 3, true },
    { "name-2-3-no-pwd.p12", NULL, 3, true },
    { "name-2-3-pwd.p12", "password", 3, true },
    { "name-all-no-pwd.p12", NULL, 3, true },
    { "name-all-pwd.p12", "password", 3, true },
    { "name-unicode-no-pwd.p12", NULL, 3, true },
    { "name-unicode-pwd.p12", "password", 3, true },
    { "no-name-no-pwd.p12", NULL, 3, true },
    { "no-name-pwd.p12", "password", 3, true },
    { "no-cert-name-2-no-pwd.p12", NULL, 2, false },
    { "no-cert-name-2-pwd.p12", "password", 2, false },
    { "no-cert-name-3-no-pwd.p12", NULL, 2, false },
    { "no-cert-name-3-pwd.p12", "password", 2, false },
    { "no-cert-name-all-no-pwd.p12", NULL, 2, false },
    { "no-cert-name-all-pwd.p12", "password", 2, false },
    { "no-cert-name-unicode-no-pwd.p12", NULL, 2, false },
    { "no-cert-name-unicode-pwd.p12", "password", 2, false },
    { "no-cert-no-name-no-pwd.p12", NULL, 2, false },
    { "no-cert-no-name-pwd.p12", "password", 2, false },
};

START_TEST(the_files_of_the_package_are_read)
{
    const struct vector *c = &vectors[_i];
    struct pki pki;
    struct got got;
    char path[256];

    pki_init(&pki, CMG__PROFILE_CLIENT);
    (void)snprintf(path, sizeof path, "%s/%s", VECTORS, c->file);
    ck_assert_int_eq(maker_read_file(&pki, path, c->password, "", &got), CMG_OK);
    ck_assert_uint_eq(got.count, c->certs);
    ck_assert_int_eq(got.key != NULL, c->key);
    if (got.key != NULL && got.count > 0)
        ck_assert(cmg__x509_matches_key(got.certs[0], got.key));
    got_done(&pki, &got);
    ck_assert_int_eq(maker_read_file(&pki, path, "Cryptography", "wrong", &got),
                     CMG_E_AUTH);
    pki_done(&pki);
}
END_TEST

START_TEST(no_file_of_the_package_is_left_out)
{
    size_t count = 0;
    DIR *folder = opendir(VECTORS);

    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        bool known = entry->d_name[0] == '.';

        count += known ? 0 : 1;
        for (size_t i = 0; i < CMG__ARRAY_LEN(vectors) && !known; i++)
            known = strcmp(vectors[i].file, entry->d_name) == 0;
        ck_assert_msg(known, "%s is not in the table", entry->d_name);
    }
    closedir(folder);
    ck_assert_uint_eq(count, CMG__ARRAY_LEN(vectors));
}
END_TEST

/* ---- made ---- */

static const struct made {
    const char *arguments[8]; /* for openssl */
    const char *changes[4];   /* for the script; "LEAF" stands for the first file */
    const char *made_with;    /* the password; NULL: "secret" */
    const char *password;     /* to read with */
    cmg_status status;
    const char *words;
    size_t certs;
} made[] = {
    /* PBMAC1 as in RFC 9579: the same hash, two hashes, a short key */
    { { NULL }, { "pbmac1=sha256,sha256,32" }, NULL, "secret", CMG_OK, "", 2 },
    { { NULL }, { "pbmac1=sha256,sha512,64" }, NULL, "secret", CMG_OK, "", 2 },
    { { NULL }, { "pbmac1=sha512,sha512,64" }, NULL, "secret", CMG_OK, "", 2 },
    { { NULL }, { "pbmac1=sha384,sha1,20" }, NULL, "secret", CMG_OK, "", 2 },
    { { NULL }, { "pbmac1=sha256,sha256,32" }, NULL, "Secret", CMG_E_AUTH, "wrong", 0 },
    { { NULL }, { "pbmac1=sha256,sha256,8" }, NULL, "secret", CMG_E_PARSE, "damaged", 0 },
    { { NULL },
      { "pbmac1=sha256,sha256,32", "flip-mac" },
      NULL,
      "secret",
      CMG_E_PARSE,
      "the password is right",
      0 },
    { { NULL },
      { "pbmac1=sha256,sha256,32" },
      "p\xc3\xa4ss \xe2\x82\xac",
      "p\xc3\xa4ss \xe2\x82\xac",
      CMG_OK,
      "",
      2 },
    /* BER */
    { { NULL }, { "ber" }, NULL, "secret", CMG_OK, "", 2 },
    { { NULL }, { "inside-ber", "ber" }, NULL, "secret", CMG_OK, "", 2 },
    { { "-legacy" }, { "inside-ber", "ber" }, NULL, "secret", CMG_OK, "", 2 },
    { { "-certpbe", "NONE", "-keypbe", "NONE" },
      { "inside-ber", "ber" },
      NULL,
      "secret",
      CMG_OK,
      "",
      2 },
    { { NULL }, { "inside-ber", "ber" }, NULL, "Secret", CMG_E_AUTH, "wrong", 0 },
    { { NULL }, { "flip-mac", "ber" }, NULL, "secret", CMG_E_PARSE, "was changed", 0 },
    /* MACs */
    { { NULL }, { "mac=sha1,1" }, NULL, "secret", CMG_OK, "", 2 },
    { { NULL }, { "mac=sha384,3" }, NULL, "secret", CMG_OK, "", 2 },
    { { NULL }, { "mac=sha512,3" }, NULL, "secret", CMG_OK, "", 2 },
    { { "-legacy" }, { "flip-mac" }, NULL, "secret", CMG_E_PARSE, "was changed", 0 },
    { { "-legacy" }, { "flip-mac" }, NULL, "Secret", CMG_E_AUTH, "is wrong", 0 },
    { { "-certpbe", "NONE", "-keypbe", "NONE" },
      { "flip-mac" },
      NULL,
      "secret",
      CMG_E_AUTH,
      "or its MAC was changed",
      0 },
    { { "-certpbe", "camellia-128-cbc", "-keypbe", "camellia-128-cbc" },
      { "flip-mac" },
      NULL,
      "secret",
      CMG_E_AUTH,
      "or its MAC was changed",
      0 },
    /* passwords: forms that writers disagree about */
    { { "-legacy" }, { "widened" }, "p\xc3\xa4ss", "p\xc3\xa4ss", CMG_E_AUTH, "own", 0 },
    { { NULL }, { "widened" }, "p\xc3\xa4ss", "p\xc3\xa4ss", CMG_OK, "", 2 },
    { { "-legacy" }, { "bare" }, "", "", CMG_OK, "", 2 },
    { { "-legacy" }, { "bare" }, "", NULL, CMG_OK, "", 2 },
    { { "-legacy" }, { "nomac" }, "", NULL, CMG_OK, "", 2 },
    { { "-legacy" }, { "nomac" }, "p\xc3\xa4ss", "p\xc3\xa4ss", CMG_OK, "", 2 },
    { { "-legacy" },
      { "mac=sha1,2" },
      "a password of more than thirty-one characters",
      "a password of more than thirty-one characters",
      CMG_OK,
      "",
      2 },
    /* without a MAC */
    { { "-certpbe", "NONE", "-keypbe", "NONE" },
      { "nomac" },
      NULL,
      "anything",
      CMG_OK,
      "",
      2 },
    { { NULL }, { "nomac" }, NULL, "Secret", CMG_E_AUTH, "wrong", 0 },
    { { "-certpbe", "camellia-128-cbc" },
      { "nomac" },
      NULL,
      "secret",
      CMG_E_UNSUPPORTED,
      "",
      0 },
    /* ciphertext that no password opens */
    { { NULL }, { "cut" }, NULL, "secret", CMG_E_PARSE, "damaged", 0 },
    { { NULL },
      { "cut", "only=0", "flip-mac" },
      NULL,
      "secret",
      CMG_E_PARSE,
      "damaged",
      0 },
    { { NULL }, { "cut", "only=0", "nomac" }, NULL, "secret", CMG_E_PARSE, "damaged", 0 },
    /* one of a kind */
    { { NULL }, { "only=0" }, NULL, "secret", CMG_OK, "", 2 },
    { { NULL }, { "only=1" }, NULL, "secret", CMG_OK, "", 0 },
    { { NULL }, { "join=LEAF" }, NULL, "secret", CMG_E_UNSUPPORTED, "more than one", 0 },
    /* limits */
    { { NULL }, { "iterations=2500001" }, NULL, "secret", CMG_E_LIMIT, "too much", 0 },
    { { "-keypbe", "NONE" }, { "nested=2" }, NULL, "secret", CMG_OK, "", 0 },
    { { "-keypbe", "NONE" }, { "nested=3" }, NULL, "secret", CMG_E_LIMIT, "too deep", 0 },
    { { "-certpbe", "NONE" },
      { "times=300" },
      NULL,
      "secret",
      CMG_E_LIMIT,
      "more than",
      0 },
};

static void make(struct pki *pki, const struct made *c)
{
    const char *password = c->made_with != NULL ? c->made_with : "secret";
    const char *arguments[12] = { "-iter", "10" };
    char join[300];

    for (size_t i = 0; c->arguments[i] != NULL; i++)
        arguments[2 + i] = c->arguments[i];
    maker_openssl(pki, "in.pfx", password, arguments);
    const char *in = support_path("in.pfx");
    const char *argv[12] = { "/usr/bin/python3", PFX_FILES, in, support_path("out.pfx"),
                             password };
    (void)snprintf(join, sizeof join, "join=%s", in);
    for (size_t i = 0; i < CMG__ARRAY_LEN(c->changes) && c->changes[i] != NULL; i++)
        argv[5 + i] = strcmp(c->changes[i], "join=LEAF") == 0 ? join : c->changes[i];
    free(maker_run(argv));
}

START_TEST(forms_that_are_rare_are_read_or_refused_for_their_reason)
{
    const struct made *c = &made[_i];
    struct pki pki;
    struct got got;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    make(&pki, c);
    const cmg_status rc =
        maker_read_file(&pki, support_path("out.pfx"), c->password, c->words, &got);
    ck_assert_int_eq(rc, c->status);
    ck_assert_uint_eq(got.count, c->certs);
    got_done(&pki, &got);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

/* ---- looked into ---- */

static struct cmg__pfx_info *look(struct pki *pki, const char *path, const char *password)
{
    struct cmg__pfx_info *info = NULL;
    cmg_error *err = NULL;
    size_t n = 0;
    char *data = support_read_file(path, &n);

    ck_assert_msg(data != NULL, "%s cannot be read", path);
    ck_ok(cmg__pfx_info_read(&pki->a.alloc, &pki->e.env, data, n, password, &info, &err),
          err);
    free(data);
    return info;
}

START_TEST(the_files_of_the_package_are_looked_into)
{
    const struct vector *c = &vectors[_i];
    struct pki pki;
    char path[256];
    size_t certs = 0;
    size_t keys = 0;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    (void)snprintf(path, sizeof path, "%s/%s", VECTORS, c->file);
    struct cmg__pfx_info *info = look(&pki, path, c->password != NULL ? c->password : "");
    ck_assert(info->open);
    for (size_t i = 0; i < info->count; i++) {
        const enum cmg__pfx_kind kind = info->entries[i].kind;

        certs += kind == CMG__PFX_KIND_CERTIFICATE ? 1 : 0;
        keys += kind == CMG__PFX_KIND_KEY || kind == CMG__PFX_KIND_ENCRYPTED_KEY ? 1 : 0;
        ck_assert_str_ne(info->entries[i].content, "");
    }
    ck_assert_uint_eq(certs, c->certs);
    ck_assert_uint_eq(keys, c->key ? 1 : 0);
    cmg__pfx_info_free(info);
    pki_done(&pki);
}
END_TEST

START_TEST(names_beyond_ascii_are_shown)
{
    struct pki pki;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    struct cmg__pfx_info *info = look(&pki, VECTORS "/name-unicode-pwd.p12", "password");
    ck_assert_str_eq(info->entries[0].friendly_name, "\xe2\x98\xba");
    cmg__pfx_info_free(info);
    pki_done(&pki);
}
END_TEST

START_TEST(what_windows_adds_is_shown)
{
    static const char *const arguments[] = { "-CSP", "Microsoft Software KSP",
                                             "-LMK", "-iter",
                                             "10",   NULL };
    struct pki pki;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    maker_openssl(&pki, "in.pfx", "secret", arguments);
    struct cmg__pfx_info *info = look(&pki, support_path("in.pfx"), NULL);
    ck_assert_uint_eq(info->count, 2);
    ck_assert_int_eq(info->entries[0].kind, CMG__PFX_KIND_SEALED);
    ck_assert_str_eq(info->entries[1].provider, "Microsoft Software KSP");
    ck_assert(info->entries[1].machine_key);
    cmg__pfx_info_free(info);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

START_TEST(more_bags_than_512_are_not_looked_at)
{
    static const struct made many = {
        { "-certpbe", "NONE", "-nokeys" }, { "times=300" }, NULL, "secret", CMG_OK, "", 0
    };
    struct pki pki;
    struct cmg__pfx_info *info = NULL;
    cmg_error *err = NULL;
    size_t n = 0;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    make(&pki, &many);
    char *data = support_read_file(support_path("out.pfx"), &n);
    ck_assert_int_eq(
        cmg__pfx_info_read(&pki.a.alloc, &pki.e.env, data, n, "secret", &info, &err),
        CMG_E_LIMIT);
    ck_assert_ptr_null(info);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "more than 512 bags"));
    cmg_error_unref(err);
    free(data);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

START_TEST(a_password_of_absurd_length_is_refused)
{
    char password[1026];
    struct pki pki;
    struct got got;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    memset(password, 'x', sizeof password - 1);
    password[sizeof password - 1] = '\0';
    ck_assert_int_eq(maker_read_file(&pki, VECTORS "/name-1-pwd.p12", password,
                                     "longer than 1024 bytes", &got),
                     CMG_E_LIMIT);
    password[1024] = '\0';
    ck_assert_int_eq(
        maker_read_file(&pki, VECTORS "/name-1-pwd.p12", password, "wrong", &got),
        CMG_E_AUTH);
    pki_done(&pki);
}
END_TEST

START_TEST(a_cipher_that_is_not_read_is_named)
{
    static const char *const arguments[] = { "-certpbe", "camellia-128-cbc", NULL };
    struct pki pki;
    struct got got;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    maker_openssl(&pki, "in.pfx", "secret", arguments);
    const char *path = support_path("in.pfx");
    ck_assert_int_eq(maker_read_file(&pki, path, "secret",
                                     "protected with 1.2.392.200011.61.1.1.1.2", &got),
                     CMG_E_UNSUPPORTED);
    struct cmg__pfx_info *info = look(&pki, path, "secret");
    ck_assert(!info->open);
    ck_assert_int_eq(info->entries[0].kind, CMG__PFX_KIND_SEALED);
    ck_assert_str_eq(info->entries[0].cipher, "1.2.392.200011.61.1.1.1.2");
    ck_assert_str_eq(info->entries[1].content, "RSA 2048");
    cmg__pfx_info_free(info);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pfx_files");
    TCase *package = tcase_create("package");
    TCase *rare = tcase_create("rare");
    TCase *view = tcase_create("view");

    tcase_set_timeout(package, 60);
    tcase_set_timeout(rare, 60);
    tcase_set_timeout(view, 60);
    tcase_add_loop_test(package, the_files_of_the_package_are_read, 0,
                        (int)CMG__ARRAY_LEN(vectors));
    tcase_add_test(package, no_file_of_the_package_is_left_out);
    tcase_add_loop_test(rare, forms_that_are_rare_are_read_or_refused_for_their_reason, 0,
                        (int)CMG__ARRAY_LEN(made));
    tcase_add_loop_test(view, the_files_of_the_package_are_looked_into, 0,
                        (int)CMG__ARRAY_LEN(vectors));
    tcase_add_test(view, names_beyond_ascii_are_shown);
    tcase_add_test(view, what_windows_adds_is_shown);
    tcase_add_test(view, more_bags_than_512_are_not_looked_at);
    tcase_add_test(rare, a_password_of_absurd_length_is_refused);
    tcase_add_test(view, a_cipher_that_is_not_read_is_named);
    suite_add_tcase(suite, package);
    suite_add_tcase(suite, rare);
    suite_add_tcase(suite, view);
    return support_run((Suite *const[]){ suite, NULL });
}
