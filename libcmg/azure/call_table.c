/*
 * Every call the library makes to Entra ID, Microsoft Graph, Resource Manager and Key
 * Vault, one row each, in the order of enum cmg__call_id. Paths are literal but for the
 * arguments in braces; an argument between quotes is an OData literal. What a request
 * carries besides is in call_build.c. A delete names 404 among its successes: what is
 * gone need not be deleted. A device code and a token may be asked for again without harm
 * (an unused code ends by itself), hence their class is that of a read.
 */
#include "azure/call.h"

/* api-versions: stable, described by published specifications, kept for years. */
#define RESOURCES_VERSION     "2024-03-01"
#define COMPUTE_VERSION       "2024-03-01"
#define NETWORK_VERSION       "2024-01-01"
#define STORAGE_VERSION       "2023-05-01"
#define VAULT_VERSION         "2023-07-01"
#define AUTHORIZATION_VERSION "2022-04-01"
#define LOCKS_VERSION         "2020-05-01"
#define SIZES_VERSION         "2021-07-01"
#define IDENTITY_VERSION      "2018-02-01"
#define METRICS_VERSION       "2024-02-01"

#define IN_SUBSCRIPTION "/subscriptions/{subscription}"
#define GROUP           IN_SUBSCRIPTION "/resourceGroups/{group}"
#define VAULT           GROUP "/providers/Microsoft.KeyVault/vaults/{vault}"
#define PERMISSIONS_OF  "/providers/Microsoft.Authorization/permissions"
#define DELETED_VAULT                                                                    \
    IN_SUBSCRIPTION "/providers/Microsoft.KeyVault/locations/{region}/deletedVaults/"    \
                    "{vault}"
#define STORAGE      GROUP "/providers/Microsoft.Storage/storageAccounts/{account}"
#define ASSIGNMENT   "/providers/Microsoft.Authorization/roleAssignments/{assignment}"
#define BLOB_VERSION "2021-12-02"
#define DEPLOYMENT   GROUP "/providers/Microsoft.Resources/deployments/{deployment}"
#define SCALE_SET    GROUP "/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"
#define METRICS                                                                          \
    "/providers/Microsoft.Insights/metrics?metricnames={metric}&timespan={timespan}"     \
    "&interval=PT1H&aggregation="

/* Named fields only: the full objects are large (Graph's own principal: 280 kB). */
#define APP_FIELDS                                                                       \
    "id,appId,displayName,uniqueName,createdDateTime,signInAudience,identifierUris,api," \
    "appRoles,"                                                                          \
    "requiredResourceAccess,passwordCredentials,publicClient,isFallbackPublicClient,"    \
    "web,tags"
#define DELETED            "/v1.0/directory/deletedItems"
#define DELETED_APP_FIELDS "id,appId,displayName,uniqueName,tags,deletedDateTime"
#define SP_FIELDS          "id,appId,displayName,accountEnabled,appRoles,oauth2PermissionScopes"
#define DIRECTORY_ROLES                                                                  \
    "/transitiveMemberOf/microsoft.graph.directoryRole?$select=id,displayName,"          \
    "roleTemplateId"
#define USER_FIELDS                                                                      \
    "id,userPrincipalName,displayName,accountEnabled,onPremisesSecurityIdentifier,"      \
    "onPremisesSamAccountName,onPremisesDomainName,mail"
#define GROUP_FIELDS "id,displayName,securityEnabled,onPremisesSecurityIdentifier,members"

/* One row: identifier, name, method, path, perhaps api-version, retry class, statuses
   that mean success. */
#define CALL(ID, NAME, SERVICE, METHOD, PATH, VERSION, PREFER, RETRY, ...)               \
    [CMG__CALL_##ID] = { .id = CMG__CALL_##ID,                                           \
                         .name = NAME,                                                   \
                         .service = CMG__SERVICE_##SERVICE,                              \
                         .method = METHOD,                                               \
                         .path = PATH,                                                   \
                         .api_version = VERSION,                                         \
                         .prefer = PREFER,                                               \
                         .retry = CMG__CLASS_##RETRY,                                    \
                         .ok = { __VA_ARGS__ } }
#define LOGIN(ID, NAME, METHOD, PATH, RETRY, ...)                                        \
    CALL(ID, NAME, LOGIN, METHOD, PATH, NULL, NULL, RETRY, __VA_ARGS__)
#define GRAPH(ID, NAME, METHOD, PATH, RETRY, ...)                                        \
    CALL(ID, NAME, GRAPH, METHOD, PATH, NULL, NULL, RETRY, __VA_ARGS__)
#define UPSERT(ID, NAME, PATH, ...)                                                      \
    CALL(ID, NAME, GRAPH, "PATCH", PATH, NULL, "create-if-missing", NAMED, __VA_ARGS__)
#define ARM(ID, NAME, METHOD, PATH, VERSION, RETRY, ...)                                 \
    CALL(ID, NAME, ARM, METHOD, PATH, VERSION, NULL, RETRY, __VA_ARGS__)
#define VAULT_DATA(ID, NAME, METHOD, PATH, RETRY, ...)                                   \
    CALL(ID, NAME, VAULT, METHOD, PATH, "7.5", NULL, RETRY, __VA_ARGS__)
#define BLOB(ID, NAME, METHOD, RETRY, ...)                                               \
    CALL(ID, NAME, BLOB, METHOD, "/{container}/{blob}", BLOB_VERSION, NULL, RETRY,       \
         __VA_ARGS__)
#define URL(ID, NAME, METHOD, PATH, RETRY, ...)                                          \
    CALL(ID, NAME, URL, METHOD, PATH, NULL, NULL, RETRY, __VA_ARGS__)

static const struct cmg__call calls[CMG__CALL_COUNT] = {
    LOGIN(TOKEN_SECRET, "login.token.secret", "POST", "/{tenant}/oauth2/v2.0/token", READ,
          200),
    LOGIN(DEVICE_CODE, "login.device_code", "POST", "/{tenant}/oauth2/v2.0/devicecode",
          READ, 200),
    LOGIN(TOKEN_DEVICE, "login.token.device", "POST", "/{tenant}/oauth2/v2.0/token", READ,
          200),
    LOGIN(TOKEN_REFRESH, "login.token.refresh", "POST", "/{tenant}/oauth2/v2.0/token",
          READ, 200),
    LOGIN(TOKEN_ASSERTION, "login.token.assertion", "POST", "/{tenant}/oauth2/v2.0/token",
          READ, 200),
    LOGIN(TOKEN_CODE, "login.token.code", "POST", "/{tenant}/oauth2/v2.0/token", READ,
          200),
    LOGIN(AUTHORIZE, "login.authorize", "GET",
          "/{tenant}/oauth2/v2.0/authorize?client_id={client_id}&response_type=code"
          "&redirect_uri={redirect_uri}&response_mode=query&scope={scope}&state={state}"
          "&nonce={nonce}&code_challenge={code_challenge}&code_challenge_method=S256"
          "&prompt=select_account",
          READ, 302),
    CALL(TOKEN_IDENTITY, "identity.token", IDENTITY, "GET",
         "/metadata/identity/oauth2/token?resource={resource}", IDENTITY_VERSION, NULL,
         READ, 200),
    LOGIN(OPENID_CONFIG, "login.openid_config", "GET",
          "/{tenant}/v2.0/.well-known/openid-configuration", READ, 200),
    LOGIN(ADMIN_CONSENT, "login.admin_consent", "GET", "/{tenant}/v2.0/adminconsent",
          READ, 302),
    URL(JWKS, "login.jwks", "GET", NULL, READ, 200),
    GRAPH(ORGANIZATION, "graph.organization", "GET",
          "/v1.0/organization?$select=id,displayName,verifiedDomains", READ, 200),
    GRAPH(ME, "graph.me", "GET", "/v1.0/me?$select=id,userPrincipalName", READ, 200),
    GRAPH(MY_ROLES, "graph.me.roles", "GET", "/v1.0/me" DIRECTORY_ROLES, READ, 200),
    GRAPH(USER_POLICY, "graph.user_policy", "GET",
          "/v1.0/policies/authorizationPolicy?$select=defaultUserRolePermissions", READ,
          200),
    UPSERT(APP_UPSERT, "graph.app.upsert",
           "/v1.0/applications(uniqueName='{unique_name}')", 201, 204, 200),
    GRAPH(APP_BY_NAME, "graph.app.by_name", "GET",
          "/v1.0/applications(uniqueName='{unique_name}')?$select=" APP_FIELDS, READ,
          200),
    GRAPH(APP_BY_APP_ID, "graph.app.by_app_id", "GET",
          "/v1.0/applications(appId='{app_id}')?$select=" APP_FIELDS, READ, 200),
    GRAPH(
        APPS_BY_TAG, "graph.app.by_tag", "GET",
        "/v1.0/applications?$filter=tags/any(t:t%20eq%20'{app_tag}')&$select=" APP_FIELDS,
        READ, 200),
    GRAPH(APPS_BY_URI, "graph.app.by_uri", "GET",
          "/v1.0/applications?$filter=identifierUris/any(u:u%20eq%20'{id_uri}')&$select="
          "id,appId,displayName",
          READ, 200),
    GRAPH(APP_CREATE, "graph.app.create", "POST", "/v1.0/applications", LOOK_FIRST, 201),
    GRAPH(APP_GET, "graph.app.get", "GET",
          "/v1.0/applications/{object_id}?$select=" APP_FIELDS, READ, 200),
    GRAPH(APP_PATCH, "graph.app.patch", "PATCH", "/v1.0/applications/{object_id}", NAMED,
          204, 200),
    GRAPH(APP_ADD_PASSWORD, "graph.app.add_password", "POST",
          "/v1.0/applications/{object_id}/addPassword", ONCE, 200),
    GRAPH(APP_REMOVE_PASSWORD, "graph.app.remove_password", "POST",
          "/v1.0/applications/{object_id}/removePassword", NAMED, 204),
    GRAPH(APP_DELETE, "graph.app.delete", "DELETE", "/v1.0/applications/{object_id}",
          NAMED, 204, 404),
    UPSERT(SP_UPSERT, "graph.sp.upsert", "/v1.0/servicePrincipals(appId='{app_id}')", 201,
           204, 200),
    GRAPH(SP_CREATE, "graph.sp.create", "POST", "/v1.0/servicePrincipals", LOOK_FIRST,
          201),
    GRAPH(SP_PATCH, "graph.sp.patch", "PATCH", "/v1.0/servicePrincipals/{object_id}",
          NAMED, 204, 200),
    GRAPH(SP_BY_APP_ID, "graph.sp.by_app_id", "GET",
          "/v1.0/servicePrincipals(appId='{app_id}')?$select=" SP_FIELDS, READ, 200),
    GRAPH(SP_DELETE, "graph.sp.delete", "DELETE", "/v1.0/servicePrincipals/{object_id}",
          NAMED, 204, 404),
    GRAPH(SP_ROLES, "graph.sp.roles", "GET",
          "/v1.0/servicePrincipals/{sp_id}" DIRECTORY_ROLES, READ, 200),
    GRAPH(ROLE_GRANTS, "graph.role_grant.list", "GET",
          "/v1.0/servicePrincipals/{sp_id}/appRoleAssignments", READ, 200),
    GRAPH(ROLE_GRANT, "graph.role_grant.add", "POST",
          "/v1.0/servicePrincipals/{resource_sp_id}/appRoleAssignedTo", LOOK_FIRST, 201,
          200),
    GRAPH(SCOPE_GRANTS, "graph.scope_grant.list", "GET",
          "/v1.0/"
          "oauth2PermissionGrants?$filter=clientId%20eq%20'{sp_id}'%20and%20consentType%"
          "20eq%20'AllPrincipals'",
          READ, 200),
    GRAPH(SCOPE_GRANT, "graph.scope_grant.add", "POST", "/v1.0/oauth2PermissionGrants",
          LOOK_FIRST, 201, 200),
    GRAPH(SCOPE_PATCH, "graph.scope_grant.patch", "PATCH",
          "/v1.0/oauth2PermissionGrants/{grant_id}", NAMED, 204, 200),
    GRAPH(DELETED_GET, "graph.deleted.get", "GET",
          "/v1.0/directory/deletedItems/{object_id}", READ, 200),
    GRAPH(DELETED_PURGE, "graph.deleted.purge", "DELETE",
          "/v1.0/directory/deletedItems/{object_id}", NAMED, 204, 404),
    GRAPH(DELETED_RESTORE, "graph.deleted.restore", "POST",
          DELETED "/{object_id}/restore", NAMED, 200, 204),
    GRAPH(DELETED_APPS_NAMED, "graph.deleted.apps_named", "GET",
          DELETED "/microsoft.graph.application?$filter=displayName%20eq%20"
                  "'{display_name}'&$top=999&$select=" DELETED_APP_FIELDS,
          READ, 200),
    GRAPH(DELETED_APPS_GIVEN, "graph.deleted.apps_given", "GET",
          DELETED "/microsoft.graph.application?$filter=appId%20eq%20'{app_id}'"
                  "&$select=" DELETED_APP_FIELDS,
          READ, 200),
    GRAPH(DELETED_PRINCIPALS, "graph.deleted.principals", "GET",
          DELETED "/microsoft.graph.servicePrincipal?$filter=appId%20eq%20'{app_id}'"
                  "&$select=id,appId,deletedDateTime",
          READ, 200),
    GRAPH(USERS_DELTA, "graph.users.delta", "GET",
          "/v1.0/users/delta?$select=" USER_FIELDS, READ, 200),
    GRAPH(GROUPS_DELTA, "graph.groups.delta", "GET",
          "/v1.0/groups/delta?$select=" GROUP_FIELDS, READ, 200),
    GRAPH(GROUPS_CHOSEN, "graph.groups.delta.chosen", "GET",
          "/v1.0/groups/delta?$select=" GROUP_FIELDS "&$filter={filter}", READ, 200),
    URL(DELTA_PAGE, "graph.delta.page", "GET", NULL, READ, 200),
    ARM(SUBSCRIPTION, "arm.subscription", "GET", IN_SUBSCRIPTION, "2022-12-01", READ,
        200),
    ARM(LOCATIONS, "arm.locations", "GET", IN_SUBSCRIPTION "/locations", "2022-12-01",
        READ, 200),
    ARM(SUBSCRIPTION_LOCKS, "arm.subscription.locks", "GET",
        IN_SUBSCRIPTION "/providers/Microsoft.Authorization/locks?$filter=atScope%28%29",
        LOCKS_VERSION, READ, 200),
    ARM(PERMISSIONS, "arm.permissions", "GET", IN_SUBSCRIPTION PERMISSIONS_OF,
        AUTHORIZATION_VERSION, READ, 200),
    ARM(SIZES, "arm.sizes", "GET",
        IN_SUBSCRIPTION
        "/providers/Microsoft.Compute/skus?$filter=location%20eq%20'{region}'",
        SIZES_VERSION, READ, 200),
    ARM(COMPUTE_USAGES, "arm.compute.usages", "GET",
        IN_SUBSCRIPTION "/providers/Microsoft.Compute/locations/{region}/usages",
        COMPUTE_VERSION, READ, 200),
    ARM(NETWORK_USAGES, "arm.network.usages", "GET",
        IN_SUBSCRIPTION "/providers/Microsoft.Network/locations/{region}/usages",
        NETWORK_VERSION, READ, 200),
    ARM(PROVIDER, "arm.provider", "GET", IN_SUBSCRIPTION "/providers/{namespace}",
        RESOURCES_VERSION, READ, 200),
    ARM(PROVIDER_REGISTER, "arm.provider.register", "POST",
        IN_SUBSCRIPTION "/providers/{namespace}/register", RESOURCES_VERSION, NAMED, 200),
    ARM(CHECK_DNS, "arm.check.dns", "GET",
        IN_SUBSCRIPTION "/providers/Microsoft.Network/locations/{region}/"
                        "CheckDnsNameAvailability?domainNameLabel={label}",
        NETWORK_VERSION, READ, 200),
    ARM(CHECK_STORAGE, "arm.check.storage", "POST",
        IN_SUBSCRIPTION "/providers/Microsoft.Storage/checkNameAvailability",
        STORAGE_VERSION, READ, 200),
    ARM(CHECK_VAULT, "arm.check.vault", "POST",
        IN_SUBSCRIPTION "/providers/Microsoft.KeyVault/checkNameAvailability",
        VAULT_VERSION, READ, 200),
    ARM(GROUP_GET, "arm.group.get", "GET", GROUP, RESOURCES_VERSION, READ, 200),
    ARM(GROUP_PUT, "arm.group.put", "PUT", GROUP, RESOURCES_VERSION, NAMED, 201, 200),
    ARM(GROUP_DELETE, "arm.group.delete", "DELETE", GROUP, RESOURCES_VERSION, NAMED, 202,
        200, 204, 404),
    ARM(GROUP_RESOURCES, "arm.group.resources", "GET",
        GROUP "/resources?$expand=createdTime,changedTime", RESOURCES_VERSION, READ, 200),
    ARM(GROUP_PERMISSIONS, "arm.group.permissions", "GET", GROUP PERMISSIONS_OF,
        AUTHORIZATION_VERSION, READ, 200),
    ARM(GROUP_LOCKS, "arm.group.locks", "GET",
        GROUP "/providers/Microsoft.Authorization/locks", LOCKS_VERSION, READ, 200),
    ARM(TAGGED_RESOURCES, "arm.resources.tagged", "GET",
        IN_SUBSCRIPTION "/resources?$filter=tagName%20eq%20'libcmg-deployment'%20and%"
                        "20tagValue%20eq%20'{deployment_id}'",
        RESOURCES_VERSION, READ, 200),
    ARM(VAULT_GET, "arm.vault.get", "GET", VAULT, VAULT_VERSION, READ, 200),
    ARM(VAULT_PUT, "arm.vault.put", "PUT", VAULT, VAULT_VERSION, NAMED, 200, 201, 202),
    ARM(VAULT_DELETE, "arm.vault.delete", "DELETE", VAULT, VAULT_VERSION, NAMED, 200, 202,
        204, 404),
    ARM(VAULT_DELETED, "arm.vault.deleted", "GET", DELETED_VAULT, VAULT_VERSION, READ,
        200),
    ARM(VAULT_PURGE, "arm.vault.purge", "POST", DELETED_VAULT "/purge", VAULT_VERSION,
        NAMED, 202, 200, 204, 404),
    ARM(SUBSCRIPTION_VALIDATE, "arm.subscription.validate", "POST",
        IN_SUBSCRIPTION
        "/providers/Microsoft.Resources/deployments/{deployment}/validate",
        RESOURCES_VERSION, READ, 200, 202),
    ARM(DEPLOYMENT_VALIDATE, "arm.deployment.validate", "POST", DEPLOYMENT "/validate",
        RESOURCES_VERSION, READ, 200, 202),
    ARM(DEPLOYMENT_WHAT_IF, "arm.deployment.what_if", "POST", DEPLOYMENT "/whatIf",
        RESOURCES_VERSION, READ, 200, 202),
    ARM(DEPLOYMENT_PUT, "arm.deployment.put", "PUT", DEPLOYMENT, RESOURCES_VERSION, NAMED,
        201, 200),
    ARM(DEPLOYMENT_GET, "arm.deployment.get", "GET", DEPLOYMENT, RESOURCES_VERSION, READ,
        200),
    ARM(DEPLOYMENT_CANCEL, "arm.deployment.cancel", "POST", DEPLOYMENT "/cancel",
        RESOURCES_VERSION, NAMED, 204),
    ARM(DEPLOYMENT_OPERATIONS, "arm.deployment.operations", "GET",
        DEPLOYMENT "/operations", RESOURCES_VERSION, READ, 200),
    ARM(PUBLIC_IP_GET, "arm.public_ip.get", "GET",
        GROUP "/providers/Microsoft.Network/publicIPAddresses/{name}", NETWORK_VERSION,
        READ, 200),
    ARM(SCALE_SET_GET, "arm.scale_set.get", "GET", SCALE_SET, COMPUTE_VERSION, READ, 200),
    ARM(SCALE_SET_USER_DATA, "arm.scale_set.user_data", "GET",
        SCALE_SET "?$expand=userData", COMPUTE_VERSION, READ, 200),
    ARM(STORAGE_GET, "arm.storage.get", "GET", STORAGE, STORAGE_VERSION, READ, 200),
    ARM(STORAGE_PUT, "arm.storage.put", "PUT", STORAGE, STORAGE_VERSION, NAMED, 200, 202),
    ARM(CONTAINER_PUT, "arm.container.put", "PUT",
        STORAGE "/blobServices/default/containers/{container}", STORAGE_VERSION, NAMED,
        200, 201),
    ARM(BLOB_ROLE_PUT, "arm.blob_role.put", "PUT", STORAGE ASSIGNMENT,
        AUTHORIZATION_VERSION, NAMED, 201, 200),
    ARM(BLOB_ROLE_DELETE, "arm.blob_role.delete", "DELETE", STORAGE ASSIGNMENT,
        AUTHORIZATION_VERSION, NAMED, 200, 204, 404),
    BLOB(BLOB_HEAD, "blob.head", "HEAD", READ, 200),
    /* On the condition that it is not there: once more is a 409. */
    BLOB(BLOB_PUT, "blob.put", "PUT", NAMED, 201),
    ARM(SCALE_SET_PATCH, "arm.scale_set.patch", "PATCH", SCALE_SET, COMPUTE_VERSION,
        NAMED, 200, 202),
    ARM(SCALE_SET_START, "arm.scale_set.start", "POST", SCALE_SET "/start",
        COMPUTE_VERSION, NAMED, 202, 200),
    ARM(SCALE_SET_DEALLOCATE, "arm.scale_set.deallocate", "POST", SCALE_SET "/deallocate",
        COMPUTE_VERSION, NAMED, 202, 200),
    ARM(SCALE_SET_INSTANCES, "arm.scale_set.instances", "GET",
        SCALE_SET "/virtualMachines?$expand=instanceView", COMPUTE_VERSION, READ, 200),
    ARM(SCALE_SET_ROLLING, "arm.scale_set.rolling", "GET",
        SCALE_SET "/rollingUpgrades/latest", COMPUTE_VERSION, READ, 200),
    ARM(SCALE_SET_UPGRADE, "arm.scale_set.upgrade", "POST", SCALE_SET "/manualupgrade",
        COMPUTE_VERSION, NAMED, 202, 200),
    ARM(SCALE_SET_TOTALS, "arm.scale_set.totals", "GET", SCALE_SET METRICS "Total",
        METRICS_VERSION, READ, 200),
    ARM(STORAGE_TOTALS, "arm.storage.totals", "GET", STORAGE METRICS "Total",
        METRICS_VERSION, READ, 200),
    ARM(STORAGE_LEVELS, "arm.storage.levels", "GET", STORAGE METRICS "Average",
        METRICS_VERSION, READ, 200),
    VAULT_DATA(CERT_GET, "vault.cert.get", "GET", "/certificates/{name}/", READ, 200),
    VAULT_DATA(CERT_IMPORT, "vault.cert.import", "POST", "/certificates/{name}/import",
               LOOK_FIRST, 200),
    VAULT_DATA(CERT_VERSIONS, "vault.cert.versions", "GET",
               "/certificates/{name}/versions", READ, 200),
    URL(CERT_VERSIONS_PAGE, "vault.cert.versions.page", "GET", NULL, READ, 200),
    VAULT_DATA(CERT_PATCH, "vault.cert.patch", "PATCH", "/certificates/{name}/{version}",
               NAMED, 200),
    URL(RESOURCE_DELETE, "arm.resource.delete", "DELETE", NULL, NAMED, 202, 200, 204,
        404),
    URL(POLL, "poll", "GET", NULL, READ, 200, 201, 202, 204),
};

const struct cmg__call *cmg__call_get(enum cmg__call_id id)
{
    return (unsigned)id < CMG__CALL_COUNT ? &calls[id] : NULL;
}

bool cmg__call_is_ok(const struct cmg__call *call, int status)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(call->ok) && call->ok[i] != 0; i++) {
        if (call->ok[i] == status)
            return true;
    }
    return false;
}
