/* A growing list of certificates, and who stands above whom. */
#ifndef CMG_CRYPTO_X509_CHAIN_H
#define CMG_CRYPTO_X509_CHAIN_H

#include "crypto/der_read.h"
#include "crypto/x509.h"

#define CMG__X509_CHAIN_MAX 256

struct cmg__x509_chain {
    const struct cmg__alloc *alloc;
    struct cmg__x509 **items;
    size_t count;
};

void cmg__x509_chain_init(struct cmg__x509_chain *list, const struct cmg__alloc *alloc);
void cmg__x509_chain_done(struct cmg__x509_chain *list);
/* Parses the DER and appends. */
cmg_status cmg__x509_chain_add(struct cmg__x509_chain *list, struct cmg__span der,
                               cmg_error **err);
/* Takes the certificate over, also on failure. */
cmg_status cmg__x509_chain_take(struct cmg__x509_chain *list, struct cmg__x509 *cert,
                                cmg_error **err);
/* The certificate of the key comes first; without a key the first that is no authority.
 */
void cmg__x509_sort_leaf_first(struct cmg__x509 **certs, size_t count,
                               const struct cmg__key *key);
/* After each certificate its issuer, as far as it is there; the first one stays. Returns
   how many stand in one line from it. */
size_t cmg__x509_sort_issuers(struct cmg__x509 **certs, size_t count);

bool cmg__x509_is_self_issued(const struct cmg__x509 *cert);
/* Names agree, and key identifiers where both have one; signatures are not looked at. */
bool cmg__x509_may_be_issuer(const struct cmg__x509 *cert,
                             const struct cmg__x509 *issuer);

#endif
