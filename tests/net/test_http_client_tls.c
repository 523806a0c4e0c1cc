/* The HTTPS client engine over TLS, against a small server of our own TLS streams in the
   same loop: trust, names, client certificates, and every failed allocation. */
#include "net/certs.h"
#include "net/http_client.h"
#include "net/stream.h"
#include "net/tls.h"
#include "support/support.h"

#include <string.h>

#define HOST   "management.azure.com"
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static cmg_context *ctx;
static struct certs ours, foreign;
static int descriptors;

/* Answers each request that has no body. */
struct server {
    struct cmg__loop *loop;
    struct cmg__listener *listener;
    struct cmg__tls_config *tls;
    struct cmg__stream *conns[8];
    size_t lens[8];
    char heads[8][2048];
    unsigned accepted, served;
    size_t peer_count; /* certificates with the last request */
};

struct outcome {
    unsigned calls;
    int status;
    cmg_error *err;
};

static void setup(void)
{
    cmg_error *err = NULL;
    /* libuv keeps two descriptors per process from the first loop on. */
    ck_ok(cmg_context_new(NULL, &ctx, &err), err);
    cmg_context_unref(ctx);
    descriptors = support_fd_count();
    ck_ok(cmg_context_new(NULL, &ctx, &err), err);
    certs_init(&ours, ctx, "Sandbox Root");
    certs_init(&foreign, ctx, "Fabrikam Root");
}

static void teardown(void)
{
    certs_done(&ours);
    certs_done(&foreign);
    cmg_context_unref(ctx);
    ck_assert_int_eq(support_fd_count(), descriptors);
}

static void on_event(struct cmg__stream *s, void *user)
{
    struct server *server = user;
    size_t i = 0;
    size_t n = 0;
    while (server->conns[i] != s)
        i++;
    enum cmg__io io = cmg__stream_read(s, server->heads[i] + server->lens[i],
                                       sizeof server->heads[i] - 1 - server->lens[i], &n);
    server->lens[i] += n;
    server->heads[i][server->lens[i]] = '\0';
    if (io == CMG__IO_EOF || io == CMG__IO_ERROR) {
        cmg__stream_free(s);
        server->conns[i] = NULL;
        return;
    }
    if (strstr(server->heads[i], "\r\n\r\n") == NULL)
        return;
    server->served++;
    server->lens[i] = 0;
    server->peer_count = cmg__tls_peer_count(s);
    ck_assert_int_eq(cmg__stream_write(s, ANSWER, strlen(ANSWER), &n), CMG__IO_OK);
    ck_assert_uint_eq(n, strlen(ANSWER));
}

static void on_accept(void *user, int fd, const char *peer)
{
    struct server *server = user;
    struct cmg__stream *s = NULL;
    cmg_error *err = NULL;
    size_t i = 0;
    (void)peer;
    while (server->conns[i] != NULL)
        ck_assert_uint_lt(++i, CMG__ARRAY_LEN(server->conns));
    ck_ok(cmg__tcp_adopt(server->loop, fd, &s, &err), err);
    ck_ok(cmg__tls_stream_new(s, server->tls, NULL, &server->conns[i], &err), err);
    server->lens[i] = 0;
    server->accepted++;
    cmg__stream_set_events(server->conns[i], on_event, server);
    cmg__stream_want(server->conns[i], CMG__READABLE);
}

static void serve(struct server *server, const char *name)
{
    cmg_error *err = NULL;
    struct pair own = certs_issue(&ours, CMG__PROFILE_WEB_SERVER, name, 30);
    const struct cmg__tls_settings settings = { .server = true,
                                                .cert_pem = own.cert,
                                                .key_pem = own.key,
                                                .ca_pem = ours.ca_pem,
                                                .request_client_cert = true };
    *server = (struct server){ .loop = ctx->loop };
    ck_ok(cmg__tls_config_new(ctx, &settings, &server->tls, &err), err);
    ck_ok(cmg__listener_new(ctx->loop, "127.0.0.1", 0, on_accept, server,
                            &server->listener, &err),
          err);
    pair_done(&ours, &own);
}

static void stop(struct server *server)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(server->conns); i++)
        cmg__stream_free(server->conns[i]);
    cmg__listener_free(server->listener);
    cmg__tls_config_unref(server->tls);
}

static void on_done(void *user, const struct cmg__http_response *resp,
                    const cmg_error *err)
{
    struct outcome *o = user;
    o->calls++;
    o->status = resp == NULL ? 0 : resp->status;
    o->err = cmg_error_ref((cmg_error *)(uintptr_t)err);
}

/* The client may be another context than the server's: both are turned. */
static cmg_status get(cmg_context *client, const struct server *server,
                      const struct cmg__http_options *options, struct outcome *o)
{
    struct cmg__http_request req;
    *o = (struct outcome){ .calls = 0 };
    cmg__http_request_init(&req, &client->alloc);
    cmg_status rc = cmg_context_add_address(client, HOST, 443, "127.0.0.1",
                                            cmg__listener_port(server->listener), NULL);
    if (rc == CMG_OK)
        rc = cmg__http_request_set(&req, "GET", "https://" HOST "/subscriptions");
    if (rc == CMG_OK)
        rc = cmg__headers_add(&req.headers, "Accept", "application/json");
    if (rc == CMG_OK)
        rc = cmg__http_start(client->http, &req, options, on_done, o, NULL, NULL);
    for (int i = 0; rc == CMG_OK && i < 5000 && o->calls == 0; i++) {
        rc = cmg_context_wait(ctx, client == ctx ? 2 : 0, NULL);
        if (rc == CMG_OK && client != ctx)
            rc = cmg_context_wait(client, 1, NULL);
    }
    cmg__http_request_done(&req);
    return rc;
}

START_TEST(a_server_of_the_contexts_authority_is_trusted_under_its_name)
{
    struct server server;
    struct outcome o;
    cmg_error *err = NULL;
    serve(&server, HOST);
    ck_ok(cmg_context_add_ca_pem(ctx, ours.ca_pem, strlen(ours.ca_pem), &err), err);
    for (unsigned i = 1; i <= 3; i++) {
        ck_ok(get(ctx, &server, NULL, &o), NULL);
        ck_assert_int_eq(o.status, 200);
        ck_assert_uint_eq(server.served, i);
    }
    ck_assert_uint_eq(server.accepted, 1);
    ck_assert_uint_eq(server.peer_count, 0);
    stop(&server);
}
END_TEST

static const struct {
    const char *served_name;
    bool foreign_roots; /* of the context */
    bool own_roots;     /* of the call: they replace the context's */
    bool accepted;
} trusts[] = {
    { HOST, true, false, false },
    { HOST, true, true, true },
    { "other.contoso.com", false, false, false },
};

START_TEST(trust_is_decided_before_anything_is_sent)
{
    struct server server;
    struct outcome o;
    const struct cmg__http_options options = { .ca_pem = trusts[_i].own_roots
                                                             ? ours.ca_pem
                                                             : NULL };
    const char *roots = trusts[_i].foreign_roots ? foreign.ca_pem : ours.ca_pem;
    cmg_error *err = NULL;
    serve(&server, trusts[_i].served_name);
    ck_ok(cmg_context_add_ca_pem(ctx, roots, strlen(roots), &err), err);
    ck_ok(get(ctx, &server, &options, &o), NULL);
    ck_assert_int_eq(o.status, trusts[_i].accepted ? 200 : 0);
    ck_assert_uint_eq(server.served, trusts[_i].accepted ? 1 : 0);
    if (!trusts[_i].accepted) {
        ck_assert_int_eq(cmg_error_code(o.err), CMG_E_CERT);
        ck_assert_int_eq(cmg_error_retry(o.err), CMG_RETRY_NEVER);
        ck_assert(cmg__http_was_not_sent(o.err));
        ck_assert_str_eq(cmg_error_subject(o.err), HOST ":443");
    }
    cmg_error_unref(o.err);
    stop(&server);
}
END_TEST

START_TEST(a_client_certificate_goes_with_its_call_only)
{
    struct server server;
    struct outcome o;
    struct pair own = certs_issue(&ours, CMG__PROFILE_CLIENT, "pc1", 30);
    const struct cmg__http_options with = { .cert_pem = own.cert, .key_pem = own.key };
    cmg_error *err = NULL;
    serve(&server, HOST);
    ck_ok(cmg_context_add_ca_pem(ctx, ours.ca_pem, strlen(ours.ca_pem), &err), err);
    ck_ok(get(ctx, &server, &with, &o), NULL);
    ck_assert_int_eq(o.status, 200);
    ck_assert_uint_gt(server.peer_count, 0);
    ck_ok(get(ctx, &server, NULL, &o), NULL);
    ck_assert_int_eq(o.status, 200);
    ck_assert_uint_eq(server.peer_count, 0);
    ck_ok(get(ctx, &server, &with, &o), NULL);
    ck_assert_uint_gt(server.peer_count, 0);
    pair_done(&ours, &own);
    stop(&server);
}
END_TEST

START_TEST(a_key_of_another_certificate_is_named)
{
    struct server server;
    struct outcome o;
    struct pair own = certs_issue(&ours, CMG__PROFILE_CLIENT, "pc1", 30);
    struct pair other = certs_issue(&ours, CMG__PROFILE_CLIENT, "pc2", 30);
    const struct cmg__http_options with = { .cert_pem = own.cert, .key_pem = other.key };
    cmg_error *err = NULL;
    serve(&server, HOST);
    ck_ok(cmg_context_add_ca_pem(ctx, ours.ca_pem, strlen(ours.ca_pem), &err), err);
    ck_ok(get(ctx, &server, &with, &o), NULL);
    ck_assert_int_eq(cmg_error_code(o.err), CMG_E_CERT);
    ck_assert(cmg__http_was_not_sent(o.err));
    cmg_error_unref(o.err);
    pair_done(&ours, &own);
    pair_done(&ours, &other);
    stop(&server);
}
END_TEST

START_TEST(credentials_go_with_their_call_only)
{
    struct server server;
    struct outcome o;
    const struct cmg__http_options with = { .auth = CMG__HTTP_AUTH_BASIC,
                                            .user = "CONTOSO\\cmg",
                                            .password = "pass:word" };
    cmg_error *err = NULL;
    serve(&server, HOST);
    ck_ok(cmg_context_add_ca_pem(ctx, ours.ca_pem, strlen(ours.ca_pem), &err), err);
    ck_ok(get(ctx, &server, &with, &o), NULL);
    ck_assert_int_eq(o.status, 200);
    ck_assert_ptr_nonnull(strstr(server.heads[0], "\r\nAuthorization: Basic "
                                                  "Q09OVE9TT1xjbWc6cGFzczp3b3Jk\r\n"));
    memset(server.heads[0], 0, sizeof server.heads[0]);
    ck_ok(get(ctx, &server, NULL, &o), NULL);
    ck_assert_int_eq(o.status, 200);
    ck_assert_ptr_null(strstr(server.heads[0], "Authorization"));
    stop(&server);
}
END_TEST

static const struct {
    const char *url;
    enum cmg__http_auth auth;
    const char *user;
    const char *subject;
} bad_credentials[] = {
    { "http://" HOST "/", CMG__HTTP_AUTH_BASIC, "cmg", "url" },
    { "HTTP://" HOST "/", CMG__HTTP_AUTH_NTLM, "cmg", "url" },
    { "https://" HOST "/", CMG__HTTP_AUTH_BASIC, "cmg:x", "user" },
    { "https://" HOST "/", CMG__HTTP_AUTH_NTLM, "c\nmg", "user" },
};

START_TEST(credentials_that_would_leak_are_refused)
{
    const struct cmg__http_options options = { .auth = bad_credentials[_i].auth,
                                               .user = bad_credentials[_i].user,
                                               .password = "secret" };
    struct cmg__http_request req;
    cmg_error *err = NULL;
    cmg__http_request_init(&req, &ctx->alloc);
    ck_ok(cmg__http_request_set(&req, "GET", bad_credentials[_i].url), NULL);
    ck_assert_int_eq(
        cmg__http_start(ctx->http, &req, &options, on_done, NULL, NULL, &err),
        CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), bad_credentials[_i].subject);
    ck_assert_ptr_null(strstr(cmg_error_message(err), "secret"));
    cmg_error_unref(err);
    cmg__http_request_done(&req);
}
END_TEST

static cmg_status one_call(struct support_alloc *a, void *user)
{
    struct outcome o = { .calls = 0 };
    cmg_context *client = NULL;
    cmg_status rc = cmg_context_new(&a->alloc.table, &client, NULL);
    if (rc == CMG_OK)
        rc = cmg_context_add_ca_pem(client, ours.ca_pem, strlen(ours.ca_pem), NULL);
    if (rc == CMG_OK)
        rc = get(client, user, NULL, &o);
    if (rc == CMG_OK)
        rc = o.err != NULL ? CMG_E_NOMEM : o.status == 200 ? CMG_OK : CMG_E_INTERNAL;
    cmg_error_unref(o.err);
    cmg_context_unref(client);
    /* The server sees the end of each connection. */
    for (int i = 0; i < 5; i++)
        (void)cmg_context_wait(ctx, 0, NULL);
    return rc;
}

START_TEST(every_failed_allocation_of_a_call_is_reported)
{
    struct server server;
    serve(&server, HOST);
    support_torture(one_call, &server, 1);
    stop(&server);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net/http_client over TLS");
    TCase *trust = tcase_create("trust");
    tcase_add_checked_fixture(trust, setup, teardown);
    tcase_set_timeout(trust, 60);
    tcase_add_test(trust, a_server_of_the_contexts_authority_is_trusted_under_its_name);
    tcase_add_loop_test(trust, trust_is_decided_before_anything_is_sent, 0,
                        (int)CMG__ARRAY_LEN(trusts));
    tcase_add_test(trust, a_client_certificate_goes_with_its_call_only);
    tcase_add_test(trust, a_key_of_another_certificate_is_named);
    tcase_add_test(trust, credentials_go_with_their_call_only);
    tcase_add_loop_test(trust, credentials_that_would_leak_are_refused, 0,
                        (int)CMG__ARRAY_LEN(bad_credentials));
    tcase_add_test(trust, every_failed_allocation_of_a_call_is_reported);
    suite_add_tcase(suite, trust);
    Suite *const suites[] = { suite, NULL };
    return support_run(suites);
}
