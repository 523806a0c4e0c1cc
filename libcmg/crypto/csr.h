/*
 * Certificate requests (PKCS#10, RFC 2986). Writing follows a template; reading keeps the
 * DER and takes apart what an authority asks for. A request is input of strangers: what
 * it wants is a wish, and only its names and its key are ever taken over.
 */
#ifndef CMG_CRYPTO_CSR_H
#define CMG_CRYPTO_CSR_H

#include "crypto/describe.h"
#include "crypto/spki.h"
#include "crypto/x509_list.h"
#include "crypto/x509_names.h"

#define CMG__CSR_DER_MAX ((size_t)64 * 1024)

struct cmg__csr_name {
    enum cmg__gn_kind kind;
    char *text; /* control characters are escaped */
};

struct cmg__csr {
    const struct cmg__alloc *alloc;
    uint8_t *der;
    size_t der_len;
    struct cmg__span info;    /* what is signed, with its header */
    struct cmg__span subject; /* content of the Name */
    struct cmg__span spki;    /* with its header */
    struct cmg__spki key;
    struct cmg__span extensions; /* content of the list asked for; n == 0: none */
    char signature[48];          /* the algorithm: "sha256WithRSAEncryption" */
    bool verified;               /* the key of the request made its signature */
    char *subject_text;
    char *common_name; /* "" when absent */
    struct cmg__csr_name *names;
    size_t name_count;
    char *template_name; /* of the extension of Microsoft; "" when absent */
    char **eku;          /* names or dotted */
    size_t eku_count;
    bool has_key_usage;
    unsigned key_usage;
    bool wants_ca;
};

struct cmg__csr_request {
    const struct cmg__x509_template *template;
    struct cmg__x509_names names;
    const struct cmg__key *key;
};

/* PEM or DER. A signature that does not verify is no error here: see verified. */
cmg_status cmg__csr_parse(const struct cmg__alloc *alloc, const void *data, size_t n,
                          struct cmg__csr **out, cmg_error **err);
void cmg__csr_free(struct cmg__csr *csr);
/* Appends DER; it was read again and its signature checked. */
cmg_status cmg__csr_write(const struct cmg__alloc *alloc, const struct cmg__env *env,
                          const struct cmg__csr_request *request, struct cmg__buf *out,
                          cmg_error **err);
cmg_status cmg__csr_write_pem(const struct cmg__csr *csr, struct cmg__buf *out);
void cmg__csr_describe(const struct cmg__csr *csr, struct cmg__describe *d);

#endif
