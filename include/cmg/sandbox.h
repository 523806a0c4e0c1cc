/**
 * @file sandbox.h
 * @brief An Azure on loopback: libcmg-sandbox, a library of its own.
 *
 * One call starts it on a thread of the host's process: Entra, Graph, Resource Manager
 * and Key Vault behind one HTTPS listener, routed by Azure's own host names. Instances of
 * a deployed scale set are real processes that run the service program with the user data
 * a VM would have got, behind a small TCP balancer. Functions may be called from any
 * thread.
 *
 * @code
 * cmg_sandbox_settings settings = { .size = sizeof settings, .directory = "sandbox",
 *                                   .service_program = "build/examples/service_host" };
 * rc = cmg_sandbox_new(&settings, &sandbox, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_sandbox_attach(sandbox, ctx, &err);
 * @endcode
 */
#ifndef CMG_SANDBOX_H
#define CMG_SANDBOX_H

#include <cmg/tenant.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A running sandbox. @since 0.1 */
typedef struct cmg_sandbox cmg_sandbox;

/** @brief How a sandbox is to run; size-tagged. @since 0.1 */
typedef struct cmg_sandbox_settings {
    size_t size; /**< sizeof(cmg_sandbox_settings) of the caller. */
    /** Where it keeps its state, authority and instances; made when absent. A sandbox
        started there again goes on with the same cloud. */
    const char *directory;
    /** Program that an instance runs; NULL: scale sets get no processes, and so no
        deployment becomes ready. */
    const char *service_program;
    const char *tenant_id;       /**< GUID; NULL for one made at first start. */
    const char *domain;          /**< NULL for "contoso.onmicrosoft.com". */
    const char *subscription_id; /**< GUID; NULL for one made at first start. */
    uint16_t port;               /**< Loopback port; 0 for any free one. */
    uint16_t reserved;           /**< 0. */
    /** How long a long-running operation takes, in milliseconds, 0 to 60000; with 0 it
        is done when it is answered, and there is nothing to poll. */
    uint32_t operation_ms;
} cmg_sandbox_settings;

/** @brief What can be counted in a sandbox. @since 0.1 */
typedef enum cmg_sandbox_kind {
    CMG_SANDBOX_APPLICATIONS = 1,       /**< Applications, deleted ones not counted. */
    CMG_SANDBOX_SERVICE_PRINCIPALS = 2, /**< Those of the tenant's own applications. */
    CMG_SANDBOX_GRANTS = 3,             /**< Role assignments and permission grants. */
    CMG_SANDBOX_RESOURCE_GROUPS = 4,    /**< Resource groups. */
    CMG_SANDBOX_RESOURCES = 5,          /**< Resources in all groups. */
    CMG_SANDBOX_DELETED = 6,            /**< Soft-deleted applications and vaults. */
    CMG_SANDBOX_INSTANCES = 7,          /**< Instance processes that run. */
    CMG_SANDBOX_SECRETS = 8,            /**< Client secrets of all applications. */
    CMG_SANDBOX_REQUESTS = 9,           /**< Requests answered since the start. */
    CMG_SANDBOX_KIND_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_sandbox_kind;

/** @brief When a person's sign-in is approved. @since 0.1 */
typedef enum cmg_sandbox_sign_in {
    /** By itself: a device code by its second poll, a browser's page at once. */
    CMG_SANDBOX_SIGN_IN_AT_ONCE = 1,
    CMG_SANDBOX_SIGN_IN_BY_CALL = 2,       /**< By cmg_sandbox_decide_sign_in(). */
    CMG_SANDBOX_SIGN_IN_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_sandbox_sign_in;

/** @brief How a request is to fail. @since 0.1 */
typedef enum cmg_sandbox_fault {
    CMG_SANDBOX_FAULT_STATUS = 1, /**< Answers the status without doing anything. */
    CMG_SANDBOX_FAULT_CUT = 2,    /**< Closes the connection without doing anything. */
    CMG_SANDBOX_FAULT_LOST_ANSWER = 3, /**< Does the work, then closes the connection. */
    /** From this request on its service takes only tokens of a sign-in that met the
       authentication context "c1", and challenges the others (claims challenge). */
    CMG_SANDBOX_FAULT_CHALLENGE = 4,
    /** Does the work, answers with half of the body, then closes the connection. */
    CMG_SANDBOX_FAULT_HALF_ANSWER = 5,
    /** Does the work; the URLs to poll at in its answer lead to another host. */
    CMG_SANDBOX_FAULT_ELSEWHERE = 6,
    /** The long-running operation that the request begins ends as Failed. */
    CMG_SANDBOX_FAULT_OPERATION_FAILS = 10,
    /** Whoever asks about the operation is told that there is none (404). */
    CMG_SANDBOX_FAULT_OPERATION_EXPIRES = 11,
    /** The operation never ends. */
    CMG_SANDBOX_FAULT_OPERATION_STUCK = 12,
    /** The operation ends as Canceled, as if somebody had stopped it. */
    CMG_SANDBOX_FAULT_OPERATION_CANCELED = 13,
    CMG_SANDBOX_FAULT_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_sandbox_fault;

/**
 * @brief Starts a sandbox; returns when it listens.
 * @param[in]  settings    Read during the call.
 * @param[out] out_sandbox Receives the sandbox, yours.
 * @param[out] err         Receives the error, or NULL; a port in use is named.
 * @return #CMG_OK; #CMG_E_INVAL naming the member, #CMG_E_ABI, #CMG_E_IO, #CMG_E_CONFLICT
 *         when another sandbox runs in the directory, #CMG_E_PARSE when its state is
 *         damaged, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_new(const cmg_sandbox_settings *settings,
                                   cmg_sandbox **out_sandbox, cmg_error **err);

/**
 * @brief Leads a context to the sandbox: trusts its authority, redirects Azure's names.
 * @param[in]  sandbox The sandbox; it must outlive the context's use.
 * @param[in]  ctx     The context, not used for HTTPS yet.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_ABI when the two libraries are of different builds,
 * #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_attach(cmg_sandbox *sandbox, cmg_context *ctx,
                                      cmg_error **err);

/**
 * @brief The loopback port of the HTTPS listener.
 * @param[in] sandbox The sandbox.
 * @return 1 to 65535.
 * @since 0.1
 */
CMG_API uint16_t cmg_sandbox_port(const cmg_sandbox *sandbox);

/**
 * @brief The file with the authority's certificate (PEM).
 * @param[in] sandbox The sandbox.
 * @return Borrowed, as long as @p sandbox.
 * @since 0.1
 */
CMG_API const char *cmg_sandbox_ca_file(const cmg_sandbox *sandbox);

/**
 * @brief The tenant's ID.
 * @param[in] sandbox The sandbox.
 * @return A GUID, borrowed, as long as @p sandbox.
 * @since 0.1
 */
CMG_API const char *cmg_sandbox_tenant_id(const cmg_sandbox *sandbox);

/**
 * @brief The subscription's ID.
 * @param[in] sandbox The sandbox.
 * @return A GUID, borrowed, as long as @p sandbox.
 * @since 0.1
 */
CMG_API const char *cmg_sandbox_subscription_id(const cmg_sandbox *sandbox);

/**
 * @brief An application that may do everything in the sandbox, for unattended sign-in.
 * @param[in] sandbox The sandbox.
 * @return Its client ID, borrowed, as long as @p sandbox.
 * @since 0.1
 */
CMG_API const char *cmg_sandbox_client_id(const cmg_sandbox *sandbox);

/**
 * @brief That application's secret.
 * @param[in] sandbox The sandbox.
 * @return Borrowed, as long as @p sandbox. Worthless outside the sandbox.
 * @since 0.1
 */
CMG_API const char *cmg_sandbox_client_secret(const cmg_sandbox *sandbox);

/**
 * @brief That application's certificate, to sign in with instead of the secret.
 * @param[in]  sandbox         The sandbox.
 * @param[out] out_certificate Receives the certificate as PEM, yours.
 * @param[out] out_key         Receives its private key as PEM, yours; worthless outside
 *                             the sandbox.
 * @param[out] err             Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_client_certificate(cmg_sandbox *sandbox,
                                                  cmg_bytes **out_certificate,
                                                  cmg_bytes **out_key, cmg_error **err);

/**
 * @brief Makes an outside issuer of tokens known, for sign-in by workload identity.
 *
 * Applications whose federated credentials name it are signed in by its tokens. It stays
 * as long as the sandbox runs; the same issuer again replaces it.
 * @param[in]  sandbox The sandbox.
 * @param[in]  issuer  As its tokens call it (iss).
 * @param[in]  keys    Its JSON Web Key Set, RSA; copied.
 * @param[in]  size    Length in bytes, at most 256 KiB.
 * @param[in]  subject Tokens with this subject (sub) and the audience
 *                     "api://AzureADTokenExchange" sign the application of
 *                     cmg_sandbox_client_id() in; NULL for none.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_PARSE for the key set, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_add_issuer(cmg_sandbox *sandbox, const char *issuer,
                                          const char *keys, size_t size,
                                          const char *subject, cmg_error **err);

/**
 * @brief Says when sign-ins of persons are approved; #CMG_SANDBOX_SIGN_IN_AT_ONCE at
 *        first.
 * @param[in]  sandbox The sandbox.
 * @param[in]  how     When.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_set_sign_in(cmg_sandbox *sandbox, cmg_sandbox_sign_in how,
                                           cmg_error **err);

/**
 * @brief Decides on a person's sign-in, before it has begun or while it waits.
 * @param[in]  sandbox The sandbox.
 * @param[in]  code    The user code of a device code, or the state of a browser's page;
 *                     copied.
 * @param[in]  approve Whether the person signs in; otherwise declines.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_decide_sign_in(cmg_sandbox *sandbox, const char *code,
                                              bool approve, cmg_error **err);

/**
 * @brief Signs tokens with another key, from the next request on. The former keys stay
 *        published.
 * @param[in]  sandbox The sandbox.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_rollover_keys(cmg_sandbox *sandbox, cmg_error **err);

/**
 * @brief Where the metadata service of the sandbox's machine gives the tokens of its
 *        managed identities: for cmg_tenant_set_identity_endpoint().
 *
 * Plain HTTP, as on a machine of Azure. The identities may do what
 * cmg_sandbox_client_id() may.
 * @param[in] sandbox The sandbox.
 * @return "http://127.0.0.1:PORT", borrowed, as long as @p sandbox.
 * @since 0.1
 */
CMG_API const char *cmg_sandbox_identity_endpoint(const cmg_sandbox *sandbox);

/**
 * @brief What names a managed identity of the sandbox's machine: its own, or the one that
 *        is assigned to it.
 * @param[in] sandbox The sandbox.
 * @param[in] kind    #CMG_IDENTITY_SYSTEM: the object ID of the machine's own. Otherwise
 *                    the ID of that kind, of the assigned one.
 * @return Borrowed, as long as @p sandbox; "" for an unknown kind.
 * @since 0.1
 */
CMG_API const char *cmg_sandbox_identity(const cmg_sandbox *sandbox,
                                         cmg_managed_identity kind);

/**
 * @brief Where a name and port of the sandbox's cloud are on loopback.
 * @param[in]  sandbox The sandbox.
 * @param[in]  host    For example "granitefalls.westeurope.cloudapp.azure.com".
 * @param[in]  port    For example 443 or 10140.
 * @param[out] address Filled in on success; address->size must be set.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOTFOUND when nothing answers there, #CMG_E_ABI.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_resolve(cmg_sandbox *sandbox, const char *host,
                                       uint16_t port, cmg_address *address,
                                       cmg_error **err);

/**
 * @brief Makes a token as a device with the client app would get it for the server app.
 *
 * The same as a token request for the scope "<resource>/user_impersonation" by a user of
 * the tenant; both applications and the consent must be there.
 * @param[in]  sandbox   The sandbox.
 * @param[in]  client_id The client app's ID.
 * @param[in]  resource  The server app's App ID URI.
 * @param[out] out_token Receives the token, yours.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOTFOUND naming what is missing, #CMG_E_DENIED without consent.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_issue_token(cmg_sandbox *sandbox, const char *client_id,
                                           const char *resource, cmg_bytes **out_token,
                                           cmg_error **err);

/**
 * @brief Counts what is there.
 * @param[in] sandbox The sandbox.
 * @param[in] kind    What to count.
 * @return The number; 0 for an unknown kind.
 * @since 0.1
 */
CMG_API uint64_t cmg_sandbox_count(cmg_sandbox *sandbox, cmg_sandbox_kind kind);

/**
 * @brief Makes a coming request fail, once.
 * @param[in]  sandbox The sandbox.
 * @param[in]  method  HTTP method, or NULL for any.
 * @param[in]  path    Text that the path must contain, or NULL for any; copied.
 * @param[in]  nth     1 for the next request that matches, 2 for the one after, and so
 * on.
 * @param[in]  fault   How it fails.
 * @param[in]  status  The status for #CMG_SANDBOX_FAULT_STATUS, 400 to 599.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_LIMIT after 64 faults, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_inject(cmg_sandbox *sandbox, const char *method,
                                      const char *path, uint32_t nth,
                                      cmg_sandbox_fault fault, int32_t status,
                                      cmg_error **err);

/**
 * @brief Adds users to the tenant, as many as wanted: they take no memory.
 *
 * User number 7 of all that were added so has the object ID
 * "00000000-0000-4000-8000-000000000007" (the number in hexadecimal), the name
 * "user000007@<domain>", and the attributes of one that is synchronised. Users and groups
 * last as long as the sandbox runs.
 * @param[in]  sandbox The sandbox.
 * @param[in]  count   How many more.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_LIMIT above ten million users.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_add_users(cmg_sandbox *sandbox, uint32_t count,
                                         cmg_error **err);

/**
 * @brief Adds a user, changes one, or removes one, for the next delta query to tell.
 * @param[in]  sandbox    The sandbox.
 * @param[in]  id         The object ID, a GUID; one of cmg_sandbox_add_users() too.
 * @param[in]  properties JSON object with the properties to set, named as Graph does;
 *                        NULL removes the user, also from its groups.
 * @param[out] err        Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_PARSE for the JSON, #CMG_E_NOTFOUND when there is
 *         nobody to remove, #CMG_E_LIMIT after 10,000, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_set_user(cmg_sandbox *sandbox, const char *id,
                                        const char *properties, cmg_error **err);

/**
 * @brief Adds a group, changes one, or removes one.
 * @param[in]  sandbox    The sandbox.
 * @param[in]  id         The object ID, a GUID.
 * @param[in]  properties As in cmg_sandbox_set_user().
 * @param[out] err        Receives the error, or NULL.
 * @return As cmg_sandbox_set_user().
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_set_group(cmg_sandbox *sandbox, const char *id,
                                         const char *properties, cmg_error **err);

/**
 * @brief Takes a user into a group, or out of it.
 * @param[in]  sandbox   The sandbox.
 * @param[in]  group_id  The group's object ID.
 * @param[in]  user_id   The user's object ID.
 * @param[in]  is_member Whether the user is a member from now on.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOTFOUND, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_set_member(cmg_sandbox *sandbox, const char *group_id,
                                          const char *user_id, bool is_member,
                                          cmg_error **err);

/**
 * @brief Lets all links of delta queries that were given out so far be too old.
 *
 * Who comes with one gets status 410 and a Location to begin again. Links are too old
 * after seven days, too.
 * @param[in]  sandbox The sandbox.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_expire_links(cmg_sandbox *sandbox, cmg_error **err);

/**
 * @brief Lets the directory be eventually consistent, as Entra's is.
 *
 * Two replicas answer Graph and token requests in turn. One knows of a change at once,
 * the other after a while: until then its reads show former values, and what was made
 * meanwhile is not there (404; 400 for the principal of a new application).
 * @param[in]  sandbox The sandbox.
 * @param[in]  ms      How late the second replica is, in milliseconds, 0 to 60000; 0, as
 *                     at the start, for one that is never late.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_set_replication(cmg_sandbox *sandbox, uint32_t ms,
                                               cmg_error **err);

/**
 * @brief Lets Graph send requests away with status 429.
 * @param[in]  sandbox        The sandbox.
 * @param[in]  every          Every how many-th request, counted from now, 2 at least; 0,
 *                            as at the start, for none.
 * @param[in]  retry_after_ms What Retry-After says, in milliseconds, at most 600000; a
 *                            part of a second is written as a fraction.
 * @param[out] err            Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_set_throttle(cmg_sandbox *sandbox, uint32_t every,
                                            uint32_t retry_after_ms, cmg_error **err);

/**
 * @brief A fact about the cloud by name.
 *
 * "blob_account" is the name of a storage account that is always there, under localhost
 * at "https://localhost:PORT/" and that name, and "blob_key" its first key.
 * @param[in] sandbox The sandbox.
 * @param[in] name    The name.
 * @return Borrowed, as long as @p sandbox; NULL for an unknown name.
 * @since 0.1
 */
CMG_API const char *cmg_sandbox_get(cmg_sandbox *sandbox, const char *name);

/**
 * @brief Sets something about the cloud by name, as long as the sandbox runs.
 *
 * Names, what values they have, and what they mean:
 *
 * - `duration/KIND`, milliseconds: how long a long-running operation takes instead of
 *   the settings' operation_ms. KIND is `put`, `delete`, `delete_group`, `start`,
 *   `deallocate`, `poweroff`, `restart`, `redeploy`, `reimage`, `manualupgrade`,
 *   `delete_instances`, `rolling_batch`, `register`, `purge`, `what_if`, `query` or
 * `deployment`.
 * - `duration/TYPE`, milliseconds: how long a deployment takes for a resource of the
 * type, as `Microsoft.Network/publicIPAddresses`, instead of its part of `deployment`.
 * - `delay/principal`, milliseconds: how long a service principal stays unknown to role
 *   assignments.
 * - `delay/role`, milliseconds: how long a role assignment takes to come into effect.
 * - `quota/NAME/REGION`, a number: the limit of a quota as Azure's usages name it:
 *   `cores`, `standardBSFamily`, `IPv4StandardSkuPublicIpAddresses`, ...
 * - `restrict/SIZE/REGION`, `NotAvailableForSubscription`, `QuotaId` or
 *   `AllocationFailed`: a VM size is not to be had.
 * - `policy/NAME`, `deny TYPE`, `deny TYPE outside REGION` or `deny TYPE without tag
 *   NAME`: a policy; TYPE as `Microsoft.Network/publicIPAddresses`, or `*`.
 * - `metric/RESOURCE/NAME`, a number: what a metric of that name shows of the resource,
 * in each hour: `Network Out Total` of a scale set, `ByteCount` of a load balancer,
 *   `Egress` of a storage account. None has a value unless it is set.
 * - `throttle`, `on` or `off`: Resource Manager answers 429 when a bucket of requests is
 *   empty; `x-ms-ratelimit-remaining-...` tell how full they are.
 * - `mfa`, `off`, `challenge` or `deny`: what users without MFA meet when they change
 *   something.
 * - `admin_role`, the name of a built-in role as `Reader`: all that the administrator may
 *   do in Resource Manager, instead of everything.
 * - `app_permissions`, application permissions of Graph with blanks between them, or
 *   `none`: all that the sandbox's own application may do in Graph, with tokens from then
 *   on, instead of everything.
 * - `person_refusal`, `disabled`, `locked`, `expired`, `mfa`, `device`, `blocked` or
 *   `unassigned`: why nobody who signs in gets a token (AADSTS50057, 50053, 50055, 50076,
 *   53000, 53003, 50105).
 * - `person_role`, `Global Administrator`, `Privileged Role Administrator`, `Application
 *   Administrator`, `Cloud Application Administrator`, `Application Developer` or `none`:
 *   the directory role of who signs in, instead of everything.
 * - `user_registration`, `on` or `off`: whether users without a role may register
 *   applications; on unless set.
 *
 * @param[in]  sandbox The sandbox.
 * @param[in]  name    One of these names, compared without case.
 * @param[in]  value   Copied; NULL for the default again.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOTFOUND for an unknown name, #CMG_E_INVAL for a value that the
 *         name does not have, #CMG_E_LIMIT after 1000 settings, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_set(cmg_sandbox *sandbox, const char *name,
                                   const char *value, cmg_error **err);

/**
 * @brief Puts a file under "https://pki.contoso.com/pki/", a revocation list for example.
 *
 * It stays as long as the sandbox runs; the same path again replaces it.
 * @param[in]  sandbox The sandbox.
 * @param[in]  path    "/pki/ca.crl" for example; letters, digits, . - _ + and /.
 * @param[in]  data    The content, copied.
 * @param[in]  size    Length in bytes, at most 32 MiB.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_LIMIT after 100 files, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_publish(cmg_sandbox *sandbox, const char *path,
                                       const void *data, size_t size, cmg_error **err);

/**
 * @brief Decides on a certificate request, as an administrator of the authority would.
 *
 * The authority of "https://pki.contoso.com" offers web enrolment (/certsrv, in German
 * under /certsrv-de) with the templates WebServer (issued at once), ApprovedWebServer
 * (after this function) and DeniedWebServer, and EST (/.well-known/est, with the labels
 * "approval" and "denied"). It knows one user: cmg_sandbox_client_id() with
 * cmg_sandbox_client_secret() as password.
 * @param[in]  sandbox    The sandbox.
 * @param[in]  request_id The number that the authority gave out, counted from 1.
 * @param[in]  approve    Whether the certificate is issued.
 * @param[out] err        Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOTFOUND, #CMG_E_STATE when it is not pending.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_decide_request(cmg_sandbox *sandbox,
                                              const char *request_id, bool approve,
                                              cmg_error **err);

/**
 * @brief Decides on a consent page, as an administrator would in a browser.
 * @param[in]  sandbox      The sandbox.
 * @param[in]  url          The page, as cmg_consent_request hands it over.
 * @param[in]  approve      Accepts everything that the application lists, or cancels.
 * @param[out] out_redirect Receives where the browser is led, yours; or NULL.
 * @param[out] err          Receives the error, or NULL.
 * @return #CMG_OK, also after a refusal that leads back with an error; #CMG_E_INVAL when
 *         the page itself refuses the URL, #CMG_E_IO, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_sandbox_consent(cmg_sandbox *sandbox, const char *url,
                                       bool approve, cmg_bytes **out_redirect,
                                       cmg_error **err);

/**
 * @brief Ends instances, listener and thread. The directory keeps the cloud's state.
 * @param[in] sandbox The sandbox; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_sandbox_unref(cmg_sandbox *sandbox);

#ifdef __cplusplus
}
#endif
#endif
