/* Signing in by a browser: the page, where it goes back to, the code, and decisions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "sandbox/world.h"

static struct world w;

static void setup(void)
{
    world_init(&w);
}

static void teardown(void)
{
    world_done(&w);
}

#define PAGE "/" WORLD_TENANT "/oauth2/v2.0/authorize?"
#define BACK "http%3A%2F%2Flocalhost%3A4711%2F"
/* Of the verifier below, by SHA-256 (RFC 7636, appendix B). */
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define SCOPE     "https%3A%2F%2Fmanagement.azure.com%2F.default%20openid%20offline_access"
#define ASK_AS(client)                                                                   \
    "client_id=" client "&response_type=code&redirect_uri=" BACK "&state=st-1&nonce=n-1" \
    "&code_challenge=" CHALLENGE "&code_challenge_method=S256&scope=" SCOPE
#define ASK ASK_AS(POWERSHELL)

/* What the page's redirect carries under a name; "" for nothing. */
static const char *open_page(const char *query, const char *name)
{
    static char value[2048];
    char target[2048];
    struct reply r;
    struct cmg__buf text;

    (void)snprintf(target, sizeof target, "%s%s", PAGE, query);
    world_get(&w, &r, LOGIN, target);
    value[0] = '\0';
    if (r.status == 302) {
        const char *location = reply_head(&r, "Location");
        const char *mark = strchr(location, '?');
        ck_assert_ptr_nonnull(mark);
        ck_assert(cmg__str_starts(location, "http://localhost:4711/?") ||
                  cmg__str_starts(location, "http://127.0.0.1:9/x?"));
        cmg__buf_init_fixed(&text, value, sizeof value);
        ck_assert_int_ge(cmg__form_get(mark + 1, strlen(mark + 1), name, &text), 0);
    } else {
        (void)snprintf(value, sizeof value, "%d %s", r.status,
                       cmg__buf_cstr(&r.answer.body));
    }
    reply_done(&r);
    return value;
}

static void redeem(struct reply *r, const char *code, const char *uri,
                   const char *verifier)
{
    char form[2048];

    (void)snprintf(form, sizeof form,
                   "grant_type=authorization_code&client_id=%s&code=%s&redirect_uri=%s&"
                   "code_verifier=%s&scope=%s",
                   POWERSHELL, code, uri, verifier, SCOPE);
    world_post(&w, r, WORLD_TOKEN, form);
}

START_TEST(code_is_redeemed_once_by_who_began)
{
    struct reply r;
    char code[128];

    ck_assert_str_eq(open_page(ASK, "state"), "st-1");
    (void)snprintf(code, sizeof code, "%s", open_page(ASK, "code"));
    redeem(&r, code, BACK, VERIFIER);
    ck_assert_int_eq(r.status, 200);
    ck_assert_str_ne(reply_str(&r, "/refresh_token"), "");
    struct cmg__json *claims = world_claims(&w, reply_str(&r, "/access_token"));
    world_claim_is(claims, "/aud", "https://management.azure.com");
    world_claim_is(claims, "/appid", POWERSHELL);
    cmg__json_unref(claims);
    claims = world_claims(&w, reply_str(&r, "/id_token"));
    world_claim_is(claims, "/nonce", "n-1");
    world_claim_is(claims, "/aud", POWERSHELL);
    cmg__json_unref(claims);
    reply_done(&r);
    redeem(&r, code, BACK, VERIFIER);
    ck_assert_int_eq(reply_int(&r, "/error_codes/0"), 54005);
    reply_done(&r);
}
END_TEST

static const struct {
    const char *code, *uri, *verifier;
    int64_t minutes;
    int64_t aadsts;
} refusals[] = {
    { "unknown", BACK, VERIFIER, 0, 70000 },
    { NULL, BACK, "another-verifier-that-does-not-fit-at-all-here", 0, 501481 },
    { NULL, BACK, "", 0, 501481 },
    { NULL, "http%3A%2F%2Flocalhost%3A4712%2F", VERIFIER, 0, 500112 },
    { NULL, "http%3A%2F%2Flocalhost%3A4711", VERIFIER, 0, 500112 },
    { NULL, BACK, VERIFIER, 11, 70008 },
};

START_TEST(code_of_no_use_is_refused)
{
    struct reply r;
    char code[128];

    (void)snprintf(code, sizeof code, "%s", open_page(ASK, "code"));
    support_env_advance_ms(&w.env, refusals[_i].minutes * 60000);
    redeem(&r, refusals[_i].code != NULL ? refusals[_i].code : code, refusals[_i].uri,
           refusals[_i].verifier);
    ck_assert_int_eq(r.status, 400);
    ck_assert_str_eq(reply_str(&r, "/error"), "invalid_grant");
    ck_assert_int_eq(reply_int(&r, "/error_codes/0"), refusals[_i].aadsts);
    reply_done(&r);
}
END_TEST

static const struct {
    const char *query, *name, *answer; /* name NULL: a page whose beginning is answer */
} pages[] = {
    { "client_id=" WORLD_TENANT "&response_type=code", NULL, "400 <!doctype html>" },
    { "client_id=" POWERSHELL
      "&response_type=code&redirect_uri=https%3A%2F%2Fevil.example",
      NULL, "400 <!doctype html>" },
    { "client_id=" POWERSHELL
      "&response_type=code&redirect_uri=http%3A%2F%2Flocalhost.evil"
      ".example%2F",
      NULL, "400 <!doctype html>" },
    { "client_id=" POWERSHELL
      "&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%3A1"
      "%2Fother",
      NULL, "400 <!doctype html>" },
    { "client_id=" POWERSHELL "&response_type=token&redirect_uri=" BACK, "error",
      "unsupported_response_type" },
    { ASK "&response_mode=fragment", "error", "invalid_request" },
    { "client_id=" POWERSHELL "&response_type=code&redirect_uri=" BACK
      "&code_challenge=short&scope=" SCOPE,
      "error", "invalid_request" },
    { "client_id=" POWERSHELL "&response_type=code&redirect_uri=" BACK, "error",
      "invalid_scope" },
    { "client_id=" POWERSHELL "&response_type=code&redirect_uri=" BACK
      "&scope=api%3A%2F%2Fnobody%2F.default",
      "error", "invalid_resource" },
    { ASK "&prompt=none", "error", "" },
};

START_TEST(request_that_azure_refuses_is_refused)
{
    const char *answer = open_page(pages[_i].query, pages[_i].name);

    if (pages[_i].name != NULL)
        ck_assert_str_eq(answer, pages[_i].answer);
    else
        ck_assert_msg(cmg__str_starts(answer, pages[_i].answer), "%s", answer);
}
END_TEST

START_TEST(registered_uri_is_compared_but_for_the_port_of_loopback)
{
    struct app app;
    char query[1024];

    world_make_app(&w, "browser",
                   ",\"isFallbackPublicClient\":true,\"publicClient\":{\"redirectUris\":["
                   "\"http://127.0.0.1/x\",\"msal://auth\"]}",
                   &app);
    (void)snprintf(
        query, sizeof query,
        "client_id=%s&response_type=code&redirect_uri=http%%3A%%2F%%2F127.0.0.1"
        "%%3A9%%2Fx&scope=User.Read",
        app.app_id);
    ck_assert_str_eq(open_page(query, "error"),
                     "invalid_grant"); /* no consent, by redirect */
    (void)snprintf(query, sizeof query,
                   "client_id=%s&response_type=code&redirect_uri=%s&scope=User.Read",
                   app.app_id, BACK);
    ck_assert(cmg__str_starts(open_page(query, "error"), "400 "));
}
END_TEST

static void decide(const char *code, bool approve)
{
    if (w.cloud->decisions == NULL)
        w.cloud->decisions = cmg__json_object();
    ck_assert_int_eq(cmg__json_set(w.cloud->decisions, code, cmg__json_boolean(approve)),
                     CMG_OK);
}

START_TEST(page_waits_for_a_decision)
{
    w.cloud->by_call = true;
    ck_assert(cmg__str_starts(open_page(ASK, "code"), "200 "));
    ck_assert_str_eq(open_page(ASK "&prompt=none", "error"), "login_required");
    decide("st-1", _i == 0);
    if (_i == 0)
        ck_assert_uint_eq(strlen(open_page(ASK, "code")), 64);
    else
        ck_assert_str_eq(open_page(ASK, "error"), "access_denied");
}
END_TEST

START_TEST(device_code_waits_for_a_decision)
{
    struct reply r;
    char form[512];
    char user_code[16];

    w.cloud->by_call = true;
    world_post(&w, &r, "/" WORLD_TENANT "/oauth2/v2.0/devicecode",
               "client_id=" POWERSHELL "&scope=" SCOPE);
    (void)snprintf(user_code, sizeof user_code, "%s", reply_str(&r, "/user_code"));
    (void)snprintf(form, sizeof form,
                   "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id="
                   "%s&device_code=%s",
                   POWERSHELL, reply_str(&r, "/device_code"));
    reply_done(&r);
    for (int i = 0; i < 3; i++) {
        world_post(&w, &r, WORLD_TOKEN, form);
        ck_assert_str_eq(reply_str(&r, "/error"), "authorization_pending");
        reply_done(&r);
    }
    decide(user_code, _i == 0);
    world_post(&w, &r, WORLD_TOKEN, form);
    if (_i == 0)
        ck_assert_int_eq(r.status, 200);
    else
        ck_assert_str_eq(reply_str(&r, "/error"), "authorization_declined");
    reply_done(&r);
}
END_TEST

/* ---- what services demand ---- */

#define CLAIMS                                                                           \
    "%7B%22access_token%22%3A%7B%22acrs%22%3A%7B%22essential%22%3Atrue%2C%22value%22%3A" \
    "%22c1%22%7D%7D%7D"

static int ask_arm(const char *token, bool begin)
{
    struct reply r;
    const struct ask ask = { .method = "GET",
                             .host = ARM,
                             .target = "/subscriptions?api-version=2022-12-01",
                             .token = token };

    w.cloud->challenge = begin;
    world_ask(&w, &ask, &r);
    const int status = r.status;
    if (status == 401)
        ck_assert_ptr_nonnull(strstr(reply_head(&r, "WWW-Authenticate"),
                                     "error=\"insufficient_claims\", claims=\"ey"));
    reply_done(&r);
    return status;
}

START_TEST(challenged_service_takes_tokens_of_a_better_sign_in_only)
{
    struct reply r;
    char code[128];
    char form[2048];

    (void)snprintf(code, sizeof code, "%s", open_page(ASK, "code"));
    redeem(&r, code, BACK, VERIFIER);
    ck_assert_int_eq(ask_arm(reply_str(&r, "/access_token"), false), 200);
    ck_assert_int_eq(ask_arm(reply_str(&r, "/access_token"), true), 401);
    ck_assert_int_eq(ask_arm(reply_str(&r, "/access_token"), false), 401);
    (void)snprintf(form, sizeof form,
                   "grant_type=refresh_token&client_id=%s&refresh_token=%s&scope=%s&"
                   "claims=%s",
                   POWERSHELL, reply_str(&r, "/refresh_token"), SCOPE, CLAIMS);
    reply_done(&r);
    world_post(&w, &r, WORLD_TOKEN, form);
    ck_assert_str_eq(reply_str(&r, "/error"), "interaction_required");
    ck_assert_int_eq(reply_int(&r, "/error_codes/0"), 50076);
    ck_assert(cmg__str_starts(reply_str(&r, "/claims"), "{\"access_token\""));
    reply_done(&r);
    (void)snprintf(code, sizeof code, "%s", open_page(ASK "&claims=" CLAIMS, "code"));
    redeem(&r, code, BACK, VERIFIER);
    struct cmg__json *claims = world_claims(&w, reply_str(&r, "/access_token"));
    world_claim_is(claims, "/acrs/0", "c1");
    cmg__json_unref(claims);
    ck_assert_int_eq(ask_arm(reply_str(&r, "/access_token"), false), 200);
    reply_done(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox/authorize");
    TCase *page = tcase_create("page");

    tcase_set_timeout(page, 60);
    tcase_add_checked_fixture(page, setup, teardown);
    tcase_add_test(page, code_is_redeemed_once_by_who_began);
    tcase_add_loop_test(page, code_of_no_use_is_refused, 0, CMG__ARRAY_LEN(refusals));
    tcase_add_loop_test(page, request_that_azure_refuses_is_refused, 0,
                        CMG__ARRAY_LEN(pages));
    tcase_add_test(page, registered_uri_is_compared_but_for_the_port_of_loopback);
    tcase_add_loop_test(page, page_waits_for_a_decision, 0, 2);
    tcase_add_loop_test(page, device_code_waits_for_a_decision, 0, 2);
    tcase_add_test(page, challenged_service_takes_tokens_of_a_better_sign_in_only);
    suite_add_tcase(suite, page);
    return support_run((Suite *[]){ suite, NULL });
}
