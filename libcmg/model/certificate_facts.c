/* The lists of a certificate as texts; see certificate_facts.h. */
#include "model/certificate_facts.h"

#include "base/str.h"
#include "crypto/describe.h"
#include "crypto/x509_data.h"
#include "crypto/x509_describe.h"
#include "crypto/x509_list.h"

#define TEXT_MAX ((size_t)1024 * 1024)

/* Makes an item of the text that begins at `at`; its zero byte is added. */
static cmg_status add_item(struct cmg__facts *facts, size_t at, uint32_t kind)
{
    if (facts->count == facts->capacity) {
        const size_t more = facts->capacity > 0 ? 2 * facts->capacity : 16;
        struct cmg__fact_item *grown =
            cmg__realloc(facts->text.alloc, facts->items, more * sizeof *grown);

        if (grown == NULL)
            return CMG_E_NOMEM;
        facts->items = grown;
        facts->capacity = more;
    }
    facts->items[facts->count++] = (struct cmg__fact_item){ .at = at, .kind = kind };
    return cmg__buf_add_char(&facts->text, '\0');
}

static cmg_status add_hex(struct cmg__facts *facts, struct cmg__span bytes)
{
    const size_t at = facts->text.len;
    cmg_status rc = CMG_OK;

    if (bytes.n == 0)
        return CMG_OK;
    for (size_t i = 0; i < bytes.n && rc == CMG_OK; i++)
        rc = cmg__buf_addf(&facts->text, "%02x", bytes.p[i]);
    return rc == CMG_OK ? add_item(facts, at, 0) : rc;
}

static cmg_status add_oid(struct cmg__facts *facts, struct cmg__span oid)
{
    const size_t at = facts->text.len;
    char dotted[CMG__OID_TEXT_SIZE];

    cmg__oid_format(oid.p, oid.n, dotted);
    const cmg_status rc = cmg__buf_add_str(&facts->text, dotted);
    return rc == CMG_OK ? add_item(facts, at, 0) : rc;
}

static cmg_status add_signature(struct cmg__facts *facts, const struct cmg__x509 *cert)
{
    const size_t at = facts->text.len;
    const cmg_status rc = cmg__signature_text(cert->signature_identifier, &facts->text);

    return rc == CMG_OK ? add_item(facts, at, 0) : rc;
}

static cmg_status add_key_id(struct cmg__facts *facts, const struct cmg__x509 *cert)
{
    return add_hex(facts, cert->key_id);
}

static cmg_status add_authority_key_id(struct cmg__facts *facts,
                                       const struct cmg__x509 *cert)
{
    return add_hex(facts, cert->authority_key_id);
}

static cmg_status add_template(struct cmg__facts *facts, const struct cmg__x509 *cert)
{
    const size_t at = facts->text.len;
    struct cmg__ms_template t;

    if (!cmg__ms_template_find(cert->extensions, &t))
        return CMG_OK;
    const cmg_status rc = cmg__ms_template_text(&t, &facts->text);
    return rc == CMG_OK ? add_item(facts, at, 0) : rc;
}

static cmg_status add_ekus(struct cmg__facts *facts, const struct cmg__x509 *cert)
{
    struct cmg__span in;
    struct cmg__span oid;
    cmg_status rc = CMG_OK;

    if (!cmg__ext_sequence(cert->extensions, CMG__OID_EKU, &in))
        return CMG_OK;
    while (rc == CMG_OK && cmg__oid_next(&in, &oid))
        rc = add_oid(facts, oid);
    return rc;
}

static cmg_status add_policies(struct cmg__facts *facts, const struct cmg__x509 *cert)
{
    struct cmg__span in;
    struct cmg__span oid;
    struct cmg__span cps;
    cmg_status rc = CMG_OK;

    if (!cmg__ext_sequence(cert->extensions, CMG__OID_POLICIES, &in))
        return CMG_OK;
    while (rc == CMG_OK && cmg__policy_next(&in, &oid, &cps))
        rc = add_oid(facts, oid);
    return rc;
}

static cmg_status add_names(struct cmg__facts *facts, const struct cmg__x509 *cert)
{
    struct cmg__span in = cert->alternative_names;
    struct cmg__gn name;
    cmg_status rc = CMG_OK;

    while (rc == CMG_OK && cmg__gn_next(&in, &name)) {
        const size_t at = facts->text.len;

        rc = cmg__gn_text(&name, &facts->text);
        if (rc == CMG_OK)
            rc = add_item(facts, at, (uint32_t)name.kind);
    }
    return rc;
}

static cmg_status add_urls(struct cmg__facts *facts, struct cmg__url_walk *walk)
{
    struct cmg__span url;
    cmg_status rc = CMG_OK;

    while (rc == CMG_OK && cmg__url_next(walk, &url)) {
        const size_t at = facts->text.len;

        rc = cmg__describe_escape(&facts->text, url.p, url.n);
        if (rc == CMG_OK)
            rc = add_item(facts, at, 0);
    }
    return rc;
}

static cmg_status add_crl_urls(struct cmg__facts *facts, const struct cmg__x509 *cert)
{
    struct cmg__url_walk walk;

    cmg__url_walk_crls(&walk, cert->extensions, CMG__OID_CDP);
    return add_urls(facts, &walk);
}

static cmg_status add_delta_urls(struct cmg__facts *facts, const struct cmg__x509 *cert)
{
    struct cmg__url_walk walk;

    cmg__url_walk_crls(&walk, cert->extensions, CMG__OID_FRESHEST_CRL);
    return add_urls(facts, &walk);
}

static cmg_status add_ocsp_urls(struct cmg__facts *facts, const struct cmg__x509 *cert)
{
    struct cmg__url_walk walk;

    cmg__url_walk_access(&walk, cert->extensions, CMG__OID_ACCESS_OCSP);
    return add_urls(facts, &walk);
}

static cmg_status add_issuer_urls(struct cmg__facts *facts, const struct cmg__x509 *cert)
{
    struct cmg__url_walk walk;

    cmg__url_walk_access(&walk, cert->extensions, CMG__OID_CA_ISSUERS);
    return add_urls(facts, &walk);
}

cmg_status cmg__facts_init(struct cmg__facts *facts, const struct cmg__alloc *alloc,
                           const struct cmg__x509 *cert)
{
    static cmg_status (*const add[CMG__FACT_COUNT])(struct cmg__facts *,
                                                    const struct cmg__x509 *) = {
        [CMG__FACT_SIGNATURE] = add_signature,
        [CMG__FACT_KEY_ID] = add_key_id,
        [CMG__FACT_AUTHORITY_KEY_ID] = add_authority_key_id,
        [CMG__FACT_TEMPLATE] = add_template,
        [CMG__FACT_EKU] = add_ekus,
        [CMG__FACT_POLICY] = add_policies,
        [CMG__FACT_NAME] = add_names,
        [CMG__FACT_CRL_URL] = add_crl_urls,
        [CMG__FACT_DELTA_CRL_URL] = add_delta_urls,
        [CMG__FACT_OCSP_URL] = add_ocsp_urls,
        [CMG__FACT_ISSUER_URL] = add_issuer_urls,
    };
    cmg_status rc = CMG_OK;

    *facts = (struct cmg__facts){ .items = NULL };
    cmg__buf_init(&facts->text, alloc, TEXT_MAX);
    for (size_t i = 0; i < CMG__FACT_COUNT && rc == CMG_OK; i++) {
        rc = add[i](facts, cert);
        facts->first[i + 1] = facts->count;
    }
    if (rc != CMG_OK)
        cmg__facts_done(facts);
    return rc;
}

void cmg__facts_done(struct cmg__facts *facts)
{
    cmg__free(facts->text.alloc, facts->items);
    facts->items = NULL;
    cmg__buf_done(&facts->text);
}

size_t cmg__facts_count(const struct cmg__facts *facts, enum cmg__fact fact)
{
    return facts->first[fact + 1] - facts->first[fact];
}

const char *cmg__facts_text(const struct cmg__facts *facts, enum cmg__fact fact, size_t i)
{
    if (i >= cmg__facts_count(facts, fact))
        return "";
    return facts->text.data + facts->items[facts->first[fact] + i].at;
}

uint32_t cmg__facts_kind(const struct cmg__facts *facts, enum cmg__fact fact, size_t i)
{
    if (i >= cmg__facts_count(facts, fact))
        return 0;
    return facts->items[facts->first[fact] + i].kind;
}
