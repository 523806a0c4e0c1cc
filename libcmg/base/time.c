/*
 * Calendar time without the C library's locale and time zone: civil dates of the
 * proleptic Gregorian calendar in days from 1970-01-01, and ISO 8601 text.
 */
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { DAYS_PER_ERA = 146097, DAY_S = 86400 };

/* Years are counted from March, so that the leap day is the last of its year. */
int64_t cmg__days_from_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t shifted = month > 2 ? (int64_t)month - 3 : (int64_t)month + 9;
    int64_t day_of_year = (153 * shifted + 2) / 5 + (int64_t)day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * DAYS_PER_ERA + day_of_era - 719468;
}

void cmg__civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - DAYS_PER_ERA + 1) / DAYS_PER_ERA;
    int64_t doe = z - era * DAYS_PER_ERA;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t shifted = (5 * doy + 2) / 153;

    *day = (unsigned)(doy - (153 * shifted + 2) / 5 + 1);
    *month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = yoe + era * 400 + (*month <= 2 ? 1 : 0);
}

void cmg__time_format(int64_t unix_s, char out[CMG__TIME_SIZE])
{
    int64_t days = unix_s >= 0 ? unix_s / DAY_S : (unix_s - DAY_S + 1) / DAY_S;
    unsigned second = (unsigned)(unix_s - days * DAY_S);
    int64_t year = 0;
    unsigned month = 0;
    unsigned day = 0;
    char text[64];

    cmg__civil_from_days(days, &year, &month, &day);
    (void)snprintf(text, sizeof text, "%04d-%02u-%02uT%02u:%02u:%02uZ", (int)year, month,
                   day, second / 3600, second / 60 % 60, second % 60);
    memcpy(out, text, CMG__TIME_SIZE - 1);
    out[CMG__TIME_SIZE - 1] = '\0';
}

/* A number of exactly n digits at *s, which moves past it. */
static bool take_number(const char **s, size_t n, unsigned *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n; i++) {
        if (!cmg__is_digit((*s)[i]))
            return false;
        value = value * 10 + (unsigned)((*s)[i] - '0');
    }
    *s += n;
    *out = (unsigned)value;
    return true;
}

static bool take_char(const char **s, char c)
{
    if (cmg__lower(**s) != cmg__lower(c))
        return false;
    (*s)++;
    return true;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const unsigned char days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

/* "Z", "+hh:mm" or "-hh:mm" up to the end, as seconds to subtract. */
static bool take_offset(const char *s, int64_t *out)
{
    unsigned hour = 0;
    unsigned minute = 0;
    int sign = *s == '-' ? -1 : 1;

    *out = 0;
    if (take_char(&s, 'Z'))
        return *s == '\0';
    if (*s != '+' && *s != '-')
        return false;
    s++;
    if (!take_number(&s, 2, &hour) || !take_char(&s, ':') || !take_number(&s, 2, &minute))
        return false;
    *out = sign * (int64_t)(hour * 3600 + minute * 60);
    return hour < 24 && minute < 60 && *s == '\0';
}

bool cmg__time_parse(const char *s, int64_t *out_unix_s)
{
    unsigned v[6];
    int64_t offset = 0;
    static const char after[] = { '-', '-', 'T', ':', ':' };

    for (size_t i = 0; i < 6; i++) {
        if (!take_number(&s, i == 0 ? 4 : 2, &v[i]))
            return false;
        if (i < 5 && !take_char(&s, after[i]))
            return false;
    }
    if (*s == '.') {
        do
            s++;
        while (cmg__is_digit(*s));
    }
    if (v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > days_in_month(v[0], v[1]) ||
        v[3] > 23 || v[4] > 59 || v[5] > 60 || !take_offset(s, &offset))
        return false;
    *out_unix_s = cmg__days_from_civil(v[0], v[1], v[2]) * DAY_S + (int64_t)v[3] * 3600 +
                  (int64_t)v[4] * 60 + (int64_t)v[5] - offset;
    return true;
}
