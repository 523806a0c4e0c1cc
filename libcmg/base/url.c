/* URLs, percent-encoding and forms. */
#include <string.h>

#include "base/http.h"
#include "base/str.h"

static bool split_port(struct cmg__url *url)
{
    const char *end = url->host + url->host_len;
    const char *colon = memrchr(url->host, ':', url->host_len);
    const char *bracket = memrchr(url->host, ']', url->host_len);
    uint64_t port = url->https ? 443 : 80;

    if (colon != NULL && (bracket == NULL || colon > bracket)) {
        if (!cmg__parse_u64(colon + 1, (size_t)(end - colon - 1), &port) || port == 0 ||
            port > 65535)
            return false;
        url->host_len = (size_t)(colon - url->host);
    }
    url->port = (uint16_t)port;
    return url->host_len > 0;
}

bool cmg__url_parse(const char *text, struct cmg__url *out)
{
    static const struct {
        const char *scheme;
        bool https;
    } schemes[] = { { "https://", true }, { "http://", false } };

    for (size_t i = 0; i < CMG__ARRAY_LEN(schemes); i++) {
        if (!cmg__str_istarts(text, schemes[i].scheme))
            continue;
        const char *host = text + strlen(schemes[i].scheme);
        size_t n = strcspn(host, "/?#");

        if (memchr(host, '@', n) != NULL)
            return false;
        *out = (struct cmg__url){ .https = schemes[i].https,
                                  .host = host,
                                  .host_len = n,
                                  .target = host + n,
                                  .target_len = strcspn(host + n, "#") };
        return split_port(out);
    }
    return false;
}

bool cmg__url_same_host(const char *a, const char *b)
{
    struct cmg__url x;
    struct cmg__url y;

    return cmg__url_parse(a, &x) && cmg__url_parse(b, &y) && x.https == y.https &&
           x.port == y.port && x.host_len == y.host_len &&
           cmg__str_ieqn(x.host, y.host, x.host_len);
}

cmg_status cmg__url_encode(struct cmg__buf *out, const char *s, size_t n)
{
    static const char digits[] = "0123456789ABCDEF";
    cmg_status rc = CMG_OK;

    for (size_t i = 0; i < n && rc == CMG_OK; i++) {
        unsigned char c = (unsigned char)s[i];

        if (cmg__is_alnum(s[i]) || (c != '\0' && strchr("-._~", c) != NULL)) {
            rc = cmg__buf_add_char(out, s[i]);
        } else {
            const char escape[] = { '%', digits[c >> 4], digits[c & 15] };

            rc = cmg__buf_add(out, escape, sizeof escape);
        }
    }
    return rc;
}

bool cmg__url_decode(struct cmg__buf *out, const char *s, size_t n, bool form)
{
    for (size_t i = 0; i < n; i++) {
        char c = form && s[i] == '+' ? ' ' : s[i];
        uint8_t byte = 0;

        if (c == '%') {
            if (n - i < 3 || !cmg__hex_parse(s + i + 1, 1, &byte) || byte == 0)
                return false;
            c = (char)byte;
            i += 2;
        }
        if (cmg__buf_add_char(out, c) != CMG_OK)
            return false;
    }
    return true;
}

int cmg__form_get(const char *form, size_t n, const char *name, struct cmg__buf *out)
{
    size_t name_len = strlen(name);

    while (n > 0) {
        const char *amp = memchr(form, '&', n);
        size_t pair = amp == NULL ? n : (size_t)(amp - form);

        if (pair >= name_len && memcmp(form, name, name_len) == 0 &&
            (pair == name_len || form[name_len] == '=')) {
            size_t skip = pair == name_len ? name_len : name_len + 1;

            return cmg__url_decode(out, form + skip, pair - skip, true) ? 1 : -1;
        }
        size_t step = amp == NULL ? n : pair + 1;

        form += step;
        n -= step;
    }
    return 0;
}

cmg_status cmg__form_add(struct cmg__buf *out, const char *name, const char *value)
{
    cmg_status rc = out->len > 0 ? cmg__buf_add_char(out, '&') : CMG_OK;

    if (rc == CMG_OK)
        rc = cmg__url_encode(out, name, strlen(name));
    if (rc == CMG_OK)
        rc = cmg__buf_add_char(out, '=');
    if (rc == CMG_OK)
        rc = cmg__url_encode(out, value, strlen(value));
    return rc;
}
