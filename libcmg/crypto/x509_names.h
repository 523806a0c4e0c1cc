/*
 * The names somebody asks for: subject and alternative names as text, checked against a
 * template and composed as DER. Requests and certificates are made by the same rules.
 */
#ifndef CMG_CRYPTO_X509_NAMES_H
#define CMG_CRYPTO_X509_NAMES_H

#include "crypto/der_read.h"
#include "crypto/x509_template.h"

#define CMG__NAMES_MAX 100

struct cmg__x509_names {
    const char *common_name; /* each may be NULL */
    const char *organization;
    const char *organizational_unit;
    const char *locality;
    const char *state;
    const char *country;             /* two capital letters */
    const char *const *dns_names;    /* NULL-terminated or NULL, as the others */
    const char *const *ip_addresses; /* text form */
    const char *const *upns;         /* "user@contoso.com" */
    const char *const *uris;
};

/* The error's subject is the member. A subject or an alternative name must be there. */
cmg_status cmg__x509_names_check(const struct cmg__alloc *alloc,
                                 const struct cmg__x509_template *t,
                                 const struct cmg__x509_names *names, cmg_error **err);
bool cmg__x509_names_has_subject(const struct cmg__x509_names *names);
/* Whether there is anything for a subjectAltName, a repeated common name included. */
bool cmg__x509_names_has_alternatives(const struct cmg__x509_template *t,
                                      const struct cmg__x509_names *names);
/* The whole Name; the content of the GeneralNames. */
void cmg__x509_names_put_subject(struct cmg__der_writer *w,
                                 const struct cmg__x509_template *t,
                                 const struct cmg__x509_names *names);
void cmg__x509_names_put_alternatives(struct cmg__der_writer *w,
                                      const struct cmg__x509_template *t,
                                      const struct cmg__x509_names *names);

#endif
