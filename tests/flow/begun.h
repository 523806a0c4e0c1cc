/*
 * Which requests of a deployment began long-running operations of Resource Manager: those
 * whose answers said where to poll, or that the resource is not ready yet.
 */
#ifndef TESTS_FLOW_BEGUN_H
#define TESTS_FLOW_BEGUN_H

#include "deploy/engine.h"

#define BEGUN_MAX 32

struct begun {
    /* As cmg_sandbox_inject() takes them: the nth request by method below path. */
    struct {
        char method[8];
        char path[256];
        unsigned nth;
    } of[BEGUN_MAX];
    size_t count;
};

/* Of the run of the deployment that follows; out has to outlive it. One at a time. */
void begun_watch(cmg_deploy *deploy, struct begun *out);

#endif
