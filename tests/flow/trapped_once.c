/*
 * One run of an operation that dies at a chosen point, as a process does that is killed
 * there: nothing is unwound, nothing is flushed. Or the host cancels it there.
 *
 *   trapped_once OPERATION none|unsent|unread|before|half|after|cancel|leave N
 *
 * unsent: before the N-th request leaves; unread: when its answer is there and nobody has
 * looked at it; before, half, after: at the N-th durable write or removal of a file,
 * before it, with half of it written, and once it has its name. cancel: cancelled as the
 * N-th request leaves; leave: as its answer comes. At the end it tells how many of each
 * there were, the number of a request that changed something (the middle one of those),
 * the state and the server app's client ID.
 */
#include <cmg/replace.h>
#include "hurry.h"
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
    unsigned effects[512]; /* exchanges that change something */
    size_t effect_count;
    bool renames; /* the file under way gets its name later */
    cmg_deploy *deploy;
    cmg_gateway *old; /* that is replaced */
    struct cmg__transport transport;
    struct cmg__env env;
    struct pass passes[64];
} trap;

static void die_at(const char *mode, unsigned number)
{
    if (number == trap.nth && strcmp(trap.mode, mode) == 0)
        (void)kill(getpid(), SIGKILL);
}

static void cancel_at(const char *mode, unsigned number)
{
    cmg_error *err = NULL;

    if (number == trap.nth && strcmp(trap.mode, mode) == 0)
        ck_ok(cmg_deploy_cancel(trap.deploy, &err), err);
}

static void on_done(void *user, const struct cmg__http_response *resp,
                    const cmg_error *err)
{
    struct pass *pass = user;
    const struct pass copy = *pass;

    die_at("unread", pass->number);
    cancel_at("leave", pass->number);
    *pass = (struct pass){ 0 };
    copy.done(copy.user, resp, err);
}

static cmg_status start(void *user, const struct cmg__http_request *req,
                        const struct cmg__http_options *options, cmg__http_done_fn done,
                        void *done_user, void **out_call, cmg_error **err)
{
    const struct cmg__exec *exec = done_user;
    size_t i = 0;

    trap.exchanges++;
    if (exec->run.exchange->effect && !exec->for_token &&
        trap.effect_count < CMG__ARRAY_LEN(trap.effects))
        trap.effects[trap.effect_count++] = trap.exchanges;
    die_at("unsent", trap.exchanges);
    cancel_at("cancel", trap.exchanges);
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
    trap.renames = is_new(path);
    return trap.env.open(user, path, flags, mode);
}

static int64_t write_file(void *user, int fd, const void *data, size_t n)
{
    die_at("before", ++trap.writes);
    if (trap.writes == trap.nth && strcmp(trap.mode, "half") == 0)
        (void)trap.env.write(user, fd, data, n / 2);
    die_at("half", trap.writes);
    const int64_t written = trap.env.write(user, fd, data, n);
    if (!trap.renames)
        die_at("after", trap.writes);
    return written;
}

static int rename_file(void *user, const char *from, const char *to)
{
    const int rc = trap.env.rename(user, from, to);

    die_at("after", trap.writes);
    return rc;
}

static int unlink_file(void *user, const char *path)
{
    die_at("before", ++trap.writes);
    die_at("half", trap.writes);
    const int rc = trap.env.unlink(user, path);
    die_at("after", trap.writes);
    return rc;
}

static void set_trap(struct party *p)
{
    trap.transport = p->deploy->transport;
    p->deploy->transport.start = start;
    trap.deploy = p->deploy;
    trap.env = p->ctx->env;
    p->ctx->env.open = open_file;
    p->ctx->env.write = write_file;
    p->ctx->env.rename = rename_file;
    p->ctx->env.unlink = unlink_file;
    hurry_clock(&p->ctx->env, false);
}

/* ---- what is done ---- */

static cmg_status as_it_is(struct party *p, struct site *site, cmg_error **err)
{
    (void)p;
    (void)site;
    (void)err;
    return CMG_OK;
}

/* What the instances are told differs. */
static cmg_status tell(struct party *p, struct site *site, cmg_error **err)
{
    (void)site;
    (void)err;
    p->gateway->settings.revocation = false;
    return CMG_OK;
}

/* What leaves the cloud stops the gateway when it is too much. */
static cmg_status limit(struct party *p, struct site *site, cmg_error **err)
{
    (void)site;
    (void)err;
    p->gateway->settings.traffic = (struct cmg__alert){ .enabled = true,
                                                        .stop = true,
                                                        .gigabytes = 1,
                                                        .warning_percent = 50,
                                                        .critical_percent = 90 };
    return CMG_OK;
}

/* Another service package. */
static cmg_status pack(struct party *p, struct site *site, cmg_error **err)
{
    const cmg_status rc = place_package(p->gateway, 2, err);

    return rc == CMG_OK ? tell(p, site, err) : rc;
}

/* The party's is the old one; the new one has a journal beside its. */
static cmg_status succeed(struct party *p, struct site *site, cmg_error **err)
{
    cmg_gateway *heir = NULL;
    cmg_status rc =
        place_other_gateway(p->ctx, site, "heronlake", "cmg-heronlake", &heir, err);

    if (rc == CMG_OK)
        rc = cmg_gateway_set_authority(heir, p->gateway->authority, err);
    if (rc == CMG_OK)
        rc = place_package(heir, 1, err);
    trap.old = p->gateway;
    p->gateway = heir;
    (void)strncat(site->journal, ".heir",
                  sizeof site->journal - strlen(site->journal) - 1);
    return rc;
}

/* The operation, and what the specification wants then. */
static const struct order {
    const char *name;
    cmg_deploy_operation operation;
    uint32_t instances; /* 0: as it is */
    cmg_status (*change)(struct party *p, struct site *site, cmg_error **err);
} orders[] = {
    { "register", CMG_DEPLOY_REGISTER_APPS, 0, as_it_is },
    { "renew", CMG_DEPLOY_RENEW_SECRET, 0, as_it_is },
    { "mend", CMG_DEPLOY_CORRECT_APPS, 0, as_it_is },
    { "delete", CMG_DEPLOY_DELETE_APPS, 0, as_it_is },
    { "restore", CMG_DEPLOY_RESTORE_APPS, 0, as_it_is },
    { "create", CMG_DEPLOY_CREATE, 0, as_it_is },
    { "scale", CMG_DEPLOY_SCALE_GATEWAY, 3, as_it_is },
    { "rotate", CMG_DEPLOY_ROTATE_CERTIFICATE, 4, as_it_is },
    { "modify", CMG_DEPLOY_MODIFY_GATEWAY, 4, as_it_is },
    { "correct", CMG_DEPLOY_CORRECT_GATEWAY, 0, as_it_is },
    { "stop", CMG_DEPLOY_STOP_GATEWAY, 0, as_it_is },
    { "start", CMG_DEPLOY_START_GATEWAY, 0, as_it_is },
    { "measure", CMG_DEPLOY_MEASURE_GATEWAY, 0, limit },
    { "synchronise", CMG_DEPLOY_SYNCHRONISE_GATEWAY, 4, tell },
    { "upgrade", CMG_DEPLOY_UPGRADE_GATEWAY, 4, pack },
    { "redeploy", CMG_DEPLOY_REDEPLOY_GATEWAY, 4, pack },
    { "replace", CMG_DEPLOY_REPLACE_GATEWAY, 0, succeed },
    { "purge", CMG_DEPLOY_DELETE, 4, as_it_is },
};

static const struct order *order_of(const char *name)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(orders); i++) {
        if (strcmp(orders[i].name, name) == 0)
            return &orders[i];
    }
    return &orders[0];
}

static cmg_status prepare(struct party *p, struct site *site, const struct order *order,
                          cmg_error **err)
{
    cmg_status rc = party_init(p, site, NULL, err);

    if (rc == CMG_OK)
        rc = place_package(p->gateway, 1, err);
    if (rc == CMG_OK)
        rc = order->change(p, site, err);
    if (rc != CMG_OK)
        return rc;
    if (order->instances != 0)
        p->gateway->instance_count = order->instances;
    rc = party_prepare(p, site, order->operation, NULL, err);
    const cmg_replacement now = { .size = sizeof now,
                                  .old_gateway = trap.old,
                                  .mode = CMG_REPLACE_NOW };
    return rc != CMG_OK || trap.old == NULL
               ? rc
               : cmg_deploy_set_replacement(p->deploy, &now, err);
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
    cmg_status rc = prepare(&p, &site, order_of(argv[1]), &err);
    if (rc == CMG_OK) {
        set_trap(&p);
        rc = hurry_run(p.deploy, &err);
    }
    if (rc != CMG_OK)
        (void)printf("%s\n", cmg_error_message(err));
    (void)printf("points %u %u %u %s %s\n", trap.exchanges, trap.writes,
                 trap.effects[trap.effect_count / 2],
                 cmg_deploy_state_name(cmg_deploy_get_state(p.deploy)),
                 cmg_server_app_client_id(cmg_gateway_server_app(p.gateway)));
    cmg_error_unref(err);
    cmg_gateway_unref(trap.old);
    party_done(&p);
    return rc == CMG_OK ? 0 : 1;
}
