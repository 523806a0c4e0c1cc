/*
 * Which frontend ports of a load balancer lead to one instance: an instance's number in
 * its set (slot) is that of its port in the range of each NAT rule of the pool. It is
 * named by its network configuration's ID or by its address in the subnet.
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/fleet.h"
#include "sandbox/router.h"

/* The first addresses of a subnet are Azure's own. */
#define FIRST_ADDRESS 4

static const struct cmg__json *find_pool(struct cmg__sb_call *call,
                                         const struct cmg__json *balancer)
{
    const struct cmg__json *pools =
        cmg__json_at(balancer, "/properties/backendAddressPools");
    const char *name = cmg__sb_arg(call, "pool");
    for (size_t i = 0; i < cmg__json_size(pools); i++) {
        const struct cmg__json *pool = cmg__json_item(pools, i);
        if (cmg__sb_same(cmg__json_str(pool, "/name"), name))
            return pool;
    }
    cmg__sb_refuse(call, 404, "NotFound", "Resource %s/backendAddressPools/%s not found.",
                   cmg__json_str(balancer, "/id"), name);
    return NULL;
}

/* The set whose instances stand behind the balancer, or NULL. */
static const struct cmg__json *set_behind(const struct cmg__sb_call *call,
                                          const struct cmg__json *balancer)
{
    const char *user = cmg__sb_resource_user(call->cloud, cmg__json_str(balancer, "/id"));
    const struct cmg__json *set =
        user == NULL ? NULL : cmg__sb_resource(call->cloud, user);
    return cmg__sb_is_scale_set(set) ? set : NULL;
}

/* ".../virtualMachineScaleSets/SET/virtualMachines/ID/networkInterfaces/...", or an
   address "10.0.0.N". */
static bool is_asked_for(const struct cmg__sb_call *call, const struct cmg__json *set,
                         const struct cmg__json *vm)
{
    const char *id = cmg__json_str(call->body, "/ipConfiguration/id");
    const char *address = cmg__json_str(call->body, "/ipAddress");
    char wanted[512];
    if (id == NULL) {
        (void)snprintf(wanted, sizeof wanted, "10.0.0.%lld",
                       (long long)cmg__json_int(vm, "/slot", 0) + FIRST_ADDRESS);
        return cmg__sb_same(address, wanted);
    }
    (void)snprintf(wanted, sizeof wanted, "%s/virtualMachines/%lld/networkInterfaces/",
                   cmg__str_or(cmg__json_str(set, "/id"), ""),
                   (long long)cmg__json_int(vm, "/id", 0));
    return cmg__str_istarts(id, wanted);
}

static const struct cmg__json *find_instance(struct cmg__sb_call *call,
                                             const struct cmg__json *balancer)
{
    const struct cmg__json *set = set_behind(call, balancer);
    const struct cmg__json *fleet = cmg__sb_fleet(set);
    if (cmg__json_str(call->body, "/ipConfiguration/id") == NULL &&
        cmg__json_str(call->body, "/ipAddress") == NULL) {
        cmg__sb_refuse(call, 400, "InvalidRequestFormat",
                       "Either ipConfiguration or ipAddress must be set.");
        return NULL;
    }
    for (size_t i = 0; i < cmg__json_size(fleet); i++) {
        const struct cmg__json *vm = cmg__json_item(fleet, i);
        if (is_asked_for(call, set, vm))
            return vm;
    }
    cmg__sb_refuse(call, 404, "BackendAddressNotFound",
                   "The backend address is not in the backend address pool %s.",
                   cmg__sb_arg(call, "pool"));
    return NULL;
}

static struct cmg__json *mappings(struct cmg__sb_call *call,
                                  const struct cmg__json *balancer,
                                  const struct cmg__json *vm)
{
    const struct cmg__json *rules = cmg__json_at(balancer, "/properties/inboundNatRules");
    const int64_t slot = cmg__json_int(vm, "/slot", 0);
    struct cmg__json *list = cmg__json_array();
    char end[160];
    (void)snprintf(end, sizeof end, "/backendAddressPools/%.120s",
                   cmg__sb_arg(call, "pool"));
    for (size_t i = 0; i < cmg__json_size(rules); i++) {
        const struct cmg__json *rule = cmg__json_item(rules, i);
        const char *pool =
            cmg__str_or(cmg__json_str(rule, "/properties/backendAddressPool/id"), "");
        const int64_t port =
            cmg__json_int(rule, "/properties/frontendPortRangeStart", 0) + slot;
        if (!cmg__str_iends(pool, end) ||
            port > cmg__json_int(rule, "/properties/frontendPortRangeEnd", -1))
            continue;
        cmg__sb_append(
            call->cloud, list,
            cmg__json_pack(
                "{s:s?, s:s, s:I, s:I}", "inboundNatRuleName",
                cmg__json_str(rule, "/name"), "protocol",
                cmg__str_or(cmg__json_str(rule, "/properties/protocol"), "Tcp"),
                "frontendPort", port, "backendPort",
                cmg__json_int(rule, "/properties/backendPort", 0)));
    }
    return cmg__json_pack("{s:o}", "inboundNatRulePortMappings", list);
}

static void query(struct cmg__sb_call *call)
{
    const struct cmg__json *balancer =
        cmg__sb_resource_of(call, "Microsoft.Network/loadBalancers", "name");
    const struct cmg__json *pool = balancer == NULL ? NULL : find_pool(call, balancer);
    const struct cmg__json *vm = pool == NULL ? NULL : find_instance(call, balancer);
    if (vm == NULL)
        return;
    cmg__sb_operation_start(call->cloud, "query", "", call->operation_id);
    cmg__sb_set(call->cloud, cmg__sb_find(call->cloud, "operations", call->operation_id),
                "result", mappings(call, balancer, vm));
    cmg__sb_operation_heads(call, call->operation_id, false, true);
    cmg__sb_reply_empty(call, 202);
}

static const struct cmg__sb_route routes[] = {
    { "POST",
      "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Network/"
      "loadBalancers/{name}/backendAddressPools/{pool}/queryInboundNatRulePortMapping",
      query },
};
const struct cmg__sb_routes cmg__sb_arm_port_mapping_routes = { routes,
                                                                CMG__ARRAY_LEN(routes) };
