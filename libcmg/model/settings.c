/* See settings.h. Order of complaints: the alerts, the authorities, the tags. */
#include "model/settings.h"

#include <string.h>

#include "model/certificate.h"
#include "model/pattern.h"
#include "model/specification_table.h"

#define PEM_MAX ((size_t)64 * 1024)

/* ---- defaults ---- */

void cmg__settings_init(struct cmg__settings *settings)
{
    const struct cmg__alert alert = { .warning_percent = 50, .critical_percent = 90 };

    settings->revocation = true;
    settings->tls12 = true;
    settings->content = true;
    settings->traffic = alert;
    settings->traffic.gigabytes = 10000;
    settings->storage = alert;
    settings->storage.gigabytes = 2000;
}

void cmg__settings_free(cmg_gateway *gateway)
{
    struct cmg__settings *settings = &gateway->settings;

    for (size_t i = 0; i < settings->authority_count; i++)
        cmg_certificate_unref(settings->authorities[i]);
    settings->authority_count = 0;
    cmg__json_clear(&settings->tags);
}

/* ---- the cloud ---- */

static const struct {
    const char *name;
    cmg_cloud cloud;
    const char *enumerator;
} clouds[] = {
    { "AzurePublicCloud", CMG_CLOUD_PUBLIC, "CMG_CLOUD_PUBLIC" },
    { "AzureUSGovernmentCloud", CMG_CLOUD_US_GOVERNMENT, "CMG_CLOUD_US_GOVERNMENT" },
    { "AzureUSGovernmentCloud", CMG_CLOUD_US_GOVERNMENT_DOD, "CMG_CLOUD_US_GOVERNMENT" },
    { "AzureChinaCloud", CMG_CLOUD_CHINA, "CMG_CLOUD_CHINA" },
};

bool cmg__cloud_name_is_known(const char *name)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(clouds); i++) {
        if (strcmp(clouds[i].name, name) == 0)
            return true;
    }
    return false;
}

/* A custom cloud may be whichever it likes. */
static bool is_cloud(const cmg_gateway *gateway, const char *name, const char **fix)
{
    const cmg_cloud cloud = gateway->head.ctx->cloud;
    bool fits = name[0] == '\0' || cloud == CMG_CLOUD_CUSTOM;

    for (size_t i = 0; i < CMG__ARRAY_LEN(clouds); i++) {
        if (strcmp(clouds[i].name, name) != 0)
            continue;
        fits = fits || clouds[i].cloud == cloud;
        *fix = clouds[i].enumerator;
    }
    return fits;
}

cmg_status cmg__settings_check_cloud(const cmg_gateway *gateway, const char *document,
                                     const struct cmg__json *doc, cmg_error **err)
{
    const struct cmg__field *row = &cmg__specification_rows[CMG__ROW_CLOUD];
    const struct cmg__fields fields = cmg__specification_fields(gateway, document);
    const char *fix = "";

    if (is_cloud(gateway, gateway->tenant->cloud, &fix))
        return CMG_OK;
    char *cause = cmg__format(fields.alloc,
                              "the context works with another cloud: set it to %s with "
                              "cmg_context_set_cloud",
                              fix);
    if (cause == NULL)
        return cmg__fail_nomem(err);
    cmg_status rc =
        cmg__field_refuse(&fields, row, cmg__json_at(doc, row->path), cause, err);
    cmg__free(fields.alloc, cause);
    return rc;
}

/* ---- alerts ---- */

static const struct alert_rows {
    enum cmg__specification_row group, enabled, warning, critical, stop;
} traffic_rows = { CMG__ROW_TRAFFIC, CMG__ROW_TRAFFIC_ON, CMG__ROW_TRAFFIC_WARNING,
                   CMG__ROW_TRAFFIC_CRITICAL, CMG__ROW_TRAFFIC_STOP },
  storage_rows = { CMG__ROW_STORAGE, CMG__ROW_STORAGE_ON, CMG__ROW_STORAGE_WARNING,
                   CMG__ROW_STORAGE_CRITICAL, CMG__ROW_STORAGE_ON };

static const struct cmg__json *found_at(const struct cmg__json *doc,
                                        enum cmg__specification_row row)
{
    return cmg__json_at(doc, cmg__specification_rows[row].path);
}

/* Who gives a limit wants the alert, unless it says otherwise. */
static cmg_status read_alert(const struct cmg__fields *fields, struct cmg__alert *alert,
                             const struct alert_rows *rows, const struct cmg__json *doc,
                             cmg_error **err)
{
    const enum cmg__specification_row given =
        found_at(doc, rows->warning) != NULL ? rows->warning : rows->critical;

    if (found_at(doc, rows->group) != NULL && found_at(doc, rows->enabled) == NULL)
        alert->enabled = true;
    if (alert->warning_percent >= alert->critical_percent)
        return cmg__field_refuse(fields, &cmg__specification_rows[given],
                                 found_at(doc, given), NULL, err);
    if (alert->stop && !alert->enabled)
        return cmg__field_refuse(fields, &cmg__specification_rows[rows->stop],
                                 found_at(doc, rows->stop),
                                 "without the alert nobody looks at the traffic", err);
    return CMG_OK;
}

/* ---- authorities ---- */

static bool is_there(const struct cmg__settings *settings, const cmg_certificate *cert)
{
    for (size_t i = 0; i < settings->authority_count; i++) {
        if (strcmp(settings->authorities[i]->info.sha256_hex, cert->info.sha256_hex) == 0)
            return true;
    }
    return false;
}

static const struct cmg__field authority_row = {
    .path = "",
    .label = "authority",
    .cause = "clients' certificates chain to it",
    .allowed = "one certificate of an authority in PEM, each once",
    .example = "\"-----BEGIN CERTIFICATE-----...\"",
};

/* NULL when it is one that can be added, else why not. */
static const char *fault_of(const struct cmg__settings *settings,
                            const cmg_certificate *cert)
{
    if (cert->count != 1)
        return "it is more than one certificate";
    if (!cert->info.is_ca)
        return "it is no authority's certificate";
    return is_there(settings, cert) ? "it is in the list already" : NULL;
}

static cmg_status read_authority(cmg_gateway *gateway, const struct cmg__fields *fields,
                                 const struct cmg__json *item, cmg_error **err)
{
    struct cmg__settings *settings = &gateway->settings;
    const char *pem = cmg__json_str(item, "");
    cmg_certificate *cert = NULL;
    cmg_status rc = CMG_E_PARSE;

    if (pem != NULL && cmg__json_str_len(item) <= PEM_MAX)
        rc = cmg_certificate_new_from_pem(gateway->head.ctx, pem, cmg__json_str_len(item),
                                          &cert, NULL);
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    const char *fault =
        rc == CMG_OK ? fault_of(settings, cert) : "it is no certificate in PEM";
    if (fault != NULL) {
        cmg_certificate_unref(cert);
        return cmg__field_refuse(fields, &authority_row, item, fault, err);
    }
    settings->authorities[settings->authority_count++] = cert;
    return CMG_OK;
}

static cmg_status read_authorities(cmg_gateway *gateway, const struct cmg__fields *whole,
                                   const struct cmg__json *doc, cmg_error **err)
{
    const struct cmg__json *list = found_at(doc, CMG__ROW_AUTHORITIES);
    struct cmg__fields fields = *whole;
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(list); i++) {
        char *prefix = cmg__format(whole->alloc, "%s/%zu",
                                   cmg__specification_rows[CMG__ROW_AUTHORITIES].path, i);
        if (prefix == NULL)
            return cmg__fail_nomem(err);
        fields.prefix = prefix;
        rc = read_authority(gateway, &fields, cmg__json_item(list, i), err);
        cmg__free(whole->alloc, prefix);
    }
    return rc;
}

static cmg_status add_pem(const cmg_certificate *cert, struct cmg__json *list)
{
    struct cmg__buf pem;

    cmg__buf_init(&pem, &cert->head.ctx->alloc, 2 * PEM_MAX);
    cmg_status rc = cmg__certificate_chain_pem(cert, &pem);
    if (rc == CMG_OK)
        rc = cmg__json_append(list, cmg__json_string(cmg__buf_cstr(&pem)));
    cmg__buf_done(&pem);
    return rc;
}

static struct cmg__json *write_authorities(const struct cmg__settings *settings)
{
    struct cmg__json *list = cmg__json_array();
    cmg_status rc = list == NULL ? CMG_E_NOMEM : CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < settings->authority_count; i++)
        rc = add_pem(settings->authorities[i], list);
    if (rc != CMG_OK)
        cmg__json_clear(&list);
    return list;
}

cmg_status cmg__settings_authorities_pem(const cmg_gateway *gateway, struct cmg__buf *out)
{
    const struct cmg__settings *settings = &gateway->settings;
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < settings->authority_count; i++)
        rc = cmg__certificate_chain_pem(settings->authorities[i], out);
    return rc;
}

cmg_status cmg_gateway_add_client_authority(cmg_gateway *gateway,
                                            cmg_certificate *certificate, cmg_error **err)
{
    cmg_status rc = cmg__gateway_check_idle(gateway, err);
    const char *fault = NULL;

    if (rc == CMG_OK)
        rc = cmg__check(certificate == NULL ? NULL : &certificate->head,
                        CMG__TAG_CERTIFICATE, err);
    if (rc != CMG_OK)
        return rc;
    struct cmg__settings *settings = &gateway->settings;
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    if (is_there(settings, certificate))
        return CMG_OK;
    fault = fault_of(settings, certificate);
    if (fault != NULL)
        return cmg__fail(err, alloc, CMG_E_CERT, "certificate",
                         "add each authority's certificate for itself",
                         "\"%s\" cannot vouch for clients: %s", certificate->info.subject,
                         fault);
    if (settings->authority_count == CMG__MAX_AUTHORITIES)
        return cmg__fail(err, alloc, CMG_E_LIMIT, "/gateway/client_authorities",
                         "remove those that no client needs any more",
                         "gateway %s has %d authorities already", gateway->name,
                         CMG__MAX_AUTHORITIES);
    settings->authorities[settings->authority_count++] = cmg_certificate_ref(certificate);
    return CMG_OK;
}

/* ---- tags ---- */

static const struct cmg__field tag_row = {
    .path = "",
    .label = "tag",
    .allowed =
        "a text of at most 256 characters; names have 1 to 128, none of "
        "< > % & \\ ? / and do not begin with libcmg-, microsoft, azure or windows",
    .example = "\"4711\"",
};

static bool is_tag_name(const char *name)
{
    static const char *const reserved[] = { "libcmg-", "microsoft", "azure", "windows" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(reserved); i++) {
        if (cmg__str_istarts(name, reserved[i]))
            return false;
    }
    return strlen(name) <= 128 && strpbrk(name, "<>%&\\?/") == NULL &&
           cmg__pattern_display_name(name);
}

/* Azure's names of tags are the same in every case. */
static bool is_other_case(const struct cmg__json *tags, const char *name)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;

    while (cmg__json_next(tags, &iter, &key, &value)) {
        if (cmg__str_ieq(key, name) && strcmp(key, name) != 0)
            return true;
    }
    return false;
}

static bool is_tag_value(const struct cmg__json *value)
{
    const char *text = cmg__json_str(value, "");

    return text != NULL && strlen(text) <= 256 &&
           (text[0] == '\0' || cmg__pattern_display_name(text));
}

static cmg_status refuse_tag(const struct cmg__fields *whole, const char *name,
                             const struct cmg__json *value, const char *cause,
                             cmg_error **err)
{
    const char *path = cmg__specification_rows[CMG__ROW_TAGS].path;
    struct cmg__fields fields = *whole;
    char *prefix = cmg__format(whole->alloc, "%s/%.*s", path, 128, name);

    if (prefix == NULL)
        return cmg__fail_nomem(err);
    for (char *p = prefix; *p != '\0'; p++)
        *p = (unsigned char)*p < ' ' || (unsigned char)*p >= 127 ? '?' : *p;
    fields.prefix = prefix;
    cmg_status rc = cmg__field_refuse(&fields, &tag_row, value, cause, err);
    cmg__free(whole->alloc, prefix);
    return rc;
}

static cmg_status read_tags(cmg_gateway *gateway, const struct cmg__fields *fields,
                            const struct cmg__json *doc, cmg_error **err)
{
    const struct cmg__json *tags = found_at(doc, CMG__ROW_TAGS);
    void *iter = NULL;
    const char *name = NULL;
    struct cmg__json *value = NULL;

    while (cmg__json_next(tags, &iter, &name, &value)) {
        if (!is_tag_name(name))
            return refuse_tag(fields, name, value, "its name is not allowed", err);
        if (is_other_case(tags, name))
            return refuse_tag(fields, name, value,
                              "another one differs from it by letter case only", err);
        if (!is_tag_value(value))
            return refuse_tag(fields, name, value, NULL, err);
    }
    gateway->settings.tags =
        tags == NULL ? cmg__json_object() : cmg__json_copy_deep(tags);
    return gateway->settings.tags == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

struct cmg__json *cmg__gateway_tags(const cmg_gateway *gateway, const char *deployment_id)
{
    const struct cmg__settings *settings = &gateway->settings;
    struct cmg__json *tags = cmg__json_pack("{s:s, s:s}", CMG__TAG_DEPLOYMENT,
                                            deployment_id, CMG__TAG_NAME, gateway->name);
    cmg_status rc = tags == NULL ? CMG_E_NOMEM : CMG_OK;

    if (rc == CMG_OK && settings->description[0] != '\0')
        rc = cmg__json_set_str(tags, CMG__TAG_DESCRIPTION, settings->description);
    if (rc == CMG_OK && settings->tags != NULL)
        rc = cmg__json_merge(tags, settings->tags);
    if (rc != CMG_OK)
        cmg__json_clear(&tags);
    return tags;
}

/* ---- the whole ---- */

cmg_status cmg__settings_read(cmg_gateway *gateway, const char *document,
                              const struct cmg__json *doc, cmg_error **err)
{
    const struct cmg__fields fields = cmg__specification_fields(gateway, document);
    struct cmg__settings *settings = &gateway->settings;

    cmg_status rc = read_alert(&fields, &settings->traffic, &traffic_rows, doc, err);
    if (rc == CMG_OK)
        rc = read_alert(&fields, &settings->storage, &storage_rows, doc, err);
    if (rc == CMG_OK)
        rc = read_authorities(gateway, &fields, doc, err);
    if (rc == CMG_OK)
        rc = read_tags(gateway, &fields, doc, err);
    return rc;
}

cmg_status cmg__settings_write(const cmg_gateway *gateway, struct cmg__json *object)
{
    const struct cmg__settings *settings = &gateway->settings;
    cmg_status rc =
        cmg__json_set(object, "client_authorities", write_authorities(settings));

    if (rc == CMG_OK)
        rc = cmg__json_set(object, "tags", cmg__json_copy_deep(settings->tags));
    return rc;
}
