/*
 * Revocation lists against the certificates of a path: every authority on the path is
 * asked, an intermediate of the trust list included; only the anchor answers for itself.
 */
#ifndef CMG_CRYPTO_X509_REVOCATION_H
#define CMG_CRYPTO_X509_REVOCATION_H

#include "crypto/x509_path.h"

#define CMG__REVOCATION_LEVELS 2 /* signers of lists whose own status is asked for */

struct cmg__revocation {
    const struct cmg__x509_trust *trust;
    const struct cmg__x509_question *question;
    const struct cmg__x509_peer *peer;
    const struct cmg__x509 *const *path; /* leaf first, anchor last */
    size_t count;
    unsigned level;   /* 0; above: the path is that of a signer of lists */
    unsigned *budget; /* signatures of lists that may still be verified */
    cmg_status rc;    /* CMG_OK or CMG_E_NOMEM */
};

/* Adds what is to be said of every certificate below the anchor. */
void cmg__x509_check_revocation(struct cmg__revocation *r,
                                struct cmg__findings *findings);

#endif
