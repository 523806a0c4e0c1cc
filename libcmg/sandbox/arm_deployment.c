/*
 * Template deployments as clients see them: validate, begin, follow, cancel, list the
 * operations. The work itself is arm_deployment_run.c's.
 */
#include <string.h>

#include "crypto/hash.h"
#include "sandbox/arm.h"
#include "sandbox/router.h"
#include "sandbox/setting.h"

/* "group/name" in lower case; cmg__free. */
static char *key_of(struct cmg__sb_call *call)
{
    char *key = cmg__format(call->cloud->alloc, "%s/%s", cmg__sb_arg(call, "group"),
                            cmg__sb_arg(call, "deployment"));
    if (key == NULL)
        call->cloud->oom = true;
    else
        cmg__lower_in_place(key);
    return key;
}

static struct cmg__json *lookup(struct cmg__sb_call *call)
{
    char *key = key_of(call);
    struct cmg__json *deployment = cmg__sb_find(call->cloud, "deployments", key);
    cmg__free(call->cloud->alloc, key);
    return deployment;
}

static struct cmg__json *find(struct cmg__sb_call *call)
{
    struct cmg__json *deployment = NULL;
    if (cmg__sb_group(call) == NULL)
        return NULL;
    deployment = lookup(call);
    if (deployment == NULL)
        cmg__sb_refuse(call, 404, "DeploymentNotFound",
                       "Deployment '%s' could not be found.",
                       cmg__sb_arg(call, "deployment"));
    return deployment;
}

static bool is_running(const struct cmg__json *deployment)
{
    const char *state = cmg__json_str(deployment, "/properties/provisioningState");
    return cmg__sb_same(state, "Accepted") || cmg__sb_same(state, "Running");
}

static bool name_is_valid(struct cmg__sb_call *call)
{
    const char *name = cmg__sb_arg(call, "deployment");
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789-_.()");
    if (name[n] == '\0' && n >= 1 && n <= 64)
        return true;
    cmg__sb_refuse(call, 400, "InvalidDeploymentName",
                   "The deployment name '%s' is not valid.", name);
    return false;
}

/* The template checked; order and shown parameters are yours when it is true. */
static bool check(struct cmg__sb_call *call, struct cmg__json **order,
                  struct cmg__json **shown)
{
    struct cmg__sb_fault fault = { .status = 400, .code = "InvalidTemplate" };
    const struct cmg__json *group = cmg__sb_group(call);
    if (group == NULL || !name_is_valid(call))
        return false;
    if (cmg__sb_group_is_going(group)) {
        cmg__sb_refuse(call, 409, "ResourceGroupBeingDeleted",
                       "The resource group '%s' is in deprovisioning state and cannot "
                       "perform this operation.",
                       cmg__sb_arg(call, "group"));
        return false;
    }
    if (cmg__sb_deployment_check(call->cloud, group,
                                 cmg__json_key(call->body, "properties"), order, shown,
                                 &fault))
        return true;
    cmg__sb_refuse_fault(call, &fault);
    return false;
}

/* A digest of the template, as the service shows one. */
static struct cmg__json *hash_of(struct cmg__sb_call *call,
                                 const struct cmg__json *template)
{
    char hex[65] = "";
    struct cmg__buf text;
    cmg__buf_init(&text, call->cloud->alloc, CMG__JSON_MAX);
    if (cmg__json_format(template, CMG__JSON_SORTED, &text) != CMG_OK ||
        cmg__sha256_hex(text.data, text.len, hex) != CMG_OK)
        call->cloud->oom = true;
    cmg__buf_done(&text);
    return cmg__json_string(hex);
}

static struct cmg__json *make(struct cmg__sb_call *call, struct cmg__json *order,
                              struct cmg__json *shown, const char *state)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    const struct cmg__json *properties = cmg__json_key(call->body, "properties");
    const struct cmg__json *template = cmg__json_key(properties, "template");
    const struct cmg__json *tags = cmg__json_key(call->body, "tags");
    struct cmg__json *deployment = cmg__json_pack(
        "{s:o, s:s, s:s, s:o, s:{s:o, s:s, s:s, s:o, s:o, s:s, s:s, s:[], s:[]}}", "id",
        cmg__sb_text(cloud,
                     "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Resources/"
                     "deployments/%s",
                     cmg__sb_fact(cloud, "subscription_id"), cmg__sb_arg(call, "group"),
                     cmg__sb_arg(call, "deployment")),
        "name", cmg__sb_arg(call, "deployment"), "type",
        "Microsoft.Resources/deployments", "tags",
        tags == NULL ? cmg__json_object() : cmg__json_copy_deep(tags), "properties",
        "templateHash", hash_of(call, template), "mode", "Incremental",
        "provisioningState", state, "timestamp", cmg__sb_time(call->now_ms), "parameters",
        shown == NULL ? NULL : cmg__json_ref(shown), "duration", "PT0S", "correlationId",
        call->request_id, "providers", "dependencies");
    cmg__sb_set(cloud, deployment, "_order", order == NULL ? NULL : cmg__json_ref(order));
    cmg__sb_set(cloud, deployment, "_input", cmg__json_copy_deep(properties));
    cmg__sb_set(cloud, deployment, "_operations", cmg__json_array());
    cmg__sb_set_str(cloud, deployment, "_group", cmg__sb_arg(call, "group"));
    cmg__sb_set_int(cloud, deployment, "_start_ms", call->now_ms);
    return deployment;
}

static void add_heads(struct cmg__sb_call *call, const struct cmg__json *deployment)
{
    cmg__sb_headf(call, "Azure-AsyncOperation",
                  "%s%s/operationStatuses/%s?api-version=%s", call->base,
                  cmg__str_or(cmg__json_str(deployment, "/id"), ""), call->request_id,
                  cmg__str_or(cmg__sb_query(call, "api-version"), ""));
    cmg__sb_head(call, "Retry-After", "1");
}

/* One that takes no time has ended when it is answered. */
static void begin(struct cmg__sb_call *call, struct cmg__json *order,
                  struct cmg__json *shown, bool is_new)
{
    struct cmg__json *deployment = make(call, order, shown, "Accepted");
    const enum cmg__sb_operation_fault fault = call->cloud->operation_fault;
    char *key = key_of(call);
    cmg__sb_set_int(call->cloud, deployment, "_fault", (int64_t)fault);
    call->cloud->operation_fault = CMG__SB_OPERATION_GOOD;
    cmg__sb_deployment_plan(call->cloud, deployment);
    if (key != NULL)
        cmg__sb_set(call->cloud, cmg__sb_table(call->cloud, "deployments"), key,
                    deployment == NULL ? NULL : cmg__json_ref(deployment));
    if (fault == CMG__SB_OPERATION_GOOD &&
        cmg__sb_duration_ms(call->cloud, "deployment") == 0)
        cmg__sb_deployment_settle(call->cloud, call->now_ms);
    if (is_running(deployment))
        add_heads(call, deployment);
    cmg__sb_reply(call, is_new ? 201 : 200, cmg__sb_public(deployment));
    cmg__json_unref(deployment);
    cmg__free(call->cloud->alloc, key);
}

static void put_deployment(struct cmg__sb_call *call)
{
    struct cmg__json *order = NULL, *shown = NULL;
    const struct cmg__json *old = lookup(call);
    if (is_running(old))
        cmg__sb_refuse(call, 409, "DeploymentActive",
                       "Unable to edit or replace deployment '%s': previous deployment "
                       "is still active.",
                       cmg__sb_arg(call, "deployment"));
    else if (check(call, &order, &shown))
        begin(call, order, shown, old == NULL);
    cmg__json_unref(order);
    cmg__json_unref(shown);
}

static void validate(struct cmg__sb_call *call)
{
    struct cmg__json *order = NULL, *shown = NULL;
    if (check(call, &order, &shown)) {
        struct cmg__json *deployment = make(call, order, shown, "Succeeded");
        struct cmg__json *properties = cmg__json_key(deployment, "properties");
        cmg__sb_reply(
            call, 200, /* it is no deployment and has no name */
            cmg__json_pack("{s:o}", "properties",
                           properties == NULL ? NULL : cmg__json_ref(properties)));
        cmg__json_unref(deployment);
    }
    cmg__json_unref(order);
    cmg__json_unref(shown);
}

static void get_deployment(struct cmg__sb_call *call)
{
    const struct cmg__json *deployment = find(call);
    if (deployment != NULL)
        cmg__sb_reply(call, 200, cmg__sb_public(deployment));
}

static void head_deployment(struct cmg__sb_call *call)
{
    cmg__sb_reply_empty(call, lookup(call) != NULL ? 204 : 404);
}

static void list_deployments(struct cmg__sb_call *call)
{
    struct cmg__json *list = cmg__json_array();
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *deployment = NULL;
    if (cmg__sb_group(call) == NULL) {
        cmg__json_unref(list);
        return;
    }
    while (cmg__json_next(cmg__sb_table(call->cloud, "deployments"), &iter, &key,
                          &deployment)) {
        if (cmg__sb_same(cmg__json_str(deployment, "/_group"),
                         cmg__sb_arg(call, "group")))
            cmg__sb_append(call->cloud, list, cmg__sb_public(deployment));
    }
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

/* Only the state: for the cause the client reads the deployment. */
static void get_status(struct cmg__sb_call *call)
{
    const struct cmg__json *deployment = find(call);
    const struct cmg__json *error = cmg__json_at(deployment, "/properties/error");
    if (deployment == NULL)
        return;
    if (cmg__json_int(deployment, "/_fault", 0) == CMG__SB_OPERATION_EXPIRES) {
        cmg__sb_refuse(call, 404, "OperationNotFound",
                       "The operation '%s' is not known or has expired.",
                       cmg__sb_arg(call, "operation"));
        return;
    }
    const char *state = cmg__json_str(deployment, "/properties/provisioningState");
    struct cmg__json *body = cmg__json_pack("{s:s}", "status", cmg__str_or(state, ""));
    if (error != NULL)
        cmg__sb_set(call->cloud, body, "error", cmg__json_copy_deep(error));
    if (is_running(deployment))
        cmg__sb_head(call, "Retry-After", "1");
    cmg__sb_reply(call, 200, body);
}

static void list_operations(struct cmg__sb_call *call)
{
    const struct cmg__json *deployment = find(call);
    if (deployment != NULL)
        cmg__sb_reply(call, 200,
                      cmg__json_pack(
                          "{s:o}", "value",
                          cmg__json_copy_deep(cmg__json_key(deployment, "_operations"))));
}

static void cancel(struct cmg__sb_call *call)
{
    struct cmg__json *deployment = find(call);
    if (deployment == NULL)
        return;
    if (!is_running(deployment)) {
        cmg__sb_refuse(call, 409, "DeploymentCannotBeCancelled",
                       "The deployment '%s' cannot be cancelled because it is not "
                       "running.",
                       cmg__sb_arg(call, "deployment"));
        return;
    }
    cmg__sb_set_str(call->cloud, cmg__json_key(deployment, "properties"),
                    "provisioningState", "Canceled");
    cmg__json_remove(deployment, "_input");
    cmg__sb_reply_empty(call, 204);
}

/* Removes the record only; what it made stays. */
static void delete_deployment(struct cmg__sb_call *call)
{
    char operation[CMG__GUID_SIZE];
    const struct cmg__json *deployment = lookup(call);
    if (deployment == NULL) {
        cmg__sb_reply_empty(call, 204);
    } else if (is_running(deployment) || cmg__sb_deployment_is_at_work(deployment)) {
        cmg__sb_refuse(call, 409, "DeploymentActive", "The deployment is still active.");
    } else {
        char *key = key_of(call);
        if (key != NULL)
            cmg__json_remove(cmg__sb_table(call->cloud, "deployments"), key);
        cmg__free(call->cloud->alloc, key);
        cmg__sb_operation_start(call->cloud, "forget", "", operation);
        cmg__sb_operation_heads(call, operation, false, true);
        cmg__sb_reply_empty(call, 202);
    }
}

#define GROUP "/subscriptions/{sub}/resourceGroups/{group}"
#define ALL   GROUP "/providers/Microsoft.Resources/deployments"
#define ONE   ALL "/{deployment}"

static const struct cmg__sb_route routes[] = {
    { "GET", ALL, list_deployments },
    { "PUT", ONE, put_deployment },
    { "GET", ONE, get_deployment },
    { "HEAD", ONE, head_deployment },
    { "DELETE", ONE, delete_deployment },
    { "POST", ONE "/validate", validate },
    { "POST", ONE "/cancel", cancel },
    { "GET", ONE "/operations", list_operations },
    { "GET", ONE "/operationStatuses/{operation}", get_status },
    { "GET", GROUP "/deployments/{deployment}/operations", list_operations },
};
const struct cmg__sb_routes cmg__sb_arm_deployment_routes = { routes,
                                                              CMG__ARRAY_LEN(routes) };
