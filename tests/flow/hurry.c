/* See hurry.h. */
#include "hurry.h"

#include <stdatomic.h>

static atomic_int_fast64_t skipped_ms;

static int64_t monotonic_ns(void *user)
{
    return cmg__env_system.monotonic_ns(user) + atomic_load(&skipped_ms) * 1000000;
}

static int64_t unix_ms(void *user)
{
    return cmg__env_system.unix_ms(user) + atomic_load(&skipped_ms);
}

void hurry_clock(struct cmg__env *env, bool wall)
{
    env->monotonic_ns = monotonic_ns;
    if (wall)
        env->unix_ms = unix_ms;
}

void hurry_past(int64_t ms)
{
    atomic_fetch_add(&skipped_ms, ms);
}

/* How long nothing happens; 0: an answer may come, or there is something to do. */
static int64_t idle_ms(const cmg_deploy *deploy)
{
    const int64_t now = cmg__env_now_ms(&deploy->head.ctx->env);
    int64_t due = INT64_MAX;

    for (size_t i = 0; i < deploy->exec_count; i++) {
        const struct cmg__exec *exec = &deploy->execs[i];
        if (exec->call != NULL)
            return 0;
        if (exec->timer.armed && exec->timer.due_ms < due)
            due = exec->timer.due_ms;
    }
    return due == INT64_MAX || due < now ? 0 : due - now;
}

cmg_status hurry_run(cmg_deploy *deploy, cmg_error **err)
{
    cmg_context *ctx = deploy->head.ctx;
    cmg_status rc = cmg_deploy_start(deploy, err);

    while (rc == CMG_OK && deploy->running) {
        atomic_fetch_add(&skipped_ms, idle_ms(deploy));
        rc = cmg_context_wait(ctx, CMG_FOREVER, err);
    }
    if (rc == CMG_OK && deploy->error != NULL) {
        cmg_error *why = cmg_error_ref(deploy->error);
        rc = cmg__error_move(err, &why);
    }
    return rc;
}
