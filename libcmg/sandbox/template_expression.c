/*
 * Expressions: 'text', numbers, calls, member and index access. Evaluated while parsed;
 * recursion is bounded by the template's depth.
 *
 *   expression = primary *( "." name / "[" expression "]" )
 *   primary    = string / integer / name "(" [ expression *( "," expression ) ] ")"
 */
#include <string.h>

#include "base/str.h"
#include "sandbox/template.h"

struct reader {
    struct cmg__sb_template *t;
    const char *at;
    const char *end;
};

static cmg_status read_expression(struct reader *r, struct cmg__json **out,
                                  cmg_error **err);

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end &&
           (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

static bool take(struct reader *r, char c)
{
    skip_blanks(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static cmg_status unexpected(struct reader *r, cmg_error **err)
{
    if (r->at == r->end)
        return cmg__sb_template_fail(r->t, err, "the expression ends too early");
    return cmg__sb_template_fail(r->t, err, "'%c' is not expected in the expression",
                                 *r->at > ' ' && *r->at < 127 ? *r->at : '?');
}

static cmg_status read_string(struct reader *r, struct cmg__json **out, cmg_error **err)
{
    struct cmg__buf text;
    cmg_status rc = CMG_OK;
    cmg__buf_init_secret(&text, r->t->alloc, CMG__SB_EXPRESSION_MAX);
    for (r->at++; rc == CMG_OK; r->at++) {
        if (r->at == r->end) {
            rc = cmg__sb_template_fail(r->t, err, "a text has no closing quote");
            break;
        }
        if (*r->at == '\'' && (++r->at == r->end || *r->at != '\''))
            break; /* a doubled quote stands for one */
        rc = cmg__buf_add_char(&text, *r->at);
    }
    if (rc == CMG_OK) {
        *out = cmg__json_stringn(cmg__buf_cstr(&text), text.len);
        rc = *out == NULL
                 ? cmg__sb_template_fail(r->t, err, "a text is not well-formed UTF-8")
                 : CMG_OK;
    }
    cmg__buf_done(&text);
    return rc;
}

static cmg_status read_integer(struct reader *r, struct cmg__json **out, cmg_error **err)
{
    uint64_t value = 0;
    bool negative = *r->at == '-';
    const char *start = negative ? r->at + 1 : r->at;
    const char *p = start;
    while (p < r->end && cmg__is_digit(*p))
        p++;
    if (!cmg__parse_u64(start, (size_t)(p - start), &value) || value > INT64_MAX)
        return cmg__sb_template_fail(r->t, err, "a number is out of range");
    r->at = p;
    *out = cmg__json_integer(negative ? -(int64_t)value : (int64_t)value);
    return *out == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status read_name(struct reader *r, char out[64], cmg_error **err)
{
    size_t n = 0;
    skip_blanks(r);
    while (r->at + n < r->end &&
           (cmg__is_alnum(r->at[n]) || r->at[n] == '_' || r->at[n] == '$'))
        n++;
    if (n == 0 || n >= 64)
        return unexpected(r, err);
    memcpy(out, r->at, n);
    out[n] = '\0';
    r->at += n;
    return CMG_OK;
}

static cmg_status read_arguments(struct reader *r, struct cmg__json *args,
                                 cmg_error **err)
{
    if (take(r, ')'))
        return CMG_OK;
    for (;;) {
        struct cmg__json *value = NULL;
        cmg_status rc = read_expression(r, &value, err);
        if (rc == CMG_OK && cmg__json_append(args, value) != CMG_OK)
            rc = cmg__fail_nomem(err);
        if (rc != CMG_OK)
            return rc;
        if (take(r, ')'))
            return CMG_OK;
        if (!take(r, ','))
            return unexpected(r, err);
    }
}

static cmg_status read_call(struct reader *r, struct cmg__json **out, cmg_error **err)
{
    char name[64];
    cmg_status rc = read_name(r, name, err);
    if (rc == CMG_OK && !take(r, '('))
        rc = unexpected(r, err);
    if (rc != CMG_OK)
        return rc;
    struct cmg__json *args = cmg__json_array();
    rc = args == NULL ? cmg__fail_nomem(err) : read_arguments(r, args, err);
    if (rc == CMG_OK)
        rc = cmg__sb_function(r->t, name, args, out, err);
    cmg__json_unref(args);
    return rc;
}

static cmg_status read_primary(struct reader *r, struct cmg__json **out, cmg_error **err)
{
    skip_blanks(r);
    if (r->at == r->end)
        return unexpected(r, err);
    if (*r->at == '\'')
        return read_string(r, out, err);
    if (cmg__is_digit(*r->at) || *r->at == '-')
        return read_integer(r, out, err);
    return read_call(r, out, err);
}

/* Replaces *value by its member or item. Something unknown has only unknown members. */
static cmg_status step_into(struct reader *r, struct cmg__json **value, const char *name,
                            int64_t index, cmg_error **err)
{
    struct cmg__json *next = name != NULL ? cmg__json_key(*value, name)
                             : index >= 0 ? cmg__json_item(*value, (size_t)index)
                                          : NULL;
    if (next == NULL && r->t->check && cmg__json_type(*value) == CMG__JSON_NULL)
        return CMG_OK;
    if (next == NULL && name != NULL)
        return cmg__sb_template_fail(
            r->t, err, "the language expression property '%s' doesn't exist", name);
    if (next == NULL)
        return cmg__sb_template_fail(r->t, err, "the index %lld is out of bounds",
                                     (long long)index);
    next = cmg__json_ref(next);
    cmg__json_unref(*value);
    *value = next;
    return CMG_OK;
}

static cmg_status read_index(struct reader *r, struct cmg__json **value, cmg_error **err)
{
    struct cmg__json *index = NULL;
    cmg_status rc = read_expression(r, &index, err);
    if (rc == CMG_OK && !take(r, ']'))
        rc = unexpected(r, err);
    if (rc == CMG_OK)
        rc = step_into(r, value, cmg__json_str(index, ""), cmg__json_int(index, "", -1),
                       err);
    cmg__json_unref(index);
    return rc;
}

static cmg_status read_suffixes(struct reader *r, struct cmg__json **value,
                                cmg_error **err)
{
    cmg_status rc = CMG_OK;
    char name[64];
    while (rc == CMG_OK) {
        if (take(r, '.')) {
            rc = read_name(r, name, err);
            if (rc == CMG_OK)
                rc = step_into(r, value, name, -1, err);
        } else if (take(r, '[')) {
            rc = read_index(r, value, err);
        } else {
            break;
        }
    }
    return rc;
}

static cmg_status read_expression(struct reader *r, struct cmg__json **out,
                                  cmg_error **err)
{
    struct cmg__json *value = NULL;
    if (++r->t->depth > CMG__SB_TEMPLATE_DEPTH ||
        ++r->t->steps > CMG__SB_TEMPLATE_STEPS) {
        r->t->depth--;
        return cmg__sb_template_fail(r->t, err, "the expression is nested too deeply");
    }
    cmg_status rc = read_primary(r, &value, err);
    if (rc == CMG_OK)
        rc = read_suffixes(r, &value, err);
    r->t->depth--;
    if (rc == CMG_OK)
        *out = value;
    else
        cmg__json_unref(value);
    return rc;
}

cmg_status cmg__sb_expression(struct cmg__sb_template *t, const char *text, size_t n,
                              struct cmg__json **out, cmg_error **err)
{
    struct reader r = { .t = t, .at = text, .end = text + n };
    struct cmg__json *value = NULL;
    if (n > CMG__SB_EXPRESSION_MAX)
        return cmg__sb_template_fail(t, err, "the expression is too long");
    cmg_status rc = read_expression(&r, &value, err);
    skip_blanks(&r);
    if (rc == CMG_OK && r.at != r.end)
        rc = unexpected(&r, err);
    if (rc == CMG_OK)
        *out = value;
    else
        cmg__json_unref(value);
    return rc;
}
