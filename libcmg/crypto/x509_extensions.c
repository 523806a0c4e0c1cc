/*
 * Reading a certificate's extensions: what the judge asks for is taken apart here, the
 * rest is skipped, and the first critical extension that is not understood is remembered
 * so that the judge can refuse it by name.
 */
#include "crypto/x509_data.h"

#include "base/str.h"
#include "crypto/x509_list.h"
#include "crypto/x509_list.h"

static bool read_basic_constraints(struct cmg__x509 *cert, struct cmg__span value)
{
    return cmg__basic_constraints_read(value, &cert->is_ca, &cert->path_length);
}

static bool read_key_usage(struct cmg__x509 *cert, struct cmg__span value)
{
    cert->has_key_usage = true;
    return cmg__key_usage_read(value, &cert->key_usage);
}

static bool read_eku(struct cmg__x509 *cert, struct cmg__span value)
{
    struct cmg__span body;

    if (!cmg__der_take(&value, CMG__DER_SEQUENCE, &body) || value.n != 0 || body.n == 0)
        return false;
    cert->has_eku = true;
    while (body.n > 0) {
        enum cmg__oid oid;

        if (!cmg__der_take_oid(&body, &oid))
            return false;
        cert->eku_server_auth = cert->eku_server_auth || oid == CMG__OID_SERVER_AUTH;
        cert->eku_client_auth = cert->eku_client_auth || oid == CMG__OID_CLIENT_AUTH;
        cert->eku_any = cert->eku_any || oid == CMG__OID_ANY_EKU;
    }
    return true;
}

static bool read_key_id(struct cmg__x509 *cert, struct cmg__span value)
{
    return cmg__der_take(&value, CMG__DER_OCTET_STRING, &cert->key_id) && value.n == 0;
}

static bool read_authority_key_id(struct cmg__x509 *cert, struct cmg__span value)
{
    struct cmg__span body;

    if (!cmg__der_take(&value, CMG__DER_SEQUENCE, &body) || value.n != 0)
        return false;
    cmg__der_take_if(&body, CMG__DER_CONTEXT + 0, &cert->authority_key_id);
    const bool issuer =
        cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 1, &cert->authority_issuer);
    const bool serial =
        cmg__der_take_if(&body, CMG__DER_CONTEXT + 2, &cert->authority_serial);
    /* Issuer and serial number stand together or not at all. */
    return body.n == 0 && issuer == serial;
}

static bool read_alternative_names(struct cmg__x509 *cert, struct cmg__span value)
{
    return cmg__der_take(&value, CMG__DER_SEQUENCE, &cert->alternative_names) &&
           value.n == 0 && cert->alternative_names.n > 0;
}

static bool read_name_constraints(struct cmg__x509 *cert, struct cmg__span value)
{
    return cmg__der_take(&value, CMG__DER_SEQUENCE, &cert->name_constraints) &&
           value.n == 0 && cert->name_constraints.n > 0;
}

static bool read_policy_constraints(struct cmg__x509 *cert, struct cmg__span value)
{
    struct cmg__span body;

    if (!cmg__der_take(&value, CMG__DER_SEQUENCE, &body) || value.n != 0 || body.n == 0)
        return false;
    cert->requires_policy = cmg__der_take_if(&body, CMG__DER_CONTEXT + 0, NULL);
    cmg__der_take_if(&body, CMG__DER_CONTEXT + 1, NULL);
    return body.n == 0;
}

/* A list that is not empty; what is in it is taken apart by who needs it. */
static bool take_list(struct cmg__span value, struct cmg__span *list)
{
    struct cmg__span in;
    struct cmg__span element;

    if (!cmg__der_take(&value, CMG__DER_SEQUENCE, list) || value.n != 0 || list->n == 0)
        return false;
    in = *list;
    while (in.n > 0) {
        if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &element))
            return false;
    }
    return true;
}

static bool read_distribution_points(struct cmg__x509 *cert, struct cmg__span value)
{
    return take_list(value, &cert->distribution_points);
}

static bool read_freshest_points(struct cmg__x509 *cert, struct cmg__span value)
{
    return take_list(value, &cert->freshest_points);
}

static bool read_access(struct cmg__x509 *cert, struct cmg__span value)
{
    struct cmg__span list;

    (void)cert;
    return take_list(value, &list);
}

/* Policies are not asked for: without requireExplicitPolicy, which is refused, none of
   these can make a path invalid (RFC 5280, section 6.1). */
static bool read_nothing(struct cmg__x509 *cert, struct cmg__span value)
{
    (void)cert;
    (void)value;
    return true;
}

static const struct reader {
    enum cmg__oid oid;
    uint32_t bit; /* 0: nobody asks for it */
    bool (*read)(struct cmg__x509 *cert, struct cmg__span value);
} readers[] = {
    { CMG__OID_BASIC_CONSTRAINTS, CMG__EXT_BASIC_CONSTRAINTS, read_basic_constraints },
    { CMG__OID_KEY_USAGE, CMG__EXT_KEY_USAGE, read_key_usage },
    { CMG__OID_EKU, CMG__EXT_EKU, read_eku },
    { CMG__OID_SKI, CMG__EXT_SKI, read_key_id },
    { CMG__OID_AKI, CMG__EXT_AKI, read_authority_key_id },
    { CMG__OID_SAN, CMG__EXT_SAN, read_alternative_names },
    { CMG__OID_NAME_CONSTRAINTS, CMG__EXT_NAME_CONSTRAINTS, read_name_constraints },
    { CMG__OID_POLICIES, 0, read_nothing },
    { CMG__OID_POLICY_MAPPINGS, 0, read_nothing },
    { CMG__OID_POLICY_CONSTRAINTS, CMG__EXT_POLICY_CONSTRAINTS, read_policy_constraints },
    { CMG__OID_INHIBIT_ANY_POLICY, CMG__EXT_INHIBIT_ANY_POLICY, read_nothing },
    { CMG__OID_AIA, CMG__EXT_AIA, read_access },
    { CMG__OID_CDP, CMG__EXT_CDP, read_distribution_points },
    { CMG__OID_FRESHEST_CRL, CMG__EXT_FRESHEST_CRL, read_freshest_points },
    { CMG__OID_IAN, CMG__EXT_IAN, read_nothing },
};

static const struct reader *reader_of(enum cmg__oid known)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(readers); i++) {
        if (readers[i].oid == known)
            return &readers[i];
    }
    return NULL;
}

static bool read_extension(struct cmg__x509 *cert, const struct cmg__ext *extension)
{
    const struct reader *reader = reader_of(extension->id);

    if (reader != NULL) {
        cert->present |= reader->bit;
        if (extension->critical)
            cert->critical |= reader->bit;
        return reader->read(cert, extension->value);
    }
    if (extension->critical && cert->unknown_critical[0] == '\0')
        cmg__oid_format(extension->oid.p, extension->oid.n, cert->unknown_critical);
    return true;
}

bool cmg__x509_read_extensions(struct cmg__x509 *cert, struct cmg__span extensions)
{
    struct cmg__span list;
    struct cmg__ext extension;

    if (!cmg__der_take(&extensions, CMG__DER_SEQUENCE, &list) || extensions.n != 0 ||
        list.n == 0 || !cmg__ext_are_distinct(list))
        return false;
    cert->extensions = list;
    while (list.n > 0) {
        if (!cmg__ext_next(&list, &extension) || !read_extension(cert, &extension))
            return false;
    }
    return true;
}

static bool is_visible_ascii(struct cmg__span text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] <= 0x20 || text.p[i] >= 0x7f)
            return false;
    }
    return text.n > 0;
}

bool cmg__x509_read_dns_names(struct cmg__x509 *cert, cmg_status *rc)
{
    struct cmg__der_item name;
    size_t count = 0;

    for (struct cmg__span in = cert->alternative_names; in.n > 0;) {
        if (!cmg__der_next(&in, &name))
            return false;
        if (name.tag == CMG__GN_DNS && !is_visible_ascii(name.content))
            return false;
        count += name.tag == CMG__GN_DNS;
    }
    if (count == 0)
        return true;
    cert->dns_names = cmg__alloc_array(cert->alloc, count, sizeof *cert->dns_names);
    if (cert->dns_names == NULL)
        *rc = CMG_E_NOMEM;
    for (struct cmg__span in = cert->alternative_names; in.n > 0 && *rc == CMG_OK;) {
        if (!cmg__der_next(&in, &name) || name.tag != CMG__GN_DNS)
            continue;
        char *text =
            cmg__strndup(cert->alloc, (const char *)name.content.p, name.content.n);
        if (text == NULL)
            *rc = CMG_E_NOMEM;
        else
            cert->dns_names[cert->dns_count++] = text;
    }
    return *rc == CMG_OK;
}
