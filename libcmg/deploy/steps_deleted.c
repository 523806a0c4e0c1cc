/*
 * Deleting the applications so that they can be restored, and removing deleted ones for
 * good. Only ours, by their tag, or those that the specification names when the host says
 * so. What is absent already is fine.
 */
#include "base/error.h"
#include "deploy/app_removal.h"

/* A deletion shows up among the deleted items only after a while. */
#define LOOKS 5

static bool is_wanted(const struct cmg__run *run, const struct cmg__json *app)
{
    return cmg__run_is_given(run) || cmg__app_is_ours(run->work, app);
}

/* ---- deletion ---- */

static cmg_status read_live(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *app = cmg__seen(run, "application");

    (void)answer;
    if (app == NULL)
        return cmg__removal_leave(run, next, "not there");
    if (!is_wanted(run, app))
        return cmg__removal_leave(run, next, "belongs to another deployment, left alone");
    cmg_status rc = cmg__app_keep_ids(run, app, err);
    if (rc != CMG_OK)
        return rc;
    run->plan = CMG__PLAN_REMOVE;
    cmg__run_say(run, "%s, can be restored for 30 days", cmg__run_fact(run, ".app_id"));
    return cmg__next_go(next, "principal");
}

static cmg_status check(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    (void)err;
    if (answer->status == 404 && run->polls < LOOKS)
        return cmg__next_again(next, -1);
    cmg__run_say(run, "deleted, can be restored for 30 days");
    return cmg__next_done(next);
}

static const struct cmg__exchange delete_exchanges[] = {
    CMG__REMOVAL_BEGIN(read_live),
    CMG__REMOVAL_PRINCIPAL,
    { .name = "delete_app",
      .call = CMG__CALL_APP_DELETE,
      .effect = true,
      .then = "check",
      .bind = { { "object_id", ".object_id" } },
      .read = cmg__read_then },
    { .name = "check",
      .call = CMG__CALL_DELETED_GET,
      .also = { 404 },
      .bind = { { "object_id", ".object_id" } },
      .read = check },
};

const struct cmg__step cmg__step_client_app_deleted = {
    .name = "client_app_deleted",
    .title = "client app",
    .phase = CMG__PHASE_APPLY,
    .what = "client app with its consent",
    .prefix = "client",
    .needs = { "tenant", "rights" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(delete_exchanges),
};

const struct cmg__step cmg__step_server_app_deleted = {
    .name = "server_app_deleted",
    .title = "server app",
    .phase = CMG__PHASE_APPLY,
    .what = "server app with its consent",
    .prefix = "server",
    .needs = { "client_app_deleted" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(delete_exchanges),
};

/* ---- for good ---- */

/* Bits of the step. */
#define APP_FOUND ((uint64_t)1)

#define AGAIN_MS 1000

static cmg_status refuse_live(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *app = cmg__seen(run, "application");
    const char *app_id = cmg__str_or(cmg__json_str(app, "/appId"), "?");

    (void)answer;
    if (app == NULL || !is_wanted(run, app))
        return cmg__next_go(next, cmg__removal_deleted(run));
    return cmg__fail(err, run->work->alloc, CMG_E_STATE, app_id,
                     "delete the applications first",
                     "%s: application %s is in use: only deleted ones are purged",
                     run->step->title, app_id);
}

static cmg_status read_deleted(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *app =
        cmg__deleted_app(run, cmg__json_at(answer->json, "/value"));

    run->bits = app == NULL ? 0 : APP_FOUND;
    if (app == NULL && cmg__run_fact(run, ".app_id")[0] == '\0')
        return cmg__removal_leave(run, next, "not there");
    cmg_status rc = app == NULL ? CMG_OK : cmg__app_keep_ids(run, app, err);
    if (rc != CMG_OK)
        return rc;
    if (app != NULL) {
        run->plan = CMG__PLAN_REMOVE;
        cmg__run_say(run, "%s, for good", cmg__run_fact(run, ".app_id"));
    }
    return cmg__next_go(next, "principal");
}

/* Purging the application does not purge its service principal. */
static cmg_status read_deleted_principal(struct cmg__run *run,
                                         const struct cmg__answer *answer,
                                         struct cmg__next *next, cmg_error **err)
{
    const char *id = cmg__json_str(answer->json, "/value/0/id");

    if (cmg__run_fact_set(run, ".sp_id", id) != CMG_OK)
        return cmg__fail_nomem(err);
    if (id != NULL)
        run->plan = CMG__PLAN_REMOVE;
    if (run->plan == CMG__PLAN_UNKNOWN)
        run->plan = CMG__PLAN_ABSENT;
    if ((run->bits & APP_FOUND) != 0)
        return cmg__next_go(next, "purge_app");
    return cmg__next_go(next, id != NULL ? "purge_principal" : "forget");
}

static cmg_status read_purged(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    if (run->exchange->then != NULL && cmg__run_fact(run, ".sp_id")[0] != '\0')
        return cmg__next_go(next, run->exchange->then);
    next->after_ms = AGAIN_MS;
    return cmg__next_go(next, cmg__removal_deleted(run));
}

static cmg_status forget(struct cmg__run *run, const struct cmg__answer *answer,
                         struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    if (cmg__app_forget_ids(run) != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__run_say(run, "purged");
    return cmg__next_done(next);
}

static const struct cmg__exchange purge_exchanges[] = {
    CMG__REMOVAL_BEGIN(refuse_live),
    CMG__REMOVAL_DELETED(read_deleted),
    { .name = "principal",
      .call = CMG__CALL_DELETED_PRINCIPALS,
      .bind = { { "app_id", ".app_id" } },
      .read = read_deleted_principal },
    { .name = "purge_app",
      .call = CMG__CALL_DELETED_PURGE,
      .effect = true,
      .then = "purge_principal",
      .bind = { { "object_id", ".object_id" } },
      .read = read_purged },
    { .name = "purge_principal",
      .call = CMG__CALL_DELETED_PURGE,
      .effect = true,
      .bind = { { "object_id", ".sp_id" } },
      .read = read_purged },
    { .name = "forget", .call = CMG__CALL_LOCAL, .effect = true, .read = forget },
};

const struct cmg__step cmg__step_client_app_purged = {
    .name = "client_app_purged",
    .title = "deleted client app",
    .phase = CMG__PHASE_APPLY,
    .what = "deleted client app",
    .prefix = "client",
    .needs = { "tenant", "rights" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(purge_exchanges),
};

const struct cmg__step cmg__step_server_app_purged = {
    .name = "server_app_purged",
    .title = "deleted server app",
    .phase = CMG__PHASE_APPLY,
    .what = "deleted server app with its secret",
    .prefix = "server",
    .needs = { "client_app_purged" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(purge_exchanges),
};
