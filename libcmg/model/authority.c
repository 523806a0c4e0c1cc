/*
 * cmg_authority: an authority's certificate with the chain above it, its key, and the
 * ledger of what it issued. A root signs itself, a subordinate authority was signed by
 * another one; either lives in memory or in a directory, and its key is ours or the
 * host's.
 */
#include "model/authority.h"

#include <string.h>

#include "base/str.h"
#include "crypto/x509_data.h"
#include "model/certificate_template.h"
#include "model/key.h"

#define DAY_S INT64_C(86400)
/* Machines whose clocks are behind must accept what was issued a moment ago. */
#define BACKDATE_S INT64_C(3600)

cmg_status cmg__authority_check(const cmg_authority *ca, cmg_error **err)
{
    return cmg__check(ca != NULL ? &ca->head : NULL, CMG__TAG_AUTHORITY, err);
}

/* What an authority is to be, with defaults filled in. */
struct plan {
    cmg_context *ctx;
    const char *directory; /* NULL: in memory */
    const char *common_name;
    const char *organization;
    const struct cmg__x509_template *template;
    cmg_authority *parent;              /* NULL: none */
    const cmg_certificate *certificate; /* NULL: to be made */
    struct cmg__key *held;              /* NULL: to be made, or in the directory */
    uint32_t days;
};

/* ---- certificates ---- */

static cmg_status make_chain(cmg_context *ctx, struct cmg__x509 *cert,
                             struct cmg__authority_files *files, cmg_error **err)
{
    files->chain = cmg__alloc_array(&ctx->alloc, 1, sizeof(struct cmg__x509 *));
    if (files->chain == NULL) {
        cmg__x509_free(cert);
        return cmg__fail_nomem(err);
    }
    files->chain[0] = cert;
    files->count = 1;
    return CMG_OK;
}

/* The self-signed certificate for a key. */
static cmg_status make_root(const struct plan *plan, struct cmg__authority_files *files,
                            cmg_error **err)
{
    cmg_context *ctx = plan->ctx;
    const int64_t now = cmg__env_unix_s(&ctx->env);
    struct cmg__x509 *cert = NULL;
    const uint32_t days = plan->days != 0 ? plan->days : plan->template->days;
    const struct cmg__x509_request request = {
        .template = plan->template,
        .common_name = plan->common_name,
        .organization = plan->organization,
        .not_before_unix_s = now - BACKDATE_S,
        .not_after_unix_s = now + (int64_t)days * DAY_S,
        .key = files->key,
    };
    const cmg_status rc =
        cmg__x509_issue(&ctx->alloc, &ctx->env, &request, NULL, NULL, &cert, err);

    return rc == CMG_OK ? make_chain(ctx, cert, files, err) : rc;
}

/* Copies a chain, so that it can be another handle's. */
static cmg_status copy_chain(const struct plan *plan, const cmg_certificate *from,
                             struct cmg__authority_files *files, cmg_error **err)
{
    const struct cmg__alloc *alloc = &plan->ctx->alloc;
    cmg_status rc = CMG_OK;

    files->chain = cmg__alloc_array(alloc, from->count, sizeof(struct cmg__x509 *));
    if (files->chain == NULL)
        return cmg__fail_nomem(err);
    while (files->count < from->count && rc == CMG_OK) {
        const struct cmg__x509 *one = from->chain[files->count];

        rc = cmg__x509_parse(alloc, one->der, one->der_len, &files->chain[files->count],
                             err);
        files->count += rc == CMG_OK;
    }
    return rc;
}

/* Signed by the parent and recorded there, the parent's chain above it. */
static cmg_status make_subordinate(const struct plan *plan,
                                   struct cmg__authority_files *files, cmg_error **err)
{
    struct cmg__x509 *cert = NULL;
    cmg_certificate *wrapped = NULL;
    struct cmg__authority_order order = {
        .template = plan->template,
        .request = { .common_name = plan->common_name,
                     .organization = plan->organization,
                     .key = files->key },
        .days = plan->days,
    };
    cmg_status rc = cmg__authority_make_leaf(plan->parent, &order, &cert, err);

    if (rc == CMG_OK)
        rc = cmg__authority_wrap(plan->parent, cert, NULL, &wrapped, err);
    if (rc == CMG_OK)
        rc = copy_chain(plan, wrapped, files, err);
    cmg_certificate_unref(wrapped);
    return rc;
}

static cmg_status make_certificate(const struct plan *plan,
                                   struct cmg__authority_files *files, cmg_error **err)
{
    if (plan->certificate != NULL)
        return copy_chain(plan, plan->certificate, files, err);
    return plan->parent != NULL ? make_subordinate(plan, files, err)
                                : make_root(plan, files, err);
}

/* ---- putting one together ---- */

/* A certificate without a key has lost it, and one of a leaf or for another key is no
   use. */
static cmg_status check_pair(const struct plan *plan,
                             const struct cmg__authority_files *files, cmg_error **err)
{
    const char *what = NULL;

    if (files->chain == NULL)
        return CMG_OK;
    if (files->key == NULL)
        what = "has no ca.key beside it";
    else if (!files->chain[0]->is_ca)
        what = "is not an authority's certificate";
    else if (!cmg__x509_matches_key(files->chain[0], files->key))
        what = "does not belong to the ca.key beside it";
    if (what == NULL)
        return CMG_OK;
    if (plan->directory != NULL)
        return cmg__fail(err, &plan->ctx->alloc, CMG_E_CERT, plan->directory,
                         "restore both files from the same backup, or use another "
                         "directory",
                         "ca.pem in %s %s", plan->directory, what);
    return cmg__fail(err, &plan->ctx->alloc, CMG_E_CERT, files->chain[0]->subject,
                     "give the certificate of an authority and its key",
                     "the certificate is not an authority's, or the key is another's");
}

/* Fills in what is not there yet, key first. */
static cmg_status complete(const struct plan *plan, struct cmg__authority_files *files,
                           cmg_error **err)
{
    cmg_status rc = CMG_OK;

    if (files->key == NULL && plan->certificate == NULL) {
        rc = cmg__authority_make_key(plan->ctx, plan->template, &files->key, err);
        if (rc == CMG_OK && plan->directory != NULL)
            rc = cmg__authority_save_key(plan->ctx, plan->directory, files->key, err);
    }
    if (rc != CMG_OK || files->chain != NULL)
        return rc;
    rc = make_certificate(plan, files, err);
    if (rc == CMG_OK && plan->certificate != NULL)
        rc = check_pair(plan, files, err);
    if (rc == CMG_OK && plan->directory != NULL)
        rc = cmg__authority_save_chain(plan->ctx, plan->directory, files->chain,
                                       files->count, err);
    return rc;
}

static cmg_status make_handle(const struct plan *plan, struct cmg__authority_files *files,
                              cmg_authority **out, cmg_error **err)
{
    cmg_context *ctx = plan->ctx;
    cmg_authority *ca = cmg__alloc0(&ctx->alloc, sizeof *ca);

    if (ca == NULL)
        return cmg__fail_nomem(err);
    cmg__handle_init(&ca->head, CMG__TAG_AUTHORITY, ctx);
    cmg_status rc =
        cmg__ledger_init(&ca->ledger, &ctx->alloc, &ctx->env, plan->directory, err);
    if (rc == CMG_OK) {
        rc = cmg__certificate_make(ctx, files->chain, files->count, NULL,
                                   &ca->certificate, err);
        files->chain = NULL;
        files->count = 0;
    }
    if (rc == CMG_OK) {
        ca->key = files->key;
        files->key = NULL;
        *out = ca;
    } else {
        cmg_authority_unref(ca);
    }
    return rc;
}

static cmg_status open_or_make(const struct plan *plan, cmg_authority **out,
                               cmg_error **err)
{
    struct cmg__authority_files files = { .chain = NULL };
    cmg_status rc = CMG_OK;

    if (plan->directory != NULL)
        rc = cmg__authority_load(plan->ctx, plan->directory, &files, err);
    if (rc == CMG_OK && files.key == NULL)
        files.key = cmg__key_ref(plan->held);
    if (rc == CMG_OK)
        rc = check_pair(plan, &files, err);
    if (rc == CMG_OK)
        rc = complete(plan, &files, err);
    if (rc == CMG_OK)
        rc = make_handle(plan, &files, out, err);
    cmg__authority_files_done(&plan->ctx->alloc, &files);
    return rc;
}

/* ---- the public ways ---- */

cmg_status cmg_authority_new(cmg_context *ctx, const char *common_name,
                             cmg_authority **out_ca, cmg_error **err)
{
    const struct plan plan = {
        .ctx = ctx,
        .common_name = common_name,
        .template = cmg__x509_builtin(CMG__PROFILE_ROOT),
    };
    const cmg_status rc =
        cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    return rc == CMG_OK ? open_or_make(&plan, out_ca, err) : rc;
}

cmg_status cmg_authority_open(cmg_context *ctx, const char *directory,
                              const char *common_name, cmg_authority **out_ca,
                              cmg_error **err)
{
    const struct plan plan = {
        .ctx = ctx,
        .directory = directory,
        .common_name = common_name,
        .template = cmg__x509_builtin(CMG__PROFILE_ROOT),
    };
    const cmg_status rc =
        cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (cmg__str_is_empty(directory))
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "directory", NULL,
                         "the directory of the authority is not named");
    return open_or_make(&plan, out_ca, err);
}

static cmg_status check_handles(const cmg_authority_options *o, cmg_error **err)
{
    cmg_status rc = CMG_OK;

    if (o->tmpl != NULL)
        rc = cmg__check(&o->tmpl->head, CMG__TAG_TEMPLATE, err);
    if (rc == CMG_OK && o->key != NULL)
        rc = cmg__key_check(o->key, err);
    if (rc == CMG_OK && o->parent != NULL)
        rc = cmg__authority_check(o->parent, err);
    if (rc == CMG_OK && o->certificate != NULL)
        rc = cmg__check(&o->certificate->head, CMG__TAG_CERTIFICATE, err);
    return rc;
}

static cmg_status check_options(const cmg_context *ctx, const struct plan *plan,
                                cmg_error **err)
{
    if (plan->certificate != NULL && plan->parent != NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "parent",
                         "give the one or the other",
                         "a certificate that is there needs no parent to sign it");
    if (plan->certificate != NULL && plan->held == NULL && plan->directory == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "key",
                         "give the key, or a certificate that has it",
                         "the authority's certificate comes without its key");
    if (!plan->template->is_ca)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "tmpl",
                         "use root, sub_ca or one with \"authority\": true",
                         "the template \"%s\" is not for authorities",
                         plan->template->name);
    if (plan->days > plan->template->days_max)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "days",
                         "give 0 for the template's, or fewer",
                         "the template \"%s\" allows at most %u days",
                         plan->template->name, (unsigned)plan->template->days_max);
    return CMG_OK;
}

static const struct cmg__x509_template *template_of(const cmg_authority_options *o)
{
    if (o->tmpl != NULL)
        return &o->tmpl->data;
    return cmg__x509_builtin(o->parent != NULL ? CMG__PROFILE_SUB_CA : CMG__PROFILE_ROOT);
}

cmg_status cmg_authority_new_with(cmg_context *ctx, const cmg_authority_options *options,
                                  cmg_authority **out_ca, cmg_error **err)
{
    cmg_authority_options o;
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc == CMG_OK)
        rc = cmg__tagged_copy(&o, sizeof o, sizeof o, options, "cmg_authority_options",
                              err);
    if (rc == CMG_OK)
        rc = check_handles(&o, err);
    if (rc != CMG_OK)
        return rc;
    const struct plan plan = {
        .ctx = ctx,
        .directory = cmg__str_is_empty(o.directory) ? NULL : o.directory,
        .common_name = o.common_name,
        .organization = o.organization,
        .template = template_of(&o),
        .parent = o.parent,
        .certificate = o.certificate,
        .held = o.key != NULL           ? o.key->key
                : o.certificate != NULL ? o.certificate->key
                                        : NULL,
        .days = o.days,
    };
    rc = check_options(ctx, &plan, err);
    return rc == CMG_OK ? open_or_make(&plan, out_ca, err) : rc;
}

/* ---- addresses in what is issued ---- */

static void drop_urls(const struct cmg__alloc *alloc, struct cmg__url_list *list)
{
    for (size_t i = 0; i < CMG__AUTHORITY_URLS; i++) {
        cmg__free(alloc, list->urls[i]);
        list->urls[i] = NULL;
    }
}

static bool is_url(const char *text)
{
    if (!cmg__str_istarts(text, "http://") && !cmg__str_istarts(text, "https://"))
        return false;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p <= ' ' || *p >= 0x7f)
            return false;
    }
    return strlen(text) <= 2048 && text[strcspn(text, "/") + 2] != '\0';
}

static cmg_status copy_urls(const struct cmg__alloc *alloc, const char *field,
                            const char *const *from, struct cmg__url_list *to,
                            cmg_error **err)
{
    for (size_t i = 0; from != NULL && from[i] != NULL; i++) {
        if (i == CMG__AUTHORITY_URLS)
            return cmg__fail(err, alloc, CMG_E_INVAL, field, "give at most 8",
                             "%s has too many addresses", field);
        if (!is_url(from[i]))
            return cmg__fail(err, alloc, CMG_E_INVAL, field,
                             "give an http or https address that clients can reach",
                             "\"%.80s\" cannot be an address of %s", from[i], field);
        to->urls[i] = cmg__strdup(alloc, from[i]);
        if (to->urls[i] == NULL)
            return cmg__fail_nomem(err);
    }
    return CMG_OK;
}

cmg_status cmg_authority_set_urls(cmg_authority *ca, const char *const *crl_urls,
                                  const char *const *delta_crl_urls,
                                  const char *const *issuer_urls, cmg_error **err)
{
    struct cmg__url_list fresh[3];
    cmg_status rc = cmg__authority_check(ca, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &ca->head.ctx->alloc;
    memset(fresh, 0, sizeof fresh);
    rc = copy_urls(alloc, "crl_urls", crl_urls, &fresh[0], err);
    if (rc == CMG_OK)
        rc = copy_urls(alloc, "delta_crl_urls", delta_crl_urls, &fresh[1], err);
    if (rc == CMG_OK)
        rc = copy_urls(alloc, "issuer_urls", issuer_urls, &fresh[2], err);
    struct cmg__url_list *const kept[] = { &ca->crl_urls, &ca->delta_urls,
                                           &ca->issuer_urls };
    for (size_t i = 0; i < CMG__ARRAY_LEN(kept); i++) {
        drop_urls(alloc, rc == CMG_OK ? kept[i] : &fresh[i]);
        if (rc == CMG_OK)
            *kept[i] = fresh[i];
    }
    return rc;
}

/* ---- life ---- */

cmg_certificate *cmg_authority_certificate(cmg_authority *ca)
{
    return cmg__authority_check(ca, NULL) == CMG_OK ? ca->certificate : NULL;
}

cmg_authority *cmg_authority_ref(cmg_authority *ca)
{
    if (ca != NULL)
        cmg__handle_ref(&ca->head);
    return ca;
}

void cmg_authority_unref(cmg_authority *ca)
{
    if (ca == NULL || !cmg__handle_unref(&ca->head))
        return;
    cmg_context *ctx = cmg_context_ref(ca->head.ctx);
    cmg_certificate_unref(ca->certificate);
    cmg__key_free(ca->key);
    cmg__ledger_done(&ca->ledger);
    drop_urls(&ctx->alloc, &ca->crl_urls);
    drop_urls(&ctx->alloc, &ca->delta_urls);
    drop_urls(&ctx->alloc, &ca->issuer_urls);
    cmg__handle_done(&ca->head);
    cmg__free(&ctx->alloc, ca);
    cmg_context_unref(ctx);
}
