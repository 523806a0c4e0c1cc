/* The table of rules, and what authorities are asked; see x509_rules.h. */
#include "crypto/x509_rules.h"

#include <stdio.h>

#include "base/str.h"
#include "crypto/x509_chain.h"
#include "crypto/x509_constraints.h"
#include "crypto/x509_trust.h"

#define NOTE    CMG_SEVERITY_NOTE
#define WARNING CMG_SEVERITY_WARNING
#define REFUSAL CMG_SEVERITY_REFUSAL
#define STRICT  CMG_CHECK_STRICT
#define PUBLIC  CMG_CHECK_PUBLIC

/* A table: one entry for each rule. */
static const struct rule {
    cmg_finding code;
    cmg_severity weight;
    uint32_t flag; /* the question that makes it a refusal; 0: none */
    const char *cause;
    const char *remedy;
} rules[CMG__RULE_COUNT] = {
    [CMG__RULE_NO_ISSUER] = { CMG_FINDING_NO_ISSUER, REFUSAL, 0,
                              "its issuer is not in the trust list, nor sent by the peer",
                              "add the issuing authority's root and intermediates to the "
                              "trust list" },
    [CMG__RULE_UNTRUSTED] = { CMG_FINDING_UNTRUSTED, REFUSAL, 0,
                              "it is a root that is not in the trust list",
                              "add it to the trust list if it is one of yours" },
    [CMG__RULE_TOO_DEEP] = { CMG_FINDING_TOO_DEEP, REFUSAL, 0,
                             "the path to a root is longer than allowed",
                             "add nearer roots or shorten the chain of authorities" },
    [CMG__RULE_TOO_MUCH_WORK] = { CMG_FINDING_TOO_MUCH_WORK, REFUSAL, 0,
                                  "the chain has too many ways to a root",
                                  "send only the certificates that belong to the path" },
    [CMG__RULE_BAD_SIGNATURE] = { CMG_FINDING_SIGNATURE, REFUSAL, 0,
                                  "its signature does not verify with the issuer's key",
                                  "issue it again; it was changed or signed by another "
                                  "authority" },
    [CMG__RULE_BEGINS_SOON] = { CMG_FINDING_NOT_YET_VALID, WARNING, 0,
                                "its validity begins in less than five minutes",
                                "check the clocks of both machines" },
    [CMG__RULE_NOT_YET_VALID] = { CMG_FINDING_NOT_YET_VALID, REFUSAL, 0,
                                  "its validity has not begun",
                                  "check the clocks of both machines" },
    [CMG__RULE_EXPIRED] = { CMG_FINDING_EXPIRED, REFUSAL, 0, "it has expired",
                            "renew it" },
    [CMG__RULE_EXPIRES_SOON] = { CMG_FINDING_EXPIRES_SOON, WARNING, 0,
                                 "it expires within 30 days", "renew it" },
    [CMG__RULE_VERSION] = { CMG_FINDING_VERSION, REFUSAL, 0,
                            "it is not an X.509 version 3 certificate",
                            "issue it as version 3" },
    [CMG__RULE_SERIAL] = { CMG_FINDING_SERIAL, REFUSAL, 0,
                           "its serial number is not positive", "issue it again" },
    [CMG__RULE_LONG_SERIAL] = { CMG_FINDING_SERIAL, WARNING, STRICT,
                                "its serial number is longer than 20 octets",
                                "issue it with a shorter serial number" },
    [CMG__RULE_UNKNOWN_EXTENSION] = { CMG_FINDING_UNKNOWN_EXTENSION, REFUSAL, 0,
                                      "it has a critical extension that is not "
                                      "understood",
                                      "issue it without that extension" },
    [CMG__RULE_CRITICAL_EXTENSION] = { CMG_FINDING_EXTENSION, REFUSAL, 0,
                                       "it has an extension that must not be critical",
                                       "issue it with that extension not critical" },
    [CMG__RULE_NAME_CONSTRAINTS_IN_LEAF] = { CMG_FINDING_EXTENSION, REFUSAL, 0,
                                             "it has name constraints but is no "
                                             "authority's",
                                             "issue it without name constraints" },
    [CMG__RULE_EMPTY_ISSUER] = { CMG_FINDING_EMPTY_NAME, REFUSAL, 0,
                                 "its issuer has no name",
                                 "give the issuing authority a name" },
    [CMG__RULE_EMPTY_SUBJECT] = { CMG_FINDING_EMPTY_NAME, REFUSAL, 0,
                                  "it has no name, neither subject nor alternative",
                                  "issue it with a name" },
    [CMG__RULE_ALTERNATIVE_NAMES] = { CMG_FINDING_ALTERNATIVE_NAMES, REFUSAL, 0,
                                      "its alternative names are malformed",
                                      "issue it with well-formed names" },
    [CMG__RULE_WEAK_KEY] = { CMG_FINDING_WEAK_KEY, REFUSAL, 0,
                             "its key is neither RSA of 2048 to 8192 bits nor EC P-256, "
                             "P-384 or P-521",
                             "issue it with an allowed key" },
    [CMG__RULE_RSA_EXPONENT] = { CMG_FINDING_WEAK_KEY, WARNING, PUBLIC,
                                 "its RSA key has an exponent below 65537",
                                 "make a key with the exponent 65537" },
    [CMG__RULE_RSA_SIZE] = { CMG_FINDING_PROFILE, WARNING, PUBLIC,
                             "the size of its RSA key is not a multiple of eight bits",
                             "make a key of 2048, 3072 or 4096 bits" },
    [CMG__RULE_WEAK_SIGNATURE] = { CMG_FINDING_WEAK_SIGNATURE, REFUSAL, 0,
                                   "its signature algorithm is weaker than SHA-256 or "
                                   "not known",
                                   "issue it with SHA-256 or better" },
    [CMG__RULE_OLD_ROOT_SIGNATURE] = { CMG_FINDING_WEAK_SIGNATURE, NOTE, 0,
                                       "the root signed itself with an old algorithm, "
                                       "which proves nothing either way",
                                       "" },
    [CMG__RULE_PROFILE] = { CMG_FINDING_PROFILE, WARNING, STRICT,
                            "it deviates from the profile of RFC 5280",
                            "issue it by the profile" },
    [CMG__RULE_LEAF_IS_CA] = { CMG_FINDING_IS_AUTHORITY, REFUSAL, 0,
                               "it is an authority's certificate",
                               "use a certificate that was issued to a machine" },
    [CMG__RULE_LEAF_KEY_USAGE] = { CMG_FINDING_KEY_USAGE, REFUSAL, 0,
                                   "its key usage lacks digitalSignature",
                                   "issue it with that key usage" },
    [CMG__RULE_NO_CLIENT_AUTH] = { CMG_FINDING_EXTENDED_KEY_USAGE, REFUSAL, 0,
                                   "its extended key usage lacks clientAuth",
                                   "use a template with client authentication" },
    [CMG__RULE_NO_SERVER_AUTH] = { CMG_FINDING_EXTENDED_KEY_USAGE, REFUSAL, 0,
                                   "its extended key usage lacks serverAuth",
                                   "use a template with server authentication" },
    [CMG__RULE_WRONG_NAME] = { CMG_FINDING_WRONG_NAME, REFUSAL, 0,
                               "none of its alternative names is the wanted one",
                               "issue it with that name as alternative name" },
    [CMG__RULE_NAME_IN_CN_ONLY] = { CMG_FINDING_NAME_IN_CN_ONLY, NOTE, 0,
                                    "the wanted name stands in the common name only, "
                                    "which does not count (RFC 9525)",
                                    "repeat it as alternative name" },
    [CMG__RULE_NO_ALTERNATIVE_NAME] = { CMG_FINDING_NO_ALTERNATIVE_NAME, WARNING, PUBLIC,
                                        "a server's certificate has no alternative name "
                                        "that clients could match",
                                        "issue it with its host name as alternative "
                                        "name" },
    [CMG__RULE_WIDE_WILDCARD] = { CMG_FINDING_ALTERNATIVE_NAMES, WARNING, PUBLIC,
                                  "a wildcard spans a domain in which everybody may have "
                                  "names",
                                  "issue it for a name of your own" },
    [CMG__RULE_PUBLIC_PROFILE] = { CMG_FINDING_PROFILE, NOTE, PUBLIC,
                                   "it deviates from what public authorities issue",
                                   "issue it by the Baseline Requirements" },
    [CMG__RULE_NOT_A_CA] = { CMG_FINDING_NOT_AUTHORITY, REFUSAL, 0,
                             "it issued a certificate but is no authority's",
                             "use a chain of authorities" },
    [CMG__RULE_CA_KEY_USAGE] = { CMG_FINDING_KEY_USAGE, REFUSAL, 0,
                                 "its key usage lacks keyCertSign",
                                 "use an authority that may sign certificates" },
    [CMG__RULE_CA_PATH_LENGTH] = { CMG_FINDING_PATH_LENGTH, REFUSAL, 0,
                                   "more authorities stand below it than its path length "
                                   "allows",
                                   "issue from an authority nearer to it" },
    [CMG__RULE_CA_EKU] = { CMG_FINDING_EXTENDED_KEY_USAGE, REFUSAL, 0,
                           "it is not allowed to issue certificates for this purpose",
                           "use an authority whose extended key usage includes the "
                           "purpose" },
    [CMG__RULE_CONSTRAINTS_MALFORMED] = { CMG_FINDING_EXTENSION, REFUSAL, 0,
                                          "its name constraints are malformed",
                                          "issue the authority's certificate again" },
    [CMG__RULE_NAME_NOT_ALLOWED] = { CMG_FINDING_NAME_CONSTRAINTS, REFUSAL, 0,
                                     "its name is outside of the authority's name "
                                     "constraints",
                                     "issue it with a permitted name or by another "
                                     "authority" },
    [CMG__RULE_TOO_MANY_NAMES] = { CMG_FINDING_TOO_MUCH_WORK, REFUSAL, 0,
                                   "it has too many names for the constraints above it",
                                   "issue it with fewer names" },
    [CMG__RULE_POLICY] = { CMG_FINDING_POLICY, REFUSAL, 0,
                           "it demands that certificates below it name a policy, which "
                           "is not looked at here",
                           "use an authority without requireExplicitPolicy" },
    [CMG__RULE_REVOKED] = { CMG_FINDING_REVOKED, REFUSAL, 0, "it was revoked",
                            "issue a new one with a new key" },
    [CMG__RULE_ON_HOLD] = { CMG_FINDING_ON_HOLD, REFUSAL, 0, "it is on hold",
                            "release it at its authority, or issue a new one" },
    [CMG__RULE_REVOCATION_UNKNOWN] = { CMG_FINDING_REVOCATION_UNKNOWN, WARNING, 0,
                                       "no revocation list tells whether it was revoked",
                                       "give the current list of its authority" },
    [CMG__RULE_CRL_EXPIRED] = { CMG_FINDING_CRL_EXPIRED, WARNING, 0,
                                "the revocation list of its authority is too old",
                                "get the current list of its authority" },
    [CMG__RULE_CRL_LATE] = { CMG_FINDING_CRL_EXPIRED, WARNING, 0,
                             "the revocation list of its authority is in its time of "
                             "grace",
                             "get the current list of its authority" },
    [CMG__RULE_CRL_UNUSABLE] = { CMG_FINDING_CRL_NOT_USABLE, WARNING, 0,
                                 "a revocation list that speaks of it was not used",
                                 "get the list from its authority again" },
    [CMG__RULE_CRL_NUMBER] = { CMG_FINDING_PROFILE, WARNING, STRICT,
                               "its revocation list has no number, or a critical one",
                               "let it number its lists" },
    [CMG__RULE_REVOCATION_UNASKED] = { CMG_FINDING_REVOCATION_UNASKED, NOTE, 0,
                                       "whether it was revoked was not asked", "" },
};

void cmg__rule_broken_with(struct cmg__findings *findings, enum cmg__rule number,
                           cmg_severity weight, const struct cmg__x509 *cert,
                           const char *detail)
{
    const struct rule *rule = &rules[number];
    char label[sizeof cert->serial_hex + 16];
    const char *subject = cert->subject;

    /* A certificate without a subject is known by its number. */
    if (subject[0] == '\0') {
        (void)snprintf(label, sizeof label, "serial %s", cert->serial_hex);
        subject = label;
    }
    findings->refusals += weight == CMG_SEVERITY_REFUSAL;
    if (findings->report != NULL)
        cmg__report_add(findings->report, rule->code, weight, subject, rule->remedy,
                        "%s%s%s", rule->cause, detail != NULL ? ": " : "",
                        cmg__str_or(detail, ""));
}

void cmg__rule_broken(struct cmg__findings *findings, enum cmg__rule number,
                      const struct cmg__x509 *cert, const char *detail)
{
    const bool asked = (findings->flags & rules[number].flag) != 0;

    cmg__rule_broken_with(findings, number,
                          asked ? CMG_SEVERITY_REFUSAL : rules[number].weight, cert,
                          detail);
}

static bool may_issue_for_purpose(const struct cmg__x509_question *q,
                                  const struct cmg__x509 *ca)
{
    if (!ca->has_eku || ca->eku_any || q->purpose == CMG_PURPOSE_AUTHORITY ||
        q->purpose == CMG__PURPOSE_NONE)
        return true;
    return q->purpose == CMG_PURPOSE_SERVER ? ca->eku_server_auth : ca->eku_client_auth;
}

/* Identifiers of keys, by which paths are found. */
static void check_authority_identifiers(const struct cmg__x509 *ca, bool anchor,
                                        struct cmg__findings *findings)
{
    if (ca->key_id.n == 0)
        cmg__rule_broken(findings, CMG__RULE_PROFILE, ca,
                         "an authority without subjectKeyIdentifier");
    if (!anchor || (ca->present & CMG__EXT_AKI) == 0)
        return;
    if (ca->authority_key_id.n == 0 || ca->authority_issuer.n > 0)
        cmg__rule_broken(findings, CMG__RULE_PUBLIC_PROFILE, ca,
                         "a root's authorityKeyIdentifier has other members than the "
                         "key's identifier");
    else if (cmg__x509_is_self_issued(ca) &&
             !cmg__span_eq(ca->authority_key_id, ca->key_id))
        cmg__rule_broken(findings, CMG__RULE_PUBLIC_PROFILE, ca,
                         "a root names another key as its issuer's");
}

static void check_constraints(const struct cmg__x509 *ca, struct cmg__findings *findings)
{
    if ((ca->present & CMG__EXT_NAME_CONSTRAINTS) == 0)
        return;
    if (!cmg__x509_constraints_are_sound(ca))
        cmg__rule_broken(findings, CMG__RULE_CONSTRAINTS_MALFORMED, ca, NULL);
    else if (!cmg__x509_constraints_are_strict(ca))
        cmg__rule_broken(findings, CMG__RULE_PROFILE, ca,
                         "a DNS name constraint begins with a dot");
    if ((ca->critical & CMG__EXT_NAME_CONSTRAINTS) == 0)
        cmg__rule_broken(findings, CMG__RULE_PROFILE, ca,
                         "name constraints are not critical");
}

static void check_policies(const struct cmg__x509 *ca, struct cmg__findings *findings)
{
    const uint32_t both = CMG__EXT_POLICY_CONSTRAINTS | CMG__EXT_INHIBIT_ANY_POLICY;

    if (ca->requires_policy)
        cmg__rule_broken(findings, CMG__RULE_POLICY, ca, NULL);
    if ((ca->present & both & ~ca->critical) != 0)
        cmg__rule_broken(findings, CMG__RULE_PROFILE, ca,
                         "policy constraints are not critical");
}

void cmg__x509_rules_authority(const struct cmg__x509_question *q,
                               const struct cmg__x509 *ca, bool anchor,
                               struct cmg__findings *findings)
{
    if (!ca->is_ca)
        cmg__rule_broken(findings, CMG__RULE_NOT_A_CA, ca, NULL);
    else if ((ca->critical & CMG__EXT_BASIC_CONSTRAINTS) == 0)
        cmg__rule_broken(findings, CMG__RULE_PROFILE, ca,
                         "an authority's basic constraints are not critical");
    if (ca->has_key_usage && (ca->key_usage & CMG__KU_KEY_CERT_SIGN) == 0)
        cmg__rule_broken(findings, CMG__RULE_CA_KEY_USAGE, ca, NULL);
    if (!ca->has_key_usage && !anchor)
        cmg__rule_broken(findings, CMG__RULE_PROFILE, ca,
                         "an authority without key usage");
    if (!may_issue_for_purpose(q, ca))
        cmg__rule_broken(findings, CMG__RULE_CA_EKU, ca, NULL);
    if (anchor && ca->has_eku)
        cmg__rule_broken(findings, CMG__RULE_PUBLIC_PROFILE, ca,
                         "a root has extended key usages");
    if (ca->subject_name.n == 0)
        cmg__rule_broken(findings, CMG__RULE_EMPTY_SUBJECT, ca, NULL);
    check_authority_identifiers(ca, anchor, findings);
    check_constraints(ca, findings);
    check_policies(ca, findings);
}
