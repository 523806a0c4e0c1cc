/*
 * Role types and their endpoints as data: the first path segment below the role ID,
 * whether it is published when the specification names none, and how long a request body
 * may be. The limits are ours (the product publishes none): generous for what each
 * endpoint is for. What is not in the table cannot be published, WSUS administration
 * least of all.
 */
#include "model/roles.h"

#include <string.h>
#include "model/field.h"
#include "model/pattern.h"

#define KIB ((uint64_t)1024)
#define MIB (1024 * KIB)

struct endpoint_kind {
    enum cmg__role_type type;
    const char *path;
    bool by_default;
    uint64_t max_length;
};

static const struct endpoint_kind endpoint_kinds[] = {
    { CMG__ROLE_MANAGEMENT_POINT, "CCM_System", true, 32 * MIB },
    { CMG__ROLE_MANAGEMENT_POINT, "CCM_System_TokenAuth", true, 32 * MIB },
    { CMG__ROLE_MANAGEMENT_POINT, "CCM_Incoming", true, 1024 * MIB },
    { CMG__ROLE_MANAGEMENT_POINT, "SMS_MP", true, 1 * MIB },
    { CMG__ROLE_MANAGEMENT_POINT, "CCM_STS", true, 256 * KIB },
    { CMG__ROLE_MANAGEMENT_POINT, "CCM_Client", true, 64 * KIB },
    { CMG__ROLE_MANAGEMENT_POINT, "BGB", true, 1 * MIB },
    { CMG__ROLE_MANAGEMENT_POINT, "CMUserService", false, 4 * MIB },
    { CMG__ROLE_MANAGEMENT_POINT, "CCM_System_WindowsAuth", false, 32 * MIB },
    { CMG__ROLE_MANAGEMENT_POINT, "CCM_System_AltAuth", false, 32 * MIB },
    { CMG__ROLE_MANAGEMENT_POINT, "CMUserService_WindowsAuth", false, 4 * MIB },
    { CMG__ROLE_SOFTWARE_UPDATE_POINT, "ClientWebService", true, 8 * MIB },
    { CMG__ROLE_SOFTWARE_UPDATE_POINT, "SimpleAuthWebService", true, 1 * MIB },
    { CMG__ROLE_SOFTWARE_UPDATE_POINT, "ReportingWebService", true, 32 * MIB },
    { CMG__ROLE_SOFTWARE_UPDATE_POINT, "Content", true, 64 * KIB },
    { CMG__ROLE_SOFTWARE_UPDATE_POINT, "SelfUpdate", true, 64 * KIB },
};

static const char *const type_names[] = {
    [CMG__ROLE_MANAGEMENT_POINT] = "management_point",
    [CMG__ROLE_SOFTWARE_UPDATE_POINT] = "software_update_point",
};

static bool find_type(const char *name, enum cmg__role_type *out)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(type_names); i++) {
        if (strcmp(type_names[i], name) == 0) {
            *out = (enum cmg__role_type)i;
            return true;
        }
    }
    return false;
}

static bool is_type(const char *name)
{
    enum cmg__role_type type = CMG__ROLE_MANAGEMENT_POINT;

    return find_type(name, &type);
}

enum { ROW_ID, ROW_TYPE, ROW_URL, ROW_ENDPOINTS };

static const struct cmg__field rows[] = {
    [ROW_ID] = { .path = "/id",
                 .label = "role ID",
                 .kind = CMG__FIELD_TEXT,
                 .required = true,
                 .offset = offsetof(struct cmg__role, id),
                 .min = 1,
                 .max = 20,
                 .check = cmg__pattern_role_id,
                 .cause = "it is a segment of the external URLs: a decimal number below "
                          "2^64, in quotes since JSON numbers are not that long",
                 .allowed = "decimal digits without leading zeros, each ID once",
                 .example = "\"72057594037937981\"" },
    [ROW_TYPE] = { .path = "/type",
                   .label = "role type",
                   .kind = CMG__FIELD_TEXT,
                   .required = true,
                   .offset = CMG__FIELD_NOWHERE,
                   .min = 1,
                   .max = 64,
                   .check = is_type,
                   .allowed = "management_point or software_update_point",
                   .example = "\"management_point\"" },
    [ROW_URL] = { .path = "/url",
                  .label = "internal URL",
                  .kind = CMG__FIELD_TEXT,
                  .required = true,
                  .offset = offsetof(struct cmg__role, url),
                  .min = 8,
                  .max = 300,
                  .check = cmg__pattern_origin,
                  .cause = "the connection point appends endpoint and path by itself",
                  .allowed = "http or https, host and perhaps a port, nothing after them",
                  .example = "\"https://mp.corp.contoso.com\"" },
    [ROW_ENDPOINTS] = { .path = "/endpoints",
                        .label = "list of endpoints",
                        .kind = CMG__FIELD_LIST,
                        .offset = CMG__FIELD_NOWHERE,
                        .min = 1,
                        .max = CMG__ARRAY_LEN(endpoint_kinds),
                        .cause = "at least one endpoint is published, or the field is "
                                 "left out to publish the usual ones",
                        .allowed = "names of endpoints, each once",
                        .example = "[\"SMS_MP\", \"CCM_System\"]" },
};

/* One item of "endpoints", worded for its role's type. */
static const struct cmg__field endpoint_rows[] = {
    [CMG__ROLE_MANAGEMENT_POINT] = {
        .path = "",
        .label = "endpoint",
        .cause = "each endpoint of a management point is published at most once, others "
                 "never",
        .allowed = "one of CCM_System, CCM_System_TokenAuth, CCM_Incoming, SMS_MP, "
                   "CCM_STS, CCM_Client, BGB, CMUserService, CCM_System_WindowsAuth, "
                   "CCM_System_AltAuth, CMUserService_WindowsAuth",
        .example = "\"SMS_MP\"",
    },
    [CMG__ROLE_SOFTWARE_UPDATE_POINT] = {
        .path = "",
        .label = "endpoint",
        .cause = "each endpoint of a software update point is published at most once, "
                 "others never",
        .allowed = "one of ClientWebService, SimpleAuthWebService, ReportingWebService, "
                   "Content, SelfUpdate",
        .example = "\"ClientWebService\"",
    },
};

static const struct endpoint_kind *find_endpoint(enum cmg__role_type type,
                                                 const char *path)
{
    for (size_t i = 0; path != NULL && i < CMG__ARRAY_LEN(endpoint_kinds); i++) {
        if (endpoint_kinds[i].type == type && cmg__str_ieq(endpoint_kinds[i].path, path))
            return &endpoint_kinds[i];
    }
    return NULL;
}

static bool has_endpoint(const struct cmg__role *role, const char *path)
{
    for (size_t i = 0; i < role->endpoint_count; i++) {
        if (strcmp(role->endpoints[i].path, path) == 0)
            return true;
    }
    return false;
}

static cmg_status add_endpoint(const struct cmg__alloc *alloc, struct cmg__role *role,
                               const struct endpoint_kind *kind)
{
    char *path = cmg__strdup(alloc, kind->path);

    if (path == NULL)
        return CMG_E_NOMEM;
    role->endpoints[role->endpoint_count++] =
        (struct cmg__endpoint){ .path = path, .max_length = kind->max_length };
    return CMG_OK;
}

/* Room for all endpoints of the table; role->endpoint_count says how many are used. */
static cmg_status add_default_endpoints(const struct cmg__alloc *alloc,
                                        struct cmg__role *role)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; i < CMG__ARRAY_LEN(endpoint_kinds) && rc == CMG_OK; i++) {
        if (endpoint_kinds[i].type == role->type && endpoint_kinds[i].by_default)
            rc = add_endpoint(alloc, role, &endpoint_kinds[i]);
    }
    return rc;
}

static cmg_status read_endpoint(const struct cmg__fields *role_fields,
                                struct cmg__role *role, const struct cmg__json *list,
                                size_t i, cmg_error **err)
{
    const struct cmg__alloc *alloc = role_fields->alloc;
    const struct cmg__json *item = cmg__json_item(list, i);
    const struct endpoint_kind *kind = find_endpoint(role->type, cmg__json_str(item, ""));

    if (kind != NULL && !has_endpoint(role, kind->path))
        return add_endpoint(alloc, role, kind) == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
    char *prefix = cmg__format(alloc, "%s/endpoints/%zu", role_fields->prefix, i);
    if (prefix == NULL)
        return cmg__fail_nomem(err);
    struct cmg__fields fields = *role_fields;
    fields.prefix = prefix;
    cmg_status rc =
        cmg__field_refuse(&fields, &endpoint_rows[role->type], item, NULL, err);
    cmg__free(alloc, prefix);
    return rc;
}

static cmg_status read_endpoints(const struct cmg__fields *fields, struct cmg__role *role,
                                 const struct cmg__json *item, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_key(item, "endpoints");
    cmg_status rc = CMG_OK;

    role->endpoints = cmg__alloc_array(fields->alloc, CMG__ARRAY_LEN(endpoint_kinds),
                                       sizeof *role->endpoints);
    if (role->endpoints == NULL)
        return cmg__fail_nomem(err);
    if (list == NULL && add_default_endpoints(fields->alloc, role) != CMG_OK)
        return cmg__fail_nomem(err);
    for (size_t i = 0; i < cmg__json_size(list) && rc == CMG_OK; i++)
        rc = read_endpoint(fields, role, list, i, err);
    return rc;
}

static bool is_duplicate(const cmg_gateway *gateway, const struct cmg__role *role)
{
    for (const struct cmg__role *r = gateway->roles; r < role; r++) {
        if (strcmp(r->id, role->id) == 0)
            return true;
    }
    return false;
}

static struct cmg__fields fields_of(const cmg_gateway *gateway, const char *document,
                                    const char *prefix, struct cmg__role *role)
{
    return (struct cmg__fields){
        .alloc = &gateway->head.ctx->alloc,
        .rows = rows,
        .count = CMG__ARRAY_LEN(rows),
        .document = document,
        .prefix = prefix,
        .targets = { role },
    };
}

static cmg_status read_role(cmg_gateway *gateway, const char *document,
                            const struct cmg__json *item, cmg_error **err)
{
    static const struct cmg__field object = { .path = "",
                                              .label = "role",
                                              .allowed = "an object in { }",
                                              .example = "the one in the documentation" };
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    struct cmg__role *role = &gateway->roles[gateway->role_count];
    char *prefix = cmg__format(alloc, "/roles/%zu", gateway->role_count);

    if (prefix == NULL)
        return cmg__fail_nomem(err);
    gateway->role_count++; /* from here on cmg__roles_free frees what is there */
    const struct cmg__fields fields = fields_of(gateway, document, prefix, role);
    cmg_status rc = cmg__json_type(item) == CMG__JSON_OBJECT
                        ? cmg__fields_read(&fields, item, err)
                        : cmg__field_refuse(&fields, &object, item, NULL, err);
    if (rc == CMG_OK && is_duplicate(gateway, role))
        rc = cmg__field_refuse(&fields, &rows[ROW_ID], cmg__json_key(item, "id"),
                               "another role has the same ID", err);
    if (rc == CMG_OK) {
        (void)find_type(cmg__json_str(item, "/type"), &role->type);
        rc = read_endpoints(&fields, role, item, err);
    }
    cmg__free(alloc, prefix);
    return rc;
}

cmg_status cmg__roles_read(cmg_gateway *gateway, const char *document,
                           const struct cmg__json *list, cmg_error **err)
{
    size_t count = cmg__json_size(list);
    cmg_status rc = CMG_OK;

    gateway->roles =
        cmg__alloc_array(&gateway->head.ctx->alloc, count, sizeof *gateway->roles);
    if (gateway->roles == NULL)
        return cmg__fail_nomem(err);
    for (size_t i = 0; i < count && rc == CMG_OK; i++)
        rc = read_role(gateway, document, cmg__json_item(list, i), err);
    return rc;
}

static struct cmg__json *endpoint_name(const struct cmg__endpoint *endpoint)
{
    return cmg__json_string(endpoint->path);
}

static struct cmg__json *endpoint_with_limit(const struct cmg__endpoint *endpoint)
{
    return cmg__json_pack("{s:s, s:I}", "path", endpoint->path, "max_length",
                          (int64_t)endpoint->max_length);
}

typedef struct cmg__json *(*endpoint_fn)(const struct cmg__endpoint *endpoint);

static struct cmg__json *write_role(const struct cmg__role *role, endpoint_fn write)
{
    struct cmg__json *list = cmg__json_array();
    cmg_status rc = list == NULL ? CMG_E_NOMEM : CMG_OK;

    for (size_t i = 0; i < role->endpoint_count && rc == CMG_OK; i++)
        rc = cmg__json_append(list, write(&role->endpoints[i]));
    if (rc != CMG_OK) {
        cmg__json_unref(list);
        return NULL;
    }
    return cmg__json_pack("{s:s, s:s, s:s, s:o}", "id", role->id, "type",
                          cmg__role_type_name(role->type), "url", role->url, "endpoints",
                          list);
}

static struct cmg__json *write_roles(const cmg_gateway *gateway, endpoint_fn write)
{
    struct cmg__json *list = cmg__json_array();
    cmg_status rc = list == NULL ? CMG_E_NOMEM : CMG_OK;

    for (size_t i = 0; i < gateway->role_count && rc == CMG_OK; i++)
        rc = cmg__json_append(list, write_role(&gateway->roles[i], write));
    if (rc != CMG_OK)
        cmg__json_clear(&list);
    return list;
}

const char *cmg__role_type_name(enum cmg__role_type type)
{
    return type_names[type];
}

struct cmg__json *cmg__roles_write(const cmg_gateway *gateway)
{
    return write_roles(gateway, endpoint_name);
}

struct cmg__json *cmg__roles_write_config(const cmg_gateway *gateway)
{
    return write_roles(gateway, endpoint_with_limit);
}

void cmg__roles_free(cmg_gateway *gateway)
{
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;

    for (size_t i = 0; i < gateway->role_count; i++) {
        struct cmg__role *role = &gateway->roles[i];

        for (size_t k = 0; k < role->endpoint_count; k++)
            cmg__free(alloc, role->endpoints[k].path);
        cmg__free(alloc, role->endpoints);
        cmg__free(alloc, role->id);
        cmg__free(alloc, role->url);
    }
    cmg__free(alloc, gateway->roles);
    gateway->roles = NULL;
    gateway->role_count = 0;
}
