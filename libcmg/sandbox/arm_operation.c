/*
 * Long-running operations: what was begun is noted with the time at which it will be
 * done; settling applies what is due. Nothing runs in the background, so that a sandbox
 * that was stopped in between goes on exactly where time is.
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/fleet.h"
#include "sandbox/router.h"
#include "sandbox/setting.h"

#define KEEP_MS  ((int64_t)3600 * 1000)
#define NEVER_MS ((int64_t)100 * 365 * 24 * 3600 * 1000)

void cmg__sb_fault_set(struct cmg__sb_fault *fault, int status, const char *code,
                       const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(fault->message, sizeof fault->message, fmt, args);
    va_end(args);
    (void)snprintf(fault->code, sizeof fault->code, "%s", code);
    fault->policy[0] = '\0';
    fault->inner[0] = '\0';
    fault->status = status;
}

/* The cause as the only detail of an error that says to look there. */
static struct cmg__json *refuse_inside(struct cmg__sb_call *call,
                                       const struct cmg__sb_fault *fault)
{
    cmg__sb_refuse(call, fault->status, fault->code,
                   "The template deployment is not valid according to the validation "
                   "procedure. The tracking id is '%s'. See inner errors for details.",
                   call->request_id);
    struct cmg__json *error = cmg__json_key(call->reply, "error");
    cmg__sb_set(
        call->cloud, error, "details",
        cmg__json_pack("[{s:s, s:s}]", "code", fault->inner, "message", fault->message));
    return cmg__json_at(error, "/details/0");
}

void cmg__sb_refuse_fault(struct cmg__sb_call *call, const struct cmg__sb_fault *fault)
{
    struct cmg__json *error = NULL;
    if (fault->inner[0] != '\0') {
        error = refuse_inside(call, fault);
    } else {
        cmg__sb_refuse(call, fault->status, fault->code, "%s", fault->message);
        error = cmg__json_key(call->reply, "error");
    }
    if (fault->policy[0] != '\0')
        cmg__sb_set(call->cloud, error, "additionalInfo",
                    cmg__sb_policy_info(call->cloud, fault->policy));
}

/* ---- applying ---- */

static void finish_put(struct cmg__sb_cloud *cloud, const char *target)
{
    struct cmg__json *resource = cmg__sb_resource(cloud, target);
    if (resource != NULL)
        cmg__sb_set_str(cloud, cmg__json_key(resource, "properties"), "provisioningState",
                        "Succeeded");
}

static void finish_delete(struct cmg__sb_cloud *cloud, const char *target)
{
    char *key = cmg__sb_key(cloud, target);
    if (key == NULL)
        cloud->oom = true;
    else
        cmg__sb_resource_remove(cloud, key);
    cmg__free(cloud->alloc, key);
}

static void finish_nothing(struct cmg__sb_cloud *cloud, const char *target)
{
    (void)cloud;
    (void)target;
}

static const struct {
    const char *kind;
    void (*finish)(struct cmg__sb_cloud *cloud, const char *target);
    int result_status; /* of the Location URL when done */
    bool shows;        /* with the target as body */
} kinds[] = {
    { "put", finish_put, 200, true },
    { "delete", finish_delete, 204, false },
    { "delete_group", cmg__sb_group_remove, 200, false },
    { "start", finish_put, 200, false },
    { "deallocate", finish_put, 200, false },
    { "poweroff", finish_put, 200, false },
    { "restart", finish_put, 200, false },
    { "redeploy", finish_put, 200, false },
    { "reimage", finish_put, 200, false },
    { "manualupgrade", finish_put, 200, false },
    { "delete_instances", finish_put, 200, false },
    { "purge", finish_nothing, 200, false },
    { "what_if", finish_nothing, 200, false },
    { "query", finish_nothing, 200, false },
    { "forget", finish_nothing, 204, false }, /* the record of a deployment */
    { "action", finish_nothing, 200, false }, /* the last: what is not listed */
};

static size_t kind_of(const struct cmg__json *operation)
{
    const char *kind = cmg__json_str(operation, "/kind");
    size_t i = 0;
    while (i + 1 < CMG__ARRAY_LEN(kinds) && !cmg__sb_same(kinds[i].kind, kind))
        i++;
    return i;
}

static bool is_running(const struct cmg__json *operation)
{
    return cmg__sb_same(cmg__json_str(operation, "/status"), "InProgress");
}

const struct cmg__sb_end *cmg__sb_operation_end(int64_t fault)
{
    static const struct cmg__sb_end failed = {
        "Failed", "InternalExecutionError",
        "An internal execution error occurred. Please retry later."
    };
    static const struct cmg__sb_end canceled = {
        "Canceled", "OperationPreempted",
        "The operation was canceled before it had ended."
    };
    if (fault == CMG__SB_OPERATION_FAILS)
        return &failed;
    return fault == CMG__SB_OPERATION_CANCELED ? &canceled : NULL;
}

/* What it worked on is left as it is, with the state that tells. */
static void fail_one(struct cmg__sb_cloud *cloud, struct cmg__json *operation,
                     const struct cmg__sb_end *end)
{
    const char *id = cmg__str_or(cmg__json_str(operation, "/target"), "");
    struct cmg__json *target = cmg__sb_resource(cloud, id);
    struct cmg__json *group = cmg__sb_find(cloud, "groups", id);
    cmg__sb_set_str(cloud, operation, "status", end->state);
    if (group != NULL) /* a group that could not be deleted is one like any other */
        cmg__sb_set_str(cloud, cmg__json_key(group, "properties"), "provisioningState",
                        "Succeeded");
    cmg__sb_set(cloud, operation, "error",
                cmg__json_pack("{s:s, s:s}", "code", end->code, "message", end->message));
    if (target != NULL)
        cmg__sb_set_str(cloud, cmg__json_key(target, "properties"), "provisioningState",
                        end->state);
}

static bool settle_one(struct cmg__sb_cloud *cloud, int64_t now_ms)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *operation = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, "operations"), &iter, &key, &operation)) {
        int64_t done = cmg__json_int(operation, "/done_ms", 0);
        if (is_running(operation) && done <= now_ms) {
            const struct cmg__sb_end *bad =
                cmg__sb_operation_end(cmg__json_int(operation, "/fault", 0));
            if (bad != NULL) {
                fail_one(cloud, operation, bad);
                return true;
            }
            cmg__sb_set_str(cloud, operation, "status", "Succeeded");
            kinds[kind_of(operation)].finish(
                cloud, cmg__str_or(cmg__json_str(operation, "/target"), ""));
            return true;
        }
        if (!is_running(operation) && done + KEEP_MS < now_ms) {
            cmg__json_remove(cmg__sb_table(cloud, "operations"), key);
            return true;
        }
    }
    return false;
}

void cmg__sb_arm_settle(struct cmg__sb_cloud *cloud)
{
    int64_t now_ms = cmg__sb_now_ms(cloud);
    while (!cloud->oom && settle_one(cloud, now_ms))
        cloud->dirty = true;
    cmg__sb_provider_settle(cloud, now_ms);
    cmg__sb_rolling_settle(cloud, now_ms);
    cmg__sb_deployment_settle(cloud, now_ms);
}

/* ---- beginning and following ---- */

void cmg__sb_operation_start(struct cmg__sb_cloud *cloud, const char *kind,
                             const char *target, char out_id[CMG__GUID_SIZE])
{
    int64_t now = cmg__sb_now_ms(cloud);
    enum cmg__sb_operation_fault fault = cloud->operation_fault;
    int64_t takes =
        fault == CMG__SB_OPERATION_STUCK ? NEVER_MS : cmg__sb_duration_ms(cloud, kind);
    cloud->operation_fault = CMG__SB_OPERATION_GOOD;
    cmg__sb_guid(cloud, out_id);
    cmg__sb_set(cloud, cmg__sb_table(cloud, "operations"), out_id,
                cmg__json_pack("{s:s, s:s, s:s, s:I, s:I, s:i}", "kind", kind, "target",
                               target, "status", "InProgress", "start_ms", now, "done_ms",
                               now + takes, "fault", (int)fault));
}

const char *cmg__sb_operation_begin(struct cmg__sb_call *call, const char *kind,
                                    const char *target)
{
    cmg__sb_operation_start(call->cloud, kind, cmg__str_or(target, ""),
                            call->operation_id);
    cmg__sb_operation_heads(call, call->operation_id, true, true);
    cmg__sb_reply_empty(call, 202);
    return call->operation_id;
}

/* The operation in progress on a resource, or NULL. */
static const struct cmg__json *running_on(const struct cmg__sb_cloud *cloud,
                                          const char *id, bool any)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *operation = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, "operations"), &iter, &key, &operation)) {
        const char *kind = cmg__json_str(operation, "/kind");
        bool puts = cmg__sb_same(kind, "put") || cmg__sb_same(kind, "delete");
        if (is_running(operation) && (any || puts) &&
            cmg__sb_same(cmg__json_str(operation, "/target"), id))
            return operation;
    }
    return NULL;
}

bool cmg__sb_operation_admits(struct cmg__sb_call *call, const struct cmg__json *resource,
                              bool whole)
{
    const char *id = cmg__json_str(resource, "/id");
    const char *type = cmg__str_or(cmg__json_str(resource, "/type"), "");
    const struct cmg__json *other =
        id == NULL ? NULL : running_on(call->cloud, id, whole);
    const char *kind = cmg__str_or(cmg__json_str(other, "/kind"), "");
    if (other == NULL)
        return true;
    if (cmg__str_istarts(type, "Microsoft.Network/")) {
        cmg__sb_refuse(call, 429, "RetryableError",
                       "A retryable error occurred. The operation on resource %s can be "
                       "retried in 1 seconds.",
                       id);
        cmg__sb_set(call->cloud, cmg__json_at(call->reply, "/error"), "details",
                    cmg__json_pack("[{s:s, s:s}]", "code",
                                   "RetryableErrorDueToAnotherOperation", "message",
                                   "Another operation is in progress on the resource."));
        cmg__sb_head(call, "Retry-After", "1");
    } else if (cmg__str_istarts(type, "Microsoft.Compute/")) {
        cmg__sb_refuse(call, 409, "OperationNotAllowed",
                       "The operation on %s is not allowed since another operation (%s) "
                       "is in progress on it.",
                       id, kind);
    } else {
        cmg__sb_refuse(call, 409, "AnotherOperationInProgress",
                       "Another operation (%s) is in progress on %s.", kind, id);
    }
    return false;
}

void cmg__sb_operation_heads(struct cmg__sb_call *call, const char *id, bool async,
                             bool location)
{
    const char *sub = cmg__sb_fact(call->cloud, "subscription_id");
    const char *version = cmg__str_or(cmg__sb_query(call, "api-version"), "2024-03-01");
    if (async)
        cmg__sb_headf(call, "Azure-AsyncOperation",
                      "%s/subscriptions/%s/operationStatuses/%s?api-version=%s",
                      call->base, sub, id, version);
    if (location)
        cmg__sb_headf(call, "Location",
                      "%s/subscriptions/%s/operationresults/%s?monitor=true&"
                      "api-version=%s",
                      call->base, sub, id, version);
    cmg__sb_head(call, "Retry-After", "1");
    if (id != call->operation_id)
        (void)snprintf(call->operation_id, sizeof call->operation_id, "%s", id);
}

static struct cmg__json *find_operation(struct cmg__sb_call *call)
{
    const char *id = cmg__sb_arg(call, "operation");
    struct cmg__json *operation = cmg__sb_find(call->cloud, "operations", id);
    if (cmg__json_int(operation, "/fault", 0) == CMG__SB_OPERATION_EXPIRES)
        operation = NULL;
    if (operation == NULL)
        cmg__sb_refuse(call, 404, "OperationNotFound",
                       "The operation '%s' is not known or has expired.", id);
    return operation;
}

static void get_status(struct cmg__sb_call *call)
{
    struct cmg__json *operation = find_operation(call);
    if (operation == NULL)
        return;
    struct cmg__json *body = cmg__json_pack(
        "{s:s, s:s, s:s, s:o}", "id", call->path, "name", cmg__sb_arg(call, "operation"),
        "status", cmg__str_or(cmg__json_str(operation, "/status"), "Failed"), "startTime",
        cmg__sb_time(cmg__json_int(operation, "/start_ms", 0)));
    const struct cmg__json *error = cmg__json_key(operation, "error");
    if (error != NULL)
        cmg__sb_set(call->cloud, body, "error", cmg__json_copy_deep(error));
    if (is_running(operation))
        cmg__sb_head(call, "Retry-After", "1");
    else
        cmg__sb_set(call->cloud, body, "endTime",
                    cmg__sb_time(cmg__json_int(operation, "/done_ms", 0)));
    cmg__sb_reply(call, 200, body);
}

static void answer_result(struct cmg__sb_call *call, const struct cmg__json *operation)
{
    size_t kind = kind_of(operation);
    const struct cmg__json *resource =
        cmg__sb_resource(call->cloud, cmg__json_str(operation, "/target"));
    struct cmg__json *result = cmg__json_key(operation, "result");
    const struct cmg__json *error = cmg__json_key(operation, "error");
    if (error != NULL)
        cmg__sb_reply(call, 409,
                      cmg__json_pack("{s:o}", "error", cmg__json_copy_deep(error)));
    else if (result != NULL)
        cmg__sb_reply(call, 200, cmg__json_ref(result));
    else if (kinds[kind].shows && resource != NULL)
        cmg__sb_reply(call, 200, cmg__sb_resource_view(resource));
    else
        cmg__sb_reply_empty(call, kinds[kind].result_status);
}

static void get_result(struct cmg__sb_call *call)
{
    struct cmg__json *operation = find_operation(call);
    if (operation == NULL)
        return;
    if (is_running(operation)) {
        cmg__sb_operation_heads(call, cmg__sb_arg(call, "operation"), false, true);
        cmg__sb_reply_empty(call, 202);
        return;
    }
    answer_result(call, operation);
}

void cmg__sb_operation_conclude(struct cmg__sb_call *call)
{
    static const char *const names[] = { "Azure-AsyncOperation", "Location",
                                         "Retry-After" };
    const struct cmg__json *operation =
        cmg__sb_find(call->cloud, "operations", call->operation_id);
    const int64_t start_ms = cmg__json_int(operation, "/start_ms", 0);
    if (!is_running(operation) ||
        cmg__json_int(operation, "/fault", 0) != CMG__SB_OPERATION_GOOD ||
        cmg__json_int(operation, "/done_ms", 0) != start_ms)
        return;
    cmg__sb_arm_settle(call->cloud);
    for (size_t i = 0; i < CMG__ARRAY_LEN(names); i++)
        cmg__headers_remove(&call->headers, names[i]);
    if (call->status == 202)
        answer_result(call, operation);
    else
        cmg__sb_reply(call, call->status,
                      cmg__sb_resource_view(cmg__sb_resource(
                          call->cloud, cmg__json_str(operation, "/target"))));
}

static const struct cmg__sb_route routes[] = {
    { "GET", "/subscriptions/{sub}/operationStatuses/{operation}", get_status },
    { "GET", "/subscriptions/{sub}/operationresults/{operation}", get_result },
};
const struct cmg__sb_routes cmg__sb_arm_operation_routes = { routes,
                                                             CMG__ARRAY_LEN(routes) };
