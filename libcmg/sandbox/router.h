/*
 * From a request value to a handler and back: service by host name (or by path under
 * localhost), route by table, token check, bodies, the headers every answer carries.
 * Pure.
 */
#ifndef CMG_SANDBOX_ROUTER_H
#define CMG_SANDBOX_ROUTER_H

#include "sandbox/call.h"

struct cmg__sb_route {
    const char *method;
    const char *pattern; /* "/applications(appId='{app_id}')/x", compared without case */
    void (*handle)(struct cmg__sb_call *call);
};
struct cmg__sb_routes {
    const struct cmg__sb_route *items;
    size_t count;
};
/* One table per file with handlers. */
extern const struct cmg__sb_routes cmg__sb_entra_metadata_routes;
extern const struct cmg__sb_routes cmg__sb_entra_token_routes;
extern const struct cmg__sb_routes cmg__sb_entra_device_routes;
extern const struct cmg__sb_routes cmg__sb_entra_authorize_routes;
extern const struct cmg__sb_routes cmg__sb_entra_identity_routes;
extern const struct cmg__sb_routes cmg__sb_instance_metadata_routes;
extern const struct cmg__sb_routes cmg__sb_entra_consent_routes;
extern const struct cmg__sb_routes cmg__sb_graph_directory_routes;
extern const struct cmg__sb_routes cmg__sb_graph_application_routes;
extern const struct cmg__sb_routes cmg__sb_graph_federated_routes;
extern const struct cmg__sb_routes cmg__sb_graph_principal_routes;
extern const struct cmg__sb_routes cmg__sb_graph_grant_routes;
extern const struct cmg__sb_routes cmg__sb_graph_right_routes;
extern const struct cmg__sb_routes cmg__sb_graph_owner_routes;
extern const struct cmg__sb_routes cmg__sb_graph_delta_routes;
extern const struct cmg__sb_routes cmg__sb_graph_people_routes;
extern const struct cmg__sb_routes cmg__sb_graph_batch_routes;
extern const struct cmg__sb_routes cmg__sb_arm_subscription_routes;
extern const struct cmg__sb_routes cmg__sb_arm_provider_routes;
extern const struct cmg__sb_routes cmg__sb_arm_name_routes;
extern const struct cmg__sb_routes cmg__sb_arm_group_routes;
extern const struct cmg__sb_routes cmg__sb_arm_vault_routes;
extern const struct cmg__sb_routes cmg__sb_arm_scale_set_routes;
extern const struct cmg__sb_routes cmg__sb_arm_scale_set_action_routes;
extern const struct cmg__sb_routes cmg__sb_arm_rolling_routes;
extern const struct cmg__sb_routes cmg__sb_arm_what_if_routes;
extern const struct cmg__sb_routes cmg__sb_arm_storage_routes;
extern const struct cmg__sb_routes cmg__sb_arm_lock_routes;
extern const struct cmg__sb_routes cmg__sb_arm_role_routes;
extern const struct cmg__sb_routes cmg__sb_arm_size_routes;
extern const struct cmg__sb_routes cmg__sb_arm_quota_routes;
extern const struct cmg__sb_routes cmg__sb_arm_deployment_routes;
extern const struct cmg__sb_routes cmg__sb_arm_deployment_scope_routes;
extern const struct cmg__sb_routes cmg__sb_arm_operation_routes;
extern const struct cmg__sb_routes cmg__sb_arm_metric_routes;
extern const struct cmg__sb_routes cmg__sb_arm_activity_routes;
extern const struct cmg__sb_routes cmg__sb_arm_port_mapping_routes;
extern const struct cmg__sb_routes cmg__sb_arm_resource_routes;
extern const struct cmg__sb_routes cmg__sb_vault_routes;
extern const struct cmg__sb_routes cmg__sb_pki_certsrv_routes;
extern const struct cmg__sb_routes cmg__sb_pki_est_routes;

void cmg__sb_answer_init(struct cmg__sb_answer *answer, const struct cmg__alloc *alloc);
void cmg__sb_answer_done(struct cmg__sb_answer *answer);
/* Does what the request asks for, after whatever time alone has finished. Only running
   out of memory fails; then the answer is to be 500. */
cmg_status cmg__sb_answer(struct cmg__sb_cloud *cloud,
                          const struct cmg__sb_request *request,
                          struct cmg__sb_answer *answer);

#endif
