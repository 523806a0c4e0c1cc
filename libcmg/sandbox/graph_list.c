/*
 * Answers of Graph: single entities and lists with $filter, $top, $skiptoken, $select.
 */
#include <string.h>

#include "sandbox/graph.h"

#define DEFAULT_PAGE 100
#define LARGEST_PAGE 999

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
static struct cmg__json *select_members(struct cmg__sb_call *call,
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
    struct cmg__json *body = select_members(call, entity);
    cmg__sb_set(call->cloud, body, "@odata.context",
                cmg__sb_text(call->cloud, "%s/v1.0/$metadata#%s", call->base, context));
    cmg__sb_reply(call, status, body);
}

/* A number of the query within its bounds, or otherwise. */
static uint64_t number(const struct cmg__sb_call *call, const char *name, uint64_t max,
                       uint64_t otherwise)
{
    const char *text = cmg__sb_query(call, name);
    uint64_t value = 0;
    if (text == NULL || !cmg__parse_u64(text, strlen(text), &value))
        return otherwise;
    return value > max ? max : value;
}

static void add_next_link(struct cmg__sb_call *call, struct cmg__json *body,
                          uint64_t skip, uint64_t top)
{
    const char *filter = cmg__sb_query(call, "$filter");
    struct cmg__buf text;
    cmg__buf_init(&text, call->cloud->alloc, 8192);
    if (cmg__buf_addf(&text, "%s%s?$skiptoken=%llu&$top=%llu", call->base, call->path,
                      (unsigned long long)skip, (unsigned long long)top) != CMG_OK ||
        (filter != NULL && (cmg__buf_add_str(&text, "&$filter=") != CMG_OK ||
                            cmg__url_encode(&text, filter, strlen(filter)) != CMG_OK)))
        call->cloud->oom = true;
    cmg__sb_set_str(call->cloud, body, "@odata.nextLink", cmg__buf_cstr(&text));
    cmg__buf_done(&text);
}

static bool admits(const struct cmg__json *entity, const char *member, const char *value)
{
    const char *text = cmg__json_str(cmg__json_key(entity, member), "");
    return text != NULL && cmg__sb_same(text, value);
}

void cmg__sb_graph_list(struct cmg__sb_call *call, const char *table, const char *member,
                        const char *value)
{
    const char *filter = cmg__sb_query(call, "$filter");
    uint64_t top = number(call, "$top", LARGEST_PAGE, DEFAULT_PAGE);
    uint64_t skip = number(call, "$skiptoken", UINT32_MAX, 0);
    uint64_t seen = 0;
    struct cmg__json *list = cmg__json_array();
    struct cmg__json *body = cmg__json_pack("{s:o}", "value", list);
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entity = NULL;

    cmg__sb_set(call->cloud, body, "@odata.context",
                cmg__sb_text(call->cloud, "%s/v1.0/$metadata#%s", call->base, table));
    while (cmg__json_next(cmg__sb_table(call->cloud, table), &iter, &key, &entity)) {
        int match =
            filter == NULL ? 1 : cmg__sb_graph_filter(call->cloud->alloc, filter, entity);
        if (match < 0) {
            cmg__json_unref(body);
            cmg__sb_refuse(call, 400, "Request_UnsupportedQuery",
                           "Unsupported or invalid query filter clause specified.");
            return;
        }
        if (match == 0 || (member != NULL && !admits(entity, member, value)))
            continue;
        if (seen >= skip && cmg__json_size(list) < top)
            cmg__sb_append(call->cloud, list, select_members(call, entity));
        seen++;
    }
    if (seen > skip + cmg__json_size(list))
        add_next_link(call, body, skip + cmg__json_size(list), top);
    cmg__sb_reply(call, 200, body);
}
