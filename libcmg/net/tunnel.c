/*
 * The filter of a tunnel. See tunnel.h.
 *
 * state      event                          next
 * reaching   the proxy is reached           asking
 * asking     the request is out             waiting
 * waiting    2xx                            open
 * any of it  refused, closed, out of time   failed
 */
#include "net/tunnel.h"
#include "base/str.h"

#include <string.h>

#define MAX_REQUEST  ((size_t)16 * 1024)
#define DEFAULT_PORT 1080 /* what libcurl takes for a proxy without one */

struct tunnel {
    struct cmg__stream base;
    struct cmg__timer timer; /* for the answer */
    struct cmg__tunnel_answer answer;
    struct cmg__buf request; /* what is still to go out */
    char *proxy, *target;    /* "host:port" */
    int64_t timeout_ms;
    unsigned wanted;
};

static struct tunnel *tunnel_of(struct cmg__stream *s)
{
    return CMG__CONTAINER(s, struct tunnel, base);
}

static const struct cmg__alloc *alloc_of(const struct tunnel *t)
{
    return cmg__loop_alloc(t->base.loop);
}

/* ---- failing ---- */

static enum cmg__io fail(struct tunnel *t, cmg_status code, const char *what)
{
    (void)cmg__fail(&t->base.error, alloc_of(t), code, t->proxy,
                    "check that the address is that of a web proxy, and that it runs",
                    "proxy %s %s CONNECT to %s", t->proxy, what, t->target);
    return CMG__IO_ERROR;
}

static enum cmg__io fail_below(struct tunnel *t)
{
    t->base.error = cmg_error_ref(t->base.below->error);
    (void)cmg__error_wrap(&t->base.error, alloc_of(t), "proxy");
    return CMG__IO_ERROR;
}

/* ---- connecting ---- */

static enum cmg__io ask(struct tunnel *t)
{
    while (t->request.len > 0) {
        size_t put = 0;
        enum cmg__io io =
            cmg__stream_write(t->base.below, t->request.data, t->request.len, &put);
        if (io == CMG__IO_ERROR)
            return fail_below(t);
        if (io != CMG__IO_OK)
            return io;
        cmg__buf_consume(&t->request, put);
    }
    return CMG__IO_OK;
}

static enum cmg__io hear(struct tunnel *t)
{
    char bytes[1024];
    bool open = false;

    while (!open) {
        size_t got = 0;
        switch (cmg__stream_read(t->base.below, bytes, sizeof bytes, &got)) {
        case CMG__IO_OK:
            break;
        case CMG__IO_AGAIN:
            return CMG__IO_AGAIN;
        case CMG__IO_EOF:
            return fail(t, CMG_E_IO, "closed the connection instead of answering");
        default:
            return fail_below(t);
        }
        if (cmg__tunnel_answer_feed(&t->answer, bytes, got, &open, &t->base.error) !=
            CMG_OK)
            return CMG__IO_ERROR;
    }
    return CMG__IO_OK;
}

static void become_open(struct tunnel *t)
{
    cmg__timer_stop(&t->timer);
    cmg__buf_done(&t->request); /* it may hold the account */
    t->base.open = true;
    cmg__stream_want(t->base.below, t->wanted);
}

static enum cmg__io tunnel_connect(struct cmg__stream *s)
{
    struct tunnel *t = tunnel_of(s);
    enum cmg__io io = cmg__stream_connect(s->below);

    if (io == CMG__IO_ERROR)
        return fail_below(t);
    if (io != CMG__IO_OK)
        return io;
    if (!t->timer.armed)
        cmg__timer_start(&t->timer, t->timeout_ms);
    io = ask(t);
    if (io == CMG__IO_OK)
        io = hear(t);
    if (io == CMG__IO_OK)
        become_open(t);
    else if (io == CMG__IO_AGAIN)
        cmg__stream_want(s->below, t->request.len > 0 ? CMG__WRITABLE : CMG__READABLE);
    else
        cmg__stream_want(s->below, 0);
    return io;
}

/* ---- events ---- */

/* Last: the owner may free the stream inside. */
static void tell(struct tunnel *t)
{
    cmg__timer_stop(&t->timer);
    if (t->base.on_event != NULL)
        t->base.on_event(&t->base, t->base.user);
}

static void on_below(struct cmg__stream *below, void *user)
{
    struct tunnel *t = user;

    (void)below;
    if (t->base.error != NULL)
        return; /* it was told once */
    if (t->base.open || tunnel_connect(&t->base) != CMG__IO_AGAIN)
        tell(t);
}

static void on_time_over(struct cmg__timer *timer, void *user)
{
    struct tunnel *t = user;

    (void)timer;
    (void)fail(t, CMG_E_TIMEOUT, "did not answer in time to");
    cmg__stream_want(t->base.below, 0);
    tell(t);
}

/* ---- the operations: once it is open, those of the connection ---- */

static enum cmg__io tunnel_read(struct cmg__stream *s, void *out, size_t n, size_t *got)
{
    enum cmg__io io = cmg__stream_read(s->below, out, n, got);

    return io == CMG__IO_ERROR ? fail_below(tunnel_of(s)) : io;
}

static enum cmg__io tunnel_write(struct cmg__stream *s, const void *data, size_t n,
                                 size_t *put)
{
    enum cmg__io io = cmg__stream_write(s->below, data, n, put);

    return io == CMG__IO_ERROR ? fail_below(tunnel_of(s)) : io;
}

static size_t tunnel_pending(struct cmg__stream *s)
{
    return cmg__stream_pending(s->below);
}

static void tunnel_want(struct cmg__stream *s, unsigned wanted)
{
    tunnel_of(s)->wanted = wanted;
    if (s->open)
        cmg__stream_want(s->below, wanted);
}

static enum cmg__io tunnel_shutdown(struct cmg__stream *s)
{
    return cmg__stream_shutdown(s->below);
}

static void tunnel_destroy(struct cmg__stream *s)
{
    struct tunnel *t = tunnel_of(s);
    const struct cmg__alloc *alloc = alloc_of(t);

    cmg__timer_stop(&t->timer);
    cmg__stream_free(s->below);
    cmg__tunnel_answer_done(&t->answer);
    cmg__buf_done(&t->request);
    cmg_error_unref(s->error);
    cmg__free(alloc, t->proxy);
    cmg__free(alloc, t->target);
    cmg__free(alloc, t);
}

static const struct cmg__stream_ops tunnel_ops = {
    .connect = tunnel_connect,
    .read = tunnel_read,
    .write = tunnel_write,
    .pending = tunnel_pending,
    .want = tunnel_want,
    .shutdown = tunnel_shutdown,
    .destroy = tunnel_destroy,
};

/* ---- making ---- */

/* "[::1]" is dialled without its brackets. */
static cmg_status dial(struct tunnel *t, const char *url, cmg_error **err)
{
    struct cmg__url proxy;

    if (!cmg__url_parse(url, &proxy))
        return cmg__fail(err, alloc_of(t), CMG_E_INVAL, "proxy",
                         "write http://host:port with a port of 1 to 65535",
                         "the proxy's address cannot be read");
    bool has_port = proxy.host[proxy.host_len] == ':';
    uint16_t port = has_port ? proxy.port : DEFAULT_PORT;
    bool bracketed = proxy.host_len > 2 && proxy.host[0] == '[' &&
                     proxy.host[proxy.host_len - 1] == ']';
    char *host = cmg__strndup(alloc_of(t), proxy.host + bracketed,
                              proxy.host_len - 2 * (size_t)bracketed);

    t->proxy = cmg__format(alloc_of(t), "%.*s:%u", (int)proxy.host_len, proxy.host,
                           (unsigned)port);
    cmg_status rc = host == NULL || t->proxy == NULL
                        ? cmg__fail_nomem(err)
                        : cmg__tcp_connect(t->base.loop, host, port, t->timeout_ms,
                                           &t->base.below, err);
    cmg__free(alloc_of(t), host);
    return rc;
}

static cmg_status prepare(struct tunnel *t, const char *host, uint16_t port,
                          cmg_error **err)
{
    const cmg_context *ctx = cmg__loop_context(t->base.loop);

    t->target = cmg__format(alloc_of(t), "%s:%u", host, (unsigned)port);
    cmg_status rc = t->target == NULL ? cmg__fail_nomem(err) : dial(t, ctx->proxy, err);
    if (rc != CMG_OK)
        return rc;
    cmg__stream_set_events(t->base.below, on_below, t);
    cmg__tunnel_answer_init(&t->answer, alloc_of(t), t->proxy, t->target,
                            ctx->proxy_user != NULL);
    if (cmg__tunnel_ask(&t->request, t->target, ctx->proxy_user,
                        ctx->proxy_password.data) != CMG_OK)
        return cmg__fail_nomem(err);
    return CMG_OK;
}

cmg_status cmg__tunnel_connect(struct cmg__loop *loop, const char *host, uint16_t port,
                               int64_t timeout_ms, struct cmg__stream **out,
                               cmg_error **err)
{
    const struct cmg__alloc *alloc = cmg__loop_alloc(loop);
    struct tunnel *t = cmg__alloc0(alloc, sizeof *t);

    if (t == NULL)
        return cmg__fail_nomem(err);
    t->base.ops = &tunnel_ops;
    t->base.loop = loop;
    t->timeout_ms = timeout_ms;
    cmg__buf_init_secret(&t->request, alloc, MAX_REQUEST);
    cmg__tunnel_answer_init(&t->answer, alloc, "", "", false);
    cmg__timer_init(&t->timer, loop, on_time_over, t);
    cmg_status rc = prepare(t, host, port, err);
    if (rc != CMG_OK) {
        tunnel_destroy(&t->base);
        return rc;
    }
    *out = &t->base;
    return CMG_OK;
}
