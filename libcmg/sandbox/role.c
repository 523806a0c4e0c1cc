/* The built-in roles that a gateway has to do with, and matching. See role.h. */
#include "sandbox/role.h"

#include <string.h>

#include "sandbox/setting.h"

#define CONTAINERS "Microsoft.Storage/storageAccounts/blobServices/containers"
#define BLOB       CONTAINERS "/blobs"
#define VAULT      "Microsoft.KeyVault/vaults"

const struct cmg__sb_role cmg__sb_roles[] = {
    { .id = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", .name = "Owner", .actions = { "*" } },
    { .id = "b24988ac-6180-42a0-ab88-20f7382dd24c",
      .name = "Contributor",
      .actions = { "*" },
      .not_actions = { "Microsoft.Authorization/*/Delete",
                       "Microsoft.Authorization/*/Write",
                       "Microsoft.Authorization/elevateAccess/Action" } },
    { .id = "acdd72a7-3385-48ef-bd42-f606fba81ae7",
      .name = "Reader",
      .actions = { "*/read" } },
    { .id = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
      .name = "User Access Administrator",
      .actions = { "*/read", "Microsoft.Authorization/*" } },
    { .id = "4d97b98b-1d4f-4787-a291-c67834d212e7",
      .name = "Network Contributor",
      .actions = { "Microsoft.Network/*", "Microsoft.Resources/deployments/*",
                   "Microsoft.Resources/subscriptions/resourceGroups/read",
                   "Microsoft.Authorization/*/read" } },
    { .id = "9980e02c-c2be-4d73-94e8-173b1dc7cf3c",
      .name = "Virtual Machine Contributor",
      .actions = { "Microsoft.Compute/virtualMachines/*",
                   "Microsoft.Compute/virtualMachineScaleSets/*",
                   "Microsoft.Compute/locations/*", "Microsoft.Network/*/read",
                   "Microsoft.Resources/deployments/*",
                   "Microsoft.Resources/subscriptions/resourceGroups/read",
                   "Microsoft.Authorization/*/read" } },
    { .id = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
      .name = "Storage Blob Data Owner",
      .actions = { CONTAINERS "/*" },
      .data_actions = { BLOB "/*" } },
    { .id = "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
      .name = "Storage Blob Data Contributor",
      .actions = { CONTAINERS "/delete", CONTAINERS "/read", CONTAINERS "/write" },
      .data_actions = { BLOB "/delete", BLOB "/read", BLOB "/write",
                        BLOB "/add/action" } },
    { .id = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
      .name = "Storage Blob Data Reader",
      .actions = { CONTAINERS "/read" },
      .data_actions = { BLOB "/read" } },
    { .id = "00482a5a-887f-4fb3-b363-3b7fe8e74483",
      .name = "Key Vault Administrator",
      .actions = { VAULT "/read" },
      .data_actions = { VAULT "/*" } },
    { .id = "a4417e6f-fecd-4de8-b567-7b0420556985",
      .name = "Key Vault Certificates Officer",
      .actions = { VAULT "/read" },
      .data_actions = { VAULT "/certificates/*" } },
    { .id = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
      .name = "Key Vault Secrets Officer",
      .actions = { VAULT "/read" },
      .data_actions = { VAULT "/secrets/*" } },
    { .id = "4633458b-17de-408a-b874-0445c86b69e6",
      .name = "Key Vault Secrets User",
      .data_actions = { VAULT "/secrets/get/action" } },
    { .id = "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
      .name = "Monitoring Reader",
      .actions = { "*/read" } },
    { .id = "749f88d5-cbae-40b8-bcfc-e573ddc772fa",
      .name = "Monitoring Contributor",
      .actions = { "*/read", "Microsoft.Insights/*" } },
    { .id = "f1a07417-d97a-45cb-824c-7a7467783830",
      .name = "Managed Identity Operator",
      .actions = { "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
                   "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action" } },
};
const size_t cmg__sb_role_count = CMG__ARRAY_LEN(cmg__sb_roles);

const struct cmg__sb_role *cmg__sb_role_find(const char *text)
{
    const char *slash = text == NULL ? NULL : strrchr(text, '/');
    const char *name = slash == NULL ? text : slash + 1;
    for (size_t i = 0; name != NULL && i < cmg__sb_role_count; i++) {
        if (cmg__str_ieq(cmg__sb_roles[i].id, name) ||
            cmg__str_ieq(cmg__sb_roles[i].name, name))
            return &cmg__sb_roles[i];
    }
    return NULL;
}

/* A star stands for anything, slashes too; the last star is tried again from further on
   where what follows it does not fit, so that no recursion is needed. */
bool cmg__sb_role_matches(const char *pattern, const char *action)
{
    const char *star = NULL, *from = NULL;
    while (*action != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            from = action;
        } else if (cmg__lower(*pattern) == cmg__lower(*action) && *pattern != '\0') {
            pattern++;
            action++;
        } else if (star != NULL) {
            pattern = star + 1;
            action = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool any(const char *const *patterns, size_t max, const char *action)
{
    for (size_t i = 0; i < max && patterns[i] != NULL; i++) {
        if (cmg__sb_role_matches(patterns[i], action))
            return true;
    }
    return false;
}

static bool role_permits(const struct cmg__sb_role *role,
                         const struct cmg__sb_right *right)
{
    if (role == NULL)
        return false;
    if (right->data)
        return any(role->data_actions, CMG__ARRAY_LEN(role->data_actions), right->action);
    return any(role->actions, CMG__ARRAY_LEN(role->actions), right->action) &&
           !any(role->not_actions, CMG__ARRAY_LEN(role->not_actions), right->action);
}

bool cmg__sb_role_is_reduced(const struct cmg__sb_cloud *cloud)
{
    return cmg__sb_setting(cloud, "admin_role") != NULL;
}

static bool is_within(const char *id, const char *scope)
{
    size_t n = strlen(scope);
    return cmg__str_istarts(id, scope) && (id[n] == '\0' || id[n] == '/');
}

bool cmg__sb_role_permits(const struct cmg__sb_cloud *cloud,
                          const struct cmg__sb_caller *caller,
                          const struct cmg__sb_right *right)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *assignment = NULL;
    const char *reduced = cmg__sb_setting(cloud, "admin_role");
    if (caller->is_admin &&
        (reduced == NULL || role_permits(cmg__sb_role_find(reduced), right)))
        return true;
    while (cmg__json_next(cmg__sb_table(cloud, "arm_roles"), &iter, &key, &assignment)) {
        if (cmg__sb_same(cmg__json_str(assignment, "/properties/principalId"),
                         caller->object_id) &&
            cmg__json_int(assignment, "/_effective_ms", 0) <= cmg__sb_now_ms(cloud) &&
            is_within(right->scope,
                      cmg__str_or(cmg__json_str(assignment, "/properties/scope"), "/")) &&
            role_permits(cmg__sb_role_find(
                             cmg__json_str(assignment, "/properties/roleDefinitionId")),
                         right))
            return true;
    }
    return false;
}
