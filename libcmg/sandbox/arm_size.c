/*
 * VM sizes and images: what the compute service offers in a region. See capacity.h.
 */
#include <string.h>

#include "sandbox/capacity.h"
#include "sandbox/router.h"
#include "sandbox/setting.h"

#define GIB 1024U

const struct cmg__sb_size cmg__sb_sizes[] = {
    { "Standard_A1_v2", "standardAv2Family", 1, 2 * GIB, "swedencentral" },
    { "Standard_A2_v2", "standardAv2Family", 2, 4 * GIB, "swedencentral" },
    { "Standard_A4_v2", "standardAv2Family", 4, 8 * GIB, "swedencentral" },
    { "Standard_A8_v2", "standardAv2Family", 8, 16 * GIB, "swedencentral" },
    { "Standard_B1s", "standardBSFamily", 1, 1 * GIB, NULL },
    { "Standard_B1ms", "standardBSFamily", 1, 2 * GIB, NULL },
    { "Standard_B2s", "standardBSFamily", 2, 4 * GIB, NULL },
    { "Standard_B2ms", "standardBSFamily", 2, 8 * GIB, NULL },
    { "Standard_B4ms", "standardBSFamily", 4, 16 * GIB, NULL },
    { "Standard_B2s_v2", "standardBsv2Family", 2, 8 * GIB, NULL },
    { "Standard_B2as_v2", "standardBasv2Family", 2, 8 * GIB, NULL },
    { "Standard_D2_v3", "standardDv3Family", 2, 8 * GIB, NULL },
    { "Standard_D2s_v3", "standardDSv3Family", 2, 8 * GIB, NULL },
    { "Standard_D4s_v3", "standardDSv3Family", 4, 16 * GIB, NULL },
    { "Standard_D2s_v5", "standardDSv5Family", 2, 8 * GIB, NULL },
    { "Standard_D4s_v5", "standardDSv5Family", 4, 16 * GIB, NULL },
    { "Standard_D2as_v5", "standardDASv5Family", 2, 8 * GIB, NULL },
    { "Standard_E2s_v5", "standardESv5Family", 2, 16 * GIB, NULL },
    { "Standard_F2s_v2", "standardFSv2Family", 2, 4 * GIB, NULL },
};
const size_t cmg__sb_size_count = CMG__ARRAY_LEN(cmg__sb_sizes);

const struct cmg__sb_size *cmg__sb_size_find(const char *name)
{
    for (size_t i = 0; i < cmg__sb_size_count; i++) {
        if (cmg__sb_same(cmg__sb_sizes[i].name, name))
            return &cmg__sb_sizes[i];
    }
    return NULL;
}

const char *cmg__sb_size_restriction(const struct cmg__sb_cloud *cloud,
                                     const struct cmg__sb_size *size, const char *region)
{
    const char *name = cmg__sb_region_name(region);
    const char *set =
        cmg__sb_setting(cloud, "restrict/%s/%s", size->name, cmg__str_or(name, ""));
    if (set != NULL)
        return set;
    return cmg__sb_same(size->absent, name) ? "NotAvailableForSubscription" : NULL;
}

/* ---- the list of sizes ---- */

static struct cmg__json *capabilities(struct cmg__sb_call *call,
                                      const struct cmg__sb_size *size)
{
    const struct cmg__sb_cloud *cloud = call->cloud;
    bool premium = strstr(size->name + strlen("Standard_"), "s") != NULL;
    return cmg__json_pack(
        "[{s:s, s:o}, {s:s, s:o}, {s:s, s:s}, {s:s, s:s}, {s:s, s:s}, {s:s, s:s}]",
        "name", "vCPUs", "value", cmg__sb_text(cloud, "%u", size->cores), "name",
        "MemoryGB", "value", cmg__sb_text(cloud, "%u", size->memory_mb / GIB), "name",
        "MaxNetworkInterfaces", "value", "2", "name", "HyperVGenerations", "value",
        "V1,V2", "name", "PremiumIO", "value", premium ? "True" : "False", "name",
        "CpuArchitectureType", "value", "x64");
}

static struct cmg__json *sku_of(struct cmg__sb_call *call,
                                const struct cmg__sb_size *size, const char *region)
{
    const char *why = cmg__sb_size_restriction(call->cloud, size, region);
    struct cmg__json *restrictions = cmg__json_array();
    /* What fails only when it is tried stands in no list. */
    if (why != NULL && strcmp(why, "AllocationFailed") != 0)
        cmg__sb_append(call->cloud, restrictions,
                       cmg__json_pack("{s:s, s:[s], s:s, s:{s:[s]}}", "type", "Location",
                                      "values", region, "reasonCode", why,
                                      "restrictionInfo", "locations", region));
    const char *tail = size->name + strlen("Standard_");
    return cmg__json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:[s], s:[{s:s, s:[s, s, s]}], s:o, s:o}",
        "resourceType", "virtualMachines", "name", size->name, "tier", "Standard", "size",
        tail, "family", size->family, "locations", region, "locationInfo", "location",
        region, "zones", "1", "2", "3", "capabilities", capabilities(call, size),
        "restrictions", restrictions);
}

static void add_skus(struct cmg__sb_call *call, struct cmg__json *list,
                     const char *region)
{
    for (size_t i = 0; i < cmg__sb_size_count; i++)
        cmg__sb_append(call->cloud, list, sku_of(call, &cmg__sb_sizes[i], region));
}

/* "location eq 'x'" is the only filter there is; every region without. */
static void list_skus(struct cmg__sb_call *call)
{
    static const char wanted[] = "location eq '";
    const char *filter = cmg__str_or(cmg__sb_query(call, "$filter"), "");
    struct cmg__json *list = cmg__json_array();
    char name[64] = "";
    if (cmg__str_istarts(filter, wanted)) {
        size_t n = strcspn(filter + strlen(wanted), "'");
        if (n < sizeof name)
            memcpy(name, filter + strlen(wanted), n);
        if (cmg__sb_region_name(name) != NULL)
            add_skus(call, list, cmg__sb_region_name(name));
    } else {
        for (size_t i = 0; cmg__sb_region_at(i) != NULL; i++)
            add_skus(call, list, cmg__sb_region_at(i));
    }
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

static void list_vm_sizes(struct cmg__sb_call *call)
{
    struct cmg__json *list = cmg__json_array();
    for (size_t i = 0; i < cmg__sb_size_count; i++)
        cmg__sb_append(call->cloud, list,
                       cmg__json_pack("{s:s, s:i, s:i, s:i, s:i, s:i}", "name",
                                      cmg__sb_sizes[i].name, "numberOfCores",
                                      (int)cmg__sb_sizes[i].cores, "memoryInMB",
                                      (int)cmg__sb_sizes[i].memory_mb, "osDiskSizeInMB",
                                      1047552, "resourceDiskSizeInMB", 8192,
                                      "maxDataDiskCount", 4));
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

/* ---- images ---- */

static const struct {
    const char *publisher, *offer, *sku, *version;
} images[] = {
    { "Debian", "debian-12", "12", "0.20260914.2236" },
    { "Debian", "debian-12", "12-gen2", "0.20260914.2236" },
    { "Canonical", "ubuntu-24_04-lts", "server", "24.04.202609110" },
};

static void list_images(struct cmg__sb_call *call)
{
    struct cmg__json *list = cmg__json_array();
    for (size_t i = 0; i < CMG__ARRAY_LEN(images); i++) {
        if (cmg__sb_same(images[i].publisher, cmg__sb_arg(call, "publisher")) &&
            cmg__sb_same(images[i].offer, cmg__sb_arg(call, "offer")) &&
            cmg__sb_same(images[i].sku, cmg__sb_arg(call, "sku")))
            cmg__sb_append(call->cloud, list,
                           cmg__json_pack("{s:s, s:s, s:o}", "name", images[i].version,
                                          "location", cmg__sb_arg(call, "location"), "id",
                                          cmg__sb_text(call->cloud, "%s/%s", call->path,
                                                       images[i].version)));
    }
    if (cmg__json_size(list) > 0) {
        cmg__sb_reply(call, 200, list);
        return;
    }
    cmg__json_unref(list);
    cmg__sb_refuse(call, 404, "NotFound", "Artifact: VMImage was not found.");
}

#define COMPUTE "/subscriptions/{sub}/providers/Microsoft.Compute"

static const struct cmg__sb_route routes[] = {
    { "GET", COMPUTE "/skus", list_skus },
    { "GET", COMPUTE "/locations/{location}/vmSizes", list_vm_sizes },
    { "GET",
      COMPUTE "/locations/{location}/publishers/{publisher}/artifacttypes/vmimage/offers/"
              "{offer}/skus/{sku}/versions",
      list_images },
};
const struct cmg__sb_routes cmg__sb_arm_size_routes = { routes, CMG__ARRAY_LEN(routes) };
