/* Tables of fields and the two readers that walk them. */
#include "relay/settings.h"
#include "relay/reader.h"
#include "relay/refuse.h"
#include "base/str.h"
#include <string.h>

struct text_field {
    const char *path;
    struct cmg__rule rule;
    size_t offset; /* of a char * */
};

struct list_field {
    const char *path;
    struct cmg__rule rule;
    size_t min;
    size_t max;
    size_t offset; /* of a struct cmg__names */
};

static bool is_instance_pem(const char *text)
{
    return text[0] != '\0' && cmg__rule_pem(text);
}

#define SERVICE(member) offsetof(struct cmg__service_settings, member)
static const struct text_field service_texts[] = {
    { "/deployment_id", { cmg__rule_guid, "use a GUID" }, SERVICE(deployment_id) },
    { "/client_roots_pem",
      { cmg__rule_pem, "use PEM certificates, or \"\" to refuse all certificates" },
      SERVICE(client_roots_pem) },
    { "/tokens/tenant_id",
      { cmg__rule_guid, "use the tenant's GUID" },
      SERVICE(tenant_id) },
    { "/tokens/jwks_uri",
      { cmg__rule_https_url, "use an https URL" },
      SERVICE(jwks_uri) },
};
static const struct list_field service_lists[] = {
    { "/service_names",
      { cmg__rule_host, "use DNS names" },
      1,
      8,
      SERVICE(service_names) },
    { "/tokens/issuers",
      { cmg__rule_token, "use the issuers' URLs" },
      1,
      8,
      SERVICE(issuers) },
    { "/tokens/audiences",
      { cmg__rule_token, "use the App ID URI and client ID of the server app" },
      1,
      8,
      SERVICE(audiences) },
    { "/tokens/client_ids",
      { cmg__rule_guid, "use client IDs, which are GUIDs" },
      0,
      16,
      SERVICE(client_ids) },
};
#undef SERVICE

#define CONNECTOR(member) offsetof(struct cmg__connector_settings, member)
static const struct text_field connector_texts[] = {
    { "/name",
      { cmg__control_name_is_valid, "use letters, digits and '-', at most 63" },
      CONNECTOR(name) },
    { "/site",
      { cmg__control_site_is_valid, "use the site's code, three letters or digits" },
      CONNECTOR(site) },
    { "/host", { cmg__rule_host, "use the deployment's DNS name" }, CONNECTOR(host) },
    { "/server_name",
      { cmg__rule_host, "use the name in the gateway's certificate" },
      CONNECTOR(server_name) },
    { "/gateway_ca_pem",
      { is_instance_pem, "use PEM certificates" },
      CONNECTOR(gateway_ca_pem) },
};
#undef CONNECTOR

static cmg_status read_texts(const struct cmg__reader *reader,
                             const struct text_field *fields, size_t count, void *base,
                             cmg_error **err)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; i < count && rc == CMG_OK; i++) {
        char **out = (char **)(void *)((char *)base + fields[i].offset);
        rc = cmg__reader_text(reader, fields[i].path, &fields[i].rule, out, err);
    }
    return rc;
}

static cmg_status read_lists(const struct cmg__reader *reader, void *base,
                             cmg_error **err)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; i < CMG__ARRAY_LEN(service_lists) && rc == CMG_OK; i++) {
        const struct list_field *field = &service_lists[i];
        struct cmg__names *out =
            (struct cmg__names *)(void *)((char *)base + field->offset);
        rc = cmg__reader_texts(reader, field->path, &field->rule, field->max, out, err);
        if (rc == CMG_OK && out->count < field->min)
            rc = cmg__refuse(reader->alloc, reader->name, reader->doc, field->path,
                             field->rule.allowed, err);
    }
    return rc;
}

static cmg_status read_pins(const struct cmg__reader *reader,
                            struct cmg__service_settings *s, cmg_error **err)
{
    static const struct cmg__rule rule = { cmg__rule_pin,
                                           "use SHA-256 in 64 hexadecimal digits" };
    struct cmg__names pins = { .count = 0 };

    cmg_status rc =
        cmg__reader_texts(reader, "/connectors", &rule, CMG__MAX_PINS, &pins, err);
    for (size_t i = 0; i < pins.count && rc == CMG_OK; i++) {
        cmg__lower_in_place(pins.items[i]);
        memcpy(s->pins[i], pins.items[i], sizeof s->pins[i]);
        s->pin_count = i + 1;
    }
    cmg__names_done(reader->alloc, &pins);
    return rc;
}

/* On unless somebody turned it off. */
static cmg_status read_revocation(const struct cmg__reader *reader,
                                  struct cmg__service_settings *s, cmg_error **err)
{
    static const char path[] = "/settings/verify_client_revocation";
    const enum cmg__json_type type = cmg__json_type(cmg__json_at(reader->doc, path));

    s->verify_revocation = type != CMG__JSON_FALSE;
    if (type == CMG__JSON_NONE || type == CMG__JSON_TRUE || type == CMG__JSON_FALSE)
        return CMG_OK;
    return cmg__refuse(reader->alloc, reader->name, reader->doc, path,
                       "use true or false", err);
}

/* Fields that may be absent: "/instance" and "/tokens/scope". */
static cmg_status read_optional(const struct cmg__reader *reader,
                                struct cmg__service_settings *s, cmg_error **err)
{
    static const struct cmg__rule rule = { cmg__rule_token, "use one scope" };
    cmg_status rc = CMG_OK;
    int64_t instance = -1;

    if (cmg__json_at(reader->doc, "/instance") != NULL)
        rc = cmg__json_need_int(reader->alloc, reader->name, reader->doc, "/instance", 0,
                                15, &instance, err);
    s->instance = (int)instance;
    const char *scope = cmg__json_str(reader->doc, "/tokens/scope");
    if (rc == CMG_OK && (scope == NULL || scope[0] != '\0') &&
        cmg__json_at(reader->doc, "/tokens/scope") != NULL)
        rc = cmg__reader_text(reader, "/tokens/scope", &rule, &s->scope, err);
    return rc;
}

void cmg__service_settings_init(struct cmg__service_settings *s,
                                const struct cmg__alloc *alloc)
{
    *s = (struct cmg__service_settings){ .alloc = alloc, .instance = -1 };
}

void cmg__service_settings_done(struct cmg__service_settings *s)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(service_texts); i++) {
        const size_t offset = service_texts[i].offset;
        cmg__free(s->alloc, *(char **)(void *)((char *)s + offset));
    }
    for (size_t i = 0; i < CMG__ARRAY_LEN(service_lists); i++) {
        const size_t offset = service_lists[i].offset;
        cmg__names_done(s->alloc, (struct cmg__names *)(void *)((char *)s + offset));
    }
    cmg__free(s->alloc, s->scope);
    cmg__service_settings_init(s, s->alloc);
}

cmg_status cmg__service_settings_read(struct cmg__service_settings *s, const char *json,
                                      size_t n, cmg_error **err)
{
    struct cmg__reader reader;

    cmg__service_settings_done(s);
    cmg_status rc = cmg__reader_open(&reader, s->alloc, "user data", json, n, err);
    if (rc != CMG_OK)
        return rc;
    rc = read_texts(&reader, service_texts, CMG__ARRAY_LEN(service_texts), s, err);
    if (rc == CMG_OK)
        rc = read_lists(&reader, s, err);
    if (rc == CMG_OK)
        rc = read_pins(&reader, s, err);
    if (rc == CMG_OK)
        rc = read_optional(&reader, s, err);
    if (rc == CMG_OK)
        rc = read_revocation(&reader, s, err);
    if (rc == CMG_OK)
        rc = cmg__reader_port(&reader, "/ports/client", &s->client_port, err);
    if (rc == CMG_OK)
        rc = cmg__reader_port(&reader, "/ports/channel", &s->channel_port, err);
    if (rc == CMG_OK)
        rc = cmg__reader_port_if_told(&reader, "/ports/channel_https",
                                      &s->channel_https_port, err);
    cmg__reader_close(&reader);
    if (rc != CMG_OK) {
        cmg__service_settings_done(s);
        return rc;
    }
    cmg__lower_in_place(s->tenant_id);
    for (size_t i = 0; i < s->service_names.count; i++)
        cmg__lower_in_place(s->service_names.items[i]);
    return CMG_OK;
}

void cmg__connector_settings_init(struct cmg__connector_settings *s,
                                  const struct cmg__alloc *alloc)
{
    *s = (struct cmg__connector_settings){ .alloc = alloc };
    cmg__url_map_init(&s->map, alloc);
}

void cmg__connector_settings_done(struct cmg__connector_settings *s)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(connector_texts); i++) {
        const size_t offset = connector_texts[i].offset;
        cmg__free(s->alloc, *(char **)(void *)((char *)s + offset));
    }
    cmg__url_map_done(&s->map);
    cmg__connector_settings_init(s, s->alloc);
}

/* A range of ports must end below 65536. */
static cmg_status check_range(const struct cmg__reader *reader, const char *path,
                              uint16_t first, int64_t instances, cmg_error **err)
{
    return first + instances - 1 <= 65535
               ? CMG_OK
               : cmg__refuse(reader->alloc, reader->name, reader->doc, path,
                             "use a port that leaves room for every instance", err);
}

static cmg_status read_ports(const struct cmg__reader *reader,
                             struct cmg__connector_settings *s, cmg_error **err)
{
    int64_t instances = 0;

    cmg_status rc = cmg__json_need_int(reader->alloc, reader->name, reader->doc,
                                       "/instances", 1, 16, &instances, err);
    if (rc == CMG_OK)
        rc = cmg__reader_port(reader, "/first_port", &s->first_port, err);
    if (rc == CMG_OK)
        rc = check_range(reader, "/first_port", s->first_port, instances, err);
    if (rc == CMG_OK)
        rc = cmg__reader_port_if_told(reader, "/https_port", &s->https_port, err);
    if (rc == CMG_OK)
        rc = check_range(reader, "/https_port", s->https_port, instances, err);
    s->instances = (uint32_t)instances;
    return rc;
}

cmg_status cmg__connector_settings_read(struct cmg__connector_settings *s,
                                        const char *json, size_t n, cmg_error **err)
{
    struct cmg__reader reader;

    cmg__connector_settings_done(s);
    cmg_status rc =
        cmg__reader_open(&reader, s->alloc, "connector settings", json, n, err);
    if (rc != CMG_OK)
        return rc;
    rc = read_texts(&reader, connector_texts, CMG__ARRAY_LEN(connector_texts), s, err);
    if (rc == CMG_OK)
        rc = read_ports(&reader, s, err);
    if (rc == CMG_OK)
        rc = cmg__url_map_read(&s->map, reader.name, reader.doc, true, err);
    cmg__reader_close(&reader);
    if (rc != CMG_OK)
        cmg__connector_settings_done(s);
    return rc;
}
