/*
 * The judge's two doors: a question with a report for an answer, and yes or no for peers
 * that stand at the gate. Both ask the same engine.
 */
#include "crypto/x509_path.h"

#define MAX_PEER 10

cmg_status cmg__x509_judge(const struct cmg__x509_trust *trust,
                           const struct cmg__x509_question *question,
                           struct cmg__x509 *const *chain, size_t count,
                           struct cmg__report *report)
{
    const struct cmg__x509_peer peer = { .list = chain, .count = count };

    return cmg__x509_path_find(trust, question, &peer, report);
}

/* The gravest finding as an error. */
static cmg_status refuse(const struct cmg__x509_trust *trust,
                         const struct cmg__report *report, cmg_error **err)
{
    const struct cmg__finding *first = &report->list[0];
    const struct cmg__error_info info = {
        .code = CMG_E_CERT,
        .subject = first->subject,
        .cause = first->cause,
        .remedy = first->remedy,
    };

    return cmg__error_set(err, trust->alloc, &info,
                          "certificate \"%.200s\" is refused: %s", first->subject,
                          first->cause);
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

cmg_status cmg__x509_check(const struct cmg__x509_trust *trust, cmg_purpose purpose,
                           const uint8_t *const *ders, const size_t *lens, size_t count,
                           int64_t now_unix_s, cmg_error **err)
{
    const struct cmg__x509_question question = {
        .purpose = purpose,
        .revocation = CMG_REVOCATION_OFF,
        .now_unix_s = now_unix_s,
    };
    struct cmg__x509 *peer[MAX_PEER] = { NULL };
    struct cmg__report report;
    cmg_status rc = read_peer(trust->alloc, peer, ders, lens, count, err);

    cmg__report_init(&report, trust->alloc);
    if (rc == CMG_OK) {
        rc = cmg__x509_judge(trust, &question, peer, count, &report);
        if (rc != CMG_OK)
            rc = cmg__fail_nomem(err);
        else if (!cmg__report_is_accepted(&report))
            rc = refuse(trust, &report, err);
    }
    cmg__report_done(&report);
    for (size_t i = 0; i < MAX_PEER; i++)
        cmg__x509_free(peer[i]);
    return rc;
}
