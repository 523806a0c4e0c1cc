/*
 * What the files of net/ that use libuv themselves (name lookup, child processes, the
 * HTTP engine's timer) may see of the loop. No other room includes this.
 */
#ifndef CMG_NET_LOOP_UV_H
#define CMG_NET_LOOP_UV_H

#include "net/loop.h"

#include <uv.h>

uv_loop_t *cmg__loop_uv(struct cmg__loop *loop);
/* Something was started that libuv looks at only in its next turn: makes the descriptor
   readable and the timeout 0, so that no host sleeps over it. */
void cmg__loop_touch(struct cmg__loop *loop);
/* True inside a turn. */
bool cmg__loop_is_turning(const struct cmg__loop *loop);
/* After a fork: gives memory back, touches no descriptor. What libuv holds itself stays.
 */
void cmg__loop_forget(struct cmg__loop *loop);
/* From an error number of libuv (a negative errno) to a cmg_error. */
cmg_status cmg__loop_fail(struct cmg__loop *loop, cmg_error **err, int uv_error,
                          const char *subject, const char *what);

#endif
