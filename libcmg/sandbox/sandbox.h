/*
 * The sandbox itself: a thread that drives a context of its own, on whose loop listener,
 * instances and balancers live, and the cloud behind them.
 *
 * Only the sandbox's thread changes the cloud, under the lock; other threads read it
 * under the lock. Names have a lock of their own (names.h).
 */
#ifndef CMG_SANDBOX_SANDBOX_H
#define CMG_SANDBOX_SANDBOX_H

#include <pthread.h>
#include <stdatomic.h>

#include <cmg/sandbox.h>
#include "base/handle.h"
#include "sandbox/authority.h"
#include "sandbox/balancer.h"
#include "sandbox/http.h"

#define CMG__SB_MAX_FAULTS 64

struct cmg__sb_injection {
    char *method;  /* NULL: any */
    char *path;    /* NULL: any */
    uint32_t left; /* 1: the next match */
    cmg_sandbox_fault fault;
    int status;
};

struct cmg_sandbox {
    struct cmg__handle head;
    const struct cmg__alloc *alloc;
    struct cmg__env env; /* the system's, without waiting for the disk */
    cmg_context *ctx;    /* of the sandbox's own thread */
    char *directory, *ca_file, *identity_endpoint;
    int lock_fd;
    struct cmg__sb_authority authority;
    struct cmg__sb_cloud *cloud;
    struct cmg__sb_names names;
    struct cmg__sb_http *http;
    struct cmg__sb_http *metadata;       /* what a machine has at 169.254.169.254 */
    struct cmg__sb_instances *instances; /* NULL without a service program */
    struct cmg__sb_balancer *balancer;
    struct cmg__timer timer;
    pthread_t thread;
    bool runs;
    atomic_bool stop;
    pthread_mutex_t lock;
    bool has_lock;
    struct cmg__sb_injection faults[CMG__SB_MAX_FAULTS]; /* under the lock */
    size_t fault_count;
    atomic_uint_fast64_t requests;
    atomic_uint_fast64_t met; /* faults that had an effect */
};

/* ---- inject.c ---- */
/* The fault that meets this request, taken off the list; false for none. Call with the
   lock held. */
bool cmg__sb_inject_take(struct cmg_sandbox *sandbox, const char *method,
                         const char *target, struct cmg__sb_injection *out);
/* What a fault does to the operation that a request begins; the request itself is well.
 */
enum cmg__sb_operation_fault cmg__sb_inject_operation(cmg_sandbox_fault fault);
/* Whether the request is carried out in spite of it, and what becomes of its answer. */
bool cmg__sb_inject_works(cmg_sandbox_fault fault);
enum cmg__sb_fate cmg__sb_inject_fate(cmg_sandbox_fault fault);
cmg_status cmg__sb_inject_elsewhere(const struct cmg__alloc *alloc,
                                    struct cmg__headers *headers);
/* Whether a fault that met a request had an effect there: one of an operation has none
   where none was begun, nor another host where there is nothing to poll. Call with the
   request carried out and answered. */
bool cmg__sb_inject_has_met(const struct cmg_sandbox *sandbox, cmg_sandbox_fault fault,
                            const struct cmg__sb_answer *answer);
void cmg__sb_inject_done(struct cmg_sandbox *sandbox);

#endif
