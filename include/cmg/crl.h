/**
 * @file crl.h
 * @brief Certificate revocation lists: what they say, about whom, and who signed them.
 *
 * A cmg_crl is immutable. It is read from PEM or DER, complete or delta, direct or
 * indirect; the bytes are not kept, only the facts and an index sorted by serial number,
 * so that lists of many entries stay small and are searched fast. Reading a list does
 * not mean to believe it: cmg_crl_verify asks an authority's key, and the judge of
 * certificates (cmg/check.h) also asks how old it is.
 *
 * @code
 * cmg_crl_entry entry = { .size = sizeof entry };
 * rc = cmg_crl_new_from_bytes(ctx, data, size, &crl, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_crl_verify(crl, cmg_authority_certificate(authority), &err);
 * if (rc == CMG_OK && cmg_crl_find(crl, "0a1b2c", &entry, NULL) == CMG_OK)
 *     printf("revoked: reason %d\n", (int)entry.reason);
 * @endcode
 */
#ifndef CMG_CRL_H
#define CMG_CRL_H

#include <cmg/certificate.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A revocation list. @since 0.1 */
typedef struct cmg_crl cmg_crl;

/** @brief Why a certificate was revoked (RFC 5280, section 5.3.1). @since 0.1 */
typedef enum cmg_revocation_reason {
    CMG_REASON_UNSPECIFIED = 0,            /**< Not said, or of no listed kind. */
    CMG_REASON_KEY_COMPROMISE = 1,         /**< The key is known to someone else. */
    CMG_REASON_CA_COMPROMISE = 2,          /**< The authority's key is. */
    CMG_REASON_AFFILIATION_CHANGED = 3,    /**< The name no longer fits. */
    CMG_REASON_SUPERSEDED = 4,             /**< Another certificate replaces it. */
    CMG_REASON_CESSATION_OF_OPERATION = 5, /**< What it was for is gone. */
    CMG_REASON_CERTIFICATE_HOLD = 6,       /**< Suspended; may be released again. */
    CMG_REASON_REMOVE_FROM_CRL = 8,        /**< Delta lists: released from hold. */
    CMG_REASON_PRIVILEGE_WITHDRAWN = 9,    /**< A right it states was taken back. */
    CMG_REASON_AA_COMPROMISE = 10,         /**< An attribute authority's key is known. */
    CMG_REVOCATION_REASON_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_revocation_reason;

/** @brief One entry of a list, filled by the library; size-tagged. @since 0.1 */
typedef struct cmg_crl_entry {
    size_t size;         /**< sizeof(cmg_crl_entry) of the caller. */
    char serial_hex[48]; /**< Serial number, lower-case hexadecimal; "-" stands before a
                              negative one, which is in two's complement. */
    int64_t date_unix_s; /**< When it was revoked, seconds since 1970-01-01 UTC. */
    int64_t invalidity_unix_s;    /**< Since when it is not to be trusted; 0: not said. */
    cmg_revocation_reason reason; /**< Why. */
} cmg_crl_entry;

/**
 * @brief Reads a revocation list.
 * @param[in]  ctx     The context.
 * @param[in]  data    DER, or PEM text in which the first list counts; read during the
 *                     call.
 * @param[in]  size    Length in bytes, at most 64 MiB.
 * @param[out] out_crl Receives the list, yours.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_PARSE naming the malformed part, #CMG_E_LIMIT, #CMG_E_INVAL,
 *         #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_crl_new_from_bytes(cmg_context *ctx, const void *data, size_t size,
                                          cmg_crl **out_crl, cmg_error **err);

/**
 * @brief The issuer's name, for example "CN=Contoso CA".
 * @param[in] crl The list.
 * @return Borrowed, as long as @p crl. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_crl_issuer(const cmg_crl *crl);

/**
 * @brief The number of the list.
 * @param[in] crl The list.
 * @return Lower-case hexadecimal, "" when it has none; borrowed, as long as @p crl.
 *         Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_crl_number(const cmg_crl *crl);

/**
 * @brief The number of the complete list that a delta list counts from.
 * @param[in] crl The list.
 * @return Lower-case hexadecimal, "" for a complete list; borrowed, as long as @p crl.
 *         Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_crl_base_number(const cmg_crl *crl);

/**
 * @brief When the list was issued.
 * @param[in] crl The list.
 * @return Seconds since 1970-01-01 UTC. Callbacks may call it.
 * @since 0.1
 */
CMG_API int64_t cmg_crl_this_update_unix_s(const cmg_crl *crl);

/**
 * @brief When the next list will have been issued at the latest.
 * @param[in] crl The list.
 * @return Seconds since 1970-01-01 UTC; 0 when the list does not say. Callbacks may call
 *         it.
 * @since 0.1
 */
CMG_API int64_t cmg_crl_next_update_unix_s(const cmg_crl *crl);

/**
 * @brief Whether it only says what changed since an earlier list.
 * @param[in] crl The list.
 * @return True or false. Callbacks may call it.
 * @since 0.1
 */
CMG_API bool cmg_crl_is_delta(const cmg_crl *crl);

/**
 * @brief Whether it may speak of certificates of other issuers, too.
 * @param[in] crl The list.
 * @return True or false. Callbacks may call it.
 * @since 0.1
 */
CMG_API bool cmg_crl_is_indirect(const cmg_crl *crl);

/**
 * @brief The number of entries; one that is listed twice counts once.
 * @param[in] crl The list.
 * @return The count. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_crl_count(const cmg_crl *crl);

/**
 * @brief One entry, in ascending order of serial numbers.
 * @param[in]     crl       The list.
 * @param[in]     index     From 0, below cmg_crl_count().
 * @param[in,out] out_entry Its size is set by the caller; receives the entry.
 * @param[out]    err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL for the index, #CMG_E_ABI for the size. Callbacks may
 * call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_crl_get_entry(const cmg_crl *crl, size_t index,
                                     cmg_crl_entry *out_entry, cmg_error **err);

/**
 * @brief Looks a serial number of the list's own issuer up.
 *
 * An entry of a delta list with #CMG_REASON_REMOVE_FROM_CRL is found, too: it says that
 * the certificate is no longer on hold.
 * @param[in]     crl        The list.
 * @param[in]     serial_hex 1 to 40 hexadecimal digits of either case, leading zeros
 *                           ignored.
 * @param[in,out] out_entry  Its size is set by the caller; receives the entry.
 * @param[out]    err        Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOTFOUND when it is not listed, #CMG_E_INVAL, #CMG_E_ABI.
 *         Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_crl_find(const cmg_crl *crl, const char *serial_hex,
                                cmg_crl_entry *out_entry, cmg_error **err);

/**
 * @brief Whether an authority signed the list.
 *
 * Name, key identifier and key usage of the certificate must fit, and the signature
 * verify with its key. What the certificate itself is worth is not asked.
 * @param[in]  crl    The list.
 * @param[in]  issuer The authority's certificate.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_CERT when it did not, #CMG_E_UNSUPPORTED for an algorithm that
 *         is not accepted, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_crl_verify(const cmg_crl *crl, const cmg_certificate *issuer,
                                  cmg_error **err);

/**
 * @brief The list as text for a person, at most the first 50 entries.
 * @param[in]  crl      The list.
 * @param[out] out_text Receives the text, UTF-8, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_crl_describe(const cmg_crl *crl, cmg_bytes **out_text,
                                    cmg_error **err);

/**
 * @brief Takes one more reference.
 * @param[in] crl The list or NULL.
 * @return @p crl.
 * @since 0.1
 */
CMG_API cmg_crl *cmg_crl_ref(cmg_crl *crl);

/**
 * @brief Gives a reference back.
 * @param[in] crl The list; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_crl_unref(cmg_crl *crl);

#ifdef __cplusplus
}
#endif
#endif
