/*
 * A template: the named profile that decides what a certificate of its kind is, like the
 * gateway's copy of "Web Server" in a Windows authority. It is data without pointers, so
 * that built-in ones are constants and others come from JSON (model/).
 */
#ifndef CMG_CRYPTO_X509_TEMPLATE_H
#define CMG_CRYPTO_X509_TEMPLATE_H

#include "base/error.h"
#include "crypto/key.h"
#include "crypto/oid.h"

/* Kinds of alternative names, as bits. */
enum {
    CMG__NAME_DNS = 1,
    CMG__NAME_IP = 2,
    CMG__NAME_UPN = 4, /* userPrincipalName, an otherName */
    CMG__NAME_URI = 8
};

#define CMG__TEMPLATE_NAME_SIZE 65
#define CMG__TEMPLATE_EKU_MAX   16
/* Longer identifiers are shortened as text and could not be read back. */
#define CMG__TEMPLATE_EKU_SIZE 40

struct cmg__x509_template {
    char name[CMG__TEMPLATE_NAME_SIZE];
    /* Name that requests carry for a Windows authority; "" for none. */
    char enrolment_name[CMG__TEMPLATE_NAME_SIZE];
    bool is_ca;
    int path_length;    /* -1: no limit */
    unsigned key_usage; /* CMG__KU_; keyEncipherment goes into RSA certificates only */
    char eku[CMG__TEMPLATE_EKU_MAX][CMG__TEMPLATE_EKU_SIZE]; /* names or dotted */
    bool allows_rsa;
    bool allows_ec;
    unsigned rsa_bits_min;
    unsigned ec_bits_min;
    bool exportable;
    uint32_t days;
    uint32_t days_max;
    bool common_name_only; /* of the subject; else all that the request gives */
    bool common_name_required;
    unsigned name_kinds; /* CMG__NAME_ that may be asked for */
    bool wildcard;
    bool repeat_common_name; /* it is also an alternative name */
    enum cmg__oid hash;      /* CMG__OID_SHA256, 384 or 512 */
};

enum cmg__x509_profile {
    CMG__PROFILE_ROOT,       /* self-signed CA */
    CMG__PROFILE_WEB_SERVER, /* CMG server authentication */
    CMG__PROFILE_CLIENT,     /* internet client */
    CMG__PROFILE_CONNECTOR,  /* connection point: clientAuth and serverAuth */
    CMG__PROFILE_SUB_CA,     /* CA under another one */
    CMG__PROFILE_COUNT
};
/* Constants; never NULL. */
const struct cmg__x509_template *cmg__x509_builtin(enum cmg__x509_profile profile);
/* By name, "web_server"; NULL when there is none. */
const struct cmg__x509_template *cmg__x509_builtin_find(const char *name);

/* DER content of an extended key usage: a name such as "serverAuth", or dotted. */
bool cmg__x509_eku_parse(const char *text, uint8_t out[CMG__OID_BYTES_MAX], size_t *n);
/* Whether a key of this kind and size may be certified; the error says what may. */
cmg_status cmg__x509_template_allows_key(const struct cmg__alloc *alloc,
                                         const struct cmg__x509_template *t,
                                         enum cmg__key_kind kind, unsigned bits,
                                         cmg_error **err);

#endif
