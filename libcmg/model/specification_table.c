/*
 * The fields of a specification, one row each; doc/specification.md lists them for
 * people.
 */
#include "model/specification_table.h"

#include "azure/cloud.h"
#include "model/pattern.h"
#include "model/roles.h"
#include "model/settings.h"

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
#define FLAG_ROW(at, name, owner_and_offset)                                             \
    {                                                                                    \
        .path = at, .label = name, .kind = CMG__FIELD_FLAG, owner_and_offset,            \
        .allowed = "true or false", .example = "true"                                    \
    }
#define ALERT_ROW(at, name)                                                              \
    {                                                                                    \
        .path = at, .label = name, .kind = CMG__FIELD_GROUP,                             \
        .allowed = "an object in { }", .example = "{ \"enabled\": true }",               \
    }
#define GIGABYTES_ROW(at, name, member, like)                                            \
    {                                                                                    \
        .path = at, .label = name, .kind = CMG__FIELD_NUMBER, IN_GATEWAY(member),        \
        .min = 1, .max = 1000000, .allowed = "a whole number from 1 to 1000000",         \
        .example = like                                                                  \
    }
#define PERCENT_ROW(at, member, like)                                                    \
    {                                                                                    \
        .path = at, .label = "percentage", .kind = CMG__FIELD_NUMBER,                    \
        IN_GATEWAY(member), .min = 1, .max = 100,                                        \
        .cause = "the warning comes before the critical level",                          \
        .allowed = "a whole number from 1 to 100, the warning's below the critical one", \
        .example = like                                                                  \
    }
#define GUID_ALLOWED "a GUID, 8-4-4-4-12 hexadecimal digits"
#define GUID_EXAMPLE "\"7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f\""

const struct cmg__field cmg__specification_rows[CMG__SPECIFICATION_ROWS] = {
    [CMG__ROW_VERSION] = { .path = "/version",
                           .label = "specification version",
                           .kind = CMG__FIELD_NUMBER,
                           .required = true,
                           .offset = CMG__FIELD_NOWHERE,
                           .min = CMG__SPECIFICATION_VERSION,
                           .max = CMG__SPECIFICATION_VERSION,
                           .cause = "this release of the library reads version 1 only",
                           .allowed = "version 1, or a newer release of the library",
                           .example = "1" },
    [CMG__ROW_TENANT] = GROUP_ROW("/tenant", "tenant",
                                  "{ \"domain\": \"contoso.onmicrosoft.com\", "
                                  "\"subscription_id\": " GUID_EXAMPLE " }"),
    [CMG__ROW_DOMAIN] = { .path = "/tenant/domain",
                          .label = "tenant domain",
                          .kind = CMG__FIELD_TEXT,
                          .fold = true,
                          IN_TENANT(domain),
                          .min = 3,
                          .max = 253,
                          .check = cmg__pattern_host_name,
                          .allowed = "a domain name of the tenant",
                          .example = "\"contoso.onmicrosoft.com\"" },
    [CMG__ROW_TENANT_ID] = { .path = "/tenant/tenant_id",
                             .label = "tenant ID",
                             .kind = CMG__FIELD_TEXT,
                             .fold = true,
                             IN_TENANT(wanted_id),
                             .min = 36,
                             .max = 36,
                             .check = cmg__guid_is_valid,
                             .allowed = GUID_ALLOWED,
                             .example = "\"11111111-2222-3333-4444-555555555555\"" },
    [CMG__ROW_SUBSCRIPTION] = { .path = "/tenant/subscription_id",
                                .label = "subscription ID",
                                .kind = CMG__FIELD_TEXT,
                                .fold = true,
                                IN_TENANT(subscription_id),
                                .min = 36,
                                .max = 36,
                                .check = cmg__guid_is_valid,
                                .allowed = GUID_ALLOWED,
                                .example = GUID_EXAMPLE },
    [CMG__ROW_CLOUD] = { .path = "/tenant/cloud",
                         .label = "cloud",
                         .kind = CMG__FIELD_TEXT,
                         IN_TENANT(cloud),
                         .min = 1,
                         .max = 32,
                         .check = cmg__cloud_name_is_known,
                         .allowed = "AzurePublicCloud, AzureUSGovernmentCloud or "
                                    "AzureChinaCloud",
                         .example = "\"AzurePublicCloud\"" },
    [CMG__ROW_SERVER_APP] =
        GROUP_ROW("/server_app", "server app", "{ \"name\": \"CMG-ServerApp\" }"),
    [CMG__ROW_SERVER_NAME] = { .path = "/server_app/name",
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
    [CMG__ROW_SECRET_YEARS] = { .path = "/server_app/secret_years",
                                .label = "years of the client secret",
                                .kind = CMG__FIELD_NUMBER,
                                IN_SERVER_APP(secret_years),
                                .min = 1,
                                .max = 2,
                                .cause = "client secrets live one or two years",
                                .allowed = "1 or 2",
                                .example = "2" },
    [CMG__ROW_SERVER_CLIENT_ID] =
        CLIENT_ID_ROW("/server_app/client_id", "server app's client ID",
                      IN_SERVER_APP(wanted_client_id)),
    [CMG__ROW_ID_URI] = { .path = "/server_app/id_uri",
                          .label = "App ID URI",
                          .kind = CMG__FIELD_TEXT,
                          IN_SERVER_APP(wanted_id_uri),
                          .min = 10,
                          .max = 255,
                          .check = cmg__pattern_id_uri,
                          .cause = "the tenant's policy wants its ID or a verified "
                                   "domain in it",
                          .allowed = "api://{tenant ID}/{name} or https://{verified "
                                     "domain}/{name}, no '/' at the end",
                          .example = "\"https://contoso.com/cmg\"" },
    [CMG__ROW_TOKEN_VERSION] = { .path = "/server_app/access_token_version",
                                 .label = "version of access tokens",
                                 .kind = CMG__FIELD_NUMBER,
                                 IN_SERVER_APP(token_version),
                                 .min = 1,
                                 .max = 2,
                                 .cause = "Entra issues tokens of version 1 or 2",
                                 .allowed = "1 or 2",
                                 .example = "1" },
    [CMG__ROW_ADMIN_TITLE] =
        CONSENT_ROW("/server_app/admin_consent_title", "title of the consent",
                    IN_SERVER_APP(admin_title), 100, "\"Access CMG-ServerApp\""),
    [CMG__ROW_ADMIN_TEXT] = CONSENT_ROW(
        "/server_app/admin_consent_text", "text of the consent",
        IN_SERVER_APP(admin_text), 1000, "\"Lets devices reach Configuration Manager.\""),
    [CMG__ROW_USER_TITLE] =
        CONSENT_ROW("/server_app/user_consent_title", "title of the consent",
                    IN_SERVER_APP(user_title), 100, "\"Access CMG-ServerApp\""),
    [CMG__ROW_USER_TEXT] = CONSENT_ROW(
        "/server_app/user_consent_text", "text of the consent", IN_SERVER_APP(user_text),
        1000, "\"Lets this device reach Configuration Manager.\""),
    [CMG__ROW_SERVER_LEGACY] =
        FLAG_ROW("/server_app/remove_legacy_permission", "wish for its removal",
                 IN_SERVER_APP(remove_legacy)),
    [CMG__ROW_SECRET_UNTIL] = { .path = "/server_app/secret_until",
                                .label = "end of the client secret",
                                .kind = CMG__FIELD_TEXT,
                                IN_SERVER_APP(secret_until),
                                .min = 10,
                                .max = 10,
                                .check = cmg__pattern_date,
                                .cause = "it takes the place of secret_years",
                                .allowed =
                                    "a date as year-month-day, without secret_years",
                                .example = "\"2028-06-30\"" },
    [CMG__ROW_CLIENT_APP] =
        GROUP_ROW("/client_app", "client app", "{ \"name\": \"CMG-ClientApp\" }"),
    [CMG__ROW_CLIENT_NAME] = { .path = "/client_app/name",
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
    [CMG__ROW_CLIENT_CLIENT_ID] =
        CLIENT_ID_ROW("/client_app/client_id", "client app's client ID",
                      IN_CLIENT_APP(wanted_client_id)),
    [CMG__ROW_CLIENT_LEGACY] =
        FLAG_ROW("/client_app/remove_legacy_permission", "wish for its removal",
                 IN_CLIENT_APP(remove_legacy)),
    [CMG__ROW_SITE] = GROUP_ROW("/site", "site", "{ \"code\": \"PS1\" }"),
    [CMG__ROW_SITE_CODE] = { .path = "/site/code",
                             .label = "site code",
                             .kind = CMG__FIELD_TEXT,
                             .required = true,
                             IN_GATEWAY(site_code),
                             .min = 3,
                             .max = 3,
                             .check = cmg__pattern_site_code,
                             .allowed = "three letters or digits",
                             .example = "\"PS1\"" },
    [CMG__ROW_GATEWAY] = GROUP_ROW("/gateway", "gateway",
                                   "{ \"name\": \"granitefalls\", "
                                   "\"region\": \"westeurope\" }"),
    [CMG__ROW_NAME] = { .path = "/gateway/name",
                        .label = "gateway name",
                        .kind = CMG__FIELD_TEXT,
                        .required = true,
                        .fold = true,
                        IN_GATEWAY(name),
                        .min = 3,
                        .max = 24,
                        .check = cmg__pattern_gateway_name,
                        .guess = cmg__pattern_squeeze,
                        .cause = "the same text names a storage account and a key vault, "
                                 "where "
                                 "nothing else is possible",
                        .allowed = "3 to 24 letters and digits, a letter first",
                        .example = "\"granitefalls\"" },
    [CMG__ROW_SERVICE_NAME] = { .path = "/gateway/service_name",
                                .label = "service name",
                                .kind = CMG__FIELD_TEXT,
                                .fold = true,
                                IN_GATEWAY(service_name),
                                .min = 5,
                                .max = 253,
                                .check = cmg__pattern_host_name,
                                .allowed =
                                    "a host name whose first label is the gateway's "
                                    "name",
                                .example = "\"granitefalls.contoso.com\"" },
    [CMG__ROW_REGION] = { .path = "/gateway/region",
                          .label = "region",
                          .kind = CMG__FIELD_TEXT,
                          .required = true,
                          .fold = true,
                          IN_GATEWAY(region),
                          .min = 1,
                          .max = 40,
                          .check = cmg__pattern_region,
                          .guess = cmg__pattern_squeeze,
                          .cause = "it is the region's short name, not the one the "
                                   "portal shows",
                          .allowed = "letters and digits",
                          .example = "\"westeurope\"" },
    [CMG__ROW_RESOURCE_GROUP] = { .path = "/gateway/resource_group",
                                  .label = "resource group",
                                  .kind = CMG__FIELD_TEXT,
                                  IN_GATEWAY(resource_group),
                                  .min = 1,
                                  .max = 90,
                                  .check = cmg__pattern_resource_group,
                                  .allowed =
                                      "1 to 90 letters, digits, '-', '_', '.', '(' or "
                                      "')', not ending in '.'",
                                  .example = "\"cmg-granitefalls\"" },
    [CMG__ROW_VM_SIZE] = { .path = "/gateway/vm_size",
                           .label = "VM size",
                           .kind = CMG__FIELD_TEXT,
                           IN_GATEWAY(vm_size),
                           .min = 1,
                           .max = 64,
                           .check = cmg__pattern_vm_size,
                           .allowed = "the name of a VM size: letters, digits and '_'",
                           .example = "\"Standard_A2_v2\"" },
    [CMG__ROW_INSTANCES] = { .path = "/gateway/instances",
                             .label = "number of instances",
                             .kind = CMG__FIELD_NUMBER,
                             IN_GATEWAY(instance_count),
                             .min = 1,
                             .max = CMG__MAX_INSTANCES,
                             .cause = "a gateway has 1 to 16 VM instances",
                             .allowed = "a whole number from 1 to 16",
                             .example = "2" },
    [CMG__ROW_DESCRIPTION] = { .path = "/gateway/description",
                               .label = "description",
                               .kind = CMG__FIELD_TEXT,
                               IN_GATEWAY(settings.description),
                               .min = 1,
                               .max = 256,
                               .check = cmg__pattern_display_name,
                               .cause = "it is kept in a tag, which has room for 256",
                               .allowed =
                                   "1 to 256 printable characters, no blank at the ends",
                               .example = "\"Clients on the internet\"" },
    [CMG__ROW_ADOPT] = FLAG_ROW("/gateway/adopt_resource_group", "wish to take it over",
                                IN_GATEWAY(settings.adopt_group)),
    [CMG__ROW_REVOCATION] =
        FLAG_ROW("/gateway/verify_client_revocation", "check of revocation",
                 IN_GATEWAY(settings.revocation)),
    [CMG__ROW_TLS] =
        FLAG_ROW("/gateway/enforce_tls12", "TLS setting", IN_GATEWAY(settings.tls12)),
    [CMG__ROW_CONTENT] = FLAG_ROW("/gateway/serve_content", "content setting",
                                  IN_GATEWAY(settings.content)),
    [CMG__ROW_TRAFFIC] = ALERT_ROW("/gateway/traffic_alert", "traffic alert"),
    [CMG__ROW_TRAFFIC_ON] = FLAG_ROW("/gateway/traffic_alert/enabled", "alert setting",
                                     IN_GATEWAY(settings.traffic.enabled)),
    [CMG__ROW_TRAFFIC_GB] =
        GIGABYTES_ROW("/gateway/traffic_alert/gigabytes", "gigabytes in 14 days",
                      settings.traffic.gigabytes, "10000"),
    [CMG__ROW_TRAFFIC_WARNING] = PERCENT_ROW("/gateway/traffic_alert/warning_percent",
                                             settings.traffic.warning_percent, "50"),
    [CMG__ROW_TRAFFIC_CRITICAL] = PERCENT_ROW("/gateway/traffic_alert/critical_percent",
                                              settings.traffic.critical_percent, "90"),
    [CMG__ROW_TRAFFIC_STOP] =
        FLAG_ROW("/gateway/traffic_alert/stop_service", "wish to stop the service",
                 IN_GATEWAY(settings.traffic.stop)),
    [CMG__ROW_STORAGE] = ALERT_ROW("/gateway/storage_alert", "storage alert"),
    [CMG__ROW_STORAGE_ON] = FLAG_ROW("/gateway/storage_alert/enabled", "alert setting",
                                     IN_GATEWAY(settings.storage.enabled)),
    [CMG__ROW_STORAGE_GB] = GIGABYTES_ROW("/gateway/storage_alert/gigabytes", "gigabytes",
                                          settings.storage.gigabytes, "2000"),
    [CMG__ROW_STORAGE_WARNING] = PERCENT_ROW("/gateway/storage_alert/warning_percent",
                                             settings.storage.warning_percent, "50"),
    [CMG__ROW_STORAGE_CRITICAL] = PERCENT_ROW("/gateway/storage_alert/critical_percent",
                                              settings.storage.critical_percent, "90"),
    [CMG__ROW_AUTHORITIES] = { .path = "/gateway/client_authorities",
                               .label = "list of authorities",
                               .kind = CMG__FIELD_LIST,
                               .offset = CMG__FIELD_NOWHERE,
                               .max = CMG__MAX_AUTHORITIES,
                               .cause = "instances get them in their user data, which is "
                                        "small",
                               .allowed =
                                   "0 to 16 certificates of authorities in PEM, each "
                                   "root and each authority below it",
                               .example = "[\"-----BEGIN CERTIFICATE-----...\"]" },
    [CMG__ROW_TAGS] = { .path = "/gateway/tags",
                        .label = "tags",
                        .kind = CMG__FIELD_OBJECT,
                        .offset = CMG__FIELD_NOWHERE,
                        .max = CMG__MAX_TAGS,
                        .cause =
                            "a resource has 50 tags, some of which are the library's",
                        .allowed = "an object of at most 40 texts in { }",
                        .example = "{ \"cost-centre\": \"4711\" }" },
    [CMG__ROW_ROLES] = { .path = "/roles",
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

struct cmg__fields cmg__specification_fields(const cmg_gateway *gateway,
                                             const char *document)
{
    union {
        const cmg_gateway *in;
        cmg_gateway *out;
    } g = { .in = gateway };

    return (struct cmg__fields){
        .alloc = &gateway->head.ctx->alloc,
        .rows = cmg__specification_rows,
        .count = CMG__SPECIFICATION_ROWS,
        .document = document,
        .prefix = "",
        .targets = { g.out, gateway->tenant, gateway->server_app, gateway->client_app },
    };
}
