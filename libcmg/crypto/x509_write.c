/*
 * Issuing certificates from named profiles. Every byte is composed here, so both lines of
 * mbedTLS give the same certificate and an ECDSA signature gets the parameterless
 * algorithm identifier that 2.28.3 writes wrongly. What was issued is parsed again and
 * its signature checked before it is handed out.
 */
#include <string.h>

#include "base/str.h"
#include "crypto/hash.h"
#include "crypto/key_data.h"
#include "crypto/x509_data.h"
#include "crypto/x509_host.h"

#define MAX_NAMES   100
#define MAX_CN_SIZE 64

struct profile {
    bool is_ca;
    bool repeat_cn; /* the common name is also an alternative name */
    unsigned key_usage;
    unsigned rsa_key_usage; /* more for an RSA key */
    enum cmg__oid eku[2];
};

static const struct profile profiles[] = {
    [CMG__PROFILE_ROOT] = { .is_ca = true,
                            .key_usage = CMG__KU_KEY_CERT_SIGN | CMG__KU_CRL_SIGN },
    [CMG__PROFILE_WEB_SERVER] = { .repeat_cn = true,
                                  .key_usage = CMG__KU_DIGITAL_SIGNATURE,
                                  .rsa_key_usage = CMG__KU_KEY_ENCIPHERMENT,
                                  .eku = { CMG__OID_SERVER_AUTH } },
    [CMG__PROFILE_CLIENT] = { .key_usage = CMG__KU_DIGITAL_SIGNATURE,
                              .rsa_key_usage = CMG__KU_KEY_ENCIPHERMENT,
                              .eku = { CMG__OID_CLIENT_AUTH } },
    [CMG__PROFILE_CONNECTOR] = { .key_usage = CMG__KU_DIGITAL_SIGNATURE,
                                 .rsa_key_usage = CMG__KU_KEY_ENCIPHERMENT,
                                 .eku = { CMG__OID_CLIENT_AUTH, CMG__OID_SERVER_AUTH } },
};

/* What one certificate is made of. */
struct issue {
    const struct cmg__x509_request *request;
    const struct profile *profile;
    const struct cmg__x509 *issuer; /* NULL: self-signed */
    const struct cmg__key *signer;
    uint8_t serial[16];
    uint8_t key_id[20];
    struct cmg__span spki;
    struct cmg__span key_bits;
};

static void put_attribute(struct cmg__der_writer *w, enum cmg__oid type, const char *text)
{
    const size_t set = cmg__der_open(w, CMG__DER_SET);
    const size_t pair = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__der_put_oid(w, type);
    cmg__der_put(w, CMG__DER_UTF8_STRING, text, strlen(text));
    cmg__der_close(w, pair);
    cmg__der_close(w, set);
}

static void put_subject(struct cmg__der_writer *w, const struct issue *issue)
{
    const size_t mark = cmg__der_open(w, CMG__DER_SEQUENCE);

    if (issue->request->organization != NULL)
        put_attribute(w, CMG__OID_O, issue->request->organization);
    put_attribute(w, CMG__OID_CN, issue->request->common_name);
    cmg__der_close(w, mark);
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

struct extension {
    size_t outer;
    size_t value;
};

static struct extension open_extension(struct cmg__der_writer *w, enum cmg__oid oid,
                                       bool critical)
{
    struct extension mark;

    mark.outer = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put_oid(w, oid);
    if (critical)
        cmg__der_put_true(w);
    mark.value = cmg__der_open(w, CMG__DER_OCTET_STRING);
    return mark;
}

static void close_extension(struct cmg__der_writer *w, struct extension mark)
{
    cmg__der_close(w, mark.value);
    cmg__der_close(w, mark.outer);
}

static void put_basic_constraints(struct cmg__der_writer *w, const struct issue *issue)
{
    const struct extension mark = open_extension(w, CMG__OID_BASIC_CONSTRAINTS, true);
    const size_t body = cmg__der_open(w, CMG__DER_SEQUENCE);

    if (issue->profile->is_ca)
        cmg__der_put_true(w);
    cmg__der_close(w, body);
    close_extension(w, mark);
}

static void put_key_usage(struct cmg__der_writer *w, const struct issue *issue)
{
    const struct extension mark = open_extension(w, CMG__OID_KEY_USAGE, true);
    unsigned usage = issue->profile->key_usage;
    uint8_t bits[2] = { 0, 0 };

    if (cmg__key_kind(issue->request->key) == CMG__KEY_RSA)
        usage |= issue->profile->rsa_key_usage;
    /* Named bits: trailing zeros do not count. */
    while ((usage >> bits[0] & 1U) == 0)
        bits[0]++;
    bits[1] = (uint8_t)usage;
    cmg__der_put(w, CMG__DER_BIT_STRING, bits, sizeof bits);
    close_extension(w, mark);
}

static void put_eku(struct cmg__der_writer *w, const struct issue *issue)
{
    const enum cmg__oid *eku = issue->profile->eku;

    if (eku[0] == CMG__OID_UNKNOWN)
        return;
    const struct extension mark = open_extension(w, CMG__OID_EKU, false);
    const size_t body = cmg__der_open(w, CMG__DER_SEQUENCE);
    for (size_t i = 0; i < CMG__ARRAY_LEN(issue->profile->eku); i++) {
        if (eku[i] != CMG__OID_UNKNOWN)
            cmg__der_put_oid(w, eku[i]);
    }
    cmg__der_close(w, body);
    close_extension(w, mark);
}

static void put_key_ids(struct cmg__der_writer *w, const struct issue *issue)
{
    struct cmg__span authority = cmg__span_of(issue->key_id, sizeof issue->key_id);
    struct extension mark = open_extension(w, CMG__OID_SKI, false);

    cmg__der_put(w, CMG__DER_OCTET_STRING, issue->key_id, sizeof issue->key_id);
    close_extension(w, mark);
    if (issue->issuer != NULL)
        authority = issue->issuer->key_id;
    if (authority.n == 0)
        return;
    mark = open_extension(w, CMG__OID_AKI, false);
    const size_t body = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put(w, CMG__DER_CONTEXT + 0, authority.p, authority.n);
    cmg__der_close(w, body);
    close_extension(w, mark);
}

static bool list_has(const char *const *list, const char *name)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (cmg__str_ieq(list[i], name))
            return true;
    }
    return false;
}

static bool repeats_cn(const struct issue *issue)
{
    const struct cmg__x509_request *request = issue->request;

    return issue->profile->repeat_cn && cmg__host_is_valid(request->common_name, true) &&
           !list_has(request->dns_names, request->common_name);
}

static void put_alternative_names(struct cmg__der_writer *w, const struct issue *issue)
{
    const struct cmg__x509_request *request = issue->request;
    uint8_t address[16];
    const bool cn = repeats_cn(issue);

    if (!cn && (request->dns_names == NULL || request->dns_names[0] == NULL) &&
        (request->ip_addresses == NULL || request->ip_addresses[0] == NULL))
        return;
    const struct extension mark = open_extension(w, CMG__OID_SAN, false);
    const size_t body = cmg__der_open(w, CMG__DER_SEQUENCE);
    if (cn)
        cmg__der_put(w, CMG__GN_DNS, request->common_name, strlen(request->common_name));
    for (const char *const *p = request->dns_names; p != NULL && *p != NULL; p++)
        cmg__der_put(w, CMG__GN_DNS, *p, strlen(*p));
    for (const char *const *p = request->ip_addresses; p != NULL && *p != NULL; p++)
        cmg__der_put(w, CMG__GN_IP, address, cmg__host_address(*p, address));
    cmg__der_close(w, body);
    close_extension(w, mark);
}

static void put_extensions(struct cmg__der_writer *w, const struct issue *issue)
{
    static void (*const parts[])(struct cmg__der_writer *, const struct issue *) = {
        put_basic_constraints, put_key_usage, put_eku, put_alternative_names, put_key_ids,
    };
    const size_t wrap = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 3);
    const size_t list = cmg__der_open(w, CMG__DER_SEQUENCE);

    for (size_t i = 0; i < CMG__ARRAY_LEN(parts); i++)
        parts[i](w, issue);
    cmg__der_close(w, list);
    cmg__der_close(w, wrap);
}

static void put_signature_algorithm(struct cmg__der_writer *w, const struct issue *issue)
{
    const bool rsa = cmg__key_kind(issue->signer) == CMG__KEY_RSA;

    cmg__der_put_algorithm(w, rsa ? CMG__OID_RSA_SHA256 : CMG__OID_ECDSA_SHA256, rsa);
}

static void put_tbs(struct cmg__der_writer *w, const struct issue *issue)
{
    const size_t tbs = cmg__der_open(w, CMG__DER_SEQUENCE);
    const size_t version = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 0);

    cmg__der_put_uint(w, 2);
    cmg__der_close(w, version);
    cmg__der_put_number(w, issue->serial, sizeof issue->serial);
    put_signature_algorithm(w, issue);
    put_issuer(w, issue);
    put_validity(w, issue);
    put_subject(w, issue);
    cmg__der_put_raw(w, issue->spki.p, issue->spki.n);
    put_extensions(w, issue);
    cmg__der_close(w, tbs);
}

/* The to-be-signed part becomes the whole certificate in out. */
static cmg_status sign(const struct cmg__env *env, const struct issue *issue,
                       struct cmg__buf *out, cmg_error **err)
{
    struct cmg__buf tbs;
    struct cmg__buf signature;
    struct cmg__der_writer w;

    cmg__buf_init(&tbs, out->alloc, CMG__X509_DER_MAX);
    cmg__buf_init(&signature, out->alloc, 1024);
    cmg__der_write_init(&w, &tbs);
    put_tbs(&w, issue);
    cmg_status rc = w.rc;
    if (rc == CMG_OK)
        rc = cmg__key_sign_sha256(issue->signer, env, tbs.data, tbs.len, &signature, err);
    else
        rc = rc == CMG_E_NOMEM ? cmg__fail_nomem(err)
                               : cmg__fail(err, out->alloc, rc, "request", NULL,
                                           "the certificate would be too large");
    if (rc == CMG_OK) {
        cmg__der_write_init(&w, out);
        const size_t mark = cmg__der_open(&w, CMG__DER_SEQUENCE);
        cmg__der_put_raw(&w, tbs.data, tbs.len);
        put_signature_algorithm(&w, issue);
        cmg__der_put_bits(&w, signature.data, signature.len);
        cmg__der_close(&w, mark);
        rc = w.rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
    }
    cmg__buf_done(&signature);
    cmg__buf_done(&tbs);
    return rc;
}

static cmg_status check_names(const struct cmg__alloc *alloc,
                              const struct cmg__x509_request *request, cmg_error **err)
{
    uint8_t address[16];
    size_t count = 0;

    for (const char *const *p = request->dns_names; p != NULL && *p != NULL; p++) {
        if (!cmg__host_is_valid(*p, true) || ++count > MAX_NAMES)
            return cmg__fail(err, alloc, CMG_E_INVAL, "dns_names",
                             "give at most 100 names such as \"gw.contoso.com\"",
                             "\"%.80s\" cannot be an alternative name", *p);
    }
    for (const char *const *p = request->ip_addresses; p != NULL && *p != NULL; p++) {
        if (cmg__host_address(*p, address) == 0 || ++count > MAX_NAMES)
            return cmg__fail(err, alloc, CMG_E_INVAL, "ip_addresses",
                             "give at most 100 IPv4 or IPv6 addresses",
                             "\"%.80s\" cannot be an alternative address", *p);
    }
    return CMG_OK;
}

/* Length in characters of valid UTF-8; 0 when it is not. */
static size_t utf8_length(const char *text)
{
    size_t count = 0;

    if (!cmg__utf8_is_valid(text, strlen(text)))
        return 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0U) != 0x80U;
    return count;
}

static cmg_status check_name_part(const struct cmg__alloc *alloc, const char *field,
                                  const char *text, cmg_error **err)
{
    const size_t n = text != NULL ? utf8_length(text) : 0;

    if (n >= 1 && n <= MAX_CN_SIZE)
        return CMG_OK;
    return cmg__fail(err, alloc, CMG_E_INVAL, field, "give 1 to 64 characters of UTF-8",
                     "%s has %zu characters", field, n);
}

static cmg_status check_request(const struct cmg__alloc *alloc,
                                const struct cmg__x509_request *request,
                                const struct cmg__x509 *issuer,
                                const struct cmg__key *issuer_key, cmg_error **err)
{
    cmg_status rc = check_name_part(alloc, "common_name", request->common_name, err);

    if (rc == CMG_OK && request->organization != NULL)
        rc = check_name_part(alloc, "organization", request->organization, err);
    if (rc == CMG_OK)
        rc = check_names(alloc, request, err);
    if (rc != CMG_OK)
        return rc;
    if (request->not_before_unix_s < 0 ||
        request->not_after_unix_s <= request->not_before_unix_s ||
        request->not_after_unix_s > INT64_C(253402300799))
        return cmg__fail(
            err, alloc, CMG_E_INVAL, "not_after", NULL,
            "the validity would end before it begins or after the year 9999");
    if (issuer != NULL && (!issuer->is_ca || !cmg__x509_matches_key(issuer, issuer_key)))
        return cmg__fail(err, alloc, CMG_E_CERT, issuer->subject,
                         "use the certificate and key of an authority",
                         "the issuer's certificate is not an authority's or its key is "
                         "another one");
    return CMG_OK;
}

/* Serial, key identifier and public key. */
static cmg_status prepare(const struct cmg__env *env, struct issue *issue,
                          struct cmg__buf *spki)
{
    struct cmg__span body;
    struct cmg__span parameters;
    enum cmg__oid algorithm;
    const cmg_status rc = cmg__key_write_public_der(issue->request->key, spki);

    if (rc != CMG_OK)
        return rc;
    if (env->random(env->user, issue->serial, sizeof issue->serial) != 0)
        return CMG_E_IO;
    /* Positive, and always sixteen octets. */
    issue->serial[0] = (uint8_t)((issue->serial[0] & 0x7fU) | 0x40U);
    issue->spki = cmg__span_of(spki->data, spki->len);
    struct cmg__span in = issue->spki;
    if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &body) ||
        !cmg__der_take_algorithm(&body, &algorithm, &parameters) ||
        !cmg__der_take_bits(&body, &issue->key_bits))
        return CMG_E_INTERNAL;
    return cmg__sha1(issue->key_bits.p, issue->key_bits.n, issue->key_id);
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

cmg_status cmg__x509_issue(const struct cmg__alloc *alloc, const struct cmg__env *env,
                           const struct cmg__x509_request *request,
                           const struct cmg__x509 *issuer,
                           const struct cmg__key *issuer_key, struct cmg__x509 **out,
                           cmg_error **err)
{
    struct issue issue = { .request = request,
                           .profile = &profiles[request->profile],
                           .issuer = issuer,
                           .signer = issuer != NULL ? issuer_key : request->key };
    struct cmg__buf spki;
    struct cmg__buf der;
    cmg_status rc = check_request(alloc, request, issuer, issuer_key, err);

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
        rc = sign(env, &issue, &der, err);
    if (rc == CMG_OK)
        rc = parse_issued(&der, &issue, out, err);
    cmg__buf_done(&der);
    cmg__buf_done(&spki);
    return rc;
}
