/* Any JSON as an answer to what-if: differences that can be shown, or a refusal. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/drift.h"

static void check(const struct cmg__difference *one)
{
    if (one->path == NULL || one->path[0] != '/' || one->found == NULL ||
        one->should_be == NULL || one->fix == NULL)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__differences list = { 0 };
    struct cmg__json *answer = NULL;
    cmg_error *err = NULL;

    if (cmg__json_parse(&cmg__alloc_libc, "input", (const char *)data, size, &answer,
                        NULL) != CMG_OK)
        return 0;
    const cmg_status rc = cmg__drift_read(&cmg__alloc_libc, answer, &list, &err);
    if ((rc == CMG_OK) != (err == NULL))
        abort();
    for (size_t i = 0; i < list.count; i++)
        check(&list.items[i]);
    cmg__differences_clear(&cmg__alloc_libc, &list);
    cmg_error_unref(err);
    cmg__json_unref(answer);
    return 0;
}
