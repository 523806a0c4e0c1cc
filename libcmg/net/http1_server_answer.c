/*
 * Answers of a server connection: what the owner writes becomes queued bytes, queued
 * bytes go out, and when the last is out the connection goes on or ends.
 */
#include "net/http1_conn.h"

#include "base/error.h"

#include <string.h>

/* ---- queueing ---- */

/* Run after something was queued: the time limit starts when there is something to send.
 */
static void queued(struct cmg__http1_conn *conn, size_t before)
{
    if (before == 0)
        conn->write_due = cmg__loop_now_ms(conn->loop) + conn->limits.body_ms;
    cmg__http1_conn_poke(conn);
}

void cmg__http1_conn_reset_answer(struct cmg__http1_conn *conn)
{
    conn->answer = CMG__ANSWER_NONE;
    conn->continued = false;
    conn->bodiless = false;
}

static bool may_answer(const struct cmg__http1_conn *conn)
{
    return !conn->dead && conn->answer == CMG__ANSWER_NONE && conn->requests > 0 &&
           (conn->phase == CMG__CONN_BODY || conn->phase == CMG__CONN_ANSWER);
}

void cmg__http1_conn_continue(struct cmg__http1_conn *conn)
{
    size_t before = cmg__wire_unsent(&conn->wire);
    if (!may_answer(conn) || conn->continued || !conn->parser.head.expect_continue)
        return;
    conn->continued = cmg__http1_write_response(&conn->wire.out, 100, NULL, NULL,
                                                CMG__HTTP1_NO_BODY, 0, false) == CMG_OK;
    queued(conn, before);
}

/* How the body can be marked out for this very client. */
static enum cmg__http1_framing wire_framing(const struct cmg__http1_conn *conn,
                                            enum cmg__http1_framing framing)
{
    const struct cmg__http1_head *head = &conn->parser.head;
    /* To HEAD "no body" says nothing about the length a GET would find. */
    if (framing == CMG__HTTP1_NO_BODY && strcmp(head->method, "HEAD") == 0)
        framing = CMG__HTTP1_CHUNKED;
    if (framing == CMG__HTTP1_CHUNKED && head->minor == 0)
        framing = CMG__HTTP1_UNTIL_CLOSE;
    return framing;
}

cmg_status cmg__http1_conn_respond(struct cmg__http1_conn *conn, int status,
                                   const char *reason, const struct cmg__headers *headers,
                                   enum cmg__http1_framing framing, uint64_t length)
{
    const struct cmg__http1_head *head = &conn->parser.head;
    size_t before = cmg__wire_unsent(&conn->wire);
    if (!may_answer(conn))
        return CMG_E_STATE;
    if (status < 200)
        return CMG_E_INVAL;
    enum cmg__http1_framing on_wire = wire_framing(conn, framing);
    /* A client that was never told to go on may or may not send its body. */
    bool last = conn->last || on_wire == CMG__HTTP1_UNTIL_CLOSE ||
                (head->expect_continue && !conn->continued);
    cmg_status rc = cmg__http1_write_response(&conn->wire.out, status, reason, headers,
                                              on_wire, length, last);
    if (rc != CMG_OK)
        return rc;
    conn->last = last;
    conn->framing = on_wire;
    conn->bodiless = status == 204 || status == 304 || strcmp(head->method, "HEAD") == 0;
    conn->answer_left = framing == CMG__HTTP1_LENGTH ? length : 0;
    conn->answer = CMG__ANSWER_BODY;
    queued(conn, before);
    return CMG_OK;
}

static cmg_status queue_body(struct cmg__http1_conn *conn, const void *data, size_t n)
{
    if (conn->framing == CMG__HTTP1_CHUNKED)
        return cmg__http1_write_chunk(&conn->wire.out, data, n);
    if (conn->framing != CMG__HTTP1_UNTIL_CLOSE) {
        if (n > conn->answer_left)
            return CMG_E_INVAL;
        conn->answer_left -= n;
    }
    cmg_status rc = cmg__buf_add(&conn->wire.out, data, n);
    if (rc != CMG_OK && conn->framing == CMG__HTTP1_LENGTH)
        conn->answer_left += n;
    return rc;
}

cmg_status cmg__http1_conn_write(struct cmg__http1_conn *conn, const void *data, size_t n,
                                 bool *full)
{
    size_t before = cmg__wire_unsent(&conn->wire);
    if (full != NULL)
        *full = false;
    if (conn->dead || conn->answer != CMG__ANSWER_BODY)
        return CMG_E_STATE;
    cmg_status rc = CMG_OK;
    if (n > 0 && !conn->bodiless)
        rc = queue_body(conn, data, n);
    if (rc != CMG_OK)
        return rc;
    if (cmg__wire_unsent(&conn->wire) >= conn->limits.write_queue)
        conn->was_full = true;
    if (full != NULL)
        *full = conn->was_full;
    queued(conn, before);
    return CMG_OK;
}

cmg_status cmg__http1_conn_end(struct cmg__http1_conn *conn)
{
    size_t before = cmg__wire_unsent(&conn->wire);
    if (conn->dead || conn->answer != CMG__ANSWER_BODY)
        return CMG_E_STATE;
    cmg_status rc = CMG_OK;
    if (!conn->bodiless && conn->framing == CMG__HTTP1_CHUNKED)
        rc = cmg__http1_write_chunk(&conn->wire.out, NULL, 0);
    else if (!conn->bodiless && conn->answer_left > 0)
        rc = CMG_E_STATE;
    if (rc != CMG_OK) {
        /* Only a cut tells the client that this is not all. */
        cmg__http1_conn_abort(conn);
        return rc;
    }
    conn->answer = CMG__ANSWER_ENDED;
    queued(conn, before);
    return CMG_OK;
}

cmg_status cmg__http1_conn_reply(struct cmg__http1_conn *conn, int status,
                                 const struct cmg__headers *headers, const void *body,
                                 size_t n)
{
    cmg_status rc =
        cmg__http1_conn_respond(conn, status, NULL, headers, CMG__HTTP1_LENGTH, n);
    if (rc != CMG_OK)
        return rc;
    rc = cmg__http1_conn_write(conn, body, n, NULL);
    if (rc != CMG_OK) {
        cmg__http1_conn_abort(conn);
        return rc;
    }
    return cmg__http1_conn_end(conn);
}

void cmg__http1_conn_refuse(struct cmg__http1_conn *conn, int status, const char *text)
{
    size_t n = strlen(text);
    size_t before = cmg__wire_unsent(&conn->wire);
    if (conn->answer == CMG__ANSWER_BODY) {
        cmg__http1_conn_die(conn);
        return;
    }
    conn->answer = CMG__ANSWER_SENT;
    conn->request_ended = false;
    conn->paused = false;
    cmg__http1_conn_enter(conn, CMG__CONN_CLOSING);
    if (cmg__http1_write_response(&conn->wire.out, status, NULL, NULL, CMG__HTTP1_LENGTH,
                                  n + 1, true) != CMG_OK ||
        cmg__buf_addf(&conn->wire.out, "%s\n", text) != CMG_OK) {
        cmg__http1_conn_die(conn);
        return;
    }
    queued(conn, before);
}

/* ---- sending ---- */

static void flush(struct cmg__http1_conn *conn)
{
    size_t sent;
    enum cmg__io io = cmg__wire_flush(&conn->wire, &sent);
    if (sent > 0)
        conn->write_due = cmg__loop_now_ms(conn->loop) + conn->limits.body_ms;
    if (io == CMG__IO_ERROR || io == CMG__IO_EOF)
        cmg__http1_conn_stream_failed(conn);
}

static void tell_writable(struct cmg__http1_conn *conn)
{
    if (!conn->was_full || cmg__wire_unsent(&conn->wire) >= conn->limits.write_queue / 2)
        return;
    conn->was_full = false;
    if (conn->answer == CMG__ANSWER_BODY && conn->events.on_writable != NULL)
        conn->events.on_writable(conn, conn->user);
}

/* All of the answer is out and the request is over, one way or the other. */
static void finish_answer(struct cmg__http1_conn *conn)
{
    conn->answer = CMG__ANSWER_SENT;
    if (conn->phase == CMG__CONN_ANSWER)
        cmg__http1_conn_enter(conn, conn->last ? CMG__CONN_CLOSING : CMG__CONN_IDLE);
    conn->again = true;
    if (conn->events.on_done != NULL)
        conn->events.on_done(conn, conn->user);
}

static void finish_connection(struct cmg__http1_conn *conn)
{
    switch (cmg__stream_shutdown(conn->wire.stream)) {
    case CMG__IO_AGAIN:
        break;
    case CMG__IO_OK:
        if (!conn->request_ended && !conn->eof) {
            conn->lingering = true;
            break;
        }
        cmg__http1_conn_die(conn);
        break;
    case CMG__IO_EOF:
    case CMG__IO_ERROR:
        cmg__http1_conn_die(conn);
        break;
    }
}

void cmg__http1_conn_output(struct cmg__http1_conn *conn)
{
    if (cmg__wire_unsent(&conn->wire) > 0)
        flush(conn);
    if (!conn->dead)
        tell_writable(conn);
    if (conn->dead || cmg__wire_unsent(&conn->wire) > 0)
        return;
    if (conn->answer == CMG__ANSWER_ENDED &&
        (conn->phase == CMG__CONN_ANSWER || conn->phase == CMG__CONN_CLOSING))
        finish_answer(conn);
    if (!conn->dead && conn->phase == CMG__CONN_CLOSING && !conn->lingering &&
        cmg__wire_unsent(&conn->wire) == 0)
        finish_connection(conn);
}
