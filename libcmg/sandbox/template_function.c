/*
 * The functions of the template language, one row each.
 */
#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "sandbox/cloud.h"
#include "sandbox/template.h"

static cmg_status give(struct cmg__json *value, struct cmg__json **out, cmg_error **err)
{
    *out = value;
    return value == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status give_text(struct cmg__buf *text, struct cmg__json **out,
                            cmg_error **err)
{
    struct cmg__json *value = cmg__json_stringn(cmg__buf_cstr(text), text->len);
    return give(value, out, err);
}

/* The text of argument i; "" for something unknown while checking. */
static cmg_status text_arg(struct cmg__sb_template *t, const struct cmg__json *args,
                           size_t i, const char **out, cmg_error **err)
{
    const struct cmg__json *value = cmg__json_item(args, i);
    *out = cmg__json_str(value, "");
    if (*out == NULL && t->check && cmg__json_type(value) == CMG__JSON_NULL)
        *out = "";
    if (*out != NULL)
        return CMG_OK;
    return cmg__sb_template_fail(t, err, "argument %zu must be a text, not %s", i + 1,
                                 cmg__json_type_name(value));
}

/* A text, number or truth value as text. */
static cmg_status add_as_text(struct cmg__sb_template *t, const struct cmg__json *value,
                              struct cmg__buf *out, cmg_error **err)
{
    const char *text = cmg__json_str(value, "");
    cmg_status rc = CMG_OK;
    switch (cmg__json_type(value)) {
    case CMG__JSON_STRING:
        rc = cmg__buf_add_str(out, text);
        break;
    case CMG__JSON_INTEGER:
        rc = cmg__buf_addf(out, "%lld", (long long)cmg__json_int(value, "", 0));
        break;
    case CMG__JSON_TRUE:
        rc = cmg__buf_add_str(out, "True");
        break;
    case CMG__JSON_FALSE:
        rc = cmg__buf_add_str(out, "False");
        break;
    case CMG__JSON_NULL:
        rc = t->check ? CMG_OK : CMG_E_INVAL;
        break;
    case CMG__JSON_NONE:
    case CMG__JSON_OBJECT:
    case CMG__JSON_ARRAY:
    case CMG__JSON_REAL:
        rc = CMG_E_INVAL;
        break;
    }
    if (rc == CMG_E_INVAL)
        return cmg__sb_template_fail(t, err, "%s cannot be made a text",
                                     cmg__json_type_name(value));
    return rc == CMG_OK ? CMG_OK
                        : cmg__sb_template_fail(t, err, "the text becomes too long");
}

/* ---- what the template declares ---- */

static cmg_status fn_parameters(struct cmg__sb_template *t, const struct cmg__json *args,
                                struct cmg__json **out, cmg_error **err)
{
    const char *name = NULL;
    cmg_status rc = text_arg(t, args, 0, &name, err);
    if (rc != CMG_OK)
        return rc;
    struct cmg__json *value = cmg__json_key(t->parameters, name);
    if (value == NULL)
        return cmg__sb_template_fail(t, err, "the template parameter '%s' is not found",
                                     name);
    return give(cmg__json_ref(value), out, err);
}

static cmg_status fn_variables(struct cmg__sb_template *t, const struct cmg__json *args,
                               struct cmg__json **out, cmg_error **err)
{
    const char *name = NULL;
    cmg_status rc = text_arg(t, args, 0, &name, err);
    if (rc != CMG_OK)
        return rc;
    const struct cmg__json *value =
        cmg__json_key(cmg__json_key(t->source, "variables"), name);
    if (value == NULL)
        return cmg__sb_template_fail(t, err, "the template variable '%s' is not found",
                                     name);
    return cmg__sb_template_value(t, value, out, err);
}

/* ---- texts ---- */

static cmg_status concat_arrays(const struct cmg__json *args, struct cmg__json **out,
                                cmg_error **err)
{
    struct cmg__json *all = cmg__json_array();
    for (size_t i = 0; i < cmg__json_size(args); i++) {
        const struct cmg__json *part = cmg__json_item(args, i);
        for (size_t k = 0; k < cmg__json_size(part); k++) {
            if (cmg__json_append(all, cmg__json_ref(cmg__json_item(part, k))) != CMG_OK) {
                cmg__json_unref(all);
                return cmg__fail_nomem(err);
            }
        }
    }
    return give(all, out, err);
}

static cmg_status fn_concat(struct cmg__sb_template *t, const struct cmg__json *args,
                            struct cmg__json **out, cmg_error **err)
{
    struct cmg__buf text;
    cmg_status rc = CMG_OK;
    if (cmg__json_type(cmg__json_item(args, 0)) == CMG__JSON_ARRAY)
        return concat_arrays(args, out, err);
    cmg__buf_init_secret(&text, t->alloc, CMG__SB_TEXT_MAX);
    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(args); i++)
        rc = add_as_text(t, cmg__json_item(args, i), &text, err);
    if (rc == CMG_OK)
        rc = give_text(&text, out, err);
    cmg__buf_done(&text);
    return rc;
}

/* One "{n}" of a format; *at stands behind the opening brace. */
static cmg_status add_hole(struct cmg__sb_template *t, const char **at,
                           const struct cmg__json *args, struct cmg__buf *text,
                           cmg_error **err)
{
    uint64_t index = 0;
    const char *close = strchr(*at, '}');
    if (close == NULL || !cmg__parse_u64(*at, (size_t)(close - *at), &index) ||
        index + 1 >= cmg__json_size(args))
        return cmg__sb_template_fail(t, err, "the format has a hole without argument");
    *at = close;
    return add_as_text(t, cmg__json_item(args, (size_t)index + 1), text, err);
}

static cmg_status fn_format(struct cmg__sb_template *t, const struct cmg__json *args,
                            struct cmg__json **out, cmg_error **err)
{
    const char *at = NULL;
    struct cmg__buf text;
    cmg_status rc = text_arg(t, args, 0, &at, err);
    cmg__buf_init_secret(&text, t->alloc, CMG__SB_TEXT_MAX);
    for (; rc == CMG_OK && *at != '\0'; at++) {
        if ((at[0] == '{' || at[0] == '}') && at[0] == at[1]) {
            rc = cmg__buf_add_char(&text, *at++);
        } else if (*at == '{') {
            at++;
            rc = add_hole(t, &at, args, &text, err);
        } else {
            rc = cmg__buf_add_char(&text, *at);
        }
    }
    if (rc == CMG_E_LIMIT)
        rc = cmg__sb_template_fail(t, err, "the text becomes too long");
    if (rc == CMG_OK)
        rc = give_text(&text, out, err);
    cmg__buf_done(&text);
    return rc;
}

static cmg_status fn_base64(struct cmg__sb_template *t, const struct cmg__json *args,
                            struct cmg__json **out, cmg_error **err)
{
    const char *plain = NULL;
    struct cmg__buf text;
    cmg_status rc = text_arg(t, args, 0, &plain, err);
    cmg__buf_init_secret(&text, t->alloc, 2 * CMG__SB_TEXT_MAX);
    if (rc == CMG_OK && cmg__base64_encode(&text, plain, strlen(plain)) != CMG_OK)
        rc = cmg__sb_template_fail(t, err, "the text becomes too long");
    if (rc == CMG_OK)
        rc = give_text(&text, out, err);
    cmg__buf_done(&text);
    return rc;
}

static cmg_status change_case(struct cmg__sb_template *t, const struct cmg__json *args,
                              bool upper, struct cmg__json **out, cmg_error **err)
{
    const char *text = NULL;
    cmg_status rc = text_arg(t, args, 0, &text, err);
    if (rc != CMG_OK)
        return rc;
    char *copy = cmg__strdup(t->alloc, text);
    if (copy == NULL)
        return cmg__fail_nomem(err);
    for (char *p = copy; *p != '\0'; p++)
        *p = upper && *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A')
             : upper                         ? *p
                                             : cmg__lower(*p);
    rc = give(cmg__json_string(copy), out, err);
    cmg__free(t->alloc, copy);
    return rc;
}

static cmg_status fn_to_lower(struct cmg__sb_template *t, const struct cmg__json *args,
                              struct cmg__json **out, cmg_error **err)
{
    return change_case(t, args, false, out, err);
}

static cmg_status fn_to_upper(struct cmg__sb_template *t, const struct cmg__json *args,
                              struct cmg__json **out, cmg_error **err)
{
    return change_case(t, args, true, out, err);
}

static cmg_status fn_string(struct cmg__sb_template *t, const struct cmg__json *args,
                            struct cmg__json **out, cmg_error **err)
{
    struct cmg__buf text;
    cmg_status rc = CMG_OK;
    const struct cmg__json *value = cmg__json_item(args, 0);
    enum cmg__json_type type = cmg__json_type(value);
    cmg__buf_init_secret(&text, t->alloc, CMG__SB_TEXT_MAX);
    if (type == CMG__JSON_OBJECT || type == CMG__JSON_ARRAY)
        rc = cmg__json_format(value, CMG__JSON_COMPACT, &text);
    else
        rc = add_as_text(t, value, &text, err);
    if (rc == CMG_E_LIMIT)
        rc = cmg__sb_template_fail(t, err, "the text becomes too long");
    if (rc == CMG_OK)
        rc = give_text(&text, out, err);
    cmg__buf_done(&text);
    return rc;
}

static cmg_status fn_length(struct cmg__sb_template *t, const struct cmg__json *args,
                            struct cmg__json **out, cmg_error **err)
{
    const struct cmg__json *value = cmg__json_item(args, 0);
    const char *text = cmg__json_str(value, "");
    (void)t;
    return give(
        cmg__json_integer((int64_t)(text != NULL ? strlen(text) : cmg__json_size(value))),
        out, err);
}

/* ---- logic ---- */

static cmg_status fn_equals(struct cmg__sb_template *t, const struct cmg__json *args,
                            struct cmg__json **out, cmg_error **err)
{
    (void)t;
    return give(cmg__json_boolean(
                    cmg__json_equal(cmg__json_item(args, 0), cmg__json_item(args, 1))),
                out, err);
}

static cmg_status fn_if(struct cmg__sb_template *t, const struct cmg__json *args,
                        struct cmg__json **out, cmg_error **err)
{
    enum cmg__json_type type = cmg__json_type(cmg__json_item(args, 0));
    if (type != CMG__JSON_TRUE && type != CMG__JSON_FALSE && type != CMG__JSON_NULL)
        return cmg__sb_template_fail(t, err, "the condition must be true or false");
    return give(cmg__json_ref(cmg__json_item(args, type == CMG__JSON_TRUE ? 1 : 2)), out,
                err);
}

/* ---- the cloud ---- */

static cmg_status fn_resource_group(struct cmg__sb_template *t,
                                    const struct cmg__json *args, struct cmg__json **out,
                                    cmg_error **err)
{
    (void)args;
    char *id = cmg__format(t->alloc, "/subscriptions/%s/resourceGroups/%s",
                           t->subscription_id, t->group);
    struct cmg__json *value = id == NULL
                                  ? NULL
                                  : cmg__json_pack("{s:s, s:s, s:s}", "id", id, "name",
                                                   t->group, "location", t->location);
    cmg__free(t->alloc, id);
    return give(value, out, err);
}

static cmg_status fn_subscription(struct cmg__sb_template *t,
                                  const struct cmg__json *args, struct cmg__json **out,
                                  cmg_error **err)
{
    (void)args;
    char *id = cmg__format(t->alloc, "/subscriptions/%s", t->subscription_id);
    struct cmg__json *value =
        id == NULL ? NULL
                   : cmg__json_pack("{s:s, s:s, s:s}", "id", id, "subscriptionId",
                                    t->subscription_id, "tenantId", t->tenant_id);
    cmg__free(t->alloc, id);
    return give(value, out, err);
}

/* resourceId([subscription,] [group,] "ns/type[/type]", name[, name]) */
static cmg_status add_id(struct cmg__sb_template *t, const struct cmg__json *args,
                         size_t at, struct cmg__buf *text, cmg_error **err)
{
    const char *type = NULL;
    cmg_status rc = text_arg(t, args, at, &type, err);
    size_t n = rc == CMG_OK ? strcspn(type, "/") : 0;
    if (rc == CMG_OK)
        rc = cmg__buf_addf(text, "/providers/%.*s", (int)n, type);
    while (rc == CMG_OK && type[n] == '/') {
        const char *name = NULL;
        type += n + 1;
        n = strcspn(type, "/");
        rc = text_arg(t, args, ++at, &name, err);
        if (rc == CMG_OK)
            rc = cmg__buf_addf(text, "/%.*s/%s", (int)n, type, name);
    }
    if (rc == CMG_OK && at + 1 != cmg__json_size(args))
        rc = cmg__sb_template_fail(t, err,
                                   "resourceId needs one name for each part of the type");
    return rc;
}

static cmg_status fn_resource_id(struct cmg__sb_template *t, const struct cmg__json *args,
                                 struct cmg__json **out, cmg_error **err)
{
    const char *scope[2] = { t->subscription_id, t->group };
    const char *first = NULL;
    size_t at = 0;
    struct cmg__buf text;
    cmg_status rc = text_arg(t, args, 0, &first, err);
    while (rc == CMG_OK && at < 2 && strchr(first, '/') == NULL)
        rc = text_arg(t, args, ++at, &first, err);
    if (rc != CMG_OK)
        return rc;
    if (at == 1)
        scope[1] = cmg__json_str(cmg__json_item(args, 0), "");
    for (size_t i = 0; at == 2 && i < 2; i++)
        scope[i] = cmg__json_str(cmg__json_item(args, i), "");
    cmg__buf_init(&text, t->alloc, 65536);
    rc = cmg__buf_addf(&text, "/subscriptions/%s/resourceGroups/%s",
                       cmg__str_or(scope[0], ""), cmg__str_or(scope[1], ""));
    if (rc == CMG_OK)
        rc = add_id(t, args, at, &text, err);
    if (rc == CMG_E_LIMIT)
        rc = cmg__sb_template_fail(t, err, "the text becomes too long");
    if (rc == CMG_OK)
        rc = give_text(&text, out, err);
    cmg__buf_done(&text);
    return rc;
}

/* The ID of the template's own resource of that name; NULL when it has none. */
static char *id_of_name(struct cmg__sb_template *t, const char *name)
{
    const struct cmg__json *list = cmg__json_key(t->source, "resources");
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        char *id = NULL;
        if (cmg__sb_template_id(t, cmg__json_item(list, i), &id, NULL) != CMG_OK)
            continue;
        const char *last = strrchr(id, '/');
        if (last != NULL && cmg__str_ieq(last + 1, name))
            return id;
        cmg__free(t->alloc, id);
    }
    return NULL;
}

static const struct cmg__json *resource_of(struct cmg__sb_template *t, const char *id)
{
    if (t->reference == NULL)
        return NULL;
    if (strchr(id, '/') != NULL)
        return t->reference(t->user, id);
    char *whole = id_of_name(t, id);
    const struct cmg__json *resource =
        whole == NULL ? NULL : t->reference(t->user, whole);
    cmg__free(t->alloc, whole);
    return resource;
}

static cmg_status fn_reference(struct cmg__sb_template *t, const struct cmg__json *args,
                               struct cmg__json **out, cmg_error **err)
{
    const char *id = NULL;
    cmg_status rc = text_arg(t, args, 0, &id, err);
    if (rc != CMG_OK)
        return rc;
    if (t->check)
        return give(cmg__json_pack("n"), out, err);
    const struct cmg__json *resource = resource_of(t, id);
    if (resource == NULL)
        return cmg__sb_template_fail(t, err, "the resource '%s' is not there", id);
    const bool full = cmg__sb_same(cmg__json_str(cmg__json_item(args, 2), ""), "Full");
    return give(full ? cmg__sb_public(resource)
                     : cmg__json_copy_deep(cmg__json_key(resource, "properties")),
                out, err);
}

static const struct cmg__sb_function_row functions[] = {
    { "parameters", 1, 1, fn_parameters },
    { "variables", 1, 1, fn_variables },
    { "concat", 1, 64, fn_concat },
    { "format", 1, 64, fn_format },
    { "base64", 1, 1, fn_base64 },
    { "toLower", 1, 1, fn_to_lower },
    { "toUpper", 1, 1, fn_to_upper },
    { "string", 1, 1, fn_string },
    { "length", 1, 1, fn_length },
    { "equals", 2, 2, fn_equals },
    { "if", 3, 3, fn_if },
    { "resourceGroup", 0, 0, fn_resource_group },
    { "subscription", 0, 0, fn_subscription },
    { "resourceId", 2, 16, fn_resource_id },
    { "reference", 1, 3, fn_reference },
};

static const struct cmg__sb_function_row *find(const char *name)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(functions); i++) {
        if (cmg__str_ieq(functions[i].name, name))
            return &functions[i];
    }
    return NULL;
}

cmg_status cmg__sb_function(struct cmg__sb_template *t, const char *name,
                            const struct cmg__json *args, struct cmg__json **out,
                            cmg_error **err)
{
    size_t n = cmg__json_size(args);
    const struct cmg__sb_function_row *own = find(name);
    const struct cmg__sb_function_row *row =
        own != NULL ? own : cmg__sb_library_find(name);
    if (row == NULL)
        return cmg__sb_template_fail(t, err, "the template function '%s' is not valid",
                                     name);
    if (n < row->min || n > row->max)
        return cmg__sb_template_fail(t, err,
                                     "the template function '%s' does not take %zu "
                                     "arguments",
                                     name, n);
    if (own == NULL && cmg__sb_library_is_unknown(t, row, args))
        return give(cmg__json_pack("n"), out, err);
    return row->run(t, args, out, err);
}
