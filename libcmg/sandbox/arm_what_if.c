/*
 * What-if: what a template would do to what is there. Only members that the template
 * names are compared; those that the service adds are no change. Tags and elements of
 * arrays that the template does not name would go.
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/router.h"

#define MAX_DEPTH 32

struct compare {
    struct cmg__sb_cloud *cloud;
    unsigned depth;
};

static struct cmg__json *compare(struct compare *c, const struct cmg__json *before,
                                 const struct cmg__json *after);

static struct cmg__json *copy(const struct cmg__json *value)
{
    return value == NULL ? cmg__json_pack("n") : cmg__json_copy_deep(value);
}

static void note(struct compare *c, struct cmg__json *list, const char *path,
                 const struct cmg__json *before, const struct cmg__json *after)
{
    struct cmg__json *entry =
        cmg__json_pack("{s:s, s:s, s:o}", "path", path, "propertyChangeType",
                       before == NULL  ? "Create"
                       : after == NULL ? "Delete"
                                       : "Modify",
                       "after", copy(after));
    if (before != NULL)
        cmg__sb_set(c->cloud, entry, "before", copy(before));
    cmg__sb_append(c->cloud, list, entry);
}

/* Objects inside carry their differences on with a longer path; arrays keep theirs as
   children by index. */
static void note_inner(struct compare *c, struct cmg__json *list, const char *path,
                       struct cmg__json *inner, bool array)
{
    if (array && cmg__json_size(inner) > 0) {
        cmg__sb_append(c->cloud, list,
                       cmg__json_pack("{s:s, s:s, s:O}", "path", path,
                                      "propertyChangeType", "Array", "children", inner));
        return;
    }
    for (size_t i = 0; i < cmg__json_size(inner); i++) {
        struct cmg__json *entry = cmg__json_item(inner, i);
        cmg__sb_set(c->cloud, entry, "path",
                    cmg__sb_text(c->cloud, "%s.%s", path,
                                 cmg__str_or(cmg__json_str(entry, "/path"), "")));
        cmg__sb_append(c->cloud, list, cmg__json_ref(entry));
    }
}

static void compare_member(struct compare *c, struct cmg__json *list, const char *path,
                           const struct cmg__json *before, const struct cmg__json *after)
{
    enum cmg__json_type type = cmg__json_type(after);
    bool inside = type == CMG__JSON_OBJECT || type == CMG__JSON_ARRAY;
    if (type == CMG__JSON_NULL) /* not known before it is there */
        return;
    if (!inside || cmg__json_type(before) != type || c->depth > MAX_DEPTH) {
        if (before == NULL || !cmg__json_equal(before, after))
            note(c, list, path, before, after);
        return;
    }
    struct cmg__json *inner = compare(c, before, after);
    note_inner(c, list, path, inner, type == CMG__JSON_ARRAY);
    cmg__json_unref(inner);
}

static struct cmg__json *compare(struct compare *c, const struct cmg__json *before,
                                 const struct cmg__json *after)
{
    struct cmg__json *list = cmg__json_array();
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    char index[24];
    c->depth++;
    while (cmg__json_type(after) == CMG__JSON_OBJECT &&
           cmg__json_next(after, &iter, &key, &value))
        compare_member(c, list, key, cmg__json_key(before, key), value);
    for (size_t i = 0;
         cmg__json_type(after) == CMG__JSON_ARRAY && i < cmg__json_size(after); i++) {
        (void)snprintf(index, sizeof index, "%zu", i);
        compare_member(c, list, index, cmg__json_item(before, i),
                       cmg__json_item(after, i));
    }
    for (size_t i = cmg__json_size(after);
         cmg__json_type(after) == CMG__JSON_ARRAY && i < cmg__json_size(before); i++) {
        (void)snprintf(index, sizeof index, "%zu", i);
        note(c, list, index, cmg__json_item(before, i), NULL);
    }
    c->depth--;
    return list;
}

static void compare_tags(struct compare *c, struct cmg__json *list,
                         const struct cmg__json *before, const struct cmg__json *after)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    while (cmg__json_next(cmg__json_key(before, "tags"), &iter, &key, &value)) {
        struct cmg__json *path = cmg__sb_text(c->cloud, "tags.%s", key);
        if (cmg__json_key(cmg__json_key(after, "tags"), key) == NULL)
            note(c, list, cmg__str_or(cmg__json_str(path, ""), ""), value, NULL);
        cmg__json_unref(path);
    }
}

/* What the service decides, and what does not describe the resource. */
static struct cmg__json *described(const struct cmg__json *resource)
{
    static const char *const others[] = { "dependsOn", "condition", "comments", "scope",
                                          "id",        "name",      "type" };
    struct cmg__json *view = cmg__sb_resource_view(resource);
    for (size_t i = 0; i < CMG__ARRAY_LEN(others); i++)
        cmg__json_remove(view, others[i]);
    return view;
}

/* The resource of a template as it is now; NULL: it is not there. */
static struct cmg__json *now_of(struct cmg__sb_call *call, const struct cmg__json *wanted)
{
    const char *id = cmg__str_or(cmg__json_str(wanted, "/id"), "");
    if (cmg__sb_child_is(cmg__json_str(wanted, "/type"))) {
        struct cmg__json *seen = cmg__sb_child_see(call->cloud, id, wanted);
        struct cmg__json *view = seen == NULL ? NULL : described(seen);
        cmg__json_remove(view, "apiVersion");
        cmg__json_unref(seen);
        return view;
    }
    const struct cmg__json *old = cmg__sb_resource(call->cloud, id);
    return old == NULL ? NULL : described(old);
}

static struct cmg__json *change_of(struct cmg__sb_call *call,
                                   const struct cmg__json *wanted, bool ids_only)
{
    struct compare c = { .cloud = call->cloud };
    const char *id = cmg__str_or(cmg__json_str(wanted, "/id"), "");
    if (ids_only)
        return cmg__json_pack("{s:s, s:s}", "resourceId", id, "changeType", "Deploy");
    struct cmg__json *after = described(wanted);
    cmg__json_remove(after, "apiVersion");
    struct cmg__json *before = now_of(call, wanted);
    struct cmg__json *delta =
        before == NULL ? cmg__json_array() : compare(&c, before, after);
    compare_tags(&c, delta, before, after);
    const char *type = before == NULL               ? "Create"
                       : cmg__json_size(delta) == 0 ? "NoChange"
                                                    : "Modify";
    struct cmg__json *change = cmg__json_pack("{s:s, s:s, s:o}", "resourceId", id,
                                              "changeType", type, "after", after);
    if (before != NULL)
        cmg__sb_set(call->cloud, change, "before", before);
    if (cmg__json_size(delta) > 0)
        cmg__sb_set(call->cloud, change, "delta", cmg__json_ref(delta));
    cmg__json_unref(delta);
    return change;
}

static bool is_wanted(const struct cmg__json *list, const char *id)
{
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        if (cmg__sb_same(cmg__json_str(cmg__json_item(list, i), "/id"), id))
            return true;
    }
    return false;
}

/* What else is in the group stays as it is. */
static void add_ignored(struct cmg__sb_call *call, const struct cmg__json *wanted,
                        struct cmg__json *changes)
{
    struct cmg__json *prefix = cmg__sb_text(
        call->cloud, "/subscriptions/%s/resourceGroups/%s/",
        cmg__sb_fact(call->cloud, "subscription_id"), cmg__sb_arg(call, "group"));
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *resource = NULL;
    while (
        cmg__json_next(cmg__sb_table(call->cloud, "resources"), &iter, &key, &resource)) {
        if (cmg__str_istarts(key, cmg__str_or(cmg__json_str(prefix, ""), "/")) &&
            !is_wanted(wanted, key))
            cmg__sb_append(call->cloud, changes,
                           cmg__json_pack("{s:s, s:s, s:o}", "resourceId",
                                          cmg__json_str(resource, "/id"), "changeType",
                                          "Ignore", "before", described(resource)));
    }
    cmg__json_unref(prefix);
}

static void what_if(struct cmg__sb_call *call)
{
    struct cmg__sb_fault fault = { .status = 400, .code = "InvalidTemplate" };
    const struct cmg__json *group = cmg__sb_group(call);
    const struct cmg__json *properties = cmg__json_key(call->body, "properties");
    struct cmg__json *wanted = NULL;
    bool ids_only = cmg__sb_same(
        cmg__json_str(properties, "/whatIfSettings/resultFormat"), "ResourceIdOnly");
    if (group == NULL)
        return;
    if (!cmg__sb_deployment_preview(call->cloud, group, properties, &wanted, &fault)) {
        cmg__sb_refuse_fault(call, &fault);
        return;
    }
    struct cmg__json *changes = cmg__json_array();
    for (size_t i = 0; i < cmg__json_size(wanted); i++)
        cmg__sb_append(call->cloud, changes,
                       change_of(call, cmg__json_item(wanted, i), ids_only));
    if (!ids_only)
        add_ignored(call, wanted, changes);
    cmg__sb_operation_start(call->cloud, "what_if", "", call->operation_id);
    cmg__sb_set(call->cloud, cmg__sb_find(call->cloud, "operations", call->operation_id),
                "result",
                cmg__json_pack("{s:s, s:{s:o}}", "status", "Succeeded", "properties",
                               "changes", changes));
    cmg__sb_operation_heads(call, call->operation_id, false, true);
    cmg__sb_reply_empty(call, 202);
    cmg__json_unref(wanted);
}

static const struct cmg__sb_route routes[] = {
    { "POST",
      "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.Resources/"
      "deployments/{deployment}/whatIf",
      what_if },
};
const struct cmg__sb_routes cmg__sb_arm_what_if_routes = { routes,
                                                           CMG__ARRAY_LEN(routes) };
