/* Tokens: what a resource decides about them, and how services refuse what is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- registered applications ---- */

static const struct {
    const char *api; /* requestedAccessTokenVersion */
    const char *ver, *issuer, *client_claim;
    bool audience_is_app_id;
} versions[] = {
    { "null", "1.0", "https://sts.windows.net/" WORLD_TENANT "/", "/appid", false },
    { "2", "2.0", "https://" LOGIN "/" WORLD_TENANT "/v2.0", "/azp", true },
};

START_TEST(the_resource_decides_the_tokens_version)
{
    struct app server;
    char extra[512];

    snprintf(extra, sizeof extra,
             ",\"identifierUris\":[\"api://" WORLD_TENANT
             "/Server\"],\"api\":{\"requestedAccessTokenVersion\":%s}",
             versions[_i].api);
    world_make_app(&w, "server", extra, &server);
    char *token = world_sign_in_as(&w, server.app_id, server.secret,
                                   "api://" WORLD_TENANT "/Server/.default");
    ck_assert_ptr_nonnull(token);
    struct cmg__json *claims = world_claims(&w, token);
    world_claim_is(claims, "/ver", versions[_i].ver);
    world_claim_is(claims, "/iss", versions[_i].issuer);
    world_claim_is(claims, versions[_i].client_claim, server.app_id);
    world_claim_is(claims, "/aud",
                   versions[_i].audience_is_app_id ? server.app_id
                                                   : "api://" WORLD_TENANT "/Server");
    world_claim_is(claims, "/oid", server.sp_id);
    ck_assert_ptr_null(cmg__json_key(claims, "scp"));
    cmg__json_unref(claims);
    free(token);
}
END_TEST

START_TEST(an_expired_secret_is_7000222)
{
    struct reply r;
    struct app app;
    char form[1024];

    world_make_app(&w, "app", "", &app);
    world_graph(&w, &r, 200, "POST",
                "{\"passwordCredential\":{\"endDateTime\":\"2026-11-24T00:00:00Z\"}}",
                "/v1.0/applications/%s/addPassword", app.id);
    snprintf(form, sizeof form,
             "grant_type=client_credentials&client_id=%s&client_secret=%s&"
             "scope=https://graph.microsoft.com/.default",
             app.app_id, reply_str(&r, "/secretText"));
    reply_done(&r);
    world_post(&w, &r, WORLD_TOKEN, form);
    ck_assert_int_eq(r.status, 200);
    reply_done(&r);
    support_env_advance_ms(&w.env, (int64_t)3 * 86400 * 1000);
    world_post(&w, &r, WORLD_TOKEN, form);
    ck_assert_int_eq(r.status, 401);
    ck_assert_int_eq(reply_int(&r, "/error_codes/0"), 7000222);
    reply_done(&r);
}
END_TEST

START_TEST(an_application_without_consent_reads_nothing)
{
    struct app app;
    struct reply r;

    world_make_app(&w, "app", "", &app);
    char *token = world_sign_in_as(&w, app.app_id, app.secret,
                                   "https://graph.microsoft.com/.default");
    ck_assert_ptr_nonnull(token);
    world_ask(&w,
              &(struct ask){ .method = "GET",
                             .host = GRAPH,
                             .target = "/v1.0/applications",
                             .token = token },
              &r);
    ck_assert_int_eq(r.status, 403);
    ck_assert_str_eq(reply_str(&r, "/error/code"), "Authorization_RequestDenied");
    reply_done(&r);
    free(token);
}
END_TEST

/* ---- checking what requests bring ---- */

static const struct {
    const char *host, *target, *code;
    const char *challenge; /* part of WWW-Authenticate */
} tokenless[] = {
    { GRAPH, "/v1.0/organization", "InvalidAuthenticationToken", "authorization_uri=" },
    { ARM, "/subscriptions/" WORLD_SUBSCRIPTION "?api-version=2022-12-01",
      "AuthenticationFailed",
      "authorization_uri=\"https://login.windows.net/" WORLD_TENANT "\"" },
    { VAULT, "/certificates/c?api-version=7.5", "Unauthorized",
      "authorization=\"https://login.windows.net/" WORLD_TENANT
      "\", resource=\"https://vault.azure.net\"" },
};

START_TEST(without_token_comes_the_services_challenge)
{
    struct reply r;

    world_get(&w, &r, tokenless[_i].host, tokenless[_i].target);
    ck_assert_int_eq(r.status, 401);
    ck_assert_str_eq(reply_str(&r, "/error/code"), tokenless[_i].code);
    ck_assert_ptr_nonnull(
        strstr(reply_head(&r, "WWW-Authenticate"), tokenless[_i].challenge));
    reply_done(&r);
}
END_TEST

START_TEST(a_token_for_another_service_is_refused)
{
    struct reply r;

    world_ask(&w,
              &(struct ask){ .method = "GET",
                             .host = GRAPH,
                             .target = "/v1.0/organization",
                             .token = w.arm_token },
              &r);
    ck_assert_int_eq(r.status, 401);
    ck_assert_str_eq(reply_str(&r, "/error/code"), "InvalidAuthenticationToken");
    reply_done(&r);
}
END_TEST

START_TEST(an_expired_or_damaged_token_is_refused)
{
    struct reply r;
    struct ask ask = { .method = "GET",
                       .host = GRAPH,
                       .target = "/v1.0/organization",
                       .token = w.graph_token };

    world_ask(&w, &ask, &r);
    ck_assert_int_eq(r.status, 200);
    reply_done(&r);
    char *mark = strrchr(w.graph_token, '.') + 5;
    *mark = *mark == 'A' ? 'B' : 'A';
    world_ask(&w, &ask, &r);
    ck_assert_int_eq(r.status, 401);
    reply_done(&r);
    *mark = *mark == 'A' ? 'B' : 'A';
    support_env_advance_ms(&w.env, 3599 * 1000 + 400 * 1000);
    ask.token = w.arm_token;
    ask.host = ARM;
    ask.target = "/subscriptions?api-version=2022-12-01";
    world_ask(&w, &ask, &r);
    ck_assert_int_eq(r.status, 401);
    reply_done(&r);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("token");
    TCase *issued = tcase_create("issued");
    TCase *checks = tcase_create("checks");
    TCase *const all[] = { issued, checks };

    tcase_add_loop_test(issued, the_resource_decides_the_tokens_version, 0,
                        CMG__ARRAY_LEN(versions));
    tcase_add_test(issued, an_expired_secret_is_7000222);
    tcase_add_test(issued, an_application_without_consent_reads_nothing);
    tcase_add_loop_test(checks, without_token_comes_the_services_challenge, 0,
                        CMG__ARRAY_LEN(tokenless));
    tcase_add_test(checks, a_token_for_another_service_is_refused);
    tcase_add_test(checks, an_expired_or_damaged_token_is_refused);
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
