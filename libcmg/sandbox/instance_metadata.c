/*
 * The metadata service as an instance of a scale set sees it. All machines of Azure have
 * it at one address; here, where all share a machine, each has it below a path with its
 * VM ID.
 */
#include "sandbox/arm.h"
#include "sandbox/entra.h"
#include "sandbox/fleet.h"
#include "sandbox/router.h"

struct machine {
    const struct cmg__json *set, *vm;
};

static const struct cmg__json *find_vm(const struct cmg__json *set, const char *vm_id)
{
    const struct cmg__json *fleet = cmg__sb_fleet(set);
    for (size_t i = 0; i < cmg__json_size(fleet); i++) {
        const struct cmg__json *vm = cmg__json_item(fleet, i);
        if (cmg__sb_same(cmg__json_str(vm, "/vm_id"), vm_id))
            return vm;
    }
    return NULL;
}

/* The instance that asks; false with the answer set when there is none, or when it is not
   an instance that asks. */
static bool find(struct cmg__sb_call *call, struct machine *out)
{
    const char *vm_id = cmg__sb_arg(call, "vm");
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *resource = NULL;
    if (!cmg__sb_metadata_is_meant(call))
        return false;
    while (
        cmg__json_next(cmg__sb_table(call->cloud, "resources"), &iter, &key, &resource)) {
        const struct cmg__json *vm =
            cmg__sb_is_scale_set(resource) ? find_vm(resource, vm_id) : NULL;
        if (vm != NULL) {
            *out = (struct machine){ .set = resource, .vm = vm };
            return true;
        }
    }
    cmg__sb_reply_page(call, 404, "text/plain", "there is no such machine");
    return false;
}

static void get_token(struct cmg__sb_call *call)
{
    struct machine m;
    if (find(call, &m))
        cmg__sb_metadata_token(call,
                               cmg__sb_find_by(call->cloud, "identities", "resource_id",
                                               cmg__json_str(m.set, "/id")));
}

static void get_user_data(struct cmg__sb_call *call)
{
    struct machine m;
    if (find(call, &m))
        cmg__sb_reply_page(call, 200, "text/plain", cmg__sb_fleet_user_data(m.vm));
}

static void get_instance(struct cmg__sb_call *call)
{
    struct machine m;
    if (!find(call, &m))
        return;
    cmg__sb_reply(
        call, 200,
        cmg__json_pack("{s:{s:s?, s:o, s:s?, s:s?, s:s?, s:s}}", "compute", "location",
                       cmg__json_str(m.set, "/location"), "name",
                       cmg__sb_text(call->cloud, "%s_%lld",
                                    cmg__str_or(cmg__json_str(m.set, "/name"), ""),
                                    (long long)cmg__json_int(m.vm, "/id", 0)),
                       "vmScaleSetName", cmg__json_str(m.set, "/name"), "vmId",
                       cmg__json_str(m.vm, "/vm_id"), "vmSize",
                       cmg__json_str(m.set, "/sku/name"), "userData",
                       cmg__sb_fleet_user_data(m.vm)));
}

#define MACHINE "/instances/{vm}/metadata"

static const struct cmg__sb_route routes[] = {
    { "GET", MACHINE "/identity/oauth2/token", get_token },
    { "GET", MACHINE "/instance/compute/userData", get_user_data },
    { "GET", MACHINE "/instance", get_instance },
};
const struct cmg__sb_routes cmg__sb_instance_metadata_routes = { routes,
                                                                 CMG__ARRAY_LEN(routes) };
