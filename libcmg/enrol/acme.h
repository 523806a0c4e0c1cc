/*
 * ACME (RFC 8555) as a way to an authority. The status of the order at the server drives
 * everything: after a crash the order is read first, and what it says is done next.
 */
#ifndef CMG_ENROL_ACME_H
#define CMG_ENROL_ACME_H

#include "base/secret.h"
#include "enrol/method.h"

/* All texts are copied. */
struct cmg__acme_settings {
    const char *directory_url;
    struct cmg__key *key; /* of the account; counted */
    const char *contact;  /* "mailto:admin@contoso.com"; NULL for none */
    bool terms_agreed;
    const char *challenge; /* "dns-01" or "http-01" */
    const char *eab_kid;   /* NULL: no external account */
    const char *eab_key;   /* base64url, as authorities hand it out */
    const char *profile;   /* NULL: the authority's default */
    const char *replaces;  /* RFC 9773, 4.1: names the certificate renewed; or NULL */
    bool await_window;     /* not before the authority suggests it */
};

cmg_status cmg__acme_new(const struct cmg__alloc *alloc,
                         const struct cmg__acme_settings *settings,
                         struct cmg__enrol_method **out, cmg_error **err);

/* How RFC 9773 names a certificate: key identifier of its issuer and serial number, both
   as base64url. CMG_E_UNSUPPORTED when it has no such identifier. */
CMG__NODISCARD cmg_status cmg__acme_certificate_id(const struct cmg__x509 *cert,
                                                   struct cmg__buf *out);

#endif
