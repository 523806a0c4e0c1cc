/* The trust list, taken apart once; for the judge. */
#ifndef CMG_CRYPTO_X509_TRUST_H
#define CMG_CRYPTO_X509_TRUST_H

#include "crypto/x509_data.h"

struct cmg__x509_trust {
    const struct cmg__alloc *alloc;
    struct cmg__x509 **list; /* roots first */
    size_t count;
    size_t root_count;
};

bool cmg__x509_is_self_issued(const struct cmg__x509 *cert);

#endif
