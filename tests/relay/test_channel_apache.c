/* A channel through a web proxy of others: Apache's, with and without an account. */
#include "../enrol/child.h"
#include "relay/connector.h"
#include "relay/site.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PASSWORD "Correct-Horse-7"

static struct site site;
static uint16_t port, https;
static pid_t apache;

/* The first port is closed, and the other one behind the proxy. */
static void start_site(void)
{
    cmg_error *err = NULL;

    site_start_parts(&site, false, false);
    ck_ok(cmg_context_add_address(site.ctx, "localhost", 10140, "127.0.0.1", 1, &err),
          err);
    site.service = site_prepare_service(&site, 0, 0);
    ck_ok(cmg_service_start(site.service, &err), err);
    https = cmg_service_get_port(site.service, CMG_LISTENER_CHANNEL_HTTPS);
    /* Token keys come by the context's proxy, too; this one lets nobody there. */
    site_until(&site, &site.login.requests, 1);
    site_turn(&site, 50);
}

static void start_apache(uint16_t allowed, const char *user)
{
    const struct timespec nap = { .tv_nsec = 20000000 };
    char number[8], allow[8], path[512], url[64];
    const char *folder = support_path("proxy");
    const char *const make[] = { "mkdir", folder, NULL };
    const char *const way[] = { "chmod", "711", support_dir(), NULL };
    cmg_error *err = NULL;
    char *out = NULL;

    ck_assert_int_eq(support_command(make, &out), 0);
    free(out);
    ck_assert_int_eq(support_command(way, &out), 0);
    free(out);
    child_choose_ports(&port, 1);
    snprintf(number, sizeof number, "%u", (unsigned)port);
    snprintf(allow, sizeof allow, "%u", (unsigned)allowed);
    snprintf(path, sizeof path, "%s/password", folder);
    support_write_file(path, PASSWORD "\n", sizeof PASSWORD);
    snprintf(path, sizeof path, "%s/log", folder);
    const char *const argv[] = { "/bin/bash", PROXY, folder, number, allow, user, NULL };
    apache = child_spawn(argv, path);
    for (unsigned i = 0; i < 1000 && !child_is_open(port); i++) {
        ck_assert_msg(waitpid(apache, NULL, WNOHANG) == 0, "it ended: %s",
                      support_read_file(path, NULL));
        (void)nanosleep(&nap, NULL);
    }
    ck_assert_msg(child_is_open(port), "%s", support_read_file(path, NULL));
    snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)port);
    ck_ok(cmg_context_set_proxy(site.ctx, url, &err), err);
}

/* The name is Apache's to look up: "localhost" with the port of this run. */
static void start_connector(const char *user, const char *password, uint16_t to)
{
    cmg_error *err = NULL;

    ck_ok(cmg_context_set_proxy_account(site.ctx, user, password, strlen(password), &err),
          err);
    site.offers_https = true;
    site_new_connector(&site);
    struct cmg__connector_settings *s = &site.connector->settings;
    ck_ok(cmg__str_assign(s->alloc, &s->host, "localhost"), NULL);
    s->https_port = to;
    site.connector->limits.backoff_base_ms = 50;
    site.connector->limits.backoff_cap_ms = 100;
}

static void stop(void)
{
    site_stop(&site);
    (void)kill(apache, SIGKILL);
    (void)waitpid(apache, NULL, 0);
}

START_TEST(proxy_without_an_account_lets_a_channel_through)
{
    start_site();
    start_apache(https, NULL);
    start_connector(NULL, "", https);
    site_until(&site, &site.link_up, 1);
    site_until(&site, &site.service_up, 1);
    ck_assert_uint_eq(site.link_down, 0);
    ck_assert(site.connector->links[0].is_proxied);
    stop();
}
END_TEST

START_TEST(account_opens_a_proxy_that_asks_for_one)
{
    start_site();
    start_apache(https, "cmg");
    start_connector("cmg", PASSWORD, https);
    site_until(&site, &site.link_up, 1);
    site_until(&site, &site.service_up, 1);
    ck_assert_uint_eq(site.link_down, 0);
    stop();
}
END_TEST

static const struct {
    const char *user, *password, *remedy;
} strangers[] = {
    { NULL, "", "give the proxy's account by cmg_context_set_proxy_account()" },
    { "cmg", "wrong", "check the account given by cmg_context_set_proxy_account()" },
};

START_TEST(stranger_is_told_of_the_account)
{
    start_site();
    start_apache(https, "cmg");
    start_connector(strangers[_i].user, strangers[_i].password, https);
    site_until(&site, &site.link_down, 2);
    ck_assert_msg(strstr(site.why, "407 Proxy Authentication Required") != NULL, "%s",
                  site.why);
    ck_assert_str_eq(site.remedy, strangers[_i].remedy);
    ck_assert_uint_eq(site.link_up, 0);
    stop();
}
END_TEST

START_TEST(port_that_the_proxy_does_not_allow_is_told)
{
    start_site();
    start_apache(1, NULL);
    start_connector(NULL, "", https);
    site_until(&site, &site.link_down, 1);
    ck_assert_msg(strstr(site.why, "403 Forbidden") != NULL, "%s", site.why);
    ck_assert_ptr_nonnull(strstr(site.remedy, "allow CONNECT"));
    stop();
}
END_TEST

START_TEST(closed_port_behind_the_proxy_is_told)
{
    start_site();
    start_apache(1, NULL);
    start_connector(NULL, "", 1);
    site_until(&site, &site.link_down, 1);
    ck_assert_msg(strstr(site.why, "503 Service Unavailable") != NULL, "%s", site.why);
    ck_assert_ptr_nonnull(strstr(site.remedy, "can look up this host and reach it"));
    stop();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("relay_apache");
    TCase *t = tcase_create("proxy");

    if (access("/usr/lib/apache2/modules/mod_proxy_connect.so", R_OK) != 0) {
        printf("skipped: Apache is not installed\n");
        return 77;
    }
    site_make_keys();
    tcase_set_timeout(t, 60);
    tcase_add_test(t, proxy_without_an_account_lets_a_channel_through);
    tcase_add_test(t, account_opens_a_proxy_that_asks_for_one);
    tcase_add_loop_test(t, stranger_is_told_of_the_account, 0,
                        (int)CMG__ARRAY_LEN(strangers));
    tcase_add_test(t, port_that_the_proxy_does_not_allow_is_told);
    tcase_add_test(t, closed_port_behind_the_proxy_is_told);
    suite_add_tcase(suite, t);
    return support_run((Suite *const[]){ suite, NULL });
}
