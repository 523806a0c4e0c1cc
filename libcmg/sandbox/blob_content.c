/*
 * The bytes of blobs and blocks: files "blobs/<id>" beside the state, or, for a cloud
 * that is kept in memory only, base64 in a table of their own. Each is written once.
 */
#include <string.h>

#include "base/base64.h"
#include "sandbox/blob.h"

/* "<directory of the state>/blobs[/<id>]"; cmg__free. */
static char *path_of(const struct cmg__sb_cloud *cloud, const char *id)
{
    const char *slash = strrchr(cloud->state_path, '/');
    int n = slash == NULL ? 1 : (int)(slash - cloud->state_path);
    const char *directory = slash == NULL ? "." : cloud->state_path;
    return id == NULL ? cmg__format(cloud->alloc, "%.*s/blobs", n, directory)
                      : cmg__format(cloud->alloc, "%.*s/blobs/%s", n, directory, id);
}

static cmg_status keep_in_file(const struct cmg__sb_cloud *cloud, const char *id,
                               const void *data, size_t n)
{
    char *directory = path_of(cloud, NULL);
    char *path = path_of(cloud, id);
    cmg_status rc = directory == NULL || path == NULL
                        ? CMG_E_NOMEM
                        : cmg__dir_make(cloud->env, cloud->alloc, directory, NULL);
    if (rc == CMG_OK)
        rc = cmg__file_replace(cloud->env, cloud->alloc, path, 0600, data, n, NULL);
    cmg__free(cloud->alloc, directory);
    cmg__free(cloud->alloc, path);
    return rc;
}

static cmg_status keep_in_memory(struct cmg__sb_cloud *cloud, const char *id,
                                 const void *data, size_t n)
{
    struct cmg__buf text;
    cmg__buf_init(&text, cloud->alloc, 2 * CMG__SB_BLOB_MAX);
    if (cloud->contents == NULL)
        cloud->contents = cmg__json_object();
    cmg_status rc = cmg__base64_encode(&text, data, n);
    if (rc == CMG_OK)
        rc = cmg__json_set_str(cloud->contents, id, cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    return rc;
}

struct cmg__json *cmg__sb_content_put(struct cmg__sb_cloud *cloud, const void *data,
                                      size_t n)
{
    char id[33];
    cmg__sb_random_hex(cloud, 16, id);
    cmg_status rc = cloud->state_path != NULL ? keep_in_file(cloud, id, data, n)
                                              : keep_in_memory(cloud, id, data, n);
    if (rc != CMG_OK) {
        cloud->oom = true;
        return NULL;
    }
    return cmg__json_string(id);
}

cmg_status cmg__sb_content_get(const struct cmg__sb_cloud *cloud, const char *id,
                               struct cmg__buf *out)
{
    if (cloud->state_path == NULL) {
        const char *text = cmg__json_str(cmg__json_key(cloud->contents, id), "");
        return text == NULL ? CMG_E_NOTFOUND
                            : cmg__base64_decode(out, text, strlen(text));
    }
    char *path = path_of(cloud, id);
    cmg_status rc = path == NULL ? CMG_E_NOMEM
                                 : cmg__file_read(cloud->env, cloud->alloc, path,
                                                  CMG__SB_BLOB_MAX, out, NULL);
    cmg__free(cloud->alloc, path);
    return rc;
}

void cmg__sb_content_drop(struct cmg__sb_cloud *cloud, const char *id)
{
    char *path = NULL;
    if (cloud->state_path == NULL)
        cmg__json_remove(cloud->contents, id);
    else
        path = path_of(cloud, id);
    if (path != NULL)
        (void)cloud->env->unlink(cloud->env->user, path);
    cmg__free(cloud->alloc, path);
}

/* The tree of an account is as deep as this room makes it. */
void cmg__sb_content_drop_all(struct cmg__sb_cloud *cloud, const struct cmg__json *value)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *member = NULL;
    for (size_t i = 0;
         cmg__json_type(value) == CMG__JSON_ARRAY && i < cmg__json_size(value); i++)
        cmg__sb_content_drop_all(cloud, cmg__json_item(value, i));
    while (cmg__json_type(value) == CMG__JSON_OBJECT &&
           cmg__json_next(value, &iter, &key, &member)) {
        const char *id = cmg__json_str(member, "");
        if (id != NULL && strcmp(key, "content") == 0)
            cmg__sb_content_drop(cloud, id);
        else
            cmg__sb_content_drop_all(cloud, member);
    }
}
