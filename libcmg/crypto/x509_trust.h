/* The trust list, taken apart once; for the judge. */
#ifndef CMG_CRYPTO_X509_TRUST_H
#define CMG_CRYPTO_X509_TRUST_H

#include "crypto/crl.h"
#include "crypto/x509_data.h"

#define CMG__TRUST_MAX 1000 /* certificates, and revocation lists */

/* Signatures of authorities that were found good, by the hashes of both certificates: the
   same intermediates come with every peer, and a verdict costs little else. */
#define CMG__TRUST_MEMO 32
struct cmg__x509_memo {
    char below[CMG__TRUST_MEMO][64];
    char issuer[CMG__TRUST_MEMO][64];
    size_t next;
};

struct cmg__x509_trust {
    const struct cmg__alloc *alloc;
    struct cmg__x509 **list; /* anchors first */
    size_t count;
    size_t anchor_count;
    struct cmg__crl **crls; /* complete and delta lists as they came */
    size_t crl_count;
    struct cmg__x509_memo *memo;
};

/* A list without anything in it. */
struct cmg__x509_trust *cmg__x509_trust_new_empty(const struct cmg__alloc *alloc);
/* What certificates are added as. */
enum cmg__trust_kind {
    CMG__TRUST_AS_FOUND, /* self-signed authorities are anchors, others intermediates */
    CMG__TRUST_ANCHORS   /* paths may end at them, whoever signed them */
};
/* Takes the certificates over, also on failure, when nothing is added; list's own block
   stays the caller's. Ones that are there already are dropped, and become anchors when
   they are added as such. CMG_E_LIMIT or CMG_E_NOMEM. */
cmg_status cmg__x509_trust_add(struct cmg__x509_trust *trust, enum cmg__trust_kind kind,
                               struct cmg__x509 **list, size_t count);

/* Takes a reference. Whether anybody may have signed it is asked when it is needed.
   CMG_E_LIMIT or CMG_E_NOMEM. */
cmg_status cmg__x509_trust_add_crl(struct cmg__x509_trust *trust, struct cmg__crl *crl);

/* Whether issuer is known to have signed below, and learning that it has. Authorities
   only: machines are too many to be remembered. */
bool cmg__x509_trust_knows(const struct cmg__x509_trust *trust,
                           const struct cmg__x509 *below, const struct cmg__x509 *issuer);
void cmg__x509_trust_learn(const struct cmg__x509_trust *trust,
                           const struct cmg__x509 *below, const struct cmg__x509 *issuer);

#endif
