/*
 * Quotas: a limit a region and a name, counted from what is in the tree, shown as usages
 * and held when resources are made. See capacity.h.
 */
#include <string.h>

#include "sandbox/capacity.h"
#include "sandbox/fleet.h"
#include "sandbox/router.h"
#include "sandbox/setting.h"

/* Each quota counts resources of one type; cores and families are counted below. */
static const struct quota {
    const char *space;
    const char *name;
    const char *title;
    const char *type;
    int64_t limit;
    const char *code; /* when it is used up */
} quotas[] = {
    { "Microsoft.Compute", "virtualMachineScaleSets", "Virtual Machine Scale Sets",
      CMG__SB_SCALE_SETS, 2500, "ResourceQuotaExceeded" },
    { "Microsoft.Network", "VirtualNetworks", "Virtual Networks",
      "Microsoft.Network/virtualNetworks", 1000, "ResourceQuotaExceeded" },
    { "Microsoft.Network", "NetworkSecurityGroups", "Network Security Groups",
      "Microsoft.Network/networkSecurityGroups", 5000, "ResourceQuotaExceeded" },
    { "Microsoft.Network", "PublicIPAddresses", "Public IP Addresses",
      "Microsoft.Network/publicIPAddresses", 1000, "PublicIPCountLimitReached" },
    { "Microsoft.Network", "IPv4StandardSkuPublicIpAddresses",
      "Public IPv4 Addresses - Standard", "Microsoft.Network/publicIPAddresses", 20,
      "PublicIPCountLimitReached" },
    { "Microsoft.Network", "StandardSkuLoadBalancers", "Standard Sku Load Balancers",
      "Microsoft.Network/loadBalancers", 1000, "ResourceQuotaExceeded" },
    { "Microsoft.Network", "NatGateways", "NAT Gateways", "Microsoft.Network/natGateways",
      100, "ResourceQuotaExceeded" },
    { "Microsoft.Storage", "StorageAccounts", "Storage Accounts",
      "Microsoft.Storage/storageAccounts", 250,
      "MaxStorageAccountsCountPerSubscription"
      "Exceeded" },
};

#define CORES_LIMIT  100
#define FAMILY_LIMIT 50

static int64_t limit_of(const struct cmg__sb_cloud *cloud, const char *name,
                        const char *region, int64_t otherwise)
{
    return cmg__sb_setting_int(cloud, otherwise, "quota/%s/%s", name,
                               cmg__str_or(cmg__sb_region_name(region), ""));
}

static bool is_in(const struct cmg__json *resource, const char *region)
{
    return cmg__sb_region(cmg__json_str(resource, "/location")) == cmg__sb_region(region);
}

static int64_t count_type(const struct cmg__sb_cloud *cloud, const char *type,
                          const char *region)
{
    int64_t n = 0;
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *resource = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, "resources"), &iter, &key, &resource))
        n += cmg__sb_same(cmg__json_str(resource, "/type"), type) &&
             is_in(resource, region);
    return n;
}

static int64_t cores_of(const struct cmg__json *set, const char *family)
{
    const struct cmg__sb_size *size = cmg__sb_size_find(cmg__json_str(set, "/sku/name"));
    if (size == NULL || (family != NULL && strcmp(size->family, family) != 0))
        return 0;
    return (int64_t)size->cores * cmg__json_int(set, "/sku/capacity", 0);
}

/* Used cores of a family (NULL: of all) in a region. */
static int64_t count_cores(const struct cmg__sb_cloud *cloud, const char *region,
                           const char *family)
{
    int64_t n = 0;
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *resource = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, "resources"), &iter, &key, &resource)) {
        if (cmg__sb_is_scale_set(resource) && is_in(resource, region))
            n += cores_of(resource, family);
    }
    return n;
}

/* ---- holding them ---- */

struct demand {
    const char *family; /* NULL: all cores */
    const char *name;
    int64_t limit;
};

static bool has_room(const struct cmg__sb_cloud *cloud, const struct cmg__json *set,
                     const struct cmg__json *old, const struct demand *d,
                     struct cmg__sb_fault *fault)
{
    const char *region = cmg__json_str(set, "/location");
    int64_t limit = limit_of(cloud, d->name, region, d->limit);
    int64_t used = count_cores(cloud, region, d->family);
    int64_t more = cores_of(set, d->family) - cores_of(old, d->family);
    if (more <= 0 || used + more <= limit)
        return true;
    cmg__sb_fault_set(
        fault, 409, "OperationNotAllowed",
        "Operation could not be completed as it results in exceeding approved %s "
        "%squota. "
        "Additional details - Deployment Model: Resource Manager, Location: %s, Current "
        "Limit: %lld, Current Usage: %lld, Additional Required: %lld, (Minimum) New "
        "Limit "
        "Required: %lld.",
        d->family == NULL ? "Total Regional" : d->family, "Cores ", region,
        (long long)limit, (long long)used, (long long)more, (long long)(used + more));
    return false;
}

bool cmg__sb_capacity_admits(const struct cmg__sb_cloud *cloud,
                             const struct cmg__json *set, const struct cmg__json *old,
                             struct cmg__sb_fault *fault)
{
    const char *name = cmg__str_or(cmg__json_str(set, "/sku/name"), "");
    const char *region = cmg__json_str(set, "/location");
    const struct cmg__sb_size *size = cmg__sb_size_find(name);
    if (size == NULL) {
        cmg__sb_fault_set(
            fault, 400, "InvalidParameter",
            "The value %s provided for the VM size is not valid. The valid "
            "sizes in the current region are: Standard_A2_v2, Standard_B2s, "
            "Standard_D2s_v5 and others.",
            name);
        return false;
    }
    const char *why = cmg__sb_size_restriction(cloud, size, region);
    bool same =
        old != NULL && cmg__sb_same(cmg__json_str(old, "/sku/name"), name) &&
        cmg__json_int(set, "/sku/capacity", 0) <= cmg__json_int(old, "/sku/capacity", 0);
    if (why != NULL && !same) {
        bool full = strcmp(why, "AllocationFailed") == 0;
        cmg__sb_fault_set(
            fault, 409, full ? why : "SkuNotAvailable",
            full ? "Allocation failed. We do not have sufficient capacity for the "
                   "requested VM size %s in the region %s."
                 : "The requested size for resource is currently not available: %s in "
                   "location '%s'. Please try another size or deploy to a different "
                   "location or zones.",
            name, region);
        return false;
    }
    const struct demand family = { size->family, size->family, FAMILY_LIMIT };
    const struct demand all = { NULL, "cores", CORES_LIMIT };
    return has_room(cloud, set, old, &all, fault) &&
           has_room(cloud, set, old, &family, fault);
}

bool cmg__sb_quota_admits(const struct cmg__sb_cloud *cloud, const char *type,
                          const char *region, struct cmg__sb_fault *fault)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(quotas); i++) {
        const struct quota *q = &quotas[i];
        if (!cmg__sb_same(q->type, type))
            continue;
        int64_t limit = limit_of(cloud, q->name, region, q->limit);
        if (count_type(cloud, type, region) < limit)
            continue;
        cmg__sb_fault_set(fault, strcmp(q->space, "Microsoft.Network") == 0 ? 400 : 409,
                          q->code,
                          "Cannot create more than %lld %s for this subscription in this "
                          "region.",
                          (long long)limit, q->title);
        return false;
    }
    return true;
}

/* ---- showing them ---- */

static void add_usage(struct cmg__sb_call *call, struct cmg__json *list, const char *name,
                      const char *title, int64_t used, int64_t otherwise)
{
    const char *region = cmg__sb_arg(call, "location");
    cmg__sb_append(call->cloud, list,
                   cmg__json_pack("{s:s, s:I, s:I, s:{s:s, s:s}}", "unit", "Count",
                                  "currentValue", used, "limit",
                                  limit_of(call->cloud, name, region, otherwise), "name",
                                  "value", name, "localizedValue", title));
}

static bool is_first_of_family(size_t i)
{
    return i == 0 || strcmp(cmg__sb_sizes[i].family, cmg__sb_sizes[i - 1].family) != 0;
}

static void add_cores(struct cmg__sb_call *call, struct cmg__json *list)
{
    const char *region = cmg__sb_arg(call, "location");
    add_usage(call, list, "cores", "Total Regional vCPUs",
              count_cores(call->cloud, region, NULL), CORES_LIMIT);
    add_usage(call, list, "virtualMachines", "Virtual Machines", 0, 25000);
    for (size_t i = 0; i < cmg__sb_size_count; i++) {
        const char *family = cmg__sb_sizes[i].family;
        if (is_first_of_family(i))
            add_usage(call, list, family, family,
                      count_cores(call->cloud, region, family), FAMILY_LIMIT);
    }
}

static void list_usages(struct cmg__sb_call *call, const char *space)
{
    struct cmg__sb_fault fault;
    const char *region = cmg__sb_arg(call, "location");
    if (!cmg__sb_provider_is_ready(call->cloud, space, &fault)) {
        cmg__sb_refuse_fault(call, &fault);
        return;
    }
    if (cmg__sb_region(region) == NULL) {
        cmg__sb_refuse(call, 400, "NoRegisteredProviderFound",
                       "No registered resource provider found for location '%s'.",
                       region);
        return;
    }
    struct cmg__json *list = cmg__json_array();
    if (strcmp(space, "Microsoft.Compute") == 0)
        add_cores(call, list);
    for (size_t i = 0; i < CMG__ARRAY_LEN(quotas); i++) {
        if (strcmp(quotas[i].space, space) == 0)
            add_usage(call, list, quotas[i].name, quotas[i].title,
                      count_type(call->cloud, quotas[i].type, region), quotas[i].limit);
    }
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

static void list_compute(struct cmg__sb_call *call)
{
    list_usages(call, "Microsoft.Compute");
}

static void list_network(struct cmg__sb_call *call)
{
    list_usages(call, "Microsoft.Network");
}

static void list_storage(struct cmg__sb_call *call)
{
    list_usages(call, "Microsoft.Storage");
}

#define USAGES(space)                                                                    \
    "/subscriptions/{sub}/providers/" space "/locations/{location}/usages"

static const struct cmg__sb_route routes[] = {
    { "GET", USAGES("Microsoft.Compute"), list_compute },
    { "GET", USAGES("Microsoft.Network"), list_network },
    { "GET", USAGES("Microsoft.Storage"), list_storage },
};
const struct cmg__sb_routes cmg__sb_arm_quota_routes = { routes, CMG__ARRAY_LEN(routes) };
