/*
 * Private keys: make, read, write, sign. RSA 2048/3072/4096 and EC P-256/P-384. The value
 * is wiped when freed. Signatures are verified before they leave (mbedTLS 2.28 may
 * produce a wrong one when memory runs out).
 */
#ifndef CMG_CRYPTO_KEY_H
#define CMG_CRYPTO_KEY_H

#include "base/env.h"
#include "base/error.h"
#include "crypto/signature.h"

struct cmg__key;

enum cmg__key_kind { CMG__KEY_RSA, CMG__KEY_EC };

cmg_status cmg__key_generate(const struct cmg__alloc *alloc, const struct cmg__env *env,
                             enum cmg__key_kind kind, unsigned bits,
                             struct cmg__key **out, cmg_error **err);
/* PKCS#8, PKCS#1 or SEC1; PEM or DER; not encrypted. */
cmg_status cmg__key_parse(const struct cmg__alloc *alloc, const struct cmg__env *env,
                          const void *data, size_t n, struct cmg__key **out,
                          cmg_error **err);
/* A key may have several holders: each gives its own reference back. */
struct cmg__key *cmg__key_ref(struct cmg__key *key);
void cmg__key_free(struct cmg__key *key);
enum cmg__key_kind cmg__key_kind(const struct cmg__key *key);
unsigned cmg__key_bits(const struct cmg__key *key);
/* PKCS#8; out should be a secret buffer. */
cmg_status cmg__key_write_pem(const struct cmg__key *key, struct cmg__buf *out);
cmg_status cmg__key_write_der(const struct cmg__key *key, struct cmg__buf *out);
/* SubjectPublicKeyInfo, DER. */
cmg_status cmg__key_write_public_der(const struct cmg__key *key, struct cmg__buf *out);
/* Modulus and exponent, big-endian, of an RSA key (for a JWKS). */
cmg_status cmg__key_rsa_public(const struct cmg__key *key, struct cmg__buf *n,
                               struct cmg__buf *e);
/* The algorithm of the signatures that such a key makes over this hash. */
struct cmg__signature_algorithm cmg__key_signature_algorithm(enum cmg__key_kind kind,
                                                             enum cmg__oid hash);
/* PKCS#1 v1.5 or ECDSA over SHA-256, SHA-384 or SHA-512; signature appended. */
cmg_status cmg__key_sign(const struct cmg__key *key, const struct cmg__env *env,
                         enum cmg__oid hash, const void *data, size_t n,
                         struct cmg__buf *signature, cmg_error **err);

#endif
