/*
 * PKCS#7 SignedData as a bag of certificates. Text becomes DER or BER first, then one
 * walk finds the certificates field. DER is read where it is: what a certificate's
 * signature covers is never written anew without need.
 */
#include "crypto/pkcs7.h"

#include <string.h>

#include "crypto/ber.h"
#include "crypto/pem.h"
#include "crypto/sniff.h"
#include "crypto/x509_data.h"

#define PKCS7_MAX ((size_t)4 * 1024 * 1024)

static cmg_status fail(const struct cmg__alloc *alloc, cmg_status rc, cmg_error **err)
{
    static const struct {
        cmg_status rc;
        const char *remedy;
        const char *what;
    } texts[] = {
        { CMG_E_PARSE, "export the certificates again, as PKCS#7, PEM or DER",
          "the PKCS#7 data are damaged" },
        { CMG_E_UNSUPPORTED, "give signed data, which .p7b files are",
          "the PKCS#7 data are of a kind that carries no certificates" },
        { CMG_E_LIMIT, "give at most 4 MiB, with no more than 256 certificates",
          "the PKCS#7 data are too large or too deep" },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(texts); i++) {
        if (texts[i].rc == rc)
            return cmg__fail(err, alloc, rc, "pkcs7", texts[i].remedy, "%s",
                             texts[i].what);
    }
    return cmg__fail_nomem(err);
}

/* ContentInfo of signedData down to what the SignedData holds. */
static cmg_status open_signed(struct cmg__span in, struct cmg__span *body)
{
    struct cmg__span info;
    struct cmg__span wrap;
    enum cmg__oid type;

    if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &info) || in.n != 0 ||
        !cmg__der_take_oid(&info, &type))
        return CMG_E_PARSE;
    if (type != CMG__OID_SIGNED_DATA)
        return CMG_E_UNSUPPORTED;
    return cmg__der_take(&info, CMG__DER_CONTEXT_CONS + 0, &wrap) && info.n == 0 &&
                   cmg__der_take(&wrap, CMG__DER_SEQUENCE, body) && wrap.n == 0
               ? CMG_OK
               : CMG_E_PARSE;
}

/* The certificates field; empty when it is absent. */
static cmg_status find_certificates(struct cmg__span in, struct cmg__span *list)
{
    struct cmg__span body;
    uint32_t version;
    const cmg_status rc = open_signed(in, &body);

    *list = cmg__span_of(NULL, 0);
    if (rc != CMG_OK)
        return rc;
    if (!cmg__der_take_uint(&body, 5, &version) ||
        !cmg__der_take(&body, CMG__DER_SET, NULL) ||
        !cmg__der_take(&body, CMG__DER_SEQUENCE, NULL))
        return CMG_E_PARSE;
    cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 0, list);
    cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 1, NULL);
    return cmg__der_take(&body, CMG__DER_SET, NULL) && body.n == 0 ? CMG_OK : CMG_E_PARSE;
}

/* Other choices than a certificate carry context tags and are passed over. */
static cmg_status add_all(struct cmg__x509_chain *certs, struct cmg__span list,
                          cmg_error **err)
{
    struct cmg__der_item item;
    cmg_status rc = CMG_OK;

    while (list.n > 0 && rc == CMG_OK) {
        if (!cmg__der_next(&list, &item))
            return fail(certs->alloc, CMG_E_PARSE, err);
        if (item.tag == CMG__DER_SEQUENCE)
            rc = cmg__x509_chain_add(certs, item.whole, err);
    }
    return rc;
}

cmg_status cmg__pkcs7_add(struct cmg__x509_chain *certs, struct cmg__span ber,
                          cmg_error **err)
{
    struct cmg__buf der;
    struct cmg__span list;
    const size_t before = certs->count;

    if (ber.n > PKCS7_MAX)
        return fail(certs->alloc, CMG_E_LIMIT, err);
    cmg__buf_init(&der, certs->alloc, 2 * PKCS7_MAX);
    cmg_status rc = find_certificates(ber, &list);
    if (rc == CMG_E_PARSE) {
        rc = cmg__ber_to_der(ber, &der);
        if (rc == CMG_OK)
            rc = find_certificates(cmg__span_of(der.data, der.len), &list);
    }
    rc = rc == CMG_OK ? add_all(certs, list, err) : fail(certs->alloc, rc, err);
    if (rc == CMG_OK && certs->count == before)
        rc = cmg__fail(err, certs->alloc, CMG_E_PARSE, "pkcs7",
                       "export it again with the certificates",
                       "there is no certificate in the PKCS#7 data");
    cmg__buf_done(&der);
    return rc;
}

/* Bytes of whatever form to DER or BER; CMG_E_PARSE when it is none of the forms. */
static cmg_status decode(const void *data, size_t n, struct cmg__buf *der)
{
    struct cmg__pem_reader in = { .text = data, .left = n };
    struct cmg__pem_block block;

    switch (cmg__sniff(data, n)) {
    case CMG__KIND_PEM: {
        const cmg_status rc = cmg__pem_next(&in, &block, der);

        return rc == CMG_E_NOTFOUND ? CMG_E_PARSE : rc;
    }
    case CMG__KIND_BASE64:
        return cmg__pem_decode_body(data, n, der);
    default:
        return n > 0 ? cmg__buf_add(der, data, n) : CMG_E_PARSE;
    }
}

cmg_status cmg__pkcs7_parse(const struct cmg__alloc *alloc, const void *data, size_t n,
                            struct cmg__x509 ***out, size_t *out_count, cmg_error **err)
{
    struct cmg__x509_chain certs;
    struct cmg__buf der;

    cmg__x509_chain_init(&certs, alloc);
    cmg__buf_init_secret(&der, alloc, PKCS7_MAX);
    cmg_status rc = decode(data, n, &der);
    rc = rc == CMG_OK ? cmg__pkcs7_add(&certs, cmg__span_of(der.data, der.len), err)
                      : fail(alloc, rc, err);
    cmg__buf_done(&der);
    if (rc != CMG_OK) {
        cmg__x509_chain_done(&certs);
        return rc;
    }
    *out = certs.items;
    *out_count = certs.count;
    return CMG_OK;
}

/* ---- writing ---- */

static int compare(const struct cmg__x509 *a, const struct cmg__x509 *b)
{
    const size_t n = a->der_len < b->der_len ? a->der_len : b->der_len;
    const int order = memcmp(a->der, b->der, n);

    return order != 0 ? order : (a->der_len > b->der_len) - (a->der_len < b->der_len);
}

/* The next certificate in the order of bytes after last (NULL: the first); a certificate
   that is there twice is written once. */
static const struct cmg__x509 *next_sorted(struct cmg__x509 *const *certs, size_t count,
                                           const struct cmg__x509 *last)
{
    const struct cmg__x509 *best = NULL;

    for (size_t i = 0; i < count; i++) {
        if (last != NULL && compare(certs[i], last) <= 0)
            continue;
        if (best == NULL || compare(certs[i], best) < 0)
            best = certs[i];
    }
    return best;
}

cmg_status cmg__pkcs7_write(const struct cmg__alloc *alloc,
                            struct cmg__x509 *const *certs, size_t count,
                            struct cmg__buf *out)
{
    struct cmg__der_writer w;
    const struct cmg__x509 *cert = next_sorted(certs, count, NULL);

    (void)alloc;
    cmg__der_write_init(&w, out);
    const size_t info = cmg__der_open(&w, CMG__DER_SEQUENCE);
    cmg__der_put_oid(&w, CMG__OID_SIGNED_DATA);
    const size_t wrap = cmg__der_open(&w, CMG__DER_CONTEXT_CONS + 0);
    const size_t body = cmg__der_open(&w, CMG__DER_SEQUENCE);
    cmg__der_put_uint(&w, 1);
    cmg__der_put(&w, CMG__DER_SET, NULL, 0);
    cmg__der_put_algorithm(&w, CMG__OID_DATA, false);
    const size_t list = cmg__der_open(&w, CMG__DER_CONTEXT_CONS + 0);
    for (; cert != NULL; cert = next_sorted(certs, count, cert))
        cmg__der_put_raw(&w, cert->der, cert->der_len);
    cmg__der_close(&w, list);
    cmg__der_put(&w, CMG__DER_SET, NULL, 0);
    cmg__der_close(&w, body);
    cmg__der_close(&w, wrap);
    cmg__der_close(&w, info);
    return w.rc;
}
