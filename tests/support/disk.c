/* See disk.h. */
#include "support/disk.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* ---- names ---- */

static int find(const struct disk_name *names, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i].path, path) == 0)
            return (int)i;
    }
    return -1;
}

static void put_name(struct disk_name *names, size_t *count, const char *path, int file)
{
    int i = find(names, *count, path);

    if (i < 0) {
        ck_assert_uint_lt(*count, DISK_FILES);
        i = (int)(*count)++;
    }
    ck_assert_uint_lt(strlen(path), sizeof names[i].path);
    strcpy(names[i].path, path);
    names[i].file = file;
}

static void drop_name(struct disk_name *names, size_t *count, const char *path)
{
    const int i = find(names, *count, path);

    if (i >= 0)
        names[i] = names[--*count];
}

/* Renames and removals of what is not there do nothing. */
static void apply(struct disk_name *names, size_t *count, const struct disk_entry *e)
{
    const int from = find(names, *count, e->path);

    if (e->kind == DISK_LINK) {
        put_name(names, count, e->path, e->file);
    } else if (e->kind == DISK_UNLINK) {
        drop_name(names, count, e->path);
    } else {
        if (from >= 0)
            drop_name(names, count, e->path);
        put_name(names, count, e->to, e->file);
    }
}

static bool is_in(const char *path, const char *directory)
{
    const size_t n = strlen(directory);

    return strncmp(path, directory, n) == 0 && path[n] == '/' &&
           strchr(path + n + 1, '/') == NULL;
}

/* ---- calls ---- */

static void point(struct disk *disk)
{
    if (disk->on_change != NULL)
        disk->on_change(disk, disk->user);
}

/* 0, or the errno that the call gets instead of being done. */
static int begin(struct disk *disk, const char *path)
{
    point(disk);
    if (++disk->calls != disk->fail_at)
        return 0;
    disk->failed = path;
    return -disk->fail_errno;
}

static const char *path_of(const struct disk *disk, int file)
{
    for (size_t i = 0; i < disk->now_count; i++) {
        if (disk->now[i].file == file)
            return disk->now[i].path;
    }
    return "";
}

static void note(struct disk *disk, enum disk_entry_kind kind, const char *path,
                 const char *to, int file)
{
    struct disk_entry *e = &disk->pending[disk->pending_count++];

    ck_assert_uint_le(disk->pending_count, DISK_PENDING);
    *e = (struct disk_entry){ .kind = kind, .file = file };
    strcpy(e->path, path);
    strcpy(e->to, to);
    apply(disk->now, &disk->now_count, e);
}

static int new_file(struct disk *disk, const char *path, bool is_directory)
{
    ck_assert_uint_lt(disk->file_count, DISK_FILES);
    const int file = (int)disk->file_count++;

    disk->files[file] = (struct disk_file){ .is_directory = is_directory };
    note(disk, DISK_LINK, path, "", file);
    return file;
}

static bool has_parent(const struct disk *disk, const char *path)
{
    for (size_t i = 0; i < disk->now_count; i++) {
        if (disk->files[disk->now[i].file].is_directory && is_in(path, disk->now[i].path))
            return true;
    }
    return false;
}

static void change(struct disk_file *file, bool truncates, size_t at, size_t n)
{
    ck_assert_uint_lt(file->pending_count, DISK_PENDING);
    file->pending[file->pending_count++] =
        (struct disk_change){ truncates, at, n, false };
}

static int open_new(struct disk *disk, const char *path)
{
    if (!has_parent(disk, path))
        return -ENOENT;
    const int rc = begin(disk, path);

    return rc != 0 ? rc : new_file(disk, path, false);
}

static int find_fd(const struct disk *disk)
{
    int fd = 0;

    while (disk->fds[fd].file >= 0)
        ck_assert_int_lt(++fd, DISK_FDS);
    return fd;
}

static int disk_open(void *user, const char *path, int flags, int mode)
{
    struct disk *disk = user;
    const int i = find(disk->now, disk->now_count, path);
    int file = i < 0 ? -ENOENT : disk->now[i].file;

    (void)mode;
    if (i < 0 && (flags & O_CREAT) != 0)
        file = open_new(disk, path);
    if (file < 0)
        return file;
    if (i >= 0 && (flags & O_TRUNC) != 0 && disk->files[file].now_len > 0) {
        const int rc = begin(disk, path);
        if (rc != 0)
            return rc;
        change(&disk->files[file], true, 0, 0);
        disk->files[file].now_len = 0;
    }
    const int fd = find_fd(disk);
    disk->fds[fd].file = file;
    disk->fds[fd].at = 0;
    disk->fds[fd].appends = (flags & O_APPEND) != 0;
    disk->fds[fd].locks = false;
    point(disk);
    return fd;
}

static int64_t disk_read(void *user, int fd, void *out, size_t n)
{
    struct disk *disk = user;
    const struct disk_file *file = &disk->files[disk->fds[fd].file];
    const size_t at = disk->fds[fd].at;
    const size_t left = at < file->now_len ? file->now_len - at : 0;

    if (n > left)
        n = left;
    memcpy(out, file->now + at, n);
    disk->fds[fd].at += n;
    return (int64_t)n;
}

/* A write that fails has written half of it: that is how disks fill up. */
static int64_t disk_write(void *user, int fd, const void *data, size_t n)
{
    struct disk *disk = user;
    struct disk_file *file = &disk->files[disk->fds[fd].file];
    const int rc = begin(disk, path_of(disk, disk->fds[fd].file));
    const size_t at = disk->fds[fd].appends ? file->now_len : disk->fds[fd].at;

    if (rc != 0)
        n /= 2;
    ck_assert_uint_le(at + n, DISK_BYTES);
    memcpy(file->now + at, data, n);
    if (at + n > file->now_len)
        file->now_len = at + n;
    disk->fds[fd].at = at + n;
    change(file, false, at, n);
    point(disk);
    return rc != 0 ? rc : (int64_t)n;
}

static void keep_change(struct disk_file *file, const struct disk_change *c)
{
    if (c->truncates) {
        file->kept_len = c->at;
        return;
    }
    if (c->at > file->kept_len)
        memset(file->kept + file->kept_len, 0, c->at - file->kept_len);
    memcpy(file->kept + c->at, file->now + c->at, c->n);
    if (c->at + c->n > file->kept_len)
        file->kept_len = c->at + c->n;
}

static void sync_names(struct disk *disk, const char *directory)
{
    size_t left = 0;

    for (size_t i = 0; i < disk->pending_count; i++) {
        if (is_in(disk->pending[i].path, directory))
            apply(disk->kept, &disk->kept_count, &disk->pending[i]);
        else
            disk->pending[left++] = disk->pending[i];
    }
    disk->pending_count = left;
}

static int disk_fsync(void *user, int fd)
{
    struct disk *disk = user;
    struct disk_file *file = &disk->files[disk->fds[fd].file];
    const char *path = path_of(disk, disk->fds[fd].file);
    const int rc = begin(disk, path);

    if (rc != 0) {
        for (size_t i = 0; i < file->pending_count; i++)
            file->pending[i].lost = true;
        return rc;
    }
    if (file->is_directory)
        sync_names(disk, path);
    for (size_t i = 0; i < file->pending_count; i++) {
        if (!file->pending[i].lost)
            keep_change(file, &file->pending[i]);
    }
    file->pending_count = 0;
    point(disk);
    return 0;
}

static int disk_close(void *user, int fd)
{
    ((struct disk *)user)->fds[fd].file = -1;
    return 0;
}

static int disk_rename(void *user, const char *from, const char *to)
{
    struct disk *disk = user;
    const int i = find(disk->now, disk->now_count, from);
    const int rc = begin(disk, to);

    if (rc != 0)
        return rc;
    if (i < 0)
        return -ENOENT;
    note(disk, DISK_RENAME, from, to, disk->now[i].file);
    point(disk);
    return 0;
}

static int disk_unlink(void *user, const char *path)
{
    struct disk *disk = user;

    if (find(disk->now, disk->now_count, path) < 0)
        return -ENOENT;
    const int rc = begin(disk, path);
    if (rc != 0)
        return rc;
    note(disk, DISK_UNLINK, path, "", 0);
    point(disk);
    return 0;
}

static int disk_mkdir(void *user, const char *path, int mode)
{
    struct disk *disk = user;

    (void)mode;
    if (find(disk->now, disk->now_count, path) >= 0)
        return -EEXIST;
    const int rc = begin(disk, path);
    if (rc == 0)
        (void)new_file(disk, path, true);
    point(disk);
    return rc;
}

static int disk_truncate(void *user, int fd, size_t size)
{
    struct disk *disk = user;
    struct disk_file *file = &disk->files[disk->fds[fd].file];
    const int rc = begin(disk, path_of(disk, disk->fds[fd].file));

    if (rc != 0)
        return rc;
    change(file, true, size, 0);
    file->now_len = size;
    point(disk);
    return 0;
}

static int disk_is_same(void *user, int fd, const char *path)
{
    const struct disk *disk = user;
    const int i = find(disk->now, disk->now_count, path);

    return i >= 0 && disk->now[i].file == disk->fds[fd].file;
}

static int disk_lock(void *user, int fd)
{
    struct disk *disk = user;

    for (int i = 0; i < DISK_FDS; i++) {
        if (disk->fds[i].file == disk->fds[fd].file && disk->fds[i].locks)
            return -EWOULDBLOCK;
    }
    disk->fds[fd].locks = true;
    return 0;
}

static void wire(struct disk *disk)
{
    disk->env = cmg__env_system;
    disk->env.user = disk;
    disk->env.open = disk_open;
    disk->env.read = disk_read;
    disk->env.write = disk_write;
    disk->env.fsync = disk_fsync;
    disk->env.close = disk_close;
    disk->env.rename = disk_rename;
    disk->env.unlink = disk_unlink;
    disk->env.mkdir = disk_mkdir;
    disk->env.truncate = disk_truncate;
    disk->env.is_same = disk_is_same;
    disk->env.lock = disk_lock;
    for (int i = 0; i < DISK_FDS; i++)
        disk->fds[i].file = -1;
}

void disk_init(struct disk *disk)
{
    memset(disk, 0, sizeof *disk);
    wire(disk);
    (void)new_file(disk, "/d", true);
    put_name(disk->kept, &disk->kept_count, "/d", 0);
    disk->pending_count = 0;
}

/* ---- power cuts ---- */

/* What may be left of the last change that is there: all, the first half, the second half
   after a hole, or the length alone. */
enum { PARTS = 4 };

static size_t ways_of(const struct disk_file *file)
{
    size_t n = 0;

    for (size_t i = 0; i < file->pending_count; i++)
        n += !file->pending[i].lost;
    return n == 0 ? 1 : ((size_t)1 << n) * PARTS;
}

size_t disk_ways(const struct disk *disk)
{
    size_t ways = (size_t)1 << disk->pending_count;

    for (size_t i = 0; i < disk->file_count; i++)
        ways *= ways_of(&disk->files[i]);
    return ways;
}

static void keep_part(struct disk_file *file, const struct disk_change *c, size_t part)
{
    const size_t half = c->n / 2;
    struct disk_change first = { c->truncates, c->at, half, false };

    if (part == 1) {
        keep_change(file, &first);
        return;
    }
    keep_change(file, c);
    if (part == 2 && !c->truncates)
        memset(file->kept + c->at, 0, half);
    if (part == 3 && !c->truncates)
        memset(file->kept + c->at, 0, c->n);
}

static void cut_file(struct disk_file *file, size_t way)
{
    const size_t part = way % PARTS;
    size_t mask = way / PARTS;
    const struct disk_change *last = NULL;

    for (size_t i = 0; i < file->pending_count; i++) {
        if (file->pending[i].lost)
            continue;
        if ((mask & 1) != 0) {
            if (last != NULL)
                keep_change(file, last);
            last = &file->pending[i];
        }
        mask >>= 1;
    }
    if (last != NULL)
        keep_part(file, last, part);
    memcpy(file->now, file->kept, sizeof file->now);
    file->now_len = file->kept_len;
    file->pending_count = 0;
}

/* What lies in a directory that is not there, is not there. */
static void drop_orphans(struct disk *disk)
{
    for (size_t i = 0; i < disk->now_count;) {
        if (strcmp(disk->now[i].path, "/d") == 0 || has_parent(disk, disk->now[i].path)) {
            i++;
            continue;
        }
        disk->now[i] = disk->now[--disk->now_count];
        i = 0;
    }
}

void disk_cut(const struct disk *disk, size_t way, struct disk *out)
{
    *out = *disk;
    out->on_change = NULL;
    out->fail_at = 0;
    wire(out);
    for (size_t i = 0; i < out->file_count; i++) {
        const size_t ways = ways_of(&out->files[i]);
        cut_file(&out->files[i], way % ways);
        way /= ways;
    }
    for (size_t i = 0; i < disk->pending_count; i++) {
        if ((way >> i & 1) != 0)
            apply(out->kept, &out->kept_count, &disk->pending[i]);
    }
    out->pending_count = 0;
    memcpy(out->now, out->kept, sizeof out->now);
    out->now_count = out->kept_count;
    drop_orphans(out);
    memcpy(out->kept, out->now, sizeof out->kept);
    out->kept_count = out->now_count;
}
