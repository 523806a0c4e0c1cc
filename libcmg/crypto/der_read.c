/*
 * The DER reader. Nothing here allocates except cmg__der_text, nothing recurses, and
 * every length is compared with what is left before it is used.
 */
#include "crypto/der_read.h"

#include <string.h>

#include "base/str.h"

struct cmg__span cmg__span_of(const void *data, size_t n)
{
    return (struct cmg__span){ .p = data, .n = n };
}

bool cmg__span_eq(struct cmg__span a, struct cmg__span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

unsigned cmg__der_peek(const struct cmg__span *in)
{
    return in->n > 0 ? in->p[0] : 0;
}

/* Decodes the length octets at p; gives how many there are, 0 when they are not DER. */
static size_t read_length(const uint8_t *p, size_t left, size_t *length)
{
    if (left == 0)
        return 0;
    if (p[0] < 0x80) {
        *length = p[0];
        return 1;
    }
    const size_t count = p[0] & 0x7fU;
    if (count == 0 || count > 4 || count >= left || p[1] == 0)
        return 0;
    *length = 0;
    for (size_t i = 1; i <= count; i++)
        *length = *length << 8 | p[i];
    return *length < 0x80 ? 0 : count + 1;
}

bool cmg__der_next(struct cmg__span *in, struct cmg__der_item *item)
{
    size_t length;

    if (in->n < 2 || (in->p[0] & 0x1fU) == 0x1fU || in->p[0] == 0)
        return false;
    const size_t octets = read_length(in->p + 1, in->n - 1, &length);
    if (octets == 0 || length > in->n - 1 - octets)
        return false;
    const size_t head = 1 + octets;
    item->tag = in->p[0];
    item->content = cmg__span_of(in->p + head, length);
    item->whole = cmg__span_of(in->p, head + length);
    *in = cmg__span_of(in->p + head + length, in->n - head - length);
    return true;
}

bool cmg__der_take(struct cmg__span *in, unsigned tag, struct cmg__span *content)
{
    struct cmg__der_item item;

    if (cmg__der_peek(in) != tag || !cmg__der_next(in, &item))
        return false;
    if (content != NULL)
        *content = item.content;
    return true;
}

bool cmg__der_take_if(struct cmg__span *in, unsigned tag, struct cmg__span *content)
{
    return cmg__der_peek(in) == tag && cmg__der_take(in, tag, content);
}

bool cmg__der_take_oid(struct cmg__span *in, enum cmg__oid *oid)
{
    struct cmg__span bytes;

    if (!cmg__der_take(in, CMG__DER_OID, &bytes) || bytes.n == 0)
        return false;
    *oid = cmg__oid_find(bytes.p, bytes.n);
    return true;
}

bool cmg__der_take_number(struct cmg__span *in, struct cmg__span *magnitude)
{
    struct cmg__span rest = *in;
    struct cmg__span bytes;

    if (!cmg__der_take(&rest, CMG__DER_INTEGER, &bytes) || bytes.n == 0 ||
        (bytes.p[0] & 0x80U) != 0)
        return false;
    if (bytes.n > 1 && bytes.p[0] == 0) {
        if ((bytes.p[1] & 0x80U) == 0)
            return false;
        bytes = cmg__span_of(bytes.p + 1, bytes.n - 1);
    }
    *magnitude = bytes;
    *in = rest;
    return true;
}

bool cmg__der_take_uint(struct cmg__span *in, uint32_t max, uint32_t *value)
{
    struct cmg__span bytes;
    uint64_t number = 0;

    if (!cmg__der_take_number(in, &bytes) || bytes.n > 4)
        return false;
    for (size_t i = 0; i < bytes.n; i++)
        number = number << 8 | bytes.p[i];
    if (number > max)
        return false;
    *value = (uint32_t)number;
    return true;
}

bool cmg__der_take_bool(struct cmg__span *in, bool *value)
{
    struct cmg__span bytes;

    if (!cmg__der_take(in, CMG__DER_BOOLEAN, &bytes) || bytes.n != 1 ||
        (bytes.p[0] != 0 && bytes.p[0] != 0xff))
        return false;
    *value = bytes.p[0] != 0;
    return true;
}

bool cmg__der_take_bits(struct cmg__span *in, struct cmg__span *bits)
{
    struct cmg__span bytes;

    if (!cmg__der_take(in, CMG__DER_BIT_STRING, &bytes) || bytes.n < 1 || bytes.p[0] != 0)
        return false;
    *bits = cmg__span_of(bytes.p + 1, bytes.n - 1);
    return true;
}

/* "20261123100000Z" to "2026-11-23T10:00:00Z". */
static bool time_of_digits(const char digits[15], int64_t *unix_s)
{
    char iso[CMG__TIME_SIZE];
    size_t n = 0;

    for (size_t i = 0; i < 14; i++) {
        static const char before[14] = {
            [4] = '-', [6] = '-', [8] = 'T', [10] = ':', [12] = ':'
        };
        if (!cmg__is_digit(digits[i]))
            return false;
        if (before[i] != '\0')
            iso[n++] = before[i];
        iso[n++] = digits[i];
    }
    iso[n++] = 'Z';
    iso[n] = '\0';
    return digits[14] == 'Z' && cmg__time_parse(iso, unix_s);
}

bool cmg__der_take_time(struct cmg__span *in, int64_t *unix_s)
{
    struct cmg__der_item item;
    char digits[15];

    if (!cmg__der_next(in, &item))
        return false;
    if (item.tag == CMG__DER_GENERALIZED_TIME && item.content.n == 15) {
        memcpy(digits, item.content.p, 15);
    } else if (item.tag == CMG__DER_UTC_TIME && item.content.n == 13) {
        memcpy(digits, item.content.p[0] >= '5' ? "19" : "20", 2);
        memcpy(digits + 2, item.content.p, 13);
    } else {
        return false;
    }
    return time_of_digits(digits, unix_s);
}

bool cmg__der_take_algorithm(struct cmg__span *in, enum cmg__oid *oid,
                             struct cmg__span *parameters)
{
    struct cmg__span body;

    if (!cmg__der_take(in, CMG__DER_SEQUENCE, &body) || !cmg__der_take_oid(&body, oid))
        return false;
    *parameters = body;
    return true;
}

bool cmg__der_is_null_or_absent(struct cmg__span parameters)
{
    struct cmg__span content;

    if (parameters.n == 0)
        return true;
    return cmg__der_take(&parameters, CMG__DER_NULL, &content) && content.n == 0 &&
           parameters.n == 0;
}

/* One code point of the basic plane (surrogates excluded by the caller) as UTF-8. */
static size_t utf8_of(unsigned c, char out[3])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0U | c >> 6);
        out[1] = (char)(0x80U | (c & 0x3fU));
        return 2;
    }
    out[0] = (char)(0xe0U | c >> 12);
    out[1] = (char)(0x80U | (c >> 6 & 0x3fU));
    out[2] = (char)(0x80U | (c & 0x3fU));
    return 3;
}

/* Characters of width 1 (Latin-1) or 2 (UTF-16 without surrogates), big-endian. */
static bool add_wide(struct cmg__span in, size_t width, struct cmg__buf *out,
                     cmg_status *rc)
{
    char utf8[3];

    if (in.n % width != 0)
        return false;
    for (size_t i = 0; i < in.n && *rc == CMG_OK; i += width) {
        const unsigned c = width == 1 ? in.p[i] : in.p[i] * 256U + in.p[i + 1];

        if (c >= 0xd800 && c < 0xe000)
            return false;
        *rc = cmg__buf_add(out, utf8, utf8_of(c, utf8));
    }
    return *rc == CMG_OK;
}

bool cmg__der_text(const struct cmg__der_item *item, struct cmg__buf *out, cmg_status *rc)
{
    const struct cmg__span in = item->content;

    switch (item->tag) {
    case CMG__DER_UTF8_STRING:
        if (!cmg__utf8_is_valid((const char *)in.p, in.n))
            return false;
        if (in.n > 0)
            *rc = cmg__buf_add(out, in.p, in.n);
        return *rc == CMG_OK;
    case CMG__DER_NUMERIC_STRING:
    case CMG__DER_PRINTABLE_STRING:
    case CMG__DER_IA5_STRING:
    case CMG__DER_VISIBLE_STRING:
    case CMG__DER_T61_STRING:
        return add_wide(in, 1, out, rc);
    case CMG__DER_BMP_STRING:
        return add_wide(in, 2, out, rc);
    default:
        return false;
    }
}
