/*
 * The judge of bearer tokens: keys fetched from the tenant's key set, kept, refreshed
 * when a token names an unknown one (at most once in a while), and never given up while a
 * new set cannot be had.
 */
#ifndef CMG_RELAY_TOKEN_GATE_H
#define CMG_RELAY_TOKEN_GATE_H

#include "crypto/jwt.h"
#include "net/http_client.h"
#include "relay/settings.h"

struct cmg__token_gate;

/* on_keys: an attempt to get keys has ended, well or not. settings must outlive it. */
cmg_status cmg__token_gate_new(cmg_context *ctx,
                               const struct cmg__service_settings *settings,
                               const struct cmg__relay_limits *limits,
                               void (*on_keys)(void *user), void *user,
                               struct cmg__token_gate **out, cmg_error **err);
void cmg__token_gate_free(struct cmg__token_gate *gate);
/* Begins to fetch keys; goes on trying. */
void cmg__token_gate_start(struct cmg__token_gate *gate);

enum cmg__token_verdict {
    CMG__TOKEN_GOOD,
    CMG__TOKEN_BAD,
    CMG__TOKEN_PENDING, /* keys are on their way: ask again after on_keys */
    CMG__TOKEN_NO_KEYS, /* there are none and none are on their way */
    CMG__TOKEN_UNKNOWN  /* memory ran out in the middle */
};
/* authorization: the field's value, "Bearer <token>". may_fetch: an unknown key may start
   a refresh. */
enum cmg__token_verdict cmg__token_gate_check(struct cmg__token_gate *gate,
                                              const char *authorization, bool may_fetch,
                                              struct cmg__jwt_identity *out);

#endif
