/*
 * The gateway handle: made from a specification, filled by deployments, asked by hosts.
 * It owns its tenant and applications; references that hosts take of those may outlive
 * it.
 */
#include "model/gateway.h"

#include <cmg/names.h>

#include "crypto/hash.h"
#include "model/authority.h"
#include "model/inventory.h"
#include "model/roles.h"
#include "model/settings.h"
#include "model/specification.h"
#include "model/tenant.h"
#include "model/user_data.h"

#define TEXT_COUNT 10

static void list_texts(cmg_gateway *gateway, char **out[TEXT_COUNT + 1])
{
    char **const list[TEXT_COUNT + 1] = {
        &gateway->source,
        &gateway->name,
        &gateway->service_name,
        &gateway->region,
        &gateway->resource_group,
        &gateway->vm_size,
        &gateway->endpoint,
        &gateway->site_code,
        &gateway->settings.description,
        &gateway->package_sha256,
    };

    for (size_t i = 0; i <= TEXT_COUNT; i++)
        out[i] = list[i];
}

static void destroy(cmg_gateway *gateway)
{
    cmg_context *ctx = cmg_context_ref(gateway->head.ctx); /* its allocator is needed */
    char **texts[TEXT_COUNT + 1];

    list_texts(gateway, texts);
    cmg__texts_free(&ctx->alloc, texts);
    cmg__roles_free(gateway);
    cmg__settings_free(gateway);
    cmg__inventory_clear(gateway);
    cmg__free(&ctx->alloc, gateway->package.data);
    cmg__differences_clear(&ctx->alloc, &gateway->differences);
    for (size_t i = 0; i < gateway->connector_count; i++)
        cmg__free(&ctx->alloc, gateway->connectors[i]);
    cmg_tenant_unref(gateway->tenant);
    cmg_server_app_unref(gateway->server_app);
    cmg_client_app_unref(gateway->client_app);
    cmg_authority_unref(gateway->authority);
    cmg_certificate_unref(gateway->given_certificate);
    cmg_certificate_unref(gateway->refused_certificate);
    cmg_certificate_unref(gateway->certificate);
    cmg__handle_done(&gateway->head);
    cmg__free(&ctx->alloc, gateway);
    cmg_context_unref(ctx);
}

/* Empty, with everything that belongs to it; NULL when memory ran out. */
static cmg_gateway *make(cmg_context *ctx)
{
    cmg_gateway *gateway = cmg__alloc0(&ctx->alloc, sizeof *gateway);
    char **texts[TEXT_COUNT + 1];

    if (gateway == NULL)
        return NULL;
    cmg__handle_init(&gateway->head, CMG__TAG_GATEWAY, ctx);
    list_texts(gateway, texts);
    bool ok = cmg__texts_init(&ctx->alloc, texts);
    gateway->tenant = cmg__tenant_new(ctx);
    gateway->server_app = cmg__server_app_new(ctx);
    gateway->client_app = cmg__client_app_new(ctx);
    if (!ok || gateway->tenant == NULL || gateway->server_app == NULL ||
        gateway->client_app == NULL) {
        destroy(gateway);
        return NULL;
    }
    return gateway;
}

bool cmg__gateway_is_whole(const cmg_gateway *gateway)
{
    return gateway->name[0] != '\0';
}

static cmg_status check_arg(const struct cmg__alloc *alloc, const void *arg,
                            const char *name, cmg_error **err)
{
    if (arg != NULL)
        return CMG_OK;
    return cmg__fail(err, alloc, CMG_E_INVAL, name, "pass a value", "%s is NULL", name);
}

static cmg_status read_into(cmg_context *ctx, const char *name, const char *json,
                            size_t size, cmg_gateway **out, cmg_error **err)
{
    cmg_gateway *gateway = make(ctx);
    cmg_status rc = CMG_OK;

    if (gateway == NULL || cmg__str_assign(&ctx->alloc, &gateway->source, name) != CMG_OK)
        rc = cmg__fail_nomem(err);
    if (rc == CMG_OK)
        rc = cmg__specification_read(gateway, name, json, size, err);
    if (rc != CMG_OK) {
        cmg_gateway_unref(gateway);
        return rc;
    }
    *out = gateway;
    return CMG_OK;
}

cmg_status cmg_gateway_new_from_json(cmg_context *ctx, const char *name, const char *json,
                                     size_t size, cmg_gateway **out_gateway,
                                     cmg_error **err)
{
    cmg_status rc = cmg__check(ctx == NULL ? NULL : &ctx->head, CMG__TAG_CONTEXT, err);

    if (rc == CMG_OK)
        rc = check_arg(&ctx->alloc, name, "name", err);
    if (rc == CMG_OK)
        rc = check_arg(&ctx->alloc, json, "json", err);
    if (rc == CMG_OK)
        rc = check_arg(&ctx->alloc, out_gateway, "out_gateway", err);
    return rc == CMG_OK ? read_into(ctx, name, json, size, out_gateway, err) : rc;
}

cmg_status cmg_gateway_new_from_file(cmg_context *ctx, const char *path,
                                     cmg_gateway **out_gateway, cmg_error **err)
{
    cmg_status rc = cmg__check(ctx == NULL ? NULL : &ctx->head, CMG__TAG_CONTEXT, err);
    struct cmg__buf text;

    if (rc == CMG_OK)
        rc = check_arg(&ctx->alloc, path, "path", err);
    if (rc == CMG_OK)
        rc = check_arg(&ctx->alloc, out_gateway, "out_gateway", err);
    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&text, &ctx->alloc, CMG__SPECIFICATION_MAX + 1);
    rc = cmg__file_read(&ctx->env, &ctx->alloc, path, CMG__SPECIFICATION_MAX, &text, err);
    if (rc == CMG_OK)
        rc = read_into(ctx, path, cmg__buf_cstr(&text), text.len, out_gateway, err);
    cmg__buf_done(&text);
    return rc;
}

static cmg_status check(const cmg_gateway *gateway, cmg_error **err)
{
    return cmg__check(gateway == NULL ? NULL : &gateway->head, CMG__TAG_GATEWAY, err);
}

/* What a deployment works with must not change under it. */
cmg_status cmg__gateway_check_idle(const cmg_gateway *gateway, cmg_error **err)
{
    cmg_status rc = check(gateway, err);

    if (rc != CMG_OK || gateway->deployments_running == 0)
        return rc;
    return cmg__fail(err, &gateway->head.ctx->alloc, CMG_E_STATE, gateway->name,
                     "wait for the deployment to end, or cancel it",
                     "gateway %s cannot be changed while a deployment runs",
                     gateway->name);
}

typedef cmg_status (*write_fn)(const cmg_gateway *gateway, struct cmg__buf *out,
                               cmg_error **err);

static cmg_status write_bytes(const cmg_gateway *gateway, write_fn write, cmg_bytes **out,
                              cmg_error **err)
{
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    struct cmg__buf text;

    cmg__buf_init(&text, alloc, 4 * CMG__SPECIFICATION_MAX);
    cmg_status rc = write(gateway, &text, err);
    if (rc == CMG_OK && cmg__bytes_new(alloc, text.data, text.len, out) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&text);
    return rc;
}

cmg_status cmg__gateway_digest(cmg_gateway *gateway, char out[65], cmg_error **err)
{
    struct cmg__buf text;

    cmg__buf_init(&text, &gateway->head.ctx->alloc, 4 * CMG__SPECIFICATION_MAX);
    cmg_status rc = cmg__specification_write(gateway, &text, err);
    if (rc == CMG_OK && cmg__sha256_hex(text.data, text.len, out) != CMG_OK)
        rc = cmg__fail(err, &gateway->head.ctx->alloc, CMG_E_INTERNAL, gateway->source,
                       NULL, "the specification could not be hashed");
    cmg__buf_done(&text);
    return rc;
}

cmg_status cmg__observe(const struct cmg__alloc *alloc, char **field, const char *value)
{
    return cmg__str_assign(alloc, field, cmg__str_or(value, ""));
}

void cmg__gateway_set_certificate(cmg_gateway *gateway, cmg_certificate *certificate)
{
    cmg_certificate *old = gateway->certificate;

    gateway->certificate = cmg_certificate_ref(certificate);
    cmg_certificate_unref(old);
}

cmg_status cmg_gateway_to_json(cmg_gateway *gateway, cmg_bytes **out_bytes,
                               cmg_error **err)
{
    cmg_status rc = check(gateway, err);

    if (rc == CMG_OK)
        rc = check_arg(&gateway->head.ctx->alloc, out_bytes, "out_bytes", err);
    if (rc == CMG_OK)
        rc = write_bytes(gateway, cmg__specification_write, out_bytes, err);
    return rc;
}

cmg_status cmg_gateway_set_authority(cmg_gateway *gateway, cmg_authority *authority,
                                     cmg_error **err)
{
    cmg_status rc = cmg__gateway_check_idle(gateway, err);

    if (rc == CMG_OK)
        rc = cmg__check(authority == NULL ? NULL : &authority->head, CMG__TAG_AUTHORITY,
                        err);
    if (rc != CMG_OK)
        return rc;
    cmg_authority *old = gateway->authority;
    gateway->authority = cmg_authority_ref(authority);
    cmg_authority_unref(old);
    return CMG_OK;
}

/* The first thing against it; what is only a warning is the host's to look at. */
static cmg_status check_findings(const cmg_gateway *gateway, const cmg_report *report,
                                 cmg_error **err)
{
    for (size_t i = 0; i < cmg_report_count(report); i++) {
        if (cmg_report_severity(report, i) == CMG_SEVERITY_REFUSAL)
            return cmg__fail(err, &gateway->head.ctx->alloc, CMG_E_CERT,
                             cmg_report_subject(report, i), cmg_report_remedy(report, i),
                             "the certificate is no use for %s: %s",
                             gateway->service_name, cmg_report_cause(report, i));
    }
    return CMG_OK;
}

static cmg_status judge_certificate(const cmg_gateway *gateway,
                                    const cmg_certificate *certificate, cmg_error **err)
{
    const cmg_gateway_check_options options = { .size = sizeof options,
                                                .service_name = gateway->service_name };
    cmg_report *report = NULL;
    cmg_status rc = cmg_certificate_check_gateway(certificate, &options, &report, err);

    if (rc == CMG_OK)
        rc = check_findings(gateway, report, err);
    cmg_report_unref(report);
    return rc;
}

static void replace(cmg_certificate **field, cmg_certificate *certificate)
{
    cmg_certificate *old = *field;

    *field = cmg_certificate_ref(certificate);
    cmg_certificate_unref(old);
}

cmg_status cmg_gateway_set_certificate(cmg_gateway *gateway, cmg_certificate *certificate,
                                       cmg_error **err)
{
    cmg_status rc = cmg__gateway_check_idle(gateway, err);

    if (rc == CMG_OK && certificate != NULL)
        rc = cmg__check(&certificate->head, CMG__TAG_CERTIFICATE, err);
    if (rc == CMG_OK && !cmg__gateway_is_whole(gateway))
        rc = cmg__fail(err, &gateway->head.ctx->alloc, CMG_E_STATE, gateway->source,
                       "add the group gateway to the specification",
                       "%s describes no gateway that could have a certificate",
                       gateway->source);
    if (rc == CMG_OK && certificate != NULL)
        rc = judge_certificate(gateway, certificate, err);
    if (rc == CMG_E_CERT)
        replace(&gateway->refused_certificate, certificate);
    if (rc != CMG_OK)
        return rc;
    replace(&gateway->refused_certificate, NULL);
    replace(&gateway->given_certificate, certificate);
    return CMG_OK;
}

cmg_status cmg_gateway_add_connector(cmg_gateway *gateway, cmg_certificate *connector,
                                     cmg_error **err)
{
    cmg_status rc = cmg__gateway_check_idle(gateway, err);

    if (rc == CMG_OK)
        rc = cmg__check(connector == NULL ? NULL : &connector->head, CMG__TAG_CERTIFICATE,
                        err);
    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    for (size_t i = 0; i < gateway->connector_count; i++) {
        if (cmg__str_ieq(gateway->connectors[i], connector->info.sha256_hex))
            return CMG_OK;
    }
    if (gateway->connector_count == CMG__MAX_CONNECTORS)
        return cmg__fail(err, alloc, CMG_E_LIMIT, gateway->name,
                         "use one certificate for several connection points",
                         "gateway %s has %d connectors already", gateway->name,
                         CMG__MAX_CONNECTORS);
    char *pin = cmg__strdup(alloc, connector->info.sha256_hex);
    if (pin == NULL)
        return cmg__fail_nomem(err);
    gateway->connectors[gateway->connector_count++] = pin;
    return CMG_OK;
}

cmg_status cmg_gateway_connector_config(cmg_gateway *gateway, cmg_bytes **out_bytes,
                                        cmg_error **err)
{
    cmg_status rc = check(gateway, err);

    if (rc == CMG_OK)
        rc = check_arg(&gateway->head.ctx->alloc, out_bytes, "out_bytes", err);
    if (rc == CMG_OK && gateway->endpoint[0] == '\0')
        rc = cmg__fail(err, &gateway->head.ctx->alloc, CMG_E_STATE, gateway->name,
                       "deploy the gateway first",
                       "the endpoint of gateway %s is not known yet", gateway->name);
    if (rc == CMG_OK)
        rc = write_bytes(gateway, cmg__connector_config_make, out_bytes, err);
    return rc;
}

static bool is_live(const cmg_gateway *gateway)
{
    return check(gateway, NULL) == CMG_OK;
}

const char *cmg_gateway_name(const cmg_gateway *gateway)
{
    return is_live(gateway) ? gateway->name : "";
}

const char *cmg_gateway_service_name(const cmg_gateway *gateway)
{
    return is_live(gateway) ? gateway->service_name : "";
}

const char *cmg_gateway_region(const cmg_gateway *gateway)
{
    return is_live(gateway) ? gateway->region : "";
}

const char *cmg_gateway_resource_group(const cmg_gateway *gateway)
{
    return is_live(gateway) ? gateway->resource_group : "";
}

const char *cmg_gateway_site_code(const cmg_gateway *gateway)
{
    return is_live(gateway) ? gateway->site_code : "";
}

uint32_t cmg_gateway_instance_count(const cmg_gateway *gateway)
{
    return is_live(gateway) ? gateway->instance_count : 0;
}

uint32_t cmg_gateway_role_count(const cmg_gateway *gateway)
{
    return is_live(gateway) ? (uint32_t)gateway->role_count : 0;
}

const char *cmg_gateway_role_id(const cmg_gateway *gateway, uint32_t index)
{
    bool there = is_live(gateway) && index < gateway->role_count;

    return there ? gateway->roles[index].id : NULL;
}

const char *cmg_gateway_role_url(const cmg_gateway *gateway, uint32_t index)
{
    bool there = is_live(gateway) && index < gateway->role_count;

    return there ? gateway->roles[index].url : NULL;
}

const char *cmg_gateway_endpoint(const cmg_gateway *gateway)
{
    return is_live(gateway) ? gateway->endpoint : "";
}

cmg_tenant *cmg_gateway_tenant(cmg_gateway *gateway)
{
    return is_live(gateway) ? gateway->tenant : NULL;
}

cmg_server_app *cmg_gateway_server_app(cmg_gateway *gateway)
{
    return is_live(gateway) ? gateway->server_app : NULL;
}

cmg_client_app *cmg_gateway_client_app(cmg_gateway *gateway)
{
    return is_live(gateway) ? gateway->client_app : NULL;
}

cmg_certificate *cmg_gateway_certificate(cmg_gateway *gateway)
{
    return is_live(gateway) ? gateway->certificate : NULL;
}

cmg_gateway *cmg_gateway_ref(cmg_gateway *gateway)
{
    if (gateway != NULL)
        cmg__handle_ref(&gateway->head);
    return gateway;
}

void cmg_gateway_unref(cmg_gateway *gateway)
{
    if (gateway != NULL && cmg__handle_unref(&gateway->head))
        destroy(gateway);
}
