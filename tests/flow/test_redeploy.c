/* A gateway made anew, and removed where not everything may go, against the sandbox. */
#include <cmg/inventory.h>
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/steps.h"
#include "sandbox/arm.h"
#include "sandbox/sandbox.h"

static cmg_sandbox *sandbox;
static struct site site;

static void setup(void)
{
    sandbox = place_sandbox(20);
    place_site(sandbox, &site);
}

static void teardown(void)
{
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

static void begin(struct party *p)
{
    cmg_error *err = NULL;

    ck_ok(party_init(p, &site, NULL, &err), err);
    ck_ok(party_deploy(p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
}

static void done(struct party *p, cmg_deploy_operation operation)
{
    cmg_error *err = NULL;

    ck_ok(party_deploy(p, &site, operation, NULL, &err), err);
}

/* ---- made anew ---- */

#define IN_GROUP "/resourceGroups/cmg-granitefalls/providers/"
#define SET      IN_GROUP "Microsoft.Compute/virtualMachineScaleSets/granitefalls"
#define ADDRESS  IN_GROUP "Microsoft.Network/publicIPAddresses/granitefalls"

/* A member of a resource of the gateway's, as the sandbox keeps it; "" when absent. */
static void read_resource(const char *id, const char *member, char out[128])
{
    char whole[512];

    (void)snprintf(whole, sizeof whole, "/subscriptions/%s%s", site.subscription, id);
    (void)pthread_mutex_lock(&sandbox->lock);
    (void)snprintf(
        out, 128, "%s",
        cmg__str_or(cmg__json_str(cmg__sb_resource(sandbox->cloud, whole), member), ""));
    (void)pthread_mutex_unlock(&sandbox->lock);
}

#define FIRST_VM "/_instances/0/vm_id"

START_TEST(a_gateway_is_made_anew_under_its_old_name)
{
    struct party p;
    char vm[2][128], address[2][128];
    uint64_t apps;

    begin(&p);
    read_resource(SET, FIRST_VM, vm[0]);
    read_resource(ADDRESS, "/properties/resourceGuid", address[0]);
    apps = cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS);
    done(&p, CMG_DEPLOY_REDEPLOY_GATEWAY);
    place_check_one_of_each(sandbox);
    read_resource(SET, FIRST_VM, vm[1]);
    read_resource(ADDRESS, "/properties/resourceGuid", address[1]);
    ck_assert_str_ne(vm[0], "");
    ck_assert_str_ne(vm[0], vm[1]);
    ck_assert_str_eq(address[0], address[1]);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS), apps);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_INSTANCES), 2);
    /* And once more: it is no memory of the first time that makes the second. */
    done(&p, CMG_DEPLOY_REDEPLOY_GATEWAY);
    read_resource(SET, FIRST_VM, vm[0]);
    ck_assert_str_ne(vm[0], vm[1]);
    party_done(&p);
}
END_TEST

/* Somebody has deleted it in the portal; the record of the deployment is still there. */
static void lose_scale_set(void)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *resource = NULL;
    char found[512] = "";

    (void)pthread_mutex_lock(&sandbox->lock);
    struct cmg__json *table = cmg__sb_table(sandbox->cloud, "resources");
    while (cmg__json_next(table, &iter, &key, &resource)) {
        if (cmg__sb_same(cmg__str_or(cmg__json_str(resource, "/type"), ""),
                         "Microsoft.Compute/virtualMachineScaleSets"))
            (void)snprintf(found, sizeof found, "%s", key);
    }
    cmg__json_remove(table, found);
    (void)pthread_mutex_unlock(&sandbox->lock);
    ck_assert_str_ne(found, "");
}

START_TEST(a_create_makes_a_scale_set_that_was_deleted)
{
    struct party p;

    begin(&p);
    lose_scale_set();
    done(&p, CMG_DEPLOY_CREATE);
    place_check_one_of_each(sandbox);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_INSTANCES), 2);
    party_done(&p);
}
END_TEST

START_TEST(what_is_not_there_is_not_made_anew)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_REDEPLOY_GATEWAY, NULL, &err),
                     CMG_E_STATE);
    ck_assert_str_eq(cmg_error_remedy(err), "create the gateway first");
    cmg_error_unref(err);
    place_check_nothing(sandbox);
    party_done(&p);
}
END_TEST

static int cut_off(cmg_deploy *deploy, const cmg_step_progress *progress, void *user)
{
    unsigned *left = user;

    (void)deploy;
    (void)progress;
    return *left > 0 && --*left == 0;
}

/* One run that is cut off at an event; what is left of it is journal and secrets. */
static cmg_status run_cut_off(unsigned at)
{
    struct party p;
    const cmg_deploy_events events = { .size = sizeof events,
                                       .user = &at,
                                       .on_step = cut_off };
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    const cmg_status rc =
        party_deploy(&p, &site, CMG_DEPLOY_REDEPLOY_GATEWAY, &events, &err);
    ck_assert_msg(rc == CMG_OK || rc == CMG_E_CALLBACK, "%s", cmg_error_message(err));
    cmg_error_unref(err);
    party_done(&p);
    return rc;
}

/* A sample; all of it: CMG_ALL_POINTS=1. Another process ends it, whether it goes on with
 * it or only creates what is missing. */
START_TEST(a_redeployment_that_was_cut_off_at_any_step_goes_on)
{
    static const cmg_deploy_operation then[] = { CMG_DEPLOY_REDEPLOY_GATEWAY,
                                                 CMG_DEPLOY_CREATE };
    struct party p;
    const unsigned stride = getenv("CMG_ALL_POINTS") != NULL ? 1 : 12;
    unsigned at = stride == 1 ? 1 : 62;
    unsigned rounds = 0;

    begin(&p);
    party_done(&p);
    while (run_cut_off(at) != CMG_OK) {
        cmg_error *err = NULL;

        ck_ok(party_init(&p, &site, NULL, &err), err);
        done(&p, then[rounds % 2]);
        ck_assert_str_eq(cmg__fact(&p.deploy->work, CMG__REDEPLOY), "");
        place_check_one_of_each(sandbox);
        ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_INSTANCES), 2);
        party_done(&p);
        at += stride;
        rounds++;
    }
    ck_assert_uint_gt(rounds, 1);
}
END_TEST

/* ---- removed ---- */

static void put(const char *type, const char *group, const char *tags)
{
    struct cmg__sb_fault fault = { 0 };
    char id[512], body[512];
    struct cmg__json *json = NULL;

    (void)snprintf(id, sizeof id,
                   "/subscriptions/%s/resourceGroups/%s/providers/%s/other",
                   site.subscription, group, type);
    (void)snprintf(body, sizeof body,
                   "{\"location\":\"westeurope\",\"tags\":{%s},\"properties\":{}}", tags);
    ck_assert_int_eq(
        cmg__json_parse(&cmg__alloc_libc, "body", body, strlen(body), &json, NULL),
        CMG_OK);
    struct cmg__json *groups = cmg__sb_table(sandbox->cloud, "groups");
    const struct cmg__sb_wish wish = { .id = id, .group = group, .body = json };
    (void)pthread_mutex_lock(&sandbox->lock);
    if (cmg__json_key(groups, group) == NULL)
        cmg__sb_set(
            sandbox->cloud, groups, group,
            cmg__json_pack("{s:s, s:s}", "name", group, "location", "westeurope"));
    ck_assert_msg(
        cmg__sb_resource_put(sandbox->cloud, &wish, "Succeeded", NULL, &fault) != NULL,
        "%s", fault.message);
    (void)pthread_mutex_unlock(&sandbox->lock);
    cmg__json_unref(json);
}

#define NSG "Microsoft.Network/networkSecurityGroups"

START_TEST(what_belongs_to_others_is_left_and_reported)
{
    cmg_inventory_item item = { .size = sizeof item };
    struct party p;
    cmg_error *err = NULL;

    begin(&p);
    put(NSG, "cmg-granitefalls", "");
    done(&p, CMG_DEPLOY_DELETE);
    ck_assert_uint_eq(cmg_gateway_inventory_count(p.gateway), 1);
    ck_ok(cmg_gateway_inventory_item(p.gateway, 0, &item, &err), err);
    ck_assert_int_eq(item.kind, CMG_INVENTORY_FOREIGN);
    ck_assert_str_eq(item.name, "other");
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCES), 1);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCE_GROUPS), 1);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_DELETED), 0);
    party_done(&p);
    /* The group is ours still, and so is the next gateway in it. */
    begin(&p);
    done(&p, CMG_DEPLOY_DELETE);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCES), 1);
    party_done(&p);
}
END_TEST

static void put_group(const char *location)
{
    char id[256];

    (void)snprintf(id, sizeof id, "/subscriptions/%s/resourceGroups/cmg-granitefalls",
                   site.subscription);
    (void)pthread_mutex_lock(&sandbox->lock);
    cmg__sb_set(sandbox->cloud, cmg__sb_table(sandbox->cloud, "groups"),
                "cmg-granitefalls",
                cmg__json_pack("{s:s, s:s, s:s, s:{s:s}}", "id", id, "name",
                               "cmg-granitefalls", "location", location, "properties",
                               "provisioningState", "Succeeded"));
    (void)pthread_mutex_unlock(&sandbox->lock);
}

/* Without a resource of others in it, and with one. */
START_TEST(a_group_of_others_is_used_when_that_is_said_and_left_as_it_was)
{
    const uint64_t others = (uint64_t)_i;
    cmg_bytes *plan = NULL;
    struct party p;
    cmg_error *err = NULL;

    put_group("westeurope");
    ck_ok(party_init(&p, &site, NULL, &err), err);
    p.gateway->settings.adopt_group = true;
    done(&p, CMG_DEPLOY_CREATE);
    ck_ok(cmg_deploy_export_plan(p.deploy, CMG_PLAN_TEXT, &plan, &err), err);
    ck_assert_ptr_nonnull(strstr(cmg_bytes_data(plan),
                                 "adopt resource group (cmg-granitefalls, as it is)"));
    cmg_bytes_unref(plan);
    if (others > 0)
        put(NSG, "cmg-granitefalls", "");
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCES),
                      PLACE_RESOURCES + others);
    done(&p, CMG_DEPLOY_DELETE);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCES), others);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCE_GROUPS), 1);
    ck_assert_ptr_null(cmg__json_at(
        cmg__sb_find(sandbox->cloud, "groups", "cmg-granitefalls"), "/tags"));
    party_done(&p);
}
END_TEST

START_TEST(a_group_of_another_region_is_not_used)
{
    struct party p;
    cmg_error *err = NULL;

    put_group("northeurope");
    ck_ok(party_init(&p, &site, NULL, &err), err);
    p.gateway->settings.adopt_group = true;
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "/gateway/resource_group");
    cmg_error_unref(err);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCES), 0);
    party_done(&p);
}
END_TEST

START_TEST(what_is_ours_in_another_group_goes_too)
{
    struct party p;
    char tags[128];

    begin(&p);
    (void)snprintf(tags, sizeof tags, "\"libcmg-deployment\":\"%s\"",
                   p.deploy->work.deployment_id);
    put(NSG, "elsewhere", tags);
    put("Microsoft.Network/publicIPAddresses", "elsewhere", tags);
    done(&p, CMG_DEPLOY_DELETE);
    ck_assert_uint_eq(cmg_gateway_inventory_count(p.gateway), 0);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCES), 0);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCE_GROUPS), 1);
    party_done(&p);
}
END_TEST

static void lock_group(const char *level)
{
    char scope[256];

    (void)snprintf(scope, sizeof scope,
                   "/subscriptions/%s/resourceGroups/cmg-granitefalls",
                   site.subscription);
    struct cmg__json *lock =
        cmg__json_pack("{s:s, s:{s:s}, s:s}", "name", "hands-off", "properties", "level",
                       level, "_scope", scope);
    (void)pthread_mutex_lock(&sandbox->lock);
    cmg__sb_set(sandbox->cloud, cmg__sb_table(sandbox->cloud, "locks"), "lock", lock);
    (void)pthread_mutex_unlock(&sandbox->lock);
}

static const cmg_deploy_operation removals[] = { CMG_DEPLOY_REDEPLOY_GATEWAY,
                                                 CMG_DEPLOY_DELETE };

START_TEST(a_lock_is_told_before_anything_is_removed)
{
    struct party p;
    cmg_error *err = NULL;

    begin(&p);
    lock_group("CanNotDelete");
    for (size_t i = 0; i < CMG__ARRAY_LEN(removals); i++) {
        ck_assert_int_eq(party_deploy(&p, &site, removals[i], NULL, &err), CMG_E_DENIED);
        ck_assert_str_eq(cmg_error_subject(err), "hands-off");
        cmg_error_unref(err);
        err = NULL;
    }
    place_check_one_of_each(sandbox);
    done(&p, CMG_DEPLOY_CREATE); /* a deletion that was refused binds nobody */
    party_done(&p);
}
END_TEST

static const struct place_fixture fixture = { setup, teardown };

int main(void)
{
    Suite *suite = suite_create("redeploy");

    place_add_case(suite, &fixture, "anew", a_gateway_is_made_anew_under_its_old_name, 1);
    place_add_case(suite, &fixture, "lost", a_create_makes_a_scale_set_that_was_deleted,
                   1);
    place_add_case(suite, &fixture, "absent", what_is_not_there_is_not_made_anew, 1);
    place_add_case(suite, &fixture, "cut",
                   a_redeployment_that_was_cut_off_at_any_step_goes_on, 1);
    place_add_case(suite, &fixture, "others", what_belongs_to_others_is_left_and_reported,
                   1);
    place_add_case(suite, &fixture, "adopted",
                   a_group_of_others_is_used_when_that_is_said_and_left_as_it_was, 2);
    place_add_case(suite, &fixture, "region", a_group_of_another_region_is_not_used, 1);
    place_add_case(suite, &fixture, "elsewhere", what_is_ours_in_another_group_goes_too,
                   1);
    place_add_case(suite, &fixture, "locked", a_lock_is_told_before_anything_is_removed,
                   1);
    return support_run((Suite *[]){ suite, NULL });
}
