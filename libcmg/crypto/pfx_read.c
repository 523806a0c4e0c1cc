/*
 * Reading PKCS#12 files of unknown origin: the one key and all certificates. How a file
 * is taken apart is the business of pfx_open.c and pfx_walk.c.
 */
#include "crypto/pfx.h"

#include "crypto/key_data.h"
#include "crypto/pfx_file.h"
#include "crypto/x509_chain.h"

struct reader {
    struct cmg__pfx_file file;
    const struct cmg__env *env;
    struct cmg__key *key;
    struct cmg__x509_chain certs;
};

static cmg_status add_key(struct reader *r, struct cmg__span der)
{
    if (r->key != NULL)
        return cmg__fail(r->file.err, r->file.alloc, CMG_E_UNSUPPORTED, "pfx",
                         "export one certificate with its key at a time",
                         "there is more than one private key in the PFX");
    return cmg__key_parse_der(r->file.alloc, r->env, der.p, der.n, &r->key, r->file.err);
}

static cmg_status add_shrouded_key(struct reader *r, struct cmg__span value)
{
    struct cmg__pbe pbe;
    struct cmg__span secret;
    struct cmg__buf plain;
    cmg_status rc = cmg__pfx_take_shrouded(&r->file, value, &pbe, &secret);

    if (rc != CMG_OK)
        return rc;
    cmg__buf_init_secret(&plain, r->file.alloc, CMG__PFX_MAX);
    rc = cmg__pfx_decrypt(&r->file, &pbe, secret, &plain);
    if (rc == CMG_OK)
        rc = add_key(r, cmg__span_of(plain.data, plain.len));
    else if (rc == CMG_E_AUTH && r->file.has_mac)
        rc = cmg__pfx_fail_own(&r->file);
    else
        rc = cmg__pfx_fail(&r->file, rc);
    cmg__buf_done(&plain);
    return rc;
}

static cmg_status add_certificate(struct reader *r, struct cmg__span value)
{
    struct cmg__span der;
    bool is_x509 = false;
    const cmg_status rc = cmg__pfx_take_certificate(&r->file, value, &der, &is_x509);

    return rc == CMG_OK && is_x509 ? cmg__x509_chain_add(&r->certs, der, r->file.err)
                                   : rc;
}

static cmg_status on_bag(void *user, const struct cmg__pfx_bag *bag)
{
    static const struct {
        enum cmg__oid type;
        cmg_status (*add)(struct reader *r, struct cmg__span value);
    } kinds[] = {
        { CMG__OID_KEY_BAG, add_key },
        { CMG__OID_SHROUDED_KEY_BAG, add_shrouded_key },
        { CMG__OID_CERT_BAG, add_certificate },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++) {
        if (kinds[i].type == bag->type)
            return kinds[i].add(user, bag->value);
    }
    return CMG_OK; /* revocation lists and secrets are not asked for */
}

cmg_status cmg__pfx_read(const struct cmg__alloc *alloc, const struct cmg__env *env,
                         const void *data, size_t n, const char *password,
                         struct cmg__key **out_key, struct cmg__x509 ***out_certs,
                         size_t *out_cert_count, cmg_error **err)
{
    struct reader r = { .env = env };
    const struct cmg__pfx_visitor visitor = { .user = &r, .on_bag = on_bag };

    cmg__x509_chain_init(&r.certs, alloc);
    cmg_status rc = cmg__pfx_open(&r.file, alloc, data, n, err);
    if (rc == CMG_OK)
        rc = cmg__pfx_unlock(&r.file, password);
    if (rc == CMG_OK)
        rc = cmg__pfx_walk(&r.file, &visitor);
    cmg__pfx_close(&r.file);
    if (rc != CMG_OK) {
        cmg__x509_chain_done(&r.certs);
        cmg__key_free(r.key);
        return rc;
    }
    cmg__x509_sort_leaf_first(r.certs.items, r.certs.count, r.key);
    cmg__x509_sort_issuers(r.certs.items, r.certs.count);
    *out_key = r.key;
    *out_certs = r.certs.items;
    *out_cert_count = r.certs.count;
    return CMG_OK;
}
