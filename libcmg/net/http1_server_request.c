/*
 * Input of a server connection: bytes to parser events to the owner's callbacks, one
 * small step at a time. Nothing is parsed while an answer is under way, so at most one
 * read of pipelined bytes is held; the next read then waits in the kernel.
 */
#include "net/http1_conn.h"

#include "base/error.h"

#define DRAIN_MAX ((size_t)64 * 1024)

static void peer_left(struct cmg__http1_conn *conn)
{
    conn->eof = true;
    conn->last = true;
    if (conn->phase == CMG__CONN_DRAIN)
        cmg__http1_conn_enter(conn, CMG__CONN_CLOSING);
    /* What is queued still goes out; after it there is nothing to wait for. */
    if (!conn->lingering && conn->answer == CMG__ANSWER_ENDED)
        return;
    if (conn->phase != CMG__CONN_IDLE && !conn->lingering)
        cmg__fail(&conn->why, conn->alloc, CMG_E_IO, NULL, NULL,
                  "peer left in the middle of a request");
    cmg__http1_conn_die(conn);
}

static bool fill(struct cmg__http1_conn *conn)
{
    if (conn->eof)
        return false;
    switch (cmg__wire_fill(&conn->wire)) {
    case CMG__IO_OK:
        return true;
    case CMG__IO_EOF:
        peer_left(conn);
        return false;
    case CMG__IO_ERROR:
        cmg__http1_conn_stream_failed(conn);
        return false;
    case CMG__IO_AGAIN:
        break;
    }
    return false;
}

static void on_head(struct cmg__http1_conn *conn)
{
    conn->requests++;
    conn->request_ended = false;
    conn->drained = 0;
    if (!conn->parser.head.keep_alive || conn->requests >= conn->limits.max_requests)
        conn->last = true;
    cmg__http1_conn_reset_answer(conn);
    cmg__http1_conn_enter(conn, CMG__CONN_BODY);
    conn->events.on_request(conn, &conn->parser.head, conn->user);
}

static void on_end(struct cmg__http1_conn *conn)
{
    conn->request_ended = true;
    cmg__http1_conn_enter(conn, CMG__CONN_ANSWER);
    if (conn->answer != CMG__ANSWER_ENDED)
        conn->events.on_end(conn, conn->user);
}

static void on_error(struct cmg__http1_conn *conn)
{
    cmg__fail(&conn->why, conn->alloc, CMG_E_PROTO, NULL, NULL, "request refused: %s",
              conn->parser.error_text);
    cmg__http1_conn_refuse(conn, conn->parser.error_status, conn->parser.error_text);
}

static void parse(struct cmg__http1_conn *conn)
{
    const char *input = cmg__wire_input(&conn->wire);
    size_t taken, n;
    const char *data;
    enum cmg__http1_result result = cmg__http1_feed(
        &conn->parser, input, cmg__wire_unread(&conn->wire), &taken, &data, &n);
    /* Body bytes stay at the front of the input until the owner takes them. */
    cmg__wire_take(&conn->wire, taken - n);
    conn->body_left = n;
    switch (result) {
    case CMG__HTTP1_HEAD:
        on_head(conn);
        break;
    case CMG__HTTP1_END:
        on_end(conn);
        break;
    case CMG__HTTP1_ERROR:
        on_error(conn);
        break;
    case CMG__HTTP1_DATA:
    case CMG__HTTP1_MORE:
        break;
    }
}

static bool deliver(struct cmg__http1_conn *conn)
{
    if (conn->paused)
        return false;
    size_t n = conn->body_left;
    conn->paused = true; /* the owner may resume inside already */
    size_t took = conn->events.on_body(conn, cmg__wire_input(&conn->wire), n, conn->user);
    if (took > n)
        took = n;
    cmg__wire_take(&conn->wire, took);
    conn->body_left -= took;
    if (took == n)
        conn->paused = false;
    cmg__http1_conn_enter(conn, conn->phase);
    return true;
}

/* The owner answered without waiting for the body: what is short is read past. */
static void start_draining(struct cmg__http1_conn *conn)
{
    const struct cmg__http1_head *head = &conn->parser.head;
    bool long_rest = head->framing == CMG__HTTP1_LENGTH && conn->parser.left > DRAIN_MAX;
    bool unasked = head->expect_continue && !conn->continued;
    conn->paused = false;
    if (conn->last || long_rest || unasked) {
        conn->last = true;
        cmg__http1_conn_enter(conn, CMG__CONN_CLOSING);
    } else {
        cmg__http1_conn_enter(conn, CMG__CONN_DRAIN);
    }
}

static bool drain(struct cmg__http1_conn *conn)
{
    conn->drained += conn->body_left;
    cmg__wire_take(&conn->wire, conn->body_left);
    conn->body_left = 0;
    if (conn->drained > DRAIN_MAX) {
        conn->last = true;
        cmg__http1_conn_enter(conn, CMG__CONN_CLOSING);
    }
    return true;
}

/* After the last answer the peer's bytes are dropped, so that closing does not reset the
   connection while that answer is still on its way. */
static bool discard(struct cmg__http1_conn *conn)
{
    conn->body_left = 0;
    cmg__wire_take(&conn->wire, cmg__wire_unread(&conn->wire));
    return conn->lingering && fill(conn);
}

bool cmg__http1_conn_input(struct cmg__http1_conn *conn)
{
    if (conn->phase == CMG__CONN_BODY && conn->answer == CMG__ANSWER_ENDED)
        start_draining(conn);
    if (conn->phase == CMG__CONN_CLOSING)
        return discard(conn);
    if (conn->body_left > 0)
        return conn->phase == CMG__CONN_DRAIN ? drain(conn) : deliver(conn);
    if (conn->phase == CMG__CONN_ANSWER)
        return cmg__wire_unread(&conn->wire) == 0 && fill(conn);
    if (conn->phase == CMG__CONN_IDLE && cmg__wire_unread(&conn->wire) > 0)
        cmg__http1_conn_enter(conn, CMG__CONN_HEAD);
    enum cmg__conn_phase before = conn->phase;
    parse(conn);
    if (conn->dead || conn->body_left > 0 || conn->phase != before)
        return !conn->dead;
    return cmg__wire_unread(&conn->wire) > 0 || fill(conn);
}
