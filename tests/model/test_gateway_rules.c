/*
 * The gateway's rules for its certificate, each one broken alone.
 */
#include "model/mint.h"
#include "model/place.h"

#include <cmg/authority.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME   "/CN=gw1.contoso.com"
#define SERVER "extendedKeyUsage=serverAuth\n"
#define USAGE  "keyUsage=critical,digitalSignature,keyEncipherment\n"
#define SAN    "subjectAltName=DNS:gw1.contoso.com\n"
#define CRL    "crlDistributionPoints=URI:http://crl.contoso.com/1.crl\n"
#define GOOD   SERVER USAGE SAN CRL
#define CA     "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
#define CLIENT "extendedKeyUsage=clientAuth\n"

static struct place place;

static void setup(void)
{
    place_init(&place);
}

static void teardown(void)
{
    place_done(&place);
    support_dir_done();
}

static const struct rule_case {
    const char *name;
    struct mint mint;
    bool bare;        /* without key */
    cmg_finding code; /* 0: nothing at all */
    cmg_severity severity;
} rule_cases[] = {
    { "a good one",
      { .subject = NAME, .extensions = GOOD, .key = "rsa:2048" },
      false,
      (cmg_finding)0,
      CMG_SEVERITY_NOTE },
    { "a wildcard",
      { .subject = "/CN=*.contoso.com",
        .extensions = SERVER USAGE CRL "subjectAltName=DNS:*.contoso.com\n",
        .key = "rsa:2048" },
      false,
      (cmg_finding)0,
      CMG_SEVERITY_NOTE },
    { "an EC key",
      { .subject = NAME, .extensions = GOOD },
      false,
      CMG_FINDING_KEY_KIND,
      CMG_SEVERITY_REFUSAL },
    { "a short key",
      { .subject = NAME, .extensions = GOOD, .key = "rsa:1024" },
      true,
      CMG_FINDING_WEAK_KEY,
      CMG_SEVERITY_REFUSAL },
    { "a key of 3072 bits",
      { .subject = NAME, .extensions = GOOD, .key = "rsa:3072" },
      false,
      CMG_FINDING_KEY_KIND,
      CMG_SEVERITY_WARNING },
    { "no key",
      { .subject = NAME, .extensions = GOOD, .key = "rsa:2048" },
      true,
      CMG_FINDING_NO_KEY,
      CMG_SEVERITY_REFUSAL },
    { "no purpose",
      { .subject = NAME, .extensions = USAGE SAN CRL, .key = "rsa:2048" },
      false,
      CMG_FINDING_EXTENDED_KEY_USAGE,
      CMG_SEVERITY_REFUSAL },
    { "another purpose",
      { .subject = NAME, .extensions = CLIENT USAGE SAN CRL, .key = "rsa:2048" },
      false,
      CMG_FINDING_EXTENDED_KEY_USAGE,
      CMG_SEVERITY_REFUSAL },
    { "no digital signature",
      { .subject = NAME,
        .extensions = SERVER SAN CRL "keyUsage=keyEncipherment\n",
        .key = "rsa:2048" },
      false,
      CMG_FINDING_KEY_USAGE,
      CMG_SEVERITY_REFUSAL },
    { "no key encipherment",
      { .subject = NAME,
        .extensions = SERVER SAN CRL "keyUsage=digitalSignature\n",
        .key = "rsa:2048" },
      false,
      CMG_FINDING_KEY_USAGE,
      CMG_SEVERITY_WARNING },
    { "an authority's",
      { .subject = NAME,
        .extensions = GOOD "basicConstraints=CA:TRUE\n",
        .key = "rsa:2048" },
      false,
      CMG_FINDING_IS_AUTHORITY,
      CMG_SEVERITY_REFUSAL },
    { "no alternative name",
      { .subject = NAME, .extensions = SERVER USAGE CRL, .key = "rsa:2048" },
      false,
      CMG_FINDING_NAME_IN_CN_ONLY,
      CMG_SEVERITY_REFUSAL },
    { "another common name",
      { .subject = "/CN=Contoso", .extensions = GOOD, .key = "rsa:2048" },
      false,
      CMG_FINDING_NAME_NOT_IN_CN,
      CMG_SEVERITY_WARNING },
    { "no host name at all",
      { .subject = "/CN=Contoso", .extensions = SERVER USAGE CRL, .key = "rsa:2048" },
      false,
      CMG_FINDING_NAME_NOT_USABLE,
      CMG_SEVERITY_REFUSAL },
    { "a name that no storage account can have",
      { .subject = "/CN=gw-1.contoso.com",
        .extensions = SERVER USAGE CRL "subjectAltName=DNS:gw-1.contoso.com\n",
        .key = "rsa:2048" },
      false,
      CMG_FINDING_NAME_NOT_USABLE,
      CMG_SEVERITY_REFUSAL },
    { "a name that is not public",
      { .subject = "/CN=gw1.contoso.local",
        .extensions = SERVER USAGE CRL "subjectAltName=DNS:gw1.contoso.local\n",
        .key = "rsa:2048" },
      false,
      CMG_FINDING_NAME_NOT_PUBLIC,
      CMG_SEVERITY_WARNING },
    { "a name of Azure's",
      { .subject = "/CN=gw1.eastus.cloudapp.azure.com",
        .extensions =
            SERVER USAGE CRL "subjectAltName=DNS:gw1.eastus.cloudapp.azure.com\n",
        .key = "rsa:2048" },
      false,
      CMG_FINDING_NAME_NOT_PUBLIC,
      CMG_SEVERITY_NOTE },
    { "soon over",
      { .subject = NAME, .extensions = GOOD, .key = "rsa:2048", .days = 20 },
      false,
      CMG_FINDING_EXPIRES_SOON,
      CMG_SEVERITY_WARNING },
    { "over",
      { .subject = NAME, .extensions = GOOD, .key = "rsa:2048", .days = -1 },
      false,
      CMG_FINDING_EXPIRED,
      CMG_SEVERITY_REFUSAL },
    { "SHA-1",
      { .subject = NAME, .extensions = GOOD, .key = "rsa:2048", .digest = "sha1" },
      false,
      CMG_FINDING_WEAK_SIGNATURE,
      CMG_SEVERITY_REFUSAL },
    { "no revocation list",
      { .subject = NAME, .extensions = SERVER USAGE SAN, .key = "rsa:2048" },
      false,
      CMG_FINDING_CRL_UNREACHABLE,
      CMG_SEVERITY_WARNING },
    { "a list by LDAP only",
      { .subject = NAME,
        .extensions = SERVER USAGE SAN "crlDistributionPoints=URI:ldap:///CN=1\n",
        .key = "rsa:2048" },
      false,
      CMG_FINDING_CRL_UNREACHABLE,
      CMG_SEVERITY_WARNING },
    { "a list on a host inside",
      { .subject = NAME,
        .extensions = SERVER USAGE SAN "crlDistributionPoints=URI:http://pki/1.crl\n",
        .key = "rsa:2048" },
      false,
      CMG_FINDING_CRL_UNREACHABLE,
      CMG_SEVERITY_WARNING },
    { "a list at a private address",
      { .subject = NAME,
        .extensions =
            SERVER USAGE SAN "crlDistributionPoints=URI:http://192.168.1.1/1.crl\n",
        .key = "rsa:2048" },
      false,
      CMG_FINDING_CRL_UNREACHABLE,
      CMG_SEVERITY_WARNING },
    { "a list by LDAP and by HTTP",
      { .subject = NAME,
        .extensions = SERVER USAGE SAN "crlDistributionPoints=URI:ldap:///CN=1,"
                                       "URI:http://crl.contoso.com/1.crl\n",
        .key = "rsa:2048" },
      false,
      (cmg_finding)0,
      CMG_SEVERITY_NOTE },
};

static cmg_report *check_gateway(const cmg_certificate *cert, const char *name,
                                 cmg_trust *trust)
{
    const cmg_gateway_check_options options = { .size = sizeof options,
                                                .service_name = name,
                                                .trust = trust };
    cmg_report *report = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_certificate_check_gateway(cert, &options, &report, &err), err);
    return report;
}

static char *text_of(cmg_report *report)
{
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_report_describe(report, &text, &err), err);
    char *copy = strndup(cmg_bytes_data(text), cmg_bytes_size(text));
    cmg_bytes_unref(text);
    return copy;
}

START_TEST(each_rule_is_held)
{
    const struct rule_case *c = &rule_cases[_i];
    cmg_certificate *cert =
        c->bare ? mint_bare(place.ctx, &c->mint) : mint(place.ctx, &c->mint);
    cmg_report *report = check_gateway(cert, NULL, NULL);
    char *text = text_of(report);

    if (c->code == 0)
        ck_assert_msg(cmg_report_count(report) == 0, "%s: %s", c->name, text);
    else
        ck_assert_msg(mint_report_has(report, c->code, c->severity), "%s: %s", c->name,
                      text);
    for (size_t i = 0; i < cmg_report_count(report); i++)
        ck_assert_str_ne(cmg_report_remedy(report, i), "");
    free(text);
    cmg_report_unref(report);
    cmg_certificate_unref(cert);
}
END_TEST

START_TEST(a_wanted_name_must_be_carried)
{
    const struct mint wanted = { .subject = "/CN=*.contoso.com",
                                 .extensions = SERVER USAGE CRL
                                 "subjectAltName=DNS:*.contoso.com\n",
                                 .key = "rsa:2048" };
    cmg_certificate *cert = mint(place.ctx, &wanted);

    cmg_report *report = check_gateway(cert, "gw1.contoso.com", NULL);
    ck_assert_uint_eq(cmg_report_count(report), 0);
    cmg_report_unref(report);
    report = check_gateway(cert, "gw1.fabrikam.com", NULL);
    ck_assert(mint_report_has(report, CMG_FINDING_WRONG_NAME, CMG_SEVERITY_REFUSAL));
    cmg_report_unref(report);
    cmg_certificate_unref(cert);
}
END_TEST

START_TEST(a_chain_that_ends_early_names_what_is_missing)
{
    const struct mint root = { .subject = "/CN=Root", .extensions = CA, .name = "root" };
    const struct mint leaf = {
        .subject = NAME, .extensions = GOOD, .key = "rsa:2048", .issuer = "root"
    };
    cmg_trust *trust = NULL;
    cmg_error *err = NULL;

    cmg_certificate *ca = mint_bare(place.ctx, &root);
    cmg_certificate *whole = mint(place.ctx, &leaf);
    cmg_report *report = check_gateway(whole, NULL, NULL);
    ck_assert_uint_eq(cmg_report_count(report), 0);
    cmg_report_unref(report);
    cmg_certificate *bare = mint_bare(place.ctx, &leaf);
    report = check_gateway(bare, NULL, NULL);
    ck_assert(mint_report_has(report, CMG_FINDING_NO_ISSUER, CMG_SEVERITY_WARNING));
    char *text = text_of(report);
    ck_assert_ptr_nonnull(strstr(text, "CN=Root is not in it"));
    free(text);
    cmg_report_unref(report);
    /* With a trust list the judge of chains is asked as well. */
    ck_ok(cmg_trust_new(place.ctx, &trust, &err), err);
    report = check_gateway(whole, NULL, trust);
    ck_assert(!cmg_report_is_accepted(report));
    cmg_report_unref(report);
    ck_ok(cmg_trust_add_certificate(trust, ca, &err), err);
    report = check_gateway(whole, NULL, trust);
    text = text_of(report);
    ck_assert_msg(cmg_report_is_accepted(report), "%s", text);
    free(text);
    cmg_report_unref(report);
    cmg_trust_unref(trust);
    cmg_certificate_unref(bare);
    cmg_certificate_unref(whole);
    cmg_certificate_unref(ca);
}
END_TEST

/* The built-in web server's template, but its key must stay. */
static cmg_template *keeping_template(void)
{
    static const char may[] = "\"exportable\":true";
    cmg_template *tmpl = NULL;
    cmg_template *kept = NULL;
    cmg_bytes *json = NULL;
    cmg_error *err = NULL;
    char changed[8192];

    ck_ok(cmg_template_new_builtin(place.ctx, "web_server", &tmpl, &err), err);
    ck_ok(cmg_template_to_json(tmpl, &json, &err), err);
    const char *text = cmg_bytes_data(json);
    const char *at = strstr(text, may);
    ck_assert_ptr_nonnull(at);
    const int n = snprintf(changed, sizeof changed, "%.*s\"exportable\":false%s",
                           (int)(at - text), text, at + sizeof may - 1);
    ck_ok(cmg_template_new_from_json(place.ctx, "kept", changed, (size_t)n, &kept, &err),
          err);
    cmg_bytes_unref(json);
    cmg_template_unref(tmpl);
    return kept;
}

START_TEST(a_key_that_must_stay_is_refused)
{
    const cmg_csr_request request = { .size = sizeof request,
                                      .common_name = "gw1.contoso.com" };
    cmg_template *tmpl = keeping_template();
    cmg_authority *ca = NULL;
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_authority_new(place.ctx, "Root", &ca, &err), err);
    ck_ok(cmg_authority_issue_by_template(ca, tmpl, NULL, &request, 0, &cert, &err), err);
    cmg_report *report = check_gateway(cert, NULL, NULL);
    ck_assert(
        mint_report_has(report, CMG_FINDING_KEY_NOT_EXPORTABLE, CMG_SEVERITY_REFUSAL));
    cmg_report_unref(report);
    cmg_certificate_unref(cert);
    cmg_template_unref(tmpl);
    cmg_authority_unref(ca);
}
END_TEST

START_TEST(before_its_time_it_is_refused)
{
    const struct mint wanted = { .subject = NAME, .extensions = GOOD, .key = "rsa:2048" };
    const cmg_gateway_check_options options = { .size = sizeof options, .at_unix_s = 1 };
    cmg_certificate *cert = mint(place.ctx, &wanted);
    cmg_report *report = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_certificate_check_gateway(cert, &options, &report, &err), err);
    ck_assert(mint_report_has(report, CMG_FINDING_NOT_YET_VALID, CMG_SEVERITY_REFUSAL));
    cmg_report_unref(report);
    cmg_certificate_unref(cert);
}
END_TEST

START_TEST(options_are_looked_at)
{
    const struct mint wanted = { .subject = NAME, .extensions = GOOD };
    cmg_gateway_check_options options = { .size = 1 };
    cmg_certificate *cert = mint(place.ctx, &wanted);
    cmg_report *report = NULL;

    ck_assert_int_eq(cmg_certificate_check_gateway(cert, &options, &report, NULL),
                     CMG_E_ABI);
    ck_assert_int_eq(cmg_certificate_check_gateway(cert, NULL, &report, NULL),
                     CMG_E_INVAL);
    options.size = sizeof options;
    options.at_unix_s = -1;
    ck_assert_int_eq(cmg_certificate_check_gateway(cert, &options, &report, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_certificate_check_gateway(NULL, &options, &report, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_certificate_check_renewal(cert, NULL, &report, NULL),
                     CMG_E_INVAL);
    ck_assert_ptr_null(report);
    cmg_certificate_unref(cert);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway_rules");
    TCase *rules = tcase_create("rules");

    tcase_set_timeout(rules, 90);
    tcase_add_checked_fixture(rules, setup, teardown);
    tcase_add_loop_test(rules, each_rule_is_held, 0, (int)CMG__ARRAY_LEN(rule_cases));
    tcase_add_test(rules, a_wanted_name_must_be_carried);
    tcase_add_test(rules, a_chain_that_ends_early_names_what_is_missing);
    tcase_add_test(rules, a_key_that_must_stay_is_refused);
    tcase_add_test(rules, before_its_time_it_is_refused);
    tcase_add_test(rules, options_are_looked_at);
    suite_add_tcase(suite, rules);
    return support_run((Suite *const[]){ suite, NULL });
}
