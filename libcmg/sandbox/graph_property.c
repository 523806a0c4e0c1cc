/*
 * What Graph lets a client write: the properties of each entity with their types and
 * lengths. What the values have to do with one another is in graph_rule.c.
 */
#include <string.h>

#include "sandbox/graph.h"

enum shape { TEXT, FLAG, NUMBER, TEXTS, OBJECTS, OBJECT };

struct property {
    enum cmg__sb_entity entity;
    const char *path; /* "web.redirectUris" */
    enum shape shape;
    size_t longest; /* of a text, or of each of several, in bytes; 0: not looked at */
};

static const struct property properties[] = {
    { CMG__SB_APPLICATION, "displayName", TEXT, 256 },
    { CMG__SB_APPLICATION, "uniqueName", TEXT, 256 },
    { CMG__SB_APPLICATION, "description", TEXT, 1024 },
    { CMG__SB_APPLICATION, "notes", TEXT, 1024 },
    { CMG__SB_APPLICATION, "serviceManagementReference", TEXT, 0 },
    { CMG__SB_APPLICATION, "groupMembershipClaims", TEXT, 0 },
    { CMG__SB_APPLICATION, "signInAudience", TEXT, 0 },
    { CMG__SB_APPLICATION, "isFallbackPublicClient", FLAG, 0 },
    { CMG__SB_APPLICATION, "isDeviceOnlyAuthSupported", FLAG, 0 },
    { CMG__SB_APPLICATION, "identifierUris", TEXTS, 255 },
    { CMG__SB_APPLICATION, "tags", TEXTS, 256 },
    { CMG__SB_APPLICATION, "appRoles", OBJECTS, 0 },
    { CMG__SB_APPLICATION, "appRoles.id", TEXT, 0 },
    { CMG__SB_APPLICATION, "appRoles.allowedMemberTypes", TEXTS, 0 },
    { CMG__SB_APPLICATION, "appRoles.description", TEXT, 1024 },
    { CMG__SB_APPLICATION, "appRoles.displayName", TEXT, 256 },
    { CMG__SB_APPLICATION, "appRoles.isEnabled", FLAG, 0 },
    { CMG__SB_APPLICATION, "appRoles.origin", TEXT, 0 },
    { CMG__SB_APPLICATION, "appRoles.value", TEXT, 120 },
    { CMG__SB_APPLICATION, "requiredResourceAccess", OBJECTS, 0 },
    { CMG__SB_APPLICATION, "requiredResourceAccess.resourceAppId", TEXT, 0 },
    { CMG__SB_APPLICATION, "requiredResourceAccess.resourceAccess", OBJECTS, 0 },
    { CMG__SB_APPLICATION, "requiredResourceAccess.resourceAccess.id", TEXT, 0 },
    { CMG__SB_APPLICATION, "requiredResourceAccess.resourceAccess.type", TEXT, 0 },
    { CMG__SB_APPLICATION, "keyCredentials", OBJECTS, 0 },
    { CMG__SB_APPLICATION, "keyCredentials.customKeyIdentifier", TEXT, 0 },
    { CMG__SB_APPLICATION, "keyCredentials.displayName", TEXT, 0 },
    { CMG__SB_APPLICATION, "keyCredentials.endDateTime", TEXT, 0 },
    { CMG__SB_APPLICATION, "keyCredentials.key", TEXT, 0 },
    { CMG__SB_APPLICATION, "keyCredentials.keyId", TEXT, 0 },
    { CMG__SB_APPLICATION, "keyCredentials.startDateTime", TEXT, 0 },
    { CMG__SB_APPLICATION, "keyCredentials.type", TEXT, 0 },
    { CMG__SB_APPLICATION, "keyCredentials.usage", TEXT, 0 },
    { CMG__SB_APPLICATION, "optionalClaims", OBJECT, 0 },
    { CMG__SB_APPLICATION, "optionalClaims.accessToken", OBJECTS, 0 },
    { CMG__SB_APPLICATION, "optionalClaims.accessToken.name", TEXT, 0 },
    { CMG__SB_APPLICATION, "optionalClaims.accessToken.source", TEXT, 0 },
    { CMG__SB_APPLICATION, "optionalClaims.accessToken.essential", FLAG, 0 },
    { CMG__SB_APPLICATION, "optionalClaims.accessToken.additionalProperties", TEXTS, 0 },
    { CMG__SB_APPLICATION, "optionalClaims.idToken", OBJECTS, 0 },
    { CMG__SB_APPLICATION, "optionalClaims.idToken.name", TEXT, 0 },
    { CMG__SB_APPLICATION, "optionalClaims.idToken.source", TEXT, 0 },
    { CMG__SB_APPLICATION, "optionalClaims.idToken.essential", FLAG, 0 },
    { CMG__SB_APPLICATION, "optionalClaims.idToken.additionalProperties", TEXTS, 0 },
    { CMG__SB_APPLICATION, "optionalClaims.saml2Token", OBJECTS, 0 },
    { CMG__SB_APPLICATION, "optionalClaims.saml2Token.name", TEXT, 0 },
    { CMG__SB_APPLICATION, "optionalClaims.saml2Token.source", TEXT, 0 },
    { CMG__SB_APPLICATION, "optionalClaims.saml2Token.essential", FLAG, 0 },
    { CMG__SB_APPLICATION, "optionalClaims.saml2Token.additionalProperties", TEXTS, 0 },
    { CMG__SB_APPLICATION, "publicClient", OBJECT, 0 },
    { CMG__SB_APPLICATION, "publicClient.redirectUris", TEXTS, 256 },
    { CMG__SB_APPLICATION, "spa", OBJECT, 0 },
    { CMG__SB_APPLICATION, "spa.redirectUris", TEXTS, 256 },
    { CMG__SB_APPLICATION, "web", OBJECT, 0 },
    { CMG__SB_APPLICATION, "web.homePageUrl", TEXT, 256 },
    { CMG__SB_APPLICATION, "web.logoutUrl", TEXT, 256 },
    { CMG__SB_APPLICATION, "web.redirectUris", TEXTS, 256 },
    { CMG__SB_APPLICATION, "web.redirectUriSettings", OBJECTS, 0 },
    { CMG__SB_APPLICATION, "web.redirectUriSettings.uri", TEXT, 0 },
    { CMG__SB_APPLICATION, "web.redirectUriSettings.index", NUMBER, 0 },
    { CMG__SB_APPLICATION, "web.implicitGrantSettings", OBJECT, 0 },
    { CMG__SB_APPLICATION, "web.implicitGrantSettings.enableIdTokenIssuance", FLAG, 0 },
    { CMG__SB_APPLICATION, "web.implicitGrantSettings.enableAccessTokenIssuance", FLAG,
      0 },
    { CMG__SB_APPLICATION, "api", OBJECT, 0 },
    { CMG__SB_APPLICATION, "api.acceptMappedClaims", FLAG, 0 },
    { CMG__SB_APPLICATION, "api.knownClientApplications", TEXTS, 0 },
    { CMG__SB_APPLICATION, "api.oauth2PermissionScopes", OBJECTS, 0 },
    { CMG__SB_APPLICATION, "api.oauth2PermissionScopes.id", TEXT, 0 },
    { CMG__SB_APPLICATION, "api.oauth2PermissionScopes.adminConsentDescription", TEXT,
      1024 },
    { CMG__SB_APPLICATION, "api.oauth2PermissionScopes.adminConsentDisplayName", TEXT,
      256 },
    { CMG__SB_APPLICATION, "api.oauth2PermissionScopes.isEnabled", FLAG, 0 },
    { CMG__SB_APPLICATION, "api.oauth2PermissionScopes.origin", TEXT, 0 },
    { CMG__SB_APPLICATION, "api.oauth2PermissionScopes.type", TEXT, 0 },
    { CMG__SB_APPLICATION, "api.oauth2PermissionScopes.userConsentDescription", TEXT,
      1024 },
    { CMG__SB_APPLICATION, "api.oauth2PermissionScopes.userConsentDisplayName", TEXT,
      256 },
    { CMG__SB_APPLICATION, "api.oauth2PermissionScopes.value", TEXT, 120 },
    { CMG__SB_APPLICATION, "api.preAuthorizedApplications", OBJECTS, 0 },
    { CMG__SB_APPLICATION, "api.preAuthorizedApplications.appId", TEXT, 0 },
    { CMG__SB_APPLICATION, "api.preAuthorizedApplications.delegatedPermissionIds", TEXTS,
      0 },
    { CMG__SB_APPLICATION, "api.requestedAccessTokenVersion", NUMBER, 0 },
    { CMG__SB_PRINCIPAL, "appId", TEXT, 0 },
    { CMG__SB_PRINCIPAL, "displayName", TEXT, 256 },
    { CMG__SB_PRINCIPAL, "notes", TEXT, 1024 },
    { CMG__SB_PRINCIPAL, "accountEnabled", FLAG, 0 },
    { CMG__SB_PRINCIPAL, "appRoleAssignmentRequired", FLAG, 0 },
    { CMG__SB_PRINCIPAL, "servicePrincipalType", TEXT, 0 },
    { CMG__SB_PRINCIPAL, "tags", TEXTS, 256 },
    { CMG__SB_GRANT, "clientId", TEXT, 0 },
    { CMG__SB_GRANT, "consentType", TEXT, 0 },
    { CMG__SB_GRANT, "principalId", TEXT, 0 },
    { CMG__SB_GRANT, "resourceId", TEXT, 0 },
    { CMG__SB_GRANT, "scope", TEXT, 0 },
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

static bool fits(const struct cmg__json *value, size_t longest)
{
    for (size_t i = 0; longest > 0 && i < cmg__json_size(value); i++) {
        if (!fits(cmg__json_item(value, i), longest))
            return false;
    }
    return longest == 0 || cmg__json_str_len(value) <= longest;
}

static bool refuse_value(struct cmg__sb_call *call, const struct property *row,
                         const char *key, const struct cmg__json *value)
{
    if (row == NULL)
        cmg__sb_refuse(call, 400, "Request_BadRequest", "Invalid property '%s'.", key);
    else if (!has_shape(value, row->shape))
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "A value of type '%s' is not allowed for property '%s'.",
                       cmg__json_type_name(value), row->path);
    else
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "The length of property '%s' exceeds its limit of %zu.", row->path,
                       row->longest);
    return false;
}

static bool check_object(struct cmg__sb_call *call, enum cmg__sb_entity kind,
                         const struct cmg__json *object, const char *prefix);

static bool check_inside(struct cmg__sb_call *call, const struct property *row,
                         const struct cmg__json *value)
{
    if (row->shape == OBJECT)
        return check_object(call, row->entity, value, row->path);
    for (size_t i = 0; row->shape == OBJECTS && i < cmg__json_size(value); i++) {
        if (!check_object(call, row->entity, cmg__json_item(value, i), row->path))
            return false;
    }
    return true;
}

static bool check_object(struct cmg__sb_call *call, enum cmg__sb_entity kind,
                         const struct cmg__json *object, const char *prefix)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    while (cmg__json_next(object, &iter, &key, &value)) {
        if (cmg__str_starts(key, "@odata."))
            continue;
        char *path = cmg__format(call->cloud->alloc, "%s%s%s", prefix,
                                 prefix[0] == '\0' ? "" : ".", key);
        const struct property *row = path == NULL ? NULL : find(kind, path);
        cmg__free(call->cloud->alloc, path);
        if (row == NULL || !has_shape(value, row->shape) || !fits(value, row->longest))
            return refuse_value(call, row, key, value);
        if (!check_inside(call, row, value))
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
    return check_audience(call, body);
}
