/* Labelled lines of text; see describe.h. */
#include "crypto/describe.h"

#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

#define LABEL_COLUMNS 22
#define HEX_MAX       64

void cmg__describe_init(struct cmg__describe *d, struct cmg__buf *out)
{
    *d = (struct cmg__describe){ .out = out };
}

static void add(struct cmg__describe *d, const char *text, size_t n)
{
    if (d->rc == CMG_OK)
        d->rc = cmg__buf_add(d->out, text, n);
}

static void add_blanks(struct cmg__describe *d, size_t n)
{
    while (n-- > 0)
        add(d, " ", 1);
}

/* What has no width, ends a line or turns the direction: Unicode's "default ignorable"
   code points, the line separators, C1 controls and annotations. */
static bool turns_or_hides(unsigned code)
{
    static const struct {
        unsigned first;
        unsigned last;
    } ranges[] = {
        { 0x80, 0x9f },       { 0xad, 0xad },       { 0x34f, 0x34f },
        { 0x61c, 0x61c },     { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },
        { 0x180b, 0x180f },   { 0x200b, 0x200f },   { 0x2028, 0x202e },
        { 0x2060, 0x206f },   { 0x3164, 0x3164 },   { 0xfe00, 0xfe0f },
        { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },
        { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(ranges); i++) {
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    }
    return false;
}

/* The code point of the n bytes of one well-formed character. */
static unsigned code_of(const char *p, size_t n)
{
    static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    unsigned code = (unsigned char)*p & masks[n];

    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)p[i] & 0x3fU);
    return code;
}

/* Length of the well-formed UTF-8 character at p that may be shown as it is; 0: none. */
static size_t printable(const char *p, size_t n)
{
    const unsigned char first = (unsigned char)*p;
    const size_t want = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (first < 0x20 || first == 0x7f || want > n || !cmg__utf8_is_valid(p, want) ||
        turns_or_hides(code_of(p, want)))
        return 0;
    return want;
}

static void add_escaped(struct cmg__describe *d, const char *text, size_t n)
{
    while (n > 0) {
        const size_t whole = printable(text, n);
        char escape[5] = "\\x";

        if (whole > 0) {
            add(d, text, whole);
        } else {
            cmg__hex_format(text, 1, escape + 2);
            add(d, escape, 4);
        }
        text += whole > 0 ? whole : 1;
        n -= whole > 0 ? whole : 1;
    }
}

cmg_status cmg__describe_escape(struct cmg__buf *out, const void *text, size_t n)
{
    struct cmg__describe d = { .out = out };

    add_escaped(&d, text, n);
    return d.rc;
}

static void add_label(struct cmg__describe *d, const char *label)
{
    const size_t n = strlen(label);

    add_blanks(d, (size_t)d->indent * 2);
    add(d, label, n);
    add_blanks(d, n < LABEL_COLUMNS ? LABEL_COLUMNS - n : 1);
}

static void add_formatted(struct cmg__describe *d, const char *fmt, va_list args)
    CMG__PRINTF(2, 0);

static void add_formatted(struct cmg__describe *d, const char *fmt, va_list args)
{
    char *text = d->rc == CMG_OK ? cmg__vformat(d->out->alloc, fmt, args) : NULL;

    if (text != NULL)
        add_escaped(d, text, strlen(text));
    else if (d->rc == CMG_OK)
        d->rc = CMG_E_NOMEM;
    cmg__free(d->out->alloc, text);
    add(d, "\n", 1);
}

void cmg__describe_title(struct cmg__describe *d, const char *fmt, ...)
{
    va_list args;

    add_blanks(d, (size_t)d->indent * 2);
    va_start(args, fmt);
    add_formatted(d, fmt, args);
    va_end(args);
    d->indent++;
}

void cmg__describe_end(struct cmg__describe *d)
{
    if (d->indent > 0)
        d->indent--;
}

void cmg__describe_line(struct cmg__describe *d, const char *label, const char *fmt, ...)
{
    va_list args;

    add_label(d, label);
    va_start(args, fmt);
    add_formatted(d, fmt, args);
    va_end(args);
}

void cmg__describe_text(struct cmg__describe *d, const char *label, const void *text,
                        size_t n)
{
    add_label(d, label);
    add_escaped(d, text, n);
    add(d, "\n", 1);
}

void cmg__describe_hex(struct cmg__describe *d, const char *label, struct cmg__span bytes)
{
    add_label(d, label);
    for (size_t i = 0; i < bytes.n && i < HEX_MAX; i++) {
        char pair[4] = ":";

        cmg__hex_format(bytes.p + i, 1, pair + 1);
        add(d, i == 0 ? pair + 1 : pair, i == 0 ? 2 : 3);
    }
    if (bytes.n > HEX_MAX && d->rc == CMG_OK)
        d->rc = cmg__buf_addf(d->out, "... (%zu bytes)", bytes.n);
    add(d, "\n", 1);
}

void cmg__describe_time(struct cmg__describe *d, const char *label, int64_t unix_s)
{
    char text[CMG__TIME_SIZE];

    cmg__time_format(unix_s, text);
    cmg__describe_line(d, label, "%s", text);
}

cmg_status cmg__describe_give(struct cmg__describe *d, cmg_bytes **out_text,
                              cmg_error **err)
{
    const struct cmg__alloc *alloc = d->out->alloc;
    cmg_status rc = d->rc;

    if (rc == CMG_OK)
        rc = cmg__bytes_new(alloc, d->out->data, d->out->len, out_text);
    cmg__buf_done(d->out);
    if (rc == CMG_E_LIMIT)
        return cmg__fail(err, alloc, CMG_E_LIMIT, "text", "describe it part by part",
                         "the description is longer than %zu bytes", d->out->max);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}
