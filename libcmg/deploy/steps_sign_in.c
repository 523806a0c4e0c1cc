/*
 * Signing in. An unattended sign-in needs no exchange of its own, the tokens are got on
 * the way; a person is shown a code, or a page to open, and waited for.
 */
#include <string.h>

#include "base/error.h"
#include "crypto/jwt.h"
#include "deploy/sign_in.h"
#include "deploy/steps.h"
#include "deploy/token.h"
#include "deploy/token_cache.h"

static cmg_status begin(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    run->work->principal_id[0] = '\0';
    const cmg_status rc = cmg__token_cache_load(run->work, err);
    if (rc != CMG_OK)
        return rc;
    if (!cmg__sign_in_method(run->work)->prompts ||
        cmg__secret_is_set(&run->work->tokens.refresh))
        return cmg__next_go(next, "arm");
    return cmg__next_go(next,
                        cmg__sign_in_method(run->work)->browser ? "browser" : "code");
}

/* ---- device code ---- */

static cmg_status build_code(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    return cmg__token_form_head(run->work, CMG__TOKEN_ARM, &ask->form, err);
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
    prompt->kind = CMG_PROMPT_DEVICE_CODE;
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

/* The sign-in itself is not enough, or its tokens went to an answer that was lost: once
   more, with what is demanded. Device codes and pages take both alike. */
static cmg_status once_more(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, const char *to, cmg_error **err)
{
    const char *claims = cmg__json_str(answer->json, "/claims");

    if ((run->bits & ASKED_AGAIN) != 0 || (claims == NULL && !is_redeemed(answer->json)))
        return cmg__answer_fail(run, answer, err);
    run->bits |= ASKED_AGAIN;
    if (claims == NULL)
        cmg__run_say(run, "the answer with the tokens was lost: sign in once more");
    else if (cmg__str_assign(run->work->alloc, &run->work->tokens.claims, claims) !=
             CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__next_go(next, to);
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
    return once_more(run, answer, next, "code", err);
}

/* ---- browser ---- */

static cmg_status read_redirect(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    if (answer->status != 200)
        return cmg__answer_fail(run, answer, err);
    cmg__run_say(run, "somebody signed in");
    return cmg__next_go(next, "redeem");
}

static cmg_status build_redeem(struct cmg__run *run, struct cmg__ask *ask,
                               cmg_error **err)
{
    const struct cmg__pkce *pkce = &run->work->pkce;
    const struct {
        const char *name, *value;
    } fields[] = {
        { "grant_type", "authorization_code" },
        { "code", pkce->code.data },
        { "redirect_uri", pkce->redirect_uri },
        { "code_verifier", pkce->verifier.data },
    };
    cmg_status rc = cmg__token_form_head(run->work, CMG__TOKEN_ARM, &ask->form, err);

    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(fields); i++) {
        if (cmg__form_add(&ask->form, fields[i].name, cmg__str_or(fields[i].value, "")) !=
            CMG_OK)
            rc = cmg__fail_nomem(err);
    }
    return rc;
}

/* The tokens must be those of the page that was opened (OpenID Connect, 3.1.3.7). They
   came from the token endpoint itself over TLS, so the signature adds nothing. */
static cmg_status check_nonce(const struct cmg__run *run, const struct cmg__json *answer,
                              cmg_error **err)
{
    const struct cmg__work *work = run->work;
    const char *token = cmg__str_or(cmg__json_str(answer, "/id_token"), "");
    struct cmg__json *claims = NULL;
    const cmg_status rc = cmg__jwt_peek(work->alloc, token, strlen(token), &claims, NULL);
    const char *nonce = cmg__json_str(claims, "/nonce");
    const bool same = nonce != NULL && strcmp(nonce, work->pkce.nonce) == 0;

    cmg__json_unref(claims);
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    if (same)
        return CMG_OK;
    return cmg__fail(err, work->alloc, CMG_E_AUTH, "id_token",
                     "start again; check that nobody stands between here and Entra ID",
                     "the tokens belong to another sign-in than the one that was begun");
}

static cmg_status read_redeem(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    struct cmg__pkce *pkce = &run->work->pkce;

    if (answer->status == 200) {
        cmg_status rc = check_nonce(run, answer->json, err);
        if (rc == CMG_OK)
            rc = cmg__token_read(run->work, CMG__TOKEN_ARM, answer->json, err);
        cmg__secret_clear(&pkce->code);
        cmg__secret_clear(&pkce->verifier);
        return rc == CMG_OK ? cmg__next_go(next, "arm") : rc;
    }
    return once_more(run, answer, next, "browser", err);
}

/* ---- everybody ---- */

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
    { .name = "browser",
      .call = CMG__CALL_LOCAL,
      .browser = true,
      .read = read_redirect },
    { .name = "redeem",
      .call = CMG__CALL_TOKEN_CODE,
      .also = { 400 },
      .build = build_redeem,
      .read = read_redeem },
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
    .needs = { "discovery" },
    .budget_ms = 20 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(sign_in_exchanges),
};
