/*
 * What a caller may do in Graph, and how he learns it: permissions of the token,
 * directory roles of the person, the tenant's own rule for its users. Unless a setting
 * says otherwise the administrator may do everything.
 */
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/graph.h"
#include "sandbox/router.h"
#include "sandbox/setting.h"
#include "sandbox/token.h"
#include "sandbox/well_known.h"

#define NONE "none"

/* ---- directory roles ---- */

static const struct directory_role {
    const char *name;
    const char *template_id;
    const char *permits[3]; /* beside reading */
} roles[] = {
    { "Global Administrator", "62e90394-69f5-4237-9190-012177145e10", { "*" } },
    { "Privileged Role Administrator",
      "e8611ab8-c189-46e8-94e1-60213ab1f814",
      { "AppRoleAssignment.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All" } },
    { "Application Administrator",
      "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
      { "Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All" } },
    { "Cloud Application Administrator",
      "158c047a-c907-4556-b7ef-446551a6b5f7",
      { "Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All" } },
    { "Application Developer",
      "cf1c38e5-3621-4004-a7cb-879624dced7c",
      { "Application.ReadWrite.All" } },
};

static const struct directory_role *role_named(const char *name)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(roles); i++) {
        if (cmg__sb_same(roles[i].name, name))
            return &roles[i];
    }
    return NULL;
}

bool cmg__sb_directory_role_is_good(const char *value)
{
    return strcmp(value, NONE) == 0 || role_named(value) != NULL;
}

/* NULL: he has none. */
static const struct directory_role *role_of_person(const struct cmg__sb_cloud *cloud)
{
    const char *name = cmg__sb_setting(cloud, "person_role");

    return name == NULL ? &roles[0] : role_named(name);
}

static bool users_register(const struct cmg__sb_cloud *cloud)
{
    return strcmp(cmg__str_or(cmg__sb_setting(cloud, "user_registration"), "on"), "on") ==
           0;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text);
    const size_t m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Members of a tenant read it; what they may do besides comes from roles. */
static bool person_may(const struct cmg__sb_cloud *cloud, const char *permission)
{
    const struct directory_role *role = role_of_person(cloud);
    bool may =
        ends_with(permission, ".Read.All") ||
        (users_register(cloud) && strcmp(permission, "Application.ReadWrite.All") == 0);

    for (size_t i = 0; !may && role != NULL && i < CMG__ARRAY_LEN(role->permits); i++)
        may = role->permits[i] != NULL && (strcmp(role->permits[i], "*") == 0 ||
                                           strcmp(role->permits[i], permission) == 0);
    return may;
}

/* ---- permissions ---- */

static bool has_word(const char *words, const char *word)
{
    const size_t len = strlen(word);

    while (*words != '\0') {
        const size_t n = strcspn(words, " ");
        if (n == len && cmg__str_ieqn(words, word, n))
            return true;
        words += n + (words[n] == ' ');
    }
    return false;
}

bool cmg__sb_app_permissions_are_good(const char *value)
{
    if (strcmp(value, NONE) == 0)
        return true;
    while (*value != '\0') {
        const size_t n = strcspn(value, " ");
        if (!cmg__sb_is_graph_role(value, n))
            return false;
        value += n + (value[n] == ' ');
    }
    return true;
}

bool cmg__sb_app_is_limited(const struct cmg__sb_cloud *cloud)
{
    return cmg__sb_setting(cloud, "app_permissions") != NULL;
}

bool cmg__sb_app_has_permission(const struct cmg__sb_cloud *cloud, const char *permission)
{
    const char *words = cmg__sb_setting(cloud, "app_permissions");

    return words == NULL || has_word(words, permission);
}

static bool token_permits(const struct cmg__sb_call *call, const char *permission)
{
    const struct cmg__json *granted = cmg__json_key(call->caller.claims, "roles");
    const char *scopes = cmg__str_or(cmg__json_str(call->caller.claims, "/scp"), "");

    if (call->caller.is_user)
        return has_word(scopes, permission) && person_may(call->cloud, permission);
    for (size_t i = 0; i < cmg__json_size(granted); i++) {
        if (strcmp(cmg__str_or(cmg__json_str(cmg__json_item(granted, i), ""), ""),
                   permission) == 0)
            return true;
    }
    return false;
}

/* The administrator, and nobody has taken anything from him. */
static bool may_everything(const struct cmg__sb_call *call)
{
    if (!call->caller.is_admin)
        return false;
    if (call->caller.is_user)
        return cmg__sb_setting(call->cloud, "person_role") == NULL;
    return !cmg__sb_app_is_limited(call->cloud) ||
           cmg__sb_identity_is_machine(call->cloud, call->caller.client_id);
}

bool cmg__sb_graph_permits(struct cmg__sb_call *call, const char *const *permissions)
{
    if (may_everything(call))
        return true;
    for (size_t i = 0; permissions[i] != NULL; i++) {
        if (token_permits(call, permissions[i]))
            return true;
    }
    cmg__sb_refuse(call, 403, "Authorization_RequestDenied",
                   "Insufficient privileges to complete the operation.");
    return false;
}

/* ---- what Graph tells of it ---- */

static void reply_list(struct cmg__sb_call *call, const char *set, struct cmg__json *list)
{
    cmg__sb_reply(
        call, 200,
        cmg__json_pack("{s:o, s:o}", "@odata.context",
                       cmg__sb_text(call->cloud, "%s/v1.0/$metadata#%s", call->base, set),
                       "value", list));
}

static void get_my_roles(struct cmg__sb_call *call)
{
    const struct directory_role *role = role_of_person(call->cloud);
    struct cmg__json *list = cmg__json_array();

    if (!call->caller.is_user) {
        cmg__json_unref(list);
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "/me request is only valid with delegated authentication flow.");
        return;
    }
    if (role != NULL)
        cmg__sb_append(call->cloud, list,
                       cmg__json_pack("{s:s, s:s, s:s}", "id", role->template_id,
                                      "displayName", role->name, "roleTemplateId",
                                      role->template_id));
    reply_list(call, "directoryRoles", list);
}

/* No application has a directory role here. */
static void get_roles(struct cmg__sb_call *call)
{
    static const char *const readers[] = { "Application.Read.All",
                                           "Application.ReadWrite.All",
                                           "Directory.Read.All",
                                           "Directory.ReadWrite.All", NULL };
    const char *id = cmg__sb_arg(call, "id");

    if (!cmg__sb_graph_permits(call, readers))
        return;
    if (cmg__sb_find(call->cloud, "service_principals", id) == NULL)
        cmg__sb_graph_not_found(call, id);
    else
        reply_list(call, "directoryRoles", cmg__json_array());
}

static void get_policy(struct cmg__sb_call *call)
{
    static const char *const readers[] = { "Policy.Read.All", NULL };

    if (!call->caller.is_user && !cmg__sb_graph_permits(call, readers))
        return;
    cmg__sb_reply(
        call, 200,
        cmg__json_pack(
            "{s:o, s:s, s:{s:b}}", "@odata.context",
            cmg__sb_text(call->cloud,
                         "%s/v1.0/$metadata#policies/authorizationPolicy/$entity",
                         call->base),
            "id", "authorizationPolicy", "defaultUserRolePermissions",
            "allowedToCreateApps", (int)users_register(call->cloud)));
}

/* ---- the administrator's own assignments ---- */

static struct cmg__json *assignment(const struct cmg__json *who,
                                    const struct cmg__json *graph,
                                    const struct cmg__json *role)
{
    const char *id = cmg__json_str(role, "/id");

    return cmg__json_pack("{s:s?, s:n, s:s?, s:s?, s:s?, s:s, s:s?, s:s?}", "id", id,
                          "deletedDateTime", "appRoleId", id, "principalDisplayName",
                          cmg__json_str(who, "/displayName"), "principalId",
                          cmg__json_str(who, "/id"), "principalType", "ServicePrincipal",
                          "resourceDisplayName", cmg__json_str(graph, "/displayName"),
                          "resourceId", cmg__json_str(graph, "/id"));
}

bool cmg__sb_graph_own_assignments(struct cmg__sb_call *call, const struct cmg__json *who)
{
    const char *app_id = cmg__json_str(who, "/appId");
    const struct cmg__json *graph =
        cmg__sb_find_by(call->cloud, "service_principals", "appId", CMG__SB_GRAPH_APP_ID);
    const struct cmg__json *known = cmg__json_key(graph, "appRoles");
    const bool is_machine = cmg__sb_identity_is_machine(call->cloud, app_id);

    if (!is_machine && !cmg__sb_same(app_id, cmg__sb_fact(call->cloud, "client_id")))
        return false;
    struct cmg__json *list = cmg__json_array();
    for (size_t i = 0; i < cmg__json_size(known); i++) {
        const struct cmg__json *role = cmg__json_item(known, i);
        const char *value = cmg__str_or(cmg__json_str(role, "/value"), "");
        if (is_machine || cmg__sb_app_has_permission(call->cloud, value))
            cmg__sb_append(call->cloud, list, assignment(who, graph, role));
    }
    reply_list(call, "appRoleAssignments", list);
    return true;
}

static const struct cmg__sb_route routes[] = {
    { "GET", "/v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole", get_my_roles },
    { "GET",
      "/v1.0/servicePrincipals/{id}/transitiveMemberOf/microsoft.graph.directoryRole",
      get_roles },
    { "GET", "/v1.0/policies/authorizationPolicy", get_policy },
};
const struct cmg__sb_routes cmg__sb_graph_right_routes = { routes,
                                                           CMG__ARRAY_LEN(routes) };
