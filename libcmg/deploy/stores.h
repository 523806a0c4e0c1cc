/*
 * The stores a host gets without writing its own: the journal in a file with a lock file
 * beside it, secrets as files of mode 0600 in a directory of mode 0700.
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
    int lock_fd; /* -1 while not locked */
};

/* The context must outlive the store. */
cmg_status cmg__file_store_init(struct cmg__file_store *store, cmg_context *ctx,
                                const char *path);
void cmg__file_store_done(struct cmg__file_store *store);
cmg_journal_store cmg__file_store_journal(struct cmg__file_store *store);
cmg_secret_store cmg__file_store_secrets(struct cmg__file_store *store);

#endif
