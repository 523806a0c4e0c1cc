/*
 * From a heap of certificates to the answer of an enrolment: the one for the request's
 * key comes first, then whoever issued it, and so on; what does not belong is left out.
 * An answer for another key is refused, whoever signed it.
 */
#include "enrol/enrolment.h"

#include <string.h>

#include "crypto/x509_data.h"
#include "model/certificate.h"

static bool is_for(const struct cmg__x509 *cert, struct cmg__span spki)
{
    return cmg__span_eq(cert->spki, spki);
}

static bool is_self_issued(const struct cmg__x509 *cert)
{
    return cmg__span_eq(cert->issuer_name, cert->subject_name);
}

static bool may_have_issued(const struct cmg__x509 *above, const struct cmg__x509 *cert)
{
    if (!cmg__span_eq(above->subject_name, cert->issuer_name))
        return false;
    return above->key_id.n == 0 || cert->authority_key_id.n == 0 ||
           cmg__span_eq(above->key_id, cert->authority_key_id);
}

static void swap(struct cmg__x509 **certs, size_t a, size_t b)
{
    struct cmg__x509 *kept = certs[a];

    certs[a] = certs[b];
    certs[b] = kept;
}

/* Brings the one that issued certs[at] to at + 1; false when it is not there. */
static bool bring_issuer(struct cmg__x509 **certs, size_t count, size_t at)
{
    for (size_t i = at + 1; i < count && !is_self_issued(certs[at]); i++) {
        if (may_have_issued(certs[i], certs[at])) {
            swap(certs, at + 1, i);
            return true;
        }
    }
    return false;
}

/* The newest leaf for the key: a renewal may bring the old one along. */
static size_t find_leaf(struct cmg__x509 **certs, size_t count, struct cmg__span spki)
{
    size_t best = count;

    for (size_t i = 0; i < count; i++) {
        if (is_for(certs[i], spki) &&
            (best == count || certs[i]->not_before > certs[best]->not_before))
            best = i;
    }
    return best;
}

static size_t sort(struct cmg__x509 **certs, size_t count, size_t leaf)
{
    size_t used = 1;

    swap(certs, 0, leaf);
    while (used < count && bring_issuer(certs, count, used - 1))
        used++;
    return used;
}

cmg_status cmg__enrol_take(cmg_enrolment *e, struct cmg__x509 **certs, size_t count,
                           cmg_error **err)
{
    const struct cmg__alloc *alloc = &e->head.ctx->alloc;
    const size_t leaf = find_leaf(certs, count, e->csr->csr->spki);

    if (leaf == count) {
        cmg__x509_free_list(alloc, certs, count);
        return cmg__fail(err, alloc, CMG_E_CERT, "certificate",
                         "check that it is the answer to this request",
                         "none of the %zu certificates is for the key of the request",
                         count);
    }
    size_t used = sort(certs, count, leaf);
    for (size_t i = used; i < count; i++) {
        cmg__x509_free(certs[i]);
        certs[i] = NULL;
    }
    cmg_certificate *certificate = NULL;
    struct cmg__key *key = e->key == NULL ? NULL : cmg__key_ref(e->key->key);
    cmg_status rc =
        cmg__certificate_make(e->head.ctx, certs, used, key, &certificate, err);
    if (rc != CMG_OK)
        return rc;
    cmg_certificate_unref(e->certificate);
    e->certificate = certificate;
    return CMG_OK;
}
