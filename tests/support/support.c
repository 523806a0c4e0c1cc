/* See support.h. */
#include "support/support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int support_run(Suite *const *suites)
{
    SRunner *runner = srunner_create(NULL);

    for (; *suites != NULL; suites++)
        srunner_add_suite(runner, *suites);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- allocator: the size stands before the block ---- */

enum { HEAD = 16 };

static bool must_fail(struct support_alloc *a)
{
    a->count++;
    if (a->fail_at == 0)
        return false;
    return a->count == a->fail_at || (a->fail_after && a->count > a->fail_at);
}

static void *counted_alloc(size_t size, void *user)
{
    struct support_alloc *a = user;

    if (must_fail(a))
        return NULL;
    char *block = malloc(size + HEAD);

    if (block == NULL)
        return NULL;
    memcpy(block, &size, sizeof size);
    memset(block + HEAD, 0xa5, size);
    a->live++;
    a->live_bytes += size;
    return block + HEAD;
}

static void counted_free(void *p, void *user)
{
    struct support_alloc *a = user;
    char *block = (char *)p - HEAD;
    size_t size = 0;

    memcpy(&size, block, sizeof size);
    if (a->canary != NULL && memmem(p, size, a->canary, strlen(a->canary)) != NULL)
        a->canary_seen = true;
    memset(p, 0xdd, size);
    a->live--;
    a->live_bytes -= size;
    free(block);
}

static void *counted_realloc(void *p, size_t size, void *user)
{
    size_t old = 0;

    if (p != NULL)
        memcpy(&old, (char *)p - HEAD, sizeof old);
    void *fresh = counted_alloc(size, user);

    if (fresh == NULL)
        return NULL;
    if (p != NULL) {
        memcpy(fresh, p, old < size ? old : size);
        counted_free(p, user);
    }
    return fresh;
}

void support_alloc_init(struct support_alloc *a)
{
    *a = (struct support_alloc){ .alloc.table = { .size = sizeof(cmg_allocator),
                                                  .user = a,
                                                  .alloc = counted_alloc,
                                                  .realloc = counted_realloc,
                                                  .free = counted_free } };
}

/* ---- environment ---- */

static int64_t fake_monotonic_ns(void *user)
{
    return ((struct support_env *)user)->now_ns;
}

static int64_t fake_unix_ms(void *user)
{
    return ((struct support_env *)user)->unix_ms;
}

/* xorshift: repeatable, not secure. */
static int fake_random(void *user, void *out, size_t n)
{
    struct support_env *e = user;
    unsigned char *p = out;

    for (size_t i = 0; i < n; i++) {
        e->seed ^= e->seed << 13;
        e->seed ^= e->seed >> 7;
        e->seed ^= e->seed << 17;
        p[i] = (unsigned char)(e->seed >> 32);
    }
    return 0;
}

static int fake_open(void *user, const char *path, int flags, int mode)
{
    struct support_env *e = user;

    if (++e->opens == e->fail_open_at)
        return -e->fail_errno;
    return cmg__env_system.open(NULL, path, flags, mode);
}

/* A write that fails has written half of it: that is how disks fill up. */
static int64_t fake_write(void *user, int fd, const void *data, size_t n)
{
    struct support_env *e = user;

    if (++e->writes == e->fail_write_at) {
        (void)cmg__env_system.write(NULL, fd, data, n / 2);
        return -e->fail_errno;
    }
    return cmg__env_system.write(NULL, fd, data, n);
}

static int fake_fsync(void *user, int fd)
{
    struct support_env *e = user;

    return ++e->fsyncs == e->fail_fsync_at ? -e->fail_errno
                                           : cmg__env_system.fsync(NULL, fd);
}

static int fake_rename(void *user, const char *from, const char *to)
{
    struct support_env *e = user;

    return ++e->renames == e->fail_rename_at ? -e->fail_errno
                                             : cmg__env_system.rename(NULL, from, to);
}

void support_env_init(struct support_env *e)
{
    *e = (struct support_env){ .env = cmg__env_system,
                               .now_ns = 1000000000,
                               .unix_ms = INT64_C(1795392000000),
                               .seed = 0x9e3779b97f4a7c15u,
                               .fail_errno = ENOSPC };
    e->env.user = e;
    e->env.monotonic_ns = fake_monotonic_ns;
    e->env.unix_ms = fake_unix_ms;
    e->env.random = fake_random;
    e->env.open = fake_open;
    e->env.write = fake_write;
    e->env.fsync = fake_fsync;
    e->env.rename = fake_rename;
}

void support_env_advance_ms(struct support_env *e, int64_t ms)
{
    e->now_ns += ms * 1000000;
    e->unix_ms += ms;
}

/* ---- places ---- */

static char directory[64];

const char *support_dir(void)
{
    if (directory[0] == '\0') {
        memcpy(directory, "/tmp/cmg-test-XXXXXX", 21);
        if (mkdtemp(directory) == NULL)
            abort();
    }
    return directory;
}

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *ftw)
{
    (void)info;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void support_dir_done(void)
{
    if (directory[0] != '\0')
        (void)nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    directory[0] = '\0';
}

const char *support_path(const char *name)
{
    static char ring[8][256];
    static unsigned turn;
    char *slot = ring[turn++ % 8];

    (void)snprintf(slot, sizeof ring[0], "%s/%s", support_dir(), name);
    return slot;
}

void support_write_file(const char *path, const void *data, size_t n)
{
    FILE *f = fopen(path, "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

static char *read_stream(FILE *f, size_t *n)
{
    char *text = NULL;
    size_t size = 0;
    FILE *sink = open_memstream(&text, &size);
    char chunk[4096];
    size_t got = 0;

    do {
        got = fread(chunk, 1, sizeof chunk, f);
        (void)fwrite(chunk, 1, got, sink);
    } while (got > 0);
    (void)fclose(sink);
    if (n != NULL)
        *n = size;
    return text;
}

char *support_read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");

    if (f == NULL)
        return NULL;
    char *text = read_stream(f, n);

    (void)fclose(f);
    return text;
}

static void exec_child(const char *const *argv, int out)
{
    int null = open("/dev/null", O_RDONLY);

    (void)dup2(null, 0);
    (void)dup2(out, 1);
    (void)dup2(out, 2);
    union {
        const char *const *in;
        char *const *out;
    } cast = { .in = argv };

    execvp(argv[0], cast.out);
    _exit(127);
}

int support_command(const char *const *argv, char **out)
{
    int pipe_fd[2];

    if (pipe(pipe_fd) != 0)
        return -1;
    pid_t child = fork();

    if (child == 0)
        exec_child(argv, pipe_fd[1]);
    (void)close(pipe_fd[1]);
    FILE *f = fdopen(pipe_fd[0], "r");
    char *text = read_stream(f, NULL);
    int status = 0;

    (void)fclose(f);
    (void)waitpid(child, &status, 0);
    if (out != NULL)
        *out = text;
    else
        free(text);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int support_fd_count(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");

    if (dir == NULL)
        return -1;
    while (readdir(dir) != NULL)
        count++;
    (void)closedir(dir);
    return count - 3; /* ".", ".." and the directory itself */
}

void support_ok(cmg_status rc, cmg_error *err, const char *file, int line)
{
    if (rc != CMG_OK)
        ck_abort_msg("%s:%d: %s: %s (cause: %s)", file, line, cmg_status_name(rc),
                     cmg_error_message(err), cmg_error_cause(err));
    cmg_error_unref(err);
}

void support_torture(support_torture_fn fn, void *user, size_t step)
{
    struct support_alloc a;

    support_alloc_init(&a);
    cmg_status clean = fn(&a, user);

    ck_assert_msg(clean == CMG_OK, "the clean run gave %s", cmg_status_name(clean));
    ck_assert_uint_eq(a.live, 0);
    size_t total = a.count;

    for (size_t n = 1; n <= total; n += step) {
        support_alloc_init(&a);
        a.fail_at = n;
        cmg_status rc = fn(&a, user);

        ck_assert_msg(rc == CMG_OK || rc == CMG_E_NOMEM, "allocation %zu of %zu gave %s",
                      n, total, cmg_status_name(rc));
        ck_assert_msg(a.live == 0, "allocation %zu of %zu left %zu blocks", n, total,
                      a.live);
    }
}
