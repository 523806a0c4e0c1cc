/*
 * What Graph lets a client write: the properties of each entity with their types, the
 * rules for App ID URIs, the order in which scopes and roles may be removed.
 */
#include <string.h>

#include "sandbox/graph.h"

enum shape { TEXT, FLAG, NUMBER, TEXTS, OBJECTS, OBJECT };

struct property {
    enum cmg__sb_entity entity;
    const char *path; /* "web.redirectUris" */
    enum shape shape;
};

static const struct property properties[] = {
    { CMG__SB_APPLICATION, "displayName", TEXT },
    { CMG__SB_APPLICATION, "uniqueName", TEXT },
    { CMG__SB_APPLICATION, "description", TEXT },
    { CMG__SB_APPLICATION, "notes", TEXT },
    { CMG__SB_APPLICATION, "serviceManagementReference", TEXT },
    { CMG__SB_APPLICATION, "groupMembershipClaims", TEXT },
    { CMG__SB_APPLICATION, "signInAudience", TEXT },
    { CMG__SB_APPLICATION, "isFallbackPublicClient", FLAG },
    { CMG__SB_APPLICATION, "isDeviceOnlyAuthSupported", FLAG },
    { CMG__SB_APPLICATION, "identifierUris", TEXTS },
    { CMG__SB_APPLICATION, "tags", TEXTS },
    { CMG__SB_APPLICATION, "appRoles", OBJECTS },
    { CMG__SB_APPLICATION, "requiredResourceAccess", OBJECTS },
    { CMG__SB_APPLICATION, "keyCredentials", OBJECTS },
    { CMG__SB_APPLICATION, "optionalClaims", OBJECT },
    { CMG__SB_APPLICATION, "optionalClaims.accessToken", OBJECTS },
    { CMG__SB_APPLICATION, "optionalClaims.idToken", OBJECTS },
    { CMG__SB_APPLICATION, "optionalClaims.saml2Token", OBJECTS },
    { CMG__SB_APPLICATION, "publicClient", OBJECT },
    { CMG__SB_APPLICATION, "publicClient.redirectUris", TEXTS },
    { CMG__SB_APPLICATION, "spa", OBJECT },
    { CMG__SB_APPLICATION, "spa.redirectUris", TEXTS },
    { CMG__SB_APPLICATION, "web", OBJECT },
    { CMG__SB_APPLICATION, "web.homePageUrl", TEXT },
    { CMG__SB_APPLICATION, "web.logoutUrl", TEXT },
    { CMG__SB_APPLICATION, "web.redirectUris", TEXTS },
    { CMG__SB_APPLICATION, "web.redirectUriSettings", OBJECTS },
    { CMG__SB_APPLICATION, "web.implicitGrantSettings", OBJECT },
    { CMG__SB_APPLICATION, "web.implicitGrantSettings.enableIdTokenIssuance", FLAG },
    { CMG__SB_APPLICATION, "web.implicitGrantSettings.enableAccessTokenIssuance", FLAG },
    { CMG__SB_APPLICATION, "api", OBJECT },
    { CMG__SB_APPLICATION, "api.acceptMappedClaims", FLAG },
    { CMG__SB_APPLICATION, "api.knownClientApplications", TEXTS },
    { CMG__SB_APPLICATION, "api.oauth2PermissionScopes", OBJECTS },
    { CMG__SB_APPLICATION, "api.preAuthorizedApplications", OBJECTS },
    { CMG__SB_APPLICATION, "api.requestedAccessTokenVersion", NUMBER },
    { CMG__SB_PRINCIPAL, "appId", TEXT },
    { CMG__SB_PRINCIPAL, "displayName", TEXT },
    { CMG__SB_PRINCIPAL, "notes", TEXT },
    { CMG__SB_PRINCIPAL, "accountEnabled", FLAG },
    { CMG__SB_PRINCIPAL, "appRoleAssignmentRequired", FLAG },
    { CMG__SB_PRINCIPAL, "servicePrincipalType", TEXT },
    { CMG__SB_PRINCIPAL, "tags", TEXTS },
    { CMG__SB_GRANT, "clientId", TEXT },
    { CMG__SB_GRANT, "consentType", TEXT },
    { CMG__SB_GRANT, "principalId", TEXT },
    { CMG__SB_GRANT, "resourceId", TEXT },
    { CMG__SB_GRANT, "scope", TEXT },
};

static const struct property *find(enum cmg__sb_entity entity, const char *path)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(properties); i++) {
        if (properties[i].entity == entity && strcmp(properties[i].path, path) == 0)
            return &properties[i];
    }
    return NULL;
}

static bool items_are(const struct cmg__json *array, enum cmg__json_type type)
{
    if (cmg__json_type(array) != CMG__JSON_ARRAY)
        return false;
    for (size_t i = 0; i < cmg__json_size(array); i++) {
        if (cmg__json_type(cmg__json_item(array, i)) != type)
            return false;
    }
    return true;
}

static bool has_shape(const struct cmg__json *value, enum shape shape)
{
    enum cmg__json_type type = cmg__json_type(value);
    if (type == CMG__JSON_NULL)
        return shape == TEXT || shape == FLAG || shape == NUMBER || shape == OBJECT;
    switch (shape) {
    case TEXT:
        return type == CMG__JSON_STRING;
    case FLAG:
        return type == CMG__JSON_TRUE || type == CMG__JSON_FALSE;
    case NUMBER:
        return type == CMG__JSON_INTEGER;
    case TEXTS:
        return items_are(value, CMG__JSON_STRING);
    case OBJECTS:
        return items_are(value, CMG__JSON_OBJECT);
    case OBJECT:
        return type == CMG__JSON_OBJECT;
    }
    return false;
}

static bool check_object(struct cmg__sb_call *call, enum cmg__sb_entity kind,
                         const struct cmg__json *object, const char *prefix)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    while (cmg__json_next(object, &iter, &key, &value)) {
        char *path = cmg__format(call->cloud->alloc, "%s%s%s", prefix,
                                 prefix[0] == '\0' ? "" : ".", key);
        const struct property *row = path == NULL ? NULL : find(kind, path);
        bool good = row != NULL && has_shape(value, row->shape);
        if (row == NULL)
            cmg__sb_refuse(call, 400, "Request_BadRequest", "Invalid property '%s'.",
                           key);
        else if (!good)
            cmg__sb_refuse(call, 400, "Request_BadRequest",
                           "A value of type '%s' is not allowed for property '%s'.",
                           cmg__json_type_name(value), path);
        else if (row->shape == OBJECT)
            good = check_object(call, kind, value, path);
        cmg__free(call->cloud->alloc, path);
        if (!good)
            return false;
    }
    return true;
}

static bool check_audience(struct cmg__sb_call *call, const struct cmg__json *body)
{
    static const char *const known[] = { "AzureADMyOrg", "AzureADMultipleOrgs",
                                         "AzureADandPersonalMicrosoftAccount",
                                         "PersonalMicrosoftAccount" };
    const char *audience = cmg__json_str(body, "/signInAudience");
    for (size_t i = 0; audience != NULL && i < CMG__ARRAY_LEN(known); i++) {
        if (strcmp(known[i], audience) == 0)
            return true;
    }
    if (audience == NULL)
        return true;
    cmg__sb_refuse(call, 400, "Request_BadRequest",
                   "Invalid value specified for property 'signInAudience' of resource "
                   "'Application'.");
    return false;
}

static bool check_ids(struct cmg__sb_call *call, const struct cmg__json *list,
                      const char *what)
{
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const char *id = cmg__json_str(cmg__json_item(list, i), "/id");
        if (id == NULL || !cmg__guid_is_valid(id)) {
            cmg__sb_refuse(call, 400, "Request_BadRequest",
                           "Property %s has an entry without a valid id.", what);
            return false;
        }
    }
    return true;
}

bool cmg__sb_graph_properties(struct cmg__sb_call *call, enum cmg__sb_entity kind,
                              const struct cmg__json *body)
{
    int64_t version = cmg__json_int(body, "/api/requestedAccessTokenVersion", 1);
    if (!check_object(call, kind, body, ""))
        return false;
    if (kind != CMG__SB_APPLICATION)
        return true;
    if (version != 1 && version != 2) {
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "Invalid value specified for property "
                       "'requestedAccessTokenVersion' of resource 'ApiApplication'.");
        return false;
    }
    return check_audience(call, body) &&
           check_ids(call, cmg__json_at(body, "/api/oauth2PermissionScopes"),
                     "api.oauth2PermissionScopes") &&
           check_ids(call, cmg__json_key(body, "appRoles"), "appRoles");
}

/* ---- App ID URIs ---- */

static bool contains(const char *uri, const char *part)
{
    size_t n = strlen(part);
    for (; n > 0 && *uri != '\0'; uri++) {
        if (cmg__str_ieqn(uri, part, n))
            return true;
    }
    return false;
}

/* Tenant ID, app ID, or a verified domain as host or its parent. */
static bool uri_is_ours(const struct cmg__sb_call *call, const char *uri,
                        const char *app_id)
{
    const char *domain = cmg__sb_fact(call->cloud, "domain");
    if (cmg__str_istarts(uri, "api://"))
        return contains(uri, app_id) ||
               contains(uri, cmg__sb_fact(call->cloud, "tenant_id"));
    if (!cmg__str_istarts(uri, "https://"))
        return false;
    const char *host = uri + strlen("https://");
    size_t n = strcspn(host, "/:");
    size_t d = strlen(domain);
    return n >= d && cmg__str_ieqn(host + n - d, domain, d) &&
           (n == d || host[n - d - 1] == '.');
}

static bool table_has_uri(const struct cmg__sb_cloud *cloud, const char *table,
                          const char *uri, const char *except_id)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, table), &iter, &key, &entry)) {
        const struct cmg__json *uris = cmg__json_key(entry, "identifierUris");
        for (size_t i = 0; i < cmg__json_size(uris); i++) {
            const char *text = cmg__json_str(cmg__json_item(uris, i), "");
            if (!cmg__sb_same(key, except_id) && cmg__sb_same(text, uri))
                return true;
        }
    }
    return false;
}

static bool check_uri(struct cmg__sb_call *call, const struct cmg__json *application,
                      const char *uri)
{
    const char *id = cmg__str_or(cmg__json_str(application, "/id"), "");
    const char *app_id = cmg__str_or(cmg__json_str(application, "/appId"), "");
    bool v2 = cmg__json_int(application, "/api/requestedAccessTokenVersion", 1) == 2;
    size_t n = strlen(uri);
    if (n == 0 || n > 255 || uri[n - 1] == '/' || strstr(uri, "://") == NULL) {
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "Invalid value specified for property 'identifierUris' of "
                       "resource 'Application'.");
        return false;
    }
    if (!v2 && !uri_is_ours(call, uri, app_id)) {
        cmg__sb_refuse(call, 400, "HostNameNotOnVerifiedDomain",
                       "Failed to add identifier URI %s. All newly added URIs must "
                       "contain a tenant verified domain, tenant ID, or app ID, as per "
                       "the default tenant policy of your organization.",
                       uri);
        return false;
    }
    if (table_has_uri(call->cloud, "applications", uri, id) ||
        table_has_uri(call->cloud, "deleted", uri, id)) {
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "Another object with the same value for property identifierUris "
                       "already exists.");
        cmg__sb_set(call->cloud, cmg__json_at(call->reply, "/error"), "details",
                    cmg__json_pack("[{s:s, s:s, s:s}]", "code", "ObjectConflict",
                                   "target", "identifierUris", "message",
                                   "Another object with the same value for property "
                                   "identifierUris already exists."));
        return false;
    }
    return true;
}

bool cmg__sb_graph_identifier_uris(struct cmg__sb_call *call,
                                   const struct cmg__json *application)
{
    const struct cmg__json *uris = cmg__json_key(application, "identifierUris");
    for (size_t i = 0; i < cmg__json_size(uris); i++) {
        if (!check_uri(call, application, cmg__json_str(cmg__json_item(uris, i), "")))
            return false;
    }
    return true;
}

/* ---- scopes and roles ---- */

static bool list_has(const struct cmg__json *list, const char *id)
{
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const char *other = cmg__json_str(cmg__json_item(list, i), "/id");
        if (other != NULL && cmg__sb_same(other, id))
            return true;
    }
    return false;
}

bool cmg__sb_graph_entitlements(struct cmg__sb_call *call, const struct cmg__json *before,
                                const struct cmg__json *after)
{
    static const char *const lists[] = { "/api/oauth2PermissionScopes", "/appRoles" };
    for (size_t k = 0; k < CMG__ARRAY_LEN(lists); k++) {
        const struct cmg__json *old = cmg__json_at(before, lists[k]);
        for (size_t i = 0; i < cmg__json_size(old); i++) {
            const struct cmg__json *entry = cmg__json_item(old, i);
            const char *id = cmg__str_or(cmg__json_str(entry, "/id"), "");
            if (!cmg__json_bool(entry, "/isEnabled", true) ||
                list_has(cmg__json_at(after, lists[k]), id))
                continue;
            cmg__sb_refuse(call, 400, "CannotDeleteOrUpdateEnabledEntitlement",
                           "Property %s cannot be deleted or updated unless it is "
                           "disabled first.",
                           lists[k] + 1);
            return false;
        }
    }
    return true;
}
