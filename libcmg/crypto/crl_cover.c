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

static bool are_equal(const struct cmg__gn *a, const struct cmg__gn *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == CMG__GN_KIND_DIRECTORY)
        return cmg__x509_name_equal(a->value, b->value);
    return cmg__span_eq(a->type, b->type) && cmg__span_eq(a->value, b->value);
}

static bool has_name(struct cmg__span names, const struct cmg__gn *wanted)
{
    struct cmg__gn name;

    for (size_t i = 0; i < MAX_NAMES && cmg__gn_next(&names, &name); i++) {
        if (are_equal(&name, wanted))
            return true;
    }
    return false;
}

static bool share_full_name(struct cmg__span a, struct cmg__span b)
{
    struct cmg__gn name;

    for (size_t i = 0; i < MAX_NAMES && cmg__gn_next(&a, &name); i++) {
        if (has_name(b, &name))
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
    struct cmg__span name;

    for (size_t i = 0; i < MAX_NAMES && cmg__crl_next_directory(&names, &name); i++) {
        if (is_below(name, point))
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
    struct cmg__span name;

    for (size_t i = 0; i < MAX_NAMES && cmg__crl_next_directory(&names, &name); i++) {
        if (cmg__x509_name_equal(name, wanted))
            return true;
    }
    return false;
}

/* ---- points ---- */

static bool take_point(struct cmg__span *points, const struct cmg__x509 *cert,
                       struct point *out)
{
    struct cmg__crl_point read;

    if (!cmg__crl_point_next(points, &read))
        return false;
    *out = (struct point){
        .name = { .full = read.names,
                  .relative = read.relative,
                  .base = cert->issuer_name },
        .reasons = CMG__CRL_ALL_REASONS,
        .issuer_names = read.issuer,
    };
    if (read.reasons.n > 0 && !cmg__crl_read_reasons(read.reasons, &out->reasons))
        return false;
    struct cmg__span names = read.issuer;
    return names.n == 0 || cmg__crl_next_directory(&names, &out->name.base);
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
    struct cmg__span points;
    struct point point;

    if (!cmg__ext_sequence(cert->extensions, CMG__OID_CDP, &points))
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
