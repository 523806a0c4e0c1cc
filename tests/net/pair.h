/*
 * A context with a fake clock and connected sockets, for tests of what speaks over a
 * stream: the far end is either another stream or a plain descriptor that the test reads
 * and writes itself.
 */
#ifndef TESTS_NET_PAIR_H
#define TESTS_NET_PAIR_H

#include "base/buf.h"
#include "net/stream.h"
#include "support/support.h"

/* Checked fixture: also compares descriptors before and after. */
void pair_setup(void);
void pair_teardown(void);
/* The same with an allocator of one's own, for runs that fail allocations. */
cmg_status pair_open(const cmg_allocator *allocator);
void pair_close(void);

cmg_context *pair_ctx(void);
struct cmg__loop *pair_loop(void);
void pair_advance_ms(int64_t ms);

/* One end as a stream, the other a non-blocking descriptor, closed by pair_teardown
   unless pair_far_close came first. NULL when the stream could not be made. */
struct cmg__stream *pair_half(void);
int pair_far(void);
void pair_far_close(void);
void pair_streams(struct cmg__stream **a, struct cmg__stream **b);

/* Turns of the loop until done(user) or some hundred turns without effect; true when
   done. */
bool pair_spin(bool (*done)(void *user), void *user);
void pair_turns(int n);

/* Writes all to the far descriptor while the loop turns. */
void pair_send(const void *data, size_t n);
void pair_send_str(const char *text);
/* What has come to the far descriptor until now, added to what came before. */
struct cmg__buf *pair_received(void);
/* True when the far descriptor was closed by the peer. */
bool pair_at_eof(void);

/* Bytes that tell their place: byte i of a body of that seed. */
char pair_pattern(size_t i, unsigned seed);
void pair_fill_pattern(char *out, size_t at, size_t n, unsigned seed);

#endif
