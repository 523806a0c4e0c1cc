/*
 * Tables of Microsoft's own applications and permissions. See well_known.h.
 */
#include "sandbox/well_known.h"

#include <string.h>

#include "sandbox/call.h"

#define MICROSOFT_TENANT "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

static const struct cmg__sb_first_party first_parties[] = {
    { .app_id = CMG__SB_GRAPH_APP_ID,
      .display_name = "Microsoft Graph",
      .audiences = { "https://graph.microsoft.com", "https://graph.microsoft.com/" },
      .delegated_scopes = "Application.ReadWrite.All AppRoleAssignment.ReadWrite.All "
                          "DelegatedPermissionGrant.ReadWrite.All Directory.Read.All "
                          "Organization.Read.All User.Read" },
    { .app_id = CMG__SB_ARM_APP_ID,
      .display_name = "Windows Azure Service Management API",
      .audiences = { "https://management.azure.com", "https://management.azure.com/",
                     "https://management.core.windows.net",
                     "https://management.core.windows.net/" },
      .delegated_scopes = "user_impersonation" },
    { .app_id = CMG__SB_VAULT_APP_ID,
      .display_name = "Azure Key Vault",
      .audiences = { "https://vault.azure.net", "https://vault.azure.net/" },
      .delegated_scopes = "user_impersonation" },
    { .app_id = CMG__SB_STORAGE_APP_ID,
      .display_name = "Azure Storage",
      .audiences = { "https://storage.azure.com", "https://storage.azure.com/" },
      .delegated_scopes = "user_impersonation" },
};

static const struct {
    const char *client_id;
    const char *name;
} public_clients[] = {
    { "1950a258-227b-4e31-a9cf-717495945fc2", "Microsoft Azure PowerShell" },
    { "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "Microsoft Azure CLI" },
    { "14d82eec-204b-4c2f-b7e8-296a70dab67e", "Microsoft Graph Command Line Tools" },
};

static const struct {
    const char *value;
    const char *role_id;  /* application permission; NULL for none */
    const char *scope_id; /* delegated permission; NULL for none */
} graph_permissions[] = {
    { "Directory.Read.All", "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
      "06da0dbc-49e2-44d2-8312-53f166ab848a" },
    { "Directory.ReadWrite.All", "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
      "c5366453-9fb0-48a5-a156-24f0c49a4b84" },
    { "User.Read", NULL, "e1fe6dd8-ba31-4d61-89e7-88639da4683d" },
    { "User.Read.All", "df021288-bdef-4463-88db-98f22de89214",
      "a154be20-db9c-4678-8ab7-66f6cc099a59" },
    { "Group.Read.All", "5b567255-7703-4780-807c-7be8301ae99b",
      "5f8c59db-677d-491f-a6b8-5f174b11ec1d" },
    { "Device.Read.All", "7438b122-aefc-4978-80ed-43db9fcc7715",
      "951183d1-1a61-466f-a6d1-1fde911bfd95" },
    { "Application.Read.All", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
      "c79f8feb-a9db-4090-85f9-90d820caa0eb" },
    { "Application.ReadWrite.All", "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
      "bdfbf15f-ee85-4955-8675-146e8e5296b5" },
    { "Application.ReadWrite.OwnedBy", "18a4783c-866b-4cc7-a460-3d5e5662c884", NULL },
    { "AppRoleAssignment.ReadWrite.All", "06b708a9-e830-4db3-a914-8e69da51d44f",
      "84bccea3-f856-4a8a-967b-dbe0a3d53a64" },
    { "DelegatedPermissionGrant.ReadWrite.All", "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
      "41ce6ca6-6826-4807-84f1-1c82854f7ee5" },
    { "Organization.Read.All", "498476ce-e0fe-48b0-b801-37ba7e2685c6",
      "4908d5b9-3fb2-4b1e-9336-1888b7937185" },
    { "Domain.Read.All", "dbb9058a-0e50-45d7-ae91-66909b5d4664",
      "2f9ee017-59c1-4f1d-9472-bd5529a7b311" },
};

const struct cmg__sb_first_party *cmg__sb_first_party_of(const char *app_id)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(first_parties); i++) {
        if (cmg__sb_same(first_parties[i].app_id, app_id))
            return &first_parties[i];
    }
    return NULL;
}

static bool answers_to(const struct cmg__sb_first_party *party, const char *resource)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(party->audiences); i++) {
        if (party->audiences[i] != NULL && cmg__sb_same(party->audiences[i], resource))
            return true;
    }
    return false;
}

const struct cmg__sb_first_party *cmg__sb_first_party(const char *resource)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(first_parties); i++) {
        if (answers_to(&first_parties[i], resource))
            return &first_parties[i];
    }
    return cmg__sb_first_party_of(resource);
}

bool cmg__sb_is_public_client(const char *client_id, const char **out_name)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(public_clients); i++) {
        if (cmg__sb_same(public_clients[i].client_id, client_id)) {
            *out_name = public_clients[i].name;
            return true;
        }
    }
    return false;
}

bool cmg__sb_is_graph_role(const char *value, size_t n)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(graph_permissions); i++) {
        if (graph_permissions[i].role_id != NULL &&
            strlen(graph_permissions[i].value) == n &&
            cmg__str_ieqn(graph_permissions[i].value, value, n))
            return true;
    }
    return false;
}

static struct cmg__json *graph_roles(struct cmg__sb_cloud *cloud)
{
    struct cmg__json *roles = cmg__json_array();
    for (size_t i = 0; i < CMG__ARRAY_LEN(graph_permissions); i++) {
        if (graph_permissions[i].role_id == NULL)
            continue;
        cmg__sb_append(cloud, roles,
                       cmg__json_pack("{s:[s], s:s, s:s, s:s, s:b, s:s}",
                                      "allowedMemberTypes", "Application", "description",
                                      graph_permissions[i].value, "displayName",
                                      graph_permissions[i].value, "id",
                                      graph_permissions[i].role_id, "isEnabled", 1,
                                      "value", graph_permissions[i].value));
    }
    return roles;
}

static struct cmg__json *graph_scopes(struct cmg__sb_cloud *cloud)
{
    struct cmg__json *scopes = cmg__json_array();
    for (size_t i = 0; i < CMG__ARRAY_LEN(graph_permissions); i++) {
        if (graph_permissions[i].scope_id == NULL)
            continue;
        cmg__sb_append(cloud, scopes,
                       cmg__json_pack("{s:s, s:s, s:b, s:s, s:s}", "id",
                                      graph_permissions[i].scope_id, "value",
                                      graph_permissions[i].value, "isEnabled", 1, "type",
                                      "Admin", "adminConsentDisplayName",
                                      graph_permissions[i].value));
    }
    return scopes;
}

static void add_principal(struct cmg__sb_cloud *cloud,
                          const struct cmg__sb_first_party *party)
{
    char id[CMG__GUID_SIZE];
    bool graph = cmg__sb_same(party->app_id, CMG__SB_GRAPH_APP_ID);
    cmg__sb_guid(cloud, id);
    struct cmg__json *roles = graph ? graph_roles(cloud) : cmg__json_array();
    struct cmg__json *scopes = graph ? graph_scopes(cloud) : cmg__json_array();
    cmg__sb_set(
        cloud, cmg__sb_table(cloud, "service_principals"), id,
        cmg__json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:o, s:o, s:[s], s:[]}", "id",
                       id, "appId", party->app_id, "displayName", party->display_name,
                       "appOwnerOrganizationId", MICROSOFT_TENANT, "accountEnabled", 1,
                       "appRoleAssignmentRequired", 0, "servicePrincipalType",
                       "Application", "appRoles", roles, "oauth2PermissionScopes", scopes,
                       "servicePrincipalNames", party->app_id, "tags"));
}

/* The built-in application's: found by whoever signed in as it, owned by nobody here. */
static void add_built_in(struct cmg__sb_cloud *cloud)
{
    const char *id = cmg__sb_fact(cloud, "client_object_id");
    const char *app_id = cmg__sb_fact(cloud, "client_id");
    cmg__sb_set(cloud, cmg__sb_table(cloud, "service_principals"), id,
                cmg__json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:[], s:[], s:[s], "
                               "s:[]}",
                               "id", id, "appId", app_id, "displayName",
                               CMG__SB_BUILT_IN_NAME, "appOwnerOrganizationId",
                               MICROSOFT_TENANT, "accountEnabled", 1,
                               "appRoleAssignmentRequired", 0, "servicePrincipalType",
                               "Application", "appRoles", "oauth2PermissionScopes",
                               "servicePrincipalNames", app_id, "tags"));
}

void cmg__sb_identity_add(struct cmg__sb_cloud *cloud, const char *key,
                          const char *resource_id)
{
    char id[CMG__GUID_SIZE];
    char client_id[CMG__GUID_SIZE];
    const char *name = strrchr(resource_id, '/');
    cmg__sb_guid(cloud, id);
    cmg__sb_guid(cloud, client_id);
    cmg__sb_set(cloud, cmg__sb_table(cloud, "identities"), key,
                cmg__json_pack("{s:s, s:s, s:s}", "client_id", client_id, "object_id", id,
                               "resource_id", resource_id));
    cmg__sb_set(cloud, cmg__sb_table(cloud, "service_principals"), id,
                cmg__json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:[], s:[], s:[s,s], "
                               "s:[]}",
                               "id", id, "appId", client_id, "displayName",
                               name == NULL ? resource_id : name + 1,
                               "appOwnerOrganizationId", cmg__sb_fact(cloud, "tenant_id"),
                               "accountEnabled", 1, "appRoleAssignmentRequired", 0,
                               "servicePrincipalType", "ManagedIdentity", "appRoles",
                               "oauth2PermissionScopes", "servicePrincipalNames",
                               client_id, resource_id, "tags"));
}

/* The machine that the sandbox's clients run on, and what it has. */
static void add_identities(struct cmg__sb_cloud *cloud)
{
    static const struct {
        const char *name, *type;
    } rows[] = {
        { CMG__SB_MACHINE, "Microsoft.Compute/virtualMachines" },
        { CMG__SB_OPERATOR, "Microsoft.ManagedIdentity/userAssignedIdentities" },
    };
    for (size_t i = 0; i < CMG__ARRAY_LEN(rows); i++) {
        struct cmg__json *id = cmg__sb_text(
            cloud, "/subscriptions/%s/resourceGroups/operators/providers/%s/%s",
            cmg__sb_fact(cloud, "subscription_id"), rows[i].type, rows[i].name);
        cmg__sb_identity_add(cloud, rows[i].name, cmg__str_or(cmg__json_str(id, ""), ""));
        cmg__json_unref(id);
    }
}

void cmg__sb_well_known_add(struct cmg__sb_cloud *cloud)
{
    add_built_in(cloud);
    add_identities(cloud);
    for (size_t i = 0; i < CMG__ARRAY_LEN(first_parties); i++)
        add_principal(cloud, &first_parties[i]);
}
