/* Sign-in: metadata, secrets, device code, refresh, consent, versions of tokens. */
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

#define DEVICE "/" WORLD_TENANT "/oauth2/v2.0/devicecode"

/* ---- metadata ---- */

static const struct {
    const char *host, *target, *token_endpoint;
} configurations[] = {
    { LOGIN, "/" WORLD_DOMAIN "/v2.0/.well-known/openid-configuration",
      "https://" LOGIN "/" WORLD_TENANT "/oauth2/v2.0/token" },
    { "localhost:4711", "/common/v2.0/.well-known/openid-configuration",
      "https://localhost:4711/" WORLD_TENANT "/oauth2/v2.0/token" },
    { "127.0.0.1:4711", "/" WORLD_TENANT "/.well-known/openid-configuration",
      "https://127.0.0.1:4711/" WORLD_TENANT "/oauth2/token" },
    { "localhost:4711", "/adfs/.well-known/openid-configuration",
      "https://localhost:4711/adfs/oauth2/token" },
};

START_TEST(configuration_is_on_the_host_that_was_asked)
{
    struct reply r;

    world_get(&w, &r, configurations[_i].host, configurations[_i].target);
    ck_assert_int_eq(r.status, 200);
    ck_assert_str_eq(reply_str(&r, "/token_endpoint"), configurations[_i].token_endpoint);
    ck_assert_str_ne(reply_str(&r, "/issuer"), "");
    ck_assert_str_ne(reply_str(&r, "/authorization_endpoint"), "");
    ck_assert_str_ne(reply_str(&r, "/jwks_uri"), "");
    ck_assert_str_ne(reply_str(&r, "/device_authorization_endpoint"), "");
    reply_done(&r);
}
END_TEST

START_TEST(unknown_tenant_is_90002)
{
    struct reply r;

    world_get(&w, &r, LOGIN, "/fabrikam.com/v2.0/.well-known/openid-configuration");
    ck_assert_int_eq(r.status, 400);
    ck_assert_str_eq(reply_str(&r, "/error"), "invalid_tenant");
    ck_assert_int_eq(reply_int(&r, "/error_codes/0"), 90002);
    ck_assert(cmg__str_starts(reply_str(&r, "/error_description"), "AADSTS90002: "));
    reply_done(&r);
}
END_TEST

START_TEST(instance_discovery_knows_its_own_hosts_only)
{
    struct reply r;

    world_get(
        &w, &r, LOGIN,
        "/common/discovery/instance?api-version=1.1&authorization_endpoint=https%3A%2F%2F"
        "login.microsoftonline.com%2Fcommon%2Foauth2%2Fv2.0%2Fauthorize");
    ck_assert_int_eq(r.status, 200);
    ck_assert_str_eq(reply_str(&r, "/metadata/0/preferred_network"), LOGIN);
    reply_done(&r);
    world_get(&w, &r, LOGIN,
              "/common/discovery/instance?authorization_endpoint=https://evil.example/x");
    ck_assert_int_eq(r.status, 400);
    ck_assert_str_eq(reply_str(&r, "/error"), "invalid_instance");
    reply_done(&r);
}
END_TEST

START_TEST(keys_verify_the_tokens)
{
    struct reply r;

    world_get(&w, &r, LOGIN, "/" WORLD_TENANT "/discovery/v2.0/keys");
    ck_assert_int_eq(r.status, 200);
    ck_assert_str_eq(reply_str(&r, "/keys/0/kty"), "RSA");
    ck_assert_str_eq(reply_str(&r, "/keys/0/issuer"),
                     "https://login.microsoftonline.com/{tenantid}/v2.0");
    struct cmg__jwks *jwks = NULL;
    ck_assert_int_eq(cmg__jwks_parse(&w.alloc.alloc, r.answer.body.data,
                                     r.answer.body.len, &jwks, NULL),
                     CMG_OK);
    static const char *const issuers[] = { "https://sts.windows.net/" WORLD_TENANT "/",
                                           NULL };
    static const char *const audiences[] = { "https://graph.microsoft.com", NULL };
    const struct cmg__jwt_policy policy = { .tenant_id = WORLD_TENANT,
                                            .issuers = issuers,
                                            .audiences = audiences,
                                            .now_unix_s = w.env.unix_ms / 1000,
                                            .skew_s = 0 };
    struct cmg__jwt_identity who;
    cmg_error *err = NULL;
    ck_ok(cmg__jwt_check(&w.alloc.alloc, w.graph_token, strlen(w.graph_token), jwks,
                         &policy, &who, &err),
          err);
    ck_assert_str_eq(who.client_id, cmg__sb_fact(w.cloud, "client_id"));
    cmg__jwks_free(jwks);
    reply_done(&r);
}
END_TEST

/* ---- refusals ---- */

#define GRAPH_SCOPE "&scope=https://graph.microsoft.com/.default"

static const struct {
    const char *client_id; /* NULL: the built-in client's; "": none */
    const char *form;
    int status;
    const char *error;
    int64_t code;
} refusals[] = {
    { NULL, "grant_type=client_credentials&client_secret=wrong" GRAPH_SCOPE, 401,
      "invalid_client", 7000215 },
    { NULL, "grant_type=client_credentials" GRAPH_SCOPE, 401, "invalid_client", 7000218 },
    { "aaaaaaaa-0000-0000-0000-000000000000",
      "grant_type=client_credentials&client_secret=x" GRAPH_SCOPE, 400,
      "unauthorized_client", 700016 },
    { NULL, "grant_type=password", 400, "unsupported_grant_type", 70003 },
    { "", "grant_type=client_credentials", 400, "invalid_request", 900144 },
    { POWERSHELL, "grant_type=refresh_token&refresh_token=nope" GRAPH_SCOPE, 400,
      "invalid_grant", 70000 },
    { POWERSHELL, "grant_type=refresh_token&client_secret=s&refresh_token=n", 401,
      "invalid_client", 700025 },
    { POWERSHELL,
      "grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=nope", 400,
      "bad_verification_code", 70018 },
};

START_TEST(sign_in_is_refused_in_entras_words)
{
    struct reply r;
    char form[1024];
    const char *id =
        cmg__str_or(refusals[_i].client_id, cmg__sb_fact(w.cloud, "client_id"));

    snprintf(form, sizeof form, "%s&client_id=%s", refusals[_i].form, id);
    world_post(&w, &r, WORLD_TOKEN, form);
    ck_assert_int_eq(r.status, refusals[_i].status);
    ck_assert_str_eq(reply_str(&r, "/error"), refusals[_i].error);
    ck_assert_int_eq(reply_int(&r, "/error_codes/0"), refusals[_i].code);
    ck_assert_str_ne(reply_str(&r, "/correlation_id"), "");
    ck_assert_str_ne(reply_str(&r, "/timestamp"), "");
    reply_done(&r);
}
END_TEST

static const struct {
    const char *scope;
    const char *error;
} scopes[] = {
    { "https://graph.microsoft.com/User.Read", "invalid_scope" },
    { "https://nowhere.example/.default", "invalid_resource" },
    { "https://graph.microsoft.com/.default https://vault.azure.net/.default",
      "invalid_scope" },
    { "openid", "invalid_scope" },
};

START_TEST(client_credentials_need_one_known_resource)
{
    struct reply r;
    char form[1024];

    snprintf(form, sizeof form,
             "grant_type=client_credentials&client_id=%s&client_secret=%s&scope=%s",
             cmg__sb_fact(w.cloud, "client_id"), cmg__sb_fact(w.cloud, "client_secret"),
             scopes[_i].scope);
    world_post(&w, &r, WORLD_TOKEN, form);
    ck_assert_int_eq(r.status, 400);
    ck_assert_str_eq(reply_str(&r, "/error"), scopes[_i].error);
    reply_done(&r);
}
END_TEST

/* ---- what comes out ---- */

START_TEST(the_audience_keeps_its_slash)
{
    char *token = world_sign_in_as(&w, cmg__sb_fact(w.cloud, "client_id"),
                                   cmg__sb_fact(w.cloud, "client_secret"),
                                   "https://management.core.windows.net//.default");
    struct reply r;

    ck_assert_ptr_nonnull(token);
    struct cmg__json *claims = world_claims(&w, token);
    world_claim_is(claims, "/aud", "https://management.core.windows.net/");
    cmg__json_unref(claims);
    world_ask(&w,
              &(struct ask){ .method = "GET",
                             .host = ARM,
                             .target = "/subscriptions?api-version=2022-12-01",
                             .token = token },
              &r);
    ck_assert_int_eq(r.status, 200);
    reply_done(&r);
    free(token);
}
END_TEST

START_TEST(v1_answers_with_texts_and_v2_with_numbers)
{
    struct reply r;
    char form[1024];

    snprintf(form, sizeof form,
             "grant_type=client_credentials&client_id=%s&client_secret=%s&"
             "resource=https://management.azure.com/",
             cmg__sb_fact(w.cloud, "client_id"), cmg__sb_fact(w.cloud, "client_secret"));
    world_post(&w, &r, "/" WORLD_TENANT "/oauth2/token", form);
    ck_assert_int_eq(r.status, 200);
    ck_assert_str_eq(reply_str(&r, "/expires_in"), "3599");
    ck_assert_str_eq(reply_str(&r, "/resource"), "https://management.azure.com/");
    ck_assert_str_eq(reply_head(&r, "Cache-Control"), "no-store, no-cache");
    reply_done(&r);
    snprintf(form, sizeof form,
             "grant_type=client_credentials&client_id=%s&client_secret=%s&"
             "scope=https://vault.azure.net/.default&client_info=1",
             cmg__sb_fact(w.cloud, "client_id"), cmg__sb_fact(w.cloud, "client_secret"));
    world_post(&w, &r, "/adfs/oauth2/token?client-request-id=1", form);
    ck_assert_int_eq(reply_int(&r, "/expires_in"), 3599);
    ck_assert_str_eq(reply_str(&r, "/token_type"), "Bearer");
    ck_assert_str_eq(reply_str(&r, "/refresh_token"), "");
    reply_done(&r);
}
END_TEST

START_TEST(http_basic_carries_the_secret_too)
{
    struct cmg__headers headers;
    struct cmg__sb_answer answer;
    struct cmg__buf pair, field;
    const char *form = "grant_type=client_credentials&scope=https://vault.azure.net/"
                       ".default";

    cmg__headers_init(&headers, &w.alloc.alloc);
    cmg__buf_init(&pair, &w.alloc.alloc, 1024);
    cmg__buf_init(&field, &w.alloc.alloc, 1024);
    ck_assert_int_eq(cmg__buf_addf(&pair, "%s:%s", cmg__sb_fact(w.cloud, "client_id"),
                                   cmg__sb_fact(w.cloud, "client_secret")),
                     CMG_OK);
    ck_assert_int_eq(cmg__buf_add_str(&field, "Basic "), CMG_OK);
    ck_assert_int_eq(cmg__base64_encode(&field, pair.data, pair.len), CMG_OK);
    ck_assert_int_eq(cmg__headers_add(&headers, "Authorization", cmg__buf_cstr(&field)),
                     CMG_OK);
    const struct cmg__sb_request request = { .method = "POST",
                                             .host = LOGIN,
                                             .target = WORLD_TOKEN,
                                             .headers = &headers,
                                             .body = form,
                                             .body_len = strlen(form) };
    cmg__sb_answer_init(&answer, &w.alloc.alloc);
    ck_assert_int_eq(cmg__sb_answer(w.cloud, &request, &answer), CMG_OK);
    ck_assert_int_eq(answer.status, 200);
    cmg__sb_answer_done(&answer);
    cmg__headers_done(&headers);
    cmg__buf_done(&pair);
    cmg__buf_done(&field);
}
END_TEST

/* ---- device code ---- */

/* Begins a flow; the code goes to out. */
static void begin_device(const char *scope, char out[128])
{
    struct reply r;
    char form[1024];

    snprintf(form, sizeof form, "client_id=" POWERSHELL "&scope=%s", scope);
    world_post(&w, &r, DEVICE, form);
    ck_assert_int_eq(r.status, 200);
    ck_assert_uint_eq(strlen(reply_str(&r, "/user_code")), 9);
    ck_assert_int_ge(reply_int(&r, "/interval"), 1);
    ck_assert_int_gt(reply_int(&r, "/expires_in"), 60);
    snprintf(out, 128, "%s", reply_str(&r, "/device_code"));
    reply_done(&r);
}

static void poll_device(struct reply *r, const char *code)
{
    char form[1024];

    snprintf(
        form, sizeof form,
        "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=" POWERSHELL
        "&device_code=%s",
        code);
    world_post(&w, r, WORLD_TOKEN, form);
}

START_TEST(device_code_is_pending_then_approved_then_spent)
{
    struct reply r;
    char code[128];

    begin_device("https://graph.microsoft.com/.default openid offline_access", code);
    poll_device(&r, code);
    ck_assert_int_eq(r.status, 400);
    ck_assert_str_eq(reply_str(&r, "/error"), "authorization_pending");
    reply_done(&r);
    poll_device(&r, code);
    ck_assert_int_eq(r.status, 200);
    ck_assert_str_ne(reply_str(&r, "/refresh_token"), "");
    ck_assert_str_ne(reply_str(&r, "/id_token"), "");
    struct cmg__json *claims = world_claims(&w, reply_str(&r, "/access_token"));
    world_claim_is(claims, "/appid", POWERSHELL);
    world_claim_is(claims, "/upn", "admin@" WORLD_DOMAIN);
    world_claim_is(claims, "/appidacr", "0");
    cmg__json_unref(claims);
    reply_done(&r);
    poll_device(&r, code);
    ck_assert_int_eq(reply_int(&r, "/error_codes/0"), 54005);
    reply_done(&r);
}
END_TEST

START_TEST(device_code_expires)
{
    struct reply r;
    char code[128];

    begin_device("https://graph.microsoft.com/.default", code);
    support_env_advance_ms(&w.env, 901 * 1000);
    poll_device(&r, code);
    ck_assert_str_eq(reply_str(&r, "/error"), "expired_token");
    reply_done(&r);
}
END_TEST

START_TEST(a_refresh_token_opens_another_resource)
{
    struct reply r;
    char code[128], form[1024];

    begin_device("https://graph.microsoft.com/.default offline_access", code);
    poll_device(&r, code);
    reply_done(&r);
    poll_device(&r, code);
    snprintf(form, sizeof form,
             "grant_type=refresh_token&client_id=" POWERSHELL
             "&refresh_token=%s&scope=https://management.azure.com/.default",
             reply_str(&r, "/refresh_token"));
    reply_done(&r);
    world_post(&w, &r, WORLD_TOKEN, form);
    ck_assert_int_eq(r.status, 200);
    struct cmg__json *claims = world_claims(&w, reply_str(&r, "/access_token"));
    world_claim_is(claims, "/aud", "https://management.azure.com");
    world_claim_is(claims, "/scp", "user_impersonation");
    cmg__json_unref(claims);
    ck_assert_str_ne(reply_str(&r, "/refresh_token"), "");
    reply_done(&r);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("entra");
    TCase *metadata = tcase_create("metadata");
    TCase *tokens = tcase_create("tokens");
    TCase *const all[] = { metadata, tokens };

    tcase_add_loop_test(metadata, configuration_is_on_the_host_that_was_asked, 0,
                        CMG__ARRAY_LEN(configurations));
    tcase_add_test(metadata, unknown_tenant_is_90002);
    tcase_add_test(metadata, instance_discovery_knows_its_own_hosts_only);
    tcase_add_test(metadata, keys_verify_the_tokens);
    tcase_add_loop_test(tokens, sign_in_is_refused_in_entras_words, 0,
                        CMG__ARRAY_LEN(refusals));
    tcase_add_loop_test(tokens, client_credentials_need_one_known_resource, 0,
                        CMG__ARRAY_LEN(scopes));
    tcase_add_test(tokens, the_audience_keeps_its_slash);
    tcase_add_test(tokens, v1_answers_with_texts_and_v2_with_numbers);
    tcase_add_test(tokens, http_basic_carries_the_secret_too);
    tcase_add_test(tokens, device_code_is_pending_then_approved_then_spent);
    tcase_add_test(tokens, device_code_expires);
    tcase_add_test(tokens, a_refresh_token_opens_another_resource);
    for (size_t i = 0; i < CMG__ARRAY_LEN(all); i++) {
        tcase_add_checked_fixture(all[i], setup, teardown);
        tcase_set_timeout(all[i], 60);
        suite_add_tcase(s, all[i]);
    }
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
