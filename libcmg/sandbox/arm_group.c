/*
 * Resource groups.
 */
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/router.h"

char *cmg__sb_key(const struct cmg__sb_cloud *cloud, const char *text)
{
    char *key = cmg__strdup(cloud->alloc, text);
    if (key != NULL)
        cmg__lower_in_place(key);
    return key;
}

struct cmg__json *cmg__sb_group_named(const struct cmg__sb_cloud *cloud, const char *name)
{
    char *key = cmg__sb_key(cloud, name);
    struct cmg__json *group = cmg__sb_find(cloud, "groups", key);
    cmg__free(cloud->alloc, key);
    return group;
}

struct cmg__json *cmg__sb_group(struct cmg__sb_call *call)
{
    struct cmg__json *group =
        cmg__sb_group_named(call->cloud, cmg__sb_arg(call, "group"));
    if (group == NULL)
        cmg__sb_refuse(call, 404, "ResourceGroupNotFound",
                       "Resource group '%s' could not be found.",
                       cmg__sb_arg(call, "group"));
    return group;
}

bool cmg__sb_group_is_going(const struct cmg__json *group)
{
    return cmg__sb_same(cmg__json_str(group, "/properties/provisioningState"),
                        "Deleting");
}

static bool name_is_valid(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789-_.()");
    return name[n] == '\0' && n >= 1 && n <= 90 && name[n - 1] != '.';
}

static bool may_put(struct cmg__sb_call *call, const struct cmg__json *group,
                    const char *location)
{
    const char *name = cmg__sb_arg(call, "group");
    const char *has = cmg__json_str(group, "/location");
    if (!name_is_valid(name))
        cmg__sb_refuse(call, 400, "InvalidResourceGroup",
                       "The provided resource group name '%s' has these invalid "
                       "characters or length.",
                       name);
    else if (location == NULL)
        cmg__sb_refuse(call, 400, "LocationRequired",
                       "The location property is required for this definition.");
    else if (cmg__sb_region(location) == NULL)
        cmg__sb_refuse(call, 400, "LocationNotAvailableForResourceGroup",
                       "The provided location '%s' is not available for resource group.",
                       location);
    else if (cmg__sb_group_is_going(group))
        cmg__sb_refuse(call, 409, "ResourceGroupBeingDeleted",
                       "The resource group '%s' is in deprovisioning state and cannot "
                       "perform this operation.",
                       name);
    else if (has != NULL && cmg__sb_region(has) != cmg__sb_region(location))
        cmg__sb_refuse(call, 409, "InvalidResourceGroupLocation",
                       "Invalid resource group location '%s'. The Resource group already "
                       "exists in location '%s'.",
                       location, has);
    else
        return true;
    return false;
}

static void put_group(struct cmg__sb_call *call)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    const char *name = cmg__sb_arg(call, "group");
    const char *location = cmg__json_str(call->body, "/location");
    const struct cmg__json *tags = cmg__json_key(call->body, "tags");
    struct cmg__json *old = cmg__sb_group_named(cloud, name);
    struct cmg__sb_fault fault;
    if (!may_put(call, old, location))
        return;
    if (!cmg__sb_policy_admits(cloud, "Microsoft.Resources/subscriptions/resourceGroups",
                               name, call->body, &fault)) {
        cmg__sb_refuse_fault(call, &fault);
        return;
    }
    name = cmg__str_or(cmg__json_str(old, "/name"), name);
    char *key = cmg__sb_key(cloud, name);
    struct cmg__json *group = cmg__json_pack(
        "{s:o, s:s, s:s, s:s, s:o, s:{s:s}}", "id",
        cmg__sb_text(cloud, "/subscriptions/%s/resourceGroups/%s",
                     cmg__sb_fact(cloud, "subscription_id"), name),
        "name", name, "type", "Microsoft.Resources/resourceGroups", "location", location,
        "tags", tags == NULL ? cmg__json_object() : cmg__json_copy_deep(tags),
        "properties", "provisioningState", "Succeeded");
    cmg__sb_reply(call, old == NULL ? 201 : 200, cmg__sb_public(group));
    if (key == NULL)
        cloud->oom = true;
    else
        cmg__sb_set(cloud, cmg__sb_table(cloud, "groups"), key,
                    group == NULL ? NULL : cmg__json_ref(group));
    cmg__json_unref(group);
    cmg__free(cloud->alloc, key);
}

static void patch_group(struct cmg__sb_call *call)
{
    struct cmg__json *group = cmg__sb_group(call);
    const struct cmg__json *tags = cmg__json_key(call->body, "tags");
    if (group == NULL)
        return;
    if (tags != NULL)
        cmg__sb_set(call->cloud, group, "tags", cmg__json_copy_deep(tags));
    cmg__sb_reply(call, 200, cmg__sb_public(group));
}

static void get_group(struct cmg__sb_call *call)
{
    struct cmg__json *group = cmg__sb_group(call);
    if (group != NULL)
        cmg__sb_reply(call, 200, cmg__sb_public(group));
}

static void head_group(struct cmg__sb_call *call)
{
    bool there = cmg__sb_group_named(call->cloud, cmg__sb_arg(call, "group")) != NULL;
    cmg__sb_reply_empty(call, there ? 204 : 404);
}

static void list_groups(struct cmg__sb_call *call)
{
    struct cmg__json *list = cmg__json_array();
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *group = NULL;
    while (cmg__json_next(cmg__sb_table(call->cloud, "groups"), &iter, &key, &group))
        cmg__sb_append(call->cloud, list, cmg__sb_public(group));
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

static void list_group_resources(struct cmg__sb_call *call)
{
    const struct cmg__json *group = cmg__sb_group(call);
    if (group == NULL)
        return;
    struct cmg__json *prefix =
        cmg__sb_text(call->cloud, "%s/", cmg__json_str(group, "/id"));
    cmg__sb_resource_list(call, cmg__str_or(cmg__json_str(prefix, ""), "/"), NULL, NULL);
    cmg__json_unref(prefix);
}

/* What stands between quotes after a text; false when it does not begin so. */
static bool take_quoted(const char **at, const char *text, char out[128])
{
    if (!cmg__str_istarts(*at, text))
        return false;
    const char *value = *at + strlen(text);
    const size_t n = strcspn(value, "'");
    if (value[n] != '\'' || n >= 128)
        return false;
    memcpy(out, value, n);
    out[n] = '\0';
    *at = value + n + 1;
    return true;
}

/* The filters that clients send: by group, and by a tag with its value. */
static void list_resources(struct cmg__sb_call *call)
{
    const char *filter = cmg__str_or(cmg__sb_query(call, "$filter"), "");
    const char *at = filter;
    char name[128] = "";
    char value[128] = "";
    struct cmg__json *prefix = NULL;
    const bool by_group = take_quoted(&at, "resourceGroup eq '", name);
    const bool by_tag = !by_group && take_quoted(&at, "tagName eq '", name) &&
                        take_quoted(&at, " and tagValue eq '", value);
    if (*at != '\0' || (filter[0] != '\0' && !by_group && !by_tag)) {
        cmg__sb_refuse(call, 400, "InvalidFilterInQueryString",
                       "Invalid $filter '%s' specified in the query string.", filter);
        return;
    }
    if (by_group)
        prefix = cmg__sb_text(call->cloud, "/subscriptions/%s/resourceGroups/%s/",
                              cmg__sb_fact(call->cloud, "subscription_id"), name);
    cmg__sb_resource_list(call, cmg__str_or(cmg__json_str(prefix, ""), "/"),
                          by_tag ? name : NULL, value);
    cmg__json_unref(prefix);
}

static void delete_group(struct cmg__sb_call *call)
{
    char id[CMG__GUID_SIZE];
    struct cmg__json *group = cmg__sb_group(call);
    if (group == NULL)
        return;
    char *key = cmg__sb_key(call->cloud, cmg__json_str(group, "/name"));
    cmg__sb_set_str(call->cloud, cmg__json_key(group, "properties"), "provisioningState",
                    "Deleting");
    cmg__sb_operation_start(call->cloud, "delete_group", cmg__str_or(key, ""), id);
    cmg__sb_operation_heads(call, id, false, true);
    cmg__sb_reply_empty(call, 202);
    cmg__free(call->cloud->alloc, key);
}

/* Removes one entry whose key begins with prefix; false when there is none. */
static bool remove_one(struct cmg__sb_cloud *cloud, const char *table, const char *prefix)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, table), &iter, &key, &entry)) {
        if (!cmg__str_istarts(key, prefix))
            continue;
        if (strcmp(table, "resources") == 0)
            cmg__sb_resource_remove(cloud, key);
        else
            cmg__json_remove(cmg__sb_table(cloud, table), key);
        return true;
    }
    return false;
}

void cmg__sb_group_remove(struct cmg__sb_cloud *cloud, const char *key)
{
    char *resources = cmg__format(cloud->alloc, "/subscriptions/%s/resourcegroups/%s/",
                                  cmg__sb_fact(cloud, "subscription_id"), key);
    char *deployments = cmg__format(cloud->alloc, "%s/", key);
    if (resources == NULL || deployments == NULL) {
        cloud->oom = true;
    } else {
        while (remove_one(cloud, "resources", resources))
            ;
        while (remove_one(cloud, "deployments", deployments))
            ;
        cmg__json_remove(cmg__sb_table(cloud, "groups"), key);
    }
    cmg__free(cloud->alloc, resources);
    cmg__free(cloud->alloc, deployments);
}

#define GROUP "/subscriptions/{sub}/resourceGroups/{group}"

static const struct cmg__sb_route routes[] = {
    { "GET", "/subscriptions/{sub}/resourceGroups", list_groups },
    { "GET", "/subscriptions/{sub}/resources", list_resources },
    { "PUT", GROUP, put_group },
    { "PATCH", GROUP, patch_group },
    { "GET", GROUP, get_group },
    { "HEAD", GROUP, head_group },
    { "DELETE", GROUP, delete_group },
    { "GET", GROUP "/resources", list_group_resources },
};
const struct cmg__sb_routes cmg__sb_arm_group_routes = { routes, CMG__ARRAY_LEN(routes) };
