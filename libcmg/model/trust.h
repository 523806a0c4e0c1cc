/* The data behind cmg_trust. */
#ifndef CMG_MODEL_TRUST_H
#define CMG_MODEL_TRUST_H

#include <cmg/check.h>
#include "base/context.h"
#include "crypto/x509.h"

struct cmg_trust {
    struct cmg__handle head;
    struct cmg__x509_trust *trust;
};

#endif
