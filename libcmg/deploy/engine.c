/*
 * The state machine. Everything happens in settle: it tells the host what is new, moves
 * from state to state, and starts the steps whose needs are done. It is called at the end
 * of each event of the loop, never from inside a public function. One function a state:
 *
 *   state      ends when                                     next
 *   ---------------------------------------------------------------------------------
 *   PREFLIGHT  the offline checks passed                     SIGN_IN
 *   SIGN_IN    the sign-in steps are done                    PLAN
 *   PLAN       each step is done, held or waits for others   CONFIRM, or APPLY unasked
 *   CONFIRM    the host said yes                             APPLY
 *   APPLY      all but the verifying steps are done          VERIFY; DELETED
 *   VERIFY     all steps are done                            READY
 *   any        an error, when nothing is under way           FAILED
 *   any        cancel                                        CANCELLING
 *   CANCELLING nothing is under way                          PAUSED
 */
#include <string.h>

#include "base/log.h"
#include "deploy/engine.h"

bool cmg__engine_is_stopping(const cmg_deploy *deploy)
{
    return deploy->cancel || deploy->aborted || deploy->error != NULL;
}

void cmg__engine_fail(cmg_deploy *deploy, cmg_error **err)
{
    if (*err == NULL)
        (void)cmg__fail_nomem(err);
    cmg__log(deploy->head.ctx, CMG_LOG_INFO, "deploy", "failed", cmg_error_subject(*err),
             "%s", cmg_error_message(*err));
    if (deploy->error == NULL) {
        deploy->error = *err;
        *err = NULL;
    }
    cmg_error_unref(*err);
    *err = NULL;
}

/* ---- the end ---- */

static void close_run(cmg_deploy *deploy)
{
    for (size_t i = 0; i < deploy->exec_count; i++)
        cmg__exec_stop(&deploy->execs[i]);
    cmg__task_cancel(&deploy->task);
    cmg__journal_close(&deploy->journal);
    if (deploy->running)
        deploy->gateway->deployments_running--;
    deploy->running = false;
}

void cmg__engine_abort(cmg_deploy *deploy)
{
    deploy->aborted = true;
    close_run(deploy);
}

static void finish(cmg_deploy *deploy, cmg_deploy_state end)
{
    cmg_error *why = deploy->error;

    if (end == CMG_DEPLOY_PAUSED) {
        cmg_error_unref(why);
        why = NULL;
        (void)cmg__fail(&why, &deploy->head.ctx->alloc, CMG_E_CANCELED, "deployment",
                        "start again with the same journal to go on",
                        "the deployment was stopped on request");
    }
    deploy->error = why;
    cmg_error *kept = cmg_error_ref(why);
    if (cmg__events_state(deploy, end, why)) {
        close_run(deploy);
        (void)cmg__events_done(deploy, kept);
    }
    cmg_error_unref(kept);
}

/* ---- steps ---- */

static struct cmg__exec *find_exec(cmg_deploy *deploy, const char *name)
{
    for (size_t i = 0; i < deploy->exec_count; i++) {
        if (strcmp(deploy->execs[i].run.step->name, name) == 0)
            return &deploy->execs[i];
    }
    return NULL;
}

static bool may_start(cmg_deploy *deploy, const struct cmg__step *step)
{
    for (size_t i = 0; i < CMG__STEP_NEEDS && step->needs[i] != NULL; i++) {
        const struct cmg__exec *need = find_exec(deploy, step->needs[i]);
        if (need != NULL && need->state != CMG__EXEC_DONE)
            return false;
    }
    return true;
}

/* What refuses has to come before anything is made, even what can be looked at only when
   a provider is registered. */
static bool is_judged(const cmg_deploy *deploy)
{
    for (size_t i = 0; i < deploy->exec_count; i++) {
        const struct cmg__exec *exec = &deploy->execs[i];
        if (exec->run.step->judges && exec->state != CMG__EXEC_DONE)
            return false;
    }
    return true;
}

bool cmg__engine_may_act(const cmg_deploy *deploy, const struct cmg__step *step)
{
    return deploy->confirmed && (step->enables || is_judged(deploy));
}

/* Starts what may start up to a phase; true when it started or released something. */
static bool schedule(cmg_deploy *deploy, enum cmg__phase phase)
{
    bool any = false;

    for (size_t i = 0; i < deploy->exec_count; i++) {
        struct cmg__exec *exec = &deploy->execs[i];
        bool held =
            exec->state == CMG__EXEC_HELD && cmg__engine_may_act(deploy, exec->run.step);
        bool ready = exec->state == CMG__EXEC_WAITING && exec->run.step->phase <= phase &&
                     may_start(deploy, exec->run.step);

        if (held)
            cmg__exec_release(exec);
        if (ready)
            cmg__exec_start(exec);
        any = any || held || ready;
    }
    return any;
}

static size_t count(const cmg_deploy *deploy, enum cmg__exec_state state)
{
    size_t n = 0;

    for (size_t i = 0; i < deploy->exec_count; i++)
        n += deploy->execs[i].state == state;
    return n;
}

static bool phase_is_done(const cmg_deploy *deploy, enum cmg__phase phase)
{
    for (size_t i = 0; i < deploy->exec_count; i++) {
        const struct cmg__exec *exec = &deploy->execs[i];
        if (exec->run.step->phase <= phase && exec->state != CMG__EXEC_DONE)
            return false;
    }
    return true;
}

static size_t count_calls(const cmg_deploy *deploy)
{
    size_t n = 0;

    for (size_t i = 0; i < deploy->exec_count; i++)
        n += deploy->execs[i].call != NULL;
    return n;
}

/* ---- states ---- */

static cmg_status preflight(const cmg_deploy *deploy, cmg_error **err)
{
    const struct cmg__alloc *alloc = &deploy->head.ctx->alloc;
    const struct cmg__operation *operation = deploy->operation;

    if (operation->needs_gateway && !cmg__gateway_is_whole(deploy->gateway))
        return cmg__fail(err, alloc, CMG_E_STATE, "/gateway",
                         "add the groups site, gateway and roles to the specification, "
                         "and the subscription",
                         "%s needs a gateway, but %s describes a tenant and its "
                         "applications only",
                         operation->name, deploy->gateway->source);
    if (operation->needs_discovery && deploy->discovery.table.kinds == 0)
        return cmg__fail(err, alloc, CMG_E_STATE, "discovery",
                         "call cmg_deploy_set_discovery() first",
                         "the deployment was not told what to discover");
    if (!operation->needs_authority || deploy->gateway->authority != NULL ||
        deploy->gateway->given_certificate != NULL ||
        (operation->collects && deploy->gateway->refused_certificate != NULL))
        return CMG_OK;
    return cmg__fail(err, alloc, CMG_E_STATE, "authority",
                     "call cmg_gateway_set_authority() or "
                     "cmg_gateway_set_certificate() first",
                     "gateway \"%s\" has neither a certificate nor an authority that "
                     "could issue it",
                     deploy->gateway->name);
}

static bool state_idle(cmg_deploy *deploy)
{
    return cmg__events_state(deploy, CMG_DEPLOY_PREFLIGHT, NULL);
}

static bool state_preflight(cmg_deploy *deploy)
{
    cmg_error *err = NULL;

    if (preflight(deploy, &err) != CMG_OK) {
        cmg__engine_fail(deploy, &err);
        return true;
    }
    return cmg__events_state(deploy, CMG_DEPLOY_SIGN_IN, NULL);
}

static bool state_sign_in(cmg_deploy *deploy)
{
    if (schedule(deploy, CMG__PHASE_SIGN_IN))
        return true;
    if (!phase_is_done(deploy, CMG__PHASE_SIGN_IN))
        return false;
    return cmg__events_state(deploy, CMG_DEPLOY_PLAN, NULL);
}

static const char *title_of_need(cmg_deploy *deploy, const struct cmg__step *step)
{
    for (size_t i = 0; i < CMG__STEP_NEEDS && step->needs[i] != NULL; i++) {
        const struct cmg__exec *need = find_exec(deploy, step->needs[i]);
        if (need != NULL && need->state != CMG__EXEC_DONE)
            return need->run.step->title;
    }
    return "something else";
}

/* What a preflight could not judge, and what a create is going to change. */
static cmg_status note_rest(cmg_deploy *deploy, struct cmg__exec *exec, cmg_error **err)
{
    const struct cmg__step *step = exec->run.step;
    cmg_problem note = { .severity = CMG_SEVERITY_NOTE, .subject = step->name };

    if (exec->state == CMG__EXEC_WAITING && step->judges) {
        note.cause = "it hangs on something that is not there yet, or not right";
        note.remedy = "create looks at it in time; or check again when that is done";
        return cmg__run_problem(&exec->run, CMG_E_STATE, &note, err,
                                "%s could not be looked at: %s comes first", step->title,
                                title_of_need(deploy, step));
    }
    if (exec->state != CMG__EXEC_HELD || exec->run.plan != CMG__PLAN_CHANGE)
        return CMG_OK;
    note.fixable = 1;
    note.remedy = "create does it";
    return cmg__run_problem(&exec->run, CMG_E_STATE, &note, err,
                            "%s has to be changed%s%s", step->title,
                            exec->run.message[0] != '\0' ? ": " : "", exec->run.message);
}

static void note_all(cmg_deploy *deploy)
{
    cmg_error *err = NULL;
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < deploy->exec_count; i++)
        rc = note_rest(deploy, &deploy->execs[i], &err);
    if (rc != CMG_OK)
        cmg__engine_fail(deploy, &err);
}

/* What was only planned binds nobody; from here on it may have begun. */
static bool apply(cmg_deploy *deploy)
{
    cmg_error *err = NULL;

    if (!deploy->operation->reads_only &&
        cmg__journal_confirm(&deploy->journal, &err) != CMG_OK) {
        cmg__engine_fail(deploy, &err);
        return true;
    }
    deploy->confirmed = true;
    return cmg__events_state(deploy, CMG_DEPLOY_APPLY, NULL);
}

static bool state_plan(cmg_deploy *deploy)
{
    if (schedule(deploy, CMG__PHASE_APPLY))
        return true;
    if (count(deploy, CMG__EXEC_ACTIVE) > 0)
        return false;
    deploy->planned = true;
    if (deploy->operation->collects)
        note_all(deploy);
    if (deploy->error != NULL)
        return true;
    if (deploy->operation->dry) {
        finish(deploy, deploy->operation->end);
        return false;
    }
    if (deploy->events.on_confirm != NULL && !deploy->operation->reads_only)
        return cmg__events_state(deploy, CMG_DEPLOY_CONFIRM, NULL);
    return apply(deploy);
}

static bool state_confirm(cmg_deploy *deploy)
{
    struct cmg__buf plan;
    cmg_error *err = NULL;
    bool alive = true;

    cmg__buf_init(&plan, &deploy->head.ctx->alloc, 64 * 1024);
    if (cmg__plan_text(deploy, &plan) == CMG_OK) {
        alive = cmg__events_confirm(deploy, cmg__buf_cstr(&plan));
    } else {
        (void)cmg__fail_nomem(&err);
        cmg__engine_fail(deploy, &err);
    }
    cmg__buf_done(&plan);
    if (!alive || cmg__engine_is_stopping(deploy))
        return alive;
    return apply(deploy);
}

/* A table whose needs cannot be met would wait for ever. */
static bool stuck(cmg_deploy *deploy)
{
    cmg_error *err = NULL;

    if (count(deploy, CMG__EXEC_ACTIVE) > 0)
        return false;
    (void)cmg__fail(&err, &deploy->head.ctx->alloc, CMG_E_INTERNAL, "steps", NULL,
                    "%zu steps wait for one another", count(deploy, CMG__EXEC_WAITING));
    cmg__engine_fail(deploy, &err);
    return true;
}

static bool deleted(cmg_deploy *deploy)
{
    cmg_error *err = NULL;

    if (cmg__journal_remove(&deploy->journal, &err) != CMG_OK) {
        cmg__engine_fail(deploy, &err);
        return true;
    }
    finish(deploy, CMG_DEPLOY_DELETED);
    return false;
}

static bool state_apply(cmg_deploy *deploy)
{
    if (schedule(deploy, CMG__PHASE_APPLY))
        return true;
    if (!phase_is_done(deploy, CMG__PHASE_APPLY))
        return stuck(deploy);
    if (deploy->operation->end == CMG_DEPLOY_DELETED)
        return deleted(deploy);
    return cmg__events_state(deploy, CMG_DEPLOY_VERIFY, NULL);
}

static bool state_verify(cmg_deploy *deploy)
{
    if (schedule(deploy, CMG__PHASE_VERIFY))
        return true;
    if (!phase_is_done(deploy, CMG__PHASE_VERIFY))
        return stuck(deploy);
    finish(deploy, CMG_DEPLOY_READY);
    return false;
}

/* True: something changed, look again. False: wait for the next event. */
static bool (*const states[])(cmg_deploy *deploy) = {
    [CMG_DEPLOY_IDLE] = state_idle,       [CMG_DEPLOY_PREFLIGHT] = state_preflight,
    [CMG_DEPLOY_SIGN_IN] = state_sign_in, [CMG_DEPLOY_PLAN] = state_plan,
    [CMG_DEPLOY_CONFIRM] = state_confirm, [CMG_DEPLOY_APPLY] = state_apply,
    [CMG_DEPLOY_VERIFY] = state_verify,   [CMG_DEPLOY_READY] = NULL,
    [CMG_DEPLOY_PAUSED] = state_idle,     [CMG_DEPLOY_CANCELLING] = NULL,
    [CMG_DEPLOY_ROLLING_BACK] = NULL,     [CMG_DEPLOY_FAILED] = state_idle,
    [CMG_DEPLOY_DELETED] = NULL,
};

static bool stop(cmg_deploy *deploy)
{
    if (deploy->cancel && deploy->state != CMG_DEPLOY_CANCELLING)
        return cmg__events_state(deploy, CMG_DEPLOY_CANCELLING, NULL);
    for (size_t i = 0; i < deploy->exec_count; i++)
        cmg__timer_stop(&deploy->execs[i].timer);
    if (count_calls(deploy) == 0)
        finish(deploy, deploy->cancel ? CMG_DEPLOY_PAUSED : CMG_DEPLOY_FAILED);
    return false;
}

static bool advance(cmg_deploy *deploy)
{
    if (!cmg__events_steps(deploy) || !cmg__events_prompt(deploy) ||
        !cmg__events_consent(deploy))
        return false;
    if (cmg__engine_is_stopping(deploy))
        return stop(deploy);
    return states[deploy->state] != NULL && states[deploy->state](deploy);
}

void cmg__engine_settle(cmg_deploy *deploy)
{
    while (!deploy->aborted && deploy->running && advance(deploy))
        continue;
}

void cmg__engine_enter(cmg_deploy *deploy)
{
    deploy->busy++;
}

void cmg__engine_leave(cmg_deploy *deploy)
{
    deploy->busy--;
    if (deploy->busy == 0 && deploy->aborted)
        cmg__deploy_free(deploy);
}

void cmg__engine_free_execs(cmg_deploy *deploy)
{
    for (size_t i = 0; i < deploy->exec_count; i++) {
        cmg__exec_stop(&deploy->execs[i]);
        cmg__free(&deploy->head.ctx->alloc, deploy->execs[i].url);
        cmg_error_unref(deploy->execs[i].run.consent.refusal);
    }
    cmg__free(&deploy->head.ctx->alloc, deploy->execs);
    deploy->execs = NULL;
    deploy->exec_count = 0;
}

cmg_status cmg__engine_prepare(cmg_deploy *deploy, cmg_error **err)
{
    const struct cmg__step_table *table = deploy->table;

    cmg__engine_free_execs(deploy);
    deploy->execs =
        cmg__alloc_array(&deploy->head.ctx->alloc, table->count, sizeof *deploy->execs);
    if (deploy->execs == NULL)
        return cmg__fail_nomem(err);
    deploy->exec_count = table->count;
    for (size_t i = 0; i < table->count; i++)
        cmg__exec_init(&deploy->execs[i], deploy, table->steps[i]);
    cmg_error_unref(deploy->error);
    deploy->error = NULL;
    deploy->cancel = false;
    deploy->again = 0;
    deploy->percent = 0;
    deploy->planned = false;
    deploy->confirmed = false;
    return CMG_OK;
}
