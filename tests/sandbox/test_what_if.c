/* Templates further on: what-if, children, identities, functions, operations that fail.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/role.h"
#include "sandbox/setting.h"
#include "sandbox/world.h"
#include "sandbox/sandbox.h"

static struct world w;

#define GROUP   "/resourceGroups/rg-1"
#define DEPLOY  GROUP "/providers/Microsoft.Resources/deployments/d"
#define NSG     GROUP "/providers/Microsoft.Network/networkSecurityGroups/nsg"
#define WEST    "{\"location\":\"westeurope\"}"
#define ACCOUNT GROUP "/providers/Microsoft.Storage/storageAccounts/acc1"
#define TEMPLATE(resources, outputs)                                                     \
    "{\"properties\":{\"mode\":\"Incremental\",\"template\":{\"contentVersion\":"        \
    "\"1.0.0.0\",\"resources\":[" resources "],\"outputs\":{" outputs "}}}}"
#define NSG_WITH(tag, port)                                                              \
    "{\"type\":\"Microsoft.Network/networkSecurityGroups\",\"apiVersion\":"              \
    "\"2024-01-01\",\"name\":\"nsg\",\"location\":\"westeurope\",\"tags\":{\"a\":\"" tag \
    "\"},\"properties\":{\"securityRules\":[{\"name\":\"r\",\"properties\":{"            \
    "\"destinationPortRange\":\"" port "\"}}]}}"

static void setup(void)
{
    world_init(&w);
    world_register(&w);
    world_arm_do(&w, 200, "POST", NULL, "/providers/Microsoft.ManagedIdentity/register");
    world_pass(&w);
    world_arm_do(&w, 201, "PUT", WEST, GROUP);
}

static void teardown(void)
{
    world_done(&w);
}

/* The path of a polling URL, below the subscription. */
static void poll_path(const struct reply *r, const char *field, char out[512])
{
    const char *url = reply_head(r, field);
    const char *at = strstr(url, WORLD_SUBSCRIPTION);

    ck_assert_ptr_nonnull(at);
    at += strlen(WORLD_SUBSCRIPTION);
    snprintf(out, 512, "%.*s", (int)strcspn(at, "?"), at);
}

static void what_if(const char *body, struct reply *out)
{
    char path[512];

    world_arm(&w, out, 202, "POST", body, "%s", DEPLOY "/whatIf");
    poll_path(out, "Location", path);
    reply_done(out);
    world_arm_do(&w, 202, "GET", NULL, "%s", path);
    world_pass(&w);
    world_arm(&w, out, 200, "GET", NULL, "%s", path);
    ck_assert_str_eq(reply_str(out, "/status"), "Succeeded");
}

static void deploy(int status, const char *body, const char *state)
{
    struct reply r;

    world_arm_do(&w, status, "PUT", body, DEPLOY);
    world_pass(&w);
    world_arm(&w, &r, 200, "GET", NULL, "%s", DEPLOY);
    if (strcmp(reply_str(&r, "/properties/provisioningState"), state) != 0)
        ck_abort_msg("%s", cmg__buf_cstr(&r.answer.body));
    reply_done(&r);
}

START_TEST(what_would_change_is_told_and_nothing_is_done)
{
    struct reply r;
    static const char one[] = TEMPLATE(NSG_WITH("1", "443"), "");
    static const char two[] = TEMPLATE(NSG_WITH("2", "8443"), "");

    what_if(one, &r);
    ck_assert_str_eq(reply_str(&r, "/properties/changes/0/changeType"), "Create");
    ck_assert_str_eq(reply_str(&r, "/properties/changes/0/after/tags/a"), "1");
    reply_done(&r);
    world_arm_do(&w, 404, "GET", NULL, NSG);
    deploy(201, one, "Succeeded");
    what_if(one, &r);
    ck_assert_str_eq(reply_str(&r, "/properties/changes/0/changeType"), "NoChange");
    reply_done(&r);
    what_if(two, &r);
    ck_assert_str_eq(reply_str(&r, "/properties/changes/0/changeType"), "Modify");
    ck_assert_str_eq(reply_str(&r, "/properties/changes/0/delta/0/path"), "tags.a");
    ck_assert_str_eq(reply_str(&r, "/properties/changes/0/delta/0/before"), "1");
    ck_assert_str_eq(reply_str(&r, "/properties/changes/0/delta/0/after"), "2");
    ck_assert_str_eq(reply_str(&r, "/properties/changes/0/delta/1/path"),
                     "properties.securityRules");
    ck_assert_str_eq(reply_str(&r, "/properties/changes/0/delta/1/propertyChangeType"),
                     "Array");
    ck_assert_str_eq(reply_str(&r, "/properties/changes/0/delta/1/children/0/path"),
                     "0.properties.destinationPortRange");
    reply_done(&r);
    what_if(TEMPLATE("", ""), &r);
    ck_assert_str_eq(reply_str(&r, "/properties/changes/0/changeType"), "Ignore");
    reply_done(&r);
}
END_TEST

#define NSG_MORE                                                                         \
    "{\"type\":\"Microsoft.Network/networkSecurityGroups\",\"apiVersion\":"              \
    "\"2024-01-01\",\"name\":\"nsg\",\"location\":\"westeurope\",\"tags\":{\"a\":\"1\""  \
    ",\"b\":\"2\"},\"properties\":{\"securityRules\":[{\"name\":\"r\",\"properties\":{"  \
    "\"destinationPortRange\":\"443\"}},{\"name\":\"s\",\"properties\":{"                \
    "\"destinationPortRange\":\"22\"}}]}}"

START_TEST(tags_and_elements_that_the_template_does_not_name_would_go)
{
    struct reply r;

    deploy(201, TEMPLATE(NSG_MORE, ""), "Succeeded");
    what_if(TEMPLATE(NSG_WITH("1", "443"), ""), &r);
    ck_assert_str_eq(reply_str(&r, "/properties/changes/0/delta/0/children/0/path"), "1");
    ck_assert_str_eq(
        reply_str(&r, "/properties/changes/0/delta/0/children/0/propertyChangeType"),
        "Delete");
    ck_assert_str_eq(reply_str(&r, "/properties/changes/0/delta/1/path"), "tags.b");
    ck_assert_str_eq(reply_str(&r, "/properties/changes/0/delta/1/propertyChangeType"),
                     "Delete");
    ck_assert_str_eq(reply_str(&r, "/properties/changes/0/delta/1/before"), "2");
    reply_done(&r);
}
END_TEST

START_TEST(what_if_refuses_what_a_deployment_would)
{
    world_arm_do(&w, 400, "POST", TEMPLATE("{\"type\":\"Microsoft.X/y\"}", ""),
                 DEPLOY "/whatIf");
    world_arm_do(
        &w, 404, "POST", TEMPLATE("", ""),
        "/resourceGroups/none/providers/Microsoft.Resources/deployments/d/whatIf");
}
END_TEST

#define ROLE                                                                             \
    "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions',"                 \
    "'2a2b9908-6ea1-4ae2-8e65-a410df84e7d1')]"
static const char family[] = TEMPLATE(
    "{\"type\":\"Microsoft.Storage/storageAccounts\",\"apiVersion\":\"2023-05-01\","
    "\"name\":\"acc1\",\"location\":\"westeurope\"},"
    "{\"type\":\"Microsoft.Storage/storageAccounts/blobServices/containers\","
    "\"apiVersion\":\"2023-05-01\",\"name\":\"acc1/default/box\",\"dependsOn\":["
    "\"[resourceId('Microsoft.Storage/storageAccounts','acc1')]\"]},"
    "{\"type\":\"Microsoft.ManagedIdentity/userAssignedIdentities\",\"apiVersion\":"
    "\"2023-01-31\",\"name\":\"me\",\"location\":\"westeurope\"},"
    "{\"type\":\"Microsoft.Authorization/roleAssignments\",\"apiVersion\":"
    "\"2022-04-01\",\"name\":\"[guid(resourceGroup().id,'me')]\",\"scope\":"
    "\"Microsoft.Storage/storageAccounts/acc1\",\"dependsOn\":[\"me\",\"acc1\"],"
    "\"properties\":{\"roleDefinitionId\":\"" ROLE "\",\"principalId\":"
    "\"[reference(resourceId('Microsoft.ManagedIdentity/userAssignedIdentities','me'))"
    ".principalId]\",\"principalType\":\"ServicePrincipal\"}}",
    "");

START_TEST(children_and_identities_come_with_a_template)
{
    struct reply r;

    deploy(201, family, "Succeeded");
    world_arm_do(&w, 200, "GET", NULL, ACCOUNT "/blobServices/default/containers/box");
    world_arm(&w, &r, 200, "GET", NULL,
              GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/me");
    char *principal = strdup(reply_str(&r, "/properties/principalId"));
    ck_assert(cmg__guid_is_valid(principal));
    ck_assert(cmg__guid_is_valid(reply_str(&r, "/properties/clientId")));
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL,
              ACCOUNT "/providers/Microsoft.Authorization/roleAssignments");
    ck_assert_str_eq(reply_str(&r, "/value/0/properties/principalId"), principal);
    reply_done(&r);
    deploy(200, family, "Succeeded");
    world_graph(&w, &r, 200, "GET", NULL, "/v1.0/servicePrincipals/%s", principal);
    ck_assert_str_eq(reply_str(&r, "/servicePrincipalType"), "ManagedIdentity");
    reply_done(&r);
    world_arm_do(&w, 202, "DELETE", NULL,
                 GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/me");
    world_pass(&w);
    world_graph(&w, &r, 404, "GET", NULL, "/v1.0/servicePrincipals/%s", principal);
    reply_done(&r);
    free(principal);
}
END_TEST

static const char *change_to(struct reply *r, const char *type)
{
    const struct cmg__json *list = cmg__json_at(r->body, "/properties/changes");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *change = cmg__json_item(list, i);
        if (strstr(cmg__json_str(change, "/resourceId"), type) != NULL)
            return cmg__json_str(change, "/changeType");
    }
    return "";
}

START_TEST(children_that_are_there_are_no_change)
{
    static const char *const kinds[] = { "/containers/", "/roleAssignments/",
                                         "/userAssignedIdentities/" };
    struct reply r;

    what_if(family, &r);
    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++)
        ck_assert_str_eq(change_to(&r, kinds[i]), "Create");
    reply_done(&r);
    deploy(201, family, "Succeeded");
    what_if(family, &r);
    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++)
        ck_assert_str_eq(change_to(&r, kinds[i]), "NoChange");
    reply_done(&r);
    world_arm_do(&w, 200, "DELETE", NULL, ACCOUNT "/blobServices/default/containers/box");
    what_if(family, &r);
    ck_assert_str_eq(change_to(&r, "/containers/"), "Create");
    reply_done(&r);
}
END_TEST

#define LB                                                                               \
    "/subscriptions/" WORLD_SUBSCRIPTION GROUP                                           \
    "/providers/Microsoft.Network/loadBalancers/lb"
#define POOL  "\"backendAddressPool\":{\"id\":\"" LB "/backendAddressPools/p\"}"
#define FRONT "\"frontendIPConfiguration\":{\"id\":\"" LB "/frontendIPConfigurations/f\"}"
#define BALANCER(backend)                                                                \
    TEMPLATE(                                                                            \
        "{\"type\":\"Microsoft.Network/loadBalancers\",\"apiVersion\":"                  \
        "\"2024-01-01\",\"name\":\"lb\",\"location\":\"westeurope\",\"properties\":{"    \
        "\"frontendIPConfigurations\":[{\"name\":\"f\",\"properties\":{}}],"             \
        "\"backendAddressPools\":[{\"name\":\"p\"}],\"loadBalancingRules\":[{"           \
        "\"name\":\"a\",\"properties\":{" FRONT "," POOL ",\"protocol\":\"Tcp\","        \
        "\"frontendPort\":443,\"backendPort\":443}}],\"inboundNatRules\":[{\"name\":"    \
        "\"n\",\"properties\":{" FRONT "," POOL ",\"protocol\":\"Tcp\","                 \
        "\"frontendPortRangeStart\":10124,\"frontendPortRangeEnd\":10139,"               \
        "\"backendPort\":" backend "}}]}}",                                              \
        "")

START_TEST(two_rules_for_one_port_of_a_pool_are_refused)
{
    static const char same[] = BALANCER("443");
    static const char other[] = BALANCER("10124");

    deploy(201, same, "Failed");
    deploy(200, other, "Succeeded");
}
END_TEST

START_TEST(an_identity_gets_tokens_and_has_the_rights_it_was_given)
{
    struct reply r;
    char target[512];

    deploy(201, family, "Succeeded");
    world_arm(&w, &r, 200, "GET", NULL,
              GROUP "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/me");
    struct cmg__json *identity = cmg__sb_find_by(w.cloud, "identities", "client_id",
                                                 reply_str(&r, "/properties/clientId"));
    ck_assert_str_eq(cmg__json_str(identity, "/object_id"),
                     reply_str(&r, "/properties/principalId"));
    reply_done(&r);
    struct cmg__sb_caller caller = { .is_admin = false };
    snprintf(caller.object_id, sizeof caller.object_id, "%s",
             cmg__json_str(identity, "/object_id"));
    snprintf(target, sizeof target, "/subscriptions/" WORLD_SUBSCRIPTION ACCOUNT);
    const struct cmg__sb_right right = {
        .action = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
        .scope = target,
        .data = true
    };
    ck_assert(cmg__sb_role_permits(w.cloud, &caller, &right));
}
END_TEST

static const struct {
    const char *expression, *value;
} functions[] = {
    { "[[concat('a')]", "[concat('a')]" },
    { "[string(add(2,mul(3,4)))]", "14" },
    { "[string(div(sub(9,2),2))]", "3" },
    { "[string(mod(7,4))]", "3" },
    { "[string(max(2,min(9,5)))]", "5" },
    { "[string(less(1,2))]", "True" },
    { "[string(greaterOrEquals(1,2))]", "False" },
    { "[replace('a-b-c','-','')]", "abc" },
    { "[substring('abcdef',2,3)]", "cde" },
    { "[substring('abcdef',4)]", "ef" },
    { "[last(split('a,b,c',','))]", "c" },
    { "[first('xyz')]", "x" },
    { "[trim('  a b ')]", "a b" },
    { "[string(startsWith('Abc','aB'))]", "True" },
    { "[string(endsWith('abc','x'))]", "False" },
    { "[string(contains(createArray('a','b'),'b'))]", "True" },
    { "[string(contains(createObject('k',1),'x'))]", "False" },
    { "[string(empty(''))]", "True" },
    { "[coalesce('z')]", "z" },
    { "[string(int('42'))]", "42" },
    { "[string(bool('true'))]", "True" },
    { "[string(length(union(createArray(1,2),createArray(2,3))))]", "3" },
    { "[string(length(uniqueString('a')))]", "13" },
    { "[tenant().tenantId]", WORLD_TENANT },
    { "[string(div(1,0))]", NULL },
    { "[substring('abc',2,5)]", NULL },
    { "[string(not('x'))]", NULL },
    { "[split('a','')]", NULL },
    { "[first('')]", NULL },
    { "[string(int('x'))]", NULL },
    { "[string(createObject('a'))]", NULL },
    { "[string(add(1,'2'))]", NULL },
};

START_TEST(a_function_gives_what_it_gives_in_azure)
{
    struct reply r;
    char body[1024];

    snprintf(body, sizeof body,
             TEMPLATE("", "\"o\":{\"type\":\"string\",\"value\":\"%s\"}"),
             functions[_i].expression);
    if (functions[_i].value == NULL) {
        world_arm_do(&w, 400, "PUT", body, DEPLOY);
        return;
    }
    deploy(201, body, "Succeeded");
    world_arm(&w, &r, 200, "GET", NULL, "%s", DEPLOY);
    ck_assert_str_eq(reply_str(&r, "/properties/outputs/o/value"), functions[_i].value);
    reply_done(&r);
}
END_TEST

/* ---- operations that do not end well ---- */

START_TEST(an_operation_fails_with_its_error)
{
    struct reply r;
    char path[512];

    w.cloud->operation_fault = CMG__SB_OPERATION_FAILS;
    world_arm(&w, &r, 201, "PUT", WEST, "%s", NSG);
    poll_path(&r, "Azure-AsyncOperation", path);
    reply_done(&r);
    world_pass(&w);
    world_arm(&w, &r, 200, "GET", NULL, "%s", path);
    ck_assert_str_eq(reply_str(&r, "/status"), "Failed");
    ck_assert_str_eq(reply_str(&r, "/error/code"), "InternalExecutionError");
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL, "%s", NSG);
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "Failed");
    reply_done(&r);
    w.cloud->operation_fault = CMG__SB_OPERATION_FAILS;
    world_arm(&w, &r, 202, "PUT", WEST, "%s", ACCOUNT);
    poll_path(&r, "Location", path);
    reply_done(&r);
    world_pass(&w);
    world_arm_do(&w, 409, "GET", NULL, "%s", path);
    w.cloud->operation_fault = CMG__SB_OPERATION_CANCELED;
    world_arm(&w, &r, 200, "PUT", WEST, "%s", NSG);
    poll_path(&r, "Azure-AsyncOperation", path);
    reply_done(&r);
    world_pass(&w);
    world_arm(&w, &r, 200, "GET", NULL, "%s", path);
    ck_assert_str_eq(reply_str(&r, "/status"), "Canceled");
    ck_assert_str_eq(reply_str(&r, "/error/code"), "OperationPreempted");
    reply_done(&r);
}
END_TEST

START_TEST(an_operation_is_forgotten_or_never_ends)
{
    struct reply r;
    char path[512];

    w.cloud->operation_fault = CMG__SB_OPERATION_EXPIRES;
    world_arm(&w, &r, 201, "PUT", WEST, "%s", NSG);
    poll_path(&r, "Azure-AsyncOperation", path);
    reply_done(&r);
    world_arm_do(&w, 404, "GET", NULL, "%s", path);
    world_pass(&w);
    world_arm(&w, &r, 200, "GET", NULL, "%s", NSG);
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "Succeeded");
    reply_done(&r);
    w.cloud->operation_fault = CMG__SB_OPERATION_STUCK;
    world_arm(&w, &r, 200, "PUT", WEST, "%s", NSG);
    poll_path(&r, "Azure-AsyncOperation", path);
    reply_done(&r);
    support_env_advance_ms(&w.env, 50 * 60 * 1000);
    world_arm(&w, &r, 200, "GET", NULL, "%s", NSG);
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "Updating");
    reply_done(&r);
}
END_TEST

/* Only where to poll is changed, and only its host. */
START_TEST(an_answer_leads_elsewhere_for_its_polling)
{
    struct cmg__headers headers;

    cmg__headers_init(&headers, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__headers_add(&headers, "Location", "https://a.example/b?c=d"),
                     CMG_OK);
    ck_assert_int_eq(cmg__headers_add(&headers, "Retry-After", "1"), CMG_OK);
    ck_assert_int_eq(cmg__sb_inject_elsewhere(&cmg__alloc_libc, &headers), CMG_OK);
    ck_assert_str_eq(cmg__headers_get(&headers, "Location"),
                     "https://elsewhere.invalid/b?c=d");
    ck_assert_str_eq(cmg__headers_get(&headers, "Retry-After"), "1");
    ck_assert_ptr_null(cmg__headers_get(&headers, "Azure-AsyncOperation"));
    cmg__headers_done(&headers);
}
END_TEST

START_TEST(a_deployment_fails_is_forgotten_or_never_ends)
{
    struct reply r;
    static const char body[] = TEMPLATE(NSG_WITH("1", "443"), "");

    w.cloud->operation_fault = CMG__SB_OPERATION_FAILS;
    deploy(201, body, "Failed");
    w.cloud->operation_fault = CMG__SB_OPERATION_CANCELED;
    deploy(200, body, "Canceled");
    w.cloud->operation_fault = CMG__SB_OPERATION_EXPIRES;
    deploy(200, body, "Succeeded");
    world_arm_do(&w, 404, "GET", NULL, DEPLOY "/operationStatuses/x");
    w.cloud->operation_fault = CMG__SB_OPERATION_STUCK;
    deploy(200, body, "Accepted");
    world_arm_do(&w, 204, "POST", NULL, DEPLOY "/cancel");
    world_arm(&w, &r, 200, "GET", NULL, "%s", DEPLOY);
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "Canceled");
    reply_done(&r);
}
END_TEST

START_TEST(what_is_left_of_a_bucket_is_told_and_held)
{
    struct reply r;
    cmg_error *err = NULL;

    ck_ok(cmg__sb_setting_change(w.cloud, "throttle", "on", &err), err);
    world_arm(&w, &r, 200, "GET", NULL, GROUP);
    ck_assert_str_eq(reply_head(&r, "x-ms-ratelimit-remaining-subscription-reads"),
                     "249");
    reply_done(&r);
    for (int i = 0; i < 249; i++)
        world_arm_do(&w, 200, "GET", NULL, GROUP);
    world_arm(&w, &r, 429, "GET", NULL, GROUP);
    ck_assert_str_eq(reply_head(&r, "Retry-After"), "1");
    reply_done(&r);
    support_env_advance_ms(&w.env, 1000);
    world_arm_do(&w, 200, "GET", NULL, GROUP);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("what_if");
    TCase *t = tcase_create("templates");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, what_would_change_is_told_and_nothing_is_done);
    tcase_add_test(t, tags_and_elements_that_the_template_does_not_name_would_go);
    tcase_add_test(t, what_if_refuses_what_a_deployment_would);
    tcase_add_test(t, children_and_identities_come_with_a_template);
    tcase_add_test(t, children_that_are_there_are_no_change);
    tcase_add_test(t, two_rules_for_one_port_of_a_pool_are_refused);
    tcase_add_test(t, an_identity_gets_tokens_and_has_the_rights_it_was_given);
    tcase_add_loop_test(t, a_function_gives_what_it_gives_in_azure, 0,
                        CMG__ARRAY_LEN(functions));
    tcase_add_test(t, an_operation_fails_with_its_error);
    tcase_add_test(t, an_operation_is_forgotten_or_never_ends);
    tcase_add_test(t, an_answer_leads_elsewhere_for_its_polling);
    tcase_add_test(t, a_deployment_fails_is_forgotten_or_never_ends);
    tcase_add_test(t, what_is_left_of_a_bucket_is_told_and_held);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
