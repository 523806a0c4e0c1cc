/*
 * Requests of others: names and key are taken, everything else is the template's or is
 * refused by name. openssl makes the requests, and signs ours.
 */
#include "model/office.h"

#include <stdlib.h>
#include <string.h>

/* ---- requests of others ---- */

static cmg_csr *openssl_csr(struct office *p, const char *subject, const char *extension)
{
    cmg_csr *csr = NULL;
    cmg_error *err = NULL;
    size_t n = 0;
    char *out = NULL;
    const char *path = support_path("theirs.csr");
    const char *const command[] = { "openssl",
                                    "req",
                                    "-new",
                                    "-newkey",
                                    "ec",
                                    "-pkeyopt",
                                    "ec_paramgen_curve:P-256",
                                    "-noenc",
                                    "-keyout",
                                    support_path("theirs.key"),
                                    "-out",
                                    path,
                                    "-subj",
                                    subject,
                                    "-addext",
                                    extension,
                                    NULL };
    const int status = office_run(command, &out);
    ck_assert_msg(status == 0, "openssl says %s", out);
    free(out);
    char *pem = support_read_file(path, &n);
    ck_ok(cmg_csr_new_from_bytes(p->ctx, pem, n, &csr, &err), err);
    free(pem);
    return csr;
}

START_TEST(a_request_gets_names_and_nothing_else)
{
    struct office p;
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;
    char *out = NULL;

    office_init(&p);
    cmg_authority *ca = office_root(&p, NULL);
    cmg_template *t = office_template(&p, "web_server");
    cmg_csr *csr = openssl_csr(&p, "/O=Fabrikam/OU=Web/CN=Www.Fabrikam.com",
                               "extendedKeyUsage=codeSigning,anyExtendedKeyUsage");
    ck_ok(cmg_authority_sign(ca, csr, t, 0, &cert, &err), err);
    ck_assert(!cmg_certificate_has_key(cert));
    ck_assert_str_eq(cmg_certificate_subject(cert),
                     "CN=Www.Fabrikam.com, OU=Web, O=Fabrikam");
    ck_assert_uint_eq(cert->count, 2);
    const char *leaf = support_path("leaf.pem");
    const char *root = support_path("root.pem");
    office_write_pem(leaf, cert);
    office_write_pem(root, cmg_authority_certificate(ca));
    const char *const print[] = {
        "openssl", "x509", "-in", leaf, "-noout", "-text", NULL
    };
    ck_assert_int_eq(office_run(print, &out), 0);
    ck_assert_ptr_nonnull(strstr(out, "DNS:Www.Fabrikam.com"));
    ck_assert_ptr_nonnull(strstr(out, "TLS Web Server Authentication\n"));
    ck_assert_ptr_null(strstr(out, "Code Signing"));
    free(out);
    const char *const verify[] = { "openssl",   "verify",     "-x509_strict",
                                   "-attime",   "1795392001", "-purpose",
                                   "sslserver", "-CAfile",    root,
                                   leaf,        NULL };
    const int status = office_run(verify, &out);
    ck_assert_msg(status == 0, "openssl says %s", out);
    free(out);
    cmg_certificate_unref(cert);
    cmg_csr_unref(csr);
    cmg_template_unref(t);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

static const struct wish {
    const char *template;
    const char *subject;
    const char *extension;
    cmg_status status;
    const char *told; /* part of the message */
} wishes[] = {
    { "web_server", "/CN=a", "basicConstraints=CA:true", CMG_E_DENIED, "an authority" },
    { "web_server", "/CN=a", "subjectAltName=email:a@b.c", CMG_E_DENIED, "e-mail" },
    { "web_server", "/CN=a", "subjectAltName=RID:1.2.3", CMG_E_DENIED, "registered ID" },
    { "web_server", "/CN=a", "subjectAltName=otherName:1.2.3;UTF8:x", CMG_E_DENIED,
      "other name" },
    { "web_server", "/CN=a", "subjectAltName=URI:https://a", CMG_E_INVAL, "uris" },
    { "client_authentication", "/CN=a", "subjectAltName=DNS:*.b.c", CMG_E_INVAL,
      "*.b.c" },
    { "client_authentication", "/CN=*.b.c", "keyUsage=digitalSignature", CMG_E_INVAL,
      "*.b.c" },
    { "web_server", "/CN=a/CN=b", "keyUsage=digitalSignature", CMG_E_DENIED, "several" },
    { "web_server", "/CN=a/emailAddress=a@b.c", "keyUsage=digitalSignature", CMG_E_DENIED,
      ": E" },
    { "web_server", "/CN=a\\\\b", "keyUsage=digitalSignature", CMG_E_DENIED,
      "backslash" },
    { "web_server", "/O=a", "subjectAltName=DNS:a.b.c", CMG_E_INVAL, "common name" },
};

START_TEST(a_wish_that_is_not_granted_is_refused_by_name)
{
    const struct wish *c = &wishes[_i];
    struct office p;
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;
    size_t count = 1;

    office_init(&p);
    cmg_authority *ca = office_root(&p, NULL);
    cmg_template *t = office_template(&p, c->template);
    cmg_csr *csr = openssl_csr(&p, c->subject, c->extension);
    ck_assert_int_eq(cmg_authority_sign(ca, csr, t, 0, &cert, &err), c->status);
    ck_assert_ptr_null(cert);
    ck_assert_msg(strstr(cmg_error_message(err), c->told) != NULL, "it says %s",
                  cmg_error_message(err));
    cmg_error_unref(err);
    err = NULL;
    ck_ok(cmg_authority_refresh(ca, &count, &err), err);
    ck_assert_uint_eq(count, 0);
    cmg_csr_unref(csr);
    cmg_template_unref(t);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

START_TEST(a_subject_of_an_old_string_type_is_refused)
{
    static const uint8_t tags[] = { CMG__DER_T61_STRING, CMG__DER_BMP_STRING,
                                    CMG__DER_OCTET_STRING };
    struct office p;
    cmg_csr *csr = NULL;
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;
    const cmg_csr_request request = { .size = sizeof request, .common_name = "ab" };

    office_init(&p);
    cmg_authority *ca = office_root(&p, NULL);
    cmg_template *t = office_template(&p, "web_server");
    ck_ok(cmg_csr_new(p.ctx, t, p.key, &request, &csr, &err), err);
    /* After its signature was verified: the text's tag is the fourth from its end. */
    struct cmg__csr *inner = csr->csr;
    const size_t end = (size_t)(inner->subject.p - inner->der) + inner->subject.n;
    ck_assert_uint_eq(inner->der[end - 4], CMG__DER_UTF8_STRING);
    inner->der[end - 4] = tags[_i];
    ck_assert_int_eq(cmg_authority_sign(ca, csr, t, 0, &cert, &err), CMG_E_DENIED);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "no plain text: CN"));
    cmg_error_unref(err);
    err = NULL;
    inner->der[end - 4] = CMG__DER_PRINTABLE_STRING;
    ck_ok(cmg_authority_sign(ca, csr, t, 0, &cert, &err), err);
    cmg_certificate_unref(cert);
    cmg_csr_unref(csr);
    cmg_template_unref(t);
    cmg_authority_unref(ca);
    office_done(&p);
}
END_TEST

START_TEST(openssl_signs_our_request)
{
    static const char *const names[] = { "gw.contoso.com", NULL };
    const cmg_csr_request request = { .size = sizeof request,
                                      .common_name = "gw.contoso.com",
                                      .dns_names = names };
    struct office p;
    cmg_csr *csr = NULL;
    cmg_bytes *pem = NULL;
    cmg_error *err = NULL;
    char *out = NULL;

    office_init(&p);
    cmg_template *t = office_template(&p, "web_server");
    ck_ok(cmg_csr_new(p.ctx, t, p.key, &request, &csr, &err), err);
    ck_ok(cmg_csr_export_pem(csr, &pem, &err), err);
    const char *path = support_path("ours.csr");
    const char *key = support_path("their-ca.key");
    const char *ca = support_path("their-ca.pem");
    support_write_file(path, cmg_bytes_data(pem), cmg_bytes_size(pem));
    const char *const make[] = { "openssl",
                                 "req",
                                 "-x509",
                                 "-newkey",
                                 "ec",
                                 "-pkeyopt",
                                 "ec_paramgen_curve:P-256",
                                 "-noenc",
                                 "-keyout",
                                 key,
                                 "-out",
                                 ca,
                                 "-subj",
                                 "/CN=Their CA",
                                 NULL };
    ck_assert_int_eq(office_run(make, NULL), 0);
    const char *const sign[] = { "openssl", "x509",  "-req",   "-in", path,
                                 "-CA",     ca,      "-CAkey", key,   "-copy_extensions",
                                 "copyall", "-text", NULL };
    const int status = office_run(sign, &out);
    ck_assert_msg(status == 0, "openssl says %s", out);
    ck_assert_ptr_nonnull(strstr(out, "DNS:gw.contoso.com"));
    ck_assert_ptr_nonnull(strstr(out, "TLS Web Server Authentication"));
    free(out);
    cmg_bytes_unref(pem);
    cmg_csr_unref(csr);
    cmg_template_unref(t);
    office_done(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("authority_sign");
    TCase *made = tcase_create("signed");

    tcase_set_timeout(made, 60);
    tcase_add_test(made, a_request_gets_names_and_nothing_else);
    tcase_add_loop_test(made, a_wish_that_is_not_granted_is_refused_by_name, 0,
                        (int)CMG__ARRAY_LEN(wishes));
    tcase_add_loop_test(made, a_subject_of_an_old_string_type_is_refused, 0, 3);
    tcase_add_test(made, openssl_signs_our_request);
    suite_add_tcase(suite, made);
    return support_run((Suite *const[]){ suite, NULL });
}
