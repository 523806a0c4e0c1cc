/*
 * One request: a client's HTTP/1.1 exchange on one side, one stream of a channel on the
 * other. Bodies go through both ways without being held: what the stream does not take
 * pauses the client, what the client does not take withholds the stream's credit.
 *
 *   begin -> KEYS or LISTS -> QUEUED -> RUNNING -> ANSWERED -> (done list)
 * Any state may go straight to ANSWERED by a refusal. A request is given to a second
 * connection point only when the first certainly did nothing with it, or when it is safe
 * and bodyless and no byte of an answer came.
 */
#include "relay/service.h"
#include "base/str.h"
#include <string.h>

#define H2_CANCEL 8
#define MAX_TRIES 3

/* ---- time ---- */

/* Moves the deadline; the timer looks again when it fires, so that bytes cost nothing. */
static void set_due(struct cmg__exchange *x, int64_t after_ms)
{
    x->due_ms = cmg__loop_now_ms(x->service->loop) + after_ms;
    if (!x->timer.armed || x->timer.due_ms > x->due_ms)
        cmg__timer_start(&x->timer, after_ms);
}

/* Those who wait for lists are many when a service begins, and hold up nobody else. */
static size_t *count_of(struct cmg_service *service, enum cmg__exchange_state state)
{
    return state == CMG__EXCHANGE_LISTS ? &service->list_waiting_count
                                        : &service->waiting_count;
}

static void stop_waiting(struct cmg__exchange *x)
{
    if (x->state != CMG__EXCHANGE_QUEUED && x->state != CMG__EXCHANGE_KEYS &&
        x->state != CMG__EXCHANGE_LISTS)
        return;
    --*count_of(x->service, x->state);
    x->state = CMG__EXCHANGE_ANSWERED;
    cmg__list_remove(&x->node);
}

static void act(struct cmg__exchange *x, enum cmg__refusal verdict);

/* By what is known now. */
static void judge_again(struct cmg__exchange *x)
{
    stop_waiting(x);
    act(x, cmg__admit_identity(x, false));
}

static void on_timer(struct cmg__timer *timer, void *user)
{
    struct cmg__exchange *x = user;
    int64_t left = x->due_ms - cmg__loop_now_ms(x->service->loop);

    if (left > 0)
        cmg__timer_start(timer, left);
    else if (x->state == CMG__EXCHANGE_RUNNING)
        cmg__answer_refuse(x, CMG__REFUSE_TIMEOUT);
    else if (x->state == CMG__EXCHANGE_QUEUED)
        cmg__answer_refuse(x, CMG__REFUSE_NO_CONNECTOR);
    else if (x->state == CMG__EXCHANGE_KEYS)
        cmg__answer_refuse(x, CMG__REFUSE_NO_KEYS);
    else if (x->state == CMG__EXCHANGE_LISTS)
        judge_again(x);
}

/* ---- waiting ---- */

static bool may_wait_as(struct cmg_service *service, enum cmg__exchange_state state)
{
    const struct cmg__relay_limits *limits = &service->limits;
    const size_t most = state == CMG__EXCHANGE_LISTS ? limits->list_queue : limits->queue;

    return *count_of(service, state) < most && service->state == CMG__SERVICE_RUNNING;
}

static void wait_as(struct cmg__exchange *x, enum cmg__exchange_state state,
                    enum cmg__refusal otherwise)
{
    struct cmg_service *service = x->service;

    if (x->state == state && !cmg__list_is_empty(&x->node))
        return;
    if (!may_wait_as(service, state)) {
        cmg__answer_refuse(x, otherwise);
        return;
    }
    x->state = state;
    cmg__list_add_tail(&service->waiting, &x->node);
    ++*count_of(service, state);
    set_due(x, service->limits.queue_ms);
}

void cmg__exchange_wake(struct cmg_service *service)
{
    CMG__LIST_FOREACH (node, after, &service->waiting) {
        struct cmg__exchange *x = CMG__CONTAINER(node, struct cmg__exchange, node);
        if (x->state == CMG__EXCHANGE_QUEUED)
            cmg__exchange_dispatch(x);
    }
}

/* ---- beginning ---- */

static void act(struct cmg__exchange *x, enum cmg__refusal verdict)
{
    switch (verdict) {
    case CMG__ADMITTED:
        cmg__exchange_dispatch(x);
        break;
    case CMG__ANSWERED:
        break;
    case CMG__WAIT_KEYS:
        wait_as(x, CMG__EXCHANGE_KEYS, CMG__REFUSE_NO_KEYS);
        break;
    case CMG__WAIT_LISTS:
        if (may_wait_as(x->service, CMG__EXCHANGE_LISTS))
            wait_as(x, CMG__EXCHANGE_LISTS, CMG__REFUSE_CERT_UNASKED);
        else
            judge_again(x);
        break;
    default:
        cmg__answer_refuse(x, verdict);
        break;
    }
}

/* The list is taken away first: an answer may change it. */
void cmg__exchange_keys(void *user)
{
    struct cmg_service *service = user;

    CMG__LIST_FOREACH (node, after, &service->waiting) {
        struct cmg__exchange *x = CMG__CONTAINER(node, struct cmg__exchange, node);
        if (x->state == CMG__EXCHANGE_KEYS)
            judge_again(x);
    }
}

/* A chain may need several: who still misses one goes on to wait, not longer than at
   first. */
void cmg__exchange_lists(void *user, bool changed)
{
    struct cmg_service *service = user;

    if (changed)
        cmg__front_doubt(service);
    CMG__LIST_FOREACH (node, after, &service->waiting) {
        struct cmg__exchange *x = CMG__CONTAINER(node, struct cmg__exchange, node);
        if (x->state != CMG__EXCHANGE_LISTS)
            continue;
        const enum cmg__refusal verdict = cmg__admit_identity(x, true);
        if (verdict == CMG__WAIT_LISTS)
            continue;
        stop_waiting(x);
        act(x, verdict);
    }
}

static bool is_bodyless_method(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

static bool is_safe_method(const char *method)
{
    return is_bodyless_method(method) || strcmp(method, "PROPFIND") == 0;
}

static bool has_body(const struct cmg__http1_head *head)
{
    return head->framing == CMG__HTTP1_CHUNKED ||
           (head->framing == CMG__HTTP1_LENGTH && head->content_length > 0);
}

void cmg__exchange_begin(struct cmg__front *front, const struct cmg__http1_head *head)
{
    struct cmg_service *service = front->service;
    struct cmg__exchange *x = cmg__alloc0(service->alloc, sizeof *x);

    if (x == NULL) {
        cmg__http1_conn_abort(front->http1);
        return;
    }
    x->service = service;
    x->front = front;
    x->head = head;
    x->state = CMG__EXCHANGE_ANSWERED;
    x->client = "none";
    x->number = ++service->requests;
    x->began_ms = cmg__loop_now_ms(service->loop);
    x->drop_body = has_body(head) && is_bodyless_method(head->method);
    x->max_length = CMG__MAP_MAX_LENGTH;
    cmg__list_init(&x->node);
    cmg__target_init(&x->target, service->alloc);
    cmg__timer_init(&x->timer, service->loop, on_timer, x);
    memcpy(x->method, head->method, sizeof x->method);
    front->exchange = x;
    act(x, cmg__admit(x));
}

/* ---- to a connection point ---- */

static void copy_text(char *out, size_t size, const char *text)
{
    size_t n = strlen(text);

    if (n >= size)
        n = size - 1;
    memcpy(out, text, n);
    out[n] = '\0';
}

/* ":path" is the published spelling of the endpoint, the rest, and the query. */
static cmg_status inner_path(const struct cmg__exchange *x,
                             const struct cmg__map_match *match, struct cmg__buf *out)
{
    cmg_status rc = cmg__buf_add_char(out, '/');

    if (rc == CMG_OK)
        rc = cmg__buf_add_str(out, match->endpoint->path);
    if (rc == CMG_OK)
        rc = cmg__buf_add_str(out, match->tail);
    if (rc == CMG_OK && x->target.has_query)
        rc = cmg__buf_add_char(out, '?');
    if (rc == CMG_OK && x->target.has_query)
        rc = cmg__buf_add(out, cmg__buf_cstr(&x->target.query), x->target.query.len);
    return rc;
}

static cmg_status open_stream(struct cmg__exchange *x, struct cmg__channel *channel,
                              const struct cmg__map_match *match)
{
    struct cmg__headers headers;
    struct cmg__buf path;
    char authority[32];
    bool end = !has_body(x->head) || x->drop_body;

    memcpy(authority, "role-", 6);
    copy_text(authority + 5, sizeof authority - 5, match->role->id);
    cmg__headers_init(&headers, x->service->alloc);
    cmg__buf_init(&path, x->service->alloc, 4 * CMG__TARGET_MAX);
    cmg_status rc = inner_path(x, match, &path);
    if (rc == CMG_OK)
        rc = cmg__exchange_fields(x, &headers);
    if (rc == CMG_OK)
        rc = cmg__h2_request(channel->h2, x->method, cmg__buf_cstr(&path), authority,
                             &headers, end, x, &x->stream, NULL);
    x->end_sent = end;
    cmg__buf_done(&path);
    cmg__headers_done(&headers);
    return rc;
}

static void run_on(struct cmg__exchange *x, struct cmg__channel *channel,
                   const struct cmg__map_match *match)
{
    x->max_length = match->endpoint->max_length;
    copy_text(x->role_id, sizeof x->role_id, match->role->id);
    copy_text(x->endpoint, sizeof x->endpoint, match->endpoint->path);
    if (x->head->framing == CMG__HTTP1_LENGTH &&
        x->head->content_length > x->max_length) {
        cmg__answer_refuse(x, CMG__REFUSE_TOO_LARGE);
        return;
    }
    if (open_stream(x, channel, match) != CMG_OK) {
        cmg__answer_refuse(x, CMG__REFUSE_INTERNAL);
        return;
    }
    channel->taken++;
    x->tries++;
    x->state = CMG__EXCHANGE_RUNNING;
    x->stream_full = false;
    x->body_ms = cmg__loop_now_ms(x->service->loop);
    copy_text(x->connector, sizeof x->connector, channel->hello.name);
    set_due(x, x->service->limits.first_byte_ms);
    if (x->request_ended && !x->end_sent) {
        x->end_sent = true;
        (void)cmg__h2_end(x->stream);
    }
    if (x->head->expect_continue && !x->end_sent)
        cmg__http1_conn_continue(x->front->http1);
    cmg__http1_conn_resume(x->front->http1);
}

void cmg__exchange_dispatch(struct cmg__exchange *x)
{
    struct cmg__map_match match;
    bool published = false;
    struct cmg__channel *channel =
        cmg__channel_pick(x->service, &x->route, &match, &published);

    if (channel != NULL) {
        stop_waiting(x);
        run_on(x, channel, &match);
    } else if (!published && cmg__channel_any(x->service)) {
        cmg__answer_refuse(x, CMG__REFUSE_NOT_FOUND);
    } else {
        wait_as(x, CMG__EXCHANGE_QUEUED, CMG__REFUSE_NO_CONNECTOR);
    }
}

void cmg__exchange_detach(struct cmg__exchange *x)
{
    stop_waiting(x);
    if (x->stream == NULL)
        return;
    struct cmg__h2_stream *stream = x->stream;
    x->stream = NULL;
    if (x->unconsumed > 0)
        cmg__h2_consume(stream, x->unconsumed);
    x->unconsumed = 0;
    cmg__h2_stream_set_user(stream, NULL);
    cmg__h2_reset(stream, H2_CANCEL);
}

/* ---- the client's bytes ---- */

/* A stream of the channel is not held by a client that dribbles its body. */
static bool is_too_slow(const struct cmg__exchange *x)
{
    const struct cmg__relay_limits *limits = &x->service->limits;
    int64_t took = cmg__loop_now_ms(x->service->loop) - x->body_ms - limits->slow_ms;

    return took > 0 && x->bytes_in < (uint64_t)took / 1000 * limits->body_rate;
}

size_t cmg__exchange_body(struct cmg__exchange *x, const char *data, size_t n)
{
    if (x->state == CMG__EXCHANGE_ANSWERED || x->drop_body) {
        x->bytes_in += n;
        if (x->bytes_in > x->service->limits.discard_bytes)
            cmg__http1_conn_set_close(x->front->http1);
        return n;
    }
    if (x->state != CMG__EXCHANGE_RUNNING || x->stream_full)
        return 0;
    if (x->bytes_in + n > x->max_length) {
        cmg__answer_refuse(x, CMG__REFUSE_TOO_LARGE);
        return n;
    }
    x->bytes_in += n;
    if (is_too_slow(x)) {
        cmg__answer_refuse(x, CMG__REFUSE_SLOW);
        return n;
    }
    set_due(x, x->service->limits.first_byte_ms);
    x->held_ms = cmg__loop_now_ms(x->service->loop);
    if (cmg__h2_write(x->stream, data, n, &x->stream_full) != CMG_OK)
        cmg__answer_refuse(x, CMG__REFUSE_LOST);
    return n;
}

void cmg__exchange_request_end(struct cmg__exchange *x)
{
    x->request_ended = true;
    if (x->state != CMG__EXCHANGE_RUNNING || x->end_sent)
        return;
    x->end_sent = true;
    if (cmg__h2_end(x->stream) != CMG_OK)
        cmg__answer_refuse(x, CMG__REFUSE_LOST);
}

void cmg__exchange_stream_writable(struct cmg__exchange *x)
{
    if (x->stream_full)
        x->body_ms += cmg__loop_now_ms(x->service->loop) - x->held_ms;
    x->stream_full = false;
    cmg__http1_conn_resume(x->front->http1);
}

/* ---- the answer's bytes ---- */

static cmg_status answer_fields(const struct cmg__exchange *x,
                                const struct cmg__headers *in, struct cmg__headers *out)
{
    char via[160];
    char *end = via;

    cmg_status rc = cmg__fields_pass(CMG__BORDER_CLIENT_OUT, in, out);
    memcpy(end, "1.1 ", 4);
    end += 4;
    copy_text(end, sizeof x->connector, x->connector);
    end += strlen(end);
    memcpy(end, ", 1.1 ", 6);
    end += 6;
    copy_text(end, sizeof x->service->via, x->service->via);
    return rc == CMG_OK ? cmg__headers_add(out, "via", via) : rc;
}

/* How the answer is framed for the client; a HEAD's length is passed on as it is. */
static enum cmg__http1_framing framing_of(const struct cmg__exchange *x, int status,
                                          const struct cmg__headers *headers, bool end,
                                          uint64_t *length)
{
    const char *text = cmg__headers_get(headers, "content-length");

    *length = 0;
    if (status == 204 || status == 304)
        return CMG__HTTP1_NO_BODY;
    if (text != NULL && cmg__headers_count(headers, "content-length") == 1 &&
        cmg__parse_u64(text, strlen(text), length))
        return CMG__HTTP1_LENGTH;
    if (strcmp(x->method, "HEAD") == 0)
        return CMG__HTTP1_NO_BODY;
    return end ? CMG__HTTP1_LENGTH : CMG__HTTP1_CHUNKED;
}

void cmg__exchange_response(struct cmg__exchange *x, int status,
                            const struct cmg__headers *headers, bool end)
{
    const char *reason = cmg__headers_get(headers, "cmg-reason");
    struct cmg__headers out;
    uint64_t length = 0;

    if (status < 200 || x->response_started)
        return;
    bool named = reason != NULL && cmg__fields_reason_is_valid(reason);
    if (!named)
        reason = cmg__http1_reason(status);
    enum cmg__http1_framing framing = framing_of(x, status, headers, end, &length);
    cmg__headers_init(&out, x->service->alloc);
    cmg_status rc = answer_fields(x, headers, &out);
    if (rc == CMG_OK && named)
        rc = cmg__headers_add(&out, "cmg-reason", reason);
    if (rc == CMG_OK)
        rc = cmg__http1_conn_respond(x->front->http1, status, reason, &out, framing,
                                     length);
    cmg__headers_done(&out);
    if (rc != CMG_OK) {
        cmg__answer_refuse(x, CMG__REFUSE_LOST);
        return;
    }
    x->response_started = true;
    x->status = status;
    set_due(x, x->service->limits.stall_ms);
    if (end)
        cmg__exchange_response_end(x);
}

void cmg__exchange_data(struct cmg__exchange *x, const char *data, size_t n)
{
    bool full = false;

    if (!x->response_started ||
        cmg__http1_conn_write(x->front->http1, data, n, &full) != CMG_OK) {
        cmg__h2_consume(x->stream, n);
        cmg__answer_refuse(x, CMG__REFUSE_LOST);
        return;
    }
    x->bytes_out += n;
    x->unconsumed += n;
    x->client_full = full;
    if (!full)
        cmg__exchange_client_writable(x);
    set_due(x, x->service->limits.stall_ms);
}

void cmg__exchange_client_writable(struct cmg__exchange *x)
{
    x->client_full = false;
    if (x->stream == NULL || x->unconsumed == 0)
        return;
    size_t n = x->unconsumed;
    x->unconsumed = 0;
    cmg__h2_consume(x->stream, n);
    set_due(x, x->service->limits.stall_ms);
}

void cmg__exchange_response_end(struct cmg__exchange *x)
{
    if (!x->response_started) {
        cmg__answer_refuse(x, CMG__REFUSE_LOST);
        return;
    }
    x->state = CMG__EXCHANGE_ANSWERED;
    cmg__timer_stop(&x->timer);
    if (cmg__http1_conn_end(x->front->http1) != CMG_OK)
        cmg__http1_conn_abort(x->front->http1);
    /* Answered before the body was complete: the rest is not wanted inside. */
    if (!x->end_sent)
        cmg__exchange_detach(x);
}

void cmg__exchange_stream_closed(struct cmg__exchange *x, bool refused)
{
    bool untouched = x->bytes_in == 0 || x->drop_body;

    x->stream = NULL;
    x->unconsumed = 0;
    if (x->state != CMG__EXCHANGE_RUNNING)
        return;
    x->state = CMG__EXCHANGE_ANSWERED;
    bool again =
        !x->response_started && untouched && x->tries < MAX_TRIES &&
        (refused || (is_safe_method(x->method) && (!has_body(x->head) || x->drop_body)));
    if (again)
        cmg__exchange_dispatch(x);
    else
        cmg__answer_refuse(x, CMG__REFUSE_LOST);
}

/* ---- the end ---- */

void cmg__exchange_finish(struct cmg__exchange *x, bool complete)
{
    struct cmg_service *service = x->service;

    cmg__exchange_detach(x);
    cmg__timer_stop(&x->timer);
    x->state = CMG__EXCHANGE_ANSWERED;
    x->elapsed_ms = cmg__loop_now_ms(service->loop) - x->began_ms;
    if (!complete)
        x->status = 0;
    x->front->exchange = NULL;
    x->front = NULL;
    x->head = NULL;
    cmg__list_add_tail(&service->done, &x->node);
    cmg__report_soon(service);
}

void cmg__exchange_free(struct cmg__exchange *x)
{
    const struct cmg__alloc *alloc = x->service->alloc;

    cmg__list_remove(&x->node);
    cmg__timer_stop(&x->timer);
    cmg__target_done(&x->target);
    cmg__free(alloc, x);
}
