/*
 * Rolling upgrades of scale sets: instances of older models get the newest batch by
 * batch; the next batch waits for the one before it to answer.
 *
 * "_rolling" of a set: status ("RollingForward", "Completed", "Cancelled", "Faulted"),
 * start_ms, next_ms (before it nothing happens), total (instances to bring along).
 */
#include "sandbox/arm.h"
#include "sandbox/fleet.h"
#include "sandbox/router.h"
#include "sandbox/setting.h"

/* An upgraded instance that does not answer by then is at fault. */
#define PATIENCE_MS ((int64_t)600000)

static size_t count_older(const struct cmg__json *set)
{
    const struct cmg__json *fleet = cmg__sb_fleet(set);
    size_t n = 0;
    for (size_t i = 0; i < cmg__json_size(fleet); i++)
        n += !cmg__sb_fleet_is_latest(set, cmg__json_item(fleet, i));
    return n;
}

static bool is_forward(const struct cmg__json *set)
{
    return cmg__sb_same(cmg__json_str(set, "/_rolling/status"), "RollingForward");
}

bool cmg__sb_rolling_start(struct cmg__sb_cloud *cloud, struct cmg__json *set)
{
    int64_t now = cmg__sb_now_ms(cloud);
    bool runs = is_forward(set);
    cmg__sb_set(cloud, set, "_rolling",
                cmg__json_pack("{s:s, s:I, s:I, s:I}", "status", "RollingForward",
                               "start_ms", now, "next_ms", now, "total",
                               (int64_t)count_older(set)));
    return !runs;
}

/* Those of the newest model that are to run and do not answer. Without processes nothing
   ever answers, and nothing is waited for. */
static size_t count_silent(const struct cmg__sb_cloud *cloud, const struct cmg__json *set)
{
    const struct cmg__json *fleet = cmg__sb_fleet(set);
    size_t n = 0;
    for (size_t i = 0; cloud->is_running != NULL && i < cmg__json_size(fleet); i++) {
        const struct cmg__json *instance = cmg__json_item(fleet, i);
        n += cmg__sb_fleet_is_latest(set, instance) &&
             cmg__sb_same(cmg__json_str(instance, "/power"), "running") &&
             !cmg__sb_fleet_is_up(cloud, set, instance);
    }
    return n;
}

static void renew_batch(struct cmg__sb_cloud *cloud, struct cmg__json *set)
{
    struct cmg__json *fleet = cmg__sb_fleet(set);
    int64_t percent = cmg__json_int(
        set, "/properties/upgradePolicy/rollingUpgradePolicy/maxBatchInstancePercent",
        20);
    size_t batch = cmg__json_size(fleet) * (size_t)percent / 100;
    for (size_t i = 0; i < cmg__json_size(fleet); i++) {
        struct cmg__json *instance = cmg__json_item(fleet, i);
        if (cmg__sb_fleet_is_latest(set, instance))
            continue;
        cmg__sb_fleet_upgrade(cloud, set, instance);
        if (batch <= 1)
            break;
        batch--;
    }
}

static void step(struct cmg__sb_cloud *cloud, struct cmg__json *set, int64_t now_ms)
{
    struct cmg__json *rolling = cmg__json_key(set, "_rolling");
    int64_t next = cmg__json_int(rolling, "/next_ms", 0);
    if (next > now_ms)
        return;
    if (count_silent(cloud, set) > 0) {
        if (next + PATIENCE_MS < now_ms) {
            cmg__sb_set_str(cloud, rolling, "status", "Faulted");
            cloud->dirty = true;
        }
        return;
    }
    if (count_older(set) == 0) {
        cmg__sb_set_str(cloud, rolling, "status", "Completed");
    } else {
        renew_batch(cloud, set);
        cmg__sb_set_int(cloud, rolling, "next_ms",
                        now_ms + cmg__sb_duration_ms(cloud, "rolling_batch"));
    }
    cloud->dirty = true;
}

void cmg__sb_rolling_settle(struct cmg__sb_cloud *cloud, int64_t now_ms)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *resource = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, "resources"), &iter, &key, &resource)) {
        if (is_forward(resource))
            step(cloud, resource, now_ms);
    }
}

/* ---- as clients see it ---- */

static struct cmg__json *need_set(struct cmg__sb_call *call)
{
    return cmg__sb_resource_of(call, CMG__SB_SCALE_SETS, "name");
}

static void get_latest(struct cmg__sb_call *call)
{
    const struct cmg__json *set = need_set(call);
    const struct cmg__json *rolling = cmg__json_key(set, "_rolling");
    if (set == NULL)
        return;
    if (rolling == NULL) {
        cmg__sb_refuse(call, 404, "NotFound",
                       "The scale set has never been upgraded by a rolling upgrade.");
        return;
    }
    int64_t total = cmg__json_int(rolling, "/total", 0);
    int64_t older = (int64_t)count_older(set);
    int64_t silent = (int64_t)count_silent(call->cloud, set);
    int64_t done = total - older - silent;
    cmg__sb_reply(
        call, 200,
        cmg__json_pack("{s:s, s:s, s:{s:{s:s, s:s, s:o}, s:{s:I, s:I, s:I, s:I}}}",
                       "location", cmg__json_str(set, "/location"), "type",
                       CMG__SB_SCALE_SETS "/rollingUpgrades", "properties",
                       "runningStatus", "code", cmg__json_str(rolling, "/status"),
                       "lastAction", "Start", "startTime",
                       cmg__sb_time(cmg__json_int(rolling, "/start_ms", 0)), "progress",
                       "successfulInstanceCount", done < 0 ? (int64_t)0 : done,
                       "failedInstanceCount", (int64_t)0, "inProgressInstanceCount",
                       silent, "pendingInstanceCount", older));
}

static void start_upgrade(struct cmg__sb_call *call)
{
    struct cmg__json *set = need_set(call);
    if (set == NULL)
        return;
    if (is_forward(set)) {
        cmg__sb_refuse(call, 409, "OperationNotAllowed",
                       "A rolling upgrade is already in progress on the scale set.");
        return;
    }
    (void)cmg__sb_rolling_start(call->cloud, set);
    cmg__sb_operation_begin(call, "action", cmg__json_str(set, "/id"));
}

static void cancel_upgrade(struct cmg__sb_call *call)
{
    struct cmg__json *set = need_set(call);
    if (set == NULL)
        return;
    if (!is_forward(set)) {
        cmg__sb_refuse(call, 409, "OperationNotAllowed",
                       "There is no rolling upgrade to cancel.");
        return;
    }
    cmg__sb_set_str(call->cloud, cmg__json_key(set, "_rolling"), "status", "Cancelled");
    cmg__sb_operation_begin(call, "action", cmg__json_str(set, "/id"));
}

#define SET                                                                              \
    "/subscriptions/{sub}/resourceGroups/{group}/providers/" CMG__SB_SCALE_SETS "/{"     \
    "name}"

static const struct cmg__sb_route routes[] = {
    { "GET", SET "/rollingUpgrades/latest", get_latest },
    { "POST", SET "/rollingUpgrades/cancel", cancel_upgrade },
    { "POST", SET "/osRollingUpgrade", start_upgrade },
    { "POST", SET "/extensionRollingUpgrade", start_upgrade },
};
const struct cmg__sb_routes cmg__sb_arm_rolling_routes = { routes,
                                                           CMG__ARRAY_LEN(routes) };
