/* The built-in templates, and what a template says of keys and usages. */
#include "crypto/x509_template.h"

#include <string.h>

#include "base/str.h"
#include "crypto/x509_data.h"

static const struct cmg__x509_template builtins[CMG__PROFILE_COUNT] = {
    [CMG__PROFILE_ROOT] = { .name = "root",
                            .is_ca = true,
                            .path_length = -1,
                            .key_usage = CMG__KU_KEY_CERT_SIGN | CMG__KU_CRL_SIGN,
                            .allows_rsa = true,
                            .allows_ec = true,
                            .rsa_bits_min = 2048,
                            .ec_bits_min = 256,
                            .days = 3650,
                            .days_max = 9125,
                            .common_name_required = true,
                            .hash = CMG__OID_SHA256 },
    [CMG__PROFILE_WEB_SERVER] = { .name = "web_server",
                                  .path_length = -1,
                                  .key_usage = CMG__KU_DIGITAL_SIGNATURE |
                                               CMG__KU_KEY_ENCIPHERMENT,
                                  .eku = { "serverAuth" },
                                  .allows_rsa = true,
                                  .allows_ec = true,
                                  .rsa_bits_min = 2048,
                                  .ec_bits_min = 256,
                                  .exportable = true,
                                  .days = 365,
                                  .days_max = 825,
                                  .common_name_required = true,
                                  .name_kinds = CMG__NAME_DNS | CMG__NAME_IP,
                                  .wildcard = true,
                                  .repeat_common_name = true,
                                  .hash = CMG__OID_SHA256 },
    [CMG__PROFILE_CLIENT] = { .name = "client_authentication",
                              .path_length = -1,
                              .key_usage =
                                  CMG__KU_DIGITAL_SIGNATURE | CMG__KU_KEY_ENCIPHERMENT,
                              .eku = { "clientAuth" },
                              .allows_rsa = true,
                              .allows_ec = true,
                              .rsa_bits_min = 2048,
                              .ec_bits_min = 256,
                              .exportable = true,
                              .days = 365,
                              .days_max = 825,
                              .name_kinds = CMG__NAME_DNS | CMG__NAME_IP | CMG__NAME_UPN |
                                            CMG__NAME_URI,
                              .hash = CMG__OID_SHA256 },
    [CMG__PROFILE_CONNECTOR] = { .name = "connector",
                                 .path_length = -1,
                                 .key_usage =
                                     CMG__KU_DIGITAL_SIGNATURE | CMG__KU_KEY_ENCIPHERMENT,
                                 .eku = { "clientAuth", "serverAuth" },
                                 .allows_rsa = true,
                                 .allows_ec = true,
                                 .rsa_bits_min = 2048,
                                 .ec_bits_min = 256,
                                 .exportable = true,
                                 .days = 365,
                                 .days_max = 825,
                                 .common_name_required = true,
                                 .name_kinds = CMG__NAME_DNS | CMG__NAME_IP,
                                 .hash = CMG__OID_SHA256 },
    [CMG__PROFILE_SUB_CA] = { .name = "sub_ca",
                              .is_ca = true,
                              .path_length = 0,
                              .key_usage = CMG__KU_KEY_CERT_SIGN | CMG__KU_CRL_SIGN,
                              .allows_rsa = true,
                              .allows_ec = true,
                              .rsa_bits_min = 2048,
                              .ec_bits_min = 256,
                              .days = 1825,
                              .days_max = 3650,
                              .common_name_required = true,
                              .hash = CMG__OID_SHA256 },
};

const struct cmg__x509_template *cmg__x509_builtin(enum cmg__x509_profile profile)
{
    return &builtins[profile];
}

const struct cmg__x509_template *cmg__x509_builtin_find(const char *name)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(builtins); i++) {
        if (strcmp(builtins[i].name, name) == 0)
            return &builtins[i];
    }
    return NULL;
}

bool cmg__x509_eku_parse(const char *text, uint8_t out[CMG__OID_BYTES_MAX], size_t *n)
{
    static const enum cmg__oid named[] = {
        CMG__OID_SERVER_AUTH,      CMG__OID_CLIENT_AUTH,   CMG__OID_CODE_SIGNING,
        CMG__OID_EMAIL_PROTECTION, CMG__OID_TIME_STAMPING, CMG__OID_OCSP_SIGNING,
        CMG__OID_SMARTCARD_LOGON,  CMG__OID_IPSEC_IKE,     CMG__OID_ANY_EKU,
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(named); i++) {
        if (strcmp(cmg__oid_name(named[i]), text) == 0) {
            const uint8_t *bytes = cmg__oid_bytes(named[i], n);

            memcpy(out, bytes, *n);
            return true;
        }
    }
    return cmg__oid_parse(text, out, n);
}

static cmg_status refuse_key(const struct cmg__alloc *alloc,
                             const struct cmg__x509_template *t, enum cmg__key_kind kind,
                             unsigned bits, cmg_error **err)
{
    char *remedy =
        t->allows_rsa && t->allows_ec
            ? cmg__format(alloc, "use RSA of at least %u bits, or EC of at least %u",
                          t->rsa_bits_min, t->ec_bits_min)
            : cmg__format(alloc, "use %s of at least %u bits",
                          t->allows_rsa ? "RSA" : "EC",
                          t->allows_rsa ? t->rsa_bits_min : t->ec_bits_min);

    if (remedy == NULL)
        return cmg__fail_nomem(err);
    const cmg_status rc =
        cmg__fail(err, alloc, CMG_E_INVAL, "key", remedy,
                  "the template \"%s\" does not allow a key of %s %u bits", t->name,
                  kind == CMG__KEY_RSA ? "RSA" : "EC", bits);
    cmg__free(alloc, remedy);
    return rc;
}

cmg_status cmg__x509_template_allows_key(const struct cmg__alloc *alloc,
                                         const struct cmg__x509_template *t,
                                         enum cmg__key_kind kind, unsigned bits,
                                         cmg_error **err)
{
    const bool rsa = kind == CMG__KEY_RSA;

    if ((rsa ? t->allows_rsa : t->allows_ec) &&
        bits >= (rsa ? t->rsa_bits_min : t->ec_bits_min))
        return CMG_OK;
    return refuse_key(alloc, t, kind, bits, err);
}
