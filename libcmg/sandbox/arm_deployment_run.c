/*
 * Running deployments: the template is checked whole when it comes in; then resource k of
 * n is made when k/n of the operation's time is over, in the order that dependsOn asks
 * for. The first refusal ends it as Failed, with what was made before staying.
 */
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/template.h"

static const struct cmg__json *look_up(void *user, const char *id)
{
    const struct cmg__sb_cloud *cloud = user;
    return cmg__json_key(cmg__sb_resource(cloud, id), "properties");
}

static void fill(struct cmg__sb_cloud *cloud, const struct cmg__json *group, bool check,
                 struct cmg__sb_template *t)
{
    *t = (struct cmg__sb_template){ .alloc = cloud->alloc,
                                    .subscription_id =
                                        cmg__sb_fact(cloud, "subscription_id"),
                                    .tenant_id = cmg__sb_fact(cloud, "tenant_id"),
                                    .group = cmg__json_str(group, "/name"),
                                    .location = cmg__json_str(group, "/location"),
                                    .reference = look_up,
                                    .user = cloud,
                                    .check = check };
}

static void fault_of(struct cmg__sb_fault *fault, const cmg_error *why)
{
    cmg__sb_fault_set(fault, 400, "InvalidTemplate",
                      "Deployment template validation failed: '%s'.",
                      cmg_error_message(why));
}

/* ---- checking ---- */

/* The parameters as answers show them: secure ones without their value. */
static struct cmg__json *shown_parameters(struct cmg__sb_cloud *cloud,
                                          const struct cmg__sb_template *t)
{
    struct cmg__json *shown = cmg__json_object();
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *declared = NULL;
    while (
        cmg__json_next(cmg__json_key(t->source, "parameters"), &iter, &key, &declared)) {
        const char *type = cmg__str_or(cmg__json_str(declared, "/type"), "");
        struct cmg__json *entry = cmg__json_pack("{s:s}", "type", type);
        if (!cmg__str_istarts(type, "secure"))
            cmg__sb_set(cloud, entry, "value",
                        cmg__json_copy_deep(cmg__json_key(t->parameters, key)));
        cmg__sb_set(cloud, shown, key, entry);
    }
    return shown;
}

/* Every type known and its provider registered, every expression sound. */
static bool check_resources(struct cmg__sb_cloud *cloud, struct cmg__sb_template *t,
                            struct cmg__sb_fault *fault)
{
    const struct cmg__json *resources = cmg__json_key(t->source, "resources");
    for (size_t i = 0; i < cmg__json_size(resources); i++) {
        const struct cmg__json *resource = cmg__json_item(resources, i);
        const char *type = cmg__str_or(cmg__json_str(resource, "/type"), "");
        struct cmg__json *value = NULL;
        cmg_error *why = NULL;
        char space[96] = "";
        size_t n = strcspn(type, "/");
        if (n < sizeof space)
            memcpy(space, type, n);
        if (type[n] == '\0' || cmg__sb_type_find(space, type + n + 1) == NULL) {
            cmg__sb_fault_set(fault, 400, "InvalidTemplateDeployment",
                              "The resource type '%s' could not be found in this cloud.",
                              type);
            return false;
        }
        if (!cmg__sb_provider_is_ready(
                cloud, cmg__sb_type_find(space, type + n + 1)->space, fault))
            return false;
        cmg_status rc = cmg__sb_template_value(t, resource, &value, &why);
        cmg__json_unref(value);
        if (rc != CMG_OK) {
            fault_of(fault, why);
            cmg_error_unref(why);
            return false;
        }
    }
    return true;
}

bool cmg__sb_deployment_check(struct cmg__sb_cloud *cloud, const struct cmg__json *group,
                              const struct cmg__json *properties,
                              struct cmg__json **out_order, struct cmg__json **out_shown,
                              struct cmg__sb_fault *fault)
{
    struct cmg__sb_template t;
    struct cmg__json *outputs = NULL;
    cmg_error *why = NULL;
    bool good = false;
    if (!cmg__sb_same(cmg__json_str(properties, "/mode"), "Incremental")) {
        cmg__sb_fault_set(fault, 400, "InvalidDeploymentMode",
                          "Only the mode 'Incremental' can be deployed here.");
        return false;
    }
    fill(cloud, group, true, &t);
    cmg_status rc = cmg__sb_template_open(&t, cmg__json_key(properties, "template"),
                                          cmg__json_key(properties, "parameters"), &why);
    if (rc == CMG_OK)
        rc = cmg__sb_template_order(&t, out_order, &why);
    if (rc == CMG_OK)
        rc = cmg__sb_template_outputs(&t, &outputs, &why);
    if (rc == CMG_OK)
        good = check_resources(cloud, &t, fault);
    else
        fault_of(fault, why);
    if (good)
        *out_shown = shown_parameters(cloud, &t);
    cmg__json_unref(outputs);
    cmg_error_unref(why);
    cmg__sb_template_close(&t);
    return good;
}

/* ---- looking ahead ---- */

static bool preview_one(struct cmg__sb_cloud *cloud, struct cmg__sb_template *t,
                        size_t index, struct cmg__json *list, struct cmg__sb_fault *fault)
{
    const struct cmg__json *source =
        cmg__json_item(cmg__json_key(t->source, "resources"), index);
    struct cmg__json *body = NULL;
    char *id = NULL;
    cmg_error *why = NULL;
    cmg_status rc = cmg__sb_template_id(t, source, &id, &why);
    if (rc == CMG_OK)
        rc = cmg__sb_template_value(t, source, &body, &why);
    if (rc == CMG_OK) {
        cmg__sb_set_str(cloud, body, "id", id);
        cmg__sb_append(cloud, list, body);
    } else {
        fault_of(fault, why);
    }
    cmg_error_unref(why);
    cmg__free(cloud->alloc, id);
    return rc == CMG_OK;
}

bool cmg__sb_deployment_preview(struct cmg__sb_cloud *cloud,
                                const struct cmg__json *group,
                                const struct cmg__json *properties,
                                struct cmg__json **out, struct cmg__sb_fault *fault)
{
    struct cmg__sb_template t;
    struct cmg__json *order = NULL, *shown = NULL;
    cmg_error *why = NULL;
    if (!cmg__sb_deployment_check(cloud, group, properties, &order, &shown, fault)) {
        cmg__json_unref(order);
        return false;
    }
    struct cmg__json *list = cmg__json_array();
    fill(cloud, group, true, &t);
    bool good =
        cmg__sb_template_open(&t, cmg__json_key(properties, "template"),
                              cmg__json_key(properties, "parameters"), &why) == CMG_OK;
    if (!good)
        fault_of(fault, why);
    for (size_t i = 0; good && i < cmg__json_size(order); i++)
        good =
            preview_one(cloud, &t, (size_t)cmg__json_int(cmg__json_item(order, i), "", 0),
                        list, fault);
    cmg__sb_template_close(&t);
    cmg_error_unref(why);
    cmg__json_unref(order);
    cmg__json_unref(shown);
    if (good)
        *out = list;
    else
        cmg__json_unref(list);
    return good;
}

/* ---- running ---- */

static void note_operation(struct cmg__sb_cloud *cloud, struct cmg__json *deployment,
                           const char *id, const struct cmg__sb_fault *fault)
{
    char name[CMG__GUID_SIZE];
    const char *type = strstr(id, "/providers/");
    cmg__sb_guid(cloud, name);
    struct cmg__json *properties = cmg__json_pack(
        "{s:s, s:s, s:o, s:s, s:{s:s, s:s, s:s}}", "provisioningOperation", "Create",
        "provisioningState", fault == NULL ? "Succeeded" : "Failed", "timestamp",
        cmg__sb_time(cmg__sb_now_ms(cloud)), "statusCode",
        fault == NULL          ? "OK"
        : fault->status == 409 ? "Conflict"
                               : "BadRequest",
        "targetResource", "id", id, "resourceType",
        type == NULL ? "" : type + strlen("/providers/"), "resourceName",
        strrchr(id, '/') == NULL ? id : strrchr(id, '/') + 1);
    const struct cmg__json *made = cmg__sb_resource(cloud, id);
    if (made != NULL)
        cmg__sb_set_str(cloud, cmg__json_key(properties, "targetResource"),
                        "resourceType", cmg__json_str(made, "/type"));
    if (fault != NULL)
        cmg__sb_set(cloud, properties, "statusMessage",
                    cmg__json_pack("{s:s, s:{s:s, s:s}}", "status", "Failed", "error",
                                   "code", fault->code, "message", fault->message));
    cmg__sb_append(
        cloud, cmg__json_key(deployment, "_operations"),
        cmg__json_pack("{s:s, s:o}", "operationId", name, "properties", properties));
}

static void end(struct cmg__sb_cloud *cloud, struct cmg__json *deployment,
                const char *state)
{
    struct cmg__json *properties = cmg__json_key(deployment, "properties");
    int64_t start = cmg__json_int(deployment, "/_start_ms", 0);
    int64_t took = (cmg__sb_now_ms(cloud) - start) / 1000;
    cmg__sb_set_str(cloud, properties, "provisioningState", state);
    cmg__sb_set(cloud, properties, "duration",
                cmg__sb_text(cloud, "PT%lldS", (long long)took));
    cmg__json_remove(deployment, "_input"); /* secrets are no longer needed */
}

static void fail(struct cmg__sb_cloud *cloud, struct cmg__json *deployment,
                 const char *id, const struct cmg__sb_fault *fault)
{
    note_operation(cloud, deployment, id, fault);
    cmg__sb_set(
        cloud, cmg__json_key(deployment, "properties"), "error",
        cmg__json_pack(
            "{s:s, s:s, s:[{s:s, s:s, s:s}]}", "code", "DeploymentFailed", "message",
            "At least one resource deployment operation failed. Please list "
            "deployment operations for details.",
            "details", "code", fault->code, "message", fault->message, "target", id));
    end(cloud, deployment, "Failed");
}

/* Makes resource number index; false with *fault when it was refused. */
static bool make_resource(struct cmg__sb_cloud *cloud, struct cmg__sb_template *t,
                          size_t index, char **out_id, struct cmg__sb_fault *fault)
{
    const struct cmg__json *source =
        cmg__json_item(cmg__json_key(t->source, "resources"), index);
    struct cmg__json *body = NULL;
    cmg_error *why = NULL;
    cmg_status rc = cmg__sb_template_id(t, source, out_id, &why);
    if (rc == CMG_OK)
        rc = cmg__sb_template_value(t, source, &body, &why);
    bool good = rc == CMG_OK;
    if (good) {
        const struct cmg__sb_wish wish = { .id = *out_id,
                                           .group = t->group,
                                           .body = body };
        good = cmg__sb_child_is(cmg__json_str(body, "/type"))
                   ? cmg__sb_child_put(cloud, *out_id, body, fault)
                   : cmg__sb_resource_put(cloud, &wish, "Succeeded", NULL, fault) != NULL;
    } else {
        fault_of(fault, why);
    }
    cmg__json_unref(body);
    cmg_error_unref(why);
    return good;
}

static void finish(struct cmg__sb_cloud *cloud, struct cmg__json *deployment,
                   struct cmg__sb_template *t)
{
    struct cmg__sb_fault fault;
    struct cmg__json *outputs = NULL;
    struct cmg__json *made = cmg__json_array();
    const struct cmg__json *operations = cmg__json_key(deployment, "_operations");
    cmg_error *why = NULL;
    for (size_t i = 0; i < cmg__json_size(operations); i++)
        cmg__sb_append(cloud, made,
                       cmg__json_pack("{s:s?}", "id",
                                      cmg__json_str(cmg__json_item(operations, i),
                                                    "/properties/targetResource/id")));
    cmg__sb_set(cloud, cmg__json_key(deployment, "properties"), "outputResources", made);
    if (cmg__sb_template_outputs(t, &outputs, &why) != CMG_OK) {
        fault_of(&fault, why);
        fail(cloud, deployment, cmg__str_or(cmg__json_str(deployment, "/id"), ""),
             &fault);
    } else {
        cmg__sb_set(cloud, cmg__json_key(deployment, "properties"), "outputs", outputs);
        end(cloud, deployment, "Succeeded");
    }
    cmg_error_unref(why);
}

/* How many of the resources should be there by now. */
static size_t due(const struct cmg__sb_cloud *cloud, const struct cmg__json *deployment,
                  size_t total, int64_t now_ms)
{
    int64_t passed = now_ms - cmg__json_int(deployment, "/_start_ms", 0);
    if (passed >= cloud->operation_ms)
        return total;
    return passed <= 0 ? 0 : (size_t)((int64_t)total * passed / cloud->operation_ms);
}

/* Makes what is due with the template open; false when the deployment ended. */
static bool make_due(struct cmg__sb_cloud *cloud, struct cmg__json *deployment,
                     struct cmg__sb_template *t, size_t wanted)
{
    const struct cmg__json *order = cmg__json_key(deployment, "_order");
    size_t done = (size_t)cmg__json_int(deployment, "/_done", 0);
    for (; done < wanted; done++) {
        struct cmg__sb_fault fault = { .status = 500, .code = "InternalServerError" };
        char *id = NULL;
        size_t index = (size_t)cmg__json_int(cmg__json_item(order, done), "", 0);
        bool good = make_resource(cloud, t, index, &id, &fault);
        if (good)
            note_operation(cloud, deployment, id, NULL);
        else
            fail(cloud, deployment, cmg__str_or(id, ""), &fault);
        cmg__free(cloud->alloc, id);
        if (!good)
            return false;
        cmg__sb_set_int(cloud, deployment, "_done", (int64_t)done + 1);
    }
    return true;
}

static void step(struct cmg__sb_cloud *cloud, struct cmg__json *deployment,
                 int64_t now_ms)
{
    struct cmg__sb_template t;
    struct cmg__sb_fault fault;
    cmg_error *why = NULL;
    const struct cmg__json *input = cmg__json_key(deployment, "_input");
    const struct cmg__json *group =
        cmg__sb_group_named(cloud, cmg__str_or(cmg__json_str(deployment, "/_group"), ""));
    size_t total = cmg__json_size(cmg__json_key(deployment, "_order"));
    size_t wanted = due(cloud, deployment, total, now_ms);
    size_t done = (size_t)cmg__json_int(deployment, "/_done", 0);
    int64_t fate = cmg__json_int(deployment, "/_fault", 0);
    if (fate == CMG__SB_OPERATION_STUCK)
        return;
    if (fate == CMG__SB_OPERATION_FAILS) {
        cmg__sb_fault_set(&fault, 409, "InternalExecutionError",
                          "An internal execution error occurred. Please retry later.");
        fail(cloud, deployment, cmg__str_or(cmg__json_str(deployment, "/id"), ""),
             &fault);
        cloud->dirty = true;
        return;
    }
    if (wanted <= done &&
        now_ms - cmg__json_int(deployment, "/_start_ms", 0) < cloud->operation_ms)
        return;
    cloud->dirty = true;
    cmg__sb_set_str(cloud, cmg__json_key(deployment, "properties"), "provisioningState",
                    "Running");
    fill(cloud, group, false, &t);
    if (group == NULL ||
        cmg__sb_template_open(&t, cmg__json_key(input, "template"),
                              cmg__json_key(input, "parameters"), &why) != CMG_OK) {
        fault_of(&fault, why);
        fail(cloud, deployment, cmg__str_or(cmg__json_str(deployment, "/id"), ""),
             &fault);
        cmg_error_unref(why);
        return;
    }
    if (make_due(cloud, deployment, &t, wanted) && wanted == total)
        finish(cloud, deployment, &t);
    cmg__sb_template_close(&t);
}

void cmg__sb_deployment_settle(struct cmg__sb_cloud *cloud, int64_t now_ms)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *deployment = NULL;
    while (
        cmg__json_next(cmg__sb_table(cloud, "deployments"), &iter, &key, &deployment)) {
        const char *state = cmg__json_str(deployment, "/properties/provisioningState");
        if (cmg__sb_same(state, "Accepted") || cmg__sb_same(state, "Running"))
            step(cloud, deployment, now_ms);
    }
}
