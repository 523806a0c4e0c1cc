/*
 * Signing in, and what the signed-in account sees: tenant and subscription. An unattended
 * sign-in needs no exchange of its own, the tokens are got on the way; a person is shown
 * a code and waited for.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/sign_in.h"
#include "deploy/steps.h"
#include "deploy/token.h"

/* ---- sign in ---- */

static cmg_status begin(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    if (!cmg__sign_in_method(run->work)->prompts ||
        cmg__secret_is_set(&run->work->tokens.refresh))
        return cmg__next_go(next, "arm");
    return cmg__next_go(next, "code");
}

static cmg_status build_code(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    struct cmg__buf scope;

    cmg__buf_init(&scope, ask->alloc, 512);
    cmg_status rc = cmg__token_scope(run->work, CMG__TOKEN_ARM, &scope);
    if (rc == CMG_OK)
        rc = cmg__form_add(&ask->form, "client_id", cmg__token_client_id(run->work));
    if (rc == CMG_OK)
        rc = cmg__form_add(&ask->form, "scope", cmg__buf_cstr(&scope));
    cmg__buf_done(&scope);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

/* Some deployments of Entra send numbers as text. */
static int64_t number_at(const struct cmg__json *v, const char *path, int64_t otherwise)
{
    const char *text = cmg__json_str(v, path);
    uint64_t number = 0;

    if (text != NULL && cmg__parse_u64(text, strlen(text), &number) && number < 86400)
        return (int64_t)number;
    int64_t value = cmg__json_int(v, path, otherwise);
    return value < 1 || value > 86400 ? otherwise : value;
}

static cmg_status keep_prompt(struct cmg__work *work, const struct cmg__json *json)
{
    struct cmg__prompt *prompt = &work->prompt;
    cmg_status rc = cmg__str_assign(work->alloc, &prompt->uri,
                                    cmg__json_str(json, "/verification_uri"));

    if (rc == CMG_OK)
        rc = cmg__str_assign(work->alloc, &prompt->code,
                             cmg__json_str(json, "/user_code"));
    if (rc == CMG_OK)
        rc = cmg__str_assign(work->alloc, &prompt->message,
                             cmg__json_str(json, "/message"));
    prompt->expires_unix_s =
        cmg__env_unix_s(&work->ctx->env) + number_at(json, "/expires_in", 900);
    return rc;
}

static cmg_status read_code(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, cmg_error **err)
{
    struct cmg__work *work = run->work;
    const char *code = cmg__json_str(answer->json, "/device_code");

    if (code == NULL || cmg__json_str(answer->json, "/user_code") == NULL)
        return cmg__answer_lacks(run, "/device_code", err);
    if (cmg__secret_set(&work->tokens.device_code, code, strlen(code)) != CMG_OK ||
        keep_prompt(work, answer->json) != CMG_OK)
        return cmg__fail_nomem(err);
    work->prompt.pending = true;
    run->number = number_at(answer->json, "/interval", 5);
    cmg__run_say(run, "waiting for somebody to enter the code");
    next->after_ms = run->number * 1000;
    return cmg__next_go(next, "wait");
}

static cmg_status build_wait(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    const char *code = run->work->tokens.device_code.data;
    cmg_status rc = cmg__form_add(&ask->form, "grant_type",
                                  "urn:ietf:params:oauth:grant-type:device_code");

    if (rc == CMG_OK)
        rc = cmg__form_add(&ask->form, "client_id", cmg__token_client_id(run->work));
    if (rc == CMG_OK)
        rc = cmg__form_add(&ask->form, "device_code", cmg__str_or(code, ""));
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

/* Bits of the step. */
#define ASKED_AGAIN ((uint64_t)1)

/* The code has given its tokens to an answer that was lost on the way. */
static bool is_redeemed(const struct cmg__json *answer)
{
    return cmg__json_int(answer, "/error_codes/0", 0) == 54005;
}

static cmg_status read_wait(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, cmg_error **err)
{
    const char *error = cmg__str_or(cmg__json_str(answer->json, "/error"), "");
    bool slow_down = strcmp(error, "slow_down") == 0;

    if (answer->status == 200) {
        cmg__secret_clear(&run->work->tokens.device_code);
        cmg_status rc = cmg__token_read(run->work, CMG__TOKEN_ARM, answer->json, err);
        return rc == CMG_OK ? cmg__next_go(next, "arm") : rc;
    }
    if (slow_down)
        run->number += 5;
    if (slow_down || strcmp(error, "authorization_pending") == 0)
        return cmg__next_again(next, run->number * 1000);
    if (is_redeemed(answer->json) && (run->bits & ASKED_AGAIN) == 0) {
        run->bits |= ASKED_AGAIN;
        cmg__run_say(run, "the answer with the tokens was lost: another code is needed");
        return cmg__next_go(next, "code");
    }
    return cmg__answer_fail(run, answer, err);
}

static cmg_status read_vault(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    const cmg_tenant *tenant = run->work->gateway->tenant;
    cmg__run_say(run, "%s", tenant->domain[0] != '\0' ? tenant->domain : tenant->id);
    return cmg__next_done(next);
}

static const struct cmg__exchange sign_in_exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin },
    { .name = "code",
      .call = CMG__CALL_DEVICE_CODE,
      .build = build_code,
      .read = read_code },
    { .name = "wait",
      .call = CMG__CALL_TOKEN_DEVICE,
      .also = { 400 },
      .build = build_wait,
      .read = read_wait },
    { .name = "arm",
      .call = CMG__CALL_LOCAL,
      .with_token = true,
      .token = CMG__TOKEN_ARM,
      .then = "graph",
      .read = cmg__read_then },
    { .name = "graph",
      .call = CMG__CALL_LOCAL,
      .with_token = true,
      .token = CMG__TOKEN_GRAPH,
      .then = "vault",
      .read = cmg__read_then },
    { .name = "vault",
      .call = CMG__CALL_LOCAL,
      .with_token = true,
      .token = CMG__TOKEN_VAULT,
      .read = read_vault },
};

const struct cmg__step cmg__step_sign_in = {
    .name = "sign_in",
    .title = "sign in",
    .phase = CMG__PHASE_SIGN_IN,
    .budget_ms = 20 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(sign_in_exchanges),
};

/* ---- tenant ---- */

static cmg_status check_tenant(struct cmg__run *run, const char *id, cmg_error **err)
{
    const char *wanted = run->work->gateway->tenant->id;

    if (wanted[0] == '\0' || cmg__str_ieq(wanted, id))
        return CMG_OK;
    return cmg__fail(err, run->work->alloc, CMG_E_CONFLICT, "/tenant/id",
                     "sign in to the tenant of the specification, or correct it",
                     "signed in to tenant %s, but the specification says %s", id, wanted);
}

static cmg_status observe_tenant(struct cmg__run *run, const char *id, const char *name)
{
    const struct cmg__alloc *alloc = run->work->alloc;
    cmg_gateway *gateway = run->work->gateway;
    char *uri = cmg__format(alloc, "api://%s/%s", id, gateway->server_app->name);
    cmg_status rc = uri == NULL ? CMG_E_NOMEM
                                : cmg__observe(alloc, &gateway->server_app->id_uri, uri);

    if (rc == CMG_OK)
        rc = cmg__fact_set(run->work, "server_id_uri", uri);
    if (rc == CMG_OK)
        rc = cmg__observe(alloc, &gateway->tenant->id, id);
    if (rc == CMG_OK)
        rc = cmg__observe(alloc, &gateway->tenant->display_name, name);
    if (rc == CMG_OK)
        rc = cmg__fact_set(run->work, "tenant_id", id);
    cmg__free(alloc, uri);
    return rc;
}

static cmg_status read_tenant(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    const char *id = cmg__json_str(answer->json, "/value/0/id");
    const char *name = cmg__json_str(answer->json, "/value/0/displayName");

    if (id == NULL || !cmg__guid_is_valid(id))
        return cmg__answer_lacks(run, "/value/0/id", err);
    cmg_status rc = check_tenant(run, id, err);
    if (rc != CMG_OK)
        return rc;
    if (observe_tenant(run, id, cmg__str_or(name, "")) != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__run_say(run, "%s", cmg__str_or(name, id));
    return cmg__next_go(next,
                        cmg__sign_in_is_person(run->work) ? "person" : "application");
}

/* Who is signed in: the vault's access policy names it. */
static cmg_status read_principal(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    const char *id = cmg__json_str(answer->json, "/id");
    const char *user = cmg__json_str(answer->json, "/userPrincipalName");

    if (id == NULL || !cmg__guid_is_valid(id))
        return cmg__answer_lacks(run, "/id", err);
    if (cmg__fact_set(run->work, "principal_id", id) != CMG_OK)
        return cmg__fail_nomem(err);
    if (user != NULL)
        cmg__run_say(run, "signed in as %s", user);
    return cmg__next_done(next);
}

static const struct cmg__exchange tenant_exchanges[] = {
    { .name = "inspect", .call = CMG__CALL_ORGANIZATION, .read = read_tenant },
    { .name = "person", .call = CMG__CALL_ME, .read = read_principal },
    { .name = "application",
      .call = CMG__CALL_SP_BY_APP_ID,
      .bind = { { "app_id", "sign_in_client" } },
      .read = read_principal },
};

const struct cmg__step cmg__step_tenant = {
    .name = "tenant",
    .title = "tenant",
    .phase = CMG__PHASE_APPLY,
    .needs = { "sign_in" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(tenant_exchanges),
};

/* ---- subscription ---- */

static bool is_writable(const char *state)
{
    static const char *const writable[] = { "Enabled", "Warned", "PastDue" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(writable); i++) {
        if (cmg__str_ieq(state, writable[i]))
            return true;
    }
    return false;
}

static cmg_status read_subscription(struct cmg__run *run,
                                    const struct cmg__answer *answer,
                                    struct cmg__next *next, cmg_error **err)
{
    const struct cmg__work *work = run->work;
    const char *state = cmg__json_str(answer->json, "/state");
    const char *tenant = cmg__json_str(answer->json, "/tenantId");

    if (state == NULL)
        return cmg__answer_lacks(run, "/state", err);
    if (!is_writable(state))
        return cmg__fail(err, work->alloc, CMG_E_DENIED, "/tenant/subscription_id",
                         "use another subscription, or have this one enabled again",
                         "subscription %s is in state %s: nothing can be made in it",
                         cmg__work_value(work, "subscription"), state);
    if (tenant != NULL && !cmg__str_ieq(tenant, cmg__fact(work, "tenant_id")))
        return cmg__fail(err, work->alloc, CMG_E_CONFLICT, "/tenant/subscription_id",
                         "use a subscription of the tenant, or sign in to its tenant",
                         "subscription %s belongs to tenant %s, signed in to %s",
                         cmg__work_value(work, "subscription"), tenant,
                         cmg__fact(work, "tenant_id"));
    cmg__run_say(run, "%s",
                 cmg__str_or(cmg__json_str(answer->json, "/displayName"), state));
    return cmg__next_done(next);
}

static const struct cmg__exchange subscription_exchanges[] = {
    { .name = "inspect", .call = CMG__CALL_SUBSCRIPTION, .read = read_subscription },
};

const struct cmg__step cmg__step_subscription = {
    .name = "subscription",
    .title = "subscription",
    .phase = CMG__PHASE_APPLY,
    .needs = { "tenant" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(subscription_exchanges),
};
