/*
 * Admin consent: the server app's right to read the directory, the client app's right to
 * call the server app. Listed first, granted when absent, read back until several looks
 * in a row show it, for the list may lag. Who may not grant it asks: the host gets the
 * page that an administrator opens, and the list is looked at until it is there.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/consent.h"
#include "deploy/steps.h"

/* Replicas disagree for a while: so many looks in a row must show a fresh grant. */
#define READS 3

/* Bits of the step. */
#define MADE  ((uint64_t)1) /* granted here */
#define ASKED ((uint64_t)2) /* an administrator has been asked */

#define FIRST_WAIT_MS ((int64_t)2000)
#define MAX_WAIT_MS   ((int64_t)30000)

/* ---- what both have in common ---- */

static cmg_status seen(struct cmg__run *run, struct cmg__next *next, const char *what)
{
    if (run->plan == CMG__PLAN_UNKNOWN)
        run->plan = CMG__PLAN_KEEP;
    if (run->bits != 0 && ++run->number < READS) {
        run->polls = 0;
        return cmg__next_again(next, -1);
    }
    cmg__run_say(run, "%s is granted", what);
    return cmg__next_done(next);
}

static cmg_status wait_on(struct cmg__run *run, struct cmg__next *next, cmg_error **err)
{
    const struct cmg__env *env = &run->work->ctx->env;
    int64_t delay = run->polls < 4 ? FIRST_WAIT_MS << run->polls : MAX_WAIT_MS;

    if (cmg__env_now_ms(env) + delay > run->consent.until_ms)
        return cmg__consent_late(run, err);
    return cmg__next_again(next, delay);
}

static cmg_status missing(struct cmg__run *run, struct cmg__next *next,
                          const char *remedy, cmg_error **err)
{
    run->number = 0;
    if ((run->bits & ASKED) != 0)
        return wait_on(run, next, err);
    if ((run->bits & MADE) != 0)
        return cmg__next_again(next, -1);
    return cmg__next_go(next, run->work->consent.ask ? "ask" : remedy);
}

/* The same text after a crash: the host may still wait for it to come back. */
static cmg_status make_state(struct cmg__run *run, cmg_error **err)
{
    const struct cmg__env *env = &run->work->ctx->env;
    char text[CMG__GUID_SIZE];
    uint8_t bytes[16];

    if (cmg__run_fact(run, ".consent_state")[0] != '\0')
        return CMG_OK;
    int rc = env->random(env->user, bytes, sizeof bytes);
    if (rc != 0)
        return cmg__fail_os(err, run->work->alloc, -rc, "random numbers", "get");
    cmg__guid_format(bytes, text);
    return cmg__run_fact_set(run, ".consent_state", text) == CMG_OK
               ? CMG_OK
               : cmg__fail_nomem(err);
}

static cmg_status ask(struct cmg__run *run, const struct cmg__answer *answer,
                      struct cmg__next *next, cmg_error **err)
{
    const struct cmg__consent_rule *rule = &run->work->consent;
    const struct cmg__env *env = &run->work->ctx->env;
    cmg_status rc = make_state(run, err);

    (void)answer;
    if (rc == CMG_OK && !rule->can_ask)
        rc = cmg__consent_refused(run, err);
    if (rc != CMG_OK)
        return rc;
    run->bits |= ASKED;
    run->polls = 0;
    run->consent.pending = true;
    run->consent.until_ms = cmg__env_now_ms(env) + rule->wait_ms;
    run->consent.expires_unix_s = cmg__env_unix_s(env) + rule->wait_ms / 1000;
    run->extend_ms = rule->wait_ms + run->step->budget_ms;
    cmg__run_say(run, "waiting for an administrator's consent");
    next->after_ms = FIRST_WAIT_MS;
    return cmg__next_go(next, "list");
}

static bool is_refusal(const struct cmg__answer *answer)
{
    return answer->status == 403 && cmg_error_code(answer->error) == CMG_E_DENIED;
}

static cmg_status refused(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next)
{
    cmg_error_unref(run->consent.refusal);
    run->consent.refusal = cmg_error_ref(answer->error);
    return cmg__next_go(next, "ask");
}

/* 400 and 409 are both used for "exists already", and for what is not copied yet. */
static cmg_status read_grant(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    if (is_refusal(answer))
        return refused(run, answer, next);
    if (answer->status >= 400 && cmg_error_retry(answer->error) == CMG_RETRY_LATER)
        return cmg__next_again(next, -1);
    if (answer->status >= 400 && cmg_error_code(answer->error) != CMG_E_EXISTS)
        return cmg__answer_fail(run, answer, err);
    run->bits |= MADE;
    run->polls = 0;
    next->after_ms = -1;
    return cmg__next_go(next, "list");
}

#define ASK_EXCHANGE                                                                     \
    {                                                                                    \
        .name = "ask", .call = CMG__CALL_LOCAL, .effect = true, .read = ask              \
    }

/* ---- application permission of the server app ---- */

static cmg_status read_graph(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = cmg__answer_keep(run, answer->json, "/id", "graph_sp_id", err);

    return rc == CMG_OK ? cmg__next_go(next, "list") : rc;
}

static bool is_role(const struct cmg__run *run, const struct cmg__json *entry)
{
    const char *resource = cmg__str_or(cmg__json_str(entry, "/resourceId"), "");
    const char *role = cmg__str_or(cmg__json_str(entry, "/appRoleId"), "");

    return cmg__str_ieq(resource, cmg__fact(run->work, "graph_sp_id")) &&
           cmg__str_ieq(role, CMG__DIRECTORY_READ_ALL);
}

static cmg_status list_roles(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        if (is_role(run, cmg__json_item(list, i)))
            return seen(run, next, "Directory.Read.All");
    }
    run->plan = CMG__PLAN_CREATE;
    return missing(run, next, "grant", err);
}

static cmg_status build_role(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    ask->body = cmg__json_pack("{s:s, s:s, s:s}", "principalId",
                               cmg__fact(run->work, "server_sp_id"), "resourceId",
                               cmg__fact(run->work, "graph_sp_id"), "appRoleId",
                               CMG__DIRECTORY_READ_ALL);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static const struct cmg__exchange server_exchanges[] = {
    { .name = "graph",
      .call = CMG__CALL_SP_BY_APP_ID,
      .bind = { { "app_id", "graph_app_id" } },
      .read = read_graph },
    { .name = "list",
      .call = CMG__CALL_ROLE_GRANTS,
      .replicates = true,
      .bind = { { "sp_id", "server_sp_id" } },
      .read = list_roles },
    { .name = "grant",
      .call = CMG__CALL_ROLE_GRANT,
      .effect = true,
      .replicates = true,
      .also = { 400, 403, 409 },
      .look = "list",
      .bind = { { "resource_sp_id", "graph_sp_id" } },
      .build = build_role,
      .read = read_grant },
    ASK_EXCHANGE,
};

const struct cmg__step cmg__step_server_consent = {
    .name = "server_consent",
    .title = "server app's consent",
    .phase = CMG__PHASE_APPLY,
    .what = "consent: server app may read the directory",
    .prefix = "server",
    .param = { "graph_app_id", CMG__GRAPH_APP_ID },
    .needs = { "server_principal" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(server_exchanges),
};

/* ---- delegated permission of the client app ---- */

/* Scopes are separated by blanks. */
static bool has_scope(const char *scopes)
{
    const size_t len = strlen(CMG__SCOPE);

    for (const char *p = scopes; *p != '\0';) {
        size_t n = strcspn(p, " ");
        if (n == len && memcmp(p, CMG__SCOPE, n) == 0)
            return true;
        p += n + strspn(p + n, " ");
    }
    return false;
}

static const struct cmg__json *find_grant(const struct cmg__run *run,
                                          const struct cmg__json *list)
{
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *entry = cmg__json_item(list, i);
        const char *resource = cmg__str_or(cmg__json_str(entry, "/resourceId"), "");
        if (cmg__str_ieq(resource, cmg__fact(run->work, "server_sp_id")))
            return entry;
    }
    return NULL;
}

bool cmg__scope_is_granted(const struct cmg__run *run, const struct cmg__json *list)
{
    const struct cmg__json *grant = find_grant(run, list);

    return grant != NULL && has_scope(cmg__str_or(cmg__json_str(grant, "/scope"), ""));
}

/* PATCH replaces the scopes: those that are there are kept. */
static cmg_status keep_grant(struct cmg__run *run, const struct cmg__json *grant,
                             struct cmg__next *next, cmg_error **err)
{
    const char *id = cmg__json_str(grant, "/id");
    const char *scopes = cmg__str_or(cmg__json_str(grant, "/scope"), "");

    if (id == NULL)
        return cmg__answer_lacks(run, "/value/0/id", err);
    if (has_scope(scopes))
        return seen(run, next, CMG__SCOPE);
    run->plan = CMG__PLAN_CHANGE;
    char *all = cmg__format(run->work->alloc, "%s%s" CMG__SCOPE, scopes,
                            scopes[0] == '\0' ? "" : " ");
    cmg_status rc =
        all == NULL ? CMG_E_NOMEM : cmg__fact_set(run->work, "client_grant_scopes", all);
    if (rc == CMG_OK)
        rc = cmg__fact_set(run->work, "client_grant_id", id);
    cmg__free(run->work->alloc, all);
    return rc == CMG_OK ? missing(run, next, "patch", err) : cmg__fail_nomem(err);
}

static cmg_status list_scopes(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *grant = find_grant(run, cmg__json_at(answer->json, "/value"));

    if (grant != NULL)
        return keep_grant(run, grant, next, err);
    run->plan = CMG__PLAN_CREATE;
    return missing(run, next, "grant", err);
}

static cmg_status build_patch(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    ask->body =
        cmg__json_pack("{s:s}", "scope", cmg__fact(run->work, "client_grant_scopes"));
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status build_scope(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    ask->body = cmg__json_pack("{s:s, s:s, s:s, s:s}", "clientId",
                               cmg__fact(run->work, "client_sp_id"), "consentType",
                               "AllPrincipals", "resourceId",
                               cmg__fact(run->work, "server_sp_id"), "scope", CMG__SCOPE);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static const struct cmg__exchange client_exchanges[] = {
    { .name = "list",
      .call = CMG__CALL_SCOPE_GRANTS,
      .bind = { { "sp_id", "client_sp_id" } },
      .read = list_scopes },
    { .name = "patch",
      .call = CMG__CALL_SCOPE_PATCH,
      .effect = true,
      .also = { 403 },
      .bind = { { "grant_id", "client_grant_id" } },
      .build = build_patch,
      .read = read_grant },
    { .name = "grant",
      .call = CMG__CALL_SCOPE_GRANT,
      .effect = true,
      .replicates = true,
      .also = { 400, 403, 409 },
      .look = "list",
      .build = build_scope,
      .read = read_grant },
    ASK_EXCHANGE,
};

const struct cmg__step cmg__step_client_consent = {
    .name = "client_consent",
    .title = "client app's consent",
    .phase = CMG__PHASE_APPLY,
    .what = "consent: client app may call the server app",
    .prefix = "client",
    .needs = { "client_principal", "server_principal" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(client_exchanges),
};
