/*
 * BER to DER, for files of others: indefinite lengths, lengths with leading zeros and
 * OCTET STRINGs in pieces become what crypto/der_read.h accepts. Depth and size are
 * bounded.
 */
#ifndef CMG_CRYPTO_BER_H
#define CMG_CRYPTO_BER_H

#include "crypto/der_read.h"

/* Appends the one value that in holds. CMG_E_PARSE, CMG_E_LIMIT (depth, size),
   CMG_E_NOMEM. */
cmg_status cmg__ber_to_der(struct cmg__span in, struct cmg__buf *out);

#endif
