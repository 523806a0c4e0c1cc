/*
 * Name constraints. DNS names, mail addresses, hosts of URIs, addresses and directory
 * names are compared; for any other kind a constraint on it refuses every certificate
 * that carries a name of that kind. What is malformed refuses too: an authority that is
 * bounded in a way we cannot read is not trusted beyond it.
 */
#include "crypto/x509_constraints.h"

#include "base/str.h"
#include "crypto/x509_host.h"
#include "crypto/x509_name.h"

#include <string.h>

/* One name of the certificate: a GeneralName's tag and content. */
struct name {
    unsigned tag;
    struct cmg__span value;
};

/* Both sides of the constraints, and what is left of the budget. */
struct bounds {
    struct cmg__span permitted;
    struct cmg__span excluded;
    unsigned *work;
};

static enum cmg__name_match yes_or_no(bool yes)
{
    return yes ? CMG__NAME_YES : CMG__NAME_NO;
}

static struct cmg__span tail_of(struct cmg__span text, size_t from)
{
    return cmg__span_of(text.p + from, text.n - from);
}

static bool same_text(struct cmg__span a, struct cmg__span b)
{
    return a.n == b.n && cmg__str_ieqn((const char *)a.p, (const char *)b.p, a.n);
}

static bool ends_with(struct cmg__span text, struct cmg__span end)
{
    return text.n >= end.n && same_text(tail_of(text, text.n - end.n), end);
}

static bool host_is_valid(struct cmg__span text, bool wildcard)
{
    char host[256];

    if (text.n >= sizeof host || memchr(text.p, '\0', text.n) != NULL)
        return false;
    memcpy(host, text.p, text.n);
    host[text.n] = '\0';
    return cmg__host_is_valid(host, wildcard);
}

static bool begins_with_dot(struct cmg__span text)
{
    return text.n > 0 && text.p[0] == '.';
}

/* ---- one name against one base ---- */

/* A wildcard stands for any first label: it may be the base, or hide below it. */
static bool wildcard_may_hit(struct cmg__span name, struct cmg__span base)
{
    return name.n >= 2 && name.p[0] == '*' && base.n > name.n - 2 &&
           ends_with(base, tail_of(name, 1));
}

/* "contoso.com" covers itself and everything below; "" covers all. ".contoso.com" is not
   in RFC 5280: whether it covers contoso.com itself is not known. */
static enum cmg__name_match match_dns(struct cmg__span name, struct cmg__span base)
{
    const bool dot = begins_with_dot(base);

    if (dot)
        base = tail_of(base, 1);
    if (!host_is_valid(name, true))
        return CMG__NAME_UNSURE;
    if (wildcard_may_hit(name, base))
        return CMG__NAME_UNSURE;
    if (base.n == 0)
        return CMG__NAME_YES;
    if (!ends_with(name, base))
        return CMG__NAME_NO;
    if (name.n == base.n)
        return dot ? CMG__NAME_UNSURE : CMG__NAME_YES;
    return yes_or_no(name.p[name.n - base.n - 1] == '.');
}

/* "host" is that host, ".domain" everything below it; for mail and URIs. */
static enum cmg__name_match match_host(struct cmg__span host, struct cmg__span base)
{
    if (begins_with_dot(base))
        return yes_or_no(host.n > base.n && ends_with(host, base));
    return yes_or_no(same_text(host, base));
}

/* Splits at the one '@'; false when there is none, or more than one. */
static bool split_mailbox(struct cmg__span text, struct cmg__span *local,
                          struct cmg__span *host)
{
    const uint8_t *at = text.n > 0 ? memchr(text.p, '@', text.n) : NULL;

    if (at == NULL || at == text.p)
        return false;
    *local = cmg__span_of(text.p, (size_t)(at - text.p));
    *host = tail_of(text, local->n + 1);
    return host_is_valid(*host, false);
}

static enum cmg__name_match match_email(struct cmg__span name, struct cmg__span base)
{
    struct cmg__span locals[2];
    struct cmg__span hosts[2];

    if (!split_mailbox(name, &locals[0], &hosts[0]))
        return CMG__NAME_UNSURE;
    if (memchr(base.p, '@', base.n) == NULL)
        return match_host(hosts[0], base);
    if (!split_mailbox(base, &locals[1], &hosts[1]))
        return CMG__NAME_UNSURE;
    if (!same_text(hosts[0], hosts[1]) || !same_text(locals[0], locals[1]))
        return CMG__NAME_NO;
    /* The part before '@' may or may not be sensitive to case: its host decides. */
    return cmg__span_eq(locals[0], locals[1]) ? CMG__NAME_YES : CMG__NAME_UNSURE;
}

/* The host of "scheme://user@host:port/path"; false without one. */
static bool host_of_uri(struct cmg__span uri, struct cmg__span *host)
{
    size_t from = 0;
    size_t to;

    while (from + 2 < uri.n && memcmp(uri.p + from, "://", 3) != 0)
        from++;
    if (from + 2 >= uri.n)
        return false;
    from += 3;
    for (to = from; to < uri.n && strchr("/?#", uri.p[to]) == NULL; to++) {
        if (uri.p[to] == '@')
            from = to + 1;
    }
    *host = cmg__span_of(uri.p + from, to - from);
    const uint8_t *colon = host->n > 0 ? memchr(host->p, ':', host->n) : NULL;
    if (colon != NULL)
        host->n = (size_t)(colon - host->p);
    return host_is_valid(*host, false);
}

static bool is_address(struct cmg__span host)
{
    for (size_t i = 0; i < host.n; i++) {
        if (host.p[i] != '.' && !cmg__is_digit((char)host.p[i]))
            return false;
    }
    return true;
}

/* RFC 5280: a URI without a host name cannot keep to a constraint. */
static enum cmg__name_match match_uri(struct cmg__span name, struct cmg__span base)
{
    struct cmg__span host;

    if (!host_of_uri(name, &host) || is_address(host))
        return CMG__NAME_UNSURE;
    return match_host(host, base);
}

/* Address and mask, 8 or 32 bytes; another family's constraint does not cover it. */
static enum cmg__name_match match_ip(struct cmg__span name, struct cmg__span base)
{
    if (name.n != 4 && name.n != 16)
        return CMG__NAME_UNSURE;
    if (base.n != 2 * name.n)
        return CMG__NAME_NO;
    for (size_t i = 0; i < name.n; i++) {
        const unsigned mask = base.p[name.n + i];

        if ((name.p[i] & mask) != (base.p[i] & mask))
            return CMG__NAME_NO;
    }
    return CMG__NAME_YES;
}

static enum cmg__name_match match_directory(struct cmg__span name, struct cmg__span base)
{
    struct cmg__span prefix;

    if (!cmg__der_take(&base, CMG__DER_SEQUENCE, &prefix) || base.n != 0)
        return CMG__NAME_UNSURE;
    return cmg__x509_name_has_prefix(name, prefix);
}

/* ---- the form of a base ---- */

static bool is_dns_base(struct cmg__span base)
{
    return base.n == 0 ||
           host_is_valid(begins_with_dot(base) ? tail_of(base, 1) : base, false);
}

static bool is_strict_dns_base(struct cmg__span base)
{
    return !begins_with_dot(base);
}

static bool is_host_base(struct cmg__span base)
{
    return base.n > 0 && is_dns_base(base);
}

static bool is_email_base(struct cmg__span base)
{
    struct cmg__span local;
    struct cmg__span host;

    if (base.n > 0 && memchr(base.p, '@', base.n) != NULL)
        return split_mailbox(base, &local, &host);
    return is_host_base(base);
}

/* The mask's ones come first, then its zeros: a prefix. */
static bool is_ip_base(struct cmg__span base)
{
    bool ended = false;

    if (base.n != 8 && base.n != 32)
        return false;
    for (size_t bit = base.n / 2 * 8; bit < base.n * 8; bit++) {
        const bool set = (base.p[bit / 8] & (0x80U >> bit % 8)) != 0;

        if (set && ended)
            return false;
        ended = !set;
    }
    return true;
}

static bool is_directory_base(struct cmg__span base)
{
    struct cmg__span name;

    return cmg__der_take(&base, CMG__DER_SEQUENCE, &name) && base.n == 0;
}

static const struct kind {
    unsigned tag;
    enum cmg__name_match (*match)(struct cmg__span name, struct cmg__span base);
    bool (*is_sound)(struct cmg__span base);
} kinds[] = {
    { CMG__GN_DNS, match_dns, is_dns_base },
    { CMG__GN_EMAIL, match_email, is_email_base },
    { CMG__GN_URI, match_uri, is_host_base },
    { CMG__GN_IP, match_ip, is_ip_base },
    { CMG__GN_DIRECTORY, match_directory, is_directory_base },
};

static const struct kind *kind_of(unsigned tag)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++) {
        if (kinds[i].tag == tag)
            return &kinds[i];
    }
    return NULL;
}

/* The next base; minimum and maximum must not be there. False: malformed. */
static bool take_base(struct cmg__span *list, struct cmg__der_item *base)
{
    struct cmg__span subtree;

    return cmg__der_take(list, CMG__DER_SEQUENCE, &subtree) &&
           cmg__der_next(&subtree, base) && subtree.n == 0;
}

/* ---- all names against all bases ---- */

/* Walks one list of subtrees; *applies tells whether any is of the name's kind. */
static enum cmg__constraint_result walk(const struct bounds *bounds,
                                        struct cmg__span list, const struct name *name,
                                        enum cmg__name_match *best, bool *applies)
{
    const struct kind *kind = kind_of(name->tag);

    *best = CMG__NAME_NO;
    *applies = false;
    while (list.n > 0) {
        struct cmg__der_item base;

        if (*bounds->work == 0)
            return CMG__NAMES_TOO_MANY;
        --*bounds->work;
        if (!take_base(&list, &base))
            return CMG__NAMES_OUTSIDE;
        if (base.tag != name->tag)
            continue;
        *applies = true;
        const enum cmg__name_match one =
            kind != NULL ? kind->match(name->value, base.content) : CMG__NAME_UNSURE;
        if (one == CMG__NAME_YES || (one == CMG__NAME_UNSURE && *best == CMG__NAME_NO))
            *best = one;
    }
    return CMG__NAMES_ALLOWED;
}

static enum cmg__constraint_result judge_name(const struct bounds *bounds,
                                              const struct name *name)
{
    enum cmg__name_match best;
    bool applies;
    enum cmg__constraint_result result =
        walk(bounds, bounds->excluded, name, &best, &applies);

    if (result == CMG__NAMES_ALLOWED && best != CMG__NAME_NO)
        return CMG__NAMES_OUTSIDE;
    if (result == CMG__NAMES_ALLOWED)
        result = walk(bounds, bounds->permitted, name, &best, &applies);
    if (result == CMG__NAMES_ALLOWED && applies && best != CMG__NAME_YES)
        return CMG__NAMES_OUTSIDE;
    return result;
}

static enum cmg__constraint_result judge_alternatives(const struct bounds *bounds,
                                                      const struct cmg__x509 *cert)
{
    struct cmg__span in = cert->alternative_names;
    enum cmg__constraint_result result = CMG__NAMES_ALLOWED;

    while (in.n > 0 && result == CMG__NAMES_ALLOWED) {
        struct cmg__der_item item;

        if (!cmg__der_next(&in, &item))
            return CMG__NAMES_OUTSIDE;
        struct name name = { .tag = item.tag, .value = item.content };
        if (name.tag == CMG__GN_DIRECTORY &&
            !cmg__der_take(&item.content, CMG__DER_SEQUENCE, &name.value))
            return CMG__NAMES_OUTSIDE;
        result = judge_name(bounds, &name);
    }
    return result;
}

/* Mail addresses in the subject are bounded like those outside of it. */
static enum cmg__constraint_result judge_subject_mail(const struct bounds *bounds,
                                                      const struct cmg__x509 *cert)
{
    struct cmg__span in = cert->subject_name;
    struct name name = { .tag = CMG__GN_EMAIL };
    enum cmg__constraint_result result = CMG__NAMES_ALLOWED;

    while (result == CMG__NAMES_ALLOWED &&
           cmg__x509_name_find(&in, CMG__OID_EMAIL, &name.value))
        result = judge_name(bounds, &name);
    return result;
}

static enum cmg__constraint_result judge_subject(const struct bounds *bounds,
                                                 const struct cmg__x509 *cert)
{
    const struct name subject = { .tag = CMG__GN_DIRECTORY, .value = cert->subject_name };
    const struct name common = {
        .tag = CMG__GN_DNS,
        .value = cmg__span_of(cert->common_name, strlen(cert->common_name)),
    };
    enum cmg__constraint_result result = CMG__NAMES_ALLOWED;

    if (cert->subject_name.n > 0)
        result = judge_name(bounds, &subject);
    if (result == CMG__NAMES_ALLOWED)
        result = judge_subject_mail(bounds, cert);
    /* We never read a host out of the common name, but others do. */
    if (result == CMG__NAMES_ALLOWED && !cert->is_ca && cert->dns_count == 0 &&
        cmg__host_is_valid(cert->common_name, true) &&
        strchr(cert->common_name, '.') != NULL)
        result = judge_name(bounds, &common);
    return result;
}

/* Both lists; false when there is anything else, or nothing. */
static bool read_bounds(const struct cmg__x509 *authority, struct cmg__span *permitted,
                        struct cmg__span *excluded)
{
    struct cmg__span in = authority->name_constraints;
    const bool first = cmg__der_take_if(&in, CMG__DER_CONTEXT_CONS + 0, permitted);
    const bool second = cmg__der_take_if(&in, CMG__DER_CONTEXT_CONS + 1, excluded);

    return in.n == 0 && (first || second) && (!first || permitted->n > 0) &&
           (!second || excluded->n > 0);
}

enum cmg__constraint_result cmg__x509_names_allowed(const struct cmg__x509 *authority,
                                                    const struct cmg__x509 *cert,
                                                    unsigned *work)
{
    struct bounds bounds = { .work = work };

    if ((authority->present & CMG__EXT_NAME_CONSTRAINTS) == 0)
        return CMG__NAMES_ALLOWED;
    if (!read_bounds(authority, &bounds.permitted, &bounds.excluded))
        return CMG__NAMES_OUTSIDE;
    const enum cmg__constraint_result result = judge_subject(&bounds, cert);
    return result == CMG__NAMES_ALLOWED ? judge_alternatives(&bounds, cert) : result;
}

static bool list_is_sound(struct cmg__span list, bool strict)
{
    while (list.n > 0) {
        struct cmg__der_item base;

        if (!take_base(&list, &base))
            return false;
        const struct kind *kind = kind_of(base.tag);
        if (kind != NULL && !kind->is_sound(base.content))
            return false;
        if (strict && base.tag == CMG__GN_DNS && !is_strict_dns_base(base.content))
            return false;
    }
    return true;
}

static bool are_sound(const struct cmg__x509 *authority, bool strict)
{
    struct cmg__span permitted = { .n = 0 };
    struct cmg__span excluded = { .n = 0 };

    return (authority->present & CMG__EXT_NAME_CONSTRAINTS) == 0 ||
           (read_bounds(authority, &permitted, &excluded) &&
            list_is_sound(permitted, strict) && list_is_sound(excluded, strict));
}

bool cmg__x509_constraints_are_sound(const struct cmg__x509 *authority)
{
    return are_sound(authority, false);
}

bool cmg__x509_constraints_are_strict(const struct cmg__x509 *authority)
{
    return are_sound(authority, true);
}
