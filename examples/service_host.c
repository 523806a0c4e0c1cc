/*
 * The gateway service of one instance: what runs on each VM of the scale set. Reads the
 * user data and the server certificate that the Azure agent laid out, listens for
 * internet clients and connection points, writes its ports to the ready file, ends on
 * SIGTERM.
 */
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "host.h"

struct options {
    const char *user_data, *secrets_dir, *instance, *ready_file;
};

static const struct option long_options[] = {
    { "user-data", required_argument, NULL, 'u' },
    { "secrets-dir", required_argument, NULL, 's' },
    { "instance", required_argument, NULL, 'i' },
    { "listen", required_argument, NULL, 'l' },
    { "ready-file", required_argument, NULL, 'r' },
    { "ca-file", required_argument, NULL, 'a' },
    { "connect-to", required_argument, NULL, 'c' },
    { NULL, 0, NULL, 0 },
};

/* "client=ADDRESS:PORT" or "channel=ADDRESS:PORT". */
static cmg_status set_listener(cmg_service *service, const char *text, cmg_error **err)
{
    char which[16];
    char address[64];
    unsigned port = 0;

    if (sscanf(text, "%15[^=]=%63[^:]:%u", which, address, &port) != 3 || port > 65535) {
        fprintf(stderr, "error: --listen %s is not client|channel=ADDRESS:PORT\n", text);
        return CMG_E_INVAL;
    }
    return cmg_service_set_listener(service,
                                    strcmp(which, "channel") == 0 ? CMG_LISTENER_CHANNEL
                                                                  : CMG_LISTENER_CLIENT,
                                    address, (uint16_t)port, err);
}

static cmg_status read_options(int argc, char **argv, cmg_context *ctx,
                               cmg_service *service, struct options *o, cmg_error **err)
{
    cmg_status rc = CMG_OK;
    int c = 0;

    while (rc == CMG_OK && (c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (c == 'u')
            o->user_data = optarg;
        else if (c == 's')
            o->secrets_dir = optarg;
        else if (c == 'i')
            o->instance = optarg;
        else if (c == 'r')
            o->ready_file = optarg;
        else if (c == 'l')
            rc = set_listener(service, optarg, err);
        else if (c == 'a')
            rc = cmg_context_add_ca_file(ctx, optarg, err);
        else
            rc = c == 'c' ? host_connect_to(ctx, optarg, err) : CMG_E_INVAL;
    }
    if (rc == CMG_OK && (o->user_data == NULL || o->secrets_dir == NULL)) {
        fprintf(stderr, "error: --user-data FILE and --secrets-dir DIR are needed\n");
        rc = CMG_E_INVAL;
    }
    return rc;
}

/* The user data with the instance's own number, which the platform knows and it does not.
 */
static cmg_status configure(cmg_service *service, const struct options *o,
                            cmg_error **err)
{
    size_t size = 0;
    char *json = host_read_file(o->user_data, &size);
    char *merged = NULL;
    int n = -1;

    if (json != NULL && o->instance != NULL && strchr(json, '{') != NULL)
        n = asprintf(&merged, "{\"instance\":%d,%s", atoi(o->instance),
                     strchr(json, '{') + 1);
    const char *text = n >= 0 ? merged : json;
    cmg_status rc =
        text != NULL ? cmg_service_configure(service, text, strlen(text), err) : CMG_E_IO;

    free(merged);
    free(json);
    return rc;
}

/* "<thumbprint>.crt" and "<thumbprint>.prv" become one PEM text. */
static cmg_status load_pair(cmg_context *ctx, const char *dir, const char *thumbprint,
                            cmg_certificate **out, cmg_error **err)
{
    char path[2][4096];
    size_t size[2] = { 0, 0 };

    snprintf(path[0], sizeof path[0], "%s/%.40s.crt", dir, thumbprint);
    snprintf(path[1], sizeof path[1], "%s/%.40s.prv", dir, thumbprint);
    char *chain = host_read_file(path[0], &size[0]);
    char *key = host_read_file(path[1], &size[1]);
    char *pem = calloc(1, size[0] + size[1] + 2);
    cmg_status rc = CMG_E_IO;

    if (chain != NULL && key != NULL && pem != NULL) {
        size_t n = (size_t)sprintf(pem, "%s\n%s", chain, key);

        rc = cmg_certificate_new_from_pem(ctx, pem, n, out, err);
    }
    host_forget(pem, size[0] + size[1] + 1);
    host_forget(key, size[1]);
    free(chain);
    return rc;
}

/* When the pair was laid out. */
static bool written_at(const char *dir, const char *name, struct timespec *out)
{
    char path[4096];
    struct stat there;
    const int n = snprintf(path, sizeof path, "%s/%s", dir, name);

    if (n < 0 || (size_t)n >= sizeof path || stat(path, &there) != 0)
        return false;
    *out = there.st_mtim;
    return true;
}

static bool is_later(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

/* Its agent lays a new certificate out beside the one before: the last one counts. */
static bool find_newest(const char *dir, char thumbprint[41])
{
    struct timespec newest = { 0 }, at;
    DIR *list = opendir(dir);

    thumbprint[0] = '\0';
    for (struct dirent *e = list != NULL ? readdir(list) : NULL; e != NULL;
         e = readdir(list)) {
        if (strlen(e->d_name) != 44 || strcmp(e->d_name + 40, ".crt") != 0 ||
            !written_at(dir, e->d_name, &at) ||
            (thumbprint[0] != '\0' && !is_later(at, newest)))
            continue;
        newest = at;
        memcpy(thumbprint, e->d_name, 40);
        thumbprint[40] = '\0';
    }
    if (list != NULL)
        closedir(list);
    return thumbprint[0] != '\0';
}

static cmg_status set_certificate(cmg_context *ctx, cmg_service *service, const char *dir,
                                  cmg_error **err)
{
    cmg_certificate *certificate = NULL;
    char thumbprint[41];
    cmg_status rc = CMG_E_NOTFOUND;

    if (find_newest(dir, thumbprint))
        rc = load_pair(ctx, dir, thumbprint, &certificate, err);
    else
        fprintf(stderr, "error: there is no <thumbprint>.crt in %s\n", dir);
    if (rc == CMG_OK)
        rc = cmg_service_set_certificate(service, certificate, err);
    cmg_certificate_unref(certificate);
    return rc;
}

static bool write_ready_file(cmg_service *service, const char *path)
{
    char text[64];
    int n = snprintf(text, sizeof text, "{\"client\":%u,\"channel\":%u}\n",
                     (unsigned)cmg_service_get_port(service, CMG_LISTENER_CLIENT),
                     (unsigned)cmg_service_get_port(service, CMG_LISTENER_CHANNEL));

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
    if (rc == CMG_OK)
        rc = configure(service, &o, &err);
    if (rc == CMG_OK)
        rc = set_certificate(ctx, service, o.secrets_dir, &err);
    if (rc == CMG_OK)
        rc = cmg_service_start(service, &err);
    if (rc == CMG_OK && !write_ready_file(service, o.ready_file))
        rc = CMG_E_IO;
    if (rc == CMG_OK) {
        host_watch_end(ctx);
        rc = host_run(ctx, &err);
    }
    cmg_service_unref(service);
    cmg_context_unref(ctx);
    return host_report(rc, err);
}
