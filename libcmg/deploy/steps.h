/* The steps of each operation, one file per group; operation.c puts them together. */
#ifndef CMG_DEPLOY_STEPS_H
#define CMG_DEPLOY_STEPS_H

#include <cmg/inventory.h>
#include "deploy/step.h"
#include "model/expectation.h"

/* steps_sign_in.c */
extern const struct cmg__step cmg__step_sign_in;
/* steps_discovery.c */
extern const struct cmg__step cmg__step_discovery;
/* steps_tenant.c */
extern const struct cmg__step cmg__step_tenant;
extern const struct cmg__step cmg__step_subscription;
/* steps_rights.c */
extern const struct cmg__step cmg__step_rights;
/* steps_provider.c */
extern const struct cmg__step cmg__step_provider_compute;
extern const struct cmg__step cmg__step_provider_network;
extern const struct cmg__step cmg__step_provider_storage;
extern const struct cmg__step cmg__step_provider_keyvault;
extern const struct cmg__step cmg__step_names;
/* steps_app.c: _fixed ones correct what is there and make nothing */
extern const struct cmg__step cmg__step_server_app;
extern const struct cmg__step cmg__step_client_app;
extern const struct cmg__step cmg__step_server_app_fixed;
extern const struct cmg__step cmg__step_client_app_fixed;
/* steps_principal.c */
extern const struct cmg__step cmg__step_server_principal;
extern const struct cmg__step cmg__step_client_principal;
extern const struct cmg__step cmg__step_server_principal_fixed;
extern const struct cmg__step cmg__step_client_principal_fixed;
/* steps_app_verify.c */
extern const struct cmg__step cmg__step_server_app_look;
extern const struct cmg__step cmg__step_client_app_look;
extern const struct cmg__step cmg__step_server_app_again;
extern const struct cmg__step cmg__step_client_app_again;
/* steps_found.c */
extern const struct cmg__step cmg__step_server_found;
extern const struct cmg__step cmg__step_server_known;
extern const struct cmg__step cmg__step_client_known;
/* steps_secret.c */
extern const struct cmg__step cmg__step_server_secret;
extern const struct cmg__step cmg__step_secret_renewal;
/* steps_consent.c */
extern const struct cmg__step cmg__step_server_consent;
extern const struct cmg__step cmg__step_client_consent;
/* steps_certificate.c */
extern const struct cmg__step cmg__step_certificate;
extern const struct cmg__step cmg__step_renewal;
/* steps_vault.c */
extern const struct cmg__step cmg__step_vault;
extern const struct cmg__step cmg__step_vault_certificate;
/* steps_group.c */
extern const struct cmg__step cmg__step_resource_group;
/* steps_removal.c */
extern const struct cmg__step cmg__step_removable;
extern const struct cmg__step cmg__step_strays_gone;
extern const struct cmg__step cmg__step_group_gone;
extern const struct cmg__step cmg__step_vault_gone;
extern const struct cmg__step cmg__step_parts_gone;
/* steps_redeploy.c */
extern const struct cmg__step cmg__step_redeployable;
extern const struct cmg__step cmg__step_making;
extern const struct cmg__step cmg__step_made;
/* steps_validate.c */
extern const struct cmg__step cmg__step_check_group;
extern const struct cmg__step cmg__step_check_template;
/* steps_changes.c */
extern const struct cmg__step cmg__step_changes;
/* steps_deployment.c */
extern const struct cmg__step cmg__step_template;
extern const struct cmg__step cmg__step_deployment;
/* steps_verify.c */
extern const struct cmg__step cmg__step_endpoint;
extern const struct cmg__step cmg__step_instances;
extern const struct cmg__step cmg__step_answer;
/* steps_gateway.c */
extern const struct cmg__step cmg__step_gateway;
extern const struct cmg__step cmg__step_changeable;
extern const struct cmg__step cmg__step_correctable;
/* steps_drift.c */
extern const struct cmg__step cmg__step_drift;
extern const struct cmg__step cmg__step_drift_again;
/* steps_check.c */
extern const struct cmg__step cmg__step_check_rights;
extern const struct cmg__step cmg__step_check_locks;
extern const struct cmg__step cmg__step_check_sign_in;
extern const struct cmg__step cmg__step_check_certificate;
extern const struct cmg__step cmg__step_check_authority;
/* steps_quota.c */
extern const struct cmg__step cmg__step_check_region;
extern const struct cmg__step cmg__step_check_size;
extern const struct cmg__step cmg__step_check_quota;
/* steps_rotate.c */
extern const struct cmg__step cmg__step_rotatable;
extern const struct cmg__step cmg__step_model;
extern const struct cmg__step cmg__step_roll;
extern const struct cmg__step cmg__step_follow;
extern const struct cmg__step cmg__step_former_versions;
extern const struct cmg__step cmg__step_former_secret;
/* steps_package.c */
extern const struct cmg__step cmg__step_check_package;
extern const struct cmg__step cmg__step_package;
extern const struct cmg__step cmg__step_package_reader;
/* steps_sync.c */
extern const struct cmg__step cmg__step_synchronisable;
extern const struct cmg__step cmg__step_upgradable;
extern const struct cmg__step cmg__step_settings;
/* steps_inventory.c */
extern const struct cmg__step cmg__step_inventory;
/* steps_usage.c */
extern const struct cmg__step cmg__step_usage;
/* steps_power.c */
extern const struct cmg__step cmg__step_start;
extern const struct cmg__step cmg__step_stop;
extern const struct cmg__step cmg__step_stop_at_limit;
/* steps_scale.c */
extern const struct cmg__step cmg__step_scale;
/* steps_import.c */
extern const struct cmg__step cmg__step_import_sign_in;
extern const struct cmg__step cmg__step_import_tenant;
extern const struct cmg__step cmg__step_import_server;
extern const struct cmg__step cmg__step_import_client;
/* steps_restore.c */
extern const struct cmg__step cmg__step_server_app_back;
extern const struct cmg__step cmg__step_client_app_back;
/* steps_deleted.c */
extern const struct cmg__step cmg__step_client_app_deleted;
extern const struct cmg__step cmg__step_server_app_deleted;
extern const struct cmg__step cmg__step_client_app_purged;
extern const struct cmg__step cmg__step_server_app_purged;
/* steps_discover.c */
extern const struct cmg__step cmg__step_discover_users;
extern const struct cmg__step cmg__step_discover_groups;
/* steps_gone.c */
extern const struct cmg__step cmg__step_client_app_gone;
extern const struct cmg__step cmg__step_server_app_gone;
extern const struct cmg__step cmg__step_secrets_gone;
extern const struct cmg__step cmg__step_server_secret_gone;

/* The fact that tells how far a redeployment is, and its values. */
#define CMG__REDEPLOY          "redeploy"
#define CMG__REDEPLOY_REMOVING "removing"
#define CMG__REDEPLOY_MAKING   "making"

/* steps_replace.c */
extern const struct cmg__step cmg__step_old_gateway;
extern const struct cmg__step cmg__step_old_wait;
extern const struct cmg__step cmg__step_old_gone;
extern const struct cmg__step cmg__step_old_rest;

/* True when the tags of a resource or group name this deployment. */
bool cmg__tags_are_ours(const struct cmg__work *work, const struct cmg__json *resource);
/* A soft-deleted vault that stood at the place of this deployment's. */
bool cmg__deleted_vault_is_ours(const struct cmg__work *work,
                                const struct cmg__json *deleted);
/* Of everything in Resource Manager, the specification's included; NULL when memory ran
   out. */
struct cmg__json *cmg__tags_make(const struct cmg__work *work);
/* Ours only: a certificate in a vault has room for 15. */
struct cmg__json *cmg__tags_mark(const struct cmg__work *work);
/* True when the tags of an application, a list in Graph, name this deployment. */
bool cmg__app_is_ours(const struct cmg__work *work, const struct cmg__json *app);
/* Whether the run's application is one that somebody else made, named by its client ID:
   it carries no tag of ours and is never deleted together with a gateway. */
bool cmg__app_is_adopted(const struct cmg__run *run);
/* The deleted application of the run's in a list of deleted ones, the latest; NULL when
   there is none. */
const struct cmg__json *cmg__deleted_app(const struct cmg__run *run,
                                         const struct cmg__json *list);
/* Keeps ".object_id" and ".app_id" of an application. */
cmg_status cmg__app_keep_ids(struct cmg__run *run, const struct cmg__json *app,
                             cmg_error **err);
/* Forgets these, that of the principal, and who made it. */
cmg_status cmg__app_forget_ids(struct cmg__run *run);
/* Whether a list of delegated permissions lets the client app call the server app. */
bool cmg__scope_is_granted(const struct cmg__run *run, const struct cmg__json *list);
/* Where Windows' sign-in broker gets its answers for the run's application; NULL when
   memory ran out. */
char *cmg__app_broker_uri(const struct cmg__run *run);
/* True when a list of strings holds text. */
bool cmg__array_has(const struct cmg__json *array, const char *text);
/* The first resource of a type that is ours in a list; NULL when there is none. */
const struct cmg__json *cmg__resource_of_type(const struct cmg__work *work,
                                              const struct cmg__json *list,
                                              const char *type);
/* Is the resource of this ID in that group? */
bool cmg__id_is_in(const char *id, const char *subscription, const char *group);
/* The same for the gateway's group. */
bool cmg__id_is_in_group(const struct cmg__work *work, const char *id);
/* Puts a resource of an answer on the gateway's inventory. */
cmg_status cmg__inventory_note(struct cmg__run *run, cmg_inventory_kind kind,
                               const struct cmg__json *item, cmg_error **err);
/* "/subscriptions/.../vaults/{vault}" of this deployment; NULL when memory ran out. */
char *cmg__vault_id(const struct cmg__work *work);

/* Of the vault as it is made; NULL when memory ran out. */
struct cmg__json *cmg__vault_properties(const struct cmg__work *work);

/* Reads the answer to a validation: a refusal may stand in one that says 200. */
cmg_status cmg__read_validate(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err);
/* What a deployment sends, without its secret when password is none. */
cmg_status cmg__deployment_properties(struct cmg__work *work, const char *password,
                                      const char *vault_id, const char *cert_secret_url,
                                      struct cmg__json **out, cmg_error **err);
/* The body of a what-if. */
cmg_status cmg__what_if_build(struct cmg__run *run, const char *vault_id,
                              const char *cert_secret_url, struct cmg__ask *ask,
                              cmg_error **err);
/* Reads its answers, also those that are polled for: *ready when this one holds the
   result, else next is set. */
cmg_status cmg__what_if_read(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, bool *ready, cmg_error **err);
/* Notes for the plan of a step what the instances of a scale set will be told that is
   new to them. */
cmg_status cmg__plan_told(struct cmg__run *run, const struct cmg__json *scale_set,
                          const char *wanted, const char *step, cmg_error **err);
/* Whether the stored server certificate can be used; then it is the gateway's, and its
   thumbprint the fact "certificate_x5t". */
cmg_status cmg__certificate_look(struct cmg__run *run, bool *usable, cmg_error **err);
/* The rotation is done: the next one brings another certificate. */
cmg_status cmg__rotation_end(struct cmg__run *run, cmg_error **err);

/* CMG_E_EXISTS unless the resource group is ours. */
/* One of others that the specification lets us use; it is never removed. */
bool cmg__group_is_adopted(const struct cmg__run *run, const struct cmg__json *group);
cmg_status cmg__group_check_owner(struct cmg__run *run, const struct cmg__json *group,
                                  cmg_error **err);
/* Counts the instances of an answer into what was seen of the gateway. */
void cmg__gateway_see_instances(struct cmg__run *run, const struct cmg__json *answer);
/* How many instances of an answer run. */
size_t cmg__instances_running(const struct cmg__json *answer);
/* Which instance of an answer is brought to the newest model next: its ID. One that does
   not serve goes first. CMG_E_NOTFOUND when all have it and serve or are stopped,
   CMG_E_STATE while one that has it does not serve yet: the next one waits for that. */
cmg_status cmg__gateway_next_outdated(const struct cmg__json *answer, char *out,
                                      size_t size);
/* Reads the answer to a change of the scale set; waits while another one is under way,
   perhaps that of a run before this one. */
cmg_status cmg__read_set_change(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err);
/* Its last change has failed or was canceled; what it says of itself besides is what was
   wanted. */
bool cmg__resource_is_broken(const struct cmg__json *resource);
/* CMG_E_STATE unless the gateway's state is one of the bits (1 << CMG_GATEWAY_...); what
   is what the operation does: "stop". */
cmg_status cmg__gateway_require(struct cmg__run *run, uint32_t states, const char *what,
                                cmg_error **err);

#endif
