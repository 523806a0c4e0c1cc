/*
 * Renews the server app's client secret: a new one is made, signs in, is kept in
 * DIRECTORY/journal.secrets, and the old one is removed. With --look it shows what would
 * be done and how near the end is, and changes nothing.
 *
 *   renew_secret [--sandbox] [--look] DIRECTORY
 */
#include "session.h"

static void print_expiry(const cmg_server_app *app)
{
    cmg_server_app_expiry expiry = { .size = sizeof expiry };
    char day[16];

    if (cmg_server_app_get_expiry(app, 0, &expiry, NULL) != CMG_OK) {
        printf("the end of the present secret is not known\n");
        return;
    }
    printf("secret of %s: until %s, %lld days left\n", cmg_server_app_name(app),
           session_day(expiry.secret_expires_unix_s, day), (long long)expiry.days_left);
    if (expiry.must_replace != 0)
        printf("the application is %lld days old: register another one\n",
               (long long)expiry.age_days);
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY", .flag = "look" };
    struct session s = { 0 };
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK) {
        s.only_looks = s.flag;
        rc = session_run(&s, CMG_DEPLOY_RENEW_SECRET, "renew secret", &err);
    }
    if (rc == CMG_OK)
        print_expiry(cmg_gateway_server_app(s.gateway));
    return session_close(&s, rc, err);
}
