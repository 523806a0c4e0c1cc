/* The hosts of each Azure cloud, one row each. */
#ifndef CMG_AZURE_CLOUD_H
#define CMG_AZURE_CLOUD_H

#include "base/context.h"

struct cmg__cloud {
    cmg_cloud id;
    const char *name;               /* "AzureCloud" */
    const char *instance;           /* what a discovery document calls it */
    const char *login_host;         /* "login.microsoftonline.com" */
    const char *graph_host;         /* "graph.microsoft.com" */
    const char *arm_host;           /* "management.azure.com" */
    const char *storage_suffix;     /* "core.windows.net" */
    const char *vault_suffix;       /* "vault.azure.net" */
    const char *dns_suffix;         /* "cloudapp.azure.com" */
    const char *sts_host;           /* issuer host of v1 tokens: "sts.windows.net" */
    const char *aliases[6];         /* other hosts that sign people in; NULL ends */
    const char *at[CMG__ENDPOINTS]; /* the same by cmg_endpoint, as endpoint.h has it */
};
/* NULL for a number that is no cloud. A custom one has a row without hosts. */
const struct cmg__cloud *cmg__cloud_get(cmg_cloud id);
/* The cloud whose discovery documents say that, or NULL. */
const struct cmg__cloud *cmg__cloud_of_instance(const char *instance);
/* "granitefalls.westeurope.cloudapp.azure.com", in the context's cloud; NULL when memory
   ran out. */
char *cmg__cloud_deployment_name(const cmg_context *ctx, const char *prefix,
                                 const char *region);
/* Whether a host name is in a domain that Azure gives names in, in any cloud, classic
   ones included: nobody else can make a record there or have a certificate for it from a
   public authority. */
bool cmg__cloud_owns_host(const char *host);

#endif
