/* Hand-over to Windows: the INF text and the command lines, and what comes back. */
#include "desk.h"

#include <stdlib.h>
#include <string.h>

static const char *const dns[] = { "granitefalls.contoso.com", "*.contoso.com", NULL };
static const char *const ips[] = { "192.0.2.1", NULL };

START_TEST(inf_text_is_what_certreq_reads)
{
    struct desk d;
    struct desk_rule rules[] = { { 0 } };
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;
    const cmg_certreq request = {
        .size = sizeof request,
        .subject = "CN=granitefalls.contoso.com, O=Contoso",
        .template_name = "CMGWebServer",
        .friendly_name = "CMG server",
        .dns_names = dns,
        .ip_addresses = ips,
    };
    desk_init(&d, rules);

    ck_ok(cmg_certreq_format_inf(d.ctx, &request, &text, &err), err);
    ck_assert_str_eq(
        cmg_bytes_data(text),
        "[Version]\r\nSignature=\"$Windows NT$\"\r\n\r\n[NewRequest]\r\n"
        "Subject=\"CN=granitefalls.contoso.com, O=Contoso\"\r\nExportable=TRUE\r\n"
        "KeyLength=2048\r\nKeySpec=1\r\nKeyUsage=0xA0\r\nMachineKeySet=TRUE\r\n"
        "ProviderName=\"Microsoft RSA SChannel Cryptographic Provider\"\r\n"
        "RequestType=PKCS10\r\nHashAlgorithm=SHA256\r\nSMIME=FALSE\r\n"
        "FriendlyName=\"CMG server\"\r\n\r\n[EnhancedKeyUsageExtension]\r\n"
        "OID=1.3.6.1.5.5.7.3.1\r\n\r\n[Extensions]\r\n2.5.29.17=\"{text}\"\r\n"
        "_continue_=\"dns=granitefalls.contoso.com&\"\r\n"
        "_continue_=\"dns=*.contoso.com&\"\r\n_continue_=\"ipaddress=192.0.2.1&\"\r\n"
        "\r\n[RequestAttributes]\r\nCertificateTemplate=\"CMGWebServer\"\r\n");
    cmg_bytes_unref(text);
    desk_done(&d);
}
END_TEST

static const char *const evil[] = { "a&dns=evil", NULL };
static const char *const dotted[] = { "1.2.3\r\nx", NULL };

static const struct {
    cmg_certreq request;
    const char *subject;
} bad[] = {
    { { .size = sizeof(cmg_certreq) }, "subject" },
    { { .size = sizeof(cmg_certreq), .subject = "CN=a\"" }, "subject" },
    { { .size = sizeof(cmg_certreq), .subject = "CN=%a%" }, "subject" },
    { { .size = sizeof(cmg_certreq), .subject = "CN=a\r\nExportable=TRUE" }, "subject" },
    { { .size = sizeof(cmg_certreq), .subject = "CN=\xc3\xa4" }, "subject" },
    { { .size = sizeof(cmg_certreq), .subject = "CN=a", .template_name = "\"" },
      "template_name" },
    { { .size = sizeof(cmg_certreq), .subject = "CN=a", .dns_names = evil },
      "dns_names" },
    { { .size = sizeof(cmg_certreq), .subject = "CN=a", .ip_addresses = evil },
      "ip_addresses" },
    { { .size = sizeof(cmg_certreq), .subject = "CN=a", .eku = dotted }, "eku" },
    { { .size = sizeof(cmg_certreq), .subject = "CN=a", .key_bits = 1024 }, "key_bits" },
};

START_TEST(inf_text_cannot_be_broken_out_of)
{
    struct desk d;
    struct desk_rule rules[] = { { 0 } };
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;
    desk_init(&d, rules);

    ck_assert_int_eq(cmg_certreq_format_inf(d.ctx, &bad[_i].request, &text, &err),
                     CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), bad[_i].subject);
    ck_assert_ptr_null(text);
    cmg_error_unref(err);
    desk_done(&d);
}
END_TEST

START_TEST(commands_are_quoted)
{
    struct desk d;
    struct desk_rule rules[] = { { 0 } };
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;
    desk_init(&d, rules);

    ck_ok(cmg_certreq_submit_command(d.ctx, "CA01\\Contoso CA & Co", "Web", "C:\\a b\\",
                                     "out.cer", &text, &err),
          err);
    ck_assert_str_eq(cmg_bytes_data(text),
                     "certreq -submit -config \"CA01\\Contoso CA & Co\" -attrib "
                     "\"CertificateTemplate:Web\" \"C:\\a b\\\\\" \"out.cer\"");
    cmg_bytes_unref(text);
    text = NULL;
    ck_ok(cmg_certreq_retrieve_command(d.ctx, "CA01\\Contoso CA", "12", "out.cer", &text,
                                       &err),
          err);
    ck_assert_str_eq(cmg_bytes_data(text),
                     "certreq -retrieve -config \"CA01\\Contoso CA\" 12 \"out.cer\"");
    cmg_bytes_unref(text);
    text = NULL;
    ck_assert_int_eq(cmg_certreq_retrieve_command(d.ctx, "CA01\\Contoso CA", "12 & calc",
                                                  "out.cer", &text, NULL),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_certreq_submit_command(d.ctx, "CA01\\CA", "Web",
                                                "a.csr\" & calc \"", "out.cer", &text,
                                                NULL),
                     CMG_E_INVAL);
    ck_assert_ptr_null(text);
    desk_done(&d);
}
END_TEST

/* ---- the answer ---- */

enum form { PEM, DER, PKCS7, FORMS };

static void answer_as(struct desk *d, enum form form, struct cmg__buf *out)
{
    struct cmg__x509_info info;

    cmg__x509_info(d->pki.leaf, &info);
    if (form == PKCS7) {
        desk_pkcs7(d, out);
        return;
    }
    cmg__buf_init(out, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(form == PEM ? cmg__buf_add_str(out, desk_leaf_pem(d))
                                 : cmg__buf_add(out, info.der, info.der_len),
                     CMG_OK);
}

START_TEST(answer_is_taken_in_any_form_and_kept)
{
    struct desk d;
    struct desk_rule rules[] = { { 0 } };
    struct cmg__buf answer;
    cmg_error *err = NULL;
    desk_init(&d, rules);
    answer_as(&d, (enum form)_i, &answer);

    ck_ok(cmg_enrolment_accept(d.e, answer.data, answer.len, &err), err);
    for (unsigned again = 0; again < 2; again++) {
        ck_assert_int_eq(cmg_enrolment_get_state(d.e), CMG_ENROLMENT_ISSUED);
        ck_assert_str_eq(cmg_certificate_common_name(cmg_enrolment_get_certificate(d.e)),
                         "granitefalls.contoso.com");
        ck_assert_int_eq(cmg_enrolment_accept(d.e, answer.data, answer.len, NULL),
                         CMG_E_STATE);
        desk_again(&d);
        ck_ok(cmg_enrolment_accept(d.e, answer.data, answer.len, &err), err);
    }
    cmg__buf_done(&answer);
    desk_done(&d);
}
END_TEST

START_TEST(answer_for_another_request_is_refused)
{
    struct desk d;
    struct desk_rule rules[] = { { 0 } };
    cmg_error *err = NULL;
    desk_init(&d, rules);
    char *root = pki_pem(d.pki.root);

    ck_assert_int_eq(cmg_enrolment_accept(d.e, root, strlen(root), &err), CMG_E_CERT);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "for the key of the request"));
    cmg_error_unref(err);
    ck_assert_int_eq(cmg_enrolment_accept(d.e, "nothing", 7, NULL), CMG_E_PARSE);
    ck_assert_int_eq(cmg_enrolment_accept(d.e, root, (size_t)2 << 20, NULL), CMG_E_LIMIT);
    ck_assert_int_eq(cmg_enrolment_get_state(d.e), CMG_ENROLMENT_IDLE);
    free(root);
    desk_done(&d);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("certreq");
    TCase *text = tcase_create("texts");
    TCase *answer = tcase_create("answers");

    tcase_add_test(text, inf_text_is_what_certreq_reads);
    tcase_add_loop_test(text, inf_text_cannot_be_broken_out_of, 0, CMG__ARRAY_LEN(bad));
    tcase_add_test(text, commands_are_quoted);
    tcase_add_loop_test(answer, answer_is_taken_in_any_form_and_kept, 0, FORMS);
    tcase_add_test(answer, answer_for_another_request_is_refused);
    suite_add_tcase(s, text);
    suite_add_tcase(s, answer);
    return s;
}

int main(void)
{
    Suite *suites[] = { suite(), NULL };

    return support_run(suites);
}
