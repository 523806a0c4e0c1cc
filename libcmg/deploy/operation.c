/* Which steps make up an operation. Their order is that of the display; what really
   comes first is said by their needs. */
#include "deploy/operation.h"

#include "deploy/steps.h"

#define SIGNED_IN &cmg__step_sign_in, &cmg__step_tenant, &cmg__step_subscription
/* All that makes a gateway, and brings a changed specification to it. */
#define MAKING                                                                           \
    &cmg__step_provider_compute, &cmg__step_provider_network,                            \
        &cmg__step_provider_storage, &cmg__step_provider_keyvault, &cmg__step_names,     \
        &cmg__step_server_app_back, &cmg__step_client_app_back, &cmg__step_server_app,   \
        &cmg__step_server_principal, &cmg__step_server_secret,                           \
        &cmg__step_server_consent, &cmg__step_client_app, &cmg__step_client_principal,   \
        &cmg__step_client_consent, &cmg__step_certificate, &cmg__step_resource_group,    \
        &cmg__step_vault, &cmg__step_vault_certificate, &cmg__step_package,              \
        &cmg__step_template, &cmg__step_deployment, &cmg__step_package_reader,           \
        &cmg__step_endpoint, &cmg__step_instances, &cmg__step_answer, &cmg__step_made

/* What would stop it half-way. The template is validated by MAKING, too, as it is sent:
   what is looked at here comes before anything is made. */
#define CHECKING_CHANGES                                                                 \
    &cmg__step_check_sign_in, &cmg__step_rights, &cmg__step_check_rights,                \
        &cmg__step_check_region, &cmg__step_check_size, &cmg__step_check_quota,          \
        &cmg__step_check_locks, &cmg__step_check_group, &cmg__step_check_template
#define CHECKING                                                                         \
    CHECKING_CHANGES, &cmg__step_check_authority, &cmg__step_check_certificate,          \
        &cmg__step_check_package

static const struct cmg__step *const create_steps[] = { SIGNED_IN, CHECKING,
                                                        &cmg__step_changes, MAKING };

static const struct cmg__step *const modify_steps[] = {
    SIGNED_IN,        &cmg__step_gateway, &cmg__step_changeable,
    CHECKING_CHANGES, &cmg__step_changes, MAKING,
};

static const struct cmg__step *const redeploy_steps[] = {
    SIGNED_IN,
    &cmg__step_gateway,
    &cmg__step_redeployable,
    CHECKING,
    &cmg__step_changes,
    &cmg__step_removable,
    &cmg__step_parts_gone,
    &cmg__step_making,
    MAKING,
};

static const struct cmg__step *const replace_steps[] = {
    SIGNED_IN,
    &cmg__step_old_gateway,
    CHECKING,
    &cmg__step_changes,
    MAKING,
    &cmg__step_old_wait,
    &cmg__step_old_gone,
    &cmg__step_old_rest,
};

static const struct cmg__step *const delete_steps[] = {
    SIGNED_IN,
    &cmg__step_rights,
    &cmg__step_check_rights,
    &cmg__step_removable,
    &cmg__step_client_app_gone,
    &cmg__step_server_app_gone,
    &cmg__step_strays_gone,
    &cmg__step_group_gone,
    &cmg__step_vault_gone,
    &cmg__step_secrets_gone,
};

static const struct cmg__step *const tenant_steps[] = {
    &cmg__step_discovery,
    &cmg__step_sign_in,
    &cmg__step_tenant,
};

static const struct cmg__step *const register_steps[] = {
    &cmg__step_sign_in,          &cmg__step_tenant,           &cmg__step_rights,
    &cmg__step_server_app_back,  &cmg__step_client_app_back,  &cmg__step_server_app,
    &cmg__step_server_principal, &cmg__step_server_secret,    &cmg__step_server_consent,
    &cmg__step_client_app,       &cmg__step_client_principal, &cmg__step_client_consent,
};

static const struct cmg__step *const delete_apps_steps[] = {
    &cmg__step_sign_in,
    &cmg__step_tenant,
    &cmg__step_rights,
    &cmg__step_client_app_deleted,
    &cmg__step_server_app_deleted,
};

static const struct cmg__step *const import_apps_steps[] = {
    &cmg__step_import_sign_in,
    &cmg__step_import_tenant,
    &cmg__step_import_server,
    &cmg__step_import_client,
};

static const struct cmg__step *const purge_apps_steps[] = {
    &cmg__step_sign_in,
    &cmg__step_tenant,
    &cmg__step_rights,
    &cmg__step_client_app_purged,
    &cmg__step_server_app_purged,
    &cmg__step_server_secret_gone,
};

static const struct cmg__step *const verify_steps[] = {
    &cmg__step_sign_in,         &cmg__step_tenant,          &cmg__step_rights,
    &cmg__step_server_app_look, &cmg__step_client_app_look,
};

/* Looked at before, so that the plan lists each change, and after. */
static const struct cmg__step *const correct_steps[] = {
    &cmg__step_sign_in,
    &cmg__step_tenant,
    &cmg__step_rights,
    &cmg__step_server_app_look,
    &cmg__step_client_app_look,
    &cmg__step_server_app_fixed,
    &cmg__step_server_principal_fixed,
    &cmg__step_server_consent,
    &cmg__step_client_app_fixed,
    &cmg__step_client_principal_fixed,
    &cmg__step_client_consent,
    &cmg__step_server_app_again,
    &cmg__step_client_app_again,
};

static const struct cmg__step *const inspect_steps[] = {
    SIGNED_IN,
    &cmg__step_gateway,
};

static const struct cmg__step *const inventory_steps[] = {
    SIGNED_IN,
    &cmg__step_inventory,
};

static const struct cmg__step *const drift_steps[] = {
    SIGNED_IN,
    &cmg__step_gateway,
    &cmg__step_drift,
};

/* Looked at before, so that the plan lists each change, and after. */
static const struct cmg__step *const correct_gateway_steps[] = {
    SIGNED_IN,
    &cmg__step_gateway,
    &cmg__step_correctable,
    CHECKING_CHANGES,
    &cmg__step_drift,
    MAKING,
    &cmg__step_drift_again,
};

#define MEASURING SIGNED_IN, &cmg__step_gateway, &cmg__step_check_rights, &cmg__step_usage

static const struct cmg__step *const measure_steps[] = { MEASURING };

static const struct cmg__step *const measure_and_stop_steps[] = {
    MEASURING,
    &cmg__step_stop_at_limit,
};

static const struct cmg__step *const stop_steps[] = {
    SIGNED_IN,
    &cmg__step_gateway,
    &cmg__step_check_rights,
    &cmg__step_stop,
};

static const struct cmg__step *const start_steps[] = {
    SIGNED_IN,        &cmg__step_gateway,  &cmg__step_check_rights,
    &cmg__step_start, &cmg__step_endpoint,
};

static const struct cmg__step *const scale_steps[] = {
    SIGNED_IN,
    &cmg__step_gateway,
    &cmg__step_check_rights,
    &cmg__step_check_size,
    &cmg__step_check_quota,
    &cmg__step_scale,
    &cmg__step_endpoint,
    &cmg__step_instances,
};

static const struct cmg__step *const rotate_steps[] = {
    SIGNED_IN,
    &cmg__step_gateway,
    &cmg__step_check_rights,
    &cmg__step_rotatable,
    &cmg__step_vault,
    &cmg__step_renewal,
    &cmg__step_vault_certificate,
    &cmg__step_model,
    &cmg__step_roll,
    &cmg__step_endpoint,
    &cmg__step_answer,
    &cmg__step_former_versions,
    &cmg__step_former_secret,
};

#define KNOWN &cmg__step_rights, &cmg__step_server_known, &cmg__step_client_known

static const struct cmg__step *const synchronise_steps[] = {
    SIGNED_IN, &cmg__step_gateway,  &cmg__step_check_rights, &cmg__step_synchronisable,
    KNOWN,     &cmg__step_settings, &cmg__step_follow,
};

static const struct cmg__step *const upgrade_steps[] = {
    SIGNED_IN,
    &cmg__step_gateway,
    &cmg__step_check_rights,
    &cmg__step_upgradable,
    KNOWN,
    &cmg__step_package,
    &cmg__step_package_reader,
    &cmg__step_settings,
    &cmg__step_follow,
};

static const struct cmg__step *const discover_steps[] = {
    &cmg__step_sign_in,
    &cmg__step_discover_users,
    &cmg__step_discover_groups,
};

static const struct cmg__step *const renew_steps[] = {
    &cmg__step_sign_in,      &cmg__step_tenant,         &cmg__step_rights,
    &cmg__step_server_found, &cmg__step_secret_renewal,
};

#define STEPS(list)                                                                      \
    {                                                                                    \
        (list), CMG__ARRAY_LEN(list)                                                     \
    }

static const struct cmg__operation operations[] = {
    [CMG_DEPLOY_CREATE] = { .name = "create",
                            .steps = STEPS(create_steps),
                            .end = CMG_DEPLOY_READY,
                            .finds = true,
                            .needs_gateway = true,
                            .needs_authority = true,
                            .unknown = "create if missing" },
    [CMG_DEPLOY_DELETE] = { .name = "delete",
                            .steps = STEPS(delete_steps),
                            .end = CMG_DEPLOY_DELETED,
                            .needs_gateway = true,
                            .any_spec = true,
                            .unknown = "remove if present" },
    [CMG_DEPLOY_FIND_TENANT] = { .name = "find_tenant",
                                 .steps = STEPS(tenant_steps),
                                 .end = CMG_DEPLOY_READY,
                                 .reads_only = true },
    [CMG_DEPLOY_REGISTER_APPS] = { .name = "register_apps",
                                   .steps = STEPS(register_steps),
                                   .end = CMG_DEPLOY_READY,
                                   .unknown = "create if missing" },
    [CMG_DEPLOY_VERIFY_APPS] = { .name = "verify_apps",
                                 .steps = STEPS(verify_steps),
                                 .end = CMG_DEPLOY_READY,
                                 .reads_only = true },
    [CMG_DEPLOY_CORRECT_APPS] = { .name = "correct_apps",
                                  .steps = STEPS(correct_steps),
                                  .end = CMG_DEPLOY_READY,
                                  .any_spec = true,
                                  .unknown = "correct if different" },
    [CMG_DEPLOY_DELETE_APPS] = { .name = "delete_apps",
                                 .steps = STEPS(delete_apps_steps),
                                 .end = CMG_DEPLOY_READY,
                                 .removes_apps = true,
                                 .any_spec = true,
                                 .unknown = "remove if present" },
    /* Restored first, then as good as new: what a deletion takes away is made again. */
    [CMG_DEPLOY_RESTORE_APPS] = { .name = "restore_apps",
                                  .steps = STEPS(register_steps),
                                  .end = CMG_DEPLOY_READY,
                                  .must_restore = true,
                                  .unknown = "mend if needed" },
    [CMG_DEPLOY_IMPORT_APPS] = { .name = "import_apps",
                                 .steps = STEPS(import_apps_steps),
                                 .end = CMG_DEPLOY_READY,
                                 .reads_only = true },
    [CMG_DEPLOY_PURGE_APPS] = { .name = "purge_apps",
                                .steps = STEPS(purge_apps_steps),
                                .end = CMG_DEPLOY_READY,
                                .removes_apps = true,
                                .any_spec = true,
                                .unknown = "remove if present" },
    [CMG_DEPLOY_DISCOVER] = { .name = "discover",
                              .steps = STEPS(discover_steps),
                              .end = CMG_DEPLOY_READY,
                              .reads_only = true,
                              .needs_discovery = true },
    [CMG_DEPLOY_STOP_GATEWAY] = { .name = "stop_gateway",
                                  .steps = STEPS(stop_steps),
                                  .end = CMG_DEPLOY_READY,
                                  .needs_gateway = true,
                                  .any_spec = true },
    [CMG_DEPLOY_START_GATEWAY] = { .name = "start_gateway",
                                   .steps = STEPS(start_steps),
                                   .end = CMG_DEPLOY_READY,
                                   .needs_gateway = true,
                                   .any_spec = true },
    [CMG_DEPLOY_SCALE_GATEWAY] = { .name = "scale_gateway",
                                   .steps = STEPS(scale_steps),
                                   .end = CMG_DEPLOY_READY,
                                   .needs_gateway = true,
                                   .any_spec = true },
    [CMG_DEPLOY_MODIFY_GATEWAY] = { .name = "modify_gateway",
                                    .steps = STEPS(modify_steps),
                                    .end = CMG_DEPLOY_READY,
                                    .needs_gateway = true,
                                    .needs_authority = true,
                                    .any_spec = true,
                                    .unknown = "change" },
    [CMG_DEPLOY_REDEPLOY_GATEWAY] = { .name = "redeploy_gateway",
                                      .steps = STEPS(redeploy_steps),
                                      .end = CMG_DEPLOY_READY,
                                      .needs_gateway = true,
                                      .needs_authority = true,
                                      .any_spec = true,
                                      .unknown = "make anew" },
    [CMG_DEPLOY_REPLACE_GATEWAY] = { .name = "replace_gateway",
                                     .steps = STEPS(replace_steps),
                                     .end = CMG_DEPLOY_READY,
                                     .needs_gateway = true,
                                     .needs_authority = true,
                                     .any_spec = true,
                                     .unknown = "create if missing" },
    [CMG_DEPLOY_ROTATE_CERTIFICATE] = { .name = "rotate_certificate",
                                        .steps = STEPS(rotate_steps),
                                        .end = CMG_DEPLOY_READY,
                                        .needs_gateway = true,
                                        .needs_authority = true,
                                        .any_spec = true,
                                        .unknown = "change" },
    [CMG_DEPLOY_SYNCHRONISE_GATEWAY] = { .name = "synchronise_gateway",
                                         .steps = STEPS(synchronise_steps),
                                         .end = CMG_DEPLOY_READY,
                                         .needs_gateway = true,
                                         .needs_authority = true,
                                         .any_spec = true,
                                         .unknown = "change" },
    [CMG_DEPLOY_UPGRADE_GATEWAY] = { .name = "upgrade_gateway",
                                     .steps = STEPS(upgrade_steps),
                                     .end = CMG_DEPLOY_READY,
                                     .needs_gateway = true,
                                     .needs_authority = true,
                                     .any_spec = true,
                                     .unknown = "change" },
    [CMG_DEPLOY_CHECK_GATEWAY] = { .name = "check_gateway",
                                   .steps = STEPS(create_steps),
                                   .end = CMG_DEPLOY_READY,
                                   .reads_only = true,
                                   .dry = true,
                                   .collects = true,
                                   .needs_gateway = true,
                                   .needs_authority = true,
                                   .unknown = "create if missing" },
    [CMG_DEPLOY_PLAN_GATEWAY] = { .name = "plan_gateway",
                                  .steps = STEPS(create_steps),
                                  .end = CMG_DEPLOY_READY,
                                  .reads_only = true,
                                  .dry = true,
                                  .needs_gateway = true,
                                  .needs_authority = true,
                                  .unknown = "create if missing" },
    [CMG_DEPLOY_VERIFY_GATEWAY] = { .name = "verify_gateway",
                                    .steps = STEPS(drift_steps),
                                    .end = CMG_DEPLOY_READY,
                                    .reads_only = true,
                                    .needs_gateway = true,
                                    .needs_authority = true },
    [CMG_DEPLOY_CORRECT_GATEWAY] = { .name = "correct_gateway",
                                     .steps = STEPS(correct_gateway_steps),
                                     .end = CMG_DEPLOY_READY,
                                     .needs_gateway = true,
                                     .needs_authority = true,
                                     .any_spec = true,
                                     .unknown = "correct if different" },
    [CMG_DEPLOY_INVENTORY_GATEWAY] = { .name = "inventory_gateway",
                                       .steps = STEPS(inventory_steps),
                                       .end = CMG_DEPLOY_READY,
                                       .reads_only = true,
                                       .needs_gateway = true },
    [CMG_DEPLOY_INSPECT_GATEWAY] = { .name = "inspect_gateway",
                                     .steps = STEPS(inspect_steps),
                                     .end = CMG_DEPLOY_READY,
                                     .reads_only = true,
                                     .needs_gateway = true },
    [CMG_DEPLOY_MEASURE_GATEWAY] = { .name = "measure_gateway",
                                     .steps = STEPS(measure_and_stop_steps),
                                     .end = CMG_DEPLOY_READY,
                                     .finds = true,
                                     .needs_gateway = true,
                                     .any_spec = true },
    [CMG_DEPLOY_RENEW_SECRET] = { .name = "renew_secret",
                                  .steps = STEPS(renew_steps),
                                  .end = CMG_DEPLOY_READY,
                                  .any_spec = true,
                                  .unknown = "renew" },
};

/* Where the specification does not want a gateway stopped. */
static const struct cmg__operation measure_only = { .name = "measure_gateway",
                                                    .steps = STEPS(measure_steps),
                                                    .end = CMG_DEPLOY_READY,
                                                    .reads_only = true,
                                                    .finds = true,
                                                    .needs_gateway = true };

const struct cmg__operation *cmg__operation_get(cmg_deploy_operation operation)
{
    const size_t i = (size_t)operation;

    if (operation <= 0 || i >= CMG__ARRAY_LEN(operations) || operations[i].name == NULL)
        return NULL;
    return &operations[i];
}

const struct cmg__operation *cmg__operation_for(cmg_deploy_operation operation,
                                                const cmg_gateway *gateway)
{
    if (operation == CMG_DEPLOY_MEASURE_GATEWAY && !gateway->settings.traffic.stop)
        return &measure_only;
    return cmg__operation_get(operation);
}
