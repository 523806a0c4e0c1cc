/*
 * One request from a channel to a role. What the service sent is checked again against
 * this connection point's own map: a channel is trusted to carry, not to decide. Bodies
 * go through both ways with the back-pressure of either side.
 */
#include "relay/connector.h"
#include "base/log.h"
#include "base/str.h"
#include <stdio.h>
#include <string.h>

#define H2_INTERNAL_ERROR 2

struct cmg__forward {
    struct cmg__link *link;
    struct cmg__list node;
    struct cmg__h2_stream *s;
    struct cmg__http1_exchange *x; /* NULL before start and after its end */
    size_t unconsumed;             /* request bytes that the role has not taken */
    bool bodyless;                 /* the exchange ends its request by itself */
    bool request_ended;
    bool role_full;
    bool channel_full;
    bool responded;
    bool response_ended;
};

static const struct cmg__alloc *alloc_of(const struct cmg__forward *f)
{
    return f->link->connector->alloc;
}

/* ---- answers ---- */

static cmg_status respond(struct cmg__forward *f, int status, const char *reason,
                          const struct cmg__headers *headers, bool end)
{
    struct cmg__headers out;

    cmg__headers_init(&out, alloc_of(f));
    cmg_status rc = headers == NULL
                        ? CMG_OK
                        : cmg__fields_pass(CMG__BORDER_UPSTREAM_OUT, headers, &out);
    const char *length =
        headers == NULL ? NULL : cmg__headers_get(headers, "content-length");
    if (rc == CMG_OK && length != NULL)
        rc = cmg__headers_add(&out, "content-length", length);
    if (rc == CMG_OK && reason != NULL)
        rc = cmg__headers_add(&out, "cmg-reason", reason);
    if (rc == CMG_OK)
        rc = cmg__h2_respond(f->s, status, &out, end);
    cmg__headers_done(&out);
    f->responded = true;
    f->response_ended = end;
    if (rc != CMG_OK)
        cmg__h2_reset(f->s, H2_INTERNAL_ERROR);
    return rc;
}

static void give_back(struct cmg__forward *f)
{
    size_t n = f->unconsumed;

    f->unconsumed = 0;
    if (n > 0)
        cmg__h2_consume(f->s, n);
}

/* The role's part is over without a good end. */
static void fail(struct cmg__forward *f, int status, const char *reason)
{
    if (f->x != NULL) {
        struct cmg__http1_exchange *x = f->x;
        f->x = NULL;
        cmg__http1_exchange_abort(x);
    }
    give_back(f);
    if (!f->responded)
        (void)respond(f, status, reason, NULL, true);
    else if (!f->response_ended)
        cmg__h2_reset(f->s, H2_INTERNAL_ERROR);
}

/* ---- from the role ---- */

static void on_head(struct cmg__http1_exchange *x, const struct cmg__http1_head *head,
                    void *user)
{
    struct cmg__forward *f = user;
    struct cmg__buf reason;

    (void)x;
    cmg__buf_init(&reason, alloc_of(f), 128);
    bool named = head->status >= 400 &&
                 cmg__fields_reason(&reason, "CMGConnector_",
                                    cmg__http1_reason(head->status)) == CMG_OK;
    bool end = head->framing == CMG__HTTP1_NO_BODY;
    (void)respond(f, head->status, named ? cmg__buf_cstr(&reason) : NULL, &head->headers,
                  end);
    cmg__buf_done(&reason);
}

static size_t on_body(struct cmg__http1_exchange *x, const char *data, size_t n,
                      void *user)
{
    struct cmg__forward *f = user;

    (void)x;
    if (f->channel_full)
        return 0;
    if (!f->response_ended && cmg__h2_write(f->s, data, n, &f->channel_full) != CMG_OK)
        cmg__h2_reset(f->s, H2_INTERNAL_ERROR);
    return n;
}

static void on_role_writable(struct cmg__http1_exchange *x, void *user)
{
    struct cmg__forward *f = user;

    (void)x;
    f->role_full = false;
    give_back(f);
}

static void on_done(struct cmg__http1_exchange *x, const cmg_error *err, void *user)
{
    struct cmg__forward *f = user;

    (void)x;
    f->x = NULL;
    if (err != NULL) {
        bool late = cmg_error_code(err) == CMG_E_TIMEOUT;
        cmg__log(f->link->connector->head.ctx, CMG_LOG_WARNING, "relay", "role.failed",
                 NULL, "role did not answer: %s", cmg_error_message(err));
        fail(f, late ? 504 : 502,
             late ? "CMGConnector_GatewayTimeout" : "CMGConnector_BadGateway");
        return;
    }
    give_back(f);
    if (!f->response_ended) {
        f->response_ended = true;
        (void)cmg__h2_end(f->s);
    }
}

static const struct cmg__http1_exchange_events role_events = {
    .on_head = on_head,
    .on_body = on_body,
    .on_writable = on_role_writable,
    .on_done = on_done,
};

/* ---- to the role ---- */

struct wanted {
    const struct cmg__upstream *upstream;
    uint64_t length;
    enum cmg__http1_framing framing;
};

static cmg_status role_target(const struct cmg__target *target, const char *base,
                              struct cmg__buf *out)
{
    cmg_status rc = cmg__buf_add_str(out, base);

    if (rc == CMG_OK)
        rc = cmg__buf_add_str(out, cmg__buf_cstr(&target->path));
    if (rc == CMG_OK && target->has_query)
        rc = cmg__buf_addf(out, "?%s", cmg__buf_cstr(&target->query));
    return rc;
}

/* ":authority" is "role-<id>"; the path must be one this connection point publishes. */
static bool find_role(const struct cmg_connector *connector, const char *authority,
                      const struct cmg__target *target, struct cmg__map_match *match)
{
    static const char prefix[] = "role-";

    if (authority == NULL || !cmg__str_starts(authority, prefix))
        return false;
    const char *id = authority + sizeof prefix - 1;
    return cmg__url_map_find(&connector->settings.map, id, strlen(id),
                             cmg__buf_cstr(&target->path), match);
}

/* A POST without a body says so by its length; a GET by saying nothing. */
static bool needs_length(const char *method)
{
    return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 &&
           strcmp(method, "OPTIONS") != 0;
}

static bool body_framing(const char *method, const struct cmg__headers *headers, bool end,
                         const struct cmg__map_match *match, struct wanted *out)
{
    const char *length = cmg__headers_get(headers, "content-length");

    out->framing = !end                   ? CMG__HTTP1_CHUNKED
                   : needs_length(method) ? CMG__HTTP1_LENGTH
                                          : CMG__HTTP1_NO_BODY;
    if (length == NULL)
        return true;
    if (cmg__headers_count(headers, "content-length") != 1 ||
        !cmg__parse_u64(length, strlen(length), &out->length) ||
        out->length > match->endpoint->max_length || (end && out->length > 0))
        return false;
    out->framing = CMG__HTTP1_LENGTH;
    return true;
}

static cmg_status add_via(const struct cmg_connector *connector,
                          const struct cmg__headers *in, struct cmg__headers *out)
{
    const char *before = cmg__headers_get(in, "via");
    char via[160];

    snprintf(via, sizeof via, "%.64s%s1.1 %s", cmg__str_or(before, ""),
             before == NULL ? "" : ", ", connector->settings.name);
    cmg__headers_remove(out, "via");
    return cmg__headers_add(out, "via", via);
}

static cmg_status start(struct cmg__forward *f, const struct wanted *wanted,
                        const char *method, const struct cmg__target *target,
                        const struct cmg__headers *headers)
{
    struct cmg__headers out;
    struct cmg__buf path;
    cmg_error *why = NULL;

    cmg__headers_init(&out, alloc_of(f));
    cmg__buf_init(&path, alloc_of(f), 4 * CMG__TARGET_MAX);
    cmg_status rc = role_target(target, wanted->upstream->base, &path);
    if (rc == CMG_OK)
        rc = cmg__fields_pass(CMG__BORDER_UPSTREAM_IN, headers, &out);
    if (rc == CMG_OK)
        rc = add_via(f->link->connector, headers, &out);
    if (rc == CMG_OK)
        rc = cmg__http1_exchange_start(wanted->upstream->pool, method,
                                       cmg__buf_cstr(&path), &out, wanted->framing,
                                       wanted->length, &role_events, f, &f->x, &why);
    if (rc != CMG_OK)
        cmg__log(f->link->connector->head.ctx, CMG_LOG_WARNING, "relay", "role.failed",
                 NULL, "request cannot be sent to the role: %s", cmg_error_message(why));
    cmg_error_unref(why);
    cmg__buf_done(&path);
    cmg__headers_done(&out);
    return rc;
}

/* Checks and starts; 0 or the status of the refusal. */
static int admit(struct cmg__forward *f, const char *method, const char *path,
                 const char *authority, const struct cmg__headers *headers, bool end)
{
    struct cmg_connector *connector = f->link->connector;
    struct cmg__map_match match;
    struct cmg__target target;
    struct wanted wanted = { .upstream = NULL };
    const char *why = NULL;
    int refusal = 0;

    cmg__target_init(&target, connector->alloc);
    if (cmg__target_parse(&target, path, strlen(path), NULL, &why) != CMG_OK)
        refusal = 400;
    else if (!find_role(connector, authority, &target, &match))
        refusal = 404;
    else if (!body_framing(method, headers, end, &match, &wanted))
        refusal = 413;
    if (refusal == 0) {
        wanted.upstream =
            &connector->upstreams[match.role - connector->settings.map.roles];
        f->bodyless = wanted.framing == CMG__HTTP1_NO_BODY;
        refusal = start(f, &wanted, method, &target, headers) == CMG_OK ? 0 : 502;
    }
    cmg__target_done(&target);
    return refusal;
}

void cmg__forward_begin(struct cmg__link *link, struct cmg__h2_stream *s,
                        const char *method, const char *path, const char *authority,
                        const struct cmg__headers *headers, bool end)
{
    struct cmg__forward *f = cmg__alloc0(link->connector->alloc, sizeof *f);
    struct cmg__buf reason;

    if (f == NULL) {
        cmg__h2_reset(s, H2_INTERNAL_ERROR);
        return;
    }
    f->link = link;
    f->s = s;
    cmg__list_add_tail(&link->forwards, &f->node);
    cmg__h2_stream_set_user(s, f);
    int refusal = admit(f, method, path, authority, headers, end);
    if (refusal == 0) {
        if (end)
            cmg__forward_end(f);
        return;
    }
    cmg__buf_init(&reason, link->connector->alloc, 128);
    bool named = cmg__fields_reason(&reason, "CMGConnector_",
                                    cmg__http1_reason(refusal)) == CMG_OK;
    (void)respond(f, refusal, named ? cmg__buf_cstr(&reason) : NULL, NULL, true);
    cmg__buf_done(&reason);
}

void cmg__forward_data(struct cmg__forward *f, const char *data, size_t n)
{
    if (f->x == NULL) {
        cmg__h2_consume(f->s, n);
        return;
    }
    f->unconsumed += n;
    if (cmg__http1_exchange_write(f->x, data, n, &f->role_full) != CMG_OK)
        fail(f, 502, "CMGConnector_BadGateway");
    else if (!f->role_full)
        give_back(f);
}

void cmg__forward_end(struct cmg__forward *f)
{
    if (f->request_ended)
        return;
    f->request_ended = true;
    if (f->x != NULL && !f->bodyless && cmg__http1_exchange_end(f->x) != CMG_OK)
        fail(f, 502, "CMGConnector_BadGateway");
}

void cmg__forward_writable(struct cmg__forward *f)
{
    f->channel_full = false;
    if (f->x != NULL)
        cmg__http1_exchange_resume(f->x);
}

void cmg__forward_closed(struct cmg__forward *f)
{
    if (f->x != NULL)
        cmg__http1_exchange_abort(f->x);
    cmg__list_remove(&f->node);
    cmg__free(alloc_of(f), f);
}

void cmg__forward_free_all(struct cmg__link *link)
{
    CMG__LIST_FOREACH (node, after, &link->forwards)
        cmg__forward_closed(CMG__CONTAINER(node, struct cmg__forward, node));
}
