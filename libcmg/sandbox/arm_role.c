/*
 * Role definitions and assignments, and what the caller is permitted.
 */
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/role.h"
#include "sandbox/router.h"
#include "sandbox/setting.h"

#define AUTHORIZATION "/providers/Microsoft.Authorization/"
#define ASSIGNMENTS   AUTHORIZATION "roleAssignments"

/* ---- definitions ---- */

static struct cmg__json *texts(const char *const *items, size_t max)
{
    struct cmg__json *list = cmg__json_array();
    for (size_t i = 0; i < max && items[i] != NULL && list != NULL; i++) {
        if (cmg__json_append(list, cmg__json_string(items[i])) != CMG_OK)
            cmg__json_clear(&list);
    }
    return list;
}

static struct cmg__json *permission_of(const struct cmg__sb_role *role)
{
    return cmg__json_pack(
        "{s:o, s:o, s:o, s:[]}", "actions",
        texts(role->actions, CMG__ARRAY_LEN(role->actions)), "notActions",
        texts(role->not_actions, CMG__ARRAY_LEN(role->not_actions)), "dataActions",
        texts(role->data_actions, CMG__ARRAY_LEN(role->data_actions)), "notDataActions");
}

static struct cmg__json *definition_id(struct cmg__sb_call *call,
                                       const struct cmg__sb_role *role)
{
    return cmg__sb_text(call->cloud,
                        "/subscriptions/%s" AUTHORIZATION "roleDefinitions/%s",
                        cmg__sb_fact(call->cloud, "subscription_id"), role->id);
}

static struct cmg__json *definition(struct cmg__sb_call *call,
                                    const struct cmg__sb_role *role)
{
    return cmg__json_pack("{s:o, s:s, s:s, s:{s:s, s:s, s:s, s:[s], s:[o]}}", "id",
                          definition_id(call, role), "name", role->id, "type",
                          "Microsoft.Authorization/roleDefinitions", "properties",
                          "roleName", role->name, "type", "BuiltInRole", "description",
                          role->name, "assignableScopes", "/", "permissions",
                          permission_of(role));
}

static void get_definition(struct cmg__sb_call *call)
{
    const struct cmg__sb_role *role = cmg__sb_role_find(cmg__sb_arg(call, "role"));
    if (role != NULL)
        cmg__sb_reply(call, 200, definition(call, role));
    else
        cmg__sb_refuse(call, 404, "RoleDefinitionDoesNotExist",
                       "The specified role definition with ID '%s' does not exist.",
                       cmg__sb_arg(call, "role"));
}

/* The filter that clients use is "roleName eq 'X'". */
static void list_definitions(struct cmg__sb_call *call)
{
    static const char wanted[] = "roleName eq '";
    const char *filter = cmg__str_or(cmg__sb_query(call, "$filter"), "");
    const char *name = cmg__str_istarts(filter, wanted) ? filter + strlen(wanted) : NULL;
    size_t n = name == NULL ? 0 : strcspn(name, "'");
    struct cmg__json *list = cmg__json_array();
    for (size_t i = 0; i < cmg__sb_role_count; i++) {
        const char *own = cmg__sb_roles[i].name;
        if (name == NULL || (strlen(own) == n && cmg__str_ieqn(own, name, n)))
            cmg__sb_append(call->cloud, list, definition(call, &cmg__sb_roles[i]));
    }
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

/* ---- assignments ---- */

bool cmg__sb_principal_exists(const struct cmg__sb_cloud *cloud, const char *object_id)
{
    int64_t made_s = 0;
    const struct cmg__json *principal =
        cmg__sb_find_by(cloud, "service_principals", "id", object_id);
    /* It tells no time of creation itself; its application does. */
    const char *made = cmg__json_str(cmg__sb_find_by(cloud, "applications", "appId",
                                                     cmg__json_str(principal, "/appId")),
                                     "/createdDateTime");
    if (cmg__sb_same(object_id, cmg__sb_fact(cloud, "admin_object_id")) ||
        cmg__sb_same(object_id, cmg__sb_fact(cloud, "client_object_id")))
        return true;
    if (principal == NULL)
        return false;
    if (made == NULL || !cmg__time_parse(made, &made_s))
        return true;
    return cmg__sb_now_ms(cloud) >=
           made_s * 1000 + cmg__sb_setting_int(cloud, 0, "delay/principal");
}

static bool is_same_triple(const struct cmg__json *a, const char *principal,
                           const struct cmg__sb_role *role, const char *scope)
{
    return cmg__sb_same(cmg__json_str(a, "/properties/principalId"), principal) &&
           cmg__sb_same(cmg__json_str(a, "/properties/scope"), scope) &&
           cmg__sb_role_find(cmg__json_str(a, "/properties/roleDefinitionId")) == role;
}

static const struct cmg__json *find_triple(const struct cmg__sb_cloud *cloud,
                                           const char *principal,
                                           const struct cmg__sb_role *role,
                                           const char *scope)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, "arm_roles"), &iter, &key, &entry)) {
        if (is_same_triple(entry, principal, role, scope))
            return entry;
    }
    return NULL;
}

bool cmg__sb_role_assign(struct cmg__sb_cloud *cloud,
                         const struct cmg__sb_assignment *wish, bool *out_is_new,
                         struct cmg__sb_fault *fault)
{
    const struct cmg__sb_role *role = cmg__sb_role_find(wish->role);
    char *key = cmg__sb_key(cloud, wish->id);
    const struct cmg__json *own = cmg__sb_find(cloud, "arm_roles", key);
    const char *name = strrchr(wish->id, '/');
    bool good = false;
    if (name == NULL || !cmg__guid_is_valid(name + 1))
        cmg__sb_fault_set(fault, 400, "InvalidRoleAssignmentId",
                          "The role assignment ID '%s' is not valid. The role assignment "
                          "ID must be a GUID.",
                          name == NULL ? "" : name + 1);
    else if (role == NULL)
        cmg__sb_fault_set(fault, 400, "RoleDefinitionDoesNotExist",
                          "The specified role definition '%s' does not exist.",
                          cmg__str_or(wish->role, ""));
    else if (!cmg__sb_principal_exists(cloud, wish->principal))
        cmg__sb_fault_set(fault, 400, "PrincipalNotFound",
                          "Principal %s does not exist in the directory %s. Check that "
                          "you have the correct principal ID. If you are creating this "
                          "principal and then immediately assigning a role, this error "
                          "might be related to a replication delay.",
                          cmg__str_or(wish->principal, ""),
                          cmg__sb_fact(cloud, "tenant_id"));
    else if (own != NULL && !is_same_triple(own, wish->principal, role, wish->scope))
        cmg__sb_fault_set(fault, 400, "RoleAssignmentUpdateNotPermitted",
                          "Tenant ID, application ID, principal ID, and scope are not "
                          "allowed to be updated.");
    else if (own == NULL &&
             find_triple(cloud, wish->principal, role, wish->scope) != NULL)
        cmg__sb_fault_set(fault, 409, "RoleAssignmentExists",
                          "The role assignment already exists.");
    else
        good = true;
    if (good && own == NULL && key != NULL)
        cmg__sb_set(
            cloud, cmg__sb_table(cloud, "arm_roles"), key,
            cmg__json_pack(
                "{s:s, s:s, s:s, s:{s:o, s:s, s:s, s:s, s:o, s:o}, s:I}", "id", wish->id,
                "name", name + 1, "type", "Microsoft.Authorization/roleAssignments",
                "properties", "roleDefinitionId",
                cmg__sb_text(cloud,
                             "/subscriptions/%s" AUTHORIZATION "roleDefinitions/%s",
                             cmg__sb_fact(cloud, "subscription_id"), role->id),
                "principalId", wish->principal, "principalType",
                cmg__str_or(wish->principal_type, "ServicePrincipal"), "scope",
                wish->scope, "createdOn", cmg__sb_time(cmg__sb_now_ms(cloud)),
                "updatedOn", cmg__sb_time(cmg__sb_now_ms(cloud)), "_effective_ms",
                cmg__sb_now_ms(cloud) + cmg__sb_setting_int(cloud, 0, "delay/role")));
    *out_is_new = own == NULL;
    cmg__free(cloud->alloc, key);
    return good;
}

static struct cmg__json *lookup(struct cmg__sb_call *call)
{
    char *key = cmg__sb_key(call->cloud, call->path);
    struct cmg__json *found = cmg__sb_find(call->cloud, "arm_roles", key);
    cmg__free(call->cloud->alloc, key);
    return found;
}

static void put_assignment(struct cmg__sb_call *call)
{
    struct cmg__sb_fault fault = { .status = 500, .code = "InternalServerError" };
    bool is_new = false;
    const struct cmg__json *properties = cmg__json_key(call->body, "properties");
    struct cmg__json *scope = cmg__sb_scope_of(call, ASSIGNMENTS);
    const struct cmg__sb_assignment wish = {
        .id = call->path,
        .scope = cmg__str_or(cmg__json_str(scope, ""), "/"),
        .role = cmg__json_str(properties, "/roleDefinitionId"),
        .principal = cmg__json_str(properties, "/principalId"),
        .principal_type = cmg__json_str(properties, "/principalType"),
    };
    if (cmg__sb_role_assign(call->cloud, &wish, &is_new, &fault))
        cmg__sb_reply(call, is_new ? 201 : 200, cmg__sb_public(lookup(call)));
    else
        cmg__sb_refuse_fault(call, &fault);
    cmg__json_unref(scope);
}

static void get_assignment(struct cmg__sb_call *call)
{
    const struct cmg__json *assignment = lookup(call);
    if (assignment != NULL)
        cmg__sb_reply(call, 200, cmg__sb_public(assignment));
    else
        cmg__sb_refuse(call, 404, "RoleAssignmentNotFound",
                       "The role assignment '%s' is not found.",
                       cmg__sb_arg(call, "assignment"));
}

static void delete_assignment(struct cmg__sb_call *call)
{
    char *key = cmg__sb_key(call->cloud, call->path);
    struct cmg__json *assignment = lookup(call);
    if (assignment == NULL) {
        cmg__sb_reply_empty(call, 204);
    } else if (key != NULL) {
        cmg__sb_reply(call, 200, cmg__sb_public(assignment));
        cmg__json_remove(cmg__sb_table(call->cloud, "arm_roles"), key);
    }
    cmg__free(call->cloud->alloc, key);
}

/* Without a filter: on the scope, above and below; atScope() leaves those below out. */
static bool is_listed(const struct cmg__json *assignment, const char *at,
                      const char *filter)
{
    const char *scope = cmg__str_or(cmg__json_str(assignment, "/properties/scope"), "/");
    const char *principal =
        cmg__str_or(cmg__json_str(assignment, "/properties/principalId"), "");
    const char *quote = strchr(filter, '\'');
    bool near = cmg__str_istarts(at, scope) ||
                (strstr(filter, "atScope()") == NULL && cmg__str_istarts(scope, at));
    return near && (quote == NULL || cmg__str_istarts(quote + 1, principal));
}

static void list_assignments(struct cmg__sb_call *call)
{
    struct cmg__json *list = cmg__json_array();
    struct cmg__json *scope = cmg__sb_scope_of(call, ASSIGNMENTS);
    const char *filter = cmg__str_or(cmg__sb_query(call, "$filter"), "");
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(cmg__sb_table(call->cloud, "arm_roles"), &iter, &key, &entry)) {
        if (is_listed(entry, cmg__str_or(cmg__json_str(scope, ""), "/"), filter))
            cmg__sb_append(call->cloud, list, cmg__sb_public(entry));
    }
    cmg__json_unref(scope);
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

/* ---- permissions of the caller ---- */

static void list_permissions(struct cmg__sb_call *call)
{
    struct cmg__json *list = cmg__json_array();
    const char *reduced = cmg__sb_setting(call->cloud, "admin_role");
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    if (call->caller.is_admin)
        cmg__sb_append(call->cloud, list,
                       permission_of(cmg__sb_role_find(cmg__str_or(reduced, "Owner"))));
    while (cmg__json_next(cmg__sb_table(call->cloud, "arm_roles"), &iter, &key, &entry)) {
        const struct cmg__sb_role *role =
            cmg__sb_role_find(cmg__json_str(entry, "/properties/roleDefinitionId"));
        if (role != NULL &&
            cmg__sb_same(cmg__json_str(entry, "/properties/principalId"),
                         call->caller.object_id) &&
            cmg__json_int(entry, "/_effective_ms", 0) <= call->now_ms &&
            cmg__str_istarts(call->path,
                             cmg__str_or(cmg__json_str(entry, "/properties/scope"), "/")))
            cmg__sb_append(call->cloud, list, permission_of(role));
    }
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

#define SUB      "/subscriptions/{sub}"
#define GROUP    SUB "/resourceGroups/{group}"
#define RESOURCE GROUP "/providers/{space}/{type}/{name}"
#define ROWS(scope)                                                                      \
    { "PUT", scope ASSIGNMENTS "/{assignment}", put_assignment },                        \
        { "GET", scope ASSIGNMENTS "/{assignment}", get_assignment },                    \
        { "DELETE", scope ASSIGNMENTS "/{assignment}", delete_assignment },              \
        { "GET", scope ASSIGNMENTS, list_assignments },                                  \
        { "GET", scope AUTHORIZATION "roleDefinitions", list_definitions },              \
        { "GET", scope AUTHORIZATION "roleDefinitions/{role}", get_definition },         \
    {                                                                                    \
        "GET", scope AUTHORIZATION "permissions", list_permissions                       \
    }

static const struct cmg__sb_route routes[] = { ROWS(SUB), ROWS(GROUP), ROWS(RESOURCE) };
const struct cmg__sb_routes cmg__sb_arm_role_routes = { routes, CMG__ARRAY_LEN(routes) };
