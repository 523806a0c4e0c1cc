/*
 * The fields of a specification, one row each (doc/specification.md lists them for
 * people), and the checks that need more than one of them. Reading and writing both
 * follow the table, so what is written reads back as the same gateway.
 */
#include "model/specification.h"

#include <string.h>
#include "azure/cloud.h"
#include "model/field.h"
#include "model/pattern.h"
#include "model/roles.h"

#define VERSION 1

enum { OF_GATEWAY, OF_TENANT, OF_SERVER_APP, OF_CLIENT_APP };

#define IN_GATEWAY(member)                                                               \
    .owner = OF_GATEWAY, .offset = offsetof(struct cmg_gateway, member)
#define IN_TENANT(member)                                                                \
    .owner = OF_TENANT, .offset = offsetof(struct cmg_tenant, member)
#define IN_SERVER_APP(member)                                                            \
    .owner = OF_SERVER_APP, .offset = offsetof(struct cmg_server_app, member)
#define IN_CLIENT_APP(member)                                                            \
    .owner = OF_CLIENT_APP, .offset = offsetof(struct cmg_client_app, member)
#define GROUP_ROW(at, name, like)                                                        \
    {                                                                                    \
        .path = at, .label = name, .kind = CMG__FIELD_GROUP, .required = true,           \
        .allowed = "an object in { }", .example = like,                                  \
    }
/* Of an application that somebody else made. */
#define CLIENT_ID_ROW(at, name, owner_and_offset)                                        \
    {                                                                                    \
        .path = at, .label = name, .kind = CMG__FIELD_TEXT, .fold = true,                \
        owner_and_offset, .min = 36, .max = 36, .check = cmg__guid_is_valid,             \
        .allowed = GUID_ALLOWED, .example = GUID_EXAMPLE                                 \
    }
/* What people read when they are asked to consent to the scope. */
#define CONSENT_ROW(at, name, owner_and_offset, most, like)                              \
    {                                                                                    \
        .path = at, .label = name, .kind = CMG__FIELD_TEXT, owner_and_offset, .min = 1,  \
        .max = most, .check = cmg__pattern_display_name,                                 \
        .allowed = "1 to " #most " printable characters, no blank at the ends",          \
        .example = like                                                                  \
    }
#define LEGACY_ROW(at, name, owner_and_offset)                                           \
    {                                                                                    \
        .path = at, .label = name, .kind = CMG__FIELD_FLAG, owner_and_offset,            \
        .allowed = "true or false", .example = "true"                                    \
    }
#define GUID_ALLOWED "a GUID, 8-4-4-4-12 hexadecimal digits"
#define GUID_EXAMPLE "\"7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f\""

enum {
    ROW_VERSION,
    ROW_TENANT,
    ROW_DOMAIN,
    ROW_TENANT_ID,
    ROW_SUBSCRIPTION,
    ROW_SERVER_APP,
    ROW_SERVER_NAME,
    ROW_SECRET_YEARS,
    ROW_SERVER_CLIENT_ID,
    ROW_ID_URI,
    ROW_TOKEN_VERSION,
    ROW_ADMIN_TITLE,
    ROW_ADMIN_TEXT,
    ROW_USER_TITLE,
    ROW_USER_TEXT,
    ROW_SERVER_LEGACY,
    ROW_SECRET_UNTIL,
    ROW_CLIENT_APP,
    ROW_CLIENT_NAME,
    ROW_CLIENT_CLIENT_ID,
    ROW_CLIENT_LEGACY,
    TENANT_ROWS, /* of a specification without a gateway */
    ROW_SITE = TENANT_ROWS,
    ROW_SITE_CODE,
    ROW_GATEWAY,
    ROW_NAME,
    ROW_SERVICE_NAME,
    ROW_REGION,
    ROW_RESOURCE_GROUP,
    ROW_VM_SIZE,
    ROW_INSTANCES,
    ROW_ROLES
};

static const struct cmg__field rows[] = {
    [ROW_VERSION] = { .path = "/version",
                      .label = "specification version",
                      .kind = CMG__FIELD_NUMBER,
                      .required = true,
                      .offset = CMG__FIELD_NOWHERE,
                      .min = VERSION,
                      .max = VERSION,
                      .cause = "this release of the library reads version 1 only",
                      .allowed = "version 1, or a newer release of the library",
                      .example = "1" },
    [ROW_TENANT] = GROUP_ROW("/tenant", "tenant",
                             "{ \"domain\": \"contoso.onmicrosoft.com\", "
                             "\"subscription_id\": " GUID_EXAMPLE " }"),
    [ROW_DOMAIN] = { .path = "/tenant/domain",
                     .label = "tenant domain",
                     .kind = CMG__FIELD_TEXT,
                     .fold = true,
                     IN_TENANT(domain),
                     .min = 3,
                     .max = 253,
                     .check = cmg__pattern_host_name,
                     .allowed = "a domain name of the tenant",
                     .example = "\"contoso.onmicrosoft.com\"" },
    [ROW_TENANT_ID] = { .path = "/tenant/tenant_id",
                        .label = "tenant ID",
                        .kind = CMG__FIELD_TEXT,
                        .fold = true,
                        IN_TENANT(wanted_id),
                        .min = 36,
                        .max = 36,
                        .check = cmg__guid_is_valid,
                        .allowed = GUID_ALLOWED,
                        .example = "\"11111111-2222-3333-4444-555555555555\"" },
    [ROW_SUBSCRIPTION] = { .path = "/tenant/subscription_id",
                           .label = "subscription ID",
                           .kind = CMG__FIELD_TEXT,
                           .fold = true,
                           IN_TENANT(subscription_id),
                           .min = 36,
                           .max = 36,
                           .check = cmg__guid_is_valid,
                           .allowed = GUID_ALLOWED,
                           .example = GUID_EXAMPLE },
    [ROW_SERVER_APP] =
        GROUP_ROW("/server_app", "server app", "{ \"name\": \"CMG-ServerApp\" }"),
    [ROW_SERVER_NAME] = { .path = "/server_app/name",
                          .label = "server app name",
                          .kind = CMG__FIELD_TEXT,
                          .required = true,
                          IN_SERVER_APP(name),
                          .min = 1,
                          .max = 90,
                          .check = cmg__pattern_uri_name,
                          .cause = "the name is also the end of the App ID URI",
                          .allowed = "1 to 90 letters, digits, '-', '_' or '.'",
                          .example = "\"CMG-ServerApp\"" },
    [ROW_SECRET_YEARS] = { .path = "/server_app/secret_years",
                           .label = "years of the client secret",
                           .kind = CMG__FIELD_NUMBER,
                           IN_SERVER_APP(secret_years),
                           .min = 1,
                           .max = 2,
                           .cause = "client secrets live one or two years",
                           .allowed = "1 or 2",
                           .example = "2" },
    [ROW_SERVER_CLIENT_ID] =
        CLIENT_ID_ROW("/server_app/client_id", "server app's client ID",
                      IN_SERVER_APP(wanted_client_id)),
    [ROW_ID_URI] = { .path = "/server_app/id_uri",
                     .label = "App ID URI",
                     .kind = CMG__FIELD_TEXT,
                     IN_SERVER_APP(wanted_id_uri),
                     .min = 10,
                     .max = 255,
                     .check = cmg__pattern_id_uri,
                     .cause =
                         "the tenant's policy wants its ID or a verified domain in it",
                     .allowed = "api://{tenant ID}/{name} or https://{verified "
                                "domain}/{name}, no '/' at the end",
                     .example = "\"https://contoso.com/cmg\"" },
    [ROW_TOKEN_VERSION] = { .path = "/server_app/access_token_version",
                            .label = "version of access tokens",
                            .kind = CMG__FIELD_NUMBER,
                            IN_SERVER_APP(token_version),
                            .min = 1,
                            .max = 2,
                            .cause = "Entra issues tokens of version 1 or 2",
                            .allowed = "1 or 2",
                            .example = "1" },
    [ROW_ADMIN_TITLE] =
        CONSENT_ROW("/server_app/admin_consent_title", "title of the consent",
                    IN_SERVER_APP(admin_title), 100, "\"Access CMG-ServerApp\""),
    [ROW_ADMIN_TEXT] = CONSENT_ROW("/server_app/admin_consent_text",
                                   "text of the consent", IN_SERVER_APP(admin_text), 1000,
                                   "\"Lets devices reach Configuration Manager.\""),
    [ROW_USER_TITLE] =
        CONSENT_ROW("/server_app/user_consent_title", "title of the consent",
                    IN_SERVER_APP(user_title), 100, "\"Access CMG-ServerApp\""),
    [ROW_USER_TEXT] = CONSENT_ROW("/server_app/user_consent_text", "text of the consent",
                                  IN_SERVER_APP(user_text), 1000,
                                  "\"Lets this device reach Configuration Manager.\""),
    [ROW_SERVER_LEGACY] =
        LEGACY_ROW("/server_app/remove_legacy_permission", "wish for its removal",
                   IN_SERVER_APP(remove_legacy)),
    [ROW_SECRET_UNTIL] = { .path = "/server_app/secret_until",
                           .label = "end of the client secret",
                           .kind = CMG__FIELD_TEXT,
                           IN_SERVER_APP(secret_until),
                           .min = 10,
                           .max = 10,
                           .check = cmg__pattern_date,
                           .cause = "it takes the place of secret_years",
                           .allowed = "a date as year-month-day, without secret_years",
                           .example = "\"2028-06-30\"" },
    [ROW_CLIENT_APP] =
        GROUP_ROW("/client_app", "client app", "{ \"name\": \"CMG-ClientApp\" }"),
    [ROW_CLIENT_NAME] = { .path = "/client_app/name",
                          .label = "client app name",
                          .kind = CMG__FIELD_TEXT,
                          .required = true,
                          IN_CLIENT_APP(name),
                          .min = 1,
                          .max = 120,
                          .check = cmg__pattern_display_name,
                          .allowed =
                              "1 to 120 printable characters, no blank at the ends",
                          .example = "\"CMG-ClientApp\"" },
    [ROW_CLIENT_CLIENT_ID] =
        CLIENT_ID_ROW("/client_app/client_id", "client app's client ID",
                      IN_CLIENT_APP(wanted_client_id)),
    [ROW_CLIENT_LEGACY] =
        LEGACY_ROW("/client_app/remove_legacy_permission", "wish for its removal",
                   IN_CLIENT_APP(remove_legacy)),
    [ROW_SITE] = GROUP_ROW("/site", "site", "{ \"code\": \"PS1\" }"),
    [ROW_SITE_CODE] = { .path = "/site/code",
                        .label = "site code",
                        .kind = CMG__FIELD_TEXT,
                        .required = true,
                        IN_GATEWAY(site_code),
                        .min = 3,
                        .max = 3,
                        .check = cmg__pattern_site_code,
                        .allowed = "three letters or digits",
                        .example = "\"PS1\"" },
    [ROW_GATEWAY] = GROUP_ROW("/gateway", "gateway",
                              "{ \"name\": \"granitefalls\", "
                              "\"region\": \"westeurope\" }"),
    [ROW_NAME] = { .path = "/gateway/name",
                   .label = "gateway name",
                   .kind = CMG__FIELD_TEXT,
                   .required = true,
                   .fold = true,
                   IN_GATEWAY(name),
                   .min = 3,
                   .max = 24,
                   .check = cmg__pattern_gateway_name,
                   .guess = cmg__pattern_squeeze,
                   .cause =
                       "the same text names a storage account and a key vault, where "
                       "nothing else is possible",
                   .allowed = "3 to 24 letters and digits, a letter first",
                   .example = "\"granitefalls\"" },
    [ROW_SERVICE_NAME] = { .path = "/gateway/service_name",
                           .label = "service name",
                           .kind = CMG__FIELD_TEXT,
                           .fold = true,
                           IN_GATEWAY(service_name),
                           .min = 5,
                           .max = 253,
                           .check = cmg__pattern_host_name,
                           .allowed = "a host name whose first label is the gateway's "
                                      "name",
                           .example = "\"granitefalls.contoso.com\"" },
    [ROW_REGION] = { .path = "/gateway/region",
                     .label = "region",
                     .kind = CMG__FIELD_TEXT,
                     .required = true,
                     .fold = true,
                     IN_GATEWAY(region),
                     .min = 1,
                     .max = 40,
                     .check = cmg__pattern_region,
                     .guess = cmg__pattern_squeeze,
                     .cause =
                         "it is the region's short name, not the one the portal shows",
                     .allowed = "letters and digits",
                     .example = "\"westeurope\"" },
    [ROW_RESOURCE_GROUP] = { .path = "/gateway/resource_group",
                             .label = "resource group",
                             .kind = CMG__FIELD_TEXT,
                             IN_GATEWAY(resource_group),
                             .min = 1,
                             .max = 90,
                             .check = cmg__pattern_resource_group,
                             .allowed = "1 to 90 letters, digits, '-', '_', '.', '(' or "
                                        "')', not ending in '.'",
                             .example = "\"cmg-granitefalls\"" },
    [ROW_VM_SIZE] = { .path = "/gateway/vm_size",
                      .label = "VM size",
                      .kind = CMG__FIELD_TEXT,
                      IN_GATEWAY(vm_size),
                      .min = 1,
                      .max = 64,
                      .check = cmg__pattern_vm_size,
                      .allowed = "the name of a VM size: letters, digits and '_'",
                      .example = "\"Standard_A2_v2\"" },
    [ROW_INSTANCES] = { .path = "/gateway/instances",
                        .label = "number of instances",
                        .kind = CMG__FIELD_NUMBER,
                        IN_GATEWAY(instance_count),
                        .min = 1,
                        .max = CMG__MAX_INSTANCES,
                        .cause = "a gateway has 1 to 16 VM instances",
                        .allowed = "a whole number from 1 to 16",
                        .example = "2" },
    [ROW_ROLES] = { .path = "/roles",
                    .label = "list of roles",
                    .kind = CMG__FIELD_LIST,
                    .required = true,
                    .offset = CMG__FIELD_NOWHERE,
                    .min = 1,
                    .max = CMG__MAX_ROLES,
                    .cause = "a gateway publishes 1 to 64 site system roles",
                    .allowed = "1 to 64 roles",
                    .example = "[{ \"id\": \"72057594037937981\", \"type\": "
                               "\"management_point\", \"url\": "
                               "\"https://mp.corp.contoso.com\" }]" },
};

static struct cmg__fields fields_of(const cmg_gateway *gateway, const char *document)
{
    union {
        const cmg_gateway *in;
        cmg_gateway *out;
    } g = { .in = gateway };

    return (struct cmg__fields){
        .alloc = &gateway->head.ctx->alloc,
        .rows = rows,
        .count = CMG__ARRAY_LEN(rows),
        .document = document,
        .prefix = "",
        .targets = { g.out, gateway->tenant, gateway->server_app, gateway->client_app },
    };
}

/* The version first: of a newer document nothing else can be judged. */
static cmg_status read_version(const struct cmg__fields *fields,
                               const struct cmg__json *doc, cmg_error **err)
{
    const struct cmg__json *found = cmg__json_key(doc, "version");

    if (found == NULL || cmg__json_int(doc, "/version", 0) == VERSION)
        return CMG_OK;
    return cmg__field_refuse(fields, &rows[ROW_VERSION], found, NULL, err);
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
    return cmg__field_refuse(fields, &rows[ROW_SUBSCRIPTION], NULL, NULL, err);
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
    const struct cmg__field *until = &rows[ROW_SECRET_UNTIL];

    if (gateway->server_app->secret_until[0] == '\0')
        return CMG_OK;
    if (cmg__json_at(doc, rows[ROW_SECRET_YEARS].path) != NULL)
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
    return cmg__field_refuse(fields, &rows[ROW_SERVICE_NAME],
                             cmg__json_at(doc, rows[ROW_SERVICE_NAME].path),
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
    struct cmg__fields fields = fields_of(gateway, name);
    const bool whole = is_whole(doc);

    if (!whole)
        fields.count = TENANT_ROWS;
    gateway->instance_count = 1;
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
        rc = check_secret_life(&fields, gateway, doc, err);
    if (rc == CMG_OK && whole)
        rc = check_subscription(&fields, gateway, err);
    if (rc == CMG_OK && whole)
        rc = check_service_name(&fields, gateway, doc, err);
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
    struct cmg__fields fields = fields_of(gateway, gateway->source);
    const bool whole = cmg__gateway_is_whole(gateway);
    struct cmg__json *doc = cmg__json_object();
    cmg_status rc = cmg__json_set(doc, "version", cmg__json_integer(VERSION));

    if (!whole)
        fields.count = TENANT_ROWS;
    if (rc == CMG_OK)
        rc = cmg__fields_write(&fields, doc);
    if (rc == CMG_OK && whole)
        rc = cmg__json_set(doc, "roles", cmg__roles_write(gateway));
    if (rc == CMG_OK)
        rc = cmg__json_format(doc, CMG__JSON_SORTED, out);
    cmg__json_unref(doc);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}
