/*
 * Encryption under a password as PKCS#12 files use it: the two key derivations, the
 * algorithm identifiers and the ciphers. For the files of this room.
 */
#ifndef CMG_CRYPTO_PBE_H
#define CMG_CRYPTO_PBE_H

#include "crypto/der_read.h"
#include "crypto/mbed_compat.h"

#define CMG__PBE_PASSWORD_MAX 1024 /* bytes */
/* A password in the two forms that derivations want. */
struct cmg__pbe_password {
    struct cmg__buf utf8; /* PBKDF2 */
    struct cmg__buf wide; /* PKCS#12: UTF-16BE with a terminator, or another variant */
};
enum cmg__pbe_variant {
    CMG__PBE_UTF16,   /* as the standard says */
    CMG__PBE_WIDENED, /* each byte a character: old writers, beyond ASCII */
    CMG__PBE_BARE,    /* no bytes at all: no password, and some empty ones */
    CMG__PBE_VARIANTS
};
/* False (with CMG_OK) when the variant makes no difference for this password. */
bool cmg__pbe_password_init(struct cmg__pbe_password *p, const struct cmg__alloc *alloc,
                            const char *password, enum cmg__pbe_variant variant,
                            cmg_status *rc);
void cmg__pbe_password_done(struct cmg__pbe_password *p);
/* Appends UTF-8 as UTF-16BE. */
cmg_status cmg__pbe_add_utf16(struct cmg__buf *out, const char *utf8);

/* Iterations that may still be spent on one file, and at most by one derivation. */
#define CMG__PBE_WORK_MAX       5000000
#define CMG__PBE_ITERATIONS_MAX 2500000
struct cmg__pbe_budget {
    uint32_t left;
};
bool cmg__pbe_spend(struct cmg__pbe_budget *budget, uint32_t iterations);

/* RFC 7292, appendix B. */
struct cmg__pkcs12_kdf {
    enum cmg__oid hash;
    const struct cmg__buf *wide;
    struct cmg__span salt;
    uint32_t iterations;
};
/* id 1: key, 2: IV, 3: MAC key. */
cmg_status cmg__pkcs12_derive(const struct cmg__pkcs12_kdf *kdf, unsigned id,
                              uint8_t *out, size_t n);

/* The PBKDF2 AlgorithmIdentifier (RFC 8018). */
struct cmg__pbkdf2 {
    struct cmg__span salt;
    uint32_t iterations;
    uint32_t key_len;     /* 0: not given */
    enum cmg__oid prf;    /* hmacWithSHA... */
    struct cmg__span oid; /* the last one read: what it is that is not supported */
};
/* The identifier of the AlgorithmIdentifier that comes next; n == 0: there is none. */
struct cmg__span cmg__pbe_next_oid(struct cmg__span in);
cmg_status cmg__pbkdf2_take(struct cmg__span *in, struct cmg__pbkdf2 *kdf);
cmg_status cmg__pbkdf2_derive(const struct cmg__pbkdf2 *kdf, const struct cmg__buf *utf8,
                              uint8_t *out, size_t n);

/* An encryption AlgorithmIdentifier, PBES2 or a PKCS#12 scheme. */
struct cmg__pbe {
    enum cmg__oid scheme; /* CMG__OID_PBES2 or one of CMG__OID_PBE_... */
    enum cmg__oid cipher; /* of PBES2 */
    struct cmg__pbkdf2 kdf;
    struct cmg__span iv;  /* of PBES2 */
    struct cmg__span oid; /* the last one read: what it is that is not supported */
};
/* CMG_E_PARSE, or CMG_E_UNSUPPORTED for an algorithm not read here: pbe->oid is it. */
cmg_status cmg__pbe_take(struct cmg__span *in, struct cmg__pbe *pbe);
void cmg__pbe_put(struct cmg__der_writer *w, const struct cmg__pbe *pbe);
/* Append to out (a secret buffer). Decrypting: CMG_E_AUTH when the padding is wrong,
   CMG_E_LIMIT when the budget does not suffice. */
cmg_status cmg__pbe_decrypt(const struct cmg__pbe *pbe,
                            const struct cmg__pbe_password *password,
                            struct cmg__pbe_budget *budget, struct cmg__span in,
                            struct cmg__buf *out);
cmg_status cmg__pbe_encrypt(const struct cmg__pbe *pbe,
                            const struct cmg__pbe_password *password, struct cmg__span in,
                            struct cmg__buf *out);

#endif
