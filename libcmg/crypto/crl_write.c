/* Composing and signing revocation lists; see crl_write.h. */
#include "crypto/crl_write.h"

#include "crypto/crl.h"
#include "crypto/x509_compose.h"
#include "crypto/x509_data.h"

#define ENUMERATED 0x0a

static void put_number(struct cmg__der_writer *w, uint64_t number)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(number >> (8 * (sizeof bytes - 1 - i)));
    cmg__der_put_number(w, bytes, sizeof bytes);
}

static void put_reason(struct cmg__der_writer *w, cmg_revocation_reason reason)
{
    const uint8_t value = (uint8_t)reason;

    if (reason == CMG_REASON_UNSPECIFIED)
        return;
    const size_t list = cmg__der_open(w, CMG__DER_SEQUENCE);
    const struct cmg__extension mark = cmg__extension_open(w, CMG__OID_CRL_REASON, false);
    cmg__der_put(w, ENUMERATED, &value, 1);
    cmg__extension_close(w, mark);
    cmg__der_close(w, list);
}

static void put_items(struct cmg__der_writer *w, const struct cmg__crl_content *content)
{
    /* An empty list is left out altogether. */
    if (content->count == 0)
        return;
    const size_t list = cmg__der_open(w, CMG__DER_SEQUENCE);
    for (size_t i = 0; i < content->count; i++) {
        const struct cmg__crl_item *item = &content->items[i];
        const size_t entry = cmg__der_open(w, CMG__DER_SEQUENCE);

        cmg__der_put_number(w, item->serial.p, item->serial.n);
        cmg__der_put_time(w, item->date_unix_s);
        put_reason(w, item->reason);
        cmg__der_close(w, entry);
    }
    cmg__der_close(w, list);
}

static void put_extensions(struct cmg__der_writer *w,
                           const struct cmg__crl_content *content,
                           const struct cmg__x509 *issuer)
{
    const size_t wrap = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 0);
    const size_t list = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__compose_authority_key_id(w, issuer->key_id);
    struct cmg__extension mark = cmg__extension_open(w, CMG__OID_CRL_NUMBER, false);
    put_number(w, content->number);
    cmg__extension_close(w, mark);
    if (content->is_delta) {
        mark = cmg__extension_open(w, CMG__OID_DELTA_CRL, true);
        put_number(w, content->base_number);
        cmg__extension_close(w, mark);
    } else {
        cmg__compose_points(w, CMG__OID_FRESHEST_CRL, content->delta_crl);
    }
    cmg__der_close(w, list);
    cmg__der_close(w, wrap);
}

static void put_list(struct cmg__der_writer *w, const struct cmg__crl_content *content,
                     const struct cmg__x509 *issuer, enum cmg__key_kind kind,
                     enum cmg__oid hash)
{
    const size_t tbs = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__der_put_uint(w, 1);
    cmg__compose_algorithm(w, kind, hash);
    cmg__der_put(w, CMG__DER_SEQUENCE, issuer->subject_name.p, issuer->subject_name.n);
    cmg__der_put_time(w, content->this_update_unix_s);
    cmg__der_put_time(w, content->next_update_unix_s);
    put_items(w, content);
    put_extensions(w, content, issuer);
    cmg__der_close(w, tbs);
}

static enum cmg__oid hash_of(const struct cmg__x509 *issuer)
{
    switch (issuer->signature_algorithm) {
    case CMG__OID_RSA_SHA384:
    case CMG__OID_ECDSA_SHA384:
        return CMG__OID_SHA384;
    case CMG__OID_RSA_SHA512:
    case CMG__OID_ECDSA_SHA512:
        return CMG__OID_SHA512;
    default:
        return CMG__OID_SHA256;
    }
}

static cmg_status check_issuer(const struct cmg__alloc *alloc,
                               const struct cmg__x509 *issuer, const struct cmg__key *key,
                               cmg_error **err)
{
    const bool may = issuer->is_ca && (!issuer->has_key_usage ||
                                       (issuer->key_usage & CMG__KU_CRL_SIGN) != 0);

    if (may && cmg__x509_matches_key(issuer, key))
        return CMG_OK;
    return cmg__fail(err, alloc, CMG_E_CERT, issuer->subject,
                     "use the certificate and key of an authority whose key usage allows "
                     "to sign lists",
                     may ? "the key is not the issuer's"
                         : "the issuer's certificate may not sign revocation lists");
}

/* What leaves must be readable and signed. */
static cmg_status check_written(const struct cmg__buf *der,
                                const struct cmg__x509 *issuer, cmg_error **err)
{
    struct cmg__crl *crl = NULL;
    cmg_status rc = cmg__crl_parse(der->alloc, der->data, der->len, &crl, err);

    if (rc != CMG_OK)
        return rc;
    rc = cmg__crl_verify(crl, issuer);
    cmg__crl_free(crl);
    if (rc == CMG_OK)
        return CMG_OK;
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    return cmg__fail(err, der->alloc, CMG_E_INTERNAL, "list", NULL,
                     "the new list's signature does not verify");
}

cmg_status cmg__crl_write(const struct cmg__alloc *alloc, const struct cmg__env *env,
                          const struct cmg__crl_content *content,
                          const struct cmg__x509 *issuer, const struct cmg__key *key,
                          struct cmg__buf *out, cmg_error **err)
{
    const enum cmg__oid hash = hash_of(issuer);
    struct cmg__buf tbs;
    struct cmg__buf der;
    struct cmg__der_writer w;
    cmg_status rc = check_issuer(alloc, issuer, key, err);

    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&tbs, alloc, CMG__CRL_MAX);
    cmg__buf_init(&der, alloc, CMG__CRL_MAX);
    cmg__der_write_init(&w, &tbs);
    put_list(&w, content, issuer, cmg__key_kind(key), hash);
    rc = cmg__compose_signed(key, env, hash, &w, &der, err);
    cmg__buf_done(&tbs);
    if (rc == CMG_OK)
        rc = check_written(&der, issuer, err);
    if (rc == CMG_OK && cmg__buf_add(out, der.data, der.len) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&der);
    return rc;
}
