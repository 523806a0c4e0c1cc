/*
 * Issuing certificates by template. Every byte is composed here, so both lines of mbedTLS
 * give the same certificate and an ECDSA signature gets the parameterless algorithm
 * identifier that 2.28.3 writes wrongly. What was issued is parsed again and its
 * signature checked before it is handed out.
 */
#include <string.h>

#include "crypto/hash.h"
#include "crypto/spki.h"
#include "crypto/x509_compose.h"
#include "crypto/x509_data.h"

#define LAST_UNIX_S INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

/* What one certificate is made of. */
struct issue {
    const struct cmg__x509_request *request;
    const struct cmg__x509_template *template;
    const struct cmg__x509 *issuer; /* NULL: self-signed */
    const struct cmg__key *signer;
    struct cmg__x509_names names;
    uint8_t serial[CMG__X509_SERIAL_SIZE];
    uint8_t key_id[20];
    struct cmg__spki key;
};

static enum cmg__key_kind kind_of(const struct issue *issue)
{
    return issue->key.algorithm == CMG__OID_RSA ? CMG__KEY_RSA : CMG__KEY_EC;
}

static void put_subject(struct cmg__der_writer *w, const struct issue *issue)
{
    if (issue->request->subject.n > 0)
        cmg__der_put(w, CMG__DER_SEQUENCE, issue->request->subject.p,
                     issue->request->subject.n);
    else
        cmg__x509_names_put_subject(w, issue->template, &issue->names);
}

static void put_issuer(struct cmg__der_writer *w, const struct issue *issue)
{
    if (issue->issuer == NULL)
        put_subject(w, issue);
    else
        cmg__der_put(w, CMG__DER_SEQUENCE, issue->issuer->subject_name.p,
                     issue->issuer->subject_name.n);
}

static void put_validity(struct cmg__der_writer *w, const struct issue *issue)
{
    const size_t mark = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__der_put_time(w, issue->request->not_before_unix_s);
    cmg__der_put_time(w, issue->request->not_after_unix_s);
    cmg__der_close(w, mark);
}

static void put_key_ids(struct cmg__der_writer *w, const struct issue *issue)
{
    const struct cmg__extension mark = cmg__extension_open(w, CMG__OID_SKI, false);

    cmg__der_put(w, CMG__DER_OCTET_STRING, issue->key_id, sizeof issue->key_id);
    cmg__extension_close(w, mark);
    cmg__compose_authority_key_id(
        w, issue->issuer != NULL ? issue->issuer->key_id
                                 : cmg__span_of(issue->key_id, sizeof issue->key_id));
}

static void put_urls(struct cmg__der_writer *w, const struct issue *issue)
{
    const struct cmg__x509_urls *urls = issue->request->urls;

    /* A root is not revoked by its own list. */
    if (urls == NULL || issue->issuer == NULL)
        return;
    cmg__compose_points(w, CMG__OID_CDP, urls->crl);
    cmg__compose_points(w, CMG__OID_FRESHEST_CRL, urls->delta_crl);
    cmg__compose_issuers(w, urls->issuer);
}

static void put_extensions(struct cmg__der_writer *w, const struct issue *issue)
{
    const size_t wrap = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 3);
    const size_t list = cmg__der_open(w, CMG__DER_SEQUENCE);
    const bool named =
        issue->request->subject.n > 0 || cmg__x509_names_has_subject(&issue->names);

    cmg__compose_basic_constraints(w, issue->template);
    cmg__compose_key_usage(w, issue->template, kind_of(issue));
    cmg__compose_eku(w, issue->template);
    cmg__compose_alternatives(w, issue->template, &issue->names, !named);
    put_key_ids(w, issue);
    put_urls(w, issue);
    cmg__der_close(w, list);
    cmg__der_close(w, wrap);
}

static void put_tbs(struct cmg__der_writer *w, const struct issue *issue)
{
    const size_t tbs = cmg__der_open(w, CMG__DER_SEQUENCE);
    const size_t version = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 0);

    cmg__der_put_uint(w, 2);
    cmg__der_close(w, version);
    cmg__der_put_number(w, issue->serial, sizeof issue->serial);
    cmg__compose_algorithm(w, cmg__key_kind(issue->signer), issue->template->hash);
    put_issuer(w, issue);
    put_validity(w, issue);
    put_subject(w, issue);
    cmg__der_put_raw(w, issue->key.whole.p, issue->key.whole.n);
    put_extensions(w, issue);
    cmg__der_close(w, tbs);
}

/* The to-be-signed part becomes the whole certificate in out. */
static cmg_status sign(const struct cmg__env *env, const struct issue *issue,
                       struct cmg__buf *out, cmg_error **err)
{
    struct cmg__buf tbs;
    struct cmg__der_writer w;

    cmg__buf_init(&tbs, out->alloc, CMG__X509_DER_MAX);
    cmg__der_write_init(&w, &tbs);
    put_tbs(&w, issue);
    const cmg_status rc =
        cmg__compose_signed(issue->signer, env, issue->template->hash, &w, out, err);
    cmg__buf_done(&tbs);
    return rc;
}

static cmg_status check_issuer(const struct cmg__alloc *alloc, const struct issue *issue,
                               cmg_error **err)
{
    const struct cmg__x509 *issuer = issue->issuer;

    if (issuer == NULL)
        return CMG_OK;
    if (!issuer->is_ca || !cmg__x509_matches_key(issuer, issue->signer))
        return cmg__fail(err, alloc, CMG_E_CERT, issuer->subject,
                         "use the certificate and key of an authority",
                         "the issuer's certificate is not an authority's or its key is "
                         "another one");
    if (issue->template->is_ca && issuer->path_length == 0)
        return cmg__fail(err, alloc, CMG_E_CERT, issuer->subject,
                         "issue it from an authority higher up",
                         "the issuer's path length allows no authority below it");
    return CMG_OK;
}

static cmg_status check_request(const struct cmg__alloc *alloc, const struct issue *issue,
                                cmg_error **err)
{
    const struct cmg__x509_request *request = issue->request;
    cmg_status rc = cmg__x509_names_check(alloc, issue->template, &issue->names, err);

    if (rc == CMG_OK && (request->not_before_unix_s < 0 ||
                         request->not_after_unix_s <= request->not_before_unix_s ||
                         request->not_after_unix_s > LAST_UNIX_S))
        rc = cmg__fail(err, alloc, CMG_E_INVAL, "not_after", NULL,
                       "the validity would end before it begins or after the year 9999");
    if (rc == CMG_OK)
        rc = check_issuer(alloc, issue, err);
    return rc;
}

cmg_status cmg__x509_draw_serial(const struct cmg__env *env,
                                 uint8_t serial[CMG__X509_SERIAL_SIZE])
{
    if (env->random(env->user, serial, CMG__X509_SERIAL_SIZE) != 0)
        return CMG_E_IO;
    /* Positive, and always sixteen octets. */
    serial[0] = (uint8_t)((serial[0] & 0x7fU) | 0x40U);
    return CMG_OK;
}

/* Serial, public key and its identifier; spki keeps what is not the request's. */
static cmg_status prepare(const struct cmg__env *env, struct issue *issue,
                          struct cmg__buf *spki)
{
    const struct cmg__x509_request *request = issue->request;
    struct cmg__span in = request->spki;
    struct cmg__der_item item;
    cmg_status rc = CMG_OK;

    if (request->key != NULL) {
        rc = cmg__key_write_public_der(request->key, spki);
        in = cmg__span_of(spki->data, spki->len);
    }
    if (rc == CMG_OK && request->serial != NULL)
        memcpy(issue->serial, request->serial, sizeof issue->serial);
    else if (rc == CMG_OK)
        rc = cmg__x509_draw_serial(env, issue->serial);
    if (rc != CMG_OK)
        return rc;
    if (!cmg__der_next(&in, &item) || !cmg__spki_read(&item, &issue->key))
        return CMG_E_INTERNAL;
    return cmg__sha1(issue->key.bits.p, issue->key.bits.n, issue->key_id);
}

static cmg_status parse_issued(const struct cmg__buf *der, const struct issue *issue,
                               struct cmg__x509 **out, cmg_error **err)
{
    struct cmg__x509 *cert;
    cmg_status rc = cmg__x509_parse(der->alloc, der->data, der->len, &cert, err);

    if (rc != CMG_OK)
        return rc;
    rc = cmg__x509_verify_signature(cert, issue->issuer != NULL ? issue->issuer : cert);
    if (rc == CMG_OK) {
        *out = cert;
        return CMG_OK;
    }
    cmg__x509_free(cert);
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    return cmg__fail(err, der->alloc, CMG_E_INTERNAL, "certificate", NULL,
                     "the new certificate's signature does not verify");
}

static struct cmg__x509_names names_of(const struct cmg__x509_request *request)
{
    return (struct cmg__x509_names){
        .common_name = request->common_name,
        .organization = request->organization,
        .organizational_unit = request->organizational_unit,
        .locality = request->locality,
        .state = request->state,
        .country = request->country,
        .dns_names = request->dns_names,
        .ip_addresses = request->ip_addresses,
        .upns = request->upns,
        .uris = request->uris,
    };
}

cmg_status cmg__x509_issue(const struct cmg__alloc *alloc, const struct cmg__env *env,
                           const struct cmg__x509_request *request,
                           const struct cmg__x509 *issuer,
                           const struct cmg__key *issuer_key, struct cmg__x509 **out,
                           cmg_error **err)
{
    struct issue issue = { .request = request,
                           .template = request->template != NULL
                                           ? request->template
                                           : cmg__x509_builtin(request->profile),
                           .issuer = issuer,
                           .signer = issuer != NULL ? issuer_key : request->key,
                           .names = names_of(request) };
    struct cmg__buf spki;
    struct cmg__buf der;
    cmg_status rc = check_request(alloc, &issue, err);

    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&spki, alloc, 2048);
    cmg__buf_init(&der, alloc, CMG__X509_DER_MAX);
    rc = prepare(env, &issue, &spki);
    if (rc == CMG_E_NOMEM)
        rc = cmg__fail_nomem(err);
    else if (rc != CMG_OK)
        rc = cmg__fail(err, alloc, rc, "certificate", NULL,
                       "a serial number could not be made");
    if (rc == CMG_OK)
        rc = cmg__x509_template_allows_key(alloc, issue.template, kind_of(&issue),
                                           issue.key.size, err);
    if (rc == CMG_OK)
        rc = sign(env, &issue, &der, err);
    if (rc == CMG_OK)
        rc = parse_issued(&der, &issue, out, err);
    cmg__buf_done(&der);
    cmg__buf_done(&spki);
    return rc;
}
