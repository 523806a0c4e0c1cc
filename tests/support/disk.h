/*
 * A disk that forgets what was not synced. Files live in memory behind the env seam; what
 * was written, made, renamed and removed since the last fsync of the file or its
 * directory may be there after a power cut, or not, each by itself: disk_cut makes one
 * disk for each way it may have gone. The call with a given number can fail as a full or
 * a broken disk does; what a failed fsync was to store is never stored.
 */
#ifndef TESTS_SUPPORT_DISK_H
#define TESTS_SUPPORT_DISK_H

#include "base/env.h"

#define DISK_FILES   24
#define DISK_FDS     16
#define DISK_PENDING 8
#define DISK_BYTES   16384

/* A write or a truncation that the disk need not know of yet. */
struct disk_change {
    bool truncates;
    size_t at, n; /* into the file's bytes as they are now */
    bool lost;    /* its fsync failed */
};

struct disk_file {
    char now[DISK_BYTES], kept[DISK_BYTES];
    size_t now_len, kept_len;
    struct disk_change pending[DISK_PENDING];
    size_t pending_count;
    bool is_directory;
};

enum disk_entry_kind { DISK_LINK, DISK_RENAME, DISK_UNLINK };

struct disk_entry {
    enum disk_entry_kind kind;
    char path[96], to[96];
    int file;
};

struct disk_name {
    char path[96];
    int file;
};

struct disk {
    struct cmg__env env;
    struct disk_file files[DISK_FILES];
    size_t file_count;
    struct disk_name now[DISK_FILES], kept[DISK_FILES];
    size_t now_count, kept_count;
    struct disk_entry pending[DISK_PENDING];
    size_t pending_count;
    struct {
        int file; /* -1: closed */
        size_t at;
        bool appends, locks;
    } fds[DISK_FDS];
    unsigned calls; /* that change something, so far */
    unsigned fail_at;
    int fail_errno;
    const char *failed; /* the path of the call that failed, or NULL */
    /* Before and after each call that changes something. */
    void (*on_change)(struct disk *disk, void *user);
    void *user;
};

/* With one directory, "/d". env is then the system's, but for files. */
void disk_init(struct disk *disk);
/* The ways a power cut may leave the disk: 0 to disk_ways - 1. */
size_t disk_ways(const struct disk *disk);
void disk_cut(const struct disk *disk, size_t way, struct disk *out);

#endif
