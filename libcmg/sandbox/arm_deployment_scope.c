/*
 * Templates for the subscription, as far as they can be asked about before a gateway is
 * made: resource groups, and deployments in them. They are validated only; nothing of
 * theirs is ever run here.
 */
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/arm_deployment.h"
#include "sandbox/router.h"

#define GROUPS "Microsoft.Resources/resourceGroups"
#define SCHEMA "subscriptionDeploymentTemplate.json"

struct scope {
    struct cmg__sb_cloud *cloud;
    struct cmg__sb_template t;
    struct cmg__json *groups; /* those of the template, by name */
    struct cmg__sb_fault fault;
};

/* One member of a resource as it means, null without it (yours). */
static struct cmg__json *member(struct scope *s, const struct cmg__json *resource,
                                const char *key)
{
    struct cmg__json *value = NULL;
    const struct cmg__json *source = cmg__json_key(resource, key);
    cmg_error *why = NULL;
    if (source != NULL && cmg__sb_template_value(&s->t, source, &value, &why) != CMG_OK)
        cmg__sb_deployment_fault(&s->fault, why);
    cmg_error_unref(why);
    return value == NULL ? cmg__json_pack("n") : value;
}

/* ---- groups ---- */

static bool group_is_good(struct scope *s, const struct cmg__json *group)
{
    const char *name = cmg__str_or(cmg__json_str(group, "/name"), "");
    const char *location = cmg__str_or(cmg__json_str(group, "/location"), "");
    const struct cmg__json *old = cmg__sb_group_named(s->cloud, name);
    const char *has = cmg__json_str(old, "/location");
    if (cmg__sb_region(location) == NULL) {
        cmg__sb_fault_set(&s->fault, 400, "LocationNotAvailableForResourceGroup",
                          "The provided location '%s' is not available for resource "
                          "group.",
                          location);
        return false;
    }
    if (has != NULL && cmg__sb_region(has) != cmg__sb_region(location)) {
        cmg__sb_fault_set(&s->fault, 409, "InvalidResourceGroupLocation",
                          "Invalid resource group location '%s'. The Resource group "
                          "already exists in location '%s'.",
                          location, has);
        return false;
    }
    if (cmg__sb_policy_admits(s->cloud,
                              "Microsoft.Resources/subscriptions/resourceGroups", name,
                              group, &s->fault))
        return true;
    cmg__sb_deployment_inside(&s->fault);
    return false;
}

static bool check_group(struct scope *s, const struct cmg__json *resource)
{
    struct cmg__json *group = cmg__json_pack(
        "{s:o, s:o, s:o}", "name", member(s, resource, "name"), "location",
        member(s, resource, "location"), "tags", member(s, resource, "tags"));
    char *key = cmg__sb_key(s->cloud, cmg__str_or(cmg__json_str(group, "/name"), ""));
    const bool good = key != NULL && s->fault.code[0] == '\0' && group_is_good(s, group);
    if (good)
        cmg__sb_set(s->cloud, s->groups, key, cmg__json_ref(group));
    cmg__json_unref(group);
    cmg__free(s->cloud->alloc, key);
    return good;
}

/* ---- deployments in them ---- */

/* The group that a deployment is in: there, or made by the template before (borrowed). */
static const struct cmg__json *group_of(struct scope *s, const char *name, bool waits)
{
    const struct cmg__json *there = cmg__sb_group_named(s->cloud, name);
    char *key = cmg__sb_key(s->cloud, name);
    if (there == NULL && waits && key != NULL)
        there = cmg__json_key(s->groups, key);
    cmg__free(s->cloud->alloc, key);
    if (there == NULL)
        cmg__sb_fault_set(&s->fault, 404, "ResourceGroupNotFound",
                          "Resource group '%s' could not be found.", name);
    return there;
}

/* Expressions of the outer template would see another scope: that is not needed here. */
static bool check_deployment(struct scope *s, const struct cmg__json *resource)
{
    struct cmg__json *name = member(s, resource, "resourceGroup");
    const struct cmg__json *properties = cmg__json_key(resource, "properties");
    struct cmg__json *after = member(s, resource, "dependsOn");
    const struct cmg__json *group =
        group_of(s, cmg__str_or(cmg__json_str(name, ""), ""), cmg__json_size(after) > 0);
    struct cmg__json *order = NULL, *shown = NULL;
    bool good = group != NULL && s->fault.code[0] == '\0';
    if (good &&
        !cmg__sb_same(cmg__json_str(properties, "/expressionEvaluationOptions/scope"),
                      "inner")) {
        cmg__sb_fault_set(&s->fault, 400, "InvalidTemplate",
                          "Only nested templates of the scope 'inner' are looked at "
                          "here.");
        good = false;
    }
    good = good && cmg__sb_deployment_check(s->cloud, group, properties, &order, &shown,
                                            &s->fault);
    cmg__json_unref(order);
    cmg__json_unref(shown);
    cmg__json_unref(name);
    cmg__json_unref(after);
    return good;
}

/* ---- the whole ---- */

static bool check_one(struct scope *s, const struct cmg__json *resource)
{
    const char *type = cmg__str_or(cmg__json_str(resource, "/type"), "");
    if (cmg__sb_same(type, GROUPS))
        return check_group(s, resource);
    if (cmg__sb_same(type, "Microsoft.Resources/deployments"))
        return check_deployment(s, resource);
    cmg__sb_fault_set(&s->fault, 400, "InvalidTemplate",
                      "Deployment template validation failed: 'The resource type '%s' is "
                      "not looked at in the scope of a subscription here.'.",
                      type);
    return false;
}

static bool check_all(struct scope *s, const struct cmg__json *properties)
{
    const struct cmg__json *template = cmg__json_key(properties, "template");
    const struct cmg__json *list = cmg__json_key(template, "resources");
    cmg_error *why = NULL;
    bool good =
        cmg__sb_template_open(&s->t, template, cmg__json_key(properties, "parameters"),
                              &why) == CMG_OK;
    if (!good)
        cmg__sb_deployment_fault(&s->fault, why);
    for (size_t i = 0; good && i < cmg__json_size(list); i++)
        good = check_one(s, cmg__json_item(list, i));
    cmg_error_unref(why);
    cmg__sb_template_close(&s->t);
    return good;
}

/* What such a deployment needs beside its template. */
static bool is_complete(struct cmg__sb_call *call)
{
    const char *location = cmg__json_str(call->body, "/location");
    const char *schema =
        cmg__str_or(cmg__json_str(call->body, "/properties/template/$schema"), "");
    if (location == NULL)
        cmg__sb_refuse(call, 400, "LocationRequired",
                       "The 'location' property must be specified for '%s'.",
                       cmg__sb_arg(call, "deployment"));
    else if (cmg__sb_region(location) == NULL)
        cmg__sb_refuse(call, 400, "LocationNotAvailableForDeployment",
                       "The provided location '%s' is not available for deployment.",
                       location);
    else if (!cmg__sb_same(cmg__json_str(call->body, "/properties/mode"), "Incremental"))
        cmg__sb_refuse(call, 400, "InvalidDeploymentMode",
                       "Deployments in the scope of a subscription have the mode "
                       "'Incremental'.");
    else if (strstr(schema, "/" SCHEMA) == NULL)
        cmg__sb_refuse(call, 400, "InvalidTemplate",
                       "Deployment template validation failed: 'The template's schema is "
                       "not one for a subscription.'.");
    else
        return true;
    return false;
}

static void validate(struct cmg__sb_call *call)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    const struct cmg__json *properties = cmg__json_key(call->body, "properties");
    struct scope s = { .cloud = cloud, .groups = cmg__json_object() };
    if (!is_complete(call)) {
        cmg__json_unref(s.groups);
        return;
    }
    cmg__sb_deployment_fill(cloud, NULL, true, &s.t);
    s.t.group = "";
    if (check_all(&s, properties))
        cmg__sb_reply(call, 200,
                      cmg__json_pack("{s:{s:s, s:s, s:s, s:s, s:[], s:[]}}", "properties",
                                     "mode", "Incremental", "provisioningState",
                                     "Succeeded", "duration", "PT0S", "correlationId",
                                     call->request_id, "providers", "dependencies"));
    else
        cmg__sb_refuse_fault(call, &s.fault);
    cmg__json_unref(s.groups);
}

static const struct cmg__sb_route routes[] = {
    { "POST",
      "/subscriptions/{sub}/providers/Microsoft.Resources/deployments/{deployment}/"
      "validate",
      validate },
};
const struct cmg__sb_routes cmg__sb_arm_deployment_scope_routes = {
    routes, CMG__ARRAY_LEN(routes)
};
