/* See backoff.h. Without randomness the full wait is taken. */
#include "relay/backoff.h"

int64_t cmg__relay_backoff_ms(const struct cmg__env *env,
                              const struct cmg__relay_limits *limits, unsigned failures)
{
    int64_t most = limits->backoff_base_ms;
    uint32_t random = 0;

    for (; failures > 0 && most < limits->backoff_cap_ms; failures--)
        most *= 2;
    if (most > limits->backoff_cap_ms)
        most = limits->backoff_cap_ms;
    if (env->random(env->user, &random, sizeof random) != 0)
        return most;
    return (int64_t)(random % (uint64_t)(most + 1));
}
