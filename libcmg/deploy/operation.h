/*
 * The operations of a deployment, one row each: which steps make it up, where it ends,
 * and what has to be there before it may begin.
 */
#ifndef CMG_DEPLOY_OPERATION_H
#define CMG_DEPLOY_OPERATION_H

#include "deploy/step.h"

struct cmg__operation {
    const char *name; /* in the journal: "register_apps" */
    struct cmg__step_table steps;
    cmg_deploy_state end; /* READY or DELETED; an end of DELETED removes the journal */
    bool reads_only;    /* changes nothing: no plan to confirm, no journal needed, one of
                           any specification will do */
    bool dry;           /* ends with the plan */
    bool collects;      /* what fails after the sign-in becomes a problem; is dry */
    bool finds;         /* what its steps tell is kept as problems */
    bool needs_gateway; /* tenant and applications alone are not enough */
    bool needs_discovery; /* what to discover has to be said */
    bool needs_authority; /* issues the server certificate */
    bool must_restore;    /* nothing to restore is a failure */
    bool removes_apps;    /* those of others only when told so */
    bool any_spec;        /* goes on with a journal of another specification */
    const char *unknown;  /* the plan's words for a step that could not be looked at, or
                             NULL */
};

/* NULL for a number that is no operation. */
const struct cmg__operation *cmg__operation_get(cmg_deploy_operation operation);
/* The same for a gateway: what its specification rules out needs no journal, no
   confirmation, and no right. */
const struct cmg__operation *cmg__operation_for(cmg_deploy_operation operation,
                                                const cmg_gateway *gateway);

#endif
