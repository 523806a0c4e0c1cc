/*
 * What a host sets about the cloud by name: durations, quotas, restrictions. Kept in
 * memory only, beside the tree; changed and read under the sandbox's lock.
 */
#ifndef CMG_SANDBOX_SETTING_H
#define CMG_SANDBOX_SETTING_H

#include "sandbox/cloud.h"

/* value NULL: back to the default. The names are those of cmg_sandbox_set(). */
cmg_status cmg__sb_setting_change(struct cmg__sb_cloud *cloud, const char *name,
                                  const char *value, cmg_error **err);
/* The value under a formatted name (case does not matter), or NULL. */
const char *cmg__sb_setting(const struct cmg__sb_cloud *cloud, const char *fmt, ...)
    CMG__PRINTF(2, 3);
/* The same as a number. */
int64_t cmg__sb_setting_int(const struct cmg__sb_cloud *cloud, int64_t otherwise,
                            const char *fmt, ...) CMG__PRINTF(3, 4);
/* How long something takes: its own "duration/..." or the operation_ms of the sandbox. */
int64_t cmg__sb_duration_ms(const struct cmg__sb_cloud *cloud, const char *what);

#endif
