/*
 * Where a tenant's tokens are kept between two runs: the host's functions only. There is
 * no file of the library's own, for it would be plain text.
 */
#include "model/tenant.h"

void cmg__token_cache_forget(cmg_tenant *tenant)
{
    const cmg_token_cache cache = tenant->token_cache;

    tenant->token_cache = (cmg_token_cache){ .size = 0 };
    /* In a forked child the cache is still the parent's. */
    if (cache.release == NULL || cmg__handle_is_foreign(&tenant->head.ctx->head))
        return;
    cmg__callback_enter(tenant->head.ctx);
    cache.release(cache.user);
    cmg__callback_leave(tenant->head.ctx);
}

cmg_status cmg_tenant_set_token_cache(cmg_tenant *tenant, const cmg_token_cache *cache,
                                      cmg_error **err)
{
    cmg_token_cache copy = { .size = 0 };
    cmg_status rc =
        cmg__check(tenant == NULL ? NULL : &tenant->head, CMG__TAG_TENANT, err);

    if (rc == CMG_OK && cache != NULL)
        rc = cmg__tagged_copy(&copy, sizeof copy, sizeof copy, cache, "cmg_token_cache",
                              err);
    if (rc != CMG_OK)
        return rc;
    if (cache != NULL && (copy.load == NULL || copy.save == NULL))
        return cmg__fail(err, &tenant->head.ctx->alloc, CMG_E_INVAL, "cache",
                         "fill in load and save", "cmg_token_cache lacks a function");
    cmg__token_cache_forget(tenant);
    tenant->token_cache = copy;
    return CMG_OK;
}
