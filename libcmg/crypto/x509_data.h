/*
 * What a parsed certificate is made of; for the files of this room. Spans point into the
 * certificate's own copy of its DER.
 */
#ifndef CMG_CRYPTO_X509_DATA_H
#define CMG_CRYPTO_X509_DATA_H

#include "crypto/der_read.h"
#include "crypto/x509.h"

#define CMG__X509_DER_MAX ((size_t)64 * 1024)

/* Bits of keyUsage as the first octet has them, and the one of the second. */
enum {
    CMG__KU_DIGITAL_SIGNATURE = 0x80,
    CMG__KU_NON_REPUDIATION = 0x40,
    CMG__KU_KEY_ENCIPHERMENT = 0x20,
    CMG__KU_DATA_ENCIPHERMENT = 0x10,
    CMG__KU_KEY_AGREEMENT = 0x08,
    CMG__KU_KEY_CERT_SIGN = 0x04,
    CMG__KU_CRL_SIGN = 0x02,
    CMG__KU_ENCIPHER_ONLY = 0x01,
    CMG__KU_DECIPHER_ONLY = 0x100
};

/* Extensions that the judge knows, as bits of present and critical. */
enum {
    CMG__EXT_BASIC_CONSTRAINTS = 1U << 0,
    CMG__EXT_KEY_USAGE = 1U << 1,
    CMG__EXT_EKU = 1U << 2,
    CMG__EXT_SKI = 1U << 3,
    CMG__EXT_AKI = 1U << 4,
    CMG__EXT_SAN = 1U << 5,
    CMG__EXT_NAME_CONSTRAINTS = 1U << 6,
    CMG__EXT_POLICY_CONSTRAINTS = 1U << 7,
    CMG__EXT_INHIBIT_ANY_POLICY = 1U << 8,
    CMG__EXT_AIA = 1U << 9,
    CMG__EXT_CDP = 1U << 10,
    CMG__EXT_FRESHEST_CRL = 1U << 11,
    CMG__EXT_IAN = 1U << 12
};

/* Tags of GeneralName. */
enum {
    CMG__GN_OTHER = CMG__DER_CONTEXT_CONS + 0,
    CMG__GN_EMAIL = CMG__DER_CONTEXT + 1,
    CMG__GN_DNS = CMG__DER_CONTEXT + 2,
    CMG__GN_DIRECTORY = CMG__DER_CONTEXT_CONS + 4,
    CMG__GN_URI = CMG__DER_CONTEXT + 6,
    CMG__GN_IP = CMG__DER_CONTEXT + 7
};

struct cmg__x509 {
    const struct cmg__alloc *alloc;
    uint8_t *der;
    size_t der_len;
    struct cmg__span tbs; /* what is signed, with its header */
    struct cmg__span serial;
    struct cmg__span issuer_name;
    struct cmg__span subject_name;
    struct cmg__span spki; /* with its header */
    struct cmg__span key_bits;
    struct cmg__span signature;
    struct cmg__span signature_identifier; /* AlgorithmIdentifier, with its header */
    enum cmg__oid signature_algorithm;
    enum cmg__oid key_algorithm; /* CMG__OID_RSA, CMG__OID_EC or unknown */
    enum cmg__oid curve;
    unsigned bits; /* 0: a kind of key that is not known */
    struct cmg__span rsa_modulus;
    struct cmg__span rsa_exponent;
    unsigned version;     /* 1 to 3 */
    size_t serial_octets; /* with the sign's */
    bool serial_is_positive;
    int64_t not_before;
    int64_t not_after;
    struct cmg__span extensions; /* content of the list, for whoever walks it whole */
    /* extensions; absent ones have n == 0 */
    uint32_t present;  /* CMG__EXT_... */
    uint32_t critical; /* the same */
    bool is_ca;
    int path_length; /* -1: none */
    bool has_key_usage;
    unsigned key_usage;
    bool has_eku;
    bool eku_server_auth;
    bool eku_client_auth;
    bool eku_any;
    struct cmg__span key_id;
    struct cmg__span authority_key_id;
    struct cmg__span authority_issuer; /* content of the GeneralNames */
    struct cmg__span authority_serial;
    struct cmg__span alternative_names; /* content of the GeneralNames */
    struct cmg__span name_constraints;
    struct cmg__span distribution_points; /* content of the list */
    struct cmg__span freshest_points;
    bool requires_policy; /* policyConstraints with requireExplicitPolicy */
    char unknown_critical[CMG__OID_TEXT_SIZE]; /* "" when there is none */
    /* texts */
    char *subject;
    char *issuer;
    char *common_name;
    char **dns_names;
    size_t dns_count;
    char serial_hex[41];
    char sha1_hex[41];
    char sha256_hex[65];
    char key_description[24];
};

/* Fills the fields above from the extensions value; false when it is malformed. */
bool cmg__x509_read_extensions(struct cmg__x509 *cert, struct cmg__span extensions);
/* dns_names from alternative_names; false with *rc CMG_OK when they are malformed. */
bool cmg__x509_read_dns_names(struct cmg__x509 *cert, cmg_status *rc);

/* CMG_OK when issuer's key made cert's signature; CMG_E_CERT or CMG_E_NOMEM. */
cmg_status cmg__x509_verify_signature(const struct cmg__x509 *cert,
                                      const struct cmg__x509 *issuer);

#endif
