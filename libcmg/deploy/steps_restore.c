/*
 * Bringing a deleted application back, with its service principal. A deleted one keeps
 * its unique name and its App ID URI for 30 days, so whoever wants to make it has to
 * restore it: nothing could be made beside it. What a deletion takes away for good, the
 * grants, is made again by the steps that come after.
 */
#include "base/error.h"
#include "deploy/app_removal.h"

/* Looks in a row that must show what was restored. */
#define READS 2

/* One of somebody else under our name is the next step's to refuse. */
static cmg_status read_live(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *app = cmg__seen(run, "application");

    (void)answer;
    if (app == NULL)
        return cmg__next_go(next, cmg__removal_deleted(run));
    run->plan = CMG__PLAN_ABSENT;
    cmg__run_say(run, "not deleted");
    if (!cmg__run_is_given(run) && !cmg__app_is_ours(run->work, app))
        return cmg__next_done(next);
    cmg_status rc = cmg__app_keep_ids(run, app, err);
    return rc == CMG_OK ? cmg__next_go(next, "principal") : rc;
}

static cmg_status nothing(struct cmg__run *run, struct cmg__next *next, cmg_error **err)
{
    run->plan = CMG__PLAN_ABSENT;
    cmg__run_say(run, "not deleted");
    if (!run->work->must_restore)
        return cmg__next_done(next);
    return cmg__fail(
        err, run->work->alloc, CMG_E_NOTFOUND, run->step->name,
        "register the applications anew",
        "%s: there is nothing to restore; what was deleted more than 30 days "
        "ago or purged is gone",
        run->step->title);
}

static cmg_status read_deleted(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *app =
        cmg__deleted_app(run, cmg__json_at(answer->json, "/value"));

    if (app == NULL)
        return nothing(run, next, err);
    cmg_status rc = cmg__app_keep_ids(run, app, err);
    if (rc != CMG_OK)
        return rc;
    run->plan = CMG__PLAN_RESTORE;
    cmg__run_say(run, "deleted %.10s",
                 cmg__str_or(cmg__json_str(app, "/deletedDateTime"), "?"));
    return cmg__next_go(next, "restore");
}

/* 404: restored already, by a request whose answer was lost. */
static cmg_status read_restored(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    run->number = 0;
    next->after_ms = -1;
    return cmg__next_go(next, "confirm");
}

static cmg_status confirm(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    if (++run->number < READS)
        return cmg__next_again(next, -1);
    cmg__run_say(run, "restored");
    return cmg__next_go(next, "principal");
}

static cmg_status read_principal(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404)
        return cmg__next_go(next, "deleted_principal");
    cmg_status rc = cmg__answer_keep(run, answer->json, "/id", ".sp_id", err);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

/* Without one that could be restored the next steps make one. */
static cmg_status read_deleted_principal(struct cmg__run *run,
                                         const struct cmg__answer *answer,
                                         struct cmg__next *next, cmg_error **err)
{
    if (cmg__json_str(answer->json, "/value/0/id") == NULL)
        return cmg__next_done(next);
    cmg_status rc = cmg__answer_keep(run, answer->json, "/value/0/id", ".sp_id", err);
    if (rc != CMG_OK)
        return rc;
    run->plan = CMG__PLAN_RESTORE;
    return cmg__next_go(next, "restore_principal");
}

/* It may be back already, with the application or by a request whose answer was lost, and
   it may have to wait for the application to show up everywhere. */
static cmg_status read_principal_restored(struct cmg__run *run,
                                          const struct cmg__answer *answer,
                                          struct cmg__next *next, cmg_error **err)
{
    const cmg_status code = cmg_error_code(answer->error);

    if (answer->status >= 400 && cmg_error_retry(answer->error) == CMG_RETRY_LATER)
        return cmg__next_again(next, -1);
    if (answer->status >= 400 && code != CMG_E_EXISTS && code != CMG_E_NOTFOUND)
        return cmg__answer_fail(run, answer, err);
    cmg__run_say(run, "restored with its service principal");
    return cmg__next_done(next);
}

static const struct cmg__exchange exchanges[] = {
    CMG__FIND_EXCHANGES("live"),
    { .name = "live", .call = CMG__CALL_LOCAL, .read = read_live },
    CMG__REMOVAL_DELETED(read_deleted),
    { .name = "restore",
      .call = CMG__CALL_DELETED_RESTORE,
      .effect = true,
      .also = { 404 },
      .bind = { { "object_id", ".object_id" } },
      .read = read_restored },
    { .name = "confirm",
      .call = CMG__CALL_APP_GET,
      .replicates = true,
      .bind = { { "object_id", ".object_id" } },
      .read = confirm },
    { .name = "principal",
      .call = CMG__CALL_SP_BY_APP_ID,
      .also = { 404 },
      .bind = { { "app_id", ".app_id" } },
      .read = read_principal },
    { .name = "deleted_principal",
      .call = CMG__CALL_DELETED_PRINCIPALS,
      .bind = { { "app_id", ".app_id" } },
      .read = read_deleted_principal },
    { .name = "restore_principal",
      .call = CMG__CALL_DELETED_RESTORE,
      .effect = true,
      .also = { 400, 404, 409 },
      .bind = { { "object_id", ".sp_id" } },
      .read = read_principal_restored },
};

const struct cmg__step cmg__step_server_app_back = {
    .name = "server_app_back",
    .title = "deleted server app",
    .phase = CMG__PHASE_APPLY,
    .what = "deleted server app",
    .prefix = "server",
    .needs = { "tenant", "rights" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(exchanges),
};

const struct cmg__step cmg__step_client_app_back = {
    .name = "client_app_back",
    .title = "deleted client app",
    .phase = CMG__PHASE_APPLY,
    .what = "deleted client app",
    .prefix = "client",
    .needs = { "tenant", "rights" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(exchanges),
};
