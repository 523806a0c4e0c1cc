/* The tenant: which one, and what the directory says of it. */
#include "model/tenant.h"

#include "azure/cloud.h"

#define TEXT_COUNT 8

bool cmg__texts_init(const struct cmg__alloc *alloc, char **const *fields)
{
    for (size_t i = 0; fields[i] != NULL; i++) {
        *fields[i] = cmg__strdup(alloc, "");
        if (*fields[i] == NULL)
            return false;
    }
    return true;
}

void cmg__texts_free(const struct cmg__alloc *alloc, char **const *fields)
{
    for (size_t i = 0; fields[i] != NULL; i++) {
        cmg__free(alloc, *fields[i]);
        *fields[i] = NULL;
    }
}

static void list_texts(cmg_tenant *tenant, char **out[TEXT_COUNT + 1])
{
    char **const list[TEXT_COUNT + 1] = {
        &tenant->domain,
        &tenant->wanted_id,
        &tenant->id,
        &tenant->display_name,
        &tenant->subscription_id,
        &tenant->cloud,
        &tenant->sign_in_client_id,
        &tenant->identity_endpoint,
    };

    for (size_t i = 0; i <= TEXT_COUNT; i++)
        out[i] = list[i];
}

static void destroy(cmg_tenant *tenant)
{
    cmg_context *ctx = cmg_context_ref(tenant->head.ctx); /* its allocator is needed */
    char **texts[TEXT_COUNT + 1];

    list_texts(tenant, texts);
    cmg__texts_free(&ctx->alloc, texts);
    cmg__json_unref(tenant->domains);
    cmg__sign_in_forget(tenant);
    cmg__token_cache_forget(tenant);
    cmg__handle_done(&tenant->head);
    cmg__free(&ctx->alloc, tenant);
    cmg_context_unref(ctx);
}

cmg_tenant *cmg__tenant_new(cmg_context *ctx)
{
    cmg_tenant *tenant = cmg__alloc0(&ctx->alloc, sizeof *tenant);
    char **texts[TEXT_COUNT + 1];

    if (tenant == NULL)
        return NULL;
    cmg__handle_init(&tenant->head, CMG__TAG_TENANT, ctx);
    cmg__secret_init(&tenant->sign_in_secret, &ctx->alloc);
    list_texts(tenant, texts);
    if (!cmg__texts_init(&ctx->alloc, texts) ||
        cmg__str_assign(&ctx->alloc, &tenant->sign_in_client_id, CMG__PUBLIC_CLIENT) !=
            CMG_OK ||
        cmg__str_assign(&ctx->alloc, &tenant->identity_endpoint,
                        CMG__IDENTITY_ENDPOINT) != CMG_OK) {
        destroy(tenant);
        return NULL;
    }
    return tenant;
}

static bool is_live(const cmg_tenant *tenant)
{
    return tenant != NULL && cmg__check(&tenant->head, CMG__TAG_TENANT, NULL) == CMG_OK;
}

const char *cmg_tenant_domain(const cmg_tenant *tenant)
{
    return is_live(tenant) ? tenant->domain : "";
}

const char *cmg_tenant_id(const cmg_tenant *tenant)
{
    return is_live(tenant) ? tenant->id : "";
}

const char *cmg_tenant_display_name(const cmg_tenant *tenant)
{
    return is_live(tenant) ? tenant->display_name : "";
}

/* "" when there is none. */
static const char *domain_at(const cmg_tenant *tenant, size_t i)
{
    return cmg__str_or(cmg__json_str(cmg__json_item(tenant->domains, i), ""), "");
}

const char *cmg_tenant_initial_domain(const cmg_tenant *tenant)
{
    return is_live(tenant) ? domain_at(tenant, 0) : "";
}

size_t cmg_tenant_verified_domain_count(const cmg_tenant *tenant)
{
    return is_live(tenant) ? cmg__json_size(tenant->domains) : 0;
}

const char *cmg_tenant_verified_domain(const cmg_tenant *tenant, size_t i)
{
    return is_live(tenant) ? domain_at(tenant, i) : "";
}

const char *cmg_tenant_subscription_id(const cmg_tenant *tenant)
{
    return is_live(tenant) ? tenant->subscription_id : "";
}

cmg_tenant *cmg_tenant_ref(cmg_tenant *tenant)
{
    if (tenant != NULL)
        cmg__handle_ref(&tenant->head);
    return tenant;
}

void cmg_tenant_unref(cmg_tenant *tenant)
{
    if (tenant != NULL && cmg__handle_unref(&tenant->head))
        destroy(tenant);
}
