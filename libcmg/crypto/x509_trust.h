/* The trust list, taken apart once; for the judge. */
#ifndef CMG_CRYPTO_X509_TRUST_H
#define CMG_CRYPTO_X509_TRUST_H

#include "crypto/x509_data.h"

#define CMG__TRUST_MAX 1000 /* certificates */

struct cmg__x509_trust {
    const struct cmg__alloc *alloc;
    struct cmg__x509 **list; /* roots first */
    size_t count;
    size_t root_count;
};

bool cmg__x509_is_self_issued(const struct cmg__x509 *cert);
/* A list without anything in it. */
struct cmg__x509_trust *cmg__x509_trust_new_empty(const struct cmg__alloc *alloc);
/* Takes the certificates over, also on failure, when nothing is added; list's own block
   stays the caller's. Ones that are there already are dropped. CMG_E_LIMIT or
   CMG_E_NOMEM. */
cmg_status cmg__x509_trust_add(struct cmg__x509_trust *trust, struct cmg__x509 **list,
                               size_t count);

#endif
