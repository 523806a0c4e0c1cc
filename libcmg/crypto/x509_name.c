/*
 * Distinguished names. Text is written from the last relative name to the first, escaped
 * so that it stays one line and unambiguous whatever the certificate says. Comparison
 * ignores ASCII case between the single-byte string types; other encodings compare as
 * bytes.
 */
#include "crypto/x509_name.h"

#include "base/str.h"

#define MAX_PARTS 64

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

static bool is_plain_text(unsigned tag)
{
    return tag == CMG__DER_UTF8_STRING || tag == CMG__DER_PRINTABLE_STRING ||
           tag == CMG__DER_IA5_STRING || tag == CMG__DER_NUMERIC_STRING;
}

static enum cmg__name_match compare_values(const struct cmg__der_item *a,
                                           const struct cmg__der_item *b)
{
    const struct cmg__span x = a->content;
    const struct cmg__span y = b->content;

    if (is_plain_text(a->tag) && is_plain_text(b->tag))
        return x.n == y.n && cmg__str_ieqn((const char *)x.p, (const char *)y.p, x.n)
                   ? CMG__NAME_YES
                   : CMG__NAME_NO;
    if (a->tag != b->tag)
        return CMG__NAME_UNSURE;
    return cmg__span_eq(x, y) ? CMG__NAME_YES : CMG__NAME_NO;
}

/* Parts of several attributes are SETs, sorted in DER: compared in order. */
static enum cmg__name_match compare_parts(struct cmg__span a, struct cmg__span b)
{
    enum cmg__name_match all = CMG__NAME_YES;

    while (a.n > 0 && b.n > 0) {
        struct cmg__span types[2];
        struct cmg__der_item values[2];

        if (!take_attribute(&a, &types[0], &values[0]) ||
            !take_attribute(&b, &types[1], &values[1]))
            return CMG__NAME_UNSURE;
        if (!cmg__span_eq(types[0], types[1]))
            return CMG__NAME_NO;
        const enum cmg__name_match one = compare_values(&values[0], &values[1]);
        if (one == CMG__NAME_NO)
            return one;
        if (one == CMG__NAME_UNSURE)
            all = one;
    }
    return a.n == 0 && b.n == 0 ? all : CMG__NAME_NO;
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
