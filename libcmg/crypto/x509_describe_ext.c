/*
 * Extensions as text. A table says how each is shown; what has no row, or is not formed
 * as its row expects, is shown as bytes, so that nothing is left out.
 */
#include "crypto/x509_describe.h"

#include "base/str.h"
#include "crypto/x509_data.h"
#include "crypto/x509_list.h"

#define TEXT_MAX (4 * CMG__X509_DER_MAX)

/* Content of value when the whole of it is one SEQUENCE. */
static bool sequence_of(struct cmg__span value, struct cmg__span *content)
{
    return cmg__der_take(&value, CMG__DER_SEQUENCE, content) && value.n == 0;
}

/* One line of what text holds; rc is what filling it came to. */
static void give_line(struct cmg__describe *d, const char *label, struct cmg__buf *text,
                      cmg_status rc)
{
    if (rc != CMG_OK && d->rc == CMG_OK)
        d->rc = rc;
    cmg__describe_text(d, label, text->data, text->len);
    cmg__buf_done(text);
}

static void describe_name(struct cmg__describe *d, const char *label,
                          const struct cmg__gn *name)
{
    struct cmg__buf text;

    cmg__buf_init(&text, d->out->alloc, TEXT_MAX);
    give_line(d, label, &text, cmg__gn_text(name, &text));
}

bool cmg__names_describe(struct cmg__span names, struct cmg__describe *d)
{
    struct cmg__gn name;

    while (cmg__gn_next(&names, &name))
        describe_name(d, cmg__gn_label(name.kind), &name);
    return names.n == 0;
}

static void describe_oid(struct cmg__describe *d, const char *label, struct cmg__span oid)
{
    char dotted[CMG__OID_TEXT_SIZE];
    const char *name = cmg__oid_name(cmg__oid_find(oid.p, oid.n));

    cmg__oid_format(oid.p, oid.n, dotted);
    if (name[0] != '\0')
        cmg__describe_line(d, label, "%s (%s)", name, dotted);
    else
        cmg__describe_line(d, label, "%s", dotted);
}

static bool show_names(struct cmg__describe *d, struct cmg__span value)
{
    struct cmg__span names;

    return sequence_of(value, &names) && cmg__names_describe(names, d);
}

static bool show_key_usage(struct cmg__describe *d, struct cmg__span value)
{
    struct cmg__buf text;
    unsigned bits;

    if (!cmg__key_usage_read(value, &bits))
        return false;
    cmg__buf_init(&text, d->out->alloc, TEXT_MAX);
    give_line(d, "usage", &text, cmg__key_usage_text(bits, &text));
    return true;
}

static bool show_purposes(struct cmg__describe *d, struct cmg__span value)
{
    struct cmg__span in;
    struct cmg__span oid;

    if (!sequence_of(value, &in))
        return false;
    while (cmg__oid_next(&in, &oid))
        describe_oid(d, "purpose", oid);
    return in.n == 0;
}

static bool show_basic_constraints(struct cmg__describe *d, struct cmg__span value)
{
    bool is_ca;
    int path_length;

    if (!cmg__basic_constraints_read(value, &is_ca, &path_length))
        return false;
    cmg__describe_line(d, "authority", "%s", is_ca ? "yes" : "no");
    if (path_length >= 0)
        cmg__describe_line(d, "path length", "%d", path_length);
    return true;
}

static bool show_octets(struct cmg__describe *d, struct cmg__span value)
{
    struct cmg__span bytes;

    if (!cmg__der_take(&value, CMG__DER_OCTET_STRING, &bytes) || value.n != 0)
        return false;
    cmg__describe_hex(d, "identifier", bytes);
    return true;
}

static bool show_authority_id(struct cmg__describe *d, struct cmg__span value)
{
    struct cmg__authority_id id;

    if (!cmg__authority_id_read(value, &id))
        return false;
    if (id.key_id.n > 0)
        cmg__describe_hex(d, "identifier", id.key_id);
    if (id.serial.n > 0)
        cmg__describe_hex(d, "serial number", id.serial);
    return cmg__names_describe(id.issuer, d);
}

static bool show_points(struct cmg__describe *d, struct cmg__span value)
{
    struct cmg__span points;
    struct cmg__crl_point point;

    if (!sequence_of(value, &points))
        return false;
    while (cmg__crl_point_next(&points, &point)) {
        if (!cmg__names_describe(point.names, d))
            return false;
        if (point.relative.n > 0)
            cmg__describe_hex(d, "relative name", point.relative);
        if (point.reasons.n > 0)
            cmg__describe_hex(d, "reasons only", point.reasons);
        if (point.issuer.n > 0) {
            cmg__describe_title(d, "list issuer");
            (void)cmg__names_describe(point.issuer, d);
            cmg__describe_end(d);
        }
    }
    return points.n == 0;
}

static bool show_accesses(struct cmg__describe *d, struct cmg__span value)
{
    struct cmg__span in;
    struct cmg__access access;
    char label[CMG__OID_TEXT_SIZE];

    if (!sequence_of(value, &in))
        return false;
    while (cmg__access_next(&in, &access)) {
        cmg__oid_text(access.oid, label);
        describe_name(d, label, &access.location);
    }
    return in.n == 0;
}

static bool show_policies(struct cmg__describe *d, struct cmg__span value)
{
    struct cmg__span in;
    struct cmg__span oid;
    struct cmg__span cps;

    if (!sequence_of(value, &in))
        return false;
    while (cmg__policy_next(&in, &oid, &cps)) {
        describe_oid(d, "policy", oid);
        if (cps.n > 0)
            cmg__describe_text(d, "statement", cps.p, cps.n);
    }
    return in.n == 0;
}

static bool describe_subtrees(struct cmg__describe *d, const char *title,
                              struct cmg__span subtrees)
{
    struct cmg__gn base;

    if (subtrees.n == 0)
        return true;
    cmg__describe_title(d, "%s", title);
    while (cmg__subtree_next(&subtrees, &base))
        describe_name(d, cmg__gn_label(base.kind), &base);
    cmg__describe_end(d);
    return subtrees.n == 0;
}

static bool show_subtrees(struct cmg__describe *d, struct cmg__span value)
{
    struct cmg__span permitted;
    struct cmg__span excluded;

    return cmg__subtrees_read(value, &permitted, &excluded) &&
           describe_subtrees(d, "permitted", permitted) &&
           describe_subtrees(d, "excluded", excluded);
}

/* version 2's OID and numbers, or version 1's name */
static bool show_template(struct cmg__describe *d, struct cmg__span value)
{
    struct cmg__ms_template t;
    struct cmg__buf text;

    if (!cmg__ms_template_read(value, &t))
        return false;
    cmg__buf_init(&text, d->out->alloc, TEXT_MAX);
    give_line(d, "template", &text, cmg__ms_template_text(&t, &text));
    return true;
}

static bool show_text(struct cmg__describe *d, struct cmg__span value)
{
    struct cmg__der_item item;
    struct cmg__buf text;
    cmg_status rc = CMG_OK;

    if (!cmg__der_next(&value, &item) || value.n != 0)
        return false;
    cmg__buf_init(&text, d->out->alloc, TEXT_MAX);
    if (!cmg__der_text(&item, &text, &rc) && rc == CMG_OK) {
        cmg__buf_done(&text);
        return false;
    }
    give_line(d, "text", &text, rc);
    return true;
}

/* TLS feature 5 is status_request, "must staple". */
static bool show_features(struct cmg__describe *d, struct cmg__span value)
{
    struct cmg__span in;
    uint32_t number;

    if (!sequence_of(value, &in))
        return false;
    while (in.n > 0 && cmg__der_take_uint(&in, UINT16_MAX, &number))
        cmg__describe_line(d, "TLS extension", "%u%s", number,
                           number == 5 ? " (status_request)" : "");
    return in.n == 0;
}

/* Microsoft counts certificates in the low half, keys in the high one. */
static bool show_ca_version(struct cmg__describe *d, struct cmg__span value)
{
    uint32_t number;

    if (!cmg__der_take_uint(&value, UINT32_MAX, &number) || value.n != 0)
        return false;
    cmg__describe_line(d, "version", "V%u.%u", number & 0xffffU, number >> 16);
    return true;
}

/* The account's security identifier, an otherName around text in an OCTET STRING. */
static bool show_account(struct cmg__describe *d, struct cmg__span value)
{
    struct cmg__span names;
    struct cmg__gn name;
    struct cmg__span sid;

    if (!sequence_of(value, &names))
        return false;
    while (cmg__gn_next(&names, &name)) {
        if (cmg__der_take(&name.value, CMG__DER_OCTET_STRING, &sid))
            cmg__describe_text(d, "account", sid.p, sid.n);
        else
            describe_name(d, cmg__gn_label(name.kind), &name);
    }
    return names.n == 0;
}

static bool show_null(struct cmg__describe *d, struct cmg__span value)
{
    (void)d;
    return cmg__der_take(&value, CMG__DER_NULL, NULL) && value.n == 0;
}

static const struct form {
    enum cmg__oid id;
    bool (*show)(struct cmg__describe *d, struct cmg__span value);
} forms[] = {
    { CMG__OID_BASIC_CONSTRAINTS, show_basic_constraints },
    { CMG__OID_KEY_USAGE, show_key_usage },
    { CMG__OID_EKU, show_purposes },
    { CMG__OID_SAN, show_names },
    { CMG__OID_IAN, show_names },
    { CMG__OID_SKI, show_octets },
    { CMG__OID_AKI, show_authority_id },
    { CMG__OID_CDP, show_points },
    { CMG__OID_FRESHEST_CRL, show_points },
    { CMG__OID_AIA, show_accesses },
    { CMG__OID_SUBJECT_ACCESS, show_accesses },
    { CMG__OID_POLICIES, show_policies },
    { CMG__OID_MS_APPLICATION_POLICIES, show_policies },
    { CMG__OID_NAME_CONSTRAINTS, show_subtrees },
    { CMG__OID_MS_TEMPLATE_NAME, show_text },
    { CMG__OID_MS_TEMPLATE, show_template },
    { CMG__OID_MS_CA_VERSION, show_ca_version },
    { CMG__OID_MS_PREVIOUS_CA_HASH, show_octets },
    { CMG__OID_MS_NTDS_SECURITY, show_account },
    { CMG__OID_TLS_FEATURE, show_features },
    { CMG__OID_OCSP_NO_CHECK, show_null },
    { CMG__OID_PRECERT_POISON, show_null },
    { CMG__OID_NETSCAPE_COMMENT, show_text },
};

static bool show(struct cmg__describe *d, const struct cmg__ext *ext)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(forms); i++) {
        if (forms[i].id == ext->id)
            return forms[i].show(d, ext->value);
    }
    return false;
}

static void describe_one(struct cmg__describe *d, const struct cmg__ext *ext)
{
    char name[CMG__OID_TEXT_SIZE];

    cmg__oid_text(ext->oid, name);
    cmg__describe_title(d, "%s%s", name, ext->critical ? " (critical)" : "");
    if (!show(d, ext)) {
        cmg__describe_line(d, "size", "%zu bytes", ext->value.n);
        cmg__describe_hex(d, "content", ext->value);
    }
    cmg__describe_end(d);
}

void cmg__extensions_describe(struct cmg__span list, struct cmg__describe *d)
{
    struct cmg__ext ext;

    if (list.n == 0)
        return;
    cmg__describe_title(d, "Extensions");
    while (cmg__ext_next(&list, &ext))
        describe_one(d, &ext);
    if (list.n > 0)
        cmg__describe_hex(d, "malformed", list);
    cmg__describe_end(d);
}
