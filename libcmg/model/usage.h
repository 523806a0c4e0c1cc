/* What a gateway uses: answers of Azure Monitor as amounts, amounts as levels. Pure. */
#ifndef CMG_MODEL_USAGE_H
#define CMG_MODEL_USAGE_H

#include <cmg/usage.h>
#include "model/gateway.h"

/* Traffic is counted over that time. */
#define CMG__USAGE_DAYS 14

/* Adds what the metrics of an answer come to: all values, or of each series the latest.
   Buckets without a value count nothing. False when it is no answer of that kind. */
bool cmg__usage_add_totals(struct cmg__usage *usage, const struct cmg__json *answer);
bool cmg__usage_add_latest(struct cmg__usage *usage, const struct cmg__json *answer);

/* The first metric of an answer that Azure could not read; NULL: it could read all. */
const struct cmg__json *cmg__usage_unread(const struct cmg__json *answer);

/* Of the alert's limit, rounded down: exact against a whole percentage. */
uint32_t cmg__usage_percent(const struct cmg__usage *usage,
                            const struct cmg__alert *alert);
cmg_usage_level cmg__usage_level(const struct cmg__usage *usage,
                                 const struct cmg__alert *alert);

/* An alert of the specification. */
const struct cmg__alert *cmg__usage_alert(const cmg_gateway *gateway, cmg_alert alert);

#endif
