/*
 * Order of work: form, bytes of the path one by one (escapes decoded when they stand for
 * an unreserved character, refused when they stand for a separator, a control byte or
 * another escape), segments, query. A segment of dots, also with blanks or a ';' part
 * behind them, is refused since some servers take it for "..".
 */
#include "relay/target.h"
#include "base/str.h"
#include <string.h>

void cmg__target_init(struct cmg__target *target, const struct cmg__alloc *alloc)
{
    cmg__buf_init(&target->path, alloc, 3 * CMG__TARGET_MAX);
    cmg__buf_init(&target->query, alloc, CMG__QUERY_MAX);
    target->has_query = false;
}

void cmg__target_done(struct cmg__target *target)
{
    cmg__buf_done(&target->path);
    cmg__buf_done(&target->query);
}

/* "https://host/..." with the request's own host becomes "/...". */
static bool skip_origin(const char **text, size_t *n, const char *host)
{
    static const char scheme[] = "https://";
    size_t skip = sizeof scheme - 1;

    if (*n > 0 && (*text)[0] == '/')
        return true;
    if (host == NULL || *n < skip || !cmg__str_ieqn(*text, scheme, skip))
        return false;
    size_t host_len = strlen(host);
    if (*n - skip < host_len || !cmg__str_ieqn(*text + skip, host, host_len))
        return false;
    *text += skip + host_len;
    *n -= skip + host_len;
    return *n > 0 && **text == '/';
}

static bool is_unreserved(char c)
{
    return cmg__is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* Bytes besides unreserved ones that may stand in a path as they are (RFC 3986 pchar). */
static bool is_path_byte(char c)
{
    return is_unreserved(c) || (c != '\0' && strchr("/!$&'()*+,;=:@", c) != NULL);
}

static cmg_status add_escape(struct cmg__buf *out, unsigned byte)
{
    static const char digits[] = "0123456789ABCDEF";
    const char escape[3] = { '%', digits[byte >> 4], digits[byte & 15] };

    return cmg__buf_add(out, escape, sizeof escape);
}

/* One "%XX" at s; n bytes are left. */
static cmg_status copy_escape(struct cmg__buf *out, const char *s, size_t n,
                              const char **why)
{
    uint64_t byte = 0;

    *why = "bad escape";
    if (n < 3 || !cmg__parse_hex(s + 1, 2, &byte))
        return CMG_E_INVAL;
    *why = "escaped control byte or separator";
    if (byte < 0x20 || byte == 0x7f || byte == '/' || byte == '\\')
        return CMG_E_INVAL;
    if (byte < 0x80 && is_unreserved((char)byte))
        return cmg__buf_add_char(out, (char)byte);
    return add_escape(out, (unsigned)byte);
}

static cmg_status copy_path(struct cmg__buf *out, const char *s, size_t n,
                            const char **why)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; i < n && rc == CMG_OK; i++) {
        if (s[i] == '%') {
            rc = copy_escape(out, s + i, n - i, why);
            i += 2;
        } else if (is_path_byte(s[i])) {
            rc = cmg__buf_add_char(out, s[i]);
        } else if (s[i] == '{' || s[i] == '}' || s[i] == '|') {
            /* WinHTTP sends GUIDs in braces and bars as they are. */
            rc = add_escape(out, (unsigned char)s[i]);
        } else {
            *why = "byte that may not stand in a path";
            rc = CMG_E_INVAL;
        }
    }
    return rc;
}

/* Looked for when all is copied: an escaped digit makes "%25%32e" one, too. */
static cmg_status check_encoding(const struct cmg__buf *path, const char **why)
{
    uint64_t inner = 0;

    *why = "double encoding";
    for (size_t i = 0; i + 5 <= path->len; i++) {
        if (memcmp(path->data + i, "%25", 3) == 0 &&
            cmg__parse_hex(path->data + i + 3, 2, &inner))
            return CMG_E_INVAL;
    }
    return CMG_OK;
}

static bool is_dot_segment(const char *s, size_t n)
{
    bool dot = false;

    for (size_t i = 0; i < n && s[i] != ';'; i++) {
        if (s[i] == '.')
            dot = true;
        else if (n - i >= 3 && memcmp(s + i, "%20", 3) == 0)
            i += 2;
        else
            return false;
    }
    return dot;
}

static cmg_status check_segments(const struct cmg__buf *path, const char **why)
{
    const char *s = path->data;
    const char *end = path->data + path->len;

    while (s < end) {
        const char *begin = s + 1;
        const char *slash = memchr(begin, '/', (size_t)(end - begin));
        s = slash == NULL ? end : slash;
        *why = "empty segment";
        if (s == begin && s != end)
            return CMG_E_INVAL;
        *why = "dot segment";
        if (is_dot_segment(begin, (size_t)(s - begin)))
            return CMG_E_INVAL;
    }
    return CMG_OK;
}

static cmg_status copy_query(struct cmg__buf *out, const char *s, size_t n,
                             const char **why)
{
    *why = "query too long";
    if (n > CMG__QUERY_MAX)
        return CMG_E_LIMIT;
    *why = "byte that may not stand in a query";
    for (size_t i = 0; i < n; i++) {
        if (s[i] <= ' ' || s[i] >= 0x7f || s[i] == '#')
            return CMG_E_INVAL;
    }
    return cmg__buf_add(out, s, n);
}

cmg_status cmg__target_parse(struct cmg__target *target, const char *text, size_t n,
                             const char *host, const char **why)
{
    cmg__buf_clear(&target->path);
    cmg__buf_clear(&target->query);
    target->has_query = false;
    *why = "target too long";
    if (n > CMG__TARGET_MAX)
        return CMG_E_LIMIT;
    *why = "neither a path nor this host's address";
    if (!skip_origin(&text, &n, host))
        return CMG_E_INVAL;
    const char *mark = memchr(text, '?', n);
    size_t path_len = mark == NULL ? n : (size_t)(mark - text);
    cmg_status rc = copy_path(&target->path, text, path_len, why);
    if (rc == CMG_OK)
        rc = check_encoding(&target->path, why);
    if (rc == CMG_OK)
        rc = check_segments(&target->path, why);
    if (rc == CMG_OK && mark != NULL) {
        target->has_query = true;
        rc = copy_query(&target->query, mark + 1, n - path_len - 1, why);
    }
    return rc;
}
