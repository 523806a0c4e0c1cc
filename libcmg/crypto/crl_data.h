/* What a revocation list is made of; for the files of this room. */
#ifndef CMG_CRYPTO_CRL_DATA_H
#define CMG_CRYPTO_CRL_DATA_H

#include "crypto/crl.h"
#include "crypto/signature.h"
#include "crypto/x509_data.h"
#include "crypto/x509_list.h"

/* Issuers named in the entries of one indirect list; one octet numbers them. */
#define CMG__CRL_MAX_ISSUERS 255

struct cmg__crl_issuer {
    uint8_t *name; /* content of the Name */
    size_t n;
};

struct cmg__crl {
    const struct cmg__alloc *alloc;
    unsigned refs;
    uint8_t *kept; /* head, extensions and signature: what the spans of info point to */
    size_t kept_size;
    struct cmg__crl_info info;
    char *issuer;
    struct cmg__crl_issuer *issuers; /* number 1 is the first */
    size_t issuer_count;
    struct cmg__crl_index index;
    char unknown_critical[CMG__OID_TEXT_SIZE];
    char unknown_critical_entry[CMG__OID_TEXT_SIZE];
    /* signature */
    struct cmg__signature_algorithm algorithm;
    struct cmg__span signature;
    uint8_t hash[CMG__SIGNATURE_HASH_MAX];
    size_t hash_len;  /* 0: an algorithm that is not known */
    bool is_verified; /* by the key of this SHA-256 */
    uint8_t verified_by[32];
};

/* Fills the facts from the content of the list's extensions; false with *fault naming
   the malformed one. */
bool cmg__crl_read_extensions(struct cmg__crl *crl, struct cmg__span list,
                              const char **fault);
/* ReasonFlags; bit 0 means nothing here. */
bool cmg__crl_read_reasons(struct cmg__span bits, unsigned *reasons);
/* The next directoryName in the content of GeneralNames: content of its Name. */
bool cmg__crl_next_directory(struct cmg__span *names, struct cmg__span *name);

#endif
