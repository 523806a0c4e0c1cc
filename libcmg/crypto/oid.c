/*
 * The table of object identifiers and the search in it. The table is short and searched a
 * few dozen times per certificate, so a walk is enough.
 */
#include "crypto/oid.h"

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/str.h"

#define OCTETS_SHOWN 60
#define ARC_SIZE     25 /* root, dot and 64 bits in decimal, and the end */

struct entry {
    const char *bytes;
    size_t n;
    const char *name;
};

#define OID(bytes, name)                                                                 \
    {                                                                                    \
        bytes, sizeof(bytes) - 1, name                                                   \
    }
#define PKCS "\x2a\x86\x48\x86\xf7\x0d\x01"
#define NIST "\x60\x86\x48\x01\x65\x03\x04"
#define X962 "\x2a\x86\x48\xce\x3d"
#define MS   "\x2b\x06\x01\x04\x01\x82\x37"
#define PKIX "\x2b\x06\x01\x05\x05\x07"

static const struct entry table[CMG__OID_COUNT] = {
    [CMG__OID_UNKNOWN] = { "", 0, "" },
    [CMG__OID_RSA] = OID(PKCS "\x01\x01", "rsaEncryption"),
    [CMG__OID_EC] = OID(X962 "\x02\x01", "ecPublicKey"),
    [CMG__OID_P256] = OID(X962 "\x03\x01\x07", "P-256"),
    [CMG__OID_P384] = OID("\x2b\x81\x04\x00\x22", "P-384"),
    [CMG__OID_P521] = OID("\x2b\x81\x04\x00\x23", "P-521"),
    [CMG__OID_SHA1] = OID("\x2b\x0e\x03\x02\x1a", "sha1"),
    [CMG__OID_SHA256] = OID(NIST "\x02\x01", "sha256"),
    [CMG__OID_SHA384] = OID(NIST "\x02\x02", "sha384"),
    [CMG__OID_SHA512] = OID(NIST "\x02\x03", "sha512"),
    [CMG__OID_RSA_SHA1] = OID(PKCS "\x01\x05", "sha1WithRSAEncryption"),
    [CMG__OID_RSA_SHA256] = OID(PKCS "\x01\x0b", "sha256WithRSAEncryption"),
    [CMG__OID_RSA_SHA384] = OID(PKCS "\x01\x0c", "sha384WithRSAEncryption"),
    [CMG__OID_RSA_SHA512] = OID(PKCS "\x01\x0d", "sha512WithRSAEncryption"),
    [CMG__OID_ECDSA_SHA1] = OID(X962 "\x04\x01", "ecdsa-with-SHA1"),
    [CMG__OID_ECDSA_SHA256] = OID(X962 "\x04\x03\x02", "ecdsa-with-SHA256"),
    [CMG__OID_ECDSA_SHA384] = OID(X962 "\x04\x03\x03", "ecdsa-with-SHA384"),
    [CMG__OID_ECDSA_SHA512] = OID(X962 "\x04\x03\x04", "ecdsa-with-SHA512"),
    [CMG__OID_RSA_PSS] = OID(PKCS "\x01\x0a", "RSASSA-PSS"),
    [CMG__OID_MGF1] = OID(PKCS "\x01\x08", "mgf1"),
    [CMG__OID_CN] = OID("\x55\x04\x03", "CN"),
    [CMG__OID_SERIAL_NUMBER] = OID("\x55\x04\x05", "serialNumber"),
    [CMG__OID_C] = OID("\x55\x04\x06", "C"),
    [CMG__OID_L] = OID("\x55\x04\x07", "L"),
    [CMG__OID_ST] = OID("\x55\x04\x08", "ST"),
    [CMG__OID_O] = OID("\x55\x04\x0a", "O"),
    [CMG__OID_OU] = OID("\x55\x04\x0b", "OU"),
    [CMG__OID_DC] = OID("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC"),
    [CMG__OID_EMAIL] = OID(PKCS "\x09\x01", "E"),
    [CMG__OID_SKI] = OID("\x55\x1d\x0e", "subjectKeyIdentifier"),
    [CMG__OID_KEY_USAGE] = OID("\x55\x1d\x0f", "keyUsage"),
    [CMG__OID_SAN] = OID("\x55\x1d\x11", "subjectAltName"),
    [CMG__OID_BASIC_CONSTRAINTS] = OID("\x55\x1d\x13", "basicConstraints"),
    [CMG__OID_NAME_CONSTRAINTS] = OID("\x55\x1d\x1e", "nameConstraints"),
    [CMG__OID_POLICIES] = OID("\x55\x1d\x20", "certificatePolicies"),
    [CMG__OID_POLICY_MAPPINGS] = OID("\x55\x1d\x21", "policyMappings"),
    [CMG__OID_INHIBIT_ANY_POLICY] = OID("\x55\x1d\x36", "inhibitAnyPolicy"),
    [CMG__OID_AKI] = OID("\x55\x1d\x23", "authorityKeyIdentifier"),
    [CMG__OID_EKU] = OID("\x55\x1d\x25", "extendedKeyUsage"),
    [CMG__OID_SERVER_AUTH] = OID(PKIX "\x03\x01", "serverAuth"),
    [CMG__OID_CLIENT_AUTH] = OID(PKIX "\x03\x02", "clientAuth"),
    [CMG__OID_ANY_EKU] = OID("\x55\x1d\x25\x00", "anyExtendedKeyUsage"),
    [CMG__OID_IAN] = OID("\x55\x1d\x12", "issuerAltName"),
    [CMG__OID_CDP] = OID("\x55\x1d\x1f", "cRLDistributionPoints"),
    [CMG__OID_AIA] = OID(PKIX "\x01\x01", "authorityInfoAccess"),
    [CMG__OID_CRL_NUMBER] = OID("\x55\x1d\x14", "cRLNumber"),
    [CMG__OID_CRL_REASON] = OID("\x55\x1d\x15", "reasonCode"),
    [CMG__OID_INVALIDITY_DATE] = OID("\x55\x1d\x18", "invalidityDate"),
    [CMG__OID_DELTA_CRL] = OID("\x55\x1d\x1b", "deltaCRLIndicator"),
    [CMG__OID_ISSUING_POINT] = OID("\x55\x1d\x1c", "issuingDistributionPoint"),
    [CMG__OID_CERTIFICATE_ISSUER] = OID("\x55\x1d\x1d", "certificateIssuer"),
    [CMG__OID_FRESHEST_CRL] = OID("\x55\x1d\x2e", "freshestCRL"),
    [CMG__OID_MS_CA_VERSION] = OID(MS "\x15\x01", "caVersion"),
    [CMG__OID_MS_NEXT_PUBLISH] = OID(MS "\x15\x04", "crlNextPublish"),
    [CMG__OID_POLICY_CONSTRAINTS] = OID("\x55\x1d\x24", "policyConstraints"),
    [CMG__OID_ANY_POLICY] = OID("\x55\x1d\x20\x00", "anyPolicy"),
    [CMG__OID_SUBJECT_ACCESS] = OID(PKIX "\x01\x0b", "subjectInfoAccess"),
    [CMG__OID_ACCESS_OCSP] = OID(PKIX "\x30\x01", "OCSP"),
    [CMG__OID_TLS_FEATURE] = OID(PKIX "\x01\x18", "tlsFeature"),
    [CMG__OID_OCSP_NO_CHECK] = OID(PKIX "\x30\x01\x05", "ocspNoCheck"),
    [CMG__OID_QUALIFIER_CPS] = OID(PKIX "\x02\x01", "CPS"),
    [CMG__OID_SCT_LIST] =
        OID("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02", "signedCertificateTimestampList"),
    [CMG__OID_PRECERT_POISON] =
        OID("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03", "precertificatePoison"),
    [CMG__OID_NETSCAPE_TYPE] =
        OID("\x60\x86\x48\x01\x86\xf8\x42\x01\x01", "netscapeCertType"),
    [CMG__OID_NETSCAPE_COMMENT] =
        OID("\x60\x86\x48\x01\x86\xf8\x42\x01\x0d", "netscapeComment"),
    [CMG__OID_MS_TEMPLATE] = OID(MS "\x15\x07", "certificateTemplate"),
    [CMG__OID_MS_APPLICATION_POLICIES] = OID(MS "\x15\x0a", "applicationPolicies"),
    [CMG__OID_MS_PREVIOUS_CA_HASH] = OID(MS "\x15\x02", "previousCaHash"),
    [CMG__OID_MS_NTDS_SECURITY] = OID(MS "\x19\x02", "ntdsSecurity"),
    [CMG__OID_CODE_SIGNING] = OID(PKIX "\x03\x03", "codeSigning"),
    [CMG__OID_EMAIL_PROTECTION] = OID(PKIX "\x03\x04", "emailProtection"),
    [CMG__OID_TIME_STAMPING] = OID(PKIX "\x03\x08", "timeStamping"),
    [CMG__OID_OCSP_SIGNING] = OID(PKIX "\x03\x09", "OCSPSigning"),
    [CMG__OID_CA_ISSUERS] = OID(PKIX "\x30\x02", "caIssuers"),
    [CMG__OID_EXTENSION_REQUEST] = OID(PKCS "\x09\x0e", "extensionRequest"),
    [CMG__OID_MS_EXTENSION_REQUEST] = OID(MS "\x02\x01\x0e", "certExtensions"),
    [CMG__OID_MS_TEMPLATE_NAME] = OID(MS "\x14\x02", "certificateTemplateName"),
    [CMG__OID_UPN] = OID(MS "\x14\x02\x03", "userPrincipalName"),
    [CMG__OID_IPSEC_IKE] = OID(PKIX "\x03\x11", "ipsecIKE"),
    [CMG__OID_SMARTCARD_LOGON] = OID(MS "\x14\x02\x02", "smartcardLogon"),
    [CMG__OID_KDC] = OID("\x2b\x06\x01\x05\x02\x03\x05", "pkInitKDC"),
    [CMG__OID_MS_REQUEST_AGENT] = OID(MS "\x14\x02\x01", "certificateRequestAgent"),
    [CMG__OID_MS_EFS] = OID(MS "\x0a\x03\x04", "encryptedFileSystem"),
    [CMG__OID_MS_DOCUMENT_SIGNING] = OID(MS "\x0a\x03\x0c", "documentSigning"),
    [CMG__OID_DATA] = OID(PKCS "\x07\x01", "data"),
    [CMG__OID_SIGNED_DATA] = OID(PKCS "\x07\x02", "signedData"),
    [CMG__OID_ENVELOPED_DATA] = OID(PKCS "\x07\x03", "envelopedData"),
    [CMG__OID_ENCRYPTED_DATA] = OID(PKCS "\x07\x06", "encryptedData"),
    [CMG__OID_KEY_BAG] = OID(PKCS "\x0c\x0a\x01\x01", "keyBag"),
    [CMG__OID_SHROUDED_KEY_BAG] = OID(PKCS "\x0c\x0a\x01\x02", "pkcs8ShroudedKeyBag"),
    [CMG__OID_CERT_BAG] = OID(PKCS "\x0c\x0a\x01\x03", "certBag"),
    [CMG__OID_CRL_BAG] = OID(PKCS "\x0c\x0a\x01\x04", "crlBag"),
    [CMG__OID_SECRET_BAG] = OID(PKCS "\x0c\x0a\x01\x05", "secretBag"),
    [CMG__OID_SAFE_BAG] = OID(PKCS "\x0c\x0a\x01\x06", "safeContentsBag"),
    [CMG__OID_X509_CERTIFICATE] = OID(PKCS "\x09\x16\x01", "x509Certificate"),
    [CMG__OID_FRIENDLY_NAME] = OID(PKCS "\x09\x14", "friendlyName"),
    [CMG__OID_LOCAL_KEY_ID] = OID(PKCS "\x09\x15", "localKeyID"),
    [CMG__OID_MS_CSP_NAME] = OID("\x2b\x06\x01\x04\x01\x82\x37\x11\x01", "CSPName"),
    [CMG__OID_MS_LOCAL_KEY_SET] =
        OID("\x2b\x06\x01\x04\x01\x82\x37\x11\x02", "LocalKeySet"),
    [CMG__OID_PBE_3DES] = OID(PKCS "\x0c\x01\x03", "PBE-SHA1-3DES"),
    [CMG__OID_PBE_2DES] = OID(PKCS "\x0c\x01\x04", "PBE-SHA1-2DES"),
    [CMG__OID_PBE_RC2_128] = OID(PKCS "\x0c\x01\x05", "PBE-SHA1-RC2-128"),
    [CMG__OID_PBE_RC2_40] = OID(PKCS "\x0c\x01\x06", "PBE-SHA1-RC2-40"),
    [CMG__OID_PBES2] = OID(PKCS "\x05\x0d", "PBES2"),
    [CMG__OID_PBKDF2] = OID(PKCS "\x05\x0c", "PBKDF2"),
    [CMG__OID_PBMAC1] = OID(PKCS "\x05\x0e", "PBMAC1"),
    [CMG__OID_HMAC_SHA1] = OID("\x2a\x86\x48\x86\xf7\x0d\x02\x07", "hmacWithSHA1"),
    [CMG__OID_HMAC_SHA256] = OID("\x2a\x86\x48\x86\xf7\x0d\x02\x09", "hmacWithSHA256"),
    [CMG__OID_HMAC_SHA384] = OID("\x2a\x86\x48\x86\xf7\x0d\x02\x0a", "hmacWithSHA384"),
    [CMG__OID_HMAC_SHA512] = OID("\x2a\x86\x48\x86\xf7\x0d\x02\x0b", "hmacWithSHA512"),
    [CMG__OID_AES128_CBC] = OID(NIST "\x01\x02", "AES-128-CBC"),
    [CMG__OID_AES192_CBC] = OID(NIST "\x01\x16", "AES-192-CBC"),
    [CMG__OID_AES256_CBC] = OID(NIST "\x01\x2a", "AES-256-CBC"),
    [CMG__OID_DES3_CBC] = OID("\x2a\x86\x48\x86\xf7\x0d\x03\x07", "DES-EDE3-CBC"),
};

enum cmg__oid cmg__oid_find(const void *bytes, size_t n)
{
    for (unsigned i = CMG__OID_UNKNOWN + 1; i < CMG__OID_COUNT; i++) {
        if (table[i].n == n && memcmp(table[i].bytes, bytes, n) == 0)
            return (enum cmg__oid)i;
    }
    return CMG__OID_UNKNOWN;
}

const uint8_t *cmg__oid_bytes(enum cmg__oid oid, size_t *n)
{
    *n = table[oid].n;
    return (const uint8_t *)table[oid].bytes;
}

const char *cmg__oid_name(enum cmg__oid oid)
{
    return table[oid].name;
}

/* Length of the arc at p; 0 when it is cut, not minimal or above 64 bits. */
static size_t read_arc(const uint8_t *p, size_t n, uint64_t *arc)
{
    *arc = 0;
    if (n > 0 && p[0] == 0x80)
        return 0;
    for (size_t i = 0; i < n; i++) {
        if (*arc > UINT64_MAX >> 7)
            return 0;
        *arc = *arc << 7 | (p[i] & 0x7fU);
        if ((p[i] & 0x80U) == 0)
            return i + 1;
    }
    return 0;
}

/* What has no dotted form must not look like something that has one. */
static void format_bytes(const uint8_t *bytes, size_t n, char out[CMG__OID_TEXT_SIZE])
{
    const size_t shown = n <= OCTETS_SHOWN ? n : OCTETS_SHOWN;

    out[0] = '#';
    for (size_t i = 0; i < shown; i++)
        (void)snprintf(out + 1 + 2 * i, 3, "%02x", bytes[i]);
    (void)snprintf(out + 1 + 2 * shown, 4, "%s", n > shown ? "..." : "");
}

void cmg__oid_format(const uint8_t *bytes, size_t n, char out[CMG__OID_TEXT_SIZE])
{
    size_t used = 0;

    for (size_t i = 0; i < n;) {
        uint64_t arc;
        const size_t octets = read_arc(bytes + i, n - i, &arc);

        if (octets == 0 || used + ARC_SIZE > CMG__OID_TEXT_SIZE)
            break;
        if (i == 0) {
            const unsigned root = arc < 80 ? (unsigned)(arc / 40) : 2U;

            used = (size_t)snprintf(out, CMG__OID_TEXT_SIZE, "%u", root);
            arc -= root * 40U;
        }
        used += (size_t)snprintf(out + used, CMG__OID_TEXT_SIZE - used, ".%llu",
                                 (unsigned long long)arc);
        i += octets;
        if (i == n)
            return;
    }
    format_bytes(bytes, n, out);
}

/* One arc of a dotted identifier; its number and what follows it. */
static bool take_arc(const char **text, uint64_t *arc)
{
    const size_t n = strcspn(*text, ".");

    if (n == 0 || (n > 1 && (*text)[0] == '0') || !cmg__parse_u64(*text, n, arc))
        return false;
    *text += n;
    if (**text == '.' && *++*text == '\0')
        return false;
    return true;
}

static bool put_arc(uint64_t arc, uint8_t out[CMG__OID_BYTES_MAX], size_t *n)
{
    size_t count = 1;

    while (count < 10 && arc >> (7 * count) != 0)
        count++;
    if (*n + count > CMG__OID_BYTES_MAX)
        return false;
    while (count-- > 0) {
        out[*n] = (uint8_t)((arc >> (7 * count) & 0x7fU) | (count > 0 ? 0x80U : 0U));
        (*n)++;
    }
    return true;
}

bool cmg__oid_parse(const char *text, uint8_t out[CMG__OID_BYTES_MAX], size_t *n)
{
    uint64_t root;
    uint64_t arc;

    *n = 0;
    if (!take_arc(&text, &root) || root > 2 || !take_arc(&text, &arc) ||
        arc > (root < 2 ? 39U : UINT32_MAX) || !put_arc(root * 40 + arc, out, n))
        return false;
    while (*text != '\0') {
        if (!take_arc(&text, &arc) || arc > UINT32_MAX || !put_arc(arc, out, n))
            return false;
    }
    return true;
}
