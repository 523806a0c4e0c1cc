/*
 * Certificates in PKCS#7 (RFC 5652 SignedData): "certs-only" files as Windows writes them
 * (.p7b), answers of certification authorities, EST. Signatures in it are not looked at:
 * a certificate is judged by itself.
 */
#ifndef CMG_CRYPTO_PKCS7_H
#define CMG_CRYPTO_PKCS7_H

#include "crypto/x509_chain.h"

/* PEM, DER, BER or bare base64. The certificates in the order of the file, at least one;
   CMG_E_PARSE, CMG_E_UNSUPPORTED (another kind of PKCS#7), CMG_E_LIMIT, CMG_E_NOMEM. */
cmg_status cmg__pkcs7_parse(const struct cmg__alloc *alloc, const void *data, size_t n,
                            struct cmg__x509 ***out, size_t *out_count, cmg_error **err);
/* Appends the certificates of one value in DER or BER. */
cmg_status cmg__pkcs7_add(struct cmg__x509_chain *certs, struct cmg__span ber,
                          cmg_error **err);
/* Appends certs-only SignedData as DER; what stands in a SET is sorted, so the same
   certificates give the same bytes. */
cmg_status cmg__pkcs7_write(const struct cmg__alloc *alloc,
                            struct cmg__x509 *const *certs, size_t count,
                            struct cmg__buf *out);

#endif
