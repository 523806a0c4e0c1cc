/*
 * The judge of certificate chains. The leaf is held against the rules of its purpose,
 * then a path is searched upwards, depth first, through the peer's own certificates and
 * the trust list's intermediates until a root of the trust list signs. Every certificate
 * on the way must keep every rule; the answer names the rule that the best path broke.
 * Depth and the number of signature checks are bounded, so no chain can buy much time.
 */
#include "crypto/x509_constraints.h"
#include "crypto/x509_judge.h"
#include "crypto/x509_name.h"
#include "crypto/x509_trust.h"

#define MAX_DEPTH      5 /* root, when the leaf is 0 */
#define MAX_PEER       10
#define MAX_SIGNATURES 64
#define SKEW_S         300

enum rule {
    KEEPS_ALL,
    NO_ISSUER,
    TOO_DEEP,
    TOO_MUCH_WORK,
    BAD_SIGNATURE,
    NOT_YET_VALID,
    EXPIRED,
    BAD_SERIAL,
    UNKNOWN_EXTENSION,
    WEAK_KEY,
    WEAK_SIGNATURE,
    LEAF_IS_CA,
    LEAF_KEY_USAGE,
    NO_CLIENT_AUTH,
    NO_SERVER_AUTH,
    NOT_A_CA,
    CA_KEY_USAGE,
    CA_PATH_LENGTH,
    CA_EKU,
    NAME_NOT_ALLOWED,
    OUT_OF_MEMORY
};

static const struct {
    const char *cause;
    const char *remedy;
} texts[] = {
    [KEEPS_ALL] = { "", "" },
    [NO_ISSUER] = { "its issuer is not in the trust list, nor sent by the peer",
                    "add the issuing authority's root and intermediates to the trust "
                    "list" },
    [TOO_DEEP] = { "the path to a root is longer than five steps",
                   "add nearer roots or shorten the chain of authorities" },
    [TOO_MUCH_WORK] = { "the chain has too many ways to a root",
                        "send only the certificates that belong to the path" },
    [BAD_SIGNATURE] = { "its signature does not verify with the issuer's key",
                        "issue it again; it was changed or signed by another authority" },
    [NOT_YET_VALID] = { "its validity has not begun",
                        "check the clocks of both machines" },
    [EXPIRED] = { "it has expired", "renew it" },
    [BAD_SERIAL] = { "its serial number is not positive", "issue it again" },
    [UNKNOWN_EXTENSION] = { "it has a critical extension that is not understood",
                            "issue it without that extension" },
    [WEAK_KEY] = { "its key is neither RSA of 2048 bits or more nor EC P-256, P-384 or "
                   "P-521",
                   "issue it with an allowed key" },
    [WEAK_SIGNATURE] = { "its signature algorithm is weaker than SHA-256 or not known",
                         "issue it with SHA-256 or better" },
    [LEAF_IS_CA] = { "it is an authority's certificate",
                     "use a certificate that was issued to a machine" },
    [LEAF_KEY_USAGE] = { "its key usage lacks digitalSignature",
                         "issue it with that key usage" },
    [NO_CLIENT_AUTH] = { "its extended key usage lacks clientAuth",
                         "use a template with client authentication" },
    [NO_SERVER_AUTH] = { "its extended key usage lacks serverAuth",
                         "use a template with server authentication" },
    [NOT_A_CA] = { "it issued a certificate but is no authority's",
                   "use a chain of authorities" },
    [CA_KEY_USAGE] = { "its key usage lacks keyCertSign",
                       "use an authority that may sign certificates" },
    [CA_PATH_LENGTH] = { "more authorities stand below it than its path length allows",
                         "issue from an authority nearer to it" },
    [CA_EKU] = { "it is not allowed to issue certificates for this purpose",
                 "use an authority whose extended key usage includes the purpose" },
    [NAME_NOT_ALLOWED] = { "its name is outside of the authority's name constraints",
                           "issue it with a permitted name or by another authority" },
    [OUT_OF_MEMORY] = { "", "" },
};

struct judge {
    const struct cmg__x509_trust *trust;
    enum cmg__x509_purpose purpose;
    int64_t now;
    struct cmg__x509 *const *peer;
    size_t peer_count;
    const struct cmg__x509 *path[MAX_DEPTH + 1];
    unsigned signatures;
    /* the refusal of the path that came farthest */
    enum rule rule;
    unsigned depth;
    const struct cmg__x509 *culprit;
};

static void refuse(struct judge *j, enum rule rule, unsigned depth,
                   const struct cmg__x509 *culprit)
{
    if (j->rule == OUT_OF_MEMORY)
        return;
    if (rule != OUT_OF_MEMORY && j->rule != KEEPS_ALL &&
        (depth < j->depth || (depth == j->depth && rule == NO_ISSUER)))
        return;
    j->rule = rule;
    j->depth = depth;
    j->culprit = culprit;
}

/* The rules for every certificate; a root's own signature proves nothing and may be old.
 */
static enum rule check_any(const struct judge *j, const struct cmg__x509 *cert, bool root)
{
    const enum cmg__oid signature = cert->signature_algorithm;

    if (j->now < cert->not_before - SKEW_S)
        return NOT_YET_VALID;
    if (j->now > cert->not_after)
        return EXPIRED;
    if (!root && !cert->serial_is_positive)
        return BAD_SERIAL;
    if (cert->unknown_critical[0] != '\0')
        return UNKNOWN_EXTENSION;
    if (cert->bits == 0 || (cert->key_algorithm == CMG__OID_RSA && cert->bits < 2048))
        return WEAK_KEY;
    if (signature == CMG__OID_UNKNOWN ||
        (!root && (signature == CMG__OID_RSA_SHA1 || signature == CMG__OID_ECDSA_SHA1)))
        return WEAK_SIGNATURE;
    return KEEPS_ALL;
}

static enum rule check_leaf(const struct judge *j, const struct cmg__x509 *cert)
{
    if (cert->is_ca)
        return LEAF_IS_CA;
    if (cert->has_key_usage && (cert->key_usage & CMG__KU_DIGITAL_SIGNATURE) == 0)
        return LEAF_KEY_USAGE;
    if (j->purpose == CMG__PURPOSE_CLIENT && !cert->eku_client_auth)
        return NO_CLIENT_AUTH;
    if (j->purpose == CMG__PURPOSE_SERVER && !cert->eku_server_auth)
        return NO_SERVER_AUTH;
    return check_any(j, cert, false);
}

/* Authorities between the leaf and depth; self-issued ones do not count. */
static int authorities_below(const struct judge *j, unsigned depth)
{
    int count = 0;

    for (unsigned i = 1; i < depth; i++)
        count += !cmg__x509_is_self_issued(j->path[i]);
    return count;
}

static bool may_issue_for_purpose(const struct judge *j, const struct cmg__x509 *ca)
{
    const bool named =
        j->purpose == CMG__PURPOSE_CLIENT ? ca->eku_client_auth : ca->eku_server_auth;

    return !ca->has_eku || ca->eku_any || named;
}

static enum rule check_authority(const struct judge *j, const struct cmg__x509 *ca,
                                 unsigned depth, bool root)
{
    if (!ca->is_ca)
        return NOT_A_CA;
    if (ca->has_key_usage && (ca->key_usage & CMG__KU_KEY_CERT_SIGN) == 0)
        return CA_KEY_USAGE;
    if (ca->path_length >= 0 && authorities_below(j, depth) > ca->path_length)
        return CA_PATH_LENGTH;
    if (!may_issue_for_purpose(j, ca))
        return CA_EKU;
    return check_any(j, ca, root);
}

/* Every name below the authority at depth; self-issued authorities are exempt. */
static const struct cmg__x509 *find_name_outside(const struct judge *j, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++) {
        const struct cmg__x509 *cert = j->path[i];

        if ((i == 0 || !cmg__x509_is_self_issued(cert)) &&
            !cmg__x509_names_allowed(j->path[depth], cert))
            return cert;
    }
    return NULL;
}

static enum rule check_signature(struct judge *j, const struct cmg__x509 *cert,
                                 const struct cmg__x509 *issuer)
{
    if (j->signatures == MAX_SIGNATURES)
        return TOO_MUCH_WORK;
    j->signatures++;
    switch (cmg__x509_verify_signature(cert, issuer)) {
    case CMG_OK:
        return KEEPS_ALL;
    case CMG_E_NOMEM:
        return OUT_OF_MEMORY;
    default:
        return BAD_SIGNATURE;
    }
}

/* Names agree, and key identifiers where both have one. */
static bool may_be_issuer(const struct cmg__x509 *cert, const struct cmg__x509 *issuer)
{
    if (!cmg__x509_name_equal(cert->issuer_name, issuer->subject_name))
        return false;
    return cert->authority_key_id.n == 0 || issuer->key_id.n == 0 ||
           cmg__span_eq(cert->authority_key_id, issuer->key_id);
}

/* Puts the candidate on the path above depth - 1 when it keeps the rules there. */
static bool admit(struct judge *j, const struct cmg__x509 *ca, unsigned depth, bool root)
{
    const struct cmg__x509 *below = j->path[depth - 1];
    enum rule rule = check_authority(j, ca, depth, root);

    if (rule != KEEPS_ALL) {
        refuse(j, rule, depth, ca);
        return false;
    }
    rule = check_signature(j, below, ca);
    if (rule != KEEPS_ALL) {
        refuse(j, rule, depth, below);
        return false;
    }
    j->path[depth] = ca;
    const struct cmg__x509 *outside = find_name_outside(j, depth);
    if (outside != NULL)
        refuse(j, NAME_NOT_ALLOWED, depth, outside);
    return outside == NULL;
}

static bool is_on_path(const struct judge *j, const struct cmg__x509 *cert,
                       unsigned depth)
{
    for (unsigned i = 0; i < depth; i++) {
        if (cmg__span_eq(j->path[i]->tbs, cert->tbs))
            return true;
    }
    return false;
}

/* The i-th certificate that may stand on a path: roots, other trusted ones, the peer's.
 */
static const struct cmg__x509 *candidate(const struct judge *j, size_t i)
{
    if (i < j->trust->count)
        return j->trust->list[i];
    return j->peer[i - j->trust->count];
}

/* From the certificate at depth - 1 to a root. */
static bool climb(struct judge *j, unsigned depth)
{
    const struct cmg__x509 *below = j->path[depth - 1];

    if (depth > MAX_DEPTH) {
        refuse(j, TOO_DEEP, depth, below);
        return false;
    }
    for (size_t i = 0; i < j->trust->count + j->peer_count; i++) {
        const struct cmg__x509 *ca = candidate(j, i);
        const bool root = i < j->trust->root_count;

        if (!may_be_issuer(below, ca) || is_on_path(j, ca, depth) ||
            !admit(j, ca, depth, root))
            continue;
        if (root || climb(j, depth + 1))
            return true;
    }
    refuse(j, NO_ISSUER, depth, below);
    return false;
}

static cmg_status answer(const struct judge *j, cmg_error **err)
{
    const bool extension = j->rule == UNKNOWN_EXTENSION;

    if (j->rule == OUT_OF_MEMORY)
        return cmg__fail_nomem(err);
    const struct cmg__error_info info = {
        .code = CMG_E_CERT,
        .subject = j->culprit->subject,
        .cause = texts[j->rule].cause,
        .remedy = texts[j->rule].remedy,
    };
    return cmg__error_set(
        err, j->trust->alloc, &info, "certificate \"%.200s\" is refused: %s%s%s",
        j->culprit->subject, texts[j->rule].cause, extension ? ": " : "",
        extension ? j->culprit->unknown_critical : "");
}

static void decide(struct judge *j)
{
    j->path[0] = j->peer[0];
    const enum rule rule = check_leaf(j, j->peer[0]);
    if (rule != KEEPS_ALL)
        refuse(j, rule, 0, j->peer[0]);
    else if (climb(j, 1))
        j->rule = KEEPS_ALL;
}

cmg_status cmg__x509_judge(const struct cmg__x509_trust *trust,
                           const struct cmg__x509_question *question,
                           struct cmg__x509 *const *chain, size_t count,
                           struct cmg__report *report)
{
    struct judge judge = {
        .trust = trust,
        .purpose = question->purpose == CMG_PURPOSE_SERVER ? CMG__PURPOSE_SERVER
                                                           : CMG__PURPOSE_CLIENT,
        .now = question->now_unix_s,
        .peer = chain,
        .peer_count = count,
    };

    decide(&judge);
    if (judge.rule == OUT_OF_MEMORY)
        return CMG_E_NOMEM;
    if (judge.rule != KEEPS_ALL)
        cmg__report_add(report, CMG_FINDING_NO_ISSUER, CMG_SEVERITY_REFUSAL,
                        judge.culprit->subject, texts[judge.rule].remedy, "%s",
                        texts[judge.rule].cause);
    return report->rc;
}

static cmg_status read_peer(const struct cmg__alloc *alloc, struct cmg__x509 **peer,
                            const uint8_t *const *ders, const size_t *lens, size_t count,
                            cmg_error **err)
{
    if (count == 0 || count > MAX_PEER)
        return cmg__fail(err, alloc, CMG_E_CERT, "certificate",
                         "send the leaf and the authorities above it",
                         "a chain of %zu certificates is not accepted, 1 to %d are",
                         count, MAX_PEER);
    for (size_t i = 0; i < count; i++) {
        const cmg_status rc = cmg__x509_parse(alloc, ders[i], lens[i], &peer[i], NULL);
        if (rc == CMG_E_NOMEM)
            return cmg__fail_nomem(err);
        if (rc != CMG_OK)
            return cmg__fail(err, alloc, CMG_E_CERT, "certificate", "issue it again",
                             "certificate %zu of the peer's chain is not well formed",
                             i + 1);
    }
    return CMG_OK;
}

cmg_status cmg__x509_check(const struct cmg__x509_trust *trust,
                           enum cmg__x509_purpose purpose, const uint8_t *const *ders,
                           const size_t *lens, size_t count, int64_t now_unix_s,
                           cmg_error **err)
{
    struct cmg__x509 *peer[MAX_PEER] = { NULL };
    struct judge judge = {
        .trust = trust,
        .purpose = purpose,
        .now = now_unix_s,
        .peer = peer,
        .peer_count = count,
    };
    cmg_status rc = read_peer(trust->alloc, peer, ders, lens, count, err);

    if (rc == CMG_OK) {
        decide(&judge);
        if (judge.rule != KEEPS_ALL)
            rc = answer(&judge, err);
    }
    for (size_t i = 0; i < MAX_PEER; i++)
        cmg__x509_free(peer[i]);
    return rc;
}
