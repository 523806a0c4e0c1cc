/*
 * The trust list. Administrators upload roots and intermediates together; only the
 * self-signed authorities among them become anchors, so that a path always ends at a
 * root.
 */
#include "crypto/x509_trust.h"

#include "crypto/x509_chain.h"

#include <string.h>

struct cmg__x509_trust *cmg__x509_trust_new_empty(const struct cmg__alloc *alloc)
{
    struct cmg__x509_trust *trust = cmg__alloc0(alloc, sizeof *trust);

    if (trust == NULL)
        return NULL;
    trust->alloc = alloc;
    trust->memo = cmg__alloc0(alloc, sizeof *trust->memo);
    if (trust->memo == NULL) {
        cmg__free(alloc, trust);
        return NULL;
    }
    return trust;
}

bool cmg__x509_trust_knows(const struct cmg__x509_trust *trust,
                           const struct cmg__x509 *below, const struct cmg__x509 *issuer)
{
    const struct cmg__x509_memo *memo = trust->memo;

    for (size_t i = 0; i < CMG__TRUST_MEMO; i++) {
        if (memcmp(memo->below[i], below->sha256_hex, sizeof memo->below[i]) == 0 &&
            memcmp(memo->issuer[i], issuer->sha256_hex, sizeof memo->issuer[i]) == 0)
            return true;
    }
    return false;
}

void cmg__x509_trust_learn(const struct cmg__x509_trust *trust,
                           const struct cmg__x509 *below, const struct cmg__x509 *issuer)
{
    struct cmg__x509_memo *memo = trust->memo;

    if (!below->is_ca)
        return;
    memcpy(memo->below[memo->next], below->sha256_hex, sizeof memo->below[0]);
    memcpy(memo->issuer[memo->next], issuer->sha256_hex, sizeof memo->issuer[0]);
    memo->next = (memo->next + 1) % CMG__TRUST_MEMO;
}

/* Where it stands already; count when it does not. */
static size_t position_of(const struct cmg__x509_trust *trust,
                          const struct cmg__x509 *cert)
{
    size_t i = 0;

    while (i < trust->count &&
           !cmg__span_eq(cmg__span_of(trust->list[i]->der, trust->list[i]->der_len),
                         cmg__span_of(cert->der, cert->der_len)))
        i++;
    return i;
}

/* Whether it is an authority that signed itself; CMG_E_NOMEM or CMG_OK. */
static cmg_status find_root(const struct cmg__x509 *cert, bool *root)
{
    *root = false;
    if (!cert->is_ca || !cmg__x509_is_self_issued(cert))
        return CMG_OK;
    const cmg_status rc = cmg__x509_verify_signature(cert, cert);
    *root = rc == CMG_OK;
    return rc == CMG_E_NOMEM ? rc : CMG_OK;
}

/* Anchors stay in front, in the order they came. */
static void promote(struct cmg__x509_trust *trust, size_t at)
{
    struct cmg__x509 *cert = trust->list[at];

    if (at < trust->anchor_count)
        return;
    trust->list[at] = trust->list[trust->anchor_count];
    trust->list[trust->anchor_count++] = cert;
}

/* The list has room. */
static void insert(struct cmg__x509_trust *trust, struct cmg__x509 *cert, bool anchor)
{
    const size_t at = position_of(trust, cert);

    if (at < trust->count)
        cmg__x509_free(cert);
    else
        trust->list[trust->count++] = cert;
    if (anchor)
        promote(trust, at);
}

static cmg_status grow(struct cmg__x509_trust *trust, size_t more)
{
    if (more > CMG__TRUST_MAX || trust->count + more > CMG__TRUST_MAX)
        return CMG_E_LIMIT;
    struct cmg__x509 **list =
        cmg__alloc_array(trust->alloc, trust->count + more + 1, sizeof *list);
    if (list == NULL)
        return CMG_E_NOMEM;
    if (trust->count > 0)
        memcpy(list, trust->list, trust->count * sizeof(void *));
    cmg__free(trust->alloc, trust->list);
    trust->list = list;
    return CMG_OK;
}

cmg_status cmg__x509_trust_add(struct cmg__x509_trust *trust, enum cmg__trust_kind kind,
                               struct cmg__x509 **list, size_t count)
{
    bool *anchors = cmg__alloc_array(trust->alloc, count + 1, sizeof *anchors);
    cmg_status rc = anchors != NULL ? grow(trust, count) : CMG_E_NOMEM;

    for (size_t i = 0; i < count && rc == CMG_OK; i++) {
        anchors[i] = true;
        if (kind == CMG__TRUST_AS_FOUND)
            rc = find_root(list[i], &anchors[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (rc == CMG_OK)
            insert(trust, list[i], anchors[i]);
        else
            cmg__x509_free(list[i]);
        list[i] = NULL;
    }
    cmg__free(trust->alloc, anchors);
    return rc;
}

cmg_status cmg__x509_trust_add_crl(struct cmg__x509_trust *trust, struct cmg__crl *crl)
{
    if (trust->crl_count == CMG__TRUST_MAX)
        return CMG_E_LIMIT;
    struct cmg__crl **list =
        cmg__alloc_array(trust->alloc, trust->crl_count + 1, sizeof *list);
    if (list == NULL)
        return CMG_E_NOMEM;
    if (trust->crl_count > 0)
        memcpy(list, trust->crls, trust->crl_count * sizeof(void *));
    cmg__free(trust->alloc, trust->crls);
    trust->crls = list;
    list[trust->crl_count++] = cmg__crl_ref(crl);
    return CMG_OK;
}

cmg_status cmg__x509_trust_new(const struct cmg__alloc *alloc, const char *pem, size_t n,
                               struct cmg__x509_trust **out, cmg_error **err)
{
    struct cmg__x509_trust *trust = cmg__x509_trust_new_empty(alloc);
    struct cmg__x509 **list = NULL;
    size_t count = 0;

    if (trust == NULL)
        return cmg__fail_nomem(err);
    cmg_status rc = cmg__x509_parse_pem(alloc, pem, n, &list, &count, err);
    if (rc == CMG_OK) {
        rc = cmg__x509_trust_add(trust, CMG__TRUST_AS_FOUND, list, count);
        cmg__free(alloc, list);
        if (rc == CMG_E_LIMIT)
            rc = cmg__fail(err, alloc, rc, "trust list", NULL,
                           "%zu certificates are too many, at most %d are taken", count,
                           CMG__TRUST_MAX);
        else if (rc != CMG_OK)
            rc = cmg__fail_nomem(err);
        else if (trust->anchor_count == 0)
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
    for (size_t i = 0; i < trust->crl_count; i++)
        cmg__crl_free(trust->crls[i]);
    cmg__free(alloc, trust->crls);
    cmg__free(alloc, trust->memo);
    cmg__free(alloc, trust);
}
