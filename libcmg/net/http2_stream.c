/*
 * Streams of an HTTP/2 session as their owner sees them: heads written from checked
 * values, bodies queued per stream and drawn by nghttp2 as windows allow, credit given
 * back by hand.
 */
#include "net/http2_session.h"

#include "base/error.h"
#include "base/str.h"
#include "net/http1.h"
#include "net/http1_syntax.h"

#include <stdio.h>
#include <string.h>

#define STREAM_QUEUE_MAX ((size_t)64 * 1024 * 1024)
/* Above this sum of bytes that no stream's owner has passed on, connection credit waits.
 */
#define UNCONSUMED_MAX ((size_t)64 * 1024 * 1024)
#define PSEUDO_MAX     4

/* ---- life ---- */

struct cmg__h2_stream *cmg__h2_stream_new(struct cmg__h2 *h2)
{
    struct cmg__h2_stream *s = cmg__alloc0(h2->alloc, sizeof *s);
    if (s == NULL)
        return NULL;
    s->h2 = h2;
    s->id = -1;
    cmg__buf_init(&s->path, h2->alloc, CMG__H2_HEAD_MAX);
    cmg__buf_init(&s->authority, h2->alloc, CMG__H2_HEAD_MAX);
    cmg__buf_init(&s->out, h2->alloc, STREAM_QUEUE_MAX);
    cmg__headers_init(&s->headers, h2->alloc);
    cmg__list_init(&s->writable);
    cmg__list_add_tail(&h2->streams, &s->node);
    h2->stream_count++;
    return s;
}

static void stream_free(struct cmg__h2_stream *s)
{
    struct cmg__h2 *h2 = s->h2;
    cmg__list_remove(&s->node);
    cmg__list_remove(&s->writable);
    h2->stream_count--;
    cmg__buf_done(&s->path);
    cmg__buf_done(&s->authority);
    cmg__buf_done(&s->out);
    cmg__headers_done(&s->headers);
    cmg__free(h2->alloc, s);
}

/* A request that was never written out, or that the peer refused before any answer, was
   certainly not worked on. What we reset ourselves may have been. */
static bool was_refused(const struct cmg__h2_stream *s, uint32_t code)
{
    if (s->h2->settings.http_server)
        return false;
    return !s->head_sent ||
           (code == NGHTTP2_REFUSED_STREAM && !s->reset && !s->head_came);
}

/* Server: the owner hears only of streams whose head it was given. */
static bool is_known(const struct cmg__h2_stream *s)
{
    return !s->h2->settings.http_server || s->head_came;
}

void cmg__h2_stream_end(struct cmg__h2_stream *s, uint32_t code)
{
    struct cmg__h2 *h2 = s->h2;
    cmg__h2_release_credit(h2, s->unconsumed);
    s->unconsumed = 0;
    if (!h2->silent && is_known(s))
        h2->events.on_stream_close(s, code, was_refused(s, code), h2->user);
    stream_free(s);
}

/* ---- credit ---- */

void cmg__h2_release_credit(struct cmg__h2 *h2, size_t n)
{
    h2->unconsumed -= n;
    if (h2->held == 0 || h2->unconsumed > UNCONSUMED_MAX || h2->session == NULL)
        return;
    (void)nghttp2_session_consume_connection(h2->session, h2->held);
    h2->held = 0;
}

void cmg__h2_consume(struct cmg__h2_stream *s, size_t n)
{
    struct cmg__h2 *h2 = s->h2;
    if (n > s->unconsumed)
        n = s->unconsumed;
    if (n == 0 || h2->dead)
        return;
    s->unconsumed -= n;
    cmg__h2_release_credit(h2, n);
    (void)nghttp2_session_consume_stream(h2->session, s->id, n);
    cmg__h2_poke(h2);
}

/* ---- heads ---- */

struct nv_list {
    nghttp2_nv *items;
    size_t count;
    struct cmg__buf names; /* lower case */
};

static void add_nv(struct nv_list *list, const char *name, const char *value, bool secret)
{
    list->items[list->count++] = (nghttp2_nv){
        .name = (uint8_t *)(uintptr_t)name,
        .value = (uint8_t *)(uintptr_t)value,
        .namelen = strlen(name),
        .valuelen = strlen(value),
        .flags = secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE,
    };
}

static cmg_status nv_init(struct nv_list *list, const struct cmg__alloc *alloc,
                          const struct cmg__headers *headers)
{
    size_t count = headers != NULL ? headers->count : 0;
    size_t names = 1;
    for (size_t i = 0; i < count; i++)
        names += strlen(headers->items[i].name) + 1;
    *list = (struct nv_list){ 0 };
    cmg__buf_init(&list->names, alloc, names);
    /* Reserved at once: the array points into it. */
    cmg_status rc = cmg__buf_reserve(&list->names, names);
    if (rc == CMG_OK) {
        list->items = cmg__alloc_array(alloc, count + PSEUDO_MAX, sizeof *list->items);
        rc = list->items != NULL ? CMG_OK : CMG_E_NOMEM;
    }
    return rc;
}

static void nv_done(struct nv_list *list)
{
    cmg__free(list->names.alloc, list->items);
    cmg__buf_done(&list->names);
}

static cmg_status add_headers(struct nv_list *list, const struct cmg__headers *headers)
{
    cmg_status rc = CMG_OK;
    for (size_t i = 0; headers != NULL && i < headers->count && rc == CMG_OK; i++) {
        const struct cmg__header *h = &headers->items[i];
        if (cmg__http1_is_hop_by_hop(headers, h->name) || cmg__str_ieq(h->name, "Host"))
            continue;
        if (!cmg__http1_is_token(h->name, strlen(h->name)) ||
            !cmg__http1_is_value(h->value, strlen(h->value), true))
            return CMG_E_INVAL;
        size_t at = list->names.len;
        rc = cmg__buf_add(&list->names, h->name, strlen(h->name) + 1);
        if (rc != CMG_OK)
            break;
        cmg__lower_in_place(list->names.data + at);
        add_nv(list, list->names.data + at, h->value, h->secret);
    }
    return rc;
}

static ssize_t draw_body(nghttp2_session *session, int32_t id, uint8_t *out, size_t room,
                         uint32_t *flags, nghttp2_data_source *source, void *user)
{
    (void)session;
    (void)id;
    (void)user;
    struct cmg__h2_stream *s = source->ptr;
    size_t n = s->out.len - s->out_at;
    if (n > room)
        n = room;
    if (n == 0 && !s->out_ended) {
        s->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    if (n > 0)
        memcpy(out, s->out.data + s->out_at, n);
    s->out_at += n;
    size_t left = s->out.len - s->out_at;
    if (left == 0 || s->out_at > left) {
        cmg__buf_consume(&s->out, s->out_at);
        s->out_at = 0;
    }
    if (left == 0 && s->out_ended)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (s->was_full && left < s->h2->settings.write_queue / 2) {
        s->was_full = false;
        cmg__list_remove(&s->writable);
        cmg__list_add_tail(&s->h2->writable, &s->writable);
    }
    return (ssize_t)n;
}

void cmg__h2_tell_writable(struct cmg__h2 *h2)
{
    while (!h2->dead && !cmg__list_is_empty(&h2->writable)) {
        struct cmg__h2_stream *s =
            CMG__CONTAINER(h2->writable.next, struct cmg__h2_stream, writable);
        cmg__list_remove(&s->writable);
        if (!s->out_ended && !s->reset && h2->events.on_writable != NULL)
            h2->events.on_writable(s, h2->user);
    }
}

static cmg_status nghttp2_status(int rc)
{
    switch (rc) {
    case NGHTTP2_ERR_NOMEM:
        return CMG_E_NOMEM;
    case NGHTTP2_ERR_STREAM_ID_NOT_AVAILABLE:
        return CMG_E_LIMIT;
    case NGHTTP2_ERR_INVALID_ARGUMENT:
        return CMG_E_INVAL;
    default:
        return rc < 0 ? CMG_E_STATE : CMG_OK;
    }
}

static cmg_status submit_request(struct cmg__h2_stream *s, const char *const pseudo[3],
                                 const struct cmg__headers *headers, bool end)
{
    static const char *const names[3] = { ":method", ":authority", ":path" };
    struct nv_list list;
    nghttp2_data_provider body = { .source.ptr = s, .read_callback = draw_body };
    cmg_status rc = nv_init(&list, s->h2->alloc, headers);
    if (rc == CMG_OK) {
        add_nv(&list, ":scheme", "https", false);
        for (size_t i = 0; i < CMG__ARRAY_LEN(names); i++)
            add_nv(&list, names[i], pseudo[i], false);
        rc = add_headers(&list, headers);
    }
    if (rc == CMG_OK) {
        s->id = nghttp2_submit_request(s->h2->session, NULL, list.items, list.count,
                                       end ? NULL : &body, s);
        rc = nghttp2_status(s->id);
    }
    nv_done(&list);
    return rc;
}

cmg_status cmg__h2_request(struct cmg__h2 *h2, const char *method, const char *path,
                           const char *authority, const struct cmg__headers *headers,
                           bool end, void *stream_user, struct cmg__h2_stream **out,
                           cmg_error **err)
{
    size_t method_len = strlen(method);
    if (!cmg__h2_takes_requests(h2))
        return cmg__fail(err, h2->alloc, CMG_E_STATE, "channel", NULL,
                         "channel takes no new requests");
    if (method_len > CMG__H2_METHOD_MAX || !cmg__http1_is_token(method, method_len) ||
        !cmg__http1_is_target(path, strlen(path)) ||
        !cmg__http1_is_host(authority, strlen(authority)))
        return cmg__fail(err, h2->alloc, CMG_E_INVAL, "request", NULL,
                         "method, path or authority is malformed");
    struct cmg__h2_stream *s = cmg__h2_stream_new(h2);
    if (s == NULL)
        return cmg__fail_nomem(err);
    s->user = stream_user;
    s->head_queued = true;
    s->out_ended = end;
    const char *const pseudo[3] = { method, authority, path };
    cmg_status rc = submit_request(s, pseudo, headers, end);
    if (rc != CMG_OK) {
        stream_free(s);
        return cmg__fail(err, h2->alloc, rc, "request", NULL,
                         "request cannot be sent on the channel");
    }
    cmg__h2_poke(h2);
    *out = s;
    return CMG_OK;
}

cmg_status cmg__h2_respond(struct cmg__h2_stream *s, int status,
                           const struct cmg__headers *headers, bool end)
{
    struct cmg__h2 *h2 = s->h2;
    char code[16];
    struct nv_list list;
    nghttp2_data_provider body = { .source.ptr = s, .read_callback = draw_body };
    if (h2->dead || s->reset || s->head_queued || !h2->settings.http_server)
        return CMG_E_STATE;
    if (status < 200 || status > 599)
        return CMG_E_INVAL;
    (void)snprintf(code, sizeof code, "%d", status);
    cmg_status rc = nv_init(&list, h2->alloc, headers);
    if (rc == CMG_OK) {
        add_nv(&list, ":status", code, false);
        rc = add_headers(&list, headers);
    }
    if (rc == CMG_OK)
        rc = nghttp2_status(nghttp2_submit_response(h2->session, s->id, list.items,
                                                    list.count, end ? NULL : &body));
    nv_done(&list);
    if (rc != CMG_OK)
        return rc;
    s->head_queued = true;
    s->out_ended = end;
    cmg__h2_poke(h2);
    return CMG_OK;
}

/* ---- bodies ---- */

static void resume(struct cmg__h2_stream *s)
{
    if (s->deferred) {
        s->deferred = false;
        (void)nghttp2_session_resume_data(s->h2->session, s->id);
    }
    cmg__h2_poke(s->h2);
}

static bool may_write(const struct cmg__h2_stream *s)
{
    return !s->h2->dead && s->head_queued && !s->out_ended && !s->reset;
}

cmg_status cmg__h2_write(struct cmg__h2_stream *s, const void *data, size_t n, bool *full)
{
    if (full != NULL)
        *full = false;
    if (!may_write(s))
        return CMG_E_STATE;
    cmg_status rc = cmg__buf_add(&s->out, data, n);
    if (rc != CMG_OK)
        return rc;
    if (s->out.len - s->out_at >= s->h2->settings.write_queue)
        s->was_full = true;
    if (full != NULL)
        *full = s->was_full;
    if (n > 0)
        resume(s);
    return CMG_OK;
}

cmg_status cmg__h2_end(struct cmg__h2_stream *s)
{
    if (!may_write(s))
        return CMG_E_STATE;
    s->out_ended = true;
    resume(s);
    return CMG_OK;
}

void cmg__h2_reset(struct cmg__h2_stream *s, uint32_t code)
{
    struct cmg__h2 *h2 = s->h2;
    if (h2->dead || s->reset)
        return;
    s->reset = true;
    (void)nghttp2_submit_rst_stream(h2->session, NGHTTP2_FLAG_NONE, s->id, code);
    cmg__h2_poke(h2);
}

/* ---- properties ---- */

void cmg__h2_stream_set_user(struct cmg__h2_stream *s, void *stream_user)
{
    s->user = stream_user;
}

void *cmg__h2_stream_user(struct cmg__h2_stream *s)
{
    return s->user;
}

struct cmg__h2 *cmg__h2_stream_session(struct cmg__h2_stream *s)
{
    return s->h2;
}

int32_t cmg__h2_stream_id(const struct cmg__h2_stream *s)
{
    return s->id;
}
