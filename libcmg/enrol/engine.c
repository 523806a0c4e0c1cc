/*
 * The engine: one step of the method after the other, until the certificate is there or
 * an error says that there will be none. Everything happens in a turn, which is called
 * from the loop, never from inside a public function.
 *
 *   method says   state                    what happens
 *   ------------------------------------------------------------------------------
 *   SEND          SUBMITTING or PENDING    announced if once, sent, answer read, saved
 *   WAIT          SUBMITTING or PENDING    the timer
 *   CHALLENGE     CHALLENGE                the host is told, its word is waited for
 *   ISSUED        ISSUED                   matched with the request, saved, closed
 *   CMG_E_DENIED  DENIED                   saved, closed
 *   an error      as its retry class says  again after a delay, or FAILED
 */
#include "base/backoff.h"
#include "enrol/enrolment.h"

static void enter(cmg_enrolment *e)
{
    e->busy++;
}

static void leave(cmg_enrolment *e)
{
    e->busy--;
    if (e->busy == 0 && e->aborted)
        cmg__enrolment_free(e);
}

static void release_step(cmg_enrolment *e)
{
    cmg__http_request_done(&e->step.request);
    cmg__x509_free_list(&e->head.ctx->alloc, e->step.certs, e->step.cert_count);
    e->step = (struct cmg__enrol_step){ .kind = CMG__ENROL_WAIT };
    cmg__http_request_init(&e->step.request, &e->head.ctx->alloc);
}

/* The first failure counts; takes the error over. */
static void fail(cmg_enrolment *e, cmg_error **err)
{
    if (*err == NULL)
        (void)cmg__fail_nomem(err);
    cmg__log(e->head.ctx, CMG_LOG_INFO, "enrol", "failed", cmg_error_subject(*err), "%s",
             cmg_error_message(*err));
    if (e->error == NULL) {
        e->error = *err;
        *err = NULL;
    }
    cmg_error_unref(*err);
    *err = NULL;
}

static void fail_if(cmg_enrolment *e, cmg_error **err)
{
    if (*err != NULL)
        fail(e, err);
}

static void save(cmg_enrolment *e)
{
    cmg_error *err = NULL;

    if (cmg__enrol_save(e, &err) != CMG_OK)
        fail(e, &err);
}

/* ---- the end ---- */

static void close_run(cmg_enrolment *e)
{
    if (e->call != NULL)
        e->transport.cancel(e->transport.user, e->call);
    e->call = NULL;
    cmg__timer_stop(&e->timer);
    cmg__timer_stop(&e->deadline);
    cmg__task_cancel(&e->task);
    cmg__checkpoint_close(&e->checkpoint);
    e->waiting = false;
    e->challenged = false;
    e->running = false;
}

static cmg_enrolment_state end_of(const cmg_enrolment *e)
{
    const cmg_status code = cmg_error_code(e->error);

    if (e->error == NULL)
        return CMG_ENROLMENT_ISSUED;
    if (code == CMG_E_DENIED)
        return CMG_ENROLMENT_DENIED;
    if (code == CMG_E_CANCELED)
        return CMG_ENROLMENT_CANCELED;
    return e->expired && e->state == CMG_ENROLMENT_PENDING ? CMG_ENROLMENT_PENDING
                                                           : CMG_ENROLMENT_FAILED;
}

static bool finish(cmg_enrolment *e)
{
    cmg_error *ignored = NULL;

    save(e);
    cmg_error *why = cmg_error_ref(e->error);
    cmg_enrolment_state end = end_of(e);
    release_step(e);
    cmg__enrol_tell_state(e, end, why, &ignored);
    cmg_error_unref(ignored);
    if (!e->aborted) {
        close_run(e);
        cmg__enrol_tell_closed(e, end, why);
    }
    cmg_error_unref(why);
    return false;
}

static bool stop(cmg_enrolment *e)
{
    const struct cmg__alloc *alloc = &e->head.ctx->alloc;

    if (e->error == NULL && e->cancel)
        (void)cmg__fail(&e->error, alloc, CMG_E_CANCELED, "enrolment",
                        "start again with the same checkpoint to go on",
                        "the enrolment was stopped on request");
    if (e->error == NULL)
        (void)cmg__fail(&e->error, alloc, CMG_E_TIMEOUT, "enrolment",
                        "start again later with the same checkpoint to go on",
                        "the enrolment took longer than %lld ms",
                        (long long)e->budget_ms);
    return finish(e);
}

/* ---- after a failure ---- */

static void wait_for(cmg_enrolment *e, int64_t delay_ms)
{
    e->waiting = true;
    cmg__timer_start(&e->timer, delay_ms);
}

static bool is_unknown(const cmg_enrolment *e, bool answered, const cmg_error *why)
{
    if (!e->step.once || cmg_error_retry(why) == CMG_RETRY_LATER)
        return false;
    return answered ? cmg_error_retry(why) == CMG_RETRY_TRANSIENT
                    : !cmg__http_was_not_sent(why);
}

/* Whether the request was carried out decides what must be durable, its retry class
   whether it is made again. Takes the error over. */
static void after_failure(cmg_enrolment *e, bool answered, cmg_error **why)
{
    cmg_error *err = NULL;
    const cmg_retry retry = cmg_error_retry(*why);
    const bool again = retry != CMG_RETRY_NEVER && cmg_error_code(*why) != CMG_E_NOMEM &&
                       e->attempt + 1 < CMG__ENROL_ATTEMPTS;

    if (is_unknown(e, answered, *why))
        (void)e->method->ops->lost(e->method, &e->c, &err);
    fail_if(e, &err);
    e->announced = false;
    if (!again) {
        fail(e, why);
        return;
    }
    save(e);
    int64_t delay_ms = cmg__backoff_ms(e->attempt++, cmg__backoff_jitter(e->c.env),
                                       cmg_error_retry_after_ms(*why));
    cmg__log(e->head.ctx, CMG_LOG_INFO, "enrol", "again", cmg_error_subject(*why),
             "again in %lld ms: %s", (long long)delay_ms, cmg_error_message(*why));
    wait_for(e, delay_ms);
    cmg_error_unref(*why);
    *why = NULL;
}

/* ---- what a step wants ---- */

static bool is_stopping(const cmg_enrolment *e)
{
    return e->error != NULL || e->cancel || e->expired || e->aborted;
}

static void on_answer(void *user, const struct cmg__http_response *resp,
                      const cmg_error *err);

static void enter_state(cmg_enrolment *e)
{
    cmg_error *err = NULL;

    cmg__enrol_tell_state(
        e, e->step.pending ? CMG_ENROLMENT_PENDING : CMG_ENROLMENT_SUBMITTING, NULL,
        &err);
    fail_if(e, &err);
}

static cmg_status start(cmg_enrolment *e, cmg_error **err)
{
    struct cmg__enrol_signed_in kept;
    struct cmg__http_options options = e->step.options;
    cmg_status rc = CMG_OK;

    cmg__enrol_signed_in_init(&kept, &e->head.ctx->alloc);
    if (e->step.with_credentials)
        rc = cmg__enrol_sign_in(&e->credentials, e->origin, e->step.request.url, &options,
                                &kept, err);
    if (rc == CMG_OK)
        rc = e->transport.start(e->transport.user, &e->step.request, &options, on_answer,
                                e, &e->call, err);
    cmg__enrol_signed_in_done(&kept);
    return rc;
}

/* What must be known after a crash is durable before the request leaves. */
static bool act_send(cmg_enrolment *e)
{
    cmg_error *err = NULL;

    enter_state(e);
    if (is_stopping(e))
        return true;
    e->announced = e->step.once;
    if (e->step.once)
        save(e);
    if (is_stopping(e)) {
        e->announced = false;
        return true;
    }
    if (start(e, &err) != CMG_OK) {
        e->announced = false;
        fail(e, &err);
    }
    return e->call == NULL;
}

static bool act_wait(cmg_enrolment *e)
{
    enter_state(e);
    if (!is_stopping(e))
        wait_for(e, e->step.wait_ms);
    return true;
}

static bool act_challenge(cmg_enrolment *e)
{
    cmg_error *err = NULL;
    const bool present = e->step.challenge_count > 0 &&
                         e->step.challenges[0].action == CMG_CHALLENGE_PRESENT;

    e->challenged = present;
    if (present)
        cmg__enrol_tell_state(e, CMG_ENROLMENT_CHALLENGE, NULL, &err);
    if (err == NULL && !e->aborted)
        cmg__enrol_tell_challenges(e, &err);
    fail_if(e, &err);
    return true;
}

static bool act_issued(cmg_enrolment *e)
{
    cmg_error *err = NULL;
    struct cmg__x509 **certs = e->step.certs;

    e->step.certs = NULL;
    if (cmg__enrol_take(e, certs, e->step.cert_count, &err) != CMG_OK)
        fail(e, &err);
    e->step.cert_count = 0;
    return finish(e);
}

/* True: look again. False: wait for the next event. */
static bool (*const acts[])(cmg_enrolment *e) = {
    [CMG__ENROL_SEND] = act_send,
    [CMG__ENROL_WAIT] = act_wait,
    [CMG__ENROL_CHALLENGE] = act_challenge,
    [CMG__ENROL_ISSUED] = act_issued,
};

static bool take_step(cmg_enrolment *e)
{
    cmg_error *err = NULL;

    release_step(e);
    if (e->method->ops->next(e->method, &e->c, &e->step, &err) == CMG_OK)
        return acts[e->step.kind](e);
    e->step.once = false; /* nothing was sent */
    after_failure(e, true, &err);
    return true;
}

static bool answered(cmg_enrolment *e)
{
    cmg_error *err = NULL;

    release_step(e);
    if (e->method->ops->answered(e->method, &e->c, &err) != CMG_OK)
        fail(e, &err);
    else
        save(e);
    return true;
}

static bool advance(cmg_enrolment *e)
{
    if (e->call != NULL)
        return false;
    if (is_stopping(e))
        return stop(e);
    if (e->certificate != NULL)
        return finish(e);
    if (e->waiting || e->challenged)
        return false;
    return e->step.kind == CMG__ENROL_CHALLENGE ? answered(e) : take_step(e);
}

static void turn(cmg_enrolment *e)
{
    enter(e);
    while (!e->aborted && e->running && advance(e))
        continue;
    leave(e);
}

/* ---- events of the loop ---- */

static void on_answer(void *user, const struct cmg__http_response *resp,
                      const cmg_error *error)
{
    cmg_enrolment *e = user;
    cmg_error *err = NULL;
    cmg_status rc = CMG_OK;

    enter(e);
    e->call = NULL;
    cmg__log(e->head.ctx, CMG_LOG_DEBUG, "enrol", "answer", e->method->ops->name,
             "status %d", resp == NULL ? 0 : resp->status);
    if (resp != NULL)
        rc = e->method->ops->read(e->method, &e->c, resp, &err);
    else
        rc = cmg_error_code(error);
    if (resp == NULL)
        err = cmg_error_ref(error);
    if (rc == CMG_OK) {
        e->attempt = 0;
        e->announced = false;
        save(e);
    } else {
        after_failure(e, resp != NULL, &err);
    }
    turn(e);
    leave(e);
}

static void on_task(struct cmg__task *task, void *user)
{
    (void)task;
    turn(user);
}

static void on_timer(struct cmg__timer *timer, void *user)
{
    cmg_enrolment *e = user;

    (void)timer;
    e->waiting = false;
    turn(e);
}

static void on_deadline(struct cmg__timer *timer, void *user)
{
    cmg_enrolment *e = user;

    (void)timer;
    e->expired = true;
    turn(e);
}

void cmg__enrol_init(cmg_enrolment *e)
{
    struct cmg__loop *loop = e->head.ctx->loop;

    cmg__timer_init(&e->timer, loop, on_timer, e);
    cmg__timer_init(&e->deadline, loop, on_deadline, e);
    cmg__task_init(&e->task, on_task, e);
    cmg__http_request_init(&e->step.request, &e->head.ctx->alloc);
}

void cmg__enrol_poke(cmg_enrolment *e)
{
    cmg__task_post(e->head.ctx->loop, &e->task);
}

void cmg__enrol_begin(cmg_enrolment *e)
{
    cmg_error_unref(e->error);
    e->error = NULL;
    e->attempt = 0;
    e->cancel = false;
    e->expired = false;
    e->running = true;
    if (e->budget_ms >= 0)
        cmg__timer_start(&e->deadline, e->budget_ms);
    cmg__enrol_poke(e);
}

void cmg__enrol_abort(cmg_enrolment *e)
{
    enter(e);
    e->aborted = true;
    close_run(e);
    leave(e);
}
