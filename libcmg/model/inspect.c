/*
 * Telling a person what some bytes are. They are sniffed, and each kind has one row that
 * names its reader; PEM is a list of values that are sniffed in turn. Who owns a kind
 * writes its text; only keys are described here, by no more than kind and size.
 */
#include <cmg/inspect.h>
#include "base/context.h"

#include <stdio.h>

#include "crypto/crl.h"
#include "crypto/csr.h"
#include "crypto/intake.h"
#include "crypto/pem.h"
#include "crypto/pfx_info.h"
#include "crypto/pkcs7.h"
#include "crypto/sniff.h"
#include "crypto/spki.h"
#include "crypto/x509_describe.h"

#define INPUT_MAX  CMG__CRL_MAX
#define BLOCKS_MAX 512

struct job {
    cmg_context *ctx;
    const char *password;
    struct cmg__describe *d;
    cmg_error **err;
};

/* The description itself failed, or nothing did. */
static cmg_status said(const struct job *job)
{
    if (job->d->rc == CMG_E_NOMEM)
        return cmg__fail_nomem(job->err);
    return job->d->rc == CMG_OK
               ? CMG_OK
               : cmg__fail(job->err, &job->ctx->alloc, job->d->rc, "data",
                           "inspect it in parts", "there is too much to be described");
}

static cmg_status show_certificate(struct job *job, struct cmg__span value)
{
    struct cmg__x509 *cert = NULL;
    const cmg_status rc =
        cmg__x509_parse(&job->ctx->alloc, value.p, value.n, &cert, job->err);

    if (rc != CMG_OK)
        return rc;
    cmg__x509_describe(cert, job->d);
    cmg__x509_free(cert);
    return said(job);
}

static void describe_all(struct job *job, struct cmg__x509 *const *certs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cmg__x509_describe(certs[i], job->d);
}

static cmg_status show_pkcs7(struct job *job, struct cmg__span value)
{
    struct cmg__x509_chain certs;

    cmg__x509_chain_init(&certs, &job->ctx->alloc);
    cmg_status rc = cmg__pkcs7_add(&certs, value, job->err);
    if (rc == CMG_OK) {
        cmg__describe_title(job->d, "PKCS#7, certificates: %zu", certs.count);
        describe_all(job, certs.items, certs.count);
        cmg__describe_end(job->d);
        rc = said(job);
    }
    cmg__x509_chain_done(&certs);
    return rc;
}

static void describe_key(struct job *job, const struct cmg__key *key)
{
    cmg__describe_title(job->d, "Private key");
    cmg__describe_line(job->d, "kind", "%s %u",
                       cmg__key_kind(key) == CMG__KEY_RSA ? "RSA" : "EC",
                       cmg__key_bits(key));
    cmg__describe_end(job->d);
}

static cmg_status show_pfx(struct job *job, struct cmg__span value)
{
    struct cmg__pfx_info *info = NULL;
    const cmg_status rc = cmg__pfx_info_read(&job->ctx->alloc, &job->ctx->env, value.p,
                                             value.n, job->password, &info, job->err);

    if (rc != CMG_OK)
        return rc;
    cmg__pfx_describe(info, job->d);
    cmg__pfx_info_free(info);
    return said(job);
}

static cmg_status show_crl(struct job *job, struct cmg__span value)
{
    struct cmg__crl *crl = NULL;
    const cmg_status rc =
        cmg__crl_parse(&job->ctx->alloc, value.p, value.n, &crl, job->err);

    if (rc != CMG_OK)
        return rc;
    cmg__crl_describe(crl, job->d);
    cmg__crl_free(crl);
    return said(job);
}

static cmg_status show_csr(struct job *job, struct cmg__span value)
{
    struct cmg__csr *csr = NULL;
    const cmg_status rc =
        cmg__csr_parse(&job->ctx->alloc, value.p, value.n, &csr, job->err);

    if (rc != CMG_OK)
        return rc;
    cmg__csr_describe(csr, job->d);
    cmg__csr_free(csr);
    return said(job);
}

static cmg_status show_key(struct job *job, struct cmg__span value)
{
    struct cmg__key *key = NULL;
    const cmg_status rc =
        cmg__key_parse_encrypted(&job->ctx->alloc, &job->ctx->env, value.p, value.n,
                                 job->password, &key, job->err);

    if (rc != CMG_OK)
        return rc;
    describe_key(job, key);
    cmg__key_free(key);
    return said(job);
}

/* Without a password it is told what it is, and no more. */
static cmg_status show_encrypted_key(struct job *job, struct cmg__span value)
{
    if (job->password != NULL)
        return show_key(job, value);
    cmg__describe_title(job->d, "Private key");
    cmg__describe_line(job->d, "kind", "encrypted, %zu bytes", value.n);
    cmg__describe_end(job->d);
    return said(job);
}

static cmg_status show_public_key(struct job *job, struct cmg__span value)
{
    struct cmg__der_item item;
    struct cmg__spki spki;

    if (!cmg__der_next(&value, &item) || value.n != 0 || !cmg__spki_read(&item, &spki))
        return cmg__fail(job->err, &job->ctx->alloc, CMG_E_PARSE, "data",
                         "export the public key again",
                         "the public key is not well formed");
    cmg__describe_title(job->d, "Public key");
    cmg__describe_line(job->d, "kind", "%s", spki.description);
    cmg__describe_end(job->d);
    return said(job);
}

static const struct row {
    enum cmg__kind kind;
    cmg_status (*show)(struct job *job, struct cmg__span value);
} rows[] = {
    { CMG__KIND_CERTIFICATE, show_certificate },
    { CMG__KIND_CSR, show_csr },
    { CMG__KIND_CRL, show_crl },
    { CMG__KIND_PKCS7, show_pkcs7 },
    { CMG__KIND_PFX, show_pfx },
    { CMG__KIND_KEY, show_key },
    { CMG__KIND_ENCRYPTED_KEY, show_encrypted_key },
    { CMG__KIND_PUBLIC_KEY, show_public_key },
};

static const struct row *row_of(enum cmg__kind kind)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(rows); i++) {
        if (rows[i].kind == kind)
            return &rows[i];
    }
    return NULL;
}

static cmg_status fail_unknown(const struct job *job, enum cmg__kind kind)
{
    return cmg__fail(job->err, &job->ctx->alloc, CMG_E_PARSE, "data",
                     kind == CMG__KIND_UTF16
                         ? "save the text as ASCII or UTF-8"
                         : "give a certificate, request, revocation list, PKCS#7, PFX "
                           "or key, as PEM or DER",
                     "this is %s", cmg__kind_name(kind));
}

static cmg_status show_value(struct job *job, enum cmg__kind kind, struct cmg__span value)
{
    const struct row *row = row_of(kind);

    return row != NULL ? row->show(job, value) : fail_unknown(job, kind);
}

/* A block of another kind is named, so that the others are still told. */
static cmg_status show_block(struct job *job, const struct cmg__pem_block *block,
                             struct cmg__span der)
{
    const struct row *row = row_of(cmg__sniff_der(der));

    if (row != NULL && !block->encrypted)
        return row->show(job, der);
    cmg__describe_title(job->d, "%.*s", (int)block->label_len, block->label);
    cmg__describe_line(job->d, "size", "%zu bytes%s", der.n,
                       block->encrypted ? ", encrypted" : "");
    cmg__describe_end(job->d);
    return said(job);
}

static cmg_status fail_block(const struct job *job, cmg_status rc, size_t number)
{
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(job->err);
    return cmg__fail(job->err, &job->ctx->alloc, rc, "data", "export it as PEM again",
                     "block %zu of the PEM text is damaged", number);
}

/* An error of one value says in which block it stands. */
static cmg_status wrap_block(const struct job *job, cmg_status rc, size_t number)
{
    char prefix[32];

    if (rc == CMG_OK || rc == CMG_E_NOMEM || job->err == NULL)
        return rc;
    (void)snprintf(prefix, sizeof prefix, "block %zu", number);
    return cmg__error_wrap(job->err, &job->ctx->alloc, prefix);
}

static cmg_status show_pem(struct job *job, const char *text, size_t n)
{
    struct cmg__pem_reader in = { .text = text, .left = n };
    struct cmg__pem_block block;
    struct cmg__buf der;
    cmg_status rc = CMG_OK;
    size_t number = 0;

    /* Secret: there may be a key among them. */
    cmg__buf_init_secret(&der, &job->ctx->alloc, INPUT_MAX);
    while (rc == CMG_OK) {
        rc = number++ < BLOCKS_MAX ? cmg__pem_next(&in, &block, &der) : CMG_E_LIMIT;
        if (rc == CMG_E_NOTFOUND)
            break;
        if (rc == CMG_OK)
            rc = wrap_block(job, show_block(job, &block, cmg__span_of(der.data, der.len)),
                            number);
        else
            rc = fail_block(job, rc, number);
    }
    cmg__buf_done(&der);
    if (rc != CMG_E_NOTFOUND)
        return rc;
    return number > 1 ? CMG_OK : fail_unknown(job, CMG__KIND_PEM);
}

static cmg_status show_base64(struct job *job, const char *text, size_t n)
{
    struct cmg__buf der;

    cmg__buf_init_secret(&der, &job->ctx->alloc, INPUT_MAX);
    cmg_status rc = cmg__pem_decode_body(text, n, &der);
    const struct cmg__span value = cmg__span_of(der.data, der.len);
    if (rc == CMG_OK)
        rc = show_value(job, cmg__sniff_der(value), value);
    else if (rc == CMG_E_NOMEM)
        rc = cmg__fail_nomem(job->err);
    else
        rc = fail_unknown(job, CMG__KIND_BASE64);
    cmg__buf_done(&der);
    return rc;
}

static cmg_status show(struct job *job, const void *data, size_t size)
{
    const enum cmg__kind kind = cmg__sniff(data, size);

    if (kind == CMG__KIND_PEM)
        return show_pem(job, data, size);
    if (kind == CMG__KIND_BASE64)
        return show_base64(job, data, size);
    return show_value(job, kind, cmg__span_of(data, size));
}

cmg_status cmg_inspect(cmg_context *ctx, const void *data, size_t size,
                       const char *password, cmg_bytes **out_text, cmg_error **err)
{
    struct cmg__buf text;
    struct cmg__describe d;
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (data == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "data", NULL,
                         "there is nothing to inspect");
    if (size > INPUT_MAX)
        return cmg__fail(err, &ctx->alloc, CMG_E_LIMIT, "size", "give at most 64 MiB",
                         "%zu bytes are too many to inspect", size);
    struct job job = { .ctx = ctx, .password = password, .d = &d, .err = err };
    cmg__buf_init(&text, &ctx->alloc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &text);
    rc = show(&job, data, size);
    if (rc == CMG_OK)
        return cmg__describe_give(&d, out_text, err);
    cmg__buf_done(&text);
    return rc;
}
