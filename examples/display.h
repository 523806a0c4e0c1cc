/*
 * Runs an operation and shows its progress: each finished step as a line that stays and,
 * on a terminal, one line beneath that updates in place; plain lines elsewhere.
 */
#ifndef EXAMPLES_DISPLAY_H
#define EXAMPLES_DISPLAY_H

#include <cmg/cmg.h>
#include <stdio.h>

struct display_options {
    FILE *out;        /* where it is shown */
    const char *name; /* of the gateway, or of the tenant */
    const char *verb; /* "create", for one */
    bool sandbox;     /* the sandbox signs in by itself, nobody has to */
    int (*on_confirm)(cmg_deploy *deploy, const char *plan, void *user); /* NULL: yes */
    void *user;
};

/* Starts the deployment, follows it to its end and returns what it ended with; the end of
   the program (host.h) cancels it. */
cmg_status display_run(cmg_context *ctx, cmg_deploy *deploy,
                       const struct display_options *options, cmg_error **err);

/* How many columns a line may have; 0 for no limit: it is no terminal. */
int display_columns(FILE *out);

/* Prints the rest of a line that has `indent` columns already, and its end; on a terminal
   it goes on beneath when it is too long. */
void display_wrap(FILE *out, int indent, const char *text);

#endif
