/*
 * The one seam to the world outside memory: clock, randomness, files. Sockets are net/'s.
 * A context copies a table at birth (cmg__env_system); tests put their own in its place
 * to kill, starve and fast-forward the library. Functions return 0 or a negative errno.
 */
#ifndef CMG_BASE_ENV_H
#define CMG_BASE_ENV_H

#include "base/buf.h"

struct cmg__env {
    void *user;
    int64_t (*monotonic_ns)(void *user);
    int64_t (*unix_ms)(void *user);
    int (*random)(void *user, void *out, size_t n);
    /* Files. Descriptors are close-on-exec; modes are permission bits. */
    int (*open)(void *user, const char *path, int flags, int mode); /* fd or -errno */
    int64_t (*read)(void *user, int fd, void *out, size_t n);
    int64_t (*write)(void *user, int fd, const void *data, size_t n);
    int (*fsync)(void *user, int fd);
    int (*close)(void *user, int fd);
    int (*rename)(void *user, const char *from, const char *to);
    int (*unlink)(void *user, const char *path);
    int (*mkdir)(void *user, const char *path, int mode);
    int (*truncate)(void *user, int fd, size_t size);
    /* Whether the path names the open file: 1, 0 when it names another or none. */
    int (*is_same)(void *user, int fd, const char *path);
    /* Exclusive advisory lock of the whole file, without waiting: -EWOULDBLOCK if held.
     */
    int (*lock)(void *user, int fd);
};

extern const struct cmg__env cmg__env_system;

int64_t cmg__env_now_ms(const struct cmg__env *env); /* monotonic */
int64_t cmg__env_unix_s(const struct cmg__env *env);

/* Whole files. The error names the path; max bytes at most (CMG_E_LIMIT). */
cmg_status cmg__file_read(const struct cmg__env *env, const struct cmg__alloc *alloc,
                          const char *path, size_t max, struct cmg__buf *out,
                          cmg_error **err);
/* Written beside as "<path>.new", fsynced, renamed, directory fsynced. Either the old
   content or the new one is there afterwards, never half of it. */
cmg_status cmg__file_replace(const struct cmg__env *env, const struct cmg__alloc *alloc,
                             const char *path, int mode, const void *data, size_t n,
                             cmg_error **err);
/* The same; the new file stays open, for appending. */
cmg_status cmg__file_replace_open(const struct cmg__env *env,
                                  const struct cmg__alloc *alloc, const char *path,
                                  int mode, const void *data, size_t n, int *out_fd,
                                  cmg_error **err);
/* All of it, not durable yet; 0 or a negative errno. */
int cmg__file_write(const struct cmg__env *env, int fd, const void *data, size_t n);
/* Makes what happened to the names in the directory of that file durable. */
cmg_status cmg__dir_sync(const struct cmg__env *env, const struct cmg__alloc *alloc,
                         const char *path, cmg_error **err);
/* Durably; an absent one is fine. */
cmg_status cmg__file_remove(const struct cmg__env *env, const struct cmg__alloc *alloc,
                            const char *path, cmg_error **err);
/* Makes one directory, 0700, durably; one that is there is fine. */
cmg_status cmg__dir_make(const struct cmg__env *env, const struct cmg__alloc *alloc,
                         const char *path, cmg_error **err);

#endif
