/*
 * The certificate goes before the judge with the lists that are held. When these do not
 * do, those that it and the authorities above it name are sent for, and it is judged
 * again when they have come. Of a distribution point's addresses the first counts that
 * works.
 *
 * A certificate that names no distribution point has nobody to ask, and is good without:
 * its authority publishes no lists. One that names some, none of which can be had, is
 * refused: else whoever cuts the way to the list is never revoked.
 */
#include "relay/revocation_gate.h"

#include "base/log.h"
#include "crypto/x509_data.h"
#include "crypto/x509_list.h"
#include "crypto/x509_path.h"
#include "relay/revocation_lists.h"

/* Certificates below an anchor, of all paths that were told of. */
#define MAX_ASKED 24
/* Points of a certificate, and addresses of a point, that are looked at. */
#define MAX_POINTS 16

struct cmg__revocation_gate {
    cmg_context *ctx;
    const struct cmg__alloc *alloc;
    const struct cmg__service_settings *settings;
    struct cmg__revocation_lists *lists;
    void (*on_lists)(void *user, bool changed);
    void *user;
    struct cmg__task rested;
};

/* One judgement. */
struct inquiry {
    struct cmg__revocation_gate *gate;
    struct {
        const struct cmg__x509 *cert;
        const struct cmg__x509 *issuer;
    } asked[MAX_ASKED];
    size_t count;
    bool has_path; /* good but for revocation */
    bool is_pending;
};

/* ---- life ---- */

static void on_end(void *user, bool replaced)
{
    struct cmg__revocation_gate *gate = user;

    gate->on_lists(gate->user, replaced);
}

static void on_rested(struct cmg__task *task, void *user)
{
    (void)task;
    on_end(user, true);
}

cmg_status cmg__revocation_gate_new(cmg_context *ctx,
                                    const struct cmg__service_settings *settings,
                                    const struct cmg__relay_limits *limits,
                                    void (*on_lists)(void *user, bool changed),
                                    void *user, struct cmg__revocation_gate **out,
                                    cmg_error **err)
{
    struct cmg__revocation_gate *gate = cmg__alloc0(&ctx->alloc, sizeof *gate);

    if (gate == NULL)
        return cmg__fail_nomem(err);
    *gate = (struct cmg__revocation_gate){ .ctx = ctx,
                                           .alloc = &ctx->alloc,
                                           .settings = settings,
                                           .on_lists = on_lists,
                                           .user = user };
    cmg__task_init(&gate->rested, on_rested, gate);
    cmg_status rc =
        cmg__revocation_lists_new(ctx, limits, on_end, gate, &gate->lists, err);
    if (rc == CMG_OK)
        *out = gate;
    else
        cmg__revocation_gate_free(gate);
    return rc;
}

void cmg__revocation_gate_free(struct cmg__revocation_gate *gate)
{
    if (gate == NULL)
        return;
    cmg__task_cancel(&gate->rested);
    cmg__revocation_lists_free(gate->lists);
    cmg__free(gate->alloc, gate);
}

void cmg__revocation_gate_rest(struct cmg__revocation_gate *gate)
{
    cmg__revocation_lists_clear(gate->lists);
    cmg__task_post(gate->ctx->loop, &gate->rested);
}

/* ---- whom to ask ---- */

static void on_path(void *user, const struct cmg__x509 *const *path, size_t count)
{
    struct inquiry *q = user;

    q->has_path = true;
    for (size_t i = 0; i + 1 < count; i++) {
        size_t at = 0;

        while (at < q->count &&
               (q->asked[at].cert != path[i] || q->asked[at].issuer != path[i + 1]))
            at++;
        if (at == MAX_ASKED)
            return;
        q->asked[at].cert = path[i];
        q->asked[at].issuer = path[i + 1];
        q->count += at == q->count;
    }
}

/* The first address of a point that works; names is the content of its GeneralNames. */
static enum cmg__list_state ask_point(struct inquiry *q, struct cmg__span names,
                                      const struct cmg__x509 *issuer, bool may_fetch,
                                      struct cmg__crl **held)
{
    enum cmg__list_state best = CMG__LIST_NOWHERE;
    struct cmg__gn name;

    for (size_t i = 0; i < MAX_POINTS && cmg__gn_next(&names, &name); i++) {
        if (name.kind != CMG__GN_KIND_URI)
            continue;
        const enum cmg__list_state state = cmg__revocation_lists_want(
            q->gate->lists, name.value, issuer, may_fetch, held);
        if (state < best)
            best = state;
        if (best == CMG__LIST_HELD || best == CMG__LIST_PENDING)
            break;
    }
    q->is_pending = q->is_pending || best == CMG__LIST_PENDING;
    return best;
}

/* What they cannot tell, because they cannot be had, stays with the complete list. */
static void ask_deltas(struct inquiry *q, struct cmg__span points,
                       const struct cmg__x509 *issuer)
{
    struct cmg__crl_point point;
    struct cmg__crl *held = NULL;

    for (size_t i = 0; i < MAX_POINTS && cmg__crl_point_next(&points, &point); i++)
        (void)ask_point(q, point.names, issuer, true, &held);
}

static void ask_about(struct inquiry *q, const struct cmg__x509 *cert,
                      const struct cmg__x509 *issuer, bool may_fetch, bool with_deltas)
{
    enum cmg__list_state best = CMG__LIST_NOWHERE;
    struct cmg__span points = cert->distribution_points;
    struct cmg__crl_point point;

    if (with_deltas)
        ask_deltas(q, cert->freshest_points, issuer);
    for (size_t i = 0; i < MAX_POINTS && cmg__crl_point_next(&points, &point); i++) {
        struct cmg__crl *held = NULL;
        struct cmg__crl_info info;
        const enum cmg__list_state state =
            ask_point(q, point.names, issuer, may_fetch, &held);

        if (state < best)
            best = state;
        if (held == NULL || !with_deltas)
            continue;
        cmg__crl_info(held, &info);
        ask_deltas(q, info.freshest, issuer);
    }
    if (may_fetch && best == CMG__LIST_NOWHERE && (cert->present & CMG__EXT_CDP) != 0)
        cmg__log(q->gate->ctx, CMG_LOG_INFO, "relay", "revocation.list", cert->subject,
                 "its revocation list is named at no http or https address");
}

/* What is held is kept for the next time, too; what is missing is sent for when it would
   change the answer. */
static void ask(struct inquiry *q, enum cmg__cert_verdict verdict)
{
    cmg__revocation_lists_begin(q->gate->lists);
    for (size_t i = 0; i < q->count; i++)
        ask_about(q, q->asked[i].cert, q->asked[i].issuer, verdict == CMG__CERT_UNASKED,
                  verdict == CMG__CERT_GOOD);
}

/* ---- the verdict ---- */

static enum cmg__cert_verdict verdict_of(const struct inquiry *q,
                                         const struct cmg__report *report)
{
    if (cmg__report_is_accepted(report))
        return CMG__CERT_GOOD;
    if (!q->has_path)
        return CMG__CERT_BAD;
    return cmg__report_has(report, CMG_FINDING_REVOKED) ||
                   cmg__report_has(report, CMG_FINDING_ON_HOLD)
               ? CMG__CERT_REVOKED
               : CMG__CERT_UNASKED;
}

static enum cmg__cert_verdict judge(struct inquiry *q,
                                    const struct cmg__x509_trust *trust,
                                    struct cmg__x509 *const *peer, size_t count,
                                    cmg_error **why)
{
    struct cmg__revocation_gate *gate = q->gate;
    const bool asks = gate->settings->verify_revocation;
    struct cmg__crl *crls[CMG__LISTS_MAX];
    const struct cmg__x509_question question = {
        .purpose = CMG_PURPOSE_CLIENT,
        .revocation = asks ? CMG_REVOCATION_HARD : CMG_REVOCATION_OFF,
        .now_unix_s = cmg__env_unix_s(&gate->ctx->env),
        .crls = crls,
        .crl_count = cmg__revocation_lists_all(gate->lists, crls),
        .only_named_lists = true,
        .on_path = on_path,
        .on_path_user = q,
    };
    enum cmg__cert_verdict verdict = CMG__CERT_UNKNOWN;
    struct cmg__report report;

    cmg__report_init(&report, gate->alloc);
    if (cmg__x509_judge(trust, &question, peer, count, &report) == CMG_OK)
        verdict = verdict_of(q, &report);
    if (verdict == CMG__CERT_UNKNOWN)
        (void)cmg__fail_nomem(why);
    else if (verdict != CMG__CERT_GOOD)
        (void)cmg__x509_refuse(&report, why);
    cmg__report_done(&report);
    if (asks)
        ask(q, verdict);
    return verdict;
}

enum cmg__cert_verdict cmg__revocation_gate_check(struct cmg__revocation_gate *gate,
                                                  const struct cmg__x509_trust *trust,
                                                  const struct cmg__x509_ders *chain,
                                                  bool may_wait, cmg_error **why)
{
    struct cmg__x509 *peer[CMG__PEER_MAX];
    struct inquiry q = { .gate = gate };
    enum cmg__cert_verdict verdict = CMG__CERT_UNKNOWN;

    switch (cmg__x509_read_peer(gate->alloc, peer, chain, why)) {
    case CMG_OK:
        verdict = judge(&q, trust, peer, chain->count, why);
        break;
    case CMG_E_NOMEM:
        break;
    default:
        verdict = CMG__CERT_BAD;
        break;
    }
    for (size_t i = 0; i < CMG__PEER_MAX; i++)
        cmg__x509_free(peer[i]);
    return may_wait && q.is_pending ? CMG__CERT_PENDING : verdict;
}
