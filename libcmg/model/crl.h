/* The data behind cmg_crl. */
#ifndef CMG_MODEL_CRL_H
#define CMG_MODEL_CRL_H

#include <cmg/crl.h>
#include "base/context.h"
#include "crypto/crl.h"

struct cmg_crl {
    struct cmg__handle head;
    struct cmg__crl *crl;
    struct cmg__crl_info info;
    char number[2 * CMG__SERIAL_MAX + 1];
    char base_number[2 * CMG__SERIAL_MAX + 1];
};

/* Takes the list over, also on failure. */
cmg_status cmg__crl_make(cmg_context *ctx, struct cmg__crl *list, cmg_crl **out,
                         cmg_error **err);

#endif
