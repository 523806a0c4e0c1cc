/* Template deployments: the product's own template, refusals, progress, cancel, failure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/gateway.h"
#include "sandbox/setting.h"
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

#define GROUP      "/resourceGroups/" GATEWAY_GROUP
#define DEPLOYMENT GROUP "/providers/Microsoft.Resources/deployments/libcmg-1"
#define VMSS       GROUP "/providers/Microsoft.Compute/virtualMachineScaleSets/" GATEWAY_NAME

/* Everything a gateway's deployment needs; the certificate's secret URL (yours). */
static char *prepare(void)
{
    struct reply r;
    char *vault = gateway_vault(WORLD_TENANT, cmg__sb_fact(w.cloud, "client_object_id"));
    char *import = gateway_import(GATEWAY_PASSWORD);

    world_register(&w);
    world_arm_do(&w, 201, "PUT", "{\"location\":\"westeurope\"}", GROUP);
    world_arm_do(&w, 200, "PUT", vault,
                 GROUP "/providers/Microsoft.KeyVault/vaults/" GATEWAY_NAME);
    world_pass(&w);
    world_ask(&w,
              &(struct ask){ .method = "POST",
                             .host = VAULT,
                             .target = "/certificates/cmg/import?api-version=7.5",
                             .token = w.vault_token,
                             .body = import },
              &r);
    ck_assert_int_eq(r.status, 200);
    char *sid = strdup(reply_str(&r, "/sid"));
    reply_done(&r);
    free(vault);
    free(import);
    return sid;
}

static char *gateway_body(void)
{
    char *sid = prepare();
    char *body = gateway_deployment(WORLD_SUBSCRIPTION, sid);

    free(sid);
    return body;
}

START_TEST(the_products_template_makes_a_gateway)
{
    struct reply r;
    char *body = gateway_body();

    world_arm_do(&w, 200, "POST", body, DEPLOYMENT "/validate");
    world_arm_do(&w, 404, "GET", NULL, DEPLOYMENT);
    world_arm(&w, &r, 201, "PUT", body, "%s", DEPLOYMENT);
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "Accepted");
    ck_assert_ptr_nonnull(
        strstr(reply_head(&r, "Azure-AsyncOperation"), "/operationStatuses/"));
    reply_done(&r);
    world_pass(&w);
    world_arm(&w, &r, 200, "GET", NULL, "%s", DEPLOYMENT);
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "Succeeded");
    ck_assert_str_eq(reply_str(&r, "/properties/outputs/fqdn/value"), GATEWAY_HOST);
    ck_assert_str_ne(reply_str(&r, "/properties/outputResources/0/id"), "");
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL, "%s", VMSS);
    ck_assert_int_eq(reply_int(&r, "/sku/capacity"), 2);
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL, "%s", GROUP "/deployments/libcmg-1/operations");
    ck_assert_str_eq(reply_str(&r, "/value/0/properties/provisioningState"), "Succeeded");
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL, "%s", DEPLOYMENT "/operationStatuses/x");
    ck_assert_str_eq(reply_str(&r, "/status"), "Succeeded");
    reply_done(&r);
    free(body);
}
END_TEST

START_TEST(a_deployment_that_takes_no_time_has_ended_when_it_is_answered)
{
    struct reply r;
    char *body = gateway_body();

    w.cloud->operation_ms = 0;
    world_arm(&w, &r, 201, "PUT", body, "%s", DEPLOYMENT);
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "Succeeded");
    ck_assert_str_eq(reply_head(&r, "Azure-AsyncOperation"), "");
    reply_done(&r);
    free(body);
}
END_TEST

/* Asks and fails when the admin password or the user data stand in the answer. */
static void look_for_secrets(const char *path)
{
    struct reply r;

    world_arm(&w, &r, 200, "GET", NULL, "%s", path);
    ck_assert_ptr_null(strstr(cmg__buf_cstr(&r.answer.body), GATEWAY_SECRET));
    ck_assert_ptr_null(strstr(cmg__buf_cstr(&r.answer.body), "adminPassword\":\""));
    ck_assert_ptr_null(strstr(cmg__buf_cstr(&r.answer.body), "customData\":\""));
    ck_assert_ptr_null(strstr(cmg__buf_cstr(&r.answer.body), "service_names"));
    reply_done(&r);
}

START_TEST(secrets_do_not_come_back)
{
    char *body = gateway_body();

    world_arm_do(&w, 201, "PUT", body, DEPLOYMENT);
    look_for_secrets(DEPLOYMENT);
    world_pass(&w);
    look_for_secrets(DEPLOYMENT);
    look_for_secrets(VMSS);
    look_for_secrets(GROUP "/resources");
    look_for_secrets(DEPLOYMENT "/operations");
    free(body);
}
END_TEST

START_TEST(resources_come_level_by_level)
{
    struct reply r;
    char *body = gateway_body();
    size_t before = cmg__json_size(cmg__sb_table(w.cloud, "resources"));

    world_arm_do(&w, 201, "PUT", body, DEPLOYMENT);
    support_env_advance_ms(&w.env, WORLD_OPERATION_MS / 2);
    world_arm(&w, &r, 200, "GET", NULL, "%s", DEPLOYMENT);
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "Running");
    reply_done(&r);
    ck_assert_uint_eq(cmg__json_size(cmg__sb_table(w.cloud, "resources")), before + 5);
    world_arm(&w, &r, 409, "PUT", body, "%s", DEPLOYMENT);
    ck_assert_str_eq(reply_str(&r, "/error/code"), "DeploymentActive");
    reply_done(&r);
    free(body);
}
END_TEST

START_TEST(a_cancelled_deployment_makes_no_more)
{
    struct reply r;
    char *body = gateway_body();

    world_arm_do(&w, 201, "PUT", body, DEPLOYMENT);
    support_env_advance_ms(&w.env, WORLD_OPERATION_MS / 2);
    world_arm_do(&w, 204, "POST", NULL, DEPLOYMENT "/cancel");
    size_t made = cmg__json_size(cmg__sb_table(w.cloud, "resources"));
    world_pass(&w);
    world_arm(&w, &r, 200, "GET", NULL, "%s", DEPLOYMENT);
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "Canceled");
    reply_done(&r);
    ck_assert_uint_eq(cmg__json_size(cmg__sb_table(w.cloud, "resources")), made);
    world_arm_do(&w, 409, "POST", NULL, DEPLOYMENT "/cancel");
    world_arm_do(&w, 200, "PUT", body, DEPLOYMENT);
    world_pass(&w);
    world_arm_do(&w, 200, "GET", NULL, VMSS);
    free(body);
}
END_TEST

START_TEST(a_taken_dns_label_fails_the_deployment_with_its_cause)
{
    struct reply r;
    char *body = gateway_body();

    world_arm_do(&w, 201, "PUT", "{\"location\":\"westeurope\"}",
                 "/resourceGroups/other");
    world_arm_do(&w, 201, "PUT",
                 "{\"location\":\"westeurope\",\"properties\":{\"dnsSettings\":{"
                 "\"domainNameLabel\":\"" GATEWAY_NAME "\"}}}",
                 "/resourceGroups/other/providers/Microsoft.Network/publicIPAddresses/x");
    world_arm_do(&w, 201, "PUT", body, DEPLOYMENT);
    world_pass(&w);
    world_arm(&w, &r, 200, "GET", NULL, "%s", DEPLOYMENT);
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "Failed");
    ck_assert_str_eq(reply_str(&r, "/properties/error/code"), "DeploymentFailed");
    ck_assert_str_eq(reply_str(&r, "/properties/error/details/0/code"), "DnsRecordInUse");
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL, "%s", DEPLOYMENT "/operations");
    ck_assert_ptr_nonnull(strstr(cmg__buf_cstr(&r.answer.body), "DnsRecordInUse"));
    reply_done(&r);
    world_arm_do(&w, 404, "GET", NULL, VMSS);
    free(body);
}
END_TEST

START_TEST(a_certificate_that_is_not_there_fails_the_scale_set)
{
    struct reply r;
    char *sid = prepare();
    char *body =
        gateway_deployment(WORLD_SUBSCRIPTION, "https://" VAULT "/secrets/other/1");

    world_arm_do(&w, 201, "PUT", body, DEPLOYMENT);
    world_pass(&w);
    world_arm(&w, &r, 200, "GET", NULL, "%s", DEPLOYMENT);
    ck_assert_str_eq(reply_str(&r, "/properties/error/details/0/code"),
                     "KeyVaultSecretDoesNotExist");
    reply_done(&r);
    free(sid);
    free(body);
}
END_TEST

#define TEMPLATE(rest)                                                                   \
    "{\"properties\":{\"mode\":\"Incremental\",\"template\":{\"contentVersion\":"        \
    "\"1\"," rest "}}}"

static const struct {
    const char *body;
    int status;
    const char *code;
} bad[] = {
    { "{\"properties\":{\"mode\":\"Complete\",\"template\":{}}}", 400,
      "InvalidDeploymentMode" },
    { "{\"properties\":{\"mode\":\"Incremental\"}}", 400, "InvalidTemplate" },
    { TEMPLATE(
          "\"resources\":[{\"type\":\"A.B/c\",\"apiVersion\":\"1\",\"name\":\"x\"}]"),
      400, "InvalidTemplateDeployment" },
    { TEMPLATE("\"resources\":[{\"type\":\"Microsoft.Network/publicIPAddresses\","
               "\"apiVersion\":\"1\",\"name\":\"[nope()]\"}]"),
      400, "InvalidTemplate" },
    { TEMPLATE(
          "\"resources\":[{\"type\":\"Microsoft.Network/publicIPAddresses\","
          "\"apiVersion\":\"1\",\"name\":\"x\",\"properties\":{\"a\":\"[nope()]\"}}]"),
      400, "InvalidTemplate" },
    { TEMPLATE("\"resources\":[{\"type\":\"Microsoft.Insights/metricAlerts\","
               "\"apiVersion\":\"1\",\"name\":\"x\"}]"),
      409, "MissingSubscriptionRegistration" },
    { TEMPLATE("\"resources\":[],\"outputs\":{\"o\":{\"type\":\"string\",\"value\":"
               "\"[nope()]\"}}"),
      400, "InvalidTemplate" },
};

START_TEST(a_template_is_checked_whole_before_anything_is_made)
{
    struct reply r;

    world_register(&w);
    world_arm_do(&w, 201, "PUT", "{\"location\":\"westeurope\"}", GROUP);
    for (int validate = 0; validate < 2; validate++) {
        world_arm(&w, &r, bad[_i].status, validate ? "POST" : "PUT", bad[_i].body,
                  DEPLOYMENT "%s", validate ? "/validate" : "");
        ck_assert_str_eq(reply_str(&r, "/error/code"), bad[_i].code);
        reply_done(&r);
    }
    world_arm_do(&w, 404, "GET", NULL, DEPLOYMENT);
}
END_TEST

/* ---- for the subscription ---- */

#define WHOLE(location, schema, resources)                                               \
    "{" location "\"properties\":{\"mode\":\"Incremental\",\"template\":{\"$schema\":"   \
    "\"https://schema.management.azure.com/schemas/2018-05-01/" schema                   \
    ".json#\",\"contentVersion\":\"1\",\"resources\":[" resources "]}}}"
#define WEST "\"location\":\"westeurope\","
#define OF_A_SUBSCRIPTION(resources)                                                     \
    WHOLE(WEST, "subscriptionDeploymentTemplate", resources)
#define A_GROUP(location)                                                                \
    "{\"type\":\"Microsoft.Resources/resourceGroups\",\"apiVersion\":\"1\",\"name\":"    \
    "\"new\",\"location\":\"" location "\"}"
#define NESTED(group, rest, resources)                                                   \
    "{\"type\":\"Microsoft.Resources/deployments\",\"apiVersion\":\"1\",\"name\":\"d\"," \
    "\"resourceGroup\":\"" group "\"" rest ",\"properties\":{\"mode\":\"Incremental\","  \
    "\"expressionEvaluationOptions\":{\"scope\":\"inner\"},\"template\":{"               \
    "\"contentVersion\":\"1\",\"resources\":[" resources "]}}}"
#define AFTER                                                                            \
    ",\"dependsOn\":[\"[subscriptionResourceId('Microsoft.Resources/resourceGroups', "   \
    "'new')]\"]"
#define AN_IP                                                                            \
    "{\"type\":\"Microsoft.Network/publicIPAddresses\",\"apiVersion\":\"1\",\"name\":"   \
    "\"[resourceGroup().name]\",\"location\":\"westeurope\"}"

static const struct {
    const char *body;
    int status;
    const char *code;
    const char *policy;
} scopes[] = {
    { OF_A_SUBSCRIPTION(""), 200, "", NULL },
    { OF_A_SUBSCRIPTION(A_GROUP("westeurope") "," NESTED("new", AFTER, AN_IP)), 200, "",
      NULL },
    { WHOLE("", "subscriptionDeploymentTemplate", ""), 400, "LocationRequired", NULL },
    { WHOLE("\"location\":\"atlantis\",", "subscriptionDeploymentTemplate", ""), 400,
      "LocationNotAvailableForDeployment", NULL },
    { WHOLE(WEST, "deploymentTemplate", ""), 400, "InvalidTemplate", NULL },
    { OF_A_SUBSCRIPTION(A_GROUP("atlantis")), 400, "LocationNotAvailableForResourceGroup",
      NULL },
    { OF_A_SUBSCRIPTION(AN_IP), 400, "InvalidTemplate", NULL },
    /* A group of the template is there when it is waited for. */
    { OF_A_SUBSCRIPTION(A_GROUP("westeurope") "," NESTED("new", "", AN_IP)), 404,
      "ResourceGroupNotFound", NULL },
    { OF_A_SUBSCRIPTION(NESTED("other", AFTER, AN_IP)), 404, "ResourceGroupNotFound",
      NULL },
    { OF_A_SUBSCRIPTION(A_GROUP("westeurope") "," NESTED(
          "new", AFTER, "{\"type\":\"A.B/c\",\"apiVersion\":\"1\",\"name\":\"x\"}")),
      400, "InvalidTemplateDeployment", NULL },
    { OF_A_SUBSCRIPTION(A_GROUP("westeurope") "," NESTED("new", AFTER, AN_IP)), 400,
      "InvalidTemplateDeployment", "deny Microsoft.Network/publicIPAddresses" },
    { OF_A_SUBSCRIPTION(A_GROUP("westeurope")), 400, "InvalidTemplateDeployment",
      "deny * without tag costcenter" },
};

START_TEST(a_template_for_the_subscription_is_checked_without_its_group)
{
    struct reply r;

    world_register(&w);
    if (scopes[_i].policy != NULL)
        ck_assert_int_eq(
            cmg__sb_setting_change(w.cloud, "policy/p", scopes[_i].policy, NULL), CMG_OK);
    world_arm(&w, &r, scopes[_i].status, "POST", scopes[_i].body,
              "/providers/Microsoft.Resources/deployments/d/validate");
    ck_assert_str_eq(scopes[_i].status == 200 ? "" : reply_str(&r, "/error/code"),
                     scopes[_i].code);
    reply_done(&r);
    world_arm_do(&w, 404, "GET", NULL, "/resourceGroups/new");
}
END_TEST

START_TEST(a_deployment_needs_its_group_and_a_good_name)
{
    world_arm_do(&w, 404, "PUT", TEMPLATE("\"resources\":[]"), DEPLOYMENT);
    world_arm_do(&w, 201, "PUT", "{\"location\":\"westeurope\"}", GROUP);
    world_arm_do(&w, 400, "PUT", TEMPLATE("\"resources\":[]"),
                 GROUP "/providers/Microsoft.Resources/deployments/a%%20b");
    world_arm_do(&w, 404, "HEAD", NULL, DEPLOYMENT);
    world_arm_do(&w, 201, "PUT", TEMPLATE("\"resources\":[]"), DEPLOYMENT);
    world_arm_do(&w, 204, "HEAD", NULL, DEPLOYMENT);
    world_pass(&w);
    world_arm_do(&w, 202, "DELETE", NULL, DEPLOYMENT);
    world_arm_do(&w, 404, "HEAD", NULL, DEPLOYMENT);
}
END_TEST

/* ---- memory ---- */

/* One request of every kind with memory failing at the n-th allocation: the answer fails
   whole, and nothing leaks. */
START_TEST(requests_survive_that_memory_runs_out)
{
    static const struct {
        const char *method, *host, *target, *body;
    } asks[] = {
        { "POST", GRAPH, "/v1.0/applications", "{\"displayName\":\"x\"}" },
        { "GET", GRAPH, "/v1.0/applications?$filter=startswith(displayName,'x')", NULL },
        { "POST", GRAPH, "/v1.0/$batch",
          "{\"requests\":[{\"id\":\"1\",\"method\":\"GET\",\"url\":\"/domains\"},"
          "{\"id\":\"2\",\"method\":\"GET\",\"url\":\"/x\",\"dependsOn\":[\"1\"]}]}" },
        { "PUT", ARM,
          "/subscriptions/" WORLD_SUBSCRIPTION "/resourceGroups/g?api-version=2024-03-01",
          "{location: \"westeurope\"}" },
        { "POST", LOGIN, WORLD_TOKEN, "grant_type=client_credentials&client_id=x" },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(asks); i++) {
        struct cmg__headers headers;
        char bearer[8192];
        cmg_status rc = CMG_E_NOMEM;

        snprintf(bearer, sizeof bearer, "Bearer %s",
                 strcmp(asks[i].host, GRAPH) == 0 ? w.graph_token : w.arm_token);
        cmg__headers_init(&headers, &cmg__alloc_libc);
        ck_assert_int_eq(cmg__headers_add(&headers, "Authorization", bearer), CMG_OK);
        const struct cmg__sb_request request = {
            .method = asks[i].method,
            .host = asks[i].host,
            .target = asks[i].target,
            .headers = &headers,
            .body = asks[i].body == NULL ? "" : asks[i].body,
            .body_len = asks[i].body == NULL ? 0 : strlen(asks[i].body)
        };
        size_t live = w.alloc.live;
        size_t n = 0;
        while (rc != CMG_OK && n < 2000) {
            struct cmg__sb_answer answer;
            cmg__sb_answer_init(&answer, &w.alloc.alloc);
            w.alloc.fail_at = w.alloc.count + ++n;
            rc = cmg__sb_answer(w.cloud, &request, &answer);
            bool hit = w.alloc.count >= w.alloc.fail_at;
            w.alloc.fail_at = 0;
            cmg__sb_answer_done(&answer);
            ck_assert_uint_eq(w.alloc.live, live);
            ck_assert(rc == CMG_OK || rc == CMG_E_NOMEM);
            if (hit && rc == CMG_OK)
                rc = CMG_E_NOMEM; /* made good, or answered as a refusal: go on */
        }
        ck_assert_int_eq(rc, CMG_OK);
        ck_assert_uint_gt(n, 3);
        cmg__headers_done(&headers);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("deployment");
    TCase *t = tcase_create("gateway");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_deployment_that_takes_no_time_has_ended_when_it_is_answered);
    tcase_add_test(t, the_products_template_makes_a_gateway);
    tcase_add_test(t, secrets_do_not_come_back);
    tcase_add_test(t, resources_come_level_by_level);
    tcase_add_test(t, a_cancelled_deployment_makes_no_more);
    tcase_add_test(t, a_taken_dns_label_fails_the_deployment_with_its_cause);
    tcase_add_test(t, a_certificate_that_is_not_there_fails_the_scale_set);
    tcase_add_loop_test(t, a_template_is_checked_whole_before_anything_is_made, 0,
                        CMG__ARRAY_LEN(bad));
    tcase_add_loop_test(t, a_template_for_the_subscription_is_checked_without_its_group,
                        0, CMG__ARRAY_LEN(scopes));
    tcase_add_test(t, a_deployment_needs_its_group_and_a_good_name);
    tcase_add_test(t, requests_survive_that_memory_runs_out);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
