/*
 * The part of OData's $filter that clients of applications and service principals use:
 * "p eq 'v'", "startswith(p,'v')", "p/any(x:x eq 'v')", joined by "and". A small
 * recursive-free parser over a cursor. Pure.
 */
#include <string.h>

#include "sandbox/graph.h"

struct cursor {
    const char *at;
};

static void skip_blanks(struct cursor *c)
{
    while (*c->at == ' ')
        c->at++;
}

static bool take(struct cursor *c, const char *word)
{
    skip_blanks(c);
    if (!cmg__str_istarts(c->at, word))
        return false;
    c->at += strlen(word);
    return true;
}

/* A property name, at most 63 characters. */
static bool take_name(struct cursor *c, char out[64])
{
    size_t n = 0;
    skip_blanks(c);
    while (cmg__is_alnum(c->at[n]) || c->at[n] == '_')
        n++;
    if (n == 0 || n >= 64)
        return false;
    memcpy(out, c->at, n);
    out[n] = '\0';
    c->at += n;
    return true;
}

/* 'text' with doubled quotes inside, or a bare word (GUID, true, null). */
static bool take_value(struct cursor *c, struct cmg__buf *out)
{
    cmg__buf_clear(out);
    skip_blanks(c);
    if (*c->at != '\'') {
        size_t n = strspn(c->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789-");
        bool good = n > 0 && cmg__buf_add(out, c->at, n) == CMG_OK;
        c->at += n;
        return good;
    }
    for (c->at++; *c->at != '\0'; c->at++) {
        if (*c->at == '\'' && *++c->at != '\'')
            return true;
        if (cmg__buf_add_char(out, *c->at) != CMG_OK)
            return false;
    }
    return false;
}

static bool text_matches(const struct cmg__json *value, const char *wanted, bool prefix)
{
    const char *text = cmg__json_str(value, "");
    enum cmg__json_type type = cmg__json_type(value);
    if (type == CMG__JSON_TRUE || type == CMG__JSON_FALSE)
        text = type == CMG__JSON_TRUE ? "true" : "false";
    if (text == NULL)
        return !prefix && cmg__sb_same(wanted, "null");
    return prefix ? cmg__str_istarts(text, wanted) : cmg__sb_same(text, wanted);
}

static int eval_startswith(struct cursor *c, struct cmg__buf *value,
                           const struct cmg__json *entity)
{
    char name[64];
    if (!take_name(c, name) || !take(c, ",") || !take_value(c, value) || !take(c, ")"))
        return -1;
    return text_matches(cmg__json_key(entity, name), cmg__buf_cstr(value), true);
}

static int eval_any(struct cursor *c, const char *list, struct cmg__buf *value,
                    const struct cmg__json *entity)
{
    char variable[64], again[64];
    const struct cmg__json *items = cmg__json_key(entity, list);
    if (!take_name(c, variable) || !take(c, ":") || !take_name(c, again) ||
        strcmp(variable, again) != 0 || !take(c, "eq ") || !take_value(c, value) ||
        !take(c, ")"))
        return -1;
    for (size_t i = 0; i < cmg__json_size(items); i++) {
        if (text_matches(cmg__json_item(items, i), cmg__buf_cstr(value), false))
            return 1;
    }
    return 0;
}

static int eval_term(struct cursor *c, struct cmg__buf *value,
                     const struct cmg__json *entity)
{
    char name[64];
    if (take(c, "startswith("))
        return eval_startswith(c, value, entity);
    if (!take_name(c, name))
        return -1;
    if (take(c, "/any("))
        return eval_any(c, name, value, entity);
    if (!take(c, "eq ") || !take_value(c, value))
        return -1;
    return text_matches(cmg__json_key(entity, name), cmg__buf_cstr(value), false);
}

int cmg__sb_graph_filter(const struct cmg__alloc *alloc, const char *filter,
                         const struct cmg__json *entity)
{
    struct cursor c = { filter };
    struct cmg__buf value;
    int result = 1;
    cmg__buf_init(&value, alloc, 4096);
    for (;;) {
        int term = eval_term(&c, &value, entity);
        if (term <= 0)
            result = term < 0 ? -1 : 0;
        skip_blanks(&c);
        if (term < 0 || *c.at == '\0')
            break;
        if (!take(&c, "and ")) {
            result = -1;
            break;
        }
    }
    cmg__buf_done(&value);
    return result;
}
