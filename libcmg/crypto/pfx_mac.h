/* The MAC over a PKCS#12 file, classic or PBMAC1 (RFC 9579). */
#ifndef CMG_CRYPTO_PFX_MAC_H
#define CMG_CRYPTO_PFX_MAC_H

#include "crypto/pbe.h"

struct cmg__pfx_mac {
    enum cmg__oid hash;     /* of the classic MAC; CMG__OID_PBMAC1 */
    enum cmg__oid hmac;     /* of PBMAC1 */
    struct cmg__pbkdf2 kdf; /* salt and iterations of both */
    struct cmg__span value;
    struct cmg__span oid; /* the last one read: what it is that is not supported */
};

/* From a MacData structure. CMG_E_PARSE or CMG_E_UNSUPPORTED. */
cmg_status cmg__pfx_mac_take(struct cmg__span *in, struct cmg__pfx_mac *mac);
/* The MAC of content under the password; out holds 64 bytes, *n tells how many count. */
cmg_status cmg__pfx_mac_compute(const struct cmg__pfx_mac *mac,
                                const struct cmg__pbe_password *password,
                                struct cmg__span content, uint8_t out[64], size_t *n);

#endif
