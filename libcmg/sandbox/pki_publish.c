/* Published files, and what the host may do with the authority. */
#include "sandbox/pki.h"

#include <string.h>

#include "sandbox/sandbox.h"

#define PREFIX   "/pki/"
#define FILE_MAX ((size_t)32 * 1024 * 1024)

static const struct {
    const char *suffix;
    const char *type;
} types[] = {
    { ".crl", "application/pkix-crl" },  { ".crt", "application/pkix-cert" },
    { ".cer", "application/pkix-cert" }, { ".p7b", "application/x-pkcs7-certificates" },
    { "", "application/octet-stream" },
};

static struct cmg__sb_pki_file *find(struct cmg__sb_pki *pki, const char *path)
{
    for (size_t i = 0; i < pki->file_count; i++) {
        if (strcmp(pki->files[i].path, path) == 0)
            return &pki->files[i];
    }
    return NULL;
}

bool cmg__sb_pki_serve(struct cmg__sb_call *call)
{
    const struct cmg__sb_pki_file *file = find(call->cloud->pki, call->path);
    size_t i = 0;

    if (file == NULL || strcmp(call->request->method, "GET") != 0)
        return false;
    while (!cmg__str_iends(call->path, types[i].suffix))
        i++;
    cmg__sb_reply_bytes(call, 200, types[i].type, cmg__buf_cstr(&file->data),
                        file->data.len);
    return true;
}

static struct cmg__sb_pki_file *add(struct cmg__sb_pki *pki, const char *path)
{
    struct cmg__sb_pki_file *file = &pki->files[pki->file_count];

    file->path = cmg__strdup(pki->alloc, path);
    if (file->path == NULL)
        return NULL;
    cmg__buf_init(&file->data, pki->alloc, FILE_MAX);
    pki->file_count++;
    return file;
}

cmg_status cmg__sb_pki_publish(struct cmg__sb_pki *pki, const char *path,
                               const void *data, size_t size)
{
    struct cmg__buf fresh;
    struct cmg__sb_pki_file *file = find(pki, path);

    if (file == NULL && pki->file_count == CMG__SB_PKI_FILES)
        return CMG_E_LIMIT;
    cmg__buf_init(&fresh, pki->alloc, FILE_MAX);
    cmg_status rc = cmg__buf_add(&fresh, data, size);
    if (rc == CMG_OK && file == NULL)
        file = add(pki, path);
    if (rc == CMG_OK && file == NULL)
        rc = CMG_E_NOMEM;
    if (rc == CMG_OK) {
        cmg__buf_done(&file->data);
        file->data = fresh;
    } else {
        cmg__buf_done(&fresh);
    }
    return rc;
}

static bool is_path(const char *path)
{
    return path != NULL && cmg__str_starts(path, PREFIX) && strlen(path) < 256 &&
           path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789.-_+/")] == '\0' &&
           strstr(path, "//") == NULL && path[strlen(path) - 1] != '/';
}

static cmg_status check(const cmg_sandbox *sandbox, cmg_error **err)
{
    return cmg__check(sandbox == NULL ? NULL : &sandbox->head, CMG__TAG_SANDBOX, err);
}

cmg_status cmg_sandbox_publish(cmg_sandbox *sandbox, const char *path, const void *data,
                               size_t size, cmg_error **err)
{
    cmg_status rc = check(sandbox, err);

    if (rc != CMG_OK)
        return rc;
    if (!is_path(path) || (data == NULL && size > 0))
        return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "path",
                         "use a path such as \"/pki/ca.crl\"",
                         "a file cannot be published under that path");
    (void)pthread_mutex_lock(&sandbox->lock);
    rc = cmg__sb_pki_publish(sandbox->cloud->pki, path, data, size);
    (void)pthread_mutex_unlock(&sandbox->lock);
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    if (rc != CMG_OK)
        return cmg__fail(err, sandbox->alloc, rc, path, "publish fewer or smaller files",
                         "there is no room for the file in the sandbox");
    return CMG_OK;
}

cmg_status cmg_sandbox_decide_request(cmg_sandbox *sandbox, const char *request_id,
                                      bool approve, cmg_error **err)
{
    cmg_status rc = check(sandbox, err);

    if (rc != CMG_OK)
        return rc;
    (void)pthread_mutex_lock(&sandbox->lock);
    struct cmg__sb_pki_request *r = cmg__sb_pki_find(sandbox->cloud->pki, request_id);
    bool decided = r != NULL && cmg__sb_pki_decide(sandbox->cloud->pki, r, approve);
    (void)pthread_mutex_unlock(&sandbox->lock);
    if (decided)
        return CMG_OK;
    return cmg__fail(err, sandbox->alloc, r == NULL ? CMG_E_NOTFOUND : CMG_E_STATE,
                     "request_id", "use the number that the authority gave out",
                     "there is no pending request %.20s", cmg__str_or(request_id, "?"));
}
