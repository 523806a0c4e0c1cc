/*
 * Object identifiers this library knows, as their DER content bytes. One table;
 * everything else speaks of the enumeration.
 */
#ifndef CMG_CRYPTO_OID_H
#define CMG_CRYPTO_OID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cmg__oid {
    CMG__OID_UNKNOWN,
    /* keys and curves */
    CMG__OID_RSA,
    CMG__OID_EC,
    CMG__OID_P256,
    CMG__OID_P384,
    CMG__OID_P521,
    /* hashes */
    CMG__OID_SHA1,
    CMG__OID_SHA256,
    CMG__OID_SHA384,
    CMG__OID_SHA512,
    /* signatures */
    CMG__OID_RSA_SHA1,
    CMG__OID_RSA_SHA256,
    CMG__OID_RSA_SHA384,
    CMG__OID_RSA_SHA512,
    CMG__OID_ECDSA_SHA1,
    CMG__OID_ECDSA_SHA256,
    CMG__OID_ECDSA_SHA384,
    CMG__OID_ECDSA_SHA512,
    CMG__OID_RSA_PSS, /* names a key, too */
    CMG__OID_MGF1,
    /* parts of a name */
    CMG__OID_CN,
    CMG__OID_SERIAL_NUMBER,
    CMG__OID_C,
    CMG__OID_L,
    CMG__OID_ST,
    CMG__OID_O,
    CMG__OID_OU,
    CMG__OID_DC,
    CMG__OID_EMAIL,
    /* certificate extensions */
    CMG__OID_SKI,
    CMG__OID_KEY_USAGE,
    CMG__OID_SAN,
    CMG__OID_BASIC_CONSTRAINTS,
    CMG__OID_NAME_CONSTRAINTS,
    CMG__OID_POLICIES,
    CMG__OID_POLICY_MAPPINGS,
    CMG__OID_INHIBIT_ANY_POLICY,
    CMG__OID_AKI,
    CMG__OID_EKU,
    CMG__OID_SERVER_AUTH,
    CMG__OID_CLIENT_AUTH,
    CMG__OID_ANY_EKU,
    CMG__OID_IAN,
    CMG__OID_CDP,
    CMG__OID_AIA,
    /* extensions of revocation lists and their entries */
    CMG__OID_CRL_NUMBER,
    CMG__OID_CRL_REASON,
    CMG__OID_INVALIDITY_DATE,
    CMG__OID_DELTA_CRL,
    CMG__OID_ISSUING_POINT,
    CMG__OID_CERTIFICATE_ISSUER,
    CMG__OID_FRESHEST_CRL,
    CMG__OID_MS_CA_VERSION,
    CMG__OID_MS_NEXT_PUBLISH,
    CMG__OID_POLICY_CONSTRAINTS,
    CMG__OID_ANY_POLICY,
    CMG__OID_SUBJECT_ACCESS,
    CMG__OID_ACCESS_OCSP,
    CMG__OID_TLS_FEATURE,
    CMG__OID_OCSP_NO_CHECK,
    CMG__OID_QUALIFIER_CPS,
    CMG__OID_SCT_LIST,
    CMG__OID_PRECERT_POISON,
    CMG__OID_NETSCAPE_TYPE,
    CMG__OID_NETSCAPE_COMMENT,
    /* Microsoft's */
    CMG__OID_MS_TEMPLATE,
    CMG__OID_MS_APPLICATION_POLICIES,
    CMG__OID_MS_PREVIOUS_CA_HASH,
    CMG__OID_MS_NTDS_SECURITY,
    /* purposes beside the two */
    CMG__OID_CODE_SIGNING,
    CMG__OID_EMAIL_PROTECTION,
    CMG__OID_TIME_STAMPING,
    CMG__OID_OCSP_SIGNING,
    CMG__OID_CA_ISSUERS,
    /* requests, and what Microsoft adds to them */
    CMG__OID_EXTENSION_REQUEST,
    CMG__OID_MS_EXTENSION_REQUEST,
    CMG__OID_MS_TEMPLATE_NAME,
    CMG__OID_UPN,
    CMG__OID_IPSEC_IKE,
    CMG__OID_SMARTCARD_LOGON,
    CMG__OID_KDC,
    CMG__OID_MS_REQUEST_AGENT,
    CMG__OID_MS_EFS,
    CMG__OID_MS_DOCUMENT_SIGNING,
    /* PKCS#7 and PKCS#12 */
    CMG__OID_DATA,
    CMG__OID_SIGNED_DATA,
    CMG__OID_ENVELOPED_DATA,
    CMG__OID_ENCRYPTED_DATA,
    CMG__OID_KEY_BAG,
    CMG__OID_SHROUDED_KEY_BAG,
    CMG__OID_CERT_BAG,
    CMG__OID_CRL_BAG,
    CMG__OID_SECRET_BAG,
    CMG__OID_SAFE_BAG,
    CMG__OID_X509_CERTIFICATE,
    CMG__OID_FRIENDLY_NAME,
    CMG__OID_LOCAL_KEY_ID,
    CMG__OID_MS_CSP_NAME,
    CMG__OID_MS_LOCAL_KEY_SET,
    /* password based encryption */
    CMG__OID_PBE_3DES,
    CMG__OID_PBE_2DES,
    CMG__OID_PBE_RC2_128,
    CMG__OID_PBE_RC2_40,
    CMG__OID_PBES2,
    CMG__OID_PBKDF2,
    CMG__OID_PBMAC1,
    CMG__OID_HMAC_SHA1,
    CMG__OID_HMAC_SHA256,
    CMG__OID_HMAC_SHA384,
    CMG__OID_HMAC_SHA512,
    CMG__OID_AES128_CBC,
    CMG__OID_AES192_CBC,
    CMG__OID_AES256_CBC,
    CMG__OID_DES3_CBC,
    CMG__OID_COUNT
};

enum cmg__oid cmg__oid_find(const void *bytes, size_t n);
const uint8_t *cmg__oid_bytes(enum cmg__oid oid, size_t *n);
/* The short name, "CN" or "sha256"; "" for the unknown. */
const char *cmg__oid_name(enum cmg__oid oid);
/* Dotted decimal; "#" and hexadecimal ("..." when cut) for what has no such form or does
   not fit. */
#define CMG__OID_TEXT_SIZE 128
void cmg__oid_format(const uint8_t *bytes, size_t n, char out[CMG__OID_TEXT_SIZE]);
/* Dotted decimal to DER content. False: not an identifier, or longer than out holds. */
#define CMG__OID_BYTES_MAX 40
bool cmg__oid_parse(const char *text, uint8_t out[CMG__OID_BYTES_MAX], size_t *n);

#endif
