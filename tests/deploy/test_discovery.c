/* The tenant's own document before anybody signs in: what is believed, what is not. */
#include "canned.h"

#include <stdio.h>
#include <string.h>

static struct world w;

#define AT(issuer, login, instance, graph)                                               \
    "{\"issuer\":\"" issuer "\",\"token_endpoint\":\"" login "/t/oauth2/v2.0/token\","   \
    "\"authorization_endpoint\":\"" login "/t/oauth2/v2.0/authorize\","                  \
    "\"device_authorization_endpoint\":\"" login "/t/oauth2/v2.0/devicecode\","          \
    "\"jwks_uri\":\"" login                                                              \
    "/t/discovery/v2.0/keys\",\"cloud_instance_name\":\"" instance                       \
    "\",\"msgraph_host\":\"" graph "\"}"
#define LOGIN   "https://login.microsoftonline.com"
#define ISSUER  LOGIN "/" WORLD_TENANT "/v2.0"
#define PUBLIC  "microsoftonline.com"
#define MSGRAPH "graph.microsoft.com"

static void find(const char *document, int status)
{
    struct rule rules[] = { ANSWER("GET", "openid-configuration", 0, status, document),
                            TOKEN,
                            { 0 } };
    static const struct cmg__step *const steps[] = { &cmg__step_discovery };

    world_init(&w, CMG_DEPLOY_DELETE, rules);
    world_table(&w, steps, 1);
    world_start(&w);
    canned_finish(&w);
}

static const char *const believed[] = {
    AT(ISSUER, LOGIN, PUBLIC, MSGRAPH),
    AT(ISSUER, "https://login.windows.net", PUBLIC, MSGRAPH),
    AT(ISSUER, LOGIN, "sovcloud.example", "graph.sovcloud.example"),
    AT("https://sts.windows.net/" WORLD_TENANT "/v2.0", LOGIN, "", ""),
};

START_TEST(a_domain_becomes_an_id_without_a_token)
{
    find(believed[_i], 200);
    ck_assert_msg(w.end_code == CMG_OK, "%s", w.end_message);
    ck_assert_str_eq(cmg_tenant_id(cmg_gateway_tenant(w.gateway)), WORLD_TENANT);
    ck_assert_uint_eq(world_count(&w, "/token"), 0);
    world_done(&w);
}
END_TEST

static const struct {
    const char *document;
    cmg_status code;
    const char *message; /* or the remedy contains it */
} refused[] = {
    { AT(ISSUER, LOGIN, "microsoftonline.us", "graph.microsoft.us"), CMG_E_CONFLICT,
      "CMG_CLOUD_US_GOVERNMENT" },
    { AT(ISSUER, LOGIN, "microsoftonline.us", "dod-graph.microsoft.us"), CMG_E_CONFLICT,
      "CMG_CLOUD_US_GOVERNMENT_DOD" },
    { AT(ISSUER, LOGIN, "partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn"),
      CMG_E_CONFLICT, "CMG_CLOUD_CHINA" },
    { AT("https://evil.example/" WORLD_TENANT "/v2.0", LOGIN, PUBLIC, MSGRAPH),
      CMG_E_PROTO, "evil.example" },
    { AT(ISSUER, "https://login.microsoftonline.com.evil.example", PUBLIC, MSGRAPH),
      CMG_E_PROTO, "evil.example" },
    { AT(ISSUER, "http://login.microsoftonline.com", PUBLIC, MSGRAPH), CMG_E_PROTO,
      "http://" },
    { AT(ISSUER, "https://login.windows.net:444", PUBLIC, MSGRAPH), CMG_E_PROTO, "444" },
    { AT(LOGIN "/{tenantid}/v2.0", LOGIN, PUBLIC, MSGRAPH), CMG_E_PROTO, "/issuer" },
    { AT(LOGIN "/" WORLD_TENANT, LOGIN, PUBLIC, MSGRAPH), CMG_E_PROTO, "/issuer" },
    { "{\"issuer\":\"" ISSUER "\"}", CMG_E_PROTO, "/token_endpoint" },
    { "[]", CMG_E_PROTO, "/issuer" },
};

START_TEST(a_document_that_leads_elsewhere_is_not_followed)
{
    find(refused[_i].document, 200);
    ck_assert_int_eq(w.end_code, refused[_i].code);
    ck_assert_msg(strstr(w.end_message, refused[_i].message) != NULL ||
                      strstr(w.end_remedy, refused[_i].message) != NULL,
                  "%s; %s", w.end_message, w.end_remedy);
    ck_assert_str_ne(w.end_remedy, "");
    world_done(&w);
}
END_TEST

START_TEST(a_domain_that_nobody_has_is_told)
{
    find("{\"error\":\"invalid_tenant\",\"error_description\":\"AADSTS90002: Tenant "
         "'contoso.example' not found.\",\"error_codes\":[90002],\"timestamp\":"
         "\"2026-11-23 00:00:00Z\",\"correlation_id\":"
         "\"99999999-2222-4333-8444-555555555555\"}",
         400);
    ck_assert_int_eq(w.end_code, CMG_E_NOTFOUND);
    ck_assert_ptr_nonnull(strstr(w.end_cause, "the tenant is not known"));
    ck_assert_ptr_nonnull(strstr(w.end_cause, "99999999-2222-4333-8444-555555555555"));
    ck_assert_ptr_nonnull(strstr(w.end_remedy, "tenant.domain"));
    world_done(&w);
}
END_TEST

static void begin(void)
{
    static struct rule rules[] = { ANSWER("GET", "openid-configuration", 0, 200,
                                          AT(ISSUER, LOGIN, PUBLIC, MSGRAPH)),
                                   { 0 } };
    static const struct cmg__step *const steps[] = { &cmg__step_discovery };

    world_init(&w, CMG_DEPLOY_DELETE, rules);
    world_table(&w, steps, 1);
}

START_TEST(discovery_without_memory_leaves_nothing)
{
    canned_starve(&w, begin, CMG_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("discovery");
    TCase *all = tcase_create("discovery");

    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, a_domain_becomes_an_id_without_a_token, 0,
                        CMG__ARRAY_LEN(believed));
    tcase_add_loop_test(all, a_document_that_leads_elsewhere_is_not_followed, 0,
                        CMG__ARRAY_LEN(refused));
    tcase_add_test(all, a_domain_that_nobody_has_is_told);
    tcase_add_test(all, discovery_without_memory_leaves_nothing);
    suite_add_tcase(suite, all);
    return support_run((Suite *[]){ suite, NULL });
}
