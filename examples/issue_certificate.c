/*
 * A certificate from key to chain: an authority in a directory, a template, a key and a
 * request for it, the certificate, a list of what is revoked. Everything is written into
 * one directory.
 *   usage: issue_certificate DIRECTORY HOST-NAME
 */
#include <cmg/cmg.h>

#include <stdio.h>
#include <string.h>

#define WEEK_S (7 * 86400)

/* Writes bytes to "<directory>/<name>" and gives them back. */
static int save(const char *directory, const char *name, cmg_bytes *bytes)
{
    char path[1024];
    int failed = 1;

    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *f = fopen(path, "wb");
    if (f != NULL) {
        failed = fwrite(cmg_bytes_data(bytes), 1, cmg_bytes_size(bytes), f) !=
                 cmg_bytes_size(bytes);
        failed |= fclose(f) != 0;
    }
    cmg_bytes_unref(bytes);
    if (failed)
        (void)fprintf(stderr, "%s cannot be written\n", path);
    return failed;
}

struct issuing {
    cmg_context *ctx;
    cmg_authority *ca;
    cmg_template *tmpl;
    cmg_key *key;
    cmg_csr *csr;
    cmg_certificate *certificate;
};

static cmg_status make(struct issuing *i, const char *directory, const char *host,
                       cmg_error **err)
{
    const cmg_csr_request request = { .size = sizeof request, .common_name = host };
    char path[1024];
    cmg_status rc = cmg_context_new(NULL, &i->ctx, err);

    (void)snprintf(path, sizeof path, "%s/authority", directory);
    if (rc == CMG_OK)
        rc = cmg_authority_open(i->ctx, path, "Contoso Test Authority", &i->ca, err);
    if (rc == CMG_OK)
        rc = cmg_template_new_builtin(i->ctx, "web_server", &i->tmpl, err);
    if (rc == CMG_OK)
        rc = cmg_key_generate(i->ctx, CMG_KEY_RSA_2048, &i->key, err);
    if (rc == CMG_OK)
        rc = cmg_csr_new(i->ctx, i->tmpl, i->key, &request, &i->csr, err);
    if (rc == CMG_OK)
        rc = cmg_authority_sign(i->ca, i->csr, i->tmpl, 0, &i->certificate, err);
    (void)snprintf(path, sizeof path, "%s/authority.crl", directory);
    if (rc == CMG_OK)
        rc = cmg_authority_publish_crl(i->ca, path, WEEK_S, NULL, err);
    return rc;
}

static int export(struct issuing *i, const char *directory, cmg_error **err)
{
    cmg_bytes *request = NULL;
    cmg_bytes *chain = NULL;
    cmg_bytes *root = NULL;

    if (cmg_csr_export_pem(i->csr, &request, err) != CMG_OK ||
        save(directory, "request.pem", request) != 0)
        return 1;
    if (cmg_certificate_export_pem(i->certificate, &chain, err) != CMG_OK ||
        save(directory, "certificate.pem", chain) != 0)
        return 1;
    if (cmg_certificate_export_pem(cmg_authority_certificate(i->ca), &root, err) !=
            CMG_OK ||
        save(directory, "root.pem", root) != 0)
        return 1;
    (void)printf("%s, issued by %s, %s\n", cmg_certificate_subject(i->certificate),
                 cmg_certificate_issuer(i->certificate),
                 cmg_certificate_key_description(i->certificate));
    return 0;
}

int main(int argc, char **argv)
{
    struct issuing i = { .ctx = NULL };
    cmg_error *err = NULL;

    if (argc != 3) {
        (void)fprintf(stderr, "usage: %s DIRECTORY HOST-NAME\n", argv[0]);
        return 2;
    }
    int status = make(&i, argv[1], argv[2], &err) != CMG_OK;
    if (status == 0)
        status = export(&i, argv[1], &err);
    if (err != NULL)
        (void)fprintf(stderr, "%s\n%s\n", cmg_error_message(err), cmg_error_remedy(err));
    cmg_error_unref(err);
    cmg_certificate_unref(i.certificate);
    cmg_csr_unref(i.csr);
    cmg_key_unref(i.key);
    cmg_template_unref(i.tmpl);
    cmg_authority_unref(i.ca);
    cmg_context_unref(i.ctx);
    return status;
}
