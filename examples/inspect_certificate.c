/*
 * Says what files hold: certificates, requests, revocation lists, PKCS#7, PFX, keys.
 *   usage: inspect_certificate FILE...
 * The environment's CMG_PASSWORD opens a PFX or an encrypted key.
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

static int inspect(cmg_context *ctx, const char *path, const char *password)
{
    size_t size = 0;
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;
    char *data = host_read_file(path, &size);

    if (data == NULL)
        return EXIT_FAILURE;
    const cmg_status rc = cmg_inspect(ctx, data, size, password, &text, &err);
    host_forget(data, size);
    if (rc == CMG_OK)
        (void)fwrite(cmg_bytes_data(text), 1, cmg_bytes_size(text), stdout);
    else
        (void)fprintf(stderr, "%s:\n", path);
    cmg_bytes_unref(text);
    return host_report(rc, err) == EXIT_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    cmg_context *ctx = NULL;
    cmg_error *err = NULL;
    int failed = 0;

    if (argc < 2) {
        (void)fprintf(stderr, "usage: %s FILE...\n", argv[0]);
        return 2;
    }
    const cmg_status rc = cmg_context_new(NULL, &ctx, &err);
    if (rc != CMG_OK)
        return host_report(rc, err);
    for (int i = 1; i < argc; i++)
        failed |= inspect(ctx, argv[i], getenv("CMG_PASSWORD"));
    cmg_context_unref(ctx);
    return fflush(stdout) != 0 ? EXIT_FAILURE : failed;
}
