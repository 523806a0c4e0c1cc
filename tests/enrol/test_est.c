/* EST with canned answers. The real protocol is in tests/sandbox. */
#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "crypto/pkcs7.h"
#include "enrol/est.h"

static struct cmg__buf leaf_p7, root_p7;

/* As EST servers send it: base64 in lines. */
static void encode(struct cmg__x509 *cert, struct cmg__buf *out)
{
    struct cmg__buf der;
    struct cmg__buf digits;

    cmg__buf_init(&der, &cmg__alloc_libc, 1 << 20);
    cmg__buf_init(&digits, &cmg__alloc_libc, 1 << 20);
    cmg__buf_init(out, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(cmg__pkcs7_write(&cmg__alloc_libc, &cert, 1, &der), CMG_OK);
    ck_assert_int_eq(cmg__base64_encode(&digits, der.data, der.len), CMG_OK);
    for (size_t at = 0; at < digits.len; at += 76)
        ck_assert_int_eq(cmg__buf_addf(out, "%.76s\r\n", digits.data + at), CMG_OK);
    cmg__buf_done(&der);
    cmg__buf_done(&digits);
}

static void use(struct desk *d, bool renew)
{
    cmg_error *err = NULL;

    ck_ok(cmg_enrolment_use_est(d->e, "https://est.contoso.com/", renew, &err), err);
}

static void begin(struct desk *d, struct desk_rule *rules)
{
    desk_init(d, rules);
    use(d, false);
    encode(d->pki.leaf, &leaf_p7);
    encode(d->pki.root, &root_p7);
    for (struct desk_rule *r = rules; r->what != NULL; r++) {
        if (r->status == 200 && r->body == NULL)
            r->body = strstr(r->what, "cacerts") != NULL ? root_p7.data : leaf_p7.data;
    }
}

static void end(struct desk *d)
{
    cmg__buf_done(&leaf_p7);
    cmg__buf_done(&root_p7);
    desk_done(d);
}

#define WISHES(s, b) DESK_ANSWER("GET /.well-known/est/csrattrs", 0, s, NULL, b)
#define CHAIN        DESK_ANSWER("GET /.well-known/est/cacerts", 0, 200, NULL, NULL)
#define ENROL        DESK_ANSWER("POST /.well-known/est/simpleenroll", 0, 200, NULL, NULL)
#define NO_WISHES    WISHES(204, "")

static size_t count_certificates(struct desk *d)
{
    cmg_bytes *pem = NULL;
    size_t count = 0;
    cmg_certificate *cert = cmg_enrolment_get_certificate(d->e);

    ck_assert_int_eq(cmg_certificate_export_pem(cert, &pem, NULL), CMG_OK);
    for (const char *p = cmg_bytes_data(pem); (p = strstr(p, "BEGIN")) != NULL; p++)
        count++;
    cmg_bytes_unref(pem);
    return count;
}

START_TEST(certificate_comes_with_the_chain_of_the_server)
{
    struct desk d;
    /* challengePassword, and an attribute with extensions in it */
    struct desk_rule rules[] = {
        WISHES(200, "MCQGCSqGSIb3DQEJBzAXBgkqhkiG9w0BCQ4xCgYIKoZIzj0EAwI=\r\n"),
        CHAIN,
        ENROL,
        { 0 }
    };
    begin(&d, rules);

    desk_start(&d);
    desk_drive_until_sent(&d, 3);
    ck_assert_ptr_nonnull(strstr(d.fields, "Content-Type: application/pkcs10\n"));
    ck_assert_ptr_nonnull(strstr(d.fields, "Content-Transfer-Encoding: base64\n"));
    ck_assert_str_eq(cmg_enrolment_message(d.e),
                     "the server would like to see in requests: 1.2.840.113549.1.9.7, "
                     "1.2.840.113549.1.9.14");
    desk_release(&d);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_uint_eq(count_certificates(&d), 2);
    end(&d);
}
END_TEST

START_TEST(renewal_goes_to_its_own_address)
{
    struct desk d;
    struct desk_rule rules[] = {
        NO_WISHES, CHAIN, DESK_ANSWER("POST simplereenroll", 0, 200, NULL, NULL), { 0 }
    };
    begin(&d, rules);

    use(&d, true);
    desk_start(&d);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    end(&d);
}
END_TEST

START_TEST(pending_request_is_sent_again_when_the_server_says)
{
    struct desk d;
    struct desk_rule rules[] = { WISHES(404, ""),
                                 CHAIN,
                                 DESK_ANSWER("POST simpleenroll", 2, 202,
                                             "Retry-After: 100", ""),
                                 ENROL,
                                 { 0 } };
    begin(&d, rules);
    int64_t began = d.env.now_ns;

    desk_start(&d);
    desk_drive(&d);
    ck_assert_str_eq(d.states, "SUBMITTING PENDING ISSUED ");
    ck_assert_int_eq((d.env.now_ns - began) / 1000000000, 200);
    ck_assert_uint_eq(cmg_enrolment_orphan_count(d.e), 0);
    end(&d);
}
END_TEST

static const struct {
    int status;
    const char *body;
    cmg_enrolment_state end;
    cmg_status code;
    const char *message;
    unsigned posts;
    unsigned orphans;
} failures[] = {
    { 400, "the key is <b>too short</b>", CMG_ENROLMENT_DENIED, CMG_E_DENIED,
      "denied the request: the key is too short", 1, 0 },
    { 403, "", CMG_ENROLMENT_DENIED, CMG_E_DENIED, "denied the request", 1, 0 },
    { 401, "", CMG_ENROLMENT_FAILED, CMG_E_AUTH, "status 401", 1, 0 },
    { 404, "", CMG_ENROLMENT_FAILED, CMG_E_NOTFOUND, "status 404", 1, 0 },
    { 200, "AAAA", CMG_ENROLMENT_FAILED, CMG_E_PARSE, "", 1, 1 },
    { 503, "", CMG_ENROLMENT_FAILED, CMG_E_PROTO, "status 503", CMG__ENROL_ATTEMPTS, 0 },
    { 500, "", CMG_ENROLMENT_FAILED, CMG_E_IO, "lost 3 times", 3, 3 },
};

START_TEST(failure_is_named)
{
    struct desk d;
    struct desk_rule rules[] = { NO_WISHES,
                                 CHAIN,
                                 DESK_ANSWER("POST simpleenroll", 0, failures[_i].status,
                                             NULL, failures[_i].body),
                                 { 0 } };
    begin(&d, rules);

    desk_start(&d);
    desk_drive(&d);
    ck_assert_int_eq(d.end, failures[_i].end);
    ck_assert_int_eq(d.end_code, failures[_i].code);
    ck_assert_ptr_nonnull(strstr(d.message, failures[_i].message));
    ck_assert_uint_eq(desk_count(&d, "POST"), failures[_i].posts);
    ck_assert_uint_eq(cmg_enrolment_orphan_count(d.e), failures[_i].orphans);
    end(&d);
}
END_TEST

/* Dies while the n-th request is unanswered. */
START_TEST(process_that_dies_goes_on)
{
    struct desk d;
    struct desk_rule rules[] = {
        NO_WISHES, CHAIN, DESK_ANSWER("POST simpleenroll", 1, 202, NULL, ""), ENROL, { 0 }
    };
    begin(&d, rules);

    desk_start(&d);
    desk_drive_until_sent(&d, (unsigned)_i);
    desk_again(&d);
    use(&d, false);
    d.hold = false;
    desk_start(&d);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_uint_eq(cmg_enrolment_orphan_count(d.e), _i == 3 ? 1 : 0);
    end(&d);
}
END_TEST

static const struct {
    const char *body;
    bool good;
    const char *said;
} wishes[] = {
    { "MAA=", true, "" },
    { "MAsGCSqGSIb3DQEJBw==", true,
      "the server would like to see in requests: 1.2.840.113549.1.9.7" },
    { "", false, "" },
    { "!!!!", false, "" },
    { "MAsGCSqGSIb3DQEJBwA=", false, "" }, /* trailing byte */
    { "MAMCAQE=", false, "" },             /* an INTEGER in it */
    { "BgkqhkiG9w0BCQc=", false, "" },     /* no SEQUENCE */
};

START_TEST(wishes_of_the_server_are_read)
{
    char said[256];

    ck_assert_int_eq(cmg__est_attributes(&cmg__alloc_libc, wishes[_i].body,
                                         strlen(wishes[_i].body), said, sizeof said),
                     wishes[_i].good);
    ck_assert_str_eq(said, wishes[_i].said);
}
END_TEST

static cmg_status one_enrolment(struct support_alloc *a, void *user)
{
    struct desk *d = user;
    cmg_context *ctx = NULL;
    cmg_enrolment *e = NULL;

    d->log[0] = '\0';
    for (struct desk_rule *r = d->rules; r->what != NULL; r++)
        r->used = 0;
    cmg_status rc = cmg_context_new(&a->alloc.table, &ctx, NULL);
    if (rc == CMG_OK) {
        ctx->env = d->env.env;
        rc = desk_enrolment(ctx, desk_csr, &e, NULL);
    }
    if (rc == CMG_OK)
        rc = cmg_enrolment_use_est(e, "https://est.contoso.com/", false, NULL);
    if (rc == CMG_OK)
        rc = cmg_enrolment_set_checkpoint_file(e, support_path("torture.enrol"), NULL);
    if (rc == CMG_OK) {
        desk_script(d, e);
        rc = cmg_enrolment_start(e, NULL);
    }
    for (unsigned i = 0; rc == CMG_OK && i < 1000 && e->running; i++) {
        int wait = cmg_context_get_timeout_ms(ctx);
        support_env_advance_ms(&d->env, wait < 0 ? 0 : wait);
        rc = cmg_context_process(ctx, NULL);
    }
    if (rc == CMG_OK && e->state != CMG_ENROLMENT_ISSUED)
        rc = cmg_error_code(e->error);
    cmg_enrolment_unref(e);
    cmg_context_unref(ctx);
    (void)remove(support_path("torture.enrol"));
    return rc;
}

START_TEST(every_failed_allocation_is_reported)
{
    struct desk d;
    struct desk_rule rules[] = { WISHES(200, "MAsGCSqGSIb3DQEJBw=="),
                                 CHAIN,
                                 DESK_ANSWER("POST simpleenroll", 1, 202, NULL, ""),
                                 ENROL,
                                 { 0 } };
    begin(&d, rules);

    support_torture(one_enrolment, &d, 1);
    end(&d);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("est");
    TCase *flow = tcase_create("enrolments");

    tcase_add_test(flow, certificate_comes_with_the_chain_of_the_server);
    tcase_add_test(flow, renewal_goes_to_its_own_address);
    tcase_add_test(flow, pending_request_is_sent_again_when_the_server_says);
    tcase_add_loop_test(flow, failure_is_named, 0, CMG__ARRAY_LEN(failures));
    tcase_add_loop_test(flow, process_that_dies_goes_on, 1, 5);
    tcase_add_loop_test(flow, wishes_of_the_server_are_read, 0, CMG__ARRAY_LEN(wishes));
    tcase_add_test(flow, every_failed_allocation_is_reported);
    tcase_set_timeout(flow, 120);
    suite_add_tcase(s, flow);
    return s;
}

int main(void)
{
    Suite *suites[] = { suite(), NULL };

    return support_run(suites);
}
