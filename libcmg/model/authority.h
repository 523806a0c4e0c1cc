/* The data behind cmg_authority. */
#ifndef CMG_MODEL_AUTHORITY_H
#define CMG_MODEL_AUTHORITY_H

#include <cmg/authority.h>
#include "model/certificate.h"
#include "model/ledger.h"

#define CMG__AUTHORITY_URLS 8

/* A NULL-terminated list of its own. */
struct cmg__url_list {
    char *urls[CMG__AUTHORITY_URLS + 1];
};

struct cmg_authority {
    struct cmg__handle head;
    cmg_certificate *certificate; /* with the chain above it, without key */
    struct cmg__key *key;
    struct cmg__ledger ledger;
    struct cmg__url_list crl_urls;
    struct cmg__url_list delta_urls;
    struct cmg__url_list issuer_urls;
};

/* ---- authority.c ---- */
cmg_status cmg__authority_check(const cmg_authority *ca, cmg_error **err);

/* ---- authority_files.c: "ca.pem" and "ca.key" of a directory ---- */
struct cmg__authority_files {
    struct cmg__x509 **chain; /* NULL: absent */
    size_t count;
    struct cmg__key *key; /* NULL: absent */
};
cmg_status cmg__authority_load(cmg_context *ctx, const char *directory,
                               struct cmg__authority_files *out, cmg_error **err);
cmg_status cmg__authority_save_key(cmg_context *ctx, const char *directory,
                                   const struct cmg__key *key, cmg_error **err);
cmg_status cmg__authority_save_chain(cmg_context *ctx, const char *directory,
                                     struct cmg__x509 *const *chain, size_t count,
                                     cmg_error **err);
void cmg__authority_files_done(const struct cmg__alloc *alloc,
                               struct cmg__authority_files *files);

/* ---- authority_issue.c ---- */
/* The authority signs: serial number, bounds by its own validity, URLs; the record is
   durable when this returns. days 0: the template's. */
struct cmg__authority_order {
    const struct cmg__x509_template *template;
    struct cmg__x509_request request; /* names, key or spki; the rest is filled in */
    uint32_t days;
};
cmg_status cmg__authority_make_leaf(cmg_authority *ca, struct cmg__authority_order *order,
                                    struct cmg__x509 **out, cmg_error **err);
/* A key as the template wants it: RSA 2048 unless it asks for more or for something
   else. */
cmg_status cmg__authority_make_key(cmg_context *ctx, const struct cmg__x509_template *t,
                                   struct cmg__key **out, cmg_error **err);
/* The certificate with the authority's chain above it; takes both over. key may be NULL.
 */
cmg_status cmg__authority_wrap(cmg_authority *ca, struct cmg__x509 *leaf,
                               struct cmg__key *key, cmg_certificate **out,
                               cmg_error **err);

#endif
