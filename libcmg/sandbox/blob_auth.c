/*
 * Who may use the blob service: bearer tokens by roles, shared keys where the account
 * allows them, shared access signatures of a service or an account made with such a key.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/http_date.h"
#include "base/secret.h"
#include "crypto/hash.h"
#include "sandbox/blob.h"
#include "sandbox/role.h"
#include "sandbox/token.h"

#define SKEW_S     900
#define MAX_SIGNED ((size_t)256 * 1024)
#define MAX_FIELDS 64

static bool refuse(struct cmg__sb_call *call, int status, const char *code,
                   const char *message)
{
    cmg__sb_refuse_blob(call, status, code, message);
    return false;
}

static bool refuse_signature(struct cmg__sb_call *call)
{
    return refuse(call, 403, "AuthenticationFailed",
                  "Server failed to authenticate the request. Make sure the value of "
                  "Authorization header is formed correctly including the signature.");
}

/* ---- bearer ---- */

static bool has_role(const struct cmg__sb_blob_call *b,
                     const struct cmg__sb_blob_right *right)
{
    char action[128];
    struct cmg__sb_call *call = b->call;
    const struct cmg__json *resource =
        cmg__sb_account_resource(call->cloud, b->account_name);
    (void)snprintf(action, sizeof action, CMG__SB_STORAGE "/blobServices/containers/%s%s",
                   b->blob == NULL ? "" : "blobs/", right->action);
    struct cmg__json *scope = cmg__sb_text(
        call->cloud, "%s/blobServices/default/containers/%s",
        cmg__str_or(cmg__json_str(resource, "/id"), "/sandbox"), b->container);
    const struct cmg__sb_right asked = { .action = action,
                                         .scope =
                                             cmg__str_or(cmg__json_str(scope, ""), "/"),
                                         .data = b->blob != NULL };
    bool good = cmg__sb_role_permits(call->cloud, &call->caller, &asked);
    cmg__json_unref(scope);
    return good || refuse(call, 403, "AuthorizationPermissionMismatch",
                          "This request is not authorized to perform this operation "
                          "using this permission.");
}

static bool by_token(const struct cmg__sb_blob_call *b,
                     const struct cmg__sb_blob_right *right)
{
    return cmg__sb_token_admits(b->call) && has_role(b, right);
}

/* ---- signatures ---- */

static cmg_status sign(struct cmg__sb_cloud *cloud, const char *key64,
                       const struct cmg__buf *text, struct cmg__buf *out)
{
    uint8_t mac[32];
    struct cmg__buf key;
    cmg__buf_init_secret(&key, cloud->alloc, 256);
    cmg_status rc = cmg__base64_decode(&key, key64, strlen(key64));
    if (rc == CMG_OK)
        rc = cmg__hmac_sha256(key.data, key.len, text->data, text->len, mac);
    if (rc == CMG_OK)
        rc = cmg__base64_encode(out, mac, sizeof mac);
    cmg__buf_done(&key);
    return rc;
}

/* Is it the text's signature by either key of the account? */
static bool is_signed(const struct cmg__sb_blob_call *b, const struct cmg__buf *text,
                      const char *signature)
{
    static const char *const names[] = { "key1", "key2" };
    bool good = false;
    for (size_t i = 0; i < CMG__ARRAY_LEN(names) && !good; i++) {
        struct cmg__buf mac;
        cmg__buf_init_secret(&mac, b->call->cloud->alloc, 256);
        const char *key = cmg__json_str(cmg__json_key(b->account, names[i]), "");
        good = key != NULL && sign(b->call->cloud, key, text, &mac) == CMG_OK &&
               strcmp(cmg__buf_cstr(&mac), signature) == 0;
        cmg__buf_done(&mac);
    }
    return good;
}

static bool keys_are_allowed(const struct cmg__sb_blob_call *b)
{
    const struct cmg__json *resource =
        cmg__sb_account_resource(b->call->cloud, b->account_name);
    return cmg__json_bool(resource, "/properties/allowSharedKeyAccess", true) ||
           refuse(b->call, 403, "KeyBasedAuthenticationNotPermitted",
                  "Key based authentication is not permitted on this storage account.");
}

/* ---- shared key ---- */

static int by_name(const void *a, const void *b)
{
    const struct cmg__header *const *x = a;
    const struct cmg__header *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* "x-ms-date:...\n" of every such field in order; names come in lower case. */
static cmg_status add_fields(const struct cmg__sb_call *call, struct cmg__buf *out)
{
    const struct cmg__header *fields[MAX_FIELDS];
    size_t n = 0;
    cmg_status rc = CMG_OK;
    for (size_t i = 0; i < call->request->headers->count && n < MAX_FIELDS; i++) {
        if (cmg__str_istarts(call->request->headers->items[i].name, "x-ms-"))
            fields[n++] = &call->request->headers->items[i];
    }
    qsort(fields, n, sizeof *fields, by_name);
    for (size_t i = 0; rc == CMG_OK && i < n; i++) {
        size_t from = out->len;
        rc = cmg__buf_addf(out, "%s:%s\n", fields[i]->name, fields[i]->value);
        for (size_t k = from; rc == CMG_OK && out->data[k] != ':'; k++)
            out->data[k] = cmg__lower(out->data[k]);
    }
    return rc;
}

static int by_text(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

/* "\nname:value" of every query parameter in order. */
static cmg_status add_query(const struct cmg__sb_call *call, struct cmg__buf *out)
{
    const char *names[MAX_FIELDS];
    size_t n = 0;
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    cmg_status rc = CMG_OK;
    while (n < MAX_FIELDS && cmg__json_next(call->query, &iter, &key, &value))
        names[n++] = key;
    qsort(names, n, sizeof *names, by_text);
    for (size_t i = 0; rc == CMG_OK && i < n; i++)
        rc = cmg__buf_addf(out, "\n%s:%s", names[i],
                           cmg__str_or(cmg__sb_query(call, names[i]), ""));
    return rc;
}

static cmg_status string_to_sign(const struct cmg__sb_blob_call *b, struct cmg__buf *out)
{
    static const char *const lines[] = { "Content-Encoding",
                                         "Content-Language",
                                         "Content-Length",
                                         "Content-MD5",
                                         "Content-Type",
                                         "Date",
                                         "If-Modified-Since",
                                         "If-Match",
                                         "If-None-Match",
                                         "If-Unmodified-Since",
                                         "Range" };
    const struct cmg__sb_call *call = b->call;
    const char *target = call->request->target;
    cmg_status rc = cmg__buf_addf(out, "%s\n", call->request->method);
    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(lines); i++) {
        const char *value = cmg__str_or(cmg__sb_header(call, lines[i]), "");
        bool empty = (i == 2 && strcmp(value, "0") == 0) ||
                     (i == 5 && cmg__sb_header(call, "x-ms-date") != NULL);
        rc = cmg__buf_addf(out, "%s\n", empty ? "" : value);
    }
    if (rc == CMG_OK)
        rc = add_fields(call, out);
    if (rc == CMG_OK)
        rc = cmg__buf_addf(out, "/%s%.*s", b->account_name, (int)strcspn(target, "?"),
                           target);
    return rc == CMG_OK ? add_query(call, out) : rc;
}

static bool time_is_near(struct cmg__sb_call *call)
{
    int64_t at = 0;
    const char *text =
        cmg__str_or(cmg__sb_header(call, "x-ms-date"), cmg__sb_header(call, "Date"));
    if (text == NULL || !cmg__http_date_parse(text, &at))
        return false;
    int64_t off = at - call->now_ms / 1000;
    return off <= SKEW_S && off >= -SKEW_S;
}

static bool by_key(const struct cmg__sb_blob_call *b, const char *credentials)
{
    struct cmg__buf text;
    size_t n = strlen(b->account_name);
    if (!keys_are_allowed(b))
        return false;
    cmg__buf_init(&text, b->call->cloud->alloc, MAX_SIGNED);
    bool good = cmg__str_ieqn(credentials, b->account_name, n) && credentials[n] == ':' &&
                time_is_near(b->call) && string_to_sign(b, &text) == CMG_OK &&
                is_signed(b, &text, credentials + n + 1);
    cmg__buf_done(&text);
    return good || refuse_signature(b->call);
}

/* ---- shared access signatures ---- */

static cmg_status add_params(const struct cmg__sb_call *call, const char *const *names,
                             size_t count, struct cmg__buf *out)
{
    cmg_status rc = CMG_OK;
    for (size_t i = 0; rc == CMG_OK && i < count; i++)
        rc = cmg__buf_addf(out, "%s\n", cmg__str_or(cmg__sb_query(call, names[i]), ""));
    return rc;
}

static cmg_status account_text(const struct cmg__sb_blob_call *b, struct cmg__buf *out)
{
    static const char *const names[] = { "sp",  "ss",  "srt", "st", "se",
                                         "sip", "spr", "sv",  "ses" };
    cmg_status rc = cmg__buf_addf(out, "%s\n", b->account_name);
    return rc == CMG_OK ? add_params(b->call, names, CMG__ARRAY_LEN(names), out) : rc;
}

static cmg_status service_text(const struct cmg__sb_blob_call *b, struct cmg__buf *out)
{
    static const char *const before[] = { "sp", "st", "se" };
    static const char *const after[] = { "si",   "sip",      "spr",  "sv",
                                         "sr",   "snapshot", "ses",  "rscc",
                                         "rscd", "rsce",     "rscl", "rsct" };
    bool one = cmg__sb_same(cmg__sb_query(b->call, "sr"), "b");
    cmg_status rc = add_params(b->call, before, CMG__ARRAY_LEN(before), out);
    if (rc == CMG_OK)
        rc = cmg__buf_addf(out, "/blob/%s/%s%s%s\n", b->account_name, b->container,
                           one ? "/" : "", one ? cmg__str_or(b->blob, "") : "");
    if (rc == CMG_OK)
        rc = add_params(b->call, after, CMG__ARRAY_LEN(after), out);
    if (rc == CMG_OK)
        out->len--; /* the last line has no end */
    return rc;
}

static bool is_in_time(const struct cmg__sb_call *call)
{
    int64_t start = 0, end = 0;
    const char *st = cmg__sb_query(call, "st");
    const char *se = cmg__sb_query(call, "se");
    int64_t now = call->now_ms / 1000;
    if (se == NULL || !cmg__time_parse(se, &end) || end <= now)
        return false;
    return st == NULL || (cmg__time_parse(st, &start) && start <= now + SKEW_S);
}

static bool by_signature(const struct cmg__sb_blob_call *b,
                         const struct cmg__sb_blob_right *right)
{
    struct cmg__buf text;
    struct cmg__sb_call *call = b->call;
    bool is_account = cmg__sb_query(call, "ss") != NULL;
    const char *letters = cmg__str_or(cmg__sb_query(call, "sp"), "");
    if (!keys_are_allowed(b))
        return false;
    cmg__buf_init(&text, call->cloud->alloc, MAX_SIGNED);
    cmg_status rc = is_account ? account_text(b, &text) : service_text(b, &text);
    bool good = rc == CMG_OK && is_in_time(call) &&
                is_signed(b, &text, cmg__sb_query(call, "sig"));
    cmg__buf_done(&text);
    if (!good)
        return refuse_signature(call);
    return strpbrk(letters, right->letters) != NULL ||
           refuse(call, 403, "AuthorizationPermissionMismatch",
                  "This request is not authorized to perform this operation using this "
                  "permission.");
}

bool cmg__sb_blob_admits(const struct cmg__sb_blob_call *b,
                         const struct cmg__sb_blob_right *right)
{
    static const char shared[] = "SharedKey ";
    const char *field = cmg__sb_header(b->call, "Authorization");
    if (field != NULL && cmg__str_istarts(field, shared))
        return by_key(b, field + strlen(shared));
    if (field == NULL && cmg__sb_query(b->call, "sig") != NULL)
        return by_signature(b, right);
    return by_token(b, right);
}
