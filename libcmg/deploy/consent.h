/*
 * Consent by an administrator's own hand: the page to open, what is asked for there, and
 * the words when nobody can be asked or nobody came. Builds text only.
 */
#ifndef CMG_DEPLOY_CONSENT_H
#define CMG_DEPLOY_CONSENT_H

#include "deploy/step.h"

#define CMG__CONSENT_WAIT_MS ((int64_t)60 * 60 * 1000)
#define CMG__CONSENT_MAX_MS  ((int64_t)30 * 86400 * 1000)

/* A request as the host gets it, with the texts it points to. */
struct cmg__consent_text {
    const struct cmg__alloc *alloc;
    char *permission;
    char *url;
    cmg_consent_request request;
};
cmg_status cmg__consent_text_make(const struct cmg__run *run,
                                  struct cmg__consent_text *out, cmg_error **err);
void cmg__consent_text_done(struct cmg__consent_text *text);

/* The failure of a step whose consent was refused and nobody else can be asked; the
   remedy names the page. */
cmg_status cmg__consent_refused(const struct cmg__run *run, cmg_error **err);
/* The failure of a step that waited long enough. */
cmg_status cmg__consent_late(const struct cmg__run *run, cmg_error **err);

#endif
