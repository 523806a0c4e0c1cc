/*
 * The roles' addresses: a pool of connections each, the path that goes before every
 * endpoint. The connection point's own certificate is offered to them, for a management
 * point that wants one.
 */
#include "relay/connector.h"
#include "base/http.h"
#include "base/str.h"
#include <string.h>

static cmg_status make_tls(struct cmg_connector *connector, cmg_error **err)
{
    cmg_context *ctx = connector->head.ctx;
    const struct cmg__buf *ca =
        connector->upstream_ca.len > 0 ? &connector->upstream_ca : &ctx->ca_pem;
    static const char *const alpn[] = { "http/1.1", NULL };
    struct cmg__buf cert, key;

    cmg__buf_init(&cert, connector->alloc, (size_t)1024 * 1024);
    cmg__buf_init_secret(&key, connector->alloc, (size_t)64 * 1024);
    cmg_status rc = cmg__certificate_chain_pem(connector->certificate, &cert);
    if (rc == CMG_OK)
        rc = cmg__certificate_key_pem(connector->certificate, &key);
    const struct cmg__tls_settings settings = {
        .cert_pem = cmg__buf_cstr(&cert),
        .key_pem = cmg__buf_cstr(&key),
        .ca_pem = ca->len == 0 ? NULL : cmg__buf_cstr(ca),
        .alpn = alpn,
    };
    if (rc == CMG_OK)
        rc = cmg__tls_config_new(ctx, &settings, &connector->upstream_tls, err);
    else
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&cert);
    cmg__buf_done(&key);
    return rc;
}

static cmg_status make_one(struct cmg_connector *connector,
                           const struct cmg__map_role *role, struct cmg__upstream *out,
                           cmg_error **err)
{
    struct cmg__url url;

    if (!cmg__url_parse(role->url, &url))
        return cmg__fail(err, connector->alloc, CMG_E_INVAL, role->url,
                         "use an http or https URL", "the role's URL is not allowed");
    cmg_status rc = CMG_OK;
    if (url.https && connector->upstream_tls == NULL)
        rc = make_tls(connector, err);
    char *host = cmg__strndup(connector->alloc, url.host, url.host_len);
    size_t base = url.target_len;
    while (base > 0 && url.target[base - 1] == '/')
        base--;
    out->base = cmg__strndup(connector->alloc, url.target, base);
    if (rc == CMG_OK && (host == NULL || out->base == NULL))
        rc = cmg__fail_nomem(err);
    const struct cmg__http1_pool_settings settings = {
        .host = host,
        .port = url.port,
        .tls = url.https ? connector->upstream_tls : NULL,
        .first_byte_ms = connector->limits.first_byte_ms,
    };
    if (rc == CMG_OK)
        rc = cmg__http1_pool_new(connector->loop, &settings, &out->pool, err);
    cmg__free(connector->alloc, host);
    return rc;
}

cmg_status cmg__upstreams_make(struct cmg_connector *connector, cmg_error **err)
{
    const struct cmg__url_map *map = &connector->settings.map;
    cmg_status rc = CMG_OK;

    connector->upstreams =
        cmg__alloc_array(connector->alloc, map->role_count, sizeof *connector->upstreams);
    if (connector->upstreams == NULL)
        return cmg__fail_nomem(err);
    for (size_t i = 0; i < map->role_count && rc == CMG_OK; i++)
        rc = make_one(connector, &map->roles[i], &connector->upstreams[i], err);
    return rc;
}

void cmg__upstreams_done(struct cmg_connector *connector)
{
    size_t count = connector->upstreams == NULL ? 0 : connector->settings.map.role_count;

    for (size_t i = 0; i < count; i++) {
        if (connector->upstreams[i].pool != NULL)
            cmg__http1_pool_free(connector->upstreams[i].pool);
        cmg__free(connector->alloc, connector->upstreams[i].base);
    }
    cmg__free(connector->alloc, connector->upstreams);
    connector->upstreams = NULL;
    cmg__tls_config_unref(connector->upstream_tls);
    connector->upstream_tls = NULL;
}
