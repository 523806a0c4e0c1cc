/*
 * The part of OData's $filter that clients of directory objects use: "p eq 'v'",
 * "p in ('v','w')", "startswith(p,'v')", "p/any(x:x eq 'v')", joined by and, or and
 * parentheses; and what only an advanced query may ask: "ne", "not", "endsWith". A
 * descent of bounded depth over a cursor. Pure.
 */
#include <string.h>

#include "sandbox/graph.h"

#define MAX_DEPTH 8

struct cursor {
    const char *at;
    const struct cmg__json *entity;
    struct cmg__buf value;
    bool advanced;
    unsigned depth;
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
static bool take_value(struct cursor *c)
{
    struct cmg__buf *out = &c->value;
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

enum match { MATCH_ALL, MATCH_START, MATCH_END };

static bool text_matches(const struct cmg__json *value, const char *wanted,
                         enum match how)
{
    const char *text = cmg__json_str(value, "");
    enum cmg__json_type type = cmg__json_type(value);
    if (type == CMG__JSON_TRUE || type == CMG__JSON_FALSE)
        text = type == CMG__JSON_TRUE ? "true" : "false";
    if (text == NULL)
        return how == MATCH_ALL && cmg__sb_same(wanted, "null");
    if (how == MATCH_START)
        return cmg__str_istarts(text, wanted);
    return how == MATCH_END ? cmg__str_iends(text, wanted) : cmg__sb_same(text, wanted);
}

static int eval_call(struct cursor *c, enum match how)
{
    char name[64];
    if (!take_name(c, name) || !take(c, ",") || !take_value(c) || !take(c, ")"))
        return -1;
    return text_matches(cmg__json_key(c->entity, name), cmg__buf_cstr(&c->value), how);
}

static int eval_any(struct cursor *c, const char *list)
{
    char variable[64], again[64];
    const struct cmg__json *items = cmg__json_key(c->entity, list);
    if (!take_name(c, variable) || !take(c, ":") || !take_name(c, again) ||
        strcmp(variable, again) != 0 || !take(c, "eq ") || !take_value(c) ||
        !take(c, ")"))
        return -1;
    for (size_t i = 0; i < cmg__json_size(items); i++) {
        if (text_matches(cmg__json_item(items, i), cmg__buf_cstr(&c->value), MATCH_ALL))
            return 1;
    }
    return 0;
}

static int eval_in(struct cursor *c, const char *name)
{
    const struct cmg__json *value = cmg__json_key(c->entity, name);
    int found = 0;
    if (!take(c, "("))
        return -1;
    do {
        if (!take_value(c))
            return -1;
        found = found || text_matches(value, cmg__buf_cstr(&c->value), MATCH_ALL);
    } while (take(c, ","));
    return take(c, ")") ? found : -1;
}

static int eval_comparison(struct cursor *c)
{
    char name[64];
    if (!take_name(c, name))
        return -1;
    if (take(c, "/any("))
        return eval_any(c, name);
    if (take(c, "in "))
        return eval_in(c, name);
    bool differs = c->advanced && take(c, "ne ");
    if ((!differs && !take(c, "eq ")) || !take_value(c))
        return -1;
    return differs != text_matches(cmg__json_key(c->entity, name),
                                   cmg__buf_cstr(&c->value), MATCH_ALL);
}

/* "not" before a blank or a parenthesis; "notes" is a name. */
static bool take_not(struct cursor *c)
{
    skip_blanks(c);
    bool found = cmg__str_istarts(c->at, "not ") || cmg__str_istarts(c->at, "not(");
    if (found)
        c->at += strlen("not");
    return found;
}

static int eval_or(struct cursor *c);

static int eval_term(struct cursor *c)
{
    int result = -1;
    if (take(c, "startswith("))
        return eval_call(c, MATCH_START);
    if (c->advanced && take(c, "endswith("))
        return eval_call(c, MATCH_END);
    bool negated = c->advanced && take_not(c);
    bool opened = take(c, "(");
    if (!negated && !opened)
        return eval_comparison(c);
    if (++c->depth > MAX_DEPTH)
        return -1;
    result = opened ? eval_or(c) : eval_term(c);
    c->depth--;
    if (result < 0 || (opened && !take(c, ")")))
        return -1;
    return negated ? !result : result;
}

static int eval_and(struct cursor *c)
{
    int result = eval_term(c);
    while (result >= 0 && take(c, "and ")) {
        int term = eval_term(c);
        result = term < 0 ? -1 : result && term;
    }
    return result;
}

static int eval_or(struct cursor *c)
{
    int result = eval_and(c);
    while (result >= 0 && take(c, "or ")) {
        int term = eval_and(c);
        result = term < 0 ? -1 : result || term;
    }
    return result;
}

int cmg__sb_graph_filter(const struct cmg__alloc *alloc, const char *filter,
                         bool advanced, const struct cmg__json *entity)
{
    struct cursor c = { .at = filter, .entity = entity, .advanced = advanced };
    cmg__buf_init(&c.value, alloc, 4096);
    int result = eval_or(&c);
    skip_blanks(&c);
    if (*c.at != '\0')
        result = -1;
    cmg__buf_done(&c.value);
    return result;
}
