/*
 * The two applications. Both follow one course: find, make when there is none, mend when
 * something differs from the table of expectations (model/expectation.h), read back until
 * it is right. Made by upsert on the unique name; a service that does not know that gets
 * a POST, before and after which the application is looked for by its tag, so that there
 * are never two.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/app_view.h"

#define APPLICATION CMG__PARTS(CMG_APP_APPLICATION)

/* ---- what is to be done ---- */

static cmg_status fail_different(struct cmg__run *run, cmg_error **err)
{
    const char *id = cmg__run_value(run, ".wanted_id");

    return cmg__fail(err, run->work->alloc, CMG_E_CONFLICT, id,
                     "verify the applications to see what differs, and correct it",
                     "%s: application %s, made by somebody else, is not as a gateway "
                     "needs it",
                     run->step->title, id);
}

static cmg_status decide_absent(struct cmg__run *run, struct cmg__next *next,
                                cmg_error **err)
{
    if (cmg__run_is_given(run) || cmg__run_corrects(run))
        return cmg__app_fail_absent(run, err);
    run->plan = CMG__PLAN_CREATE;
    return cmg__next_go(next, cmg__run_is_server(run) ? "uri" : "upsert");
}

/* Somebody else's application is adopted as it is, or not at all: whoever made it may
   have reasons. Ours is mended. */
static cmg_status decide(struct cmg__run *run, const struct cmg__answer *answer,
                         struct cmg__next *next, cmg_error **err)
{
    struct cmg__json *app = cmg__seen(run, "application");
    const bool as_it_is = cmg__run_is_given(run) && !cmg__run_corrects(run);

    (void)answer;
    if (app == NULL)
        return decide_absent(run, next, err);
    cmg_status rc = cmg__app_take_ours(run, app, err);
    if (rc == CMG_OK)
        rc = cmg__app_note(run, APPLICATION, err);
    if (rc != CMG_OK)
        return rc;
    if (as_it_is && cmg__app_refusals(run, APPLICATION) > 0)
        return fail_different(run, err);
    cmg__run_say(run, "found, %s", cmg__run_fact(run, ".app_id"));
    if (as_it_is || cmg__app_is_right(run, APPLICATION)) {
        if (run->plan != CMG__PLAN_CREATE)
            run->plan = as_it_is ? CMG__PLAN_ADOPT : CMG__PLAN_KEEP;
        return cmg__next_done(next);
    }
    run->plan = CMG__PLAN_CHANGE;
    return cmg__next_go(next, cmg__run_is_server(run) ? "uri" : "refresh");
}

/* ---- nobody else may have the App ID URI ---- */

static cmg_status read_uri(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    const char *uri = cmg__fact(run->work, "server_id_uri");
    const bool absent = cmg__seen(run, "application") == NULL;
    const char *own = absent ? "" : cmg__run_fact(run, ".object_id");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *other = cmg__json_item(list, i);
        if (cmg__str_ieq(cmg__str_or(cmg__json_str(other, "/id"), ""), own))
            continue;
        return cmg__fail(err, run->work->alloc, CMG_E_EXISTS, "/server_app/id_uri",
                         "choose another name or id_uri for the server app, or take the "
                         "URI from that application",
                         "App ID URI %s belongs to application \"%s\" (%s)", uri,
                         cmg__str_or(cmg__json_str(other, "/displayName"), ""),
                         cmg__str_or(cmg__json_str(other, "/appId"), "?"));
    }
    return cmg__next_go(next, absent ? "upsert" : "refresh");
}

/* ---- making it ---- */

static cmg_status build_new(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    struct cmg__json *nothing = cmg__json_object();
    struct cmg__app_view view;

    if (cmg__app_view_init(run, APPLICATION, &view) == CMG_OK && nothing != NULL) {
        view.application = nothing;
        ask->body = cmg__app_patch(&view);
    }
    cmg__app_view_done(&view);
    cmg__json_unref(nothing);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

/* What was made may lack what hangs on its own ID. */
static cmg_status take_new(struct cmg__run *run, struct cmg__json *app,
                           struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = cmg__app_take_ours(run, app, err);

    if (rc != CMG_OK)
        return rc;
    return cmg__next_go(next, cmg__app_is_right(run, APPLICATION) ? "check" : "patch");
}

/* 201 brings the object, 204 means that it was there: it has to be read. A refusal is
   that of a service without upsert, unless it is about the request, which the POST will
   tell. */
static cmg_status read_upsert(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 201)
        return take_new(run, answer->json, next, err);
    if (answer->status < 400)
        return cmg__next_go(next, "reread");
    if (cmg_error_code(answer->error) == CMG_E_EXISTS)
        return cmg__answer_fail(run, answer, err);
    return cmg__next_go(next, "look");
}

/* Looked for by its tag before and after each POST; the list may lag, so more than once
   after one whose outcome is unknown. */
static cmg_status look(struct cmg__run *run, const struct cmg__answer *answer,
                       struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = cmg__find_twins(run, answer, next, err);

    if (rc == CMG_OK && cmg__seen(run, "application") == NULL)
        return cmg__next_go(next, "post");
    return rc;
}

static cmg_status read_object(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    return take_new(run, answer->json, next, err);
}

/* ---- mending it ---- */

/* What was read before the plan was confirmed may be old. */
static cmg_status refresh(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    struct cmg__app_view view;
    cmg_status rc = cmg__app_take_ours(run, answer->json, err);

    if (rc != CMG_OK)
        return rc;
    if (cmg__app_view_init(run, APPLICATION, &view) != CMG_OK)
        rc = cmg__fail_nomem(err);
    const bool disable = rc == CMG_OK && cmg__app_must_disable(&view);
    cmg__app_view_done(&view);
    if (rc != CMG_OK)
        return rc;
    if (disable)
        return cmg__next_go(next, "disable");
    return cmg__next_go(next, cmg__app_is_right(run, APPLICATION) ? "check" : "patch");
}

static cmg_status build_from(struct cmg__run *run, struct cmg__ask *ask,
                             struct cmg__json *(*make)(const struct cmg__app_view *view),
                             cmg_error **err)
{
    struct cmg__app_view view;

    if (cmg__app_view_init(run, APPLICATION, &view) == CMG_OK)
        ask->body = make(&view);
    cmg__app_view_done(&view);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status build_patch(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    return build_from(run, ask, cmg__app_patch, err);
}

static cmg_status build_disable(struct cmg__run *run, struct cmg__ask *ask,
                                cmg_error **err)
{
    return build_from(run, ask, cmg__app_disable, err);
}

static cmg_status read_disable(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    (void)run;
    (void)answer;
    (void)err;
    next->after_ms = -1;
    return cmg__next_go(next, "refresh");
}

/* Replicas answer with old values for a while. */
static cmg_status check(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = cmg__app_take_ours(run, answer->json, err);

    if (rc == CMG_OK)
        rc = cmg__app_note(run, APPLICATION, err);
    if (rc != CMG_OK)
        return rc;
    if (!cmg__app_is_right(run, APPLICATION))
        return cmg__next_again(next, -1);
    cmg__run_say(run, "%s, %s", run->plan == CMG__PLAN_CREATE ? "created" : "updated",
                 cmg__run_fact(run, ".app_id"));
    return cmg__next_done(next);
}

static const struct cmg__exchange exchanges[] = {
    CMG__FIND_EXCHANGES("decide"),
    { .name = "decide", .call = CMG__CALL_LOCAL, .read = decide },
    { .name = "uri",
      .call = CMG__CALL_APPS_BY_URI,
      .bind = { { "id_uri", "server_id_uri" } },
      .read = read_uri },
    { .name = "upsert",
      .call = CMG__CALL_APP_UPSERT,
      .effect = true,
      .also = { 400, 404, 405 },
      .bind = { { "unique_name", ".unique_name" } },
      .build = build_new,
      .read = read_upsert },
    { .name = "look",
      .call = CMG__CALL_APPS_BY_TAG,
      .then = "decide",
      .bind = { { "app_tag", ".app_tag" } },
      .read = look },
    { .name = "post",
      .call = CMG__CALL_APP_CREATE,
      .effect = true,
      .look = "look",
      .build = build_new,
      .read = read_object },
    { .name = "reread",
      .call = CMG__CALL_APP_BY_NAME,
      .replicates = true,
      .bind = { { "unique_name", ".unique_name" } },
      .read = read_object },
    { .name = "refresh",
      .call = CMG__CALL_APP_GET,
      .effect = true,
      .bind = { { "object_id", ".object_id" } },
      .read = refresh },
    { .name = "disable",
      .call = CMG__CALL_APP_PATCH,
      .effect = true,
      .bind = { { "object_id", ".object_id" } },
      .build = build_disable,
      .read = read_disable },
    { .name = "patch",
      .call = CMG__CALL_APP_PATCH,
      .effect = true,
      .replicates = true,
      .then = "check",
      .bind = { { "object_id", ".object_id" } },
      .build = build_patch,
      .read = cmg__read_then },
    { .name = "check",
      .call = CMG__CALL_APP_GET,
      .replicates = true,
      .bind = { { "object_id", ".object_id" } },
      .read = check },
};

static cmg_status detail(const struct cmg__run *run, struct cmg__buf *out)
{
    return cmg__app_detail(run, APPLICATION, out);
}

#define APP_STEP(WHICH, NEED, ALSO, ...)                                                 \
    {                                                                                    \
        .name = WHICH "_app", .title = WHICH " app", .phase = CMG__PHASE_APPLY,          \
        .prefix = WHICH, .needs = { "tenant", "rights", NEED, ALSO },                    \
        .budget_ms = 5 * CMG__MINUTE_MS, CMG__STEP_EXCHANGES(exchanges), __VA_ARGS__     \
    }
#define MADE(WHICH) .what = WHICH " app", .detail = detail

const struct cmg__step cmg__step_server_app =
    APP_STEP("server", "server_app_back", NULL, MADE("server"));
const struct cmg__step cmg__step_client_app =
    APP_STEP("client", "server_app", "client_app_back", MADE("client"));
/* What they change is in the plan already: the steps that look have told it. */
const struct cmg__step cmg__step_server_app_fixed =
    APP_STEP("server", "client_app_look", NULL, .param = { "corrects", "yes" });
const struct cmg__step cmg__step_client_app_fixed =
    APP_STEP("client", "server_app", NULL, .param = { "corrects", "yes" });
