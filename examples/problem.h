/* Shows what a deployment found wrong: what, why, and what to do about it. */
#ifndef EXAMPLES_PROBLEM_H
#define EXAMPLES_PROBLEM_H

#include <cmg/cmg.h>
#include <stdio.h>

/* All that are at least so severe, as a table; counts them by severity. */
cmg_status problem_print_all(FILE *out, const cmg_deploy *deploy, cmg_severity least,
                             size_t counts[4], cmg_error **err);

#endif
