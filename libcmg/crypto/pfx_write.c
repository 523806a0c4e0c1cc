/*
 * Writing PKCS#12: certificates in an encrypted part, the key in a shrouded bag of its
 * own, a MAC over both. Leaf and key carry the same localKeyID and the friendly name. The
 * file is read back with our own reader and compared before it is handed out.
 */
#include "crypto/pfx.h"

#include <string.h>

#include "base/secret.h"
#include "base/str.h"
#include "crypto/hash.h"
#include "crypto/key_data.h"
#include "crypto/pbe.h"
#include "crypto/pfx_mac.h"
#include "crypto/x509_chain.h"
#include "crypto/x509_data.h"

#define PFX_MAX  ((size_t)1024 * 1024)
#define SALT_MAX 20
#define IV_LEN   16

static const struct profile {
    enum cmg__oid scheme;
    enum cmg__oid cipher;
    enum cmg__oid prf;
    enum cmg__oid mac;
    size_t salt_len;
} profiles[] = {
    [CMG__PFX_COMPAT] = { .scheme = CMG__OID_PBE_3DES,
                          .mac = CMG__OID_SHA1,
                          .salt_len = 8 },
    [CMG__PFX_MODERN] = { .scheme = CMG__OID_PBES2,
                          .cipher = CMG__OID_AES256_CBC,
                          .prf = CMG__OID_HMAC_SHA256,
                          .mac = CMG__OID_SHA256,
                          .salt_len = 16 },
};

struct job {
    const struct cmg__alloc *alloc;
    const struct cmg__env *env;
    const struct profile *profile;
    uint32_t iterations;
    bool include_root;
    const struct cmg__key *key;
    struct cmg__x509 *const *certs;
    size_t cert_count;
    struct cmg__pbe_password password;
    struct cmg__buf attributes; /* of leaf and key */
};

/* ---- attributes ---- */

static void put_attribute(struct cmg__der_writer *w, enum cmg__oid type, unsigned tag,
                          struct cmg__span value)
{
    const size_t pair = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__der_put_oid(w, type);
    const size_t set = cmg__der_open(w, CMG__DER_SET);
    cmg__der_put(w, tag, value.p, value.n);
    cmg__der_close(w, set);
    cmg__der_close(w, pair);
}

/* Members of a SET OF stand in the order of their bytes: the shorter one comes first. */
static cmg_status make_attributes(struct job *job, const char *friendly_name)
{
    uint8_t id[20];
    struct cmg__buf name;
    struct cmg__der_writer w;
    const struct cmg__x509 *leaf = job->certs[0];

    cmg__buf_init(&name, job->alloc, 512);
    cmg__der_write_init(&w, &job->attributes);
    w.rc = cmg__sha1(leaf->der, leaf->der_len, id);
    if (w.rc == CMG_OK && !cmg__str_is_empty(friendly_name))
        w.rc = cmg__pbe_add_utf16(&name, friendly_name);
    if (w.rc == CMG_OK) {
        const struct cmg__span key_id = cmg__span_of(id, sizeof id);
        const struct cmg__span text = cmg__span_of(name.data, name.len);
        const size_t set = cmg__der_open(&w, CMG__DER_SET);

        if (text.n > 0 && text.n <= key_id.n)
            put_attribute(&w, CMG__OID_FRIENDLY_NAME, CMG__DER_BMP_STRING, text);
        put_attribute(&w, CMG__OID_LOCAL_KEY_ID, CMG__DER_OCTET_STRING, key_id);
        if (text.n > key_id.n)
            put_attribute(&w, CMG__OID_FRIENDLY_NAME, CMG__DER_BMP_STRING, text);
        cmg__der_close(&w, set);
    }
    cmg__buf_done(&name);
    return w.rc;
}

/* ---- bags ---- */

/* Whoever reads the file has the root already, or should not get it this way. */
static bool is_written(const struct job *job, size_t i)
{
    const struct cmg__x509 *cert = job->certs[i];

    return i == 0 || job->include_root || !cmg__x509_is_self_issued(cert);
}

static void put_cert_bag(struct cmg__der_writer *w, const struct job *job, size_t i)
{
    const struct cmg__x509 *cert = job->certs[i];
    const size_t bag = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__der_put_oid(w, CMG__OID_CERT_BAG);
    const size_t value = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 0);
    const size_t body = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put_oid(w, CMG__OID_X509_CERTIFICATE);
    const size_t wrap = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 0);
    cmg__der_put(w, CMG__DER_OCTET_STRING, cert->der, cert->der_len);
    cmg__der_close(w, wrap);
    cmg__der_close(w, body);
    cmg__der_close(w, value);
    if (i == 0)
        cmg__der_put_raw(w, job->attributes.data, job->attributes.len);
    cmg__der_close(w, bag);
}

/* Encrypts plain under fresh salt and IV; puts the algorithm, then the ciphertext. */
static void put_encrypted(struct cmg__der_writer *w, const struct job *job,
                          struct cmg__span plain, unsigned tag)
{
    uint8_t salt[SALT_MAX];
    uint8_t iv[IV_LEN];
    struct cmg__buf secret;
    const struct cmg__pbe pbe = {
        .scheme = job->profile->scheme,
        .cipher = job->profile->cipher,
        .kdf = { .salt = { salt, job->profile->salt_len },
                 .iterations = job->iterations,
                 .prf = job->profile->prf },
        .iv = { iv, sizeof iv },
    };

    if (w->rc == CMG_OK && (job->env->random(job->env->user, salt, sizeof salt) != 0 ||
                            job->env->random(job->env->user, iv, sizeof iv) != 0))
        w->rc = CMG_E_IO;
    cmg__buf_init(&secret, job->alloc, PFX_MAX);
    if (w->rc == CMG_OK)
        w->rc = cmg__pbe_encrypt(&pbe, &job->password, plain, &secret);
    cmg__pbe_put(w, &pbe);
    cmg__der_put(w, tag, secret.data, secret.len);
    cmg__buf_done(&secret);
}

static void put_certificates(struct cmg__der_writer *w, const struct job *job)
{
    struct cmg__buf bags;
    struct cmg__der_writer inner;

    cmg__buf_init_secret(&bags, job->alloc, PFX_MAX);
    cmg__der_write_init(&inner, &bags);
    const size_t list = cmg__der_open(&inner, CMG__DER_SEQUENCE);
    for (size_t i = 0; i < job->cert_count; i++) {
        if (is_written(job, i))
            put_cert_bag(&inner, job, i);
    }
    cmg__der_close(&inner, list);
    if (w->rc == CMG_OK)
        w->rc = inner.rc;

    const size_t part = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put_oid(w, CMG__OID_ENCRYPTED_DATA);
    const size_t wrap = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 0);
    const size_t data = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put_uint(w, 0);
    const size_t content = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put_oid(w, CMG__OID_DATA);
    put_encrypted(w, job, cmg__span_of(bags.data, bags.len), CMG__DER_CONTEXT + 0);
    cmg__der_close(w, content);
    cmg__der_close(w, data);
    cmg__der_close(w, wrap);
    cmg__der_close(w, part);
    cmg__buf_done(&bags);
}

static void put_key_bag(struct cmg__der_writer *w, const struct job *job)
{
    struct cmg__buf plain;
    const size_t bag = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__buf_init_secret(&plain, job->alloc, PFX_MAX);
    if (w->rc == CMG_OK)
        w->rc = cmg__key_write_der(job->key, &plain);
    cmg__der_put_oid(w, CMG__OID_SHROUDED_KEY_BAG);
    const size_t value = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 0);
    const size_t body = cmg__der_open(w, CMG__DER_SEQUENCE);
    put_encrypted(w, job, cmg__span_of(plain.data, plain.len), CMG__DER_OCTET_STRING);
    cmg__der_close(w, body);
    cmg__der_close(w, value);
    cmg__der_put_raw(w, job->attributes.data, job->attributes.len);
    cmg__der_close(w, bag);
    cmg__buf_done(&plain);
}

/* ContentInfo of type data around bytes, or around the key's bag. */
static void put_data(struct cmg__der_writer *w, const struct job *job,
                     const struct cmg__buf *bytes)
{
    const size_t part = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__der_put_oid(w, CMG__OID_DATA);
    const size_t wrap = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 0);
    const size_t octets = cmg__der_open(w, CMG__DER_OCTET_STRING);
    if (bytes != NULL) {
        cmg__der_put_raw(w, bytes->data, bytes->len);
    } else {
        const size_t list = cmg__der_open(w, CMG__DER_SEQUENCE);
        put_key_bag(w, job);
        cmg__der_close(w, list);
    }
    cmg__der_close(w, octets);
    cmg__der_close(w, wrap);
    cmg__der_close(w, part);
}

/* ---- the whole ---- */

static void put_mac(struct cmg__der_writer *w, const struct job *job,
                    const struct cmg__buf *content)
{
    uint8_t salt[SALT_MAX];
    uint8_t value[64];
    size_t n = 0;
    const struct cmg__pfx_mac mac = { .hash = job->profile->mac,
                                      .kdf = { .salt = { salt, sizeof salt },
                                               .iterations = job->iterations } };

    if (w->rc == CMG_OK && job->env->random(job->env->user, salt, sizeof salt) != 0)
        w->rc = CMG_E_IO;
    if (w->rc == CMG_OK)
        w->rc = cmg__pfx_mac_compute(
            &mac, &job->password, cmg__span_of(content->data, content->len), value, &n);
    const size_t data = cmg__der_open(w, CMG__DER_SEQUENCE);
    const size_t digest = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put_algorithm(w, mac.hash, true);
    cmg__der_put(w, CMG__DER_OCTET_STRING, value, n);
    cmg__der_close(w, digest);
    cmg__der_put(w, CMG__DER_OCTET_STRING, salt, sizeof salt);
    cmg__der_put_uint(w, job->iterations);
    cmg__der_close(w, data);
}

static cmg_status compose(const struct job *job, struct cmg__buf *out)
{
    struct cmg__buf content;
    struct cmg__der_writer w;

    cmg__buf_init(&content, job->alloc, PFX_MAX);
    cmg__der_write_init(&w, &content);
    const size_t list = cmg__der_open(&w, CMG__DER_SEQUENCE);
    put_certificates(&w, job);
    put_data(&w, job, NULL);
    cmg__der_close(&w, list);
    if (w.rc == CMG_OK) {
        cmg__der_write_init(&w, out);
        const size_t pfx = cmg__der_open(&w, CMG__DER_SEQUENCE);
        cmg__der_put_uint(&w, 3);
        put_data(&w, job, &content);
        put_mac(&w, job, &content);
        cmg__der_close(&w, pfx);
    }
    cmg__buf_done(&content);
    return w.rc;
}

/* What stands in the file must be what went in. */
static cmg_status read_back(const struct job *job, const struct cmg__buf *pfx,
                            const char *password, cmg_error **err)
{
    struct cmg__key *key = NULL;
    struct cmg__x509 **certs = NULL;
    size_t count = 0;
    size_t written = 0;
    cmg_status rc = cmg__pfx_read(job->alloc, job->env, pfx->data, pfx->len, password,
                                  &key, &certs, &count, err);

    if (rc != CMG_OK)
        return rc;
    for (size_t i = 0; i < job->cert_count; i++)
        written += is_written(job, i) ? 1 : 0;
    if (key == NULL || count != written ||
        !cmg__span_eq(cmg__span_of(certs[0]->der, certs[0]->der_len),
                      cmg__span_of(job->certs[0]->der, job->certs[0]->der_len)))
        rc = cmg__fail(err, job->alloc, CMG_E_INTERNAL, "pfx", NULL,
                       "the PFX that was written does not hold what went in");
    cmg__x509_free_list(job->alloc, certs, count);
    cmg__key_free(key);
    return rc;
}

static cmg_status fail(const struct cmg__alloc *alloc, cmg_status rc, cmg_error **err)
{
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    if (rc == CMG_E_LIMIT)
        return cmg__fail(err, alloc, rc, "pfx", "leave certificates out of the chain",
                         "the PFX or its friendly name would be too large");
    return cmg__fail(err, alloc, rc, "pfx", NULL, "the PFX could not be composed");
}

cmg_status cmg__pfx_write(const struct cmg__alloc *alloc, const struct cmg__env *env,
                          const struct cmg__pfx_options *options,
                          const struct cmg__key *key, struct cmg__x509 *const *certs,
                          size_t cert_count, const char *password, struct cmg__buf *out,
                          cmg_error **err)
{
    struct job job = { .alloc = alloc,
                       .env = env,
                       .profile = &profiles[options->profile],
                       .iterations = options->iterations != 0 ? options->iterations
                                                              : CMG__PFX_ITERATIONS,
                       .include_root = options->include_root,
                       .key = key,
                       .certs = certs,
                       .cert_count = cert_count };
    cmg_status rc;

    if (cert_count == 0 || !cmg__x509_matches_key(certs[0], key))
        return cmg__fail(err, alloc, CMG_E_CERT, "pfx",
                         "give the certificate of the key first",
                         "the first certificate does not belong to the key");
    cmg__buf_init(&job.attributes, alloc, 1024);
    if (!cmg__pbe_password_init(&job.password, alloc, password, CMG__PBE_UTF16, &rc))
        rc = CMG_E_INVAL;
    if (rc == CMG_OK)
        rc = make_attributes(&job, options->friendly_name);
    if (rc == CMG_OK)
        rc = compose(&job, out);
    rc = rc == CMG_OK ? read_back(&job, out, password, err) : fail(alloc, rc, err);
    cmg__pbe_password_done(&job.password);
    cmg__buf_done(&job.attributes);
    return rc;
}
