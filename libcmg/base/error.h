/*
 * Making cmg_error objects. Out of memory yields one static object, so that reporting
 * never fails. A caller that passed err == NULL costs nothing.
 */
#ifndef CMG_BASE_ERROR_H
#define CMG_BASE_ERROR_H

#include <cmg/error.h>
#include "base/alloc.h"

struct cmg__error_info {
    cmg_status code;
    cmg_retry retry;
    int64_t retry_after_ms;
    cmg_origin origin;
    int64_t origin_number;
    const char *service_code; /* each text may be NULL; copied */
    const char *subject;
    const char *cause;
    const char *remedy;
};

/* Stores an error (replacing one that is there) and returns info->code. */
cmg_status cmg__error_set(cmg_error **err, const struct cmg__alloc *alloc,
                          const struct cmg__error_info *info, const char *fmt, ...)
    CMG__PRINTF(4, 5);
/* The frequent short form: code, subject, remedy, message. */
cmg_status cmg__fail(cmg_error **err, const struct cmg__alloc *alloc, cmg_status code,
                     const char *subject, const char *remedy, const char *fmt, ...)
    CMG__PRINTF(6, 7);
/* From errno: code CMG_E_IO (ENOENT gives CMG_E_NOTFOUND, ENOSPC says so in words). */
cmg_status cmg__fail_os(cmg_error **err, const struct cmg__alloc *alloc, int os_errno,
                        const char *subject, const char *what);
cmg_status cmg__fail_nomem(cmg_error **err);
/* A lower error seen from above: same fields, message becomes "<prefix>: <message>". */
cmg_status cmg__error_wrap(cmg_error **err, const struct cmg__alloc *alloc,
                           const char *prefix);
/* Moves *from to *to (dropping what was in *to; to may be NULL); returns the code. */
cmg_status cmg__error_move(cmg_error **to, cmg_error **from);

#endif
