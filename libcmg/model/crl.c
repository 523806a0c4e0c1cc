/* cmg_crl: a revocation list that was read, given out as facts, entries and text. */
#include "model/crl.h"

#include <string.h>

#include "base/str.h"
#include "model/certificate.h"

cmg_status cmg__crl_make(cmg_context *ctx, struct cmg__crl *list, cmg_crl **out,
                         cmg_error **err)
{
    cmg_crl *crl = cmg__alloc0(&ctx->alloc, sizeof *crl);

    if (crl == NULL) {
        cmg__crl_free(list);
        return cmg__fail_nomem(err);
    }
    cmg__handle_init(&crl->head, CMG__TAG_CRL, ctx);
    crl->crl = list;
    cmg__crl_info(list, &crl->info);
    cmg__hex_format(crl->info.number.p, crl->info.number.n, crl->number);
    cmg__hex_format(crl->info.base_number.p, crl->info.base_number.n, crl->base_number);
    *out = crl;
    return CMG_OK;
}

cmg_status cmg_crl_new_from_bytes(cmg_context *ctx, const void *data, size_t size,
                                  cmg_crl **out_crl, cmg_error **err)
{
    struct cmg__crl *list = NULL;
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (data == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "data", NULL,
                         "there is no revocation list to read");
    rc = cmg__crl_parse(&ctx->alloc, data, size, &list, err);
    return rc == CMG_OK ? cmg__crl_make(ctx, list, out_crl, err) : rc;
}

static cmg_status check_crl(const cmg_crl *crl, cmg_error **err)
{
    return cmg__check(crl != NULL ? &crl->head : NULL, CMG__TAG_CRL, err);
}

const char *cmg_crl_issuer(const cmg_crl *crl)
{
    return check_crl(crl, NULL) == CMG_OK ? crl->info.issuer : "";
}

const char *cmg_crl_number(const cmg_crl *crl)
{
    return check_crl(crl, NULL) == CMG_OK ? crl->number : "";
}

const char *cmg_crl_base_number(const cmg_crl *crl)
{
    return check_crl(crl, NULL) == CMG_OK ? crl->base_number : "";
}

int64_t cmg_crl_this_update_unix_s(const cmg_crl *crl)
{
    return check_crl(crl, NULL) == CMG_OK ? crl->info.this_update_unix_s : 0;
}

int64_t cmg_crl_next_update_unix_s(const cmg_crl *crl)
{
    return check_crl(crl, NULL) == CMG_OK ? crl->info.next_update_unix_s : 0;
}

bool cmg_crl_is_delta(const cmg_crl *crl)
{
    return check_crl(crl, NULL) == CMG_OK && crl->info.is_delta;
}

bool cmg_crl_is_indirect(const cmg_crl *crl)
{
    return check_crl(crl, NULL) == CMG_OK && crl->info.is_indirect;
}

size_t cmg_crl_count(const cmg_crl *crl)
{
    return check_crl(crl, NULL) == CMG_OK ? crl->info.count : 0;
}

/* A longer structure than this library knows has zeros behind. */
static void give_entry(const struct cmg__crl_entry *entry, cmg_crl_entry *out)
{
    const size_t size = out->size;
    cmg_crl_entry known = {
        .size = size,
        .date_unix_s = entry->date_unix_s,
        .invalidity_unix_s = entry->has_invalidity ? entry->invalidity_unix_s : 0,
        .reason = entry->reason,
    };
    char *hex = known.serial_hex;

    if (entry->serial_is_negative)
        *hex++ = '-';
    cmg__hex_format(entry->serial, entry->serial_len, hex);
    memset(out, 0, size);
    memcpy(out, &known, size < sizeof known ? size : sizeof known);
}

cmg_status cmg_crl_get_entry(const cmg_crl *crl, size_t index, cmg_crl_entry *out_entry,
                             cmg_error **err)
{
    struct cmg__crl_entry entry;
    cmg_status rc = check_crl(crl, err);

    if (rc == CMG_OK)
        rc = cmg__tagged_room(out_entry, sizeof *out_entry, "out_entry", err);
    if (rc != CMG_OK)
        return rc;
    if (!cmg__crl_entry(crl->crl, index, &entry))
        return cmg__fail(err, &crl->head.ctx->alloc, CMG_E_INVAL, "index", NULL,
                         "the list has no entry %zu; it has %zu", index, crl->info.count);
    give_entry(&entry, out_entry);
    return CMG_OK;
}

/* Hexadecimal digits to octets; an odd number of them begins with a half octet. */
static bool read_serial(const char *hex, uint8_t out[CMG__SERIAL_MAX], size_t *n)
{
    char even[2 * CMG__SERIAL_MAX + 1] = "0";
    const size_t digits = hex != NULL ? strlen(hex) : 0;
    const size_t odd = digits % 2;

    if (digits == 0 || digits > 2 * CMG__SERIAL_MAX)
        return false;
    memcpy(even + odd, hex, digits + 1);
    *n = (digits + odd) / 2;
    return cmg__hex_parse(even, *n, out);
}

cmg_status cmg_crl_find(const cmg_crl *crl, const char *serial_hex,
                        cmg_crl_entry *out_entry, cmg_error **err)
{
    static const struct cmg__span own_issuer = { NULL, 0 };
    struct cmg__crl_entry entry;
    uint8_t serial[CMG__SERIAL_MAX];
    size_t n = 0;
    cmg_status rc = check_crl(crl, err);

    if (rc == CMG_OK)
        rc = cmg__tagged_room(out_entry, sizeof *out_entry, "out_entry", err);
    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &crl->head.ctx->alloc;
    if (!read_serial(serial_hex, serial, &n))
        return cmg__fail(err, alloc, CMG_E_INVAL, "serial_hex",
                         "give 1 to 40 hexadecimal digits",
                         "the serial number is not hexadecimal or too long");
    if (!cmg__crl_find(crl->crl, cmg__span_of(serial, n), own_issuer, &entry))
        return cmg__fail(err, alloc, CMG_E_NOTFOUND, serial_hex, NULL,
                         "the serial number is not in the revocation list");
    give_entry(&entry, out_entry);
    return CMG_OK;
}

cmg_status cmg_crl_verify(const cmg_crl *crl, const cmg_certificate *issuer,
                          cmg_error **err)
{
    cmg_status rc = check_crl(crl, err);

    if (rc == CMG_OK)
        rc = cmg__check(issuer != NULL ? &issuer->head : NULL, CMG__TAG_CERTIFICATE, err);
    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &crl->head.ctx->alloc;
    rc = cmg__crl_verify(crl->crl, issuer->chain[0]);
    if (rc == CMG_E_CERT)
        return cmg__fail(err, alloc, rc, crl->info.issuer,
                         "give the certificate of the authority that issued the list",
                         "the revocation list was not signed by \"%.200s\"",
                         issuer->info.subject);
    if (rc == CMG_E_UNSUPPORTED)
        return cmg__fail(err, alloc, rc, crl->info.issuer,
                         "have the list signed with SHA-256 or better",
                         "the revocation list is signed with an algorithm that is not "
                         "accepted");
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    return rc;
}

cmg_status cmg_crl_describe(const cmg_crl *crl, cmg_bytes **out_text, cmg_error **err)
{
    struct cmg__describe d;
    struct cmg__buf text;
    cmg_status rc = check_crl(crl, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &crl->head.ctx->alloc;
    cmg__buf_init(&text, alloc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &text);
    cmg__crl_describe(crl->crl, &d);
    rc = d.rc;
    if (rc == CMG_OK)
        rc = cmg__bytes_new(alloc, text.data, text.len, out_text);
    cmg__buf_done(&text);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

cmg_crl *cmg_crl_ref(cmg_crl *crl)
{
    if (crl != NULL)
        cmg__handle_ref(&crl->head);
    return crl;
}

void cmg_crl_unref(cmg_crl *crl)
{
    if (crl == NULL || !cmg__handle_unref(&crl->head))
        return;
    /* The context's allocator must outlive what was taken from it. */
    cmg_context *ctx = cmg_context_ref(crl->head.ctx);
    cmg__crl_free(crl->crl);
    cmg__handle_done(&crl->head);
    cmg__free(&ctx->alloc, crl);
    cmg_context_unref(ctx);
}
