/*
 * Revocation lists of others: those of NIST's PKITS and of the cryptography package, with
 * what each says, and lists written by openssl ca; all of them as openssl reads them.
 * The package is Debian's python3-cryptography-vectors.
 */
#include "crypto/lister.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "crypto/crl_data.h"

#define VECTORS "/usr/lib/python3/dist-packages/cryptography_vectors/x509/"

/* flags: d delta, i indirect, u users only, a authorities only, x attribute certificates
   only, r some reasons only, f full names, l a relative name. */
static const struct vector {
    const char *file; /* C/: custom, P/: PKITS */
    size_t count;
    const char *number;
    const char *flags;
    const char *refusal; /* words of it; NULL: a good list */
} vectors[] = {
    { "C/crl_all_reasons.pem", 12, "", "", NULL },
    { "C/crl_almost_10k.pem", 9999, "", "", NULL },
    { "C/crl_bad_version.pem", 0, "", "", "version" },
    { "C/crl_delta_crl_indicator.pem", 0, "ab54a98ceb1f0ad3", "d", NULL },
    { "C/crl_dup_entry_ext.pem", 0, "", "", "list of entry extensions" },
    { "C/crl_empty.pem", 0, "01", "", NULL },
    { "C/crl_empty_no_sequence.der", 0, "", "", NULL },
    { "C/crl_ian_aia_aki.pem", 0, "01", "", NULL },
    { "C/crl_idp_fullname_indirect_crl.pem", 0, "", "if", NULL },
    { "C/crl_idp_fullname_only.pem", 0, "", "f", NULL },
    { "C/crl_idp_fullname_only_aa.pem", 0, "", "xf", NULL },
    { "C/crl_idp_fullname_only_user.pem", 0, "", "uf", NULL },
    { "C/crl_idp_only_ca.pem", 0, "", "al", NULL },
    { "C/crl_idp_reasons_only.pem", 0, "", "r", NULL },
    { "C/crl_idp_relative_user_all_reasons.pem", 0, "", "url", NULL },
    { "C/crl_idp_relativename_only.pem", 0, "", "l", NULL },
    { "C/crl_inval_cert_issuer_entry_ext.pem", 0, "", "", "certificateIssuer" },
    { "C/crl_invalid_time.der", 0, "", "", "thisUpdate" },
    { "C/crl_md2_unknown_crit_entry_ext.pem", 1, "", "", NULL },
    { "C/crl_no_next_update.pem", 0, "01", "", NULL },
    { "C/crl_unrecognized_extension.der", 0, "", "", NULL },
    { "C/crl_unsupported_reason.pem", 1, "", "", NULL },
    { "C/invalid_signature_crl.pem", 0, "03", "", NULL },
    { "C/valid_signature_crl.pem", 0, "03", "", NULL },
    { "P/BadCRLIssuerNameCACRL.crl", 0, "01", "", NULL },
    { "P/BadCRLSignatureCACRL.crl", 0, "", "", "frame" }, /* a broken BIT STRING */
    { "P/BadSignedCACRL.crl", 0, "01", "", NULL },
    { "P/BadnotAfterDateCACRL.crl", 0, "01", "", NULL },
    { "P/BadnotBeforeDateCACRL.crl", 0, "01", "", NULL },
    { "P/BasicSelfIssuedCRLSigningKeyCACRL.crl", 1, "01", "", NULL },
    { "P/BasicSelfIssuedCRLSigningKeyCRLCertCRL.crl", 0, "01", "f", NULL },
    { "P/BasicSelfIssuedNewKeyCACRL.crl", 1, "01", "", NULL },
    { "P/BasicSelfIssuedOldKeyCACRL.crl", 1, "01", "", NULL },
    { "P/BasicSelfIssuedOldKeySelfIssuedCertCRL.crl", 0, "01", "f", NULL },
    { "P/DSACACRL.crl", 0, "01", "", NULL },
    { "P/DSAParametersInheritedCACRL.crl", 0, "01", "", NULL },
    { "P/GeneralizedTimeCRLnextUpdateCACRL.crl", 0, "01", "", NULL },
    { "P/GoodCACRL.crl", 2, "01", "", NULL },
    { "P/GoodsubCACRL.crl", 0, "01", "", NULL },
    { "P/GoodsubCAPanyPolicyMapping1to2CACRL.crl", 0, "01", "", NULL },
    { "P/LongSerialNumberCACRL.crl", 1, "01", "", NULL },
    { "P/Mapping1to2CACRL.crl", 0, "01", "", NULL },
    { "P/MappingFromanyPolicyCACRL.crl", 0, "01", "", NULL },
    { "P/MappingToanyPolicyCACRL.crl", 0, "01", "", NULL },
    { "P/MissingbasicConstraintsCACRL.crl", 0, "01", "", NULL },
    { "P/NameOrderCACRL.crl", 0, "01", "", NULL },
    { "P/NegativeSerialNumberCACRL.crl", 1, "01", "", NULL },
    { "P/NoPoliciesCACRL.crl", 0, "01", "", NULL },
    { "P/NoissuingDistributionPointCACRL.crl", 0, "01", "", NULL },
    { "P/OldCRLnextUpdateCACRL.crl", 0, "01", "", NULL },
    { "P/P12Mapping1to3CACRL.crl", 0, "01", "", NULL },
    { "P/P12Mapping1to3subCACRL.crl", 0, "01", "", NULL },
    { "P/P12Mapping1to3subsubCACRL.crl", 0, "01", "", NULL },
    { "P/P1Mapping1to234CACRL.crl", 0, "01", "", NULL },
    { "P/P1Mapping1to234subCACRL.crl", 0, "01", "", NULL },
    { "P/P1anyPolicyMapping1to2CACRL.crl", 0, "01", "", NULL },
    { "P/PanyPolicyMapping1to2CACRL.crl", 0, "01", "", NULL },
    { "P/PoliciesP1234CACRL.crl", 0, "01", "", NULL },
    { "P/PoliciesP1234subCAP123CRL.crl", 0, "01", "", NULL },
    { "P/PoliciesP1234subsubCAP123P12CRL.crl", 0, "01", "", NULL },
    { "P/PoliciesP123CACRL.crl", 0, "01", "", NULL },
    { "P/PoliciesP123subCAP12CRL.crl", 0, "01", "", NULL },
    { "P/PoliciesP123subsubCAP12P1CRL.crl", 0, "01", "", NULL },
    { "P/PoliciesP123subsubCAP2P2CRL.crl", 0, "01", "", NULL },
    { "P/PoliciesP123subsubsubCAP12P2P1CRL.crl", 0, "01", "", NULL },
    { "P/PoliciesP12CACRL.crl", 0, "01", "", NULL },
    { "P/PoliciesP12subCAP1CRL.crl", 0, "01", "", NULL },
    { "P/PoliciesP12subsubCAP1P2CRL.crl", 0, "01", "", NULL },
    { "P/PoliciesP2subCA2CRL.crl", 0, "01", "", NULL },
    { "P/PoliciesP2subCACRL.crl", 0, "01", "", NULL },
    { "P/PoliciesP3CACRL.crl", 0, "01", "", NULL },
    { "P/RFC3280MandatoryAttributeTypesCACRL.crl", 0, "01", "", NULL },
    { "P/RFC3280OptionalAttributeTypesCACRL.crl", 0, "01", "", NULL },
    { "P/RevokedsubCACRL.crl", 0, "01", "", NULL },
    { "P/RolloverfromPrintableStringtoUTF8StringCACRL.crl", 0, "01", "", NULL },
    { "P/SeparateCertificateandCRLKeysCA2CRL.crl", 0, "01", "", NULL },
    { "P/SeparateCertificateandCRLKeysCRL.crl", 1, "01", "", NULL },
    { "P/TrustAnchorRootCRL.crl", 1, "01", "", NULL },
    { "P/TwoCRLsCABadCRL.crl", 1, "01", "", NULL },
    { "P/TwoCRLsCAGoodCRL.crl", 0, "01", "", NULL },
    { "P/UIDCACRL.crl", 0, "01", "", NULL },
    { "P/UTF8StringCaseInsensitiveMatchCACRL.crl", 0, "01", "", NULL },
    { "P/UTF8StringEncodedNamesCACRL.crl", 0, "01", "", NULL },
    { "P/UnknownCRLEntryExtensionCACRL.crl", 1, "01", "", NULL },
    { "P/UnknownCRLExtensionCACRL.crl", 1, "01", "", NULL },
    { "P/WrongCRLCACRL.crl", 1, "01", "", NULL },
    { "P/anyPolicyCACRL.crl", 0, "01", "", NULL },
    { "P/basicConstraintsCriticalcAFalseCACRL.crl", 0, "01", "", NULL },
    { "P/basicConstraintsNotCriticalCACRL.crl", 0, "01", "", NULL },
    { "P/basicConstraintsNotCriticalcAFalseCACRL.crl", 0, "01", "", NULL },
    { "P/deltaCRLCA1CRL.crl", 3, "01", "", NULL },
    { "P/deltaCRLCA1deltaCRL.crl", 4, "05", "d", NULL },
    { "P/deltaCRLCA2CRL.crl", 1, "02", "", NULL },
    { "P/deltaCRLCA2deltaCRL.crl", 1, "03", "d", NULL },
    { "P/deltaCRLCA3CRL.crl", 0, "01", "", NULL },
    { "P/deltaCRLCA3deltaCRL.crl", 0, "03", "d", NULL },
    { "P/deltaCRLIndicatorNoBaseCACRL.crl", 0, "05", "d", NULL },
    { "P/distributionPoint1CACRL.crl", 1, "01", "f", NULL },
    { "P/distributionPoint2CACRL.crl", 1, "01", "l", NULL },
    { "P/indirectCRLCA1CRL.crl", 1, "01", "i", NULL },
    { "P/indirectCRLCA3CRL.crl", 0, "01", "f", NULL },
    { "P/indirectCRLCA3cRLIssuerCRL.crl", 0, "01", "if", NULL },
    { "P/indirectCRLCA4cRLIssuerCRL.crl", 0, "01", "if", NULL },
    { "P/indirectCRLCA5CRL.crl", 11, "01", "if", NULL },
    { "P/inhibitAnyPolicy0CACRL.crl", 0, "01", "", NULL },
    { "P/inhibitAnyPolicy1CACRL.crl", 0, "01", "", NULL },
    { "P/inhibitAnyPolicy1subCA1CRL.crl", 0, "01", "", NULL },
    { "P/inhibitAnyPolicy1subCA2CRL.crl", 0, "01", "", NULL },
    { "P/inhibitAnyPolicy1subCAIAP5CRL.crl", 0, "01", "", NULL },
    { "P/inhibitAnyPolicy1subsubCA2CRL.crl", 0, "01", "", NULL },
    { "P/inhibitAnyPolicy5CACRL.crl", 0, "01", "", NULL },
    { "P/inhibitAnyPolicy5subCACRL.crl", 0, "01", "", NULL },
    { "P/inhibitAnyPolicy5subsubCACRL.crl", 0, "01", "", NULL },
    { "P/inhibitPolicyMapping0CACRL.crl", 0, "01", "", NULL },
    { "P/inhibitPolicyMapping0subCACRL.crl", 0, "01", "", NULL },
    { "P/inhibitPolicyMapping1P12CACRL.crl", 0, "01", "", NULL },
    { "P/inhibitPolicyMapping1P12subCACRL.crl", 0, "01", "", NULL },
    { "P/inhibitPolicyMapping1P12subCAIPM5CRL.crl", 0, "01", "", NULL },
    { "P/inhibitPolicyMapping1P12subsubCACRL.crl", 0, "01", "", NULL },
    { "P/inhibitPolicyMapping1P12subsubCAIPM5CRL.crl", 0, "01", "", NULL },
    { "P/inhibitPolicyMapping1P1CACRL.crl", 0, "01", "", NULL },
    { "P/inhibitPolicyMapping1P1subCACRL.crl", 0, "01", "", NULL },
    { "P/inhibitPolicyMapping1P1subsubCACRL.crl", 0, "01", "", NULL },
    { "P/inhibitPolicyMapping5CACRL.crl", 0, "01", "", NULL },
    { "P/inhibitPolicyMapping5subCACRL.crl", 0, "01", "", NULL },
    { "P/inhibitPolicyMapping5subsubCACRL.crl", 0, "01", "", NULL },
    { "P/inhibitPolicyMapping5subsubsubCACRL.crl", 0, "01", "", NULL },
    { "P/keyUsageCriticalcRLSignFalseCACRL.crl", 0, "01", "", NULL },
    { "P/keyUsageCriticalkeyCertSignFalseCACRL.crl", 0, "01", "", NULL },
    { "P/keyUsageNotCriticalCACRL.crl", 0, "01", "", NULL },
    { "P/keyUsageNotCriticalcRLSignFalseCACRL.crl", 0, "01", "", NULL },
    { "P/keyUsageNotCriticalkeyCertSignFalseCACRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsDN1CACRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsDN1subCA1CRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsDN1subCA2CRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsDN1subCA3CRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsDN2CACRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsDN3CACRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsDN3subCA1CRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsDN3subCA2CRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsDN4CACRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsDN5CACRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsDNS1CACRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsDNS2CACRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsRFC822CA1CRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsRFC822CA2CRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsRFC822CA3CRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsURI1CACRL.crl", 0, "01", "", NULL },
    { "P/nameConstraintsURI2CACRL.crl", 0, "01", "", NULL },
    { "P/onlyContainsAttributeCertsCACRL.crl", 0, "01", "x", NULL },
    { "P/onlyContainsCACertsCACRL.crl", 0, "01", "a", NULL },
    { "P/onlyContainsUserCertsCACRL.crl", 0, "01", "u", NULL },
    { "P/onlySomeReasonsCA1compromiseCRL.crl", 1, "01", "r", NULL },
    { "P/onlySomeReasonsCA1otherreasonsCRL.crl", 1, "01", "r", NULL },
    { "P/onlySomeReasonsCA2CRL1.crl", 0, "01", "r", NULL },
    { "P/onlySomeReasonsCA2CRL2.crl", 0, "01", "r", NULL },
    { "P/onlySomeReasonsCA3compromiseCRL.crl", 0, "01", "rf", NULL },
    { "P/onlySomeReasonsCA3otherreasonsCRL.crl", 0, "01", "rf", NULL },
    { "P/onlySomeReasonsCA4compromiseCRL.crl", 1, "01", "rf", NULL },
    { "P/onlySomeReasonsCA4otherreasonsCRL.crl", 1, "01", "rf", NULL },
    { "P/pathLenConstraint0CACRL.crl", 0, "01", "", NULL },
    { "P/pathLenConstraint0subCA2CRL.crl", 0, "01", "", NULL },
    { "P/pathLenConstraint0subCACRL.crl", 0, "01", "", NULL },
    { "P/pathLenConstraint1CACRL.crl", 0, "01", "", NULL },
    { "P/pathLenConstraint1subCACRL.crl", 0, "01", "", NULL },
    { "P/pathLenConstraint6CACRL.crl", 0, "01", "", NULL },
    { "P/pathLenConstraint6subCA0CRL.crl", 0, "01", "", NULL },
    { "P/pathLenConstraint6subCA1CRL.crl", 0, "01", "", NULL },
    { "P/pathLenConstraint6subCA4CRL.crl", 0, "01", "", NULL },
    { "P/pathLenConstraint6subsubCA00CRL.crl", 0, "01", "", NULL },
    { "P/pathLenConstraint6subsubCA11CRL.crl", 0, "01", "", NULL },
    { "P/pathLenConstraint6subsubCA41CRL.crl", 0, "01", "", NULL },
    { "P/pathLenConstraint6subsubsubCA11XCRL.crl", 0, "01", "", NULL },
    { "P/pathLenConstraint6subsubsubCA41XCRL.crl", 0, "01", "", NULL },
    { "P/pre2000CRLnextUpdateCACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy0CACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy0subCACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy0subsubCACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy0subsubsubCACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy10CACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy10subCACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy10subsubCACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy10subsubsubCACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy2CACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy2subCACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy4CACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy4subCACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy4subsubCACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy4subsubsubCACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy5CACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy5subCACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy5subsubCACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy5subsubsubCACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy7CACRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy7subCARE2CRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy7subsubCARE2RE4CRL.crl", 0, "01", "", NULL },
    { "P/requireExplicitPolicy7subsubsubCARE2RE4CRL.crl", 0, "01", "", NULL },
    { "C/cdp_crl_issuer.pem", 0, "", "", "no readable revocation list" },
    { "C/cdp_fullname_reasons_crl_issuer.pem", 0, "", "", "no readable revocation list" },
    { "C/freshestcrl.pem", 0, "", "", "no readable revocation list" },
};

static const char *path_of(const char *file)
{
    static char path[256];
    const bool pkits = file[0] == 'P';

    (void)snprintf(path, sizeof path, "%s%s/%s", VECTORS,
                   pkits ? "PKITS_data/crls" : "custom", file + 2);
    return path;
}

static struct cmg__crl *read_list(const char *path, cmg_status expected, cmg_error **err)
{
    struct cmg__crl *crl = NULL;
    size_t n = 0;
    char *data = support_read_file(path, &n);

    ck_assert_msg(data != NULL, "install python3-cryptography-vectors: no %s", path);
    const cmg_status rc = cmg__crl_parse(&cmg__alloc_libc, data, n, &crl, err);
    ck_assert_msg(rc == expected, "%s: %s", path, cmg_status_name(rc));
    free(data);
    return crl;
}

static void add_flag(char *flags, bool is, char flag)
{
    const size_t n = strlen(flags);

    if (is)
        flags[n] = flag;
    flags[n + is] = '\0';
}

START_TEST(lists_of_others_say_what_they_say)
{
    const struct vector *v = &vectors[_i];
    struct cmg__crl_info info;
    char number[64];
    char flags[16] = "";
    cmg_error *err = NULL;

    struct cmg__crl *crl =
        read_list(path_of(v->file), v->refusal != NULL ? CMG_E_PARSE : CMG_OK, &err);
    if (v->refusal != NULL) {
        ck_assert_msg(strstr(cmg_error_message(err), v->refusal) != NULL, "%s: %s",
                      v->file, cmg_error_message(err));
        cmg_error_unref(err);
        return;
    }
    cmg__crl_info(crl, &info);
    cmg__hex_format(info.number.p, info.number.n, number);
    add_flag(flags, info.is_delta, 'd');
    add_flag(flags, info.is_indirect, 'i');
    add_flag(flags, info.only_user, 'u');
    add_flag(flags, info.only_ca, 'a');
    add_flag(flags, info.only_attribute, 'x');
    add_flag(flags, info.has_reasons, 'r');
    add_flag(flags, info.point_names.n > 0, 'f');
    add_flag(flags, info.point_relative.n > 0, 'l');
    ck_assert_msg(info.count == v->count, "%s: %zu entries", v->file, info.count);
    ck_assert_msg(strcmp(number, v->number) == 0, "%s: number %s", v->file, number);
    ck_assert_msg(strcmp(flags, v->flags) == 0, "%s: flags %s", v->file, flags);
    cmg__crl_free(crl);
}
END_TEST

/* ---- as openssl reads them ---- */

static const char *const openssl_reasons[] = {
    [CMG_REASON_UNSPECIFIED] = "Unspecified",
    [CMG_REASON_KEY_COMPROMISE] = "Key Compromise",
    [CMG_REASON_CA_COMPROMISE] = "CA Compromise",
    [CMG_REASON_AFFILIATION_CHANGED] = "Affiliation Changed",
    [CMG_REASON_SUPERSEDED] = "Superseded",
    [CMG_REASON_CESSATION_OF_OPERATION] = "Cessation Of Operation",
    [CMG_REASON_CERTIFICATE_HOLD] = "Certificate Hold",
    [7] = "",
    [CMG_REASON_REMOVE_FROM_CRL] = "Remove From CRL",
    [CMG_REASON_PRIVILEGE_WITHDRAWN] = "Privilege Withdrawn",
    [CMG_REASON_AA_COMPROMISE] = "AA Compromise",
};

/* The octets of "-0A1B" or "0A1B"; the negative ones in two's complement. */
static size_t read_serial(const char *text, uint8_t *out, bool *negative)
{
    size_t n = 0;
    unsigned carry = 1;

    *negative = *text == '-';
    for (const char *p = text + *negative; cmg__is_alnum(*p); p += 2)
        ck_assert(cmg__hex_parse(p, 1, &out[n++]));
    for (size_t i = n; *negative && i > 0; i--) {
        const unsigned octet = (~(unsigned)out[i - 1] & 0xffU) + carry;

        carry = octet >> 8;
        out[i - 1] = (uint8_t)octet;
    }
    return n;
}

/* "        Revocation Date: Jan  1 00:00:00 2015 GMT" and perhaps its reason; rest is
   what follows the serial number up to the next one. */
static bool agrees(const struct cmg__crl_record *record, const char *rest, size_t n)
{
    char date[64];
    char wanted[96];
    struct tm tm;
    const time_t when = (time_t)record->date;
    char *entry = strndup(rest, n);

    (void)gmtime_r(&when, &tm);
    (void)strftime(date, sizeof date, "%b %e %H:%M:%S %Y GMT\n", &tm);
    (void)snprintf(wanted, sizeof wanted, "Revocation Date: %s", date);
    bool same = strstr(entry, wanted) != NULL;
    const char *reason = strstr(entry, "CRL Reason Code");
    for (size_t i = 1; i < CMG__ARRAY_LEN(openssl_reasons); i++) {
        if (i != 7 && reason != NULL && strstr(reason, openssl_reasons[i]) != NULL)
            same = same && record->reason == i;
    }
    if (record->reason != 0)
        same = same && reason != NULL &&
               strstr(reason, openssl_reasons[record->reason]) != NULL;
    free(entry);
    return same;
}

/* Whether the index has an entry like the one that stands at text, n octets long. */
static bool has_like(const struct cmg__crl *crl, const char *text, size_t n)
{
    uint8_t bytes[32];
    struct cmg__crl_serial serial;
    struct cmg__crl_record record;

    const size_t octets = read_serial(text, bytes, &serial.negative);
    serial.bytes = cmg__span_of(bytes, octets);
    for (size_t i = cmg__crl_index_lower(&crl->index, &serial, NULL);
         cmg__crl_index_has(&crl->index, i, &serial); i++) {
        cmg__crl_index_get(&crl->index, i, &record);
        if (agrees(&record, text, n))
            return true;
    }
    return false;
}

static void expect_as_openssl(const struct cmg__crl *crl, const char *path)
{
    static const char mark[] = "    Serial Number: ";
    const size_t n = strlen(path);
    const char *form = strcmp(path + n - 4, ".pem") == 0 ? "PEM" : "DER";
    const char *const argv[] = { "openssl", "crl",    "-in",   path, "-inform",
                                 form,      "-noout", "-text", NULL };
    char *out = NULL;
    size_t count = 0;

    ck_assert_int_eq(support_command(argv, &out), 0);
    for (const char *p = strstr(out, mark); p != NULL; count++) {
        const char *serial = p + sizeof mark - 1;
        const char *next = strstr(serial, mark);
        const size_t len = next != NULL ? (size_t)(next - serial) : strlen(serial);

        ck_assert_msg(has_like(crl, serial, len), "%s: %.40s", path, serial);
        p = next;
    }
    ck_assert_uint_eq(count, crl->info.count + crl->info.repeated);
    free(out);
}

START_TEST(lists_of_others_are_read_as_openssl_reads_them)
{
    const struct vector *v = &vectors[_i];
    cmg_error *err = NULL;

    if (v->refusal != NULL)
        return;
    struct cmg__crl *crl = read_list(path_of(v->file), CMG_OK, &err);
    expect_as_openssl(crl, path_of(v->file));
    cmg__crl_free(crl);
}
END_TEST

/* ---- written by openssl ca ---- */

static const char config[] =
    "[ca]\ndefault_ca = it\n[it]\ndatabase = %s\ncrlnumber = %s\n"
    "default_md = sha256\ndefault_crl_days = 7\n"
    "crl_extensions = ext\n[ext]\n"
    "authorityKeyIdentifier = keyid\n"
    "issuingDistributionPoint = critical, @point\n"
    "[point]\nfullname = URI:http://pki.contoso.com/ca.crl\n";

/* A database of count revoked certificates, of all reasons in turn, some on hold. */
static void write_database(const char *path, size_t count)
{
    static const char *const reasons[] = {
        "",
        ",unspecified",
        ",keyCompromise",
        ",CACompromise",
        ",affiliationChanged",
        ",superseded",
        ",cessationOfOperation",
        ",certificateHold",
        ",holdInstruction,holdInstructionReject",
        ",keyTime,20261001000000Z",
        ",CAkeyTime,20261001000000Z",
    };
    struct cmg__buf text;

    cmg__buf_init(&text, &cmg__alloc_libc, 1 << 20);
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[20];
        char serial[41];

        lister_serial(3, i, bytes);
        cmg__hex_format(bytes, 4 + i % 17, serial);
        for (char *p = serial; *p != '\0'; p++)
            *p = cmg__lower(*p) >= 'a' && cmg__lower(*p) <= 'f' ? (char)(*p - 32) : *p;
        ck_assert_int_eq(cmg__buf_addf(&text,
                                       "R\t301231000000Z\t2611%02u000000Z%s\t%s\tunknown"
                                       "\t/CN=c%zu\n",
                                       (unsigned)(1 + i % 20),
                                       reasons[i % CMG__ARRAY_LEN(reasons)], serial, i),
                         CMG_OK);
    }
    support_write_file(path, cmg__buf_cstr(&text), text.len);
    cmg__buf_done(&text);
}

static void write_setting(struct pki *pki)
{
    struct cmg__buf text;
    char *pem = NULL;

    support_write_file(support_path("number"), "1F00\n", 5);
    cmg__buf_init(&text, &cmg__alloc_libc, 1 << 16);
    ck_assert_int_eq(
        cmg__buf_addf(&text, config, support_path("index"), support_path("number")),
        CMG_OK);
    support_write_file(support_path("conf"), cmg__buf_cstr(&text), text.len);
    cmg__buf_clear(&text);
    ck_assert_int_eq(cmg__key_write_pem(pki->root_key, &text), CMG_OK);
    support_write_file(support_path("key.pem"), cmg__buf_cstr(&text), text.len);
    cmg__buf_done(&text);
    pem = pki_pem(pki->root);
    support_write_file(support_path("ca.pem"), pem, strlen(pem));
    free(pem);
}

START_TEST(lists_of_openssl_ca_are_read_and_verified)
{
    static const size_t counts[] = { 0, 1, 500 };
    struct pki pki;
    char *out = NULL;
    cmg_error *err = NULL;

    pki_init(&pki, CMG__PROFILE_WEB_SERVER);
    (void)support_dir();
    write_setting(&pki);
    write_database(support_path("index"), counts[_i]);
    const char *const argv[] = { "openssl",
                                 "ca",
                                 "-gencrl",
                                 "-config",
                                 support_path("conf"),
                                 "-cert",
                                 support_path("ca.pem"),
                                 "-keyfile",
                                 support_path("key.pem"),
                                 "-out",
                                 support_path("list.pem"),
                                 NULL };
    ck_assert_msg(support_command(argv, &out) == 0, "%s", out);
    free(out);
    struct cmg__crl *crl = read_list(support_path("list.pem"), CMG_OK, &err);
    ck_assert_uint_eq(crl->info.count, counts[_i]);
    ck_assert(cmg__span_eq(crl->info.number, cmg__span_of("\x1f\x00", 2)));
    ck_assert_uint_gt(crl->info.point_names.n, 0);
    expect_as_openssl(crl, support_path("list.pem"));
    ck_assert_int_eq(cmg__crl_verify(crl, pki.root), CMG_OK);
    cmg__crl_free(crl);
    support_dir_done();
    pki_done(&pki);
}
END_TEST

/* ---- signatures of others ---- */

static const struct signature_case {
    const char *list;
    const char *issuer; /* relative to the vectors */
    cmg_status status;
} signature_cases[] = {
    { "C/valid_signature_crl.pem", "custom/valid_signature_cert.pem", CMG_OK },
    { "C/invalid_signature_crl.pem", "custom/invalid_signature_cert.pem", CMG_E_CERT },
    { "P/TrustAnchorRootCRL.crl", "PKITS_data/certs/TrustAnchorRootCertificate.crt",
      CMG_OK },
    { "P/GoodCACRL.crl", "PKITS_data/certs/GoodCACert.crt", CMG_OK },
    { "P/BadCRLIssuerNameCACRL.crl", "PKITS_data/certs/BadCRLIssuerNameCACert.crt",
      CMG_E_CERT },
    { "P/keyUsageCriticalcRLSignFalseCACRL.crl",
      "PKITS_data/certs/keyUsageCriticalcRLSignFalseCACert.crt", CMG_E_CERT },
    { "P/deltaCRLCA1deltaCRL.crl", "PKITS_data/certs/deltaCRLCA1Cert.crt", CMG_OK },
    { "P/DSACACRL.crl", "PKITS_data/certs/DSACACert.crt", CMG_E_UNSUPPORTED },
};

static struct cmg__x509 *read_certificate(const char *name)
{
    char path[256];
    size_t n = 0;
    size_t count = 0;
    struct cmg__x509 *cert = NULL;
    struct cmg__x509 **list = NULL;
    cmg_error *err = NULL;

    (void)snprintf(path, sizeof path, "%s%s", VECTORS, name);
    char *data = support_read_file(path, &n);
    ck_assert_ptr_nonnull(data);
    if (data[0] == 0x30) {
        ck_ok(cmg__x509_parse(&cmg__alloc_libc, data, n, &cert, &err), err);
    } else {
        ck_ok(cmg__x509_parse_pem(&cmg__alloc_libc, data, n, &list, &count, &err), err);
        ck_assert_uint_eq(count, 1);
        cert = list[0];
        free(list);
    }
    free(data);
    return cert;
}

START_TEST(signatures_of_others_are_told_apart)
{
    const struct signature_case *c = &signature_cases[_i];
    cmg_error *err = NULL;
    struct cmg__crl *crl = read_list(path_of(c->list), CMG_OK, &err);
    struct cmg__x509 *issuer = read_certificate(c->issuer);
    const cmg_status rc = cmg__crl_verify(crl, issuer);

    ck_assert_msg(rc == c->status, "%s: %s", c->list, cmg_status_name(rc));
    cmg__x509_free(issuer);
    cmg__crl_free(crl);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crl_vectors");
    TCase *others = tcase_create("others");

    tcase_set_timeout(others, 60);
    tcase_add_loop_test(others, lists_of_others_say_what_they_say, 0,
                        CMG__ARRAY_LEN(vectors));
    tcase_add_loop_test(others, lists_of_others_are_read_as_openssl_reads_them, 0,
                        CMG__ARRAY_LEN(vectors));
    tcase_add_loop_test(others, lists_of_openssl_ca_are_read_and_verified, 0, 3);
    tcase_add_loop_test(others, signatures_of_others_are_told_apart, 0,
                        CMG__ARRAY_LEN(signature_cases));
    suite_add_tcase(suite, others);
    return support_run((Suite *const[]){ suite, NULL });
}
