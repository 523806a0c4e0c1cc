/*
 * Specifications read and written by their table, and the checks that need more than one
 * field. Both follow the table, so what is written reads back as the same gateway.
 */
#include "model/specification.h"

#include <string.h>
#include "azure/cloud.h"
#include "model/roles.h"
#include "model/settings.h"
#include "model/specification_table.h"

#define VERSION CMG__SPECIFICATION_VERSION

/* The version first: of a newer document nothing else can be judged. */
static cmg_status read_version(const struct cmg__fields *fields,
                               const struct cmg__json *doc, cmg_error **err)
{
    const struct cmg__json *found = cmg__json_key(doc, "version");

    if (found == NULL || cmg__json_int(doc, "/version", 0) == VERSION)
        return CMG_OK;
    return cmg__field_refuse(fields, &cmg__specification_rows[CMG__ROW_VERSION], found,
                             NULL, err);
}

static cmg_status need_object(const struct cmg__fields *fields,
                              const struct cmg__json *doc, cmg_error **err)
{
    static const struct cmg__field document = {
        .path = "/",
        .label = "specification",
        .allowed = "an object in { }",
        .example = "the one in the documentation",
    };

    if (cmg__json_type(doc) == CMG__JSON_OBJECT)
        return CMG_OK;
    return cmg__field_refuse(fields, &document, doc, NULL, err);
}

/* Without all of these the document is about a tenant and its applications only. */
static bool is_whole(const struct cmg__json *doc)
{
    static const char *const parts[] = { "site", "gateway", "roles" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(parts); i++) {
        if (cmg__json_key(doc, parts[i]) != NULL)
            return true;
    }
    return false;
}

static cmg_status check_subscription(const struct cmg__fields *fields,
                                     const cmg_gateway *gateway, cmg_error **err)
{
    if (gateway->tenant->subscription_id[0] != '\0')
        return CMG_OK;
    return cmg__field_refuse(fields, &cmg__specification_rows[CMG__ROW_SUBSCRIPTION],
                             NULL, NULL, err);
}

/* Domain or ID: one of them finds the tenant. */
static cmg_status check_tenant(const struct cmg__fields *fields,
                               const cmg_gateway *gateway, cmg_error **err)
{
    if (gateway->tenant->domain[0] != '\0' || gateway->tenant->wanted_id[0] != '\0')
        return CMG_OK;
    char *subject = cmg__format(fields->alloc, "%s: /tenant", fields->document);
    if (subject == NULL)
        return cmg__fail_nomem(err);
    cmg_status rc = cmg__fail(err, fields->alloc, CMG_E_INVAL, subject,
                              "add domain, for example \"contoso.onmicrosoft.com\", or "
                              "tenant_id",
                              "tenant has neither domain nor tenant_id (%s)", subject);
    cmg__free(fields->alloc, subject);
    return rc;
}

/* A number of years, or a day; two years when nothing is said. */
static cmg_status check_secret_life(const struct cmg__fields *fields,
                                    const cmg_gateway *gateway,
                                    const struct cmg__json *doc, cmg_error **err)
{
    const struct cmg__field *until = &cmg__specification_rows[CMG__ROW_SECRET_UNTIL];

    if (gateway->server_app->secret_until[0] == '\0')
        return CMG_OK;
    if (cmg__json_at(doc, cmg__specification_rows[CMG__ROW_SECRET_YEARS].path) != NULL)
        return cmg__field_refuse(fields, until, cmg__json_at(doc, until->path),
                                 "secret_years is there, too", err);
    gateway->server_app->secret_years = 0;
    return CMG_OK;
}

static cmg_status check_service_name(const struct cmg__fields *fields,
                                     const cmg_gateway *gateway,
                                     const struct cmg__json *doc, cmg_error **err)
{
    size_t n = strlen(gateway->name);

    if (gateway->service_name[0] == '\0' ||
        (strncmp(gateway->service_name, gateway->name, n) == 0 &&
         gateway->service_name[n] == '.'))
        return CMG_OK;
    return cmg__field_refuse(
        fields, &cmg__specification_rows[CMG__ROW_SERVICE_NAME],
        cmg__json_at(doc, cmg__specification_rows[CMG__ROW_SERVICE_NAME].path),
        "its first label must be the gateway's name", err);
}

static cmg_status set_default(const struct cmg__alloc *alloc, char **field, char *value)
{
    if (value == NULL)
        return CMG_E_NOMEM;
    if ((*field)[0] != '\0') {
        cmg__free(alloc, value);
        return CMG_OK;
    }
    cmg__free(alloc, *field);
    *field = value;
    return CMG_OK;
}

/* The three sizes that the vendor's console offers, as it calls them. */
static cmg_status spell_vm_size(cmg_gateway *gateway)
{
    static const char *const sizes[][2] = { { "B2s", "Standard_B2s" },
                                            { "A2_v2", "Standard_A2_v2" },
                                            { "A4_v2", "Standard_A4_v2" } };

    for (size_t i = 0; i < CMG__ARRAY_LEN(sizes); i++) {
        if (cmg__str_ieq(gateway->vm_size, sizes[i][0]))
            return cmg__str_assign(&gateway->head.ctx->alloc, &gateway->vm_size,
                                   sizes[i][1]);
    }
    return CMG_OK;
}

static cmg_status fill_defaults(cmg_gateway *gateway)
{
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    cmg_status rc = set_default(
        alloc, &gateway->service_name,
        cmg__cloud_deployment_name(gateway->head.ctx, gateway->name, gateway->region));

    if (rc == CMG_OK)
        rc = set_default(alloc, &gateway->resource_group,
                         cmg__format(alloc, "cmg-%s", gateway->name));
    if (rc == CMG_OK)
        rc = set_default(alloc, &gateway->vm_size, cmg__strdup(alloc, "Standard_A2_v2"));
    if (rc == CMG_OK)
        rc = spell_vm_size(gateway);
    return rc;
}

/* What the document names is known before anything has been looked at. */
static cmg_status take_wanted(cmg_gateway *gateway)
{
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    cmg_status rc = cmg__observe(alloc, &gateway->tenant->id, gateway->tenant->wanted_id);

    if (rc == CMG_OK)
        rc = cmg__observe(alloc, &gateway->server_app->client_id,
                          gateway->server_app->wanted_client_id);
    if (rc == CMG_OK)
        rc = cmg__observe(alloc, &gateway->client_app->client_id,
                          gateway->client_app->wanted_client_id);
    return rc;
}

static cmg_status read_document(cmg_gateway *gateway, const char *name,
                                const struct cmg__json *doc, cmg_error **err)
{
    struct cmg__fields fields = cmg__specification_fields(gateway, name);
    const bool whole = is_whole(doc);

    if (!whole)
        fields.count = CMG__TENANT_ROWS;
    gateway->instance_count = 1;
    cmg__settings_init(&gateway->settings);
    gateway->server_app->secret_years = 2;
    gateway->server_app->token_version = 1;
    cmg_status rc = need_object(&fields, doc, err);
    if (rc == CMG_OK)
        rc = read_version(&fields, doc, err);
    if (rc == CMG_OK)
        rc = cmg__fields_read(&fields, doc, err);
    if (rc == CMG_OK)
        rc = check_tenant(&fields, gateway, err);
    if (rc == CMG_OK)
        rc = cmg__settings_check_cloud(gateway, name, doc, err);
    if (rc == CMG_OK)
        rc = check_secret_life(&fields, gateway, doc, err);
    if (rc == CMG_OK && whole)
        rc = check_subscription(&fields, gateway, err);
    if (rc == CMG_OK && whole)
        rc = check_service_name(&fields, gateway, doc, err);
    if (rc == CMG_OK && whole)
        rc = cmg__settings_read(gateway, name, doc, err);
    if (rc == CMG_OK && whole)
        rc = cmg__roles_read(gateway, name, cmg__json_key(doc, "roles"), err);
    if (rc == CMG_OK && (whole ? fill_defaults(gateway) : CMG_OK) != CMG_OK)
        rc = cmg__fail_nomem(err);
    if (rc == CMG_OK && take_wanted(gateway) != CMG_OK)
        rc = cmg__fail_nomem(err);
    return rc;
}

cmg_status cmg__specification_read(cmg_gateway *gateway, const char *document,
                                   const char *json, size_t size, cmg_error **err)
{
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    struct cmg__json *doc = NULL;

    if (size > CMG__SPECIFICATION_MAX)
        return cmg__fail(err, alloc, CMG_E_LIMIT, document,
                         "check that it is a specification", "%s is longer than 1 MiB",
                         document);
    cmg_status rc = cmg__json_parse(alloc, document, json, size, &doc, err);
    if (rc == CMG_OK)
        rc = read_document(gateway, document, doc, err);
    cmg__json_unref(doc);
    return rc;
}

cmg_status cmg__specification_write(const cmg_gateway *gateway, struct cmg__buf *out,
                                    cmg_error **err)
{
    struct cmg__fields fields = cmg__specification_fields(gateway, gateway->source);
    const bool whole = cmg__gateway_is_whole(gateway);
    struct cmg__json *doc = cmg__json_object();
    cmg_status rc = cmg__json_set(doc, "version", cmg__json_integer(VERSION));

    if (!whole)
        fields.count = CMG__TENANT_ROWS;
    if (rc == CMG_OK)
        rc = cmg__fields_write(&fields, doc);
    if (rc == CMG_OK && whole)
        rc = cmg__settings_write(gateway, cmg__json_key(doc, "gateway"));
    if (rc == CMG_OK && whole)
        rc = cmg__json_set(doc, "roles", cmg__roles_write(gateway));
    if (rc == CMG_OK)
        rc = cmg__json_format(doc, CMG__JSON_SORTED, out);
    cmg__json_unref(doc);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}
