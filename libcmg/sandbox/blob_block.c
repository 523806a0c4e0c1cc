/*
 * Blocks: put one by one, made a blob by a list. What is not in the list goes; a blob put
 * whole has no blocks.
 */
#include <string.h>

#include "base/base64.h"
#include "sandbox/blob.h"

#define MAX_ID 64

/* ---- the list in XML ---- */

static const struct {
    const char *element, *kind;
} kinds[] = {
    { "Latest", "latest" },
    { "Committed", "committed" },
    { "Uncommitted", "uncommitted" },
};

/* Behind "<": which kind of block begins here, with the length of its name. */
static const char *kind_at(const char *at, size_t left, size_t *name_len)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++) {
        size_t n = strlen(kinds[i].element);
        if (left > n && memcmp(at, kinds[i].element, n) == 0 && at[n] == '>') {
            *name_len = n;
            return kinds[i].kind;
        }
    }
    return NULL;
}

static bool id_is_good(const char *id, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!cmg__is_alnum(id[i]) && strchr("+/=-_", id[i]) == NULL)
            return false;
    }
    return n > 0 && n <= MAX_ID + MAX_ID / 2;
}

/* One "Kind>id</Kind>" at `at`; how many bytes it takes, 0 when it is none. */
static size_t read_entry(const char *at, size_t left, struct cmg__json *out)
{
    size_t name = 0;
    const char *kind = kind_at(at, left, &name);
    if (kind == NULL)
        return 0;
    const char *id = at + name + 1;
    const char *end = memchr(id, '<', left - name - 1);
    size_t n = end == NULL ? 0 : (size_t)(end - id);
    size_t whole = name + 1 + n + 2 + name + 1;
    if (!id_is_good(id, n) || whole > left || end[1] != '/' ||
        memcmp(end + 2, at, name) != 0 || end[2 + name] != '>')
        return 0;
    struct cmg__json *value = cmg__json_stringn(id, n);
    return cmg__json_append(out, cmg__json_pack("[s, o]", kind, value)) == CMG_OK ? whole
                                                                                  : 0;
}

/* Only what a block list is made of: a declaration, one element, entries and blanks. */
cmg_status cmg__sb_block_list_parse(const struct cmg__alloc *alloc, const char *text,
                                    size_t n, struct cmg__json **out)
{
    static const char open[] = "<BlockList>";
    static const char shut[] = "</BlockList>";
    static const char empty[] = "<BlockList/>";
    struct cmg__json *list = cmg__json_array();
    char *copy = cmg__strndup(alloc, text, n);
    cmg_status rc = list == NULL || copy == NULL ? CMG_E_NOMEM : CMG_E_PARSE;
    const char *at = rc == CMG_E_NOMEM ? NULL : strstr(copy, open);
    if (at == NULL && rc != CMG_E_NOMEM && strstr(copy, empty) != NULL)
        rc = CMG_OK;
    for (at = at == NULL ? NULL : at + strlen(open); at != NULL && rc == CMG_E_PARSE;) {
        at += strspn(at, " \t\r\n");
        if (strncmp(at, shut, strlen(shut)) == 0) {
            rc = CMG_OK;
            break;
        }
        size_t used = *at == '<' ? read_entry(at + 1, strlen(at + 1), list) : 0;
        if (used == 0 || cmg__json_size(list) > CMG__SB_BLOCKS_MAX)
            break;
        at += 1 + used;
    }
    cmg__free(alloc, copy);
    if (rc == CMG_OK)
        *out = list;
    else
        cmg__json_unref(list);
    return rc;
}

/* ---- storing ---- */

static struct cmg__json *blobs_of(const struct cmg__sb_blob_call *b)
{
    return cmg__json_key(cmg__sb_container(b->account, b->container), "blobs");
}

/* "x-ms-blob-content-type" and its like, or the plain field for the type. */
static struct cmg__json *heads_of(const struct cmg__sb_call *call)
{
    static const struct {
        const char *from, *to;
    } fields[] = {
        { "x-ms-blob-content-encoding", "Content-Encoding" },
        { "x-ms-blob-content-language", "Content-Language" },
        { "x-ms-blob-content-disposition", "Content-Disposition" },
        { "x-ms-blob-cache-control", "Cache-Control" },
        { "x-ms-blob-content-md5", "Content-MD5" },
    };
    const char *type = cmg__sb_header(call, "x-ms-blob-content-type");
    const char *plain = cmg__sb_header(call, "Content-Type");
    struct cmg__json *heads =
        cmg__json_pack("{s:s}", "Content-Type",
                       cmg__str_or(type, cmg__str_or(plain, "application/octet-stream")));
    for (size_t i = 0; i < CMG__ARRAY_LEN(fields); i++) {
        const char *value = cmg__sb_header(call, fields[i].from);
        if (value != NULL)
            cmg__sb_set_str(call->cloud, heads, fields[i].to, value);
    }
    return heads;
}

struct cmg__json *cmg__sb_meta_of(const struct cmg__sb_call *call)
{
    static const char prefix[] = "x-ms-meta-";
    struct cmg__json *meta = cmg__json_object();
    for (size_t i = 0; i < call->request->headers->count; i++) {
        const struct cmg__header *field = &call->request->headers->items[i];
        if (cmg__str_istarts(field->name, prefix))
            cmg__sb_set_str(call->cloud, meta, field->name + strlen(prefix),
                            field->value);
    }
    return meta;
}

void cmg__sb_blob_store(const struct cmg__sb_blob_call *b, const void *data, size_t n,
                        struct cmg__json *blocks)
{
    struct cmg__sb_call *call = b->call;
    struct cmg__json *blobs = blobs_of(b);
    struct cmg__json *content = cmg__sb_content_put(call->cloud, data, n);
    struct cmg__json *blob = cmg__json_pack(
        "{s:I, s:o, s:o, s:o, s:o, s:I}", "size", (int64_t)n, "content", content, "heads",
        heads_of(call), "meta", cmg__sb_meta_of(call), "blocks",
        blocks == NULL ? cmg__json_array() : cmg__json_ref(blocks), "created_ms",
        call->now_ms);
    cmg__sb_blob_touch(call->cloud, blob);
    cmg__sb_content_drop_all(call->cloud, cmg__json_key(blobs, b->blob));
    cmg__sb_blob_heads(call, blob);
    cmg__headers_remove(&call->headers, "Content-Length");
    cmg__sb_head(call, "x-ms-request-server-encrypted", "true");
    cmg__sb_set(call->cloud, blobs, b->blob, blob);
    cmg__sb_reply_empty(call, 201);
}

/* The entry of a name, made for its blocks when there is no blob yet. */
static struct cmg__json *need_entry(const struct cmg__sb_blob_call *b)
{
    struct cmg__json *blobs = blobs_of(b);
    if (cmg__json_key(blobs, b->blob) == NULL)
        cmg__sb_set(b->call->cloud, blobs, b->blob, cmg__json_pack("{s:[]}", "blocks"));
    return cmg__json_key(blobs, b->blob);
}

static bool block_is_good(const struct cmg__sb_blob_call *b, const struct cmg__json *list)
{
    struct cmg__buf raw;
    const char *id = cmg__str_or(cmg__sb_query(b->call, "blockid"), "");
    const char *other = cmg__json_str(cmg__json_item(list, 0), "/id");
    cmg__buf_init(&raw, b->call->cloud->alloc, 256);
    bool good = id[0] != '\0' && cmg__base64_decode(&raw, id, strlen(id)) == CMG_OK &&
                raw.len <= MAX_ID && (other == NULL || strlen(other) == strlen(id));
    cmg__buf_done(&raw);
    if (!good)
        cmg__sb_refuse_blob(b->call, 400, "InvalidBlobOrBlock",
                            "The specified blob or block content is invalid.");
    return good;
}

static size_t find_block(const struct cmg__json *list, const char *id, bool committed)
{
    size_t i = 0;
    for (; i < cmg__json_size(list); i++) {
        const struct cmg__json *block = cmg__json_item(list, i);
        if (strcmp(cmg__str_or(cmg__json_str(block, "/id"), ""), id) == 0 &&
            cmg__json_bool(block, "/committed", false) == committed)
            break;
    }
    return i;
}

void cmg__sb_block_put(const struct cmg__sb_blob_call *b)
{
    struct cmg__sb_call *call = b->call;
    struct cmg__json *list = cmg__json_key(need_entry(b), "blocks");
    const char *id = cmg__str_or(cmg__sb_query(call, "blockid"), "");
    if (!block_is_good(b, list))
        return;
    size_t i = find_block(list, id, false);
    if (i < cmg__json_size(list)) {
        cmg__sb_content_drop_all(call->cloud, cmg__json_item(list, i));
        cmg__json_remove_at(list, i);
    }
    cmg__sb_append(call->cloud, list,
                   cmg__json_pack("{s:s, s:I, s:o, s:b}", "id", id, "size",
                                  (int64_t)call->request->body_len, "content",
                                  cmg__sb_content_put(call->cloud, call->request->body,
                                                      call->request->body_len),
                                  "committed", 0));
    cmg__sb_head(call, "x-ms-request-server-encrypted", "true");
    cmg__sb_reply_empty(call, 201);
}

/* The block that an entry of the list means, or NULL. */
static struct cmg__json *pick(const struct cmg__json *list, const struct cmg__json *wish)
{
    const char *kind = cmg__str_or(cmg__json_str(wish, "/0"), "");
    const char *id = cmg__str_or(cmg__json_str(wish, "/1"), "");
    size_t fresh = find_block(list, id, false);
    size_t old = find_block(list, id, true);
    if (strcmp(kind, "committed") != 0 && fresh < cmg__json_size(list))
        return cmg__json_item(list, fresh);
    return strcmp(kind, "uncommitted") == 0 ? NULL : cmg__json_item(list, old);
}

/* The bytes and the blocks of the new blob; false when a block is not there. */
static bool join(const struct cmg__sb_blob_call *b, const struct cmg__json *wishes,
                 struct cmg__buf *data, struct cmg__json *blocks)
{
    struct cmg__sb_cloud *cloud = b->call->cloud;
    const struct cmg__json *list = cmg__json_key(need_entry(b), "blocks");
    for (size_t i = 0; i < cmg__json_size(wishes); i++) {
        struct cmg__buf part;
        const struct cmg__json *block = pick(list, cmg__json_item(wishes, i));
        const char *content = cmg__json_str(block, "/content");
        cmg__buf_init(&part, cloud->alloc, CMG__SB_BLOB_MAX);
        cmg_status rc =
            content == NULL ? CMG_E_NOTFOUND : cmg__sb_content_get(cloud, content, &part);
        if (rc == CMG_OK)
            rc = cmg__buf_add(data, part.data, part.len);
        if (rc == CMG_OK)
            cmg__sb_append(cloud, blocks,
                           cmg__json_pack("{s:s, s:I, s:o, s:b}", "id",
                                          cmg__json_str(block, "/id"), "size",
                                          (int64_t)part.len, "content",
                                          cmg__sb_content_put(cloud, part.data, part.len),
                                          "committed", 1));
        cmg__buf_done(&part);
        if (rc != CMG_OK)
            return false;
    }
    return true;
}

void cmg__sb_block_list_put(const struct cmg__sb_blob_call *b)
{
    const struct cmg__sb_request *request = b->call->request;
    struct cmg__json *wishes = NULL;
    struct cmg__json *blocks = cmg__json_array();
    struct cmg__buf data;
    cmg__buf_init(&data, b->call->cloud->alloc, CMG__SB_BLOB_MAX);
    if (cmg__sb_block_list_parse(b->call->cloud->alloc, request->body, request->body_len,
                                 &wishes) != CMG_OK)
        cmg__sb_refuse_blob(b->call, 400, "InvalidXmlDocument",
                            "XML specified is not syntactically valid.");
    else if (!join(b, wishes, &data, blocks))
        cmg__sb_refuse_blob(b->call, 400, "InvalidBlockList",
                            "The specified block list is invalid.");
    else
        cmg__sb_blob_store(b, data.data, data.len, blocks);
    if (b->call->status >= 400)
        cmg__sb_content_drop_all(b->call->cloud, blocks);
    cmg__json_unref(wishes);
    cmg__json_unref(blocks);
    cmg__buf_done(&data);
}

static cmg_status add_blocks(const struct cmg__json *list, bool committed,
                             struct cmg__buf *out)
{
    const char *element = committed ? "CommittedBlocks" : "UncommittedBlocks";
    cmg_status rc = cmg__buf_addf(out, "<%s>", element);
    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(list); i++) {
        const struct cmg__json *block = cmg__json_item(list, i);
        if (cmg__json_bool(block, "/committed", false) == committed)
            rc = cmg__buf_addf(out, "<Block><Name>%s</Name><Size>%lld</Size></Block>",
                               cmg__json_str(block, "/id"),
                               (long long)cmg__json_int(block, "/size", 0));
    }
    return rc == CMG_OK ? cmg__buf_addf(out, "</%s>", element) : rc;
}

void cmg__sb_block_list_get(const struct cmg__sb_blob_call *b)
{
    struct cmg__buf out;
    const struct cmg__json *blob = cmg__json_key(blobs_of(b), b->blob);
    const struct cmg__json *list = cmg__json_key(blob, "blocks");
    const char *type = cmg__str_or(cmg__sb_query(b->call, "blocklisttype"), "committed");
    if (blob == NULL) {
        cmg__sb_refuse_blob(b->call, 404, "BlobNotFound",
                            "The specified blob does not exist.");
        return;
    }
    cmg__buf_init(&out, b->call->cloud->alloc, CMG__JSON_MAX);
    cmg_status rc = cmg__buf_add_str(
        &out, "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
    if (rc == CMG_OK && !cmg__str_ieq(type, "uncommitted"))
        rc = add_blocks(list, true, &out);
    if (rc == CMG_OK && !cmg__str_ieq(type, "committed"))
        rc = add_blocks(list, false, &out);
    if (rc == CMG_OK)
        rc = cmg__buf_add_str(&out, "</BlockList>");
    if (rc != CMG_OK)
        b->call->cloud->oom = true;
    cmg__sb_reply_page(b->call, 200, "application/xml", cmg__buf_cstr(&out));
    cmg__buf_done(&out);
}
