/*
 * Cloud metadata, subscriptions, tenants, locations, permissions.
 */
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/role.h"
#include "sandbox/router.h"

static const struct {
    const char *name;
    const char *display_name;
} regions[] = {
    { "westeurope", "West Europe" },
    { "northeurope", "North Europe" },
    { "germanywestcentral", "Germany West Central" },
    { "swedencentral", "Sweden Central" },
    { "francecentral", "France Central" },
    { "switzerlandnorth", "Switzerland North" },
    { "uksouth", "UK South" },
    { "eastus", "East US" },
    { "eastus2", "East US 2" },
    { "centralus", "Central US" },
    { "westus2", "West US 2" },
    { "southeastasia", "Southeast Asia" },
    { "australiaeast", "Australia East" },
    { "japaneast", "Japan East" },
};

/* Equal without case and blanks: "West Europe" is "westeurope". */
static bool same_region(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a == ' ')
            a++;
        while (*b == ' ')
            b++;
        if (cmg__lower(*a) != cmg__lower(*b))
            return false;
        if (*a == '\0')
            return true;
    }
}

const char *cmg__sb_region(const char *name)
{
    for (size_t i = 0; name != NULL && i < CMG__ARRAY_LEN(regions); i++) {
        if (same_region(regions[i].name, name))
            return regions[i].display_name;
    }
    return NULL;
}

const char *cmg__sb_region_name(const char *name)
{
    for (size_t i = 0; name != NULL && i < CMG__ARRAY_LEN(regions); i++) {
        if (same_region(regions[i].name, name))
            return regions[i].name;
    }
    return NULL;
}

const char *cmg__sb_region_at(size_t i)
{
    return i < CMG__ARRAY_LEN(regions) ? regions[i].name : NULL;
}

static const char *login_base(const struct cmg__sb_call *call, const char *azure)
{
    bool local = cmg__str_istarts(call->base, "https://localhost") ||
                 cmg__str_istarts(call->base, "https://127.0.0.1");
    return local ? call->base : azure;
}

/* Before 2019-05-01 another shape; with it an array of clouds, from 2022-09-01 one. */
static void get_endpoints(struct cmg__sb_call *call)
{
    const char *version = cmg__str_or(cmg__sb_query(call, "api-version"), "");
    const char *login = login_base(call, "https://login.microsoftonline.com");
    const char *graph = login_base(call, "https://graph.microsoft.com");
    struct cmg__json *endpoint =
        cmg__sb_text(call->cloud, login == call->base ? "%s/adfs" : "%s/", login);
    if (strcmp(version, "2019-05-01") < 0) {
        cmg__sb_reply(call, 200,
                      cmg__json_pack("{s:s, s:s, s:s, s:{s:o, s:[s, s]}}",
                                     "galleryEndpoint", "https://gallery.azure.com/",
                                     "graphEndpoint", graph, "portalEndpoint",
                                     "https://portal.azure.com/", "authentication",
                                     "loginEndpoint", endpoint, "audiences",
                                     "https://management.core.windows.net/",
                                     "https://management.azure.com/"));
        return;
    }
    struct cmg__json *cloud = cmg__json_pack(
        "{s:s, s:s, s:s, s:s, s:{s:o, s:[s, s], s:s, s:s}, s:{s:s, s:s}}", "name",
        "AzureCloud", "portal", "https://portal.azure.com", "resourceManager", call->base,
        "microsoftGraphResourceId", graph, "authentication", "loginEndpoint", endpoint,
        "audiences", "https://management.core.windows.net/",
        "https://management.azure.com/", "tenant", "common", "identityProvider", "AAD",
        "suffixes", "storage", "core.windows.net", "keyVaultDns", "vault.azure.net");
    if (strcmp(version, "2022-09-01") < 0)
        cloud = cmg__json_pack("[o]", cloud);
    cmg__sb_reply(call, 200, cloud);
}

static struct cmg__json *subscription(const struct cmg__sb_call *call)
{
    const char *id = cmg__sb_fact(call->cloud, "subscription_id");
    return cmg__json_pack(
        "{s:o, s:s, s:s, s:s, s:s, s:s, s:[], s:{s:s, s:s, s:s}}", "id",
        cmg__sb_text(call->cloud, "/subscriptions/%s", id), "subscriptionId", id,
        "displayName", "Sandbox", "state", "Enabled", "tenantId",
        cmg__sb_fact(call->cloud, "tenant_id"), "authorizationSource", "RoleBased",
        "managedByTenants", "subscriptionPolicies", "locationPlacementId",
        "Public_2014-09-01", "quotaId", "PayAsYouGo_2014-09-01", "spendingLimit", "Off");
}

/* Those that the caller has any right on. */
static void list_subscriptions(struct cmg__sb_call *call)
{
    struct cmg__json *one = subscription(call);
    struct cmg__json *list = cmg__json_array();
    const struct cmg__sb_right right = { .action =
                                             "Microsoft.Resources/subscriptions/read",
                                         .scope =
                                             cmg__str_or(cmg__json_str(one, "/id"), "") };
    bool seen = cmg__sb_role_permits(call->cloud, &call->caller, &right);
    if (seen)
        cmg__sb_append(call->cloud, list, cmg__json_ref(one));
    cmg__json_unref(one);
    cmg__sb_reply(call, 200,
                  cmg__json_pack("{s:o, s:{s:s, s:i}}", "value", list, "count", "type",
                                 "Total", "value", (int)seen));
}

static void get_subscription(struct cmg__sb_call *call)
{
    cmg__sb_reply(call, 200, subscription(call));
}

static void list_tenants(struct cmg__sb_call *call)
{
    const char *id = cmg__sb_fact(call->cloud, "tenant_id");
    const char *domain = cmg__sb_fact(call->cloud, "domain");
    cmg__sb_reply(call, 200,
                  cmg__json_pack("{s:[{s:o, s:s, s:s, s:s, s:s, s:[s]}]}", "value", "id",
                                 cmg__sb_text(call->cloud, "/tenants/%s", id), "tenantId",
                                 id, "tenantCategory", "Home", "displayName", "Contoso",
                                 "defaultDomain", domain, "domains", domain));
}

static void list_locations(struct cmg__sb_call *call)
{
    struct cmg__json *list = cmg__json_array();
    for (size_t i = 0; i < CMG__ARRAY_LEN(regions); i++) {
        struct cmg__json *id =
            cmg__sb_text(call->cloud, "/subscriptions/%s/locations/%s",
                         cmg__sb_fact(call->cloud, "subscription_id"), regions[i].name);
        cmg__sb_append(call->cloud, list,
                       cmg__json_pack("{s:o, s:s, s:s, s:s, s:s, s:{s:s, s:s}}", "id", id,
                                      "name", regions[i].name, "displayName",
                                      regions[i].display_name, "regionalDisplayName",
                                      regions[i].display_name, "type", "Region",
                                      "metadata", "regionType", "Physical",
                                      "regionCategory", "Recommended"));
    }
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

static const struct cmg__sb_route routes[] = {
    { "GET", "/metadata/endpoints", get_endpoints },
    { "GET", "/subscriptions", list_subscriptions },
    { "GET", "/subscriptions/{sub}", get_subscription },
    { "GET", "/subscriptions/{sub}/locations", list_locations },
    { "GET", "/tenants", list_tenants },
};
const struct cmg__sb_routes cmg__sb_arm_subscription_routes = { routes,
                                                                CMG__ARRAY_LEN(routes) };
