/* Which steps make up an operation. Their order is that of the display; what really
   comes first is said by their needs. */
#include "deploy/steps.h"

static const struct cmg__step *const create_steps[] = {
    &cmg__step_sign_in,           &cmg__step_tenant,
    &cmg__step_subscription,      &cmg__step_provider_compute,
    &cmg__step_provider_network,  &cmg__step_provider_storage,
    &cmg__step_provider_keyvault, &cmg__step_names,
    &cmg__step_server_app,        &cmg__step_server_principal,
    &cmg__step_server_secret,     &cmg__step_server_consent,
    &cmg__step_client_app,        &cmg__step_client_principal,
    &cmg__step_client_consent,    &cmg__step_certificate,
    &cmg__step_resource_group,    &cmg__step_vault,
    &cmg__step_vault_certificate, &cmg__step_template,
    &cmg__step_deployment,        &cmg__step_endpoint,
    &cmg__step_instances,         &cmg__step_answer,
};

static const struct cmg__step *const delete_steps[] = {
    &cmg__step_sign_in,         &cmg__step_tenant,          &cmg__step_subscription,
    &cmg__step_client_app_gone, &cmg__step_server_app_gone, &cmg__step_group_gone,
    &cmg__step_vault_gone,      &cmg__step_secrets_gone,
};

static const struct cmg__step_table tables[] = {
    [CMG_DEPLOY_CREATE] = { create_steps, CMG__ARRAY_LEN(create_steps) },
    [CMG_DEPLOY_DELETE] = { delete_steps, CMG__ARRAY_LEN(delete_steps) },
};

const struct cmg__step_table *cmg__steps_for(cmg_deploy_operation operation)
{
    return &tables[operation];
}
