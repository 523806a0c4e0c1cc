/*
 * What every public object begins with: a tag that tells its kind, a reference count, the
 * fork generation it was made in, its context. Public functions check it once at entry
 * with cmg__check; callbacks run between cmg__callback_enter and cmg__callback_leave so
 * that driving functions can refuse re-entry.
 */
#ifndef CMG_BASE_HANDLE_H
#define CMG_BASE_HANDLE_H

#include <cmg/context.h>
#include "base/alloc.h"
#include "base/error.h"

enum cmg__tag {
    CMG__TAG_CONTEXT = 0x436d4701,
    CMG__TAG_TENANT,
    CMG__TAG_SERVER_APP,
    CMG__TAG_CLIENT_APP,
    CMG__TAG_CERTIFICATE,
    CMG__TAG_AUTHORITY,
    CMG__TAG_GATEWAY,
    CMG__TAG_DEPLOY,
    CMG__TAG_SERVICE,
    CMG__TAG_CONNECTOR,
    CMG__TAG_CLIENT,
    CMG__TAG_SANDBOX,
    CMG__TAG_KEY,
    CMG__TAG_TEMPLATE,
    CMG__TAG_CSR,
    CMG__TAG_CRL,
    CMG__TAG_PFX,
    CMG__TAG_TRUST,
    CMG__TAG_REPORT,
    CMG__TAG_NAMES,
    CMG__TAG_ENROLMENT,
    CMG__TAG_UPLOAD,
    CMG__TAG_IMPORT,
    CMG__TAG_WATCH,
    CMG__TAG_DEAD = 0x44656164
};

struct cmg__handle {
    uint32_t tag;
    uint32_t refs;
    uint32_t fork_generation;
    uint32_t layout;  /* differs between builds that must not share handles */
    cmg_context *ctx; /* counted; NULL for the context itself */
};

/* Fills the head with one reference; takes a reference on ctx (may be NULL). */
void cmg__handle_init(struct cmg__handle *head, enum cmg__tag tag, cmg_context *ctx);
/* Marks the head dead and gives the context back. Call last before freeing. */
void cmg__handle_done(struct cmg__handle *head);
/* +1 / -1; unref returns true when the last reference went. */
void cmg__handle_ref(struct cmg__handle *head);
bool cmg__handle_unref(struct cmg__handle *head);

/* CMG_OK, CMG_E_INVAL (NULL, wrong kind, dead), CMG_E_FORKED, CMG_E_ABI. */
cmg_status cmg__check(const struct cmg__handle *head, enum cmg__tag tag, cmg_error **err);
/* True when the handle was made by another process. */
bool cmg__handle_is_foreign(const struct cmg__handle *head);

/* Copies a size-tagged struct of the caller into a zeroed one of the library: shorter
   than first_size is CMG_E_ABI, longer than known only when the tail is zero. */
cmg_status cmg__tagged_copy(void *dst, size_t known_size, size_t first_size,
                            const void *src, const char *what, cmg_error **err);
/* Whether a size-tagged struct of the caller has room for an answer of this size:
   CMG_E_INVAL for NULL, CMG_E_ABI for a size that is too small or absurd. what is the
   argument's name. */
cmg_status cmg__tagged_room(const void *out, size_t known_size, const char *what,
                            cmg_error **err);

#endif
