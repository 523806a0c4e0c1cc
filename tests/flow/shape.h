/*
 * What a cloud and a host's files hold, as lines that are the same for two of the same
 * kind: identifiers, times, keys and digests are only said to be there.
 */
#ifndef TESTS_FLOW_SHAPE_H
#define TESTS_FLOW_SHAPE_H

#include "place.h"

/* Sorted lines; cmg__buf_done with the libc's allocator. */
struct cmg__buf shape_of(cmg_sandbox *sandbox);
/* False with the first lines that only one of them has. */
bool shape_is_same(const struct cmg__buf *found, const struct cmg__buf *wanted,
                   char why[1100]);

/* The cloud and the host's files as they are now, to go back to. */
struct snapshot {
    struct cmg__json *state;
};
void snapshot_take(struct snapshot *snapshot, cmg_sandbox *sandbox);
void snapshot_restore(const struct snapshot *snapshot, cmg_sandbox *sandbox);
void snapshot_done(struct snapshot *snapshot);

#endif
