/* The request of an enrolment: PKCS#10 as the host gave it. */
#ifndef CMG_ENROL_REQUEST_H
#define CMG_ENROL_REQUEST_H

#include "base/buf.h"
#include "base/error.h"
#include "crypto/der_read.h"

#define CMG__ENROL_REQUEST_MAX ((size_t)64 * 1024)

/* Fills der from PEM or DER. */
cmg_status cmg__enrol_request_read(const struct cmg__alloc *alloc, const void *data,
                                   size_t n, struct cmg__buf *der, cmg_error **err);
/* SubjectPublicKeyInfo with its header; false when it is not a request. */
bool cmg__enrol_request_spki(const struct cmg__buf *der, struct cmg__span *spki);

#endif
