/*
 * Where the names of the cloud are on loopback: a small table with a lock of its own, the
 * only thing that hosts' resolver callbacks touch.
 */
#ifndef CMG_SANDBOX_NAMES_H
#define CMG_SANDBOX_NAMES_H

#include <pthread.h>

#include "azure/cloud.h"
#include "base/alloc.h"

struct cmg__sb_name {
    char host[254];
    uint16_t port;
    uint16_t loopback_port;
};

struct cmg__sb_names {
    const struct cmg__alloc *alloc;
    const struct cmg__cloud *azure;
    pthread_mutex_t lock;
    uint16_t https_port;
    struct cmg__sb_name *items;
    size_t count;
};

cmg_status cmg__sb_names_init(struct cmg__sb_names *names, const struct cmg__alloc *alloc,
                              const struct cmg__cloud *azure);
void cmg__sb_names_done(struct cmg__sb_names *names);
/* Replaces the table by items (taken over; from alloc). */
void cmg__sb_names_set(struct cmg__sb_names *names, struct cmg__sb_name *items,
                       size_t count);
/* The loopback port of a name and port, or 0. */
uint16_t cmg__sb_names_find(struct cmg__sb_names *names, const char *host, uint16_t port);

#endif
