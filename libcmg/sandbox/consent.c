/*
 * An administrator in a box: opens a consent page and presses one of its buttons, as a
 * browser would, through the sandbox's own listener.
 */
#include <string.h>

#include "net/transport.h"
#include "sandbox/sandbox.h"

struct browser {
    cmg_context *ctx;
    bool done;
    int status;
    char *location; /* or NULL */
    cmg_error *error;
};

static void on_answer(void *user, const struct cmg__http_response *resp,
                      const cmg_error *err)
{
    struct browser *b = user;
    b->done = true;
    if (resp == NULL) {
        b->error = cmg_error_ref(err);
        return;
    }
    b->status = resp->status;
    b->location =
        cmg__strdup(&b->ctx->alloc, cmg__headers_get(&resp->headers, "Location"));
}

static cmg_status fill(struct cmg__http_request *req, const char *url, bool approve)
{
    const char *query = strchr(url, '?');
    cmg_status rc = cmg__http_request_set(req, "POST", url);
    if (rc == CMG_OK)
        rc = cmg__headers_add(&req->headers, "Content-Type",
                              "application/x-www-form-urlencoded");
    if (rc == CMG_OK && query != NULL)
        rc = cmg__buf_add_str(&req->body, query + 1);
    if (rc == CMG_OK)
        rc = cmg__form_add(&req->body, "decision", approve ? "accept" : "cancel");
    return rc;
}

static cmg_status press(struct browser *b, const char *url, bool approve, cmg_error **err)
{
    const struct cmg__transport transport = cmg__transport_http(b->ctx);
    const struct cmg__http_options options = { .max_body = 0 };
    struct cmg__http_request req;
    void *call = NULL;
    cmg__http_request_init(&req, &b->ctx->alloc);
    cmg_status rc = fill(&req, url, approve);
    rc = rc != CMG_OK
             ? cmg__fail_nomem(err)
             : transport.start(transport.user, &req, &options, on_answer, b, &call, err);
    while (rc == CMG_OK && !b->done)
        rc = cmg_context_wait(b->ctx, CMG_FOREVER, err);
    cmg__http_request_done(&req);
    return rc;
}

static cmg_status read_answer(const struct cmg_sandbox *sandbox, struct browser *b,
                              cmg_bytes **out, cmg_error **err)
{
    if (b->error != NULL)
        return cmg__error_move(err, &b->error);
    if (b->status != 302 || b->location == NULL)
        return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "url",
                         "use the page that the deployment handed over",
                         "the consent page answered %d instead of leading back",
                         b->status);
    if (out == NULL)
        return CMG_OK;
    return cmg__bytes_new(sandbox->alloc, b->location, strlen(b->location), out) == CMG_OK
               ? CMG_OK
               : cmg__fail_nomem(err);
}

cmg_status cmg_sandbox_consent(cmg_sandbox *sandbox, const char *url, bool approve,
                               cmg_bytes **out_redirect, cmg_error **err)
{
    struct browser b = { 0 };
    cmg_status rc =
        cmg__check(sandbox == NULL ? NULL : &sandbox->head, CMG__TAG_SANDBOX, err);
    if (rc == CMG_OK && url == NULL)
        rc = cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "url", "pass the page's URL",
                       "url is NULL");
    if (rc == CMG_OK)
        rc = cmg_context_new(NULL, &b.ctx, err);
    if (rc == CMG_OK)
        rc = cmg_sandbox_attach(sandbox, b.ctx, err);
    if (rc == CMG_OK)
        rc = press(&b, url, approve, err);
    if (rc == CMG_OK)
        rc = read_answer(sandbox, &b, out_redirect, err);
    cmg_error_unref(b.error);
    if (b.ctx != NULL)
        cmg__free(&b.ctx->alloc, b.location);
    cmg_context_unref(b.ctx);
    return rc;
}
