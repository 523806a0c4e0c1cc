/* The data behind cmg_csr. */
#ifndef CMG_MODEL_CSR_H
#define CMG_MODEL_CSR_H

#include <cmg/csr.h>
#include "base/context.h"
#include "base/handle.h"
#include "crypto/csr.h"

struct cmg_csr {
    struct cmg__handle head;
    struct cmg__csr *csr; /* its signature was verified */
};

/* Takes the parsed request over, also on failure; CMG_E_CERT when its signature does not
   verify. */
cmg_status cmg__csr_make(cmg_context *ctx, struct cmg__csr *csr, cmg_csr **out,
                         cmg_error **err);

#endif
