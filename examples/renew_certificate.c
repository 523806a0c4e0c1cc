/*
 * Renews a gateway's certificate: a new key and the old names, issued by the authority
 * of a directory, compared with the old one, and written as PFX, whole or not at all.
 *   usage: renew_certificate OLD-FILE AUTHORITY-DIRECTORY NEW-PFX
 * The environment's CMG_PASSWORD opens the old file and protects the new one.
 */
#include <cmg/cmg.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OLD_MAX   (1024 * 1024)
#define NAMES_MAX 100

static cmg_status read_old(cmg_context *ctx, const char *path, const char *password,
                           cmg_certificate **old, cmg_error **err)
{
    static char data[OLD_MAX];
    FILE *f = fopen(path, "rb");
    const size_t n = f != NULL ? fread(data, 1, sizeof data, f) : 0;

    if (f != NULL)
        (void)fclose(f);
    return cmg_certificate_new_from_bytes(ctx, data, n, password, old, err);
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

/* Prints what differs. */
static bool may_replace(const cmg_certificate *renewed, const cmg_certificate *old,
                        cmg_error **err)
{
    cmg_report *report = NULL;
    cmg_bytes *text = NULL;
    bool accepted = false;

    if (cmg_certificate_check_renewal(renewed, old, &report, err) == CMG_OK &&
        cmg_report_describe(report, &text, err) == CMG_OK) {
        (void)fwrite(cmg_bytes_data(text), 1, cmg_bytes_size(text), stdout);
        accepted = cmg_report_is_accepted(report);
    }
    cmg_bytes_unref(text);
    cmg_report_unref(report);
    return accepted;
}

/* Beside the file, then in its place; only its owner may read it. */
static int save(const char *path, const cmg_bytes *pfx)
{
    char beside[1024];
    const size_t n = cmg_bytes_size(pfx);

    (void)snprintf(beside, sizeof beside, "%s.new", path);
    const int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int failed = fd < 0 || write(fd, cmg_bytes_data(pfx), n) != (ssize_t)n;

    failed |= fd >= 0 && (fsync(fd) != 0 || close(fd) != 0);
    if (failed || rename(beside, path) != 0) {
        (void)fprintf(stderr, "%s cannot be written\n", path);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *password = getenv("CMG_PASSWORD");
    cmg_context *ctx = NULL;
    cmg_certificate *old = NULL;
    cmg_certificate *renewed = NULL;
    cmg_bytes *pfx = NULL;
    cmg_error *err = NULL;
    int status = 1;

    if (argc != 4 || password == NULL)
        return fputs("usage: CMG_PASSWORD=... renew_certificate OLD CA NEW\n", stderr), 2;
    if (cmg_context_new(NULL, &ctx, &err) == CMG_OK &&
        read_old(ctx, argv[1], password, &old, &err) == CMG_OK &&
        renew(ctx, argv[2], old, &renewed, &err) == CMG_OK &&
        may_replace(renewed, old, &err) &&
        cmg_certificate_export_pfx(renewed, CMG_PFX_COMPAT, password, &pfx, &err) ==
            CMG_OK)
        status = save(argv[3], pfx);
    if (err != NULL)
        (void)fprintf(stderr, "%s\n%s\n", cmg_error_message(err), cmg_error_remedy(err));
    cmg_error_unref(err);
    cmg_bytes_unref(pfx);
    cmg_certificate_unref(renewed);
    cmg_certificate_unref(old);
    cmg_context_unref(ctx);
    return status;
}
