/*
 * Resource providers: which types there are, and their registration. A fresh subscription
 * has registered none but the ones that need no registration.
 */
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/router.h"
#include "sandbox/setting.h"

static const struct cmg__sb_type types[] = {
    { "Microsoft.Network", "publicIPAddresses", "2024-01-01" },
    { "Microsoft.Network", "networkSecurityGroups", "2024-01-01" },
    { "Microsoft.Network", "virtualNetworks", "2024-01-01" },
    { "Microsoft.Network", "loadBalancers", "2024-01-01" },
    { "Microsoft.Network", "natGateways", "2024-01-01" },
    { "Microsoft.Network", "locations", "2024-01-01" },
    { "Microsoft.Compute", "virtualMachineScaleSets", "2024-03-01" },
    { "Microsoft.Storage", "storageAccounts", "2023-05-01" },
    { "Microsoft.Storage", "storageAccounts/blobServices", "2023-05-01" },
    { "Microsoft.Storage", "storageAccounts/blobServices/containers", "2023-05-01" },
    { "Microsoft.Storage", "checkNameAvailability", "2023-05-01" },
    { "Microsoft.KeyVault", "vaults", "2023-07-01" },
    { "Microsoft.KeyVault", "vaults/accessPolicies", "2023-07-01" },
    { "Microsoft.KeyVault", "deletedVaults", "2023-07-01" },
    { "Microsoft.KeyVault", "checkNameAvailability", "2023-07-01" },
    { "Microsoft.ManagedIdentity", "userAssignedIdentities", "2023-01-31" },
    { "Microsoft.Insights", "metricAlerts", "2018-03-01" },
    { "Microsoft.Insights", "actionGroups", "2023-01-01" },
    { "Microsoft.Resources", "deployments", "2024-03-01" },
    { "Microsoft.Resources", "resourceGroups", "2024-03-01" },
    { "Microsoft.Authorization", "roleAssignments", "2022-04-01" },
    { "Microsoft.Consumption", "budgets", "2023-11-01" },
};

static const char *const always_registered[] = { "Microsoft.Resources",
                                                 "Microsoft.Authorization",
                                                 "Microsoft.Consumption" };

const struct cmg__sb_type *cmg__sb_type_find(const char *space, const char *name)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(types); i++) {
        if (cmg__sb_same(types[i].space, space) &&
            (name == NULL || cmg__sb_same(types[i].name, name)))
            return &types[i];
    }
    return NULL;
}

static const char *state_of(const struct cmg__sb_cloud *cloud, const char *space)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(always_registered); i++) {
        if (cmg__sb_same(always_registered[i], space))
            return "Registered";
    }
    const struct cmg__json *entry = cmg__sb_find(cloud, "providers", space);
    return cmg__str_or(cmg__json_str(entry, "/state"), "NotRegistered");
}

bool cmg__sb_provider_is_ready(const struct cmg__sb_cloud *cloud, const char *space,
                               struct cmg__sb_fault *fault)
{
    if (strcmp(state_of(cloud, space), "Registered") == 0)
        return true;
    cmg__sb_fault_set(fault, 409, "MissingSubscriptionRegistration",
                      "The subscription is not registered to use namespace '%s'. See "
                      "https://aka.ms/rps-not-found for how to register subscriptions.",
                      space);
    return false;
}

void cmg__sb_provider_settle(struct cmg__sb_cloud *cloud, int64_t now_ms)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, "providers"), &iter, &key, &entry)) {
        if (cmg__sb_same(cmg__json_str(entry, "/state"), "Registering") &&
            cmg__json_int(entry, "/ready_ms", 0) <= now_ms) {
            cmg__sb_set_str(cloud, entry, "state", "Registered");
            cloud->dirty = true;
        }
    }
}

static struct cmg__json *view(struct cmg__sb_call *call, const char *space)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    struct cmg__json *list = cmg__json_array();
    for (size_t i = 0; i < CMG__ARRAY_LEN(types); i++) {
        if (cmg__sb_same(types[i].space, space))
            cmg__sb_append(cloud, list,
                           cmg__json_pack("{s:s, s:[s, s], s:[s], s:s}", "resourceType",
                                          types[i].name, "locations", "West Europe",
                                          "North Europe", "apiVersions",
                                          types[i].api_version, "capabilities", "None"));
    }
    return cmg__json_pack("{s:o, s:s, s:s, s:s, s:o}", "id",
                          cmg__sb_text(cloud, "/subscriptions/%s/providers/%s",
                                       cmg__sb_fact(cloud, "subscription_id"), space),
                          "namespace", space, "registrationState", state_of(cloud, space),
                          "registrationPolicy", "RegistrationRequired", "resourceTypes",
                          list);
}

/* The namespace of the call in the table's spelling, or NULL with the answer set. */
static const char *space_of(struct cmg__sb_call *call)
{
    const struct cmg__sb_type *type = cmg__sb_type_find(cmg__sb_arg(call, "space"), NULL);
    if (type != NULL)
        return type->space;
    cmg__sb_refuse(call, 404, "InvalidResourceNamespace",
                   "The resource namespace '%s' is invalid.", cmg__sb_arg(call, "space"));
    return NULL;
}

static void get_provider(struct cmg__sb_call *call)
{
    const char *space = space_of(call);
    if (space != NULL)
        cmg__sb_reply(call, 200, view(call, space));
}

static void list_providers(struct cmg__sb_call *call)
{
    struct cmg__json *list = cmg__json_array();
    for (size_t i = 0; i < CMG__ARRAY_LEN(types); i++) {
        if (i == 0 || strcmp(types[i].space, types[i - 1].space) != 0)
            cmg__sb_append(call->cloud, list, view(call, types[i].space));
    }
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

static void register_provider(struct cmg__sb_call *call)
{
    const char *space = space_of(call);
    if (space == NULL)
        return;
    if (strcmp(state_of(call->cloud, space), "NotRegistered") == 0)
        cmg__sb_set(
            call->cloud, cmg__sb_table(call->cloud, "providers"), space,
            cmg__json_pack("{s:s, s:I}", "state", "Registering", "ready_ms",
                           call->now_ms + cmg__sb_duration_ms(call->cloud, "register")));
    cmg__sb_reply(call, 200, view(call, space));
}

static void unregister_provider(struct cmg__sb_call *call)
{
    const char *space = space_of(call);
    if (space == NULL)
        return;
    cmg__json_remove(cmg__sb_table(call->cloud, "providers"), space);
    cmg__sb_reply(call, 200, view(call, space));
}

static const struct cmg__sb_route routes[] = {
    { "GET", "/subscriptions/{sub}/providers", list_providers },
    { "GET", "/subscriptions/{sub}/providers/{space}", get_provider },
    { "POST", "/subscriptions/{sub}/providers/{space}/register", register_provider },
    { "POST", "/subscriptions/{sub}/providers/{space}/unregister", unregister_provider },
};
const struct cmg__sb_routes cmg__sb_arm_provider_routes = { routes,
                                                            CMG__ARRAY_LEN(routes) };
