/* The control stream of a channel: lines of JSON from a connection point. */
#include "relay/control.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cmg_status on_line(void *user, enum cmg__control_type type,
                          const struct cmg__json *message, cmg_error **err)
{
    struct cmg__hello *hello = user;

    if (type != CMG__CONTROL_HELLO)
        return CMG_OK;
    cmg_status rc = cmg__hello_read(hello, message, err);
    if (rc == CMG_OK &&
        (!cmg__control_name_is_valid(hello->name) ||
         !cmg__control_site_is_valid(hello->site) || hello->map.role_count == 0 ||
         hello->map.role_count > CMG__MAP_MAX_ROLES))
        abort();
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__control_reader reader;
    struct cmg__hello hello;
    cmg_error *err = NULL;

    cmg__control_init(&reader, &cmg__alloc_libc);
    cmg__hello_init(&hello, &cmg__alloc_libc);
    cmg_status rc =
        cmg__control_feed(&reader, (const char *)data, size, on_line, &hello, &err);
    if ((rc == CMG_OK) != (err == NULL))
        abort();
    cmg_error_unref(err);
    cmg__hello_done(&hello);
    cmg__control_done(&reader);
    return 0;
}
