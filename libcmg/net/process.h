/*
 * Child processes on the loop, for the sandbox's instances. A child dies with its parent:
 * its standard input is a pipe that the parent keeps open and whose end of file tells it
 * so. It has a session of its own: what the terminal sends to the parent does not reach
 * it. While a child runs, libuv handles SIGCHLD; nothing but the sandbox uses this.
 */
#ifndef CMG_NET_PROCESS_H
#define CMG_NET_PROCESS_H

#include "net/loop.h"

struct cmg__process;
struct cmg__process_settings {
    const char *const *argv; /* NULL-terminated; argv[0] is the program's path */
    const char *const *env;  /* "NAME=value", NULL-terminated; NULL inherits */
    const char *cwd;         /* NULL inherits */
    const char *stderr_path; /* stdout and stderr go there (appended); NULL: discarded */
};
cmg_status cmg__process_start(struct cmg__loop *loop,
                              const struct cmg__process_settings *settings,
                              void (*on_exit)(void *user, int exit_status, int signal),
                              void *user, struct cmg__process **out, cmg_error **err);
int cmg__process_pid(const struct cmg__process *process);
void cmg__process_signal(struct cmg__process *process, int signal);
/* Kills it if it still runs and waits until it is gone; on_exit does not come any more.
   May be called inside on_exit. */
void cmg__process_free(struct cmg__process *process);

#endif
