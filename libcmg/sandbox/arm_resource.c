/*
 * Resources of any known type: stored as they were put, completed and checked by rules,
 * listed, changed, deleted as long-running operations.
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/blob.h"
#include "sandbox/capacity.h"
#include "sandbox/router.h"

struct cmg__json *cmg__sb_resource(const struct cmg__sb_cloud *cloud, const char *id)
{
    char *key = cmg__sb_key(cloud, id);
    struct cmg__json *resource = cmg__sb_find(cloud, "resources", key);
    cmg__free(cloud->alloc, key);
    return resource;
}

/* ---- what an answer shows ---- */

struct cmg__json *cmg__sb_resource_view(const struct cmg__json *resource)
{
    static const char *const hidden[] = { "adminPassword", "customData", "secrets" };
    struct cmg__json *view = cmg__sb_public(resource);
    struct cmg__json *os =
        cmg__json_at(view, "/properties/virtualMachineProfile/osProfile");
    for (size_t i = 0; i < CMG__ARRAY_LEN(hidden); i++)
        cmg__json_remove(os, hidden[i]);
    cmg__json_remove(cmg__json_at(view, "/properties/virtualMachineProfile"), "userData");
    struct cmg__json *extensions = cmg__json_at(
        view, "/properties/virtualMachineProfile/extensionProfile/extensions");
    for (size_t i = 0; i < cmg__json_size(extensions); i++)
        cmg__json_remove(cmg__json_key(cmg__json_item(extensions, i), "properties"),
                         "protectedSettings");
    return view;
}

static struct cmg__json *summary(struct cmg__sb_call *call,
                                 const struct cmg__json *resource)
{
    static const char *const members[] = { "id",   "name", "type", "location",
                                           "tags", "sku",  "kind", "zones" };
    struct cmg__json *out = cmg__json_object();
    for (size_t i = 0; i < CMG__ARRAY_LEN(members); i++) {
        const struct cmg__json *value = cmg__json_key(resource, members[i]);
        if (value != NULL)
            cmg__sb_set(call->cloud, out, members[i], cmg__json_copy_deep(value));
    }
    return out;
}

static bool has_tag(const struct cmg__json *resource, const char *tag, const char *value)
{
    const struct cmg__json *tags = cmg__json_at(resource, "/tags");
    return tag == NULL ||
           cmg__sb_same(cmg__json_str(cmg__json_key(tags, tag), ""), value);
}

void cmg__sb_resource_list(struct cmg__sb_call *call, const char *prefix, const char *tag,
                           const char *value)
{
    struct cmg__json *list = cmg__json_array();
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *resource = NULL;
    while (
        cmg__json_next(cmg__sb_table(call->cloud, "resources"), &iter, &key, &resource)) {
        if (cmg__str_istarts(key, prefix) && has_tag(resource, tag, value))
            cmg__sb_append(call->cloud, list, summary(call, resource));
    }
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

/* ---- making ---- */

/* Space, type and name out of ".../providers/Space/type/name[/type/name]". */
struct parts {
    char space[96];
    char type[192]; /* "virtualNetworks" or "virtualNetworks/subnets" */
    char name[192];
};

static bool add_part(char *out, size_t cap, const char *text, size_t n)
{
    size_t len = strlen(out);
    if (n == 0 || len + n + 2 > cap)
        return false;
    if (len > 0)
        out[len++] = '/';
    memcpy(out + len, text, n);
    out[len + n] = '\0';
    return true;
}

static bool cut_id(const char *id, struct parts *out)
{
    static const char mark[] = "/providers/";
    const char *p = strstr(id, mark);
    *out = (struct parts){ .space = "" };
    if (p == NULL)
        return false;
    p += strlen(mark);
    size_t n = strcspn(p, "/");
    if (!add_part(out->space, sizeof out->space, p, n))
        return false;
    for (p += n; *p == '/'; p += n) {
        p++;
        n = strcspn(p, "/");
        if (!add_part(out->type, sizeof out->type, p, n) || p[n] != '/')
            return false;
        p += n + 1;
        n = strcspn(p, "/");
        if (!add_part(out->name, sizeof out->name, p, n))
            return false;
    }
    return out->name[0] != '\0';
}

static const struct cmg__sb_type *known_type(const struct parts *parts,
                                             struct cmg__sb_fault *fault)
{
    const struct cmg__sb_type *type = cmg__sb_type_find(parts->space, parts->type);
    if (type == NULL)
        cmg__sb_fault_set(fault, 400,
                          cmg__sb_type_find(parts->space, NULL) == NULL
                              ? "NoRegisteredProviderFound"
                              : "InvalidResourceType",
                          "The resource type '%s/%s' could not be found in this cloud.",
                          parts->space, parts->type);
    return type;
}

static bool may_put(struct cmg__sb_cloud *cloud, const struct cmg__sb_wish *wish,
                    const struct cmg__sb_type *type, struct cmg__sb_fault *fault)
{
    const struct cmg__json *group = cmg__sb_group_named(cloud, wish->group);
    const char *location = cmg__json_str(wish->body, "/location");
    if (group == NULL)
        cmg__sb_fault_set(fault, 404, "ResourceGroupNotFound",
                          "Resource group '%s' could not be found.", wish->group);
    else if (cmg__sb_group_is_going(group))
        cmg__sb_fault_set(fault, 409, "ResourceGroupBeingDeleted",
                          "The resource group '%s' is in deprovisioning state and cannot "
                          "perform this operation.",
                          wish->group);
    else if (location == NULL)
        cmg__sb_fault_set(fault, 400, "LocationRequired",
                          "The location property is required for this definition.");
    else if (cmg__sb_region(location) == NULL && !cmg__sb_same(location, "global"))
        cmg__sb_fault_set(fault, 400, "LocationNotAvailableForResourceType",
                          "The provided location '%s' is not available for resource type "
                          "'%s/%s'.",
                          location, type->space, type->name);
    else
        return cmg__sb_provider_is_ready(cloud, type->space, fault);
    return false;
}

/* By policies, and by the quota when it is a new one. */
static bool is_admitted(const struct cmg__sb_cloud *cloud,
                        const struct cmg__sb_wish *wish, const struct cmg__sb_type *type,
                        const struct cmg__json *old, struct cmg__sb_fault *fault)
{
    char name[256];
    const char *tail = strrchr(wish->id, '/');
    const char *region = cmg__json_str(wish->body, "/location");
    (void)snprintf(name, sizeof name, "%s/%s", type->space, type->name);
    return cmg__sb_policy_admits(cloud, name, tail == NULL ? wish->id : tail + 1,
                                 wish->body, fault) &&
           (old != NULL || cmg__sb_quota_admits(cloud, name, region, fault));
}

static struct cmg__json *compose(struct cmg__sb_cloud *cloud,
                                 const struct cmg__sb_wish *wish,
                                 const struct cmg__sb_type *type, const char *name,
                                 const char *state)
{
    static const char *const kept[] = {
        "tags", "sku", "kind", "zones", "identity", "plan"
    };
    const struct cmg__json *properties = cmg__json_key(wish->body, "properties");
    struct cmg__json *resource = cmg__json_pack(
        "{s:s, s:s, s:o, s:s, s:o}", "id", wish->id, "name", name, "type",
        cmg__sb_text(cloud, "%s/%s", type->space, type->name), "location",
        cmg__json_str(wish->body, "/location"), "properties",
        cmg__json_type(properties) == CMG__JSON_OBJECT ? cmg__json_copy_deep(properties)
                                                       : cmg__json_object());
    for (size_t i = 0; i < CMG__ARRAY_LEN(kept); i++) {
        const struct cmg__json *value = cmg__json_key(wish->body, kept[i]);
        if (value != NULL)
            cmg__sb_set(cloud, resource, kept[i], cmg__json_copy_deep(value));
    }
    cmg__sb_set_str(cloud, cmg__json_key(resource, "properties"), "provisioningState",
                    state);
    return resource;
}

struct cmg__json *cmg__sb_resource_put(struct cmg__sb_cloud *cloud,
                                       const struct cmg__sb_wish *wish, const char *state,
                                       bool *out_is_new, struct cmg__sb_fault *fault)
{
    struct parts parts;
    const struct cmg__sb_type *type = NULL;
    if (!cut_id(wish->id, &parts))
        cmg__sb_fault_set(fault, 400, "InvalidResourceName",
                          "The resource name is not valid.");
    else
        type = known_type(&parts, fault);
    if (type == NULL || !may_put(cloud, wish, type, fault))
        return NULL;
    const struct cmg__json *old = cmg__sb_resource(cloud, wish->id);
    if (!is_admitted(cloud, wish, type, old, fault))
        return NULL;
    if (out_is_new != NULL)
        *out_is_new = old == NULL;
    /* Names keep the case they were made with. */
    struct cmg__sb_wish as_made = *wish;
    as_made.id = cmg__str_or(cmg__json_str(old, "/id"), wish->id);
    struct cmg__json *resource =
        compose(cloud, &as_made, type,
                cmg__str_or(cmg__json_str(old, "/name"), parts.name), state);
    if (resource == NULL || !cmg__sb_resource_rules(cloud, resource, fault)) {
        cmg__json_unref(resource);
        return NULL;
    }
    char *key = cmg__sb_key(cloud, wish->id);
    if (key == NULL)
        cloud->oom = true;
    else
        cmg__sb_set(cloud, cmg__sb_table(cloud, "resources"), key,
                    cmg__json_ref(resource));
    cmg__free(cloud->alloc, key);
    cmg__json_unref(resource); /* the tree keeps it */
    return cmg__sb_resource(cloud, wish->id);
}

void cmg__sb_resource_remove(struct cmg__sb_cloud *cloud, const char *key)
{
    const struct cmg__json *resource = cmg__sb_find(cloud, "resources", key);
    if (cmg__sb_same(cmg__json_str(resource, "/type"), "Microsoft.KeyVault/vaults"))
        cmg__sb_vault_soft_delete(cloud, resource);
    if (cmg__sb_same(cmg__json_str(resource, "/type"), CMG__SB_STORAGE))
        cmg__sb_account_remove(cloud, cmg__json_str(resource, "/name"));
    cmg__sb_identity_remove(cloud, key);
    cmg__json_remove(cmg__sb_table(cloud, "resources"), key);
}

/* ---- the generic routes ---- */

/* The resource ID that the call's path names, in the path's own case; cmg__free. */
static char *id_of(struct cmg__sb_call *call)
{
    return cmg__format(
        call->cloud->alloc, "/subscriptions/%s/resourceGroups/%s/providers/%s/%s/%s",
        cmg__sb_fact(call->cloud, "subscription_id"), cmg__sb_arg(call, "group"),
        cmg__sb_arg(call, "space"), cmg__sb_arg(call, "type"), cmg__sb_arg(call, "name"));
}

struct cmg__json *cmg__sb_resource_of(struct cmg__sb_call *call, const char *type,
                                      const char *arg)
{
    const char *group = cmg__sb_arg(call, "group");
    const char *name = cmg__sb_arg(call, arg);
    char *id = cmg__format(
        call->cloud->alloc, "/subscriptions/%s/resourceGroups/%s/providers/%s/%s",
        cmg__sb_fact(call->cloud, "subscription_id"), group, type, name);
    struct cmg__json *resource = id == NULL ? NULL : cmg__sb_resource(call->cloud, id);
    cmg__free(call->cloud->alloc, id);
    if (resource == NULL && cmg__sb_group(call) != NULL)
        cmg__sb_refuse(
            call, 404, "ResourceNotFound",
            "The Resource '%s/%s' under resource group '%s' was not found. "
            "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
            type, name, group);
    return resource;
}

static struct cmg__json *find(struct cmg__sb_call *call)
{
    struct cmg__json *type = cmg__sb_text(
        call->cloud, "%s/%s", cmg__sb_arg(call, "space"), cmg__sb_arg(call, "type"));
    struct cmg__json *resource =
        cmg__sb_resource_of(call, cmg__str_or(cmg__json_str(type, ""), ""), "name");
    cmg__json_unref(type);
    return resource;
}

static void answer_put(struct cmg__sb_call *call, const struct cmg__json *resource,
                       bool is_new)
{
    char operation[CMG__GUID_SIZE];
    char *key = cmg__sb_key(call->cloud, cmg__json_str(resource, "/id"));
    cmg__sb_operation_start(call->cloud, "put", cmg__str_or(key, ""), operation);
    cmg__free(call->cloud->alloc, key);
    if (cmg__sb_same(cmg__json_str(resource, "/type"),
                     "Microsoft.Storage/storageAccounts") &&
        is_new) {
        cmg__sb_operation_heads(call, operation, false, true);
        cmg__sb_reply_empty(call, 202);
        return;
    }
    cmg__sb_operation_heads(call, operation, true, false);
    cmg__sb_reply(call, is_new ? 201 : 200, cmg__sb_resource_view(resource));
}

static void put_body(struct cmg__sb_call *call, const struct cmg__json *body)
{
    struct cmg__sb_fault fault = { .status = 500, .code = "InternalServerError" };
    bool is_new = false;
    char *id = id_of(call);
    const struct cmg__sb_wish wish = { .id = cmg__str_or(id, ""),
                                       .group = cmg__sb_arg(call, "group"),
                                       .body = body };
    const struct cmg__json *old = cmg__sb_resource(call->cloud, wish.id);
    if (cmg__sb_operation_admits(call, old, true)) {
        const struct cmg__json *resource = cmg__sb_resource_put(
            call->cloud, &wish, old == NULL ? "Creating" : "Updating", &is_new, &fault);
        if (resource == NULL)
            cmg__sb_refuse_fault(call, &fault);
        else
            answer_put(call, resource, is_new);
    }
    cmg__free(call->cloud->alloc, id);
}

static void put_resource(struct cmg__sb_call *call)
{
    if (cmg__json_type(call->body) == CMG__JSON_OBJECT)
        put_body(call, call->body);
    else
        cmg__sb_refuse(call, 400, "InvalidRequestContent",
                       "The request content was invalid and could not be deserialized.");
}

/* Merged member by member into what is there, then put. */
static void overlay(struct cmg__sb_cloud *cloud, struct cmg__json *into,
                    const struct cmg__json *from)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    while (cmg__json_next(from, &iter, &key, &value)) {
        struct cmg__json *old = cmg__json_key(into, key);
        if (cmg__json_type(value) == CMG__JSON_OBJECT &&
            cmg__json_type(old) == CMG__JSON_OBJECT && strcmp(key, "tags") != 0)
            overlay(cloud, old, value);
        else
            cmg__sb_set(cloud, into, key, cmg__json_copy_deep(value));
    }
}

static void patch_resource(struct cmg__sb_call *call)
{
    struct cmg__json *resource = find(call);
    if (resource == NULL)
        return;
    struct cmg__json *body = cmg__json_copy_deep(resource);
    overlay(call->cloud, body, call->body);
    put_body(call, body);
    cmg__json_unref(body);
}

/* User data is told to who asks for it by name. */
static void get_resource(struct cmg__sb_call *call)
{
    static const char profile[] = "/properties/virtualMachineProfile";
    const struct cmg__json *resource = find(call);
    if (resource == NULL)
        return;
    struct cmg__json *view = cmg__sb_resource_view(resource);
    const char *data = cmg__json_str(cmg__json_at(resource, profile), "/userData");
    if (data != NULL && cmg__sb_same(cmg__sb_query(call, "$expand"), "userData"))
        cmg__sb_set_str(call->cloud, cmg__json_at(view, profile), "userData", data);
    cmg__sb_reply(call, 200, view);
}

static void head_resource(struct cmg__sb_call *call)
{
    char *id = id_of(call);
    bool there = id != NULL && cmg__sb_resource(call->cloud, id) != NULL;
    cmg__free(call->cloud->alloc, id);
    cmg__sb_reply_empty(call, there ? 204 : 404);
}

static bool is_going(const struct cmg__json *resource)
{
    return cmg__sb_same(cmg__json_str(resource, "/properties/provisioningState"),
                        "Deleting");
}

static void delete_resource(struct cmg__sb_call *call)
{
    char operation[CMG__GUID_SIZE];
    char *id = id_of(call);
    struct cmg__json *resource = id == NULL ? NULL : cmg__sb_resource(call->cloud, id);
    const char *user = cmg__sb_resource_user(call->cloud, cmg__str_or(id, ""));
    char *key = cmg__sb_key(call->cloud, cmg__str_or(id, ""));
    if (resource == NULL) {
        cmg__sb_reply_empty(call, 204);
    } else if (user != NULL) {
        cmg__sb_refuse(call, 400, "InUseResourceCannotBeDeleted",
                       "Resource '%s' is in use by '%s' and cannot be deleted.", id,
                       user);
    } else if (is_going(resource) || cmg__sb_operation_admits(call, resource, true)) {
        cmg__sb_set_str(call->cloud, cmg__json_key(resource, "properties"),
                        "provisioningState", "Deleting");
        cmg__sb_operation_start(call->cloud, "delete", cmg__str_or(key, ""), operation);
        cmg__sb_operation_heads(call, operation, true, true);
        cmg__sb_reply_empty(call, 202);
    }
    cmg__free(call->cloud->alloc, key);
    cmg__free(call->cloud->alloc, id);
}

static void list_type(struct cmg__sb_call *call)
{
    struct cmg__json *list = cmg__json_array();
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *resource = NULL;
    char *prefix = cmg__format(
        call->cloud->alloc, "/subscriptions/%s/resourceGroups/%s/providers/%s/%s/",
        cmg__sb_fact(call->cloud, "subscription_id"), cmg__sb_arg(call, "group"),
        cmg__sb_arg(call, "space"), cmg__sb_arg(call, "type"));
    while (prefix != NULL && cmg__json_next(cmg__sb_table(call->cloud, "resources"),
                                            &iter, &key, &resource)) {
        if (cmg__str_istarts(key, prefix))
            cmg__sb_append(call->cloud, list, cmg__sb_resource_view(resource));
    }
    cmg__free(call->cloud->alloc, prefix);
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

#define GROUP    "/subscriptions/{sub}/resourceGroups/{group}"
#define TYPE     GROUP "/providers/{space}/{type}"
#define RESOURCE TYPE "/{name}"

static const struct cmg__sb_route routes[] = {
    { "PUT", RESOURCE, put_resource },       { "GET", RESOURCE, get_resource },
    { "HEAD", RESOURCE, head_resource },     { "PATCH", RESOURCE, patch_resource },
    { "DELETE", RESOURCE, delete_resource }, { "GET", TYPE, list_type },
};
const struct cmg__sb_routes cmg__sb_arm_resource_routes = { routes,
                                                            CMG__ARRAY_LEN(routes) };
