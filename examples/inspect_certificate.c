/*
 * Says what files hold: certificates, requests, revocation lists, PKCS#7, PFX, keys.
 *   usage: inspect_certificate FILE...
 * The environment's CMG_PASSWORD opens a PFX or an encrypted key.
 */
#include <cmg/cmg.h>

#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX (64L * 1024 * 1024)

/* The whole file; the caller frees. NULL after a word about it. */
static char *read_file(const char *path, size_t *size)
{
    char *data = NULL;
    long n = -1;
    FILE *f = fopen(path, "rb");

    if (f != NULL && fseek(f, 0, SEEK_END) == 0)
        n = ftell(f);
    if (n >= 0 && n <= FILE_MAX && fseek(f, 0, SEEK_SET) == 0)
        data = malloc((size_t)n + 1);
    if (data != NULL && fread(data, 1, (size_t)n, f) != (size_t)n) {
        free(data);
        data = NULL;
    }
    if (f != NULL)
        (void)fclose(f);
    if (data == NULL)
        (void)fprintf(stderr, "%s: cannot be read\n", path);
    *size = n >= 0 ? (size_t)n : 0;
    return data;
}

static void complain(const char *path, cmg_error *err)
{
    (void)fprintf(stderr, "%s: %s\n", path, cmg_error_message(err));
    if (cmg_error_remedy(err)[0] != '\0')
        (void)fprintf(stderr, "  %s\n", cmg_error_remedy(err));
    cmg_error_unref(err);
}

static int inspect(cmg_context *ctx, const char *path, const char *password)
{
    size_t size = 0;
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;
    char *data = read_file(path, &size);

    if (data == NULL)
        return 1;
    const cmg_status rc = cmg_inspect(ctx, data, size, password, &text, &err);
    free(data);
    if (rc != CMG_OK) {
        complain(path, err);
        return 1;
    }
    (void)fwrite(cmg_bytes_data(text), 1, cmg_bytes_size(text), stdout);
    cmg_bytes_unref(text);
    return 0;
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
    if (cmg_context_new(NULL, &ctx, &err) != CMG_OK) {
        complain("libcmg", err);
        return 1;
    }
    for (int i = 1; i < argc; i++)
        failed |= inspect(ctx, argv[i], getenv("CMG_PASSWORD"));
    cmg_context_unref(ctx);
    return fflush(stdout) != 0 ? 1 : failed;
}
