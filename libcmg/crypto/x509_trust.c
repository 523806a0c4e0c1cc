/*
 * The trust list. Administrators upload roots and intermediates together; only the
 * self-signed authorities among them become anchors, so that a path always ends at a
 * root.
 */
#include "crypto/x509_trust.h"

#include "crypto/x509_name.h"

bool cmg__x509_is_self_issued(const struct cmg__x509 *cert)
{
    return cmg__x509_name_equal(cert->subject_name, cert->issuer_name);
}

/* Moves the roots to the front, keeping their order. */
static cmg_status sort_roots(struct cmg__x509_trust *trust)
{
    for (size_t i = 0; i < trust->count; i++) {
        struct cmg__x509 *cert = trust->list[i];

        if (!cert->is_ca || !cmg__x509_is_self_issued(cert))
            continue;
        const cmg_status rc = cmg__x509_verify_signature(cert, cert);
        if (rc == CMG_E_NOMEM)
            return rc;
        if (rc != CMG_OK)
            continue;
        trust->list[i] = trust->list[trust->root_count];
        trust->list[trust->root_count++] = cert;
    }
    return CMG_OK;
}

cmg_status cmg__x509_trust_new(const struct cmg__alloc *alloc, const char *pem, size_t n,
                               struct cmg__x509_trust **out, cmg_error **err)
{
    struct cmg__x509_trust *trust = cmg__alloc0(alloc, sizeof *trust);

    if (trust == NULL)
        return cmg__fail_nomem(err);
    trust->alloc = alloc;
    cmg_status rc = cmg__x509_parse_pem(alloc, pem, n, &trust->list, &trust->count, err);
    if (rc == CMG_OK) {
        rc = sort_roots(trust);
        if (rc != CMG_OK)
            rc = cmg__fail_nomem(err);
        else if (trust->root_count == 0)
            rc = cmg__fail(err, alloc, CMG_E_CERT, trust->list[0]->subject,
                           "add the root authority's certificate to the trust list",
                           "none of the %zu trusted certificates is a self-signed root",
                           trust->count);
    }
    if (rc == CMG_OK)
        *out = trust;
    else
        cmg__x509_trust_free(trust);
    return rc;
}

void cmg__x509_trust_free(struct cmg__x509_trust *trust)
{
    if (trust == NULL)
        return;
    const struct cmg__alloc *alloc = trust->alloc;
    cmg__x509_free_list(alloc, trust->list, trust->count);
    cmg__free(alloc, trust);
}
