/*
 * Revoking, holding, releasing: events of the ledger, each durable before the call
 * returns. What is revoked for good stays so; only a hold can be taken back.
 */
#include <string.h>

#include "base/str.h"
#include "crypto/x509_data.h"
#include "model/authority.h"

static const struct cmg__alloc *alloc_of(const cmg_authority *ca)
{
    return &ca->head.ctx->alloc;
}

/* What is to happen to which certificate. */
struct change {
    uint8_t serial[CMG__LEDGER_SERIAL_MAX];
    size_t serial_len;
    char hex[2 * CMG__LEDGER_SERIAL_MAX + 1];
    cmg_revocation_reason reason;
    const struct cmg__x509 *unknown; /* to be recorded first when it is not known */
};

static void set_serial(struct change *change, const uint8_t *bytes, size_t n)
{
    change->serial_len = n;
    memcpy(change->serial, bytes, n);
    cmg__hex_format(bytes, n, change->hex);
}

/* Hexadecimal as tools print it: either case, colons between pairs, an odd digit. */
static bool read_serial(const char *text, struct change *out)
{
    char digits[2 * CMG__LEDGER_SERIAL_MAX + 3] = "0";
    uint8_t bytes[CMG__LEDGER_SERIAL_MAX + 1];
    size_t n = 1;

    for (; text != NULL && *text != '\0'; text++) {
        if (*text == ':')
            continue;
        if (n + 1 >= sizeof digits)
            return false;
        digits[n++] = *text;
    }
    digits[n] = '\0';
    const char *p = n % 2 == 0 ? digits : digits + 1;
    const size_t count = strlen(p) / 2;
    if (count == 0 || !cmg__hex_parse(p, count, bytes))
        return false;
    size_t zeros = 0;
    while (zeros < count && bytes[zeros] == 0)
        zeros++;
    if (count - zeros == 0 || count - zeros > CMG__LEDGER_SERIAL_MAX)
        return false;
    set_serial(out, bytes + zeros, count - zeros);
    return true;
}

static cmg_status take_serial(const cmg_authority *ca, const char *serial,
                              struct change *out, cmg_error **err)
{
    if (read_serial(serial, out))
        return CMG_OK;
    return cmg__fail(err, alloc_of(ca), CMG_E_INVAL, "serial",
                     "give up to 40 hexadecimal digits, as cmg_issued or openssl shows "
                     "them",
                     "\"%.60s\" is no serial number", cmg__str_or(serial, ""));
}

static cmg_status check_reason(const cmg_authority *ca, cmg_revocation_reason reason,
                               cmg_error **err)
{
    const int number = (int)reason;

    if (number >= 0 && number <= CMG_REASON_AA_COMPROMISE && number != 7 &&
        reason != CMG_REASON_REMOVE_FROM_CRL)
        return CMG_OK;
    return cmg__fail(err, alloc_of(ca), CMG_E_INVAL, "reason",
                     reason == CMG_REASON_REMOVE_FROM_CRL
                         ? "release the certificate from its hold"
                         : "use one of cmg_revocation_reason",
                     "nothing can be revoked for reason %d", number);
}

static cmg_status fail_unknown(const cmg_authority *ca, const struct change *change,
                               cmg_error **err)
{
    return cmg__fail(err, alloc_of(ca), CMG_E_NOTFOUND, change->hex,
                     "check the number, or revoke by the certificate itself",
                     "no certificate %s was issued by this authority", change->hex);
}

/* ---- the events ---- */

static cmg_status add(cmg_authority *ca, const char *op, const struct change *change,
                      cmg_error **err)
{
    return cmg__ledger_add(&ca->ledger,
                           cmg__json_pack("{s:s, s:s, s:I, s:I}", "op", op, "serial",
                                          change->hex, "reason", (int64_t)change->reason,
                                          "at", cmg__env_unix_s(&ca->head.ctx->env)),
                           err);
}

/* A certificate of this authority from before it kept a ledger. */
static cmg_status add_unknown(cmg_authority *ca, const struct change *change,
                              cmg_error **err)
{
    struct cmg__x509_info info;

    cmg__x509_info(change->unknown, &info);
    return cmg__ledger_add(
        &ca->ledger,
        cmg__json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:I}", "op", "issue", "serial",
                       change->hex, "subject", info.subject, "not_before",
                       info.not_before_unix_s, "not_after", info.not_after_unix_s,
                       "sha256", info.sha256_hex, "at",
                       cmg__env_unix_s(&ca->head.ctx->env)),
        err);
}

static const struct cmg__issued *find(const cmg_authority *ca,
                                      const struct change *change)
{
    return cmg__ledger_find(&ca->ledger, change->serial, change->serial_len);
}

static cmg_status revoke_locked(cmg_authority *ca, const struct change *change,
                                cmg_error **err)
{
    const struct cmg__issued *found = find(ca, change);
    cmg_status rc = CMG_OK;

    if (found == NULL && change->unknown == NULL)
        return fail_unknown(ca, change, err);
    if (found == NULL)
        rc = add_unknown(ca, change, err);
    else if (found->revoked && (found->reason != CMG_REASON_CERTIFICATE_HOLD ||
                                change->reason == CMG_REASON_CERTIFICATE_HOLD))
        return cmg__fail(err, alloc_of(ca), CMG_E_STATE, change->hex,
                         "nothing is left to do; publish the list",
                         "the certificate %s is %s already", change->hex,
                         found->reason == CMG_REASON_CERTIFICATE_HOLD ? "on hold"
                                                                      : "revoked");
    return rc == CMG_OK ? add(ca, "revoke", change, err) : rc;
}

static cmg_status release_locked(cmg_authority *ca, const struct change *change,
                                 cmg_error **err)
{
    const struct cmg__issued *found = find(ca, change);

    if (found == NULL)
        return fail_unknown(ca, change, err);
    if (!found->revoked || found->reason != CMG_REASON_CERTIFICATE_HOLD)
        return cmg__fail(err, alloc_of(ca), CMG_E_STATE, change->hex,
                         found->revoked ? "issue a new one: what is revoked stays so"
                                        : NULL,
                         "the certificate %s is not on hold", change->hex);
    return add(ca, "release", change, err);
}

static cmg_status under_lock(cmg_authority *ca, const struct change *change,
                             cmg_status (*work)(cmg_authority *, const struct change *,
                                                cmg_error **),
                             cmg_error **err)
{
    cmg_status rc = cmg__ledger_begin(&ca->ledger, err);

    if (rc != CMG_OK)
        return rc;
    rc = work(ca, change, err);
    cmg__ledger_end(&ca->ledger);
    return rc;
}

/* ---- the public ways ---- */

cmg_status cmg_authority_revoke(cmg_authority *ca, const char *serial,
                                cmg_revocation_reason reason, cmg_error **err)
{
    struct change change = { .reason = reason };
    cmg_status rc = cmg__authority_check(ca, err);

    if (rc == CMG_OK)
        rc = check_reason(ca, reason, err);
    if (rc == CMG_OK)
        rc = take_serial(ca, serial, &change, err);
    return rc == CMG_OK ? under_lock(ca, &change, revoke_locked, err) : rc;
}

cmg_status cmg_authority_revoke_certificate(cmg_authority *ca,
                                            const cmg_certificate *certificate,
                                            cmg_revocation_reason reason, cmg_error **err)
{
    struct change change = { .reason = reason };
    cmg_status rc = cmg__authority_check(ca, err);

    if (rc == CMG_OK)
        rc = cmg__check(certificate != NULL ? &certificate->head : NULL,
                        CMG__TAG_CERTIFICATE, err);
    if (rc == CMG_OK)
        rc = check_reason(ca, reason, err);
    if (rc != CMG_OK)
        return rc;
    const struct cmg__x509 *leaf = certificate->chain[0];
    rc = cmg__x509_verify_signature(leaf, ca->certificate->chain[0]);
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    if (rc != CMG_OK ||
        !cmg__span_eq(leaf->issuer_name, ca->certificate->chain[0]->subject_name))
        return cmg__fail(err, alloc_of(ca), CMG_E_CERT, leaf->subject,
                         "have it revoked by the authority that issued it",
                         "the certificate was not issued by this authority");
    set_serial(&change, leaf->serial.p, leaf->serial.n);
    change.unknown = leaf;
    return under_lock(ca, &change, revoke_locked, err);
}

cmg_status cmg_authority_hold(cmg_authority *ca, const char *serial, cmg_error **err)
{
    return cmg_authority_revoke(ca, serial, CMG_REASON_CERTIFICATE_HOLD, err);
}

cmg_status cmg_authority_release(cmg_authority *ca, const char *serial, cmg_error **err)
{
    struct change change = { .reason = CMG_REASON_REMOVE_FROM_CRL };
    cmg_status rc = cmg__authority_check(ca, err);

    if (rc == CMG_OK)
        rc = take_serial(ca, serial, &change, err);
    return rc == CMG_OK ? under_lock(ca, &change, release_locked, err) : rc;
}

/* ---- looking ---- */

cmg_status cmg_authority_refresh(cmg_authority *ca, size_t *out_count, cmg_error **err)
{
    cmg_status rc = cmg__authority_check(ca, err);

    if (rc == CMG_OK)
        rc = cmg__ledger_begin(&ca->ledger, err);
    if (rc != CMG_OK)
        return rc;
    cmg__ledger_end(&ca->ledger);
    if (out_count != NULL)
        *out_count = ca->ledger.count;
    return CMG_OK;
}

cmg_status cmg_authority_issued(const cmg_authority *ca, size_t index,
                                cmg_issued *out_issued, cmg_error **err)
{
    cmg_issued known;
    cmg_status rc = cmg__authority_check(ca, err);

    if (rc == CMG_OK)
        rc = cmg__tagged_copy(&known, sizeof known, sizeof known, out_issued,
                              "cmg_issued", err);
    if (rc != CMG_OK)
        return rc;
    if (index >= ca->ledger.count)
        return cmg__fail(err, alloc_of(ca), CMG_E_NOTFOUND, "index", NULL,
                         "the authority has issued %zu certificates", ca->ledger.count);
    const struct cmg__issued *found = &ca->ledger.records[index];
    known = (cmg_issued){
        .size = sizeof known,
        .subject = found->subject,
        .template_name = found->template_name,
        .not_before_unix_s = found->not_before_unix_s,
        .not_after_unix_s = found->not_after_unix_s,
        .revoked_unix_s = found->revoked ? found->revoked_unix_s : 0,
        .state = !found->revoked                                ? CMG_ISSUED_VALID
                 : found->reason == CMG_REASON_CERTIFICATE_HOLD ? CMG_ISSUED_ON_HOLD
                                                                : CMG_ISSUED_REVOKED,
        .reason = found->reason,
    };
    cmg__hex_format(found->serial, found->serial_len, known.serial_hex);
    memcpy(known.sha256_hex, found->sha256_hex, sizeof found->sha256_hex);
    memcpy(out_issued, &known, sizeof known);
    return CMG_OK;
}
