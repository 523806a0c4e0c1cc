/*
 * What every suite needs: a runner, an allocator that counts, fails on demand and checks
 * canaries, a context with a fake clock, a directory that goes away, open descriptors.
 */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <check.h>
#include "base/context.h"

/* Runs suites (NULL-terminated) and returns main's status. */
int support_run(Suite *const *suites);

/* ---- allocator ---- */
struct support_alloc {
    struct cmg__alloc alloc; /* hand out &x.alloc or x.alloc.table */
    size_t live;             /* blocks not given back */
    size_t live_bytes;       /* what they hold */
    size_t count;            /* allocations and reallocations so far */
    size_t fail_at;          /* the n-th one fails (1 = next), 0: none */
    bool fail_after;         /* and every one after it, too */
    const char *canary;      /* text that no freed block may contain, or NULL */
    bool canary_seen;
};
void support_alloc_init(struct support_alloc *a);

/* ---- environment: the system's, with a clock of our own and seeded randomness ---- */
struct support_env {
    struct cmg__env env;
    int64_t now_ns;  /* monotonic */
    int64_t unix_ms; /* starts at 2026-11-23T00:00:00Z */
    uint64_t seed;
    /* files: the n-th call of that kind fails with -errno; 0: none */
    int fail_errno;
    unsigned fail_write_at, fail_fsync_at, fail_rename_at, fail_open_at;
    unsigned writes, fsyncs, renames, opens;
};
void support_env_init(struct support_env *e);
/* Moves both clocks. */
void support_env_advance_ms(struct support_env *e, int64_t ms);

/* ---- places ---- */
/* A fresh directory; the returned text is static per process, removed by _done. */
const char *support_dir(void);
void support_dir_done(void);
/* "<dir>/<name>", from a small ring of static buffers. */
const char *support_path(const char *name);
void support_write_file(const char *path, const void *data, size_t n);
/* Reads a whole file; the caller frees. NULL when absent. */
char *support_read_file(const char *path, size_t *n);
/* Runs a command (argv, NULL-terminated) with stdout and stderr into one text (caller
   frees); returns the exit status, -1 when it could not run. */
int support_command(const char *const *argv, char **out);
/* How many descriptors are open. */
int support_fd_count(void);

/* Fails the test with the error's text when rc is not CMG_OK, and gives the error back.
 */
void support_ok(cmg_status rc, cmg_error *err, const char *file, int line);
/* The call comes first: the error is what it left, not what was there before. */
#define ck_ok(rc, err)                                                                   \
    do {                                                                                 \
        cmg_status ck_ok_rc = (rc);                                                      \
        support_ok(ck_ok_rc, (err), __FILE__, __LINE__);                                 \
    } while (0)

/* The allocation-failure run: calls fn with the n-th allocation failing, for n = 1 up to
   the count of a clean run, in steps of step. fn returns CMG_OK or the status it got; a
   failing run must return CMG_E_NOMEM or succeed (a failure that was made good), and
   leave no live block. fn makes and frees everything with the given allocator. */
typedef cmg_status (*support_torture_fn)(struct support_alloc *a, void *user);
void support_torture(support_torture_fn fn, void *user, size_t step);

#endif
