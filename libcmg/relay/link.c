/*
 * One dialled instance: waits, connects, says hello, serves, and begins again without
 * end.
 *
 *   state       timer            tls event / h2 event            next
 *   IDLE        dial                                             CONNECTING
 *   CONNECTING  too slow: fail   up / failed                     HELLO / IDLE
 *                                port cannot be reached          IDLE, at once by HTTPS
 *   HELLO       too slow: fail   "ready" / "refused", closed     READY / IDLE
 *   READY                        closed                          IDLE
 *   DRAINING    (session's)      closed                          IDLE, or CLOSED at the
 * end
 *
 * first_port is tried before https_port, each time anew: an attempt goes on to the second
 * when the first cannot be reached (refused, no answer, no address), not when what was
 * reached is not the gateway. Only the second goes by the context's web proxy.
 *
 * A failure is put into words for the host: which instance, where, why, what to do.
 */
#include "relay/connector.h"
#include "base/log.h"
#include "base/str.h"
#include "net/tunnel.h"
#include "relay/backoff.h"
#include <string.h>

#define H2_REFUSED_STREAM 7

static struct cmg__loop *loop_of(const struct cmg__link *link)
{
    return link->connector->loop;
}

/* ---- the way ---- */

static uint16_t port_of(const struct cmg__link *link)
{
    const struct cmg__connector_settings *s = &link->connector->settings;

    return (uint16_t)((link->by_https ? s->https_port : s->first_port) + link->instance);
}

static const char *way_of(const struct cmg__link *link)
{
    return link->is_proxied ? " through the proxy" : "";
}

/* ---- failing ---- */

struct advice {
    cmg_status code;
    const char *remedy;
};

static const struct advice advices[] = {
    { CMG_E_TLS, "check that the port is the gateway's channel port and that nothing "
                 "between decrypts TLS" },
    { CMG_E_CERT,
      "check server_name and gateway_ca_pem against the gateway's certificate" },
    { CMG_E_DENIED,
      "pin this connection point's certificate at the gateway and synchronise "
      "its configuration" },
    { CMG_E_NOTFOUND, "check the host name and the name service" },
    { CMG_E_PROTO, "run matching versions of service and connection point" },
};

static const char *remedy_for(cmg_status code)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(advices); i++) {
        if (advices[i].code == code)
            return advices[i].remedy;
    }
    return "check that the instance runs and that outbound TCP to this port is open";
}

/* remedy NULL: the usual one for the code. */
static void describe(struct cmg__link *link, cmg_status code, const char *cause,
                     const char *remedy)
{
    const struct cmg__connector_settings *s = &link->connector->settings;
    const struct cmg__error_info info = {
        .code = code,
        .retry = CMG_RETRY_TRANSIENT,
        .origin = CMG_ORIGIN_LIBRARY,
        .subject = s->host,
        .cause = cause,
        .remedy = remedy == NULL ? remedy_for(code) : remedy,
    };

    (void)cmg__error_set(
        &link->why, link->connector->alloc, &info,
        "channel to instance %u at %s:%u%s %s: %s", (unsigned)link->instance, s->host,
        (unsigned)port_of(link), way_of(link),
        link->state >= CMG__LINK_READY ? "was lost" : "cannot be made", cause);
}

static void let_go(struct cmg__link *link)
{
    cmg__timer_stop(&link->timer);
    cmg__stream_free(link->tls);
    link->tls = NULL;
    if (link->h2 != NULL) {
        cmg__h2_free(link->h2);
        cmg__forward_free_all(link);
    }
    link->h2 = NULL;
    link->control = NULL;
    cmg__control_done(&link->reader);
    cmg__control_init(&link->reader, link->connector->alloc);
}

/* Whatever there was is gone or goes now; the next attempt is planned. */
static void fail_for(struct cmg__link *link, cmg_status code, const char *cause,
                     const char *remedy)
{
    struct cmg_connector *connector = link->connector;
    int64_t now = cmg__loop_now_ms(loop_of(link));

    if (link->state >= CMG__LINK_READY &&
        now - link->ready_ms >= connector->limits.settled_ms)
        link->failures = 0;
    describe(link, code, cause, remedy);
    let_go(link);
    link->by_https = false;
    link->is_proxied = false;
    if (connector->state != CMG__CONNECTOR_RUNNING) {
        link->state = CMG__LINK_CLOSED;
        cmg__connector_report_soon(connector);
        return;
    }
    int64_t wait = cmg__relay_backoff_ms(&connector->head.ctx->env, &connector->limits,
                                         link->failures++);
    cmg__log(connector->head.ctx, CMG_LOG_WARNING, "relay", "link.lost",
             connector->settings.host, "%s; next attempt in %lld ms",
             cmg_error_message(link->why), (long long)wait);
    link->down_pending = true;
    cmg__connector_report_soon(connector);
    cmg__link_dial(link, wait);
}

static void fail(struct cmg__link *link, cmg_status code, const char *cause)
{
    fail_for(link, code, cause, NULL);
}

static void fail_with(struct cmg__link *link, const cmg_error *why, const char *otherwise)
{
    if (why == NULL)
        fail(link, CMG_E_IO, otherwise);
    else
        fail(link, cmg_error_code(why), cmg_error_message(why));
}

/* The connection itself cannot be had: the other port is next, or the back-off. */
static void fail_unreached(struct cmg__link *link, const cmg_error *why)
{
    const struct cmg_connector *connector = link->connector;

    if (link->by_https || connector->settings.https_port == 0) {
        /* Of a proxy's trouble only the tunnel knows a way out. */
        fail_for(link, cmg_error_code(why), cmg_error_message(why),
                 link->is_proxied ? cmg_error_remedy(why) : NULL);
        return;
    }
    const unsigned closed = port_of(link);

    link->by_https = true;
    cmg__log(connector->head.ctx, CMG_LOG_INFO, "relay", "link.fallback",
             connector->settings.host,
             "instance %u cannot be reached at port %u (%s), port %u is tried",
             (unsigned)link->instance, closed, cmg_error_message(why),
             (unsigned)port_of(link));
    let_go(link);
    cmg__link_dial(link, 0);
}

/* ---- control stream ---- */

static void say_hello(struct cmg__link *link)
{
    const struct cmg_connector *connector = link->connector;
    const struct cmg__connector_settings *s = &connector->settings;
    struct cmg__headers headers;
    struct cmg__buf line;
    bool full = false;

    cmg__headers_init(&headers, connector->alloc);
    cmg__buf_init(&line, connector->alloc, CMG__CONTROL_LINE_MAX);
    cmg_status rc = cmg__h2_respond(link->control, 200, &headers, false);
    if (rc == CMG_OK)
        rc = cmg__control_hello(&line, s->name, s->site, connector->epoch, &s->map);
    if (rc == CMG_OK)
        rc = cmg__h2_write(link->control, line.data, line.len, &full);
    if (rc != CMG_OK)
        cmg__h2_abort(link->h2);
    cmg__buf_done(&line);
    cmg__headers_done(&headers);
}

static void become_ready(struct cmg__link *link)
{
    cmg__timer_stop(&link->timer);
    link->state = CMG__LINK_READY;
    link->ready_ms = cmg__loop_now_ms(loop_of(link));
    link->up_pending = true;
    cmg_error_unref(link->why);
    link->why = NULL;
    cmg__log(link->connector->head.ctx, CMG_LOG_INFO, "relay", "link.ready",
             link->connector->settings.host,
             "channel to instance %u is ready at port %u%s", (unsigned)link->instance,
             (unsigned)port_of(link), way_of(link));
    cmg__connector_report_soon(link->connector);
}

static cmg_status on_message(void *user, enum cmg__control_type type,
                             const struct cmg__json *message, cmg_error **err)
{
    struct cmg__link *link = user;
    const struct cmg__alloc *alloc = link->connector->alloc;

    if (type == CMG__CONTROL_READY && link->state == CMG__LINK_HELLO)
        become_ready(link);
    if (type == CMG__CONTROL_REFUSED)
        return cmg__fail(err, alloc, CMG_E_INVAL, "hello",
                         "correct the connection point's settings",
                         "the service refused the hello: %.200s",
                         cmg__str_or(cmg__json_str(message, "/why"), "no reason given"));
    return CMG_OK;
}

static void control_data(struct cmg__link *link, const char *data, size_t n)
{
    cmg_error *why = NULL;

    if (cmg__control_feed(&link->reader, data, n, on_message, link, &why) != CMG_OK)
        fail_with(link, why, "control stream failed");
    cmg_error_unref(why);
}

/* ---- HTTP/2 events ---- */

static void on_ready(struct cmg__h2 *h2, void *user)
{
    (void)h2;
    (void)user; /* the service opens the control stream */
}

static void on_request(struct cmg__h2_stream *s, const char *method, const char *path,
                       const char *authority, const struct cmg__headers *headers,
                       bool end, void *user)
{
    struct cmg__link *link = user;

    if (link->state == CMG__LINK_HELLO && link->control == NULL && !end &&
        strcmp(method, "POST") == 0 && strcmp(path, CMG__CONTROL_PATH) == 0) {
        link->control = s;
        say_hello(link);
    } else if (link->control != NULL || link->state == CMG__LINK_DRAINING) {
        /* May come before the line "ready": heads overtake other streams' data. */
        cmg__forward_begin(link, s, method, path, authority, headers, end);
    } else {
        cmg__h2_reset(s, H2_REFUSED_STREAM);
    }
}

static void on_data(struct cmg__h2_stream *s, const char *data, size_t n, void *user)
{
    struct cmg__link *link = user;
    struct cmg__forward *f = cmg__h2_stream_user(s);

    if (f != NULL) {
        cmg__forward_data(f, data, n);
        return;
    }
    cmg__h2_consume(s, n);
    if (s == link->control)
        control_data(link, data, n);
}

static void on_end(struct cmg__h2_stream *s, void *user)
{
    struct cmg__link *link = user;
    struct cmg__forward *f = cmg__h2_stream_user(s);

    if (f != NULL) {
        cmg__forward_end(f);
    } else if (s == link->control) {
        (void)cmg__h2_end(s);
        if (link->state == CMG__LINK_READY)
            link->state = CMG__LINK_DRAINING;
    }
}

static void on_writable(struct cmg__h2_stream *s, void *user)
{
    struct cmg__forward *f = cmg__h2_stream_user(s);

    (void)user;
    if (f != NULL)
        cmg__forward_writable(f);
}

static void on_stream_close(struct cmg__h2_stream *s, uint32_t code, bool refused,
                            void *user)
{
    struct cmg__link *link = user;
    struct cmg__forward *f = cmg__h2_stream_user(s);

    (void)code;
    (void)refused;
    if (s == link->control)
        link->control = NULL;
    if (f != NULL)
        cmg__forward_closed(f);
}

static void on_goaway(struct cmg__h2 *h2, void *user)
{
    (void)h2;
    (void)user; /* what is under way goes on; the end comes as on_close */
}

static void on_close(struct cmg__h2 *h2, const cmg_error *why, void *user)
{
    struct cmg__link *link = user;

    (void)h2;
    link->h2 = NULL;
    if (link->state == CMG__LINK_HELLO && link->control == NULL)
        fail(link, CMG_E_DENIED, "the gateway closed it after the handshake");
    else
        fail_with(link, why, "the gateway closed it");
}

static const struct cmg__h2_events link_events = {
    .on_ready = on_ready,
    .on_request = on_request,
    .on_data = on_data,
    .on_end = on_end,
    .on_writable = on_writable,
    .on_stream_close = on_stream_close,
    .on_goaway = on_goaway,
    .on_close = on_close,
};

/* ---- connecting ---- */

static void handshake_done(struct cmg__link *link)
{
    static const struct cmg__h2_settings settings = { .http_server = true };
    struct cmg__stream *tls = link->tls;
    cmg_error *why = NULL;

    if (strcmp(cmg__str_or(cmg__tls_alpn(tls), ""), "cmg-rev/1") != 0) {
        fail(link, CMG_E_TLS, "the peer does not speak the channel protocol");
        return;
    }
    link->tls = NULL;
    link->state = CMG__LINK_HELLO;
    cmg__timer_start(&link->timer, link->connector->limits.hello_ms);
    if (cmg__h2_new(tls, &settings, &link_events, link, &link->h2, &why) != CMG_OK)
        fail_with(link, why, "no memory");
    cmg_error_unref(why);
}

static void on_tls(struct cmg__stream *tls, void *user)
{
    struct cmg__link *link = user;

    switch (cmg__stream_connect(tls)) {
    case CMG__IO_OK:
        handshake_done(link);
        break;
    case CMG__IO_AGAIN:
        break;
    case CMG__IO_EOF:
        fail(link, CMG_E_IO, "the peer closed it during the handshake");
        break;
    case CMG__IO_ERROR:
        if (cmg__stream_is_carried(tls))
            fail_with(link, cmg__stream_error(tls), "connection failed");
        else
            fail_unreached(link, cmg__stream_error(tls));
        break;
    }
}

static void open_channel(struct cmg__link *link)
{
    const struct cmg_connector *connector = link->connector;
    const struct cmg__connector_settings *s = &connector->settings;
    const struct cmg__relay_limits *limits = &connector->limits;
    struct cmg__stream *below = NULL;
    cmg_error *why = NULL;

    link->state = CMG__LINK_CONNECTING;
    link->is_proxied = link->by_https && connector->head.ctx->proxy != NULL;
    /* A proxy is reached first, and asked then. */
    cmg__timer_start(&link->timer, limits->connect_ms * (link->is_proxied ? 2 : 1) +
                                       limits->handshake_ms);
    cmg_status rc = (link->is_proxied ? cmg__tunnel_connect : cmg__tcp_connect)(
        connector->loop, s->host, port_of(link), limits->connect_ms, &below, &why);
    if (rc == CMG_OK)
        rc = cmg__tls_stream_new(below, connector->channel_tls, s->server_name,
                                 &link->tls, &why);
    if (rc != CMG_OK) {
        fail_with(link, why, "no memory");
        cmg_error_unref(why);
        return;
    }
    cmg__stream_set_events(link->tls, on_tls, link);
    on_tls(link->tls, link);
}

static void on_timer(struct cmg__timer *timer, void *user)
{
    struct cmg__link *link = user;

    (void)timer;
    switch (link->state) {
    case CMG__LINK_IDLE:
        open_channel(link);
        break;
    case CMG__LINK_CONNECTING:
        fail(link, CMG_E_TIMEOUT, "no connection in time");
        break;
    case CMG__LINK_HELLO:
        fail(link, CMG_E_TIMEOUT, "the gateway did not answer the hello in time");
        break;
    default:
        break;
    }
}

/* ---- for the connector ---- */

void cmg__link_init(struct cmg__link *link, struct cmg_connector *connector,
                    uint32_t instance)
{
    link->connector = connector;
    link->instance = instance;
    cmg__list_init(&link->forwards);
    cmg__control_init(&link->reader, connector->alloc);
    cmg__timer_init(&link->timer, connector->loop, on_timer, link);
}

void cmg__link_dial(struct cmg__link *link, int64_t after_ms)
{
    link->state = CMG__LINK_IDLE;
    cmg__timer_start(&link->timer, after_ms);
}

void cmg__link_drain(struct cmg__link *link, int64_t grace_ms)
{
    struct cmg__buf line;
    bool full = false;

    if (link->state < CMG__LINK_READY) {
        let_go(link);
        link->state = CMG__LINK_CLOSED;
        return;
    }
    if (link->state == CMG__LINK_CLOSED)
        return;
    link->state = CMG__LINK_DRAINING;
    if (link->control != NULL) {
        cmg__buf_init(&line, link->connector->alloc, 4096);
        if (cmg__control_drain(&line) == CMG_OK)
            (void)cmg__h2_write(link->control, line.data, line.len, &full);
        (void)cmg__h2_end(link->control);
        cmg__buf_done(&line);
    }
    cmg__h2_drain(link->h2, grace_ms);
}

void cmg__link_abort(struct cmg__link *link)
{
    if (link->h2 != NULL)
        cmg__h2_abort(link->h2);
}

void cmg__link_done(struct cmg__link *link)
{
    let_go(link);
    cmg__control_done(&link->reader);
    cmg_error_unref(link->why);
    link->why = NULL;
}
