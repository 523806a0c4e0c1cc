/*
 * Parts that certificates, requests and revocation lists are composed of: extensions as a
 * template wants them, and the signature around what is signed.
 */
#ifndef CMG_CRYPTO_X509_COMPOSE_H
#define CMG_CRYPTO_X509_COMPOSE_H

#include "crypto/x509_names.h"

struct cmg__extension {
    size_t outer;
    size_t value;
};
struct cmg__extension cmg__extension_open(struct cmg__der_writer *w, enum cmg__oid oid,
                                          bool critical);
void cmg__extension_close(struct cmg__der_writer *w, struct cmg__extension mark);

void cmg__compose_basic_constraints(struct cmg__der_writer *w,
                                    const struct cmg__x509_template *t);
void cmg__compose_key_usage(struct cmg__der_writer *w, const struct cmg__x509_template *t,
                            enum cmg__key_kind kind);
void cmg__compose_eku(struct cmg__der_writer *w, const struct cmg__x509_template *t);
/* Nothing without names; critical when there is no subject (RFC 5280, 4.2.1.6). */
void cmg__compose_alternatives(struct cmg__der_writer *w,
                               const struct cmg__x509_template *t,
                               const struct cmg__x509_names *names, bool critical);
/* The key identifier of the issuer; nothing when it is empty. */
void cmg__compose_authority_key_id(struct cmg__der_writer *w, struct cmg__span key_id);
/* cRLDistributionPoints or freshestCRL: one point with the URLs of the NULL-terminated
   list; nothing when there are none. */
void cmg__compose_points(struct cmg__der_writer *w, enum cmg__oid oid,
                         const char *const *urls);
/* authorityInfoAccess, caIssuers. */
void cmg__compose_issuers(struct cmg__der_writer *w, const char *const *urls);

void cmg__compose_algorithm(struct cmg__der_writer *w, enum cmg__key_kind kind,
                            enum cmg__oid hash);
/* The structure of what is signed, its algorithm and its signature. writing is what
   composing tbs came to. */
cmg_status cmg__compose_signed(const struct cmg__key *key, const struct cmg__env *env,
                               enum cmg__oid hash, const struct cmg__der_writer *tbs,
                               struct cmg__buf *out, cmg_error **err);

#endif
