/*
 * A process of its own that runs one operation, to be killed: it reads where to go from
 * standard input (a site, as bytes) and tells on standard output how far it is.
 */
#ifndef TESTS_FLOW_CHILD_H
#define TESTS_FLOW_CHILD_H

#include "place.h"

#include <sys/types.h>

struct child {
    pid_t pid;
    int out;
    char text[16384];
    size_t len;
};
/* arguments ends with NULL; at most 6. */
void child_start(struct child *c, const char *program, const char *const *arguments,
                 const struct site *site);
/* Reads until the text comes; false at the end of the output. NULL: to the end. */
bool child_wait_for(struct child *c, const char *text);
/* The exit status, or -1 when it was killed. */
int child_reap(struct child *c);

#endif
