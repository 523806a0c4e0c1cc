/*
 * Round trips with Java's keytool and NSS's pk12util: they read what is written here, and
 * what they write is read here.
 */
#include "crypto/maker.h"

#include "crypto/pfx.h"
#include "crypto/pfx_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG_PASSWORD "a password of more than thirty-one characters"

static const struct written {
    enum cmg__pfx_profile profile;
    const char *password;
} written[] = {
    { CMG__PFX_COMPAT, "secret" },
    { CMG__PFX_MODERN, "secret" },
    { CMG__PFX_COMPAT, LONG_PASSWORD },
    { CMG__PFX_MODERN, LONG_PASSWORD },
};

/* "gw.pfx" in the test's directory. */
static const char *write_pfx(struct pki *pki, const struct written *c)
{
    struct cmg__x509 *const chain[] = { pki->leaf, pki->root };
    struct cmg__buf out;
    cmg_error *err = NULL;
    const struct cmg__pfx_options options = { .profile = c->profile,
                                              .friendly_name = "gateway",
                                              .include_root = true };

    cmg__buf_init_secret(&out, &pki->a.alloc, 1 << 20);
    ck_ok(cmg__pfx_write(&pki->a.alloc, &pki->e.env, &options, pki->leaf_key, chain, 2,
                         c->password, &out, &err),
          err);
    const char *path = support_path("gw.pfx");
    support_write_file(path, out.data, out.len);
    cmg__buf_done(&out);
    return path;
}

/* Leaf with its key first, the root after it. */
static void expect_all(struct pki *pki, const char *path, const char *password,
                       size_t certs)
{
    struct got got;
    struct cmg__x509_info info;

    ck_assert_int_eq(maker_read_file(pki, path, password, "", &got), CMG_OK);
    ck_assert_uint_eq(got.count, certs);
    ck_assert_ptr_nonnull(got.key);
    cmg__x509_info(got.certs[0], &info);
    ck_assert_str_eq(info.common_name, "granitefalls.contoso.com");
    ck_assert(cmg__x509_matches_key(got.certs[0], got.key));
    got_done(pki, &got);
    ck_assert_int_eq(maker_read_file(pki, path, "Incorrect", "wrong", &got), CMG_E_AUTH);
}

/* ---- Java ---- */

START_TEST(keytool_reads_what_is_written_and_its_copy_is_read)
{
    const struct written *c = &written[_i];
    struct pki pki;

    pki_init(&pki, CMG__PROFILE_WEB_SERVER);
    const char *path = write_pfx(&pki, c);
    const char *copy = support_path("java.p12");
    const char *const list[] = { "keytool",    "-J-XX:TieredStopAtLevel=1",
                                 "-list",      "-v",
                                 "-storetype", "PKCS12",
                                 "-keystore",  path,
                                 "-storepass", c->password,
                                 NULL };
    char *out = maker_run(list);
    ck_assert_ptr_nonnull(strstr(out, "Alias name: gateway"));
    ck_assert_ptr_nonnull(strstr(out, "Entry type: PrivateKeyEntry"));
    ck_assert_ptr_nonnull(strstr(out, "Certificate chain length: 2"));
    ck_assert_ptr_nonnull(strstr(out, "Owner: CN=granitefalls.contoso.com"));
    free(out);
    const char *const import[] = { "keytool",
                                   "-J-XX:TieredStopAtLevel=1",
                                   "-importkeystore",
                                   "-noprompt",
                                   "-srckeystore",
                                   path,
                                   "-srcstoretype",
                                   "PKCS12",
                                   "-srcstorepass",
                                   c->password,
                                   "-destkeystore",
                                   copy,
                                   "-deststoretype",
                                   "PKCS12",
                                   "-deststorepass",
                                   "another secret",
                                   NULL };
    free(maker_run(import));
    expect_all(&pki, copy, "another secret", 2);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

/* The old defaults of Java: RC2-40, 3DES, SHA-1; and one beyond ASCII. */
static const struct java {
    const char *option;
    const char *password;
} javas[] = {
    { "-J-Dkeystore.pkcs12.legacy=true", "secret" },
    { "-J-Dkeystore.pkcs12.macAlgorithm=HmacPBESHA512", "secret" },
    { "-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE", "secret" },
    { "-J-Dkeystore.pkcs12.macAlgorithm=NONE", "secret" },
    { "-J-Dfile.encoding=UTF-8", LONG_PASSWORD },
};

START_TEST(what_keytool_makes_is_read)
{
    const struct java *c = &javas[_i];
    struct pki pki;
    struct got got;

    pki_init(&pki, CMG__PROFILE_WEB_SERVER);
    const char *path = support_path("own.p12");
    const char *const make[] = { "keytool",    "-J-XX:TieredStopAtLevel=1",
                                 c->option,    "-genkeypair",
                                 "-alias",     "own",
                                 "-keyalg",    "EC",
                                 "-groupname", "secp256r1",
                                 "-dname",     "CN=Made in Java",
                                 "-keystore",  path,
                                 "-storetype", "PKCS12",
                                 "-storepass", c->password,
                                 NULL };
    free(maker_run(make));
    ck_assert_int_eq(maker_read_file(&pki, path, c->password, "", &got), CMG_OK);
    ck_assert_uint_eq(got.count, 1);
    ck_assert_ptr_nonnull(got.key);
    ck_assert(cmg__x509_matches_key(got.certs[0], got.key));
    got_done(&pki, &got);
    ck_assert_int_eq(maker_read_file(&pki, path, "Incorrect", "wrong", &got), CMG_E_AUTH);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

/* ---- NSS ---- */

static const char *new_database(void)
{
    static char name[300];
    const char *folder = support_path("nss");
    const char *const mkdir[] = { "mkdir", folder, NULL };

    free(maker_run(mkdir));
    (void)snprintf(name, sizeof name, "sql:%s", folder);
    const char *const make[] = { "certutil", "-N", "-d", name, "--empty-password", NULL };
    free(maker_run(make));
    return name;
}

START_TEST(pk12util_reads_what_is_written_and_its_copy_is_read)
{
    /* NSS's default, and its old one. */
    static const char *const ciphers[2][3] = {
        { NULL },
        { "-c", "PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC", NULL },
    };
    static const char *const passwords[] = { "another secret", "another secret",
                                             "p\xc3\xa4ssw\xc3\xb6rt \xe2\x82\xac", "" };
    const char *password = passwords[_i];
    struct pki pki;

    pki_init(&pki, CMG__PROFILE_WEB_SERVER);
    const char *path = write_pfx(&pki, &written[_i]);
    const char *database = new_database();
    const char *copy = support_path("nss.p12");
    const char *const import[] = { "pk12util",           "-i", path, "-d", database, "-W",
                                   written[_i].password, NULL };
    free(maker_run(import));
    const char *export[16] = { "pk12util", "-o",     copy, "-n",    "gateway",
                               "-d",       database, "-W", password };
    for (size_t i = 0; ciphers[_i % 2][i] != NULL; i++)
        export[9 + i] = ciphers[_i % 2][i];
    free(maker_run(export));
    expect_all(&pki, copy, password, 2);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pfx_peers");
    TCase *java = tcase_create("java");
    TCase *nss = tcase_create("nss");

    tcase_set_timeout(java, 60);
    tcase_set_timeout(nss, 60);
    tcase_add_loop_test(java, keytool_reads_what_is_written_and_its_copy_is_read, 0,
                        (int)CMG__ARRAY_LEN(written));
    tcase_add_loop_test(java, what_keytool_makes_is_read, 0, (int)CMG__ARRAY_LEN(javas));
    tcase_add_loop_test(nss, pk12util_reads_what_is_written_and_its_copy_is_read, 0,
                        (int)CMG__ARRAY_LEN(written));
    suite_add_tcase(suite, java);
    suite_add_tcase(suite, nss);
    return support_run((Suite *const[]){ suite, NULL });
}
