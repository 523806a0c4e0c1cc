/* Name constraints of authorities (RFC 5280, section 4.2.1.10). */
#ifndef CMG_CRYPTO_X509_CONSTRAINTS_H
#define CMG_CRYPTO_X509_CONSTRAINTS_H

#include "crypto/x509_data.h"

/* Whether the authority's constraints are well formed: something in them, each base of
   the form its kind has, minimum and maximum absent. True without any. */
bool cmg__x509_constraints_are_sound(const struct cmg__x509 *authority);
/* Whether they say nothing that RFC 5280 does not know: ".contoso.com" for DNS names is
   widely used and not in it. */
bool cmg__x509_constraints_are_strict(const struct cmg__x509 *authority);

enum cmg__constraint_result {
    CMG__NAMES_ALLOWED,
    CMG__NAMES_OUTSIDE,
    CMG__NAMES_TOO_MANY /* the budget of comparisons is used up */
};
/* Whether the names of cert keep to what authority allows. A constraint that cannot be
   decided for a name that is there counts as broken. *work counts down. */
enum cmg__constraint_result cmg__x509_names_allowed(const struct cmg__x509 *authority,
                                                    const struct cmg__x509 *cert,
                                                    unsigned *work);

#endif
