/*
 * A replacement as it stands in the journal's facts: which gateway is the old one, since
 * when the new one serves, and from when on the old one may go. Times are seconds since
 * 1970, for they outlive the process.
 */
#ifndef CMG_DEPLOY_REPLACEMENT_H
#define CMG_DEPLOY_REPLACEMENT_H

#include "deploy/work.h"

/* Facts; the names begin with the prefix of the steps that remove it. */
#define CMG__OLD_NAME         "old_name"
#define CMG__OLD_ID           "old_deployment_id"
#define CMG__OLD_GROUP        "old_group"
#define CMG__OLD_REGION       "old_region"
#define CMG__OLD_SUBSCRIPTION "old_subscription"
#define CMG__OLD_SINCE        "old_since"
#define CMG__OLD_DUE          "old_due"
#define CMG__OLD_GONE         "old_gone"

/* Notes whose place is taken; CMG_E_STATE when neither host nor journal say, and
   CMG_E_CONFLICT when they disagree. */
cmg_status cmg__replacement_begin(struct cmg__work *work, cmg_error **err);
/* The new one serves: its time begins, unless it has begun before. */
cmg_status cmg__replacement_serves(struct cmg__work *work, cmg_error **err);
/* Has it been begun by this run or one before it? */
bool cmg__replacement_serves_already(const struct cmg__work *work);
/* How long the old one has to stay; 0: it may go. */
int64_t cmg__replacement_left_ms(const struct cmg__work *work);
/* The old one is gone; its names stay, so that a run after the last one knows it. */
cmg_status cmg__replacement_end(struct cmg__work *work, cmg_error **err);
bool cmg__replacement_is_done(const struct cmg__work *work);
/* It has been made once more since: nothing is done. */
cmg_status cmg__replacement_anew(struct cmg__work *work, cmg_error **err);

#endif
