/*
 * The users of the tenant, or what has changed among them since the last run: a line
 * each. The link to go on with is kept in the directory.
 *
 *   discover_users [--sign-in WAY] [...] DIRECTORY
 *   discover_users --sandbox DIRECTORY USERS
 *
 * In the sandbox, a run that finds a link renames the first user, so that there is
 * something to tell.
 */
#include "session.h"

#include <stdlib.h>
#include <unistd.h>

#define FIRST "00000000-0000-4000-8000-000000000001"

struct run {
    char link_path[4096];
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

static cmg_status discover(struct session *s, struct run *run, cmg_error **err)
{
    size_t size = 0;
    bool again = access(run->link_path, R_OK) == 0;
    char *link = again ? host_read_file(run->link_path, &size) : NULL;
    const cmg_discovery discovery = { .size = sizeof discovery,
                                      .user = run,
                                      .kinds = CMG_DISCOVER_USERS,
                                      .users_link = link,
                                      .on_user = on_user,
                                      .on_removed = on_removed,
                                      .on_link = on_link,
                                      .on_resync = on_resync };
    cmg_status rc = session_prepare(s, CMG_DEPLOY_DISCOVER, err);

    if (rc == CMG_OK)
        rc = cmg_deploy_set_discovery(s->deploy, &discovery, err);
    if (rc == CMG_OK)
        rc = session_follow(s, "discover users", err);
    if (rc == CMG_OK)
        printf("%lu users, %lu gone\n", run->users, run->gone);
    free(link);
    return rc;
}

/* So many users, one of whom has got another name since a former run. */
static cmg_status add_users(struct session *s, const struct run *run, cmg_error **err)
{
    const char *count = s->arguments[0] != NULL ? s->arguments[0] : "100";
    cmg_status rc =
        cmg_sandbox_add_users(s->sandbox, (uint32_t)strtoul(count, NULL, 10), err);

    if (rc == CMG_OK && access(run->link_path, R_OK) == 0)
        rc = cmg_sandbox_set_user(s->sandbox, FIRST, "{\"displayName\":\"New name\"}",
                                  err);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY [USERS]", .most = 1 };
    struct session s = { 0 };
    struct run run = { 0 };
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK)
        snprintf(run.link_path, sizeof run.link_path, "%s/users.link", s.directory);
    if (rc == CMG_OK && s.sandbox != NULL)
        rc = add_users(&s, &run, &err);
    if (rc == CMG_OK)
        rc = discover(&s, &run, &err);
    return session_close(&s, rc, err);
}
