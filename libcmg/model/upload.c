/*
 * cmg_upload: the authorities that a gateway must be given so that it accepts a client.
 * From the client's certificate upwards every issuer is searched, by name and signature,
 * in the client's own chain and in a pool; with cross-signed authorities there may be
 * more than one.
 */
#include <cmg/names.h>

#include "crypto/x509_chain.h"
#include "crypto/x509_data.h"
#include "crypto/x509_list.h"
#include "crypto/x509_trust.h"
#include "model/certificate.h"
#include "model/report.h"
#include "model/trust.h"

#define AUTHORITIES_MAX 64

struct cmg_upload {
    struct cmg__handle head;
    cmg_certificate *items[AUTHORITIES_MAX];
    size_t count;
    cmg_report *report;
};

struct job {
    const cmg_certificate *client;
    const cmg_trust *pool;
    cmg_upload *upload;
    struct cmg__report report;
    cmg_error **err;
};

/* The i-th certificate of chain and pool together; NULL behind the last. */
static const struct cmg__x509 *candidate(const struct job *job, size_t i)
{
    if (i < job->client->count)
        return job->client->chain[i];
    i -= job->client->count;
    return job->pool != NULL && i < job->pool->trust->count ? job->pool->trust->list[i]
                                                            : NULL;
}

static bool is_there(const cmg_upload *upload, const struct cmg__x509 *cert)
{
    for (size_t i = 0; i < upload->count; i++) {
        const struct cmg__x509 *one = upload->items[i]->chain[0];

        if (cmg__span_eq(cmg__span_of(one->der, one->der_len),
                         cmg__span_of(cert->der, cert->der_len)))
            return true;
    }
    return false;
}

static cmg_status add(const struct job *job, const struct cmg__x509 *cert)
{
    cmg_upload *upload = job->upload;

    if (is_there(upload, cert))
        return CMG_OK;
    if (upload->count == AUTHORITIES_MAX)
        return cmg__fail(job->err, &upload->head.ctx->alloc, CMG_E_LIMIT, "pool",
                         "leave only the authorities of this client in it",
                         "there are more than %d authorities above the client",
                         AUTHORITIES_MAX);
    const cmg_status rc = cmg__certificate_of_der(
        upload->head.ctx, cert, &upload->items[upload->count], job->err);
    if (rc == CMG_OK)
        upload->count++;
    return rc;
}

/* Where its issuer's certificate may be had, or "". */
static struct cmg__span issuer_url(const struct cmg__x509 *cert)
{
    struct cmg__url_walk walk;
    struct cmg__span url = cmg__span_of("", 0);

    cmg__url_walk_access(&walk, cert->extensions, CMG__OID_CA_ISSUERS);
    (void)cmg__url_next(&walk, &url);
    return url;
}

static void report_missing(struct job *job, const struct cmg__x509 *cert)
{
    const struct cmg__span url = issuer_url(cert);

    cmg__report_add(&job->report, CMG_FINDING_NO_ISSUER, CMG_SEVERITY_REFUSAL,
                    cert->subject, "put the authority's certificate into the pool",
                    url.n > 0 ? "its issuer %s is missing; it may be had from %.*s"
                              : "its issuer %s is missing%.*s",
                    cert->issuer, (int)url.n, (const char *)url.p);
}

/* Every issuer of one certificate. */
static cmg_status add_issuers(struct job *job, const struct cmg__x509 *cert)
{
    const struct cmg__x509 *one;
    bool found = cmg__x509_is_self_issued(cert);
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK; i++) {
        one = candidate(job, i);
        if (one == NULL)
            break;
        if (!one->is_ca || !cmg__x509_may_be_issuer(cert, one))
            continue;
        const cmg_status verified = cmg__x509_verify_signature(cert, one);
        if (verified == CMG_E_NOMEM)
            return cmg__fail_nomem(job->err);
        if (verified != CMG_OK)
            continue;
        found = true;
        rc = add(job, one);
    }
    if (!found)
        report_missing(job, cert);
    return rc;
}

static void check_client(struct job *job)
{
    const struct cmg__x509 *leaf = job->client->chain[0];

    if (leaf->is_ca)
        cmg__report_add(&job->report, CMG_FINDING_IS_AUTHORITY, CMG_SEVERITY_REFUSAL,
                        leaf->subject, "give a client's certificate",
                        "it is an authority's certificate");
    if (!leaf->eku_client_auth)
        cmg__report_add(&job->report, CMG_FINDING_EXTENDED_KEY_USAGE,
                        CMG_SEVERITY_REFUSAL, leaf->subject,
                        "have it issued by a template with Client Authentication",
                        leaf->has_eku ? "its extended key usage lacks clientAuth"
                                      : "it has no extended key usage");
}

static cmg_status collect(struct job *job)
{
    check_client(job);
    cmg_status rc = add_issuers(job, job->client->chain[0]);

    /* Grows while it is walked, until every issuer is there. */
    for (size_t i = 0; i < job->upload->count && rc == CMG_OK; i++)
        rc = add_issuers(job, job->upload->items[i]->chain[0]);
    return rc;
}

cmg_status cmg_upload_new(const cmg_certificate *client, const cmg_trust *pool,
                          cmg_upload **out_upload, cmg_error **err)
{
    struct job job = { .client = client, .pool = pool, .err = err };
    cmg_status rc =
        cmg__check(client != NULL ? &client->head : NULL, CMG__TAG_CERTIFICATE, err);

    if (rc == CMG_OK && pool != NULL)
        rc = cmg__check(&pool->head, CMG__TAG_TRUST, err);
    if (rc != CMG_OK)
        return rc;
    cmg_context *ctx = client->head.ctx;
    job.upload = cmg__alloc0(&ctx->alloc, sizeof *job.upload);
    if (job.upload == NULL)
        return cmg__fail_nomem(err);
    cmg__handle_init(&job.upload->head, CMG__TAG_UPLOAD, ctx);
    cmg__report_init(&job.report, &ctx->alloc);
    rc = collect(&job);
    if (rc == CMG_OK)
        rc = cmg__report_make(ctx, &job.report, &job.upload->report, err);
    else
        cmg__report_done(&job.report);
    if (rc == CMG_OK)
        *out_upload = job.upload;
    else
        cmg_upload_unref(job.upload);
    return rc;
}

static bool is_live(const cmg_upload *upload)
{
    return cmg__check(upload != NULL ? &upload->head : NULL, CMG__TAG_UPLOAD, NULL) ==
           CMG_OK;
}

size_t cmg_upload_count(const cmg_upload *upload)
{
    return is_live(upload) ? upload->count : 0;
}

cmg_upload_kind cmg_upload_get_kind(const cmg_upload *upload, size_t index)
{
    if (index >= cmg_upload_count(upload))
        return (cmg_upload_kind)0;
    return cmg__x509_is_self_issued(upload->items[index]->chain[0])
               ? CMG_UPLOAD_ROOT
               : CMG_UPLOAD_INTERMEDIATE;
}

cmg_certificate *cmg_upload_certificate(const cmg_upload *upload, size_t index)
{
    return index < cmg_upload_count(upload) ? upload->items[index] : NULL;
}

cmg_report *cmg_upload_report(const cmg_upload *upload)
{
    return is_live(upload) ? upload->report : NULL;
}

static void describe(const cmg_upload *upload, struct cmg__describe *d)
{
    cmg__describe_title(d, "Authorities to upload: %zu", upload->count);
    for (size_t i = 0; i < upload->count; i++) {
        const struct cmg__x509_info *info = &upload->items[i]->info;

        cmg__describe_line(d,
                           cmg_upload_get_kind(upload, i) == CMG_UPLOAD_ROOT
                               ? "RootCA"
                               : "IntermediateCA",
                           "%s %s", info->sha1_hex, info->subject);
    }
    cmg__describe_end(d);
    cmg__report_describe(&upload->report->report, d);
}

cmg_status cmg_upload_describe(const cmg_upload *upload, cmg_bytes **out_text,
                               cmg_error **err)
{
    struct cmg__describe d;
    struct cmg__buf text;
    const cmg_status rc =
        cmg__check(upload != NULL ? &upload->head : NULL, CMG__TAG_UPLOAD, err);

    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&text, &upload->head.ctx->alloc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &text);
    describe(upload, &d);
    return cmg__describe_give(&d, out_text, err);
}

cmg_upload *cmg_upload_ref(cmg_upload *upload)
{
    if (upload != NULL)
        cmg__handle_ref(&upload->head);
    return upload;
}

void cmg_upload_unref(cmg_upload *upload)
{
    if (upload == NULL || !cmg__handle_unref(&upload->head))
        return;
    /* The context's allocator must outlive what was taken from it. */
    cmg_context *ctx = cmg_context_ref(upload->head.ctx);
    for (size_t i = 0; i < upload->count; i++)
        cmg_certificate_unref(upload->items[i]);
    cmg_report_unref(upload->report);
    cmg__handle_done(&upload->head);
    cmg__free(&ctx->alloc, upload);
    cmg_context_unref(ctx);
}
