/* The measurement of a gateway, and the stop at the limit, with canned answers. */
#include <cmg/usage.h>
#include "canned.h"

#include <stdio.h>
#include <string.h>

#include "model/usage.h"

static struct world w;

#define SET       "/virtualMachineScaleSets/granitefalls/providers/Microsoft.Insights/metrics"
#define ACCOUNT   "/storageAccounts/granitefalls/providers/Microsoft.Insights/metrics"
#define EGRESS    ACCOUNT "?metricnames=Egress"
#define CAPACITY  ACCOUNT "?metricnames=UsedCapacity"
#define POINTS(p) "{\"value\":[{\"timeseries\":[{\"data\":[" p "]}]}]}"
#define TOTAL(n)  POINTS("{\"total\":" n "}")
#define HOLDS(n)  POINTS("{\"average\":1},{\"average\":" n "},{}")
#define NOTHING   POINTS("{},{}")
#define GB        "000000000"
#define FAILED                                                                           \
    "{\"value\":[{\"name\":{\"value\":\"Network Out Total\"},\"errorCode\":"             \
    "\"QueryFailed\",\"timeseries\":[]}]}"

static void want(struct world *world)
{
    const struct cmg__alert alert = {
        .enabled = true, .gigabytes = 10, .warning_percent = 50, .critical_percent = 90
    };
    cmg_gateway *gateway = world->gateway;

    world->deploy->work.problems.keep = true;
    gateway->settings.traffic = alert;
    gateway->settings.storage = alert;
    gateway->seen =
        (struct cmg__gateway_seen){ .state = CMG_GATEWAY_READY, .instances = 2 };
}

static void begin(struct rule *rules)
{
    canned_begin(&w, rules, &cmg__step_usage);
    want(&w);
}

static cmg_usage usage_of(cmg_alert alert)
{
    cmg_usage one = { .size = sizeof one };
    cmg_error *err = NULL;

    ck_ok(cmg_gateway_get_usage(w.gateway, alert, &one, &err), err);
    return one;
}

static cmg_problem problem_at(size_t i)
{
    cmg_problem one = { .size = sizeof one };
    cmg_error *err = NULL;

    ck_ok(cmg_deploy_problem(w.deploy, i, &one, &err), err);
    return one;
}

/* "subject|severity " of each. */
static const char *problems(void)
{
    static char text[512];
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < cmg_deploy_problem_count(w.deploy); i++) {
        const cmg_problem one = problem_at(i);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s|%d ", one.subject,
                              (int)one.severity);
        ck_assert_str_ne(one.what, "");
        ck_assert_str_ne(one.cause, "");
        ck_assert_str_ne(one.remedy, "");
    }
    return text;
}

static const struct {
    const char *set, *egress, *capacity;
    int64_t traffic, storage;
    cmg_usage_level traffic_level, storage_level;
    const char *problems;
} amounts[] = {
    { TOTAL("3" GB), TOTAL("1" GB), HOLDS("2" GB), 4, 2, CMG_USAGE_NONE, CMG_USAGE_NONE,
      "" },
    { TOTAL("4" GB), TOTAL("1" GB), HOLDS("2" GB), 5, 2, CMG_USAGE_WARNING,
      CMG_USAGE_NONE, "/gateway/traffic_alert|2 " },
    { TOTAL("8" GB), TOTAL("1" GB), HOLDS("2" GB), 9, 2, CMG_USAGE_CRITICAL,
      CMG_USAGE_NONE, "/gateway/traffic_alert|2 " },
    { TOTAL("0"), TOTAL("0"), HOLDS("7" GB), 0, 7, CMG_USAGE_NONE, CMG_USAGE_WARNING,
      "/gateway/storage_alert|2 " },
    { TOTAL("9" GB), TOTAL("0"), HOLDS("30" GB), 9, 30, CMG_USAGE_CRITICAL,
      CMG_USAGE_CRITICAL, "/gateway/traffic_alert|2 /gateway/storage_alert|2 " },
    { NOTHING, NOTHING, NOTHING, 0, 0, CMG_USAGE_NONE, CMG_USAGE_NONE,
      "Network Out Total|1 Egress|1 UsedCapacity|1 " },
    { NOTHING, TOTAL("6" GB), NOTHING, 6, 0, CMG_USAGE_WARNING, CMG_USAGE_NONE,
      "Network Out Total|1 UsedCapacity|1 /gateway/traffic_alert|2 " },
};

START_TEST(amounts_are_measured_and_compared)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", SET, 0, 200, amounts[_i].set),
                            ANSWER("GET", EGRESS, 0, 200, amounts[_i].egress),
                            ANSWER("GET", CAPACITY, 0, 200, amounts[_i].capacity),
                            { 0 } };

    begin(rules);
    canned_finish(&w);
    ck_assert_msg(w.end == CMG_DEPLOY_DELETED, "%s", w.end_message);
    const cmg_usage traffic = usage_of(CMG_ALERT_TRAFFIC);
    const cmg_usage storage = usage_of(CMG_ALERT_STORAGE);
    ck_assert_int_eq(traffic.bytes, amounts[_i].traffic * 1000000000);
    ck_assert_int_eq(traffic.level, amounts[_i].traffic_level);
    ck_assert_int_eq(storage.bytes, amounts[_i].storage * 1000000000);
    ck_assert_int_eq(storage.level, amounts[_i].storage_level);
    ck_assert_int_eq(traffic.measured_unix_s, cmg__env_unix_s(&w.ctx->env));
    ck_assert_str_eq(problems(), amounts[_i].problems);
    world_done(&w);
}
END_TEST

/* Two weeks from a whole hour on, in sums of hours. */
START_TEST(fourteen_days_are_asked_for)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", SET, 0, 200, NOTHING),
                            ANSWER("GET", ACCOUNT, 0, 200, NOTHING),
                            { 0 } };
    char span[160], from[CMG__TIME_SIZE], to[CMG__TIME_SIZE];

    begin(rules);
    canned_finish(&w);
    const cmg_usage traffic = usage_of(CMG_ALERT_TRAFFIC);
    ck_assert_int_eq(traffic.from_unix_s % 3600, 0);
    ck_assert_int_gt(traffic.measured_unix_s - traffic.from_unix_s, 14 * 86400 - 3600);
    ck_assert_int_le(traffic.measured_unix_s - traffic.from_unix_s, 14 * 86400);
    cmg__time_format(traffic.from_unix_s, from);
    cmg__time_format(traffic.measured_unix_s, to);
    /* As it is encoded in a URL. */
    (void)snprintf(span, sizeof span, "%.13s%%3A00%%3A00Z%%2F%.10s", from, to);
    ck_assert_uint_eq(world_count(&w, span), 3);
    ck_assert_uint_eq(world_count(&w, "Network%20Out%20Total"), 1);
    ck_assert_uint_eq(world_count(&w, "interval=PT1H&aggregation=Total&api-version="
                                      "2024-02-01"),
                      2);
    ck_assert_uint_eq(world_count(&w, "interval=PT1H&aggregation=Average&"), 1);
    world_done(&w);
}
END_TEST

START_TEST(what_the_account_sends_counts_only_when_content_is_served)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", SET, 0, 200, TOTAL("1" GB)),
                            ANSWER("GET", EGRESS, 0, 200, TOTAL("1" GB)),
                            ANSWER("GET", CAPACITY, 0, 200, NOTHING),
                            { 0 } };

    begin(rules);
    w.gateway->settings.content = false;
    canned_finish(&w);
    ck_assert_int_eq(usage_of(CMG_ALERT_TRAFFIC).bytes, 1000000000);
    ck_assert_uint_eq(world_count(&w, "Egress"), 0);
    world_done(&w);
}
END_TEST

START_TEST(alerts_that_are_off_tell_nothing)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", SET, 0, 200, TOTAL("9" GB)),
                            ANSWER("GET", EGRESS, 0, 200, TOTAL("9" GB)),
                            ANSWER("GET", CAPACITY, 0, 200, HOLDS("9" GB)),
                            { 0 } };

    begin(rules);
    w.gateway->settings.traffic.enabled = false;
    w.gateway->settings.storage.enabled = false;
    canned_finish(&w);
    ck_assert_uint_eq(usage_of(CMG_ALERT_TRAFFIC).percent, 180);
    ck_assert_int_eq(usage_of(CMG_ALERT_TRAFFIC).level, CMG_USAGE_NONE);
    ck_assert_str_eq(problems(), "");
    world_done(&w);
}
END_TEST

START_TEST(what_is_not_there_is_not_measured)
{
    struct rule rules[] = { TOKEN, { 0 } };

    begin(rules);
    w.gateway->seen.state = _i == 0 ? CMG_GATEWAY_ABSENT : CMG_GATEWAY_DELETING;
    w.gateway->usage[CMG_ALERT_TRAFFIC].measured_unix_s = 7;
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_int_eq(usage_of(CMG_ALERT_TRAFFIC).level, CMG_USAGE_UNKNOWN);
    ck_assert_uint_eq(world_count(&w, "metrics"), 0);
    world_done(&w);
}
END_TEST

/* Each exchange in its turn: throttled, out of order, without a connection, gone. */
static const int statuses[] = { 429, 500, 503, 0, 404 };

START_TEST(answers_that_pass_are_asked_for_again)
{
    const int status = statuses[_i % 5];
    const char *const paths[] = { SET, EGRESS, CAPACITY };
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", paths[_i / 5], 1, status, status == 0 ? NULL : NOT_FOUND),
        ANSWER("GET", SET, 0, 200, TOTAL("1" GB)),
        ANSWER("GET", EGRESS, 0, 200, TOTAL("1" GB)),
        ANSWER("GET", CAPACITY, 0, 200, HOLDS("1" GB)),
        { 0 },
    };

    begin(rules);
    canned_finish(&w);
    ck_assert_msg(w.end == CMG_DEPLOY_DELETED, "%s", w.end_message);
    const int64_t sum =
        usage_of(CMG_ALERT_TRAFFIC).bytes + usage_of(CMG_ALERT_STORAGE).bytes;
    ck_assert_int_eq(sum, (status == 404 ? 2 : 3) * INT64_C(1000000000));
    ck_assert_uint_eq(cmg_deploy_problem_count(w.deploy), status == 404);
    world_done(&w);
}
END_TEST

static const struct {
    int status;
    const char *body;
    cmg_status code;
    const char *service_code;
} failures[] = {
    { 400,
      "{\"code\":\"BadRequest\",\"message\":\"Failed to find metric configuration\"}",
      CMG_E_INVAL, "BadRequest" },
    { 403, "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}",
      CMG_E_DENIED, "AuthorizationFailed" },
    { 200, "{}", CMG_E_PROTO, "" },
    { 200, "[", CMG_E_PROTO, "" },
    { 200, FAILED, CMG_E_IO, "QueryFailed" },
};

/* What was measured before stays as it was. */
START_TEST(measurement_that_fails_says_why)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", SET, 0, failures[_i].status, failures[_i].body),
        { 0 },
    };

    begin(rules);
    w.gateway->usage[CMG_ALERT_TRAFFIC].bytes = 7;
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, failures[_i].code);
    ck_assert_str_ne(w.end_message, "");
    ck_assert_str_ne(w.end_remedy, "");
    ck_assert_str_eq(cmg_error_service_code(w.deploy->error), failures[_i].service_code);
    ck_assert_int_eq(usage_of(CMG_ALERT_TRAFFIC).bytes, 7);
    world_done(&w);
}
END_TEST

/* ---- options ---- */

START_TEST(the_host_chooses_metrics)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", SET, 0, 200, TOTAL("1" GB)),
                            ANSWER("GET", ACCOUNT, 0, 200, HOLDS("1" GB)),
                            { 0 } };
    const cmg_usage_options options = { .size = sizeof options,
                                        .traffic_metric = "Out & In,More",
                                        .storage_metric = "Held" };
    static const struct cmg__step *const steps[] = { &cmg__step_sign_in,
                                                     &cmg__step_usage };
    cmg_error *err = NULL;

    world_init(&w, CMG_DEPLOY_DELETE, rules);
    world_table(&w, steps, 2);
    ck_ok(cmg_deploy_set_usage(w.deploy, &options, &err), err);
    world_start(&w);
    world_fact(&w, "tenant_id", WORLD_TENANT);
    want(&w);
    ck_assert_int_eq(cmg_deploy_set_usage(w.deploy, NULL, NULL), CMG_E_STATE);
    canned_finish(&w);
    ck_assert_msg(w.end == CMG_DEPLOY_DELETED, "%s", w.end_message);
    ck_assert_uint_eq(world_count(&w, "metricnames=Out%20%26%20In%2CMore&"), 1);
    ck_assert_uint_eq(world_count(&w, "metricnames=Egress&"), 1);
    ck_assert_uint_eq(world_count(&w, "metricnames=Held&"), 1);
    world_done(&w);
}
END_TEST

START_TEST(metrics_without_a_usable_name_are_refused)
{
    char lengthy[202];
    cmg_usage_options options = { .size = sizeof options };
    const char *const names[] = { "", "a\nb", "\xc3\xa4", lengthy };
    struct rule rules[] = { { 0 } };
    cmg_error *err = NULL;

    (void)memset(lengthy, 'a', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = '\0';
    world_init(&w, CMG_DEPLOY_MEASURE_GATEWAY, rules);
    for (size_t i = 0; i < CMG__ARRAY_LEN(names); i++) {
        options.content_metric = names[i];
        ck_assert_int_eq(cmg_deploy_set_usage(w.deploy, &options, &err), CMG_E_INVAL);
        ck_assert_str_eq(cmg_error_subject(err), "content_metric");
        cmg_error_unref(err);
        err = NULL;
    }
    lengthy[200] = '\0';
    ck_ok(cmg_deploy_set_usage(w.deploy, &options, &err), err);
    ck_ok(cmg_deploy_set_usage(w.deploy, NULL, &err), err);
    ck_assert_ptr_null(w.deploy->metrics[1]);
    options.size = 3;
    ck_assert_int_eq(cmg_deploy_set_usage(w.deploy, &options, NULL), CMG_E_ABI);
    ck_assert_int_eq(cmg_deploy_set_usage(NULL, NULL, NULL), CMG_E_INVAL);
    world_done(&w);
}
END_TEST

START_TEST(options_survive_memory_that_runs_out)
{
    const cmg_usage_options options = { .size = sizeof options,
                                        .traffic_metric = "a",
                                        .content_metric = "b",
                                        .storage_metric = "c" };
    struct rule rules[] = { { 0 } };

    world_init(&w, CMG_DEPLOY_MEASURE_GATEWAY, rules);
    for (unsigned n = 1; n <= 3; n++) {
        w.memory.fail_at = w.memory.count + n;
        ck_assert_int_eq(cmg_deploy_set_usage(w.deploy, &options, NULL), CMG_E_NOMEM);
        ck_assert_ptr_null(w.deploy->metrics[0]);
    }
    w.memory.fail_at = 0;
    ck_assert_int_eq(cmg_deploy_set_usage(w.deploy, &options, NULL), CMG_OK);
    world_done(&w);
}
END_TEST

/* ---- the stop at the limit ---- */

static void measured(struct world *world, int64_t gigabytes)
{
    want(world);
    world->gateway->settings.traffic.stop = true;
    world->gateway->usage[CMG_ALERT_TRAFFIC] =
        (struct cmg__usage){ .measured_unix_s = 1, .bytes = gigabytes * 1000000000 };
}

START_TEST(below_the_limit_nothing_is_asked_for)
{
    struct rule rules[] = { TOKEN, { 0 } };

    canned_begin(&w, rules, &cmg__step_stop_at_limit);
    measured(&w, 8);
    if (_i == 1) {
        measured(&w, 20);
        w.gateway->usage[CMG_ALERT_TRAFFIC].measured_unix_s = 0;
    }
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "deallocate"), 0);
    world_done(&w);
}
END_TEST

#define INSTANCES(power)                                                                 \
    "{\"value\":[{\"instanceId\":\"0\",\"properties\":{\"instanceView\":{\"statuses\":"  \
    "[{\"code\":\"PowerState/" power "\"}]}}}]}"

START_TEST(at_the_limit_the_instances_are_stopped_once)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/virtualMachines?", 1, 200, INSTANCES("deallocating")),
        ANSWER("GET", "/virtualMachines?", 0, 200, INSTANCES("deallocated")),
        ANSWER("POST", "/deallocate", 0, 200, NULL),
        { 0 },
    };

    w.with_confirm = true;
    canned_begin(&w, rules, &cmg__step_stop_at_limit);
    measured(&w, 9);
    canned_finish(&w);
    ck_assert_msg(w.end == CMG_DEPLOY_DELETED, "%s", w.end_message);
    ck_assert_uint_eq(world_count(&w, "POST https://management.azure.com"), 1);
    ck_assert_int_eq(w.gateway->seen.state, CMG_GATEWAY_STOPPED);
    world_done(&w);
}
END_TEST

START_TEST(a_stopped_gateway_is_left_alone)
{
    struct rule rules[] = { TOKEN, { 0 } };

    canned_begin(&w, rules, &cmg__step_stop_at_limit);
    measured(&w, 20);
    w.gateway->seen = (struct cmg__gateway_seen){ .state = CMG_GATEWAY_STOPPED,
                                                  .instances = 2,
                                                  .stopped = 2 };
    canned_finish(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_DELETED);
    ck_assert_uint_eq(world_count(&w, "deallocate"), 0);
    world_done(&w);
}
END_TEST

START_TEST(failed_allocation_is_reported_and_nothing_is_lost)
{
    static struct rule rules[] = { TOKEN,
                                   ANSWER("GET", SET, 0, 200, TOTAL("9" GB)),
                                   ANSWER("GET", EGRESS, 0, 404, NOT_FOUND),
                                   ANSWER("GET", CAPACITY, 0, 200, HOLDS("9" GB)),
                                   { 0 } };

    canned_starve_step(&w, rules, &cmg__step_usage, want);
}
END_TEST

static void critical(struct world *world)
{
    measured(world, 9);
}

START_TEST(stop_without_memory_leaves_nothing)
{
    static struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "/virtualMachines?", 1, 200, INSTANCES("deallocating")),
        ANSWER("GET", "/virtualMachines?", 0, 200, INSTANCES("deallocated")),
        ANSWER("POST", "/deallocate", 0, 200, NULL),
        { 0 },
    };

    canned_starve_step(&w, rules, &cmg__step_stop_at_limit, critical);
}
END_TEST

static TCase *measuring(void)
{
    TCase *tc = tcase_create("measuring");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, amounts_are_measured_and_compared, 0,
                        CMG__ARRAY_LEN(amounts));
    tcase_add_test(tc, fourteen_days_are_asked_for);
    tcase_add_test(tc, what_the_account_sends_counts_only_when_content_is_served);
    tcase_add_test(tc, alerts_that_are_off_tell_nothing);
    tcase_add_loop_test(tc, what_is_not_there_is_not_measured, 0, 2);
    tcase_add_loop_test(tc, answers_that_pass_are_asked_for_again, 0, 15);
    tcase_add_loop_test(tc, measurement_that_fails_says_why, 0, CMG__ARRAY_LEN(failures));
    tcase_add_test(tc, failed_allocation_is_reported_and_nothing_is_lost);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("steps of a measurement");
    TCase *tc = tcase_create("options and limit");

    suite_add_tcase(suite, measuring());
    tcase_add_test(tc, the_host_chooses_metrics);
    tcase_add_test(tc, metrics_without_a_usable_name_are_refused);
    tcase_add_test(tc, options_survive_memory_that_runs_out);
    tcase_add_loop_test(tc, below_the_limit_nothing_is_asked_for, 0, 2);
    tcase_add_test(tc, at_the_limit_the_instances_are_stopped_once);
    tcase_add_test(tc, a_stopped_gateway_is_left_alone);
    tcase_add_test(tc, stop_without_memory_leaves_nothing);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
