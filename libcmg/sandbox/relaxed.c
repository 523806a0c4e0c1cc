/*
 * Rewrites relaxed JSON into strict JSON in one pass and parses that: comments become
 * nothing, a bare word before ':' gets its quotes. See relaxed.h.
 */
#include "sandbox/relaxed.h"

#include <string.h>

#include "base/str.h"

/* Length of the string literal that begins at text[0] == '"'. */
static size_t string_length(const char *text, size_t n)
{
    size_t i = 1;
    while (i < n && text[i] != '"')
        i += text[i] == '\\' ? 2 : 1;
    return i + 1 <= n ? i + 1 : n;
}

/* Length of the comment that begins at text[0], or 0 when none begins there. */
static size_t comment_length(const char *text, size_t n)
{
    if (n < 2 || text[0] != '/')
        return 0;
    if (text[1] == '/') {
        const char *end = memchr(text, '\n', n);
        return end == NULL ? n : (size_t)(end - text);
    }
    if (text[1] != '*')
        return 0;
    for (size_t i = 2; i + 1 < n; i++) {
        if (text[i] == '*' && text[i + 1] == '/')
            return i + 2;
    }
    return n;
}

static size_t word_length(const char *text, size_t n)
{
    size_t i = 0;
    if (n == 0 || !(cmg__is_alpha(text[0]) || text[0] == '_' || text[0] == '$'))
        return 0;
    while (i < n && (cmg__is_alnum(text[i]) || text[i] == '_' || text[i] == '$'))
        i++;
    return i;
}

static bool colon_follows(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && strchr(" \t\r\n", text[i]) != NULL && text[i] != '\0')
        i++;
    return i < n && text[i] == ':';
}

static cmg_status add_word(struct cmg__buf *out, const char *text, size_t len, size_t n)
{
    bool name = colon_follows(text + len, n - len);
    cmg_status rc = name ? cmg__buf_add_char(out, '"') : CMG_OK;
    if (rc == CMG_OK)
        rc = cmg__buf_add(out, text, len);
    if (rc == CMG_OK && name)
        rc = cmg__buf_add_char(out, '"');
    return rc;
}

static cmg_status rewrite(const char *text, size_t n, struct cmg__buf *out)
{
    cmg_status rc = CMG_OK;
    for (size_t i = 0; rc == CMG_OK && i < n;) {
        size_t comment = comment_length(text + i, n - i);
        size_t word = word_length(text + i, n - i);
        size_t len = 1;
        if (comment > 0) {
            len = comment;
        } else if (word > 0) {
            len = word;
            rc = add_word(out, text + i, word, n - i);
        } else {
            if (text[i] == '"')
                len = string_length(text + i, n - i);
            rc = cmg__buf_add(out, text + i, len);
        }
        i += len;
    }
    return rc;
}

cmg_status cmg__sb_relaxed_parse(const struct cmg__alloc *alloc, const char *text,
                                 size_t n, struct cmg__json **out)
{
    struct cmg__buf strict;
    cmg__buf_init_secret(&strict, alloc, CMG__JSON_MAX);
    cmg_status rc = rewrite(text, n, &strict);
    if (rc == CMG_OK)
        rc =
            cmg__json_parse(alloc, "body", cmg__buf_cstr(&strict), strict.len, out, NULL);
    cmg__buf_done(&strict);
    return rc;
}
