/* See reader.h; the rules are data for the tables in settings.c. */
#include "relay/reader.h"
#include "relay/refuse.h"
#include "base/http.h"
#include "base/str.h"
#include <stdio.h>
#include <string.h>

cmg_status cmg__reader_open(struct cmg__reader *reader, const struct cmg__alloc *alloc,
                            const char *name, const char *json, size_t n, cmg_error **err)
{
    int64_t version = 0;

    *reader = (struct cmg__reader){ .alloc = alloc, .name = name };
    if (json == NULL || n > CMG__SETTINGS_MAX)
        return cmg__fail(err, alloc, CMG_E_INVAL, name,
                         "pass JSON text of at most 64 KiB",
                         "%s of %zu bytes is not allowed", name, n);
    cmg_status rc = cmg__json_parse(alloc, name, json, n, &reader->doc, err);
    if (rc == CMG_OK)
        rc =
            cmg__json_need_int(alloc, name, reader->doc, "/version", 1, 1, &version, err);
    if (rc != CMG_OK)
        cmg__reader_close(reader);
    return rc;
}

void cmg__reader_close(struct cmg__reader *reader)
{
    cmg__json_clear(&reader->doc);
}

static cmg_status refuse(const struct cmg__reader *reader, const char *path,
                         const char *allowed, cmg_error **err)
{
    return cmg__refuse(reader->alloc, reader->name, reader->doc, path, allowed, err);
}

cmg_status cmg__reader_text(const struct cmg__reader *reader, const char *path,
                            const struct cmg__rule *rule, char **out, cmg_error **err)
{
    const char *text = NULL;
    cmg_status rc =
        cmg__json_need_str(reader->alloc, reader->name, reader->doc, path, &text, err);

    if (rc != CMG_OK)
        return rc;
    if (!rule->fits(text))
        return refuse(reader, path, rule->allowed, err);
    *out = cmg__strdup(reader->alloc, text);
    return *out == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

cmg_status cmg__reader_texts(const struct cmg__reader *reader, const char *path,
                             const struct cmg__rule *rule, size_t max,
                             struct cmg__names *out, cmg_error **err)
{
    const struct cmg__json *array = cmg__json_at(reader->doc, path);
    size_t count = cmg__json_size(array);
    cmg_status rc = CMG_OK;
    char item[96];

    if (cmg__json_type(array) != CMG__JSON_ARRAY || count > max)
        return refuse(reader, path, "give a list that is not longer than allowed", err);
    out->items = cmg__alloc_array(reader->alloc, count + 1, sizeof *out->items);
    if (out->items == NULL)
        return cmg__fail_nomem(err);
    for (; out->count < count && rc == CMG_OK; out->count++) {
        snprintf(item, sizeof item, "%s/%zu", path, out->count);
        rc = cmg__reader_text(reader, item, rule, &out->items[out->count], err);
    }
    return rc;
}

cmg_status cmg__reader_port(const struct cmg__reader *reader, const char *path,
                            uint16_t *out, cmg_error **err)
{
    int64_t port = 0;
    cmg_status rc = cmg__json_need_int(reader->alloc, reader->name, reader->doc, path, 1,
                                       65535, &port, err);

    *out = (uint16_t)port;
    return rc;
}

cmg_status cmg__reader_port_if_told(const struct cmg__reader *reader, const char *path,
                                    uint16_t *out, cmg_error **err)
{
    return cmg__json_at(reader->doc, path) == NULL
               ? CMG_OK
               : cmg__reader_port(reader, path, out, err);
}

void cmg__names_done(const struct cmg__alloc *alloc, struct cmg__names *names)
{
    for (size_t i = 0; i < names->count; i++)
        cmg__free(alloc, names->items[i]);
    cmg__free(alloc, names->items);
    *names = (struct cmg__names){ .count = 0 };
}

bool cmg__rule_host(const char *text)
{
    size_t label = 0;
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++) {
        if (text[i] == '.' ? label == 0 : !cmg__is_alnum(text[i]) && text[i] != '-')
            return false;
        label = text[i] == '.' ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return n > 0 && n <= 253 && label > 0;
}

bool cmg__rule_guid(const char *text)
{
    return cmg__guid_is_valid(text);
}

bool cmg__rule_pin(const char *text)
{
    unsigned char bytes[32];

    return strlen(text) == 64 && cmg__hex_parse(text, sizeof bytes, bytes);
}

bool cmg__rule_https_url(const char *text)
{
    struct cmg__url url;

    return strlen(text) <= 2048 && cmg__url_parse(text, &url) && url.https;
}

bool cmg__rule_token(const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    return n > 0 && n <= 512;
}

bool cmg__rule_pem(const char *text)
{
    return text[0] == '\0' || strstr(text, "-----BEGIN CERTIFICATE-----") != NULL;
}
