/* What a deployment of the template would change, as differences. */
#ifndef CMG_MODEL_DRIFT_H
#define CMG_MODEL_DRIFT_H

#include "base/json.h"
#include "model/difference.h"

/* Reads the answer of Resource Manager's what-if into a list; in front of a path stand
   type and name of the resource: "/loadBalancers/granitefalls/properties/probes/https".
   CMG_E_PROTO for a change that an incremental deployment cannot make. */
CMG__NODISCARD cmg_status cmg__drift_read(const struct cmg__alloc *alloc,
                                          const struct cmg__json *answer,
                                          struct cmg__differences *list, cmg_error **err);

#endif
