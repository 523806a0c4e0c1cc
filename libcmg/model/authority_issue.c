/*
 * Issuing: what the template says, for whom the request says. A certificate's record is
 * durable before the certificate leaves, and its serial number is looked for among the
 * records first, so no number is given twice, whatever happens in between.
 */
#include <string.h>

#include "base/str.h"
#include "crypto/x509_data.h"
#include "crypto/x509_name.h"
#include "model/authority.h"
#include "model/certificate_template.h"
#include "model/csr.h"
#include "model/key.h"

#define DAY_S INT64_C(86400)
/* Machines whose clocks are behind must accept what was issued a moment ago. */
#define BACKDATE_S INT64_C(3600)
#define DRAWS_MAX  8

static const struct cmg__alloc *alloc_of(const cmg_authority *ca)
{
    return &ca->head.ctx->alloc;
}

/* ---- serial number, validity, record ---- */

static cmg_status draw_serial(const cmg_authority *ca,
                              uint8_t serial[CMG__X509_SERIAL_SIZE], cmg_error **err)
{
    for (unsigned i = 0; i < DRAWS_MAX; i++) {
        if (cmg__x509_draw_serial(&ca->head.ctx->env, serial) != CMG_OK)
            return cmg__fail(err, alloc_of(ca), CMG_E_IO, "random source", NULL,
                             "the system gave no random bytes for a serial number");
        if (cmg__ledger_find(&ca->ledger, serial, CMG__X509_SERIAL_SIZE) == NULL)
            return CMG_OK;
    }
    return cmg__fail(err, alloc_of(ca), CMG_E_INTERNAL, "random source",
                     "see to a working random source before anything else",
                     "the random source repeats itself: %d serial numbers in a row were "
                     "given before",
                     DRAWS_MAX);
}

static cmg_status fill_validity(const cmg_authority *ca,
                                struct cmg__authority_order *order, cmg_error **err)
{
    const struct cmg__x509_template *t = order->template;
    const struct cmg__x509_info *own = &ca->certificate->info;
    const uint32_t days = order->days != 0 ? order->days : t->days;
    const int64_t now = cmg__env_unix_s(&ca->head.ctx->env);
    struct cmg__x509_request *request = &order->request;

    if (days > t->days_max) {
        char *remedy = cmg__format(alloc_of(ca), "give 1 to %u, or 0 for %u",
                                   (unsigned)t->days_max, (unsigned)t->days);

        if (remedy == NULL)
            return cmg__fail_nomem(err);
        const cmg_status rc =
            cmg__fail(err, alloc_of(ca), CMG_E_INVAL, "days", remedy,
                      "a certificate by the template \"%s\" cannot be valid for %u days",
                      t->name, (unsigned)days);
        cmg__free(alloc_of(ca), remedy);
        return rc;
    }
    request->not_before_unix_s = now - BACKDATE_S;
    request->not_after_unix_s = now + (int64_t)days * DAY_S;
    /* One that lives longer than its authority would be refused from then on. */
    if (request->not_after_unix_s > own->not_after_unix_s)
        request->not_after_unix_s = own->not_after_unix_s;
    if (request->not_before_unix_s < own->not_before_unix_s)
        request->not_before_unix_s = own->not_before_unix_s;
    return CMG_OK;
}

static cmg_status record(cmg_authority *ca, const struct cmg__x509_template *t,
                         const struct cmg__x509 *leaf, cmg_error **err)
{
    struct cmg__x509_info info;

    cmg__x509_info(leaf, &info);
    return cmg__ledger_add(
        &ca->ledger,
        cmg__json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:I}", "op", "issue",
                       "serial", info.serial_hex, "subject", info.subject, "template",
                       t->name, "not_before", info.not_before_unix_s, "not_after",
                       info.not_after_unix_s, "sha256", info.sha256_hex, "at",
                       cmg__env_unix_s(&ca->head.ctx->env)),
        err);
}

/* Under the lock: number, signature, record. */
static cmg_status issue_locked(cmg_authority *ca, const struct cmg__x509_request *request,
                               struct cmg__x509 **out, cmg_error **err)
{
    cmg_context *ctx = ca->head.ctx;
    uint8_t serial[CMG__X509_SERIAL_SIZE];
    const struct cmg__x509_urls urls = {
        .crl = (const char *const *)ca->crl_urls.urls,
        .delta_crl = (const char *const *)ca->delta_urls.urls,
        .issuer = (const char *const *)ca->issuer_urls.urls,
    };
    struct cmg__x509_request complete = *request;
    struct cmg__x509 *leaf = NULL;
    cmg_status rc = draw_serial(ca, serial, err);

    complete.serial = serial;
    complete.urls = &urls;
    if (rc == CMG_OK)
        rc = cmg__x509_issue(&ctx->alloc, &ctx->env, &complete, ca->certificate->chain[0],
                             ca->key, &leaf, err);
    if (rc == CMG_OK)
        rc = record(ca, request->template, leaf, err);
    if (rc == CMG_OK)
        *out = leaf;
    else
        cmg__x509_free(leaf);
    return rc;
}

cmg_status cmg__authority_make_leaf(cmg_authority *ca, struct cmg__authority_order *order,
                                    struct cmg__x509 **out, cmg_error **err)
{
    cmg_status rc = fill_validity(ca, order, err);

    order->request.template = order->template;
    if (rc == CMG_OK)
        rc = cmg__ledger_begin(&ca->ledger, err);
    if (rc != CMG_OK)
        return rc;
    rc = issue_locked(ca, &order->request, out, err);
    cmg__ledger_end(&ca->ledger);
    return rc;
}

/* ---- key and chain ---- */

cmg_status cmg__authority_make_key(cmg_context *ctx, const struct cmg__x509_template *t,
                                   struct cmg__key **out, cmg_error **err)
{
    static const unsigned rsa_sizes[] = { 2048, 3072, 4096 };
    static const unsigned ec_sizes[] = { 256, 384 };
    const unsigned *sizes = t->allows_rsa ? rsa_sizes : ec_sizes;
    const size_t count =
        t->allows_rsa ? CMG__ARRAY_LEN(rsa_sizes) : CMG__ARRAY_LEN(ec_sizes);
    const unsigned least = t->allows_rsa ? t->rsa_bits_min : t->ec_bits_min;
    size_t i = 0;

    while (i + 1 < count && sizes[i] < least)
        i++;
    return cmg__key_generate(&ctx->alloc, &ctx->env,
                             t->allows_rsa ? CMG__KEY_RSA : CMG__KEY_EC, sizes[i], out,
                             err);
}

cmg_status cmg__authority_wrap(cmg_authority *ca, struct cmg__x509 *leaf,
                               struct cmg__key *key, cmg_certificate **out,
                               cmg_error **err)
{
    const struct cmg__alloc *alloc = alloc_of(ca);
    const cmg_certificate *own = ca->certificate;
    struct cmg__x509 **chain = cmg__alloc_array(alloc, own->count + 1, sizeof *chain);
    cmg_status rc = CMG_OK;
    size_t count = 1;

    if (chain == NULL) {
        cmg__x509_free(leaf);
        cmg__key_free(key);
        return cmg__fail_nomem(err);
    }
    chain[0] = leaf;
    for (; count <= own->count && rc == CMG_OK; count += rc == CMG_OK)
        rc = cmg__x509_parse(alloc, own->chain[count - 1]->der,
                             own->chain[count - 1]->der_len, &chain[count], err);
    if (rc == CMG_OK)
        return cmg__certificate_make(ca->head.ctx, chain, count, key, out, err);
    cmg__x509_free_list(alloc, chain, count);
    cmg__key_free(key);
    return rc;
}

/* Issues for a key that is here and hands both out; takes the key over. */
static cmg_status issue_with_key(cmg_authority *ca, struct cmg__authority_order *order,
                                 struct cmg__key *key, cmg_certificate **out,
                                 cmg_error **err)
{
    struct cmg__x509 *leaf = NULL;
    cmg_certificate *cert = NULL;

    order->request.key = key;
    cmg_status rc = cmg__authority_make_leaf(ca, order, &leaf, err);
    if (rc == CMG_OK)
        rc = cmg__authority_wrap(ca, leaf, key, &cert, err);
    else
        cmg__key_free(key);
    if (rc != CMG_OK)
        return rc;
    cert->key_stays = !order->template->exportable;
    *out = cert;
    return CMG_OK;
}

/* ---- issuing for names ---- */

static const struct {
    cmg_profile outside;
    enum cmg__x509_profile inside;
} profiles[] = {
    { CMG_PROFILE_WEB_SERVER, CMG__PROFILE_WEB_SERVER },
    { CMG_PROFILE_CLIENT, CMG__PROFILE_CLIENT },
    { CMG_PROFILE_CONNECTOR, CMG__PROFILE_CONNECTOR },
};

static cmg_status take_request(const cmg_authority *ca,
                               const cmg_certificate_request *from,
                               struct cmg__authority_order *to, cmg_error **err)
{
    size_t i = 0;

    while (i < CMG__ARRAY_LEN(profiles) && profiles[i].outside != from->profile)
        i++;
    if (i == CMG__ARRAY_LEN(profiles))
        return cmg__fail(err, alloc_of(ca), CMG_E_INVAL, "profile",
                         "use one of cmg_profile", "there is no certificate profile %d",
                         (int)from->profile);
    if (from->common_name == NULL)
        return cmg__fail(err, alloc_of(ca), CMG_E_INVAL, "common_name",
                         "give 1 to 64 characters of UTF-8", "the common name is absent");
    *to = (struct cmg__authority_order){
        .template = cmg__x509_builtin(profiles[i].inside),
        .request = { .common_name = from->common_name,
                     .dns_names = from->dns_names,
                     .ip_addresses = from->ip_addresses },
        .days = from->days,
    };
    return CMG_OK;
}

cmg_status cmg_authority_issue(cmg_authority *ca, const cmg_certificate_request *request,
                               cmg_certificate **out_cert, cmg_error **err)
{
    cmg_certificate_request wanted;
    struct cmg__authority_order order = { .template = NULL };
    struct cmg__key *key = NULL;
    cmg_status rc = cmg__authority_check(ca, err);

    if (rc == CMG_OK)
        rc = cmg__tagged_copy(&wanted, sizeof wanted, sizeof wanted, request,
                              "cmg_certificate_request", err);
    if (rc == CMG_OK)
        rc = take_request(ca, &wanted, &order, err);
    if (rc == CMG_OK)
        rc = cmg__authority_make_key(ca->head.ctx, order.template, &key, err);
    return rc == CMG_OK ? issue_with_key(ca, &order, key, out_cert, err) : rc;
}

cmg_status cmg_authority_issue_by_template(cmg_authority *ca, const cmg_template *tmpl,
                                           const cmg_key *key,
                                           const cmg_csr_request *request, uint32_t days,
                                           cmg_certificate **out_cert, cmg_error **err)
{
    cmg_csr_request wanted;
    struct cmg__key *own = NULL;
    cmg_status rc = cmg__authority_check(ca, err);

    if (rc == CMG_OK)
        rc = cmg__check(tmpl != NULL ? &tmpl->head : NULL, CMG__TAG_TEMPLATE, err);
    if (rc == CMG_OK && key != NULL)
        rc = cmg__key_check(key, err);
    if (rc == CMG_OK)
        rc = cmg__tagged_copy(&wanted, sizeof wanted, sizeof wanted, request,
                              "cmg_csr_request", err);
    if (rc != CMG_OK)
        return rc;
    struct cmg__authority_order order = {
        .template = &tmpl->data,
        .request = { .common_name = wanted.common_name,
                     .organization = wanted.organization,
                     .organizational_unit = wanted.organizational_unit,
                     .locality = wanted.locality,
                     .state = wanted.state,
                     .country = wanted.country,
                     .dns_names = wanted.dns_names,
                     .ip_addresses = wanted.ip_addresses,
                     .upns = wanted.upns,
                     .uris = wanted.uris },
        .days = days,
    };
    if (key != NULL)
        own = cmg__key_ref(key->key);
    else
        rc = cmg__authority_make_key(ca->head.ctx, order.template, &own, err);
    return rc == CMG_OK ? issue_with_key(ca, &order, own, out_cert, err) : rc;
}
