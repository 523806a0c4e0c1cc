/**
 * @file check.h
 * @brief The judge of certificates: what is trusted, the question, and the report.
 *
 * A cmg_trust holds roots, further authorities and revocation lists.
 * cmg_certificate_check() searches the best path from a certificate to one of the roots
 * and reports everything that is wrong with it, not just the first thing. A cmg_report is
 * an immutable list of findings, each with a code, a severity, the certificate it is
 * about, the cause and the remedy; a single #CMG_SEVERITY_REFUSAL refuses.
 *
 * @code
 * const cmg_check_options options = {
 *     .size = sizeof options, .purpose = CMG_PURPOSE_SERVER,
 *     .name = "granitefalls.contoso.com",
 * };
 * rc = cmg_trust_new(ctx, &trust, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_trust_add(trust, pem, pem_size, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_certificate_check(certificate, trust, &options, &report, &err);
 * if (rc == CMG_OK && !cmg_report_is_accepted(report))
 *     fprintf(stderr, "%s\n", cmg_report_cause(report, 0));
 * @endcode
 */
#ifndef CMG_CHECK_H
#define CMG_CHECK_H

#include <cmg/certificate.h>
#include <cmg/crl.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Roots, further authorities and revocation lists. @since 0.1 */
typedef struct cmg_trust cmg_trust;
/** @brief What a check found; immutable. @since 0.1 */
typedef struct cmg_report cmg_report;

/** @brief What a certificate is wanted for. @since 0.1 */
typedef enum cmg_purpose {
    CMG_PURPOSE_SERVER = 1,        /**< The gateway's server certificate. */
    CMG_PURPOSE_CLIENT = 2,        /**< An internet client's certificate. */
    CMG_PURPOSE_CONNECTOR = 3,     /**< A connection point's certificate. */
    CMG_PURPOSE_AUTHORITY = 4,     /**< An authority that issues certificates. */
    CMG_PURPOSE_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_purpose;

/** @brief What revocation lists are worth. @since 0.1 */
typedef enum cmg_revocation {
    CMG_REVOCATION_SOFT = 0, /**< A list that is missing or too old is a warning. */
    CMG_REVOCATION_HARD = 1, /**< It is a refusal. */
    CMG_REVOCATION_OFF = 2,  /**< Lists are not looked at. */
    CMG_REVOCATION_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_revocation;

/**
 * @brief What else a check asks for; bits.
 *
 * Without them such deviations are warnings and notes, since none of them lets a forged
 * certificate in, and clocks may differ by five minutes at the begin of validity. Which
 * domains are shared by everybody, so that no wildcard may span them, is known for
 * countries' registries and large clouds only.
 * @since 0.1
 */
typedef enum cmg_check_flags {
    CMG_CHECK_STRICT = 1, /**< What RFC 5280 asks of issuers: deviations refuse. */
    CMG_CHECK_PUBLIC = 2, /**< The same for what public authorities must keep to. */
    CMG_CHECK_FLAGS_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_check_flags;

/** @brief The question; size-tagged. @since 0.1 */
typedef struct cmg_check_options {
    size_t size;               /**< sizeof(cmg_check_options) of the caller. */
    cmg_purpose purpose;       /**< What the certificate is wanted for. */
    cmg_revocation revocation; /**< What revocation lists are worth. */
    const char *name;          /**< Host name or address it must be for, or NULL. */
    int64_t at_unix_s;         /**< When, seconds since 1970; 0 for now. */
    int64_t crl_grace_s;       /**< Seconds a list may be too old, 0 to 30 days. */
    uint32_t max_depth;        /**< Steps from leaf to root, 1 to 16; 0 for 5. */
    uint32_t flags;            /**< Bits of #cmg_check_flags. */
} cmg_check_options;

/** @brief How much a finding weighs. @since 0.1 */
typedef enum cmg_severity {
    CMG_SEVERITY_NOTE = 1,          /**< Good to know. */
    CMG_SEVERITY_WARNING = 2,       /**< Accepted, but look after it. */
    CMG_SEVERITY_REFUSAL = 3,       /**< Refuses. */
    CMG_SEVERITY_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_severity;

/** @brief What was found. @since 0.1 */
typedef enum cmg_finding {
    /* the path */
    CMG_FINDING_NO_ISSUER = 1,     /**< Its issuer is not there. */
    CMG_FINDING_UNTRUSTED = 2,     /**< The path ends at a root that is not trusted. */
    CMG_FINDING_TOO_DEEP = 3,      /**< The path is longer than allowed. */
    CMG_FINDING_TOO_MUCH_WORK = 4, /**< There are too many ways to a root. */
    CMG_FINDING_SIGNATURE = 5,     /**< The signature does not verify. */
    /* form */
    CMG_FINDING_VERSION = 10,           /**< Not version 3. */
    CMG_FINDING_SERIAL = 11,            /**< Serial number not positive or too long. */
    CMG_FINDING_UNKNOWN_EXTENSION = 12, /**< Critical and not understood. */
    CMG_FINDING_EXTENSION = 13,         /**< An extension breaks the rules for it. */
    CMG_FINDING_EMPTY_NAME = 14, /**< No issuer, or no subject where one must be. */
    CMG_FINDING_ALTERNATIVE_NAMES = 15, /**< Malformed or not allowed there. */
    CMG_FINDING_PROFILE = 17,           /**< Deviates from the profile of RFC 5280. */
    /* time */
    CMG_FINDING_NOT_YET_VALID = 20, /**< Its validity has not begun. */
    CMG_FINDING_EXPIRED = 21,       /**< It has expired. */
    CMG_FINDING_EXPIRES_SOON = 22,  /**< It expires within 30 days. */
    /* strength */
    CMG_FINDING_WEAK_KEY = 30,       /**< Key too weak or of an unknown kind. */
    CMG_FINDING_WEAK_SIGNATURE = 31, /**< Signature too weak or of an unknown kind. */
    /* use */
    CMG_FINDING_IS_AUTHORITY = 40,  /**< An authority's where a machine's is wanted. */
    CMG_FINDING_NOT_AUTHORITY = 41, /**< It issued, but is no authority's. */
    CMG_FINDING_KEY_USAGE = 42,     /**< Key usage does not fit. */
    CMG_FINDING_EXTENDED_KEY_USAGE = 43, /**< Extended key usage does not fit. */
    CMG_FINDING_PATH_LENGTH = 44,        /**< Too many authorities below it. */
    CMG_FINDING_NAME_CONSTRAINTS = 45,   /**< A name outside of what an authority may. */
    CMG_FINDING_POLICY = 46,             /**< An authority demands policies. */
    /* the wanted name */
    CMG_FINDING_WRONG_NAME = 50,          /**< It is not for that name. */
    CMG_FINDING_NAME_IN_CN_ONLY = 51,     /**< The name stands in the common name only. */
    CMG_FINDING_NO_ALTERNATIVE_NAME = 52, /**< A server's without alternative names. */
    /* revocation */
    CMG_FINDING_REVOKED = 60,            /**< Revoked. */
    CMG_FINDING_ON_HOLD = 61,            /**< On hold. */
    CMG_FINDING_REVOCATION_UNKNOWN = 62, /**< No list tells. */
    CMG_FINDING_CRL_EXPIRED = 63,        /**< The list is too old. */
    CMG_FINDING_CRL_NOT_USABLE = 64,     /**< The list breaks a rule; it was not used. */
    CMG_FINDING_REVOCATION_UNASKED = 65, /**< Lists were not to be looked at. */
    /* the gateway's rules */
    CMG_FINDING_NO_KEY = 70,             /**< The private key is not there. */
    CMG_FINDING_KEY_NOT_EXPORTABLE = 71, /**< The private key cannot leave its place. */
    CMG_FINDING_KEY_KIND = 72,           /**< A kind or size that a gateway refuses. */
    CMG_FINDING_NAME_NOT_IN_CN = 73,     /**< The common name is another one. */
    CMG_FINDING_NAME_NOT_USABLE = 74,    /**< A gateway cannot have that name. */
    CMG_FINDING_NAME_NOT_PUBLIC = 75,    /**< Not a name for the internet. */
    CMG_FINDING_CRL_UNREACHABLE = 76,    /**< Internet clients cannot fetch its list. */
    /* renewal */
    CMG_FINDING_COMMON_NAME_CHANGED = 80, /**< Another common name, or another case. */
    CMG_FINDING_SUBJECT_CHANGED = 81,     /**< Something else of the subject differs. */
    CMG_FINDING_NAME_LOST = 82,           /**< An alternative name is gone. */
    CMG_FINDING_KEY_REUSED = 83,          /**< The key is the old one. */
    CMG_FINDING_ISSUER_CHANGED = 84,      /**< Another authority issued it. */
    CMG_FINDING_NOT_LONGER = 85,          /**< It ends no later than the old one. */
    CMG_FINDING_WIDTH = 0x7fffffff        /**< Holds the enumeration at 32 bits. */
} cmg_finding;

/**
 * @brief Makes an empty trust list.
 * @param[in]  ctx       The context.
 * @param[out] out_trust Receives the trust list, yours.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_trust_new(cmg_context *ctx, cmg_trust **out_trust,
                                 cmg_error **err);

/**
 * @brief Adds certificates: self-signed authorities become roots, others intermediates.
 * @param[in]  trust The trust list.
 * @param[in]  data  PEM with one or more certificates, DER, or PKCS#7; copied. Private
 *                   keys in it are passed over.
 * @param[in]  size  Length in bytes, at most 1 MiB.
 * @param[out] err   Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_PARSE, #CMG_E_LIMIT above 256 certificates in one call or 1000
 *         in all, #CMG_E_INVAL,
 *         #CMG_E_NOMEM. Nothing is added on failure.
 * @since 0.1
 */
CMG_API cmg_status cmg_trust_add(cmg_trust *trust, const void *data, size_t size,
                                 cmg_error **err);

/**
 * @brief Adds a certificate and the chain it carries.
 * @param[in]  trust The trust list.
 * @param[in]  cert  The certificate, copied.
 * @param[out] err   Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_LIMIT, #CMG_E_INVAL, #CMG_E_NOMEM. Nothing is added on failure.
 * @since 0.1
 */
CMG_API cmg_status cmg_trust_add_certificate(cmg_trust *trust, cmg_certificate *cert,
                                             cmg_error **err);

/**
 * @brief Adds one certificate as an anchor: paths may end at it, whoever signed it.
 *
 * For an authority that is trusted without the root above it: nothing above an anchor is
 * looked at, its revocation included.
 * @param[in]  trust The trust list.
 * @param[in]  cert  The certificate, copied; its chain is not added.
 * @param[out] err   Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_LIMIT, #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_trust_add_anchor(cmg_trust *trust, cmg_certificate *cert,
                                        cmg_error **err);

/**
 * @brief Adds a revocation list, complete or delta.
 *
 * Who signed it and how old it is are asked at each check; of several lists of one scope
 * the newest counts, so a list that is out of date need not be taken out.
 * @param[in]  trust The trust list.
 * @param[in]  crl   The list; the trust list holds on to its content.
 * @param[out] err   Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_LIMIT above 1000 lists, #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_trust_add_crl(cmg_trust *trust, cmg_crl *crl, cmg_error **err);

/**
 * @brief How many certificates the trust list holds.
 * @param[in] trust The trust list.
 * @return Roots and intermediates together. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_trust_count(const cmg_trust *trust);

/**
 * @brief How many of them paths may end at.
 * @param[in] trust The trust list.
 * @return Self-signed authorities and what was added as anchor. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_trust_root_count(const cmg_trust *trust);

/**
 * @brief Takes one more reference.
 * @param[in] trust The trust list or NULL.
 * @return @p trust.
 * @since 0.1
 */
CMG_API cmg_trust *cmg_trust_ref(cmg_trust *trust);

/**
 * @brief Gives a reference back.
 * @param[in] trust The trust list; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_trust_unref(cmg_trust *trust);

/**
 * @brief Judges a certificate.
 *
 * The chain that the certificate carries serves as untrusted intermediates, in any order;
 * nothing is fetched. The path is validated by RFC 5280, section 6.1, but for policies:
 * they are not looked at, so an authority that demands one (requireExplicitPolicy) is
 * refused. Host names match by RFC 9525: alternative names only, never the common name.
 * Every certificate but the anchor is asked for in the revocation lists of its issuer.
 * @param[in]  cert       The certificate; its chain may help to find the path.
 * @param[in]  trust      What is trusted.
 * @param[in]  options    The question; read during the call.
 * @param[out] out_report Receives the report, yours.
 * @param[out] err        Receives the error, or NULL.
 * @return #CMG_OK whenever a verdict was reached, a refusal too; #CMG_E_INVAL naming the
 *         member, #CMG_E_ABI, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_certificate_check(cmg_certificate *cert, cmg_trust *trust,
                                         const cmg_check_options *options,
                                         cmg_report **out_report, cmg_error **err);

/**
 * @brief Whether nothing in the report refuses.
 * @param[in] report The report.
 * @return True when it has no #CMG_SEVERITY_REFUSAL. Callbacks may call it.
 * @since 0.1
 */
CMG_API bool cmg_report_is_accepted(const cmg_report *report);

/**
 * @brief How many findings there are.
 * @param[in] report The report.
 * @return The count; refusals come first, then warnings, then notes. Callbacks may call
 *         it.
 * @since 0.1
 */
CMG_API size_t cmg_report_count(const cmg_report *report);

/**
 * @brief What the finding is.
 * @param[in] report The report.
 * @param[in] index  From 0.
 * @return The code; 0 when there is no such finding. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_finding cmg_report_finding_code(const cmg_report *report, size_t index);

/**
 * @brief How much it weighs.
 * @param[in] report The report.
 * @param[in] index  From 0.
 * @return The severity; 0 when there is no such finding. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_severity cmg_report_severity(const cmg_report *report, size_t index);

/**
 * @brief What the finding is about.
 * @param[in] report The report.
 * @param[in] index  From 0.
 * @return Subject of the certificate, borrowed as long as @p report; "" when there is no
 *         such finding. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_report_subject(const cmg_report *report, size_t index);

/**
 * @brief What is the matter with it.
 * @param[in] report The report.
 * @param[in] index  From 0.
 * @return One line, borrowed as long as @p report; "" when there is no such finding.
 *         Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_report_cause(const cmg_report *report, size_t index);

/**
 * @brief What to do about it.
 * @param[in] report The report.
 * @param[in] index  From 0.
 * @return One line, borrowed as long as @p report; "" when there is no such finding or
 *         nothing to do. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_report_remedy(const cmg_report *report, size_t index);

/**
 * @brief The whole report as text for a person.
 * @param[in]  report   The report.
 * @param[out] out_text Receives the text, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_report_describe(const cmg_report *report, cmg_bytes **out_text,
                                       cmg_error **err);

/**
 * @brief Takes one more reference.
 * @param[in] report The report or NULL.
 * @return @p report.
 * @since 0.1
 */
CMG_API cmg_report *cmg_report_ref(cmg_report *report);

/**
 * @brief Gives a reference back.
 * @param[in] report The report; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_report_unref(cmg_report *report);

#ifdef __cplusplus
}
#endif
#endif
