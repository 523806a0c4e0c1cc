/* PFX files made by openssl, and what the reader makes of a file; for the suites of PFX.
 */
#ifndef TESTS_CRYPTO_MAKER_H
#define TESTS_CRYPTO_MAKER_H

#include "crypto/pki.h"

struct got {
    struct cmg__key *key;
    struct cmg__x509 **certs;
    size_t count;
};

/* leaf.pem, root.pem and leaf.key in the test's directory. */
void maker_write_parts(const struct pki *pki);
/* The file name in the test's directory, with leaf, root and key, named "gw"; arguments
   are more of them for "openssl pkcs12 -export", NULL-terminated. */
void maker_openssl(const struct pki *pki, const char *name, const char *password,
                   const char *const *arguments);
/* Runs a command, which must succeed; the caller frees what it says. */
char *maker_run(const char *const *argv);
/* Reads; an error must have a message that does not quote the password. */
cmg_status maker_read(struct pki *pki, const void *data, size_t n, const char *password,
                      struct got *got);
/* The same for a file; words must be in the message of an error ("" for any). */
cmg_status maker_read_file(struct pki *pki, const char *path, const char *password,
                           const char *words, struct got *got);
void got_done(struct pki *pki, struct got *got);

#endif
