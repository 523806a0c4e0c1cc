/* What a region has room for: sizes with restrictions, quotas, images. */
#include <stdio.h>
#include <string.h>

#include "sandbox/capacity.h"
#include "sandbox/setting.h"
#include "sandbox/world.h"

static struct world w;

#define GROUP   "/resourceGroups/rg-1"
#define SET     GROUP "/providers/Microsoft.Compute/virtualMachineScaleSets/set"
#define COMPUTE "/providers/Microsoft.Compute"
#define BODY(size, capacity)                                                             \
    "{\"location\":\"westeurope\",\"sku\":{\"name\":\"" size "\",\"capacity\":" capacity \
    "}}"
#define WEST "{\"location\":\"westeurope\"}"

static void setup(void)
{
    world_init(&w);
    world_register(&w);
    world_arm_do(&w, 201, "PUT", WEST, GROUP);
}

static void teardown(void)
{
    world_done(&w);
}

static void set(const char *name, const char *value)
{
    cmg_error *err = NULL;

    ck_ok(cmg__sb_setting_change(w.cloud, name, value, &err), err);
}

static void refused(int status, const char *code, const char *method, const char *body,
                    const char *path)
{
    struct reply r;

    world_arm(&w, &r, status, method, body, "%s", path);
    ck_assert_str_eq(reply_str(&r, "/error/code"), code);
    reply_done(&r);
}

/* The entry of a usages list, or NULL. */
static const struct cmg__json *usage_of(const struct reply *r, const char *name)
{
    const struct cmg__json *list = cmg__json_key(r->body, "value");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        if (cmg__sb_same(cmg__json_str(cmg__json_item(list, i), "/name/value"), name))
            return cmg__json_item(list, i);
    }
    return NULL;
}

static void usage_is(const char *space, const char *name, int64_t used, int64_t limit)
{
    struct reply r;

    world_arm(&w, &r, 200, "GET", NULL, "/providers/%s/locations/westeurope/usages",
              space);
    const struct cmg__json *usage = usage_of(&r, name);
    ck_assert_int_eq(cmg__json_int(usage, "/currentValue", -1), used);
    ck_assert_int_eq(cmg__json_int(usage, "/limit", -1), limit);
    reply_done(&r);
}

START_TEST(cores_are_counted_and_held)
{
    struct reply r;

    set("quota/cores/westeurope", "8");
    world_arm_do(&w, 201, "PUT", BODY("Standard_B2s", "3"), SET);
    usage_is("Microsoft.Compute", "cores", 6, 8);
    usage_is("Microsoft.Compute", "standardBSFamily", 6, 50);
    usage_is("Microsoft.Compute", "virtualMachineScaleSets", 1, 2500);
    world_pass(&w);
    world_arm(&w, &r, 409, "PATCH", "{\"sku\":{\"capacity\":5}}", SET);
    ck_assert_str_eq(reply_str(&r, "/error/code"), "OperationNotAllowed");
    ck_assert_ptr_nonnull(strstr(reply_str(&r, "/error/message"),
                                 "Current Limit: 8, Current Usage: 6, Additional "
                                 "Required: 4, (Minimum) New Limit Required: 10"));
    reply_done(&r);
    world_arm_do(&w, 200, "PATCH", "{\"sku\":{\"capacity\":4}}", SET);
    set("quota/standardBSFamily/westeurope", "2");
    world_pass(&w);
    world_arm_do(&w, 200, "PATCH", "{\"sku\":{\"capacity\":1}}", SET);
}
END_TEST

START_TEST(public_addresses_are_counted_and_held)
{
    set("quota/IPv4StandardSkuPublicIpAddresses/westeurope", "1");
    world_arm_do(&w, 201, "PUT", WEST,
                 GROUP "/providers/Microsoft.Network/publicIPAddresses/one");
    usage_is("Microsoft.Network", "IPv4StandardSkuPublicIpAddresses", 1, 1);
    refused(400, "PublicIPCountLimitReached", "PUT", WEST,
            GROUP "/providers/Microsoft.Network/publicIPAddresses/two");
    world_pass(&w);
    world_arm_do(&w, 200, "PUT", WEST,
                 GROUP "/providers/Microsoft.Network/publicIPAddresses/one");
    usage_is("Microsoft.Storage", "StorageAccounts", 0, 250);
}
END_TEST

START_TEST(usages_need_the_provider_and_a_region)
{
    refused(400, "NoRegisteredProviderFound", "GET", NULL,
            COMPUTE "/locations/atlantis/usages");
    world_arm_do(&w, 200, "POST", NULL, COMPUTE "/unregister");
    refused(409, "MissingSubscriptionRegistration", "GET", NULL,
            COMPUTE "/locations/westeurope/usages");
}
END_TEST

static const struct {
    const char *reason, *code;
    bool is_listed;
} restrictions[] = {
    { "NotAvailableForSubscription", "SkuNotAvailable", true },
    { "QuotaId", "SkuNotAvailable", true },
    { "AllocationFailed", "AllocationFailed", false },
};

/* The first restriction of a size's entry, or "". */
static void restriction_is(const char *region, const char *size, const char *reason)
{
    struct reply r;
    bool found = false;

    world_arm(&w, &r, 200, "GET", NULL, COMPUTE "/skus?$filter=location%%20eq%%20'%s'",
              region);
    const struct cmg__json *list = cmg__json_key(r.body, "value");
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *sku = cmg__json_item(list, i);
        if (!cmg__sb_same(cmg__json_str(sku, "/name"), size))
            continue;
        found = true;
        ck_assert_str_eq(
            cmg__str_or(cmg__json_str(sku, "/restrictions/0/reasonCode"), ""), reason);
        ck_assert_str_eq(cmg__json_str(sku, "/capabilities/0/name"), "vCPUs");
    }
    ck_assert(found);
    reply_done(&r);
}

START_TEST(a_size_may_be_out_of_reach)
{
    restriction_is("westeurope", "Standard_B2s", "");
    set("restrict/Standard_B2s/westeurope", restrictions[_i].reason);
    restriction_is("westeurope", "Standard_B2s",
                   restrictions[_i].is_listed ? restrictions[_i].reason : "");
    restriction_is("northeurope", "Standard_B2s", "");
    refused(409, restrictions[_i].code, "PUT", BODY("Standard_B2s", "1"), SET);
    world_arm_do(&w, 201, "PUT", BODY("Standard_D2s_v5", "1"), SET);
}
END_TEST

START_TEST(sizes_are_known_by_name)
{
    struct reply r;

    refused(400, "InvalidParameter", "PUT", BODY("Standard_Huge", "1"), SET);
    restriction_is("swedencentral", "Standard_A2_v2", "NotAvailableForSubscription");
    world_arm(&w, &r, 200, "GET", NULL, COMPUTE "/locations/westeurope/vmSizes");
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "value")), cmg__sb_size_count);
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL, COMPUTE "/skus");
    ck_assert_uint_gt(cmg__json_size(cmg__json_key(r.body, "value")), cmg__sb_size_count);
    reply_done(&r);
}
END_TEST

START_TEST(images_have_versions)
{
    struct reply r;
    static const char path[] =
        COMPUTE "/locations/westeurope/publishers/Debian/artifacttypes/vmimage/offers/"
                "debian-12/skus/12/versions";

    world_arm(&w, &r, 200, "GET", NULL, "%s", path);
    ck_assert_str_ne(cmg__str_or(cmg__json_str(r.body, "/0/name"), ""), "");
    reply_done(&r);
    refused(404, "NotFound", "GET", NULL,
            COMPUTE
            "/locations/westeurope/publishers/None/artifacttypes/vmimage/offers/x/"
            "skus/y/versions");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("capacity");
    TCase *t = tcase_create("capacity");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, cores_are_counted_and_held);
    tcase_add_test(t, public_addresses_are_counted_and_held);
    tcase_add_test(t, usages_need_the_provider_and_a_region);
    tcase_add_loop_test(t, a_size_may_be_out_of_reach, 0, CMG__ARRAY_LEN(restrictions));
    tcase_add_test(t, sizes_are_known_by_name);
    tcase_add_test(t, images_have_versions);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
