/*
 * The stores a host gets without writing its own: the journal in a file with a lock file
 * beside it, secrets as files of mode 0600 in a directory of mode 0700.
 *
 * The lock is the kernel's and ends with its process, but somebody may remove the lock
 * file while that process is paused. So who takes the journal over puts a file of his own
 * in its place: what the former owner still writes goes to the file that has lost its
 * name, and before each effect he sees that it has.
 */
#ifndef CMG_DEPLOY_STORES_H
#define CMG_DEPLOY_STORES_H

#include <cmg/deploy.h>
#include "base/context.h"

struct cmg__file_store {
    cmg_context *ctx;
    char *path;
    char *lock_path;
    char *secret_dir;
    int lock_fd;          /* -1 while not locked */
    int fd;               /* the journal of this owner; -1 while nobody is */
    int64_t owner;        /* number of the claim; 0 while nobody is */
    struct cmg__buf kept; /* what is in that file */
    bool broken;          /* nobody knows what is in that file */
};

/* The context must outlive the store. */
cmg_status cmg__file_store_init(struct cmg__file_store *store, cmg_context *ctx,
                                const char *path);
void cmg__file_store_done(struct cmg__file_store *store);
cmg_journal_store cmg__file_store_journal(struct cmg__file_store *store);
cmg_secret_store cmg__file_store_secrets(struct cmg__file_store *store);

#endif
