/* Lists of certificates as PEM text, and one certificate as PEM. */
#include "crypto/pem.h"
#include "crypto/x509_data.h"

#define MAX_CERTIFICATES 256
#define BUNDLE_MAX       ((size_t)4 * 1024 * 1024)

void cmg__x509_free_list(const struct cmg__alloc *alloc, struct cmg__x509 **list,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        cmg__x509_free(list[i]);
    cmg__free(alloc, list);
}

/* Doubles the list when count reached a power of two. */
static bool make_room(const struct cmg__alloc *alloc, struct cmg__x509 ***list,
                      size_t count)
{
    if (count > 0 && (count & (count - 1)) != 0)
        return true;
    const size_t room = count == 0 ? 1 : 2 * count;
    struct cmg__x509 **more = cmg__realloc(alloc, *list, room * sizeof **list);
    if (more != NULL)
        *list = more;
    return more != NULL;
}

static cmg_status fail_block(const struct cmg__alloc *alloc, cmg_status rc, size_t count,
                             cmg_error **err)
{
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    return cmg__fail(err, alloc, rc, "certificate",
                     "export the certificates as PEM again",
                     "block %zu of the PEM text is damaged", count + 1);
}

/* Adds the block to the list when it is a certificate. */
static cmg_status add_block(const struct cmg__alloc *alloc,
                            const struct cmg__pem_block *block,
                            const struct cmg__buf *der, struct cmg__x509 ***list,
                            size_t *count, cmg_error **err)
{
    if (!cmg__pem_is(block, "CERTIFICATE") && !cmg__pem_is(block, "X509 CERTIFICATE"))
        return CMG_OK;
    if (*count == MAX_CERTIFICATES)
        return cmg__fail(err, alloc, CMG_E_LIMIT, "certificate", NULL,
                         "there are more than %d certificates in the PEM text",
                         MAX_CERTIFICATES);
    if (!make_room(alloc, list, *count))
        return cmg__fail_nomem(err);
    const cmg_status rc =
        cmg__x509_parse(alloc, der->data, der->len, &(*list)[*count], err);
    if (rc == CMG_OK)
        (*count)++;
    return rc;
}

cmg_status cmg__x509_parse_pem(const struct cmg__alloc *alloc, const char *pem, size_t n,
                               struct cmg__x509 ***out, size_t *out_count,
                               cmg_error **err)
{
    struct cmg__pem_reader in = { .text = pem, .left = n };
    struct cmg__pem_block block;
    struct cmg__x509 **list = NULL;
    struct cmg__buf der;
    size_t count = 0;
    cmg_status rc = CMG_OK;

    if (n > BUNDLE_MAX)
        return cmg__fail(err, alloc, CMG_E_LIMIT, "certificate", NULL,
                         "a PEM text of %zu bytes is too large", n);
    /* Secret: a bundle may hold a key between its certificates. */
    cmg__buf_init_secret(&der, alloc, BUNDLE_MAX);
    while (rc == CMG_OK) {
        rc = cmg__pem_next(&in, &block, &der);
        if (rc == CMG_E_NOTFOUND)
            break;
        rc = rc == CMG_OK ? add_block(alloc, &block, &der, &list, &count, err)
                          : fail_block(alloc, rc, count, err);
    }
    cmg__buf_done(&der);
    if (rc == CMG_E_NOTFOUND && count > 0) {
        *out = list;
        *out_count = count;
        return CMG_OK;
    }
    cmg__x509_free_list(alloc, list, count);
    if (rc == CMG_E_NOTFOUND)
        return cmg__fail(err, alloc, CMG_E_PARSE, "certificate",
                         "give PEM text with BEGIN CERTIFICATE lines",
                         "there is no certificate in the text");
    return rc;
}

cmg_status cmg__x509_write_pem(const struct cmg__x509 *cert, struct cmg__buf *out)
{
    return cmg__pem_write(out, "CERTIFICATE", cert->der, cert->der_len);
}
