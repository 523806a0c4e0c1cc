/*
 * Metrics of scale sets, load balancers and storage accounts. What they measure is a
 * setting, "metric/RESOURCE/NAME": so much in each hour, evenly spread over it, and over
 * the instances of a set when they are asked for one by one. Without a setting a
 * bucket has no value, as in a resource that has nothing to tell yet. Errors have the
 * flat shape of this provider.
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/fleet.h"
#include "sandbox/router.h"
#include "sandbox/setting.h"

#define MINUTE_MS   INT64_C(60000)
#define HOUR_MIN    INT64_C(60)
#define DAY_MS      (INT64_C(24) * 60 * MINUTE_MS)
#define KEPT_DAYS   93
#define MOST_POINTS 10000

static const struct metric {
    const char *space, *type; /* of the resource */
    const char *name;
    const char *unit;
    const char *aggregation; /* the primary one */
    const char *dimension;   /* or NULL */
} metrics[] = {
    { "Microsoft.Compute", "virtualMachineScaleSets", "Percentage CPU", "Percent",
      "Average", "VMName" },
    { "Microsoft.Compute", "virtualMachineScaleSets", "Network In Total", "Bytes",
      "Total", "VMName" },
    { "Microsoft.Compute", "virtualMachineScaleSets", "Network Out Total", "Bytes",
      "Total", "VMName" },
    { "Microsoft.Compute", "virtualMachineScaleSets", "Available Memory Bytes", "Bytes",
      "Average", "VMName" },
    { "Microsoft.Network", "loadBalancers", "ByteCount", "Bytes", "Total", "Direction" },
    { "Microsoft.Network", "loadBalancers", "PacketCount", "Count", "Total",
      "Direction" },
    { "Microsoft.Network", "loadBalancers", "SYNCount", "Count", "Total", "Direction" },
    { "Microsoft.Network", "loadBalancers", "VipAvailability", "Count", "Average",
      "FrontendPort" },
    { "Microsoft.Network", "loadBalancers", "DipAvailability", "Count", "Average",
      "BackendIPAddress" },
    { "Microsoft.Storage", "storageAccounts", "Egress", "Bytes", "Total", "GeoType" },
    { "Microsoft.Storage", "storageAccounts", "Ingress", "Bytes", "Total", "GeoType" },
    { "Microsoft.Storage", "storageAccounts", "Transactions", "Count", "Total",
      "GeoType" },
    { "Microsoft.Storage", "storageAccounts", "UsedCapacity", "Bytes", "Average", NULL },
};

/* The provider's own shape of an error. */
static void refuse(struct cmg__sb_call *call, const char *fmt, ...) CMG__PRINTF(2, 3);

static void refuse(struct cmg__sb_call *call, const char *fmt, ...)
{
    char message[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    cmg__sb_reply(call, 400,
                  cmg__json_pack("{s:s, s:s}", "code", "BadRequest", "message", message));
}

static bool is_of(const struct metric *metric, const struct cmg__sb_call *call)
{
    return cmg__sb_same(metric->space, cmg__sb_arg(call, "space")) &&
           cmg__sb_same(metric->type, cmg__sb_arg(call, "type"));
}

/* ---- what is asked for ---- */

static const struct {
    const char *text;
    int64_t minutes;
} grains[] = { { "PT1M", 1 },    { "PT5M", 5 },   { "PT15M", 15 },
               { "PT30M", 30 },  { "PT1H", 60 },  { "PT6H", 360 },
               { "PT12H", 720 }, { "P1D", 1440 }, { "FULL", 0 } };

struct question {
    int64_t from_ms, to_ms, step_ms;
    const char *interval;
    const char *aggregations; /* "Total,Average", or NULL: the primary one */
    const char *names;        /* or NULL: the first */
    bool each;                /* one series for each instance */
};

static bool read_timespan(struct cmg__sb_call *call, struct question *q)
{
    const char *text = cmg__sb_query(call, "timespan");
    const char *slash = text == NULL ? NULL : strchr(text, '/');
    char from[64];
    int64_t a = 0, b = 0;
    q->to_ms = call->now_ms - call->now_ms % MINUTE_MS;
    q->from_ms = q->to_ms - HOUR_MIN * MINUTE_MS;
    if (text == NULL)
        return true;
    (void)snprintf(from, sizeof from, "%.*s", (int)strcspn(text, "/"), text);
    if (slash == NULL || !cmg__time_parse(from, &a) || !cmg__time_parse(slash + 1, &b) ||
        a >= b) {
        refuse(call, "Invalid time interval input: %.80s", text);
        return false;
    }
    q->from_ms = a * 1000;
    q->to_ms = b * 1000;
    if (q->from_ms >= call->now_ms - KEPT_DAYS * DAY_MS)
        return true;
    refuse(call, "The start time can't be more than %d days ago.", KEPT_DAYS);
    return false;
}

static bool read_interval(struct cmg__sb_call *call, struct question *q)
{
    const char *text = cmg__str_or(cmg__sb_query(call, "interval"), "PT1M");
    q->interval = NULL;
    for (size_t i = 0; i < CMG__ARRAY_LEN(grains); i++) {
        if (!cmg__sb_same(grains[i].text, text))
            continue;
        q->interval = grains[i].text;
        q->step_ms = grains[i].minutes * MINUTE_MS;
    }
    if (q->interval == NULL) {
        refuse(call, "Invalid interval value: %.40s", text);
        return false;
    }
    if (q->step_ms == 0)
        q->step_ms = q->to_ms - q->from_ms;
    if ((q->to_ms - q->from_ms) / q->step_ms <= MOST_POINTS)
        return true;
    refuse(call, "The timespan and the interval %s make more than %d points.",
           q->interval, MOST_POINTS);
    return false;
}

static bool read_filter(struct cmg__sb_call *call, struct question *q)
{
    const char *filter = cmg__sb_query(call, "$filter");
    q->each = filter != NULL && cmg__str_ieq(filter, "VMName eq '*'");
    if (filter == NULL || q->each)
        return true;
    refuse(call, "The filter is not supported here: %.80s", filter);
    return false;
}

/* ---- numbers ---- */

static const char *const words[] = { "total", "average", "minimum", "maximum", "count" };

static bool is_wanted(const struct question *q, const struct metric *metric,
                      const char *word)
{
    const char *list = q->aggregations == NULL ? metric->aggregation : q->aggregations;
    const size_t n = strlen(word);
    for (const char *p = list; *p != '\0'; p += strcspn(p, ",")) {
        p += strspn(p, ", ");
        if (cmg__str_ieqn(p, word, n) && (p[n] == '\0' || p[n] == ',' || p[n] == ' '))
            return true;
    }
    return false;
}

/* Samples come each minute. */
static void add_numbers(struct cmg__sb_call *call, const struct question *q,
                        const struct metric *metric, int64_t hourly,
                        struct cmg__json *point)
{
    const bool level = strcmp(metric->aggregation, "Average") == 0;
    const int64_t minutes = q->step_ms / MINUTE_MS < 1 ? 1 : q->step_ms / MINUTE_MS;
    const int64_t sample = level ? hourly : hourly / HOUR_MIN;
    const int64_t total = level ? hourly * minutes : hourly * minutes / HOUR_MIN;
    const int64_t values[] = { total, sample, sample, sample, minutes };
    for (size_t i = 0; i < CMG__ARRAY_LEN(words); i++) {
        if (is_wanted(q, metric, words[i]))
            cmg__sb_set_int(call->cloud, point, words[i], values[i]);
    }
}

/* share: of how many series this is one. */
static struct cmg__json *points(struct cmg__sb_call *call, const struct question *q,
                                const struct metric *metric, int64_t share)
{
    struct cmg__json *list = cmg__json_array();
    const int64_t hourly = cmg__sb_setting_int(call->cloud, -1, "metric/%s/%s",
                                               cmg__sb_arg(call, "name"), metric->name);
    for (int64_t at = q->from_ms; at < q->to_ms; at += q->step_ms) {
        struct cmg__json *point = cmg__json_pack("{s:o}", "timeStamp", cmg__sb_time(at));
        if (hourly >= 0)
            add_numbers(call, q, metric, hourly / share, point);
        cmg__sb_append(call->cloud, list, point);
    }
    return list;
}

static struct cmg__json *series(struct cmg__sb_call *call, const struct question *q,
                                const struct metric *metric,
                                const struct cmg__json *resource)
{
    const struct cmg__json *fleet = cmg__sb_fleet(resource);
    const int64_t count = (int64_t)cmg__json_size(fleet);
    struct cmg__json *list = cmg__json_array();
    if (!q->each || !cmg__sb_same(metric->dimension, "VMName")) {
        cmg__sb_append(call->cloud, list,
                       cmg__json_pack("{s:[], s:o}", "metadatavalues", "data",
                                      points(call, q, metric, 1)));
        return list;
    }
    for (int64_t i = 0; i < count; i++) {
        const long long id =
            (long long)cmg__json_int(cmg__json_item(fleet, (size_t)i), "/id", 0);
        cmg__sb_append(call->cloud, list,
                       cmg__json_pack("{s:[{s:{s:s, s:s}, s:o}], s:o}", "metadatavalues",
                                      "name", "value", "vmname", "localizedValue",
                                      "vmname", "value",
                                      cmg__sb_text(call->cloud, "%s_%lld",
                                                   cmg__sb_arg(call, "name"), id),
                                      "data", points(call, q, metric, count)));
    }
    return list;
}

/* ---- handlers ---- */

static const struct cmg__json *find(struct cmg__sb_call *call)
{
    struct cmg__json *type = cmg__sb_text(
        call->cloud, "%s/%s", cmg__sb_arg(call, "space"), cmg__sb_arg(call, "type"));
    const struct cmg__json *resource =
        cmg__sb_resource_of(call, cmg__str_or(cmg__json_str(type, ""), ""), "name");
    cmg__json_unref(type);
    return resource;
}

static bool is_named(const struct question *q, const struct metric *metric, bool first)
{
    if (q->names == NULL)
        return first;
    const size_t n = strlen(metric->name);
    for (const char *p = q->names; *p != '\0'; p += strcspn(p, ",")) {
        p += *p == ',';
        if (cmg__str_ieqn(p, metric->name, n) && (p[n] == '\0' || p[n] == ','))
            return true;
    }
    return false;
}

static void refuse_names(struct cmg__sb_call *call, const char *names)
{
    struct cmg__buf valid;
    cmg__buf_init(&valid, call->cloud->alloc, 2048);
    for (size_t i = 0; i < CMG__ARRAY_LEN(metrics); i++) {
        if (is_of(&metrics[i], call) &&
            cmg__buf_addf(&valid, "%s%s", valid.len == 0 ? "" : ",", metrics[i].name) !=
                CMG_OK)
            call->cloud->oom = true;
    }
    refuse(call,
           "Failed to find metric configuration for provider: %s, resource Type: %s, "
           "metric: %.80s, Valid metrics: %s",
           cmg__sb_arg(call, "space"), cmg__sb_arg(call, "type"),
           cmg__str_or(names, "(none)"), cmg__buf_cstr(&valid));
    cmg__buf_done(&valid);
}

static size_t count_names(const char *names)
{
    size_t n = 1;
    for (const char *p = names; p != NULL && *p != '\0'; p++)
        n += *p == ',';
    return n;
}

static struct cmg__json *value_of(struct cmg__sb_call *call, const struct question *q,
                                  const struct metric *metric,
                                  const struct cmg__json *resource)
{
    return cmg__json_pack(
        "{s:o, s:s, s:{s:s, s:s}, s:s, s:s, s:o}", "id",
        cmg__sb_text(call->cloud, "%s/providers/Microsoft.Insights/metrics/%s",
                     cmg__json_str(resource, "/id"), metric->name),
        "type", "Microsoft.Insights/metrics", "name", "value", metric->name,
        "localizedValue", metric->name, "unit", metric->unit, "errorCode", "Success",
        "timeseries", series(call, q, metric, resource));
}

static void get_metrics(struct cmg__sb_call *call)
{
    const struct cmg__json *resource = find(call);
    struct question q = { .names = cmg__sb_query(call, "metricnames"),
                          .aggregations = cmg__sb_query(call, "aggregation") };
    if (resource == NULL || !read_timespan(call, &q) || !read_interval(call, &q) ||
        !read_filter(call, &q))
        return;
    struct cmg__json *list = cmg__json_array();
    bool first = true;
    for (size_t i = 0; i < CMG__ARRAY_LEN(metrics); i++) {
        if (is_of(&metrics[i], call) && is_named(&q, &metrics[i], first)) {
            cmg__sb_append(call->cloud, list, value_of(call, &q, &metrics[i], resource));
            first = false;
        }
    }
    if (cmg__json_size(list) != count_names(q.names)) {
        cmg__json_unref(list);
        refuse_names(call, q.names);
        return;
    }
    char from[CMG__TIME_SIZE], to[CMG__TIME_SIZE];
    cmg__time_format(q.from_ms / 1000, from);
    cmg__time_format(q.to_ms / 1000, to);
    cmg__sb_reply(
        call, 200,
        cmg__json_pack("{s:i, s:o, s:s, s:o, s:s?, s:o}", "cost", 0, "timespan",
                       cmg__sb_text(call->cloud, "%s/%s", from, to), "interval",
                       q.interval, "namespace",
                       cmg__sb_text(call->cloud, "%s/%s", cmg__sb_arg(call, "space"),
                                    cmg__sb_arg(call, "type")),
                       "resourceregion", cmg__json_str(resource, "/location"), "value",
                       list));
}

static struct cmg__json *definition_of(struct cmg__sb_call *call,
                                       const struct metric *metric,
                                       const struct cmg__json *resource)
{
    const char *id = cmg__json_str(resource, "/id");
    struct cmg__json *definition = cmg__json_pack(
        "{s:o, s:s, s:o, s:{s:s, s:s}, s:b, s:s, s:s, s:[s, s, s, s, s]}", "id",
        cmg__sb_text(call->cloud, "%s/providers/Microsoft.Insights/metricDefinitions/%s",
                     id, metric->name),
        "resourceId", id, "namespace",
        cmg__sb_text(call->cloud, "%s/%s", metric->space, metric->type), "name", "value",
        metric->name, "localizedValue", metric->name, "isDimensionRequired", 0, "unit",
        metric->unit, "primaryAggregationType", metric->aggregation,
        "supportedAggregationTypes", "Average", "Minimum", "Maximum", "Total", "Count");
    if (metric->dimension != NULL)
        cmg__sb_set(call->cloud, definition, "dimensions",
                    cmg__json_pack("[{s:s, s:s}]", "value", metric->dimension,
                                   "localizedValue", metric->dimension));
    return definition;
}

static void list_definitions(struct cmg__sb_call *call)
{
    const struct cmg__json *resource = find(call);
    if (resource == NULL)
        return;
    struct cmg__json *list = cmg__json_array();
    for (size_t i = 0; i < CMG__ARRAY_LEN(metrics); i++) {
        if (is_of(&metrics[i], call))
            cmg__sb_append(call->cloud, list, definition_of(call, &metrics[i], resource));
    }
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

#define INSIGHTS                                                                         \
    "/subscriptions/{sub}/resourceGroups/{group}/providers/{space}/{type}/{name}/"       \
    "providers/Microsoft.Insights/"

static const struct cmg__sb_route routes[] = {
    { "GET", INSIGHTS "metrics", get_metrics },
    { "GET", INSIGHTS "metricDefinitions", list_definitions },
};
const struct cmg__sb_routes cmg__sb_arm_metric_routes = { routes,
                                                          CMG__ARRAY_LEN(routes) };
