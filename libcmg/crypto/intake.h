/*
 * One way in for certificates in whatever form they come: PEM text with several blocks,
 * DER, PKCS#7 (PEM, DER, BER, base64), PFX. Gives all certificates and the key, if there
 * is one; what is there instead is named in the error.
 */
#ifndef CMG_CRYPTO_INTAKE_H
#define CMG_CRYPTO_INTAKE_H

#include "crypto/x509_chain.h"

#define CMG__INTAKE_MAX ((size_t)4 * 1024 * 1024)

struct cmg__intake {
    struct cmg__x509_chain certs; /* in the order of the file */
    struct cmg__key *key;         /* NULL: there is none */
};

/* password (NULL for none) opens a PFX and encrypted key blocks. with_key false: keys are
   passed over, so that no password is needed for a bundle that has one; env may then be
   NULL, and a PFX is not opened. */
cmg_status cmg__intake_read(struct cmg__intake *intake, const struct cmg__alloc *alloc,
                            const struct cmg__env *env, const void *data, size_t n,
                            const char *password, bool with_key, cmg_error **err);
/* Puts the key's certificate first (without a key the first one stays) and each issuer
   after what it issued. CMG_E_CERT when the key belongs to none of them. */
cmg_status cmg__intake_sort(struct cmg__intake *intake, cmg_error **err);
void cmg__intake_done(struct cmg__intake *intake);

#endif
