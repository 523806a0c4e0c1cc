/*
 * How to sign in to a tenant: one way at a time, each with its own credentials. They are
 * wiped when another way is chosen, and none has a getter. A refused setter changes
 * nothing.
 */
#include <string.h>

#include "base/http.h"
#include "crypto/hash.h"
#include "model/certificate.h"
#include "model/key.h"
#include "model/tenant.h"

#define SECRET_MAX ((size_t)1024)

void cmg__sign_in_forget(cmg_tenant *tenant)
{
    cmg__secret_clear(&tenant->sign_in_secret);
    cmg__key_free(tenant->sign_in_certificate.key);
    tenant->sign_in_certificate = (struct cmg__sign_in_certificate){ .key = NULL };
    cmg__free(&tenant->head.ctx->alloc, tenant->sign_in_token_file);
    tenant->sign_in_token_file = NULL;
    cmg__free(&tenant->head.ctx->alloc, tenant->sign_in_identity_id);
    tenant->sign_in_identity_id = NULL;
    const cmg_token_source source = tenant->sign_in_source;
    tenant->sign_in_source = (cmg_token_source){ .size = 0 };
    /* In a forked child the source is still the parent's. */
    if (source.release == NULL || cmg__handle_is_foreign(&tenant->head.ctx->head))
        return;
    cmg__callback_enter(tenant->head.ctx);
    source.release(source.user);
    cmg__callback_leave(tenant->head.ctx);
}

static cmg_status check(const cmg_tenant *tenant, const char *client_id, cmg_error **err)
{
    const cmg_status rc =
        cmg__check(tenant == NULL ? NULL : &tenant->head, CMG__TAG_TENANT, err);

    if (rc != CMG_OK || (client_id != NULL && cmg__guid_is_valid(client_id)))
        return rc;
    return cmg__fail(err, &tenant->head.ctx->alloc, CMG_E_INVAL, "client_id",
                     "use the application (client) ID from Entra ID, 8-4-4-4-12 "
                     "hexadecimal digits",
                     "client ID \"%.60s\" is not a GUID", cmg__str_or(client_id, ""));
}

/* Another way: the client ID, and none of the former credentials. */
static cmg_status change(cmg_tenant *tenant, enum cmg__sign_in way, const char *client_id,
                         cmg_error **err)
{
    if (cmg__str_assign(&tenant->head.ctx->alloc, &tenant->sign_in_client_id,
                        client_id) != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__sign_in_forget(tenant);
    tenant->sign_in = way;
    return CMG_OK;
}

cmg_status cmg_tenant_set_client_secret(cmg_tenant *tenant, const char *client_id,
                                        const char *secret, size_t size, cmg_error **err)
{
    struct cmg__secret fresh;
    cmg_status rc = check(tenant, client_id, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &tenant->head.ctx->alloc;
    if (secret == NULL || size == 0 || size > SECRET_MAX)
        return cmg__fail(err, alloc, CMG_E_INVAL, "secret",
                         "use the value of the client secret, 1 to 1024 bytes",
                         "a client secret of %zu bytes is not possible",
                         secret == NULL ? (size_t)0 : size);
    cmg__secret_init(&fresh, alloc);
    rc = cmg__secret_set(&fresh, secret, size) == CMG_OK
             ? change(tenant, CMG__SIGN_IN_CLIENT_SECRET, client_id, err)
             : cmg__fail_nomem(err);
    if (rc == CMG_OK)
        tenant->sign_in_secret = fresh;
    else
        cmg__secret_clear(&fresh);
    return rc;
}

static cmg_status set_person(cmg_tenant *tenant, enum cmg__sign_in way,
                             const char *client_id, cmg_error **err)
{
    const char *id = cmg__str_or(client_id, CMG__PUBLIC_CLIENT);
    const cmg_status rc = check(tenant, id, err);

    return rc == CMG_OK ? change(tenant, way, id, err) : rc;
}

cmg_status cmg_tenant_set_device_code(cmg_tenant *tenant, const char *client_id,
                                      cmg_error **err)
{
    return set_person(tenant, CMG__SIGN_IN_DEVICE_CODE, client_id, err);
}

cmg_status cmg_tenant_set_browser(cmg_tenant *tenant, const char *client_id,
                                  cmg_error **err)
{
    return set_person(tenant, CMG__SIGN_IN_BROWSER, client_id, err);
}

/* ---- certificate ---- */

static cmg_status check_handles(const cmg_tenant *tenant, const cmg_certificate *cert,
                                const cmg_key *key, cmg_error **err)
{
    const cmg_context *ctx = tenant->head.ctx;
    cmg_status rc =
        cmg__check(cert == NULL ? NULL : &cert->head, CMG__TAG_CERTIFICATE, err);

    if (rc == CMG_OK && key != NULL)
        rc = cmg__key_check(key, err);
    if (rc != CMG_OK)
        return rc;
    if (cert->head.ctx == ctx && (key == NULL || key->head.ctx == ctx))
        return CMG_OK;
    return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "certificate",
                     "read the certificate and its key with the tenant's context",
                     "the certificate or its key belongs to another context");
}

/* Entra ID takes RSA only. */
static cmg_status check_key(const cmg_tenant *tenant, const cmg_certificate *cert,
                            const struct cmg__key *key, bool pss, cmg_error **err)
{
    const struct cmg__alloc *alloc = &tenant->head.ctx->alloc;

    if (key == NULL)
        return cmg__fail(err, alloc, CMG_E_CERT, cert->info.subject,
                         "give the key, or a PFX or PEM that has both",
                         "the certificate comes without its private key");
    if (!cmg__x509_matches_key(cert->chain[0], key))
        return cmg__fail(err, alloc, CMG_E_CERT, cert->info.subject,
                         "give the key that the certificate was made for",
                         "the private key does not belong to the certificate");
    if (cmg__key_kind(key) != CMG__KEY_RSA)
        return cmg__fail(err, alloc, CMG_E_CERT, cert->info.subject,
                         "register a certificate with an RSA key of 2048 bits or more",
                         "Entra ID signs nobody in with a key of kind %s",
                         cert->info.key_description);
    if (pss && !cmg__key_signs_pss(key))
        return cmg__fail(err, alloc, CMG_E_UNSUPPORTED, "algorithm",
                         "set sign_pss of the key's holder, or use CMG_ASSERTION_RS256",
                         "the host's key has no function that signs with RSASSA-PSS");
    return CMG_OK;
}

static cmg_status name_certificate(const cmg_certificate *cert,
                                   struct cmg__sign_in_certificate *out, cmg_error **err)
{
    if (cmg__sha1(cert->info.der, cert->info.der_len, out->sha1) == CMG_OK &&
        cmg__sha256(cert->info.der, cert->info.der_len, out->sha256) == CMG_OK)
        return CMG_OK;
    return cmg__fail_nomem(err);
}

cmg_status cmg_tenant_set_client_certificate(cmg_tenant *tenant, const char *client_id,
                                             cmg_certificate *certificate, cmg_key *key,
                                             cmg_assertion_algorithm algorithm,
                                             cmg_error **err)
{
    struct cmg__sign_in_certificate fresh = { .pss = algorithm == CMG_ASSERTION_PS256 };
    cmg_status rc = check(tenant, client_id, err);

    if (rc == CMG_OK)
        rc = check_handles(tenant, certificate, key, err);
    if (rc != CMG_OK)
        return rc;
    if (algorithm != CMG_ASSERTION_PS256 && algorithm != CMG_ASSERTION_RS256)
        return cmg__fail(err, &tenant->head.ctx->alloc, CMG_E_INVAL, "algorithm",
                         "use CMG_ASSERTION_PS256 or CMG_ASSERTION_RS256",
                         "there is no algorithm with the number %d", (int)algorithm);
    struct cmg__key *inner = key != NULL ? key->key : certificate->key;
    rc = check_key(tenant, certificate, inner, fresh.pss, err);
    if (rc == CMG_OK)
        rc = name_certificate(certificate, &fresh, err);
    if (rc == CMG_OK) {
        fresh.key = cmg__key_ref(inner); /* before the former one goes: may be the same */
        rc = change(tenant, CMG__SIGN_IN_CERTIFICATE, client_id, err);
        if (rc == CMG_OK)
            tenant->sign_in_certificate = fresh;
        else
            cmg__key_free(fresh.key);
    }
    return rc;
}

/* ---- the host's own tokens ---- */

cmg_status cmg_tenant_set_token_source(cmg_tenant *tenant, const char *client_id,
                                       const cmg_token_source *source, cmg_error **err)
{
    cmg_token_source copy = { .size = 0 };
    cmg_status rc = check(tenant, cmg__str_or(client_id, CMG__PUBLIC_CLIENT), err);

    if (rc != CMG_OK)
        return rc;
    if (source == NULL)
        return cmg__fail(err, &tenant->head.ctx->alloc, CMG_E_INVAL, "source", NULL,
                         "there are no functions that get tokens");
    rc = cmg__tagged_copy(&copy, sizeof copy, sizeof copy, source, "cmg_token_source",
                          err);
    if (rc == CMG_OK && copy.get == NULL)
        rc = cmg__fail(err, &tenant->head.ctx->alloc, CMG_E_INVAL, "get", NULL,
                       "the source has no function that gets a token");
    if (rc == CMG_OK)
        rc = change(tenant, CMG__SIGN_IN_TOKEN_SOURCE, cmg__str_or(client_id, ""), err);
    if (rc == CMG_OK)
        tenant->sign_in_source = copy;
    return rc;
}

/* ---- workload identity ---- */

cmg_status cmg_tenant_set_workload_identity(cmg_tenant *tenant, const char *client_id,
                                            const char *token_file, cmg_error **err)
{
    cmg_status rc = check(tenant, client_id, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &tenant->head.ctx->alloc;
    if (cmg__str_is_empty(token_file))
        return cmg__fail(err, alloc, CMG_E_INVAL, "token_file",
                         "use the path that AZURE_FEDERATED_TOKEN_FILE names",
                         "there is no path of a token file");
    char *copy = cmg__strdup(alloc, token_file);
    if (copy == NULL)
        return cmg__fail_nomem(err);
    rc = change(tenant, CMG__SIGN_IN_WORKLOAD, client_id, err);
    if (rc == CMG_OK)
        tenant->sign_in_token_file = copy;
    else
        cmg__free(alloc, copy);
    return rc;
}

/* ---- managed identity ---- */

#define RESOURCE_ID_MAX ((size_t)1024)

/* "/subscriptions/.../userAssignedIdentities/name", as a query can carry it. */
static bool is_resource_id(const char *id)
{
    const size_t n = strlen(id);

    for (size_t i = 0; i < n; i++) {
        if (id[i] <= ' ' || id[i] > '~')
            return false;
    }
    return n <= RESOURCE_ID_MAX && cmg__str_istarts(id, "/subscriptions/");
}

static cmg_status check_identity(const cmg_tenant *tenant, cmg_managed_identity kind,
                                 const char *id, cmg_error **err)
{
    const struct cmg__alloc *alloc = &tenant->head.ctx->alloc;
    const bool guid = kind == CMG_IDENTITY_CLIENT_ID || kind == CMG_IDENTITY_OBJECT_ID;

    if (kind < CMG_IDENTITY_SYSTEM || kind > CMG_IDENTITY_RESOURCE_ID)
        return cmg__fail(err, alloc, CMG_E_INVAL, "kind",
                         "use one of cmg_managed_identity",
                         "%d is not a kind of managed identity", (int)kind);
    if (kind == CMG_IDENTITY_SYSTEM && id == NULL)
        return CMG_OK;
    if (kind == CMG_IDENTITY_SYSTEM)
        return cmg__fail(err, alloc, CMG_E_INVAL, "id",
                         "leave it NULL, or name another kind",
                         "a system-assigned identity is chosen without an ID");
    if (id != NULL && (guid ? cmg__guid_is_valid(id) : is_resource_id(id)))
        return CMG_OK;
    return cmg__fail(err, alloc, CMG_E_INVAL, "id",
                     guid ? "use 8-4-4-4-12 hexadecimal digits"
                          : "use the identity's resource ID, \"/subscriptions/...\"",
                     "\"%.60s\" does not identify a managed identity",
                     cmg__str_or(id, ""));
}

cmg_status cmg_tenant_set_managed_identity(cmg_tenant *tenant, cmg_managed_identity kind,
                                           const char *id, cmg_error **err)
{
    cmg_status rc = check(tenant, CMG__PUBLIC_CLIENT, err);

    if (rc == CMG_OK)
        rc = check_identity(tenant, kind, id, err);
    if (rc != CMG_OK)
        return rc;
    char *copy = cmg__strdup(&tenant->head.ctx->alloc, id);
    if (id != NULL && copy == NULL)
        return cmg__fail_nomem(err);
    rc = change(tenant, CMG__SIGN_IN_IDENTITY, kind == CMG_IDENTITY_CLIENT_ID ? id : "",
                err);
    if (rc == CMG_OK) {
        tenant->sign_in_identity = kind;
        tenant->sign_in_identity_id = copy;
    } else {
        cmg__free(&tenant->head.ctx->alloc, copy);
    }
    return rc;
}

/* Tokens come back in the clear: over http they do not leave this machine's link. */
static bool is_near(const struct cmg__url *url)
{
    static const char *const near[] = { "127.", "169.254.", "localhost" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(near); i++) {
        const size_t n = strlen(near[i]);
        const bool whole = near[i][n - 1] != '.';
        if (url->host_len >= n && cmg__str_ieqn(url->host, near[i], n) &&
            (whole ? url->host_len == n
                   : strspn(url->host, "0123456789.") >= url->host_len))
            return true;
    }
    return false;
}

cmg_status cmg_tenant_set_identity_endpoint(cmg_tenant *tenant, const char *url,
                                            cmg_error **err)
{
    struct cmg__url parts;
    cmg_status rc = check(tenant, CMG__PUBLIC_CLIENT, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &tenant->head.ctx->alloc;
    const char *text = cmg__str_or(url, CMG__IDENTITY_ENDPOINT);
    if (!cmg__url_parse(text, &parts) || parts.target_len > 1 ||
        (!parts.https && !is_near(&parts)))
        return cmg__fail(
            err, alloc, CMG_E_INVAL, "url",
            "use http://169.254.169.254 (NULL), an http URL of this machine, "
            "or an https URL; without a path",
            "\"%.100s\" cannot be where the metadata service is", text);
    char *copy = cmg__strndup(alloc, text, strlen(text) - parts.target_len);
    if (copy == NULL)
        return cmg__fail_nomem(err);
    cmg__free(alloc, tenant->identity_endpoint);
    tenant->identity_endpoint = copy;
    return CMG_OK;
}
