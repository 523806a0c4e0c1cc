/* What is seen of the cloud: metrics, the activity log, ports of instances. */
#include <stdio.h>
#include <string.h>

#include "sandbox/setting.h"
#include "sandbox/world.h"

static struct world w;

#define GROUP "/resourceGroups/rg-1"
#define SET   GROUP "/providers/Microsoft.Compute/virtualMachineScaleSets/set"
#define LB    GROUP "/providers/Microsoft.Network/loadBalancers/lb"
#define ROOT  "/subscriptions/" WORLD_SUBSCRIPTION
#define BALANCER                                                                         \
    "{\"location\":\"westeurope\",\"sku\":{\"name\":\"Standard\"},\"properties\":{"      \
    "\"backendAddressPools\":[{\"name\":\"instances\"}],\"inboundNatRules\":["           \
    "{\"name\":\"tls\",\"properties\":{\"backendAddressPool\":{\"id\":\"" ROOT LB        \
    "/backendAddressPools/instances\"},\"protocol\":\"Tcp\",\"frontendPortRangeStart\":" \
    "10140,\"frontendPortRangeEnd\":10141,\"backendPort\":10140}},"                      \
    "{\"name\":\"https\",\"properties\":{\"backendAddressPool\":{\"id\":\"" ROOT LB      \
    "/backendAddressPools/instances\"},\"protocol\":\"Tcp\",\"frontendPortRangeStart\":" \
    "10124,\"frontendPortRangeEnd\":10139,\"backendPort\":443}}]}}"
#define SCALE_SET                                                                        \
    "{\"location\":\"westeurope\",\"sku\":{\"name\":\"Standard_B2s\",\"tier\":"          \
    "\"Standard\",\"capacity\":3},\"properties\":{\"orchestrationMode\":\"Uniform\","    \
    "\"upgradePolicy\":{\"mode\":\"Manual\"},\"virtualMachineProfile\":{\"osProfile\":{" \
    "\"adminUsername\":\"op\"},\"networkProfile\":{\"networkInterfaceConfigurations\":"  \
    "[{\"name\":\"nic\",\"properties\":{\"primary\":true,\"ipConfigurations\":[{"        \
    "\"name\":\"ip\",\"properties\":{\"loadBalancerBackendAddressPools\":[{\"id\":"      \
    "\"" ROOT LB "/backendAddressPools/instances\"}]}}]}}]}}}}"

static void setup(void)
{
    world_init(&w);
    world_register(&w);
    world_arm_do(&w, 201, "PUT", "{\"location\":\"westeurope\"}", GROUP);
    world_arm_do(&w, 201, "PUT", BALANCER, LB);
    world_pass(&w);
    world_arm_do(&w, 201, "PUT", SCALE_SET, SET);
    world_pass(&w);
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

/* ---- metrics ---- */

#define METRICS "/providers/Microsoft.Insights/metrics"
#define OF_DAY  "timespan=2026-11-22T00:00:00Z/2026-11-23T00:00:00Z"
#define POINTS  "/value/0/timeseries/0/data"

START_TEST(a_metric_shows_what_it_was_set_to)
{
    struct reply r;

    set("metric/set/Network Out Total", "7200000");
    world_arm(&w, &r, 200, "GET", NULL, "%s",
              SET METRICS "?metricnames=Network%20Out%20Total&interval=PT1H&"
                          "aggregation=Total,Average&" OF_DAY);
    ck_assert_uint_eq(cmg__json_size(cmg__json_at(r.body, POINTS)), 24);
    ck_assert_int_eq(reply_int(&r, POINTS "/0/total"), 7200000);
    ck_assert_int_eq(reply_int(&r, POINTS "/0/average"), 120000);
    ck_assert_int_eq(reply_int(&r, POINTS "/0/count"), -1);
    ck_assert_str_eq(reply_str(&r, POINTS "/23/timeStamp"), "2026-11-22T23:00:00Z");
    ck_assert_str_eq(reply_str(&r, "/value/0/unit"), "Bytes");
    ck_assert_str_eq(reply_str(&r, "/namespace"),
                     "Microsoft.Compute/virtualMachineScaleSets");
    ck_assert_str_eq(reply_str(&r, "/resourceregion"), "westeurope");
    reply_done(&r);
    /* Evenly spread: a quarter of an hour has a quarter of it. */
    world_arm(&w, &r, 200, "GET", NULL, "%s",
              SET METRICS "?metricnames=Network%20Out%20Total&interval=PT15M&" OF_DAY);
    ck_assert_int_eq(reply_int(&r, POINTS "/0/total"), 1800000);
    reply_done(&r);
}
END_TEST

START_TEST(a_metric_without_a_setting_has_no_values)
{
    struct reply r;

    world_arm(&w, &r, 200, "GET", NULL, "%s",
              LB METRICS "?metricnames=ByteCount,SYNCount&interval=FULL&" OF_DAY);
    ck_assert_uint_eq(cmg__json_size(cmg__json_at(r.body, "/value")), 2);
    ck_assert_uint_eq(cmg__json_size(cmg__json_at(r.body, POINTS)), 1);
    ck_assert_int_eq(reply_int(&r, POINTS "/0/total"), -1);
    ck_assert_str_eq(reply_str(&r, POINTS "/0/timeStamp"), "2026-11-22T00:00:00Z");
    reply_done(&r);
}
END_TEST

START_TEST(instances_are_told_apart_when_asked)
{
    struct reply r;

    set("metric/set/Network Out Total", "3000");
    world_arm(&w, &r, 200, "GET", NULL, "%s",
              SET METRICS "?metricnames=Network%20Out%20Total&interval=PT1H&"
                          "$filter=VMName%20eq%20'*'&" OF_DAY);
    ck_assert_uint_eq(cmg__json_size(cmg__json_at(r.body, "/value/0/timeseries")), 3);
    ck_assert_str_eq(reply_str(&r, "/value/0/timeseries/1/metadatavalues/0/value"),
                     "set_1");
    ck_assert_int_eq(reply_int(&r, POINTS "/0/total"), 1000);
    reply_done(&r);
}
END_TEST

static const struct {
    const char *query, *part;
} bad_metrics[] = {
    { "?metricnames=Nothing", "Valid metrics: Percentage CPU,Network In Total," },
    { "?metricnames=Percentage%20CPU,Nothing", "Failed to find metric configuration" },
    { "?timespan=yesterday", "Invalid time interval" },
    { "?timespan=2026-11-23T00:00:00Z/2026-11-22T00:00:00Z", "Invalid time interval" },
    { "?timespan=2026-01-01T00:00:00Z/2026-11-22T00:00:00Z", "93 days" },
    { "?interval=PT2M", "Invalid interval" },
    { "?interval=PT1M&timespan=2026-10-01T00:00:00Z/2026-11-22T00:00:00Z", "points" },
    { "?$filter=Direction%20eq%20'*'", "not supported" },
};

/* In the flat shape of this provider. */
START_TEST(a_metric_that_cannot_be_is_refused)
{
    struct reply r;

    world_arm(&w, &r, 400, "GET", NULL, SET METRICS "%s", bad_metrics[_i].query);
    ck_assert_str_eq(reply_str(&r, "/code"), "BadRequest");
    ck_assert_msg(strstr(reply_str(&r, "/message"), bad_metrics[_i].part) != NULL, "%s",
                  reply_str(&r, "/message"));
    reply_done(&r);
}
END_TEST

static const struct {
    const char *resource;
    size_t count;
    const char *first;
} definitions[] = {
    { SET, 4, "Percentage CPU" },
    { LB, 5, "ByteCount" },
};

START_TEST(definitions_name_what_can_be_asked)
{
    struct reply r;

    world_arm(&w, &r, 200, "GET", NULL, "%s/providers/Microsoft.Insights/%s",
              definitions[_i].resource, "metricDefinitions");
    ck_assert_uint_eq(cmg__json_size(cmg__json_at(r.body, "/value")),
                      definitions[_i].count);
    ck_assert_str_eq(reply_str(&r, "/value/0/name/value"), definitions[_i].first);
    reply_done(&r);
}
END_TEST

/* ---- the activity log ---- */

#define LOG   "/providers/Microsoft.Insights/eventtypes/management/values"
#define SINCE "?$filter=eventTimestamp%20ge%20'2026-11-22T00:00:00Z'"

START_TEST(changes_are_in_the_log_and_questions_are_not)
{
    struct reply r, done;

    world_arm(&w, &done, 202, "POST", NULL, "%s", SET "/deallocate");
    world_arm_do(&w, 404, "PUT", "{\"location\":\"westeurope\"}",
                 "/resourceGroups/none/providers/Microsoft.Network/loadBalancers/x");
    world_arm(&w, &r, 200, "GET", NULL, "%s", LOG SINCE);
    ck_assert_str_eq(reply_str(&r, "/value/0/status/value"), "Failed");
    ck_assert_str_eq(reply_str(&r, "/value/0/level"), "Error");
    ck_assert_str_eq(reply_str(&r, "/value/0/resourceGroupName"), "none");
    ck_assert_str_eq(reply_str(&r, "/value/1/operationName/value"),
                     "Microsoft.Compute/virtualMachineScaleSets/deallocate/action");
    ck_assert_str_eq(reply_str(&r, "/value/1/status/value"), "Accepted");
    ck_assert_str_eq(reply_str(&r, "/value/1/resourceId"), ROOT SET);
    ck_assert_str_eq(reply_str(&r, "/value/1/correlationId"),
                     reply_head(&done, "x-ms-correlation-request-id"));
    ck_assert_str_eq(reply_str(&r, "/value/1/resourceProviderName/value"),
                     "Microsoft.Compute");
    ck_assert_str_ne(reply_str(&r, "/value/1/caller"), "");
    const size_t count = cmg__json_size(cmg__json_at(r.body, "/value"));
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL, "%s", LOG SINCE);
    ck_assert_uint_eq(cmg__json_size(cmg__json_at(r.body, "/value")), count);
    reply_done(&r);
    reply_done(&done);
}
END_TEST

static const struct {
    const char *clause;
    size_t count;
} clauses[] = {
    { "", 3 }, /* group, balancer, set; providers are registered before */
    { "%20and%20resourceGroupName%20eq%20'RG-1'", 3 },
    { "%20and%20resourceGroupName%20eq%20'other'", 0 },
    { "%20and%20resourceProvider%20eq%20'Microsoft.Compute'", 1 },
    { "%20and%20resourceUri%20eq%20'" ROOT LB "'", 1 },
    { "%20and%20eventTimestamp%20le%20'2026-11-22T00:00:01Z'", 0 },
    { "%20and%20correlationId%20eq%20'none'", 0 },
};

START_TEST(the_log_is_filtered)
{
    struct reply r;
    const struct cmg__json *list;
    size_t count = 0;

    world_arm(&w, &r, 200, "GET", NULL, "%s%s&$select=resourceId,operationName",
              LOG SINCE, clauses[_i].clause);
    list = cmg__json_at(r.body, "/value");
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *event = cmg__json_item(list, i);
        const char *what = cmg__json_str(event, "/operationName/value");

        ck_assert_uint_eq(cmg__json_size(event), 2);
        count += strstr(what, "/register/action") == NULL;
    }
    ck_assert_uint_eq(count, clauses[_i].count);
    reply_done(&r);
}
END_TEST

static const char *const bad_filters[] = {
    "",
    "?$filter=resourceGroupName%20eq%20'rg-1'",
    "?$filter=eventTimestamp%20ge%20'yesterday'",
    "?$filter=eventTimestamp%20ge%20'2026-01-01T00:00:00Z'",
    "?$filter=eventTimestamp%20ge%20'2026-11-22T00:00:00Z'%20or%20caller%20eq%20'x'",
    "?$filter=eventTimestamp%20ge%20'2026-11-22T00:00:00Z",
};

START_TEST(a_log_without_a_beginning_is_refused)
{
    struct reply r;

    world_arm(&w, &r, 400, "GET", NULL, LOG "%s", bad_filters[_i]);
    ck_assert_str_eq(reply_str(&r, "/code"), "BadRequest");
    reply_done(&r);
}
END_TEST

START_TEST(a_long_log_comes_by_pages_and_forgets_the_oldest)
{
    struct reply r;
    char next[512] = LOG SINCE;
    size_t all = 0;

    for (int i = 0; i < 1010; i++)
        world_arm_do(&w, 200, "PATCH", "{\"tags\":{}}", GROUP);
    for (unsigned pages = 1; next[0] != '\0'; pages++) {
        world_arm(&w, &r, 200, "GET", NULL, "%s", next);
        all += cmg__json_size(cmg__json_at(r.body, "/value"));
        ck_assert_uint_le(cmg__json_size(cmg__json_at(r.body, "/value")), 200);
        ck_assert_uint_lt(pages, 8);
        const char *link = strstr(reply_str(&r, "/nextLink"), LOG);
        (void)snprintf(next, sizeof next, "%s", link == NULL ? "" : link);
        reply_done(&r);
    }
    ck_assert_uint_eq(all, 1000);
}
END_TEST

/* ---- ports ---- */

#define QUERY LB "/backendAddressPools/instances/queryInboundNatRulePortMapping"
#define PORTS "/inboundNatRulePortMappings"

static void ask_ports(const char *body, struct reply *out)
{
    struct reply r;
    char poll[256];

    world_arm(&w, &r, 202, "POST", body, "%s", QUERY);
    const char *location = strstr(reply_head(&r, "Location"), "/operationresults/");
    (void)snprintf(poll, sizeof poll, "%.*s", (int)strcspn(location, "?"), location);
    reply_done(&r);
    world_pass(&w);
    world_arm(&w, out, 200, "GET", NULL, "%s", poll);
}

START_TEST(an_instance_has_one_port_of_each_range)
{
    struct reply r;

    ask_ports("{\"ipConfiguration\":{\"id\":\"" ROOT SET
              "/virtualMachines/1/networkInterfaces/nic/ipConfigurations/ip\"}}",
              &r);
    ck_assert_uint_eq(cmg__json_size(cmg__json_at(r.body, PORTS)), 2);
    ck_assert_str_eq(reply_str(&r, PORTS "/0/inboundNatRuleName"), "tls");
    ck_assert_int_eq(reply_int(&r, PORTS "/0/frontendPort"), 10141);
    ck_assert_int_eq(reply_int(&r, PORTS "/0/backendPort"), 10140);
    ck_assert_int_eq(reply_int(&r, PORTS "/1/frontendPort"), 10125);
    reply_done(&r);
    /* The first range ends before the third instance. */
    ask_ports("{\"ipAddress\":\"10.0.0.6\"}", &r);
    ck_assert_uint_eq(cmg__json_size(cmg__json_at(r.body, PORTS)), 1);
    ck_assert_int_eq(reply_int(&r, PORTS "/0/frontendPort"), 10126);
    reply_done(&r);
}
END_TEST

static const struct {
    const char *path, *body;
    int status;
    const char *code;
} bad_ports[] = {
    { QUERY, "{}", 400, "InvalidRequestFormat" },
    { QUERY, "{\"ipAddress\":\"10.0.0.99\"}", 404, "BackendAddressNotFound" },
    { LB "/backendAddressPools/none/queryInboundNatRulePortMapping",
      "{\"ipAddress\":\"10.0.0.4\"}", 404, "NotFound" },
    { GROUP "/providers/Microsoft.Network/loadBalancers/none/backendAddressPools/x/"
            "queryInboundNatRulePortMapping",
      "{}", 404, "ResourceNotFound" },
};

START_TEST(ports_of_nobody_are_refused)
{
    struct reply r;

    world_arm(&w, &r, bad_ports[_i].status, "POST", bad_ports[_i].body, "%s",
              bad_ports[_i].path);
    ck_assert_str_eq(reply_str(&r, "/error/code"), bad_ports[_i].code);
    reply_done(&r);
}
END_TEST

/* ---- what is left ---- */

START_TEST(compute_tells_of_its_own_limits)
{
    struct reply r;

    world_arm(&w, &r, 200, "GET", NULL, "%s", SET);
    ck_assert_ptr_nonnull(strstr(reply_head(&r, "x-ms-ratelimit-remaining-resource"),
                                 "Microsoft.Compute/GetVMScaleSet3Min;"));
    ck_assert_str_eq(reply_head(&r, "x-ms-request-charge"), "1");
    size_t count = 0;
    for (size_t i = 0; i < r.answer.headers.count; i++)
        count += cmg__str_istarts(r.answer.headers.items[i].name,
                                  "x-ms-ratelimit-remaining-subscription-");
    ck_assert_uint_eq(count, 1);
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL, "%s", LB);
    ck_assert_str_eq(reply_head(&r, "x-ms-ratelimit-remaining-resource"), "");
    reply_done(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("monitor");
    TCase *tc = tcase_create("monitor");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_metric_shows_what_it_was_set_to);
    tcase_add_test(tc, a_metric_without_a_setting_has_no_values);
    tcase_add_test(tc, instances_are_told_apart_when_asked);
    tcase_add_loop_test(tc, a_metric_that_cannot_be_is_refused, 0,
                        CMG__ARRAY_LEN(bad_metrics));
    tcase_add_loop_test(tc, definitions_name_what_can_be_asked, 0,
                        CMG__ARRAY_LEN(definitions));
    tcase_add_test(tc, changes_are_in_the_log_and_questions_are_not);
    tcase_add_loop_test(tc, the_log_is_filtered, 0, CMG__ARRAY_LEN(clauses));
    tcase_add_loop_test(tc, a_log_without_a_beginning_is_refused, 0,
                        CMG__ARRAY_LEN(bad_filters));
    tcase_add_test(tc, a_long_log_comes_by_pages_and_forgets_the_oldest);
    tcase_add_test(tc, an_instance_has_one_port_of_each_range);
    tcase_add_loop_test(tc, ports_of_nobody_are_refused, 0, CMG__ARRAY_LEN(bad_ports));
    tcase_add_test(tc, compute_tells_of_its_own_limits);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
