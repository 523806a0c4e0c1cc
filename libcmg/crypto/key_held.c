/*
 * Keys that the host holds (a hardware module, a key store of the system): here is the
 * public half, signatures come from a function. What it gives is verified like any other
 * signature before it is used.
 */
#include "crypto/key_data.h"
#include "crypto/pem.h"
#include "crypto/x509_data.h"

#define FILE_MAX ((size_t)1024 * 1024)

cmg_status cmg__key_new_held(const struct cmg__alloc *alloc, struct cmg__span spki,
                             const struct cmg__key_holder *holder, struct cmg__key **out,
                             cmg_error **err)
{
    struct cmg__key *key = cmg__key_new(alloc);

    if (key == NULL)
        return cmg__fail_nomem(err);
    cmg_status rc = cmg__pk_init_public(key->pk, spki, NULL);
    if (rc == CMG_E_NOMEM)
        (void)cmg__fail_nomem(err);
    else if (rc != CMG_OK || !cmg__key_classify(key))
        rc = cmg__fail(err, alloc, CMG_E_CERT, "public key", CMG__KEY_KINDS,
                       "such a public key is not used here");
    if (rc != CMG_OK) {
        cmg__key_free(key);
        return rc;
    }
    key->is_held = true;
    key->holder = *holder;
    *out = key;
    return CMG_OK;
}

bool cmg__key_is_held(const struct cmg__key *key)
{
    return key->is_held;
}

bool cmg__key_signs_pss(const struct cmg__key *key)
{
    return key->kind == CMG__KEY_RSA && (!key->is_held || key->holder.sign_pss != NULL);
}

cmg_status cmg__key_ask_holder(const struct cmg__key *key,
                               const struct cmg__signature_algorithm *algorithm,
                               struct cmg__span digest, uint8_t *signature, size_t max,
                               size_t *n, cmg_error **err)
{
    const struct cmg__key_holder *holder = &key->holder;
    const bool pss = algorithm->algorithm == CMG__OID_RSA_PSS;
    const int64_t answer = (pss ? holder->sign_pss : holder->sign)(
        holder->user, algorithm->hash, digest.p, digest.n, signature, max);

    if (answer >= 0 && (uint64_t)answer <= max) {
        *n = (size_t)answer;
        return CMG_OK;
    }
    const struct cmg__error_info info = {
        .code = CMG_E_CALLBACK,
        .origin_number = answer,
        .subject = "key",
        .remedy = "see what the key store or module says about it",
    };
    return cmg__error_set(err, key->alloc, &info,
                          "the host's function %s of the key returned %lld",
                          pss ? "sign_pss" : "sign", (long long)answer);
}

/* ---- the public half ---- */

static cmg_status take_certificate(const struct cmg__alloc *alloc, struct cmg__span der,
                                   struct cmg__buf *out, cmg_error **err)
{
    struct cmg__x509 *cert = NULL;
    const cmg_status rc = cmg__x509_parse(alloc, der.p, der.n, &cert, err);

    if (rc != CMG_OK)
        return rc;
    const cmg_status added = cmg__buf_add(out, cert->spki.p, cert->spki.n);
    cmg__x509_free(cert);
    return added == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

static bool is_spki(struct cmg__span der)
{
    struct cmg__span body;
    struct cmg__span parameters;
    struct cmg__span bits;
    enum cmg__oid oid;

    return cmg__der_take(&der, CMG__DER_SEQUENCE, &body) && der.n == 0 &&
           cmg__der_take_algorithm(&body, &oid, &parameters) &&
           cmg__der_take_bits(&body, &bits) && body.n == 0;
}

static cmg_status take_der(const struct cmg__alloc *alloc, struct cmg__span der,
                           struct cmg__buf *out, cmg_error **err)
{
    if (!is_spki(der))
        return take_certificate(alloc, der, out, err);
    return cmg__buf_add(out, der.p, der.n) == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

static cmg_status find_pem(const struct cmg__alloc *alloc, const void *text, size_t n,
                           struct cmg__buf *der, cmg_error **err)
{
    struct cmg__pem_reader in = { .text = text, .left = n };
    struct cmg__pem_block block;
    cmg_status rc;

    for (rc = cmg__pem_next(&in, &block, der); rc == CMG_OK;
         rc = cmg__pem_next(&in, &block, der)) {
        if (!block.encrypted &&
            (cmg__pem_is(&block, "PUBLIC KEY") || cmg__pem_is(&block, "CERTIFICATE")))
            return CMG_OK;
    }
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    return cmg__fail(err, alloc, rc == CMG_E_LIMIT ? rc : CMG_E_PARSE, "public key",
                     "give a SubjectPublicKeyInfo or a certificate as PEM or DER",
                     "there is no readable public key in the text");
}

cmg_status cmg__key_find_public(const struct cmg__alloc *alloc, const void *data,
                                size_t n, struct cmg__buf *spki, cmg_error **err)
{
    struct cmg__buf der;

    if (n > 0 && *(const uint8_t *)data == CMG__DER_SEQUENCE)
        return take_der(alloc, cmg__span_of(data, n), spki, err);
    cmg__buf_init_secret(&der, alloc, FILE_MAX);
    cmg_status rc = find_pem(alloc, data, n, &der, err);
    if (rc == CMG_OK)
        rc = take_der(alloc, cmg__span_of(der.data, der.len), spki, err);
    cmg__buf_done(&der);
    return rc;
}
