/* See delta.h. */
#include "deploy/delta.h"

#include <string.h>

#include "azure/endpoint.h"
#include "base/str.h"

#define ODATA_TYPE "#microsoft.graph."
#define ID_MAX     128
#define LINK_MAX   ((size_t)16 * 1024)

/* ---- links ---- */

bool cmg__delta_link_is_good(const char *url, const char *graph)
{
    return strlen(url) <= LINK_MAX && cmg__endpoint_serves(graph, url);
}

static cmg_status fail(const struct cmg__alloc *alloc, const char *subject,
                       const char *what, cmg_error **err)
{
    return cmg__fail(err, alloc, CMG_E_PROTO, subject,
                     "run it again; if it stays, begin without the stored link",
                     "the page of the directory %s", what);
}

static cmg_status find_link(const struct cmg__alloc *alloc, const struct cmg__json *page,
                            const char *graph, struct cmg__delta_link *out,
                            cmg_error **err)
{
    const char *next = cmg__json_str(cmg__json_key(page, "@odata.nextLink"), "");
    const char *last = cmg__json_str(cmg__json_key(page, "@odata.deltaLink"), "");

    if ((next == NULL) == (last == NULL))
        return fail(alloc, "@odata.nextLink", "has no link, or two", err);
    out->url = next != NULL ? next : last;
    out->is_last = next == NULL;
    if (!cmg__delta_link_is_good(out->url, graph))
        return fail(alloc, out->is_last ? "@odata.deltaLink" : "@odata.nextLink",
                    "has a link that leads elsewhere", err);
    return CMG_OK;
}

/* ---- entries ---- */

static const char *text_of(const struct cmg__json *item, const char *name)
{
    return cmg__json_str(cmg__json_key(item, name), "");
}

static int32_t flag_of(const struct cmg__json *item, const char *name)
{
    enum cmg__json_type type = cmg__json_type(cmg__json_key(item, name));

    return type == CMG__JSON_TRUE ? 1 : type == CMG__JSON_FALSE ? 0 : -1;
}

static const char *id_of(const struct cmg__json *item)
{
    const char *id = text_of(item, "id");

    return id == NULL || id[0] == '\0' || strlen(id) > ID_MAX ? NULL : id;
}

static bool is_gone(const struct cmg__json *item)
{
    return cmg__json_key(item, "@removed") != NULL;
}

static cmg_status tell_user(const struct cmg__json *item,
                            const struct cmg__delta_visitor *visitor, cmg_error **err)
{
    const cmg_directory_user entry = {
        .size = sizeof entry,
        .id = id_of(item),
        .user_principal_name = text_of(item, "userPrincipalName"),
        .display_name = text_of(item, "displayName"),
        .mail = text_of(item, "mail"),
        .on_premises_sid = text_of(item, "onPremisesSecurityIdentifier"),
        .on_premises_name = text_of(item, "onPremisesSamAccountName"),
        .on_premises_domain = text_of(item, "onPremisesDomainName"),
        .account_enabled = flag_of(item, "accountEnabled"),
    };

    return visitor->on_user(visitor->user, &entry, err);
}

static cmg_status tell_member(const char *group, const struct cmg__json *item,
                              const struct cmg__delta_visitor *visitor, cmg_error **err)
{
    const char *type = text_of(item, "@odata.type");
    const cmg_directory_member entry = {
        .size = sizeof entry,
        .group_id = group,
        .member_id = id_of(item),
        .type = type != NULL && cmg__str_istarts(type, ODATA_TYPE)
                    ? type + strlen(ODATA_TYPE)
                    : type,
        .is_member = !is_gone(item),
    };

    return visitor->on_member(visitor->user, &entry, err);
}

/* A group with many members comes again with nothing but more of them. */
static bool says_more(const struct cmg__json *group)
{
    return cmg__json_size(group) >
           1 + (size_t)(cmg__json_key(group, "members@delta") != NULL);
}

static cmg_status tell_group(const struct cmg__json *item,
                             const struct cmg__delta_visitor *visitor, cmg_error **err)
{
    const struct cmg__json *members = cmg__json_key(item, "members@delta");
    const cmg_directory_group entry = {
        .size = sizeof entry,
        .id = id_of(item),
        .display_name = text_of(item, "displayName"),
        .on_premises_sid = text_of(item, "onPremisesSecurityIdentifier"),
        .security_enabled = flag_of(item, "securityEnabled"),
    };
    cmg_status rc =
        says_more(item) ? visitor->on_group(visitor->user, &entry, err) : CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(members); i++)
        rc = tell_member(entry.id, cmg__json_item(members, i), visitor, err);
    return rc;
}

/* Everything that is told has an ID. */
static bool is_whole(const struct cmg__json *item)
{
    const struct cmg__json *members = cmg__json_key(item, "members@delta");

    if (id_of(item) == NULL)
        return false;
    for (size_t i = 0; i < cmg__json_size(members); i++) {
        if (id_of(cmg__json_item(members, i)) == NULL)
            return false;
    }
    return true;
}

static cmg_status check_entries(const struct cmg__alloc *alloc,
                                const struct cmg__json *list, cmg_error **err)
{
    if (cmg__json_type(list) != CMG__JSON_ARRAY)
        return fail(alloc, "/value", "has no list of entries", err);
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        if (!is_whole(cmg__json_item(list, i)))
            return fail(alloc, "/value", "has an entry without a usable id", err);
    }
    return CMG_OK;
}

cmg_status cmg__delta_read(const struct cmg__alloc *alloc, const struct cmg__json *page,
                           cmg_discovery_kind kind, const char *graph,
                           const struct cmg__delta_visitor *visitor,
                           struct cmg__delta_link *out, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_key(page, "value");
    struct cmg__delta_link link = { .url = NULL };
    cmg_status rc = check_entries(alloc, list, err);

    if (rc == CMG_OK)
        rc = find_link(alloc, page, graph, &link, err);
    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(list); i++) {
        const struct cmg__json *item = cmg__json_item(list, i);
        if (is_gone(item))
            rc = visitor->on_removed(visitor->user, id_of(item), err);
        else if (kind == CMG_DISCOVER_USERS)
            rc = tell_user(item, visitor, err);
        else
            rc = tell_group(item, visitor, err);
    }
    if (rc == CMG_OK)
        *out = link;
    return rc;
}
