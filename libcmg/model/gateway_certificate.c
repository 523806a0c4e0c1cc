/*
 * The gateway's rules for its server certificate. Each rule is a function that adds what
 * it finds to the report; the judge of chains is asked besides when there is a trust
 * list.
 */
#include <cmg/names.h>

#include <string.h>

#include "base/http.h"
#include "base/str.h"
#include "crypto/x509_chain.h"
#include "crypto/x509_data.h"
#include "crypto/x509_host.h"
#include "crypto/x509_judge.h"
#include "model/names.h"
#include "model/report.h"
#include "model/trust.h"

#define SOON_S (INT64_C(30) * 86400)

struct job {
    const cmg_certificate *cert;
    const struct cmg__x509 *leaf;
    const char *name; /* the service name, perhaps a wildcard */
    int64_t now;
    struct cmg__report *report;
};

static void refuse(const struct job *job, cmg_finding code, const char *remedy,
                   const char *cause)
{
    cmg__report_add(job->report, code, CMG_SEVERITY_REFUSAL, job->leaf->subject, remedy,
                    "%s", cause);
}

static void warn(const struct job *job, cmg_finding code, const char *remedy,
                 const char *cause)
{
    cmg__report_add(job->report, code, CMG_SEVERITY_WARNING, job->leaf->subject, remedy,
                    "%s", cause);
}

static void check_form(const struct job *job)
{
    if (job->leaf->version != 3)
        refuse(job, CMG_FINDING_VERSION, "have it issued as version 3",
               "it is no certificate of version 3");
    if (job->leaf->is_ca)
        refuse(job, CMG_FINDING_IS_AUTHORITY, "have a server certificate issued",
               "it is an authority's certificate");
}

static void check_public_key(const struct job *job)
{
    const unsigned bits = job->leaf->bits;
    const char *remedy = "make a request with an RSA key of 2048 or 4096 bits";

    if (job->leaf->key_algorithm != CMG__OID_RSA)
        cmg__report_add(job->report, CMG_FINDING_KEY_KIND, CMG_SEVERITY_REFUSAL,
                        job->leaf->subject, remedy,
                        "its key is %s; the gateway takes RSA only",
                        job->leaf->key_description);
    else if (bits < 2048)
        cmg__report_add(job->report, CMG_FINDING_WEAK_KEY, CMG_SEVERITY_REFUSAL,
                        job->leaf->subject, remedy, "its key has %u bits only", bits);
    else if (bits != 2048 && bits != 4096)
        cmg__report_add(
            job->report, CMG_FINDING_KEY_KIND, CMG_SEVERITY_WARNING, job->leaf->subject,
            remedy, "its key has %u bits; 2048 and 4096 are what is documented", bits);
}

static void check_private_key(const struct job *job)
{
    if (job->cert->key == NULL)
        refuse(job, CMG_FINDING_NO_KEY, "export it as PFX together with its key",
               "its private key is not there");
    else if (cmg__key_is_held(job->cert->key) || job->cert->key_stays)
        refuse(job, CMG_FINDING_KEY_NOT_EXPORTABLE,
               "have it issued for a key that may be exported",
               "its private key cannot be exported, but the gateway needs a PFX");
}

static void check_usage(const struct job *job)
{
    const struct cmg__x509 *leaf = job->leaf;

    if (!leaf->eku_server_auth)
        refuse(job, CMG_FINDING_EXTENDED_KEY_USAGE,
               "have it issued by a template with Server Authentication",
               leaf->has_eku ? "its extended key usage lacks serverAuth"
                             : "it has no extended key usage");
    if (!leaf->has_key_usage)
        return;
    if ((leaf->key_usage & CMG__KU_DIGITAL_SIGNATURE) == 0)
        refuse(job, CMG_FINDING_KEY_USAGE, "have it issued with digitalSignature",
               "its key usage lacks digitalSignature");
    else if ((leaf->key_usage & CMG__KU_KEY_ENCIPHERMENT) == 0)
        warn(job, CMG_FINDING_KEY_USAGE, "have it issued with keyEncipherment",
             "its key usage lacks keyEncipherment, which old clients ask for");
}

/* ---- names ---- */

static bool carries(const char *name, const char *service_name)
{
    return cmg__str_ieq(name, service_name) ||
           (service_name[0] != '*' && cmg__names_covers(name, service_name));
}

static bool is_alternative_name(const struct job *job)
{
    for (size_t i = 0; i < job->leaf->dns_count; i++) {
        if (carries(job->leaf->dns_names[i], job->name))
            return true;
    }
    return false;
}

static void check_name(const struct job *job)
{
    const bool in_cn = carries(job->cert->info.common_name, job->name);

    if (job->name[0] == '\0') {
        refuse(job, CMG_FINDING_NAME_NOT_USABLE,
               "have it issued for the service's host name",
               "it has no host name as common name or alternative name");
        return;
    }
    if (!is_alternative_name(job))
        cmg__report_add(job->report,
                        in_cn ? CMG_FINDING_NAME_IN_CN_ONLY : CMG_FINDING_WRONG_NAME,
                        CMG_SEVERITY_REFUSAL, job->leaf->subject,
                        "have it issued with the service name as DNS name, too",
                        in_cn ? "%s stands in the common name only; clients look at the "
                                "alternative names"
                              : "it is not for %s",
                        job->name);
    if (!in_cn)
        cmg__report_add(job->report, CMG_FINDING_NAME_NOT_IN_CN, CMG_SEVERITY_WARNING,
                        job->leaf->subject,
                        "have it issued with the service name as common name",
                        "its common name is not %s, which the console takes as service "
                        "name",
                        job->name);
}

static void check_usable(const struct job *job)
{
    const char *fault = job->name[0] != '*' && job->name[0] != '\0'
                            ? cmg__names_prefix_fault(job->name)
                            : NULL;

    if (fault != NULL)
        cmg__report_add(job->report, CMG_FINDING_NAME_NOT_USABLE, CMG_SEVERITY_REFUSAL,
                        job->leaf->subject,
                        "use 3 to 24 letters and digits, a letter first",
                        "the first label of %s %s", job->name, fault);
    if (job->name[0] == '\0')
        return;
    if (cmg__names_domain(job->name) == CMG_NAME_DOMAIN_PRIVATE)
        warn(job, CMG_FINDING_NAME_NOT_PUBLIC, "use a domain that is public",
             "the name is in a domain that the internet does not know");
    if (cmg__names_domain(job->name) == CMG_NAME_DOMAIN_AZURE)
        cmg__report_add(job->report, CMG_FINDING_NAME_NOT_PUBLIC, CMG_SEVERITY_NOTE,
                        job->leaf->subject, "use a name in your own domain",
                        "the name is the deployment's: another region or name later "
                        "means another certificate");
}

/* ---- time, signatures, chain ---- */

static void check_time(const struct job *job, const struct cmg__x509 *cert)
{
    char text[CMG__TIME_SIZE];

    cmg__time_format(cert->not_after, text);
    if (job->now > cert->not_after)
        cmg__report_add(job->report, CMG_FINDING_EXPIRED, CMG_SEVERITY_REFUSAL,
                        cert->subject, "renew it", "it expired at %s", text);
    else if (cert->not_after - job->now <= SOON_S)
        cmg__report_add(job->report, CMG_FINDING_EXPIRES_SOON, CMG_SEVERITY_WARNING,
                        cert->subject, "renew it", "it expires at %s", text);
    cmg__time_format(cert->not_before, text);
    if (job->now < cert->not_before)
        cmg__report_add(job->report, CMG_FINDING_NOT_YET_VALID, CMG_SEVERITY_REFUSAL,
                        cert->subject, "wait, or set the clock",
                        "it is not valid before %s", text);
}

/* The signature on a root is not looked at by anyone. */
static void check_hash(const struct job *job, const struct cmg__x509 *cert)
{
    struct cmg__signature_algorithm algorithm;
    struct cmg__span in = cert->signature_identifier;
    const bool known = cmg__signature_algorithm_take(&in, &algorithm);

    if (cert->is_ca && cmg__x509_is_self_issued(cert))
        return;
    if (!known || algorithm.hash == CMG__OID_SHA1)
        cmg__report_add(job->report, CMG_FINDING_WEAK_SIGNATURE, CMG_SEVERITY_REFUSAL,
                        cert->subject, "have it issued with SHA-256",
                        "it is signed with %s, which is distrusted",
                        known ? "SHA-1" : "an algorithm that is not accepted");
}

static const struct cmg__x509 *issuer_of(const struct job *job,
                                         const struct cmg__x509 *cert)
{
    for (size_t i = 1; i < job->cert->count; i++) {
        const struct cmg__x509 *one = job->cert->chain[i];

        if (!cmg__x509_may_be_issuer(cert, one))
            continue;
        const cmg_status rc = cmg__x509_verify_signature(cert, one);
        if (rc == CMG_OK)
            return one;
        if (rc == CMG_E_NOMEM)
            job->report->rc = rc;
    }
    return NULL;
}

static void check_chain(const struct job *job)
{
    const struct cmg__x509 *at = job->leaf;

    for (size_t steps = 0; steps <= job->cert->count; steps++) {
        check_time(job, at);
        check_hash(job, at);
        if (cmg__x509_is_self_issued(at))
            return;
        const struct cmg__x509 *issuer = issuer_of(job, at);
        if (issuer == NULL) {
            cmg__report_add(job->report, CMG_FINDING_NO_ISSUER, CMG_SEVERITY_WARNING,
                            at->subject,
                            "put the issuer into the PFX, unless it is a root that the "
                            "clients have",
                            "the chain ends here: %s is not in it", at->issuer);
            return;
        }
        at = issuer;
    }
}

/* ---- the revocation list ---- */

static bool is_public_address(const uint8_t *address, size_t n)
{
    if (n == 4)
        return !(address[0] == 10 || address[0] == 127 ||
                 (address[0] == 172 && (address[1] & 0xf0U) == 16) ||
                 (address[0] == 192 && address[1] == 168) ||
                 (address[0] == 169 && address[1] == 254));
    return (address[0] & 0xfeU) != 0xfc && !(address[0] == 0xfe && address[1] >= 0x80);
}

static bool is_public_host(const char *host)
{
    uint8_t address[16];
    const size_t n = cmg__host_address(host, address);

    if (n > 0)
        return is_public_address(address, n);
    return strchr(host, '.') != NULL &&
           cmg__names_domain(host) != CMG_NAME_DOMAIN_PRIVATE;
}

static bool is_reachable(const char *text)
{
    struct cmg__url url;
    char host[256];

    if (!cmg__str_istarts(text, "http://") && !cmg__str_istarts(text, "https://"))
        return false;
    if (!cmg__url_parse(text, &url) || url.host_len >= sizeof host)
        return false;
    memcpy(host, url.host, url.host_len);
    host[url.host_len] = '\0';
    return is_public_host(host);
}

static void check_crl(const struct job *job)
{
    const struct cmg__facts *facts = &job->cert->facts;
    const size_t count = cmg__facts_count(facts, CMG__FACT_CRL_URL);

    for (size_t i = 0; i < count; i++) {
        if (is_reachable(cmg__facts_text(facts, CMG__FACT_CRL_URL, i)))
            return;
    }
    if (count == 0 && cmg__facts_count(facts, CMG__FACT_OCSP_URL) > 0)
        return;
    cmg__report_add(job->report, CMG_FINDING_CRL_UNREACHABLE, CMG_SEVERITY_WARNING,
                    job->leaf->subject,
                    "publish the list on the internet by HTTP, or let clients not check "
                    "it",
                    count == 0 ? "it names no revocation list%s"
                               : "internet clients cannot fetch its revocation list from "
                                 "%s",
                    cmg__facts_text(facts, CMG__FACT_CRL_URL, 0));
}

static cmg_status ask_judge(const struct job *job, const cmg_trust *trust)
{
    const struct cmg__x509_question question = {
        .purpose = CMG_PURPOSE_SERVER,
        .revocation = CMG_REVOCATION_SOFT,
        .name = job->name[0] != '*' && job->name[0] != '\0' ? job->name : NULL,
        .now_unix_s = job->now,
    };

    return trust == NULL ? CMG_OK
                         : cmg__x509_judge(trust->trust, &question, job->cert->chain,
                                           job->cert->count, job->report);
}

static cmg_status read_options(const cmg_certificate *cert,
                               const cmg_gateway_check_options *options,
                               cmg_gateway_check_options *out, cmg_error **err)
{
    const struct cmg__alloc *alloc = &cert->head.ctx->alloc;

    if (options == NULL)
        return cmg__fail(err, alloc, CMG_E_INVAL, "options", "pass at least its size",
                         "options is NULL");
    cmg_status rc =
        cmg__tagged_copy(out, sizeof *out, sizeof *out, options, "options", err);
    if (rc == CMG_OK && out->trust != NULL)
        rc = cmg__check(&out->trust->head, CMG__TAG_TRUST, err);
    if (rc == CMG_OK && out->at_unix_s < 0)
        rc = cmg__fail(err, alloc, CMG_E_INVAL, "at_unix_s",
                       "give seconds since 1970, or 0 for now", "the moment is negative");
    return rc;
}

cmg_status cmg_certificate_check_gateway(const cmg_certificate *cert,
                                         const cmg_gateway_check_options *options,
                                         cmg_report **out_report, cmg_error **err)
{
    static void (*const rules[])(const struct job *) = {
        check_form, check_public_key, check_private_key, check_usage,
        check_name, check_usable,     check_chain,       check_crl,
    };
    cmg_gateway_check_options o = { .size = 0 };
    struct cmg__report report;
    cmg_status rc =
        cmg__check(cert != NULL ? &cert->head : NULL, CMG__TAG_CERTIFICATE, err);

    if (rc == CMG_OK)
        rc = read_options(cert, options, &o, err);
    if (rc != CMG_OK)
        return rc;
    cmg_context *ctx = cert->head.ctx;
    const struct job job = {
        .cert = cert,
        .leaf = cert->chain[0],
        .name = o.service_name != NULL ? o.service_name : cmg__names_default(cert),
        .now = o.at_unix_s != 0 ? o.at_unix_s : cmg__env_unix_s(&ctx->env),
        .report = &report,
    };
    cmg__report_init(&report, &ctx->alloc);
    for (size_t i = 0; i < CMG__ARRAY_LEN(rules); i++)
        rules[i](&job);
    if (ask_judge(&job, o.trust) != CMG_OK)
        report.rc = CMG_E_NOMEM;
    return cmg__report_make(ctx, &report, out_report, err);
}
