/* cmg_trust and the public check: options in, the engine's report out. */
#include "model/trust.h"

#include "crypto/intake.h"
#include "crypto/x509_judge.h"
#include "crypto/x509_trust.h"
#include "model/certificate.h"
#include "model/crl.h"
#include "model/report.h"

#define INPUT_MAX   ((size_t)1024 * 1024)
#define GRACE_MAX_S (30 * INT64_C(86400))
#define DEPTH_MAX   16

static cmg_status check_trust(const cmg_trust *trust, cmg_error **err)
{
    return cmg__check(trust != NULL ? &trust->head : NULL, CMG__TAG_TRUST, err);
}

cmg_status cmg_trust_new(cmg_context *ctx, cmg_trust **out_trust, cmg_error **err)
{
    const cmg_status rc =
        cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    cmg_trust *trust = cmg__alloc0(&ctx->alloc, sizeof *trust);
    if (trust == NULL)
        return cmg__fail_nomem(err);
    trust->trust = cmg__x509_trust_new_empty(&ctx->alloc);
    if (trust->trust == NULL) {
        cmg__free(&ctx->alloc, trust);
        return cmg__fail_nomem(err);
    }
    cmg__handle_init(&trust->head, CMG__TAG_TRUST, ctx);
    *out_trust = trust;
    return CMG_OK;
}

/* Takes the certificates of the list over, and its block. */
static cmg_status add_list(cmg_trust *trust, enum cmg__trust_kind kind,
                           struct cmg__x509 **list, size_t count, cmg_error **err)
{
    const struct cmg__alloc *alloc = &trust->head.ctx->alloc;
    const cmg_status rc = cmg__x509_trust_add(trust->trust, kind, list, count);

    cmg__free(alloc, list);
    if (rc == CMG_E_LIMIT)
        return cmg__fail(err, alloc, rc, "trust", "leave out what is not needed",
                         "a trust list holds at most %d certificates", CMG__TRUST_MAX);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

cmg_status cmg_trust_add(cmg_trust *trust, const void *data, size_t size, cmg_error **err)
{
    struct cmg__intake intake;
    cmg_status rc = check_trust(trust, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &trust->head.ctx->alloc;
    if (data == NULL)
        return cmg__fail(err, alloc, CMG_E_INVAL, "data", NULL,
                         "there is no certificate to read");
    if (size > INPUT_MAX)
        return cmg__fail(err, alloc, CMG_E_LIMIT, "size", "give at most 1 MiB",
                         "%zu bytes are too many for certificates", size);
    rc = cmg__intake_read(&intake, alloc, NULL, data, size, NULL, false, err);
    if (rc != CMG_OK)
        return rc;
    return add_list(trust, CMG__TRUST_AS_FOUND, intake.certs.items, intake.certs.count,
                    err);
}

static cmg_status add_certificate(cmg_trust *trust, enum cmg__trust_kind kind,
                                  const cmg_certificate *cert, size_t count,
                                  cmg_error **err)
{
    const struct cmg__alloc *alloc = &trust->head.ctx->alloc;
    struct cmg__x509 **list = cmg__alloc_array(alloc, count, sizeof(void *));
    cmg_status rc = CMG_OK;

    if (list == NULL)
        return cmg__fail_nomem(err);
    for (size_t i = 0; i < count && rc == CMG_OK; i++) {
        struct cmg__x509_info info;

        cmg__x509_info(cert->chain[i], &info);
        rc = cmg__x509_parse(alloc, info.der, info.der_len, &list[i], err);
        if (rc != CMG_OK)
            cmg__x509_free_list(alloc, list, i);
    }
    return rc == CMG_OK ? add_list(trust, kind, list, count, err) : rc;
}

static cmg_status check_both(const cmg_trust *trust, const cmg_certificate *cert,
                             cmg_error **err)
{
    const cmg_status rc = check_trust(trust, err);

    return rc == CMG_OK
               ? cmg__check(cert != NULL ? &cert->head : NULL, CMG__TAG_CERTIFICATE, err)
               : rc;
}

cmg_status cmg_trust_add_certificate(cmg_trust *trust, cmg_certificate *cert,
                                     cmg_error **err)
{
    const cmg_status rc = check_both(trust, cert, err);

    return rc == CMG_OK
               ? add_certificate(trust, CMG__TRUST_AS_FOUND, cert, cert->count, err)
               : rc;
}

cmg_status cmg_trust_add_anchor(cmg_trust *trust, cmg_certificate *cert, cmg_error **err)
{
    const cmg_status rc = check_both(trust, cert, err);

    return rc == CMG_OK ? add_certificate(trust, CMG__TRUST_ANCHORS, cert, 1, err) : rc;
}

cmg_status cmg_trust_add_crl(cmg_trust *trust, cmg_crl *crl, cmg_error **err)
{
    cmg_status rc = check_trust(trust, err);

    if (rc == CMG_OK)
        rc = cmg__check(crl != NULL ? &crl->head : NULL, CMG__TAG_CRL, err);
    if (rc != CMG_OK)
        return rc;
    rc = cmg__x509_trust_add_crl(trust->trust, crl->crl);
    if (rc == CMG_E_LIMIT)
        return cmg__fail(err, &trust->head.ctx->alloc, rc, "trust",
                         "leave out lists that are out of date",
                         "a trust list holds at most %d revocation lists",
                         CMG__TRUST_MAX);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

size_t cmg_trust_count(const cmg_trust *trust)
{
    return check_trust(trust, NULL) == CMG_OK ? trust->trust->count : 0;
}

size_t cmg_trust_root_count(const cmg_trust *trust)
{
    return check_trust(trust, NULL) == CMG_OK ? trust->trust->anchor_count : 0;
}

cmg_trust *cmg_trust_ref(cmg_trust *trust)
{
    if (trust != NULL)
        cmg__handle_ref(&trust->head);
    return trust;
}

void cmg_trust_unref(cmg_trust *trust)
{
    if (trust == NULL || !cmg__handle_unref(&trust->head))
        return;
    /* The context's allocator must outlive what was taken from it. */
    cmg_context *ctx = cmg_context_ref(trust->head.ctx);
    cmg__x509_trust_free(trust->trust);
    cmg__handle_done(&trust->head);
    cmg__free(&ctx->alloc, trust);
    cmg_context_unref(ctx);
}

static const char *wrong_option(const cmg_check_options *o)
{
    if (o->purpose < CMG_PURPOSE_SERVER || o->purpose > CMG_PURPOSE_AUTHORITY)
        return "purpose";
    if (o->revocation < CMG_REVOCATION_SOFT || o->revocation > CMG_REVOCATION_OFF)
        return "revocation";
    if (o->name != NULL && o->name[0] == '\0')
        return "name";
    if (o->at_unix_s < 0)
        return "at_unix_s";
    if (o->crl_grace_s < 0 || o->crl_grace_s > GRACE_MAX_S)
        return "crl_grace_s";
    if (o->max_depth > DEPTH_MAX)
        return "max_depth";
    return (o->flags & ~(uint32_t)(CMG_CHECK_STRICT | CMG_CHECK_PUBLIC)) != 0 ? "flags"
                                                                              : NULL;
}

static cmg_status read_options(const cmg_context *ctx, const cmg_check_options *options,
                               struct cmg__x509_question *question, cmg_error **err)
{
    cmg_check_options o = { .size = 0 };
    cmg_status rc = CMG_OK;

    if (options == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "options", NULL,
                         "the check needs a purpose");
    rc = cmg__tagged_copy(&o, sizeof o, sizeof o, options, "options", err);
    if (rc != CMG_OK)
        return rc;
    const char *wrong = wrong_option(&o);
    if (wrong != NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, wrong,
                         "see cmg_check_options for what it may be",
                         "the member \"%s\" is out of range", wrong);
    *question = (struct cmg__x509_question){
        .purpose = o.purpose,
        .revocation = o.revocation,
        .name = o.name,
        .now_unix_s = o.at_unix_s != 0 ? o.at_unix_s : cmg__env_unix_s(&ctx->env),
        .crl_grace_s = o.crl_grace_s,
        .max_depth = o.max_depth,
        .flags = o.flags,
    };
    return CMG_OK;
}

cmg_status cmg_certificate_check(cmg_certificate *cert, cmg_trust *trust,
                                 const cmg_check_options *options,
                                 cmg_report **out_report, cmg_error **err)
{
    struct cmg__x509_question question;
    struct cmg__report report;
    cmg_status rc =
        cmg__check(cert != NULL ? &cert->head : NULL, CMG__TAG_CERTIFICATE, err);

    if (rc == CMG_OK)
        rc = check_trust(trust, err);
    if (rc == CMG_OK)
        rc = read_options(cert->head.ctx, options, &question, err);
    if (rc != CMG_OK)
        return rc;
    cmg__report_init(&report, &cert->head.ctx->alloc);
    rc = cmg__x509_judge(trust->trust, &question, cert->chain, cert->count, &report);
    if (rc != CMG_OK) {
        cmg__report_done(&report);
        return cmg__fail_nomem(err);
    }
    return cmg__report_make(cert->head.ctx, &report, out_report, err);
}
