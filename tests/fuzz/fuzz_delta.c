/* Any bytes as a page of a delta query: told, or refused; what is told has IDs, and a
   link never leads elsewhere. The first byte says whether it is about users or groups. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/delta.h"

#define GRAPH "https://graph.microsoft.com"

static cmg_status on_user(void *user, const cmg_directory_user *entry, cmg_error **err)
{
    (void)user;
    (void)err;
    if (entry->id == NULL || entry->id[0] == '\0')
        abort();
    return CMG_OK;
}

static cmg_status on_group(void *user, const cmg_directory_group *entry, cmg_error **err)
{
    (void)user;
    (void)err;
    if (entry->id == NULL || entry->id[0] == '\0')
        abort();
    return CMG_OK;
}

static cmg_status on_member(void *user, const cmg_directory_member *entry,
                            cmg_error **err)
{
    (void)user;
    (void)err;
    if (entry->group_id == NULL || entry->member_id == NULL)
        abort();
    return CMG_OK;
}

static cmg_status on_removed(void *user, const char *id, cmg_error **err)
{
    (void)user;
    (void)err;
    if (id == NULL)
        abort();
    return CMG_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct cmg__delta_visitor visitor = { .on_user = on_user,
                                                       .on_group = on_group,
                                                       .on_member = on_member,
                                                       .on_removed = on_removed };
    struct cmg__delta_link link = { .url = NULL };
    struct cmg__json *page = NULL;

    if (size == 0 || cmg__json_parse(&cmg__alloc_libc, "fuzz", (const char *)data + 1,
                                     size - 1, &page, NULL) != CMG_OK)
        return 0;
    cmg_status rc = cmg__delta_read(
        &cmg__alloc_libc, page, data[0] == 'u' ? CMG_DISCOVER_USERS : CMG_DISCOVER_GROUPS,
        GRAPH, &visitor, &link, NULL);
    if (rc == CMG_OK && !cmg__delta_link_is_good(link.url, GRAPH))
        abort();
    cmg__json_unref(page);
    return 0;
}
