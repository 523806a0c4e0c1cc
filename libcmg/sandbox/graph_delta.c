/*
 * What has changed among users or groups: everything at first, page by page, and then a
 * link to ask again later. Which properties, and whether only changed ones, is said in
 * the first request and kept in the links. As Graph's own, pages repeat an entry now and
 * then, and a link that is too old leads back to the beginning.
 */
#include <string.h>

#include "sandbox/graph.h"
#include "sandbox/people.h"
#include "sandbox/router.h"
#include "sandbox/token.h"

#define PAGE          200
#define LARGEST_PAGE  999
#define LINK_LIFE_MS  ((int64_t)7 * 24 * 3600 * 1000)
#define MAX_PAGE_SIZE "odata.maxpagesize="

static enum cmg__sb_kind kind_of(const struct cmg__sb_call *call)
{
    return cmg__str_istarts(call->path, "/v1.0/users") ? CMG__SB_USERS : CMG__SB_GROUPS;
}

static const char *set_of(const struct cmg__sb_call *call)
{
    return kind_of(call) == CMG__SB_USERS ? "users" : "groups";
}

static int64_t number(const struct cmg__sb_call *call, const char *name)
{
    return cmg__json_int(cmg__json_key(call->query, name), "", 0);
}

/* ---- what is asked for ---- */

static bool refuse_options(struct cmg__sb_call *call)
{
    static const char *const never[] = { "$top",   "$skip",    "$search",
                                         "$count", "$orderby", "$expand" };
    for (size_t i = 0; i < CMG__ARRAY_LEN(never); i++) {
        if (cmg__sb_query(call, never[i]) == NULL)
            continue;
        cmg__sb_refuse(call, 400, "Request_UnsupportedQuery",
                       "The query parameter '%s' is not supported with delta.", never[i]);
        return false;
    }
    return true;
}

static uint64_t page_size(const struct cmg__sb_call *call)
{
    const char *prefer = cmg__str_or(cmg__sb_header(call, "Prefer"), "");
    const char *at = strstr(prefer, MAX_PAGE_SIZE);
    uint64_t n = 0;
    if (at == NULL)
        return PAGE;
    at += strlen(MAX_PAGE_SIZE);
    if (!cmg__parse_u64(at, strspn(at, "0123456789"), &n) || n == 0)
        return PAGE;
    return n > LARGEST_PAGE ? LARGEST_PAGE : n;
}

/* The beginning again, with the same properties; Graph says so by Location. */
static void refuse_old(struct cmg__sb_call *call)
{
    static const char *const positions[] = { "at", "after", "since" };
    struct cmg__json *link = cmg__json_object();
    for (size_t i = 0; i < CMG__ARRAY_LEN(positions); i++)
        cmg__sb_set_int(call->cloud, call->query, positions[i], 0);
    cmg__sb_set_int(call->cloud, call->query, "epoch", call->cloud->people.epoch);
    cmg__sb_set_int(call->cloud, call->query, "born", call->now_ms);
    cmg__sb_graph_link(call, link, "url", "$skiptoken");
    cmg__sb_refuse(call, 410, "resyncRequired",
                   "The delta token is too old; synchronize from the beginning.");
    cmg__sb_head(call, "Location", cmg__str_or(cmg__json_str(link, "/url"), ""));
    cmg__json_unref(link);
}

static bool open_link(struct cmg__sb_call *call, const char *name)
{
    if (cmg__json_size(call->query) != 1) {
        cmg__sb_refuse(call, 400, "Request_BadRequest",
                       "Query options are part of the first request only.");
        return false;
    }
    if (!cmg__sb_graph_open(call, name))
        return false;
    if (number(call, "epoch") == call->cloud->people.epoch &&
        call->now_ms - number(call, "born") <= LINK_LIFE_MS)
        return true;
    refuse_old(call);
    return false;
}

static bool begin(struct cmg__sb_call *call)
{
    const char *prefer = cmg__str_or(cmg__sb_header(call, "Prefer"), "");
    cmg__sb_set_int(call->cloud, call->query, "epoch", call->cloud->people.epoch);
    cmg__sb_set_int(call->cloud, call->query, "minimal",
                    strstr(prefer, "return=minimal") != NULL);
    return refuse_options(call) && cmg__sb_graph_select_is_known(call, set_of(call));
}

static bool read_query(struct cmg__sb_call *call, bool *latest)
{
    const char *skip = cmg__sb_query(call, "$skiptoken");
    const char *delta = cmg__sb_query(call, "$deltatoken");
    *latest = delta != NULL && strcmp(delta, "latest") == 0;
    if (*latest)
        cmg__json_remove(call->query, "$deltatoken");
    if (skip != NULL)
        return open_link(call, "$skiptoken");
    return delta != NULL && !*latest ? open_link(call, "$deltatoken") : begin(call);
}

/* ---- entries ---- */

static bool selects(const struct cmg__sb_call *call, const char *name)
{
    const char *at = cmg__sb_query(call, "$select");
    size_t len = strlen(name);
    if (at == NULL)
        return true;
    while (*at != '\0') {
        size_t n = strcspn(at, ",");
        if (n == len && strncmp(at, name, n) == 0)
            return true;
        at += n + (at[n] == ',');
    }
    return false;
}

/* Who came and went since the change that was seen last; at the beginning who is in. */
static struct cmg__json *members_of(struct cmg__sb_call *call,
                                    const struct cmg__json *group, int64_t since)
{
    struct cmg__json *out = cmg__json_array();
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    while (cmg__json_next(cmg__json_key(group, "_members"), &iter, &key, &value)) {
        bool in = cmg__json_bool(value, "/in", false);
        if (cmg__json_int(value, "/seq", 0) < since || (since == 0 && !in))
            continue;
        struct cmg__json *item = cmg__json_pack("{s:s, s:s}", "@odata.type",
                                                "#microsoft.graph.user", "id", key);
        if (!in)
            cmg__sb_set(call->cloud, item, "@removed",
                        cmg__json_pack("{s:s}", "reason", "deleted"));
        cmg__sb_append(call->cloud, out, item);
    }
    return out;
}

/* Only what has changed; the whole of one that is new. */
static void reduce(const struct cmg__json *entry, struct cmg__json *item)
{
    const struct cmg__json *changed = cmg__json_key(entry, "_changed");
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    if (changed == NULL)
        return;
    while (cmg__json_next(entry, &iter, &key, &value)) {
        if (strcmp(key, "id") != 0 && cmg__json_key(changed, key) == NULL)
            cmg__json_remove(item, key);
    }
}

/* A deleted user could come back, a deleted group cannot. */
static struct cmg__json *tombstone(const struct cmg__sb_call *call,
                                   const struct cmg__json *entry)
{
    return cmg__json_pack("{s:s?, s:{s:s}}", "id", cmg__json_str(entry, "/id"),
                          "@removed", "reason",
                          kind_of(call) == CMG__SB_USERS ? "changed" : "deleted");
}

/* "since" is one more than the last change seen, 0 at the beginning. */
static struct cmg__json *make_item(struct cmg__sb_call *call,
                                   const struct cmg__json *entry)
{
    int64_t since = number(call, "since");
    if (cmg__json_key(entry, "_removed") != NULL)
        return since == 0 ? NULL : tombstone(call, entry);
    struct cmg__json *item = cmg__sb_graph_person(call, kind_of(call), entry);
    cmg__sb_set_str(call->cloud, item, "id", cmg__json_str(entry, "/id"));
    if (since > 0 && number(call, "minimal") != 0)
        reduce(entry, item);
    if (kind_of(call) == CMG__SB_GROUPS && selects(call, "members"))
        cmg__sb_set(call->cloud, item, "members@delta", members_of(call, entry, since));
    return item;
}

static int admits(struct cmg__sb_call *call, const struct cmg__json *entry)
{
    const char *filter = cmg__sb_query(call, "$filter");
    return filter == NULL
               ? 1
               : cmg__sb_graph_filter(call->cloud->alloc, filter, false, entry);
}

/* ---- pages ---- */

/* False: the filter is no filter. *end tells that nothing is left. */
static bool fill(struct cmg__sb_call *call, struct cmg__sb_walk *walk,
                 struct cmg__json *list, bool *end)
{
    const uint64_t size = page_size(call);
    int match = 0;
    *end = false;
    while (match >= 0 && cmg__json_size(list) < size) {
        struct cmg__json *entry = cmg__sb_people_next(call->cloud, kind_of(call), walk);
        *end = entry == NULL;
        if (*end)
            break;
        match = admits(call, entry);
        struct cmg__json *item = match > 0 ? make_item(call, entry) : NULL;
        if (item != NULL)
            cmg__sb_append(call->cloud, list, item);
        cmg__json_unref(entry);
    }
    return match >= 0;
}

/* The next page begins with the last user of this one. */
static void add_next(struct cmg__sb_call *call, struct cmg__json *body,
                     const struct cmg__sb_walk *walk)
{
    uint64_t computed = call->cloud->people.computed;
    uint64_t at = walk->at > 1 && walk->at < computed ? walk->at - 1 : walk->at;
    cmg__sb_set_int(call->cloud, call->query, "at", (int64_t)at);
    cmg__sb_set_int(call->cloud, call->query, "after", walk->after);
    cmg__sb_set_int(call->cloud, call->query, "born", call->now_ms);
    cmg__sb_graph_link(call, body, "@odata.nextLink", "$skiptoken");
}

/* Users that are computed later are no change; hence their number counts as seen. */
static void add_delta(struct cmg__sb_call *call, struct cmg__json *body, int64_t seen)
{
    cmg__sb_set_int(call->cloud, call->query, "at",
                    (int64_t)call->cloud->people.computed);
    cmg__sb_set_int(call->cloud, call->query, "after", seen);
    cmg__sb_set_int(call->cloud, call->query, "since", seen + 1);
    cmg__sb_set_int(call->cloud, call->query, "born", call->now_ms);
    cmg__sb_graph_link(call, body, "@odata.deltaLink", "$deltatoken");
}

static void delta(struct cmg__sb_call *call)
{
    bool latest = false, end = true;
    if (!cmg__sb_graph_permits(call, cmg__sb_graph_people_roles) ||
        !read_query(call, &latest))
        return;
    struct cmg__sb_walk walk = { .at = (uint64_t)number(call, "at"),
                                 .after = number(call, "after") };
    struct cmg__json *list = cmg__json_array();
    struct cmg__json *body = cmg__json_pack(
        "{s:o, s:o}", "@odata.context",
        cmg__sb_text(call->cloud, "%s/v1.0/$metadata#%s", call->base, set_of(call)),
        "value", list);
    if (latest)
        walk.after = call->cloud->people.seq;
    else if (!fill(call, &walk, list, &end)) {
        cmg__json_unref(body);
        cmg__sb_refuse(call, 400, "Request_UnsupportedQuery",
                       "Unsupported or invalid query filter clause specified.");
        return;
    }
    if (end)
        add_delta(call, body, walk.after);
    else
        add_next(call, body, &walk);
    cmg__sb_reply(call, 200, body);
}

static const struct cmg__sb_route routes[] = {
    { "GET", "/v1.0/users/delta", delta },
    { "GET", "/v1.0/users/delta()", delta },
    { "GET", "/v1.0/users/microsoft.graph.delta", delta },
    { "GET", "/v1.0/users/microsoft.graph.delta()", delta },
    { "GET", "/v1.0/groups/delta", delta },
    { "GET", "/v1.0/groups/delta()", delta },
    { "GET", "/v1.0/groups/microsoft.graph.delta", delta },
    { "GET", "/v1.0/groups/microsoft.graph.delta()", delta },
};
const struct cmg__sb_routes cmg__sb_graph_delta_routes = { routes,
                                                           CMG__ARRAY_LEN(routes) };
