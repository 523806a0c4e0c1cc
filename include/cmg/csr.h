/**
 * @file csr.h
 * @brief Certificate requests (PKCS#10), for any authority.
 *
 * A cmg_csr is immutable: made from a template, a key and names, or read from PEM or DER.
 * The private key is not part of it. What an authority makes of a request is the
 * authority's affair; ours takes names and key, and the template decides the rest.
 *
 * @code
 * const char *names[] = { "granitefalls.contoso.com", NULL };
 * const cmg_csr_request request = {
 *     .size = sizeof request, .common_name = names[0], .dns_names = names,
 * };
 * rc = cmg_csr_new(ctx, tmpl, key, &request, &csr, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_csr_export_pem(csr, &pem, &err);
 * @endcode
 */
#ifndef CMG_CSR_H
#define CMG_CSR_H

#include <cmg/certificate.h>
#include <cmg/key.h>
#include <cmg/template.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A certificate request. @since 0.1 */
typedef struct cmg_csr cmg_csr;

/**
 * @brief Whom a request is for; size-tagged. Every member but the size may be NULL.
 *
 * Texts are UTF-8; lists are NULL-terminated, at most 100 names together. International
 * host names are given as A-labels ("xn--...").
 * @since 0.1
 */
typedef struct cmg_csr_request {
    size_t size;                     /**< sizeof(cmg_csr_request) of the caller. */
    const char *common_name;         /**< 1 to 64 characters. */
    const char *organization;        /**< 1 to 64 characters. */
    const char *organizational_unit; /**< 1 to 64 characters. */
    const char *locality;            /**< 1 to 128 characters. */
    const char *state;               /**< 1 to 128 characters. */
    const char *country;             /**< Two capital letters. */
    const char *const *dns_names;    /**< Host names. */
    const char *const *ip_addresses; /**< IPv4 and IPv6 addresses. */
    const char *const *upns;         /**< "user@contoso.com". */
    const char *const *uris;         /**< Absolute URIs. */
} cmg_csr_request;

/**
 * @brief Makes a request, signed by the key it is for.
 *
 * It asks for the usages of the template, and names the template for a Windows authority
 * when the template says so.
 * @param[in]  ctx      The context.
 * @param[in]  tmpl     What is asked for.
 * @param[in]  key      The key to be certified; it signs during the call.
 * @param[in]  request  Whom it is for; read during the call.
 * @param[out] out_csr  Receives the request, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL naming the member that the template does not allow or
 *         that is not well formed, #CMG_E_ABI, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_csr_new(cmg_context *ctx, const cmg_template *tmpl,
                               const cmg_key *key, const cmg_csr_request *request,
                               cmg_csr **out_csr, cmg_error **err);

/**
 * @brief Reads a request and verifies its signature.
 * @param[in]  ctx     The context.
 * @param[in]  data    PEM or DER, copied.
 * @param[in]  size    Length in bytes, at most 256 KiB.
 * @param[out] out_csr Receives the request, yours.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_PARSE when it is no request, #CMG_E_CERT when its signature
 *         does not verify or is too weak to, #CMG_E_LIMIT, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_csr_new_from_bytes(cmg_context *ctx, const void *data, size_t size,
                                          cmg_csr **out_csr, cmg_error **err);

/**
 * @brief The request as PEM.
 * @param[in]  csr       The request.
 * @param[out] out_bytes Receives the text, yours.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_csr_export_pem(const cmg_csr *csr, cmg_bytes **out_bytes,
                                      cmg_error **err);

/**
 * @brief The request as DER.
 * @param[in]  csr       The request.
 * @param[out] out_bytes Receives the bytes, yours.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_csr_export_der(const cmg_csr *csr, cmg_bytes **out_bytes,
                                      cmg_error **err);

/**
 * @brief Everything about the request as text for a person.
 * @param[in]  csr      The request.
 * @param[out] out_text Receives UTF-8 lines, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_csr_describe(const cmg_csr *csr, cmg_bytes **out_text,
                                    cmg_error **err);

/**
 * @brief The subject, for example "CN=granitefalls.contoso.com"; "" when it is empty.
 * @param[in] csr The request.
 * @return Borrowed, as long as @p csr. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_csr_subject(const cmg_csr *csr);

/**
 * @brief The subject's common name, or "".
 * @param[in] csr The request.
 * @return Borrowed, as long as @p csr. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_csr_common_name(const cmg_csr *csr);

/**
 * @brief The key, for example "RSA 2048".
 * @param[in] csr The request.
 * @return Borrowed, as long as @p csr. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_csr_key_description(const cmg_csr *csr);

/**
 * @brief The template that the request names for a Windows authority, or "".
 * @param[in] csr The request.
 * @return Borrowed, as long as @p csr. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_csr_template_name(const cmg_csr *csr);

/**
 * @brief How many alternative names are asked for.
 * @param[in] csr The request.
 * @return The number. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_csr_name_count(const cmg_csr *csr);

/**
 * @brief An alternative name.
 * @param[in] csr   The request.
 * @param[in] index From 0 to the number less one.
 * @return Text, control characters escaped, borrowed as long as @p csr; "" beyond the
 *         last. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_csr_name(const cmg_csr *csr, size_t index);

/**
 * @brief The kind of an alternative name.
 * @param[in] csr   The request.
 * @param[in] index From 0 to the number less one.
 * @return The kind; #CMG_NAME_OTHER beyond the last. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_name_kind cmg_csr_name_kind(const cmg_csr *csr, size_t index);

/**
 * @brief How many extended key usages are asked for.
 * @param[in] csr The request.
 * @return The number. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_csr_eku_count(const cmg_csr *csr);

/**
 * @brief An extended key usage: "serverAuth", or a dotted identifier.
 * @param[in] csr   The request.
 * @param[in] index From 0 to the number less one.
 * @return Borrowed, as long as @p csr; "" beyond the last. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_csr_eku(const cmg_csr *csr, size_t index);

/**
 * @brief Takes one more reference.
 * @param[in] csr The request or NULL.
 * @return @p csr.
 * @since 0.1
 */
CMG_API cmg_csr *cmg_csr_ref(cmg_csr *csr);

/**
 * @brief Gives a reference back.
 * @param[in] csr The request; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_csr_unref(cmg_csr *csr);

#ifdef __cplusplus
}
#endif
#endif
