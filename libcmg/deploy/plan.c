/*
 * The plan as text: one line for each thing a step found different from what is wanted,
 * or could not look at yet because something before it is missing.
 */
#include "deploy/engine.h"

/* On a create a thing that was not looked at hangs on one that is missing. */
static const char *const verbs[] = {
    [CMG__PLAN_UNKNOWN] = NULL, /* the operation's own words */
    [CMG__PLAN_KEEP] = "keep",     [CMG__PLAN_CREATE] = "create",
    [CMG__PLAN_CHANGE] = "change", [CMG__PLAN_REMOVE] = "remove",
    [CMG__PLAN_ABSENT] = NULL,
};

cmg_status cmg__plan_text(const cmg_deploy *deploy, struct cmg__buf *out)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < deploy->exec_count; i++) {
        const struct cmg__run *run = &deploy->execs[i].run;
        const char *verb = verbs[run->plan];

        if (run->plan == CMG__PLAN_UNKNOWN)
            verb = deploy->operation->unknown;
        if (run->step->what == NULL || verb == NULL)
            continue;
        rc = cmg__buf_addf(out, "%s %s", verb, run->step->what);
        if (rc == CMG_OK && run->plan != CMG__PLAN_UNKNOWN && run->message[0] != '\0')
            rc = cmg__buf_addf(out, " (%s)", run->message);
        if (rc == CMG_OK)
            rc = cmg__buf_add_char(out, '\n');
    }
    return rc;
}
