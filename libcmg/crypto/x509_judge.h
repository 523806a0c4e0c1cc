/*
 * The judge of certificate chains, the one engine for the whole library: from a question
 * to a report that lists everything.
 */
#ifndef CMG_CRYPTO_X509_JUDGE_H
#define CMG_CRYPTO_X509_JUDGE_H

#include "crypto/report.h"
#include "crypto/x509.h"

/* A purpose that asks nothing of the leaf: pure path validation. */
#define CMG__PURPOSE_NONE ((cmg_purpose)0)

struct cmg__x509_question {
    cmg_purpose purpose;
    cmg_revocation revocation;
    const char *name; /* host name or address, or NULL */
    int64_t now_unix_s;
    int64_t crl_grace_s;
    unsigned max_depth; /* steps from leaf to root; 0: 5 */
    unsigned flags;     /* of cmg_check_flags */
};

/* chain: the leaf, then whatever came with it, in any order. CMG_OK when there is a
   verdict in the report, CMG_E_NOMEM otherwise. */
cmg_status cmg__x509_judge(const struct cmg__x509_trust *trust,
                           const struct cmg__x509_question *question,
                           struct cmg__x509 *const *chain, size_t count,
                           struct cmg__report *report);

#endif
