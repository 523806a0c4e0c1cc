/* Any JSON as an answer of Azure Monitor: an amount that is not negative, or none. */
#include <stdint.h>
#include <stdlib.h>

#include "model/usage.h"

static void check(const struct cmg__usage *usage, bool ok)
{
    if (usage->bytes < 0 || (!ok && usage->values != 0) ||
        (usage->values == 0 && usage->bytes != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct cmg__alert alert = {
        .enabled = true, .gigabytes = 1, .warning_percent = 1, .critical_percent = 100
    };
    struct cmg__usage total = { .measured_unix_s = 1 }, latest = { 0 };
    struct cmg__json *answer = NULL;

    if (cmg__json_parse(&cmg__alloc_libc, "input", (const char *)data, size, &answer,
                        NULL) != CMG_OK)
        return 0;
    check(&total, cmg__usage_add_totals(&total, answer));
    check(&latest, cmg__usage_add_latest(&latest, answer));
    if (cmg__usage_level(&total, &alert) == CMG_USAGE_UNKNOWN)
        abort();
    (void)cmg__usage_unread(answer);
    cmg__json_unref(answer);
    return 0;
}
