/* Reading what of a request matters here: its bytes and its public key. */
#include "enrol/request.h"

#include "crypto/pem.h"

bool cmg__enrol_request_spki(const struct cmg__buf *der, struct cmg__span *spki)
{
    struct cmg__span in = cmg__span_of(der->data, der->len);
    struct cmg__span request;
    struct cmg__span info;
    struct cmg__der_item item;
    uint32_t version = 0;

    if (der->len == 0 || !cmg__der_take(&in, CMG__DER_SEQUENCE, &request) || in.n != 0 ||
        !cmg__der_take(&request, CMG__DER_SEQUENCE, &info) ||
        !cmg__der_take_uint(&info, 0, &version) ||
        !cmg__der_take(&info, CMG__DER_SEQUENCE, NULL) || !cmg__der_next(&info, &item) ||
        item.tag != CMG__DER_SEQUENCE)
        return false;
    *spki = item.whole;
    return true;
}

static cmg_status from_pem(const char *text, size_t n, struct cmg__buf *der)
{
    struct cmg__pem_reader in = { .text = text, .left = n };
    struct cmg__pem_block block;
    cmg_status rc = cmg__pem_next(&in, &block, der);

    while (rc == CMG_OK && !cmg__pem_is(&block, "CERTIFICATE REQUEST") &&
           !cmg__pem_is(&block, "NEW CERTIFICATE REQUEST"))
        rc = cmg__pem_next(&in, &block, der);
    return rc;
}

cmg_status cmg__enrol_request_read(const struct cmg__alloc *alloc, const void *data,
                                   size_t n, struct cmg__buf *der, cmg_error **err)
{
    const uint8_t *bytes = data;
    struct cmg__span spki;
    bool binary = n > 0 && bytes[0] == CMG__DER_SEQUENCE;
    cmg_status rc = binary ? cmg__buf_add(der, data, n) : from_pem(data, n, der);

    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    if (rc == CMG_E_LIMIT)
        return cmg__fail(err, alloc, rc, "csr", "give at most 64 KiB",
                         "%zu bytes are too many for a request", n);
    if (rc != CMG_OK || !cmg__enrol_request_spki(der, &spki))
        return cmg__fail(err, alloc, CMG_E_PARSE, "csr", "give PKCS#10 as PEM or DER",
                         "the %zu bytes are not a certificate request", n);
    return CMG_OK;
}
