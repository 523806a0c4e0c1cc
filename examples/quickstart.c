/*
 * The whole life of a gateway in one program, public headers only: a sandbox cloud in the
 * process, nginx as management point, tenant and applications, certificate, deployment of
 * two instances (real processes), a connection point that dials out to both, requests of
 * an internet client, and the end of it all. quickstart.sh builds and runs it.
 *
 * Kill it anywhere and run it again: it goes on where it was.
 */
#include "quickstart.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "display.h"

static const struct option long_options[] = {
    { "keep", no_argument, NULL, 'k' },
    { "directory", required_argument, NULL, 'd' },
    { "programs", required_argument, NULL, 'p' },
    { "package", required_argument, NULL, 's' },
    { "management-point", required_argument, NULL, 'm' },
    { NULL, 0, NULL, 0 },
};

static bool read_options(int argc, char **argv, struct quickstart *q)
{
    int c = 0;

    while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (c == 'k')
            q->keep = true;
        else if (c == 'd')
            q->directory = optarg;
        else if (c == 'p')
            q->programs = optarg;
        else if (c == 's')
            q->package = optarg;
        else if (c == 'm')
            q->management_point = optarg;
        else
            return false;
    }
    if (optind < argc)
        q->spec = argv[optind];
    return true;
}

const char *quickstart_path(const struct quickstart *q, const char *name)
{
    static char ring[16][4096];
    static unsigned turn;
    char *slot = ring[turn++ % 16];

    snprintf(slot, sizeof ring[0], "%s/%s", q->directory, name);
    return slot;
}

cmg_status quickstart_turn(struct quickstart *q, int timeout_ms, cmg_error **err)
{
    cmg_status rc = cmg_context_wait(q->ctx, timeout_ms, err);

    return rc == CMG_OK && host_is_ending() ? CMG_E_CANCELED : rc;
}

/* Made when absent, and from then on by its full name: what is printed has to work from
   anywhere. */
static cmg_status open_directory(struct quickstart *q)
{
    static char full[PATH_MAX];

    mkdir(q->directory, 0700);
    if (realpath(q->directory, full) == NULL) {
        fprintf(stderr, "error: cannot use the directory %s: %s\n", q->directory,
                strerror(errno));
        return CMG_E_IO;
    }
    q->directory = full;
    return CMG_OK;
}

/* The machines' image has no service: they install it. */
static cmg_status give_package(struct quickstart *q, cmg_error **err)
{
    char built[4096];
    size_t size = 0;

    snprintf(built, sizeof built, "%s/cmg-service.tar.gz", q->programs);
    const char *path = q->package != NULL ? q->package : built;
    if (access(path, R_OK) != 0) {
        host_complain(
            "the instances install it",
            "build it (ninja -C build examples/cmg-service.tar.gz), or name one "
            "with --package FILE",
            "there is no service package %s", path);
        return CMG_E_IO;
    }
    char *package = host_read_file(path, &size);
    cmg_status rc = package == NULL
                        ? CMG_E_IO
                        : cmg_gateway_set_package(q->gateway, package, size, err);

    free(package);
    return rc;
}

/* Everything that can be wrong with the input is found here, before anything is made. */
static cmg_status read_specification(struct quickstart *q, cmg_error **err)
{
    cmg_status rc = cmg_context_new(NULL, &q->ctx, err);

    if (rc == CMG_OK)
        rc = cmg_gateway_new_from_file(q->ctx, q->spec, &q->gateway, err);
    return rc == CMG_OK ? give_package(q, err) : rc;
}

static cmg_status deploy(struct quickstart *q, cmg_deploy_operation operation,
                         cmg_error **err)
{
    const struct display_options options = {
        .out = stdout,
        .name = cmg_gateway_name(q->gateway),
        .verb = operation == CMG_DEPLOY_CREATE ? "create" : "delete",
        .sandbox = true,
    };
    cmg_deploy *run = NULL;
    cmg_status rc = cmg_deploy_new(q->gateway, operation, &run, err);

    if (rc == CMG_OK)
        rc = cmg_deploy_set_journal_file(run, quickstart_path(q, "journal"), err);
    if (rc == CMG_OK)
        rc = display_run(q->ctx, run, &options, err);
    cmg_deploy_unref(run);
    return rc;
}

/* A former run may have been killed while it deleted: that comes to its end first. */
static cmg_status create(struct quickstart *q, cmg_error **err)
{
    cmg_status rc = deploy(q, CMG_DEPLOY_CREATE, err);

    if (rc != CMG_E_STATE)
        return rc;
    printf("a former run was deleting this gateway: that is finished first\n");
    cmg_error_unref(*err);
    *err = NULL;
    rc = deploy(q, CMG_DEPLOY_DELETE, err);
    return rc == CMG_OK ? deploy(q, CMG_DEPLOY_CREATE, err) : rc;
}

static cmg_status build(struct quickstart *q, cmg_error **err)
{
    cmg_status rc = quickstart_start_cloud(q, err);

    if (rc == CMG_OK)
        rc = quickstart_make_certificates(q, err);
    if (rc == CMG_OK && !quickstart_start_site(q))
        rc = CMG_E_IO;
    if (rc == CMG_OK)
        rc = create(q, err);
    if (rc == CMG_OK)
        rc = quickstart_start_connector(q, err);
    return rc;
}

static const struct {
    cmg_sandbox_kind kind;
    const char *name;
} leftovers[] = {
    { CMG_SANDBOX_APPLICATIONS, "applications" },
    { CMG_SANDBOX_SERVICE_PRINCIPALS, "service principals" },
    { CMG_SANDBOX_GRANTS, "grants" },
    { CMG_SANDBOX_RESOURCE_GROUPS, "resource groups" },
    { CMG_SANDBOX_RESOURCES, "resources" },
    { CMG_SANDBOX_INSTANCES, "instances" },
    { CMG_SANDBOX_DELETED, "soft-deleted objects" },
};

static cmg_status show_leftovers(struct quickstart *q)
{
    uint64_t total = 0;

    printf("left in the sandbox:");
    for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++) {
        uint64_t count = cmg_sandbox_count(q->sandbox, leftovers[i].kind);

        printf("%s %llu %s", i == 0 ? "" : ",", (unsigned long long)count,
               leftovers[i].name);
        total += count;
    }
    printf("\n");
    if (total > 0)
        fprintf(stderr, "error: the deletion left something behind\n");
    return total == 0 ? CMG_OK : CMG_E_CONFLICT;
}

static cmg_status hold(struct quickstart *q, cmg_error **err)
{
    cmg_status rc = quickstart_print_curl(q, err);

    if (rc != CMG_OK)
        return rc;
    printf("\nCtrl-C stops everything; the next run goes on with the same gateway.\n");
    fflush(stdout);
    rc = host_run(q->ctx, err);
    printf("\nstopped\n");
    return rc;
}

static void clean_up(struct quickstart *q)
{
    host_child_stop(&q->dialler);
    host_child_stop(&q->site);
    cmg_certificate_unref(q->client);
    cmg_certificate_unref(q->connector);
    cmg_authority_unref(q->authority);
    cmg_gateway_unref(q->gateway);
    cmg_context_unref(q->ctx);
    cmg_sandbox_unref(q->sandbox);
}

int main(int argc, char **argv)
{
    struct quickstart q = { .spec = "examples/contoso.json",
                            .directory = "quickstart-run",
                            .programs = "build/examples",
                            .management_point = "examples/management_point.sh" };
    cmg_error *err = NULL;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!read_options(argc, argv, &q)) {
        fprintf(stderr,
                "usage: %s [--keep] [--directory DIR] [--programs DIR] "
                "[--package FILE] [--management-point FILE] [SPECIFICATION]\n",
                argv[0]);
        return 2;
    }
    cmg_status rc = read_specification(&q, &err);

    if (rc == CMG_OK) {
        rc = open_directory(&q);
    }
    if (rc == CMG_OK) {
        host_watch_end(q.ctx);
        rc = build(&q, &err);
    }
    if (rc == CMG_OK)
        rc = quickstart_send_requests(&q, &err);
    if (rc == CMG_OK && q.keep) {
        rc = hold(&q, &err);
    } else if (rc == CMG_OK) {
        rc = deploy(&q, CMG_DEPLOY_DELETE, &err);
        if (rc == CMG_OK)
            rc = show_leftovers(&q);
    }
    clean_up(&q);
    return host_report(rc, err);
}
