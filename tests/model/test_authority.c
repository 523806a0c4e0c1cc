/*
 * The authority beyond profiles: templates, keys, subordinates; no memory and
 * no secret is left behind. openssl is the judge.
 */
#include "model/office.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- by template, with keys of any kind ---- */

START_TEST(a_template_decides_what_is_issued)
{
    static const char json[] =
        "{\"version\":1,\"name\":\"mine\",\"key\":{\"rsa_bits_min\":2048,"
        "\"ec_bits_min\":256},\"key_usage\":[\"digital_signature\"],"
        "\"extended_key_usage\":[\"clientAuth\",\"1.3.6.1.4.1.99999.1\"],"
        "\"validity\":{\"days\":10,\"days_max\":20},"
        "\"subject\":{\"source\":\"common_name\"},"
        "\"alternative_names\":{\"kinds\":[\"uri\",\"upn\"]},\"hash\":\"sha512\"}";
    static const char *const uris[] = { "https://contoso.com/1", NULL };
    static const char *const upns[] = { "anna@contoso.com", NULL };
    const cmg_csr_request request = { .size = sizeof request,
                                      .common_name = "anna",
                                      .organization = "left out",
                                      .upns = upns,
                                      .uris = uris };
    static const char *const wanted[] = {
        "Subject: CN = anna\n",
        "Issuer: O = Contoso, CN = Contoso Root",
        "Signature Algorithm: ecdsa-with-SHA512",
        "TLS Web Client Authentication, 1.3.6.1.4.1.99999.1",
        "othername: UPN::anna@contoso.com, URI:https://contoso.com/1",
        "URI:http://pki.contoso.com/ca.crl",
        "X509v3 Freshest CRL",
        "URI:http://pki.contoso.com/delta.crl",
        "CA Issuers - URI:http://pki.contoso.com/ca.cer",
    };
    static const char *const crl[] = { "http://pki.contoso.com/ca.crl", NULL };
    static const char *const delta[] = { "http://pki.contoso.com/delta.crl", NULL };
    static const char *const issuers[] = { "http://pki.contoso.com/ca.cer", NULL };
    struct office p;
    cmg_template *t = NULL;
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;
    char *out = NULL;

    office_init(&p);
    cmg_authority *ca = office_root(&p, NULL);
    ck_ok(cmg_authority_set_urls(ca, crl, delta, issuers, &err), err);
    ck_ok(cmg_template_new_from_json(p.ctx, NULL, json, strlen(json), &t, &err), err);
    ck_ok(cmg_authority_issue_by_template(ca, t, p.key, &request, 20, &cert, &err), err);
    ck_assert(cmg_certificate_has_key(cert));
    ck_assert_int_eq(cmg_certificate_not_after_unix_s(cert),
                     INT64_C(1795392000) + INT64_C(20) * 86400);
    const char *path = support_path("leaf.pem");
    office_write_pem(path, cert);
    const char *const print[] = {
        "openssl", "x509", "-in", path, "-noout", "-text", NULL
    };
    ck_assert_int_eq(office_run(print, &out), 0);
    for (size_t i = 0; i < CMG__ARRAY_LEN(wanted); i++)
        ck_assert_msg(strstr(out, wanted[i]) != NULL, "no %s in %s", wanted[i], out);
    free(out);
    ck_assert_int_eq(
        cmg_authority_issue_by_template(ca, t, p.key, &request, 21, &cert, &err),
        CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "days");
    ck_assert_str_eq(cmg_error_remedy(err), "give 1 to 20, or 0 for 10");
    cmg_error_unref(err);
    cmg_certificate_unref(cert);
    cmg_template_unref(t);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

START_TEST(a_key_is_made_as_the_template_wants_it)
{
    static const struct {
        const char *key;
        const char *made;
    } cases[] = {
        { "{\"rsa_bits_min\":2048,\"ec_bits_min\":256}", "RSA 2048" },
        { "{\"ec_bits_min\":256}", "EC P-256" },
        { "{\"ec_bits_min\":300}", "EC P-384" },
    };
    const cmg_csr_request request = { .size = sizeof request, .common_name = "a" };
    struct office p;
    cmg_template *t = NULL;
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;
    char json[256];

    office_init(&p);
    cmg_authority *ca = office_root(&p, NULL);
    (void)snprintf(json, sizeof json,
                   "{\"version\":1,\"name\":\"t\",\"key\":%s,\"validity\":{\"days\":1}}",
                   cases[_i].key);
    ck_ok(cmg_template_new_from_json(p.ctx, NULL, json, strlen(json), &t, &err), err);
    ck_ok(cmg_authority_issue_by_template(ca, t, NULL, &request, 0, &cert, &err), err);
    ck_assert_str_eq(cmg_certificate_key_description(cert), cases[_i].made);
    cmg_certificate_unref(cert);
    cmg_template_unref(t);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

START_TEST(a_key_that_is_not_exportable_stays)
{
    const cmg_csr_request request = { .size = sizeof request, .common_name = "Issuing" };
    struct office p;
    cmg_certificate *cert = NULL;
    cmg_bytes *pfx = NULL;
    cmg_error *err = NULL;

    office_init(&p);
    cmg_authority *ca = office_root(&p, NULL);
    cmg_template *t = office_template(&p, "sub_ca");
    ck_ok(cmg_authority_issue_by_template(ca, t, p.key, &request, 0, &cert, &err), err);
    ck_assert_int_eq(
        cmg_certificate_export_pfx(cert, CMG_PFX_MODERN, "password", &pfx, &err),
        CMG_E_DENIED);
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "exportable"));
    cmg_error_unref(err);
    err = NULL;
    cmg_certificate_unref(cert);
    cert = office_issue(&p, ca, "gw.contoso.com");
    ck_ok(cmg_certificate_export_pfx(cert, CMG_PFX_MODERN, "password", &pfx, &err), err);
    cmg_bytes_unref(pfx);
    cmg_certificate_unref(cert);
    cmg_template_unref(t);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

START_TEST(the_same_randomness_issues_the_same_bytes)
{
    struct office p;
    cmg_certificate *certs[2] = { NULL, NULL };

    office_init(&p);
    for (size_t i = 0; i < 2; i++) {
        cmg_authority *ca = NULL;
        cmg_error *err = NULL;

        p.e.seed = 77;
        ck_ok(office_try_root(&p, NULL, &ca, &err), err);
        certs[i] = office_issue(&p, ca, "gw.contoso.com");
        cmg_authority_unref(ca);
    }
    ck_assert_str_eq(cmg_certificate_sha256(certs[0]), cmg_certificate_sha256(certs[1]));
    cmg_certificate_unref(certs[0]);
    cmg_certificate_unref(certs[1]);
    office_done(&p);
}
END_TEST

/* ---- subordinate authorities ---- */

START_TEST(a_subordinate_authority_issues_with_its_chain)
{
    struct office p;
    cmg_authority *sub = NULL;
    cmg_authority *again = NULL;
    cmg_authority *below = NULL;
    cmg_error *err = NULL;
    char *out = NULL;

    office_init(&p);
    cmg_authority *root = office_root(&p, NULL);
    cmg_authority_options options = { .size = sizeof options,
                                      .directory = support_path("sub"),
                                      .common_name = "Contoso Issuing",
                                      .parent = root,
                                      .key = p.key };
    ck_ok(cmg_authority_new_with(p.ctx, &options, &sub, &err), err);
    ck_ok(cmg_authority_new_with(p.ctx, &options, &again, &err), err);
    ck_assert_str_eq(cmg_certificate_sha256(cmg_authority_certificate(sub)),
                     cmg_certificate_sha256(cmg_authority_certificate(again)));
    cmg_certificate *leaf = office_issue(&p, again, "gw.contoso.com");
    ck_assert_uint_eq(leaf->count, 3);
    ck_assert_str_eq(cmg_certificate_issuer(leaf), "CN=Contoso Issuing");
    const char *chain = support_path("chain.pem");
    const char *anchor = support_path("root.pem");
    office_write_pem(chain, leaf);
    office_write_pem(anchor, cmg_authority_certificate(root));
    const char *const verify[] = { "openssl", "verify",     "-x509_strict",
                                   "-attime", "1795392001", "-CAfile",
                                   anchor,    "-untrusted", chain,
                                   chain,     NULL };
    const int status = office_run(verify, &out);
    ck_assert_msg(status == 0, "openssl says %s", out);
    free(out);
    /* Path length 0: nothing below it. */
    options.directory = NULL;
    options.parent = sub;
    ck_assert_int_eq(cmg_authority_new_with(p.ctx, &options, &below, &err), CMG_E_CERT);
    cmg_error_unref(err);
    cmg_certificate_unref(leaf);
    cmg_authority_unref(again);
    cmg_authority_unref(sub);
    cmg_authority_unref(root);
    office_done(&p);
}
END_TEST

START_TEST(an_authority_takes_a_certificate_that_another_one_signed)
{
    const cmg_csr_request request = { .size = sizeof request, .common_name = "Issuing" };
    struct office p;
    cmg_csr *csr = NULL;
    cmg_certificate *cert = NULL;
    cmg_authority *sub = NULL;
    cmg_error *err = NULL;

    office_init(&p);
    cmg_authority *root = office_root(&p, NULL);
    cmg_template *t = office_template(&p, "sub_ca");
    ck_ok(cmg_csr_new(p.ctx, t, p.key, &request, &csr, &err), err);
    ck_ok(cmg_authority_sign(root, csr, t, 0, &cert, &err), err);
    cmg_authority_options options = { .size = sizeof options, .certificate = cert };
    ck_assert_int_eq(cmg_authority_new_with(p.ctx, &options, &sub, NULL), CMG_E_INVAL);
    options.key = p.ca_key;
    ck_assert_int_eq(cmg_authority_new_with(p.ctx, &options, &sub, NULL), CMG_E_CERT);
    options.key = p.key;
    options.parent = root;
    ck_assert_int_eq(cmg_authority_new_with(p.ctx, &options, &sub, NULL), CMG_E_INVAL);
    options.parent = NULL;
    ck_ok(cmg_authority_new_with(p.ctx, &options, &sub, &err), err);
    cmg_certificate *leaf = office_issue(&p, sub, "gw.contoso.com");
    ck_assert_uint_eq(leaf->count, 3);
    cmg_certificate_unref(leaf);
    cmg_authority_unref(sub);
    cmg_certificate_unref(cert);
    cmg_csr_unref(csr);
    cmg_template_unref(t);
    cmg_authority_unref(root);
    office_done(&p);
}
END_TEST

/* ---- memory, secrets, addresses ---- */

static cmg_status live_once(struct support_alloc *a, void *user)
{
    struct office *p = user;
    const struct cmg__alloc before = p->ctx->alloc;
    cmg_authority *ca = NULL;
    cmg_certificate *cert = NULL;
    cmg_csr *csr = NULL;
    cmg_template *t = NULL;
    cmg_bytes *list = NULL;
    const cmg_csr_request request = { .size = sizeof request,
                                      .common_name = "gw.contoso.com" };
    const cmg_authority_options options = { .size = sizeof options,
                                            .common_name = "Root",
                                            .key = p->ca_key };

    p->ctx->alloc = a->alloc;
    cmg_status rc = cmg_authority_new_with(p->ctx, &options, &ca, NULL);
    if (rc == CMG_OK)
        rc = cmg_template_new_builtin(p->ctx, "web_server", &t, NULL);
    if (rc == CMG_OK)
        rc = cmg_csr_new(p->ctx, t, p->key, &request, &csr, NULL);
    if (rc == CMG_OK)
        rc = cmg_authority_sign(ca, csr, t, 0, &cert, NULL);
    if (rc == CMG_OK)
        rc = cmg_authority_revoke_certificate(ca, cert, CMG_REASON_SUPERSEDED, NULL);
    if (rc == CMG_OK)
        rc = cmg_authority_publish_crl(ca, NULL, WEEK_S, &list, NULL);
    cmg_bytes_unref(list);
    cmg_certificate_unref(cert);
    cmg_csr_unref(csr);
    cmg_template_unref(t);
    cmg_authority_unref(ca);
    p->ctx->alloc = before;
    return rc;
}

START_TEST(request_issue_revoke_and_publish_survive_every_failed_allocation)
{
    struct office p;

    office_init(&p);
    support_torture(live_once, &p, 1);
    office_done(&p);
}
END_TEST

START_TEST(the_key_of_an_authority_is_wiped)
{
    struct office p;
    cmg_authority *ca = NULL;
    cmg_error *err = NULL;
    size_t n = 0;

    office_init(&p);
    ck_ok(cmg_authority_open(p.ctx, support_path("ca"), "CA", &ca, &err), err);
    cmg_authority_unref(ca);
    char *pem = support_read_file(support_path("ca/ca.key"), &n);
    ck_assert_uint_gt(n, 600);
    /* A line out of the middle of the private key. */
    char canary[65];
    const char *line = strchr(pem + n / 2, '\n') + 1;
    memcpy(canary, line, 64);
    canary[64] = '\0';
    p.a.canary = canary;
    p.a.canary_seen = false;
    ck_ok(cmg_authority_open(p.ctx, support_path("ca"), "CA", &ca, &err), err);
    cmg_certificate *cert = office_issue(&p, ca, "a.contoso.com");
    cmg_certificate_unref(cert);
    cmg_authority_unref(ca);
    ck_assert(!p.a.canary_seen);
    struct stat st;
    ck_assert_int_eq(stat(support_path("ca/issued.jsonl"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777U, 0600);
    free(pem);
    office_done(&p);
}
END_TEST

static const char *const bad_urls[] = { "ldap:///CN=CA", "http://", "https://a b", "",
                                        "a" };

START_TEST(an_address_that_clients_cannot_reach_is_refused)
{
    struct office p;
    cmg_error *err = NULL;
    const char *const list[] = { bad_urls[_i], NULL };

    office_init(&p);
    cmg_authority *ca = office_root(&p, NULL);
    ck_assert_int_eq(cmg_authority_set_urls(ca, NULL, list, NULL, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "delta_crl_urls");
    cmg_error_unref(err);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

START_TEST(wrong_options_are_refused_by_member)
{
    struct office p;
    cmg_authority *ca = NULL;
    cmg_error *err = NULL;

    office_init(&p);
    cmg_template *t = office_template(&p, "web_server");
    cmg_authority_options options = { .size = 8 };
    ck_assert_int_eq(cmg_authority_new_with(p.ctx, &options, &ca, NULL), CMG_E_ABI);
    options = (cmg_authority_options){ .size = sizeof options, .common_name = "a" };
    options.tmpl = t;
    ck_assert_int_eq(cmg_authority_new_with(p.ctx, &options, &ca, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "tmpl");
    cmg_error_unref(err);
    err = NULL;
    options.tmpl = NULL;
    options.days = 10000;
    ck_assert_int_eq(cmg_authority_new_with(p.ctx, &options, &ca, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "days");
    cmg_error_unref(err);
    err = NULL;
    options.days = 0;
    options.common_name = NULL;
    options.key = p.key;
    ck_assert_int_eq(cmg_authority_new_with(p.ctx, &options, &ca, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "common_name");
    cmg_error_unref(err);
    ck_assert_ptr_null(ca);
    cmg_authority *root = office_root(&p, NULL);
    cmg_bytes *der = NULL;
    ck_assert_int_eq(cmg_authority_publish_crl(root, NULL, 59, &der, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_authority_publish_crl(NULL, NULL, WEEK_S, &der, NULL),
                     CMG_E_INVAL);
    ck_assert_ptr_null(der);
    cmg_authority_unref(root);
    cmg_template_unref(t);
    office_done(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("authority");
    TCase *made = tcase_create("issued");
    TCase *bad = tcase_create("refused");

    tcase_set_timeout(made, 60);
    tcase_set_timeout(bad, 120);
    tcase_add_test(made, a_template_decides_what_is_issued);
    tcase_add_loop_test(made, a_key_is_made_as_the_template_wants_it, 0, 3);
    tcase_add_test(made, a_key_that_is_not_exportable_stays);
    tcase_add_test(made, the_same_randomness_issues_the_same_bytes);
    tcase_add_test(made, a_subordinate_authority_issues_with_its_chain);
    tcase_add_test(made, an_authority_takes_a_certificate_that_another_one_signed);
    tcase_add_test(bad, request_issue_revoke_and_publish_survive_every_failed_allocation);
    tcase_add_test(bad, the_key_of_an_authority_is_wiped);
    tcase_add_loop_test(bad, an_address_that_clients_cannot_reach_is_refused, 0,
                        (int)CMG__ARRAY_LEN(bad_urls));
    tcase_add_test(bad, wrong_options_are_refused_by_member);
    suite_add_tcase(suite, made);
    suite_add_tcase(suite, bad);
    return support_run((Suite *const[]){ suite, NULL });
}
