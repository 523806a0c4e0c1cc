/*
 * Throttling of Graph on request: every n-th request is sent away, with the time to wait
 * in seconds, with a fraction where there is one.
 */
#include "sandbox/throttle.h"

#include "sandbox/sandbox.h"

#define MAX_RETRY_AFTER_MS 600000

bool cmg__sb_throttle_admits(struct cmg__sb_call *call)
{
    struct cmg__sb_throttle *throttle = &call->cloud->throttle;
    if (call->service != CMG__SB_GRAPH || throttle->every == 0 ||
        ++throttle->seen % throttle->every != 0)
        return true;
    cmg__sb_refuse(call, 429, "TooManyRequests", "Too many requests.");
    if (throttle->retry_after_ms % 1000 == 0)
        cmg__sb_headf(call, "Retry-After", "%lu",
                      (unsigned long)throttle->retry_after_ms / 1000);
    else
        cmg__sb_headf(call, "Retry-After", "%lu.%03lu",
                      (unsigned long)throttle->retry_after_ms / 1000,
                      (unsigned long)throttle->retry_after_ms % 1000);
    cmg__sb_head(call, "x-ms-throttle-scope", "Tenant_Application/ReadWrite/sandbox");
    cmg__sb_head(call, "x-ms-throttle-information", "ResourceUnitLimitExceeded");
    return false;
}

cmg_status cmg_sandbox_set_throttle(cmg_sandbox *sandbox, uint32_t every,
                                    uint32_t retry_after_ms, cmg_error **err)
{
    cmg_status rc =
        cmg__check(sandbox == NULL ? NULL : &sandbox->head, CMG__TAG_SANDBOX, err);
    if (rc != CMG_OK)
        return rc;
    if (every == 1)
        return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "every",
                         "use 0 for none, or 2 and more",
                         "every is 1, which would never let anybody through");
    if (retry_after_ms > MAX_RETRY_AFTER_MS)
        return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "retry_after_ms",
                         "use 0 to 600000 milliseconds", "retry_after_ms is %lu",
                         (unsigned long)retry_after_ms);
    (void)pthread_mutex_lock(&sandbox->lock);
    sandbox->cloud->throttle =
        (struct cmg__sb_throttle){ .every = every, .retry_after_ms = retry_after_ms };
    (void)pthread_mutex_unlock(&sandbox->lock);
    return CMG_OK;
}
