/* The JSON form of a gateway. */
#ifndef CMG_MODEL_SPECIFICATION_H
#define CMG_MODEL_SPECIFICATION_H

#include "model/gateway.h"

#define CMG__SPECIFICATION_MAX ((size_t)1024 * 1024)

/* Fills a fresh gateway; document is what errors call the text. */
cmg_status cmg__specification_read(cmg_gateway *gateway, const char *document,
                                   const char *json, size_t size, cmg_error **err);
/* Complete with defaults, keys sorted, compact. Observed values are not part of it. */
cmg_status cmg__specification_write(const cmg_gateway *gateway, struct cmg__buf *out,
                                    cmg_error **err);

#endif
