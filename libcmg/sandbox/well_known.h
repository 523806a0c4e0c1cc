/*
 * What every tenant has from its first day: Microsoft's own service principals with their
 * permissions, and the public clients that come with Azure. Rows of data.
 */
#ifndef CMG_SANDBOX_WELL_KNOWN_H
#define CMG_SANDBOX_WELL_KNOWN_H

#include "sandbox/cloud.h"

#define CMG__SB_GRAPH_APP_ID   "00000003-0000-0000-c000-000000000000"
#define CMG__SB_ARM_APP_ID     "797f4846-ba00-4fd7-ba43-dac1f8f63013"
#define CMG__SB_VAULT_APP_ID   "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"
#define CMG__SB_STORAGE_APP_ID "e406a681-f3d4-42a8-90b6-c2b029497af1"

#define CMG__SB_BUILT_IN_NAME "Sandbox Automation"
/* Keys of "identities": the machine's own, and one that is assigned to it. */
#define CMG__SB_MACHINE  "operator-machine"
#define CMG__SB_OPERATOR "cmg-operator"

/* A resource of Microsoft's that tokens are issued for. */
struct cmg__sb_first_party {
    const char *app_id;
    const char *display_name;
    const char *audiences[6];     /* URIs it is asked for by, without "/.default" */
    const char *delegated_scopes; /* what a user token of a public client carries */
};
/* By app ID or by one of the URIs; NULL for none. */
const struct cmg__sb_first_party *cmg__sb_first_party(const char *resource);
const struct cmg__sb_first_party *cmg__sb_first_party_of(const char *app_id);

/* True for a public client that comes with Azure; its name goes to *out_name. */
bool cmg__sb_is_public_client(const char *client_id, const char **out_name);

/* A managed identity of a resource, kept under key, with its service principal; both IDs
   are made here. */
void cmg__sb_identity_add(struct cmg__sb_cloud *cloud, const char *key,
                          const char *resource_id);
/* Is it an identity of the machine that the sandbox's clients run on? */
/* Is it the value of an application permission of Graph? */
bool cmg__sb_is_graph_role(const char *value, size_t n);
bool cmg__sb_identity_is_machine(const struct cmg__sb_cloud *cloud,
                                 const char *client_id);
/* Puts Microsoft's service principals into a fresh tree. */
void cmg__sb_well_known_add(struct cmg__sb_cloud *cloud);

#endif
