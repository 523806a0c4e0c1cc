/*
 * Writing revocation lists, complete and delta (RFC 5280, section 5). mbedTLS has no such
 * writer. A list is read again and its signature checked before it is handed out.
 */
#ifndef CMG_CRYPTO_CRL_WRITE_H
#define CMG_CRYPTO_CRL_WRITE_H

#include <cmg/crl.h>
#include "crypto/x509.h"

struct cmg__crl_item {
    struct cmg__span serial; /* magnitude */
    int64_t date_unix_s;
    cmg_revocation_reason reason; /* unspecified is left out, as the standard wants it */
};

struct cmg__crl_content {
    int64_t this_update_unix_s;
    int64_t next_update_unix_s;
    uint64_t number;
    bool is_delta;
    uint64_t base_number;         /* of the complete list that a delta list counts from */
    const char *const *delta_crl; /* where delta lists are: NULL-terminated or NULL */
    const struct cmg__crl_item *items;
    size_t count;
};

/* Appends DER, signed with the hash that the issuer's own certificate was signed with.
   CMG_E_CERT when the issuer may not sign lists or the key is another's. */
cmg_status cmg__crl_write(const struct cmg__alloc *alloc, const struct cmg__env *env,
                          const struct cmg__crl_content *content,
                          const struct cmg__x509 *issuer, const struct cmg__key *key,
                          struct cmg__buf *out, cmg_error **err);

#endif
