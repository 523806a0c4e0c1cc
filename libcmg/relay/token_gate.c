/*
 * One timer and at most one call under way. The timer means: next routine refresh while
 * there are keys, next attempt (full-jitter back-off) while there are none.
 */
#include "relay/token_gate.h"
#include "base/log.h"
#include "base/str.h"
#include "relay/backoff.h"
#include <string.h>

#define KEY_SET_MAX ((size_t)256 * 1024)
#define TOKEN_MAX   ((size_t)16 * 1024)

struct cmg__token_gate {
    cmg_context *ctx;
    const struct cmg__alloc *alloc;
    const struct cmg__service_settings *settings;
    const struct cmg__relay_limits *limits;
    void (*on_keys)(void *user);
    void *user;
    struct cmg__jwks *keys;
    struct cmg__http_call *call;
    struct cmg__timer timer;
    unsigned failures;
    int64_t fetched_ms; /* last attempt */
};

static void fetch(struct cmg__token_gate *gate);

static void on_timer(struct cmg__timer *timer, void *user)
{
    (void)timer;
    fetch(user);
}

cmg_status cmg__token_gate_new(cmg_context *ctx,
                               const struct cmg__service_settings *settings,
                               const struct cmg__relay_limits *limits,
                               void (*on_keys)(void *user), void *user,
                               struct cmg__token_gate **out, cmg_error **err)
{
    struct cmg__token_gate *gate = cmg__alloc0(&ctx->alloc, sizeof *gate);

    if (gate == NULL)
        return cmg__fail_nomem(err);
    *gate = (struct cmg__token_gate){ .ctx = ctx,
                                      .alloc = &ctx->alloc,
                                      .settings = settings,
                                      .limits = limits,
                                      .on_keys = on_keys,
                                      .user = user };
    cmg__timer_init(&gate->timer, ctx->loop, on_timer, gate);
    *out = gate;
    return CMG_OK;
}

void cmg__token_gate_free(struct cmg__token_gate *gate)
{
    if (gate == NULL)
        return;
    if (gate->call != NULL)
        cmg__http_cancel(gate->call);
    cmg__timer_stop(&gate->timer);
    cmg__jwks_free(gate->keys);
    cmg__free(gate->alloc, gate);
}

void cmg__token_gate_start(struct cmg__token_gate *gate)
{
    cmg__timer_start(&gate->timer, 0);
}

static cmg_status take_keys(struct cmg__token_gate *gate,
                            const struct cmg__http_response *resp, cmg_error **err)
{
    struct cmg__jwks *keys = NULL;

    if (resp->status != 200)
        return cmg__fail(err, gate->alloc, CMG_E_IO, gate->settings->jwks_uri,
                         "check that the instance reaches the tenant's key set",
                         "token keys: status %d", resp->status);
    cmg_status rc = cmg__jwks_parse(gate->alloc, cmg__buf_cstr(&resp->body),
                                    resp->body.len, &keys, err);
    if (rc == CMG_OK) {
        cmg__jwks_free(gate->keys);
        gate->keys = keys;
    }
    return rc;
}

/* An attempt has ended: plan the next one, tell the owner. */
static void settle(struct cmg__token_gate *gate, cmg_status rc, const cmg_error *why)
{
    int64_t wait = gate->limits->keys_ms;

    if (rc == CMG_OK) {
        gate->failures = 0;
    } else {
        wait = cmg__relay_backoff_ms(&gate->ctx->env, gate->limits, gate->failures++);
        cmg__log(gate->ctx, CMG_LOG_WARNING, "relay", "tokens.keys",
                 gate->settings->jwks_uri, "token keys cannot be had: %s",
                 cmg_error_message(why));
    }
    cmg__timer_start(&gate->timer, wait);
    gate->on_keys(gate->user);
}

static void on_fetched(void *user, const struct cmg__http_response *resp,
                       const cmg_error *err)
{
    struct cmg__token_gate *gate = user;
    cmg_error *why = NULL;

    gate->call = NULL;
    cmg_status rc = resp == NULL ? cmg_error_code(err) : take_keys(gate, resp, &why);
    settle(gate, rc, resp == NULL ? err : why);
    cmg_error_unref(why);
}

static void fetch(struct cmg__token_gate *gate)
{
    const struct cmg__http_options options = { .total_timeout_ms = 10000,
                                               .max_body = KEY_SET_MAX };
    struct cmg__http_request req;
    cmg_error *why = NULL;

    if (gate->call != NULL)
        return;
    gate->fetched_ms = cmg__loop_now_ms(gate->ctx->loop);
    cmg__http_request_init(&req, gate->alloc);
    cmg_status rc = cmg__http_request_set(&req, "GET", gate->settings->jwks_uri);
    if (rc == CMG_OK)
        rc = cmg__http_start(gate->ctx->http, &req, &options, on_fetched, gate,
                             &gate->call, &why);
    cmg__http_request_done(&req);
    if (rc != CMG_OK) {
        unsigned failures = gate->failures++;
        cmg__timer_start(&gate->timer,
                         cmg__relay_backoff_ms(&gate->ctx->env, gate->limits, failures));
    }
    cmg_error_unref(why);
}

/* The token behind "Bearer ", scheme without case, one blank; NULL when malformed. */
static const char *token_of(const char *authorization)
{
    static const char scheme[] = "Bearer ";

    if (authorization == NULL || !cmg__str_istarts(authorization, scheme))
        return NULL;
    const char *token = authorization + sizeof scheme - 1;
    size_t n = strlen(token);
    if (n == 0 || n > TOKEN_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (!cmg__is_alnum(token[i]) && strchr("-_.", token[i]) == NULL)
            return NULL;
    }
    return token;
}

/* A key nobody knows: worth a look, but not a flood of looks. */
static enum cmg__token_verdict refresh(struct cmg__token_gate *gate, bool may_fetch)
{
    int64_t age = cmg__loop_now_ms(gate->ctx->loop) - gate->fetched_ms;

    if (may_fetch && gate->call == NULL && age >= gate->limits->keys_unknown_ms)
        fetch(gate);
    return may_fetch && gate->call != NULL ? CMG__TOKEN_PENDING : CMG__TOKEN_BAD;
}

enum cmg__token_verdict cmg__token_gate_check(struct cmg__token_gate *gate,
                                              const char *authorization, bool may_fetch,
                                              struct cmg__jwt_identity *out)
{
    const struct cmg__service_settings *s = gate->settings;
    const struct cmg__jwt_policy policy = {
        .tenant_id = s->tenant_id,
        .issuers = (const char *const *)s->issuers.items,
        .audiences = (const char *const *)s->audiences.items,
        .client_ids =
            s->client_ids.count == 0 ? NULL : (const char *const *)s->client_ids.items,
        .required_scope = s->scope,
        .now_unix_s = cmg__env_unix_s(&gate->ctx->env),
        .skew_s = 300,
    };
    const char *token = token_of(authorization);
    cmg_error *why = NULL;

    if (token == NULL)
        return CMG__TOKEN_BAD;
    if (gate->keys == NULL)
        return may_fetch && gate->call != NULL ? CMG__TOKEN_PENDING : CMG__TOKEN_NO_KEYS;
    cmg_status rc =
        cmg__jwt_check(gate->alloc, token, strlen(token), gate->keys, &policy, out, &why);
    if (rc != CMG_OK)
        cmg__log(gate->ctx, CMG_LOG_INFO, "relay", "tokens.refused", NULL,
                 "token refused: %s", cmg_error_message(why));
    cmg_error_unref(why);
    if (rc == CMG_E_NOTFOUND)
        return refresh(gate, may_fetch);
    if (rc == CMG_E_NOMEM)
        return CMG__TOKEN_UNKNOWN;
    return rc == CMG_OK ? CMG__TOKEN_GOOD : CMG__TOKEN_BAD;
}
