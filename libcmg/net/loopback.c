/* See loopback.h. */
#include "net/loopback.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "net/http1_server.h"

#define MAX_CONNECTIONS 8
#define MAX_SECTION     ((size_t)24 * 1024)
#define MAX_TARGET      ((size_t)9 * 1024)
#define FIRST_BYTE_MS   10000

#define REFUSED "<!doctype html><title>Not here</title><p>Nobody asked for this.\n"

struct visitor {
    struct cmg__list node;
    struct cmg__loopback *loopback;
    struct cmg__http1_conn *conn;
    const struct cmg__http1_head *head;
    bool brought; /* the answer that was waited for */
};

struct cmg__loopback {
    struct cmg__loop *loop;
    struct cmg__loopback_events events;
    void *user;
    struct cmg__listener *listener;
    struct cmg__list visitors;
    size_t count;
    struct cmg__task told;
    bool answered;
};

/* ---- the answer ---- */

static cmg_status add_fields(struct cmg__headers *fields)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        { "Content-Type", "text/html; charset=utf-8" },
        { "Content-Security-Policy", "default-src 'none'" },
        { "Cache-Control", "no-store" },
        { "Referrer-Policy", "no-referrer" },
        { "X-Content-Type-Options", "nosniff" },
    };
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(rows); i++)
        rc = cmg__headers_add(fields, rows[i].name, rows[i].value);
    return rc;
}

static void answer(struct visitor *v, int status, const char *page)
{
    struct cmg__headers fields;

    cmg__headers_init(&fields, cmg__loop_alloc(v->loopback->loop));
    cmg__http1_conn_set_close(v->conn);
    if (add_fields(&fields) != CMG_OK ||
        cmg__http1_conn_reply(v->conn, status, &fields, page, strlen(page)) != CMG_OK)
        cmg__http1_conn_abort(v->conn);
    cmg__headers_done(&fields);
}

/* Pages of other sites can send requests here under names of their own. */
static bool host_is_ours(const struct visitor *v)
{
    static const char *const names[] = { "localhost", "127.0.0.1" };
    const char *host = cmg__headers_get(&v->head->headers, "Host");
    char wanted[32];

    for (size_t i = 0; host != NULL && i < CMG__ARRAY_LEN(names); i++) {
        (void)snprintf(wanted, sizeof wanted, "%s:%u", names[i],
                       (unsigned)cmg__loopback_port(v->loopback));
        if (cmg__str_ieq(host, wanted))
            return true;
    }
    return false;
}

/* 0: it may be the answer that is waited for. */
static int refusal(const struct visitor *v, const char *target)
{
    if (!host_is_ours(v))
        return 400;
    if (v->loopback->answered || target[0] != '/' ||
        (target[1] != '?' && target[1] != '\0'))
        return 404;
    if (strcmp(v->head->method, "GET") != 0)
        return 405;
    return target[1] == '\0' ? 400 : 0;
}

static void on_end(struct cmg__http1_conn *conn, void *user)
{
    struct visitor *v = user;
    struct cmg__loopback *l = v->loopback;
    const char *target = cmg__buf_cstr(&v->head->target);
    const int status = refusal(v, target);
    const char *page =
        status == 0 ? l->events.on_query(l->user, target + 2, strlen(target + 2)) : NULL;

    (void)conn;
    v->brought = page != NULL;
    l->answered = l->answered || v->brought;
    if (page != NULL)
        answer(v, 200, page);
    else
        answer(v, status == 0 ? 400 : status, REFUSED);
}

/* ---- connections ---- */

static void on_request(struct cmg__http1_conn *conn, const struct cmg__http1_head *head,
                       void *user)
{
    struct visitor *v = user;

    (void)conn;
    v->head = head;
}

static size_t on_body(struct cmg__http1_conn *conn, const char *data, size_t n,
                      void *user)
{
    (void)conn;
    (void)data;
    (void)user;
    return n;
}

static void tell(struct visitor *v)
{
    if (v->brought)
        cmg__task_post(v->loopback->loop, &v->loopback->told);
    v->brought = false;
}

static void on_done(struct cmg__http1_conn *conn, void *user)
{
    (void)conn;
    tell(user);
}

static void forget(struct visitor *v)
{
    cmg__list_remove(&v->node);
    v->loopback->count--;
    cmg__free(cmg__loop_alloc(v->loopback->loop), v);
}

static void on_close(struct cmg__http1_conn *conn, const cmg_error *why, void *user)
{
    (void)conn;
    (void)why;
    tell(user);
    forget(user);
}

static const struct cmg__http1_server_events server_events = {
    .on_request = on_request,
    .on_body = on_body,
    .on_end = on_end,
    .on_done = on_done,
    .on_close = on_close,
};

static void receive(struct cmg__loopback *l, struct cmg__stream *stream)
{
    struct cmg__http1_server_limits limits = cmg__http1_server_default_limits;
    struct visitor *v = l->count == MAX_CONNECTIONS
                            ? NULL
                            : cmg__alloc0(cmg__loop_alloc(l->loop), sizeof *v);

    if (v == NULL) {
        cmg__stream_free(stream);
        return;
    }
    limits.http1.max_section = MAX_SECTION;
    limits.http1.max_target = MAX_TARGET;
    limits.idle_ms = FIRST_BYTE_MS;
    v->loopback = l;
    cmg__list_add_tail(&l->visitors, &v->node);
    l->count++;
    if (cmg__http1_conn_new(stream, &limits, &server_events, v, &v->conn, NULL) != CMG_OK)
        forget(v);
}

static void on_accept(void *user, int fd, const char *peer)
{
    struct cmg__loopback *l = user;
    struct cmg__stream *stream = NULL;

    (void)peer;
    if (cmg__tcp_adopt(l->loop, fd, &stream, NULL) == CMG_OK)
        receive(l, stream);
}

/* ---- life ---- */

static void on_told(struct cmg__task *task, void *user)
{
    struct cmg__loopback *l = user;

    (void)task;
    l->events.on_done(l->user);
}

cmg_status cmg__loopback_new(struct cmg__loop *loop,
                             const struct cmg__loopback_events *events, void *user,
                             struct cmg__loopback **out, cmg_error **err)
{
    struct cmg__loopback *l = cmg__alloc0(cmg__loop_alloc(loop), sizeof *l);

    if (l == NULL)
        return cmg__fail_nomem(err);
    l->loop = loop;
    l->events = *events;
    l->user = user;
    cmg__list_init(&l->visitors);
    cmg__task_init(&l->told, on_told, l);
    const cmg_status rc =
        cmg__listener_new(loop, "127.0.0.1", 0, on_accept, l, &l->listener, err);
    if (rc == CMG_OK)
        *out = l;
    else
        cmg__loopback_free(l);
    return rc;
}

uint16_t cmg__loopback_port(const struct cmg__loopback *loopback)
{
    return cmg__listener_port(loopback->listener);
}

void cmg__loopback_free(struct cmg__loopback *loopback)
{
    if (loopback == NULL)
        return;
    cmg__task_cancel(&loopback->told);
    cmg__listener_free(loopback->listener);
    CMG__LIST_FOREACH (node, after, &loopback->visitors) {
        struct visitor *v = CMG__CONTAINER(node, struct visitor, node);
        cmg__http1_conn_free(v->conn);
        forget(v);
    }
    cmg__free(cmg__loop_alloc(loopback->loop), loopback);
}
