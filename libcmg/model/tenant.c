/*
 * The tenant: which one, what the directory says of it, and how to sign in. The client
 * secret is kept in a wiped secret and has no getter.
 */
#include "model/tenant.h"

#include "azure/cloud.h"

/* Azure PowerShell's public client, known in every tenant. */
#define DEFAULT_CLIENT_ID "1950a258-227b-4e31-a9cf-717495945fc2"
#define SECRET_MAX        ((size_t)1024)
#define TEXT_COUNT        6

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
        &tenant->domain,       &tenant->wanted_id,       &tenant->id,
        &tenant->display_name, &tenant->subscription_id, &tenant->sign_in_client_id,
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
    cmg__secret_clear(&tenant->sign_in_secret);
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
        cmg__str_assign(&ctx->alloc, &tenant->sign_in_client_id, DEFAULT_CLIENT_ID) !=
            CMG_OK) {
        destroy(tenant);
        return NULL;
    }
    return tenant;
}

static cmg_status check_client_id(const struct cmg__alloc *alloc, const char *client_id,
                                  cmg_error **err)
{
    if (client_id != NULL && cmg__guid_is_valid(client_id))
        return CMG_OK;
    return cmg__fail(err, alloc, CMG_E_INVAL, "client_id",
                     "use the application (client) ID from Entra ID, 8-4-4-4-12 "
                     "hexadecimal digits",
                     "client ID \"%.60s\" is not a GUID", cmg__str_or(client_id, ""));
}

cmg_status cmg_tenant_set_client_secret(cmg_tenant *tenant, const char *client_id,
                                        const char *secret, size_t size, cmg_error **err)
{
    cmg_status rc =
        cmg__check(tenant == NULL ? NULL : &tenant->head, CMG__TAG_TENANT, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &tenant->head.ctx->alloc;
    rc = check_client_id(alloc, client_id, err);
    if (rc != CMG_OK)
        return rc;
    if (secret == NULL || size == 0 || size > SECRET_MAX)
        return cmg__fail(err, alloc, CMG_E_INVAL, "secret",
                         "use the value of the client secret, 1 to 1024 bytes",
                         "a client secret of %zu bytes is not possible",
                         secret == NULL ? (size_t)0 : size);
    char *copy = cmg__strdup(alloc, client_id);
    if (copy == NULL)
        return cmg__fail_nomem(err);
    if (cmg__secret_set(&tenant->sign_in_secret, secret, size) != CMG_OK) {
        cmg__free(alloc, copy);
        return cmg__fail_nomem(err);
    }
    cmg__free(alloc, tenant->sign_in_client_id);
    tenant->sign_in_client_id = copy;
    tenant->sign_in = CMG__SIGN_IN_CLIENT_SECRET;
    return CMG_OK;
}

cmg_status cmg_tenant_set_device_code(cmg_tenant *tenant, const char *client_id,
                                      cmg_error **err)
{
    const char *id = client_id == NULL ? DEFAULT_CLIENT_ID : client_id;
    cmg_status rc =
        cmg__check(tenant == NULL ? NULL : &tenant->head, CMG__TAG_TENANT, err);

    if (rc == CMG_OK)
        rc = check_client_id(&tenant->head.ctx->alloc, id, err);
    if (rc != CMG_OK)
        return rc;
    if (cmg__str_assign(&tenant->head.ctx->alloc, &tenant->sign_in_client_id, id) !=
        CMG_OK)
        return cmg__fail_nomem(err);
    cmg__secret_clear(&tenant->sign_in_secret);
    tenant->sign_in = CMG__SIGN_IN_DEVICE_CODE;
    return CMG_OK;
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
