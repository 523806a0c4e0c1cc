/*
 * The names of a gateway, derived from its certificate: which name clients use, what the
 * deployment is called, which DNS record joins the two. The rules of names stand here
 * once; what a certificate is worth otherwise is judged elsewhere.
 */
#include "model/names.h"

#include <string.h>

#include "azure/cloud.h"
#include "base/str.h"
#include "model/pattern.h"

#define HOST_MAX 253

static bool is_wildcard(const char *name)
{
    return cmg__str_starts(name, "*.");
}

/* A host name of two labels or more, perhaps with a '*' in front. */
static bool is_name(const char *name)
{
    return cmg__pattern_host_name(is_wildcard(name) ? name + 2 : name);
}

bool cmg__names_covers(const char *pattern, const char *host)
{
    const char *rest = strchr(host, '.');

    if (!is_wildcard(pattern))
        return cmg__str_ieq(pattern, host);
    return rest != NULL && rest != host && cmg__str_ieq(pattern + 1, rest);
}

const char *cmg__names_prefix_fault(const char *host)
{
    const size_t n = strcspn(host, ".");
    char label[32] = "";

    if (n < 3)
        return "is shorter than 3 characters";
    if (n > 24)
        return "is longer than 24 characters";
    memcpy(label, host, n);
    if (cmg__is_digit(label[0]))
        return "begins with a digit";
    cmg__lower_in_place(label);
    return cmg__pattern_gateway_name(label) ? NULL
                                            : "has more in it than letters and digits";
}

cmg_name_domain cmg__names_domain(const char *host)
{
    /* RFC 2606, 6761, 6762, 8375, 9476 and ICANN's ".internal": never delegated. */
    static const char *const reserved[] = {
        ".local", ".internal", ".lan",     ".corp", ".home",      ".home.arpa", ".mail",
        ".test",  ".example",  ".invalid", ".alt",  ".localhost", ".intranet",  ".private"
    };

    if (cmg__cloud_owns_host(host))
        return CMG_NAME_DOMAIN_AZURE;
    for (size_t i = 0; i < CMG__ARRAY_LEN(reserved); i++) {
        if (cmg__str_iends(host, reserved[i]))
            return CMG_NAME_DOMAIN_PRIVATE;
    }
    return CMG_NAME_DOMAIN_OWN;
}

/* The i-th DNS name among the alternative names; NULL behind the last. */
static const char *dns_name(const cmg_certificate *cert, size_t index)
{
    const size_t count = cmg__facts_count(&cert->facts, CMG__FACT_NAME);

    for (size_t i = 0; i < count; i++) {
        if (cmg__facts_kind(&cert->facts, CMG__FACT_NAME, i) != CMG_NAME_DNS)
            continue;
        if (index-- == 0)
            return cmg__facts_text(&cert->facts, CMG__FACT_NAME, i);
    }
    return NULL;
}

const char *cmg__names_default(const cmg_certificate *cert)
{
    const char *first = dns_name(cert, 0);

    if (dns_name(cert, 1) == NULL && is_name(cert->info.common_name))
        return cert->info.common_name;
    return first != NULL && is_name(first) ? first : "";
}

static cmg_status offer(cmg_names *names, const char *name)
{
    const struct cmg__alloc *alloc = &names->head.ctx->alloc;

    for (size_t i = 0; i < names->offered_count; i++) {
        if (cmg__str_ieq(names->offered[i], name))
            return CMG_OK;
    }
    if (!is_name(name))
        return CMG_OK;
    names->offered[names->offered_count] = cmg__strdup(alloc, name);
    return names->offered[names->offered_count++] != NULL ? CMG_OK : CMG_E_NOMEM;
}

/* The default first, then the common name, then the others. */
static cmg_status offer_all(cmg_names *names, const cmg_certificate *cert)
{
    const struct cmg__alloc *alloc = &names->head.ctx->alloc;
    const size_t most = cmg__facts_count(&cert->facts, CMG__FACT_NAME) + 2;
    const char *name;

    names->offered = cmg__alloc_array(alloc, most, sizeof *names->offered);
    if (names->offered == NULL)
        return CMG_E_NOMEM;
    cmg_status rc = offer(names, cmg__names_default(cert));
    if (rc == CMG_OK)
        rc = offer(names, cert->info.common_name);
    for (size_t i = 0; rc == CMG_OK; i++) {
        name = dns_name(cert, i);
        if (name == NULL)
            break;
        rc = offer(names, name);
    }
    return rc;
}

static cmg_status fail_wanted(const cmg_names *names, const char *wanted, cmg_error **err)
{
    return cmg__fail(err, &names->head.ctx->alloc, CMG_E_INVAL, "service_name",
                     "choose a name of the certificate, or get one that has this name",
                     "the certificate is not for %s but for %s%s", wanted,
                     names->offered[0], names->offered_count > 1 ? " and others" : "");
}

static cmg_status choose_wanted(cmg_names *names, const char *wanted, cmg_error **err)
{
    bool covered = false;

    for (size_t i = 0; i < names->offered_count; i++)
        covered = covered || cmg__names_covers(names->offered[i], wanted);
    if (!covered || !cmg__pattern_host_name(wanted))
        return fail_wanted(names, wanted, err);
    names->service_name = cmg__strdup(&names->head.ctx->alloc, wanted);
    return names->service_name != NULL ? CMG_OK : cmg__fail_nomem(err);
}

static cmg_status choose_default(cmg_names *names, const char *prefix, cmg_error **err)
{
    const struct cmg__alloc *alloc = &names->head.ctx->alloc;
    const char *name = names->offered[0];

    if (!is_wildcard(name)) {
        names->service_name = cmg__strdup(alloc, name);
    } else if (cmg__str_is_empty(prefix)) {
        return cmg__fail(err, alloc, CMG_E_INVAL, "prefix",
                         "say what stands in for the '*', for example \"granitefalls\"",
                         "the certificate is for %s, which leaves the name open", name);
    } else {
        names->service_name = cmg__format(alloc, "%s%s", prefix, name + 1);
    }
    return names->service_name != NULL ? CMG_OK : cmg__fail_nomem(err);
}

static cmg_status choose(cmg_names *names, const cmg_names_options *options,
                         cmg_error **err)
{
    const struct cmg__alloc *alloc = &names->head.ctx->alloc;

    if (names->offered_count == 0)
        return cmg__fail(err, alloc, CMG_E_CERT, "cert",
                         "get a certificate whose common name is the service's",
                         "the certificate has no host name");
    const cmg_status rc = options->service_name != NULL
                              ? choose_wanted(names, options->service_name, err)
                              : choose_default(names, options->prefix, err);
    if (rc != CMG_OK)
        return rc;
    const char *fault = cmg__names_prefix_fault(names->service_name);
    if (fault == NULL && strlen(names->service_name) <= HOST_MAX)
        return CMG_OK;
    return cmg__fail(err, alloc, CMG_E_CERT, "service_name",
                     "use 3 to 24 letters and digits, a letter first: a storage account "
                     "and a key vault will be called so",
                     "the first label of %s %s", names->service_name,
                     fault != NULL ? fault : "belongs to a name that is too long");
}

static cmg_status fail_azure(const cmg_names *names, cmg_error **err)
{
    if (cmg__str_iends(names->service_name, ".cloudapp.net"))
        return cmg__fail(err, &names->head.ctx->alloc, CMG_E_CERT, "service_name",
                         "get a certificate for a name in your own domain",
                         "%s is the name of a classic deployment (cloud service), which "
                         "Azure has retired: a gateway of today is called %s",
                         names->service_name, names->deployment_name);
    return cmg__fail(err, &names->head.ctx->alloc, CMG_E_CERT, "service_name",
                     "use a name in your own domain, or that of the deployment",
                     "nobody but Microsoft can create a record for %s, and the "
                     "deployment will be called %s",
                     names->service_name, names->deployment_name);
}

/* The deployment's name, and what joins it to the service's. */
static cmg_status derive(cmg_names *names, const char *region, cmg_error **err)
{
    const struct cmg__alloc *alloc = &names->head.ctx->alloc;

    names->prefix =
        cmg__strndup(alloc, names->service_name, strcspn(names->service_name, "."));
    if (names->prefix == NULL)
        return cmg__fail_nomem(err);
    cmg__lower_in_place(names->prefix);
    names->deployment_name =
        cmg__cloud_deployment_name(names->head.ctx, names->prefix, region);
    if (names->deployment_name == NULL)
        return cmg__fail_nomem(err);
    names->domain = cmg__names_domain(names->service_name);
    const bool same = cmg__str_ieq(names->service_name, names->deployment_name);
    if (names->domain == CMG_NAME_DOMAIN_AZURE && !same)
        return fail_azure(names, err);
    names->dns_record = same ? cmg__strdup(alloc, "")
                             : cmg__format(alloc, "%s. CNAME %s.", names->service_name,
                                           names->deployment_name);
    return names->dns_record != NULL ? CMG_OK : cmg__fail_nomem(err);
}

static cmg_status read_options(const cmg_certificate *cert,
                               const cmg_names_options *options, cmg_names_options *out,
                               cmg_error **err)
{
    const struct cmg__alloc *alloc = &cert->head.ctx->alloc;

    if (options == NULL)
        return cmg__fail(err, alloc, CMG_E_INVAL, "options", "pass the region",
                         "options is NULL");
    const cmg_status rc =
        cmg__tagged_copy(out, sizeof *out, sizeof *out, options, "options", err);
    if (rc != CMG_OK)
        return rc;
    if (cmg__str_is_empty(out->region) || !cmg__pattern_region(out->region))
        return cmg__fail(err, alloc, CMG_E_INVAL, "region",
                         "use the region's short name, for example \"westeurope\"",
                         "the region is not small letters and digits");
    return CMG_OK;
}

cmg_status cmg_names_new(const cmg_certificate *cert, const cmg_names_options *options,
                         cmg_names **out_names, cmg_error **err)
{
    cmg_names_options o = { .size = 0 };
    cmg_status rc =
        cmg__check(cert != NULL ? &cert->head : NULL, CMG__TAG_CERTIFICATE, err);

    if (rc == CMG_OK)
        rc = read_options(cert, options, &o, err);
    if (rc != CMG_OK)
        return rc;
    cmg_names *names = cmg__alloc0(&cert->head.ctx->alloc, sizeof *names);
    if (names == NULL)
        return cmg__fail_nomem(err);
    cmg__handle_init(&names->head, CMG__TAG_NAMES, cert->head.ctx);
    if (offer_all(names, cert) != CMG_OK)
        rc = cmg__fail_nomem(err);
    if (rc == CMG_OK)
        rc = choose(names, &o, err);
    if (rc == CMG_OK)
        rc = derive(names, o.region, err);
    if (rc == CMG_OK)
        *out_names = names;
    else
        cmg_names_unref(names);
    return rc;
}

static bool is_live(const cmg_names *names)
{
    return cmg__check(names != NULL ? &names->head : NULL, CMG__TAG_NAMES, NULL) ==
           CMG_OK;
}

const char *cmg_names_service_name(const cmg_names *names)
{
    return is_live(names) ? names->service_name : "";
}

const char *cmg_names_prefix(const cmg_names *names)
{
    return is_live(names) ? names->prefix : "";
}

const char *cmg_names_deployment_name(const cmg_names *names)
{
    return is_live(names) ? names->deployment_name : "";
}

cmg_name_domain cmg_names_get_domain(const cmg_names *names)
{
    return is_live(names) ? names->domain : (cmg_name_domain)0;
}

const char *cmg_names_dns_record(const cmg_names *names)
{
    return is_live(names) ? names->dns_record : "";
}

size_t cmg_names_offered_count(const cmg_names *names)
{
    return is_live(names) ? names->offered_count : 0;
}

const char *cmg_names_offered_at(const cmg_names *names, size_t index)
{
    return index < cmg_names_offered_count(names) ? names->offered[index] : "";
}

static void describe(const cmg_names *names, struct cmg__describe *d)
{
    static const char *const domains[] = {
        [CMG_NAME_DOMAIN_OWN] = "your own: a public or a private authority can issue",
        [CMG_NAME_DOMAIN_PRIVATE] =
            "not for the internet: only a private authority can issue, and clients "
            "outside will not find it",
        [CMG_NAME_DOMAIN_AZURE] = "Microsoft's: only a private authority can issue",
    };
    const char *record = names->dns_record;

    cmg__describe_title(d, "Gateway names");
    cmg__describe_line(d, "service name", "%s", names->service_name);
    cmg__describe_line(d, "deployment name", "%s", names->deployment_name);
    cmg__describe_line(d, "storage and key vault", "%s", names->prefix);
    cmg__describe_line(d, "domain", "%s", domains[names->domain]);
    cmg__describe_line(d, "DNS record to create", "%s",
                       record[0] != '\0' ? record : "none");
    for (size_t i = 0; i < names->offered_count; i++)
        cmg__describe_line(d, "certificate offers", "%s", names->offered[i]);
    cmg__describe_end(d);
}

cmg_status cmg_names_describe(const cmg_names *names, cmg_bytes **out_text,
                              cmg_error **err)
{
    struct cmg__describe d;
    struct cmg__buf text;
    const cmg_status rc =
        cmg__check(names != NULL ? &names->head : NULL, CMG__TAG_NAMES, err);

    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&text, &names->head.ctx->alloc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &text);
    describe(names, &d);
    return cmg__describe_give(&d, out_text, err);
}

cmg_names *cmg_names_ref(cmg_names *names)
{
    if (names != NULL)
        cmg__handle_ref(&names->head);
    return names;
}

void cmg_names_unref(cmg_names *names)
{
    if (names == NULL || !cmg__handle_unref(&names->head))
        return;
    /* The context's allocator must outlive what was taken from it. */
    cmg_context *ctx = cmg_context_ref(names->head.ctx);
    for (size_t i = 0; i < names->offered_count; i++)
        cmg__free(&ctx->alloc, names->offered[i]);
    cmg__free(&ctx->alloc, names->offered);
    cmg__free(&ctx->alloc, names->service_name);
    cmg__free(&ctx->alloc, names->prefix);
    cmg__free(&ctx->alloc, names->deployment_name);
    cmg__free(&ctx->alloc, names->dns_record);
    cmg__handle_done(&names->head);
    cmg__free(&ctx->alloc, names);
    cmg_context_unref(ctx);
}
