/*
 * A list of findings: what is wrong with a certificate, or worth knowing about it. Texts
 * are copied, so that a report outlives what it speaks of.
 */
#ifndef CMG_CRYPTO_REPORT_H
#define CMG_CRYPTO_REPORT_H

#include <cmg/check.h>
#include "crypto/describe.h"

struct cmg__finding {
    cmg_finding code;
    cmg_severity severity;
    char *subject;
    char *cause;
    char *remedy;
};

struct cmg__report {
    const struct cmg__alloc *alloc;
    struct cmg__finding *list;
    size_t count;
    size_t capacity;
    size_t refusals;
    cmg_status rc; /* the first failure sticks: check it once, at the end */
};

void cmg__report_init(struct cmg__report *report, const struct cmg__alloc *alloc);
void cmg__report_done(struct cmg__report *report);
/* Texts are copied; the cause is formatted. Kept in order of severity, the gravest first.
   A finding that is there already is not added twice; at most 200 are kept, a refusal
   always takes effect. */
void cmg__report_add(struct cmg__report *report, cmg_finding code, cmg_severity severity,
                     const char *subject, const char *remedy, const char *cause, ...)
    CMG__PRINTF(6, 7);
bool cmg__report_is_accepted(const struct cmg__report *report);
bool cmg__report_has(const struct cmg__report *report, cmg_finding code);
/* "certificate is accepted" or "refused", then finding by finding. */
void cmg__report_describe(const struct cmg__report *report, struct cmg__describe *d);

#endif
