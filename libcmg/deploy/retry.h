/*
 * The one retry policy. An answer (or its absence) and the class of the call decide what
 * happens next; steps only say what they want to read themselves. Pure.
 *
 *   outcome                    R, P            L, O
 *   --------------------------------------------------------------
 *   expected status            read            read
 *   401, first time            new token       new token
 *   429, 503, "later" codes    again, as told  again, as told
 *   unknown (5xx, broken)      again           look up first
 *   404 of a fresh object      again           again
 *   anything else              fail            fail
 */
#ifndef CMG_DEPLOY_RETRY_H
#define CMG_DEPLOY_RETRY_H

#include "base/backoff.h"
#include "deploy/step.h"

enum cmg__verdict {
    CMG__VERDICT_READ,
    CMG__VERDICT_AGAIN, /* the same request after a delay */
    CMG__VERDICT_LOOK,  /* the outcome is unknown: the look-up first, after a delay */
    CMG__VERDICT_TOKEN, /* a new token, then the same request */
    CMG__VERDICT_FAIL
};

struct cmg__outcome {
    const struct cmg__exchange *exchange;
    int status;             /* 0: no answer came */
    const cmg_error *error; /* of the transport, or decoded; NULL below 400 */
    bool token_renewed;     /* for this exchange already */
};

enum cmg__verdict cmg__retry_judge(const struct cmg__outcome *outcome);

/* Delay before the next poll of something that goes on by itself: what the peer says, at
   least a second then; else 100 ms, doubled up to 5 s. */
int64_t cmg__poll_delay_ms(unsigned polls, int64_t hint_ms);

#endif
