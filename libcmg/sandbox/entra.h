/* What the two halves of Entra share. */
#ifndef CMG_SANDBOX_ENTRA_H
#define CMG_SANDBOX_ENTRA_H

#include "sandbox/call.h"

/* Is the path's {tenant} ours? Otherwise the answer is set. */
bool cmg__sb_tenant_is_known(struct cmg__sb_call *call);

#endif
