/*
 * The Azure clouds as data. Who wants another cloud adds a row and an enumerator; nothing
 * else in the library composes a host name of Microsoft's.
 */
#include "azure/cloud.h"

#include <string.h>

#include "azure/endpoint.h"
#include "base/str.h"

/* Each host once: as a name, and as the endpoint that follows from it. */
#define HOSTS(login, graph, arm, sts)                                                    \
    .login_host = (login), .graph_host = (graph), .arm_host = (arm), .sts_host = (sts),  \
    .at[CMG_ENDPOINT_LOGIN] = "https://" login,                                          \
    .at[CMG_ENDPOINT_GRAPH] = "https://" graph,                                          \
    .at[CMG_ENDPOINT_RESOURCE_MANAGER] = "https://" arm,                                 \
    .at[CMG_ENDPOINT_ISSUER] = "https://" login,                                         \
    .at[CMG_ENDPOINT_ISSUER_V1] = "https://" sts,                                        \
    .at[CMG_ENDPOINT_GRAPH_AUDIENCE] = "https://" graph,                                 \
    .at[CMG_ENDPOINT_RESOURCE_MANAGER_AUDIENCE] = "https://" arm

#define SUFFIXES(storage, vault, dns)                                                    \
    .storage_suffix = (storage), .vault_suffix = (vault), .dns_suffix = (dns),           \
    .at[CMG_ENDPOINT_STORAGE] = (storage), .at[CMG_ENDPOINT_VAULT] = (vault),            \
    .at[CMG_ENDPOINT_PUBLIC_IP] = (dns),                                                 \
    .at[CMG_ENDPOINT_VAULT_AUDIENCE] = "https://" vault,                                 \
    .at[CMG_ENDPOINT_STORAGE_AUDIENCE] = "https://storage.azure.com"

#define GOVERNMENT_SUFFIXES                                                              \
    SUFFIXES("core.usgovcloudapi.net", "vault.usgovcloudapi.net",                        \
             "cloudapp.usgovcloudapi.net")
#define GOVERNMENT_ALIASES                                                               \
    .aliases = { "login-us.microsoftonline.com", "login.usgovcloudapi.net" }

static const struct cmg__cloud clouds[] = {
    { .id = CMG_CLOUD_PUBLIC,
      .name = "AzureCloud",
      .instance = "microsoftonline.com",
      HOSTS("login.microsoftonline.com", "graph.microsoft.com", "management.azure.com",
            "sts.windows.net"),
      SUFFIXES("core.windows.net", "vault.azure.net", "cloudapp.azure.com"),
      .aliases = { "login.windows.net", "login.microsoft.com", "sts.windows.net" } },
    { .id = CMG_CLOUD_US_GOVERNMENT,
      .name = "AzureUSGovernment",
      .instance = "microsoftonline.us",
      HOSTS("login.microsoftonline.us", "graph.microsoft.us",
            "management.usgovcloudapi.net", "sts.windows.net"),
      GOVERNMENT_SUFFIXES,
      GOVERNMENT_ALIASES },
    { .id = CMG_CLOUD_CHINA,
      .name = "AzureChinaCloud",
      .instance = "partner.microsoftonline.cn",
      HOSTS("login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn",
            "management.chinacloudapi.cn", "sts.chinacloudapi.cn"),
      SUFFIXES("core.chinacloudapi.cn", "vault.azure.cn", "cloudapp.chinacloudapi.cn"),
      .aliases = { "login.chinacloudapi.cn" } },
    { .id = CMG_CLOUD_US_GOVERNMENT_DOD,
      .name = "AzureUSGovernment",
      .instance = "microsoftonline.us",
      HOSTS("login.microsoftonline.us", "dod-graph.microsoft.us",
            "management.usgovcloudapi.net", "sts.windows.net"),
      GOVERNMENT_SUFFIXES,
      GOVERNMENT_ALIASES },
    { .id = CMG_CLOUD_CUSTOM, .name = "custom" },
};

const struct cmg__cloud *cmg__cloud_get(cmg_cloud id)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(clouds); i++) {
        if (clouds[i].id == id)
            return &clouds[i];
    }
    return NULL;
}

const struct cmg__cloud *cmg__cloud_of_instance(const char *instance)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(clouds); i++) {
        if (clouds[i].instance != NULL && cmg__str_ieq(clouds[i].instance, instance))
            return &clouds[i];
    }
    return NULL;
}

char *cmg__cloud_deployment_name(const cmg_context *ctx, const char *prefix,
                                 const char *region)
{
    return cmg__format(&ctx->alloc, "%s.%s.%s", prefix, region,
                       cmg__endpoint_get(ctx, CMG_ENDPOINT_PUBLIC_IP));
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
        if (clouds[i].dns_suffix != NULL && is_below(host, clouds[i].dns_suffix))
            return true;
    }
    for (size_t i = 0; i < CMG__ARRAY_LEN(others); i++) {
        if (is_below(host, others[i]))
            return true;
    }
    return false;
}
