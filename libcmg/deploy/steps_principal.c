/*
 * The service principals of the two applications. The API, unlike the portal, makes none
 * by itself; without one nobody can sign in or consent.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/app_view.h"

#define PRINCIPAL CMG__PARTS(CMG_APP_PRINCIPAL)

static cmg_status take(struct cmg__run *run, const struct cmg__answer *answer,
                       cmg_error **err)
{
    cmg_status rc = cmg__answer_keep(run, answer->json, "/id", ".sp_id", err);

    if (rc == CMG_OK && cmg__seen_set(run, "principal", answer->json) != CMG_OK)
        rc = cmg__fail_nomem(err);
    return rc == CMG_OK ? cmg__app_note(run, PRINCIPAL, err) : rc;
}

/* An administrator may have disabled the principal of somebody else's application. */
static cmg_status read_found(struct cmg__run *run, struct cmg__next *next,
                             cmg_error **err)
{
    if (cmg__app_is_right(run, PRINCIPAL)) {
        if (run->plan == CMG__PLAN_UNKNOWN)
            run->plan = CMG__PLAN_KEEP;
        cmg__run_say(run, "%s",
                     run->plan == CMG__PLAN_KEEP     ? "found"
                     : run->plan == CMG__PLAN_CHANGE ? "enabled"
                                                     : "created");
        return cmg__next_done(next);
    }
    if (cmg__run_is_given(run) && !cmg__run_corrects(run))
        return cmg__fail(err, run->work->alloc, CMG_E_CONFLICT,
                         cmg__run_value(run, ".wanted_id"),
                         "verify the applications to see what differs, and correct it",
                         "%s, made by somebody else, is disabled", run->step->title);
    if (run->plan == CMG__PLAN_UNKNOWN)
        run->plan = CMG__PLAN_CHANGE;
    return cmg__next_go(next, "enable");
}

static cmg_status inspect(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404) {
        run->plan = CMG__PLAN_CREATE;
        return cmg__next_go(next, "upsert");
    }
    cmg_status rc = take(run, answer, err);
    return rc == CMG_OK ? read_found(run, next, err) : rc;
}

static cmg_status build_new(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    ask->body = cmg__json_pack("{s:s}", "appId", cmg__run_fact(run, ".app_id"));
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

/* The application is not everywhere yet: it is asked again. Any other refusal is that of
   a service without upsert, or one that the POST will tell. */
static cmg_status read_upsert(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 201)
        return inspect(run, answer, next, err);
    if (answer->status < 400)
        return cmg__next_go(next, "reread");
    if (answer->status == 400 && cmg_error_code(answer->error) == CMG_E_NOTFOUND)
        return cmg__next_again(next, -1);
    return cmg__next_go(next, "post");
}

static cmg_status read_post(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, cmg_error **err)
{
    if (answer->status < 400)
        return inspect(run, answer, next, err);
    if (cmg_error_code(answer->error) == CMG_E_NOTFOUND)
        return cmg__next_again(next, -1);
    if (cmg_error_code(answer->error) != CMG_E_EXISTS)
        return cmg__answer_fail(run, answer, err);
    next->after_ms = -1;
    return cmg__next_go(next, "reread");
}

static cmg_status build_enable(struct cmg__run *run, struct cmg__ask *ask,
                               cmg_error **err)
{
    struct cmg__app_view view;

    if (cmg__app_view_init(run, PRINCIPAL, &view) == CMG_OK)
        ask->body = cmg__principal_patch(&view);
    cmg__app_view_done(&view);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

/* Replicas answer with old values for a while. */
static cmg_status check(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = take(run, answer, err);

    if (rc != CMG_OK)
        return rc;
    return cmg__app_is_right(run, PRINCIPAL) ? read_found(run, next, err)
                                             : cmg__next_again(next, -1);
}

static const struct cmg__exchange exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_SP_BY_APP_ID,
      .also = { 404 },
      .bind = { { "app_id", ".app_id" } },
      .read = inspect },
    { .name = "upsert",
      .call = CMG__CALL_SP_UPSERT,
      .effect = true,
      .also = { 400, 404, 405 },
      .bind = { { "app_id", ".app_id" } },
      .build = build_new,
      .read = read_upsert },
    { .name = "post",
      .call = CMG__CALL_SP_CREATE,
      .effect = true,
      .also = { 400, 409 },
      .look = "inspect",
      .build = build_new,
      .read = read_post },
    { .name = "reread",
      .call = CMG__CALL_SP_BY_APP_ID,
      .replicates = true,
      .bind = { { "app_id", ".app_id" } },
      .read = inspect },
    { .name = "enable",
      .call = CMG__CALL_SP_PATCH,
      .effect = true,
      .replicates = true,
      .then = "check",
      .bind = { { "object_id", ".sp_id" } },
      .build = build_enable,
      .read = cmg__read_then },
    { .name = "check",
      .call = CMG__CALL_SP_BY_APP_ID,
      .replicates = true,
      .bind = { { "app_id", ".app_id" } },
      .read = check },
};

static cmg_status detail(const struct cmg__run *run, struct cmg__buf *out)
{
    return cmg__app_detail(run, PRINCIPAL, out);
}

#define PRINCIPAL_STEP(WHICH, ...)                                                       \
    {                                                                                    \
        .name = WHICH "_principal", .title = WHICH " app's service principal",           \
        .phase = CMG__PHASE_APPLY, .prefix = WHICH, .needs = { WHICH "_app" },           \
        .budget_ms = 5 * CMG__MINUTE_MS, CMG__STEP_EXCHANGES(exchanges), __VA_ARGS__     \
    }
#define MADE(WHICH) .what = WHICH " app's service principal", .detail = detail

const struct cmg__step cmg__step_server_principal =
    PRINCIPAL_STEP("server", MADE("server"));
const struct cmg__step cmg__step_client_principal =
    PRINCIPAL_STEP("client", MADE("client"));
const struct cmg__step cmg__step_server_principal_fixed =
    PRINCIPAL_STEP("server", .param = { "corrects", "yes" });
const struct cmg__step cmg__step_client_principal_fixed =
    PRINCIPAL_STEP("client", .param = { "corrects", "yes" });
