/* Certificates and extensions as text for a person. */
#ifndef CMG_CRYPTO_X509_DESCRIBE_H
#define CMG_CRYPTO_X509_DESCRIBE_H

#include "crypto/describe.h"
#include "crypto/x509.h"

/* "Certificate", then everything it says, in the order of a person's questions. */
void cmg__x509_describe(const struct cmg__x509 *cert, struct cmg__describe *d);
/* "Extensions", then each, one title and its values; list is the content of Extensions of
   a certificate or a request. Nothing when there are none. */
void cmg__extensions_describe(struct cmg__span list, struct cmg__describe *d);
/* Content of GeneralNames, each a line with its kind; false when the rest is malformed.
 */
bool cmg__names_describe(struct cmg__span names, struct cmg__describe *d);
/* "sha256WithRSAEncryption"; "RSASSA-PSS, sha256, salt of 32 octets"; dotted decimal when
   it has no name here. */
cmg_status cmg__signature_text(struct cmg__span identifier, struct cmg__buf *out);

#endif
