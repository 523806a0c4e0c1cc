/* The life of a scale set: power, capacity, models, conflicts, rolling upgrades. */
#include <stdio.h>
#include <string.h>

#include "sandbox/setting.h"
#include "sandbox/world.h"

static struct world w;
/* Which instances answer; all but those that a test silences. */
static bool is_silent;

static bool answers(void *user, const char *set_id, unsigned instance)
{
    (void)user;
    (void)set_id;
    (void)instance;
    return !is_silent;
}

#define GROUP "/resourceGroups/rg-1"
#define SET   GROUP "/providers/Microsoft.Compute/virtualMachineScaleSets/set"
#define BODY(mode, capacity, data)                                                       \
    "{\"location\":\"westeurope\",\"sku\":{\"name\":\"Standard_B2s\",\"tier\":"          \
    "\"Standard\",\"capacity\":" capacity "},\"properties\":{\"orchestrationMode\":"     \
    "\"Uniform\",\"upgradePolicy\":{\"mode\":\"" mode "\",\"rollingUpgradePolicy\":{"    \
    "\"maxBatchInstancePercent\":50}},\"automaticRepairsPolicy\":{\"enabled\":true},"    \
    "\"virtualMachineProfile\":{\"osProfile\":{\"adminUsername\":\"op\","                \
    "\"customData\":\"" data "\"}}}}"

static void make(const char *body)
{
    world_arm_do(&w, 201, "PUT", body, SET);
    world_pass(&w);
}

static void setup(void)
{
    world_init(&w);
    world_register(&w);
    world_arm_do(&w, 201, "PUT", "{\"location\":\"westeurope\"}", GROUP);
    is_silent = false;
    w.cloud->is_running = answers;
}

static void teardown(void)
{
    world_done(&w);
}

static void text_is(const char *path, const char *at, const char *value)
{
    struct reply r;

    world_arm(&w, &r, 200, "GET", NULL, "%s", path);
    ck_assert_str_eq(reply_str(&r, at), value);
    reply_done(&r);
}

static void number_is(const char *path, const char *at, int64_t value)
{
    struct reply r;

    world_arm(&w, &r, 200, "GET", NULL, "%s", path);
    ck_assert_int_eq(reply_int(&r, at), value);
    reply_done(&r);
}

static void refused(int status, const char *code, const char *method, const char *body,
                    const char *path)
{
    struct reply r;

    world_arm(&w, &r, status, method, body, "%s", path);
    ck_assert_str_eq(reply_str(&r, "/error/code"), code);
    reply_done(&r);
}

static void power_is(const char *instance, const char *word)
{
    char path[256];

    snprintf(path, sizeof path, SET "/virtualMachines/%s/instanceView", instance);
    text_is(path, "/statuses/1/code", word);
}

static bool is_latest(const char *instance)
{
    struct reply r;

    world_arm(&w, &r, 200, "GET", NULL, SET "/virtualMachines/%s", instance);
    bool latest = cmg__json_bool(r.body, "/properties/latestModelApplied", false);
    reply_done(&r);
    return latest;
}

static const struct {
    const char *verb, *meanwhile, *after;
} powers[] = {
    { "deallocate", "PowerState/deallocating", "PowerState/deallocated" },
    { "poweroff", "PowerState/stopping", "PowerState/stopped" },
    { "powerOff", "PowerState/stopping", "PowerState/stopped" },
    { "start", "PowerState/starting", "PowerState/running" },
    { "restart", "PowerState/starting", "PowerState/running" },
    { "reimage", "PowerState/starting", "PowerState/running" },
    { "redeploy", "PowerState/starting", "PowerState/running" },
};

START_TEST(an_action_takes_its_time_and_has_both_headers)
{
    struct reply r;
    char poll[256];

    make(BODY("Manual", "2", "QQ=="));
    world_arm(&w, &r, 202, "POST", NULL, SET "/%s", powers[_i].verb);
    ck_assert_ptr_nonnull(
        strstr(reply_head(&r, "Azure-AsyncOperation"), "/operationStatuses/"));
    const char *location = strstr(reply_head(&r, "Location"), "/operationresults/");
    ck_assert_ptr_nonnull(strstr(location, "monitor=true"));
    snprintf(poll, sizeof poll, "%.*s", (int)strcspn(location, "?"), location);
    reply_done(&r);
    power_is("1", powers[_i].meanwhile);
    text_is(SET, "/properties/provisioningState", "Updating");
    world_arm_do(&w, 202, "GET", NULL, "%s", poll);
    world_pass(&w);
    power_is("1", powers[_i].after);
    text_is(SET, "/properties/provisioningState", "Succeeded");
    world_arm(&w, &r, 200, "GET", NULL, "%s", poll);
    ck_assert_uint_eq(r.answer.body.len, 0);
    reply_done(&r);
}
END_TEST

START_TEST(named_instances_only_are_acted_on)
{
    make(BODY("Manual", "3", "QQ=="));
    world_arm_do(&w, 202, "POST", "{\"instanceIds\":[\"1\"]}", SET "/deallocate");
    world_arm_do(&w, 202, "POST", NULL, SET "/virtualMachines/2/poweroff");
    world_pass(&w);
    power_is("0", "PowerState/running");
    power_is("1", "PowerState/deallocated");
    power_is("2", "PowerState/stopped");
    text_is(SET "/instanceView", "/virtualMachine/statusesSummary/0/code",
            "PowerState/running");
    number_is(SET "/instanceView", "/virtualMachine/statusesSummary/0/count", 1);
    world_arm_do(&w, 202, "POST", "{\"instanceIds\":[\"*\"]}", SET "/start");
    world_pass(&w);
    number_is(SET "/instanceView", "/virtualMachine/statusesSummary/0/count", 3);
}
END_TEST

START_TEST(scaling_gives_new_ids_and_takes_the_highest)
{
    make(BODY("Manual", "2", "QQ=="));
    world_arm_do(&w, 200, "PATCH", "{\"sku\":{\"capacity\":3}}", SET);
    world_pass(&w);
    text_is(SET "/virtualMachines", "/value/2/instanceId", "2");
    world_arm_do(&w, 200, "PATCH", "{\"sku\":{\"capacity\":1}}", SET);
    world_pass(&w);
    text_is(SET "/virtualMachines", "/value/1/instanceId", "");
    world_arm_do(&w, 200, "PATCH", "{\"sku\":{\"capacity\":2}}", SET);
    world_pass(&w);
    text_is(SET "/virtualMachines", "/value/1/instanceId", "3");
    text_is(SET "/virtualMachines", "/value/1/sku/name", "Standard_B2s");
}
END_TEST

START_TEST(deleting_instances_lowers_the_capacity)
{
    make(BODY("Manual", "3", "QQ=="));
    refused(400, "InvalidParameter", "POST", NULL, SET "/delete");
    world_arm_do(&w, 202, "POST", "{\"instanceIds\":[\"0\"]}", SET "/delete");
    world_pass(&w);
    number_is(SET, "/sku/capacity", 2);
    text_is(SET "/virtualMachines", "/value/0/instanceId", "1");
    world_arm_do(&w, 202, "DELETE", NULL, SET "/virtualMachines/2");
    world_pass(&w);
    number_is(SET, "/sku/capacity", 1);
    refused(404, "InstanceIdNotFound", "DELETE", NULL, SET "/virtualMachines/2");
}
END_TEST

START_TEST(an_instance_has_the_model_it_was_made_with)
{
    make(BODY("Manual", "2", "QQ=="));
    ck_assert(is_latest("0"));
    world_arm_do(&w, 200, "PUT", BODY("Manual", "2", "Qg=="), SET);
    world_pass(&w);
    ck_assert(!is_latest("0"));
    refused(400, "InvalidParameter", "POST", NULL, SET "/manualupgrade");
    world_arm_do(&w, 202, "POST", "{\"instanceIds\":[\"0\"]}", SET "/manualupgrade");
    world_pass(&w);
    ck_assert(is_latest("0"));
    ck_assert(!is_latest("1"));
    world_arm_do(&w, 202, "POST", "{\"instanceIds\":[\"1\"]}", SET "/reimage");
    world_pass(&w);
    ck_assert(is_latest("1"));
    world_arm_do(&w, 200, "PATCH", "{\"sku\":{\"name\":\"Standard_D2s_v5\"}}", SET);
    world_pass(&w);
    ck_assert(!is_latest("1"));
}
END_TEST

START_TEST(an_automatic_set_follows_at_once)
{
    make(BODY("Automatic", "2", "QQ=="));
    world_arm_do(&w, 200, "PUT", BODY("Automatic", "2", "Qg=="), SET);
    ck_assert(is_latest("0") && is_latest("1"));
}
END_TEST

START_TEST(a_rolling_upgrade_waits_for_each_batch)
{
    make(BODY("Rolling", "2", "QQ=="));
    refused(404, "NotFound", "GET", NULL, SET "/rollingUpgrades/latest");
    refused(409, "OperationNotAllowed", "POST", NULL, SET "/rollingUpgrades/cancel");
    world_arm_do(&w, 200, "PUT", BODY("Rolling", "2", "Qg=="), SET);
    ck_assert(is_latest("0"));
    ck_assert(!is_latest("1"));
    is_silent = true;
    world_pass(&w);
    ck_assert(!is_latest("1"));
    number_is(SET "/rollingUpgrades/latest",
              "/properties/progress/inProgressInstanceCount", 1);
    refused(409, "OperationNotAllowed", "POST", NULL, SET "/osRollingUpgrade");
    is_silent = false;
    ck_assert(is_latest("1"));
    world_pass(&w);
    text_is(SET "/rollingUpgrades/latest", "/properties/runningStatus/code", "Completed");
    number_is(SET "/rollingUpgrades/latest",
              "/properties/progress/successfulInstanceCount", 2);
}
END_TEST

START_TEST(a_rolling_upgrade_is_cancelled_or_at_fault)
{
    make(BODY("Rolling", "2", "QQ=="));
    world_arm_do(&w, 200, "PUT", BODY("Rolling", "2", "Qg=="), SET);
    text_is(SET, "/properties/provisioningState", "Updating");
    world_arm_do(&w, 202, "POST", NULL, SET "/rollingUpgrades/cancel");
    world_pass(&w);
    ck_assert(!is_latest("1"));
    text_is(SET "/rollingUpgrades/latest", "/properties/runningStatus/code", "Cancelled");
    world_arm_do(&w, 202, "POST", NULL, SET "/osRollingUpgrade");
    text_is(SET, "/properties/provisioningState", "Succeeded");
    is_silent = true;
    support_env_advance_ms(&w.env, 20 * 60 * 1000);
    text_is(SET "/rollingUpgrades/latest", "/properties/runningStatus/code", "Faulted");
}
END_TEST

START_TEST(one_operation_at_a_time)
{
    struct reply r;

    make(BODY("Manual", "2", "QQ=="));
    world_arm_do(&w, 202, "POST", "{\"instanceIds\":[\"0\"]}", SET "/restart");
    refused(409, "OperationNotAllowed", "POST", NULL, SET "/deallocate");
    refused(409, "OperationNotAllowed", "PATCH", "{\"sku\":{\"capacity\":3}}", SET);
    refused(409, "OperationNotAllowed", "DELETE", NULL, SET);
    world_arm_do(&w, 202, "POST", "{\"instanceIds\":[\"1\"]}", SET "/restart");
    world_pass(&w);
    world_arm_do(&w, 200, "PATCH", "{\"sku\":{\"capacity\":3}}", SET);
    refused(409, "OperationNotAllowed", "POST", NULL, SET "/start");
    world_pass(&w);
    world_arm_do(&w, 202, "DELETE", NULL, SET);
    refused(409, "OperationNotAllowed", "POST", NULL, SET "/start");
    world_arm_do(&w, 202, "DELETE", NULL, SET);
    world_pass(&w);
    refused(404, "ResourceNotFound", "POST", NULL, SET "/start");
    world_arm_do(&w, 201, "PUT", "{\"location\":\"westeurope\"}",
                 GROUP "/providers/Microsoft.Network/networkSecurityGroups/nsg");
    world_arm(&w, &r, 429, "PUT", "{\"location\":\"westeurope\"}", "%s",
              GROUP "/providers/Microsoft.Network/networkSecurityGroups/nsg");
    ck_assert_str_eq(reply_str(&r, "/error/code"), "RetryableError");
    ck_assert_str_eq(reply_str(&r, "/error/details/0/code"),
                     "RetryableErrorDueToAnotherOperation");
    ck_assert_str_eq(reply_head(&r, "Retry-After"), "1");
    reply_done(&r);
}
END_TEST

START_TEST(what_a_set_keeps_for_life_is_not_changed)
{
    make(BODY("Manual", "1", "QQ=="));
    refused(409, "PropertyChangeNotAllowed", "PATCH",
            "{\"properties\":{\"orchestrationMode\":\"Flexible\"}}", SET);
    refused(409, "PropertyChangeNotAllowed", "PATCH",
            "{\"properties\":{\"virtualMachineProfile\":{\"osProfile\":{"
            "\"adminUsername\":\"other\"}}}}",
            SET);
}
END_TEST

START_TEST(repairs_are_suspended_and_resumed)
{
    make(BODY("Manual", "1", "QQ=="));
    refused(400, "InvalidParameter", "POST", "{\"serviceName\":\"AutomaticRepairs\"}",
            SET "/setOrchestrationServiceState");
    world_arm_do(&w, 202, "POST",
                 "{\"serviceName\":\"AutomaticRepairs\",\"action\":\"Suspend\"}",
                 SET "/setOrchestrationServiceState");
    text_is(SET "/instanceView", "/orchestrationServices/0/serviceState", "Suspended");
    refused(404, "NotFound", "POST", NULL, SET "/levitate");
}
END_TEST

START_TEST(each_kind_has_a_duration_of_its_own)
{
    cmg_error *err = NULL;

    make(BODY("Manual", "1", "QQ=="));
    ck_ok(cmg__sb_setting_change(w.cloud, "Duration/deallocate", "5000", &err), err);
    world_arm_do(&w, 202, "POST", NULL, SET "/deallocate");
    world_pass(&w);
    power_is("0", "PowerState/deallocating");
    support_env_advance_ms(&w.env, 4000);
    power_is("0", "PowerState/deallocated");
    ck_ok(cmg__sb_setting_change(w.cloud, "duration/deallocate", NULL, &err), err);
    ck_assert_int_eq(cmg__sb_duration_ms(w.cloud, "deallocate"), WORLD_OPERATION_MS);
}
END_TEST

static const struct {
    const char *name, *value;
    cmg_status rc;
} bad_settings[] = {
    { "duration/put", "soon", CMG_E_INVAL },   { "duration/put", "-1", CMG_E_INVAL },
    { "duration", "1", CMG_E_NOTFOUND },       { "duration/", "1", CMG_E_NOTFOUND },
    { "weather/berlin", "1", CMG_E_NOTFOUND }, { "restrict/a/b", "no", CMG_E_INVAL },
};

START_TEST(a_setting_that_makes_no_sense_is_refused)
{
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg__sb_setting_change(w.cloud, bad_settings[_i].name,
                                            bad_settings[_i].value, &err),
                     bad_settings[_i].rc);
    cmg_error_unref(err);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("scale_set");
    TCase *t = tcase_create("life");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, an_action_takes_its_time_and_has_both_headers, 0,
                        CMG__ARRAY_LEN(powers));
    tcase_add_test(t, named_instances_only_are_acted_on);
    tcase_add_test(t, scaling_gives_new_ids_and_takes_the_highest);
    tcase_add_test(t, deleting_instances_lowers_the_capacity);
    tcase_add_test(t, an_instance_has_the_model_it_was_made_with);
    tcase_add_test(t, an_automatic_set_follows_at_once);
    tcase_add_test(t, a_rolling_upgrade_waits_for_each_batch);
    tcase_add_test(t, a_rolling_upgrade_is_cancelled_or_at_fault);
    tcase_add_test(t, one_operation_at_a_time);
    tcase_add_test(t, what_a_set_keeps_for_life_is_not_changed);
    tcase_add_test(t, repairs_are_suspended_and_resumed);
    tcase_add_test(t, each_kind_has_a_duration_of_its_own);
    tcase_add_loop_test(t, a_setting_that_makes_no_sense_is_refused, 0,
                        CMG__ARRAY_LEN(bad_settings));
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
