/*
 * What a gateway uses: Azure Monitor's sums for the scale set and, when content is
 * served, for the storage account are the traffic of 14 days, the latest of what the
 * account holds is the storage. Compares both with the alerts and tells what it means;
 * reads only.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "deploy/steps.h"
#include "model/usage.h"

#define HOUR_S ((int64_t)3600)
#define DAY_S  (24 * HOUR_S)

/* ---- what it means ---- */

static const struct alert_words {
    const char *name, *verb;
    const char *field; /* of the specification */
} words[CMG__ALERTS] = {
    [CMG_ALERT_TRAFFIC] = { "traffic", "left the cloud in 14 days",
                            "/gateway/traffic_alert" },
    [CMG_ALERT_STORAGE] = { "storage", "are in the storage account",
                            "/gateway/storage_alert" },
};

#define RAISE_TRAFFIC "raise gateway.traffic_alert.gigabytes"

static const char *remedy_of(const struct cmg__run *run, cmg_alert which, bool critical)
{
    if (which == CMG_ALERT_STORAGE)
        return "remove content that nobody needs, or raise "
               "gateway.storage_alert.gigabytes";
    if (critical && run->work->gateway->settings.traffic.stop)
        return RAISE_TRAFFIC ", or turn stop_service off, before it is started again: "
                             "this operation stops it as long as traffic is critical";
    return "find out which clients load so much; " RAISE_TRAFFIC
           " when it is as it should be";
}

static cmg_status tell_level(struct cmg__run *run, cmg_alert which, cmg_error **err)
{
    const struct cmg__usage *usage = &run->work->measured[which];
    const struct cmg__alert *alert = cmg__usage_alert(run->work->gateway, which);
    const cmg_usage_level level = cmg__usage_level(usage, alert);
    const bool critical = level == CMG_USAGE_CRITICAL;
    char cause[96];

    if (level != CMG_USAGE_WARNING && !critical)
        return CMG_OK;
    (void)snprintf(cause, sizeof cause, "%.1f GB of %u GB %s", (double)usage->bytes / 1e9,
                   alert->gigabytes, words[which].verb);
    const cmg_problem problem = {
        .severity = CMG_SEVERITY_WARNING,
        .subject = words[which].field,
        .cause = cause,
        .remedy = remedy_of(run, which, critical),
    };
    return cmg__run_problem(run, CMG_E_LIMIT, &problem, err,
                            "%s is at %u %% of its limit: %s from %u %% on",
                            words[which].name, cmg__usage_percent(usage, alert),
                            critical ? "critical" : "a warning",
                            critical ? alert->critical_percent : alert->warning_percent);
}

static cmg_status tell_silence(struct cmg__run *run, const char *metric, cmg_error **err)
{
    const cmg_problem problem = {
        .severity = CMG_SEVERITY_NOTE,
        .subject = metric,
        .cause = "a resource is new, or has done nothing so far",
        .remedy = "measure again in an hour; Azure's figures may come a day late",
    };

    return cmg__run_problem(run, CMG_E_NOTFOUND, &problem, err,
                            "Azure Monitor has no values of %s: it counts as 0", metric);
}

static cmg_status judge(struct cmg__run *run, struct cmg__next *next, cmg_error **err)
{
    cmg_gateway *gateway = run->work->gateway;
    uint32_t percents[CMG__ALERTS];
    cmg_status rc = CMG_OK;

    for (int i = 0; rc == CMG_OK && i < CMG__ALERTS; i++) {
        struct cmg__usage *usage = &run->work->measured[i];
        usage->from_unix_s = run->number;
        usage->measured_unix_s = cmg__env_unix_s(&run->work->ctx->env);
        percents[i] = cmg__usage_percent(usage, cmg__usage_alert(gateway, (cmg_alert)i));
        rc = tell_level(run, (cmg_alert)i, err);
    }
    if (rc != CMG_OK)
        return rc;
    memcpy(gateway->usage, run->work->measured, sizeof gateway->usage);
    cmg__run_say(run, "traffic at %u %% of %u GB, storage at %u %% of %u GB",
                 percents[CMG_ALERT_TRAFFIC], gateway->settings.traffic.gigabytes,
                 percents[CMG_ALERT_STORAGE], gateway->settings.storage.gigabytes);
    return cmg__next_done(next);
}

/* ---- exchanges ---- */

static bool is_there(const struct cmg__run *run)
{
    const cmg_gateway_state state = run->work->gateway->seen.state;

    return state != CMG_GATEWAY_ABSENT && state != CMG_GATEWAY_DELETING;
}

/* From a whole hour on, as Azure counts them; the one that has begun is the last. */
static void choose_time(struct cmg__run *run)
{
    const int64_t now = cmg__env_unix_s(&run->work->ctx->env);
    char from[CMG__TIME_SIZE], to[CMG__TIME_SIZE];

    run->number = (now + HOUR_S - 1) / HOUR_S * HOUR_S - CMG__USAGE_DAYS * DAY_S;
    cmg__time_format(run->number, from);
    cmg__time_format(now, to);
    (void)snprintf(run->scratch, sizeof run->scratch, "%s/%s", from, to);
}

static cmg_status begin(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    memset(run->work->measured, 0, sizeof run->work->measured);
    if (!is_there(run)) {
        memset(run->work->gateway->usage, 0, sizeof run->work->gateway->usage);
        cmg__run_say(run, "there is no gateway: nothing is measured");
        return cmg__next_done(next);
    }
    choose_time(run);
    return cmg__next_go(next, "traffic");
}

/* Values that Azure could not get count nothing: too little would be told. */
static cmg_status check_read(struct cmg__run *run, const struct cmg__json *answer,
                             cmg_error **err)
{
    const struct cmg__json *metric = cmg__usage_unread(answer);
    const struct cmg__error_info info = {
        .code = CMG_E_IO,
        .retry = CMG_RETRY_LATER,
        .origin = CMG_ORIGIN_SERVICE,
        .service_code = cmg__json_str(metric, "/errorCode"),
        .subject = cmg__json_str(metric, "/name/value"),
        .remedy = "measure again later",
    };

    if (metric == NULL)
        return CMG_OK;
    return cmg__error_set(err, run->work->alloc, &info,
                          "%s: Azure Monitor could not read a metric", run->step->title);
}

static cmg_status refused(struct cmg__run *run, const cmg_error *why, const char *metric,
                          cmg_error **err)
{
    const struct cmg__error_info info = {
        .code = CMG_E_INVAL,
        .origin = cmg_error_origin(why),
        .origin_number = cmg_error_origin_number(why),
        .service_code = cmg_error_service_code(why),
        .subject = metric,
        .cause = cmg_error_message(why),
        .remedy = "name a metric that the resource has: cmg_deploy_set_usage()",
    };

    return cmg__error_set(err, run->work->alloc, &info,
                          "%s: Azure Monitor refuses to read %s", run->step->title,
                          metric);
}

/* Adds an answer to an amount; one of a resource that is not there is none. */
static cmg_status take(struct cmg__run *run, const struct cmg__answer *answer,
                       cmg_alert which, const char *key, cmg_error **err)
{
    struct cmg__usage *usage = &run->work->measured[which];
    const char *metric = cmg__run_value(run, key);
    const uint32_t before = usage->values;
    bool (*const add)(struct cmg__usage *, const struct cmg__json *) =
        which == CMG_ALERT_STORAGE ? cmg__usage_add_latest : cmg__usage_add_totals;

    if (answer->status == 400)
        return refused(run, answer->error, metric, err);
    if (answer->status != 404 && !add(usage, answer->json))
        return cmg__answer_lacks(run, "/value", err);
    const cmg_status rc = check_read(run, answer->json, err);
    if (rc != CMG_OK || usage->values > before)
        return rc;
    return tell_silence(run, metric, err);
}

static cmg_status read_traffic(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const cmg_status rc = take(run, answer, CMG_ALERT_TRAFFIC, CMG__METRIC_TRAFFIC, err);
    const bool content = run->work->gateway->settings.content;

    return rc == CMG_OK ? cmg__next_go(next, content ? "content" : "storage") : rc;
}

static cmg_status read_content(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const cmg_status rc = take(run, answer, CMG_ALERT_TRAFFIC, CMG__METRIC_CONTENT, err);

    return rc == CMG_OK ? cmg__next_go(next, "storage") : rc;
}

static cmg_status read_storage(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const cmg_status rc = take(run, answer, CMG_ALERT_STORAGE, CMG__METRIC_STORAGE, err);

    return rc == CMG_OK ? judge(run, next, err) : rc;
}

static const struct cmg__exchange exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin },
    { .name = "traffic",
      .call = CMG__CALL_SCALE_SET_TOTALS,
      .also = { 404, 400 },
      .bind = { { "name", "label" },
                { "metric", CMG__METRIC_TRAFFIC },
                { "timespan", "scratch" } },
      .read = read_traffic },
    { .name = "content",
      .call = CMG__CALL_STORAGE_TOTALS,
      .also = { 404, 400 },
      .bind = { { "metric", CMG__METRIC_CONTENT }, { "timespan", "scratch" } },
      .read = read_content },
    { .name = "storage",
      .call = CMG__CALL_STORAGE_LEVELS,
      .also = { 404, 400 },
      .bind = { { "metric", CMG__METRIC_STORAGE }, { "timespan", "scratch" } },
      .read = read_storage },
};

const struct cmg__step cmg__step_usage = {
    .name = "usage",
    .title = "traffic and storage",
    .phase = CMG__PHASE_APPLY,
    .needs = { "gateway", "check_rights" },
    .budget_ms = 10 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(exchanges),
};
