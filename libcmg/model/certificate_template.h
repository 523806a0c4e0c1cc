/* The data behind cmg_template. */
#ifndef CMG_MODEL_CERTIFICATE_TEMPLATE_H
#define CMG_MODEL_CERTIFICATE_TEMPLATE_H

#include <cmg/template.h>
#include "base/context.h"
#include "base/handle.h"
#include "crypto/x509_template.h"

struct cmg_template {
    struct cmg__handle head;
    struct cmg__x509_template data;
};

/* Reads JSON text; document is its name in errors. */
cmg_status cmg__template_read(const struct cmg__alloc *alloc, const char *document,
                              const char *json, size_t size,
                              struct cmg__x509_template *out, cmg_error **err);
/* Complete, keys sorted. */
CMG__NODISCARD cmg_status cmg__template_write(const struct cmg__x509_template *t,
                                              struct cmg__buf *out);

#endif
