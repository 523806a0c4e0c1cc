/*
 * Managed identities of resources. They stand beside those of the machine in the table
 * "identities", keyed by the resource's ID, and may do what roles permit them.
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/well_known.h"

bool cmg__sb_identity_is_machine(const struct cmg__sb_cloud *cloud, const char *client_id)
{
    static const char *const names[] = { CMG__SB_MACHINE, CMG__SB_OPERATOR };
    for (size_t i = 0; i < CMG__ARRAY_LEN(names); i++) {
        const struct cmg__json *identity = cmg__sb_find(cloud, "identities", names[i]);
        if (cmg__sb_same(cmg__json_str(identity, "/client_id"), client_id))
            return true;
    }
    return false;
}

static void add(struct cmg__sb_cloud *cloud, const char *key, const char *resource_id)
{
    char object_id[CMG__GUID_SIZE], client_id[CMG__GUID_SIZE];
    const char *name = strrchr(resource_id, '/');
    cmg__sb_guid(cloud, object_id);
    cmg__sb_guid(cloud, client_id);
    cmg__sb_set(cloud, cmg__sb_table(cloud, "identities"), key,
                cmg__json_pack("{s:s, s:s, s:s}", "client_id", client_id, "object_id",
                               object_id, "resource_id", resource_id));
    cmg__sb_set(cloud, cmg__sb_table(cloud, "service_principals"), object_id,
                cmg__json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:[], s:[], s:[s,s], "
                               "s:[]}",
                               "id", object_id, "appId", client_id, "displayName",
                               name == NULL ? resource_id : name + 1,
                               "appOwnerOrganizationId", cmg__sb_fact(cloud, "tenant_id"),
                               "accountEnabled", 1, "appRoleAssignmentRequired", 0,
                               "servicePrincipalType", "ManagedIdentity", "appRoles",
                               "oauth2PermissionScopes", "servicePrincipalNames",
                               client_id, resource_id, "tags"));
}

void cmg__sb_identity_make(struct cmg__sb_cloud *cloud, const char *resource_id,
                           char object_id[CMG__GUID_SIZE], char client_id[CMG__GUID_SIZE])
{
    char *key = cmg__sb_key(cloud, resource_id);
    if (key == NULL)
        cloud->oom = true;
    else if (cmg__sb_find(cloud, "identities", key) == NULL)
        add(cloud, key, resource_id);
    const struct cmg__json *identity = cmg__sb_find(cloud, "identities", key);
    (void)snprintf(object_id, CMG__GUID_SIZE, "%s",
                   cmg__str_or(cmg__json_str(identity, "/object_id"), ""));
    (void)snprintf(client_id, CMG__GUID_SIZE, "%s",
                   cmg__str_or(cmg__json_str(identity, "/client_id"), ""));
    cmg__free(cloud->alloc, key);
}

void cmg__sb_identity_remove(struct cmg__sb_cloud *cloud, const char *resource_id)
{
    char *key = cmg__sb_key(cloud, resource_id);
    const struct cmg__json *identity = cmg__sb_find(cloud, "identities", key);
    const char *object_id = cmg__json_str(identity, "/object_id");
    if (object_id != NULL) {
        cmg__json_remove(cmg__sb_table(cloud, "service_principals"), object_id);
        cmg__json_remove(cmg__sb_table(cloud, "identities"), key);
    }
    cmg__free(cloud->alloc, key);
}
