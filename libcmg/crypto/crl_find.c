/*
 * Looking a certificate up in a revocation list, or in a complete one and the delta laid
 * over it, and telling which of two lists is the newer.
 */
#include "crypto/crl_data.h"

#include <string.h>

#include "crypto/x509_name.h"

static struct cmg__span issuer_of(const struct cmg__crl *crl, unsigned number)
{
    if (number == 0)
        return crl->info.issuer_name;
    const struct cmg__crl_issuer *issuer = &crl->issuers[number - 1];
    return cmg__span_of(issuer->name, issuer->n);
}

static void entry_of(const struct cmg__crl *crl, const struct cmg__crl_record *record,
                     struct cmg__crl_entry *out)
{
    *out = (struct cmg__crl_entry){
        .serial_len = record->serial.bytes.n,
        .serial_is_negative = record->serial.negative,
        .date_unix_s = record->date,
        .reason = (cmg_revocation_reason)record->reason,
        .has_invalidity = record->has_invalidity,
        .invalidity_unix_s = record->invalidity,
        .issuer = issuer_of(crl, record->issuer),
    };
    memcpy(out->serial, record->serial.bytes.p, record->serial.bytes.n);
}

bool cmg__crl_entry(const struct cmg__crl *crl, size_t i, struct cmg__crl_entry *out)
{
    struct cmg__crl_record record;

    if (i >= crl->index.count)
        return false;
    cmg__crl_index_get(&crl->index, i, &record);
    entry_of(crl, &record, out);
    return true;
}

/* Names in encodings that cannot be compared may be one: better revoked than missed. */
static bool may_be_equal(struct cmg__span a, struct cmg__span b)
{
    return cmg__x509_name_has_prefix(a, b) != CMG__NAME_NO &&
           cmg__x509_name_has_prefix(b, a) != CMG__NAME_NO;
}

/* Entries of one serial stand together; of those of the issuer the gravest counts, for
   one issuer may have been named in two encodings. */
static bool find(const struct cmg__crl *crl, const struct cmg__crl_serial *serial,
                 struct cmg__span cert_issuer, struct cmg__crl_entry *out)
{
    bool found = false;

    for (size_t i = cmg__crl_index_lower(&crl->index, serial, NULL);
         cmg__crl_index_has(&crl->index, i, serial); i++) {
        struct cmg__crl_record record;

        cmg__crl_index_get(&crl->index, i, &record);
        if (!may_be_equal(issuer_of(crl, record.issuer), cert_issuer) ||
            (found &&
             cmg__crl_reason_rank(record.reason) >= cmg__crl_reason_rank(out->reason)))
            continue;
        entry_of(crl, &record, out);
        found = true;
    }
    return found;
}

static bool serial_of(struct cmg__span bytes, bool negative, struct cmg__crl_serial *out)
{
    while (!negative && bytes.n > 1 && bytes.p[0] == 0)
        bytes = cmg__span_of(bytes.p + 1, bytes.n - 1);
    *out = (struct cmg__crl_serial){ .bytes = bytes, .negative = negative };
    return bytes.n > 0 && bytes.n <= CMG__SERIAL_MAX;
}

bool cmg__crl_find(const struct cmg__crl *crl, struct cmg__span serial,
                   struct cmg__span cert_issuer, struct cmg__crl_entry *out)
{
    struct cmg__crl_serial key;
    const struct cmg__span issuer =
        cert_issuer.n > 0 ? cert_issuer : crl->info.issuer_name;

    return serial_of(serial, false, &key) && find(crl, &key, issuer, out);
}

bool cmg__crl_find_certificate(const struct cmg__crl *crl, const struct cmg__x509 *cert,
                               struct cmg__crl_entry *out)
{
    struct cmg__crl_serial key;
    const bool zero = cert->serial.n == 1 && cert->serial.p[0] == 0;

    return serial_of(cert->serial, !cert->serial_is_positive && !zero, &key) &&
           find(crl, &key, cert->issuer_name, out);
}

/* -1, 0, 1: two magnitudes without leading zeros. */
static int compare_numbers(struct cmg__span a, struct cmg__span b)
{
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    const int order = a.n > 0 ? memcmp(a.p, b.p, a.n) : 0;
    return order < 0 ? -1 : order > 0;
}

static bool is_of_same_scope(const struct cmg__crl *a, const struct cmg__crl *b)
{
    return cmg__x509_name_equal(a->info.issuer_name, b->info.issuer_name) &&
           cmg__span_eq(a->info.key_id, b->info.key_id) &&
           cmg__span_eq(a->info.issuing_point, b->info.issuing_point);
}

bool cmg__crl_delta_fits(const struct cmg__crl *base, const struct cmg__crl *delta)
{
    return !base->info.is_delta && delta->info.is_delta && base->info.number.n > 0 &&
           delta->info.number.n > 0 && is_of_same_scope(base, delta) &&
           compare_numbers(base->info.number, delta->info.base_number) >= 0 &&
           compare_numbers(base->info.number, delta->info.number) < 0;
}

bool cmg__crl_apply(const struct cmg__crl *base, const struct cmg__crl *delta,
                    const struct cmg__x509 *cert, struct cmg__crl_entry *out)
{
    if (delta != NULL && cmg__crl_find_certificate(delta, cert, out))
        return out->reason != CMG_REASON_REMOVE_FROM_CRL;
    return cmg__crl_find_certificate(base, cert, out) &&
           out->reason != CMG_REASON_REMOVE_FROM_CRL;
}

bool cmg__crl_supersedes(const struct cmg__crl *newer, const struct cmg__crl *older)
{
    const int numbers = compare_numbers(newer->info.number, older->info.number);

    return newer->info.is_delta == older->info.is_delta &&
           is_of_same_scope(newer, older) && numbers >= 0 &&
           newer->info.this_update_unix_s >= older->info.this_update_unix_s &&
           (numbers > 0 ||
            newer->info.this_update_unix_s > older->info.this_update_unix_s);
}
