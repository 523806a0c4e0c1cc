/* Asking for tokens, keeping them, attaching them. */
#include "deploy/token.h"

#include <string.h>

#include "base/error.h"
#include "deploy/sign_in.h"
#include "model/tenant.h"

/* A token is renewed this long before it ends. */
#define EARLY_MS ((int64_t)5 * 60 * 1000)

static const struct {
    enum cmg__service service;
    enum cmg__token_kind kind;
} kinds[] = {
    { CMG__SERVICE_GRAPH, CMG__TOKEN_GRAPH },
    { CMG__SERVICE_ARM, CMG__TOKEN_ARM },
    { CMG__SERVICE_VAULT, CMG__TOKEN_VAULT },
    { CMG__SERVICE_URL, CMG__TOKEN_ARM }, /* polling stays on the ARM host */
};

enum cmg__token_kind cmg__token_for(enum cmg__service service)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++) {
        if (kinds[i].service == service)
            return kinds[i].kind;
    }
    return CMG__TOKENS;
}

bool cmg__token_is_fresh(const struct cmg__work *work, enum cmg__token_kind kind)
{
    const struct cmg__token *token = &work->tokens.access[kind];

    return cmg__secret_is_set(&token->value) &&
           token->expires_ms > cmg__env_now_ms(&work->ctx->env);
}

void cmg__token_forget(struct cmg__work *work, enum cmg__token_kind kind)
{
    cmg__secret_clear(&work->tokens.access[kind].value);
}

const char *cmg__token_client_id(const struct cmg__work *work)
{
    const char *id = work->gateway->tenant->sign_in_client_id;

    return cmg__str_is_empty(id) ? CMG__PUBLIC_CLIENT : id;
}

const char *cmg__token_host(const struct cmg__work *work, enum cmg__token_kind kind)
{
    return kind == CMG__TOKEN_GRAPH ? work->cloud->graph_host
           : kind == CMG__TOKEN_ARM ? work->cloud->arm_host
                                    : work->cloud->vault_suffix;
}

cmg_status cmg__token_scope(const struct cmg__work *work, enum cmg__token_kind kind,
                            struct cmg__buf *out)
{
    return cmg__buf_addf(out, "https://%s/.default%s", cmg__token_host(work, kind),
                         cmg__sign_in_method(work)->prompts ? " offline_access" : "");
}

cmg_status cmg__token_form(struct cmg__work *work, enum cmg__token_kind kind,
                           const char *endpoint, struct cmg__buf *form, cmg_error **err)
{
    struct cmg__buf scope;

    cmg__buf_init(&scope, work->alloc, 512);
    cmg_status rc = cmg__token_scope(work, kind, &scope);
    if (rc == CMG_OK)
        rc = cmg__form_add(form, "client_id", cmg__token_client_id(work));
    if (rc == CMG_OK)
        rc = cmg__form_add(form, "scope", cmg__buf_cstr(&scope));
    cmg__buf_done(&scope);
    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__sign_in_method(work)->add_grant(work, endpoint, form, err);
}

/* v1 answers and some deployments of v2 send numbers as text. */
static int64_t lenient_number(const struct cmg__json *v, const char *path,
                              int64_t otherwise)
{
    const char *text = cmg__json_str(v, path);
    uint64_t number = 0;

    if (text != NULL && cmg__parse_u64(text, strlen(text), &number) && number < INT32_MAX)
        return (int64_t)number;
    return cmg__json_int(v, path, otherwise);
}

static cmg_status keep(struct cmg__secret *secret, const char *text)
{
    return text == NULL ? CMG_OK : cmg__secret_set(secret, text, strlen(text));
}

/* Short-lived tokens are used for half their life. */
static int64_t usable_ms(int64_t expires_in_s)
{
    int64_t life = expires_in_s * 1000;

    return life > 2 * EARLY_MS ? life - EARLY_MS : life / 2;
}

cmg_status cmg__token_keep(struct cmg__work *work, enum cmg__token_kind kind,
                           const char *text, int64_t life_s)
{
    struct cmg__token *token = &work->tokens.access[kind];
    const cmg_status rc = keep(&token->value, text);

    if (rc == CMG_OK)
        token->expires_ms = cmg__env_now_ms(&work->ctx->env) + usable_ms(life_s);
    return rc;
}

cmg_status cmg__token_read(struct cmg__work *work, enum cmg__token_kind kind,
                           const struct cmg__json *answer, cmg_error **err)
{
    const char *text = cmg__json_str(answer, "/access_token");
    int64_t life = lenient_number(answer, "/expires_in", 3600);

    if (cmg__str_is_empty(text) || life <= 0)
        return cmg__fail(err, work->alloc, CMG_E_PROTO, "token",
                         "check that the sign-in host is Entra ID",
                         "the token answer has no access_token");
    cmg_status rc = cmg__token_keep(work, kind, text, life);
    if (rc == CMG_OK)
        rc = keep(&work->tokens.refresh, cmg__json_str(answer, "/refresh_token"));
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

cmg_status cmg__token_attach(const struct cmg__work *work, enum cmg__token_kind kind,
                             struct cmg__http_request *req)
{
    const struct cmg__secret *token = &work->tokens.access[kind].value;
    struct cmg__buf value;

    cmg__buf_init_secret(&value, work->alloc, token->len + 16);
    cmg_status rc = cmg__buf_add_str(&value, "Bearer ");
    if (rc == CMG_OK)
        rc = cmg__buf_add(&value, token->data, token->len);
    if (rc == CMG_OK)
        rc = cmg__headers_add_secret(&req->headers, "Authorization",
                                     cmg__buf_cstr(&value));
    cmg__buf_done(&value);
    return rc;
}
