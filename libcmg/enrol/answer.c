/*
 * From a heap of certificates to the answer of an enrolment: the one for the request's
 * key comes first, then whoever issued it, and so on; what does not belong is left out.
 * An answer for another key is refused, whoever signed it.
 */
#include "enrol/enrolment.h"

#include <string.h>

#include "crypto/x509_chain.h"
#include "crypto/x509_data.h"
#include "model/certificate.h"

static bool is_for(const struct cmg__x509 *cert, struct cmg__span spki)
{
    return cmg__span_eq(cert->spki, spki);
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
    struct cmg__x509 *first = certs[leaf];
    certs[leaf] = certs[0];
    certs[0] = first;
    const size_t used = cmg__x509_sort_issuers(certs, count);
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
