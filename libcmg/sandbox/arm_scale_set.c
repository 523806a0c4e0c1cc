/*
 * Scale sets beyond their resource: instances with what their processes say of
 * themselves.
 */
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/fleet.h"
#include "sandbox/router.h"

static struct cmg__json *find(struct cmg__sb_call *call)
{
    return cmg__sb_resource_of(call, CMG__SB_SCALE_SETS, "name");
}

/* ---- states ---- */

/* The word while an operation works on the instance, and when it is done. */
static const struct {
    const char *kind;
    const char *power;
} busy_words[] = {
    { "start", "PowerState/starting" },    { "deallocate", "PowerState/deallocating" },
    { "poweroff", "PowerState/stopping" }, { "restart", "PowerState/starting" },
    { "reimage", "PowerState/starting" },  { "redeploy", "PowerState/starting" },
};

static const char *busy_kind(const struct cmg__sb_cloud *cloud,
                             const struct cmg__json *instance)
{
    const struct cmg__json *operation =
        cmg__sb_find(cloud, "operations", cmg__json_str(instance, "/busy"));
    return cmg__sb_same(cmg__json_str(operation, "/status"), "InProgress")
               ? cmg__json_str(operation, "/kind")
               : NULL;
}

static const char *power_of(const struct cmg__sb_cloud *cloud,
                            const struct cmg__json *set, const struct cmg__json *instance)
{
    const char *kind = busy_kind(cloud, instance);
    const char *power = cmg__json_str(instance, "/power");
    for (size_t i = 0; kind != NULL && i < CMG__ARRAY_LEN(busy_words); i++) {
        if (strcmp(busy_words[i].kind, kind) == 0)
            return busy_words[i].power;
    }
    if (cmg__sb_same(power, "deallocated"))
        return "PowerState/deallocated";
    if (cmg__sb_same(power, "stopped"))
        return "PowerState/stopped";
    return cmg__sb_fleet_is_up(cloud, set, instance) ? "PowerState/running"
                                                     : "PowerState/starting";
}

static const char *provisioning_of(const struct cmg__sb_cloud *cloud,
                                   const struct cmg__json *set,
                                   const struct cmg__json *instance)
{
    bool settled = !cmg__sb_same(cmg__json_str(instance, "/power"), "running") ||
                   cmg__sb_fleet_is_up(cloud, set, instance);
    if (busy_kind(cloud, instance) != NULL)
        return "Updating";
    return settled ? "Succeeded" : "Creating";
}

static struct cmg__json *instance_view(const struct cmg__sb_call *call,
                                       const struct cmg__json *set,
                                       const struct cmg__json *instance)
{
    const struct cmg__sb_cloud *cloud = call->cloud;
    struct cmg__json *provisioning = cmg__sb_text(cloud, "ProvisioningState/%s",
                                                  provisioning_of(cloud, set, instance));
    return cmg__json_pack(
        "{s:[{s:o, s:s, s:s, s:o}, {s:s, s:s, s:s}], s:{s:{s:s, s:s}}}", "statuses",
        "code", provisioning, "level", "Info", "displayStatus", "Provisioning", "time",
        cmg__sb_time(call->now_ms), "code", power_of(cloud, set, instance), "level",
        "Info", "displayStatus", "VM", "vmHealth", "status", "code",
        cmg__sb_fleet_is_up(cloud, set, instance) ? "HealthState/healthy"
                                                  : "HealthState/unhealthy",
        "level", "Info");
}

static struct cmg__json *instance_of(const struct cmg__sb_call *call,
                                     const struct cmg__json *set,
                                     const struct cmg__json *instance, bool expand)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    long long id = (long long)cmg__json_int(instance, "/id", 0);
    struct cmg__json *vm = cmg__json_pack(
        "{s:o, s:o, s:o, s:s, s:s, s:{s:b, s:s, s:s?}}", "instanceId",
        cmg__sb_text(cloud, "%lld", id), "id",
        cmg__sb_text(cloud, "%s/virtualMachines/%lld", cmg__json_str(set, "/id"), id),
        "name", cmg__sb_text(cloud, "%s_%lld", cmg__json_str(set, "/name"), id), "type",
        CMG__SB_SCALE_SETS "/virtualMachines", "location",
        cmg__json_str(set, "/location"), "properties", "latestModelApplied",
        cmg__sb_fleet_is_latest(set, instance), "provisioningState",
        provisioning_of(cloud, set, instance), "vmId", cmg__json_str(instance, "/vm_id"));
    const struct cmg__json *sku = cmg__json_key(set, "sku");
    cmg__sb_set(cloud, vm, "sku",
                cmg__json_pack("{s:s?, s:s?}", "name", cmg__json_str(sku, "/name"),
                               "tier", cmg__json_str(sku, "/tier")));
    if (expand)
        cmg__sb_set(cloud, cmg__json_key(vm, "properties"), "instanceView",
                    instance_view(call, set, instance));
    return vm;
}

/* ---- reading ---- */

static void list_instances(struct cmg__sb_call *call)
{
    const struct cmg__json *set = find(call);
    const struct cmg__json *fleet = cmg__sb_fleet(set);
    bool expand = cmg__sb_same(cmg__sb_query(call, "$expand"), "instanceView");
    if (set == NULL)
        return;
    struct cmg__json *list = cmg__json_array();
    for (size_t i = 0; i < cmg__json_size(fleet); i++)
        cmg__sb_append(call->cloud, list,
                       instance_of(call, set, cmg__json_item(fleet, i), expand));
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

static void show_instance(struct cmg__sb_call *call, bool view)
{
    const struct cmg__json *set = find(call);
    const struct cmg__json *instance =
        set == NULL ? NULL
                    : cmg__sb_instance_of(call, set, cmg__sb_arg(call, "instance"));
    if (instance == NULL)
        return;
    cmg__sb_reply(
        call, 200,
        view ? instance_view(call, set, instance)
             : instance_of(call, set, instance,
                           cmg__sb_same(cmg__sb_query(call, "$expand"), "instanceView")));
}

static void get_instance(struct cmg__sb_call *call)
{
    show_instance(call, false);
}

static void get_instance_view(struct cmg__sb_call *call)
{
    show_instance(call, true);
}

/* Adds one to the count of a code, in order of first appearance. */
static void count_code(struct cmg__sb_call *call, struct cmg__json *list,
                       const char *prefix, const char *code)
{
    struct cmg__json *text = cmg__sb_text(call->cloud, "%s%s", prefix, code);
    const char *whole = cmg__str_or(cmg__json_str(text, ""), "");
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        struct cmg__json *entry = cmg__json_item(list, i);
        if (cmg__sb_same(cmg__json_str(entry, "/code"), whole)) {
            cmg__sb_set_int(call->cloud, entry, "count",
                            cmg__json_int(entry, "/count", 0) + 1);
            cmg__json_unref(text);
            return;
        }
    }
    cmg__sb_append(call->cloud, list,
                   cmg__json_pack("{s:s, s:i}", "code", whole, "count", 1));
    cmg__json_unref(text);
}

static void get_set_view(struct cmg__sb_call *call)
{
    const struct cmg__json *set = find(call);
    const struct cmg__json *fleet = cmg__sb_fleet(set);
    if (set == NULL)
        return;
    struct cmg__json *summary = cmg__json_array();
    for (size_t i = 0; i < cmg__json_size(fleet); i++) {
        const struct cmg__json *instance = cmg__json_item(fleet, i);
        count_code(call, summary, "", power_of(call->cloud, set, instance));
        count_code(call, summary, "ProvisioningState/",
                   provisioning_of(call->cloud, set, instance));
    }
    const char *state = cmg__json_str(set, "/properties/provisioningState");
    cmg__sb_reply(
        call, 200,
        cmg__json_pack("{s:{s:o}, s:[{s:o, s:s, s:o}], s:[{s:s, s:s}]}", "virtualMachine",
                       "statusesSummary", summary, "statuses", "code",
                       cmg__sb_text(call->cloud, "ProvisioningState/%s",
                                    cmg__str_or(state, "Succeeded")),
                       "level", "Info", "time", cmg__sb_time(call->now_ms),
                       "orchestrationServices", "serviceName", "AutomaticRepairs",
                       "serviceState",
                       cmg__str_or(cmg__json_str(set, "/_repairs"), "Running")));
}

#define SET                                                                              \
    "/subscriptions/{sub}/resourceGroups/{group}/providers/" CMG__SB_SCALE_SETS "/{"     \
    "name}"

static const struct cmg__sb_route routes[] = {
    { "GET", SET "/virtualMachines", list_instances },
    { "GET", SET "/virtualMachines/{instance}", get_instance },
    { "GET", SET "/virtualMachines/{instance}/instanceView", get_instance_view },
    { "GET", SET "/instanceView", get_set_view },
};
const struct cmg__sb_routes cmg__sb_arm_scale_set_routes = { routes,
                                                             CMG__ARRAY_LEN(routes) };
