/*
 * Reading PKCS#12 files of unknown origin. The MAC is checked first, with each form of
 * the password that writers are known to use. When no form fits, the encrypted parts
 * decide whether the password or the file is at fault. Size, depth, bags and the
 * iterations that a file can make us spend are bounded.
 */
#include "crypto/pfx.h"

#include <string.h>

#include "base/secret.h"
#include "crypto/ber.h"
#include "crypto/key_data.h"
#include "crypto/pbe.h"
#include "crypto/pfx_mac.h"
#include "crypto/x509_data.h"

#define PFX_MAX     ((size_t)1024 * 1024)
#define WORK_MAX    5000000
#define MAX_BAGS    64
#define MAX_CERTS   32
#define MAX_NESTING 2

struct reader {
    const struct cmg__alloc *alloc;
    const struct cmg__env *env;
    cmg_error **err;
    struct cmg__pbe_budget budget;
    struct cmg__pbe_password password;
    bool trial; /* only asks whether the password decrypts anything */
    bool decrypted;
    size_t bags;
    struct cmg__key *key;
    struct cmg__x509 *certs[MAX_CERTS];
    size_t cert_count;
};

static cmg_status fail(const struct reader *r, cmg_status rc, const char *what)
{
    static const struct {
        cmg_status rc;
        const char *remedy;
    } remedies[] = {
        { CMG_E_PARSE, "export the PFX again" },
        { CMG_E_AUTH, "give the password that the PFX was exported with" },
        { CMG_E_UNSUPPORTED, "export it with AES-256 or 3DES, one key, and a password" },
        { CMG_E_LIMIT, "export it with fewer certificates or iterations" },
    };
    const char *remedy = NULL;

    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(r->err);
    for (size_t i = 0; i < CMG__ARRAY_LEN(remedies); i++) {
        if (remedies[i].rc == rc)
            remedy = remedies[i].remedy;
    }
    return cmg__fail(r->err, r->alloc, rc, "pfx", remedy, "%s", what);
}

/* The one sentence for each status of the layers below. */
static cmg_status fail_with(const struct reader *r, cmg_status rc)
{
    static const struct {
        cmg_status rc;
        const char *what;
    } texts[] = {
        { CMG_E_PARSE, "the PFX is damaged or no PFX at all" },
        { CMG_E_AUTH, "the password of the PFX is wrong" },
        { CMG_E_UNSUPPORTED,
          "the PFX is protected with an algorithm that is not read here" },
        { CMG_E_LIMIT, "the PFX is too large, too deep, or asks for too much work" },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(texts); i++) {
        if (texts[i].rc == rc)
            return fail(r, rc, texts[i].what);
    }
    return fail(r, rc, "the PFX could not be read");
}

/* ---- bags ---- */

static cmg_status add_key(struct reader *r, struct cmg__span der)
{
    if (r->trial)
        return CMG_OK;
    if (r->key != NULL)
        return fail(r, CMG_E_UNSUPPORTED,
                    "there is more than one private key in the PFX");
    return cmg__key_parse_der(r->alloc, r->env, der.p, der.n, &r->key, r->err);
}

static cmg_status add_shrouded_key(struct reader *r, struct cmg__span value)
{
    struct cmg__span body;
    struct cmg__span secret = { .p = NULL };
    struct cmg__pbe pbe;
    struct cmg__buf plain;

    if (!cmg__der_take(&value, CMG__DER_SEQUENCE, &body))
        return fail_with(r, CMG_E_PARSE);
    cmg_status rc = cmg__pbe_take(&body, &pbe);
    if (rc == CMG_OK && !cmg__der_take(&body, CMG__DER_OCTET_STRING, &secret))
        rc = CMG_E_PARSE;
    if (rc != CMG_OK)
        return fail_with(r, rc);
    cmg__buf_init_secret(&plain, r->alloc, PFX_MAX);
    rc = cmg__pbe_decrypt(&pbe, &r->password, &r->budget, secret, &plain);
    struct cmg__span in = cmg__span_of(plain.data, plain.len);
    if (rc != CMG_OK) {
        rc = fail_with(r, rc);
    } else if (!cmg__der_take(&in, CMG__DER_SEQUENCE, NULL) || in.n != 0) {
        rc = fail_with(r, CMG_E_AUTH);
    } else {
        r->decrypted = true;
        rc = add_key(r, cmg__span_of(plain.data, plain.len));
    }
    cmg__buf_done(&plain);
    return rc;
}

static cmg_status add_plain_key(struct reader *r, struct cmg__span value)
{
    return add_key(r, value);
}

static cmg_status add_certificate(struct reader *r, struct cmg__span value)
{
    struct cmg__span body;
    struct cmg__span wrap;
    struct cmg__span der;
    enum cmg__oid type;

    if (!cmg__der_take(&value, CMG__DER_SEQUENCE, &body) ||
        !cmg__der_take_oid(&body, &type))
        return fail_with(r, CMG_E_PARSE);
    if (type != CMG__OID_X509_CERTIFICATE || r->trial)
        return CMG_OK;
    if (!cmg__der_take(&body, CMG__DER_CONTEXT_CONS + 0, &wrap) ||
        !cmg__der_take(&wrap, CMG__DER_OCTET_STRING, &der))
        return fail_with(r, CMG_E_PARSE);
    if (r->cert_count == MAX_CERTS)
        return fail(r, CMG_E_LIMIT, "there are more than 32 certificates in the PFX");
    const cmg_status rc =
        cmg__x509_parse(r->alloc, der.p, der.n, &r->certs[r->cert_count], r->err);
    if (rc == CMG_OK)
        r->cert_count++;
    return rc;
}

static cmg_status read_bags(struct reader *r, struct cmg__span contents, unsigned depth);

static cmg_status read_bag(struct reader *r, struct cmg__span bag, unsigned depth)
{
    static const struct {
        enum cmg__oid type;
        cmg_status (*add)(struct reader *r, struct cmg__span value);
    } kinds[] = {
        { CMG__OID_KEY_BAG, add_plain_key },
        { CMG__OID_SHROUDED_KEY_BAG, add_shrouded_key },
        { CMG__OID_CERT_BAG, add_certificate },
    };
    enum cmg__oid type;
    struct cmg__span value;

    if (!cmg__der_take_oid(&bag, &type) ||
        !cmg__der_take(&bag, CMG__DER_CONTEXT_CONS + 0, &value))
        return fail_with(r, CMG_E_PARSE);
    if (++r->bags > MAX_BAGS)
        return fail(r, CMG_E_LIMIT, "there are more than 64 bags in the PFX");
    if (type == CMG__OID_SAFE_BAG)
        return depth < MAX_NESTING ? read_bags(r, value, depth + 1)
                                   : fail_with(r, CMG_E_LIMIT);
    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++) {
        if (kinds[i].type == type)
            return kinds[i].add(r, value);
    }
    return CMG_OK; /* revocation lists and secrets are not asked for */
}

static cmg_status read_bags(struct reader *r, struct cmg__span contents, unsigned depth)
{
    struct cmg__span list;
    struct cmg__span bag;
    cmg_status rc = CMG_OK;

    if (!cmg__der_take(&contents, CMG__DER_SEQUENCE, &list) || contents.n != 0)
        return fail_with(r, CMG_E_PARSE);
    while (list.n > 0 && rc == CMG_OK) {
        if (!cmg__der_take(&list, CMG__DER_SEQUENCE, &bag))
            return fail_with(r, CMG_E_PARSE);
        rc = read_bag(r, bag, depth);
    }
    return rc;
}

/* SafeContents as the file has them, perhaps BER. */
static cmg_status read_safe_contents(struct reader *r, struct cmg__span contents)
{
    struct cmg__buf der;

    cmg__buf_init_secret(&der, r->alloc, 2 * PFX_MAX);
    cmg_status rc = cmg__ber_to_der(contents, &der);
    rc = rc == CMG_OK ? read_bags(r, cmg__span_of(der.data, der.len), 0)
                      : fail_with(r, rc);
    cmg__buf_done(&der);
    return rc;
}

/* ---- parts ---- */

static cmg_status read_plain_part(struct reader *r, struct cmg__span value)
{
    struct cmg__span octets;

    if (!cmg__der_take(&value, CMG__DER_OCTET_STRING, &octets))
        return fail_with(r, CMG_E_PARSE);
    return read_safe_contents(r, octets);
}

/* [0] IMPLICIT OCTET STRING: primitive, or in pieces. */
static cmg_status take_ciphertext(struct cmg__span *in, struct cmg__buf *out)
{
    struct cmg__span bytes;
    struct cmg__span piece;
    cmg_status rc = CMG_OK;

    if (cmg__der_take_if(in, CMG__DER_CONTEXT + 0, &bytes))
        return bytes.n > 0 ? cmg__buf_add(out, bytes.p, bytes.n) : CMG_E_PARSE;
    if (!cmg__der_take(in, CMG__DER_CONTEXT_CONS + 0, &bytes))
        return CMG_E_PARSE;
    while (bytes.n > 0 && rc == CMG_OK) {
        if (!cmg__der_take(&bytes, CMG__DER_OCTET_STRING, &piece))
            return CMG_E_PARSE;
        rc = piece.n > 0 ? cmg__buf_add(out, piece.p, piece.n) : CMG_OK;
    }
    return rc;
}

static cmg_status decrypt_part(struct reader *r, struct cmg__span content,
                               struct cmg__buf *plain)
{
    struct cmg__pbe pbe;
    struct cmg__buf secret;
    enum cmg__oid type;

    if (!cmg__der_take_oid(&content, &type) || type != CMG__OID_DATA)
        return CMG_E_PARSE;
    cmg_status rc = cmg__pbe_take(&content, &pbe);
    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&secret, r->alloc, PFX_MAX);
    rc = take_ciphertext(&content, &secret);
    if (rc == CMG_OK)
        rc = cmg__pbe_decrypt(&pbe, &r->password, &r->budget,
                              cmg__span_of(secret.data, secret.len), plain);
    cmg__buf_done(&secret);
    return rc;
}

static cmg_status read_encrypted_part(struct reader *r, struct cmg__span value)
{
    struct cmg__span body;
    struct cmg__span content;
    struct cmg__buf plain;
    uint32_t version;

    if (!cmg__der_take(&value, CMG__DER_SEQUENCE, &body) ||
        !cmg__der_take_uint(&body, 2, &version) ||
        !cmg__der_take(&body, CMG__DER_SEQUENCE, &content))
        return fail_with(r, CMG_E_PARSE);
    cmg__buf_init_secret(&plain, r->alloc, PFX_MAX);
    cmg_status rc = decrypt_part(r, content, &plain);
    if (rc == CMG_OK && (plain.len == 0 || plain.data[0] != CMG__DER_SEQUENCE))
        rc = CMG_E_AUTH;
    if (rc != CMG_OK) {
        rc = fail_with(r, rc);
    } else {
        rc = read_safe_contents(r, cmg__span_of(plain.data, plain.len));
        r->decrypted = r->decrypted || rc == CMG_OK;
    }
    cmg__buf_done(&plain);
    return rc;
}

static cmg_status read_part(struct reader *r, struct cmg__span part)
{
    enum cmg__oid type;
    struct cmg__span value;

    if (!cmg__der_take_oid(&part, &type) ||
        !cmg__der_take(&part, CMG__DER_CONTEXT_CONS + 0, &value))
        return fail_with(r, CMG_E_PARSE);
    if (type == CMG__OID_DATA)
        return read_plain_part(r, value);
    if (type == CMG__OID_ENCRYPTED_DATA)
        return read_encrypted_part(r, value);
    if (type == CMG__OID_ENVELOPED_DATA)
        return fail(r, CMG_E_UNSUPPORTED, "the PFX is encrypted to a public key");
    return fail_with(r, CMG_E_PARSE);
}

/* In a trial every part is tried, whatever became of the one before. */
static cmg_status read_parts(struct reader *r, struct cmg__span content)
{
    struct cmg__buf der;
    struct cmg__span list;
    struct cmg__span part;

    cmg__buf_init_secret(&der, r->alloc, 2 * PFX_MAX);
    cmg_status rc = cmg__ber_to_der(content, &der);
    struct cmg__span in = cmg__span_of(der.data, der.len);
    if (rc == CMG_OK && (!cmg__der_take(&in, CMG__DER_SEQUENCE, &list) || in.n != 0))
        rc = CMG_E_PARSE;
    if (rc != CMG_OK) {
        cmg__buf_done(&der);
        return fail_with(r, rc);
    }
    while (list.n > 0 && (rc == CMG_OK || r->trial)) {
        if (!cmg__der_take(&list, CMG__DER_SEQUENCE, &part)) {
            rc = fail_with(r, CMG_E_PARSE);
            break;
        }
        rc = read_part(r, part);
    }
    cmg__buf_done(&der);
    return rc;
}

/* ---- the whole ---- */

/* Finds the form of the password whose MAC fits and leaves it in the reader. */
static cmg_status find_password(struct reader *r, const char *password,
                                const struct cmg__pfx_mac *mac, struct cmg__span content)
{
    uint8_t value[64];
    size_t n = 0;
    cmg_status rc = CMG_OK;

    for (unsigned i = 0; i < CMG__PBE_VARIANTS; i++) {
        const bool used = cmg__pbe_password_init(&r->password, r->alloc, password,
                                                 (enum cmg__pbe_variant)i, &rc);
        if (used && rc == CMG_OK && !cmg__pbe_spend(&r->budget, mac->kdf.iterations))
            rc = CMG_E_LIMIT;
        if (used && rc == CMG_OK)
            rc = cmg__pfx_mac_compute(mac, &r->password, content, value, &n);
        if (used && rc == CMG_OK && mac->value.n == n &&
            cmg__memeq_const_time(mac->value.p, value, n))
            return CMG_OK;
        cmg__pbe_password_done(&r->password);
        if (rc != CMG_OK)
            return rc;
    }
    return CMG_E_AUTH;
}

/* After a MAC that does not fit: does the password open anything all the same? */
static bool password_opens(struct reader *r, const char *password,
                           struct cmg__span content)
{
    cmg_error **err = r->err;
    cmg_status rc;

    r->trial = true;
    r->err = NULL;
    if (cmg__pbe_password_init(&r->password, r->alloc, password, CMG__PBE_UTF16, &rc) &&
        rc == CMG_OK)
        (void)read_parts(r, content);
    cmg__pbe_password_done(&r->password);
    r->err = err;
    return r->decrypted;
}

/* PFX down to the content that the MAC covers; CMG_E_NOTFOUND without a MAC. */
static cmg_status open_pfx(struct cmg__span in, struct cmg__span *content,
                           struct cmg__pfx_mac *mac)
{
    struct cmg__span body;
    struct cmg__span safe;
    struct cmg__span wrap;
    enum cmg__oid type;
    uint32_t version;

    if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &body) || in.n != 0 ||
        !cmg__der_take_uint(&body, 3, &version) || version != 3 ||
        !cmg__der_take(&body, CMG__DER_SEQUENCE, &safe) ||
        !cmg__der_take_oid(&safe, &type))
        return CMG_E_PARSE;
    /* signedData: protected by a public key. */
    if (type != CMG__OID_DATA)
        return CMG_E_UNSUPPORTED;
    if (!cmg__der_take(&safe, CMG__DER_CONTEXT_CONS + 0, &wrap) ||
        !cmg__der_take(&wrap, CMG__DER_OCTET_STRING, content))
        return CMG_E_PARSE;
    return body.n > 0 ? cmg__pfx_mac_take(&body, mac) : CMG_E_NOTFOUND;
}

static cmg_status read_pfx(struct reader *r, struct cmg__span in, const char *password)
{
    struct cmg__span content;
    struct cmg__pfx_mac mac;
    cmg_status rc = open_pfx(in, &content, &mac);

    if (rc == CMG_E_NOTFOUND)
        return fail(r, CMG_E_UNSUPPORTED, "the PFX has no MAC: nothing protects it");
    if (rc == CMG_OK)
        rc = find_password(r, password, &mac, content);
    if (rc == CMG_E_AUTH && password_opens(r, password, content))
        return fail(r, CMG_E_PARSE, "the PFX was changed: its MAC does not fit");
    if (rc != CMG_OK)
        return fail_with(r, rc);
    rc = read_parts(r, content);
    cmg__pbe_password_done(&r->password);
    return rc;
}

static void swap(struct cmg__x509 **a, struct cmg__x509 **b)
{
    struct cmg__x509 *c = *a;

    *a = *b;
    *b = c;
}

static bool is_leaf(const struct reader *r, const struct cmg__x509 *cert)
{
    return r->key != NULL ? cmg__x509_matches_key(cert, r->key) : !cert->is_ca;
}

/* Leaf first, then each certificate's issuer after it, then the rest. */
static void sort_chain(struct reader *r)
{
    for (size_t i = 0; i < r->cert_count; i++) {
        if (is_leaf(r, r->certs[i])) {
            swap(&r->certs[0], &r->certs[i]);
            break;
        }
    }
    for (size_t i = 1; i < r->cert_count; i++) {
        for (size_t k = i; k < r->cert_count; k++) {
            if (cmg__span_eq(r->certs[i - 1]->issuer_name, r->certs[k]->subject_name)) {
                swap(&r->certs[i], &r->certs[k]);
                break;
            }
        }
    }
}

static cmg_status give(struct reader *r, struct cmg__key **out_key,
                       struct cmg__x509 ***out_certs, size_t *out_cert_count)
{
    struct cmg__x509 **list = NULL;

    sort_chain(r);
    if (r->cert_count > 0) {
        list = cmg__alloc_array(r->alloc, r->cert_count, sizeof(struct cmg__x509 *));
        if (list == NULL)
            return cmg__fail_nomem(r->err);
        memcpy(list, r->certs, r->cert_count * sizeof(struct cmg__x509 *));
    }
    *out_key = r->key;
    *out_certs = list;
    *out_cert_count = r->cert_count;
    return CMG_OK;
}

cmg_status cmg__pfx_read(const struct cmg__alloc *alloc, const struct cmg__env *env,
                         const void *data, size_t n, const char *password,
                         struct cmg__key **out_key, struct cmg__x509 ***out_certs,
                         size_t *out_cert_count, cmg_error **err)
{
    struct reader r = {
        .alloc = alloc, .env = env, .err = err, .budget = { .left = WORK_MAX }
    };
    struct cmg__buf der;
    cmg_status rc;

    if (n > PFX_MAX)
        return fail_with(&r, CMG_E_LIMIT);
    /* Secret: a key bag may stand in it without encryption. */
    cmg__buf_init_secret(&der, alloc, 2 * PFX_MAX);
    rc = cmg__ber_to_der(cmg__span_of(data, n), &der);
    rc = rc == CMG_OK ? read_pfx(&r, cmg__span_of(der.data, der.len), password)
                      : fail_with(&r, rc);
    if (rc == CMG_OK)
        rc = give(&r, out_key, out_certs, out_cert_count);
    cmg__buf_done(&der);
    if (rc == CMG_OK)
        return rc;
    for (size_t i = 0; i < r.cert_count; i++)
        cmg__x509_free(r.certs[i]);
    cmg__key_free(r.key);
    return rc;
}
