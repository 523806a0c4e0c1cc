/*
 * The host's callbacks. Each call is bracketed, its answer judged in one place, and after
 * each one the deployment may be gone: callers stop when they are told so.
 */
#include "deploy/engine.h"

#include <stddef.h>

#include "deploy/consent.h"
#include "deploy/progress.h"

#define TELL_EVERY_MS 100

/* An answer other than 0 and PASS fails the deployment. False when it was aborted. */
static bool judge(cmg_deploy *deploy, int answer, const char *callback)
{
    cmg_error *err = NULL;

    if (deploy->aborted)
        return false;
    if (answer == 0 || answer == CMG_CALLBACK_PASS)
        return true;
    const struct cmg__error_info info = {
        .code = CMG_E_CALLBACK,
        .origin_number = answer,
        .subject = callback,
        .remedy = "start again with the same journal when the host is ready",
    };
    (void)cmg__error_set(&err, &deploy->head.ctx->alloc, &info,
                         "the host's callback %s returned %d", callback, answer);
    cmg__engine_fail(deploy, &err);
    return true;
}

bool cmg__events_state(cmg_deploy *deploy, cmg_deploy_state now, const cmg_error *why)
{
    const cmg_deploy_events *events = &deploy->events;

    deploy->state = now;
    if (events->on_state == NULL)
        return true;
    cmg__callback_enter(deploy->head.ctx);
    int answer = events->on_state(deploy, now, why, events->user);
    cmg__callback_leave(deploy->head.ctx);
    return judge(deploy, answer, "on_state");
}

static const cmg_step_state public_states[] = {
    [CMG__EXEC_WAITING] = CMG_STEP_WAITING, [CMG__EXEC_ACTIVE] = CMG_STEP_RUNNING,
    [CMG__EXEC_HELD] = CMG_STEP_RUNNING,    [CMG__EXEC_DONE] = CMG_STEP_DONE,
    [CMG__EXEC_FAILED] = CMG_STEP_FAILED,
};

static uint32_t count_done(const cmg_deploy *deploy)
{
    uint32_t done = 0;

    for (size_t i = 0; i < deploy->exec_count; i++)
        done += deploy->execs[i].state == CMG__EXEC_DONE;
    return done;
}

static bool tell(cmg_deploy *deploy, struct cmg__exec *exec, int64_t now)
{
    const cmg_deploy_events *events = &deploy->events;
    const struct cmg__progress whole = cmg__progress_see(deploy, now);
    /* A step that turns out to have something to do does not take back what was told. */
    deploy->percent = whole.percent > deploy->percent ? whole.percent : deploy->percent;
    const cmg_step_progress progress = {
        .size = sizeof progress,
        .name = exec->run.step->name,
        .title = exec->run.step->title,
        .message = exec->run.message,
        .elapsed_ms = now - exec->started_ms,
        .state = (int32_t)public_states[exec->state],
        .percent = exec->run.percent,
        .done = count_done(deploy),
        .total = (uint32_t)deploy->exec_count,
        .usual_ms = cmg__step_usual_ms(exec->run.step),
        .remaining_ms = whole.remaining_ms,
        .whole_percent = deploy->percent,
    };

    exec->news = false;
    exec->told_ms = now;
    cmg__callback_enter(deploy->head.ctx);
    int answer = events->on_step(deploy, &progress, events->user);
    cmg__callback_leave(deploy->head.ctx);
    return judge(deploy, answer, "on_step");
}

bool cmg__events_steps(cmg_deploy *deploy)
{
    int64_t now = cmg__env_now_ms(&deploy->head.ctx->env);

    for (size_t i = 0; deploy->events.on_step != NULL && i < deploy->exec_count; i++) {
        struct cmg__exec *exec = &deploy->execs[i];
        bool ended = exec->state == CMG__EXEC_DONE || exec->state == CMG__EXEC_FAILED;
        /* A wait is told at once: nothing else happens that could tell it later. */
        bool due =
            exec->told_ms == 0 || exec->waiting || now - exec->told_ms >= TELL_EVERY_MS;

        if (!exec->news || (!ended && !due))
            continue;
        if (!tell(deploy, exec, now))
            return false;
    }
    return true;
}

static bool nobody_to_ask(cmg_deploy *deploy)
{
    cmg_error *err = NULL;

    (void)cmg__fail(&err, &deploy->head.ctx->alloc, CMG_E_AUTH, "on_prompt",
                    "install on_prompt, or sign in with cmg_tenant_set_client_secret()",
                    "a person has to sign in, but the host has no on_prompt callback");
    cmg__engine_fail(deploy, &err);
    return true;
}

bool cmg__events_prompt(cmg_deploy *deploy)
{
    struct cmg__prompt *prompt = &deploy->work.prompt;
    const cmg_deploy_events *events = &deploy->events;
    const bool browser = prompt->kind == CMG_PROMPT_BROWSER;
    const cmg_sign_in_prompt public = {
        .size = sizeof public,
        .verification_uri = browser ? "" : cmg__str_or(prompt->uri, ""),
        .user_code = browser ? "" : cmg__str_or(prompt->code, ""),
        .message = cmg__str_or(prompt->message, ""),
        .expires_unix_s = prompt->expires_unix_s,
        .kind = (int32_t)prompt->kind,
        .browser_url = browser ? cmg__str_or(prompt->url, "") : "",
    };

    if (!prompt->pending)
        return true;
    prompt->pending = false;
    if (events->on_prompt == NULL)
        return nobody_to_ask(deploy);
    cmg__callback_enter(deploy->head.ctx);
    int answer = events->on_prompt(deploy, &public, events->user);
    cmg__callback_leave(deploy->head.ctx);
    if (answer == CMG_CALLBACK_PASS && !deploy->aborted)
        return nobody_to_ask(deploy);
    return judge(deploy, answer, "on_prompt");
}

static bool nobody_to_consent(cmg_deploy *deploy, const struct cmg__run *run)
{
    cmg_error *err = NULL;

    (void)cmg__consent_refused(run, &err);
    cmg__engine_fail(deploy, &err);
    return true;
}

static bool tell_consent(cmg_deploy *deploy, struct cmg__run *run)
{
    const cmg_deploy_events *events = &deploy->events;
    struct cmg__consent_text text;
    cmg_error *err = NULL;

    run->consent.pending = false;
    if (cmg__consent_text_make(run, &text, &err) != CMG_OK) {
        cmg__engine_fail(deploy, &err);
        return true;
    }
    cmg__callback_enter(deploy->head.ctx);
    int answer = events->on_consent(deploy, &text.request, events->user);
    cmg__callback_leave(deploy->head.ctx);
    cmg__consent_text_done(&text);
    if (answer == CMG_CALLBACK_PASS && !deploy->aborted)
        return nobody_to_consent(deploy, run);
    return judge(deploy, answer, "on_consent");
}

bool cmg__events_consent(cmg_deploy *deploy)
{
    bool alive = true;

    for (size_t i = 0; alive && i < deploy->exec_count; i++) {
        struct cmg__run *run = &deploy->execs[i].run;
        if (run->consent.pending && !cmg__engine_is_stopping(deploy))
            alive = tell_consent(deploy, run);
    }
    return alive;
}

bool cmg__events_confirm(cmg_deploy *deploy, const char *plan)
{
    const cmg_deploy_events *events = &deploy->events;

    cmg__callback_enter(deploy->head.ctx);
    int answer = events->on_confirm(deploy, plan, events->user);
    cmg__callback_leave(deploy->head.ctx);
    return judge(deploy, answer, "on_confirm");
}

bool cmg__events_done(cmg_deploy *deploy, const cmg_error *err)
{
    const cmg_deploy_events *events = &deploy->events;

    if (events->on_done == NULL)
        return true;
    cmg__callback_enter(deploy->head.ctx);
    (void)events->on_done(deploy, deploy->state, err, events->user);
    cmg__callback_leave(deploy->head.ctx);
    return !deploy->aborted;
}
