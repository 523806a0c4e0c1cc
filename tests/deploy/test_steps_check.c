/* The checks of a preflight with canned answers: wildcards of roles, locks, old names. */
#include "canned.h"

#include <stdio.h>
#include <string.h>

static struct world w;

#define ENTRY(actions, not_actions)                                                      \
    "{\"value\":[{\"actions\":[" actions "],\"notActions\":[" not_actions "]}]}"

static const struct {
    const char *body;
    bool allowed;
} roles[] = {
    { ENTRY("\"*\"", ""), true },
    { ENTRY("\"*\"", "\"Microsoft.Authorization/*/Write\""), true },
    { ENTRY("\"*\"", "\"microsoft.network/*/write\""), false },
    { ENTRY("\"*/read\"", ""), false },
    { ENTRY("\"Microsoft.Resources/*\",\"Microsoft.Network/*\",\"Microsoft.Storage/*\","
            "\"Microsoft.KeyVault/*\",\"Microsoft.Compute/*\"",
            ""),
      true },
    { ENTRY("\"Microsoft.*/write\",\"*/action\",\"*/delete\"", ""), true },
    { ENTRY("\"Microsoft.Network/loadBalancers/write\"", ""), false },
    { "{\"value\":[]}", false },
    /* One entry's exception does not take back what another one gives. */
    { "{\"value\":[{\"actions\":[\"*\"],\"notActions\":[\"*/write\"]},"
      "{\"actions\":[\"*\"],\"notActions\":[]}]}",
      true },
};

/* The step looks at what its operation is going to do. */
static void begin_rights(struct rule *rules, cmg_deploy_operation operation)
{
    canned_begin(&w, rules, &cmg__step_check_rights);
    w.deploy->work.steps = &cmg__operation_get(operation)->steps;
}

START_TEST(actions_are_matched_with_their_wildcards)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/permissions", 0, 200, roles[_i].body),
                            { 0 } };

    begin_rights(rules, CMG_DEPLOY_CREATE);
    canned_finish(&w);
    ck_assert_int_eq(w.end, roles[_i].allowed ? CMG_DEPLOY_DELETED : CMG_DEPLOY_FAILED);
    if (!roles[_i].allowed)
        ck_assert_int_eq(w.end_code, CMG_E_DENIED);
    world_done(&w);
}
END_TEST

/* The group's rights count; without a group those in the subscription. */
START_TEST(without_a_group_the_subscription_is_asked)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/resourceGroups/", 0, 404, "{}"),
                            ANSWER("GET", "/permissions", 0, 200, ENTRY("\"*\"", "")),
                            { 0 } };

    begin_rights(rules, CMG_DEPLOY_CREATE);
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "/permissions"), 2);
    world_done(&w);
}
END_TEST

#define SETS  "Microsoft.Compute/virtualMachineScaleSets/"
#define PURGE "Microsoft.KeyVault/locations/deletedVaults/purge/action"

/* What the account may do on the group and in the subscription (NULL: it may not even
   ask), and whether an operation is refused then, with which action. */
static const struct {
    cmg_deploy_operation operation;
    int group;
    const char *on_group, *in_subscription;
    const char *refused;
} needs[] = {
    { CMG_DEPLOY_STOP_GATEWAY, 200, "\"" SETS "deallocate/action\"", NULL, NULL },
    { CMG_DEPLOY_STOP_GATEWAY, 200, "\"*/write\"", NULL, SETS "deallocate/action" },
    { CMG_DEPLOY_START_GATEWAY, 200, "\"*/write\"", NULL, SETS "start/action" },
    { CMG_DEPLOY_SCALE_GATEWAY, 200, "\"" SETS "write\"", NULL, NULL },
    { CMG_DEPLOY_SCALE_GATEWAY, 200, "\"*/read\"", NULL, SETS "write" },
    { CMG_DEPLOY_ROTATE_CERTIFICATE, 200, "\"" SETS "*\"", NULL, NULL },
    { CMG_DEPLOY_ROTATE_CERTIFICATE, 200, "\"*/write\"", NULL,
      SETS "manualupgrade/action" },
    { CMG_DEPLOY_DELETE, 200, "\"*\"", "\"*\"", NULL },
    { CMG_DEPLOY_DELETE, 200, "\"*\"", NULL, PURGE },
    { CMG_DEPLOY_DELETE, 200, "\"*/write\"", "\"*\"",
      "Microsoft.Resources/subscriptions/resourceGroups/delete" },
    { CMG_DEPLOY_DELETE, 404, "", "\"" PURGE "\"", NULL }, /* it is gone already */
    { CMG_DEPLOY_STOP_GATEWAY, 404, "", NULL, NULL },
    { CMG_DEPLOY_MODIFY_GATEWAY, 200, "\"*\"", NULL, NULL }, /* a note and a warning */
    { CMG_DEPLOY_MEASURE_GATEWAY, 200, "\"*/read\",\"" SETS "deallocate/action\"", NULL,
      NULL },
    { CMG_DEPLOY_MEASURE_GATEWAY, 200, "\"*/read\"", NULL, SETS "deallocate/action" },
    { CMG_DEPLOY_MEASURE_GATEWAY, 200, "\"" SETS "*\"", NULL,
      "Microsoft.Insights/metrics/read" },
    { CMG_DEPLOY_CORRECT_GATEWAY, 200, "\"*/action\"", NULL,
      "Microsoft.Resources/subscriptions/resourceGroups/write" },
};

START_TEST(each_operation_looks_at_what_it_is_going_to_do)
{
    char on_group[256], in_subscription[256];
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/resourceGroups/", 0, needs[_i].group, on_group),
        ANSWER("GET", "/permissions", 0, needs[_i].in_subscription == NULL ? 403 : 200,
               in_subscription),
        { 0 },
    };

    (void)snprintf(on_group, sizeof on_group, ENTRY("%s", ""), needs[_i].on_group);
    (void)snprintf(in_subscription, sizeof in_subscription, ENTRY("%s", ""),
                   needs[_i].in_subscription == NULL ? "" : needs[_i].in_subscription);
    begin_rights(rules, needs[_i].operation);
    canned_finish(&w);
    ck_assert_int_eq(w.end,
                     needs[_i].refused == NULL ? CMG_DEPLOY_DELETED : CMG_DEPLOY_FAILED);
    if (needs[_i].refused != NULL) {
        ck_assert_int_eq(w.end_code, CMG_E_DENIED);
        ck_assert_str_eq(cmg_error_subject(w.deploy->error), needs[_i].refused);
    }
    world_done(&w);
}
END_TEST

/* Metrics take less than Contributor. */
START_TEST(who_may_not_read_metrics_is_told_the_role)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/permissions", 0, 200, ENTRY("", "")),
                            { 0 } };

    begin_rights(rules, _i == 0 ? CMG_DEPLOY_MEASURE_GATEWAY : CMG_DEPLOY_STOP_GATEWAY);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_DENIED);
    ck_assert_int_eq(strstr(w.end_remedy, "Monitoring Reader") != NULL, _i == 0);
    ck_assert_int_eq(strstr(w.end_remedy, "Contributor") != NULL, _i == 1);
    world_done(&w);
}
END_TEST

static const struct {
    int status;
    const char *body;
    bool refused;
} locks[] = {
    { 200, "{\"value\":[]}", false },
    { 200, "{\"value\":[{\"name\":\"l\",\"properties\":{\"level\":\"CanNotDelete\"}}]}",
      false },
    { 200, "{\"value\":[{\"name\":\"l\",\"properties\":{\"level\":\"ReadOnly\"}}]}",
      true },
    { 404, "{}", false },
    { 403, "{\"error\":{\"code\":\"AuthorizationFailed\"}}", false },
};

START_TEST(a_lock_against_writing_stops_a_create)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/resourceGroups/", 0, locks[_i].status,
                                   locks[_i].body),
                            ANSWER("GET", "/locks", 0, 200, "{\"value\":[]}"),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_check_locks);
    canned_finish(&w);
    ck_assert_int_eq(w.end, locks[_i].refused ? CMG_DEPLOY_FAILED : CMG_DEPLOY_DELETED);
    if (locks[_i].refused)
        ck_assert_ptr_nonnull(strstr(w.end_message, "ReadOnly"));
    world_done(&w);
}
END_TEST

#define USAGE(name, used, limit)                                                         \
    "{\"name\":{\"value\":\"" name "\"},\"currentValue\":" used ",\"limit\":" limit "}"

static const struct {
    const char *compute, *network;
    bool refused;
} usages[] = {
    { USAGE("cores", "6", "10"), USAGE("PublicIPAddresses", "1", "10"), false },
    { USAGE("cores", "7", "10"), USAGE("PublicIPAddresses", "1", "10"), true },
    { USAGE("STANDARDAV2FAMILY", "0", "3"), "", true },
    { "", USAGE("ipv4standardskupublicipaddresses", "10", "10"), true },
    { "", "", false }, /* names that are not there are not judged */
};

START_TEST(quotas_are_compared_with_what_is_wanted)
{
    char compute[512];
    char network[512];
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "Microsoft.Compute/locations", 0, 200, compute),
                            ANSWER("GET", "Microsoft.Network/locations", 0, 200, network),
                            { 0 } };

    (void)snprintf(compute, sizeof compute, "{\"value\":[%s]}", usages[_i].compute);
    (void)snprintf(network, sizeof network, "{\"value\":[%s]}", usages[_i].network);
    canned_begin(&w, rules, &cmg__step_check_quota);
    w.deploy->work.room = (struct cmg__room){ .cores = 2, .family = "standardAv2Family" };
    canned_finish(&w);
    ck_assert_int_eq(w.end, usages[_i].refused ? CMG_DEPLOY_FAILED : CMG_DEPLOY_DELETED);
    if (usages[_i].refused)
        ck_assert_int_eq(w.end_code, CMG_E_LIMIT);
    world_done(&w);
}
END_TEST

#define SKU(type, restriction)                                                           \
    "{\"value\":[{\"resourceType\":\"" type "\",\"name\":\"standard_a2_v2\",\"family\":" \
    "\"standardAv2Family\",\"capabilities\":[{\"name\":\"vCPUs\",\"value\":\"2\"}],"     \
    "\"restrictions\":[" restriction "]}]}"

static const struct {
    const char *body;
    bool refused;
} sizes[] = {
    { SKU("virtualMachines", ""), false },
    { SKU("virtualMachines", "{\"type\":\"Zone\",\"reasonCode\":\"QuotaId\"}"), false },
    { SKU("virtualMachines", "{\"type\":\"Location\",\"reasonCode\":\"QuotaId\"}"),
      true },
    { SKU("disks", ""), true },
    { "{\"value\":[]}", true },
};

START_TEST(a_size_has_to_be_offered_in_the_region)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/virtualMachineScaleSets/", 0, 404, "{}"),
                            ANSWER("GET", "/skus", 0, 200, sizes[_i].body),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_check_size);
    canned_finish(&w);
    ck_assert_int_eq(w.end, sizes[_i].refused ? CMG_DEPLOY_FAILED : CMG_DEPLOY_DELETED);
    if (sizes[_i].refused)
        ck_assert_int_eq(w.end_code, CMG_E_UNSUPPORTED);
    world_done(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steps of a preflight");
    TCase *tc = tcase_create("check");

    tcase_add_loop_test(tc, actions_are_matched_with_their_wildcards, 0,
                        CMG__ARRAY_LEN(roles));
    tcase_add_test(tc, without_a_group_the_subscription_is_asked);
    tcase_add_loop_test(tc, each_operation_looks_at_what_it_is_going_to_do, 0,
                        CMG__ARRAY_LEN(needs));
    tcase_add_loop_test(tc, who_may_not_read_metrics_is_told_the_role, 0, 2);
    tcase_add_loop_test(tc, a_lock_against_writing_stops_a_create, 0,
                        CMG__ARRAY_LEN(locks));
    tcase_add_loop_test(tc, quotas_are_compared_with_what_is_wanted, 0,
                        CMG__ARRAY_LEN(usages));
    tcase_add_loop_test(tc, a_size_has_to_be_offered_in_the_region, 0,
                        CMG__ARRAY_LEN(sizes));
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
