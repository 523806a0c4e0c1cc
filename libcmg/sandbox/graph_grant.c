/*
 * Consent: application permissions (appRoleAssignments, the same list seen from both
 * sides) and delegated permissions (oauth2PermissionGrants).
 */
#include <string.h>

#include "sandbox/graph.h"
#include "sandbox/router.h"
#include "sandbox/token.h"

static const char *const role_writers[] = { "AppRoleAssignment.ReadWrite.All", NULL };
static const char *const grant_writers[] = { "DelegatedPermissionGrant.ReadWrite.All",
                                             NULL };
static const char *const role_readers[] = { "Directory.Read.All",
                                            "Directory.ReadWrite.All",
                                            "Application.Read.All",
                                            "Application.ReadWrite.All", NULL };
static const char *const grant_readers[] = { "Directory.Read.All",
                                             "Directory.ReadWrite.All",
                                             "DelegatedPermissionGrant.ReadWrite.All",
                                             NULL };

static struct cmg__json *principal(struct cmg__sb_call *call, const char *id)
{
    return cmg__sb_find(call->cloud, "service_principals", id);
}

/* ---- application permissions ---- */

static const struct cmg__json *role_of(const struct cmg__json *resource, const char *id)
{
    const struct cmg__json *roles = cmg__json_key(resource, "appRoles");
    for (size_t i = 0; i < cmg__json_size(roles); i++) {
        const struct cmg__json *role = cmg__json_item(roles, i);
        if (cmg__sb_same(cmg__str_or(cmg__json_str(role, "/id"), ""), id))
            return role;
    }
    return NULL;
}

static bool is_assigned(const struct cmg__sb_cloud *cloud, const char *who,
                        const char *what, const char *role)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (
        cmg__json_next(cmg__sb_table(cloud, "role_assignments"), &iter, &key, &entry)) {
        if (cmg__sb_same(cmg__json_str(entry, "/principalId"), who) &&
            cmg__sb_same(cmg__json_str(entry, "/resourceId"), what) &&
            cmg__sb_same(cmg__json_str(entry, "/appRoleId"), role))
            return true;
    }
    return false;
}

/* A new assignment; the reference is the caller's. */
static struct cmg__json *make_assignment(struct cmg__sb_call *call,
                                         const struct cmg__json *who,
                                         const struct cmg__json *what, const char *role)
{
    char id[CMG__GUID_SIZE];
    cmg__sb_guid(call->cloud, id);
    struct cmg__json *entry = cmg__json_pack(
        "{s:s, s:n, s:s, s:o, s:s?, s:s, s:s, s:s?, s:s}", "id", id, "deletedDateTime",
        "appRoleId", role, "createdDateTime", cmg__sb_time(call->now_ms),
        "principalDisplayName", cmg__json_str(who, "/displayName"), "principalId",
        cmg__json_str(who, "/id"), "principalType", "ServicePrincipal",
        "resourceDisplayName", cmg__json_str(what, "/displayName"), "resourceId",
        cmg__json_str(what, "/id"));
    cmg__sb_set(call->cloud, cmg__sb_table(call->cloud, "role_assignments"), id,
                entry == NULL ? NULL : cmg__json_ref(entry));
    return entry;
}

static void store_assignment(struct cmg__sb_call *call, const struct cmg__json *who,
                             const struct cmg__json *what, const char *role)
{
    struct cmg__json *entry = make_assignment(call, who, what, role);
    cmg__sb_graph_entity(call, 201, "appRoleAssignments/$entity", entry);
    cmg__json_unref(entry);
}

bool cmg__sb_graph_consent_role(struct cmg__sb_call *call, const struct cmg__json *who,
                                const struct cmg__json *what, const char *role)
{
    if (role_of(what, role) == NULL)
        return false;
    if (!is_assigned(call->cloud, cmg__json_str(who, "/id"), cmg__json_str(what, "/id"),
                     role))
        cmg__json_unref(make_assignment(call, who, what, role));
    return true;
}

/* Graph has two answers for one thing; here the side that was asked decides. */
static void refuse_assigned(struct cmg__sb_call *call, bool by_resource)
{
    if (by_resource)
        cmg__sb_refuse(call, 409, "Request_MultipleObjectsWithSameKeyValue",
                       "EntitlementGrant entry already exists.");
    else
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "Permission being assigned already exists on the object");
}

static void post_assignment(struct cmg__sb_call *call)
{
    struct cmg__json *body = NULL;
    if (cmg__sb_graph_permits(call, role_writers))
        body = cmg__sb_graph_body(call);
    if (body == NULL)
        return;
    if (principal(call, cmg__sb_arg(call, "id")) == NULL) {
        cmg__sb_graph_not_found(call, cmg__sb_arg(call, "id"));
        return;
    }
    const char *who = cmg__json_str(body, "/principalId");
    const char *what = cmg__json_str(body, "/resourceId");
    const char *role = cmg__json_str(body, "/appRoleId");
    if (role == NULL || principal(call, who) == NULL || principal(call, what) == NULL)
        cmg__sb_refuse(call, 400, "Request_BadRequest", "Not a valid reference update.");
    else if (!cmg__sb_same(cmg__sb_arg(call, "id"), who) &&
             !cmg__sb_same(cmg__sb_arg(call, "id"), what))
        cmg__sb_refuse(call, 400, "Request_BadRequest", "Not a valid reference update.");
    else if (role_of(principal(call, what), role) == NULL)
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "Permission being assigned was not found on application '%s'.",
                       cmg__json_str(principal(call, what), "/appId"));
    else if (is_assigned(call->cloud, who, what, role))
        refuse_assigned(call, cmg__sb_same(cmg__sb_arg(call, "id"), what));
    else
        store_assignment(call, principal(call, who), principal(call, what), role);
}

static void list_assignments(struct cmg__sb_call *call, const char *side)
{
    const char *id = cmg__sb_arg(call, "id");
    if (!cmg__sb_graph_permits(call, role_readers))
        return;
    if (principal(call, id) == NULL)
        cmg__sb_graph_not_found(call, id);
    else
        cmg__sb_graph_list(
            call, &(const struct cmg__sb_wanted){ "role_assignments", side, id });
}

static void list_assigned(struct cmg__sb_call *call)
{
    const struct cmg__json *who = principal(call, cmg__sb_arg(call, "id"));
    if (!cmg__sb_graph_permits(call, role_readers) ||
        cmg__sb_graph_own_assignments(call, who))
        return;
    list_assignments(call, "principalId");
}

static void list_assigned_to(struct cmg__sb_call *call)
{
    list_assignments(call, "resourceId");
}

static void delete_from(struct cmg__sb_call *call, const char *table, const char *id)
{
    if (cmg__sb_find(call->cloud, table, id) == NULL) {
        cmg__sb_graph_not_found(call, id);
        return;
    }
    cmg__json_remove(cmg__sb_table(call->cloud, table), id);
    cmg__sb_reply_empty(call, 204);
}

static void delete_assignment(struct cmg__sb_call *call)
{
    if (cmg__sb_graph_permits(call, role_writers))
        delete_from(call, "role_assignments", cmg__sb_arg(call, "grant"));
}

/* ---- delegated permissions ---- */

static struct cmg__json *find_grant(const struct cmg__sb_cloud *cloud,
                                    const struct cmg__json *body)
{
    static const char *const same[] = { "/clientId", "/resourceId", "/consentType",
                                        "/principalId" };
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, "grants"), &iter, &key, &entry)) {
        size_t i = 0;
        while (i < CMG__ARRAY_LEN(same) &&
               cmg__sb_same(cmg__str_or(cmg__json_str(entry, same[i]), ""),
                            cmg__str_or(cmg__json_str(body, same[i]), "")))
            i++;
        if (i == CMG__ARRAY_LEN(same))
            return entry;
    }
    return NULL;
}

static bool check_grant(struct cmg__sb_call *call, const struct cmg__json *body)
{
    const char *type = cmg__str_or(cmg__json_str(body, "/consentType"), "");
    const char *who = cmg__json_str(body, "/principalId");
    bool all = strcmp(type, "AllPrincipals") == 0;
    if (principal(call, cmg__json_str(body, "/clientId")) == NULL ||
        principal(call, cmg__json_str(body, "/resourceId")) == NULL)
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "Invalid value specified: clientId and resourceId must be object "
                       "IDs of service principals.");
    else if ((!all && strcmp(type, "Principal") != 0) || all == (who != NULL))
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "Invalid value specified for property 'consentType' of resource "
                       "'OAuth2PermissionGrant'.");
    else if (cmg__json_str(body, "/scope") == NULL)
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "A value is required for property 'scope' of resource "
                       "'OAuth2PermissionGrant'.");
    else if (find_grant(call->cloud, body) != NULL)
        cmg__sb_refuse(call, 409, "Request_MultipleObjectsWithSameKeyValue",
                       "Permission entry already exists.");
    else
        return true;
    return false;
}

/* A new grant; the reference is the caller's. */
static struct cmg__json *make_grant(struct cmg__sb_cloud *cloud,
                                    const struct cmg__json *body)
{
    char id[CMG__GUID_SIZE];
    cmg__sb_guid(cloud, id);
    struct cmg__json *entry = cmg__json_pack(
        "{s:s, s:s, s:s, s:s?, s:s, s:s}", "id", id, "clientId",
        cmg__json_str(body, "/clientId"), "consentType",
        cmg__json_str(body, "/consentType"), "principalId",
        cmg__json_str(body, "/principalId"), "resourceId",
        cmg__json_str(body, "/resourceId"), "scope", cmg__json_str(body, "/scope"));
    cmg__sb_set(cloud, cmg__sb_table(cloud, "grants"), id,
                entry == NULL ? NULL : cmg__json_ref(entry));
    return entry;
}

static bool has_word(const char *words, const char *word)
{
    const size_t len = strlen(word);
    while (*words != '\0') {
        size_t n = strcspn(words, " ");
        if (n == len && strncmp(words, word, n) == 0)
            return true;
        words += n + (words[n] == ' ');
    }
    return false;
}

static const char *scope_of(const struct cmg__json *resource, const char *id)
{
    const struct cmg__json *scopes = cmg__json_key(resource, "oauth2PermissionScopes");
    for (size_t i = 0; i < cmg__json_size(scopes); i++) {
        const struct cmg__json *scope = cmg__json_item(scopes, i);
        if (cmg__sb_same(cmg__json_str(scope, "/id"), id))
            return cmg__json_str(scope, "/value");
    }
    return NULL;
}

bool cmg__sb_graph_consent_scope(struct cmg__sb_call *call, const struct cmg__json *who,
                                 const struct cmg__json *what, const char *scope_id)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    const char *scope = scope_of(what, scope_id);
    if (scope == NULL)
        return false;
    struct cmg__json *wanted = cmg__json_pack(
        "{s:s?, s:s?, s:s, s:s}", "clientId", cmg__json_str(who, "/id"), "resourceId",
        cmg__json_str(what, "/id"), "consentType", "AllPrincipals", "scope", scope);
    struct cmg__json *grant = find_grant(cloud, wanted);
    const char *has = cmg__str_or(cmg__json_str(grant, "/scope"), "");
    if (grant == NULL)
        cmg__json_unref(make_grant(cloud, wanted));
    else if (!has_word(has, scope))
        cmg__sb_set(cloud, grant, "scope", cmg__sb_text(cloud, "%s %s", has, scope));
    cmg__json_unref(wanted);
    return true;
}

static void post_grant(struct cmg__sb_call *call)
{
    struct cmg__json *body = NULL;
    if (cmg__sb_graph_permits(call, grant_writers))
        body = cmg__sb_graph_body(call);
    if (body == NULL || !cmg__sb_graph_properties(call, CMG__SB_GRANT, body) ||
        !check_grant(call, body))
        return;
    struct cmg__json *entry = make_grant(call->cloud, body);
    cmg__sb_graph_entity(call, 201, "oauth2PermissionGrants/$entity", entry);
    cmg__json_unref(entry);
}

static void list_grants(struct cmg__sb_call *call)
{
    if (cmg__sb_graph_permits(call, grant_readers))
        cmg__sb_graph_list(call, &(const struct cmg__sb_wanted){ .table = "grants" });
}

static void get_grant(struct cmg__sb_call *call)
{
    const char *id = cmg__sb_arg(call, "grant");
    struct cmg__json *entry = NULL;
    if (!cmg__sb_graph_permits(call, grant_readers))
        return;
    entry = cmg__sb_find(call->cloud, "grants", id);
    if (entry == NULL)
        cmg__sb_graph_not_found(call, id);
    else
        cmg__sb_graph_entity(call, 200, "oauth2PermissionGrants/$entity", entry);
}

static void patch_grant(struct cmg__sb_call *call)
{
    const char *id = cmg__sb_arg(call, "grant");
    struct cmg__json *body = NULL;
    if (cmg__sb_graph_permits(call, grant_writers))
        body = cmg__sb_graph_body(call);
    if (body == NULL || !cmg__sb_graph_properties(call, CMG__SB_GRANT, body))
        return;
    struct cmg__json *entry = cmg__sb_find(call->cloud, "grants", id);
    const char *scope = cmg__json_str(body, "/scope");
    if (entry == NULL) {
        cmg__sb_graph_not_found(call, id);
    } else if (scope == NULL || cmg__json_size(body) != 1) {
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "Only the property 'scope' can be changed.");
    } else {
        cmg__sb_set_str(call->cloud, entry, "scope", scope);
        cmg__sb_reply_empty(call, 204);
    }
}

static void delete_grant(struct cmg__sb_call *call)
{
    if (cmg__sb_graph_permits(call, grant_writers))
        delete_from(call, "grants", cmg__sb_arg(call, "grant"));
}

#define PRINCIPAL "/v1.0/servicePrincipals/{id}"

static const struct cmg__sb_route routes[] = {
    { "GET", PRINCIPAL "/appRoleAssignments", list_assigned },
    { "POST", PRINCIPAL "/appRoleAssignments", post_assignment },
    { "DELETE", PRINCIPAL "/appRoleAssignments/{grant}", delete_assignment },
    { "GET", PRINCIPAL "/appRoleAssignedTo", list_assigned_to },
    { "POST", PRINCIPAL "/appRoleAssignedTo", post_assignment },
    { "DELETE", PRINCIPAL "/appRoleAssignedTo/{grant}", delete_assignment },
    { "GET", "/v1.0/oauth2PermissionGrants", list_grants },
    { "POST", "/v1.0/oauth2PermissionGrants", post_grant },
    { "GET", "/v1.0/oauth2PermissionGrants/{grant}", get_grant },
    { "PATCH", "/v1.0/oauth2PermissionGrants/{grant}", patch_grant },
    { "DELETE", "/v1.0/oauth2PermissionGrants/{grant}", delete_grant },
};
const struct cmg__sb_routes cmg__sb_graph_grant_routes = { routes,
                                                           CMG__ARRAY_LEN(routes) };
