/*
 * What an enrolment keeps in a file of the host: one JSON document, replaced whole or not
 * at all, beside a lock. Without a path nothing is kept and everything succeeds.
 */
#ifndef CMG_ENROL_CHECKPOINT_H
#define CMG_ENROL_CHECKPOINT_H

#include "base/context.h"
#include "base/json.h"

#define CMG__CHECKPOINT_VERSION 1
#define CMG__CHECKPOINT_MAX     ((size_t)4 * 1024 * 1024)

struct cmg__checkpoint {
    cmg_context *ctx; /* borrowed */
    char *path;       /* NULL: none */
    int lock_fd;
    struct cmg__buf last; /* what the file holds, to write changes only */
};

void cmg__checkpoint_init(struct cmg__checkpoint *cp, cmg_context *ctx);
void cmg__checkpoint_done(struct cmg__checkpoint *cp);
CMG__NODISCARD cmg_status cmg__checkpoint_set_path(struct cmg__checkpoint *cp,
                                                   const char *path);
/* Takes the lock and reads; *out is NULL when there is no file or no path. */
cmg_status cmg__checkpoint_open(struct cmg__checkpoint *cp, struct cmg__json **out,
                                cmg_error **err);
void cmg__checkpoint_close(struct cmg__checkpoint *cp);
/* Durable on return. */
cmg_status cmg__checkpoint_write(struct cmg__checkpoint *cp,
                                 const struct cmg__json *content, cmg_error **err);
/* The error for a document that cannot be believed. */
cmg_status cmg__checkpoint_damaged(const struct cmg__checkpoint *cp, const char *what,
                                   cmg_error **err);

#endif
