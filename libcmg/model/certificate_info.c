/*
 * What a certificate says: getters on its leaf, each certificate of its chain, and all of
 * it as text.
 */
#include <cmg/inspect.h>
#include "model/certificate.h"

#include "crypto/x509_data.h"
#include "crypto/x509_describe.h"

static cmg_status check_certificate(const cmg_certificate *cert, cmg_error **err)
{
    return cmg__check(cert != NULL ? &cert->head : NULL, CMG__TAG_CERTIFICATE, err);
}

/* NULL when there is none to ask. */
static const struct cmg__x509 *leaf_of(const cmg_certificate *cert)
{
    return check_certificate(cert, NULL) == CMG_OK ? cert->chain[0] : NULL;
}

static size_t count_of(const cmg_certificate *cert, enum cmg__fact fact)
{
    return leaf_of(cert) != NULL ? cmg__facts_count(&cert->facts, fact) : 0;
}

static const char *text_of(const cmg_certificate *cert, enum cmg__fact fact, size_t i)
{
    return leaf_of(cert) != NULL ? cmg__facts_text(&cert->facts, fact, i) : "";
}

size_t cmg_certificate_chain_count(const cmg_certificate *cert)
{
    return leaf_of(cert) != NULL ? cert->count : 0;
}

cmg_status cmg__certificate_of_der(cmg_context *ctx, const struct cmg__x509 *x509,
                                   cmg_certificate **out, cmg_error **err)
{
    struct cmg__x509 **chain = cmg__alloc0(&ctx->alloc, sizeof *chain);

    if (chain == NULL)
        return cmg__fail_nomem(err);
    const cmg_status rc =
        cmg__x509_parse(&ctx->alloc, x509->der, x509->der_len, &chain[0], err);
    if (rc == CMG_OK)
        return cmg__certificate_make(ctx, chain, 1, NULL, out, err);
    cmg__free(&ctx->alloc, chain);
    return rc;
}

cmg_status cmg_certificate_chain_at(const cmg_certificate *cert, size_t index,
                                    cmg_certificate **out_cert, cmg_error **err)
{
    const cmg_status rc = check_certificate(cert, err);

    if (rc != CMG_OK)
        return rc;
    cmg_context *ctx = cert->head.ctx;
    if (index >= cert->count)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "index",
                         "stay below cmg_certificate_chain_count()",
                         "there is no certificate %zu in a chain of %zu", index,
                         cert->count);
    return cmg__certificate_of_der(ctx, cert->chain[index], out_cert, err);
}

cmg_status cmg_certificate_export_der(const cmg_certificate *cert, cmg_bytes **out_bytes,
                                      cmg_error **err)
{
    const cmg_status rc = check_certificate(cert, err);

    if (rc != CMG_OK)
        return rc;
    if (cmg__bytes_new(&cert->head.ctx->alloc, cert->info.der, cert->info.der_len,
                       out_bytes) != CMG_OK)
        return cmg__fail_nomem(err);
    return CMG_OK;
}

void cmg__certificate_describe(const cmg_certificate *cert, struct cmg__describe *d)
{
    for (size_t i = 0; i < cert->count; i++)
        cmg__x509_describe(cert->chain[i], d);
    if (cert->key != NULL)
        cmg__describe_line(d, "private key", "%s", cert->info.key_description);
}

cmg_status cmg_certificate_describe(const cmg_certificate *cert, cmg_bytes **out_text,
                                    cmg_error **err)
{
    struct cmg__describe d;
    struct cmg__buf text;
    cmg_status rc = check_certificate(cert, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &cert->head.ctx->alloc;
    cmg__buf_init(&text, alloc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &text);
    cmg__certificate_describe(cert, &d);
    return cmg__describe_give(&d, out_text, err);
}

const char *cmg_certificate_serial(const cmg_certificate *cert)
{
    return leaf_of(cert) != NULL ? cert->info.serial_hex : "";
}

const char *cmg_certificate_sha1(const cmg_certificate *cert)
{
    return leaf_of(cert) != NULL ? cert->info.sha1_hex : "";
}

const char *cmg_certificate_signature_algorithm(const cmg_certificate *cert)
{
    return text_of(cert, CMG__FACT_SIGNATURE, 0);
}

uint32_t cmg_certificate_key_bits(const cmg_certificate *cert)
{
    const struct cmg__x509 *leaf = leaf_of(cert);

    return leaf != NULL ? leaf->bits : 0;
}

uint32_t cmg_certificate_version(const cmg_certificate *cert)
{
    const struct cmg__x509 *leaf = leaf_of(cert);

    return leaf != NULL ? leaf->version : 0;
}

bool cmg_certificate_is_authority(const cmg_certificate *cert)
{
    const struct cmg__x509 *leaf = leaf_of(cert);

    return leaf != NULL && leaf->is_ca;
}

int32_t cmg_certificate_path_length(const cmg_certificate *cert)
{
    const struct cmg__x509 *leaf = leaf_of(cert);

    return leaf != NULL ? leaf->path_length : -1;
}

uint32_t cmg_certificate_key_usage(const cmg_certificate *cert)
{
    const struct cmg__x509 *leaf = leaf_of(cert);

    return leaf != NULL && leaf->has_key_usage ? leaf->key_usage : 0;
}

size_t cmg_certificate_eku_count(const cmg_certificate *cert)
{
    return count_of(cert, CMG__FACT_EKU);
}

const char *cmg_certificate_eku_at(const cmg_certificate *cert, size_t index)
{
    return text_of(cert, CMG__FACT_EKU, index);
}

size_t cmg_certificate_policy_count(const cmg_certificate *cert)
{
    return count_of(cert, CMG__FACT_POLICY);
}

const char *cmg_certificate_policy_at(const cmg_certificate *cert, size_t index)
{
    return text_of(cert, CMG__FACT_POLICY, index);
}

size_t cmg_certificate_name_count(const cmg_certificate *cert)
{
    return count_of(cert, CMG__FACT_NAME);
}

cmg_name_kind cmg_certificate_name_kind(const cmg_certificate *cert, size_t index)
{
    if (leaf_of(cert) == NULL)
        return (cmg_name_kind)0;
    return (cmg_name_kind)cmg__facts_kind(&cert->facts, CMG__FACT_NAME, index);
}

const char *cmg_certificate_name_at(const cmg_certificate *cert, size_t index)
{
    return text_of(cert, CMG__FACT_NAME, index);
}

/* CMG__FACT_COUNT when there is no such kind. */
static enum cmg__fact fact_of_url(cmg_url_kind kind)
{
    static const struct {
        cmg_url_kind kind;
        enum cmg__fact fact;
    } facts[] = {
        { CMG_URL_CRL, CMG__FACT_CRL_URL },
        { CMG_URL_DELTA_CRL, CMG__FACT_DELTA_CRL_URL },
        { CMG_URL_OCSP, CMG__FACT_OCSP_URL },
        { CMG_URL_ISSUER, CMG__FACT_ISSUER_URL },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(facts); i++) {
        if (facts[i].kind == kind)
            return facts[i].fact;
    }
    return CMG__FACT_COUNT;
}

size_t cmg_certificate_url_count(const cmg_certificate *cert, cmg_url_kind kind)
{
    const enum cmg__fact fact = fact_of_url(kind);

    return fact != CMG__FACT_COUNT ? count_of(cert, fact) : 0;
}

const char *cmg_certificate_url_at(const cmg_certificate *cert, cmg_url_kind kind,
                                   size_t index)
{
    const enum cmg__fact fact = fact_of_url(kind);

    return fact != CMG__FACT_COUNT ? text_of(cert, fact, index) : "";
}

const char *cmg_certificate_key_id(const cmg_certificate *cert)
{
    return text_of(cert, CMG__FACT_KEY_ID, 0);
}

const char *cmg_certificate_authority_key_id(const cmg_certificate *cert)
{
    return text_of(cert, CMG__FACT_AUTHORITY_KEY_ID, 0);
}

const char *cmg_certificate_template(const cmg_certificate *cert)
{
    return text_of(cert, CMG__FACT_TEMPLATE, 0);
}
