/**
 * @file tenant.h
 * @brief The Entra tenant, and the two applications a gateway needs in it.
 *
 * These handles come from a gateway (cmg_gateway_tenant() and its sisters): what the
 * specification wants of them is there at once, what the cloud says (identifiers, expiry)
 * after a deployment has looked. How to sign in is set on the tenant before a deployment
 * starts; the default is the device code, shown by the on_prompt callback.
 *
 * @code
 * cmg_tenant *tenant = cmg_gateway_tenant(gateway);
 * rc = cmg_tenant_set_client_secret(tenant, client_id, secret, strlen(secret), &err);
 * @endcode
 */
#ifndef CMG_TENANT_H
#define CMG_TENANT_H

#include <cmg/certificate.h>
#include <cmg/key.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief An Entra tenant with the subscription that pays. @since 0.1 */
typedef struct cmg_tenant cmg_tenant;
/** @brief The server application ("web app") of Configuration Manager. @since 0.1 */
typedef struct cmg_server_app cmg_server_app;
/** @brief The client application ("native app") of Configuration Manager. @since 0.1 */
typedef struct cmg_client_app cmg_client_app;

/**
 * @brief Signs in as an application with a client secret.
 * @param[in]  tenant    The tenant.
 * @param[in]  client_id Application (client) ID, a GUID; copied.
 * @param[in]  secret    The secret's value; copied, wiped with the tenant.
 * @param[in]  size      Length of @p secret in bytes, 1 to 1024.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_tenant_set_client_secret(cmg_tenant *tenant, const char *client_id,
                                                const char *secret, size_t size,
                                                cmg_error **err);

/** @brief How an application proves that it has its certificate. @since 0.1 */
typedef enum cmg_assertion_algorithm {
    CMG_ASSERTION_PS256 = 1, /**< RSASSA-PSS; names the certificate by its SHA-256. */
    CMG_ASSERTION_RS256 = 2, /**< PKCS#1 v1.5; names it by its SHA-1, as older ones do. */
    CMG_ASSERTION_ALGORITHM_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_assertion_algorithm;

/**
 * @brief Signs in as an application with a certificate.
 *
 * The certificate is registered on the application (its keyCredentials); each request for
 * a token is signed anew, for ten minutes, and names the tenant's token endpoint. The
 * clock of this machine must be right.
 * @param[in]  tenant      The tenant.
 * @param[in]  client_id   Application (client) ID, a GUID; copied.
 * @param[in]  certificate The certificate; of the same context. What is needed of it and
 *                         of the key is kept.
 * @param[in]  key         Its private key, RSA, perhaps held by the host; NULL for the
 * one that the certificate has.
 * @param[in]  algorithm   How requests are signed; #CMG_ASSERTION_PS256 is Microsoft's
 *                         advice.
 * @param[out] err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL for an argument, #CMG_E_CERT when the key is missing, not
 *         the certificate's or not RSA, #CMG_E_UNSUPPORTED when the host's key has no
 *         function for PS256, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_tenant_set_client_certificate(
    cmg_tenant *tenant, const char *client_id, cmg_certificate *certificate, cmg_key *key,
    cmg_assertion_algorithm algorithm, cmg_error **err);

/**
 * @brief Signs in as an application with the token of an outside issuer (workload
 *        identity federation): Kubernetes, a CI system.
 *
 * The application has a federated credential that names issuer and subject of the token.
 * The file is read again for each request, since its writer renews it; white space around
 * the token does not count. The library reads no environment variable: hand over what
 * AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE say.
 * @param[in]  tenant     The tenant.
 * @param[in]  client_id  Application (client) ID, a GUID; copied.
 * @param[in]  token_file Path of the file; copied, not read yet.
 * @param[out] err        Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_tenant_set_workload_identity(cmg_tenant *tenant,
                                                    const char *client_id,
                                                    const char *token_file,
                                                    cmg_error **err);

/** @brief Which managed identity of a machine signs in. @since 0.1 */
typedef enum cmg_managed_identity {
    CMG_IDENTITY_SYSTEM = 1,        /**< The one that belongs to the machine itself. */
    CMG_IDENTITY_CLIENT_ID = 2,     /**< A user-assigned one, by its client ID. */
    CMG_IDENTITY_OBJECT_ID = 3,     /**< A user-assigned one, by its object ID. */
    CMG_IDENTITY_RESOURCE_ID = 4,   /**< A user-assigned one, by its resource ID. */
    CMG_IDENTITY_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_managed_identity;

/**
 * @brief Signs in as a managed identity of the Azure machine that this process runs on.
 *
 * Nothing secret is kept: the machine's metadata service gives the tokens. It is asked
 * directly, never by a proxy. While it is not ready it is asked again, for about two
 * minutes; a machine without the identity is told at once.
 * @param[in]  tenant The tenant.
 * @param[in]  kind   Which identity.
 * @param[in]  id     A GUID, or for #CMG_IDENTITY_RESOURCE_ID
 *                    "/subscriptions/.../userAssignedIdentities/..."; copied. NULL for
 *                    #CMG_IDENTITY_SYSTEM.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_tenant_set_managed_identity(cmg_tenant *tenant,
                                                   cmg_managed_identity kind,
                                                   const char *id, cmg_error **err);

/**
 * @brief Where the metadata service is that gives the tokens of managed identities.
 * @param[in]  tenant The tenant.
 * @param[in]  url    Scheme, host and port; copied. NULL for the default,
 *                    "http://169.254.169.254". Over http a loopback or link-local address
 *                    only, since tokens come back in the clear.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_tenant_set_identity_endpoint(cmg_tenant *tenant, const char *url,
                                                    cmg_error **err);

/**
 * @brief Where the host gets tokens from, for cmg_tenant_set_token_source(); size-tagged.
 *
 * The functions are called on the thread that drives the context; they may call what is
 * marked "Callbacks may call it".
 * @since 0.1
 */
typedef struct cmg_token_source {
    size_t size; /**< sizeof(cmg_token_source) of the caller. */
    void *user;  /**< Handed to each function. */
    /** Writes an access token for a resource, for example "https://graph.microsoft.com",
       at most max (65536) bytes, and when it ends in seconds since 1970-01-01 UTC.
       Returns the token's length; a negative number fails the deployment's step with
       #CMG_E_CALLBACK. A token that the service refuses is asked for again, once. */
    int64_t (*get)(const char *resource, void *out, size_t max,
                   int64_t *out_expires_unix_s, void *user);
    /** The source is no longer used; NULL when the host need not know. Not called in a
       forked child. */
    void (*release)(void *user);
} cmg_token_source;

/**
 * @brief Lets the host get the tokens: it has signed in already, or asks another library.
 * @param[in]  tenant    The tenant.
 * @param[in]  client_id Application (client) ID of the application that the tokens are
 *                       for, a GUID; copied. NULL: they are for a person.
 * @param[in]  source    The functions, copied; release is not called when this fails.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_ABI, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_tenant_set_token_source(cmg_tenant *tenant, const char *client_id,
                                               const cmg_token_source *source,
                                               cmg_error **err);

/**
 * @brief Where the host keeps tokens between two runs, for cmg_tenant_set_token_cache();
 *        size-tagged.
 *
 * The functions are called on the thread that drives the context; they may call what is
 * marked "Callbacks may call it". Whoever has the bytes is signed in: the host encrypts
 * them, or gives them to the system's key ring.
 * @since 0.1
 */
typedef struct cmg_token_cache {
    size_t size; /**< sizeof(cmg_token_cache) of the caller. */
    void *user;  /**< Handed to each function. */
    /** Writes what was saved under a key, at most max (512 KiB) bytes. Returns the
       length, 0 when nothing was saved. A negative number is logged, and the sign-in goes
       on without. */
    int64_t (*load)(const char *key, void *out, size_t max, void *user);
    /** Keeps bytes under a key instead of what was there, in one step: the former tokens
       stay until the new ones are safe. Returns 0; another number is logged. */
    int (*save)(const char *key, const void *data, size_t size, void *user);
    /** The cache is no longer used; NULL when the host need not know. Not called in a
       forked child. */
    void (*release)(void *user);
} cmg_token_cache;

/**
 * @brief Keeps tokens between two runs, through the host; the default is memory only.
 *
 * The key names login endpoint, tenant, client and way to sign in; the bytes are opaque,
 * carry their version and key, and are saved after each token that came. While the
 * tokens are fresh a run asks for none; with a refresh token a person is not asked again;
 * one that Entra no longer takes leads to a new sign-in. Bytes that are damaged, of
 * another version or for another key are logged and not used. Tokens of the host
 * (cmg_tenant_set_token_source()) and of the machine are not cached.
 * @param[in]  tenant The tenant.
 * @param[in]  cache  The functions, copied; release is not called when this fails. NULL
 *                    for none.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_ABI.
 * @since 0.1
 */
CMG_API cmg_status cmg_tenant_set_token_cache(cmg_tenant *tenant,
                                              const cmg_token_cache *cache,
                                              cmg_error **err);

/**
 * @brief Signs in as a person by device code (the default).
 * @param[in]  tenant    The tenant.
 * @param[in]  client_id Application (client) ID of a public client; NULL for the default,
 *                       Azure PowerShell's.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_tenant_set_device_code(cmg_tenant *tenant, const char *client_id,
                                              cmg_error **err);

/**
 * @brief Signs in as a person by a browser on this machine (authorization code with
 *        PKCE).
 *
 * The deployment listens on a free port of 127.0.0.1 and calls on_prompt with a page that
 * the host opens in a browser, within ten minutes; after the sign-in the browser comes
 * back there by itself. The application must have the redirect URI "http://localhost".
 * @param[in]  tenant    The tenant.
 * @param[in]  client_id Application (client) ID of a public client; NULL for the default,
 *                       Azure PowerShell's.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_tenant_set_browser(cmg_tenant *tenant, const char *client_id,
                                          cmg_error **err);

/**
 * @brief The domain name the specification gives.
 * @param[in] tenant The tenant.
 * @return Borrowed; "" when only an ID was given.
 * @since 0.1
 */
CMG_API const char *cmg_tenant_domain(const cmg_tenant *tenant);

/**
 * @brief The tenant's ID.
 * @param[in] tenant The tenant.
 * @return A GUID, borrowed until the next deployment event; "" before it is known.
 * @since 0.1
 */
CMG_API const char *cmg_tenant_id(const cmg_tenant *tenant);

/**
 * @brief The display name the directory gives.
 * @param[in] tenant The tenant.
 * @return Borrowed until the next deployment event; "" before it is known.
 * @since 0.1
 */
CMG_API const char *cmg_tenant_display_name(const cmg_tenant *tenant);

/**
 * @brief The domain name that the tenant was made with, "contoso.onmicrosoft.com".
 * @param[in] tenant The tenant.
 * @return Borrowed until the next deployment event; "" before it is known.
 * @since 0.1
 */
CMG_API const char *cmg_tenant_initial_domain(const cmg_tenant *tenant);

/**
 * @brief How many domain names the tenant has proven to be its own.
 * @param[in] tenant The tenant.
 * @return The number, the initial domain counted; 0 before they are known.
 * @since 0.1
 */
CMG_API size_t cmg_tenant_verified_domain_count(const cmg_tenant *tenant);

/**
 * @brief One of them.
 * @param[in] tenant The tenant.
 * @param[in] i      From 0, the initial domain, to one less than the number of them.
 * @return Borrowed until the next deployment event; "" beyond the last.
 * @since 0.1
 */
CMG_API const char *cmg_tenant_verified_domain(const cmg_tenant *tenant, size_t i);

/**
 * @brief The subscription that pays for the gateway.
 * @param[in] tenant The tenant.
 * @return A GUID, borrowed.
 * @since 0.1
 */
CMG_API const char *cmg_tenant_subscription_id(const cmg_tenant *tenant);

/**
 * @brief Takes one more reference.
 * @param[in] tenant The tenant or NULL.
 * @return @p tenant.
 * @since 0.1
 */
CMG_API cmg_tenant *cmg_tenant_ref(cmg_tenant *tenant);

/**
 * @brief Gives a reference back.
 * @param[in] tenant The tenant; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_tenant_unref(cmg_tenant *tenant);

/**
 * @brief The server app's display name.
 * @param[in] app The server app.
 * @return Borrowed.
 * @since 0.1
 */
CMG_API const char *cmg_server_app_name(const cmg_server_app *app);

/**
 * @brief The server app's application (client) ID.
 * @param[in] app The server app.
 * @return A GUID, borrowed until the next deployment event; "" before it is known.
 * @since 0.1
 */
CMG_API const char *cmg_server_app_client_id(const cmg_server_app *app);

/**
 * @brief The App ID URI, "api://{tenant}/{name}".
 * @param[in] app The server app.
 * @return Borrowed until the next deployment event; "" before the tenant's ID is known.
 * @since 0.1
 */
CMG_API const char *cmg_server_app_id_uri(const cmg_server_app *app);

/**
 * @brief When the newest client secret ends.
 * @param[in] app The server app.
 * @return Seconds since 1970-01-01 UTC; 0 before it is known.
 * @since 0.1
 */
CMG_API int64_t cmg_server_app_secret_expires_unix_s(const cmg_server_app *app);

/**
 * @brief Takes one more reference.
 * @param[in] app The server app or NULL.
 * @return @p app.
 * @since 0.1
 */
CMG_API cmg_server_app *cmg_server_app_ref(cmg_server_app *app);

/**
 * @brief Gives a reference back.
 * @param[in] app The server app; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_server_app_unref(cmg_server_app *app);

/**
 * @brief The client app's display name.
 * @param[in] app The client app.
 * @return Borrowed.
 * @since 0.1
 */
CMG_API const char *cmg_client_app_name(const cmg_client_app *app);

/**
 * @brief The client app's application (client) ID.
 * @param[in] app The client app.
 * @return A GUID, borrowed until the next deployment event; "" before it is known.
 * @since 0.1
 */
CMG_API const char *cmg_client_app_client_id(const cmg_client_app *app);

/**
 * @brief Takes one more reference.
 * @param[in] app The client app or NULL.
 * @return @p app.
 * @since 0.1
 */
CMG_API cmg_client_app *cmg_client_app_ref(cmg_client_app *app);

/**
 * @brief Gives a reference back.
 * @param[in] app The client app; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_client_app_unref(cmg_client_app *app);

#ifdef __cplusplus
}
#endif
#endif
