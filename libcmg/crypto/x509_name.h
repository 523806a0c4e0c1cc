/* Distinguished names: as text (RFC 4514) and compared (RFC 5280, section 7.1). */
#ifndef CMG_CRYPTO_X509_NAME_H
#define CMG_CRYPTO_X509_NAME_H

#include "crypto/der_read.h"

/* name is the content of the outer SEQUENCE. Appends "CN=host, O=Contoso", the most
   specific part first. CMG_E_PARSE when the name is malformed. */
cmg_status cmg__x509_name_text(struct cmg__span name, struct cmg__buf *out);
/* Appends the most specific common name, control characters escaped; nothing if absent.
 */
cmg_status cmg__x509_name_common(struct cmg__span name, struct cmg__buf *out);
bool cmg__x509_name_equal(struct cmg__span a, struct cmg__span b);
/* The bytes of the first attribute of that kind; takes name's parts up to that one. */
bool cmg__x509_name_find(struct cmg__span *name, enum cmg__oid wanted,
                         struct cmg__span *value);

enum cmg__name_match { CMG__NAME_NO, CMG__NAME_YES, CMG__NAME_UNSURE };
/* Whether name begins with the parts of prefix. Unsure: in encodings not compared here.
 */
enum cmg__name_match cmg__x509_name_has_prefix(struct cmg__span name,
                                               struct cmg__span prefix);

#endif
