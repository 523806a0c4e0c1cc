/* What was seen of a gateway, handed out. */
#include <cmg/drift.h>
#include "model/gateway.h"

static const char *const names[] = {
    [CMG_GATEWAY_UNKNOWN] = "UNKNOWN",
    [CMG_GATEWAY_ABSENT] = "ABSENT",
    [CMG_GATEWAY_PROVISIONING] = "PROVISIONING",
    [CMG_GATEWAY_READY] = "READY",
    [CMG_GATEWAY_STARTING] = "STARTING",
    [CMG_GATEWAY_STOPPING] = "STOPPING",
    [CMG_GATEWAY_STOPPED] = "STOPPED",
    [CMG_GATEWAY_DEGRADED] = "DEGRADED",
    [CMG_GATEWAY_ERROR] = "ERROR",
    [CMG_GATEWAY_DELETING] = "DELETING",
};

const char *cmg_gateway_state_name(cmg_gateway_state state)
{
    return (unsigned)state < CMG__ARRAY_LEN(names) ? names[state] : "UNKNOWN";
}

cmg_status cmg_gateway_get_status(const cmg_gateway *gateway,
                                  cmg_gateway_status *out_status, cmg_error **err)
{
    cmg_status rc =
        cmg__check(gateway != NULL ? &gateway->head : NULL, CMG__TAG_GATEWAY, err);

    if (rc == CMG_OK)
        rc = cmg__tagged_room(out_status, sizeof *out_status, "out_status", err);
    if (rc != CMG_OK)
        return rc;
    const struct cmg__gateway_seen *seen = &gateway->seen;
    *out_status = (cmg_gateway_status){
        .size = out_status->size,
        .looked_unix_s = seen->looked_unix_s,
        .vm_size = seen->vm_size,
        .state = (int32_t)seen->state,
        .instances = seen->instances,
        .running = seen->running,
        .stopped = seen->stopped,
        .healthy = seen->healthy,
        .outdated = seen->outdated,
    };
    return CMG_OK;
}

size_t cmg_gateway_difference_count(const cmg_gateway *gateway)
{
    const struct cmg__handle *head = gateway == NULL ? NULL : &gateway->head;

    return cmg__check(head, CMG__TAG_GATEWAY, NULL) == CMG_OK ? gateway->differences.count
                                                              : 0;
}

cmg_status cmg_gateway_difference(const cmg_gateway *gateway, size_t index,
                                  cmg_difference *out_difference, cmg_error **err)
{
    const cmg_status rc =
        cmg__check(gateway == NULL ? NULL : &gateway->head, CMG__TAG_GATEWAY, err);

    if (rc != CMG_OK)
        return rc;
    return cmg__differences_get(&gateway->head.ctx->alloc, &gateway->differences, index,
                                out_difference, err);
}
