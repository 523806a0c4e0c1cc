/*
 * Turns of an exchange: connect, send, parse the answer, deliver it, hand the connection
 * back. As with the server, only a turn calls the owner and only its end frees.
 */
#include "net/http1_pool.h"

#include "base/error.h"

#define STALL_MS     60000
#define STEPS_A_TURN 64
#define MAX_INTERIMS 16

/* ---- the end ---- */

static void fail(struct cmg__http1_exchange *x, cmg_status code, cmg_retry retry,
                 const char *text)
{
    const struct cmg__error_info info = {
        .code = code,
        .retry = retry,
        .subject = x->pool != NULL ? x->pool->host_field : NULL,
    };
    cmg__error_set(&x->why, x->alloc, &info, "%s", text);
    x->dead = true;
}

static void finish(struct cmg__http1_exchange *x)
{
    cmg__timer_stop(&x->timer);
    cmg__task_cancel(&x->task);
    cmg__list_remove(&x->node);
    struct cmg__http1_link *link = x->link;
    x->link = NULL;
    if (link != NULL) {
        bool usable = x->complete && x->out_ended && x->parser.head.keep_alive &&
                      cmg__wire_unsent(&link->wire) == 0 &&
                      cmg__wire_unread(&link->wire) == 0;
        cmg__http1_link_keep(usable ? x->pool : NULL, link);
    }
    if (!x->silent)
        x->events.on_done(x, x->complete ? NULL : x->why, x->user);
    cmg__http1_parser_done(&x->parser);
    cmg__buf_done(&x->head);
    cmg_error_unref(x->why);
    cmg__free(x->alloc, x);
}

void cmg__http1_exchange_drop(struct cmg__http1_exchange *x)
{
    x->silent = true;
    x->dead = true;
    if (!x->running)
        finish(x);
}

void cmg__http1_exchange_poke(struct cmg__http1_exchange *x)
{
    if (x->running)
        x->again = true;
    else if (!x->dead)
        cmg__task_post(x->loop, &x->task);
}

/* ---- the connection ---- */

static void on_event(struct cmg__stream *stream, void *user)
{
    (void)stream;
    cmg__http1_exchange_run(user);
}

cmg_status cmg__http1_exchange_connect(struct cmg__http1_exchange *x, bool fresh,
                                       cmg_error **err)
{
    int64_t now = cmg__loop_now_ms(x->loop);
    cmg_status rc = cmg__http1_link_take(x->pool, fresh, &x->link, err);
    if (rc != CMG_OK)
        return rc;
    rc = cmg__buf_add(&x->link->wire.out, x->head.data, x->head.len);
    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__stream_set_events(x->link->wire.stream, on_event, x);
    x->opened = false;
    /* Connecting and the handshake may each take the time that was set. */
    x->open_due = now + 2 * x->pool->connect_ms;
    x->write_due = now + STALL_MS;
    x->read_due = now + x->first_byte_ms;
    return CMG_OK;
}

/* The peer closed a kept connection as we took it up: nothing was carried out, and what
   asks for nothing but an answer may be asked again. */
static bool try_again(struct cmg__http1_exchange *x)
{
    if (!x->link->reused || x->answer_began || !x->replayable || x->pool == NULL)
        return false;
    cmg__http1_link_free(x->link);
    x->link = NULL;
    if (cmg__http1_exchange_connect(x, true, &x->why) != CMG_OK) {
        x->dead = true;
        return true;
    }
    x->again = true;
    return true;
}

static void link_failed(struct cmg__http1_exchange *x)
{
    const cmg_error *error = cmg__stream_error(x->link->wire.stream);
    if (try_again(x))
        return;
    if (error == NULL) {
        fail(x, CMG_E_NOMEM, CMG_RETRY_NEVER, "out of memory");
        return;
    }
    fail(x, cmg_error_code(error), CMG_RETRY_TRANSIENT, cmg_error_message(error));
}

static void link_ended(struct cmg__http1_exchange *x)
{
    if (!x->answer_began) {
        if (!try_again(x))
            fail(x, CMG_E_IO, CMG_RETRY_TRANSIENT,
                 "upstream closed the connection without an answer");
        return;
    }
    if (!x->interim && cmg__http1_finish(&x->parser)) {
        x->complete = true;
        x->dead = true;
        return;
    }
    fail(x, CMG_E_PROTO, CMG_RETRY_TRANSIENT, "upstream cut its answer short");
}

static bool is_open(struct cmg__http1_exchange *x)
{
    if (x->opened)
        return true;
    switch (cmg__stream_connect(x->link->wire.stream)) {
    case CMG__IO_OK:
        x->opened = true;
        x->write_due = cmg__loop_now_ms(x->loop) + STALL_MS;
        return true;
    case CMG__IO_AGAIN:
        break;
    case CMG__IO_EOF:
    case CMG__IO_ERROR:
        link_failed(x);
        break;
    }
    return false;
}

/* ---- sending ---- */

void cmg__http1_exchange_queued(struct cmg__http1_exchange *x, size_t before)
{
    if (before == 0)
        x->write_due = cmg__loop_now_ms(x->loop) + STALL_MS;
    cmg__http1_exchange_poke(x);
}

static void output(struct cmg__http1_exchange *x)
{
    size_t sent = 0;
    if (cmg__wire_unsent(&x->link->wire) > 0) {
        enum cmg__io io = cmg__wire_flush(&x->link->wire, &sent);
        if (sent > 0) {
            x->write_due = cmg__loop_now_ms(x->loop) + STALL_MS;
            x->read_due = cmg__loop_now_ms(x->loop) + x->first_byte_ms;
        }
        if (io == CMG__IO_ERROR || io == CMG__IO_EOF) {
            link_failed(x);
            return;
        }
    }
    if (x->was_full && cmg__wire_unsent(&x->link->wire) < CMG__HTTP1_CLIENT_QUEUE / 2) {
        x->was_full = false;
        if (!x->out_ended && x->events.on_writable != NULL)
            x->events.on_writable(x, x->user);
    }
}

/* ---- receiving ---- */

static void on_head(struct cmg__http1_exchange *x)
{
    const struct cmg__http1_head *head = &x->parser.head;
    x->interim = head->status < 200;
    if (!x->interim) {
        x->events.on_head(x, head, x->user);
        return;
    }
    if (head->status == 101 || ++x->interims > MAX_INTERIMS)
        fail(x, CMG_E_PROTO, CMG_RETRY_NEVER, "upstream sent unasked interim answers");
}

static void on_end(struct cmg__http1_exchange *x)
{
    if (x->interim) {
        x->interim = false;
        return;
    }
    x->complete = true;
    x->dead = true;
}

static void on_error(struct cmg__http1_exchange *x)
{
    const struct cmg__error_info info = {
        .code = CMG_E_PROTO,
        .subject = x->pool != NULL ? x->pool->host_field : NULL,
        .cause = x->parser.error_text,
    };
    cmg__error_set(&x->why, x->alloc, &info, "answer is malformed: %s",
                   x->parser.error_text);
    x->dead = true;
}

static bool parse(struct cmg__http1_exchange *x)
{
    struct cmg__wire *wire = &x->link->wire;
    size_t taken, n;
    const char *data;
    enum cmg__http1_result result = cmg__http1_feed(
        &x->parser, cmg__wire_input(wire), cmg__wire_unread(wire), &taken, &data, &n);
    cmg__wire_take(wire, taken - n);
    x->body_left = n;
    if (result == CMG__HTTP1_HEAD)
        on_head(x);
    else if (result == CMG__HTTP1_END)
        on_end(x);
    else if (result == CMG__HTTP1_ERROR)
        on_error(x);
    return result != CMG__HTTP1_MORE;
}

static bool deliver(struct cmg__http1_exchange *x)
{
    struct cmg__wire *wire = &x->link->wire;
    size_t n = x->body_left;
    if (x->paused)
        return false;
    x->paused = true; /* the owner may resume inside already */
    size_t took = x->events.on_body(x, cmg__wire_input(wire), n, x->user);
    if (took > n)
        took = n;
    cmg__wire_take(wire, took);
    x->body_left -= took;
    if (took == n)
        x->paused = false;
    x->read_due = cmg__loop_now_ms(x->loop) + x->first_byte_ms;
    return true;
}

static bool fill(struct cmg__http1_exchange *x)
{
    switch (cmg__wire_fill(&x->link->wire)) {
    case CMG__IO_OK:
        x->answer_began = true;
        x->read_due = cmg__loop_now_ms(x->loop) + x->first_byte_ms;
        return true;
    case CMG__IO_EOF:
        link_ended(x);
        break;
    case CMG__IO_ERROR:
        link_failed(x);
        break;
    case CMG__IO_AGAIN:
        break;
    }
    return false;
}

static bool input(struct cmg__http1_exchange *x)
{
    if (x->body_left > 0)
        return deliver(x);
    return parse(x) || fill(x);
}

/* ---- turns ---- */

static bool answer_is_due(const struct cmg__http1_exchange *x)
{
    return x->opened && !x->paused &&
           (x->answer_began || (x->out_ended && cmg__wire_unsent(&x->link->wire) == 0));
}

static int64_t due(const struct cmg__http1_exchange *x)
{
    int64_t when = x->opened ? INT64_MAX : x->open_due;
    if (x->opened && cmg__wire_unsent(&x->link->wire) > 0)
        when = x->write_due;
    if (answer_is_due(x) && x->read_due < when)
        when = x->read_due;
    return when;
}

static void arm(struct cmg__http1_exchange *x)
{
    int64_t when = due(x);
    int64_t now = cmg__loop_now_ms(x->loop);
    if (when == INT64_MAX)
        cmg__timer_stop(&x->timer);
    else if (!x->timer.armed || x->timer.due_ms > when)
        cmg__timer_start(&x->timer, when > now ? when - now : 0);
}

static void want(struct cmg__http1_exchange *x)
{
    unsigned wanted = 0;
    if (!x->opened)
        return;
    if (x->body_left == 0)
        wanted |= CMG__READABLE;
    if (cmg__wire_unsent(&x->link->wire) > 0)
        wanted |= CMG__WRITABLE;
    cmg__stream_want(x->link->wire.stream, wanted);
}

static void turn(struct cmg__http1_exchange *x)
{
    bool moved = true;
    for (int step = 0; moved && !x->dead; step++) {
        x->again = false;
        moved = is_open(x);
        if (moved)
            output(x);
        if (moved && !x->dead && x->opened)
            moved = input(x);
        moved = moved || x->again;
        if (step == STEPS_A_TURN) {
            cmg__task_post(x->loop, &x->task);
            break;
        }
    }
}

void cmg__http1_exchange_run(struct cmg__http1_exchange *x)
{
    if (x->running)
        return;
    x->running = true;
    if (!x->dead && cmg__loop_now_ms(x->loop) >= due(x))
        fail(x, CMG_E_TIMEOUT, CMG_RETRY_TRANSIENT,
             x->opened ? "upstream did not answer in time"
                       : "upstream could not be connected in time");
    if (!x->dead)
        turn(x);
    if (x->dead) {
        finish(x);
        return;
    }
    want(x);
    arm(x);
    x->running = false;
}
