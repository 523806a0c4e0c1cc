/*
 * The server app as it is: found by its unique name, or by the client ID of one that
 * somebody else made. For operations that work on it and make none.
 */
#include "base/error.h"
#include "deploy/steps.h"

static bool is_given(const struct cmg__run *run)
{
    return !cmg__str_is_empty(cmg__run_value(run, ".wanted_id"));
}

static cmg_status begin_find(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    return cmg__next_go(next, is_given(run) ? "given" : "inspect");
}

static cmg_status found(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    const char *name = cmg__run_value(run, is_given(run) ? ".wanted_id" : ".unique_name");

    if (answer->status == 404)
        return cmg__fail(err, run->work->alloc, CMG_E_NOTFOUND, name,
                         is_given(run) ? "correct client_id in the specification"
                                       : "register the applications first",
                         "%s: the tenant has no application %s", run->step->title, name);
    if (!is_given(run) && !cmg__app_is_ours(run->work, answer->json))
        return cmg__fail(err, run->work->alloc, CMG_E_EXISTS, name,
                         "use the specification that the application was registered with",
                         "%s: application \"%s\" belongs to another deployment",
                         run->step->title, name);
    cmg_status rc = cmg__answer_keep(run, answer->json, "/id", ".object_id", err);
    if (rc == CMG_OK)
        rc = cmg__answer_keep(run, answer->json, "/appId", ".app_id", err);
    if (rc == CMG_OK &&
        cmg__observe(run->work->alloc, &run->work->gateway->server_app->client_id,
                     cmg__run_fact(run, ".app_id")) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__run_say(run, "found, %s", cmg__run_fact(run, ".app_id"));
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange find_exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin_find },
    { .name = "given",
      .call = CMG__CALL_APP_BY_APP_ID,
      .also = { 404 },
      .bind = { { "app_id", ".wanted_id" } },
      .read = found },
    { .name = "inspect",
      .call = CMG__CALL_APP_BY_NAME,
      .also = { 404 },
      .bind = { { "unique_name", ".unique_name" } },
      .read = found },
};

const struct cmg__step cmg__step_server_found = {
    .name = "server_found",
    .title = "server app",
    .phase = CMG__PHASE_APPLY,
    .prefix = "server",
    .needs = { "tenant" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(find_exchanges),
};
