/*
 * The blob data plane: accounts with their keys, containers and block blobs, as Azure
 * Storage answers at "<account>.blob.core.windows.net" and, under localhost, at
 * "/<account>". The table "storage" keeps accounts by name; content lies beside the tree
 * (blob_content.c).
 */
#ifndef CMG_SANDBOX_BLOB_H
#define CMG_SANDBOX_BLOB_H

#include "sandbox/call.h"

#define CMG__SB_STORAGE "Microsoft.Storage/storageAccounts"
/* An account that is there from the first day, for clients that bring their own keys. */
#define CMG__SB_BLOB_ACCOUNT "sandboxstore"
#define CMG__SB_BLOB_MAX     ((size_t)32 * 1024 * 1024)
#define CMG__SB_BLOCKS_MAX   50000

/* ---- blob_account.c ---- */
/* The account's data, or NULL; made with fresh keys by the other one. */
struct cmg__json *cmg__sb_account(const struct cmg__sb_cloud *cloud, const char *name);
struct cmg__json *cmg__sb_account_make(struct cmg__sb_cloud *cloud, const char *name);
void cmg__sb_account_remove(struct cmg__sb_cloud *cloud, const char *name);
/* The resource behind an account; NULL for the one that is always there. */
struct cmg__json *cmg__sb_account_resource(const struct cmg__sb_cloud *cloud,
                                           const char *name);
/* Key 1 or 2 in base64, replaced by a fresh one when renew is set; NULL for others. */
const char *cmg__sb_account_key(struct cmg__sb_cloud *cloud, struct cmg__json *account,
                                const char *key_name, bool renew);
bool cmg__sb_container_name_is_good(const char *name);
struct cmg__json *cmg__sb_container(const struct cmg__json *account, const char *name);
/* Makes it when it is not there; false when it was. */
bool cmg__sb_container_make(struct cmg__sb_cloud *cloud, struct cmg__json *account,
                            const char *name);
void cmg__sb_container_remove(struct cmg__sb_cloud *cloud, struct cmg__json *account,
                              const char *name);
/* A fresh entity tag, with its quotes; and the time of the change. */
void cmg__sb_blob_touch(struct cmg__sb_cloud *cloud, struct cmg__json *entry);

/* ---- blob_content.c ---- */
/* Keeps bytes; the ID's text value, NULL when that failed (oom is set). */
struct cmg__json *cmg__sb_content_put(struct cmg__sb_cloud *cloud, const void *data,
                                      size_t n);
CMG__NODISCARD cmg_status cmg__sb_content_get(const struct cmg__sb_cloud *cloud,
                                              const char *id, struct cmg__buf *out);
void cmg__sb_content_drop(struct cmg__sb_cloud *cloud, const char *id);
/* Drops every content that a value names under "content". */
void cmg__sb_content_drop_all(struct cmg__sb_cloud *cloud, const struct cmg__json *value);

/* ---- blob.c ---- */
struct cmg__sb_blob_call {
    struct cmg__sb_call *call;
    struct cmg__json *account;
    char account_name[25];
    char container[64]; /* "": the service */
    char *blob;         /* decoded; NULL: the container */
};
/* Answers a call to the blob service, its caller checked. */
void cmg__sb_blob_serve(struct cmg__sb_call *call);
/* An XML error. */
void cmg__sb_refuse_blob(struct cmg__sb_call *call, int status, const char *code,
                         const char *message);
/* Size, dates, tag and properties of a blob as header fields. */
void cmg__sb_blob_heads(struct cmg__sb_call *call, const struct cmg__json *blob);
/* Conditional fields against an entry (NULL: not there); false when answered. */
bool cmg__sb_blob_condition(struct cmg__sb_call *call, const struct cmg__json *entry);

/* ---- blob_auth.c ---- */
struct cmg__sb_blob_right {
    const char *action;  /* "read", "write" or "delete" */
    const char *letters; /* of a shared access signature; any of them will do */
};
/* May the caller? By bearer token, shared key or signature; false when answered. */
bool cmg__sb_blob_admits(const struct cmg__sb_blob_call *b,
                         const struct cmg__sb_blob_right *right);

/* ---- blob_block.c ---- */
/* The IDs of a block list in XML: [[kind, id], ...] with "latest", "committed" or
   "uncommitted". */
cmg_status cmg__sb_block_list_parse(const struct cmg__alloc *alloc, const char *text,
                                    size_t n, struct cmg__json **out);
void cmg__sb_block_put(const struct cmg__sb_blob_call *b);
void cmg__sb_block_list_put(const struct cmg__sb_blob_call *b);
void cmg__sb_block_list_get(const struct cmg__sb_blob_call *b);
/* Makes the blob of these bytes, keeping nothing of the one before. */
void cmg__sb_blob_store(const struct cmg__sb_blob_call *b, const void *data, size_t n,
                        struct cmg__json *blocks);

/* The "x-ms-meta-" fields of a call. */
struct cmg__json *cmg__sb_meta_of(const struct cmg__sb_call *call);

/* ---- blob_list.c ---- */
void cmg__sb_blob_list(const struct cmg__sb_blob_call *b);
void cmg__sb_container_list(const struct cmg__sb_blob_call *b);
/* Appends text with what XML reserves escaped. */
CMG__NODISCARD cmg_status cmg__sb_xml_add(struct cmg__buf *out, const char *text);
/* "Sun, 06 Nov 1994 08:49:37 GMT" */
#define CMG__SB_DATE_SIZE 32
void cmg__sb_date_format(int64_t unix_s, char out[CMG__SB_DATE_SIZE]);

#endif
