/* The table of ways to sign in, and their forms. */
#include "deploy/sign_in.h"

#include <string.h>

#include "base/error.h"
#include "deploy/assertion.h"
#include "deploy/token.h"

#define FILE_MAX   ((size_t)64 * 1024)
#define SOURCE_MAX ((size_t)65536) /* of a token of the host */

struct field {
    const char *name;
    const char *value;
};

static cmg_status add(struct cmg__buf *form, const struct field *fields, size_t n,
                      cmg_error **err)
{
    for (size_t i = 0; i < n; i++) {
        if (cmg__form_add(form, fields[i].name, cmg__str_or(fields[i].value, "")) !=
            CMG_OK)
            return cmg__fail_nomem(err);
    }
    return CMG_OK;
}

static cmg_status add_refresh(const struct cmg__work *work, const char *endpoint,
                              struct cmg__buf *form, cmg_error **err)
{
    const struct field fields[] = {
        { "grant_type", "refresh_token" },
        { "refresh_token", work->tokens.refresh.data },
    };

    (void)endpoint;
    return add(form, fields, CMG__ARRAY_LEN(fields), err);
}

static cmg_status add_secret(const struct cmg__work *work, const char *endpoint,
                             struct cmg__buf *form, cmg_error **err)
{
    const struct field fields[] = {
        { "grant_type", "client_credentials" },
        { "client_secret", work->gateway->tenant->sign_in_secret.data },
    };

    (void)endpoint;
    return add(form, fields, CMG__ARRAY_LEN(fields), err);
}

static cmg_status add_jwt(struct cmg__buf *form, const char *assertion, cmg_error **err)
{
    const struct field fields[] = {
        { "grant_type", "client_credentials" },
        { "client_assertion_type",
          "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" },
        { "client_assertion", assertion },
    };

    return add(form, fields, CMG__ARRAY_LEN(fields), err);
}

static cmg_status add_assertion(const struct cmg__work *work, const char *endpoint,
                                struct cmg__buf *form, cmg_error **err)
{
    const struct cmg__assertion assertion = {
        .client_id = work->gateway->tenant->sign_in_client_id,
        .audience = endpoint,
        .certificate = &work->gateway->tenant->sign_in_certificate,
        .now_unix_s = cmg__env_unix_s(&work->ctx->env),
    };
    struct cmg__buf text;

    cmg__buf_init_secret(&text, work->alloc, 64 * 1024);
    cmg_status rc =
        cmg__assertion_make(work->alloc, &work->ctx->env, &assertion, &text, err);
    if (rc == CMG_OK)
        rc = add_jwt(form, cmg__buf_cstr(&text), err);
    cmg__buf_done(&text);
    return rc;
}

/* ---- workload identity ---- */

/* Goes over the wire as it is, between white space. */
static cmg_status add_trimmed(const struct cmg__work *work, struct cmg__buf *text,
                              struct cmg__buf *form, cmg_error **err)
{
    static const char space[] = " \t\r\n";
    const char *token = cmg__buf_cstr(text) + strspn(cmg__buf_cstr(text), space);
    const size_t n = strcspn(token, space);

    if (n == 0 || token[n + strspn(token + n, space)] != '\0')
        return cmg__fail(err, work->alloc, CMG_E_PARSE, "token_file",
                         "check what writes the file of the federated token",
                         "%s does not hold one token",
                         work->gateway->tenant->sign_in_token_file);
    text->data[(size_t)(token - cmg__buf_cstr(text)) + n] = '\0';
    return add_jwt(form, token, err);
}

static cmg_status add_federated(const struct cmg__work *work, const char *endpoint,
                                struct cmg__buf *form, cmg_error **err)
{
    struct cmg__buf text;

    (void)endpoint;
    cmg__buf_init_secret(&text, work->alloc, FILE_MAX);
    cmg_status rc =
        cmg__file_read(&work->ctx->env, work->alloc,
                       work->gateway->tenant->sign_in_token_file, FILE_MAX, &text, err);
    if (rc == CMG_OK)
        rc = add_trimmed(work, &text, form, err);
    cmg__buf_done(&text);
    return rc;
}

/* ---- the host's own tokens ---- */

static cmg_status fail_source(const struct cmg__work *work, const char *resource,
                              int64_t answer, cmg_error **err)
{
    const struct cmg__error_info info = {
        .code = CMG_E_CALLBACK,
        .origin_number = answer,
        .subject = "token source",
        .remedy = "see what the host's function says about it",
    };

    return cmg__error_set(err, work->alloc, &info,
                          "the host's token source returned %lld for %s",
                          (long long)answer, resource);
}

/* Goes into a header as it is. */
static bool is_one_word(const struct cmg__buf *text)
{
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] <= ' ' || text->data[i] > '~')
            return false;
    }
    return text->len > 0;
}

static cmg_status take_from_source(struct cmg__work *work, enum cmg__token_kind kind,
                                   const char *resource, struct cmg__buf *token,
                                   cmg_error **err)
{
    const cmg_token_source *source = &work->gateway->tenant->sign_in_source;
    int64_t ends_unix_s = 0;

    cmg__callback_enter(work->ctx);
    const int64_t answer =
        source->get(resource, token->data, SOURCE_MAX, &ends_unix_s, source->user);
    cmg__callback_leave(work->ctx);
    if (answer < 0 || answer > (int64_t)SOURCE_MAX)
        return fail_source(work, resource, answer, err);
    token->len = (size_t)answer;
    token->data[token->len] = '\0';
    const int64_t life_s = ends_unix_s - cmg__env_unix_s(&work->ctx->env);
    if (!is_one_word(token) || life_s <= 0)
        return cmg__fail(err, work->alloc, CMG_E_CALLBACK, "token source",
                         "give the token as it is, without \"Bearer\", and its end in "
                         "seconds since 1970",
                         "the host's token for %s has %s", resource,
                         life_s <= 0 ? "ended already" : "other than visible characters");
    return cmg__token_keep(work, kind, cmg__buf_cstr(token), life_s) == CMG_OK
               ? CMG_OK
               : cmg__fail_nomem(err);
}

static cmg_status ask_source(struct cmg__work *work, enum cmg__token_kind kind,
                             cmg_error **err)
{
    struct cmg__buf token;
    const char *resource = NULL;
    cmg_status rc = cmg__token_resource(work, kind, &resource, err);

    cmg__buf_init_secret(&token, work->alloc, SOURCE_MAX + 1);
    if (rc == CMG_OK && cmg__buf_reserve(&token, SOURCE_MAX) != CMG_OK)
        rc = cmg__fail_nomem(err);
    if (rc == CMG_OK)
        rc = take_from_source(work, kind, resource, &token, err);
    cmg__buf_done(&token);
    return rc;
}

static const struct cmg__sign_in_method methods[CMG__SIGN_INS] = {
    [CMG__SIGN_IN_DEVICE_CODE] = { .exchange = { .name = "token",
                                                 .call = CMG__CALL_TOKEN_REFRESH },
                                   .prompts = true,
                                   .add_grant = add_refresh },
    [CMG__SIGN_IN_BROWSER] = { .exchange = { .name = "token",
                                             .call = CMG__CALL_TOKEN_REFRESH },
                               .prompts = true,
                               .browser = true,
                               .add_grant = add_refresh },
    [CMG__SIGN_IN_CLIENT_SECRET] = { .exchange = { .name = "token",
                                                   .call = CMG__CALL_TOKEN_SECRET },
                                     .add_grant = add_secret },
    [CMG__SIGN_IN_CERTIFICATE] = { .exchange = { .name = "token",
                                                 .call = CMG__CALL_TOKEN_ASSERTION },
                                   .add_grant = add_assertion },
    [CMG__SIGN_IN_TOKEN_SOURCE] = { .exchange = { .name = "token",
                                                  .call = CMG__CALL_LOCAL },
                                    .ask = ask_source },
    [CMG__SIGN_IN_WORKLOAD] = { .exchange = { .name = "token",
                                              .call = CMG__CALL_TOKEN_ASSERTION },
                                .add_grant = add_federated },
};

/* As the server app itself, by its own secret: proves that it works. */
static cmg_status add_server_secret(const struct cmg__work *work, const char *endpoint,
                                    struct cmg__buf *form, cmg_error **err)
{
    const struct field fields[] = {
        { "grant_type", "client_credentials" },
        { "client_secret", work->server_secret.data },
    };

    (void)endpoint;
    return add(form, fields, CMG__ARRAY_LEN(fields), err);
}

static const struct cmg__sign_in_method as_server_app = {
    .exchange = { .name = "token", .call = CMG__CALL_TOKEN_SECRET },
    .add_grant = add_server_secret,
};

const struct cmg__sign_in_method *cmg__sign_in_method(const struct cmg__work *work)
{
    if (cmg__secret_is_set(&work->server_secret))
        return &as_server_app;
    const enum cmg__sign_in way = work->gateway->tenant->sign_in;

    return way == CMG__SIGN_IN_IDENTITY ? &cmg__sign_in_identity : &methods[way];
}

bool cmg__sign_in_is_person(const struct cmg__work *work)
{
    const struct cmg__sign_in_method *method = cmg__sign_in_method(work);

    return !method->is_machine &&
           (method->prompts ||
            cmg__str_is_empty(work->gateway->tenant->sign_in_client_id));
}

int64_t cmg__sign_in_wait_ms(unsigned attempt)
{
    return (int64_t)2000 << (attempt < 6 ? attempt : 6);
}
