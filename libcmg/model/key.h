/* The data behind cmg_key. */
#ifndef CMG_MODEL_KEY_H
#define CMG_MODEL_KEY_H

#include <cmg/key.h>
#include "base/context.h"
#include "crypto/key.h"

struct cmg_key {
    struct cmg__handle head;
    struct cmg__key *key; /* counted: whatever uses it takes a reference of its own */
    char description[CMG__KEY_TEXT_SIZE];
};

/* A handle around a key; takes it over, also on failure. */
cmg_status cmg__key_wrap(cmg_context *ctx, struct cmg__key *key, cmg_key **out,
                         cmg_error **err);
/* CMG_OK when it is a key that may be used. */
cmg_status cmg__key_check(const cmg_key *key, cmg_error **err);

#endif
