/**
 * @file context.h
 * @brief The root of every other handle: allocator, log, HTTP settings, one event loop.
 *
 * A context and all handles made from it belong to one thread at a time; different
 * contexts are independent. The host drives it in one of two ways over the same core:
 * by descriptor (cmg_context_get_fd(), cmg_context_get_timeout_ms(),
 * cmg_context_process()), or blocking (cmg_context_wait(), and the _run functions of
 * other handles, which are written with the former). Every callback runs on the thread
 * that drives the context, from inside those calls.
 *
 * @code
 * struct pollfd watch = { .fd = cmg_context_get_fd(ctx), .events = POLLIN };
 * cmg_status rc = CMG_OK;
 * while (rc == CMG_OK && !done) {
 *     poll(&watch, 1, cmg_context_get_timeout_ms(ctx));
 *     rc = cmg_context_process(ctx, &err);
 * }
 * @endcode
 */
#ifndef CMG_CONTEXT_H
#define CMG_CONTEXT_H

#include <cmg/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief The root handle. @since 0.1 */
typedef struct cmg_context cmg_context;

/**
 * @brief The host's memory functions; size-tagged, copied by cmg_context_new().
 *
 * They are called on the thread that drives the context. realloc(NULL, n) allocates;
 * no function is ever called with a size of 0; free is never called with NULL.
 * @since 0.1
 */
typedef struct cmg_allocator {
    size_t size; /**< sizeof(cmg_allocator) of the caller. */
    void *user;  /**< Handed to each function. */
    /** Like malloc(); NULL when memory ran out. */
    void *(*alloc)(size_t size, void *user);
    /** Like realloc(); NULL when memory ran out, then the old block is unchanged. */
    void *(*realloc)(void *block, size_t size, void *user);
    /** Like free(). */
    void (*free)(void *block, void *user);
} cmg_allocator;

/** @brief How important a log record is. @since 0.1 */
typedef enum cmg_log_level {
    CMG_LOG_NONE = 0,          /**< Nothing is logged (the default). */
    CMG_LOG_ERROR = 1,         /**< Something failed that no call can report. */
    CMG_LOG_WARNING = 2,       /**< Something is odd; work goes on. */
    CMG_LOG_INFO = 3,          /**< What an operator wants to see. */
    CMG_LOG_DEBUG = 4,         /**< What a developer wants to see. */
    CMG_LOG_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_log_level;

/**
 * @brief One log record, borrowed for the call; size-tagged, only ever appended to.
 * @since 0.1
 */
typedef struct cmg_log_record {
    size_t size;         /**< sizeof(cmg_log_record) of the library. */
    const char *module;  /**< Room of the library, for example "deploy". */
    const char *event;   /**< Stable event name, for example "http.retry". */
    const char *text;    /**< Complete UTF-8 text, one line, without a secret. */
    const char *subject; /**< What it is about, or "". */
    int64_t unix_ms;     /**< When, in milliseconds since 1970-01-01 UTC. */
    int32_t level;       /**< A #cmg_log_level. */
    uint32_t reserved;   /**< 0. */
} cmg_log_record;

/**
 * @brief Receives log records.
 * @param[in] ctx    The context that logs.
 * @param[in] record Borrowed for the call.
 * @param[in] user   As given to cmg_context_set_log().
 * @since 0.1
 */
typedef void (*cmg_log_fn)(cmg_context *ctx, const cmg_log_record *record, void *user);

/** @brief Where a name and port are to be looked for; size-tagged. @since 0.1 */
typedef struct cmg_address {
    size_t size;      /**< sizeof(cmg_address) of the library. */
    char address[46]; /**< An IPv4 or IPv6 address as text, zero-terminated. */
    uint16_t port;    /**< The TCP port to use, 1 to 65535. */
} cmg_address;

/**
 * @brief Answers where a host name and port are to be looked for, instead of DNS.
 * @param[in]  host    Lower-case host name, borrowed for the call.
 * @param[in]  port    TCP port that was asked for.
 * @param[out] address Filled in when the answer is 1.
 * @param[in]  user    As given to cmg_context_set_resolver().
 * @return 1 when @p address was filled in, 0 to go on with DNS.
 * @since 0.1
 */
typedef int (*cmg_resolve_fn)(const char *host, uint16_t port, cmg_address *address,
                              void *user);

/** @brief Which Azure cloud is spoken to. @since 0.1 */
typedef enum cmg_cloud {
    CMG_CLOUD_PUBLIC = 0,            /**< The public cloud (the default). */
    CMG_CLOUD_US_GOVERNMENT = 1,     /**< Azure US Government (GCC High, L4). */
    CMG_CLOUD_CHINA = 2,             /**< Azure operated by 21Vianet. */
    CMG_CLOUD_US_GOVERNMENT_DOD = 3, /**< Azure US Government, Graph of the DoD (L5). */
    CMG_CLOUD_CUSTOM = 4, /**< Another one: nothing is known of it, each endpoint that is
                             needed is set by cmg_context_set_endpoint(). */
    CMG_CLOUD_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_cloud;

/**
 * @brief Where requests go, and what tokens are asked for.
 *
 * Three forms: a URL "https://host[:port][/base]", whose base path comes before the path
 * of each request; a suffix, a domain that a name is put before; a resource, named as
 * Entra knows it. In a custom cloud the issuers are the login endpoint, and the audiences
 * of Graph and Resource Manager their endpoints, unless they are set.
 * @since 0.1
 */
typedef enum cmg_endpoint {
    CMG_ENDPOINT_LOGIN = 0,            /**< Entra ID: a URL. */
    CMG_ENDPOINT_GRAPH = 1,            /**< Microsoft Graph: a URL, without "/v1.0". */
    CMG_ENDPOINT_RESOURCE_MANAGER = 2, /**< Azure Resource Manager: a URL. */
    CMG_ENDPOINT_VAULT = 3,   /**< Key vaults: the suffix behind a vault's name, or a URL
                                 that "/name" is put behind. */
    CMG_ENDPOINT_STORAGE = 4, /**< Storage accounts: the suffix behind "name.blob.", or a
                                 URL that "/name" is put behind. */
    CMG_ENDPOINT_PUBLIC_IP = 5,      /**< Public addresses: the suffix behind
                                        "label.region.". */
    CMG_ENDPOINT_ISSUER = 6,         /**< Issuer of v2 tokens: a URL, before
                                        "/{tenant}/v2.0". */
    CMG_ENDPOINT_ISSUER_V1 = 7,      /**< Issuer of v1 tokens: a URL, before
                                        "/{tenant}/". */
    CMG_ENDPOINT_GRAPH_AUDIENCE = 8, /**< Resource that Graph's tokens are for. */
    CMG_ENDPOINT_RESOURCE_MANAGER_AUDIENCE = 9, /**< The same of Resource Manager. */
    CMG_ENDPOINT_VAULT_AUDIENCE = 10,           /**< The same of key vaults. */
    CMG_ENDPOINT_STORAGE_AUDIENCE = 11,         /**< The same of storage accounts. */
    CMG_ENDPOINT_WIDTH = 0x7fffffff             /**< Holds the enumeration at 32 bits. */
} cmg_endpoint;

/**
 * @brief Makes a context.
 * @param[in]  allocator Memory functions, copied; NULL for those of the C library.
 * @param[out] out_ctx   Receives the context, yours; untouched on failure.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_ABI when @p allocator has an unknown size, #CMG_E_INVAL when a
 *         function in it is missing, #CMG_E_NOMEM, #CMG_E_IO when no descriptor is left,
 *         #CMG_E_UNSUPPORTED when libcurl lacks TLS or an asynchronous resolver.
 * @since 0.1
 */
CMG_API cmg_status cmg_context_new(const cmg_allocator *allocator, cmg_context **out_ctx,
                                   cmg_error **err);

/**
 * @brief Takes one more reference.
 * @param[in] ctx The context or NULL.
 * @return @p ctx.
 * @since 0.1
 */
CMG_API cmg_context *cmg_context_ref(cmg_context *ctx);

/**
 * @brief Gives a reference back. Handles made from the context hold references of their
 *        own, so they may be dropped in any order.
 * @param[in] ctx The context; NULL does nothing. In a forked child only memory is freed.
 * @since 0.1
 */
CMG_API void cmg_context_unref(cmg_context *ctx);

/**
 * @brief Installs the log callback.
 * @param[in]  ctx   The context.
 * @param[in]  level Least important level that is still reported.
 * @param[in]  fn    Callback, or NULL to be silent (the default).
 * @param[in]  user  Handed to the callback.
 * @param[out] err   Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL when @p level is not a #cmg_log_level.
 * @since 0.1
 */
CMG_API cmg_status cmg_context_set_log(cmg_context *ctx, cmg_log_level level,
                                       cmg_log_fn fn, void *user, cmg_error **err);

/**
 * @brief Chooses the Azure cloud; the default is #CMG_CLOUD_PUBLIC.
 * @param[in]  ctx   The context.
 * @param[in]  cloud Which cloud.
 * @param[out] err   Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL when @p cloud is unknown.
 * @since 0.1
 */
CMG_API cmg_status cmg_context_set_cloud(cmg_context *ctx, cmg_cloud cloud,
                                         cmg_error **err);

/**
 * @brief Sends what is meant for one endpoint somewhere else: to a recorder, a private
 *        cloud, the sandbox.
 *
 * Each endpoint stands for itself: issuers, audiences and so the scopes that tokens are
 * asked for stay those of the cloud unless they are set too. A token is sent to the
 * endpoint it was got for, and nowhere else. Gateways and deployments that are made or
 * started afterwards see it; a deployment that runs goes on where it was.
 * @param[in]  ctx   The context.
 * @param[in]  which Which endpoint.
 * @param[in]  value A URL, suffix or resource, at most 255 bytes, copied; https only.
 *                   Slashes at the end of a URL do not count. NULL: that of the cloud.
 * @param[out] err   Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL when @p which is unknown or @p value has another form.
 * @since 0.1
 */
CMG_API cmg_status cmg_context_set_endpoint(cmg_context *ctx, cmg_endpoint which,
                                            const char *value, cmg_error **err);

/**
 * @brief Where requests go now.
 * @param[in] ctx   The context.
 * @param[in] which Which endpoint.
 * @return Borrowed until the next call that sets cloud or endpoint; "" when @p which is
 *         unknown, or not set in a custom cloud.
 * @since 0.1
 */
CMG_API const char *cmg_context_endpoint(const cmg_context *ctx, cmg_endpoint which);

/**
 * @brief Adds trusted authorities for HTTPS that this context makes.
 *
 * With the first call the system's own list is no longer used.
 * @param[in]  ctx  The context.
 * @param[in]  pem  One or more PEM certificates, copied.
 * @param[in]  size Length of @p pem in bytes, at most 1 MiB in total.
 * @param[out] err  Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL when @p pem holds no certificate, #CMG_E_LIMIT,
 * #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_context_add_ca_pem(cmg_context *ctx, const char *pem, size_t size,
                                          cmg_error **err);

/**
 * @brief Adds trusted authorities from a PEM file; see cmg_context_add_ca_pem().
 * @param[in]  ctx  The context.
 * @param[in]  path File of PEM certificates, read at once.
 * @param[out] err  Receives the error, or NULL.
 * @return As cmg_context_add_ca_pem(); also #CMG_E_IO, #CMG_E_NOTFOUND.
 * @since 0.1
 */
CMG_API cmg_status cmg_context_add_ca_file(cmg_context *ctx, const char *path,
                                           cmg_error **err);

/**
 * @brief Sets the web proxy for HTTPS that this context makes; the default is none.
 *
 * A connector's channels over HTTPS go by it, too; a connection to a role of the site
 * does not.
 * @param[in]  ctx The context.
 * @param[in]  url "http://host:port", copied; NULL for none. Credentials in it are
 * refused: see cmg_context_set_proxy_account().
 * @param[out] err Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL when @p url is no http URL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_context_set_proxy(cmg_context *ctx, const char *url,
                                         cmg_error **err);

/**
 * @brief Sets the account that the web proxy asks for; the default is none.
 *
 * It is shown to the proxy and to nobody else, by Basic authentication: in clear, as HTTP
 * proxies have it.
 * @param[in]  ctx      The context.
 * @param[in]  user     Its name, 1 to 255 bytes of UTF-8 without ':'; copied. NULL for no
 * account.
 * @param[in]  password Its password, copied and wiped with the context; not looked at
 * when @p user is NULL.
 * @param[in]  size     Length of @p password in bytes, at most 1024.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_context_set_proxy_account(cmg_context *ctx, const char *user,
                                                 const char *password, size_t size,
                                                 cmg_error **err);

/**
 * @brief Sends connections for a host name to a fixed address instead of asking DNS.
 *
 * TLS still sees and checks the name. Entries are looked at in the order they were added.
 * @param[in]  ctx          The context.
 * @param[in]  host         A name, or "*.suffix", compared without case; copied.
 * @param[in]  port         TCP port 1 to 65535; 0 stands for every port.
 * @param[in]  address      IPv4 or IPv6 address as text, copied.
 * @param[in]  address_port TCP port there, 1 to 65535; 0 keeps the port.
 * @param[out] err          Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_LIMIT after 256 entries, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_context_add_address(cmg_context *ctx, const char *host,
                                           uint16_t port, const char *address,
                                           uint16_t address_port, cmg_error **err);

/**
 * @brief Installs a function that is asked before DNS, after cmg_context_add_address().
 * @param[in]  ctx  The context.
 * @param[in]  fn   The function, or NULL for none (the default).
 * @param[in]  user Handed to the function.
 * @param[out] err  Receives the error, or NULL.
 * @return #CMG_OK.
 * @since 0.1
 */
CMG_API cmg_status cmg_context_set_resolver(cmg_context *ctx, cmg_resolve_fn fn,
                                            void *user, cmg_error **err);

/**
 * @brief The descriptor to wait on: readable when there is work.
 * @param[in] ctx The context.
 * @return A descriptor that stays the same for the context's life; -1 after a fork.
 * @since 0.1
 */
CMG_API int cmg_context_get_fd(cmg_context *ctx);

/**
 * @brief How long the context may stay idle.
 * @param[in] ctx The context.
 * @return Milliseconds until cmg_context_process() must be called although nothing
 *         became readable; 0 for now, #CMG_FOREVER for no limit.
 * @since 0.1
 */
CMG_API int cmg_context_get_timeout_ms(cmg_context *ctx);

/**
 * @brief Does the work that is ready, without blocking, and calls callbacks.
 * @param[in]  ctx The context.
 * @param[out] err Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_REENTRANT from inside a callback, #CMG_E_FORKED. A spurious
 * call is harmless. Failures of single objects go to their own callbacks.
 * @since 0.1
 */
CMG_API cmg_status cmg_context_process(cmg_context *ctx, cmg_error **err);

/**
 * @brief Waits for work, then does it; the blocking way.
 * @param[in]  ctx        The context.
 * @param[in]  timeout_ms Longest wait; #CMG_FOREVER for no limit.
 * @param[out] err        Receives the error, or NULL.
 * @return As cmg_context_process(). Returns after one turn, or when the time is over, or
 *         after cmg_context_wakeup().
 * @since 0.1
 */
CMG_API cmg_status cmg_context_wait(cmg_context *ctx, int timeout_ms, cmg_error **err);

/**
 * @brief Ends a wait early. The only function that any thread and a signal handler may
 *        call at any time.
 * @param[in] ctx The context, kept alive by the caller.
 * @since 0.1
 */
CMG_API void cmg_context_wakeup(cmg_context *ctx);

#ifdef __cplusplus
}
#endif
#endif
