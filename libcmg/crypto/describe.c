/* Labelled lines of text; see describe.h. */
#include "crypto/describe.h"

#include <stdarg.h>
#include <string.h>

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

/* U+200B to 200F, 2028 to 202E, 2060 to 206F: no width, new lines, direction marks. */
static bool turns_or_hides(unsigned second, unsigned third)
{
    if (second == 0x80)
        return (third >= 0x8b && third <= 0x8f) || (third >= 0xa8 && third <= 0xae);
    return second == 0x81 && third >= 0xa0 && third <= 0xaf;
}

/* Length of the well-formed UTF-8 character at p that may be shown as it is; 0: none. */
static size_t printable(const char *p, size_t n)
{
    const unsigned char first = (unsigned char)*p;
    const size_t want = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (first < 0x20 || first == 0x7f || want > n || !cmg__utf8_is_valid(p, want))
        return 0;
    /* C1 controls */
    if (want == 2 && first == 0xc2 && (unsigned char)p[1] < 0xa0)
        return 0;
    if (want == 3 && first == 0xe2 &&
        turns_or_hides((unsigned char)p[1], (unsigned char)p[2]))
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
