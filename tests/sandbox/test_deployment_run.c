/* How deployments go on in time: what is made together, what a refusal stops, what the
 * providers refuse beforehand. */
#include <stdio.h>
#include <string.h>

#include "sandbox/setting.h"
#include "sandbox/world.h"

static struct world w;

#define GROUP  "/resourceGroups/rg-1"
#define DEPLOY GROUP "/providers/Microsoft.Resources/deployments/d"
#define NET    GROUP "/providers/Microsoft.Network"
#define WEST   "{\"location\":\"westeurope\"}"
#define TEMPLATE(resources)                                                              \
    "{\"properties\":{\"mode\":\"Incremental\",\"template\":{\"contentVersion\":"        \
    "\"1.0.0.0\",\"resources\":[" resources "]}}}"
#define ONE(type, name, after, properties)                                               \
    "{\"type\":\"" type "\",\"apiVersion\":\"2024-01-01\",\"name\":\"" name              \
    "\",\"location\":\"westeurope\",\"dependsOn\":[" after                               \
    "],\"properties\":{" properties "}}"
#define NSG(name, after) ONE("Microsoft.Network/networkSecurityGroups", name, after, "")
#define IP(name, label)                                                                  \
    ONE("Microsoft.Network/publicIPAddresses", name, "",                                 \
        "\"dnsSettings\":{\"domainNameLabel\":\"" label "\"}")
/* a and b need nothing, c needs a, d needs b. */
#define FOUR                                                                             \
    TEMPLATE(                                                                            \
        NSG("a", "") "," IP("b", "label-b") "," NSG("c", "\"a\"") "," NSG("d", "\"b\""))

static void set(const char *name, const char *value)
{
    cmg_error *err = NULL;

    ck_ok(cmg__sb_setting_change(w.cloud, name, value, &err), err);
}

static void setup(void)
{
    world_init(&w);
    world_register(&w);
    world_pass(&w);
    world_arm_do(&w, 201, "PUT", WEST, GROUP);
    set("duration/Microsoft.Network/networkSecurityGroups", "400");
    set("duration/Microsoft.Network/publicIPAddresses", "900");
}

static void teardown(void)
{
    world_done(&w);
}

static void is(const char *target, const char *path, const char *value)
{
    struct reply r;

    world_arm(&w, &r, 200, "GET", NULL, "%s", target);
    ck_assert_str_eq(reply_str(&r, path), value);
    reply_done(&r);
}

static void state_is(const char *target, const char *state)
{
    is(target, "/properties/provisioningState", state);
}

#define A NET "/networkSecurityGroups/a"
#define B NET "/publicIPAddresses/b"
#define C NET "/networkSecurityGroups/c"
#define D NET "/networkSecurityGroups/d"

static void pass_ms(int64_t ms)
{
    support_env_advance_ms(&w.env, ms);
}

START_TEST(what_does_not_need_one_another_is_made_at_the_same_time)
{
    world_arm_do(&w, 201, "PUT", FOUR, DEPLOY);
    state_is(DEPLOY, "Running");
    state_is(A, "Creating");
    state_is(B, "Creating");
    world_arm_do(&w, 404, "GET", NULL, C);
    is(DEPLOY "/operations", "/value/1/properties/provisioningState", "Running");
    is(DEPLOY "/operations", "/value/2/properties/provisioningState", "");
    pass_ms(500);
    state_is(A, "Succeeded");
    state_is(B, "Creating");
    state_is(C, "Creating");
    pass_ms(300);
    state_is(C, "Succeeded");
    state_is(DEPLOY, "Running");
    pass_ms(5000);
    state_is(DEPLOY, "Succeeded");
    state_is(D, "Succeeded");
}
END_TEST

START_TEST(operations_tell_when_and_how_long)
{
    world_arm_do(&w, 201, "PUT", FOUR, DEPLOY);
    pass_ms(60000);
    is(DEPLOY, "/properties/duration", "PT1.300S");
    is(DEPLOY "/operations", "/value/0/properties/duration", "PT0.400S");
    is(DEPLOY "/operations", "/value/0/properties/statusCode", "OK");
    is(DEPLOY "/operations", "/value/0/properties/targetResource/resourceName", "a");
    is(DEPLOY "/operations", "/value/1/properties/duration", "PT0.900S");
    is(DEPLOY "/operations", "/value/1/properties/targetResource/resourceType",
       "Microsoft.Network/publicIPAddresses");
}
END_TEST

START_TEST(one_refusal_stops_what_needs_it_and_nothing_else)
{
    world_arm_do(&w, 201, "PUT", WEST, "/resourceGroups/other");
    world_arm_do(&w, 201, "PUT",
                 "{\"location\":\"westeurope\",\"properties\":{\"dnsSettings\":{"
                 "\"domainNameLabel\":\"label-b\"}}}",
                 "/resourceGroups/other/providers/Microsoft.Network/publicIPAddresses/x");
    world_arm_do(&w, 201, "PUT", FOUR, DEPLOY);
    state_is(DEPLOY, "Running");
    is(DEPLOY "/operations", "/value/1/properties/provisioningState", "Failed");
    pass_ms(800);
    state_is(DEPLOY, "Failed");
    is(DEPLOY, "/properties/error/details/0/code", "DnsRecordInUse");
    is(DEPLOY, "/properties/error/details/1/code", "");
    state_is(C, "Succeeded");
    world_arm_do(&w, 404, "GET", NULL, D);
}
END_TEST

START_TEST(what_is_under_way_when_cancelled_ends_by_itself)
{
    world_arm_do(&w, 201, "PUT", FOUR, DEPLOY);
    world_arm_do(&w, 204, "POST", NULL, DEPLOY "/cancel");
    state_is(DEPLOY, "Canceled");
    state_is(B, "Creating");
    world_arm_do(&w, 409, "DELETE", NULL, DEPLOY);
    pass_ms(5000);
    state_is(A, "Succeeded");
    state_is(B, "Succeeded");
    world_arm_do(&w, 404, "GET", NULL, C);
    state_is(DEPLOY, "Canceled");
    world_arm_do(&w, 202, "DELETE", NULL, DEPLOY);
}
END_TEST

/* ---- before anything is made ---- */

#define SET                                                                              \
    "{\"type\":\"Microsoft.Compute/virtualMachineScaleSets\",\"apiVersion\":"            \
    "\"2024-03-01\",\"name\":\"s\",\"location\":\"westeurope\",\"sku\":{\"name\":"       \
    "\"Standard_B2s\",\"capacity\":2},\"properties\":{}}"

static const struct {
    const char *setting, *value, *code;
} refusals[] = {
    { "quota/cores/westeurope", "3", "QuotaExceeded" },
    { "quota/standardBSFamily/westeurope", "1", "QuotaExceeded" },
    { "restrict/Standard_B2s/westeurope", "NotAvailableForSubscription",
      "SkuNotAvailable" },
    { "policy/ours", "deny Microsoft.Compute/virtualMachineScaleSets",
      "RequestDisallowedByPolicy" },
};

START_TEST(providers_refuse_before_anything_is_made)
{
    struct reply r;
    static const char body[] = TEMPLATE(NSG("a", "") "," SET);

    set(refusals[_i].setting, refusals[_i].value);
    for (int validate = 0; validate < 2; validate++) {
        world_arm(&w, &r, 400, validate ? "POST" : "PUT", body, DEPLOY "%s",
                  validate ? "/validate" : "");
        ck_assert_str_eq(reply_str(&r, "/error/code"), "InvalidTemplateDeployment");
        ck_assert_str_eq(reply_str(&r, "/error/details/0/code"), refusals[_i].code);
        reply_done(&r);
    }
    world_arm_do(&w, 404, "GET", NULL, DEPLOY);
    world_arm_do(&w, 404, "GET", NULL, A);
    set(refusals[_i].setting, NULL);
    world_arm_do(&w, 200, "POST", body, DEPLOY "/validate");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("deployment_run");
    TCase *t = tcase_create("time");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, what_does_not_need_one_another_is_made_at_the_same_time);
    tcase_add_test(t, operations_tell_when_and_how_long);
    tcase_add_test(t, one_refusal_stops_what_needs_it_and_nothing_else);
    tcase_add_test(t, what_is_under_way_when_cancelled_ends_by_itself);
    suite_add_tcase(s, t);
    t = tcase_create("preflight");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, providers_refuse_before_anything_is_made, 0,
                        CMG__ARRAY_LEN(refusals));
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
