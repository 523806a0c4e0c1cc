/*
 * Log records of a context. Formatting is skipped when the level is off. Nothing secret
 * may be passed in: see doc/security.md for the allow-list rule.
 */
#ifndef CMG_BASE_LOG_H
#define CMG_BASE_LOG_H

#include <cmg/context.h>
#include "base/compiler.h"

/* subject may be NULL. */
void cmg__log(cmg_context *ctx, cmg_log_level level, const char *module,
              const char *event, const char *subject, const char *fmt, ...)
    CMG__PRINTF(6, 7);

#endif
