/* The host's callbacks: each call is bracketed, its answer judged in one place. */
#include "enrol/enrolment.h"

static void judge(cmg_enrolment *e, int answer, const char *callback, cmg_error **err)
{
    if (e->aborted || answer == 0 || answer == CMG_CALLBACK_PASS)
        return;
    const struct cmg__error_info info = {
        .code = CMG_E_CALLBACK,
        .origin_number = answer,
        .subject = callback,
        .remedy = "start again with the same checkpoint when the host is ready",
    };
    (void)cmg__error_set(err, &e->head.ctx->alloc, &info,
                         "the host's callback %s returned %d", callback, answer);
}

void cmg__enrol_tell_state(cmg_enrolment *e, cmg_enrolment_state now,
                           const cmg_error *why, cmg_error **err)
{
    const cmg_enrolment_events *events = &e->events;

    if (e->state == now)
        return;
    e->state = now;
    if (events->on_state == NULL)
        return;
    cmg__callback_enter(e->head.ctx);
    int answer = events->on_state(e, now, why, events->user);
    cmg__callback_leave(e->head.ctx);
    judge(e, answer, "on_state", err);
}

static cmg_status nobody_to_ask(const cmg_enrolment *e, cmg_error **err)
{
    return cmg__fail(err, &e->head.ctx->alloc, CMG_E_STATE, "on_challenge",
                     "install on_challenge",
                     "the authority wants a proof, but the host has no on_challenge "
                     "callback");
}

void cmg__enrol_tell_challenges(cmg_enrolment *e, cmg_error **err)
{
    const cmg_enrolment_events *events = &e->events;
    int answer = events->on_challenge == NULL ? CMG_CALLBACK_PASS : 0;

    for (size_t i = 0; answer == 0 && !e->aborted && i < e->step.challenge_count; i++) {
        cmg__callback_enter(e->head.ctx);
        answer = events->on_challenge(e, &e->step.challenges[i], events->user);
        cmg__callback_leave(e->head.ctx);
    }
    if (answer == CMG_CALLBACK_PASS && !e->aborted)
        (void)nobody_to_ask(e, err);
    else
        judge(e, answer, "on_challenge", err);
}

void cmg__enrol_tell_closed(cmg_enrolment *e, cmg_enrolment_state end,
                            const cmg_error *why)
{
    const cmg_enrolment_events *events = &e->events;

    if (events->on_closed == NULL || e->aborted)
        return;
    cmg__callback_enter(e->head.ctx);
    (void)events->on_closed(e, end, why, events->user);
    cmg__callback_leave(e->head.ctx);
}
