/* See world.h. */
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char specification[] =
    "{\"version\":1,\"tenant\":{\"domain\":\"contoso.onmicrosoft.com\","
    "\"subscription_id\":\"" WORLD_SUBSCRIPTION "\"},\"site\":{\"code\":\"PS1\"},"
    "\"server_app\":{\"name\":\"CMG-ServerApp\",\"secret_years\":2},"
    "\"client_app\":{\"name\":\"CMG-ClientApp\"},\"gateway\":{\"name\":\"granitefalls\","
    "\"service_name\":\"granitefalls.contoso.com\",\"region\":\"westeurope\","
    "\"resource_group\":\"cmg-granitefalls\",\"vm_size\":\"Standard_A2_v2\","
    "\"instances\":2},\"roles\":[{\"id\":\"72057594037937981\","
    "\"type\":\"management_point\",\"url\":\"https://mp.corp.contoso.com\"}]}";

static void append(char *text, size_t size, const char *more)
{
    size_t n = strlen(text);

    ck_assert_uint_lt(n + strlen(more) + 1, size);
    memcpy(text + n, more, strlen(more) + 1);
}

/* ---- transport ---- */

static struct rule *find_rule(struct world *w, const struct cmg__http_request *req)
{
    for (struct rule *r = w->rules; r->method != NULL || r->path != NULL; r++) {
        if (r->times != 0 && r->used >= r->times)
            continue;
        if (r->method != NULL && strcmp(r->method, req->method) != 0)
            continue;
        if (r->path != NULL && strstr(req->url, r->path) == NULL &&
            strstr(cmg__buf_cstr(&req->body), r->path) == NULL)
            continue;
        r->used++;
        return r;
    }
    ck_abort_msg("the script has no answer to %s %s", req->method, req->url);
    return NULL;
}

static void answer(struct world *w, struct pending *call)
{
    const struct rule *rule = call->rule;
    struct cmg__http_response resp;
    cmg_error *err = NULL;

    call->open = false;
    w->open_calls--;
    if (rule->status == 0) {
        const struct cmg__error_info info = { .code = CMG_E_IO,
                                              .retry = CMG_RETRY_TRANSIENT };
        (void)cmg__error_set(&err, &cmg__alloc_libc, &info, "the connection broke");
        call->done(call->user, NULL, err);
        cmg_error_unref(err);
        return;
    }
    cmg__http_response_init(&resp, &cmg__alloc_libc);
    resp.status = rule->status;
    if (rule->header != NULL) {
        size_t n = strcspn(rule->header, ":");
        ck_assert_int_eq(cmg__headers_addn(&resp.headers, rule->header, n,
                                           rule->header + n + 2,
                                           strlen(rule->header + n + 2)),
                         CMG_OK);
    }
    ck_assert_int_eq(cmg__buf_add_str(&resp.body, cmg__str_or(rule->body, "")), CMG_OK);
    call->done(call->user, &resp, NULL);
    cmg__http_response_done(&resp);
}

static void on_task(struct cmg__task *task, void *user)
{
    struct world *w = user;

    (void)task;
    for (size_t i = 0; i < WORLD_CALLS; i++) {
        if (w->calls[i].open && !w->hold)
            answer(w, &w->calls[i]);
    }
}

static cmg_status script_start(void *user, const struct cmg__http_request *req,
                               const struct cmg__http_options *options,
                               cmg__http_done_fn done, void *done_user, void **out_call,
                               cmg_error **err)
{
    struct world *w = user;
    size_t i = 0;
    char line[4096];

    (void)options;
    (void)err;
    while (i < WORLD_CALLS && w->calls[i].open)
        i++;
    ck_assert_uint_lt(i, WORLD_CALLS);
    (void)snprintf(line, sizeof line, "%s %s %.3000s\n", req->method, req->url,
                   cmg__buf_cstr(&req->body));
    append(w->log, sizeof w->log, line);
    w->calls[i] = (struct pending){
        .done = done, .user = done_user, .rule = find_rule(w, req), .open = true
    };
    w->sent++;
    w->open_calls++;
    if (w->open_calls > w->most_open_calls)
        w->most_open_calls = w->open_calls;
    *out_call = &w->calls[i];
    cmg__task_post(w->ctx->loop, &w->task);
    return CMG_OK;
}

static void script_cancel(void *user, void *call)
{
    struct world *w = user;
    struct pending *pending = call;

    ck_assert(pending->open);
    pending->open = false;
    w->open_calls--;
    w->cancelled++;
}

void world_release(struct world *w)
{
    w->hold = false;
    cmg__task_post(w->ctx->loop, &w->task);
}

/* ---- stores ---- */

static int64_t journal_load(void *out, size_t max, void *user)
{
    const struct world *w = user;

    ck_assert_uint_le(w->journal_len, max);
    memcpy(out, w->journal, w->journal_len);
    return (int64_t)w->journal_len;
}

static int journal_save(const void *data, size_t size, void *user)
{
    struct world *w = user;

    w->saves++;
    if (w->fail_save_at != 0 && w->saves >= w->fail_save_at)
        return -w->fail_save_errno;
    ck_assert_uint_le(size, sizeof w->journal);
    if (size > 0)
        memcpy(w->journal, data, size);
    w->journal_len = size;
    return 0;
}

static int64_t journal_claim(void *user)
{
    return ++((struct world *)user)->owner;
}

static int journal_check(int64_t owner, void *user)
{
    return owner == ((const struct world *)user)->owner ? 0 : -ESTALE;
}

static int journal_save_as(int64_t owner, const void *data, size_t size, void *user)
{
    const int rc = journal_check(owner, user);

    return rc == 0 ? journal_save(data, size, user) : rc;
}

static int journal_lock(void *user)
{
    struct world *w = user;

    if (w->locked || w->locked_by_other)
        return -EWOULDBLOCK;
    w->locked = true;
    return 0;
}

static int journal_unlock(void *user)
{
    struct world *w = user;

    ck_assert(w->locked);
    w->locked = false;
    return 0;
}

static size_t secret_slot(struct world *w, const char *name)
{
    size_t i = 0;

    while (i < CMG__ARRAY_LEN(w->secrets) && w->secrets[i].name[0] != '\0' &&
           strcmp(w->secrets[i].name, name) != 0)
        i++;
    ck_assert_uint_lt(i, CMG__ARRAY_LEN(w->secrets));
    (void)snprintf(w->secrets[i].name, sizeof w->secrets[i].name, "%s", name);
    return i;
}

static int secret_put(const char *name, const void *data, size_t size, void *user)
{
    struct world *w = user;
    size_t i = secret_slot(w, name);

    ck_assert_uint_le(size, sizeof w->secrets[i].data);
    memcpy(w->secrets[i].data, data, size);
    w->secrets[i].len = size;
    w->secrets[i].there = true;
    return 0;
}

static int64_t secret_get(const char *name, void *out, size_t max, void *user)
{
    struct world *w = user;
    size_t i = secret_slot(w, name);

    if (w->unreadable != NULL && strcmp(name, w->unreadable) == 0)
        return -EIO;
    if (!w->secrets[i].there)
        return -ENOENT;
    ck_assert_uint_le(w->secrets[i].len, max);
    memcpy(out, w->secrets[i].data, w->secrets[i].len);
    return (int64_t)w->secrets[i].len;
}

static int secret_remove(const char *name, void *user)
{
    struct world *w = user;

    w->secrets[secret_slot(w, name)].there = false;
    return 0;
}

/* ---- events ---- */

static int on_state(cmg_deploy *deploy, cmg_deploy_state now, const cmg_error *why,
                    void *user)
{
    struct world *w = user;

    (void)why;
    append(w->states, sizeof w->states, cmg_deploy_state_name(now));
    append(w->states, sizeof w->states, " ");
    ck_assert_int_eq(cmg_deploy_get_state(deploy), now);
    if (w->cancel_in == now)
        ck_assert_int_eq(cmg_deploy_cancel(deploy, NULL), CMG_OK);
    if (w->unref_in == now) {
        cmg_deploy_unref(deploy);
        w->deploy = NULL;
    }
    return w->answer_state;
}

static int on_step(cmg_deploy *deploy, const cmg_step_progress *progress, void *user)
{
    struct world *w = user;
    char text[128];

    (void)deploy;
    ck_assert_uint_le(progress->done, progress->total);
    (void)snprintf(text, sizeof text, "%s:%d ", progress->name, (int)progress->state);
    append(w->steps, sizeof w->steps, text);
    (void)snprintf(w->said, sizeof w->said, "%s", progress->message);
    if (strncmp(progress->message, "again in", 8) == 0)
        (void)snprintf(w->waits, sizeof w->waits, "%s", progress->message);
    return w->answer_step;
}

static int on_prompt(cmg_deploy *deploy, const cmg_sign_in_prompt *prompt, void *user)
{
    struct world *w = user;

    (void)deploy;
    (void)snprintf(w->prompt, sizeof w->prompt, "%s %s", prompt->verification_uri,
                   prompt->user_code);
    (void)snprintf(w->browser_url, sizeof w->browser_url, "%s", prompt->browser_url);
    ck_assert_int_eq(prompt->kind, prompt->browser_url[0] != '\0'
                                       ? CMG_PROMPT_BROWSER
                                       : CMG_PROMPT_DEVICE_CODE);
    w->prompts++;
    return w->answer_prompt;
}

static int on_consent(cmg_deploy *deploy, const cmg_consent_request *request, void *user)
{
    struct world *w = user;
    char text[1024];

    (void)deploy;
    (void)snprintf(text, sizeof text, "%s|%s|%s|%s|%s|%lld\n", request->application,
                   request->client_id, request->permission, request->url, request->state,
                   (long long)request->expires_unix_s);
    append(w->consents, sizeof w->consents, text);
    return w->answer_consent;
}

static int on_confirm(cmg_deploy *deploy, const char *plan, void *user)
{
    struct world *w = user;

    (void)deploy;
    (void)snprintf(w->plan, sizeof w->plan, "%s", plan);
    return w->answer_confirm;
}

static int on_done(cmg_deploy *deploy, cmg_deploy_state end, const cmg_error *err,
                   void *user)
{
    struct world *w = user;

    (void)deploy;
    w->done_count++;
    w->end = end;
    w->end_code = cmg_error_code(err);
    (void)snprintf(w->end_message, sizeof w->end_message, "%s", cmg_error_message(err));
    (void)snprintf(w->end_cause, sizeof w->end_cause, "%s", cmg_error_cause(err));
    (void)snprintf(w->end_remedy, sizeof w->end_remedy, "%s", cmg_error_remedy(err));
    return 0;
}

/* ---- life ---- */

void world_again(struct world *w, cmg_deploy_operation operation)
{
    const cmg_journal_store journal = { sizeof journal, w,
                                        journal_load,   journal_save,
                                        journal_lock,   journal_unlock,
                                        journal_claim,  journal_save_as,
                                        journal_check };
    const cmg_secret_store secrets = { sizeof secrets, w, secret_put, secret_get,
                                       secret_remove };
    const cmg_deploy_events events = {
        sizeof events, w,
        on_state,      on_step,
        on_prompt,     w->with_confirm ? on_confirm : NULL,
        on_done,       w->with_consent ? on_consent : NULL,
    };
    cmg_error *err = NULL;

    cmg_deploy_unref(w->deploy);
    w->deploy = NULL;
    ck_ok(cmg_deploy_new(w->gateway, operation, &w->deploy, &err), err);
    ck_ok(cmg_deploy_set_journal_store(w->deploy, &journal, &err), err);
    ck_ok(cmg_deploy_set_secret_store(w->deploy, &secrets, &err), err);
    ck_ok(cmg_deploy_set_events(w->deploy, &events, &err), err);
    w->deploy->transport = (struct cmg__transport){ w, script_start, script_cancel };
    w->states[0] = w->steps[0] = w->log[0] = w->plan[0] = w->consents[0] = '\0';
    w->sent = w->done_count = w->most_open_calls = 0;
}

void world_init(struct world *w, cmg_deploy_operation operation, struct rule *rules)
{
    cmg_error *err = NULL;

    w->rules = rules;
    support_env_init(&w->env);
    support_alloc_init(&w->memory);
    ck_ok(cmg_context_new(&w->memory.alloc.table, &w->ctx, &err), err);
    w->ctx->env = w->env.env;
    cmg__task_init(&w->task, on_task, w);
    ck_ok(cmg_gateway_new_from_json(w->ctx, "contoso.json", specification,
                                    sizeof specification - 1, &w->gateway, &err),
          err);
    ck_ok(cmg_tenant_set_client_secret(cmg_gateway_tenant(w->gateway), WORLD_CLIENT,
                                       "sign-in-secret", 14, &err),
          err);
    if (operation == CMG_DEPLOY_CREATE) {
        cmg_authority *ca = NULL;
        ck_ok(cmg_authority_new(w->ctx, "Test CA", &ca, &err), err);
        ck_ok(cmg_gateway_set_authority(w->gateway, ca, &err), err);
        cmg_authority_unref(ca);
    }
    world_again(w, operation);
}

void world_done(struct world *w)
{
    cmg_deploy_unref(w->deploy);
    w->deploy = NULL; /* the same world may be made again */
    cmg__task_cancel(&w->task);
    cmg_gateway_unref(w->gateway);
    cmg_context_unref(w->ctx);
    ck_assert_uint_eq(w->memory.live, 0);
    ck_assert(!w->locked);
}

static struct cmg__step_table table;

void world_table(struct world *w, const struct cmg__step *const *steps, size_t count)
{
    table = (struct cmg__step_table){ steps, count };
    w->deploy->table = &table;
}

void world_start(struct world *w)
{
    cmg_error *err = NULL;

    ck_ok(cmg_deploy_start(w->deploy, &err), err);
    ck_assert_str_eq(w->states, "");
}

void world_turns(struct world *w, unsigned turns)
{
    for (unsigned i = 0; i < turns; i++)
        ck_assert_int_eq(cmg_context_process(w->ctx, NULL), CMG_OK);
}

void world_drive(struct world *w)
{
    for (unsigned i = 0; i < 20000 && w->deploy != NULL && w->deploy->running; i++) {
        int wait = cmg_context_get_timeout_ms(w->ctx);
        if (wait < 0)
            return;
        support_env_advance_ms(&w->env, wait);
        world_turns(w, 1);
    }
}

unsigned world_count(const struct world *w, const char *text)
{
    unsigned n = 0;

    for (const char *p = w->log; *p != '\0'; p += strcspn(p, "\n") + 1)
        n += memmem(p, strcspn(p, "\n"), text, strlen(text)) != NULL;
    return n;
}

void world_fact(struct world *w, const char *key, const char *value)
{
    ck_assert_int_eq(cmg__fact_set(&w->deploy->work, key, value), CMG_OK);
}
