/*
 * The judge of client certificates: chain, purpose and time by the trust list, and, when
 * settings.verify_client_revocation is on, revocation by the lists of the authorities on
 * the way to the anchor. Only who is good but for revocation makes it send for a list:
 * the addresses stand in certificates that the anchor vouches for.
 */
#ifndef CMG_RELAY_REVOCATION_GATE_H
#define CMG_RELAY_REVOCATION_GATE_H

#include "crypto/x509_judge.h"
#include "net/loop.h"
#include "relay/limits.h"
#include "relay/settings.h"

struct cmg__revocation_gate;

/* on_lists: an attempt to get a list has ended; changed: what was thought of certificates
   is to be thought again. settings and limits must outlive it. */
cmg_status cmg__revocation_gate_new(cmg_context *ctx,
                                    const struct cmg__service_settings *settings,
                                    const struct cmg__relay_limits *limits,
                                    void (*on_lists)(void *user, bool changed),
                                    void *user, struct cmg__revocation_gate **out,
                                    cmg_error **err);
void cmg__revocation_gate_free(struct cmg__revocation_gate *gate);
/* Lists are not looked at any more: forgets them, and calls on_lists in the next turn. */
void cmg__revocation_gate_rest(struct cmg__revocation_gate *gate);

enum cmg__cert_verdict {
    CMG__CERT_UNKNOWN, /* not judged yet, or memory ran out in the middle */
    CMG__CERT_NONE,    /* none was shown */
    CMG__CERT_GOOD,
    CMG__CERT_BAD,
    CMG__CERT_REVOKED, /* or on hold; it or an authority above */
    CMG__CERT_UNASKED, /* good, if only its list were to be had */
    CMG__CERT_PENDING  /* a list is on its way: ask again after on_lists */
};
/* may_wait: whether PENDING is an answer. *why tells why not GOOD. */
enum cmg__cert_verdict cmg__revocation_gate_check(struct cmg__revocation_gate *gate,
                                                  const struct cmg__x509_trust *trust,
                                                  const struct cmg__x509_ders *chain,
                                                  bool may_wait, cmg_error **why);

#endif
