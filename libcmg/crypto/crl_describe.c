/* A revocation list as text for a person. */
#include "crypto/crl_data.h"

#include "base/str.h"
#include "crypto/x509_describe.h"

#define ENTRIES_SHOWN 50

static const char *const reason_names[] = {
    [CMG_REASON_UNSPECIFIED] = "unspecified",
    [CMG_REASON_KEY_COMPROMISE] = "keyCompromise",
    [CMG_REASON_CA_COMPROMISE] = "cACompromise",
    [CMG_REASON_AFFILIATION_CHANGED] = "affiliationChanged",
    [CMG_REASON_SUPERSEDED] = "superseded",
    [CMG_REASON_CESSATION_OF_OPERATION] = "cessationOfOperation",
    [CMG_REASON_CERTIFICATE_HOLD] = "certificateHold",
    [7] = "unspecified",
    [CMG_REASON_REMOVE_FROM_CRL] = "removeFromCRL",
    [CMG_REASON_PRIVILEGE_WITHDRAWN] = "privilegeWithdrawn",
    [CMG_REASON_AA_COMPROMISE] = "aACompromise",
};

const char *cmg__crl_reason_name(cmg_revocation_reason reason)
{
    const unsigned i = (unsigned)reason;

    return reason_names[i < CMG__ARRAY_LEN(reason_names) ? i : 0];
}

static void describe_number(struct cmg__describe *d, const char *label,
                            struct cmg__span number)
{
    char hex[2 * CMG__SERIAL_MAX + 1];

    if (number.n == 0)
        return;
    cmg__hex_format(number.p, number.n, hex);
    cmg__describe_line(d, label, "%s", hex);
}

static void describe_times(const struct cmg__crl_info *info, struct cmg__describe *d)
{
    cmg__describe_time(d, "this update", info->this_update_unix_s);
    if (info->next_update_unix_s != 0)
        cmg__describe_time(d, "next update", info->next_update_unix_s);
    else
        cmg__describe_line(d, "next update", "none");
    if (info->next_publish_unix_s != 0)
        cmg__describe_time(d, "next publish", info->next_publish_unix_s);
}

static const struct flag {
    unsigned bit;
    const char *name;
} flags[] = {
    { 1, "keyCompromise" },        { 2, "cACompromise" },
    { 3, "affiliationChanged" },   { 4, "superseded" },
    { 5, "cessationOfOperation" }, { 6, "certificateHold" },
    { 7, "privilegeWithdrawn" },   { 8, "aACompromise" },
};

static void describe_scope(const struct cmg__crl_info *info, struct cmg__describe *d)
{
    if (info->is_indirect)
        cmg__describe_line(d, "scope", "certificates of several issuers (indirect)");
    if (info->only_user)
        cmg__describe_line(d, "scope", "end entity certificates only");
    if (info->only_ca)
        cmg__describe_line(d, "scope", "authority certificates only");
    if (info->only_attribute)
        cmg__describe_line(d, "scope", "attribute certificates only");
    for (size_t i = 0; info->has_reasons && i < CMG__ARRAY_LEN(flags); i++) {
        if ((info->reasons & 1U << flags[i].bit) != 0)
            cmg__describe_line(d, "only reason", "%s", flags[i].name);
    }
}

static void describe_names(struct cmg__describe *d, const char *title,
                           struct cmg__span names)
{
    if (names.n == 0)
        return;
    cmg__describe_title(d, "%s", title);
    (void)cmg__names_describe(names, d);
    cmg__describe_end(d);
}

/* Where a certificate has to send for this list, and for what changes in it. */
static void describe_points(const struct cmg__crl_info *info, struct cmg__describe *d)
{
    struct cmg__span points = info->freshest;
    struct cmg__crl_point point;

    describe_names(d, "distribution point", info->point_names);
    if (info->point_relative.n > 0)
        cmg__describe_hex(d, "distribution point", info->point_relative);
    while (cmg__crl_point_next(&points, &point))
        describe_names(d, "delta lists", point.names);
    describe_names(d, "other names of the issuer", info->issuer_alternative_names);
}

static void describe_entry(const struct cmg__crl_entry *entry, struct cmg__describe *d)
{
    char serial[2 * CMG__SERIAL_MAX + 1];
    char date[CMG__TIME_SIZE];

    cmg__hex_format(entry->serial, entry->serial_len, serial);
    cmg__time_format(entry->date_unix_s, date);
    if (entry->reason == CMG_REASON_UNSPECIFIED)
        cmg__describe_line(d, serial, "%s", date);
    else
        cmg__describe_line(d, serial, "%s %s", date, cmg__crl_reason_name(entry->reason));
}

static void describe_entries(const struct cmg__crl *crl, struct cmg__describe *d)
{
    const size_t count = crl->info.count;
    struct cmg__crl_entry entry;

    cmg__describe_line(d, "entries", "%zu", count);
    for (size_t i = 0; i < ENTRIES_SHOWN && cmg__crl_entry(crl, i, &entry); i++)
        describe_entry(&entry, d);
    if (count > ENTRIES_SHOWN)
        cmg__describe_line(d, "...", "and %zu more", count - ENTRIES_SHOWN);
}

void cmg__crl_describe(const struct cmg__crl *crl, struct cmg__describe *d)
{
    const struct cmg__crl_info *info = &crl->info;

    cmg__describe_title(d,
                        info->is_delta ? "Revocation list (delta)" : "Revocation list");
    cmg__describe_line(d, "issuer", "%s", info->issuer);
    describe_number(d, "number", info->number);
    describe_number(d, "changes to number", info->base_number);
    describe_times(info, d);
    describe_scope(info, d);
    describe_points(info, d);
    if (info->key_id.n > 0)
        cmg__describe_hex(d, "authority key", info->key_id);
    if (info->has_ca_version)
        cmg__describe_line(d, "authority version", "%u.%u", info->ca_version & 0xffffU,
                           info->ca_version >> 16);
    cmg__describe_line(d, "signature", "%s",
                       info->signature_algorithm != CMG__OID_UNKNOWN
                           ? cmg__oid_name(info->signature_algorithm)
                           : "of an unknown algorithm");
    if (info->unknown_critical[0] != '\0')
        cmg__describe_line(d, "not understood", "critical extension %s",
                           info->unknown_critical);
    if (info->unknown_critical_entry[0] != '\0')
        cmg__describe_line(d, "not understood", "critical extension %s of an entry",
                           info->unknown_critical_entry);
    describe_entries(crl, d);
    cmg__describe_end(d);
}
