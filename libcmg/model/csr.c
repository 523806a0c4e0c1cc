/* cmg_csr: a certificate request whose signature was verified. Immutable. */
#include "model/csr.h"

#include "model/certificate_template.h"
#include "model/key.h"

#define OUTPUT_MAX ((size_t)512 * 1024)

cmg_status cmg__csr_make(cmg_context *ctx, struct cmg__csr *csr, cmg_csr **out,
                         cmg_error **err)
{
    cmg_csr *made = NULL;
    cmg_status rc = CMG_OK;

    if (!csr->verified)
        rc = cmg__fail(err, &ctx->alloc, CMG_E_CERT, csr->subject_text,
                       "make the request again, with SHA-256 or better and a key of RSA "
                       "2048 or EC P-256 at least",
                       "the request's signature (%s, %s) does not verify", csr->signature,
                       csr->key.description);
    if (rc == CMG_OK) {
        made = cmg__alloc0(&ctx->alloc, sizeof *made);
        rc = made != NULL ? CMG_OK : cmg__fail_nomem(err);
    }
    if (made == NULL) {
        cmg__csr_free(csr);
        return rc;
    }
    cmg__handle_init(&made->head, CMG__TAG_CSR, ctx);
    made->csr = csr;
    *out = made;
    return CMG_OK;
}

cmg_status cmg_csr_new_from_bytes(cmg_context *ctx, const void *data, size_t size,
                                  cmg_csr **out_csr, cmg_error **err)
{
    struct cmg__csr *csr = NULL;
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (data == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "data", NULL,
                         "there is no certificate request to read");
    rc = cmg__csr_parse(&ctx->alloc, data, size, &csr, err);
    return rc == CMG_OK ? cmg__csr_make(ctx, csr, out_csr, err) : rc;
}

static struct cmg__x509_names names_of(const cmg_csr_request *request)
{
    return (struct cmg__x509_names){
        .common_name = request->common_name,
        .organization = request->organization,
        .organizational_unit = request->organizational_unit,
        .locality = request->locality,
        .state = request->state,
        .country = request->country,
        .dns_names = request->dns_names,
        .ip_addresses = request->ip_addresses,
        .upns = request->upns,
        .uris = request->uris,
    };
}

static cmg_status write_request(cmg_context *ctx, const struct cmg__csr_request *request,
                                cmg_csr **out, cmg_error **err)
{
    struct cmg__buf der;
    struct cmg__csr *csr = NULL;

    cmg__buf_init(&der, &ctx->alloc, CMG__CSR_DER_MAX);
    cmg_status rc = cmg__csr_write(&ctx->alloc, &ctx->env, request, &der, err);
    if (rc == CMG_OK)
        rc = cmg__csr_parse(&ctx->alloc, der.data, der.len, &csr, err);
    cmg__buf_done(&der);
    return rc == CMG_OK ? cmg__csr_make(ctx, csr, out, err) : rc;
}

cmg_status cmg_csr_new(cmg_context *ctx, const cmg_template *tmpl, const cmg_key *key,
                       const cmg_csr_request *request, cmg_csr **out_csr, cmg_error **err)
{
    cmg_csr_request wanted;
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc == CMG_OK)
        rc = cmg__check(tmpl != NULL ? &tmpl->head : NULL, CMG__TAG_TEMPLATE, err);
    if (rc == CMG_OK)
        rc = cmg__check(key != NULL ? &key->head : NULL, CMG__TAG_KEY, err);
    if (rc == CMG_OK)
        rc = cmg__tagged_copy(&wanted, sizeof wanted, sizeof wanted, request,
                              "cmg_csr_request", err);
    if (rc != CMG_OK)
        return rc;
    const struct cmg__csr_request inner = {
        .template = &tmpl->data,
        .names = names_of(&wanted),
        .key = key->key,
    };
    return write_request(ctx, &inner, out_csr, err);
}

static cmg_status check(const cmg_csr *csr, cmg_error **err)
{
    return cmg__check(csr != NULL ? &csr->head : NULL, CMG__TAG_CSR, err);
}

/* rc is what filling the buffer came to; the buffer is done. */
static cmg_status give_bytes(struct cmg__buf *buf, cmg_status rc, cmg_bytes **out_bytes,
                             cmg_error **err)
{
    if (rc == CMG_OK)
        rc = cmg__bytes_new(buf->alloc, buf->data, buf->len, out_bytes);
    cmg__buf_done(buf);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

cmg_status cmg_csr_export_pem(const cmg_csr *csr, cmg_bytes **out_bytes, cmg_error **err)
{
    struct cmg__buf text;
    const cmg_status rc = check(csr, err);

    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&text, &csr->head.ctx->alloc, OUTPUT_MAX);
    return give_bytes(&text, cmg__csr_write_pem(csr->csr, &text), out_bytes, err);
}

cmg_status cmg_csr_export_der(const cmg_csr *csr, cmg_bytes **out_bytes, cmg_error **err)
{
    const cmg_status rc = check(csr, err);

    if (rc != CMG_OK)
        return rc;
    return cmg__bytes_new(&csr->head.ctx->alloc, csr->csr->der, csr->csr->der_len,
                          out_bytes) == CMG_OK
               ? CMG_OK
               : cmg__fail_nomem(err);
}

cmg_status cmg_csr_describe(const cmg_csr *csr, cmg_bytes **out_text, cmg_error **err)
{
    struct cmg__buf text;
    struct cmg__describe d;
    const cmg_status rc = check(csr, err);

    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&text, &csr->head.ctx->alloc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &text);
    cmg__csr_describe(csr->csr, &d);
    return give_bytes(&text, d.rc, out_text, err);
}

const char *cmg_csr_subject(const cmg_csr *csr)
{
    return check(csr, NULL) == CMG_OK ? csr->csr->subject_text : "";
}

const char *cmg_csr_common_name(const cmg_csr *csr)
{
    return check(csr, NULL) == CMG_OK ? csr->csr->common_name : "";
}

const char *cmg_csr_key_description(const cmg_csr *csr)
{
    return check(csr, NULL) == CMG_OK ? csr->csr->key.description : "";
}

const char *cmg_csr_template_name(const cmg_csr *csr)
{
    return check(csr, NULL) == CMG_OK ? csr->csr->template_name : "";
}

size_t cmg_csr_name_count(const cmg_csr *csr)
{
    return check(csr, NULL) == CMG_OK ? csr->csr->name_count : 0;
}

const char *cmg_csr_name(const cmg_csr *csr, size_t index)
{
    return index < cmg_csr_name_count(csr) ? csr->csr->names[index].text : "";
}

cmg_name_kind cmg_csr_name_kind(const cmg_csr *csr, size_t index)
{
    static const cmg_name_kind kinds[CMG__GN_KIND_COUNT] = {
        [CMG__GN_KIND_DNS] = CMG_NAME_DNS,
        [CMG__GN_KIND_IP] = CMG_NAME_IP,
        [CMG__GN_KIND_EMAIL] = CMG_NAME_EMAIL,
        [CMG__GN_KIND_URI] = CMG_NAME_URI,
        [CMG__GN_KIND_UPN] = CMG_NAME_UPN,
        [CMG__GN_KIND_DIRECTORY] = CMG_NAME_DIRECTORY,
        [CMG__GN_KIND_REGISTERED_ID] = CMG_NAME_REGISTERED_ID,
        [CMG__GN_KIND_OTHER] = CMG_NAME_OTHER,
        [CMG__GN_KIND_X400] = CMG_NAME_X400,
        [CMG__GN_KIND_EDI] = CMG_NAME_EDI,
    };

    return index < cmg_csr_name_count(csr) ? kinds[csr->csr->names[index].kind]
                                           : CMG_NAME_OTHER;
}

size_t cmg_csr_eku_count(const cmg_csr *csr)
{
    return check(csr, NULL) == CMG_OK ? csr->csr->eku_count : 0;
}

const char *cmg_csr_eku(const cmg_csr *csr, size_t index)
{
    return index < cmg_csr_eku_count(csr) ? csr->csr->eku[index] : "";
}

cmg_csr *cmg_csr_ref(cmg_csr *csr)
{
    if (csr != NULL)
        cmg__handle_ref(&csr->head);
    return csr;
}

void cmg_csr_unref(cmg_csr *csr)
{
    if (csr == NULL || !cmg__handle_unref(&csr->head))
        return;
    cmg_context *ctx = cmg_context_ref(csr->head.ctx);
    cmg__csr_free(csr->csr);
    cmg__handle_done(&csr->head);
    cmg__free(&ctx->alloc, csr);
    cmg_context_unref(ctx);
}
