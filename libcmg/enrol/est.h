/* EST (RFC 7030) as a way to an authority. */
#ifndef CMG_ENROL_EST_H
#define CMG_ENROL_EST_H

#include "enrol/method.h"

cmg_status cmg__est_new(const struct cmg__alloc *alloc, const char *url, bool renew,
                        struct cmg__enrol_method **out, cmg_error **err);

/* Reads the body of csrattrs (base64 of CsrAttrs, RFC 7030, 4.5.2) and says in words what
   the server would like to see; size bytes at most. False when it is not well formed. */
bool cmg__est_attributes(const struct cmg__alloc *alloc, const char *body, size_t n,
                         char *out, size_t size);

#endif
