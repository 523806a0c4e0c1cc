/*
 * Answers of Graph: single entities and lists. What may be asked is in graph_query.c.
 */
#include <string.h>

#include "sandbox/graph.h"

void cmg__sb_graph_not_found(struct cmg__sb_call *call, const char *id)
{
    cmg__sb_refuse(call, 404, "Request_ResourceNotFound",
                   "Resource '%s' does not exist or one of its queried "
                   "reference-property objects are not present.",
                   id);
}

struct cmg__json *cmg__sb_graph_body(struct cmg__sb_call *call)
{
    if (cmg__json_type(call->body) == CMG__JSON_OBJECT)
        return call->body;
    cmg__sb_refuse(call, 400, "BadRequest", "Unable to read JSON request payload.");
    return NULL;
}

/* The members that $select names, and the id; the whole without $select. */
struct cmg__json *cmg__sb_graph_selected(struct cmg__sb_call *call,
                                         const struct cmg__json *entity)
{
    const char *list = cmg__sb_query(call, "$select");
    struct cmg__json *whole = cmg__sb_public(entity);
    if (list == NULL || whole == NULL) {
        cmg__sb_graph_hide_keys(call, whole);
        return whole;
    }
    struct cmg__json *out = cmg__json_object();
    while (*list != '\0') {
        char name[64];
        size_t n = strcspn(list, ",");
        if (n > 0 && n < sizeof name) {
            memcpy(name, list, n);
            name[n] = '\0';
            struct cmg__json *value = cmg__json_key(whole, name);
            if (value != NULL)
                cmg__sb_set(call->cloud, out, name, cmg__json_ref(value));
        }
        list += n + (list[n] == ',');
    }
    cmg__json_unref(whole);
    return out;
}

void cmg__sb_graph_entity(struct cmg__sb_call *call, int status, const char *context,
                          const struct cmg__json *entity)
{
    char set[32] = "";
    size_t n = strcspn(context, "/");
    if (n < sizeof set)
        memcpy(set, context, n);
    if (!cmg__sb_graph_select_is_known(call, set))
        return;
    struct cmg__json *body = cmg__sb_graph_selected(call, entity);
    cmg__sb_set(call->cloud, body, "@odata.context",
                cmg__sb_text(call->cloud, "%s/v1.0/$metadata#%s", call->base, context));
    cmg__sb_reply(call, status, body);
}

static bool admits(const struct cmg__json *entity, const char *member, const char *value)
{
    const char *text = cmg__json_str(cmg__json_key(entity, member), "");
    return text != NULL && cmg__sb_same(text, value);
}

/* What Graph calls the things of a table. */
static const char *set_of(const char *table)
{
    static const struct {
        const char *table, *set;
    } sets[] = {
        { "service_principals", "servicePrincipals" },
        { "role_assignments", "appRoleAssignments" },
        { "grants", "oauth2PermissionGrants" },
        { "deleted", "directoryObjects" },
    };
    for (size_t i = 0; i < CMG__ARRAY_LEN(sets); i++) {
        if (strcmp(sets[i].table, table) == 0)
            return sets[i].set;
    }
    return table;
}

/* Fills list with the page's entries; false when the filter is not understood. */
static bool fill_page(struct cmg__sb_call *call, const struct cmg__sb_wanted *wanted,
                      const struct cmg__sb_page *page, struct cmg__json *list,
                      uint64_t *seen)
{
    const struct cmg__alloc *alloc = call->cloud->alloc;
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entity = NULL;
    while (
        cmg__json_next(cmg__sb_table(call->cloud, wanted->table), &iter, &key, &entity)) {
        int match = page->filter == NULL ? 1
                                         : cmg__sb_graph_filter(alloc, page->filter,
                                                                page->advanced, entity);
        if (match < 0)
            return false;
        if (match == 0 ||
            (wanted->member != NULL && !admits(entity, wanted->member, wanted->value)))
            continue;
        if (*seen >= page->skip && cmg__json_size(list) < page->top)
            cmg__sb_append(call->cloud, list, cmg__sb_graph_selected(call, entity));
        (*seen)++;
    }
    return true;
}

void cmg__sb_graph_list(struct cmg__sb_call *call, const struct cmg__sb_wanted *wanted)
{
    const char *set = set_of(wanted->table);
    struct cmg__sb_page page;
    uint64_t seen = 0;
    if (!cmg__sb_graph_query(call, set, &page))
        return;
    struct cmg__json *list = cmg__json_array();
    struct cmg__json *body =
        cmg__json_pack("{s:o, s:o}", "@odata.context",
                       cmg__sb_text(call->cloud, "%s/v1.0/$metadata#%s", call->base, set),
                       "value", list);
    if (body == NULL) { /* and with it the list */
        cmg__sb_reply(call, 200, NULL);
        return;
    }
    if (!fill_page(call, wanted, &page, list, &seen)) {
        cmg__json_unref(body);
        cmg__sb_refuse(call, 400, "Request_UnsupportedQuery",
                       "Unsupported or invalid query filter clause specified.");
        return;
    }
    if (page.advanced)
        cmg__sb_set_int(call->cloud, body, "@odata.count", (int64_t)seen);
    page.skip += cmg__json_size(list);
    if (seen > page.skip) {
        cmg__sb_set_int(call->cloud, call->query, "skip", (int64_t)page.skip);
        cmg__sb_graph_link(call, body, "@odata.nextLink", "$skiptoken");
    }
    cmg__sb_reply(call, 200, body);
}
