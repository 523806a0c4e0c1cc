/*
 * The inside of a server connection, shared by the files that make it: http1_server.c
 * (life, turn, time), http1_server_request.c (input to callbacks), http1_server_answer.c
 * (answers to output). Everything that calls the owner happens inside
 * cmg__http1_conn_run.
 */
#ifndef CMG_NET_HTTP1_CONN_H
#define CMG_NET_HTTP1_CONN_H

#include "net/http1_server.h"
#include "net/http1_wire.h"

/* What the input side is at.
     OPENING -> IDLE -> HEAD -> BODY -> ANSWER -> IDLE ...
                         BODY -> DRAIN (answered before the body ended) -> IDLE or CLOSING
     any -> CLOSING -> gone */
enum cmg__conn_phase {
    CMG__CONN_OPENING, /* handshake */
    CMG__CONN_IDLE,    /* no byte of a request yet */
    CMG__CONN_HEAD,
    CMG__CONN_BODY,
    CMG__CONN_ANSWER, /* request complete, answer is not */
    CMG__CONN_DRAIN,  /* the rest of the body is read and dropped */
    CMG__CONN_CLOSING /* output is flushed and ended, input dropped for a moment */
};

enum cmg__conn_answer {
    CMG__ANSWER_NONE,
    CMG__ANSWER_BODY,  /* head written, body under way */
    CMG__ANSWER_ENDED, /* all of it is queued */
    CMG__ANSWER_SENT   /* the owner knows; or it never was the owner's */
};

struct cmg__http1_conn {
    struct cmg__wire wire;
    struct cmg__loop *loop;
    const struct cmg__alloc *alloc;
    struct cmg__http1_server_limits limits;
    struct cmg__http1_server_events events;
    void *user;
    struct cmg__http1_parser parser;
    struct cmg__task task;
    struct cmg__timer timer;

    enum cmg__conn_phase phase;
    int64_t read_due; /* when the phase runs out, by the loop's clock */
    int64_t write_due;
    uint32_t requests;
    size_t body_left; /* body bytes at the front of the input the owner has not taken */
    size_t drained;
    bool paused; /* the owner took less than was there */
    bool request_ended;
    bool last;      /* close after this answer */
    bool lingering; /* output is ended, the peer's last bytes are awaited */
    bool eof;

    enum cmg__conn_answer answer;
    enum cmg__http1_framing framing;
    uint64_t answer_left;
    bool bodiless; /* HEAD, 204, 304: body bytes are dropped */
    bool continued;
    bool was_full;

    bool running;
    bool again; /* something changed while running */
    bool dead;
    bool silent; /* no on_close */
    cmg_error *why;
};

/* Runs what is ready; calls the owner; may free the connection at its end. */
void cmg__http1_conn_run(struct cmg__http1_conn *conn);
/* Has a run happen soon. */
void cmg__http1_conn_poke(struct cmg__http1_conn *conn);
void cmg__http1_conn_enter(struct cmg__http1_conn *conn, enum cmg__conn_phase phase);
/* The connection ends after this run; conn->why, if any, has been set. */
void cmg__http1_conn_die(struct cmg__http1_conn *conn);
void cmg__http1_conn_stream_failed(struct cmg__http1_conn *conn);

/* http1_server_request.c: one step of input; true when something moved. */
bool cmg__http1_conn_input(struct cmg__http1_conn *conn);

/* http1_server_answer.c */
void cmg__http1_conn_reset_answer(struct cmg__http1_conn *conn);
/* The connection's own answer to what it cannot pass on; then it closes. */
void cmg__http1_conn_refuse(struct cmg__http1_conn *conn, int status, const char *text);
void cmg__http1_conn_output(struct cmg__http1_conn *conn);

#endif
