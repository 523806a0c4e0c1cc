/* See host.h. */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A revocation list may be as large as this. */
#define FILE_MAX (64L * 1024 * 1024)

int host_report(cmg_status rc, cmg_error *err)
{
    if (rc == CMG_OK)
        return EXIT_SUCCESS;
    /* Without an error object the program itself has said what is wrong. */
    if (err != NULL)
        fprintf(stderr, "error: %s\n", cmg_error_message(err));
    if (*cmg_error_cause(err) != '\0')
        fprintf(stderr, "  cause:  %s\n", cmg_error_cause(err));
    if (*cmg_error_remedy(err) != '\0')
        fprintf(stderr, "  remedy: %s\n", cmg_error_remedy(err));
    cmg_error_unref(err);
    return rc == CMG_E_INVAL || rc == CMG_E_PARSE ? 2 : EXIT_FAILURE;
}

void host_complain(const char *cause, const char *remedy, const char *what, ...)
{
    va_list args;

    fputs("error: ", stderr);
    va_start(args, what);
    vfprintf(stderr, what, args);
    va_end(args);
    fprintf(stderr, "\n  cause:  %s\n  remedy: %s\n", cause, remedy);
}

void host_report_child(const char *what, const char *log)
{
    char line[512] = "";
    char last[512] = "";
    struct statvfs space;
    FILE *f = fopen(log, "r");

    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        snprintf(last, sizeof last, "%s", line);
    if (f != NULL)
        fclose(f);
    last[strcspn(last, "\n")] = '\0';
    fprintf(stderr, "error: %s\n", what);
    if (statvfs(log, &space) == 0 && space.f_bavail == 0)
        fprintf(stderr,
                "  cause:  the file system of %s is full\n"
                "  remedy: free space there, then run the same again\n",
                log);
    else
        fprintf(stderr, "  cause:  %s\n  remedy: see %s\n",
                *last != '\0' ? last : "it ended without a word", log);
}

char *host_read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    struct stat info;
    bool known = f != NULL && fstat(fileno(f), &info) == 0;

    if (known && info.st_size > FILE_MAX)
        errno = EFBIG;
    if (!known || info.st_size > FILE_MAX) {
        fprintf(stderr, "error: cannot read %s: %s\n", path, strerror(errno));
        if (f != NULL)
            fclose(f);
        return NULL;
    }
    char *text = calloc(1, (size_t)info.st_size + 1);

    *size = text != NULL ? fread(text, 1, (size_t)info.st_size, f) : 0;
    fclose(f);
    return text;
}

bool host_write_file(const char *path, const void *data, size_t size)
{
    char beside[4096];

    snprintf(beside, sizeof beside, "%s.new", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, data, size) == (ssize_t)size && fsync(fd) == 0;

    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    ok = ok && rename(beside, path) == 0;
    if (!ok) {
        fprintf(stderr, "error: cannot write %s: %s\n", path, strerror(errno));
        unlink(beside);
    }
    return ok;
}

const char *host_beside(const char *name)
{
    static char path[PATH_MAX + 64];
    char self[PATH_MAX] = "";

    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        return name;
    snprintf(path, sizeof path, "%s/%s", dirname(self), name);
    return path;
}

void host_forget(char *secret, size_t size)
{
    if (secret != NULL)
        explicit_bzero(secret, size);
    free(secret);
}

cmg_status host_connect_to(cmg_context *ctx, const char *text, cmg_error **err)
{
    char host[256];
    char address[64];
    unsigned port = 0;
    unsigned address_port = 0;

    if (sscanf(text, "%255[^:]:%u:%63[^:]:%u", host, &port, address, &address_port) !=
            4 ||
        port > 65535 || address_port > 65535) {
        host_complain("it is not HOST:PORT:ADDRESS:PORT",
                      "name what is asked for and where it is, as in "
                      "mp.contoso.com:443:127.0.0.1:8443",
                      "--connect-to %s cannot be understood", text);
        return CMG_E_INVAL;
    }
    return cmg_context_add_address(ctx, host, (uint16_t)port, address,
                                   (uint16_t)address_port, err);
}

static volatile sig_atomic_t ending;
static cmg_context *to_wake;

static void on_signal(int number)
{
    (void)number;
    ending = 1;
    cmg_context_wakeup(to_wake);
}

void host_watch_end(cmg_context *ctx)
{
    struct sigaction action = { .sa_handler = on_signal };

    to_wake = ctx;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* A pipe or a socket on standard input is the parent's; a file or a terminal is not. */
static bool has_life_line(void)
{
    struct stat info;

    return fstat(STDIN_FILENO, &info) == 0 &&
           (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
}

static bool life_line_is_cut(void)
{
    struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
    char byte;

    if (!has_life_line())
        return false;
    return poll(&in, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) == 0;
}

bool host_is_ending(void)
{
    return ending != 0 || life_line_is_cut();
}

#define MORE_MAX 6

cmg_status host_turn(cmg_context *ctx, struct pollfd *more, size_t count, int64_t wait_ms,
                     cmg_error **err)
{
    const int timeout = (int)cmg_context_get_timeout_ms(ctx);
    struct pollfd watch[2 + MORE_MAX] = {
        { .fd = cmg_context_get_fd(ctx), .events = POLLIN },
        { .fd = has_life_line() ? STDIN_FILENO : -1, .events = POLLIN },
    };

    for (size_t i = 0; i < count && i < MORE_MAX; i++)
        watch[2 + i] = more[i];
    poll(watch, 2 + (nfds_t)(count < MORE_MAX ? count : MORE_MAX),
         wait_ms >= 0 && (timeout < 0 || wait_ms < timeout) ? (int)wait_ms : timeout);
    for (size_t i = 0; i < count && i < MORE_MAX; i++)
        more[i].revents = watch[2 + i].revents;
    return cmg_context_process(ctx, err);
}

cmg_status host_run(cmg_context *ctx, cmg_error **err)
{
    cmg_status rc = CMG_OK;

    while (rc == CMG_OK && !host_is_ending())
        rc = host_turn(ctx, NULL, 0, -1, err);
    return rc;
}

static void run_child(const char *const *argv, const char *log, int in)
{
    union {
        const char *const *in;
        char *const *out;
    } args = { .in = argv };
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

    /* A group of its own: Ctrl-C at the terminal is the parent's to handle. */
    setpgid(0, 0);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execv(argv[0], args.out);
    _exit(127);
}

bool host_spawn(struct host_child *child, const char *const *argv, const char *log)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    child->life_line = ends[1];
    child->pid = fork();
    if (child->pid == 0)
        run_child(argv, log, ends[0]);
    close(ends[0]);
    return child->pid > 0;
}

bool host_child_runs(struct host_child *child)
{
    if (child->pid > 0 && waitpid(child->pid, NULL, WNOHANG) != 0)
        child->pid = 0;
    return child->pid > 0;
}

void host_child_stop(struct host_child *child)
{
    const struct timespec tick = { .tv_nsec = 10000000 };

    if (child->life_line > 0)
        close(child->life_line);
    for (int i = 0; i < 500 && host_child_runs(child); i++)
        nanosleep(&tick, NULL);
    if (child->pid > 0) {
        kill(child->pid, SIGKILL);
        waitpid(child->pid, NULL, 0);
    }
    *child = (struct host_child){ 0 };
}
