/*
 * The two applications and their service principals. Both applications follow one course:
 * look by unique name, upsert when something differs, read back until it is as wanted.
 * What differs between them is a row of the table at the end of the first half: the body,
 * the comparison, what is remembered.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/steps.h"

/* ---- bodies ---- */

/* A scope keeps the ID it has; a new one gets one that follows from the deployment. */
static cmg_status scope_id(struct cmg__work *work, char out[CMG__GUID_SIZE])
{
    const char *known = cmg__fact(work, "scope_id");

    if (strlen(known) == CMG__GUID_SIZE - 1) {
        memcpy(out, known, CMG__GUID_SIZE);
        return CMG_OK;
    }
    return cmg__work_guid("scope", work->deployment_id, out);
}

static struct cmg__json *scope_of(const char *id, const char *name)
{
    return cmg__json_pack(
        "{s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s}", "id", id, "type", "User", "value",
        CMG__SCOPE, "isEnabled", 1, "adminConsentDisplayName", name,
        "adminConsentDescription",
        "Lets devices reach Configuration Manager for the signed-in user.",
        "userConsentDisplayName", name, "userConsentDescription",
        "Lets this device reach Configuration Manager for you.");
}

static struct cmg__json *access_to(const char *app_id, const char *id, const char *type)
{
    return cmg__json_pack("[{s:s, s:[{s:s, s:s}]}]", "resourceAppId", app_id,
                          "resourceAccess", "id", id, "type", type);
}

static struct cmg__json *server_body(struct cmg__run *run)
{
    struct cmg__work *work = run->work;
    const char *name = work->gateway->server_app->name;
    char id[CMG__GUID_SIZE];

    if (scope_id(work, id) != CMG_OK)
        return NULL;
    return cmg__json_pack(
        "{s:s, s:s, s:{s:[s]}, s:{s:{s:b}}, s:[s], s:{s:n, s:[o]}, s:o, s:o}",
        "displayName", name, "signInAudience", "AzureADMyOrg", "publicClient",
        "redirectUris", "http://localhost", "web", "implicitGrantSettings",
        "enableIdTokenIssuance", 1, "identifierUris", cmg__fact(work, "server_id_uri"),
        "api", "requestedAccessTokenVersion", "oauth2PermissionScopes",
        scope_of(id, name), "requiredResourceAccess",
        access_to(CMG__GRAPH_APP_ID, CMG__DIRECTORY_READ_ALL, "Role"), "tags",
        cmg__app_tags_make(work));
}

static struct cmg__json *client_body(struct cmg__run *run)
{
    const struct cmg__work *work = run->work;

    return cmg__json_pack("{s:s, s:s, s:b, s:{s:{s:b}}, s:o}", "displayName",
                          work->gateway->client_app->name, "signInAudience",
                          "AzureADMyOrg", "isFallbackPublicClient", 1, "web",
                          "implicitGrantSettings", "enableIdTokenIssuance", 1, "tags",
                          cmg__app_tags_make(work));
}

/* The redirect URI contains the application's own ID, hence a second request. */
static cmg_status build_client_patch(struct cmg__run *run, struct cmg__ask *ask,
                                     cmg_error **err)
{
    struct cmg__work *work = run->work;
    char *uri = cmg__app_broker_uri(run);

    if (uri != NULL)
        ask->body = cmg__json_pack("{s:{s:[s]}, s:o}", "publicClient", "redirectUris",
                                   uri, "requiredResourceAccess",
                                   access_to(cmg__fact(work, "server_app_id"),
                                             cmg__fact(work, "scope_id"), "Scope"));
    cmg__free(work->alloc, uri);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

/* ---- comparison ---- */

/* Arrays of Graph are sets: entries are found by their IDs, not by their place. */
static bool has_access(const struct cmg__json *app, const char *resource, const char *id)
{
    const struct cmg__json *list = cmg__json_at(app, "/requiredResourceAccess");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *entry = cmg__json_item(list, i);
        const struct cmg__json *rights = cmg__json_at(entry, "/resourceAccess");
        const char *app_id = cmg__str_or(cmg__json_str(entry, "/resourceAppId"), "");

        for (size_t k = 0; k < cmg__json_size(rights); k++) {
            const char *right = cmg__json_str(cmg__json_item(rights, k), "/id");
            if (right != NULL && cmg__str_ieq(right, id) &&
                cmg__str_ieq(app_id, resource))
                return true;
        }
    }
    return false;
}

static const struct cmg__json *find_scope(const struct cmg__json *app)
{
    const struct cmg__json *list = cmg__json_at(app, "/api/oauth2PermissionScopes");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *scope = cmg__json_item(list, i);
        const char *value = cmg__json_str(scope, "/value");
        if (value != NULL && strcmp(value, CMG__SCOPE) == 0)
            return scope;
    }
    return NULL;
}

static bool server_is_right(const struct cmg__run *run, const struct cmg__json *app)
{
    return cmg__array_has(cmg__json_at(app, "/identifierUris"),
                          cmg__fact(run->work, "server_id_uri")) &&
           cmg__json_bool(find_scope(app), "/isEnabled", false) &&
           has_access(app, CMG__GRAPH_APP_ID, CMG__DIRECTORY_READ_ALL);
}

static bool client_is_right(const struct cmg__run *run, const struct cmg__json *app)
{
    const struct cmg__work *work = run->work;
    char *uri = cmg__app_broker_uri(run);
    bool right =
        uri != NULL &&
        cmg__array_has(cmg__json_at(app, "/publicClient/redirectUris"), uri) &&
        cmg__json_bool(app, "/isFallbackPublicClient", false) &&
        has_access(app, cmg__fact(work, "server_app_id"), cmg__fact(work, "scope_id"));

    cmg__free(work->alloc, uri);
    return right;
}

/* ---- what is remembered ---- */

static cmg_status keep_server(struct cmg__run *run, const struct cmg__json *app)
{
    struct cmg__work *work = run->work;
    const char *scope = cmg__json_str(find_scope(app), "/id");
    cmg_status rc = scope == NULL ? CMG_OK : cmg__fact_set(work, "scope_id", scope);

    if (rc == CMG_OK)
        rc = cmg__observe(work->alloc, &work->gateway->server_app->client_id,
                          cmg__run_fact(run, ".app_id"));
    return rc;
}

static cmg_status keep_client(struct cmg__run *run, const struct cmg__json *app)
{
    (void)app;
    return cmg__observe(run->work->alloc, &run->work->gateway->client_app->client_id,
                        cmg__run_fact(run, ".app_id"));
}

/* ---- the course ---- */

static const struct course {
    const char *prefix;
    struct cmg__json *(*body)(struct cmg__run *run);
    bool (*is_right)(const struct cmg__run *run, const struct cmg__json *app);
    cmg_status (*keep)(struct cmg__run *run, const struct cmg__json *app);
    const char *after_upsert;
    bool is_server;
} courses[] = {
    { "server", server_body, server_is_right, keep_server, "check", true },
    { "client", client_body, client_is_right, keep_client, "patch", false },
};

static const struct course *course_of(const struct cmg__run *run)
{
    return &courses[strcmp(run->step->prefix, "client") == 0];
}

/* ---- one that somebody else made ---- */

static bool is_given(const struct cmg__run *run)
{
    return !cmg__str_is_empty(cmg__run_value(run, ".wanted_id"));
}

static cmg_status begin_app(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    return cmg__next_go(next, is_given(run) ? "given" : "inspect");
}

/* Its App ID URI is what it is; ours would be one that nobody asks for. */
static cmg_status adopt_uri(struct cmg__run *run, const struct cmg__json *app)
{
    struct cmg__work *work = run->work;
    const struct cmg__json *uris = cmg__json_at(app, "/identifierUris");
    const char *first = cmg__json_str(cmg__json_item(uris, 0), "");

    if (first == NULL || cmg__array_has(uris, cmg__fact(work, "server_id_uri")))
        return CMG_OK;
    cmg_status rc = cmg__observe(work->alloc, &work->gateway->server_app->id_uri, first);
    return rc == CMG_OK ? cmg__fact_set(work, "server_id_uri", first) : rc;
}

static cmg_status note_owner(struct cmg__run *run, const struct cmg__json *app)
{
    bool given = is_given(run);
    cmg_status rc = cmg__run_fact_set(run, ".adopted", given ? "yes" : NULL);

    if (rc == CMG_OK && given && course_of(run)->is_server)
        rc = adopt_uri(run, app);
    return rc;
}

/* Ours carries our tag; an application somebody else gave our unique name does not. */
static cmg_status check_owner(struct cmg__run *run, const struct cmg__json *app,
                              cmg_error **err)
{
    if (is_given(run) || cmg__app_is_ours(run->work, app))
        return CMG_OK;
    return cmg__fail(err, run->work->alloc, CMG_E_EXISTS,
                     cmg__run_value(run, ".unique_name"),
                     "choose another name for the gateway, or delete that application",
                     "%s: application \"%s\" exists and belongs to another deployment",
                     run->step->title, cmg__run_value(run, ".unique_name"));
}

static cmg_status take_app(struct cmg__run *run, const struct cmg__json *app,
                           cmg_error **err)
{
    cmg_status rc = check_owner(run, app, err);

    if (rc == CMG_OK)
        rc = cmg__app_keep_ids(run, app, err);
    if (rc == CMG_OK &&
        (note_owner(run, app) != CMG_OK || course_of(run)->keep(run, app) != CMG_OK))
        rc = cmg__fail_nomem(err);
    return rc;
}

/* Adopted as it is, or not at all: whoever made it may have reasons. */
static cmg_status inspect_given(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    const char *id = cmg__run_value(run, ".wanted_id");

    if (answer->status == 404)
        return cmg__fail(err, run->work->alloc, CMG_E_NOTFOUND, id,
                         "correct client_id in the specification, or leave it out to "
                         "have an application made",
                         "%s: the tenant has no application with client ID %s",
                         run->step->title, id);
    cmg_status rc = take_app(run, answer->json, err);
    if (rc != CMG_OK)
        return rc;
    if (!course_of(run)->is_right(run, answer->json))
        return cmg__fail(err, run->work->alloc, CMG_E_CONFLICT, id,
                         "verify the applications to see what differs, and correct it",
                         "%s: application %s, made by somebody else, is not as a "
                         "gateway needs it",
                         run->step->title, id);
    run->plan = CMG__PLAN_KEEP;
    cmg__run_say(run, "found, %s", id);
    return cmg__next_done(next);
}

static cmg_status inspect_app(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404) {
        run->plan = CMG__PLAN_CREATE;
        return cmg__next_go(next, "upsert");
    }
    cmg_status rc = take_app(run, answer->json, err);
    if (rc != CMG_OK)
        return rc;
    if (!course_of(run)->is_right(run, answer->json)) {
        run->plan = CMG__PLAN_CHANGE;
        return cmg__next_go(next, "upsert");
    }
    run->plan = CMG__PLAN_KEEP;
    cmg__run_say(run, "found, %s", cmg__run_fact(run, ".app_id"));
    return cmg__next_done(next);
}

static cmg_status build_upsert(struct cmg__run *run, struct cmg__ask *ask,
                               cmg_error **err)
{
    ask->body = course_of(run)->body(run);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

/* 201 brings the object, 204 means that it was there: it has to be read. */
static cmg_status read_upsert(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    cmg__run_say(run, "%s", answer->status == 201 ? "created" : "updated");
    if (answer->status != 201)
        return cmg__next_go(next, "reread");
    cmg_status rc = cmg__app_keep_ids(run, answer->json, err);
    if (rc == CMG_OK && course_of(run)->keep(run, answer->json) != CMG_OK)
        rc = cmg__fail_nomem(err);
    return rc == CMG_OK ? cmg__next_go(next, course_of(run)->after_upsert) : rc;
}

static cmg_status reread_app(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = take_app(run, answer->json, err);

    return rc == CMG_OK ? cmg__next_go(next, course_of(run)->after_upsert) : rc;
}

/* Replicas answer with old values for a while. */
static cmg_status check_app(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = take_app(run, answer->json, err);

    if (rc != CMG_OK)
        return rc;
    if (!course_of(run)->is_right(run, answer->json))
        return cmg__next_again(next, -1);
    cmg__run_say(run, "%s, %s", run->plan == CMG__PLAN_CREATE ? "created" : "updated",
                 cmg__run_fact(run, ".app_id"));
    return cmg__next_done(next);
}

static const struct cmg__exchange app_exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin_app },
    { .name = "given",
      .call = CMG__CALL_APP_BY_APP_ID,
      .also = { 404 },
      .bind = { { "app_id", ".wanted_id" } },
      .read = inspect_given },
    { .name = "inspect",
      .call = CMG__CALL_APP_BY_NAME,
      .also = { 404 },
      .bind = { { "unique_name", ".unique_name" } },
      .read = inspect_app },
    { .name = "upsert",
      .call = CMG__CALL_APP_UPSERT,
      .effect = true,
      .bind = { { "unique_name", ".unique_name" } },
      .build = build_upsert,
      .read = read_upsert },
    { .name = "reread",
      .call = CMG__CALL_APP_BY_NAME,
      .replicates = true,
      .bind = { { "unique_name", ".unique_name" } },
      .read = reread_app },
    { .name = "patch",
      .call = CMG__CALL_APP_PATCH,
      .effect = true,
      .replicates = true,
      .then = "check",
      .bind = { { "object_id", ".object_id" } },
      .build = build_client_patch,
      .read = cmg__read_then },
    { .name = "check",
      .call = CMG__CALL_APP_GET,
      .replicates = true,
      .bind = { { "object_id", ".object_id" } },
      .read = check_app },
};

const struct cmg__step cmg__step_server_app = {
    .name = "server_app",
    .title = "server app",
    .phase = CMG__PHASE_APPLY,
    .what = "server app",
    .prefix = "server",
    .needs = { "tenant", "server_app_back" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(app_exchanges),
};

const struct cmg__step cmg__step_client_app = {
    .name = "client_app",
    .title = "client app",
    .phase = CMG__PHASE_APPLY,
    .what = "client app",
    .prefix = "client",
    .needs = { "server_app", "client_app_back" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(app_exchanges),
};

/* ---- service principals ---- */

static cmg_status inspect_sp(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404) {
        run->plan = CMG__PLAN_CREATE;
        return cmg__next_go(next, "upsert");
    }
    cmg_status rc = cmg__answer_keep(run, answer->json, "/id", ".sp_id", err);
    if (rc != CMG_OK)
        return rc;
    if (run->plan == CMG__PLAN_UNKNOWN)
        run->plan = CMG__PLAN_KEEP;
    cmg__run_say(run, "%s", run->plan == CMG__PLAN_KEEP ? "found" : "created");
    return cmg__next_done(next);
}

static cmg_status build_sp(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    ask->body = cmg__json_pack("{s:s}", "appId", cmg__run_fact(run, ".app_id"));
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status read_sp(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 201)
        return inspect_sp(run, answer, next, err);
    return cmg__next_go(next, "reread");
}

static const struct cmg__exchange sp_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_SP_BY_APP_ID,
      .also = { 404 },
      .bind = { { "app_id", ".app_id" } },
      .read = inspect_sp },
    { .name = "upsert",
      .call = CMG__CALL_SP_UPSERT,
      .effect = true,
      .replicates = true,
      .bind = { { "app_id", ".app_id" } },
      .build = build_sp,
      .read = read_sp },
    { .name = "reread",
      .call = CMG__CALL_SP_BY_APP_ID,
      .replicates = true,
      .bind = { { "app_id", ".app_id" } },
      .read = inspect_sp },
};

const struct cmg__step cmg__step_server_principal = {
    .name = "server_principal",
    .title = "server app's service principal",
    .phase = CMG__PHASE_APPLY,
    .what = "server app's service principal",
    .prefix = "server",
    .needs = { "server_app" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(sp_exchanges),
};

const struct cmg__step cmg__step_client_principal = {
    .name = "client_principal",
    .title = "client app's service principal",
    .phase = CMG__PHASE_APPLY,
    .what = "client app's service principal",
    .prefix = "client",
    .needs = { "client_app" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(sp_exchanges),
};
