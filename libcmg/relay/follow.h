/*
 * The user data of this machine from its metadata service, asked for again and again, for
 * whoever works by it. Knows how it is asked for and what an answer looks like, not what
 * stands in it.
 */
#ifndef CMG_RELAY_FOLLOW_H
#define CMG_RELAY_FOLLOW_H

#include "net/http_client.h"

struct cmg__follow;
/* Not the text of last time, not empty, zero-terminated; borrowed until the next. False:
   there was no memory for it, it is to come again. Not to free the follower inside. */
typedef bool (*cmg__follow_fn)(void *user, const char *text, size_t n);

/* The first request leaves in the next turn. */
cmg_status cmg__follow_new(cmg_context *ctx, const char *base_url, int64_t interval_ms,
                           cmg__follow_fn fn, void *user, struct cmg__follow **out,
                           cmg_error **err);
void cmg__follow_stop(struct cmg__follow *follow); /* for good; the text stays */
/* Stops; NULL is allowed. */
void cmg__follow_free(struct cmg__follow *follow);

/* The text of an answer's body, which is its base64; white space behind it is passed
   over. Appended to out. */
CMG__NODISCARD cmg_status cmg__follow_decode(struct cmg__buf *out, const char *body,
                                             size_t n);

#endif
