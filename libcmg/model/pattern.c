/*
 * Patterns by hand: regular expressions of the C library depend on the locale. All of
 * them are ASCII; lengths are the field tables' business unless they are part of the
 * pattern.
 */
#include "model/pattern.h"

#include <string.h>
#include "base/http.h"
#include "base/str.h"

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || cmg__is_digit(c);
}

/* Every character a letter, a digit or one of more; not empty. */
static bool all_of(const char *s, const char *more)
{
    for (size_t i = 0; s[i] != '\0'; i++) {
        if (!cmg__is_alnum(s[i]) && strchr(more, s[i]) == NULL)
            return false;
    }
    return s[0] != '\0';
}

bool cmg__pattern_date(const char *s)
{
    char text[CMG__TIME_SIZE] = "";
    int64_t unix_s = 0;

    if (strlen(s) != sizeof "2028-06-30" - 1)
        return false;
    memcpy(text, s, strlen(s));
    memcpy(text + strlen(s), "T00:00:00Z", sizeof "T00:00:00Z");
    return cmg__time_parse(text, &unix_s);
}

bool cmg__pattern_region(const char *s)
{
    for (size_t i = 0; s[i] != '\0'; i++) {
        if (!is_lower_alnum(s[i]))
            return false;
    }
    return s[0] != '\0';
}

bool cmg__pattern_gateway_name(const char *s)
{
    size_t n = strlen(s);

    return n >= 3 && n <= 24 && cmg__pattern_region(s) && !cmg__is_digit(s[0]);
}

bool cmg__pattern_site_code(const char *s)
{
    return strlen(s) == 3 && all_of(s, "");
}

bool cmg__pattern_host_name(const char *s)
{
    size_t labels = 0;
    size_t n = strlen(s);

    if (n == 0 || n > 253)
        return false;
    for (;;) {
        size_t label = strcspn(s, ".");

        if (label == 0 || label > 63 || s[0] == '-' || s[label - 1] == '-')
            return false;
        for (size_t i = 0; i < label; i++) {
            if (!cmg__is_alnum(s[i]) && s[i] != '-')
                return false;
        }
        labels++;
        if (s[label] == '\0')
            return labels >= 2;
        s += label + 1;
    }
}

bool cmg__pattern_resource_group(const char *s)
{
    size_t n = strlen(s);

    return n <= 90 && all_of(s, "-_.()") && s[n - 1] != '.';
}

bool cmg__pattern_vm_size(const char *s)
{
    return all_of(s, "_");
}

bool cmg__pattern_display_name(const char *s)
{
    size_t n = strlen(s);

    if (n == 0 || s[0] == ' ' || s[n - 1] == ' ')
        return false;
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
            return false;
    }
    return true;
}

bool cmg__pattern_uri_name(const char *s)
{
    return all_of(s, "-_.");
}

/* What stands behind the host: "/" and text that does not end in "/". */
static bool is_uri_path(const char *s)
{
    return s[0] == '/' && all_of(s + 1, "-_.~/") && s[strlen(s) - 1] != '/';
}

bool cmg__pattern_id_uri(const char *s)
{
    char host[254] = "";
    const bool api = cmg__str_starts(s, "api://");

    if (!api && !cmg__str_starts(s, "https://"))
        return false;
    s = strchr(s, '/') + 2;
    const size_t n = strcspn(s, "/");
    if (n >= sizeof host)
        return false;
    memcpy(host, s, n);
    if (api)
        return cmg__guid_is_valid(host) && is_uri_path(s + n);
    return cmg__pattern_host_name(host) && (s[n] == '\0' || is_uri_path(s + n));
}

bool cmg__pattern_role_id(const char *s)
{
    uint64_t value = 0;

    return cmg__parse_u64(s, strlen(s), &value) && (s[0] != '0' || s[1] == '\0');
}

bool cmg__pattern_origin(const char *s)
{
    struct cmg__url url;

    if (!cmg__url_parse(s, &url) || url.host + url.host_len > url.target ||
        url.target[0] != '\0')
        return false;
    for (size_t i = 0; i < url.host_len; i++) {
        char c = url.host[i];
        bool fits = cmg__is_alnum(c) || c == '-' || c == '.' ||
                    (url.host[0] == '[' && strchr("[]:", c) != NULL);
        if (!fits)
            return false;
    }
    return url.host_len <= 253;
}

void cmg__pattern_squeeze(const char *s, char *out, size_t size)
{
    size_t len = 0;

    for (; *s != '\0' && len + 1 < size; s++) {
        bool fits = len == 0 ? cmg__is_alpha(*s) : cmg__is_alnum(*s);

        if (fits)
            out[len++] = cmg__lower(*s);
    }
    out[len] = '\0';
}
