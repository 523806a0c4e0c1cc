/* Block lists of the sandbox's blob service. */
#include <stdint.h>
#include <string.h>

#include "sandbox/blob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__json *list = NULL;

    if (cmg__sb_block_list_parse(&cmg__alloc_libc, (const char *)data, size, &list) ==
        CMG_OK)
        cmg__json_unref(list);
    return 0;
}
