/*
 * What comes in on an HTTP/2 session: nghttp2's callbacks, turned into the owner's.
 * Counts what nghttp2 does not: decoded header bytes and fields, PINGs, empty DATA,
 * resets that this side had to make, PRIORITY frames.
 */
#include "net/http2_session.h"

#include "base/error.h"
#include "base/str.h"
#include "net/http1_syntax.h"

#include <string.h>

#define FIELD_OVERHEAD      32 /* RFC 9113, 6.5.2 */
#define PINGS_A_SECOND      10
#define OWN_RESETS_A_MINUTE 100
#define PRIORITIES_A_MINUTE 1000
#define EMPTY_DATA_MAX      1000
#define SECOND_MS           1000
#define MINUTE_MS           60000

static bool over_rate(struct cmg__h2 *h2, struct cmg__h2_rate *rate, int64_t span_ms,
                      unsigned most)
{
    int64_t now = cmg__loop_now_ms(h2->loop);
    if (now - rate->since_ms >= span_ms)
        *rate = (struct cmg__h2_rate){ .since_ms = now };
    return ++rate->count > most;
}

static struct cmg__h2_stream *find(nghttp2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session, id);
}

/* ---- heads ---- */

static void reset_head(struct cmg__h2_stream *s)
{
    cmg__headers_clear(&s->headers);
    cmg__buf_clear(&s->path);
    cmg__buf_clear(&s->authority);
    s->status = 0;
    s->head_bytes = s->head_fields = 0;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame,
                            void *user)
{
    struct cmg__h2 *h2 = user;
    struct cmg__h2_stream *s = find(session, frame->hd.stream_id);
    if (h2->dead)
        return 0;
    if (s == NULL && h2->settings.http_server &&
        frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        s = cmg__h2_stream_new(h2);
        if (s == NULL)
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        s->id = frame->hd.stream_id;
        (void)nghttp2_session_set_stream_user_data(session, s->id, s);
    }
    if (s != NULL)
        reset_head(s);
    return 0;
}

static cmg_status keep_method(struct cmg__h2_stream *s, const char *value, size_t n)
{
    if (n > CMG__H2_METHOD_MAX)
        return CMG_E_LIMIT;
    memcpy(s->method, value, n);
    s->method[n] = '\0';
    return CMG_OK;
}

static cmg_status keep_path(struct cmg__h2_stream *s, const char *value, size_t n)
{
    return cmg__http1_is_target(value, n) ? cmg__buf_add(&s->path, value, n)
                                          : CMG_E_INVAL;
}

static cmg_status keep_authority(struct cmg__h2_stream *s, const char *value, size_t n)
{
    return cmg__http1_is_host(value, n) ? cmg__buf_add(&s->authority, value, n)
                                        : CMG_E_INVAL;
}

static cmg_status keep_status(struct cmg__h2_stream *s, const char *value, size_t n)
{
    uint64_t status;
    if (n != 3 || !cmg__parse_u64(value, n, &status) || status < 100 || status > 599)
        return CMG_E_INVAL;
    s->status = (int)status;
    return CMG_OK;
}

static cmg_status keep_nothing(struct cmg__h2_stream *s, const char *value, size_t n)
{
    (void)s;
    (void)value;
    (void)n;
    return CMG_OK;
}

static const struct {
    const char *name;
    cmg_status (*keep)(struct cmg__h2_stream *s, const char *value, size_t n);
} special_fields[] = {
    { ":method", keep_method },       { ":path", keep_path },
    { ":authority", keep_authority }, { ":status", keep_status },
    { ":scheme", keep_nothing },      { "host", keep_nothing },
};

static cmg_status keep_field(struct cmg__h2_stream *s, const char *name, size_t name_len,
                             const char *value, size_t value_len)
{
    static const char *const secrets[] = { "authorization", "cookie", "set-cookie" };
    for (size_t i = 0; i < CMG__ARRAY_LEN(special_fields); i++)
        if (strcmp(special_fields[i].name, name) == 0)
            return special_fields[i].keep(s, value, value_len);
    cmg_status rc = cmg__headers_addn(&s->headers, name, name_len, value, value_len);
    if (rc == CMG_OK)
        s->headers.items[s->headers.count - 1].secret =
            cmg__http1_is_one_of(name, secrets, CMG__ARRAY_LEN(secrets));
    return rc;
}

/* The whole block must pass through the decoder to keep its state right; what is over the
   limit is counted and dropped, and far over it the session ends. */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame,
                     const uint8_t *name, size_t name_len, const uint8_t *value,
                     size_t value_len, uint8_t flags, void *user)
{
    (void)flags;
    struct cmg__h2 *h2 = user;
    struct cmg__h2_stream *s = find(session, frame->hd.stream_id);
    if (s == NULL || h2->dead)
        return 0;
    s->head_fields++;
    s->head_bytes += name_len + value_len + FIELD_OVERHEAD;
    if (s->head_bytes > 4 * CMG__H2_HEAD_MAX) {
        cmg__fail(&h2->why, h2->alloc, CMG_E_LIMIT, "channel", NULL,
                  "peer sent a header block far above the limit");
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (s->head_bytes > CMG__H2_HEAD_MAX || s->head_fields > CMG__H2_FIELDS_MAX)
        s->head_bad = true;
    if (s->head_bad || s->head_came)
        return 0;
    if (keep_field(s, (const char *)name, name_len, (const char *)value, value_len) !=
        CMG_OK)
        s->head_bad = true;
    return 0;
}

static void deliver_end(struct cmg__h2_stream *s)
{
    s->remote_ended = true;
    if (!s->reset)
        s->h2->events.on_end(s, s->h2->user);
}

static void deliver_head(struct cmg__h2_stream *s, bool end)
{
    struct cmg__h2 *h2 = s->h2;
    s->head_came = true;
    s->remote_ended = end;
    if (h2->settings.http_server)
        h2->events.on_request(s, s->method, cmg__buf_cstr(&s->path),
                              cmg__buf_cstr(&s->authority), &s->headers, end, h2->user);
    else
        h2->events.on_response(s, s->status, &s->headers, end, h2->user);
    cmg__headers_clear(&s->headers);
}

static void on_headers_frame(struct cmg__h2 *h2, const nghttp2_frame *frame)
{
    struct cmg__h2_stream *s = find(h2->session, frame->hd.stream_id);
    bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (s == NULL || s->reset)
        return;
    if (s->head_bad) {
        (void)nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE, s->id,
                                        NGHTTP2_ENHANCE_YOUR_CALM);
        return;
    }
    if (s->head_came) {
        if (end)
            deliver_end(s);
        return;
    }
    if (!h2->settings.http_server && s->status < 200)
        return; /* 1xx: the answer is still to come */
    deliver_head(s, end);
}

/* ---- bodies ---- */

static int on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t id,
                         const uint8_t *data, size_t n, void *user)
{
    (void)flags;
    struct cmg__h2 *h2 = user;
    struct cmg__h2_stream *s = find(session, id);
    if (s == NULL || s->reset || !s->head_came || h2->dead) {
        (void)nghttp2_session_consume(session, id, n);
        return 0;
    }
    s->unconsumed += n;
    h2->unconsumed += n;
    h2->held += n;
    cmg__h2_release_credit(h2, 0);
    h2->events.on_data(s, (const char *)data, n, h2->user);
    return 0;
}

static void on_data_frame(struct cmg__h2 *h2, const nghttp2_frame *frame)
{
    struct cmg__h2_stream *s = find(h2->session, frame->hd.stream_id);
    bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.length == frame->data.padlen && !end &&
        ++h2->empty_data > EMPTY_DATA_MAX)
        cmg__h2_terminate(h2, NGHTTP2_ENHANCE_YOUR_CALM,
                          "peer sent too many empty DATA frames");
    if (s != NULL && end)
        deliver_end(s);
}

/* ---- the session's own frames ---- */

static void on_settings_frame(struct cmg__h2 *h2, const nghttp2_frame *frame)
{
    if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 || h2->ready)
        return;
    h2->ready = true;
    cmg__h2_ping(h2); /* the first round trip is known early */
    if (h2->events.on_ready != NULL)
        h2->events.on_ready(h2, h2->user);
}

static void on_ping_frame(struct cmg__h2 *h2, const nghttp2_frame *frame)
{
    if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0)
        cmg__h2_pong(h2);
    else if (over_rate(h2, &h2->pings, SECOND_MS, PINGS_A_SECOND))
        cmg__h2_terminate(h2, NGHTTP2_ENHANCE_YOUR_CALM, "peer sent too many PINGs");
}

static void on_goaway_frame(struct cmg__h2 *h2, const nghttp2_frame *frame)
{
    if (frame->goaway.error_code != NGHTTP2_NO_ERROR && h2->why == NULL)
        cmg__fail(&h2->why, h2->alloc, CMG_E_PROTO, "channel", NULL,
                  "peer ended the channel: %s",
                  nghttp2_http2_strerror(frame->goaway.error_code));
    if (h2->goaway_received)
        return;
    h2->goaway_received = true;
    if (h2->events.on_goaway != NULL)
        h2->events.on_goaway(h2, h2->user);
}

static void on_priority_frame(struct cmg__h2 *h2, const nghttp2_frame *frame)
{
    (void)frame;
    if (over_rate(h2, &h2->priorities, MINUTE_MS, PRIORITIES_A_MINUTE))
        cmg__h2_terminate(h2, NGHTTP2_ENHANCE_YOUR_CALM,
                          "peer sent too many PRIORITY frames");
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    static void (*const handlers[])(struct cmg__h2 *, const nghttp2_frame *) = {
        [NGHTTP2_DATA] = on_data_frame,         [NGHTTP2_HEADERS] = on_headers_frame,
        [NGHTTP2_PRIORITY] = on_priority_frame, [NGHTTP2_SETTINGS] = on_settings_frame,
        [NGHTTP2_PING] = on_ping_frame,         [NGHTTP2_GOAWAY] = on_goaway_frame,
    };
    (void)session;
    struct cmg__h2 *h2 = user;
    if (!h2->dead && frame->hd.type < CMG__ARRAY_LEN(handlers) &&
        handlers[frame->hd.type] != NULL)
        handlers[frame->hd.type](h2, frame);
    return 0;
}

/* ---- what happens as frames go out ---- */

static void count_own_reset(struct cmg__h2 *h2, const nghttp2_frame *frame)
{
    const struct cmg__h2_stream *s = find(h2->session, frame->hd.stream_id);
    bool by_owner = s != NULL && s->reset;
    if (by_owner || frame->rst_stream.error_code == NGHTTP2_NO_ERROR)
        return;
    if (over_rate(h2, &h2->own_resets, MINUTE_MS, OWN_RESETS_A_MINUTE))
        cmg__h2_terminate(h2, NGHTTP2_ENHANCE_YOUR_CALM,
                          "peer made too many malformed streams");
}

/* An answer that ended before its request: the rest of the request is of no use. */
static void end_early(struct cmg__h2 *h2, const nghttp2_frame *frame)
{
    struct cmg__h2_stream *s = find(h2->session, frame->hd.stream_id);
    if (s == NULL)
        return;
    if (frame->hd.type == NGHTTP2_HEADERS)
        s->head_sent = true;
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0 || !h2->settings.http_server ||
        s->remote_ended || s->reset)
        return;
    s->reset = true;
    (void)nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE, s->id,
                                    NGHTTP2_NO_ERROR);
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    (void)session;
    struct cmg__h2 *h2 = user;
    if (h2->dead)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)
        end_early(h2, frame);
    else if (frame->hd.type == NGHTTP2_RST_STREAM)
        count_own_reset(h2, frame);
    else if (frame->hd.type == NGHTTP2_GOAWAY && h2->why == NULL &&
             frame->goaway.error_code != NGHTTP2_NO_ERROR)
        cmg__fail(&h2->why, h2->alloc, CMG_E_PROTO, "channel", NULL,
                  "peer broke HTTP/2: %s",
                  nghttp2_http2_strerror(frame->goaway.error_code));
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code,
                           void *user)
{
    const struct cmg__h2 *h2 = user;
    struct cmg__h2_stream *s = find(session, id);
    if (s == NULL || h2->dead)
        return 0; /* a dead session ends its streams itself */
    (void)nghttp2_session_set_stream_user_data(session, id, NULL);
    cmg__h2_stream_end(s, code);
    return 0;
}

void cmg__h2_set_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
}
