/*
 * An internet client of one gateway, over the HTTPS engine: a connection of its own for
 * each request, since a certificate belongs to a connection. Requests under way hang on
 * the client and end with it.
 */
#include <cmg/relay.h>
#include "base/secret.h"
#include "base/str.h"
#include "model/certificate.h"
#include "net/http1.h"
#include "net/http_client.h"
#include "relay/reader.h"
#include <string.h>

#define TOKEN_MAX ((size_t)16 * 1024)

struct cmg_client {
    struct cmg__handle head;
    const struct cmg__alloc *alloc;
    char *origin; /* "https://host:port" */
    struct cmg__buf cert_pem;
    struct cmg__buf key_pem; /* secret */
    struct cmg__secret authorization;
    struct cmg__list calls;
    unsigned telling; /* callbacks of the host that run */
};

struct call {
    struct cmg_client *client;
    struct cmg__list node;
    struct cmg__http_call *http;
    cmg_client_done_fn done;
    void *user;
    int64_t began_ms;
};

static cmg_status check(const cmg_client *client, cmg_error **err)
{
    return cmg__check(client == NULL ? NULL : &client->head, CMG__TAG_CLIENT, err);
}

cmg_status cmg_client_new(cmg_context *ctx, const char *host, uint16_t port,
                          cmg_client **out_client, cmg_error **err)
{
    cmg_status rc = cmg__check(ctx == NULL ? NULL : &ctx->head, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (out_client == NULL || host == NULL || !cmg__rule_host(host))
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "host",
                         "use the gateway's service name, without scheme or port",
                         "the host or out_client is not allowed");
    struct cmg_client *client = cmg__alloc0(&ctx->alloc, sizeof *client);
    if (client == NULL)
        return cmg__fail_nomem(err);
    client->alloc = &ctx->alloc;
    client->origin = cmg__format(client->alloc, "https://%s:%u", host,
                                 port == 0 ? 443U : (unsigned)port);
    if (client->origin == NULL) {
        cmg__free(&ctx->alloc, client);
        return cmg__fail_nomem(err);
    }
    cmg__handle_init(&client->head, CMG__TAG_CLIENT, ctx);
    cmg__buf_init(&client->cert_pem, client->alloc, (size_t)1024 * 1024);
    cmg__buf_init_secret(&client->key_pem, client->alloc, (size_t)64 * 1024);
    cmg__secret_init(&client->authorization, client->alloc);
    cmg__list_init(&client->calls);
    *out_client = client;
    return CMG_OK;
}

cmg_status cmg_client_set_certificate(cmg_client *client, cmg_certificate *certificate,
                                      cmg_error **err)
{
    cmg_status rc = check(client, err);

    if (rc == CMG_OK && certificate != NULL)
        rc = cmg__check(&certificate->head, CMG__TAG_CERTIFICATE, err);
    if (rc == CMG_OK && certificate != NULL)
        rc = cmg__certificate_check_key(certificate, err);
    if (rc != CMG_OK)
        return rc;
    cmg__buf_clear(&client->cert_pem);
    cmg__buf_clear(&client->key_pem);
    if (certificate == NULL)
        return CMG_OK;
    rc = cmg__certificate_chain_pem(certificate, &client->cert_pem);
    if (rc == CMG_OK)
        rc = cmg__certificate_key_pem(certificate, &client->key_pem);
    if (rc == CMG_OK)
        return CMG_OK;
    cmg__buf_clear(&client->cert_pem);
    cmg__buf_clear(&client->key_pem);
    return cmg__fail_nomem(err);
}

static bool is_token(const char *token, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (token[i] <= ' ' || token[i] > '~')
            return false;
    }
    return size > 0 && size <= TOKEN_MAX;
}

cmg_status cmg_client_set_token(cmg_client *client, const char *token, size_t size,
                                cmg_error **err)
{
    struct cmg__buf value;
    cmg_status rc = check(client, err);

    if (rc != CMG_OK)
        return rc;
    if (token == NULL) {
        cmg__secret_clear(&client->authorization);
        return CMG_OK;
    }
    if (!is_token(token, size))
        return cmg__fail(err, client->alloc, CMG_E_INVAL, "token",
                         "use 1 to 16384 printable characters",
                         "the token of %zu bytes is not allowed", size);
    cmg__buf_init_secret(&value, client->alloc, TOKEN_MAX + 16);
    rc = cmg__buf_add_str(&value, "Bearer ");
    if (rc == CMG_OK)
        rc = cmg__buf_add(&value, token, size);
    if (rc == CMG_OK)
        rc = cmg__secret_set(&client->authorization, value.data, value.len);
    cmg__buf_done(&value);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

/* ---- requests ---- */

static void destroy(struct cmg_client *client);

static void tell(struct call *call, const struct cmg__http_response *resp,
                 const cmg_error *why)
{
    struct cmg_client *client = call->client;
    cmg_context *ctx = client->head.ctx;
    cmg_client_response response = { .size = sizeof response };

    if (resp != NULL) {
        const struct cmg__headers *h = &resp->headers;
        const char *reason = cmg__headers_get(h, "cmg-reason");
        response.status = resp->status;
        response.reason = cmg__str_or(reason, cmg__http1_reason(resp->status));
        response.content_type = cmg__str_or(cmg__headers_get(h, "content-type"), "");
        response.via = cmg__str_or(cmg__headers_get(h, "via"), "");
        response.body = cmg__buf_cstr(&resp->body);
        response.body_size = resp->body.len;
        response.elapsed_ms = cmg__loop_now_ms(ctx->loop) - call->began_ms;
    }
    client->telling++;
    cmg__callback_enter(ctx);
    call->done(client, resp == NULL ? NULL : &response, why, call->user);
    cmg__callback_leave(ctx);
    client->telling--;
}

static void on_done(void *user, const struct cmg__http_response *resp,
                    const cmg_error *err)
{
    struct call *call = user;
    struct cmg_client *client = call->client;

    cmg__list_remove(&call->node);
    tell(call, resp, err);
    cmg__free(client->alloc, call);
    if (client->head.refs == 0 && client->telling == 0)
        destroy(client);
}

static bool is_target(const char *target)
{
    size_t n = target == NULL ? 0 : strlen(target);

    for (size_t i = 0; i < n; i++) {
        if (target[i] <= ' ' || target[i] > '~')
            return false;
    }
    return n > 0 && n <= 8192 && target[0] == '/';
}

static bool is_method(const char *method)
{
    size_t n = method == NULL ? 0 : strlen(method);

    for (size_t i = 0; i < n; i++) {
        if (!cmg__is_alpha(method[i]) && method[i] != '_' && method[i] != '-')
            return false;
    }
    return n > 0 && n <= 32;
}

static cmg_status fill(const struct cmg_client *client, struct cmg__http_request *req,
                       const char *method, const char *target, const void *body,
                       size_t size)
{
    char *url = cmg__format(client->alloc, "%s%s", client->origin, target);
    cmg_status rc = url == NULL ? CMG_E_NOMEM : cmg__http_request_set(req, method, url);

    cmg__free(client->alloc, url);
    if (rc == CMG_OK && cmg__secret_is_set(&client->authorization))
        rc = cmg__headers_add_secret(&req->headers, "Authorization",
                                     client->authorization.data);
    if (rc == CMG_OK && size > 0)
        rc = cmg__headers_add(&req->headers, "Content-Type", "application/octet-stream");
    if (rc == CMG_OK && size > 0)
        rc = cmg__buf_add(&req->body, body, size);
    return rc;
}

static cmg_status start(struct cmg_client *client, struct call *call,
                        const struct cmg__http_request *req, cmg_error **err)
{
    bool has_cert = client->cert_pem.len > 0;
    const struct cmg__http_options options = {
        .total_timeout_ms = 300000,
        .cert_pem = has_cert ? cmg__buf_cstr(&client->cert_pem) : NULL,
        .key_pem = has_cert ? cmg__buf_cstr(&client->key_pem) : NULL,
        .fresh_connection = true,
    };

    return cmg__http_start(client->head.ctx->http, req, &options, on_done, call,
                           &call->http, err);
}

cmg_status cmg_client_request(cmg_client *client, const char *method, const char *target,
                              const void *body, size_t size, cmg_client_done_fn done,
                              void *user, cmg_error **err)
{
    struct cmg__http_request req;
    cmg_status rc = check(client, err);

    if (rc != CMG_OK)
        return rc;
    if (!is_method(method) || !is_target(target) || done == NULL ||
        (body == NULL && size > 0))
        return cmg__fail(err, client->alloc, CMG_E_INVAL, "request",
                         "use a method's name, a target that begins with '/', a callback",
                         "method, target, body or callback is not allowed");
    if (size > CMG__HTTP_BODY_MAX)
        return cmg__fail(err, client->alloc, CMG_E_LIMIT, "body", "send it in parts",
                         "a body of %zu bytes is too long", size);
    struct call *call = cmg__alloc0(client->alloc, sizeof *call);
    if (call == NULL)
        return cmg__fail_nomem(err);
    *call = (struct call){ .client = client,
                           .done = done,
                           .user = user,
                           .began_ms = cmg__loop_now_ms(client->head.ctx->loop) };
    cmg__http_request_init(&req, client->alloc);
    rc = fill(client, &req, method, target, body, size);
    rc = rc == CMG_OK ? start(client, call, &req, err) : cmg__fail_nomem(err);
    cmg__http_request_done(&req);
    if (rc != CMG_OK) {
        cmg__free(client->alloc, call);
        return rc;
    }
    cmg__list_add_tail(&client->calls, &call->node);
    return CMG_OK;
}

/* ---- the end ---- */

static void destroy(struct cmg_client *client)
{
    const struct cmg__alloc alloc = *client->alloc;
    bool foreign = cmg__handle_is_foreign(&client->head);

    CMG__LIST_FOREACH (node, after, &client->calls) {
        struct call *call = CMG__CONTAINER(node, struct call, node);
        if (!foreign)
            cmg__http_cancel(call->http);
        cmg__list_remove(&call->node);
        cmg__free(&alloc, call);
    }
    cmg__buf_done(&client->cert_pem);
    cmg__buf_done(&client->key_pem);
    cmg__secret_clear(&client->authorization);
    cmg__free(&alloc, client->origin);
    cmg__handle_done(&client->head);
    cmg__free(&alloc, client);
}

cmg_client *cmg_client_ref(cmg_client *client)
{
    if (client != NULL)
        cmg__handle_ref(&client->head);
    return client;
}

void cmg_client_unref(cmg_client *client)
{
    if (client != NULL && cmg__handle_unref(&client->head) && client->telling == 0)
        destroy(client);
}
