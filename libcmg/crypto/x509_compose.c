/* Composing extensions and signed structures; see x509_compose.h. */
#include "crypto/x509_compose.h"

#include <string.h>

#include "crypto/x509_data.h"

#define SIGNATURE_MAX 1024

struct cmg__extension cmg__extension_open(struct cmg__der_writer *w, enum cmg__oid oid,
                                          bool critical)
{
    struct cmg__extension mark;

    mark.outer = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put_oid(w, oid);
    if (critical)
        cmg__der_put_true(w);
    mark.value = cmg__der_open(w, CMG__DER_OCTET_STRING);
    return mark;
}

void cmg__extension_close(struct cmg__der_writer *w, struct cmg__extension mark)
{
    cmg__der_close(w, mark.value);
    cmg__der_close(w, mark.outer);
}

void cmg__compose_basic_constraints(struct cmg__der_writer *w,
                                    const struct cmg__x509_template *t)
{
    const struct cmg__extension mark =
        cmg__extension_open(w, CMG__OID_BASIC_CONSTRAINTS, true);
    const size_t body = cmg__der_open(w, CMG__DER_SEQUENCE);

    if (t->is_ca)
        cmg__der_put_true(w);
    if (t->is_ca && t->path_length >= 0)
        cmg__der_put_uint(w, (uint32_t)t->path_length);
    cmg__der_close(w, body);
    cmg__extension_close(w, mark);
}

void cmg__compose_key_usage(struct cmg__der_writer *w, const struct cmg__x509_template *t,
                            enum cmg__key_kind kind)
{
    unsigned usage = t->key_usage;
    uint8_t bits[2] = { 0, 0 };

    if (kind != CMG__KEY_RSA)
        usage &= ~(unsigned)CMG__KU_KEY_ENCIPHERMENT;
    if (usage == 0)
        return;
    const struct cmg__extension mark = cmg__extension_open(w, CMG__OID_KEY_USAGE, true);
    /* Named bits: trailing zeros do not count. */
    while ((usage >> bits[0] & 1U) == 0)
        bits[0]++;
    bits[1] = (uint8_t)usage;
    cmg__der_put(w, CMG__DER_BIT_STRING, bits, sizeof bits);
    cmg__extension_close(w, mark);
}

void cmg__compose_eku(struct cmg__der_writer *w, const struct cmg__x509_template *t)
{
    uint8_t bytes[CMG__OID_BYTES_MAX];
    size_t n;

    if (t->eku[0][0] == '\0')
        return;
    const struct cmg__extension mark = cmg__extension_open(w, CMG__OID_EKU, false);
    const size_t body = cmg__der_open(w, CMG__DER_SEQUENCE);
    for (size_t i = 0; i < CMG__TEMPLATE_EKU_MAX && t->eku[i][0] != '\0'; i++) {
        if (cmg__x509_eku_parse(t->eku[i], bytes, &n))
            cmg__der_put(w, CMG__DER_OID, bytes, n);
    }
    cmg__der_close(w, body);
    cmg__extension_close(w, mark);
}

void cmg__compose_alternatives(struct cmg__der_writer *w,
                               const struct cmg__x509_template *t,
                               const struct cmg__x509_names *names, bool critical)
{
    if (!cmg__x509_names_has_alternatives(t, names))
        return;
    const struct cmg__extension mark = cmg__extension_open(w, CMG__OID_SAN, critical);
    const size_t body = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__x509_names_put_alternatives(w, t, names);
    cmg__der_close(w, body);
    cmg__extension_close(w, mark);
}

void cmg__compose_authority_key_id(struct cmg__der_writer *w, struct cmg__span key_id)
{
    if (key_id.n == 0)
        return;
    const struct cmg__extension mark = cmg__extension_open(w, CMG__OID_AKI, false);
    const size_t body = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put(w, CMG__DER_CONTEXT + 0, key_id.p, key_id.n);
    cmg__der_close(w, body);
    cmg__extension_close(w, mark);
}

void cmg__compose_points(struct cmg__der_writer *w, enum cmg__oid oid,
                         const char *const *urls)
{
    if (urls == NULL || urls[0] == NULL)
        return;
    const struct cmg__extension mark = cmg__extension_open(w, oid, false);
    const size_t list = cmg__der_open(w, CMG__DER_SEQUENCE);
    const size_t point = cmg__der_open(w, CMG__DER_SEQUENCE);
    const size_t name = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 0);
    const size_t full = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 0);
    for (; *urls != NULL; urls++)
        cmg__der_put(w, CMG__GN_URI, *urls, strlen(*urls));
    cmg__der_close(w, full);
    cmg__der_close(w, name);
    cmg__der_close(w, point);
    cmg__der_close(w, list);
    cmg__extension_close(w, mark);
}

void cmg__compose_issuers(struct cmg__der_writer *w, const char *const *urls)
{
    if (urls == NULL || urls[0] == NULL)
        return;
    const struct cmg__extension mark = cmg__extension_open(w, CMG__OID_AIA, false);
    const size_t list = cmg__der_open(w, CMG__DER_SEQUENCE);
    for (; *urls != NULL; urls++) {
        const size_t access = cmg__der_open(w, CMG__DER_SEQUENCE);

        cmg__der_put_oid(w, CMG__OID_CA_ISSUERS);
        cmg__der_put(w, CMG__GN_URI, *urls, strlen(*urls));
        cmg__der_close(w, access);
    }
    cmg__der_close(w, list);
    cmg__extension_close(w, mark);
}

void cmg__compose_algorithm(struct cmg__der_writer *w, enum cmg__key_kind kind,
                            enum cmg__oid hash)
{
    const struct cmg__signature_algorithm algorithm =
        cmg__key_signature_algorithm(kind, hash);

    cmg__signature_algorithm_put(w, &algorithm);
}

cmg_status cmg__compose_signed(const struct cmg__key *key, const struct cmg__env *env,
                               enum cmg__oid hash, const struct cmg__der_writer *tbs,
                               struct cmg__buf *out, cmg_error **err)
{
    struct cmg__buf signature;
    struct cmg__der_writer w;

    if (tbs->rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    if (tbs->rc != CMG_OK)
        return cmg__fail(err, out->alloc, tbs->rc, "request", "ask for less of it",
                         "what is to be signed would be larger than %zu bytes",
                         tbs->out->max);
    cmg__buf_init(&signature, out->alloc, SIGNATURE_MAX);
    cmg_status rc =
        cmg__key_sign(key, env, hash, tbs->out->data, tbs->out->len, &signature, err);
    if (rc == CMG_OK) {
        cmg__der_write_init(&w, out);
        const size_t mark = cmg__der_open(&w, CMG__DER_SEQUENCE);
        cmg__der_put_raw(&w, tbs->out->data, tbs->out->len);
        cmg__compose_algorithm(&w, cmg__key_kind(key), hash);
        cmg__der_put_bits(&w, signature.data, signature.len);
        cmg__der_close(&w, mark);
        rc = w.rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
    }
    cmg__buf_done(&signature);
    return rc;
}
