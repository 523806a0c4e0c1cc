/*
 * Service principals: made for an application of the tenant (never by themselves), read,
 * deleted with everything granted to or on them.
 */
#include <string.h>

#include "sandbox/graph.h"
#include "sandbox/router.h"
#include "sandbox/token.h"

#define TABLE "service_principals"
#define SEEN  "servicePrincipals"

static const char *const write_roles[] = { "Application.ReadWrite.All",
                                           "Directory.ReadWrite.All", NULL };
static const char *const read_roles[] = { "Application.Read.All",
                                          "Application.ReadWrite.All",
                                          "Directory.Read.All", "Directory.ReadWrite.All",
                                          NULL };

static struct cmg__json *find(struct cmg__sb_call *call)
{
    const char *id = cmg__sb_arg(call, "id");
    const char *app_id = cmg__sb_arg(call, "app_id");
    struct cmg__json *entry = id[0] != '\0'
                                  ? cmg__sb_find(call->cloud, TABLE, id)
                                  : cmg__sb_find_by(call->cloud, TABLE, "appId", app_id);
    if (entry == NULL)
        cmg__sb_graph_not_found(call, id[0] != '\0' ? id : app_id);
    return entry;
}

static void copy_member(struct cmg__sb_cloud *cloud, struct cmg__json *to,
                        const char *name, const struct cmg__json *value)
{
    cmg__sb_set(cloud, to, name,
                value == NULL ? cmg__json_array() : cmg__json_copy_deep(value));
}

static void mirror(struct cmg__sb_cloud *cloud, struct cmg__json *principal,
                   const struct cmg__json *app)
{
    copy_member(cloud, principal, "appRoles", cmg__json_key(app, "appRoles"));
    copy_member(cloud, principal, "oauth2PermissionScopes",
                cmg__json_at(app, "/api/oauth2PermissionScopes"));
    struct cmg__json *names = cmg__json_copy_deep(cmg__json_key(app, "identifierUris"));
    cmg__sb_append(cloud, names, cmg__json_string(cmg__json_str(app, "/appId")));
    cmg__sb_set(cloud, principal, "servicePrincipalNames", names);
    cmg__sb_set_str(cloud, principal, "appDisplayName",
                    cmg__json_str(app, "/displayName"));
    cmg__sb_set_str(cloud, principal, "displayName", cmg__json_str(app, "/displayName"));
}

void cmg__sb_graph_mirror(struct cmg__sb_cloud *cloud,
                          const struct cmg__json *application)
{
    struct cmg__json *principal =
        cmg__sb_find_by(cloud, TABLE, "appId", cmg__json_str(application, "/appId"));
    if (principal != NULL)
        mirror(cloud, principal, application);
}

static void create(struct cmg__sb_call *call, const char *app_id)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    char id[CMG__GUID_SIZE];
    struct cmg__json *app = cmg__sb_find_by(cloud, "applications", "appId", app_id);
    if (app == NULL) {
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "The appId '%s' of the service principal does not reference a "
                       "valid application object.",
                       app_id);
        return;
    }
    cmg__sb_guid(cloud, id);
    struct cmg__json *principal =
        cmg__json_pack("{s:s, s:n, s:s, s:s, s:b, s:b, s:s, s:s, s:[], s:[], s:[]}", "id",
                       id, "deletedDateTime", "appId", cmg__json_str(app, "/appId"),
                       "appOwnerOrganizationId", cmg__sb_fact(cloud, "tenant_id"),
                       "accountEnabled", 1, "appRoleAssignmentRequired", 0,
                       "servicePrincipalType", "Application", "signInAudience",
                       cmg__str_or(cmg__json_str(app, "/signInAudience"), "AzureADMyOrg"),
                       "tags", "passwordCredentials", "keyCredentials");
    mirror(cloud, principal, app);
    cmg__sb_graph_own(call, principal);
    cmg__sb_set(cloud, cmg__sb_table(cloud, TABLE), id,
                principal == NULL ? NULL : cmg__json_ref(principal));
    cmg__sb_headf(call, "Location", "%s/v1.0/" SEEN "/%s", call->base, id);
    cmg__sb_graph_entity(call, 201, SEEN "/$entity", principal);
    cmg__json_unref(principal);
}

static void change(struct cmg__sb_call *call, struct cmg__json *principal)
{
    struct cmg__json *body = cmg__sb_graph_body(call);
    if (body == NULL || !cmg__sb_graph_properties(call, CMG__SB_PRINCIPAL, body))
        return;
    const char *app_id = cmg__json_str(body, "/appId");
    if (app_id != NULL && !cmg__sb_same(app_id, cmg__json_str(principal, "/appId"))) {
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "Property 'appId' is read-only and cannot be set.");
        return;
    }
    cmg__json_remove(body, "displayName"); /* the application's decides */
    if (cmg__json_merge(principal, body) != CMG_OK)
        call->cloud->oom = true;
    cmg__sb_reply_empty(call, 204);
}

static void post_principal(struct cmg__sb_call *call)
{
    struct cmg__json *body = NULL;
    if (cmg__sb_graph_permits(call, write_roles))
        body = cmg__sb_graph_body(call);
    if (body == NULL || !cmg__sb_graph_properties(call, CMG__SB_PRINCIPAL, body))
        return;
    const char *app_id = cmg__json_str(body, "/appId");
    if (app_id == NULL)
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "A value is required for property 'appId' of resource "
                       "'ServicePrincipal'.");
    else if (cmg__sb_find_by(call->cloud, TABLE, "appId", app_id) != NULL)
        cmg__sb_refuse(call, 409, "Request_MultipleObjectsWithSameKeyValue",
                       "The service principal cannot be created, updated, or restored "
                       "because the service principal name %s is already in use.",
                       app_id);
    else
        create(call, app_id);
}

static void upsert_principal(struct cmg__sb_call *call)
{
    const char *app_id = cmg__sb_arg(call, "app_id");
    const char *prefer = cmg__str_or(cmg__sb_header(call, "Prefer"), "");
    if (!cmg__sb_graph_permits(call, write_roles))
        return;
    struct cmg__json *entry = cmg__sb_find_by(call->cloud, TABLE, "appId", app_id);
    if (entry != NULL)
        change(call, entry);
    else if (!cmg__sb_same(prefer, "create-if-missing"))
        cmg__sb_graph_not_found(call, app_id);
    else if (call->body == NULL ||
             cmg__sb_graph_properties(call, CMG__SB_PRINCIPAL, call->body))
        create(call, app_id);
}

static void patch_principal(struct cmg__sb_call *call)
{
    struct cmg__json *entry = NULL;
    if (cmg__sb_graph_permits(call, write_roles))
        entry = find(call);
    if (entry != NULL)
        change(call, entry);
}

static void get_principal(struct cmg__sb_call *call)
{
    struct cmg__json *entry = NULL;
    if (cmg__sb_graph_permits(call, read_roles))
        entry = find(call);
    if (entry != NULL)
        cmg__sb_graph_entity(call, 200, SEEN "/$entity", entry);
}

static void list_principals(struct cmg__sb_call *call)
{
    if (cmg__sb_graph_permits(call, read_roles))
        cmg__sb_graph_list(call, &(const struct cmg__sb_wanted){ .table = TABLE });
}

/* ---- secrets ---- */

/* Of the tenant's own; a stranger's principal is administered elsewhere. */
static struct cmg__json *find_own(struct cmg__sb_call *call)
{
    struct cmg__json *entry = NULL;
    if (cmg__sb_graph_permits(call, write_roles))
        entry = find(call);
    if (entry == NULL || cmg__sb_same(cmg__json_str(entry, "/appOwnerOrganizationId"),
                                      cmg__sb_fact(call->cloud, "tenant_id")))
        return entry;
    cmg__sb_refuse(call, 403, "Authorization_RequestDenied",
                   "The service principal belongs to another organization.");
    return NULL;
}

static void add_password(struct cmg__sb_call *call)
{
    struct cmg__json *entry = find_own(call);
    if (entry != NULL)
        cmg__sb_graph_add_password(call, entry);
}

static void remove_password(struct cmg__sb_call *call)
{
    struct cmg__json *entry = find_own(call);
    if (entry != NULL)
        cmg__sb_graph_remove_password(call, entry);
}

/* ---- deletion ---- */

static bool mentions(const struct cmg__json *entry, const char *id)
{
    static const char *const members[] = { "/clientId", "/principalId", "/resourceId" };
    for (size_t i = 0; i < CMG__ARRAY_LEN(members); i++) {
        const char *text = cmg__json_str(entry, members[i]);
        if (text != NULL && cmg__sb_same(text, id))
            return true;
    }
    return false;
}

static void drop_mentions(struct cmg__sb_cloud *cloud, const char *table, const char *id)
{
    bool again = true;
    while (again) { /* removing ends an iteration */
        void *iter = NULL;
        const char *key = NULL;
        struct cmg__json *entry = NULL;
        again = false;
        while (!again &&
               cmg__json_next(cmg__sb_table(cloud, table), &iter, &key, &entry)) {
            again = mentions(entry, id);
            if (again)
                cmg__json_remove(cmg__sb_table(cloud, table), key);
        }
    }
}

void cmg__sb_graph_soft_delete(struct cmg__sb_call *call, const char *table,
                               const char *id, const char *type)
{
    char key[CMG__GUID_SIZE];
    struct cmg__json *entry = cmg__sb_find(call->cloud, table, id);
    if (entry == NULL || strlen(id) >= sizeof key)
        return;
    memcpy(key, id, strlen(id) + 1); /* id may be the entry's own text */
    cmg__sb_set(call->cloud, entry, "deletedDateTime", cmg__sb_time(call->now_ms));
    cmg__sb_set_str(call->cloud, entry, "@odata.type", type);
    cmg__sb_set(call->cloud, cmg__sb_table(call->cloud, "deleted"), key,
                cmg__json_ref(entry));
    cmg__json_remove(cmg__sb_table(call->cloud, table), key);
}

void cmg__sb_graph_drop_principal(struct cmg__sb_call *call, const char *id)
{
    drop_mentions(call->cloud, "role_assignments", id);
    drop_mentions(call->cloud, "grants", id);
    cmg__sb_graph_soft_delete(call, TABLE, id, "#microsoft.graph.servicePrincipal");
}

static void delete_principal(struct cmg__sb_call *call)
{
    struct cmg__json *entry = find_own(call);
    if (entry == NULL)
        return;
    cmg__sb_graph_drop_principal(call, cmg__json_str(entry, "/id"));
    cmg__sb_reply_empty(call, 204);
}

#define BY_APP_ID "/v1.0/servicePrincipals(appId='{app_id}')"

static const struct cmg__sb_route routes[] = {
    { "GET", "/v1.0/servicePrincipals", list_principals },
    { "POST", "/v1.0/servicePrincipals", post_principal },
    { "PATCH", BY_APP_ID, upsert_principal },
    { "GET", BY_APP_ID, get_principal },
    { "DELETE", BY_APP_ID, delete_principal },
    { "GET", "/v1.0/servicePrincipals/{id}", get_principal },
    { "PATCH", "/v1.0/servicePrincipals/{id}", patch_principal },
    { "DELETE", "/v1.0/servicePrincipals/{id}", delete_principal },
    { "POST", "/v1.0/servicePrincipals/{id}/addPassword", add_password },
    { "POST", BY_APP_ID "/addPassword", add_password },
    { "POST", "/v1.0/servicePrincipals/{id}/removePassword", remove_password },
    { "POST", BY_APP_ID "/removePassword", remove_password },
};
const struct cmg__sb_routes cmg__sb_graph_principal_routes = { routes,
                                                               CMG__ARRAY_LEN(routes) };
