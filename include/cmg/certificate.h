/**
 * @file certificate.h
 * @brief Certificates with their keys, and the built-in authority that issues them.
 *
 * A cmg_certificate is immutable: a leaf, the chain above it, and perhaps its private
 * key, which leaves it only inside a PFX. A cmg_authority is a small certification
 * authority for laboratories, tests and sites without one; its key lives in a directory
 * of the host.
 *
 * @code
 * const char *names[] = { "granitefalls.contoso.com", NULL };
 * const cmg_certificate_request request = {
 *     .size = sizeof request, .profile = CMG_PROFILE_WEB_SERVER,
 *     .common_name = names[0], .dns_names = names, .days = 365,
 * };
 * rc = cmg_authority_open(ctx, "ca", "Contoso CMG CA", &authority, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_authority_issue(authority, &request, &certificate, &err);
 * @endcode
 */
#ifndef CMG_CERTIFICATE_H
#define CMG_CERTIFICATE_H

#include <cmg/key.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A certificate, its chain, and perhaps its key. @since 0.1 */
typedef struct cmg_certificate cmg_certificate;
/** @brief A certification authority: a certificate and a key that signs. @since 0.1 */
typedef struct cmg_authority cmg_authority;

/** @brief What a certificate is for. @since 0.1 */
typedef enum cmg_profile {
    CMG_PROFILE_WEB_SERVER = 1, /**< CMG server authentication: serverAuth, RSA 2048. */
    CMG_PROFILE_CLIENT = 2,     /**< Internet client: clientAuth. */
    CMG_PROFILE_CONNECTOR = 3,  /**< Connection point: clientAuth, pinned. */
    CMG_PROFILE_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_profile;

/** @brief How a PFX is protected. @since 0.1 */
typedef enum cmg_pfx {
    CMG_PFX_COMPAT = 1, /**< 3DES and SHA-1, 100,000 iterations: console, Key Vault. */
    CMG_PFX_MODERN = 2, /**< AES-256 and SHA-256: Windows Server 2019 and later. */
    CMG_PFX_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_pfx;

/** @brief How a PFX is made; size-tagged. @since 0.1 */
typedef struct cmg_pfx_options {
    size_t size;               /**< sizeof(cmg_pfx_options) of the caller. */
    cmg_pfx profile;           /**< How it is protected. */
    uint32_t iterations;       /**< Of each derivation: 1,000 to 1,000,000; 0: 100,000. */
    const char *friendly_name; /**< UTF-8, at most 128 bytes; NULL: the common name. */
    uint32_t include_root;     /**< 0 leaves the root of the chain out, 1 takes it in. */
} cmg_pfx_options;

/** @brief The kind of an alternative name. @since 0.1 */
typedef enum cmg_name_kind {
    CMG_NAME_DNS = 1,           /**< "gw.contoso.com", "*.contoso.com". */
    CMG_NAME_IP = 2,            /**< "10.0.0.1", "2001:db8::1". */
    CMG_NAME_EMAIL = 3,         /**< "ops@contoso.com". */
    CMG_NAME_URI = 4,           /**< "https://contoso.com/". */
    CMG_NAME_UPN = 5,           /**< User principal name, "user@contoso.com". */
    CMG_NAME_DIRECTORY = 6,     /**< "CN=gw, O=Contoso". */
    CMG_NAME_REGISTERED_ID = 7, /**< An object identifier. */
    CMG_NAME_OTHER = 8,         /**< "1.2.3.4=value", "1.2.3.4=#0500". */
    CMG_NAME_X400 = 9,          /**< As bytes. */
    CMG_NAME_EDI = 10,          /**< As bytes. */
    CMG_NAME_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_name_kind;

/** @brief What is to be issued; size-tagged. @since 0.1 */
typedef struct cmg_certificate_request {
    size_t size;                  /**< sizeof(cmg_certificate_request) of the caller. */
    cmg_profile profile;          /**< What it is for. */
    uint32_t days;                /**< Validity, 1 to 825; 0 for 365. */
    const char *common_name;      /**< 1 to 64 characters. */
    const char *const *dns_names; /**< Alternative names, NULL-terminated, or NULL. */
    const char *const *ip_addresses; /**< The same for addresses, or NULL. */
} cmg_certificate_request;

/**
 * @brief Reads a certificate, its chain and perhaps its key from whatever holds them.
 *
 * The form is recognised: PEM text with any number of blocks (certificates, PKCS#7, a
 * key), DER, PKCS#7 as DER, BER or base64, PFX. A key tells which certificate is the
 * leaf, wherever it stands; without one the first is. The chain is put in order. An error
 * names what was found instead.
 * @param[in]  ctx      The context.
 * @param[in]  data     The bytes, copied.
 * @param[in]  size     Length in bytes, at most 1 MiB.
 * @param[in]  password UTF-8, or NULL for none; opens a PFX or an encrypted key, used
 *                      during the call only.
 * @param[out] out_cert Receives the certificate, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_PARSE for damage and for bytes without a certificate,
 *         #CMG_E_AUTH for a wrong password, #CMG_E_CERT for a key that belongs to none of
 *         the certificates, #CMG_E_UNSUPPORTED for a cipher that is not read here and for
 *         more than one key, #CMG_E_LIMIT, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_certificate_new_from_bytes(cmg_context *ctx, const void *data,
                                                  size_t size, const char *password,
                                                  cmg_certificate **out_cert,
                                                  cmg_error **err);

/**
 * @brief Reads a certificate from PEM text: its chain, and its key if there.
 * @param[in]  ctx      The context.
 * @param[in]  pem      Text, copied.
 * @param[in]  size     Length in bytes, at most 1 MiB.
 * @param[out] out_cert Receives the certificate, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_PARSE, #CMG_E_CERT when key and leaf do not belong together,
 *         #CMG_E_LIMIT, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_certificate_new_from_pem(cmg_context *ctx, const char *pem,
                                                size_t size, cmg_certificate **out_cert,
                                                cmg_error **err);

/**
 * @brief Reads a certificate, its chain and key from PKCS#12 (PFX) bytes.
 * @param[in]  ctx      The context.
 * @param[in]  data     The PFX, copied.
 * @param[in]  size     Length in bytes, at most 1 MiB.
 * @param[in]  password UTF-8, or NULL for none; used during the call only.
 * @param[out] out_cert Receives the certificate, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_AUTH for a wrong password, #CMG_E_PARSE for a damaged file,
 *         #CMG_E_UNSUPPORTED for a cipher this library does not read, #CMG_E_LIMIT.
 * @since 0.1
 */
CMG_API cmg_status cmg_certificate_new_from_pfx(cmg_context *ctx, const void *data,
                                                size_t size, const char *password,
                                                cmg_certificate **out_cert,
                                                cmg_error **err);

/**
 * @brief Puts a certificate and its private key together.
 * @param[in]  cert     The certificate; stays as it is.
 * @param[in]  key      The key, also one that the host holds; a reference is taken.
 * @param[out] out_cert Receives the certificate with its chain and the key, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_CERT when key and leaf do not belong together, #CMG_E_INVAL
 *         when they are of two contexts, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_certificate_new_with_key(cmg_certificate *cert, cmg_key *key,
                                                cmg_certificate **out_cert,
                                                cmg_error **err);

/**
 * @brief Whether a key is the one that the leaf was issued for.
 * @param[in] cert The certificate.
 * @param[in] key  The key.
 * @return True or false; false also when memory runs out. Callbacks may call it.
 * @since 0.1
 */
CMG_API bool cmg_certificate_matches_key(const cmg_certificate *cert, const cmg_key *key);

/**
 * @brief The leaf and its chain as PEM, without the key.
 * @param[in]  cert      The certificate.
 * @param[out] out_bytes Receives the text, yours.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_certificate_export_pem(cmg_certificate *cert,
                                              cmg_bytes **out_bytes, cmg_error **err);

/**
 * @brief Leaf, chain (the root left out) and key as PFX.
 * @param[in]  cert      The certificate; it must have its key.
 * @param[in]  profile   How it is protected.
 * @param[in]  password  1 to 127 ASCII characters; used during the call only.
 * @param[out] out_bytes Receives the PFX, yours; wiped when given back.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE without a key, #CMG_E_UNSUPPORTED when the host holds the
 *         key, #CMG_E_DENIED when the template it was issued by keeps the key here,
 *         #CMG_E_INVAL for the password, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_certificate_export_pfx(cmg_certificate *cert, cmg_pfx profile,
                                              const char *password, cmg_bytes **out_bytes,
                                              cmg_error **err);

/**
 * @brief Leaf, chain and key as PFX, with every choice.
 *
 * Leaf and key carry the friendly name and a local key identifier. The file is read back
 * before it is handed out.
 * @param[in]  cert      The certificate; it must have its key.
 * @param[in]  options   How it is made; read during the call.
 * @param[in]  password  1 to 127 ASCII characters; used during the call only.
 * @param[out] out_bytes Receives the PFX, yours; wiped when given back.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE without a key, #CMG_E_UNSUPPORTED when the host holds the
 *         key, #CMG_E_DENIED when the template it was issued by keeps the key here,
 *         #CMG_E_INVAL naming the member or the password, #CMG_E_ABI, #CMG_E_LIMIT,
 *         #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_certificate_export_pfx_with(cmg_certificate *cert,
                                                   const cmg_pfx_options *options,
                                                   const char *password,
                                                   cmg_bytes **out_bytes,
                                                   cmg_error **err);

/**
 * @brief The subject, for example "CN=granitefalls.contoso.com".
 * @param[in] cert The certificate.
 * @return Borrowed, as long as @p cert. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_certificate_subject(const cmg_certificate *cert);

/**
 * @brief The issuer's name.
 * @param[in] cert The certificate.
 * @return Borrowed, as long as @p cert. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_certificate_issuer(const cmg_certificate *cert);

/**
 * @brief The subject's common name, or "".
 * @param[in] cert The certificate.
 * @return Borrowed, as long as @p cert. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_certificate_common_name(const cmg_certificate *cert);

/**
 * @brief SHA-256 of the leaf's DER.
 * @param[in] cert The certificate.
 * @return 64 lower-case hexadecimal digits, borrowed. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_certificate_sha256(const cmg_certificate *cert);

/**
 * @brief The key, for example "RSA 2048".
 * @param[in] cert The certificate.
 * @return Borrowed, as long as @p cert. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_certificate_key_description(const cmg_certificate *cert);

/**
 * @brief Whether the private key is there.
 * @param[in] cert The certificate.
 * @return True or false. Callbacks may call it.
 * @since 0.1
 */
CMG_API bool cmg_certificate_has_key(const cmg_certificate *cert);

/**
 * @brief The begin of validity.
 * @param[in] cert The certificate.
 * @return Seconds since 1970-01-01 UTC. Callbacks may call it.
 * @since 0.1
 */
CMG_API int64_t cmg_certificate_not_before_unix_s(const cmg_certificate *cert);

/**
 * @brief The end of validity.
 * @param[in] cert The certificate.
 * @return Seconds since 1970-01-01 UTC. Callbacks may call it.
 * @since 0.1
 */
CMG_API int64_t cmg_certificate_not_after_unix_s(const cmg_certificate *cert);

/**
 * @brief Takes one more reference.
 * @param[in] cert The certificate or NULL.
 * @return @p cert.
 * @since 0.1
 */
CMG_API cmg_certificate *cmg_certificate_ref(cmg_certificate *cert);

/**
 * @brief Gives a reference back; the key is wiped with the last one.
 * @param[in] cert The certificate; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_certificate_unref(cmg_certificate *cert);

/**
 * @brief Makes an authority that lives in memory only.
 * @param[in]  ctx         The context.
 * @param[in]  common_name Name of the authority, 1 to 64 characters.
 * @param[out] out_ca      Receives the authority, yours.
 * @param[out] err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_authority_new(cmg_context *ctx, const char *common_name,
                                     cmg_authority **out_ca, cmg_error **err);

/**
 * @brief Opens the authority that a directory holds, or makes one there.
 *
 * The directory (0700) receives "ca.pem" and "ca.key" (0600), each written whole or not
 * at all, and with the first certificate "issued.jsonl", the records of what was issued.
 * @param[in]  ctx         The context.
 * @param[in]  directory   Path; made when it is absent, its parent is not.
 * @param[in]  common_name Name for a new authority; ignored for one that is there.
 * @param[out] out_ca      Receives the authority, yours.
 * @param[out] err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_IO, #CMG_E_PARSE, #CMG_E_CERT when the files do not belong
 * together.
 * @since 0.1
 */
CMG_API cmg_status cmg_authority_open(cmg_context *ctx, const char *directory,
                                      const char *common_name, cmg_authority **out_ca,
                                      cmg_error **err);

/**
 * @brief Issues a certificate with a fresh RSA 2048 key and 16 random bytes of serial.
 * @param[in]  ca       The authority.
 * @param[in]  request  What is wanted; read during the call.
 * @param[out] out_cert Receives certificate, chain and key, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL naming the member, #CMG_E_ABI, #CMG_E_CONFLICT when
 * another process uses the directory, #CMG_E_IO, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_authority_issue(cmg_authority *ca,
                                       const cmg_certificate_request *request,
                                       cmg_certificate **out_cert, cmg_error **err);

/**
 * @brief The authority's own certificate.
 * @param[in] ca The authority.
 * @return Borrowed, as long as @p ca. Without a key.
 * @since 0.1
 */
CMG_API cmg_certificate *cmg_authority_certificate(cmg_authority *ca);

/**
 * @brief Takes one more reference.
 * @param[in] ca The authority or NULL.
 * @return @p ca.
 * @since 0.1
 */
CMG_API cmg_authority *cmg_authority_ref(cmg_authority *ca);

/**
 * @brief Gives a reference back; the key is wiped with the last one.
 * @param[in] ca The authority; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_authority_unref(cmg_authority *ca);

#ifdef __cplusplus
}
#endif
#endif
