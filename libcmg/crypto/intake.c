/*
 * Taking in certificates. The bytes are sniffed, and each kind has one reader; PEM is a
 * list of values that are sniffed in turn, whatever their label says: a "CERTIFICATE"
 * block of a certification authority may well hold PKCS#7.
 */
#include "crypto/intake.h"

#include "crypto/pem.h"
#include "crypto/pfx.h"
#include "crypto/pkcs7.h"
#include "crypto/sniff.h"
#include "crypto/x509_data.h"

#define BLOCKS_MAX 512

struct job {
    struct cmg__intake *intake;
    const struct cmg__alloc *alloc;
    const struct cmg__env *env;
    const char *password;
    bool with_key;
    enum cmg__kind other; /* something else that was seen; for the error */
    cmg_error **err;
};

static cmg_status add_certificate(struct job *job, struct cmg__span value)
{
    return cmg__x509_chain_add(&job->intake->certs, value, job->err);
}

static cmg_status add_pkcs7(struct job *job, struct cmg__span value)
{
    return cmg__pkcs7_add(&job->intake->certs, value, job->err);
}

/* value: a key as DER, or PEM text with one key block. */
static cmg_status add_key(struct job *job, struct cmg__span value)
{
    if (!job->with_key)
        return CMG_OK;
    if (job->intake->key != NULL)
        return cmg__fail(job->err, job->alloc, CMG_E_UNSUPPORTED, "key",
                         "leave only the key of the certificate in it",
                         "there is more than one private key");
    return cmg__key_parse_encrypted(job->alloc, job->env, value.p, value.n, job->password,
                                    &job->intake->key, job->err);
}

static cmg_status add_pfx(struct job *job, struct cmg__span value)
{
    struct cmg__key *key = NULL;
    struct cmg__x509 **certs = NULL;
    size_t count = 0;

    if (job->env == NULL) {
        job->other = CMG__KIND_PFX;
        return CMG_OK;
    }
    cmg_status rc = cmg__pfx_read(job->alloc, job->env, value.p, value.n, job->password,
                                  &key, &certs, &count, job->err);

    for (size_t i = 0; i < count; i++) {
        if (rc == CMG_OK)
            rc = cmg__x509_chain_take(&job->intake->certs, certs[i], job->err);
        else
            cmg__x509_free(certs[i]);
    }
    cmg__free(job->alloc, certs);
    if (rc == CMG_OK && job->with_key && job->intake->key == NULL)
        job->intake->key = key;
    else
        cmg__key_free(key);
    return rc;
}

static const struct reader {
    enum cmg__kind kind;
    cmg_status (*add)(struct job *job, struct cmg__span value);
} readers[] = {
    { CMG__KIND_CERTIFICATE, add_certificate },
    { CMG__KIND_PKCS7, add_pkcs7 },
    { CMG__KIND_PFX, add_pfx },
    { CMG__KIND_KEY, add_key },
    { CMG__KIND_ENCRYPTED_KEY, add_key },
};

static cmg_status add_value(struct job *job, enum cmg__kind kind, struct cmg__span value)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(readers); i++) {
        if (readers[i].kind == kind)
            return readers[i].add(job, value);
    }
    job->other = kind;
    return CMG_OK;
}

/* ---- PEM ---- */

static cmg_status fail_block(const struct job *job, cmg_status rc, size_t number)
{
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(job->err);
    return cmg__fail(job->err, job->alloc, rc, "certificate",
                     "export the certificates as PEM again",
                     "block %zu of the PEM text is damaged", number);
}

static bool has_label(const struct cmg__pem_block *block, const char *const *labels)
{
    for (; *labels != NULL; labels++) {
        if (cmg__pem_is(block, *labels))
            return true;
    }
    return false;
}

/* OpenSSL's trusted form: words about the trust follow the certificate. */
static struct cmg__span first_value(struct cmg__span value)
{
    struct cmg__der_item item;

    return cmg__der_next(&value, &item) ? item.whole : value;
}

/* text: the block with its lines, der: what it holds. */
static cmg_status add_block(struct job *job, const struct cmg__pem_block *block,
                            struct cmg__span text, struct cmg__span der, size_t number)
{
    static const char *const certificates[] = { "CERTIFICATE", "X509 CERTIFICATE",
                                                "PKCS7",       "CMS",
                                                "PKCS12",      "PKCS #7 SIGNED DATA",
                                                NULL };
    static const char *const keys[] = { "PRIVATE KEY", "RSA PRIVATE KEY",
                                        "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", NULL };

    if (has_label(block, keys))
        return add_key(job, text);
    if (cmg__pem_is(block, "TRUSTED CERTIFICATE"))
        return add_certificate(job, first_value(der));
    if (cmg__pem_is(block, "OPENSSH PRIVATE KEY")) {
        job->other = CMG__KIND_SSH_KEY;
        return CMG_OK;
    }
    const enum cmg__kind kind = cmg__sniff_der(der);
    if (!has_label(block, certificates)) {
        if (kind != CMG__KIND_UNKNOWN)
            job->other = kind;
        return CMG_OK;
    }
    return kind != CMG__KIND_UNKNOWN ? add_value(job, kind, der)
                                     : fail_block(job, CMG_E_PARSE, number);
}

static cmg_status add_pem(struct job *job, const char *pem, size_t n)
{
    struct cmg__pem_reader in = { .text = pem, .left = n };
    struct cmg__pem_block block;
    struct cmg__buf der;
    cmg_status rc = CMG_OK;

    /* Secret: there may be a key between the certificates. */
    cmg__buf_init_secret(&der, job->alloc, CMG__INTAKE_MAX);
    for (size_t number = 1; rc == CMG_OK; number++) {
        const char *start = in.text;

        rc = number <= BLOCKS_MAX ? cmg__pem_next(&in, &block, &der) : CMG_E_LIMIT;
        if (rc == CMG_E_NOTFOUND)
            break;
        if (rc != CMG_OK)
            rc = fail_block(job, rc, number);
        else
            rc = add_block(job, &block, cmg__span_of(start, (size_t)(in.text - start)),
                           cmg__span_of(der.data, der.len), number);
    }
    cmg__buf_done(&der);
    return rc == CMG_E_NOTFOUND ? CMG_OK : rc;
}

static cmg_status add_base64(struct job *job, const char *text, size_t n)
{
    struct cmg__buf der;

    cmg__buf_init_secret(&der, job->alloc, CMG__INTAKE_MAX);
    cmg_status rc = cmg__pem_decode_body(text, n, &der);
    if (rc == CMG_OK) {
        const struct cmg__span value = cmg__span_of(der.data, der.len);

        rc = add_value(job, cmg__sniff_der(value), value);
    } else if (rc == CMG_E_NOMEM) {
        rc = cmg__fail_nomem(job->err);
    } else {
        job->other = CMG__KIND_BASE64;
        rc = CMG_OK;
    }
    cmg__buf_done(&der);
    return rc;
}

/* ---- the whole ---- */

static cmg_status fail_other(const struct job *job)
{
    static const struct {
        enum cmg__kind kind;
        const char *remedy;
    } remedies[] = {
        { CMG__KIND_CSR, "give the certificate that the authority made of the request" },
        { CMG__KIND_KEY, "give the certificate, too, in the same PEM text or in a PFX" },
        { CMG__KIND_ENCRYPTED_KEY,
          "give the certificate, too, in the same PEM text or in a PFX" },
        { CMG__KIND_CRL, "give the certificate, not the list of its authority" },
        { CMG__KIND_UTF16, "save the text as ASCII or UTF-8" },
        { CMG__KIND_HTML, "download the certificate itself, not the page about it" },
    };
    const char *remedy = "give the certificate as PEM, DER, PKCS#7 or PFX";

    for (size_t i = 0; i < CMG__ARRAY_LEN(remedies); i++) {
        if (remedies[i].kind == job->other)
            remedy = remedies[i].remedy;
    }
    return cmg__fail(job->err, job->alloc, CMG_E_PARSE, "certificate", remedy,
                     "there is no certificate but %s", cmg__kind_name(job->other));
}

static cmg_status read_all(struct job *job, const void *data, size_t n)
{
    const enum cmg__kind kind = cmg__sniff(data, n);
    cmg_status rc;

    if (kind == CMG__KIND_PEM)
        rc = add_pem(job, data, n);
    else if (kind == CMG__KIND_BASE64)
        rc = add_base64(job, data, n);
    else
        rc = add_value(job, kind, cmg__span_of(data, n));
    if (rc == CMG_OK && job->intake->certs.count == 0) {
        if (job->other == CMG__KIND_UNKNOWN && job->intake->key != NULL)
            job->other = CMG__KIND_KEY;
        rc = fail_other(job);
    }
    return rc;
}

cmg_status cmg__intake_read(struct cmg__intake *intake, const struct cmg__alloc *alloc,
                            const struct cmg__env *env, const void *data, size_t n,
                            const char *password, bool with_key, cmg_error **err)
{
    struct job job = { .intake = intake,
                       .alloc = alloc,
                       .env = env,
                       .password = password,
                       .with_key = with_key,
                       .err = err };

    cmg__x509_chain_init(&intake->certs, alloc);
    intake->key = NULL;
    if (n > CMG__INTAKE_MAX)
        return cmg__fail(err, alloc, CMG_E_LIMIT, "certificate", "give at most 4 MiB",
                         "%zu bytes are too many for certificates", n);
    const cmg_status rc = read_all(&job, data, n);
    if (rc != CMG_OK)
        cmg__intake_done(intake);
    return rc;
}

cmg_status cmg__intake_sort(struct cmg__intake *intake, cmg_error **err)
{
    struct cmg__x509_chain *certs = &intake->certs;

    if (intake->key != NULL) {
        cmg__x509_sort_leaf_first(certs->items, certs->count, intake->key);
        if (!cmg__x509_matches_key(certs->items[0], intake->key))
            return cmg__fail(err, certs->alloc, CMG_E_CERT, certs->items[0]->subject,
                             "give the key that belongs to the certificate",
                             "the private key belongs to none of the %zu certificates",
                             certs->count);
    }
    cmg__x509_sort_issuers(certs->items, certs->count);
    return CMG_OK;
}

void cmg__intake_done(struct cmg__intake *intake)
{
    cmg__x509_chain_done(&intake->certs);
    cmg__key_free(intake->key);
    intake->key = NULL;
}
