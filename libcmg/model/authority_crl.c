/*
 * Publishing revocation lists. The number is taken in the ledger before the list is made,
 * so that no number is used twice; that the list left is recorded after it was written,
 * so that a delta list never counts from one that nobody has.
 */
#include <string.h>

#include "base/str.h"
#include "crypto/crl_write.h"
#include "crypto/x509_data.h"
#include "model/authority.h"

#define VALIDITY_MIN_S INT64_C(60)
#define VALIDITY_MAX_S (INT64_C(366) * 86400)
#define LIST_MAX       ((size_t)64 * 1024 * 1024)

/* One that had expired when the last complete list left was on a list after its end
   (RFC 5280, section 3.3) and is left out from then on. */
static bool is_listed(const struct cmg__ledger *ledger, const struct cmg__issued *record,
                      bool delta)
{
    if (delta)
        return record->changed > ledger->base_event;
    return record->revoked &&
           (ledger->base_number == 0 || record->not_after_unix_s >= ledger->base_unix_s);
}

static cmg_status collect(const struct cmg__ledger *ledger, bool delta,
                          struct cmg__crl_item **out, size_t *count)
{
    struct cmg__crl_item *items = NULL;

    *count = 0;
    for (size_t i = 0; i < ledger->count; i++)
        *count += is_listed(ledger, &ledger->records[i], delta);
    if (*count > 0) {
        items = cmg__alloc_array(ledger->alloc, *count, sizeof *items);
        if (items == NULL)
            return CMG_E_NOMEM;
    }
    size_t n = 0;
    for (size_t i = 0; i < ledger->count && n < *count; i++) {
        const struct cmg__issued *record = &ledger->records[i];

        if (!is_listed(ledger, record, delta))
            continue;
        items[n++] = (struct cmg__crl_item){
            .serial = cmg__span_of(record->serial, record->serial_len),
            .date_unix_s = record->revoked_unix_s,
            .reason = record->revoked ? record->reason : CMG_REASON_REMOVE_FROM_CRL,
        };
    }
    *out = items;
    return CMG_OK;
}

static cmg_status add(cmg_authority *ca, const char *op, uint64_t number, cmg_error **err)
{
    return cmg__ledger_add(&ca->ledger,
                           cmg__json_pack("{s:s, s:I, s:I}", "op", op, "number",
                                          (int64_t)number, "at",
                                          cmg__env_unix_s(&ca->head.ctx->env)),
                           err);
}

static cmg_status write_list(cmg_authority *ca, bool delta, int64_t validity_s,
                             struct cmg__buf *out, cmg_error **err)
{
    cmg_context *ctx = ca->head.ctx;
    struct cmg__crl_item *items = NULL;
    struct cmg__crl_content content = {
        .this_update_unix_s = cmg__env_unix_s(&ctx->env),
        .number = ca->ledger.list_number,
        .is_delta = delta,
        .base_number = ca->ledger.base_number,
        .delta_crl = (const char *const *)ca->delta_urls.urls,
    };
    cmg_status rc = collect(&ca->ledger, delta, &items, &content.count);

    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    content.next_update_unix_s = content.this_update_unix_s + validity_s;
    content.items = items;
    rc = cmg__crl_write(&ctx->alloc, &ctx->env, &content, ca->certificate->chain[0],
                        ca->key, out, err);
    cmg__free(&ctx->alloc, items);
    return rc;
}

static cmg_status publish_locked(cmg_authority *ca, bool delta, const char *path,
                                 int64_t validity_s, struct cmg__buf *list,
                                 cmg_error **err)
{
    cmg_context *ctx = ca->head.ctx;

    if (delta && ca->ledger.base_number == 0)
        return cmg__fail(err, &ctx->alloc, CMG_E_STATE, "list",
                         "publish a complete list first",
                         "there is no complete list that a delta list could count from");
    cmg_status rc = add(ca, "list", ca->ledger.list_number + 1, err);
    if (rc == CMG_OK)
        rc = write_list(ca, delta, validity_s, list, err);
    if (rc == CMG_OK && path != NULL)
        rc = cmg__file_replace(&ctx->env, &ctx->alloc, path, 0644, list->data, list->len,
                               err);
    if (rc == CMG_OK && !delta)
        rc = add(ca, "published", ca->ledger.list_number, err);
    return rc;
}

static cmg_status publish(cmg_authority *ca, bool delta, const char *path,
                          int64_t validity_s, cmg_bytes **out_bytes, cmg_error **err)
{
    struct cmg__buf list;
    cmg_status rc = cmg__authority_check(ca, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &ca->head.ctx->alloc;
    if (validity_s < VALIDITY_MIN_S || validity_s > VALIDITY_MAX_S)
        return cmg__fail(err, alloc, CMG_E_INVAL, "validity_s",
                         "give 60 to 31622400 seconds; a week for complete lists and a "
                         "day for delta lists are usual",
                         "a list cannot be valid for %lld seconds",
                         (long long)validity_s);
    rc = cmg__ledger_begin(&ca->ledger, err);
    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&list, alloc, LIST_MAX);
    rc = publish_locked(ca, delta, cmg__str_is_empty(path) ? NULL : path, validity_s,
                        &list, err);
    cmg__ledger_end(&ca->ledger);
    if (rc == CMG_OK && out_bytes != NULL &&
        cmg__bytes_new(alloc, list.data, list.len, out_bytes) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&list);
    return rc;
}

cmg_status cmg_authority_publish_crl(cmg_authority *ca, const char *path,
                                     int64_t validity_s, cmg_bytes **out_bytes,
                                     cmg_error **err)
{
    return publish(ca, false, path, validity_s, out_bytes, err);
}

cmg_status cmg_authority_publish_delta_crl(cmg_authority *ca, const char *path,
                                           int64_t validity_s, cmg_bytes **out_bytes,
                                           cmg_error **err)
{
    return publish(ca, true, path, validity_s, out_bytes, err);
}
