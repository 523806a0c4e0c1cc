/* What the parts of Entra share. */
#ifndef CMG_SANDBOX_ENTRA_H
#define CMG_SANDBOX_ENTRA_H

#include "sandbox/token.h"

/* Is the path's {tenant} ours? Otherwise the answer is set. */
bool cmg__sb_tenant_is_known(struct cmg__sb_call *call);

/* Does the form's client_assertion prove that the caller is this client? A certificate of
   the application must have signed it, by RS256 or PS256, for this endpoint and this
   time. Otherwise the answer is set. An assertion may come more than once while it lasts,
   as with the real service: clients keep theirs. */
bool cmg__sb_assertion_admits(struct cmg__sb_call *call, struct cmg__sb_client *client);
/* The same for the token of an outside issuer: one of the application's federated
   credentials must name it. */
bool cmg__sb_federated_admits(struct cmg__sb_call *call,
                              const struct cmg__sb_client *client, const char *token,
                              const struct cmg__json *payload);
/* The built-in application gets a certificate, unless it has one. */
cmg_status cmg__sb_client_certificate_make(struct cmg__sb_cloud *cloud, cmg_error **err);

/* ---- entra_identity.c: what every metadata service does ---- */
/* False with the answer set: not a request that a program of the machine means. */
bool cmg__sb_metadata_is_meant(struct cmg__sb_call *call);
/* A token of the identity (NULL: there is none) for the resource that the query names. */
void cmg__sb_metadata_token(struct cmg__sb_call *call, const struct cmg__json *identity);

#endif
