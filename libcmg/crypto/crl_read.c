/*
 * Reading a revocation list in one pass over its entries. The head, the extensions and
 * the signature are copied, entries are packed into the index, the rest is hashed and
 * forgotten. What is well formed is accepted; contradictions that would let an entry be
 * read in two ways are not.
 */
#include "crypto/crl_data.h"

#include <string.h>

#include "base/str.h"
#include "crypto/pem.h"
#include "crypto/x509_name.h"

/* No more than a certificate may have: what is shown of it then fits into a text. */
#define KEPT_MAX CMG__X509_DER_MAX

struct reader {
    struct cmg__crl *crl;
    bool has_extensions;   /* version 2 */
    struct cmg__span head; /* issuer and times */
    struct cmg__span revoked;
    struct cmg__span extensions;
    uint8_t issuer; /* of the entry at hand and those after it */
    bool has_other_issuers;
    size_t entry;
    const char *fault; /* what is malformed */
    cmg_status rc;
};

static bool fault(struct reader *r, const char *what)
{
    r->fault = what;
    return false;
}

static bool out_of(struct reader *r, cmg_status rc)
{
    r->rc = rc;
    return false;
}

/* ---- entries ---- */

static bool take_serial(struct cmg__span *in, struct cmg__crl_serial *serial)
{
    struct cmg__span bytes;

    if (!cmg__der_take(in, CMG__DER_INTEGER, &bytes) || bytes.n == 0)
        return false;
    if (bytes.n > 1 && ((bytes.p[0] == 0 && (bytes.p[1] & 0x80U) == 0) ||
                        (bytes.p[0] == 0xff && (bytes.p[1] & 0x80U) != 0)))
        return false;
    serial->negative = (bytes.p[0] & 0x80U) != 0;
    if (bytes.n > 1 && bytes.p[0] == 0)
        bytes = cmg__span_of(bytes.p + 1, bytes.n - 1);
    serial->bytes = bytes;
    return bytes.n <= CMG__SERIAL_MAX;
}

/* ENUMERATED; a value without meaning still revokes. */
static bool read_reason(struct reader *r, struct cmg__span value,
                        struct cmg__crl_record *record)
{
    struct cmg__span bytes;

    if (!cmg__der_take(&value, 0x0a, &bytes) || value.n != 0 || bytes.n != 1)
        return fault(r, "reasonCode");
    record->reason = bytes.p[0] > CMG_REASON_AA_COMPROMISE || bytes.p[0] == 7
                         ? CMG_REASON_UNSPECIFIED
                         : bytes.p[0];
    return true;
}

static bool read_invalidity(struct reader *r, struct cmg__span value,
                            struct cmg__crl_record *record)
{
    record->has_invalidity = true;
    if (cmg__der_peek(&value) != CMG__DER_GENERALIZED_TIME ||
        !cmg__der_take_time(&value, &record->invalidity) || value.n != 0)
        return fault(r, "invalidityDate");
    return true;
}

static bool add_issuer(struct reader *r, struct cmg__span name)
{
    struct cmg__crl *crl = r->crl;
    struct cmg__crl_issuer *issuer = &crl->issuers[crl->issuer_count];

    issuer->name = cmg__alloc(crl->alloc, name.n);
    if (issuer->name == NULL)
        return out_of(r, CMG_E_NOMEM);
    memcpy(issuer->name, name.p, name.n);
    issuer->n = name.n;
    r->issuer = (uint8_t)++crl->issuer_count;
    return true;
}

static bool read_other_issuer(struct reader *r, struct cmg__span name)
{
    struct cmg__crl *crl = r->crl;

    r->has_other_issuers = true;
    for (size_t i = crl->issuer_count; i > 0; i--) {
        const struct cmg__crl_issuer *issuer = &crl->issuers[i - 1];

        if (cmg__span_eq(cmg__span_of(issuer->name, issuer->n), name)) {
            r->issuer = (uint8_t)i;
            return true;
        }
    }
    if (crl->issuer_count == CMG__CRL_MAX_ISSUERS)
        return out_of(r, CMG_E_LIMIT);
    if (crl->issuers == NULL)
        crl->issuers =
            cmg__alloc_array(crl->alloc, CMG__CRL_MAX_ISSUERS, sizeof *crl->issuers);
    return crl->issuers != NULL ? add_issuer(r, name) : out_of(r, CMG_E_NOMEM);
}

/* Whose certificate this entry and the following ones speak of. */
static bool read_issuer(struct reader *r, struct cmg__span value,
                        struct cmg__crl_record *record)
{
    struct cmg__span names;
    struct cmg__span name;

    (void)record;
    if (!cmg__der_take(&value, CMG__DER_SEQUENCE, &names) || value.n != 0 ||
        !cmg__crl_next_directory(&names, &name) || name.n == 0)
        return fault(r, "certificateIssuer");
    if (!cmg__x509_name_equal(name, r->crl->info.issuer_name))
        return read_other_issuer(r, name);
    r->issuer = 0;
    return true;
}

static const struct entry_reader {
    enum cmg__oid oid;
    bool (*read)(struct reader *r, struct cmg__span value,
                 struct cmg__crl_record *record);
} entry_readers[] = {
    { CMG__OID_CRL_REASON, read_reason },
    { CMG__OID_INVALIDITY_DATE, read_invalidity },
    { CMG__OID_CERTIFICATE_ISSUER, read_issuer },
};

static bool read_entry_extension(struct reader *r, const struct cmg__ext *extension,
                                 struct cmg__crl_record *record)
{
    char *unknown = r->crl->unknown_critical_entry;

    for (size_t i = 0; i < CMG__ARRAY_LEN(entry_readers); i++) {
        if (entry_readers[i].oid == extension->id)
            return entry_readers[i].read(r, extension->value, record);
    }
    if (extension->critical && unknown[0] == '\0')
        cmg__oid_format(extension->oid.p, extension->oid.n, unknown);
    return true;
}

static bool read_entry_extensions(struct reader *r, struct cmg__span *in,
                                  struct cmg__crl_record *record)
{
    struct cmg__span list;
    struct cmg__ext extension;

    if (!r->has_extensions || !cmg__der_take(in, CMG__DER_SEQUENCE, &list) ||
        list.n == 0 || !cmg__ext_are_distinct(list))
        return fault(r, "list of entry extensions");
    while (list.n > 0) {
        if (!cmg__ext_next(&list, &extension) ||
            !read_entry_extension(r, &extension, record))
            return false;
    }
    return true;
}

static bool read_entry(struct reader *r, struct cmg__span body)
{
    struct cmg__crl_record record = { .reason = CMG_REASON_UNSPECIFIED };

    if (!take_serial(&body, &record.serial))
        return fault(r, "serial number");
    if (!cmg__der_take_time(&body, &record.date))
        return fault(r, "revocation date");
    if (body.n > 0 && !read_entry_extensions(r, &body, &record))
        return false;
    if (body.n != 0)
        return fault(r, "end");
    record.issuer = r->issuer;
    const cmg_status rc = cmg__crl_index_add(&r->crl->index, &record);
    return rc == CMG_OK || out_of(r, rc);
}

static bool read_entries(struct reader *r)
{
    struct cmg__span in = r->revoked;
    struct cmg__span body;

    while (in.n > 0) {
        r->entry++;
        if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &body))
            return fault(r, "frame");
        if (!read_entry(r, body))
            return false;
    }
    r->entry = 0;
    if (r->has_other_issuers && !r->crl->info.is_indirect)
        return fault(r, "issuingDistributionPoint (entries name another issuer, but the "
                        "list is not indirect)");
    const cmg_status rc = cmg__crl_index_finish(&r->crl->index);
    return rc == CMG_OK || out_of(r, rc);
}

/* ---- the list ---- */

/* Issuer and times, from the copy. */
static bool read_head(struct reader *r)
{
    struct cmg__crl_info *info = &r->crl->info;
    struct cmg__span in = r->head;

    if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &info->issuer_name) ||
        info->issuer_name.n == 0)
        return fault(r, "issuer");
    if (!cmg__der_take_time(&in, &info->this_update_unix_s))
        return fault(r, "thisUpdate");
    /* 0 says that there is none. */
    if (in.n > 0 && (!cmg__der_take_time(&in, &info->next_update_unix_s) ||
                     info->next_update_unix_s <= 0))
        return fault(r, "nextUpdate");
    return true;
}

static bool is_time(unsigned tag)
{
    return tag == CMG__DER_UTC_TIME || tag == CMG__DER_GENERALIZED_TIME;
}

/* Cuts what is signed into head, entries and extensions. */
static bool cut_body(struct reader *r, struct cmg__span body, struct cmg__span algorithm)
{
    struct cmg__der_item item;
    struct cmg__span wrapped;
    uint32_t version = 0;

    if (cmg__der_peek(&body) == CMG__DER_INTEGER &&
        (!cmg__der_take_uint(&body, 1, &version) || version != 1))
        return fault(r, "version");
    r->has_extensions = version == 1;
    if (!cmg__der_next(&body, &item) || !cmg__span_eq(item.whole, algorithm))
        return fault(r, "signature algorithm");
    const uint8_t *head = body.p;
    if (!cmg__der_next(&body, &item) || !cmg__der_next(&body, &item))
        return fault(r, "head");
    if (is_time(cmg__der_peek(&body)) && !cmg__der_next(&body, &item))
        return fault(r, "nextUpdate");
    r->head = cmg__span_of(head, (size_t)(body.p - head));
    cmg__der_take_if(&body, CMG__DER_SEQUENCE, &r->revoked);
    if (cmg__der_take_if(&body, CMG__DER_CONTEXT_CONS + 0, &wrapped) &&
        (!r->has_extensions ||
         !cmg__der_take(&wrapped, CMG__DER_SEQUENCE, &r->extensions) || wrapped.n != 0 ||
         r->extensions.n == 0))
        return fault(r, "list of extensions");
    return body.n == 0 || fault(r, "end");
}

static struct cmg__span copy(uint8_t **at, struct cmg__span from)
{
    uint8_t *to = *at;

    if (from.n > 0)
        memcpy(to, from.p, from.n);
    *at += from.n;
    return cmg__span_of(to, from.n);
}

/* Copies what is kept and lets the spans point into the copy. */
static bool keep(struct reader *r)
{
    struct cmg__crl *crl = r->crl;
    const size_t n = r->head.n + r->extensions.n + crl->signature.n;

    if (n > KEPT_MAX)
        return out_of(r, CMG_E_LIMIT);
    crl->kept = cmg__alloc(crl->alloc, n);
    if (crl->kept == NULL)
        return out_of(r, CMG_E_NOMEM);
    crl->kept_size = n;
    uint8_t *at = crl->kept;
    r->head = copy(&at, r->head);
    r->extensions = copy(&at, r->extensions);
    crl->signature = copy(&at, crl->signature);
    return true;
}

/* An algorithm that is not known is no fault of form: the list cannot be verified. */
static bool hash_body(struct reader *r, struct cmg__span tbs, struct cmg__span identifier)
{
    struct cmg__crl *crl = r->crl;
    struct cmg__span in = identifier;
    struct cmg__span parameters;

    if (!cmg__der_take_algorithm(&identifier, &crl->info.signature_algorithm,
                                 &parameters))
        return fault(r, "signature algorithm");
    if (!cmg__signature_algorithm_take(&in, &crl->algorithm))
        return true;
    const cmg_status rc =
        cmg__signature_hash(&crl->algorithm, tbs, crl->hash, &crl->hash_len);
    return rc == CMG_OK || out_of(r, rc);
}

static bool read_issuer_text(struct reader *r)
{
    struct cmg__crl *crl = r->crl;
    struct cmg__buf text;

    cmg__buf_init(&text, crl->alloc, 4 * KEPT_MAX);
    cmg_status rc = cmg__x509_name_text(crl->info.issuer_name, &text);
    if (rc == CMG_OK) {
        crl->issuer = cmg__strdup(crl->alloc, cmg__buf_cstr(&text));
        rc = crl->issuer != NULL ? CMG_OK : CMG_E_NOMEM;
    }
    cmg__buf_done(&text);
    if (rc == CMG_E_PARSE)
        return fault(r, "issuer");
    return rc == CMG_OK || out_of(r, rc);
}

static bool read_list(struct reader *r, struct cmg__span in)
{
    struct cmg__crl *crl = r->crl;
    struct cmg__span body;
    struct cmg__der_item tbs;
    struct cmg__der_item algorithm;

    if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &body) || in.n != 0 ||
        !cmg__der_next(&body, &tbs) || tbs.tag != CMG__DER_SEQUENCE ||
        !cmg__der_next(&body, &algorithm) ||
        !cmg__der_take_bits(&body, &crl->signature) || body.n != 0)
        return fault(r, "frame");
    if (!cut_body(r, tbs.content, algorithm.whole) || !keep(r) || !read_head(r) ||
        !read_issuer_text(r))
        return false;
    if (r->extensions.n > 0 && !cmg__crl_read_extensions(crl, r->extensions, &r->fault))
        return false;
    return hash_body(r, tbs.whole, algorithm.whole) && read_entries(r);
}

static cmg_status answer(const struct reader *r, cmg_error **err)
{
    const struct cmg__alloc *alloc = r->crl->alloc;

    if (r->rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    if (r->rc == CMG_E_LIMIT)
        return cmg__fail(
            err, alloc, CMG_E_LIMIT, "revocation list", "partition the list",
            "the revocation list has more than %zu bytes beside its entries, "
            "or names more than %d issuers",
            KEPT_MAX, CMG__CRL_MAX_ISSUERS);
    if (r->rc != CMG_OK)
        return cmg__fail(err, alloc, r->rc, "revocation list", NULL,
                         "the revocation list cannot be hashed");
    if (r->entry > 0)
        return cmg__fail(err, alloc, CMG_E_PARSE, "revocation list",
                         "fetch it again, or have it issued again",
                         "entry %zu of the revocation list is malformed at its %s",
                         r->entry, r->fault);
    return cmg__fail(err, alloc, CMG_E_PARSE, "revocation list",
                     "fetch it again, or have it issued again",
                     "the revocation list is malformed at its %s", r->fault);
}

static size_t count_memory(const struct cmg__crl *crl)
{
    size_t n = sizeof *crl + crl->kept_size + strlen(crl->issuer) + 1 +
               cmg__crl_index_bytes(&crl->index);

    if (crl->issuers != NULL)
        n += CMG__CRL_MAX_ISSUERS * sizeof *crl->issuers;
    for (size_t i = 0; i < crl->issuer_count; i++)
        n += crl->issuers[i].n;
    return n;
}

static void complete(struct cmg__crl *crl)
{
    struct cmg__crl_info *info = &crl->info;

    if (!info->has_reasons)
        info->reasons = CMG__CRL_ALL_REASONS;
    info->issuer = crl->issuer;
    info->count = crl->index.count;
    info->repeated = crl->index.repeated;
    info->unknown_critical = crl->unknown_critical;
    info->unknown_critical_entry = crl->unknown_critical_entry;
    info->memory_bytes = count_memory(crl);
}

static cmg_status parse_der(const struct cmg__alloc *alloc, const void *der, size_t n,
                            struct cmg__crl **out, cmg_error **err)
{
    struct cmg__crl *crl = cmg__alloc0(alloc, sizeof *crl);

    if (crl == NULL)
        return cmg__fail_nomem(err);
    crl->alloc = alloc;
    crl->refs = 1;
    cmg__crl_index_init(&crl->index, alloc, CMG__CRL_MAX);
    struct reader reader = { .crl = crl };
    if (!read_list(&reader, cmg__span_of(der, n))) {
        const cmg_status rc = answer(&reader, err);

        cmg__crl_free(crl);
        return rc;
    }
    complete(crl);
    *out = crl;
    return CMG_OK;
}

/* The first list of a PEM text. */
static cmg_status parse_pem(const struct cmg__alloc *alloc, const void *text, size_t n,
                            struct cmg__crl **out, cmg_error **err)
{
    struct cmg__pem_reader in = { .text = text, .left = n };
    struct cmg__pem_block block;
    struct cmg__buf der;
    cmg_status rc;

    cmg__buf_init(&der, alloc, CMG__CRL_MAX);
    do
        rc = cmg__pem_next(&in, &block, &der);
    while (rc == CMG_OK && !cmg__pem_is(&block, "X509 CRL"));
    if (rc == CMG_OK)
        rc = parse_der(alloc, der.data, der.len, out, err);
    else if (rc == CMG_E_NOMEM)
        rc = cmg__fail_nomem(err);
    else
        rc = cmg__fail(err, alloc, CMG_E_PARSE, "revocation list",
                       "give a list as DER, or as PEM with the label X509 CRL",
                       "there is no readable revocation list in the text");
    cmg__buf_done(&der);
    return rc;
}

cmg_status cmg__crl_parse(const struct cmg__alloc *alloc, const void *data, size_t n,
                          struct cmg__crl **out, cmg_error **err)
{
    if (n > CMG__CRL_MAX)
        return cmg__fail(err, alloc, CMG_E_LIMIT, "revocation list",
                         "partition the list; at most 64 MiB are read",
                         "a revocation list of %zu bytes is too large", n);
    if (n > 0 && *(const uint8_t *)data == CMG__DER_SEQUENCE)
        return parse_der(alloc, data, n, out, err);
    return parse_pem(alloc, data, n, out, err);
}

struct cmg__crl *cmg__crl_ref(struct cmg__crl *crl)
{
    if (crl != NULL)
        crl->refs++;
    return crl;
}

void cmg__crl_free(struct cmg__crl *crl)
{
    if (crl == NULL || --crl->refs > 0)
        return;
    const struct cmg__alloc *alloc = crl->alloc;
    for (size_t i = 0; i < crl->issuer_count; i++)
        cmg__free(alloc, crl->issuers[i].name);
    cmg__free(alloc, crl->issuers);
    cmg__crl_index_done(&crl->index);
    cmg__free(alloc, crl->issuer);
    cmg__free(alloc, crl->kept);
    cmg__free(alloc, crl);
}

void cmg__crl_info(const struct cmg__crl *crl, struct cmg__crl_info *out)
{
    *out = crl->info;
}
