/* Shows what a deployment found wrong: what, why, and what to do about it. */
#ifndef EXAMPLES_PROBLEM_H
#define EXAMPLES_PROBLEM_H

#include <cmg/cmg.h>

void problem_print(const cmg_problem *problem);

#endif
