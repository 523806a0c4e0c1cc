/*
 * A certificate from template to PFX: an authority in a directory, a template, a key and
 * a request for it, the certificate, a list of what is revoked. Everything is written
 * into one directory; the environment's CMG_PASSWORD protects the PFX.
 *   usage: CMG_PASSWORD=... issue_certificate DIRECTORY HOST-NAME
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

#define WEEK_S (7 * 86400)

struct issuing {
    const char *directory;
    cmg_context *ctx;
    cmg_authority *ca;
    cmg_template *tmpl;
    cmg_key *key;
    cmg_csr *csr;
    cmg_certificate *issued; /* as the authority hands it out */
    cmg_certificate *whole;  /* with its key */
    cmg_bytes *bytes;        /* what is being written */
};

static cmg_status make(struct issuing *i, const char *host, cmg_error **err)
{
    const cmg_csr_request request = { .size = sizeof request, .common_name = host };
    char path[1024];
    cmg_status rc = cmg_context_new(NULL, &i->ctx, err);

    (void)snprintf(path, sizeof path, "%s/authority", i->directory);
    if (rc == CMG_OK)
        rc = cmg_authority_open(i->ctx, path, "Contoso Test Authority", &i->ca, err);
    if (rc == CMG_OK)
        rc = cmg_template_new_builtin(i->ctx, "web_server", &i->tmpl, err);
    if (rc == CMG_OK)
        rc = cmg_key_generate(i->ctx, CMG_KEY_RSA_2048, &i->key, err);
    if (rc == CMG_OK)
        rc = cmg_csr_new(i->ctx, i->tmpl, i->key, &request, &i->csr, err);
    if (rc == CMG_OK)
        rc = cmg_authority_sign(i->ca, i->csr, i->tmpl, 0, &i->issued, err);
    if (rc == CMG_OK)
        rc = cmg_certificate_new_with_key(i->issued, i->key, &i->whole, err);
    (void)snprintf(path, sizeof path, "%s/authority.crl", i->directory);
    if (rc == CMG_OK)
        rc = cmg_authority_publish_crl(i->ca, path, WEEK_S, NULL, err);
    return rc;
}

/* Writes what an export gave, whole or not at all, readable by its owner only. */
static cmg_status save(struct issuing *i, cmg_status rc, const char *name)
{
    char path[1024];

    (void)snprintf(path, sizeof path, "%s/%s", i->directory, name);
    if (rc == CMG_OK &&
        !host_write_file(path, cmg_bytes_data(i->bytes), cmg_bytes_size(i->bytes)))
        rc = CMG_E_IO;
    cmg_bytes_unref(i->bytes);
    i->bytes = NULL;
    return rc;
}

static cmg_status export(struct issuing *i, const char *password, cmg_error **err)
{
    cmg_status rc = save(i, cmg_csr_export_pem(i->csr, &i->bytes, err), "request.pem");

    if (rc == CMG_OK)
        rc = save(i, cmg_certificate_export_pem(i->issued, &i->bytes, err),
                  "certificate.pem");
    if (rc == CMG_OK)
        rc = save(
            i,
            cmg_certificate_export_pem(cmg_authority_certificate(i->ca), &i->bytes, err),
            "root.pem");
    if (rc == CMG_OK)
        rc = save(i,
                  cmg_certificate_export_pfx(i->whole, CMG_PFX_COMPAT, password,
                                             &i->bytes, err),
                  "certificate.pfx");
    return rc;
}

int main(int argc, char **argv)
{
    const char *password = getenv("CMG_PASSWORD");
    struct issuing i = { .ctx = NULL };
    cmg_error *err = NULL;

    if (argc != 3 || password == NULL) {
        (void)fputs("usage: CMG_PASSWORD=... issue_certificate DIRECTORY HOST-NAME\n",
                    stderr);
        return 2;
    }
    i.directory = argv[1];
    cmg_status rc = make(&i, argv[2], &err);
    if (rc == CMG_OK)
        rc = export(&i, password, &err);
    if (rc == CMG_OK)
        (void)printf("%s, issued by %s, %s\n", cmg_certificate_subject(i.issued),
                     cmg_certificate_issuer(i.issued),
                     cmg_certificate_key_description(i.issued));
    cmg_certificate_unref(i.whole);
    cmg_certificate_unref(i.issued);
    cmg_csr_unref(i.csr);
    cmg_key_unref(i.key);
    cmg_template_unref(i.tmpl);
    cmg_authority_unref(i.ca);
    cmg_context_unref(i.ctx);
    return host_report(rc, err);
}
