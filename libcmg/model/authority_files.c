/*
 * The files of an authority that lives in a directory. The key is written before the
 * certificate, so that a process killed in between finds the key again and makes the
 * certificate anew from it. A key that the host holds has no file.
 */
#include "base/str.h"
#include "model/authority.h"

#define FILE_MAX ((size_t)256 * 1024)

static char *path_of(const cmg_context *ctx, const char *directory, const char *name)
{
    return cmg__format(&ctx->alloc, "%s/%s", directory, name);
}

/* Reads a file that may be absent: then *out is empty. */
static cmg_status read_if_there(cmg_context *ctx, const char *directory, const char *name,
                                struct cmg__buf *out, cmg_error **err)
{
    cmg_error *own = NULL;
    char *path = path_of(ctx, directory, name);

    if (path == NULL)
        return cmg__fail_nomem(err);
    const cmg_status rc =
        cmg__file_read(&ctx->env, &ctx->alloc, path, FILE_MAX, out, &own);
    cmg__free(&ctx->alloc, path);
    if (rc != CMG_E_NOTFOUND)
        return rc == CMG_OK ? CMG_OK : cmg__error_move(err, &own);
    cmg_error_unref(own);
    return CMG_OK;
}

static cmg_status load_key(cmg_context *ctx, const char *directory, struct cmg__key **out,
                           cmg_error **err)
{
    struct cmg__buf text;

    cmg__buf_init_secret(&text, &ctx->alloc, FILE_MAX);
    cmg_status rc = read_if_there(ctx, directory, "ca.key", &text, err);
    if (rc == CMG_OK && text.len > 0)
        rc = cmg__key_parse(&ctx->alloc, &ctx->env, text.data, text.len, out, err);
    cmg__buf_done(&text);
    return rc;
}

static cmg_status load_chain(cmg_context *ctx, const char *directory,
                             struct cmg__authority_files *out, cmg_error **err)
{
    struct cmg__buf text;

    cmg__buf_init(&text, &ctx->alloc, FILE_MAX);
    cmg_status rc = read_if_there(ctx, directory, "ca.pem", &text, err);
    if (rc == CMG_OK && text.len > 0)
        rc = cmg__x509_parse_pem(&ctx->alloc, text.data, text.len, &out->chain,
                                 &out->count, err);
    cmg__buf_done(&text);
    return rc;
}

cmg_status cmg__authority_load(cmg_context *ctx, const char *directory,
                               struct cmg__authority_files *out, cmg_error **err)
{
    *out = (struct cmg__authority_files){ .chain = NULL };
    cmg_status rc = cmg__dir_make(&ctx->env, &ctx->alloc, directory, err);

    if (rc == CMG_OK)
        rc = load_key(ctx, directory, &out->key, err);
    if (rc == CMG_OK)
        rc = load_chain(ctx, directory, out, err);
    if (rc != CMG_OK)
        cmg__authority_files_done(&ctx->alloc, out);
    return rc;
}

void cmg__authority_files_done(const struct cmg__alloc *alloc,
                               struct cmg__authority_files *files)
{
    cmg__x509_free_list(alloc, files->chain, files->count);
    cmg__key_free(files->key);
    *files = (struct cmg__authority_files){ .chain = NULL };
}

/* text is what filling it came to; it is written whole or not at all, and done. */
static cmg_status save(cmg_context *ctx, const char *directory, const char *name,
                       struct cmg__buf *text, cmg_status rc, cmg_error **err)
{
    char *path = path_of(ctx, directory, name);

    if (rc != CMG_OK || path == NULL)
        rc = cmg__fail_nomem(err);
    else
        rc = cmg__file_replace(&ctx->env, &ctx->alloc, path, 0600, text->data, text->len,
                               err);
    cmg__free(&ctx->alloc, path);
    cmg__buf_done(text);
    return rc;
}

cmg_status cmg__authority_save_key(cmg_context *ctx, const char *directory,
                                   const struct cmg__key *key, cmg_error **err)
{
    struct cmg__buf text;

    cmg__buf_init_secret(&text, &ctx->alloc, FILE_MAX);
    return save(ctx, directory, "ca.key", &text, cmg__key_write_pem(key, &text), err);
}

cmg_status cmg__authority_save_chain(cmg_context *ctx, const char *directory,
                                     struct cmg__x509 *const *chain, size_t count,
                                     cmg_error **err)
{
    struct cmg__buf text;
    cmg_status rc = CMG_OK;

    cmg__buf_init(&text, &ctx->alloc, FILE_MAX);
    for (size_t i = 0; i < count && rc == CMG_OK; i++)
        rc = cmg__x509_write_pem(chain[i], &text);
    return save(ctx, directory, "ca.pem", &text, rc, err);
}
