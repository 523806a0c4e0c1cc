/**
 * @file inspect.h
 * @brief Everything that a certificate says, and what any bytes are, as text.
 *
 * Getters on a cmg_certificate speak of its leaf and lend their texts as long as it
 * lives; cmg_certificate_chain_at() gives the certificates above it. cmg_inspect()
 * recognises a certificate, a bundle, a request, a revocation list, PKCS#7, a PFX or a
 * private key, as PEM or DER, and says in words what is in it.
 *
 * @code
 * rc = cmg_inspect(ctx, data, size, NULL, &text, &err);
 * if (rc == CMG_OK)
 *     fwrite(cmg_bytes_data(text), 1, cmg_bytes_size(text), stdout);
 * @endcode
 */
#ifndef CMG_INSPECT_H
#define CMG_INSPECT_H

#include <cmg/certificate.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief What a key may be used for; bits. @since 0.1 */
typedef enum cmg_key_usage {
    CMG_KEY_USAGE_DIGITAL_SIGNATURE = 0x80, /**< digitalSignature. */
    CMG_KEY_USAGE_NON_REPUDIATION = 0x40,   /**< nonRepudiation, contentCommitment. */
    CMG_KEY_USAGE_KEY_ENCIPHERMENT = 0x20,  /**< keyEncipherment. */
    CMG_KEY_USAGE_DATA_ENCIPHERMENT = 0x10, /**< dataEncipherment. */
    CMG_KEY_USAGE_KEY_AGREEMENT = 0x08,     /**< keyAgreement. */
    CMG_KEY_USAGE_KEY_CERT_SIGN = 0x04,     /**< keyCertSign. */
    CMG_KEY_USAGE_CRL_SIGN = 0x02,          /**< cRLSign. */
    CMG_KEY_USAGE_ENCIPHER_ONLY = 0x01,     /**< encipherOnly. */
    CMG_KEY_USAGE_DECIPHER_ONLY = 0x100,    /**< decipherOnly. */
    CMG_KEY_USAGE_WIDTH = 0x7fffffff        /**< Holds the enumeration at 32 bits. */
} cmg_key_usage;

/** @brief What a certificate lists addresses for. @since 0.1 */
typedef enum cmg_url_kind {
    CMG_URL_CRL = 1,           /**< Its revocation list. */
    CMG_URL_DELTA_CRL = 2,     /**< What changed since that list. */
    CMG_URL_OCSP = 3,          /**< Who answers whether it is revoked. */
    CMG_URL_ISSUER = 4,        /**< Its issuer's certificate. */
    CMG_URL_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_url_kind;

/**
 * @brief How many certificates there are, the leaf included.
 * @param[in] cert The certificate.
 * @return At least 1. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_certificate_chain_count(const cmg_certificate *cert);

/**
 * @brief One certificate of the chain, as a handle of its own.
 * @param[in]  cert     The certificate.
 * @param[in]  index    0 for the leaf, then upwards.
 * @param[out] out_cert Receives it, yours; without key and chain.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL when there are not so many, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_certificate_chain_at(const cmg_certificate *cert, size_t index,
                                            cmg_certificate **out_cert, cmg_error **err);

/**
 * @brief The leaf as DER.
 * @param[in]  cert      The certificate.
 * @param[out] out_bytes Receives the bytes, yours.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_certificate_export_der(const cmg_certificate *cert,
                                              cmg_bytes **out_bytes, cmg_error **err);

/**
 * @brief Leaf and chain as text for a person.
 *
 * What comes from the certificate is escaped: no name can forge a line.
 * @param[in]  cert     The certificate.
 * @param[out] out_text Receives the text, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_certificate_describe(const cmg_certificate *cert,
                                            cmg_bytes **out_text, cmg_error **err);

/**
 * @brief The serial number.
 * @param[in] cert The certificate.
 * @return Lower-case hexadecimal digits, pairs, borrowed. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_certificate_serial(const cmg_certificate *cert);

/**
 * @brief SHA-1 of the leaf's DER: the thumbprint that Windows shows.
 * @param[in] cert The certificate.
 * @return 40 lower-case hexadecimal digits, borrowed. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_certificate_sha1(const cmg_certificate *cert);

/**
 * @brief How it is signed, for example "sha256WithRSAEncryption".
 * @param[in] cert The certificate.
 * @return Borrowed; dotted decimal when it has no name here. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_certificate_signature_algorithm(const cmg_certificate *cert);

/**
 * @brief The size of its key.
 * @param[in] cert The certificate.
 * @return Bits; 0 for a kind of key that is not known. Callbacks may call it.
 * @since 0.1
 */
CMG_API uint32_t cmg_certificate_key_bits(const cmg_certificate *cert);

/**
 * @brief The version of its format.
 * @param[in] cert The certificate.
 * @return 1 to 3. Callbacks may call it.
 * @since 0.1
 */
CMG_API uint32_t cmg_certificate_version(const cmg_certificate *cert);

/**
 * @brief Whether it is an authority's.
 * @param[in] cert The certificate.
 * @return True when its basic constraints say so. Callbacks may call it.
 * @since 0.1
 */
CMG_API bool cmg_certificate_is_authority(const cmg_certificate *cert);

/**
 * @brief How many authorities may stand below it.
 * @param[in] cert The certificate.
 * @return The number; -1 when it says nothing. Callbacks may call it.
 * @since 0.1
 */
CMG_API int32_t cmg_certificate_path_length(const cmg_certificate *cert);

/**
 * @brief What its key may be used for.
 * @param[in] cert The certificate.
 * @return Bits of #cmg_key_usage; 0 when it says nothing, that is, for everything.
 *         Callbacks may call it.
 * @since 0.1
 */
CMG_API uint32_t cmg_certificate_key_usage(const cmg_certificate *cert);

/**
 * @brief How many extended key usages it has.
 * @param[in] cert The certificate.
 * @return The count; 0 when it says nothing. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_certificate_eku_count(const cmg_certificate *cert);

/**
 * @brief An extended key usage.
 * @param[in] cert The certificate.
 * @param[in] index From 0.
 * @return Dotted decimal, borrowed; "" when there are not so many. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_certificate_eku_at(const cmg_certificate *cert, size_t index);

/**
 * @brief How many policies it names.
 * @param[in] cert The certificate.
 * @return The count. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_certificate_policy_count(const cmg_certificate *cert);

/**
 * @brief A certificate policy.
 * @param[in] cert The certificate.
 * @param[in] index From 0.
 * @return Dotted decimal, borrowed; "" when there are not so many. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_certificate_policy_at(const cmg_certificate *cert, size_t index);

/**
 * @brief How many alternative names it has.
 * @param[in] cert The certificate.
 * @return The count, of all kinds. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_certificate_name_count(const cmg_certificate *cert);

/**
 * @brief The kind of an alternative name.
 * @param[in] cert The certificate.
 * @param[in] index From 0.
 * @return The kind; 0 when there are not so many. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_name_kind cmg_certificate_name_kind(const cmg_certificate *cert,
                                                size_t index);

/**
 * @brief An alternative name as text.
 * @param[in] cert The certificate.
 * @param[in] index From 0.
 * @return Borrowed; "" when there are not so many. Characters that hide or turn text
 *         stand escaped as "\\x0a". Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_certificate_name_at(const cmg_certificate *cert, size_t index);

/**
 * @brief How many addresses it lists.
 * @param[in] cert The certificate.
 * @param[in] kind What for.
 * @return The count. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_certificate_url_count(const cmg_certificate *cert, cmg_url_kind kind);

/**
 * @brief An address that it lists.
 * @param[in] cert The certificate.
 * @param[in] kind  What for.
 * @param[in] index From 0.
 * @return Borrowed; "" when there are not so many. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_certificate_url_at(const cmg_certificate *cert, cmg_url_kind kind,
                                           size_t index);

/**
 * @brief The identifier of its key.
 * @param[in] cert The certificate.
 * @return Lower-case hexadecimal, borrowed; "" when it has none. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_certificate_key_id(const cmg_certificate *cert);

/**
 * @brief The identifier of its issuer's key.
 * @param[in] cert The certificate.
 * @return Lower-case hexadecimal, borrowed; "" when it has none. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_certificate_authority_key_id(const cmg_certificate *cert);

/**
 * @brief The template it was issued by, as a Microsoft authority notes it.
 * @param[in] cert The certificate.
 * @return "WebServer", or "1.3.6.1.4.1.311.21.8.1 version 100.3", borrowed; "" when it
 *         has none. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_certificate_template(const cmg_certificate *cert);

/**
 * @brief Says what any bytes are, as text for a person.
 *
 * A certificate, several of them, a request, a revocation list, PKCS#7, a PFX or a key,
 * as PEM or DER. Of a private key only its kind and size are told, of a PFX without its
 * password only the outside.
 * @param[in]  ctx      The context.
 * @param[in]  data     The bytes.
 * @param[in]  size     Length in bytes, at most 64 MiB.
 * @param[in]  password UTF-8, or NULL for none; opens a PFX or an encrypted key, used
 *                      during the call only.
 * @param[out] out_text Receives the text, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_PARSE for damage and for bytes that are nothing of these, told
 *         by what they look like, #CMG_E_AUTH for a wrong password, #CMG_E_UNSUPPORTED
 *         for a cipher that is not read here, #CMG_E_LIMIT, #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_inspect(cmg_context *ctx, const void *data, size_t size,
                               const char *password, cmg_bytes **out_text,
                               cmg_error **err);

#ifdef __cplusplus
}
#endif
#endif
