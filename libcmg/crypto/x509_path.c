/*
 * Path building. Depth first, upwards, through anchors, the trust list's intermediates
 * and what the peer sent, in that order: where a name, perhaps a key identifier, and the
 * signature agree. A path that reaches an anchor is held against all rules; the search
 * ends at the first one that breaks none but the leaf's own, else the one with the fewest
 * refusals is reported. Authorities that break a rule are tried only when paths without
 * them did not do. Depth, signatures and steps are bounded, so no chain buys much time.
 */
#include "crypto/x509_path.h"

#include <string.h>

#include "crypto/x509_chain.h"
#include "crypto/x509_constraints.h"
#include "crypto/x509_revocation.h"

#define DEFAULT_DEPTH       5
#define MAX_SIGNATURES      64
#define MAX_STEPS           256    /* places from which a path was continued */
#define MAX_PATHS           32     /* whole paths held against the rules */
#define MAX_NAME_WORK       200000 /* comparisons with name constraints */
#define MAX_LIST_SIGNATURES 64     /* of revocation lists that did not verify */

/* What verifying one signature came to, so that it is done once. */
struct edge {
    const struct cmg__x509 *below;
    const struct cmg__x509 *issuer;
    bool good;
};

struct search {
    const struct cmg__x509_trust *trust;
    const struct cmg__x509_question *question;
    const struct cmg__x509_peer *peer;
    const struct cmg__x509 *only; /* the one anchor that counts, or NULL */
    unsigned level;               /* of revocation, see x509_revocation.h */
    unsigned *list_budget;
    const struct cmg__x509 *path[CMG__PATH_MAX];
    struct edge edges[MAX_SIGNATURES];
    size_t edge_count;
    unsigned steps;
    unsigned paths;
    unsigned name_work;
    bool lenient; /* authorities that break a rule are tried, too */
    bool cut;     /* a bound was reached */
    cmg_status rc;
    /* the best whole path so far */
    bool found;
    unsigned refusals;
    unsigned least; /* the leaf's own refusals: no path can have fewer */
    struct cmg__report best;
    /* the longest of those that did not reach an anchor */
    const struct cmg__x509 *partial[CMG__PATH_MAX];
    size_t partial_count;
    enum cmg__rule partial_end;
};

static struct cmg__findings findings_of(const struct search *s,
                                        struct cmg__report *report)
{
    return (struct cmg__findings){
        .report = report,
        .flags = s->question->flags,
    };
}

/* ---- a whole path against the rules ---- */

/* Authorities between the leaf and at; self-issued ones do not count. */
static int authorities_below(const struct cmg__x509 *const *path, size_t at)
{
    int count = 0;

    for (size_t i = 1; i < at; i++)
        count += !cmg__x509_is_self_issued(path[i]);
    return count;
}

/* Every name below the authority; self-issued authorities are exempt. */
static void check_names_below(struct search *s, const struct cmg__x509 *const *path,
                              size_t at, struct cmg__findings *findings)
{
    for (size_t i = 0; i < at; i++) {
        if (i > 0 && cmg__x509_is_self_issued(path[i]))
            continue;
        switch (cmg__x509_names_allowed(path[at], path[i], &s->name_work)) {
        case CMG__NAMES_ALLOWED:
            break;
        case CMG__NAMES_OUTSIDE:
            cmg__rule_broken(findings, CMG__RULE_NAME_NOT_ALLOWED, path[i], NULL);
            break;
        default:
            cmg__rule_broken(findings, CMG__RULE_TOO_MANY_NAMES, path[i], NULL);
            break;
        }
    }
}

static void check_revocation(struct search *s, const struct cmg__x509 *const *path,
                             size_t count, struct cmg__findings *findings)
{
    struct cmg__revocation r = {
        .trust = s->trust,
        .question = s->question,
        .peer = s->peer,
        .path = path,
        .count = count,
        .level = s->level,
        .budget = s->list_budget,
    };

    if (s->question->revocation == CMG_REVOCATION_OFF) {
        cmg__rule_broken(findings, CMG__RULE_REVOCATION_UNASKED, path[0], NULL);
        return;
    }
    cmg__x509_check_revocation(&r, findings);
    if (r.rc != CMG_OK)
        s->rc = r.rc;
}

static void check_leaf(const struct search *s, const struct cmg__x509 *leaf,
                       struct cmg__findings *findings)
{
    /* Who signs lists has shown that he may by his key usage, which the list was verified
       with. */
    if (s->level == 0)
        cmg__x509_rules_leaf(s->question, leaf, findings);
}

static void tell_path(const struct search *s, const struct cmg__x509 *const *path,
                      size_t count)
{
    if (s->level == 0 && s->question->on_path != NULL)
        s->question->on_path(s->question->on_path_user, path, count);
}

/* The last one of the path is an anchor when anchored. */
static unsigned judge_path(struct search *s, const struct cmg__x509 *const *path,
                           size_t count, bool anchored, struct cmg__report *report)
{
    struct cmg__findings findings = findings_of(s, report);

    for (size_t i = 0; i < count; i++) {
        const bool anchor = anchored && i + 1 == count;

        if (i == 0)
            check_leaf(s, path[0], &findings);
        else
            cmg__x509_rules_authority(s->question, path[i], anchor, &findings);
        cmg__x509_rules_any(s->question, path[i], anchor, &findings);
        if (path[i]->path_length >= 0 &&
            authorities_below(path, i) > path[i]->path_length)
            cmg__rule_broken(&findings, CMG__RULE_CA_PATH_LENGTH, path[i], NULL);
        check_names_below(s, path, i, &findings);
    }
    if (anchored && findings.refusals == 0)
        tell_path(s, path, count);
    if (anchored)
        check_revocation(s, path, count, &findings);
    return findings.refusals;
}

/* ---- steps upwards ---- */

static bool same_certificate(const struct cmg__x509 *a, const struct cmg__x509 *b)
{
    return a == b || (cmg__span_eq(a->tbs, b->tbs) && cmg__span_eq(a->spki, b->spki));
}

static bool is_on_path(const struct search *s, const struct cmg__x509 *cert, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (same_certificate(s->path[i], cert))
            return true;
    }
    return false;
}

/* Whether it keeps the rules that ask for nothing but itself. */
static bool keeps_rules(const struct search *s, const struct cmg__x509 *ca, bool anchor)
{
    struct cmg__findings findings = findings_of(s, NULL);

    cmg__x509_rules_authority(s->question, ca, anchor, &findings);
    cmg__x509_rules_any(s->question, ca, anchor, &findings);
    return findings.refusals == 0;
}

static bool is_signed_by(struct search *s, const struct cmg__x509 *below,
                         const struct cmg__x509 *issuer)
{
    for (size_t i = 0; i < s->edge_count; i++) {
        if (s->edges[i].below == below && s->edges[i].issuer == issuer)
            return s->edges[i].good;
    }
    if (cmg__x509_trust_knows(s->trust, below, issuer))
        return true;
    if (s->edge_count == MAX_SIGNATURES) {
        s->cut = true;
        return false;
    }
    const cmg_status rc = cmg__x509_verify_signature(below, issuer);
    if (rc == CMG_E_NOMEM)
        s->rc = rc;
    if (rc == CMG_OK)
        cmg__x509_trust_learn(s->trust, below, issuer);
    s->edges[s->edge_count++] =
        (struct edge){ .below = below, .issuer = issuer, .good = rc == CMG_OK };
    return rc == CMG_OK;
}

/* The i-th certificate that may stand on a path: anchors, other trusted ones, the peer's.
 */
static const struct cmg__x509 *candidate(const struct search *s, size_t i)
{
    if (i < s->trust->count)
        return s->trust->list[i];
    return s->peer->list[i - s->trust->count];
}

static bool is_over(const struct search *s)
{
    return s->rc != CMG_OK || (s->found && s->refusals <= s->least) ||
           s->paths >= MAX_PATHS;
}

/* A path that reached its anchor. */
static void finish(struct search *s, size_t count)
{
    struct cmg__report report;

    cmg__report_init(&report, s->best.alloc);
    s->paths++;
    const unsigned refusals = judge_path(s, s->path, count, true, &report);
    if (report.rc != CMG_OK)
        s->rc = report.rc;
    if (s->found && refusals >= s->refusals) {
        cmg__report_done(&report);
        return;
    }
    cmg__report_done(&s->best);
    s->best = report;
    s->found = true;
    s->refusals = refusals;
}

/* A path that ends without one; the longest is remembered, and why it ends. */
static void give_up(struct search *s, size_t count, enum cmg__rule rule)
{
    const bool better =
        count > s->partial_count ||
        (count == s->partial_count && (s->partial_end == CMG__RULE_NO_ISSUER ||
                                       s->partial_end == CMG__RULE_UNTRUSTED));

    if (!s->lenient || !better)
        return;
    memcpy(s->partial, s->path, count * sizeof(void *));
    s->partial_count = count;
    s->partial_end = rule;
}

static bool is_too_deep(const struct search *s, size_t count)
{
    const unsigned max =
        s->question->max_depth != 0 ? s->question->max_depth : DEFAULT_DEPTH;

    return count == CMG__PATH_MAX ||
           1 + (unsigned)authorities_below(s->path, count) > max;
}

/* One way on from the last certificate of the path. False: the signature is not the
   candidate's. */
static bool try_candidate(struct search *s, size_t count, size_t i)
{
    const struct cmg__x509 *ca = candidate(s, i);
    const bool anchor = i < s->trust->anchor_count;

    if (!s->lenient && !keeps_rules(s, ca, anchor))
        return true;
    if (!is_signed_by(s, s->path[count - 1], ca))
        return false;
    s->path[count] = ca;
    return true;
}

static void climb(struct search *s, size_t count);

static void climb_through(struct search *s, size_t count, size_t i, enum cmg__rule *end)
{
    s->path[count] = NULL;
    if (!try_candidate(s, count, i)) {
        *end = s->cut ? CMG__RULE_TOO_MUCH_WORK : CMG__RULE_BAD_SIGNATURE;
        return;
    }
    if (s->path[count] == NULL)
        return;
    if (i >= s->trust->anchor_count)
        climb(s, count + 1);
    else if (s->only == NULL || s->only == s->path[count])
        finish(s, count + 1);
}

/* From the last of count certificates to an anchor; calls itself at most CMG__PATH_MAX
   deep. */
static void climb(struct search *s, size_t count)
{
    const struct cmg__x509 *below = s->path[count - 1];
    enum cmg__rule end =
        cmg__x509_is_self_issued(below) ? CMG__RULE_UNTRUSTED : CMG__RULE_NO_ISSUER;

    if (is_too_deep(s, count)) {
        give_up(s, count, CMG__RULE_TOO_DEEP);
        return;
    }
    if (s->steps == MAX_STEPS) {
        s->cut = true;
        give_up(s, count, CMG__RULE_TOO_MUCH_WORK);
        return;
    }
    s->steps++;
    for (size_t i = 0; i < s->trust->count + s->peer->count && !is_over(s); i++) {
        const struct cmg__x509 *ca = candidate(s, i);

        if (cmg__x509_may_be_issuer(below, ca) && !is_on_path(s, ca, count))
            climb_through(s, count, i, &end);
    }
    if (!is_over(s))
        give_up(s, count, end);
}

/* The leaf itself may be what is trusted. */
static bool is_anchor(const struct search *s, const struct cmg__x509 *cert)
{
    if (s->only != NULL)
        return same_certificate(s->only, cert);
    for (size_t i = 0; i < s->trust->anchor_count; i++) {
        if (same_certificate(s->trust->list[i], cert))
            return true;
    }
    return false;
}

static void look(struct search *s, const struct cmg__x509 *leaf)
{
    s->path[0] = leaf;
    if (is_anchor(s, s->path[0])) {
        finish(s, 1);
        return;
    }
    s->least = judge_path(s, s->path, 1, false, NULL);
    climb(s, 1);
    if (is_over(s))
        return;
    s->lenient = true;
    s->steps = 0;
    climb(s, 1);
}

static void report_partial(struct search *s, struct cmg__report *report)
{
    const size_t count = s->partial_count > 0 ? s->partial_count : 1;
    struct cmg__findings findings = findings_of(s, report);

    if (s->partial_count == 0)
        s->partial[0] = s->path[0];
    cmg__rule_broken(&findings,
                     s->partial_count > 0 ? s->partial_end : CMG__RULE_TOO_MUCH_WORK,
                     s->partial[count - 1], NULL);
    (void)judge_path(s, s->partial, count, false, report);
}

static struct search *new_search(const struct cmg__alloc *alloc,
                                 const struct cmg__x509_trust *trust,
                                 const struct cmg__x509_question *question,
                                 const struct cmg__x509_peer *peer)
{
    struct search *s = cmg__alloc0(alloc, sizeof *s);

    if (s == NULL)
        return NULL;
    s->trust = trust;
    s->question = question;
    s->peer = peer;
    s->name_work = MAX_NAME_WORK;
    cmg__report_init(&s->best, alloc);
    return s;
}

static void free_search(struct search *s)
{
    const struct cmg__alloc *alloc = s->best.alloc;

    cmg__report_done(&s->best);
    cmg__free(alloc, s);
}

cmg_status cmg__x509_path_find(const struct cmg__x509_trust *trust,
                               const struct cmg__x509_question *question,
                               const struct cmg__x509_peer *peer,
                               struct cmg__report *report)
{
    struct search *s = new_search(report->alloc, trust, question, peer);
    unsigned budget = MAX_LIST_SIGNATURES;

    if (s == NULL)
        return CMG_E_NOMEM;
    s->list_budget = &budget;
    look(s, peer->list[0]);
    cmg_status rc = s->rc;
    if (rc == CMG_OK && s->found) {
        cmg__report_done(report);
        *report = s->best;
        cmg__report_init(&s->best, report->alloc);
    } else if (rc == CMG_OK) {
        report_partial(s, report);
    }
    if (rc == CMG_OK)
        rc = report->rc;
    free_search(s);
    return rc;
}

bool cmg__x509_path_ends_at(struct cmg__revocation *r, const struct cmg__x509 *cert,
                            const struct cmg__x509 *anchor)
{
    struct search *s = new_search(r->trust->alloc, r->trust, r->question, r->peer);

    if (s == NULL) {
        r->rc = CMG_E_NOMEM;
        return false;
    }
    s->only = anchor;
    s->level = r->level + 1;
    s->list_budget = r->budget;
    look(s, cert);
    if (s->rc != CMG_OK)
        r->rc = s->rc;
    const bool accepted = s->rc == CMG_OK && s->found && s->refusals == 0;
    free_search(s);
    return accepted;
}
