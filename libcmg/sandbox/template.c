/*
 * Templates as a whole: parameters against their declarations, values with expressions
 * in them, the order of resources, outputs. See template.h.
 */
#include "sandbox/template.h"

#include <string.h>

#include "base/str.h"

#define MAX_RESOURCES 800

cmg_status cmg__sb_template_fail(const struct cmg__sb_template *t, cmg_error **err,
                                 const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = cmg__vformat(t->alloc, fmt, args);
    va_end(args);
    cmg_status rc = cmg__fail(err, t->alloc, CMG_E_INVAL, "template", "", "%s",
                              cmg__str_or(text, "the template is not valid"));
    cmg__free(t->alloc, text);
    return rc;
}

/* ---- values ---- */

static cmg_status text_value(struct cmg__sb_template *t, const struct cmg__json *value,
                             struct cmg__json **out, cmg_error **err)
{
    const char *text = cmg__json_str(value, "");
    size_t n = cmg__json_str_len(value);
    if (n < 2 || text[0] != '[' || text[n - 1] != ']') {
        *out = cmg__json_stringn(text, n);
        return *out == NULL ? cmg__fail_nomem(err) : CMG_OK;
    }
    if (text[1] == '[') { /* "[[x]" stands for "[x]" */
        *out = cmg__json_stringn(text + 1, n - 1);
        return *out == NULL ? cmg__fail_nomem(err) : CMG_OK;
    }
    return cmg__sb_expression(t, text + 1, n - 2, out, err);
}

static cmg_status array_value(struct cmg__sb_template *t, const struct cmg__json *value,
                              struct cmg__json **out, cmg_error **err)
{
    struct cmg__json *array = cmg__json_array();
    cmg_status rc = array == NULL ? cmg__fail_nomem(err) : CMG_OK;
    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(value); i++) {
        struct cmg__json *item = NULL;
        rc = cmg__sb_template_value(t, cmg__json_item(value, i), &item, err);
        if (rc == CMG_OK && cmg__json_append(array, item) != CMG_OK)
            rc = cmg__fail_nomem(err);
    }
    if (rc == CMG_OK)
        *out = array;
    else
        cmg__json_unref(array);
    return rc;
}

static cmg_status object_value(struct cmg__sb_template *t, const struct cmg__json *value,
                               struct cmg__json **out, cmg_error **err)
{
    struct cmg__json *object = cmg__json_object();
    cmg_status rc = object == NULL ? cmg__fail_nomem(err) : CMG_OK;
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *from = NULL;
    while (rc == CMG_OK && cmg__json_next(value, &iter, &key, &from)) {
        struct cmg__json *member = NULL;
        rc = cmg__sb_template_value(t, from, &member, err);
        if (rc == CMG_OK && cmg__json_set(object, key, member) != CMG_OK)
            rc = cmg__fail_nomem(err);
    }
    if (rc == CMG_OK)
        *out = object;
    else
        cmg__json_unref(object);
    return rc;
}

cmg_status cmg__sb_template_value(struct cmg__sb_template *t,
                                  const struct cmg__json *value, struct cmg__json **out,
                                  cmg_error **err)
{
    cmg_status rc = CMG_OK;
    if (++t->depth > CMG__SB_TEMPLATE_DEPTH || ++t->steps > CMG__SB_TEMPLATE_STEPS) {
        t->depth--;
        return cmg__sb_template_fail(t, err, "the template is nested too deeply");
    }
    switch (cmg__json_type(value)) {
    case CMG__JSON_STRING:
        rc = text_value(t, value, out, err);
        break;
    case CMG__JSON_ARRAY:
        rc = array_value(t, value, out, err);
        break;
    case CMG__JSON_OBJECT:
        rc = object_value(t, value, out, err);
        break;
    case CMG__JSON_NONE:
        rc = cmg__sb_template_fail(t, err, "a value is missing");
        break;
    case CMG__JSON_NULL:
    case CMG__JSON_INTEGER:
    case CMG__JSON_REAL:
    case CMG__JSON_TRUE:
    case CMG__JSON_FALSE:
        *out = cmg__json_copy_deep(value);
        rc = *out == NULL ? cmg__fail_nomem(err) : CMG_OK;
        break;
    }
    t->depth--;
    return rc;
}

/* ---- parameters ---- */

static bool type_fits(const char *type, const struct cmg__json *value)
{
    enum cmg__json_type is = cmg__json_type(value);
    if (cmg__str_ieq(type, "string") || cmg__str_ieq(type, "securestring"))
        return is == CMG__JSON_STRING;
    if (cmg__str_ieq(type, "int"))
        return is == CMG__JSON_INTEGER;
    if (cmg__str_ieq(type, "bool"))
        return is == CMG__JSON_TRUE || is == CMG__JSON_FALSE;
    if (cmg__str_ieq(type, "array"))
        return is == CMG__JSON_ARRAY;
    return (cmg__str_ieq(type, "object") || cmg__str_ieq(type, "secureObject")) &&
           is == CMG__JSON_OBJECT;
}

static bool is_allowed(const struct cmg__json *allowed, const struct cmg__json *value)
{
    if (allowed == NULL)
        return true;
    for (size_t i = 0; i < cmg__json_size(allowed); i++) {
        if (cmg__json_equal(cmg__json_item(allowed, i), value))
            return true;
    }
    return false;
}

static bool is_in_bounds(const struct cmg__json *declared, const struct cmg__json *value)
{
    const char *text = cmg__json_str(value, "");
    int64_t length = (int64_t)(text != NULL ? strlen(text) : cmg__json_size(value));
    if (cmg__json_type(value) == CMG__JSON_INTEGER) {
        int64_t n = cmg__json_int(value, "", 0);
        return n >= cmg__json_int(declared, "/minValue", INT64_MIN) &&
               n <= cmg__json_int(declared, "/maxValue", INT64_MAX);
    }
    return length >= cmg__json_int(declared, "/minLength", 0) &&
           length <= cmg__json_int(declared, "/maxLength", INT64_MAX);
}

static cmg_status check_parameter(struct cmg__sb_template *t, const char *name,
                                  const struct cmg__json *declared,
                                  const struct cmg__json *value, cmg_error **err)
{
    const char *type = cmg__str_or(cmg__json_str(declared, "/type"), "");
    if (!type_fits(type, value))
        return cmg__sb_template_fail(t, err,
                                     "the provided value for the template parameter '%s' "
                                     "is not valid: expected a value of type '%s', but "
                                     "received '%s'",
                                     name, type, cmg__json_type_name(value));
    if (!is_allowed(cmg__json_key(declared, "allowedValues"), value))
        return cmg__sb_template_fail(t, err,
                                     "the provided value for the template parameter '%s' "
                                     "is not part of the allowed values",
                                     name);
    if (!is_in_bounds(declared, value))
        return cmg__sb_template_fail(t, err,
                                     "the provided value for the template parameter '%s' "
                                     "is out of bounds",
                                     name);
    return CMG_OK;
}

static cmg_status resolve_parameter(struct cmg__sb_template *t, const char *name,
                                    const struct cmg__json *declared,
                                    const struct cmg__json *given, cmg_error **err)
{
    struct cmg__json *value = NULL;
    const struct cmg__json *wanted = cmg__json_key(cmg__json_key(given, name), "value");
    const struct cmg__json *fallback = cmg__json_key(declared, "defaultValue");
    cmg_status rc = CMG_OK;
    if (wanted != NULL) {
        value = cmg__json_copy_deep(wanted);
        rc = value == NULL ? cmg__fail_nomem(err) : CMG_OK;
    } else if (fallback != NULL) {
        rc = cmg__sb_template_value(t, fallback, &value, err);
    } else {
        rc = cmg__sb_template_fail(t, err,
                                   "the value for the template parameter '%s' is not "
                                   "provided",
                                   name);
    }
    if (rc == CMG_OK)
        rc = check_parameter(t, name, declared, value, err);
    if (rc == CMG_OK)
        rc = cmg__json_set(t->parameters, name, cmg__json_ref(value));
    cmg__json_unref(value);
    return rc;
}

static cmg_status refuse_unknown(struct cmg__sb_template *t,
                                 const struct cmg__json *given, cmg_error **err)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    while (cmg__json_next(given, &iter, &key, &value)) {
        if (cmg__json_key(cmg__json_key(t->source, "parameters"), key) == NULL)
            return cmg__sb_template_fail(t, err,
                                         "the parameter '%s' was supplied, but is not "
                                         "defined in the template",
                                         key);
    }
    return CMG_OK;
}

cmg_status cmg__sb_template_open(struct cmg__sb_template *t,
                                 const struct cmg__json *source,
                                 const struct cmg__json *given, cmg_error **err)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *declared = NULL;
    const struct cmg__json *resources = cmg__json_key(source, "resources");
    t->source = source;
    t->parameters = cmg__json_object();
    t->depth = 0;
    t->steps = 0;
    cmg_status rc = t->parameters == NULL ? cmg__fail_nomem(err) : CMG_OK;
    if (rc == CMG_OK && cmg__json_str(source, "/contentVersion") == NULL)
        rc = cmg__sb_template_fail(t, err, "the template has no contentVersion");
    if (rc == CMG_OK && (cmg__json_type(resources) != CMG__JSON_ARRAY ||
                         cmg__json_size(resources) > MAX_RESOURCES))
        rc = cmg__sb_template_fail(t, err,
                                   "the template needs an array of at most %d "
                                   "resources",
                                   MAX_RESOURCES);
    if (rc == CMG_OK)
        rc = refuse_unknown(t, given, err);
    while (rc == CMG_OK &&
           cmg__json_next(cmg__json_key(source, "parameters"), &iter, &key, &declared))
        rc = resolve_parameter(t, key, declared, given, err);
    if (rc != CMG_OK)
        cmg__sb_template_close(t);
    return rc;
}

void cmg__sb_template_close(struct cmg__sb_template *t)
{
    cmg__json_clear(&t->parameters);
}

/* ---- resources ---- */

/* "a/b/c" and "x/y" make ".../a/b/x/c/y". */
static cmg_status join_id(struct cmg__sb_template *t, const char *type, const char *name,
                          struct cmg__buf *out, cmg_error **err)
{
    size_t n = strcspn(type, "/");
    cmg_status rc =
        cmg__buf_addf(out, "/subscriptions/%s/resourceGroups/%s/providers/%.*s",
                      t->subscription_id, t->group, (int)n, type);
    type += n;
    while (rc == CMG_OK && *type == '/') {
        size_t m = strcspn(name, "/");
        n = strcspn(++type, "/");
        if (n == 0 || m == 0)
            break;
        rc = cmg__buf_addf(out, "/%.*s/%.*s", (int)n, type, (int)m, name);
        type += n;
        name += m + (name[m] == '/');
    }
    if (rc == CMG_OK && (*type != '\0' || *name != '\0'))
        rc = cmg__sb_template_fail(t, err,
                                   "the resource name does not have as many segments as "
                                   "its type");
    return rc;
}

cmg_status cmg__sb_template_id(struct cmg__sb_template *t,
                               const struct cmg__json *resource, char **out,
                               cmg_error **err)
{
    struct cmg__json *name = NULL;
    struct cmg__buf id;
    const char *type = cmg__json_str(resource, "/type");
    if (type == NULL || type[0] == '[' || strchr(type, '/') == NULL)
        return cmg__sb_template_fail(t, err, "a resource has no literal type");
    if (cmg__json_str(resource, "/apiVersion") == NULL)
        return cmg__sb_template_fail(t, err, "a resource of type '%s' has no apiVersion",
                                     type);
    cmg__buf_init(&id, t->alloc, 65536);
    cmg_status rc =
        cmg__sb_template_value(t, cmg__json_key(resource, "name"), &name, err);
    if (rc == CMG_OK && cmg__str_is_empty(cmg__json_str(name, "")))
        rc = cmg__sb_template_fail(t, err, "a resource of type '%s' has no name", type);
    if (rc == CMG_OK)
        rc = join_id(t, type, cmg__json_str(name, ""), &id, err);
    if (rc == CMG_OK)
        *out = cmg__buf_steal(&id);
    cmg__json_unref(name);
    cmg__buf_done(&id);
    return rc;
}

static cmg_status is_wanted(struct cmg__sb_template *t, const struct cmg__json *resource,
                            bool *out, cmg_error **err)
{
    struct cmg__json *value = NULL;
    const struct cmg__json *condition = cmg__json_key(resource, "condition");
    *out = true;
    if (condition == NULL)
        return CMG_OK;
    cmg_status rc = cmg__sb_template_value(t, condition, &value, err);
    if (rc == CMG_OK)
        *out = cmg__json_type(value) != CMG__JSON_FALSE;
    cmg__json_unref(value);
    return rc;
}

/* Index of the resource that a dependsOn entry means (its ID or only its name), or -1. */
static int64_t find_dependency(const struct cmg__json *ids, const char *wanted)
{
    size_t n = strlen(wanted);
    for (size_t i = 0; i < cmg__json_size(ids); i++) {
        const char *id = cmg__str_or(cmg__json_str(cmg__json_item(ids, i), ""), "");
        size_t len = strlen(id);
        if (cmg__str_ieq(id, wanted) ||
            (len > n && id[len - n - 1] == '/' && cmg__str_ieq(id + len - n, wanted)))
            return (int64_t)i;
    }
    return -1;
}

/* Orders being made: done has the indices passed, in their order; those wanted go to
   order as well. */
struct ordering {
    struct cmg__json *ids;
    struct cmg__json *done;
    struct cmg__json *order;
};

static bool is_done(const struct cmg__json *done, int64_t index)
{
    for (size_t i = 0; i < cmg__json_size(done); i++) {
        if (cmg__json_int(cmg__json_item(done, i), "", -1) == index)
            return true;
    }
    return false;
}

/* Notes the place in the order of what has to be there before. */
static cmg_status add_place(const struct ordering *o, int64_t index,
                            struct cmg__json *after)
{
    for (size_t i = 0; i < cmg__json_size(o->order); i++) {
        if (cmg__json_int(cmg__json_item(o->order, i), "/index", -1) == index)
            return cmg__json_append(after, cmg__json_integer((int64_t)i));
    }
    return CMG_OK; /* left out by its condition */
}

/* Are all dependencies of a resource in the order? Those left out by condition count. */
static cmg_status is_ready(struct cmg__sb_template *t, const struct cmg__json *resource,
                           const struct ordering *o, struct cmg__json *after, bool *out,
                           cmg_error **err)
{
    const struct cmg__json *list = cmg__json_key(resource, "dependsOn");
    cmg_status rc = CMG_OK;
    *out = true;
    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(list); i++) {
        struct cmg__json *value = NULL;
        rc = cmg__sb_template_value(t, cmg__json_item(list, i), &value, err);
        const char *text = cmg__json_str(value, "");
        int64_t index = text == NULL ? -1 : find_dependency(o->ids, text);
        if (rc == CMG_OK && index < 0)
            rc = cmg__sb_template_fail(t, err,
                                       "the resource '%s' is not defined in the template",
                                       cmg__str_or(text, "?"));
        *out = *out && is_done(o->done, index);
        if (rc == CMG_OK && add_place(o, index, after) != CMG_OK)
            rc = cmg__fail_nomem(err);
        cmg__json_unref(value);
    }
    return rc;
}

static cmg_status collect_ids(struct cmg__sb_template *t, struct cmg__json *ids,
                              cmg_error **err)
{
    const struct cmg__json *resources = cmg__json_key(t->source, "resources");
    cmg_status rc = CMG_OK;
    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(resources); i++) {
        char *id = NULL;
        rc = cmg__sb_template_id(t, cmg__json_item(resources, i), &id, err);
        if (rc == CMG_OK && find_dependency(ids, id) >= 0)
            rc = cmg__sb_template_fail(t, err,
                                       "the resource '%s' is defined multiple times in "
                                       "the template",
                                       id);
        if (rc == CMG_OK)
            rc = cmg__json_append(ids, cmg__json_string(id));
        cmg__free(t->alloc, id);
    }
    return rc;
}

static cmg_status order_one(struct cmg__sb_template *t, const struct ordering *o,
                            size_t i, cmg_error **err)
{
    const struct cmg__json *resource =
        cmg__json_item(cmg__json_key(t->source, "resources"), i);
    struct cmg__json *after = cmg__json_array();
    bool ready = false, wanted = false;
    cmg_status rc = after == NULL ? cmg__fail_nomem(err)
                                  : is_ready(t, resource, o, after, &ready, err);
    if (rc == CMG_OK && ready)
        rc = cmg__json_append(o->done, cmg__json_integer((int64_t)i));
    if (rc == CMG_OK && ready)
        rc = is_wanted(t, resource, &wanted, err);
    if (rc == CMG_OK && wanted)
        rc = cmg__json_append(
            o->order, cmg__json_pack("{s:I, s:O}", "index", (int64_t)i, "after", after));
    cmg__json_unref(after);
    return rc;
}

/* One pass: puts every resource that is ready into done; those wanted into order. */
static cmg_status order_pass(struct cmg__sb_template *t, const struct ordering *o,
                             cmg_error **err)
{
    size_t total = cmg__json_size(cmg__json_key(t->source, "resources"));
    cmg_status rc = CMG_OK;
    for (size_t i = 0; rc == CMG_OK && i < total; i++) {
        if (!is_done(o->done, (int64_t)i))
            rc = order_one(t, o, i, err);
    }
    return rc;
}

cmg_status cmg__sb_template_order(struct cmg__sb_template *t, struct cmg__json **out,
                                  cmg_error **err)
{
    const struct ordering o = { .ids = cmg__json_array(),
                                .done = cmg__json_array(),
                                .order = cmg__json_array() };
    size_t total = cmg__json_size(cmg__json_key(t->source, "resources"));
    cmg_status rc = o.ids == NULL || o.done == NULL || o.order == NULL
                        ? cmg__fail_nomem(err)
                        : collect_ids(t, o.ids, err);
    while (rc == CMG_OK && cmg__json_size(o.done) < total) {
        size_t before = cmg__json_size(o.done);
        rc = order_pass(t, &o, err);
        if (rc == CMG_OK && cmg__json_size(o.done) == before)
            rc = cmg__sb_template_fail(t, err, "circular dependency detected");
    }
    if (rc == CMG_OK)
        *out = cmg__json_ref(o.order);
    cmg__json_unref(o.ids);
    cmg__json_unref(o.done);
    cmg__json_unref(o.order);
    return rc;
}

/* ---- outputs ---- */

static cmg_status add_output(struct cmg__sb_template *t, const char *name,
                             const struct cmg__json *declared, struct cmg__json *outputs,
                             cmg_error **err)
{
    const char *type = cmg__str_or(cmg__json_str(declared, "/type"), "String");
    struct cmg__json *value = NULL;
    struct cmg__json *entry = cmg__json_pack("{s:s}", "type", type);
    cmg_status rc =
        cmg__sb_template_value(t, cmg__json_key(declared, "value"), &value, err);
    if (rc == CMG_OK && !cmg__str_istarts(type, "secure"))
        rc = cmg__json_set(entry, "value", cmg__json_ref(value));
    if (rc == CMG_OK)
        rc = cmg__json_set(outputs, name, cmg__json_ref(entry));
    cmg__json_unref(entry);
    cmg__json_unref(value);
    return rc;
}

cmg_status cmg__sb_template_outputs(struct cmg__sb_template *t, struct cmg__json **out,
                                    cmg_error **err)
{
    struct cmg__json *outputs = cmg__json_object();
    cmg_status rc = outputs == NULL ? cmg__fail_nomem(err) : CMG_OK;
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *declared = NULL;
    while (rc == CMG_OK &&
           cmg__json_next(cmg__json_key(t->source, "outputs"), &iter, &key, &declared))
        rc = add_output(t, key, declared, outputs, err);
    if (rc == CMG_OK)
        *out = outputs;
    else
        cmg__json_unref(outputs);
    return rc;
}
