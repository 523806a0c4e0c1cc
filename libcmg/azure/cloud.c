/*
 * The Azure clouds as data. Who wants another cloud adds a row and an enumerator; nothing
 * else in the library composes a host name of Microsoft's.
 */
#include "azure/cloud.h"

#include <string.h>

#include "base/str.h"

static const struct cmg__cloud clouds[] = {
    {
        .id = CMG_CLOUD_PUBLIC,
        .name = "AzureCloud",
        .login_host = "login.microsoftonline.com",
        .graph_host = "graph.microsoft.com",
        .arm_host = "management.azure.com",
        .storage_suffix = "core.windows.net",
        .vault_suffix = "vault.azure.net",
        .dns_suffix = "cloudapp.azure.com",
        .sts_host = "sts.windows.net",
    },
    {
        .id = CMG_CLOUD_US_GOVERNMENT,
        .name = "AzureUSGovernment",
        .login_host = "login.microsoftonline.us",
        .graph_host = "graph.microsoft.us",
        .arm_host = "management.usgovcloudapi.net",
        .storage_suffix = "core.usgovcloudapi.net",
        .vault_suffix = "vault.usgovcloudapi.net",
        .dns_suffix = "cloudapp.usgovcloudapi.net",
        .sts_host = "sts.windows.net",
    },
    {
        .id = CMG_CLOUD_CHINA,
        .name = "AzureChinaCloud",
        .login_host = "login.partner.microsoftonline.cn",
        .graph_host = "microsoftgraph.chinacloudapi.cn",
        .arm_host = "management.chinacloudapi.cn",
        .storage_suffix = "core.chinacloudapi.cn",
        .vault_suffix = "vault.azure.cn",
        .dns_suffix = "cloudapp.chinacloudapi.cn",
        .sts_host = "sts.chinacloudapi.cn",
    },
};

const struct cmg__cloud *cmg__cloud_get(cmg_cloud id)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(clouds); i++) {
        if (clouds[i].id == id)
            return &clouds[i];
    }
    return NULL;
}

char *cmg__cloud_deployment_name(const struct cmg__alloc *alloc,
                                 const struct cmg__cloud *cloud, const char *prefix,
                                 const char *region)
{
    return cmg__format(alloc, "%s.%s.%s", prefix, region, cloud->dns_suffix);
}

static bool is_below(const char *host, const char *domain)
{
    const size_t n = strlen(host);
    const size_t d = strlen(domain);

    return cmg__str_iends(host, domain) && (n == d || host[n - d - 1] == '.');
}

bool cmg__cloud_owns_host(const char *host)
{
    /* Beside the deployments' own: those of classic ones, and what documents call them.
     */
    static const char *const others[] = {
        "cloudapp.net",       "usgovcloudapp.net", "usgovcloudapi.net",
        "chinacloudapp.cn",   "chinacloudapi.cn",  "azurewebsites.net",
        "trafficmanager.net", "azure.com",         "windows.net",
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(clouds); i++) {
        if (is_below(host, clouds[i].dns_suffix))
            return true;
    }
    for (size_t i = 0; i < CMG__ARRAY_LEN(others); i++) {
        if (is_below(host, others[i]))
            return true;
    }
    return false;
}
