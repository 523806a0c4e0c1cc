/* Redirects of a sign-in: what is taken is a code or an error of this sign-in, one of
   them, and fit to be passed on. */
#include "azure/redirect.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STATE "s-1"

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__redirect redirect;

    cmg__redirect_init(&redirect, &cmg__alloc_libc);
    const cmg_status rc =
        cmg__redirect_read(&redirect, &cmg__alloc_libc, (const char *)data, size, STATE);
    const bool code = cmg__secret_is_set(&redirect.code);

    require(rc == CMG_OK || rc == CMG_E_PARSE || rc == CMG_E_AUTH);
    require((rc == CMG_OK) == (code != (redirect.error != NULL)));
    require(!code || (strlen(redirect.code.data) == redirect.code.len &&
                      redirect.code.len <= CMG__REDIRECT_MAX));
    require(redirect.error == NULL || cmg__json_str(redirect.error, "/error") != NULL);
    cmg__redirect_done(&redirect);
    return 0;
}
