/* Writing certificate requests by template. */
#include "crypto/csr.h"

#include <string.h>

#include "crypto/x509_compose.h"
#include "crypto/x509_data.h"

#define SPKI_MAX 2048

/* BMPString of an ASCII name. */
static void put_template_name(struct cmg__der_writer *w, const char *name)
{
    if (name[0] == '\0')
        return;
    const struct cmg__extension mark =
        cmg__extension_open(w, CMG__OID_MS_TEMPLATE_NAME, false);
    const size_t text = cmg__der_open(w, CMG__DER_BMP_STRING);
    for (; *name != '\0'; name++) {
        const uint8_t pair[2] = { 0, (uint8_t)*name };

        cmg__der_put_raw(w, pair, sizeof pair);
    }
    cmg__der_close(w, text);
    cmg__extension_close(w, mark);
}

static void put_extensions(struct cmg__der_writer *w,
                           const struct cmg__csr_request *request)
{
    const struct cmg__x509_template *t = request->template;
    const size_t list = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__compose_basic_constraints(w, t);
    cmg__compose_key_usage(w, t, cmg__key_kind(request->key));
    cmg__compose_eku(w, t);
    cmg__compose_alternatives(w, t, &request->names,
                              !cmg__x509_names_has_subject(&request->names));
    put_template_name(w, t->enrolment_name);
    cmg__der_close(w, list);
}

static void put_attributes(struct cmg__der_writer *w,
                           const struct cmg__csr_request *request)
{
    const size_t set = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 0);
    const size_t attribute = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__der_put_oid(w, CMG__OID_EXTENSION_REQUEST);
    const size_t values = cmg__der_open(w, CMG__DER_SET);
    put_extensions(w, request);
    cmg__der_close(w, values);
    cmg__der_close(w, attribute);
    cmg__der_close(w, set);
}

static void put_info(struct cmg__der_writer *w, const struct cmg__csr_request *request,
                     const struct cmg__buf *spki)
{
    const size_t info = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__der_put_uint(w, 0);
    cmg__x509_names_put_subject(w, request->template, &request->names);
    cmg__der_put_raw(w, spki->data, spki->len);
    put_attributes(w, request);
    cmg__der_close(w, info);
}

static cmg_status sign(const struct cmg__env *env, const struct cmg__csr_request *request,
                       struct cmg__buf *out, cmg_error **err)
{
    struct cmg__buf spki;
    struct cmg__buf info;
    struct cmg__der_writer w;

    cmg__buf_init(&spki, out->alloc, SPKI_MAX);
    cmg__buf_init(&info, out->alloc, CMG__CSR_DER_MAX);
    cmg__der_write_init(&w, &info);
    w.rc = cmg__key_write_public_der(request->key, &spki);
    put_info(&w, request, &spki);
    const cmg_status rc =
        cmg__compose_signed(request->key, env, request->template->hash, &w, out, err);
    cmg__buf_done(&info);
    cmg__buf_done(&spki);
    return rc;
}

/* What leaves must be readable and signed. */
static cmg_status check_written(const struct cmg__buf *der, cmg_error **err)
{
    struct cmg__csr *csr = NULL;
    cmg_status rc = cmg__csr_parse(der->alloc, der->data, der->len, &csr, err);

    if (rc == CMG_OK && !csr->verified)
        rc = cmg__fail(err, der->alloc, CMG_E_INTERNAL, "request", NULL,
                       "the new request's signature does not verify");
    cmg__csr_free(csr);
    return rc;
}

cmg_status cmg__csr_write(const struct cmg__alloc *alloc, const struct cmg__env *env,
                          const struct cmg__csr_request *request, struct cmg__buf *out,
                          cmg_error **err)
{
    struct cmg__buf der;
    cmg_status rc = cmg__x509_names_check(alloc, request->template, &request->names, err);

    if (rc == CMG_OK)
        rc = cmg__x509_template_allows_key(alloc, request->template,
                                           cmg__key_kind(request->key),
                                           cmg__key_bits(request->key), err);
    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&der, alloc, CMG__CSR_DER_MAX);
    rc = sign(env, request, &der, err);
    if (rc == CMG_OK)
        rc = check_written(&der, err);
    if (rc == CMG_OK && cmg__buf_add(out, der.data, der.len) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&der);
    return rc;
}
