/* The system's clock, randomness and files: the only file that calls them. */
#include "base/env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t sys_monotonic_ns(void *user)
{
    struct timespec t;

    (void)user;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t sys_unix_ms(void *user)
{
    struct timespec t;

    (void)user;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int sys_random(void *user, void *out, size_t n)
{
    uint8_t *p = out;

    (void)user;
    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);

        if (got < 0 && errno != EINTR)
            return -errno;
        if (got > 0) {
            p += got;
            n -= (size_t)got;
        }
    }
    return 0;
}

static int sys_open(void *user, const char *path, int flags, int mode)
{
    (void)user;
    int fd = open(path, flags | O_CLOEXEC, mode);

    return fd < 0 ? -errno : fd;
}

static int64_t sys_read(void *user, int fd, void *out, size_t n)
{
    (void)user;
    ssize_t got = read(fd, out, n);

    return got < 0 ? -errno : got;
}

static int64_t sys_write(void *user, int fd, const void *data, size_t n)
{
    (void)user;
    ssize_t put = write(fd, data, n);

    return put < 0 ? -errno : put;
}

static int sys_fsync(void *user, int fd)
{
    (void)user;
    return fsync(fd) != 0 ? -errno : 0;
}

static int sys_close(void *user, int fd)
{
    (void)user;
    return close(fd) != 0 ? -errno : 0;
}

static int sys_rename(void *user, const char *from, const char *to)
{
    (void)user;
    return rename(from, to) != 0 ? -errno : 0;
}

static int sys_unlink(void *user, const char *path)
{
    (void)user;
    return unlink(path) != 0 ? -errno : 0;
}

static int sys_mkdir(void *user, const char *path, int mode)
{
    (void)user;
    return mkdir(path, (mode_t)mode) != 0 ? -errno : 0;
}

static int sys_truncate(void *user, int fd, size_t size)
{
    (void)user;
    return ftruncate(fd, (off_t)size) != 0 ? -errno : 0;
}

static int sys_is_same(void *user, int fd, const char *path)
{
    struct stat open_file, named;

    (void)user;
    if (fstat(fd, &open_file) != 0)
        return -errno;
    if (stat(path, &named) != 0)
        return errno == ENOENT || errno == ESTALE ? 0 : -errno;
    return open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

static int sys_lock(void *user, int fd)
{
    (void)user;
    return flock(fd, LOCK_EX | LOCK_NB) != 0 ? -errno : 0;
}

const struct cmg__env cmg__env_system = {
    .monotonic_ns = sys_monotonic_ns,
    .unix_ms = sys_unix_ms,
    .random = sys_random,
    .open = sys_open,
    .read = sys_read,
    .write = sys_write,
    .fsync = sys_fsync,
    .close = sys_close,
    .rename = sys_rename,
    .unlink = sys_unlink,
    .mkdir = sys_mkdir,
    .truncate = sys_truncate,
    .is_same = sys_is_same,
    .lock = sys_lock,
};

int64_t cmg__env_now_ms(const struct cmg__env *env)
{
    return env->monotonic_ns(env->user) / 1000000;
}

int64_t cmg__env_unix_s(const struct cmg__env *env)
{
    return env->unix_ms(env->user) / 1000;
}
