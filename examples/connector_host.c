/*
 * A connection point: dials out to every instance of a gateway and forwards clients'
 * requests to the site's roles. Says on standard output which channels are up, writes the
 * ready file when all are, ends on SIGTERM.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

struct options {
    const char *config, *pfx, *password_file, *upstream_ca, *ready_file;
    const char *proxy, *proxy_user, *proxy_password_file;
    unsigned instances;
};

static const struct option long_options[] = {
    { "config", required_argument, NULL, 'f' },
    { "pfx", required_argument, NULL, 'p' },
    { "password-file", required_argument, NULL, 'w' },
    { "upstream-ca", required_argument, NULL, 'u' },
    { "ready-file", required_argument, NULL, 'r' },
    { "instances", required_argument, NULL, 'n' },
    { "connect-to", required_argument, NULL, 'c' },
    { "proxy", required_argument, NULL, 'x' },
    { "proxy-user", required_argument, NULL, 'U' },
    { "proxy-password-file", required_argument, NULL, 'W' },
    { NULL, 0, NULL, 0 },
};

static cmg_status take_option(int c, cmg_context *ctx, struct options *o, cmg_error **err)
{
    const struct {
        int c;
        const char **to;
    } texts[] = { { 'f', &o->config },        { 'p', &o->pfx },
                  { 'w', &o->password_file }, { 'u', &o->upstream_ca },
                  { 'r', &o->ready_file },    { 'x', &o->proxy },
                  { 'U', &o->proxy_user },    { 'W', &o->proxy_password_file } };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].c == c) {
            *texts[i].to = optarg;
            return CMG_OK;
        }
    }
    if (c == 'n')
        o->instances = (unsigned)atoi(optarg);
    return c == 'n' ? CMG_OK : c == 'c' ? host_connect_to(ctx, optarg, err) : CMG_E_INVAL;
}

static cmg_status read_options(int argc, char **argv, cmg_context *ctx, struct options *o,
                               cmg_error **err)
{
    cmg_status rc = CMG_OK;
    int c = 0;

    while (rc == CMG_OK && (c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        rc = take_option(c, ctx, o, err);
    if (rc == CMG_OK &&
        (o->config == NULL || o->pfx == NULL || o->password_file == NULL)) {
        fprintf(stderr, "error: --config, --pfx and --password-file are needed\n");
        rc = CMG_E_INVAL;
    }
    return rc;
}

static int on_channel_line(unsigned instance, int ready, const cmg_error *why)
{
    if (ready)
        return printf("channel to instance %u is up\n", instance);
    return printf("%s (remedy: %s)\n", cmg_error_message(why), cmg_error_remedy(why));
}

static void on_channel(cmg_connector *connector, uint32_t instance, int ready,
                       const cmg_error *why, void *user)
{
    const struct options *o = user;

    on_channel_line(instance, ready, why);
    fflush(stdout);
    if (o->ready_file != NULL && cmg_connector_ready_count(connector) >= o->instances)
        host_write_file(o->ready_file, "ready\n", 6);
}

static cmg_status configure(cmg_connector *connector, const struct options *o,
                            cmg_error **err)
{
    size_t size = 0;
    char *json = host_read_file(o->config, &size);
    cmg_status rc =
        json != NULL ? cmg_connector_configure(connector, json, size, err) : CMG_E_IO;

    free(json);
    if (rc != CMG_OK || o->upstream_ca == NULL)
        return rc;
    char *pem = host_read_file(o->upstream_ca, &size);

    rc =
        pem != NULL ? cmg_connector_set_upstream_ca(connector, pem, size, err) : CMG_E_IO;
    free(pem);
    return rc;
}

/* Where the gateway is reached by HTTPS only; the password is on no command line. */
static cmg_status set_proxy(cmg_context *ctx, const struct options *o, cmg_error **err)
{
    cmg_status rc = cmg_context_set_proxy(ctx, o->proxy, err);
    size_t size = 0;

    if ((o->proxy_user == NULL) != (o->proxy_password_file == NULL)) {
        fprintf(stderr, "error: --proxy-user NAME and --proxy-password-file FILE belong "
                        "together: give both or neither\n");
        return CMG_E_INVAL;
    }
    if (rc != CMG_OK || o->proxy_user == NULL)
        return rc;
    char *password = host_read_file(o->proxy_password_file, &size);

    rc = password != NULL ? cmg_context_set_proxy_account(ctx, o->proxy_user, password,
                                                          strcspn(password, "\r\n"), err)
                          : CMG_E_IO;
    host_forget(password, size);
    return rc;
}

static cmg_status set_certificate(cmg_context *ctx, cmg_connector *connector,
                                  const struct options *o, cmg_error **err)
{
    size_t size[2] = { 0, 0 };
    char *pfx = host_read_file(o->pfx, &size[0]);
    char *password = host_read_file(o->password_file, &size[1]);
    cmg_certificate *certificate = NULL;
    cmg_status rc = CMG_E_IO;

    if (pfx != NULL && password != NULL) {
        password[strcspn(password, "\r\n")] = '\0';
        rc = cmg_certificate_new_from_pfx(ctx, pfx, size[0], password, &certificate, err);
    }
    if (rc == CMG_OK)
        rc = cmg_connector_set_certificate(connector, certificate, err);
    cmg_certificate_unref(certificate);
    host_forget(password, size[1]);
    host_forget(pfx, size[0]);
    return rc;
}

int main(int argc, char **argv)
{
    struct options o = { .instances = 1 };
    const cmg_connector_events events = { .size = sizeof events,
                                          .user = &o,
                                          .on_channel = on_channel };
    cmg_context *ctx = NULL;
    cmg_connector *connector = NULL;
    cmg_error *err = NULL;
    cmg_status rc = cmg_context_new(NULL, &ctx, &err);

    if (rc == CMG_OK)
        rc = cmg_connector_new(ctx, &connector, &err);
    if (rc == CMG_OK)
        rc = read_options(argc, argv, ctx, &o, &err);
    if (rc == CMG_OK)
        rc = set_proxy(ctx, &o, &err);
    if (rc == CMG_OK)
        rc = configure(connector, &o, &err);
    if (rc == CMG_OK)
        rc = set_certificate(ctx, connector, &o, &err);
    if (rc == CMG_OK)
        rc = cmg_connector_set_events(connector, &events, &err);
    if (rc == CMG_OK)
        rc = cmg_connector_start(connector, &err);
    if (rc == CMG_OK) {
        host_watch_end(ctx);
        rc = host_run(ctx, &err);
    }
    cmg_connector_unref(connector);
    cmg_context_unref(ctx);
    return host_report(rc, err);
}
