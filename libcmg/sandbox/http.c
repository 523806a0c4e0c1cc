/* See http.h. */
#include "sandbox/http.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "net/http1_server.h"
#include "sandbox/router.h"

#define MAX_BODY        ((size_t)32 * 1024 * 1024)
#define MAX_CONNECTIONS 256

struct client {
    struct cmg__list node;
    struct cmg__sb_http *http;
    struct cmg__http1_conn *conn;
    const struct cmg__http1_head *head;
    struct cmg__buf body; /* secret: passwords and PKCS#12 files pass through it */
    bool too_large;
};

struct cmg__sb_http {
    struct cmg__loop *loop;
    struct cmg__sb_http_settings settings;
    struct cmg__listener *listener;
    struct cmg__list clients;
    size_t count;
};

static const struct cmg__alloc *alloc_of(const struct client *c)
{
    return cmg__loop_alloc(c->http->loop);
}

/* ---- answering ---- */

/* "Mon, 23 Nov 2026 10:00:00 GMT" */
static void format_date(int64_t unix_s, char out[40])
{
    static const char days[][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
    static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    int64_t year = 0;
    unsigned month = 1, day = 1;
    int64_t seconds = unix_s % 86400;
    cmg__civil_from_days(unix_s / 86400, &year, &month, &day);
    (void)snprintf(out, 40, "%s, %02u %s %04u %02u:%02u:%02u GMT",
                   days[unix_s / 86400 % 7], day, months[(month - 1) % 12],
                   (unsigned)(year % 10000), (unsigned)(seconds / 3600 % 24),
                   (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
}

static cmg_status send_answer(struct client *c, struct cmg__sb_answer *answer)
{
    char date[40];
    const struct cmg__env *env = &cmg__loop_context(c->http->loop)->env;
    format_date(cmg__env_unix_s(env), date);
    cmg_status rc = cmg__headers_add(&answer->headers, "Date", date);
    bool bare = answer->status == 204 || answer->status == 304;
    if (rc == CMG_OK && bare)
        rc = cmg__http1_conn_respond(c->conn, answer->status, NULL, &answer->headers,
                                     CMG__HTTP1_NO_BODY, 0);
    if (rc == CMG_OK && bare)
        return cmg__http1_conn_end(c->conn);
    if (rc == CMG_OK)
        rc = cmg__http1_conn_reply(c->conn, answer->status, &answer->headers,
                                   cmg__buf_cstr(&answer->body), answer->body.len);
    return rc;
}

/* Whether it comes through hangs on the connection, as it does elsewhere. */
static void send_half(struct client *c, const struct cmg__sb_answer *answer)
{
    if (cmg__http1_conn_respond(c->conn, answer->status, NULL, &answer->headers,
                                CMG__HTTP1_LENGTH, answer->body.len) == CMG_OK)
        (void)cmg__http1_conn_write(c->conn, cmg__buf_cstr(&answer->body),
                                    answer->body.len / 2, NULL);
}

static void on_request(struct cmg__http1_conn *conn, const struct cmg__http1_head *head,
                       void *user)
{
    struct client *c = user;
    c->head = head;
    c->too_large = false;
    cmg__buf_clear(&c->body);
    cmg__http1_conn_continue(conn);
}

static size_t on_body(struct cmg__http1_conn *conn, const char *data, size_t n,
                      void *user)
{
    struct client *c = user;
    (void)conn;
    if (cmg__buf_add(&c->body, data, n) != CMG_OK)
        c->too_large = true;
    return n;
}

static void on_end(struct cmg__http1_conn *conn, void *user)
{
    struct client *c = user;
    struct cmg__sb_answer answer;
    enum cmg__sb_fate fate = CMG__SB_ANSWER;
    const struct cmg__sb_request request = { .method = c->head->method,
                                             .host = cmg__headers_get(&c->head->headers,
                                                                      "Host"),
                                             .metadata = c->http->settings.tls == NULL,
                                             .target = cmg__buf_cstr(&c->head->target),
                                             .headers = &c->head->headers,
                                             .body = cmg__buf_cstr(&c->body),
                                             .body_len = c->body.len };
    cmg__sb_answer_init(&answer, alloc_of(c));
    if (c->too_large)
        answer.status = 413;
    else
        fate = c->http->settings.handle(c->http->settings.user, &request, &answer);
    if (fate == CMG__SB_HALF)
        send_half(c, &answer);
    if (fate != CMG__SB_ANSWER || send_answer(c, &answer) != CMG_OK)
        cmg__http1_conn_abort(conn);
    cmg__sb_answer_done(&answer);
}

static void free_client(struct client *c)
{
    const struct cmg__alloc *alloc = alloc_of(c);
    cmg__list_remove(&c->node);
    c->http->count--;
    cmg__buf_done(&c->body);
    cmg__free(alloc, c);
}

static void on_close(struct cmg__http1_conn *conn, const cmg_error *why, void *user)
{
    (void)conn;
    (void)why;
    free_client(user);
}

static const struct cmg__http1_server_events events = {
    .on_request = on_request,
    .on_body = on_body,
    .on_end = on_end,
    .on_close = on_close,
};

/* ---- accepting ---- */

static cmg_status take(struct cmg__sb_http *http, int fd)
{
    struct cmg__stream *tcp = NULL, *top = NULL;
    struct cmg__http1_server_limits limits = cmg__http1_server_default_limits;
    const struct cmg__alloc *alloc = cmg__loop_alloc(http->loop);
    cmg_status rc = cmg__tcp_adopt(http->loop, fd, &tcp, NULL);
    top = tcp;
    if (rc == CMG_OK && http->settings.tls != NULL)
        rc = cmg__tls_stream_new(tcp, http->settings.tls, NULL, &top, NULL);
    if (rc != CMG_OK)
        return rc;
    struct client *c = cmg__alloc0(alloc, sizeof *c);
    if (c == NULL || http->count == MAX_CONNECTIONS) {
        cmg__free(alloc, c);
        cmg__stream_free(top);
        return CMG_E_LIMIT;
    }
    c->http = http;
    cmg__buf_init_secret(&c->body, alloc, MAX_BODY);
    cmg__list_add_tail(&http->clients, &c->node);
    http->count++;
    rc = cmg__http1_conn_new(top, &limits, &events, c, &c->conn, NULL);
    if (rc != CMG_OK)
        free_client(c);
    return rc;
}

static void on_accept(void *user, int fd, const char *peer)
{
    struct cmg__sb_http *http = user;
    if (take(http, fd) != CMG_OK)
        cmg__log(cmg__loop_context(http->loop), CMG_LOG_WARNING, "sandbox",
                 "sandbox.accept", peer, "a connection is refused");
}

cmg_status cmg__sb_http_new(struct cmg__loop *loop,
                            const struct cmg__sb_http_settings *settings,
                            struct cmg__sb_http **out, cmg_error **err)
{
    struct cmg__sb_http *http = cmg__alloc0(cmg__loop_alloc(loop), sizeof *http);
    if (http == NULL)
        return cmg__fail_nomem(err);
    http->loop = loop;
    http->settings = *settings;
    if (settings->tls != NULL)
        http->settings.tls = cmg__tls_config_ref(settings->tls);
    cmg__list_init(&http->clients);
    cmg_status rc = cmg__listener_new(loop, "127.0.0.1", settings->port, on_accept, http,
                                      &http->listener, err);
    if (rc == CMG_OK)
        *out = http;
    else
        cmg__sb_http_free(http);
    return rc;
}

uint16_t cmg__sb_http_port(const struct cmg__sb_http *http)
{
    return cmg__listener_port(http->listener);
}

/* Outside of a turn: connections go without callbacks. */
void cmg__sb_http_free(struct cmg__sb_http *http)
{
    if (http == NULL)
        return;
    if (http->listener != NULL)
        cmg__listener_free(http->listener);
    CMG__LIST_FOREACH (node, after, &http->clients) {
        struct client *c = CMG__CONTAINER(node, struct client, node);
        cmg__http1_conn_free(c->conn);
        free_client(c);
    }
    if (http->settings.tls != NULL)
        cmg__tls_config_unref(http->settings.tls);
    cmg__free(cmg__loop_alloc(http->loop), http);
}
