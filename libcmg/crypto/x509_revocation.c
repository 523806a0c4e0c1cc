/*
 * Revocation (RFC 5280, section 6.3). For each certificate the lists that speak of it are
 * gathered: right issuer, kind and distribution point, signed by an authority that may.
 * The newest of each scope counts, a delta list that fits laid over it. Silence means
 * "good" only when every reason is covered by lists that are fresh and understood; a
 * certificate that any list names is refused, however old the list is.
 */
#include "crypto/x509_revocation.h"

#include <stdio.h>

#include "base/str.h"
#include "crypto/x509_name.h"

#define MAX_LISTS 32 /* that speak of one certificate */
#define SKEW_S    300

/* A list that speaks of the certificate, and who signed it. */
struct voice {
    struct cmg__crl *crl;
    const struct cmg__x509 *signer;
    unsigned reasons;
};

/* One certificate's case. */
struct inquiry {
    struct cmg__revocation *r;
    struct cmg__findings *findings;
    size_t at; /* on the path */
    struct voice voices[MAX_LISTS];
    size_t count;
    unsigned covered; /* reasons for which silence counts */
    bool stale;       /* a list was too old */
    bool late;        /* a list is in its grace time */
    const char *unusable;
};

static const struct cmg__x509 *subject_of(const struct inquiry *q)
{
    return q->r->path[q->at];
}

/* ---- who signed a list ---- */

static bool has_signed(struct cmg__revocation *r, struct cmg__crl *crl,
                       const struct cmg__x509 *cert)
{
    struct cmg__crl_info info;

    cmg__crl_info(crl, &info);
    if (!cmg__x509_name_equal(info.issuer_name, cert->subject_name) || *r->budget == 0)
        return false;
    const cmg_status rc = cmg__crl_verify(crl, cert);
    if (rc != CMG_OK)
        --*r->budget;
    if (rc == CMG_E_NOMEM)
        r->rc = rc;
    return rc == CMG_OK;
}

/* A machine's certificate that says nothing of its use is not meant for lists. */
static bool may_sign_lists(const struct cmg__x509 *cert)
{
    return cert->is_ca || (cert->key_usage & CMG__KU_CRL_SIGN) != 0;
}

/* Somebody who is not on the path: must have one of his own, to the same anchor. */
static const struct cmg__x509 *find_stranger(struct cmg__revocation *r,
                                             struct cmg__crl *crl,
                                             const struct cmg__x509 *subject)
{
    const size_t count = r->trust->count + r->peer->count;

    if (r->level >= CMG__REVOCATION_LEVELS)
        return NULL;
    for (size_t i = 0; i < count && r->rc == CMG_OK; i++) {
        const struct cmg__x509 *cert =
            i < r->trust->count ? r->trust->list[i] : r->peer->list[i - r->trust->count];

        if (!may_sign_lists(cert))
            continue;
        /* Nobody speaks for himself, but who signs lists may leave himself out of his;
           his path is the one that is being judged. */
        if (cert == subject ? r->level > 0 && has_signed(r, crl, cert)
                            : has_signed(r, crl, cert) &&
                                  cmg__x509_path_ends_at(r, cert, r->path[r->count - 1]))
            return cert;
    }
    return NULL;
}

static const struct cmg__x509 *find_signer(struct cmg__revocation *r,
                                           struct cmg__crl *crl, size_t at)
{
    for (size_t i = at + 1; i < r->count && r->rc == CMG_OK; i++) {
        if (has_signed(r, crl, r->path[i]))
            return r->path[i];
    }
    return find_stranger(r, crl, r->path[at]);
}

/* ---- the lists that there are ---- */

static size_t list_count(const struct cmg__revocation *r)
{
    return r->trust->crl_count + r->question->crl_count;
}

static struct cmg__crl *list_at(const struct cmg__revocation *r, size_t i)
{
    if (i < r->trust->crl_count)
        return r->trust->crls[i];
    return r->question->crls[i - r->trust->crl_count];
}

/* ---- what lists are worth ---- */

enum age { FRESH, LATE, STALE };

/* A list that does not say when the next one comes is old from the beginning. */
static enum age age_of(const struct inquiry *q, const struct cmg__crl_info *info)
{
    const int64_t now = q->r->question->now_unix_s;
    const int64_t end = info->next_update_unix_s != 0 ? info->next_update_unix_s
                                                      : info->this_update_unix_s;

    if (now <= end)
        return FRESH;
    return now - end <= q->r->question->crl_grace_s ? LATE : STALE;
}

static bool number_is_right(const struct cmg__crl_info *info)
{
    return info->number.n > 0 && !info->number_is_critical;
}

/* Why silence of the list says nothing; NULL when it does. */
static const char *why_unusable(const struct inquiry *q, const struct cmg__crl_info *info)
{
    if (info->this_update_unix_s > q->r->question->now_unix_s + SKEW_S)
        return "it is from the future";
    if (info->unknown_critical[0] != '\0' || info->unknown_critical_entry[0] != '\0')
        return "it has a critical extension that is not understood";
    if (info->signature_algorithm == CMG__OID_RSA_SHA1 ||
        info->signature_algorithm == CMG__OID_ECDSA_SHA1)
        return "its signature algorithm is weaker than SHA-256";
    if ((q->findings->flags & CMG_CHECK_STRICT) != 0 && !number_is_right(info))
        return "it has no number, or a critical one";
    return NULL;
}

/* Gathers the complete lists that speak of the certificate. */
static void gather(struct inquiry *q)
{
    struct cmg__revocation *r = q->r;

    for (size_t i = 0; i < list_count(r) && q->count < MAX_LISTS; i++) {
        struct cmg__crl *crl = list_at(r, i);
        struct cmg__crl_info info;
        unsigned reasons;

        cmg__crl_info(crl, &info);
        if (info.is_delta ||
            cmg__crl_covers(crl, subject_of(q), &reasons) != CMG__CRL_COVERS)
            continue;
        const struct cmg__x509 *signer = find_signer(r, crl, q->at);
        if (signer != NULL)
            q->voices[q->count++] =
                (struct voice){ .crl = crl, .signer = signer, .reasons = reasons };
        else
            q->unusable = "none of the authorities that may has signed it";
    }
}

static bool is_superseded(const struct inquiry *q, const struct voice *voice)
{
    for (size_t i = 0; i < q->count; i++) {
        if (cmg__crl_supersedes(q->voices[i].crl, voice->crl))
            return true;
    }
    return false;
}

/* The newest delta list that fits, by the same signer. */
static struct cmg__crl *find_delta(const struct inquiry *q, const struct voice *voice)
{
    struct cmg__crl *best = NULL;
    int64_t newest = INT64_MIN;

    for (size_t i = 0; i < list_count(q->r); i++) {
        struct cmg__crl *crl = list_at(q->r, i);
        struct cmg__crl_info info;

        cmg__crl_info(crl, &info);
        if (info.this_update_unix_s <= newest || !cmg__crl_delta_fits(voice->crl, crl) ||
            why_unusable(q, &info) != NULL || !has_signed(q->r, crl, voice->signer))
            continue;
        best = crl;
        newest = info.this_update_unix_s;
    }
    return best;
}

/* ---- the answer ---- */

static void report_entry(struct inquiry *q, const struct cmg__crl_entry *entry)
{
    char detail[64];
    char date[CMG__TIME_SIZE];

    cmg__time_format(entry->date_unix_s, date);
    (void)snprintf(detail, sizeof detail, "%s, %s", cmg__crl_reason_name(entry->reason),
                   date);
    cmg__rule_broken(q->findings,
                     entry->reason == CMG_REASON_CERTIFICATE_HOLD ? CMG__RULE_ON_HOLD
                                                                  : CMG__RULE_REVOKED,
                     subject_of(q), detail);
}

/* Base and delta together are as fresh as the fresher one. */
static enum age age_of_both(const struct inquiry *q, const struct cmg__crl_info *base,
                            struct cmg__crl *delta)
{
    const enum age age = age_of(q, base);
    struct cmg__crl_info info;

    if (delta == NULL || age == FRESH)
        return age;
    cmg__crl_info(delta, &info);
    const enum age other = age_of(q, &info);
    return other < age ? other : age;
}

/* True when the certificate is on the list. */
static bool hear(struct inquiry *q, const struct voice *voice)
{
    struct cmg__crl *delta = find_delta(q, voice);
    struct cmg__crl_info info;
    struct cmg__crl_entry entry;

    cmg__crl_info(voice->crl, &info);
    if (cmg__crl_apply(voice->crl, delta, subject_of(q), &entry)) {
        report_entry(q, &entry);
        return true;
    }
    const char *reason = why_unusable(q, &info);
    const enum age age = age_of_both(q, &info, delta);
    if (reason != NULL)
        q->unusable = reason;
    else if (age == STALE)
        q->stale = true;
    else
        q->covered |= voice->reasons;
    if (!number_is_right(&info))
        cmg__rule_broken(q->findings, CMG__RULE_CRL_NUMBER, voice->signer, NULL);
    q->late = q->late || (reason == NULL && age == LATE);
    return false;
}

static void conclude(struct inquiry *q)
{
    const bool hard = q->r->question->revocation == CMG_REVOCATION_HARD;
    const cmg_severity weight = hard ? CMG_SEVERITY_REFUSAL : CMG_SEVERITY_WARNING;
    const struct cmg__x509 *cert = subject_of(q);

    if (q->covered == CMG__CRL_ALL_REASONS) {
        if (q->late)
            cmg__rule_broken(q->findings, CMG__RULE_CRL_LATE, cert, NULL);
        return;
    }
    if (q->r->question->only_named_lists && (cert->present & CMG__EXT_CDP) == 0)
        return;
    if (q->unusable != NULL)
        cmg__rule_broken(q->findings, CMG__RULE_CRL_UNUSABLE, cert, q->unusable);
    cmg__rule_broken_with(q->findings,
                          q->stale ? CMG__RULE_CRL_EXPIRED : CMG__RULE_REVOCATION_UNKNOWN,
                          weight, cert, NULL);
}

static void inquire(struct cmg__revocation *r, size_t at, struct cmg__findings *findings)
{
    struct inquiry q = { .r = r, .findings = findings, .at = at };

    gather(&q);
    for (size_t i = 0; i < q.count && r->rc == CMG_OK; i++) {
        if (!is_superseded(&q, &q.voices[i]) && hear(&q, &q.voices[i]))
            return;
    }
    if (r->rc == CMG_OK)
        conclude(&q);
}

void cmg__x509_check_revocation(struct cmg__revocation *r, struct cmg__findings *findings)
{
    for (size_t i = 0; i + 1 < r->count && r->rc == CMG_OK; i++)
        inquire(r, i, findings);
}
