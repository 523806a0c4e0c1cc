/*
 * What the example programs share besides libcmg: files, child processes, the end of a
 * program. Nothing here knows about gateways.
 */
#ifndef EXAMPLES_HOST_H
#define EXAMPLES_HOST_H

#include <cmg/cmg.h>
#include <poll.h>
#include <stddef.h>
#include <sys/types.h>

/* Prints "error:", "cause:" and "remedy:" lines to stderr and gives the error back.
   Returns 2 for bad input, 1 otherwise: what main returns. */
int host_report(cmg_status rc, cmg_error *err);

/* The same three lines for what the program itself finds wrong. */
void host_complain(const char *cause, const char *remedy, const char *what, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a child that did not do its work: its last words, or a full disk. */
void host_report_child(const char *what, const char *log);

/* A whole file, zero-terminated, to be freed; NULL and a message when it cannot be read.
 */
char *host_read_file(const char *path, size_t *size);
/* Written beside (mode 0600) and renamed; false and a message on failure. */
bool host_write_file(const char *path, const void *data, size_t size);
/* "<where this program is>/<name>"; valid until the next call. */
const char *host_beside(const char *name);
/* Wipes and frees. */
void host_forget(char *secret, size_t size);

/* "HOST:PORT:ADDRESS:PORT" into the context's address table. */
cmg_status host_connect_to(cmg_context *ctx, const char *text, cmg_error **err);

/* Stops on SIGINT, SIGTERM, and when standard input is a pipe or socket whose other end
   is gone: the parent's life line. */
void host_watch_end(cmg_context *ctx);
bool host_is_ending(void);
/* Drives the context until one of those, then returns CMG_OK. */
cmg_status host_run(cmg_context *ctx, cmg_error **err);
/* One turn: waits for the context, the life line, up to six more descriptors, and at most
   wait_ms (-1: for ever); what is ready is in the revents of more. */
cmg_status host_turn(cmg_context *ctx, struct pollfd *more, size_t count, int64_t wait_ms,
                     cmg_error **err);

/* A child whose standard input is a pipe from us; its output goes to the log file. */
struct host_child {
    pid_t pid;
    int life_line;
};
bool host_spawn(struct host_child *child, const char *const *argv, const char *log);
bool host_child_runs(struct host_child *child);
/* Closes the life line, waits up to 5 s, then kills. */
void host_child_stop(struct host_child *child);

#endif
