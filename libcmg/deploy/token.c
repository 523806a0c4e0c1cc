/* Asking for tokens, keeping them, attaching them. */
#include "deploy/token.h"

#include <string.h>

#include "base/error.h"
#include "deploy/sign_in.h"
#include "deploy/token_cache.h"
#include "model/tenant.h"

/* A token is renewed this long before it ends. */
#define EARLY_MS ((int64_t)5 * 60 * 1000)
/* Nothing that was kept is believed for longer; tokens live 60 to 90 minutes, some a day.
 */
#define DAY_S ((int64_t)86400)

static const struct {
    enum cmg__service service;
    enum cmg__token_kind kind;
} kinds[] = {
    { CMG__SERVICE_GRAPH, CMG__TOKEN_GRAPH }, { CMG__SERVICE_ARM, CMG__TOKEN_ARM },
    { CMG__SERVICE_VAULT, CMG__TOKEN_VAULT }, { CMG__SERVICE_BLOB, CMG__TOKEN_STORAGE },
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
    if (cmg__secret_is_set(&work->server_secret))
        return work->gateway->server_app->client_id;
    const char *id = work->gateway->tenant->sign_in_client_id;

    return cmg__str_is_empty(id) ? CMG__PUBLIC_CLIENT : id;
}

static const struct {
    cmg_endpoint endpoint;
    cmg_endpoint audience;
} places[CMG__TOKENS] = {
    [CMG__TOKEN_ARM] = { CMG_ENDPOINT_RESOURCE_MANAGER,
                         CMG_ENDPOINT_RESOURCE_MANAGER_AUDIENCE },
    [CMG__TOKEN_GRAPH] = { CMG_ENDPOINT_GRAPH, CMG_ENDPOINT_GRAPH_AUDIENCE },
    [CMG__TOKEN_VAULT] = { CMG_ENDPOINT_VAULT, CMG_ENDPOINT_VAULT_AUDIENCE },
    [CMG__TOKEN_STORAGE] = { CMG_ENDPOINT_STORAGE, CMG_ENDPOINT_STORAGE_AUDIENCE },
};

const char *cmg__token_endpoint(const struct cmg__work *work, enum cmg__token_kind kind)
{
    return work->endpoints.at[places[kind].endpoint];
}

cmg_status cmg__token_resource(const struct cmg__work *work, enum cmg__token_kind kind,
                               const char **out, cmg_error **err)
{
    *out = work->endpoints.at[places[kind].audience];
    return **out != '\0' ? CMG_OK
                         : cmg__endpoint_lacks(work->alloc, places[kind].audience, err);
}

/* The text before "/.default" becomes the token's audience, a slash at its end too. */
cmg_status cmg__token_scope(const struct cmg__work *work, enum cmg__token_kind kind,
                            struct cmg__buf *out, cmg_error **err)
{
    const char *resource = NULL;
    const cmg_status rc = cmg__token_resource(work, kind, &resource, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__sign_in_method *method = cmg__sign_in_method(work);
    return cmg__buf_addf(out, "%s/.default%s%s", resource,
                         method->prompts ? " offline_access" : "",
                         method->browser ? " openid" : "") == CMG_OK
               ? CMG_OK
               : cmg__fail_nomem(err);
}

cmg_status cmg__token_form_head(const struct cmg__work *work, enum cmg__token_kind kind,
                                struct cmg__buf *form, cmg_error **err)
{
    struct cmg__buf scope;

    cmg__buf_init(&scope, work->alloc, 512);
    cmg_status rc = cmg__token_scope(work, kind, &scope, err);
    if (rc == CMG_OK &&
        (cmg__form_add(form, "client_id", cmg__token_client_id(work)) != CMG_OK ||
         cmg__form_add(form, "scope", cmg__buf_cstr(&scope)) != CMG_OK))
        rc = cmg__fail_nomem(err);
    if (rc == CMG_OK && work->tokens.claims != NULL &&
        cmg__form_add(form, "claims", work->tokens.claims) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&scope);
    return rc;
}

/* What Entra calls the URL of a token request, whatever stands between. */
static char *audience_of(const struct cmg__work *work, const char *url)
{
    const char *login = work->endpoints.at[CMG_ENDPOINT_LOGIN];

    return cmg__format(work->alloc, "%s%s", work->endpoints.at[CMG_ENDPOINT_ISSUER],
                       url + strlen(login));
}

cmg_status cmg__token_form(struct cmg__work *work, enum cmg__token_kind kind,
                           const char *url, struct cmg__buf *form, cmg_error **err)
{
    char *audience = audience_of(work, url);
    cmg_status rc = audience == NULL ? cmg__fail_nomem(err)
                                     : cmg__token_form_head(work, kind, form, err);

    if (rc == CMG_OK)
        rc = cmg__sign_in_method(work)->add_grant(work, audience, form, err);
    cmg__free(work->alloc, audience);
    return rc;
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

/* What was kept is when the token stops to be used: that is not shortened again. */
cmg_status cmg__token_restore(struct cmg__work *work, enum cmg__token_kind kind,
                              const char *text, size_t n, int64_t life_s)
{
    struct cmg__token *token = &work->tokens.access[kind];
    const cmg_status rc = cmg__secret_set(&token->value, text, n);

    if (rc == CMG_OK)
        token->expires_ms =
            cmg__env_now_ms(&work->ctx->env) + (life_s < DAY_S ? life_s : DAY_S) * 1000;
    return rc;
}

int64_t cmg__token_expires_unix_s(const struct cmg__work *work, enum cmg__token_kind kind)
{
    const int64_t left_ms =
        work->tokens.access[kind].expires_ms - cmg__env_now_ms(&work->ctx->env);

    return cmg__env_unix_s(&work->ctx->env) + left_ms / 1000;
}

static cmg_status keep_scopes(struct cmg__work *work, const struct cmg__json *answer)
{
    const char *scopes = cmg__json_str(answer, "/scope");

    if (scopes == NULL)
        return CMG_OK;
    cmg__free(work->alloc, work->tokens.graph_scopes);
    work->tokens.graph_scopes = cmg__strdup(work->alloc, scopes);
    return work->tokens.graph_scopes == NULL ? CMG_E_NOMEM : CMG_OK;
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
    if (rc == CMG_OK && kind == CMG__TOKEN_GRAPH)
        rc = keep_scopes(work, answer);
    cmg__free(work->alloc, work->tokens.claims);
    work->tokens.claims = NULL; /* met, or told again */
    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    work->tokens.is_cached = false;
    /* The server app's own token is none of the account's. */
    if (!cmg__secret_is_set(&work->server_secret))
        cmg__token_cache_save(work);
    return CMG_OK;
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
