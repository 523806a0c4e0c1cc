/*
 * See follow.h. One request at a time, and the next one an interval after its end. What
 * fails is said once, until something comes again.
 */
#include "relay/follow.h"
#include "base/base64.h"
#include "base/log.h"
#include "base/str.h"
#include <stdio.h>
#include <string.h>

#define TARGET     "/metadata/instance/compute/userData?api-version=2021-01-01&format=text"
#define ANSWER_MS  5000
#define URL_MAX    512
#define ANSWER_MAX ((size_t)128 * 1024) /* Azure's 64 KiB, as base64 */

struct cmg__follow {
    cmg_context *ctx;
    char *url;
    int64_t interval_ms;
    cmg__follow_fn fn;
    void *user;
    struct cmg__timer timer;
    struct cmg__http_call *call;
    struct cmg__buf text; /* that came last */
    bool is_failing;
};

cmg_status cmg__follow_decode(struct cmg__buf *out, const char *body, size_t n)
{
    while (n > 0 && strchr(" \t\r\n", body[n - 1]) != NULL && body[n - 1] != '\0')
        n--;
    return cmg__base64_decode(out, body, n);
}

static void say_failed(struct cmg__follow *f, const char *why)
{
    if (!f->is_failing)
        cmg__log(f->ctx, CMG_LOG_WARNING, "relay", "metadata.failed", f->url,
                 "no user data from the metadata service: %s; it is asked again every "
                 "%lld ms",
                 why, (long long)f->interval_ms);
    f->is_failing = true;
}

static void take(struct cmg__follow *f, const char *body, size_t n)
{
    struct cmg__buf text;

    cmg__buf_init(&text, &f->ctx->alloc, ANSWER_MAX);
    if (cmg__follow_decode(&text, body, n) != CMG_OK) {
        say_failed(f, "the answer is not base64");
        cmg__buf_done(&text);
        return;
    }
    f->is_failing = false;
    if (text.len == 0 ||
        (text.len == f->text.len && memcmp(text.data, f->text.data, text.len) == 0)) {
        cmg__buf_done(&text);
        return;
    }
    cmg__buf_done(&f->text);
    f->text = text;
    if (!f->fn(f->user, f->text.data, f->text.len))
        cmg__buf_clear(&f->text);
}

static void on_answer(void *user, const struct cmg__http_response *resp,
                      const cmg_error *err)
{
    struct cmg__follow *f = user;
    char status[48];

    f->call = NULL;
    cmg__timer_start(&f->timer, f->interval_ms);
    if (err != NULL) {
        say_failed(f, cmg_error_message(err));
    } else if (resp->status != 200) {
        (void)snprintf(status, sizeof status, "the answer is %d", resp->status);
        say_failed(f, status);
    } else {
        take(f, resp->body.data, resp->body.len);
    }
}

static cmg_status ask(struct cmg__follow *f, cmg_error **err)
{
    static const struct cmg__http_options options = { .connect_timeout_ms = ANSWER_MS,
                                                      .total_timeout_ms = ANSWER_MS,
                                                      .max_body = ANSWER_MAX,
                                                      .no_proxy = true };
    struct cmg__http_request req;

    cmg__http_request_init(&req, &f->ctx->alloc);
    cmg_status rc = cmg__http_request_set(&req, "GET", f->url);
    if (rc == CMG_OK)
        rc = cmg__headers_add(&req.headers, "Metadata", "true");
    rc = rc == CMG_OK
             ? cmg__http_start(f->ctx->http, &req, &options, on_answer, f, &f->call, err)
             : cmg__fail_nomem(err);
    cmg__http_request_done(&req);
    return rc;
}

static void on_timer(struct cmg__timer *timer, void *user)
{
    struct cmg__follow *f = user;
    cmg_error *err = NULL;

    if (ask(f, &err) == CMG_OK)
        return;
    say_failed(f, cmg_error_message(err));
    cmg_error_unref(err);
    cmg__timer_start(timer, f->interval_ms);
}

/* The metadata service speaks plain HTTP, on a link of its own. */
static bool is_base(const char *url)
{
    struct cmg__url parts;

    return url != NULL && strlen(url) <= URL_MAX && cmg__url_parse(url, &parts) &&
           !parts.https && strpbrk(url, "?# ") == NULL;
}

cmg_status cmg__follow_new(cmg_context *ctx, const char *base_url, int64_t interval_ms,
                           cmg__follow_fn fn, void *user, struct cmg__follow **out,
                           cmg_error **err)
{
    const struct cmg__alloc *alloc = &ctx->alloc;

    if (!is_base(base_url))
        return cmg__fail(err, alloc, CMG_E_INVAL, "base_url",
                         "use an http URL without a query, such as "
                         "http://169.254.169.254, at most 512 bytes",
                         "the URL of the metadata service is not allowed");
    if (interval_ms < 50 || interval_ms > 3600000)
        return cmg__fail(err, alloc, CMG_E_INVAL, "interval_ms",
                         "use 50 to 3600000 milliseconds", "the interval is not allowed");
    struct cmg__follow *f = cmg__alloc0(alloc, sizeof *f);
    if (f == NULL)
        return cmg__fail_nomem(err);
    *f = (struct cmg__follow){
        .ctx = ctx, .interval_ms = interval_ms, .fn = fn, .user = user
    };
    cmg__buf_init(&f->text, alloc, ANSWER_MAX);
    cmg__timer_init(&f->timer, ctx->loop, on_timer, f);
    bool slash = base_url[strlen(base_url) - 1] == '/';
    f->url = cmg__format(alloc, "%.*s" TARGET, (int)(strlen(base_url) - slash), base_url);
    if (f->url == NULL) {
        cmg__follow_free(f);
        return cmg__fail_nomem(err);
    }
    cmg__timer_start(&f->timer, 0);
    *out = f;
    return CMG_OK;
}

void cmg__follow_stop(struct cmg__follow *f)
{
    if (f == NULL)
        return;
    cmg__timer_stop(&f->timer);
    if (f->call != NULL)
        cmg__http_cancel(f->call);
    f->call = NULL;
}

void cmg__follow_free(struct cmg__follow *f)
{
    if (f == NULL)
        return;
    cmg__follow_stop(f);
    const struct cmg__alloc *alloc = &f->ctx->alloc;
    cmg__buf_done(&f->text);
    cmg__free(alloc, f->url);
    cmg__free(alloc, f);
}
