/*
 * Connection points' channels, seen from the service. A channel is TLS with a pinned
 * certificate, HTTP/2 with the service as the HTTP client, a control stream whose hello
 * says what is published. Only then it takes requests. A dead channel stays on the list
 * until the host was told.
 */
#include "relay/service.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "crypto/hash.h"
#include <string.h>

#define H2_PROTOCOL_ERROR 1
#define REFUSAL_GRACE_MS  1000

static void set_why(struct cmg__channel *channel, const cmg_error *why)
{
    if (channel->why == NULL && why != NULL) {
        cmg_error *copy = NULL;
        (void)cmg__fail(&copy, channel->service->alloc, cmg_error_code(why),
                        channel->hello.name, cmg_error_remedy(why), "channel lost: %s",
                        cmg_error_message(why));
        channel->why = copy;
    }
}

/* The connection is gone already. */
static void die(struct cmg__channel *channel, const cmg_error *why)
{
    struct cmg_service *service = channel->service;

    set_why(channel, why);
    cmg__timer_stop(&channel->timer);
    channel->state = CMG__CHANNEL_DEAD;
    channel->lost_pending = channel->was_ready;
    cmg__log(service->head.ctx, channel->was_ready ? CMG_LOG_WARNING : CMG_LOG_INFO,
             "relay", "channel.lost", channel->peer, "channel of %s ended: %s",
             channel->was_ready ? channel->hello.name : "a stranger",
             why == NULL ? "closed" : cmg_error_message(why));
    cmg__report_soon(service);
}

static void refuse_peer(struct cmg__channel *channel, const char *why)
{
    cmg_error *error = NULL;

    (void)cmg__fail(&error, channel->service->alloc, CMG_E_DENIED, channel->peer,
                    "pin the connection point's certificate and deploy again", "%s", why);
    cmg__stream_free(channel->tls);
    channel->tls = NULL;
    die(channel, error);
    cmg_error_unref(error);
}

/* ---- control stream ---- */

static void send_line(struct cmg__channel *channel, cmg_status made,
                      struct cmg__buf *line)
{
    bool full = false;

    if (made == CMG_OK && channel->control != NULL)
        made = cmg__h2_write(channel->control, line->data, line->len, &full);
    if (made != CMG_OK)
        cmg__h2_abort(channel->h2);
    cmg__buf_done(line);
}

static void welcome(struct cmg__channel *channel)
{
    struct cmg_service *service = channel->service;
    struct cmg__buf line;

    cmg__buf_init(&line, service->alloc, 4096);
    send_line(channel, cmg__control_ready(&line, service->settings.instance), &line);
    cmg__timer_stop(&channel->timer);
    channel->state = CMG__CHANNEL_READY;
    channel->was_ready = true;
    channel->ready_pending = true;
    cmg__log(service->head.ctx, CMG_LOG_INFO, "relay", "channel.ready",
             channel->hello.name, "connection point %s of site %s publishes %zu roles",
             channel->hello.name, channel->hello.site, channel->hello.map.role_count);
    cmg__report_soon(service);
    cmg__exchange_wake(service);
}

static void turn_away(struct cmg__channel *channel, const cmg_error *why)
{
    struct cmg__buf line;

    set_why(channel, why);
    cmg__buf_init(&line, channel->service->alloc, 64 * 1024);
    send_line(channel, cmg__control_refused(&line, cmg_error_message(why)), &line);
    if (channel->control != NULL)
        (void)cmg__h2_end(channel->control);
    channel->state = CMG__CHANNEL_DRAINING;
    cmg__h2_drain(channel->h2, REFUSAL_GRACE_MS);
}

static cmg_status on_message(void *user, enum cmg__control_type type,
                             const struct cmg__json *message, cmg_error **err)
{
    struct cmg__channel *channel = user;

    if (type == CMG__CONTROL_DRAIN && channel->state == CMG__CHANNEL_READY)
        cmg__channel_drain(channel, 0);
    if (type != CMG__CONTROL_HELLO || channel->state != CMG__CHANNEL_HELLO)
        return CMG_OK;
    cmg_status rc = cmg__hello_read(&channel->hello, message, err);
    if (rc == CMG_OK)
        welcome(channel);
    return rc;
}

static void control_data(struct cmg__channel *channel, const char *data, size_t n)
{
    cmg_error *why = NULL;

    if (channel->state == CMG__CHANNEL_DEAD)
        return;
    if (cmg__control_feed(&channel->reader, data, n, on_message, channel, &why) != CMG_OK)
        turn_away(channel, why);
    cmg_error_unref(why);
}

/* ---- HTTP/2 events ---- */

static struct cmg__exchange *exchange_of(struct cmg__h2_stream *s)
{
    return cmg__h2_stream_user(s);
}

static void on_ready(struct cmg__h2 *h2, void *user)
{
    struct cmg__channel *channel = user;
    struct cmg__headers headers;

    cmg__headers_init(&headers, channel->service->alloc);
    if (cmg__h2_request(h2, "POST", CMG__CONTROL_PATH, "cmg", &headers, false, NULL,
                        &channel->control, NULL) != CMG_OK)
        cmg__h2_abort(h2);
    cmg__headers_done(&headers);
}

static void on_response(struct cmg__h2_stream *s, int status,
                        const struct cmg__headers *headers, bool end, void *user)
{
    struct cmg__channel *channel = user;
    struct cmg__exchange *x = exchange_of(s);

    if (s == channel->control && status != 200)
        cmg__h2_abort(channel->h2);
    else if (x != NULL)
        cmg__exchange_response(x, status, headers, end);
}

static void on_data(struct cmg__h2_stream *s, const char *data, size_t n, void *user)
{
    struct cmg__channel *channel = user;
    struct cmg__exchange *x = exchange_of(s);

    if (x != NULL) {
        cmg__exchange_data(x, data, n);
        return;
    }
    cmg__h2_consume(s, n);
    if (s == channel->control)
        control_data(channel, data, n);
}

static void on_end(struct cmg__h2_stream *s, void *user)
{
    struct cmg__channel *channel = user;
    struct cmg__exchange *x = exchange_of(s);

    if (x != NULL)
        cmg__exchange_response_end(x);
    else if (s == channel->control)
        cmg__channel_drain(channel, 0);
}

static void on_writable(struct cmg__h2_stream *s, void *user)
{
    struct cmg__exchange *x = exchange_of(s);

    (void)user;
    if (x != NULL)
        cmg__exchange_stream_writable(x);
}

static void on_stream_close(struct cmg__h2_stream *s, uint32_t code, bool refused,
                            void *user)
{
    struct cmg__channel *channel = user;
    struct cmg__exchange *x = exchange_of(s);

    (void)code;
    if (s == channel->control) {
        channel->control = NULL;
        cmg__channel_drain(channel, 0);
    }
    if (x != NULL)
        cmg__exchange_stream_closed(x, refused);
    cmg__exchange_wake(channel->service);
}

static void on_goaway(struct cmg__h2 *h2, void *user)
{
    (void)h2;
    cmg__channel_drain(user, 0);
}

static void on_close(struct cmg__h2 *h2, const cmg_error *why, void *user)
{
    struct cmg__channel *channel = user;

    (void)h2;
    channel->h2 = NULL;
    channel->control = NULL;
    die(channel, why);
}

static const struct cmg__h2_events channel_events = {
    .on_ready = on_ready,
    .on_response = on_response,
    .on_data = on_data,
    .on_end = on_end,
    .on_writable = on_writable,
    .on_stream_close = on_stream_close,
    .on_goaway = on_goaway,
    .on_close = on_close,
};

/* ---- beginning ---- */

static bool has_pin(const struct cmg__service_settings *settings, const char sha256[65])
{
    for (size_t i = 0; i < settings->pin_count; i++) {
        if (cmg__memeq_const_time(settings->pins[i], sha256, 64))
            return true;
    }
    return false;
}

static bool is_pinned(struct cmg__channel *channel)
{
    struct cmg__stream *tls = channel->tls;
    size_t n = 0;
    const uint8_t *der =
        cmg__tls_peer_count(tls) == 0 ? NULL : cmg__tls_peer_der(tls, 0, &n);

    return der != NULL && cmg__sha256_hex(der, n, channel->cert_sha256) == CMG_OK &&
           has_pin(&channel->service->settings, channel->cert_sha256);
}

/* Those beyond their handshake that live. */
static size_t count_members(const struct cmg_service *service)
{
    size_t count = 0;

    CMG__LIST_FOREACH (node, after, &service->channels) {
        enum cmg__channel_state state =
            CMG__CONTAINER(node, struct cmg__channel, node)->state;
        count += state != CMG__CHANNEL_HANDSHAKE && state != CMG__CHANNEL_DEAD;
    }
    return count;
}

static void handshake_done(struct cmg__channel *channel)
{
    static const struct cmg__h2_settings settings = { .http_server = false };
    struct cmg_service *service = channel->service;
    struct cmg__stream *tls = channel->tls;
    const char *alpn = cmg__str_or(cmg__tls_alpn(tls), "");

    if (strcmp(alpn, "cmg-rev/1") != 0 && strcmp(alpn, "h2-reverse") != 0) {
        refuse_peer(channel, "peer does not speak the channel protocol");
        return;
    }
    if (!is_pinned(channel)) {
        refuse_peer(channel, "peer's certificate is not pinned");
        return;
    }
    if (count_members(service) >= service->limits.channels) {
        refuse_peer(channel, "there are too many channels");
        return;
    }
    channel->tls = NULL;
    channel->state = CMG__CHANNEL_HELLO;
    cmg__timer_start(&channel->timer, service->limits.hello_ms);
    cmg_error *why = NULL;
    if (cmg__h2_new(tls, &settings, &channel_events, channel, &channel->h2, &why) !=
        CMG_OK)
        die(channel, why);
    cmg_error_unref(why);
}

static void on_tls(struct cmg__stream *tls, void *user)
{
    struct cmg__channel *channel = user;

    switch (cmg__stream_connect(tls)) {
    case CMG__IO_OK:
        handshake_done(channel);
        break;
    case CMG__IO_AGAIN:
        break;
    default: {
        const cmg_error *error = cmg__stream_error(tls);
        set_why(channel, error);
        cmg__stream_free(tls);
        channel->tls = NULL;
        die(channel, channel->why);
        break;
    }
    }
}

static void on_timer(struct cmg__timer *timer, void *user)
{
    struct cmg__channel *channel = user;

    (void)timer;
    if (channel->state == CMG__CHANNEL_HANDSHAKE)
        refuse_peer(channel, "handshake took too long");
    else if (channel->h2 != NULL)
        cmg__h2_abort(channel->h2);
}

/* The oldest stranger gives way: whoever is one of us shakes hands faster than that. */
static void make_room(struct cmg_service *service)
{
    struct cmg__channel *oldest = NULL;
    size_t count = 0;

    CMG__LIST_FOREACH (node, after, &service->channels) {
        struct cmg__channel *channel = CMG__CONTAINER(node, struct cmg__channel, node);
        if (channel->state != CMG__CHANNEL_HANDSHAKE)
            continue;
        oldest = oldest == NULL ? channel : oldest;
        count++;
    }
    if (oldest != NULL && count >= service->limits.handshakes)
        refuse_peer(oldest, "too many connections shake hands");
}

static struct cmg__stream *open_tls(struct cmg_service *service, int fd)
{
    struct cmg__stream *tcp = NULL;
    struct cmg__stream *tls = NULL;

    if (cmg__tcp_adopt(service->loop, fd, &tcp, NULL) != CMG_OK)
        return NULL;
    make_room(service);
    if (cmg__tls_stream_new(tcp, service->secure.tls[CMG_LISTENER_CHANNEL - 1], NULL,
                            &tls, NULL) != CMG_OK)
        return NULL;
    return tls;
}

void cmg__channel_accept(void *user, int fd, const char *peer)
{
    struct cmg_service *service = user;
    struct cmg__stream *tls = open_tls(service, fd);

    if (tls == NULL)
        return;
    struct cmg__channel *channel = cmg__alloc0(service->alloc, sizeof *channel);
    if (channel == NULL) {
        cmg__stream_free(tls);
        return;
    }
    channel->service = service;
    channel->tls = tls;
    for (size_t i = 0; i + 1 < sizeof channel->peer && peer[i] != '\0'; i++)
        channel->peer[i] = peer[i];
    cmg__control_init(&channel->reader, service->alloc);
    cmg__hello_init(&channel->hello, service->alloc);
    cmg__timer_init(&channel->timer, service->loop, on_timer, channel);
    cmg__timer_start(&channel->timer, service->limits.handshake_ms);
    cmg__list_add_tail(&service->channels, &channel->node);
    service->channel_count++;
    cmg__stream_set_events(tls, on_tls, channel);
    on_tls(tls, channel);
}

/* ---- ending ---- */

void cmg__channel_drain(struct cmg__channel *channel, int64_t grace_ms)
{
    if (channel->state == CMG__CHANNEL_HANDSHAKE) {
        refuse_peer(channel, "service is closing");
        return;
    }
    if (channel->state != CMG__CHANNEL_HELLO && channel->state != CMG__CHANNEL_READY)
        return;
    channel->state = CMG__CHANNEL_DRAINING;
    if (channel->control != NULL)
        (void)cmg__h2_end(channel->control);
    cmg__h2_drain(channel->h2, grace_ms > 0 ? grace_ms : 30000);
}

void cmg__channel_unpin(struct cmg_service *service,
                        const struct cmg__service_settings *settings)
{
    CMG__LIST_FOREACH (node, after, &service->channels) {
        struct cmg__channel *channel = CMG__CONTAINER(node, struct cmg__channel, node);
        /* One that still shakes hands is looked at when it has. */
        if (channel->state != CMG__CHANNEL_HANDSHAKE &&
            !has_pin(settings, channel->cert_sha256))
            cmg__channel_drain(channel, 0);
    }
}

void cmg__channel_free(struct cmg__channel *channel)
{
    struct cmg_service *service = channel->service;

    cmg__timer_stop(&channel->timer);
    cmg__stream_free(channel->tls);
    if (channel->h2 != NULL)
        cmg__h2_free(channel->h2);
    cmg__control_done(&channel->reader);
    cmg__hello_done(&channel->hello);
    cmg_error_unref(channel->why);
    cmg__list_remove(&channel->node);
    service->channel_count--;
    cmg__free(service->alloc, channel);
}

/* ---- choosing ---- */

/* A session that ends already stays "ready" until it has told so. */
static bool takes_requests(const struct cmg__channel *channel)
{
    return channel->state == CMG__CHANNEL_READY && cmg__h2_takes_requests(channel->h2);
}

bool cmg__channel_any(const struct cmg_service *service)
{
    CMG__LIST_FOREACH (node, after, &service->channels) {
        if (takes_requests(CMG__CONTAINER(node, struct cmg__channel, node)))
            return true;
    }
    return false;
}

static size_t room_of(const struct cmg__channel *channel)
{
    size_t most = cmg__h2_peer_max_streams(channel->h2);
    size_t used = cmg__h2_stream_count(channel->h2);

    if (most > channel->service->limits.streams)
        most = channel->service->limits.streams;
    return used < most ? most - used : 0;
}

/* More room first; among equals the one that has taken fewer so far. */
struct cmg__channel *cmg__channel_pick(const struct cmg_service *service,
                                       const struct cmg__route *route,
                                       struct cmg__map_match *match, bool *published)
{
    struct cmg__channel *best = NULL;
    size_t best_room = 0;

    *published = false;
    CMG__LIST_FOREACH (node, after, &service->channels) {
        struct cmg__channel *channel = CMG__CONTAINER(node, struct cmg__channel, node);
        struct cmg__map_match found;
        if (!takes_requests(channel) ||
            !cmg__url_map_find(&channel->hello.map, route->name, route->name_len,
                               route->rest, &found))
            continue;
        *published = true;
        size_t room = room_of(channel);
        if (room > best_room ||
            (room > 0 && room == best_room && channel->taken < best->taken)) {
            best = channel;
            best_room = room;
            *match = found;
        }
    }
    return best;
}
