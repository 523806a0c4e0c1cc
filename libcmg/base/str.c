/* Text: copies, comparison without case or locale, numbers, hexadecimal, GUIDs. */
#include "base/str.h"

#include <stdio.h>
#include <string.h>

char *cmg__strndup(const struct cmg__alloc *alloc, const char *s, size_t n)
{
    if (s == NULL || n == SIZE_MAX)
        return NULL;
    char *copy = cmg__alloc(alloc, n + 1);

    if (copy == NULL)
        return NULL;
    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *cmg__strdup(const struct cmg__alloc *alloc, const char *s)
{
    return s == NULL ? NULL : cmg__strndup(alloc, s, strlen(s));
}

char *cmg__vformat(const struct cmg__alloc *alloc, const char *fmt, va_list args)
{
    va_list again;

    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    char *text = n < 0 ? NULL : cmg__alloc(alloc, (size_t)n + 1);

    if (text != NULL)
        (void)vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

char *cmg__format(const struct cmg__alloc *alloc, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    char *text = cmg__vformat(alloc, fmt, args);
    va_end(args);
    return text;
}

cmg_status cmg__str_assign(const struct cmg__alloc *alloc, char **dst, const char *src)
{
    char *copy = cmg__strdup(alloc, src);

    if (src != NULL && copy == NULL)
        return CMG_E_NOMEM;
    cmg__free(alloc, *dst);
    *dst = copy;
    return CMG_OK;
}

bool cmg__is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool cmg__is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool cmg__is_alnum(char c)
{
    return cmg__is_alpha(c) || cmg__is_digit(c);
}

char cmg__lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

void cmg__lower_in_place(char *s)
{
    for (; *s != '\0'; s++)
        *s = cmg__lower(*s);
}

bool cmg__str_ieqn(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (cmg__lower(a[i]) != cmg__lower(b[i]))
            return false;
        if (a[i] == '\0')
            return true;
    }
    return true;
}

bool cmg__str_ieq(const char *a, const char *b)
{
    return cmg__str_ieqn(a, b, SIZE_MAX);
}

bool cmg__str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool cmg__str_istarts(const char *s, const char *prefix)
{
    return cmg__str_ieqn(s, prefix, strlen(prefix));
}

bool cmg__str_iends(const char *s, const char *suffix)
{
    size_t n = strlen(s);
    size_t m = strlen(suffix);

    return n >= m && cmg__str_ieq(s + n - m, suffix);
}

bool cmg__str_is_empty(const char *s)
{
    return s == NULL || *s == '\0';
}

const char *cmg__str_or(const char *s, const char *otherwise)
{
    return s != NULL ? s : otherwise;
}

bool cmg__parse_u64(const char *s, size_t n, uint64_t *out)
{
    uint64_t value = 0;

    if (n == 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!cmg__is_digit(s[i]))
            return false;
        unsigned digit = (unsigned)(s[i] - '0');

        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

/* The value of a hexadecimal digit, or -1. */
static int hex_digit(char c)
{
    if (cmg__is_digit(c))
        return c - '0';
    c = cmg__lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool cmg__parse_hex(const char *s, size_t n, uint64_t *out)
{
    uint64_t value = 0;

    if (n == 0 || n > 16)
        return false;
    for (size_t i = 0; i < n; i++) {
        int digit = hex_digit(s[i]);

        if (digit < 0)
            return false;
        value = value << 4 | (unsigned)digit;
    }
    *out = value;
    return true;
}

/* How many continuation bytes follow a lead byte, and the least code point that needs
   them; -1 for a byte that cannot lead. */
static int utf8_tail(unsigned char lead, uint32_t *bits, uint32_t *least)
{
    static const struct {
        unsigned char mask, mark;
        int tail;
        uint32_t least;
    } rows[] = { { 0x80, 0x00, 0, 0x01 },
                 { 0xe0, 0xc0, 1, 0x80 },
                 { 0xf0, 0xe0, 2, 0x800 },
                 { 0xf8, 0xf0, 3, 0x10000 } };

    for (size_t i = 0; i < CMG__ARRAY_LEN(rows); i++) {
        if ((lead & rows[i].mask) == rows[i].mark) {
            *bits = lead & (unsigned char)~rows[i].mask;
            *least = rows[i].least;
            return rows[i].tail;
        }
    }
    return -1;
}

bool cmg__utf8_is_valid(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t code = 0;
        uint32_t least = 0;
        int tail = utf8_tail((unsigned char)s[i], &code, &least);

        if (tail < 0 || n - i <= (size_t)tail)
            return false;
        for (; tail > 0; tail--) {
            unsigned char c = (unsigned char)s[++i];

            if ((c & 0xc0) != 0x80)
                return false;
            code = code << 6 | (c & 0x3f);
        }
        if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return false;
    }
    return true;
}

void cmg__hex_format(const void *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = bytes;

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * n] = '\0';
}

bool cmg__hex_parse(const char *hex, size_t n, void *out)
{
    uint8_t *p = out;

    for (size_t i = 0; i < n; i++) {
        int high = hex_digit(hex[2 * i]);
        int low = high < 0 ? -1 : hex_digit(hex[2 * i + 1]);

        if (low < 0)
            return false;
        p[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool cmg__guid_is_valid(const char *s)
{
    if (s == NULL || strlen(s) != CMG__GUID_SIZE - 1)
        return false;
    for (int i = 0; i < CMG__GUID_SIZE - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? s[i] != '-' : hex_digit(s[i]) < 0)
            return false;
    }
    return true;
}

void cmg__guid_format(const uint8_t random[16], char out[CMG__GUID_SIZE])
{
    char hex[33];
    uint8_t b[16];

    memcpy(b, random, 16);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    cmg__hex_format(b, 16, hex);
    (void)snprintf(out, CMG__GUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
                   hex + 12, hex + 16, hex + 20);
}
