/* What a SubjectPublicKeyInfo says, for certificates and requests alike. */
#ifndef CMG_CRYPTO_SPKI_H
#define CMG_CRYPTO_SPKI_H

#include "crypto/der_read.h"

struct cmg__spki {
    struct cmg__span whole;   /* with its header */
    struct cmg__span bits;    /* content of the BIT STRING */
    enum cmg__oid algorithm;  /* CMG__OID_RSA, CMG__OID_EC or unknown */
    enum cmg__oid curve;      /* EC only */
    struct cmg__span modulus; /* RSA only, magnitudes */
    struct cmg__span exponent;
    unsigned size;        /* in bits; 0: a kind of key that is not known */
    char description[24]; /* "RSA 2048", "EC P-256", "other" */
};

/* False when it is not well formed; a key of an unknown kind is well formed. */
bool cmg__spki_read(const struct cmg__der_item *item, struct cmg__spki *out);

#endif
