/*
 * ACME against an authority in this process: the whole way, every exchange lost or cut
 * off by a crash, and what is kept.
 */
#include "acme_authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/str.h"

static const char whole_way[] = "GET /dir\n"
                                "HEAD /nonce\n"
                                "POST /new-account\n"
                                "POST /new-order\n"
                                "POST /proof/0\n"
                                "POST /answer/0\n"
                                "POST /proof/0\n"
                                "POST /proof/0\n"
                                "POST /order/0\n"
                                "POST /finalize/0\n"
                                "POST /order/0\n"
                                "POST /certificate/0\n";
enum { EXCHANGES = 12 };

START_TEST(certificate_is_issued_after_one_proof)
{
    AUTHORITY_OPEN;

    authority_run(&d);
    ck_assert_str_eq(d.message, "");
    ck_assert_str_eq(d.states,
                     "SUBMITTING CHALLENGE SUBMITTING PENDING SUBMITTING PENDING "
                     "SUBMITTING ISSUED ");
    ck_assert_str_eq(a.shown, whole_way);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_str_eq(cmg_enrolment_request_id(d.e), "https://acme.test/order/0");
    cmg_certificate *cert = cmg_enrolment_get_certificate(d.e);
    ck_assert_str_eq(cmg_certificate_common_name(cert), "granitefalls.contoso.com");
    ck_assert_str_eq(a.last_order, "{\"identifiers\":[{\"type\":\"dns\",\"value\":"
                                   "\"granitefalls.contoso.com\"}]}");
    ck_assert_str_eq(a.last_account, "{\"contact\":[\"mailto:admin@contoso.com\"],"
                                     "\"termsOfServiceAgreed\":true}");
    AUTHORITY_CLOSE;
}
END_TEST

/* What is shown is what RFC 8555, 8.3 and 8.4 make of token and thumbprint. */
START_TEST(host_is_told_what_to_show_and_what_to_take_away)
{
    static const struct {
        const char *kind;
        const char *name;
        size_t value_len;
    } cases[] = {
        { "dns-01", "_acme-challenge.granitefalls.contoso.com", 43 },
        { "http-01", "/.well-known/acme-challenge/token-0", 7 + 1 + 43 },
    };
    AUTHORITY_OPEN;
    const struct cmg__acme_settings settings = { .directory_url = AUTHORITY_DIR,
                                                 .key = a.key,
                                                 .terms_agreed = true,
                                                 .challenge = cases[_i].kind };
    char expected[1024];

    a.offers = cases[_i].kind;
    authority_use(&a, &settings);
    authority_run(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    const char *value = strchr(d.challenges, '=');
    ck_assert_ptr_nonnull(value);
    ck_assert_uint_eq(strcspn(++value, "\n"), cases[_i].value_len);
    (void)snprintf(expected, sizeof expected,
                   "+ %s granitefalls.contoso.com %s=%.*s\n"
                   "- %s granitefalls.contoso.com %s=%.*s\n",
                   cases[_i].kind, cases[_i].name, (int)cases[_i].value_len, value,
                   cases[_i].kind, cases[_i].name, (int)cases[_i].value_len, value);
    ck_assert_str_eq(d.challenges, expected);
    AUTHORITY_CLOSE;
}
END_TEST

START_TEST(several_names_are_shown_at_once)
{
    AUTHORITY_OPEN;

    authority_ask_for(
        &d, "DNS:contoso.com,DNS:*.Contoso.com,DNS:www.contoso.com,DNS:contoso.com");
    authority_run(&d);
    ck_assert_str_eq(d.message, "");
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_str_eq(a.last_order, "{\"identifiers\":[{\"type\":\"dns\",\"value\":"
                                   "\"contoso.com\"},{\"type\":\"dns\","
                                   "\"value\":\"*.contoso.com\"},{\"type\":\"dns\","
                                   "\"value\":\"www.contoso.com\"}]}");
    unsigned shown = 0;
    for (const char *p = d.challenges; *p != '\0'; p += strcspn(p, "\n") + 1, shown++)
        ck_assert_int_eq(*p, shown < 3 ? '+' : '-');
    ck_assert_uint_eq(shown, 6);
    AUTHORITY_CLOSE;
}
END_TEST

START_TEST(what_is_proved_already_is_not_asked_for)
{
    AUTHORITY_OPEN;

    a.proved = true;
    authority_run(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_str_eq(d.challenges, "");
    AUTHORITY_CLOSE;
}
END_TEST

START_TEST(slow_host_is_waited_for)
{
    AUTHORITY_OPEN;

    d.slow_challenges = true;
    authority_run(&d);
    ck_assert_int_eq(cmg_enrolment_get_state(d.e), CMG_ENROLMENT_CHALLENGE);
    ck_assert_uint_eq(a.finals, 0);
    ck_assert_int_eq(cmg_enrolment_challenge_done(d.e, NULL), CMG_OK);
    desk_drive(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    AUTHORITY_CLOSE;
}
END_TEST

/* ---- crashes and lost answers ---- */

static const struct {
    enum authority_fault fault;
    bool crash;
} loss_cases[] = {
    { AUTHORITY_LOST_REQUEST, false },
    { AUTHORITY_LOST_ANSWER, false },
    { AUTHORITY_HANG, true },
    { AUTHORITY_LOST_ANSWER, true },
};

/* Until the fault has come, the answer still under way. */
static void drive_to_fault(struct desk *d, const struct authority *a)
{
    desk_start(d);
    for (unsigned i = 0; i < 20000 && a->exchanges < a->fault_at; i++) {
        const int wait = cmg_context_get_timeout_ms(d->ctx);

        support_env_advance_ms(&d->env, wait < 0 ? 0 : wait);
        desk_turns(d, 1);
    }
    ck_assert_uint_eq(a->exchanges, a->fault_at);
}

/* At every exchange, by every fault: one order, one certificate. */
START_TEST(no_loss_and_no_crash_makes_a_second_order)
{
    const unsigned kinds = CMG__ARRAY_LEN(loss_cases);
    AUTHORITY_OPEN;

    a.fault_at = 1 + (unsigned)_i / kinds;
    a.fault = loss_cases[(unsigned)_i % kinds].fault;
    if (loss_cases[(unsigned)_i % kinds].crash) {
        drive_to_fault(&d, &a);
        authority_again(&a);
    }
    authority_run(&d);
    ck_assert_msg(d.end == CMG_ENROLMENT_ISSUED, "fault %d at exchange %u: %s after\n%s",
                  (int)a.fault, a.fault_at, d.message, a.shown);
    ck_assert_uint_eq(a.orders, 1);
    ck_assert_uint_eq(a.finals, 1);
    ck_assert_uint_eq(cmg_enrolment_orphan_count(d.e), 0);
    AUTHORITY_CLOSE;
}
END_TEST

/* The list has pages, finished orders and one of the names. */
START_TEST(lost_order_is_found_on_a_later_page)
{
    AUTHORITY_OPEN;
    struct authority_order done = { .status = "valid", .name_count = 1 };

    memcpy(done.names[0], "granitefalls.contoso.com", 25);
    for (; a.orders < 7; a.orders++) {
        a.order[a.orders] = done;
        if (a.orders % 2 == 1)
            memcpy(a.order[a.orders].status, "pending", 8);
        if (a.orders % 2 == 1)
            memcpy(a.order[a.orders].names[0], "other.contoso.com", 18);
    }
    a.fault_at = 4;
    a.fault = AUTHORITY_LOST_ANSWER;
    authority_run(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_uint_eq(a.orders, 8);
    ck_assert_str_eq(cmg_enrolment_request_id(d.e), "https://acme.test/order/7");
    AUTHORITY_CLOSE;
}
END_TEST

START_TEST(authority_without_lists_gets_another_order)
{
    AUTHORITY_OPEN;

    a.no_list = true;
    a.fault_at = 4;
    a.fault = AUTHORITY_LOST_ANSWER;
    authority_run(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_uint_eq(a.orders, 2);
    ck_assert_uint_eq(a.finals, 1);
    AUTHORITY_CLOSE;
}
END_TEST

START_TEST(order_that_became_invalid_meanwhile_is_replaced)
{
    AUTHORITY_OPEN;

    d.slow_challenges = true;
    authority_run(&d);
    if (_i == 0) {
        memcpy(a.order[0].status, "invalid", 8);
    } else {
        a.refuse = "POST /order/0";
        a.refuse_status = 404;
        a.refuse_body = "{\"type\":\"urn:ietf:params:acme:error:malformed\"}";
    }
    d.slow_challenges = false;
    authority_again(&a);
    authority_run(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_uint_eq(a.orders, 2);
    AUTHORITY_CLOSE;
}
END_TEST

START_TEST(account_that_is_gone_is_made_again)
{
    AUTHORITY_OPEN;

    d.slow_challenges = true;
    authority_run(&d);
    a.refuse = "POST /order/0";
    a.refuse_status = 400;
    a.refuse_body = "{\"type\":\"urn:ietf:params:acme:error:accountDoesNotExist\"}";
    d.slow_challenges = false;
    authority_again(&a);
    authority_run(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_uint_eq(a.accounts, 2);
    ck_assert_uint_eq(a.orders, 2);
    AUTHORITY_CLOSE;
}
END_TEST

START_TEST(another_account_key_begins_anew)
{
    AUTHORITY_OPEN;
    struct cmg__key *other = NULL;
    const struct cmg__acme_settings settings = { .directory_url = AUTHORITY_DIR,
                                                 .terms_agreed = true,
                                                 .challenge = "dns-01" };
    struct cmg__acme_settings with_key = settings;

    d.slow_challenges = true;
    authority_run(&d);
    d.slow_challenges = false;
    desk_again(&d);
    ck_assert_int_eq(cmg__key_generate(&cmg__alloc_libc, &cmg__env_system, CMG__KEY_EC,
                                       384, &other, NULL),
                     CMG_OK);
    with_key.key = other;
    authority_use(&a, &with_key);
    authority_run(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_uint_eq(a.accounts, 2);
    cmg__key_free(other);
    AUTHORITY_CLOSE;
}
END_TEST

START_TEST(damaged_state_is_refused)
{
    static const struct {
        const char *from;
        const char *to;
    } cases[] = {
        { "\"directory\"", "\"directori\"" },
        { "\"https://acme.test/account/1\"", "7" },
        { "\"https://acme.test/order/0\"", "\"http://acme.test/order/0\"" },
    };
    AUTHORITY_OPEN;
    size_t n = 0;

    d.slow_challenges = true;
    authority_run(&d);
    authority_again(&a);
    char *text = support_read_file(desk_checkpoint(), &n);
    char *at = strstr(text, cases[_i].from);
    ck_assert_ptr_nonnull(at);
    char *damaged = cmg__format(&cmg__alloc_libc, "%.*s%s%s", (int)(at - text), text,
                                cases[_i].to, at + strlen(cases[_i].from));
    support_write_file(desk_checkpoint(), damaged, strlen(damaged));
    free(text);
    cmg__free(&cmg__alloc_libc, damaged);
    ck_assert_int_eq(cmg_enrolment_start(d.e, NULL), CMG_E_PARSE);
    AUTHORITY_CLOSE;
}
END_TEST

/* ---- what an order may ask for ---- */

#define OLD_CERTIFICATE "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"

START_TEST(profile_and_predecessor_are_told)
{
    AUTHORITY_OPEN;
    const struct cmg__acme_settings settings = { .directory_url = AUTHORITY_DIR,
                                                 .key = a.key,
                                                 .terms_agreed = true,
                                                 .challenge = "dns-01",
                                                 .profile = "short",
                                                 .replaces = OLD_CERTIFICATE };

    a.knows_renewal = _i != 1;
    if (_i == 2) {
        a.refuse = "POST /new-order";
        a.refuse_status = 409;
        a.refuse_body = "{\"type\":\"urn:ietf:params:acme:error:alreadyReplaced\"}";
    }
    authority_use(&a, &settings);
    authority_run(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_ptr_nonnull(strstr(a.last_order, "\"profile\":\"short\""));
    ck_assert_int_eq(strstr(a.last_order, "\"replaces\":\"" OLD_CERTIFICATE "\"") != NULL,
                     _i == 0);
    AUTHORITY_CLOSE;
}
END_TEST

static void use_window(struct authority *a)
{
    const struct cmg__acme_settings settings = { .directory_url = AUTHORITY_DIR,
                                                 .key = a->key,
                                                 .terms_agreed = true,
                                                 .challenge = "dns-01",
                                                 .replaces = OLD_CERTIFICATE,
                                                 .await_window = true };

    a->knows_renewal = true;
    authority_use(a, &settings);
}

/* The clock stands at 2026-11-23. The instant is the same after a crash. */
START_TEST(renewal_waits_for_the_time_that_the_authority_suggests)
{
    AUTHORITY_OPEN;
    int64_t from = 0;
    int64_t to = 0;

    a.window = "{\"suggestedWindow\":{\"start\":\"2026-12-03T04:00:00Z\",\"end\":"
               "\"2026-12-05T04:00:00Z\"},\"explanationURL\":\"https://acme.test/why\"}";
    ck_assert(cmg__time_parse("2026-12-03T04:00:00Z", &from));
    ck_assert(cmg__time_parse("2026-12-05T04:00:00Z", &to));
    use_window(&a);
    desk_start(&d);
    desk_turns(&d, 6);
    ck_assert_int_eq(cmg_enrolment_get_state(d.e), CMG_ENROLMENT_PENDING);
    const int64_t chosen = cmg_enrolment_renewal_unix_s(d.e);
    ck_assert_int_ge(chosen, from);
    ck_assert_int_le(chosen, to);
    ck_assert_ptr_nonnull(strstr(cmg_enrolment_message(d.e), "; see https://acme.test"));
    desk_again(&d);
    use_window(&a);
    authority_run(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_int_eq(cmg_enrolment_renewal_unix_s(d.e), chosen);
    ck_assert_int_ge(d.env.unix_ms / 1000, chosen);
    ck_assert_int_lt(d.env.unix_ms / 1000, chosen + 3600);
    /* Every six hours: the window can move. */
    unsigned asked = 0;
    for (const char *p = strstr(a.shown, "/renewal/" OLD_CERTIFICATE); p != NULL;
         p = strstr(p + 1, "/renewal/" OLD_CERTIFICATE))
        asked++;
    ck_assert_uint_ge(asked, 20);
    ck_assert_ptr_nonnull(strstr(a.last_order, OLD_CERTIFICATE));
    AUTHORITY_CLOSE;
}
END_TEST

START_TEST(renewal_without_a_usable_window_is_done_at_once)
{
    static const char *const windows[] = {
        NULL,
        "[]",
        "{\"suggestedWindow\":{\"start\":\"2026-12-05T04:00:00Z\",\"end\":"
        "\"2026-12-03T04:00:00Z\"}}",
        "{\"suggestedWindow\":{\"start\":\"soon\",\"end\":7}}",
        "{\"suggestedWindow\":{\"start\":\"2026-01-01T00:00:00Z\",\"end\":"
        "\"2026-01-02T00:00:00Z\"}}",
    };
    AUTHORITY_OPEN;
    const int64_t began = d.env.now_ns;

    a.window = windows[_i];
    use_window(&a);
    authority_run(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_int_lt(d.env.now_ns - began, INT64_C(60) * 1000000000);
    ck_assert_ptr_nonnull(strstr(a.shown, "GET /renewal/" OLD_CERTIFICATE));
    AUTHORITY_CLOSE;
}
END_TEST

START_TEST(external_account_is_bound_and_its_key_not_kept)
{
    static const char secret[] = "an external account's own key 77";
    AUTHORITY_OPEN;
    struct cmg__buf text;
    size_t n = 0;

    d.memory.canary = secret;
    a.wants_eab = true;
    cmg__buf_init_secret(&text, &cmg__alloc_libc, 256);
    ck_assert_int_eq(cmg__base64url_encode(&text, secret, strlen(secret)), CMG_OK);
    const struct cmg__acme_settings settings = { .directory_url = AUTHORITY_DIR,
                                                 .key = a.key,
                                                 .terms_agreed = true,
                                                 .challenge = "dns-01",
                                                 .eab_kid = "kid-1",
                                                 .eab_key = cmg__buf_cstr(&text) };
    authority_use(&a, &settings);
    authority_run(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_ptr_nonnull(strstr(a.last_account, "\"externalAccountBinding\":{"));
    char *kept = support_read_file(desk_checkpoint(), &n);
    ck_assert_ptr_null(strstr(kept, cmg__buf_cstr(&text)));
    ck_assert_ptr_null(strstr(kept, "PRIVATE"));
    free(kept);
    cmg__buf_done(&text);
    ck_assert(!d.memory.canary_seen);
    AUTHORITY_CLOSE;
    ck_assert(!d.memory.canary_seen);
}
END_TEST

START_TEST(certificates_are_named_as_in_rfc_9773)
{
    struct pki pki;
    struct cmg__buf text;
    struct cmg__buf id;

    pki_init(&pki, CMG__PROFILE_WEB_SERVER);
    cmg__buf_init(&text, &pki.a.alloc, 256);
    cmg__buf_init(&id, &pki.a.alloc, 256);
    ck_assert_int_eq(cmg__acme_certificate_id(pki.leaf, &text), CMG_OK);
    const char *dot = strchr(cmg__buf_cstr(&text), '.');
    ck_assert_ptr_nonnull(dot);
    ck_assert_int_eq(cmg__base64url_decode(&id, dot + 1, strlen(dot + 1)), CMG_OK);
    ck_assert_uint_eq((uint8_t)id.data[0] & 0x80U, 0);
    cmg__buf_done(&id);
    cmg__buf_done(&text);
    pki_done(&pki);
}
END_TEST

/* ---- memory ---- */

/* One allocation fails; whatever becomes of the run, the next one brings the certificate
   of the same order. */
static bool fail_one(struct authority *a, size_t number)
{
    struct desk *d = a->d;

    (void)unlink(desk_checkpoint());
    authority_again(a);
    a->orders = 0;
    a->shown[0] = '\0';
    d->end = CMG_ENROLMENT_IDLE;
    d->memory.fail_at = d->memory.count + number;
    const bool reached = cmg_enrolment_start(d->e, NULL) == CMG_OK;
    if (reached)
        desk_drive(d);
    const bool came = d->memory.count >= d->memory.fail_at;
    d->memory.fail_at = 0;
    if (d->end != CMG_ENROLMENT_ISSUED) {
        ck_assert_msg(!reached || d->end_code == CMG_E_NOMEM,
                      "allocation %zu gave %s: %s", number, cmg_status_name(d->end_code),
                      d->message);
        d->states[0] = '\0';
        authority_run(d);
    }
    ck_assert_msg(d->end == CMG_ENROLMENT_ISSUED, "allocation %zu: %s after\n%s", number,
                  d->message, a->shown);
    ck_assert_uint_eq(a->orders, 1);
    return came;
}

/* A sample: each run signs a dozen messages. */
enum { TORTURE_PARTS = 4, TORTURE_STEP = 17 };

START_TEST(memory_may_run_out_anywhere)
{
    size_t number = 1 + (size_t)_i;
    AUTHORITY_OPEN;

    while (fail_one(&a, number)) {
        d.challenges[0] = '\0';
        number += TORTURE_STEP;
    }
    ck_assert_uint_gt(number, 200);
    AUTHORITY_CLOSE;
}
END_TEST

static Suite *suite_acme(void)
{
    Suite *s = suite_create("acme");
    TCase *t = tcase_create("the way");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, certificate_is_issued_after_one_proof);
    tcase_add_loop_test(t, host_is_told_what_to_show_and_what_to_take_away, 0, 2);
    tcase_add_test(t, several_names_are_shown_at_once);
    tcase_add_test(t, what_is_proved_already_is_not_asked_for);
    tcase_add_test(t, slow_host_is_waited_for);
    tcase_add_loop_test(t, profile_and_predecessor_are_told, 0, 3);
    tcase_add_test(t, renewal_waits_for_the_time_that_the_authority_suggests);
    tcase_add_loop_test(t, renewal_without_a_usable_window_is_done_at_once, 0, 5);
    tcase_add_test(t, external_account_is_bound_and_its_key_not_kept);
    tcase_add_test(t, certificates_are_named_as_in_rfc_9773);
    suite_add_tcase(s, t);
    t = tcase_create("losses");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, no_loss_and_no_crash_makes_a_second_order, 0,
                        EXCHANGES * (int)CMG__ARRAY_LEN(loss_cases));
    tcase_add_test(t, lost_order_is_found_on_a_later_page);
    tcase_add_test(t, authority_without_lists_gets_another_order);
    tcase_add_loop_test(t, order_that_became_invalid_meanwhile_is_replaced, 0, 2);
    tcase_add_test(t, account_that_is_gone_is_made_again);
    tcase_add_test(t, another_account_key_begins_anew);
    tcase_add_loop_test(t, damaged_state_is_refused, 0, 3);
    suite_add_tcase(s, t);
    t = tcase_create("memory");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, memory_may_run_out_anywhere, 0, TORTURE_PARTS);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite_acme(), NULL };

    return support_run(suites);
}
