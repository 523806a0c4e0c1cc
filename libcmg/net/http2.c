/*
 * Life of an HTTP/2 session: birth, turns, keep-alive, draining, death. A turn reads what
 * is there, gathers the frames that are ready into one buffer and hands that to the
 * stream in one write. Only the end of a turn frees.
 */
#include "net/http2_session.h"

#include "base/error.h"

#define GATHER_BYTES  ((size_t)64 * 1024)
#define OUT_MAX       ((size_t)1024 * 1024)
#define STEPS_A_TURN  32
#define OPEN_MS       20000
#define STALL_MS      60000
#define NEVER         INT64_MAX
#define SEAL_MS       1000 /* between the notice and the final GOAWAY without a PING's help */
#define RESETS_BURST  100000
#define RESETS_A_SEC  10000
#define CONTINUATIONS 64

/* ---- memory for nghttp2 ---- */

static void *h2_malloc(size_t n, void *user)
{
    return cmg__alloc(user, n > 0 ? n : 1);
}

static void h2_free(void *block, void *user)
{
    cmg__free(user, block);
}

static void *h2_calloc(size_t count, size_t size, void *user)
{
    return count > 0 && size > 0 ? cmg__alloc_array(user, count, size)
                                 : cmg__alloc0(user, 1);
}

static void *h2_realloc(void *block, size_t n, void *user)
{
    return cmg__realloc(user, block, n > 0 ? n : 1);
}

/* ---- the end ---- */

void cmg__h2_poke(struct cmg__h2 *h2)
{
    if (h2->running)
        h2->again = true;
    else if (!h2->dead)
        cmg__task_post(h2->loop, &h2->task);
}

static void die(struct cmg__h2 *h2, cmg_status code, const char *text)
{
    if (h2->why == NULL && code != CMG_OK)
        cmg__fail(&h2->why, h2->alloc, code, "channel", NULL, "%s", text);
    h2->dead = true;
}

static void stream_failed(struct cmg__h2 *h2)
{
    const cmg_error *error = cmg__stream_error(h2->wire.stream);
    if (h2->why == NULL)
        cmg__fail(&h2->why, h2->alloc, error != NULL ? cmg_error_code(error) : CMG_E_IO,
                  error != NULL ? cmg_error_subject(error) : "channel", NULL,
                  "channel failed: %s",
                  error != NULL ? cmg_error_message(error) : "out of memory");
    h2->dead = true;
}

void cmg__h2_terminate(struct cmg__h2 *h2, uint32_t code, const char *reason)
{
    if (h2->why == NULL)
        cmg__fail(&h2->why, h2->alloc, CMG_E_LIMIT, "channel", NULL, "%s", reason);
    (void)nghttp2_session_terminate_session(h2->session, code);
    h2->again = true;
}

static void destroy(struct cmg__h2 *h2)
{
    cmg__timer_stop(&h2->timer);
    cmg__task_cancel(&h2->task);
    while (!cmg__list_is_empty(&h2->streams))
        cmg__h2_stream_end(CMG__CONTAINER(h2->streams.next, struct cmg__h2_stream, node),
                           NGHTTP2_INTERNAL_ERROR);
    if (!h2->silent)
        h2->events.on_close(h2, h2->why, h2->user);
    nghttp2_session_del(h2->session);
    cmg__wire_done(&h2->wire);
    cmg_error_unref(h2->why);
    cmg__free(h2->alloc, h2);
}

/* ---- keep-alive and time ---- */

void cmg__h2_ping(struct cmg__h2 *h2)
{
    if (h2->ping_sent_ms >= 0)
        return;
    h2->ping_sent_ms = cmg__loop_now_ms(h2->loop);
    (void)nghttp2_submit_ping(h2->session, NGHTTP2_FLAG_NONE, NULL);
    h2->again = true;
}

/* Final GOAWAY: what came until now is still answered, what comes later is not. */
static void seal(struct cmg__h2 *h2)
{
    if (h2->drain_sealed)
        return;
    h2->drain_sealed = true;
    (void)nghttp2_submit_goaway(h2->session, NGHTTP2_FLAG_NONE,
                                nghttp2_session_get_last_proc_stream_id(h2->session),
                                NGHTTP2_NO_ERROR, NULL, 0);
    h2->again = true;
}

void cmg__h2_pong(struct cmg__h2 *h2)
{
    if (h2->ping_sent_ms < 0)
        return;
    h2->rtt_ms = cmg__loop_now_ms(h2->loop) - h2->ping_sent_ms;
    h2->ping_sent_ms = -1;
    if (h2->draining)
        seal(h2);
}

/* While bytes come the peer lives, however long its PING takes behind them. */
static int64_t ping_due(const struct cmg__h2 *h2)
{
    if (h2->ping_sent_ms < 0)
        return h2->received_ms + h2->settings.ping_ms;
    int64_t quiet_since =
        h2->ping_sent_ms > h2->received_ms ? h2->ping_sent_ms : h2->received_ms;
    return quiet_since + h2->settings.ping_timeout_ms;
}

static int64_t seal_due(const struct cmg__h2 *h2)
{
    return h2->draining && !h2->drain_sealed ? h2->ping_sent_ms + SEAL_MS : NEVER;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t due(const struct cmg__h2 *h2)
{
    int64_t when = earlier(h2->drain_due, seal_due(h2));
    if (cmg__wire_unsent(&h2->wire) > 0)
        when = earlier(when, h2->write_due);
    return earlier(when, h2->ready ? ping_due(h2) : h2->open_due);
}

static void check_time(struct cmg__h2 *h2)
{
    int64_t now = cmg__loop_now_ms(h2->loop);
    if (now >= h2->drain_due) {
        die(h2, CMG_E_TIMEOUT, "channel had open requests at the end of its drain time");
    } else if (!h2->ready && now >= h2->open_due) {
        die(h2, CMG_E_TIMEOUT, "channel was not set up in time");
    } else if (cmg__wire_unsent(&h2->wire) > 0 && now >= h2->write_due) {
        die(h2, CMG_E_TIMEOUT, "peer takes no bytes");
    } else if (now >= seal_due(h2)) {
        seal(h2);
    } else if (h2->ready && now >= ping_due(h2)) {
        if (h2->ping_sent_ms >= 0)
            die(h2, CMG_E_TIMEOUT, "peer did not answer a PING");
        else
            cmg__h2_ping(h2);
    }
}

static void arm(struct cmg__h2 *h2)
{
    int64_t when = due(h2);
    int64_t now = cmg__loop_now_ms(h2->loop);
    if (!h2->timer.armed || h2->timer.due_ms > when)
        cmg__timer_start(&h2->timer, when > now ? when - now : 0);
}

/* ---- turns ---- */

static void connect_stream(struct cmg__h2 *h2)
{
    switch (cmg__stream_connect(h2->wire.stream)) {
    case CMG__IO_OK:
        h2->open = true;
        h2->received_ms = cmg__loop_now_ms(h2->loop);
        break;
    case CMG__IO_AGAIN:
        break;
    case CMG__IO_EOF:
    case CMG__IO_ERROR:
        stream_failed(h2);
        break;
    }
}

/* Frames of all streams into one buffer, up to the size of one good write. */
static void gather(struct cmg__h2 *h2)
{
    bool was_empty = cmg__wire_unsent(&h2->wire) == 0;
    while (!h2->dead && cmg__wire_unsent(&h2->wire) < GATHER_BYTES) {
        const uint8_t *data = NULL;
        ssize_t n = nghttp2_session_mem_send(h2->session, &data);
        if (n == 0)
            break;
        if (n < 0) {
            die(h2, n == NGHTTP2_ERR_NOMEM ? CMG_E_NOMEM : CMG_E_PROTO,
                nghttp2_strerror((int)n));
        } else {
            cmg_status rc = cmg__buf_add(&h2->wire.out, data, (size_t)n);
            if (rc != CMG_OK)
                die(h2, rc, "no memory for frames to send");
        }
    }
    if (was_empty)
        h2->write_due = cmg__loop_now_ms(h2->loop) + STALL_MS;
}

/* True when bytes went out and there may be more. */
static bool send_frames(struct cmg__h2 *h2)
{
    size_t sent = 0;
    gather(h2);
    if (h2->dead || cmg__wire_unsent(&h2->wire) == 0)
        return false;
    enum cmg__io io = cmg__wire_flush(&h2->wire, &sent);
    if (sent > 0)
        h2->write_due = cmg__loop_now_ms(h2->loop) + STALL_MS;
    if (io == CMG__IO_ERROR || io == CMG__IO_EOF)
        stream_failed(h2);
    return io == CMG__IO_OK;
}

static void peer_closed(struct cmg__h2 *h2)
{
    bool expected = (h2->goaway_received || h2->draining) && h2->stream_count == 0;
    die(h2, expected ? CMG_OK : CMG_E_IO, "peer closed the channel");
}

static bool receive(struct cmg__h2 *h2)
{
    enum cmg__io io = cmg__wire_fill(&h2->wire);
    if (io == CMG__IO_ERROR)
        stream_failed(h2);
    else if (io == CMG__IO_EOF)
        peer_closed(h2);
    if (io != CMG__IO_OK)
        return false;
    h2->received_ms = cmg__loop_now_ms(h2->loop);
    size_t n = cmg__wire_unread(&h2->wire);
    ssize_t rc = nghttp2_session_mem_recv(h2->session,
                                          (const uint8_t *)cmg__wire_input(&h2->wire), n);
    if (rc < 0)
        die(h2, rc == NGHTTP2_ERR_NOMEM ? CMG_E_NOMEM : CMG_E_PROTO,
            nghttp2_strerror((int)rc));
    cmg__wire_take(&h2->wire, n);
    return !h2->dead;
}

static bool is_over(struct cmg__h2 *h2)
{
    if (cmg__wire_unsent(&h2->wire) > 0 || nghttp2_session_want_write(h2->session))
        return false;
    return !nghttp2_session_want_read(h2->session) ||
           (h2->drain_sealed && h2->stream_count == 0);
}

static void finish(struct cmg__h2 *h2)
{
    if (cmg__stream_shutdown(h2->wire.stream) == CMG__IO_AGAIN) {
        h2->ending = true;
        return;
    }
    h2->dead = true;
}

static void turn(struct cmg__h2 *h2)
{
    bool moved = true;
    for (int step = 0; moved && !h2->dead; step++) {
        h2->again = false;
        moved = send_frames(h2);
        cmg__h2_tell_writable(h2);
        if (!h2->dead)
            moved = receive(h2) || moved;
        moved = moved || h2->again;
        if (step == STEPS_A_TURN) {
            cmg__task_post(h2->loop, &h2->task);
            break;
        }
    }
    if (!h2->dead && is_over(h2))
        finish(h2);
}

static void want(struct cmg__h2 *h2)
{
    if (!h2->open)
        return;
    bool blocked = cmg__wire_unsent(&h2->wire) > 0 || h2->ending;
    cmg__stream_want(h2->wire.stream,
                     CMG__READABLE | (blocked ? (unsigned)CMG__WRITABLE : 0));
}

static void run(struct cmg__h2 *h2)
{
    if (h2->running)
        return;
    h2->running = true;
    if (!h2->dead)
        check_time(h2);
    if (!h2->dead && !h2->open)
        connect_stream(h2);
    if (!h2->dead && h2->open)
        turn(h2);
    if (h2->dead) {
        destroy(h2);
        return;
    }
    want(h2);
    arm(h2);
    h2->running = false;
}

static void on_task(struct cmg__task *task, void *user)
{
    (void)task;
    run(user);
}

static void on_timer(struct cmg__timer *timer, void *user)
{
    (void)timer;
    run(user);
}

static void on_event(struct cmg__stream *stream, void *user)
{
    (void)stream;
    run(user);
}

/* ---- birth ---- */

static int new_session(struct cmg__h2 *h2, const nghttp2_session_callbacks *callbacks,
                       nghttp2_option *option)
{
    nghttp2_mem mem = {
        .mem_user_data = (void *)(uintptr_t)h2->alloc,
        .malloc = h2_malloc,
        .free = h2_free,
        .calloc = h2_calloc,
        .realloc = h2_realloc,
    };
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_max_deflate_dynamic_table_size(option, 4096);
    if (!h2->settings.http_server)
        return nghttp2_session_client_new3(&h2->session, callbacks, h2, option, &mem);
        /* The peer is authenticated and passes on what its own clients do: aborts come in
           bursts, and nghttp2's defaults would end the channel for all of them. */
#ifdef CMG__HAVE_NGHTTP2_STREAM_RESET_RATE_LIMIT
    nghttp2_option_set_stream_reset_rate_limit(option, RESETS_BURST, RESETS_A_SEC);
#endif
#ifdef CMG__HAVE_NGHTTP2_MAX_CONTINUATIONS
    nghttp2_option_set_max_continuations(option, CONTINUATIONS);
#endif
    return nghttp2_session_server_new3(&h2->session, callbacks, h2, option, &mem);
}

static int submit_settings(struct cmg__h2 *h2)
{
    const nghttp2_settings_entry entries[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, h2->settings.max_streams },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, h2->settings.stream_window },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, CMG__H2_HEAD_MAX },
        { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 }, /* the HTTP client's to say */
    };
    size_t count = CMG__ARRAY_LEN(entries) - (h2->settings.http_server ? 1 : 0);
    int rc = nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, entries, count);
    if (rc == 0)
        rc = nghttp2_session_set_local_window_size(h2->session, NGHTTP2_FLAG_NONE, 0,
                                                   (int32_t)h2->settings.session_window);
    return rc;
}

static int start_session(struct cmg__h2 *h2)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    int rc = nghttp2_session_callbacks_new(&callbacks);
    if (rc == 0)
        rc = nghttp2_option_new(&option);
    if (rc == 0) {
        cmg__h2_set_callbacks(callbacks);
        rc = new_session(h2, callbacks, option);
    }
    if (rc == 0)
        rc = submit_settings(h2);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return rc;
}

static struct cmg__h2_settings with_defaults(const struct cmg__h2_settings *given)
{
    struct cmg__h2_settings s = *given;
    s.max_streams = s.max_streams > 0 ? s.max_streams : 256;
    s.stream_window = s.stream_window > 0 ? s.stream_window : 1024 * 1024;
    s.session_window = s.session_window > 0 ? s.session_window : 8 * 1024 * 1024;
    s.ping_ms = s.ping_ms > 0 ? s.ping_ms : 20000;
    s.ping_timeout_ms = s.ping_timeout_ms > 0 ? s.ping_timeout_ms : 10000;
    s.write_queue = s.write_queue > 0 ? s.write_queue : (size_t)64 * 1024;
    return s;
}

static void init(struct cmg__h2 *h2, struct cmg__stream *stream)
{
    int64_t now = cmg__loop_now_ms(h2->loop);
    cmg__wire_init(&h2->wire, h2->alloc, stream, OUT_MAX);
    cmg__list_init(&h2->streams);
    cmg__list_init(&h2->writable);
    cmg__task_init(&h2->task, on_task, h2);
    cmg__timer_init(&h2->timer, h2->loop, on_timer, h2);
    h2->open_due = now + OPEN_MS;
    h2->drain_due = NEVER;
    h2->received_ms = now;
    h2->ping_sent_ms = h2->rtt_ms = -1;
}

cmg_status cmg__h2_new(struct cmg__stream *stream,
                       const struct cmg__h2_settings *settings,
                       const struct cmg__h2_events *events, void *user,
                       struct cmg__h2 **out, cmg_error **err)
{
    const struct cmg__alloc *alloc = cmg__loop_alloc(stream->loop);
    struct cmg__h2 *h2 = cmg__alloc0(alloc, sizeof *h2);
    if (h2 == NULL) {
        cmg__stream_free(stream);
        return cmg__fail_nomem(err);
    }
    h2->loop = stream->loop;
    h2->alloc = alloc;
    h2->settings = with_defaults(settings);
    h2->events = *events;
    h2->user = user;
    init(h2, stream);
    if (start_session(h2) != 0) {
        nghttp2_session_del(h2->session);
        cmg__wire_done(&h2->wire);
        cmg__free(alloc, h2);
        return cmg__fail_nomem(err);
    }
    cmg__stream_set_events(stream, on_event, h2);
    cmg__task_post(h2->loop, &h2->task);
    *out = h2;
    return CMG_OK;
}

/* ---- the owner's side ---- */

struct cmg__stream *cmg__h2_transport(struct cmg__h2 *h2)
{
    return h2->wire.stream;
}

void *cmg__h2_user(struct cmg__h2 *h2)
{
    return h2->user;
}

bool cmg__h2_takes_requests(const struct cmg__h2 *h2)
{
    return !h2->dead && !h2->draining && !h2->goaway_received &&
           nghttp2_session_check_request_allowed(h2->session) != 0;
}

size_t cmg__h2_stream_count(const struct cmg__h2 *h2)
{
    return h2->stream_count;
}

uint32_t cmg__h2_peer_max_streams(const struct cmg__h2 *h2)
{
    return nghttp2_session_get_remote_settings(h2->session,
                                               NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

int64_t cmg__h2_rtt_ms(const struct cmg__h2 *h2)
{
    return h2->rtt_ms;
}

void cmg__h2_drain(struct cmg__h2 *h2, int64_t grace_ms)
{
    if (h2->dead || h2->draining)
        return;
    h2->draining = true;
    h2->drain_due = cmg__loop_now_ms(h2->loop) + grace_ms;
    if (h2->settings.http_server) {
        /* Requests under way to us are not lost: the last stream is named a round trip
           after the notice. */
        (void)nghttp2_submit_shutdown_notice(h2->session);
        cmg__h2_ping(h2);
    } else {
        seal(h2);
    }
    cmg__h2_poke(h2);
}

void cmg__h2_abort(struct cmg__h2 *h2)
{
    if (h2->dead)
        return;
    h2->dead = true;
    if (!h2->running)
        cmg__task_post(h2->loop, &h2->task);
}

void cmg__h2_free(struct cmg__h2 *h2)
{
    if (h2 == NULL)
        return;
    h2->silent = true;
    h2->dead = true;
    if (!h2->running)
        destroy(h2);
}
