/*
 * The activity log: each change that somebody asked Resource Manager for, with its
 * outcome as it was answered. The latest are kept, as long as the sandbox runs. Errors
 * have the flat shape of this provider.
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/router.h"

#define MOST_EVENTS 1000
#define PAGE        200
#define DAY_MS      INT64_C(86400000)
#define KEPT_DAYS   90

/* ---- writing ---- */

static const char *status_of(int status)
{
    if (status >= 400)
        return "Failed";
    return status == 201 || status == 202 ? "Accepted" : "Succeeded";
}

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = {
        { 200, "OK" },        { 201, "Created" },    { 202, "Accepted" },
        { 204, "NoContent" }, { 400, "BadRequest" }, { 403, "Forbidden" },
        { 404, "NotFound" },  { 409, "Conflict" },   { 429, "TooManyRequests" }
    };
    for (size_t i = 0; i < CMG__ARRAY_LEN(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].text;
    }
    return "";
}

static struct cmg__json *named(const char *value)
{
    return cmg__json_pack("{s:s, s:s}", "value", value, "localizedValue", value);
}

/* Questions by POST are no changes. */
static bool is_change(const struct cmg__sb_call *call)
{
    static const char *const asks[] = { "/validate", "/whatIf", "/checkNameAvailability",
                                        "/queryInboundNatRulePortMapping" };
    const char *method = call->request->method;
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
        !cmg__str_istarts(call->path, "/subscriptions/"))
        return false;
    for (size_t i = 0; i < CMG__ARRAY_LEN(asks); i++) {
        if (cmg__str_iends(call->path, asks[i]))
            return false;
    }
    return true;
}

/* What stands in front of the first type of an action. */
static struct cmg__json *provider_of(const char *action)
{
    char space[128];
    (void)snprintf(space, sizeof space, "%.*s", (int)strcspn(action, "/"), action);
    return named(space);
}

/* What was changed: the path without what a POST does to it. */
static struct cmg__json *resource_of(const struct cmg__sb_call *call)
{
    const char *last = strrchr(call->path, '/');
    const bool acts = strcmp(call->request->method, "POST") == 0 && last != NULL;
    return cmg__json_stringn(call->path,
                             acts ? (size_t)(last - call->path) : strlen(call->path));
}

static struct cmg__json *event_of(struct cmg__sb_call *call, const char *action)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    char id[CMG__GUID_SIZE];
    char code[16];
    cmg__sb_guid(cloud, id);
    (void)snprintf(code, sizeof code, "%d", call->status);
    struct cmg__json *event = cmg__json_pack(
        "{s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:o, s:s, s:o}", "eventDataId", id,
        "correlationId", call->request_id, "eventTimestamp", cmg__sb_time(call->now_ms),
        "submissionTimestamp", cmg__sb_time(call->now_ms), "operationId",
        call->request_id, "subscriptionId", cmg__sb_fact(cloud, "subscription_id"),
        "tenantId", cmg__sb_fact(cloud, "tenant_id"), "resourceId", resource_of(call),
        "level", call->status >= 400 ? "Error" : "Informational", "properties",
        cmg__json_pack("{s:s}", "statusCode", reason_of(call->status)));
    const char *upn = cmg__json_str(call->caller.claims, "/upn");
    cmg__sb_set(cloud, event, "caller",
                cmg__json_string(upn != NULL ? upn : call->caller.object_id));
    cmg__sb_set(cloud, event, "resourceGroupName",
                cmg__json_string(cmg__sb_arg(call, "group")));
    cmg__sb_set(cloud, event, "resourceProviderName", provider_of(action));
    cmg__sb_set(cloud, event, "operationName", named(action));
    cmg__sb_set(cloud, event, "status", named(status_of(call->status)));
    cmg__sb_set(cloud, event, "subStatus", named(code));
    return event;
}

void cmg__sb_activity_note(struct cmg__sb_call *call)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    struct cmg__buf action;
    if (!is_change(call))
        return;
    if (cloud->activity == NULL)
        cloud->activity = cmg__json_array();
    cmg__buf_init(&action, cloud->alloc, 16384);
    if (cmg__sb_action_name(call->path, call->request->method, &action) != CMG_OK)
        cloud->oom = true;
    else
        cmg__sb_append(cloud, cloud->activity, event_of(call, cmg__buf_cstr(&action)));
    cmg__buf_done(&action);
    if (cmg__json_size(cloud->activity) > MOST_EVENTS)
        cmg__json_remove_at(cloud->activity, 0);
}

/* ---- reading ---- */

static void refuse(struct cmg__sb_call *call, const char *message)
{
    cmg__sb_reply(call, 400,
                  cmg__json_pack("{s:s, s:s}", "code", "BadRequest", "message", message));
}

struct filter {
    int64_t from_s, to_s;
    char group[128];
    char resource[512];
    char provider[128];
    char correlation[64];
};

/* The next word, which ends at a blank; false when it is too long. */
static bool take_word(const char **p, char *out, size_t size)
{
    *p += strspn(*p, " ");
    const size_t n = strcspn(*p, " '");
    if (n == 0 || n >= size)
        return false;
    memcpy(out, *p, n);
    out[n] = '\0';
    *p += n;
    return true;
}

/* "NAME OPERATOR 'VALUE'" at *p, which is moved behind it. */
static bool take_clause(const char **p, char name[32], char op[4], char value[512])
{
    if (!take_word(p, name, 32) || !take_word(p, op, 4))
        return false;
    *p += strspn(*p, " ");
    const size_t n = **p == '\'' ? strcspn(*p + 1, "'") : 0;
    if (n == 0 || n >= 512 || (*p)[n + 1] != '\'')
        return false;
    memcpy(value, *p + 1, n);
    value[n] = '\0';
    *p += n + 2;
    return true;
}

static bool apply_clause(struct filter *f, const char *name, const char *op,
                         const char *value)
{
    const struct {
        const char *name;
        char *into;
        size_t size;
    } texts[] = { { "resourceGroupName", f->group, sizeof f->group },
                  { "resourceUri", f->resource, sizeof f->resource },
                  { "resourceId", f->resource, sizeof f->resource },
                  { "resourceProvider", f->provider, sizeof f->provider },
                  { "correlationId", f->correlation, sizeof f->correlation } };
    if (cmg__str_ieq(name, "eventTimestamp"))
        return (strcmp(op, "ge") == 0 && cmg__time_parse(value, &f->from_s)) ||
               (strcmp(op, "le") == 0 && cmg__time_parse(value, &f->to_s));
    for (size_t i = 0; strcmp(op, "eq") == 0 && i < CMG__ARRAY_LEN(texts); i++) {
        if (!cmg__str_ieq(name, texts[i].name))
            continue;
        (void)snprintf(texts[i].into, texts[i].size, "%s", value);
        return true;
    }
    return false;
}

static bool read_filter(const char *text, struct filter *f)
{
    char name[32], op[4], value[512];
    *f = (struct filter){ .from_s = -1, .to_s = INT64_MAX };
    while (text != NULL && *text != '\0') {
        if (!take_clause(&text, name, op, value) || !apply_clause(f, name, op, value))
            return false;
        text += strspn(text, " ");
        if (*text == '\0')
            break;
        if (!cmg__str_istarts(text, "and "))
            return false;
        text += strlen("and ");
    }
    return f->from_s >= 0;
}

static bool is_text(const char *wanted, const struct cmg__json *event, const char *path)
{
    return wanted[0] == '\0' || cmg__sb_same(wanted, cmg__json_str(event, path));
}

static bool passes(const struct filter *f, const struct cmg__json *event)
{
    int64_t at = 0;
    return cmg__time_parse(cmg__str_or(cmg__json_str(event, "/eventTimestamp"), ""),
                           &at) &&
           at >= f->from_s && at <= f->to_s &&
           is_text(f->group, event, "/resourceGroupName") &&
           is_text(f->resource, event, "/resourceId") &&
           is_text(f->provider, event, "/resourceProviderName/value") &&
           is_text(f->correlation, event, "/correlationId");
}

static struct cmg__json *selected(struct cmg__sb_call *call,
                                  const struct cmg__json *event)
{
    const char *select = cmg__sb_query(call, "$select");
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    if (select == NULL)
        return cmg__json_copy_deep(event);
    struct cmg__json *some = cmg__json_object();
    while (cmg__json_next(event, &iter, &key, &value)) {
        const char *found = strcasestr(select, key);
        const char after = found == NULL ? 'x' : found[strlen(key)];
        if (found != NULL && (after == '\0' || after == ',' || after == ' '))
            cmg__sb_set(call->cloud, some, key, cmg__json_copy_deep(value));
    }
    return some;
}

/* Newest first, by pages. */
static void list_events(struct cmg__sb_call *call)
{
    struct filter filter;
    uint64_t skip = 0, seen = 0;
    const char *token = cmg__str_or(cmg__sb_query(call, "$skipToken"), "0");
    if (!read_filter(cmg__sb_query(call, "$filter"), &filter)) {
        refuse(call,
               "The $filter needs eventTimestamp ge, and may have eventTimestamp le "
               "and one of resourceGroupName, resourceUri, resourceProvider and "
               "correlationId.");
        return;
    }
    if (filter.from_s * 1000 < call->now_ms - KEPT_DAYS * DAY_MS ||
        !cmg__parse_u64(token, strlen(token), &skip)) {
        refuse(call, "The start time cannot be more than 90 days in the past.");
        return;
    }
    struct cmg__json *list = cmg__json_array();
    size_t at = cmg__json_size(call->cloud->activity);
    for (; at > 0 && cmg__json_size(list) < PAGE; at--) {
        const struct cmg__json *event = cmg__json_item(call->cloud->activity, at - 1);
        if (passes(&filter, event) && seen++ >= skip)
            cmg__sb_append(call->cloud, list, selected(call, event));
    }
    struct cmg__json *body = cmg__json_pack("{s:o}", "value", list);
    if (at > 0)
        cmg__sb_set(call->cloud, body, "nextLink",
                    cmg__sb_text(call->cloud, "%s%s&$skipToken=%llu", call->base,
                                 call->request->target, (unsigned long long)seen));
    cmg__sb_reply(call, 200, body);
}

static const struct cmg__sb_route routes[] = {
    { "GET",
      "/subscriptions/{sub}/providers/Microsoft.Insights/eventtypes/management/values",
      list_events },
};
const struct cmg__sb_routes cmg__sb_arm_activity_routes = { routes,
                                                            CMG__ARRAY_LEN(routes) };
