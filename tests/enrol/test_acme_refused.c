/*
 * ACME when the authority says no, or not now: what the host is told, what is waited for,
 * what is tried again.
 */
#include "acme_authority.h"

#include <string.h>

START_TEST(bad_nonces_are_made_good)
{
    AUTHORITY_OPEN;

    a.bad_nonces = (unsigned)_i;
    authority_run(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_uint_eq(a.orders, 1);
    AUTHORITY_CLOSE;
}
END_TEST

#define URN "urn:ietf:params:acme:error:"

static const struct refusal {
    const char *refuse;
    int status;
    const char *body;
    cmg_status code;
    const char *message; /* is contained */
    const char *remedy;
} refusals[] = {
    { "GET /dir", 404, "not here", CMG_E_PROTO, "the authority refuses the directory",
      "" },
    { "POST /new-account", 403,
      "{\"type\":\"" URN "externalAccountRequired\",\"detail\":\"who are you\"}",
      CMG_E_INVAL, "who are you (HTTP 403 externalAccountRequired)", "eab_kid" },
    { "POST /new-account", 400,
      "{\"type\":\"" URN "invalidContact\",\"detail\":\"bad.\"}", CMG_E_INVAL,
      "refuses the account: bad (HTTP 400", "e-mail" },
    { "POST /new-order", 403,
      "{\"type\":\"" URN "userActionRequired\",\"detail\":\"new terms\","
      "\"instance\":\"https://acme.test/terms-2\"}",
      CMG_E_AUTH, "see https://acme.test/terms-2", "visit" },
    { "POST /new-order", 403,
      "{\"type\":\"" URN "malformed\",\"detail\":\"Some of the identifiers were "
      "rejected\",\"subproblems\":[{\"type\":\"" URN
      "rejectedIdentifier\",\"detail\":\"not "
      "ours\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.example\"}}]}",
      CMG_E_PROTO, "Some of the identifiers were rejected: not ours", "" },
    { "POST /new-order", 403,
      "{\"type\":\"" URN "compound\",\"subproblems\":[{\"type\":\"" URN
      "caa\",\"detail\":\"forbidden\"}]}",
      CMG_E_DENIED, "refuses the order: forbidden (HTTP 403 caa)", "CAA" },
    { "POST /new-order", 400, "{\"type\":\"" URN "rejectedIdentifier\"}", CMG_E_DENIED,
      "rejectedIdentifier", "domain of your own" },
    { "POST /finalize/0", 400,
      "{\"type\":\"" URN "badCSR\",\"detail\":\"weak \\\"key\\\"\\n\\u001b[1m\"}",
      CMG_E_INVAL, "weak \"key\"  [1m (HTTP 400 badCSR)", "key size" },
    { "POST /new-order", 418, "<html>tea</html>", CMG_E_PROTO, "(HTTP 418)", "" },
    { "POST /new-order", 301, "", CMG_E_PROTO, "HTTP status 301", "address" },
    { "HEAD /nonce", 400, "{\"type\":\"" URN "malformed\"}", CMG_E_PROTO,
      "refuses a nonce", "" },
};

START_TEST(refusals_are_explained)
{
    const struct refusal *r = &refusals[_i];
    AUTHORITY_OPEN;

    a.refuse = r->refuse;
    a.refuse_status = r->status;
    a.refuse_body = r->body;
    authority_run(&d);
    ck_assert_int_eq(d.end, r->code == CMG_E_DENIED ? CMG_ENROLMENT_DENIED
                                                    : CMG_ENROLMENT_FAILED);
    ck_assert_msg(d.end_code == r->code, "%s: %s", cmg_status_name(d.end_code),
                  d.message);
    ck_assert_msg(strstr(d.message, r->message) != NULL, "%s", d.message);
    ck_assert_msg(strstr(d.remedy, r->remedy) != NULL, "%s", d.remedy);
    AUTHORITY_CLOSE;
}
END_TEST

/* The authority's own patience counts, and the state is kept. */
START_TEST(limits_are_waited_out)
{
    static const struct {
        const char *refuse;
        int status;
        const char *body;
    } cases[] = {
        { "POST /new-order", 429,
          "{\"type\":\"" URN "rateLimited\",\"detail\":\"slow\"}" },
        { "POST /finalize/0", 503, "{\"type\":\"" URN "rateLimited\"}" },
        { "POST /proof/0", 503, "" },
        { "GET /dir", 503, "" },
    };
    AUTHORITY_OPEN;
    const int64_t began = d.env.now_ns;

    a.refuse = cases[_i].refuse;
    a.refuse_status = cases[_i].status;
    a.refuse_body = cases[_i].body;
    a.refuse_header = "Retry-After: 3000";
    authority_run(&d);
    ck_assert_str_eq(d.message, "");
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_int_ge(d.env.now_ns - began, INT64_C(3000) * 1000000000);
    ck_assert_uint_eq(a.orders, 1);
    AUTHORITY_CLOSE;
}
END_TEST

START_TEST(name_that_is_not_proved_is_named)
{
    AUTHORITY_OPEN;

    authority_ask_for(&d, "DNS:contoso.com,DNS:www.contoso.com,DNS:mail.contoso.com");
    a.wrong_name = "www.contoso.com";
    authority_run(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_FAILED);
    ck_assert_int_eq(d.end_code, CMG_E_AUTH);
    ck_assert_str_eq(d.message,
                     "www.contoso.com is not proved: Incorrect TXT record  found");
    ck_assert_ptr_nonnull(strstr(d.remedy, "exactly the value"));
    ck_assert_str_eq(cmg_enrolment_message(d.e),
                     "www.contoso.com: Incorrect TXT record  found");
    /* All were taken away again. */
    ck_assert_ptr_nonnull(strstr(d.challenges, "- dns-01 mail.contoso.com"));
    /* Started again, it is another order. */
    a.wrong_name = NULL;
    d.states[0] = '\0';
    authority_run(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_ISSUED);
    ck_assert_uint_eq(a.orders, 2);
    AUTHORITY_CLOSE;
}
END_TEST

START_TEST(what_cannot_be_done_is_said_before)
{
    static const struct {
        bool eab;
        bool no_terms;
        const char *profile;
        const char *offers;
        const char *subject_part;
    } cases[] = {
        { .eab = true, .subject_part = "only for customers it knows" },
        { .no_terms = true, .subject_part = "https://acme.test/terms" },
        { .profile = "long", .subject_part = "profile \"long\"" },
        { .offers = "http-01", .subject_part = "does not offer dns-01" },
    };
    AUTHORITY_OPEN;
    const struct cmg__acme_settings settings = { .directory_url = AUTHORITY_DIR,
                                                 .key = a.key,
                                                 .terms_agreed = !cases[_i].no_terms,
                                                 .challenge = "dns-01",
                                                 .profile = cases[_i].profile };

    a.wants_eab = cases[_i].eab;
    a.offers = cases[_i].offers;
    authority_use(&a, &settings);
    authority_run(&d);
    ck_assert_int_eq(d.end, CMG_ENROLMENT_FAILED);
    ck_assert_msg(strstr(d.message, cases[_i].subject_part) != NULL, "%s", d.message);
    ck_assert_str_ne(d.remedy, "");
    AUTHORITY_CLOSE;
}
END_TEST

START_TEST(other_kinds_of_names_are_refused)
{
    AUTHORITY_OPEN;

    authority_ask_for(&d, "DNS:contoso.com,IP:192.0.2.1");
    authority_run(&d);
    ck_assert_int_eq(d.end_code, CMG_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(d.message, "192.0.2.1"));
    AUTHORITY_CLOSE;
}
END_TEST

static Suite *suite_acme_refused(void)
{
    Suite *s = suite_create("acme refused");
    TCase *t = tcase_create("refusals");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, bad_nonces_are_made_good, 0, 12);
    tcase_add_loop_test(t, refusals_are_explained, 0, (int)CMG__ARRAY_LEN(refusals));
    tcase_add_loop_test(t, limits_are_waited_out, 0, 4);
    tcase_add_test(t, name_that_is_not_proved_is_named);
    tcase_add_loop_test(t, what_cannot_be_done_is_said_before, 0, 4);
    tcase_add_test(t, other_kinds_of_names_are_refused);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite_acme_refused(), NULL };

    return support_run(suites);
}
