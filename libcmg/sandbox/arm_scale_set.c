/*
 * Scale sets beyond their resource: instances with what their processes say of
 * themselves, start, stop, restart.
 */
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/router.h"

#define SPACE "Microsoft.Compute/virtualMachineScaleSets"

static struct cmg__json *find(struct cmg__sb_call *call)
{
    char *id = cmg__format(call->cloud->alloc,
                           "/subscriptions/%s/resourceGroups/%s/providers/" SPACE "/%s",
                           cmg__sb_fact(call->cloud, "subscription_id"),
                           cmg__sb_arg(call, "group"), cmg__sb_arg(call, "name"));
    struct cmg__json *set = id == NULL ? NULL : cmg__sb_resource(call->cloud, id);
    cmg__free(call->cloud->alloc, id);
    if (set == NULL && cmg__sb_group(call) != NULL)
        cmg__sb_refuse(call, 404, "ResourceNotFound",
                       "The Resource '" SPACE "/%s' under resource group '%s' was not "
                       "found.",
                       cmg__sb_arg(call, "name"), cmg__sb_arg(call, "group"));
    return set;
}

static uint64_t capacity_of(const struct cmg__json *set)
{
    return (uint64_t)cmg__json_int(set, "/sku/capacity", 0);
}

static bool runs(const struct cmg__sb_call *call, const struct cmg__json *set, unsigned i)
{
    const struct cmg__sb_cloud *cloud = call->cloud;
    return cloud->is_running != NULL &&
           cloud->is_running(cloud->running_user, cmg__json_str(set, "/id"), i);
}

static struct cmg__json *instance_view(const struct cmg__sb_call *call,
                                       const struct cmg__json *set, unsigned i)
{
    bool stopped = cmg__json_bool(set, "/_stopped", false);
    bool up = runs(call, set, i);
    const char *power = stopped ? "PowerState/deallocated"
                        : up    ? "PowerState/running"
                                : "PowerState/starting";
    const char *provisioning =
        up || stopped ? "ProvisioningState/succeeded" : "ProvisioningState/creating";
    return cmg__json_pack("{s:[{s:s, s:s, s:o}, {s:s, s:s}], s:{s:{s:s}}}", "statuses",
                          "code", provisioning, "level", "Info", "time",
                          cmg__sb_time(call->now_ms), "code", power, "level", "Info",
                          "vmHealth", "status", "code",
                          up ? "HealthState/healthy" : "HealthState/unhealthy");
}

static struct cmg__json *instance(const struct cmg__sb_call *call,
                                  const struct cmg__json *set, unsigned i, bool expand)
{
    const struct cmg__sb_cloud *cloud = call->cloud;
    struct cmg__json *vm = cmg__json_pack(
        "{s:o, s:o, s:o, s:s, s:s, s:{s:b, s:s, s:s}}", "instanceId",
        cmg__sb_text(cloud, "%u", i), "id",
        cmg__sb_text(cloud, "%s/virtualMachines/%u", cmg__json_str(set, "/id"), i),
        "name", cmg__sb_text(cloud, "%s_%u", cmg__json_str(set, "/name"), i), "type",
        SPACE "/virtualMachines", "location", cmg__json_str(set, "/location"),
        "properties", "latestModelApplied", 1, "provisioningState",
        runs(call, set, i) ? "Succeeded" : "Creating", "vmId",
        cmg__json_str(set, "/properties/uniqueId"));
    if (expand)
        cmg__sb_set(call->cloud, cmg__json_key(vm, "properties"), "instanceView",
                    instance_view(call, set, i));
    return vm;
}

static void list_instances(struct cmg__sb_call *call)
{
    const struct cmg__json *set = find(call);
    const char *expand = cmg__sb_query(call, "$expand");
    struct cmg__json *list = cmg__json_array();
    if (set == NULL) {
        cmg__json_unref(list);
        return;
    }
    for (unsigned i = 0; i < capacity_of(set); i++)
        cmg__sb_append(call->cloud, list,
                       instance(call, set, i, cmg__sb_same(expand, "instanceView")));
    cmg__sb_reply(call, 200, cmg__json_pack("{s:o}", "value", list));
}

/* The instance number of the call, or false with the answer set. */
static bool instance_number(struct cmg__sb_call *call, const struct cmg__json *set,
                            unsigned *out)
{
    const char *text = cmg__sb_arg(call, "instance");
    uint64_t i = 0;
    if (cmg__parse_u64(text, strlen(text), &i) && i < capacity_of(set)) {
        *out = (unsigned)i;
        return true;
    }
    cmg__sb_refuse(call, 404, "InstanceIdNotFound",
                   "The provided instanceId %s is not part of the Virtual Machine Scale "
                   "Set.",
                   text);
    return false;
}

static void get_instance(struct cmg__sb_call *call)
{
    unsigned i = 0;
    const struct cmg__json *set = find(call);
    if (set != NULL && instance_number(call, set, &i))
        cmg__sb_reply(call, 200, instance(call, set, i, false));
}

static void get_instance_view(struct cmg__sb_call *call)
{
    unsigned i = 0;
    const struct cmg__json *set = find(call);
    if (set != NULL && instance_number(call, set, &i))
        cmg__sb_reply(call, 200, instance_view(call, set, i));
}

static void get_set_view(struct cmg__sb_call *call)
{
    const struct cmg__json *set = find(call);
    int running = 0;
    if (set == NULL)
        return;
    for (unsigned i = 0; i < capacity_of(set); i++)
        running += runs(call, set, i);
    cmg__sb_reply(call, 200,
                  cmg__json_pack("{s:{s:[{s:s, s:i}, {s:s, s:I}]}, s:[{s:s, s:s}]}",
                                 "virtualMachine", "statusesSummary", "code",
                                 "PowerState/running", "count", running, "code",
                                 "ProvisioningState/succeeded", "count",
                                 (int64_t)capacity_of(set), "statuses", "code",
                                 "ProvisioningState/succeeded", "level", "Info"));
}

static void act(struct cmg__sb_call *call, struct cmg__json *set)
{
    char operation[CMG__GUID_SIZE];
    cmg__sb_operation_start(call->cloud, "action",
                            cmg__str_or(cmg__json_str(set, "/id"), ""), operation);
    cmg__sb_operation_heads(call, operation, true, true);
    cmg__sb_reply_empty(call, 202);
}

static void set_stopped(struct cmg__sb_call *call, bool stopped)
{
    struct cmg__json *set = find(call);
    if (set == NULL)
        return;
    cmg__sb_set(call->cloud, set, "_stopped", cmg__json_boolean(stopped));
    act(call, set);
}

static void start(struct cmg__sb_call *call)
{
    set_stopped(call, false);
}

static void stop(struct cmg__sb_call *call)
{
    set_stopped(call, true);
}

/* A new generation: the processes of the old one are ended and made anew. */
static void restart(struct cmg__sb_call *call)
{
    struct cmg__json *set = find(call);
    if (set == NULL)
        return;
    cmg__sb_set_int(call->cloud, set, "_generation",
                    cmg__json_int(set, "/_generation", 0) + 1);
    act(call, set);
}

#define SET "/subscriptions/{sub}/resourceGroups/{group}/providers/" SPACE "/{name}"

static const struct cmg__sb_route routes[] = {
    { "GET", SET "/virtualMachines", list_instances },
    { "GET", SET "/virtualMachines/{instance}", get_instance },
    { "GET", SET "/virtualMachines/{instance}/instanceView", get_instance_view },
    { "GET", SET "/instanceView", get_set_view },
    { "POST", SET "/start", start },
    { "POST", SET "/deallocate", stop },
    { "POST", SET "/poweroff", stop },
    { "POST", SET "/restart", restart },
    { "POST", SET "/reimage", restart },
};
const struct cmg__sb_routes cmg__sb_arm_scale_set_routes = { routes,
                                                             CMG__ARRAY_LEN(routes) };
