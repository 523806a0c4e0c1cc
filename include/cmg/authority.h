/**
 * @file authority.h
 * @brief What the built-in authority does beside issuing by profile: templates, requests,
 *        subordinate authorities, revocation.
 *
 * An authority that lives in a directory keeps there, beside its key and certificate,
 * "issued.jsonl": one line for each certificate issued, revoked, held, released and each
 * list published, durable before the certificate or list leaves. One process at a time
 * changes a directory; the lock lasts for one call only.
 *
 * @code
 * rc = cmg_authority_sign(ca, csr, tmpl, 0, &certificate, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_authority_revoke_certificate(ca, certificate, CMG_REASON_SUPERSEDED,
 * &err); if (rc == CMG_OK) rc = cmg_authority_publish_crl(ca, "ca.crl", 7 * 86400, NULL,
 * &err);
 * @endcode
 */
#ifndef CMG_AUTHORITY_H
#define CMG_AUTHORITY_H

#include <cmg/certificate.h>
#include <cmg/crl.h>
#include <cmg/csr.h>
#include <cmg/key.h>
#include <cmg/template.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief What a new authority is; size-tagged. Every member but the size may be NULL.
 *
 * With a parent it is subordinate, with a certificate that another authority signed it is
 * that one, with neither it is a root.
 * @since 0.1
 */
typedef struct cmg_authority_options {
    size_t size;              /**< sizeof(cmg_authority_options) of the caller. */
    const char *directory;    /**< Where it lives; NULL for memory only. */
    const char *common_name;  /**< 1 to 64 characters; for a certificate to be made. */
    const char *organization; /**< 1 to 64 characters, or NULL for none. */
    const cmg_template *tmpl; /**< NULL for "sub_ca" with a parent, "root" without. */
    const cmg_key *key;       /**< Its key, perhaps held by the host; NULL to make one. */
    cmg_authority *parent;    /**< Who signs its certificate; NULL for itself. */
    const cmg_certificate *certificate; /**< Its certificate and chain, if there. */
    uint32_t days;                      /**< Validity; 0 for the template's. */
    uint32_t reserved;                  /**< 0. */
} cmg_authority_options;

/** @brief Where a certificate stands. @since 0.1 */
typedef enum cmg_issued_state {
    CMG_ISSUED_VALID = 0,         /**< Not revoked; perhaps expired. */
    CMG_ISSUED_ON_HOLD = 1,       /**< Suspended, may be released. */
    CMG_ISSUED_REVOKED = 2,       /**< Revoked for good. */
    CMG_ISSUED_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_issued_state;

/** @brief One issued certificate, filled by the library; size-tagged. @since 0.1 */
typedef struct cmg_issued {
    size_t size;               /**< sizeof(cmg_issued) of the caller. */
    char serial_hex[48];       /**< Serial number, lower-case hexadecimal. */
    char sha256_hex[72];       /**< SHA-256 of its DER, lower-case hexadecimal. */
    const char *subject;       /**< Borrowed until the authority is next changed. */
    const char *template_name; /**< The same; "" when it is not known. */
    int64_t not_before_unix_s; /**< Begin of validity, seconds since 1970. */
    int64_t not_after_unix_s;  /**< End of validity, seconds since 1970. */
    int64_t revoked_unix_s;    /**< When it was revoked or held; 0 when it is neither. */
    cmg_issued_state state;    /**< Where it stands. */
    cmg_revocation_reason reason; /**< Why, when it is revoked. */
} cmg_issued;

/**
 * @brief Makes an authority, or opens the one that the directory holds.
 *
 * The directory is as cmg_authority_open() makes it, "ca.pem" with the whole chain; a key
 * that the host holds is not in it and has to be given each time. What the directory
 * holds comes before the options.
 * @param[in]  ctx     The context.
 * @param[in]  options What it is; read during the call, handles in it are counted.
 * @param[out] out_ca  Receives the authority, yours.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL naming the member, #CMG_E_ABI, #CMG_E_CERT when
 *         certificate and key do not belong together or the parent may not have
 *         authorities below it, #CMG_E_IO, #CMG_E_PARSE, #CMG_E_CONFLICT when another
 *         process uses the parent, #CMG_E_CALLBACK, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_authority_new_with(cmg_context *ctx,
                                          const cmg_authority_options *options,
                                          cmg_authority **out_ca, cmg_error **err);

/**
 * @brief Sets the addresses that certificates and lists carry from now on.
 *
 * They are not kept in the directory: set them each time it is opened.
 * @param[in] ca             The authority.
 * @param[in] crl_urls       Where the complete list is: at most 8 http or https URLs,
 *                           NULL-terminated, or NULL for none; copied.
 * @param[in] delta_crl_urls The same for the delta list.
 * @param[in] issuer_urls    The same for the authority's certificate.
 * @param[out] err           Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL naming the list, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_authority_set_urls(cmg_authority *ca, const char *const *crl_urls,
                                          const char *const *delta_crl_urls,
                                          const char *const *issuer_urls,
                                          cmg_error **err);

/**
 * @brief Issues a certificate by a template.
 * @param[in]  ca       The authority.
 * @param[in]  tmpl     What it is.
 * @param[in]  key      Its key, perhaps held by the host; NULL to make one as the
 *                      template wants it (RSA 2048 when it allows).
 * @param[in]  request  Whom it is for; read during the call.
 * @param[in]  days     Validity; 0 for the template's.
 * @param[out] out_cert Receives certificate, chain and key, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL naming the member, #CMG_E_ABI, #CMG_E_CONFLICT when
 *         another process uses the directory, #CMG_E_IO, #CMG_E_CALLBACK, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_authority_issue_by_template(
    cmg_authority *ca, const cmg_template *tmpl, const cmg_key *key,
    const cmg_csr_request *request, uint32_t days, cmg_certificate **out_cert,
    cmg_error **err);

/**
 * @brief Issues a certificate for a request.
 *
 * Names and key are the request's, within the rules of the template; everything else is
 * the template's. Usages the request asks for are ignored.
 * @param[in]  ca       The authority.
 * @param[in]  csr      The request.
 * @param[in]  tmpl     What the certificate is.
 * @param[in]  days     Validity; 0 for the template's.
 * @param[out] out_cert Receives certificate and chain without a key, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL naming what the template does not allow, #CMG_E_DENIED
 *         for a wish that is not granted to anybody, #CMG_E_CONFLICT when another process
 *         uses the directory, #CMG_E_IO, #CMG_E_CALLBACK, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_authority_sign(cmg_authority *ca, const cmg_csr *csr,
                                      const cmg_template *tmpl, uint32_t days,
                                      cmg_certificate **out_cert, cmg_error **err);

/**
 * @brief Revokes a certificate by its serial number.
 * @param[in]  ca     The authority.
 * @param[in]  serial Hexadecimal digits of either case, colons allowed.
 * @param[in]  reason Why; #CMG_REASON_CERTIFICATE_HOLD suspends it.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOTFOUND when it was not issued here,
 *         #CMG_E_STATE when it is revoked already, #CMG_E_CONFLICT, #CMG_E_IO,
 *         #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_authority_revoke(cmg_authority *ca, const char *serial,
                                        cmg_revocation_reason reason, cmg_error **err);

/**
 * @brief Revokes a certificate at hand; also one from before there were records.
 * @param[in]  ca          The authority.
 * @param[in]  certificate The certificate.
 * @param[in]  reason      Why; #CMG_REASON_CERTIFICATE_HOLD suspends it.
 * @param[out] err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_CERT when another authority issued it, and as
 *         cmg_authority_revoke().
 * @since 0.1
 */
CMG_API cmg_status cmg_authority_revoke_certificate(cmg_authority *ca,
                                                    const cmg_certificate *certificate,
                                                    cmg_revocation_reason reason,
                                                    cmg_error **err);

/**
 * @brief Suspends a certificate until it is released or revoked.
 * @param[in]  ca     The authority.
 * @param[in]  serial Hexadecimal digits of either case, colons allowed.
 * @param[out] err    Receives the error, or NULL.
 * @return As cmg_authority_revoke().
 * @since 0.1
 */
CMG_API cmg_status cmg_authority_hold(cmg_authority *ca, const char *serial,
                                      cmg_error **err);

/**
 * @brief Ends a suspension: complete lists no longer name the certificate, the next delta
 *        list says so.
 * @param[in]  ca     The authority.
 * @param[in]  serial Hexadecimal digits of either case, colons allowed.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE when it is not on hold, and as cmg_authority_revoke().
 * @since 0.1
 */
CMG_API cmg_status cmg_authority_release(cmg_authority *ca, const char *serial,
                                         cmg_error **err);

/**
 * @brief Makes a complete revocation list with the next number.
 * @param[in]  ca         The authority.
 * @param[in]  path       Where to write it as DER, whole or not at all; NULL for nowhere.
 * @param[in]  validity_s Until the next list is due at the latest, 60 to 31622400
 *                        seconds.
 * @param[out] out_bytes  Receives the DER, yours; NULL when it is not wanted.
 * @param[out] err        Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_CERT when the authority's certificate does not
 *         allow to sign lists, #CMG_E_CONFLICT, #CMG_E_IO, #CMG_E_LIMIT, #CMG_E_CALLBACK,
 *         #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_authority_publish_crl(cmg_authority *ca, const char *path,
                                             int64_t validity_s, cmg_bytes **out_bytes,
                                             cmg_error **err);

/**
 * @brief Makes a delta list: what changed since the last complete list that left.
 * @param[in]  ca         The authority.
 * @param[in]  path       Where to write it as DER, whole or not at all; NULL for nowhere.
 * @param[in]  validity_s Until the next list is due at the latest, 60 to 31622400
 *                        seconds.
 * @param[out] out_bytes  Receives the DER, yours; NULL when it is not wanted.
 * @param[out] err        Receives the error, or NULL.
 * @return #CMG_E_STATE before the first complete list, else as
 *         cmg_authority_publish_crl().
 * @since 0.1
 */
CMG_API cmg_status cmg_authority_publish_delta_crl(cmg_authority *ca, const char *path,
                                                   int64_t validity_s,
                                                   cmg_bytes **out_bytes,
                                                   cmg_error **err);

/**
 * @brief Reads what other processes did, and counts what was issued.
 * @param[in]  ca        The authority.
 * @param[out] out_count Receives the number of certificates, or NULL.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_CONFLICT, #CMG_E_IO, #CMG_E_PARSE when the records are damaged,
 *         #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_authority_refresh(cmg_authority *ca, size_t *out_count,
                                         cmg_error **err);

/**
 * @brief One of the issued certificates, in the order they were issued.
 * @param[in]     ca         The authority.
 * @param[in]     index      From 0 to the number less one.
 * @param[in,out] out_issued Its size is read, the rest is filled in; texts are borrowed
 *                           until the authority is next changed.
 * @param[out]    err        Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOTFOUND beyond the last, #CMG_E_ABI.
 * @since 0.1
 */
CMG_API cmg_status cmg_authority_issued(const cmg_authority *ca, size_t index,
                                        cmg_issued *out_issued, cmg_error **err);

#ifdef __cplusplus
}
#endif
#endif
