/* The one shape in which a document's field is refused. */
#ifndef CMG_RELAY_REFUSE_H
#define CMG_RELAY_REFUSE_H

#include "base/json.h"

/* CMG_E_INVAL with subject "<name>: <path>", what stood there, and the remedy. */
cmg_status cmg__refuse(const struct cmg__alloc *alloc, const char *name,
                       const struct cmg__json *doc, const char *path, const char *allowed,
                       cmg_error **err);

#endif
