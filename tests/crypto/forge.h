/*
 * Certificates made to break one rule at a time: every field can be what no authority
 * would issue. Extensions are given in a small language, entries separated by ';', each
 * "name:arguments", '!' in front for critical:
 *
 *   bc:ca   bc:ca,0   bc:   ku:86   eku:server,client,any   ski   aki   ski:0102
 *   san:dns=a.b,ip=7f000001,email=a@b,uri=http://a/,dn=O=Contoso,other
 *   nc:+dns=a.b,-ip=0a000000ff000000        aki:all   raw:551d24=300380010
 */
#ifndef TESTS_CRYPTO_FORGE_H
#define TESTS_CRYPTO_FORGE_H

#include "crypto/pki.h"

#define FORGE_MAX 8

struct forge_cert {
    const char *subject; /* "O=Contoso/CN=L"; "" for no name at all */
    const char *extensions;
    const char *issuer; /* NULL: the subject of the one above, or its own */
    int from_days;      /* of PKI_NOW; both 0: a day ago to 300 days ahead */
    int to_days;
    const char *serial; /* hexadecimal content, NULL: "11" */
    unsigned version;   /* 0: 3 */
    unsigned signer;    /* the number of the key that signs: 0, 1 is the wrong one */
};

/* Made by the one above (NULL: itself). The leaf has the same key as all the others. */
struct cmg__x509 *forge(const struct pki *pki, const struct forge_cert *cert,
                        const struct forge_cert *above);
/* Root first, leaf last; the count of them. */
size_t forge_chain(const struct pki *pki, const struct forge_cert *chain,
                   struct cmg__x509 **out);

#endif
