/* The clouds as a table; endpoints of a context, one by one. */
#include <string.h>

#include "azure/call.h"
#include "azure/cloud.h"
#include "support/support.h"

static struct support_alloc memory;
static cmg_context *ctx;
static cmg_error *err;

static void setup(void)
{
    support_alloc_init(&memory);
    ck_ok(cmg_context_new(&memory.alloc.table, &ctx, &err), err);
}

static void teardown(void)
{
    cmg_error_unref(err);
    err = NULL;
    cmg_context_unref(ctx);
    ck_assert_uint_eq(memory.live, 0);
}

static const struct {
    cmg_cloud cloud;
    const char *at[CMG__ENDPOINTS];
} clouds[] = {
    { CMG_CLOUD_PUBLIC,
      { "https://login.microsoftonline.com", "https://graph.microsoft.com",
        "https://management.azure.com", "vault.azure.net", "core.windows.net",
        "cloudapp.azure.com", "https://login.microsoftonline.com",
        "https://sts.windows.net", "https://graph.microsoft.com",
        "https://management.azure.com", "https://vault.azure.net",
        "https://storage.azure.com" } },
    { CMG_CLOUD_US_GOVERNMENT,
      { "https://login.microsoftonline.us", "https://graph.microsoft.us",
        "https://management.usgovcloudapi.net", "vault.usgovcloudapi.net",
        "core.usgovcloudapi.net", "cloudapp.usgovcloudapi.net",
        "https://login.microsoftonline.us", "https://sts.windows.net",
        "https://graph.microsoft.us", "https://management.usgovcloudapi.net",
        "https://vault.usgovcloudapi.net", "https://storage.azure.com" } },
    { CMG_CLOUD_US_GOVERNMENT_DOD,
      { "https://login.microsoftonline.us", "https://dod-graph.microsoft.us",
        "https://management.usgovcloudapi.net", "vault.usgovcloudapi.net",
        "core.usgovcloudapi.net", "cloudapp.usgovcloudapi.net",
        "https://login.microsoftonline.us", "https://sts.windows.net",
        "https://dod-graph.microsoft.us", "https://management.usgovcloudapi.net",
        "https://vault.usgovcloudapi.net", "https://storage.azure.com" } },
    { CMG_CLOUD_CHINA,
      { "https://login.partner.microsoftonline.cn",
        "https://microsoftgraph.chinacloudapi.cn", "https://management.chinacloudapi.cn",
        "vault.azure.cn", "core.chinacloudapi.cn", "cloudapp.chinacloudapi.cn",
        "https://login.partner.microsoftonline.cn", "https://sts.chinacloudapi.cn",
        "https://microsoftgraph.chinacloudapi.cn", "https://management.chinacloudapi.cn",
        "https://vault.azure.cn", "https://storage.azure.com" } },
    { CMG_CLOUD_CUSTOM, { "", "", "", "", "", "", "", "", "", "", "", "" } },
};

START_TEST(each_cloud_has_its_endpoints)
{
    ck_ok(cmg_context_set_cloud(ctx, clouds[_i].cloud, &err), err);
    for (size_t i = 0; i < CMG__ENDPOINTS; i++)
        ck_assert_str_eq(cmg_context_endpoint(ctx, (cmg_endpoint)i), clouds[_i].at[i]);
}
END_TEST

START_TEST(a_cloud_is_known_by_what_its_documents_say)
{
    ck_assert_int_eq(cmg__cloud_of_instance("microsoftonline.com")->id, CMG_CLOUD_PUBLIC);
    ck_assert_int_eq(cmg__cloud_of_instance("MicrosoftOnline.us")->id,
                     CMG_CLOUD_US_GOVERNMENT);
    ck_assert_int_eq(cmg__cloud_of_instance("partner.microsoftonline.cn")->id,
                     CMG_CLOUD_CHINA);
    ck_assert_ptr_null(cmg__cloud_of_instance("microsoftonline.de"));
    ck_assert_ptr_null(cmg__cloud_get(CMG_CLOUD_WIDTH));
    ck_assert_int_eq(cmg_context_set_cloud(ctx, CMG_CLOUD_WIDTH, &err), CMG_E_INVAL);
}
END_TEST

START_TEST(an_endpoint_is_set_and_taken_back_alone)
{
    ck_ok(cmg_context_set_endpoint(ctx, CMG_ENDPOINT_GRAPH, "https://localhost:8443/g/",
                                   &err),
          err);
    ck_assert_str_eq(cmg_context_endpoint(ctx, CMG_ENDPOINT_GRAPH),
                     "https://localhost:8443/g");
    ck_assert_str_eq(cmg_context_endpoint(ctx, CMG_ENDPOINT_GRAPH_AUDIENCE),
                     "https://graph.microsoft.com");
    ck_assert_str_eq(cmg_context_endpoint(ctx, CMG_ENDPOINT_LOGIN),
                     "https://login.microsoftonline.com");
    ck_ok(cmg_context_set_cloud(ctx, CMG_CLOUD_CHINA, &err), err);
    ck_assert_str_eq(cmg_context_endpoint(ctx, CMG_ENDPOINT_GRAPH),
                     "https://localhost:8443/g");
    ck_ok(cmg_context_set_endpoint(ctx, CMG_ENDPOINT_GRAPH, NULL, &err), err);
    ck_assert_str_eq(cmg_context_endpoint(ctx, CMG_ENDPOINT_GRAPH),
                     "https://microsoftgraph.chinacloudapi.cn");
}
END_TEST

START_TEST(an_audience_keeps_the_slash_that_is_part_of_it)
{
    ck_ok(cmg_context_set_endpoint(ctx, CMG_ENDPOINT_RESOURCE_MANAGER_AUDIENCE,
                                   "https://management.core.windows.net/", &err),
          err);
    ck_assert_str_eq(cmg_context_endpoint(ctx, CMG_ENDPOINT_RESOURCE_MANAGER_AUDIENCE),
                     "https://management.core.windows.net/");
}
END_TEST

START_TEST(issuers_and_audiences_of_a_custom_cloud_are_its_endpoints)
{
    ck_ok(cmg_context_set_cloud(ctx, CMG_CLOUD_CUSTOM, &err), err);
    ck_ok(cmg_context_set_endpoint(ctx, CMG_ENDPOINT_LOGIN, "https://login.sov.example",
                                   &err),
          err);
    ck_ok(cmg_context_set_endpoint(ctx, CMG_ENDPOINT_GRAPH, "https://graph.sov.example",
                                   &err),
          err);
    ck_assert_str_eq(cmg_context_endpoint(ctx, CMG_ENDPOINT_ISSUER),
                     "https://login.sov.example");
    ck_assert_str_eq(cmg_context_endpoint(ctx, CMG_ENDPOINT_ISSUER_V1),
                     "https://login.sov.example");
    ck_assert_str_eq(cmg_context_endpoint(ctx, CMG_ENDPOINT_GRAPH_AUDIENCE),
                     "https://graph.sov.example");
    ck_assert_str_eq(cmg_context_endpoint(ctx, CMG_ENDPOINT_VAULT_AUDIENCE), "");
}
END_TEST

static char too_long[300];

static const struct {
    cmg_endpoint which;
    const char *value;
} refused[] = {
    { CMG_ENDPOINT_LOGIN, "" },
    { CMG_ENDPOINT_LOGIN, "login.example" },
    { CMG_ENDPOINT_LOGIN, "http://login.example" },
    { CMG_ENDPOINT_LOGIN, "https://" },
    { CMG_ENDPOINT_LOGIN, "https://login.example@evil.example" },
    { CMG_ENDPOINT_LOGIN, "https://login.example:0" },
    { CMG_ENDPOINT_LOGIN, "https://login.example:65536" },
    { CMG_ENDPOINT_LOGIN, "https://login.example\r\nHost: x" },
    { CMG_ENDPOINT_GRAPH, "https://graph.example/?a=b" },
    { CMG_ENDPOINT_GRAPH, "https://graph.example/#a" },
    { CMG_ENDPOINT_GRAPH, "https://graph.example/a/../b" },
    { CMG_ENDPOINT_GRAPH, "https://graph.example//b" },
    { CMG_ENDPOINT_GRAPH, "https://graph.example/%2e" },
    { CMG_ENDPOINT_GRAPH, "https://gr aph.example" },
    { CMG_ENDPOINT_GRAPH, too_long },
    { CMG_ENDPOINT_VAULT, ".vault.example" },
    { CMG_ENDPOINT_VAULT, "vault..example" },
    { CMG_ENDPOINT_VAULT, "vault.example/x" },
    { CMG_ENDPOINT_VAULT, "http://vault.example" },
    { CMG_ENDPOINT_PUBLIC_IP, "https://cloudapp.example" },
    { CMG_ENDPOINT_PUBLIC_IP, "cloudapp.example." },
    { CMG_ENDPOINT_GRAPH_AUDIENCE, "graph.example" },
    { CMG_ENDPOINT_WIDTH, "https://graph.example" },
    { (cmg_endpoint)-1, "https://graph.example" },
};

START_TEST(what_is_no_endpoint_is_refused_with_the_fix)
{
    memset(too_long, 'a', sizeof too_long - 1);
    memcpy(too_long, "https://", 8);
    ck_assert_int_eq(
        cmg_context_set_endpoint(ctx, refused[_i].which, refused[_i].value, &err),
        CMG_E_INVAL);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    for (size_t i = 0; i < CMG__ENDPOINTS; i++)
        ck_assert_str_eq(cmg_context_endpoint(ctx, (cmg_endpoint)i), clouds[0].at[i]);
}
END_TEST

START_TEST(an_unknown_endpoint_or_context_has_no_text)
{
    ck_assert_str_eq(cmg_context_endpoint(ctx, CMG_ENDPOINT_WIDTH), "");
    ck_assert_str_eq(cmg_context_endpoint(NULL, CMG_ENDPOINT_LOGIN), "");
    ck_assert_int_eq(cmg_context_set_endpoint(NULL, CMG_ENDPOINT_LOGIN, NULL, NULL),
                     CMG_E_INVAL);
}
END_TEST

static const struct {
    const char *endpoint;
    const char *url;
    bool serves;
} served[] = {
    { "https://graph.example", "https://graph.example/v1.0/users?$skiptoken=a", true },
    { "https://graph.example", "https://GRAPH.example:443", true },
    { "https://graph.example", "https://graph.example?x", true },
    { "https://graph.example", "http://graph.example/v1.0", false },
    { "https://graph.example", "https://graph.example:444/v1.0", false },
    { "https://graph.example", "https://graph.example.evil.example/v1.0", false },
    { "https://graph.example", "https://graph.example@evil.example/v1.0", false },
    { "https://graph.example/base", "https://graph.example/base/v1.0", true },
    { "https://graph.example/base", "https://graph.example/base?x", true },
    { "https://graph.example/base", "https://graph.example/base2/v1.0", false },
    { "https://graph.example/base", "https://graph.example/v1.0", false },
    { "vault.azure.net", "https://x.vault.azure.net/", false },
};

START_TEST(a_token_follows_no_url_to_another_place)
{
    ck_assert_int_eq(cmg__endpoint_serves(served[_i].endpoint, served[_i].url),
                     served[_i].serves);
}
END_TEST

static const struct {
    enum cmg__call_id call;
    cmg_endpoint which;
    const char *value;
    const char *url;
} placed[] = {
    { CMG__CALL_OPENID_CONFIG, CMG_ENDPOINT_LOGIN, "https://localhost:8443/login",
      "https://localhost:8443/login/t/v2.0/.well-known/openid-configuration" },
    { CMG__CALL_ORGANIZATION, CMG_ENDPOINT_GRAPH, "https://localhost:8443",
      "https://localhost:8443/v1.0/organization" },
    { CMG__CALL_CERT_GET, CMG_ENDPOINT_VAULT, "https://localhost:8443/vaults",
      "https://localhost:8443/vaults/granitefalls/certificates/server" },
    { CMG__CALL_CERT_GET, CMG_ENDPOINT_VAULT, "vault.example",
      "https://granitefalls.vault.example/certificates/server" },
};

START_TEST(a_request_goes_to_the_endpoint_that_was_set)
{
    const struct cmg__arg args[] = { { "tenant", "t" },
                                     { "vault", "granitefalls" },
                                     { "name", "server" } };
    struct cmg__endpoints endpoints;
    struct cmg__http_request req;

    ck_ok(cmg_context_set_endpoint(ctx, placed[_i].which, placed[_i].value, &err), err);
    cmg__endpoints_get(ctx, &endpoints);
    cmg__http_request_init(&req, &memory.alloc);
    ck_ok(cmg__call_build(&memory.alloc, cmg__call_get(placed[_i].call), &endpoints, args,
                          CMG__ARRAY_LEN(args), NULL, &req, &err),
          err);
    ck_assert_msg(cmg__str_starts(req.url, placed[_i].url), "%s", req.url);
    cmg__http_request_done(&req);
}
END_TEST

START_TEST(a_request_of_a_custom_cloud_without_its_endpoint_says_so)
{
    struct cmg__endpoints endpoints;
    struct cmg__http_request req;

    ck_ok(cmg_context_set_cloud(ctx, CMG_CLOUD_CUSTOM, &err), err);
    cmg__endpoints_get(ctx, &endpoints);
    cmg__http_request_init(&req, &memory.alloc);
    ck_assert_int_eq(cmg__call_build(&memory.alloc, cmg__call_get(CMG__CALL_ORGANIZATION),
                                     &endpoints, NULL, 0, NULL, &req, &err),
                     CMG_E_STATE);
    ck_assert_str_eq(cmg_error_subject(err), "graph");
    cmg__http_request_done(&req);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("azure/endpoint");
    TCase *all = tcase_create("endpoint");

    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_loop_test(all, each_cloud_has_its_endpoints, 0, CMG__ARRAY_LEN(clouds));
    tcase_add_test(all, a_cloud_is_known_by_what_its_documents_say);
    tcase_add_test(all, an_endpoint_is_set_and_taken_back_alone);
    tcase_add_test(all, an_audience_keeps_the_slash_that_is_part_of_it);
    tcase_add_test(all, issuers_and_audiences_of_a_custom_cloud_are_its_endpoints);
    tcase_add_loop_test(all, what_is_no_endpoint_is_refused_with_the_fix, 0,
                        CMG__ARRAY_LEN(refused));
    tcase_add_test(all, an_unknown_endpoint_or_context_has_no_text);
    tcase_add_loop_test(all, a_token_follows_no_url_to_another_place, 0,
                        CMG__ARRAY_LEN(served));
    tcase_add_loop_test(all, a_request_goes_to_the_endpoint_that_was_set, 0,
                        CMG__ARRAY_LEN(placed));
    tcase_add_test(all, a_request_of_a_custom_cloud_without_its_endpoint_says_so);
    suite_add_tcase(suite, all);
    return support_run((Suite *[]){ suite, NULL });
}
