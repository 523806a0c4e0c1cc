/* The list of what a preflight found. */
#ifndef CMG_DEPLOY_PROBLEM_H
#define CMG_DEPLOY_PROBLEM_H

#include <cmg/preflight.h>
#include "base/context.h"

struct cmg__problem_row;

struct cmg__problems {
    struct cmg__problem_row *rows;
    size_t count;
    bool collect; /* a refusal is kept here instead of failing the step */
    bool keep;    /* the rest is kept here, too, not only logged */
};

/* Copies what problem says; its size does not matter, and NULL texts are "". */
CMG__NODISCARD cmg_status cmg__problems_add(struct cmg__problems *problems,
                                            const struct cmg__alloc *alloc,
                                            const cmg_problem *problem);
void cmg__problems_clear(struct cmg__problems *problems, const struct cmg__alloc *alloc);

#endif
