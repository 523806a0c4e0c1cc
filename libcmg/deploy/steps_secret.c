/*
 * The server app's client secret. Its value is shown once, so the request must not be
 * doubled: the secret's display name carries our mark, and every secret with our mark
 * whose value we do not hold is removed before a new one is asked for. The value goes to
 * the host's store before the journal says that it is there.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "deploy/steps.h"

#define MARK "libcmg "

static void make_mark(const struct cmg__run *run, char out[64])
{
    (void)snprintf(out, 64, MARK "%.8s ", run->work->deployment_id);
}

static bool hold_secret(struct cmg__run *run)
{
    struct cmg__buf value;

    cmg__buf_init_secret(&value, run->work->alloc, CMG__SECRET_MAX);
    bool held =
        cmg__secret_load(run->work, CMG__SECRET_SERVER_APP, &value, NULL) == CMG_OK &&
        value.len > 0;
    cmg__buf_done(&value);
    return held;
}

static cmg_status keep_expiry(struct cmg__run *run, const struct cmg__json *entry)
{
    const char *end = cmg__json_str(entry, "/endDateTime");
    int64_t expires = 0;

    if (end != NULL && cmg__time_parse(end, &expires))
        run->work->gateway->server_app->secret_expires_unix_s = expires;
    cmg__run_say(run, "until %.10s", cmg__str_or(end, "?"));
    return CMG_OK;
}

/* The first secret of ours that is not the one we hold; sets *held when that is there. */
static const struct cmg__json *find_stray(struct cmg__run *run,
                                          const struct cmg__json *list,
                                          const struct cmg__json **held)
{
    const char *key_id = cmg__fact(run->work, "server_secret_key_id");
    bool have_value = key_id[0] != '\0' && hold_secret(run);
    char mark[64];

    make_mark(run, mark);
    const struct cmg__json *stray = NULL;
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *entry = cmg__json_item(list, i);
        const char *id = cmg__str_or(cmg__json_str(entry, "/keyId"), "");
        const char *name = cmg__str_or(cmg__json_str(entry, "/displayName"), "");

        if (have_value && strcmp(id, key_id) == 0)
            *held = entry;
        else if (cmg__str_starts(name, mark) && stray == NULL)
            stray = entry;
    }
    return stray;
}

static cmg_status inspect(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/passwordCredentials");
    const struct cmg__json *held = NULL;
    const struct cmg__json *stray = find_stray(run, list, &held);

    (void)err;
    if (cmg__app_is_adopted(run) && hold_secret(run)) {
        run->plan = CMG__PLAN_KEEP;
        cmg__run_say(run, "of an application that somebody else made");
        return cmg__next_done(next);
    }
    run->plan = held != NULL ? CMG__PLAN_KEEP : CMG__PLAN_CREATE;
    if (stray != NULL) {
        const char *id = cmg__str_or(cmg__json_str(stray, "/keyId"), "");
        (void)snprintf(run->scratch, sizeof run->scratch, "%s", id);
        return cmg__next_go(next, "remove");
    }
    if (held == NULL)
        return cmg__next_go(next, "add");
    (void)keep_expiry(run, held);
    return cmg__next_done(next);
}

static cmg_status build_remove(struct cmg__run *run, struct cmg__ask *ask,
                               cmg_error **err)
{
    ask->body = cmg__json_pack("{s:s}", "keyId", run->scratch);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

/* "Nothing to remove" may come from a stale replica: what counts is what is listed. */
static cmg_status read_remove(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    (void)run;
    (void)answer;
    (void)err;
    next->after_ms = -1;
    return cmg__next_go(next, "inspect");
}

static cmg_status random_mark(struct cmg__run *run, char out[64], cmg_error **err)
{
    const struct cmg__env *env = &run->work->ctx->env;
    uint8_t bytes[4];
    char hex[9];
    int rc = env->random(env->user, bytes, sizeof bytes);

    if (rc != 0)
        return cmg__fail_os(err, run->work->alloc, -rc, "random numbers", "get");
    cmg__hex_format(bytes, sizeof bytes, hex);
    make_mark(run, out);
    (void)snprintf(out + strlen(out), 64 - strlen(out), "%s", hex);
    return CMG_OK;
}

static cmg_status build_add(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    struct cmg__work *work = run->work;
    int64_t now = cmg__env_unix_s(&work->ctx->env);
    int64_t years = work->gateway->server_app->secret_years;
    char start[CMG__TIME_SIZE];
    char end[CMG__TIME_SIZE];
    char name[64];
    cmg_status rc = random_mark(run, name, err);

    if (rc != CMG_OK)
        return rc;
    cmg__time_format(now, start);
    cmg__time_format(now + years * 365 * 86400, end);
    ask->body = cmg__json_pack("{s:{s:s, s:s, s:s}}", "passwordCredential", "displayName",
                               name, "startDateTime", start, "endDateTime", end);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status read_add(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    const char *value = cmg__json_str(answer->json, "/secretText");
    const char *id = cmg__json_str(answer->json, "/keyId");

    if (value == NULL || id == NULL)
        return cmg__answer_lacks(run, "/secretText", err);
    cmg_status rc =
        cmg__secret_save(run->work, CMG__SECRET_SERVER_APP, value, strlen(value), err);
    if (rc != CMG_OK)
        return rc;
    if (cmg__fact_set(run->work, "server_secret_key_id", id) != CMG_OK)
        return cmg__fail_nomem(err);
    (void)keep_expiry(run, answer->json);
    return cmg__next_done(next);
}

static const struct cmg__exchange exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_APP_GET,
      .replicates = true,
      .bind = { { "object_id", "server_object_id" } },
      .read = inspect },
    { .name = "remove",
      .call = CMG__CALL_APP_REMOVE_PASSWORD,
      .effect = true,
      .also = { 400, 404 },
      .bind = { { "object_id", "server_object_id" } },
      .build = build_remove,
      .read = read_remove },
    { .name = "add",
      .call = CMG__CALL_APP_ADD_PASSWORD,
      .effect = true,
      .replicates = true,
      .look = "inspect",
      .bind = { { "object_id", "server_object_id" } },
      .build = build_add,
      .read = read_add },
};

const struct cmg__step cmg__step_server_secret = {
    .name = "server_secret",
    .title = "server app's secret",
    .phase = CMG__PHASE_APPLY,
    .what = "client secret of the server app",
    .prefix = "server",
    .needs = { "server_app" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(exchanges),
};
