/**
 * @file import.h
 * @brief What the Configuration Manager console asks for when both applications are
 *        imported.
 *
 * A record is made of a gateway whose applications are known, or read from JSON; it can
 * be printed for whoever sits at the console, or handed to another gateway, which then
 * uses those applications. The client secret is never part of it: its value is in the
 * host's secret store. libcmg/doc/import.md lists the members.
 *
 * @code
 * rc = cmg_import_new_from_gateway(gateway, &import, &err);
 * if (rc == CMG_OK)
 *     printf("%s, secret until %lld\n", cmg_import_server_app_client_id(import),
 *            (long long)cmg_import_secret_expires_unix_s(import));
 * @endcode
 */
#ifndef CMG_IMPORT_H
#define CMG_IMPORT_H

#include <cmg/gateway.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief The import data of both applications. Immutable. @since 0.1 */
typedef struct cmg_import cmg_import;

/**
 * @brief Makes the record of a gateway's applications.
 * @param[in]  gateway    The gateway, after an operation that has found or made both.
 * @param[out] out_import Receives the record, yours.
 * @param[out] err        Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE naming what is not known yet, #CMG_E_INVAL,
 *         #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_import_new_from_gateway(cmg_gateway *gateway,
                                               cmg_import **out_import, cmg_error **err);

/**
 * @brief Reads a record from JSON.
 * @param[in]  ctx        The context.
 * @param[in]  name       What errors call the document, for example "import.json".
 * @param[in]  json       The text, copied.
 * @param[in]  size       Length in bytes, at most 64 KiB.
 * @param[out] out_import Receives the record, yours.
 * @param[out] err        Receives the error, or NULL; its subject is "<name>: <path>".
 * @return #CMG_OK; #CMG_E_PARSE, #CMG_E_INVAL, #CMG_E_LIMIT, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_import_new_from_json(cmg_context *ctx, const char *name,
                                            const char *json, size_t size,
                                            cmg_import **out_import, cmg_error **err);

/**
 * @brief The record as JSON, keys sorted; never the secret.
 * @param[in]  import    The record.
 * @param[out] out_bytes Receives the text, yours.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_import_to_json(cmg_import *import, cmg_bytes **out_bytes,
                                      cmg_error **err);

/**
 * @brief Makes a gateway use the applications of a record, as if its specification named
 *        them by client_id. Its names for them stay.
 *
 * #CMG_DEPLOY_IMPORT_APPS verifies them by signing in.
 * @param[in]  gateway The gateway; no deployment of it runs.
 * @param[in]  import  The record, of the same context.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_CONFLICT when the specification names another tenant,
 *         #CMG_E_STATE while a deployment runs, #CMG_E_NOMEM. The gateway is unchanged
 *         then.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_set_import(cmg_gateway *gateway, cmg_import *import,
                                          cmg_error **err);

/**
 * @brief The tenant's display name.
 * @param[in] import The record.
 * @return Borrowed, as long as @p import.
 * @since 0.1
 */
CMG_API const char *cmg_import_tenant_name(const cmg_import *import);

/**
 * @brief The tenant's ID.
 * @param[in] import The record.
 * @return A GUID, borrowed.
 * @since 0.1
 */
CMG_API const char *cmg_import_tenant_id(const cmg_import *import);

/**
 * @brief The server application's name.
 * @param[in] import The record.
 * @return Borrowed.
 * @since 0.1
 */
CMG_API const char *cmg_import_server_app_name(const cmg_import *import);

/**
 * @brief The server application's client ID.
 * @param[in] import The record.
 * @return A GUID, borrowed.
 * @since 0.1
 */
CMG_API const char *cmg_import_server_app_client_id(const cmg_import *import);

/**
 * @brief The server application's App ID URI.
 * @param[in] import The record.
 * @return Borrowed.
 * @since 0.1
 */
CMG_API const char *cmg_import_server_app_id_uri(const cmg_import *import);

/**
 * @brief When the server application's secret ends.
 * @param[in] import The record.
 * @return Seconds since 1970-01-01 UTC; 0 when it is not known.
 * @since 0.1
 */
CMG_API int64_t cmg_import_secret_expires_unix_s(const cmg_import *import);

/**
 * @brief The client application's name.
 * @param[in] import The record.
 * @return Borrowed.
 * @since 0.1
 */
CMG_API const char *cmg_import_client_app_name(const cmg_import *import);

/**
 * @brief The client application's client ID.
 * @param[in] import The record.
 * @return A GUID, borrowed.
 * @since 0.1
 */
CMG_API const char *cmg_import_client_app_client_id(const cmg_import *import);

/**
 * @brief Takes one more reference.
 * @param[in] import The record or NULL.
 * @return @p import.
 * @since 0.1
 */
CMG_API cmg_import *cmg_import_ref(cmg_import *import);

/**
 * @brief Gives a reference back.
 * @param[in] import The record; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_import_unref(cmg_import *import);

#ifdef __cplusplus
}
#endif
#endif
