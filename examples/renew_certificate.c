/*
 * Renews a gateway's certificate: a new key and the old names, issued by the authority
 * of a directory, compared with the old one, and written as PFX, whole or not at all.
 *   usage: renew_certificate OLD-FILE AUTHORITY-DIRECTORY NEW-PFX
 * The environment's CMG_PASSWORD opens the old file and protects the new one.
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

#define NAMES_MAX 100

static cmg_status read_old(cmg_context *ctx, const char *path, const char *password,
                           cmg_certificate **old, cmg_error **err)
{
    size_t size = 0;
    char *data = host_read_file(path, &size);
    cmg_status rc = CMG_E_IO;

    if (data != NULL)
        rc = cmg_certificate_new_from_bytes(ctx, data, size, password, old, err);
    host_forget(data, size);
    return rc;
}

/* The old names, the new key, and what the authority makes of them. */
static cmg_status renew(cmg_context *ctx, const char *directory,
                        const cmg_certificate *old, cmg_certificate **renewed,
                        cmg_error **err)
{
    const char *names[NAMES_MAX + 1] = { NULL };
    size_t count = 0;
    cmg_authority *ca = NULL;
    cmg_template *tmpl = NULL;

    for (size_t i = 0; i < cmg_certificate_name_count(old) && count < NAMES_MAX; i++) {
        if (cmg_certificate_name_kind(old, i) == CMG_NAME_DNS)
            names[count++] = cmg_certificate_name_at(old, i);
    }
    const cmg_csr_request request = { .size = sizeof request,
                                      .common_name = cmg_certificate_common_name(old),
                                      .dns_names = names };
    cmg_status rc = cmg_authority_open(ctx, directory, "Contoso CA", &ca, err);
    if (rc == CMG_OK)
        rc = cmg_template_new_builtin(ctx, "web_server", &tmpl, err);
    if (rc == CMG_OK)
        rc = cmg_authority_issue_by_template(ca, tmpl, NULL, &request, 0, renewed, err);
    cmg_template_unref(tmpl);
    cmg_authority_unref(ca);
    return rc;
}

/* Prints what differs; CMG_E_CERT when the new one cannot take the place. */
static cmg_status compare(const cmg_certificate *renewed, const cmg_certificate *old,
                          cmg_error **err)
{
    cmg_report *report = NULL;
    cmg_bytes *text = NULL;
    cmg_status rc = cmg_certificate_check_renewal(renewed, old, &report, err);

    if (rc == CMG_OK)
        rc = cmg_report_describe(report, &text, err);
    if (rc == CMG_OK) {
        (void)fwrite(cmg_bytes_data(text), 1, cmg_bytes_size(text), stdout);
        rc = cmg_report_is_accepted(report) ? CMG_OK : CMG_E_CERT;
    }
    cmg_bytes_unref(text);
    cmg_report_unref(report);
    return rc;
}

int main(int argc, char **argv)
{
    const char *password = getenv("CMG_PASSWORD");
    cmg_context *ctx = NULL;
    cmg_certificate *old = NULL;
    cmg_certificate *renewed = NULL;
    cmg_bytes *pfx = NULL;
    cmg_error *err = NULL;

    if (argc != 4 || password == NULL) {
        (void)fputs("usage: CMG_PASSWORD=... renew_certificate OLD CA NEW\n", stderr);
        return 2;
    }
    cmg_status rc = cmg_context_new(NULL, &ctx, &err);
    if (rc == CMG_OK)
        rc = read_old(ctx, argv[1], password, &old, &err);
    if (rc == CMG_OK)
        rc = renew(ctx, argv[2], old, &renewed, &err);
    if (rc == CMG_OK)
        rc = compare(renewed, old, &err);
    if (rc == CMG_OK)
        rc = cmg_certificate_export_pfx(renewed, CMG_PFX_COMPAT, password, &pfx, &err);
    if (rc == CMG_OK &&
        !host_write_file(argv[3], cmg_bytes_data(pfx), cmg_bytes_size(pfx)))
        rc = CMG_E_IO;
    cmg_bytes_unref(pfx);
    cmg_certificate_unref(renewed);
    cmg_certificate_unref(old);
    cmg_context_unref(ctx);
    return host_report(rc, err);
}
