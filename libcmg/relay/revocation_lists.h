/*
 * Revocation lists by the addresses they are published at: fetched once for everybody who
 * asks, verified with their issuer's key, fetched again before they end. One that is in
 * hand is given up for a newer one only, so that who stands between cannot replace it,
 * and goes on to count until it ends when a newer one cannot be had. Whether anybody is
 * revoked is not asked here.
 */
#ifndef CMG_RELAY_REVOCATION_LISTS_H
#define CMG_RELAY_REVOCATION_LISTS_H

#include "crypto/crl.h"
#include "net/http_client.h"
#include "relay/limits.h"

struct cmg__revocation_lists;

/* on_end: an attempt to get a list has ended; replaced: there is another one now. limits
   must outlive it. */
cmg_status cmg__revocation_lists_new(cmg_context *ctx,
                                     const struct cmg__relay_limits *limits,
                                     void (*on_end)(void *user, bool replaced),
                                     void *user, struct cmg__revocation_lists **out,
                                     cmg_error **err);
void cmg__revocation_lists_free(struct cmg__revocation_lists *lists);
/* Nothing is held or fetched any more. */
void cmg__revocation_lists_clear(struct cmg__revocation_lists *lists);

/* A question begins: what is asked for from here to the next one stays. */
void cmg__revocation_lists_begin(struct cmg__revocation_lists *lists);

enum cmg__list_state {
    CMG__LIST_HELD,    /* and has not ended */
    CMG__LIST_PENDING, /* is on its way, or will be when another one has ended */
    CMG__LIST_MISSING, /* cannot be had now */
    CMG__LIST_NOWHERE  /* the address is none of http or https */
};
/* The list at a URL, of the issuer of whoever names it. may_fetch: it may be sent for.
 *held is borrowed until the next question, NULL when there is none. */
enum cmg__list_state cmg__revocation_lists_want(struct cmg__revocation_lists *lists,
                                                struct cmg__span url,
                                                const struct cmg__x509 *issuer,
                                                bool may_fetch, struct cmg__crl **held);
/* Every list that is held; returns how many. Borrowed until the next question. */
size_t cmg__revocation_lists_all(const struct cmg__revocation_lists *lists,
                                 struct cmg__crl *out[CMG__LISTS_MAX]);

#endif
