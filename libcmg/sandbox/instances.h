/*
 * The VM instances of the cloud's scale sets as real processes on the sandbox's loop:
 * each runs the service with the user data and the certificate a VM would have got: what
 * its custom data brings when the user data names a package, else the program that the
 * sandbox was given. Changed user data and certificates reach it while it runs. What
 * should run is read from the cloud's tree; one that dies is started again with back-off.
 */
#ifndef CMG_SANDBOX_INSTANCES_H
#define CMG_SANDBOX_INSTANCES_H

#include "net/loop.h"
#include "sandbox/cloud.h"

struct cmg__sb_instances;
struct cmg__sb_instances_settings {
    const char *program;   /* copied */
    const char *directory; /* made when the first instance is; copied */
    const char *ca_file;   /* copied */
    uint16_t https_port;   /* where Azure's names are for the instances */
    const char *metadata;  /* URL of the metadata service; copied */
    /* An instance became ready or stopped being so. */
    void (*on_change)(void *user);
    void *user;
};

cmg_status cmg__sb_instances_new(struct cmg__loop *loop, struct cmg__sb_cloud *cloud,
                                 const struct cmg__sb_instances_settings *settings,
                                 struct cmg__sb_instances **out, cmg_error **err);
/* Ends the processes. NULL is allowed. */
void cmg__sb_instances_free(struct cmg__sb_instances *instances);
/* Starts what the tree wants, ends what it does not want any more. */
void cmg__sb_instances_sync(struct cmg__sb_instances *instances);
/* The loopback port of a ready instance's listener, by its port in the field; or 0. */
uint16_t cmg__sb_instances_port(struct cmg__sb_instances *instances, const char *set_id,
                                unsigned index, uint16_t backend);
/* How many processes run; any thread. */
size_t cmg__sb_instances_count(struct cmg__sb_instances *instances);

/* ---- instance_files.c: what a VM finds on its disk ---- */
struct cmg__sb_machine {
    char *directory; /* all cmg__free */
    char *user_data;
    char *boot; /* the custom data, a program */
    char *secrets;
    char *ready;
    char *log;
};
cmg_status cmg__sb_machine_make(struct cmg__sb_cloud *cloud, const char *parent,
                                const char *name, const struct cmg__json *set,
                                const struct cmg__json *vm, struct cmg__sb_machine *out,
                                cmg_error **err);
/* User data and certificates as the instance's model has them now. */
cmg_status cmg__sb_machine_refresh(struct cmg__sb_cloud *cloud,
                                   const struct cmg__sb_machine *machine,
                                   const struct cmg__json *vm, cmg_error **err);
/* Takes keys and ready file away; the log stays. */
void cmg__sb_machine_done(struct cmg__sb_cloud *cloud, struct cmg__sb_machine *machine);

#endif
