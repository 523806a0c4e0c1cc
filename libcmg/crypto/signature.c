/*
 * AlgorithmIdentifiers of signatures. RFC 4055: the parameters of RSA PKCS#1 v1.5 are
 * NULL, and absent ones must be accepted, too. RFC 5758: those of ECDSA are absent and
 * nothing else. RSASSA-PSS is read as RFC 4055 profiles it: SHA-256, SHA-384 or SHA-512,
 * the same hash in MGF1, trailer 1; its defaults (SHA-1) are no longer acceptable, so
 * parameters have to be there.
 */
#include "crypto/signature.h"

/* No key of 8192 bits holds more salt. */
#define SALT_MAX     1024
#define SALT_DEFAULT 20

static const struct {
    enum cmg__oid algorithm;
    enum cmg__oid hash;
    bool null; /* parameters may be NULL, and are written so */
} fixed[] = {
    { CMG__OID_RSA_SHA1, CMG__OID_SHA1, true },
    { CMG__OID_RSA_SHA256, CMG__OID_SHA256, true },
    { CMG__OID_RSA_SHA384, CMG__OID_SHA384, true },
    { CMG__OID_RSA_SHA512, CMG__OID_SHA512, true },
    { CMG__OID_ECDSA_SHA1, CMG__OID_SHA1, false },
    { CMG__OID_ECDSA_SHA256, CMG__OID_SHA256, false },
    { CMG__OID_ECDSA_SHA384, CMG__OID_SHA384, false },
    { CMG__OID_ECDSA_SHA512, CMG__OID_SHA512, false },
};

/* The AlgorithmIdentifier of a hash that PSS is used with. */
static bool take_hash(struct cmg__span *in, enum cmg__oid *hash)
{
    struct cmg__span parameters;

    return cmg__der_take_algorithm(in, hash, &parameters) &&
           cmg__der_is_null_or_absent(parameters) && *hash >= CMG__OID_SHA256 &&
           *hash <= CMG__OID_SHA512;
}

static bool take_mgf(struct cmg__span in, enum cmg__oid wanted)
{
    struct cmg__span parameters;
    enum cmg__oid oid;
    enum cmg__oid hash;

    return cmg__der_take_algorithm(&in, &oid, &parameters) && oid == CMG__OID_MGF1 &&
           in.n == 0 && take_hash(&parameters, &hash) && parameters.n == 0 &&
           hash == wanted;
}

/* An optional [tag] INTEGER. */
static bool take_optional(struct cmg__span *in, unsigned tag, uint32_t max,
                          uint32_t *value)
{
    struct cmg__span wrapped;

    if (cmg__der_peek(in) != tag)
        return true;
    return cmg__der_take(in, tag, &wrapped) && cmg__der_take_uint(&wrapped, max, value) &&
           wrapped.n == 0;
}

static bool take_pss(struct cmg__span parameters, struct cmg__signature_algorithm *out)
{
    struct cmg__span body;
    struct cmg__span wrapped;
    uint32_t salt = SALT_DEFAULT;
    uint32_t trailer = 1;

    if (!cmg__der_take(&parameters, CMG__DER_SEQUENCE, &body) || parameters.n != 0 ||
        !cmg__der_take(&body, CMG__DER_CONTEXT_CONS + 0, &wrapped) ||
        !take_hash(&wrapped, &out->hash) || wrapped.n != 0 ||
        !cmg__der_take(&body, CMG__DER_CONTEXT_CONS + 1, &wrapped) ||
        !take_mgf(wrapped, out->hash) ||
        !take_optional(&body, CMG__DER_CONTEXT_CONS + 2, SALT_MAX, &salt) ||
        !take_optional(&body, CMG__DER_CONTEXT_CONS + 3, 1, &trailer) || body.n != 0)
        return false;
    out->salt_len = salt;
    return trailer == 1;
}

static bool take_fixed(struct cmg__span parameters, struct cmg__signature_algorithm *out)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(fixed); i++) {
        if (fixed[i].algorithm != out->algorithm)
            continue;
        out->hash = fixed[i].hash;
        return fixed[i].null ? cmg__der_is_null_or_absent(parameters) : parameters.n == 0;
    }
    return false;
}

bool cmg__signature_algorithm_take(struct cmg__span *in,
                                   struct cmg__signature_algorithm *out)
{
    struct cmg__signature_algorithm found = { .algorithm = CMG__OID_UNKNOWN };
    struct cmg__span parameters;

    if (!cmg__der_take_algorithm(in, &found.algorithm, &parameters))
        return false;
    if (found.algorithm == CMG__OID_RSA_PSS ? !take_pss(parameters, &found)
                                            : !take_fixed(parameters, &found))
        return false;
    *out = found;
    return true;
}

static void put_pss(struct cmg__der_writer *w, const struct cmg__signature_algorithm *pss)
{
    const size_t all = cmg__der_open(w, CMG__DER_SEQUENCE);
    const size_t hash = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 0);

    cmg__der_put_algorithm(w, pss->hash, true);
    cmg__der_close(w, hash);
    const size_t wrapped = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 1);
    const size_t mgf = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put_oid(w, CMG__OID_MGF1);
    cmg__der_put_algorithm(w, pss->hash, true);
    cmg__der_close(w, mgf);
    cmg__der_close(w, wrapped);
    if (pss->salt_len != SALT_DEFAULT) {
        const size_t salt = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 2);

        cmg__der_put_uint(w, pss->salt_len);
        cmg__der_close(w, salt);
    }
    cmg__der_close(w, all);
}

void cmg__signature_algorithm_put(struct cmg__der_writer *w,
                                  const struct cmg__signature_algorithm *algorithm)
{
    if (algorithm->algorithm != CMG__OID_RSA_PSS) {
        cmg__der_put_algorithm(w, algorithm->algorithm,
                               algorithm->algorithm < CMG__OID_ECDSA_SHA1);
        return;
    }
    const size_t mark = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put_oid(w, CMG__OID_RSA_PSS);
    put_pss(w, algorithm);
    cmg__der_close(w, mark);
}
