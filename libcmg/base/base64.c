/* Strict base64 and base64url. */
#include "base/base64.h"

static const char std_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static cmg_status encode(struct cmg__buf *out, const uint8_t *p, size_t n,
                         const char *alphabet, bool pad)
{
    if (n > SIZE_MAX / 2)
        return CMG_E_LIMIT;
    cmg_status rc = cmg__buf_reserve(out, (n + 2) / 3 * 4);
    if (rc != CMG_OK)
        return rc;
    char *dst = out->data + out->len;

    for (size_t i = 0; i < n; i += 3) {
        size_t have = n - i < 3 ? n - i : 3;
        uint32_t v = (uint32_t)p[i] << 16 | (have > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
                     (have > 2 ? p[i + 2] : 0u);

        for (size_t k = 0; k < 4; k++) {
            if (k <= have)
                *dst++ = alphabet[v >> (18 - 6 * k) & 63];
            else if (pad)
                *dst++ = '=';
        }
    }
    *dst = '\0';
    out->len = (size_t)(dst - out->data);
    return CMG_OK;
}

static int digit_of(char c, const char *alphabet)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == alphabet[62])
        return 62;
    return c == alphabet[63] && c != '\0' ? 63 : -1;
}

/* n characters without padding. */
static cmg_status decode(struct cmg__buf *out, const char *s, size_t n,
                         const char *alphabet)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t before = out->len;
    cmg_status rc = n % 4 == 1 ? CMG_E_PARSE : CMG_OK;

    for (size_t i = 0; i < n && rc == CMG_OK; i++) {
        int digit = digit_of(s[i], alphabet);

        if (digit < 0) {
            rc = CMG_E_PARSE;
            break;
        }
        bits = bits << 6 | (unsigned)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            rc = cmg__buf_add_char(out, (char)(bits >> have & 0xff));
        }
    }
    if (rc == CMG_OK && (bits & ((1u << have) - 1)) != 0)
        rc = CMG_E_PARSE;
    if (rc != CMG_OK && out->data != NULL) {
        out->len = before;
        out->data[before] = '\0';
    }
    return rc;
}

cmg_status cmg__base64_encode(struct cmg__buf *out, const void *data, size_t n)
{
    return encode(out, data, n, std_alphabet, true);
}

cmg_status cmg__base64url_encode(struct cmg__buf *out, const void *data, size_t n)
{
    return encode(out, data, n, url_alphabet, false);
}

cmg_status cmg__base64_decode(struct cmg__buf *out, const char *s, size_t n)
{
    if (n % 4 != 0)
        return CMG_E_PARSE;
    for (int pads = 0; pads < 2 && n > 0 && s[n - 1] == '='; pads++)
        n--;
    return decode(out, s, n, std_alphabet);
}

cmg_status cmg__base64url_decode(struct cmg__buf *out, const char *s, size_t n)
{
    return decode(out, s, n, url_alphabet);
}
