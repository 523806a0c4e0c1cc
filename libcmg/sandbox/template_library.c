/*
 * More functions of the template language: logic, numbers, texts, arrays and objects.
 * Something unknown while checking (null) makes the result unknown.
 */
#include <string.h>

#include "base/str.h"
#include "crypto/hash.h"
#include "sandbox/template.h"

static cmg_status give(struct cmg__json *value, struct cmg__json **out, cmg_error **err)
{
    *out = value;
    return value == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static bool has_unknown(const struct cmg__sb_template *t, const struct cmg__json *args)
{
    for (size_t i = 0; t->check && i < cmg__json_size(args); i++) {
        if (cmg__json_type(cmg__json_item(args, i)) == CMG__JSON_NULL)
            return true;
    }
    return false;
}

static cmg_status need(const struct cmg__sb_template *t, const struct cmg__json *args,
                       enum cmg__json_type type, cmg_error **err)
{
    for (size_t i = 0; i < cmg__json_size(args); i++) {
        enum cmg__json_type is = cmg__json_type(cmg__json_item(args, i));
        bool fits = is == type || (type == CMG__JSON_TRUE && is == CMG__JSON_FALSE);
        if (!fits)
            return cmg__sb_template_fail(
                t, err, "argument %zu of the function has the wrong type: %s", i + 1,
                cmg__json_type_name(cmg__json_item(args, i)));
    }
    return CMG_OK;
}

static const char *text_of(const struct cmg__json *args, size_t i)
{
    return cmg__str_or(cmg__json_str(cmg__json_item(args, i), ""), "");
}

/* ---- logic ---- */

static bool is_true(const struct cmg__json *args, size_t i)
{
    return cmg__json_type(cmg__json_item(args, i)) == CMG__JSON_TRUE;
}

static cmg_status fn_not(struct cmg__sb_template *t, const struct cmg__json *args,
                         struct cmg__json **out, cmg_error **err)
{
    cmg_status rc = need(t, args, CMG__JSON_TRUE, err);
    return rc == CMG_OK ? give(cmg__json_boolean(!is_true(args, 0)), out, err) : rc;
}

static cmg_status count_true(struct cmg__sb_template *t, const struct cmg__json *args,
                             bool all, struct cmg__json **out, cmg_error **err)
{
    size_t n = 0;
    cmg_status rc = need(t, args, CMG__JSON_TRUE, err);
    for (size_t i = 0; i < cmg__json_size(args); i++)
        n += is_true(args, i);
    bool value = all ? n == cmg__json_size(args) : n > 0;
    return rc == CMG_OK ? give(cmg__json_boolean(value), out, err) : rc;
}

static cmg_status fn_and(struct cmg__sb_template *t, const struct cmg__json *args,
                         struct cmg__json **out, cmg_error **err)
{
    return count_true(t, args, true, out, err);
}

static cmg_status fn_or(struct cmg__sb_template *t, const struct cmg__json *args,
                        struct cmg__json **out, cmg_error **err)
{
    return count_true(t, args, false, out, err);
}

static cmg_status fn_coalesce(struct cmg__sb_template *t, const struct cmg__json *args,
                              struct cmg__json **out, cmg_error **err)
{
    (void)t;
    for (size_t i = 0; i < cmg__json_size(args); i++) {
        struct cmg__json *value = cmg__json_item(args, i);
        if (cmg__json_type(value) != CMG__JSON_NULL)
            return give(cmg__json_ref(value), out, err);
    }
    return give(cmg__json_pack("n"), out, err);
}

/* ---- numbers ---- */

static cmg_status two_numbers(struct cmg__sb_template *t, const struct cmg__json *args,
                              int64_t *a, int64_t *b, cmg_error **err)
{
    cmg_status rc = need(t, args, CMG__JSON_INTEGER, err);
    *a = cmg__json_int(cmg__json_item(args, 0), "", 0);
    *b = cmg__json_int(cmg__json_item(args, 1), "", 0);
    if (rc == CMG_OK &&
        (*a > INT32_MAX || *a < -INT32_MAX || *b > INT32_MAX || *b < -INT32_MAX))
        rc = cmg__sb_template_fail(t, err, "a number is out of range");
    return rc;
}

#define NUMBER_FUNCTION(name, refuses, expression)                                       \
    static cmg_status name(struct cmg__sb_template *t, const struct cmg__json *args,     \
                           struct cmg__json **out, cmg_error **err)                      \
    {                                                                                    \
        int64_t a = 0, b = 0;                                                            \
        cmg_status rc = two_numbers(t, args, &a, &b, err);                               \
        if (rc == CMG_OK && (refuses))                                                   \
            rc = cmg__sb_template_fail(t, err, "a division by zero");                    \
        return rc == CMG_OK ? give(cmg__json_integer(expression), out, err) : rc;        \
    }

NUMBER_FUNCTION(fn_add, false, a + b)
NUMBER_FUNCTION(fn_sub, false, a - b)
NUMBER_FUNCTION(fn_mul, false, a *b)
NUMBER_FUNCTION(fn_div, b == 0, a / b)
NUMBER_FUNCTION(fn_mod, b == 0, a % b)
NUMBER_FUNCTION(fn_min, false, a < b ? a : b)
NUMBER_FUNCTION(fn_max, false, a > b ? a : b)

#define COMPARE_FUNCTION(name, expression)                                               \
    static cmg_status name(struct cmg__sb_template *t, const struct cmg__json *args,     \
                           struct cmg__json **out, cmg_error **err)                      \
    {                                                                                    \
        int64_t a = 0, b = 0;                                                            \
        cmg_status rc = two_numbers(t, args, &a, &b, err);                               \
        return rc == CMG_OK ? give(cmg__json_boolean(expression), out, err) : rc;        \
    }

COMPARE_FUNCTION(fn_less, a < b)
COMPARE_FUNCTION(fn_less_or_equals, a <= b)
COMPARE_FUNCTION(fn_greater, a > b)
COMPARE_FUNCTION(fn_greater_or_equals, a >= b)

static cmg_status fn_int(struct cmg__sb_template *t, const struct cmg__json *args,
                         struct cmg__json **out, cmg_error **err)
{
    uint64_t n = 0;
    struct cmg__json *value = cmg__json_item(args, 0);
    const char *text = cmg__json_str(value, "");
    if (cmg__json_type(value) == CMG__JSON_INTEGER)
        return give(cmg__json_ref(value), out, err);
    if (text == NULL || !cmg__parse_u64(text, strlen(text), &n) || n > INT32_MAX)
        return cmg__sb_template_fail(t, err, "the value cannot be made a number");
    return give(cmg__json_integer((int64_t)n), out, err);
}

static cmg_status fn_bool(struct cmg__sb_template *t, const struct cmg__json *args,
                          struct cmg__json **out, cmg_error **err)
{
    struct cmg__json *value = cmg__json_item(args, 0);
    const char *text = cmg__json_str(value, "");
    bool yes = cmg__json_type(value) == CMG__JSON_TRUE ||
               cmg__json_int(value, "", 0) != 0 ||
               (text != NULL && cmg__str_ieq(text, "true"));
    (void)t;
    return give(cmg__json_boolean(yes), out, err);
}

/* ---- texts ---- */

static cmg_status fn_starts_with(struct cmg__sb_template *t, const struct cmg__json *args,
                                 struct cmg__json **out, cmg_error **err)
{
    cmg_status rc = need(t, args, CMG__JSON_STRING, err);
    bool yes = cmg__str_istarts(text_of(args, 0), text_of(args, 1));
    return rc == CMG_OK ? give(cmg__json_boolean(yes), out, err) : rc;
}

static cmg_status fn_ends_with(struct cmg__sb_template *t, const struct cmg__json *args,
                               struct cmg__json **out, cmg_error **err)
{
    cmg_status rc = need(t, args, CMG__JSON_STRING, err);
    bool yes = cmg__str_iends(text_of(args, 0), text_of(args, 1));
    return rc == CMG_OK ? give(cmg__json_boolean(yes), out, err) : rc;
}

static cmg_status fn_trim(struct cmg__sb_template *t, const struct cmg__json *args,
                          struct cmg__json **out, cmg_error **err)
{
    static const char blanks[] = " \t\r\n";
    cmg_status rc = need(t, args, CMG__JSON_STRING, err);
    const char *text = text_of(args, 0);
    text += strspn(text, blanks);
    size_t n = strlen(text);
    while (n > 0 && strchr(blanks, text[n - 1]) != NULL)
        n--;
    return rc == CMG_OK ? give(cmg__json_stringn(text, n), out, err) : rc;
}

/* replace(text, old, new) */
static cmg_status fn_replace(struct cmg__sb_template *t, const struct cmg__json *args,
                             struct cmg__json **out, cmg_error **err)
{
    struct cmg__buf text;
    cmg_status rc = need(t, args, CMG__JSON_STRING, err);
    const char *at = text_of(args, 0);
    const char *old = text_of(args, 1);
    cmg__buf_init_secret(&text, t->alloc, CMG__SB_TEXT_MAX);
    while (rc == CMG_OK && *at != '\0') {
        const char *hit = old[0] == '\0' ? NULL : strstr(at, old);
        size_t n = hit == NULL ? strlen(at) : (size_t)(hit - at);
        rc = cmg__buf_add(&text, at, n);
        if (rc == CMG_OK && hit != NULL)
            rc = cmg__buf_add_str(&text, text_of(args, 2));
        at += n + (hit == NULL ? 0 : strlen(old));
    }
    if (rc == CMG_E_LIMIT)
        rc = cmg__sb_template_fail(t, err, "the text becomes too long");
    if (rc == CMG_OK)
        rc = give(cmg__json_stringn(cmg__buf_cstr(&text), text.len), out, err);
    cmg__buf_done(&text);
    return rc;
}

/* substring(text, start[, length]), of bytes: names are ASCII. */
static cmg_status fn_substring(struct cmg__sb_template *t, const struct cmg__json *args,
                               struct cmg__json **out, cmg_error **err)
{
    const char *text = cmg__json_str(cmg__json_item(args, 0), "");
    int64_t size = text == NULL ? -1 : (int64_t)strlen(text);
    int64_t start = cmg__json_int(cmg__json_item(args, 1), "", -1);
    int64_t n = cmg__json_size(args) == 3 ? cmg__json_int(cmg__json_item(args, 2), "", -1)
                                          : size - start;
    if (start < 0 || n < 0 || start > size || n > size - start)
        return cmg__sb_template_fail(t, err, "the part is not within the text");
    return give(cmg__json_stringn(text + start, (size_t)n), out, err);
}

static cmg_status fn_split(struct cmg__sb_template *t, const struct cmg__json *args,
                           struct cmg__json **out, cmg_error **err)
{
    cmg_status rc = need(t, args, CMG__JSON_STRING, err);
    const char *at = text_of(args, 0);
    const char *mark = text_of(args, 1);
    struct cmg__json *list = cmg__json_array();
    if (rc == CMG_OK && mark[0] == '\0')
        rc = cmg__sb_template_fail(t, err, "the delimiter is empty");
    while (rc == CMG_OK && at != NULL) {
        const char *hit = strstr(at, mark);
        size_t n = hit == NULL ? strlen(at) : (size_t)(hit - at);
        if (cmg__json_append(list, cmg__json_stringn(at, n)) != CMG_OK)
            rc = cmg__fail_nomem(err);
        at = hit == NULL ? NULL : hit + strlen(mark);
    }
    if (rc == CMG_OK)
        return give(list, out, err);
    cmg__json_unref(list);
    return rc;
}

/* The digest of all texts, in the alphabet and length that the name says. */
static cmg_status digest(struct cmg__sb_template *t, const struct cmg__json *args,
                         char hex[65], cmg_error **err)
{
    struct cmg__buf text;
    cmg_status rc = need(t, args, CMG__JSON_STRING, err);
    cmg__buf_init_secret(&text, t->alloc, CMG__SB_TEXT_MAX);
    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(args); i++)
        rc = cmg__buf_addf(&text, "%s|", text_of(args, i));
    if (rc == CMG_OK)
        rc = cmg__sha256_hex(text.data, text.len, hex);
    cmg__buf_done(&text);
    return rc;
}

/* 13 characters, the same for the same texts; not the characters that Azure makes. */
static cmg_status fn_unique_string(struct cmg__sb_template *t,
                                   const struct cmg__json *args, struct cmg__json **out,
                                   cmg_error **err)
{
    char hex[65] = "";
    cmg_status rc = digest(t, args, hex, err);
    hex[0] = 'u';
    return rc == CMG_OK ? give(cmg__json_stringn(hex, 13), out, err) : rc;
}

static cmg_status fn_guid(struct cmg__sb_template *t, const struct cmg__json *args,
                          struct cmg__json **out, cmg_error **err)
{
    char hex[65] = "";
    char guid[CMG__GUID_SIZE];
    uint8_t bytes[16] = { 0 };
    cmg_status rc = digest(t, args, hex, err);
    if (rc != CMG_OK)
        return rc;
    (void)cmg__hex_parse(hex, sizeof bytes, bytes);
    cmg__guid_format(bytes, guid);
    return give(cmg__json_string(guid), out, err);
}

/* ---- arrays and objects ---- */

static cmg_status fn_create_array(struct cmg__sb_template *t,
                                  const struct cmg__json *args, struct cmg__json **out,
                                  cmg_error **err)
{
    (void)t;
    return give(cmg__json_copy_deep(args), out, err);
}

static cmg_status fn_create_object(struct cmg__sb_template *t,
                                   const struct cmg__json *args, struct cmg__json **out,
                                   cmg_error **err)
{
    struct cmg__json *object = cmg__json_object();
    cmg_status rc = cmg__json_size(args) % 2 == 0
                        ? CMG_OK
                        : cmg__sb_template_fail(t, err, "a name has no value");
    for (size_t i = 0; rc == CMG_OK && i + 1 < cmg__json_size(args); i += 2) {
        if (cmg__json_set(object, text_of(args, i),
                          cmg__json_ref(cmg__json_item(args, i + 1))) != CMG_OK)
            rc = cmg__fail_nomem(err);
    }
    if (rc == CMG_OK)
        return give(object, out, err);
    cmg__json_unref(object);
    return rc;
}

static cmg_status fn_contains(struct cmg__sb_template *t, const struct cmg__json *args,
                              struct cmg__json **out, cmg_error **err)
{
    const struct cmg__json *in = cmg__json_item(args, 0);
    const struct cmg__json *what = cmg__json_item(args, 1);
    const char *text = cmg__json_str(in, "");
    const char *part = cmg__str_or(cmg__json_str(what, ""), "");
    bool yes =
        text != NULL ? strstr(text, part) != NULL : cmg__json_key(in, part) != NULL;
    (void)t;
    for (size_t i = 0; cmg__json_type(in) == CMG__JSON_ARRAY && i < cmg__json_size(in);
         i++)
        yes = yes || cmg__json_equal(cmg__json_item(in, i), what);
    return give(cmg__json_boolean(yes), out, err);
}

static cmg_status fn_empty(struct cmg__sb_template *t, const struct cmg__json *args,
                           struct cmg__json **out, cmg_error **err)
{
    const struct cmg__json *value = cmg__json_item(args, 0);
    const char *text = cmg__json_str(value, "");
    (void)t;
    return give(
        cmg__json_boolean(text != NULL ? text[0] == '\0' : cmg__json_size(value) == 0),
        out, err);
}

static cmg_status end_of(struct cmg__sb_template *t, const struct cmg__json *args,
                         bool last, struct cmg__json **out, cmg_error **err)
{
    const struct cmg__json *value = cmg__json_item(args, 0);
    const char *text = cmg__json_str(value, "");
    size_t n = text != NULL ? strlen(text) : cmg__json_size(value);
    if (n == 0)
        return cmg__sb_template_fail(t, err, "there is nothing in the value");
    return give(text != NULL ? cmg__json_stringn(text + (last ? n - 1 : 0), 1)
                             : cmg__json_ref(cmg__json_item(value, last ? n - 1 : 0)),
                out, err);
}

static cmg_status fn_first(struct cmg__sb_template *t, const struct cmg__json *args,
                           struct cmg__json **out, cmg_error **err)
{
    return end_of(t, args, false, out, err);
}

static cmg_status fn_last(struct cmg__sb_template *t, const struct cmg__json *args,
                          struct cmg__json **out, cmg_error **err)
{
    return end_of(t, args, true, out, err);
}

/* Of objects: later members win. Of arrays: each value once. */
static cmg_status fn_union(struct cmg__sb_template *t, const struct cmg__json *args,
                           struct cmg__json **out, cmg_error **err)
{
    bool objects = cmg__json_type(cmg__json_item(args, 0)) == CMG__JSON_OBJECT;
    struct cmg__json *all = objects ? cmg__json_object() : cmg__json_array();
    cmg_status rc = need(t, args, objects ? CMG__JSON_OBJECT : CMG__JSON_ARRAY, err);
    for (size_t i = 0; rc == CMG_OK && objects && i < cmg__json_size(args); i++)
        rc = cmg__json_merge(all, cmg__json_item(args, i));
    for (size_t i = 0; rc == CMG_OK && !objects && i < cmg__json_size(args); i++) {
        const struct cmg__json *part = cmg__json_item(args, i);
        for (size_t k = 0; rc == CMG_OK && k < cmg__json_size(part); k++) {
            size_t n = 0;
            while (n < cmg__json_size(all) &&
                   !cmg__json_equal(cmg__json_item(all, n), cmg__json_item(part, k)))
                n++;
            if (n == cmg__json_size(all))
                rc = cmg__json_append(all, cmg__json_ref(cmg__json_item(part, k)));
        }
    }
    if (rc == CMG_OK)
        return give(all, out, err);
    cmg__json_unref(all);
    return rc == CMG_E_NOMEM ? cmg__fail_nomem(err) : rc;
}

static cmg_status fn_tenant(struct cmg__sb_template *t, const struct cmg__json *args,
                            struct cmg__json **out, cmg_error **err)
{
    (void)args;
    return give(cmg__json_pack("{s:s}", "tenantId", t->tenant_id), out, err);
}

/* subscriptionResourceId(type, name): for definitions that stand in no group */
static cmg_status fn_subscription_resource_id(struct cmg__sb_template *t,
                                              const struct cmg__json *args,
                                              struct cmg__json **out, cmg_error **err)
{
    struct cmg__buf text;
    cmg_status rc = need(t, args, CMG__JSON_STRING, err);
    cmg__buf_init(&text, t->alloc, 65536);
    if (rc == CMG_OK)
        rc = cmg__buf_addf(&text, "/subscriptions/%s/providers/%s/%s", t->subscription_id,
                           text_of(args, 0), text_of(args, 1));
    if (rc == CMG_OK)
        rc = give(cmg__json_stringn(cmg__buf_cstr(&text), text.len), out, err);
    cmg__buf_done(&text);
    return rc == CMG_E_LIMIT ? cmg__sb_template_fail(t, err, "the text becomes too long")
                             : rc;
}

static const struct cmg__sb_function_row rows[] = {
    { "not", 1, 1, fn_not },
    { "and", 2, 64, fn_and },
    { "or", 2, 64, fn_or },
    { "coalesce", 1, 64, fn_coalesce },
    { "add", 2, 2, fn_add },
    { "sub", 2, 2, fn_sub },
    { "mul", 2, 2, fn_mul },
    { "div", 2, 2, fn_div },
    { "mod", 2, 2, fn_mod },
    { "min", 2, 2, fn_min },
    { "max", 2, 2, fn_max },
    { "less", 2, 2, fn_less },
    { "lessOrEquals", 2, 2, fn_less_or_equals },
    { "greater", 2, 2, fn_greater },
    { "greaterOrEquals", 2, 2, fn_greater_or_equals },
    { "int", 1, 1, fn_int },
    { "bool", 1, 1, fn_bool },
    { "startsWith", 2, 2, fn_starts_with },
    { "endsWith", 2, 2, fn_ends_with },
    { "trim", 1, 1, fn_trim },
    { "replace", 3, 3, fn_replace },
    { "substring", 2, 3, fn_substring },
    { "split", 2, 2, fn_split },
    { "uniqueString", 1, 64, fn_unique_string },
    { "guid", 1, 64, fn_guid },
    { "createArray", 0, 64, fn_create_array },
    { "createObject", 0, 64, fn_create_object },
    { "contains", 2, 2, fn_contains },
    { "empty", 1, 1, fn_empty },
    { "first", 1, 1, fn_first },
    { "last", 1, 1, fn_last },
    { "union", 2, 64, fn_union },
    { "tenant", 0, 0, fn_tenant },
    { "subscriptionResourceId", 2, 2, fn_subscription_resource_id },
};

const struct cmg__sb_function_row *cmg__sb_library_find(const char *name)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(rows); i++) {
        if (cmg__str_ieq(rows[i].name, name))
            return &rows[i];
    }
    return NULL;
}

bool cmg__sb_library_is_unknown(const struct cmg__sb_template *t,
                                const struct cmg__sb_function_row *row,
                                const struct cmg__json *args)
{
    return row->run != fn_coalesce && row->run != fn_create_array &&
           row->run != fn_create_object && has_unknown(t, args);
}
