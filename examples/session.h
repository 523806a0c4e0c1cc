/*
 * What the programs that work on a tenant or a gateway have in common: options, the way
 * to sign in, the sandbox, the directory where everything of a gateway is kept, progress.
 *
 *   PROGRAM [--sandbox] [--sign-in WAY] ... DIRECTORY [ARGUMENTS]
 *
 * The directory holds specification.json, the journal, secrets (mode 0600) and the
 * authority of the server certificate; with --sandbox also an Azure, which runs in the
 * process and goes on where the last program left it. Progress goes to standard error,
 * results go to standard output. Secrets come from files or the environment only.
 */
#ifndef EXAMPLES_SESSION_H
#define EXAMPLES_SESSION_H

#include <cmg/cmg.h>
#include <cmg/sandbox.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

/* Whether a program takes --package. Without it: none, so that instances keep what they
   have; the one of the build if there is one; the one of the build, or an error. */
enum session_package {
    SESSION_PACKAGE_NONE,
    SESSION_PACKAGE_KEPT,
    SESSION_PACKAGE_WANTED,
    SESSION_PACKAGE_NEEDED
};

/* What one program takes besides the common options. */
struct session_usage {
    const char *line;   /* what follows the options: "DIRECTORY stop|start" */
    const char *flag;   /* an option of its own without value, "json"; or NULL */
    int least, most;    /* how many arguments after DIRECTORY */
    bool has_authority; /* it makes or renews the server certificate */
    bool has_pfx;       /* --pfx: that certificate may be given instead */
    enum session_package package;
};

struct session {
    bool sandboxed, assents, flag;
    bool only_looks; /* session_run() shows the plan, and that is all */
    const char *directory;
    const char *way, *client_id, *secret_file, *certificate, *token_file;
    const char *package, *pfx;
    const struct session_usage *usage;
    char **arguments; /* those after DIRECTORY, then NULL */
    cmg_context *ctx;
    cmg_sandbox *sandbox; /* NULL: the real cloud */
    cmg_authority *authority;
    cmg_gateway *gateway;
    cmg_deploy *deploy; /* the last one that ran, for what it found */
};

/* Reads the command line and makes everything up to the gateway, ready to sign in. */
cmg_status session_open(struct session *s, int argc, char **argv,
                        const struct session_usage *usage, cmg_error **err);
/* Runs an operation that only reads, to its end; s->deploy stays for questions. */
cmg_status session_look(struct session *s, cmg_deploy_operation operation,
                        const char *verb, cmg_error **err);
/* The same with the journal, if there is one: it sees what a run would go on from. */
cmg_status session_look_ahead(struct session *s, cmg_deploy_operation operation,
                              const char *verb, cmg_error **err);
/* Runs one that changes something, with the journal. */
cmg_status session_run(struct session *s, cmg_deploy_operation operation,
                       const char *verb, cmg_error **err);
/* The sandbox's machines start with each program: waits until those of the gateway run.
 */
cmg_status session_await_machines(struct session *s, cmg_error **err);
/* session_look() in two halves, for an operation that needs settings between them. */
cmg_status session_prepare(struct session *s, cmg_deploy_operation operation,
                           cmg_error **err);
cmg_status session_follow(struct session *s, const char *verb, cmg_error **err);
/* Gives everything back, reports an error, and returns what main returns. */
int session_close(struct session *s, cmg_status rc, cmg_error *err);

/* Makes the gateway of a specification instead of the present one, and signs in. */
cmg_status session_load(struct session *s, const char *json, size_t size,
                        cmg_error **err);
/* session_given.c: the authority, package and certificate for the present gateway. */
cmg_status session_give(struct session *s, cmg_error **err);
cmg_status session_give_package(struct session *s, const char *path, cmg_error **err);
/* Its password is in the environment's CMG_PASSWORD. */
cmg_status session_give_pfx(struct session *s, const char *path, cmg_error **err);

/* "<directory>/<name>"; valid until the eighth call from now. */
const char *session_path(const struct session *s, const char *name);
/* Writes bytes to standard output, with a line's end, and gives them back. */
void session_print(cmg_bytes *text);
/* "2028-11-26"; "not known" for 0. */
const char *session_day(int64_t unix_s, char out[16]);

/* session_sign_in.c: the way that was chosen, for the present gateway. */
cmg_status session_sign_in(struct session *s, cmg_error **err);
/* Their names, for a message. */
const char *session_ways(void);

#endif
