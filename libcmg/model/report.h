/* The data behind cmg_report; whoever judges something makes one. */
#ifndef CMG_MODEL_REPORT_H
#define CMG_MODEL_REPORT_H

#include <cmg/check.h>
#include "base/context.h"
#include "crypto/report.h"

struct cmg_report {
    struct cmg__handle head;
    struct cmg__report report;
};

/* Takes the content of report over, also on failure; a report that ran out of memory
   gives CMG_E_NOMEM. */
cmg_status cmg__report_make(cmg_context *ctx, struct cmg__report *report,
                            cmg_report **out, cmg_error **err);

#endif
