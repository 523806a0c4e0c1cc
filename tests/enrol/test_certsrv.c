/*
 * AD CS web enrolment with canned pages: whole enrolments, what happens when an answer is
 * lost or a process is killed.
 */
#include "certsrv_pages.h"
#include "desk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- whole enrolments ---- */

static void use(struct desk *d)
{
    cmg_error *err = NULL;

    ck_ok(
        cmg_enrolment_use_certsrv(d->e, "https://PKI.contoso.com", "CMGWebServer", &err),
        err);
    ck_ok(cmg_enrolment_set_sign_in(d->e, CMG_SIGN_IN_BASIC, "CONTOSO\\cmg",
                                    "top-secret-password", 19, &err),
          err);
}

static struct cmg__buf p7b;

static void begin(struct desk *d, struct desk_rule *rules)
{
    desk_init(d, rules);
    use(d);
    desk_pkcs7(d, &p7b);
    for (struct desk_rule *r = rules; r->what != NULL; r++) {
        if (strcmp(r->what, "GET certnew.cer") == 0 && r->body == NULL)
            r->body = desk_leaf_pem(d);
        if (strcmp(r->what, "GET certnew.p7b") == 0 && r->status == 200) {
            r->body = p7b.data;
            r->size = p7b.len;
        }
    }
}

static void end(struct desk *d)
{
    cmg__buf_done(&p7b);
    desk_done(d);
}

#define SUBMIT(page) DESK_ANSWER("POST /certsrv/certfnsh.asp", 0, 200, NULL, page)
#define CER          DESK_ANSWER("GET certnew.cer", 0, 200, NULL, NULL)
#define CHAIN        DESK_ANSWER("GET certnew.p7b", 0, 200, NULL, NULL)

static void check_issued(struct desk *d, size_t certificates)
{
    cmg_bytes *pem = NULL;
    size_t count = 0;

    ck_assert_int_eq(d->end, CMG_ENROLMENT_ISSUED);
    cmg_certificate *cert = cmg_enrolment_get_certificate(d->e);
    ck_assert_str_eq(cmg_certificate_common_name(cert), "granitefalls.contoso.com");
    ck_assert_int_eq(cmg_certificate_export_pem(cert, &pem, NULL), CMG_OK);
    for (const char *p = cmg_bytes_data(pem); (p = strstr(p, "BEGIN")) != NULL; p++)
        count++;
    ck_assert_uint_eq(count, certificates);
    cmg_bytes_unref(pem);
}

START_TEST(certificate_that_is_issued_at_once_comes_with_its_chain)
{
    struct desk d;
    struct desk_rule rules[] = { SUBMIT(ISSUED_PAGE), CER, CHAIN, { 0 } };
    begin(&d, rules);

    desk_start(&d);
    desk_drive_until_sent(&d, 1);
    ck_assert_ptr_nonnull(strstr(d.log,
                                 "POST https://PKI.contoso.com/certsrv/certfnsh.asp "
                                 "Mode=newreq&CertRequest=-----BEGIN%20CERTIFICATE"));
    ck_assert_ptr_nonnull(strstr(d.log, "&CertAttrib=CertificateTemplate%3ACMGWebServer"
                                        "%0D%0A&FriendlyType=Saved-Request%20Certificate"
                                        "&TargetStoreFlags=0&SaveCert=yes\n"));
    ck_assert_ptr_nonnull(strstr(d.fields, "User-Agent: Mozilla/"));
    ck_assert_str_eq(d.user, "1 CONTOSO\\cmg top-secret-password");
    desk_release(&d);
    desk_drive(&d);
    check_issued(&d, 2);
    ck_assert_str_eq(d.states, "SUBMITTING ISSUED ");
    ck_assert_str_eq(cmg_enrolment_request_id(d.e), "12");
    ck_assert_ptr_nonnull(strstr(cmg_enrolment_message(d.e), "was issued to you"));
    ck_assert_uint_eq(d.sent, 3);
    end(&d);
}
END_TEST

START_TEST(chain_that_cannot_be_had_is_no_obstacle)
{
    struct desk d;
    struct desk_rule rules[] = { SUBMIT(ISSUED_PAGE),
                                 CER,
                                 DESK_ANSWER("GET certnew.p7b", 0, 404, NULL, "no"),
                                 { 0 } };
    begin(&d, rules);

    desk_start(&d);
    desk_drive(&d);
    check_issued(&d, 1);
    end(&d);
}
END_TEST

START_TEST(pending_request_is_fetched_once_it_is_approved)
{
    struct desk d;
    struct desk_rule rules[] = {
        SUBMIT(PENDING_GERMAN),
        DESK_ANSWER("GET certnew.cer", 2, 200, NULL, SUBMISSION_PAGE),
        DESK_ANSWER("GET certnew.cer", 1, 503, "Retry-After: 7", ""),
        CER,
        CHAIN,
        { 0 }
    };
    begin(&d, rules);
    int64_t began = d.env.now_ns;

    desk_start(&d);
    desk_drive(&d);
    check_issued(&d, 2);
    ck_assert_str_eq(d.states, "SUBMITTING PENDING SUBMITTING ISSUED ");
    ck_assert_uint_eq(desk_count(&d, "POST"), 1);
    ck_assert_int_eq((d.env.now_ns - began) / 1000000000, 3 * 60 + 7);
    end(&d);
}
END_TEST

static const struct {
    const char *page;
    const char *message;
    const char *in_remedy;
    const char *code;
} refusals[] = {
    { DENIED_PAGE, "request 13", "not its display name", "0x80094800" },
    { "Your Request Id is 9. Denied by Policy Module 0x80094012", "request 9",
      "Read and Enroll", "0x80094012" },
    { "0x80094811", "without a number", "longer key", "0x80094811" },
    { "0x8bad0bad", "without a number", "template", "0x8bad0bad" },
};

START_TEST(denial_is_explained_and_remembered)
{
    struct desk d;
    struct desk_rule rules[] = { SUBMIT(refusals[_i].page), { 0 } };
    begin(&d, rules);

    desk_start(&d);
    desk_drive(&d);
    for (unsigned run = 0; run < 2; run++) {
        ck_assert_int_eq(d.end, CMG_ENROLMENT_DENIED);
        ck_assert_int_eq(d.end_code, CMG_E_DENIED);
        ck_assert_ptr_nonnull(strstr(d.message, refusals[_i].message));
        ck_assert_ptr_nonnull(strstr(d.message, refusals[_i].code));
        ck_assert_ptr_nonnull(strstr(d.remedy, refusals[_i].in_remedy));
        ck_assert_int_eq(cmg_enrolment_start(d.e, NULL), CMG_E_STATE);
        /* The same checkpoint gives the same answer, and asks nobody. */
        desk_again(&d);
        use(&d);
        desk_start(&d);
        desk_drive(&d);
    }
    ck_assert_uint_eq(d.sent, 1);
    end(&d);
}
END_TEST

START_TEST(administrator_may_deny_a_pending_request)
{
    struct desk d;
    struct desk_rule rules[] = { SUBMIT(PENDING_PAGE),
                                 DESK_ANSWER("GET certnew.cer", 0, 200, NULL, ADMIN_PAGE),
                                 { 0 } };
    begin(&d, rules);

    desk_start(&d);
    desk_drive(&d);
    ck_assert_str_eq(d.states, "SUBMITTING PENDING DENIED ");
    ck_assert_ptr_nonnull(strstr(cmg_enrolment_message(d.e), "Denied by CONTOSO\\admin"));
    end(&d);
}
END_TEST

static const struct {
    int status;
    const char *page;
    cmg_status code;
    const char *message;
    unsigned orphans;
    unsigned posts;
} failures[] = {
    { 401, "no", CMG_E_AUTH, "refuses the sign-in", 0, 1 },
    { 403, "no", CMG_E_AUTH, "HTTP status 403", 0, 1 },
    { 404, "no", CMG_E_NOTFOUND, "HTTP status 404", 0, 1 },
    { 302, "no", CMG_E_PROTO, "HTTP status 302", 0, 1 },
    { 200, "Please sign in", CMG_E_PROTO, "not understood: \"Please sign in\"", 1, 1 },
    { 200, "0x800706ba", CMG_E_IO, "does not work just now", 0, CMG__ENROL_ATTEMPTS },
    { 503, "", CMG_E_PROTO, "HTTP status 503", 0, CMG__ENROL_ATTEMPTS },
    { 500, "", CMG_E_IO, "was lost 3 times", 3, 3 },
    { 0, "", CMG_E_IO, "was lost 3 times", 3, 3 },
    { -1, "", CMG_E_IO, "the connection broke", 0, CMG__ENROL_ATTEMPTS },
};

START_TEST(failure_is_named_and_repeated_only_when_that_is_right)
{
    struct desk d;
    struct desk_rule rules[] = { SUBMIT(failures[_i].page), { 0 } };
    rules[0].status = failures[_i].status;
    begin(&d, rules);

    desk_start(&d);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_FAILED);
    ck_assert_int_eq(d.end_code, failures[_i].code);
    ck_assert_ptr_nonnull(strstr(d.message, failures[_i].message));
    ck_assert_str_ne(d.remedy, "");
    ck_assert_uint_eq(desk_count(&d, "POST"), failures[_i].posts);
    ck_assert_uint_eq(cmg_enrolment_orphan_count(d.e), failures[_i].orphans);
    end(&d);
}
END_TEST

START_TEST(endless_401_tells_of_channel_binding)
{
    struct desk d;
    struct desk_rule rules[] = {
        DESK_ANSWER("POST certfnsh", 0, 401, "WWW-Authenticate: Negotiate", ""), { 0 }
    };
    begin(&d, rules);

    desk_start(&d);
    desk_drive(&d);
    ck_assert_ptr_nonnull(strstr(d.cause, "Extended Protection (channel binding)"));
    ck_assert_ptr_nonnull(strstr(d.remedy, "Basic over TLS"));
    end(&d);
}
END_TEST

START_TEST(lost_answer_costs_one_orphan)
{
    struct desk d;
    struct desk_rule rules[] = { DESK_ANSWER("POST certfnsh", 1, 0, NULL, NULL),
                                 SUBMIT(ISSUED_PAGE),
                                 CER,
                                 CHAIN,
                                 { 0 } };
    begin(&d, rules);

    desk_start(&d);
    desk_drive(&d);
    check_issued(&d, 2);
    ck_assert_uint_eq(desk_count(&d, "POST"), 2);
    ck_assert_uint_eq(cmg_enrolment_orphan_count(d.e), 1);
    end(&d);
}
END_TEST

/* ---- killed anywhere ---- */

/* Number of requests after which the process dies, the last one unanswered. */
START_TEST(process_that_dies_waiting_for_an_answer_goes_on)
{
    struct desk d;
    struct desk_rule rules[] = { SUBMIT(PENDING_PAGE),
                                 { "GET certnew.cer", 1, 200, NULL, SUBMISSION_PAGE, 0,
                                   0 },
                                 CER,
                                 CHAIN,
                                 { 0 } };
    begin(&d, rules);

    desk_start(&d);
    desk_drive_until_sent(&d, (unsigned)_i);
    desk_again(&d);
    use(&d);
    d.hold = false;
    desk_start(&d);
    desk_drive(&d);
    check_issued(&d, 2);
    /* Only the post's own window lets a second one happen, and it is told. */
    ck_assert_uint_eq(desk_count(&d, "POST"), _i == 1 ? 2 : 1);
    ck_assert_uint_eq(cmg_enrolment_orphan_count(d.e), _i == 1 ? 1 : 0);
    end(&d);
}
END_TEST

/* The n-th file operation of that kind fails, and the run with it. */
static void fail_at(struct support_env *env, int kind, unsigned n)
{
    env->fail_errno = ENOSPC;
    env->fail_open_at = kind == 0 ? env->opens + n : 0;
    env->fail_write_at = kind == 1 ? env->writes + n : 0;
    env->fail_fsync_at = kind == 2 ? env->fsyncs + n : 0;
    env->fail_rename_at = kind == 3 ? env->renames + n : 0;
}

START_TEST(file_that_cannot_be_written_loses_nothing)
{
    const int kind = _i % 4;
    unsigned failed = 0;

    for (unsigned n = 1; n < 40; n++) {
        struct desk d;
        struct desk_rule rules[] = { SUBMIT(PENDING_PAGE), CER, CHAIN, { 0 } };
        begin(&d, rules);
        d.ctx->env = d.env.env;
        fail_at(&d.env, kind, n);
        if (cmg_enrolment_start(d.e, NULL) == CMG_OK)
            desk_drive(&d);
        const bool through = cmg_enrolment_get_state(d.e) == CMG_ENROLMENT_ISSUED;
        failed += !through;
        fail_at(&d.env, -1, 0);
        desk_again(&d);
        use(&d);
        desk_start(&d);
        desk_drive(&d);
        check_issued(&d, 2);
        const unsigned posts = desk_count(&d, "POST");
        ck_assert_uint_eq(posts, 1 + cmg_enrolment_orphan_count(d.e));
        end(&d);
        if (through)
            break;
    }
    ck_assert_uint_gt(failed, 1);
}
END_TEST

/* ---- secrets and memory ---- */

static char logged[65536];

static void on_log(cmg_context *ctx, const cmg_log_record *record, void *user)
{
    size_t n = strlen(logged);

    (void)ctx;
    (void)user;
    (void)snprintf(logged + n, sizeof logged - n, "%s %s\n", record->text,
                   cmg__str_or(record->subject, ""));
}

START_TEST(password_is_nowhere_to_be_found)
{
    struct desk d;
    struct desk_rule rules[] = { DESK_ANSWER("POST certfnsh", 1, 0, NULL, NULL),
                                 SUBMIT(PENDING_PAGE),
                                 CER,
                                 CHAIN,
                                 { 0 } };
    logged[0] = '\0';
    begin(&d, rules);
    d.memory.canary = "top-secret-password";
    ck_assert_int_eq(cmg_context_set_log(d.ctx, CMG_LOG_DEBUG, on_log, NULL, NULL),
                     CMG_OK);

    desk_start(&d);
    desk_drive(&d);
    check_issued(&d, 2);
    size_t n = 0;
    char *file = support_read_file(desk_checkpoint(), &n);
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_null(strstr(file, "top-secret"));
    ck_assert_ptr_nonnull(strstr(file, "\"request_id\": \"12\""));
    free(file);
    ck_assert_ptr_null(strstr(logged, "top-secret"));
    ck_assert_str_ne(logged, "");
    cmg_enrolment_unref(d.e);
    d.e = NULL;
    ck_assert(!d.memory.canary_seen);
    end(&d);
}
END_TEST

static cmg_status one_enrolment(struct support_alloc *a, void *user)
{
    struct desk *d = user;
    cmg_context *ctx = NULL;
    cmg_enrolment *e = NULL;
    struct desk_rule *rules = d->rules;

    for (size_t i = 0; rules[i].what != NULL; i++)
        rules[i].used = 0;
    d->log[0] = '\0';
    d->sent = 0;
    cmg_status rc = cmg_context_new(&a->alloc.table, &ctx, NULL);
    if (rc == CMG_OK) {
        ctx->env = d->env.env;
        rc = desk_enrolment(ctx, desk_csr, &e, NULL);
    }
    if (rc == CMG_OK)
        rc = cmg_enrolment_use_certsrv(e, "https://pki.contoso.com/", "Web", NULL);
    if (rc == CMG_OK)
        rc = cmg_enrolment_set_sign_in(e, CMG_SIGN_IN_NTLM, "cmg", "pw", 2, NULL);
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

/* Takes up what another process began: the checkpoint is there. */
static cmg_status one_continuation(struct support_alloc *a, void *user)
{
    size_t n = 0;
    char *kept = support_read_file(support_path("begun.enrol"), &n);

    (void)user;
    ck_assert_ptr_nonnull(kept);
    support_write_file(support_path("torture.enrol"), kept, n);
    free(kept);
    return one_enrolment(a, user);
}

START_TEST(every_failed_allocation_of_a_continuation_is_reported)
{
    struct desk d;
    struct desk_rule rules[] = { SUBMIT(PENDING_PAGE), CER, CHAIN, { 0 } };
    cmg_error *err = NULL;
    begin(&d, rules);

    ck_ok(cmg_enrolment_set_checkpoint_file(d.e, support_path("begun.enrol"), &err), err);
    ck_ok(cmg_enrolment_use_certsrv(d.e, "https://pki.contoso.com/", "Web", &err), err);
    ck_ok(cmg_enrolment_set_budget_ms(d.e, 1000, &err), err);
    desk_start(&d);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_PENDING);
    support_torture(one_continuation, &d, 1);
    ck_assert_uint_eq(desk_count(&d, "POST"), 0);
    end(&d);
}
END_TEST

START_TEST(every_failed_allocation_of_an_enrolment_is_reported)
{
    struct desk d;
    struct desk_rule rules[] = { SUBMIT(PENDING_PAGE), CER, CHAIN, { 0 } };
    begin(&d, rules);

    support_torture(one_enrolment, &d, 1);
    end(&d);
}
END_TEST

/* ---- arguments ---- */

static const struct {
    const char *url;
    const char *template_name;
    const char *subject;
} bad_ways[] = {
    { NULL, "Web", "url" },
    { "http://pki.contoso.com/certsrv", "Web", "url" },
    { "https://pki.contoso.com/certsrv?x=1", "Web", "url" },
    { "ftp://pki.contoso.com", "Web", "url" },
    { "https://pki.contoso.com", NULL, "template" },
    { "https://pki.contoso.com", "", "template" },
    { "https://pki.contoso.com", "Web\r\nSAN:dns=evil", "template" },
    { "https://pki.contoso.com", "a:b", "template" },
};

START_TEST(way_that_cannot_work_is_refused)
{
    struct desk d;
    struct desk_rule rules[] = { { 0 } };
    cmg_error *err = NULL;
    begin(&d, rules);

    ck_assert_int_eq(cmg_enrolment_use_certsrv(d.e, bad_ways[_i].url,
                                               bad_ways[_i].template_name, &err),
                     CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), bad_ways[_i].subject);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
    end(&d);
}
END_TEST

static const struct {
    cmg_sign_in way;
    const char *user;
    const char *password;
    size_t size;
    cmg_status code;
} sign_ins[] = {
    { CMG_SIGN_IN_BASIC, "cmg", "x", 1, CMG_OK },
    { CMG_SIGN_IN_NTLM, "CONTOSO\\cmg", "x:y", 3, CMG_OK },
    { CMG_SIGN_IN_NEGOTIATE, NULL, NULL, 0, CMG_OK },
    { CMG_SIGN_IN_NEGOTIATE, "cmg", NULL, 0, CMG_E_INVAL },
    { CMG_SIGN_IN_NEGOTIATE, NULL, "x", 1, CMG_E_INVAL },
    { CMG_SIGN_IN_BASIC, "", "x", 1, CMG_E_INVAL },
    { CMG_SIGN_IN_BASIC, "a:b", "x", 1, CMG_E_INVAL },
    { CMG_SIGN_IN_BASIC, "a\nb", "x", 1, CMG_E_INVAL },
    { CMG_SIGN_IN_BASIC, "cmg", "a\0b", 3, CMG_E_INVAL },
    { CMG_SIGN_IN_BASIC, "cmg", "x", 1025, CMG_E_LIMIT },
    { (cmg_sign_in)0, "cmg", "x", 1, CMG_E_INVAL },
    { (cmg_sign_in)4, "cmg", "x", 1, CMG_E_INVAL },
};

START_TEST(sign_in_is_checked)
{
    struct desk d;
    struct desk_rule rules[] = { { 0 } };
    begin(&d, rules);

    ck_assert_int_eq(cmg_enrolment_set_sign_in(d.e, sign_ins[_i].way, sign_ins[_i].user,
                                               sign_ins[_i].password, sign_ins[_i].size,
                                               NULL),
                     sign_ins[_i].code);
    end(&d);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("certsrv");
    TCase *flow = tcase_create("enrolments");
    TCase *memory = tcase_create("secrets and memory");

    tcase_add_test(flow, certificate_that_is_issued_at_once_comes_with_its_chain);
    tcase_add_test(flow, chain_that_cannot_be_had_is_no_obstacle);
    tcase_add_test(flow, pending_request_is_fetched_once_it_is_approved);
    tcase_add_loop_test(flow, denial_is_explained_and_remembered, 0,
                        CMG__ARRAY_LEN(refusals));
    tcase_add_test(flow, administrator_may_deny_a_pending_request);
    tcase_add_loop_test(flow, failure_is_named_and_repeated_only_when_that_is_right, 0,
                        CMG__ARRAY_LEN(failures));
    tcase_add_test(flow, endless_401_tells_of_channel_binding);
    tcase_add_test(flow, lost_answer_costs_one_orphan);
    tcase_add_loop_test(flow, process_that_dies_waiting_for_an_answer_goes_on, 1, 5);
    tcase_add_loop_test(flow, file_that_cannot_be_written_loses_nothing, 0, 4);
    tcase_add_loop_test(flow, way_that_cannot_work_is_refused, 0,
                        CMG__ARRAY_LEN(bad_ways));
    tcase_add_loop_test(flow, sign_in_is_checked, 0, CMG__ARRAY_LEN(sign_ins));
    tcase_set_timeout(flow, 60);
    tcase_add_test(memory, password_is_nowhere_to_be_found);
    tcase_add_test(memory, every_failed_allocation_of_an_enrolment_is_reported);
    tcase_add_test(memory, every_failed_allocation_of_a_continuation_is_reported);
    tcase_set_timeout(memory, 120);
    suite_add_tcase(s, flow);
    suite_add_tcase(s, memory);
    return s;
}

int main(void)
{
    Suite *suites[] = { suite(), NULL };

    return support_run(suites);
}
