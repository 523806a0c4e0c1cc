/* See progress.h. */
#include "deploy/progress.h"

#include <string.h>

/* What a look, or one request with an effect, takes. */
#define MOMENT_MS 1500

int64_t cmg__step_usual_ms(const struct cmg__step *step)
{
    return step->usual_ms > 0 ? step->usual_ms : MOMENT_MS;
}

/* A step that is under way takes a moment longer, however long it has been. */
static int64_t left_ms(const struct cmg__exec *exec, int64_t now_ms)
{
    const int64_t usual = cmg__step_usual_ms(exec->run.step);
    int64_t left = usual - (now_ms - exec->budget_from_ms);

    if (exec->state == CMG__EXEC_DONE || exec->state == CMG__EXEC_FAILED)
        return 0;
    if (exec->state != CMG__EXEC_ACTIVE || !exec->deploy->confirmed)
        return usual;
    if (exec->run.percent >= 0)
        left = usual * (100 - exec->run.percent) / 100;
    return left < MOMENT_MS ? MOMENT_MS : left;
}

static size_t index_of(const cmg_deploy *deploy, const char *name)
{
    size_t i = 0;

    while (i < deploy->exec_count && strcmp(deploy->execs[i].run.step->name, name) != 0)
        i++;
    return i;
}

#define MOST_STEPS 64

/* When each step ends; -1: not known yet. */
struct ends {
    const cmg_deploy *deploy;
    int64_t now_ms;
    int64_t at[MOST_STEPS];
    int64_t applied; /* when the verifying steps may begin */
};

static int64_t end_of(struct ends *ends, size_t i, unsigned depth)
{
    const struct cmg__exec *exec = &ends->deploy->execs[i];
    const struct cmg__step *step = exec->run.step;
    int64_t from = step->phase == CMG__PHASE_VERIFY ? ends->applied : 0;

    if (ends->at[i] >= 0 || depth > MOST_STEPS)
        return ends->at[i] < 0 ? 0 : ends->at[i];
    if (exec->state == CMG__EXEC_DONE) {
        ends->at[i] = 0;
        return 0;
    }
    for (size_t k = 0; k < CMG__STEP_NEEDS && step->needs[k] != NULL; k++) {
        const size_t need = index_of(ends->deploy, step->needs[k]);
        if (need >= MOST_STEPS || need == ends->deploy->exec_count)
            continue;
        const int64_t at = end_of(ends, need, depth + 1);
        from = at > from ? at : from;
    }
    ends->at[i] = from + left_ms(exec, ends->now_ms);
    return ends->at[i];
}

static int64_t last_end(struct ends *ends, enum cmg__phase phase)
{
    int64_t last = 0;

    for (size_t i = 0; i < ends->deploy->exec_count && i < MOST_STEPS; i++) {
        const bool counts = ends->deploy->execs[i].run.step->phase <= phase;
        const int64_t at = counts ? end_of(ends, i, 0) : 0;
        last = at > last ? at : last;
    }
    return last;
}

/* By how long the steps usually take, so that a short one is not half of the whole. */
static int percent(const cmg_deploy *deploy, int64_t now_ms)
{
    int64_t all = 0, left = 0;

    for (size_t i = 0; i < deploy->exec_count; i++) {
        all += cmg__step_usual_ms(deploy->execs[i].run.step);
        left += left_ms(&deploy->execs[i], now_ms);
    }
    if (all == 0 || left <= 0)
        return 100;
    const int64_t done = all > left ? 100 * (all - left) / all : 0;
    return done > 99 ? 99 : (int)done;
}

struct cmg__progress cmg__progress_see(const cmg_deploy *deploy, int64_t now_ms)
{
    struct ends ends = { .deploy = deploy, .now_ms = now_ms };

    for (size_t i = 0; i < MOST_STEPS; i++)
        ends.at[i] = -1;
    ends.applied = last_end(&ends, CMG__PHASE_APPLY);
    return (struct cmg__progress){ .remaining_ms = last_end(&ends, CMG__PHASE_VERIFY),
                                   .percent = percent(deploy, now_ms) };
}
