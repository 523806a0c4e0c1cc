/* Calls to the blob service: which account, container and blob, and what with them. */
#include "sandbox/blob.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"

/* ---- answers ---- */

void cmg__sb_refuse_blob(struct cmg__sb_call *call, int status, const char *code,
                         const char *message)
{
    struct cmg__buf text;
    cmg__buf_init(&text, call->cloud->alloc, 65536);
    cmg_status rc = cmg__buf_addf(&text,
                                  "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>"
                                  "<Error><Code>%s</Code><Message>",
                                  code);
    if (rc == CMG_OK)
        rc = cmg__sb_xml_add(&text, message);
    if (rc == CMG_OK)
        rc = cmg__buf_addf(&text, "\nRequestId:%s</Message></Error>", call->request_id);
    if (rc != CMG_OK)
        call->cloud->oom = true;
    cmg__sb_head(call, "x-ms-error-code", code);
    cmg__sb_reply_page(call, status, "application/xml", cmg__buf_cstr(&text));
    cmg__buf_done(&text);
}

static void add_dates(struct cmg__sb_call *call, const struct cmg__json *entry)
{
    char date[CMG__SB_DATE_SIZE];
    cmg__sb_date_format(cmg__json_int(entry, "/modified_ms", 0) / 1000, date);
    cmg__sb_head(call, "Last-Modified", date);
    cmg__sb_head(call, "ETag", cmg__str_or(cmg__json_str(entry, "/etag"), ""));
}

static void add_members(struct cmg__sb_call *call, const struct cmg__json *object,
                        const char *prefix)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    char name[256];
    while (cmg__json_next(object, &iter, &key, &value)) {
        (void)snprintf(name, sizeof name, "%s%s", prefix, key);
        if (strcmp(name, "Content-Type") != 0) /* the answer's own */
            cmg__sb_head(call, name, cmg__str_or(cmg__json_str(value, ""), ""));
    }
}

void cmg__sb_blob_heads(struct cmg__sb_call *call, const struct cmg__json *blob)
{
    char date[CMG__SB_DATE_SIZE];
    add_dates(call, blob);
    add_members(call, cmg__json_key(blob, "heads"), "");
    add_members(call, cmg__json_key(blob, "meta"), "x-ms-meta-");
    cmg__sb_date_format(cmg__json_int(blob, "/created_ms", 0) / 1000, date);
    cmg__sb_head(call, "x-ms-creation-time", date);
    cmg__sb_head(call, "x-ms-blob-type", "BlockBlob");
    cmg__sb_head(call, "x-ms-lease-status", "unlocked");
    cmg__sb_head(call, "x-ms-lease-state", "available");
    cmg__sb_head(call, "x-ms-server-encrypted", "true");
    cmg__sb_head(call, "x-ms-access-tier", "Hot");
    cmg__sb_head(call, "Accept-Ranges", "bytes");
}

/* ---- conditions ---- */

static bool tag_fits(const char *wanted, const struct cmg__json *entry)
{
    const char *etag = cmg__str_or(cmg__json_str(entry, "/etag"), "");
    size_t n = strlen(etag);
    if (entry == NULL)
        return false;
    if (strcmp(wanted, "*") == 0 || strcmp(wanted, etag) == 0)
        return true;
    /* Some clients leave the quotes out. */
    return n > 2 && strlen(wanted) == n - 2 && strncmp(etag + 1, wanted, n - 2) == 0;
}

bool cmg__sb_blob_condition(struct cmg__sb_call *call, const struct cmg__json *entry)
{
    const char *match = cmg__sb_header(call, "If-Match");
    const char *none = cmg__sb_header(call, "If-None-Match");
    bool reads = strcmp(call->request->method, "GET") == 0 ||
                 strcmp(call->request->method, "HEAD") == 0;
    if (none != NULL && tag_fits(none, entry)) {
        if (reads)
            cmg__sb_reply_empty(call, 304);
        else if (strcmp(none, "*") == 0)
            cmg__sb_refuse_blob(call, 409, "BlobAlreadyExists",
                                "The specified blob already exists.");
        else
            cmg__sb_refuse_blob(call, 412, "ConditionNotMet",
                                "The condition specified using HTTP conditional "
                                "header(s) is not met.");
        return false;
    }
    if (match == NULL || tag_fits(match, entry))
        return true;
    cmg__sb_refuse_blob(call, 412, "ConditionNotMet",
                        "The condition specified using HTTP conditional header(s) is not "
                        "met.");
    return false;
}

/* ---- containers ---- */

static struct cmg__json *need_container(const struct cmg__sb_blob_call *b)
{
    struct cmg__json *container = cmg__sb_container(b->account, b->container);
    if (container == NULL)
        cmg__sb_refuse_blob(b->call, 404, "ContainerNotFound",
                            "The specified container does not exist.");
    return container;
}

static void put_container(const struct cmg__sb_blob_call *b)
{
    if (!cmg__sb_container_name_is_good(b->container))
        cmg__sb_refuse_blob(b->call, 400, "InvalidResourceName",
                            "The specifed resource name contains invalid characters.");
    else if (!cmg__sb_container_make(b->call->cloud, b->account, b->container))
        cmg__sb_refuse_blob(b->call, 409, "ContainerAlreadyExists",
                            "The specified container already exists.");
    else {
        add_dates(b->call, cmg__sb_container(b->account, b->container));
        cmg__sb_reply_empty(b->call, 201);
    }
}

static void get_container(const struct cmg__sb_blob_call *b)
{
    const struct cmg__json *container = need_container(b);
    if (container == NULL)
        return;
    add_dates(b->call, container);
    cmg__sb_head(b->call, "x-ms-lease-status", "unlocked");
    cmg__sb_head(b->call, "x-ms-lease-state", "available");
    cmg__sb_reply_empty(b->call, 200);
}

static void delete_container(const struct cmg__sb_blob_call *b)
{
    if (need_container(b) == NULL)
        return;
    cmg__sb_container_remove(b->call->cloud, b->account, b->container);
    cmg__sb_reply_empty(b->call, 202);
}

static void list_blobs(const struct cmg__sb_blob_call *b)
{
    if (need_container(b) != NULL)
        cmg__sb_blob_list(b);
}

/* ---- blobs ---- */

/* The blob, or NULL with the answer set. Blocks alone make none. */
static struct cmg__json *need_blob(const struct cmg__sb_blob_call *b)
{
    struct cmg__json *container = need_container(b);
    struct cmg__json *blob = cmg__json_key(cmg__json_key(container, "blobs"), b->blob);
    if (container == NULL)
        return NULL;
    if (cmg__json_key(blob, "content") != NULL)
        return blob;
    cmg__sb_refuse_blob(b->call, 404, "BlobNotFound",
                        "The specified blob does not exist.");
    return NULL;
}

static bool may_put(const struct cmg__sb_blob_call *b)
{
    struct cmg__json *container = need_container(b);
    const struct cmg__json *old =
        cmg__json_key(cmg__json_key(container, "blobs"), b->blob);
    return container != NULL &&
           cmg__sb_blob_condition(b->call,
                                  cmg__json_key(old, "content") == NULL ? NULL : old);
}

static void put_blob(const struct cmg__sb_blob_call *b)
{
    const struct cmg__sb_request *request = b->call->request;
    const char *type = cmg__str_or(cmg__sb_header(b->call, "x-ms-blob-type"), "");
    if (!may_put(b))
        return;
    if (!cmg__str_ieq(type, "BlockBlob"))
        cmg__sb_refuse_blob(b->call, 400, "InvalidHeaderValue",
                            "The value for one of the HTTP headers is not in the correct "
                            "format: x-ms-blob-type must be BlockBlob.");
    else
        cmg__sb_blob_store(b, request->body, request->body_len, NULL);
}

static void put_block(const struct cmg__sb_blob_call *b)
{
    if (need_container(b) != NULL)
        cmg__sb_block_put(b);
}

static void put_block_list(const struct cmg__sb_blob_call *b)
{
    if (may_put(b))
        cmg__sb_block_list_put(b);
}

static void get_block_list(const struct cmg__sb_blob_call *b)
{
    if (need_container(b) != NULL)
        cmg__sb_block_list_get(b);
}

/* "bytes=a-b" or "bytes=a-": false when it is not satisfiable. */
static bool read_range(const char *text, size_t size, size_t *from, size_t *to)
{
    static const char unit[] = "bytes=";
    uint64_t a = 0, b = 0;
    if (!cmg__str_starts(text, unit))
        return false;
    text += strlen(unit);
    size_t n = strcspn(text, "-");
    if (text[n] != '-' || !cmg__parse_u64(text, n, &a) || a >= size)
        return false;
    text += n + 1;
    if (*text != '\0' && (!cmg__parse_u64(text, strlen(text), &b) || b < a))
        return false;
    *from = (size_t)a;
    *to = *text == '\0' || b >= size ? size : (size_t)b + 1;
    return true;
}

static void send_range(struct cmg__sb_call *call, const struct cmg__json *blob,
                       const struct cmg__buf *data)
{
    size_t from = 0, to = data->len;
    const char *type = cmg__json_str(blob, "/heads/Content-Type");
    const char *range =
        cmg__str_or(cmg__sb_header(call, "x-ms-range"), cmg__sb_header(call, "Range"));
    const char *md5 = cmg__json_str(blob, "/heads/Content-MD5");
    if (range != NULL && !read_range(range, data->len, &from, &to)) {
        cmg__headers_clear(&call->headers);
        cmg__sb_refuse_blob(call, 416, "InvalidRange",
                            "The range specified is invalid for the current size of the "
                            "resource.");
        return;
    }
    if (range != NULL) {
        cmg__sb_headf(call, "Content-Range", "bytes %zu-%zu/%zu", from, to - 1,
                      data->len);
        cmg__headers_remove(&call->headers, "Content-MD5");
        if (md5 != NULL)
            cmg__sb_head(call, "x-ms-blob-content-md5", md5);
    }
    cmg__sb_reply_bytes(call, range == NULL ? 200 : 206, type,
                        cmg__str_or(data->data, "") + from, to - from);
}

static void get_blob(const struct cmg__sb_blob_call *b)
{
    struct cmg__buf data;
    const struct cmg__json *blob = need_blob(b);
    if (blob == NULL || !cmg__sb_blob_condition(b->call, blob))
        return;
    cmg__buf_init(&data, b->call->cloud->alloc, CMG__SB_BLOB_MAX);
    cmg__sb_blob_heads(b->call, blob);
    if (cmg__sb_content_get(b->call->cloud, cmg__json_str(blob, "/content"), &data) ==
        CMG_OK) {
        send_range(b->call, blob, &data);
    } else {
        cmg__headers_clear(&b->call->headers);
        cmg__sb_refuse_blob(
            b->call, 500, "InternalError",
            "Server encountered an internal error. Please try again after "
            "some time.");
    }
    cmg__buf_done(&data);
}

static void delete_blob(const struct cmg__sb_blob_call *b)
{
    const struct cmg__json *blob = need_blob(b);
    if (blob == NULL || !cmg__sb_blob_condition(b->call, blob))
        return;
    cmg__sb_content_drop_all(b->call->cloud, blob);
    cmg__json_remove(cmg__json_key(cmg__sb_container(b->account, b->container), "blobs"),
                     b->blob);
    cmg__sb_head(b->call, "x-ms-delete-type-permanent", "true");
    cmg__sb_reply_empty(b->call, 202);
}

/* ---- the service ---- */

static void get_service(const struct cmg__sb_blob_call *b)
{
    cmg__sb_reply_page(b->call, 200, "application/xml",
                       "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>"
                       "<StorageServiceProperties><DefaultServiceVersion>2021-12-02"
                       "</DefaultServiceVersion></StorageServiceProperties>");
}

static void get_account(const struct cmg__sb_blob_call *b)
{
    cmg__sb_head(b->call, "x-ms-sku-name", "Standard_LRS");
    cmg__sb_head(b->call, "x-ms-account-kind", "StorageV2");
    cmg__sb_reply_empty(b->call, 200);
}

/* ---- finding the way ---- */

enum level { SERVICE, CONTAINER, BLOB };

static const struct operation {
    const char *method;
    enum level level;
    const char *comp; /* "": none */
    struct cmg__sb_blob_right right;
    void (*run)(const struct cmg__sb_blob_call *b);
} operations[] = {
    { "GET", SERVICE, "list", { "read", "l" }, cmg__sb_container_list },
    { "GET", SERVICE, "properties", { "read", "r" }, get_service },
    { "GET", CONTAINER, "list", { "read", "l" }, list_blobs },
    { "PUT", CONTAINER, "", { "write", "cw" }, put_container },
    { "GET", CONTAINER, "", { "read", "r" }, get_container },
    { "HEAD", CONTAINER, "", { "read", "r" }, get_container },
    { "DELETE", CONTAINER, "", { "delete", "d" }, delete_container },
    { "PUT", BLOB, "", { "write", "cw" }, put_blob },
    { "PUT", BLOB, "block", { "write", "cw" }, put_block },
    { "PUT", BLOB, "blocklist", { "write", "cw" }, put_block_list },
    { "GET", BLOB, "blocklist", { "read", "r" }, get_block_list },
    { "GET", BLOB, "", { "read", "r" }, get_blob },
    { "HEAD", BLOB, "", { "read", "r" }, get_blob },
    { "DELETE", BLOB, "", { "delete", "d" }, delete_blob },
};

static const struct operation *operation_of(const struct cmg__sb_blob_call *b)
{
    const char *comp = cmg__str_or(cmg__sb_query(b->call, "comp"), "");
    enum level level = b->blob != NULL           ? BLOB
                       : b->container[0] != '\0' ? CONTAINER
                                                 : SERVICE;
    for (size_t i = 0; i < CMG__ARRAY_LEN(operations); i++) {
        const struct operation *o = &operations[i];
        if (o->level == level && strcmp(o->comp, comp) == 0 &&
            strcmp(o->method, b->call->request->method) == 0)
            return o;
    }
    return NULL;
}

/* Takes the next segment of the path; false when it is too long. */
static bool take_segment(const char **at, char *out, size_t size)
{
    while (**at == '/')
        ++*at;
    size_t n = strcspn(*at, "/");
    if (n >= size)
        return false;
    memcpy(out, *at, n);
    out[n] = '\0';
    *at += n;
    return true;
}

/* The rest of the path is the blob's name, its slashes and escapes its own. */
static bool take_blob(const char *at, struct cmg__sb_blob_call *b)
{
    struct cmg__buf name;
    if (*at == '/')
        at++;
    if (*at == '\0')
        return true;
    cmg__buf_init(&name, b->call->cloud->alloc, 4096);
    bool good = cmg__url_decode(&name, at, strlen(at), false) &&
                cmg__buf_reserve(&name, 1) == CMG_OK;
    if (good)
        b->blob = cmg__buf_steal(&name);
    cmg__buf_done(&name);
    return good;
}

static bool cut_path(struct cmg__sb_blob_call *b)
{
    const char *at = b->call->path;
    const char *host = b->call->request->host;
    size_t n = strcspn(host, ".:");
    bool local = cmg__str_istarts(host, "localhost") || cmg__str_starts(host, "127.");
    if (local && !take_segment(&at, b->account_name, sizeof b->account_name))
        return false;
    if (!local && n < sizeof b->account_name) {
        memcpy(b->account_name, host, n);
        b->account_name[n] = '\0';
    }
    cmg__lower_in_place(b->account_name);
    return take_segment(&at, b->container, sizeof b->container) && take_blob(at, b);
}

static void run(struct cmg__sb_blob_call *b)
{
    struct cmg__sb_call *call = b->call;
    bool reads = strcmp(call->request->method, "GET") == 0 ||
                 strcmp(call->request->method, "HEAD") == 0;
    const char *restype = cmg__sb_query(call, "restype");
    bool account = cmg__sb_same(restype, "account");
    const struct operation *o = operation_of(b);
    if (account && reads)
        get_account(b);
    else if (o == NULL)
        cmg__sb_refuse_blob(call, 400, "UnsupportedQueryParameter",
                            "One of the query parameters specified in the request URI is "
                            "not supported.");
    else if (cmg__sb_blob_admits(b, &o->right)) {
        call->cloud->dirty = call->cloud->dirty || !reads;
        o->run(b);
    }
}

void cmg__sb_blob_serve(struct cmg__sb_call *call)
{
    struct cmg__sb_blob_call b = { .call = call };
    const char *version = cmg__sb_header(call, "x-ms-version");
    if (!cut_path(&b)) {
        cmg__sb_refuse_blob(call, 400, "InvalidUri",
                            "The requested URI does not represent any resource on the "
                            "server.");
    } else {
        b.account = cmg__sb_account(call->cloud, b.account_name);
        if (b.account == NULL)
            cmg__sb_refuse_blob(call, 404, "ResourceNotFound",
                                "The specified account does not exist.");
        else
            run(&b);
    }
    cmg__sb_head(call, "x-ms-version", cmg__str_or(version, "2021-12-02"));
    cmg__sb_head(call, "Server", "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0");
    cmg__free(call->cloud->alloc, b.blob);
}
