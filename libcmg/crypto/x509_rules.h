/*
 * The rules that certificates and paths are held against: one table with what each
 * weighs, what it says and what to do about it. Rules about how to issue weigh little
 * unless they were asked for: breaking them lets no forged certificate in.
 */
#ifndef CMG_CRYPTO_X509_RULES_H
#define CMG_CRYPTO_X509_RULES_H

#include "crypto/x509_data.h"
#include "crypto/x509_judge.h"

#define CMG__PATH_MAX 24 /* certificates, self-issued ones included */

enum cmg__rule {
    /* the path */
    CMG__RULE_NO_ISSUER,
    CMG__RULE_UNTRUSTED,
    CMG__RULE_TOO_DEEP,
    CMG__RULE_TOO_MUCH_WORK,
    CMG__RULE_BAD_SIGNATURE,
    /* every certificate */
    CMG__RULE_NOT_YET_VALID,
    CMG__RULE_BEGINS_SOON,
    CMG__RULE_EXPIRED,
    CMG__RULE_EXPIRES_SOON,
    CMG__RULE_VERSION,
    CMG__RULE_SERIAL,
    CMG__RULE_LONG_SERIAL,
    CMG__RULE_UNKNOWN_EXTENSION,
    CMG__RULE_CRITICAL_EXTENSION,
    CMG__RULE_NAME_CONSTRAINTS_IN_LEAF,
    CMG__RULE_EMPTY_ISSUER,
    CMG__RULE_EMPTY_SUBJECT,
    CMG__RULE_ALTERNATIVE_NAMES,
    CMG__RULE_WEAK_KEY,
    CMG__RULE_RSA_EXPONENT,
    CMG__RULE_RSA_SIZE,
    CMG__RULE_WEAK_SIGNATURE,
    CMG__RULE_OLD_ROOT_SIGNATURE,
    CMG__RULE_PROFILE,
    /* the leaf */
    CMG__RULE_LEAF_IS_CA,
    CMG__RULE_LEAF_KEY_USAGE,
    CMG__RULE_NO_CLIENT_AUTH,
    CMG__RULE_NO_SERVER_AUTH,
    CMG__RULE_WRONG_NAME,
    CMG__RULE_NAME_IN_CN_ONLY,
    CMG__RULE_NO_ALTERNATIVE_NAME,
    CMG__RULE_WIDE_WILDCARD,
    CMG__RULE_PUBLIC_PROFILE,
    /* authorities */
    CMG__RULE_NOT_A_CA,
    CMG__RULE_CA_KEY_USAGE,
    CMG__RULE_CA_PATH_LENGTH,
    CMG__RULE_CA_EKU,
    CMG__RULE_CONSTRAINTS_MALFORMED,
    CMG__RULE_NAME_NOT_ALLOWED,
    CMG__RULE_TOO_MANY_NAMES,
    CMG__RULE_POLICY,
    /* revocation */
    CMG__RULE_REVOKED,
    CMG__RULE_ON_HOLD,
    CMG__RULE_REVOCATION_UNKNOWN,
    CMG__RULE_CRL_EXPIRED,
    CMG__RULE_CRL_LATE,
    CMG__RULE_CRL_UNUSABLE,
    CMG__RULE_CRL_NUMBER,
    CMG__RULE_REVOCATION_UNASKED,
    CMG__RULE_COUNT
};

/* Where broken rules go: to a report, or only counted when there is none. */
struct cmg__findings {
    struct cmg__report *report;
    unsigned flags; /* of cmg_check_flags */
    unsigned refusals;
};
/* Detail is put behind the cause, or NULL. */
void cmg__rule_broken(struct cmg__findings *findings, enum cmg__rule rule,
                      const struct cmg__x509 *cert, const char *detail);
/* The same with a weight that the question decides. */
void cmg__rule_broken_with(struct cmg__findings *findings, enum cmg__rule rule,
                           cmg_severity weight, const struct cmg__x509 *cert,
                           const char *detail);

/* The rules that ask for nothing but the certificate: time, form, strength. */
void cmg__x509_rules_any(const struct cmg__x509_question *q, const struct cmg__x509 *cert,
                         bool anchor, struct cmg__findings *findings);
/* What its purpose asks of a leaf, its own form included. */
void cmg__x509_rules_leaf(const struct cmg__x509_question *q,
                          const struct cmg__x509 *cert, struct cmg__findings *findings);
/* What every certificate must be that issues one. */
void cmg__x509_rules_authority(const struct cmg__x509_question *q,
                               const struct cmg__x509 *ca, bool anchor,
                               struct cmg__findings *findings);

#endif
