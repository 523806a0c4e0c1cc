/*
 * What the directory says of an application during a run, and how it compares with what
 * it should be. Kept for the run only: the journal holds identifiers, not objects.
 */
#ifndef CMG_DEPLOY_APP_VIEW_H
#define CMG_DEPLOY_APP_VIEW_H

#include "deploy/steps.h"

/* "application", "principal" or "grants" of the run's application; value NULL: absent. */
CMG__NODISCARD cmg_status cmg__seen_set(struct cmg__run *run, const char *what,
                                        struct cmg__json *value);
struct cmg__json *cmg__seen(const struct cmg__run *run, const char *what); /* or NULL */

bool cmg__run_is_server(const struct cmg__run *run);
/* The specification names an application that somebody else made. */
bool cmg__run_is_given(const struct cmg__run *run);
/* The run may correct such an application. */
bool cmg__run_corrects(const struct cmg__run *run);

/* What was seen, as a view of these parts; cmg__app_view_done afterwards. */
CMG__NODISCARD cmg_status cmg__app_view_init(const struct cmg__run *run, unsigned parts,
                                             struct cmg__app_view *view);
void cmg__app_view_done(struct cmg__app_view *view);

/* Nothing that correct mends differs in these parts. False also when memory ran out. */
bool cmg__app_is_right(const struct cmg__run *run, unsigned parts);
/* Puts what differs in these parts on the handle, in place of what stood there. */
cmg_status cmg__app_note(struct cmg__run *run, unsigned parts, cmg_error **err);
/* Differences of these parts that devices or the site cannot work with. */
size_t cmg__app_refusals(const struct cmg__run *run, unsigned parts);
/* "  /path: is -> should be" for what correct mends, one line each. */
cmg_status cmg__app_detail(const struct cmg__run *run, unsigned parts,
                           struct cmg__buf *out);

/* Takes an application that was found: identifiers, what is observed. */
cmg_status cmg__app_take(struct cmg__run *run, struct cmg__json *app, cmg_error **err);
/* The same, but not one of another deployment that has our unique name. */
cmg_status cmg__app_take_ours(struct cmg__run *run, struct cmg__json *app,
                              cmg_error **err);
cmg_status cmg__app_fail_absent(struct cmg__run *run, cmg_error **err);

/* Exchanges that find the run's application, "begin" first: by its client ID when that
   is given, else by unique name and by tag, which finds the ones of services that know
   no unique name, and twins. Then go on to after, with cmg__seen "application". */
cmg_status cmg__find_begin(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err);
cmg_status cmg__find_one(struct cmg__run *run, const struct cmg__answer *answer,
                         struct cmg__next *next, cmg_error **err);
cmg_status cmg__find_twins(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err);
/* clang-format off */
#define CMG__FIND_EXCHANGES(after)                                                       \
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = cmg__find_begin },               \
    { .name = "given",                                                                   \
      .call = CMG__CALL_APP_BY_APP_ID,                                                   \
      .also = { 404 },                                                                   \
      .then = (after),                                                                   \
      .bind = { { "app_id", ".wanted_id" } },                                            \
      .read = cmg__find_one },                                                           \
    { .name = "inspect",                                                                 \
      .call = CMG__CALL_APP_BY_NAME,                                                     \
      .also = { 400, 404 },                                                              \
      .then = "search",                                                                  \
      .bind = { { "unique_name", ".unique_name" } },                                     \
      .read = cmg__find_one },                                                           \
    { .name = "search",                                                                  \
      .call = CMG__CALL_APPS_BY_TAG,                                                     \
      .then = (after),                                                                   \
      .bind = { { "app_tag", ".app_tag" } },                                             \
      .read = cmg__find_twins }
/* clang-format on */

#endif
