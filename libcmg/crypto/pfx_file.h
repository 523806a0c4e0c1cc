/*
 * A PKCS#12 file taken apart: opened (its outer part), unlocked (the form of the password
 * that fits), walked (every part and bag handed to a visitor). Reader and inspection go
 * this one way. For the files of this room.
 */
#ifndef CMG_CRYPTO_PFX_FILE_H
#define CMG_CRYPTO_PFX_FILE_H

#include "base/error.h"
#include "crypto/pbe.h"
#include "crypto/pfx_mac.h"

#define CMG__PFX_MAX      ((size_t)1024 * 1024)
#define CMG__PFX_BAGS_MAX 512

struct cmg__pfx_file {
    const struct cmg__alloc *alloc;
    struct cmg__buf der;      /* the whole, as DER */
    struct cmg__buf parts;    /* the AuthenticatedSafe, as DER */
    struct cmg__span content; /* the same as the file has it: what the MAC covers */
    bool has_mac;
    cmg_status mac_rc; /* CMG_E_UNSUPPORTED: a MAC that is not computed here */
    struct cmg__pfx_mac mac;
    struct cmg__pbe_budget budget;
    bool unlocked;
    struct cmg__pbe_password password; /* once unlocked */
    size_t bags;
    char unsupported[CMG__OID_TEXT_SIZE]; /* names it in the error; "" when unknown */
    cmg_error **err;
};

/* One ContentInfo of the AuthenticatedSafe. */
struct cmg__pfx_part {
    enum cmg__oid type;         /* data, encryptedData, envelopedData */
    const struct cmg__pbe *pbe; /* of encryptedData, else NULL */
    cmg_status opened;          /* CMG_OK, or why its bags do not follow */
};
struct cmg__pfx_bag {
    enum cmg__oid type;
    struct cmg__span oid; /* the type as the file has it */
    struct cmg__span value;
    struct cmg__span attributes; /* content of the SET; n == 0: none */
    const struct cmg__pbe *part; /* of the encrypted part it stands in, or NULL */
};
/* Each function returns CMG_OK to go on; on_part may be NULL. */
struct cmg__pfx_visitor {
    void *user;
    cmg_status (*on_part)(void *user, const struct cmg__pfx_part *part);
    cmg_status (*on_bag)(void *user, const struct cmg__pfx_bag *bag);
    bool passes;   /* a part that cannot be opened is passed over */
    bool tolerant; /* and so is one that is malformed */
};

/* Reads the outer part; the file is done with cmg__pfx_close, also after a failure. */
cmg_status cmg__pfx_open(struct cmg__pfx_file *file, const struct cmg__alloc *alloc,
                         const void *data, size_t n, cmg_error **err);
/* CMG_E_AUTH: a wrong password. CMG_E_PARSE: the password is right, the MAC does not fit.
   CMG_E_LIMIT, CMG_E_UNSUPPORTED, CMG_E_NOMEM. */
cmg_status cmg__pfx_unlock(struct cmg__pfx_file *file, const char *password);
/* Without a password encrypted parts are not opened. */
cmg_status cmg__pfx_walk(struct cmg__pfx_file *file,
                         const struct cmg__pfx_visitor *visitor);
/* The value of a shrouded key bag: how it is protected, and the key in DER. */
cmg_status cmg__pfx_take_shrouded(struct cmg__pfx_file *file, struct cmg__span value,
                                  struct cmg__pbe *pbe, struct cmg__span *secret);
cmg_status cmg__pfx_decrypt(struct cmg__pfx_file *file, const struct cmg__pbe *pbe,
                            struct cmg__span secret, struct cmg__buf *plain);
/* The certificate of a certificate bag; false when it holds another kind. */
cmg_status cmg__pfx_take_certificate(struct cmg__pfx_file *file, struct cmg__span value,
                                     struct cmg__span *der, bool *is_x509);
/* Remembers what is not supported, for the error. */
void cmg__pfx_name_unsupported(struct cmg__pfx_file *file, struct cmg__span oid);
/* The sentence for a status of the layers below, with what to do about it. */
cmg_status cmg__pfx_fail(struct cmg__pfx_file *file, cmg_status rc);
/* CMG_E_AUTH: the MAC fits the password, but a part does not open with it. */
cmg_status cmg__pfx_fail_own(struct cmg__pfx_file *file);
void cmg__pfx_close(struct cmg__pfx_file *file);

#endif
