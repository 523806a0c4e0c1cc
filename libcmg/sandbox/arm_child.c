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

static struct cmg__json *see_container(struct cmg__sb_cloud *cloud, const char *id,
                                       const struct cmg__json *body)
{
    char *account = owner_of(cloud, id, "/blobServices/");
    const char *name = strrchr(id, '/');
    const struct cmg__json *data =
        account == NULL || name == NULL ? NULL : cmg__sb_account(cloud, account);
    (void)body;
    cmg__free(cloud->alloc, account);
    return cmg__sb_container(data, name == NULL ? "" : name + 1) == NULL
               ? NULL
               : cmg__json_pack("{s:{s:s}}", "properties", "publicAccess", "None");
}

static struct cmg__json *see_service(struct cmg__sb_cloud *cloud, const char *id,
                                     const struct cmg__json *body)
{
    (void)cloud;
    (void)id;
    return cmg__json_copy_deep(body);
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

static const char assignment_mark[] =
    "/providers/Microsoft.Authorization/roleAssignments/";

/* On the resource that "scope" names, else on the group, which stands in front of the ID
   (a scope may begin with its space). NULL for an ID that is none. */
static struct cmg__json *scope_of(struct cmg__sb_cloud *cloud, const char *id,
                                  const struct cmg__json *body)
{
    const char *at = strstr(id, assignment_mark);
    const char *scope = cmg__json_str(body, "/scope");

    if (at == NULL)
        return NULL;
    return scope == NULL ? cmg__json_stringn(id, (size_t)(at - id))
           : scope[0] == '/'
               ? cmg__json_string(scope)
               : cmg__sb_text(cloud, "%.*s/providers/%s", (int)(at - id), id, scope);
}

/* The ID that it has there. */
static struct cmg__json *whole_id(struct cmg__sb_cloud *cloud, const char *id,
                                  const struct cmg__json *scope)
{
    return cmg__sb_text(cloud, "%s%s%s", cmg__str_or(cmg__json_str(scope, ""), ""),
                        assignment_mark,
                        strstr(id, assignment_mark) + strlen(assignment_mark));
}

static bool put_assignment(struct cmg__sb_cloud *cloud, const char *id,
                           const struct cmg__json *body, struct cmg__sb_fault *fault)
{
    struct cmg__json *on = scope_of(cloud, id, body);
    bool is_new = false;
    if (on == NULL) {
        cmg__sb_fault_set(fault, 400, "InvalidTemplate", "'%s' is no role assignment.",
                          id);
        return false;
    }
    struct cmg__json *whole = whole_id(cloud, id, on);
    const struct cmg__sb_assignment wish = {
        .id = cmg__str_or(cmg__json_str(whole, ""), ""),
        .scope = cmg__str_or(cmg__json_str(on, ""), ""),
        .role = cmg__json_str(body, "/properties/roleDefinitionId"),
        .principal = cmg__json_str(body, "/properties/principalId"),
        .principal_type = cmg__json_str(body, "/properties/principalType"),
    };
    bool good = cmg__sb_role_assign(cloud, &wish, &is_new, fault);
    cmg__json_unref(whole);
    cmg__json_unref(on);
    return good;
}

static struct cmg__json *see_assignment(struct cmg__sb_cloud *cloud, const char *id,
                                        const struct cmg__json *body)
{
    struct cmg__json *on = scope_of(cloud, id, body);
    struct cmg__json *whole = on == NULL ? NULL : whole_id(cloud, id, on);
    char *key = cmg__sb_key(cloud, cmg__str_or(cmg__json_str(whole, ""), ""));
    const struct cmg__json *found = cmg__sb_find(cloud, "arm_roles", key);
    struct cmg__json *view =
        found == NULL
            ? NULL
            : cmg__json_pack(
                  "{s:{s:s?, s:s?, s:s?}}", "properties", "roleDefinitionId",
                  cmg__json_str(found, "/properties/roleDefinitionId"), "principalId",
                  cmg__json_str(found, "/properties/principalId"), "principalType",
                  cmg__json_str(found, "/properties/principalType"));
    cmg__free(cloud->alloc, key);
    cmg__json_unref(whole);
    cmg__json_unref(on);
    return view;
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

/* Policies have nobody who could be asked for them: what-if tells them as new each time.
 */
static struct cmg__json *see_nothing(struct cmg__sb_cloud *cloud, const char *id,
                                     const struct cmg__json *body)
{
    (void)cloud;
    (void)id;
    (void)body;
    return NULL;
}

static const struct {
    const char *type;
    bool (*put)(struct cmg__sb_cloud *cloud, const char *id, const struct cmg__json *body,
                struct cmg__sb_fault *fault);
    struct cmg__json *(*see)(struct cmg__sb_cloud *cloud, const char *id,
                             const struct cmg__json *body);
} children[] = {
    { "Microsoft.Storage/storageAccounts/blobServices", put_service, see_service },
    { "Microsoft.Storage/storageAccounts/blobServices/containers", put_container,
      see_container },
    { "Microsoft.Authorization/roleAssignments", put_assignment, see_assignment },
    { "Microsoft.KeyVault/vaults/accessPolicies", put_policies, see_nothing },
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

struct cmg__json *cmg__sb_child_see(struct cmg__sb_cloud *cloud, const char *id,
                                    const struct cmg__json *body)
{
    const char *type = cmg__json_str(body, "/type");
    for (size_t i = 0; i < CMG__ARRAY_LEN(children); i++) {
        if (cmg__sb_same(children[i].type, type))
            return children[i].see(cloud, id, body);
    }
    return NULL;
}
