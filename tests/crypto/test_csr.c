/*
 * Certificate requests: what is written is read by openssl, what openssl writes is read
 * here; names are checked by rule; everything damaged is refused.
 */
#include "crypto/pki.h"

#include "crypto/csr.h"
#include "crypto/x509_data.h"

#include <stdlib.h>
#include <string.h>

static const char *const dns[] = { "gw.contoso.com", "*.gw.contoso.com", NULL };
static const char *const addresses[] = { "10.1.2.3", "2001:db8::1", NULL };
static const char *const upns[] = { "anna@contoso.com", NULL };
static const char *const uris[] = { "https://contoso.com/pc1", NULL };

/* Everything a template may say, so that everything is written. */
static struct cmg__x509_template full_template(void)
{
    struct cmg__x509_template t = *cmg__x509_builtin(CMG__PROFILE_WEB_SERVER);

    memcpy(t.enrolment_name, "CMGWebServer", sizeof "CMGWebServer");
    memcpy(t.eku[1], "1.3.6.1.4.1.99999.1", sizeof "1.3.6.1.4.1.99999.1");
    t.name_kinds |= CMG__NAME_UPN | CMG__NAME_URI;
    t.hash = CMG__OID_SHA384;
    return t;
}

static struct cmg__csr_request full_request(const struct cmg__x509_template *t,
                                            const struct cmg__key *key)
{
    return (struct cmg__csr_request){
        .template = t,
        .names = { .common_name = "granitefalls.contoso.com",
                   .organization = "Contoso, Ltd",
                   .organizational_unit = "Gateways",
                   .locality = "M\xc3\xbcnchen",
                   .state = "Bayern",
                   .country = "DE",
                   .dns_names = dns,
                   .ip_addresses = addresses,
                   .upns = upns,
                   .uris = uris },
        .key = key,
    };
}

static void write_csr(const struct pki *pki, const struct cmg__csr_request *request,
                      struct cmg__buf *der)
{
    cmg_error *err = NULL;

    cmg__buf_init(der, &pki->a.alloc, CMG__CSR_DER_MAX);
    ck_ok(cmg__csr_write(&pki->a.alloc, &pki->e.env, request, der, &err), err);
}

static char *openssl_text(const struct cmg__buf *der)
{
    char *out = NULL;
    const char *path = support_path("request.der");

    support_write_file(path, der->data, der->len);
    const char *const command[] = { "openssl",  "req",     "-inform", "DER",   "-in",
                                    path,       "-verify", "-noout",  "-text", "-utf8",
                                    "-nameopt", "utf8",    NULL };
    const int status = support_command(command, &out);
    ck_assert_msg(status == 0, "openssl says %s", out);
    return out;
}

START_TEST(openssl_reads_everything_that_is_asked_for)
{
    static const char *const wanted[] = {
        "verify OK",
        ("C=DE, ST=Bayern, L=M\xc3\xbcnchen, O=Contoso, Ltd, OU=Gateways, "
         "CN=granitefalls.contoso.com"),
        "Public-Key: (2048 bit)",
        "X509v3 Basic Constraints: critical",
        "CA:FALSE",
        "X509v3 Key Usage: critical",
        "Digital Signature, Key Encipherment",
        "TLS Web Server Authentication, 1.3.6.1.4.1.99999.1",
        "DNS:granitefalls.contoso.com, DNS:gw.contoso.com, DNS:*.gw.contoso.com",
        "IP Address:10.1.2.3, IP Address:2001:DB8:0:0:0:0:0:1",
        "othername: UPN::anna@contoso.com",
        "URI:https://contoso.com/pc1",
        "1.3.6.1.4.1.311.20.2:",
        "Signature Algorithm: sha384WithRSAEncryption",
    };
    struct pki pki;
    struct cmg__buf der;
    const struct cmg__x509_template t = full_template();

    pki_init(&pki, CMG__PROFILE_CLIENT);
    const struct cmg__csr_request request = full_request(&t, pki.leaf_key);
    write_csr(&pki, &request, &der);
    char *out = openssl_text(&der);
    for (size_t i = 0; i < CMG__ARRAY_LEN(wanted); i++)
        ck_assert_msg(strstr(out, wanted[i]) != NULL, "no %s in %s", wanted[i], out);
    free(out);
    cmg__buf_done(&der);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

START_TEST(what_is_written_reads_back_the_same)
{
    static const struct {
        enum cmg__gn_kind kind;
        const char *text;
    } names[] = {
        { CMG__GN_KIND_DNS, "granitefalls.contoso.com" },
        { CMG__GN_KIND_DNS, "gw.contoso.com" },
        { CMG__GN_KIND_DNS, "*.gw.contoso.com" },
        { CMG__GN_KIND_IP, "10.1.2.3" },
        { CMG__GN_KIND_IP, "2001:db8::1" },
        { CMG__GN_KIND_UPN, "anna@contoso.com" },
        { CMG__GN_KIND_URI, "https://contoso.com/pc1" },
    };
    struct pki pki;
    struct cmg__buf der;
    struct cmg__csr *csr = NULL;
    cmg_error *err = NULL;
    const struct cmg__x509_template t = full_template();

    pki_init(&pki, CMG__PROFILE_CLIENT);
    const struct cmg__csr_request request = full_request(&t, pki.leaf_key);
    write_csr(&pki, &request, &der);
    ck_ok(cmg__csr_parse(&pki.a.alloc, der.data, der.len, &csr, &err), err);
    ck_assert(csr->verified);
    ck_assert_str_eq(csr->subject_text,
                     "CN=granitefalls.contoso.com, OU=Gateways, O=Contoso\\, Ltd, "
                     "L=M\xc3\xbcnchen, ST=Bayern, C=DE");
    ck_assert_str_eq(csr->common_name, "granitefalls.contoso.com");
    ck_assert_str_eq(csr->key.description, "RSA 2048");
    ck_assert_str_eq(csr->template_name, "CMGWebServer");
    ck_assert_str_eq(csr->signature, "sha384WithRSAEncryption");
    ck_assert_uint_eq(csr->key_usage, 0xa0);
    ck_assert(csr->has_key_usage && !csr->wants_ca);
    ck_assert_uint_eq(csr->eku_count, 2);
    ck_assert_str_eq(csr->eku[0], "serverAuth");
    ck_assert_str_eq(csr->eku[1], "1.3.6.1.4.1.99999.1");
    ck_assert_uint_eq(csr->name_count, CMG__ARRAY_LEN(names));
    for (size_t i = 0; i < CMG__ARRAY_LEN(names); i++) {
        ck_assert_int_eq(csr->names[i].kind, names[i].kind);
        ck_assert_str_eq(csr->names[i].text, names[i].text);
    }
    cmg__csr_free(csr);
    cmg__buf_done(&der);
    pki_done(&pki);
}
END_TEST

START_TEST(the_same_randomness_gives_the_same_bytes)
{
    struct pki pki;
    struct cmg__buf first;
    struct cmg__buf second;
    const struct cmg__x509_template t = full_template();

    pki_init(&pki, CMG__PROFILE_CLIENT);
    const struct cmg__csr_request request = full_request(&t, pki.leaf_key);
    pki.e.seed = 7;
    write_csr(&pki, &request, &first);
    pki.e.seed = 7;
    write_csr(&pki, &request, &second);
    ck_assert_uint_eq(first.len, second.len);
    ck_assert_mem_eq(first.data, second.data, first.len);
    cmg__buf_done(&first);
    cmg__buf_done(&second);
    pki_done(&pki);
}
END_TEST

START_TEST(an_elliptic_curve_key_asks_for_no_key_encipherment)
{
    static const unsigned sizes[] = { 256, 384 };
    struct pki pki;
    struct cmg__buf der;
    struct cmg__key *key = NULL;
    cmg_error *err = NULL;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    ck_ok(cmg__key_generate(&pki.a.alloc, &pki.e.env, CMG__KEY_EC, sizes[_i], &key, &err),
          err);
    const struct cmg__csr_request request = {
        .template = cmg__x509_builtin(CMG__PROFILE_WEB_SERVER),
        .names = { .common_name = "gw.contoso.com" },
        .key = key,
    };
    write_csr(&pki, &request, &der);
    char *out = openssl_text(&der);
    ck_assert_ptr_nonnull(strstr(out, "Digital Signature\n"));
    ck_assert_ptr_nonnull(strstr(out, "ecdsa-with-SHA256"));
    ck_assert_ptr_nonnull(strstr(out, "verify OK"));
    free(out);
    cmg__key_free(key);
    cmg__buf_done(&der);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

START_TEST(without_a_subject_the_alternative_names_are_critical)
{
    struct pki pki;
    struct cmg__buf der;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    const struct cmg__csr_request request = {
        .template = cmg__x509_builtin(CMG__PROFILE_CLIENT),
        .names = { .upns = upns },
        .key = pki.leaf_key,
    };
    write_csr(&pki, &request, &der);
    char *out = openssl_text(&der);
    ck_assert_ptr_nonnull(strstr(out, "X509v3 Subject Alternative Name: critical"));
    free(out);
    cmg__buf_done(&der);
    pki_done(&pki);
    support_dir_done();
}
END_TEST

/* ---- requests of openssl ---- */

static const struct foreign {
    const char *key;       /* -newkey */
    const char *option;    /* -pkeyopt */
    const char *signature; /* as we call it */
} foreigners[] = {
    { "rsa:2048", "rsa_keygen_pubexp:65537", "sha256WithRSAEncryption" },
    { "rsa:3072", "rsa_keygen_pubexp:65537", "sha256WithRSAEncryption" },
    { "ec", "ec_paramgen_curve:P-256", "ecdsa-with-SHA256" },
    { "ec", "ec_paramgen_curve:P-384", "ecdsa-with-SHA256" },
};

START_TEST(a_request_of_openssl_is_read_and_verified)
{
    const struct foreign *c = &foreigners[_i];
    struct support_alloc a;
    struct cmg__csr *csr = NULL;
    cmg_error *err = NULL;
    char *out = NULL;
    size_t n = 0;

    support_alloc_init(&a);
    const char *path = support_path("theirs.pem");
    const char *const command[] = {
        "openssl", "req",
        "-new",    "-newkey",
        c->key,    "-pkeyopt",
        c->option, "-noenc",
        "-keyout", support_path("theirs.key"),
        "-out",    path,
        "-subj",   "/O=Fabrikam/CN=pc1.fabrikam.com",
        "-addext", "subjectAltName=DNS:pc1.fabrikam.com,email:a@fabrikam.com,IP:::1",
        "-addext", "extendedKeyUsage=clientAuth",
        NULL
    };
    const int status = support_command(command, &out);
    ck_assert_msg(status == 0, "openssl says %s", out);
    free(out);
    char *pem = support_read_file(path, &n);
    ck_ok(cmg__csr_parse(&a.alloc, pem, n, &csr, &err), err);
    ck_assert(csr->verified);
    ck_assert_str_eq(csr->subject_text, "CN=pc1.fabrikam.com, O=Fabrikam");
    ck_assert_str_eq(csr->signature, c->signature);
    ck_assert_uint_eq(csr->name_count, 3);
    ck_assert_str_eq(csr->names[0].text, "pc1.fabrikam.com");
    ck_assert_int_eq(csr->names[1].kind, CMG__GN_KIND_EMAIL);
    ck_assert_str_eq(csr->names[2].text, "::1");
    ck_assert_str_eq(csr->eku[0], "clientAuth");
    ck_assert_str_eq(csr->template_name, "");
    cmg__csr_free(csr);
    free(pem);
    ck_assert_uint_eq(a.live, 0);
    support_dir_done();
}
END_TEST

/* ---- what is refused ---- */

static const char *const wild[] = { "*.contoso.com", NULL };
static const char *const wild_top[] = { "*.com", NULL };
static const char *const umlaut[] = { "m\xc3\xbcnchen.de", NULL };
static const char *const address_as_name[] = { "10.0.0.1", NULL };
static const char *const bad_upn[] = { "anna", NULL };
static const char *const bad_uri[] = { "no scheme", NULL };
static const char *const bad_ip[] = { "gw.contoso.com", NULL };

static const struct refusal {
    enum cmg__x509_profile profile;
    struct cmg__x509_names names;
    const char *subject;
    const char *remedy; /* part of it */
} refusals[] = {
    { CMG__PROFILE_WEB_SERVER, { .dns_names = dns }, "common_name", "1 to 64" },
    { CMG__PROFILE_CLIENT, { .common_name = NULL }, "common_name", "alternative name" },
    { CMG__PROFILE_CLIENT, { .common_name = "" }, "common_name", "1 to 64" },
    { CMG__PROFILE_CLIENT, { .common_name = "a\nb" }, "common_name", "control" },
    { CMG__PROFILE_CLIENT, { .common_name = "\xff" }, "common_name", "UTF-8" },
    { CMG__PROFILE_CLIENT, { .common_name = "*.a.com" }, "common_name", "wildcard" },
    { CMG__PROFILE_WEB_SERVER, { .common_name = "*.com" }, "common_name", "two labels" },
    { CMG__PROFILE_CLIENT, { .common_name = "a", .country = "de" }, "country", "\"DE\"" },
    { CMG__PROFILE_CLIENT, { .common_name = "a", .country = "DEU" }, "country", "ISO" },
    { CMG__PROFILE_CLIENT, { .common_name = "a", .state = "" }, "state", "128" },
    { CMG__PROFILE_CLIENT,
      { .common_name = "a", .dns_names = wild },
      "dns_names",
      "no wildcard" },
    { CMG__PROFILE_WEB_SERVER,
      { .common_name = "a", .dns_names = wild_top },
      "dns_names",
      "two labels" },
    { CMG__PROFILE_WEB_SERVER,
      { .common_name = "a", .dns_names = umlaut },
      "dns_names",
      "A-labels" },
    { CMG__PROFILE_WEB_SERVER,
      { .common_name = "a", .dns_names = address_as_name },
      "dns_names",
      "ip_addresses" },
    { CMG__PROFILE_WEB_SERVER,
      { .common_name = "a", .upns = upns },
      "upns",
      "template that allows" },
    { CMG__PROFILE_CLIENT, { .common_name = "a", .upns = bad_upn }, "upns", "user@" },
    { CMG__PROFILE_CLIENT, { .common_name = "a", .uris = bad_uri }, "uris", "absolute" },
    { CMG__PROFILE_CLIENT,
      { .common_name = "a", .ip_addresses = bad_ip },
      "ip_addresses",
      "IPv4" },
    { CMG__PROFILE_ROOT, { .common_name = "a", .dns_names = dns }, "dns_names", "leave" },
};

START_TEST(names_that_cannot_be_are_refused_by_member)
{
    const struct refusal *c = &refusals[_i];
    struct pki pki;
    struct cmg__buf der;
    cmg_error *err = NULL;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    const struct cmg__csr_request request = {
        .template = cmg__x509_builtin(c->profile),
        .names = c->names,
        .key = pki.leaf_key,
    };
    cmg__buf_init(&der, &pki.a.alloc, CMG__CSR_DER_MAX);
    ck_assert_int_eq(cmg__csr_write(&pki.a.alloc, &pki.e.env, &request, &der, &err),
                     CMG_E_INVAL);
    ck_assert_uint_eq(der.len, 0);
    ck_assert_str_eq(cmg_error_subject(err), c->subject);
    ck_assert_msg(strstr(cmg_error_remedy(err), c->remedy) != NULL, "remedy is %s",
                  cmg_error_remedy(err));
    cmg_error_unref(err);
    cmg__buf_done(&der);
    pki_done(&pki);
}
END_TEST

START_TEST(a_key_that_the_template_does_not_allow_is_refused)
{
    struct pki pki;
    struct cmg__buf der;
    cmg_error *err = NULL;
    struct cmg__x509_template t = *cmg__x509_builtin(CMG__PROFILE_WEB_SERVER);

    t.rsa_bits_min = 3072;
    t.allows_ec = false;
    pki_init(&pki, CMG__PROFILE_CLIENT);
    const struct cmg__csr_request request = {
        .template = &t,
        .names = { .common_name = "gw.contoso.com" },
        .key = pki.leaf_key,
    };
    cmg__buf_init(&der, &pki.a.alloc, CMG__CSR_DER_MAX);
    ck_assert_int_eq(cmg__csr_write(&pki.a.alloc, &pki.e.env, &request, &der, &err),
                     CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "key");
    ck_assert_str_eq(cmg_error_remedy(err), "use RSA of at least 3072 bits");
    cmg_error_unref(err);
    cmg__buf_done(&der);
    pki_done(&pki);
}
END_TEST

/* Whatever byte is changed: it is refused, or its signature is not verified. */
START_TEST(every_changed_byte_is_noticed)
{
    struct pki pki;
    struct cmg__buf der;
    const struct cmg__x509_template t = full_template();

    pki_init(&pki, CMG__PROFILE_CLIENT);
    const struct cmg__csr_request request = full_request(&t, pki.leaf_key);
    write_csr(&pki, &request, &der);
    for (size_t i = 0; i < der.len; i++) {
        struct cmg__csr *csr = NULL;

        der.data[i] = (char)(der.data[i] ^ 0x04);
        if (cmg__csr_parse(&pki.a.alloc, der.data, der.len, &csr, NULL) == CMG_OK)
            ck_assert_msg(!csr->verified, "byte %zu", i);
        cmg__csr_free(csr);
        der.data[i] = (char)(der.data[i] ^ 0x04);
    }
    cmg__buf_done(&der);
    pki_done(&pki);
}
END_TEST

static const char *const rubbish[] = {
    "",
    "hello",
    "0",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
};

START_TEST(what_is_no_request_is_refused)
{
    struct support_alloc a;
    struct cmg__csr *csr = NULL;
    cmg_error *err = NULL;

    support_alloc_init(&a);
    ck_assert_int_eq(
        cmg__csr_parse(&a.alloc, rubbish[_i], strlen(rubbish[_i]), &csr, &err),
        CMG_E_PARSE);
    ck_assert_ptr_null(csr);
    ck_assert_str_eq(cmg_error_subject(err), "request");
    cmg_error_unref(err);
    ck_assert_uint_eq(a.live, 0);
}
END_TEST

static cmg_status live_once(struct support_alloc *a, void *user)
{
    const struct pki *pki = user;
    const struct cmg__x509_template t = full_template();
    const struct cmg__csr_request request = full_request(&t, pki->leaf_key);
    struct cmg__buf der;
    struct cmg__buf text;
    struct cmg__describe d;
    struct cmg__csr *csr = NULL;

    cmg__buf_init(&der, &a->alloc, CMG__CSR_DER_MAX);
    cmg__buf_init(&text, &a->alloc, CMG__DESCRIBE_MAX);
    cmg_status rc = cmg__csr_write(&a->alloc, &pki->e.env, &request, &der, NULL);
    if (rc == CMG_OK)
        rc = cmg__csr_parse(&a->alloc, der.data, der.len, &csr, NULL);
    if (rc == CMG_OK) {
        cmg__describe_init(&d, &text);
        cmg__csr_describe(csr, &d);
        rc = d.rc;
    }
    cmg__csr_free(csr);
    cmg__buf_done(&text);
    cmg__buf_done(&der);
    return rc;
}

START_TEST(requests_survive_every_failed_allocation)
{
    struct pki pki;

    pki_init(&pki, CMG__PROFILE_CLIENT);
    support_torture(live_once, &pki, 1);
    pki_done(&pki);
}
END_TEST

START_TEST(a_request_is_told_in_lines)
{
    static const char wanted[] =
        "Certificate request\n"
        "  subject               CN=granitefalls.contoso.com, OU=Gateways, O=Contoso\\, "
        "Ltd, L=M\xc3\xbcnchen, ST=Bayern, C=DE\n"
        "  public key            RSA 2048\n"
        "  DNS name              granitefalls.contoso.com\n"
        "  DNS name              gw.contoso.com\n"
        "  DNS name              *.gw.contoso.com\n"
        "  IP address            10.1.2.3\n"
        "  IP address            2001:db8::1\n"
        "  user principal name   anna@contoso.com\n"
        "  URI                   https://contoso.com/pc1\n"
        "  key usage             digitalSignature, keyEncipherment\n"
        "  extended key usage    serverAuth\n"
        "  extended key usage    1.3.6.1.4.1.99999.1\n"
        "  template              CMGWebServer\n"
        "  signature             sha384WithRSAEncryption, verified\n";
    struct pki pki;
    struct cmg__buf der;
    struct cmg__buf text;
    struct cmg__describe d;
    struct cmg__csr *csr = NULL;
    cmg_error *err = NULL;
    const struct cmg__x509_template t = full_template();

    pki_init(&pki, CMG__PROFILE_CLIENT);
    const struct cmg__csr_request request = full_request(&t, pki.leaf_key);
    write_csr(&pki, &request, &der);
    ck_ok(cmg__csr_parse(&pki.a.alloc, der.data, der.len, &csr, &err), err);
    cmg__buf_init(&text, &pki.a.alloc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &text);
    cmg__csr_describe(csr, &d);
    ck_assert_int_eq(d.rc, CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&text), wanted);
    cmg__buf_done(&text);
    cmg__csr_free(csr);
    cmg__buf_done(&der);
    pki_done(&pki);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csr");
    TCase *peer = tcase_create("openssl");
    TCase *form = tcase_create("form");
    TCase *bad = tcase_create("refused");

    tcase_set_timeout(peer, 60);
    tcase_set_timeout(bad, 60);
    tcase_add_test(peer, openssl_reads_everything_that_is_asked_for);
    tcase_add_loop_test(peer, an_elliptic_curve_key_asks_for_no_key_encipherment, 0, 2);
    tcase_add_test(peer, without_a_subject_the_alternative_names_are_critical);
    tcase_add_loop_test(peer, a_request_of_openssl_is_read_and_verified, 0,
                        (int)CMG__ARRAY_LEN(foreigners));
    tcase_add_test(form, what_is_written_reads_back_the_same);
    tcase_add_test(form, the_same_randomness_gives_the_same_bytes);
    tcase_add_test(form, a_request_is_told_in_lines);
    tcase_add_loop_test(bad, names_that_cannot_be_are_refused_by_member, 0,
                        (int)CMG__ARRAY_LEN(refusals));
    tcase_add_test(bad, a_key_that_the_template_does_not_allow_is_refused);
    tcase_add_test(bad, every_changed_byte_is_noticed);
    tcase_add_loop_test(bad, what_is_no_request_is_refused, 0,
                        (int)CMG__ARRAY_LEN(rubbish));
    tcase_add_test(bad, requests_survive_every_failed_allocation);
    suite_add_tcase(suite, peer);
    suite_add_tcase(suite, form);
    suite_add_tcase(suite, bad);
    return support_run((Suite *const[]){ suite, NULL });
}
