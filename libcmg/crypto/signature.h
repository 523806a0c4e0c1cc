/*
 * The one verifier of signatures: certificates, revocation lists, requests. The algorithm
 * is read from its AlgorithmIdentifier with every parameter checked; what mbedTLS lets
 * pass too easily (lengths, encodings, exponents, salts) is refused before it is asked.
 */
#ifndef CMG_CRYPTO_SIGNATURE_H
#define CMG_CRYPTO_SIGNATURE_H

#include "crypto/der_read.h"

struct cmg__signature_algorithm {
    enum cmg__oid algorithm; /* RSA_SHA..., ECDSA_SHA... or RSA_PSS */
    enum cmg__oid hash;      /* CMG__OID_SHA... */
    unsigned salt_len;       /* RSA_PSS only */
};

/* Takes an AlgorithmIdentifier. False: not well formed (nothing is taken), not known, or
   with parameters that do not belong there. */
bool cmg__signature_algorithm_take(struct cmg__span *in,
                                   struct cmg__signature_algorithm *out);
/* Writes it: parameters NULL for RSA, absent for ECDSA, all for RSA_PSS. */
void cmg__signature_algorithm_put(struct cmg__der_writer *w,
                                  const struct cmg__signature_algorithm *algorithm);

/* CMG_OK when the key of the SubjectPublicKeyInfo made the signature over data;
   CMG_E_CERT when not, or when algorithm or key are too weak to prove it (SHA-1, RSA
   below 2048 bits); CMG_E_NOMEM. */
cmg_status cmg__key_verify(struct cmg__span spki,
                           const struct cmg__signature_algorithm *algorithm,
                           struct cmg__span data, struct cmg__span signature);
/* The same without the two floors, for whoever judges strength by himself and names it.
 */
cmg_status cmg__key_verify_weak(struct cmg__span spki,
                                const struct cmg__signature_algorithm *algorithm,
                                struct cmg__span data, struct cmg__span signature);
/* For data that is not kept, only its hash is: first the one, later the other. */
#define CMG__SIGNATURE_HASH_MAX 64
cmg_status cmg__signature_hash(const struct cmg__signature_algorithm *algorithm,
                               struct cmg__span data,
                               uint8_t out[CMG__SIGNATURE_HASH_MAX], size_t *n);
cmg_status cmg__key_verify_hash(struct cmg__span spki,
                                const struct cmg__signature_algorithm *algorithm,
                                struct cmg__span hash, struct cmg__span signature);

#endif
