/*
 * Private keys: make, read, write, sign. RSA 2048/3072/4096 and EC P-256/P-384, or keys
 * of the same kinds that the host holds and signs with. The value is wiped when freed.
 * Signatures are verified before they leave (mbedTLS 2.28 may produce a wrong one when
 * memory runs out, and a host may err).
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
/* PKCS#8, PKCS#1 or SEC1, PEM or DER. An encrypted PKCS#8 wants a password: CMG_E_AUTH
   when it is wrong or NULL; CMG_E_PARSE for damage, CMG_E_UNSUPPORTED for other
   encryption. */
cmg_status cmg__key_parse_encrypted(const struct cmg__alloc *alloc,
                                    const struct cmg__env *env, const void *data,
                                    size_t n, const char *password, struct cmg__key **out,
                                    cmg_error **err);
/* The same without a password. */
cmg_status cmg__key_parse(const struct cmg__alloc *alloc, const struct cmg__env *env,
                          const void *data, size_t n, struct cmg__key **out,
                          cmg_error **err);
/* A key that the host holds. sign gives the length of the signature that it wrote (PKCS#1
   v1.5 or a DER ECDSA-Sig-Value), or a negative number; sign_pss (RSASSA-PSS) may be
   NULL. release may be NULL; it is called once the key is gone, not when making it
   failed. */
typedef int64_t cmg__key_sign_fn(void *user, enum cmg__oid hash, const uint8_t *digest,
                                 size_t n, uint8_t *signature, size_t max);
struct cmg__key_holder {
    void *user;
    cmg__key_sign_fn *sign;
    cmg__key_sign_fn *sign_pss;
    void (*release)(void *user);
};
cmg_status cmg__key_new_held(const struct cmg__alloc *alloc, struct cmg__span spki,
                             const struct cmg__key_holder *holder, struct cmg__key **out,
                             cmg_error **err);
bool cmg__key_is_held(const struct cmg__key *key);
/* Whether it can make signatures of RSASSA-PSS. */
bool cmg__key_signs_pss(const struct cmg__key *key);
/* Appends the SubjectPublicKeyInfo that data is or that a certificate in it has. */
cmg_status cmg__key_find_public(const struct cmg__alloc *alloc, const void *data,
                                size_t n, struct cmg__buf *spki, cmg_error **err);
/* A key may be referred to from several places: each gives its own reference back. */
struct cmg__key *cmg__key_ref(struct cmg__key *key);
void cmg__key_free(struct cmg__key *key);
enum cmg__key_kind cmg__key_kind(const struct cmg__key *key);
unsigned cmg__key_bits(const struct cmg__key *key);
/* "RSA 2048", "EC P-256". */
#define CMG__KEY_TEXT_SIZE 24
void cmg__key_describe(const struct cmg__key *key, char out[CMG__KEY_TEXT_SIZE]);
/* PKCS#8; out should be a secret buffer. CMG_E_UNSUPPORTED when the host holds the key.
 */
cmg_status cmg__key_write_pem(const struct cmg__key *key, struct cmg__buf *out);
cmg_status cmg__key_write_der(const struct cmg__key *key, struct cmg__buf *out);
/* PKCS#8, PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA-256. */
#define CMG__KEY_ITERATIONS 600000
cmg_status cmg__key_write_encrypted_pem(const struct cmg__key *key,
                                        const struct cmg__env *env, const char *password,
                                        uint32_t iterations, struct cmg__buf *out,
                                        cmg_error **err);
cmg_status cmg__key_write_encrypted_der(const struct cmg__key *key,
                                        const struct cmg__env *env, const char *password,
                                        uint32_t iterations, struct cmg__buf *out,
                                        cmg_error **err);
/* What writing a private key came to, in words. */
cmg_status cmg__key_fail_write(cmg_error **err, const struct cmg__key *key,
                               cmg_status rc);
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
/* RSASSA-PSS over the same hashes, with a salt as long as the hash; only for keys that
   cmg__key_signs_pss. */
cmg_status cmg__key_sign_pss(const struct cmg__key *key, const struct cmg__env *env,
                             enum cmg__oid hash, const void *data, size_t n,
                             struct cmg__buf *signature, cmg_error **err);

#endif
