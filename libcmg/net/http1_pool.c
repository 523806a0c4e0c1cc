/*
 * Connections of one upstream: made, kept for a while after use, taken again, newest
 * first, so that those not needed grow old and go.
 */
#include "net/http1_pool.h"

#include "base/error.h"
#include "base/str.h"
#include "net/http1_syntax.h"

#include <string.h>

#define QUEUE_MAX ((size_t)64 * 1024 * 1024)

/* ---- connections ---- */

void cmg__http1_link_free(struct cmg__http1_link *link)
{
    if (link == NULL)
        return;
    if (link->pool != NULL)
        link->pool->idle_count--;
    cmg__list_remove(&link->node);
    cmg__wire_done(&link->wire);
    cmg__free(link->alloc, link);
}

static cmg_status connect_stream(struct cmg__http1_pool *pool, struct cmg__stream **out,
                                 cmg_error **err)
{
    struct cmg__stream *tcp = NULL;
    cmg_status rc =
        cmg__tcp_connect(pool->loop, pool->host, pool->port, pool->connect_ms, &tcp, err);
    if (rc != CMG_OK)
        return rc;
    if (pool->tls == NULL) {
        *out = tcp;
        return CMG_OK;
    }
    return cmg__tls_stream_new(tcp, pool->tls, pool->host, out, err);
}

static cmg_status link_new(struct cmg__http1_pool *pool, struct cmg__http1_link **out,
                           cmg_error **err)
{
    struct cmg__stream *stream = NULL;
    cmg_status rc = connect_stream(pool, &stream, err);
    if (rc != CMG_OK)
        return rc;
    struct cmg__http1_link *link = cmg__alloc0(pool->alloc, sizeof *link);
    if (link == NULL) {
        cmg__stream_free(stream);
        return cmg__fail_nomem(err);
    }
    link->alloc = pool->alloc;
    cmg__wire_init(&link->wire, pool->alloc, stream, QUEUE_MAX);
    cmg__list_init(&link->node);
    *out = link;
    return CMG_OK;
}

/* Nobody asked for anything: whatever comes but "nothing" ends an idle connection. */
static bool still_quiet(struct cmg__http1_link *link)
{
    return cmg__wire_fill(&link->wire) == CMG__IO_AGAIN;
}

static void on_idle_event(struct cmg__stream *stream, void *user)
{
    (void)stream;
    struct cmg__http1_link *link = user;
    if (!still_quiet(link))
        cmg__http1_link_free(link);
}

cmg_status cmg__http1_link_take(struct cmg__http1_pool *pool, bool fresh,
                                struct cmg__http1_link **out, cmg_error **err)
{
    while (!fresh && !cmg__list_is_empty(&pool->idle)) {
        struct cmg__http1_link *link =
            CMG__CONTAINER(pool->idle.prev, struct cmg__http1_link, node);
        if (!still_quiet(link)) {
            cmg__http1_link_free(link);
            continue;
        }
        cmg__list_remove(&link->node);
        link->pool = NULL;
        pool->idle_count--;
        link->reused = true;
        *out = link;
        return CMG_OK;
    }
    return link_new(pool, out, err);
}

static void arm(struct cmg__http1_pool *pool)
{
    if (cmg__list_is_empty(&pool->idle)) {
        cmg__timer_stop(&pool->timer);
        return;
    }
    const struct cmg__http1_link *oldest =
        CMG__CONTAINER(pool->idle.next, struct cmg__http1_link, node);
    int64_t left = oldest->idle_due - cmg__loop_now_ms(pool->loop);
    cmg__timer_start(&pool->timer, left > 0 ? left : 0);
}

void cmg__http1_link_keep(struct cmg__http1_pool *pool, struct cmg__http1_link *link)
{
    if (pool == NULL || pool->idle_count >= pool->max_idle) {
        cmg__http1_link_free(link);
        return;
    }
    link->pool = pool;
    link->idle_due = cmg__loop_now_ms(pool->loop) + pool->idle_ms;
    cmg__list_add_tail(&pool->idle, &link->node);
    pool->idle_count++;
    cmg__stream_set_events(link->wire.stream, on_idle_event, link);
    cmg__stream_want(link->wire.stream, CMG__READABLE);
    if (!pool->timer.armed)
        arm(pool);
}

static void on_timer(struct cmg__timer *timer, void *user)
{
    (void)timer;
    struct cmg__http1_pool *pool = user;
    int64_t now = cmg__loop_now_ms(pool->loop);
    CMG__LIST_FOREACH (node, after, &pool->idle) {
        struct cmg__http1_link *link = CMG__CONTAINER(node, struct cmg__http1_link, node);
        if (link->idle_due <= now)
            cmg__http1_link_free(link);
    }
    arm(pool);
}

/* ---- the pool ---- */

static cmg_status name_origin(struct cmg__http1_pool *pool, const char *host)
{
    uint16_t own = pool->tls != NULL ? 443 : 80;
    bool bare_v6 = strchr(host, ':') != NULL && host[0] != '[';
    pool->host = cmg__strdup(pool->alloc, host);
    pool->host_field = cmg__format(pool->alloc, bare_v6 ? "[%s]" : "%s", host);
    if (pool->host_field != NULL && pool->port != own) {
        char *with_port = cmg__format(pool->alloc, "%s:%u", pool->host_field, pool->port);
        cmg__free(pool->alloc, pool->host_field);
        pool->host_field = with_port;
    }
    return pool->host != NULL && pool->host_field != NULL ? CMG_OK : CMG_E_NOMEM;
}

static int64_t or_default(int64_t value, int64_t otherwise)
{
    return value > 0 ? value : otherwise;
}

cmg_status cmg__http1_pool_new(struct cmg__loop *loop,
                               const struct cmg__http1_pool_settings *settings,
                               struct cmg__http1_pool **out, cmg_error **err)
{
    const struct cmg__alloc *alloc = cmg__loop_alloc(loop);
    struct cmg__http1_pool *pool = cmg__alloc0(alloc, sizeof *pool);
    if (pool == NULL)
        return cmg__fail_nomem(err);
    pool->loop = loop;
    pool->alloc = alloc;
    pool->port = settings->port;
    if (settings->tls != NULL)
        pool->tls = cmg__tls_config_ref(settings->tls);
    pool->connect_ms = or_default(settings->connect_ms, 10 * 1000);
    pool->first_byte_ms = or_default(settings->first_byte_ms, 120 * 1000);
    pool->idle_ms = or_default(settings->idle_ms, 60 * 1000);
    pool->max_idle = settings->max_idle > 0 ? settings->max_idle : 32;
    cmg__list_init(&pool->idle);
    cmg__list_init(&pool->exchanges);
    cmg__timer_init(&pool->timer, loop, on_timer, pool);
    if (name_origin(pool, settings->host) != CMG_OK) {
        cmg__http1_pool_free(pool);
        return cmg__fail_nomem(err);
    }
    if (!cmg__http1_is_host(pool->host_field, strlen(pool->host_field))) {
        cmg__http1_pool_free(pool);
        return cmg__fail(err, alloc, CMG_E_INVAL, settings->host, "give a host name",
                         "'%s' is not a host name", settings->host);
    }
    *out = pool;
    return CMG_OK;
}

void cmg__http1_pool_free(struct cmg__http1_pool *pool)
{
    if (pool == NULL)
        return;
    while (!cmg__list_is_empty(&pool->exchanges)) {
        struct cmg__http1_exchange *x =
            CMG__CONTAINER(pool->exchanges.next, struct cmg__http1_exchange, node);
        cmg__list_remove(&x->node);
        x->pool = NULL;
        cmg__http1_exchange_drop(x);
    }
    while (!cmg__list_is_empty(&pool->idle))
        cmg__http1_link_free(
            CMG__CONTAINER(pool->idle.next, struct cmg__http1_link, node));
    cmg__timer_stop(&pool->timer);
    if (pool->tls != NULL)
        cmg__tls_config_unref(pool->tls);
    cmg__free(pool->alloc, pool->host);
    cmg__free(pool->alloc, pool->host_field);
    cmg__free(pool->alloc, pool);
}
