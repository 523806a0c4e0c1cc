/*
 * Where the flows play: a sandbox in this process with idle instances, contexts that are
 * led to it, and the same gateway made as often as wanted.
 */
#ifndef TESTS_FLOW_PLACE_H
#define TESTS_FLOW_PLACE_H

#include <cmg/sandbox.h>
#include "deploy/engine.h"
#include "support/support.h"

/* Starts the sandbox in a fresh directory; IDLE_PROGRAM runs as instances. */
cmg_sandbox *place_sandbox(uint32_t operation_ms);
/* The same without processes: instances are there as soon as they are wanted; and nothing
   is written down. */
cmg_sandbox *place_control_plane(uint32_t operation_ms);

/* Everything a process needs to deploy; the numbers come from the sandbox. */
struct site {
    char ca_file[512];
    char subscription[64];
    char client_id[64];
    char client_secret[256];
    char authority_dir[512];
    char journal[512];
    unsigned port;
};
void place_site(cmg_sandbox *sandbox, struct site *out);

struct party {
    cmg_context *ctx;
    cmg_gateway *gateway;
    cmg_deploy *deploy;
};
/* Made with public functions only. On failure everything is given back. */
cmg_status party_init(struct party *p, const struct site *site,
                      const cmg_allocator *allocator, cmg_error **err);
/* The same for a tenant and its applications only. */
void party_without_gateway(struct party *p, const struct site *site);
/* The same with each endpoint under https://localhost:PORT. */
cmg_status party_init_by_path(struct party *p, const struct site *site, cmg_error **err);
/* Gives a gateway the service package of a number; nobody unpacks it. */
cmg_status place_package(cmg_gateway *gateway, unsigned char number, cmg_error **err);
/* Another gateway than theirs, with applications of its own. */
cmg_status place_other_gateway(cmg_context *ctx, const struct site *site,
                               const char *name, const char *group, cmg_gateway **out,
                               cmg_error **err);
/* A deployment without the step that asks a gateway that is not there. */
cmg_status party_deploy(struct party *p, const struct site *site,
                        cmg_deploy_operation operation, const cmg_deploy_events *events,
                        cmg_error **err);
/* The same, not run yet. */
cmg_status party_prepare(struct party *p, const struct site *site,
                         cmg_deploy_operation operation, const cmg_deploy_events *events,
                         cmg_error **err);
void party_done(struct party *p);

struct place_fixture {
    void (*setup)(void);
    void (*teardown)(void);
};
/* A case of its own with that fixture; test runs for 0 to end - 1. */
void place_add_case(Suite *suite, const struct place_fixture *fixture, const char *name,
                    const TTest *test, int end);

/* From now on the directory knows no unique names: applications made twice are found by
   their tags only. */
void place_refuse_upsert(cmg_sandbox *sandbox);

/* The cloud holds one of each, or nothing. */
void place_check_one_of_each(cmg_sandbox *sandbox);
void place_check_nothing(cmg_sandbox *sandbox);

#endif
