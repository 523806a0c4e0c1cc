/*
 * What a certificate says through its getters, and what cmg_inspect says of any bytes.
 * Files are made by openssl and compared with what was asked of it.
 */
#include "model/place.h"

#include <cmg/inspect.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTORS "/usr/lib/python3/dist-packages/cryptography_vectors/x509"

static const char config[] =
    "[req]\ndistinguished_name=dn\nx509_extensions=x\nreq_extensions=r\nprompt=no\n"
    "[dn]\nO=Contoso\nCN=gw.contoso.com\n"
    "[r]\nsubjectAltName=DNS:gw.contoso.com\n"
    "[x]\n"
    "basicConstraints=critical,CA:TRUE,pathlen:2\n"
    "keyUsage=critical,digitalSignature,keyCertSign\n"
    "extendedKeyUsage=serverAuth,1.2.3.4\n"
    "subjectKeyIdentifier=0102ab\n"
    "authorityKeyIdentifier=keyid:always\n"
    "subjectAltName=DNS:gw.contoso.com,IP:10.0.0.1,otherName:1.3.6.1.4.1.311.20.2.3;"
    "UTF8:user@contoso.com\n"
    "crlDistributionPoints=URI:http://contoso.com/1.crl,URI:ldap:///CN=1\n"
    "freshestCRL=URI:http://contoso.com/d.crl\n"
    "authorityInfoAccess=OCSP;URI:http://contoso.com/ocsp,"
    "caIssuers;URI:http://contoso.com/ca.crt\n"
    "certificatePolicies=1.2.3.4.5\n"
    "1.3.6.1.4.1.311.20.2=ASN1:BMP:WebServer\n"
    "1.2.3.4.6=ASN1:UTF8:unknown\n";

static struct place place;

static void run(const char *const *argv)
{
    char *out = NULL;
    const int status = support_command(argv, &out);

    ck_assert_msg(status == 0, "%s %s says %s", argv[0], argv[1], out);
    free(out);
}

/* Made once, for all tests. */
static char *key_text;

static void make_key(void)
{
    size_t n = 0;

    run((const char *[]){ "openssl", "genrsa", "-out", support_path("key.pem"), "2048",
                          NULL });
    key_text = support_read_file(support_path("key.pem"), &n);
    ck_assert_ptr_nonnull(key_text);
    support_dir_done();
}

static void forget_key(void)
{
    free(key_text);
}

static void make_files(void)
{
    support_write_file(support_path("config"), config, sizeof config - 1);
    support_write_file(support_path("key.pem"), key_text, strlen(key_text));
    run((const char *[]){ "openssl", "req", "-x509", "-new", "-config",
                          support_path("config"), "-key", support_path("key.pem"), "-out",
                          support_path("cert.pem"), "-set_serial", "0x01ab", NULL });
}

static char *read_made(const char *name, size_t *n)
{
    char *data = support_read_file(support_path(name), n);

    ck_assert_ptr_nonnull(data);
    return data;
}

static cmg_certificate *made_certificate(void)
{
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;
    size_t n = 0;
    char *pem = read_made("cert.pem", &n);

    ck_ok(cmg_certificate_new_from_bytes(place.ctx, pem, n, NULL, &cert, &err), err);
    free(pem);
    return cert;
}

static void setup(void)
{
    place_init(&place);
    make_files();
}

static void teardown(void)
{
    place_done(&place);
    support_dir_done();
}

START_TEST(getters_tell_what_was_asked_for)
{
    cmg_certificate *cert = made_certificate();

    ck_assert_uint_eq(cmg_certificate_chain_count(cert), 1);
    ck_assert_str_eq(cmg_certificate_serial(cert), "01ab");
    ck_assert_uint_eq(strlen(cmg_certificate_sha1(cert)), 40);
    ck_assert_str_eq(cmg_certificate_signature_algorithm(cert),
                     "sha256WithRSAEncryption");
    ck_assert_uint_eq(cmg_certificate_key_bits(cert), 2048);
    ck_assert_uint_eq(cmg_certificate_version(cert), 3);
    ck_assert(cmg_certificate_is_authority(cert));
    ck_assert_int_eq(cmg_certificate_path_length(cert), 2);
    ck_assert_uint_eq(cmg_certificate_key_usage(cert),
                      CMG_KEY_USAGE_DIGITAL_SIGNATURE | CMG_KEY_USAGE_KEY_CERT_SIGN);
    ck_assert_uint_eq(cmg_certificate_eku_count(cert), 2);
    ck_assert_str_eq(cmg_certificate_eku_at(cert, 0), "1.3.6.1.5.5.7.3.1");
    ck_assert_str_eq(cmg_certificate_eku_at(cert, 1), "1.2.3.4");
    ck_assert_str_eq(cmg_certificate_eku_at(cert, 2), "");
    ck_assert_uint_eq(cmg_certificate_policy_count(cert), 1);
    ck_assert_str_eq(cmg_certificate_policy_at(cert, 0), "1.2.3.4.5");
    ck_assert_str_eq(cmg_certificate_policy_at(cert, 1), "");
    ck_assert_str_eq(cmg_certificate_key_id(cert), "0102ab");
    ck_assert_str_eq(cmg_certificate_authority_key_id(cert), "0102ab");
    ck_assert_str_eq(cmg_certificate_template(cert), "WebServer");
    cmg_certificate_unref(cert);
}
END_TEST

START_TEST(getters_tell_every_name)
{
    static const struct {
        cmg_name_kind kind;
        const char *text;
    } want[] = { { CMG_NAME_DNS, "gw.contoso.com" },
                 { CMG_NAME_IP, "10.0.0.1" },
                 { CMG_NAME_UPN, "user@contoso.com" } };
    cmg_certificate *cert = made_certificate();

    ck_assert_uint_eq(cmg_certificate_name_count(cert), CMG__ARRAY_LEN(want));
    for (size_t i = 0; i < CMG__ARRAY_LEN(want); i++) {
        ck_assert_int_eq(cmg_certificate_name_kind(cert, i), want[i].kind);
        ck_assert_str_eq(cmg_certificate_name_at(cert, i), want[i].text);
    }
    ck_assert_int_eq((int)cmg_certificate_name_kind(cert, 3), 0);
    ck_assert_str_eq(cmg_certificate_name_at(cert, 3), "");
    cmg_certificate_unref(cert);
}
END_TEST

START_TEST(getters_tell_every_address)
{
    static const struct {
        cmg_url_kind kind;
        size_t count;
        const char *last;
    } want[] = { { CMG_URL_CRL, 2, "ldap:///CN=1" },
                 { CMG_URL_DELTA_CRL, 1, "http://contoso.com/d.crl" },
                 { CMG_URL_OCSP, 1, "http://contoso.com/ocsp" },
                 { CMG_URL_ISSUER, 1, "http://contoso.com/ca.crt" } };
    cmg_certificate *cert = made_certificate();

    for (size_t i = 0; i < CMG__ARRAY_LEN(want); i++) {
        const size_t n = want[i].count;

        ck_assert_uint_eq(cmg_certificate_url_count(cert, want[i].kind), n);
        ck_assert_str_eq(cmg_certificate_url_at(cert, want[i].kind, n - 1), want[i].last);
        ck_assert_str_eq(cmg_certificate_url_at(cert, want[i].kind, n), "");
    }
    ck_assert_uint_eq(cmg_certificate_url_count(cert, (cmg_url_kind)99), 0);
    ck_assert_str_eq(cmg_certificate_url_at(cert, (cmg_url_kind)99, 0), "");
    cmg_certificate_unref(cert);
}
END_TEST

START_TEST(getters_of_nothing_tell_nothing)
{
    ck_assert_uint_eq(cmg_certificate_chain_count(NULL), 0);
    ck_assert_str_eq(cmg_certificate_serial(NULL), "");
    ck_assert_str_eq(cmg_certificate_sha1(NULL), "");
    ck_assert_uint_eq(cmg_certificate_key_bits(NULL), 0);
    ck_assert_uint_eq(cmg_certificate_version(NULL), 0);
    ck_assert(!cmg_certificate_is_authority(NULL));
    ck_assert_int_eq(cmg_certificate_path_length(NULL), -1);
    ck_assert_uint_eq(cmg_certificate_key_usage(NULL), 0);
    ck_assert_uint_eq(cmg_certificate_eku_count(NULL), 0);
    ck_assert_str_eq(cmg_certificate_eku_at(NULL, 0), "");
    ck_assert_int_eq((int)cmg_certificate_name_kind(NULL, 0), 0);
    ck_assert_uint_eq(cmg_certificate_url_count(NULL, CMG_URL_CRL), 0);
    ck_assert_int_eq(cmg_certificate_describe(NULL, NULL, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_certificate_export_der(NULL, NULL, NULL), CMG_E_INVAL);
}
END_TEST

START_TEST(each_certificate_of_a_chain_is_given)
{
    static const char *const names[] = { "gw.contoso.com", NULL };
    const cmg_certificate_request request = { .size = sizeof request,
                                              .profile = CMG_PROFILE_WEB_SERVER,
                                              .common_name = names[0],
                                              .dns_names = names };
    cmg_authority *ca = NULL;
    cmg_certificate *leaf = NULL;
    cmg_certificate *one = NULL;
    cmg_bytes *der = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_authority_new(place.ctx, "Root", &ca, &err), err);
    ck_ok(cmg_authority_issue(ca, &request, &leaf, &err), err);
    ck_assert_uint_eq(cmg_certificate_chain_count(leaf), 2);
    ck_ok(cmg_certificate_chain_at(leaf, 1, &one, &err), err);
    ck_assert_str_eq(cmg_certificate_subject(one), "CN=Root");
    ck_assert_uint_eq(cmg_certificate_chain_count(one), 1);
    ck_ok(cmg_certificate_export_der(one, &der, &err), err);
    cmg_certificate_unref(one);
    ck_ok(cmg_certificate_new_from_bytes(place.ctx, cmg_bytes_data(der),
                                         cmg_bytes_size(der), NULL, &one, &err),
          err);
    ck_assert_str_eq(cmg_certificate_sha256(one),
                     cmg_certificate_sha256(cmg_authority_certificate(ca)));
    cmg_certificate_unref(one);
    ck_ok(cmg_certificate_chain_at(leaf, 0, &one, &err), err);
    ck_assert(!cmg_certificate_has_key(one) && cmg_certificate_has_key(leaf));
    cmg_certificate_unref(one);
    ck_assert_int_eq(cmg_certificate_chain_at(leaf, 2, &one, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "index");
    cmg_error_unref(err);
    cmg_bytes_unref(der);
    cmg_certificate_unref(leaf);
    cmg_authority_unref(ca);
}
END_TEST

/* What inspect says of a file; the caller frees. */
static char *inspect_file(const char *name, const char *password)
{
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;
    size_t n = 0;
    char *data = read_made(name, &n);

    ck_ok(cmg_inspect(place.ctx, data, n, password, &text, &err), err);
    char *copy = strndup(cmg_bytes_data(text), cmg_bytes_size(text));
    cmg_bytes_unref(text);
    free(data);
    return copy;
}

static void expect_said(const char *name, const char *password, const char *const *wants)
{
    char *text = inspect_file(name, password);

    for (; *wants != NULL; wants++)
        ck_assert_msg(strstr(text, *wants) != NULL, "%s: no \"%s\" in\n%s", name, *wants,
                      text);
    free(text);
}

START_TEST(a_certificate_is_described_whole)
{
    expect_said(
        "cert.pem", NULL,
        (const char *[]){
            "Certificate\n",
            "  subject               CN=gw.contoso.com, O=Contoso\n",
            "  serial number         01:ab\n",
            "  version               3\n",
            "  signature algorithm   sha256WithRSAEncryption\n",
            "  public key            RSA 2048\n",
            "    basicConstraints (critical)\n",
            "      authority             yes\n",
            "      path length           2\n",
            "      usage                 digitalSignature, keyCertSign\n",
            "      purpose               serverAuth (1.3.6.1.5.5.7.3.1)\n",
            "      purpose               1.2.3.4\n",
            "      DNS name              gw.contoso.com\n",
            "      IP address            10.0.0.1\n",
            "      user principal name   user@contoso.com\n",
            "    subjectKeyIdentifier\n      identifier            01:02:ab\n",
            "      URI                   http://contoso.com/1.crl\n",
            "      OCSP                  http://contoso.com/ocsp\n",
            "      caIssuers             http://contoso.com/ca.crt\n",
            "      policy                1.2.3.4.5\n",
            "    certificateTemplateName\n      text                  WebServer\n",
            "    1.2.3.4.6\n      size                  9 bytes\n"
            "      content               0c:07:75:6e:6b:6e:6f:77:6e\n",
            NULL });
}
END_TEST

static void make_kinds(void)
{
    char key[256];
    char cert[256];

    /* support_path lends its buffers for a few calls only */
    (void)snprintf(key, sizeof key, "%s", support_path("key.pem"));
    (void)snprintf(cert, sizeof cert, "%s", support_path("cert.pem"));
    run((const char *[]){ "openssl", "x509", "-in", cert, "-outform", "DER", "-out",
                          support_path("cert.der"), NULL });
    run((const char *[]){ "openssl", "req", "-new", "-key", key, "-config",
                          support_path("config"), "-out", support_path("csr.pem"),
                          NULL });
    run((const char *[]){ "openssl", "pkcs12", "-export", "-inkey", key, "-in", cert,
                          "-passout", "pass:secret", "-out", support_path("x.pfx"),
                          NULL });
    run((const char *[]){ "openssl", "crl2pkcs7", "-nocrl", "-certfile", cert, "-out",
                          support_path("x.p7b"), NULL });
    run((const char *[]){ "openssl", "pkcs8", "-topk8", "-in", key, "-passout",
                          "pass:secret", "-out", support_path("encrypted.pem"), NULL });
    run((const char *[]){ "openssl", "rsa", "-in", key, "-traditional", "-aes128",
                          "-passout", "pass:secret", "-out", support_path("old.pem"),
                          NULL });
    run((const char *[]){ "openssl", "rsa", "-in", key, "-outform", "DER", "-out",
                          support_path("key.der"), NULL });
    run((const char *[]){ "openssl", "pkey", "-in", key, "-pubout", "-out",
                          support_path("public.pem"), NULL });
    run((const char *[]){ "openssl", "dhparam", "-dsaparam", "-out",
                          support_path("dh.pem"), "512", NULL });
    run((const char *[]){ "sh", "-c", "cat \"$1\" \"$2\" \"$3\" > \"$4\"", "sh", cert,
                          key, support_path("csr.pem"), support_path("all.pem"), NULL });
}

START_TEST(each_kind_is_recognised)
{
    make_kinds();
    expect_said("cert.der", NULL, (const char *[]){ "Certificate\n", "01:ab", NULL });
    expect_said(
        "csr.pem", NULL,
        (const char *[]){ "equest", "CN=gw.contoso.com, O=Contoso", "DNS name", NULL });
    expect_said("x.pfx", "secret",
                (const char *[]){ "PFX", "CN=gw.contoso.com", "RSA 2048", NULL });
    expect_said("x.p7b", NULL,
                (const char *[]){ "PKCS#7, certificates: 1\n  Certificate\n", NULL });
    expect_said("key.pem", NULL, (const char *[]){ "Private key\n", "RSA 2048\n", NULL });
    expect_said("key.der", NULL, (const char *[]){ "Private key\n", "RSA 2048\n", NULL });
    expect_said("encrypted.pem", NULL, (const char *[]){ "kind", "encrypted, ", NULL });
    expect_said("encrypted.pem", "secret", (const char *[]){ "RSA 2048\n", NULL });
    expect_said("old.pem", NULL,
                (const char *[]){ "RSA PRIVATE KEY\n", "bytes, encrypted\n", NULL });
    expect_said("public.pem", NULL,
                (const char *[]){ "Public key\n", "RSA 2048\n", NULL });
    expect_said("dh.pem", NULL, (const char *[]){ "DH PARAMETERS\n", "bytes\n", NULL });
    expect_said("all.pem", NULL,
                (const char *[]){ "Certificate\n", "Private key\n", "equest", NULL });
}
END_TEST

/* The key's own numbers never come out. */
START_TEST(of_a_key_nothing_but_kind_and_size_is_told)
{
    char *text = inspect_file("key.pem", NULL);

    ck_assert_str_eq(text, "Private key\n  kind                  RSA 2048\n");
    free(text);
}
END_TEST

static const struct refusal {
    const char *data;
    size_t n; /* 0: strlen */
    cmg_status status;
    const char *cause;
} refusals[] = {
    { "", 0, CMG_E_PARSE, "this is nothing" },
    { "hello", 0, CMG_E_PARSE, "this is something that is not known here" },
    { "<html></html>", 0, CMG_E_PARSE, "this is a web page" },
    { "{}", 0, CMG_E_PARSE, "this is JSON text" },
    { "\xff\xfe-\0", 4, CMG_E_PARSE, "this is text in UTF-16" },
    { "ssh-rsa AAAA", 0, CMG_E_PARSE, "this is an SSH key" },
    { "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", 0, CMG_E_PARSE,
      "block 1 of the PEM text is damaged" },
    { "-----BEGIN X-----\nAAAA\n-----END X-----\n-----BEGIN CERTIFICATE-----\n"
      "MAQwAjAA\n-----END CERTIFICATE-----\n",
      0, CMG_OK, NULL },
};

START_TEST(what_is_none_of_these_is_named)
{
    const struct refusal *c = &refusals[_i];
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;

    const cmg_status rc = cmg_inspect(
        place.ctx, c->data, c->n > 0 ? c->n : strlen(c->data), NULL, &text, &err);
    ck_assert_int_eq(rc, c->status);
    if (c->cause != NULL) {
        ck_assert_str_eq(cmg_error_message(err), c->cause);
        ck_assert_str_ne(cmg_error_remedy(err), "");
        ck_assert_str_eq(cmg_error_subject(err), "data");
    }
    cmg_error_unref(err);
    cmg_bytes_unref(text);
}
END_TEST

START_TEST(arguments_are_looked_at)
{
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg_inspect(NULL, "x", 1, NULL, &text, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_inspect(place.ctx, NULL, 1, NULL, &text, &err), CMG_E_INVAL);
    ck_assert_int_eq(
        cmg_inspect(place.ctx, "x", ((size_t)64 << 20) + 1, NULL, &text, &err),
        CMG_E_LIMIT);
    ck_assert_str_eq(cmg_error_subject(err), "size");
    cmg_error_unref(err);
    ck_assert_ptr_null(text);
}
END_TEST

START_TEST(a_wrong_password_is_said_so)
{
    cmg_bytes *text = NULL;
    size_t n = 0;

    make_kinds();
    char *pfx = read_made("x.pfx", &n);
    ck_assert_int_eq(cmg_inspect(place.ctx, pfx, n, "wrong", &text, NULL), CMG_E_AUTH);
    free(pfx);
    char *key = read_made("encrypted.pem", &n);
    ck_assert_int_eq(cmg_inspect(place.ctx, key, n, "wrong", &text, NULL), CMG_E_AUTH);
    free(key);
}
END_TEST

struct bundle {
    char *data;
    size_t n;
};

static cmg_status inspect_once(struct support_alloc *a, void *user)
{
    const struct bundle *bundle = user;
    cmg_context *ctx = NULL;
    cmg_bytes *text = NULL;
    cmg_certificate *cert = NULL;
    cmg_status rc = cmg_context_new(&a->alloc.table, &ctx, NULL);

    if (rc == CMG_OK)
        rc = cmg_inspect(ctx, bundle->data, bundle->n, NULL, &text, NULL);
    cmg_bytes_unref(text);
    text = NULL;
    if (rc == CMG_OK)
        rc = cmg_certificate_new_from_bytes(ctx, bundle->data, bundle->n, NULL, &cert,
                                            NULL);
    if (rc == CMG_OK)
        rc = cmg_certificate_describe(cert, &text, NULL);
    cmg_bytes_unref(text);
    cmg_certificate_unref(cert);
    cmg_context_unref(ctx);
    return rc;
}

START_TEST(running_out_of_memory_leaves_nothing_behind)
{
    struct bundle bundle = { .data = NULL };

    make_kinds();
    bundle.data = read_made("all.pem", &bundle.n);
    support_torture(inspect_once, &bundle, 1);
    free(bundle.data);
}
END_TEST

/* Every line begins with blanks in pairs and goes on with something. */
static void expect_lines(const char *path, const char *text)
{
    while (*text != '\0') {
        const size_t blanks = strspn(text, " ");
        const char *end = strchr(text, '\n');

        ck_assert_msg(end != NULL && blanks % 2 == 0 && text + blanks < end,
                      "%s: a line that is none: %.60s", path, text);
        text = end + 1;
    }
}

static size_t inspect_listed(const char *list)
{
    size_t told = 0;

    for (const char *at = list; *at != '\0';) {
        char path[512];
        cmg_bytes *text = NULL;
        size_t n = 0;
        const size_t len = strcspn(at, "\n");

        (void)snprintf(path, sizeof path, "%.*s", (int)len, at);
        at += len + (at[len] == '\n');
        char *data = support_read_file(path, &n);
        const cmg_status rc = cmg_inspect(place.ctx, data, n, NULL, &text, NULL);
        free(data);
        if (rc != CMG_OK) {
            ck_assert_msg(rc == CMG_E_PARSE || rc == CMG_E_UNSUPPORTED ||
                              rc == CMG_E_AUTH,
                          "%s: %s", path, cmg_status_name(rc));
            continue;
        }
        told++;
        char *copy = strndup(cmg_bytes_data(text), cmg_bytes_size(text));
        ck_assert_uint_eq(strlen(copy), cmg_bytes_size(text));
        expect_lines(path, copy);
        free(copy);
        cmg_bytes_unref(text);
    }
    return told;
}

START_TEST(every_file_of_debians_vectors_is_told_or_refused)
{
    char *list = NULL;

    ck_assert_int_eq(
        support_command((const char *[]){ "find", VECTORS, "-name", "*.crt", "-o",
                                          "-name", "*.pem", "-o", "-name", "*.der", "-o",
                                          "-name", "*.crl", NULL },
                        &list),
        0);
    ck_assert_uint_ge(inspect_listed(list), 600);
    free(list);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("inspect");
    TCase *tcase = tcase_create("inspect");

    tcase_set_timeout(tcase, 100);
    tcase_add_unchecked_fixture(tcase, make_key, forget_key);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, getters_tell_what_was_asked_for);
    tcase_add_test(tcase, getters_tell_every_name);
    tcase_add_test(tcase, getters_tell_every_address);
    tcase_add_test(tcase, getters_of_nothing_tell_nothing);
    tcase_add_test(tcase, each_certificate_of_a_chain_is_given);
    tcase_add_test(tcase, a_certificate_is_described_whole);
    tcase_add_test(tcase, each_kind_is_recognised);
    tcase_add_test(tcase, of_a_key_nothing_but_kind_and_size_is_told);
    tcase_add_loop_test(tcase, what_is_none_of_these_is_named, 0,
                        (int)CMG__ARRAY_LEN(refusals));
    tcase_add_test(tcase, arguments_are_looked_at);
    tcase_add_test(tcase, a_wrong_password_is_said_so);
    tcase_add_test(tcase, running_out_of_memory_leaves_nothing_behind);
    tcase_add_test(tcase, every_file_of_debians_vectors_is_told_or_refused);
    suite_add_tcase(suite, tcase);
    return support_run((Suite *const[]){ suite, NULL });
}
