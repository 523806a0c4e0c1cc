/* See refuse.h. */
#include "relay/refuse.h"

cmg_status cmg__refuse(const struct cmg__alloc *alloc, const char *name,
                       const struct cmg__json *doc, const char *path, const char *allowed,
                       cmg_error **err)
{
    struct cmg__buf text;
    cmg__buf_init(&text, alloc, 512);
    cmg_status rc = cmg__buf_addf(&text, "%s: %s", name, path);
    size_t subject = text.len + 1;

    if (rc == CMG_OK)
        rc = cmg__buf_add_char(&text, '\0');
    if (rc == CMG_OK)
        rc = cmg__json_describe(cmg__json_at(doc, path), &text);
    if (rc != CMG_OK)
        rc = cmg__fail_nomem(err);
    else
        rc = cmg__fail(err, alloc, CMG_E_INVAL, text.data, allowed,
                       "%s is %s, which is not allowed here", path, text.data + subject);
    cmg__buf_done(&text);
    return rc;
}
