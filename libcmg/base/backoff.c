/* The delay before a repetition: see backoff.h. */
#include "base/backoff.h"

int64_t cmg__backoff_ms(unsigned attempt, uint8_t random, int64_t hint_ms)
{
    int64_t delay = CMG__BACKOFF_CAP_MS;

    if (attempt < 5)
        delay = (int64_t)CMG__BACKOFF_BASE_MS << attempt;
    delay = delay / 2 + delay * random / 510;
    return hint_ms > 0 ? hint_ms : delay;
}

uint8_t cmg__backoff_jitter(const struct cmg__env *env)
{
    uint8_t byte = 0x80;

    return env->random(env->user, &byte, 1) == 0 ? byte : 0x80;
}
