/* What is removed, what is left, and what is told of it, with canned answers. */
#include "canned.h"

#include <stdio.h>
#include <string.h>

#include "model/inventory.h"

static struct world w;

#define ARM     "https://management.azure.com"
#define NOTHING "{\"value\":[]}"
#define OURS    "\"tags\":{\"libcmg-deployment\":\"%s\"}"
#define THEIRS  "\"tags\":{}"
#define IN(group)                                                                        \
    "/subscriptions/" WORLD_SUBSCRIPTION "/resourceGroups/" group "/providers/"
#define ITEM(group, type, name, tags)                                                    \
    "{\"type\":\"" type "\",\"name\":\"" name "\",\"id\":\"" IN(group) type              \
        "/" name "\"," tags "}"
#define LIST(items) "{\"value\":[" items "]}"
#define HOME        "cmg-granitefalls"
#define NETWORK     "Microsoft.Network/virtualNetworks"
#define SET         "Microsoft.Compute/virtualMachineScaleSets"
#define GROUP_IS_OURS                                                                    \
    ANSWER("GET", "/resourceGroups/" HOME "?", 0, 200, canned_with_id("{" OURS "}"))
#define GONE ANSWER("DELETE", "", 0, 204, NULL)

static void check_left(size_t index, cmg_inventory_kind kind, const char *name)
{
    cmg_inventory_item item = { .size = sizeof item };
    cmg_error *err = NULL;

    ck_ok(cmg_gateway_inventory_item(w.gateway, index, &item, &err), err);
    ck_assert_int_eq(item.kind, kind);
    ck_assert_str_eq(item.name, name);
}

/* ---- the group ---- */

/* What is in use goes after what uses it, however the list is ordered; the group stays.
 */
START_TEST(ours_go_one_by_one_when_the_group_holds_something_of_others)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/second", 3, 200,
               LIST(ITEM(HOME, "Microsoft.Sql/servers", "payroll", THEIRS))),
        { "GET", "/resources?", 1, 200, NULL,
          canned_with_id("{\"nextLink\":\"" ARM "/second\",\"value\":[" ITEM(
              HOME, NETWORK, "net", OURS) "," ITEM(HOME, SET, "set", OURS) "]}"),
          false, 0 },
        { "GET", "/resources?", 1, 200, NULL,
          canned_with_id("{\"nextLink\":\"" ARM
                         "/second\",\"value\":[" ITEM(HOME, NETWORK, "net", OURS) "]}"),
          false, 0 },
        ANSWER("GET", "/resources?", 0, 200,
               "{\"nextLink\":\"" ARM "/second\",\"value\":[]}"),
        GONE,
        GROUP_IS_OURS,
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_group_gone);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "DELETE"), 2);
    ck_assert_uint_eq(world_count(&w, "DELETE " ARM IN(HOME) SET "/set?api-version="), 1);
    ck_assert_uint_eq(world_count(&w, "DELETE " ARM IN(HOME) NETWORK "/net?"), 1);
    ck_assert_uint_eq(cmg_gateway_inventory_count(w.gateway), 1);
    check_left(0, CMG_INVENTORY_FOREIGN, "payroll");
    world_done(&w);
}
END_TEST

START_TEST(a_classic_deployment_is_told_from_other_things)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/resources?", 0, 200,
               LIST(ITEM(HOME, "Microsoft.ClassicCompute/domainNames", "old", THEIRS))),
        GROUP_IS_OURS,
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_group_gone);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "DELETE"), 0);
    check_left(0, CMG_INVENTORY_CLASSIC, "old");
    ck_assert_str_eq(cmg_inventory_kind_name(CMG_INVENTORY_CLASSIC), "classic");
    world_done(&w);
}
END_TEST

START_TEST(a_create_does_not_move_in_with_a_classic_deployment)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/resources?", 0, 200,
               LIST(ITEM(HOME, "Microsoft.ClassicCompute/domainNames", "old", THEIRS))),
        ANSWER("GET", "/resourceGroups/" HOME "?", 0, 200, "{" THEIRS "}"),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_resource_group);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(w.end_message, "classic deployment"));
    ck_assert_ptr_nonnull(strstr(w.end_message, "\"old\""));
    ck_assert_uint_eq(world_count(&w, "PUT"), 0);
    world_done(&w);
}
END_TEST

/* ---- elsewhere ---- */

START_TEST(what_cannot_be_removed_is_left_as_an_orphan)
{
    struct rule rules[] = { TOKEN,
                            ANSWER(
                                "GET", "tagName", 1, 200,
                                LIST(ITEM("other", "Microsoft.Odd/things", "odd",
                                          OURS) "," ITEM("other", NETWORK, "net", OURS))),
                            ANSWER("GET", "tagName", 0, 200, NOTHING),
                            GONE,
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_strays_gone);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "DELETE"), 1);
    check_left(0, CMG_INVENTORY_ORPHAN, "odd");
    world_done(&w);
}
END_TEST

/* It is asked for a while, for lists may be late, and then named. */
START_TEST(what_stays_however_often_it_is_removed_is_an_error)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "tagName", 0, 200,
                                   LIST(ITEM("other", NETWORK, "net", OURS))),
                            GONE,
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_strays_gone);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_CONFLICT);
    ck_assert_uint_gt(world_count(&w, "DELETE"), 10);
    ck_assert_uint_lt(world_count(&w, "DELETE"), 30);
    world_done(&w);
}
END_TEST

static const char *const bad_ids[] = { "x", "/a//b", "/a/../b", "" };

/* The token would go wherever it leads. */
START_TEST(an_id_that_is_none_is_not_asked_for)
{
    char body[512];
    struct rule rules[] = { TOKEN, ANSWER("GET", "tagName", 0, 200, body), GONE, { 0 } };

    (void)snprintf(body, sizeof body,
                   "{\"value\":[{\"type\":\"" NETWORK "\",\"id\":\"%s\"}]}", bad_ids[_i]);
    canned_begin(&w, rules, &cmg__step_strays_gone);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_PROTO);
    ck_assert_uint_eq(world_count(&w, "DELETE"), 0);
    world_done(&w);
}
END_TEST

/* ---- locks and the vault ---- */

static const struct {
    int status;
    const char *body;
    cmg_status end;
} locks[] = {
    { 200, NOTHING, CMG_OK },
    { 404, "{}", CMG_OK },
    { 403, "{}", CMG_OK }, /* who may not look learns of them when he is stopped */
    { 200, LIST("{\"name\":\"keep\",\"properties\":{\"level\":\"CanNotDelete\"}}"),
      CMG_E_DENIED },
    { 200, LIST("{\"name\":\"keep\",\"properties\":{\"level\":\"ReadOnly\"}}"),
      CMG_E_DENIED },
};

START_TEST(a_lock_of_either_level_keeps_everything)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/locks", 0, locks[_i].status, locks[_i].body),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_removable);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, locks[_i].end);
    if (locks[_i].end != CMG_OK)
        ck_assert_ptr_nonnull(strstr(w.end_message, "\"keep\""));
    world_done(&w);
}
END_TEST

START_TEST(a_vault_that_is_protected_is_left_and_told)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/deletedVaults/", 0, 200,
               canned_with_id("{\"type\":\"Microsoft.KeyVault/deletedVaults\",\"name\":"
                              "\"granitefalls\",\"id\":\"/x\",\"properties\":{" OURS
                              ",\"purgeProtectionEnabled\":true,\"scheduledPurgeDate\":"
                              "\"2027-02-01T00:00:00Z\"}}")),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_vault_gone);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "/purge"), 0);
    check_left(0, CMG_INVENTORY_DELETED, "granitefalls");
    world_done(&w);
}
END_TEST

/* ---- memory ---- */

START_TEST(memory_that_runs_out_in_a_removal_leaves_nothing)
{
    struct rule rules[] = {
        TOKEN,
        { "GET", "/resources?", 1, 200, NULL,
          canned_with_id(LIST(ITEM(HOME, NETWORK, "net", OURS) "," ITEM(
              HOME, "Microsoft.Sql/servers", "payroll", THEIRS))),
          false, 0 },
        ANSWER("GET", "/resources?", 0, 200,
               LIST(ITEM(HOME, "Microsoft.Sql/servers", "payroll", THEIRS))),
        GONE,
        GROUP_IS_OURS,
        { 0 }
    };

    canned_starve_step(&w, rules, &cmg__step_group_gone, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steps of a removal");
    TCase *tc = tcase_create("removal");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, ours_go_one_by_one_when_the_group_holds_something_of_others);
    tcase_add_test(tc, a_classic_deployment_is_told_from_other_things);
    tcase_add_test(tc, a_create_does_not_move_in_with_a_classic_deployment);
    tcase_add_test(tc, what_cannot_be_removed_is_left_as_an_orphan);
    tcase_add_test(tc, what_stays_however_often_it_is_removed_is_an_error);
    tcase_add_loop_test(tc, an_id_that_is_none_is_not_asked_for, 0,
                        CMG__ARRAY_LEN(bad_ids));
    tcase_add_loop_test(tc, a_lock_of_either_level_keeps_everything, 0,
                        CMG__ARRAY_LEN(locks));
    tcase_add_test(tc, a_vault_that_is_protected_is_left_and_told);
    tcase_add_test(tc, memory_that_runs_out_in_a_removal_leaves_nothing);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
