/*
 * One request of a step: built from the exchange, with a token where the service wants
 * one, sent, and its answer judged by the retry policy. Tokens are got on the way, as a
 * detour of the step that needs them.
 */
#include <string.h>

#include "base/log.h"
#include "azure/challenge.h"
#include "deploy/again.h"
#include "deploy/browser.h"
#include "deploy/clock.h"
#include "deploy/retry.h"
#include "deploy/sign_in.h"
#include "deploy/token.h"
#include "deploy/token_cache.h"

#define MAX_ARGS 8

static void on_answer(void *user, const struct cmg__http_response *resp,
                      const cmg_error *err);

static cmg_status request_id(const struct cmg__work *work, char out[CMG__GUID_SIZE],
                             cmg_error **err)
{
    const struct cmg__env *env = &work->ctx->env;
    uint8_t bytes[16];
    int rc = env->random(env->user, bytes, sizeof bytes);

    if (rc != 0)
        return cmg__fail_os(err, work->alloc, -rc, "random numbers", "get");
    cmg__guid_format(bytes, out);
    return CMG_OK;
}

static const char *bound_value(const struct cmg__run *run, const char *arg)
{
    const struct cmg__exchange *exchange = run->exchange;

    for (size_t i = 0; i < CMG__ARRAY_LEN(exchange->bind); i++) {
        const struct cmg__bind *bind = &exchange->bind[i];
        if (bind->arg != NULL && strcmp(bind->arg, arg) == 0)
            return cmg__run_value(run, bind->value);
    }
    return cmg__run_value(run, arg);
}

/* The names in braces of a call's path, and where they stand. */
struct arg_list {
    struct cmg__arg args[MAX_ARGS];
    char names[MAX_ARGS][32];
    size_t count;
};

static void add_arg(const struct cmg__run *run, struct arg_list *list, const char *name,
                    size_t len)
{
    if (list->count == MAX_ARGS || len >= sizeof list->names[0])
        return;
    char *copy = list->names[list->count];
    memcpy(copy, name, len);
    copy[len] = '\0';
    list->args[list->count++] =
        (struct cmg__arg){ .name = copy, .value = bound_value(run, copy) };
}

static void collect_args(const struct cmg__run *run, const struct cmg__call *call,
                         struct arg_list *list)
{
    list->count = 0;
    if (call->service == CMG__SERVICE_URL)
        add_arg(run, list, "url", 3);
    if (call->service == CMG__SERVICE_VAULT)
        add_arg(run, list, "vault", 5);
    if (call->service == CMG__SERVICE_BLOB)
        add_arg(run, list, "account", 7);
    for (const char *p = call->path; p != NULL && *p != '\0';) {
        const char *open = strchr(p, '{');
        const char *close = open == NULL ? NULL : strchr(open, '}');
        if (close == NULL)
            return;
        add_arg(run, list, open + 1, (size_t)(close - open - 1));
        p = close + 1;
    }
}

static cmg_status build_head(struct cmg__exec *exec, enum cmg__call_id id,
                             struct cmg__http_request *req, cmg_error **err)
{
    const struct cmg__work *work = exec->run.work;
    const struct cmg__call *call = cmg__call_get(id);
    char guid[CMG__GUID_SIZE];
    struct arg_list list;
    cmg_status rc = request_id(work, guid, err);

    if (rc != CMG_OK)
        return rc;
    collect_args(&exec->run, call, &list);
    return cmg__call_build(work->alloc, call, &work->endpoints, list.args, list.count,
                           guid, req, err);
}

/* A given URL comes out of the journal or an answer: the token must not follow it
   elsewhere. */
static cmg_status check_host(const struct cmg__exec *exec, enum cmg__token_kind kind,
                             const char *url, cmg_error **err)
{
    const struct cmg__work *work = exec->run.work;
    const char *endpoint = cmg__token_endpoint(work, kind);

    if (cmg__endpoint_serves(endpoint, url))
        return CMG_OK;
    return cmg__fail(err, work->alloc, CMG_E_PROTO, "polling URL",
                     "check that nobody changed the journal",
                     "%s: the URL to go on with does not lead to %s",
                     exec->run.step->title, endpoint);
}

/* CMG__TOKENS when the request goes out without one. */
static enum cmg__token_kind token_of(const struct cmg__exchange *exchange)
{
    const struct cmg__call *call = cmg__call_get(exchange->call);

    if (exchange->with_token)
        return exchange->token;
    if (call == NULL || call->id == CMG__CALL_JWKS)
        return CMG__TOKENS;
    return cmg__token_for(call->service);
}

static cmg_status set_form(struct cmg__http_request *req, const struct cmg__buf *form)
{
    req->body_is_secret = true;
    req->body.secret = true;
    cmg_status rc = cmg__buf_add(&req->body, form->data, form->len);

    if (rc == CMG_OK) {
        cmg__headers_remove(&req->headers, "Content-Type");
        rc = cmg__headers_add(&req->headers, "Content-Type",
                              "application/x-www-form-urlencoded");
    }
    return rc;
}

static cmg_status set_blob(struct cmg__http_request *req, const char *data, size_t size)
{
    static const char *const fields[][2] = { { "Content-Type", "application/gzip" },
                                             { "x-ms-blob-type", "BlockBlob" },
                                             { "If-None-Match", "*" } };
    cmg_status rc = cmg__buf_add(&req->body, data, size);

    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(fields); i++)
        rc = cmg__headers_add(&req->headers, fields[i][0], fields[i][1]);
    return rc;
}

static cmg_status put_body(struct cmg__http_request *req, const struct cmg__ask *ask,
                           cmg_error **err)
{
    cmg_status rc = CMG_OK;

    if (ask->body != NULL)
        rc = cmg__call_set_json(req, ask->body, ask->secret);
    else if (ask->form.len > 0)
        rc = set_form(req, &ask->form);
    else if (ask->blob != NULL)
        rc = set_blob(req, ask->blob, ask->blob_size);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

/* Asks the step for its body. ca_pem is handed on. */
static cmg_status build_body(struct cmg__exec *exec, struct cmg__http_request *req,
                             const char **ca_pem, cmg_error **err)
{
    struct cmg__run *run = &exec->run;
    struct cmg__ask ask = { .alloc = run->work->alloc };
    cmg_status rc = CMG_OK;

    cmg__buf_init_secret(&ask.form, run->work->alloc, 64 * 1024);
    if (run->exchange->build != NULL)
        rc = run->exchange->build(run, &ask, err);
    if (rc == CMG_OK)
        rc = put_body(req, &ask, err);
    *ca_pem = ask.ca_pem;
    cmg__json_unref(ask.body);
    cmg__buf_done(&ask.form);
    return rc;
}

static cmg_status attach_token(struct cmg__exec *exec, struct cmg__http_request *req,
                               cmg_error **err)
{
    enum cmg__token_kind kind = token_of(exec->run.exchange);
    cmg_status rc = CMG_OK;

    if (kind == CMG__TOKENS)
        return CMG_OK;
    if (cmg__call_get(exec->run.exchange->call)->service == CMG__SERVICE_URL)
        rc = check_host(exec, kind, req->url, err);
    if (rc == CMG_OK && cmg__token_attach(exec->run.work, kind, req) != CMG_OK)
        rc = cmg__fail_nomem(err);
    return rc;
}

/* What must be known after a crash is durable before the request leaves. */
static cmg_status announce(struct cmg__exec *exec, cmg_error **err)
{
    struct cmg__run *run = &exec->run;
    const struct cmg__call *call = cmg__call_get(run->exchange->call);

    if (exec->announced ||
        (call->retry != CMG__CLASS_ONCE && call->retry != CMG__CLASS_LOOK_FIRST))
        return CMG_OK;
    struct cmg__json *fresh = cmg__json_object();
    struct cmg__json *record =
        fresh == NULL ? NULL
                      : cmg__json_pack("{s:s, s:s, s:s, s:O}", "t", "intent", "step",
                                       run->step->name, "exchange", run->exchange->name,
                                       "facts", run->work->fresh);
    cmg_status rc = record == NULL
                        ? cmg__fail_nomem(err)
                        : cmg__journal_write(&exec->deploy->journal, record, err);
    if (rc == CMG_OK) {
        cmg__json_unref(run->work->fresh);
        run->work->fresh = fresh;
        exec->announced = true;
        return CMG_OK;
    }
    cmg__json_unref(fresh);
    return rc;
}

static cmg_status start_call(struct cmg__exec *exec, const struct cmg__http_request *req,
                             const struct cmg__http_options *options, cmg_error **err)
{
    cmg_deploy *deploy = exec->deploy;

    cmg_status rc = cmg__str_assign(exec->run.work->alloc, &exec->url, req->url);
    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    return deploy->transport.start(deploy->transport.user, req, options, on_answer, exec,
                                   &exec->call, err);
}

/* Between the look at the journal and the sending a connection is made, and this process
   may have been paused. */
static bool is_still_ours(void *user)
{
    const cmg_deploy *deploy = user;

    return cmg__journal_holds(&deploy->journal, NULL) == CMG_OK;
}

/* Some that wait for the confirmation only look again. */
static bool changes(const struct cmg__exchange *exchange)
{
    return exchange->effect && cmg__call_get(exchange->call)->retry != CMG__CLASS_READ;
}

static cmg_status send_step(struct cmg__exec *exec, cmg_error **err)
{
    struct cmg__http_request req;
    struct cmg__http_options options = { .ca_pem = NULL };

    if (exec->run.exchange->effect) {
        options.may_send = is_still_ours;
        options.may_send_user = exec->deploy;
    }
    cmg__http_request_init(&req, exec->run.work->alloc);
    cmg_status rc = build_head(exec, exec->run.exchange->call, &req, err);
    if (rc == CMG_OK)
        rc = build_body(exec, &req, &options.ca_pem, err);
    if (rc == CMG_OK)
        rc = attach_token(exec, &req, err);
    if (rc == CMG_OK)
        rc = announce(exec, err);
    if (rc == CMG_OK && exec->run.exchange->effect)
        rc = cmg__journal_holds(&exec->deploy->journal, err);
    if (rc == CMG_OK)
        rc = start_call(exec, &req, &options, err);
    exec->sent_before = exec->sent;
    exec->sent = exec->sent || (rc == CMG_OK && changes(exec->run.exchange));
    cmg__http_request_done(&req);
    return rc;
}

static cmg_status build_token(struct cmg__exec *exec, enum cmg__token_kind kind,
                              struct cmg__http_request *req,
                              struct cmg__http_options *options, cmg_error **err)
{
    const struct cmg__sign_in_method *method = cmg__sign_in_method(exec->run.work);
    struct cmg__buf form;

    if (method->build != NULL)
        return method->build(exec->run.work, kind, req, options, err);
    cmg__buf_init_secret(&form, exec->run.work->alloc, 64 * 1024);
    cmg_status rc = build_head(exec, method->exchange.call, req, err);
    if (rc == CMG_OK)
        rc = cmg__token_form(exec->run.work, kind, req->url, &form, err);
    if (rc == CMG_OK && set_form(req, &form) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&form);
    return rc;
}

static cmg_status send_token(struct cmg__exec *exec, enum cmg__token_kind kind,
                             cmg_error **err)
{
    const struct cmg__sign_in_method *method = cmg__sign_in_method(exec->run.work);
    struct cmg__http_options options = { .ca_pem = NULL };
    struct cmg__http_request req;

    if (method->ask != NULL) {
        const cmg_status asked = method->ask(exec->run.work, kind, err);
        if (asked == CMG_OK)
            cmg__exec_delay(exec, 0, NULL);
        return asked;
    }
    exec->for_token = true;
    exec->token = kind;
    cmg__http_request_init(&req, exec->run.work->alloc);
    cmg_status rc = build_token(exec, kind, &req, &options, err);
    if (rc == CMG_OK)
        rc = start_call(exec, &req, &options, err);
    cmg__http_request_done(&req);
    return rc;
}

static void send_local(struct cmg__exec *exec)
{
    struct cmg__next next = { .kind = CMG__NEXT_DONE };
    cmg_error *err = NULL;
    cmg_status rc = exec->run.exchange->read(&exec->run, NULL, &next, &err);

    cmg__exec_after(exec, rc, &next, -1, &err);
}

void cmg__exec_send(struct cmg__exec *exec)
{
    const struct cmg__exchange *exchange = exec->run.exchange;
    enum cmg__token_kind kind = token_of(exchange);
    cmg_error *err = NULL;
    cmg_status rc = CMG_OK;

    exec->for_token = false;
    if (exec->waiting)
        cmg__run_say(&exec->run, "%s", "");
    exec->waiting = false;
    const bool token = kind != CMG__TOKENS && !cmg__token_is_fresh(exec->run.work, kind);
    if (token && cmg__again_is_needed(exec))
        cmg__again_wait(exec);
    else if (token)
        rc = send_token(exec, kind, &err);
    else if (exchange->browser)
        rc = cmg__browser_open(exec, &err);
    else if (exchange->call == CMG__CALL_LOCAL)
        send_local(exec);
    else
        rc = send_step(exec, &err);
    if (rc != CMG_OK)
        cmg__exec_fail(exec, &err);
}

/* ---- the answer ---- */

static const struct cmg__exchange *exchange_of(const struct cmg__exec *exec)
{
    return exec->for_token ? &cmg__sign_in_method(exec->run.work)->exchange
                           : exec->run.exchange;
}

/* What the answer is about, decoded. */
struct received {
    const struct cmg__exchange *exchange;
    struct cmg__answer answer;
    cmg_error *decoded;
    const cmg_error *error; /* decoded, or the transport's */
    int64_t hint_ms;        /* Retry-After; -1 without */
    char *claims;           /* what the next token must bring; NULL: nothing */
};

static void parse_body(struct cmg__exec *exec, struct received *got)
{
    const struct cmg__buf *body = &got->answer.resp->body;

    if (body->len > 0)
        (void)cmg__json_parse(exec->run.work->alloc, "answer", body->data, body->len,
                              &got->answer.json, NULL);
}

static void receive(struct cmg__exec *exec, const struct cmg__http_response *resp,
                    const cmg_error *err, struct received *got)
{
    const struct cmg__work *work = exec->run.work;

    *got =
        (struct received){ .exchange = exchange_of(exec), .error = err, .hint_ms = -1 };
    if (resp == NULL)
        return;
    got->answer.status = resp->status;
    got->answer.resp = resp;
    got->answer.url = exec->url;
    got->hint_ms = cmg__http_retry_after_ms(resp, cmg__env_unix_s(&work->ctx->env));
    parse_body(exec, got);
    if (resp->status >= 400 ||
        !cmg__call_is_ok(cmg__call_get(got->exchange->call), resp->status))
        (void)cmg__azure_error(work->alloc, cmg__call_get(got->exchange->call), resp,
                               &got->decoded);
    if (got->decoded != NULL && cmg_error_code(got->decoded) == CMG_E_AUTH)
        (void)cmg__clock_blame(work->alloc,
                               cmg__clock_ahead_s(resp, cmg__env_unix_s(&work->ctx->env)),
                               &got->decoded);
    if ((resp->status == 400 || resp->status == 401) &&
        cmg__challenge_read(work->alloc, &resp->headers, got->answer.json,
                            &got->claims) == CMG_E_NOMEM)
        (void)cmg__fail_nomem(&got->decoded);
    got->error = got->decoded;
    got->answer.error = got->decoded;
}

/* The next request for a token says so. */
static void demand(struct cmg__work *work, struct received *got)
{
    if (got->claims == NULL)
        return;
    cmg__free(work->alloc, work->tokens.claims);
    work->tokens.claims = got->claims;
    got->claims = NULL;
}

static void read_token(struct cmg__exec *exec, const struct received *got)
{
    const struct cmg__sign_in_method *method = cmg__sign_in_method(exec->run.work);
    cmg_error *err = NULL;
    cmg_status rc = cmg__token_read(exec->run.work, exec->token, got->answer.json, &err);

    if (rc == CMG_OK && method->note != NULL)
        rc = method->note(exec->run.work, got->answer.json, &err);
    if (rc != CMG_OK)
        cmg__exec_fail(exec, &err);
    else
        cmg__exec_delay(exec, 0, NULL);
}

static void verdict_read(struct cmg__exec *exec, struct received *got)
{
    struct cmg__next next = { .kind = CMG__NEXT_DONE };
    cmg_error *err = NULL;

    exec->attempt = 0;
    if (exec->for_token) {
        read_token(exec, got);
        return;
    }
    exec->token_renewed = false;
    cmg_status rc = exec->run.exchange->read(&exec->run, &got->answer, &next, &err);
    cmg__exec_after(exec, rc, &next, got->hint_ms, &err);
}

/* A challenge that a new token did not meet, or a refresh token that nobody takes. */
static bool wants_a_person(const struct cmg__exec *exec, const struct received *got)
{
    return got->claims != NULL || (exec->for_token && got->answer.status == 400 &&
                                   cmg_error_code(got->error) == CMG_E_AUTH);
}

static void sign_in_again(struct cmg__exec *exec, struct received *got)
{
    const enum cmg__token_kind kind = token_of(exec->run.exchange);

    demand(exec->run.work, got);
    cmg__secret_clear(&exec->run.work->tokens.refresh);
    if (kind != CMG__TOKENS)
        cmg__token_forget(exec->run.work, kind);
    cmg__again_wait(exec);
}

static void verdict_fail(struct cmg__exec *exec, struct received *got)
{
    const struct cmg__sign_in_method *method = cmg__sign_in_method(exec->run.work);
    cmg_error *err = NULL;

    if (exec->for_token && exec->run.step->phase == CMG__PHASE_SIGN_IN &&
        cmg__token_cache_is_stale(exec->run.work, got->answer.json)) {
        cmg__exec_go(exec, exec->run.step->exchanges[0].name, 0, NULL);
        return;
    }
    if (wants_a_person(exec, got) && cmg__again_is_possible(exec->deploy)) {
        sign_in_again(exec, got);
        return;
    }
    (void)cmg__error_copy(&err, exec->run.work->alloc, exec->run.step->title, got->error);
    if (exec->for_token && method->explain != NULL)
        (void)method->explain(exec->run.work, got->answer.status, &err);
    if (got->claims != NULL)
        cmg__again_explain(exec->run.work, got->claims, &err);
    cmg__exec_fail(exec, &err);
}

static void verdict_again(struct cmg__exec *exec, struct received *got)
{
    const unsigned tries =
        exec->for_token ? cmg__sign_in_method(exec->run.work)->tries : 0;
    const unsigned attempt = exec->attempt++;

    if (tries != 0 && attempt + 1 >= tries) {
        verdict_fail(exec, got);
        return;
    }
    const int64_t own_ms =
        tries != 0
            ? cmg__sign_in_wait_ms(attempt)
            : cmg__backoff_ms(attempt, cmg__backoff_jitter(&exec->run.work->ctx->env),
                              got->hint_ms);
    cmg__exec_delay(exec, own_ms > got->hint_ms ? own_ms : got->hint_ms, got->error);
}

static void verdict_look(struct cmg__exec *exec, struct received *got)
{
    int64_t delay = cmg__backoff_ms(
        exec->attempt++, cmg__backoff_jitter(&exec->run.work->ctx->env), got->hint_ms);

    exec->looks_left = CMG__EXEC_LOOKS;
    cmg__exec_go(exec, got->exchange->look, delay, got->error);
}

static void verdict_token(struct cmg__exec *exec, struct received *got)
{
    enum cmg__token_kind kind = token_of(got->exchange);

    exec->token_renewed = true;
    if (kind != CMG__TOKENS)
        cmg__token_forget(exec->run.work, kind);
    demand(exec->run.work, got);
    cmg__exec_delay(exec, 0, NULL);
}

static void (*const verdicts[])(struct cmg__exec *exec, struct received *got) = {
    [CMG__VERDICT_READ] = verdict_read, [CMG__VERDICT_AGAIN] = verdict_again,
    [CMG__VERDICT_LOOK] = verdict_look, [CMG__VERDICT_TOKEN] = verdict_token,
    [CMG__VERDICT_FAIL] = verdict_fail,
};

/* Whoever says so has not done it; who took too long, or has failed himself, may have. */
static bool is_refusal(int status)
{
    return status >= 400 && status < 500 && status != 408;
}

static void on_answer(void *user, const struct cmg__http_response *resp,
                      const cmg_error *err)
{
    struct cmg__exec *exec = user;
    cmg_deploy *deploy = exec->deploy;
    struct received got;

    cmg__engine_enter(deploy);
    exec->call = NULL;
    receive(exec, resp, err, &got);
    if (!exec->for_token && is_refusal(got.answer.status))
        exec->sent = exec->sent_before;
    const struct cmg__outcome outcome = {
        .exchange = got.exchange,
        .status = got.answer.status,
        .error = got.error,
        .token_renewed = exec->token_renewed || token_of(got.exchange) == CMG__TOKENS,
    };
    enum cmg__verdict verdict = cmg__retry_judge(&outcome);
    cmg__log(deploy->head.ctx, CMG_LOG_DEBUG, "deploy", "exchange", exec->run.step->name,
             "%s: status %d, verdict %d", cmg__call_get(got.exchange->call)->name,
             got.answer.status, (int)verdict);
    verdicts[verdict](exec, &got);
    cmg__json_unref(got.answer.json);
    cmg__free(&deploy->head.ctx->alloc, got.claims);
    cmg_error_unref(got.decoded);
    cmg__engine_settle(deploy);
    cmg__engine_leave(deploy);
}
