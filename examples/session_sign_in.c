/* The ways to sign in; see session.h. The sandbox lends what was not given. */
#include "session.h"

#include <stdlib.h>

struct way {
    const char *name;
    cmg_status (*set)(struct session *s, cmg_tenant *tenant, cmg_error **err);
};

static cmg_status lacks(const char *what)
{
    fprintf(stderr, "error: this way to sign in needs %s\n", what);
    return CMG_E_INVAL;
}

/* The application that signs in. */
static const char *application(const struct session *s)
{
    if (s->client_id != NULL)
        return s->client_id;
    return s->sandbox != NULL ? cmg_sandbox_client_id(s->sandbox) : NULL;
}

static cmg_status by_device_code(struct session *s, cmg_tenant *tenant, cmg_error **err)
{
    return cmg_tenant_set_device_code(tenant, s->client_id, err);
}

static cmg_status by_browser(struct session *s, cmg_tenant *tenant, cmg_error **err)
{
    return cmg_tenant_set_browser(tenant, s->client_id, err);
}

static cmg_status by_secret(struct session *s, cmg_tenant *tenant, cmg_error **err)
{
    const char *secret = getenv("CMG_CLIENT_SECRET");
    size_t size = 0;
    char *text = NULL;

    if (s->secret_file != NULL) {
        secret = text = host_read_file(s->secret_file, &size);
        if (text == NULL)
            return CMG_E_IO;
    } else if (secret == NULL && s->sandbox != NULL) {
        secret = cmg_sandbox_client_secret(s->sandbox);
    }
    if (application(s) == NULL || secret == NULL)
        return lacks("--client-id, and --secret-file or the variable CMG_CLIENT_SECRET");
    cmg_status rc = cmg_tenant_set_client_secret(tenant, application(s), secret,
                                                 strcspn(secret, "\r\n"), err);

    host_forget(text, size);
    return rc;
}

/* The certificate of the sandbox's application, with its key. */
static cmg_status lent_certificate(struct session *s, cmg_certificate **out,
                                   cmg_error **err)
{
    cmg_bytes *certificate = NULL;
    cmg_bytes *key = NULL;
    char *both = NULL;
    cmg_status rc = cmg_sandbox_client_certificate(s->sandbox, &certificate, &key, err);

    if (rc == CMG_OK) {
        int n = asprintf(&both, "%.*s%.*s", (int)cmg_bytes_size(certificate),
                         (const char *)cmg_bytes_data(certificate),
                         (int)cmg_bytes_size(key), (const char *)cmg_bytes_data(key));

        rc = n < 0 ? CMG_E_NOMEM
                   : cmg_certificate_new_from_pem(s->ctx, both, (size_t)n, out, err);
        host_forget(n < 0 ? NULL : both, n < 0 ? 0 : (size_t)n);
    }
    cmg_bytes_unref(key);
    cmg_bytes_unref(certificate);
    return rc;
}

static cmg_status by_certificate(struct session *s, cmg_tenant *tenant, cmg_error **err)
{
    cmg_certificate *certificate = NULL;
    size_t size = 0;
    char *data = NULL;
    cmg_status rc = CMG_E_IO;

    if (application(s) == NULL || (s->certificate == NULL && s->sandbox == NULL))
        return lacks("--client-id and --certificate");
    if (s->certificate == NULL)
        rc = lent_certificate(s, &certificate, err);
    else
        data = host_read_file(s->certificate, &size);
    if (data != NULL)
        rc = cmg_certificate_new_from_bytes(s->ctx, data, size, getenv("CMG_PASSWORD"),
                                            &certificate, err);
    if (rc == CMG_OK)
        rc = cmg_tenant_set_client_certificate(tenant, application(s), certificate, NULL,
                                               CMG_ASSERTION_PS256, err);
    host_forget(data, size);
    cmg_certificate_unref(certificate);
    return rc;
}

static cmg_status by_managed_identity(struct session *s, cmg_tenant *tenant,
                                      cmg_error **err)
{
    cmg_status rc = cmg_tenant_set_managed_identity(
        tenant, s->client_id == NULL ? CMG_IDENTITY_SYSTEM : CMG_IDENTITY_CLIENT_ID,
        s->client_id, err);

    if (rc == CMG_OK && s->sandbox != NULL)
        rc = cmg_tenant_set_identity_endpoint(
            tenant, cmg_sandbox_identity_endpoint(s->sandbox), err);
    return rc;
}

static cmg_status by_workload_identity(struct session *s, cmg_tenant *tenant,
                                       cmg_error **err)
{
    if (application(s) == NULL || s->token_file == NULL)
        return lacks("--client-id and --token-file");
    return cmg_tenant_set_workload_identity(tenant, application(s), s->token_file, err);
}

static const struct way ways[] = {
    { "device-code", by_device_code },
    { "browser", by_browser },
    { "secret", by_secret },
    { "certificate", by_certificate },
    { "managed-identity", by_managed_identity },
    { "workload-identity", by_workload_identity },
};

const char *session_ways(void)
{
    return "device-code|browser|secret|certificate|managed-identity|workload-identity";
}

cmg_status session_sign_in(struct session *s, cmg_error **err)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(ways[i].name, s->way) == 0)
            return ways[i].set(s, cmg_gateway_tenant(s->gateway), err);
    fprintf(stderr, "error: --sign-in %s is none of %s\n", s->way, session_ways());
    return CMG_E_INVAL;
}
