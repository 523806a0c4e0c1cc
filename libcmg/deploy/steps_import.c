/*
 * Verifying imported applications as the console does: signing in as the server app with
 * its own secret, then reading organization and applications with what it may read.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/steps.h"
#include "deploy/token.h"

static cmg_status wrong(const struct cmg__run *run, const char *what, const char *remedy,
                        cmg_error **err)
{
    return cmg__fail(err, run->work->alloc, CMG_E_CONFLICT, cmg__run_fact(run, ".app_id"),
                     remedy, "%s: application %s %s", run->step->title,
                     cmg__run_fact(run, ".app_id"), what);
}

/* ---- sign in ---- */

static cmg_status keep_ids(struct cmg__work *work, cmg_error **err)
{
    const char *server_app = work->gateway->server_app->client_id;
    const char *client_app = work->gateway->client_app->client_id;

    if (server_app[0] == '\0' || client_app[0] == '\0')
        return cmg__fail(err, work->alloc, CMG_E_STATE,
                         server_app[0] == '\0' ? "/server_app/client_id"
                                               : "/client_app/client_id",
                         "set client_id of both applications in the specification, or "
                         "call cmg_gateway_set_import()",
                         "the applications to import are not named");
    if (cmg__fact_set(work, "server_app_id", server_app) != CMG_OK ||
        cmg__fact_set(work, "client_app_id", client_app) != CMG_OK)
        return cmg__fail_nomem(err);
    return CMG_OK;
}

static cmg_status no_secret(const struct cmg__run *run, cmg_error **err)
{
    return cmg__fail(err, run->work->alloc, CMG_E_NOTFOUND, CMG__SECRET_SERVER_APP,
                     "put the value of the server app's client secret there",
                     "%s: the secret store has no \"" CMG__SECRET_SERVER_APP "\"",
                     run->step->title);
}

static cmg_status take_secret(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    struct cmg__work *work = run->work;
    struct cmg__buf value;
    cmg_status rc = keep_ids(work, err);

    (void)answer;
    if (rc != CMG_OK)
        return rc;
    cmg__buf_init_secret(&value, work->alloc, CMG__SECRET_MAX);
    rc = cmg__secret_load(work, CMG__SECRET_SERVER_APP, &value, err);
    if (rc == CMG_E_NOTFOUND || (rc == CMG_OK && value.len == 0))
        rc = no_secret(run, err);
    if (rc == CMG_OK &&
        cmg__secret_set(&work->server_secret, value.data, value.len) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&value);
    cmg__token_forget(work, CMG__TOKEN_GRAPH); /* of whoever signed in before */
    return rc == CMG_OK ? cmg__next_go(next, "token") : rc;
}

static const struct cmg__exchange sign_in_exchanges[] = {
    { .name = "secret", .call = CMG__CALL_LOCAL, .read = take_secret },
    { .name = "token",
      .call = CMG__CALL_LOCAL,
      .with_token = true,
      .token = CMG__TOKEN_GRAPH,
      .read = cmg__read_then },
};

const struct cmg__step cmg__step_import_sign_in = {
    .name = "import_sign_in",
    .title = "sign in as the server app",
    .phase = CMG__PHASE_SIGN_IN,
    .prefix = "server",
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(sign_in_exchanges),
};

/* ---- tenant ---- */

static cmg_status read_tenant(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    struct cmg__work *work = run->work;
    const cmg_tenant *tenant = work->gateway->tenant;
    const char *id = cmg__json_str(answer->json, "/value/0/id");
    const char *name = cmg__json_str(answer->json, "/value/0/displayName");

    if (answer->status == 403)
        return wrong(run, "may not read the directory",
                     "have an administrator consent to Directory.Read.All of the server "
                     "app",
                     err);
    if (id == NULL || !cmg__guid_is_valid(id))
        return cmg__answer_lacks(run, "/value/0/id", err);
    if (tenant->id[0] != '\0' && !cmg__str_ieq(tenant->id, id))
        return cmg__fail(err, work->alloc, CMG_E_CONFLICT, "/tenant_id",
                         "correct the tenant's ID in the import record",
                         "%s: the applications are of tenant %s, not of %s",
                         run->step->title, id, tenant->id);
    if (cmg__observe(work->alloc, &work->gateway->tenant->id, id) != CMG_OK ||
        cmg__observe(work->alloc, &work->gateway->tenant->display_name, name) != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__run_say(run, "%s", cmg__str_or(name, id));
    return cmg__next_done(next);
}

static const struct cmg__exchange tenant_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_ORGANIZATION,
      .also = { 403 },
      .read = read_tenant },
};

const struct cmg__step cmg__step_import_tenant = {
    .name = "import_tenant",
    .title = "tenant",
    .phase = CMG__PHASE_APPLY,
    .prefix = "server",
    .needs = { "import_sign_in" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(tenant_exchanges),
};

/* ---- server app ---- */

static cmg_status absent(const struct cmg__run *run, cmg_error **err)
{
    return cmg__fail(err, run->work->alloc, CMG_E_NOTFOUND, cmg__run_fact(run, ".app_id"),
                     "correct the client ID",
                     "%s: the tenant has no application with client ID %s",
                     run->step->title, cmg__run_fact(run, ".app_id"));
}

static const char *find_scope(const struct cmg__json *app)
{
    const struct cmg__json *list = cmg__json_at(app, "/api/oauth2PermissionScopes");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *scope = cmg__json_item(list, i);
        if (strcmp(cmg__str_or(cmg__json_str(scope, "/value"), ""), CMG__SCOPE) == 0 &&
            cmg__json_bool(scope, "/isEnabled", false))
            return cmg__json_str(scope, "/id");
    }
    return NULL;
}

static cmg_status read_server(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    struct cmg__work *work = run->work;
    const struct cmg__json *uris = cmg__json_at(answer->json, "/identifierUris");
    const char *first = cmg__json_str(cmg__json_item(uris, 0), "");
    const char *wanted = work->gateway->server_app->id_uri;
    const char *scope = find_scope(answer->json);

    if (answer->status == 404)
        return absent(run, err);
    if (first == NULL || (wanted[0] != '\0' && !cmg__array_has(uris, wanted)))
        return wrong(run, "has another App ID URI, or none",
                     "correct the App ID URI in the import record", err);
    if (scope == NULL)
        return wrong(run, "offers no " CMG__SCOPE,
                     "add and enable the scope " CMG__SCOPE " in Expose an API", err);
    if ((wanted[0] == '\0' &&
         cmg__observe(work->alloc, &work->gateway->server_app->id_uri, first) !=
             CMG_OK) ||
        cmg__fact_set(work, "scope_id", scope) != CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__next_go(next, "principal");
}

static cmg_status read_principal(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404)
        return wrong(run, "has no service principal in the tenant",
                     "register the applications, or have an administrator consent", err);
    cmg_status rc = cmg__answer_keep(run, answer->json, "/id", ".sp_id", err);
    if (rc != CMG_OK)
        return rc;
    cmg__run_say(run, "verified, %s", cmg__run_fact(run, ".app_id"));
    return run->exchange->then == NULL ? cmg__next_done(next)
                                       : cmg__next_go(next, run->exchange->then);
}

static const struct cmg__exchange server_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_APP_BY_APP_ID,
      .also = { 404 },
      .bind = { { "app_id", ".app_id" } },
      .read = read_server },
    { .name = "principal",
      .call = CMG__CALL_SP_BY_APP_ID,
      .also = { 404 },
      .bind = { { "app_id", ".app_id" } },
      .read = read_principal },
};

const struct cmg__step cmg__step_import_server = {
    .name = "import_server",
    .title = "server app",
    .phase = CMG__PHASE_APPLY,
    .prefix = "server",
    .needs = { "import_tenant" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(server_exchanges),
};

/* ---- client app ---- */

static cmg_status read_client(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404)
        return absent(run, err);
    if (!cmg__json_bool(answer->json, "/isFallbackPublicClient", false))
        return wrong(run, "is no public client", "allow public client flows", err);
    return cmg__next_go(next, "principal");
}

static cmg_status read_grants(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    if (!cmg__scope_is_granted(run, cmg__json_at(answer->json, "/value")))
        return wrong(run, "may not call the server app",
                     "add the permission " CMG__SCOPE " of the server app and have an "
                     "administrator consent",
                     err);
    return cmg__next_done(next);
}

static const struct cmg__exchange client_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_APP_BY_APP_ID,
      .also = { 404 },
      .bind = { { "app_id", ".app_id" } },
      .read = read_client },
    { .name = "principal",
      .call = CMG__CALL_SP_BY_APP_ID,
      .also = { 404 },
      .then = "grants",
      .bind = { { "app_id", ".app_id" } },
      .read = read_principal },
    { .name = "grants",
      .call = CMG__CALL_SCOPE_GRANTS,
      .bind = { { "sp_id", ".sp_id" } },
      .read = read_grants },
};

const struct cmg__step cmg__step_import_client = {
    .name = "import_client",
    .title = "client app",
    .phase = CMG__PHASE_APPLY,
    .prefix = "client",
    .needs = { "import_server" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(client_exchanges),
};
