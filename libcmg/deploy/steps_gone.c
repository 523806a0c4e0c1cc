/*
 * Removing the applications with their service principals, for good: a soft-deleted
 * application keeps its unique name and its URI. Then the secrets. Everything that is
 * absent already is fine, and what an interrupted run knew is in the journal's facts.
 */
#include "base/error.h"
#include "deploy/app_removal.h"

/* A deletion shows up in the deleted items only after a while. */
#define PURGE_TRIES 3

static cmg_status absent(struct cmg__run *run, struct cmg__next *next)
{
    bool known = cmg__run_fact(run, ".object_id")[0] != '\0';

    run->plan = known ? CMG__PLAN_REMOVE : CMG__PLAN_ABSENT;
    cmg__run_say(run, "%s", known ? "deleted already" : "not there");
    return known ? cmg__next_go(next, "purge_app") : cmg__next_done(next);
}

static cmg_status read_live(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *app = cmg__seen(run, "application");

    (void)answer;
    if (app == NULL)
        return absent(run, next);
    if (!cmg__app_is_ours(run->work, app))
        return cmg__removal_leave(run, next, "belongs to another deployment, left alone");
    cmg_status rc = cmg__app_keep_ids(run, app, err);
    if (rc != CMG_OK)
        return rc;
    run->plan = CMG__PLAN_REMOVE;
    cmg__run_say(run, "%s", cmg__run_fact(run, ".app_id"));
    return cmg__next_go(next, "principal");
}

static cmg_status purge(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, const char *then)
{
    bool once_more =
        answer->status == 404 && run->bits != 0 && run->polls + 1 < PURGE_TRIES;

    if (once_more)
        return cmg__next_again(next, -1);
    run->polls = 0;
    return then == NULL ? cmg__next_done(next) : cmg__next_go(next, then);
}

static cmg_status read_delete_app(struct cmg__run *run, const struct cmg__answer *answer,
                                  struct cmg__next *next, cmg_error **err)
{
    (void)err;
    run->bits = answer->status != 404;
    return cmg__next_go(next, "purge_app");
}

static cmg_status purge_app(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, cmg_error **err)
{
    bool has_sp = cmg__run_fact(run, ".sp_id")[0] != '\0';

    (void)err;
    return purge(run, answer, next, has_sp ? "purge_principal" : "forget");
}

/* Purging the application does not purge its service principal; but a service that does
   both leaves nothing to find, so one look is enough. */
static cmg_status purge_sp(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    (void)run;
    return cmg__next_go(next, "forget");
}

static cmg_status forget(struct cmg__run *run, const struct cmg__answer *answer,
                         struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    if (cmg__app_forget_ids(run) != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__run_say(run, "removed");
    return cmg__next_done(next);
}

static const struct cmg__exchange app_exchanges[] = {
    CMG__REMOVAL_BEGIN(read_live),
    CMG__REMOVAL_PRINCIPAL,
    { .name = "delete_app",
      .call = CMG__CALL_APP_DELETE,
      .effect = true,
      .bind = { { "object_id", ".object_id" } },
      .read = read_delete_app },
    { .name = "purge_app",
      .call = CMG__CALL_DELETED_PURGE,
      .effect = true,
      .bind = { { "object_id", ".object_id" } },
      .read = purge_app },
    { .name = "purge_principal",
      .call = CMG__CALL_DELETED_PURGE,
      .effect = true,
      .bind = { { "object_id", ".sp_id" } },
      .read = purge_sp },
    { .name = "forget", .call = CMG__CALL_LOCAL, .effect = true, .read = forget },
};

const struct cmg__step cmg__step_client_app_gone = {
    .name = "client_app_gone",
    .title = "client app",
    .phase = CMG__PHASE_APPLY,
    .what = "client app with its consent",
    .prefix = "client",
    .needs = { "tenant", "rights" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(app_exchanges),
};

const struct cmg__step cmg__step_server_app_gone = {
    .name = "server_app_gone",
    .title = "server app",
    .phase = CMG__PHASE_APPLY,
    .what = "server app with its secret and consent",
    .prefix = "server",
    .needs = { "client_app_gone" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(app_exchanges),
};

/* ---- secrets ---- */

static cmg_status remove_secrets(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    static const char *const names[] = { CMG__SECRET_SERVER_APP,
                                         CMG__SECRET_SERVER_APP_NEXT, CMG__SECRET_PFX,
                                         CMG__SECRET_PFX_NEXT, CMG__SECRET_PFX_PASSWORD };

    (void)answer;
    /* The secret of somebody else's application was handed in; it may be the only copy.
     */
    for (size_t i = cmg__app_is_adopted(run) ? 1 : 0; i < CMG__ARRAY_LEN(names); i++) {
        cmg_status rc = cmg__secret_remove(run->work, names[i], err);
        if (rc != CMG_OK)
            return rc;
    }
    cmg__run_say(run, "removed");
    return cmg__next_done(next);
}

static const struct cmg__exchange secrets_exchanges[] = {
    { .name = "remove", .call = CMG__CALL_LOCAL, .effect = true, .read = remove_secrets },
};

const struct cmg__step cmg__step_secrets_gone = {
    .name = "secrets_gone",
    .title = "kept secrets",
    .phase = CMG__PHASE_APPLY,
    .what = "secrets from the secret store",
    .prefix = "server",
    .needs = { "client_app_gone", "server_app_gone", "vault_gone" },
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(secrets_exchanges),
};

/* Of applications that are gone while the gateway may still be there. */
static cmg_status remove_app_secret(struct cmg__run *run,
                                    const struct cmg__answer *answer,
                                    struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    if (cmg__app_is_adopted(run) && !run->work->include_imported)
        return cmg__next_done(next);
    cmg_status rc = cmg__secret_remove(run->work, CMG__SECRET_SERVER_APP, err);
    /* That of a renewal which was cut off, too. */
    if (rc == CMG_OK)
        rc = cmg__secret_remove(run->work, CMG__SECRET_SERVER_APP_NEXT, err);
    if (rc == CMG_OK && cmg__fact_set(run->work, "server_secret_key_id", NULL) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__run_say(run, "removed");
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange app_secret_exchanges[] = {
    { .name = "remove",
      .call = CMG__CALL_LOCAL,
      .effect = true,
      .read = remove_app_secret },
};

const struct cmg__step cmg__step_server_secret_gone = {
    .name = "server_secret_gone",
    .title = "kept client secret",
    .phase = CMG__PHASE_APPLY,
    .what = "client secret from the secret store",
    .prefix = "server",
    .needs = { "server_app_purged" },
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(app_secret_exchanges),
};
