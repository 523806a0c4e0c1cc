/* Two replicas of the directory, one of them late; see replica.c. */
#ifndef CMG_SANDBOX_REPLICA_H
#define CMG_SANDBOX_REPLICA_H

#include "sandbox/call.h"

/* Runs the handler of a call on the replica whose turn it is; at once on the whole when
   the cloud does not replicate. */
void cmg__sb_replica_handle(struct cmg__sb_call *call,
                            void (*handle)(struct cmg__sb_call *));

#endif
