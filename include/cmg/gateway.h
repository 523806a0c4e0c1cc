/**
 * @file gateway.h
 * @brief A cloud management gateway: what is wanted, and what a deployment has found.
 *
 * A gateway is made from a JSON specification; every field is checked before anything
 * else happens, and the error names the field's path, what stood there and what is
 * allowed. examples/contoso.json is a complete one; libcmg/doc/specification.md lists the
 * fields.
 *
 * @code
 * rc = cmg_gateway_new_from_file(ctx, "contoso.json", &gateway, &err);
 * if (rc == CMG_OK)
 *     printf("%s in %s, %u instances\n", cmg_gateway_name(gateway),
 *            cmg_gateway_region(gateway), cmg_gateway_instance_count(gateway));
 * @endcode
 */
#ifndef CMG_GATEWAY_H
#define CMG_GATEWAY_H

#include <cmg/certificate.h>
#include <cmg/tenant.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A cloud management gateway. @since 0.1 */
typedef struct cmg_gateway cmg_gateway;

/**
 * @brief Makes a gateway from a JSON specification in a file.
 * @param[in]  ctx         The context.
 * @param[in]  path        The file, at most 1 MiB.
 * @param[out] out_gateway Receives the gateway, yours.
 * @param[out] err         Receives the error, or NULL; its subject is "<file>: <path>".
 * @return #CMG_OK; #CMG_E_NOTFOUND, #CMG_E_IO, #CMG_E_PARSE, #CMG_E_INVAL, #CMG_E_LIMIT,
 *         #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_new_from_file(cmg_context *ctx, const char *path,
                                             cmg_gateway **out_gateway, cmg_error **err);

/**
 * @brief Makes a gateway from a JSON specification in memory.
 * @param[in]  ctx         The context.
 * @param[in]  name        What errors call the document, for example "contoso.json".
 * @param[in]  json        The text, copied.
 * @param[in]  size        Length in bytes, at most 1 MiB.
 * @param[out] out_gateway Receives the gateway, yours.
 * @param[out] err         Receives the error, or NULL.
 * @return As cmg_gateway_new_from_file().
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_new_from_json(cmg_context *ctx, const char *name,
                                             const char *json, size_t size,
                                             cmg_gateway **out_gateway, cmg_error **err);

/**
 * @brief The specification as JSON, complete with defaults, keys sorted.
 * @param[in]  gateway   The gateway.
 * @param[out] out_bytes Receives the text, yours.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_to_json(cmg_gateway *gateway, cmg_bytes **out_bytes,
                                       cmg_error **err);

/**
 * @brief Sets the authority that issues the gateway's server certificate.
 * @param[in]  gateway   The gateway.
 * @param[in]  authority A reference is taken. Its certificate also becomes the root that
 *                       client certificates must chain to.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE while a deployment runs.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_set_authority(cmg_gateway *gateway,
                                             cmg_authority *authority, cmg_error **err);

/**
 * @brief Gives the gateway the service package that its instances install: the archive
 *        cmg-service.tar.gz of the build. CMG_DEPLOY_CREATE and CMG_DEPLOY_MODIFY_GATEWAY
 *        put it into the gateway's storage account, CMG_DEPLOY_UPGRADE_GATEWAY brings it
 * to a gateway that is there. It is no part of the specification: without one, the
 *        instances keep the one they have. libcmg/doc/package.md has the whole.
 * @param[in]  gateway The gateway.
 * @param[in]  data    The archive, copied; NULL: none.
 * @param[in]  size    Its length in bytes, at most 32 MiB.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_PARSE when it is no gzip archive, #CMG_E_LIMIT when it is
 * larger, #CMG_E_STATE while a deployment runs, #CMG_E_NOMEM. The gateway keeps what it
 * had on failure. Not from callbacks.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_set_package(cmg_gateway *gateway, const void *data,
                                           size_t size, cmg_error **err);

/**
 * @brief Which service package the gateway's instances are to have, as an operation saw
 * it.
 * @param[in] gateway The gateway.
 * @return SHA-256 as 64 hexadecimal digits, borrowed until the next operation; "" when
 * none is known. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_gateway_package_sha256(const cmg_gateway *gateway);

/**
 * @brief Gives the gateway its server certificate, instead of one that its authority
 *        issues. CMG_DEPLOY_CREATE and CMG_DEPLOY_MODIFY_GATEWAY use it, and
 *        CMG_DEPLOY_ROTATE_CERTIFICATE brings it to a gateway that is there. It is no
 *        part of the specification: a new handle must be given it again.
 * @param[in]  gateway     The gateway.
 * @param[in]  certificate The certificate with its key and, but for a root that clients
 *                         have, its chain; a reference is taken. NULL: the authority
 *                         issues again. It is checked as by
 *                         cmg_certificate_check_gateway(): names, key, usage, chain,
 * time.
 * @param[out] err         Receives the error, or NULL; its message is the first finding.
 * @return #CMG_OK; #CMG_E_CERT when it is no use for this gateway, #CMG_E_STATE while a
 *         deployment runs or when the specification has no gateway, #CMG_E_INVAL,
 *         #CMG_E_NOMEM. The gateway keeps what it had on failure. Not from callbacks.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_set_certificate(cmg_gateway *gateway,
                                               cmg_certificate *certificate,
                                               cmg_error **err);

/**
 * @brief Adds a connection point's certificate: only pinned ones may open a channel.
 * @param[in]  gateway   The gateway.
 * @param[in]  connector Its certificate; only its SHA-256 is kept. At most 16.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_LIMIT, #CMG_E_STATE while a deployment runs.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_add_connector(cmg_gateway *gateway,
                                             cmg_certificate *connector, cmg_error **err);

/**
 * @brief Adds an authority that clients' certificates may chain to: a root, or one below
 *        it. The specification's list (client_authorities) has it from now on; the
 *        gateway's own authority counts without it.
 * @param[in]  gateway     The gateway.
 * @param[in]  certificate The authority's certificate; a reference is taken, a key in it
 *                         is of no use. One that is there already counts once. At most
 *                         16.
 * @param[out] err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_CERT when it is no authority's, or has a chain, #CMG_E_LIMIT,
 *         #CMG_E_STATE while a deployment runs, #CMG_E_INVAL. Not from callbacks.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_add_client_authority(cmg_gateway *gateway,
                                                    cmg_certificate *certificate,
                                                    cmg_error **err);

/**
 * @brief What a connection point must know, as JSON for cmg_connector_configure().
 * @param[in]  gateway   A gateway that a deployment has brought to ready.
 * @param[out] out_bytes Receives the text, yours; it contains no secret.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE before the gateway's endpoint is known, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_connector_config(cmg_gateway *gateway,
                                                cmg_bytes **out_bytes, cmg_error **err);

/**
 * @brief The gateway's name, lower case: `^[a-z][a-z0-9]{2,23}$`.
 * @param[in] gateway The gateway.
 * @return Borrowed.
 * @since 0.1
 */
CMG_API const char *cmg_gateway_name(const cmg_gateway *gateway);

/**
 * @brief The name that clients use and the server certificate carries.
 * @param[in] gateway The gateway.
 * @return Borrowed.
 * @since 0.1
 */
CMG_API const char *cmg_gateway_service_name(const cmg_gateway *gateway);

/**
 * @brief The Azure region's short name, for example "westeurope".
 * @param[in] gateway The gateway.
 * @return Borrowed.
 * @since 0.1
 */
CMG_API const char *cmg_gateway_region(const cmg_gateway *gateway);

/**
 * @brief The resource group.
 * @param[in] gateway The gateway.
 * @return Borrowed.
 * @since 0.1
 */
CMG_API const char *cmg_gateway_resource_group(const cmg_gateway *gateway);

/**
 * @brief The site code of the primary site, for example "PS1".
 * @param[in] gateway The gateway.
 * @return Borrowed.
 * @since 0.1
 */
CMG_API const char *cmg_gateway_site_code(const cmg_gateway *gateway);

/**
 * @brief How many VM instances are wanted.
 * @param[in] gateway The gateway.
 * @return 1 to 16.
 * @since 0.1
 */
CMG_API uint32_t cmg_gateway_instance_count(const cmg_gateway *gateway);

/**
 * @brief How many site system roles are published.
 * @param[in] gateway The gateway.
 * @return 1 to 64.
 * @since 0.1
 */
CMG_API uint32_t cmg_gateway_role_count(const cmg_gateway *gateway);

/**
 * @brief A published role's ID, the second segment of its external URLs.
 * @param[in] gateway The gateway.
 * @param[in] index   0 to cmg_gateway_role_count() - 1.
 * @return Decimal digits, borrowed; NULL when @p index is out of range.
 * @since 0.1
 */
CMG_API const char *cmg_gateway_role_id(const cmg_gateway *gateway, uint32_t index);

/**
 * @brief A published role's internal base URL, where connection points forward to.
 * @param[in] gateway The gateway.
 * @param[in] index   0 to cmg_gateway_role_count() - 1.
 * @return For example "https://mp.corp.contoso.com", borrowed; NULL when @p index is out
 *         of range.
 * @since 0.1
 */
CMG_API const char *cmg_gateway_role_url(const cmg_gateway *gateway, uint32_t index);

/** @brief When somebody is told of an amount; size-tagged. @since 0.1 */
typedef struct cmg_alert_settings {
    size_t size;               /**< sizeof(cmg_alert_settings) of the caller. */
    int32_t enabled;           /**< 1: it is looked at; 0: not. */
    int32_t stop_service;      /**< 1: the service stops at the critical level. */
    uint32_t gigabytes;        /**< The whole, in 10^9 bytes. */
    uint32_t warning_percent;  /**< Of the whole; below the critical one. */
    uint32_t critical_percent; /**< Of the whole. */
} cmg_alert_settings;

/** @brief Which alert. @since 0.1 */
typedef enum cmg_alert {
    CMG_ALERT_TRAFFIC = 0,       /**< What left the cloud in 14 days. */
    CMG_ALERT_STORAGE = 1,       /**< What the storage account holds. It stops nothing. */
    CMG_ALERT_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_alert;

/** @brief The settings of a gateway, as they are wanted; size-tagged. @since 0.1 */
typedef struct cmg_gateway_settings {
    size_t size;                 /**< sizeof(cmg_gateway_settings) of the caller. */
    const char *cloud;           /**< "AzurePublicCloud"; "" not said; as the next,
                                    borrowed as long as the gateway. */
    const char *description;     /**< "" for none. */
    const char *vm_size;         /**< For example "Standard_A2_v2". */
    int32_t adopt_group;         /**< 1: a resource group of others is used. */
    int32_t verify_revocation;   /**< 1: of clients' certificates. */
    int32_t enforce_tls12;       /**< 1: nothing older than TLS 1.2. */
    int32_t serve_content;       /**< 1: content of packages is served. */
    uint32_t client_authorities; /**< How many of them there are. */
    uint32_t tags;               /**< How many of them there are. */
} cmg_gateway_settings;

/**
 * @brief The settings of the specification, with defaults.
 * @param[in]  gateway      The gateway.
 * @param[out] out_settings Filled in; its size must be set.
 * @param[out] err          Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_ABI. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_get_settings(const cmg_gateway *gateway,
                                            cmg_gateway_settings *out_settings,
                                            cmg_error **err);

/**
 * @brief An alert of the specification, with defaults.
 * @param[in]  gateway   The gateway.
 * @param[in]  alert     Which.
 * @param[out] out_alert Filled in; its size must be set.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_ABI. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_get_alert(const cmg_gateway *gateway, cmg_alert alert,
                                         cmg_alert_settings *out_alert, cmg_error **err);

/**
 * @brief An authority of the specification that clients' certificates may chain to.
 * @param[in] gateway The gateway.
 * @param[in] index   0 to the settings' client_authorities - 1.
 * @return Borrowed, as long as @p gateway; NULL when @p index is out of range.
 * @since 0.1
 */
CMG_API cmg_certificate *cmg_gateway_client_authority(const cmg_gateway *gateway,
                                                      uint32_t index);

/**
 * @brief The name of a tag of the specification.
 * @param[in] gateway The gateway.
 * @param[in] index   0 to the settings' tags - 1; the order is the specification's.
 * @return Borrowed, as long as @p gateway; NULL when @p index is out of range.
 * @since 0.1
 */
CMG_API const char *cmg_gateway_tag_name(const cmg_gateway *gateway, uint32_t index);

/**
 * @brief The value of a tag of the specification.
 * @param[in] gateway The gateway.
 * @param[in] index   As of cmg_gateway_tag_name().
 * @return Borrowed, as long as @p gateway; NULL when @p index is out of range.
 * @since 0.1
 */
CMG_API const char *cmg_gateway_tag_value(const cmg_gateway *gateway, uint32_t index);

/**
 * @brief The deployment's public name, "name.region.cloudapp.azure.com".
 * @param[in] gateway The gateway.
 * @return Borrowed until the next deployment event; "" before it is known.
 * @since 0.1
 */
CMG_API const char *cmg_gateway_endpoint(const cmg_gateway *gateway);

/** @brief What a gateway is doing, as an operation last saw it. @since 0.1 */
typedef enum cmg_gateway_state {
    CMG_GATEWAY_UNKNOWN = 0,      /**< Nobody has looked yet. */
    CMG_GATEWAY_ABSENT = 1,       /**< It is not there. */
    CMG_GATEWAY_PROVISIONING = 2, /**< It is being made or changed. */
    CMG_GATEWAY_READY = 3,        /**< All instances run. */
    CMG_GATEWAY_STARTING = 4,     /**< Instances are starting, none is stopped. */
    CMG_GATEWAY_STOPPING = 5,     /**< Instances are stopping. */
    CMG_GATEWAY_STOPPED = 6,      /**< No instance runs. */
    CMG_GATEWAY_DEGRADED = 7,     /**< Some instances run, others do not. */
    CMG_GATEWAY_ERROR = 8,    /**< Its last change failed, and not all instances run. */
    CMG_GATEWAY_DELETING = 9, /**< It is being removed. */
    CMG_GATEWAY_STATE_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_gateway_state;

/** @brief What was last seen of a gateway, beside what is wanted; size-tagged. @since 0.1
 */
typedef struct cmg_gateway_status {
    size_t size;           /**< sizeof(cmg_gateway_status) of the caller. */
    int64_t looked_unix_s; /**< When, seconds since 1970-01-01 UTC; 0: never. */
    const char *vm_size;   /**< Borrowed until the next deployment event; "" unknown. */
    int32_t state;         /**< A #cmg_gateway_state. */
    uint32_t instances;    /**< How many instances there are. */
    uint32_t running;      /**< How many of them run. */
    uint32_t stopped;      /**< How many of them are stopped. */
    uint32_t healthy;      /**< How many of them run and report that they serve. */
    uint32_t outdated;     /**< How many of them have not got the latest settings yet. */
} cmg_gateway_status;

/**
 * @brief What an operation on this handle last saw of the gateway.
 * @param[in]  gateway    The gateway.
 * @param[out] out_status Filled in; its size must be set.
 * @param[out] err        Receives the error, or NULL.
 * @return #CMG_OK, also when nobody has looked; #CMG_E_INVAL, #CMG_E_ABI. Callbacks may
 *         call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_get_status(const cmg_gateway *gateway,
                                          cmg_gateway_status *out_status,
                                          cmg_error **err);

/**
 * @brief A state's name, for example "STOPPED".
 * @param[in] state Any value.
 * @return A static string; "UNKNOWN" for a value this library does not know. Any thread.
 * @since 0.1
 */
CMG_API const char *cmg_gateway_state_name(cmg_gateway_state state);

/**
 * @brief The tenant the gateway belongs to.
 * @param[in] gateway The gateway.
 * @return Borrowed, as long as @p gateway; take a reference to keep it longer.
 * @since 0.1
 */
CMG_API cmg_tenant *cmg_gateway_tenant(cmg_gateway *gateway);

/**
 * @brief The server application.
 * @param[in] gateway The gateway.
 * @return Borrowed, as long as @p gateway.
 * @since 0.1
 */
CMG_API cmg_server_app *cmg_gateway_server_app(cmg_gateway *gateway);

/**
 * @brief The client application.
 * @param[in] gateway The gateway.
 * @return Borrowed, as long as @p gateway.
 * @since 0.1
 */
CMG_API cmg_client_app *cmg_gateway_client_app(cmg_gateway *gateway);

/**
 * @brief The server certificate.
 * @param[in] gateway The gateway.
 * @return Borrowed until the next deployment event; NULL before it is issued.
 * @since 0.1
 */
CMG_API cmg_certificate *cmg_gateway_certificate(cmg_gateway *gateway);

/**
 * @brief Takes one more reference.
 * @param[in] gateway The gateway or NULL.
 * @return @p gateway.
 * @since 0.1
 */
CMG_API cmg_gateway *cmg_gateway_ref(cmg_gateway *gateway);

/**
 * @brief Gives a reference back.
 * @param[in] gateway The gateway; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_gateway_unref(cmg_gateway *gateway);

#ifdef __cplusplus
}
#endif
#endif
