/*
 * The owner's side of an exchange: starting it, writing its body, ending it. What goes
 * over the connection is http1_exchange.c's.
 */
#include "base/error.h"
#include "base/str.h"
#include "net/http1_pool.h"
#include "net/http1_syntax.h"

static void on_task(struct cmg__task *task, void *user)
{
    (void)task;
    cmg__http1_exchange_run(user);
}

static void on_timer(struct cmg__timer *timer, void *user)
{
    (void)timer;
    cmg__http1_exchange_run(user);
}

static struct cmg__http1_exchange *
exchange_new(struct cmg__http1_pool *pool,
             const struct cmg__http1_exchange_events *events, void *user)
{
    struct cmg__http1_exchange *x = cmg__alloc0(pool->alloc, sizeof *x);
    if (x == NULL)
        return NULL;
    x->pool = pool;
    x->loop = pool->loop;
    x->alloc = pool->alloc;
    x->events = *events;
    x->user = user;
    x->first_byte_ms = pool->first_byte_ms;
    cmg__http1_parser_init(&x->parser, x->alloc, NULL, true);
    cmg__buf_init_secret(&x->head, x->alloc, (size_t)128 * 1024);
    cmg__task_init(&x->task, on_task, x);
    cmg__timer_init(&x->timer, x->loop, on_timer, x);
    cmg__list_add_tail(&pool->exchanges, &x->node);
    return x;
}

cmg_status cmg__http1_exchange_start(struct cmg__http1_pool *pool, const char *method,
                                     const char *target,
                                     const struct cmg__headers *headers,
                                     enum cmg__http1_framing framing, uint64_t length,
                                     const struct cmg__http1_exchange_events *events,
                                     void *user, struct cmg__http1_exchange **out,
                                     cmg_error **err)
{
    static const char *const replayable[] = { "GET", "HEAD", "OPTIONS", "PROPFIND" };
    struct cmg__http1_exchange *x = exchange_new(pool, events, user);
    if (x == NULL)
        return cmg__fail_nomem(err);
    cmg_status rc = cmg__http1_write_request(&x->head, method, target, pool->host_field,
                                             headers, framing, length, false);
    if (rc != CMG_OK) {
        rc = cmg__fail(err, x->alloc, rc, pool->host, NULL,
                       "request to %s cannot be written", pool->host_field);
        goto failed;
    }
    x->framing = framing;
    x->out_left = framing == CMG__HTTP1_LENGTH ? length : 0;
    x->out_ended = framing == CMG__HTTP1_NO_BODY;
    x->parser.head_request = cmg__str_ieq(method, "HEAD");
    x->replayable = x->out_ended &&
                    cmg__http1_is_one_of(method, replayable, CMG__ARRAY_LEN(replayable));
    rc = cmg__http1_exchange_connect(x, false, err);
    if (rc != CMG_OK)
        goto failed;
    cmg__task_post(x->loop, &x->task);
    *out = x;
    return CMG_OK;
failed:
    cmg__http1_exchange_drop(x);
    return rc;
}

static cmg_status queue_body(struct cmg__http1_exchange *x, const void *data, size_t n)
{
    struct cmg__buf *out = &x->link->wire.out;
    if (x->framing == CMG__HTTP1_CHUNKED)
        return cmg__http1_write_chunk(out, data, n);
    if (n > x->out_left)
        return CMG_E_INVAL;
    cmg_status rc = cmg__buf_add(out, data, n);
    if (rc == CMG_OK)
        x->out_left -= n;
    return rc;
}

cmg_status cmg__http1_exchange_write(struct cmg__http1_exchange *x, const void *data,
                                     size_t n, bool *full)
{
    if (full != NULL)
        *full = false;
    if (x->dead || x->complete || x->out_ended || x->link == NULL)
        return CMG_E_STATE;
    size_t before = cmg__wire_unsent(&x->link->wire);
    cmg_status rc = n > 0 ? queue_body(x, data, n) : CMG_OK;
    if (rc != CMG_OK)
        return rc;
    if (cmg__wire_unsent(&x->link->wire) >= CMG__HTTP1_CLIENT_QUEUE)
        x->was_full = true;
    if (full != NULL)
        *full = x->was_full;
    cmg__http1_exchange_queued(x, before);
    return CMG_OK;
}

cmg_status cmg__http1_exchange_end(struct cmg__http1_exchange *x)
{
    if (x->dead || x->complete || x->out_ended || x->link == NULL || x->out_left > 0)
        return CMG_E_STATE;
    size_t before = cmg__wire_unsent(&x->link->wire);
    if (x->framing == CMG__HTTP1_CHUNKED) {
        cmg_status rc = cmg__http1_write_chunk(&x->link->wire.out, NULL, 0);
        if (rc != CMG_OK)
            return rc;
    }
    x->out_ended = true;
    cmg__http1_exchange_queued(x, before);
    return CMG_OK;
}

void cmg__http1_exchange_resume(struct cmg__http1_exchange *x)
{
    x->paused = false;
    x->read_due = cmg__loop_now_ms(x->loop) + x->first_byte_ms;
    cmg__http1_exchange_poke(x);
}

void cmg__http1_exchange_abort(struct cmg__http1_exchange *x)
{
    cmg__http1_exchange_drop(x);
}
