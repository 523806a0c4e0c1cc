/* Name constraints of authorities (RFC 5280, section 4.2.1.10). */
#ifndef CMG_CRYPTO_X509_CONSTRAINTS_H
#define CMG_CRYPTO_X509_CONSTRAINTS_H

#include "crypto/x509_data.h"

/* Whether the names of cert keep to what authority allows. A constraint that cannot be
   decided for a name that is there counts as broken. */
bool cmg__x509_names_allowed(const struct cmg__x509 *authority,
                             const struct cmg__x509 *cert);

#endif
