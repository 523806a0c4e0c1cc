/**
 * @file names.h
 * @brief What the gateway asks of its certificate, and what its names come to.
 *
 * cmg_names tells which service name a server certificate gives, which deployment name
 * Azure will have, and the DNS record that joins them. cmg_certificate_check_gateway()
 * judges the certificate by the gateway's rules, cmg_certificate_get_expiry() watches its
 * end, cmg_certificate_check_renewal() compares the new one with the old one, and
 * cmg_upload lists the authorities that the gateway must know to accept a client.
 *
 * @code
 * const cmg_names_options options = { .size = sizeof options, .region = "westeurope" };
 * rc = cmg_names_new(certificate, &options, &names, &err);
 * if (rc == CMG_OK)
 *     puts(cmg_names_dns_record(names));
 * @endcode
 */
#ifndef CMG_NAMES_H
#define CMG_NAMES_H

#include <cmg/check.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief The names of a gateway, derived from its certificate. @since 0.1 */
typedef struct cmg_names cmg_names;
/** @brief The authorities to be uploaded for a client. @since 0.1 */
typedef struct cmg_upload cmg_upload;

/** @brief Whose domain the service name is in. @since 0.1 */
typedef enum cmg_name_domain {
    CMG_NAME_DOMAIN_OWN = 1,     /**< Your own: a public authority can issue for it. */
    CMG_NAME_DOMAIN_PRIVATE = 2, /**< Never public (".local"): a private one only. */
    CMG_NAME_DOMAIN_AZURE = 3,   /**< Microsoft's: a private one only, no record. */
    CMG_NAME_DOMAIN_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_name_domain;

/** @brief What the names are derived with; size-tagged. @since 0.1 */
typedef struct cmg_names_options {
    size_t size;              /**< sizeof(cmg_names_options) of the caller. */
    const char *region;       /**< Azure region, for example "westeurope". */
    const char *service_name; /**< One of several names, or NULL for the first. */
    const char *prefix;       /**< Stands in for the '*' of a wildcard, or NULL. */
} cmg_names_options;

/** @brief How the gateway's rules are asked; size-tagged. @since 0.1 */
typedef struct cmg_gateway_check_options {
    size_t size;              /**< sizeof(cmg_gateway_check_options) of the caller. */
    const char *service_name; /**< The name it must carry, or NULL for its own. */
    cmg_trust *trust;         /**< Judges the chain as well, or NULL. */
    int64_t at_unix_s;        /**< When, seconds since 1970; 0 for now. */
} cmg_gateway_check_options;

/** @brief How near the end of a certificate is. @since 0.1 */
typedef enum cmg_expiry_level {
    CMG_EXPIRY_FAR = 1,           /**< More than 90 days. */
    CMG_EXPIRY_DAYS_90 = 2,       /**< At most 90 days. */
    CMG_EXPIRY_DAYS_60 = 3,       /**< At most 60 days. */
    CMG_EXPIRY_DAYS_30 = 4,       /**< At most 30 days. */
    CMG_EXPIRY_DAYS_14 = 5,       /**< At most 14 days. */
    CMG_EXPIRY_DAYS_7 = 6,        /**< At most 7 days. */
    CMG_EXPIRY_DAY_1 = 7,         /**< At most one day. */
    CMG_EXPIRY_EXPIRED = 8,       /**< It is over. */
    CMG_EXPIRY_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_expiry_level;

/** @brief The end of a certificate, as seen from a moment; size-tagged. @since 0.1 */
typedef struct cmg_expiry {
    size_t size;                /**< sizeof(cmg_expiry) of the caller. */
    cmg_expiry_level level;     /**< How near the end is. */
    int64_t days_left;          /**< Whole days; negative when it is over. */
    int64_t next_change_unix_s; /**< When the level changes next; 0: never again. */
    int64_t renew_unix_s;       /**< When to renew: two thirds of its life. */
} cmg_expiry;

/** @brief How an authority is marked when it is uploaded. @since 0.1 */
typedef enum cmg_upload_kind {
    CMG_UPLOAD_ROOT = 1,          /**< "RootCA". */
    CMG_UPLOAD_INTERMEDIATE = 2,  /**< "IntermediateCA". */
    CMG_UPLOAD_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_upload_kind;

/**
 * @brief Derives the names of a gateway from its server certificate.
 *
 * The service name is the common name, or with several DNS names the first of them,
 * unless another one is wanted. The first label must be fit for a storage account and a
 * key vault: 3 to 24 letters and digits, a letter first. The cloud is the context's.
 * @param[in]  cert      The server certificate.
 * @param[in]  options   How; read during the call.
 * @param[out] out_names Receives the names, yours.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_CERT when the certificate gives no usable name, #CMG_E_INVAL
 *         naming the member, #CMG_E_ABI, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_names_new(const cmg_certificate *cert,
                                 const cmg_names_options *options, cmg_names **out_names,
                                 cmg_error **err);

/**
 * @brief The name that clients use.
 * @param[in] names The names.
 * @return "granitefalls.contoso.com", borrowed. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_names_service_name(const cmg_names *names);

/**
 * @brief The first label in lower case: what storage account and key vault are called.
 * @param[in] names The names.
 * @return "granitefalls", borrowed. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_names_prefix(const cmg_names *names);

/**
 * @brief The name that the deployment has in Azure.
 * @param[in] names The names.
 * @return "granitefalls.westeurope.cloudapp.azure.com", borrowed. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_names_deployment_name(const cmg_names *names);

/**
 * @brief Whose domain the service name is in.
 * @param[in] names The names.
 * @return The kind of domain. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_name_domain cmg_names_get_domain(const cmg_names *names);

/**
 * @brief The DNS record to be created, as a line of a zone file.
 * @param[in] names The names.
 * @return "granitefalls.contoso.com. CNAME granitefalls.westeurope.cloudapp.azure.com.",
 *         borrowed; "" when none is needed. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_names_dns_record(const cmg_names *names);

/**
 * @brief How many names the certificate offers.
 * @param[in] names The names.
 * @return The count, at least 1. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_names_offered_count(const cmg_names *names);

/**
 * @brief A name that the certificate offers.
 * @param[in] names The names.
 * @param[in] index From 0, the default one first.
 * @return Borrowed, perhaps a wildcard; "" when there are not so many. Callbacks may call
 *         it.
 * @since 0.1
 */
CMG_API const char *cmg_names_offered_at(const cmg_names *names, size_t index);

/**
 * @brief The names as text for a person.
 * @param[in]  names    The names.
 * @param[out] out_text Receives the text, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_names_describe(const cmg_names *names, cmg_bytes **out_text,
                                      cmg_error **err);

/**
 * @brief Takes one more reference.
 * @param[in] names The names or NULL.
 * @return @p names.
 * @since 0.1
 */
CMG_API cmg_names *cmg_names_ref(cmg_names *names);

/**
 * @brief Gives a reference back.
 * @param[in] names The names; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_names_unref(cmg_names *names);

/**
 * @brief Judges a server certificate by the rules of the gateway.
 *
 * RSA of 2048 or 4096 bits, server authentication, the name in CN and alternative names,
 * the key there and exportable, SHA-2, time, the chain, a revocation list that internet
 * clients can fetch.
 * @param[in]  cert       The certificate with its chain and key.
 * @param[in]  options    How; read during the call.
 * @param[out] out_report Receives the report, yours.
 * @param[out] err        Receives the error, or NULL.
 * @return #CMG_OK whenever a verdict was reached; #CMG_E_INVAL, #CMG_E_ABI, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_certificate_check_gateway(const cmg_certificate *cert,
                                                 const cmg_gateway_check_options *options,
                                                 cmg_report **out_report,
                                                 cmg_error **err);

/**
 * @brief Compares a new certificate with the one it is to take the place of.
 *
 * The common name must be the same, letter case included. What else of the subject
 * differs is named attribute by attribute, and names that are lost.
 * @param[in]  renewed    The new certificate.
 * @param[in]  old        The one that is in use.
 * @param[out] out_report Receives the report, yours.
 * @param[out] err        Receives the error, or NULL.
 * @return #CMG_OK whenever a verdict was reached; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_certificate_check_renewal(const cmg_certificate *renewed,
                                                 const cmg_certificate *old,
                                                 cmg_report **out_report,
                                                 cmg_error **err);

/**
 * @brief How near the end of a certificate is.
 * @param[in]     cert       The certificate; of its chain the leaf counts.
 * @param[in]     at_unix_s  The moment, seconds since 1970; 0 for now.
 * @param[in,out] out_expiry Its size is set by the caller; receives the rest.
 * @param[out]    err        Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_ABI for the size. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_certificate_get_expiry(const cmg_certificate *cert,
                                              int64_t at_unix_s, cmg_expiry *out_expiry,
                                              cmg_error **err);

/**
 * @brief Finds the authorities that the gateway must know to accept a client.
 *
 * Every authority on the way from the client's certificate to a root is searched in the
 * chain of that certificate and in a pool. Whatever is missing, and a certificate that is
 * none of a client, is in the report.
 * @param[in]  client     The client's certificate.
 * @param[in]  pool       Certificates of authorities, or NULL.
 * @param[out] out_upload Receives the list, yours.
 * @param[out] err        Receives the error, or NULL.
 * @return #CMG_OK, also when one is missing: see cmg_upload_report(); #CMG_E_INVAL,
 *         #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_upload_new(const cmg_certificate *client, const cmg_trust *pool,
                                  cmg_upload **out_upload, cmg_error **err);

/**
 * @brief How many authorities there are.
 * @param[in] upload The list.
 * @return The count. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_upload_count(const cmg_upload *upload);

/**
 * @brief How an authority is to be marked.
 * @param[in] upload The list.
 * @param[in] index  From 0, the client's issuer first.
 * @return The kind; 0 when there are not so many. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_upload_kind cmg_upload_get_kind(const cmg_upload *upload, size_t index);

/**
 * @brief An authority's certificate; exported as DER it is the file to be uploaded.
 * @param[in] upload The list.
 * @param[in] index  From 0.
 * @return Borrowed, as long as @p upload; NULL when there are not so many. Callbacks may
 *         call it.
 * @since 0.1
 */
CMG_API cmg_certificate *cmg_upload_certificate(const cmg_upload *upload, size_t index);

/**
 * @brief What is missing or wrong.
 * @param[in] upload The list.
 * @return Borrowed, as long as @p upload. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_report *cmg_upload_report(const cmg_upload *upload);

/**
 * @brief The list as text for a person: kind, thumbprint and subject of each.
 * @param[in]  upload   The list.
 * @param[out] out_text Receives the text, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_upload_describe(const cmg_upload *upload, cmg_bytes **out_text,
                                       cmg_error **err);

/**
 * @brief Takes one more reference.
 * @param[in] upload The list or NULL.
 * @return @p upload.
 * @since 0.1
 */
CMG_API cmg_upload *cmg_upload_ref(cmg_upload *upload);

/**
 * @brief Gives a reference back.
 * @param[in] upload The list; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_upload_unref(cmg_upload *upload);

#ifdef __cplusplus
}
#endif
#endif
