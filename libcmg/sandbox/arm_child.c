/*
 * Resources of templates that are kept elsewhere than among the resources: containers,
 * role assignments, access policies of vaults.
 */
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/blob.h"

/* The name in front of "/<mark>" in an ID: that of the resource it belongs to. */
static char *owner_of(const struct cmg__sb_cloud *cloud, const char *id, const char *mark)
{
    const char *end = strstr(id, mark);
    const char *start = end;
    while (start != NULL && start > id && start[-1] != '/')
        start--;
    return end == NULL ? NULL : cmg__strndup(cloud->alloc, start, (size_t)(end - start));
}

static bool put_container(struct cmg__sb_cloud *cloud, const char *id,
                          const struct cmg__json *body, struct cmg__sb_fault *fault)
{
    char *account = owner_of(cloud, id, "/blobServices/");
    const char *name = strrchr(id, '/');
    bool there = account != NULL && cmg__sb_account_resource(cloud, account) != NULL;
    bool good = there && name != NULL && cmg__sb_container_name_is_good(name + 1);
    (void)body;
    if (good)
        (void)cmg__sb_container_make(cloud, cmg__sb_account_make(cloud, account),
                                     name + 1);
    else
        cmg__sb_fault_set(fault, there ? 400 : 404,
                          there ? "ContainerNameInvalid" : "ParentResourceNotFound",
                          "The container '%s' cannot be made.", id);
    cmg__free(cloud->alloc, account);
    return good;
}

/* The default service of an account is always there. */
static bool put_service(struct cmg__sb_cloud *cloud, const char *id,
                        const struct cmg__json *body, struct cmg__sb_fault *fault)
{
    (void)cloud;
    (void)id;
    (void)body;
    (void)fault;
    return true;
}

/* On the resource that "scope" names, else on the group. */
static bool put_assignment(struct cmg__sb_cloud *cloud, const char *id,
                           const struct cmg__json *body, struct cmg__sb_fault *fault)
{
    static const char mark[] = "/providers/Microsoft.Authorization/roleAssignments/";
    const char *at = strstr(id, mark);
    const char *scope = cmg__json_str(body, "/scope");
    bool is_new = false;
    if (at == NULL) {
        cmg__sb_fault_set(fault, 400, "InvalidTemplate", "'%s' is no role assignment.",
                          id);
        return false;
    }
    /* Without one the group, which stands in front; a scope may begin with its space. */
    struct cmg__json *on = scope == NULL     ? cmg__json_stringn(id, (size_t)(at - id))
                           : scope[0] == '/' ? cmg__json_string(scope)
                                             : cmg__sb_text(cloud, "%.*s/providers/%s",
                                                            (int)(at - id), id, scope);
    scope = cmg__str_or(cmg__json_str(on, ""), "");
    struct cmg__json *whole =
        cmg__sb_text(cloud, "%s%s%s", scope, mark, at + strlen(mark));
    const struct cmg__sb_assignment wish = {
        .id = cmg__str_or(cmg__json_str(whole, ""), ""),
        .scope = scope,
        .role = cmg__json_str(body, "/properties/roleDefinitionId"),
        .principal = cmg__json_str(body, "/properties/principalId"),
        .principal_type = cmg__json_str(body, "/properties/principalType"),
    };
    bool good = cmg__sb_role_assign(cloud, &wish, &is_new, fault);
    cmg__json_unref(whole);
    cmg__json_unref(on);
    return good;
}

static void replace_policy(struct cmg__sb_cloud *cloud, struct cmg__json *policies,
                           const struct cmg__json *policy)
{
    for (size_t i = 0; i < cmg__json_size(policies); i++) {
        if (cmg__sb_same(cmg__json_str(cmg__json_item(policies, i), "/objectId"),
                         cmg__json_str(policy, "/objectId"))) {
            cmg__json_remove_at(policies, i);
            break;
        }
    }
    cmg__sb_append(cloud, policies, cmg__json_copy_deep(policy));
}

static bool put_policies(struct cmg__sb_cloud *cloud, const char *id,
                         const struct cmg__json *body, struct cmg__sb_fault *fault)
{
    char *name = owner_of(cloud, id, "/accessPolicies/");
    struct cmg__json *vault = name == NULL ? NULL : cmg__sb_vault_named(cloud, name);
    struct cmg__json *properties = cmg__json_key(vault, "properties");
    const struct cmg__json *added = cmg__json_at(body, "/properties/accessPolicies");
    cmg__free(cloud->alloc, name);
    if (vault == NULL) {
        cmg__sb_fault_set(fault, 404, "ParentResourceNotFound",
                          "The vault of '%s' is not there.", id);
        return false;
    }
    if (cmg__json_key(properties, "accessPolicies") == NULL)
        cmg__sb_set(cloud, properties, "accessPolicies", cmg__json_array());
    for (size_t i = 0; i < cmg__json_size(added); i++)
        replace_policy(cloud, cmg__json_key(properties, "accessPolicies"),
                       cmg__json_item(added, i));
    return true;
}

static const struct {
    const char *type;
    bool (*put)(struct cmg__sb_cloud *cloud, const char *id, const struct cmg__json *body,
                struct cmg__sb_fault *fault);
} children[] = {
    { "Microsoft.Storage/storageAccounts/blobServices", put_service },
    { "Microsoft.Storage/storageAccounts/blobServices/containers", put_container },
    { "Microsoft.Authorization/roleAssignments", put_assignment },
    { "Microsoft.KeyVault/vaults/accessPolicies", put_policies },
};

bool cmg__sb_child_is(const char *type)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(children); i++) {
        if (cmg__sb_same(children[i].type, type))
            return true;
    }
    return false;
}

bool cmg__sb_child_put(struct cmg__sb_cloud *cloud, const char *id,
                       const struct cmg__json *body, struct cmg__sb_fault *fault)
{
    const char *type = cmg__json_str(body, "/type");
    for (size_t i = 0; i < CMG__ARRAY_LEN(children); i++) {
        if (cmg__sb_same(children[i].type, type))
            return children[i].put(cloud, id, body, fault);
    }
    cmg__sb_fault_set(fault, 400, "InvalidResourceType", "'%s' is no child.",
                      cmg__str_or(type, ""));
    return false;
}
