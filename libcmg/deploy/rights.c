/* The tables of rights, and how they are handed out. See rights.h. */
#include "deploy/rights.h"

#include <string.h>

#include "base/error.h"
#include "model/expectation.h"

/* ---- directory roles ---- */

/* IDs as Microsoft's list of built-in roles has them. A tenant shows the role under its
   template or, should that ever differ, under its name: either is enough. */
static const struct cmg__directory_role roles[] = {
    { CMG__ROLE_GLOBAL, "Global Administrator", "Company Administrator",
      "62e90394-69f5-4237-9190-012177145e10" },
    { CMG__ROLE_PRIVILEGED, "Privileged Role Administrator", NULL,
      "e8611ab8-c189-46e8-94e1-60213ab1f814" },
    { CMG__ROLE_APPS, "Application Administrator", NULL,
      "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3" },
    { CMG__ROLE_CLOUD_APPS, "Cloud Application Administrator", NULL,
      "158c047a-c907-4556-b7ef-446551a6b5f7" },
    { CMG__ROLE_DEVELOPER, "Application Developer", NULL,
      "cf1c38e5-3621-4004-a7cb-879624dced7c" },
};

const struct cmg__directory_role *cmg__directory_role_of(const struct cmg__json *role)
{
    const char *id = cmg__str_or(cmg__json_str(role, "/roleTemplateId"), "");
    const char *name = cmg__str_or(cmg__json_str(role, "/displayName"), "");

    for (size_t i = 0; i < CMG__ARRAY_LEN(roles); i++) {
        if (cmg__str_ieq(roles[i].template_id, id) || cmg__str_ieq(roles[i].name, name) ||
            (roles[i].former_name != NULL && cmg__str_ieq(roles[i].former_name, name)))
            return &roles[i];
    }
    return NULL;
}

/* ---- rights in the directory ---- */

#define CONSENTERS CMG__ROLE_GLOBAL | CMG__ROLE_PRIVILEGED

static const struct cmg__grant grants[CMG__GRANTS] = {
    [CMG__GRANT_ORGANIZATION] = { .what = "read the tenant's name and domains",
                                  .permission = "Organization.Read.All",
                                  .permission_id = "498476ce-e0fe-48b0-b801-37ba7e2685c6",
                                  .scope = "User.Read",
                                  .role_names = "",
                                  .others = { "Directory.Read.All",
                                              "Directory.ReadWrite.All" } },
    [CMG__GRANT_READ_APPS] = { .what = "read applications and their consents",
                               .permission = "Application.Read.All",
                               .permission_id = "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
                               .scope = "Application.Read.All",
                               .role_names = "",
                               .others = { "Application.ReadWrite.All",
                                           "Application.ReadWrite.OwnedBy",
                                           "Directory.Read.All",
                                           "Directory.ReadWrite.All" } },
    /* An application's own registrations need no more than OwnedBy. */
    [CMG__GRANT_APPS] = { .what = "register, change and remove applications",
                          .permission = "Application.ReadWrite.All",
                          .permission_id = "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
                          .scope = "Application.ReadWrite.All",
                          .role_names = "Application Administrator, Cloud Application "
                                        "Administrator, Application Developer, Global "
                                        "Administrator",
                          .roles = CMG__ROLE_APPS | CMG__ROLE_CLOUD_APPS |
                                   CMG__ROLE_DEVELOPER | CMG__ROLE_GLOBAL,
                          .others = { "Application.ReadWrite.OwnedBy",
                                      "Directory.ReadWrite.All" } },
    [CMG__GRANT_ROLE_CONSENT] = { .what = "consent to application permissions of "
                                          "Microsoft Graph",
                                  .permission = "AppRoleAssignment.ReadWrite.All",
                                  .permission_id = "06b708a9-e830-4db3-a914-8e69da51d44f",
                                  .scope = "AppRoleAssignment.ReadWrite.All",
                                  .role_names = "Privileged Role Administrator, Global "
                                                "Administrator",
                                  .roles = CONSENTERS,
                                  .is_consent = true },
    [CMG__GRANT_SCOPE_CONSENT] = { .what = "consent to delegated permissions for "
                                           "everybody",
                                   .permission = "DelegatedPermissionGrant.ReadWrite.All",
                                   .permission_id =
                                       "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
                                   .scope = "DelegatedPermissionGrant.ReadWrite.All",
                                   .role_names =
                                       "Cloud Application Administrator, Application "
                                       "Administrator, Privileged Role Administrator, "
                                       "Global Administrator",
                                   .roles =
                                       CONSENTERS | CMG__ROLE_APPS | CMG__ROLE_CLOUD_APPS,
                                   .others = { "Directory.ReadWrite.All" },
                                   .is_consent = true },
    [CMG__GRANT_READ_CONSENTS] = { .what = "read delegated permissions",
                                   .permission = "Directory.Read.All",
                                   .permission_id = CMG__DIRECTORY_READ_ALL,
                                   .scope = "Directory.Read.All",
                                   .role_names = "",
                                   .others = { "DelegatedPermissionGrant.ReadWrite.All",
                                               "Directory.ReadWrite.All" } },
    [CMG__GRANT_USERS] = { .what = "read users",
                           .permission = "User.Read.All",
                           .permission_id = "df021288-bdef-4463-88db-98f22de89214",
                           .scope = "User.Read.All",
                           .role_names = "",
                           .others = { "Directory.Read.All",
                                       "Directory.ReadWrite.All" } },
    [CMG__GRANT_GROUPS] = { .what = "read groups and their members",
                            .permission = "Group.Read.All",
                            .permission_id = "5b567255-7703-4780-807c-7be8301ae99b",
                            .scope = "Group.Read.All",
                            .role_names = "",
                            .others = { "Directory.Read.All",
                                        "Directory.ReadWrite.All" } },
};

const struct cmg__grant *cmg__grant_get(enum cmg__grant_kind kind)
{
    return &grants[kind];
}

bool cmg__grant_is_in(const struct cmg__grant *grant, const char *permission)
{
    bool found = cmg__str_ieq(grant->permission, permission);

    for (size_t i = 0; !found && i < CMG__ARRAY_LEN(grant->others); i++)
        found = grant->others[i] != NULL && cmg__str_ieq(grant->others[i], permission);
    return found;
}

/* All that the person may do. */
#define AS_THE_USER "Directory.AccessAsUser.All"

/* The others are called the same as scopes. */
static bool is_in_scope(const struct cmg__grant *grant, const char *scope)
{
    return cmg__str_ieq(scope, grant->scope) || cmg__str_ieq(scope, AS_THE_USER) ||
           cmg__grant_is_in(grant, scope);
}

bool cmg__grant_is_in_scopes(const struct cmg__grant *grant, const char *scopes)
{
    char word[128];

    while (*scopes != '\0') {
        const size_t n = strcspn(scopes, " ");
        size_t from = n; /* after the resource: "https://graph.microsoft.com/" */
        while (from > 0 && scopes[from - 1] != '/')
            from--;
        if (n - from < sizeof word) {
            memcpy(word, scopes + from, n - from);
            word[n - from] = '\0';
            if (is_in_scope(grant, word))
                return true;
        }
        scopes += n + (scopes[n] == ' ');
    }
    return false;
}

/* ---- rights of steps ---- */

#define MAKES(STEP, FACT)                                                                \
    {                                                                                    \
        STEP, CMG__GRANT_APPS, CMG__NEED_UNKNOWN, FACT                                   \
    }
#define REMOVES(STEP, FACT)                                                              \
    {                                                                                    \
        STEP, CMG__GRANT_APPS, CMG__NEED_KNOWN, FACT                                     \
    }
#define ALWAYS(STEP, GRANT)                                                              \
    {                                                                                    \
        STEP, CMG__GRANT_##GRANT, CMG__NEED_ALWAYS, NULL                                 \
    }

static const struct cmg__step_right step_rights[] = {
    ALWAYS("tenant", ORGANIZATION),
    ALWAYS("rights", READ_APPS),
    MAKES("server_app_back", "server_app_id"),
    MAKES("client_app_back", "client_app_id"),
    MAKES("server_app", "server_app_id"),
    MAKES("server_principal", "server_sp_id"),
    MAKES("server_secret", "server_app_id"),
    ALWAYS("server_found", APPS), /* to be given a new secret */
    ALWAYS("server_known", READ_APPS),
    ALWAYS("client_known", READ_APPS),
    ALWAYS("server_consent", ROLE_CONSENT),
    MAKES("client_app", "client_app_id"),
    MAKES("client_principal", "client_sp_id"),
    ALWAYS("client_consent", SCOPE_CONSENT),
    ALWAYS("client_consent", READ_CONSENTS),
    ALWAYS("server_app_look", READ_APPS),
    ALWAYS("client_app_look", READ_APPS),
    ALWAYS("server_app_again", READ_APPS),
    ALWAYS("client_app_look", READ_CONSENTS),
    ALWAYS("client_app_again", READ_APPS),
    REMOVES("client_app_gone", "client_app_id"),
    REMOVES("server_app_gone", "server_app_id"),
    ALWAYS("client_app_deleted", APPS),
    ALWAYS("server_app_deleted", APPS),
    ALWAYS("client_app_purged", APPS),
    ALWAYS("server_app_purged", APPS),
    ALWAYS("import_tenant", ORGANIZATION),
    ALWAYS("import_server", READ_APPS),
    ALWAYS("import_client", READ_APPS),
    ALWAYS("users", USERS),
    ALWAYS("groups", GROUPS),
};

const struct cmg__step_right *cmg__step_right(const char *step, size_t i)
{
    for (size_t k = 0; k < CMG__ARRAY_LEN(step_rights); k++) {
        if (strcmp(step_rights[k].step, step) == 0 && i-- == 0)
            return &step_rights[k];
    }
    return NULL;
}

/* One row: step, action, what it is for. */
#define MADE(STEP, ACTION, WHAT)                                                         \
    {                                                                                    \
        STEP, ACTION, WHAT, CMG__WHEN_MADE, CMG_SEVERITY_REFUSAL, false                  \
    }
#define DONE(STEP, ACTION, WHAT)                                                         \
    {                                                                                    \
        STEP, ACTION, WHAT, CMG__WHEN_DONE, CMG_SEVERITY_REFUSAL, false                  \
    }

static const struct cmg__step_action actions[] = {
    MADE("resource_group", "Microsoft.Resources/subscriptions/resourceGroups/write",
         "make the resource group"),
    MADE("deployment", "Microsoft.Resources/deployments/write", "deploy the template"),
    MADE("deployment", "Microsoft.Network/networkSecurityGroups/write",
         "make the network security group"),
    MADE("deployment", "Microsoft.Network/virtualNetworks/write",
         "make the virtual network"),
    MADE("deployment", "Microsoft.Network/publicIPAddresses/write",
         "make the public address"),
    MADE("deployment", "Microsoft.Network/loadBalancers/write", "make the load balancer"),
    MADE("deployment", "Microsoft.Storage/storageAccounts/write",
         "make the storage account"),
    MADE("vault", "Microsoft.KeyVault/vaults/write", "make the key vault"),
    MADE("deployment", "Microsoft.Compute/virtualMachineScaleSets/write",
         "make the scale set"),
    { "provider_compute", "Microsoft.Compute/register/action",
      "register a resource provider, should one not be", CMG__WHEN_MADE,
      CMG_SEVERITY_NOTE, true },
    { "group_gone", "Microsoft.Resources/subscriptions/resourceGroups/delete",
      "remove the gateway again", CMG__WHEN_BOTH, CMG_SEVERITY_WARNING, false },
    { "vault_gone", "Microsoft.KeyVault/locations/deletedVaults/purge/action",
      "remove the deleted key vault for good", CMG__WHEN_BOTH, CMG_SEVERITY_WARNING,
      true },
    DONE("usage", "Microsoft.Insights/metrics/read", "read the metrics"),
    DONE("start", "Microsoft.Compute/virtualMachineScaleSets/start/action",
         "start the instances"),
    DONE("stop", "Microsoft.Compute/virtualMachineScaleSets/deallocate/action",
         "stop the instances"),
    DONE("scale", "Microsoft.Compute/virtualMachineScaleSets/write",
         "change the number of instances"),
    DONE("model", "Microsoft.Compute/virtualMachineScaleSets/write",
         "change the certificate of the scale set"),
    DONE("roll", "Microsoft.Compute/virtualMachineScaleSets/manualupgrade/action",
         "bring the instances to it"),
    DONE("settings", "Microsoft.Compute/virtualMachineScaleSets/write",
         "change what the instances are told"),
    DONE("follow", "Microsoft.Compute/virtualMachineScaleSets/manualupgrade/action",
         "bring the instances to it"),
    { "package_reader", "Microsoft.Authorization/roleAssignments/write",
      "let itself write the service package, and the instances read it, should there be "
      "one",
      CMG__WHEN_MADE, CMG_SEVERITY_NOTE, false },
    DONE("old_gone", "Microsoft.Resources/subscriptions/resourceGroups/delete",
         "remove the old gateway"),
    DONE("parts_gone", "Microsoft.Compute/virtualMachineScaleSets/delete",
         "remove the scale set that is made anew"),
    DONE("parts_gone", "Microsoft.Network/loadBalancers/delete",
         "remove the load balancer that is made anew"),
    DONE("parts_gone", "Microsoft.Network/virtualNetworks/delete",
         "remove the virtual network that is made anew"),
    DONE("parts_gone", "Microsoft.Network/networkSecurityGroups/delete",
         "remove the network security group that is made anew"),
};

const struct cmg__step_action *cmg__step_actions(size_t *count)
{
    *count = CMG__ARRAY_LEN(actions);
    return actions;
}

/* ---- handing out ---- */

static void fill_grant(const struct cmg__step_right *row, cmg_right *out)
{
    const struct cmg__grant *grant = &grants[row->grant];

    *out = (cmg_right){
        .size = out->size,
        .step = row->step,
        .what = grant->what,
        .app_permission = grant->permission,
        .app_permission_id = grant->permission_id,
        .delegated_scope = grant->scope,
        .directory_roles = grant->role_names,
        .action = "",
    };
}

static void fill_action(const struct cmg__step_action *row, cmg_right *out)
{
    *out = (cmg_right){
        .size = out->size,
        .step = row->step,
        .what = row->what,
        .app_permission = "",
        .app_permission_id = "",
        .delegated_scope = "",
        .directory_roles = "",
        .action = row->action,
    };
}

/* Counts the rights of a step; the one at *index, counted from its first, goes to out. */
static size_t walk_step(const char *step, size_t index, cmg_right *out)
{
    const struct cmg__step_right *row = cmg__step_right(step, 0);
    size_t n = 0;

    for (; row != NULL; row = cmg__step_right(step, n)) {
        if (n++ == index)
            fill_grant(row, out);
    }
    for (size_t i = 0; i < CMG__ARRAY_LEN(actions); i++) {
        if (strcmp(actions[i].step, step) == 0 && n++ == index)
            fill_action(&actions[i], out);
    }
    return n;
}

static size_t walk(const struct cmg__operation *operation, size_t index, cmg_right *out)
{
    size_t n = 0;

    for (size_t i = 0; operation != NULL && i < operation->steps.count; i++) {
        const size_t at = index >= n ? index - n : SIZE_MAX;
        n += walk_step(operation->steps.steps[i]->name, at, out);
    }
    return n;
}

size_t cmg_deploy_right_count(cmg_deploy_operation operation)
{
    return walk(cmg__operation_get(operation), SIZE_MAX, NULL);
}

cmg_status cmg_deploy_right(cmg_deploy_operation operation, size_t index,
                            cmg_right *out_right, cmg_error **err)
{
    const struct cmg__operation *row = cmg__operation_get(operation);
    const size_t count = walk(row, SIZE_MAX, NULL);

    if (row == NULL)
        return cmg__fail(err, &cmg__alloc_libc, CMG_E_INVAL, "operation",
                         "use one of the enumeration cmg_deploy_operation",
                         "%d is no operation", (int)operation);
    const cmg_status rc =
        cmg__tagged_room(out_right, sizeof *out_right, "out_right", err);
    if (rc != CMG_OK)
        return rc;
    if (index >= count)
        return cmg__fail(err, &cmg__alloc_libc, CMG_E_NOTFOUND, "index", NULL,
                         "there are %zu rights, number %zu was asked for", count, index);
    (void)walk(row, index, out_right);
    return CMG_OK;
}
