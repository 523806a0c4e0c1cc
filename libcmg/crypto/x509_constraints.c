/*
 * Name constraints. DNS names, addresses and directory names are compared; for any other
 * kind a constraint on it refuses every certificate that carries a name of that kind.
 * What is malformed refuses too: an authority that is bounded in a way we cannot read is
 * not trusted beyond it.
 */
#include "crypto/x509_constraints.h"

#include "base/str.h"
#include "crypto/x509_host.h"
#include "crypto/x509_name.h"

#include <string.h>

#define MAX_WORK 10000 /* comparisons per authority and certificate */

/* One name of the certificate: a GeneralName's tag and content. */
struct name {
    unsigned tag;
    struct cmg__span value;
};

/* Both sides of the constraints, and what is left of the budget. */
struct bounds {
    struct cmg__span permitted;
    struct cmg__span excluded;
    unsigned work;
};

static enum cmg__name_match yes_or_no(bool yes)
{
    return yes ? CMG__NAME_YES : CMG__NAME_NO;
}

/* "contoso.com" covers itself and everything below; "" covers all. A wildcard name is
   covered like the names it stands for; under exclusion it also hits names below it. */
static enum cmg__name_match match_dns(struct cmg__span name, struct cmg__span base)
{
    if (base.n > 0 && base.p[0] == '.')
        base = cmg__span_of(base.p + 1, base.n - 1);
    if (name.n >= 2 && name.p[0] == '*' && base.n > name.n - 2 &&
        cmg__str_ieqn((const char *)base.p + base.n - (name.n - 1),
                      (const char *)name.p + 1, name.n - 1))
        return CMG__NAME_UNSURE;
    if (base.n > name.n)
        return CMG__NAME_NO;
    const size_t front = name.n - base.n;
    if (!cmg__str_ieqn((const char *)name.p + front, (const char *)base.p, base.n))
        return CMG__NAME_NO;
    return yes_or_no(front == 0 || base.n == 0 || name.p[front - 1] == '.');
}

/* Address and mask, 8 or 32 bytes; another family's constraint does not apply. */
static enum cmg__name_match match_ip(struct cmg__span name, struct cmg__span base)
{
    if (base.n != 8 && base.n != 32)
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

static enum cmg__name_match match(const struct name *name, struct cmg__span base)
{
    switch (name->tag) {
    case CMG__GN_DNS:
        return match_dns(name->value, base);
    case CMG__GN_IP:
        return match_ip(name->value, base);
    case CMG__GN_DIRECTORY:
        return match_directory(name->value, base);
    default:
        return CMG__NAME_UNSURE;
    }
}

/* Walks one list of subtrees; *applies tells whether any is of the name's kind. False:
   malformed or too much work. */
static bool walk(struct bounds *bounds, struct cmg__span list, const struct name *name,
                 enum cmg__name_match *best, bool *applies)
{
    *best = CMG__NAME_NO;
    *applies = false;
    while (list.n > 0) {
        struct cmg__span subtree;
        struct cmg__der_item base;

        if (bounds->work == 0 || !cmg__der_take(&list, CMG__DER_SEQUENCE, &subtree) ||
            !cmg__der_next(&subtree, &base) || subtree.n != 0)
            return false;
        bounds->work--;
        if (base.tag != name->tag)
            continue;
        *applies = true;
        const enum cmg__name_match one = match(name, base.content);
        if (one == CMG__NAME_YES || (one == CMG__NAME_UNSURE && *best == CMG__NAME_NO))
            *best = one;
    }
    return true;
}

static bool name_allowed(struct bounds *bounds, const struct name *name)
{
    enum cmg__name_match best;
    bool applies;

    if (!walk(bounds, bounds->excluded, name, &best, &applies) || best != CMG__NAME_NO)
        return false;
    return walk(bounds, bounds->permitted, name, &best, &applies) &&
           (!applies || best == CMG__NAME_YES);
}

static bool alternative_names_allowed(struct bounds *bounds, const struct cmg__x509 *cert)
{
    struct cmg__span in = cert->alternative_names;

    while (in.n > 0) {
        struct cmg__der_item item;

        if (!cmg__der_next(&in, &item))
            return false;
        struct name name = { .tag = item.tag, .value = item.content };
        if (name.tag == CMG__GN_DIRECTORY &&
            !cmg__der_take(&item.content, CMG__DER_SEQUENCE, &name.value))
            return false;
        if (!name_allowed(bounds, &name))
            return false;
    }
    return true;
}

/* Without alternative names a host name in CN is used as one, so it is bounded as one. */
static bool common_name_allowed(struct bounds *bounds, const struct cmg__x509 *cert)
{
    const struct name name = {
        .tag = CMG__GN_DNS,
        .value = cmg__span_of(cert->common_name, strlen(cert->common_name)),
    };

    if (cert->is_ca || cert->dns_count > 0 ||
        !cmg__host_is_valid(cert->common_name, true))
        return true;
    return name_allowed(bounds, &name);
}

bool cmg__x509_names_allowed(const struct cmg__x509 *authority,
                             const struct cmg__x509 *cert)
{
    struct cmg__span in = authority->name_constraints;
    struct bounds bounds = { .work = MAX_WORK };
    const struct name subject = { .tag = CMG__GN_DIRECTORY, .value = cert->subject_name };

    if (in.n == 0)
        return true;
    cmg__der_take_if(&in, CMG__DER_CONTEXT_CONS + 0, &bounds.permitted);
    cmg__der_take_if(&in, CMG__DER_CONTEXT_CONS + 1, &bounds.excluded);
    if (in.n != 0)
        return false;
    if (cert->subject_name.n > 0 && !name_allowed(&bounds, &subject))
        return false;
    return alternative_names_allowed(&bounds, cert) && common_name_allowed(&bounds, cert);
}
