/* One-shot and keyed hashes, and the RNG adapter, over mbedTLS. */
#ifndef CMG_CRYPTO_HASH_H
#define CMG_CRYPTO_HASH_H

#include "base/env.h"

cmg_status cmg__sha256(const void *data, size_t n, uint8_t out[32]);
cmg_status cmg__sha1(const void *data, size_t n, uint8_t out[20]);
/* 64 lower-case hexadecimal digits and a zero. */
cmg_status cmg__sha256_hex(const void *data, size_t n, char out[65]);
cmg_status cmg__hmac_sha256(const void *key, size_t key_len, const void *data, size_t n,
                            uint8_t out[32]);
/* mbedTLS f_rng that draws from an env: pass the env as p_rng. */
int cmg__crypto_rng(void *env, unsigned char *out, size_t n);

#endif
