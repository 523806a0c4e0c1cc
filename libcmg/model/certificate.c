/*
 * cmg_certificate: a chain and perhaps the key of its leaf, read from PEM, DER, PKCS#7 or
 * PFX, given out as PEM or PFX. Immutable; the key leaves only inside a PFX. What a
 * certificate is worth is not judged here.
 */
#include "model/certificate.h"

#include "crypto/intake.h"

#include "model/key.h"

#define INPUT_MAX  ((size_t)1024 * 1024)
#define OUTPUT_MAX ((size_t)4 * 1024 * 1024)

cmg_status cmg__certificate_make(cmg_context *ctx, struct cmg__x509 **chain, size_t count,
                                 struct cmg__key *key, cmg_certificate **out,
                                 cmg_error **err)
{
    cmg_certificate *cert = NULL;
    cmg_status rc = CMG_OK;

    if (key != NULL && !cmg__x509_matches_key(chain[0], key)) {
        struct cmg__x509_info info;

        cmg__x509_info(chain[0], &info);
        rc = cmg__fail(err, &ctx->alloc, CMG_E_CERT, info.subject,
                       "put the leaf first, and the key that belongs to it",
                       "the private key does not belong to the first certificate");
    }
    if (rc == CMG_OK) {
        cert = cmg__alloc0(&ctx->alloc, sizeof *cert);
        if (cert == NULL || cmg__facts_init(&cert->facts, &ctx->alloc, chain[0]) != 0) {
            cmg__free(&ctx->alloc, cert);
            cert = NULL;
            rc = cmg__fail_nomem(err);
        }
    }
    if (cert == NULL) {
        cmg__x509_free_list(&ctx->alloc, chain, count);
        cmg__key_free(key);
        return rc;
    }
    cmg__handle_init(&cert->head, CMG__TAG_CERTIFICATE, ctx);
    cert->chain = chain;
    cert->count = count;
    cert->key = key;
    cmg__x509_info(chain[0], &cert->info);
    *out = cert;
    return CMG_OK;
}

cmg_status cmg__certificate_intake(cmg_context *ctx, const void *data, size_t size,
                                   const char *password, cmg_certificate **out,
                                   cmg_error **err)
{
    struct cmg__intake intake;
    cmg_status rc = cmg__intake_read(&intake, &ctx->alloc, &ctx->env, data, size,
                                     password, true, err);

    if (rc != CMG_OK)
        return rc;
    rc = cmg__intake_sort(&intake, err);
    if (rc != CMG_OK) {
        cmg__intake_done(&intake);
        return rc;
    }
    return cmg__certificate_make(ctx, intake.certs.items, intake.certs.count, intake.key,
                                 out, err);
}

static cmg_status check_input(cmg_context *ctx, const void *data, size_t size,
                              cmg_error **err)
{
    const cmg_status rc =
        cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (data == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "data", NULL,
                         "there is no certificate to read");
    if (size > INPUT_MAX)
        return cmg__fail(err, &ctx->alloc, CMG_E_LIMIT, "size", "give at most 1 MiB",
                         "%zu bytes are too many for a certificate", size);
    return CMG_OK;
}

cmg_status cmg_certificate_new_from_pem(cmg_context *ctx, const char *pem, size_t size,
                                        cmg_certificate **out_cert, cmg_error **err)
{
    return cmg_certificate_new_from_bytes(ctx, pem, size, NULL, out_cert, err);
}

cmg_status cmg_certificate_new_from_pfx(cmg_context *ctx, const void *data, size_t size,
                                        const char *password, cmg_certificate **out_cert,
                                        cmg_error **err)
{
    return cmg_certificate_new_from_bytes(ctx, data, size, password, out_cert, err);
}

cmg_status cmg_certificate_new_from_bytes(cmg_context *ctx, const void *data, size_t size,
                                          const char *password,
                                          cmg_certificate **out_cert, cmg_error **err)
{
    const cmg_status rc = check_input(ctx, data, size, err);

    return rc == CMG_OK
               ? cmg__certificate_intake(ctx, data, size, password, out_cert, err)
               : rc;
}

static cmg_status check_certificate(const cmg_certificate *cert, cmg_error **err)
{
    return cmg__check(cert != NULL ? &cert->head : NULL, CMG__TAG_CERTIFICATE, err);
}

/* The same certificates, parsed again: each handle owns its own. */
static cmg_status copy_chain(const cmg_certificate *cert, struct cmg__x509 ***out,
                             cmg_error **err)
{
    const struct cmg__alloc *alloc = &cert->head.ctx->alloc;
    struct cmg__x509 **chain = cmg__alloc_array(alloc, cert->count, sizeof *chain);
    struct cmg__x509_info info;
    cmg_status rc = chain != NULL ? CMG_OK : cmg__fail_nomem(err);
    size_t n = 0;

    while (rc == CMG_OK && n < cert->count) {
        cmg__x509_info(cert->chain[n], &info);
        rc = cmg__x509_parse(alloc, info.der, info.der_len, &chain[n], err);
        n += rc == CMG_OK;
    }
    if (rc == CMG_OK)
        *out = chain;
    else if (chain != NULL)
        cmg__x509_free_list(alloc, chain, n);
    return rc;
}

cmg_status cmg_certificate_new_with_key(cmg_certificate *cert, cmg_key *key,
                                        cmg_certificate **out_cert, cmg_error **err)
{
    struct cmg__x509 **chain = NULL;
    cmg_status rc = check_certificate(cert, err);

    if (rc == CMG_OK)
        rc = cmg__key_check(key, err);
    if (rc == CMG_OK && key->head.ctx != cert->head.ctx)
        rc = cmg__fail(err, &cert->head.ctx->alloc, CMG_E_INVAL, "key",
                       "make both with one context",
                       "the key belongs to another context than the certificate");
    if (rc == CMG_OK)
        rc = copy_chain(cert, &chain, err);
    if (rc != CMG_OK)
        return rc;
    return cmg__certificate_make(cert->head.ctx, chain, cert->count,
                                 cmg__key_ref(key->key), out_cert, err);
}

bool cmg_certificate_matches_key(const cmg_certificate *cert, const cmg_key *key)
{
    return check_certificate(cert, NULL) == CMG_OK &&
           cmg__key_check(key, NULL) == CMG_OK &&
           cmg__x509_matches_key(cert->chain[0], key->key);
}

cmg_status cmg__certificate_chain_pem(const cmg_certificate *cert, struct cmg__buf *out)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; i < cert->count && rc == CMG_OK; i++)
        rc = cmg__x509_write_pem(cert->chain[i], out);
    return rc;
}

cmg_status cmg__certificate_check_key(const cmg_certificate *cert, cmg_error **err)
{
    const struct cmg__alloc *alloc = &cert->head.ctx->alloc;

    if (cert->key == NULL)
        return cmg__fail(err, alloc, CMG_E_INVAL, "certificate",
                         "load it together with its private key",
                         "the certificate has no private key");
    if (cmg__key_is_held(cert->key))
        return cmg__fail(err, alloc, CMG_E_UNSUPPORTED, "certificate",
                         "use a certificate whose private key the library has",
                         "TLS cannot use a private key that the host holds");
    return CMG_OK;
}

cmg_status cmg__certificate_key_pem(const cmg_certificate *cert, struct cmg__buf *out)
{
    return cert->key != NULL ? cmg__key_write_pem(cert->key, out) : CMG_E_STATE;
}

/* rc is what filling the buffer came to; the buffer is emptied and its memory wiped. */
static cmg_status give_bytes(const cmg_certificate *cert, struct cmg__buf *buf,
                             cmg_status rc, cmg_bytes **out_bytes, cmg_error **err)
{
    if (rc == CMG_OK)
        rc = cmg__bytes_new(&cert->head.ctx->alloc, buf->data, buf->len, out_bytes);
    cmg__buf_done(buf);
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    return rc;
}

cmg_status cmg_certificate_export_pem(cmg_certificate *cert, cmg_bytes **out_bytes,
                                      cmg_error **err)
{
    struct cmg__buf pem;
    const cmg_status rc = check_certificate(cert, err);

    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&pem, &cert->head.ctx->alloc, OUTPUT_MAX);
    return give_bytes(cert, &pem, cmg__certificate_chain_pem(cert, &pem), out_bytes, err);
}

const char *cmg_certificate_subject(const cmg_certificate *cert)
{
    return check_certificate(cert, NULL) == CMG_OK ? cert->info.subject : "";
}

const char *cmg_certificate_issuer(const cmg_certificate *cert)
{
    return check_certificate(cert, NULL) == CMG_OK ? cert->info.issuer : "";
}

const char *cmg_certificate_common_name(const cmg_certificate *cert)
{
    return check_certificate(cert, NULL) == CMG_OK ? cert->info.common_name : "";
}

const char *cmg_certificate_sha256(const cmg_certificate *cert)
{
    return check_certificate(cert, NULL) == CMG_OK ? cert->info.sha256_hex : "";
}

const char *cmg_certificate_key_description(const cmg_certificate *cert)
{
    return check_certificate(cert, NULL) == CMG_OK ? cert->info.key_description : "";
}

bool cmg_certificate_has_key(const cmg_certificate *cert)
{
    return check_certificate(cert, NULL) == CMG_OK && cert->key != NULL;
}

int64_t cmg_certificate_not_before_unix_s(const cmg_certificate *cert)
{
    return check_certificate(cert, NULL) == CMG_OK ? cert->info.not_before_unix_s : 0;
}

int64_t cmg_certificate_not_after_unix_s(const cmg_certificate *cert)
{
    return check_certificate(cert, NULL) == CMG_OK ? cert->info.not_after_unix_s : 0;
}

cmg_certificate *cmg_certificate_ref(cmg_certificate *cert)
{
    if (cert != NULL)
        cmg__handle_ref(&cert->head);
    return cert;
}

void cmg_certificate_unref(cmg_certificate *cert)
{
    if (cert == NULL || !cmg__handle_unref(&cert->head))
        return;
    /* The context's allocator must outlive what was taken from it. */
    cmg_context *ctx = cmg_context_ref(cert->head.ctx);
    cmg__x509_free_list(&ctx->alloc, cert->chain, cert->count);
    cmg__facts_done(&cert->facts);
    cmg__key_free(cert->key);
    cmg__handle_done(&cert->head);
    cmg__free(&ctx->alloc, cert);
    cmg_context_unref(ctx);
}
