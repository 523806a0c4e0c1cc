/*
 * Character classes and list grammar of HTTP fields, the table of reason phrases, and the
 * rule which fields end at the next hop. No state, no allocation.
 */
#include "net/http1_syntax.h"
#include "base/str.h"
#include "net/http1.h"

#include <string.h>

static bool is_token_char(char c)
{
    return cmg__is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool cmg__http1_is_token(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_token_char(s[i]))
            return false;
    return n > 0;
}

bool cmg__http1_is_value(const char *s, size_t n, bool high)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f || (c >= 0x80 && !high))
            return false;
    }
    return true;
}

bool cmg__http1_is_target(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] <= 0x20 || s[i] >= 0x7f || s[i] == '#')
            return false;
    return n > 0;
}

static bool is_port(const char *s, size_t n)
{
    uint64_t port;
    return n >= 1 && n <= 5 && cmg__parse_u64(s, n, &port) && port <= 65535;
}

/* Length of the host part: a bracketed address or a name; 0 when it is neither. */
static size_t host_length(const char *s, size_t n)
{
    size_t i = 0;
    if (n > 0 && s[0] == '[') {
        const char *end = memchr(s, ']', n);
        if (end == NULL)
            return 0;
        size_t len = (size_t)(end - s) + 1;
        for (i = 1; i + 1 < len; i++)
            if (!cmg__is_alnum(s[i]) && s[i] != ':' && s[i] != '.')
                return 0;
        return len > 2 ? len : 0;
    }
    while (i < n &&
           (cmg__is_alnum(s[i]) || (s[i] != '\0' && strchr("-._~", s[i]) != NULL)))
        i++;
    return i;
}

bool cmg__http1_is_host(const char *s, size_t n)
{
    size_t host = host_length(s, n);
    if (host == 0 || n > 255)
        return false;
    return host == n || (s[host] == ':' && is_port(s + host + 1, n - host - 1));
}

bool cmg__http1_list_has(const char *list, const char *member)
{
    size_t want = strlen(member);
    while (*list != '\0') {
        size_t skip = strspn(list, ", \t");
        const char *start = list + skip;
        size_t n = strcspn(start, ", \t");
        if (n == want && cmg__str_ieqn(start, member, n))
            return true;
        list = start + n;
    }
    return false;
}

bool cmg__http1_fields_have(const struct cmg__headers *headers, const char *name,
                            const char *member)
{
    for (size_t i = 0; i < headers->count; i++)
        if (cmg__str_ieq(headers->items[i].name, name) &&
            cmg__http1_list_has(headers->items[i].value, member))
            return true;
    return false;
}

bool cmg__http1_is_one_of(const char *s, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (cmg__str_ieq(s, names[i]))
            return true;
    return false;
}

bool cmg__http1_is_hop_by_hop(const struct cmg__headers *headers, const char *name)
{
    static const char *const fixed[] = {
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "HTTP2-Settings",
    };
    return cmg__http1_is_one_of(name, fixed, CMG__ARRAY_LEN(fixed)) ||
           cmg__http1_fields_have(headers, "Connection", name);
}

const char *cmg__http1_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } table[] = {
        { 100, "Continue" },
        { 101, "Switching Protocols" },
        { 200, "OK" },
        { 201, "Created" },
        { 202, "Accepted" },
        { 203, "Non-Authoritative Information" },
        { 204, "No Content" },
        { 206, "Partial Content" },
        { 207, "Multi-Status" },
        { 301, "Moved Permanently" },
        { 302, "Found" },
        { 303, "See Other" },
        { 304, "Not Modified" },
        { 307, "Temporary Redirect" },
        { 308, "Permanent Redirect" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 406, "Not Acceptable" },
        { 407, "Proxy Authentication Required" },
        { 408, "Request Timeout" },
        { 409, "Conflict" },
        { 410, "Gone" },
        { 411, "Length Required" },
        { 412, "Precondition Failed" },
        { 413, "Content Too Large" },
        { 414, "URI Too Long" },
        { 415, "Unsupported Media Type" },
        { 416, "Range Not Satisfiable" },
        { 417, "Expectation Failed" },
        { 421, "Misdirected Request" },
        { 422, "Unprocessable Content" },
        { 423, "Locked" },
        { 428, "Precondition Required" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 502, "Bad Gateway" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
        { 505, "HTTP Version Not Supported" },
        { 507, "Insufficient Storage" },
    };
    for (size_t i = 0; i < CMG__ARRAY_LEN(table); i++)
        if (table[i].status == status)
            return table[i].reason;
    return "";
}
