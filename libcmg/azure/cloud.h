/* The hosts of each Azure cloud, one row each. */
#ifndef CMG_AZURE_CLOUD_H
#define CMG_AZURE_CLOUD_H

#include <cmg/context.h>
#include "base/alloc.h"

struct cmg__cloud {
    cmg_cloud id;
    const char *name;           /* "AzureCloud" */
    const char *login_host;     /* "login.microsoftonline.com" */
    const char *graph_host;     /* "graph.microsoft.com" */
    const char *arm_host;       /* "management.azure.com" */
    const char *storage_suffix; /* "core.windows.net" */
    const char *vault_suffix;   /* "vault.azure.net" */
    const char *dns_suffix;     /* "cloudapp.azure.com" */
    const char *sts_host;       /* issuer host of v1 tokens: "sts.windows.net" */
};
const struct cmg__cloud *cmg__cloud_get(cmg_cloud id);
/* "granitefalls.westeurope.cloudapp.azure.com"; NULL when memory ran out. */
char *cmg__cloud_deployment_name(const struct cmg__alloc *alloc,
                                 const struct cmg__cloud *cloud, const char *prefix,
                                 const char *region);
/* Whether a host name is in a domain that Azure gives names in, in any cloud, classic
   ones included: nobody else can make a record there or have a certificate for it from a
   public authority. */
bool cmg__cloud_owns_host(const char *host);

#endif
