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

void cmg__sb_identity_make(struct cmg__sb_cloud *cloud, const char *resource_id,
                           char object_id[CMG__GUID_SIZE], char client_id[CMG__GUID_SIZE])
{
    char *key = cmg__sb_key(cloud, resource_id);
    if (key == NULL)
        cloud->oom = true;
    else if (cmg__sb_find(cloud, "identities", key) == NULL)
        cmg__sb_identity_add(cloud, key, resource_id);
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
