/* The data behind cmg_certificate. */
#ifndef CMG_MODEL_CERTIFICATE_H
#define CMG_MODEL_CERTIFICATE_H

#include <cmg/certificate.h>
#include "base/context.h"
#include "crypto/describe.h"
#include "crypto/x509.h"
#include "model/certificate_facts.h"

struct cmg_certificate {
    struct cmg__handle head;
    struct cmg__x509 **chain; /* leaf first */
    size_t count;
    struct cmg__x509_info info; /* of the leaf, as the next */
    struct cmg__facts facts;
    struct cmg__key *key; /* NULL when unknown */
    bool key_stays;       /* its template does not let the key out */
};

/* Takes chain and key over, also on failure. */
cmg_status cmg__certificate_make(cmg_context *ctx, struct cmg__x509 **chain, size_t count,
                                 struct cmg__key *key, cmg_certificate **out,
                                 cmg_error **err);
/* The certificate in whatever form the bytes have it. */
cmg_status cmg__certificate_intake(cmg_context *ctx, const void *data, size_t size,
                                   const char *password, cmg_certificate **out,
                                   cmg_error **err);
/* A handle of its own on one certificate, which is copied. */
cmg_status cmg__certificate_of_der(cmg_context *ctx, const struct cmg__x509 *x509,
                                   cmg_certificate **out, cmg_error **err);
/* Leaf, chain, and of the key its kind. */
void cmg__certificate_describe(const cmg_certificate *cert, struct cmg__describe *d);
/* CMG_OK when its key can be used for TLS: it is there, and the library has it. */
cmg_status cmg__certificate_check_key(const cmg_certificate *cert, cmg_error **err);
/* Appends the chain (and, to a secret buffer, the key) as PEM. */
cmg_status cmg__certificate_chain_pem(const cmg_certificate *cert, struct cmg__buf *out);
cmg_status cmg__certificate_key_pem(const cmg_certificate *cert, struct cmg__buf *out);

#endif
