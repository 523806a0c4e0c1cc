/*
 * The default stores, over the env seam. A file is replaced whole or not at all; the lock
 * is the kernel's, so that a killed process holds none.
 */
#include "deploy/stores.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"

/* Stores speak errno; what the file functions report is turned back into it. */
static int errno_of(cmg_status rc, cmg_error *err)
{
    int64_t number = cmg_error_origin_number(err);

    if (rc == CMG_OK)
        return 0;
    cmg_error_unref(err);
    if (rc == CMG_E_NOMEM)
        return -ENOMEM;
    if (rc == CMG_E_LIMIT)
        return -EFBIG;
    return number > 0 && number < 4096 ? (int)-number : -EIO;
}

cmg_status cmg__file_store_init(struct cmg__file_store *store, cmg_context *ctx,
                                const char *path)
{
    *store = (struct cmg__file_store){
        .ctx = ctx,
        .path = cmg__strdup(&ctx->alloc, path),
        .lock_path = cmg__format(&ctx->alloc, "%s.lock", path),
        .secret_dir = cmg__format(&ctx->alloc, "%s.secrets", path),
        .lock_fd = -1,
    };
    if (store->path != NULL && store->lock_path != NULL && store->secret_dir != NULL)
        return CMG_OK;
    cmg__file_store_done(store);
    return CMG_E_NOMEM;
}

static int store_unlock(void *user)
{
    struct cmg__file_store *store = user;
    const struct cmg__env *env = &store->ctx->env;
    int rc = store->lock_fd < 0 ? 0 : env->close(env->user, store->lock_fd);

    store->lock_fd = -1;
    return rc;
}

void cmg__file_store_done(struct cmg__file_store *store)
{
    if (store->ctx == NULL)
        return;
    const struct cmg__alloc *alloc = &store->ctx->alloc;

    (void)store_unlock(store);
    cmg__free(alloc, store->path);
    cmg__free(alloc, store->lock_path);
    cmg__free(alloc, store->secret_dir);
    *store = (struct cmg__file_store){ .lock_fd = -1 };
}

static int store_lock(void *user)
{
    struct cmg__file_store *store = user;
    const struct cmg__env *env = &store->ctx->env;
    int fd = env->open(env->user, store->lock_path, O_RDWR | O_CREAT, 0600);

    if (fd < 0)
        return fd;
    int rc = env->lock(env->user, fd);
    if (rc != 0) {
        (void)env->close(env->user, fd);
        return rc;
    }
    store->lock_fd = fd;
    return 0;
}

/* The whole file, copied into out; absent is -ENOENT. */
static int64_t read_file(cmg_context *ctx, const char *path, void *out, size_t max)
{
    struct cmg__buf text;
    cmg_error *err = NULL;

    cmg__buf_init_secret(&text, &ctx->alloc, max);
    cmg_status rc = cmg__file_read(&ctx->env, &ctx->alloc, path, max, &text, &err);
    int64_t n = errno_of(rc, err);
    if (rc == CMG_OK) {
        n = (int64_t)text.len;
        if (text.len > 0)
            memcpy(out, text.data, text.len);
    }
    cmg__buf_done(&text);
    return n;
}

static int64_t journal_load(void *out, size_t max, void *user)
{
    const struct cmg__file_store *store = user;
    int64_t n = read_file(store->ctx, store->path, out, max);

    return n == -ENOENT ? 0 : n;
}

static int remove_file(cmg_context *ctx, const char *path)
{
    int rc = ctx->env.unlink(ctx->env.user, path);

    return rc == -ENOENT ? 0 : rc;
}

static int journal_save(const void *data, size_t size, void *user)
{
    const struct cmg__file_store *store = user;
    cmg_context *ctx = store->ctx;
    cmg_error *err = NULL;

    if (size == 0)
        return remove_file(ctx, store->path);
    cmg_status rc =
        cmg__file_replace(&ctx->env, &ctx->alloc, store->path, 0600, data, size, &err);
    return errno_of(rc, err);
}

cmg_journal_store cmg__file_store_journal(struct cmg__file_store *store)
{
    return (cmg_journal_store){
        .size = sizeof(cmg_journal_store),
        .user = store,
        .load = journal_load,
        .save = journal_save,
        .lock = store_lock,
        .unlock = store_unlock,
    };
}

static char *secret_path(const struct cmg__file_store *store, const char *name)
{
    return cmg__format(&store->ctx->alloc, "%s/%s", store->secret_dir, name);
}

static int secret_put(const char *name, const void *data, size_t size, void *user)
{
    const struct cmg__file_store *store = user;
    cmg_context *ctx = store->ctx;
    cmg_error *err = NULL;
    char *path = secret_path(store, name);

    if (path == NULL)
        return -ENOMEM;
    cmg_status rc = cmg__dir_make(&ctx->env, &ctx->alloc, store->secret_dir, &err);
    if (rc == CMG_OK)
        rc = cmg__file_replace(&ctx->env, &ctx->alloc, path, 0600, data, size, &err);
    cmg__free(&ctx->alloc, path);
    return errno_of(rc, err);
}

static int64_t secret_get(const char *name, void *out, size_t max, void *user)
{
    const struct cmg__file_store *store = user;
    char *path = secret_path(store, name);

    if (path == NULL)
        return -ENOMEM;
    int64_t n = read_file(store->ctx, path, out, max);
    cmg__free(&store->ctx->alloc, path);
    return n;
}

static int secret_remove(const char *name, void *user)
{
    const struct cmg__file_store *store = user;
    char *path = secret_path(store, name);

    if (path == NULL)
        return -ENOMEM;
    int rc = remove_file(store->ctx, path);
    cmg__free(&store->ctx->alloc, path);
    return rc;
}

cmg_secret_store cmg__file_store_secrets(struct cmg__file_store *store)
{
    return (cmg_secret_store){
        .size = sizeof(cmg_secret_store),
        .user = store,
        .put = secret_put,
        .get = secret_get,
        .remove = secret_remove,
    };
}
