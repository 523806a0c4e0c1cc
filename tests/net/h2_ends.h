/*
 * HTTP/2 sessions in the roles of the reverse channel: two of them over a pair of
 * sockets, or the dialler alone against a peer whose frames the test writes by hand.
 */
#ifndef TESTS_NET_H2_ENDS_H
#define TESTS_NET_H2_ENDS_H

#include "net/http2.h"
#include "net/pair.h"
#include "support/support.h"

#define H2_MIB ((size_t)1024 * 1024)
#define H2_MAX 40
/* What a client sends first, before its SETTINGS. */
#define H2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

enum h2_action { H2_NOTHING, H2_ABORT, H2_FREE, H2_RESET };

/* What one end saw of one stream. */
struct h2_seen {
    struct cmg__h2_stream *s; /* NULL once closed */
    char head[200];
    struct cmg__buf body;
    size_t produce_left, produced; /* to be written by this end */
    unsigned seed;
    bool hold; /* bytes are not consumed */
    size_t held;
    bool ended, closed, refused;
    uint32_t code;
};

struct h2_end {
    struct cmg__h2 *h2;
    bool server;
    struct h2_seen seen[H2_MAX];
    size_t count;
    bool ready, goaway, closed;
    cmg_status why;
    char why_text[200];
    bool answer; /* server: 200 with the echo of the body when it has ended */
    bool hold;   /* new streams hold what they get */
    enum h2_action action;
    char action_at;
};

extern struct h2_end dialler, acceptor; /* HTTP server, HTTP client */
extern const struct cmg__h2_events h2_events;
extern const struct cmg__h2_settings h2_defaults;

/* A theme of a suite, each test in the checked fixture. */
TCase *h2_case(Suite *s, const char *name);
void h2_setup(void);
void h2_teardown(void);
void h2_end_done(struct h2_end *e);

/* A session of that end over the stream; both ends connected and ready. */
void h2_open(struct h2_end *e, struct cmg__stream *stream,
             struct cmg__h2_settings settings);
void h2_connect(struct cmg__h2_settings settings);

/* The acceptor asks the dialler. */
struct h2_seen *h2_ask_with(const char *method, const struct cmg__headers *headers,
                            bool end);
struct h2_seen *h2_ask(const char *method, bool end);
/* Writes what is left of the body until the stream is full. */
void h2_produce(struct h2_seen *x);
void h2_check_body(const struct h2_seen *x, size_t total, unsigned seed);

/* Conditions for pair_spin: both sessions are ready, a struct h2_seen is closed, a struct
   h2_end has ended, all the acceptor has asked is closed. */
bool h2_both_ready(void *user);
bool h2_is_closed(void *user);
bool h2_has_ended(void *user);
bool h2_all_closed(void *user);

/* The dialler against a peer that the test plays itself. */
void h2_open_raw(void);
void h2_send_frame(uint8_t type, uint8_t flags, uint32_t id, const void *body, size_t n);

#endif
