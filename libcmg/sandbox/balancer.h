/*
 * The load balancers of the cloud as TCP listeners on loopback: a rule's frontend port
 * goes round robin to the ready instances of the scale set behind it, each port of a NAT
 * range to one instance. What should listen is read from the cloud's tree.
 */
#ifndef CMG_SANDBOX_BALANCER_H
#define CMG_SANDBOX_BALANCER_H

#include "net/stream.h"
#include "sandbox/instances.h"
#include "sandbox/names.h"

struct cmg__sb_balancer;

cmg_status cmg__sb_balancer_new(struct cmg__loop *loop, struct cmg__sb_cloud *cloud,
                                struct cmg__sb_instances *instances,
                                struct cmg__sb_names *names,
                                struct cmg__sb_balancer **out, cmg_error **err);
void cmg__sb_balancer_free(struct cmg__sb_balancer *balancer);
void cmg__sb_balancer_sync(struct cmg__sb_balancer *balancer);

/* ---- pair.c: two streams that carry each other's bytes ---- */
/* Takes both streams over; ends by itself or with the list it is on. */
cmg_status cmg__sb_pair_new(struct cmg__stream *a, struct cmg__stream *b,
                            struct cmg__list *list, cmg_error **err);
/* Ends every pair of a list. */
void cmg__sb_pairs_free(struct cmg__list *list);

#endif
