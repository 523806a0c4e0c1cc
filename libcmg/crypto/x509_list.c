/*
 * The walkers. Structure is read here, meaning is given elsewhere; every step is bounded
 * by the span it takes from, and what is optional and absent is an empty span.
 */
#include "crypto/x509_list.h"

#include "crypto/x509_data.h"

#define MAX_EXTENSIONS 64

bool cmg__ext_next(struct cmg__span *list, struct cmg__ext *out)
{
    struct cmg__span rest = *list;
    struct cmg__span body;
    bool critical = false;

    if (!cmg__der_take(&rest, CMG__DER_SEQUENCE, &body) ||
        !cmg__der_take(&body, CMG__DER_OID, &out->oid) || out->oid.n == 0)
        return false;
    if (cmg__der_peek(&body) == CMG__DER_BOOLEAN && !cmg__der_take_bool(&body, &critical))
        return false;
    if (!cmg__der_take(&body, CMG__DER_OCTET_STRING, &out->value) || body.n != 0)
        return false;
    out->id = cmg__oid_find(out->oid.p, out->oid.n);
    out->critical = critical;
    *list = rest;
    return true;
}

static bool is_repeated(struct cmg__span oid, const struct cmg__span *seen, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (cmg__span_eq(seen[i], oid))
            return true;
    }
    return false;
}

bool cmg__ext_are_distinct(struct cmg__span list)
{
    struct cmg__span seen[MAX_EXTENSIONS];
    size_t count = 0;

    while (list.n > 0) {
        struct cmg__ext ext;

        if (count == MAX_EXTENSIONS || !cmg__ext_next(&list, &ext) ||
            is_repeated(ext.oid, seen, count))
            return false;
        seen[count++] = ext.oid;
    }
    return true;
}

bool cmg__ext_find(struct cmg__span list, enum cmg__oid id, struct cmg__ext *out)
{
    while (cmg__ext_next(&list, out)) {
        if (out->id == id)
            return true;
    }
    return false;
}

/* The whole of value must be one SEQUENCE. */
static bool sequence_of(struct cmg__span value, struct cmg__span *content)
{
    return cmg__der_take(&value, CMG__DER_SEQUENCE, content) && value.n == 0;
}

bool cmg__ext_sequence(struct cmg__span list, enum cmg__oid id, struct cmg__span *content)
{
    struct cmg__ext ext;

    return cmg__ext_find(list, id, &ext) && sequence_of(ext.value, content);
}

/* otherName: an OID and, in [0], one value. */
static bool read_other(struct cmg__gn *out)
{
    struct cmg__span body = out->value;
    struct cmg__span wrapped;
    struct cmg__der_item item;

    if (!cmg__der_take(&body, CMG__DER_OID, &out->type) || out->type.n == 0 ||
        !cmg__der_take(&body, CMG__DER_CONTEXT_CONS + 0, &wrapped) || body.n != 0 ||
        !cmg__der_next(&wrapped, &item) || wrapped.n != 0)
        return false;
    out->value = item.whole;
    if (cmg__oid_find(out->type.p, out->type.n) == CMG__OID_UPN)
        out->kind = CMG__GN_KIND_UPN;
    return true;
}

/* directoryName is explicit: Name is a choice. */
static bool read_directory(struct cmg__gn *out)
{
    return sequence_of(out->value, &out->value);
}

static const struct name_form {
    unsigned tag;
    enum cmg__gn_kind kind;
    bool (*read)(struct cmg__gn *out);
} name_forms[] = {
    { CMG__DER_CONTEXT_CONS + 0, CMG__GN_KIND_OTHER, read_other },
    { CMG__DER_CONTEXT + 1, CMG__GN_KIND_EMAIL, NULL },
    { CMG__GN_DNS, CMG__GN_KIND_DNS, NULL },
    { CMG__DER_CONTEXT_CONS + 3, CMG__GN_KIND_X400, NULL },
    { CMG__GN_DIRECTORY, CMG__GN_KIND_DIRECTORY, read_directory },
    { CMG__DER_CONTEXT_CONS + 5, CMG__GN_KIND_EDI, NULL },
    { CMG__DER_CONTEXT + 6, CMG__GN_KIND_URI, NULL },
    { CMG__GN_IP, CMG__GN_KIND_IP, NULL },
    { CMG__DER_CONTEXT + 8, CMG__GN_KIND_REGISTERED_ID, NULL },
};

bool cmg__gn_next(struct cmg__span *names, struct cmg__gn *out)
{
    struct cmg__span rest = *names;
    struct cmg__der_item item;

    if (!cmg__der_next(&rest, &item))
        return false;
    for (size_t i = 0; i < CMG__ARRAY_LEN(name_forms); i++) {
        const struct name_form *form = &name_forms[i];

        if (form->tag != item.tag)
            continue;
        *out = (struct cmg__gn){ .kind = form->kind, .value = item.content };
        if (form->read != NULL && !form->read(out))
            return false;
        *names = rest;
        return true;
    }
    return false;
}

bool cmg__attribute_next(struct cmg__attribute_walk *walk, struct cmg__attribute *out)
{
    struct cmg__span body;

    if (walk->set.n == 0 && !cmg__der_take(&walk->name, CMG__DER_SET, &walk->set))
        return false;
    return cmg__der_take(&walk->set, CMG__DER_SEQUENCE, &body) &&
           cmg__oid_next(&body, &out->type) && cmg__der_next(&body, &out->value) &&
           body.n == 0;
}

bool cmg__oid_next(struct cmg__span *in, struct cmg__span *oid)
{
    struct cmg__span rest = *in;

    if (!cmg__der_take(&rest, CMG__DER_OID, oid) || oid->n == 0)
        return false;
    *in = rest;
    return true;
}

/* The first CPS address among the qualifiers. */
static bool find_cps(struct cmg__span qualifiers, struct cmg__span *cps)
{
    while (qualifiers.n > 0) {
        struct cmg__span body;
        enum cmg__oid id;

        if (!cmg__der_take(&qualifiers, CMG__DER_SEQUENCE, &body) ||
            !cmg__der_take_oid(&body, &id))
            return false;
        if (id == CMG__OID_QUALIFIER_CPS && cps->n == 0 &&
            !cmg__der_take(&body, CMG__DER_IA5_STRING, cps))
            return false;
    }
    return true;
}

bool cmg__policy_next(struct cmg__span *in, struct cmg__span *oid, struct cmg__span *cps)
{
    struct cmg__span rest = *in;
    struct cmg__span body;
    struct cmg__span qualifiers = { 0 };

    *cps = (struct cmg__span){ 0 };
    if (!cmg__der_take(&rest, CMG__DER_SEQUENCE, &body) || !cmg__oid_next(&body, oid))
        return false;
    cmg__der_take_if(&body, CMG__DER_SEQUENCE, &qualifiers);
    if (body.n != 0 || !find_cps(qualifiers, cps))
        return false;
    *in = rest;
    return true;
}

bool cmg__key_usage_read(struct cmg__span value, unsigned *bits)
{
    struct cmg__span bytes;

    /* Up to nine named bits; the count of unused ones in front. */
    if (!cmg__der_take(&value, CMG__DER_BIT_STRING, &bytes) || value.n != 0 ||
        bytes.n < 2 || bytes.n > 3 || bytes.p[0] > 7)
        return false;
    *bits = bytes.p[1];
    if (bytes.n == 3 && (bytes.p[2] & 0x80U) != 0)
        *bits |= CMG__KU_DECIPHER_ONLY;
    return true;
}

bool cmg__basic_constraints_read(struct cmg__span value, bool *is_ca, int *path_length)
{
    struct cmg__span body;
    uint32_t length;

    *is_ca = false;
    *path_length = -1;
    if (!sequence_of(value, &body))
        return false;
    if (cmg__der_peek(&body) == CMG__DER_BOOLEAN && !cmg__der_take_bool(&body, is_ca))
        return false;
    if (body.n == 0)
        return true;
    if (!cmg__der_take_uint(&body, INT32_MAX, &length))
        return false;
    *path_length = (int)length;
    return body.n == 0;
}

/* DistributionPointName, explicit in [0]: names in full or relative to the issuer's. */
static bool read_point_name(struct cmg__span wrapped, struct cmg__crl_point *out)
{
    if (!cmg__der_take_if(&wrapped, CMG__DER_CONTEXT_CONS + 0, &out->names))
        cmg__der_take_if(&wrapped, CMG__DER_CONTEXT_CONS + 1, &out->relative);
    return wrapped.n == 0;
}

bool cmg__crl_point_next(struct cmg__span *points, struct cmg__crl_point *out)
{
    struct cmg__span rest = *points;
    struct cmg__span body;
    struct cmg__span wrapped;

    *out = (struct cmg__crl_point){ 0 };
    if (!cmg__der_take(&rest, CMG__DER_SEQUENCE, &body))
        return false;
    if (cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 0, &wrapped) &&
        !read_point_name(wrapped, out))
        return false;
    cmg__der_take_if(&body, CMG__DER_CONTEXT + 1, &out->reasons);
    cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 2, &out->issuer);
    if (body.n != 0)
        return false;
    *points = rest;
    return true;
}

bool cmg__access_next(struct cmg__span *in, struct cmg__access *out)
{
    struct cmg__span rest = *in;
    struct cmg__span body;

    if (!cmg__der_take(&rest, CMG__DER_SEQUENCE, &body) ||
        !cmg__oid_next(&body, &out->oid) || !cmg__gn_next(&body, &out->location) ||
        body.n != 0)
        return false;
    out->method = cmg__oid_find(out->oid.p, out->oid.n);
    *in = rest;
    return true;
}

void cmg__url_walk_crls(struct cmg__url_walk *walk, struct cmg__span extensions,
                        enum cmg__oid id)
{
    *walk = (struct cmg__url_walk){ .method = CMG__OID_UNKNOWN };
    if (!cmg__ext_sequence(extensions, id, &walk->points))
        walk->points = (struct cmg__span){ 0 };
}

void cmg__url_walk_access(struct cmg__url_walk *walk, struct cmg__span extensions,
                          enum cmg__oid method)
{
    *walk = (struct cmg__url_walk){ .method = method };
    if (!cmg__ext_sequence(extensions, CMG__OID_AIA, &walk->accesses))
        walk->accesses = (struct cmg__span){ 0 };
}

/* The next name of any kind. */
static bool next_place(struct cmg__url_walk *walk, struct cmg__gn *name)
{
    struct cmg__crl_point point;
    struct cmg__access access;

    while (!cmg__gn_next(&walk->names, name)) {
        if (!cmg__crl_point_next(&walk->points, &point)) {
            do {
                if (!cmg__access_next(&walk->accesses, &access))
                    return false;
            } while (access.method != walk->method);
            *name = access.location;
            return true;
        }
        walk->names = point.names;
    }
    return true;
}

bool cmg__url_next(struct cmg__url_walk *walk, struct cmg__span *url)
{
    struct cmg__gn name;

    while (next_place(walk, &name)) {
        if (name.kind == CMG__GN_KIND_URI) {
            *url = name.value;
            return true;
        }
    }
    return false;
}

bool cmg__authority_id_read(struct cmg__span value, struct cmg__authority_id *out)
{
    struct cmg__span body;

    *out = (struct cmg__authority_id){ 0 };
    if (!sequence_of(value, &body))
        return false;
    cmg__der_take_if(&body, CMG__DER_CONTEXT + 0, &out->key_id);
    cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 1, &out->issuer);
    cmg__der_take_if(&body, CMG__DER_CONTEXT + 2, &out->serial);
    return body.n == 0;
}

bool cmg__subtrees_read(struct cmg__span value, struct cmg__span *permitted,
                        struct cmg__span *excluded)
{
    struct cmg__span body;

    *permitted = *excluded = (struct cmg__span){ 0 };
    if (!sequence_of(value, &body))
        return false;
    cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 0, permitted);
    cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 1, excluded);
    return body.n == 0;
}

bool cmg__subtree_next(struct cmg__span *subtrees, struct cmg__gn *base)
{
    struct cmg__span rest = *subtrees;
    struct cmg__span body;

    /* Distances follow; no authority uses them, and RFC 5280 forbids to. */
    if (!cmg__der_take(&rest, CMG__DER_SEQUENCE, &body) || !cmg__gn_next(&body, base))
        return false;
    *subtrees = rest;
    return true;
}

/* Version 2: an OID and up to two numbers. */
bool cmg__ms_template_read(struct cmg__span value, struct cmg__ms_template *out)
{
    struct cmg__span body;

    *out = (struct cmg__ms_template){ 0 };
    if (!sequence_of(value, &body) || !cmg__oid_next(&body, &out->oid))
        return false;
    if (body.n > 0 && !cmg__der_take_uint(&body, UINT32_MAX, &out->major))
        return false;
    if (body.n > 0 && !cmg__der_take_uint(&body, UINT32_MAX, &out->minor))
        return false;
    return body.n == 0;
}

bool cmg__ms_template_find(struct cmg__span extensions, struct cmg__ms_template *out)
{
    struct cmg__ext ext;

    *out = (struct cmg__ms_template){ 0 };
    if (cmg__ext_find(extensions, CMG__OID_MS_TEMPLATE, &ext))
        return cmg__ms_template_read(ext.value, out);
    return cmg__ext_find(extensions, CMG__OID_MS_TEMPLATE_NAME, &ext) &&
           cmg__der_next(&ext.value, &out->name) && ext.value.n == 0;
}
