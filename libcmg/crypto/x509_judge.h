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

struct cmg__crl;

struct cmg__x509_question {
    cmg_purpose purpose;
    cmg_revocation revocation;
    const char *name; /* host name or address, or NULL */
    int64_t now_unix_s;
    int64_t crl_grace_s;
    unsigned max_depth;           /* steps from leaf to root; 0: 5 */
    unsigned flags;               /* of cmg_check_flags */
    struct cmg__crl *const *crls; /* lists besides those of the trust list, borrowed */
    size_t crl_count;
    /* With CMG_REVOCATION_HARD: who names no distribution point needs no list. */
    bool only_named_lists;
    /* Told of every path that keeps all rules but those of revocation, leaf first: there
       is nobody on it whom the anchor does not vouch for. NULL: not told. */
    void (*on_path)(void *user, const struct cmg__x509 *const *path, size_t count);
    void *on_path_user;
};

/* chain: the leaf, then whatever came with it, in any order. CMG_OK when there is a
   verdict in the report, CMG_E_NOMEM otherwise. */
cmg_status cmg__x509_judge(const struct cmg__x509_trust *trust,
                           const struct cmg__x509_question *question,
                           struct cmg__x509 *const *chain, size_t count,
                           struct cmg__report *report);

/* A chain as a peer sends it. */
#define CMG__PEER_MAX 10
struct cmg__x509_ders {
    const uint8_t *ders[CMG__PEER_MAX]; /* leaf first, borrowed */
    size_t lens[CMG__PEER_MAX];
    size_t count;
};
/* Parses it; peer has to be given back with cmg__x509_free() each, also on failure.
   CMG_E_CERT or CMG_E_NOMEM. */
cmg_status cmg__x509_read_peer(const struct cmg__alloc *alloc,
                               struct cmg__x509 *peer[CMG__PEER_MAX],
                               const struct cmg__x509_ders *chain, cmg_error **err);
/* CMG_E_CERT: the gravest finding of a report that refuses, as an error. */
cmg_status cmg__x509_refuse(const struct cmg__report *report, cmg_error **err);

#endif
