/* Two replicas of the directory, one of them late; see replica.c. */
#ifndef CMG_SANDBOX_REPLICA_H
#define CMG_SANDBOX_REPLICA_H

#include "sandbox/call.h"

/* Runs the handler of a call on the replica whose turn it is; at once on the whole when
   the cloud does not replicate. */
void cmg__sb_replica_handle(struct cmg__sb_call *call,
                            void (*handle)(struct cmg__sb_call *));

/* From now on the second replica is so late; 0: never. What it did not know is forgotten.
 */
cmg_status cmg__sb_replica_begin(struct cmg__sb_cloud *cloud, int64_t ms);

#endif
