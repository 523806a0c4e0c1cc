/*
 * The sandbox alone: an Azure on loopback for programs that are not linked to it. Writes
 * what a client has to know to the ready file when it listens, ends on SIGTERM. Without
 * --directory the cloud lives in a folder of its own, which is removed at the end.
 */
#include <cmg/sandbox.h>
#include <ftw.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

struct options {
    const char *directory, *ready_file, *service_program;
    unsigned port, operation_ms, users;
    bool listens;
};

static const struct option long_options[] = {
    { "listen", required_argument, NULL, 'l' },
    { "ready-file", required_argument, NULL, 'r' },
    { "directory", required_argument, NULL, 'd' },
    { "service-program", required_argument, NULL, 's' },
    { "operation-ms", required_argument, NULL, 'o' },
    { "users", required_argument, NULL, 'u' },
    { NULL, 0, NULL, 0 },
};

/* "127.0.0.1:PORT"; the sandbox has no other address. */
static bool read_address(const char *text, unsigned *port)
{
    char rest = 0;
    bool good = sscanf(text, "127.0.0.1:%5u%c", port, &rest) == 1 && *port <= 65535;

    if (!good)
        fprintf(stderr,
                "error: --listen %s is not 127.0.0.1:PORT\n"
                "  remedy: name a port of 127.0.0.1, or 0 for any free one\n",
                text);
    return good;
}

static bool read_number(const char *name, const char *text, unsigned *number)
{
    char rest = 0;
    bool good = sscanf(text, "%9u%c", number, &rest) == 1;

    if (!good)
        fprintf(stderr, "error: --%s %s is not a number\n", name, text);
    return good;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    bool good = true;
    int c = 0;

    while (good && (c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (c == 'l')
            good = o->listens = read_address(optarg, &o->port);
        else if (c == 'o')
            good = read_number("operation-ms", optarg, &o->operation_ms);
        else if (c == 'u')
            good = read_number("users", optarg, &o->users);
        else if (c == 'r')
            o->ready_file = optarg;
        else if (c == 'd')
            o->directory = optarg;
        else if (c == 's')
            o->service_program = optarg;
        else
            good = false;
    }
    if (good && (!o->listens || o->ready_file == NULL || optind < argc)) {
        fprintf(stderr, "usage: cmg-sandbox --listen 127.0.0.1:PORT --ready-file FILE\n"
                        "           [--directory DIR] [--service-program FILE]\n"
                        "           [--operation-ms N] [--users N]\n");
        good = false;
    }
    return good;
}

/* A JSON string; names of files may hold anything. */
static void put_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else if ((unsigned char)*text < ' ')
            fprintf(out, "\\u%04x", (unsigned)*text);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

static void put_facts(FILE *out, cmg_sandbox *sandbox, const char *ca_file,
                      const char *certificate, const char *key)
{
    const struct {
        const char *name, *value;
    } facts[] = {
        { "ca_file", ca_file },
        { "tenant_id", cmg_sandbox_tenant_id(sandbox) },
        { "subscription_id", cmg_sandbox_subscription_id(sandbox) },
        { "client_id", cmg_sandbox_client_id(sandbox) },
        { "client_secret", cmg_sandbox_client_secret(sandbox) },
        { "client_cert_pem", certificate },
        { "client_cert_key", key },
        { "identity_endpoint", cmg_sandbox_identity_endpoint(sandbox) },
        { "identity_client_id", cmg_sandbox_identity(sandbox, CMG_IDENTITY_CLIENT_ID) },
        { "blob_account", cmg_sandbox_get(sandbox, "blob_account") },
        { "blob_key", cmg_sandbox_get(sandbox, "blob_key") },
    };
    unsigned port = cmg_sandbox_port(sandbox);

    fprintf(out, "{\n  \"base\": \"https://localhost:%u\",\n", port);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        fprintf(out, "  \"%s\": ", facts[i].name);
        put_text(out, facts[i].value);
        fputs(",\n", out);
    }
    fprintf(out, "  \"blob_url\": \"https://localhost:%u/%s\",\n", port,
            cmg_sandbox_get(sandbox, "blob_account"));
    /* There is no site in it: null, so that a reader finds every member. */
    fputs("  \"site_url\": null,\n", out);
    fprintf(out, "  \"vault_url\": \"https://localhost:%u/vaults\"\n}\n", port);
}

static bool write_ready(const struct options *o, cmg_sandbox *sandbox)
{
    cmg_bytes *certificate = NULL;
    cmg_bytes *key = NULL;
    char *text = NULL;
    size_t size = 0;
    char *ca_file = realpath(cmg_sandbox_ca_file(sandbox), NULL);
    FILE *out = ca_file == NULL ? NULL : open_memstream(&text, &size);
    bool good = out != NULL && cmg_sandbox_client_certificate(sandbox, &certificate, &key,
                                                              NULL) == CMG_OK;

    if (good) /* both are text with a zero behind it */
        put_facts(out, sandbox, ca_file, cmg_bytes_data(certificate),
                  cmg_bytes_data(key));
    if (out != NULL)
        good = fclose(out) == 0 && good && host_write_file(o->ready_file, text, size);
    cmg_bytes_unref(certificate);
    cmg_bytes_unref(key);
    if (text != NULL)
        host_forget(text, size);
    free(ca_file);
    return good;
}

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

/* The folder for a cloud that nobody wants to keep. */
static char *make_directory(void)
{
    const char *parent = getenv("TMPDIR");
    char *path = NULL;

    if (asprintf(&path, "%s/cmg-sandbox-XXXXXX", parent != NULL ? parent : P_tmpdir) < 0)
        return NULL;
    if (mkdtemp(path) == NULL) {
        perror(path);
        free(path);
        return NULL;
    }
    return path;
}

static int serve(const struct options *o, const char *directory, const sigset_t *ends)
{
    const cmg_sandbox_settings settings = { .size = sizeof settings,
                                            .directory = directory,
                                            .service_program = o->service_program,
                                            .port = (uint16_t)o->port,
                                            .operation_ms = o->operation_ms };
    cmg_sandbox *sandbox = NULL;
    cmg_error *err = NULL;
    int number = 0;
    cmg_status made = cmg_sandbox_new(&settings, &sandbox, &err);
    if (made == CMG_OK)
        made = cmg_sandbox_add_users(sandbox, o->users, &err);
    int rc = host_report(made, err);

    if (rc == EXIT_SUCCESS && !write_ready(o, sandbox))
        rc = EXIT_FAILURE;
    if (rc == EXIT_SUCCESS) {
        sigwait(ends, &number);
        remove(o->ready_file);
    }
    cmg_sandbox_unref(sandbox);
    return rc;
}

int main(int argc, char **argv)
{
    struct options o = { .operation_ms = 0 };
    sigset_t ends;
    int rc = EXIT_FAILURE;

    if (!read_options(argc, argv, &o))
        return 2;
    /* Blocked before the sandbox starts its thread, so that only sigwait() takes them. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (o.directory != NULL)
        return serve(&o, o.directory, &ends);
    char *directory = make_directory();

    if (directory != NULL) {
        rc = serve(&o, directory, &ends);
        nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    free(directory);
    return rc;
}
