/*
 * What can be done to the instances of a scale set: power, new processes, the newest
 * model, deletion; for all, for those named in the body, or for one by its own path.
 */
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/fleet.h"
#include "sandbox/router.h"

struct action {
    const char *verb;  /* the last segment of the path */
    const char *kind;  /* of the operation; NULL: the verb */
    const char *power; /* wanted from now on; NULL: as it is */
    bool renews;       /* the process is made anew */
    bool upgrades;     /* to the newest model, and anew when that takes it */
    bool removes;
    bool needs_list; /* instanceIds must be there */
};

static const struct action actions[] = {
    { .verb = "start", .power = "running" },
    { .verb = "deallocate", .power = "deallocated" },
    { .verb = "poweroff", .power = "stopped" },
    { .verb = "restart", .renews = true },
    { .verb = "redeploy", .renews = true },
    { .verb = "reimage", .renews = true, .upgrades = true },
    { .verb = "manualupgrade", .upgrades = true, .needs_list = true },
    { .verb = "delete", .kind = "delete_instances", .removes = true, .needs_list = true },
};

static const struct action *action_of(struct cmg__sb_call *call)
{
    const char *verb = cmg__sb_arg(call, "action");
    for (size_t i = 0; i < CMG__ARRAY_LEN(actions); i++) {
        if (cmg__sb_same(actions[i].verb, verb))
            return &actions[i];
    }
    cmg__sb_refuse(call, 404, "NotFound", "A scale set has no action '%s'.", verb);
    return NULL;
}

struct cmg__json *cmg__sb_instance_of(struct cmg__sb_call *call,
                                      const struct cmg__json *set, const char *id)
{
    struct cmg__json *instance = cmg__sb_fleet_find(set, id);
    if (instance == NULL)
        cmg__sb_refuse(call, 404, "InstanceIdNotFound",
                       "The provided instanceId %s is not part of the Virtual Machine "
                       "Scale Set.",
                       id);
    return instance;
}

/* ---- which instances ---- */

static struct cmg__json *all_ids(struct cmg__sb_call *call, const struct cmg__json *set)
{
    const struct cmg__json *fleet = cmg__sb_fleet(set);
    struct cmg__json *ids = cmg__json_array();
    for (size_t i = 0; i < cmg__json_size(fleet); i++)
        cmg__sb_append(
            call->cloud, ids,
            cmg__sb_text(call->cloud, "%lld",
                         (long long)cmg__json_int(cmg__json_item(fleet, i), "/id", 0)));
    return ids;
}

/* The IDs that the call means (yours), or NULL with the answer set. */
static struct cmg__json *ids_of(struct cmg__sb_call *call, const struct cmg__json *set,
                                const struct action *action)
{
    const char *one = cmg__sb_arg(call, "instance");
    struct cmg__json *list = cmg__json_key(call->body, "instanceIds");
    if (one[0] != '\0')
        return cmg__json_pack("[s]", one);
    if (action->needs_list && cmg__json_size(list) == 0) {
        cmg__sb_refuse(call, 400, "InvalidParameter",
                       "Required parameter 'instanceIds' is missing (null).");
        return NULL;
    }
    if (cmg__json_size(list) == 0 ||
        cmg__sb_same(cmg__json_str(cmg__json_item(list, 0), ""), "*"))
        return all_ids(call, set);
    return cmg__json_ref(list);
}

/* Every instance there, and none that another operation works on. */
static bool may_act(struct cmg__sb_call *call, const struct cmg__json *set,
                    const struct cmg__json *ids)
{
    for (size_t i = 0; i < cmg__json_size(ids); i++) {
        const char *id = cmg__str_or(cmg__json_str(cmg__json_item(ids, i), ""), "");
        const struct cmg__json *instance = cmg__sb_instance_of(call, set, id);
        const struct cmg__json *busy =
            cmg__sb_find(call->cloud, "operations", cmg__json_str(instance, "/busy"));
        if (instance == NULL)
            return false;
        if (cmg__sb_same(cmg__json_str(busy, "/status"), "InProgress")) {
            cmg__sb_refuse(call, 409, "OperationNotAllowed",
                           "The operation on instance %s is not allowed since another "
                           "operation (%s) is in progress on it.",
                           id, cmg__str_or(cmg__json_str(busy, "/kind"), ""));
            return false;
        }
    }
    return true;
}

/* ---- doing ---- */

static void apply(struct cmg__sb_cloud *cloud, struct cmg__json *set, const char *id,
                  const struct action *action, const char *operation)
{
    struct cmg__json *instance = cmg__sb_fleet_find(set, id);
    if (action->removes) {
        cmg__sb_fleet_remove(cloud, set, id);
        return;
    }
    if (action->power != NULL)
        cmg__sb_set_str(cloud, instance, "power", action->power);
    if (action->renews)
        cmg__sb_fleet_renew(cloud, set, instance, action->upgrades);
    else if (action->upgrades && !cmg__sb_fleet_is_latest(set, instance))
        cmg__sb_fleet_upgrade(cloud, set, instance);
    cmg__sb_set_str(cloud, instance, "busy", operation);
}

static void act(struct cmg__sb_call *call, const struct action *action)
{
    struct cmg__json *set = cmg__sb_resource_of(call, CMG__SB_SCALE_SETS, "name");
    if (set == NULL || !cmg__sb_operation_admits(call, set, false))
        return;
    struct cmg__json *ids = ids_of(call, set, action);
    if (ids != NULL && may_act(call, set, ids)) {
        const char *operation = cmg__sb_operation_begin(
            call, cmg__str_or(action->kind, action->verb), cmg__json_str(set, "/id"));
        cmg__sb_set_str(call->cloud, cmg__json_key(set, "properties"),
                        "provisioningState", "Updating");
        for (size_t i = 0; i < cmg__json_size(ids); i++)
            apply(call->cloud, set,
                  cmg__str_or(cmg__json_str(cmg__json_item(ids, i), ""), ""), action,
                  operation);
    }
    cmg__json_unref(ids);
}

static void post_action(struct cmg__sb_call *call)
{
    const struct action *action = action_of(call);
    if (action != NULL)
        act(call, action);
}

static void delete_instance(struct cmg__sb_call *call)
{
    act(call, &actions[CMG__ARRAY_LEN(actions) - 1]);
}

static void set_service(struct cmg__sb_call *call)
{
    struct cmg__json *set = cmg__sb_resource_of(call, CMG__SB_SCALE_SETS, "name");
    const char *verb = cmg__json_str(call->body, "/action");
    bool suspend = cmg__sb_same(verb, "Suspend");
    if (set == NULL)
        return;
    if (!cmg__sb_same(cmg__json_str(call->body, "/serviceName"), "AutomaticRepairs") ||
        (!suspend && !cmg__sb_same(verb, "Resume"))) {
        cmg__sb_refuse(call, 400, "InvalidParameter",
                       "The service AutomaticRepairs can be told to Suspend or Resume.");
        return;
    }
    if (!cmg__json_bool(set, "/properties/automaticRepairsPolicy/enabled", false)) {
        cmg__sb_refuse(call, 409, "OperationNotAllowed",
                       "Automatic repairs are not enabled on the scale set.");
        return;
    }
    cmg__sb_set_str(call->cloud, set, "_repairs", suspend ? "Suspended" : "Running");
    (void)cmg__sb_operation_begin(call, "action", cmg__json_str(set, "/id"));
}

#define SET                                                                              \
    "/subscriptions/{sub}/resourceGroups/{group}/providers/" CMG__SB_SCALE_SETS "/{"     \
    "name}"

static const struct cmg__sb_route routes[] = {
    { "POST", SET "/setOrchestrationServiceState", set_service },
    { "POST", SET "/{action}", post_action },
    { "POST", SET "/virtualMachines/{instance}/{action}", post_action },
    { "DELETE", SET "/virtualMachines/{instance}", delete_instance },
};
const struct cmg__sb_routes cmg__sb_arm_scale_set_action_routes = {
    routes, CMG__ARRAY_LEN(routes)
};
