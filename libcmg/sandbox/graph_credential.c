/*
 * Key credentials: certificates that an application proves itself with. They come as
 * base64 with or without line ends, are read as certificates, and are kept in one form.
 * The certificate is no secret, but Graph shows it only to whom asks for the property by
 * name; who writes the list back without it, under the key's ID, changes nothing.
 */
#include <string.h>

#include "base/base64.h"
#include "crypto/hash.h"
#include "crypto/x509.h"
#include "sandbox/graph.h"

#define MAX_KEY ((size_t)64 * 1024)
#define LIST    "keyCredentials"

static bool refuse(struct cmg__sb_call *call, const char *text)
{
    cmg__sb_refuse(call, 400, "Request_BadRequest", "%s", text);
    return false;
}

/* The key of the entry as it was, by its ID; NULL when there was none. */
static const char *stored_key(const struct cmg__json *before,
                              const struct cmg__json *entry)
{
    const struct cmg__json *list = cmg__json_key(before, LIST);
    const char *id = cmg__json_str(entry, "/keyId");
    for (size_t i = 0; id != NULL && i < cmg__json_size(list); i++) {
        const struct cmg__json *old = cmg__json_item(list, i);
        if (cmg__sb_same(cmg__json_str(old, "/keyId"), id))
            return cmg__json_str(old, "/key");
    }
    return NULL;
}

/* Base64 in lines, as .NET reads it. */
static cmg_status decode(const struct cmg__alloc *alloc, const char *text,
                         struct cmg__buf *out)
{
    struct cmg__buf whole;
    cmg_status rc = CMG_OK;
    cmg__buf_init(&whole, alloc, MAX_KEY);
    for (; rc == CMG_OK && *text != '\0'; text++) {
        if (strchr(" \t\r\n", *text) == NULL)
            rc = cmg__buf_add_char(&whole, *text);
    }
    if (rc == CMG_OK)
        rc = cmg__base64_decode(out, cmg__buf_cstr(&whole), whole.len);
    cmg__buf_done(&whole);
    return rc;
}

static struct cmg__json *base64_of(struct cmg__sb_call *call, const void *data, size_t n)
{
    struct cmg__buf text;
    struct cmg__json *value = NULL;
    cmg__buf_init(&text, call->cloud->alloc, MAX_KEY);
    if (cmg__base64_encode(&text, data, n) == CMG_OK)
        value = cmg__json_string(cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    return value;
}

static void set_absent(struct cmg__sb_call *call, struct cmg__json *entry,
                       const char *name, struct cmg__json *value)
{
    if (cmg__json_type(cmg__json_key(entry, name)) == CMG__JSON_STRING)
        cmg__json_unref(value);
    else
        cmg__sb_set(call->cloud, entry, name, value);
}

/* What the request leaves open is the certificate's own. */
static bool complete(struct cmg__sb_call *call, struct cmg__json *entry,
                     const struct cmg__x509_info *info)
{
    char id[CMG__GUID_SIZE];
    uint8_t sha1[20];
    int64_t end = 0;
    cmg__sb_guid(call->cloud, id);
    if (cmg__sha1(info->der, info->der_len, sha1) != CMG_OK)
        call->cloud->oom = true;
    cmg__sb_set(call->cloud, entry, "key", base64_of(call, info->der, info->der_len));
    set_absent(call, entry, "keyId", cmg__json_string(id));
    set_absent(call, entry, "customKeyIdentifier", base64_of(call, sha1, sizeof sha1));
    set_absent(call, entry, "displayName", cmg__json_string(info->subject));
    set_absent(call, entry, "startDateTime",
               cmg__sb_time(info->not_before_unix_s * 1000));
    set_absent(call, entry, "endDateTime", cmg__sb_time(info->not_after_unix_s * 1000));
    if (cmg__time_parse(cmg__str_or(cmg__json_str(entry, "/endDateTime"), ""), &end) &&
        end <= info->not_after_unix_s)
        return true;
    return refuse(call, "Key credential end date is invalid.");
}

static bool settle(struct cmg__sb_call *call, const struct cmg__json *before,
                   struct cmg__json *entry)
{
    const struct cmg__alloc *alloc = call->cloud->alloc;
    const char *key = cmg__json_str(entry, "/key");
    struct cmg__x509 *cert = NULL;
    struct cmg__x509_info info;
    struct cmg__buf der;
    bool good = false;
    if (!cmg__sb_same(cmg__json_str(entry, "/type"), "AsymmetricX509Cert"))
        return refuse(call, "Key credential type is invalid.");
    if (key == NULL)
        key = stored_key(before, entry);
    if (key == NULL)
        return refuse(call, "Key credential value is missing.");
    cmg__buf_init(&der, alloc, MAX_KEY);
    if (decode(alloc, key, &der) != CMG_OK ||
        cmg__x509_parse(alloc, der.data, der.len, &cert, NULL) != CMG_OK) {
        (void)refuse(call, "Key credential value is not a certificate.");
    } else {
        cmg__x509_info(cert, &info);
        good = complete(call, entry, &info);
    }
    cmg__x509_free(cert);
    cmg__buf_done(&der);
    return good;
}

bool cmg__sb_graph_key_credentials(struct cmg__sb_call *call,
                                   const struct cmg__json *before,
                                   const struct cmg__json *after)
{
    const struct cmg__json *list = cmg__json_key(after, LIST);
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        if (!settle(call, before, cmg__json_item(list, i)))
            return false;
    }
    return true;
}

void cmg__sb_graph_hide_keys(struct cmg__sb_call *call, const struct cmg__json *entity)
{
    const struct cmg__json *list = cmg__json_key(entity, LIST);
    for (size_t i = 0; i < cmg__json_size(list); i++)
        cmg__sb_set(call->cloud, cmg__json_item(list, i), "key", cmg__json_pack("n"));
}
