/*
 * The instances of a scale set as data, in the private member "_instances" of its
 * resource: which there are, what power state they are wanted in, which model each has.
 * IDs are never given out twice; a slot (the number of a NAT port) is free again when its
 * instance goes.
 *
 * An instance: id, slot, vm_id, power ("running", "stopped", "deallocated"), generation
 * (grows when its process is to be made anew), busy (operation that works on it); and of
 * the model that it has: model (its number), frame (a digest of what a machine is made
 * of), user_data and secrets, which reach a machine without its being made anew.
 */
#ifndef CMG_SANDBOX_FLEET_H
#define CMG_SANDBOX_FLEET_H

#include "sandbox/cloud.h"

#define CMG__SB_SCALE_SETS "Microsoft.Compute/virtualMachineScaleSets"

bool cmg__sb_is_scale_set(const struct cmg__json *resource);
/* The array of a set; NULL for other resources. */
struct cmg__json *cmg__sb_fleet(const struct cmg__json *set);
/* The instance with that ID, or NULL. */
struct cmg__json *cmg__sb_fleet_find(const struct cmg__json *set, const char *id);
/* Takes the instances of the set as it was (NULL for none) over to the set as put, starts
   or ends some to match its capacity, and notes a new model. */
void cmg__sb_fleet_adopt(struct cmg__sb_cloud *cloud, struct cmg__json *set,
                         const struct cmg__json *old);
/* Takes the instance away and lowers the capacity. */
void cmg__sb_fleet_remove(struct cmg__sb_cloud *cloud, struct cmg__json *set,
                          const char *id);
/* The newest model. Its process is made anew only when a machine would be: for another
   frame, or another service package, which the machine itself would bring. */
void cmg__sb_fleet_upgrade(struct cmg__sb_cloud *cloud, struct cmg__json *set,
                           struct cmg__json *instance);
/* What its model gives a machine: user data (base64, "" for none), certificates. */
const char *cmg__sb_fleet_user_data(const struct cmg__json *instance);
const struct cmg__json *cmg__sb_fleet_secrets(const struct cmg__json *instance);
/* The decoded user data as JSON (yours); NULL when it is none. */
struct cmg__json *cmg__sb_user_data(const struct cmg__sb_cloud *cloud, const char *text);
/* Its process is made anew; with_model: as the set is now. */
void cmg__sb_fleet_renew(struct cmg__sb_cloud *cloud, struct cmg__json *set,
                         struct cmg__json *instance, bool with_model);
bool cmg__sb_fleet_is_latest(const struct cmg__json *set,
                             const struct cmg__json *instance);
/* Does its process answer? Without processes nothing does. */
bool cmg__sb_fleet_is_up(const struct cmg__sb_cloud *cloud, const struct cmg__json *set,
                         const struct cmg__json *instance);

/* ---- rolling.c ---- */
/* Begins to bring instances of older models to the newest, batch by batch; false when
   one is under way already. */
bool cmg__sb_rolling_start(struct cmg__sb_cloud *cloud, struct cmg__json *set);
void cmg__sb_rolling_settle(struct cmg__sb_cloud *cloud, int64_t now_ms);

#endif
