/*
 * A step in execution: which exchange is next and when. Keeps the time budget, writes
 * what was learned into the journal after each answer, holds effects back until the plan
 * is confirmed and judged, and looks more than once before it repeats what must not be
 * doubled.
 */
#include <string.h>

#include "base/log.h"
#include "deploy/again.h"
#include "deploy/browser.h"
#include "deploy/retry.h"

static int64_t now_ms(const struct cmg__exec *exec)
{
    return cmg__env_now_ms(&exec->deploy->head.ctx->env);
}

static void perform(struct cmg__exec *exec)
{
    if (cmg__engine_is_stopping(exec->deploy))
        return;
    if (exec->run.exchange->effect &&
        !cmg__engine_may_act(exec->deploy, exec->run.step)) {
        exec->state = CMG__EXEC_HELD;
        return;
    }
    cmg__exec_send(exec);
}

static void on_timer(struct cmg__timer *timer, void *user)
{
    struct cmg__exec *exec = user;
    cmg_deploy *deploy = exec->deploy;

    (void)timer;
    cmg__engine_enter(deploy);
    perform(exec);
    cmg__engine_settle(deploy);
    cmg__engine_leave(deploy);
}

void cmg__exec_init(struct cmg__exec *exec, cmg_deploy *deploy,
                    const struct cmg__step *step)
{
    *exec = (struct cmg__exec){
        .run = { .work = &deploy->work,
                 .step = step,
                 .percent = -1,
                 .exchange = &step->exchanges[0] },
        .deploy = deploy,
    };
    cmg__timer_init(&exec->timer, deploy->head.ctx->loop, on_timer, exec);
}

static void go_on(struct cmg__exec *exec)
{
    exec->state = CMG__EXEC_ACTIVE;
    exec->budget_from_ms = now_ms(exec);
    exec->budget_ms = exec->run.step->budget_ms;
    cmg__timer_start(&exec->timer, 0);
}

void cmg__exec_start(struct cmg__exec *exec)
{
    if (cmg__json_key(exec->deploy->intents, exec->run.step->name) != NULL) {
        exec->looks_left = CMG__EXEC_LOOKS;
        exec->sent = true; /* by the run before, for all that is known */
    }
    exec->started_ms = now_ms(exec);
    exec->news = true;
    go_on(exec);
}

void cmg__exec_release(struct cmg__exec *exec)
{
    go_on(exec);
}

void cmg__exec_stop(struct cmg__exec *exec)
{
    cmg__timer_stop(&exec->timer);
    cmg__browser_close(exec);
    if (exec->call != NULL)
        exec->deploy->transport.cancel(exec->deploy->transport.user, exec->call);
    exec->call = NULL;
}

static const char *reason(const cmg_error *error)
{
    return cmg_error_message(error)[0] == '\0' ? "no answer said so"
                                               : cmg_error_message(error);
}

/* Nothing of the cloud: the run itself cannot go on. */
static bool is_own(cmg_status code)
{
    return code == CMG_E_NOMEM || code == CMG_E_CALLBACK || code == CMG_E_INTERNAL;
}

/* True when the failure became one of the problems that are collected. */
static bool collect(struct cmg__exec *exec, cmg_error *err)
{
    struct cmg__work *work = exec->run.work;
    const cmg_problem problem = {
        .severity = CMG_SEVERITY_REFUSAL,
        .step = exec->run.step->name,
        .subject = cmg_error_subject(err),
        .what = reason(err),
        .cause = cmg_error_cause(err),
        .remedy = cmg_error_remedy(err),
        .service_code = cmg_error_service_code(err),
    };

    if (!work->problems.collect || exec->run.step->phase == CMG__PHASE_SIGN_IN ||
        is_own(cmg_error_code(err)))
        return false;
    return cmg__problems_add(&work->problems, work->alloc, &problem) == CMG_OK;
}

void cmg__exec_fail(struct cmg__exec *exec, cmg_error **err)
{
    cmg__timer_stop(&exec->timer);
    exec->state = CMG__EXEC_FAILED;
    exec->news = true;
    cmg__run_say(&exec->run, "%s", reason(*err));
    if (!collect(exec, *err)) {
        cmg__engine_fail(exec->deploy, err);
        return;
    }
    cmg_error_unref(*err);
    *err = NULL;
}

static void out_of_budget(struct cmg__exec *exec, const cmg_error *why)
{
    const struct cmg__step *step = exec->run.step;
    const struct cmg__error_info info = {
        .code = CMG_E_TIMEOUT,
        .retry = CMG_RETRY_LATER,
        .origin = cmg_error_origin(why),
        .origin_number = cmg_error_origin_number(why),
        .service_code = cmg_error_service_code(why),
        .subject = step->name,
        .cause = why == NULL ? exec->run.message : cmg_error_message(why),
        .remedy = "start again with the same journal: the deployment goes on from here",
    };
    cmg_error *err = NULL;

    (void)cmg__error_set(&err, exec->run.work->alloc, &info,
                         "%s was not done within %lld seconds", step->title,
                         (long long)(exec->budget_ms / 1000));
    cmg__exec_fail(exec, &err);
}

void cmg__exec_delay(struct cmg__exec *exec, int64_t delay_ms, const cmg_error *why)
{
    int64_t spent = now_ms(exec) - exec->budget_from_ms;

    if (exec->state != CMG__EXEC_ACTIVE || cmg__engine_is_stopping(exec->deploy))
        return;
    if (delay_ms > 0 && spent + delay_ms > exec->budget_ms) {
        out_of_budget(exec, why);
        return;
    }
    if (why != NULL && delay_ms > 0) {
        cmg__run_say(&exec->run, "again in %.1f s: %s", (double)delay_ms / 1000,
                     cmg_error_message(why));
        exec->waiting = true;
        exec->news = true;
    }
    cmg__timer_start(&exec->timer, delay_ms);
}

static const struct cmg__exchange *find_exchange(const struct cmg__step *step,
                                                 const char *name)
{
    for (size_t i = 0; i < step->exchange_count; i++) {
        if (strcmp(step->exchanges[i].name, name) == 0)
            return &step->exchanges[i];
    }
    return NULL;
}

static bool is_once(const struct cmg__exchange *exchange)
{
    const struct cmg__call *call = cmg__call_get(exchange->call);

    return call != NULL &&
           (call->retry == CMG__CLASS_ONCE || call->retry == CMG__CLASS_LOOK_FIRST);
}

void cmg__exec_go(struct cmg__exec *exec, const char *to, int64_t delay_ms,
                  const cmg_error *why)
{
    const struct cmg__exchange *target = find_exchange(exec->run.step, to);
    cmg_error *err = NULL;

    if (target == NULL) {
        (void)cmg__fail(&err, exec->run.work->alloc, CMG_E_INTERNAL, to, NULL,
                        "step %s has no exchange %s", exec->run.step->name, to);
        cmg__exec_fail(exec, &err);
        return;
    }
    if (is_once(target) && exec->looks_left > 0 && !is_once(exec->run.exchange)) {
        exec->looks_left--;
        cmg__exec_delay(exec, CMG__BACKOFF_BASE_MS, why);
        return;
    }
    exec->run.exchange = target;
    exec->token_renewed = false;
    exec->announced = false;
    cmg__exec_delay(exec, delay_ms, why);
}

/* Facts that the answer brought, and that an effect's outcome is known. */
static cmg_status keep_facts(struct cmg__exec *exec, cmg_error **err)
{
    struct cmg__run *run = &exec->run;
    bool once = is_once(run->exchange);

    if (!once && cmg__json_size(run->work->fresh) == 0)
        return CMG_OK;
    struct cmg__json *fresh = cmg__json_object();
    if (fresh == NULL)
        return cmg__fail_nomem(err);
    struct cmg__json *record = cmg__json_pack(
        "{s:s, s:s, s:s, s:O}", "t", once ? "result" : "facts", "step", run->step->name,
        "exchange", run->exchange->name, "facts", run->work->fresh);
    cmg_status rc = cmg__journal_write(&exec->deploy->journal, record, err);
    if (rc != CMG_OK) {
        cmg__json_unref(fresh);
        return rc;
    }
    cmg__json_unref(run->work->fresh);
    run->work->fresh = fresh;
    return CMG_OK;
}

static void finish(struct cmg__exec *exec)
{
    exec->state = CMG__EXEC_DONE;
    exec->news = true;
    exec->run.percent = 100;
    cmg__log(exec->deploy->head.ctx, CMG_LOG_INFO, "deploy", "step.done",
             exec->run.step->name, "%s: %s", exec->run.step->title, exec->run.message);
    if (cmg__again_is_sign_in(exec))
        cmg__again_done(exec->deploy);
}

static void go_again(struct cmg__exec *exec, const struct cmg__next *next,
                     int64_t hint_ms)
{
    int64_t delay = next->after_ms >= 0 ? next->after_ms
                                        : cmg__poll_delay_ms(exec->run.polls, hint_ms);

    exec->run.polls++;
    cmg__exec_delay(exec, delay, NULL);
}

/* A step that waits for a person says how long. */
static void extend(struct cmg__exec *exec)
{
    if (exec->run.extend_ms == 0)
        return;
    exec->budget_from_ms = now_ms(exec);
    exec->budget_ms = exec->run.extend_ms;
    exec->run.extend_ms = 0;
}

void cmg__exec_after(struct cmg__exec *exec, cmg_status rc, const struct cmg__next *next,
                     int64_t hint_ms, cmg_error **err)
{
    exec->news = true;
    if (rc == CMG_OK)
        rc = keep_facts(exec, err);
    if (rc != CMG_OK) {
        if (*err == NULL)
            (void)cmg__fail_nomem(err);
        cmg__exec_fail(exec, err);
        return;
    }
    extend(exec);
    if (exec->run.exchange->renews_budget)
        exec->budget_from_ms = now_ms(exec);
    if (next->kind == CMG__NEXT_DONE) {
        finish(exec);
    } else if (next->kind == CMG__NEXT_AGAIN) {
        go_again(exec, next, hint_ms);
    } else {
        int64_t delay =
            next->after_ms >= 0 ? next->after_ms : cmg__poll_delay_ms(0, hint_ms);
        cmg__exec_go(exec, next->to, delay, NULL);
    }
}
