/* What instances have been told, compared with what they are to be told. Pure. */
#ifndef CMG_MODEL_TOLD_H
#define CMG_MODEL_TOLD_H

#include "base/json.h"
#include "model/difference.h"

/* Puts what differs between the user data of a scale set, read with its user data, and
   wanted (JSON text) into a list; paths are "/settings/serve_content". What wanted does
   not know yet is left out: IDs of applications, the package. */
CMG__NODISCARD cmg_status cmg__told_compare(const struct cmg__alloc *alloc,
                                            const struct cmg__json *scale_set,
                                            const char *wanted,
                                            struct cmg__differences *list);

#endif
