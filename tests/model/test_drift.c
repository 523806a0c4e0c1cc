/* What Resource Manager's what-if says, read as differences. */
#include "model/drift.h"

#include <stdio.h>
#include <string.h>
#include "support/support.h"

static struct support_alloc a;
static struct cmg__differences list;
static cmg_error *err;

static void setup(void)
{
    support_alloc_init(&a);
}

static void teardown(void)
{
    cmg_error_unref(err);
    err = NULL;
    cmg__differences_clear(&a.alloc, &list);
    ck_assert_uint_eq(a.live, 0);
}

static cmg_status read_text(const char *text)
{
    struct cmg__json *value = NULL;

    ck_assert_int_eq(
        cmg__json_parse(&cmg__alloc_libc, "test", text, strlen(text), &value, NULL),
        CMG_OK);
    const cmg_status rc = cmg__drift_read(&a.alloc, value, &list, &err);
    cmg__json_unref(value);
    return rc;
}

#define ALL(changes)                                                                     \
    "{\"status\":\"Succeeded\",\"properties\":{\"changes\":[" changes "]}}"
#define ID(type, name)                                                                   \
    "\"resourceId\":\"/subscriptions/s/resourceGroups/g/providers/Microsoft.X/" type     \
    "/" name "\""
#define CHANGE(type, kind, more)                                                         \
    "{" ID(type, "gw") ",\"changeType\":\"" kind "\"" more "}"
#define MODIFY(type, delta) CHANGE(type, "Modify", ",\"delta\":[" delta "]")
#define PROPERTY(path, kind, more)                                                       \
    "{\"path\":\"" path "\",\"propertyChangeType\":\"" kind "\"" more "}"
#define VALUE(path, before, after)                                                       \
    PROPERTY(path, "Modify", ",\"before\":" before ",\"after\":" after)
#define SETS "virtualMachineScaleSets"

static const struct {
    const char *text;
    const char *expected; /* "path|found|should be|severity|correctable", or "" */
} rows[] = {
    { ALL(""), "" },
    { ALL(CHANGE("x", "NoChange", "") "," CHANGE("y", "Ignore", "")), "" },
    { ALL(CHANGE("loadBalancers", "Create", "")), "/loadBalancers/gw|absent|there|3|1" },
    { ALL(CHANGE("x", "Unsupported", ",\"unsupportedReason\":\"why\"")),
      "/x/gw|why|as the template says|2|0" },
    { ALL(MODIFY(SETS, VALUE("sku.name", "\"A\"", "\"B\""))),
      "/" SETS "/gw/sku/name|\"A\"|\"B\"|2|1" },
    { ALL(MODIFY("x",
                 PROPERTY("tags.new", "Delete", ",\"before\":\"1\",\"after\":null"))),
      "/x/gw/tags/new|\"1\"|absent|1|1" },
    { ALL(MODIFY("x",
                 PROPERTY("tags.old", "Create", ",\"before\":null,\"after\":\"1\""))),
      "/x/gw/tags/old|absent|\"1\"|1|1" },
    { ALL(MODIFY("x", VALUE("location", "\"a\"", "\"b\""))),
      "/x/gw/location|\"a\"|\"b\"|2|0" },
    /* Nested, in the one form and in the other. */
    { ALL(MODIFY("x", PROPERTY("properties", "Modify",
                               ",\"children\":[" VALUE("a.b", "1", "2") "]"))),
      "/x/gw/properties/a/b|1|2|2|1" },
    /* Elements by their names, those of others by their numbers. */
    { ALL(CHANGE("networkSecurityGroups", "Modify",
                 ",\"after\":{\"properties\":{\"securityRules\":[{\"name\":\"r\"}]}},"
                 "\"delta\":[" PROPERTY("properties.securityRules", "Array",
                                        ",\"children\":[" VALUE("0.properties.access",
                                                                "\"Deny\"",
                                                                "\"Allow\"") "]") "]")),
      "/networkSecurityGroups/gw/properties/securityRules/r/properties/access|\"Deny\"|"
      "\"Allow\"|3|1" },
    { ALL(MODIFY("x", PROPERTY("properties.p", "Array",
                               ",\"children\":[" PROPERTY(
                                   "1", "Delete", ",\"before\":7,\"after\":null") "]"))),
      "/x/gw/properties/p/1|7|absent|2|1" },
    /* What is told although nobody changed it. */
    { ALL(MODIFY("x", PROPERTY("properties.y", "NoEffect", ",\"after\":1"))), "" },
    { ALL(MODIFY("x", VALUE("properties.provisioningState", "\"Failed\"", "null"))), "" },
    { ALL(MODIFY(SETS, VALUE("properties.virtualMachineProfile.osProfile.adminPassword",
                             "null", "\"secret\""))),
      "" },
    { ALL(MODIFY("storageAccounts",
                 PROPERTY("properties.encryption", "Delete", ",\"before\":{}"))),
      "" },
    /* But what the template says itself counts. */
    { ALL(MODIFY("storageAccounts", VALUE("properties.encryption", "1", "2"))),
      "/storageAccounts/gw/properties/encryption|1|2|2|1" },
};

START_TEST(changes_become_differences)
{
    char text[512] = "";

    ck_ok(read_text(rows[_i].text), err);
    ck_assert_uint_le(list.count, 1);
    if (list.count == 1) {
        const struct cmg__difference *one = &list.items[0];
        ck_assert_int_eq(one->part, CMG_APP_RESOURCE);
        (void)snprintf(text, sizeof text, "%s|%s|%s|%d|%d", one->path, one->found,
                       one->should_be, (int)one->severity, (int)one->correctable);
    }
    ck_assert_str_eq(text, rows[_i].expected);
}
END_TEST

static const char *const odd[] = {
    "{}",
    "[]",
    "{\"properties\":{\"changes\":{}}}",
    ALL("7"),
    ALL("{}"),
    ALL("{\"resourceId\":\"/nowhere\",\"changeType\":\"Create\"}"),
    ALL("{\"resourceId\":\"/providers/Microsoft.X\",\"changeType\":\"Create\"}"),
    ALL(CHANGE("x", "Delete", "")), /* an incremental deployment deletes nothing */
    ALL(CHANGE("x", "Deploy", "")), /* an answer without properties */
    ALL(CHANGE("x", "", "")),
    ALL(CHANGE("x", "Modify", "")),
    ALL(MODIFY("x", "7")),
    ALL(MODIFY("x", PROPERTY("", "Create", ""))),
    ALL(MODIFY("x", PROPERTY("p", "Rename", ""))),
    ALL(MODIFY("x", PROPERTY("p", "Array", ""))),
};

START_TEST(answer_that_makes_no_sense_is_refused)
{
    ck_assert_int_eq(read_text(odd[_i]), CMG_E_PROTO);
    ck_assert_str_ne(cmg_error_message(err), "");
    ck_assert_str_ne(cmg_error_remedy(err), "");
}
END_TEST

/* One level more than is read, one difference more than is kept. */
START_TEST(depth_and_number_have_a_limit)
{
    static char text[128 * 1024];
    size_t n = 0;
    const int levels = _i == 0 ? 20 : 1;
    const int count = _i == 0 ? 1 : 501;

    n += (size_t)snprintf(text, sizeof text,
                          "{\"properties\":{\"changes\":[{" ID(
                              "x", "gw") ",\"changeType\":\"Modify\",\"delta\":[");
    for (int i = 0; i < levels; i++)
        n += (size_t)snprintf(text + n, sizeof text - n,
                              "{\"path\":\"0\",\"propertyChangeType\":\"Array\","
                              "\"children\":[");
    for (int i = 0; i < count; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s" VALUE("p", "1", "2"),
                              i == 0 ? "" : ",");
    for (int i = 0; i < levels; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "]}");
    (void)snprintf(text + n, sizeof text - n, "]}]}}");
    ck_assert_int_eq(read_text(text), CMG_E_PROTO);
}
END_TEST

START_TEST(each_allocation_may_fail)
{
    cmg_status rc = CMG_E_NOMEM;

    for (size_t n = 1; rc != CMG_OK; n++) {
        support_alloc_init(&a);
        a.fail_at = n;
        rc = read_text(rows[_i].text);
        ck_assert(rc == CMG_OK || rc == CMG_E_NOMEM);
        cmg__differences_clear(&a.alloc, &list);
        cmg_error_unref(err);
        err = NULL;
        ck_assert_uint_eq(a.live, 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("drift");
    TCase *tc = tcase_create("drift");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, changes_become_differences, 0, CMG__ARRAY_LEN(rows));
    tcase_add_loop_test(tc, answer_that_makes_no_sense_is_refused, 0,
                        CMG__ARRAY_LEN(odd));
    tcase_add_loop_test(tc, depth_and_number_have_a_limit, 0, 2);
    tcase_add_loop_test(tc, each_allocation_may_fail, 0, CMG__ARRAY_LEN(rows));
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
