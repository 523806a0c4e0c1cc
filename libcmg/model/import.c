/*
 * The import record: a table of fields, read and written as the specification is. Only
 * what the console asks for; the secret goes by the host's store.
 */
#include <cmg/import.h>

#include <string.h>

#include "model/field.h"
#include "model/gateway.h"
#include "model/pattern.h"
#include "model/tenant.h"

#define VERSION    1
#define MAX_BYTES  ((size_t)64 * 1024)
#define TEXT_COUNT 8

struct cmg_import {
    struct cmg__handle head;
    char *tenant_name;
    char *tenant_id;
    char *server_name;
    char *server_id;
    char *id_uri;
    char *secret_expiry; /* ISO 8601, "" when it is not known */
    char *client_name;
    char *client_id;
};

static bool is_uri(const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p <= ' ' || *p > '~')
            return false;
    }
    return cmg__str_starts(text, "api://") || cmg__str_starts(text, "https://");
}

static bool is_time(const char *text)
{
    int64_t unix_s = 0;

    return cmg__time_parse(text, &unix_s) && unix_s > 0;
}

#define GROUP(at, name, like)                                                            \
    {                                                                                    \
        .path = at, .label = name, .kind = CMG__FIELD_GROUP, .required = true,           \
        .allowed = "an object in { }", .example = like                                   \
    }
#define NAME(at, name, member, like)                                                     \
    {                                                                                    \
        .path = at, .label = name, .kind = CMG__FIELD_TEXT, .required = true,            \
        .offset = offsetof(struct cmg_import, member), .min = 1, .max = 256,             \
        .check = cmg__pattern_display_name,                                              \
        .allowed = "1 to 256 printable characters, no blank at the ends",                \
        .example = like                                                                  \
    }
#define ID(at, name, member)                                                             \
    {                                                                                    \
        .path = at, .label = name, .kind = CMG__FIELD_TEXT, .required = true,            \
        .fold = true, .offset = offsetof(struct cmg_import, member), .min = 36,          \
        .max = 36, .check = cmg__guid_is_valid,                                          \
        .allowed = "a GUID, 8-4-4-4-12 hexadecimal digits",                              \
        .example = "\"7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f\""                            \
    }

static const struct cmg__field rows[] = {
    { .path = "/version",
      .label = "version of the import record",
      .kind = CMG__FIELD_NUMBER,
      .required = true,
      .offset = CMG__FIELD_NOWHERE,
      .min = VERSION,
      .max = VERSION,
      .cause = "this release of the library reads version 1 only",
      .allowed = "version 1, or a newer release of the library",
      .example = "1" },
    NAME("/tenant_name", "tenant name", tenant_name, "\"Contoso\""),
    ID("/tenant_id", "tenant ID", tenant_id),
    GROUP("/server_app", "server app",
          "{ \"app_name\": \"CMG-ServerApp\", \"client_id\": \"...\" }"),
    NAME("/server_app/app_name", "server app name", server_name, "\"CMG-ServerApp\""),
    ID("/server_app/client_id", "server app's client ID", server_id),
    { .path = "/server_app/app_id_uri",
      .label = "App ID URI",
      .kind = CMG__FIELD_TEXT,
      .required = true,
      .offset = offsetof(struct cmg_import, id_uri),
      .min = 9,
      .max = 255,
      .check = is_uri,
      .allowed = "a URI that begins with api:// or https://",
      .example = "\"api://11111111-2222-3333-4444-555555555555/CMG-ServerApp\"" },
    { .path = "/server_app/secret_key_expiry",
      .label = "end of the client secret",
      .kind = CMG__FIELD_TEXT,
      .offset = offsetof(struct cmg_import, secret_expiry),
      .min = 10,
      .max = 40,
      .check = is_time,
      .allowed = "a time in ISO 8601",
      .example = "\"2028-11-22T00:00:00Z\"" },
    GROUP("/client_app", "client app",
          "{ \"app_name\": \"CMG-ClientApp\", \"client_id\": \"...\" }"),
    NAME("/client_app/app_name", "client app name", client_name, "\"CMG-ClientApp\""),
    ID("/client_app/client_id", "client app's client ID", client_id),
};

static void list_texts(cmg_import *import, char **out[TEXT_COUNT + 1])
{
    char **const list[TEXT_COUNT + 1] = {
        &import->tenant_name, &import->tenant_id, &import->server_name,
        &import->server_id,   &import->id_uri,    &import->secret_expiry,
        &import->client_name, &import->client_id,
    };

    for (size_t i = 0; i <= TEXT_COUNT; i++)
        out[i] = list[i];
}

static void destroy(cmg_import *import)
{
    cmg_context *ctx = cmg_context_ref(import->head.ctx);
    char **texts[TEXT_COUNT + 1];

    list_texts(import, texts);
    cmg__texts_free(&ctx->alloc, texts);
    cmg__handle_done(&import->head);
    cmg__free(&ctx->alloc, import);
    cmg_context_unref(ctx);
}

static cmg_import *make(cmg_context *ctx)
{
    cmg_import *import = cmg__alloc0(&ctx->alloc, sizeof *import);
    char **texts[TEXT_COUNT + 1];

    if (import == NULL)
        return NULL;
    cmg__handle_init(&import->head, CMG__TAG_IMPORT, ctx);
    list_texts(import, texts);
    if (!cmg__texts_init(&ctx->alloc, texts)) {
        destroy(import);
        return NULL;
    }
    return import;
}

static cmg_status check(const cmg_import *import, cmg_error **err)
{
    return cmg__check(import == NULL ? NULL : &import->head, CMG__TAG_IMPORT, err);
}

static bool is_live(const cmg_import *import)
{
    return check(import, NULL) == CMG_OK;
}

static cmg_status check_arg(const struct cmg__alloc *alloc, const void *arg,
                            const char *name, cmg_error **err)
{
    if (arg != NULL)
        return CMG_OK;
    return cmg__fail(err, alloc, CMG_E_INVAL, name, "pass a value", "%s is NULL", name);
}

static struct cmg__fields fields_of(cmg_import *import, const char *document)
{
    return (struct cmg__fields){
        .alloc = &import->head.ctx->alloc,
        .rows = rows,
        .count = CMG__ARRAY_LEN(rows),
        .document = document,
        .prefix = "",
        .targets = { import },
    };
}

/* ---- of a gateway ---- */

static cmg_status check_known(const cmg_gateway *gateway, cmg_error **err)
{
    const struct {
        const char *value, *what;
    } needed[] = {
        { gateway->tenant->id, "tenant's ID" },
        { gateway->server_app->client_id, "server app's client ID" },
        { gateway->server_app->id_uri, "server app's App ID URI" },
        { gateway->client_app->client_id, "client app's client ID" },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(needed); i++) {
        if (needed[i].value[0] == '\0')
            return cmg__fail(err, &gateway->head.ctx->alloc, CMG_E_STATE, needed[i].what,
                             "register or verify the applications first",
                             "the %s is not known yet", needed[i].what);
    }
    return CMG_OK;
}

static cmg_status copy_gateway(cmg_import *import, const cmg_gateway *gateway)
{
    const cmg_tenant *tenant = gateway->tenant;
    const int64_t expires = gateway->server_app->secret_expires_unix_s;
    char expiry[CMG__TIME_SIZE] = "";

    if (expires > 0)
        cmg__time_format(expires, expiry);
    const struct {
        char **to;
        const char *from;
    } texts[TEXT_COUNT] = {
        { &import->tenant_name, tenant->display_name[0] != '\0' ? tenant->display_name
                                : tenant->domain[0] != '\0'     ? tenant->domain
                                                                : tenant->id },
        { &import->tenant_id, tenant->id },
        { &import->server_name, gateway->server_app->name },
        { &import->server_id, gateway->server_app->client_id },
        { &import->id_uri, gateway->server_app->id_uri },
        { &import->secret_expiry, expiry },
        { &import->client_name, gateway->client_app->name },
        { &import->client_id, gateway->client_app->client_id },
    };
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < TEXT_COUNT; i++)
        rc = cmg__observe(&import->head.ctx->alloc, texts[i].to, texts[i].from);
    return rc;
}

cmg_status cmg_import_new_from_gateway(cmg_gateway *gateway, cmg_import **out_import,
                                       cmg_error **err)
{
    cmg_status rc =
        cmg__check(gateway == NULL ? NULL : &gateway->head, CMG__TAG_GATEWAY, err);

    if (rc == CMG_OK)
        rc = check_arg(&gateway->head.ctx->alloc, out_import, "out_import", err);
    if (rc == CMG_OK)
        rc = check_known(gateway, err);
    if (rc != CMG_OK)
        return rc;
    cmg_import *import = make(gateway->head.ctx);
    if (import == NULL || copy_gateway(import, gateway) != CMG_OK) {
        cmg_import_unref(import);
        return cmg__fail_nomem(err);
    }
    *out_import = import;
    return CMG_OK;
}

/* ---- of a text ---- */

static cmg_status read_document(cmg_import *import, const char *name,
                                const struct cmg__json *doc, cmg_error **err)
{
    static const struct cmg__field document = {
        .path = "/",
        .label = "import record",
        .allowed = "an object in { }",
        .example = "the one in the documentation",
    };
    const struct cmg__fields fields = fields_of(import, name);
    const struct cmg__json *version = cmg__json_key(doc, "version");

    if (cmg__json_type(doc) != CMG__JSON_OBJECT)
        return cmg__field_refuse(&fields, &document, doc, NULL, err);
    /* The version first: of a newer document nothing else can be judged. */
    if (version != NULL && cmg__json_int(doc, "/version", 0) != VERSION)
        return cmg__field_refuse(&fields, &rows[0], version, NULL, err);
    return cmg__fields_read(&fields, doc, err);
}

static cmg_status read_text(cmg_import *import, const char *name, const char *json,
                            size_t size, cmg_error **err)
{
    const struct cmg__alloc *alloc = &import->head.ctx->alloc;
    struct cmg__json *doc = NULL;

    if (size > MAX_BYTES)
        return cmg__fail(err, alloc, CMG_E_LIMIT, name,
                         "check that it is an import record", "%s is longer than 64 KiB",
                         name);
    cmg_status rc = cmg__json_parse(alloc, name, json, size, &doc, err);
    if (rc == CMG_OK)
        rc = read_document(import, name, doc, err);
    cmg__json_unref(doc);
    return rc;
}

cmg_status cmg_import_new_from_json(cmg_context *ctx, const char *name, const char *json,
                                    size_t size, cmg_import **out_import, cmg_error **err)
{
    cmg_status rc = cmg__check(ctx == NULL ? NULL : &ctx->head, CMG__TAG_CONTEXT, err);

    if (rc == CMG_OK)
        rc = check_arg(&ctx->alloc, name, "name", err);
    if (rc == CMG_OK)
        rc = check_arg(&ctx->alloc, json, "json", err);
    if (rc == CMG_OK)
        rc = check_arg(&ctx->alloc, out_import, "out_import", err);
    if (rc != CMG_OK)
        return rc;
    cmg_import *import = make(ctx);
    rc = import == NULL ? cmg__fail_nomem(err) : read_text(import, name, json, size, err);
    if (rc != CMG_OK) {
        cmg_import_unref(import);
        return rc;
    }
    *out_import = import;
    return CMG_OK;
}

/* NULL when memory ran out. */
static struct cmg__json *document_of(cmg_import *import)
{
    const struct cmg__fields fields = fields_of(import, "import record");
    struct cmg__json *doc = cmg__json_object();
    cmg_status rc = cmg__json_set(doc, "version", cmg__json_integer(VERSION));

    if (rc == CMG_OK)
        rc = cmg__fields_write(&fields, doc);
    if (rc != CMG_OK)
        cmg__json_clear(&doc);
    return doc;
}

cmg_status cmg_import_to_json(cmg_import *import, cmg_bytes **out_bytes, cmg_error **err)
{
    const cmg_status rc = check(import, err);

    if (rc != CMG_OK)
        return rc;
    return cmg__json_export(&import->head.ctx->alloc, document_of(import), out_bytes,
                            err);
}

/* ---- used by a gateway ---- */

static cmg_status check_tenant(const cmg_gateway *gateway, const cmg_import *import,
                               cmg_error **err)
{
    const char *wanted = gateway->tenant->wanted_id;

    if (wanted[0] == '\0' || cmg__str_ieq(wanted, import->tenant_id))
        return CMG_OK;
    return cmg__fail(err, &gateway->head.ctx->alloc, CMG_E_CONFLICT, "/tenant_id",
                     "import the applications of the gateway's tenant",
                     "the applications are of tenant %s, the gateway is of %s",
                     import->tenant_id, wanted);
}

cmg_status cmg_gateway_set_import(cmg_gateway *gateway, cmg_import *import,
                                  cmg_error **err)
{
    cmg_status rc = cmg__gateway_check_idle(gateway, err);

    if (rc == CMG_OK)
        rc = check(import, err);
    if (rc == CMG_OK)
        rc = check_tenant(gateway, import, err);
    if (rc != CMG_OK)
        return rc;
    const struct {
        char **to;
        const char *from;
    } texts[] = {
        { &gateway->tenant->wanted_id, import->tenant_id },
        { &gateway->tenant->id, import->tenant_id },
        { &gateway->server_app->wanted_client_id, import->server_id },
        { &gateway->server_app->client_id, import->server_id },
        { &gateway->server_app->id_uri, import->id_uri },
        { &gateway->client_app->wanted_client_id, import->client_id },
        { &gateway->client_app->client_id, import->client_id },
    };
    char *copies[CMG__ARRAY_LEN(texts)] = { NULL };
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(texts); i++) {
        copies[i] = cmg__strdup(alloc, texts[i].from);
        rc = copies[i] == NULL ? cmg__fail_nomem(err) : CMG_OK;
    }
    /* All or nothing: the copies change places with what was there. */
    for (size_t i = 0; i < CMG__ARRAY_LEN(texts); i++) {
        char *old = *texts[i].to;
        if (rc == CMG_OK)
            *texts[i].to = copies[i];
        cmg__free(alloc, rc == CMG_OK ? old : copies[i]);
    }
    if (rc == CMG_OK)
        gateway->server_app->secret_expires_unix_s =
            cmg_import_secret_expires_unix_s(import);
    return rc;
}

/* ---- what it says ---- */

const char *cmg_import_tenant_name(const cmg_import *import)
{
    return is_live(import) ? import->tenant_name : "";
}

const char *cmg_import_tenant_id(const cmg_import *import)
{
    return is_live(import) ? import->tenant_id : "";
}

const char *cmg_import_server_app_name(const cmg_import *import)
{
    return is_live(import) ? import->server_name : "";
}

const char *cmg_import_server_app_client_id(const cmg_import *import)
{
    return is_live(import) ? import->server_id : "";
}

const char *cmg_import_server_app_id_uri(const cmg_import *import)
{
    return is_live(import) ? import->id_uri : "";
}

const char *cmg_import_client_app_name(const cmg_import *import)
{
    return is_live(import) ? import->client_name : "";
}

const char *cmg_import_client_app_client_id(const cmg_import *import)
{
    return is_live(import) ? import->client_id : "";
}

int64_t cmg_import_secret_expires_unix_s(const cmg_import *import)
{
    int64_t expires = 0;

    if (is_live(import))
        (void)cmg__time_parse(import->secret_expiry, &expires);
    return expires;
}

cmg_import *cmg_import_ref(cmg_import *import)
{
    if (import != NULL)
        cmg__handle_ref(&import->head);
    return import;
}

void cmg_import_unref(cmg_import *import)
{
    if (import != NULL && cmg__handle_unref(&import->head))
        destroy(import);
}
