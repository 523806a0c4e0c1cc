/* See usage.h, and what was measured, handed out. */
#include "model/usage.h"

#include "base/error.h"

#define VERSION  1
#define GIGABYTE INT64_C(1000000000)

static const char *const names[] = {
    [CMG_USAGE_UNKNOWN] = "UNKNOWN",
    [CMG_USAGE_NONE] = "NONE",
    [CMG_USAGE_WARNING] = "WARNING",
    [CMG_USAGE_CRITICAL] = "CRITICAL",
};

const char *cmg_usage_level_name(cmg_usage_level level)
{
    return names[(unsigned)level < CMG__ARRAY_LEN(names) ? (unsigned)level : 0];
}

/* ---- answers of Azure Monitor ---- */

static void add(struct cmg__usage *usage, int64_t bytes)
{
    usage->bytes = bytes > INT64_MAX - usage->bytes ? INT64_MAX : usage->bytes + bytes;
}

static void add_all(struct cmg__usage *usage, const struct cmg__json *points)
{
    for (size_t i = 0; i < cmg__json_size(points); i++) {
        const int64_t value = cmg__json_whole(cmg__json_item(points, i), "/total", -1);
        if (value < 0)
            continue;
        add(usage, value);
        usage->values++;
    }
}

/* Points are in the order of time. */
static void add_last(struct cmg__usage *usage, const struct cmg__json *points)
{
    for (size_t i = cmg__json_size(points); i > 0; i--) {
        const int64_t value =
            cmg__json_whole(cmg__json_item(points, i - 1), "/average", -1);
        if (value < 0)
            continue;
        add(usage, value);
        usage->values++;
        return;
    }
}

static bool each_series(struct cmg__usage *usage, const struct cmg__json *answer,
                        void (*take)(struct cmg__usage *usage,
                                     const struct cmg__json *points))
{
    const struct cmg__json *metrics = cmg__json_at(answer, "/value");

    for (size_t i = 0; i < cmg__json_size(metrics); i++) {
        const struct cmg__json *all =
            cmg__json_at(cmg__json_item(metrics, i), "/timeseries");
        for (size_t k = 0; k < cmg__json_size(all); k++)
            take(usage, cmg__json_at(cmg__json_item(all, k), "/data"));
    }
    return cmg__json_type(metrics) == CMG__JSON_ARRAY;
}

bool cmg__usage_add_totals(struct cmg__usage *usage, const struct cmg__json *answer)
{
    return each_series(usage, answer, add_all);
}

bool cmg__usage_add_latest(struct cmg__usage *usage, const struct cmg__json *answer)
{
    return each_series(usage, answer, add_last);
}

const struct cmg__json *cmg__usage_unread(const struct cmg__json *answer)
{
    const struct cmg__json *metrics = cmg__json_at(answer, "/value");

    for (size_t i = 0; i < cmg__json_size(metrics); i++) {
        const struct cmg__json *metric = cmg__json_item(metrics, i);
        const char *code = cmg__json_str(metric, "/errorCode");
        if (code != NULL && !cmg__str_ieq(code, "Success"))
            return metric;
    }
    return NULL;
}

/* ---- levels ---- */

uint32_t cmg__usage_percent(const struct cmg__usage *usage,
                            const struct cmg__alert *alert)
{
    const int64_t one = (int64_t)alert->gigabytes * (GIGABYTE / 100);
    const int64_t percent = one == 0 ? 0 : usage->bytes / one;

    return percent > UINT32_MAX ? UINT32_MAX : (uint32_t)percent;
}

cmg_usage_level cmg__usage_level(const struct cmg__usage *usage,
                                 const struct cmg__alert *alert)
{
    const uint32_t percent = cmg__usage_percent(usage, alert);

    if (usage->measured_unix_s == 0)
        return CMG_USAGE_UNKNOWN;
    if (!alert->enabled || percent < alert->warning_percent)
        return CMG_USAGE_NONE;
    return percent < alert->critical_percent ? CMG_USAGE_WARNING : CMG_USAGE_CRITICAL;
}

const struct cmg__alert *cmg__usage_alert(const cmg_gateway *gateway, cmg_alert alert)
{
    return alert == CMG_ALERT_STORAGE ? &gateway->settings.storage
                                      : &gateway->settings.traffic;
}

/* ---- handing out ---- */

static cmg_status check(const cmg_gateway *gateway, cmg_error **err)
{
    return cmg__check(gateway != NULL ? &gateway->head : NULL, CMG__TAG_GATEWAY, err);
}

static void fill(const cmg_gateway *gateway, cmg_alert which, cmg_usage *out)
{
    const struct cmg__usage *usage = &gateway->usage[which];
    const struct cmg__alert *alert = cmg__usage_alert(gateway, which);

    *out = (cmg_usage){
        .size = out->size,
        .measured_unix_s = usage->measured_unix_s,
        .from_unix_s = usage->from_unix_s,
        .bytes = usage->bytes,
        .limit_bytes = (int64_t)alert->gigabytes * GIGABYTE,
        .level = (int32_t)cmg__usage_level(usage, alert),
        .enabled = alert->enabled,
        .percent = cmg__usage_percent(usage, alert),
        .warning_percent = alert->warning_percent,
        .critical_percent = alert->critical_percent,
        .values = usage->values,
    };
}

cmg_status cmg_gateway_get_usage(const cmg_gateway *gateway, cmg_alert alert,
                                 cmg_usage *out_usage, cmg_error **err)
{
    cmg_status rc = check(gateway, err);

    if (rc == CMG_OK)
        rc = cmg__tagged_room(out_usage, sizeof *out_usage, "out_usage", err);
    if (rc == CMG_OK && alert != CMG_ALERT_TRAFFIC && alert != CMG_ALERT_STORAGE)
        rc = cmg__fail(err, &gateway->head.ctx->alloc, CMG_E_INVAL, "alert",
                       "use CMG_ALERT_TRAFFIC or CMG_ALERT_STORAGE",
                       "there is no alert %d", (int)alert);
    if (rc == CMG_OK)
        fill(gateway, alert, out_usage);
    return rc;
}

static struct cmg__json *entry_of(const cmg_gateway *gateway, cmg_alert alert)
{
    cmg_usage one = { .size = sizeof one };

    fill(gateway, alert, &one);
    return cmg__json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:s}", "measured_unix_s",
        one.measured_unix_s, "from_unix_s", one.from_unix_s, "bytes", one.bytes,
        "limit_bytes", one.limit_bytes, "percent", (int64_t)one.percent,
        "warning_percent", (int64_t)one.warning_percent, "critical_percent",
        (int64_t)one.critical_percent, "enabled", (int)one.enabled, "values",
        (int64_t)one.values, "level", cmg_usage_level_name((cmg_usage_level)one.level));
}

cmg_status cmg_gateway_export_usage(const cmg_gateway *gateway, cmg_bytes **out_bytes,
                                    cmg_error **err)
{
    const cmg_status rc = check(gateway, err);

    if (rc != CMG_OK)
        return rc;
    return cmg__json_export(
        &gateway->head.ctx->alloc,
        cmg__json_pack("{s:i, s:s, s:o, s:o}", "version", VERSION, "gateway",
                       gateway->name, "traffic", entry_of(gateway, CMG_ALERT_TRAFFIC),
                       "storage", entry_of(gateway, CMG_ALERT_STORAGE)),
        out_bytes, err);
}
