/*
 * What deleting an application for a while, for good and with the gateway have in common:
 * whether it may be touched at all, its service principal first, and how the deleted ones
 * are found.
 */
#ifndef CMG_DEPLOY_APP_REMOVAL_H
#define CMG_DEPLOY_APP_REMOVAL_H

#include "deploy/app_view.h"

/* Done, with nothing to remove. */
cmg_status cmg__removal_leave(struct cmg__run *run, struct cmg__next *next,
                              const char *why);
/* Goes to "begin" unless the application is somebody else's and was not included. */
cmg_status cmg__removal_may(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, cmg_error **err);
/* Keeps the principal's ID, if there is one, and goes to what deletes it. */
cmg_status cmg__removal_principal(struct cmg__run *run, const struct cmg__answer *answer,
                                  struct cmg__next *next, cmg_error **err);
/* The name of the exchange that lists deleted ones for this run. */
const char *cmg__removal_deleted(const struct cmg__run *run);

/* clang-format off */
/* From "may_remove" to "live", which has cmg__seen "application". */
#define CMG__REMOVAL_BEGIN(reader)                                                       \
    { .name = "may_remove", .call = CMG__CALL_LOCAL, .read = cmg__removal_may },         \
    CMG__FIND_EXCHANGES("live"),                                                         \
    { .name = "live", .call = CMG__CALL_LOCAL, .read = (reader) }
/* "principal", then to "delete_app". */
#define CMG__REMOVAL_PRINCIPAL                                                           \
    { .name = "principal",                                                               \
      .call = CMG__CALL_SP_BY_APP_ID,                                                    \
      .also = { 404 },                                                                   \
      .bind = { { "app_id", ".app_id" } },                                               \
      .read = cmg__removal_principal },                                                  \
    { .name = "delete_principal",                                                        \
      .call = CMG__CALL_SP_DELETE,                                                       \
      .effect = true,                                                                    \
      .then = "delete_app",                                                              \
      .bind = { { "object_id", ".sp_id" } },                                             \
      .read = cmg__read_then }
/* The two that cmg__removal_deleted names. */
#define CMG__REMOVAL_DELETED(reader)                                                     \
    { .name = "deleted",                                                                 \
      .call = CMG__CALL_DELETED_APPS_NAMED,                                              \
      .bind = { { "display_name", ".name" } },                                           \
      .read = (reader) },                                                                \
    { .name = "deleted_given",                                                           \
      .call = CMG__CALL_DELETED_APPS_GIVEN,                                              \
      .bind = { { "app_id", ".wanted_id" } },                                            \
      .read = (reader) }
/* clang-format on */

#endif
