/* Lists of certificates out of text, and one certificate as PEM. */
#include "crypto/intake.h"
#include "crypto/pem.h"
#include "crypto/x509_data.h"

void cmg__x509_free_list(const struct cmg__alloc *alloc, struct cmg__x509 **list,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        cmg__x509_free(list[i]);
    cmg__free(alloc, list);
}

cmg_status cmg__x509_parse_pem(const struct cmg__alloc *alloc, const char *pem, size_t n,
                               struct cmg__x509 ***out, size_t *out_count,
                               cmg_error **err)
{
    struct cmg__intake intake;
    const cmg_status rc =
        cmg__intake_read(&intake, alloc, NULL, pem, n, NULL, false, err);

    if (rc == CMG_OK) {
        *out = intake.certs.items;
        *out_count = intake.certs.count;
    }
    return rc;
}

cmg_status cmg__x509_write_pem(const struct cmg__x509 *cert, struct cmg__buf *out)
{
    return cmg__pem_write(out, "CERTIFICATE", cert->der, cert->der_len);
}
