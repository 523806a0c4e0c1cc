/*
 * Issuing: what the profiles write, read back by our own reader and by openssl, and what
 * is refused. openssl is the peer that knows nothing of this library.
 */
#include "crypto/pki.h"

#include "crypto/x509_data.h"

#include <stdlib.h>
#include <string.h>

static const struct profile_case {
    enum cmg__x509_profile profile;
    const char *purpose; /* of openssl verify */
    const char *eku;     /* as openssl prints it */
} profile_cases[] = {
    { CMG__PROFILE_WEB_SERVER, "sslserver", "TLS Web Server Authentication\n" },
    { CMG__PROFILE_CLIENT, "sslclient", "TLS Web Client Authentication\n" },
    { CMG__PROFILE_CONNECTOR, "sslclient",
      "TLS Web Client Authentication, TLS Web Server Authentication\n" },
};

START_TEST(openssl_verifies_what_is_issued)
{
    const struct profile_case *c = &profile_cases[_i];
    struct pki pki;
    char *out = NULL;

    pki_init(&pki, c->profile);
    const char *root = support_path("root.pem");
    const char *leaf = support_path("leaf.pem");
    pki_write_pem(root, pki.root);
    pki_write_pem(leaf, pki.leaf);
    const char *const verify[] = { "openssl",    "verify",   "-x509_strict",
                                   "-CAfile",    root,       "-attime",
                                   "1795392000", "-purpose", c->purpose,
                                   leaf,         NULL };
    const int status = support_command(verify, &out);
    ck_assert_msg(status == 0, "openssl says %s", out);
    free(out);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

START_TEST(openssl_prints_the_extensions_of_the_profile)
{
    const struct profile_case *c = &profile_cases[_i];
    struct pki pki;
    char *out = NULL;

    pki_init(&pki, c->profile);
    const char *leaf = support_path("leaf.pem");
    pki_write_pem(leaf, pki.leaf);
    const char *const print[] = {
        "openssl", "x509", "-in", leaf, "-noout", "-text", NULL
    };
    ck_assert_int_eq(support_command(print, &out), 0);
    ck_assert_ptr_nonnull(strstr(out, c->eku));
    ck_assert_ptr_nonnull(strstr(out, "Version: 3 (0x2)"));
    ck_assert_ptr_nonnull(strstr(out, "X509v3 Key Usage: critical\n                "
                                      "Digital Signature, Key Encipherment\n"));
    ck_assert_ptr_nonnull(strstr(out, "X509v3 Basic Constraints: critical\n"
                                      "                CA:FALSE\n"));
    ck_assert_ptr_nonnull(strstr(out, "Signature Algorithm: sha256WithRSAEncryption"));
    ck_assert_ptr_nonnull(strstr(out, "X509v3 Authority Key Identifier"));
    ck_assert_int_eq(strstr(out, "DNS:granitefalls.contoso.com") != NULL,
                     c->profile == CMG__PROFILE_WEB_SERVER);
    free(out);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

START_TEST(a_leaf_says_what_was_asked_for)
{
    struct pki pki;
    struct cmg__x509_info info;
    static const char *const names[] = { "a.contoso.com", "*.b.contoso.com", NULL };
    static const char *const addresses[] = { "127.0.0.1", "::1", NULL };
    struct cmg__x509 *cert = NULL;
    cmg_error *err = NULL;

    pki_init(&pki, CMG__PROFILE_WEB_SERVER);
    const struct cmg__x509_request request = {
        .profile = CMG__PROFILE_WEB_SERVER,
        .common_name = "gw.contoso.com",
        .organization = "Contoso, \"Ltd\"",
        .dns_names = names,
        .ip_addresses = addresses,
        .not_before_unix_s = PKI_NOW,
        .not_after_unix_s = INT64_C(2524608000) + 5, /* 2050: GeneralizedTime */
        .key = pki.leaf_key,
    };
    ck_ok(cmg__x509_issue(&pki.a.alloc, &pki.e.env, &request, pki.root, pki.root_key,
                          &cert, &err),
          err);
    cmg__x509_info(cert, &info);
    ck_assert_str_eq(info.subject, "CN=gw.contoso.com, O=Contoso\\, \\\"Ltd\\\"");
    ck_assert_str_eq(info.common_name, "gw.contoso.com");
    ck_assert_str_eq(info.issuer, "CN=Test Root");
    ck_assert_str_eq(info.key_description, "RSA 2048");
    ck_assert_int_eq(info.not_before_unix_s, PKI_NOW);
    ck_assert_int_eq(info.not_after_unix_s, INT64_C(2524608005));
    ck_assert_uint_eq(strlen(info.serial_hex), 32);
    ck_assert(!info.is_ca && info.has_eku && info.eku_server_auth &&
              !info.eku_client_auth);
    ck_assert_uint_eq(info.dns_count, 3);
    ck_assert_str_eq(cmg__x509_dns_name(cert, 0), "gw.contoso.com");
    ck_assert_str_eq(cmg__x509_dns_name(cert, 2), "*.b.contoso.com");
    ck_assert_ptr_null(cmg__x509_dns_name(cert, 3));
    ck_assert(cmg__x509_matches_key(cert, pki.leaf_key));
    ck_assert(!cmg__x509_matches_key(cert, pki.root_key));
    ck_assert(cmg__x509_matches_host(cert, "127.0.0.1"));
    ck_assert(cmg__x509_matches_host(cert, "0:0::1"));
    ck_assert(!cmg__x509_matches_host(cert, "127.0.0.2"));
    cmg__x509_free(cert);
    pki_done(&pki);
}
END_TEST

START_TEST(serial_numbers_differ_and_are_positive)
{
    struct pki a;
    struct cmg__x509_info root;
    struct cmg__x509_info leaf;

    pki_init(&a, CMG__PROFILE_CLIENT);
    cmg__x509_info(a.root, &root);
    cmg__x509_info(a.leaf, &leaf);
    ck_assert_str_ne(root.serial_hex, leaf.serial_hex);
    ck_assert(a.leaf->serial_is_positive && a.leaf->serial.n == 16);
    pki_done(&a);
}
END_TEST

START_TEST(an_elliptic_curve_authority_signs_without_a_null_parameter)
{
    static const unsigned sizes[] = { 256, 384 };
    struct pki pki;
    struct cmg__key *key = NULL;
    struct cmg__x509 *root = NULL;
    char *out = NULL;
    cmg_error *err = NULL;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    ck_ok(cmg__key_generate(&pki.a.alloc, &pki.e.env, CMG__KEY_EC, sizes[_i], &key, &err),
          err);
    const struct cmg__x509_request request = { .profile = CMG__PROFILE_ROOT,
                                               .common_name = "EC Root",
                                               .not_before_unix_s = PKI_NOW,
                                               .not_after_unix_s = PKI_NOW + PKI_DAY,
                                               .key = key };
    ck_ok(cmg__x509_issue(&pki.a.alloc, &pki.e.env, &request, NULL, NULL, &root, &err),
          err);
    const char *path = support_path("ec.pem");
    pki_write_pem(path, root);
    const char *const verify[] = { "openssl",      "verify",
                                   "-x509_strict", "-check_ss_sig",
                                   "-attime",      "1795392001",
                                   "-CAfile",      path,
                                   path,           NULL };
    const int status = support_command(verify, &out);
    ck_assert_msg(status == 0, "openssl says %s", out);
    free(out);
    /* ecdsa-with-SHA256 alone: 300a06082a8648ce3d040302 */
    static const uint8_t bare[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                    0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
    ck_assert_ptr_nonnull(memmem(root->der, root->der_len, bare, sizeof bare));
    cmg__x509_free(root);
    cmg__key_free(key);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

static const struct bad_request {
    const char *field;
    const char *common_name;
    const char *organization;
    const char *dns_name;
    const char *ip_address;
    int64_t days;
} bad_requests[] = {
    { .field = "common_name", .common_name = "", .days = 1 },
    { .field = "common_name", .common_name = NULL, .days = 1 },
    { .field = "common_name",
      .common_name = "bad\xff"
                     "utf8",
      .days = 1 },
    { .field = "common_name",
      .common_name = "12345678901234567890123456789012345678901234567890123456789012345",
      .days = 1 },
    { .field = "organization", .common_name = "a", .organization = "", .days = 1 },
    { .field = "dns_names", .common_name = "a", .dns_name = "not a name", .days = 1 },
    { .field = "dns_names", .common_name = "a", .dns_name = "a..b", .days = 1 },
    { .field = "dns_names", .common_name = "a", .dns_name = "f*.contoso.com", .days = 1 },
    { .field = "ip_addresses", .common_name = "a", .ip_address = "300.1.1.1", .days = 1 },
    { .field = "not_after", .common_name = "a", .days = 0 },
    { .field = "not_after", .common_name = "a", .days = -1 },
};

START_TEST(a_bad_request_is_refused_by_field)
{
    const struct bad_request *c = &bad_requests[_i];
    struct pki pki;
    struct cmg__x509 *cert = NULL;
    cmg_error *err = NULL;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    const char *const names[] = { c->dns_name, NULL };
    const char *const addresses[] = { c->ip_address, NULL };
    const struct cmg__x509_request request = { .profile = CMG__PROFILE_CLIENT,
                                               .common_name = c->common_name,
                                               .organization = c->organization,
                                               .dns_names = names,
                                               .ip_addresses = addresses,
                                               .not_before_unix_s = PKI_NOW,
                                               .not_after_unix_s =
                                                   PKI_NOW + c->days * PKI_DAY,
                                               .key = pki.leaf_key };
    ck_assert_int_eq(cmg__x509_issue(&pki.a.alloc, &pki.e.env, &request, pki.root,
                                     pki.root_key, &cert, &err),
                     CMG_E_INVAL);
    ck_assert_ptr_null(cert);
    ck_assert_str_eq(cmg_error_subject(err), c->field);
    cmg_error_unref(err);
    pki_done(&pki);
}
END_TEST

START_TEST(an_issuer_without_its_key_or_without_the_right_is_refused)
{
    struct pki pki;
    struct cmg__x509 *cert = NULL;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    const struct cmg__x509_request request = { .profile = CMG__PROFILE_CLIENT,
                                               .common_name = "a",
                                               .not_before_unix_s = PKI_NOW,
                                               .not_after_unix_s = PKI_NOW + 1,
                                               .key = pki.leaf_key };
    ck_assert_int_eq(cmg__x509_issue(&pki.a.alloc, &pki.e.env, &request, pki.root,
                                     pki.leaf_key, &cert, NULL),
                     CMG_E_CERT);
    ck_assert_int_eq(cmg__x509_issue(&pki.a.alloc, &pki.e.env, &request, pki.leaf,
                                     pki.leaf_key, &cert, NULL),
                     CMG_E_CERT);
    pki_done(&pki);
}
END_TEST

static int no_randomness(void *user, void *out, size_t n)
{
    (void)user;
    (void)out;
    (void)n;
    return -5;
}

START_TEST(without_randomness_nothing_is_issued)
{
    struct pki pki;
    struct cmg__x509 *cert = NULL;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    const struct cmg__x509_request request = { .profile = CMG__PROFILE_CLIENT,
                                               .common_name = "a",
                                               .not_before_unix_s = PKI_NOW,
                                               .not_after_unix_s = PKI_NOW + 1,
                                               .key = pki.leaf_key };
    pki.e.env.random = no_randomness;
    ck_assert_int_eq(cmg__x509_issue(&pki.a.alloc, &pki.e.env, &request, pki.root,
                                     pki.root_key, &cert, NULL),
                     CMG_E_IO);
    pki_done(&pki);
}
END_TEST

static cmg_status issue_once(struct support_alloc *a, void *user)
{
    const struct pki *pki = user;
    struct cmg__x509 *cert = NULL;
    static const char *const names[] = { "a.contoso.com", NULL };
    const struct cmg__x509_request request = { .profile = CMG__PROFILE_WEB_SERVER,
                                               .common_name = "b.contoso.com",
                                               .dns_names = names,
                                               .not_before_unix_s = PKI_NOW,
                                               .not_after_unix_s = PKI_NOW + 1,
                                               .key = pki->leaf_key };
    const cmg_status rc = cmg__x509_issue(&a->alloc, &pki->e.env, &request, pki->root,
                                          pki->root_key, &cert, NULL);

    cmg__x509_free(cert);
    return rc;
}

START_TEST(issuing_survives_every_failed_allocation)
{
    struct pki pki;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    support_torture(issue_once, &pki, 1);
    pki_done(&pki);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("x509_write");
    TCase *peer = tcase_create("openssl");
    TCase *form = tcase_create("form");
    TCase *bad = tcase_create("refused");

    tcase_set_timeout(peer, 60);
    tcase_set_timeout(bad, 60);
    tcase_add_loop_test(peer, openssl_verifies_what_is_issued, 0, 3);
    tcase_add_loop_test(peer, openssl_prints_the_extensions_of_the_profile, 0, 3);
    tcase_add_loop_test(peer, an_elliptic_curve_authority_signs_without_a_null_parameter,
                        0, 2);
    tcase_add_test(form, a_leaf_says_what_was_asked_for);
    tcase_add_test(form, serial_numbers_differ_and_are_positive);
    tcase_add_loop_test(bad, a_bad_request_is_refused_by_field, 0,
                        (int)CMG__ARRAY_LEN(bad_requests));
    tcase_add_test(bad, an_issuer_without_its_key_or_without_the_right_is_refused);
    tcase_add_test(bad, without_randomness_nothing_is_issued);
    tcase_add_test(bad, issuing_survives_every_failed_allocation);
    suite_add_tcase(suite, peer);
    suite_add_tcase(suite, form);
    suite_add_tcase(suite, bad);
    return support_run((Suite *const[]){ suite, NULL });
}
