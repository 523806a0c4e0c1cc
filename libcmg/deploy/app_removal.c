/* See app_removal.h. */
#include "deploy/app_removal.h"

cmg_status cmg__removal_leave(struct cmg__run *run, struct cmg__next *next,
                              const char *why)
{
    run->plan = CMG__PLAN_ABSENT;
    cmg__run_say(run, "%s", why);
    return cmg__next_done(next);
}

cmg_status cmg__removal_may(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    if (cmg__app_is_adopted(run) && !run->work->include_imported)
        return cmg__removal_leave(run, next, "made by somebody else, left alone");
    return cmg__next_go(next, "begin");
}

cmg_status cmg__removal_principal(struct cmg__run *run, const struct cmg__answer *answer,
                                  struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404)
        return cmg__next_go(next, "delete_app");
    const cmg_status rc = cmg__answer_keep(run, answer->json, "/id", ".sp_id", err);
    return rc == CMG_OK ? cmg__next_go(next, "delete_principal") : rc;
}

const char *cmg__removal_deleted(const struct cmg__run *run)
{
    return cmg__run_is_given(run) ? "deleted_given" : "deleted";
}
