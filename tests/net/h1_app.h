/*
 * The owner of a server connection over a pair of sockets: answers what it is asked as
 * the test wants it, ends things inside a callback, and writes down what it is told.
 */
#ifndef TESTS_NET_H1_APP_H
#define TESTS_NET_H1_APP_H

#include "net/http1_server.h"
#include "net/pair.h"
#include "support/support.h"

#define APP_MIB ((size_t)1024 * 1024)

enum app_action { APP_NOTHING, APP_ABORT, APP_FREE, APP_SET_CLOSE };

/* One at a time; its log has a letter for each callback. */
struct app {
    struct cmg__http1_conn *conn;
    char log[512];
    struct cmg__buf body;
    bool answer_at_end;  /* 200 with the method, path and body length */
    bool answer_at_head; /* the same without waiting */
    size_t take_most;    /* of each delivery; SIZE_MAX: all */
    size_t produce_left; /* answer bytes still to write */
    size_t produced;
    enum app_action action;
    char action_at; /* letter of the callback */
    cmg_status why;
    bool closed;
};
extern struct app app;
extern const struct cmg__http1_server_events app_events;

/* A theme of a suite, each test in the checked fixture. */
TCase *app_case(Suite *s, const char *name);
void app_setup(void);
void app_teardown(void);
/* Opens the connection; NULL: the default limits. */
void app_start(const struct cmg__http1_server_limits *limits);
/* Writes what is left of the answer until the connection is full. */
void app_produce(void);

bool app_is_closed(void *user);
/* Both turn the loop until it has come. */
void app_expect_text(const char *text);
void app_expect_close(cmg_status why);
/* How often the far end has received that text. */
size_t app_count_of(const char *text);

#endif
