/*
 * Reading certificate requests. Everything is bounded by the size of the request; what is
 * not well formed is refused, what is not known is skipped.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "crypto/csr.h"
#include "crypto/pem.h"
#include "crypto/signature.h"
#include "crypto/x509_data.h"
#include "crypto/x509_list.h"
#include "crypto/x509_name.h"

#define FILE_MAX       ((size_t)256 * 1024)
#define EXTENSIONS_MAX 64

/* ---- texts ---- */

/* The buffer's text becomes *out; the buffer is done. */
static cmg_status give_text(struct cmg__buf *text, cmg_status rc, char **out)
{
    if (rc == CMG_OK) {
        *out = cmg__strdup(text->alloc, cmg__buf_cstr(text));
        rc = *out != NULL ? CMG_OK : CMG_E_NOMEM;
    }
    cmg__buf_done(text);
    return rc;
}

static cmg_status read_subject(struct cmg__csr *csr)
{
    struct cmg__buf text;

    cmg__buf_init(&text, csr->alloc, 4 * CMG__CSR_DER_MAX);
    cmg_status rc =
        give_text(&text, cmg__x509_name_text(csr->subject, &text), &csr->subject_text);
    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&text, csr->alloc, 4 * CMG__CSR_DER_MAX);
    return give_text(&text, cmg__x509_name_common(csr->subject, &text),
                     &csr->common_name);
}

/* ---- extensions ---- */

/* Names that may be issued again must be what they look like. */
static bool is_plain(const struct cmg__gn *name)
{
    if (name->kind != CMG__GN_KIND_DNS && name->kind != CMG__GN_KIND_URI)
        return true;
    for (size_t i = 0; i < name->value.n; i++) {
        if (name->value.p[i] <= 0x20 || name->value.p[i] >= 0x7f)
            return false;
    }
    return name->value.n > 0;
}

static cmg_status read_name(const struct cmg__csr *csr, const struct cmg__gn *name,
                            struct cmg__csr_name *out)
{
    struct cmg__buf text;

    if (!is_plain(name))
        return CMG_E_PARSE;
    out->kind = name->kind;
    cmg__buf_init(&text, csr->alloc, 4 * CMG__CSR_DER_MAX);
    return give_text(&text, cmg__gn_text(name, &text), &out->text);
}

static cmg_status read_alternatives(struct cmg__csr *csr, struct cmg__span value)
{
    struct cmg__span list;
    struct cmg__gn name;
    size_t count = 0;
    cmg_status rc = CMG_OK;

    if (!cmg__der_take(&value, CMG__DER_SEQUENCE, &list) || value.n != 0)
        return CMG_E_PARSE;
    struct cmg__span counting = list;
    while (cmg__gn_next(&counting, &name))
        count++;
    if (counting.n != 0 || count == 0)
        return CMG_E_PARSE;
    csr->names = cmg__alloc_array(csr->alloc, count, sizeof *csr->names);
    if (csr->names == NULL)
        return CMG_E_NOMEM;
    while (rc == CMG_OK && cmg__gn_next(&list, &name)) {
        rc = read_name(csr, &name, &csr->names[csr->name_count]);
        csr->name_count += rc == CMG_OK;
    }
    return rc;
}

static cmg_status read_basic_constraints(struct cmg__csr *csr, struct cmg__span value)
{
    int path_length;

    return cmg__basic_constraints_read(value, &csr->wants_ca, &path_length) ? CMG_OK
                                                                            : CMG_E_PARSE;
}

static cmg_status read_key_usage(struct cmg__csr *csr, struct cmg__span value)
{
    csr->has_key_usage = true;
    return cmg__key_usage_read(value, &csr->key_usage) ? CMG_OK : CMG_E_PARSE;
}

static cmg_status read_eku(struct cmg__csr *csr, struct cmg__span value)
{
    struct cmg__span list;
    struct cmg__span oid;
    char text[CMG__OID_TEXT_SIZE];
    size_t count = 0;

    if (!cmg__der_take(&value, CMG__DER_SEQUENCE, &list) || value.n != 0)
        return CMG_E_PARSE;
    struct cmg__span counting = list;
    while (cmg__oid_next(&counting, &oid))
        count++;
    if (counting.n != 0 || count == 0)
        return CMG_E_PARSE;
    csr->eku = cmg__alloc_array(csr->alloc, count, sizeof *csr->eku);
    if (csr->eku == NULL)
        return CMG_E_NOMEM;
    while (cmg__oid_next(&list, &oid)) {
        cmg__oid_text(oid, text);
        csr->eku[csr->eku_count] = cmg__strdup(csr->alloc, text);
        if (csr->eku[csr->eku_count] == NULL)
            return CMG_E_NOMEM;
        csr->eku_count++;
    }
    return CMG_OK;
}

static cmg_status read_extension(struct cmg__csr *csr, const struct cmg__ext *extension)
{
    static const struct {
        enum cmg__oid id;
        cmg_status (*read)(struct cmg__csr *csr, struct cmg__span value);
    } readers[] = {
        { CMG__OID_SAN, read_alternatives },
        { CMG__OID_BASIC_CONSTRAINTS, read_basic_constraints },
        { CMG__OID_KEY_USAGE, read_key_usage },
        { CMG__OID_EKU, read_eku },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(readers); i++) {
        if (readers[i].id == extension->id)
            return readers[i].read(csr, extension->value);
    }
    return CMG_OK;
}

static cmg_status read_extensions(struct cmg__csr *csr)
{
    struct cmg__span list = csr->extensions;
    struct cmg__span seen[EXTENSIONS_MAX];
    struct cmg__ext extension;
    size_t count = 0;
    cmg_status rc = CMG_OK;

    while (rc == CMG_OK && cmg__ext_next(&list, &extension)) {
        if (count == EXTENSIONS_MAX)
            return CMG_E_PARSE;
        for (size_t i = 0; i < count; i++) {
            if (cmg__span_eq(seen[i], extension.oid))
                return CMG_E_PARSE;
        }
        seen[count++] = extension.oid;
        rc = read_extension(csr, &extension);
    }
    return rc == CMG_OK && list.n > 0 ? CMG_E_PARSE : rc;
}

static cmg_status read_template_name(struct cmg__csr *csr)
{
    struct cmg__ms_template found;
    struct cmg__buf text;

    cmg__buf_init(&text, csr->alloc, 4 * CMG__CSR_DER_MAX);
    return give_text(&text,
                     cmg__ms_template_find(csr->extensions, &found)
                         ? cmg__ms_template_text(&found, &text)
                         : CMG_OK,
                     &csr->template_name);
}

/* ---- the structure ---- */

/* Attributes: the extensions asked for, once; the others are not ours. */
static bool read_attributes(struct cmg__csr *csr, struct cmg__span list)
{
    while (list.n > 0) {
        struct cmg__span body;
        struct cmg__span values;
        struct cmg__span extensions;
        enum cmg__oid oid;

        if (!cmg__der_take(&list, CMG__DER_SEQUENCE, &body) ||
            !cmg__der_take_oid(&body, &oid) ||
            !cmg__der_take(&body, CMG__DER_SET, &values) || body.n != 0)
            return false;
        if (oid != CMG__OID_EXTENSION_REQUEST && oid != CMG__OID_MS_EXTENSION_REQUEST)
            continue;
        if (csr->extensions.p != NULL ||
            !cmg__der_take(&values, CMG__DER_SEQUENCE, &extensions) || values.n != 0)
            return false;
        csr->extensions = extensions;
    }
    return true;
}

static bool read_info(struct cmg__csr *csr, struct cmg__span body)
{
    struct cmg__span attributes;
    struct cmg__der_item item;
    uint32_t version;

    if (!cmg__der_take_uint(&body, 0, &version) ||
        !cmg__der_take(&body, CMG__DER_SEQUENCE, &csr->subject) ||
        !cmg__der_next(&body, &item) || !cmg__spki_read(&item, &csr->key))
        return false;
    csr->spki = csr->key.whole;
    if (cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 0, &attributes) &&
        !read_attributes(csr, attributes))
        return false;
    return body.n == 0;
}

static cmg_status verify(struct cmg__csr *csr, struct cmg__span algorithm,
                         struct cmg__span signature)
{
    struct cmg__signature_algorithm how;
    struct cmg__span parameters;
    struct cmg__span in = algorithm;
    enum cmg__oid oid = CMG__OID_UNKNOWN;

    if (!cmg__der_take_algorithm(&in, &oid, &parameters) || in.n != 0)
        return CMG_E_PARSE;
    (void)snprintf(csr->signature, sizeof csr->signature, "%s",
                   oid != CMG__OID_UNKNOWN ? cmg__oid_name(oid) : "other");
    if (!cmg__signature_algorithm_take(&algorithm, &how))
        return CMG_OK;
    const cmg_status rc = cmg__key_verify(csr->spki, &how, csr->info, signature);
    csr->verified = rc == CMG_OK;
    return rc == CMG_E_NOMEM ? rc : CMG_OK;
}

static cmg_status read_csr(struct cmg__csr *csr)
{
    struct cmg__span in = cmg__span_of(csr->der, csr->der_len);
    struct cmg__span body;
    struct cmg__span signature;
    struct cmg__der_item info;
    struct cmg__der_item algorithm;

    if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &body) || in.n != 0 ||
        !cmg__der_next(&body, &info) || info.tag != CMG__DER_SEQUENCE ||
        !cmg__der_next(&body, &algorithm) || !cmg__der_take_bits(&body, &signature) ||
        body.n != 0 || !read_info(csr, info.content))
        return CMG_E_PARSE;
    csr->info = info.whole;
    cmg_status rc = read_subject(csr);
    if (rc == CMG_OK)
        rc = read_extensions(csr);
    if (rc == CMG_OK)
        rc = read_template_name(csr);
    return rc == CMG_OK ? verify(csr, algorithm.whole, signature) : rc;
}

static struct cmg__csr *new_csr(const struct cmg__alloc *alloc, const void *der, size_t n)
{
    struct cmg__csr *csr = cmg__alloc0(alloc, sizeof *csr);

    if (csr == NULL)
        return NULL;
    csr->alloc = alloc;
    csr->der = cmg__alloc(alloc, n);
    if (csr->der == NULL) {
        cmg__free(alloc, csr);
        return NULL;
    }
    memcpy(csr->der, der, n);
    csr->der_len = n;
    return csr;
}

static cmg_status parse_der(const struct cmg__alloc *alloc, const void *der, size_t n,
                            struct cmg__csr **out, cmg_error **err)
{
    if (n > CMG__CSR_DER_MAX)
        return cmg__fail(err, alloc, CMG_E_LIMIT, "request", NULL,
                         "a certificate request of %zu bytes is too large", n);
    struct cmg__csr *csr = new_csr(alloc, der, n);
    if (csr == NULL)
        return cmg__fail_nomem(err);
    const cmg_status rc = read_csr(csr);
    if (rc == CMG_OK) {
        *out = csr;
        return CMG_OK;
    }
    cmg__csr_free(csr);
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    return cmg__fail(err, alloc, CMG_E_PARSE, "request", "give it as PKCS#10 DER or PEM",
                     "the certificate request of %zu bytes is not well formed", n);
}

static cmg_status parse_pem(const struct cmg__alloc *alloc, const void *text, size_t n,
                            struct cmg__csr **out, cmg_error **err)
{
    struct cmg__pem_reader in = { .text = text, .left = n };
    struct cmg__pem_block block;
    struct cmg__buf der;
    cmg_status rc;

    cmg__buf_init(&der, alloc, FILE_MAX);
    for (rc = cmg__pem_next(&in, &block, &der); rc == CMG_OK;
         rc = cmg__pem_next(&in, &block, &der)) {
        if (cmg__pem_is(&block, "CERTIFICATE REQUEST") ||
            cmg__pem_is(&block, "NEW CERTIFICATE REQUEST"))
            break;
    }
    if (rc == CMG_OK)
        rc = parse_der(alloc, der.data, der.len, out, err);
    else if (rc == CMG_E_NOMEM)
        rc = cmg__fail_nomem(err);
    else
        rc = cmg__fail(err, alloc, CMG_E_PARSE, "request",
                       "give a PKCS#10 request as PEM or DER",
                       "there is no readable certificate request in the text");
    cmg__buf_done(&der);
    return rc;
}

cmg_status cmg__csr_parse(const struct cmg__alloc *alloc, const void *data, size_t n,
                          struct cmg__csr **out, cmg_error **err)
{
    if (n > FILE_MAX)
        return cmg__fail(err, alloc, CMG_E_LIMIT, "request", NULL,
                         "a certificate request of %zu bytes is too large", n);
    if (n > 0 && *(const uint8_t *)data == CMG__DER_SEQUENCE)
        return parse_der(alloc, data, n, out, err);
    return parse_pem(alloc, data, n, out, err);
}

void cmg__csr_free(struct cmg__csr *csr)
{
    if (csr == NULL)
        return;
    const struct cmg__alloc *alloc = csr->alloc;
    for (size_t i = 0; i < csr->name_count; i++)
        cmg__free(alloc, csr->names[i].text);
    for (size_t i = 0; i < csr->eku_count; i++)
        cmg__free(alloc, csr->eku[i]);
    cmg__free(alloc, csr->names);
    cmg__free(alloc, csr->eku);
    cmg__free(alloc, csr->template_name);
    cmg__free(alloc, csr->common_name);
    cmg__free(alloc, csr->subject_text);
    cmg__free(alloc, csr->der);
    cmg__free(alloc, csr);
}

cmg_status cmg__csr_write_pem(const struct cmg__csr *csr, struct cmg__buf *out)
{
    return cmg__pem_write(out, "CERTIFICATE REQUEST", csr->der, csr->der_len);
}
