/* The hosts of each Azure cloud, one row each. */
#ifndef CMG_AZURE_CLOUD_H
#define CMG_AZURE_CLOUD_H

#include <cmg/context.h>

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

#endif
