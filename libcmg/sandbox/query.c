/*
 * What a host asks the sandbox from any thread: counts, addresses, tokens, attaching.
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/blob.h"
#include "sandbox/sandbox.h"
#include "sandbox/setting.h"
#include "sandbox/token.h"

static cmg_status check(const cmg_sandbox *sandbox, cmg_error **err)
{
    return cmg__check(sandbox == NULL ? NULL : &sandbox->head, CMG__TAG_SANDBOX, err);
}

/* ---- fixed facts ---- */

uint16_t cmg_sandbox_port(const cmg_sandbox *sandbox)
{
    return sandbox->names.https_port;
}

const char *cmg_sandbox_ca_file(const cmg_sandbox *sandbox)
{
    return sandbox->ca_file;
}

const char *cmg_sandbox_tenant_id(const cmg_sandbox *sandbox)
{
    return cmg__sb_fact(sandbox->cloud, "tenant_id");
}

const char *cmg_sandbox_subscription_id(const cmg_sandbox *sandbox)
{
    return cmg__sb_fact(sandbox->cloud, "subscription_id");
}

const char *cmg_sandbox_client_id(const cmg_sandbox *sandbox)
{
    return cmg__sb_fact(sandbox->cloud, "client_id");
}

const char *cmg_sandbox_client_secret(const cmg_sandbox *sandbox)
{
    return cmg__sb_fact(sandbox->cloud, "client_secret");
}

cmg_status cmg_sandbox_client_certificate(cmg_sandbox *sandbox,
                                          cmg_bytes **out_certificate,
                                          cmg_bytes **out_key, cmg_error **err)
{
    cmg_bytes *certificate = NULL;
    cmg_status rc = check(sandbox, err);

    if (rc != CMG_OK)
        return rc;
    if (out_certificate == NULL || out_key == NULL)
        return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "out_certificate",
                         "pass where the certificate and the key go",
                         "an argument is NULL");
    const char *pem = cmg__sb_fact(sandbox->cloud, "_client_certificate");
    const char *key = cmg__sb_fact(sandbox->cloud, "_client_key");
    if (cmg__bytes_new(&cmg__alloc_libc, pem, strlen(pem), &certificate) != CMG_OK)
        return cmg__fail_nomem(err);
    if (cmg__bytes_new(&cmg__alloc_libc, key, strlen(key), out_key) != CMG_OK) {
        cmg_bytes_unref(certificate);
        return cmg__fail_nomem(err);
    }
    *out_certificate = certificate;
    return CMG_OK;
}

/* ---- counting ---- */

static uint64_t table_size(const struct cmg_sandbox *sandbox, const char *table)
{
    return cmg__json_size(cmg__sb_table(sandbox->cloud, table));
}

static uint64_t count_applications(const struct cmg_sandbox *sandbox)
{
    return table_size(sandbox, "applications");
}

/* Entries of a table whose member has a text. */
static uint64_t count_where(const struct cmg_sandbox *sandbox, const char *table,
                            const char *member, const char *value)
{
    uint64_t n = 0;
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(cmg__sb_table(sandbox->cloud, table), &iter, &key, &entry))
        n += cmg__sb_same(cmg__json_str(cmg__json_key(entry, member), ""), value);
    return n;
}

/* Managed identities are the tenant's own, too, but of no application. */
static uint64_t count_principals(const struct cmg_sandbox *sandbox)
{
    const char *tenant = cmg__sb_fact(sandbox->cloud, "tenant_id");
    uint64_t n = 0;
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(cmg__sb_table(sandbox->cloud, "service_principals"), &iter,
                          &key, &entry))
        n += cmg__sb_same(cmg__json_str(entry, "/appOwnerOrganizationId"), tenant) &&
             !cmg__sb_same(cmg__json_str(entry, "/servicePrincipalType"),
                           "ManagedIdentity");
    return n;
}

static uint64_t count_grants(const struct cmg_sandbox *sandbox)
{
    return table_size(sandbox, "role_assignments") + table_size(sandbox, "grants");
}

static uint64_t count_groups(const struct cmg_sandbox *sandbox)
{
    return table_size(sandbox, "groups");
}

static uint64_t count_resources(const struct cmg_sandbox *sandbox)
{
    return table_size(sandbox, "resources");
}

static uint64_t count_deleted(const struct cmg_sandbox *sandbox)
{
    return count_where(sandbox, "deleted", "@odata.type",
                       "#microsoft.graph.application") +
           table_size(sandbox, "deleted_vaults");
}

static uint64_t count_instances(const struct cmg_sandbox *sandbox)
{
    return cmg__sb_instances_count(sandbox->instances);
}

static uint64_t count_secrets(const struct cmg_sandbox *sandbox)
{
    uint64_t n = 0;
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *app = NULL;
    while (
        cmg__json_next(cmg__sb_table(sandbox->cloud, "applications"), &iter, &key, &app))
        n += cmg__json_size(cmg__json_key(app, "passwordCredentials"));
    return n;
}

static uint64_t count_requests(const struct cmg_sandbox *sandbox)
{
    return atomic_load(&sandbox->requests);
}

static const struct {
    cmg_sandbox_kind kind;
    uint64_t (*count)(const struct cmg_sandbox *sandbox);
} counters[] = {
    { CMG_SANDBOX_APPLICATIONS, count_applications },
    { CMG_SANDBOX_SERVICE_PRINCIPALS, count_principals },
    { CMG_SANDBOX_GRANTS, count_grants },
    { CMG_SANDBOX_RESOURCE_GROUPS, count_groups },
    { CMG_SANDBOX_RESOURCES, count_resources },
    { CMG_SANDBOX_DELETED, count_deleted },
    { CMG_SANDBOX_INSTANCES, count_instances },
    { CMG_SANDBOX_SECRETS, count_secrets },
    { CMG_SANDBOX_REQUESTS, count_requests },
};

uint64_t cmg_sandbox_count(cmg_sandbox *sandbox, cmg_sandbox_kind kind)
{
    uint64_t n = 0;
    if (check(sandbox, NULL) != CMG_OK)
        return 0;
    (void)pthread_mutex_lock(&sandbox->lock);
    for (size_t i = 0; i < CMG__ARRAY_LEN(counters); i++) {
        if (counters[i].kind == kind)
            n = counters[i].count(sandbox);
    }
    (void)pthread_mutex_unlock(&sandbox->lock);
    return n;
}

/* ---- settings ---- */

cmg_status cmg_sandbox_set(cmg_sandbox *sandbox, const char *name, const char *value,
                           cmg_error **err)
{
    cmg_status rc = check(sandbox, err);
    if (rc != CMG_OK)
        return rc;
    if (name == NULL)
        return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "name",
                         "use a name that cmg/sandbox.h lists", "name is NULL");
    (void)pthread_mutex_lock(&sandbox->lock);
    rc = cmg__sb_setting_change(sandbox->cloud, name, value, err);
    (void)pthread_mutex_unlock(&sandbox->lock);
    return rc;
}

const char *cmg_sandbox_get(cmg_sandbox *sandbox, const char *name)
{
    const char *value = NULL;
    if (check(sandbox, NULL) != CMG_OK)
        return NULL;
    (void)pthread_mutex_lock(&sandbox->lock);
    if (cmg__sb_same(name, "blob_account"))
        value = CMG__SB_BLOB_ACCOUNT;
    else if (cmg__sb_same(name, "blob_key"))
        value = cmg__sb_account_key(sandbox->cloud,
                                    cmg__sb_account(sandbox->cloud, CMG__SB_BLOB_ACCOUNT),
                                    "key1", false);
    (void)pthread_mutex_unlock(&sandbox->lock);
    return value;
}

/* ---- addresses ---- */

cmg_status cmg_sandbox_resolve(cmg_sandbox *sandbox, const char *host, uint16_t port,
                               cmg_address *address, cmg_error **err)
{
    cmg_status rc = check(sandbox, err);
    if (rc != CMG_OK)
        return rc;
    if (host == NULL || address == NULL || address->size < sizeof *address)
        return cmg__fail(err, sandbox->alloc, host == NULL ? CMG_E_INVAL : CMG_E_ABI,
                         host == NULL ? "host" : "address",
                         "pass a name and a cmg_address with its size set",
                         host == NULL ? "host is NULL"
                                      : "address is NULL or has an unknown size");
    uint16_t found = cmg__sb_names_find(&sandbox->names, host, port);
    if (found == 0)
        return cmg__fail(err, sandbox->alloc, CMG_E_NOTFOUND, host,
                         "deploy the gateway first, or look at the name",
                         "nothing in the sandbox answers to %s:%u", host, (unsigned)port);
    (void)snprintf(address->address, sizeof address->address, "127.0.0.1");
    address->port = found;
    return CMG_OK;
}

static int resolve(const char *host, uint16_t port, cmg_address *address, void *user)
{
    struct cmg_sandbox *sandbox = user;
    uint16_t found = cmg__sb_names_find(&sandbox->names, host, port);
    if (found == 0)
        return 0;
    (void)snprintf(address->address, sizeof address->address, "127.0.0.1");
    address->port = found;
    return 1;
}

/* The context may be libcmg's: its own copies of the rooms count forks and tags of their
   own, so the head is looked at by hand. */
cmg_status cmg_sandbox_attach(cmg_sandbox *sandbox, cmg_context *ctx, cmg_error **err)
{
    cmg_status rc = check(sandbox, err);
    if (rc != CMG_OK)
        return rc;
    if (ctx == NULL || ctx->head.tag != CMG__TAG_CONTEXT)
        return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "ctx",
                         "pass a context that was not given back",
                         "the handle is no context");
    if (ctx->head.layout != sandbox->ctx->head.layout)
        return cmg__fail(err, sandbox->alloc, CMG_E_ABI, "ctx",
                         "install libcmg and libcmg-sandbox of the same release",
                         "the context is of another build of the library");
    const struct cmg__buf *ca = &sandbox->authority.ca_pem;
    rc = cmg__buf_reserve(&ctx->ca_pem, ca->len + 1);
    if (rc == CMG_OK)
        rc = cmg__buf_add(&ctx->ca_pem, ca->data, ca->len);
    if (rc == CMG_OK)
        rc = cmg__buf_add_char(&ctx->ca_pem, '\n');
    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    ctx->resolve_fn = resolve;
    ctx->resolve_user = sandbox;
    return CMG_OK;
}

/* ---- tokens ---- */

static bool has_scope(const struct cmg__json *scopes, const char *wanted)
{
    for (size_t i = 0; i < cmg__json_size(scopes); i++) {
        if (strcmp(cmg__str_or(cmg__json_str(cmg__json_item(scopes, i), ""), ""),
                   wanted) == 0)
            return true;
    }
    return false;
}

static cmg_status make_token(cmg_sandbox *sandbox, const char *client_id,
                             const char *resource, struct cmg__buf *out, cmg_error **err)
{
    static const char scope[] = "user_impersonation";
    struct cmg__sb_client client;
    struct cmg__sb_target target;
    if (!cmg__sb_client_find(sandbox->cloud, client_id, &client) ||
        (client.application != NULL && client.principal == NULL))
        return cmg__fail(err, sandbox->alloc, CMG_E_NOTFOUND, client_id,
                         "deploy first, and pass the client app's client ID",
                         "the tenant has no application \"%s\" with a service principal",
                         client_id);
    if (!cmg__sb_target_find(sandbox->cloud, resource, NULL, &target))
        return cmg__fail(err, sandbox->alloc, CMG_E_NOTFOUND, resource,
                         "deploy first, and pass the server app's App ID URI",
                         "the tenant has no resource \"%s\" with a service principal",
                         resource);
    struct cmg__json *scopes = cmg__sb_consented(sandbox->cloud, &client, &target);
    bool consented = has_scope(scopes, scope);
    cmg__json_unref(scopes);
    if (!consented)
        return cmg__fail(err, sandbox->alloc, CMG_E_DENIED, client_id,
                         "grant the client app user_impersonation on the server app",
                         "nobody has consented to %s for \"%s\" on \"%s\"", scope,
                         client.name, resource);
    return cmg__sb_token_make(sandbox->cloud, &client, &target, scope, out, err);
}

cmg_status cmg_sandbox_issue_token(cmg_sandbox *sandbox, const char *client_id,
                                   const char *resource, cmg_bytes **out_token,
                                   cmg_error **err)
{
    struct cmg__buf token;
    cmg_status rc = check(sandbox, err);
    if (rc != CMG_OK)
        return rc;
    if (client_id == NULL || resource == NULL || out_token == NULL)
        return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "arguments",
                         "pass a client ID, a resource and where the token goes",
                         "an argument is NULL");
    cmg__buf_init_secret(&token, sandbox->alloc, 16384);
    (void)pthread_mutex_lock(&sandbox->lock);
    rc = make_token(sandbox, client_id, resource, &token, err);
    (void)pthread_mutex_unlock(&sandbox->lock);
    if (rc == CMG_OK &&
        cmg__bytes_new(&cmg__alloc_libc, token.data, token.len, out_token) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&token);
    return rc;
}
