/* Signing in by a browser: the page, the redirect, the code, and what goes wrong. */
#include "browser.h"
#include "canned.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "crypto/hash.h"

static struct world w;
static char id_token[2048];
static char tokens[4096];

static void set_tokens(const char *nonce)
{
    struct cmg__buf text;
    char claims[256];

    (void)snprintf(claims, sizeof claims, "{\"nonce\":\"%s\"}", nonce);
    cmg__buf_init_fixed(&text, id_token, sizeof id_token);
    ck_assert_int_eq(cmg__buf_add_str(&text, "e30."), CMG_OK);
    ck_assert_int_eq(cmg__base64url_encode(&text, claims, strlen(claims)), CMG_OK);
    ck_assert_int_eq(cmg__buf_add_str(&text, ".sig"), CMG_OK);
    (void)snprintf(tokens, sizeof tokens,
                   "{\"access_token\":\"secret.token.1\",\"refresh_token\":"
                   "\"secret.token.2\",\"expires_in\":3600,\"id_token\":\"%s\"}",
                   id_token);
}

static void make(struct rule *rules)
{
    static const struct cmg__step *const steps[] = { &cmg__step_sign_in };
    cmg_error *err = NULL;

    tokens[0] = '\0';
    world_init(&w, CMG_DEPLOY_DELETE, rules);
    w.memory.canary = "secret.token";
    w.prompts = 0;
    ck_ok(cmg_tenant_set_browser(cmg_gateway_tenant(w.gateway), NULL, &err), err);
    world_again(&w, CMG_DEPLOY_DELETE);
    world_table(&w, steps, 1);
}

static void begin(struct rule *rules)
{
    make(rules);
    world_start(&w);
    browser_wait(&w, 1);
    set_tokens(browser_parameter(&w, "nonce"));
}

static void check_challenge(void)
{
    char wanted[64];
    uint8_t hash[32];
    struct cmg__buf text;
    const char *verifier = strstr(w.log, "&code_verifier=");

    ck_assert_ptr_nonnull(verifier);
    verifier += strlen("&code_verifier=");
    const size_t n = strcspn(verifier, "&\n");
    ck_assert_uint_eq(n, 43);
    ck_assert_int_eq(cmg__sha256(verifier, n, hash), CMG_OK);
    cmg__buf_init_fixed(&text, wanted, sizeof wanted);
    ck_assert_int_eq(cmg__base64url_encode(&text, hash, sizeof hash), CMG_OK);
    ck_assert_str_eq(browser_parameter(&w, "code_challenge"), wanted);
    ck_assert_str_eq(browser_parameter(&w, "code_challenge_method"), "S256");
    (void)snprintf(wanted, sizeof wanted, "%.*s", (int)n, verifier);
    ck_assert_ptr_null(strstr(w.browser_url, wanted));
}

#define REDEEM ANSWER("POST", "/token", 0, 200, tokens)

START_TEST(person_signs_in_and_the_code_is_redeemed)
{
    struct rule rules[] = { REDEEM, { 0 } };
    char wanted[300];

    begin(rules);
    ck_assert(cmg__str_starts(w.browser_url,
                              "https://login.microsoftonline.com/contoso.onmicrosoft.com/"
                              "oauth2/v2.0/authorize?client_id=1950a258-"));
    ck_assert_str_eq(w.prompt, " ");
    ck_assert_str_eq(browser_parameter(&w, "response_type"), "code");
    ck_assert_str_eq(browser_parameter(&w, "response_mode"), "query");
    ck_assert_str_eq(browser_parameter(&w, "scope"),
                     "https://management.azure.com/.default offline_access openid");
    ck_assert_uint_eq(strlen(browser_parameter(&w, "state")), 43);
    ck_assert_str_ne(browser_parameter(&w, "state"), browser_parameter(&w, "nonce"));
    ck_assert_int_eq(browser_return(&w, "code=0.c-_1&session_state=x"), 200);
    canned_finish(&w);
    ck_assert_msg(w.end == CMG_DEPLOY_DELETED, "%s", w.end_message);
    (void)snprintf(
        wanted, sizeof wanted,
        "grant_type=authorization_code&code=0.c-_1&redirect_uri=http%%3A%%2F%%2F"
        "localhost%%3A");
    ck_assert_uint_eq(world_count(&w, wanted), 1);
    check_challenge();
    /* The other services by the refresh token. */
    ck_assert_uint_eq(world_count(&w, "grant_type=refresh_token"), 2);
    ck_assert_uint_eq(w.prompts, 1);
    w.journal[sizeof w.journal - 1] = '\0';
    ck_assert_ptr_null(strstr(w.journal, "0.c-_1"));
    world_done(&w);
    ck_assert(!w.memory.canary_seen);
}
END_TEST

static const struct {
    const char *request;
    int status;
} strays[] = {
    { "GET /favicon.ico", 404 },
    { "GET /", 400 },
    { "GET /?", 400 },
    { "GET /?code=c", 400 },
    { "GET /?code=c&state=guessed", 400 },
    { "GET /other?code=c", 404 },
    { "POST /?code=c", 405 },
    { "HEAD /?code=c", 405 },
    { "GET  /", 400 },
    { "GET /?%zz", 400 },
};

START_TEST(stray_request_is_answered_and_does_not_end_the_wait)
{
    struct rule rules[] = { REDEEM, { 0 } };
    char page[4096];

    begin(rules);
    ck_assert_int_eq(browser_ask(&w, strays[_i].request, page, sizeof page),
                     strays[_i].status);
    ck_assert_uint_eq(w.sent, 0);
    ck_assert_int_eq(browser_return(&w, "code=c"), 200);
    canned_finish(&w);
    ck_assert_msg(w.end == CMG_DEPLOY_DELETED, "%s", w.end_message);
    world_done(&w);
}
END_TEST

START_TEST(long_request_is_refused)
{
    struct rule rules[] = { REDEEM, { 0 } };
    char page[4096];
    char request[10000];

    begin(rules);
    memset(request, 'x', sizeof request);
    memcpy(request, "GET /?code=", strlen("GET /?code="));
    request[sizeof request - 1] = '\0';
    ck_assert_int_eq(browser_ask(&w, request, page, sizeof page), 414);
    ck_assert_int_eq(browser_return(&w, "code=c"), 200);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    world_done(&w);
}
END_TEST

START_TEST(page_tells_the_person_and_lets_nothing_in)
{
    struct rule rules[] = { REDEEM, { 0 } };
    char request[512];
    char page[4096];

    begin(rules);
    (void)snprintf(request, sizeof request, "GET /?code=c&state=%s",
                   browser_parameter(&w, "state"));
    ck_assert_int_eq(browser_ask(&w, request, page, sizeof page), 200);
    ck_assert_ptr_nonnull(strstr(page, "You can close this window"));
    ck_assert_ptr_nonnull(strstr(page, "Content-Security-Policy: default-src 'none'"));
    ck_assert_ptr_nonnull(strstr(page, "Cache-Control: no-store"));
    canned_finish(&w);
    world_done(&w);
}
END_TEST

START_TEST(error_of_the_page_is_the_sign_ins)
{
    struct rule rules[] = { { 0 } };

    begin(rules);
    ck_assert_int_eq(browser_return(&w, "error=access_denied&error_description="
                                        "AADSTS65004%3A+User+declined."),
                     200);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_AUTH);
    ck_assert_ptr_nonnull(strstr(w.end_message, "User declined"));
    ck_assert_str_ne(w.end_remedy, "");
    world_done(&w);
}
END_TEST

START_TEST(tokens_of_another_sign_in_are_refused)
{
    struct rule rules[] = { REDEEM, { 0 } };

    begin(rules);
    set_tokens(_i == 0 ? "another" : "");
    if (_i == 2)
        (void)snprintf(tokens, sizeof tokens,
                       "{\"access_token\":\"secret.token.1\",\"expires_in\":3600}");
    ck_assert_int_eq(browser_return(&w, "code=c"), 200);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_AUTH);
    ck_assert_ptr_nonnull(strstr(w.end_message, "another sign-in"));
    world_done(&w);
    ck_assert(!w.memory.canary_seen);
}
END_TEST

START_TEST(code_whose_answer_was_lost_is_asked_for_again)
{
    struct rule rules[] = { ANSWER("POST", "/token", 1, 0, NULL),
                            ANSWER(
                                "POST", "/token", 1, 400,
                                "{\"error\":\"invalid_grant\",\"error_codes\":[54005]}"),
                            REDEEM,
                            { 0 } };
    char first[64];

    begin(rules);
    (void)snprintf(first, sizeof first, "%s", browser_parameter(&w, "state"));
    ck_assert_int_eq(browser_return(&w, "code=c"), 200);
    for (unsigned i = 0; i < 100 && w.prompts < 2; i++) {
        support_env_advance_ms(&w.env, 500);
        world_turns(&w, 2);
    }
    browser_wait(&w, 2);
    ck_assert_str_ne(browser_parameter(&w, "state"), first);
    set_tokens(browser_parameter(&w, "nonce"));
    ck_assert_int_eq(browser_return(&w, "code=d"), 200);
    canned_finish(&w);
    ck_assert_msg(w.end == CMG_DEPLOY_DELETED, "%s", w.end_message);
    world_done(&w);
}
END_TEST

START_TEST(nobody_comes_back_in_time)
{
    struct rule rules[] = { { 0 } };

    begin(rules);
    const int64_t from = w.env.unix_ms;
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_TIMEOUT);
    ck_assert_int_ge(w.env.unix_ms - from, 600000);
    ck_assert_str_ne(w.end_remedy, "");
    world_done(&w);
}
END_TEST

START_TEST(sign_in_is_cancelled_while_it_waits)
{
    struct rule rules[] = { { 0 } };

    begin(rules);
    if (_i == 0) {
        ck_assert_int_eq(cmg_deploy_cancel(w.deploy, NULL), CMG_OK);
        canned_finish(&w);
        ck_assert_int_eq(w.end, CMG_DEPLOY_PAUSED);
    } else {
        cmg_deploy_unref(w.deploy);
        w.deploy = NULL;
    }
    world_done(&w);
}
END_TEST

/* Memory may run out anywhere: the page may not be served, and then nobody comes back. */
static size_t starved_run(size_t n)
{
    struct rule rules[] = { REDEEM, { 0 } };
    char request[512];
    char page[4096] = "";
    size_t used = 0;

    make(rules);
    const size_t before = w.memory.count;
    w.memory.fail_at = n;
    const cmg_status rc = cmg_deploy_start(w.deploy, NULL);
    for (unsigned i = 0; rc == CMG_OK && i < 50; i++)
        world_turns(&w, 1);
    if (rc == CMG_OK && w.done_count == 0 && w.prompts == 1) {
        set_tokens(browser_parameter(&w, "nonce"));
        (void)snprintf(request, sizeof request, "GET /?code=c&state=%s",
                       browser_parameter(&w, "state"));
        browser_knock(&w, request, page, sizeof page);
        canned_finish(&w);
    }
    used = w.memory.count - before;
    ck_assert_msg(rc == CMG_E_NOMEM || w.end_code == CMG_OK ||
                      w.end_code == CMG_E_NOMEM ||
                      (w.end_code == CMG_E_TIMEOUT && strstr(page, " 200 ") == NULL),
                  "run %zu: %d %s", n, (int)w.end_code, w.end_message);
    ck_assert(n > 0 || (w.end_code == CMG_OK && w.done_count == 1));
    w.memory.fail_at = 0;
    world_done(&w);
    return used;
}

START_TEST(memory_that_runs_out_is_told_and_nothing_stays)
{
    const size_t count = starved_run(0);

    for (size_t n = 1; n <= count; n++)
        (void)starved_run(n);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sign_in_browser");
    TCase *browser = tcase_create("browser");

    tcase_set_timeout(browser, 120);
    tcase_add_test(browser, person_signs_in_and_the_code_is_redeemed);
    tcase_add_loop_test(browser, stray_request_is_answered_and_does_not_end_the_wait, 0,
                        CMG__ARRAY_LEN(strays));
    tcase_add_test(browser, long_request_is_refused);
    tcase_add_test(browser, page_tells_the_person_and_lets_nothing_in);
    tcase_add_test(browser, error_of_the_page_is_the_sign_ins);
    tcase_add_loop_test(browser, tokens_of_another_sign_in_are_refused, 0, 3);
    tcase_add_test(browser, code_whose_answer_was_lost_is_asked_for_again);
    tcase_add_test(browser, nobody_comes_back_in_time);
    tcase_add_loop_test(browser, sign_in_is_cancelled_while_it_waits, 0, 2);
    tcase_add_test(browser, memory_that_runs_out_is_told_and_nothing_stays);
    suite_add_tcase(suite, browser);
    return support_run((Suite *[]){ suite, NULL });
}
