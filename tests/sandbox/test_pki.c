/*
 * The sandbox's certification authority, asked by the library's own enrolment over HTTPS,
 * and by curl and openssl, which know nothing of this library.
 */
#include "live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmg/enrol.h>

#define CERTSRV "https://pki.contoso.com/certsrv"
#define EST     "https://pki.contoso.com/.well-known/est"

static struct live l;
static cmg_key *key;
static cmg_csr *csr;

static void setup(void)
{
    cmg_error *err = NULL;
    cmg_template *web = NULL;
    const char *const names[] = { "granitefalls.contoso.com", NULL };
    const cmg_csr_request request = { .size = sizeof request,
                                      .common_name = names[0],
                                      .dns_names = names };

    live_init(&l, NULL);
    ck_ok(cmg_key_generate(l.ctx, CMG_KEY_RSA_2048, &key, &err), err);
    ck_ok(cmg_template_new_builtin(l.ctx, "web_server", &web, &err), err);
    ck_ok(cmg_csr_new(l.ctx, web, key, &request, &csr, &err), err);
    cmg_template_unref(web);
}

static void teardown(void)
{
    cmg_csr_unref(csr);
    cmg_key_unref(key);
    live_done(&l);
}

static cmg_enrolment *enrol(void)
{
    cmg_enrolment *e = NULL;
    cmg_error *err = NULL;
    const char *secret = cmg_sandbox_client_secret(l.sandbox);

    ck_ok(cmg_enrolment_new(csr, &e, &err), err);
    ck_ok(cmg_enrolment_set_key(e, key, &err), err);
    ck_ok(cmg_enrolment_set_sign_in(e, CMG_SIGN_IN_BASIC,
                                    cmg_sandbox_client_id(l.sandbox), secret,
                                    strlen(secret), &err),
          err);
    ck_ok(cmg_enrolment_set_poll_interval_ms(e, 20, &err), err);
    ck_ok(cmg_enrolment_set_checkpoint_file(e, support_path("pki.enrol"), &err), err);
    return e;
}

/* openssl verifies the chain against the sandbox's authority. */
static void check_certificate(cmg_enrolment *e)
{
    cmg_bytes *pem = NULL;
    char *out = NULL;
    cmg_error *err = NULL;
    cmg_certificate *cert = cmg_enrolment_get_certificate(e);

    ck_assert_ptr_nonnull(cert);
    ck_assert(cmg_certificate_has_key(cert));
    ck_ok(cmg_certificate_export_pem(cert, &pem, &err), err);
    support_write_file(support_path("issued.pem"), cmg_bytes_data(pem),
                       cmg_bytes_size(pem));
    cmg_bytes_unref(pem);
    const char *const verify[] = { "openssl",
                                   "verify",
                                   "-x509_strict",
                                   "-purpose",
                                   "sslserver",
                                   "-verify_hostname",
                                   "granitefalls.contoso.com",
                                   "-CAfile",
                                   cmg_sandbox_ca_file(l.sandbox),
                                   support_path("issued.pem"),
                                   NULL };
    ck_assert_msg(support_command(verify, &out) == 0, "openssl says %s", out);
    free(out);
}

static const char *const certsrvs[] = { "https://pki.contoso.com", CERTSRV, CERTSRV "/",
                                        CERTSRV "-de" };

START_TEST(certsrv_issues_at_once)
{
    cmg_enrolment *e = enrol();
    cmg_error *err = NULL;

    ck_ok(cmg_enrolment_use_certsrv(e, certsrvs[_i], "WebServer", &err), err);
    ck_ok(cmg_enrolment_run(e, &err), err);
    check_certificate(e);
    ck_assert_str_eq(cmg_enrolment_request_id(e), "1");
    cmg_enrolment_unref(e);
}
END_TEST

static int decide_when_pending(cmg_enrolment *e, cmg_enrolment_state now,
                               const cmg_error *why, void *user)
{
    (void)why;
    if (now == CMG_ENROLMENT_PENDING)
        ck_assert_int_eq(cmg_sandbox_decide_request(l.sandbox,
                                                    cmg_enrolment_request_id(e),
                                                    *(const bool *)user, NULL),
                         CMG_OK);
    return 0;
}

static const struct {
    const char *url;
    bool approve;
} decisions[] = {
    { CERTSRV, true },
    { CERTSRV, false },
    { CERTSRV "-de", true },
    { CERTSRV "-de", false },
};

START_TEST(certsrv_waits_for_an_administrator)
{
    cmg_enrolment *e = enrol();
    cmg_error *err = NULL;
    bool approve = decisions[_i].approve;
    const cmg_enrolment_events events = { .size = sizeof events,
                                          .user = &approve,
                                          .on_state = decide_when_pending };

    ck_ok(cmg_enrolment_use_certsrv(e, decisions[_i].url, "ApprovedWebServer", &err),
          err);
    ck_ok(cmg_enrolment_set_events(e, &events, &err), err);
    if (approve) {
        ck_ok(cmg_enrolment_run(e, &err), err);
        check_certificate(e);
    } else {
        ck_assert_int_eq(cmg_enrolment_run(e, &err), CMG_E_DENIED);
        ck_assert_int_eq(cmg_enrolment_get_state(e), CMG_ENROLMENT_DENIED);
        ck_assert_ptr_nonnull(strstr(cmg_enrolment_message(e), "CONTOSO\\administrator"));
        cmg_error_unref(err);
    }
    cmg_enrolment_unref(e);
}
END_TEST

START_TEST(pending_enrolment_is_taken_up_by_another_process)
{
    cmg_error *err = NULL;
    cmg_enrolment *e = enrol();

    ck_ok(cmg_enrolment_use_certsrv(e, CERTSRV, "ApprovedWebServer", &err), err);
    ck_ok(cmg_enrolment_set_budget_ms(e, 300, &err), err);
    ck_assert_int_eq(cmg_enrolment_run(e, &err), CMG_E_TIMEOUT);
    cmg_error_unref(err);
    err = NULL;
    ck_assert_int_eq(cmg_enrolment_get_state(e), CMG_ENROLMENT_PENDING);
    cmg_enrolment_unref(e);
    ck_ok(cmg_sandbox_decide_request(l.sandbox, "1", true, &err), err);
    ck_assert_int_eq(cmg_sandbox_decide_request(l.sandbox, "1", true, NULL), CMG_E_STATE);
    ck_assert_int_eq(cmg_sandbox_decide_request(l.sandbox, "2", true, NULL),
                     CMG_E_NOTFOUND);
    e = enrol();
    ck_ok(cmg_enrolment_use_certsrv(e, CERTSRV, "ApprovedWebServer", &err), err);
    ck_ok(cmg_enrolment_run(e, &err), err);
    check_certificate(e);
    cmg_enrolment_unref(e);
}
END_TEST

static const struct {
    const char *template_name;
    const char *code;
} refusals[] = {
    { "DeniedWebServer", "0x80094012" },
    { "Unheard-of", "0x80094800" },
};

START_TEST(certsrv_denies_by_policy)
{
    cmg_enrolment *e = enrol();
    cmg_error *err = NULL;

    ck_ok(cmg_enrolment_use_certsrv(e, CERTSRV, refusals[_i].template_name, &err), err);
    ck_assert_int_eq(cmg_enrolment_run(e, &err), CMG_E_DENIED);
    ck_assert_str_eq(cmg_error_service_code(err), refusals[_i].code);
    cmg_error_unref(err);
    cmg_enrolment_unref(e);
}
END_TEST

START_TEST(wrong_password_is_refused)
{
    cmg_enrolment *e = enrol();
    cmg_error *err = NULL;

    ck_ok(cmg_enrolment_use_certsrv(e, CERTSRV, "WebServer", &err), err);
    ck_ok(cmg_enrolment_set_sign_in(e, CMG_SIGN_IN_BASIC,
                                    cmg_sandbox_client_id(l.sandbox), "wrong", 5, &err),
          err);
    ck_assert_int_eq(cmg_enrolment_run(e, &err), CMG_E_AUTH);
    ck_assert_ptr_nonnull(strstr(cmg_error_cause(err), "channel binding"));
    cmg_error_unref(err);
    cmg_enrolment_unref(e);
}
END_TEST

/* The answer of the n-th request is lost after the work was done. */
START_TEST(lost_answer_is_survived)
{
    cmg_enrolment *e = enrol();
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_inject(l.sandbox, NULL, "/certsrv/", (uint32_t)_i,
                             CMG_SANDBOX_FAULT_LOST_ANSWER, 0, &err),
          err);
    ck_ok(cmg_enrolment_use_certsrv(e, CERTSRV, "WebServer", &err), err);
    ck_ok(cmg_enrolment_run(e, &err), err);
    check_certificate(e);
    ck_assert_uint_eq(cmg_enrolment_orphan_count(e), _i == 1 ? 1 : 0);
    ck_assert_str_eq(cmg_enrolment_request_id(e), _i == 1 ? "2" : "1");
    cmg_enrolment_unref(e);
}
END_TEST

/* ---- EST ---- */

static const bool renewals[] = { false, true };

START_TEST(est_issues_at_once)
{
    cmg_enrolment *e = enrol();
    cmg_error *err = NULL;

    ck_ok(cmg_enrolment_use_est(e, "https://pki.contoso.com", renewals[_i], &err), err);
    ck_ok(cmg_enrolment_run(e, &err), err);
    check_certificate(e);
    ck_assert_ptr_nonnull(strstr(cmg_enrolment_message(e), "1.2.840.113549.1.9.7"));
    cmg_enrolment_unref(e);
}
END_TEST

static int approve_first(cmg_enrolment *e, cmg_enrolment_state now, const cmg_error *why,
                         void *user)
{
    (void)e;
    (void)why;
    (void)user;
    if (now == CMG_ENROLMENT_PENDING)
        ck_assert_int_eq(cmg_sandbox_decide_request(l.sandbox, "1", true, NULL), CMG_OK);
    return 0;
}

START_TEST(est_waits_for_an_administrator)
{
    cmg_enrolment *e = enrol();
    cmg_error *err = NULL;
    const cmg_enrolment_events events = { .size = sizeof events,
                                          .on_state = approve_first };

    ck_ok(cmg_enrolment_use_est(e, EST "/approval", false, &err), err);
    ck_ok(cmg_enrolment_set_events(e, &events, &err), err);
    ck_ok(cmg_enrolment_run(e, &err), err);
    check_certificate(e);
    /* One request was sent twice, and is one request. */
    ck_assert_int_eq(cmg_sandbox_decide_request(l.sandbox, "2", true, NULL),
                     CMG_E_NOTFOUND);
    cmg_enrolment_unref(e);
}
END_TEST

START_TEST(est_denies)
{
    cmg_enrolment *e = enrol();
    cmg_error *err = NULL;

    ck_ok(cmg_enrolment_use_est(e, EST "/denied", false, &err), err);
    ck_assert_int_eq(cmg_enrolment_run(e, &err), CMG_E_DENIED);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "does not issue"));
    cmg_error_unref(err);
    cmg_enrolment_unref(e);
}
END_TEST

/* curl and openssl as an EST client. */
START_TEST(est_server_serves_a_client_of_others)
{
    char *out = NULL;
    char script[2048];

    (void)snprintf(
        script, sizeof script,
        "set -e; cd %s; ca=%s; url=https://pki.contoso.com:%u/.well-known/est; "
        "curl='curl -sS --fail --cacert '$ca' --connect-to "
        "pki.contoso.com:%u:127.0.0.1:%u'; "
        "$curl $url/cacerts | base64 -di | openssl pkcs7 -inform DER -print_certs "
        "-out cas.pem; cmp -s <(openssl x509 -in cas.pem) <(openssl x509 -in $ca); "
        "openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -subj /CN=a.contoso.com "
        "-addext subjectAltName=DNS:a.contoso.com -outform DER -out r.der 2>/dev/null; "
        "base64 r.der > r.b64; printf 'user = \"%s:%s\"\\n' > c.conf; "
        "$curl -K c.conf -H 'Content-Type: application/pkcs10' --data-binary @r.b64 "
        "$url/simpleenroll | base64 -di | openssl pkcs7 -inform DER -print_certs -out "
        "a.pem; openssl verify -CAfile $ca a.pem; cmp <(openssl x509 -in a.pem -noout "
        "-pubkey) <(openssl pkey -in k.pem -pubout)",
        support_dir(), cmg_sandbox_ca_file(l.sandbox), cmg_sandbox_port(l.sandbox),
        cmg_sandbox_port(l.sandbox), cmg_sandbox_port(l.sandbox),
        cmg_sandbox_client_id(l.sandbox), cmg_sandbox_client_secret(l.sandbox));
    const char *const run[] = { "bash", "-c", script, NULL };
    ck_assert_msg(support_command(run, &out) == 0, "they say %s", out);
    ck_assert_ptr_nonnull(strstr(out, "a.pem: OK"));
    free(out);
}
END_TEST

/* ---- published files ---- */

START_TEST(published_file_is_served_and_replaced)
{
    struct live_reply reply;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_publish(l.sandbox, "/pki/a.json", "{\"n\":1}", 7, &err), err);
    ck_ok(cmg_sandbox_publish(l.sandbox, "/pki/a.json", "{\"n\":2}", 7, &err), err);
    live_ask(&l, "GET", "https://pki.contoso.com/pki/a.json", NULL, NULL, &reply);
    ck_assert_int_eq(reply.status, 200);
    ck_assert_int_eq(cmg__json_int(reply.body, "/n", 0), 2);
    live_reply_done(&reply);
    live_ask(&l, "GET", "https://pki.contoso.com/pki/b.json", NULL, NULL, &reply);
    ck_assert_int_eq(reply.status, 404);
    live_reply_done(&reply);
}
END_TEST

static const char *const bad_paths[] = { NULL,           "",         "/",
                                         "/other/a.crl", "/pki/",    "/pki//a",
                                         "/pki/a\r\n",   "/pki/a?b", "/pki/a b" };

START_TEST(file_goes_to_its_folder_only)
{
    ck_assert_int_eq(cmg_sandbox_publish(l.sandbox, bad_paths[_i], "x", 1, NULL),
                     CMG_E_INVAL);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("sandbox/pki");
    TCase *pki = tcase_create("authority");

    tcase_add_checked_fixture(pki, setup, teardown);
    tcase_set_timeout(pki, 60);
    tcase_add_loop_test(pki, certsrv_issues_at_once, 0, CMG__ARRAY_LEN(certsrvs));
    tcase_add_loop_test(pki, certsrv_waits_for_an_administrator, 0,
                        CMG__ARRAY_LEN(decisions));
    tcase_add_test(pki, pending_enrolment_is_taken_up_by_another_process);
    tcase_add_loop_test(pki, certsrv_denies_by_policy, 0, CMG__ARRAY_LEN(refusals));
    tcase_add_test(pki, wrong_password_is_refused);
    tcase_add_loop_test(pki, lost_answer_is_survived, 1, 4);
    tcase_add_loop_test(pki, est_issues_at_once, 0, CMG__ARRAY_LEN(renewals));
    tcase_add_test(pki, est_waits_for_an_administrator);
    tcase_add_test(pki, est_denies);
    tcase_add_test(pki, est_server_serves_a_client_of_others);
    tcase_add_test(pki, published_file_is_served_and_replaced);
    tcase_add_loop_test(pki, file_goes_to_its_folder_only, 0, CMG__ARRAY_LEN(bad_paths));
    suite_add_tcase(s, pki);
    return s;
}

int main(void)
{
    Suite *suites[] = { suite(), NULL };

    return support_run(suites);
}
