/*
 * What holds in every test that runs a deployment: the reader of a step's answer says one
 * thing. Success beside an error loses the error, for nobody looks at it then; a failure
 * without one has no words. Only memory that ran out needs none. The linker leads the
 * calls of cmg__exec_after here.
 */
#include "deploy/engine.h"

#include <stdio.h>
#include <stdlib.h>

void __real_cmg__exec_after(struct cmg__exec *exec, cmg_status rc,
                            const struct cmg__next *next, int64_t hint_ms,
                            cmg_error **err);
void __wrap_cmg__exec_after(struct cmg__exec *exec, cmg_status rc,
                            const struct cmg__next *next, int64_t hint_ms,
                            cmg_error **err);

void __wrap_cmg__exec_after(struct cmg__exec *exec, cmg_status rc,
                            const struct cmg__next *next, int64_t hint_ms,
                            cmg_error **err)
{
    const cmg_status told = cmg_error_code(*err);
    const bool agree = rc == CMG_OK ? *err == NULL
                                    : told == rc || told == CMG_E_NOMEM ||
                                          (rc == CMG_E_NOMEM && *err == NULL);

    if (!agree) {
        (void)fprintf(stderr,
                      "step %s, exchange %s: status %s, but the error is %s: %s\n",
                      exec->run.step->name, exec->run.exchange->name, cmg_status_name(rc),
                      cmg_status_name(told), cmg_error_message(*err));
        abort();
    }
    __real_cmg__exec_after(exec, rc, next, hint_ms, err);
}
