/* Forged chains before the judge. */
#ifndef TESTS_CRYPTO_COURT_H
#define TESTS_CRYPTO_COURT_H

#include "crypto/forge.h"

#include "crypto/x509_judge.h"
#include "crypto/x509_trust.h"

struct court {
    struct pki pki;
    struct cmg__x509 *certs[FORGE_MAX];
    size_t count;
    struct cmg__x509_trust *trust;
    struct cmg__report report;
};

void court_init(struct court *court, const struct forge_cert *links);
void court_done(struct court *court);
/* Puts a copy into the trust list. */
void court_trust(struct court *court, const struct cmg__x509 *cert,
                 enum cmg__trust_kind kind);
/* Leaf first, then the others upwards; the root is not sent. */
void court_judge(struct court *court, const struct cmg__x509_question *q);
/* What "openssl verify" says of the same chain at the same time; out receives its words,
   the caller frees. */
bool court_openssl(const struct court *court, const struct cmg__x509_question *q,
                   char **out);

#endif
