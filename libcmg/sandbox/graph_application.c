/*
 * Applications: create, upsert by uniqueName, read by three keys, list, change, soft
 * delete.
 */
#include <string.h>

#include "sandbox/graph.h"
#include "sandbox/router.h"
#include "sandbox/token.h"

#define TABLE "applications"

static const char *const write_roles[] = { "Application.ReadWrite.All",
                                           "Directory.ReadWrite.All", NULL };
static const char *const read_roles[] = { "Application.Read.All",
                                          "Application.ReadWrite.All",
                                          "Directory.Read.All", "Directory.ReadWrite.All",
                                          NULL };

/* What a fresh application has where the request says nothing. */
static const char blank_application[] =
    "{\"deletedDateTime\":null,\"uniqueName\":null,\"description\":null,"
    "\"displayName\":null,\"isFallbackPublicClient\":null,\"notes\":null,"
    "\"publisherDomain\":null,\"serviceManagementReference\":null,"
    "\"signInAudience\":\"AzureADandPersonalMicrosoftAccount\",\"identifierUris\":[],"
    "\"tags\":[],\"appRoles\":[],\"requiredResourceAccess\":[],\"keyCredentials\":[],"
    "\"passwordCredentials\":[],\"optionalClaims\":null,"
    "\"publicClient\":{\"redirectUris\":[]},\"spa\":{\"redirectUris\":[]},"
    "\"web\":{\"homePageUrl\":null,\"logoutUrl\":null,\"redirectUris\":[],"
    "\"implicitGrantSettings\":{\"enableAccessTokenIssuance\":false,"
    "\"enableIdTokenIssuance\":false}},"
    "\"api\":{\"acceptMappedClaims\":null,\"knownClientApplications\":[],"
    "\"requestedAccessTokenVersion\":null,\"oauth2PermissionScopes\":[],"
    "\"preAuthorizedApplications\":[]}}";

/* Members of complex properties are merged, everything else is replaced. */
static void merge(struct cmg__sb_cloud *cloud, struct cmg__json *into,
                  const struct cmg__json *from)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    while (cmg__json_next(from, &iter, &key, &value)) {
        struct cmg__json *old = cmg__json_key(into, key);
        if (cmg__json_type(value) == CMG__JSON_OBJECT &&
            cmg__json_type(old) == CMG__JSON_OBJECT)
            merge(cloud, old, value);
        else
            cmg__sb_set(cloud, into, key, cmg__json_copy_deep(value));
    }
}

static struct cmg__json *find(struct cmg__sb_call *call)
{
    struct cmg__json *entry = NULL;
    const char *id = cmg__sb_arg(call, "id");
    const char *app_id = cmg__sb_arg(call, "app_id");
    const char *name = cmg__sb_arg(call, "unique_name");
    if (id[0] != '\0')
        entry = cmg__sb_find(call->cloud, TABLE, id);
    else if (app_id[0] != '\0')
        entry = cmg__sb_find_by(call->cloud, TABLE, "appId", app_id);
    else
        entry = cmg__sb_find_by(call->cloud, TABLE, "uniqueName", name);
    if (entry == NULL)
        cmg__sb_graph_not_found(call, id[0] != '\0'       ? id
                                      : app_id[0] != '\0' ? app_id
                                                          : name);
    return entry;
}

static bool name_is_free(struct cmg__sb_call *call, const char *unique_name)
{
    if (unique_name == NULL ||
        (cmg__sb_find_by(call->cloud, TABLE, "uniqueName", unique_name) == NULL &&
         cmg__sb_find_by(call->cloud, "deleted", "uniqueName", unique_name) == NULL))
        return true;
    cmg__sb_refuse(call, 400, "Request_MultipleObjectsWithSameKeyValue",
                   "Another object with the same value for property uniqueName already "
                   "exists.");
    return false;
}

static void name_application(struct cmg__sb_call *call, struct cmg__json *app, bool v2)
{
    char id[CMG__GUID_SIZE], app_id[CMG__GUID_SIZE];
    struct cmg__sb_cloud *cloud = call->cloud;
    cmg__sb_guid(cloud, id);
    cmg__sb_guid(cloud, app_id);
    cmg__sb_set_str(cloud, app, "id", id);
    cmg__sb_set_str(cloud, app, "appId", app_id);
    cmg__sb_set_str(cloud, app, "publisherDomain", cmg__sb_fact(cloud, "domain"));
    cmg__sb_set(cloud, app, "createdDateTime", cmg__sb_time(call->now_ms));
    if (v2) /* what personal accounts need */
        cmg__sb_set_int(cloud, cmg__json_key(app, "api"), "requestedAccessTokenVersion",
                        2);
}

/* Makes an application of the body; unique_name overrides the body's. */
static void create(struct cmg__sb_call *call, const char *unique_name)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    struct cmg__json *body = cmg__sb_graph_body(call);
    struct cmg__json *app = NULL;
    if (body == NULL || !cmg__sb_graph_properties(call, CMG__SB_APPLICATION, body))
        return;
    if (cmg__str_is_empty(cmg__json_str(body, "/displayName"))) {
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "A value is required for property 'displayName' of resource "
                       "'Application'.");
        return;
    }
    if (unique_name == NULL)
        unique_name = cmg__json_str(body, "/uniqueName");
    if (!name_is_free(call, unique_name) ||
        cmg__json_parse(cloud->alloc, "application", blank_application,
                        sizeof blank_application - 1, &app, NULL) != CMG_OK)
        return;
    name_application(call, app, cmg__json_str(body, "/signInAudience") == NULL);
    merge(cloud, app, body);
    if (unique_name != NULL)
        cmg__sb_set_str(cloud, app, "uniqueName", unique_name);
    if (cmg__sb_graph_rules(call, NULL, app) &&
        cmg__sb_graph_key_credentials(call, NULL, app)) {
        const char *id = cmg__json_str(app, "/id");
        cmg__sb_graph_own(call, app);
        cmg__sb_head(call, "Content-Location", TABLE);
        cmg__sb_headf(call, "Location", "%s/v1.0/" TABLE "/%s", call->base, id);
        cmg__sb_graph_entity(call, 201, TABLE "/$entity", app);
        cmg__sb_set(cloud, cmg__sb_table(cloud, TABLE), id, cmg__json_ref(app));
    }
    cmg__json_unref(app);
}

static void change(struct cmg__sb_call *call, struct cmg__json *app)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    struct cmg__json *body = cmg__sb_graph_body(call);
    const char *unique = cmg__json_str(body, "/uniqueName");
    const char *has = cmg__json_str(app, "/uniqueName");
    if (body == NULL || !cmg__sb_graph_properties(call, CMG__SB_APPLICATION, body))
        return;
    if (unique != NULL && has != NULL && strcmp(unique, has) != 0) {
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "Property 'uniqueName' is read-only and cannot be set.");
        return;
    }
    struct cmg__json *after = cmg__json_copy_deep(app);
    merge(cloud, after, body);
    if (cmg__sb_graph_rules(call, app, after) &&
        cmg__sb_graph_key_credentials(call, app, after)) {
        const char *id = cmg__json_str(after, "/id");
        cmg__sb_set(cloud, cmg__sb_table(cloud, TABLE), id, cmg__json_ref(after));
        cmg__sb_graph_mirror(cloud, after);
        cmg__sb_reply_empty(call, 204);
    }
    cmg__json_unref(after);
}

static void post_application(struct cmg__sb_call *call)
{
    if (cmg__sb_graph_permits(call, write_roles))
        create(call, NULL);
}

static void patch_application(struct cmg__sb_call *call)
{
    struct cmg__json *app = NULL;
    if (cmg__sb_graph_permits(call, write_roles))
        app = find(call);
    if (app != NULL)
        change(call, app);
}

static void upsert_application(struct cmg__sb_call *call)
{
    const char *name = cmg__sb_arg(call, "unique_name");
    const char *prefer = cmg__str_or(cmg__sb_header(call, "Prefer"), "");
    if (!cmg__sb_graph_permits(call, write_roles))
        return;
    struct cmg__json *app = cmg__sb_find_by(call->cloud, TABLE, "uniqueName", name);
    if (app != NULL)
        change(call, app);
    else if (cmg__sb_same(prefer, "create-if-missing"))
        create(call, name);
    else
        cmg__sb_graph_not_found(call, name);
}

static void get_application(struct cmg__sb_call *call)
{
    struct cmg__json *app = NULL;
    if (cmg__sb_graph_permits(call, read_roles))
        app = find(call);
    if (app != NULL)
        cmg__sb_graph_entity(call, 200, TABLE "/$entity", app);
}

static void list_applications(struct cmg__sb_call *call)
{
    if (cmg__sb_graph_permits(call, read_roles))
        cmg__sb_graph_list(call, &(const struct cmg__sb_wanted){ .table = TABLE });
}

static void delete_application(struct cmg__sb_call *call)
{
    struct cmg__json *app = NULL;
    if (cmg__sb_graph_permits(call, write_roles))
        app = find(call);
    if (app == NULL)
        return;
    struct cmg__json *principal = cmg__sb_find_by(call->cloud, "service_principals",
                                                  "appId", cmg__json_str(app, "/appId"));
    if (principal != NULL)
        cmg__sb_graph_drop_principal(call, cmg__json_str(principal, "/id"));
    cmg__sb_graph_soft_delete(call, TABLE, cmg__json_str(app, "/id"),
                              "#microsoft.graph.application");
    cmg__sb_reply_empty(call, 204);
}

/* ---- secrets ---- */

static void add_password(struct cmg__sb_call *call)
{
    struct cmg__json *app = NULL;
    if (cmg__sb_graph_permits(call, write_roles))
        app = find(call);
    if (app != NULL)
        cmg__sb_graph_add_password(call, app);
}

static void remove_password(struct cmg__sb_call *call)
{
    struct cmg__json *app = NULL;
    if (cmg__sb_graph_permits(call, write_roles))
        app = find(call);
    if (app != NULL)
        cmg__sb_graph_remove_password(call, app);
}

#define BY_APP_ID "/v1.0/applications(appId='{app_id}')"
#define BY_NAME   "/v1.0/applications(uniqueName='{unique_name}')"

static const struct cmg__sb_route routes[] = {
    { "GET", "/v1.0/applications", list_applications },
    { "POST", "/v1.0/applications", post_application },
    { "PATCH", BY_NAME, upsert_application },
    { "GET", BY_NAME, get_application },
    { "DELETE", BY_NAME, delete_application },
    { "GET", BY_APP_ID, get_application },
    { "PATCH", BY_APP_ID, patch_application },
    { "DELETE", BY_APP_ID, delete_application },
    { "GET", "/v1.0/applications/{id}", get_application },
    { "PATCH", "/v1.0/applications/{id}", patch_application },
    { "DELETE", "/v1.0/applications/{id}", delete_application },
    { "POST", "/v1.0/applications/{id}/addPassword", add_password },
    { "POST", "/v1.0/applications/{id}/microsoft.graph.addPassword", add_password },
    { "POST", BY_APP_ID "/addPassword", add_password },
    { "POST", "/v1.0/applications/{id}/removePassword", remove_password },
    { "POST", "/v1.0/applications/{id}/microsoft.graph.removePassword", remove_password },
    { "POST", BY_APP_ID "/removePassword", remove_password },
};
const struct cmg__sb_routes cmg__sb_graph_application_routes = { routes,
                                                                 CMG__ARRAY_LEN(routes) };
