/*
 * The sandbox's own certificate authority, kept in its directory, and the listener's
 * certificate for all names of Azure, made anew at each start.
 */
#ifndef CMG_SANDBOX_AUTHORITY_H
#define CMG_SANDBOX_AUTHORITY_H

#include "azure/cloud.h"
#include "crypto/x509.h"

struct cmg__sb_authority {
    struct cmg__buf ca_pem;
    struct cmg__buf cert_pem;
    struct cmg__buf key_pem; /* secret */
    struct cmg__x509 *ca;
    struct cmg__key *ca_key;
};

void cmg__sb_authority_init(struct cmg__sb_authority *a, const struct cmg__alloc *alloc);
void cmg__sb_authority_done(struct cmg__sb_authority *a);
/* Reads "<directory>/ca.pem" and ca.key, or makes them; then the server's certificate. */
cmg_status cmg__sb_authority_open(struct cmg__sb_authority *a,
                                  const struct cmg__alloc *alloc,
                                  const struct cmg__env *env, const char *directory,
                                  const struct cmg__cloud *names, cmg_error **err);

#endif
