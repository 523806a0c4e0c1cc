/*
 * Whole files through the env seam: read within a limit, replaced so that a crash at any
 * point leaves either the old content or the new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/env.h"
#include "base/error.h"
#include "base/str.h"

/* Until the end of the file or the limit; 0, or a negative errno. */
static int64_t read_all(const struct cmg__env *env, int fd, struct cmg__buf *out,
                        cmg_status *rc)
{
    char chunk[4096];
    int64_t got = 0;

    do {
        got = env->read(env->user, fd, chunk, sizeof chunk);
        if (got > 0)
            *rc = cmg__buf_add(out, chunk, (size_t)got);
    } while ((got > 0 || got == -EINTR) && *rc == CMG_OK);
    if (out->secret)
        explicit_bzero(chunk, sizeof chunk);
    return got < 0 ? got : 0;
}

cmg_status cmg__file_read(const struct cmg__env *env, const struct cmg__alloc *alloc,
                          const char *path, size_t max, struct cmg__buf *out,
                          cmg_error **err)
{
    int fd = env->open(env->user, path, O_RDONLY, 0);
    cmg_status rc = CMG_OK;
    size_t room = max < SIZE_MAX - out->len ? out->len + max : SIZE_MAX;
    size_t limit = out->max;

    if (fd < 0)
        return cmg__fail_os(err, alloc, -fd, path, "open");
    if (out->max > room)
        out->max = room;
    int64_t number = read_all(env, fd, out, &rc);

    out->max = limit;
    (void)env->close(env->user, fd);
    if (number < 0)
        return cmg__fail_os(err, alloc, (int)-number, path, "read");
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    if (rc != CMG_OK)
        return cmg__fail(err, alloc, rc, path, "check that it is the right file",
                         "%s is larger than %zu bytes", path, max);
    return CMG_OK;
}

int cmg__file_write(const struct cmg__env *env, int fd, const void *data, size_t n)
{
    const char *p = data;

    while (n > 0) {
        int64_t put = env->write(env->user, fd, p, n);

        if (put == -EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? (int)put : -EIO;
        p += put;
        n -= (size_t)put;
    }
    return 0;
}

/* The new content, durable under its temporary name; its descriptor or -errno. */
static int write_beside(const struct cmg__env *env, const char *temporary, int mode,
                        const void *data, size_t n)
{
    int fd =
        env->open(env->user, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, mode);

    if (fd < 0)
        return fd;
    int rc = cmg__file_write(env, fd, data, n);

    if (rc == 0)
        rc = env->fsync(env->user, fd);
    if (rc == 0)
        return fd;
    (void)env->close(env->user, fd);
    return rc;
}

/* A change of a directory is durable only when the directory is. */
static int sync_directory(const struct cmg__env *env, const char *path, char *scratch)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path);

    memcpy(scratch, slash == NULL ? "." : "/", 2);
    if (n > 0) {
        memcpy(scratch, path, n);
        scratch[n] = '\0';
    }
    int fd = env->open(env->user, scratch, O_RDONLY | O_DIRECTORY, 0);

    if (fd < 0)
        return fd;
    int rc = env->fsync(env->user, fd);

    (void)env->close(env->user, fd);
    return rc;
}

cmg_status cmg__file_replace_open(const struct cmg__env *env,
                                  const struct cmg__alloc *alloc, const char *path,
                                  int mode, const void *data, size_t n, int *out_fd,
                                  cmg_error **err)
{
    char *temporary = cmg__format(alloc, "%s.new", path);

    if (temporary == NULL)
        return cmg__fail_nomem(err);
    int fd = write_beside(env, temporary, mode, data, n);
    int rc = fd < 0 ? fd : env->rename(env->user, temporary, path);

    if (rc != 0)
        (void)env->unlink(env->user, temporary);
    else
        rc = sync_directory(env, path, temporary);
    if (rc != 0 && fd >= 0)
        (void)env->close(env->user, fd);
    cmg__free(alloc, temporary);
    if (rc != 0)
        return cmg__fail_os(err, alloc, -rc, path, "write");
    *out_fd = fd;
    return CMG_OK;
}

cmg_status cmg__file_replace(const struct cmg__env *env, const struct cmg__alloc *alloc,
                             const char *path, int mode, const void *data, size_t n,
                             cmg_error **err)
{
    int fd = -1;
    cmg_status rc = cmg__file_replace_open(env, alloc, path, mode, data, n, &fd, err);

    /* What close could still report, fsync has. */
    if (rc == CMG_OK)
        (void)env->close(env->user, fd);
    return rc;
}

/* rc is what the change itself gave. */
static cmg_status make_durable(const struct cmg__env *env, const struct cmg__alloc *alloc,
                               const char *path, int rc, const char *what,
                               cmg_error **err)
{
    char *scratch = rc == 0 ? cmg__format(alloc, "%s.", path) : NULL;

    if (rc == 0 && scratch == NULL)
        return cmg__fail_nomem(err);
    if (rc == 0)
        rc = sync_directory(env, path, scratch);
    cmg__free(alloc, scratch);
    return rc == 0 ? CMG_OK : cmg__fail_os(err, alloc, -rc, path, what);
}

cmg_status cmg__dir_sync(const struct cmg__env *env, const struct cmg__alloc *alloc,
                         const char *path, cmg_error **err)
{
    return make_durable(env, alloc, path, 0, "keep the name of", err);
}

cmg_status cmg__file_remove(const struct cmg__env *env, const struct cmg__alloc *alloc,
                            const char *path, cmg_error **err)
{
    int rc = env->unlink(env->user, path);

    return rc == -ENOENT ? CMG_OK : make_durable(env, alloc, path, rc, "remove", err);
}

cmg_status cmg__dir_make(const struct cmg__env *env, const struct cmg__alloc *alloc,
                         const char *path, cmg_error **err)
{
    int rc = env->mkdir(env->user, path, 0700);

    /* One that is there may be what a run before this one made and did not sync. */
    return make_durable(env, alloc, path, rc == -EEXIST ? 0 : rc, "make directory", err);
}
