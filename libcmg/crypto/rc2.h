/* RC2-CBC (RFC 2268), decryption only: old PFX files need it, with 40 and 128 bits. */
#ifndef CMG_CRYPTO_RC2_H
#define CMG_CRYPTO_RC2_H

#include <stddef.h>
#include <stdint.h>

/* key_len: 1 to 128 bytes; bits: effective ones, 1 to 1024. n is a multiple of 8; in and
   out may be the same. */
void cmg__rc2_cbc_decrypt(const uint8_t *key, size_t key_len, unsigned bits,
                          const uint8_t iv[8], const uint8_t *in, size_t n, uint8_t *out);

#endif
