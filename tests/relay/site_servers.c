/* The site's own HTTP servers: a management point that mirrors, streams, hangs or fails
   as the path says, and the sign-in host with the token keys. */
#include "relay/site.h"
#include <stdlib.h>
#include <string.h>

struct server_conn {
    struct site_server *server;
    struct cmg__list node;
    struct cmg__http1_conn *conn;
    uint64_t body;
    uint64_t left; /* of a long answer */
    bool answer_at_end;
};

static void send_long(struct server_conn *c)
{
    static const char block[16384];
    bool full = false;

    while (c->left > 0 && !full) {
        size_t n = c->left < sizeof block ? (size_t)c->left : sizeof block;
        c->left -= n;
        ck_assert_int_eq(cmg__http1_conn_write(c->conn, block, n, &full), CMG_OK);
        if (c->left == 0)
            ck_assert_int_eq(cmg__http1_conn_end(c->conn), CMG_OK);
    }
}

static void begin_long(struct server_conn *c, const char *number, bool chunked)
{
    struct cmg__headers headers;

    c->left = strtoull(number, NULL, 10);
    cmg__headers_init(&headers, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__headers_add(&headers, "ETag", "\"long\""), CMG_OK);
    ck_assert_int_eq(cmg__http1_conn_respond(
                         c->conn, 200, NULL, &headers,
                         chunked ? CMG__HTTP1_CHUNKED : CMG__HTTP1_LENGTH, c->left),
                     CMG_OK);
    cmg__headers_done(&headers);
    send_long(c);
}

/* The request as text: what the role was shown. */
static void mirror(struct cmg__http1_conn *conn, const struct cmg__http1_head *head,
                   uint64_t body)
{
    struct cmg__headers headers;
    struct cmg__buf text;

    cmg__buf_init(&text, &cmg__alloc_libc, 65536);
    ck_assert_int_eq(cmg__buf_addf(&text, "%s %s\nbody=%llu\n", head->method,
                                   cmg__buf_cstr(&head->target),
                                   (unsigned long long)body),
                     CMG_OK);
    for (size_t i = 0; i < head->headers.count; i++)
        ck_assert_int_eq(cmg__buf_addf(&text, "%s: %s\n", head->headers.items[i].name,
                                       head->headers.items[i].value),
                         CMG_OK);
    cmg__headers_init(&headers, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__headers_add(&headers, "Server", "secret/1.0"), CMG_OK);
    ck_assert_int_eq(cmg__headers_add(&headers, "cmg-tid", "forged"), CMG_OK);
    ck_assert_int_eq(cmg__headers_add(&headers, "X-Answer", "yes"), CMG_OK);
    cmg__http1_conn_reply(conn, 200, &headers, text.data, text.len);
    cmg__headers_done(&headers);
    cmg__buf_done(&text);
}

static void role_answer(struct server_conn *c, const struct cmg__http1_head *head)
{
    const char *target = cmg__buf_cstr(&head->target);
    const char *path = strstr(target, "SMS_MP");

    ck_assert_ptr_nonnull(path);
    path += strlen("SMS_MP");
    if (strncmp(path, "/long/", 6) == 0)
        begin_long(c, path + 6, false);
    else if (strncmp(path, "/chunked/", 9) == 0)
        begin_long(c, path + 9, true);
    else if (strncmp(path, "/status/", 8) == 0)
        cmg__http1_conn_reply(c->conn, atoi(path + 8), NULL, "sorry", 5);
    else if (strcmp(path, "/cut") == 0)
        cmg__http1_conn_abort(c->conn);
    else if (strcmp(path, "/hang") != 0)
        c->answer_at_end = true;
}

static void on_request(struct cmg__http1_conn *conn, const struct cmg__http1_head *head,
                       void *user)
{
    struct server_conn *c = user;

    c->server->requests++;
    c->body = 0;
    c->answer_at_end = false;
    if (c->server->answer != NULL)
        c->server->answer(c->server, conn, head);
    else
        role_answer(c, head);
    if (c->answer_at_end)
        cmg__http1_conn_continue(conn);
}

static size_t on_body(struct cmg__http1_conn *conn, const char *data, size_t n,
                      void *user)
{
    struct server_conn *c = user;

    (void)conn;
    (void)data;
    c->body += n;
    c->server->body_bytes += n;
    return n;
}

/* The head is borrowed until the end: kept by the connection, asked for again here. */
static const struct cmg__http1_head *last_head;

static void on_request_kept(struct cmg__http1_conn *conn,
                            const struct cmg__http1_head *head, void *user)
{
    last_head = head;
    on_request(conn, head, user);
}

static void on_end(struct cmg__http1_conn *conn, void *user)
{
    struct server_conn *c = user;

    if (c->answer_at_end)
        mirror(conn, last_head, c->body);
}

static void on_writable(struct cmg__http1_conn *conn, void *user)
{
    (void)conn;
    send_long(user);
}

static void on_close(struct cmg__http1_conn *conn, const cmg_error *why, void *user)
{
    struct server_conn *c = user;

    (void)conn;
    (void)why;
    c->server->closed++;
    cmg__list_remove(&c->node);
    free(c);
}

static const struct cmg__http1_server_events server_events = {
    .on_request = on_request_kept,
    .on_body = on_body,
    .on_end = on_end,
    .on_writable = on_writable,
    .on_close = on_close,
};

static void on_accept(void *user, int fd, const char *peer)
{
    struct site_server *server = user;
    struct cmg__stream *tcp = NULL, *stream = NULL;
    struct server_conn *c = calloc(1, sizeof *c);
    cmg_error *err = NULL;

    (void)peer;
    ck_ok(cmg__tcp_adopt(server->site->ctx->loop, fd, &tcp, &err), err);
    stream = tcp;
    if (!server->plain)
        ck_ok(cmg__tls_stream_new(tcp, server->site->role_tls, NULL, &stream, &err), err);
    ck_assert_ptr_nonnull(c);
    c->server = server;
    ck_ok(cmg__http1_conn_new(stream, NULL, &server_events, c, &c->conn, &err), err);
    cmg__list_add_tail(&server->conns, &c->node);
}

static void login_answer(struct site_server *server, struct cmg__http1_conn *conn,
                         const struct cmg__http1_head *head)
{
    struct cmg__json *keys = cmg__json_array();
    struct cmg__json *doc = NULL;
    struct cmg__buf text;

    (void)head;
    cmg__buf_init(&text, &cmg__alloc_libc, 65536);
    ck_assert_int_eq(cmg__jwks_append(keys, server->site->token_key, "key-1"), CMG_OK);
    doc = cmg__json_pack("{s:o}", "keys", keys);
    ck_assert_int_eq(cmg__json_format(doc, CMG__JSON_COMPACT, &text), CMG_OK);
    cmg__http1_conn_reply(conn, 200, NULL, text.data, text.len);
    cmg__json_unref(doc);
    cmg__buf_done(&text);
}

void site_start_server(struct site *site, struct site_server *server, const char *host)
{
    cmg_error *err = NULL;

    server->site = site;
    cmg__list_init(&server->conns);
    ck_ok(cmg__listener_new(site->ctx->loop, "127.0.0.1", 0, on_accept, server,
                            &server->listener, &err),
          err);
    ck_ok(cmg_context_add_address(site->ctx, host, 0, "127.0.0.1",
                                  cmg__listener_port(server->listener), &err),
          err);
}

void site_stop_server(struct site_server *server)
{
    cmg__listener_free(server->listener);
    CMG__LIST_FOREACH (node, after, &server->conns) {
        struct server_conn *c = CMG__CONTAINER(node, struct server_conn, node);
        cmg__http1_conn_free(c->conn);
        cmg__list_remove(&c->node);
        free(c);
    }
}

void site_start_servers(struct site *site)
{
    const char *pem = site_pem(SITE_CERT_ROLE);
    const struct cmg__tls_settings settings = {
        .server = true, .cert_pem = pem, .key_pem = pem, .request_client_cert = true
    };
    cmg_error *err = NULL;

    ck_ok(cmg__tls_config_new(site->ctx, &settings, &site->role_tls, &err), err);
    site->token_key = site_token_key(site);
    site_start_server(site, &site->role, "mp.test");
    site_start_server(site, &site->login, "login.test");
    site->login.answer = login_answer;
}

void site_stop_servers(struct site *site)
{
    site_stop_server(&site->role);
    site_stop_server(&site->login);
    cmg__tls_config_unref(site->role_tls);
    cmg__key_free(site->token_key);
}
