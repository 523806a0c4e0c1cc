/*
 * Retry-After (RFC 9110, 10.2.3) as the services really send it: whole seconds, seconds
 * with a fraction (Graph), or an HTTP date.
 */
#include "base/http.h"

#include <string.h>
#include "base/http_date.h"
#include "base/str.h"

/* A peer that asks for more than a day is not taken at its word. */
#define LONGEST_MS ((int64_t)24 * 60 * 60 * 1000)

static bool seconds_ms(const char *s, int64_t *out_ms)
{
    size_t whole = 0;
    while (cmg__is_digit(s[whole]))
        whole++;

    uint64_t seconds = 0;
    if (whole == 0 || (s[whole] != '\0' && s[whole] != '.'))
        return false;
    if (!cmg__parse_u64(s, whole, &seconds) || seconds >= (uint64_t)(LONGEST_MS / 1000)) {
        *out_ms = LONGEST_MS;
        return true;
    }
    int64_t ms = (int64_t)seconds * 1000;
    int64_t unit = 100;
    for (const char *p = s + whole + (s[whole] == '.'); *p != '\0'; p++, unit /= 10) {
        if (!cmg__is_digit(*p))
            return false;
        ms += (*p - '0') * unit;
    }
    *out_ms = ms;
    return true;
}

int64_t cmg__http_retry_after_ms(const struct cmg__http_response *resp,
                                 int64_t now_unix_s)
{
    const char *value = cmg__headers_get(&resp->headers, "Retry-After");
    int64_t ms = -1;
    int64_t when = 0;

    if (value == NULL || seconds_ms(value, &ms))
        return ms;
    if (!cmg__http_date_parse(value, &when))
        return -1;
    if (when <= now_unix_s)
        return 0;
    int64_t wait_s = when - now_unix_s;
    return wait_s > LONGEST_MS / 1000 ? LONGEST_MS : wait_s * 1000;
}
