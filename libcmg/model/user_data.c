/*
 * What the gateway tells its other halves: the user data of an instance
 * (doc/user-data.md) and the settings of a connection point (doc/connector-config.md).
 * Neither contains a secret. Keys are sorted, so that equal gateways give equal bytes.
 */
#include "model/user_data.h"

#include "azure/cloud.h"
#include "azure/endpoint.h"
#include "model/authority.h"
#include "model/roles.h"
#include "model/settings.h"

#define TEXT_MAX ((size_t)1024 * 1024)
#define VERSION  1
/* Azure's limit on user data, and on custom data. */
#define AZURE_MAX ((size_t)65535)

/* The gateway's own authority as PEM, "" without one. */
static cmg_status authority_pem(const cmg_gateway *gateway, struct cmg__buf *out)
{
    if (gateway->authority == NULL)
        return CMG_OK;
    return cmg__certificate_chain_pem(gateway->authority->certificate, out);
}

/* A list of the texts that are not empty. */
static struct cmg__json *text_list(const char *const *texts, size_t count)
{
    struct cmg__json *list = cmg__json_array();
    cmg_status rc = list == NULL ? CMG_E_NOMEM : CMG_OK;

    for (size_t i = 0; i < count && rc == CMG_OK; i++) {
        if (!cmg__str_is_empty(texts[i]))
            rc = cmg__json_append(list, cmg__json_string(texts[i]));
    }
    if (rc != CMG_OK)
        cmg__json_clear(&list);
    return list;
}

static struct cmg__json *service_names(const cmg_gateway *gateway)
{
    char *public_name =
        cmg__cloud_deployment_name(gateway->head.ctx, gateway->name, gateway->region);
    if (public_name == NULL)
        return NULL;
    bool same = cmg__str_ieq(public_name, gateway->service_name);
    const char *const names[] = { gateway->service_name, same ? "" : public_name };
    struct cmg__json *list = text_list(names, CMG__ARRAY_LEN(names));
    cmg__free(&gateway->head.ctx->alloc, public_name);
    return list;
}

/* What clients' certificates chain to: the gateway's own authority, and the settings'. */
static cmg_status client_authorities_pem(const cmg_gateway *gateway, struct cmg__buf *out)
{
    cmg_status rc = authority_pem(gateway, out);

    return rc == CMG_OK ? cmg__settings_authorities_pem(gateway, out) : rc;
}

static struct cmg__json *alert(const struct cmg__alert *from)
{
    return cmg__json_pack("{s:b, s:I, s:i, s:i, s:b}", "enabled", (int)from->enabled,
                          "gigabytes", (int64_t)from->gigabytes, "warning_percent",
                          (int)from->warning_percent, "critical_percent",
                          (int)from->critical_percent, "stop_service", (int)from->stop);
}

static struct cmg__json *settings(const cmg_gateway *gateway)
{
    const struct cmg__settings *from = &gateway->settings;

    return cmg__json_pack("{s:b, s:b, s:b, s:o, s:o}", "verify_client_revocation",
                          (int)from->revocation, "enforce_tls12", (int)from->tls12,
                          "serve_content", (int)from->content, "traffic_alert",
                          alert(&from->traffic), "storage_alert", alert(&from->storage));
}

struct issuer_texts {
    char *v1;
    char *v2;
    char *jwks;
};

static bool format_issuers(const cmg_gateway *gateway, struct issuer_texts *out)
{
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    const cmg_context *ctx = gateway->head.ctx;
    const char *id = gateway->tenant->id;

    out->v1 =
        cmg__format(alloc, "%s/%s/", cmg__endpoint_get(ctx, CMG_ENDPOINT_ISSUER_V1), id);
    out->v2 =
        cmg__format(alloc, "%s/%s/v2.0", cmg__endpoint_get(ctx, CMG_ENDPOINT_ISSUER), id);
    out->jwks = cmg__format(alloc, "%s/%s/discovery/v2.0/keys",
                            cmg__endpoint_get(ctx, CMG_ENDPOINT_LOGIN), id);
    return out->v1 != NULL && out->v2 != NULL && out->jwks != NULL;
}

static struct cmg__json *tokens(const cmg_gateway *gateway)
{
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    const char *const audiences[] = { gateway->server_app->id_uri,
                                      gateway->server_app->client_id };
    const char *const clients[] = { gateway->client_app->client_id };
    struct issuer_texts texts = { 0 };
    struct cmg__json *made = NULL;

    if (format_issuers(gateway, &texts)) {
        const char *const issuers[] = { texts.v1, texts.v2 };
        made = cmg__json_pack(
            "{s:s, s:o, s:o, s:o, s:s, s:s}", "tenant_id", gateway->tenant->id, "issuers",
            text_list(issuers, 2), "audiences", text_list(audiences, 2), "client_ids",
            text_list(clients, 1), "scope", "user_impersonation", "jwks_uri", texts.jwks);
    }
    cmg__free(alloc, texts.v1);
    cmg__free(alloc, texts.v2);
    cmg__free(alloc, texts.jwks);
    return made;
}

/* Where the instances find their service is added to doc, which is handed on; nothing
   when it is there already. NULL: memory ran out. */
static struct cmg__json *with_package(const cmg_gateway *gateway, struct cmg__json *doc)
{
    if (gateway->package_sha256[0] == '\0' || doc == NULL)
        return doc;
    char *url = cmg__package_url(gateway);
    struct cmg__json *made =
        url == NULL
            ? NULL
            : cmg__json_pack("{s:s, s:s}", "url", url, "sha256", gateway->package_sha256);
    cmg__free(&gateway->head.ctx->alloc, url);
    if (made == NULL || cmg__json_set(doc, "package", made) != CMG_OK)
        cmg__json_clear(&doc);
    return doc;
}

/* Sorted text of doc, whose reference is taken over; NULL: memory ran out. */
static cmg_status format(struct cmg__json *doc, struct cmg__buf *out, cmg_error **err)
{
    cmg_status rc =
        doc == NULL ? CMG_E_NOMEM : cmg__json_format(doc, CMG__JSON_SORTED, out);

    cmg__json_unref(doc);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

cmg_status cmg__user_data_check(const struct cmg__alloc *alloc, size_t size,
                                cmg_error **err)
{
    if (size <= AZURE_MAX)
        return CMG_OK;
    return cmg__fail(err, alloc, CMG_E_LIMIT, "user data",
                     "trust fewer authorities or pin fewer connectors",
                     "the instances' user data is %zu bytes long, Azure takes %zu", size,
                     AZURE_MAX);
}

cmg_status cmg__user_data_make(const cmg_gateway *gateway, const char *deployment_id,
                               struct cmg__buf *out, cmg_error **err)
{
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    struct cmg__buf pem;

    if (gateway->tenant->id[0] == '\0')
        return cmg__fail(err, alloc, CMG_E_STATE, "tenant", "sign in first",
                         "the tenant's ID is not known yet");
    cmg__buf_init(&pem, alloc, TEXT_MAX);
    cmg_status rc = client_authorities_pem(gateway, &pem);
    if (rc == CMG_OK)
        rc = format(
            with_package(
                gateway,
                cmg__json_pack("{s:i, s:s, s:o, s:{s:i, s:i, s:i}, s:s, s:o, s:o, s:o}",
                               "version", VERSION, "deployment_id", deployment_id,
                               "service_names", service_names(gateway), "ports", "client",
                               CMG__PORT_CLIENT, "channel", CMG__PORT_CHANNEL,
                               "channel_https", CMG__PORT_HTTPS, "client_roots_pem",
                               cmg__buf_cstr(&pem), "connectors",
                               text_list((const char *const *)gateway->connectors,
                                         gateway->connector_count),
                               "settings", settings(gateway), "tokens", tokens(gateway))),
            out, err);
    else
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&pem);
    return rc;
}

cmg_status cmg__connector_config_make(const cmg_gateway *gateway, struct cmg__buf *out,
                                      cmg_error **err)
{
    struct cmg__buf pem;

    cmg__buf_init(&pem, &gateway->head.ctx->alloc, TEXT_MAX);
    cmg_status rc = authority_pem(gateway, &pem);
    if (rc == CMG_OK)
        rc = format(cmg__json_pack("{s:i, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:s, s:o}",
                                   "version", VERSION, "name", "connector-1", "site",
                                   gateway->site_code, "host", gateway->endpoint,
                                   "server_name", gateway->service_name, "instances",
                                   (int)gateway->instance_count, "first_port",
                                   CMG__PORT_CHANNEL, "https_port", CMG__PORT_HTTPS,
                                   "gateway_ca_pem", cmg__buf_cstr(&pem), "roles",
                                   cmg__roles_write_config(gateway)),
                    out, err);
    else
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&pem);
    return rc;
}
