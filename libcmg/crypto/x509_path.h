/* Finding the best path from a leaf to an anchor, within bounds. */
#ifndef CMG_CRYPTO_X509_PATH_H
#define CMG_CRYPTO_X509_PATH_H

#include "crypto/x509_rules.h"
#include "crypto/x509_trust.h"

/* The leaf, then whatever came with it. */
struct cmg__x509_peer {
    struct cmg__x509 *const *list;
    size_t count;
};

/* Everything that is wrong with the best path goes into the report, which is empty.
   CMG_OK or CMG_E_NOMEM. */
cmg_status cmg__x509_path_find(const struct cmg__x509_trust *trust,
                               const struct cmg__x509_question *question,
                               const struct cmg__x509_peer *peer,
                               struct cmg__report *report);

struct cmg__revocation;
/* Whether a signer of lists has a path without fault to this very anchor; for
   x509_revocation.c, whose question it is. */
bool cmg__x509_path_ends_at(struct cmg__revocation *r, const struct cmg__x509 *cert,
                            const struct cmg__x509 *anchor);

#endif
