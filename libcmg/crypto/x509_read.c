/*
 * Parsing certificates. An own reader, because both lines of mbedTLS refuse certificates
 * that have to be judged here (critical name constraints) and hide fields that the judge
 * needs. It accepts what is well formed; whether it is acceptable is x509_check.c's
 * affair.
 */
#include "crypto/x509.h"

#include <string.h>

#include "base/str.h"
#include "crypto/hash.h"
#include "crypto/key_data.h"
#include "crypto/spki.h"
#include "crypto/x509_data.h"
#include "crypto/x509_name.h"

static bool read_public_key(struct cmg__x509 *cert, const struct cmg__der_item *item)
{
    struct cmg__spki key;

    if (!cmg__spki_read(item, &key))
        return false;
    cert->spki = key.whole;
    cert->key_bits = key.bits;
    cert->key_algorithm = key.algorithm;
    cert->curve = key.curve;
    cert->bits = key.size;
    cert->rsa_modulus = key.modulus;
    cert->rsa_exponent = key.exponent;
    memcpy(cert->key_description, key.description, sizeof cert->key_description);
    return true;
}

static bool read_serial(struct cmg__x509 *cert, struct cmg__span *in)
{
    struct cmg__span bytes;

    if (!cmg__der_take(in, CMG__DER_INTEGER, &bytes) || bytes.n == 0)
        return false;
    cert->serial_is_positive = (bytes.p[0] & 0x80U) == 0;
    cert->serial_octets = bytes.n;
    while (bytes.n > 1 && bytes.p[0] == 0)
        bytes = cmg__span_of(bytes.p + 1, bytes.n - 1);
    if (bytes.n > 20)
        return false;
    if (bytes.n == 1 && bytes.p[0] == 0)
        cert->serial_is_positive = false;
    cert->serial = bytes;
    cmg__hex_format(bytes.p, bytes.n, cert->serial_hex);
    return true;
}

static bool read_validity(struct cmg__x509 *cert, struct cmg__span *in)
{
    struct cmg__span body;

    return cmg__der_take(in, CMG__DER_SEQUENCE, &body) &&
           cmg__der_take_time(&body, &cert->not_before) &&
           cmg__der_take_time(&body, &cert->not_after) && body.n == 0;
}

/* What follows the public key: two obsolete identifiers and the extensions. */
static bool read_tail(struct cmg__x509 *cert, struct cmg__span *in, uint32_t version)
{
    struct cmg__span extensions;

    cmg__der_take_if(in, CMG__DER_CONTEXT + 1, NULL);
    cmg__der_take_if(in, CMG__DER_CONTEXT + 2, NULL);
    if (cmg__der_take_if(in, CMG__DER_CONTEXT_CONS + 3, &extensions) &&
        (version != 2 || !cmg__x509_read_extensions(cert, extensions)))
        return false;
    return in->n == 0;
}

static bool read_tbs(struct cmg__x509 *cert, struct cmg__span in,
                     struct cmg__span *algorithm)
{
    struct cmg__span body;
    struct cmg__span wrapped;
    struct cmg__der_item item;
    uint32_t version = 0;

    if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &body))
        return false;
    if (cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 0, &wrapped) &&
        (!cmg__der_take_uint(&wrapped, 2, &version) || wrapped.n != 0))
        return false;
    cert->version = version + 1;
    if (!read_serial(cert, &body) || !cmg__der_next(&body, &item))
        return false;
    *algorithm = item.whole;
    if (!cmg__der_take(&body, CMG__DER_SEQUENCE, &cert->issuer_name) ||
        !read_validity(cert, &body) ||
        !cmg__der_take(&body, CMG__DER_SEQUENCE, &cert->subject_name) ||
        !cmg__der_next(&body, &item) || !read_public_key(cert, &item))
        return false;
    return read_tail(cert, &body, version);
}

static bool read_certificate(struct cmg__x509 *cert)
{
    struct cmg__span in = cmg__span_of(cert->der, cert->der_len);
    struct cmg__span body;
    struct cmg__span parameters;
    struct cmg__span inner;
    struct cmg__der_item tbs;
    struct cmg__der_item outer;

    if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &body) || in.n != 0 ||
        !cmg__der_next(&body, &tbs) || !cmg__der_next(&body, &outer) ||
        !cmg__der_take_bits(&body, &cert->signature) || body.n != 0)
        return false;
    cert->tbs = tbs.whole;
    cert->signature_identifier = outer.whole;
    struct cmg__span algorithm = outer.whole;
    return cmg__der_take_algorithm(&algorithm, &cert->signature_algorithm, &parameters) &&
           read_tbs(cert, tbs.whole, &inner) && cmg__span_eq(inner, outer.whole);
}

static cmg_status name_to_text(const struct cmg__x509 *cert, struct cmg__span name,
                               cmg_status (*format)(struct cmg__span, struct cmg__buf *),
                               char **out)
{
    struct cmg__buf text;

    cmg__buf_init(&text, cert->alloc, 4 * CMG__X509_DER_MAX);
    cmg_status rc = format(name, &text);
    if (rc == CMG_OK) {
        *out = cmg__strdup(cert->alloc, cmg__buf_cstr(&text));
        rc = *out != NULL ? CMG_OK : CMG_E_NOMEM;
    }
    cmg__buf_done(&text);
    return rc;
}

static cmg_status read_texts(struct cmg__x509 *cert)
{
    uint8_t sha1[20];
    cmg_status rc =
        name_to_text(cert, cert->subject_name, cmg__x509_name_text, &cert->subject);

    if (rc == CMG_OK)
        rc = name_to_text(cert, cert->issuer_name, cmg__x509_name_text, &cert->issuer);
    if (rc == CMG_OK)
        rc = name_to_text(cert, cert->subject_name, cmg__x509_name_common,
                          &cert->common_name);
    if (rc == CMG_OK && !cmg__x509_read_dns_names(cert, &rc) && rc == CMG_OK)
        rc = CMG_E_PARSE;
    if (rc == CMG_OK)
        rc = cmg__sha256_hex(cert->der, cert->der_len, cert->sha256_hex);
    if (rc == CMG_OK)
        rc = cmg__sha1(cert->der, cert->der_len, sha1);
    if (rc == CMG_OK)
        cmg__hex_format(sha1, sizeof sha1, cert->sha1_hex);
    return rc;
}

static struct cmg__x509 *new_certificate(const struct cmg__alloc *alloc, const void *der,
                                         size_t n)
{
    struct cmg__x509 *cert = cmg__alloc0(alloc, sizeof *cert);

    if (cert == NULL)
        return NULL;
    cert->alloc = alloc;
    cert->path_length = -1;
    cert->der = cmg__alloc(alloc, n);
    if (cert->der == NULL) {
        cmg__free(alloc, cert);
        return NULL;
    }
    memcpy(cert->der, der, n);
    cert->der_len = n;
    return cert;
}

cmg_status cmg__x509_parse(const struct cmg__alloc *alloc, const void *der, size_t n,
                           struct cmg__x509 **out, cmg_error **err)
{
    if (n > CMG__X509_DER_MAX)
        return cmg__fail(err, alloc, CMG_E_LIMIT, "certificate", NULL,
                         "a certificate of %zu bytes is too large", n);
    if (n == 0)
        return cmg__fail(err, alloc, CMG_E_PARSE, "certificate", NULL,
                         "the certificate is empty");
    struct cmg__x509 *cert = new_certificate(alloc, der, n);
    if (cert == NULL)
        return cmg__fail_nomem(err);
    const cmg_status rc = read_certificate(cert) ? read_texts(cert) : CMG_E_PARSE;
    if (rc == CMG_OK) {
        *out = cert;
        return CMG_OK;
    }
    cmg__x509_free(cert);
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    return cmg__fail(err, alloc, CMG_E_PARSE, "certificate",
                     "give it as X.509 DER or PEM",
                     "the certificate of %zu bytes is not well formed", n);
}

void cmg__x509_free(struct cmg__x509 *cert)
{
    if (cert == NULL)
        return;
    const struct cmg__alloc *alloc = cert->alloc;
    for (size_t i = 0; i < cert->dns_count; i++)
        cmg__free(alloc, cert->dns_names[i]);
    cmg__free(alloc, cert->dns_names);
    cmg__free(alloc, cert->subject);
    cmg__free(alloc, cert->issuer);
    cmg__free(alloc, cert->common_name);
    cmg__free(alloc, cert->der);
    cmg__free(alloc, cert);
}

void cmg__x509_info(const struct cmg__x509 *cert, struct cmg__x509_info *out)
{
    *out = (struct cmg__x509_info){
        .der = cert->der,
        .der_len = cert->der_len,
        .subject = cert->subject,
        .common_name = cert->common_name,
        .issuer = cert->issuer,
        .not_before_unix_s = cert->not_before,
        .not_after_unix_s = cert->not_after,
        .is_ca = cert->is_ca,
        .has_eku = cert->has_eku,
        .eku_server_auth = cert->eku_server_auth,
        .eku_client_auth = cert->eku_client_auth,
        .key_description = cert->key_description,
        .dns_count = cert->dns_count,
    };
    memcpy(out->serial_hex, cert->serial_hex, sizeof out->serial_hex);
    memcpy(out->sha1_hex, cert->sha1_hex, sizeof out->sha1_hex);
    memcpy(out->sha256_hex, cert->sha256_hex, sizeof out->sha256_hex);
}

const char *cmg__x509_dns_name(const struct cmg__x509 *cert, size_t i)
{
    return i < cert->dns_count ? cert->dns_names[i] : NULL;
}

bool cmg__x509_matches_key(const struct cmg__x509 *cert, const struct cmg__key *key)
{
    /* On the stack: a yes or no cannot say that memory ran out. */
    char storage[2048];
    struct cmg__buf spki;
    struct cmg__span body;
    struct cmg__span bits;
    struct cmg__span parameters;
    enum cmg__oid algorithm;
    bool same = false;

    cmg__buf_init_fixed(&spki, storage, sizeof storage);
    if (cmg__key_write_public_der(key, &spki) == CMG_OK) {
        struct cmg__span in = cmg__span_of(spki.data, spki.len);

        same = cmg__der_take(&in, CMG__DER_SEQUENCE, &body) &&
               cmg__der_take_algorithm(&body, &algorithm, &parameters) &&
               cmg__der_take_bits(&body, &bits) && algorithm == cert->key_algorithm &&
               (algorithm == CMG__OID_RSA || key->curve == cert->curve) &&
               cmg__span_eq(bits, cert->key_bits);
    }
    cmg__buf_done(&spki);
    return same;
}

cmg_status cmg__x509_verify_signature(const struct cmg__x509 *cert,
                                      const struct cmg__x509 *issuer)
{
    struct cmg__signature_algorithm algorithm;
    struct cmg__span identifier = cert->signature_identifier;

    if (!cmg__signature_algorithm_take(&identifier, &algorithm))
        return CMG_E_CERT;
    return cmg__key_verify_weak(issuer->spki, &algorithm, cert->tbs, cert->signature);
}
