/* See again.h. */
#include "deploy/again.h"

#include <string.h>

#include "azure/challenge.h"
#include "deploy/sign_in.h"
#include "deploy/steps.h"

#define MAX_TIMES 3 /* in one run: a person is not asked for ever */

bool cmg__again_is_sign_in(const struct cmg__exec *exec)
{
    return exec->run.step == &cmg__step_sign_in;
}

static struct cmg__exec *find_sign_in(cmg_deploy *deploy)
{
    for (size_t i = 0; i < deploy->exec_count; i++) {
        if (cmg__again_is_sign_in(&deploy->execs[i]))
            return &deploy->execs[i];
    }
    return NULL;
}

bool cmg__again_is_possible(cmg_deploy *deploy)
{
    return cmg__sign_in_method(&deploy->work)->prompts && deploy->again < MAX_TIMES &&
           find_sign_in(deploy) != NULL;
}

bool cmg__again_is_needed(const struct cmg__exec *exec)
{
    return !cmg__again_is_sign_in(exec) && exec->deploy->again > 0 &&
           cmg__sign_in_method(exec->run.work)->prompts &&
           !cmg__secret_is_set(&exec->run.work->tokens.refresh);
}

void cmg__again_wait(struct cmg__exec *exec)
{
    cmg_deploy *deploy = exec->deploy;
    struct cmg__exec *sign_in = find_sign_in(deploy);

    exec->attempt = 0;
    exec->token_renewed = false;
    exec->news = true;
    if (sign_in == exec) {
        deploy->again++;
        cmg__exec_go(exec, exec->run.step->exchanges[0].name, 0, NULL);
        return;
    }
    exec->parked = true;
    cmg__run_say(&exec->run, "waiting for somebody to sign in again");
    if (sign_in == NULL || sign_in->state != CMG__EXEC_DONE)
        return;
    deploy->again++;
    sign_in->run.bits = 0;
    sign_in->run.exchange = &sign_in->run.step->exchanges[0];
    cmg__exec_start(sign_in);
}

void cmg__again_done(cmg_deploy *deploy)
{
    for (size_t i = 0; i < deploy->exec_count; i++) {
        if (!deploy->execs[i].parked)
            continue;
        deploy->execs[i].parked = false;
        cmg__exec_release(&deploy->execs[i]);
    }
}

void cmg__again_explain(const struct cmg__work *work, const char *claims, cmg_error **err)
{
    struct cmg__buf text;
    cmg_error *from = *err;
    cmg_error *fresh = NULL;
    char *cause = NULL;

    cmg__buf_init(&text, work->alloc, 64 * 1024);
    if (cmg__challenge_describe(work->alloc, claims, &text) == CMG_OK)
        cause = cmg__format(work->alloc, "the service demands more of the sign-in: %s",
                            cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    if (cause == NULL)
        return;
    const struct cmg__error_info info = {
        .code = CMG_E_AUTH,
        .origin = cmg_error_origin(from),
        .origin_number = cmg_error_origin_number(from),
        .service_code = cmg_error_service_code(from),
        .subject = cmg_error_subject(from),
        .cause = cause,
        .remedy = cmg__sign_in_is_person(work)
                      ? "sign in with what is demanded, most often multi-factor "
                        "authentication, or on a device that the policy admits"
                      : "have an administrator exempt the application from the "
                        "conditional access policy, or sign in as a person",
    };
    (void)cmg__error_set(&fresh, work->alloc, &info, "%s", cmg_error_message(from));
    cmg__free(work->alloc, cause);
    cmg_error_unref(from);
    *err = fresh;
}
