/*
 * The default stores, over the env seam. A secret is replaced whole or not at all. The
 * journal is begun anew by each owner and appended to by him alone; the lock is the
 * kernel's, so that a killed process holds none.
 */
#include "deploy/stores.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"
#include "deploy/journal.h"

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
        .fd = -1,
    };
    cmg__buf_init(&store->kept, &ctx->alloc, CMG__JOURNAL_MAX);
    if (store->path != NULL && store->lock_path != NULL && store->secret_dir != NULL)
        return CMG_OK;
    cmg__file_store_done(store);
    return CMG_E_NOMEM;
}

static void own(struct cmg__file_store *store, int fd)
{
    const struct cmg__env *env = &store->ctx->env;

    if (store->fd >= 0)
        (void)env->close(env->user, store->fd);
    store->fd = fd;
}

static int store_unlock(void *user)
{
    struct cmg__file_store *store = user;
    const struct cmg__env *env = &store->ctx->env;
    int rc = store->lock_fd < 0 ? 0 : env->close(env->user, store->lock_fd);

    store->lock_fd = -1;
    own(store, -1);
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
    cmg__buf_done(&store->kept);
    *store = (struct cmg__file_store){ .lock_fd = -1, .fd = -1 };
}

/* 1: held. 0: the file lost its name before it was locked; the name has another now. */
static int try_lock(struct cmg__file_store *store)
{
    const struct cmg__env *env = &store->ctx->env;
    int fd = env->open(env->user, store->lock_path, O_RDWR | O_CREAT, 0600);

    if (fd < 0)
        return fd;
    int rc = env->lock(env->user, fd);
    if (rc == 0)
        rc = env->is_same(env->user, fd, store->lock_path);
    if (rc == 1)
        store->lock_fd = fd;
    else
        (void)env->close(env->user, fd);
    return rc;
}

static int store_lock(void *user)
{
    int rc = 0;

    for (int tries = 0; rc == 0 && tries < 8; tries++)
        rc = try_lock(user);
    return rc == 1 ? 0 : rc == 0 ? -EWOULDBLOCK : rc;
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
    cmg_error *err = NULL;
    const cmg_status rc = cmg__file_remove(&ctx->env, &ctx->alloc, path, &err);

    return errno_of(rc, err);
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

/* ---- one owner at a time ---- */

static int keep(struct cmg__buf *kept, const void *data, size_t size)
{
    cmg__buf_clear(kept);
    return cmg__buf_add(kept, data, size) == CMG_OK ? 0 : -ENOMEM;
}

/* A new file under the journal's name, with this owner as the only one who has it open.
 */
static int take_place(struct cmg__file_store *store, const void *data, size_t size)
{
    cmg_context *ctx = store->ctx;
    cmg_error *err = NULL;
    int fd = -1;
    int rc = keep(&store->kept, data, size);

    if (rc == 0) {
        const cmg_status status = cmg__file_replace_open(
            &ctx->env, &ctx->alloc, store->path, 0600, data, size, &fd, &err);
        rc = errno_of(status, err);
    }
    if (rc == 0)
        own(store, fd);
    store->broken = rc != 0;
    return rc;
}

/* What was written in part is taken back. A file whose fsync failed is not written again:
   the kernel may have dropped what it could not store and call the next fsync a success.
 */
static int append(struct cmg__file_store *store, const char *data, size_t size)
{
    const struct cmg__env *env = &store->ctx->env;
    const size_t before = store->kept.len;

    if (store->broken)
        return -EIO;
    if (cmg__buf_add(&store->kept, data, size) != CMG_OK)
        return -ENOMEM;
    int rc = cmg__file_write(env, store->fd, data, size);
    const bool written = rc == 0;
    if (written)
        rc = env->fsync(env->user, store->fd);
    if (rc == 0)
        return 0;
    store->kept.len = before;
    store->broken = written || env->truncate(env->user, store->fd, before) != 0;
    return rc;
}

/* Until the end of what the file has; 0 or a negative errno. */
static int read_on(const struct cmg__env *env, int fd, struct cmg__buf *out)
{
    char chunk[4096];
    int64_t got = 0;
    cmg_status rc = CMG_OK;

    do {
        got = env->read(env->user, fd, chunk, sizeof chunk);
        if (got > 0)
            rc = cmg__buf_add(out, chunk, (size_t)got);
    } while ((got > 0 || got == -EINTR) && rc == CMG_OK);
    if (rc == CMG_E_LIMIT)
        return -EFBIG;
    return rc != CMG_OK ? -ENOMEM : (int)got;
}

/* What the former owner managed to write while his file was replaced belongs to it, too:
   he may have acted on it. */
static int claim_over(struct cmg__file_store *store, int former, struct cmg__buf *text)
{
    const struct cmg__env *env = &store->ctx->env;
    int rc = former < 0 ? 0 : read_on(env, former, text);

    if (rc == 0)
        rc = take_place(store, cmg__buf_cstr(text), text->len);
    const size_t before = text->len;
    if (rc == 0 && former >= 0)
        rc = read_on(env, former, text);
    if (rc == 0 && text->len > before)
        rc = append(store, text->data + before, text->len - before);
    return rc;
}

static int64_t journal_claim(void *user)
{
    struct cmg__file_store *store = user;
    const struct cmg__env *env = &store->ctx->env;
    struct cmg__buf text;
    int former = env->open(env->user, store->path, O_RDONLY, 0);

    if (former < 0 && former != -ENOENT)
        return former;
    cmg__buf_init(&text, &store->ctx->alloc, CMG__JOURNAL_MAX);
    int rc = claim_over(store, former, &text);
    cmg__buf_done(&text);
    if (former >= 0)
        (void)env->close(env->user, former);
    return rc == 0 ? ++store->owner : rc;
}

static int journal_check(int64_t owner, void *user)
{
    const struct cmg__file_store *store = user;
    const struct cmg__env *env = &store->ctx->env;

    if (store->fd < 0 || owner != store->owner)
        return -ESTALE;
    int rc = env->is_same(env->user, store->fd, store->path);
    return rc == 0 ? -ESTALE : rc == 1 ? 0 : rc;
}

static bool goes_on(const struct cmg__buf *kept, const void *data, size_t size)
{
    return kept->len > 0 && size >= kept->len && memcmp(kept->data, data, kept->len) == 0;
}

static int journal_save_as(int64_t owner, const void *data, size_t size, void *user)
{
    struct cmg__file_store *store = user;
    int rc = journal_check(owner, user);

    if (rc != 0)
        return rc;
    if (size == 0)
        return remove_file(store->ctx, store->path);
    if (!goes_on(&store->kept, data, size))
        return take_place(store, data, size);
    const size_t before = store->kept.len;
    rc = append(store, (const char *)data + before, size - before);
    /* It is in the journal only when the file still has the name. */
    return rc == 0 ? journal_check(owner, user) : rc;
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
        .claim = journal_claim,
        .save_as = journal_save_as,
        .check = journal_check,
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
