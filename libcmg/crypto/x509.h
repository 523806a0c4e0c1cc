/*
 * Reading and writing X.509 certificates. Reading keeps the DER and gives what the rest
 * of the library asks for; writing issues by a template, extensions composed by hand so
 * that both mbedTLS lines write the same bytes.
 */
#ifndef CMG_CRYPTO_X509_H
#define CMG_CRYPTO_X509_H

#include <cmg/check.h>
#include "crypto/der_read.h"
#include "crypto/key.h"
#include "crypto/x509_template.h"

struct cmg__x509; /* one certificate, immutable */

cmg_status cmg__x509_parse(const struct cmg__alloc *alloc, const void *der, size_t n,
                           struct cmg__x509 **out, cmg_error **err);
void cmg__x509_free(struct cmg__x509 *cert);

struct cmg__x509_info {
    const uint8_t *der; /* all borrowed from the certificate */
    size_t der_len;
    const char *subject;     /* "CN=granitefalls.contoso.com, O=Contoso" */
    const char *common_name; /* "" when absent */
    const char *issuer;
    char serial_hex[41];
    int64_t not_before_unix_s;
    int64_t not_after_unix_s;
    char sha1_hex[41];
    char sha256_hex[65];
    bool is_ca;
    bool has_eku;
    bool eku_server_auth;
    bool eku_client_auth;
    const char *key_description; /* "RSA 2048" */
    size_t dns_count;
};
void cmg__x509_info(const struct cmg__x509 *cert, struct cmg__x509_info *out);
const char *cmg__x509_dns_name(const struct cmg__x509 *cert, size_t i);
bool cmg__x509_matches_key(const struct cmg__x509 *cert, const struct cmg__key *key);
/* RFC 9525 against dNSName or iPAddress entries; the common name does not count. */
bool cmg__x509_matches_host(const struct cmg__x509 *cert, const char *host);
/* Whether the common name would have matched, for telling why nothing else does. */
bool cmg__x509_common_name_is(const struct cmg__x509 *cert, const char *host);

/* A bundle of certificates, PEM, DER or PKCS#7 (keys in it are skipped), in the order of
   the text; CMG_E_PARSE without any. */
cmg_status cmg__x509_parse_pem(const struct cmg__alloc *alloc, const char *pem, size_t n,
                               struct cmg__x509 ***out, size_t *out_count,
                               cmg_error **err);
void cmg__x509_free_list(const struct cmg__alloc *alloc, struct cmg__x509 **list,
                         size_t count);
cmg_status cmg__x509_write_pem(const struct cmg__x509 *cert, struct cmg__buf *out);

/* Lists are NULL-terminated, or NULL. */
struct cmg__x509_urls {
    const char *const *crl;       /* where the list of revoked certificates is */
    const char *const *delta_crl; /* and the one of changes since */
    const char *const *issuer;    /* and the issuer's certificate */
};
#define CMG__X509_SERIAL_SIZE 16
struct cmg__x509_request {
    enum cmg__x509_profile profile;            /* the built-in template to issue by, */
    const struct cmg__x509_template *template; /* unless one is given */
    struct cmg__span subject; /* content of a Name; empty: from the texts */
    const char *common_name;
    const char *organization; /* NULL for none, as the others */
    const char *organizational_unit;
    const char *locality;
    const char *state;
    const char *country;
    const char *const *dns_names; /* NULL-terminated or NULL, as the others */
    const char *const *ip_addresses;
    const char *const *upns;
    const char *const *uris;
    int64_t not_before_unix_s;
    int64_t not_after_unix_s;
    const struct cmg__key *key; /* the subject's; NULL: spki */
    struct cmg__span spki;
    const uint8_t *serial;             /* NULL: drawn */
    const struct cmg__x509_urls *urls; /* NULL for none */
};
/* Positive, sixteen octets, the first of them never zero. */
cmg_status cmg__x509_draw_serial(const struct cmg__env *env,
                                 uint8_t serial[CMG__X509_SERIAL_SIZE]);
/* issuer NULL: self-signed with request->key. */
cmg_status cmg__x509_issue(const struct cmg__alloc *alloc, const struct cmg__env *env,
                           const struct cmg__x509_request *request,
                           const struct cmg__x509 *issuer,
                           const struct cmg__key *issuer_key, struct cmg__x509 **out,
                           cmg_error **err);

/*
 * The judge: path to one of the roots (self-signed certificates of the trust list only;
 * other entries of it serve as intermediates), validity, CA flags, key usage, EKU, key
 * strength, signature algorithm. The same function for the gateway and the connector.
 */
struct cmg__x509_trust; /* immutable, made once */
cmg_status cmg__x509_trust_new(const struct cmg__alloc *alloc, const char *pem, size_t n,
                               struct cmg__x509_trust **out, cmg_error **err);
void cmg__x509_trust_free(struct cmg__x509_trust *trust);
/* ders: peer's chain, leaf first, at most 10. CMG_OK or CMG_E_CERT with cause and remedy.
 */
cmg_status cmg__x509_check(const struct cmg__x509_trust *trust, cmg_purpose purpose,
                           const uint8_t *const *ders, const size_t *lens, size_t count,
                           int64_t now_unix_s, cmg_error **err);

#endif
