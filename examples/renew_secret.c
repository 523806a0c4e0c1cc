/*
 * Renews the server app's client secret: a new one is made, signs in, is kept, and the
 * old one is removed. Without --renew it only looks and says how near the end is.
 *   usage: renew_secret [--renew] [--ca FILE] [--connect-to H:P:A:P]... SPECIFICATION
 *          JOURNAL
 * Signs in by device code, or as the application CMG_CLIENT_ID with CMG_CLIENT_SECRET of
 * the environment. Secrets are kept in the directory JOURNAL.secrets.
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct wish {
    bool renew;
    bool looked;
    const char *specification;
    const char *journal;
    cmg_gateway *gateway;
};

static cmg_status read_arguments(cmg_context *ctx, int argc, char **argv,
                                 struct wish *wish, cmg_error **err)
{
    cmg_status rc = CMG_OK;
    int i = 1;

    for (; rc == CMG_OK && i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--renew") == 0)
            wish->renew = true;
        else if (strcmp(argv[i], "--ca") == 0 && i + 1 < argc)
            rc = cmg_context_add_ca_file(ctx, argv[++i], err);
        else if (strcmp(argv[i], "--connect-to") == 0 && i + 1 < argc)
            rc = host_connect_to(ctx, argv[++i], err);
        else
            return CMG_E_INVAL;
    }
    if (rc == CMG_OK && i + 2 != argc)
        return CMG_E_INVAL;
    if (rc == CMG_OK) {
        wish->specification = argv[i];
        wish->journal = argv[i + 1];
    }
    return rc;
}

static void print_expiry(cmg_gateway *gateway)
{
    const cmg_server_app *app = cmg_gateway_server_app(gateway);
    cmg_server_app_expiry expiry = { .size = sizeof expiry };
    char day[32] = "";

    if (cmg_server_app_get_expiry(app, 0, &expiry, NULL) != CMG_OK) {
        (void)printf("the end of the present secret is not known\n");
        return;
    }
    const time_t end = (time_t)expiry.secret_expires_unix_s;
    struct tm parts;
    (void)strftime(day, sizeof day, "%Y-%m-%d", gmtime_r(&end, &parts));
    (void)printf("secret of %s: until %s, %lld days left\n", cmg_server_app_name(app),
                 day, (long long)expiry.days_left);
    if (expiry.must_replace != 0)
        (void)printf("the application is %lld days old: register another one\n",
                     (long long)expiry.age_days);
}

/* Everything has been looked at, nothing has been changed. */
static int on_confirm(cmg_deploy *deploy, const char *plan, void *user)
{
    struct wish *wish = user;

    (void)deploy;
    wish->looked = true;
    print_expiry(wish->gateway);
    (void)printf("%s", plan);
    return wish->renew ? 0 : 1;
}

static int on_prompt(cmg_deploy *deploy, const cmg_sign_in_prompt *prompt, void *user)
{
    (void)deploy;
    (void)user;
    (void)fprintf(stderr, "%s\n", prompt->message);
    return 0;
}

static cmg_status sign_in(cmg_gateway *gateway, cmg_error **err)
{
    const char *id = getenv("CMG_CLIENT_ID");
    const char *secret = getenv("CMG_CLIENT_SECRET");

    if (id == NULL || secret == NULL)
        return CMG_OK;
    return cmg_tenant_set_client_secret(cmg_gateway_tenant(gateway), id, secret,
                                        strlen(secret), err);
}

static cmg_status renew(cmg_context *ctx, struct wish *wish, cmg_error **err)
{
    const cmg_deploy_events events = { .size = sizeof events,
                                       .user = wish,
                                       .on_prompt = on_prompt,
                                       .on_confirm = on_confirm };
    cmg_deploy *deploy = NULL;
    cmg_status rc =
        cmg_gateway_new_from_file(ctx, wish->specification, &wish->gateway, err);

    if (rc == CMG_OK)
        rc = sign_in(wish->gateway, err);
    if (rc == CMG_OK)
        rc = cmg_deploy_new(wish->gateway, CMG_DEPLOY_RENEW_SECRET, &deploy, err);
    if (rc == CMG_OK)
        rc = cmg_deploy_set_journal_file(deploy, wish->journal, err);
    if (rc == CMG_OK)
        rc = cmg_deploy_set_events(deploy, &events, err);
    if (rc == CMG_OK)
        rc = cmg_deploy_run(deploy, err);
    if (rc == CMG_OK) {
        (void)printf("renewed\n");
        print_expiry(wish->gateway);
    }
    cmg_deploy_unref(deploy);
    cmg_gateway_unref(wish->gateway);
    return rc;
}

int main(int argc, char **argv)
{
    struct wish wish = { 0 };
    cmg_context *ctx = NULL;
    cmg_error *err = NULL;
    cmg_status rc = cmg_context_new(NULL, &ctx, &err);

    if (rc == CMG_OK)
        rc = read_arguments(ctx, argc, argv, &wish, &err);
    if (rc == CMG_E_INVAL && err == NULL) {
        (void)fprintf(stderr, "usage: renew_secret [--renew] [--ca FILE] "
                              "[--connect-to H:P:A:P]... SPECIFICATION JOURNAL\n");
        cmg_context_unref(ctx);
        return 2;
    }
    if (rc == CMG_OK)
        rc = renew(ctx, &wish, &err);
    if (rc == CMG_E_CALLBACK && wish.looked && !wish.renew) {
        cmg_error_unref(err);
        err = NULL;
        rc = CMG_OK;
    }
    cmg_context_unref(ctx);
    return rc == CMG_OK ? 0 : host_report(rc, err);
}
