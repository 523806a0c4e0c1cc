/*
 * What some bytes are, told from the shape of their first values; nothing is verified.
 * Readers name it in their errors, and the intake chooses its reader by it.
 */
#ifndef CMG_CRYPTO_SNIFF_H
#define CMG_CRYPTO_SNIFF_H

#include "crypto/der_read.h"

enum cmg__kind {
    CMG__KIND_UNKNOWN,
    CMG__KIND_EMPTY,
    CMG__KIND_CERTIFICATE,
    CMG__KIND_CSR,
    CMG__KIND_CRL,
    CMG__KIND_PKCS7, /* SignedData */
    CMG__KIND_PKCS7_OTHER,
    CMG__KIND_PFX,
    CMG__KIND_KEY,
    CMG__KIND_ENCRYPTED_KEY,
    CMG__KIND_PUBLIC_KEY,
    CMG__KIND_PEM,
    CMG__KIND_BASE64, /* nothing but base64: perhaps a value without its PEM lines */
    CMG__KIND_UTF16,
    CMG__KIND_HTML,
    CMG__KIND_JSON,
    CMG__KIND_SSH_KEY,
    CMG__KIND_COUNT
};
enum cmg__kind cmg__sniff(const void *data, size_t n);
/* The same for one DER value, its whole content at hand. */
enum cmg__kind cmg__sniff_der(struct cmg__span der);
/* "a certificate request (PKCS#10)" */
const char *cmg__kind_name(enum cmg__kind kind);

#endif
