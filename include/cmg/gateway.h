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

/**
 * @brief The deployment's public name, "name.region.cloudapp.azure.com".
 * @param[in] gateway The gateway.
 * @return Borrowed until the next deployment event; "" before it is known.
 * @since 0.1
 */
CMG_API const char *cmg_gateway_endpoint(const cmg_gateway *gateway);

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
