/*
 * The IMF-fixdate of HTTP. The two obsolete forms are refused: no service sends them, and
 * a date that is not understood only means that no hint was given.
 */
#include "base/http_date.h"

#include <string.h>
#include "base/str.h"

/* '0' stands for a digit, 'a' for a letter, anything else for itself. */
static const char pattern[] = "aaa, 00 aaa 0000 00:00:00 GMT";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static bool has_shape(const char *s)
{
    if (strlen(s) != sizeof pattern - 1)
        return false;
    for (size_t i = 0; pattern[i] != '\0'; i++) {
        bool fits = pattern[i] == '0'   ? cmg__is_digit(s[i])
                    : pattern[i] == 'a' ? cmg__is_alpha(s[i])
                                        : s[i] == pattern[i];
        if (!fits)
            return false;
    }
    return true;
}

static unsigned number(const char *s, size_t digits)
{
    unsigned n = 0;
    for (size_t i = 0; i < digits; i++)
        n = n * 10 + (unsigned)(s[i] - '0');
    return n;
}

static unsigned month_of(const char *s)
{
    for (unsigned i = 0; i < 12; i++) {
        if (cmg__str_ieqn(s, months + (size_t)i * 3, 3))
            return i + 1;
    }
    return 0;
}

bool cmg__http_date_parse(const char *s, int64_t *out_unix_s)
{
    if (!has_shape(s))
        return false;
    unsigned day = number(s + 5, 2);
    unsigned month = month_of(s + 8);
    unsigned hour = number(s + 17, 2);
    unsigned minute = number(s + 20, 2);
    unsigned second = number(s + 23, 2);
    if (day < 1 || day > 31 || month == 0 || hour > 23 || minute > 59 || second > 60)
        return false;
    int64_t days = cmg__days_from_civil(number(s + 12, 4), month, day);
    *out_unix_s = days * 86400 + (int64_t)hour * 3600 + minute * 60 + second;
    return true;
}
