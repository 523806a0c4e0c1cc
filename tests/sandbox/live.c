/* See live.h. */
#include "sandbox/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_client.h"

#define OPERATION_MS 100

const char *live_directory(void)
{
    return support_path("sandbox");
}

static void open_sandbox(struct live *l, const char *program)
{
    cmg_error *err = NULL;
    const cmg_sandbox_settings settings = { .size = sizeof settings,
                                            .directory = live_directory(),
                                            .service_program = program,
                                            .operation_ms = OPERATION_MS };

    ck_ok(cmg_sandbox_new(&settings, &l->sandbox, &err), err);
    ck_ok(cmg_context_new(NULL, &l->ctx, &err), err);
    ck_ok(cmg_sandbox_attach(l->sandbox, l->ctx, &err), err);
    l->graph_token = live_sign_in(l, "https://graph.microsoft.com");
    l->arm_token = live_sign_in(l, "https://management.azure.com");
    l->vault_token = live_sign_in(l, "https://vault.azure.net");
}

static void close_sandbox(struct live *l)
{
    free(l->graph_token);
    free(l->arm_token);
    free(l->vault_token);
    cmg_context_unref(l->ctx);
    cmg_sandbox_unref(l->sandbox);
}

void live_init(struct live *l, const char *program)
{
    (void)support_dir();
    open_sandbox(l, program);
}

void live_done(struct live *l)
{
    close_sandbox(l);
    support_dir_done();
}

void live_restart(struct live *l, const char *program)
{
    close_sandbox(l);
    open_sandbox(l, program);
}

struct waiter {
    struct live_reply *out;
    bool done;
};

static void on_done(void *user, const struct cmg__http_response *resp,
                    const cmg_error *err)
{
    struct waiter *waiter = user;

    waiter->done = true;
    waiter->out->retry = cmg_error_retry(err);
    if (resp == NULL)
        return;
    waiter->out->status = resp->status;
    if (resp->body.len > 0)
        (void)cmg__json_parse(&cmg__alloc_libc, "answer", resp->body.data, resp->body.len,
                              &waiter->out->body, NULL);
}

void live_ask(struct live *l, const char *method, const char *url, const char *token,
              const char *body, struct live_reply *out)
{
    struct waiter waiter = { .out = out };
    struct cmg__http_request req;
    const struct cmg__http_options options = { .total_timeout_ms = 20000 };
    char bearer[8192];
    cmg_error *err = NULL;

    *out = (struct live_reply){ .status = 0 };
    cmg__http_request_init(&req, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__http_request_set(&req, method, url), CMG_OK);
    snprintf(bearer, sizeof bearer, "Bearer %s", token == NULL ? "" : token);
    if (token != NULL)
        ck_assert_int_eq(cmg__headers_add_secret(&req.headers, "Authorization", bearer),
                         CMG_OK);
    if (body != NULL)
        ck_assert_int_eq(cmg__buf_add_str(&req.body, body), CMG_OK);
    ck_ok(cmg__http_start(l->ctx->http, &req, &options, on_done, &waiter, NULL, &err),
          err);
    while (!waiter.done)
        ck_assert_int_eq(cmg_context_wait(l->ctx, CMG_FOREVER, NULL), CMG_OK);
    cmg__http_request_done(&req);
}

void live_reply_done(struct live_reply *r)
{
    cmg__json_unref(r->body);
}

char *live_need(struct live *l, int status, const char *method, const char *url,
                const char *token, const char *body, const char *path)
{
    struct live_reply r;

    live_ask(l, method, url, token, body, &r);
    if (r.status != status)
        ck_abort_msg("%s %s: %d instead of %d: %s", method, url, r.status, status,
                     cmg__str_or(cmg__json_str(r.body, "/error/message"), ""));
    const char *text = path == NULL ? NULL : cmg__json_str(r.body, path);
    char *copy = text == NULL ? NULL : strdup(text);
    live_reply_done(&r);
    return copy;
}

char *live_sign_in(struct live *l, const char *resource)
{
    char url[256], form[1024];

    snprintf(url, sizeof url, "https://login.microsoftonline.com/%s/oauth2/v2.0/token",
             cmg_sandbox_tenant_id(l->sandbox));
    snprintf(form, sizeof form,
             "grant_type=client_credentials&client_id=%s&client_secret=%s&"
             "scope=%s/.default",
             cmg_sandbox_client_id(l->sandbox), cmg_sandbox_client_secret(l->sandbox),
             resource);
    char *token = live_need(l, 200, "POST", url, NULL, form, "/access_token");
    ck_assert_ptr_nonnull(token);
    return token;
}

const char *live_arm(struct live *l, const char *path)
{
    static char url[1024];

    snprintf(url, sizeof url,
             "https://management.azure.com/subscriptions/%s%s%sapi-version=2024-03-01",
             cmg_sandbox_subscription_id(l->sandbox), path,
             strchr(path, '?') == NULL ? "?" : "&");
    return url;
}

void live_wait(struct live *l, const char *url, const char *token, const char *path,
               const char *value)
{
    char *text = NULL;
    /* By the clock: a wait may end early, and a busy machine is slow. */
    int64_t until = cmg__env_now_ms(&cmg__env_system) + 30000;

    while (cmg__env_now_ms(&cmg__env_system) < until) {
        free(text);
        text = live_need(l, 200, "GET", url, token, NULL, path);
        if (text != NULL && strcmp(text, value) == 0) {
            free(text);
            return;
        }
        ck_assert_int_eq(cmg_context_wait(l->ctx, 25, NULL), CMG_OK);
    }
    ck_abort_msg("%s stays \"%s\", not \"%s\"", path, text == NULL ? "" : text, value);
}
