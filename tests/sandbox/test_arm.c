/* Resource Manager: admission, groups, providers, names, resources, operations, vaults.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/gateway.h"
#include "sandbox/relaxed.h"
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

#define GROUP "/resourceGroups/rg-1"
#define NET   GROUP "/providers/Microsoft.Network"
#define WEST  "{\"location\":\"westeurope\"}"

static void make_group(void)
{
    world_register(&w);
    world_arm_do(&w, 201, "PUT", WEST, GROUP);
}

static void refused(int status, const char *code, const char *method, const char *body,
                    const char *path)
{
    struct reply r;

    world_arm(&w, &r, status, method, body, "%s", path);
    ck_assert_str_eq(reply_str(&r, "/error/code"), code);
    reply_done(&r);
}

/* ---- admission ---- */

static const struct {
    const char *target;
    int status;
    const char *code;
} targets[] = {
    { "/subscriptions/" WORLD_SUBSCRIPTION, 400, "MissingApiVersionParameter" },
    { "/subscriptions/" WORLD_SUBSCRIPTION "?api-version=latest", 400,
      "InvalidApiVersionParameter" },
    { "/subscriptions/11111111-1111-1111-1111-111111111111?api-version=2024-03-01", 404,
      "SubscriptionNotFound" },
    { "/subscriptions/x?api-version=2024-03-01", 400, "InvalidSubscriptionId" },
    { "/nowhere?api-version=2024-03-01", 404, "NotFound" },
    { "/subscriptions/%00?api-version=2024-03-01", 400, "BadRequest" },
    { "/subscriptions?api-version=%zz", 400, "BadRequest" },
};

START_TEST(requests_are_looked_at_before_they_are_carried_out)
{
    struct reply r;

    world_ask(&w,
              &(struct ask){ .method = "GET",
                             .host = ARM,
                             .target = targets[_i].target,
                             .token = w.arm_token },
              &r);
    ck_assert_int_eq(r.status, targets[_i].status);
    ck_assert_str_eq(reply_str(&r, "/error/code"), targets[_i].code);
    reply_done(&r);
}
END_TEST

START_TEST(an_unknown_host_or_a_bad_one_gets_nothing)
{
    struct reply r;

    world_get(&w, &r, "example.com", "/");
    ck_assert_int_eq(r.status, 404);
    reply_done(&r);
    world_get(&w, &r, "evil\"host", "/");
    ck_assert_int_eq(r.status, 400);
    reply_done(&r);
}
END_TEST

START_TEST(double_slashes_and_case_do_not_matter)
{
    struct reply r;

    make_group();
    world_arm_do(
        &w, 201, "PUT", "{\"location\":\"West Europe\",\"properties\":{}}",
        "/resourcegroups/RG-1/providers/Microsoft.Network//publicIPAddresses/Ip");
    world_pass(&w);
    world_arm(&w, &r, 200, "GET", NULL, "%s", NET "/PUBLICIPADDRESSES/ip");
    ck_assert_str_eq(reply_str(&r, "/name"), "Ip");
    ck_assert_str_eq(reply_str(&r, "/type"), "Microsoft.Network/publicIPAddresses");
    reply_done(&r);
}
END_TEST

START_TEST(ids_of_requests_come_back)
{
    struct reply r;

    world_arm(&w, &r, 200, "GET", NULL, "%s", "");
    ck_assert_str_eq(reply_str(&r, "/state"), "Enabled");
    ck_assert_str_eq(reply_str(&r, "/tenantId"), WORLD_TENANT);
    ck_assert(cmg__guid_is_valid(reply_head(&r, "x-ms-request-id")));
    ck_assert(cmg__guid_is_valid(reply_head(&r, "x-ms-correlation-request-id")));
    reply_done(&r);
}
END_TEST

static const struct {
    int status;
    const char *method, *body, *path, *header, *value;
} fields[] = {
    { 200, "GET", NULL, "", "x-ms-ratelimit-remaining-subscription-reads", "249" },
    { 201, "PUT", "{\"location\":\"westeurope\"}", "/resourcegroups/RG-1",
      "x-ms-ratelimit-remaining-subscription-writes", "199" },
    { 404, "GET", NULL, "/resourcegroups/RG-2", "x-ms-failure-cause", "gateway" },
    { 400, "PUT", "{}", "/resourcegroups/RG-2", "x-ms-failure-cause", "gateway" },
    { 400, "POST", "{}", "/providers/Microsoft.Storage/checkNameAvailability",
      "x-ms-failure-cause", "service" },
};

START_TEST(an_answer_tells_what_is_left_or_who_refused)
{
    struct reply r;

    world_arm(&w, &r, fields[_i].status, fields[_i].method, fields[_i].body, "%s",
              fields[_i].path);
    ck_assert_str_eq(reply_head(&r, fields[_i].header), fields[_i].value);
    reply_done(&r);
}
END_TEST

static const struct {
    const char *host, *version, *path, *value;
} metadata[] = {
    { ARM, "2015-01-01", "/authentication/loginEndpoint",
      "https://login.microsoftonline.com/" },
    { "localhost:1", "2015-01-01", "/authentication/loginEndpoint",
      "https://localhost:1/adfs" },
    { ARM, "2019-05-01", "/0/resourceManager", "https://management.azure.com" },
    { ARM, "2022-09-01", "/suffixes/keyVaultDns", "vault.azure.net" },
};

START_TEST(cloud_metadata_needs_no_token)
{
    struct reply r;
    char target[128];

    snprintf(target, sizeof target, "/metadata/endpoints?api-version=%s",
             metadata[_i].version);
    world_get(&w, &r, metadata[_i].host, target);
    ck_assert_int_eq(r.status, 200);
    ck_assert_str_eq(reply_str(&r, metadata[_i].path), metadata[_i].value);
    reply_done(&r);
}
END_TEST

static const struct {
    const char *text, *strict; /* NULL: refused */
} relaxed[] = {
    { "{a: 1}", "{\"a\":1}" },
    { "{\"a\": {mode: \"x\", b:[true, null]}}",
      "{\"a\":{\"b\":[true,null],\"mode\":\"x\"}}" },
    { "{ // note\n a: \"//no\" /* b */ }", "{\"a\":\"//no\"}" },
    { "{\"a\\\"b\": 1e3, $x: 2}", "{\"$x\":2,\"a\\\"b\":1000.0}" },
    { "{a: b}", NULL },
    { "{a: \"", NULL },
    { "/* open", NULL },
};

START_TEST(clients_may_write_json_as_they_do)
{
    struct cmg__json *value = NULL;
    struct cmg__buf out;
    cmg_status rc = cmg__sb_relaxed_parse(&w.alloc.alloc, relaxed[_i].text,
                                          strlen(relaxed[_i].text), &value);

    cmg__buf_init(&out, &w.alloc.alloc, 4096);
    if (relaxed[_i].strict == NULL) {
        ck_assert_int_eq(rc, CMG_E_PARSE);
    } else {
        ck_assert_int_eq(rc, CMG_OK);
        ck_assert_int_eq(cmg__json_format(value, CMG__JSON_SORTED, &out), CMG_OK);
        ck_assert_str_eq(cmg__buf_cstr(&out), relaxed[_i].strict);
    }
    cmg__json_unref(value);
    cmg__buf_done(&out);
}
END_TEST

/* ---- providers and names ---- */

START_TEST(a_provider_registers_in_its_time)
{
    struct reply r;

    world_arm(&w, &r, 200, "GET", NULL, "%s", "/providers/microsoft.compute");
    ck_assert_str_eq(reply_str(&r, "/registrationState"), "NotRegistered");
    ck_assert_str_eq(reply_str(&r, "/namespace"), "Microsoft.Compute");
    ck_assert_str_ne(reply_str(&r, "/resourceTypes/0/apiVersions/0"), "");
    reply_done(&r);
    world_arm(&w, &r, 200, "POST", NULL, "%s", "/providers/Microsoft.Compute/register");
    ck_assert_str_eq(reply_str(&r, "/registrationState"), "Registering");
    reply_done(&r);
    world_pass(&w);
    world_arm(&w, &r, 200, "GET", NULL, "%s", "/providers/Microsoft.Compute");
    ck_assert_str_eq(reply_str(&r, "/registrationState"), "Registered");
    reply_done(&r);
    refused(404, "InvalidResourceNamespace", "GET", NULL, "/providers/Microsoft.Nothing");
}
END_TEST

START_TEST(nothing_is_made_without_its_provider)
{
    world_arm_do(&w, 201, "PUT", WEST, GROUP);
    refused(409, "MissingSubscriptionRegistration", "PUT",
            "{\"location\":\"westeurope\"}", NET "/publicIPAddresses/ip");
    refused(409, "MissingSubscriptionRegistration", "GET", NULL,
            "/providers/Microsoft.Network/locations/westeurope/"
            "CheckDnsNameAvailability?domainNameLabel=abc");
}
END_TEST

static const char ip_body[] =
    "{\"location\":\"westeurope\",\"properties\":{\"dnsSettings\":{\"domainNameLabel\":"
    "\"granitefalls\"}}}";

START_TEST(a_dns_label_is_free_until_it_is_taken)
{
    struct reply r;
    static const char path[] = "/providers/Microsoft.Network/locations/westeurope/"
                               "CheckDnsNameAvailability?domainNameLabel=granitefalls";

    make_group();
    world_arm(&w, &r, 200, "GET", NULL, "%s", path);
    ck_assert(cmg__json_bool(r.body, "/available", false));
    reply_done(&r);
    world_arm(&w, &r, 201, "PUT", ip_body, "%s", NET "/publicIPAddresses/one");
    ck_assert_str_eq(reply_str(&r, "/properties/dnsSettings/fqdn"), GATEWAY_HOST);
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL, "%s", path);
    ck_assert(!cmg__json_bool(r.body, "/available", true));
    reply_done(&r);
    refused(400, "DnsRecordInUse", "PUT", ip_body, NET "/publicIPAddresses/two");
    world_pass(&w);
    world_arm_do(&w, 200, "PUT", ip_body, NET "/publicIPAddresses/one");
    refused(400, "InvalidDomainNameLabel", "GET", NULL,
            "/providers/Microsoft.Network/locations/westeurope/"
            "CheckDnsNameAvailability?domainNameLabel=-x");
}
END_TEST

static const struct {
    const char *space, *type, *name;
    bool available;
} names[] = {
    { "Storage", "Microsoft.Storage/storageAccounts", "granitefalls", true },
    { "Storage", "Microsoft.Storage/storageAccounts", "Granite", false },
    { "Storage", "Microsoft.Storage/storageAccounts", "ab", false },
    { "KeyVault", "Microsoft.KeyVault/vaults", "granite-falls", true },
    { "KeyVault", "Microsoft.KeyVault/vaults", "1granite", false },
    { "KeyVault", "Microsoft.KeyVault/vaults", "granite--falls", false },
};

START_TEST(account_and_vault_names_are_checked)
{
    struct reply r;
    char body[256];

    snprintf(body, sizeof body, "{\"name\":\"%s\",\"type\":\"%s\"}", names[_i].name,
             names[_i].type);
    world_arm(&w, &r, 200, "POST", body, "/providers/Microsoft.%s/checkNameAvailability",
              names[_i].space);
    ck_assert_int_eq(cmg__json_bool(r.body, "/nameAvailable", !names[_i].available),
                     names[_i].available);
    reply_done(&r);
}
END_TEST

/* ---- groups ---- */

START_TEST(a_group_comes_and_goes)
{
    struct reply r;

    world_arm_do(&w, 404, "HEAD", NULL, GROUP);
    refused(404, "ResourceGroupNotFound", "GET", NULL, GROUP);
    world_arm_do(&w, 201, "PUT", "{\"location\":\"westeurope\",\"tags\":{\"a\":\"b\"}}",
                 GROUP);
    world_arm_do(&w, 204, "HEAD", NULL, GROUP);
    world_arm(&w, &r, 200, "PUT", WEST, "%s", "/resourcegroups/RG-1");
    ck_assert_str_eq(reply_str(&r, "/name"), "rg-1");
    ck_assert_str_eq(reply_str(&r, "/tags/a"), "");
    reply_done(&r);
    refused(409, "InvalidResourceGroupLocation", "PUT", "{\"location\":\"uksouth\"}",
            GROUP);
    world_arm(&w, &r, 202, "DELETE", NULL, "%s", GROUP);
    const char *location = strstr(reply_head(&r, "Location"), "/operationresults/");
    char poll[256];
    snprintf(poll, sizeof poll, "%.*s", (int)strcspn(location, "?"), location);
    ck_assert_str_eq(reply_head(&r, "Retry-After"), "1");
    reply_done(&r);
    world_arm(&w, &r, 202, "GET", NULL, "%s", poll);
    ck_assert_str_ne(reply_head(&r, "Location"), "");
    reply_done(&r);
    refused(409, "ResourceGroupBeingDeleted", "PUT", WEST, GROUP);
    world_pass(&w);
    world_arm_do(&w, 200, "GET", NULL, "%s", poll);
    world_arm_do(&w, 404, "HEAD", NULL, GROUP);
}
END_TEST

static const struct {
    const char *path, *body, *code;
} bad_groups[] = {
    { "/resourceGroups/ends-with.", WEST, "InvalidResourceGroup" },
    { "/resourceGroups/a%20b", WEST, "InvalidResourceGroup" },
    { GROUP, "{}", "LocationRequired" },
    { GROUP, "{\"location\":\"atlantis\"}", "LocationNotAvailableForResourceGroup" },
};

START_TEST(a_group_needs_a_good_name_and_place)
{
    refused(400, bad_groups[_i].code, "PUT", bad_groups[_i].body, bad_groups[_i].path);
}
END_TEST

/* ---- resources ---- */

START_TEST(a_resource_is_made_and_deleted_in_time)
{
    struct reply r;
    char poll[256];

    make_group();
    world_arm(&w, &r, 201, "PUT", ip_body, "%s", NET "/publicIPAddresses/ip");
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "Creating");
    const char *status = strstr(reply_head(&r, "Azure-AsyncOperation"), "/operationSt");
    snprintf(poll, sizeof poll, "%.*s", (int)strcspn(status, "?"), status);
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL, "%s", poll);
    ck_assert_str_eq(reply_str(&r, "/status"), "InProgress");
    ck_assert_str_eq(reply_head(&r, "Retry-After"), "1");
    reply_done(&r);
    world_pass(&w);
    world_arm(&w, &r, 200, "GET", NULL, "%s", poll);
    ck_assert_str_eq(reply_str(&r, "/status"), "Succeeded");
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL, "%s", NET "/publicIPAddresses/ip");
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "Succeeded");
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL, "%s", GROUP "/resources");
    ck_assert_str_eq(reply_str(&r, "/value/0/name"), "ip");
    reply_done(&r);
    world_arm_do(&w, 202, "DELETE", NULL, NET "/publicIPAddresses/ip");
    world_pass(&w);
    refused(404, "ResourceNotFound", "GET", NULL, NET "/publicIPAddresses/ip");
    world_arm_do(&w, 204, "DELETE", NULL, NET "/publicIPAddresses/ip");
}
END_TEST

/* No header says that there is something to wait for. */
static void check_done(const struct reply *r)
{
    ck_assert_str_eq(reply_head(r, "Azure-AsyncOperation"), "");
    ck_assert_str_eq(reply_head(r, "Location"), "");
    ck_assert_str_eq(reply_head(r, "Retry-After"), "");
}

START_TEST(what_takes_no_time_is_done_when_it_is_answered)
{
    struct reply r;

    make_group();
    w.cloud->operation_ms = 0;
    world_arm(&w, &r, 201, "PUT", ip_body, "%s", NET "/publicIPAddresses/ip");
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "Succeeded");
    check_done(&r);
    reply_done(&r);
    world_arm(&w, &r, 200, "PUT", WEST, "%s",
              GROUP "/providers/Microsoft.Storage/storageAccounts/acc1");
    ck_assert_str_eq(reply_str(&r, "/name"), "acc1");
    check_done(&r);
    reply_done(&r);
    world_arm(&w, &r, 204, "DELETE", NULL, "%s", NET "/publicIPAddresses/ip");
    check_done(&r);
    reply_done(&r);
    refused(404, "ResourceNotFound", "GET", NULL, NET "/publicIPAddresses/ip");
    world_arm(&w, &r, 200, "DELETE", NULL, "%s", GROUP);
    check_done(&r);
    reply_done(&r);
    refused(404, "ResourceGroupNotFound", "GET", NULL, GROUP);
}
END_TEST

/* It is to be asked about, so that it can be found to have failed. */
START_TEST(what_is_to_fail_takes_its_time_even_when_it_takes_none)
{
    struct reply r;

    make_group();
    w.cloud->operation_ms = 0;
    w.cloud->operation_fault = CMG__SB_OPERATION_FAILS;
    world_arm(&w, &r, 201, "PUT", ip_body, "%s", NET "/publicIPAddresses/ip");
    ck_assert_str_ne(reply_head(&r, "Azure-AsyncOperation"), "");
    reply_done(&r);
}
END_TEST

/* It can be asked to go once more. */
START_TEST(a_group_that_could_not_be_deleted_is_one_like_any_other)
{
    struct reply r;

    make_group();
    w.cloud->operation_fault = CMG__SB_OPERATION_FAILS;
    world_arm_do(&w, 202, "DELETE", NULL, GROUP);
    world_pass(&w);
    world_arm(&w, &r, 200, "GET", NULL, "%s", GROUP);
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "Succeeded");
    reply_done(&r);
}
END_TEST

#define ID_OF(type, name) "/subscriptions/" WORLD_SUBSCRIPTION NET "/" type "/" name

static const char balancer_body[] =
    "{\"location\":\"westeurope\",\"properties\":{\"frontendIPConfigurations\":[{"
    "\"name\":"
    "\"fe\",\"properties\":{\"publicIPAddress\":{\"id\":\"" ID_OF(
        "publicIPAddresses",
        "ip") "\"}}}],\"loadBalancingRules\":[{\"name\":\"r\",\"properties\":{"
              "\"frontendIPConfiguration\":{\"id\":\"" ID_OF(
                  "loadBalancers", "lb") "/frontendIPConfigurations/fe\"}}}]}}";

START_TEST(references_must_exist_and_keep_what_they_point_to)
{
    struct reply r;

    make_group();
    refused(400, "InvalidResourceReference", "PUT", balancer_body,
            NET "/loadBalancers/lb");
    world_arm_do(&w, 201, "PUT", ip_body, NET "/publicIPAddresses/ip");
    world_arm(&w, &r, 201, "PUT", balancer_body, "%s", NET "/loadBalancers/lb");
    ck_assert_str_eq(reply_str(&r, "/properties/frontendIPConfigurations/0/id"),
                     ID_OF("loadBalancers", "lb") "/frontendIPConfigurations/fe");
    reply_done(&r);
    refused(400, "InUseResourceCannotBeDeleted", "DELETE", NULL,
            NET "/publicIPAddresses/ip");
    refused(400, "InvalidResourceReference", "PUT",
            "{\"location\":\"westeurope\",\"properties\":{\"x\":{\"id\":\"" ID_OF(
                "loadBalancers", "lb2") "/frontendIPConfigurations/none\"}}}",
            NET "/loadBalancers/lb2");
}
END_TEST

static const struct {
    const char *path, *body, *code;
    int status;
} bad_resources[] = {
    { NET "/flyingCarpets/x", WEST, "InvalidResourceType", 400 },
    { GROUP "/providers/Contoso.Magic/things/x", WEST, "NoRegisteredProviderFound", 400 },
    { NET "/publicIPAddresses/x", "{}", "LocationRequired", 400 },
    { NET "/publicIPAddresses/x", "[]", "InvalidRequestContent", 400 },
    { NET "/publicIPAddresses/x", "{\"location\":\"atlantis\"}",
      "LocationNotAvailableForResourceType", 400 },
    { "/resourceGroups/none/providers/Microsoft.Network/publicIPAddresses/x", WEST,
      "ResourceGroupNotFound", 404 },
    { GROUP "/providers/Microsoft.Compute/virtualMachineScaleSets/x", WEST,
      "InvalidParameter", 400 },
};

START_TEST(resources_that_cannot_be_are_refused)
{
    make_group();
    refused(bad_resources[_i].status, bad_resources[_i].code, "PUT",
            bad_resources[_i].body, bad_resources[_i].path);
}
END_TEST

START_TEST(a_storage_account_answers_through_its_location)
{
    struct reply r;
    char poll[256];

    make_group();
    world_arm(&w, &r, 202, "PUT", WEST, "%s",
              GROUP "/providers/Microsoft.Storage/storageAccounts/acc1");
    ck_assert_uint_eq(r.answer.body.len, 0);
    const char *location = strstr(reply_head(&r, "Location"), "/operationresults/");
    snprintf(poll, sizeof poll, "%.*s", (int)strcspn(location, "?"), location);
    reply_done(&r);
    world_pass(&w);
    world_arm(&w, &r, 200, "GET", NULL, "%s", poll);
    ck_assert_str_eq(reply_str(&r, "/properties/primaryEndpoints/blob"),
                     "https://acc1.blob.core.windows.net/");
    reply_done(&r);
}
END_TEST

static void add_admission(TCase *t)
{
    tcase_add_loop_test(t, requests_are_looked_at_before_they_are_carried_out, 0,
                        CMG__ARRAY_LEN(targets));
    tcase_add_test(t, an_unknown_host_or_a_bad_one_gets_nothing);
    tcase_add_test(t, double_slashes_and_case_do_not_matter);
    tcase_add_test(t, ids_of_requests_come_back);
    tcase_add_loop_test(t, an_answer_tells_what_is_left_or_who_refused, 0,
                        CMG__ARRAY_LEN(fields));
    tcase_add_loop_test(t, cloud_metadata_needs_no_token, 0, CMG__ARRAY_LEN(metadata));
    tcase_add_loop_test(t, clients_may_write_json_as_they_do, 0, CMG__ARRAY_LEN(relaxed));
    tcase_add_test(t, a_provider_registers_in_its_time);
    tcase_add_test(t, nothing_is_made_without_its_provider);
    tcase_add_test(t, a_dns_label_is_free_until_it_is_taken);
    tcase_add_loop_test(t, account_and_vault_names_are_checked, 0, CMG__ARRAY_LEN(names));
}

static void add_resources(TCase *t)
{
    tcase_add_test(t, a_group_comes_and_goes);
    tcase_add_loop_test(t, a_group_needs_a_good_name_and_place, 0,
                        CMG__ARRAY_LEN(bad_groups));
    tcase_add_test(t, a_resource_is_made_and_deleted_in_time);
    tcase_add_test(t, what_takes_no_time_is_done_when_it_is_answered);
    tcase_add_test(t, what_is_to_fail_takes_its_time_even_when_it_takes_none);
    tcase_add_test(t, a_group_that_could_not_be_deleted_is_one_like_any_other);
    tcase_add_test(t, references_must_exist_and_keep_what_they_point_to);
    tcase_add_loop_test(t, resources_that_cannot_be_are_refused, 0,
                        CMG__ARRAY_LEN(bad_resources));
    tcase_add_test(t, a_storage_account_answers_through_its_location);
}

static Suite *suite(void)
{
    Suite *s = suite_create("arm");
    TCase *const all[] = { tcase_create("admission"), tcase_create("resources") };

    add_admission(all[0]);
    add_resources(all[1]);
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
