/*
 * Life of a server connection: birth, turns, time limits, death. A turn moves bytes and
 * calls the owner until nothing moves any more; what the owner does inside a callback
 * only changes state and is seen by the turn afterwards, so callbacks never nest. Memory
 * goes away at the end of a turn and nowhere else.
 */
#include "net/http1_conn.h"

#include "base/error.h"

#define FIRST_BYTE_MS 20000
#define LINGER_MS     2000
#define QUEUE_MAX     ((size_t)64 * 1024 * 1024)
#define STEPS_A_TURN  64
#define NEVER         INT64_MAX

const struct cmg__http1_server_limits cmg__http1_server_default_limits = {
    .http1 = { .max_section = 32 * 1024,
               .max_field = 16 * 1024,
               .max_fields = 64,
               .max_target = 8 * 1024 },
    .handshake_ms = 10 * 1000,
    .head_ms = 10 * 1000,
    .idle_ms = 75 * 1000,
    .body_ms = 60 * 1000,
    .write_queue = 64 * 1024,
    .max_requests = 1000,
};

/* ---- time ---- */

static int64_t phase_limit(const struct cmg__http1_conn *conn)
{
    const struct cmg__http1_server_limits *l = &conn->limits;
    switch (conn->phase) {
    case CMG__CONN_OPENING:
        return l->handshake_ms;
    case CMG__CONN_IDLE:
        return conn->requests == 0 && l->idle_ms > FIRST_BYTE_MS ? FIRST_BYTE_MS
                                                                 : l->idle_ms;
    case CMG__CONN_HEAD:
        return l->head_ms;
    case CMG__CONN_BODY:
    case CMG__CONN_DRAIN:
        return l->body_ms;
    case CMG__CONN_CLOSING:
        return LINGER_MS;
    case CMG__CONN_ANSWER:
        break;
    }
    return NEVER;
}

void cmg__http1_conn_enter(struct cmg__http1_conn *conn, enum cmg__conn_phase phase)
{
    conn->phase = phase;
    int64_t limit = phase_limit(conn);
    conn->read_due = limit == NEVER ? NEVER : cmg__loop_now_ms(conn->loop) + limit;
}

static int64_t due(const struct cmg__http1_conn *conn)
{
    int64_t read_due = conn->paused ? NEVER : conn->read_due;
    int64_t write_due = cmg__wire_unsent(&conn->wire) > 0 ? conn->write_due : NEVER;
    return read_due < write_due ? read_due : write_due;
}

/* A timer that is early only looks again; moving it at each byte would cost more. */
static void arm(struct cmg__http1_conn *conn)
{
    int64_t when = due(conn);
    int64_t now = cmg__loop_now_ms(conn->loop);
    if (when == NEVER)
        cmg__timer_stop(&conn->timer);
    else if (!conn->timer.armed || conn->timer.due_ms > when)
        cmg__timer_start(&conn->timer, when > now ? when - now : 0);
}

static void time_out(struct cmg__http1_conn *conn, const char *what)
{
    cmg__fail(&conn->why, conn->alloc, CMG_E_TIMEOUT, NULL, NULL, "%s", what);
    cmg__http1_conn_die(conn);
}

static void read_timed_out(struct cmg__http1_conn *conn)
{
    switch (conn->phase) {
    case CMG__CONN_OPENING:
        time_out(conn, "handshake took too long");
        break;
    case CMG__CONN_IDLE:
        time_out(conn, "no request came");
        break;
    case CMG__CONN_HEAD:
    case CMG__CONN_BODY:
        cmg__fail(&conn->why, conn->alloc, CMG_E_TIMEOUT, NULL, NULL,
                  "request came too slowly");
        cmg__http1_conn_refuse(conn, 408, "request came too slowly");
        break;
    default:
        cmg__http1_conn_die(conn);
        break;
    }
}

static void check_time(struct cmg__http1_conn *conn)
{
    int64_t now = cmg__loop_now_ms(conn->loop);
    if (cmg__wire_unsent(&conn->wire) > 0 && now >= conn->write_due)
        time_out(conn, "peer takes no bytes");
    else if (!conn->paused && now >= conn->read_due)
        read_timed_out(conn);
}

/* ---- turns ---- */

void cmg__http1_conn_die(struct cmg__http1_conn *conn)
{
    conn->dead = true;
}

void cmg__http1_conn_stream_failed(struct cmg__http1_conn *conn)
{
    const cmg_error *error = cmg__stream_error(conn->wire.stream);
    cmg__fail(&conn->why, conn->alloc, error != NULL ? cmg_error_code(error) : CMG_E_IO,
              NULL, NULL, "connection failed: %s",
              error != NULL ? cmg_error_message(error) : "out of memory");
    cmg__http1_conn_die(conn);
}

static void destroy(struct cmg__http1_conn *conn)
{
    cmg__timer_stop(&conn->timer);
    cmg__task_cancel(&conn->task);
    if (!conn->silent)
        conn->events.on_close(conn, conn->why, conn->user);
    cmg__wire_done(&conn->wire);
    cmg__http1_parser_done(&conn->parser);
    cmg_error_unref(conn->why);
    cmg__free(conn->alloc, conn);
}

/* True once bytes may flow. */
static bool opened(struct cmg__http1_conn *conn)
{
    if (conn->phase != CMG__CONN_OPENING)
        return true;
    enum cmg__io io = cmg__stream_connect(conn->wire.stream);
    if (io == CMG__IO_AGAIN)
        return false;
    if (io != CMG__IO_OK) {
        cmg__http1_conn_stream_failed(conn);
        return false;
    }
    cmg__http1_conn_enter(conn, CMG__CONN_IDLE);
    return true;
}

static void want(struct cmg__http1_conn *conn)
{
    unsigned wanted = 0;
    if (conn->phase == CMG__CONN_OPENING)
        return;
    if (cmg__wire_unread(&conn->wire) == 0 && !conn->eof &&
        (conn->phase != CMG__CONN_CLOSING || conn->lingering))
        wanted |= CMG__READABLE;
    if (cmg__wire_unsent(&conn->wire) > 0 ||
        (conn->phase == CMG__CONN_CLOSING && !conn->lingering))
        wanted |= CMG__WRITABLE;
    cmg__stream_want(conn->wire.stream, wanted);
}

static void turn(struct cmg__http1_conn *conn)
{
    bool moved = opened(conn);
    for (int step = 0; moved && !conn->dead; step++) {
        conn->again = false;
        cmg__http1_conn_output(conn);
        moved = !conn->dead && cmg__http1_conn_input(conn);
        moved = moved || conn->again;
        if (step == STEPS_A_TURN) {
            cmg__task_post(conn->loop, &conn->task);
            break;
        }
    }
}

void cmg__http1_conn_run(struct cmg__http1_conn *conn)
{
    if (conn->running)
        return;
    conn->running = true;
    if (!conn->dead)
        check_time(conn);
    if (!conn->dead)
        turn(conn);
    if (conn->dead) {
        destroy(conn);
        return;
    }
    want(conn);
    arm(conn);
    conn->running = false;
}

void cmg__http1_conn_poke(struct cmg__http1_conn *conn)
{
    if (conn->running)
        conn->again = true;
    else
        cmg__task_post(conn->loop, &conn->task);
}

static void on_task(struct cmg__task *task, void *user)
{
    (void)task;
    cmg__http1_conn_run(user);
}

static void on_timer(struct cmg__timer *timer, void *user)
{
    (void)timer;
    cmg__http1_conn_run(user);
}

static void on_event(struct cmg__stream *stream, void *user)
{
    (void)stream;
    cmg__http1_conn_run(user);
}

/* ---- the owner's side ---- */

cmg_status cmg__http1_conn_new(struct cmg__stream *stream,
                               const struct cmg__http1_server_limits *limits,
                               const struct cmg__http1_server_events *events, void *user,
                               struct cmg__http1_conn **out, cmg_error **err)
{
    struct cmg__loop *loop = stream->loop;
    const struct cmg__alloc *alloc = cmg__loop_alloc(loop);
    struct cmg__http1_conn *conn = cmg__alloc0(alloc, sizeof *conn);
    if (conn == NULL) {
        cmg__stream_free(stream);
        return cmg__fail_nomem(err);
    }
    conn->loop = loop;
    conn->alloc = alloc;
    conn->limits = limits != NULL ? *limits : cmg__http1_server_default_limits;
    conn->events = *events;
    conn->user = user;
    cmg__wire_init(&conn->wire, alloc, stream, QUEUE_MAX);
    cmg__http1_parser_init(&conn->parser, alloc, &conn->limits.http1, false);
    cmg__task_init(&conn->task, on_task, conn);
    cmg__timer_init(&conn->timer, loop, on_timer, conn);
    cmg__stream_set_events(stream, on_event, conn);
    cmg__http1_conn_enter(conn, CMG__CONN_OPENING);
    cmg__task_post(loop, &conn->task);
    *out = conn;
    return CMG_OK;
}

struct cmg__stream *cmg__http1_conn_stream(struct cmg__http1_conn *conn)
{
    return conn->wire.stream;
}

void *cmg__http1_conn_user(struct cmg__http1_conn *conn)
{
    return conn->user;
}

void cmg__http1_conn_resume(struct cmg__http1_conn *conn)
{
    if (!conn->paused)
        return;
    conn->paused = false;
    if (conn->phase == CMG__CONN_BODY)
        cmg__http1_conn_enter(conn, CMG__CONN_BODY);
    cmg__http1_conn_poke(conn);
}

void cmg__http1_conn_set_close(struct cmg__http1_conn *conn)
{
    conn->last = true;
    if (conn->phase == CMG__CONN_IDLE) {
        conn->request_ended = true;
        cmg__http1_conn_enter(conn, CMG__CONN_CLOSING);
    }
    cmg__http1_conn_poke(conn);
}

void cmg__http1_conn_abort(struct cmg__http1_conn *conn)
{
    if (conn->dead)
        return;
    cmg__http1_conn_die(conn);
    cmg__http1_conn_poke(conn);
}

void cmg__http1_conn_free(struct cmg__http1_conn *conn)
{
    if (conn == NULL)
        return;
    conn->silent = true;
    conn->dead = true;
    if (!conn->running)
        destroy(conn);
}
