/* See html.h: a page of an authority may be damaged, localised or made up. */
#include "enrol/html.h"

#include <string.h>

#include "base/str.h"

struct page {
    const char *p;
    const char *end;
    char *out;
    size_t len;
    size_t size;
    bool blank; /* a blank is due before the next character */
};

static bool starts(const struct page *page, const char *word)
{
    const size_t n = strlen(word);

    return (size_t)(page->end - page->p) >= n && cmg__str_ieqn(page->p, word, n);
}

static void skip_past(struct page *page, const char *word)
{
    while (page->p < page->end && !starts(page, word))
        page->p++;
    if (page->p < page->end)
        page->p += strlen(word);
}

/* Appends a code point as UTF-8; what does not print becomes a blank. */
static void put(struct page *page, uint32_t c)
{
    char bytes[4];
    size_t n = 0;

    if (c <= ' ' || c == 0x7f || (c >= 0x80 && c <= 0xa0) || c > 0x10ffff ||
        (c >= 0xd800 && c <= 0xdfff)) {
        page->blank = true;
        return;
    }
    if (c < 0x80) {
        bytes[n++] = (char)c;
    } else if (c < 0x800) {
        bytes[n++] = (char)(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        bytes[n++] = (char)(0xe0 | c >> 12);
        bytes[n++] = (char)(0x80 | (c >> 6 & 0x3f));
    } else {
        bytes[n++] = (char)(0xf0 | c >> 18);
        bytes[n++] = (char)(0x80 | (c >> 12 & 0x3f));
        bytes[n++] = (char)(0x80 | (c >> 6 & 0x3f));
    }
    if (c >= 0x80)
        bytes[n++] = (char)(0x80 | (c & 0x3f));
    const bool blank = page->blank && page->len > 0;
    if (page->len + n + blank >= page->size) {
        page->p = page->end;
        return;
    }
    if (blank)
        page->out[page->len++] = ' ';
    page->blank = false;
    memcpy(page->out + page->len, bytes, n);
    page->len += n;
}

/* Elements whose content nobody reads, and comments. */
static void skip_tag(struct page *page)
{
    static const char *const unread[][2] = {
        { "<!--", "-->" },
        { "<script", "</script" },
        { "<style", "</style" },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(unread); i++) {
        if (starts(page, unread[i][0])) {
            page->p += strlen(unread[i][0]);
            skip_past(page, unread[i][1]);
            if (i == 0) {
                page->blank = true;
                return;
            }
        }
    }
    skip_past(page, ">");
    page->blank = true;
}

static bool take_number(struct page *page, const char *name, size_t n)
{
    uint64_t c = 0;
    const bool hex = n > 1 && cmg__lower(name[1]) == 'x';

    if (n < 2 || name[0] != '#' ||
        !(hex ? cmg__parse_hex(name + 2, n - 2, &c)
              : cmg__parse_u64(name + 1, n - 1, &c)))
        return false;
    put(page, c > 0x10ffff ? ' ' : (uint32_t)c);
    return true;
}

static bool take_name(struct page *page, const char *name, size_t n)
{
    static const struct {
        const char *name;
        uint32_t c;
    } names[] = {
        { "amp", '&' },     { "lt", '<' },      { "gt", '>' },      { "quot", '"' },
        { "apos", '\'' },   { "nbsp", ' ' },    { "auml", 0xe4 },   { "ouml", 0xf6 },
        { "uuml", 0xfc },   { "szlig", 0xdf },  { "eacute", 0xe9 }, { "egrave", 0xe8 },
        { "agrave", 0xe0 }, { "ntilde", 0xf1 }, { "oacute", 0xf3 },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(names); i++) {
        if (strlen(names[i].name) == n && memcmp(name, names[i].name, n) == 0) {
            put(page, names[i].c);
            return true;
        }
    }
    return false;
}

/* An ampersand that begins no reference stands for itself. */
static void take_reference(struct page *page)
{
    const char *name = page->p + 1;
    size_t n = 0;

    while (n < 10 && name + n < page->end && (cmg__is_alnum(name[n]) || name[n] == '#'))
        n++;
    const char *after = name + n;
    if (n == 0 || after == page->end || *after != ';' ||
        !(take_number(page, name, n) || take_name(page, name, n))) {
        page->p++;
        put(page, '&');
    } else if (page->p != page->end) {
        page->p = after + 1;
    }
}

/* How many bytes of UTF-8 stand here; 0 when they do not. */
static size_t utf8_length(const struct page *page)
{
    const unsigned char first = (unsigned char)*page->p;
    const size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;

    return (size_t)(page->end - page->p) >= n && cmg__utf8_is_valid(page->p, n) ? n : 0;
}

static void take_character(struct page *page)
{
    const unsigned char first = (unsigned char)*page->p;
    const size_t n = first < 0x80 ? 1 : utf8_length(page);
    uint32_t c = first;

    if (n > 1)
        c &= 0xffU >> (n + 1);
    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((unsigned char)page->p[i] & 0x3fU);
    page->p += n == 0 ? 1 : n;
    put(page, c);
}

void cmg__html_text(const char *html, size_t n, char *out, size_t size)
{
    struct page page = { .p = html, .end = html + n, .out = out, .size = size };

    while (page.p < page.end) {
        if (*page.p == '<')
            skip_tag(&page);
        else if (*page.p == '&')
            take_reference(&page);
        else
            take_character(&page);
    }
    out[page.len] = '\0';
}
