/*
 * Signing requests of others. Of a request only names and key are taken, each by the
 * rules of the template; the extensions it asks for are not copied. What would mislead
 * whoever asked is refused by name: kinds of names that the template does not allow, a
 * subject with parts we do not know, a wish to be an authority.
 */
#include <string.h>

#include "base/str.h"
#include "crypto/x509_data.h"
#include "crypto/x509_name.h"
#include "model/authority.h"
#include "model/certificate_template.h"
#include "model/csr.h"

/* The names of a request as NULL-terminated lists, borrowed from it. */
struct wishes {
    const char **storage;
    const char **dns_names;
    const char **ip_addresses;
    const char **upns;
    const char **uris;
};

static cmg_status refuse(const struct cmg__csr *csr, const char *remedy, const char *what,
                         const char *which, cmg_error **err)
{
    return cmg__fail(err, csr->alloc, CMG_E_DENIED, csr->subject_text, remedy,
                     "the request asks for %s%s", what, which);
}

static const char **list_for(struct wishes *w, enum cmg__gn_kind kind)
{
    const struct {
        enum cmg__gn_kind kind;
        const char **list;
    } lists[] = {
        { CMG__GN_KIND_DNS, w->dns_names },
        { CMG__GN_KIND_IP, w->ip_addresses },
        { CMG__GN_KIND_UPN, w->upns },
        { CMG__GN_KIND_URI, w->uris },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(lists); i++) {
        if (lists[i].kind == kind)
            return lists[i].list;
    }
    return NULL;
}

static cmg_status sort_names(const struct cmg__csr *csr, struct wishes *w,
                             cmg_error **err)
{
    const size_t room = csr->name_count + 1;

    w->storage = cmg__alloc_array(csr->alloc, room * 4, sizeof *w->storage);
    if (w->storage == NULL)
        return cmg__fail_nomem(err);
    memset(w->storage, 0, room * 4 * sizeof *w->storage);
    w->dns_names = w->storage;
    w->ip_addresses = w->storage + room;
    w->upns = w->storage + 2 * room;
    w->uris = w->storage + 3 * room;
    for (size_t i = 0; i < csr->name_count; i++) {
        const char **list = list_for(w, csr->names[i].kind);

        if (list == NULL)
            return refuse(csr, "ask for DNS names, addresses, UPNs and URIs only",
                          "an alternative name of another kind: ",
                          cmg__gn_label(csr->names[i].kind), err);
        while (*list != NULL)
            list++;
        *list = csr->names[i].text;
    }
    return CMG_OK;
}

/* Text that everybody reads alike: ASCII, or UTF-8, without control characters. */
static bool is_plain_text(const struct cmg__der_item *value)
{
    const struct cmg__span text = value->content;
    const bool utf8 = value->tag == CMG__DER_UTF8_STRING;

    if (!utf8 && value->tag != CMG__DER_PRINTABLE_STRING &&
        value->tag != CMG__DER_IA5_STRING)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < 0x20 || text.p[i] == 0x7f || (!utf8 && text.p[i] > 0x7f))
            return false;
    }
    return text.n > 0 && (!utf8 || cmg__utf8_is_valid((const char *)text.p, text.n));
}

/* The subject is taken over as it is, letter by letter, so its parts are looked at. */
static cmg_status check_subject(const struct cmg__csr *csr, cmg_error **err)
{
    static const enum cmg__oid known[] = {
        CMG__OID_CN, CMG__OID_SERIAL_NUMBER,
        CMG__OID_C,  CMG__OID_L,
        CMG__OID_ST, CMG__OID_O,
        CMG__OID_OU, CMG__OID_DC,
    };
    struct cmg__span name = csr->subject;

    while (name.n > 0) {
        struct cmg__span set;
        struct cmg__span pair;
        struct cmg__der_item value;
        enum cmg__oid type = CMG__OID_UNKNOWN;
        size_t i = 0;

        if (!cmg__der_take(&name, CMG__DER_SET, &set) ||
            !cmg__der_take(&set, CMG__DER_SEQUENCE, &pair) ||
            !cmg__der_take_oid(&pair, &type) || !cmg__der_next(&pair, &value))
            return refuse(csr, "make the request again", "a malformed subject", "", err);
        if (!is_plain_text(&value))
            return refuse(csr, "write it as UTF8String or PrintableString",
                          "a subject with a part that is no plain text: ",
                          cmg__oid_name(type), err);
        while (i < CMG__ARRAY_LEN(known) && known[i] != type)
            i++;
        if (i == CMG__ARRAY_LEN(known) || set.n != 0)
            return refuse(
                csr, "use CN, O, OU, L, ST, C, DC and serialNumber, one of each part",
                "a subject with a part that is not issued here: ", cmg__oid_name(type),
                err);
    }
    return CMG_OK;
}

/* A common name that says one thing in two ways would show as something else than it is;
   control characters arrive here with a backslash. */
static cmg_status check_common_name(const struct cmg__csr *csr, cmg_error **err)
{
    struct cmg__span name = csr->subject;
    struct cmg__span set;
    struct cmg__span pair;
    enum cmg__oid type;
    size_t count = 0;

    while (cmg__der_take(&name, CMG__DER_SET, &set)) {
        if (cmg__der_take(&set, CMG__DER_SEQUENCE, &pair) &&
            cmg__der_take_oid(&pair, &type) && type == CMG__OID_CN)
            count++;
    }
    if (count > 1)
        return refuse(csr, "give one", "several common names", "", err);
    if (strchr(csr->common_name, '\\') != NULL)
        return refuse(csr, "leave them out",
                      "a common name with a backslash or control characters", "", err);
    return CMG_OK;
}

static cmg_status check_wishes(const struct cmg__csr *csr,
                               const struct cmg__x509_template *t, cmg_error **err)
{
    if (csr->wants_ca && !t->is_ca)
        return refuse(csr, "use a template for authorities, or leave the wish out",
                      "a certificate of an authority", "", err);
    if (csr->key.algorithm != CMG__OID_RSA && csr->key.algorithm != CMG__OID_EC)
        return refuse(csr, "use RSA or EC", "a certificate for a key of another kind", "",
                      err);
    const cmg_status rc = check_subject(csr, err);
    return rc == CMG_OK ? check_common_name(csr, err) : rc;
}

static cmg_status sign(cmg_authority *ca, const struct cmg__csr *csr,
                       const struct cmg__x509_template *t, uint32_t days,
                       struct cmg__x509 **out, cmg_error **err)
{
    struct wishes w = { .storage = NULL };
    cmg_status rc = check_wishes(csr, t, err);

    if (rc == CMG_OK)
        rc = sort_names(csr, &w, err);
    if (rc == CMG_OK) {
        struct cmg__authority_order order = {
            .template = t,
            .request = { .common_name =
                             csr->common_name[0] != '\0' ? csr->common_name : NULL,
                         .dns_names = w.dns_names,
                         .ip_addresses = w.ip_addresses,
                         .upns = w.upns,
                         .uris = w.uris,
                         .spki = csr->spki },
            .days = days,
        };
        if (!t->common_name_only)
            order.request.subject = csr->subject;
        rc = cmg__authority_make_leaf(ca, &order, out, err);
    }
    cmg__free(csr->alloc, w.storage);
    return rc;
}

cmg_status cmg_authority_sign(cmg_authority *ca, const cmg_csr *csr,
                              const cmg_template *tmpl, uint32_t days,
                              cmg_certificate **out_cert, cmg_error **err)
{
    struct cmg__x509 *leaf = NULL;
    cmg_status rc = cmg__authority_check(ca, err);

    if (rc == CMG_OK)
        rc = cmg__check(csr != NULL ? &csr->head : NULL, CMG__TAG_CSR, err);
    if (rc == CMG_OK)
        rc = cmg__check(tmpl != NULL ? &tmpl->head : NULL, CMG__TAG_TEMPLATE, err);
    if (rc == CMG_OK)
        rc = sign(ca, csr->csr, &tmpl->data, days, &leaf, err);
    return rc == CMG_OK ? cmg__authority_wrap(ca, leaf, NULL, out_cert, err) : rc;
}
