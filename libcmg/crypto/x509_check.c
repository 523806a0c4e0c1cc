/*
 * The judge's two doors: a question with a report for an answer, and yes or no for peers
 * that stand at the gate. Both ask the same engine.
 */
#include "crypto/x509_path.h"

#include <string.h>

cmg_status cmg__x509_judge(const struct cmg__x509_trust *trust,
                           const struct cmg__x509_question *question,
                           struct cmg__x509 *const *chain, size_t count,
                           struct cmg__report *report)
{
    const struct cmg__x509_peer peer = { .list = chain, .count = count };

    return cmg__x509_path_find(trust, question, &peer, report);
}

cmg_status cmg__x509_refuse(const struct cmg__report *report, cmg_error **err)
{
    const struct cmg__finding *first = &report->list[0];
    const struct cmg__error_info info = {
        .code = CMG_E_CERT,
        .subject = first->subject,
        .cause = first->cause,
        .remedy = first->remedy,
    };

    return cmg__error_set(err, report->alloc, &info,
                          "certificate \"%.200s\" is refused: %s", first->subject,
                          first->cause);
}

cmg_status cmg__x509_read_peer(const struct cmg__alloc *alloc,
                               struct cmg__x509 *peer[CMG__PEER_MAX],
                               const struct cmg__x509_ders *chain, cmg_error **err)
{
    for (size_t i = 0; i < CMG__PEER_MAX; i++)
        peer[i] = NULL;
    for (size_t i = 0; i < chain->count; i++) {
        const cmg_status rc =
            cmg__x509_parse(alloc, chain->ders[i], chain->lens[i], &peer[i], NULL);
        if (rc == CMG_E_NOMEM)
            return cmg__fail_nomem(err);
        if (rc != CMG_OK)
            return cmg__fail(err, alloc, CMG_E_CERT, "certificate", "issue it again",
                             "certificate %zu of the peer's chain is not well formed",
                             i + 1);
    }
    return CMG_OK;
}

/* What stands at the gate, within bounds. */
static cmg_status gather(const struct cmg__alloc *alloc, const uint8_t *const *ders,
                         const size_t *lens, size_t count, struct cmg__x509_ders *out,
                         cmg_error **err)
{
    if (count == 0 || count > CMG__PEER_MAX)
        return cmg__fail(err, alloc, CMG_E_CERT, "certificate",
                         "send the leaf and the authorities above it",
                         "a chain of %zu certificates is not accepted, 1 to %d are",
                         count, CMG__PEER_MAX);
    out->count = count;
    memcpy(out->ders, ders, count * sizeof *ders);
    memcpy(out->lens, lens, count * sizeof *lens);
    return CMG_OK;
}

cmg_status cmg__x509_check(const struct cmg__x509_trust *trust, cmg_purpose purpose,
                           const uint8_t *const *ders, const size_t *lens, size_t count,
                           int64_t now_unix_s, cmg_error **err)
{
    const struct cmg__x509_question question = {
        .purpose = purpose,
        .revocation = CMG_REVOCATION_OFF,
        .now_unix_s = now_unix_s,
    };
    struct cmg__x509 *peer[CMG__PEER_MAX] = { NULL };
    struct cmg__x509_ders chain;
    struct cmg__report report;
    cmg_status rc = gather(trust->alloc, ders, lens, count, &chain, err);

    cmg__report_init(&report, trust->alloc);
    if (rc == CMG_OK)
        rc = cmg__x509_read_peer(trust->alloc, peer, &chain, err);
    if (rc == CMG_OK) {
        rc = cmg__x509_judge(trust, &question, peer, count, &report);
        if (rc != CMG_OK)
            rc = cmg__fail_nomem(err);
        else if (!cmg__report_is_accepted(&report))
            rc = cmg__x509_refuse(&report, err);
    }
    cmg__report_done(&report);
    for (size_t i = 0; i < CMG__PEER_MAX; i++)
        cmg__x509_free(peer[i]);
    return rc;
}
