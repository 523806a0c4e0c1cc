/*
 * Distinguished names. Text is written from the last relative name to the first, escaped
 * so that it stays one line and unambiguous whatever the certificate says. Comparison
 * ignores ASCII case, folds blanks and looks through the types of strings; what may be
 * equal beyond that is said to be unsure.
 */
#include "crypto/x509_name.h"

#include "base/str.h"

#define MAX_PARTS      64
#define MAX_ATTRIBUTES 16

struct part {
    struct cmg__span set; /* content of the RelativeDistinguishedName */
};

static bool split(struct cmg__span name, struct part parts[MAX_PARTS], size_t *count)
{
    *count = 0;
    while (name.n > 0) {
        if (*count == MAX_PARTS ||
            !cmg__der_take(&name, CMG__DER_SET, &parts[*count].set) ||
            parts[*count].set.n == 0)
            return false;
        (*count)++;
    }
    return true;
}

/* One AttributeTypeAndValue from the front of a set. */
static bool take_attribute(struct cmg__span *set, struct cmg__span *type,
                           struct cmg__der_item *value)
{
    struct cmg__span body;

    return cmg__der_take(set, CMG__DER_SEQUENCE, &body) &&
           cmg__der_take(&body, CMG__DER_OID, type) && type->n > 0 &&
           cmg__der_next(&body, value) && body.n == 0;
}

/* RFC 4514 escapes; everything that is not printable becomes \XX. */
static cmg_status add_escaped(struct cmg__buf *out, const struct cmg__buf *text,
                              const char *special)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; i < text->len && rc == CMG_OK; i++) {
        const char c = text->data[i];
        bool escape = false;

        if ((unsigned char)c < 0x20 || c == 0x7f) {
            rc = cmg__buf_addf(out, "\\%02X", (unsigned char)c);
            continue;
        }
        for (const char *s = special; *s != '\0'; s++)
            escape = escape || *s == c;
        if (escape)
            rc = cmg__buf_add_char(out, '\\');
        if (rc == CMG_OK)
            rc = cmg__buf_add_char(out, c);
    }
    return rc;
}

static cmg_status add_value(struct cmg__buf *out, const struct cmg__der_item *value,
                            const char *special)
{
    struct cmg__buf text;
    cmg_status rc = CMG_OK;

    cmg__buf_init(&text, out->alloc, 2 * value->content.n + 8);
    if (cmg__der_text(value, &text, &rc)) {
        rc = add_escaped(out, &text, special);
    } else if (rc == CMG_OK) {
        rc = cmg__buf_add_char(out, '#');
        for (size_t i = 0; i < value->whole.n && rc == CMG_OK; i++)
            rc = cmg__buf_addf(out, "%02X", value->whole.p[i]);
    }
    cmg__buf_done(&text);
    return rc;
}

static cmg_status add_type(struct cmg__buf *out, struct cmg__span type)
{
    char dotted[CMG__OID_TEXT_SIZE];
    const enum cmg__oid oid = cmg__oid_find(type.p, type.n);

    if (oid != CMG__OID_UNKNOWN)
        return cmg__buf_add_str(out, cmg__oid_name(oid));
    cmg__oid_format(type.p, type.n, dotted);
    return cmg__buf_add_str(out, dotted);
}

static cmg_status add_part(struct cmg__buf *out, struct cmg__span set)
{
    const char *separator = "";
    cmg_status rc = CMG_OK;

    while (set.n > 0 && rc == CMG_OK) {
        struct cmg__span type;
        struct cmg__der_item value;

        if (!take_attribute(&set, &type, &value))
            return CMG_E_PARSE;
        rc = cmg__buf_add_str(out, separator);
        if (rc == CMG_OK)
            rc = add_type(out, type);
        if (rc == CMG_OK)
            rc = cmg__buf_add_char(out, '=');
        if (rc == CMG_OK)
            rc = add_value(out, &value, ",+\"\\<>;");
        separator = "+";
    }
    return rc;
}

cmg_status cmg__x509_name_text(struct cmg__span name, struct cmg__buf *out)
{
    struct part parts[MAX_PARTS];
    size_t count;
    cmg_status rc = CMG_OK;

    if (!split(name, parts, &count))
        return CMG_E_PARSE;
    for (size_t i = count; i > 0 && rc == CMG_OK; i--) {
        rc = add_part(out, parts[i - 1].set);
        if (rc == CMG_OK && i > 1)
            rc = cmg__buf_add_str(out, ", ");
    }
    return rc;
}

cmg_status cmg__x509_name_common(struct cmg__span name, struct cmg__buf *out)
{
    struct part parts[MAX_PARTS];
    size_t count;

    if (!split(name, parts, &count))
        return CMG_E_PARSE;
    for (size_t i = count; i > 0; i--) {
        while (parts[i - 1].set.n > 0) {
            struct cmg__span type;
            struct cmg__der_item value;

            if (!take_attribute(&parts[i - 1].set, &type, &value))
                return CMG_E_PARSE;
            if (cmg__oid_find(type.p, type.n) == CMG__OID_CN)
                return add_value(out, &value, "");
        }
    }
    return CMG_OK;
}

/* A string value, read character by character as RFC 5280, section 7.1, compares them:
   ASCII without case, blanks at both ends dropped and inner ones folded into one. */
struct reader {
    unsigned tag;
    struct cmg__span rest;
    bool begun; /* something other than blanks was given out */
    bool wide;  /* something other than ASCII was seen */
    bool broken;
};

/* Bytes of one character, 0 for a type that is no text. */
static size_t width_of(unsigned tag)
{
    switch (tag) {
    case CMG__DER_UTF8_STRING:
    case CMG__DER_PRINTABLE_STRING:
    case CMG__DER_IA5_STRING:
    case CMG__DER_NUMERIC_STRING:
    case CMG__DER_VISIBLE_STRING:
    case CMG__DER_T61_STRING:
        return 1;
    case CMG__DER_BMP_STRING:
        return 2;
    default:
        return 0;
    }
}

/* The rest of a UTF-8 character; well formed, the caller has seen to it. */
static unsigned take_utf8(struct reader *r, unsigned first)
{
    const size_t more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    unsigned c = first & (0x3fU >> more);

    for (size_t i = 0; i < more; i++)
        c = c << 6 | (r->rest.p[i] & 0x3fU);
    r->rest = cmg__span_of(r->rest.p + more, r->rest.n - more);
    return c;
}

/* One character as it stands; 0 at the end. */
static unsigned take_char(struct reader *r)
{
    const size_t width = width_of(r->tag);

    if (r->rest.n < width) {
        r->broken = r->broken || r->rest.n > 0;
        return 0;
    }
    unsigned c = r->rest.p[0];
    if (width == 2)
        c = c << 8 | r->rest.p[1];
    r->rest = cmg__span_of(r->rest.p + width, r->rest.n - width);
    if (r->tag == CMG__DER_UTF8_STRING && c >= 0xc0)
        c = take_utf8(r, c);
    r->wide = r->wide || c >= 0x80;
    r->broken = r->broken || c == 0;
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool is_blank(unsigned c)
{
    return c == ' ' || (c >= 0x09 && c <= 0x0d);
}

static unsigned take_folded(struct reader *r)
{
    struct reader after = *r;
    unsigned c = take_char(&after);

    if (!is_blank(c)) {
        *r = after;
        r->begun = true;
        return c;
    }
    struct reader last;
    do {
        last = after;
        c = take_char(&after);
    } while (is_blank(c));
    if (c == 0 || !r->begun) {
        *r = after;
        r->begun = true;
        return c;
    }
    *r = last;
    return ' ';
}

static struct reader reader_of(const struct cmg__der_item *value)
{
    return (struct reader){
        .tag = value->tag,
        .rest = value->content,
        .broken = value->tag == CMG__DER_UTF8_STRING &&
                  !cmg__utf8_is_valid((const char *)value->content.p, value->content.n),
    };
}

static enum cmg__name_match compare_values(const struct cmg__der_item *a,
                                           const struct cmg__der_item *b)
{
    struct reader x = reader_of(a);
    struct reader y = reader_of(b);
    unsigned c;
    bool same = true;

    if (a->tag == b->tag && cmg__span_eq(a->content, b->content))
        return CMG__NAME_YES;
    if (width_of(a->tag) == 0 || width_of(b->tag) == 0)
        return a->tag == b->tag ? CMG__NAME_NO : CMG__NAME_UNSURE;
    if (x.broken || y.broken)
        return CMG__NAME_UNSURE;
    do {
        c = take_folded(&x);
        same = c == take_folded(&y);
    } while (same && c != 0);
    if (same && !x.broken && !y.broken)
        return CMG__NAME_YES;
    /* What differs in letters beyond ASCII may differ in their case only. */
    while (take_folded(&x) != 0)
        continue;
    while (take_folded(&y) != 0)
        continue;
    return x.wide || y.wide || x.broken || y.broken ? CMG__NAME_UNSURE : CMG__NAME_NO;
}

static enum cmg__name_match find_in_part(struct cmg__span part, struct cmg__span type,
                                         const struct cmg__der_item *value)
{
    enum cmg__name_match best = CMG__NAME_NO;

    while (part.n > 0) {
        struct cmg__span other;
        struct cmg__der_item item;

        if (!take_attribute(&part, &other, &item))
            return CMG__NAME_UNSURE;
        if (!cmg__span_eq(type, other))
            continue;
        const enum cmg__name_match one = compare_values(value, &item);
        if (one == CMG__NAME_YES)
            return one;
        if (one == CMG__NAME_UNSURE)
            best = one;
    }
    return best;
}

static size_t count_attributes(struct cmg__span part)
{
    struct cmg__span type;
    struct cmg__der_item value;
    size_t count = 0;

    while (take_attribute(&part, &type, &value))
        count++;
    return count;
}

static enum cmg__name_match part_includes(struct cmg__span part, struct cmg__span other)
{
    enum cmg__name_match all = CMG__NAME_YES;

    while (other.n > 0) {
        struct cmg__span type;
        struct cmg__der_item value;

        if (!take_attribute(&other, &type, &value))
            return CMG__NAME_UNSURE;
        const enum cmg__name_match one = find_in_part(part, type, &value);
        if (one == CMG__NAME_NO)
            return one;
        if (one == CMG__NAME_UNSURE)
            all = one;
    }
    return all;
}

/* Parts of several attributes are SETs, whose order is that of the encodings: compared as
   sets. Ones that nobody makes so large are not worth the work. */
static enum cmg__name_match compare_parts(struct cmg__span a, struct cmg__span b)
{
    if (cmg__span_eq(a, b))
        return CMG__NAME_YES;
    const size_t count = count_attributes(a);
    if (count != count_attributes(b))
        return CMG__NAME_NO;
    if (count > MAX_ATTRIBUTES)
        return CMG__NAME_UNSURE;
    const enum cmg__name_match one = part_includes(a, b);
    if (one == CMG__NAME_NO || count == 1)
        return one;
    const enum cmg__name_match two = part_includes(b, a);
    return two == CMG__NAME_YES ? one : two;
}

enum cmg__name_match cmg__x509_name_has_prefix(struct cmg__span name,
                                               struct cmg__span prefix)
{
    enum cmg__name_match all = CMG__NAME_YES;

    while (prefix.n > 0) {
        struct cmg__span a;
        struct cmg__span b;

        if (!cmg__der_take(&prefix, CMG__DER_SET, &b))
            return CMG__NAME_UNSURE;
        if (name.n == 0)
            return CMG__NAME_NO;
        if (!cmg__der_take(&name, CMG__DER_SET, &a))
            return CMG__NAME_UNSURE;
        const enum cmg__name_match one = compare_parts(a, b);
        if (one == CMG__NAME_NO)
            return one;
        if (one == CMG__NAME_UNSURE)
            all = one;
    }
    return all;
}

bool cmg__x509_name_equal(struct cmg__span a, struct cmg__span b)
{
    return cmg__span_eq(a, b) || (cmg__x509_name_has_prefix(a, b) == CMG__NAME_YES &&
                                  cmg__x509_name_has_prefix(b, a) == CMG__NAME_YES);
}

bool cmg__x509_name_find(struct cmg__span *name, enum cmg__oid wanted,
                         struct cmg__span *value)
{
    while (name->n > 0) {
        struct cmg__span part;
        struct cmg__span set;

        if (!cmg__der_take(name, CMG__DER_SET, &part))
            return false;
        for (set = part; set.n > 0;) {
            struct cmg__span type;
            struct cmg__der_item item;

            if (!take_attribute(&set, &type, &item))
                return false;
            if (cmg__oid_find(type.p, type.n) != wanted)
                continue;
            *value = item.content;
            return true;
        }
    }
    return false;
}
