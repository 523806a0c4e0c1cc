/**
 * @file crl.h
 * @brief Certificate revocation lists.
 */
#ifndef CMG_CRL_H
#define CMG_CRL_H

#include <cmg/certificate.h>

#ifdef __cplusplus
extern "C" {
#endif

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

#ifdef __cplusplus
}
#endif
#endif
