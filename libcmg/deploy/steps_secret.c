/*
 * The server app's client secret. Its value is shown once and belongs to the host's
 * store, where it goes through two names: a new value waits under
 * "server-app-secret-next" until it has signed in, then it becomes "server-app-secret".
 * Only when that is done and in the journal are the other secrets of ours removed. So at
 * any moment the store's current value works, whatever dies, and what a lost answer made
 * is found by the mark in its display name and removed with the others.
 *
 *   look -> add -> prove -> keep -> look -> remove, for each other -> tidy -> done
 *
 * A renewal is the same course; a fact that names the secret to be replaced makes it add
 * exactly one, however often it is started again.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "deploy/retry.h"
#include "deploy/steps.h"
#include "deploy/token.h"
#include "model/tenant.h"

#define MARK    "libcmg "
#define DAY_S   ((int64_t)86400)
#define NOBODY  "-"
#define PROVING ((int64_t)120 * 1000) /* a new secret is known everywhere by then */
#define LOOKS   5                     /* until what is not listed is not there */

/* Facts. */
#define CURRENT "server_secret_key_id"  /* its value is kept, and has signed in */
#define PENDING "server_secret_pending" /* its value is kept, not proven yet */
#define REPLACES                                                                         \
    "server_secret_replaces"        /* a renewal is under way: the current one then */
#define NAMED "server_secret_named" /* the host wants this one removed, too */

/* Bits of a run. */
#define ADDED ((uint64_t)1) /* by this run: no other had the chance to spoil it */
#define MOVED ((uint64_t)2) /* the current one is new: it will be listed, if late */

static void make_mark(const struct cmg__run *run, char out[64])
{
    (void)snprintf(out, 64, MARK "%.8s ", run->work->deployment_id);
}

static cmg_status holds(struct cmg__run *run, const char *name, bool *out,
                        cmg_error **err)
{
    struct cmg__buf value;
    bool found = false;

    cmg__buf_init_secret(&value, run->work->alloc, CMG__SECRET_MAX);
    const cmg_status rc = cmg__secret_find(run->work, name, &value, &found, err);
    *out = found && value.len > 0;
    cmg__buf_done(&value);
    return rc;
}

static bool has_fact(const struct cmg__run *run, const char *key)
{
    return cmg__fact(run->work, key)[0] != '\0';
}

static int64_t end_of(const struct cmg__json *entry)
{
    const char *end = cmg__json_str(entry, "/endDateTime");
    int64_t unix_s = 0;

    return end != NULL && cmg__time_parse(end, &unix_s) ? unix_s : INT64_MAX;
}

/* ---- looking ---- */

struct sight {
    const struct cmg__json *current; /* listed, kept and not over */
    const struct cmg__json *other;   /* the first to be removed in the end */
    bool named;                      /* what the host named is listed */
    bool held;                       /* the store has a value, whosever it is */
};

static void look_at(struct cmg__run *run, const struct cmg__json *entry, const char *mark,
                    struct sight *out)
{
    const char *id = cmg__str_or(cmg__json_str(entry, "/keyId"), "");
    const char *name = cmg__str_or(cmg__json_str(entry, "/displayName"), "");
    const bool named = cmg__str_ieq(id, cmg__fact(run->work, NAMED)) ||
                       cmg__str_ieq(id, run->work->old_secret);

    out->named = out->named || named;
    if (cmg__str_ieq(id, cmg__fact(run->work, CURRENT)))
        out->current = entry;
    else if ((named || cmg__str_starts(name, mark)) && out->other == NULL)
        out->other = entry;
}

static cmg_status look(struct cmg__run *run, const struct cmg__json *list,
                       struct sight *out, cmg_error **err)
{
    char mark[64];

    *out = (struct sight){ 0 };
    make_mark(run, mark);
    for (size_t i = 0; i < cmg__json_size(list); i++)
        look_at(run, cmg__json_item(list, i), mark, out);
    const cmg_status rc = holds(run, CMG__SECRET_SERVER_APP, &out->held, err);
    if (out->current != NULL &&
        (end_of(out->current) <= cmg__env_unix_s(&run->work->ctx->env) || !out->held))
        out->current = NULL;
    return rc;
}

static bool renews(const struct cmg__run *run)
{
    return run->step->param.arg != NULL;
}

/* Whether one has to be added; a renewal that was begun has its new one already when the
   current one is no longer the one it replaces. */
static bool wants_new(const struct cmg__run *run, const struct sight *sight)
{
    const char *replaces = cmg__fact(run->work, REPLACES);
    const char *current = cmg__fact(run->work, CURRENT);

    if (sight->current == NULL)
        return true;
    return renews(run) && (replaces[0] == '\0' || strcmp(replaces, current) == 0);
}

/* Kept and known, but not in the list: replicas lag. */
static bool may_be_late(const struct cmg__run *run, const struct sight *sight)
{
    const bool absent = sight->current == NULL && has_fact(run, CURRENT);

    return absent && ((run->bits & MOVED) != 0 || run->polls < LOOKS);
}

/* ---- what is told ---- */

static void keep_times(struct cmg__run *run, const struct cmg__json *app,
                       const struct cmg__json *current)
{
    cmg_server_app *server = run->work->gateway->server_app;
    const char *created = cmg__json_str(app, "/createdDateTime");
    int64_t at = 0;

    if (current != NULL && end_of(current) != INT64_MAX)
        server->secret_expires_unix_s = end_of(current);
    if (created != NULL && cmg__time_parse(created, &at))
        server->created_unix_s = at;
}

/* Since release 2409 the console does not renew the secret of an older application. */
static void say_end(struct cmg__run *run, const struct cmg__json *current)
{
    const cmg_server_app *server = run->work->gateway->server_app;
    const char *end = cmg__str_or(cmg__json_str(current, "/endDateTime"), "?");
    const int64_t days =
        (cmg__env_unix_s(&run->work->ctx->env) - server->created_unix_s) / DAY_S;

    if (server->created_unix_s != 0 && days > CMG__APP_MAX_DAYS)
        cmg__run_say(run,
                     "until %.10s; warning: the application is %lld days old, after %d "
                     "Configuration Manager wants another one: register a new server app",
                     end, (long long)days, CMG__APP_MAX_DAYS);
    else
        cmg__run_say(run, "until %.10s", end);
}

/* ---- the course ---- */

static cmg_status not_named(struct cmg__run *run, cmg_error **err)
{
    return cmg__fail(err, run->work->alloc, CMG_E_NOTFOUND, run->work->old_secret,
                     "compare with \"Secret ID\" under Certificates & secrets of the "
                     "application",
                     "%s: the server app has no secret with the ID %s", run->step->title,
                     run->work->old_secret);
}

static cmg_status begin(struct cmg__run *run, const struct sight *sight,
                        struct cmg__next *next, cmg_error **err)
{
    int64_t end = 0;

    if (run->work->old_secret[0] != '\0' && !sight->named && !has_fact(run, REPLACES)) {
        if (run->polls < LOOKS)
            return cmg__next_again(next, -1);
        return not_named(run, err);
    }
    cmg_status rc = cmg__server_app_secret_end(
        run->work->gateway->server_app, cmg__env_unix_s(&run->work->ctx->env), &end, err);
    run->polls = 0;
    run->plan = sight->current == NULL && sight->other == NULL ? CMG__PLAN_CREATE
                                                               : CMG__PLAN_CHANGE;
    return rc == CMG_OK ? cmg__next_go(next, "add") : rc;
}

/* Everything else of ours goes only now: the current one is proven, kept and listed. */
static cmg_status clean(struct cmg__run *run, const struct sight *sight,
                        struct cmg__next *next, cmg_error **err)
{
    bool held = false;

    if (sight->other != NULL) {
        const char *id = cmg__str_or(cmg__json_str(sight->other, "/keyId"), "");
        run->plan = CMG__PLAN_CHANGE;
        (void)snprintf(run->scratch, sizeof run->scratch, "%s", id);
        return cmg__next_go(next, "remove");
    }
    const cmg_status rc = holds(run, CMG__SECRET_SERVER_APP_NEXT, &held, err);
    if (rc != CMG_OK || held)
        return rc == CMG_OK ? cmg__next_go(next, "tidy") : rc;
    if (cmg__fact_set(run->work, REPLACES, NULL) != CMG_OK ||
        cmg__fact_set(run->work, NAMED, NULL) != CMG_OK)
        return cmg__fail_nomem(err);
    if (run->plan == CMG__PLAN_UNKNOWN)
        run->plan = CMG__PLAN_KEEP;
    say_end(run, sight->current);
    return cmg__next_done(next);
}

/* A value that is kept but not proven is proven first; one that is gone is forgotten. */
static cmg_status take_up(struct cmg__run *run, struct cmg__next *next, bool *out_go_on,
                          cmg_error **err)
{
    bool held = false;
    const cmg_status rc = has_fact(run, PENDING)
                              ? holds(run, CMG__SECRET_SERVER_APP_NEXT, &held, err)
                              : CMG_OK;

    *out_go_on = false;
    if (rc != CMG_OK)
        return rc;
    if (held) {
        run->plan = CMG__PLAN_CHANGE;
        return cmg__next_go(next, "prove");
    }
    *out_go_on = true;
    return cmg__fact_set(run->work, PENDING, NULL) == CMG_OK ? CMG_OK
                                                             : cmg__fail_nomem(err);
}

/* The secret of somebody else's application, handed in by the host. */
static bool is_theirs(const struct cmg__run *run, const struct sight *sight)
{
    return !renews(run) && !has_fact(run, CURRENT) && !has_fact(run, PENDING) &&
           cmg__app_is_adopted(run) && sight->held;
}

static cmg_status inspect(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    struct sight sight;
    bool go_on = false;
    cmg_status rc =
        look(run, cmg__json_at(answer->json, "/passwordCredentials"), &sight, err);

    if (rc != CMG_OK)
        return rc;
    keep_times(run, answer->json, sight.current);
    rc = take_up(run, next, &go_on, err);
    if (rc != CMG_OK || !go_on)
        return rc;
    if (is_theirs(run, &sight)) {
        run->plan = CMG__PLAN_KEEP;
        cmg__run_say(run, "of an application that somebody else made");
        return cmg__next_done(next);
    }
    if (may_be_late(run, &sight))
        return cmg__next_again(next, -1);
    return wants_new(run, &sight) ? begin(run, &sight, next, err)
                                  : clean(run, &sight, next, err);
}

/* ---- adding ---- */

static cmg_status random_mark(struct cmg__run *run, char out[64], cmg_error **err)
{
    const struct cmg__env *env = &run->work->ctx->env;
    uint8_t bytes[4];
    char hex[9];
    int rc = env->random(env->user, bytes, sizeof bytes);

    if (rc != 0)
        return cmg__fail_os(err, run->work->alloc, -rc, "random numbers", "get");
    cmg__hex_format(bytes, sizeof bytes, hex);
    make_mark(run, out);
    (void)snprintf(out + strlen(out), 64 - strlen(out), "%s", hex);
    return CMG_OK;
}

/* Durable with the intent of the request: what a renewal replaces is known from then on.
 */
static cmg_status note_renewal(struct cmg__run *run, cmg_error **err)
{
    struct cmg__work *work = run->work;
    const char *current = cmg__fact(work, CURRENT);

    if (!renews(run) || has_fact(run, REPLACES))
        return CMG_OK;
    if (cmg__fact_set(work, REPLACES, current[0] != '\0' ? current : NOBODY) == CMG_OK &&
        cmg__fact_set(work, NAMED, work->old_secret) == CMG_OK)
        return CMG_OK;
    return cmg__fail_nomem(err);
}

static cmg_status build_add(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    const int64_t now = cmg__env_unix_s(&run->work->ctx->env);
    char start[CMG__TIME_SIZE];
    char end[CMG__TIME_SIZE];
    char name[64];
    int64_t until = 0;
    cmg_status rc =
        cmg__server_app_secret_end(run->work->gateway->server_app, now, &until, err);

    if (rc == CMG_OK)
        rc = random_mark(run, name, err);
    if (rc == CMG_OK)
        rc = note_renewal(run, err);
    if (rc != CMG_OK)
        return rc;
    cmg__time_format(now, start);
    cmg__time_format(until, end);
    ask->body = cmg__json_pack("{s:{s:s, s:s, s:s}}", "passwordCredential", "displayName",
                               name, "startDateTime", start, "endDateTime", end);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status read_add(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    const char *value = cmg__json_str(answer->json, "/secretText");
    const char *id = cmg__json_str(answer->json, "/keyId");

    if (cmg__str_is_empty(value) || cmg__str_is_empty(id))
        return cmg__answer_lacks(run, "/secretText", err);
    cmg_status rc = cmg__secret_save(run->work, CMG__SECRET_SERVER_APP_NEXT, value,
                                     strlen(value), err);
    cmg__json_wipe(answer->json, "/secretText");
    if (rc != CMG_OK)
        return rc;
    if (cmg__fact_set(run->work, PENDING, id) != CMG_OK)
        return cmg__fail_nomem(err);
    run->bits |= ADDED;
    return cmg__next_go(next, "prove");
}

/* ---- proving ---- */

static cmg_status add_fields(struct cmg__run *run, const struct cmg__buf *value,
                             struct cmg__buf *form, cmg_error **err)
{
    const char *resource = NULL;
    cmg_status rc = cmg__token_resource(run->work, CMG__TOKEN_GRAPH, &resource, err);

    if (rc != CMG_OK)
        return rc;
    char *scope = cmg__format(run->work->alloc, "%s/.default", resource);
    rc = scope == NULL
             ? CMG_E_NOMEM
             : cmg__form_add(form, "client_id", cmg__fact(run->work, "server_app_id"));
    if (rc == CMG_OK)
        rc = cmg__form_add(form, "scope", scope);
    if (rc == CMG_OK)
        rc = cmg__form_add(form, "grant_type", "client_credentials");
    if (rc == CMG_OK)
        rc = cmg__form_add(form, "client_secret", cmg__buf_cstr(value));
    cmg__free(run->work->alloc, scope);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

static cmg_status build_proof(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    struct cmg__buf value;

    if (run->number == 0)
        run->number = cmg__env_now_ms(&run->work->ctx->env) + PROVING;
    cmg__buf_init_secret(&value, run->work->alloc, CMG__SECRET_MAX);
    cmg_status rc = cmg__secret_load(run->work, CMG__SECRET_SERVER_APP_NEXT, &value, err);
    if (rc == CMG_OK)
        rc = add_fields(run, &value, &ask->form, err);
    cmg__buf_done(&value);
    return rc;
}

/* What an application or a secret that was made moments ago may answer as well. */
static bool may_be_young(const cmg_error *error)
{
    static const char *const codes[] = { "AADSTS7000215", "AADSTS700016",
                                         "AADSTS7000229" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(codes); i++) {
        if (cmg__str_ieq(cmg_error_service_code(error), codes[i]))
            return true;
    }
    return false;
}

static cmg_status not_proven(struct cmg__run *run, const struct cmg__answer *answer,
                             cmg_error **err)
{
    const struct cmg__error_info info = {
        .code = CMG_E_AUTH,
        .retry = CMG_RETRY_LATER,
        .origin = cmg_error_origin(answer->error),
        .origin_number = cmg_error_origin_number(answer->error),
        .service_code = cmg_error_service_code(answer->error),
        .subject = run->step->name,
        .cause = cmg_error_message(answer->error),
        .remedy = "start again with the same journal: the secret is tried again, and "
                  "replaced when it still does not sign in",
    };

    return cmg__error_set(err, run->work->alloc, &info,
                          "%s: the new secret has not signed in within %lld seconds; the "
                          "old one is untouched",
                          run->step->title, (long long)(PROVING / 1000));
}

/* One that an earlier run left behind and that does not sign in is replaced. */
static cmg_status drop_pending(struct cmg__run *run, struct cmg__next *next,
                               cmg_error **err)
{
    run->number = 0;
    run->polls = 0;
    if (cmg__fact_set(run->work, PENDING, NULL) != CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__next_go(next, "inspect");
}

static cmg_status read_proof(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 200) {
        if (cmg__str_is_empty(cmg__json_str(answer->json, "/access_token")))
            return cmg__answer_lacks(run, "/access_token", err);
        cmg__json_wipe(answer->json, "/access_token");
        run->polls = 0;
        return cmg__next_go(next, "keep");
    }
    const bool expired =
        cmg__str_ieq(cmg_error_service_code(answer->error), "AADSTS7000222");
    if ((run->bits & ADDED) == 0 && expired)
        return drop_pending(run, next, err);
    if (!may_be_young(answer->error))
        return cmg__answer_fail(run, answer, err);
    cmg__run_say(run, "waiting until the new secret signs in");
    if (cmg__env_now_ms(&run->work->ctx->env) < run->number)
        return cmg__next_again(next, -1);
    return (run->bits & ADDED) != 0 ? not_proven(run, answer, err)
                                    : drop_pending(run, next, err);
}

/* ---- handing over, removing ---- */

static cmg_status keep(struct cmg__run *run, const struct cmg__answer *answer,
                       struct cmg__next *next, cmg_error **err)
{
    struct cmg__work *work = run->work;
    struct cmg__buf value;

    (void)answer;
    cmg__buf_init_secret(&value, work->alloc, CMG__SECRET_MAX);
    cmg_status rc = cmg__secret_load(work, CMG__SECRET_SERVER_APP_NEXT, &value, err);
    if (rc == CMG_OK)
        rc = cmg__secret_save(work, CMG__SECRET_SERVER_APP, value.data, value.len, err);
    cmg__buf_done(&value);
    if (rc != CMG_OK)
        return rc;
    if (cmg__fact_set(work, CURRENT, cmg__fact(work, PENDING)) != CMG_OK ||
        cmg__fact_set(work, PENDING, NULL) != CMG_OK)
        return cmg__fail_nomem(err);
    run->bits |= MOVED;
    return cmg__next_go(next, "inspect");
}

static cmg_status build_remove(struct cmg__run *run, struct cmg__ask *ask,
                               cmg_error **err)
{
    ask->body = cmg__json_pack("{s:s}", "keyId", run->scratch);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

/* "Nothing to remove" may come from a stale replica: what counts is what is listed. */
static cmg_status read_remove(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    next->after_ms = cmg__poll_delay_ms(run->polls++, -1);
    return cmg__next_go(next, "inspect");
}

static cmg_status tidy(struct cmg__run *run, const struct cmg__answer *answer,
                       struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = cmg__secret_remove(run->work, CMG__SECRET_SERVER_APP_NEXT, err);

    (void)answer;
    return rc == CMG_OK ? cmg__next_go(next, "inspect") : rc;
}

static const struct cmg__exchange exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_APP_GET,
      .replicates = true,
      .bind = { { "object_id", "server_object_id" } },
      .read = inspect },
    { .name = "add",
      .call = CMG__CALL_APP_ADD_PASSWORD,
      .effect = true,
      .replicates = true,
      .look = "inspect",
      .bind = { { "object_id", "server_object_id" } },
      .build = build_add,
      .read = read_add },
    { .name = "prove",
      .call = CMG__CALL_TOKEN_SECRET,
      .effect = true,
      .also = { 400, 401 },
      .build = build_proof,
      .read = read_proof },
    { .name = "keep", .call = CMG__CALL_LOCAL, .effect = true, .read = keep },
    { .name = "remove",
      .call = CMG__CALL_APP_REMOVE_PASSWORD,
      .effect = true,
      .also = { 400, 404 },
      .bind = { { "object_id", "server_object_id" } },
      .build = build_remove,
      .read = read_remove },
    { .name = "tidy", .call = CMG__CALL_LOCAL, .effect = true, .read = tidy },
};

const struct cmg__step cmg__step_server_secret = {
    .name = "server_secret",
    .title = "server app's secret",
    .phase = CMG__PHASE_APPLY,
    .what = "client secret of the server app",
    .prefix = "server",
    .needs = { "server_principal" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(exchanges),
};

/* The same name: what one operation left open, the other takes up. */
const struct cmg__step cmg__step_secret_renewal = {
    .name = "server_secret",
    .title = "server app's secret",
    .phase = CMG__PHASE_APPLY,
    .what = "client secret of the server app: a new one, then the old one is removed",
    .prefix = "server",
    .param = { "renews", "yes" },
    .needs = { "server_found" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(exchanges),
};
