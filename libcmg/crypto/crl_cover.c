/*
 * Whether a revocation list speaks of a certificate (RFC 5280, section 6.3.3 b): the
 * issuer, the kind of certificate, and the distribution point, whose names the list and
 * the certificate must share. A certificate without points, and every certificate
 * besides its points, has one that is named like its issuer.
 */
#include "crypto/crl_data.h"

#include <string.h>

#include "crypto/x509_name.h"

/* More names or points than this are not looked at: the list then does not cover. */
#define MAX_NAMES 64
#define RDN_MAX   1024

/* A distribution point's name: full ones, or one below that of an issuer. */
struct point_name {
    struct cmg__span full;     /* content of GeneralNames */
    struct cmg__span relative; /* content of a RelativeDistinguishedName */
    struct cmg__span base;     /* the name above relative */
};

struct point {
    struct point_name name;
    unsigned reasons;
    struct cmg__span issuer_names; /* cRLIssuer, content of GeneralNames; n == 0: none */
};

/* ---- names ---- */

static bool directory_of(const struct cmg__der_item *item, struct cmg__span *name)
{
    struct cmg__span content = item->content;

    return item->tag == CMG__GN_DIRECTORY &&
           cmg__der_take(&content, CMG__DER_SEQUENCE, name) && content.n == 0;
}

static bool are_equal(const struct cmg__der_item *a, const struct cmg__der_item *b)
{
    struct cmg__span x;
    struct cmg__span y;

    if (a->tag != b->tag)
        return false;
    if (directory_of(a, &x) && directory_of(b, &y))
        return cmg__x509_name_equal(x, y);
    return cmg__span_eq(a->content, b->content);
}

static bool has_name(struct cmg__span names, const struct cmg__der_item *wanted)
{
    struct cmg__der_item item;

    for (size_t i = 0; i < MAX_NAMES && cmg__der_next(&names, &item); i++) {
        if (are_equal(&item, wanted))
            return true;
    }
    return false;
}

static bool share_full_name(struct cmg__span a, struct cmg__span b)
{
    struct cmg__der_item item;

    for (size_t i = 0; i < MAX_NAMES && cmg__der_next(&a, &item); i++) {
        if (has_name(b, &item))
            return true;
    }
    return false;
}

/* The content of [1] as the SET that it stands for. */
static bool set_of(struct cmg__span relative, uint8_t out[RDN_MAX + 4],
                   struct cmg__span *set)
{
    size_t n = 0;

    if (relative.n == 0 || relative.n > RDN_MAX)
        return false;
    out[n++] = CMG__DER_SET;
    if (relative.n >= 0x100) {
        out[n++] = 0x82;
        out[n++] = (uint8_t)(relative.n >> 8);
    } else if (relative.n >= 0x80) {
        out[n++] = 0x81;
    }
    out[n++] = (uint8_t)relative.n;
    memcpy(out + n, relative.p, relative.n);
    *set = cmg__span_of(out, n + relative.n);
    return true;
}

static bool relatives_are_equal(const struct point_name *a, const struct point_name *b)
{
    uint8_t bytes_a[RDN_MAX + 4];
    uint8_t bytes_b[RDN_MAX + 4];
    struct cmg__span x;
    struct cmg__span y;

    return set_of(a->relative, bytes_a, &x) && set_of(b->relative, bytes_b, &y) &&
           cmg__x509_name_equal(a->base, b->base) && cmg__x509_name_equal(x, y);
}

/* Whether name is base with the relative name below it. */
static bool is_below(struct cmg__span name, const struct point_name *point)
{
    uint8_t bytes[RDN_MAX + 4];
    struct cmg__span set;

    if (!set_of(point->relative, bytes, &set) ||
        cmg__x509_name_has_prefix(name, point->base) != CMG__NAME_YES)
        return false;
    for (struct cmg__span base = point->base; base.n > 0;) {
        if (!cmg__der_take(&base, CMG__DER_SET, NULL) ||
            !cmg__der_take(&name, CMG__DER_SET, NULL))
            return false;
    }
    return cmg__x509_name_equal(name, set);
}

static bool has_name_below(struct cmg__span names, const struct point_name *point)
{
    struct cmg__der_item item;
    struct cmg__span name;

    for (size_t i = 0; i < MAX_NAMES && cmg__der_next(&names, &item); i++) {
        if (directory_of(&item, &name) && is_below(name, point))
            return true;
    }
    return false;
}

static bool share_name(const struct point_name *a, const struct point_name *b)
{
    if (a->relative.n > 0 && b->relative.n > 0)
        return relatives_are_equal(a, b);
    if (a->relative.n > 0)
        return has_name_below(b->full, a);
    if (b->relative.n > 0)
        return has_name_below(a->full, b);
    return share_full_name(a->full, b->full);
}

static bool names_directory(struct cmg__span names, struct cmg__span wanted)
{
    struct cmg__der_item item;
    struct cmg__span name;

    for (size_t i = 0; i < MAX_NAMES && cmg__der_next(&names, &item); i++) {
        if (directory_of(&item, &name) && cmg__x509_name_equal(name, wanted))
            return true;
    }
    return false;
}

/* ---- points ---- */

static bool read_point_name(struct cmg__span in, struct point_name *out)
{
    struct cmg__der_item item;

    if (!cmg__der_next(&in, &item) || in.n != 0)
        return false;
    if (item.tag == CMG__DER_CONTEXT_CONS + 0)
        out->full = item.content;
    else if (item.tag == CMG__DER_CONTEXT_CONS + 1)
        out->relative = item.content;
    return out->full.n > 0 || out->relative.n > 0;
}

static bool take_point(struct cmg__span *points, const struct cmg__x509 *cert,
                       struct point *out)
{
    struct cmg__span body;
    struct cmg__span part;

    *out = (struct point){ .reasons = CMG__CRL_ALL_REASONS,
                           .name = { .base = cert->issuer_name } };
    if (!cmg__der_take(points, CMG__DER_SEQUENCE, &body))
        return false;
    if (cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 0, &part) &&
        !read_point_name(part, &out->name))
        return false;
    if (cmg__der_take_if(&body, CMG__DER_CONTEXT + 1, &part) &&
        !cmg__crl_read_reasons(part, &out->reasons))
        return false;
    if (cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 2, &out->issuer_names) &&
        !cmg__crl_first_directory(out->issuer_names, &out->name.base))
        return false;
    return body.n == 0;
}

/* Whether the list's issuer may speak at this point. */
static bool issuer_fits(const struct cmg__crl *crl, const struct cmg__x509 *cert,
                        const struct point *point)
{
    if (point->issuer_names.n == 0)
        return cmg__x509_name_equal(crl->info.issuer_name, cert->issuer_name);
    return crl->info.is_indirect &&
           names_directory(point->issuer_names, crl->info.issuer_name);
}

static bool name_fits(const struct cmg__crl *crl, const struct point *point)
{
    const struct point_name list = {
        .full = crl->info.point_names,
        .relative = crl->info.point_relative,
        .base = crl->info.issuer_name,
    };

    if (list.full.n == 0 && list.relative.n == 0)
        return true;
    if (point->name.full.n == 0 && point->name.relative.n == 0) {
        const struct point_name issuer = { .full = point->issuer_names };

        return share_name(&list, &issuer);
    }
    return share_name(&list, &point->name);
}

/* The point that every certificate has: its issuer's own list. */
static bool issuers_point_fits(const struct cmg__crl *crl, const struct cmg__x509 *cert)
{
    const struct point_name list = {
        .relative = crl->info.point_relative,
        .base = crl->info.issuer_name,
    };

    if (!cmg__x509_name_equal(crl->info.issuer_name, cert->issuer_name))
        return false;
    if (crl->info.point_names.n > 0)
        return names_directory(crl->info.point_names, cert->issuer_name);
    return list.relative.n == 0 || is_below(cert->issuer_name, &list);
}

static bool kind_fits(const struct cmg__crl *crl, const struct cmg__x509 *cert)
{
    return !crl->info.only_attribute && !(crl->info.only_user && cert->is_ca) &&
           !(crl->info.only_ca && !cert->is_ca);
}

struct finding {
    bool issuer;
    bool point;
    unsigned reasons;
};

static void look_at_points(const struct cmg__crl *crl, const struct cmg__x509 *cert,
                           struct finding *finding)
{
    struct cmg__span value;
    struct cmg__span points;
    struct point point;

    if (!cmg__x509_find_extension(cert, CMG__OID_CDP, &value) ||
        !cmg__der_take(&value, CMG__DER_SEQUENCE, &points) || value.n != 0)
        return;
    for (size_t i = 0; i < MAX_NAMES && take_point(&points, cert, &point); i++) {
        if (!issuer_fits(crl, cert, &point))
            continue;
        finding->issuer = true;
        if (name_fits(crl, &point)) {
            finding->point = true;
            finding->reasons |= point.reasons & crl->info.reasons;
        }
    }
}

enum cmg__crl_cover cmg__crl_covers(const struct cmg__crl *crl,
                                    const struct cmg__x509 *cert, unsigned *reasons)
{
    struct finding finding = { .issuer = cmg__x509_name_equal(crl->info.issuer_name,
                                                              cert->issuer_name) };

    look_at_points(crl, cert, &finding);
    if (issuers_point_fits(crl, cert)) {
        finding.point = true;
        finding.reasons |= crl->info.reasons;
    }
    *reasons = 0;
    if (!finding.issuer)
        return CMG__CRL_OTHER_ISSUER;
    if (!kind_fits(crl, cert))
        return CMG__CRL_OTHER_KIND;
    if (!finding.point)
        return CMG__CRL_OTHER_POINT;
    *reasons = finding.reasons;
    return CMG__CRL_COVERS;
}
