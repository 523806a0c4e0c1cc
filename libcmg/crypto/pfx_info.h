/*
 * What a PKCS#12 file is made of, for people and programs that look at it: the MAC, every
 * part and bag, how each is protected, and who can read it. Never a byte of a key.
 */
#ifndef CMG_CRYPTO_PFX_INFO_H
#define CMG_CRYPTO_PFX_INFO_H

#include "base/env.h"
#include "base/error.h"
#include "crypto/describe.h"
#include "crypto/x509.h"

enum cmg__pfx_kind {
    CMG__PFX_KIND_KEY,
    CMG__PFX_KIND_ENCRYPTED_KEY,
    CMG__PFX_KIND_CERTIFICATE,
    CMG__PFX_KIND_CRL,
    CMG__PFX_KIND_SECRET,
    CMG__PFX_KIND_SEALED, /* a part that was not opened */
    CMG__PFX_KIND_OTHER,
    CMG__PFX_KIND_COUNT
};
enum cmg__pfx_consumer {
    CMG__PFX_WINDOWS_2016, /* and older; Windows 10 before 1709 */
    CMG__PFX_WINDOWS_2019, /* and later */
    CMG__PFX_KEY_VAULT,
    CMG__PFX_OPENSSL_3, /* without its legacy provider */
    CMG__PFX_CONSUMER_COUNT
};
struct cmg__pfx_entry {
    enum cmg__pfx_kind kind;
    char *cipher; /* "AES-256-CBC, PBKDF2, hmacWithSHA256"; "" when not encrypted */
    uint32_t iterations;
    char *friendly_name;    /* texts are "" when absent */
    char *key_id;           /* hexadecimal */
    char *provider;         /* Microsoft's name of a key store */
    bool machine_key;       /* Microsoft: to the machine's store, not the user's */
    char *content;          /* "CN=gw.contoso.com", "RSA 2048", or why it is not known */
    struct cmg__x509 *cert; /* of a certificate that can be read */
};
struct cmg__pfx_info {
    const struct cmg__alloc *alloc;
    size_t size;
    char *mac; /* "sha256", "PBMAC1, hmacWithSHA256"; "" without */
    uint32_t mac_iterations;
    bool open; /* nothing stayed sealed */
    struct cmg__pfx_entry *entries;
    size_t count;
    uint32_t unreadable; /* bits: 1 << enum cmg__pfx_consumer */
};

/* Without a password (NULL) what is encrypted stays sealed. With one: the same errors as
   reading, but a cipher that is not read here only leaves its part sealed. */
cmg_status cmg__pfx_info_read(const struct cmg__alloc *alloc, const struct cmg__env *env,
                              const void *data, size_t n, const char *password,
                              struct cmg__pfx_info **out, cmg_error **err);
void cmg__pfx_info_free(struct cmg__pfx_info *info);
/* "encrypted key" */
const char *cmg__pfx_kind_name(enum cmg__pfx_kind kind);
void cmg__pfx_describe(const struct cmg__pfx_info *info, struct cmg__describe *d);

#endif
