/*
 * Users and groups as Graph lists them, one by one or in pages, and who is in a group.
 */
#include <string.h>

#include "sandbox/graph.h"
#include "sandbox/people.h"
#include "sandbox/router.h"
#include "sandbox/token.h"

const char *const cmg__sb_graph_people_roles[] = {
    "User.Read.All",      "Group.Read.All",          "GroupMember.Read.All",
    "Directory.Read.All", "Directory.ReadWrite.All", NULL
};

/* What comes of a user when nothing is selected. */
static const char *const user_defaults[] = { "businessPhones",
                                             "displayName",
                                             "givenName",
                                             "jobTitle",
                                             "mail",
                                             "mobilePhone",
                                             "officeLocation",
                                             "preferredLanguage",
                                             "surname",
                                             "userPrincipalName",
                                             "id" };

static enum cmg__sb_kind kind_of(const struct cmg__sb_call *call)
{
    return cmg__str_istarts(call->path, "/v1.0/users") ? CMG__SB_USERS : CMG__SB_GROUPS;
}

static const char *set_of(enum cmg__sb_kind kind)
{
    return kind == CMG__SB_USERS ? "users" : "groups";
}

struct cmg__json *cmg__sb_graph_person(struct cmg__sb_call *call, enum cmg__sb_kind kind,
                                       const struct cmg__json *entry)
{
    if (kind != CMG__SB_USERS || cmg__sb_query(call, "$select") != NULL)
        return cmg__sb_graph_selected(call, entry);
    struct cmg__json *out = cmg__json_object();
    for (size_t i = 0; i < CMG__ARRAY_LEN(user_defaults); i++) {
        struct cmg__json *value = cmg__json_key(entry, user_defaults[i]);
        bool list = i == 0; /* businessPhones */
        cmg__sb_set(call->cloud, out, user_defaults[i],
                    value != NULL ? cmg__json_ref(value)
                    : list        ? cmg__json_array()
                                  : cmg__json_pack("n"));
    }
    return out;
}

/* ---- lists ---- */

static int admits(struct cmg__sb_call *call, const struct cmg__sb_page *page,
                  const struct cmg__json *entry)
{
    if (cmg__json_key(entry, "_removed") != NULL)
        return 0;
    return page->filter == NULL ? 1
                                : cmg__sb_graph_filter(call->cloud->alloc, page->filter,
                                                       page->advanced, entry);
}

/* Fills the page; *more tells that something is left. False: the filter is no filter. */
static bool fill(struct cmg__sb_call *call, const struct cmg__sb_page *page,
                 struct cmg__sb_walk *walk, struct cmg__json *list, bool *more)
{
    struct cmg__sb_walk ahead = *walk;
    struct cmg__json *entry = NULL;
    int match = 0;
    *more = false;
    while (match >= 0 && !*more) {
        entry = cmg__sb_people_next(call->cloud, kind_of(call), &ahead);
        if (entry == NULL)
            break;
        match = admits(call, page, entry);
        *more = match > 0 && cmg__json_size(list) == page->top;
        if (match > 0 && !*more)
            cmg__sb_append(call->cloud, list,
                           cmg__sb_graph_person(call, kind_of(call), entry));
        if (!*more)
            *walk = ahead;
        cmg__json_unref(entry);
    }
    return match >= 0;
}

static int64_t query_number(const struct cmg__sb_call *call, const char *name)
{
    return cmg__json_int(cmg__json_key(call->query, name), "", 0);
}

static uint64_t count_all(struct cmg__sb_call *call, const struct cmg__sb_page *page)
{
    struct cmg__sb_walk walk = { 0 };
    struct cmg__json *entry = NULL;
    uint64_t n = 0;
    for (;;) {
        entry = cmg__sb_people_next(call->cloud, kind_of(call), &walk);
        if (entry == NULL)
            return n;
        n += admits(call, page, entry) > 0;
        cmg__json_unref(entry);
    }
}

static void list_people(struct cmg__sb_call *call)
{
    struct cmg__sb_page page;
    bool more = false;
    const char *set = set_of(kind_of(call));
    if (!cmg__sb_graph_permits(call, cmg__sb_graph_people_roles) ||
        !cmg__sb_graph_query(call, set, &page))
        return;
    struct cmg__sb_walk walk = { .at = (uint64_t)query_number(call, "at"),
                                 .after = query_number(call, "after") };
    struct cmg__json *list = cmg__json_array();
    struct cmg__json *body =
        cmg__json_pack("{s:o, s:o}", "@odata.context",
                       cmg__sb_text(call->cloud, "%s/v1.0/$metadata#%s", call->base, set),
                       "value", list);
    if (!fill(call, &page, &walk, list, &more)) {
        cmg__json_unref(body);
        cmg__sb_refuse(call, 400, "Request_UnsupportedQuery",
                       "Unsupported or invalid query filter clause specified.");
        return;
    }
    if (page.advanced)
        cmg__sb_set_int(call->cloud, body, "@odata.count",
                        (int64_t)count_all(call, &page));
    if (more) {
        cmg__sb_set_int(call->cloud, call->query, "at", (int64_t)walk.at);
        cmg__sb_set_int(call->cloud, call->query, "after", walk.after);
        cmg__sb_graph_link(call, body, "@odata.nextLink", "$skiptoken");
    }
    cmg__sb_reply(call, 200, body);
}

/* ---- one ---- */

/* By object ID, and users by name, too; cmg__json_unref. NULL: the answer is set. */
static struct cmg__json *find(struct cmg__sb_call *call)
{
    const char *id = cmg__sb_arg(call, "id");
    struct cmg__json *entry = cmg__sb_people_find(call->cloud, kind_of(call), id);
    struct cmg__sb_walk walk = { 0 };
    while (entry == NULL && kind_of(call) == CMG__SB_USERS && strchr(id, '@') != NULL) {
        entry = cmg__sb_people_next(call->cloud, CMG__SB_USERS, &walk);
        if (entry == NULL)
            break;
        if (cmg__json_key(entry, "_removed") == NULL &&
            cmg__sb_same(cmg__json_str(entry, "/userPrincipalName"), id))
            return entry;
        cmg__json_clear(&entry);
    }
    if (entry == NULL)
        cmg__sb_graph_not_found(call, id);
    return entry;
}

static void get_person(struct cmg__sb_call *call)
{
    struct cmg__json *entry = NULL;
    const char *set = set_of(kind_of(call));
    if (cmg__sb_graph_permits(call, cmg__sb_graph_people_roles) &&
        cmg__sb_graph_select_is_known(call, set))
        entry = find(call);
    if (entry == NULL)
        return;
    struct cmg__json *body = cmg__sb_graph_person(call, kind_of(call), entry);
    cmg__sb_set(
        call->cloud, body, "@odata.context",
        cmg__sb_text(call->cloud, "%s/v1.0/$metadata#%s/$entity", call->base, set));
    cmg__json_unref(entry);
    cmg__sb_reply(call, 200, body);
}

static void list_members(struct cmg__sb_call *call)
{
    struct cmg__json *group = NULL, *list = NULL, *value = NULL;
    void *iter = NULL;
    const char *key = NULL;
    if (cmg__sb_graph_permits(call, cmg__sb_graph_people_roles))
        group = find(call);
    if (group == NULL)
        return;
    list = cmg__json_array();
    while (cmg__json_next(cmg__json_key(group, "_members"), &iter, &key, &value)) {
        struct cmg__json *user = cmg__sb_people_find(call->cloud, CMG__SB_USERS, key);
        if (user != NULL && cmg__json_bool(value, "/in", false)) {
            struct cmg__json *item = cmg__sb_graph_person(call, CMG__SB_USERS, user);
            cmg__sb_set_str(call->cloud, item, "@odata.type", "#microsoft.graph.user");
            cmg__sb_append(call->cloud, list, item);
        }
        cmg__json_unref(user);
    }
    cmg__json_unref(group);
    cmg__sb_reply(
        call, 200,
        cmg__json_pack(
            "{s:o, s:o}", "@odata.context",
            cmg__sb_text(call->cloud, "%s/v1.0/$metadata#directoryObjects", call->base),
            "value", list));
}

static const struct cmg__sb_route routes[] = {
    { "GET", "/v1.0/users", list_people },
    { "GET", "/v1.0/groups", list_people },
    { "GET", "/v1.0/users/{id}", get_person },
    { "GET", "/v1.0/groups/{id}", get_person },
    { "GET", "/v1.0/groups/{id}/members", list_members },
    { "GET", "/v1.0/groups/{id}/transitiveMembers", list_members },
};
const struct cmg__sb_routes cmg__sb_graph_people_routes = { routes,
                                                            CMG__ARRAY_LEN(routes) };
