/*
 * One run of an identity operation that dies at a chosen point, as a process does that is
 * killed there: nothing is unwound, nothing is flushed.
 *
 *   trapped_once OPERATION none|unsent|unread|before|half|after N
 *
 * unsent: before the N-th request leaves; unread: when its answer is there and nobody has
 * looked at it; before, half, after: at the N-th durable write, before the new file is
 * made, with half of it written, and once it has its name. At the end it tells how many
 * of each there were, and the server app's client ID.
 */
#include "place.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pass {
    cmg__http_done_fn done;
    void *user;
    unsigned number;
};

static struct {
    const char *mode;
    unsigned nth;
    unsigned exchanges, writes;
    struct cmg__transport transport;
    struct cmg__env env;
    struct pass passes[64];
} trap;

static void die_at(const char *mode, unsigned number)
{
    if (number == trap.nth && strcmp(trap.mode, mode) == 0)
        (void)kill(getpid(), SIGKILL);
}

static void on_done(void *user, const struct cmg__http_response *resp,
                    const cmg_error *err)
{
    struct pass *pass = user;
    const struct pass copy = *pass;

    die_at("unread", pass->number);
    *pass = (struct pass){ 0 };
    copy.done(copy.user, resp, err);
}

static cmg_status start(void *user, const struct cmg__http_request *req,
                        const struct cmg__http_options *options, cmg__http_done_fn done,
                        void *done_user, void **out_call, cmg_error **err)
{
    size_t i = 0;

    die_at("unsent", ++trap.exchanges);
    while (trap.passes[i].done != NULL)
        i++;
    trap.passes[i] = (struct pass){ done, done_user, trap.exchanges };
    return trap.transport.start(user, req, options, on_done, &trap.passes[i], out_call,
                                err);
}

static bool is_new(const char *path)
{
    const size_t n = strlen(path);

    return n > 4 && strcmp(path + n - 4, ".new") == 0;
}

static int open_file(void *user, const char *path, int flags, int mode)
{
    if (is_new(path))
        die_at("before", ++trap.writes);
    return trap.env.open(user, path, flags, mode);
}

static int64_t write_file(void *user, int fd, const void *data, size_t n)
{
    if (trap.writes == trap.nth && strcmp(trap.mode, "half") == 0)
        (void)trap.env.write(user, fd, data, n / 2);
    die_at("half", trap.writes);
    return trap.env.write(user, fd, data, n);
}

static int rename_file(void *user, const char *from, const char *to)
{
    const int rc = trap.env.rename(user, from, to);

    die_at("after", trap.writes);
    return rc;
}

static void set_trap(struct party *p)
{
    trap.transport = p->deploy->transport;
    p->deploy->transport.start = start;
    trap.env = p->ctx->env;
    p->ctx->env.open = open_file;
    p->ctx->env.write = write_file;
    p->ctx->env.rename = rename_file;
}

static cmg_deploy_operation operation_of(const char *name)
{
    static const struct {
        const char *name;
        cmg_deploy_operation operation;
    } all[] = {
        { "register", CMG_DEPLOY_REGISTER_APPS }, { "renew", CMG_DEPLOY_RENEW_SECRET },
        { "delete", CMG_DEPLOY_DELETE_APPS },     { "restore", CMG_DEPLOY_RESTORE_APPS },
        { "purge", CMG_DEPLOY_DELETE },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(all); i++) {
        if (strcmp(all[i].name, name) == 0)
            return all[i].operation;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct site site;
    struct party p;
    cmg_error *err = NULL;

    if (argc != 4 || fread(&site, sizeof site, 1, stdin) != 1)
        return 2;
    trap.mode = argv[2];
    trap.nth = (unsigned)strtoul(argv[3], NULL, 10);
    cmg_status rc = party_init(&p, &site, NULL, &err);
    if (rc == CMG_OK)
        rc = party_prepare(&p, &site, operation_of(argv[1]), NULL, &err);
    if (rc == CMG_OK) {
        set_trap(&p);
        rc = cmg_deploy_run(p.deploy, &err);
    }
    if (rc != CMG_OK)
        (void)printf("%s\n", cmg_error_message(err));
    (void)printf("points %u %u %s\n", trap.exchanges, trap.writes,
                 cmg_server_app_client_id(cmg_gateway_server_app(p.gateway)));
    cmg_error_unref(err);
    party_done(&p);
    return rc == CMG_OK ? 0 : 1;
}
