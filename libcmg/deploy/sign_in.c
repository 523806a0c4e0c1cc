/* The table of ways to sign in, and their forms. */
#include "deploy/sign_in.h"

#include "base/error.h"
#include "deploy/assertion.h"

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
    if (rc == CMG_OK) {
        const struct field fields[] = {
            { "grant_type", "client_credentials" },
            { "client_assertion_type",
              "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" },
            { "client_assertion", cmg__buf_cstr(&text) },
        };
        rc = add(form, fields, CMG__ARRAY_LEN(fields), err);
    }
    cmg__buf_done(&text);
    return rc;
}

static const struct cmg__sign_in_method methods[CMG__SIGN_INS] = {
    [CMG__SIGN_IN_DEVICE_CODE] = { .exchange = { .name = "token",
                                                 .call = CMG__CALL_TOKEN_REFRESH },
                                   .is_person = true,
                                   .add_grant = add_refresh },
    [CMG__SIGN_IN_CLIENT_SECRET] = { .exchange = { .name = "token",
                                                   .call = CMG__CALL_TOKEN_SECRET },
                                     .add_grant = add_secret },
    [CMG__SIGN_IN_CERTIFICATE] = { .exchange = { .name = "token",
                                                 .call = CMG__CALL_TOKEN_ASSERTION },
                                   .add_grant = add_assertion },
};

const struct cmg__sign_in_method *cmg__sign_in_method(const struct cmg__work *work)
{
    return &methods[work->gateway->tenant->sign_in];
}
