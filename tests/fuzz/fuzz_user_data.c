/* User data that a scale set is found with: whatever it is, it names a digest or nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "model/gateway.h"

static void check(const struct cmg__json *scale_set)
{
    char sha256[65];

    if (cmg__user_data_package(&cmg__alloc_libc, scale_set, sha256) != CMG_OK)
        abort();
    if (sha256[0] != '\0' &&
        (strlen(sha256) != 64 || strspn(sha256, "0123456789abcdef") != 64))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__buf text;

    cmg__buf_init(&text, &cmg__alloc_libc, 4 * 1024 * 1024);
    if (size < 1024 * 1024 && cmg__base64_encode(&text, data, size) == CMG_OK) {
        struct cmg__json *scale_set =
            cmg__json_pack("{s:{s:{s:s}}}", "properties", "virtualMachineProfile",
                           "userData", cmg__buf_cstr(&text));
        check(scale_set);
        cmg__json_unref(scale_set);
    }
    cmg__buf_done(&text);
    return 0;
}
