/* Everything that a run lets others see, in one text: logs at debug, what callbacks are
   told, errors, files. What must not be seen is searched in it. */
#ifndef TESTS_FLOW_SEEN_H
#define TESTS_FLOW_SEEN_H

#include "place.h"

void seen_clear(void);
size_t seen_length(void);
bool seen_has(const char *text);

void see(const char *text);
void see_error(const cmg_error *error);
/* Zero bytes count as blanks. */
void see_file(const char *path);
/* For cmg_context_set_log(). */
void seen_log(cmg_context *ctx, const cmg_log_record *record, void *user);
/* Steps, plan, prompt: takes each as it comes. */
extern const cmg_deploy_events seen_events;

#endif
