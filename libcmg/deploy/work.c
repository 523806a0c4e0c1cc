/*
 * The data that the steps of one deployment share. Names that follow from the
 * specification are computed once, so that every run of the same specification asks for
 * the same things; what the cloud answered is kept as facts beside them.
 */
#include "deploy/work.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "crypto/hash.h"
#include "deploy/journal.h"

static void tokens_init(struct cmg__tokens *tokens, const struct cmg__alloc *alloc)
{
    for (size_t i = 0; i < CMG__TOKENS; i++)
        cmg__secret_init(&tokens->access[i].value, alloc);
    cmg__secret_init(&tokens->refresh, alloc);
    cmg__secret_init(&tokens->device_code, alloc);
}

static void tokens_done(struct cmg__tokens *tokens)
{
    for (size_t i = 0; i < CMG__TOKENS; i++)
        cmg__secret_clear(&tokens->access[i].value);
    cmg__secret_clear(&tokens->refresh);
    cmg__secret_clear(&tokens->device_code);
}

cmg_status cmg__work_guid(const char *purpose, const char *seed, char out[CMG__GUID_SIZE])
{
    uint8_t digest[32];
    char text[512];
    size_t a = strlen(purpose);
    size_t b = strlen(seed);

    if (a + b + 1 > sizeof text)
        return CMG_E_LIMIT;
    memcpy(text, purpose, a);
    text[a] = '|';
    memcpy(text + a + 1, seed, b);
    cmg_status rc = cmg__sha256(text, a + b + 1, digest);
    if (rc == CMG_OK)
        cmg__guid_format(digest, out);
    return rc;
}

/* The same subscription, group and name are the same gateway, whoever asks and whatever
   became of the journal: hence the identifier is not random. Without a gateway the tenant
   and its server app take their place. */
cmg_status cmg__work_deployment_id(const cmg_gateway *gateway, char out[CMG__GUID_SIZE])
{
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    const cmg_tenant *tenant = gateway->tenant;
    const char *tenant_name = tenant->domain[0] != '\0' ? tenant->domain : tenant->id;
    char *seed =
        cmg__gateway_is_whole(gateway)
            ? cmg__format(alloc, "%s|%s|%s", tenant->subscription_id,
                          gateway->resource_group, gateway->name)
            : cmg__format(alloc, "%s|%s", tenant_name, gateway->server_app->name);

    if (seed == NULL)
        return CMG_E_NOMEM;
    cmg__lower_in_place(seed);
    cmg_status rc = cmg__work_guid("deployment", seed, out);
    cmg__free(alloc, seed);
    return rc;
}

static cmg_status spec_add(struct cmg__work *work, const char *key, const char *fmt,
                           const char *text)
{
    char *value = cmg__format(work->alloc, "%s%s", fmt, text);
    cmg_status rc =
        value == NULL ? CMG_E_NOMEM : cmg__json_set_str(work->spec, key, value);

    cmg__free(work->alloc, value);
    return rc;
}

static cmg_status make_spec(struct cmg__work *work)
{
    const cmg_gateway *gateway = work->gateway;
    const cmg_tenant *tenant = gateway->tenant;
    const char *name =
        cmg__gateway_is_whole(gateway) ? gateway->name : gateway->server_app->name;
    const struct {
        const char *key, *prefix, *value;
    } names[] = {
        { "tenant", "", tenant->id[0] != '\0' ? tenant->id : tenant->domain },
        { "subscription", "", tenant->subscription_id },
        { "group", "", gateway->resource_group },
        { "region", "", gateway->region },
        { "label", "", gateway->name },
        { "deployment_id", "", work->deployment_id },
        { "vault", "", gateway->name },
        { "account", "", gateway->name },
        { "container", "", CMG__PACKAGE_CONTAINER },
        { CMG__METRIC_TRAFFIC, "", "Network Out Total" },
        { CMG__METRIC_CONTENT, "", "Egress" },
        { CMG__METRIC_STORAGE, "", "UsedCapacity" },
        { "certificate", "", "server" },
        { "server_unique_name", "libcmg-server-", name },
        { "client_unique_name", "libcmg-client-", name },
        { "server_name", "", gateway->server_app->name },
        { "client_name", "", gateway->client_app->name },
        { "server_wanted_id", "", gateway->server_app->wanted_client_id },
        { "client_wanted_id", "", gateway->client_app->wanted_client_id },
        { "app_tag", "libcmg:", work->deployment_id },
        { "server_app_tag", "libcmg:server:", work->deployment_id },
        { "client_app_tag", "libcmg:client:", work->deployment_id },
        { "sign_in_client", "", cmg__str_or(tenant->sign_in_client_id, "") },
    };
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(names); i++)
        rc = spec_add(work, names[i].key, names[i].prefix, names[i].value);
    return rc;
}

cmg_status cmg__work_init(struct cmg__work *work, cmg_gateway *gateway, cmg_error **err)
{
    work->ctx = gateway->head.ctx;
    work->alloc = &work->ctx->alloc;
    cmg__endpoints_get(work->ctx, &work->endpoints);
    work->gateway = gateway;
    tokens_init(&work->tokens, work->alloc);
    cmg__secret_init(&work->server_secret, work->alloc);
    cmg__secret_init(&work->pkce.verifier, work->alloc);
    cmg__secret_init(&work->pkce.code, work->alloc);
    cmg__buf_init(&work->probe_roots, work->alloc, 64 * 1024);
    work->spec = cmg__json_object();
    work->facts = cmg__json_object();
    work->fresh = cmg__json_object();
    work->seen = cmg__json_object();
    work->notes = cmg__json_object();
    cmg_status rc = work->spec == NULL || work->facts == NULL || work->fresh == NULL ||
                            work->seen == NULL || work->notes == NULL
                        ? CMG_E_NOMEM
                        : CMG_OK;
    if (rc == CMG_OK)
        rc = cmg__work_deployment_id(gateway, work->deployment_id);
    if (rc == CMG_OK)
        rc = make_spec(work);
    if (rc != CMG_OK)
        cmg__work_done(work);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

void cmg__work_done(struct cmg__work *work)
{
    tokens_done(&work->tokens);
    cmg__secret_clear(&work->server_secret);
    cmg__problems_clear(&work->problems, work->alloc);
    cmg__free(work->alloc, work->tokens.graph_scopes);
    cmg__free(work->alloc, work->tokens.claims);
    cmg__secret_clear(&work->pkce.verifier);
    cmg__secret_clear(&work->pkce.code);
    cmg__free(work->alloc, work->pkce.redirect_uri);
    cmg__free(work->alloc, work->prompt.url);
    cmg__buf_done(&work->probe_roots);
    cmg__json_clear(&work->spec);
    cmg__json_clear(&work->facts);
    cmg__json_clear(&work->fresh);
    cmg__json_clear(&work->seen);
    cmg__json_clear(&work->notes);
    cmg__free(work->alloc, work->prompt.uri);
    cmg__free(work->alloc, work->prompt.code);
    cmg__free(work->alloc, work->prompt.message);
    memset(&work->prompt, 0, sizeof work->prompt);
}

static const char *text_of(const struct cmg__json *object, const char *key)
{
    return cmg__json_str(cmg__json_key(object, key), "");
}

const char *cmg__work_value(const struct cmg__work *work, const char *key)
{
    const char *value = text_of(work->spec, key);

    return value != NULL ? value : text_of(work->facts, key);
}

const char *cmg__fact(const struct cmg__work *work, const char *key)
{
    return cmg__str_or(text_of(work->facts, key), "");
}

cmg_status cmg__fact_set(struct cmg__work *work, const char *key, const char *value)
{
    const char *now = cmg__fact(work, key);

    if (strcmp(now, cmg__str_or(value, "")) == 0)
        return CMG_OK;
    if (cmg__str_is_empty(value)) {
        cmg__json_remove(work->facts, key);
        return cmg__json_set(work->fresh, key, cmg__json_pack("n"));
    }
    cmg_status rc = cmg__json_set_str(work->facts, key, value);
    if (rc == CMG_OK)
        rc = cmg__json_set_str(work->fresh, key, value);
    return rc;
}

static cmg_status store_failed(struct cmg__work *work, int64_t rc, const char *name,
                               const char *what, cmg_error **err)
{
    return cmg__fail_os(err, work->alloc, (int)-rc, name, what);
}

cmg_status cmg__secret_load(struct cmg__work *work, const char *name,
                            struct cmg__buf *out, cmg_error **err)
{
    cmg_status rc = cmg__buf_reserve(out, CMG__SECRET_MAX);

    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    /* An operation that only reads may have no store. */
    int64_t n = work->secrets.get == NULL
                    ? -ENOENT
                    : work->secrets.get(name, out->data + out->len, CMG__SECRET_MAX,
                                        work->secrets.user);
    if (n < 0)
        return store_failed(work, n, name, "read secret", err);
    if ((uint64_t)n > CMG__SECRET_MAX)
        return store_failed(work, -EFBIG, name, "read secret", err);
    out->len += (size_t)n;
    out->data[out->len] = '\0';
    return CMG_OK;
}

cmg_status cmg__secret_find(struct cmg__work *work, const char *name,
                            struct cmg__buf *out, bool *found, cmg_error **err)
{
    cmg_error *why = NULL;
    const cmg_status rc = cmg__secret_load(work, name, out, &why);

    *found = rc == CMG_OK;
    if (rc != CMG_E_NOTFOUND)
        return cmg__error_move(err, &why);
    cmg_error_unref(why);
    return CMG_OK;
}

/* A run that was paused must not put its secret in the place of a later one's. */
static cmg_status holds(const struct cmg__work *work, cmg_error **err)
{
    return work->journal == NULL ? CMG_OK : cmg__journal_holds(work->journal, err);
}

cmg_status cmg__secret_save(struct cmg__work *work, const char *name, const void *data,
                            size_t n, cmg_error **err)
{
    const cmg_status held = holds(work, err);

    if (held != CMG_OK)
        return held;
    int rc = work->secrets.put(name, data, n, work->secrets.user);
    return rc == 0 ? CMG_OK : store_failed(work, rc, name, "keep secret", err);
}

cmg_status cmg__secret_remove(struct cmg__work *work, const char *name, cmg_error **err)
{
    const cmg_status held = holds(work, err);

    if (held != CMG_OK)
        return held;
    int rc = work->secrets.remove(name, work->secrets.user);
    return rc == 0 || rc == -ENOENT ? CMG_OK
                                    : store_failed(work, rc, name, "remove secret", err);
}
