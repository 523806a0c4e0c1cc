/* RC2-CBC with 40 effective bits (RFC 2268), decryption only: old PFX files need it. */
#ifndef CMG_CRYPTO_RC2_H
#define CMG_CRYPTO_RC2_H

#include <stddef.h>
#include <stdint.h>

/* n is a multiple of 8; in and out may be the same. */
void cmg__rc2_40_cbc_decrypt(const uint8_t key[5], const uint8_t iv[8], const uint8_t *in,
                             size_t n, uint8_t *out);

#endif
