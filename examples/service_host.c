/*
 * The gateway service of one instance: what runs on each VM of the scale set. Takes its
 * settings from a file or from the machine's metadata service, the server certificate
 * from where the Azure agent laid it out, listens for internet clients and connection
 * points, writes its ports to the ready file, ends on SIGTERM. Looks at both again every
 * few seconds and goes on with what has changed, without closing a connection.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "host.h"
#include "service_parts.h"

struct options {
    const char *user_data, *secrets_dir, *instance, *ready_file, *metadata, *package;
    const char *health;
    int poll_ms;
};

static const struct option long_options[] = {
    { "user-data", required_argument, NULL, 'u' },
    { "secrets-dir", required_argument, NULL, 's' },
    { "instance", required_argument, NULL, 'i' },
    { "listen", required_argument, NULL, 'l' },
    { "ready-file", required_argument, NULL, 'r' },
    { "ca-file", required_argument, NULL, 'a' },
    { "connect-to", required_argument, NULL, 'c' },
    { "metadata", required_argument, NULL, 'm' },
    { "poll-ms", required_argument, NULL, 'p' },
    { "package", required_argument, NULL, 'k' },
    { "health", required_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static const struct {
    const char *name;
    cmg_listener listener;
} listeners[] = { { "client", CMG_LISTENER_CLIENT },
                  { "channel", CMG_LISTENER_CHANNEL },
                  { "channel_https", CMG_LISTENER_CHANNEL_HTTPS } };

/* "NAME=ADDRESS:PORT". */
static cmg_status set_listener(cmg_service *service, const char *text, cmg_error **err)
{
    char which[16] = "";
    char address[64];
    unsigned port = 0;

    const bool good =
        sscanf(text, "%15[^=]=%63[^:]:%u", which, address, &port) == 3 && port <= 65535;
    for (size_t i = 0; i < sizeof listeners / sizeof listeners[0] && good; i++) {
        if (strcmp(which, listeners[i].name) == 0)
            return cmg_service_set_listener(service, listeners[i].listener, address,
                                            (uint16_t)port, err);
    }
    fprintf(stderr,
            "error: --listen %s is not client|channel|channel_https=ADDRESS:PORT\n",
            text);
    return CMG_E_INVAL;
}

static cmg_status take_option(int c, cmg_context *ctx, cmg_service *service,
                              struct options *o, cmg_error **err)
{
    const struct {
        int c;
        const char **to;
    } texts[] = { { 'u', &o->user_data }, { 's', &o->secrets_dir },
                  { 'i', &o->instance },  { 'r', &o->ready_file },
                  { 'm', &o->metadata },  { 'k', &o->package },
                  { 'h', &o->health } };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].c == c) {
            *texts[i].to = optarg;
            return CMG_OK;
        }
    }
    if (c == 'p')
        o->poll_ms = atoi(optarg);
    if (c == 'l')
        return set_listener(service, optarg, err);
    if (c == 'a')
        return cmg_context_add_ca_file(ctx, optarg, err);
    if (c == 'c')
        return host_connect_to(ctx, optarg, err);
    return c == 'p' ? CMG_OK : CMG_E_INVAL;
}

static cmg_status read_options(int argc, char **argv, cmg_context *ctx,
                               cmg_service *service, struct options *o, cmg_error **err)
{
    cmg_status rc = CMG_OK;
    int c = 0;

    o->poll_ms = 15000;
    while (rc == CMG_OK && (c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        rc = take_option(c, ctx, service, o, err);
    if (rc == CMG_OK &&
        ((o->user_data == NULL && o->metadata == NULL) || o->secrets_dir == NULL)) {
        fprintf(stderr, "error: --secrets-dir DIR and --user-data FILE or --metadata URL "
                        "are needed\n");
        rc = CMG_E_INVAL;
    }
    if (rc == CMG_OK && (o->poll_ms < 50 || o->poll_ms > 3600000)) {
        fprintf(stderr, "error: --poll-ms takes 50 to 3600000 milliseconds\n");
        rc = CMG_E_INVAL;
    }
    return rc;
}

static bool write_ready_file(cmg_service *service, const char *path)
{
    char text[128];
    int n = 0;

    for (size_t i = 0; i < sizeof listeners / sizeof listeners[0]; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%c\"%s\":%u",
                      i == 0 ? '{' : ',', listeners[i].name,
                      (unsigned)cmg_service_get_port(service, listeners[i].listener));
    n += snprintf(text + n, sizeof text - (size_t)n, "}\n");
    return path == NULL || host_write_file(path, text, (size_t)n);
}

/* Room for 10,000 clients, where the system lets us: half of it is theirs. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= 20480)
        return;
    limit.rlim_cur = limit.rlim_max < 20480 ? limit.rlim_max : 20480;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Settings and certificate, then listening; with a metadata service both may yet have to
   come, which is waited for. */
static cmg_status begin(cmg_context *ctx, cmg_service *service, const struct options *o,
                        struct service_parts *parts, cmg_error **err)
{
    cmg_status rc = service_parts_open(parts, ctx, service, err);

    if (rc == CMG_OK)
        rc = service_parts_first(parts, err);
    if (rc == CMG_OK && !host_is_ending())
        rc = cmg_service_start(service, err);
    if (rc == CMG_OK && !host_is_ending() && !write_ready_file(service, o->ready_file))
        rc = CMG_E_IO;
    return rc;
}

int main(int argc, char **argv)
{
    struct options o = { 0 };
    cmg_context *ctx = NULL;
    cmg_service *service = NULL;
    cmg_error *err = NULL;

    raise_descriptors();
    cmg_status rc = cmg_context_new(NULL, &ctx, &err);

    if (rc == CMG_OK)
        rc = cmg_service_new(ctx, &service, &err);
    if (rc == CMG_OK)
        rc = read_options(argc, argv, ctx, service, &o, &err);
    struct service_parts parts = { .user_data = o.user_data,
                                   .metadata = o.metadata,
                                   .secrets_dir = o.secrets_dir,
                                   .instance = o.instance,
                                   .package = o.package,
                                   .health = o.health,
                                   .poll_ms = o.poll_ms };
    if (rc == CMG_OK) {
        host_watch_end(ctx);
        rc = begin(ctx, service, &o, &parts, &err);
    }
    if (rc == CMG_OK)
        rc = service_parts_run(&parts, &err);
    service_parts_close(&parts);
    cmg_service_unref(service);
    cmg_context_unref(ctx);
    return host_report(rc, err);
}
