/*
 * The rules that ask for one certificate alone: time, form and strength, and what its
 * purpose asks of a leaf. Whether a path holds together is x509_path.c's affair.
 */
#include <string.h>

#include <arpa/inet.h>

#include "base/str.h"
#include "crypto/signature.h"
#include "crypto/x509_chain.h"
#include "crypto/x509_host.h"
#include "crypto/x509_rules.h"

#define SKEW_S     300
#define SOON_S     (30 * INT64_C(86400))
#define RSA_MIN    2048
#define RSA_MAX    8192
#define SERIAL_MAX 20

static void check_time(const struct cmg__x509_question *q, const struct cmg__x509 *cert,
                       struct cmg__findings *findings)
{
    const int64_t skew = findings->flags != 0 ? 0 : SKEW_S;

    if (q->now_unix_s < cert->not_before - skew)
        cmg__rule_broken(findings, CMG__RULE_NOT_YET_VALID, cert, NULL);
    else if (q->now_unix_s < cert->not_before)
        cmg__rule_broken(findings, CMG__RULE_BEGINS_SOON, cert, NULL);
    else if (q->now_unix_s > cert->not_after)
        cmg__rule_broken(findings, CMG__RULE_EXPIRED, cert, NULL);
    else if (cert->not_after - q->now_unix_s < SOON_S)
        cmg__rule_broken(findings, CMG__RULE_EXPIRES_SOON, cert, NULL);
}

static void check_serial(const struct cmg__x509 *cert, bool anchor,
                         struct cmg__findings *findings)
{
    /* Nobody looks a root up by its number. */
    if (!cert->serial_is_positive && (!anchor || findings->flags != 0))
        cmg__rule_broken(findings, CMG__RULE_SERIAL, cert, NULL);
    if (cert->serial_octets > SERIAL_MAX)
        cmg__rule_broken(findings, CMG__RULE_LONG_SERIAL, cert, NULL);
}

static bool is_odd(struct cmg__span number)
{
    return number.n > 0 && (number.p[number.n - 1] & 1U) != 0;
}

/* At most three bytes are below 65537, save 0x010000, which is even. */
static bool exponent_is_small(struct cmg__span e)
{
    return e.n < 3 || (e.n == 3 && e.p[0] == 1 && e.p[1] == 0 && e.p[2] == 0);
}

static bool exponent_is_one(struct cmg__span e)
{
    return e.n == 1 && e.p[0] == 1;
}

static void check_key(const struct cmg__x509 *cert, struct cmg__findings *findings)
{
    const bool rsa = cert->key_algorithm == CMG__OID_RSA;

    if (cert->bits == 0 ||
        (rsa &&
         (cert->bits < RSA_MIN || cert->bits > RSA_MAX || !is_odd(cert->rsa_modulus) ||
          !is_odd(cert->rsa_exponent) || exponent_is_one(cert->rsa_exponent))))
        cmg__rule_broken(findings, CMG__RULE_WEAK_KEY, cert, cert->key_description);
    else if (rsa && exponent_is_small(cert->rsa_exponent))
        cmg__rule_broken(findings, CMG__RULE_RSA_EXPONENT, cert, NULL);
    if (rsa && cert->bits % 8 != 0)
        cmg__rule_broken(findings, CMG__RULE_RSA_SIZE, cert, cert->key_description);
}

/* Known, well formed, and with a hash that nobody can collide. */
static bool signature_is_strong(const struct cmg__x509 *cert)
{
    struct cmg__span in = cert->signature_identifier;
    struct cmg__signature_algorithm algorithm;

    return cmg__signature_algorithm_take(&in, &algorithm) &&
           algorithm.hash != CMG__OID_SHA1;
}

static void check_signature_algorithm(const struct cmg__x509 *cert, bool anchor,
                                      struct cmg__findings *findings)
{
    if (!signature_is_strong(cert))
        cmg__rule_broken(findings,
                         anchor ? CMG__RULE_OLD_ROOT_SIGNATURE : CMG__RULE_WEAK_SIGNATURE,
                         cert, NULL);
}

/* What RFC 5280 forbids to be critical, and what is known otherwise. */
static void check_criticality(const struct cmg__x509 *cert,
                              struct cmg__findings *findings)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } never[] = {
        { CMG__EXT_SKI, "subjectKeyIdentifier" },
        { CMG__EXT_AKI, "authorityKeyIdentifier" },
        { CMG__EXT_AIA, "authorityInfoAccess" },
        { CMG__EXT_FRESHEST_CRL, "freshestCRL" },
    };

    if (cert->unknown_critical[0] != '\0')
        cmg__rule_broken(findings, CMG__RULE_UNKNOWN_EXTENSION, cert,
                         cert->unknown_critical);
    for (size_t i = 0; i < CMG__ARRAY_LEN(never); i++) {
        if ((cert->critical & never[i].bit) != 0)
            cmg__rule_broken(findings, CMG__RULE_CRITICAL_EXTENSION, cert, never[i].name);
    }
}

static bool is_ascii(struct cmg__span text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == 0 || text.p[i] >= 0x80)
            return false;
    }
    return text.n > 0;
}

/* Whether a name has the form of its kind. */
static bool name_is_sound(const struct cmg__der_item *name)
{
    struct cmg__span value = name->content;

    switch (name->tag) {
    case CMG__GN_DNS:
    case CMG__GN_EMAIL:
    case CMG__GN_URI:
        return is_ascii(value);
    case CMG__GN_IP:
        return value.n == 4 || value.n == 16;
    case CMG__GN_DIRECTORY:
        return cmg__der_take(&value, CMG__DER_SEQUENCE, NULL) && value.n == 0;
    default:
        return (name->tag & ~0x20U) <= CMG__DER_CONTEXT + 8;
    }
}

static bool text_is_host(struct cmg__span text)
{
    char host[256];
    uint8_t address[16];

    if (text.n >= sizeof host)
        return false;
    memcpy(host, text.p, text.n);
    host[text.n] = '\0';
    return cmg__host_is_valid(host, true) && strchr(host, '_') == NULL &&
           cmg__host_address(host, address) == 0;
}

static void check_alternative_names(const struct cmg__x509 *cert,
                                    struct cmg__findings *findings)
{
    struct cmg__span in = cert->alternative_names;
    struct cmg__der_item name;

    while (in.n > 0) {
        if (!cmg__der_next(&in, &name) || !name_is_sound(&name)) {
            cmg__rule_broken(findings, CMG__RULE_ALTERNATIVE_NAMES, cert, NULL);
            return;
        }
        if (name.tag == CMG__GN_DNS && !text_is_host(name.content))
            cmg__rule_broken(findings, CMG__RULE_PROFILE, cert,
                             "an alternative name is no host name");
    }
    if ((cert->present & CMG__EXT_SAN) == 0)
        return;
    if (cert->subject_name.n == 0 && (cert->critical & CMG__EXT_SAN) == 0)
        cmg__rule_broken(findings, CMG__RULE_PROFILE, cert,
                         "alternative names are not critical though there is no subject");
    if (cert->subject_name.n > 0 && (cert->critical & CMG__EXT_SAN) != 0)
        cmg__rule_broken(findings, CMG__RULE_PUBLIC_PROFILE, cert,
                         "alternative names are critical though there is a subject");
}

/* Names, and what points to the issuer. */
static void check_names(const struct cmg__x509 *cert, bool anchor,
                        struct cmg__findings *findings)
{
    if (cert->issuer_name.n == 0)
        cmg__rule_broken(findings, CMG__RULE_EMPTY_ISSUER, cert, NULL);
    if (cert->subject_name.n == 0 && (cert->present & CMG__EXT_SAN) == 0)
        cmg__rule_broken(findings, CMG__RULE_EMPTY_SUBJECT, cert, NULL);
    if (cert->authority_key_id.n == 0 && !(anchor && cmg__x509_is_self_issued(cert)))
        cmg__rule_broken(findings, CMG__RULE_PROFILE, cert,
                         "authorityKeyIdentifier does not name the issuer's key");
    check_alternative_names(cert, findings);
}

void cmg__x509_rules_any(const struct cmg__x509_question *q, const struct cmg__x509 *cert,
                         bool anchor, struct cmg__findings *findings)
{
    check_time(q, cert, findings);
    if (cert->version != 3 && !anchor)
        cmg__rule_broken(findings, CMG__RULE_VERSION, cert, NULL);
    check_serial(cert, anchor, findings);
    check_criticality(cert, findings);
    check_key(cert, findings);
    check_signature_algorithm(cert, anchor, findings);
    check_names(cert, anchor, findings);
    if (!cert->is_ca && cert->path_length >= 0)
        cmg__rule_broken(findings, CMG__RULE_PROFILE, cert,
                         "a path length stands where no authority is");
    if (!cert->is_ca && (cert->key_usage & CMG__KU_KEY_CERT_SIGN) != 0)
        cmg__rule_broken(findings, CMG__RULE_PROFILE, cert,
                         "key usage has keyCertSign though it is no authority's");
    if (!cert->is_ca && (cert->present & CMG__EXT_NAME_CONSTRAINTS) != 0)
        cmg__rule_broken(findings, CMG__RULE_NAME_CONSTRAINTS_IN_LEAF, cert, NULL);
}

/* ---- the leaf ---- */

static void check_wildcards(const struct cmg__x509 *cert, struct cmg__findings *findings)
{
    for (size_t i = 0; i < cert->dns_count; i++) {
        const char *name = cert->dns_names[i];

        if (cmg__str_starts(name, "*.") && cmg__host_is_public_suffix(name + 2))
            cmg__rule_broken(findings, CMG__RULE_WIDE_WILDCARD, cert, name);
    }
}

/* The text of an address as RFC 5952 writes it. */
static bool address_text_is(struct cmg__span address, const char *text)
{
    char formatted[INET6_ADDRSTRLEN];
    const int family = address.n == 4 ? AF_INET : AF_INET6;

    return (address.n == 4 || address.n == 16) &&
           inet_ntop(family, address.p, formatted, sizeof formatted) != NULL &&
           strcmp(formatted, text) == 0;
}

/* Public authorities repeat an alternative name in CN letter by letter, or leave it. */
static bool common_name_repeats(const struct cmg__x509 *cert)
{
    struct cmg__span in = cert->alternative_names;
    struct cmg__der_item name;

    for (size_t i = 0; i < cert->dns_count; i++) {
        if (strcmp(cert->dns_names[i], cert->common_name) == 0)
            return true;
    }
    while (in.n > 0 && cmg__der_next(&in, &name)) {
        if (name.tag == CMG__GN_IP && address_text_is(name.content, cert->common_name))
            return true;
    }
    return cert->common_name[0] == '\0';
}

static bool has_host_name(const struct cmg__x509 *cert)
{
    struct cmg__span in = cert->alternative_names;
    struct cmg__der_item name;

    while (in.n > 0 && cmg__der_next(&in, &name)) {
        if (name.tag == CMG__GN_DNS || name.tag == CMG__GN_IP)
            return true;
    }
    return false;
}

static void check_wanted_name(const struct cmg__x509_question *q,
                              const struct cmg__x509 *cert,
                              struct cmg__findings *findings)
{
    if (q->name == NULL || cmg__x509_matches_host(cert, q->name))
        return;
    cmg__rule_broken(findings, CMG__RULE_WRONG_NAME, cert, q->name);
    if (cmg__x509_common_name_is(cert, q->name))
        cmg__rule_broken(findings, CMG__RULE_NAME_IN_CN_ONLY, cert, NULL);
}

static void check_server(const struct cmg__x509 *cert, struct cmg__findings *findings)
{
    if (!cert->eku_server_auth)
        cmg__rule_broken(findings, CMG__RULE_NO_SERVER_AUTH, cert, NULL);
    if (!has_host_name(cert))
        cmg__rule_broken(findings, CMG__RULE_NO_ALTERNATIVE_NAME, cert, NULL);
    else if (!common_name_repeats(cert))
        cmg__rule_broken(findings, CMG__RULE_PUBLIC_PROFILE, cert,
                         "the common name repeats none of the alternative names");
    check_wildcards(cert, findings);
}

static void check_machine(const struct cmg__x509_question *q,
                          const struct cmg__x509 *cert, struct cmg__findings *findings)
{
    if (cert->is_ca)
        cmg__rule_broken(findings, CMG__RULE_LEAF_IS_CA, cert, NULL);
    if (cert->has_key_usage && (cert->key_usage & CMG__KU_DIGITAL_SIGNATURE) == 0)
        cmg__rule_broken(findings, CMG__RULE_LEAF_KEY_USAGE, cert, NULL);
    if (cert->eku_any)
        cmg__rule_broken(findings, CMG__RULE_PUBLIC_PROFILE, cert,
                         "extended key usage has anyExtendedKeyUsage");
    if ((cert->critical & CMG__EXT_EKU) != 0)
        cmg__rule_broken(findings, CMG__RULE_PUBLIC_PROFILE, cert,
                         "extended key usage is critical");
    if (q->purpose == CMG_PURPOSE_SERVER)
        check_server(cert, findings);
    else if (!cert->eku_client_auth)
        cmg__rule_broken(findings, CMG__RULE_NO_CLIENT_AUTH, cert, NULL);
}

void cmg__x509_rules_leaf(const struct cmg__x509_question *q,
                          const struct cmg__x509 *cert, struct cmg__findings *findings)
{
    if (q->purpose == CMG_PURPOSE_AUTHORITY)
        cmg__x509_rules_authority(q, cert, false, findings);
    else if (q->purpose != CMG__PURPOSE_NONE)
        check_machine(q, cert, findings);
    check_wanted_name(q, cert, findings);
}
