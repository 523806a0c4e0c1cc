/*
 * The extensions of a revocation list: what it is (delta, indirect, partitioned), which
 * certificates it speaks for, its number and key, and where its delta lists are. The
 * first critical one that is not understood is remembered by name: such a list may not
 * decide anything.
 */
#include "crypto/crl_data.h"

static bool read_key_id(struct cmg__crl *crl, struct cmg__span value)
{
    struct cmg__authority_id id;

    if (!cmg__authority_id_read(value, &id))
        return false;
    crl->info.key_id = id.key_id;
    return true;
}

static bool read_alternative_names(struct cmg__crl *crl, struct cmg__span value)
{
    struct cmg__span *names = &crl->info.issuer_alternative_names;

    return cmg__der_take(&value, CMG__DER_SEQUENCE, names) && value.n == 0 &&
           names->n > 0;
}

static bool take_whole_number(struct cmg__span value, struct cmg__span *number)
{
    return cmg__der_take_number(&value, number) && value.n == 0 &&
           number->n <= CMG__SERIAL_MAX;
}

static bool read_number(struct cmg__crl *crl, struct cmg__span value)
{
    return take_whole_number(value, &crl->info.number);
}

static bool read_delta(struct cmg__crl *crl, struct cmg__span value)
{
    crl->info.is_delta = true;
    return take_whole_number(value, &crl->info.base_number);
}

static bool read_freshest(struct cmg__crl *crl, struct cmg__span value)
{
    return cmg__der_take(&value, CMG__DER_SEQUENCE, &crl->info.freshest) &&
           value.n == 0 && crl->info.freshest.n > 0;
}

static bool read_ca_version(struct cmg__crl *crl, struct cmg__span value)
{
    crl->info.has_ca_version = true;
    return cmg__der_take_uint(&value, UINT32_MAX, &crl->info.ca_version) && value.n == 0;
}

static bool read_next_publish(struct cmg__crl *crl, struct cmg__span value)
{
    return cmg__der_take_time(&value, &crl->info.next_publish_unix_s) && value.n == 0;
}

/* Nine named bits: the count of unused ones in front, which must be zero bits. */
bool cmg__crl_read_reasons(struct cmg__span bits, unsigned *reasons)
{
    unsigned value = 0;

    if (bits.n < 1 || bits.n > 3 || bits.p[0] > 7 || (bits.n == 1 && bits.p[0] != 0))
        return false;
    if (bits.n > 1 && (bits.p[bits.n - 1] & ((1U << bits.p[0]) - 1U)) != 0)
        return false;
    for (unsigned i = 0; i < 9 && i / 8 + 1 < bits.n; i++) {
        if ((bits.p[1 + i / 8] & (0x80U >> i % 8)) != 0)
            value |= 1U << i;
    }
    *reasons = value & CMG__CRL_ALL_REASONS;
    return true;
}

/* A BOOLEAN under a tag of its own. */
static bool take_flag(struct cmg__span *in, unsigned number, bool *flag)
{
    struct cmg__span bytes;

    if (!cmg__der_take_if(in, CMG__DER_CONTEXT + number, &bytes))
        return true;
    if (bytes.n != 1 || (bytes.p[0] != 0 && bytes.p[0] != 0xff))
        return false;
    *flag = bytes.p[0] != 0;
    return true;
}

static bool read_point_name(struct cmg__crl *crl, struct cmg__span name)
{
    struct cmg__der_item item;

    if (!cmg__der_next(&name, &item) || name.n != 0 || item.content.n == 0)
        return false;
    if (item.tag == CMG__DER_CONTEXT_CONS + 0)
        crl->info.point_names = item.content;
    else if (item.tag == CMG__DER_CONTEXT_CONS + 1)
        crl->info.point_relative = item.content;
    else
        return false;
    return true;
}

static bool read_issuing_point(struct cmg__crl *crl, struct cmg__span value)
{
    struct cmg__crl_info *info = &crl->info;
    struct cmg__span in = value;
    struct cmg__span body;
    struct cmg__span part;

    info->issuing_point = value;
    if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &body) || in.n != 0)
        return false;
    if (cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 0, &part) &&
        !read_point_name(crl, part))
        return false;
    if (!take_flag(&body, 1, &info->only_user) || !take_flag(&body, 2, &info->only_ca))
        return false;
    info->has_reasons = cmg__der_take_if(&body, CMG__DER_CONTEXT + 3, &part);
    if (info->has_reasons && !cmg__crl_read_reasons(part, &info->reasons))
        return false;
    if (!take_flag(&body, 4, &info->is_indirect) ||
        !take_flag(&body, 5, &info->only_attribute))
        return false;
    return body.n == 0 && info->only_user + info->only_ca + info->only_attribute <= 1;
}

static const struct reader {
    enum cmg__oid oid;
    bool (*read)(struct cmg__crl *crl, struct cmg__span value);
} readers[] = {
    { CMG__OID_AKI, read_key_id },
    { CMG__OID_IAN, read_alternative_names },
    { CMG__OID_CRL_NUMBER, read_number },
    { CMG__OID_DELTA_CRL, read_delta },
    { CMG__OID_ISSUING_POINT, read_issuing_point },
    { CMG__OID_FRESHEST_CRL, read_freshest },
    { CMG__OID_MS_CA_VERSION, read_ca_version },
    { CMG__OID_MS_NEXT_PUBLISH, read_next_publish },
};

static bool read_extension(struct cmg__crl *crl, const struct cmg__ext *extension)
{
    if (extension->id == CMG__OID_CRL_NUMBER)
        crl->info.number_is_critical = extension->critical;
    for (size_t i = 0; i < CMG__ARRAY_LEN(readers); i++) {
        if (readers[i].oid == extension->id)
            return readers[i].read(crl, extension->value);
    }
    if (extension->critical && crl->unknown_critical[0] == '\0')
        cmg__oid_format(extension->oid.p, extension->oid.n, crl->unknown_critical);
    return true;
}

bool cmg__crl_read_extensions(struct cmg__crl *crl, struct cmg__span list,
                              const char **fault)
{
    struct cmg__ext extension;

    *fault = "list of extensions";
    if (list.n == 0 || !cmg__ext_are_distinct(list))
        return false;
    while (list.n > 0) {
        if (!cmg__ext_next(&list, &extension))
            return false;
        if (!read_extension(crl, &extension)) {
            *fault = cmg__oid_name(extension.id);
            return false;
        }
    }
    return true;
}

bool cmg__crl_next_directory(struct cmg__span *names, struct cmg__span *name)
{
    struct cmg__gn item;

    while (cmg__gn_next(names, &item)) {
        if (item.kind == CMG__GN_KIND_DIRECTORY) {
            *name = item.value;
            return true;
        }
    }
    return false;
}
