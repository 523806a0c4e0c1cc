/*
 * cmg_authority: a root certificate and its key that issue leaves. One that lives in a
 * directory writes its key before its certificate, so that a process killed in between
 * finds the key again and makes the certificate anew from it.
 */
#include "model/certificate.h"

#include <string.h>

#define DAY_S     INT64_C(86400)
#define ROOT_DAYS 3650
#define LEAF_DAYS 365
#define LEAF_MAX  825
#define KEY_BITS  2048
/* Machines whose clocks are behind must accept what was issued a moment ago. */
#define BACKDATE_S INT64_C(3600)
#define FILE_MAX   ((size_t)256 * 1024)

/* The root certificate for a key. */
static cmg_status make_root(cmg_context *ctx, const char *common_name,
                            const struct cmg__key *key, struct cmg__x509 **out,
                            cmg_error **err)
{
    const int64_t now = cmg__env_unix_s(&ctx->env);
    const struct cmg__x509_request request = {
        .profile = CMG__PROFILE_ROOT,
        .common_name = common_name,
        .not_before_unix_s = now - BACKDATE_S,
        .not_after_unix_s = now + ROOT_DAYS * DAY_S,
        .key = key,
    };

    return cmg__x509_issue(&ctx->alloc, &ctx->env, &request, NULL, NULL, out, err);
}

/* A certificate handle without key around one certificate; takes it over. */
static cmg_status wrap_root(cmg_context *ctx, struct cmg__x509 *root,
                            cmg_certificate **out, cmg_error **err)
{
    struct cmg__x509 **chain = cmg__alloc(&ctx->alloc, sizeof(struct cmg__x509 *));

    if (chain == NULL) {
        cmg__x509_free(root);
        return cmg__fail_nomem(err);
    }
    chain[0] = root;
    return cmg__certificate_make(ctx, chain, 1, NULL, out, err);
}

/* Takes root and key over, also on failure. */
static cmg_status make_authority(cmg_context *ctx, struct cmg__x509 *root,
                                 struct cmg__key *key, cmg_authority **out,
                                 cmg_error **err)
{
    cmg_certificate *certificate = NULL;
    cmg_status rc = wrap_root(ctx, root, &certificate, err);
    cmg_authority *ca = NULL;

    if (rc == CMG_OK) {
        ca = cmg__alloc0(&ctx->alloc, sizeof *ca);
        rc = ca != NULL ? CMG_OK : cmg__fail_nomem(err);
    }
    if (ca == NULL) {
        cmg_certificate_unref(certificate);
        cmg__key_free(key);
        return rc;
    }
    cmg__handle_init(&ca->head, CMG__TAG_AUTHORITY, ctx);
    ca->certificate = certificate;
    ca->key = key;
    *out = ca;
    return CMG_OK;
}

cmg_status cmg_authority_new(cmg_context *ctx, const char *common_name,
                             cmg_authority **out_ca, cmg_error **err)
{
    struct cmg__key *key = NULL;
    struct cmg__x509 *root = NULL;
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc == CMG_OK)
        rc = cmg__key_generate(&ctx->alloc, &ctx->env, CMG__KEY_RSA, KEY_BITS, &key, err);
    if (rc == CMG_OK)
        rc = make_root(ctx, common_name, key, &root, err);
    if (rc != CMG_OK) {
        cmg__key_free(key);
        return rc;
    }
    return make_authority(ctx, root, key, out_ca, err);
}

/* ---- one that lives in a directory ---- */

/* Reads a file that may be absent: then *out is empty. */
static cmg_status read_if_there(cmg_context *ctx, const char *path, struct cmg__buf *out,
                                cmg_error **err)
{
    cmg_error *own = NULL;
    const cmg_status rc =
        cmg__file_read(&ctx->env, &ctx->alloc, path, FILE_MAX, out, &own);

    if (rc != CMG_E_NOTFOUND)
        return rc == CMG_OK ? CMG_OK : cmg__error_move(err, &own);
    cmg_error_unref(own);
    return CMG_OK;
}

static cmg_status load_key(cmg_context *ctx, const char *path, struct cmg__key **out,
                           cmg_error **err)
{
    struct cmg__buf text;

    cmg__buf_init_secret(&text, &ctx->alloc, FILE_MAX);
    cmg_status rc = read_if_there(ctx, path, &text, err);
    if (rc == CMG_OK && text.len > 0)
        rc = cmg__key_parse(&ctx->alloc, &ctx->env, text.data, text.len, out, err);
    cmg__buf_done(&text);
    return rc;
}

static cmg_status save_key(cmg_context *ctx, const char *path, const struct cmg__key *key,
                           cmg_error **err)
{
    struct cmg__buf text;

    cmg__buf_init_secret(&text, &ctx->alloc, FILE_MAX);
    cmg_status rc = cmg__key_write_pem(key, &text);
    if (rc == CMG_OK)
        rc = cmg__file_replace(&ctx->env, &ctx->alloc, path, 0600, text.data, text.len,
                               err);
    else
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&text);
    return rc;
}

/* The first certificate of the file; NULL when the file is absent. */
static cmg_status load_root(cmg_context *ctx, const char *path, struct cmg__x509 **out,
                            cmg_error **err)
{
    struct cmg__buf text;
    struct cmg__x509 **list = NULL;
    size_t count = 0;

    cmg__buf_init(&text, &ctx->alloc, FILE_MAX);
    cmg_status rc = read_if_there(ctx, path, &text, err);
    if (rc == CMG_OK && text.len > 0)
        rc = cmg__x509_parse_pem(&ctx->alloc, text.data, text.len, &list, &count, err);
    if (rc == CMG_OK && count > 0) {
        *out = list[0];
        list[0] = NULL;
    }
    cmg__x509_free_list(&ctx->alloc, list, count);
    cmg__buf_done(&text);
    return rc;
}

static cmg_status save_root(cmg_context *ctx, const char *path,
                            const struct cmg__x509 *root, cmg_error **err)
{
    struct cmg__buf text;

    cmg__buf_init(&text, &ctx->alloc, FILE_MAX);
    cmg_status rc = cmg__x509_write_pem(root, &text);
    if (rc == CMG_OK)
        rc = cmg__file_replace(&ctx->env, &ctx->alloc, path, 0600, text.data, text.len,
                               err);
    else
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&text);
    return rc;
}

static cmg_status check_pair(cmg_context *ctx, const char *directory,
                             const struct cmg__x509 *root, const struct cmg__key *key,
                             cmg_error **err)
{
    struct cmg__x509_info info;

    if (root == NULL)
        return CMG_OK;
    cmg__x509_info(root, &info);
    if (key != NULL && info.is_ca && cmg__x509_matches_key(root, key))
        return CMG_OK;
    return cmg__fail(err, &ctx->alloc, CMG_E_CERT, directory,
                     "restore both files from the same backup, or use another directory",
                     "ca.pem in %s %s", directory,
                     key == NULL   ? "has no ca.key beside it"
                     : !info.is_ca ? "is not an authority's certificate"
                                   : "does not belong to the ca.key beside it");
}

/* Fills in what the directory does not hold yet, key first. */
static cmg_status complete(cmg_context *ctx, const char *common_name,
                           const char *const paths[2], struct cmg__x509 **root,
                           struct cmg__key **key, cmg_error **err)
{
    cmg_status rc = CMG_OK;

    if (*key == NULL) {
        rc = cmg__key_generate(&ctx->alloc, &ctx->env, CMG__KEY_RSA, KEY_BITS, key, err);
        if (rc == CMG_OK)
            rc = save_key(ctx, paths[1], *key, err);
    }
    if (rc == CMG_OK && *root == NULL) {
        rc = make_root(ctx, common_name, *key, root, err);
        if (rc == CMG_OK)
            rc = save_root(ctx, paths[0], *root, err);
    }
    return rc;
}

cmg_status cmg_authority_open(cmg_context *ctx, const char *directory,
                              const char *common_name, cmg_authority **out_ca,
                              cmg_error **err)
{
    struct cmg__x509 *root = NULL;
    struct cmg__key *key = NULL;
    char *paths[2] = { NULL, NULL };
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (cmg__str_is_empty(directory))
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "directory", NULL,
                         "the directory of the authority is not named");
    paths[0] = cmg__format(&ctx->alloc, "%s/ca.pem", directory);
    paths[1] = cmg__format(&ctx->alloc, "%s/ca.key", directory);
    rc = paths[0] != NULL && paths[1] != NULL ? CMG_OK : cmg__fail_nomem(err);
    if (rc == CMG_OK)
        rc = cmg__dir_make(&ctx->env, &ctx->alloc, directory, err);
    if (rc == CMG_OK)
        rc = load_key(ctx, paths[1], &key, err);
    if (rc == CMG_OK)
        rc = load_root(ctx, paths[0], &root, err);
    if (rc == CMG_OK)
        rc = check_pair(ctx, directory, root, key, err);
    if (rc == CMG_OK)
        rc = complete(ctx, common_name, (const char *const *)paths, &root, &key, err);
    cmg__free(&ctx->alloc, paths[0]);
    cmg__free(&ctx->alloc, paths[1]);
    if (rc == CMG_OK)
        return make_authority(ctx, root, key, out_ca, err);
    cmg__x509_free(root);
    cmg__key_free(key);
    return rc;
}

/* ---- issuing ---- */

static const struct {
    cmg_profile outside;
    enum cmg__x509_profile inside;
} profiles[] = {
    { CMG_PROFILE_WEB_SERVER, CMG__PROFILE_WEB_SERVER },
    { CMG_PROFILE_CLIENT, CMG__PROFILE_CLIENT },
    { CMG_PROFILE_CONNECTOR, CMG__PROFILE_CONNECTOR },
};

static cmg_status fill_request(const cmg_authority *ca,
                               const cmg_certificate_request *from,
                               struct cmg__x509_request *to, cmg_error **err)
{
    const struct cmg__alloc *alloc = &ca->head.ctx->alloc;
    const uint32_t days = from->days != 0 ? from->days : LEAF_DAYS;
    const int64_t now = cmg__env_unix_s(&ca->head.ctx->env);
    const struct cmg__x509_info *root = &ca->certificate->info;
    size_t i = 0;

    while (i < CMG__ARRAY_LEN(profiles) && profiles[i].outside != from->profile)
        i++;
    if (i == CMG__ARRAY_LEN(profiles))
        return cmg__fail(err, alloc, CMG_E_INVAL, "profile", "use one of cmg_profile",
                         "there is no certificate profile %d", (int)from->profile);
    if (days > LEAF_MAX)
        return cmg__fail(err, alloc, CMG_E_INVAL, "days", "give 1 to 825, or 0 for 365",
                         "a certificate cannot be valid for %u days", (unsigned)days);
    *to = (struct cmg__x509_request){
        .profile = profiles[i].inside,
        .common_name = from->common_name,
        .dns_names = from->dns_names,
        .ip_addresses = from->ip_addresses,
        .not_before_unix_s = now - BACKDATE_S,
        .not_after_unix_s = now + (int64_t)days * DAY_S,
    };
    /* A leaf that lives longer than its authority would be refused from then on. */
    if (to->not_after_unix_s > root->not_after_unix_s)
        to->not_after_unix_s = root->not_after_unix_s;
    if (to->not_before_unix_s < root->not_before_unix_s)
        to->not_before_unix_s = root->not_before_unix_s;
    return CMG_OK;
}

/* Leaf and authority as one new chain; takes the leaf over. */
static cmg_status make_chain(const cmg_authority *ca, struct cmg__x509 *leaf,
                             struct cmg__x509 ***out, cmg_error **err)
{
    const struct cmg__alloc *alloc = &ca->head.ctx->alloc;
    const struct cmg__x509_info *root = &ca->certificate->info;
    struct cmg__x509 **chain = cmg__alloc_array(alloc, 2, sizeof *chain);

    if (chain == NULL) {
        cmg__x509_free(leaf);
        return cmg__fail_nomem(err);
    }
    chain[0] = leaf;
    const cmg_status rc =
        cmg__x509_parse(alloc, root->der, root->der_len, &chain[1], err);
    if (rc == CMG_OK)
        *out = chain;
    else
        cmg__x509_free_list(alloc, chain, 1);
    return rc;
}

cmg_status cmg_authority_issue(cmg_authority *ca, const cmg_certificate_request *request,
                               cmg_certificate **out_cert, cmg_error **err)
{
    cmg_certificate_request wanted;
    struct cmg__x509_request inner;
    struct cmg__key *key = NULL;
    struct cmg__x509 *leaf = NULL;
    struct cmg__x509 **chain = NULL;
    cmg_status rc = cmg__check(ca != NULL ? &ca->head : NULL, CMG__TAG_AUTHORITY, err);

    if (rc == CMG_OK)
        rc = cmg__tagged_copy(&wanted, sizeof wanted, sizeof wanted, request,
                              "cmg_certificate_request", err);
    if (rc == CMG_OK)
        rc = fill_request(ca, &wanted, &inner, err);
    if (rc != CMG_OK)
        return rc;
    cmg_context *ctx = ca->head.ctx;
    rc = cmg__key_generate(&ctx->alloc, &ctx->env, CMG__KEY_RSA, KEY_BITS, &key, err);
    inner.key = key;
    if (rc == CMG_OK)
        rc = cmg__x509_issue(&ctx->alloc, &ctx->env, &inner, ca->certificate->chain[0],
                             ca->key, &leaf, err);
    if (rc == CMG_OK)
        rc = make_chain(ca, leaf, &chain, err);
    if (rc == CMG_OK)
        return cmg__certificate_make(ctx, chain, 2, key, out_cert, err);
    cmg__key_free(key);
    return rc;
}

cmg_certificate *cmg_authority_certificate(cmg_authority *ca)
{
    const bool good =
        cmg__check(ca != NULL ? &ca->head : NULL, CMG__TAG_AUTHORITY, NULL) == CMG_OK;

    return good ? ca->certificate : NULL;
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
    cmg__handle_done(&ca->head);
    cmg__free(&ctx->alloc, ca);
    cmg_context_unref(ctx);
}
