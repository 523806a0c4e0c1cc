/*
 * The users of the tenant, or what has changed among them since the last run: a line
 * each. The link to go on with is kept in the directory.
 *
 *   discover_users DIRECTORY SPECIFICATION CLIENT-ID SECRET-FILE
 *   discover_users --sandbox DIRECTORY USERS
 *
 * In the sandbox, a run that finds a link renames the first user, so that there is
 * something to tell.
 */
#include <cmg/sandbox.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host.h"

#define FIRST "00000000-0000-4000-8000-000000000001"

static const char lab_specification[] =
    "{\"version\":1,\"tenant\":{\"domain\":\"contoso.onmicrosoft.com\"},"
    "\"server_app\":{\"name\":\"CMG-ServerApp\"},"
    "\"client_app\":{\"name\":\"CMG-ClientApp\"}}";

struct run {
    char link_path[1024];
    unsigned long users, gone;
};

static const char *shown(const char *text)
{
    return text == NULL ? "-" : text;
}

static int on_user(cmg_deploy *deploy, const cmg_directory_user *user, void *data)
{
    struct run *run = data;

    (void)deploy;
    run->users++;
    printf("%-36s %-40s %s\n", user->id, shown(user->user_principal_name),
           shown(user->display_name));
    return 0;
}

static int on_removed(cmg_deploy *deploy, cmg_discovery_kind kind, const char *id,
                      void *data)
{
    struct run *run = data;

    (void)deploy;
    (void)kind;
    run->gone++;
    printf("%-36s gone\n", id);
    return 0;
}

/* The table above is complete up to this link: only now is it kept. */
static int on_link(cmg_deploy *deploy, cmg_discovery_kind kind, const char *link,
                   bool is_last, void *data)
{
    const struct run *run = data;

    (void)deploy;
    (void)kind;
    (void)is_last;
    return host_write_file(run->link_path, link, strlen(link)) ? 0 : 1;
}

static int on_resync(cmg_deploy *deploy, cmg_discovery_kind kind, void *data)
{
    (void)deploy;
    (void)kind;
    (void)data;
    puts("the link was too old: everything again");
    return 0;
}

static cmg_status discover(cmg_gateway *gateway, struct run *run, const char *link,
                           cmg_error **err)
{
    const cmg_discovery discovery = { .size = sizeof discovery,
                                      .user = run,
                                      .kinds = CMG_DISCOVER_USERS,
                                      .users_link = link,
                                      .on_user = on_user,
                                      .on_removed = on_removed,
                                      .on_link = on_link,
                                      .on_resync = on_resync };
    cmg_deploy *deploy = NULL;
    cmg_status rc = cmg_deploy_new(gateway, CMG_DEPLOY_DISCOVER, &deploy, err);

    if (rc == CMG_OK)
        rc = cmg_deploy_set_discovery(deploy, &discovery, err);
    if (rc == CMG_OK)
        rc = cmg_deploy_run(deploy, err);
    if (rc == CMG_OK)
        printf("%lu users, %lu gone\n", run->users, run->gone);
    cmg_deploy_unref(deploy);
    return rc;
}

static cmg_status open_sandbox(cmg_context *ctx, const char *directory, const char *users,
                               bool again, cmg_sandbox **sandbox, cmg_error **err)
{
    char cloud[1024];
    const cmg_sandbox_settings settings = { .size = sizeof settings, .directory = cloud };

    snprintf(cloud, sizeof cloud, "%s/cloud", directory);
    cmg_status rc = cmg_sandbox_new(&settings, sandbox, err);
    if (rc == CMG_OK)
        rc = cmg_sandbox_attach(*sandbox, ctx, err);
    if (rc == CMG_OK)
        rc = cmg_sandbox_add_users(*sandbox, (uint32_t)strtoul(users, NULL, 10), err);
    if (rc == CMG_OK && again)
        rc = cmg_sandbox_set_user(*sandbox, FIRST, "{\"displayName\":\"New name\"}", err);
    return rc;
}

/* The tenant, with the way to sign in. */
static cmg_status open_tenant(cmg_context *ctx, char **argv, cmg_sandbox *sandbox,
                              cmg_gateway **gateway, cmg_error **err)
{
    const bool lab = sandbox != NULL;
    size_t size = sizeof lab_specification - 1, secret_size = 0;
    char *text = lab ? NULL : host_read_file(argv[2], &size);
    char *secret = lab ? NULL : host_read_file(argv[4], &secret_size);
    cmg_status rc = lab || (text != NULL && secret != NULL) ? CMG_OK : CMG_E_IO;

    if (rc == CMG_OK)
        rc =
            cmg_gateway_new_from_json(ctx, lab ? "sandbox" : argv[2],
                                      lab ? lab_specification : text, size, gateway, err);
    if (rc == CMG_OK) {
        const char *key = lab ? cmg_sandbox_client_secret(sandbox) : secret;
        const char *id = lab ? cmg_sandbox_client_id(sandbox) : argv[3];
        rc = cmg_tenant_set_client_secret(cmg_gateway_tenant(*gateway), id, key,
                                          strcspn(key, "\r\n"), err);
    }
    host_forget(secret, secret_size);
    free(text);
    return rc;
}

int main(int argc, char **argv)
{
    const bool lab = argc == 4 && strcmp(argv[1], "--sandbox") == 0;
    struct run run = { .users = 0 };
    size_t link_size = 0;
    char *link = NULL;
    cmg_context *ctx = NULL;
    cmg_sandbox *sandbox = NULL;
    cmg_gateway *gateway = NULL;
    cmg_error *err = NULL;
    struct stat there;

    if (!lab && argc != 5) {
        fprintf(stderr, "usage: see the head of discover_users.c\n");
        return 2;
    }
    mkdir(argv[1 + lab], 0700);
    snprintf(run.link_path, sizeof run.link_path, "%s/users.link", argv[1 + lab]);
    if (stat(run.link_path, &there) == 0)
        link = host_read_file(run.link_path, &link_size);
    cmg_status rc = cmg_context_new(NULL, &ctx, &err);
    if (rc == CMG_OK && lab)
        rc = open_sandbox(ctx, argv[2], argv[3], link != NULL, &sandbox, &err);
    if (rc == CMG_OK)
        rc = open_tenant(ctx, argv, sandbox, &gateway, &err);
    if (rc == CMG_OK)
        rc = discover(gateway, &run, link, &err);
    cmg_gateway_unref(gateway);
    cmg_context_unref(ctx);
    cmg_sandbox_unref(sandbox);
    free(link);
    return rc == CMG_OK ? 0 : host_report(rc, err);
}
