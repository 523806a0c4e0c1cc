/* The inventory with canned answers: kinds, pages, pages that lead elsewhere. */
#include "canned.h"

#include <stdio.h>
#include <string.h>

#include "model/inventory.h"

static struct world w;

#define OURS "\"tags\":{\"libcmg-deployment\":\"%s\"}"
#define ITEM(type, name, tags)                                                           \
    "{\"type\":\"" type "\",\"name\":\"" name                                            \
    "\",\"id\":\"/subscriptions/" WORLD_SUBSCRIPTION                                     \
    "/resourceGroups/CMG-granitefalls/providers/" type "/" name "\"," tags "}"
#define ELSEWHERE                                                                        \
    "{\"value\":[{\"type\":\"Microsoft.Network/loadBalancers\",\"name\":\"old\","        \
    "\"id\":\"/subscriptions/" WORLD_SUBSCRIPTION                                        \
    "/resourceGroups/other/providers/x/old\"}]}"
#define NOTHING "{\"value\":[]}"
#define ARM     "https://management.azure.com"

static cmg_inventory_kind kind_of(const char *name)
{
    cmg_inventory_item item = { .size = sizeof item };

    for (size_t i = 0; i < cmg_gateway_inventory_count(w.gateway); i++) {
        ck_assert_int_eq(cmg_gateway_inventory_item(w.gateway, i, &item, NULL), CMG_OK);
        if (strcmp(item.name, name) == 0)
            return item.kind;
    }
    return CMG_INVENTORY_KIND_WIDTH;
}

START_TEST(every_kind_is_told_apart_over_two_pages)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER(
            "GET", "/second", 0, 200,
            "{\"value\":[" ITEM("Microsoft.Sql/servers", "theirs", "\"tags\":{}") "]}"),
        ANSWER("GET", "/resources?$expand", 0, 200,
               canned_with_id("{\"nextLink\":\"" ARM "/second\",\"value\":[" ITEM(
                   "microsoft.network/loadBalancers", "granitefalls", OURS) "]}")),
        ANSWER("GET", "tagName", 0, 200, ELSEWHERE),
        ANSWER("GET", "/deletedVaults/", 0, 200,
               canned_with_id("{\"type\":\"Microsoft.KeyVault/deletedVaults\",\"name\":"
                              "\"gone\",\"properties\":{" OURS "}}")),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_inventory);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_int_eq(kind_of("theirs"), CMG_INVENTORY_FOREIGN);
    ck_assert_int_eq(kind_of("old"), CMG_INVENTORY_ORPHAN);
    ck_assert_int_eq(kind_of("gone"), CMG_INVENTORY_DELETED);
    ck_assert(cmg__inventory_has(w.gateway, "Microsoft.Network/loadBalancers"));
    ck_assert(!cmg__inventory_has(w.gateway, "Microsoft.Network/virtualNetworks"));
    world_done(&w);
}
END_TEST

START_TEST(what_is_ours_but_not_expected_is_an_orphan)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/resources?$expand", 0, 200,
                                   canned_with_id("{\"value\":[" ITEM(
                                       "Microsoft.Compute/disks", "left", OURS) "]}")),
                            ANSWER("GET", "tagName", 0, 200, NOTHING),
                            ANSWER("GET", "/deletedVaults/", 0, 404, "{}"),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_inventory);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_int_eq(kind_of("left"), CMG_INVENTORY_ORPHAN);
    world_done(&w);
}
END_TEST

static const char *const elsewhere[] = { "https://evil.example/second",
                                         "http://management.azure.com/second",
                                         "/second" };

/* The token would go there. */
START_TEST(a_page_on_another_host_is_not_asked_for)
{
    char body[256];
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/resources?$expand", 0, 200, body),
                            { 0 } };

    (void)snprintf(body, sizeof body, "{\"value\":[],\"nextLink\":\"%s\"}",
                   elsewhere[_i]);
    canned_begin(&w, rules, &cmg__step_inventory);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_PROTO);
    ck_assert_uint_eq(world_count(&w, "second"), 0);
    world_done(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steps of an inventory");
    TCase *tc = tcase_create("inventory");

    tcase_add_test(tc, every_kind_is_told_apart_over_two_pages);
    tcase_add_test(tc, what_is_ours_but_not_expected_is_an_orphan);
    tcase_add_loop_test(tc, a_page_on_another_host_is_not_asked_for, 0,
                        CMG__ARRAY_LEN(elsewhere));
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
