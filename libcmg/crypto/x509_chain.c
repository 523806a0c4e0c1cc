/* See x509_chain.h. The room doubles, so that a list of n takes O(n) time. */
#include "crypto/x509_chain.h"

#include "crypto/x509_data.h"
#include "crypto/x509_name.h"

void cmg__x509_chain_init(struct cmg__x509_chain *list, const struct cmg__alloc *alloc)
{
    *list = (struct cmg__x509_chain){ .alloc = alloc };
}

void cmg__x509_chain_done(struct cmg__x509_chain *list)
{
    cmg__x509_free_list(list->alloc, list->items, list->count);
    cmg__x509_chain_init(list, list->alloc);
}

/* Doubles the room when count reached a power of two. */
static bool make_room(struct cmg__x509_chain *list)
{
    if (list->count > 0 && (list->count & (list->count - 1)) != 0)
        return true;
    const size_t room = list->count == 0 ? 1 : 2 * list->count;
    struct cmg__x509 **more =
        cmg__realloc(list->alloc, list->items, room * sizeof *list->items);
    if (more != NULL)
        list->items = more;
    return more != NULL;
}

cmg_status cmg__x509_chain_take(struct cmg__x509_chain *list, struct cmg__x509 *cert,
                                cmg_error **err)
{
    cmg_status rc = CMG_OK;

    if (list->count == CMG__X509_CHAIN_MAX)
        rc = cmg__fail(err, list->alloc, CMG_E_LIMIT, "certificate",
                       "give fewer certificates at a time",
                       "there are more than %d certificates", CMG__X509_CHAIN_MAX);
    else if (!make_room(list))
        rc = cmg__fail_nomem(err);
    if (rc == CMG_OK)
        list->items[list->count++] = cert;
    else
        cmg__x509_free(cert);
    return rc;
}

cmg_status cmg__x509_chain_add(struct cmg__x509_chain *list, struct cmg__span der,
                               cmg_error **err)
{
    struct cmg__x509 *cert = NULL;
    const cmg_status rc = cmg__x509_parse(list->alloc, der.p, der.n, &cert, err);

    return rc == CMG_OK ? cmg__x509_chain_take(list, cert, err) : rc;
}

static void swap(struct cmg__x509 **a, struct cmg__x509 **b)
{
    struct cmg__x509 *c = *a;

    *a = *b;
    *b = c;
}

static bool is_leaf(const struct cmg__x509 *cert, const struct cmg__key *key)
{
    return key != NULL ? cmg__x509_matches_key(cert, key) : !cert->is_ca;
}

void cmg__x509_sort_leaf_first(struct cmg__x509 **certs, size_t count,
                               const struct cmg__key *key)
{
    for (size_t i = 0; i < count; i++) {
        if (is_leaf(certs[i], key)) {
            swap(&certs[0], &certs[i]);
            break;
        }
    }
}

bool cmg__x509_is_self_issued(const struct cmg__x509 *cert)
{
    return cmg__x509_name_equal(cert->subject_name, cert->issuer_name);
}

bool cmg__x509_may_be_issuer(const struct cmg__x509 *cert, const struct cmg__x509 *issuer)
{
    if (!cmg__x509_name_equal(cert->issuer_name, issuer->subject_name))
        return false;
    return cert->authority_key_id.n == 0 || issuer->key_id.n == 0 ||
           cmg__span_eq(cert->authority_key_id, issuer->key_id);
}

/* Brings the one that may have issued certs[at] behind it; false when it is not there. */
static bool bring_issuer(struct cmg__x509 **certs, size_t count, size_t at)
{
    for (size_t i = at + 1; i < count && !cmg__x509_is_self_issued(certs[at]); i++) {
        if (cmg__x509_may_be_issuer(certs[at], certs[i])) {
            swap(&certs[at + 1], &certs[i]);
            return true;
        }
    }
    return false;
}

size_t cmg__x509_sort_issuers(struct cmg__x509 **certs, size_t count)
{
    size_t whole = count;

    for (size_t at = 0; at + 1 < count; at++) {
        if (!bring_issuer(certs, count, at) && whole == count)
            whole = at + 1;
    }
    return whole;
}
