/* What the files of Resource Manager share. */
#ifndef CMG_SANDBOX_ARM_H
#define CMG_SANDBOX_ARM_H

#include "sandbox/call.h"

/* Why the service will not: copied into an answer or a deployment's error. */
struct cmg__sb_fault {
    int status;
    char code[64];
    char message[768];
    char policy[64]; /* the one that denies it; "" for other reasons */
    char inner[64];  /* code of the cause that message tells; "": code itself */
};
void cmg__sb_fault_set(struct cmg__sb_fault *fault, int status, const char *code,
                       const char *fmt, ...) CMG__PRINTF(4, 5);
void cmg__sb_refuse_fault(struct cmg__sb_call *call, const struct cmg__sb_fault *fault);

/* ---- arm_admission.c ---- */
/* May the call to Resource Manager be carried out? True for other services. */
bool cmg__sb_arm_admits(struct cmg__sb_call *call);
/* What Compute tells of its own limits, by the policies of the operation. */
void cmg__sb_arm_tell_limits(struct cmg__sb_call *call);
/* The action that a request is, as roles name it:
 * "Microsoft.Network/loadBalancers/write".
 */
cmg_status cmg__sb_action_name(const char *path, const char *method,
                               struct cmg__buf *out);

/* ---- arm_activity.c ---- */
/* Writes an answered call into the activity log, when it was to change something. */
void cmg__sb_activity_note(struct cmg__sb_call *call);

/* ---- arm_operation.c ---- */
/* Finishes what is due by now: operations, registrations, steps of deployments. */
void cmg__sb_arm_settle(struct cmg__sb_cloud *cloud);
/* How an operation ends that does not end well; NULL for one that does. */
struct cmg__sb_end {
    const char *state, *code, *message;
};
const struct cmg__sb_end *cmg__sb_operation_end(int64_t fault);
/* Notes a long-running operation; kind is a row of arm_operation.c. */
void cmg__sb_operation_start(struct cmg__sb_cloud *cloud, const char *kind,
                             const char *target, char out_id[CMG__GUID_SIZE]);
/* Notes one and answers 202 with both headers; its ID, borrowed from the call. */
const char *cmg__sb_operation_begin(struct cmg__sb_call *call, const char *kind,
                                    const char *target);
/* False, answered as its service does, while another operation works on the resource;
   whole: of any kind, else only one that puts or deletes it. */
bool cmg__sb_operation_admits(struct cmg__sb_call *call, const struct cmg__json *resource,
                              bool whole);
/* Azure-AsyncOperation and Retry-After, Location if wanted. */
void cmg__sb_operation_heads(struct cmg__sb_call *call, const char *id, bool async,
                             bool location);
/* What takes no time is done when it is answered: the answer becomes that of the end. */
void cmg__sb_operation_conclude(struct cmg__sb_call *call);

/* ---- arm_provider.c ---- */
struct cmg__sb_type {
    const char *space; /* "Microsoft.Network" */
    const char *name;  /* "publicIPAddresses" */
    const char *api_version;
};
const struct cmg__sb_type *cmg__sb_type_find(const char *space, const char *name);
bool cmg__sb_provider_is_ready(const struct cmg__sb_cloud *cloud, const char *space,
                               struct cmg__sb_fault *fault);
void cmg__sb_provider_settle(struct cmg__sb_cloud *cloud, int64_t now_ms);
/* The display name of a region ("West Europe"), or NULL when there is none of that name.
 */
const char *cmg__sb_region(const char *name);
/* Its short name ("westeurope") for either, or NULL; the i-th one, or NULL at the end. */
const char *cmg__sb_region_name(const char *name);
const char *cmg__sb_region_at(size_t i);
/* The path of the call up to the last appearance of a mark, as a text (yours). */
struct cmg__json *cmg__sb_scope_of(struct cmg__sb_call *call, const char *mark);
/* Does the path have it, without case? */
bool cmg__sb_path_has(const char *path, const char *part);

/* ---- arm_lock.c ---- */
/* False, answered, when a lock keeps the call from changing something. */
bool cmg__sb_lock_admits(struct cmg__sb_call *call);

/* ---- arm_policy.c ---- */
bool cmg__sb_policy_is_good(const char *text);
bool cmg__sb_policy_admits(const struct cmg__sb_cloud *cloud, const char *type,
                           const char *name, const struct cmg__json *resource,
                           struct cmg__sb_fault *fault);
/* What an error of that policy carries as additionalInfo. */
struct cmg__json *cmg__sb_policy_info(const struct cmg__sb_cloud *cloud,
                                      const char *policy);

/* ---- arm_role.c ---- */
struct cmg__sb_assignment {
    const char *id;
    const char *scope;
    const char *role; /* GUID or ID of its definition; this and the next may be NULL */
    const char *principal;
    const char *principal_type;
};
/* Makes a role assignment, or finds it made; false with *fault filled in. */
bool cmg__sb_role_assign(struct cmg__sb_cloud *cloud,
                         const struct cmg__sb_assignment *wish, bool *out_is_new,
                         struct cmg__sb_fault *fault);

/* ---- arm_name.c ---- */
bool cmg__sb_storage_name_is_free(const struct cmg__sb_cloud *cloud, const char *name,
                                  const char *except_id);

/* ---- arm_group.c ---- */
/* The group of the call, or NULL with the answer set. */
struct cmg__json *cmg__sb_group(struct cmg__sb_call *call);
struct cmg__json *cmg__sb_group_named(const struct cmg__sb_cloud *cloud,
                                      const char *name);
bool cmg__sb_group_is_going(const struct cmg__json *group);
/* Removes a group with everything in it. */
void cmg__sb_group_remove(struct cmg__sb_cloud *cloud, const char *key);
/* The lower-case copy of a text as used for keys; cmg__free, NULL without memory. */
char *cmg__sb_key(const struct cmg__sb_cloud *cloud, const char *text);

/* ---- arm_resource.c ---- */
struct cmg__sb_wish {
    const char *id; /* full resource ID, the case is kept */
    const char *group;
    const struct cmg__json *body; /* location, sku, properties ... */
};
struct cmg__json *cmg__sb_resource(const struct cmg__sb_cloud *cloud, const char *id);
/* The resource of that type in the call's group, named by the route's {arg}, or NULL with
   the answer set. */
struct cmg__json *cmg__sb_resource_of(struct cmg__sb_call *call, const char *type,
                                      const char *arg);
/* Makes or replaces a resource; its provisioningState is the given one. NULL with *fault
   filled in when the service would refuse. *out_is_new may be NULL. */
struct cmg__json *cmg__sb_resource_put(struct cmg__sb_cloud *cloud,
                                       const struct cmg__sb_wish *wish, const char *state,
                                       bool *out_is_new, struct cmg__sb_fault *fault);
/* Removes it; a vault goes to the deleted ones. */
void cmg__sb_resource_remove(struct cmg__sb_cloud *cloud, const char *key);
/* As an answer shows it: without secrets of its own. */
struct cmg__json *cmg__sb_resource_view(const struct cmg__json *resource);
/* Answers 200 with the resources whose ID begins with prefix, and that have a tag of this
   value; tag NULL: any. */
void cmg__sb_resource_list(struct cmg__sb_call *call, const char *prefix, const char *tag,
                           const char *value);

/* ---- arm_scale_set_action.c ---- */
/* The instance of a set by its ID, or NULL with the answer set. */
struct cmg__json *cmg__sb_instance_of(struct cmg__sb_call *call,
                                      const struct cmg__json *set, const char *id);

/* ---- arm_resource_rule.c ---- */
/* Fills in what the service adds, checks what it refuses. */
bool cmg__sb_resource_rules(struct cmg__sb_cloud *cloud, struct cmg__json *resource,
                            struct cmg__sb_fault *fault);
/* A resource other than id that refers to it, or NULL. */
const char *cmg__sb_resource_user(const struct cmg__sb_cloud *cloud, const char *id);
bool cmg__sb_dns_label_is_taken(const struct cmg__sb_cloud *cloud, const char *label,
                                const char *location, const char *except_id);
bool cmg__sb_dns_label_is_valid(const char *label);

/* ---- arm_deployment_run.c ---- */
void cmg__sb_deployment_settle(struct cmg__sb_cloud *cloud, int64_t now_ms);
/* What waits for what; once, before a deployment begins. */
void cmg__sb_deployment_plan(struct cmg__sb_cloud *cloud, struct cmg__json *deployment);
/* Is a resource of it being made, even after it was cancelled? */
bool cmg__sb_deployment_is_at_work(const struct cmg__json *deployment);

/* ---- arm_deployment_check.c ---- */
/* Evaluates and orders a deployment's template, and asks the providers; false with *fault
   filled in. */
bool cmg__sb_deployment_check(struct cmg__sb_cloud *cloud, const struct cmg__json *group,
                              const struct cmg__json *properties,
                              struct cmg__json **out_order, struct cmg__json **out_shown,
                              struct cmg__sb_fault *fault);

/* The resources of a deployment's template with their IDs, in order, as they would be
   put; what is known only later is null. */
bool cmg__sb_deployment_preview(struct cmg__sb_cloud *cloud,
                                const struct cmg__json *group,
                                const struct cmg__json *properties,
                                struct cmg__json **out, struct cmg__sb_fault *fault);

/* ---- arm_child.c ---- */
/* Is it a type of templates that is kept elsewhere than among the resources? */
bool cmg__sb_child_is(const char *type);
bool cmg__sb_child_put(struct cmg__sb_cloud *cloud, const char *id,
                       const struct cmg__json *body, struct cmg__sb_fault *fault);
/* As it is now, in the form of a template's body; NULL: it is not there. */
struct cmg__json *cmg__sb_child_see(struct cmg__sb_cloud *cloud, const char *id,
                                    const struct cmg__json *body);

/* ---- identity.c ---- */
/* A managed identity for a resource: its principal in the directory, and what the
   metadata service knows it by. Found again when it is there; the client ID is a text
   (yours). */
void cmg__sb_identity_make(struct cmg__sb_cloud *cloud, const char *resource_id,
                           char object_id[CMG__GUID_SIZE],
                           char client_id[CMG__GUID_SIZE]);
void cmg__sb_identity_remove(struct cmg__sb_cloud *cloud, const char *resource_id);

/* ---- arm_vault.c ---- */
void cmg__sb_vault_soft_delete(struct cmg__sb_cloud *cloud,
                               const struct cmg__json *resource);
struct cmg__json *cmg__sb_vault_named(const struct cmg__sb_cloud *cloud,
                                      const char *name);
bool cmg__sb_vault_name_is_free(const struct cmg__sb_cloud *cloud, const char *name);
/* ---- vault.c ---- */
/* The certificate that a secret URL names, as the vault stores it, or NULL. The vault's
   name goes to vault. */
struct cmg__json *cmg__sb_vault_secret(const struct cmg__sb_cloud *cloud, const char *url,
                                       char vault[64]);

#endif
